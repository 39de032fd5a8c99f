//! A hostile chip: raw answers of any kind, and a chip that speaks well but holds files of any content.

use std::collections::BTreeMap;

use egate_icao::chip::{Chip, Reaction};
use egate_icao::lds::{ChipFiles, FileId};
use egate_icao::mrz::MrzKey;
use egate_icao::session::{ReadOrder, ReadSession, Reading, SessionRandom, Step, TransportLimits};
use egate_icao::trust::TrustStore;
use egate_types::Date;

/// First byte of an input that holds answers; whatever is even.
pub const ANSWERS: u8 = 0;
/// First byte of an input that holds files; whatever is odd.
pub const FILES: u8 = 1;
/// Random numbers of the chip that holds files.
pub const CHIP_RANDOM: [u8; 64] = [9; 64];

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    if kind & FILES == ANSWERS {
        answers(bytes);
    } else {
        files(bytes);
    }
}

/// The document on the reader: number, date of birth, date of expiry.
pub fn key() -> MrzKey {
    MrzKey::new("L898902C3", "740812", "310630")
}

/// The terminal, the same in every run.
pub fn session(answer_to_reset: &[u8]) -> ReadSession {
    let order = ReadOrder::new(&key(), SessionRandom::new([7; 64]));
    ReadSession::new(order, TransportLimits::new(None, answer_to_reset))
}

/// Answers one after the other, each behind its length in two bytes.
fn answers(mut bytes: &[u8]) {
    let mut session = session(&[]);
    let mut step = session.start();
    while let (Step::Transmit(_), [high, low, rest @ ..]) = (&step, bytes) {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (answer, rest) = rest.split_at(length);
        bytes = rest;
        step = session.respond(answer);
    }
    if let Step::Done(reading) = step {
        judge(*reading);
    }
}

/// Files one after the other, each behind its number and length, on a chip that is opened rightly.
fn files(mut bytes: &[u8]) {
    let mut files = BTreeMap::new();
    while let [number, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (content, rest) = rest.split_at(length);
        files.extend(
            FileId::all()
                .nth(usize::from(*number) % 22)
                .map(|file| (file, content.to_vec())),
        );
        bytes = rest;
    }
    let mut chip = Chip::new(ChipFiles::new(files), &key(), Vec::new());
    chip.power_on();
    let mut session = session(&chip.answer_to_reset());
    let mut step = session.start();
    while let Step::Transmit(command) = step {
        step = match chip.transmit(&command, &CHIP_RANDOM) {
            Reaction::Answer(answer) => session.respond(&answer),
            Reaction::Mute | Reaction::Removed => return,
        };
    }
    if let Step::Done(reading) = step {
        judge(*reading);
    }
}

fn judge(reading: Reading) {
    let day = Date::parse("2026-11-23").expect("a date");
    let trust = TrustStore::default();
    let _ = reading.into_evidence(None).judge(&trust, day);
}
