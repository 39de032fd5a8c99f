//! The pipeline that callers use: load a set, analyse frames, embed and compare faces.

use std::path::Path;

use egate_types::{BgrFrame, Coaching, MatchScore};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::detect::{Detector, Face};
use crate::geometry::{GeometryError, align, sharpness};
use crate::manifest::{Embedder, Input, Manifest, ManifestError, ModelFile, Thresholds};
use crate::network::{Network, NetworkError};
use crate::pad::{AttackDetector, PadOutcome};
use crate::runtime::{self, RuntimeError};

/// Where the pipeline is about to run. A set trained on drawn faces loads in simulation alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Drawn travellers: demo, tests.
    Simulation,
    /// Real travellers.
    Operational,
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
    /// Attack detection on the largest face.
    pub pad: PadOutcome,
}

impl FrameAnalysis {
    /// The face to compare: the largest.
    pub fn largest(&self) -> Option<&Face> {
        self.faces.first()
    }
}

/// A biometric template: unit vector, wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Template(Vec<f32>);

impl Template {
    /// Cosine similarity; templates of different sets do not match.
    pub fn compare(&self, other: &Self) -> MatchScore {
        if self.0.len() != other.0.len() {
            return MatchScore::from_cosine(f32::NAN);
        }
        MatchScore::from_cosine(self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum())
    }

    /// One template of several looks at one face: the direction of their mean. `None` without any.
    pub fn fuse(looks: &[Self]) -> Option<Self> {
        let (first, others) = looks.split_first()?;
        let mut sum = first.0.clone();
        for look in others {
            sum.iter_mut()
                .zip(&look.0)
                .for_each(|(sum, value)| *sum += value);
        }
        Some(Self::normalised(sum))
    }

    /// Not-a-number throughout if the network gave nothing of length: matches nothing.
    fn normalised(mut values: Vec<f32>) -> Self {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        values.iter_mut().for_each(|value| *value /= length);
        Self(values)
    }

    /// The vector whose dot product with another template's is their score, for a [`crate::Gallery`].
    pub fn unit_vector(&self) -> Zeroizing<Vec<f32>> {
        Zeroizing::new(self.0.clone())
    }
}

/// A loaded model set.
pub struct FacePipeline {
    set: String,
    detector: Detector,
    embedder: Network,
    embedder_description: Embedder,
    attack_detector: AttackDetector,
    thresholds: Thresholds,
}

impl FacePipeline {
    /// Loads `folder/manifest.toml`, which must describe `set`, with the library that `ORT_DYLIB_PATH` names.
    pub fn load(folder: &Path, set: &str, environment: Environment) -> Result<Self, LoadError> {
        Self::load_described(
            &folder.join("manifest.toml"),
            folder,
            set,
            environment,
            None,
        )
    }

    /// Loads a set whose description lies apart from its models, optionally with a given ONNX Runtime library.
    pub fn load_described(
        description: &Path,
        models: &Path,
        set: &str,
        environment: Environment,
        library: Option<&Path>,
    ) -> Result<Self, LoadError> {
        let manifest = Manifest::read(description, set)?;
        if manifest.simulation_only && environment != Environment::Simulation {
            return Err(LoadError::SimulationOnly(manifest.set));
        }
        let runtime = runtime::environment(library)?;
        let Manifest {
            set,
            detector,
            embedder,
            pad,
            pad_rule,
            thresholds,
            ..
        } = manifest;
        let network = |file: &ModelFile, input: &Input| -> Result<Network, LoadError> {
            Ok(Network::load(
                runtime,
                file.name(),
                &file.read(models)?,
                input,
            )?)
        };
        Ok(Self {
            set,
            detector: Detector::new(network(&detector.file, &detector.input)?, &detector),
            embedder: network(&embedder.file, &embedder.input)?,
            embedder_description: embedder,
            attack_detector: AttackDetector::new(
                pad.into_iter()
                    .map(|pad| Ok((network(&pad.file, &pad.input)?, pad)))
                    .collect::<Result<_, LoadError>>()?,
                pad_rule,
            ),
            thresholds,
        })
    }

