//! Portraits, camera frames and attacks, composed from the head, a background and the optics.

use egate_types::BgrFrame;
use tiny_skia::Transform;

use crate::canvas::Canvas;
use crate::head::{self, Pose};
use crate::identity::{Dice, Identity, Rgb, mix};
use crate::scene::{Attack, Scene};

/// Where the face is, in pixels of the frame it comes with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroundTruth {
    /// Left, top, width, height of the face without hair.
    pub bbox: [f32; 4],
    /// Eye on the image's left, eye on its right, tip of the nose, mouth corner on the left, on the right.
    pub landmarks: [[f32; 2]; 5],
}

/// A camera frame with what it shows.
#[derive(Debug, Clone)]
pub struct LiveFrame {
    /// The picture, 640 x 480.
    pub frame: BgrFrame,
    /// Where the face is: the person's, or that on the sheet or screen.
    pub truth: GroundTruth,
}

/// The portrait as a passport's DG2 would hold it: frontal, neutral, plain background, 360 x 480.
pub fn render_portrait(person: &Identity) -> BgrFrame {
    let (canvas, _) = portrait(person);
    canvas.into_frame(0.8, &mut Dice::new(person.seed, 0x90))
}

/// Where the face is in [`render_portrait`]'s picture.
pub fn portrait_truth(person: &Identity) -> GroundTruth {
    portrait(person).1
}

/// What the gate's camera sees of this person in this scene, 640 x 480.
pub fn render_live(person: &Identity, scene: &Scene) -> LiveFrame {
    let mut canvas = hall(scene.noise_seed);
    let truth = match scene.attack {
        Attack::None => head::draw(&mut canvas, person, &pose(person, scene)),
        Attack::Print => print(&mut canvas, person, scene),
        Attack::Replay => replay(&mut canvas, person, scene),
    };
    light(&mut canvas, scene);
    canvas.blur(scene.blur_px);
    let frame = canvas.into_frame(scene.noise, &mut Dice::new(scene.noise_seed, 0x01));
    LiveFrame { frame, truth }
}

/// The gate without a traveller, 640 x 480.
pub fn render_empty(noise_seed: u64) -> BgrFrame {
    hall(noise_seed).into_frame(2.0, &mut Dice::new(noise_seed, 0x01))
}

fn portrait(person: &Identity) -> (Canvas, GroundTruth) {
    let mut canvas = Canvas::new(PORTRAIT_WIDTH, PORTRAIT_HEIGHT, Rgb(222, 226, 230));
    let pose = Pose {
        centre: (PORTRAIT_WIDTH as f32 / 2.0, PORTRAIT_HEIGHT as f32 * 0.46),
        scale: 148.0,
        yaw: 0.0,
        pitch: 0.0,
        roll: 0.0,
        smile: 0.0,
        shirt: person.shirt,
    };
    let truth = head::draw(&mut canvas, person, &pose);
    (canvas, truth)
}

fn pose(person: &Identity, scene: &Scene) -> Pose {
    let mut dice = Dice::new(scene.noise_seed, 0xc1);
    let shirt = Rgb(
        dice.range(20.0, 230.0) as u8,
        dice.range(20.0, 230.0) as u8,
        dice.range(20.0, 230.0) as u8,
    );
    Pose {
        centre: scene.centre_px,
        scale: scene.face_height_px / 2.0,
        yaw: scene.yaw_deg.to_radians(),
        pitch: scene.pitch_deg.to_radians(),
        roll: scene.roll_deg.to_radians(),
        smile: scene.smile,
        shirt: mix(shirt, person.shirt, 0.2),
    }
}

/// The hall behind the traveller: wall, floor, a few columns, signs and lamps.
fn hall(seed: u64) -> Canvas {
    let mut dice = Dice::new(seed, 0xba);
    let grey = dice.range(90.0, 205.0);
    let wall = Rgb(
        (grey + dice.range(-20.0, 20.0)) as u8,
        (grey + dice.range(-12.0, 12.0)) as u8,
        (grey + dice.range(-20.0, 25.0)) as u8,
    );
    let mut canvas = Canvas::new(SCENE_WIDTH, SCENE_HEIGHT, wall);
    let horizon = dice.range(300.0, 400.0);
    let floor = mix(wall, Rgb(70, 60, 55), dice.range(0.2, 0.6));
    canvas.rectangle((0.0, horizon), (640.0, 480.0 - horizon), floor);
    for _ in 0..dice.below(6) + 2 {
        let share = dice.range(0.1, 0.5);
        let colour = if dice.chance(0.5) {
            mix(wall, Rgb(255, 255, 255), share)
        } else {
            mix(wall, Rgb(30, 40, 60), share)
        };
        let corner = (dice.range(-40.0, 620.0), dice.range(-60.0, 200.0));
        canvas.rectangle(
            corner,
            (dice.range(15.0, 130.0), dice.range(40.0, 330.0)),
            colour,
        );
    }
    for _ in 0..dice.below(5) {
        let centre = (dice.range(0.0, 640.0), dice.range(0.0, 200.0));
        let radius = dice.range(6.0, 30.0);
        let colour = dice.pick(&[
            Rgb(255, 250, 230),
            Rgb(60, 140, 90),
            Rgb(200, 60, 60),
            Rgb(60, 80, 160),
        ]);
        canvas.disc(centre, radius, colour, 0.8);
    }
    canvas
}

