//! A camera frame or decoded portrait in memory.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Pixels, 8 bits each of blue, green, red, rows top to bottom without padding. Wiped when dropped; never prints.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BgrFrame {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// The pixel buffer does not fit the stated size.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{width} x {height} BGR frame needs {expected} bytes, got {actual}")]
pub struct FrameShapeError {
    /// Stated width, pixels.
    pub width: u32,
    /// Stated height, pixels.
    pub height: u32,
    /// Bytes that size needs.
    pub expected: usize,
    /// Bytes given.
    pub actual: usize,
}

impl BgrFrame {
    /// Takes `width * height * 3` bytes.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, FrameShapeError> {
        let expected = width as usize * height as usize * 3;
        if pixels.len() != expected || expected == 0 {
            return Err(FrameShapeError {
                width,
                height,
                expected,
                actual: pixels.len(),
            });
        }
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All pixels, B G R interleaved.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

impl fmt::Debug for BgrFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BgrFrame({} x {})", self.width, self.height)
    }
}
