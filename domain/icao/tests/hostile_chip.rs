//! Whatever a chip answers, reading it ends in an error, never in a panic or a loop.

use std::collections::BTreeMap;

mod reader;

use egate_icao::{
    chip::ChipFault,
    lds::{ChipFiles, FileId},
    mrz::MrzKey,
    session::{ReadOrder, ReadSession, SessionRandom, Step, TransportLimits, Wanted},
    trust::TrustStore,
    verify::passive_authentication,
};
use egate_types::{CheckResult, Date};
use proptest::prelude::*;

/// A session that also asks for the files outside the application.
fn session() -> ReadSession {
    let key = MrzKey::new("L898902C", "690806", "940623");
    let order = ReadOrder::new(&key, SessionRandom::new([1; 64]));
    ReadSession::new(
        order.wanting(Wanted::everything()),
        TransportLimits::default(),
    )
}

proptest! {
    #[test]
    fn arbitrary_responses_end_the_session(
        responses in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..20)
    ) {
        let mut session = session();
        let mut step = session.start();
        for response in &responses {
            if !matches!(step, Step::Transmit(_)) {
                break;
            }
            step = session.respond(response);
        }
        prop_assert!(!matches!(step, Step::Done(_)));
    }

    #[test]
    fn arbitrary_files_are_judged_without_panic(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 4)
    ) {
        let tags = [0x60, 0x77, 0x61, 0x75];
        let files = FileId::MANDATORY.into_iter().zip(tags.into_iter().zip(contents));
        let files = files
            .map(|(file, (tag, content))| (file, egate_icao::tlv::encode(tag, &content)))
            .collect::<BTreeMap<_, _>>();
        let at = Date::parse("2026-11-23").unwrap();
        let report =
            passive_authentication(&ChipFiles::new(files), None, &TrustStore::default(), at);
        prop_assert_eq!(report.checks.result, CheckResult::Failed);
    }
}

/// What somebody on the line does to one answer.
#[derive(Debug, Clone)]
enum Tampering {
    Flip { at: usize, mask: u8 },
    Cut(usize),
    Repeat,
    Replace(Vec<u8>),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    prop_oneof![
        4 => (any::<usize>(), 1u8..).prop_map(|(at, mask)| Tampering::Flip { at, mask }),
        1 => (0usize..300).prop_map(Tampering::Cut),
        1 => Just(Tampering::Repeat),
        1 => proptest::collection::vec(any::<u8>(), 0..300).prop_map(Tampering::Replace),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn tampered_answers_end_in_an_error_or_change_no_file(
        number in 1usize..30,
        tampering in tampering(),
        pace in any::<bool>(),
        short in any::<bool>(),
    ) {
        let issued = reader::issued(2_500);
        let issued = if pace { reader::with_pace(issued) } else { issued };
        let faults = if short { vec![ChipFault::ShortLengthOnly] } else { vec![] };
        let mut before = Vec::new();
        let outcome = reader::Run::of(&issued)
            .with(faults)
            .tampering(|answered, answer| {
                if answered == number {
                    match &tampering {
                        Tampering::Flip { at, mask } => {
                            let at = at % answer.len();
                            answer[at] ^= mask;
                        }
                        Tampering::Cut(bytes) => answer.truncate(*bytes),
                        Tampering::Repeat => answer.clone_from(&before),
                        Tampering::Replace(bytes) => answer.clone_from(bytes),
                    }
                }
                before.clone_from(answer);
            })
            .outcome();
        prop_assert!(outcome.commands < 120, "{} commands", outcome.commands);
        if let reader::End::Read(reading) = outcome.end {
            let absent = reading.unread.keys().copied().collect::<Vec<_>>();
            for file in FileId::MANDATORY {
                let same = reading.files.get(file) == issued.files.get(file);
                prop_assert!(same || absent.contains(&file), "{file}");
            }
        }
    }
}

#[test]
fn a_chip_that_always_says_yes_is_not_believed() {
    let mut session = session();
    let mut step = session.start();
    let mut commands = 0;
    while let Step::Transmit(command) = step {
        let challenge = command[1] == 0x84;
        let data: &[u8] = if challenge { &[7; 8] } else { &[] };
        step = session.respond(&[data, &[0x90, 0x00]].concat());
        commands += 1;
    }
    assert!(matches!(step, Step::Failed(_)), "{step:?}");
    assert!(commands < 40, "{commands} commands");
}
