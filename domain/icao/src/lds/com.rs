//! EF.COM, the list of data groups.

use super::{FileId, LdsError, reader};
use crate::tlv;

/// What EF.COM says (ICAO 9303-10 §4.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Com {
    /// LDS version, e.g. `0107`.
    pub lds_version: String,
    /// Unicode version, e.g. `040000`; empty if not stated.
    pub unicode_version: String,
    /// Numbers of the data groups present, ascending.
    pub data_groups: Vec<u8>,
}

/// Reads EF.COM.
pub fn parse_com(file: &[u8]) -> Result<Com, LdsError> {
    let contents = reader::read(FileId::Com, file, |body, _| {
        Ok(Com {
            lds_version: version(tlv::find(body, 0x5F01)?),
            unicode_version: tlv::find(body, 0x5F36).map(version).unwrap_or_default(),
            data_groups: data_groups(tlv::find(body, 0x5C)?)?,
        })
    });
    Ok(contents?.content)
}

fn version(text: &[u8]) -> String {
    let printable = text.iter().filter(|b| b.is_ascii_graphic());
    printable.take(8).map(|b| char::from(*b)).collect()
}

fn data_groups(tags: &[u8]) -> Result<Vec<u8>, LdsError> {
    let number = |tag: &u8| {
        FileId::DATA_GROUPS
            .into_iter()
            .find(|file| file.tag() == Some(u32::from(*tag)))
            .and_then(FileId::data_group)
            .ok_or(LdsError::DataGroupTag(*tag))
    };
    let mut numbers = tags.iter().map(number).collect::<Result<Vec<u8>, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}
