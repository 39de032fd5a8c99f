//! `models bench`: how long one frame takes here, stage by stage, and beside the same networks in Python.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use egate_models::{FacePipeline, Manifest};
use egate_synthetic_faces::{Identity, Scene, render_live};
use egate_types::BgrFrame;
use serde::Serialize;
use serde_json::Value;

use crate::memory;
use crate::output;
use crate::picture;
use crate::place::{self, Choice};

/// Measures one frame of 1280 x 720 pixels with one face, on one thread and on two.
///
/// Stages are measured alone, one after the other; `whole` is detection, alignment, embedding, attack detection and quality of one frame, as a
/// gate runs them, side by side where there are threads. With --peer a Python program runs the same networks with onnxruntime and
/// OpenCV on the same frame in turn with ours; `ratio` is our time over its time, median of whole frames. `cpu_ms` is the time on all
/// cores for a whole frame, which tells more than the clock where others use the machine too.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    choice: Choice,
    /// A JPEG picture with one face, scaled into the frame; a drawn person if absent.
    #[arg(long)]
    image: Option<PathBuf>,
    /// Frames measured per stage and thread count.
    #[arg(long, default_value_t = 40)]
    frames: usize,
    /// Runs the peer too.
    #[arg(long)]
    peer: bool,
    /// Python that has onnxruntime, numpy and OpenCV.
    #[arg(long, default_value = "python3")]
    python: String,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    frame: String,
    set: String,
    detector: String,
    embedder: String,
    frames: usize,
    threads: BTreeMap<usize, Measured>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    peer: BTreeMap<usize, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ratio: BTreeMap<usize, f64>,
}

#[derive(Serialize)]
struct Measured {
    stages: BTreeMap<&'static str, Times>,
    whole: Times,
    cpu_ms: f64,
    frames_per_s: f64,
    start_up_ms: f64,
    rss_mib: f64,
}

