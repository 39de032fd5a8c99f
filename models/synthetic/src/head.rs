//! Draws one head: flat features on an ellipsoid, turned and projected, so that a turned head shows parallax.

use std::f32::consts::{PI, TAU};

use crate::canvas::Canvas;
use crate::identity::{Beard, Dice, Glasses, HairStyle, Identity, Rgb, mix};
use crate::render::GroundTruth;

/// Where and how the head is seen.
pub(crate) struct Pose {
    pub(crate) centre: (f32, f32),
    /// Half the chin-to-crown height, pixels.
    pub(crate) scale: f32,
    pub(crate) yaw: f32,
    pub(crate) pitch: f32,
    pub(crate) roll: f32,
    pub(crate) smile: f32,
    pub(crate) shirt: Rgb,
}

/// Draws the person onto the canvas, shoulders included, and says where the face is.
pub(crate) fn draw(canvas: &mut Canvas, person: &Identity, pose: &Pose) -> GroundTruth {
    let view = View { person, pose };
    back_hair(canvas, &view);
    shoulders(canvas, &view);
    ears(canvas, &view);
    face(canvas, &view);
    wrinkles(canvas, &view);
    beard(canvas, &view);
    mouth(canvas, &view);
    nose(canvas, &view);
    eye(canvas, &view, -1.0);
    eye(canvas, &view, 1.0);
    brow(canvas, &view, -1.0);
    brow(canvas, &view, 1.0);
    blemishes(canvas, &view);
    front_hair(canvas, &view);
    glasses(canvas, &view);
    view.truth()
}

struct View<'a> {
    person: &'a Identity,
    pose: &'a Pose,
}

type Line = Vec<(f32, f32)>;

