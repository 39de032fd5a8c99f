//! The person on the travel document. Nothing here prints or serialises by accident.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Date, StateCode};

/// A name as the machine readable zone spells it, or in its original script on a watch list.
///
/// No `Display`, and `Debug` shows nothing: a name never reaches a log (DESIGN 2, invariant 6). It is wiped when dropped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
pub struct PersonName {
    /// Primary identifier (surname), components separated by single spaces.
    pub surname: String,
    /// Secondary identifier (given names), components separated by single spaces; may be empty.
    pub given: String,
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(..)")
    }
}

/// Sex as ICAO Doc 9303-3 writes it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// `F`
    Female,
    /// `M`
    Male,
    /// `<` in the MRZ, `X` in the visual zone.
    Unspecified,
}

/// The holder of a travel document. Not serialisable: the wire has its own message for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Name as printed in the MRZ.
    pub name: PersonName,
    /// Date of birth, if the document states a complete one.
    pub date_of_birth: Option<Date>,
    /// Sex as printed.
    pub sex: Sex,
    /// Nationality, ICAO three-letter code.
    pub nationality: StateCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_reaches_a_debug_print() {
        let holder = Holder {
            name: PersonName {
                surname: "SECRETSON".into(),
                given: "SYNTHIA".into(),
            },
            date_of_birth: None,
            sex: Sex::Unspecified,
            nationality: StateCode::parse("UTO").unwrap(),
        };
        let printed = format!("{holder:?}");
        assert!(
            !printed.contains("SECRETSON") && !printed.contains("SYNTHIA"),
            "{printed}"
        );
    }
}
