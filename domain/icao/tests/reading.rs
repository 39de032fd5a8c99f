//! Reading a chip: how many commands it takes, what it does about lengths, losses, missing files and other chips' ways.

mod reader;

use egate_icao::{
    apdu::Status,
    chip::{Chip, ChipFault, ChipTiming, HostileFile, Refusal},
    lds::{ChipFiles, FileId},
    session::{
        AccessPolicy, Capability, ChipError, Doing, Need, Reading, Stage, TransportLimits,
        Violation, Wanted,
    },
};
use proptest::prelude::*;
use reader::{End, Run, issued, with_more_files, with_pace};

/// The files of an inspection: no others are asked for.
fn inspected(files: &ChipFiles) -> ChipFiles {
    let mut files = files.clone();
    for file in [
        FileId::AtrInfo,
        FileId::Dir,
        FileId::CardAccess,
        FileId::Dg11,
    ] {
        files.remove(file);
    }
    files
}

#[test]
fn the_files_of_an_inspection_take_at_most_14_commands() {
    // EF.COM, EF.SOD, EF.DG1 and a portrait: 19 KB together.
    let issued = issued(18_000);
    assert!(issued.files.total_bytes() > 18_900, "{:?}", issued.files);
    let outcome = Run::of(&issued).outcome();
    let reading = outcome.end.reading();
    assert_eq!(reading.files, issued.files);
    assert!(outcome.commands <= 14, "{} commands", outcome.commands);
    assert_eq!(reading.statistics.commands, outcome.commands);
    assert_eq!(reading.statistics.bytes_received, outcome.log.bytes_sent);
    assert_eq!(reading.statistics.bytes_sent, outcome.log.bytes_received);
    assert_eq!(
        outcome.log.count(0xA4),
        3,
        "the application, and in vain the master file and EF.CardAccess"
    );
}

/// Between the most that fits a short answer and 256 bytes a command is short and its answer is not.
#[test]
fn no_length_is_asked_for_that_the_answer_cannot_have() {
    for bytes in 150..290 {
        let issued = with_pace(issued(bytes));
        let outcome = Run::of(&issued).outcome();
        assert_eq!(outcome.end.files(), issued.files);
        assert_eq!(outcome.log.errors, 0, "portrait of {bytes} bytes");
        let outcome = Run::of(&issued).through(1_035).outcome();
        assert_eq!(outcome.log.errors, 0, "portrait of {bytes} bytes");
    }
    for more in 0..300 {
        let issued = with_pace(issued(8_000 - 60 + more));
        let outcome = Run::of(&issued).outcome();
        assert_eq!(outcome.end.files(), issued.files);
        assert_eq!(outcome.log.errors, 0, "portrait of {more} bytes more");
    }
}

#[test]
fn every_step_is_named_in_its_order() {
    let issued = with_more_files(issued(9_000));
    let outcome = Run::of(&issued).outcome();
    let names: Vec<&str> = outcome.stages.iter().map(|stage| stage.name()).collect();
    let expected = [
        "atr_info",
        "card_access",
        "select",
        "access",
        "com",
        "sod",
        "dg1",
        "dg14",
        "dg15",
        "dg2",
    ];
    assert_eq!(names, expected);
    assert_eq!(outcome.stages.last(), Some(&Stage::File(FileId::Dg2)));
}

#[test]
fn atr_info_says_how_large_a_block_may_be() {
    let issued = with_more_files(issued(9_000));
    let end = Run::of(&issued).end();
    assert_eq!(end.reading().statistics.block_bytes, 0x0800 - 35);
    let end = Run::of(&issued).through(1_024).end();
    assert_eq!(end.reading().statistics.block_bytes, 1_024 - 35);
    let end = Run::of(&issued).through(0).end();
    assert_eq!(end.reading().statistics.block_bytes, 231);
}

#[test]
fn which_files_are_read_is_an_argument() {
    let issued = with_more_files(issued(500));
    let end = Run::of(&issued).wanting(Wanted::everything()).end();
    assert_eq!(end.files(), issued.files);
    assert!(end.reading().unread.is_empty());
    let only = Wanted::new([(FileId::Dg15, Need::Always), (FileId::Dg16, Need::Always)]);
    let end = Run::of(&issued).wanting(only).end();
    assert_eq!(
        end.files().get(FileId::Dg15),
        issued.files.get(FileId::Dg15)
    );
    assert_eq!(
        end.reading().unread.get(&FileId::Dg16),
        Some(&Status::NOT_FOUND)
    );
    let end = Run::of(&issued).wanting(Wanted::without_portrait()).end();
    assert!(end.files().get(FileId::Dg2).is_none());
}

