//! Evidence judged again with the same verdict, and chip authenticity against what the signed files promise.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod reader;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use egate_icao::{
    active_authentication::Exchange,
    apdu::{Command, Response, Status},
    chip::{
        active_authentication::{ActiveAuthenticationSigner, EcdsaForm, Trailer},
        chip_authentication::{ChipAuthenticationKeys, StaticKey, data_group_14},
        issue::{DocumentOptions, IssuedDocument, KeyKind, TestIssuer},
    },
    chip_authentication::{ChipAuthentication, Offer, Step},
    domain_parameters::PrivateKey,
    evidence::{ChipAuthenticationRecord, Evidence, Performed, authenticity},
    key_derivation::CipherSuite,
    lds::{ChipFiles, FileId},
    pace::ChipAuthenticationMapping,
    sod::HashAlgorithm,
    tlv,
    trust::TrustStore,
};
use egate_types::{CheckNode, CheckResult, ChipAccess, Date, MrzLines};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcPoint, PointConversionForm},
    hash::MessageDigest,
    nid::Nid,
};
use proptest::prelude::*;
use reader::{PORTRAIT, document};
use serde_json::Value;

const CHALLENGE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const RANDOM: [u8; 1024] = [0x5A; 1024];

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport")
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// EF.SOD with the hashes of these data groups and a signature that nobody made: authenticity does not ask who signed.
fn sod(groups: &[(u8, &[u8])]) -> Vec<u8> {
    let oid = |bytes: &[u8]| tlv::encode(0x06, bytes);
    let sequence = |parts: &[&[u8]]| tlv::encode_all(0x30, parts);
    let sha256 = sequence(&[&oid(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1])]);
    let hashes: Vec<u8> = groups
        .iter()
        .flat_map(|(number, bytes)| {
            let digest = openssl::hash::hash(MessageDigest::sha256(), bytes).unwrap();
            sequence(&[&[2, 1, *number], &tlv::encode(0x04, &digest)])
        })
        .collect();
    let content = sequence(&[&[2, 1, 0], &sha256, &sequence(&[&hashes])]);
    let content_type = oid(&[0x67, 0x81, 0x08, 1, 1, 1]);
    let octets = tlv::encode(0xA0, &tlv::encode(0x04, &content));
    let digest = openssl::hash::hash(MessageDigest::sha256(), &content).unwrap();
    let pkcs9 = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9];
    let attribute = |arc: u8, value: &[u8]| {
        let name = oid(&[&pkcs9[..], &[arc]].concat());
        sequence(&[&name, &tlv::encode(0x31, value)])
    };
    let attributes = [
        attribute(3, &content_type),
        attribute(4, &tlv::encode(0x04, &digest)),
    ]
    .concat();
    let country = sequence(&[&oid(&[0x55, 4, 6]), &tlv::encode(0x13, b"UT")]);
    let issuer = sequence(&[&tlv::encode(0x31, &country)]);
    let info = sequence(&[
        &[2, 1, 1],
        &sequence(&[&issuer, &[2, 1, 1]]),
        &sha256,
        &tlv::encode(0xA0, &attributes),
        &sequence(&[&oid(&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2])]),
        &tlv::encode(0x04, &[0; 8]),
    ]);
    let signed = sequence(&[
        &[2, 1, 3],
        &tlv::encode(0x31, &sha256),
        &sequence(&[&content_type, &octets]),
        &tlv::encode(0x31, &info),
    ]);
    let signed_data = oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2]);
    let info = sequence(&[&signed_data, &tlv::encode(0xA0, &signed)]);
    tlv::encode(0x77, &info)
}

/// A chip with both mechanisms.
struct Chip {
    signer: ActiveAuthenticationSigner,
    key: StaticKey,
    files: ChipFiles,
}

