//! Check digits (ICAO 9303-3 §4.9) and the check tree of TR-03135.

use egate_types::{CheckNode, CheckResult, RunMode};

use super::{layout::Field, zone::Zone};

/// Each check digit of a zone: does it agree with what it is over? `None` where the format has no such digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckDigits {
    /// Over the document number; over a long one without the filler that splits it.
    pub document_number: bool,
    /// Over the date of birth.
    pub birth_date: bool,
    /// Over the date of expiry.
    pub expiry_date: bool,
    /// Over the optional data (TD3). An unused field may have `<` instead of 0 (9303-4 §4.2.2.2).
    pub optional_data: Option<bool>,
    /// Over most of the zone (not in visas).
    pub composite: Option<bool>,
}

impl CheckDigits {
    /// Whether all agree.
    pub fn all_hold(&self) -> bool {
        self.document_number
            && self.birth_date
            && self.expiry_date
            && self.optional_data != Some(false)
            && self.composite != Some(false)
    }
}

/// The check digit of ICAO 9303-3 §4.9: weights 7, 3, 1, modulo 10. Fillers count as zero.
pub fn check_digit(text: &str) -> char {
    let sum: u32 = text
        .bytes()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(byte, weight)| {
            let value = match byte {
                b'0'..=b'9' => byte - b'0',
                b'A'..=b'Z' => byte - b'A' + 10,
                _ => 0,
            };
            u32::from(value) * weight % 10
        })
        .fold(0, |sum, product| (sum + product) % 10);
    char::from_digit(sum, 10).unwrap_or('0')
}

pub(crate) fn check_digits(zone: &Zone) -> CheckDigits {
    let number = zone.number();
    let digit = |field, digit| zone.holds(zone.text(field), digit);
    let layout = zone.layout();
    CheckDigits {
        document_number: check_digit(&number.text) == number.check_digit,
        birth_date: digit(Field::BirthDate, Field::BirthDateCheckDigit),
        expiry_date: digit(Field::ExpiryDate, Field::ExpiryDateCheckDigit),
        optional_data: layout.span(Field::OptionalDataCheckDigit).map(|_| {
            let text = zone.text(Field::OptionalData);
            let unused = text.bytes().all(|b| b == b'<');
            digit(Field::OptionalData, Field::OptionalDataCheckDigit)
                || (unused && zone.text(Field::OptionalDataCheckDigit) == "<")
        }),
        composite: layout.span(Field::CompositeCheckDigit).map(|_| {
            let lines = zone.lines().expose();
            let covered = layout.composite_over.iter().map(|span| span.of(lines));
            let covered = zeroize::Zeroizing::new(covered.collect::<String>());
            zone.holds(&covered, Field::CompositeCheckDigit)
        }),
    }
}

/// `MrzConsistencyCheck` with one part per check digit.
pub(crate) fn consistency(digits: &CheckDigits) -> CheckNode {
    let parts = [
        // A zone of another length is none.
        ("LengthCheck", Some(true)),
        (
            "CheckDigitDocumentNumberCheck",
            Some(digits.document_number),
        ),
        ("CheckDigitDateOfBirthCheck", Some(digits.birth_date)),
        ("CheckDigitDateOfExpiryCheck", Some(digits.expiry_date)),
        ("CheckDigitOptionalDataCheck", digits.optional_data),
        ("CheckDigitCompositeCheck", digits.composite),
    ];
    let leaves = parts.into_iter().filter_map(|(name, holds)| {
        let result = if holds? {
            CheckResult::Successful
        } else {
            CheckResult::Failed
        };
        Some(CheckNode::leaf(name, RunMode::Mandatory, result))
    });
    CheckNode::group("MrzConsistencyCheck", RunMode::Mandatory, leaves.collect())
}
