//! `document verify --json`: every file of a chip has its key, and what cannot be read says so.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod files;
mod images;
mod reader;

use std::collections::BTreeMap;

use egate_icao::{
    chip::{
        active_authentication::{ActiveAuthenticationSigner, EcdsaForm},
        chip_authentication::{StaticKey, data_group_14},
        issue::{DocumentOptions, KeyKind, TestIssuer},
    },
    evidence::{Evidence, Performed},
    key_derivation::CipherSuite,
    lds::{ChipFiles, FileId},
    report,
    security_infos::PaceMapping,
    sod::HashAlgorithm,
    tlv::{encode, encode_all},
    trust::TrustStore,
};
use files::{samples, templates};
use openssl::nid::Nid;
use reader::{document, issuer, pace_info, today};
use serde_json::{Value, json};

fn shown(files: ChipFiles, issuer: &TestIssuer) -> Value {
    let evidence = Evidence {
        files,
        printed_mrz: None,
        performed: Performed::default(),
    };
    let trust = TrustStore::from_certificates([issuer.csca_der().unwrap()]).unwrap();
    let view = report::document::view(&evidence, &trust, today()).unwrap();
    serde_json::to_value(view).unwrap()
}

/// A document with every file that is read.
fn full(issuer: &TestIssuer) -> ChipFiles {
    let sample = |name: &str| {
        let mut samples = samples().into_iter();
        samples.find(|(found, _)| *found == name).unwrap().1
    };
    let image = images::colour_jpeg(16, 16, [90, 140, 100]);
    let curve = Nid::BRAINPOOL_P256R1;
    let form = EcdsaForm::Plain;
    let active = ActiveAuthenticationSigner::ec(curve, true, HashAlgorithm::Sha256, form).unwrap();
    let chip = StaticKey::new(13, &[CipherSuite::Aes256], Some(5), &[7; 74]).unwrap();
    let pace = pace_info(PaceMapping::Integrated, CipherSuite::TripleDes, 12);
    let mut infos = chip.security_infos().unwrap();
    infos.push(active.security_info().unwrap());
    infos.push(pace.clone());
    infos.push(encode(0x30, &encode(0x06, &[0x2A, 0x03])));
    let iris = templates(0x76, &[(0x5F2E, b"IIR\x00010\0".to_vec())]);
    let portrait = encode_all(0x65, &[&encode(0x02, &[1]), &encode(0x5F40, &image)]);
    let options = DocumentOptions {
        data_groups: BTreeMap::from([
            (3, sample("EF.DG3")),
            (4, iris),
            (5, portrait),
            (7, sample("EF.DG7")),
            (11, sample("EF.DG11")),
            (12, sample("EF.DG12")),
            (13, encode(0x6D, b"issuer's own")),
            (14, data_group_14(&infos)),
            (15, active.data_group_15().unwrap()),
        ]),
        ..DocumentOptions::default()
    };
    let issued = issuer.issue_with(&document(), &image, &options);
    let mut files = issued.unwrap().files;
    files.set(FileId::Dg16, sample("EF.DG16"));
    files.set(FileId::AtrInfo, sample("EF.ATR/INFO"));
    files.set(FileId::Dir, sample("EF.DIR"));
    files.set(FileId::CardAccess, encode(0x31, &pace));
    let signed = issuer.card_security(&[pace]).unwrap();
    files.set(FileId::CardSecurity, signed);
    files
}

