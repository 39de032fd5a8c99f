//! Live capture and comparison. Inference runs on blocking threads; the newest frame wins.
//!
//! The capture loop looks at quality and presentation only, never at the passport image (BSI TR-03121 ACQ-FI-USV-1);
//! the comparison with the chip portrait comes after it.

use std::sync::{Arc, Mutex, PoisonError};

use egate_hardware::camera::Frame;
use egate_models::{AnalyseError, FacePipeline, Template, decode_portrait, encode_jpeg};
use egate_types::{CheckResult, Coaching, MatchScore, MonoTime, PadScore};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;

/// Good frames fused into one decision: more steady the scores, each costs about one frame time.
const GOOD_FRAMES: usize = 3;
/// Face acquisition with presentation attack detection (TR-03121-3 ACQ-FI-AUTO-1).
pub const ACQUISITION_MS_MAX: u64 = 10_000;
/// Quality of the live picture shown to the officer.
const OFFICER_JPEG_QUALITY: u8 = 85;

/// The face pipeline, shared by the captures of this gate; one frame at a time.
#[derive(Clone)]
pub struct FaceEngine(Arc<Mutex<FacePipeline>>);

/// A finished capture.
pub struct Captured {
    /// Mean score of the good frames against the chip portrait; `None` if that shows no usable face.
    pub match_score: Option<MatchScore>,
    /// Mean attack detection score of the good frames.
    pub pad_score: PadScore,
    /// Same person?
    pub face: CheckResult,
    /// Bona fide presentation?
    pub presentation: CheckResult,
    /// The best frame, as JPEG, for evidence and the officer.
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

/// One good frame.
struct GoodFrame {
    template: Template,
    pad: PadScore,
}

enum Look {
    Good(GoodFrame),
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
    let mut good: Vec<GoodFrame> = Vec::new();
    let mut last: Option<Arc<Frame>> = None;
    while good.len() < GOOD_FRAMES {
        let Some(frame) = next_frame(&mut frames, began, until).await else {
            break;
        };
        last = Some(frame.clone());
        let eyes = engine.clone();
        let look = tokio::task::spawn_blocking(move || look(&eyes, &frame)).await;
        let told = match look {
            Ok(Ok(Look::Good(frame))) => {
                good.push(frame);
                continue;
            }
            Ok(Ok(Look::Poor(coaching))) => events.send(CaptureEvent::Coached(coaching)).await,
            Ok(Err(error)) => {
                tracing::error!(error = %error, "face pipeline failed");
                let _ = events.send(CaptureEvent::Failed).await;
                return;
            }
            Err(_) => {
                let _ = events.send(CaptureEvent::Failed).await;
                return;
            }
        };
        if told.is_err() {
            return;
        }
    }
    let judged = tokio::task::spawn_blocking(move || judge(&engine, &good, last, chip_portrait));
    let event = judged.await.unwrap_or(CaptureEvent::Failed);
    let _ = events.send(event).await;
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
    let (Some(face), Some(pad)) = (analysis.largest(), analysis.pad) else {
        return Ok(Look::Poor(Coaching::LookAtCamera));
    };
    let template = pipeline.embed(&frame.image, face)?;
    Ok(Look::Good(GoodFrame { template, pad }))
}

fn judge(
    engine: &FaceEngine,
    good: &[GoodFrame],
    last: Option<Arc<Frame>>,
    chip_portrait: Option<Vec<u8>>,
) -> CaptureEvent {
    let live_jpeg = last.and_then(|frame| encode_jpeg(&frame.image, OFFICER_JPEG_QUALITY).ok());
    let (Some(live_jpeg), false) = (live_jpeg.clone(), good.is_empty()) else {
        return CaptureEvent::NoFace(live_jpeg);
    };
    let reference = chip_portrait.and_then(|bytes| {
        let portrait = decode_portrait(&bytes).ok()?;
        let mut pipeline = engine.lock();
        let analysis = pipeline.analyse(&portrait).ok()?;
        pipeline.embed(&portrait, analysis.largest()?).ok()
    });
    let count = good.len() as i64;
    let pad_sum: i64 = good.iter().map(|frame| i64::from(frame.pad.0)).sum();
    let pad_score = PadScore(u32::try_from(pad_sum / count).unwrap_or(0));
    let match_score = reference.map(|reference| {
        let sum: i64 = good
            .iter()
            .map(|f| i64::from(f.template.compare(&reference).0))
            .sum();
        MatchScore(i32::try_from(sum / count).unwrap_or(i32::MIN))
    });
    let pipeline = engine.lock();
    let thresholds = pipeline.thresholds();
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
    let presentation = passed(pad_score >= thresholds.pad_score);
    CaptureEvent::Judged(Box::new(Captured {
        match_score,
        pad_score,
        face,
        presentation,
        live_jpeg,
    }))
}
