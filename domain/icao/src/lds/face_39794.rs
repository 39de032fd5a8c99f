//! Face image data blocks of ISO/IEC 39794-5, as the ICAO application profile puts them into EF.DG2 (constructed 7F2E).
//!
//! Of every optional part (§8: capture time, quality, attack detection, device, identity metadata, landmarks) the place is
//! known and the content is stepped over: only the image, its size and kind and the number of landmarks are taken.
//! Extensions of later editions have other tags and are stepped over too.

use super::{
    Contents, DeviationKind, Face, FaceEncoding, FileId, LdsError, PortraitFormat,
    face::{self, Faces},
    reader::{self, Notes, small_number, string_value},
};
use crate::{
    limits::LDS_LANDMARKS_MAX,
    tlv::{self, Tlv, TlvError},
};

/// `FaceImageDataBlock ::= [APPLICATION 5] SEQUENCE`.
const FACE_IMAGE_DATA_BLOCK: u32 = 0x65;

/// Reads a bare face image data block (tag 65), without the frame of EF.DG2.
///
/// # Errors
/// Malformed data objects, or not one readable face.
pub fn parse_face_image_data_block(bytes: &[u8]) -> Result<Contents<Vec<Face>>, LdsError> {
    reader::read_any(FileId::Dg2, bytes, |bytes, notes| {
        let mut faces = Faces::default();
        read_block(bytes, &mut faces, notes);
        faces.into_result(notes)
    })
}

/// Reads the faces of a biometric data block: A1 around tag 65, or tag 65 itself.
pub(super) fn read_template(data: &[u8], faces: &mut Faces, notes: &mut Notes) {
    match tlv::read(data) {
        Ok((object, _)) if object.tag == 0xA1 => read_block(object.value, faces, notes),
        Ok((object, _)) if object.tag == FACE_IMAGE_DATA_BLOCK => read_block(data, faces, notes),
        Err(TlvError::Indefinite) => {
            faces.add(Err(TlvError::Indefinite.into()), notes);
        }
        Ok(_) | Err(_) => {
            faces.add(Err(LdsError::NotAFaceRecord), notes);
        }
    }
}

fn read_block(bytes: &[u8], faces: &mut Faces, notes: &mut Notes) {
    match representations(bytes) {
        Ok(blocks) => {
            for block in blocks {
                if !faces.add(representation(block.value, notes), notes) {
                    return;
                }
            }
        }
        Err(error) => {
            faces.add(Err(error), notes);
        }
    }
}

/// `representationBlocks [1] SEQUENCE OF RepresentationBlock`.
fn representations(bytes: &[u8]) -> Result<Vec<Tlv<'_>>, LdsError> {
    let block = in_part("FaceImageDataBlock");
    let representations = in_part("representationBlocks");
    let (body, _) = tlv::expect(bytes, FACE_IMAGE_DATA_BLOCK).map_err(block)?;
    let blocks = tlv::find(body, 0xA1).map_err(representations)?;
    tlv::children(blocks).map_err(representations)
}

fn representation(block: &[u8], notes: &mut Notes) -> Result<Face, LdsError> {
    let parts = tlv::children(block).map_err(in_part("RepresentationBlock"))?;
    let missing = in_part("imageRepresentation");
    // imageRepresentation [1] CHOICE base [0] CHOICE imageRepresentation2DBlock [0].
    let representation = part(&parts, 0xA1).map_err(missing)?;
    let base = tlv::find(representation.value, 0xA0).map_err(missing)?;
    let block = tlv::find(base, 0xA0).map_err(in_part("imageRepresentation2DBlock"))?;
    let objects = tlv::children(block).map_err(in_part("imageRepresentation2DBlock"))?;
    let image = objects.iter().find(|o| matches!(o.tag, 0x80 | 0xA0));
    let image = image
        .ok_or(TlvError::Missing(0x80))
        .and_then(string_value)
        .map_err(in_part("representationData2D"))?;
    let information = part(&objects, 0xA1)
        .and_then(|object| tlv::children(object.value))
        .map_err(in_part("imageInformation2DBlock"))?;
    let landmarks = part(&parts, 0xA9).map_or(Ok(0), |blocks| count(blocks.value));
    let face = face::face(
        FaceEncoding::Iso39794,
        &image,
        part(&information, 0xA1).ok().and_then(|o| code(o.value)),
        part(&information, 0xA7).ok().and_then(|o| size(o.value)),
        landmarks.map_err(in_part("landmarkBlocks"))?,
        notes,
    )?;
    let format = part(&information, 0xA0).ok().and_then(|o| code(o.value));
    check_format(format, face.portrait.format, notes);
    Ok(face)
}

fn check_format(code: Option<u32>, actual: PortraitFormat, notes: &mut Notes) {
    // ImageDataFormatCode: 2 JPEG, 3 lossy and 4 lossless JPEG 2000.
    let stated = match code {
        Some(2) => Some(PortraitFormat::Jpeg),
        Some(3 | 4) => Some(PortraitFormat::Jpeg2000),
        Some(_) | None => None,
    };
    if let Some(code) = code.filter(|_| stated != Some(actual)) {
        notes.add(DeviationKind::StatedFormat { code });
    }
}

/// The code of `CHOICE { code [0] ENUMERATED, extensionBlock [1] }`; an extension has none, only its fallback.
fn code(choice: &[u8]) -> Option<u32> {
    match tlv::read(choice).ok()?.0 {
        code if code.tag == 0x80 => small_number(code.value),
        extension if extension.tag == 0xA1 => small_number(tlv::find(extension.value, 0x80).ok()?),
        _ => None,
    }
}

/// `ImageSizeBlock ::= SEQUENCE { width [0] INTEGER, height [1] INTEGER }`.
fn size(block: &[u8]) -> Option<(u32, u32)> {
    let number = |tag| small_number(tlv::find(block, tag).ok()?);
    Some((number(0x80)?, number(0x81)?))
}

/// Landmarks are many more than any other level of this structure has objects.
fn count(mut blocks: &[u8]) -> Result<u32, TlvError> {
    let mut count = 0u32;
    while !blocks.is_empty() {
        if count == LDS_LANDMARKS_MAX {
            return Err(TlvError::TooMany);
        }
        blocks = tlv::read(blocks)?.1;
        count += 1;
    }
    Ok(count)
}

fn part<'a, 'b>(objects: &'b [Tlv<'a>], tag: u32) -> Result<&'b Tlv<'a>, TlvError> {
    let found = objects.iter().find(|object| object.tag == tag);
    found.ok_or(TlvError::Missing(tag))
}

fn in_part(part: &'static str) -> impl Fn(TlvError) -> LdsError + Copy {
    move |error| LdsError::FaceBlock { part, error }
}
