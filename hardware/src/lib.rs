//! The gate's devices: one contract and one driver per kind, and simulators of the same contracts.
//!
//! | device | module | wire | fault |
//! |---|---|---|---|
//! | lane controller: barriers, presence sensors, lamps | [`lane_io`] | Modbus TCP | `LaneControllerLost`, `BarrierStuck`, `InterlockRefused` |
//! | document scanner: machine readable zone | [`scanner`] | line protocol, serial or TCP | `ScannerLost` |
//! | chip reader | [`card`] | PC/SC, or vpcd's TCP protocol | `ReaderLost` |
//! | camera | `camera` (feature `camera`) | V4L2, RTSP, HTTP, file | `CameraLost` |
//!
//! Drivers only translate: they know nothing of inspections, decide nothing, and hand timed facts to one
//! bounded queue each, which the caller empties. Certified stop functions, evacuation and the first
//! interlock live in the barrier hardware; software observes them.
//!
//! The simulators (feature `sim`) share one physical world and speak the devices' real protocols, so the
//! driver under test is the shipped one. They are never part of a gate that serves travellers.

#[cfg(feature = "camera")]
pub mod camera;
pub mod card;
pub mod lane_io;
pub mod limits;
pub mod scanner;
#[cfg(feature = "sim")]
pub mod sim;

use std::sync::Arc;

use egate_types::{Fault, MonoTime};

/// The caller's monotonic clock; drivers stamp what they read with it and never look at another.
pub type Clock = Arc<dyn Fn() -> MonoTime + Send + Sync>;

/// A fault of the catalogue begins or ends. A driver raises a fault once and clears it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultChange {
    /// The condition began.
    Raised(Fault),
    /// The condition ended.
    Cleared(Fault),
}
