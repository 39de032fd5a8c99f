//! Active and Chip Authentication inside a session: what is recorded can be judged again.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod reader;

use std::collections::BTreeMap;

use egate_icao::{
    active_authentication::ActiveAuthenticationKey,
    apdu::Status,
    chip::{
        ChipFault, Refusal,
        active_authentication::{ActiveAuthenticationSigner, EcdsaForm, Trailer},
        chip_authentication::{ChipAuthenticationKeys, StaticKey},
        issue::IssuedDocument,
    },
    evidence::Evidence,
    key_derivation::CipherSuite,
    lds::FileId,
    session::{AuthenticityPolicy, ChipAuthenticationOutcome, Need, Stage, Wanted},
    sod::HashAlgorithm,
    tlv,
};
use egate_types::CheckResult;
use openssl::nid::Nid;
use reader::{Outcome, Run, issued_with, today, trust, with_pace};

/// The document with Chip Authentication, Active Authentication, or both, and the chip's keys.
struct Keys {
    active: Option<ActiveAuthenticationSigner>,
    chip: Option<StaticKey>,
}

fn chip_key(cipher: CipherSuite) -> StaticKey {
    StaticKey::new(13, &[cipher], None, &[5; 80]).unwrap()
}

/// A document whose signed EF.DG14 and EF.DG15 show these keys.
fn issued(portrait_bytes: u32, keys: &Keys) -> IssuedDocument {
    let mut infos = Vec::new();
    let mut data_groups = BTreeMap::new();
    if let Some(key) = &keys.chip {
        infos.extend(key.security_infos().unwrap());
    }
    if let Some(key) = &keys.active {
        infos.extend(key.security_info());
        data_groups.insert(15, key.data_group_15().unwrap());
    }
    if !infos.is_empty() {
        let set = tlv::encode(0x31, &infos.concat());
        data_groups.insert(14, tlv::encode(0x6E, &set));
    }
    issued_with(portrait_bytes, data_groups)
}

fn read(
    issued: IssuedDocument,
    keys: Keys,
    policy: AuthenticityPolicy,
    faults: Vec<ChipFault>,
    wanted: Wanted,
) -> Outcome {
    let outcome = Run::of(&issued)
        .with(faults)
        .wanting(wanted)
        .proving(policy)
        .on(|mut chip| {
            if let Some(key) = keys.active {
                chip = chip.with_active_authentication(key);
            }
            if let Some(key) = keys.chip {
                chip = chip.with_chip_authentication(ChipAuthenticationKeys::new(vec![key]));
            }
            chip
        })
        .outcome();
    for file in [FileId::Com, FileId::Dg2] {
        assert!(
            outcome.end.files().contains(file),
            "{file} is read in any case"
        );
    }
    outcome
}

fn inspect(keys: Keys, policy: AuthenticityPolicy, faults: Vec<ChipFault>) -> Outcome {
    read(
        issued(9_000, &keys),
        keys,
        policy,
        faults,
        Wanted::default(),
    )
}

fn rsa() -> ActiveAuthenticationSigner {
    ActiveAuthenticationSigner::rsa(1_280, Trailer::Named(HashAlgorithm::Sha256)).unwrap()
}

fn active_authentication_succeeds(outcome: &Outcome) -> bool {
    let reading = outcome.end.reading();
    let dg15 = reading.files.get(FileId::Dg15).unwrap();
    let key = ActiveAuthenticationKey::from_dg15(dg15).unwrap();
    let run = reading.active_authentication.as_ref().unwrap();
    key.verify(None, run).is_ok()
}

fn chip_authentication_succeeds(outcome: &Outcome) -> bool {
    let reading = outcome.end.reading();
    let dg14 = reading.files.get(FileId::Dg14).unwrap();
    match reading.chip_authentication.as_ref().unwrap() {
        ChipAuthenticationOutcome::Proven(transcript) => {
            transcript.verify(dg14).unwrap();
            true
        }
        ChipAuthenticationOutcome::NotProven { transcript, .. } => {
            assert!(transcript.verify(dg14).is_err(), "judged again elsewhere");
            false
        }
        ChipAuthenticationOutcome::Failed(_) => false,
    }
}

/// What the records of the reading are judged to show, here and wherever they are judged again.
fn judged(outcome: &Outcome) -> CheckResult {
    let reading = outcome.end.reading();
    let evidence = Evidence {
        files: reading.files.clone(),
        printed_mrz: None,
        performed: reading.performed(),
    };
    let report = evidence.judge(&trust(), today());
    report.checks.find("AuthenticityCheck").unwrap().result
}

