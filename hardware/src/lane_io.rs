//! The lane controller: barriers, presence sensors and lamps over Modbus TCP.
//!
//! # Contract
//!
//! - The driver polls every [`LANE_POLL_MS`](crate::limits::LANE_POLL_MS) and hands on each [`LaneReading`], stamped with the caller's clock.
//! - The caller states the wanted outputs; the last one stands until the next. Stating it twice, or while a
//!   leaf moves, is harmless.
//! - Before each write the driver asks [`LaneCommand::permit`] with the reading it took in the same poll. A
//!   command that does not pass is written as *both secured* and asked again at the next poll, so a
//!   release waits for the other barrier to close.
//! - The controller has its own interlock and refuses what slipped through: `InterlockRefused`.
//! - The heartbeat counts only while the caller empties its queue. A caller that hangs stops the driver, and
//!   the controller secures both barriers after [`WATCHDOG_MS`](crate::limits::WATCHDOG_MS).
//! - Connection lost: `LaneControllerLost` is raised, the controller secures by its watchdog; after the
//!   reconnection the first write secures both, the second follows the wanted outputs.
//! - Evacuation and emergency stop are observed, never commanded.
//!
//! # Register map, version 1
//!
//! Unit identifier 255 (the TCP device itself). Addresses count from 0. Unlisted addresses answer *illegal
//! data address*. A 32-bit value has its high word first, and both words are read in one request.
//!
//! | table | address | meaning |
//! |---|---|---|
//! | coil | 0 | release the entry barrier |
//! | coil | 1 | release the exit barrier |
//! | coil | 2, 3, 4 | lamp red, green, blue |
//! | discrete input | 0, 1 | entry barrier closed and latched, fully open |
//! | discrete input | 2, 3 | exit barrier closed and latched, fully open |
//! | discrete input | 4 | entry beam interrupted |
//! | discrete input | 5 | zone occupied |
//! | discrete input | 6 | exit beam interrupted |
//! | discrete input | 7 | evacuation active |
//! | discrete input | 8 | emergency stop pressed |
//! | input register | 0 | map version: 1 |
//! | input register | 1 | people in the zone, by the overhead sensor |
//! | input register | 2-3 | entry passages, u32, monotonic, wraps, survives the gate's restart |
//! | input register | 4-5 | exit passages, likewise |
//! | input register | 6 | interlock status: bit 0 entry release refused, bit 1 exit release refused (both stay until a release is granted), bit 2 watchdog expired |
//! | holding register | 0 | heartbeat: any new value within 500 ms, else both barriers are secured and coils 0 and 1 cleared |

mod driver;
pub mod registers;
mod stuck;

pub use driver::{LaneIo, LaneIoConfig};

use egate_types::MonoTime;

use crate::FaultChange;

/// What the lane task may want of one barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BarrierCommand {
    /// Lets pass.
    Released,
    /// Does not let pass.
    #[default]
    Secured,
}

/// Colour of the lane's lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lamp {
    /// Dark.
    #[default]
    Off,
    /// Closed or held.
    Red,
    /// Free.
    Green,
    /// Working.
    Blue,
}

/// The wanted outputs, all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LaneCommand {
    /// The barrier travellers come in by.
    pub entry: BarrierCommand,
    /// The barrier travellers leave by.
    pub exit: BarrierCommand,
    /// The lamp above the lane.
    pub lamp: Lamp,
}

/// Why a command may not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InterlockViolation {
    /// Never both barriers (DESIGN 2, invariant 1).
    #[error("both barriers are to be released at once")]
    BothReleased,
    /// A barrier may only be released while the other is closed and latched.
    #[error("the exit barrier is not closed")]
    ExitNotClosed,
    /// A barrier may only be released while the other is closed and latched.
    #[error("the entry barrier is not closed")]
    EntryNotClosed,
}

impl LaneCommand {
    /// Whether the outputs may be written while the sensors read `sensors`.
    pub fn permit(&self, sensors: &LaneSensors) -> Result<(), InterlockViolation> {
        use BarrierCommand::{Released, Secured};
        match (self.entry, self.exit) {
            (Secured, Secured) => Ok(()),
            (Released, Released) => Err(InterlockViolation::BothReleased),
            (Released, Secured) if sensors.exit != BarrierPosition::Closed => {
                Err(InterlockViolation::ExitNotClosed)
            }
            (Secured, Released) if sensors.entry != BarrierPosition::Closed => {
                Err(InterlockViolation::EntryNotClosed)
            }
            (Released, Secured) | (Secured, Released) => Ok(()),
        }
    }

    /// The same lamp with both barriers secured.
    #[must_use]
    pub fn secured(self) -> Self {
        Self {
            entry: BarrierCommand::Secured,
            exit: BarrierCommand::Secured,
            lamp: self.lamp,
        }
    }
}

/// Where a leaf is, by its two end switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BarrierPosition {
    /// Closed and latched.
    Closed,
    /// Between its ends.
    Moving,
    /// Fully open.
    Open,
    /// Both end switches say yes: a switch or its cable is broken. Counts as not closed.
    Implausible,
}

/// What the controller's own interlock reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct InterlockStatus {
    /// The controller refuses to release the entry barrier.
    pub entry_refused: bool,
    /// The controller refuses to release the exit barrier.
    pub exit_refused: bool,
    /// The heartbeat was late and the controller secured the barriers.
    pub watchdog_expired: bool,
}

/// All sensors of the lane at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LaneSensors {
    /// Entry leaf.
    pub entry: BarrierPosition,
    /// Exit leaf.
    pub exit: BarrierPosition,
    /// Something stands in the entry doorway.
    pub entry_beam: bool,
    /// Something is in the zone.
    pub zone_occupied: bool,
    /// Something stands in the exit doorway.
    pub exit_beam: bool,
    /// The building evacuates; the hardware has released the escape side.
    pub evacuation: bool,
    /// Somebody pressed the stop; the motors are dead.
    pub emergency_stop: bool,
    /// People in the zone by the overhead sensor.
    pub people_in_zone: u16,
    /// Passages inwards through the entry barrier; compare by `wrapping_sub`.
    pub entry_passages: u32,
    /// Passages outwards through the exit barrier; compare by `wrapping_sub`.
    pub exit_passages: u32,
    /// The controller's interlock.
    pub interlock: InterlockStatus,
}

/// One snapshot of the sensors and when it was taken; "last known" is never presented as "now".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneReading {
    /// The snapshot.
    pub sensors: LaneSensors,
    /// When the controller was asked: the snapshot is at most one answer younger.
    pub taken_at: MonoTime,
}

impl LaneReading {
    /// How old the snapshot is at `now`.
    pub fn age_ms(&self, now: MonoTime) -> u64 {
        now.since_ms(self.taken_at)
    }
}

/// What the driver tells the lane task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneIoEvent {
    /// The sensors were read.
    Reading(LaneReading),
    /// A fault began or ended.
    Fault(FaultChange),
    /// The wanted outputs would break the interlock; both barriers are held secured. Told once per command.
    CommandWithheld {
        /// What was wanted.
        command: LaneCommand,
        /// Why it is not written.
        violation: InterlockViolation,
    },
}
