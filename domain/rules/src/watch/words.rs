//! A name as written, divided into words: machine readable zones, `SURNAME, Given`, and free order.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use super::script::{Script, script_of};

/// Which identifier of ICAO 9303-3 §4.6 a word belongs to, as far as the writing tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// Primary identifier, the surname.
    Primary,
    /// Secondary identifier, the given names.
    Secondary,
    /// The writing does not tell.
    Unknown,
}

/// One word of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// As written, without punctuation around it.
    pub text: String,
    /// Where it stood.
    pub field: Field,
    /// An apostrophe stood inside, as Wade-Giles writes aspiration.
    pub apostrophe: bool,
}

/// A name divided into words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Words {
    /// In the order of writing; at most [`WORDS_MAX`], the rest is left out.
    pub words: Vec<Word>,
    /// The name fills its field of the machine readable zone, so that words may be cut (9303-4 §4.2.3, 9303-5 §4.2.3).
    pub truncated: bool,
}

/// More words than any name of the lists known has; what follows adds nothing.
pub const WORDS_MAX: usize = 14;
/// Characters of the name field of a machine readable zone: TD3 and MRV-A, TD2 and MRV-B, TD1.
const NAME_FIELDS: [usize; 3] = [39, 31, 30];

impl Words {
    /// Divides a name. A name with `<` is a name field of a machine readable zone without its trailing fillers.
    pub fn of(raw: &str) -> Self {
        // Presentation forms, full width, letters and marks apart: one form for each.
        let normal: Cow<'_, str> = if raw.is_ascii() {
            raw.into()
        } else {
            raw.nfkc().collect()
        };
        let raw = normal.trim();
        let mut truncated = false;
        let mut words = if raw.contains('<') {
            let zone = raw.trim_end_matches('<');
            // A field that ends in fillers had room for more.
            truncated = NAME_FIELDS.contains(&zone.len());
            match zone.split_once("<<") {
                Some((primary, secondary)) => {
                    let mut words = split(primary, Field::Primary);
                    words.extend(split(secondary, Field::Secondary));
                    words
                }
                None => split(zone, Field::Unknown),
            }
        } else if let Some((primary, secondary)) = raw.split_once(',')
            && !is_suffix(secondary.trim())
        {
            let mut words = split(primary, Field::Primary);
            words.extend(split(secondary, Field::Secondary));
            words
        } else {
            let mut words = split(raw, Field::Unknown);
            mark_capitals(&mut words);
            words
        };
        words.truncate(WORDS_MAX);
        Self { words, truncated }
    }
}

/// What follows a comma without being given names.
fn is_suffix(text: &str) -> bool {
    matches!(
        text.trim_end_matches('.').to_uppercase().as_str(),
        "JR" | "SR" | "II" | "III" | "IV" | "PHD" | "MD"
    )
}

fn split(text: &str, field: Field) -> Vec<Word> {
    let mut words = Vec::new();
    for piece in text.split(|c: char| !(c.is_alphanumeric() || is_mark(c) || is_apostrophe(c))) {
        let word: String = piece.chars().filter(|c| !is_apostrophe(*c)).collect();
        if word.is_empty() {
            continue;
        }
        let apostrophe = word.len() != piece.trim_matches(is_apostrophe).len();
        match script_of(&word) {
            // Without spaces: the surname, then the given name, a syllable each.
            Script::Han | Script::Hangul => {
                let alone = words.is_empty() && word.chars().count() == text.trim().chars().count();
                for (at, syllable) in word.chars().enumerate() {
                    words.push(Word {
                        text: syllable.to_string(),
                        field: match (field, alone, at) {
                            (Field::Unknown, true, 0) => Field::Primary,
                            (Field::Unknown, true, _) => Field::Secondary,
                            _ => field,
                        },
                        apostrophe: false,
                    });
                }
            }
            Script::Latin | Script::Cyrillic | Script::Arabic | Script::Other => words.push(Word {
                text: word,
                field,
                apostrophe,
            }),
        }
    }
    words
}

/// Lists write surnames in capitals beside given names in small letters.
fn mark_capitals(words: &mut [Word]) {
    let capitals =
        |word: &Word| word.text.chars().count() > 1 && !word.text.chars().any(char::is_lowercase);
    let cased = |word: &Word| {
        word.text
            .chars()
            .any(|c| c.is_lowercase() || c.is_uppercase())
    };
    let mixed = words.iter().any(capitals) && words.iter().any(|word| !capitals(word));
    if !mixed || !words.iter().all(cased) {
        return;
    }
    for word in words {
        word.field = if capitals(word) {
            Field::Primary
        } else {
            Field::Secondary
        };
    }
}

/// Combining marks belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..0x370 | 0x64B..0x660 | 0x670 | 0x900..0x904 | 0x93A..0x950 | 0xE31..0xE4F)
}

const fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '’' | '‘' | '`' | '´' | 'ʻ' | 'ʼ' | 'ʿ' | 'ʾ' | '′'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str) -> String {
        let words = Words::of(raw);
        let fields = words.words.iter().map(|word| {
            let mark = match word.field {
                Field::Primary => "1",
                Field::Secondary => "2",
                Field::Unknown => "",
            };
            format!("{}{mark}", word.text)
        });
        fields.collect::<Vec<_>>().join(" ")
    }

    /// As files of some systems have it.
    fn apart(c: char) -> Vec<char> {
        c.nfd().collect()
    }

    #[test]
    fn names_are_divided_by_what_their_writing_tells() {
        assert_eq!(of("DE<LUNA<<EVA<MARIA"), "DE1 LUNA1 EVA2 MARIA2");
        assert_eq!(of("LUNA<EVA<<<"), "LUNA EVA");
        assert_eq!(of("Luna, Eva"), "Luna1 Eva2");
        assert_eq!(of("Eva Luna, Jr."), "Eva Luna Jr");
        assert_eq!(of("Eva DE LUNA"), "Eva2 DE1 LUNA1");
        assert_eq!(of("EVA LUNA"), "EVA LUNA");
        assert_eq!(of("Eva-Maria O'Luna"), "Eva Maria OLuna");
        assert_eq!(of("金大文"), "金1 大2 文2");
        assert_eq!(of("대문 김"), "대 문 김");
        assert_eq!(of("  "), "");
        assert_eq!(of("ﻣﺤﻤﺪ"), "محمد");
        assert_eq!(of("ＬＵＮＡ＜＜ＥＶＡ"), "LUNA1 EVA2");
        assert_eq!(
            of("대문".chars().flat_map(apart).collect::<String>().as_str()),
            of("대문")
        );
    }

    #[test]
    fn a_full_field_may_be_cut() {
        assert!(Words::of("LUNAMONTESCLAROSDELAVEGA<<EVAM").truncated);
        assert!(!Words::of("LUNA<<EVA").truncated);
        assert!(!Words::of(&format!("{:<<39}", "LUNA<<EVA")).truncated);
        assert!(Words::of("LUNAMONTESCLAROSDELAVEGAS<<EVAM").truncated);
        assert!(Words::of("Kao P'eng").words[1].apostrophe);
        assert!(!Words::of("Mary 'Luna'").words[1].apostrophe);
    }
}