#[test]
fn chip_authentication_runs_before_the_portrait_and_its_transcript_holds() {
    let ciphers = [
        CipherSuite::TripleDes,
        CipherSuite::Aes128,
        CipherSuite::Aes256,
    ];
    for cipher in ciphers {
        let keys = Keys {
            active: Some(rsa()),
            chip: Some(chip_key(cipher)),
        };
        let outcome = inspect(keys, AuthenticityPolicy::Once, vec![]);
        assert!(chip_authentication_succeeds(&outcome), "{cipher:?}");
        assert_eq!(judged(&outcome), CheckResult::Successful);
        assert!(
            outcome.end.reading().active_authentication.is_none(),
            "one proof is enough"
        );
        let position = |stage| outcome.stages.iter().position(|s| *s == stage).unwrap();
        let proof = position(Stage::ChipAuthentication);
        assert!(proof > position(Stage::File(FileId::Dg15)));
        assert!(proof < position(Stage::File(FileId::Dg2)));
    }
}

#[test]
fn active_authentication_runs_where_the_chip_offers_nothing_else() {
    let curve = |form| {
        ActiveAuthenticationSigner::ec(Nid::X9_62_PRIME256V1, false, HashAlgorithm::Sha256, form)
    };
    let keys = [
        rsa(),
        curve(EcdsaForm::Plain).unwrap(),
        curve(EcdsaForm::Der).unwrap(),
    ];
    for key in keys {
        let keys = Keys {
            active: Some(key),
            chip: None,
        };
        let outcome = inspect(keys, AuthenticityPolicy::Once, vec![]);
        assert!(active_authentication_succeeds(&outcome));
        assert!(outcome.end.reading().chip_authentication.is_none());
        assert!(outcome.stages.contains(&Stage::ActiveAuthentication));
    }
}

#[test]
fn both_proofs_are_had_where_both_are_asked_for() {
    let keys = Keys {
        active: Some(rsa()),
        chip: Some(chip_key(CipherSuite::Aes192)),
    };
    let outcome = inspect(keys, AuthenticityPolicy::All, vec![]);
    assert!(active_authentication_succeeds(&outcome));
    assert!(chip_authentication_succeeds(&outcome));
    let keys = Keys {
        active: Some(rsa()),
        chip: Some(chip_key(CipherSuite::Aes192)),
    };
    let outcome = inspect(keys, AuthenticityPolicy::None, vec![]);
    assert!(outcome.end.reading().active_authentication.is_none());
    assert!(outcome.end.reading().chip_authentication.is_none());
}

#[test]
fn a_copied_chip_proves_nothing_and_is_read_all_the_same() {
    let keys = Keys {
        active: Some(rsa()),
        chip: Some(chip_key(CipherSuite::Aes128)),
    };
    let outcome = inspect(keys, AuthenticityPolicy::Once, vec![ChipFault::Cloned]);
    assert!(!chip_authentication_succeeds(&outcome));
    assert!(
        !active_authentication_succeeds(&outcome),
        "asked for, as the other failed"
    );
    assert_eq!(judged(&outcome), CheckResult::Failed);
    assert_eq!(outcome.end.reading().statistics.restarts, 1);
    let keys = Keys {
        active: Some(rsa()),
        chip: None,
    };
    let outcome = inspect(keys, AuthenticityPolicy::Once, vec![ChipFault::Cloned]);
    assert!(!active_authentication_succeeds(&outcome));
}

#[test]
fn chip_authentication_is_proven_also_when_nothing_is_left_to_read() {
    for faults in [vec![], vec![ChipFault::Cloned]] {
        let genuine = faults.is_empty();
        let keys = Keys {
            active: None,
            chip: Some(chip_key(CipherSuite::Aes128)),
        };
        let wanted = Wanted::new([
            (FileId::Com, Need::Always),
            (FileId::Dg2, Need::Always),
            (FileId::Dg14, Need::Always),
        ]);
        // The portrait comes first, so that the proof is the last thing but its own answer.
        let issued = issued(100, &keys);
        let chip = keys.chip.unwrap();
        let outcome = Run::of(&issued)
            .with(faults)
            .wanting(wanted)
            .on(|card| card.with_chip_authentication(ChipAuthenticationKeys::new(vec![chip])))
            .outcome();
        let run = outcome.end.reading().chip_authentication.as_ref();
        let proven = matches!(run, Some(ChipAuthenticationOutcome::Proven(_)));
        assert_eq!(proven, genuine, "{run:?}");
        assert!(outcome.end.reading().unread.is_empty());
    }
}

#[test]
fn a_chip_that_refuses_the_proof_it_offers_is_recorded() {
    // EF.DG14 and EF.DG15 promise what the chip does not have.
    let keys = Keys {
        active: Some(rsa()),
        chip: Some(chip_key(CipherSuite::Aes128)),
    };
    let issued = issued(500, &keys);
    let outcome = Run::of(&issued).outcome();
    assert!(!chip_authentication_succeeds(&outcome));
    let run = outcome
        .end
        .reading()
        .active_authentication
        .as_ref()
        .unwrap();
    assert_eq!(run.status, Status::UNKNOWN_INSTRUCTION);
    assert_eq!(outcome.end.files(), issued.files);
}

