//! Screening of a document against an authority's list: exact document, exact person. Pure.
//!
//! **Invariant:** no I/O. The store preselects candidates by index; what counts as a hit is decided here alone.

use egate_types::{CheckResult, Date, DocumentNumber, StateCode, TravelDocument, Verdict};
use egate_wire::v1::CheckSummary;
use serde::{Deserialize, Serialize};

/// One entry of an authority's list. Names a document, a person, or both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// Issuer of a listed document.
    pub issuer: Option<StateCode>,
    /// Number of a listed document, normalised.
    pub number: Option<String>,
    /// Full name of a listed person, normalised by [`normalise`].
    pub name: Option<String>,
    /// Date of birth of a listed person.
    pub date_of_birth: Option<Date>,
    /// What a hit demands.
    pub action: ListAction,
    /// Why the entry exists, for the authority's own officers.
    pub reason: String,
    /// The law the entry rests on.
    pub legal_basis: String,
    /// First day the entry counts.
    pub valid_from: Option<Date>,
    /// Last day the entry counts.
    pub valid_until: Option<Date>,
}

/// What a hit demands of the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListAction {
    /// An officer decides.
    Refer,
    /// The crossing is refused.
    Refuse,
}

/// A match of the document with an entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hit {
    pub(crate) on: HitOn,
    pub(crate) action: ListAction,
    pub(crate) reason: String,
    pub(crate) legal_basis: String,
}

/// Which part of the entry matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HitOn {
    Document,
    Person,
}

/// Upper case, words separated by one space, everything that is no letter or digit dropped.
pub(crate) fn normalise(name: &str) -> String {
    let upper = name.to_uppercase().replace(['\'', '’'], "");
    let words: Vec<_> = upper
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ")
}

/// The holder's full name as the list spells it.
pub(crate) fn full_name(document: &TravelDocument) -> String {
    let name = &document.holder.name;
    normalise(&format!("{} {}", name.surname, name.given))
}

/// All hits among the candidates that count today.
pub(crate) fn screen(document: &TravelDocument, candidates: &[ListEntry], today: Date) -> Vec<Hit> {
    let name = full_name(document);
    candidates
        .iter()
        .filter(|entry| entry.valid_from.is_none_or(|first| first <= today))
        .filter(|entry| entry.valid_until.is_none_or(|last| today <= last))
        .filter_map(|entry| {
            let on = matched(document, &name, entry)?;
            Some(Hit {
                on,
                action: entry.action,
                reason: entry.reason.clone(),
                legal_basis: entry.legal_basis.clone(),
            })
        })
        .collect()
}

fn matched(document: &TravelDocument, name: &str, entry: &ListEntry) -> Option<HitOn> {
    let same_document = entry.issuer.as_ref() == Some(&document.issuer)
        && entry.number.as_deref() == Some(document.number.expose());
    let same_person = entry.name.as_deref() == Some(name)
        && entry.date_of_birth.is_some()
        && entry.date_of_birth == document.holder.date_of_birth;
    if same_document {
        Some(HitOn::Document)
    } else if same_person {
        Some(HitOn::Person)
    } else {
        None
    }
}

/// The authority's verdict: refuse outranks refer; an identity authority also refers every check that did not succeed.
pub(crate) fn decide(hits: &[Hit], identity: bool, checks: &CheckSummary) -> Verdict {
    if hits.iter().any(|hit| hit.action == ListAction::Refuse) {
        return Verdict::Refuse;
    }
    let all = [checks.document, checks.face, checks.presentation];
    let checks_hold = all
        .into_iter()
        .all(|result| result == CheckResult::Successful);
    if !hits.is_empty() || (identity && !checks_hold) {
        return Verdict::Refer;
    }
    Verdict::Clear
}

/// Columns of a list file, in this order, named by its first line.
const CSV_COLUMNS: [&str; 10] = [
    "issuer",
    "number",
    "surname",
    "given",
    "date_of_birth",
    "action",
    "reason",
    "legal_basis",
    "valid_from",
    "valid_until",
];