impl View<'_> {
    /// From face coordinates (right, down, towards the camera) to pixels.
    fn project(&self, x: f32, y: f32, z: f32) -> (f32, f32) {
        let Pose {
            centre,
            scale,
            yaw,
            pitch,
            roll,
            ..
        } = *self.pose;
        let turned_x = x * yaw.cos() + z * yaw.sin();
        let turned_z = z * yaw.cos() - x * yaw.sin();
        let turned_y = y * pitch.cos() + turned_z * pitch.sin();
        let rolled_x = turned_x * roll.cos() - turned_y * roll.sin();
        let rolled_y = turned_x * roll.sin() + turned_y * roll.cos();
        (centre.0 + rolled_x * scale, centre.1 + rolled_y * scale)
    }

    /// A point on the skin, `lift` above it.
    fn skin(&self, x: f32, y: f32, lift: f32) -> (f32, f32) {
        let width = self.person.face_width;
        let depth = (1.0 - (x / width).powi(2) * 0.95 - y * y * 0.45)
            .max(0.0)
            .sqrt();
        self.project(x, y, depth * 0.62 + lift)
    }

    fn skin_line(&self, points: impl IntoIterator<Item = (f32, f32)>) -> Line {
        points
            .into_iter()
            .map(|(x, y)| self.skin(x, y, 0.0))
            .collect()
    }

    fn flat_line(&self, points: impl IntoIterator<Item = (f32, f32)>, z: f32) -> Line {
        points
            .into_iter()
            .map(|(x, y)| self.project(x, y, z))
            .collect()
    }

    /// Half width of the face at this height.
    fn half_width(&self, y: f32) -> f32 {
        let p = self.person;
        if y < 0.0 {
            return p.face_width * (1.0 - y.abs().powf(2.4)).max(0.0).powf(1.0 / 2.4);
        }
        let down = (y / (1.0 + p.chin)).min(1.0);
        let round = (1.0 - down.powf(p.jaw_exponent))
            .max(0.0)
            .powf(1.0 / p.jaw_exponent);
        let taper = 1.0 - p.jaw_taper * down * down + p.cheek * (down * PI).sin();
        p.face_width * round * taper
    }

    fn face_line(&self, grow: f32) -> impl Iterator<Item = (f32, f32)> {
        let bottom = 1.0 + self.person.chin;
        let heights: Vec<f32> = (0..=40)
            .map(|i| {
                let t = i as f32 / 40.0;
                let y = -(t * PI).cos();
                if y > 0.0 { y * bottom } else { y }
            })
            .collect();
        let right: Vec<_> = heights
            .iter()
            .map(|y| ((self.half_width(*y) + grow), *y * (1.0 + grow)))
            .collect();
        let left: Vec<_> = right.iter().rev().map(|(x, y)| (-x, *y)).collect();
        right.into_iter().chain(left)
    }

    fn stroke(&self, width: f32) -> f32 {
        width * self.pose.scale
    }

    /// Skin darkened (or lightened, below 0) by a share.
    fn tone(&self, share: f32) -> Rgb {
        if share < 0.0 {
            mix(self.person.skin, Rgb(255, 240, 225), -share)
        } else {
            mix(self.person.skin, Rgb(40, 14, 10), share)
        }
    }

    fn mouth_corner(&self, side: f32) -> (f32, f32) {
        let p = self.person;
        let smile = self.pose.smile;
        (
            side * p.mouth_width * (1.0 + 0.16 * smile),
            p.mouth_y - 0.05 * smile,
        )
    }

    fn truth(&self) -> GroundTruth {
        let p = self.person;
        let outline: Line = self.flat_line(self.face_line(0.0), 0.1);
        let bound = |pick: fn(&(f32, f32)) -> f32, start: f32, fold: fn(f32, f32) -> f32| {
            outline.iter().map(pick).fold(start, fold)
        };
        let (left, right) = (
            bound(|q| q.0, f32::MAX, f32::min),
            bound(|q| q.0, f32::MIN, f32::max),
        );
        let (top, bottom) = (
            bound(|q| q.1, f32::MAX, f32::min),
            bound(|q| q.1, f32::MIN, f32::max),
        );
        let left_mouth = self.mouth_corner(-1.0);
        let right_mouth = self.mouth_corner(1.0);
        let points = [
            self.skin(-p.eye_spacing, p.eye_y, 0.0),
            self.skin(p.eye_spacing, p.eye_y, 0.0),
            self.skin(0.0, p.nose_y, 0.16),
            self.skin(left_mouth.0, left_mouth.1, 0.0),
            self.skin(right_mouth.0, right_mouth.1, 0.0),
        ];
        GroundTruth {
            bbox: [left, top, right - left, bottom - top],
            landmarks: points.map(|(x, y)| [x, y]),
        }
    }
}

fn back_hair(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let volume = p.hair_volume;
    let dark = mix(p.hair, Rgb(0, 0, 0), 0.25);
    match p.hair_style {
        HairStyle::Long | HairStyle::Bob => {
            let bottom = if p.hair_style == HairStyle::Long {
                1.75
            } else {
                0.85
            };
            let side = p.face_width + 0.05 + volume;
            let dome = (0..=20).map(|i| {
                let angle = PI + PI * i as f32 / 20.0;
                (angle.cos() * side, angle.sin() * (0.98 + volume) - 0.05)
            });
            let sides = [
                (side * 1.08, bottom),
                (0.4, bottom + 0.1),
                (-0.4, bottom + 0.1),
            ];
            let all = dome.chain(sides).chain([(-side * 1.08, bottom)]);
            canvas.polygon(&view.flat_line(all, -0.15), dark, 1.0);
        }
        HairStyle::Curly => {
            for i in 0..22 {
                let angle = PI * 0.92 + PI * 1.16 * i as f32 / 21.0;
                let centre = view.project(
                    angle.cos() * (p.face_width + 0.06 + volume * 0.5),
                    angle.sin() * (0.92 + volume) + 0.05,
                    -0.1,
                );
                canvas.disc(centre, view.stroke(0.15 + volume * 0.6), dark, 1.0);
            }
        }
        HairStyle::Bun => {
            let centre = view.project(0.0, -1.1 - volume, -0.3);
            canvas.disc(centre, view.stroke(0.22 + volume * 0.5), dark, 1.0);
        }
        HairStyle::Bald
        | HairStyle::Cropped
        | HairStyle::Short
        | HairStyle::Quiff
        | HairStyle::Fringe => {}
    }
}

