//! Writes training data for the synthetic networks: raw bytes that numpy reads with `fromfile`.
//!
//! `synthetic-dataset <folder> <identities> <frames per identity> [first seed]`
//!
//! | file | content per sample |
//! |---|---|
//! | `detect.u8`, `detect.f32` | 240 x 320 x 3 BGR; box x y w h and five points, pixels of that picture; all -1 without a face |
//! | `embed.u8`, `embed.i32` | 112 x 112 x 3 BGR aligned to the arcface_112 template; index of the identity |
//! | `pad.u8`, `pad.i32` | 80 x 80 x 3 BGR crop of 2.7 boxes; 0 print, 1 bona fide, 2 replay |
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program"
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use egate_synthetic_faces::{
    Attack, GroundTruth, Identity, Scene, portrait_truth, render_empty, render_live,
    render_portrait,
};
use egate_types::BgrFrame;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| {
        arguments
            .get(index)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let (Some(folder), Some(identities), Some(frames)) = (arguments.first(), number(1), number(2))
    else {
        eprintln!("usage: synthetic-dataset FOLDER IDENTITIES FRAMES_PER_IDENTITY [FIRST_SEED]");
        return ExitCode::FAILURE;
    };
    match write(
        Path::new(folder),
        identities,
        frames,
        number(3).unwrap_or(1_000_000),
    ) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write the data set into {folder}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path, identities: u64, frames: u64, first_seed: u64) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut files = Files::create(folder)?;
    for index in 0..identities {
        if index.is_multiple_of(100) {
            println!("identity {index} of {identities}");
        }
        let seed = first_seed + index;
        let person = Identity::from_seed(seed);
        let mut random = Random(ChaCha8Rng::seed_from_u64(seed));
        files.portrait(&person, index, &mut random)?;
        for number in 0..frames {
            files.live(&person, index, seed * 1000 + number, &mut random)?;
        }
        // Attacks are rarer than faces; both kinds for each person.
        for attack in [Attack::Print, Attack::Replay] {
            files.attack(&person, attack, seed * 1000 + 500, &mut random)?;
        }
        if index.is_multiple_of(6) {
            files.detect_sample(&render_empty(seed), None)?;
        }
    }
    files.finish()
}

struct Files {
    detect_pixels: BufWriter<File>,
    detect_labels: BufWriter<File>,
    embed_pixels: BufWriter<File>,
    embed_labels: BufWriter<File>,
    pad_pixels: BufWriter<File>,
    pad_labels: BufWriter<File>,
}

impl Files {
    fn create(folder: &Path) -> std::io::Result<Self> {
        let open = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
        Ok(Self {
            detect_pixels: open("detect.u8")?,
            detect_labels: open("detect.f32")?,
            embed_pixels: open("embed.u8")?,
            embed_labels: open("embed.i32")?,
            pad_pixels: open("pad.u8")?,
            pad_labels: open("pad.i32")?,
        })
    }

    fn portrait(
        &mut self,
        person: &Identity,
        index: u64,
        random: &mut Random,
    ) -> std::io::Result<()> {
        let frame = render_portrait(person);
        let truth = portrait_truth(person);
        // Twice: portraits are one half of every comparison.
        for _ in 0..2 {
            self.embed_sample(&frame, &truth, index, random)?;
        }
        if index.is_multiple_of(4) {
            self.detect_sample(&frame, Some(&truth))?;
        }
        Ok(())
    }

    fn live(
        &mut self,
        person: &Identity,
        index: u64,
        scene_seed: u64,
        random: &mut Random,
    ) -> std::io::Result<()> {
        let demanding = scene_seed.is_multiple_of(2);
        let scene = if demanding {
            Scene::demanding(scene_seed)
        } else {
            Scene::everyday(scene_seed)
        };
        let live = render_live(person, &scene);
        self.embed_sample(&live.frame, &live.truth, index, random)?;
        if scene_seed % 1000 < 2 {
            self.detect_sample(&live.frame, Some(&live.truth))?;
        }
        if scene_seed % 1000 < 4 {
            self.pad_sample(&live.frame, &live.truth, 1, random)?;
        }
        Ok(())
    }

    fn attack(
        &mut self,
        person: &Identity,
        attack: Attack,
        scene_seed: u64,
        random: &mut Random,
    ) -> std::io::Result<()> {
        let class = if attack == Attack::Print { 0 } else { 2 };
        for offset in 0..2 {
            let scene = if offset == 0 {
                Scene::demanding(scene_seed)
            } else {
                Scene::everyday(scene_seed + 1)
            };
            let shown = render_live(person, &scene.with_attack(attack));
            self.pad_sample(&shown.frame, &shown.truth, class, random)?;
            if random.unit() < 0.2 {
                self.detect_sample(&shown.frame, Some(&shown.truth))?;
            }
        }
        Ok(())
    }

