//! The machine readable zone of TD1, TD2 and TD3 documents (ICAO 9303-3, -4, -5, -6).
//!
//! A zone that cannot be taken apart is an error that names line, position and rule. A zone that can, but contradicts its own
//! check digits, is a [`Mrz`] whose checks failed: the officer sees which.

use std::fmt;

use egate_types::{
    CheckNode, CheckResult, Date, DocumentNumber, Holder, MrzLines, PersonName, RunMode, Sex,
    StateCode, TravelDocument,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::limits::EXPIRY_YEARS_AHEAD_MAX;

/// Layout of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MrzFormat {
    /// Cards: three lines of 30 (ICAO 9303-5).
    Td1,
    /// Larger cards: two lines of 36 (ICAO 9303-6).
    Td2,
    /// Passport books: two lines of 44 (ICAO 9303-4).
    Td3,
}

/// A zone taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mrz {
    /// Its layout.
    pub format: MrzFormat,
    /// What it says.
    pub document: TravelDocument,
    /// What opens the chip.
    pub access_key: MrzKey,
    /// `MrzConsistencyCheck` with one part per check digit.
    pub checks: CheckNode,
    /// The lines themselves, spaces and case normalised.
    pub lines: MrzLines,
}

/// The MRZ information that keys the chip (ICAO 9303-11 §4.3.2): document number with fillers, dates, each with its check
/// digit. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct MrzKey(String);

/// Why lines are not a machine readable zone. Lines and positions count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MrzError {
    /// Neither three lines of 30, nor two of 36, nor two of 44.
    #[error("{lines} lines, the longest of {longest} characters, are no TD1, TD2 or TD3 zone")]
    Layout {
        /// Number of lines.
        lines: usize,
        /// Length of the longest.
        longest: usize,
    },
    /// A character outside `A-Z 0-9 <`.
    #[error("line {line}, position {position}: character outside A-Z, 0-9 and < (9303-3 §4.3)")]
    Character {
        /// Line.
        line: usize,
        /// Position in it.
        position: usize,
    },
    /// A field breaks its rule.
    #[error("line {line}, position {position}: {rule}")]
    Field {
        /// Line.
        line: usize,
        /// First position of the field.
        position: usize,
        /// The rule it breaks.
        rule: &'static str,
    },
}

/// Why a document cannot be written as a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MrzFormatError {
    /// The document number is longer than the nine characters of a passport book.
    #[error("document number is longer than nine characters")]
    NumberTooLong,
    /// A name holds characters that the zone has not.
    #[error("name holds characters outside A-Z and space; transliterate it first (9303-3 §6)")]
    NameCharacters,
    /// The document code is not one or two letters.
    #[error("document code is not one or two letters A-Z")]
    Code,
}

impl MrzKey {
    /// From number (with its fillers), date of birth and date of expiry as `YYMMDD`; check digits are computed.
    pub fn new(number: &str, date_of_birth: &str, date_of_expiry: &str) -> Self {
        let mut key = String::with_capacity(24);
        for field in [
            format!("{number:<<9}").as_str(),
            date_of_birth,
            date_of_expiry,
        ] {
            key.push_str(field);
            key.push(check_digit(field));
        }
        Self(key)
    }

    /// The information itself, for key derivation.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MrzKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MrzKey(..)")
    }
}

