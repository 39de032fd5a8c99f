//! Live capture and comparison. Inference runs on blocking threads; the newest frame wins.
//!
//! A transaction is up to [`ATTEMPTS_MAX`] attempts. The capture loop of an attempt looks at quality and presentation
//! only, never at the passport image (BSI TR-03121 ACQ-FI-USV-1); the comparison with the chip portrait comes after it.
//! A face that does not match may try again until time is up; a presentation attack may not.

pub mod capture_loop;

use std::sync::{Arc, Mutex, PoisonError};

use egate_hardware::camera::Frame;
use egate_models::{
    ATTEMPTS_MAX, AnalyseError, FRAMES_PER_ATTEMPT, FacePipeline, PadOutcome, QualityScore,
    Template, encode_jpeg,
};
use egate_types::{CheckResult, Coaching, MatchScore, MonoTime, PadScore};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::portrait;

/// Face acquisition with presentation attack detection (TR-03121-3 ACQ-FI-AUTO-1).
pub const ACQUISITION_MS_MAX: u64 = 10_000;
/// Quality of the live picture shown to the officer.
const OFFICER_JPEG_QUALITY: u8 = 85;

/// The face pipeline, shared by the captures of this gate; one frame at a time.
#[derive(Clone)]
pub struct FaceEngine(Arc<Mutex<FacePipeline>>);

/// A finished capture.
pub struct Captured {
    /// Score of the fused frames of the last attempt against the chip portrait; `None` if that shows no usable face.
    pub match_score: Option<MatchScore>,
    /// Attack detection over its fused frames; `None` if there was none to be had, which `presentation` says too.
    pub pad_score: Option<PadScore>,
    /// Same person?
    pub face: CheckResult,
    /// Bona fide presentation?
    pub presentation: CheckResult,
    /// Its last frame, as JPEG, for evidence and the officer.
    pub live_jpeg: Vec<u8>,
}

/// What the capture has to say.
pub enum CaptureEvent {
    /// A hint for the traveller.
    Coached(Coaching),
    /// Done.
    Judged(Box<Captured>),
    /// No usable face in time; the last frame as JPEG, if there was one.
    NoFace(Option<Vec<u8>>),
    /// The pipeline failed: a fault, not a verdict.
    Failed,
}

impl CaptureEvent {
    /// A bona fide face that does not match.
    fn may_try_again(&self) -> bool {
        matches!(self, Self::Judged(captured)
            if captured.face == CheckResult::Failed && captured.presentation == CheckResult::Successful)
    }
}

impl FaceEngine {
    /// Takes the loaded pipeline.
    pub fn new(pipeline: FacePipeline) -> Self {
        Self(Arc::new(Mutex::new(pipeline)))
    }