    /// Name of the set.
    pub fn set(&self) -> &str {
        &self.set
    }

    /// The set's decision thresholds and what was measured at them.
    pub fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Finds the faces, judges the picture and looks for attacks.
    pub fn analyse(&mut self, frame: &BgrFrame) -> Result<FrameAnalysis, AnalyseError> {
        let faces = self.detector.detect(frame)?;
        let pad = self.attack_detector.judge(frame, faces.first());
        let coaching = self.coaching(frame, &faces)?;
        Ok(FrameAnalysis {
            faces,
            coaching,
            pad,
        })
    }

    /// The template of one face.
    pub fn embed(&mut self, frame: &BgrFrame, face: &Face) -> Result<Template, AnalyseError> {
        let Embedder {
            input,
            template,
            dimension,
            output,
            ..
        } = &self.embedder_description;
        let picture = align(frame, &face.landmarks, template, input.width, input.height)?;
        let mut outputs = self
            .embedder
            .run(&picture, &[(output.clone(), *dimension)])?;
        Ok(Template::normalised(outputs.pop().unwrap_or_default()))
    }

    /// Attack detection over the frames of one attempt: exactly those whose templates are compared.
    pub fn judge_attempt(&self, frames: &[PadOutcome]) -> PadOutcome {
        self.attack_detector.judge_attempt(frames)
    }

    /// The most helpful single instruction, the most basic need first.
    fn coaching(&self, frame: &BgrFrame, faces: &[Face]) -> Result<Option<Coaching>, AnalyseError> {
        let Some(face) = faces.first() else {
            return Ok(Some(Coaching::LookAtCamera));
        };
        // A face far behind the traveller is a bystander beyond the lane.
        if faces
            .iter()
            .skip(1)
            .any(|other| other.area() > face.area() * SECOND_FACE_AREA_MIN)
        {
            return Ok(Some(Coaching::OneFaceOnly));
        }
        if face.eye_distance_px() < EYE_DISTANCE_PX_MIN {
            return Ok(Some(Coaching::ComeCloser));
        }
        if face.bbox[3] > frame.height() as f32 * FACE_HEIGHT_SHARE_MAX {
            return Ok(Some(Coaching::StepBack));
        }
        if turned(face) > TURNED_MAX {
            return Ok(Some(Coaching::FaceTheCamera));
        }
        let Embedder {
            input, template, ..
        } = &self.embedder_description;
        let picture = align(frame, &face.landmarks, template, input.width, input.height)?;
        Ok((sharpness(&picture)? < SHARPNESS_MIN).then_some(Coaching::HoldStill))
    }
}

/// How far the nose is off the middle between eyes and mouth, in eye distances: 0 frontal, grows with yaw.
fn turned(face: &Face) -> f32 {
    let [left, right, nose, mouth_left, mouth_right] = face.landmarks;
    let eyes = [(left[0] + right[0]) / 2.0, (left[1] + right[1]) / 2.0];
    let mouth = [
        (mouth_left[0] + mouth_right[0]) / 2.0,
        (mouth_left[1] + mouth_right[1]) / 2.0,
    ];
    let axis = [mouth[0] - eyes[0], mouth[1] - eyes[1]];
    let length = axis[0].hypot(axis[1]).max(1.0);
    let offset = (axis[0] * (nose[1] - eyes[1]) - axis[1] * (nose[0] - eyes[0])) / length;
    offset.abs() / face.eye_distance_px().max(1.0)
}

/// A second face counts from this share of the first one's area: about one and a half arm lengths behind.
const SECOND_FACE_AREA_MIN: f32 = 0.25;
/// Below this the embedder sees hardly more pixels than the 35 its input has between the eyes.
const EYE_DISTANCE_PX_MIN: f32 = 42.0;
/// Taller faces leave no room for the context that attack detection looks at.
const FACE_HEIGHT_SHARE_MAX: f32 = 0.68;
/// About 20 degrees of yaw.
const TURNED_MAX: f32 = 0.13;
/// Standard deviation of the Laplacian, grey levels: an everyday frame has 10 to 40, one blurred by 5 pixels 6.
const SHARPNESS_MIN: f32 = 5.5;
