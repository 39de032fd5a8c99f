//! Measurements on the aligned face, where the landmarks lie at known places.

use crate::geometry::Picture;
use crate::manifest::{Alignment, AlignmentPoints};

/// An aligned face; lengths are in eye distances.
pub(super) struct FacePicture<'a> {
    picture: &'a Picture,
    eyes: [[f32; 2]; 2],
    mouth: [f32; 2],
    unit: f32,
}

impl<'a> FacePicture<'a> {
    pub(super) fn new(picture: &'a Picture, alignment: &Alignment) -> Self {
        let (eyes, mouth) = match alignment.points {
            AlignmentPoints::Five([left, right, _, mouth_left, mouth_right]) => (
                [left, right],
                [0, 1].map(|axis| f32::midpoint(mouth_left[axis], mouth_right[axis])),
            ),
            AlignmentPoints::EyesAndMouth([left, right, mouth]) => ([left, right], mouth),
        };
        let unit = (eyes[1][0] - eyes[0][0]).hypot(eyes[1][1] - eyes[0][1]);
        Self {
            picture,
            eyes,
            mouth,
            unit: unit.max(1.0),
        }
    }

    /// Shares of the face below 25 and above 247 grey levels, as OFIQ draws the limits.
    pub(super) fn exposure(&self) -> (f32, f32) {
        let (mut all, mut dark, mut bright) = (0, 0, 0);
        self.each_of_face(|grey, _| {
            all += 1;
            dark += usize::from(grey < 25.0);
            bright += usize::from(grey > 247.0);
        });
        let share = |count: usize| count as f32 / all.max(1) as f32;
        (share(dark), share(bright))
    }

    /// Mean grey of the darker half of the face over the lighter one's.
    pub(super) fn evenness(&self) -> f32 {
        let (mut left, mut right) = (Mean::default(), Mean::default());
        self.each_of_face(|grey, side| {
            if side < 0.0 {
                left.add(grey);
            } else {
                right.add(grey);
            }
        });
        let (left, right) = (left.mean(), right.mean());
        left.min(right) / left.max(right).max(1.0)
    }

    /// Height of the dark spot in the eye that is open less.
    pub(super) fn eye_height(&self) -> f32 {
        let dark = DARK_OF_SKIN * self.skin();
        let heights = self.eyes.map(|eye| self.dark_run(eye, [0.10, 0.17], dark));
        heights[0].min(heights[1])
    }

    /// Height of the dark gap between the lips.
    pub(super) fn mouth_gap(&self) -> f32 {
        self.dark_run(self.mouth, [0.15, 0.35], MOUTH_DARK_OF_SKIN * self.skin())
    }

    /// How far the colour of the lower face is from the cheeks', or, in the same measure, how much darker the eye region is
    /// than glasses without tint allow.
    pub(super) fn occlusion(&self) -> f32 {
        let [x, y] = self.mouth;
        let sides = [-0.45, 0.45].map(|side| [x + side * self.unit, y + 0.05 * self.unit]);
        let chin = [x, y + 0.45 * self.unit];
        let mut lower = Colour::default();
        for spot in [sides[0], sides[1], chin] {
            self.each_near(spot, [0.10, 0.08], |pixel| lower.add(pixel));
        }
        let mut cheeks = Colour::default();
        for spot in self.cheeks() {
            self.each_near(spot, [0.12, 0.08], |pixel| cheeks.add(pixel));
        }
        let colour = cheeks.distance(&lower);
        let mut around_eyes = Mean::default();
        for eye in self.eyes {
            self.each_near(eye, [0.26, 0.20], |pixel| around_eyes.add(grey(pixel)));
        }
        // Tinted glasses halve the grey of the whole region; a dark iris covers a tenth of it.
        let tint = (TINT_OF_SKIN - around_eyes.mean() / self.skin().max(1.0)).max(0.0) * 100.0;
        colour.max(tint)
    }

    /// Mean grey of the cheeks.
    fn skin(&self) -> f32 {
        let mut mean = Mean::default();
        for spot in self.cheeks() {
            self.each_near(spot, [0.12, 0.08], |pixel| mean.add(grey(pixel)));
        }
        mean.mean()
    }

