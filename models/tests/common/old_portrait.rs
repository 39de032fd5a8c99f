//! Photographs made into portraits as chips hold them: cut out, small, grey, strongly compressed.

use std::fmt;

use egate_icao::portrait;
use egate_models::Face;
use egate_types::BgrFrame;
use opencv::core::{BORDER_REPLICATE, Mat, Scalar, Size, Vec3b, Vector};
use opencv::prelude::*;
use opencv::{imgcodecs, imgproc};

/// How a portrait is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Jpeg,
    Jpeg2000,
}

/// What an issuer did to a photograph. The eyes come to lie a quarter of the width apart (ISO/IEC 19794-5, token image).
#[derive(Debug, Clone, Copy)]
pub struct OldPortrait {
    pub width: u32,
    pub height: u32,
    pub grey: bool,
    pub coding: Coding,
    /// The quality is the best that needs no more bytes than this.
    pub bytes_max: usize,
}

impl fmt::Display for OldPortrait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grey = if self.grey { ", grey" } else { "" };
        let coding = match self.coding {
            Coding::Jpeg => "JPEG",
            Coding::Jpeg2000 => "JPEG 2000",
        };
        let (width, height) = (self.width, self.height);
        let kilobytes = self.bytes_max as f64 / 1_000.0;
        write!(f, "{width} x {height}{grey}, {coding}, {kilobytes} kB")
    }
}

impl OldPortrait {
    /// In colour: width and height, coding, most bytes.
    pub const fn coloured([width, height]: [u32; 2], coding: Coding, bytes_max: usize) -> Self {
        Self {
            width,
            height,
            grey: false,
            coding,
            bytes_max,
        }
    }

    /// The same in grey.
    pub const fn in_grey(self) -> Self {
        Self { grey: true, ..self }
    }

    /// The coded portrait of this face.
    pub fn coded(&self, photograph: &BgrFrame, face: &Face) -> opencv::Result<Vec<u8>> {
        let photograph = Mat::new_rows_cols_with_bytes::<Vec3b>(
            photograph.height() as i32,
            photograph.width() as i32,
            photograph.pixels(),
        )?;
        let [left, right, ..] = face.landmarks;
        let (width, height) = (self.width as f32, self.height as f32);
        let scale = f64::from(width * EYES_SHARE / face.eye_distance_px());
        let place = |axis: usize, to: f32| {
            f64::from(to) - scale * f64::from(f32::midpoint(left[axis], right[axis]))
        };
        let size = Size::new(self.width as i32, self.height as i32);
        let matrix = Mat::from_slice_2d(&[
            [scale, 0.0, place(0, width / 2.0)],
            [0.0, scale, place(1, height * EYES_HEIGHT)],
        ])?;
        // Reduced without this, hair and skin would turn into noise.
        let mut smooth = Mat::default();
        let sigma = (0.5 / scale - 0.5).max(0.01);
        imgproc::gaussian_blur_def(&photograph, &mut smooth, Size::default(), sigma)?;
        let mut cut = Mat::default();
        let nothing = Scalar::default();
        let linear = imgproc::INTER_LINEAR;
        imgproc::warp_affine(
            &smooth,
            &mut cut,
            &matrix,
            size,
            linear,
            BORDER_REPLICATE,
            nothing,
        )?;
        if !self.grey {
            return self.compressed(&cut);
        }
        let mut grey = Mat::default();
        imgproc::cvt_color_def(&cut, &mut grey, imgproc::COLOR_BGR2GRAY)?;
        self.compressed(&grey)
    }

    fn compressed(&self, mat: &Mat) -> opencv::Result<Vec<u8>> {
        let encode = |ending: &str, parameter: i32, value: usize| {
            let mut bytes = Vector::new();
            let parameters = Vector::from_slice(&[parameter, value as i32]);
            imgcodecs::imencode(ending, mat, &mut bytes, &parameters)?;
            Ok(bytes.to_vec())
        };
        if self.coding == Coding::Jpeg2000 {
            // In thousandths of the pixels' own bytes.
            let pixels = mat.total() * mat.elem_size()?;
            let share = (self.bytes_max * 1_000 / pixels).clamp(1, 1_000);
            return encode(".jp2", imgcodecs::IMWRITE_JPEG2000_COMPRESSION_X1000, share);
        }
        let mut coded = Vec::new();
        for quality in (1..20).rev().map(|step| step * 5) {
            coded = encode(".jpg", imgcodecs::IMWRITE_JPEG_QUALITY, quality)?;
            if coded.len() <= self.bytes_max {
                break;
            }
        }
        Ok(coded)
    }
}

/// The pixels of a coded portrait, by the decoder that a gate has for chips.
pub fn decoded(coded: &[u8]) -> Option<BgrFrame> {
    portrait::decode(coded).ok()?.to_frame()
}

/// Distance of the eyes over the width.
const EYES_SHARE: f32 = 0.25;
/// Height of the eyes from the top over that of the picture.
const EYES_HEIGHT: f32 = 0.45;
