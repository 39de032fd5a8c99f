//! The rim of a sheet or a screen: a closed rectangle of straight edges around the face, with something else beyond.
//!
//! On each side of the face the straight line with the longest one-signed edge is looked for. The cue is the
//! weakest of the four: door frames, walls and shoulders give one, two or three such lines, a picture held into
//! the camera gives four. A rim outside the picture, or covered by a hand, is not seen.

use opencv::core::{self, CV_32F, Mat, Size};
use opencv::imgproc;
use opencv::prelude::*;

use crate::geometry::GeometryError;

/// 0 without a closed rectangle around the face to 1 with a plain one.
pub(super) fn cue(grey: &Mat, [left, top, width, height]: [f32; 4]) -> Result<f32, GeometryError> {
    let (width, height) = (width.max(1.0), height.max(1.0));
    let scale = (FACE_WIDTH / width).min(ENLARGEMENT_MAX);
    let (across, down) = edges(grey, scale).map_err(GeometryError)?;
    let [left, top, width, height] = [left, top, width, height].map(|value| value * scale);
    let rows = (top - 0.1 * height, top + height);
    let columns = (left - 0.3 * width, left + 1.3 * width);
    let sides = [
        across.straightest(rows, (left - 1.2 * width, left - 0.1 * width)),
        across.straightest(rows, (left + 1.1 * width, left + 2.2 * width)),
        down.straightest(columns, (top - 1.2 * height, top - 0.1 * height)),
        down.straightest(columns, (top + 1.15 * height, top + 2.6 * height)),
    ];
    let weakest = sides.into_iter().fold(1.0, f32::min);
    Ok(((weakest - SUPPORT_NATURAL) / (1.0 - SUPPORT_NATURAL)).clamp(0.0, 1.0))
}

/// Edges from left to right of the scaled picture, and those from top to bottom with both axes exchanged.
fn edges(grey: &Mat, scale: f32) -> opencv::Result<(Edges, Edges)> {
    let (mut small, mut smooth) = (Mat::default(), Mat::default());
    let side = |length: i32| ((length as f32 * scale).round() as i32).max(1);
    let size = Size::new(side(grey.cols()), side(grey.rows()));
    let way = match scale < 1.0 {
        true => imgproc::INTER_AREA,
        false => imgproc::INTER_LINEAR,
    };
    imgproc::resize(grey, &mut small, size, 0.0, 0.0, way)?;
    imgproc::gaussian_blur_def(&small, &mut smooth, Size::new(3, 3), 0.0)?;
    let (mut across, mut down, mut exchanged) = (Mat::default(), Mat::default(), Mat::default());
    imgproc::sobel_def(&smooth, &mut across, CV_32F, 1, 0)?;
    imgproc::sobel_def(&smooth, &mut down, CV_32F, 0, 1)?;
    core::transpose(&down, &mut exchanged)?;
    Ok((Edges::of(&across)?, Edges::of(&exchanged)?))
}

/// The sign of every clear edge.
struct Edges {
    width: usize,
    height: usize,
    signs: Vec<i8>,
}

impl Edges {
    fn of(gradient: &Mat) -> opencv::Result<Self> {
        let sign = |value: &f32| i8::from(*value > EDGE_MIN) - i8::from(*value < -EDGE_MIN);
        Ok(Self {
            width: gradient.cols() as usize,
            height: gradient.rows() as usize,
            signs: gradient.data_typed::<f32>()?.iter().map(sign).collect(),
        })
    }

    /// Of all nearly vertical lines through the rows that start between the columns: the largest share
    /// of one that lies on edges of one sign. 0 where the picture holds too little of the rows.
    fn straightest(&self, rows: (f32, f32), columns: (f32, f32)) -> f32 {
        let (first, last) = (
            rows.0.max(0.0) as usize,
            (rows.1.max(0.0) as usize).min(self.height),
        );
        let count = last.saturating_sub(first);
        if (count as f32) < ((rows.1 - rows.0) * ROWS_SHARE_MIN).max(ROWS_MIN) {
            return 0.0;
        }
        let from = columns.0.max(MARGIN as f32) as usize;
        let to = (columns.1.max(0.0) as usize).min(self.width.saturating_sub(MARGIN));
        let mut most = 0;
        for tilt in -TILTS..=TILTS {
            let slope = tilt as f32 * TILT_STEP;
            let shifts: Vec<i32> = (0..count)
                .map(|row| (slope * (row as f32 - count as f32 / 2.0)).round() as i32)
                .collect();
            for start in (from..to).step_by(LINE_STEP) {
                most = most.max(self.support(start, first, &shifts));
            }
        }
        most as f32 / count as f32
    }