    /// Below the eyes, beside the nose.
    fn cheeks(&self) -> [[f32; 2]; 2] {
        let y = self.eyes[0][1] + 0.55 * self.unit;
        [-0.05, 0.05].map(|out| {
            let eye = self.eyes[usize::from(out > 0.0)];
            [eye[0] + out * self.unit, y]
        })
    }

    /// The longest unbroken run of dark pixels in any column near `centre`.
    fn dark_run(&self, [x, y]: [f32; 2], [half_width, half_height]: [f32; 2], dark: f32) -> f32 {
        let mut longest = 0;
        for column in self.range(x, half_width) {
            let mut run = 0;
            for row in self.range(y, half_height) {
                let is_dark = self.pixel(column, row).is_some_and(|p| grey(p) < dark);
                run = if is_dark { run + 1 } else { 0 };
                longest = longest.max(run);
            }
        }
        longest as f32 / self.unit
    }

    /// Grey and side (negative is left) of the pixels of the face: an ellipse around eyes and mouth.
    fn each_of_face(&self, mut use_pixel: impl FnMut(f32, f32)) {
        let x = f32::midpoint(self.eyes[0][0], self.eyes[1][0]);
        let y = f32::midpoint(self.eyes[0][1], self.mouth[1]);
        for row in self.range(y, 1.15) {
            for column in self.range(x, 0.9) {
                let dx = (column as f32 - x) / (0.9 * self.unit);
                let dy = (row as f32 - y) / (1.15 * self.unit);
                if dx * dx + dy * dy <= 1.0
                    && let Some(pixel) = self.pixel(column, row)
                {
                    use_pixel(grey(pixel), dx);
                }
            }
        }
    }

    fn each_near(
        &self,
        [x, y]: [f32; 2],
        [half_width, half_height]: [f32; 2],
        mut use_pixel: impl FnMut([f32; 3]),
    ) {
        for row in self.range(y, half_height) {
            for column in self.range(x, half_width) {
                if let Some(pixel) = self.pixel(column, row) {
                    use_pixel(pixel);
                }
            }
        }
    }

    fn range(&self, centre: f32, half: f32) -> std::ops::RangeInclusive<i32> {
        let reach = half * self.unit;
        (centre - reach).round() as i32..=(centre + reach).round() as i32
    }

    fn pixel(&self, column: i32, row: i32) -> Option<[f32; 3]> {
        let (width, height) = (self.picture.width as i32, self.picture.height as i32);
        if !(0..width).contains(&column) || !(0..height).contains(&row) {
            return None;
        }
        let at = (row * width + column) as usize * 3;
        let [b, g, r] = self.picture.bgr.get(at..at + 3)? else {
            return None;
        };
        Some([b, g, r].map(|byte| f32::from(*byte)))
    }
}

/// Luma (ITU-R BT.601).
fn grey([b, g, r]: [f32; 3]) -> f32 {
    0.114 * b + 0.587 * g + 0.299 * r
}

#[derive(Default)]
struct Mean {
    sum: f32,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f32) {
        self.sum += value;
        self.count += 1;
    }

    fn mean(&self) -> f32 {
        self.sum / self.count.max(1) as f32
    }
}

/// Mean colour difference signals; they hardly change with brightness.
#[derive(Default)]
struct Colour {
    blue: Mean,
    red: Mean,
}

impl Colour {
    fn add(&mut self, pixel: [f32; 3]) {
        let luma = grey(pixel);
        self.blue.add(0.564 * (pixel[0] - luma));
        self.red.add(0.713 * (pixel[2] - luma));
    }

    fn distance(&self, other: &Self) -> f32 {
        let blue = self.blue.mean() - other.blue.mean();
        blue.hypot(self.red.mean() - other.red.mean())
    }
}

/// An iris, or the gap under lashes, is darker than this share of the skin's grey.
const DARK_OF_SKIN: f32 = 0.62;
/// Lips reach 0.6 of the skin's grey; the mouth's inside is darker.
const MOUTH_DARK_OF_SKIN: f32 = 0.45;
/// With open, untinted eyes the region has more than this share of the skin's grey.
const TINT_OF_SKIN: f32 = 0.60;