fn shoulders(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let neck = p.face_width * 0.62;
    let shade = view.tone(0.28);
    let neck_line = [
        (-neck, 0.5),
        (neck, 0.5),
        (neck * 1.15, 1.6),
        (-neck * 1.15, 1.6),
    ];
    canvas.polygon(&view.flat_line(neck_line, -0.2), shade, 1.0);
    let shirt = view.pose.shirt;
    let body = [
        (-neck * 1.05, 1.32),
        (-0.2, 1.58),
        (0.2, 1.58),
        (neck * 1.05, 1.32),
        (1.35, 1.62),
        (1.75, 2.1),
        (1.9, 5.0),
        (-1.9, 5.0),
        (-1.75, 2.1),
        (-1.35, 1.62),
    ];
    canvas.polygon(&view.flat_line(body, -0.2), shirt, 1.0);
    let collar = mix(shirt, Rgb(0, 0, 0), 0.35);
    let collar_line = [
        (-neck * 1.05, 1.32),
        (-0.2, 1.58),
        (0.2, 1.58),
        (neck * 1.05, 1.32),
    ];
    canvas.line(
        &view.flat_line(collar_line, -0.2),
        view.stroke(0.05),
        collar,
        1.0,
    );
}

fn ears(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    for side in [-1.0, 1.0] {
        let ring = |shrink: f32| {
            (0..16).map(move |i| {
                let angle = TAU * i as f32 / 16.0;
                (
                    side * (p.face_width + 0.01 + angle.cos() * p.ear * shrink),
                    0.12 + angle.sin() * (0.12 + p.ear) * shrink,
                )
            })
        };
        canvas.polygon(&view.flat_line(ring(1.0), -0.05), view.tone(0.12), 1.0);
        canvas.polygon(&view.flat_line(ring(0.55), -0.05), view.tone(0.3), 0.7);
    }
}

fn face(canvas: &mut Canvas, view: &View<'_>) {
    let outline = view.flat_line(view.face_line(0.0), 0.1);
    let centre = view.skin(0.0, 0.05, 0.0);
    let radius = view.stroke(1.12);
    canvas.shaded_polygon(&outline, centre, radius, view.tone(-0.06), view.tone(0.30));
    for side in [-1.0, 1.0] {
        let blush = mix(view.person.skin, Rgb(205, 70, 60), 0.5);
        for (radius, alpha) in [(0.20, 0.07), (0.15, 0.07), (0.09, 0.07)] {
            let x = side * view.person.face_width * 0.55;
            canvas.disc(view.skin(x, 0.36, 0.0), view.stroke(radius), blush, alpha);
        }
    }
}

fn wrinkles(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let strength = p.age_lines.min(1.0) * 0.55;
    if strength <= 0.02 {
        return;
    }
    let shade = view.tone(0.45);
    for side in [-1.0, 1.0] {
        let x = p.nose_width;
        let fold = [
            (side * x * 1.1, p.nose_y + 0.02),
            (side * (x * 1.1 + 0.08), (p.nose_y + p.mouth_y) / 2.0),
            (side * (p.mouth_width + 0.05), p.mouth_y + 0.02),
        ];
        canvas.line(&view.skin_line(fold), view.stroke(0.016), shade, strength);
        let bag = [
            (
                side * (p.eye_spacing - p.eye_width * 0.8),
                p.eye_y + p.eye_open + 0.05,
            ),
            (side * p.eye_spacing, p.eye_y + p.eye_open + 0.09),
            (
                side * (p.eye_spacing + p.eye_width * 0.8),
                p.eye_y + p.eye_open + 0.05,
            ),
        ];
        canvas.line(&view.skin_line(bag), view.stroke(0.014), shade, strength);
    }
    for i in 0..3 {
        let y = p.eye_y - p.brow_lift - 0.12 - i as f32 * 0.08;
        let line = (0..7).map(|k| {
            let x = -0.3 + 0.1 * k as f32;
            (x, y - 0.02 * (x * 8.0).cos())
        });
        canvas.line(
            &view.skin_line(line),
            view.stroke(0.012),
            shade,
            strength * 0.8,
        );
    }
}

