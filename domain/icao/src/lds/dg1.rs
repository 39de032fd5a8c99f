//! EF.DG1, the machine readable zone.

use egate_types::MrzLines;
use zeroize::Zeroizing;

use super::{FileId, LdsError, reader};
use crate::tlv;

/// Reads the lines of the machine readable zone from EF.DG1 (ICAO 9303-10 §4.7.1).
pub fn parse_dg1(file: &[u8]) -> Result<MrzLines, LdsError> {
    let contents = reader::read(FileId::Dg1, file, |body, _| {
        let zone = tlv::find(body, 0x5F1F)?;
        let width = match zone.len() {
            72 => 36,
            88 => 44,
            90 => 30,
            other => return Err(LdsError::ZoneLength(other)),
        };
        if !zone.is_ascii() {
            return Err(LdsError::ZoneLength(zone.len()));
        }
        let line = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect::<String>();
        Ok(MrzLines::new(zone.chunks(width).map(line).collect()))
    });
    Ok(contents?.content)
}

/// One text of the whole zone, for comparison.
pub(crate) fn joined(lines: &MrzLines) -> Zeroizing<String> {
    Zeroizing::new(lines.expose().concat())
}
