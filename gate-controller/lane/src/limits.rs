//! Every wait of the lane, in milliseconds, with its reason.

/// Document on the reader until judged: BSI asks 5 s for the MRZ and 7 s for the chip (TR-03135 §4.1.3), plus one retry.
pub const READ_MS_MAX: u64 = 20_000;
/// Dismissed outside with the document left on the reader: after this an officer is needed to remove it.
pub const DISMISSED_MS_MAX: u64 = 30_000;
/// Entry barrier released until somebody stands inside; longer only holds up the queue.
pub const STEP_IN_MS_MAX: u64 = 8_000;
/// Second person asked to step back before an officer is called.
pub const ONE_PERSON_MS_MAX: u64 = 4_000;
/// Entry barrier told to close until it is closed with one person inside.
pub const LATCH_MS_MAX: u64 = 8_000;
/// Face acquisition with presentation attack detection (TR-03121-3 ACQ-FI-AUTO-1: 10 s), plus inference of the last frame.
pub const CAPTURE_MS_MAX: u64 = 12_000;
/// Evidence submitted until the last verdict: an answer from memory takes milliseconds; a slow network, a second.
pub const VERDICT_MS_MAX: u64 = 3_000;
/// Exit barrier released until the traveller has passed.
pub const STEP_OUT_MS_MAX: u64 = 10_000;
/// After a passage until barriers are closed and the zone is empty.
pub const CLEAR_MS_MAX: u64 = 10_000;
/// Entry barrier released for the way back; then an officer is called again.
pub const RETURN_MS_MAX: u64 = 20_000;
/// Steps kept per inspection; a passage has about ten.
pub const STEPS_MAX: usize = 64;
