//! The lane controller's own logic: interlock, watchdog, evacuation, emergency stop. Pure.
//!
//! This is what stands in the real controller's certified program; the driver is tested against it.

use crate::lane_io::InterlockStatus;
use crate::lane_io::registers::COILS;
use crate::limits::WATCHDOG_MS;

/// The side people leave by when the building evacuates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EscapeSide {
    /// Back, by the entry barrier.
    Entry,
    /// Forward, by the exit barrier.
    #[default]
    Exit,
}

/// What the motors get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drive {
    /// The entry leaf is driven open, else closed.
    pub entry_released: bool,
    /// The exit leaf is driven open, else closed.
    pub exit_released: bool,
    /// False while the emergency stop is pressed: leaves stay where they are.
    pub powered: bool,
}

/// State of the controller.
#[derive(Debug, Clone)]
pub struct Plc {
    coils: [bool; COILS as usize],
    heartbeat: u16,
    heartbeat_age_ms: u64,
    evacuation: bool,
    emergency_stop: bool,
    escape: EscapeSide,
    status: InterlockStatus,
}

const ENTRY: usize = 0;
const EXIT: usize = 1;

impl Plc {
    /// A controller that has just been switched on: nothing released, watchdog expired.
    pub fn new(escape: EscapeSide) -> Self {
        Self {
            coils: [false; COILS as usize],
            heartbeat: 0,
            heartbeat_age_ms: WATCHDOG_MS + 1,
            evacuation: false,
            emergency_stop: false,
            escape,
            status: InterlockStatus {
                watchdog_expired: true,
                ..InterlockStatus::default()
            },
        }
    }

    /// Coils 0 to 4 as last written or cleared.
    pub fn coils(&self) -> [bool; COILS as usize] {
        self.coils
    }

    /// Writes coils from `start`; false if one of them does not exist.
    #[must_use]
    pub fn write_coils(&mut self, start: u16, values: &[bool]) -> bool {
        let start = usize::from(start);
        match self.coils.get_mut(start..start + values.len()) {
            Some(coils) => coils.copy_from_slice(values),
            None => return false,
        }
        true
    }

    /// The heartbeat register.
    pub fn heartbeat(&self) -> u16 {
        self.heartbeat
    }

    /// Writes the heartbeat; only a new value counts.
    pub fn write_heartbeat(&mut self, value: u16) {
        if value != self.heartbeat {
            self.heartbeat = value;
            self.heartbeat_age_ms = 0;
        }
    }

    /// The building's evacuation input.
    pub fn set_evacuation(&mut self, active: bool) {
        self.evacuation = active;
    }

    /// Whether the evacuation input is on.
    pub fn evacuation(&self) -> bool {
        self.evacuation
    }

    /// The stop button.
    pub fn set_emergency_stop(&mut self, pressed: bool) {
        self.emergency_stop = pressed;
    }

    /// Whether the stop button is pressed.
    pub fn emergency_stop(&self) -> bool {
        self.emergency_stop
    }

    /// What the interlock reports.
    pub fn status(&self) -> InterlockStatus {
        self.status
    }

    /// One scan of the program: `entry_closed` and `exit_closed` are the end switches of the leaves.
    pub fn step(&mut self, dt_ms: u64, entry_closed: bool, exit_closed: bool) -> Drive {
        self.heartbeat_age_ms = self.heartbeat_age_ms.saturating_add(dt_ms);
        let watchdog_expired = self.heartbeat_age_ms > WATCHDOG_MS;
        if watchdog_expired || self.evacuation || self.emergency_stop {
            // Releases do not come back by themselves when the cause is over.
            self.coils[ENTRY] = false;
            self.coils[EXIT] = false;
        }
        let (want_entry, want_exit) = (self.coils[ENTRY], self.coils[EXIT]);
        let entry_granted = want_entry && !want_exit && exit_closed;
        let exit_granted = want_exit && !want_entry && entry_closed;
        // A refusal stays readable until a release is granted: a poll could miss one that is taken back.
        let granted = entry_granted || exit_granted;
        let latched = |before: bool, refused: bool| refused || (before && !granted);
        self.status = InterlockStatus {
            entry_refused: latched(self.status.entry_refused, want_entry && !entry_granted),
            exit_refused: latched(self.status.exit_refused, want_exit && !exit_granted),
            watchdog_expired,
        };
        if self.evacuation {
            // Evacuation wins over everything, the stop button included: people must get out.
            return Drive {
                entry_released: self.escape == EscapeSide::Entry,
                exit_released: self.escape == EscapeSide::Exit,
                powered: true,
            };
        }
        Drive {
            entry_released: entry_granted,
            exit_released: exit_granted,
            powered: !self.emergency_stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_releases_in_one_write_are_both_refused() {
        let mut plc = Plc::new(EscapeSide::Exit);
        plc.write_heartbeat(1);
        assert!(plc.write_coils(0, &[true, true]));
        let drive = plc.step(10, true, true);
        assert_eq!(
            drive,
            Drive {
                powered: true,
                ..Drive::default()
            }
        );
        assert!(plc.status().entry_refused && plc.status().exit_refused);
    }

    #[test]
    fn a_repeated_heartbeat_does_not_feed_the_watchdog() {
        let mut plc = Plc::new(EscapeSide::Exit);
        plc.write_heartbeat(7);
        assert!(plc.write_coils(0, &[true]));
        for _ in 0..50 {
            plc.write_heartbeat(7);
            assert!(plc.step(10, true, true).entry_released);
        }
        plc.write_heartbeat(7);
        assert!(!plc.step(10, true, true).entry_released);
        assert!(plc.status().watchdog_expired);
        plc.write_heartbeat(8);
        assert!(
            !plc.step(10, true, true).entry_released,
            "a release does not come back by itself"
        );
    }

    #[test]
    fn coils_that_do_not_exist_are_refused() {
        assert!(!Plc::new(EscapeSide::Exit).write_coils(4, &[true, true]));
    }
}