/// A sheet of paper with the portrait: white margin, flat contrast, halftone dots, held a little askew.
fn print(canvas: &mut Canvas, person: &Identity, scene: &Scene) -> GroundTruth {
    holder(canvas, scene);
    let (mut picture, truth) = portrait(person);
    let mut dice = Dice::new(scene.noise_seed, 0x9a);
    let fade = dice.range(0.6, 0.82);
    let period = dice.range(1.1, 1.7);
    picture.map_pixels(|x, y, rgb| {
        let dot = (x as f32 * period).sin() * (y as f32 * period).sin() * 16.0;
        rgb.map(|value| 70.0 + (value - 60.0) * fade + dot)
    });
    let margin = dice.range(14.0, 44.0);
    let mut sheet = Canvas::new(
        PORTRAIT_WIDTH + 2 * margin as u32,
        PORTRAIT_HEIGHT + 2 * margin as u32,
        Rgb(238, 236, 230),
    );
    sheet.picture(&picture, Transform::from_translate(margin, margin));
    let (width, height) = (sheet.width() as f32, sheet.height() as f32);
    let border = [
        (0.5, 0.5),
        (width - 0.5, 0.5),
        (width - 0.5, height - 0.5),
        (0.5, height - 0.5),
    ];
    sheet.outline(&border, 3.0, Rgb(170, 168, 162), 1.0);
    let mapping = held(scene, 296.0, truth.moved((margin, margin)));
    canvas.picture(&sheet, mapping);
    thumbs(canvas, scene, mapping, (width, height));
    truth.moved((margin, margin)).mapped(mapping)
}

/// A tablet that plays the person: dark bezel, bluish glow, moire of the two pixel grids.
fn replay(canvas: &mut Canvas, person: &Identity, scene: &Scene) -> GroundTruth {
    holder(canvas, scene);
    let mut dice = Dice::new(scene.noise_seed, 0x7e);
    let mut screen = Canvas::new(PORTRAIT_WIDTH, PORTRAIT_HEIGHT, Rgb(120, 130, 145));
    let shown = Pose {
        centre: (PORTRAIT_WIDTH as f32 / 2.0, PORTRAIT_HEIGHT as f32 * 0.47),
        scale: 140.0,
        yaw: scene.yaw_deg.to_radians() * 0.6,
        pitch: scene.pitch_deg.to_radians() * 0.6,
        roll: 0.0,
        smile: scene.smile,
        shirt: person.shirt,
    };
    let truth = head::draw(&mut screen, person, &shown);
    let (fx, fy) = (dice.range(0.25, 0.8), dice.range(0.2, 0.7));
    let glow = dice.range(0.12, 0.26);
    screen.map_pixels(|x, y, [r, g, b]| {
        let (x, y) = (x as f32, y as f32);
        let moire = 11.0 * (x * fx + y * 0.13).sin() * (y * fy - x * 0.11).cos();
        [
            r * (0.92 - glow) + moire,
            g * (0.98 - glow * 0.5) + 6.0 + moire,
            b * 0.96 + 150.0 * glow + moire,
        ]
    });
    let bezel = dice.range(16.0, 40.0);
    let mut tablet = Canvas::new(
        PORTRAIT_WIDTH + 2 * bezel as u32,
        PORTRAIT_HEIGHT + 2 * bezel as u32,
        Rgb(18, 19, 22),
    );
    tablet.picture(&screen, Transform::from_translate(bezel, bezel));
    let (width, height) = (tablet.width() as f32, tablet.height() as f32);
    tablet.disc((width / 2.0, bezel / 2.0), 4.0, Rgb(60, 60, 70), 1.0);
    let mapping = held(scene, 280.0, truth.moved((bezel, bezel)));
    canvas.picture(&tablet, mapping);
    thumbs(canvas, scene, mapping, (width, height));
    truth.moved((bezel, bezel)).mapped(mapping)
}

