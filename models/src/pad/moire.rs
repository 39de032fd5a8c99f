//! The lattice of a printed or displayed picture: dot screens and pixel grids beat with the camera's pixels.
//!
//! A face has texture of every direction and size; a lattice puts its energy into few frequencies. Spectra of overlapping patches
//! are averaged in logarithm, and the cue is how far the highest peaks stand above their neighbourhood. Periods of
//! 2 to 12 pixels count. Frequencies along the axes are left out: edges of the picture and JPEG blocks lie there.

use opencv::core::{self, CV_32F, Mat, Size};
use opencv::imgproc;
use opencv::prelude::*;

use crate::geometry::GeometryError;

/// 0 without a lattice over the face to 1 with a plain one; 0 where the picture is too small to tell.
pub(super) fn cue(grey: &Mat, bbox: [f32; 4]) -> Result<f32, GeometryError> {
    let patches = patches(grey, bbox);
    if patches.is_empty() {
        return Ok(0.0);
    }
    let area = patches.iter().fold(patches[0], |area, patch| area | *patch);
    let prominence = detail(grey, area)
        .and_then(|detail| prominence(&mean_log_spectrum(&detail, &patches, area)?))
        .map_err(GeometryError)?;
    let patches_apart = area.area() as f32 / (PATCH * PATCH) as f32;
    let natural = PROMINENCE_NATURAL + PROMINENCE_CHANCE / patches_apart.sqrt();
    Ok(((prominence - natural) / PROMINENCE_SPAN).clamp(0.0, 1.0))
}

/// What is left of an area without its shading.
fn detail(grey: &Mat, area: core::Rect) -> opencv::Result<Mat> {
    let mut values = Mat::default();
    Mat::roi(grey, area)?.convert_to(&mut values, CV_32F, 1.0, 0.0)?;
    let (mut smooth, mut detail) = (Mat::default(), Mat::default());
    imgproc::gaussian_blur_def(&values, &mut smooth, Size::default(), SHADING_SIGMA)?;
    core::subtract_def(&values, &smooth, &mut detail)?;
    Ok(detail)
}

/// Over the face, as far as the picture reaches, at the picture's own resolution.
fn patches(grey: &Mat, [left, top, width, height]: [f32; 4]) -> Vec<core::Rect> {
    let side = PATCH as i32;
    let (most_x, most_y) = (grey.cols() - side, grey.rows() - side);
    if most_x < 0 || most_y < 0 {
        return Vec::new();
    }
    let mut patches = Vec::new();
    for across in PLACES {
        for down in PLACES {
            let x = (left + width * (0.5 + across)) as i32 - side / 2;
            let y = (top + height * (0.5 + down)) as i32 - side / 2;
            let patch = core::Rect::new(x.clamp(0, most_x), y.clamp(0, most_y), side, side);
            if !patches.contains(&patch) {
                patches.push(patch);
            }
        }
    }
    patches
}

fn mean_log_spectrum(
    detail: &Mat,
    patches: &[core::Rect],
    area: core::Rect,
) -> opencv::Result<Vec<f32>> {
    let mut window = Mat::default();
    imgproc::create_hanning_window(&mut window, Size::new(PATCH as i32, PATCH as i32), CV_32F)?;
    let mut sum = vec![0.0; PATCH * PATCH];
    for patch in patches {
        let place = core::Rect::new(
            patch.x - area.x,
            patch.y - area.y,
            patch.width,
            patch.height,
        );
        let region = Mat::roi(detail, place)?;
        let mut windowed = Mat::default();
        core::multiply_def(&region, &window, &mut windowed)?;
        let mut spectrum = Mat::default();
        core::dft(&windowed, &mut spectrum, core::DFT_COMPLEX_OUTPUT, 0)?;
        let values = spectrum.data_typed::<core::Vec2f>()?;
        for (sum, value) in sum.iter_mut().zip(values) {
            let power = value[0] * value[0] + value[1] * value[1];
            *sum += (power + QUIET * (PATCH * PATCH) as f32).ln();
        }
    }
    let count = patches.len() as f32;
    sum.iter_mut().for_each(|value| *value /= count);
    Ok(sum)
}

/// Mean of the highest peaks above the mean of their neighbourhood, nepers of power.
fn prominence(spectrum: &[f32]) -> opencv::Result<f32> {
    let mat = Mat::new_rows_cols_with_data(PATCH as i32, PATCH as i32, spectrum)?;
    let mut smooth = Mat::default();
    let size = Size::new(NEIGHBOURHOOD, NEIGHBOURHOOD);
    imgproc::blur_def(&mat, &mut smooth, size)?;
    let around = smooth.data_typed::<f32>()?;
    let mut peaks: Vec<f32> = spectrum
        .iter()
        .zip(around)
        .enumerate()
        .filter(|(at, _)| counts(at % PATCH, at / PATCH))
        .map(|(_, (value, around))| value - around)
        .collect();
    peaks.select_nth_unstable_by(PEAKS, |a, b| b.total_cmp(a));
    peaks.truncate(PEAKS);
    Ok(peaks.iter().sum::<f32>() / PEAKS as f32)
}

