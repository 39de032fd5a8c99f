//! Notices a barrier that does not follow its command. Pure: time is an argument.

use egate_types::MonoTime;

use super::{BarrierCommand, BarrierPosition};
use crate::limits::BARRIER_MOVE_MS_MAX;

/// Watches one barrier.
#[derive(Debug, Clone, Copy)]
pub(super) struct StuckWatch {
    command: BarrierCommand,
    following_since: MonoTime,
}

impl StuckWatch {
    pub(super) fn new(now: MonoTime) -> Self {
        Self {
            command: BarrierCommand::Secured,
            following_since: now,
        }
    }

    /// Whether the barrier is stuck at `now`. `excused`: a person holds the leaf open, or the hardware has
    /// taken the barrier over (evacuation, emergency stop), so the command says nothing about it.
    pub(super) fn observe(
        &mut self,
        now: MonoTime,
        command: BarrierCommand,
        position: BarrierPosition,
        excused: bool,
    ) -> bool {
        let wanted = match command {
            BarrierCommand::Released => BarrierPosition::Open,
            BarrierCommand::Secured => BarrierPosition::Closed,
        };
        if command != self.command || position == wanted || excused {
            self.command = command;
            self.following_since = now;
        }
        now.since_ms(self.following_since) > BARRIER_MOVE_MS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_that_stays_away_from_its_end_is_stuck_until_it_arrives() {
        use BarrierCommand::{Released, Secured};
        let mut watch = StuckWatch::new(MonoTime(0));
        let mut at = |ms, command, position, excused| {
            watch.observe(MonoTime(ms), command, position, excused)
        };
        assert!(!at(10, Released, BarrierPosition::Closed, false));
        assert!(!at(3_010, Released, BarrierPosition::Moving, false));
        assert!(at(3_011, Released, BarrierPosition::Moving, false));
        assert!(!at(3_100, Released, BarrierPosition::Open, false));
        assert!(
            !at(4_000, Secured, BarrierPosition::Open, false),
            "a new command starts anew"
        );
        assert!(
            !at(9_000, Secured, BarrierPosition::Open, true),
            "somebody stands in the doorway"
        );
        assert!(!at(12_000, Secured, BarrierPosition::Implausible, false));
        assert!(at(12_001, Secured, BarrierPosition::Implausible, false));
    }
}
