//! Opening a chip: PACE of every kind, Basic Access Control, and what the policy makes of a failure.

mod reader;

use egate_icao::{
    apdu::Status,
    chip::{
        ChipFault,
        issue::IssuedDocument,
        pace::{Pace, StaticKey},
    },
    domain_parameters::{DomainParameters, PublicKey},
    key_derivation::{CipherSuite, Password, PasswordKind},
    lds::FileId,
    pace::{PaceError, PaceStep, offers, verify_chip_authentication_mapping},
    security_infos::{PaceMapping, SecurityInfos},
    session::{Access, AccessKeys, AccessPolicy, ChipError, Need, PaceFailure, Wanted},
    tlv,
};
use reader::{End, Run, issued, pace_info, with_pace, with_pace_infos};

fn pace_failure(end: &End) -> PaceError {
    let failure = match end {
        End::Failed(ChipError::PaceFailed(failure)) => Some(failure),
        End::Read(reading) => match &reading.access {
            Access::BacAfterPaceFailure(failure) => Some(failure),
            Access::Pace(_) | Access::Bac => None,
        },
        End::Failed(_) | End::Mute | End::Removed => None,
    };
    let Some(PaceFailure::Run { error, .. }) = failure else {
        panic!("no failure of PACE: {end:?}")
    };
    *error
}

fn files_of(issued: &IssuedDocument) -> egate_icao::lds::ChipFiles {
    issued.files.clone()
}

#[test]
fn a_chip_with_pace_is_opened_by_it_within_14_commands() {
    let issued = with_pace(issued(14_500));
    let outcome = Run::of(&issued).outcome();
    let reading = outcome.end.reading();
    assert_eq!(reading.files, files_of(&issued));
    assert!(outcome.commands <= 14, "{} commands", outcome.commands);
    assert_eq!(reading.access.name(), "pace");
    let Access::Pace(pace) = &reading.access else {
        panic!("{:?}", reading.access)
    };
    assert_eq!(
        (pace.parameter_id, pace.password),
        (Some(13), PasswordKind::Mrz)
    );
    assert_eq!(pace.protocol.mapping, PaceMapping::Generic);
    assert_eq!(pace.protocol.cipher, CipherSuite::Aes128);
    let names: Vec<&str> = outcome.stages.iter().map(|stage| stage.name()).collect();
    assert_eq!(
        names,
        [
            "card_access",
            "access",
            "select",
            "com",
            "sod",
            "dg1",
            "dg2"
        ]
    );
}

#[test]
fn every_mapping_and_cipher_opens_the_chip() {
    let suites = [
        CipherSuite::TripleDes,
        CipherSuite::Aes128,
        CipherSuite::Aes192,
        CipherSuite::Aes256,
    ];
    let groups = [0, 1, 2, 8, 12, 13, 17, 18];
    for (number, cipher) in suites.into_iter().enumerate() {
        for mapping in [PaceMapping::Generic, PaceMapping::Integrated] {
            for group in groups.into_iter().skip(number % 2).step_by(2) {
                let info = pace_info(mapping, cipher, group);
                let issued = with_pace_infos(issued(3_000), &[info]);
                // Public keys of 2048 bits fit short length in pieces alone; a chip that says nothing refuses the whole first.
                let short = ChipFault::ShortLengthOnly;
                let silent = ChipFault::SilentAboutLengths;
                for (faults, reader_bytes) in [
                    (vec![], 65_536),
                    (vec![short], 65_536),
                    (vec![short, silent], 65_536),
                    (vec![], 256),
                ] {
                    let run = Run::of(&issued).with(faults).through(reader_bytes);
                    let outcome = run.outcome();
                    let reading = outcome.end.reading();
                    assert_eq!(
                        reading.access.name(),
                        "pace",
                        "{mapping:?} {cipher:?} {group}"
                    );
                    assert_eq!(reading.files, issued.files);
                    let mut sent = outcome.sent.iter();
                    assert!(reader_bytes > 256 || sent.all(|apdu| apdu.len() <= 261));
                }
            }
        }
    }
}