/// Takes a scanned zone apart. `today` decides the century of two-digit years.
pub fn parse(lines: &MrzLines, today: Date) -> Result<Mrz, MrzError> {
    let lines: Vec<String> = lines
        .expose()
        .iter()
        .map(|line| line.trim().replace(' ', "<").to_ascii_uppercase())
        .filter(|line| !line.is_empty())
        .collect();
    for (number, line) in lines.iter().enumerate() {
        let legal = |c: char| c == '<' || c.is_ascii_uppercase() || c.is_ascii_digit();
        if let Some(at) = line.chars().position(|c| !legal(c)) {
            return Err(MrzError::Character {
                line: number + 1,
                position: at + 1,
            });
        }
    }
    let layout = layout_of(&lines)?;
    let zone = Zone { lines: &lines };
    let number = zone.number(&layout)?;
    let dates = zone.text(layout.birth);
    let expiry = zone.text(layout.expiry);
    let field_error = |field: Field, rule| MrzError::Field {
        line: field.line + 1,
        position: field.start + 1,
        rule,
    };
    let state = |field: Field| {
        StateCode::parse(zone.text(field))
            .ok_or_else(|| field_error(field, "state code is one to three letters (9303-3 §5)"))
    };
    let document = TravelDocument {
        code: code(zone.text(layout.code))
            .ok_or_else(|| field_error(layout.code, "document code begins with a letter"))?,
        issuer: state(layout.issuer)?,
        number: DocumentNumber::parse(&number.text)
            .ok_or_else(|| field_error(layout.number, "document number is empty"))?,
        date_of_expiry: date(expiry, Century::Expiry, today)
            .map_err(|rule| field_error(layout.expiry, rule))?,
        holder: Holder {
            name: name(zone.text(layout.name)),
            date_of_birth: date(dates, Century::Birth, today)
                .map_err(|rule| field_error(layout.birth, rule))?,
            sex: match zone.text(layout.sex) {
                "F" => Sex::Female,
                "M" => Sex::Male,
                "<" => Sex::Unspecified,
                _ => return Err(field_error(layout.sex, "sex is F, M or < (9303-3 §4.5)")),
            },
            nationality: state(layout.nationality)?,
        },
    };
    let access_key = MrzKey(format!(
        "{}{}{dates}{}{expiry}{}",
        number.text,
        number.check,
        zone.text(layout.birth.following()),
        zone.text(layout.expiry.following()),
    ));
    let checks = consistency(&zone, &layout, &number);
    Ok(Mrz {
        format: layout.format,
        document,
        access_key,
        checks,
        lines: MrzLines::new(lines),
    })
}

/// Writes the two lines of a passport book (ICAO 9303-4 §4.2). Names longer than the field are cut.
pub fn format_td3(document: &TravelDocument) -> Result<MrzLines, MrzFormatError> {
    let code = document.code.as_str();
    if !(1..=2).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(MrzFormatError::Code);
    }
    let number = document.number.expose();
    if number.len() > 9 {
        return Err(MrzFormatError::NumberTooLong);
    }
    let PersonName { surname, given } = &document.holder.name;
    let written = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b' ');
    if surname.is_empty() || !written(surname) || !written(given) {
        return Err(MrzFormatError::NameCharacters);
    }
    let names = format!("{surname}<<{given}").replace(' ', "<");
    let first = format!("{code:<<2}{:<<3}{names:<<39.39}", document.issuer.as_str());
    let sex = match document.holder.sex {
        Sex::Female => 'F',
        Sex::Male => 'M',
        Sex::Unspecified => '<',
    };
    let number = checked(&format!("{number:<<9}"));
    let birth = checked(&yymmdd(document.holder.date_of_birth));
    let expiry = checked(&yymmdd(document.date_of_expiry));
    let optional = checked(&"<".repeat(14));
    let composite = check_digit(&format!("{number}{birth}{expiry}{optional}"));
    let nationality = document.holder.nationality.as_str();
    let second = format!("{number}{nationality:<<3}{birth}{sex}{expiry}{optional}{composite}");
    Ok(MrzLines::new(vec![first, second]))
}

/// The check digit of ICAO 9303-3 §4.9: weights 7, 3, 1, modulo 10.
pub fn check_digit(field: &str) -> char {
    let sum: u32 = field
        .bytes()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(byte, weight)| {
            let value = match byte {
                b'0'..=b'9' => byte - b'0',
                b'A'..=b'Z' => byte - b'A' + 10,
                _ => 0,
            };
            u32::from(value) * weight
        })
        .sum();
    char::from(b'0' + (sum % 10) as u8)
}

#[derive(Clone, Copy)]
struct Field {
    line: usize,
    start: usize,
    length: usize,
}

impl Field {
    /// The one character behind the field: its check digit.
    fn following(self) -> Self {
        field(self.line, self.start + self.length, 1)
    }
}

const fn field(line: usize, start: usize, length: usize) -> Field {
    Field {
        line,
        start,
        length,
    }
}

