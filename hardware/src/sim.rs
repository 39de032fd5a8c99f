//! Simulators of every device of one lane, in one physical world.
//!
//! [`World`](world::World) holds people, leaves and the lane controller's own logic and moves them by a pure step. Around it
//! stand servers that speak the real protocols on the loopback interface: Modbus TCP, the scanner's line protocol,
//! MJPEG over HTTP. The chip is not simulated here: the world tells a [`DocumentSlot`] when a document is
//! placed and taken away. [`SimulatedLane`] ties them together and lets time run.

pub mod camera;
mod lane;
pub mod lane_controller;
mod person;
pub mod plc;
pub mod scanner;
pub mod world;

pub use camera::{FrameSource, SyntheticFrames};
pub use lane::{DocumentSlot, LaneAddresses, SimulatedLane, SimulatedLaneConfig, TravellerHandle};
pub use person::{Behaviour, DocumentId, Stance, Traveller, TravellerEnd, TravellerId, WayOut};
pub use plc::EscapeSide;
pub use world::{CameraView, WorldView};

pub use egate_synthetic_faces::Attack;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The world as the servers share it. Locked for a step or a register access, never across a wait.
pub type SharedWorld = Arc<Mutex<world::World>>;

/// Locks; a panic of another holder leaves a consistent world, because a step has no early exit.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