#[test]
fn the_best_of_several_protocols_is_run_and_the_next_if_the_chip_does_not_begin_it() {
    let infos = [
        pace_info(PaceMapping::Generic, CipherSuite::TripleDes, 8),
        pace_info(PaceMapping::Generic, CipherSuite::Aes256, 16),
    ];
    let issued = with_pace_infos(issued(100), &infos);
    let end = Run::of(&issued).end();
    let Access::Pace(pace) = &end.reading().access else {
        panic!("{end:?}")
    };
    assert_eq!(
        (pace.protocol.cipher, pace.parameter_id),
        (CipherSuite::Aes256, Some(16))
    );
    // The chip knows only the weaker one, whatever it announces.
    let weaker = tlv::encode(0x31, &infos[0]);
    let weaker = offers(&SecurityInfos::parse(&weaker).unwrap()).usable;
    let password = Password::mrz(&issued.access_key);
    let end = Run::of(&issued)
        .on(|chip| chip.with_pace(Pace::new(weaker, vec![password])))
        .end();
    let Access::Pace(pace) = &end.reading().access else {
        panic!("{end:?}")
    };
    assert_eq!(pace.parameter_id, Some(8));
}

#[test]
fn a_card_access_number_opens_the_chip_without_the_zone() {
    let issued = with_pace(issued(100));
    let run = |printed: &str, typed: &str| {
        let printed = printed.to_owned();
        Run::of(&issued)
            .knowing(AccessKeys::can(typed).unwrap())
            .on(move |chip| chip.with_can(&printed).unwrap())
            .end()
    };
    let end = run("123456", "123456");
    let Access::Pace(pace) = &end.reading().access else {
        panic!("{end:?}")
    };
    assert_eq!(pace.password, PasswordKind::Can);
    let end = run("123456", "654321");
    assert!(
        matches!(pace_failure(&end), PaceError::WrongPassword(_)),
        "{end:?}"
    );
}

#[test]
fn a_card_access_number_alone_does_not_open_a_chip_without_pace() {
    let issued = issued(100);
    let end = Run::of(&issued)
        .knowing(AccessKeys::can("123456").unwrap())
        .end();
    assert_eq!(*end.error(), ChipError::PaceNotOffered);
    let end = Run::of(&issued).opening_by(AccessPolicy::PaceOnly).end();
    assert_eq!(*end.error(), ChipError::PaceNotOffered);
}

#[test]
fn a_failure_of_pace_ends_the_session_unless_the_policy_allows_bac_and_then_it_is_recorded() {
    let issued = with_pace(issued(100));
    let faults = || vec![ChipFault::PaceFails];
    for policy in [AccessPolicy::PaceFirst, AccessPolicy::PaceOnly] {
        let end = Run::of(&issued).with(faults()).opening_by(policy).end();
        assert!(
            matches!(pace_failure(&end), PaceError::WrongPassword(_)),
            "{end:?}"
        );
    }
    let lenient = AccessPolicy::BacAfterPaceFailure;
    let end = Run::of(&issued).with(faults()).opening_by(lenient).end();
    assert_eq!(end.reading().access.name(), "bac_after_pace_failure");
    assert!(matches!(pace_failure(&end), PaceError::WrongPassword(_)));
    assert_eq!(end.files(), issued.files);
    // Without a failure the lenient policy changes nothing.
    let end = Run::of(&issued).opening_by(lenient).end();
    assert_eq!(end.reading().access.name(), "pace");
}

#[test]
fn a_chip_that_announces_pace_and_refuses_it_is_no_chip_without_pace() {
    let issued = with_pace(issued(100));
    let refusal = ChipFault::RefusesPace(Status(0x6A80));
    let end = Run::of(&issued).with([refusal]).end();
    let step = PaceStep::Select;
    let refused = PaceError::Refused {
        step,
        status: Status(0x6A80),
    };
    assert_eq!(pace_failure(&end), refused);
}

