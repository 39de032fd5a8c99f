//! What makes a drawn person that person: everything here is a function of the seed alone.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// A drawn person's invariable looks. Lengths are in half head heights, angles in radians.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub(crate) seed: u64,
    pub(crate) skin: Rgb,
    pub(crate) face_width: f32,
    pub(crate) jaw_exponent: f32,
    pub(crate) jaw_taper: f32,
    pub(crate) cheek: f32,
    pub(crate) chin: f32,
    pub(crate) eye_y: f32,
    pub(crate) eye_spacing: f32,
    pub(crate) eye_width: f32,
    pub(crate) eye_open: f32,
    pub(crate) eye_tilt: f32,
    pub(crate) iris: Rgb,
    pub(crate) lash: f32,
    pub(crate) brow_lift: f32,
    pub(crate) brow_thickness: f32,
    pub(crate) brow_arch: f32,
    pub(crate) brow_tilt: f32,
    pub(crate) brow_length: f32,
    pub(crate) nose_y: f32,
    pub(crate) nose_width: f32,
    pub(crate) nose_bridge: f32,
    pub(crate) mouth_y: f32,
    pub(crate) mouth_width: f32,
    pub(crate) lip_upper: f32,
    pub(crate) lip_lower: f32,
    pub(crate) lip: Rgb,
    pub(crate) hair: Rgb,
    pub(crate) hair_style: HairStyle,
    pub(crate) hair_line: f32,
    pub(crate) hair_volume: f32,
    pub(crate) parting: f32,
    pub(crate) beard: Beard,
    pub(crate) glasses: Glasses,
    pub(crate) glasses_colour: Rgb,
    pub(crate) ear: f32,
    pub(crate) age_lines: f32,
    pub(crate) freckles: u32,
    pub(crate) moles: Vec<(f32, f32, f32)>,
    pub(crate) shirt: Rgb,
}

