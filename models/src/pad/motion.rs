//! What the frames of an attempt show together: a picture moves as one piece, a person moves before a background that stays.
//!
//! The gate's camera does not move. Blocks beside and above the face, far enough out to be neither hair nor ears, either stay
//! where they were while the face moves, or go with it. A still screen that plays a video moves its surroundings
//! only if the video does, so this finds what is held in a hand. It says nothing while the face hardly moves.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use egate_types::BgrFrame;
use opencv::core::{Mat, Size};
use opencv::imgproc;
use opencv::prelude::*;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::PadSequence;
use crate::detect::Face;
use crate::geometry::GeometryError;

/// A frame as small and grey as motion needs it; wiped when dropped, never printed.
#[derive(Clone, PartialEq, Zeroize, ZeroizeOnDrop)]
pub(super) struct Moment {
    width: usize,
    height: usize,
    grey: Vec<u8>,
    bbox: [f32; 4],
    /// Mean of the landmarks.
    centre: [f32; 2],
    /// Of the pixels of the frame, to notice one that comes twice.
    fingerprint: u64,
}

impl Moment {
    pub(super) fn of(frame: &BgrFrame, grey: &Mat, face: &Face) -> Result<Self, GeometryError> {
        let scale = (SIDE_PX / frame.width().max(frame.height()) as f32).min(1.0);
        let side = |length: u32| ((length as f32 * scale).round() as i32).max(1);
        let size = Size::new(side(frame.width()), side(frame.height()));
        let mut small = Mat::default();
        let grey = imgproc::resize(grey, &mut small, size, 0.0, 0.0, imgproc::INTER_AREA)
            .and_then(|()| Ok(small.data_bytes()?.to_vec()))
            .map_err(GeometryError)?;
        let mut hasher = DefaultHasher::new();
        let rows = frame.pixels().chunks_exact(frame.width() as usize * 3);
        rows.step_by(FINGERPRINT_ROWS)
            .for_each(|row| row.hash(&mut hasher));
        let mean = |axis: usize| face.landmarks.iter().map(|point| point[axis]).sum::<f32>() / 5.0;
        Ok(Self {
            width: size.width as usize,
            height: size.height as usize,
            grey,
            bbox: face.bbox.map(|value| value * scale),
            centre: [mean(0) * scale, mean(1) * scale],
            fingerprint: hasher.finish(),
        })
    }

    /// Mean difference of the grey levels of a block here and, displaced, in another moment; `None` outside.
    fn difference(&self, other: &Self, at: [i32; 2], by: [i32; 2]) -> Option<f32> {
        let (width, height) = (self.width as i32, self.height as i32);
        let to = [at[0] + by[0], at[1] + by[1]];
        let inside =
            |[x, y]: [i32; 2]| x >= 0 && y >= 0 && x + BLOCK_PX <= width && y + BLOCK_PX <= height;
        if !inside(at) || !inside(to) {
            return None;
        }
        let row = |grey: &Self, [x, y]: [i32; 2], line: i32| {
            let start = ((y + line) * width + x) as usize;
            grey.grey[start..start + BLOCK_PX as usize].to_vec()
        };
        let mut sum = 0;
        for line in 0..BLOCK_PX {
            let pairs = row(self, at, line).into_iter().zip(row(other, to, line));
            sum += pairs.map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>();
        }
        Some(sum as f32 / (BLOCK_PX * BLOCK_PX) as f32)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moment({} x {})", self.width, self.height)
    }
}

/// The evidence of consecutive moments.
pub(super) fn sequence(moments: &[&Moment]) -> PadSequence {
    let (mut along, mut stayed, mut frozen) = (0, 0, false);
    for (index, moment) in moments.iter().enumerate() {
        let earlier = &moments[..index];
        frozen |= earlier
            .iter()
            .any(|other| other.fingerprint == moment.fingerprint);
        for other in earlier {
            let (moving, still) = surroundings(other, moment);
            along += moving;
            stayed += still;
        }
    }
    PadSequence {
        flat: (along + stayed >= BLOCKS_MIN).then(|| along as f32 / (along + stayed) as f32),
        frozen,
    }
}

/// Blocks around the face that went with it, and those that stayed where they were.
fn surroundings(from: &Moment, to: &Moment) -> (u32, u32) {
    let by = [to.centre[0] - from.centre[0], to.centre[1] - from.centre[1]];
    if from.grey.len() != to.grey.len() || by[0].hypot(by[1]) < MOVED_PX_MIN {
        return (0, 0);
    }
    let [left, top, width, height] = from.bbox;
    let (mut along, mut stayed) = (0, 0);
    let step = BLOCK_PX as usize;
    for y in ((top - height * REACH) as i32..(top + height) as i32).step_by(step) {
        for x in
            ((left - width * REACH) as i32..(left + width * (1.0 + REACH)) as i32).step_by(step)
        {
            let beside = x as f32 > left + width * (1.0 + GAP)
                || ((x + BLOCK_PX) as f32) < left - width * GAP;
            let above = ((y + BLOCK_PX) as f32) < top - height * GAP;
            if !beside && !above {
                continue;
            }
            match follows(from, to, [x, y], by) {
                Some(true) => along += 1,
                Some(false) => stayed += 1,
                None => {}
            }
        }
    }
    (along, stayed)
}

