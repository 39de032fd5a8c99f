//! A virtual passport is read through the real PC/SC stack: pcscd, vpcd's reader, the `pcsc` crate.
//!
//! Needs the Debian packages `pcscd` and `vsmartcard-vpcd`; `make test` installs them, and without them these tests are listed as
//! not run. A pcscd that runs already is used; otherwise one is started in the foreground and stopped at the end.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod passport;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use egate_hardware::card::{
    AttachedChip, Card, CardReader, ChipReadError, Detached, PcscReader, Pcscd, ReaderError,
    Remover, VIRTUAL_READERS, read_document,
};
use egate_icao::{chip::ChipFault, lds::FileId, session::Reading};
use passport::{Passport, serve};

const FIRST: Slot = VIRTUAL_READERS[0];
const SECOND: Slot = VIRTUAL_READERS[1];

type Slot = (&'static str, u16);

/// The machine has one such pair of readers: tests take turns.
static READER_IN_USE: Mutex<()> = Mutex::new(());

/// The service, and this test's turn with it, which ends after the service is stopped.
struct Service {
    _service: Pcscd,
    _turn: MutexGuard<'static, ()>,
}

impl Service {
    fn running() -> Self {
        let turn = READER_IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            _service: Pcscd::running().unwrap(),
            _turn: turn,
        }
    }
}

/// Puts a passport on the reader once the one before is known to be gone.
fn attach((name, port): Slot) -> AttachedChip {
    let mut reader = PcscReader::new(name).unwrap();
    let empty = (0..20).any(|_| reader.wait_for_removal(1_000).unwrap());
    assert!(empty, "another card lies on the virtual reader");
    AttachedChip::connect(("127.0.0.1", port))
        .expect("no vpcd behind pcscd: apt-get install vsmartcard-vpcd, then restart pcscd")
}

/// Changes of the reader may come in several steps; each wait returns at the latest after its time.
fn wait(reader: &mut PcscReader) -> Card {
    (0..20)
        .find_map(|_| reader.wait_for_card(1_000).unwrap())
        .expect("pcscd reports no card in the virtual reader")
}

/// Takes the passport away also when the test fails, which would wait for the chip's thread for ever.
struct TakenAway(Remover);

impl Drop for TakenAway {
    fn drop(&mut self) {
        let _ = self.0.remove();
    }
}

/// Puts a passport on the slot, reads it, takes it away; also the number of commands.
fn read(slot: Slot, passport: &Passport, faults: Vec<ChipFault>) -> Read {
    let attached = attach(slot);
    let remover = TakenAway(attached.remover().unwrap());
    let chip = passport.chip(faults);
    thread::scope(|scope| {
        let remover = remover;
        let serving = scope.spawn(move || serve(attached, chip));
        let mut reader = PcscReader::new(slot.0).unwrap();
        let mut card = wait(&mut reader);
        let mut commands = 0u32;
        let result = read_document(card.as_mut(), passport.order(), |_| commands += 1);
        drop(card);
        let after = reader.wait_for_card(0).map(|card| card.is_some());
        drop(remover);
        Read {
            result,
            commands,
            after,
            detached: serving.join().unwrap(),
        }
    })
}

struct Read {
    result: Result<Reading, ChipReadError>,
    commands: u32,
    /// Whether the reader, asked again before the passport is taken away, gives a card.
    after: Result<bool, ReaderError>,
    detached: Detached,
}

#[test]
#[cfg_attr(not(pcscd), ignore = "needs pcscd and vsmartcard-vpcd")]
fn pcsc_end_to_end() {
    let service = Service::running();
    let passport = Passport::new();
    let read = read(FIRST, &passport, vec![]);
    passport.assert_genuine(&read.result.unwrap().files);
    assert!(
        read.commands <= 14,
        "{} commands: extended length was not used",
        read.commands
    );
    assert!(matches!(read.after, Ok(true)), "{:?}", read.after);
    assert_eq!(read.detached, Detached::ByReader);
    drop(service);
}

#[test]
#[cfg_attr(not(pcscd), ignore = "needs pcscd and vsmartcard-vpcd")]
fn two_readers_are_read_at_the_same_time() {
    let service = Service::running();
    let passports = [Passport::new(), Passport::new()];
    thread::scope(|scope| {
        let slots = [FIRST, SECOND].into_iter().zip(&passports);
        let lanes: Vec<_> = slots
            .map(|(slot, passport)| {
                scope.spawn(move || {
                    for _ in 0..3 {
                        let read = read(slot, passport, vec![]);
                        passport.assert_genuine(&read.result.unwrap().files);
                    }
                })
            })
            .collect();
        for lane in lanes {
            lane.join().unwrap();
        }
    });
    drop(service);
}

#[test]
#[cfg_attr(not(pcscd), ignore = "needs pcscd and vsmartcard-vpcd")]
fn a_hung_chip_holds_neither_its_caller_nor_the_other_reader() {
    let service = Service::running();
    let (hung, passport) = (Passport::new(), Passport::new());
    thread::scope(|scope| {
        let first = scope.spawn(|| read(FIRST, &hung, vec![ChipFault::MuteAfter(7)]));
        let read = read(SECOND, &passport, vec![]);
        passport.assert_genuine(&read.result.unwrap().files);
        let first = first.join().unwrap();
        let mute = matches!(first.result, Err(ChipReadError::Mute { .. }));
        assert!(mute, "{:?}", first.result);
        let busy = matches!(first.after, Ok(false) | Err(ReaderError::Busy));
        assert!(busy, "{:?}", first.after);
    });
    // The next passport on the same reader.
    // pcscd looks every 400 ms whether a card is there: one that takes the other's place sooner is no news to it.
    thread::sleep(Duration::from_millis(1_000));
    let read = read(FIRST, &passport, vec![]);
    passport.assert_genuine(&read.result.unwrap().files);
    drop(service);
}

#[test]
#[cfg_attr(not(pcscd), ignore = "needs pcscd and vsmartcard-vpcd")]
fn a_passport_taken_away_while_it_is_read_is_removed_and_the_next_one_is_read() {
    let service = Service::running();
    let passport = Passport::new();
    let taken = read(FIRST, &passport, vec![ChipFault::RemovedAfter(9)]);
    let Err(ChipReadError::Removed { file }) = taken.result else {
        panic!("{:?}", taken.result)
    };
    assert_eq!(
        (file, taken.detached),
        (Some(FileId::Dg2), Detached::ByChip)
    );
    // pcscd looks every 400 ms whether a card is there: one that takes the other's place sooner is no news to it.
    thread::sleep(Duration::from_millis(1_000));
    let read = read(FIRST, &passport, vec![]);
    passport.assert_genuine(&read.result.unwrap().files);
    drop(service);
}
