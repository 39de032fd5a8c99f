//! The description of a model set: parsed strictly, every file checked against its hash.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use egate_types::{MatchScore, PadScore};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::limits::{MANIFEST_BYTES_MAX, MODEL_BYTES_MAX};
use crate::pad;

/// A set that must not be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file of the set cannot be read.
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
    #[error("{} is inconsistent: {reason}", .path.display())]
    Inconsistent {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another set than the one asked for.
    #[error("{} describes the set {found:?}, {expected:?} was asked for", .path.display())]
    OtherSet {
        /// Which.
        path: PathBuf,
        /// The set it describes.
        found: String,
        /// The set asked for.
        expected: String,
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
}

/// Decision thresholds of a set with the error rates they stand for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Same person at or above this score.
    #[serde(rename = "match_score_ppm", deserialize_with = "match_score")]
    pub match_score: MatchScore,
    /// Bona fide at or above this score.
    #[serde(rename = "pad_score_ppm", deserialize_with = "pad_score")]
    pub pad_score: PadScore,
    /// What was measured at these thresholds.
    pub measured: MeasuredRates,
}

/// Error rates measured on people that no training saw.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredRates {
    /// False match rate, as a share of `impostor_pairs`.
    pub fmr: f64,
    /// Comparisons of different people.
    pub impostor_pairs: u32,
    /// False non-match rate, as a share of `genuine_pairs`.
    pub fnmr: f64,
    /// Comparisons of the same person.
    pub genuine_pairs: u32,
    /// Attacks accepted, as a share of `attacks` (the worst attack kind).
    pub apcer: f64,
    /// Attack presentations of that kind.
    pub attacks: u32,
    /// Bona fide presentations rejected, as a share of `bona_fide`.
    pub bpcer: f64,
    /// Bona fide presentations.
    pub bona_fide: u32,
    /// On which pictures.
    pub population: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) manifest_version: u32,
    pub(crate) set: String,
    /// Trained on drawn faces: worthless, and therefore refused, on real people.
    pub(crate) simulation_only: bool,
    pub(crate) detector: Detector,
    pub(crate) embedder: Embedder,
    /// One or several, whose log-odds are averaged.
    pub(crate) pad: Vec<Pad>,
    /// How they and the other cues of attack detection become one score.
    pub(crate) pad_rule: pad::Rule,
    pub(crate) thresholds: Thresholds,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detector {
    pub(crate) file: ModelFile,
    pub(crate) input: Input,
    pub(crate) strides: Vec<u32>,
    pub(crate) score_min: f32,
    pub(crate) overlap_max: f32,
    /// Average the suppressed candidates into the face they overlap.
    pub(crate) blend: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Embedder {
    pub(crate) file: ModelFile,
    pub(crate) input: Input,
    /// Where the five landmarks lie in the aligned picture.
    pub(crate) template: [[f32; 2]; 5],
    pub(crate) output: String,
    pub(crate) dimension: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pad {
    pub(crate) file: ModelFile,
    pub(crate) input: Input,
    /// Crop around the face in multiples of its box.
    pub(crate) crop_scale: f32,
    pub(crate) output: String,
    pub(crate) classes: usize,
    pub(crate) bona_fide_class: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelFile {
    name: PathBuf,
    sha256: String,
    licence: String,
    origin: String,
}

#[derive(Debug, Deserialize)]
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

impl Manifest {
    /// Reads and checks the description; model files are read by [`ModelFile::read`].
    pub(crate) fn read(path: &Path, set: &str) -> Result<Self, ManifestError> {
        let bytes = read_limited(path, MANIFEST_BYTES_MAX)?;
        let text = String::from_utf8_lossy(&bytes);
        let manifest: Self = toml::from_str(&text).map_err(|source| ManifestError::Malformed {
            path: path.to_path_buf(),
            source,
        })?;
        if manifest.set != set {
            return Err(ManifestError::OtherSet {
                path: path.to_path_buf(),
                found: manifest.set,
                expected: set.to_owned(),
            });
        }
        match manifest.inconsistency() {
            None => Ok(manifest),
            Some(reason) => Err(ManifestError::Inconsistent {
                path: path.to_path_buf(),
                reason,
            }),
        }
    }

    fn inconsistency(&self) -> Option<String> {
        if self.manifest_version != VERSION {
            return Some(format!(
                "manifest_version is {}, not {VERSION}",
                self.manifest_version
            ));
        }
        let inputs = [
            ("detector", &self.detector.input),
            ("embedder", &self.embedder.input),
        ]
        .into_iter()
        .chain(self.pad.iter().map(|pad| ("pad", &pad.input)));
        for (role, input) in inputs {
            if !(16..=2048).contains(&input.width) || !(16..=2048).contains(&input.height) {
                return Some(format!(
                    "{role} input of {} x {}",
                    input.width, input.height
                ));
            }
            if input
                .deviation
                .iter()
                .any(|deviation| deviation.is_nan() || *deviation <= 0.0)
            {
                return Some(format!("{role} deviation is not positive"));
            }
        }
        let files = [&self.detector.file, &self.embedder.file]
            .into_iter()
            .chain(self.pad.iter().map(|pad| &pad.file));
        let mut hashes = BTreeMap::new();
        for file in files {
            if file.name.components().count() != 1 || file.name.file_name().is_none() {
                return Some(format!("{} is not a plain file name", file.name.display()));
            }
            if file.licence.is_empty() || file.origin.is_empty() {
                return Some(format!("{} lacks licence or origin", file.name.display()));
            }
            if hashes.insert(&file.sha256, &file.name).is_some() {
                return Some(format!("{} is named twice", file.name.display()));
            }
        }
        let Detector { strides, input, .. } = &self.detector;
        let uneven = |stride: &u32| {
            *stride == 0
                || !input.width.is_multiple_of(*stride)
                || !input.height.is_multiple_of(*stride)
        };
        if strides.is_empty() || strides.iter().any(uneven) {
            return Some(format!(
                "strides {strides:?} do not divide the detector's input"
            ));
        }
        if self.pad.is_empty()
            || self
                .pad
                .iter()
                .any(|pad| pad.bona_fide_class >= pad.classes)
        {
            return Some("no pad model, or a bona_fide_class beyond its classes".to_owned());
        }
        if !self.pad_rule.is_monotone() {
            return Some("a weight of pad_rule is negative, too large or no number".to_owned());
        }
        (self.embedder.dimension == 0).then(|| "embedder dimension is 0".to_owned())
    }
}

impl ModelFile {
    /// The model's bytes, exactly those that the manifest names.
    pub(crate) fn read(&self, folder: &Path) -> Result<Vec<u8>, ManifestError> {
        let path = folder.join(&self.name);
        let bytes = read_limited(&path, MODEL_BYTES_MAX)?;
        let actual = hex::encode(Sha256::digest(&bytes));
        if actual != self.sha256 {
            let expected = self.sha256.clone();
            return Err(ManifestError::HashMismatch {
                path,
                expected,
                actual,
            });
        }
        Ok(bytes)
    }

    pub(crate) fn name(&self) -> String {
        self.name.display().to_string()
    }
}

fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, ManifestError> {
    let unreadable = |source| ManifestError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(ManifestError::TooLarge {
            path: path.to_path_buf(),
            limit,
        });
    }
    Ok(bytes)
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

const VERSION: u32 = 1;