fn chip(random: u8) -> Chip {
    let curve = Nid::BRAINPOOL_P256R1;
    let (hash, form) = (HashAlgorithm::Sha256, EcdsaForm::Plain);
    let signer = ActiveAuthenticationSigner::ec(curve, true, hash, form).unwrap();
    let key = StaticKey::new(13, &[CipherSuite::Aes128], None, &[random; 74]).unwrap();
    let mut infos = key.security_infos().unwrap();
    infos.extend(signer.security_info());
    let dg14 = data_group_14(&infos);
    let dg15 = signer.data_group_15().unwrap();
    let sod = sod(&[(14, &dg14), (15, &dg15)]);
    let files = BTreeMap::from([
        (FileId::Sod, sod),
        (FileId::Dg14, dg14),
        (FileId::Dg15, dg15),
    ]);
    Chip {
        signer,
        key,
        files: ChipFiles::new(files),
    }
}

impl Chip {
    fn active(&self) -> Option<Exchange> {
        let response = self.signer.sign(&CHALLENGE, &RANDOM).unwrap().unwrap();
        Some(Exchange::answered(CHALLENGE, response))
    }

    fn chip(&self, dg14: &[u8]) -> Option<ChipAuthenticationRecord> {
        let offer = &Offer::all(dg14).unwrap()[0];
        let mut chip = ChipAuthenticationKeys::new(vec![self.key.clone()]);
        let mut terminal = ChipAuthentication::new(offer, &[9; 74]).unwrap();
        let mut chips_channel = None;
        let mut step = terminal.start();
        while let Step::Transmit(command) = step {
            let answer = chip.answer(&command).unwrap();
            chips_channel = answer.channel;
            step = terminal.respond(&answer.response);
        }
        let Step::Established(mut channel) = step else {
            return Some(ChipAuthenticationRecord::Refused(Status::CONDITIONS));
        };
        let mut chips_channel = chips_channel.unwrap();
        let command = channel.protect_command(&Command::read_binary(0, 4));
        let _ = chips_channel.open_command(&Command::parse(&command).unwrap());
        let response = chips_channel.protect_response(&Response {
            data: vec![1, 2, 3],
            status: Status::OK,
        });
        Some(ChipAuthenticationRecord::Answered(
            terminal.transcript(&response),
        ))
    }

    fn both(&self) -> Performed {
        Performed {
            access: Some(ChipAccess::Bac),
            active_authentication: self.active(),
            chip_authentication: self.chip(self.files.get(FileId::Dg14).unwrap()),
            chip_authentication_mapping: None,
        }
    }
}

fn results(node: &CheckNode) -> [CheckResult; 3] {
    ["AuthenticityCheck", "ActiveAuthCheck", "ChipAuthCheck"]
        .map(|name| node.find(name).map_or(node.result, |node| node.result))
}

use CheckResult::{Aborted, Failed, NotSupported, Successful, Undetermined};

#[test]
fn a_chip_that_keeps_what_its_files_promise_is_authentic() {
    let chip = chip(1);
    let all = chip.both();
    let checked = authenticity(&chip.files, &all);
    assert_eq!(results(&checked), [Successful; 3], "{checked:#?}");
    let active = Performed {
        active_authentication: all.active_authentication.clone(),
        ..Performed::default()
    };
    let checked = authenticity(&chip.files, &active);
    assert_eq!(results(&checked), [Successful, Successful, NotSupported]);
    let agreed = Performed {
        chip_authentication: all.chip_authentication,
        ..Performed::default()
    };
    let checked = authenticity(&chip.files, &agreed);
    assert_eq!(results(&checked), [Successful, NotSupported, Successful]);
}

#[test]
fn a_promise_that_nobody_kept_fails() {
    let chip = chip(1);
    let checked = authenticity(&chip.files, &Performed::default());
    assert_eq!(results(&checked), [Failed; 3]);
}