/// Where each field stands. All offsets from zero.
struct Layout {
    format: MrzFormat,
    code: Field,
    issuer: Field,
    name: Field,
    number: Field,
    nationality: Field,
    birth: Field,
    sex: Field,
    expiry: Field,
    /// Optional data that takes a document number's overflow (TD1, TD2).
    overflow: Option<Field>,
    /// Optional data with a check digit of its own (TD3).
    optional: Option<Field>,
    composite: Field,
    composite_over: &'static [Field],
}

const TD3: Layout = Layout {
    format: MrzFormat::Td3,
    code: field(0, 0, 2),
    issuer: field(0, 2, 3),
    name: field(0, 5, 39),
    number: field(1, 0, 9),
    nationality: field(1, 10, 3),
    birth: field(1, 13, 6),
    sex: field(1, 20, 1),
    expiry: field(1, 21, 6),
    overflow: None,
    optional: Some(field(1, 28, 14)),
    composite: field(1, 43, 1),
    composite_over: &[field(1, 0, 10), field(1, 13, 7), field(1, 21, 22)],
};

const TD2: Layout = Layout {
    format: MrzFormat::Td2,
    code: field(0, 0, 2),
    issuer: field(0, 2, 3),
    name: field(0, 5, 31),
    number: field(1, 0, 9),
    nationality: field(1, 10, 3),
    birth: field(1, 13, 6),
    sex: field(1, 20, 1),
    expiry: field(1, 21, 6),
    overflow: Some(field(1, 28, 7)),
    optional: None,
    composite: field(1, 35, 1),
    composite_over: &[field(1, 0, 10), field(1, 13, 7), field(1, 21, 14)],
};

const TD1: Layout = Layout {
    format: MrzFormat::Td1,
    code: field(0, 0, 2),
    issuer: field(0, 2, 3),
    name: field(2, 0, 30),
    number: field(0, 5, 9),
    nationality: field(1, 15, 3),
    birth: field(1, 0, 6),
    sex: field(1, 7, 1),
    expiry: field(1, 8, 6),
    overflow: Some(field(0, 15, 15)),
    optional: None,
    composite: field(1, 29, 1),
    composite_over: &[
        field(0, 5, 25),
        field(1, 0, 7),
        field(1, 8, 7),
        field(1, 18, 11),
    ],
};

fn layout_of(lines: &[String]) -> Result<Layout, MrzError> {
    let lengths: Vec<usize> = lines.iter().map(String::len).collect();
    let visa = lines.first().is_some_and(|line| line.starts_with('V'));
    match lengths.as_slice() {
        [44, 44] if !visa => Ok(TD3),
        [36, 36] if !visa => Ok(TD2),
        [30, 30, 30] => Ok(TD1),
        other => Err(MrzError::Layout {
            lines: other.len(),
            longest: other.iter().copied().max().unwrap_or(0),
        }),
    }
}

struct Zone<'a> {
    lines: &'a [String],
}

/// The document number as the access key needs it: with its fillers, or with its overflow.
struct Number {
    text: String,
    check: char,
}

impl Zone<'_> {
    /// Lines have the layout's length and hold ASCII only, so no field is out of range.
    fn text(&self, field: Field) -> &str {
        &self.lines[field.line][field.start..field.start + field.length]
    }

    fn character(&self, field: Field) -> char {
        char::from(self.text(field).as_bytes()[0])
    }

    /// A number of more than nine characters goes on in the optional data, its check digit behind it (9303-5 §4.2.2). The digit
    /// is over the number without the filler that splits it.
    fn number(&self, layout: &Layout) -> Result<Number, MrzError> {
        let text = self.text(layout.number);
        let check = self.character(layout.number.following());
        let Some(overflow) = layout.overflow.filter(|_| check == '<') else {
            return Ok(Number {
                text: text.to_owned(),
                check,
            });
        };
        let rest = self.text(overflow).split('<').next().unwrap_or_default();
        match (rest.len(), rest.chars().last()) {
            (2.., Some(check)) => Ok(Number {
                text: format!("{text}{}", &rest[..rest.len() - 1]),
                check,
            }),
            (0 | 1.., _) => Err(MrzError::Field {
                line: overflow.line + 1,
                position: overflow.start + 1,
                rule: "check digit < announces a longer number here (9303-5 §4.2.2)",
            }),
        }
    }
}

