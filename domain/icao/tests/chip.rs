//! A document is issued, its chip read through the protected channel, and judged; each fault ends in its own check.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use egate_icao::{
    chip::{
        Chip, ChipFault, Reaction,
        issue::{Forgery, IssuedDocument, KeyKind, TestIssuer, forge, replace_portrait},
    },
    lds::{ChipFiles, FileId, PortraitFormat},
    mrz::{self, Mrz},
    session::{ChipError, ReadSession, Step},
    trust::TrustStore,
    verify::{DocumentReport, passive_authentication},
};
use egate_types::{
    CheckResult, Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument,
};

const TODAY: &str = "2026-11-23";
const PORTRAIT: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3, 0xFF, 0xD9];

fn today() -> Date {
    Date::parse(TODAY).unwrap()
}

fn issuer(kind: KeyKind) -> TestIssuer {
    let (from, to) = (
        Date::parse("2020-01-01").unwrap(),
        Date::parse("2040-01-01").unwrap(),
    );
    TestIssuer::new("UT", kind, from, to).unwrap()
}

fn trust(issuer: &TestIssuer) -> TrustStore {
    TrustStore::from_certificates([issuer.csca_der().unwrap()]).unwrap()
}

fn document() -> TravelDocument {
    TravelDocument {
        code: "P".into(),
        issuer: StateCode::parse("UTO").unwrap(),
        number: DocumentNumber::parse("L898902C").unwrap(),
        date_of_expiry: Some(Date::parse("2031-06-30").unwrap()),
        holder: Holder {
            name: PersonName {
                surname: "ERIKSSON".into(),
                given: "ANNA MARIA".into(),
            },
            date_of_birth: Some(Date::parse("1974-08-12").unwrap()),
            sex: Sex::Female,
            nationality: StateCode::parse("UTO").unwrap(),
        },
    }
}

fn large_portrait() -> Vec<u8> {
    let mut portrait = PORTRAIT.to_vec();
    portrait.splice(7..7, (0..20_000u32).map(|n| (n % 251) as u8));
    portrait
}

#[derive(Debug, PartialEq)]
enum End {
    Read(ChipFiles),
    Failed(ChipError),
    Mute,
    Removed,
}

fn read(issued: &IssuedDocument, faults: Vec<ChipFault>) -> (End, u32) {
    let printed = mrz::parse(&issued.mrz, today()).unwrap();
    let mut chip = Chip::new(issued.files.clone(), &issued.access_key, faults);
    chip.power_on();
    let mut session = ReadSession::new(&printed.access_key, [1; 8], [2; 16]);
    let mut commands = 0u32;
    let mut step = session.start();
    loop {
        let apdu = match step {
            Step::Transmit(apdu) => apdu,
            Step::Done(files) => return (End::Read(files), commands),
            Step::Failed(error) => return (End::Failed(error), commands),
        };
        commands += 1;
        step = match chip.transmit(&apdu, &[commands as u8; 24]) {
            Reaction::Answer(answer) => session.respond(&answer),
            Reaction::Mute => return (End::Mute, commands),
            Reaction::Removed => return (End::Removed, commands),
        };
    }
}

fn judge(issued: &IssuedDocument, trust: &TrustStore) -> DocumentReport {
    let (End::Read(files), _) = read(issued, vec![]) else {
        panic!("chip must be readable")
    };
    passive_authentication(&files, Some(&printed(issued)), trust, today())
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
fn extended_length_is_used_and_given_up_without_a_new_session() {
    let issued = issuer(KeyKind::EcP256)
        .issue(&document(), &large_portrait())
        .unwrap();
    let (long, long_commands) = read(&issued, vec![]);
    let (short, short_commands) = read(&issued, vec![ChipFault::ShortLengthOnly]);
    assert_eq!(long, End::Read(issued.files.clone()));
    assert_eq!(short, End::Read(issued.files.clone()));
    assert!(
        long_commands < 25,
        "{long_commands} commands with extended length"
    );
    assert!(
        (80..130).contains(&short_commands),
        "{short_commands} commands without"
    );
}

#[test]
fn a_dropped_channel_is_opened_again_once() {
    let issued = issuer(KeyKind::EcP256)
        .issue(&document(), PORTRAIT)
        .unwrap();
    for at in 4..14 {
        let (end, _) = read(&issued, vec![ChipFault::DropsChannelAt(at)]);
        assert_eq!(end, End::Read(issued.files.clone()), "dropped at {at}");
        let again = vec![
            ChipFault::DropsChannelAt(at),
            ChipFault::DropsChannelAt(at + 5),
        ];
        let (end, _) = read(&issued, again);
        assert!(matches!(
            end,
            End::Read(_) | End::Failed(ChipError::SessionLost { .. })
        ));
    }
}

#[test]
fn a_chip_of_another_document_denies_access() {
    let issued = issuer(KeyKind::EcP256)
        .issue(&document(), PORTRAIT)
        .unwrap();
    let (end, commands) = read(&issued, vec![ChipFault::WrongKey]);
    assert!(
        matches!(end, End::Failed(ChipError::AccessDenied(_))),
        "{end:?}"
    );
    assert_eq!(commands, 3);
}

#[test]
fn removal_and_silence_are_seen_by_the_shell() {
    let issued = issuer(KeyKind::EcP256)
        .issue(&document(), PORTRAIT)
        .unwrap();
    for n in 0..12 {
        assert_eq!(
            read(&issued, vec![ChipFault::RemovedAfter(n)]),
            (End::Removed, n + 1)
        );
        assert_eq!(
            read(&issued, vec![ChipFault::MuteAfter(n)]),
            (End::Mute, n + 1)
        );
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
