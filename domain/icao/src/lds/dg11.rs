//! EF.DG11, additional personal details.

use super::{
    Contents, FileId, LdsError, PersonalBytes, PersonalDate, PersonalText, elements::Elements,
    reader,
};

/// What EF.DG11 says about the holder (ICAO 9303-10 §4.7.11, table 46). Every element is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdditionalPersonalDetails {
    /// 5F0E: full name in national characters, `primary<<secondary`.
    pub full_name: Option<PersonalText>,
    /// A0 with 5F0F: other names.
    pub other_names: Vec<PersonalText>,
    /// 5F10: personal number.
    pub personal_number: Option<PersonalText>,
    /// 5F2B: full date of birth, `YYYYMMDD`.
    pub full_date_of_birth: Option<PersonalDate>,
    /// 5F11: place of birth, parts separated by `<`.
    pub place_of_birth: Option<PersonalText>,
    /// 5F42: permanent address, parts separated by `<`.
    pub permanent_address: Option<PersonalText>,
    /// 5F12: telephone.
    pub telephone: Option<PersonalText>,
    /// 5F13: profession.
    pub profession: Option<PersonalText>,
    /// 5F14: title.
    pub title: Option<PersonalText>,
    /// 5F15: personal summary.
    pub personal_summary: Option<PersonalText>,
    /// 5F16: proof of citizenship, an image.
    pub proof_of_citizenship: Option<PersonalBytes>,
    /// 5F17: numbers of other valid travel documents, separated by `<`.
    pub other_valid_td_numbers: Option<PersonalText>,
    /// 5F18: custody information.
    pub custody_information: Option<PersonalText>,
}

/// Reads EF.DG11.
///
/// # Errors
/// Malformed data objects; never an element's content.
pub fn parse_dg11(bytes: &[u8]) -> Result<Contents<AdditionalPersonalDetails>, LdsError> {
    reader::read(FileId::Dg11, bytes, |body, notes| {
        let mut elements = Elements::new(body)?;
        elements.check_tag_list(0x5F0F, notes)?;
        let details = AdditionalPersonalDetails {
            full_name: elements.text(0x5F0E, notes),
            other_names: elements.repeated_texts(0x5F0F, notes)?,
            personal_number: elements.text(0x5F10, notes),
            full_date_of_birth: elements.date(0x5F2B, 8, notes),
            place_of_birth: elements.text(0x5F11, notes),
            permanent_address: elements.text(0x5F42, notes),
            telephone: elements.text(0x5F12, notes),
            profession: elements.text(0x5F13, notes),
            title: elements.text(0x5F14, notes),
            personal_summary: elements.text(0x5F15, notes),
            proof_of_citizenship: elements.bytes(0x5F16, notes),
            other_valid_td_numbers: elements.text(0x5F17, notes),
            custody_information: elements.text(0x5F18, notes),
        };
        elements.finish(notes);
        Ok(details)
    })
}
