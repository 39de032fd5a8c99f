//! Public specimens and developer documents that lie beside the repository.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]
#![expect(
    clippy::panic,
    reason = "a test that cannot read its data must say which"
)]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use egate_icao::{
    lds::{ChipFiles, FileId},
    mrz, sod,
    trust::TrustStore,
    verify::{DocumentReport, passive_authentication},
};
use egate_types::{CheckResult, Date, MrzLines};
use serde_json::Value;

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport")
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&bytes(path)).unwrap()
}

fn today() -> Date {
    Date::parse("2026-11-23").unwrap()
}

fn zone(lines: &Value) -> MrzLines {
    let line = |line: &Value| line.as_str().unwrap().to_owned();
    MrzLines::new(lines.as_array().unwrap().iter().map(line).collect())
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn mrz_samples_are_read_as_expected() {
    let samples = json(&shared().join("mrz/mrz-samples.json"));
    let mut read = 0;
    for sample in samples["samples"].as_array().unwrap() {
        let (id, expected) = (&sample["id"], &sample["expected"]);
        if !["TD1", "TD2", "TD3"].contains(&expected["format"].as_str().unwrap_or_default()) {
            continue;
        }
        let parsed = mrz::parse(&zone(&sample["lines"]), today());
        if sample["must_reject"] == true {
            let accepted = parsed.is_ok_and(|mrz| mrz.checks.result == CheckResult::Successful);
            assert!(!accepted, "{id} must be refused");
            continue;
        }
        let parsed = parsed.unwrap_or_else(|e| panic!("{id}: {e}"));
        read += 1;
        let document = &parsed.document;
        assert_eq!(
            document.number.expose(),
            expected["document_number"],
            "{id}"
        );
        assert_eq!(
            document.holder.name.surname,
            expected["surname"].as_str().unwrap(),
            "{id}"
        );
        assert_eq!(
            document.holder.name.given,
            expected["given_names"].as_str().unwrap(),
            "{id}"
        );
        assert_eq!(document.issuer.as_str(), expected["issuing_state"], "{id}");
        assert_eq!(
            document.holder.nationality.as_str(),
            expected["nationality"],
            "{id}"
        );
        assert_eq!(
            document.code,
            expected["document_code"].as_str().unwrap(),
            "{id}"
        );
        for (name, check) in [
            ("document_number", "CheckDigitDocumentNumberCheck"),
            ("birth_date", "CheckDigitDateOfBirthCheck"),
            ("expiry_date", "CheckDigitDateOfExpiryCheck"),
            ("optional_data", "CheckDigitOptionalDataCheck"),
            ("composite", "CheckDigitCompositeCheck"),
        ] {
            let found = parsed
                .checks
                .find(check)
                .map(|c| c.result == CheckResult::Successful);
            assert_eq!(found, expected["checks"][name].as_bool(), "{id}: {check}");
        }
    }
    assert!(read >= 25, "{read} samples");
}

fn synthetic(case: &str) -> (DocumentReport, Value) {
    let folder = shared().join("synthetic").join(case);
    let files: BTreeMap<_, _> = FileId::MANDATORY
        .into_iter()
        .map(|file| (file, bytes(&folder.join(format!("{file}.bin")))))
        .collect();
    let expected = json(&folder.join("expected.json"));
    let mut trust = TrustStore::from_certificates([bytes(&folder.join("csca.cer"))]).unwrap();
    let list = folder.join("csca.crl");
    if list.exists() {
        trust = trust.with_revocation_lists([bytes(&list)]).unwrap();
    }
    let printed = mrz::parse(&zone(&expected["mrz_lines"]), today()).unwrap();
    let files = ChipFiles::new(files);
    (
        passive_authentication(&files, Some(&printed), &trust, today()),
        expected,
    )
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn synthetic_documents_get_their_verdicts() {
    let index = json(&shared().join("synthetic/index.json"));
    for (case, stated) in index["cases"].as_object().unwrap() {
        let (report, expected) = synthetic(case);
        let result = |name| report.checks.find(name).unwrap().result;
        let signed = [
            result("SignatureCheck"),
            result("IssuerCertificatesCheck"),
            result("IntegrityCheck"),
        ];
        let failing = signed.iter().position(|r| *r != CheckResult::Successful);
        let reason = stated["pa"]["reason"].as_str().unwrap_or("none");
        let place = match reason {
            "none" => None,
            "sod_signature" => Some(0),
            "dsc_revoked" | "no_trust_anchor" => Some(1),
            _ => Some(2),
        };
        assert_eq!(failing, place, "{case}: {reason}; {:#?}", report.checks);
        assert_eq!(
            signed
                .iter()
                .filter(|r| **r != CheckResult::Successful)
                .count(),
            usize::from(place.is_some())
        );
        let portrait = report
            .portrait
            .unwrap_or_else(|| panic!("{case} has a portrait"));
        assert_eq!(
            portrait.bytes.len(),
            expected["dg2"][0]["image_length"],
            "{case}"
        );
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn signatures_of_real_security_objects_verify() {
    let expected = json(&shared().join("sod/expected.json"));
    let mut verified = 0;
    for (name, object) in expected["objects"].as_object().unwrap() {
        if name.contains("CardSecurity") {
            continue;
        }
        let file = bytes(&shared().join("sod").join(name));
        let Ok(parsed) = sod::parse(&file) else {
            assert_ne!(object["result"], "valid", "{name} must be readable");
            continue;
        };
        if let Some(hashes) = object["dg_hashes"].as_object() {
            for (number, hash) in hashes {
                let found = &parsed.data_group_hashes[&number.parse::<u8>().unwrap()];
                assert_eq!(
                    hex::encode(found),
                    hash.as_str().unwrap(),
                    "{name}: DG{number}"
                );
            }
        }
        let files = ChipFiles::new(BTreeMap::from([(FileId::Sod, file)]));
        let report = passive_authentication(&files, None, &TrustStore::default(), today());
        let checks = report.checks.find("SignatureCheck").unwrap();
        if object["sod_signature_ok"] == true {
            assert_eq!(
                checks.result,
                CheckResult::Successful,
                "{name}: {checks:#?}"
            );
            verified += 1;
        }
    }
    assert!(verified >= 8, "{verified} real signatures");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn the_bsi_specimen_is_read() {
    let folder = shared().join("lds/bsi2008-specimen");
    let files = FileId::MANDATORY
        .into_iter()
        .map(|file| (file, bytes(&folder.join(format!("{file}.bin")))))
        .collect();
    let files = ChipFiles::new(files);
    let report = passive_authentication(&files, None, &TrustStore::default(), today());
    let result = |name| report.checks.find(name).unwrap().result;
    assert_eq!(result("DataGroupsIntegrityCheck"), CheckResult::Successful);
    assert_eq!(result("SignatureCheck"), CheckResult::Successful);
    assert_eq!(result("IssuerCertificatesCheck"), CheckResult::Failed);
    assert_eq!(result("DateOfExpiryCheck"), CheckResult::Failed);
    assert!(report.portrait.is_some());
}
