//! Live capture and comparison: the shell around the [`capture_loop`], which decides.
//!
//! Inference runs on blocking threads and the newest frame wins: while a frame is worked on, later ones replace each
//! other. Frames, faces and templates are wiped as soon as the loop no longer holds them.

pub mod capture_loop;
pub mod field;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use egate_hardware::camera::Frame;
use egate_models::{
    AnalyseError, Face, FacePipeline, PadOutcome, PhotographError, Quality, QualityScore, Template,
    encode_jpeg,
};
use egate_types::{CheckResult, Coaching, MatchScore, MonoTime, PadScore};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::portrait;
use capture_loop::{Basis, CaptureLoop, Effect, End, FrameNumber, Input, Look};
use field::{Comparable, Configuration, Pair, Threshold};

/// The face pipeline, shared by the captures of this gate; one frame at a time.
#[derive(Clone)]
pub struct FaceEngine(Arc<Mutex<FacePipeline>>);

/// A finished capture.
pub struct Captured {
    /// Score of the fused frames of the last attempt against the chip portrait; else why there is nothing to compare with.
    pub match_score: Result<MatchScore, NoReference>,
    /// Attack detection over its fused frames; `None` if there was none to be had, which `presentation` says too.
    pub pad_score: Option<PadScore>,
    /// Same person?
    pub face: CheckResult,
    /// Bona fide presentation?
    pub presentation: CheckResult,
    /// On what frames this rests.
    pub basis: Basis,
    /// The last of them, as JPEG, for evidence and the officer.
    pub live_jpeg: Vec<u8>,
    /// What was compared, for the evaluation in the field, one pair per configuration; none if the chip portrait shows no
    /// usable face.
    pub pairs: Vec<Pair<Template>>,
}

/// Why a chip's portrait gives no template. The capture goes on all the same: an officer gets to see the live picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoReference {
    /// The chip has none, or it was not read.
    #[error("the chip gave no portrait")]
    Absent,
    /// It is damaged, or outside the limits of `egate_icao::portrait`.
    #[error("the chip's portrait cannot be decoded")]
    Undecodable,
    /// No face is found in it.
    #[error("the chip's portrait shows no usable face")]
    NoFace,
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

/// The pipeline failed, which is logged where it happened.
struct ModelFailed;