fn beard(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let (alpha, top) = match p.beard {
        Beard::None => return,
        Beard::Stubble => (0.28, 0.42),
        Beard::Full => (0.95, 0.38),
        Beard::Moustache => (0.0, 1.0),
        Beard::Goatee => (0.0, 1.0),
    };
    let below = p.mouth_y + 0.10 + p.lip_lower;
    if alpha > 0.0 {
        let bottom = 1.0 + p.chin;
        let heights: Vec<f32> = (0..=14)
            .map(|i| top + (bottom - top) * i as f32 / 14.0)
            .collect();
        let outer = heights.iter().map(|y| (view.half_width(*y) * 0.99, *y));
        let outer_left = heights
            .iter()
            .rev()
            .map(|y| (-view.half_width(*y) * 0.99, *y));
        let inner = [
            (-p.face_width * 0.62, p.mouth_y - 0.12),
            (-p.mouth_width - 0.06, p.nose_y + 0.15),
            (0.0, p.nose_y + 0.10),
            (p.mouth_width + 0.06, p.nose_y + 0.15),
            (p.face_width * 0.62, p.mouth_y - 0.12),
        ];
        let line = view.flat_line(outer.chain(outer_left), 0.12);
        let line: Line = line.into_iter().chain(view.skin_line(inner)).collect();
        canvas.polygon(&line, p.hair, alpha);
    }
    if p.beard == Beard::Moustache || p.beard == Beard::Goatee {
        let y = (p.nose_y + p.mouth_y) / 2.0 + 0.035;
        let whiskers = [
            (-p.mouth_width * 1.1, y + 0.07),
            (-p.mouth_width * 0.6, y - 0.02),
            (0.0, y - 0.015),
            (p.mouth_width * 0.6, y - 0.02),
            (p.mouth_width * 1.1, y + 0.07),
        ];
        canvas.line(&view.skin_line(whiskers), view.stroke(0.085), p.hair, 0.95);
    }
    if p.beard == Beard::Goatee {
        let tuft = [
            (-p.mouth_width * 0.8, below - 0.02),
            (p.mouth_width * 0.8, below - 0.02),
            (p.mouth_width * 0.55, 0.97),
            (0.0, 1.03),
            (-p.mouth_width * 0.55, 0.97),
        ];
        canvas.polygon(&view.skin_line(tuft), p.hair, 0.95);
    }
}

fn mouth(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let smile = view.pose.smile;
    let (left, right) = (view.mouth_corner(-1.0), view.mouth_corner(1.0));
    let width = right.0;
    let middle = p.mouth_y + 0.02 * smile;
    let curve = |t: f32, height: f32| {
        let x = -width + 2.0 * width * t;
        let bend = 4.0 * t * (1.0 - t);
        (x, left.1 + (middle - left.1) * bend + height * bend)
    };
    let steps = || (0..=12).map(|i| i as f32 / 12.0);
    let upper = steps().map(|t| {
        let bow = 1.0 - 0.35 * (1.0 - ((t - 0.5) * 5.0).abs()).max(0.0);
        curve(t, -p.lip_upper * 1.6 * bow)
    });
    let lower = steps().rev().map(|t| curve(t, p.lip_lower * 1.5));
    canvas.polygon(&view.skin_line(upper.chain(lower)), p.lip, 1.0);
    let gap = (smile - 0.35).max(0.0) * 0.07;
    if gap > 0.005 {
        let teeth = steps().map(|t| curve(t, -gap * 0.3));
        let teeth_low = steps().rev().map(|t| curve(t, gap));
        canvas.polygon(
            &view.skin_line(teeth.chain(teeth_low)),
            Rgb(245, 240, 232),
            1.0,
        );
    }
    let seam = mix(p.lip, Rgb(30, 5, 8), 0.6);
    canvas.line(
        &view.skin_line(steps().map(|t| curve(t, 0.0))),
        view.stroke(0.018),
        seam,
        0.9,
    );
    let under = [
        (-0.08, p.mouth_y + p.lip_lower * 1.5 + 0.05),
        (0.08, p.mouth_y + p.lip_lower * 1.5 + 0.05),
    ];
    canvas.line(
        &view.skin_line(under),
        view.stroke(0.02),
        view.tone(0.3),
        0.4,
    );
}