#[test]
fn proofs_survive_a_dropped_channel() {
    let all = || Keys {
        active: Some(rsa()),
        chip: Some(chip_key(CipherSuite::Aes128)),
    };
    let whole = inspect(all(), AuthenticityPolicy::All, vec![]);
    for at in 5..=whole.commands {
        let dropped = vec![ChipFault::DropsChannelAt(at)];
        let outcome = inspect(all(), AuthenticityPolicy::All, dropped);
        assert!(active_authentication_succeeds(&outcome), "dropped at {at}");
        // What answers without protection right after the new keys has not proven to know them.
        let first_answer = !chip_authentication_succeeds(&outcome);
        assert!(!first_answer || at + 2 >= whole.commands, "dropped at {at}");
    }
}

#[test]
fn chip_authentication_runs_inside_a_channel_of_pace() {
    let keys = Keys {
        active: None,
        chip: Some(chip_key(CipherSuite::Aes256)),
    };
    let document = with_pace(issued(15_000, &keys));
    let outcome = read(
        document,
        keys,
        AuthenticityPolicy::Once,
        vec![],
        Wanted::default(),
    );
    assert!(chip_authentication_succeeds(&outcome));
    assert_eq!(outcome.end.reading().access.name(), "pace");
    assert!(outcome.commands <= 17, "{} commands", outcome.commands);
}

/// Signatures that no short answer holds, over every way in which they come in pieces.
#[test]
fn long_signatures_come_through_short_length_in_pieces() {
    let short = ChipFault::ShortLengthOnly;
    let silent = ChipFault::SilentAboutLengths;
    let inside = ChipFault::ChainsInsideProtection;
    // Those of 1280 bits still fit; those of 3072 come in two pieces.
    for (bits, opened_by_pace) in [(1_280, true), (2_048, false), (2_048, true), (3_072, true)] {
        for (faults, reader_bytes) in [
            (vec![], 0),
            (vec![inside], 0),
            (vec![short], 65_536),
            (vec![short, silent], 65_536),
            (vec![short, silent, inside], 65_536),
        ] {
            let key = rsa_of(bits);
            let outcome = long_signature(key, opened_by_pace, &faults, reader_bytes);
            let label = format!("{bits} {faults:?} {reader_bytes} {opened_by_pace}");
            assert!(active_authentication_succeeds(&outcome), "{label}");
            assert_eq!(outcome.end.reading().statistics.restarts, 0, "{label}");
            let mut sent = outcome.sent.iter();
            assert!(
                reader_bytes > 0 || sent.all(|apdu| apdu.len() <= 261),
                "{label}"
            );
            let pieces = outcome.log.count(0xC0) > 0;
            assert_eq!(pieces, bits > 1_280, "{label}");
        }
    }
}

#[test]
fn a_chip_without_response_chaining_is_asked_in_extended_length_or_refuses() {
    let no_pieces = ChipFault::NoResponseChaining;
    // It takes small blocks, so that short commands seem right, and yet extended length.
    let small_blocks = ChipFault::LargestBlock {
        bytes: 192,
        refusal: Refusal::FewerBytes,
    };
    let outcome = long_signature(rsa_of(2_048), true, &[no_pieces, small_blocks], 65_536);
    assert!(active_authentication_succeeds(&outcome));
    assert_eq!(outcome.log.count(0x88), 2, "asked again");
    let outcome = long_signature(rsa_of(2_048), true, &[no_pieces], 0);
    let exchange = outcome
        .end
        .reading()
        .active_authentication
        .as_ref()
        .unwrap();
    assert_eq!(exchange.status, Status::WRONG_LENGTH);
    assert_eq!(judged(&outcome), CheckResult::Failed);
}

fn rsa_of(bits: u32) -> ActiveAuthenticationSigner {
    ActiveAuthenticationSigner::rsa(bits, Trailer::Named(HashAlgorithm::Sha256)).unwrap()
}

fn long_signature(
    key: ActiveAuthenticationSigner,
    opened_by_pace: bool,
    faults: &[ChipFault],
    reader_bytes: usize,
) -> Outcome {
    let data_groups = BTreeMap::from([(15, key.data_group_15().unwrap())]);
    let issued = issued_with(2_000, data_groups);
    let issued = if opened_by_pace {
        with_pace(issued)
    } else {
        issued
    };
    Run::of(&issued)
        .with(faults)
        .through(reader_bytes)
        .on(|chip| chip.with_active_authentication(key))
        .outcome()
}