#[test]
fn a_cloned_chip_fails_whatever_else_it_can() {
    let (chip, clone) = (chip(1), self::chip(2));
    let dg14 = chip.files.get(FileId::Dg14).unwrap();
    let forged = Performed {
        active_authentication: clone.active(),
        chip_authentication: clone.chip(dg14),
        ..Performed::default()
    };
    let checked = authenticity(&chip.files, &forged);
    assert_eq!(results(&checked), [Failed; 3]);
    let half = Performed {
        active_authentication: chip.active(),
        ..forged
    };
    let checked = authenticity(&chip.files, &half);
    assert_eq!(results(&checked), [Failed, Successful, Failed]);
    let refused = Performed {
        chip_authentication: Some(ChipAuthenticationRecord::Refused(Status::CONDITIONS)),
        ..half
    };
    let checked = authenticity(&chip.files, &refused);
    assert_eq!(results(&checked), [Failed, Successful, Failed]);
}

#[test]
fn a_hidden_dg15_or_dg14_fails() {
    let chip = chip(1);
    let mut hidden = chip.files.clone();
    hidden.remove(FileId::Dg15);
    hidden.remove(FileId::Dg14);
    let checked = authenticity(&hidden, &Performed::default());
    assert_eq!(results(&checked), [Failed; 3]);
    let detail = checked.find("ActiveAuthCheck").unwrap().detail.clone();
    assert!(detail.unwrap().contains("did not deliver"));
    // A run with a key that was never delivered proves nothing.
    let checked = authenticity(&hidden, &chip.both());
    assert_eq!(results(&checked), [Failed; 3]);
}

#[test]
fn a_key_that_ef_sod_does_not_cover_proves_nothing() {
    let (chip, clone) = (chip(1), self::chip(2));
    let mut files = chip.files.clone();
    files.set(FileId::Dg15, clone.signer.data_group_15().unwrap());
    let forged = Performed {
        active_authentication: clone.active(),
        ..Performed::default()
    };
    let checked = authenticity(&files, &forged);
    assert_eq!(results(&checked), [Failed; 3]);
    // No promise at all, and a key that was added later.
    files.set(FileId::Sod, sod(&[]));
    files.remove(FileId::Dg14);
    let checked = authenticity(&files, &forged);
    assert_eq!(results(&checked), [Failed, Failed, NotSupported]);
    files.remove(FileId::Dg15);
    let checked = authenticity(&files, &Performed::default());
    assert_eq!(results(&checked), [NotSupported; 3]);
    files.remove(FileId::Sod);
    let checked = authenticity(&files, &Performed::default());
    assert_eq!(checked.result, Aborted);
}

#[test]
fn evidence_survives_serialisation_and_says_so_when_it_does_not() {
    let chip = chip(1);
    let evidence = Evidence {
        files: chip.files.clone(),
        printed_mrz: Some(MrzLines::new(vec!["A<B".into(), "C<D".into()])),
        performed: chip.both(),
    };
    let text = serde_json::to_string(&evidence).unwrap();
    let read: Evidence = serde_json::from_str(&text).unwrap();
    assert_eq!(read, evidence);
    let refused = Evidence {
        performed: Performed {
            chip_authentication: Some(ChipAuthenticationRecord::Refused(Status(0x6A80))),
            ..evidence.performed.clone()
        },
        ..evidence.clone()
    };
    let text = serde_json::to_string(&refused).unwrap();
    assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), refused);

    let value = serde_json::to_value(&evidence).unwrap();
    assert_eq!(value["version"], 2);
    for (key, wrong) in [
        ("version", Value::from(0)),
        ("version", Value::from(1)),
        ("version", Value::from(3)),
        ("access", serde_json::json!({"outcome": "opened"})),
        ("access", serde_json::json!({"outcome": "pace"})),
        ("files", serde_json::json!({"EF.DG99": ""})),
        ("files", serde_json::json!({"EF.DG1": "?"})),
        (
            "active_authentication",
            serde_json::json!({"challenge": "AAAA", "response": "", "status": "9000"}),
        ),
        (
            "active_authentication",
            serde_json::json!({"challenge": "AAAAAAAAAAA=", "response": "", "status": "+900"}),
        ),
        ("surprise", Value::from(1)),
    ] {
        let mut value = value.clone();
        value[key] = wrong;
        let read = serde_json::from_value::<Evidence>(value);
        assert!(read.is_err(), "{key}");
    }
    // Evidence of version 1 says nothing about access; what it says otherwise is read.
    let mut old = value;
    old["version"] = Value::from(1);
    old.as_object_mut().unwrap().remove("access");
    let read = serde_json::from_value::<Evidence>(old).unwrap();
    assert_eq!(read.performed.access, None);
    assert_eq!(read.files, evidence.files);
}