fn consistency(zone: &Zone<'_>, layout: &Layout, number: &Number) -> CheckNode {
    let leaf = |name: &str, holds: bool| {
        let result = if holds {
            CheckResult::Successful
        } else {
            CheckResult::Failed
        };
        CheckNode::leaf(name, RunMode::Mandatory, result)
    };
    let digit = |name: &str, field: Field| {
        let printed = zone.character(field.following());
        leaf(name, check_digit(zone.text(field)) == printed)
    };
    let mut checks = vec![
        leaf("LengthCheck", true),
        leaf(
            "CheckDigitDocumentNumberCheck",
            check_digit(&number.text) == number.check,
        ),
        digit("CheckDigitDateOfBirthCheck", layout.birth),
        digit("CheckDigitDateOfExpiryCheck", layout.expiry),
    ];
    if let Some(optional) = layout.optional {
        let text = zone.text(optional);
        let printed = zone.character(optional.following());
        let empty = text.bytes().all(|b| b == b'<');
        let holds = check_digit(text) == printed || (empty && printed == '<');
        checks.push(leaf("CheckDigitOptionalDataCheck", holds));
    }
    let covered: String = layout
        .composite_over
        .iter()
        .map(|field| zone.text(*field))
        .collect();
    let composite = check_digit(&covered) == zone.character(layout.composite);
    checks.push(leaf("CheckDigitCompositeCheck", composite));
    CheckNode::group("MrzConsistencyCheck", RunMode::Mandatory, checks)
}

fn code(text: &str) -> Option<String> {
    let code = text.trim_end_matches('<');
    code.starts_with(|c: char| c.is_ascii_uppercase())
        .then(|| code.to_owned())
}

fn name(text: &str) -> PersonName {
    let spaced = |part: &str| {
        part.split('<')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let text = text.trim_end_matches('<');
    let (surname, given) = text.split_once("<<").unwrap_or((text, ""));
    PersonName {
        surname: spaced(surname),
        given: spaced(given),
    }
}

#[derive(Clone, Copy)]
enum Century {
    Birth,
    Expiry,
}

/// Two-digit years: nobody is born after today; nothing is valid for longer than [`EXPIRY_YEARS_AHEAD_MAX`]. An incomplete date
/// (fillers for unknown parts, 9303-3 §4.8) is `None`.
fn date(text: &str, century: Century, today: Date) -> Result<Option<Date>, &'static str> {
    if text.contains('<') {
        let known = text.trim_end_matches('<');
        let partial = known.len().is_multiple_of(2) && known.bytes().all(|b| b.is_ascii_digit());
        return if partial {
            Ok(None)
        } else {
            Err("unknown parts of a date are fillers at its end")
        };
    }
    let Ok(number) = text.parse::<u32>() else {
        return Err("a date is six digits YYMMDD");
    };
    let (yy, month, day) = (
        (number / 10_000) as i32,
        (number / 100 % 100) as u8,
        (number % 100) as u8,
    );
    let this_century = today.year() - today.year() % 100 + yy;
    let in_year = |year| {
        Date::new(year, month, day)
            .map(Some)
            .map_err(|_| "no such calendar day")
    };
    match century {
        Century::Birth => match Date::new(this_century, month, day) {
            Ok(date) if date <= today => Ok(Some(date)),
            Ok(_) | Err(_) => in_year(if this_century < today.year() {
                this_century
            } else {
                this_century - 100
            }),
        },
        Century::Expiry if this_century > today.year() + EXPIRY_YEARS_AHEAD_MAX => {
            in_year(this_century - 100)
        }
        Century::Expiry if this_century + 100 <= today.year() + EXPIRY_YEARS_AHEAD_MAX => {
            in_year(this_century + 100)
        }
        Century::Expiry => in_year(this_century),
    }
}

pub(crate) fn yymmdd(date: Option<Date>) -> String {
    match date {
        Some(date) => format!(
            "{:02}{:02}{:02}",
            date.year() % 100,
            date.month(),
            date.day()
        ),
        None => "<<<<<<".to_owned(),
    }
}

fn checked(field: &str) -> String {
    format!("{field}{}", check_digit(field))
}