#[test]
fn unreadable_card_access_is_a_failure_of_pace() {
    let mut issued = issued(100);
    issued
        .files
        .set(FileId::CardAccess, tlv::encode(0x30, &[1, 2, 3]));
    let end = Run::of(&issued).end();
    let malformed = matches!(
        end.error(),
        ChipError::PaceFailed(PaceFailure::CardAccess(_))
    );
    assert!(malformed, "{end:?}");
    let proprietary = pace_info(PaceMapping::Generic, CipherSuite::Aes128, 40);
    let issued = with_pace_infos(issued, &[proprietary]);
    let end = Run::of(&issued)
        .opening_by(AccessPolicy::BacAfterPaceFailure)
        .end();
    let Access::BacAfterPaceFailure(PaceFailure::NoUsableProtocol(_)) = &end.reading().access
    else {
        panic!("{end:?}")
    };
}

#[test]
fn a_chip_without_bac_is_read_by_pace() {
    let issued = with_pace(issued(100));
    let only = || [ChipFault::PaceOnly];
    assert_eq!(Run::of(&issued).with(only()).end().files(), issued.files);
    let end = Run::of(&issued)
        .with(only())
        .opening_by(AccessPolicy::BacOnly)
        .end();
    assert!(matches!(end.error(), ChipError::AccessDenied(_)), "{end:?}");
}

#[test]
fn a_channel_of_pace_is_opened_again_by_pace() {
    let mut issued = with_pace(issued(20_000));
    issued
        .files
        .set(FileId::CardSecurity, tlv::encode(0x30, &[7; 500]));
    let mut files = Wanted::default();
    assert!(!files.contains(FileId::CardSecurity));
    files = Wanted::new([
        (FileId::CardSecurity, Need::IfListed),
        (FileId::Com, Need::Always),
        (FileId::Dg2, Need::Always),
    ]);
    let whole = Run::of(&issued).wanting(files.clone()).outcome();
    assert_eq!(
        whole.end.files().get(FileId::CardSecurity),
        issued.files.get(FileId::CardSecurity)
    );
    for at in 7..=whole.commands {
        let dropped = [ChipFault::DropsChannelAt(at)];
        let end = Run::of(&issued).with(dropped).wanting(files.clone()).end();
        assert_eq!(end.files(), whole.end.files(), "dropped at {at}");
        assert_eq!(end.reading().access.name(), "pace");
        assert_eq!(end.reading().statistics.restarts, 1);
    }
}

#[test]
fn chip_authentication_mapping_brings_its_proof_and_card_security() {
    let info = pace_info(PaceMapping::ChipAuthentication, CipherSuite::Aes128, 12);
    let mut issued = with_pace_infos(issued(100), &[info]);
    issued
        .files
        .set(FileId::CardSecurity, tlv::encode(0x30, &[7; 500]));
    let parameters = DomainParameters::standardized(12).unwrap();
    let private = parameters.private_key(&[9; 74]).unwrap();
    let bytes = parameters.public_key(&private).unwrap();
    let key = PublicKey {
        parameters: parameters.clone(),
        bytes,
    };
    let infos = SecurityInfos::parse(issued.files.get(FileId::CardAccess).unwrap()).unwrap();
    let password = Password::mrz(&issued.access_key);
    let pace = Pace::new(offers(&infos).usable, vec![password]).with_static_key(StaticKey {
        parameters,
        private,
    });
    let end = Run::of(&issued).on(|chip| chip.with_pace(pace)).end();
    assert_eq!(
        end.files(),
        issued.files,
        "EF.CardSecurity, which holds the key, is read too"
    );
    let mapping = end.reading().access.chip_authentication_mapping().unwrap();
    verify_chip_authentication_mapping(mapping, &key).unwrap();
}
