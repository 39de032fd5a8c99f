//! Biometric templates (ISO 7816-11, CBEFF): the frame around faces, fingers and irises.
//!
//! Fingers and irises are read after terminal authentication alone and are not decoded here; a caller that may look at them
//! takes the biometric data block from [`BiometricTemplate::data`].

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    Contents, DeviationKind, FileId, LdsError,
    reader::{self, Notes, check_count, small_number},
};
use crate::{
    limits::LDS_TEMPLATES_MAX,
    tlv::{self, Tlv, TlvError},
};

/// One biometric information template (ICAO 9303-10 §4.7.2 to §4.7.4). Never prints its data; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BiometricTemplate {
    /// Biometric type, tag 81: 02 face, 08 finger, 10 iris (ISO 19785-1).
    pub biometric_type: Option<u32>,
    /// Biometric subtype, tag 82: which finger, which eye.
    pub subtype: Option<u32>,
    /// Owner of the data block's format, tag 87: 0101 is ISO/IEC JTC 1/SC 37.
    pub format_owner: Option<u32>,
    /// Format of the data block, tag 88: 0008 is ISO 19794-5, 002A is ISO 39794-5.
    pub format_type: Option<u32>,
    /// The biometric data block, tag 5F2E or 7F2E.
    pub data: Vec<u8>,
}

impl fmt::Debug for BiometricTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "BiometricTemplate(type {:?}, format {:?}, {} bytes)",
            self.biometric_type,
            self.format_type,
            self.data.len()
        )
    }
}

/// Reads the templates of EF.DG2, EF.DG3 or EF.DG4 without looking into them. None is an answer: an issuer that stores no
/// fingers states the count 0 (ICAO 9303-10 §4.7.3.1).
///
/// # Errors
/// Another file, malformed data objects, a template without a data block.
pub fn parse_templates(
    file: FileId,
    bytes: &[u8],
) -> Result<Contents<Vec<BiometricTemplate>>, LdsError> {
    if !matches!(file, FileId::Dg2 | FileId::Dg3 | FileId::Dg4) {
        return Err(LdsError::OtherFile(file));
    }
    reader::read(file, bytes, |body, notes| {
        let found = templates(body, notes)?;
        let owned = found.iter().map(Template::to_owned);
        Ok(owned.collect())
    })
}

/// A template over the file's bytes.
pub(super) struct Template<'a> {
    header: Vec<Tlv<'a>>,
    pub(super) data: Tlv<'a>,
}

impl Template<'_> {
    fn to_owned(&self) -> BiometricTemplate {
        let number = |tag| {
            let object = self.header.iter().find(|object| object.tag == tag);
            object.and_then(|object| small_number(object.value))
        };
        BiometricTemplate {
            biometric_type: number(0x81),
            subtype: number(0x82),
            format_owner: number(0x87),
            format_type: number(0x88),
            data: self.data.value.to_vec(),
        }
    }
}

/// The templates of the group template 7F61.
pub(super) fn templates<'a>(
    body: &'a [u8],
    notes: &mut Notes,
) -> Result<Vec<Template<'a>>, LdsError> {
    let group = tlv::children(tlv::find(body, 0x7F61)?)?;
    let of_template = |object: &&Tlv<'_>| object.tag == 0x7F60;
    check_count(&group, group.iter().filter(of_template).count(), notes);
    let mut templates = Vec::new();
    for object in group.iter().filter(of_template) {
        if templates.len() == LDS_TEMPLATES_MAX {
            notes.add(DeviationKind::TooMany(LDS_TEMPLATES_MAX));
            break;
        }
        templates.push(template(object.value)?);
    }
    Ok(templates)
}

fn template(value: &[u8]) -> Result<Template<'_>, LdsError> {
    let objects = tlv::children(value)?;
    let header = objects.iter().find(|object| object.tag == 0xA1);
    let header = header.map(|object| tlv::children(object.value));
    let data = objects
        .iter()
        .find(|object| matches!(object.tag, 0x5F2E | 0x7F2E))
        .ok_or(TlvError::Missing(0x5F2E))?;
    Ok(Template {
        header: header.transpose()?.unwrap_or_default(),
        data: *data,
    })
}
