//! Decisions that must be the same at the gate, at the centre and in an audit.
//!
//! **Invariant:** no I/O, no clock, no randomness.

pub mod joint;
pub mod targeting;
pub mod watch;
