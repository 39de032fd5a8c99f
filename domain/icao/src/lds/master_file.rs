//! Files of the master file that say what the chip can do: EF.ATR/INFO and EF.DIR (ICAO 9303-10 §3.11).

use super::{
    Contents, DeviationKind, FileId, LdsError,
    reader::{self, small_number},
};
use crate::{
    limits::{LDS_TEMPLATES_MAX, TLV_OBJECTS_MAX},
    tlv::{self, Tlv, TlvError},
};

/// What EF.ATR/INFO says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtrInfo {
    /// Extended length information, if the chip states it.
    pub extended_lengths: Option<ExtendedLengths>,
    /// Card capabilities, tag 47: software function tables (ISO 7816-4 §8.1.1.2.7).
    pub card_capabilities: Option<Vec<u8>>,
}

/// The most bytes that a command and a response may have, header and trailer included (ISO 7816-4 §5.3, tag 7F66).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendedLengths {
    /// Bytes of a command.
    pub command_bytes: u32,
    /// Bytes of a response.
    pub response_bytes: u32,
}

/// An application that EF.DIR lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Application identifier, 5 to 16 bytes.
    pub identifier: Vec<u8>,
    /// Label for people, if any.
    pub label: Option<String>,
}

/// Reads EF.ATR/INFO. What cannot be read is no reason to refuse a chip: an absent value is an answer.
///
/// # Errors
/// The file is too large or begins with no data object.
pub fn parse_atr_info(bytes: &[u8]) -> Result<Contents<AtrInfo>, LdsError> {
    reader::read_any(FileId::AtrInfo, bytes, |bytes, notes| {
        let objects = leading_objects(bytes)?;
        let find = |tag| objects.iter().find(|object| object.tag == tag);
        let extended_lengths = find(0x7F66).and_then(|object| extended_lengths(object.value));
        if find(0x7F66).is_some() && extended_lengths.is_none() {
            notes.add(DeviationKind::UnknownObject(0x7F66));
        }
        Ok(AtrInfo {
            extended_lengths,
            card_capabilities: find(0x47).map(|object| object.value.to_vec()),
        })
    })
}

/// Two integers, command first.
fn extended_lengths(value: &[u8]) -> Option<ExtendedLengths> {
    let numbers = tlv::children(value).ok()?;
    let [command, response] = numbers.as_slice() else {
        return None;
    };
    if (command.tag, response.tag) != (0x02, 0x02) {
        return None;
    }
    Some(ExtendedLengths {
        command_bytes: small_number(command.value)?,
        response_bytes: small_number(response.value)?,
    })
}

/// Reads EF.DIR: one application template 61 for each application.
///
/// # Errors
/// The file is too large, begins with no data object or lists an application without an identifier.
pub fn parse_dir(bytes: &[u8]) -> Result<Contents<Vec<Application>>, LdsError> {
    reader::read_any(FileId::Dir, bytes, |bytes, notes| {
        let mut applications = Vec::new();
        for object in leading_objects(bytes)? {
            if object.tag != 0x61 {
                notes.add(DeviationKind::UnknownObject(object.tag));
            } else if applications.len() == LDS_TEMPLATES_MAX {
                notes.add(DeviationKind::TooMany(LDS_TEMPLATES_MAX));
            } else {
                applications.push(application(object.value)?);
            }
        }
        Ok(applications)
    })
}

fn application(template: &[u8]) -> Result<Application, TlvError> {
    let label = tlv::find(template, 0x50).ok();
    Ok(Application {
        identifier: tlv::find(template, 0x4F)?.to_vec(),
        label: label.map(|label| String::from_utf8_lossy(label).into_owned()),
    })
}

/// The objects up to the filler: transparent files of the master file may be longer than their content.
fn leading_objects(bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    let is_filler = |byte: &u8| *byte == 0x00 || *byte == 0xFF;
    let mut rest = bytes;
    let mut objects = Vec::new();
    while !rest.iter().all(is_filler) {
        if objects.len() == TLV_OBJECTS_MAX {
            return Err(TlvError::TooMany);
        }
        let (object, behind) = tlv::read(rest)?;
        objects.push(object);
        rest = behind;
    }
    if objects.is_empty() {
        return Err(TlvError::Truncated);
    }
    Ok(objects)
}
