//! Whatever a chip answers, reading it ends in an error, never in a panic or a loop.

use std::collections::BTreeMap;

use egate_icao::{
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
