//! Pictures that people give to the program: photographs in JPEG and PNG, portraits out of chips in JPEG and JPEG 2000.

use std::path::Path;

use egate_icao::lds::PortraitFormat;
use egate_icao::portrait::{self, ImageError};
use egate_models::{PhotographError, decode_photograph};
use egate_types::BgrFrame;

use crate::files::Refusal;

/// Why a file shows nothing.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// By its first bytes.
    #[error("the picture must be JPEG, JPEG 2000 or PNG")]
    Format,
    /// JPEG and PNG.
    #[error(transparent)]
    Photograph(PhotographError),
    /// JPEG 2000, by the decoder that a gate has for the chip's portrait.
    #[error(transparent)]
    Portrait(#[from] ImageError),
}

/// The picture in a file, the right way up.
pub fn read(file: &Path) -> Result<BgrFrame, Refusal> {
    let bytes = std::fs::read(file).map_err(|error| Refusal::unreadable(file, &error))?;
    decode(&bytes).map_err(|error| Refusal::malformed(file, &error))
}

/// The picture in these bytes, the right way up.
pub fn decode(bytes: &[u8]) -> Result<BgrFrame, PictureError> {
    if PortraitFormat::of(bytes) == Some(PortraitFormat::Jpeg2000) {
        let frame = portrait::decode(bytes)?.to_frame();
        return frame.ok_or(PictureError::Photograph(PhotographError::Damaged));
    }
    decode_photograph(bytes).map_err(|error| match error {
        PhotographError::Format => PictureError::Format,
        error @ (PhotographError::TooLarge { .. }
        | PhotographError::Dimensions { .. }
        | PhotographError::Scans
        | PhotographError::Damaged
        | PhotographError::Codec(_)) => PictureError::Photograph(error),
    })
}
