//! Stored images as pixels: JPEG, and JPEG 2000 in a JP2 file or as a bare codestream (ICAO 9303-9 §4, 9303-10 §4.7.2).
//!
//! Sizes are read from the image's own header and judged before a decoder sees it; the decoders are Rust without `unsafe`.
//! Filler behind the coded image, which some issuers leave, is cut off and recorded.

mod jpeg;
mod jpeg2000;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use egate_types::BgrFrame;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    lds::PortraitFormat,
    limits::{IMAGE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_PX_MAX},
};

/// Why an image has no pixels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// More bytes than any portrait has.
    #[error("image of {0} bytes is larger than {IMAGE_BYTES_MAX}")]
    TooLarge(usize),
    /// It begins like neither.
    #[error("image is neither JPEG nor JPEG 2000")]
    Format,
    /// The header ends early or contradicts the standard.
    #[error("image header at byte {offset}: {rule}")]
    Header {
        /// Where.
        offset: usize,
        /// What the standard demands there.
        rule: &'static str,
    },
    /// No pixels, a side longer than [`IMAGE_SIDE_PX_MAX`] or more pixels than [`IMAGE_PIXELS_MAX`].
    #[error("image of {width} x {height} pixels is outside the limits")]
    Dimensions {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Neither grey nor colour.
    #[error("image of {0} components is neither grey nor colour")]
    Components(u16),
    /// Its structure asks for more memory or time than a portrait needs.
    #[error("image has {count} {what}, more than {most}")]
    Structure {
        /// Parts of the coded image.
        what: &'static str,
        /// How many.
        count: u64,
        /// How many are accepted.
        most: u64,
    },
    /// The decoder gave up.
    #[error("image cannot be decoded: {0}")]
    Damaged(String),
}

/// File format around the coded image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// JPEG interchange format (ITU-T T.81 annex B).
    Jpeg,
    /// JP2 file (ISO/IEC 15444-1 annex I).
    Jp2,
    /// JPEG 2000 codestream without boxes (ISO/IEC 15444-1 annex A).
    Codestream,
}

/// What an image's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Coding.
    pub format: PortraitFormat,
    /// File format around it.
    pub variant: Variant,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Components as coded: 1 grey, 3 colour.
    pub components: u16,
    /// Where the JPEG image or the JPEG 2000 codestream begins.
    pub coded_start: usize,
    /// Bytes up to the end of the coded image.
    pub coded_bytes: usize,
    /// Bytes of filler behind it.
    pub filler_bytes: usize,
}

/// Departures from the standards that were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageDeviation {
    /// Bytes behind the coded image, which were cut off.
    Filler(usize),
    /// The coded image has no end marker.
    NoEnd,
    /// A channel of opacity was dropped.
    Opacity,
}

impl fmt::Display for ImageDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filler(count) => write!(f, "{count} bytes behind the coded image"),
            Self::NoEnd => f.write_str("coded image without an end marker"),
            Self::Opacity => f.write_str("opacity channel dropped"),
        }
    }
}

/// A decoded image. Never prints its pixels; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Image {
    /// Pixels across, at least 1.
    pub width: u32,
    /// Pixels down, at least 1.
    pub height: u32,
    /// Bytes of a pixel: 1 grey, 3 red, green and blue.
    pub channels: u8,
    /// `width * height * channels` bytes, rows from the top.
    pub pixels: Vec<u8>,
    /// What was tolerated.
    #[zeroize(skip)]
    pub deviations: Vec<ImageDeviation>,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Image({} x {} x {})",
            self.width, self.height, self.channels
        )
    }
}

impl Image {
    /// Mean of red, green and blue over all pixels, 0 to 255; equal values for a grey image.
    pub fn mean_rgb(&self) -> [f64; 3] {
        let mean = |channel: usize| {
            let values = self.pixels.iter().skip(channel);
            let values = values.step_by(usize::from(self.channels).max(1));
            let sum: u64 = values.map(|value| u64::from(*value)).sum();
            sum as f64 / (f64::from(self.width) * f64::from(self.height)).max(1.0)
        };
        if self.channels == 3 {
            [mean(0), mean(1), mean(2)]
        } else {
            [mean(0); 3]
        }
    }

