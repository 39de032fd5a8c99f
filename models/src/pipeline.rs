//! The pipeline that callers use: load a set, analyse frames, embed and compare faces.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::Arc;

use egate_types::{BgrFrame, Coaching, MatchScore, PadScore};

use crate::FRAMES_PER_ATTEMPT;
use crate::detect::{Detector, Face};
use crate::geometry::{GeometryError, align};
use crate::manifest::{
    Alignment, CaptureLimits, EVALUATION, Embedder, Input, Manifest, ManifestError, Matcher,
    ModelFile, ModelSet, QualityModel, unknown,
};
use crate::network::{Network, NetworkError};
use crate::pad::{AttackDetector, PadOutcome, Traces};
use crate::parallel::{Task, Workers};
use crate::quality::{self, Quality, QualityScore};
use crate::runtime::{self, RuntimeError};
use crate::template::{Space, Template};

/// Where the pipeline is about to run. A set trained on drawn faces loads in simulation alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Drawn travellers: demo, tests.
    Simulation,
    /// Real travellers.
    Operational,
}

/// What to load of a manifest.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Name of the set.
    pub set: String,
    /// Where it runs.
    pub environment: Environment,
    /// Another detector of the set than its usual one.
    pub detector: Option<String>,
    /// Another matcher of the set than its usual one.
    pub matcher: Option<String>,
    /// Where models lie that are not in the repository; the user's cache folder if absent.
    pub folder: Option<PathBuf>,
    /// The ONNX Runtime library; the one that `ORT_DYLIB_PATH` names if absent.
    pub library: Option<PathBuf>,
    /// Threads for one frame.
    pub threads: usize,
}

impl Selection {
    /// The set as its manifest has it, on one thread.
    #[must_use]
    pub fn new(set: &str, environment: Environment) -> Self {
        Self {
            set: set.to_owned(),
            environment,
            detector: None,
            matcher: None,
            folder: None,
            library: None,
            threads: 1,
        }
    }
}

