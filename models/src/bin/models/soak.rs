//! `models soak`: does memory stay flat while traveller after traveller stands before the camera?

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use egate_models::{
    FRAMES_PER_ATTEMPT, FacePipeline, QualityScore, Template, decode_photograph, encode_jpeg,
};
use egate_synthetic_faces::{Attack, Identity, Scene, render_empty, render_live, render_portrait};
use egate_types::BgrFrame;
use serde::Serialize;

use crate::memory::{self, Growth};
use crate::output;
use crate::place::Choice;

/// Runs drawn travellers through the pipeline and watches the memory of this process.
///
/// Each traveller is a new person in new scenes, some hard, some with a print or a tablet, with an empty frame first. As in a lane, frames come as
/// JPEG, good frames are fused and compared with the portrait, and the last frame is coded for the
/// officer. Memory is sampled between travellers. The first tenth of the time is warm-up. Exit code 1 unless memory is shown to be
/// flat: the upper end of the 95 % interval of its growth is at most 4 MiB per hour.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// How long, warm-up included.
    #[arg(long, default_value_t = 120.0)]
    minutes: f64,
    /// Threads for one frame.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    set: String,
    minutes: f64,
    warm_up_minutes: f64,
    travellers: u64,
    frames: u64,
    frames_per_s: f64,
    templates: u64,
    matches: u64,
    rss_mib: Resident,
    growth_mib_per_h: Option<Growth>,
    growth_mib_per_h_max: f64,
    flat: bool,
}

/// Resident memory after the warm-up.
#[derive(Serialize)]
struct Resident {
    start: f64,
    max: f64,
    end: f64,
    samples: usize,
}

