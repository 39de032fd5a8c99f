//! JPEG (ITU-T T.81): the frame header, then `zune-jpeg`.

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{
    Description, Image, ImageDeviation, ImageError, Variant, decoded, end_of_image, u16_at,
};
use crate::{
    lds::PortraitFormat,
    limits::{IMAGE_SIDE_PX_MAX, JPEG_SCANS_MAX},
};

/// Reads up to the first frame header (§B.2.2).
pub(super) fn describe(bytes: &[u8]) -> Result<Description, ImageError> {
    let mut offset = 2usize;
    loop {
        let marker = u16_at(bytes, offset)?;
        match marker {
            // Fill bytes before a marker (§B.1.1.2).
            0xFFFF => offset += 1,
            // SOF0 to SOF15 without DHT, JPG and DAC.
            0xFFC0..=0xFFC3 | 0xFFC5..=0xFFC7 | 0xFFC9..=0xFFCB | 0xFFCD..=0xFFCF => {
                return frame(bytes, offset);
            }
            0xFF01 | 0xFFD0..=0xFFD7 => offset += 2,
            0xFFD8..=0xFFDA => {
                let rule = "a frame header comes before any scan";
                return Err(ImageError::Header { offset, rule });
            }
            0xFF02.. => {
                let length = usize::from(u16_at(bytes, offset + 2)?);
                offset += 2 + length.max(2);
            }
            _ => {
                let rule = "a marker follows a segment";
                return Err(ImageError::Header { offset, rule });
            }
        }
    }
}

fn frame(bytes: &[u8], offset: usize) -> Result<Description, ImageError> {
    let components = u16_at(bytes, offset + 8)? & 0x00FF;
    if !matches!(components, 1 | 3) {
        return Err(ImageError::Components(components));
    }
    let coded_bytes = end_of_image(bytes, offset).unwrap_or(bytes.len());
    Ok(Description {
        format: PortraitFormat::Jpeg,
        variant: Variant::Jpeg,
        width: u32::from(u16_at(bytes, offset + 7)?),
        height: u32::from(u16_at(bytes, offset + 5)?),
        components,
        coded_start: 0,
        coded_bytes,
        filler_bytes: bytes.len() - coded_bytes,
    })
}

pub(super) fn decode(bytes: &[u8], description: &Description) -> Result<Image, ImageError> {
    let (space, channels) = match description.components {
        1 => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    let options = DecoderOptions::default()
        .set_max_width(IMAGE_SIDE_PX_MAX as usize)
        .set_max_height(IMAGE_SIDE_PX_MAX as usize)
        .jpeg_set_max_scans(JPEG_SCANS_MAX)
        .jpeg_set_out_colorspace(space);
    let (width, height) = (description.width, description.height);
    let pixels = decoded(|| {
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode()
    })?;
    let ends = bytes.ends_with(&[0xFF, 0xD9]);
    Ok(Image {
        width,
        height,
        channels,
        pixels,
        deviations: if ends {
            Vec::new()
        } else {
            vec![ImageDeviation::NoEnd]
        },
    })
}