/// Parses a list file; errors name the line, never its content.
pub fn parse_csv(text: &str) -> Result<Vec<ListEntry>, String> {
    let mut rows = csv_rows(text)?.into_iter();
    let columns = rows.next().map(|(_, fields)| fields).unwrap_or_default();
    if columns != CSV_COLUMNS {
        return Err(format!(
            "line 1: the columns must be {}",
            CSV_COLUMNS.join(",")
        ));
    }
    rows.map(|(line, fields)| entry(&fields).map_err(|e| format!("line {line}: {e}")))
        .collect()
}

fn entry(fields: &[String]) -> Result<ListEntry, String> {
    let [
        issuer,
        number,
        surname,
        given,
        birth,
        action,
        reason,
        legal_basis,
        from,
        until,
    ] = fields
    else {
        return Err(format!(
            "{} fields instead of {}",
            fields.len(),
            CSV_COLUMNS.len()
        ));
    };
    let date = |text: &String, column: &str| match text.as_str() {
        "" => Ok(None),
        text => Date::parse(text)
            .map(Some)
            .map_err(|_| format!("{column} is not YYYY-MM-DD")),
    };
    let document = match (issuer.as_str(), number.as_str()) {
        ("", "") => None,
        (issuer, number) => Some((
            StateCode::parse(issuer).ok_or("issuer is not an ICAO state code")?,
            DocumentNumber::parse(number).ok_or("number is not a document number")?,
        )),
    };
    let date_of_birth = date(birth, "date_of_birth")?;
    let name = Some(normalise(&format!("{surname} {given}"))).filter(|name| !name.is_empty());
    if name.is_some() != date_of_birth.is_some() {
        return Err("a person needs both a name and a date_of_birth".to_owned());
    }
    if document.is_none() && name.is_none() {
        return Err("neither a document nor a person".to_owned());
    }
    if reason.trim().is_empty() || legal_basis.trim().is_empty() {
        return Err("reason and legal_basis must not be empty".to_owned());
    }
    Ok(ListEntry {
        issuer: document.as_ref().map(|(issuer, _)| issuer.clone()),
        number: document.map(|(_, number)| number.expose().to_owned()),
        name,
        date_of_birth,
        action: match action.as_str() {
            "refer" => ListAction::Refer,
            "refuse" => ListAction::Refuse,
            _ => return Err("action is neither refer nor refuse".to_owned()),
        },
        reason: reason.clone(),
        legal_basis: legal_basis.clone(),
        valid_from: date(from, "valid_from")?,
        valid_until: date(until, "valid_until")?,
    })
}