/// One half of the plane: the other mirrors it.
fn counts(column: usize, row: usize) -> bool {
    let x = column as f32 / PATCH as f32;
    let y = row.min(PATCH - row) as f32 / PATCH as f32;
    column <= PATCH / 2
        && x > AXIS
        && y > AXIS
        && (FREQUENCY_MIN..FREQUENCY_MAX).contains(&x.hypot(y))
}

/// Side of a patch, pixels.
const PATCH: usize = 128;
/// Centres of the patches from the middle of the face, in its width and height.
const PLACES: [f32; 3] = [-0.4, 0.0, 0.4];
/// Shading and features of a face are wider, pixels.
const SHADING_SIGMA: f64 = 4.0;
/// Power of less than rounding noise counts as none, grey levels squared.
const QUIET: f32 = 1e-3;
/// Window of the neighbourhood of a peak, cells of the spectrum.
const NEIGHBOURHOOD: i32 = 9;
/// Cycles per pixel.
const FREQUENCY_MIN: f32 = 0.08;
const FREQUENCY_MAX: f32 = 0.48;
/// Half width of the axes that are left out, cycles per pixel.
const AXIS: f32 = 0.02;
/// A lattice has several peaks, with a cell or two each.
const PEAKS: usize = 4;
/// Peaks of skin, hair and cloth once chance is averaged out; studio portraits stay below half of it, and of mug shots, some of
/// which are scans of prints, one in eight is above.
const PROMINENCE_NATURAL: f32 = 2.0;
/// What chance adds in the spectrum of a single patch; it falls with the root of their number. Press photographs with room for
/// one patch stay below the sum.
const PROMINENCE_CHANCE: f32 = 1.0;
/// From natural to plain.
const PROMINENCE_SPAN: f32 = 2.0;

#[cfg(test)]
mod tests {
    use egate_synthetic_faces::{Identity, Scene, render_live};
    use egate_types::BgrFrame;

    use super::*;
    use crate::geometry::grey;

    fn with_lattice(seed: u64, period: f32, strength: f32) -> f32 {
        let scene = Scene {
            face_height_px: 300.0,
            ..Scene::everyday(seed)
        };
        let live = render_live(&Identity::from_seed(seed), &scene);
        let (width, height) = (live.frame.width(), live.frame.height());
        let wave = 2.0 * std::f32::consts::PI / period;
        let pixels = live.frame.pixels().iter().enumerate().map(|(at, value)| {
            let (x, y) = (at / 3 % width as usize, at / 3 / width as usize);
            let (u, v) = (
                x as f32 * 0.94 + y as f32 * 0.34,
                y as f32 * 0.94 - x as f32 * 0.34,
            );
            let dots = 1.0 + strength * ((u * wave).cos() + (v * wave).cos()) / 2.0;
            (f32::from(*value) * dots).round().clamp(0.0, 255.0) as u8
        });
        let frame = BgrFrame::new(width, height, pixels.collect()).unwrap();
        cue(&grey(&frame).unwrap(), [200.0, 100.0, 230.0, 280.0]).unwrap()
    }

    #[test]
    fn a_dot_screen_is_seen_and_seen_better_the_stronger_it_is() {
        for seed in 0..8 {
            assert_eq!(with_lattice(seed, 4.0, 0.0), 0.0, "seed {seed}");
            let (weak, strong) = (with_lattice(seed, 4.0, 0.06), with_lattice(seed, 4.0, 0.25));
            assert!(
                weak <= strong && strong > 0.9,
                "seed {seed}: {weak} {strong}"
            );
            assert!(with_lattice(seed, 7.0, 0.25) > 0.5, "seed {seed}");
        }
    }

    #[test]
    fn a_picture_too_small_for_a_patch_says_nothing() {
        let frame = BgrFrame::new(127, 200, vec![99; 127 * 200 * 3]).unwrap();
        let none = |frame, bbox| assert_eq!(cue(&grey(frame).unwrap(), bbox).unwrap(), 0.0);
        none(&frame, [10.0, 10.0, 80.0, 90.0]);
        let frame = BgrFrame::new(128, 128, vec![99; 128 * 128 * 3]).unwrap();
        none(&frame, [-900.0, 0.0, 1e9, 1.0]);
    }
}
