//! EF.DG12, additional document details.

use super::{
    Contents, FileId, LdsError, PersonalBytes, PersonalDate, PersonalText, elements::Elements,
    reader,
};

/// What EF.DG12 says about the document (ICAO 9303-10 §4.7.12, table 47). Every element is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdditionalDocumentDetails {
    /// 5F19: issuing authority.
    pub issuing_authority: Option<PersonalText>,
    /// 5F26: date of issue, `YYYYMMDD`.
    pub date_of_issue: Option<PersonalDate>,
    /// A0 with 5F1A: names of other persons.
    pub other_persons: Vec<PersonalText>,
    /// 5F1B: endorsements and observations.
    pub endorsements: Option<PersonalText>,
    /// 5F1C: tax or exit requirements.
    pub tax_or_exit_requirements: Option<PersonalText>,
    /// 5F1D: image of the front.
    pub image_of_front: Option<PersonalBytes>,
    /// 5F1E: image of the rear.
    pub image_of_rear: Option<PersonalBytes>,
    /// 5F55: date and time of personalisation, `YYYYMMDDhhmmss`.
    pub personalization_time: Option<PersonalDate>,
    /// 5F56: serial number of the personalisation system.
    pub personalization_system_number: Option<PersonalText>,
}

/// Reads EF.DG12.
///
/// # Errors
/// Malformed data objects; never an element's content.
pub fn parse_dg12(bytes: &[u8]) -> Result<Contents<AdditionalDocumentDetails>, LdsError> {
    reader::read(FileId::Dg12, bytes, |body, notes| {
        let mut elements = Elements::new(body)?;
        elements.check_tag_list(0x5F1A, notes)?;
        let details = AdditionalDocumentDetails {
            issuing_authority: elements.text(0x5F19, notes),
            date_of_issue: elements.date(0x5F26, 8, notes),
            other_persons: elements.repeated_texts(0x5F1A, notes)?,
            endorsements: elements.text(0x5F1B, notes),
            tax_or_exit_requirements: elements.text(0x5F1C, notes),
            image_of_front: elements.bytes(0x5F1D, notes),
            image_of_rear: elements.bytes(0x5F1E, notes),
            personalization_time: elements.date(0x5F55, 14, notes),
            personalization_system_number: elements.text(0x5F56, notes),
        };
        elements.finish(notes);
        Ok(details)
    })
}