fn nose(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let shade = view.tone(0.34);
    let top = p.eye_y + 0.02;
    let at = |x: f32, y: f32, lift: f32| view.skin(x, y, lift);
    let body = [
        at(-p.nose_bridge, top, 0.02),
        at(p.nose_bridge, top, 0.02),
        at(p.nose_width * 0.75, p.nose_y - 0.02, 0.08),
        at(p.nose_width, p.nose_y + 0.05, 0.04),
        at(0.0, p.nose_y + 0.10, 0.12),
        at(-p.nose_width, p.nose_y + 0.05, 0.04),
        at(-p.nose_width * 0.75, p.nose_y - 0.02, 0.08),
    ];
    canvas.polygon(&body, view.tone(0.10), 0.55);
    let ridge = [at(0.0, top + 0.05, 0.05), at(0.0, p.nose_y - 0.03, 0.16)];
    canvas.line(&ridge, view.stroke(p.nose_bridge), view.tone(-0.25), 0.35);
    canvas.disc(
        at(0.0, p.nose_y, 0.16),
        view.stroke(p.nose_width * 0.45),
        view.tone(-0.15),
        0.5,
    );
    for side in [-1.0, 1.0] {
        let wing = [
            at(side * p.nose_width * 0.8, p.nose_y - 0.05, 0.06),
            at(side * p.nose_width, p.nose_y + 0.03, 0.04),
            at(side * p.nose_width * 0.7, p.nose_y + 0.08, 0.06),
        ];
        canvas.line(&wing, view.stroke(0.022), shade, 0.75);
        let nostril = at(side * p.nose_width * 0.42, p.nose_y + 0.075, 0.10);
        canvas.disc(nostril, view.stroke(0.028), view.tone(0.7), 0.85);
    }
    let base = [
        at(-p.nose_width * 0.5, p.nose_y + 0.09, 0.09),
        at(0.0, p.nose_y + 0.11, 0.12),
        at(p.nose_width * 0.5, p.nose_y + 0.09, 0.09),
    ];
    canvas.line(&base, view.stroke(0.018), shade, 0.7);
}

fn eye(canvas: &mut Canvas, view: &View<'_>, side: f32) {
    let p = view.person;
    let open = p.eye_open * (1.0 - 0.2 * view.pose.smile.max(0.0));
    let lid = |t: f32, lift: f32| {
        let x = -p.eye_width + 2.0 * p.eye_width * t;
        // Tilt mirrors with the side: the outer corner rises.
        (
            side * (p.eye_spacing + x),
            p.eye_y - x * p.eye_tilt - lift * (t * PI).sin(),
        )
    };
    let steps = || (0..=10).map(|i| i as f32 / 10.0);
    let socket = steps()
        .map(|t| lid(t, open * 1.9))
        .chain(steps().rev().map(|t| lid(t, -open * 1.5)));
    canvas.polygon(&view.skin_line(socket), view.tone(0.22), 0.35);
    let white = steps()
        .map(|t| lid(t, open))
        .chain(steps().rev().map(|t| lid(t, -open * 0.8)));
    canvas.polygon(&view.skin_line(white), Rgb(243, 240, 236), 1.0);
    let pupil = view.skin(side * p.eye_spacing, p.eye_y, 0.0);
    let radius = (open * 0.98).min(p.eye_width * 0.5);
    canvas.disc(
        pupil,
        view.stroke(radius),
        mix(p.iris, Rgb(0, 0, 0), 0.3),
        1.0,
    );
    canvas.disc(pupil, view.stroke(radius * 0.82), p.iris, 1.0);
    canvas.disc(pupil, view.stroke(radius * 0.42), Rgb(10, 8, 8), 1.0);
    let glint = (
        pupil.0 - view.stroke(radius * 0.3),
        pupil.1 - view.stroke(radius * 0.35),
    );
    canvas.disc(glint, view.stroke(radius * 0.2), Rgb(255, 255, 255), 0.9);
    let lash = Rgb(24, 16, 14);
    canvas.line(
        &view.skin_line(steps().map(|t| lid(t, open))),
        view.stroke(p.lash),
        lash,
        0.95,
    );
    let lower = view.skin_line(steps().map(|t| lid(t, -open * 0.8)));
    canvas.line(&lower, view.stroke(0.010), view.tone(0.5), 0.7);
    let crease = view.skin_line(steps().map(|t| lid(t, open * 1.55 + 0.01)));
    canvas.line(&crease, view.stroke(0.011), view.tone(0.4), 0.6);
}

