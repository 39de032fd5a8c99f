//! What a virtual chip was asked: counters, never content.

use std::collections::BTreeMap;

/// Counters since power-on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChipLog {
    /// Commands by instruction byte.
    pub by_instruction: BTreeMap<u8, u32>,
    /// Commands in all.
    pub commands: u32,
    /// Commands answered with an error.
    pub errors: u32,
    /// Bytes of all commands.
    pub bytes_received: u64,
    /// Bytes of all answers.
    pub bytes_sent: u64,
    /// Microseconds that all commands would have taken with the chip's timing.
    pub duration_us: u64,
}

impl ChipLog {
    /// Commands with this instruction byte.
    pub fn count(&self, instruction: u8) -> u32 {
        self.by_instruction.get(&instruction).copied().unwrap_or(0)
    }

    pub(super) fn command(&mut self, apdu: &[u8]) {
        self.commands = self.commands.saturating_add(1);
        let instruction = apdu.get(1).copied().unwrap_or(0);
        let count = self.by_instruction.entry(instruction).or_default();
        *count = count.saturating_add(1);
        self.bytes_received = self.bytes_received.saturating_add(apdu.len() as u64);
    }

    pub(super) fn answer(&mut self, answer: &[u8], duration_us: u64) {
        let failed = matches!(answer, [.., sw1, _] if !matches!(sw1, 0x90 | 0x61..=0x63));
        self.errors = self.errors.saturating_add(u32::from(failed));
        self.bytes_sent = self.bytes_sent.saturating_add(answer.len() as u64);
        self.duration_us = self.duration_us.saturating_add(duration_us);
    }
}
