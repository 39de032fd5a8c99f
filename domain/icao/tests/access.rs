//! How the chip was opened is kept with the evidence and judged: no silent fall from PACE to Basic Access Control, and no
//! EF.CardAccess that hides what the signed EF.DG14 names.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod reader;

use std::collections::BTreeMap;

use egate_icao::{
    chip::{ChipFault, issue::IssuedDocument},
    evidence::{ACCESS_PROTOCOL_CHECK, CARD_ACCESS_CHECK, Evidence},
    key_derivation::CipherSuite,
    lds::FileId,
    security_infos::PaceMapping,
    session::{AccessKeys, AccessPolicy, ChipError},
    tlv,
    verify::{DocumentReport, profile::Profile},
};
use egate_types::{CheckResult, ChipAccess, ChipPassword, RunMode};
use reader::{End, Run, issued, issued_with, pace_info, today, trust, with_pace_infos};

use CheckResult::{Failed, NotSupported, Successful, Undetermined};

const STRONG: &str = "id-PACE-ECDH-GM-AES-CBC-CMAC-256";
const WEAK: &str = "id-PACE-ECDH-GM-3DES-CBC-CBC";

fn strong() -> Vec<u8> {
    pace_info(PaceMapping::Generic, CipherSuite::Aes256, 13)
}

fn weak() -> Vec<u8> {
    pace_info(PaceMapping::Generic, CipherSuite::TripleDes, 13)
}

/// A document that names one set of PACE protocols in the signed EF.DG14 and another in EF.CardAccess.
fn naming(signed: &[Vec<u8>], shown: &[Vec<u8>]) -> IssuedDocument {
    let set = tlv::encode(0x31, &signed.concat());
    let groups = BTreeMap::from([(14, tlv::encode(0x6E, &set))]);
    with_pace_infos(issued_with(100, groups), shown)
}

fn evidence(issued: &IssuedDocument, end: End) -> Evidence {
    let End::Read(reading) = end else {
        panic!("not read: {end:?}")
    };
    let evidence = reading.into_evidence(Some(issued.mrz.clone()));
    // Whoever judges it elsewhere sees what the wire carries.
    let wire = serde_json::to_string(&evidence).unwrap();
    serde_json::from_str(&wire).unwrap()
}

fn read(issued: &IssuedDocument, faults: &[ChipFault]) -> Evidence {
    evidence(issued, Run::of(issued).with(faults).end())
}

/// The whole, the protocol, EF.CardAccess.
fn results(report: &DocumentReport) -> [CheckResult; 3] {
    let of = |name| report.checks.find(name).unwrap().result;
    [
        report.checks.result,
        of(ACCESS_PROTOCOL_CHECK),
        of(CARD_ACCESS_CHECK),
    ]
}

fn judged(evidence: &Evidence) -> [CheckResult; 3] {
    results(&evidence.judge(&trust(), today()))
}

#[test]
fn a_chip_opened_by_the_best_protocol_that_it_signed_is_clear() {
    let document = naming(&[strong(), weak()], &[strong(), weak()]);
    let evidence = read(&document, &[]);
    let access = ChipAccess::Pace {
        protocol: STRONG.to_owned(),
        parameter_id: Some(13),
        password: ChipPassword::Mrz,
    };
    assert_eq!(evidence.performed.access, Some(access));
    assert_eq!(judged(&evidence), [Successful; 3]);
}

#[test]
fn the_card_access_number_is_on_record() {
    let document = naming(&[strong()], &[strong()]);
    let end = Run::of(&document)
        .knowing(AccessKeys::can("123456").unwrap())
        .on(|chip| chip.with_can("123456").unwrap())
        .end();
    let evidence = evidence(&document, end);
    let access = evidence.performed.access.as_ref().unwrap();
    assert_eq!(
        access.to_string(),
        format!("pace: {STRONG}, parameters 13, card access number")
    );
    assert_eq!(judged(&evidence), [Successful; 3]);
}

#[test]
fn a_chip_that_never_had_pace_is_clear() {
    let document = issued(100);
    let evidence = read(&document, &[]);
    assert_eq!(evidence.performed.access, Some(ChipAccess::Bac));
    assert_eq!(judged(&evidence), [Successful, Successful, NotSupported]);
    // Nothing signed repeats EF.CardAccess: neither confirmed nor refuted.
    let unsigned = with_pace_infos(document, &[strong()]);
    let evidence = read(&unsigned, &[]);
    assert_eq!(judged(&evidence), [Successful, Successful, NotSupported]);
}