/// Splits RFC 4180 text into rows with their line numbers; blank lines are passed over.
fn csv_rows(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut rows = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let mut fields = vec![String::new()];
        let mut quoted = false;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            // Invariant: there is always at least one field.
            let Some(field) = fields.last_mut() else {
                break;
            };
            match (c, quoted) {
                ('"', true) if chars.peek() == Some(&'"') => {
                    chars.next();
                    field.push('"');
                }
                ('"', _) => quoted = !quoted,
                (',', false) => fields.push(String::new()),
                (c, _) => field.push(c),
            }
        }
        if quoted {
            return Err(format!("line {}: a quoted field is not closed", index + 1));
        }
        rows.push((
            index + 1,
            fields.iter().map(|f| f.trim().to_owned()).collect(),
        ));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use egate_types::{Holder, PersonName, Sex};

    use super::*;

    const LIST: &str = "\
issuer,number,surname,given,date_of_birth,action,reason,legal_basis,valid_from,valid_until
UTO,L898902C3,,,,refuse,\"stolen, reported\",Act 1,,
,,O'Brien-Smith,Anna  Maria,1974-08-12,refer,contact tracing,Act 2,2026-01-01,2026-12-31
";

    fn document(number: &str, surname: &str, birth: &str) -> TravelDocument {
        TravelDocument {
            code: "P".into(),
            issuer: StateCode::parse("UTO").unwrap(),
            number: DocumentNumber::parse(number).unwrap(),
            date_of_expiry: None,
            holder: Holder {
                name: PersonName {
                    surname: surname.into(),
                    given: "ANNA MARIA".into(),
                },
                date_of_birth: Date::parse(birth).ok(),
                sex: Sex::Female,
                nationality: StateCode::parse("UTO").unwrap(),
            },
        }
    }

    fn hits(number: &str, surname: &str, birth: &str, today: &str) -> Vec<HitOn> {
        let list = parse_csv(LIST).unwrap();
        let document = document(number, surname, birth);
        screen(&document, &list, Date::parse(today).unwrap())
            .iter()
            .map(|hit| hit.on)
            .collect()
    }

    #[test]
    fn documents_and_persons_hit_exactly() {
        let today = "2026-06-01";
        assert_eq!(
            hits("L898902C3", "NOBODY", "1990-01-01", today),
            [HitOn::Document]
        );
        assert_eq!(
            hits("X1", "OBRIEN SMITH", "1974-08-12", today),
            [HitOn::Person]
        );
        assert_eq!(hits("X1", "OBRIEN SMITH", "1974-08-13", today), []);
        assert_eq!(hits("X1", "OBRIEN SMITH", "", today), []);
        assert_eq!(hits("X1", "OBRIEN SMITH", "1974-08-12", "2027-01-01"), []);
        assert_eq!(hits("X1", "OBRIEN SMITH", "1974-08-12", "2025-12-31"), []);
    }

    #[test]
    fn verdicts_follow_hits_and_checks() {
        let good = CheckSummary {
            document: CheckResult::Successful,
            face: CheckResult::Successful,
            presentation: CheckResult::Successful,
        };
        let hit = |action| Hit {
            on: HitOn::Document,
            action,
            reason: String::new(),
            legal_basis: String::new(),
        };
        assert_eq!(decide(&[], true, &good), Verdict::Clear);
        assert_eq!(
            decide(&[hit(ListAction::Refer)], false, &good),
            Verdict::Refer
        );
        let both = [hit(ListAction::Refer), hit(ListAction::Refuse)];
        assert_eq!(decide(&both, false, &good), Verdict::Refuse);
        for result in [
            CheckResult::Failed,
            CheckResult::Undetermined,
            CheckResult::NotSupported,
            CheckResult::Aborted,
        ] {
            for bad in [
                CheckSummary {
                    document: result,
                    ..good
                },
                CheckSummary {
                    face: result,
                    ..good
                },
                CheckSummary {
                    presentation: result,
                    ..good
                },
            ] {
                assert_eq!(decide(&[], true, &bad), Verdict::Refer);
                assert_eq!(decide(&[], false, &bad), Verdict::Clear);
            }
        }
    }

    #[test]
    fn list_errors_name_the_line_and_no_content() {
        let with = |row: &str| {
            let head = LIST.lines().next().unwrap();
            parse_csv(&format!("{head}\n{row}\n"))
                .map(|_| ())
                .unwrap_err()
        };
        assert!(with("UTO,,,,,refer,r,l,,").contains("line 2"));
        assert!(with(",,,,,refer,r,l,,").contains("neither"));
        assert!(with(",,SECRETSON,,,refer,r,l,,").contains("date_of_birth"));
        assert!(!with(",,SECRETSON,,,refer,r,l,,").contains("SECRETSON"));
        assert!(with("UTO,X1,,,,admit,r,l,,").contains("action"));
        assert!(with("UTO,X1,,,,refer,,l,,").contains("reason"));
        assert!(with("UTO,\"X1,,,,refer,r,l,,").contains("quoted"));
        assert!(parse_csv("").is_err());
    }
}
