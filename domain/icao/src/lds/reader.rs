//! How every file is opened: size, outermost tag, DER or BER, and a list of what was tolerated.

use zeroize::Zeroizing;

use super::{Deviation, DeviationKind, FileId, LdsError, face_19794::FORMAT_IDENTIFIER};
use crate::{
    limits::{LDS_DEVIATIONS_MAX, LDS_FILE_BYTES_MAX, TLV_DEPTH_MAX},
    tlv::{self, Tlv, TlvError},
};

/// What a file says, and what had to be tolerated to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents<T> {
    /// What it says.
    pub content: T,
    /// Departures from the standard that were accepted.
    pub deviations: Vec<Deviation>,
}

/// Departures found so far, at most [`LDS_DEVIATIONS_MAX`].
#[derive(Default)]
pub(super) struct Notes(Vec<DeviationKind>);

impl Notes {
    pub(super) fn add(&mut self, kind: DeviationKind) {
        if self.0.len() < LDS_DEVIATIONS_MAX && !self.0.contains(&kind) {
            self.0.push(kind);
        }
    }

    pub(super) fn into_deviations(self, file: FileId) -> Vec<Deviation> {
        let deviation = |kind| Deviation { file, kind };
        self.0.into_iter().map(deviation).collect()
    }
}

/// Reads a file whose outermost data object bears the file's tag. Where that fails on an indefinite length, the file is read
/// again with definite ones.
pub(super) fn read<T>(
    file: FileId,
    bytes: &[u8],
    parse: impl Fn(&[u8], &mut Notes) -> Result<T, LdsError>,
) -> Result<Contents<T>, LdsError> {
    let tag = file.tag().ok_or(LdsError::OtherFile(file))?;
    read_any(file, bytes, |bytes, notes| {
        let (body, rest) = tlv::expect(bytes, tag)?;
        if !rest.is_empty() {
            notes.add(DeviationKind::TrailingBytes(rest.len()));
        }
        parse(body, notes)
    })
}

/// As [`read`], for bytes without a file's tag around them.
pub(super) fn read_any<T>(
    file: FileId,
    bytes: &[u8],
    parse: impl Fn(&[u8], &mut Notes) -> Result<T, LdsError>,
) -> Result<Contents<T>, LdsError> {
    if bytes.len() > LDS_FILE_BYTES_MAX {
        return Err(LdsError::TooLarge(bytes.len()));
    }
    let mut notes = Notes::default();
    let content = match parse(bytes, &mut notes) {
        Ok(content) => content,
        Err(error) if error.is_indefinite() => {
            let definite = Zeroizing::new(tlv::to_definite(bytes)?);
            notes = Notes::default();
            notes.add(DeviationKind::Ber);
            parse(&definite, &mut notes)?
        }
        Err(error) => return Err(error),
    };
    Ok(Contents {
        content,
        deviations: notes.into_deviations(file),
    })
}

impl LdsError {
    pub(super) fn is_indefinite(self) -> bool {
        matches!(
            self,
            Self::Tlv(TlvError::Indefinite)
                | Self::FaceBlock {
                    error: TlvError::Indefinite,
                    ..
                }
        )
    }
}

/// The bytes inside a data group's outermost object: the optional details of EF.DG13, the `SecurityInfos` of EF.DG14, the
/// `SubjectPublicKeyInfo` of EF.DG15 (ICAO 9303-10 §4.7.13 to §4.7.15).
///
/// # Errors
/// The file has another tag, ends early or is too large. BER is left to whoever reads the content.
pub fn data_group_body(file: FileId, bytes: &[u8]) -> Result<&[u8], LdsError> {
    if bytes.len() > LDS_FILE_BYTES_MAX {
        return Err(LdsError::TooLarge(bytes.len()));
    }
    let tag = file.tag().ok_or(LdsError::OtherFile(file))?;
    Ok(tlv::expect(bytes, tag)?.0)
}

/// A count in an INTEGER's value field (tag 02), as far as it fits.
pub(super) fn small_number(value: &[u8]) -> Option<u32> {
    let significant: &[u8] = match value {
        [] => return None,
        [0, rest @ ..] => rest,
        all => all,
    };
    if significant.len() > 4 {
        return None;
    }
    let fold = |number, byte: &u8| number << 8 | u32::from(*byte);
    Some(significant.iter().fold(0, fold))
}

/// Compares the stated number of instances with those found.
pub(super) fn check_count(objects: &[Tlv<'_>], found: usize, notes: &mut Notes) {
    let stated = objects.iter().find(|object| object.tag == 0x02);
    let stated = stated.and_then(|object| small_number(object.value));
    if stated != u32::try_from(found).ok() {
        notes.add(DeviationKind::Count { stated, found });
    }
}

/// A string that BER may have cut into pieces (X.690 §8.7.3): primitive tag, or the constructed one around octet strings.
pub(super) fn string_value(object: &Tlv<'_>) -> Result<Zeroizing<Vec<u8>>, TlvError> {
    if object.raw.first().is_none_or(|tag| tag & CONSTRUCTED == 0) {
        return Ok(Zeroizing::new(object.value.to_vec()));
    }
    // No piece is longer than what is around it, so nothing is moved and left behind unwiped.
    let mut whole = Zeroizing::new(Vec::with_capacity(object.value.len()));
    for piece in tlv::children(object.value)? {
        if piece.tag != 0x04 {
            return Err(TlvError::WrongTag {
                expected: 0x04,
                found: piece.tag,
            });
        }
        whole.extend_from_slice(piece.value);
    }
    Ok(whole)
}

/// Where the first malformed data object of a file begins, and what is wrong with it: for reports on files that could not be
/// read. `None` if every object is whole, and the file lacks something or holds it in the wrong place.
pub fn first_malformed_object(bytes: &[u8]) -> Option<(usize, TlvError)> {
    if bytes.len() > LDS_FILE_BYTES_MAX {
        return None;
    }
    malformed_within(bytes, 0, 0)
}

fn malformed_within(
    mut bytes: &[u8],
    mut offset: usize,
    depth: usize,
) -> Option<(usize, TlvError)> {
    if depth > TLV_DEPTH_MAX {
        return Some((offset, TlvError::TooDeep));
    }
    while !bytes.is_empty() {
        let (object, rest) = match tlv::read(bytes) {
            Ok(read) => read,
            Err(error) => return Some((offset, error)),
        };
        let header = object.raw.len() - object.value.len();
        let constructed = object.raw.first().is_some_and(|tag| tag & CONSTRUCTED != 0);
        // Some issuers put a face record, which holds no data objects, under a constructed tag.
        if constructed && !object.value.starts_with(FORMAT_IDENTIFIER) {
            let inside = malformed_within(object.value, offset + header, depth + 1);
            if inside.is_some() {
                return inside;
            }
        }
        offset += object.raw.len();
        bytes = rest;
    }
    None
}

/// The bit of a tag's first byte that says: data objects inside (X.690 §8.1.2.5).
const CONSTRUCTED: u8 = 0x20;