#[test]
fn a_data_group_that_only_the_security_object_lists_is_read() {
    // EF.COM lists nothing, EF.SOD data groups 1 and 2.
    let mut issued = issued(500);
    issued.files.set(
        FileId::Com,
        hex::decode("60125F0104303130375F36063034303030305C00").unwrap(),
    );
    let only = Wanted::new([
        (FileId::Com, Need::Always),
        (FileId::Sod, Need::Always),
        (FileId::Dg2, Need::IfListed),
        (FileId::Dg11, Need::IfListed),
    ]);
    let outcome = Run::of(&issued).wanting(only).outcome();
    assert!(outcome.end.files().get(FileId::Dg2).is_some());
    assert!(!outcome.stages.contains(&Stage::File(FileId::Dg11)));
}

#[test]
fn a_hidden_data_group_is_reported_with_the_chips_answer() {
    let issued = with_more_files(issued(500));
    let end = Run::of(&issued)
        .with([ChipFault::Hides(FileId::Dg15)])
        .end();
    assert_eq!(
        end.reading().unread.get(&FileId::Dg15),
        Some(&Status::NOT_FOUND)
    );
    assert!(end.files().get(FileId::Dg2).is_some(), "reading goes on");
}

#[test]
fn files_beyond_32767_bytes_are_read_with_the_odd_instruction() {
    for bytes in [32_500, 32_600, 70_000, 140_000] {
        let issued = issued(bytes);
        for faults in [vec![], vec![ChipFault::ShortLengthOnly]] {
            let outcome = Run::of(&issued).with(faults).outcome();
            assert_eq!(outcome.end.files(), issued.files);
            let large = issued.files.get(FileId::Dg2).unwrap().len() > 0x8000;
            assert_eq!(outcome.log.count(0xB1) > 0, large, "{bytes} bytes");
        }
    }
}

#[test]
fn a_reader_without_extended_length_costs_no_refused_command() {
    let issued = issued(15_000);
    let bac = AccessPolicy::BacOnly;
    let outcome = Run::of(&issued).through(0).opening_by(bac).outcome();
    assert_eq!(outcome.end.files(), issued.files);
    assert!(outcome.sent.iter().all(|apdu| apdu.len() <= 5 + 255 + 1));
    assert_eq!(outcome.log.errors, 0);
}

#[test]
fn a_chip_of_another_document_denies_access() {
    let issued = issued(500);
    let outcome = Run::of(&issued)
        .with([ChipFault::WrongKey])
        .opening_by(AccessPolicy::BacOnly)
        .outcome();
    assert!(
        matches!(outcome.end, End::Failed(ChipError::AccessDenied(_))),
        "{:?}",
        outcome.end
    );
    assert_eq!(outcome.commands, 3);
}

#[test]
fn removal_and_silence_are_seen_by_the_shell() {
    let issued = issued(500);
    for n in 0..7 {
        let end = Run::of(&issued).with([ChipFault::RemovedAfter(n)]).end();
        assert!(matches!(end, End::Removed), "{end:?}");
        let end = Run::of(&issued).with([ChipFault::MuteAfter(n)]).end();
        assert!(matches!(end, End::Mute), "{end:?}");
    }
}

#[test]
fn a_dropped_channel_is_opened_again_and_reading_goes_on_where_it_was() {
    let issued = issued(40_000);
    let whole = Run::of(&issued).outcome();
    for at in 4..=whole.commands {
        let outcome = Run::of(&issued)
            .with([ChipFault::DropsChannelAt(at)])
            .outcome();
        assert_eq!(outcome.end.files(), issued.files, "dropped at {at}");
        assert_eq!(outcome.end.reading().statistics.restarts, 1);
        // Select, challenge, authenticate, perhaps the file, and the lost command again.
        assert!(
            outcome.commands <= whole.commands + 5,
            "dropped at {at}: {}",
            outcome.commands
        );
    }
}

