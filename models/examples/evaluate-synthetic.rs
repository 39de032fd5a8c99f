//! Measures the synthetic set on drawn people that no training saw, through the shipped pipeline.
//!
//! `cargo run --release -p egate-models --example evaluate-synthetic [PEOPLE] [FIRST_SEED]`
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::error::Error;
use std::path::Path;

use egate_models::{
    ATTEMPTS_MAX, Environment, FRAMES_PER_ATTEMPT, FacePipeline, Manifest, Selection, Template,
    decode_photograph, encode_jpeg,
};
use egate_synthetic_faces::{Attack, Identity, Scene, render_live, render_portrait};
use egate_types::{BgrFrame, Coaching};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let people: u64 = arguments.next().map_or(Ok(300), |text| text.parse())?;
    let first: u64 = arguments
        .next()
        .map_or(Ok(5_000_000), |text| text.parse())?;
    let manifest = Manifest::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("manifest.toml"))?;
    let selection = Selection::new("synthetic", Environment::Simulation);
    let mut pipeline = FacePipeline::load(&manifest, &selection)?;

    let mut measured = Measured::default();
    let mut portraits = Vec::new();
    let mut lives = Vec::new();
    for seed in first..first + people {
        let person = Identity::from_seed(seed);
        // A chip portrait has been through JPEG.
        let portrait = decode_photograph(&encode_jpeg(&render_portrait(&person), 85)?)?;
        portraits.push(measured.template(&mut pipeline, &portrait)?);
        let mut usable = Vec::new();
        for number in 0..(FRAMES_PER_ATTEMPT * ATTEMPTS_MAX) as u64 {
            let scene = Scene::everyday(seed * 1000 + number);
            let live = render_live(&person, &scene);
            measured.landmarks(&mut pipeline, &live.frame, &live.truth.landmarks)?;
            usable.extend(measured.template(&mut pipeline, &live.frame)?);
            measured
                .bona_fide
                .push(measured_pad(&mut pipeline, &live.frame)?);
        }
        lives.push(usable);
        for (attack, scores) in [
            (Attack::Print, &mut measured.print),
            (Attack::Replay, &mut measured.replay),
        ] {
            let scene = Scene::everyday(seed * 1000 + 7).with_attack(attack);
            scores.push(measured_pad(
                &mut pipeline,
                &render_live(&person, &scene).frame,
            )?);
        }
    }
    let mut single = Scores::default();
    let mut transaction = Scores::default();
    for (owner, live) in lives.iter().enumerate() {
        let attempts: Vec<Template> = live
            .chunks_exact(FRAMES_PER_ATTEMPT)
            .filter_map(Template::fuse)
            .collect();
        for (index, portrait) in portraits.iter().enumerate() {
            let Some(portrait) = portrait else { continue };
            let score = |live: &Template| live.compare(portrait).0;
            let same = index == owner;
            live.iter().for_each(|live| single.push(same, score(live)));
            // Passes if any attempt does.
            transaction.push(same, attempts.iter().map(score).max().unwrap_or(i32::MIN));
        }
    }
    measured.report();
    single.report("single frame");
    transaction.report("transaction of several attempts, frames of each fused");
    println!("thresholds in force: {:?}", pipeline.thresholds());
    Ok(())
}

#[derive(Default)]
struct Measured {
    frames: usize,
    missed: usize,
    several: usize,
    landmark_errors: Vec<f32>,
    coached: Vec<Coaching>,
    bona_fide: Vec<i32>,
    print: Vec<i32>,
    replay: Vec<i32>,
}

impl Measured {
    fn template(
        &mut self,
        pipeline: &mut FacePipeline,
        frame: &BgrFrame,
    ) -> Result<Option<Template>, Box<dyn Error>> {
        let analysis = pipeline.analyse(frame)?;
        self.frames += 1;
        self.several += usize::from(analysis.faces.len() > 1);
        self.coached.extend(analysis.coaching);
        let Some(face) = analysis.largest() else {
            self.missed += 1;
            return Ok(None);
        };
        Ok(Some(pipeline.embed(frame, face)?))
    }

    fn landmarks(
        &mut self,
        pipeline: &mut FacePipeline,
        frame: &BgrFrame,
        truth: &[[f32; 2]; 5],
    ) -> Result<(), Box<dyn Error>> {
        if let Some(face) = pipeline.analyse(frame)?.largest() {
            let errors = face.landmarks.iter().zip(truth);
            let sum: f32 = errors.map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
            let eyes = (truth[1][0] - truth[0][0]).hypot(truth[1][1] - truth[0][1]);
            self.landmark_errors.push(sum / 5.0 / eyes);
        }
        Ok(())
    }

    fn report(mut self) {
        println!(
            "frames {}, missed {}, several faces {}",
            self.frames, self.missed, self.several
        );
        self.coached.sort_unstable();
        for coaching in Coaching::ALL {
            let count = self
                .coached
                .iter()
                .filter(|said| **said == coaching)
                .count();
            println!("  coaching {coaching:?}: {count}");
        }
        self.landmark_errors.sort_by(f32::total_cmp);
        let errors = &self.landmark_errors;
        println!(
            "landmark error / eye distance: median {:.3}, 99 % {:.3}",
            errors[errors.len() / 2],
            errors[errors.len() * 99 / 100]
        );
        for threshold in (100_000..=900_000).step_by(100_000) {
            println!(
                "  PAD threshold {threshold}: APCER print {:.4} replay {:.4}, BPCER {:.4}",
                share(&self.print, |score| score >= threshold),
                share(&self.replay, |score| score >= threshold),
                share(&self.bona_fide, |score| score < threshold),
            );
        }
    }
}

/// Comparison scores in millionths of a cosine.
#[derive(Default)]
struct Scores {
    genuine: Vec<i32>,
    impostor: Vec<i32>,
}

impl Scores {
    fn push(&mut self, same_person: bool, score: i32) {
        if same_person {
            self.genuine.push(score);
        } else {
            self.impostor.push(score);
        }
    }

    fn report(&self, what: &str) {
        let (genuine, impostor) = (&self.genuine, &self.impostor);
        println!(
            "{what}: genuine {}, impostor {}",
            genuine.len(),
            impostor.len()
        );
        for threshold in (450_000..=800_000).step_by(50_000) {
            let fmr = share(impostor, |score| score >= threshold);
            let fnmr = share(genuine, |score| score < threshold);
            println!("  match threshold {threshold}: FMR {fmr:.6} FNMR {fnmr:.6}");
        }
    }
}

fn measured_pad(pipeline: &mut FacePipeline, frame: &BgrFrame) -> Result<i32, Box<dyn Error>> {
    // No face means no acceptance: the lowest score.
    Ok(pipeline
        .analyse(frame)?
        .pad
        .score()
        .map_or(0, |score| score.0 as i32))
}

fn share(scores: &[i32], counts: impl Fn(i32) -> bool) -> f64 {
    scores.iter().filter(|score| counts(**score)).count() as f64 / scores.len() as f64
}
