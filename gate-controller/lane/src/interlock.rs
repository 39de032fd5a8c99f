//! The interlock (FIELD L2): asked by the lane before it emits an order, and again by the shell against fresh
//! readings before anything is written to the bus.

use crate::{BarrierOrder, Occupancy};

/// Why an order must not be given now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The other barrier is not proven closed.
    OtherBarrierOpen,
    /// The exit barrier is released for exactly one person.
    NotOnePerson,
    /// Evacuation runs; the hardware decides.
    Evacuation,
}

/// Whether `order` may be given while the lane looks like `seen`. Securing is always permitted.
pub fn permit(order: BarrierOrder, seen: &Occupancy) -> Result<(), Refused> {
    match order {
        BarrierOrder::SecureBoth => Ok(()),
        BarrierOrder::ReleaseEntry | BarrierOrder::ReleaseExit if seen.evacuation => {
            Err(Refused::Evacuation)
        }
        BarrierOrder::ReleaseEntry if !seen.exit_closed => Err(Refused::OtherBarrierOpen),
        BarrierOrder::ReleaseExit if !seen.entry_closed => Err(Refused::OtherBarrierOpen),
        BarrierOrder::ReleaseExit if seen.people != 1 => Err(Refused::NotOnePerson),
        BarrierOrder::ReleaseEntry | BarrierOrder::ReleaseExit => Ok(()),
    }
}