/// A comparison that could not be made.
#[derive(Debug, thiserror::Error)]
enum JudgeError {
    #[error(transparent)]
    Pipeline(#[from] AnalyseError),
    #[error("the live picture cannot be coded")]
    Picture(#[from] PhotographError),
    #[error("no frame to judge")]
    NoFrame,
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

    /// The ways to compare that the evaluation in the field counts.
    pub fn configurations(&self) -> Vec<Configuration> {
        let pipeline = self.lock();
        let deciding = pipeline.thresholds().match_score;
        let configurations = pipeline.configurations().zip(0..);
        let named = configurations.map(|(of, place)| {
            let in_force = (place == 0).then_some(deciding);
            configuration(of, in_force)
        });
        named.collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FacePipeline> {
        // A panic during inference leaves no half-made state behind: each call starts from its own input.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does this on a blocking thread, with the pipeline to itself.
    async fn work<T: Send + 'static, E: fmt::Display + Send + 'static>(
        &self,
        work: impl FnOnce(&mut FacePipeline) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ModelFailed> {
        let engine = self.clone();
        match tokio::task::spawn_blocking(move || work(&mut engine.lock())).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::error!(%error, "face pipeline failed");
                Err(ModelFailed)
            }
            Err(error) => {
                tracing::error!(%error, "face pipeline failed");
                Err(ModelFailed)
            }
        }
    }
}

/// Runs one capture. Ends by itself, at the latest when time is up, or when nobody listens any more.
pub async fn capture(
    engine: FaceEngine,
    frames: watch::Receiver<Option<Arc<Frame>>>,
    chip_portrait: Option<Vec<u8>>,
    clock: Clock,
    events: mpsc::Sender<CaptureEvent>,
) {
    let began = clock.mono();
    let mut machine = CaptureLoop::new(began, engine.lock().thresholds());
    let reference = engine.work(move |pipeline| reference(pipeline, chip_portrait));
    let Ok(reference) = reference.await else {
        let _ = events.send(CaptureEvent::Failed).await;
        return;
    };
    let mut capture = Capture {
        engine,
        frames,
        reference: reference.map(Arc::new),
        began,
        clock,
        held: BTreeMap::new(),
        last: None,
        judged: None,
    };
    let mut effects = Vec::new();
    let mut answer = None;
    loop {
        let input = match answer.take() {
            Some(input) => input,
            None => match machine.poll_timeout() {
                Some((until, _)) => capture.watch(until).await,
                // Whoever waits for an answer gets one.
                None => Input::ModelFailed,
            },
        };
        machine.handle(clock.mono(), input, &mut effects);
        capture.held.retain(|number, _| machine.holds(*number));
        for effect in effects.drain(..) {
            match effect {
                Effect::Coach(coaching) => {
                    let told = events.send(CaptureEvent::Coached(coaching)).await;
                    if told.is_err() {
                        return;
                    }
                }
                Effect::Embed(number) => answer = Some(capture.embed(number).await),
                Effect::Compare(numbers, basis) => {
                    answer = Some(capture.compare(&numbers, basis).await);
                }
                Effect::End(end) => {
                    let _ = events.send(capture.ended(end).await).await;
                    return;
                }
            }
        }
    }
}

/// What the capture loop names by number, and how what it asks for is done.
struct Capture {
    engine: FaceEngine,
    frames: watch::Receiver<Option<Arc<Frame>>>,
    reference: Result<Arc<Template>, NoReference>,
    began: MonoTime,
    clock: Clock,
    held: BTreeMap<FrameNumber, Arc<Seen>>,
    last: Option<Arc<Frame>>,
    judged: Option<Box<Captured>>,
}

/// A frame with what is known of its largest face.
struct Seen {
    frame: Arc<Frame>,
    face: Face,
    quality: QualityScore,
    template: OnceLock<(Template, PadOutcome)>,
}

impl Capture {
    /// Looks at the newest frame taken after the capture began.
    async fn watch(&mut self, until: MonoTime) -> Input {
        let until = self.clock.deadline(until);
        let frame = loop {
            match tokio::time::timeout_at(until, self.frames.changed()).await {
                Err(_) => return Input::TimedOut,
                Ok(Err(_)) => return Input::FramesEnded,
                Ok(Ok(())) => {}
            }
            let frame = self.frames.borrow_and_update().clone();
            if let Some(frame) = frame.filter(|frame| frame.taken_at >= self.began) {
                break frame;
            }
        };
        self.last = Some(frame.clone());
        let number = FrameNumber(frame.sequence);
        let looked = self.engine.work(move |pipeline| look(pipeline, frame));
        let Ok((look, seen)) = looked.await else {
            return Input::ModelFailed;
        };
        self.held.extend(seen.map(|seen| (number, Arc::new(seen))));
        Input::Analysed(look)
    }

    async fn embed(&mut self, number: FrameNumber) -> Input {
        let Some(seen) = self.held.get(&number).cloned() else {
            return Input::ModelFailed;
        };
        let others: Vec<Arc<Seen>> = self.held.values().cloned().collect();
        let embedded = self.engine.work(move |pipeline| {
            let before = others.iter().filter_map(|seen| {
                let (template, _) = seen.template.get()?;
                Some((template, seen.quality))
            });
            let before = Template::fuse_weighted(before);
            let (template, pad) = seen.embedded(pipeline)?;
            let likeness = before.map(|before| before.compare(template));
            Ok::<_, AnalyseError>((likeness, pad.score()))
        });
        match embedded.await {
            Ok((likeness, pad)) => Input::Embedded { likeness, pad },
            Err(ModelFailed) => Input::ModelFailed,
        }
    }

    async fn compare(&mut self, numbers: &[FrameNumber], basis: Basis) -> Input {
        let seen = numbers.iter().filter_map(|number| self.held.get(number));
        let seen: Vec<Arc<Seen>> = seen.cloned().collect();
        let reference = self.reference.clone();
        let judged = self
            .engine
            .work(move |pipeline| judge(pipeline, &seen, basis, reference));
        let Ok(captured) = judged.await else {
            return Input::ModelFailed;
        };
        let may_try_again = captured.face == CheckResult::Failed
            && captured.presentation == CheckResult::Successful;
        self.judged = Some(Box::new(captured));
        Input::Compared { may_try_again }
    }

    async fn ended(self, end: End) -> CaptureEvent {
        match (end, self.judged) {
            (End::Judged, Some(captured)) => CaptureEvent::Judged(captured),
            (End::Judged | End::Failed, _) => CaptureEvent::Failed,
            (End::NoFace, _) => {
                let last = self.last;
                let jpeg = tokio::task::spawn_blocking(move || {
                    encode_jpeg(&last?.image, OFFICER_JPEG_QUALITY).ok()
                });
                CaptureEvent::NoFace(jpeg.await.ok().flatten())
            }
        }
    }
}

impl Seen {
    /// Template and attack detection of the face, made at the first call.
    fn embedded(
        &self,
        pipeline: &mut FacePipeline,
    ) -> Result<&(Template, PadOutcome), AnalyseError> {
        if let Some(made) = self.template.get() {
            return Ok(made);
        }
        let (template, pad) = pipeline.embed_and_judge(&self.frame.image, &self.face)?;
        if let PadOutcome::Failed(error) = &pad {
            tracing::error!(%error, "attack detection failed");
        }
        Ok(self.template.get_or_init(|| (template, pad)))
    }
}

fn look(
    pipeline: &mut FacePipeline,
    frame: Arc<Frame>,
) -> Result<(Look, Option<Seen>), AnalyseError> {
    let faces = pipeline.detect(&frame.image)?;
    let quality = pipeline.quality(&frame.image, &faces)?;
    let look = Look {
        number: FrameNumber(frame.sequence),
        taken_at: frame.taken_at,
        faces: faces.iter().map(|face| face.bbox).collect(),
        quality: quality.as_ref().map(|quality| quality.unified),
        coaching: Quality::coaching_of(quality.as_ref()),
    };
    let seen = faces.first().zip(look.quality).map(|(face, quality)| Seen {
        frame,
        face: *face,
        quality,
        template: OnceLock::new(),
    });
    Ok((look, seen))
}

/// The template of the chip portrait, however small, grey or old: quality is asked of the live picture alone.
fn reference(
    pipeline: &mut FacePipeline,
    chip_portrait: Option<Vec<u8>>,
) -> Result<Result<Template, NoReference>, AnalyseError> {
    let Some(coded) = chip_portrait else {
        return Ok(Err(NoReference::Absent));
    };
    let Some(portrait) = portrait::frame(&coded) else {
        return Ok(Err(NoReference::Undecodable));
    };
    match pipeline.detect(&portrait)?.first() {
        Some(face) => pipeline.embed(&portrait, face).map(Ok),
        None => Ok(Err(NoReference::NoFace)),
    }
}

/// The presentation is judged over exactly the frames whose templates are compared.
fn judge(
    pipeline: &mut FacePipeline,
    seen: &[Arc<Seen>],
    basis: Basis,
    reference: Result<Arc<Template>, NoReference>,
) -> Result<Captured, JudgeError> {
    let (mut templates, mut pads) = (Vec::new(), Vec::new());
    for seen in seen {
        let (template, pad) = seen.embedded(pipeline)?;
        templates.push((template, seen.quality));
        pads.push(pad.clone());
    }
    let live = Template::fuse_weighted(templates.iter().copied()).ok_or(JudgeError::NoFrame)?;
    let last = seen.last().ok_or(JudgeError::NoFrame)?;
    let live_jpeg = encode_jpeg(&last.frame.image, OFFICER_JPEG_QUALITY)?;
    let match_score = match &reference {
        Ok(reference) => Ok(live.compare(reference)),
        Err(why) => Err(*why),
    };
    let pad_score = pipeline.judge_attempt(&pads).score();
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
    // Not judged is not passed: an officer looks.
    let presentation = pad_score.map_or(CheckResult::Undetermined, |score| {
        passed(score >= thresholds.pad_score && basis != Basis::PadAlarm)
    });
    let second_live = pipeline.fuse_for_second(templates);
    let pairs = reference.map(|reference| pairs(pipeline, live, second_live, reference));
    Ok(Captured {
        match_score,
        pad_score,
        face,
        presentation,
        basis,
        live_jpeg,
        pairs: pairs.unwrap_or_default(),
    })
}

/// In the order of [`FacePipeline::configurations`].
fn pairs(
    pipeline: &FacePipeline,
    live: Template,
    second_live: Option<Template>,
    reference: Arc<Template>,
) -> Vec<Pair<Template>> {
    let second = second_live.zip(pipeline.in_second(&reference));
    let second = second.map(|(live, reference)| Pair {
        live,
        reference: Arc::new(reference),
    });
    std::iter::once(Pair { live, reference })
        .chain(second)
        .collect()
}

fn configuration(
    of: egate_models::Configuration<'_>,
    in_force: Option<MatchScore>,
) -> Configuration {
    let frames = match of.frames {
        1 => "best frame".to_owned(),
        frames => format!("{frames} frames"),
    };
    let points = of.matcher.points.iter();
    let thresholds = points.map(|point| Threshold {
        match_score: point.match_score,
        // A rate of at most 1 is at most a billion of these.
        fmr_ppb: (point.fmr * 1e9).round() as u32,
        in_force: in_force == Some(point.match_score),
    });
    Configuration {
        name: format!("{}, {frames}", of.matcher.name),
        thresholds: thresholds.collect(),
    }
}

impl Comparable for Template {
    fn score(&self, other: &Self) -> MatchScore {
        self.compare(other)
    }
}

/// Quality of the live picture shown to the officer.
const OFFICER_JPEG_QUALITY: u8 = 85;
