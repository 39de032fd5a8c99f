//! EF.DG16, persons to notify.

use super::{
    Contents, DeviationKind, FileId, LdsError, PersonalDate, PersonalText,
    elements::Elements,
    reader::{self, check_count},
};
use crate::{limits::LDS_PERSONS_MAX, tlv};

/// A person to notify in an emergency (ICAO 9303-10 §4.7.16, table 51).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonToNotify {
    /// 5F50: day the details were recorded, `YYYYMMDD`.
    pub date_recorded: Option<PersonalDate>,
    /// 5F51: name, `primary<<secondary`.
    pub name: Option<PersonalText>,
    /// 5F52: telephone.
    pub telephone: Option<PersonalText>,
    /// 5F53: address, parts separated by `<`.
    pub address: Option<PersonalText>,
}

/// Reads EF.DG16: a count, then the templates A1, A2 and so on, one per person.
///
/// # Errors
/// Malformed data objects; never an element's content.
pub fn parse_dg16(bytes: &[u8]) -> Result<Contents<Vec<PersonToNotify>>, LdsError> {
    reader::read(FileId::Dg16, bytes, |body, notes| {
        let objects = tlv::children(body)?;
        let mut persons = Vec::new();
        for object in &objects {
            match object.tag {
                0x02 => {}
                0xA0..=0xAF if persons.len() == LDS_PERSONS_MAX => {
                    notes.add(DeviationKind::TooMany(LDS_PERSONS_MAX));
                }
                0xA0..=0xAF => persons.push(person(object.value, notes)?),
                other => notes.add(DeviationKind::UnknownObject(other)),
            }
        }
        check_count(&objects, persons.len(), notes);
        Ok(persons)
    })
}

fn person(template: &[u8], notes: &mut reader::Notes) -> Result<PersonToNotify, LdsError> {
    let mut elements = Elements::new(template)?;
    let person = PersonToNotify {
        date_recorded: elements.date(0x5F50, 8, notes),
        name: elements.text(0x5F51, notes),
        telephone: elements.text(0x5F52, notes),
        address: elements.text(0x5F53, notes),
    };
    elements.finish(notes);
    Ok(person)
}