/// The attacker behind the instrument: shoulders, the head hidden.
fn holder(canvas: &mut Canvas, scene: &Scene) {
    let mut dice = Dice::new(scene.noise_seed, 0x40);
    let shirt = Rgb(
        dice.range(20.0, 220.0) as u8,
        dice.range(20.0, 220.0) as u8,
        dice.range(20.0, 220.0) as u8,
    );
    let (x, y) = scene.centre_px;
    let s = scene.face_height_px / 2.0;
    let body = [
        (x - 0.5 * s, y + 0.9 * s),
        (x + 0.5 * s, y + 0.9 * s),
        (x + 1.5 * s, y + 1.4 * s),
        (x + 1.9 * s, y + 5.0 * s),
        (x - 1.9 * s, y + 5.0 * s),
        (x - 1.5 * s, y + 1.4 * s),
    ];
    canvas.polygon(&body, shirt, 1.0);
}

/// Maps the instrument's pixels so that its face has the scene's place, size and tilt.
fn held(scene: &Scene, face_px: f32, truth: GroundTruth) -> Transform {
    let scale = scene.face_height_px / face_px;
    let skew = scene.yaw_deg.to_radians().cos();
    let centre = (
        truth.bbox[0] + truth.bbox[2] / 2.0,
        truth.bbox[1] + truth.bbox[3] / 2.0,
    );
    Transform::from_translate(-centre.0, -centre.1)
        .post_scale(scale * skew, scale)
        .post_rotate(scene.roll_deg)
        .post_translate(scene.centre_px.0, scene.centre_px.1)
}

fn thumbs(canvas: &mut Canvas, scene: &Scene, mapping: Transform, size: (f32, f32)) {
    let mut dice = Dice::new(scene.noise_seed, 0x74);
    let skin = mix(Rgb(240, 205, 180), Rgb(90, 58, 42), dice.unit());
    let radius = 22.0 * mapping.get_scale().0;
    for x in [0.0, size.0] {
        let mut point = tiny_skia::Point::from_xy(x, size.1 * dice.range(0.55, 0.9));
        mapping.map_point(&mut point);
        canvas.disc((point.x, point.y), radius, skin, 1.0);
        canvas.disc((point.x, point.y + radius), radius * 1.2, skin, 1.0);
    }
}

/// Light of the scene: its level and its fall-off across the frame.
fn light(canvas: &mut Canvas, scene: &Scene) {
    if scene.light == 1.0 && scene.light_side == 0.0 {
        return;
    }
    let (middle, reach) = (scene.centre_px.0, scene.face_height_px.max(1.0));
    let gain: Vec<f32> = (0..SCENE_WIDTH)
        .map(|x| {
            let across = ((x as f32 - middle) / reach).clamp(-1.0, 1.0);
            scene.light * (1.0 + 0.45 * scene.light_side * across)
        })
        .collect();
    canvas.map_pixels(|x, _, rgb| rgb.map(|value| value * gain[x as usize]));
}

impl GroundTruth {
    fn moved(mut self, by: (f32, f32)) -> Self {
        self.bbox[0] += by.0;
        self.bbox[1] += by.1;
        for point in &mut self.landmarks {
            point[0] += by.0;
            point[1] += by.1;
        }
        self
    }

    fn mapped(self, mapping: Transform) -> Self {
        let through = |x: f32, y: f32| {
            let mut point = tiny_skia::Point::from_xy(x, y);
            mapping.map_point(&mut point);
            [point.x, point.y]
        };
        let [x, y, w, h] = self.bbox;
        let middle = through(x + w / 2.0, y + h / 2.0);
        let (sx, sy) = mapping.get_scale();
        let (width, height) = (w * sx, h * sy);
        Self {
            bbox: [
                middle[0] - width / 2.0,
                middle[1] - height / 2.0,
                width,
                height,
            ],
            landmarks: self.landmarks.map(|[x, y]| through(x, y)),
        }
    }
}

/// Width of a portrait, pixels: the usual DG2 size.
pub const PORTRAIT_WIDTH: u32 = 360;
/// Height of a portrait, pixels.
pub const PORTRAIT_HEIGHT: u32 = 480;
/// Width of a camera frame, pixels.
pub const SCENE_WIDTH: u32 = 640;
/// Height of a camera frame, pixels.
pub const SCENE_HEIGHT: u32 = 480;