impl Identity {
    /// The person of this seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0x1d);
        let skin = mix(
            mix(Rgb(250, 220, 196), Rgb(84, 52, 36), dice.unit()),
            Rgb(226, 176, 120),
            0.6 * dice.unit(),
        );
        let feminine = dice.chance(0.5);
        let age = dice.unit();
        let hair = dice.pick(&HAIR_COLOURS);
        let hair = if age > 0.75 && dice.chance(0.7) {
            mix(hair, Rgb(205, 205, 208), dice.range(0.4, 1.0))
        } else {
            hair
        };
        let hair_style = if feminine {
            dice.pick(&[
                HairStyle::Long,
                HairStyle::Long,
                HairStyle::Bob,
                HairStyle::Curly,
                HairStyle::Fringe,
                HairStyle::Bun,
            ])
        } else {
            dice.pick(&[
                HairStyle::Short,
                HairStyle::Short,
                HairStyle::Cropped,
                HairStyle::Bald,
                HairStyle::Curly,
                HairStyle::Fringe,
                HairStyle::Quiff,
            ])
        };
        let beard = if feminine {
            Beard::None
        } else {
            dice.pick(&[
                Beard::None,
                Beard::None,
                Beard::None,
                Beard::Stubble,
                Beard::Moustache,
                Beard::Goatee,
                Beard::Full,
            ])
        };
        Self {
            seed,
            skin,
            face_width: dice.range(0.66, 0.84),
            jaw_exponent: dice.range(1.8, 3.2),
            jaw_taper: dice.range(0.02, 0.30),
            cheek: dice.range(-0.03, 0.07),
            chin: dice.range(-0.06, 0.06),
            eye_y: dice.range(-0.14, 0.04),
            eye_spacing: dice.range(0.28, 0.39),
            eye_width: dice.range(0.125, 0.185),
            eye_open: dice.range(0.045, 0.095),
            eye_tilt: dice.range(-0.12, 0.2),
            iris: dice.pick(&IRIS_COLOURS),
            lash: if feminine {
                dice.range(0.022, 0.036)
            } else {
                dice.range(0.010, 0.024)
            },
            brow_lift: dice.range(0.13, 0.23),
            brow_thickness: if feminine {
                dice.range(0.018, 0.045)
            } else {
                dice.range(0.03, 0.075)
            },
            brow_arch: dice.range(0.0, 0.07),
            brow_tilt: dice.range(-0.05, 0.05),
            brow_length: dice.range(0.16, 0.24),
            nose_y: dice.range(0.26, 0.42),
            nose_width: dice.range(0.10, 0.20),
            nose_bridge: dice.range(0.04, 0.09),
            mouth_y: dice.range(0.56, 0.67),
            mouth_width: dice.range(0.19, 0.32),
            lip_upper: dice.range(0.02, 0.055),
            lip_lower: dice.range(0.03, 0.08),
            lip: mix(
                mix(skin, Rgb(176, 66, 72), dice.range(0.35, 0.7)),
                Rgb(170, 20, 50),
                if feminine { dice.range(0.0, 0.6) } else { 0.0 },
            ),
            hair,
            hair_style,
            hair_line: dice.range(-0.82, -0.52),
            hair_volume: dice.range(0.06, 0.22),
            parting: dice.range(-0.6, 0.6),
            beard,
            glasses: dice.pick(&[
                Glasses::None,
                Glasses::None,
                Glasses::None,
                Glasses::Round,
                Glasses::Square,
            ]),
            glasses_colour: dice.pick(&[
                Rgb(25, 25, 28),
                Rgb(110, 70, 40),
                Rgb(150, 150, 155),
                Rgb(120, 30, 40),
                Rgb(30, 50, 110),
            ]),
            ear: dice.range(0.08, 0.16),
            age_lines: (age - 0.35).max(0.0) * 1.5,
            freckles: if dice.chance(0.18) { 30 } else { 0 },
            moles: (0..dice.below(3))
                .map(|_| {
                    (
                        dice.range(-0.42, 0.42),
                        dice.range(0.1, 0.8),
                        dice.range(0.014, 0.028),
                    )
                })
                .collect(),
            shirt: Rgb(
                dice.range(20.0, 230.0) as u8,
                dice.range(20.0, 230.0) as u8,
                dice.range(20.0, 230.0) as u8,
            ),
        }
    }

    /// The seed this person was drawn from.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// Cut of the hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HairStyle {
    Bald,
    Cropped,
    Short,
    Quiff,
    Fringe,
    Curly,
    Bob,
    Bun,
    Long,
}

/// Facial hair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beard {
    None,
    Stubble,
    Moustache,
    Goatee,
    Full,
}

/// Spectacles worn in the portrait and in the gate alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glasses {
    None,
    Round,
    Square,
}

/// A colour, 8 bits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// `a` at 0, `b` at 1; outside 0..=1 it extrapolates and clamps.
pub(crate) fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    let channel = |a: u8, b: u8| {
        (f32::from(a) + (f32::from(b) - f32::from(a)) * share).clamp(0.0, 255.0) as u8
    };
    Rgb(channel(a.0, b.0), channel(a.1, b.1), channel(a.2, b.2))
}

/// Seeded random numbers in the shapes drawing needs.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// An independent stream per purpose, so that adding a parameter to one does not shift another.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(purpose);
        Self(generator)
    }

    /// 0 included, 1 excluded.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    pub(crate) fn below(&mut self, count: u32) -> u32 {
        ((self.unit() * count as f32) as u32).min(count - 1)
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }
}

const HAIR_COLOURS: [Rgb; 9] = [
    Rgb(22, 18, 18),
    Rgb(38, 26, 20),
    Rgb(64, 42, 28),
    Rgb(96, 62, 36),
    Rgb(136, 92, 52),
    Rgb(196, 152, 90),
    Rgb(224, 190, 130),
    Rgb(150, 62, 30),
    Rgb(90, 86, 88),
];

const IRIS_COLOURS: [Rgb; 7] = [
    Rgb(60, 36, 20),
    Rgb(84, 52, 28),
    Rgb(40, 26, 18),
    Rgb(112, 92, 48),
    Rgb(70, 120, 150),
    Rgb(84, 128, 90),
    Rgb(110, 120, 130),
];
