//! The machine readable zone: TD1, TD2, TD3, MRV-A and MRV-B (ICAO 9303-3, -4, -5, -6, -7).
//!
//! | step | function |
//! |---|---|
//! | lines of a format's size and alphabet | [`read`] gives a [`Zone`] |
//! | what its fields say, and which rules and check digits they break | [`Zone`] |
//! | a travel document, typed | [`parse`], [`Zone::take_apart`] give an [`Mrz`] |
//! | what a misread zone may say | [`candidates`] |
//! | the other direction | [`format`], [`format_td3`] |
//! | Chinese travel permits, which follow other tables | [`permit`] |
//!
//! Lines that cannot be taken apart are an error that names line, position and rule. A zone that can, but contradicts its own
//! check digits, is an [`Mrz`] whose checks failed: the officer sees which. What was read is never changed; see [`candidates`].

mod candidates;
mod checks;
mod date;
mod layout;
mod name;
pub mod permit;
mod write;
mod zone;

use std::fmt;

use egate_types::{CheckNode, Date, MrzLines, TravelDocument};
use zeroize::{Zeroize, ZeroizeOnDrop};

#[cfg(feature = "chip")]
pub(crate) use self::date::yymmdd;
pub use self::{
    candidates::{Candidate, Candidates, Grounds, Substitution, candidates},
    checks::{CheckDigits, check_digit},
    date::MrzDate,
    layout::{Field, MrzFormat},
    write::{MrzFormatError, format, format_td3},
    zone::{Zone, read},
};

/// A zone taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mrz {
    /// Its layout.
    pub format: MrzFormat,
    /// What it says.
    pub document: TravelDocument,
    /// Date of birth with its unknown parts.
    pub date_of_birth: MrzDate,
    /// Date of expiry with its unknown parts.
    pub date_of_expiry: MrzDate,
    /// A letter stands in the last position of the name field: the name may go on (9303-4, -5, -6 §4.2.2).
    pub name_may_be_truncated: bool,
    /// What opens the chip.
    pub access_key: MrzKey,
    /// `MrzConsistencyCheck` with one part per check digit.
    pub checks: CheckNode,
    /// The lines themselves, without white space around them.
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
    #[error("{lines} lines, the longest of {longest} characters, are no TD1, TD2, TD3 or MRV zone")]
    Layout {
        /// Number of lines.
        lines: usize,
        /// Length of the longest.
        longest: usize,
    },
    /// A line is too short or too long.
    #[error(
        "line {line}, position {}: {length} characters, but a line of {} has {} ({})",
        length.min(&format.layout().width) + 1,
        format.name(),
        format.layout().width,
        format.layout().clause
    )]
    Length {
        /// Line.
        line: usize,
        /// Its characters.
        length: usize,
        /// The format that the other lines have, or the nearest.
        format: MrzFormat,
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
    #[error("line {line}, position {position}: {}: {rule}", field.name())]
    Field {
        /// Line.
        line: usize,
        /// Position of the character that breaks the rule, or the first of the field.
        position: usize,
        /// The field.
        field: Field,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// The zone of a visa where that of a travel document is wanted.
    #[error("line 1, position 1: {} is a visa and no travel document (9303-7)", format.name())]
    Visa {
        /// Its layout.
        format: MrzFormat,
    },
}

impl MrzError {
    /// Line and position that the error is about, if it is about any.
    pub fn place(&self) -> Option<(usize, usize)> {
        match *self {
            Self::Layout { .. } => None,
            Self::Length {
                line,
                length,
                format,
            } => Some((line, length.min(format.layout().width) + 1)),
            Self::Character { line, position } | Self::Field { line, position, .. } => {
                Some((line, position))
            }
            Self::Visa { .. } => Some((1, 1)),
        }
    }
}

impl MrzKey {
    /// From number (with its fillers), date of birth and date of expiry as `YYMMDD`; check digits are computed.
    pub fn new(number: &str, date_of_birth: &str, date_of_expiry: &str) -> Self {
        let mut key = String::with_capacity(48);
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

/// Takes the scanned zone of a travel document apart. `today` decides the century of two-digit years.
///
/// # Errors
/// Lines that are no zone, a field that breaks its rule, or the zone of a visa. A wrong check digit is none:
/// see [`Mrz::checks`].
pub fn parse(lines: &MrzLines, today: Date) -> Result<Mrz, MrzError> {
    let zone = read(lines)?;
    let format = zone.format();
    if format.is_visa() {
        return Err(MrzError::Visa { format });
    }
    zone.take_apart(today)
}