fn brow(canvas: &mut Canvas, view: &View<'_>, side: f32) {
    let p = view.person;
    let point = |t: f32, lift: f32| {
        let x = -p.brow_length + 2.0 * p.brow_length * t;
        let arch = p.brow_arch * (t * PI).sin();
        let y = p.eye_y - p.brow_lift - arch - p.brow_tilt * (t - 0.5) * 2.0;
        (side * (p.eye_spacing + x), y - lift)
    };
    let steps = || (0..=10).map(|i| i as f32 / 10.0);
    // Thick at the nose, thin at the temple.
    let thick = |t: f32| p.brow_thickness * (1.0 - 0.65 * t);
    let ring = steps()
        .map(|t| point(t, thick(t)))
        .chain(steps().rev().map(|t| point(t, -thick(t) * 0.5)));
    canvas.polygon(
        &view.skin_line(ring),
        mix(p.hair, Rgb(20, 14, 12), 0.35),
        0.92,
    );
}

fn blemishes(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    for (x, y, radius) in &p.moles {
        canvas.disc(
            view.skin(*x, *y, 0.0),
            view.stroke(*radius),
            view.tone(0.75),
            0.9,
        );
    }
    let mut dice = Dice::new(p.seed, 0xf4);
    for _ in 0..p.freckles {
        let x = dice.range(-0.45, 0.45);
        let y = dice.range(0.12, 0.42);
        canvas.disc(
            view.skin(x, y, 0.0),
            view.stroke(0.011),
            view.tone(0.45),
            0.5,
        );
    }
}

fn front_hair(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let volume = match p.hair_style {
        HairStyle::Bald => return,
        HairStyle::Cropped => 0.02,
        HairStyle::Bun => 0.05,
        HairStyle::Short
        | HairStyle::Quiff
        | HairStyle::Fringe
        | HairStyle::Curly
        | HairStyle::Bob
        | HairStyle::Long => p.hair_volume,
    };
    let side_bottom = match p.hair_style {
        HairStyle::Bob | HairStyle::Long => 0.35,
        HairStyle::Cropped | HairStyle::Bald => -0.25,
        HairStyle::Short
        | HairStyle::Quiff
        | HairStyle::Fringe
        | HairStyle::Curly
        | HairStyle::Bun => -0.05,
    };
    let side = p.face_width + 0.02 + volume * 0.4;
    let dome: Line = (0..=24)
        .map(|i| {
            let angle = PI + PI * i as f32 / 24.0;
            let lift = if p.hair_style == HairStyle::Quiff {
                0.12 * (1.0 + (angle * 2.0 + p.parting).sin())
            } else {
                0.0
            };
            view.project(angle.cos() * side, angle.sin() * (1.0 + volume + lift), 0.0)
        })
        .collect();
    let mut line = vec![view.project(-side, side_bottom, 0.0)];
    line.extend(dome);
    line.push(view.project(side, side_bottom, 0.0));
    line.extend(hair_edge(view, side_bottom));
    canvas.polygon(&line, p.hair, 1.0);
    let strand = mix(p.hair, Rgb(255, 235, 210), 0.25);
    for i in 0..6 {
        let offset = -0.5 + 0.2 * i as f32;
        let arc = (0..6).map(|k| {
            let t = k as f32 / 5.0;
            let x = offset * (0.5 + 0.6 * t) + p.parting * 0.3 * (1.0 - t);
            // Starts just inside the dome.
            let crown = (1.0 - (x / side).powi(2)).max(0.0).sqrt() * (0.96 + volume);
            (x, -crown + t * 0.2)
        });
        canvas.line(&view.flat_line(arc, 0.0), view.stroke(0.014), strand, 0.35);
    }
    if p.hair_style == HairStyle::Curly {
        for i in 0..12 {
            let x = -0.85 + 1.7 * i as f32 / 11.0;
            let y = p.hair_line - 0.05 + 0.35 * x * x;
            let centre = view.skin(x * p.face_width, y, 0.05);
            canvas.disc(centre, view.stroke(0.11), p.hair, 1.0);
            canvas.disc(centre, view.stroke(0.05), strand, 0.25);
        }
    }
}