#[test]
fn every_file_has_its_key() {
    let issuer = issuer(KeyKind::EcP256);
    let shown = shown(full(&issuer), &issuer);
    assert_eq!(shown["malformed"], json!([]));
    let pace =
        json!({"protocol": "id-PACE-ECDH-IM-3DES-CBC-CBC", "version": 2, "parameter_id": 12});
    let iris = json!([{"biometric_type": 2, "subtype": null, "format_owner": 0x101, "format_type": 8, "length": 8}]);
    for (path, expected) in [
        ("/com/lds_version", json!("0107")),
        (
            "/com/data_groups",
            json!([1, 2, 3, 4, 5, 7, 11, 12, 13, 14, 15]),
        ),
        (
            "/mrz_lines/0",
            json!("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
        ),
        ("/mrz/surname", json!("ERIKSSON")),
        ("/dg2/0/width", json!(16)),
        ("/dg3/0/length", json!(8)),
        ("/dg4", iris),
        ("/dg5/0/image_format", json!("jpeg")),
        ("/dg7/0/height", json!(16)),
        ("/dg11/full_name", json!("DOE<<JOHN")),
        ("/dg12/issuing_authority", json!("PORT")),
        ("/dg13/length", json!(12)),
        ("/dg14/pace", json!([pace])),
        (
            "/dg14/active_authentication",
            json!(["0.4.0.127.0.7.1.1.4.1.3"]),
        ),
        (
            "/dg14/chip_authentication/0",
            json!({"protocol": "id-CA-ECDH-AES-CBC-CMAC-256", "version": 1, "key_id": 5}),
        ),
        (
            "/dg14/chip_authentication_keys",
            json!([{"agreement": "ECDH", "key_id": 5}]),
        ),
        ("/dg14/unknown", json!(["1.2.3"])),
        (
            "/dg15",
            json!({"algorithm": "ec", "bits": 256, "curve": "brainpoolP256r1 explicit"}),
        ),
        ("/dg16/0/name", json!("DOE<<JANE")),
        ("/card_access", json!({"pace": [pace]})),
        ("/card_security", json!({"result": "valid", "pace": [pace]})),
        ("/atr_info/command_bytes", json!(256)),
        ("/atr_info/response_bytes", json!(4096)),
        ("/dir", json!([{"identifier": "a0000002471001"}])),
        (
            "/dg_hashes_match",
            json!([1, 2, 3, 4, 5, 7, 11, 12, 13, 14, 15]),
        ),
        ("/not_in_sod", json!([16])),
    ] {
        assert_eq!(shown.pointer(path), Some(&expected), "{path}");
    }
}

#[test]
fn absent_files_have_no_key_and_unreadable_ones_are_named() {
    let issuer = issuer(KeyKind::EcP256);
    let mut files = full(&issuer);
    for file in [FileId::Dg5, FileId::CardSecurity, FileId::Dir] {
        files.remove(file);
    }
    let unreadable = [FileId::Dg7, FileId::Dg12, FileId::Dg14, FileId::CardAccess];
    for file in unreadable {
        let tag = file.tag().unwrap_or(0x31);
        files.set(file, encode(tag, &[0x30, 0x09]));
    }
    let shown = shown(files, &issuer);
    for key in [
        "dg5",
        "card_security",
        "dir",
        "dg7",
        "dg12",
        "dg14",
        "card_access",
    ] {
        assert_eq!(shown.get(key), None, "{key}");
    }
    let named: Vec<&str> = shown["malformed"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(Value::as_str)
        .collect();
    assert_eq!(named.len(), unreadable.len(), "{named:?}");
    for file in unreadable {
        let said = format!("{file}: at offset 2: ");
        assert!(
            named.iter().any(|text| text.starts_with(&said)),
            "{named:?}"
        );
    }
    assert_eq!(shown["dg_hashes_match"], json!([1, 2, 3, 4, 11, 13, 15]));
}

#[test]
fn what_a_file_deviates_in_is_among_the_deviations() {
    let issuer = issuer(KeyKind::EcP256);
    let mut files = full(&issuer);
    let mut padded = files.get(FileId::Dg11).unwrap().to_vec();
    padded.push(0);
    files.set(FileId::Dg11, padded);
    let shown = shown(files, &issuer);
    let said = json!("EF.DG11: 1 bytes behind the data object");
    assert!(
        shown["deviations"].as_array().unwrap().contains(&said),
        "{}",
        shown["deviations"]
    );
}
