//! How a person stands before the camera.

use crate::identity::Dice;

/// One moment in the gate: pose, place, light, optics, and whether an attack is presented.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scene {
    /// Head turned to the image's right, degrees.
    pub yaw_deg: f32,
    /// Head lowered, degrees.
    pub pitch_deg: f32,
    /// Head tilted clockwise in the image, degrees.
    pub roll_deg: f32,
    /// Brightness of the light, 1 is normal.
    pub light: f32,
    /// Light from one side: -1 all from the image's left, 1 all from its right.
    pub light_side: f32,
    /// Radius of the blur, pixels.
    pub blur_px: f32,
    /// -1 sad, 0 neutral, 1 laughing.
    pub smile: f32,
    /// Middle of the face in the 640 x 480 frame, pixels.
    pub centre_px: (f32, f32),
    /// Chin to crown, pixels.
    pub face_height_px: f32,
    /// Standard deviation of the sensor noise, grey levels.
    pub noise: f32,
    /// Seed of noise, background and clothes.
    pub noise_seed: u64,
    /// What is held before the camera.
    pub attack: Attack,
}

/// Presentation attack instruments that the generator draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attack {
    /// The person is there.
    None,
    /// A photograph of the person on a sheet of paper.
    Print,
    /// The person on the screen of a tablet.
    Replay,
}

impl Scene {
    /// A cooperative traveller at the right distance: frontal, neutral, evenly lit.
    pub fn frontal(noise_seed: u64) -> Self {
        Self {
            yaw_deg: 0.0,
            pitch_deg: 0.0,
            roll_deg: 0.0,
            light: 1.0,
            light_side: 0.0,
            blur_px: 0.0,
            smile: 0.0,
            centre_px: (320.0, 240.0),
            face_height_px: 220.0,
            noise: 2.0,
            noise_seed,
            attack: Attack::None,
        }
    }

    /// An everyday moment: small pose, usual light, slight expression. Same seed, same scene.
    pub fn everyday(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0x5c);
        Self {
            yaw_deg: dice.range(-14.0, 14.0),
            pitch_deg: dice.range(-9.0, 9.0),
            roll_deg: dice.range(-7.0, 7.0),
            light: dice.range(0.75, 1.15),
            light_side: dice.range(-0.5, 0.5),
            blur_px: dice.range(0.0, 1.2),
            smile: dice.range(-0.2, 0.9),
            centre_px: (dice.range(270.0, 370.0), dice.range(215.0, 265.0)),
            face_height_px: dice.range(170.0, 260.0),
            noise: dice.range(1.0, 5.0),
            noise_seed: seed,
            attack: Attack::None,
        }
    }

    /// A hard moment: everything the training wants the networks to endure. Same seed, same scene.
    pub fn demanding(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0xde);
        let face_height_px = dice.range(110.0, 330.0);
        Self {
            yaw_deg: dice.range(-26.0, 26.0),
            pitch_deg: dice.range(-15.0, 15.0),
            roll_deg: dice.range(-12.0, 12.0),
            light: dice.range(0.5, 1.3),
            light_side: dice.range(-0.9, 0.9),
            blur_px: dice.range(0.0, 2.5),
            smile: dice.range(-0.5, 1.0),
            centre_px: (dice.range(170.0, 470.0), dice.range(170.0, 310.0)),
            face_height_px,
            noise: dice.range(0.0, 8.0),
            noise_seed: seed,
            attack: Attack::None,
        }
    }

    /// The same moment with this attack.
    #[must_use]
    pub fn with_attack(mut self, attack: Attack) -> Self {
        self.attack = attack;
        self
    }
}
