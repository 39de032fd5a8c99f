//! Pictures in and out through OpenCV: photographs in JPEG and PNG, evidence in JPEG.
//!
//! A gate decodes a chip's portrait, of which nobody knows who wrote it, with `egate_icao::portrait` and not here.

use egate_types::BgrFrame;
use opencv::core::{Mat, Vec3b, Vector};
use opencv::imgcodecs;
use opencv::prelude::*;

use crate::limits::{PHOTOGRAPH_BYTES_MAX, SCANS_MAX, SIDE_PX_MAX};

/// A picture that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PhotographError {
    /// More bytes than such a picture has.
    #[error("picture of {bytes} bytes is larger than {PHOTOGRAPH_BYTES_MAX}")]
    TooLarge {
        /// Of the coded picture.
        bytes: usize,
    },
    /// Not one of the formats that are read here.
    #[error("picture is not JPEG or PNG")]
    Format,
    /// Zero or absurd dimensions.
    #[error("picture of {width} x {height} pixels is outside 1..={SIDE_PX_MAX}")]
    Dimensions {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Encoders write about ten scans; each costs a walk over all pixels, however few bytes it has.
    #[error("picture has more than {SCANS_MAX} scans")]
    Scans,
    /// The picture is damaged.
    #[error("picture cannot be decoded")]
    Damaged,
    /// OpenCV failed.
    #[error("image codec failed")]
    Codec(#[source] opencv::Error),
}

/// Decodes a photograph from a camera or telephone, JPEG or PNG, which may lie on its side and say so in Exif; grey ones to
/// equal channels. Transparency is dropped, not blended. The size is read from the header and judged before any memory is taken.
pub fn decode_photograph(bytes: &[u8]) -> Result<BgrFrame, PhotographError> {
    if bytes.len() > PHOTOGRAPH_BYTES_MAX {
        return Err(PhotographError::TooLarge { bytes: bytes.len() });
    }
    if let Some(size) = png_size(bytes) {
        let pixels = png_pixels(bytes).ok_or(PhotographError::Damaged)?;
        return decode(&pixels, size);
    }
    let size = jpeg_size(bytes)?.ok_or(PhotographError::Format)?;
    decode(bytes, size)
}

/// Decodes what begins like JPEG or PNG, so that no other decoder of OpenCV's is ever asked.
fn decode(bytes: &[u8], (width, height): (u32, u32)) -> Result<BgrFrame, PhotographError> {
    if !(1..=SIDE_PX_MAX).contains(&width) || !(1..=SIDE_PX_MAX).contains(&height) {
        return Err(PhotographError::Dimensions { width, height });
    }
    let buffer = Mat::from_slice(bytes).map_err(PhotographError::Codec)?;
    let mat =
        imgcodecs::imdecode(&buffer, imgcodecs::IMREAD_COLOR).map_err(PhotographError::Codec)?;
    if mat.empty() {
        return Err(PhotographError::Damaged);
    }
    let pixels = mat.data_bytes().map_err(PhotographError::Codec)?.to_vec();
    BgrFrame::new(mat.cols() as u32, mat.rows() as u32, pixels)
        .map_err(|_| PhotographError::Damaged)
}

/// Encodes as JPEG; quality is held within 1..=100.
pub fn encode_jpeg(frame: &BgrFrame, quality: u8) -> Result<Vec<u8>, PhotographError> {
    let encode = || {
        let mat = Mat::new_rows_cols_with_bytes::<Vec3b>(
            frame.height() as i32,
            frame.width() as i32,
            frame.pixels(),
        )?;
        let mut bytes = Vector::new();
        let quality = i32::from(quality.clamp(1, 100));
        let parameters = Vector::from_slice(&[imgcodecs::IMWRITE_JPEG_QUALITY, quality]);
        imgcodecs::imencode(".jpg", &mat, &mut bytes, &parameters)?;
        Ok(bytes.to_vec())
    };
    encode().map_err(PhotographError::Codec)
}

/// Width and height of a JPEG picture; `None` if it is none.
fn jpeg_size(bytes: &[u8]) -> Result<Option<(u32, u32)>, PhotographError> {
    let scans = bytes.windows(2).filter(|pair| *pair == START_OF_SCAN);
    let size = jpeg_dimensions(bytes);
    if size.is_some() && scans.count() > SCANS_MAX {
        return Err(PhotographError::Scans);
    }
    Ok(size)
}

/// Width and height of a PNG picture: its header is the first chunk (ISO/IEC 15948 §5.6, §11.2.2).
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let (width, rest) = header.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

/// A PNG picture of the chunks that its pixels and its orientation need; `None` if one is cut off. The decoder would take, and
/// clear, as much memory for a text as its chunk claims to have, and inflate profiles that nobody looks at.
fn png_pixels(bytes: &[u8]) -> Option<Vec<u8>> {
    let (signature, mut rest) = bytes.split_at_checked(8)?;
    let mut kept = signature.to_vec();
    loop {
        let (length, typed) = rest.split_first_chunk()?;
        let kind = typed.get(..4)?;
        // Length, type and checksum have four bytes each (ISO/IEC 15948 §5.3).
        let length = u32::from_be_bytes(*length) as usize + 12;
        let (chunk, tail) = rest.split_at_checked(length)?;
        if PNG_CHUNKS.contains(&kind) {
            kept.extend(chunk);
        }
        if kind == b"IEND" {
            return Some(kept);
        }
        rest = tail;
    }
}

/// Width and height from the first frame header (ITU-T T.81 §B.2.2); `None` if there is none.
fn jpeg_dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, marker, tail @ ..] = rest else {
            return None;
        };
        match marker {
            // Fill byte, and markers without a segment.
            0xff => rest = &rest[1..],
            0x01 | 0xd0..=0xd7 => rest = tail,
            0xd8..=0xda => return None,
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let [_, _, _, h1, h0, w1, w0, ..] = tail else {
                    return None;
                };
                let side = |high: &u8, low: &u8| u32::from(u16::from_be_bytes([*high, *low]));
                return Some((side(w1, w0), side(h1, h0)));
            }
            _ => {
                let [l1, l0, ..] = tail else { return None };
                rest = tail.get(usize::from(u16::from_be_bytes([*l1, *l0])).max(2)..)?;
            }
        }
    }
}

