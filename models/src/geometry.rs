//! Image geometry on OpenCV: letterbox, aligned warp, crop, sharpness.

use egate_types::BgrFrame;
use opencv::boxed_ref::BoxedRef;
use opencv::core::{BORDER_CONSTANT, CV_64F, Mat, Scalar, Size, Vec3b};
use opencv::prelude::*;
use opencv::{core, imgproc};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::manifest::{Alignment, AlignmentPoints};

/// OpenCV failed on a picture.
#[derive(Debug, thiserror::Error)]
#[error("image geometry failed")]
pub struct GeometryError(#[source] pub(crate) opencv::Error);

/// A network's input picture, interleaved BGR; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bgr: Vec<u8>,
}

/// Scales the longest side to fit and places the frame at the top left; the rest is black.
/// Also returns the scale by which to divide results.
pub(crate) fn letterbox(
    frame: &BgrFrame,
    width: u32,
    height: u32,
) -> Result<(Picture, f32), GeometryError> {
    let scale = (width as f32 / frame.width() as f32).min(height as f32 / frame.height() as f32);
    let fitted = |side: u32, most: u32| ((side as f32 * scale).round() as u32).clamp(1, most);
    let (inner_width, inner_height) =
        (fitted(frame.width(), width), fitted(frame.height(), height));
    let inner = with_mat(frame, |mat| resized(mat, inner_width, inner_height))?;
    let mut bgr = vec![0; width as usize * height as usize * 3];
    let rows = bgr.chunks_exact_mut(width as usize * 3);
    for (row, source) in rows.zip(inner.bgr.chunks_exact(inner_width as usize * 3)) {
        row[..source.len()].copy_from_slice(source);
    }
    Ok((Picture { width, height, bgr }, scale))
}

/// Warps so that the landmarks come to lie on the template (least-squares similarity), black outside.
pub(crate) fn align(
    frame: &BgrFrame,
    landmarks: &[[f32; 2]; 5],
    alignment: &Alignment,
) -> Result<Picture, GeometryError> {
    let [a, b, c, d] = match &alignment.points {
        AlignmentPoints::Five(points) => similarity(landmarks, points),
        AlignmentPoints::EyesAndMouth(points) => {
            let [left, right, _, mouth_left, mouth_right] = *landmarks;
            let mouth = [0, 1].map(|axis| f32::midpoint(mouth_left[axis], mouth_right[axis]));
            similarity(&[left, right, mouth], points)
        }
    };
    with_mat(frame, |mat| {
        let matrix = Mat::from_slice_2d(&[[a, -b, c], [b, a, d]])?;
        debug_assert_eq!(matrix.depth(), CV_64F);
        let mut warped = Mat::default();
        let size = Size::new(alignment.width as i32, alignment.height as i32);
        imgproc::warp_affine(
            mat,
            &mut warped,
            &matrix,
            size,
            imgproc::INTER_LINEAR,
            BORDER_CONSTANT,
            Scalar::default(),
        )?;
        picture(&warped)
    })
}

/// The box grown to `scale` times its size, less where the frame is too small, shifted to lie inside it.
pub(crate) fn context_crop(
    frame: &BgrFrame,
    bbox: [f32; 4],
    scale: f32,
    width: u32,
    height: u32,
) -> Result<Picture, GeometryError> {
    let (frame_width, frame_height) = (frame.width() as f32, frame.height() as f32);
    let [left, top, box_width, box_height] = bbox;
    let (box_width, box_height) = (box_width.max(1.0), box_height.max(1.0));
    let scale = scale
        .min((frame_height - 1.0) / box_height)
        .min((frame_width - 1.0) / box_width);
    let (crop_width, crop_height) = (box_width * scale, box_height * scale);
    let place = |start: f32, size: f32, crop: f32, limit: f32| {
        (start + size / 2.0 - crop / 2.0).clamp(0.0, (limit - crop).max(0.0))
    };
    let rect = core::Rect::new(
        place(left, box_width, crop_width, frame_width) as i32,
        place(top, box_height, crop_height, frame_height) as i32,
        (crop_width as i32).clamp(1, frame.width() as i32),
        (crop_height as i32).clamp(1, frame.height() as i32),
    );
    with_mat(frame, |mat| resized(&Mat::roi(mat, rect)?, width, height))
}

/// The grey picture, at the frame's own resolution.
pub(crate) fn grey(frame: &BgrFrame) -> Result<Mat, GeometryError> {
    with_mat(frame, |mat| {
        let mut grey = Mat::default();
        imgproc::cvt_color_def(mat, &mut grey, imgproc::COLOR_BGR2GRAY)?;
        Ok(grey)
    })
}