    /// Pixels of the line on edges of its prevailing sign; 0 for a line that leaves the picture.
    fn support(&self, start: usize, first: usize, shifts: &[i32]) -> usize {
        let inside = |shift: &i32| {
            let column = start as i32 + shift;
            (MARGIN as i32..(self.width - MARGIN) as i32).contains(&column)
        };
        if !shifts.first().is_some_and(inside) || !shifts.last().is_some_and(inside) {
            return 0;
        }
        let (mut rising, mut falling) = (0, 0);
        for (row, shift) in shifts.iter().enumerate() {
            let column = (start as i32 + shift) as usize;
            match self.signs[(first + row) * self.width + column] {
                1 => rising += 1,
                -1 => falling += 1,
                _ => {}
            }
        }
        rising.max(falling)
    }
}

/// The picture is scaled so that the face is so wide, pixels.
const FACE_WIDTH: f32 = 96.0;
/// Enlarging further only smears edges.
const ENLARGEMENT_MAX: f32 = 2.5;
/// Sobel's answer to a step of 4 grey levels a pixel.
const EDGE_MIN: f32 = 32.0;
/// Columns from line to line: after smoothing, an edge is wider.
const LINE_STEP: usize = 2;
/// Tangent of 1.5 degrees.
const TILT_STEP: f32 = 0.0262;
/// Steps to each side: held pictures tilt by up to 9 degrees.
const TILTS: i32 = 6;
/// Columns at the rim of the picture, where the filters invent edges.
const MARGIN: usize = 2;
/// Share of the rows beside the face that the picture must hold.
const ROWS_SHARE_MIN: f32 = 0.7;
/// Fewer rows make a straight line of anything.
const ROWS_MIN: f32 = 20.0;
/// One in a hundred press photographs has four sides of more than this around a face.
const SUPPORT_NATURAL: f32 = 0.7;

#[cfg(test)]
mod tests {
    use egate_synthetic_faces::{Attack, Identity, Scene, render_live};
    use egate_types::BgrFrame;

    use super::*;
    use crate::geometry::grey;

    fn drawn(seed: u64, attack: Attack) -> f32 {
        let scene = Scene {
            face_height_px: 180.0,
            ..Scene::everyday(seed)
        }
        .with_attack(attack);
        let live = render_live(&Identity::from_seed(seed), &scene);
        let [left, right, _, mouth_left, _] = live.truth.landmarks;
        let eyes = right[0] - left[0];
        let box_height = (mouth_left[1] - left[1]) * 2.6;
        let bbox = [
            left[0] - 0.6 * eyes,
            left[1] - 0.45 * box_height,
            2.2 * eyes,
            box_height,
        ];
        cue(&grey(&live.frame).unwrap(), bbox).unwrap()
    }

    #[test]
    fn a_drawn_sheet_or_tablet_is_seen_and_a_person_before_a_wall_is_not() {
        let mean = |attack| (0..20).map(|seed| drawn(seed, attack)).sum::<f32>() / 20.0;
        let (live, print, replay) = (
            mean(Attack::None),
            mean(Attack::Print),
            mean(Attack::Replay),
        );
        assert!(live < 0.1, "{live}");
        assert!(
            print > live + 0.3 && replay > live + 0.3,
            "{live} {print} {replay}"
        );
    }

    #[test]
    fn three_sides_are_a_door_frame_four_are_a_picture() {
        let rectangle = |closed: bool| {
            let (width, height) = (400usize, 400usize);
            let mut pixels = vec![90; width * height * 3];
            for y in 60..if closed { 340 } else { height } {
                pixels[(y * width + 100) * 3..(y * width + 300) * 3].fill(180);
            }
            let frame = BgrFrame::new(400, 400, pixels).unwrap();
            cue(&grey(&frame).unwrap(), [150.0, 120.0, 100.0, 130.0]).unwrap()
        };
        assert_eq!(rectangle(false), 0.0);
        assert!(rectangle(true) > 0.9);
    }

    #[test]
    fn a_box_out_of_the_picture_or_of_no_size_says_nothing() {
        let frame = BgrFrame::new(3, 2, vec![99; 18]).unwrap();
        for bbox in [[0.0; 4], [-90.0, -90.0, 5.0, 5.0], [1e6, 1e6, 1.0, 1e6]] {
            assert_eq!(cue(&grey(&frame).unwrap(), bbox).unwrap(), 0.0);
        }
    }
}