/// What [`png_pixels`] keeps.
const PNG_CHUNKS: [&[u8]; 5] = [b"IHDR", b"PLTE", b"IDAT", b"eXIf", b"IEND"];
/// ITU-T T.81 §B.2.3. Coded data cannot hold the marker, a thumbnail in a header can.
const START_OF_SCAN: [u8; 2] = [0xff, 0xda];

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg() -> Vec<u8> {
        let pixels = (0..40 * 30 * 3).map(|i| (i % 251) as u8).collect();
        encode_jpeg(&BgrFrame::new(40, 30, pixels).unwrap(), 95).unwrap()
    }

    #[test]
    fn jpeg_round_trip_keeps_size() {
        let frame = decode_photograph(&jpeg()).unwrap();
        assert_eq!((frame.width(), frame.height()), (40, 30));
    }

    #[test]
    fn a_photograph_on_its_side_is_turned() {
        // APP1 with one TIFF entry: orientation (0x0112), short, 6 (turn clockwise).
        let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let bytes = [&jpeg()[..2], exif, &jpeg()[2..]].concat();
        let size = |frame: BgrFrame| (frame.width(), frame.height());
        assert_eq!(size(decode_photograph(&jpeg()).unwrap()), (40, 30));
        assert_eq!(size(decode_photograph(&bytes).unwrap()), (30, 40));
    }

    #[test]
    fn png_is_a_photograph_grey_or_not() {
        let pixels: Vec<u8> = (0..40 * 30 * 3).map(|i| (i % 251) as u8).collect();
        let grey: Vec<u8> = pixels.iter().step_by(3).copied().collect();
        let coloured = Mat::new_rows_cols_with_bytes::<Vec3b>(30, 40, &pixels).unwrap();
        let plain = Mat::new_rows_cols_with_bytes::<u8>(30, 40, &grey).unwrap();
        let same: Vec<u8> = grey.iter().flat_map(|value| [*value; 3]).collect();
        for (mat, expected) in [
            (coloured.clone_pointee(), pixels),
            (plain.clone_pointee(), same),
        ] {
            let mut png = Vector::new();
            imgcodecs::imencode_def(".png", &mat, &mut png).unwrap();
            let frame = decode_photograph(png.as_slice()).unwrap();
            assert_eq!((frame.width(), frame.height()), (40, 30));
            assert!(frame.pixels() == expected);
            let mut wide = png.to_vec();
            wide[16..18].copy_from_slice(&[1, 0]);
            assert!(matches!(
                decode_photograph(&wide),
                Err(PhotographError::Dimensions { .. })
            ));
            // A text of a gigabyte, of which nothing is there, and one that is damaged.
            let text = |length: [u8; 4]| {
                let text = [&length, b"tEXt".as_slice(), b"?".as_slice(), &[0; 4]].concat();
                [&png.as_slice()[..33], &text, &png.as_slice()[33..]].concat()
            };
            let claimed = decode_photograph(&text([0x3a, 0, 0, 0]));
            assert!(matches!(claimed, Err(PhotographError::Damaged)));
            let damaged = decode_photograph(&text([0, 0, 0, 1])).unwrap();
            assert!(damaged.pixels() == frame.pixels());
            let short = decode_photograph(&png.as_slice()[..png.len() - 1]);
            assert!(matches!(short, Err(PhotographError::Damaged)));
        }
    }

    #[test]
    fn what_is_no_photograph_is_refused() {
        assert!(matches!(
            decode_photograph(b""),
            Err(PhotographError::Format)
        ));
        assert!(matches!(
            decode_photograph(b"\x89PNG...."),
            Err(PhotographError::Format)
        ));
        assert!(matches!(
            decode_photograph(&jpeg()[..20]),
            Err(PhotographError::Format)
        ));
        let huge = vec![0; PHOTOGRAPH_BYTES_MAX + 1];
        assert!(matches!(
            decode_photograph(&huge),
            Err(PhotographError::TooLarge { .. })
        ));
    }

    #[test]
    fn absurd_dimensions_are_refused_before_decoding() {
        let mut bytes = jpeg();
        let frame = bytes
            .windows(2)
            .position(|pair| pair == [0xff, 0xc0])
            .unwrap();
        bytes[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
        assert!(matches!(
            decode_photograph(&bytes),
            Err(PhotographError::Dimensions { .. })
        ));
    }

    #[test]
    fn a_picture_of_endless_scans_is_refused() {
        let mut bytes = jpeg();
        let scan = bytes
            .windows(2)
            .position(|pair| pair == START_OF_SCAN)
            .unwrap();
        let again = bytes[scan..bytes.len() - 2].to_vec();
        for _ in 1..SCANS_MAX {
            bytes.splice(scan..scan, again.iter().copied());
        }
        let scans = |bytes: &[u8]| matches!(decode_photograph(bytes), Err(PhotographError::Scans));
        assert!(!scans(&bytes));
        bytes.splice(scan..scan, again);
        assert!(scans(&bytes));
    }

    #[test]
    fn every_truncation_is_an_answer_and_never_a_panic() {
        let bytes = jpeg();
        for length in 0..bytes.len() {
            let _ = decode_photograph(&bytes[..length]);
        }
    }
}
