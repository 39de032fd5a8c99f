//! EF.DG2, the encoded faces.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    Contents, DeviationKind, FileId, LdsError, face_19794, face_39794,
    reader::{self, Notes},
    templates,
};
use crate::{limits::DG2_FACES_MAX, portrait};

/// Coding of a portrait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortraitFormat {
    /// JPEG.
    Jpeg,
    /// JPEG 2000, boxed or bare codestream.
    Jpeg2000,
}

impl PortraitFormat {
    /// The format that an image's own first bytes announce.
    pub fn of(image: &[u8]) -> Option<Self> {
        match image {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0, 0, 0, 0x0C, b'j', b'P', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => Some(Self::Jpeg2000),
            _ => None,
        }
    }
}

/// The portrait as stored. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Portrait {
    /// Its coding, by its own first bytes.
    #[zeroize(skip)]
    pub format: PortraitFormat,
    /// The coded image.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Portrait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portrait({:?}, {} bytes)", self.format, self.bytes.len())
    }
}

/// How a face is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceEncoding {
    /// A face record of ISO/IEC 19794-5:2005.
    Iso19794,
    /// A face image data block of ISO/IEC 39794-5.
    Iso39794,
}

/// One face of EF.DG2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// How it is framed.
    pub encoding: FaceEncoding,
    /// The image.
    pub portrait: Portrait,
    /// Face image type (ISO 19794-5 §5.7.2: 0 basic, 1 full frontal, 2 token frontal) or face image kind (ISO 39794-5 §8).
    pub image_type: Option<u32>,
    /// Width and height in pixels that the record states; the image's own are those that count.
    pub stated_size: Option<(u32, u32)>,
    /// Feature points (ISO 19794-5 §5.6) or landmarks (ISO 39794-5 §8), none of which a reader needs.
    pub feature_points: u32,
}

/// Reads every face of EF.DG2 (ICAO 9303-10 §4.7.2).
///
/// # Errors
/// Malformed data objects, or not one readable face. A face that cannot be read beside one that can is a deviation.
pub fn parse_faces(file: &[u8]) -> Result<Contents<Vec<Face>>, LdsError> {
    reader::read(FileId::Dg2, file, |body, notes| {
        let mut faces = Faces::default();
        for template in templates::templates(body, notes)? {
            let data = template.data.value;
            if data.starts_with(face_19794::FORMAT_IDENTIFIER) {
                face_19794::read_record(data, &mut faces, notes);
            } else {
                face_39794::read_template(data, &mut faces, notes);
            }
        }
        faces.into_result(notes)
    })
}

/// Reads the first portrait from EF.DG2.
///
/// # Errors
/// As [`parse_faces`].
pub fn parse_dg2(file: &[u8]) -> Result<Portrait, LdsError> {
    let faces = parse_faces(file)?.content;
    let first = faces.into_iter().next().ok_or(LdsError::NoFace)?;
    Ok(first.portrait)
}

/// Faces found so far, and those that could not be read.
#[derive(Default)]
pub(super) struct Faces {
    readable: Vec<Face>,
    unreadable: Vec<(usize, LdsError)>,
}

impl Faces {
    /// Takes one more; false if that was enough.
    pub(super) fn add(&mut self, face: Result<Face, LdsError>, notes: &mut Notes) -> bool {
        let number = self.readable.len() + self.unreadable.len() + 1;
        if number > DG2_FACES_MAX {
            notes.add(DeviationKind::TooMany(DG2_FACES_MAX));
            return false;
        }
        match face {
            Ok(face) => self.readable.push(face),
            Err(error) => self.unreadable.push((number, error)),
        }
        true
    }

    pub(super) fn into_result(self, notes: &mut Notes) -> Result<Vec<Face>, LdsError> {
        // An indefinite length is no verdict on the face: the file is read again with definite ones.
        let indefinite = self.unreadable.iter().find(|(_, e)| e.is_indefinite());
        if let Some((_, error)) = indefinite {
            return Err(*error);
        }
        if self.readable.is_empty() {
            let first = self.unreadable.first().map(|(_, error)| *error);
            return Err(first.unwrap_or(LdsError::NoFace));
        }
        for (number, error) in self.unreadable {
            notes.add(DeviationKind::UnreadableFace { number, error });
        }
        Ok(self.readable)
    }
}

/// A face of these parts, if the image is one.
pub(super) fn face(
    encoding: FaceEncoding,
    image: &[u8],
    image_type: Option<u32>,
    stated_size: Option<(u32, u32)>,
    feature_points: u32,
    notes: &mut Notes,
) -> Result<Face, LdsError> {
    let stated_size = stated_size.filter(|size| *size != (0, 0));
    if let (Some(stated), Ok(image)) = (stated_size, portrait::describe(image)) {
        let actual = (image.width, image.height);
        if stated != actual {
            notes.add(DeviationKind::StatedSize { stated, actual });
        }
    }
    Ok(Face {
        encoding,
        portrait: Portrait {
            format: PortraitFormat::of(image).ok_or(LdsError::ImageFormat)?,
            bytes: image.to_vec(),
        },
        image_type,
        stated_size,
        feature_points,
    })
}
