//! The one manifest: every model with its hash and how to run it, and the sets made of them. Parsed strictly.

mod check;
mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use egate_types::{MatchScore, PadScore};
use serde::Deserialize;

pub use file::{ModelFile, ModelPath};

use crate::limits::MANIFEST_BYTES_MAX;
use crate::pad;

/// Models of this set are for comparison in evaluations; no set that a gate loads may name them.
pub const EVALUATION: &str = "evaluation";

/// A manifest or model that must not be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is larger than any honest one.
    #[error("{} is larger than {limit} bytes", .path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// The manifest is not what this program understands; unknown fields count.
    #[error("{} is not a manifest of version {VERSION}", .path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// The manifest parses and makes no sense.
    #[error("{}: {field}: {reason}", .path.display())]
    Inconsistent {
        /// Which.
        path: PathBuf,
        /// Entry and field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The manifest has no such entry that may be used here.
    #[error("the manifest has no {kind} {name:?} in the set {set:?}")]
    Unknown {
        /// `set`, `detector`, `matcher`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        set: String,
    },
    /// A model file has another size than the manifest says.
    #[error("{} has {actual} bytes, the manifest says {expected}", .path.display())]
    SizeMismatch {
        /// Which.
        path: PathBuf,
        /// As in the manifest.
        expected: u64,
        /// As on disk.
        actual: u64,
    },
    /// A model file is not the one the manifest names.
    #[error("{} has SHA-256 {actual}, the manifest says {expected}", .path.display())]
    HashMismatch {
        /// Which.
        path: PathBuf,
        /// As in the manifest.
        expected: String,
        /// As on disk.
        actual: String,
    },
    /// Nobody said where the models of this set lie, and there is no home folder to look in.
    #[error("no folder is given for the models of the set {0:?}")]
    NoFolder(String),
}

/// All models and sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    manifest_version: u32,
    #[serde(skip)]
    folder: PathBuf,
    pub(crate) alignment: BTreeMap<String, Alignment>,
    #[serde(rename = "detector")]
    pub(crate) detectors: Vec<Detector>,
    #[serde(rename = "embedder")]
    pub(crate) embedders: Vec<Embedder>,
    #[serde(rename = "pad")]
    pub(crate) pads: Vec<Pad>,
    #[serde(rename = "quality")]
    pub(crate) qualities: Vec<QualityModel>,
    #[serde(rename = "matcher")]
    pub(crate) matchers: Vec<Matcher>,
    #[serde(rename = "set")]
    pub(crate) sets: BTreeMap<String, ModelSet>,
}

