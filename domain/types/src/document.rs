//! The travel document's identity.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Date, Holder};

/// ICAO three-letter code of a state or organisation (Doc 9303-3 §5), fillers removed: `UTO`, `D`, `CHN`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StateCode(String);

impl StateCode {
    /// Accepts one to three letters A-Z; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('<');
        let well_formed =
            (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The code without fillers.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateCode({})", self.0)
    }
}

impl TryFrom<String> for StateCode {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("state code {text:?} is not one to three letters"))
    }
}

impl From<StateCode> for String {
    fn from(code: StateCode) -> String {
        code.0
    }
}

/// A document number, normalised: upper case, fillers and spaces removed. Identifies a person, so it never prints.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize, ZeroizeOnDrop)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// Longest number after normalisation; TD1 overflow allows 9 + 13 characters (Doc 9303-5 §4.2.2.1).
    pub const LEN_MAX: usize = 22;

    /// Normalises; `None` if nothing is left, it is too long, or a character is outside `A-Z 0-9`.
    pub fn parse(text: &str) -> Option<Self> {
        let number: String = text
            .chars()
            .filter(|c| !matches!(c, '<' | ' ' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let well_formed = !number.is_empty()
            && number.len() <= Self::LEN_MAX
            && number
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        well_formed.then_some(Self(number))
    }

    /// The normalised number, for comparison and for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentNumber(..)")
    }
}

/// The lines of a machine readable zone as scanned. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct MrzLines(Vec<String>);

impl MrzLines {
    /// Wraps scanned lines; nothing is checked here, `egate_icao::mrz` parses.
    pub fn new(lines: Vec<String>) -> Self {
        Self(lines)
    }

    /// The lines, for the parser.
    pub fn expose(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Debug for MrzLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MrzLines({} lines)", self.0.len())
    }
}

/// What the machine readable zone says, as far as screening and admission need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TravelDocument {
    /// Document code, e.g. `P`, `PP`, `I` (Doc 9303-4 §4.2.2).
    pub code: String,
    /// Issuing state or organisation.
    pub issuer: StateCode,
    /// Document number.
    pub number: DocumentNumber,
    /// Last day of validity, if the MRZ states a complete date.
    pub date_of_expiry: Option<Date>,
    /// The person.
    pub holder: Holder,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normalised_and_never_print() {
        let number = DocumentNumber::parse("l898-902c<").unwrap();
        assert_eq!(number.expose(), "L898902C");
        assert!(!format!("{number:?}").contains("L898"));
        assert!(DocumentNumber::parse("<<<").is_none());
        assert!(DocumentNumber::parse("Ä1").is_none());
    }

    #[test]
    fn state_codes_drop_fillers() {
        assert_eq!(StateCode::parse("D<<").unwrap().as_str(), "D");
        assert!(StateCode::parse("U1O").is_none());
        assert!(StateCode::parse("<<<").is_none());
    }
}
