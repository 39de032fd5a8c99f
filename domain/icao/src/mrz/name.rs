//! The name field (ICAO 9303-3 §4.6): taken apart, and written with its truncation.

use egate_types::PersonName;

/// The name, and whether the field is full: a letter in its last position means that the name may have been truncated
/// (9303-4, -5 and -6 §4.2.2).
pub(crate) fn parse(text: &str) -> (PersonName, bool) {
    let truncated = text.ends_with(|c: char| c.is_ascii_uppercase());
    let text = text.trim_matches('<');
    let (surname, given) = text.split_once("<<").unwrap_or((text, ""));
    let name = PersonName {
        surname: components(surname).join(" "),
        given: components(given).join(" "),
    };
    (name, truncated)
}

/// Writes a name into `width` characters. `None` if it has characters that the zone has not, or no primary identifier.
pub(crate) fn write(name: &PersonName, width: usize) -> Option<String> {
    let written = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b' ');
    let (primary, secondary) = (words(&name.surname), words(&name.given));
    if primary.is_empty() || !written(&name.surname) || !written(&name.given) {
        return None;
    }
    let mut field = joined(&primary, &secondary);
    if field.len() > width {
        // Initials and the fillers between them may leave the last position empty, where a letter must say that the name was
        // truncated: a letter less in the primary identifier makes room for one more initial.
        let mut attempts = (0..=2).map(|spared| truncated(&primary, &secondary, width, spared));
        field = attempts
            .find(|field| field.len() == width)
            .unwrap_or_else(|| truncated(&primary, &secondary, width, 0));
    }
    Some(format!("{field:<<width$.width$}"))
}

fn joined(primary: &[String], secondary: &[String]) -> String {
    match secondary {
        [] => primary.join("<"),
        _ => format!("{}<<{}", primary.join("<"), secondary.join("<")),
    }
}

/// The name with components cut. The primary identifier leaves room for `<<` and the first letter of the secondary one
/// (9303-4 §4.2.2.1), and for `spared` characters more.
fn truncated(primary: &[String], secondary: &[String], width: usize, spared: usize) -> String {
    let (mut primary, mut secondary) = (primary.to_vec(), secondary.to_vec());
    if secondary.is_empty() {
        shorten(&mut primary, width);
    } else {
        let room = length(&primary).min(width.saturating_sub(3));
        shorten(&mut primary, room.saturating_sub(spared));
        let taken = length(&primary).saturating_add(2);
        shorten(&mut secondary, width.saturating_sub(taken));
    }
    joined(&primary, &secondary)
}

/// Cuts components from the right until they fit and fill `room` to the last letter: "one or more name components truncated"
/// (9303-4 §4.2.3). A component keeps at least its initial; those that do not fit even so are left out.
fn shorten(components: &mut Vec<String>, room: usize) {
    while length(components) > room {
        let surplus = length(components).saturating_sub(room);
        if let Some(long) = components.iter_mut().rev().find(|word| word.len() > 1) {
            let keep = long.len().saturating_sub(surplus).max(1);
            long.truncate(keep);
        } else if components.len() > 1 {
            components.pop();
        } else {
            return;
        }
    }
}

/// Characters that the components take with a filler between each two.
fn length(components: &[String]) -> usize {
    let letters: usize = components.iter().map(String::len).sum();
    letters.saturating_add(components.len().saturating_sub(1))
}

fn words(name: &str) -> Vec<String> {
    name.split_ascii_whitespace().map(str::to_owned).collect()
}

fn components(part: &str) -> Vec<&str> {
    part.split('<').filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(surname: &str, given: &str) -> PersonName {
        PersonName {
            surname: surname.into(),
            given: given.into(),
        }
    }

    /// Names of 9303-5 §4.2.3; where the standard leaves a choice, this is one that it permits.
    #[test]
    fn names_are_truncated_to_a_letter_in_the_last_position() {
        for (surname, given, written) in [
            (
                "NILAVADHANANANDA",
                "CHAYAPA DEJTHAMRONG KRASUANG",
                "NILAVADHANANANDA<<CHAYAPA<DE<K",
            ),
            (
                "BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL",
                "DINGO POTOROO",
                "BENNELONG<WOOLOOMOOLOO<WA<W<<D",
            ),
            (
                "PAPANDROPOULOUS",
                "JONATHON ALEC",
                "PAPANDROPOULOUS<<JONATHON<ALEC",
            ),
            (
                "VILARCHAO FERNANDEZ",
                "JOSE RAMON",
                "VILARCHAO<FERNANDEZ<<JOSE<RAMO",
            ),
            ("ARKFREITH", "", "ARKFREITH<<<<<<<<<<<<<<<<<<<<<"),
        ] {
            assert_eq!(write(&name(surname, given), 30).as_deref(), Some(written));
        }
    }

    #[test]
    fn a_full_field_says_that_the_name_may_be_truncated() {
        let (read, truncated) = parse("NILAVADHANANANDA<<CHAYAPA<DE<K");
        assert!(truncated && read.given == "CHAYAPA DE K");
        assert!(!parse("VAN<DER<MUELLEN<<MARTIN<<<<<<<").1);
    }
}