/// A set that does not load.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The set is for drawn faces, the gate for real ones.
    #[error("model set {0:?} is for simulation and must not judge real people")]
    SimulationOnly(String),
    /// Manifest or model files are wrong.
    #[error("model set cannot be trusted")]
    Manifest(#[from] ManifestError),
    /// The inference library is absent.
    #[error("inference library cannot be used")]
    Runtime(#[from] RuntimeError),
    /// A model does not load.
    #[error("model cannot be used")]
    Network(#[from] NetworkError),
    /// The system gives no threads.
    #[error("threads cannot be started")]
    Threads(#[from] rayon_core::ThreadPoolBuildError),
}

/// A frame that could not be analysed: a device or software fault, never a statement about the face.
#[derive(Debug, thiserror::Error)]
pub enum AnalyseError {
    /// OpenCV failed.
    #[error("face pipeline failed")]
    Geometry(#[from] GeometryError),
    /// ONNX Runtime failed.
    #[error("face pipeline failed")]
    Network(#[from] NetworkError),
}

/// What a frame shows.
#[derive(Debug, Clone)]
pub struct FrameAnalysis {
    /// All faces, the largest first.
    pub faces: Vec<Face>,
    /// What the traveller should do for a better picture; `None` if this one is good.
    pub coaching: Option<Coaching>,
    /// Quality of the largest face; `None` without a face.
    pub quality: Option<Quality>,
    /// Attack detection on the largest face.
    pub pad: PadOutcome,
}

impl FrameAnalysis {
    /// The face to compare: the largest.
    pub fn largest(&self) -> Option<&Face> {
        self.faces.first()
    }

    fn new(faces: Vec<Face>, quality: Option<Quality>, pad: PadOutcome) -> Self {
        Self {
            faces,
            coaching: Quality::coaching_of(quality.as_ref()),
            quality,
            pad,
        }
    }
}

/// The decision thresholds in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Same person at or above this score.
    pub match_score: MatchScore,
    /// False match rate that it stands for on the matcher's pairs.
    pub fmr: f64,
    /// Bona fide at or above this score.
    pub pad_score: PadScore,
}

/// The second way to compare, with what it takes of a template.
struct Second {
    matcher: Matcher,
    frames: usize,
    parts: Vec<usize>,
    space: Arc<Space>,
}

/// A way to compare faces, as the evaluation in the field counts it.
#[derive(Debug, Clone, Copy)]
pub struct Configuration<'a> {
    /// The matcher with its thresholds.
    pub matcher: &'a Matcher,
    /// Frames of an attempt that are fused, at most.
    pub frames: usize,
}

/// A loaded model set.
pub struct FacePipeline {
    set: String,
    matcher: Matcher,
    second: Option<Second>,
    thresholds: Thresholds,
    workers: Workers,
    detector: Detector,
    embedding: Embedding,
    attack_detector: AttackDetector,
    quality: QualityJudge,
}

impl FacePipeline {
    /// Loads what a gate may use: models of the selected set alone.
    ///
    /// # Errors
    /// The set is for simulation and this is not one, or the manifest, a model or the library is not as it must be.
    pub fn load(manifest: &Manifest, selection: &Selection) -> Result<Self, LoadError> {
        Self::load_of(manifest, selection, &[&selection.set])
    }

    /// Loads for a comparison of models: those marked `evaluation` count as part of every set. Never for a gate.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_for_evaluation(
        manifest: &Manifest,
        selection: &Selection,
    ) -> Result<Self, LoadError> {
        Self::load_of(manifest, selection, &[&selection.set, EVALUATION])
    }

    fn load_of(
        manifest: &Manifest,
        selection: &Selection,
        allowed: &[&str],
    ) -> Result<Self, LoadError> {
        let set = manifest.set(&selection.set)?;
        if set.simulation_only && selection.environment != Environment::Simulation {
            return Err(LoadError::SimulationOnly(selection.set.clone()));
        }
        let allows = |of: &str| allowed.contains(&of);
        let none = |kind, name: &str| unknown(kind, name, &selection.set);
        let name = selection.detector.as_ref().unwrap_or(&set.detector);
        let detector = manifest
            .detectors
            .iter()
            .find(|detector| detector.name == *name && allows(&detector.set))
            .ok_or_else(|| none("detector", name))?;
        let name = selection.matcher.as_ref().unwrap_or(&set.matcher);
        let matcher = manifest
            .matcher(name)
            .filter(|matcher| allows(&matcher.set))
            .ok_or_else(|| none("matcher", name))?;
        let point = matcher
            .point(set.fmr_max)
            .ok_or_else(|| none("threshold", name))?;
        let thresholds = Thresholds {
            match_score: point.match_score,
            fmr: point.fmr,
            pad_score: set.presentation.pad_score,
        };
        let loader = Loader {
            manifest,
            selection,
            runtime: runtime::environment(selection.library.as_deref())?,
        };
        let threads = selection.threads.max(1);
        let network = loader.network(&detector.set, &detector.file, &detector.input, threads)?;
        Ok(Self {
            set: selection.set.clone(),
            matcher: matcher.clone(),
            second: second(manifest, set, matcher),
            thresholds,
            workers: Workers::new(threads)?,
            detector: Detector::new(network, detector),
            embedding: loader.embedding(matcher)?,
            attack_detector: loader.attack_detector()?,
            quality: loader.quality()?,
        })
    }

    /// Name of the set.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// The matcher, with all its thresholds and what they were measured on.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The ways to compare that the evaluation in the field counts: the one that decides, then the second one if there is one.
    pub fn configurations(&self) -> impl Iterator<Item = Configuration<'_>> {
        let first = Configuration {
            matcher: &self.matcher,
            frames: FRAMES_PER_ATTEMPT,
        };
        let second = self.second.iter().map(|second| Configuration {
            matcher: &second.matcher,
            frames: second.frames,
        });
        std::iter::once(first).chain(second)
    }

    /// A template in the second configuration; `None` if there is none.
    #[must_use]
    pub fn in_second(&self, template: &Template) -> Option<Template> {
        let second = self.second.as_ref()?;
        Some(template.under(&second.parts, second.space.clone()))
    }

    /// One template of an attempt's frames in the second configuration; `None` if there is none, or no frame.
    #[must_use]
    pub fn fuse_for_second<'a>(
        &self,
        looks: impl IntoIterator<Item = (&'a Template, QualityScore)>,
    ) -> Option<Template> {
        let frames = self.second.as_ref()?.frames;
        let mut looks: Vec<_> = looks.into_iter().collect();
        looks.sort_by_key(|(_, quality)| Reverse(*quality));
        looks.truncate(frames);
        self.in_second(&Template::fuse_weighted(looks)?)
    }

    /// The decision thresholds in force.
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// All faces of a frame, the largest first.
    ///
    /// # Errors
    /// The pipeline failed.
    pub fn detect(&mut self, frame: &BgrFrame) -> Result<Vec<Face>, AnalyseError> {
        self.detector.detect(frame)
    }

    /// Finds the faces, judges the picture and looks for attacks.
    ///
    /// # Errors
    /// The pipeline failed.
    pub fn analyse(&mut self, frame: &BgrFrame) -> Result<FrameAnalysis, AnalyseError> {
        let faces = self.detector.detect(frame)?;
        let pad = self.presentation(frame, faces.first());
        let quality = self.quality(frame, &faces)?;
        Ok(FrameAnalysis::new(faces, quality, pad))
    }

    /// As [`Self::analyse`] and [`Self::embed`] of the largest face.
    ///
    /// # Errors
    /// The pipeline failed.
    pub fn analyse_and_embed(
        &mut self,
        frame: &BgrFrame,
    ) -> Result<(FrameAnalysis, Option<Template>), AnalyseError> {
        let faces = self.detector.detect(frame)?;
        let Some(face) = faces.first() else {
            return Ok((FrameAnalysis::new(faces, None, PadOutcome::NoFace), None));
        };
        let quality = self.quality.judge(frame, &faces)?;
        let (template, pad) = self.embed_and_judge(frame, face)?;
        Ok((FrameAnalysis::new(faces, quality, pad), Some(template)))
    }

    /// As [`Self::embed`] and [`Self::presentation`] of one face, side by side where there are threads.
    ///
    /// # Errors
    /// The pipeline failed.
    pub fn embed_and_judge(
        &mut self,
        frame: &BgrFrame,
        face: &Face,
    ) -> Result<(Template, PadOutcome), AnalyseError> {
        let (embedding, attack_detector) = (&mut self.embedding, &mut self.attack_detector);
        let rule = attack_detector.rule();
        let mut vectors: Vec<_> = embedding.networks.iter().map(|_| None).collect();
        let (mut log_odds, mut traces) = (None, None);
        let mut tasks: Vec<Task<'_>> = Vec::new();
        for (network, vector) in embedding.networks.iter_mut().zip(&mut vectors) {
            tasks.push(Box::new(move || {
                *vector = Some(network.vector(frame, face));
            }));
        }
        if attack_detector.is_enabled() {
            tasks.push(Box::new(|| {
                log_odds = Some(attack_detector.log_odds(frame, face));
            }));
            tasks.push(Box::new(|| {
                traces = Some(Traces::of(rule, frame, face));
            }));
        }
        self.workers.side_by_side(tasks);
        let pad = match (log_odds, traces) {
            (Some(log_odds), Some(traces)) => rule.outcome(log_odds, traces),
            _ => PadOutcome::Disabled,
        };
        let vectors: Result<_, _> = vectors.into_iter().flatten().collect();
        Ok((Template::new(vectors?, embedding.space.clone()), pad))
    }

    /// The template of one face.
    ///
    /// # Errors
    /// The pipeline failed.
    pub fn embed(&mut self, frame: &BgrFrame, face: &Face) -> Result<Template, AnalyseError> {
        self.embedding.embed(frame, face)
    }

    /// Attack detection on the face that is compared.
    pub fn presentation(&mut self, frame: &BgrFrame, face: Option<&Face>) -> PadOutcome {
        self.attack_detector.judge(frame, face)
    }

    /// Attack detection over the frames of one attempt: exactly those whose templates are compared.
    #[must_use]
    pub fn judge_attempt(&self, frames: &[PadOutcome]) -> PadOutcome {
        self.attack_detector.judge_attempt(frames)
    }

    /// Quality of the first of `faces`; `None` without any.
    ///
    /// # Errors
    /// The pipeline failed.
    pub fn quality(
        &mut self,
        frame: &BgrFrame,
        faces: &[Face],
    ) -> Result<Option<Quality>, AnalyseError> {
        self.quality.judge(frame, faces)
    }
}

/// None either where the caller selected another matcher that lacks an embedder of the second one's.
fn second(manifest: &Manifest, set: &ModelSet, first: &Matcher) -> Option<Second> {
    let second = set.second.as_ref()?;
    let matcher = manifest.matcher(&second.matcher)?;
    Some(Second {
        frames: second.frames,
        parts: matcher.parts_within(first)?,
        space: Arc::new(Space {
            // Templates of the two configurations must not be comparable even where the matcher is the same.
            matcher: format!("second {}", matcher.name),
            weights: matcher.weights(),
        }),
        matcher: matcher.clone(),
    })
}

/// Reads and loads the models of one selection.
struct Loader<'a> {
    manifest: &'a Manifest,
    selection: &'a Selection,
    runtime: &'static ort::environment::Environment,
}