    /// The pixels as a frame for face networks, grey as equal channels; `None` if their number does not fit the size.
    pub fn to_frame(&self) -> Option<BgrFrame> {
        let pixels = if self.channels == 1 {
            self.pixels.iter().flat_map(|grey| [*grey; 3]).collect()
        } else {
            let colours = self.pixels.chunks_exact(3);
            colours.flat_map(|rgb| rgb.iter().rev().copied()).collect()
        };
        BgrFrame::new(self.width, self.height, pixels).ok()
    }
}

/// Reads the header alone.
///
/// # Errors
/// As [`decode`], except for damage behind the header.
pub fn describe(bytes: &[u8]) -> Result<Description, ImageError> {
    if bytes.len() > IMAGE_BYTES_MAX {
        return Err(ImageError::TooLarge(bytes.len()));
    }
    let description = match PortraitFormat::of(bytes).ok_or(ImageError::Format)? {
        PortraitFormat::Jpeg => jpeg::describe(bytes)?,
        PortraitFormat::Jpeg2000 => jpeg2000::describe(bytes)?,
    };
    let (width, height) = (description.width, description.height);
    let side = 1..=IMAGE_SIDE_PX_MAX;
    let pixels = u64::from(width) * u64::from(height);
    if !side.contains(&width) || !side.contains(&height) || pixels > IMAGE_PIXELS_MAX {
        return Err(ImageError::Dimensions { width, height });
    }
    Ok(description)
}

/// Decodes a JPEG or JPEG 2000 image to 8-bit grey or colour. Embedded colour profiles and orientation are not applied.
///
/// # Errors
/// Neither format, a header outside the limits, damage.
pub fn decode(bytes: &[u8]) -> Result<Image, ImageError> {
    let description = describe(bytes)?;
    let coded = bytes.get(..description.coded_bytes).unwrap_or(bytes);
    let mut image = match description.format {
        PortraitFormat::Jpeg => jpeg::decode(coded, &description)?,
        PortraitFormat::Jpeg2000 => jpeg2000::decode(coded, &description)?,
    };
    if description.filler_bytes > 0 {
        let filler = ImageDeviation::Filler(description.filler_bytes);
        image.deviations.push(filler);
    }
    let bytes = u64::from(image.width) * u64::from(image.height) * u64::from(image.channels);
    if image.pixels.len() as u64 != bytes {
        return Err(ImageError::Damaged(
            "decoder returned another size".to_owned(),
        ));
    }
    Ok(image)
}

/// Calls a decoder that others wrote. Its panics, should there be any left, are damage like any other.
fn decoded<T, E: fmt::Display>(decode: impl FnOnce() -> Result<T, E>) -> Result<T, ImageError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(image)) => Ok(image),
        Ok(Err(error)) => Err(ImageError::Damaged(error.to_string())),
        Err(_) => Err(ImageError::Damaged("decoder panicked".to_owned())),
    }
}

/// Where the last end marker `FF D9` behind `start` ends, if there is one. Packet data and entropy-coded segments cannot hold
/// the marker, but a thumbnail in a header can.
fn end_of_image(bytes: &[u8], start: usize) -> Option<usize> {
    let behind = bytes.get(start..)?;
    let at = behind.windows(2).rposition(|pair| pair == [0xFF, 0xD9])?;
    Some(start + at + 2)
}

/// A big-endian number in a header.
fn u16_at(bytes: &[u8], offset: usize) -> Result<u16, ImageError> {
    let rule = "ends early";
    let rest = bytes.get(offset..).and_then(|rest| rest.first_chunk());
    rest.map(|chunk| u16::from_be_bytes(*chunk))
        .ok_or(ImageError::Header { offset, rule })
}

/// As [`u16_at`], of four bytes.
fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, ImageError> {
    let rule = "ends early";
    let rest = bytes.get(offset..).and_then(|rest| rest.first_chunk());
    rest.map(|chunk| u32::from_be_bytes(*chunk))
        .ok_or(ImageError::Header { offset, rule })
}
