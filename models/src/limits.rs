//! Named limits of the pipeline, each with its reason.

/// Largest model file, bytes; the largest public one in use has 4.5 MB.
pub const MODEL_BYTES_MAX: u64 = 64 << 20;
/// Largest manifest, bytes.
pub const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// Priors per cell of a detector; more would only repeat each other.
pub const PRIORS_MAX: usize = 8;
/// Largest encoded photograph, bytes: the largest picture in PNG, which may not shrink at all, has 48 MiB.
pub const PHOTOGRAPH_BYTES_MAX: usize = 64 << 20;
/// Longest side of a decoded picture, pixels; keeps a crafted header from asking for gigabytes.
pub const SIDE_PX_MAX: u32 = 4096;
/// Scans of a progressive JPEG. Encoders write about ten, thumbnails in its headers a few more; without a limit, four megabytes
/// of empty scans over the largest picture would decode for hours.
pub const SCANS_MAX: usize = 64;
/// Faces reported of one frame; more people than this never fit before the camera.
pub const FACES_MAX: usize = 16;
/// Candidates before suppression; a face yields about ten, anything near this is noise.
pub const CANDIDATES_MAX: usize = 2000;
