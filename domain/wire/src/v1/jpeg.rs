//! A portrait on the wire.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::v1::limits::JPEG_BYTES_MAX;

/// Bytes of a JPEG picture of a face, base64 on the wire. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Jpeg(Vec<u8>);

/// Why bytes are not a portrait.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JpegError {
    /// Does not start with a JPEG start-of-image marker (ISO/IEC 10918-1 §B.1.1.3).
    #[error("not a JPEG picture")]
    NotJpeg,
    /// Larger than [`JPEG_BYTES_MAX`].
    #[error("picture of {0} bytes is above the limit of {JPEG_BYTES_MAX}")]
    TooLarge(usize),
    /// Not base64.
    #[error("picture is not base64")]
    NotBase64,
}

impl Jpeg {
    /// Accepts bytes that start like a JPEG picture and are within the size limit.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, JpegError> {
        if bytes.len() > JPEG_BYTES_MAX {
            return Err(JpegError::TooLarge(bytes.len()));
        }
        if !bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            return Err(JpegError::NotJpeg);
        }
        Ok(Self(bytes))
    }

    /// The picture's bytes, for a decoder or a browser.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Jpeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jpeg({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for Jpeg {
    type Error = JpegError;
    fn try_from(text: String) -> Result<Self, JpegError> {
        Self::parse(STANDARD.decode(text).map_err(|_| JpegError::NotBase64)?)
    }
}

impl From<Jpeg> for String {
    fn from(jpeg: Jpeg) -> String {
        STANDARD.encode(&jpeg.0)
    }
}
