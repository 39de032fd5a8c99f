//! What travels between gate and central, by version. JSON over TLS 1.3; verdicts and decisions are signed.
//!
//! **Invariant:** no I/O, no clock, no randomness: bytes and times come in as arguments, messages go out as values.
//! Stored and sent shapes live here, apart from the domain types; golden JSON in `tests/golden.rs` shows every
//! message, so that a change of the wire is a change of that file.

pub mod v1;