impl Loader<'_> {
    fn network(
        &self,
        set: &str,
        file: &ModelFile,
        input: &Input,
        threads: usize,
    ) -> Result<Network, LoadError> {
        let given = self.selection.folder.as_deref();
        let bytes = file.read(&self.manifest.models_folder(set, given)?)?;
        let name = file.name.clone();
        Ok(Network::load(self.runtime, name, &bytes, input, threads)?)
    }

    fn alignment(&self, name: &str) -> Result<Alignment, LoadError> {
        let alignment = self.manifest.alignment.get(name).cloned();
        Ok(alignment.ok_or_else(|| unknown("alignment", name, &self.selection.set))?)
    }

    fn embedding(&self, matcher: &Matcher) -> Result<Embedding, LoadError> {
        let mut networks = Vec::new();
        for part in &matcher.embedders {
            let mut described = self.manifest.embedders.iter();
            let embedder = described
                .find(|embedder| embedder.name == part.name)
                .ok_or_else(|| unknown("embedder", &part.name, &matcher.set))?;
            networks.push(EmbeddingNetwork {
                network: self.network(&embedder.set, &embedder.file, &embedder.input, 1)?,
                alignment: self.alignment(&embedder.alignment)?,
                description: embedder.clone(),
            });
        }
        let weights = matcher.weights();
        let matcher = matcher.name.clone();
        let space = Arc::new(Space { matcher, weights });
        Ok(Embedding { networks, space })
    }

    fn attack_detector(&self) -> Result<AttackDetector, LoadError> {
        let set = self.manifest.set(&self.selection.set)?;
        let mut pads = Vec::new();
        for pad in self
            .manifest
            .pads
            .iter()
            .filter(|pad| set.pad.contains(&pad.name))
        {
            pads.push((
                self.network(&pad.set, &pad.file, &pad.input, 1)?,
                pad.clone(),
            ));
        }
        Ok(AttackDetector::new(pads, set.presentation.rule))
    }

    fn quality(&self) -> Result<QualityJudge, LoadError> {
        let set = self.manifest.set(&self.selection.set)?;
        let mut described = self.manifest.qualities.iter();
        let learned = match described.find(|q| Some(&q.name) == set.quality.as_ref()) {
            Some(quality) => Some(LearnedQuality {
                network: self.network(&quality.set, &quality.file, &quality.input, 1)?,
                alignment: self.alignment(&quality.alignment)?,
                description: quality.clone(),
            }),
            None => None,
        };
        Ok(QualityJudge {
            learned,
            limits: set.capture.clone(),
            alignment: self.alignment(&set.capture.alignment)?,
        })
    }
}

