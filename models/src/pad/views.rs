//! What the networks are shown where the picture ends close to the face: mug shots, tight crops, recorded pictures.

use egate_types::BgrFrame;
use opencv::core::{self, BORDER_REPLICATE, Mat, Scalar};
use opencv::prelude::*;

use crate::detect::Face;
use crate::geometry::{GeometryError, Picture, resized, with_mat};

/// The box grown to `scale` times its size, the rim of the picture continued where that leaves it.
/// `None` if it does not.
pub(super) fn extended_crop(
    frame: &BgrFrame,
    bbox: [f32; 4],
    scale: f32,
    width: u32,
    height: u32,
) -> Result<Option<Picture>, GeometryError> {
    let (frame_width, frame_height) = (frame.width() as i32, frame.height() as i32);
    let [left, top, box_width, box_height] = bbox;
    let size = |side: f32, most: i32| ((side.max(1.0) * scale) as i32).clamp(1, most * EXTENT_MAX);
    let (crop_width, crop_height) = (size(box_width, frame_width), size(box_height, frame_height));
    let start =
        |from: f32, side: f32, crop: i32| (from + (side - crop as f32) / 2.0).floor() as i32;
    let x = start(left, box_width, crop_width).clamp(1 - crop_width, frame_width - 1);
    let y = start(top, box_height, crop_height).clamp(1 - crop_height, frame_height - 1);
    let (right, bottom) = (x + crop_width, y + crop_height);
    if x >= 0 && y >= 0 && right <= frame_width && bottom <= frame_height {
        return Ok(None);
    }
    let inside = core::Rect::new(
        x.max(0),
        y.max(0),
        right.min(frame_width) - x.max(0),
        bottom.min(frame_height) - y.max(0),
    );
    with_mat(frame, |mat| {
        let region = Mat::roi(mat, inside)?.try_clone()?;
        let mut extended = Mat::default();
        core::copy_make_border(
            &region,
            &mut extended,
            (-y).max(0),
            (bottom - frame_height).max(0),
            (-x).max(0),
            (right - frame_width).max(0),
            BORDER_REPLICATE,
            Scalar::default(),
        )?;
        resized(&extended, width, height)
    })
    .map(Some)
}

/// The picture less black bars at its edges, with the face's box in it; `None` if it has no bars. They come from editing: a camera's darkest
/// rows have noise and no edge, yet to the networks a black edge is the bezel of a screen.
pub(super) fn without_bars(frame: &BgrFrame, face: &Face) -> Option<(BgrFrame, [f32; 4])> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let pixels = frame.pixels();
    let lit = |x: usize, y: usize| {
        let at = (y * width + x) * 3;
        pixels[at..at + 3].iter().any(|value| *value > BLACK_MAX)
    };
    let (most_columns, most_rows) = (width / BAR_SHARE_MIN, height / BAR_SHARE_MIN);
    let row = |y: usize| (0..width).filter(|x| lit(*x, y)).count() * LIT_SHARE_MAX <= width;
    let top = (0..most_rows).take_while(|y| row(*y)).count();
    let bottom = (0..most_rows).take_while(|y| row(height - 1 - y)).count();
    let (from, to) = (top, height - bottom);
    let column = |x: usize| (from..to).filter(|y| lit(x, *y)).count() * LIT_SHARE_MAX <= to - from;
    let left = (0..most_columns).take_while(|x| column(*x)).count();
    let right = (0..most_columns)
        .take_while(|x| column(width - 1 - x))
        .count();
    if top + bottom + left + right == 0 {
        return None;
    }
    let kept = width - left - right;
    let mut inner = Vec::with_capacity(kept * (to - from) * 3);
    for y in from..to {
        let start = (y * width + left) * 3;
        inner.extend_from_slice(&pixels[start..start + kept * 3]);
    }
    let [x, y, box_width, box_height] = face.bbox;
    let bbox = [x - left as f32, y - top as f32, box_width, box_height];
    let inner = BgrFrame::new(kept as u32, (to - from) as u32, inner).ok()?;
    Some((inner, bbox))
}

/// A crop is at most so many times the picture's side; a box cannot honestly ask for more.
const EXTENT_MAX: i32 = 8;
/// Grey levels up to which JPEG leaves a drawn black bar.
const BLACK_MAX: u8 = 16;
/// One in so many pixels of a bar may be brighter.
const LIT_SHARE_MAX: usize = 100;
/// A bar takes at most one in so many rows or columns on its side.
const BAR_SHARE_MIN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn face(bbox: [f32; 4]) -> Face {
        Face {
            bbox,
            landmarks: [[0.0; 2]; 5],
            score: 1.0,
        }
    }

    #[test]
    fn bars_are_left_off_and_the_box_moves_along() {
        let (width, height) = (60, 40);
        let mut pixels = vec![120; width * height * 3];
        pixels[..10 * width * 3].fill(3);
        for row in pixels.chunks_exact_mut(width * 3) {
            row[..5 * 3].fill(9);
        }
        let frame = BgrFrame::new(60, 40, pixels).unwrap();
        let (inner, bbox) = without_bars(&frame, &face([20.0, 15.0, 10.0, 12.0])).unwrap();
        assert_eq!((inner.width(), inner.height()), (55, 30));
        assert!(inner.pixels().iter().all(|value| *value == 120));
        assert_eq!(bbox, [15.0, 5.0, 10.0, 12.0]);
        assert!(without_bars(&inner, &face(bbox)).is_none());
    }

    #[test]
    fn a_dark_picture_keeps_most_of_itself() {
        let frame = BgrFrame::new(60, 40, vec![2; 60 * 40 * 3]).unwrap();
        let (inner, _) = without_bars(&frame, &face([20.0, 15.0, 10.0, 12.0])).unwrap();
        assert_eq!((inner.width(), inner.height()), (20, 14));
    }

    #[test]
    fn the_rim_is_continued_only_where_the_picture_ends() {
        let (width, height) = (64usize, 48usize);
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|at| [(at % width) as u8 * 3; 3])
            .collect();
        let frame = BgrFrame::new(64, 48, pixels).unwrap();
        assert!(
            extended_crop(&frame, [28.0, 20.0, 8.0, 8.0], 2.7, 80, 80)
                .unwrap()
                .is_none()
        );
        let crop = extended_crop(&frame, [0.0, 4.0, 20.0, 40.0], 2.7, 80, 80)
            .unwrap()
            .unwrap();
        assert_eq!(crop.bgr.len(), 80 * 80 * 3);
        // 54 pixels from -17 on: the left third repeats column 0.
        assert!(crop.bgr[..20 * 3].iter().all(|value| *value == 0));
        assert!(crop.bgr[79 * 3] > 90);
        for bbox in [
            [-500.0, 0.0, 9.0, 9.0],
            [0.0, 0.0, 1e9, 1e9],
            [900.0, 900.0, 5.0, 5.0],
        ] {
            extended_crop(&frame, bbox, 2.7, 80, 80).unwrap();
        }
    }
}