#[derive(Serialize, Clone, Copy)]
struct Times {
    p50_ms: f64,
    p99_ms: f64,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    ensure!(arguments.frames > 0, "--frames must be at least 1");
    let manifest = arguments.choice.manifest()?;
    let set = manifest.set(&arguments.choice.set)?;
    let (frame, shown) = frame(arguments.image.as_deref())?;
    let mut answer = Answer {
        frame: shown,
        set: arguments.choice.set.clone(),
        detector: name(&arguments.choice.detector, &set.detector),
        embedder: name(&arguments.choice.embedder, &set.matcher),
        frames: arguments.frames,
        threads: BTreeMap::new(),
        peer: BTreeMap::new(),
        ratio: BTreeMap::new(),
    };
    for threads in [1, 2] {
        let ours = measure(
            &arguments.choice,
            &manifest,
            &frame,
            arguments.frames,
            threads,
        )?;
        if arguments.peer {
            let peer = peer(arguments, &manifest, &answer, &frame, threads)?;
            let theirs = peer["whole"]["p50_ms"]
                .as_f64()
                .context("the peer's answer")?;
            let ratio = (ours.whole.p50_ms / theirs * 1_000.0).round() / 1_000.0;
            answer.ratio.insert(threads, ratio);
            answer.peer.insert(threads, peer);
        }
        answer.threads.insert(threads, ours);
    }
    output::print(&answer, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

fn name(given: &Option<String>, usual: &str) -> String {
    given.as_deref().unwrap_or(usual).to_owned()
}

fn measure(
    choice: &Choice,
    manifest: &Manifest,
    frame: &BgrFrame,
    frames: usize,
    threads: usize,
) -> anyhow::Result<Measured> {
    let began = output::now();
    let mut pipeline = choice.pipeline(manifest, threads)?;
    let (first, _) = pipeline.analyse_and_embed(frame)?;
    let start_up_ms = milliseconds(began.elapsed());
    let faces = first.faces;
    let Some(face) = faces.first().copied() else {
        bail!("no face is found in the frame: give a picture with --image");
    };
    let mut stages = BTreeMap::new();
    let mut stage = |name, run: &mut dyn FnMut(&mut FacePipeline) -> anyhow::Result<()>| {
        let times = repeat(frames, || run(&mut pipeline))?;
        stages.insert(name, summary(times));
        anyhow::Ok(())
    };
    stage("detect", &mut |p| {
        p.detect(frame)?;
        Ok(())
    })?;
    stage("align_and_embed", &mut |p| {
        p.embed(frame, &face)?;
        Ok(())
    })?;
    stage("pad", &mut |p| {
        ensure!(
            p.presentation(frame, Some(&face)).score().is_some(),
            "attack detection gave no score"
        );
        Ok(())
    })?;
    stage("quality", &mut |p| {
        p.quality(frame, &faces)?;
        Ok(())
    })?;
    let used_before = cpu_ms().context("time used")?;
    let whole = repeat(frames, || {
        pipeline.analyse_and_embed(frame)?;
        Ok(())
    })?;
    let used = cpu_ms().context("time used")? - used_before;
    let in_all: Duration = whole.iter().sum();
    Ok(Measured {
        stages,
        frames_per_s: (frames as f64 / in_all.as_secs_f64() * 10.0).round() / 10.0,
        whole: summary(whole),
        cpu_ms: (used / (WARM_UP_FRAMES + frames) as f64 * 100.0).round() / 100.0,
        start_up_ms,
        rss_mib: (memory::rss_mib().context("resident memory")? * 10.0).round() / 10.0,
    })
}

/// The peer's measurement; it reads the same manifest and the same pixels.
fn peer(
    arguments: &Arguments,
    manifest: &Manifest,
    answer: &Answer,
    frame: &BgrFrame,
    threads: usize,
) -> anyhow::Result<Value> {
    let script = place::of_project("models/bench/peer.py").context("models/bench/peer.py")?;
    let pixels = std::env::temp_dir().join(format!("models-bench-{}.bgr", std::process::id()));
    std::fs::write(&pixels, frame.pixels())?;
    let output = Command::new(&arguments.python)
        .arg(script)
        .arg(arguments.choice.manifest_path()?)
        .arg(arguments.choice.models_folder(manifest)?)
        .arg(&pixels)
        .args([&answer.set, &answer.detector, &answer.embedder])
        .args([threads, arguments.frames].map(|number| number.to_string()))
        .output();
    std::fs::remove_file(&pixels)?;
    let output = output.with_context(|| format!("cannot start {}", arguments.python))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("the peer does not run: {}", why.trim());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A frame of the camera's size, and what it shows.
fn frame(image: Option<&Path>) -> anyhow::Result<(BgrFrame, String)> {
    let (picture, shown) = match image {
        Some(path) => {
            let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
            let picture = picture::decode(&bytes);
            (
                picture.with_context(|| path.display().to_string())?,
                "a picture",
            )
        }
        None => {
            let person = Identity::from_seed(DRAWN_SEED);
            let live = render_live(&person, &Scene::frontal(1));
            (live.frame, "a drawn person")
        }
    };
    let scale = picture.height() as f32 / HEIGHT as f32;
    let left = (WIDTH as f32 - picture.width() as f32 / scale) / 2.0;
    let mut pixels = Vec::with_capacity((WIDTH * HEIGHT * 3) as usize);
    for row in 0..HEIGHT {
        let y = (row as f32 * scale) as u32;
        for column in 0..WIDTH {
            let x = (column as f32 - left) * scale;
            if x < 0.0 || x >= picture.width() as f32 || y >= picture.height() {
                pixels.extend([GROUND; 3]);
            } else {
                let at = (y * picture.width() + x as u32) as usize * 3;
                pixels.extend(&picture.pixels()[at..at + 3]);
            }
        }
    }
    let frame = BgrFrame::new(WIDTH, HEIGHT, pixels)?;
    Ok((frame, format!("{WIDTH} x {HEIGHT}, {shown}")))
}

fn repeat(
    frames: usize,
    mut work: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Duration>> {
    for _ in 0..WARM_UP_FRAMES {
        work()?;
    }
    (0..frames)
        .map(|_| {
            let began: Instant = output::now();
            work()?;
            Ok(began.elapsed())
        })
        .collect()
}

fn summary(mut times: Vec<Duration>) -> Times {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    Times {
        p50_ms: milliseconds(at(50)),
        p99_ms: milliseconds(at(99)),
    }
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// What this process has used of all cores, its ended threads included.
fn cpu_ms() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name comes before, in brackets, and may hold spaces.
    let mut fields = status.rsplit(')').next()?.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) * TICK_MS)
}

/// What cameras in gates deliver.
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;
/// Grey around a picture of another shape.
const GROUND: u8 = 110;
/// Any drawn person does.
const DRAWN_SEED: u64 = 9_000_001;
/// Linux counts the time of a process in hundredths of a second.
const TICK_MS: f64 = 10.0;
/// Allocators and caches settle within these.
const WARM_UP_FRAMES: usize = 3;