/// The embedders of a matcher.
struct Embedding {
    networks: Vec<EmbeddingNetwork>,
    space: Arc<Space>,
}

struct EmbeddingNetwork {
    network: Network,
    alignment: Alignment,
    description: Embedder,
}

impl Embedding {
    fn embed(&mut self, frame: &BgrFrame, face: &Face) -> Result<Template, AnalyseError> {
        let networks = self.networks.iter_mut();
        let vectors: Result<_, _> = networks.map(|one| one.vector(frame, face)).collect();
        Ok(Template::new(vectors?, self.space.clone()))
    }
}

impl EmbeddingNetwork {
    fn vector(&mut self, frame: &BgrFrame, face: &Face) -> Result<Vec<f32>, AnalyseError> {
        let picture = align(frame, &face.landmarks, &self.alignment)?;
        let wanted = (self.description.output.clone(), self.description.dimension);
        let mut outputs = self.network.run(&picture, &[wanted])?;
        Ok(outputs.pop().unwrap_or_default())
    }
}

struct QualityJudge {
    learned: Option<LearnedQuality>,
    limits: CaptureLimits,
    alignment: Alignment,
}

struct LearnedQuality {
    network: Network,
    alignment: Alignment,
    description: QualityModel,
}

impl QualityJudge {
    fn judge(&mut self, frame: &BgrFrame, faces: &[Face]) -> Result<Option<Quality>, AnalyseError> {
        let learned = match (faces.first(), &mut self.learned) {
            (Some(face), Some(learned)) => Some(learned.judge(frame, face)?),
            _ => None,
        };
        Ok(quality::judge(
            frame,
            faces,
            &self.limits,
            &self.alignment,
            learned,
        )?)
    }
}

impl LearnedQuality {
    fn judge(&mut self, frame: &BgrFrame, face: &Face) -> Result<(f32, [f32; 3]), AnalyseError> {
        let picture = align(frame, &face.landmarks, &self.alignment)?;
        let outputs = self
            .network
            .run(&picture, &[(self.description.output.clone(), 1)])?;
        let value = outputs.first().and_then(|values| values.first());
        Ok((value.copied().unwrap_or(f32::NAN), self.description.scale))
    }
}