    fn detect_sample(
        &mut self,
        frame: &BgrFrame,
        truth: Option<&GroundTruth>,
    ) -> std::io::Result<()> {
        // Letterbox by one half: 640 x 480 fills 320 x 240, a portrait of 360 x 480 leaves black on the right.
        for y in 0..240 {
            for x in 0..320 {
                let mut bgr = [0u8; 3];
                if 2 * x + 1 < frame.width() && 2 * y + 1 < frame.height() {
                    bgr = sample(frame, 2.0 * x as f32 + 0.5, 2.0 * y as f32 + 0.5);
                }
                self.detect_pixels.write_all(&bgr)?;
            }
        }
        let mut label = [-1.0f32; 14];
        if let Some(truth) = truth {
            for (slot, value) in label
                .iter_mut()
                .zip(truth.bbox.iter().chain(truth.landmarks.iter().flatten()))
            {
                *slot = value / 2.0;
            }
        }
        for value in label {
            self.detect_labels.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }

    fn embed_sample(
        &mut self,
        frame: &BgrFrame,
        truth: &GroundTruth,
        identity: u64,
        random: &mut Random,
    ) -> std::io::Result<()> {
        // A detector errs by a few hundredths of the eye distance; the embedder must bear it.
        let eyes = (truth.landmarks[1][0] - truth.landmarks[0][0]).abs();
        let points = truth
            .landmarks
            .map(|point| point.map(|value| value + eyes * 0.035 * random.normal()));
        let [a, b, c, d] = similarity(&points);
        for y in 0..112 {
            for x in 0..112 {
                let (x, y) = (x as f32 - c, y as f32 - d);
                let scale = a * a + b * b;
                let source = ((a * x + b * y) / scale, (a * y - b * x) / scale);
                self.embed_pixels
                    .write_all(&sample(frame, source.0, source.1))?;
            }
        }
        self.embed_labels
            .write_all(&(identity as i32).to_le_bytes())
    }

    fn pad_sample(
        &mut self,
        frame: &BgrFrame,
        truth: &GroundTruth,
        class: i32,
        random: &mut Random,
    ) -> std::io::Result<()> {
        let [x, y, w, h] = truth.bbox;
        let (x, y) = (
            x + w * 0.03 * random.normal(),
            y + h * 0.03 * random.normal(),
        );
        let (w, h) = (
            w * (1.0 + 0.04 * random.normal()),
            h * (1.0 + 0.04 * random.normal()),
        );
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        let scale = 2.7f32.min((height - 1.0) / h).min((width - 1.0) / w);
        let (crop_w, crop_h) = (w * scale, h * scale);
        let left = (x + w / 2.0 - crop_w / 2.0).clamp(0.0, width - crop_w);
        let top = (y + h / 2.0 - crop_h / 2.0).clamp(0.0, height - crop_h);
        for row in 0..80 {
            for column in 0..80 {
                let source_x = left + (column as f32 + 0.5) * crop_w / 80.0 - 0.5;
                let source_y = top + (row as f32 + 0.5) * crop_h / 80.0 - 0.5;
                self.pad_pixels.write_all(&sample(
                    frame,
                    source_x.clamp(0.0, width - 1.0),
                    source_y.clamp(0.0, height - 1.0),
                ))?;
            }
        }
        self.pad_labels.write_all(&class.to_le_bytes())
    }

    fn finish(self) -> std::io::Result<()> {
        for mut file in [
            self.detect_pixels,
            self.detect_labels,
            self.embed_pixels,
            self.embed_labels,
            self.pad_pixels,
            self.pad_labels,
        ] {
            file.flush()?;
        }
        Ok(())
    }
}

/// Least-squares similarity to the arcface_112 template: x' = a x - b y + c, y' = b x + a y + d.
fn similarity(points: &[[f32; 2]; 5]) -> [f32; 4] {
    let mean =
        |points: &[[f32; 2]; 5], axis: usize| points.iter().map(|p| p[axis]).sum::<f32>() / 5.0;
    let (from_x, from_y) = (mean(points, 0), mean(points, 1));
    let (to_x, to_y) = (mean(&TEMPLATE, 0), mean(&TEMPLATE, 1));
    let (mut dot, mut cross, mut norm) = (0.0, 0.0, 0.0);
    for (from, to) in points.iter().zip(&TEMPLATE) {
        let (fx, fy) = (from[0] - from_x, from[1] - from_y);
        let (tx, ty) = (to[0] - to_x, to[1] - to_y);
        dot += fx * tx + fy * ty;
        cross += fx * ty - fy * tx;
        norm += fx * fx + fy * fy;
    }
    let (a, b) = (dot / norm, cross / norm);
    [
        a,
        b,
        to_x - (a * from_x - b * from_y),
        to_y - (b * from_x + a * from_y),
    ]
}

/// Bilinear, black outside.
fn sample(frame: &BgrFrame, x: f32, y: f32) -> [u8; 3] {
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let mut sum = [0.0f32; 3];
    for (dx, dy, weight) in [
        (0.0, 0.0, (1.0 - fx) * (1.0 - fy)),
        (1.0, 0.0, fx * (1.0 - fy)),
        (0.0, 1.0, (1.0 - fx) * fy),
        (1.0, 1.0, fx * fy),
    ] {
        let (px, py) = (x0 + dx, y0 + dy);
        if px < 0.0 || py < 0.0 || px >= frame.width() as f32 || py >= frame.height() as f32 {
            continue;
        }
        let at = (py as usize * frame.width() as usize + px as usize) * 3;
        for (channel, value) in sum.iter_mut().zip(&frame.pixels()[at..at + 3]) {
            *channel += weight * f32::from(*value);
        }
    }
    sum.map(|value| value.round().clamp(0.0, 255.0) as u8)
}

struct Random(ChaCha8Rng);

impl Random {
    fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// Nearly normal: the sum of twelve uniforms.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }
}

/// The arcface_112 alignment template.
const TEMPLATE: [[f32; 2]; 5] = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
];
