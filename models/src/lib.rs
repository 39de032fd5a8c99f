//! The face pipeline: detect, align, judge, embed, compare, on ONNX Runtime and OpenCV.
//!
//! A *model set* is a folder of ONNX files under one manifest with hashes, decoding and thresholds.
//! `synthetic-set/` is in the repository and serves simulation; `open-set.toml` describes public models
//! for real people that lie in a folder of their own. One code path runs both.
//!
//! Blocking: callers in async shells use `spawn_blocking`. Nothing here logs, and neither templates nor
//! frames print; templates are wiped when dropped.

mod detect;
mod gallery;
mod geometry;
mod limits;
mod manifest;
mod network;
mod pad;
mod pipeline;
mod portrait;
mod runtime;

pub use detect::Face;
pub use gallery::{Candidate, Gallery, GalleryError};
pub use geometry::GeometryError;
pub use manifest::{ManifestError, MeasuredRates, Thresholds};
pub use network::NetworkError;
pub use pad::{PadCues, PadEvidence, PadOutcome, PadSequence};
pub use pipeline::{AnalyseError, Environment, FacePipeline, FrameAnalysis, LoadError, Template};
pub use portrait::{PortraitError, decode_portrait, encode_jpeg};
pub use runtime::RuntimeError;

/// Good frames fused into one template per attempt; the rates of a transaction are measured with it.
pub const FRAMES_PER_ATTEMPT: usize = 3;
/// Attempts in one transaction, as ISO/IEC 19795-1 counts them: the traveller passes if one succeeds.
pub const ATTEMPTS_MAX: usize = 3;