/// Whether the block went with the face rather than stayed; `None` if it is too plain to tell.
fn follows(from: &Moment, to: &Moment, at: [i32; 2], by: [f32; 2]) -> Option<bool> {
    let best = |around: [f32; 2]| {
        let mut least = f32::INFINITY;
        for x in -1..=1 {
            for y in -1..=1 {
                let by = [around[0].round() as i32 + x, around[1].round() as i32 + y];
                least = least.min(from.difference(to, at, by)?);
            }
        }
        Some(least)
    };
    let (went, stayed) = (best(by)?, best([0.0, 0.0])?);
    let (better, worse) = (went.min(stayed), went.max(stayed));
    (worse > DIFFERENCE_MIN && better < worse * CLEAR_SHARE).then_some(went < stayed)
}

/// Longest side of a moment, pixels: a face at the gate is then some 50 wide.
const SIDE_PX: f32 = 240.0;
/// One in so many rows enters the fingerprint: the noise of any of them tells two frames apart.
const FINGERPRINT_ROWS: usize = 4;
/// Side of a block, pixels.
const BLOCK_PX: i32 = 8;
/// The face must have moved so far, pixels: more than the detector's error, and beyond the search around each place.
const MOVED_PX_MIN: f32 = 3.5;
/// Nearer to the box of the face, in its size, hair and ears move with the head.
const GAP: f32 = 0.35;
/// Farther out is another part of the scene.
const REACH: f32 = 1.0;
/// Mean grey levels by which the wrong displacement must be off: a plain wall says nothing.
const DIFFERENCE_MIN: f32 = 6.0;
/// The right displacement leaves less than this share of it.
const CLEAR_SHARE: f32 = 0.5;
/// So few blocks may agree by chance.
const BLOCKS_MIN: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::grey;

    const WIDTH: usize = 480;
    const HEIGHT: usize = 360;

    fn speckle(x: i32, y: i32, salt: u32) -> u8 {
        // Patches of 12 pixels, so that scaling down leaves them.
        let cell = (x.div_euclid(12) as u32).wrapping_mul(73_856_093)
            ^ (y.div_euclid(12) as u32).wrapping_mul(19_349_663)
            ^ salt.wrapping_mul(83_492_791);
        (cell.wrapping_mul(2_654_435_761) >> 24) as u8
    }

    /// A speckled face, displaced, before speckled surroundings that stay or go with it.
    fn moment(by: [i32; 2], flat: bool, noise: u8) -> Moment {
        let face = [190 + by[0], 130 + by[1], 100, 120];
        let mut pixels = Vec::with_capacity(WIDTH * HEIGHT * 3);
        for y in 0..HEIGHT as i32 {
            for x in 0..WIDTH as i32 {
                let on_face = (face[0]..face[0] + face[2]).contains(&x)
                    && (face[1]..face[1] + face[3]).contains(&y);
                let value = match (on_face, flat) {
                    (true, _) => speckle(x - by[0], y - by[1], 1),
                    (false, true) => speckle(x - by[0], y - by[1], 2),
                    (false, false) => speckle(x, y, 2),
                };
                pixels.extend([value.saturating_add(noise); 3]);
            }
        }
        let bbox = face.map(|value| value as f32);
        let landmarks = [[bbox[0] + 50.0, bbox[1] + 60.0]; 5];
        let frame = BgrFrame::new(WIDTH as u32, HEIGHT as u32, pixels).unwrap();
        let face = Face {
            bbox,
            landmarks,
            score: 1.0,
        };
        Moment::of(&frame, &grey(&frame).unwrap(), &face).unwrap()
    }

    fn judged(moments: &[Moment]) -> PadSequence {
        sequence(&moments.iter().collect::<Vec<_>>())
    }

    #[test]
    fn surroundings_that_go_with_the_face_are_flat_and_those_that_stay_are_not() {
        for by in [[14, 0], [-11, 6], [0, -16]] {
            let flat = judged(&[moment([0, 0], true, 0), moment(by, true, 1)]);
            let live = judged(&[moment([0, 0], false, 0), moment(by, false, 1)]);
            assert!(flat.flat.unwrap() > 0.9, "{by:?} {flat:?}");
            assert!(live.flat.unwrap() < 0.1, "{by:?} {live:?}");
        }
    }

    #[test]
    fn a_face_at_rest_says_nothing() {
        let moments = [moment([0, 0], true, 0), moment([2, 1], true, 1)];
        assert_eq!(judged(&moments), PadSequence::NONE);
        assert_eq!(judged(&moments[..1]), PadSequence::NONE);
        assert_eq!(judged(&[]), PadSequence::NONE);
    }

    #[test]
    fn a_frame_that_comes_twice_is_noticed() {
        let moments = [
            moment([0, 0], false, 0),
            moment([0, 0], false, 1),
            moment([0, 0], false, 0),
        ];
        assert!(judged(&moments).frozen);
        assert!(!judged(&moments[..2]).frozen);
    }
}