/// What was done.
#[derive(Default)]
struct Tally {
    travellers: u64,
    frames: u64,
    templates: u64,
    matches: u64,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let minutes = arguments.minutes;
    ensure!(
        minutes > 0.0 && minutes <= MINUTES_MAX,
        "--minutes must be above 0 and at most {MINUTES_MAX}"
    );
    let manifest = arguments.choice.manifest()?;
    let mut pipeline = arguments.choice.pipeline(&manifest, arguments.threads)?;
    let whole = Duration::from_secs_f64(minutes * 60.0);
    let (began, mut tally) = (output::now(), Tally::default());
    let mut watch = Watch::new(began, whole);
    while began.elapsed() < whole {
        let seed = FIRST_SEED + tally.travellers;
        traveller(&mut pipeline, seed, &mut tally)?;
        watch.look(&tally)?;
    }
    let answer = watch.answer(arguments, &tally)?;
    output::print(&answer, arguments.json)?;
    Ok(if answer.flat {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// One capture from the portrait to the officer's picture.
fn traveller(pipeline: &mut FacePipeline, seed: u64, tally: &mut Tally) -> anyhow::Result<()> {
    let person = Identity::from_seed(seed);
    let portrait = through_jpeg(&render_portrait(&person))?;
    let (_, reference) = pipeline.analyse_and_embed(&portrait)?;
    let attack = match seed % ATTACK_EVERY {
        0 => Attack::Print,
        1 => Attack::Replay,
        _ => Attack::None,
    };
    let mut templates: Vec<(Template, QualityScore)> = Vec::new();
    let mut last = None;
    for moment in 0..FRAMES_MAX {
        let frame = through_jpeg(&scene(&person, seed * FRAMES_MAX + moment, moment, attack))?;
        let (analysis, template) = pipeline.analyse_and_embed(&frame)?;
        tally.frames += 1;
        if let (None, Some(template), Some(quality)) =
            (analysis.coaching, template, analysis.quality)
        {
            templates.push((template, quality.unified));
        }
        last = Some(frame);
        if templates.len() == FRAMES_PER_ATTEMPT {
            break;
        }
    }
    if let Some(frame) = last {
        encode_jpeg(&frame, JPEG_QUALITY)?;
    }
    tally.travellers += 1;
    if let Some(live) = Template::fuse_weighted(
        templates
            .iter()
            .map(|(template, quality)| (template, *quality)),
    ) {
        tally.templates += 1;
        let threshold = pipeline.thresholds().match_score;
        let matches = reference.is_some_and(|reference| live.compare(&reference) >= threshold);
        tally.matches += u64::from(matches);
    }
    Ok(())
}

fn scene(person: &Identity, seed: u64, moment: u64, attack: Attack) -> BgrFrame {
    let scene = match moment {
        0 => return render_empty(seed),
        1 => Scene::demanding(seed),
        _ => Scene::everyday(seed),
    };
    render_live(person, &scene.with_attack(attack)).frame
}

/// As it comes from a camera or a chip.
fn through_jpeg(frame: &BgrFrame) -> anyhow::Result<BgrFrame> {
    Ok(decode_photograph(&encode_jpeg(frame, JPEG_QUALITY)?)?)
}

/// Samples memory while time goes by.
struct Watch {
    began: Instant,
    warm_up: Duration,
    interval: Duration,
    next_sample: Duration,
    next_note: Duration,
    /// Hours, MiB.
    samples: Vec<(f64, f64)>,
}

impl Watch {
    fn new(began: Instant, whole: Duration) -> Self {
        let warm_up = whole.mul_f64(WARM_UP_SHARE);
        Self {
            began,
            warm_up,
            interval: (whole / SAMPLES_MIN).min(INTERVAL_MAX),
            next_sample: warm_up,
            next_note: NOTE_INTERVAL,
            // All the room it may need, or the watch itself would grow.
            samples: Vec::with_capacity(SAMPLES_ROOM),
        }
    }

    fn look(&mut self, tally: &Tally) -> anyhow::Result<()> {
        let now = self.began.elapsed();
        if now < self.next_sample {
            return Ok(());
        }
        let mib = memory::rss_mib().context("resident memory cannot be read")?;
        self.samples.push((now.as_secs_f64() / 3600.0, mib));
        self.next_sample = now + self.interval;
        if now >= self.next_note {
            self.next_note = now + NOTE_INTERVAL;
            let minutes = now.as_secs() / 60;
            output::progress(format_args!(
                "{minutes} min, {} frames, {mib:.1} MiB",
                tally.frames
            ));
        }
        Ok(())
    }

    fn answer(&self, arguments: &Arguments, tally: &Tally) -> anyhow::Result<Answer> {
        let resident = || self.samples.iter().map(|(_, mib)| *mib);
        let start = resident().next().context("no sample of memory")?;
        let growth = memory::growth(&self.samples);
        let seconds = self.began.elapsed().as_secs_f64();
        Ok(Answer {
            set: arguments.choice.set.clone(),
            minutes: rounded(seconds / 60.0),
            warm_up_minutes: rounded(self.warm_up.as_secs_f64() / 60.0),
            travellers: tally.travellers,
            frames: tally.frames,
            frames_per_s: rounded(tally.frames as f64 / seconds),
            templates: tally.templates,
            matches: tally.matches,
            rss_mib: Resident {
                start: rounded(start),
                max: rounded(resident().fold(start, f64::max)),
                end: rounded(resident().next_back().unwrap_or(start)),
                samples: self.samples.len(),
            },
            growth_mib_per_h: growth,
            growth_mib_per_h_max: GROWTH_MIB_PER_H_MAX,
            flat: growth.is_some_and(|growth| growth.high <= GROWTH_MIB_PER_H_MAX),
        })
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Flat: at the most a gate that is started anew each month grows by 3 GiB, what an hour of 15 frames a second
/// shows is a leak of 80 bytes a frame.
const GROWTH_MIB_PER_H_MAX: f64 = 4.0;
/// Nobody waits for more than a week.
const MINUTES_MAX: f64 = 10_080.0;
/// Allocators, caches and the runtime's arenas settle in this share of the time.
const WARM_UP_SHARE: f64 = 0.1;
/// Samples that even a short run has if travellers are fast enough.
const SAMPLES_MIN: u32 = 100;
/// Time between samples of a long run.
const INTERVAL_MAX: Duration = Duration::from_secs(5);
/// Of the longest run.
const SAMPLES_ROOM: usize = 120_960;
/// Time between lines for whoever watches.
const NOTE_INTERVAL: Duration = Duration::from_secs(60);
/// Drawn people that no training saw.
const FIRST_SEED: u64 = 9_100_000;
/// Most frames of one traveller: an empty one, a hard one, everyday ones.
const FRAMES_MAX: u64 = 8;
/// Of so many travellers one holds a print and one a tablet.
const ATTACK_EVERY: u64 = 8;
/// As gates code pictures for officers.
const JPEG_QUALITY: u8 = 85;
