//! A document is issued, its chip read through the protected channel, and judged; each fault ends in its own check.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod reader;

use egate_icao::{
    chip::{
        ChipFault,
        issue::{Forgery, IssuedDocument, KeyKind, TestIssuer, forge, replace_portrait},
    },
    lds::{FileId, PortraitFormat},
    mrz::{self, Mrz},
    trust::TrustStore,
    verify::{DocumentReport, passive_authentication},
};
use egate_types::{CheckResult, Date};
use reader::{End, PORTRAIT, Run, document, issuer, large_portrait, today};

fn read(issued: &IssuedDocument, faults: Vec<ChipFault>) -> End {
    Run::of(issued).with(faults).end()
}

fn judge(issued: &IssuedDocument, trust: &TrustStore) -> DocumentReport {
    let files = read(issued, vec![]).files();
    passive_authentication(&files, Some(&printed(issued)), trust, today())
}

fn trust(issuer: &TestIssuer) -> TrustStore {
    TrustStore::from_certificates([issuer.csca_der().unwrap()]).unwrap()
}

fn printed(issued: &IssuedDocument) -> Mrz {
    mrz::parse(&issued.mrz, today()).unwrap()
}

/// Names (with instance) of all leaves with this result.
fn leaves(report: &DocumentReport, wanted: CheckResult) -> Vec<String> {
    let mut found = Vec::new();
    report.checks.walk(&mut |node| {
        if node.children.is_empty() && node.result == wanted {
            let instance = node
                .instance
                .as_ref()
                .map(|i| format!(" {i}"))
                .unwrap_or_default();
            found.push(format!("{}{instance}", node.name.0));
        }
    });
    found
}

#[test]
fn a_genuine_document_is_read_and_every_check_succeeds() {
    for kind in [
        KeyKind::EcP256,
        KeyKind::EcBrainpoolP256Explicit,
        KeyKind::Rsa2048,
    ] {
        let issuer = issuer(kind);
        let portrait = large_portrait();
        let issued = issuer.issue(&document(), &portrait).unwrap();
        let report = judge(&issued, &trust(&issuer));
        assert_eq!(
            report.checks.result,
            CheckResult::Successful,
            "{kind:?}: {:#?}",
            report.checks
        );
        assert_eq!(
            leaves(&report, CheckResult::NotSupported),
            ["AuthenticityCheck", "SecurityFileCheck revocation"]
        );
        assert_eq!(report.document, Some(document()));
        let read = report.portrait.unwrap();
        assert_eq!(
            (read.format, &read.bytes),
            (PortraitFormat::Jpeg, &portrait)
        );
        assert_eq!(report.deviations, Vec::<String>::new());
    }
}

#[test]
fn altered_data_groups_fail_their_own_integrity_check() {
    let issuer = issuer(KeyKind::EcP256);
    let trust = trust(&issuer);
    let mut issued = issuer.issue(&document(), PORTRAIT).unwrap();
    forge(&mut issued.files, Forgery::AlteredDg2);
    let report = judge(&issued, &trust);
    assert_eq!(
        leaves(&report, CheckResult::Failed),
        ["DataGroupIntegrityCheck DG2"]
    );
    assert_eq!(report.checks.result, CheckResult::Failed);
    assert!(
        report.portrait.is_some(),
        "the officer still sees the picture"
    );

    replace_portrait(&mut issued.files, &large_portrait());
    let report = judge(&issued, &trust);
    assert_eq!(
        leaves(&report, CheckResult::Failed),
        ["DataGroupIntegrityCheck DG2"]
    );

    let mut issued = issuer.issue(&document(), PORTRAIT).unwrap();
    forge(&mut issued.files, Forgery::AlteredDg1);
    let report = judge(&issued, &trust);
    assert_eq!(
        leaves(&report, CheckResult::Failed),
        ["DataGroupIntegrityCheck DG1", "CombinedCheck"]
    );
}

#[test]
fn a_signer_of_the_same_name_but_another_key_is_not_trusted() {
    let issued = issuer(KeyKind::EcP256)
        .issue(&document(), PORTRAIT)
        .unwrap();
    let report = judge(&issued, &trust(&issuer(KeyKind::EcP256)));
    let issuer_check = report.checks.find("IssuerCertificatesCheck").unwrap();
    assert_eq!(issuer_check.result, CheckResult::Failed);
    let chain = ["SecurityFileCheck chain"];
    assert_eq!(leaves(&report, CheckResult::Failed), chain);
    let report = judge(&issued, &TrustStore::default());
    assert_eq!(leaves(&report, CheckResult::Failed), chain);
}