/// The hair's edge on the forehead, from the image's right to its left.
fn hair_edge(view: &View<'_>, side_bottom: f32) -> Line {
    let p = view.person;
    let inner = p.face_width * 0.93;
    let edge = |x: f32| match p.hair_style {
        HairStyle::Fringe | HairStyle::Bob => {
            p.eye_y - p.brow_lift - 0.08 + 0.03 * (x * 23.0 + p.parting * 9.0).sin()
        }
        HairStyle::Long | HairStyle::Short | HairStyle::Quiff => {
            // A side parting: lowest away from it.
            p.hair_line + 0.28 * (x - p.parting * 0.5).powi(2) / inner.powi(2) - 0.03
        }
        HairStyle::Bald | HairStyle::Cropped | HairStyle::Curly | HairStyle::Bun => {
            p.hair_line + 0.22 * (x / inner).powi(4)
        }
    };
    let mut line = vec![view.project(inner, side_bottom, 0.1)];
    line.extend((0..=16).map(|i| {
        let x = inner * (1.0 - 2.0 * i as f32 / 16.0);
        view.skin(x * 0.98, edge(x), 0.02)
    }));
    line.push(view.project(-inner, side_bottom, 0.1));
    line
}

fn glasses(canvas: &mut Canvas, view: &View<'_>) {
    let p = view.person;
    let (exponent, width, height) = match p.glasses {
        Glasses::None => return,
        Glasses::Round => (1.0, 0.23, 0.21),
        Glasses::Square => (0.45, 0.25, 0.17),
    };
    let stroke = view.stroke(0.03);
    for side in [-1.0, 1.0] {
        let ring: Line = (0..28)
            .map(|i| {
                let angle = TAU * i as f32 / 28.0;
                let bend = |v: f32| v.signum() * v.abs().powf(exponent);
                view.skin(
                    side * p.eye_spacing + bend(angle.cos()) * width,
                    p.eye_y + 0.02 + bend(angle.sin()) * height,
                    0.06,
                )
            })
            .collect();
        canvas.polygon(&ring, Rgb(220, 235, 245), 0.10);
        canvas.outline(&ring, stroke, p.glasses_colour, 1.0);
        let temple = [
            view.skin(side * (p.eye_spacing + width), p.eye_y, 0.06),
            view.project(side * p.face_width, p.eye_y + 0.02, 0.0),
        ];
        canvas.line(&temple, stroke, p.glasses_colour, 1.0);
    }
    let reach = p.eye_spacing - width;
    let bridge = [
        view.skin(-reach, p.eye_y, 0.06),
        view.skin(0.0, p.eye_y - 0.04, 0.12),
        view.skin(reach, p.eye_y, 0.06),
    ];
    canvas.line(&bridge, stroke, p.glasses_colour, 1.0);
}