/// Where the landmarks lie in an aligned picture, pixels.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alignment {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) points: AlignmentPoints,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlignmentPoints {
    /// All five landmarks.
    Five([[f32; 2]; 5]),
    /// Both eyes and the middle of the mouth corners.
    EyesAndMouth([[f32; 2]; 3]),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detector {
    pub(crate) name: String,
    pub(crate) set: String,
    pub(crate) file: ModelFile,
    pub(crate) licence: String,
    pub(crate) origin: Origin,
    pub(crate) input: Input,
    pub(crate) outputs: Vec<String>,
    pub(crate) decoding: Decoding,
    pub(crate) score_min: f32,
    pub(crate) overlap_max: f32,
    /// Average the suppressed candidates into the face they overlap.
    #[serde(default)]
    pub(crate) blend: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Decoding {
    /// `outputs`: cls, obj, bbox, kps, each for every stride.
    Yunet { strides: Vec<u32> },
    /// `outputs`: boxes, class probabilities, landmarks, for all priors.
    Retinaface {
        strides: Vec<u32>,
        /// Sizes of the square priors of each stride.
        prior_px: Vec<Vec<f32>>,
        /// Of centres and of sizes.
        variances: [f32; 2],
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Embedder {
    pub(crate) name: String,
    pub(crate) set: String,
    pub(crate) file: ModelFile,
    pub(crate) licence: String,
    pub(crate) origin: Origin,
    pub(crate) input: Input,
    pub(crate) alignment: String,
    pub(crate) output: String,
    pub(crate) dimension: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pad {
    pub(crate) name: String,
    pub(crate) set: String,
    pub(crate) file: ModelFile,
    pub(crate) licence: String,
    pub(crate) origin: Origin,
    pub(crate) input: Input,
    /// Crop around the face in multiples of its box.
    pub(crate) crop_scale: f32,
    pub(crate) output: String,
    /// One of them is `bona_fide`.
    pub(crate) classes: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QualityModel {
    pub(crate) name: String,
    pub(crate) set: String,
    pub(crate) file: ModelFile,
    pub(crate) licence: String,
    pub(crate) origin: Origin,
    pub(crate) input: Input,
    pub(crate) alignment: String,
    pub(crate) output: String,
    /// Raw values that stand for 0, 50 and 100.
    pub(crate) scale: [f32; 3],
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Origin {
    /// A file in a public repository.
    Published {
        repository: String,
        revision: String,
        path: String,
        /// How the published file was changed; then it cannot be downloaded from there.
        #[serde(default)]
        converted: Option<String>,
    },
    /// Made in this repository.
    Trained(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) tensor: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) colour: Colour,
    /// Per channel in the order of `colour`: value = (pixel - mean) / deviation.
    pub(crate) mean: [f32; 3],
    pub(crate) deviation: [f32; 3],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Colour {
    Bgr,
    Rgb,
}

/// Embedders whose cosines make one score, and the thresholds of that score.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// What `--embedder` calls it; one embedder alone lends its name.
    pub name: String,
    pub(crate) set: String,
    pub(crate) embedders: Vec<WeightedEmbedder>,
    /// What the rates were measured on.
    pub measured: MeasuredPairs,
    /// Thresholds, the highest rate first.
    pub points: Vec<OperatingPoint>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeightedEmbedder {
    pub(crate) name: String,
    /// Share of the score; the shares of a matcher add up to 1, so that scores stay within -1..=1.
    pub(crate) weight: f32,
}

/// Pairs that match rates were measured on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredPairs {
    /// Pictures, protocol, detector.
    pub on: String,
    /// Comparisons of different people.
    pub impostor_pairs: u64,
    /// Comparisons of the same person.
    pub genuine_pairs: u64,
}

/// A threshold and the error rates it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingPoint {
    /// False match rate, a share.
    pub fmr: f64,
    /// Same person at or above this score.
    #[serde(rename = "match_score_ppm", deserialize_with = "match_score")]
    pub match_score: MatchScore,
    /// False non-match rate, a share.
    pub fnmr: f64,
}

/// A set of models that a gate may load.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSet {
    /// Trained on drawn faces: worthless, and therefore refused, on real people.
    pub simulation_only: bool,
    /// Where its models lie, beside the manifest; absent for models that are not in the repository.
    #[serde(default)]
    pub(crate) folder: Option<PathBuf>,
    /// Used unless another one of the set is named.
    pub detector: String,
    /// Used unless another one of the set is named.
    pub matcher: String,
    /// The decision threshold is the lowest one whose false match rate is no larger than this share.
    pub fmr_max: f64,
    /// What the evaluation in the field compares with beside it; decides nothing.
    #[serde(default)]
    pub second: Option<SecondConfiguration>,
    /// The log-odds of these networks are averaged; none if attacks are not looked for, and then no passage is without an officer.
    pub pad: Vec<String>,
    /// Learned quality, where the set has a network for it.
    #[serde(default)]
    pub quality: Option<String>,
    /// Attack detection.
    pub presentation: Presentation,
    /// What a usable picture of this set's networks is.
    pub capture: CaptureLimits,
}

/// A second way to compare the faces of one transaction (BSI TR-03121 EVA-VER-nCIR-1), made of what the first one leaves: no
/// network runs for it, and nothing more of a traveller is held.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondConfiguration {
    /// A matcher whose embedders are among those of the set's own.
    pub matcher: String,
    /// So many frames of an attempt are fused, the best ones; at most [`crate::FRAMES_PER_ATTEMPT`].
    pub frames: usize,
}

/// Threshold of attack detection, and what was measured with it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presentation {
    /// Bona fide at or above this score.
    #[serde(rename = "pad_score_ppm", deserialize_with = "pad_score")]
    pub pad_score: PadScore,
    /// How the networks and the other cues become one score.
    #[serde(rename = "pad_rule")]
    pub(crate) rule: pad::Rule,
    /// Errors at that threshold.
    pub measured: MeasuredAttacks,
}

/// Error rates of attack detection (ISO/IEC 30107-3).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredAttacks {
    /// Attacks accepted, as a share of `attacks` (the worst attack kind).
    pub apcer: f64,
    /// Attack presentations of that kind.
    pub attacks: u32,
    /// Bona fide presentations rejected, as a share of `bona_fide`.
    pub bpcer: f64,
    /// Bona fide presentations.
    pub bona_fide: u32,
    /// On which pictures.
    pub on: String,
}

