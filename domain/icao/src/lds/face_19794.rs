//! Face records of ISO/IEC 19794-5:2005.
//!
//! A record header of 14 bytes; per face an information block of 20 bytes, feature points of 8, image information of 12, and
//! the image (§5.3 to §5.7). Every number is big-endian.

use super::{
    DeviationKind, Face, FaceEncoding, LdsError, PortraitFormat,
    face::{self, Faces},
    reader::Notes,
};

/// First bytes of a face record (§5.4.1).
pub(super) const FORMAT_IDENTIFIER: &[u8] = b"FAC\0";

/// Version of the standard's first edition, which ICAO 9303-10 §4.7.2 demands (§5.4.2).
const VERSION: [u8; 4] = *b"010\0";
const HEADER_BYTES: usize = 14;
const INFORMATION_BYTES: usize = 20;
const FEATURE_POINT_BYTES: usize = 8;
const IMAGE_INFORMATION_BYTES: usize = 12;

/// Reads the faces of one record.
pub(super) fn read_record(record: &[u8], faces: &mut Faces, notes: &mut Notes) {
    let Some((header, mut rest)) = record.split_first_chunk::<HEADER_BYTES>() else {
        let error = LdsError::FaceRecordEndsEarly("facial record header");
        faces.add(Err(error), notes);
        return;
    };
    let [_, _, _, _, v0, v1, v2, v3, _, _, _, _, c0, c1] = *header;
    let version = [v0, v1, v2, v3];
    if version != VERSION {
        notes.add(DeviationKind::FaceRecordVersion(version));
    }
    let stated = u32::from(u16::from_be_bytes([c0, c1]));
    let mut found = 0u32;
    while found < stated.max(1) && (found == 0 || !rest.is_empty()) {
        found += 1;
        let (face, behind) = match next_face(rest, notes) {
            Ok((face, behind)) => (Ok(face), behind),
            Err((error, behind)) => (Err(error), behind),
        };
        rest = behind;
        if !faces.add(face, notes) {
            return;
        }
    }
    if stated != found {
        notes.add(DeviationKind::Count {
            stated: Some(stated),
            found: found as usize,
        });
    }
    if !rest.is_empty() {
        notes.add(DeviationKind::TrailingBytes(rest.len()));
    }
}

type Behind<'a> = &'a [u8];

/// The first face of a list; what lies behind it in either case.
fn next_face<'a>(
    bytes: &'a [u8],
    notes: &mut Notes,
) -> Result<(Face, Behind<'a>), (LdsError, Behind<'a>)> {
    let ends = |part| (LdsError::FaceRecordEndsEarly(part), &bytes[bytes.len()..]);
    let (information, _) = bytes
        .split_first_chunk::<INFORMATION_BYTES>()
        .ok_or_else(|| ends("facial information block"))?;
    let [l0, l1, l2, l3, p0, p1, ..] = *information;
    let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
    let (block, behind) = bytes
        .split_at_checked(length.max(INFORMATION_BYTES))
        .ok_or_else(|| ends("facial record data"))?;
    let points = u16::from_be_bytes([p0, p1]);
    let face = face_of_block(block, points, notes);
    face.map(|face| (face, behind)).map_err(|e| (e, behind))
}

fn face_of_block(block: &[u8], points: u16, notes: &mut Notes) -> Result<Face, LdsError> {
    let at = INFORMATION_BYTES + FEATURE_POINT_BYTES * usize::from(points);
    let (_, rest) = block
        .split_at_checked(at)
        .ok_or(LdsError::FaceRecordEndsEarly("feature points"))?;
    let (information, image) = rest
        .split_first_chunk::<IMAGE_INFORMATION_BYTES>()
        .ok_or(LdsError::FaceRecordEndsEarly("image information"))?;
    let [kind, data_type, w0, w1, h0, h1, ..] = *information;
    let width = u32::from(u16::from_be_bytes([w0, w1]));
    let height = u32::from(u16::from_be_bytes([h0, h1]));
    let face = face::face(
        FaceEncoding::Iso19794,
        image,
        Some(u32::from(kind)),
        Some((width, height)),
        u32::from(points),
        notes,
    )?;
    let stated = match data_type {
        0 => Some(PortraitFormat::Jpeg),
        1 => Some(PortraitFormat::Jpeg2000),
        _ => None,
    };
    if stated != Some(face.portrait.format) {
        let code = u32::from(data_type);
        notes.add(DeviationKind::StatedFormat { code });
    }
    Ok(face)
}
