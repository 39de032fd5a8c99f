//! The face pipeline: detect, align, judge, embed, compare, on ONNX Runtime and OpenCV.
//!
//! `manifest.toml` describes every model with its hash, decoding and measured thresholds, and the *sets* made of them:
//! `synthetic`, whose networks are in the repository and serve simulation, and `open`, public models for real people
//! that lie in a folder of their own. One code path runs both.
//!
//! Blocking: callers in async shells use `spawn_blocking`. Nothing here logs, and neither templates nor
//! frames print; templates are wiped when dropped.

mod detect;
pub mod evaluation;
mod gallery;
mod geometry;
mod limits;
mod manifest;
mod network;
mod pad;
mod parallel;
mod photograph;
mod pipeline;
mod quality;
mod runtime;
mod template;

pub use detect::Face;
pub use gallery::{Candidate, Gallery, GalleryError};
pub use geometry::GeometryError;
pub use manifest::{
    CaptureLimits, EVALUATION, Manifest, ManifestError, Matcher, MeasuredAttacks, MeasuredPairs,
    ModelFile, ModelPath, ModelSet, OperatingPoint, Presentation, SecondConfiguration,
    cache_folder,
};
pub use network::NetworkError;
pub use pad::{PadCues, PadEvidence, PadOutcome, PadSequence};
pub use photograph::{PhotographError, decode_photograph, encode_jpeg};
pub use pipeline::{
    AnalyseError, Configuration, Environment, FacePipeline, FrameAnalysis, LoadError, Selection,
    Thresholds,
};
pub use quality::{Component, Judgement, Quality, QualityScore};
pub use runtime::RuntimeError;
pub use template::Template;

/// Good frames fused into one template per attempt; the rates of a transaction are measured with it.
pub const FRAMES_PER_ATTEMPT: usize = 3;
/// Attempts in one transaction, as ISO/IEC 19795-1 counts them: the traveller passes if one succeeds.
pub const ATTEMPTS_MAX: usize = 3;