fn synthetic(case: &str) -> (Evidence, TrustStore) {
    let folder = shared().join("synthetic").join(case);
    let text = std::fs::read(folder.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_slice(&text).unwrap();
    let files = FileId::all().filter_map(|file| {
        let bytes = std::fs::read(folder.join(format!("{file}.bin"))).ok()?;
        Some((file, bytes))
    });
    let stated = &expected["active_authentication"];
    let bytes = |key: &str| hex::decode(stated[key].as_str().unwrap()).unwrap();
    let lines = expected["mrz_lines"].as_array().unwrap();
    let lines = lines.iter().map(|line| line.as_str().unwrap().to_owned());
    let evidence = Evidence {
        files: ChipFiles::new(files.collect()),
        printed_mrz: Some(MrzLines::new(lines.collect())),
        performed: Performed {
            active_authentication: stated.is_object().then(|| {
                let challenge = bytes("challenge").try_into().unwrap();
                Exchange::answered(challenge, bytes("response"))
            }),
            ..Performed::default()
        },
    };
    let csca = std::fs::read(folder.join("csca.cer")).unwrap();
    (evidence, TrustStore::from_certificates([csca]).unwrap())
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn documents_are_judged_elsewhere_as_they_were_at_the_gate() {
    let today = day("2026-11-23");
    for case in [
        "v01_rsa2048_sha256",
        "v02_ec_bp256_explicit",
        "n01_dg1_altered",
    ] {
        let (evidence, trust) = synthetic(case);
        let here = evidence.judge(&trust, today);
        let text = serde_json::to_string(&evidence).unwrap();
        let elsewhere: Evidence = serde_json::from_str(&text).unwrap();
        let there = elsewhere.judge(&trust, today);
        assert_eq!(here.checks, there.checks, "{case}");
        assert_eq!(here.deviations, there.deviations, "{case}");
        let found = here.checks.find("AuthenticityCheck").unwrap();
        let wanted = if case.starts_with('v') {
            Successful
        } else {
            NotSupported
        };
        assert_eq!(found.result, wanted, "{case}: {found:#?}");
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn a_proven_key_without_a_trusted_issuer_is_undetermined_and_a_copy_fails_everything() {
    let today = day("2026-11-23");
    let (mut evidence, trust) = synthetic("v01_rsa2048_sha256");
    let report = evidence.judge(&trust, today);
    assert_eq!(report.checks.result, Successful, "{:#?}", report.checks);
    let report = evidence.judge(&TrustStore::default(), today);
    let found = report.checks.find("ActiveAuthCheck").unwrap();
    assert_eq!(found.result, Undetermined);

    let exchange = evidence.performed.active_authentication.as_mut().unwrap();
    exchange.response[0] ^= 1;
    let report = evidence.judge(&trust, today);
    assert_eq!(report.checks.result, Failed);
    let group = report.checks.find("AuthenticityCheck").unwrap();
    assert_eq!(group.result, Failed);

    evidence.performed = Performed::default();
    evidence.files.remove(FileId::Dg15);
    let report = evidence.judge(&trust, today);
    let group = report.checks.find("AuthenticityCheck").unwrap();
    assert_eq!(group.result, Failed);
    assert_eq!(report.checks.result, Failed);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn a_chip_authentication_mapping_proves_the_signed_key_only() {
    let text = std::fs::read(shared().join("vectors/pace-sm-generated.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&text).unwrap();
    let mut judged = 0;
    for run in vectors["pace"].as_array().unwrap() {
        if run["ca_ic"].is_null() {
            continue;
        }
        let bytes = |key: &str| hex::decode(run[key].as_str().unwrap()).unwrap();
        let id = run["parameter_id"].as_u64().unwrap() as u8;
        let private = PrivateKey::from_bytes(&bytes("chip_static_private"));
        let key = StaticKey::with_private(id, private, &[CipherSuite::Aes128], None).unwrap();
        let other = key.copied_without_key(&[3; 74]).unwrap();
        let files = |key: &StaticKey| {
            let dg14 = data_group_14(&key.security_infos().unwrap());
            let sod = sod(&[(14, &dg14)]);
            ChipFiles::new(BTreeMap::from([(FileId::Sod, sod), (FileId::Dg14, dg14)]))
        };
        let mut evidence = Evidence {
            files: files(&key),
            printed_mrz: None,
            performed: Performed {
                chip_authentication_mapping: Some(ChipAuthenticationMapping {
                    mapping_public_key: bytes("chip_map_public"),
                    authentication_data: bytes("ca_ic"),
                }),
                ..Performed::default()
            },
        };
        let text = serde_json::to_string(&evidence).unwrap();
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), evidence);
        let result = |evidence: &Evidence| {
            let checked = authenticity(&evidence.files, &evidence.performed);
            let mapping = checked.find("PaceChipAuthMappingCheck").unwrap().result;
            (checked.result, mapping)
        };
        assert_eq!(result(&evidence), (Successful, Successful));
        evidence.files = files(&other);
        assert_eq!(result(&evidence), (Failed, Undetermined));
        judged += 1;
    }
    assert!(judged >= 1);
}

fn issuer() -> TestIssuer {
    let (from, to) = (day("2020-01-01"), day("2040-01-01"));
    TestIssuer::new("UT", KeyKind::EcBrainpoolP256Explicit, from, to).unwrap()
}

fn trust(issuer: &TestIssuer) -> TrustStore {
    TrustStore::from_certificates([issuer.csca_der().unwrap()]).unwrap()
}

fn issued(issuer: &TestIssuer, chip: &Chip) -> IssuedDocument {
    let group = |number| {
        let file = FileId::of_data_group(number).unwrap();
        (number, chip.files.get(file).unwrap().to_vec())
    };
    let options = DocumentOptions {
        data_groups: [group(14), group(15)].into(),
        ..DocumentOptions::default()
    };
    issuer.issue_with(&document(), PORTRAIT, &options).unwrap()
}

/// What PACE leaves of a chip with this static key: CA.IC, and the mapping key that is CA.IC times the static key.
fn mapping_of(private: &[u8]) -> ChipAuthenticationMapping {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let authentication_data = vec![0x2B; 32];
    let mut point = EcPoint::new(&group).unwrap();
    let private = BigNum::from_slice(private).unwrap();
    point
        .mul_generator2(&group, &private, &mut context)
        .unwrap();
    let factor = BigNum::from_slice(&authentication_data).unwrap();
    let mut mapped = EcPoint::new(&group).unwrap();
    mapped.mul2(&group, &point, &factor, &mut context).unwrap();
    let form = PointConversionForm::UNCOMPRESSED;
    ChipAuthenticationMapping {
        mapping_public_key: mapped.to_bytes(&group, form, &mut context).unwrap(),
        authentication_data,
    }
}

#[test]
fn an_issued_document_with_a_capable_chip_passes_every_check_and_its_copy_does_not() {
    let (issuer, chip, today) = (issuer(), chip(1), day("2026-11-23"));
    let issued = issued(&issuer, &chip);
    let mut evidence = Evidence {
        files: issued.files,
        printed_mrz: Some(issued.mrz),
        performed: chip.both(),
    };
    let report = evidence.judge(&trust(&issuer), today);
    assert_eq!(report.checks.result, Successful, "{:#?}", report.checks);
    let found = report.checks.find("AuthenticityCheck").unwrap();
    assert_eq!(results(found), [Successful; 3]);

    let elsewhere = evidence.judge(&trust(&self::issuer()), today);
    let found = elsewhere.checks.find("AuthenticityCheck").unwrap();
    assert_eq!(results(found), [Undetermined; 3]);

    evidence.performed = self::chip(2).both();
    let report = evidence.judge(&trust(&issuer), today);
    assert_eq!(report.checks.result, Failed);
}

#[test]
fn a_mapping_counts_with_a_card_security_that_a_trusted_issuer_signed() {
    let (issuer, today) = (issuer(), day("2026-11-23"));
    let private = [0x41; 32];
    let ciphers = [CipherSuite::Aes128];
    let key = PrivateKey::from_bytes(&private);
    let key = StaticKey::with_private(13, key, &ciphers, None).unwrap();
    let infos = key.security_infos().unwrap();
    let issued = issued(&issuer, &chip(1));
    let mut evidence = Evidence {
        files: issued.files,
        printed_mrz: Some(issued.mrz),
        performed: Performed {
            chip_authentication_mapping: Some(mapping_of(&private)),
            ..Performed::default()
        },
    };
    let trusted = trust(&issuer);
    let judged = |evidence: &Evidence| {
        let checks = evidence.judge(&trusted, today).checks;
        let name = "PaceChipAuthMappingCheck";
        (checks.result, checks.find(name).unwrap().result)
    };
    assert_eq!(judged(&evidence), (Failed, Undetermined));
    let signed = issuer.card_security(&infos).unwrap();
    evidence.files.set(FileId::CardSecurity, signed.clone());
    assert_eq!(judged(&evidence), (Successful, Successful));
    let by_another = self::issuer().card_security(&infos).unwrap();
    evidence.files.set(FileId::CardSecurity, by_another);
    assert_eq!(judged(&evidence), (Failed, Undetermined));
    evidence.files.set(FileId::CardSecurity, signed);
    evidence.performed.chip_authentication_mapping = Some(mapping_of(&[0x42; 32]));
    assert_eq!(judged(&evidence), (Failed, Failed));
}

#[test]
fn an_rsa_chip_without_dg14_is_authentic() {
    let signer = ActiveAuthenticationSigner::rsa(1024, Trailer::Implicit).unwrap();
    let dg15 = signer.data_group_15().unwrap();
    let files = ChipFiles::new(BTreeMap::from([
        (FileId::Sod, sod(&[(15, &dg15)])),
        (FileId::Dg15, dg15),
    ]));
    let response = signer.sign(&CHALLENGE, &RANDOM).unwrap().unwrap();
    let performed = Performed {
        active_authentication: Some(Exchange::answered(CHALLENGE, response)),
        ..Performed::default()
    };
    let checked = authenticity(&files, &performed);
    assert_eq!(results(&checked), [Successful, Successful, NotSupported]);
}

proptest! {
    #[test]
    fn arbitrary_evidence_never_panics(
        file in proptest::collection::vec(any::<u8>(), 0..200),
        response in proptest::collection::vec(any::<u8>(), 0..64),
        text in ".{0,200}",
    ) {
        let files = [FileId::Sod, FileId::Dg14, FileId::Dg15];
        let files = files.into_iter().map(|id| (id, file.clone()));
        let performed = Performed {
            active_authentication: Some(Exchange::answered(CHALLENGE, response)),
            ..Performed::default()
        };
        let evidence = Evidence {
            files: ChipFiles::new(files.collect()),
            printed_mrz: Some(MrzLines::new(vec![text.clone()])),
            performed,
        };
        let _ = evidence.judge(&TrustStore::default(), Date::parse("2026-11-23").unwrap());
        let _ = serde_json::from_str::<Evidence>(&text);
    }
}