#[test]
fn a_chip_whose_card_access_was_taken_away_is_not_clear() {
    let document = naming(&[strong()], &[strong()]);
    let evidence = read(&document, &[ChipFault::Hides(FileId::CardAccess)]);
    assert_eq!(evidence.performed.access, Some(ChipAccess::Bac));
    assert_eq!(judged(&evidence), [Failed; 3]);
}

#[test]
fn a_card_access_stripped_of_the_strong_protocol_is_found_out() {
    let document = naming(&[strong(), weak()], &[weak()]);
    let evidence = read(&document, &[]);
    let access = evidence.performed.access.clone().unwrap();
    assert!(access.to_string().contains(WEAK), "{access}");
    assert_eq!(judged(&evidence), [Failed, Successful, Failed]);
}

#[test]
fn a_protocol_that_nobody_signed_is_found_out() {
    let document = naming(&[weak()], &[strong(), weak()]);
    assert_eq!(judged(&read(&document, &[])), [Failed; 3]);
}

#[test]
fn bac_after_a_failure_of_pace_is_a_failure_unless_the_profile_only_notes_it() {
    let document = naming(&[strong()], &[strong()]);
    let faults = || vec![ChipFault::PaceFails];
    let strict = Run::of(&document).with(faults()).end();
    let ChipError::PaceFailed(failure) = strict.error() else {
        panic!("{strict:?}")
    };
    let ChipAccess::PaceFailed { protocol, failure } = failure.record() else {
        panic!("{failure:?}")
    };
    assert_eq!(protocol.as_deref(), Some(STRONG));
    assert!(failure.contains("refused the password"), "{failure}");

    let profile = Profile([(ACCESS_PROTOCOL_CHECK.to_owned(), RunMode::Evaluatory)].into());
    assert_eq!(Profile::default().access_policy(), AccessPolicy::PaceFirst);
    assert_eq!(profile.access_policy(), AccessPolicy::BacAfterPaceFailure);
    let lenient = Run::of(&document)
        .with(faults())
        .opening_by(profile.access_policy())
        .end();
    let evidence = evidence(&document, lenient);
    let access = evidence.performed.access.as_ref().unwrap();
    assert_eq!(access.name(), "bac_after_pace_failure");

    let report = evidence.judge(&trust(), today());
    assert_eq!(results(&report), [Failed, Failed, Successful]);
    let noted = evidence.judge_by(&profile, &trust(), today());
    assert_eq!(results(&noted), [Successful, Failed, Successful]);
    assert!(noted.deviations.contains(&access.to_string()));
}

#[test]
fn what_the_gate_claims_is_worth_what_the_files_bear_out() {
    let document = naming(&[strong(), weak()], &[strong(), weak()]);
    let stripped = read(&document, &[ChipFault::Hides(FileId::CardAccess)]);
    let claiming = |protocol: &str| {
        let mut lying = stripped.clone();
        lying.performed.access = Some(ChipAccess::Pace {
            protocol: protocol.to_owned(),
            parameter_id: Some(13),
            password: ChipPassword::Mrz,
        });
        judged(&lying)
    };
    assert_eq!(claiming(STRONG), [Failed, Successful, Failed]);
    assert_eq!(claiming("id-PACE-ECDH-IM-3DES-CBC-CBC"), [Failed; 3]);
    let mut silent = stripped;
    silent.performed.access = None;
    assert_eq!(judged(&silent), [Undetermined; 3]);
}

#[test]
fn files_whose_opening_nobody_saw_are_undetermined_only_where_pace_is_promised() {
    let mut promised = read(&naming(&[strong()], &[strong()]), &[]);
    promised.performed.access = None;
    assert_eq!(judged(&promised), [Undetermined, Undetermined, Successful]);
    let mut plain = read(&issued(100), &[]);
    plain.performed.access = None;
    assert_eq!(judged(&plain), [Successful, NotSupported, NotSupported]);
}

#[test]
fn a_hidden_dg14_leaves_access_undetermined_and_a_malformed_card_access_fails() {
    let document = naming(&[strong()], &[strong()]);
    let mut hidden = read(&document, &[]);
    hidden.files.remove(FileId::Dg14);
    assert_eq!(judged(&hidden)[1..], [Undetermined; 2]);
    let mut malformed = read(&document, &[]);
    malformed.files.set(FileId::CardAccess, vec![0x31, 0x05]);
    assert_eq!(judged(&malformed), [Failed, Successful, Failed]);
}
