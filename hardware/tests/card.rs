//! A virtual passport dials into the reader's slot over loopback; the shipped reader code reads it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod passport;

use std::thread;

use egate_hardware::card::{
    AttachedChip, CardReader, ChipReadError, Detached, VpcdSlot, read_document,
};
use egate_icao::{
    chip::ChipFault,
    lds::FileId,
    session::{ChipError, Reading, Stage},
};
use passport::{Passport, serve};

/// Puts the passport on the slot, reads it, takes it away.
fn read(passport: &Passport, faults: Vec<ChipFault>) -> (Result<Reading, ChipReadError>, Detached) {
    let mut slot = VpcdSlot::bind("127.0.0.1:0").unwrap();
    let attached = AttachedChip::connect(slot.address().unwrap()).unwrap();
    let chip = passport.chip(faults);
    thread::scope(|scope| {
        let serving = scope.spawn(move || serve(attached, chip));
        let mut card = slot.wait_for_card(5_000).unwrap().unwrap();
        let result = read_document(card.as_mut(), passport.order(), |_| {});
        drop(card);
        (result, serving.join().unwrap())
    })
}

#[test]
fn a_passport_on_the_slot_is_read_and_genuine() {
    let passport = Passport::new();
    let (result, detached) = read(&passport, vec![]);
    passport.assert_genuine(&result.unwrap().files);
    assert_eq!(detached, Detached::ByReader);
}

#[test]
fn progress_names_every_file_and_its_size() {
    let passport = Passport::new();
    let mut slot = VpcdSlot::bind("127.0.0.1:0").unwrap();
    let attached = AttachedChip::connect(slot.address().unwrap()).unwrap();
    let chip = passport.chip(vec![]);
    let mut seen = Vec::new();
    thread::scope(|scope| {
        scope.spawn(move || serve(attached, chip));
        let mut card = slot.wait_for_card(5_000).unwrap().unwrap();
        read_document(card.as_mut(), passport.order(), |progress| {
            seen.push(progress)
        })
        .unwrap();
    });
    for file in FileId::MANDATORY {
        assert!(
            seen.iter()
                .any(|p| p.file == Some(file) && p.stage == Stage::File(file)),
            "{file}"
        );
    }
    assert!(seen.iter().any(|p| p.total.is_some() && p.bytes > 0));
    assert_eq!(seen.last().map(|p| p.stage), Some(Stage::Ended));
}

#[test]
fn a_chip_of_another_document_denies_access() {
    let (result, _) = read(&Passport::new(), vec![ChipFault::WrongKey]);
    assert!(
        matches!(result, Err(ChipReadError::Chip(ChipError::AccessDenied(_)))),
        "{result:?}"
    );
}

#[test]
fn a_document_taken_away_while_the_portrait_is_read_is_removed() {
    let (result, detached) = read(&Passport::new(), vec![ChipFault::RemovedAfter(10)]);
    let Err(ChipReadError::Removed { file }) = result else {
        panic!("{result:?}")
    };
    assert_eq!((file, detached), (Some(FileId::Dg2), Detached::ByChip));
}

#[test]
fn a_silent_chip_is_told_from_a_removed_one() {
    let (result, _) = read(&Passport::new(), vec![ChipFault::MuteAfter(5)]);
    assert!(
        matches!(result, Err(ChipReadError::Mute { .. })),
        "{result:?}"
    );
}

#[test]
fn the_next_passport_is_read_after_the_first_left() {
    let passport = Passport::new();
    let mut slot = VpcdSlot::bind("127.0.0.1:0").unwrap();
    let address = slot.address().unwrap();
    for _ in 0..3 {
        let attached = AttachedChip::connect(address).unwrap();
        let remover = attached.remover().unwrap();
        let chip = passport.chip(vec![]);
        thread::scope(|scope| {
            let serving = scope.spawn(move || serve(attached, chip));
            let mut card = slot.wait_for_card(5_000).unwrap().unwrap();
            let reading = read_document(card.as_mut(), passport.order(), |_| {}).unwrap();
            passport.assert_genuine(&reading.files);
            remover.remove().unwrap();
            assert_eq!(serving.join().unwrap(), Detached::ByReader);
        });
    }
    assert!(slot.wait_for_card(0).unwrap().is_none());
}
