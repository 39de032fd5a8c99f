//! Limits of the wire, each with its reason.

/// Longest compact JWS that is looked at, bytes: the largest claims set is below 1 KiB.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Longest validity of a verdict, milliseconds: a traveller stands in the zone for one or two minutes at most.
pub const VERDICT_LIFETIME_MS_MAX: i64 = 5 * 60_000;

/// Longest validity of an officer's decision, milliseconds: the gate fetches it within seconds.
pub const DECISION_LIFETIME_MS_MAX: i64 = 5 * 60_000;

/// How far the clocks of gate and central may differ, milliseconds: both are kept by NTP.
pub const CLOCK_SKEW_MS_MAX: i64 = 5_000;

/// Largest portrait, bytes: a DG2 image is 15 to 40 KiB, a live capture at VGA size below 150 KiB.
pub const JPEG_BYTES_MAX: usize = 512 * 1024;

/// Largest evidence of a document, bytes: files of 20 to 60 KiB, in base64 once more, and transcripts.
pub const DOCUMENT_EVIDENCE_BYTES_MAX: usize = 1024 * 1024;

/// Largest request body central accepts, bytes: two portraits in base64 and a check tree.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Longest time a poll for decisions is held open, milliseconds: below the idle limits of common proxies.
pub const DECISION_WAIT_MS_MAX: u64 = 25_000;