    /// The score from which two faces count as the same person.
    pub fn match_threshold(&self) -> MatchScore {
        self.lock().thresholds().match_score
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FacePipeline> {
        // A panic during inference leaves no half-made state behind: each call starts from its own input.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Look {
    Good(Template, QualityScore, PadOutcome),
    Poor(Coaching),
}

/// Runs one capture. Ends by itself on success, time-out, failure, or when nobody listens any more.
pub async fn capture(
    engine: FaceEngine,
    mut frames: watch::Receiver<Option<Arc<Frame>>>,
    chip_portrait: Option<Vec<u8>>,
    clock: Clock,
    events: mpsc::Sender<CaptureEvent>,
) {
    let began = clock.mono();
    let until = clock.deadline(began.plus_ms(ACQUISITION_MS_MAX));
    let eyes = engine.clone();
    let reference = tokio::task::spawn_blocking(move || reference(&eyes, chip_portrait?)).await;
    let reference = Arc::new(reference.unwrap_or_default());
    let mut outcome = CaptureEvent::NoFace(None);
    for _ in 0..ATTEMPTS_MAX {
        let attempt = match attempt(&engine, &mut frames, began, until, &events).await {
            Ok(attempt) => attempt,
            Err(Stopped::Failed) => {
                let _ = events.send(CaptureEvent::Failed).await;
                return;
            }
            Err(Stopped::Unheard) => return,
        };
        let complete = attempt.is_complete();
        if !complete && matches!(outcome, CaptureEvent::Judged(_)) {
            break;
        }
        let (engine, reference) = (engine.clone(), reference.clone());
        let judged = tokio::task::spawn_blocking(move || {
            judge(&engine, &attempt, reference.as_ref().as_ref())
        });
        outcome = judged.await.unwrap_or(CaptureEvent::Failed);
        if !complete || !outcome.may_try_again() {
            break;
        }
    }
    let _ = events.send(outcome).await;
}

/// Templates, qualities and scores of the good frames of one attempt, and the last frame of all.
struct Attempt {
    templates: Vec<(Template, QualityScore)>,
    pads: Vec<PadOutcome>,
    last: Option<Arc<Frame>>,
}

impl Attempt {
    fn is_complete(&self) -> bool {
        self.templates.len() >= FRAMES_PER_ATTEMPT
    }
}

enum Stopped {
    /// The pipeline failed.
    Failed,
    /// Nobody listens any more.
    Unheard,
}

/// Looks at frames until there are enough good ones or time is up.
async fn attempt(
    engine: &FaceEngine,
    frames: &mut watch::Receiver<Option<Arc<Frame>>>,
    began: MonoTime,
    until: tokio::time::Instant,
    events: &mpsc::Sender<CaptureEvent>,
) -> Result<Attempt, Stopped> {
    let mut attempt = Attempt {
        templates: Vec::new(),
        pads: Vec::new(),
        last: None,
    };
    while !attempt.is_complete() {
        let Some(frame) = next_frame(frames, began, until).await else {
            break;
        };
        attempt.last = Some(frame.clone());
        let eyes = engine.clone();
        let look = tokio::task::spawn_blocking(move || look(&eyes, &frame)).await;
        match look.map_err(|_| Stopped::Failed)? {
            Ok(Look::Good(template, quality, pad)) => {
                attempt.templates.push((template, quality));
                attempt.pads.push(pad);
            }
            Ok(Look::Poor(coaching)) => {
                let told = events.send(CaptureEvent::Coached(coaching)).await;
                told.map_err(|_| Stopped::Unheard)?;
            }
            Err(error) => {
                tracing::error!(%error, "face pipeline failed");
                return Err(Stopped::Failed);
            }
        }
    }
    Ok(attempt)
}

/// The newest frame taken after the capture began; `None` when time is up or the camera is gone.
async fn next_frame(
    frames: &mut watch::Receiver<Option<Arc<Frame>>>,
    began: MonoTime,
    until: tokio::time::Instant,
) -> Option<Arc<Frame>> {
    loop {
        tokio::time::timeout_at(until, frames.changed())
            .await
            .ok()?
            .ok()?;
        let frame = frames.borrow_and_update().clone();
        if let Some(frame) = frame.filter(|frame| frame.taken_at >= began) {
            return Some(frame);
        }
    }
}

fn look(engine: &FaceEngine, frame: &Frame) -> Result<Look, AnalyseError> {
    let mut pipeline = engine.lock();
    let analysis = pipeline.analyse(&frame.image)?;
    if let Some(coaching) = analysis.coaching {
        return Ok(Look::Poor(coaching));
    }
    let (Some(face), Some(quality)) = (analysis.largest(), &analysis.quality) else {
        return Ok(Look::Poor(Coaching::LookAtCamera));
    };
    let template = pipeline.embed(&frame.image, face)?;
    Ok(Look::Good(template, quality.unified, analysis.pad))
}

/// The template of the chip portrait, if that shows a usable face.
fn reference(engine: &FaceEngine, chip_portrait: Vec<u8>) -> Option<Template> {
    let portrait = portrait::frame(&chip_portrait)?;
    let mut pipeline = engine.lock();
    let analysis = pipeline.analyse(&portrait).ok()?;
    pipeline.embed(&portrait, analysis.largest()?).ok()
}

fn judge(engine: &FaceEngine, attempt: &Attempt, reference: Option<&Template>) -> CaptureEvent {
    let last = attempt.last.as_ref();
    let live_jpeg = last.and_then(|frame| encode_jpeg(&frame.image, OFFICER_JPEG_QUALITY).ok());
    let fused = Template::fuse_weighted(&attempt.templates);
    let (Some(live), Some(live_jpeg)) = (fused, live_jpeg.clone()) else {
        return CaptureEvent::NoFace(live_jpeg);
    };
    let match_score = reference.map(|reference| live.compare(reference));
    let pipeline = engine.lock();
    let thresholds = pipeline.thresholds();
    let pad = pipeline.judge_attempt(&attempt.pads);
    if let PadOutcome::Failed(error) = &pad {
        tracing::error!(%error, "attack detection failed");
    }
    let passed = |ok| {
        if ok {
            CheckResult::Successful
        } else {
            CheckResult::Failed
        }
    };
    let face = match_score.map_or(CheckResult::Undetermined, |score| {
        passed(score >= thresholds.match_score)
    });
    let pad_score = pad.score();
    // Not judged is not passed: an officer looks.
    let presentation = pad_score.map_or(CheckResult::Undetermined, |score| {
        passed(score >= thresholds.pad_score)
    });
    CaptureEvent::Judged(Box::new(Captured {
        match_score,
        pad_score,
        face,
        presentation,
        live_jpeg,
    }))
}