#[test]
fn a_channel_that_is_dropped_again_and_again_is_lost() {
    let issued = issued(2_000);
    let always: Vec<ChipFault> = (4..100).map(ChipFault::DropsChannelAt).collect();
    let outcome = Run::of(&issued).with(always).outcome();
    let lost = ChipError::SessionLost {
        status: Status::PROTECTION_WRONG,
    };
    assert_eq!(*outcome.end.error(), lost);
    let each: Vec<ChipFault> = (4..100).step_by(4).map(ChipFault::DropsChannelAt).collect();
    let outcome = Run::of(&issued).with(each).outcome();
    assert_eq!(*outcome.end.error(), lost);
    assert!(outcome.commands < 60, "{} commands", outcome.commands);
}

#[test]
fn a_plain_yes_inside_the_channel_is_not_believed() {
    let issued = issued(500);
    for from in 7..11 {
        let end = Run::of(&issued)
            .with([ChipFault::UnprotectedFrom(from)])
            .end();
        let protection = matches!(
            end,
            End::Failed(ChipError::Misbehaved(Violation::Protection(_)))
        );
        assert!(protection, "from {from}: {end:?}");
    }
}

#[test]
fn a_locked_file_is_an_error_where_it_is_needed_and_reported_where_not() {
    let mut issued = issued(500);
    issued.files.set(FileId::CardSecurity, vec![0x30, 0x00]);
    let closed = [ChipFault::ClosedMasterFile(Status::SECURITY_STATUS)];
    let wanted = Wanted::everything();
    let end = Run::of(&issued).with(closed).wanting(wanted).end();
    assert_eq!(
        end.reading().unread.get(&FileId::Dir),
        Some(&Status::SECURITY_STATUS)
    );
    assert!(end.files().get(FileId::Dg2).is_some());
    let status = Status(0x6A80);
    let end = Run::of(&issued)
        .with([ChipFault::NoShortIdentifiers(status)])
        .through(0)
        .end();
    let doing = Doing::Read(FileId::Com);
    let unexpected = ChipError::UnexpectedStatus { doing, status };
    assert_eq!(*end.error(), unexpected);
}

#[test]
fn hostile_files_end_in_a_typed_error_or_are_taken_as_they_are() {
    let issued = with_more_files(issued(5_000));
    let hostile = [
        HostileFile::Empty,
        HostileFile::ClaimsTooMuch,
        HostileFile::EndsEarly,
        HostileFile::Indefinite,
        HostileFile::Nested,
        HostileFile::ManyObjects,
        HostileFile::LongLength,
    ];
    for content in hostile {
        for file in FileId::all() {
            let faults = [ChipFault::Hostile(file, content)];
            let outcome = Run::of(&issued).with(faults).outcome();
            assert!(
                outcome.commands < 200,
                "{file} {content:?}: {} commands",
                outcome.commands
            );
            let taken = matches!(content, HostileFile::Nested | HostileFile::ManyObjects);
            let wanted = Wanted::default().contains(file);
            match outcome.end {
                End::Failed(error) => {
                    let source = std::error::Error::source(&error);
                    let told = format!(
                        "{error}: {}",
                        source.map_or(String::new(), |s| s.to_string())
                    );
                    assert!(told.contains(&file.to_string()), "{told}");
                    let read = file == FileId::CardAccess || (wanted && !taken);
                    assert!(read, "{file} {content:?}");
                }
                End::Read(reading) => {
                    let absent = reading.unread.contains_key(&file);
                    assert!(taken || !wanted || absent, "{file} {content:?}");
                }
                End::Mute | End::Removed => panic!("{file} {content:?}: no answer"),
            }
        }
    }
}

#[test]
fn durations_are_told_not_waited_for() {
    let issued = issued(15_000);
    let seconds = |timing: ChipTiming, faults: Vec<ChipFault>| {
        let outcome = Run::of(&issued).with(faults).outcome();
        let chip = Chip::new(issued.files.clone(), &issued.access_key, vec![]).with_timing(timing);
        assert_eq!(chip.last_duration_us(), 0);
        let log = outcome.log;
        let authentication = timing.duration_us(0x82, 0, 0);
        let others = u64::from(log.commands - 1) * timing.duration_us(0xB0, 0, 0);
        let on_air = timing.duration_us(0, log.bytes_received as usize, log.bytes_sent as usize);
        (authentication + others + on_air) as f64 / 1e6
    };
    let usual = seconds(ChipTiming::USUAL, vec![]);
    assert!((0.4..1.0).contains(&usual), "{usual} s");
    let slow = seconds(ChipTiming::SLOW, vec![ChipFault::ShortLengthOnly]);
    assert!((7.0..11.0).contains(&slow), "{slow} s");
    assert_eq!(seconds(ChipTiming::NONE, vec![]), 0.0);
}