/// Below these a picture is not used; each stands for a quality of 50 of 100.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureLimits {
    /// How the face is aligned that light and sharpness are measured on.
    pub(crate) alignment: String,
    /// Distance of the eyes, pixels: what the networks need to see.
    pub eye_distance_px_min: f32,
    /// Height of the face box over the frame's: taller faces leave no room for what attack detection looks at.
    pub face_height_share_max: f32,
    /// Standard deviation of the Laplacian of the aligned face, grey levels.
    pub sharpness_min: f32,
}

impl Manifest {
    /// Reads and checks a manifest; model files are read when they are loaded.
    ///
    /// # Errors
    /// The file cannot be read, or anything in it does not fit together.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let bytes = file::read_limited(path, MANIFEST_BYTES_MAX)?;
        Self::parse(&String::from_utf8_lossy(&bytes), path)
    }

    /// Parses a manifest as if it lay at `path`.
    ///
    /// # Errors
    /// Anything in it is unknown or does not fit together.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        let malformed = |source| ManifestError::Malformed {
            path: path.to_path_buf(),
            source,
        };
        let mut manifest: Self = toml::from_str(text).map_err(malformed)?;
        manifest.folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        match check::inconsistency(&manifest, VERSION) {
            None => Ok(manifest),
            Some((field, reason)) => Err(ManifestError::Inconsistent {
                path: path.to_path_buf(),
                field,
                reason,
            }),
        }
    }

    /// A set by its name.
    ///
    /// # Errors
    /// There is none.
    pub fn set(&self, name: &str) -> Result<&ModelSet, ManifestError> {
        self.sets
            .get(name)
            .ok_or_else(|| unknown("set", name, name))
    }

    /// A matcher by its name, whatever its set.
    #[must_use]
    pub fn matcher(&self, name: &str) -> Option<&Matcher> {
        self.matchers.iter().find(|matcher| matcher.name == name)
    }

    /// Where the models of a set lie: beside the manifest if it says so, else `given`, else [`cache_folder`].
    ///
    /// # Errors
    /// Neither is known.
    pub fn models_folder(&self, set: &str, given: Option<&Path>) -> Result<PathBuf, ManifestError> {
        match self.sets.get(set).and_then(|set| set.folder.as_ref()) {
            Some(beside) => Ok(self.folder.join(beside)),
            None => given
                .map(Path::to_path_buf)
                .or_else(cache_folder)
                .ok_or_else(|| ManifestError::NoFolder(set.to_owned())),
        }
    }
}

impl Matcher {
    /// The lowest threshold whose false match rate is at most `fmr_max`.
    #[must_use]
    pub fn point(&self, fmr_max: f64) -> Option<OperatingPoint> {
        self.points
            .iter()
            .copied()
            .find(|point| point.fmr <= fmr_max)
    }

    /// Share of each embedder's cosine in the score.
    pub(crate) fn weights(&self) -> Vec<f32> {
        self.embedders.iter().map(|part| part.weight).collect()
    }

    /// Where its embedders stand among those of another matcher, if all do.
    pub(crate) fn parts_within(&self, other: &Self) -> Option<Vec<usize>> {
        let place = |part: &WeightedEmbedder| {
            let mut there = other.embedders.iter();
            there.position(|embedder| embedder.name == part.name)
        };
        self.embedders.iter().map(place).collect()
    }
}

impl Decoding {
    pub(crate) fn strides(&self) -> &[u32] {
        match self {
            Self::Yunet { strides } | Self::Retinaface { strides, .. } => strides,
        }
    }
}

/// Where models that are not in the repository lie unless somebody says otherwise: `egate/models` in the user's cache folder.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("egate/models"))
}

pub(crate) fn unknown(kind: &'static str, name: &str, set: &str) -> ManifestError {
    ManifestError::Unknown {
        kind,
        name: name.to_owned(),
        set: set.to_owned(),
    }
}

fn match_score<'de, D: serde::Deserializer<'de>>(input: D) -> Result<MatchScore, D::Error> {
    let ppm = i32::deserialize(input)?;
    if !(1..=1_000_000).contains(&ppm) {
        // A threshold at or below zero would let strangers pass.
        return Err(serde::de::Error::custom(
            "match_score_ppm must be within 1..=1000000",
        ));
    }
    Ok(MatchScore(ppm))
}

fn pad_score<'de, D: serde::Deserializer<'de>>(input: D) -> Result<PadScore, D::Error> {
    let ppm = u32::deserialize(input)?;
    if !(1..=1_000_000).contains(&ppm) {
        return Err(serde::de::Error::custom(
            "pad_score_ppm must be within 1..=1000000",
        ));
    }
    Ok(PadScore(ppm))
}

const VERSION: u32 = 2;
