//! EF.DG5 and EF.DG7, images to be shown and never matched by machine.

use super::{
    Contents, DeviationKind, FileId, LdsError, Portrait, PortraitFormat,
    reader::{self, check_count},
};
use crate::{limits::LDS_TEMPLATES_MAX, tlv};

/// Reads the displayed portraits of EF.DG5 or the displayed signatures or usual marks of EF.DG7 (ICAO 9303-10 §4.7.5, §4.7.7).
///
/// # Errors
/// Another file, malformed data objects, an image that is neither JPEG nor JPEG 2000, or none at all.
pub fn parse_displayed_images(
    file: FileId,
    bytes: &[u8],
) -> Result<Contents<Vec<Portrait>>, LdsError> {
    let image_tag = match file.data_group() {
        Some(5) => 0x5F40,
        Some(7) => 0x5F43,
        _ => return Err(LdsError::OtherFile(file)),
    };
    reader::read(file, bytes, |body, notes| {
        let objects = tlv::children(body)?;
        let mut images = Vec::new();
        for object in &objects {
            match object.tag {
                0x02 => {}
                tag if tag != image_tag => notes.add(DeviationKind::UnknownObject(tag)),
                _ if images.len() == LDS_TEMPLATES_MAX => {
                    notes.add(DeviationKind::TooMany(LDS_TEMPLATES_MAX));
                }
                _ => images.push(Portrait {
                    format: PortraitFormat::of(object.value).ok_or(LdsError::ImageFormat)?,
                    bytes: object.value.to_vec(),
                }),
            }
        }
        check_count(&objects, images.len(), notes);
        if images.is_empty() {
            return Err(tlv::TlvError::Missing(image_tag).into());
        }
        Ok(images)
    })
}