#[test]
fn the_answer_to_reset_names_the_chips_lengths() {
    let issued = with_more_files(issued(10));
    let told = |faults: Vec<ChipFault>| {
        let chip = Chip::new(issued.files.clone(), &issued.access_key, faults);
        TransportLimits::new(None, &chip.answer_to_reset()).chip
    };

    assert_eq!(told(vec![]), Some(Capability::InAtrInfo));
    assert_eq!(
        told(vec![ChipFault::Hides(FileId::AtrInfo)]),
        Some(Capability::Extended).or(told(vec![]))
    );
    assert_eq!(
        told(vec![ChipFault::ShortLengthOnly]),
        Some(Capability::Short)
    );
    assert_eq!(told(vec![ChipFault::SilentAboutLengths]), None);
}

/// What a chip may do about lengths and addresses without being unreadable.
fn ways() -> impl Strategy<Value = Vec<ChipFault>> {
    let refusal = prop_oneof![
        Just(Refusal::WrongLength),
        Just(Refusal::WrongLengthUnprotected),
        Just(Refusal::WrongOffset),
        Just(Refusal::ExactLength),
        Just(Refusal::FewerBytes),
        Just(Refusal::EndOfFile),
        Just(Refusal::EndOfFileWithoutBytes),
        Just(Refusal::DropsChannel),
    ];
    let largest = (128usize..5_000, refusal);
    let no_short_identifiers = prop_oneof![
        Just(Status::NOT_FOUND),
        Just(Status::WRONG_PARAMETERS),
        Just(Status::WRONG_OFFSET),
        Just(Status::NO_CURRENT_FILE),
        Just(Status::FUNCTION_NOT_SUPPORTED),
        Just(Status::UNKNOWN_INSTRUCTION),
    ];
    let fault = prop_oneof![
        Just(ChipFault::ShortLengthOnly),
        Just(ChipFault::SilentAboutLengths),
        Just(ChipFault::ShortIdentifierSelectsNothing),
        Just(ChipFault::RefusesPastEnd),
        Just(ChipFault::RefusesNeedlessLength),
        Just(ChipFault::WantsParametersNamed),
        Just(ChipFault::RefusesMasterFile(Status::WRONG_DATA_LENGTH)),
        Just(ChipFault::ClosedMasterFile(Status::SECURITY_STATUS)),
        (4u32..40).prop_map(ChipFault::DropsChannelAt),
        largest.prop_map(|(bytes, refusal)| ChipFault::LargestBlock { bytes, refusal }),
        no_short_identifiers.prop_map(ChipFault::NoShortIdentifiers),
    ];
    proptest::collection::vec(fault, 0..5)
}

fn all_inspected(reading: &Reading, files: &ChipFiles) -> bool {
    let mut read = reading.files.clone();
    read.remove(FileId::AtrInfo);
    read.remove(FileId::CardAccess);
    read == inspected(files)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_chip_is_read_to_the_last_byte_or_ends_in_a_typed_error(
        faults in ways(),
        portrait in 0u32..45_000,
        more in any::<bool>(),
        pace in any::<bool>(),
        reader in proptest::option::of(0usize..70_000),
    ) {
        let issued = issued(portrait);
        let issued = if more { with_more_files(issued) } else { issued };
        let issued = if pace { with_pace(issued) } else { issued };
        let run = Run::of(&issued).with(faults.clone());
        let run = match reader { Some(bytes) => run.through(bytes), None => run };
        let outcome = run.outcome();
        prop_assert!(outcome.commands < 900, "{} commands: {faults:?}", outcome.commands);
        match outcome.end {
            End::Read(reading) => prop_assert!(all_inspected(&reading, &issued.files), "{faults:?} {:?} {:?}", reading.files, reading.unread),
            End::Failed(error) => {
                // Only a chip that keeps dropping its channel may end so.
                let drops = faults.iter().any(|fault| matches!(
                    fault,
                    ChipFault::DropsChannelAt(_)
                        | ChipFault::LargestBlock { refusal: Refusal::DropsChannel, .. }
                ));
                prop_assert!(drops, "{error:?}: {faults:?}");
            }
            End::Mute | End::Removed => prop_assert!(false, "{faults:?}"),
        }
    }
}
