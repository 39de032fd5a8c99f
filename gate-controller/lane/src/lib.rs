//! The lane: one integrated two-step mantrap (BSI TR-03121-3, ABC profile) as a pure state machine.
//!
//! **Invariant:** no I/O, no clock, no randomness. Facts come in through [`Lane::handle`], effects go out in order
//! through the `out` vector, and [`Lane::poll_timeout`] says when the lane wants to be woken and why. A
//! [`Effect::Journal`] precedes the act it announces; the caller makes it durable before going on.
//!
//! ```text
//!            document           read, checked        one person inside, barrier closed
//!   Idle ──────────────> Reading ─────────> Admitting ─────────────> Latching ───────> Capturing
//!    ^                      │ not readable / failed │ nobody came        │ second person    │
//!    │                      v                       v                    v                  v
//!    │<── document gone ─ Dismissed              (returned)          Referred <───────── Deciding
//!    │                                                                 │  ^ not all clear   │ all clear
//!    │<──────────────── Clearing <── zone empty ── Returning <─────────┘  └── overstay ─ Releasing
//!    │<──────────────── Clearing <──────────────────────────── passage proven by the sensor ┘
//!
//!   from every phase: evacuation -> Evacuating; grave fault -> Closed, or Referred if somebody is inside
//! ```

mod facts;
mod interlock;
mod lane;
pub mod limits;
mod phase;

pub use facts::{
    BarrierOrder, Effect, Input, JournalEntry, Now, Occupancy, ReadFailure, Unfinished,
};
pub use interlock::{Refused, permit};
pub use lane::{Lane, LaneConfig, Why};
pub use phase::{Inspection, Phase, StepTime};
