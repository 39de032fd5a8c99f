#![no_main]
//! A hostile chip: raw answers of any kind, and a chip that speaks well but holds files of any content.

use std::collections::BTreeMap;

use egate_icao::chip::{Chip, Reaction};
use egate_icao::lds::{ChipFiles, FileId};
use egate_icao::mrz::MrzKey;
use egate_icao::session::{ReadOrder, ReadSession, SessionRandom, Step, TransportLimits};
use egate_icao::trust::TrustStore;
use egate_types::Date;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let key = MrzKey::new("L898902C3", "740812", "310630");
    let order = ReadOrder::new(&key, SessionRandom::new([7; 64]));
    if kind & 1 == 0 {
        answers(order, bytes);
    } else {
        files(order, &key, bytes);
    }
});

/// Answers one after the other, each behind its length.
fn answers(order: ReadOrder, mut bytes: &[u8]) {
    let mut session = ReadSession::new(order, TransportLimits::new(None, &[]));
    let mut step = session.start();
    while let (Step::Transmit(_), Some((length, rest))) = (&step, bytes.split_first()) {
        let (answer, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        bytes = rest;
        step = session.respond(answer);
    }
}

/// Files one after the other, each behind its number and length, on a chip that is opened rightly.
fn files(order: ReadOrder, key: &MrzKey, mut bytes: &[u8]) {
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
    let mut chip = Chip::new(ChipFiles::new(files), key, Vec::new());
    chip.power_on();
    let mut session = ReadSession::new(order, TransportLimits::new(None, &chip.answer_to_reset()));
    let mut step = session.start();
    loop {
        match step {
            Step::Transmit(command) => match chip.transmit(&command, &[9; 64]) {
                Reaction::Answer(answer) => step = session.respond(&answer),
                Reaction::Mute | Reaction::Removed => return,
            },
            Step::Done(reading) => {
                let day = Date::parse("2026-11-23").expect("a date");
                let _ = reading
                    .into_evidence(None)
                    .judge(&TrustStore::default(), day);
                return;
            }
            Step::Failed(_) => return,
        }
    }
}
