//! `gate-controller document` and `gate-controller trust` as integrators script them: keys, exit codes, messages.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its preparation fails, and says where"
)]

use std::path::Path;
use std::process::Command;

use egate_icao::chip::issue::authority::{Authority, SignerOptions};
use egate_icao::chip::issue::{DocumentOptions, Forgery, KeyKind, SignatureScheme, forge};
use egate_icao::lds::FileId;
use egate_types::{
    Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument, UtcTime,
};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Outcome {
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Outcome {
    fn json(&self) -> Value {
        serde_json::from_str(&self.output)
            .unwrap_or_else(|e| panic!("{e}: {}{}", self.output, self.errors))
    }
}

fn command(arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_gate-controller"))
        .args(arguments)
        .output()
        .unwrap();
    Outcome {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn validity() -> (Date, Date) {
    (day("2020-01-01"), day("2040-01-01"))
}

fn options() -> SignerOptions {
    SignerOptions {
        kind: KeyKind::EcBrainpoolP256Explicit,
        scheme: SignatureScheme::SHA256,
        serial: 9,
        validity: validity(),
        fault: None,
    }
}

/// A folder with a document, its anchor in `trust/` and its signer's certificate beside it.
fn folder(forgery: Option<Forgery>) -> (TempDir, Authority) {
    let keys = (KeyKind::EcBrainpoolP256Explicit, SignatureScheme::SHA256);
    let authority = Authority::new("UT", "CSCA", keys, validity()).unwrap();
    let signer = authority.document_signer(&options()).unwrap();
    let document = TravelDocument {
        code: "P".into(),
        issuer: StateCode::parse("UTO").unwrap(),
        number: DocumentNumber::parse("L898902C").unwrap(),
        date_of_expiry: Some(day("2031-06-30")),
        holder: Holder {
            name: PersonName {
                surname: "ERIKSSON".into(),
                given: "ANNA MARIA".into(),
            },
            date_of_birth: Some(day("1974-08-12")),
            sex: Sex::Female,
            nationality: StateCode::parse("UTO").unwrap(),
        },
    };
    let made = DocumentOptions {
        encloses_certificate: false,
        ..DocumentOptions::default()
    };
    let portrait = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3, 0xFF, 0xD9];
    let mut files = signer.issue(&document, &portrait, &made).unwrap().files;
    forgery
        .into_iter()
        .for_each(|forgery| forge(&mut files, forgery));
    let folder = tempfile::tempdir().unwrap();
    for file in FileId::all() {
        if let Some(bytes) = files.get(file) {
            std::fs::write(folder.path().join(format!("{file}.bin")), bytes).unwrap();
        }
    }
    std::fs::write(folder.path().join("dsc.cer"), signer.certificate()).unwrap();
    let trust = folder.path().join("trust");
    std::fs::create_dir(&trust).unwrap();
    std::fs::write(trust.join("csca.cer"), authority.certificate()).unwrap();
    (folder, authority)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn verify(folder: &TempDir) -> Outcome {
    let (folder, trust) = (folder.path(), folder.path().join("trust"));
    let at = ["--at", "2026-11-23", "--json"];
    command(
        &[
            &["document", "verify", text(folder), "--trust", text(&trust)][..],
            &at,
        ]
        .concat(),
    )
}

#[test]
fn a_genuine_document_is_valid_and_a_forged_one_says_why() {
    let (genuine, _) = folder(None);
    let outcome = verify(&genuine);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    let view = outcome.json();
    let verdict = json!({"result": "valid", "reason": null, "reasons": []});
    assert_eq!(view["passive_authentication"], verdict);
    assert_eq!(view["warnings"], json!([]));
    assert_eq!(view["weak_algorithm"], false);
    assert_eq!(view["country_check"], "successful");
    assert_eq!(view["mrz"]["surname"], "ERIKSSON");
    assert_eq!(view["mrz_lines"][0].as_str().unwrap().len(), 44);
    assert_eq!(view["sod"]["data_groups_in_sod"], json!([1, 2]));
    assert_eq!(view["checks"]["name"], "Checks");

    let (forged, _) = folder(Some(Forgery::AlteredDg1));
    let outcome = verify(&forged);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    let verdict = &outcome.json()["passive_authentication"];
    assert_eq!(verdict["reason"], "dg_hash_mismatch:1");
}

#[test]
fn revocation_lists_in_the_folder_count() {
    let (folder, authority) = folder(None);
    let dates = (day("2026-11-01"), day("2027-02-01"));
    let list = authority.revocation_list(&[9], dates, None).unwrap();
    std::fs::write(folder.path().join("csca.crl"), list).unwrap();
    let view = verify(&folder).json();
    assert_eq!(view["passive_authentication"]["reason"], "dsc_revoked");
}

#[test]
fn malformed_files_are_named_with_offset_and_rule() {
    let (folder, _) = folder(None);
    let sod = folder.path().join("EF.SOD.bin");
    let bytes = std::fs::read(&sod).unwrap();
    std::fs::write(&sod, &bytes[..bytes.len() - 9]).unwrap();
    let outcome = verify(&folder);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome
            .errors
            .contains("EF.SOD.bin: at offset 0: data object ends early"),
        "{}",
        outcome.errors
    );
    std::fs::write(&sod, &bytes).unwrap();

    let dg1 = folder.path().join("EF.DG1.bin");
    std::fs::write(&dg1, [0x61, 0x02, 0x5F, 0x1F]).unwrap();
    let outcome = verify(&folder);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.errors.contains("EF.DG1: at offset"),
        "{}",
        outcome.errors
    );
    let verdict = &outcome.json()["passive_authentication"];
    assert_eq!(
        verdict["reason"], "dg_hash_mismatch:1",
        "judged all the same"
    );

    let outcome = command(&[
        "document",
        "verify",
        "/does/not/exist",
        "--trust",
        text(&sod),
    ]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.contains("cannot be read"),
        "{}",
        outcome.errors
    );
}

#[test]
fn lists_are_inspected_and_trusted() {
    let (folder, authority) = folder(None);
    let list = folder.path().join("list.ml");
    let signed_at = UtcTime(day("2026-11-01").days() * 86_400_000);
    let bytes = authority
        .master_list(&[authority.certificate()], signed_at, &options())
        .unwrap();
    std::fs::write(&list, &bytes).unwrap();
    let outcome = command(&[
        "trust",
        "inspect",
        text(&list),
        "--at",
        "2026-11-23",
        "--json",
    ]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    let view = outcome.json();
    assert_eq!(view["certificates"], 1);
    assert_eq!(view["expired_on_2026_11_23"], 0);
    assert_eq!(view["openssl_cms_signature"], "ok");

    let sod = folder.path().join("EF.SOD.bin");
    let outcome = command(&[
        "document",
        "sod",
        text(&sod),
        "--trust",
        text(&list),
        "--json",
    ]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    assert_eq!(
        outcome.json()["result"],
        "invalid",
        "it holds no certificate"
    );

    std::fs::write(&list, &bytes[..100]).unwrap();
    let outcome = command(&["trust", "inspect", text(&list), "--json"]);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.errors.contains("list.ml: at offset 0"),
        "{}",
        outcome.errors
    );
}