/// Standard deviation of the Laplacian of the grey picture: low where movement blurred it.
pub(crate) fn sharpness(picture: &Picture) -> Result<f32, GeometryError> {
    (|| {
        let mat = Mat::new_rows_cols_with_bytes::<Vec3b>(
            picture.height as i32,
            picture.width as i32,
            &picture.bgr,
        )?;
        let (mut grey, mut edges) = (Mat::default(), Mat::default());
        imgproc::cvt_color_def(&mat, &mut grey, imgproc::COLOR_BGR2GRAY)?;
        imgproc::laplacian_def(&grey, &mut edges, CV_64F)?;
        let (mut mean, mut deviation) = (Mat::default(), Mat::default());
        core::mean_std_dev_def(&edges, &mut mean, &mut deviation)?;
        Ok(*deviation.at::<f64>(0)? as f32)
    })()
    .map_err(GeometryError)
}

/// Similarity that maps `from` onto `to`: x' = a x - b y + c, y' = b x + a y + d (Umeyama, reflections
/// excluded).
fn similarity<const N: usize>(from: &[[f32; 2]; N], to: &[[f32; 2]; N]) -> [f64; 4] {
    let mean = |points: &[[f32; 2]; N], axis: usize| {
        let of_axis = points.iter().map(|point| f64::from(point[axis]));
        of_axis.sum::<f64>() / N as f64
    };
    let (from_x, from_y, to_x, to_y) = (mean(from, 0), mean(from, 1), mean(to, 0), mean(to, 1));
    let (mut dot, mut cross, mut norm) = (0.0, 0.0, 0.0);
    for (from, to) in from.iter().zip(to) {
        let (fx, fy) = (f64::from(from[0]) - from_x, f64::from(from[1]) - from_y);
        let (tx, ty) = (f64::from(to[0]) - to_x, f64::from(to[1]) - to_y);
        dot += fx * tx + fy * ty;
        cross += fx * ty - fy * tx;
        norm += fx * fx + fy * fy;
    }
    // Coincident points have no size; the identity then keeps the numbers finite.
    let (a, b) = if norm > 1e-9 {
        (dot / norm, cross / norm)
    } else {
        (1.0, 0.0)
    };
    [
        a,
        b,
        to_x - (a * from_x - b * from_y),
        to_y - (b * from_x + a * from_y),
    ]
}

pub(crate) fn resized(
    mat: &impl core::ToInputArray,
    width: u32,
    height: u32,
) -> opencv::Result<Picture> {
    let mut small = Mat::default();
    let size = Size::new(width as i32, height as i32);
    imgproc::resize(mat, &mut small, size, 0.0, 0.0, imgproc::INTER_LINEAR)?;
    picture(&small)
}

fn picture(mat: &Mat) -> opencv::Result<Picture> {
    Ok(Picture {
        width: mat.cols() as u32,
        height: mat.rows() as u32,
        bgr: mat.data_bytes()?.to_vec(),
    })
}

pub(crate) fn with_mat<T>(
    frame: &BgrFrame,
    work: impl FnOnce(&BoxedRef<'_, Mat>) -> opencv::Result<T>,
) -> Result<T, GeometryError> {
    Mat::new_rows_cols_with_bytes::<Vec3b>(
        frame.height() as i32,
        frame.width() as i32,
        frame.pixels(),
    )
    .and_then(|mat| work(&mat))
    .map_err(GeometryError)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: [[f32; 2]; 5] = [
        [38.3, 51.7],
        [73.5, 51.5],
        [56.0, 71.7],
        [41.5, 92.4],
        [70.7, 92.2],
    ];

    #[test]
    fn a_turned_scaled_moved_template_maps_back() {
        let (sin, cos) = 0.3f32.sin_cos();
        let turned = TEMPLATE.map(|[x, y]| {
            [
                2.0 * (cos * x - sin * y) + 100.0,
                2.0 * (sin * x + cos * y) - 40.0,
            ]
        });
        let [a, b, c, d] = similarity(&turned, &TEMPLATE);
        for (from, to) in turned.iter().zip(&TEMPLATE) {
            let (x, y) = (f64::from(from[0]), f64::from(from[1]));
            assert!((a * x - b * y + c - f64::from(to[0])).abs() < 1e-3);
            assert!((b * x + a * y + d - f64::from(to[1])).abs() < 1e-3);
        }
        assert!(
            similarity(&[[1.0, 1.0]; 5], &TEMPLATE)
                .iter()
                .all(|value| value.is_finite())
        );
    }

    #[test]
    fn crops_stay_inside_the_frame() {
        let frame = BgrFrame::new(64, 48, vec![7; 64 * 48 * 3]).unwrap();
        for bbox in [
            [-20.0, -20.0, 30.0, 30.0],
            [60.0, 40.0, 90.0, 90.0],
            [0.0, 0.0, 0.1, 0.1],
        ] {
            let crop = context_crop(&frame, bbox, 2.7, 80, 80).unwrap();
            assert_eq!(crop.bgr.len(), 80 * 80 * 3);
            assert!(crop.bgr.iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn letterbox_pads_with_black_at_right_and_bottom() {
        let frame = BgrFrame::new(30, 60, vec![200; 30 * 60 * 3]).unwrap();
        let (picture, scale) = letterbox(&frame, 64, 30).unwrap();
        assert!((scale - 0.5).abs() < 1e-6);
        assert_eq!(picture.bgr[0], 200);
        assert_eq!(picture.bgr[3 * 15], 0);
    }
}