#[test]
fn an_expired_document_and_an_expired_signer_fail() {
    let issuer = issuer(KeyKind::EcP256);
    let mut expired = document();
    expired.date_of_expiry = Some(Date::parse("2026-11-22").unwrap());
    let report = judge(&issuer.issue(&expired, PORTRAIT).unwrap(), &trust(&issuer));
    assert_eq!(leaves(&report, CheckResult::Failed), ["DateOfExpiryCheck"]);

    let (from, to) = (
        Date::parse("2020-01-01").unwrap(),
        Date::parse("2026-11-22").unwrap(),
    );
    let issuer = TestIssuer::new("UT", KeyKind::EcP256, from, to).unwrap();
    let report = judge(
        &issuer.issue(&document(), PORTRAIT).unwrap(),
        &trust(&issuer),
    );
    assert_eq!(
        leaves(&report, CheckResult::Failed),
        [
            "SecurityFileCheck validity",
            "SecurityFileCheck validity of the CSCA"
        ]
    );
}

#[test]
fn a_signer_of_another_country_fails_the_country_check() {
    let (from, to) = (
        Date::parse("2020-01-01").unwrap(),
        Date::parse("2040-01-01").unwrap(),
    );
    let issuer = TestIssuer::new("FR", KeyKind::EcP256, from, to).unwrap();
    let report = judge(
        &issuer.issue(&document(), PORTRAIT).unwrap(),
        &trust(&issuer),
    );
    assert_eq!(
        leaves(&report, CheckResult::Failed),
        ["SignerCertificateCheck"]
    );
}

#[test]
fn a_missing_file_fails_availability_and_aborts_what_needs_it() {
    let issuer = issuer(KeyKind::EcP256);
    let mut issued = issuer.issue(&document(), PORTRAIT).unwrap();
    issued.files.remove(FileId::Sod);
    let report = judge(&issued, &trust(&issuer));
    assert_eq!(
        leaves(&report, CheckResult::Failed),
        ["FileAvailabilityCheck", "DataGroupHashListCheck"]
    );
    assert_eq!(leaves(&report, CheckResult::Aborted).len(), 6);
    assert_eq!(report.checks.result, CheckResult::Failed);
}

#[test]
fn every_flipped_byte_of_the_security_object_is_noticed() {
    let issuer = issuer(KeyKind::EcP256);
    let trust = trust(&issuer);
    let issued = issuer.issue(&document(), PORTRAIT).unwrap();
    let sod = issued.files.get(FileId::Sod).unwrap().to_vec();
    let printed = printed(&issued);
    for at in 0..sod.len() {
        let mut altered = sod.clone();
        altered[at] ^= 0x04;
        let mut files = issued.files.clone();
        files.set(FileId::Sod, altered);
        let report = passive_authentication(&files, Some(&printed), &trust, today());
        // Digest algorithms listed in SignedData and the version numbers are outside the signature, and unused.
        if report.checks.result == CheckResult::Successful {
            assert!(
                unsigned_and_unused(&sod, at),
                "byte {at} of {} flipped unnoticed",
                sod.len()
            );
            assert_eq!(report.document, Some(document()));
        }
    }
}

/// Positions whose change leaves signature, hashes and names as they were.
fn unsigned_and_unused(sod: &[u8], at: usize) -> bool {
    use egate_icao::tlv;
    let within = |part: &[u8]| {
        let start = part.as_ptr() as usize - sod.as_ptr() as usize;
        (start..start + part.len()).contains(&at)
    };
    let (body, _) = tlv::expect(sod, 0x77).unwrap();
    let (content_info, _) = tlv::expect(body, 0x30).unwrap();
    let (_, rest) = tlv::expect(content_info, 0x06).unwrap();
    let (signed, _) = tlv::expect(tlv::expect(rest, 0xA0).unwrap().0, 0x30).unwrap();
    let parts = tlv::children(signed).unwrap();
    let info = tlv::children(tlv::children(parts[4].value).unwrap()[0].value).unwrap();
    let outer_type = tlv::read(parts[2].value).unwrap().0;
    // Signer info: version and who signed (one certificate is enclosed, so a wrong name is a recorded deviation).
    within(parts[0].raw)
        || within(parts[1].raw)
        || within(outer_type.raw)
        || within(info[0].raw)
        || within(info[1].raw)
        || within(&info[2].value[info[2].value.len() - 2..])
}
