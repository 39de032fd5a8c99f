//! `mrz`: the fields of a machine readable zone and which check digits hold.

use serde::Serialize;

use crate::mrz::{CheckDigits, Field, Zone};

/// The fields as read, fillers at their ends removed.
#[derive(Clone, Serialize)]
pub struct MrzView {
    /// `TD1`, `TD2`, `TD3`, `MRV-A` or `MRV-B`.
    pub format: &'static str,
    /// Document code.
    pub document_code: String,
    /// Issuing state or organisation.
    pub issuing_state: String,
    /// Surname.
    pub surname: String,
    /// Given names.
    pub given_names: String,
    /// Document number, its overflow included.
    pub document_number: String,
    /// The document number goes on in the optional data.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub long_document_number: bool,
    /// Nationality.
    pub nationality: String,
    /// Date of birth as printed, YYMMDD with fillers for what is unknown.
    pub birth_date: String,
    /// `M`, `F` or `<`.
    pub sex: String,
    /// Date of expiry as printed.
    pub expiry_date: String,
    /// Optional data, in formats with one such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional_data: Option<String>,
    /// Optional data of the first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional_data_1: Option<String>,
    /// Optional data of the second line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional_data_2: Option<String>,
    /// Which check digits hold.
    pub checks: CheckDigitsView,
    /// Whether all do.
    pub all_checks_ok: bool,
}

/// Which check digits hold; absent: the format has none.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CheckDigitsView {
    /// Of the document number.
    pub document_number: bool,
    /// Of the date of birth.
    pub birth_date: bool,
    /// Of the date of expiry.
    pub expiry_date: bool,
    /// Of the optional data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optional_data: Option<bool>,
    /// Of the upper fields together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composite: Option<bool>,
}

impl MrzView {
    /// What the zone says.
    pub fn of(zone: &Zone) -> Self {
        let trimmed = |field| zone.text(field).trim_end_matches('<').to_owned();
        let raw = |field| zone.text(field).to_owned();
        let name = zone.name();
        let digits = zone.check_digits();
        let (optional_data, optional_data_1, optional_data_2) = match *zone.optional_data() {
            [first, second] => (None, Some(first.to_owned()), Some(second.to_owned())),
            [only, ..] => (Some(only.to_owned()), None, None),
            [] => (None, None, None),
        };
        Self {
            format: zone.format().name(),
            document_code: trimmed(Field::DocumentCode),
            issuing_state: trimmed(Field::IssuingState),
            surname: name.surname.clone(),
            given_names: name.given.clone(),
            document_number: zone.document_number().to_string(),
            long_document_number: zone.has_long_number(),
            nationality: trimmed(Field::Nationality),
            birth_date: raw(Field::BirthDate),
            sex: raw(Field::Sex),
            expiry_date: raw(Field::ExpiryDate),
            optional_data,
            optional_data_1,
            optional_data_2,
            checks: CheckDigitsView::of(digits),
            all_checks_ok: digits.all_hold(),
        }
    }
}

impl CheckDigitsView {
    fn of(digits: CheckDigits) -> Self {
        Self {
            document_number: digits.document_number,
            birth_date: digits.birth_date,
            expiry_date: digits.expiry_date,
            optional_data: digits.optional_data,
            composite: digits.composite,
        }
    }
}
