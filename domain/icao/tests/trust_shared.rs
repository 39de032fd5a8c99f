//! Real trust lists and security objects, and developer documents, against their expected verdicts, key by key.

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
    active_authentication::Exchange,
    evidence::{Evidence, Performed},
    lds::{ChipFiles, FileId},
    report,
    trust::TrustStore,
};
use egate_types::Date;
use serde_json::{Value, json};

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport")
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn expected(path: &str) -> Value {
    serde_json::from_slice(&bytes(&shared().join(path))).unwrap()
}

fn today() -> Date {
    Date::parse("2026-11-23").unwrap()
}

/// Keys of `expected` that `found` states otherwise. Objects are compared key by key, `left_aside` not at all.
fn differences(expected: &Value, found: &Value, left_aside: &[&str]) -> Vec<String> {
    let mut differences = Vec::new();
    for (key, wanted) in expected.as_object().unwrap() {
        if left_aside.contains(&key.as_str()) {
            continue;
        }
        if found[key] != *wanted {
            differences.push(format!("{key}: expected {wanted}, found {}", found[key]));
        }
    }
    differences
}

const LISTS: [&str; 4] = [
    "DE_ML_2025-11-27-07-39-21.ml",
    "DE_ML_2026-04-08-14-24-32.ml",
    "ICAO_ml_September2023.ml",
    "NL_ML_2026-03-11.ml",
];

/// Every list and certificate of the developer set.
fn store() -> TrustStore {
    let mut store = TrustStore::default();
    for anchor in ["DE_ROOT_CA_CSCA07.cer", "NL_ROOT_CA.cer"] {
        let der = bytes(&shared().join("trust").join(anchor));
        store.add_certificate(&der, anchor).unwrap();
    }
    for list in LISTS {
        let file = bytes(&shared().join("trust").join(list));
        store.import_master_list(&file, list).unwrap();
    }
    store
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn lists_and_certificates_are_counted_as_expected() {
    let expected = expected("trust/expected.json");
    for (name, wanted) in expected["files"].as_object().unwrap() {
        let file = bytes(&shared().join("trust").join(name));
        let view = report::trust::view(&file, &TrustStore::default(), today()).unwrap();
        let found = serde_json::to_value(&view).unwrap();
        let differences = differences(wanted, &found, &["signature_note"]);
        assert!(differences.is_empty(), "{name}: {differences:#?}");
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn security_objects_get_their_verdicts() {
    let expected = expected("sod/expected.json");
    let store = store();
    for (name, wanted) in expected["objects"].as_object().unwrap() {
        let file = bytes(&shared().join("sod").join(name));
        let view =
            report::sod::view(&file, &store, today()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut found = serde_json::to_value(&view).unwrap();
        // Lists of the set kept back are named too.
        let mut wanted = wanted.clone();
        for lists in wanted["csca_in"].as_object_mut().unwrap().values_mut() {
            lists
                .as_array_mut()
                .unwrap()
                .retain(|list| LISTS.contains(&list.as_str().unwrap()));
        }
        let mut left_aside = vec!["note", "source"];
        if wanted["parse"] == "failed" {
            // The counting program could not read BER; only its verdict counts.
            left_aside.extend(["parse", "csca_sha256_prefix", "csca_in"]);
        }
        if wanted["econtent_type"] == "0.4.0.127.0.7.3.2.1" {
            // EF.CardSecurity has no list of data group hashes; the counting program took it for one.
            left_aside.extend(["dg_hash_alg", "dg_hashes"]);
        }
        for lists in found["csca_in"].as_object_mut().unwrap().values_mut() {
            lists
                .as_array_mut()
                .unwrap()
                .retain(|list| LISTS.contains(&list.as_str().unwrap()));
        }
        let differences = differences(&wanted, &found, &left_aside);
        assert!(
            differences.is_empty(),
            "{name}: {differences:#?}\n{found:#}"
        );
    }
}

fn document(folder: &Path) -> (ChipFiles, TrustStore) {
    let files: BTreeMap<FileId, Vec<u8>> = FileId::all()
        .filter_map(|file| {
            Some((
                file,
                std::fs::read(folder.join(format!("{file}.bin"))).ok()?,
            ))
        })
        .collect();
    let mut store = TrustStore::default();
    let anchor = bytes(&folder.join("csca.cer"));
    store.add_certificate(&anchor, "csca.cer").unwrap();
    if let Ok(link) = std::fs::read(folder.join("link.cer")) {
        store.add_link(&link).unwrap();
    }
    if let Ok(signer) = std::fs::read(folder.join("dsc.cer")) {
        store.add_document_signer(&signer).unwrap();
    }
    if let Ok(list) = std::fs::read(folder.join("csca.crl")) {
        store = store.with_revocation_lists([list]).unwrap();
    }
    (ChipFiles::new(files), store)
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn developer_documents_get_their_verdicts() {
    let index = expected("synthetic/index.json");
    for case in index["cases"].as_object().unwrap().keys() {
        let folder = shared().join("synthetic").join(case);
        let wanted = expected(&format!("synthetic/{case}/expected.json"));
        let (files, store) = document(&folder);
        let mut evidence = Evidence {
            files,
            printed_mrz: None,
            performed: Performed::default(),
        };
        let transcript = &wanted["active_authentication"];
        if transcript.is_object() {
            let bytes = |key: &str| hex::decode(transcript[key].as_str().unwrap()).unwrap();
            let challenge = bytes("challenge").try_into().unwrap();
            let altered = Exchange::answered(challenge, bytes("altered_response"));
            evidence.performed.active_authentication = Some(altered);
            let view = report::document::view(&evidence, &store, today()).unwrap();
            let found = serde_json::to_value(&view).unwrap();
            assert_eq!(
                found["active_authentication"]["result"],
                transcript["altered_result"]
            );
            let genuine = Exchange::answered(challenge, bytes("response"));
            evidence.performed.active_authentication = Some(genuine);
        }
        let view = report::document::view(&evidence, &store, today()).unwrap();
        let found = serde_json::to_value(&view).unwrap();
        let left_aside = ["altered_response", "altered_result"];
        if transcript.is_object() {
            let found = &found["active_authentication"];
            let differences = differences(transcript, found, &left_aside);
            assert!(differences.is_empty(), "{case}: {differences:#?}");
        }
        // The expected zone is the printed one, which EF.DG1 no longer holds if it was altered.
        if found["passive_authentication"]["reason"] != "dg_hash_mismatch:1" {
            assert_eq!(found["mrz"], wanted["mrz"], "{case}");
            assert_eq!(found["mrz_lines"], wanted["mrz_lines"], "{case}");
        }
        let rounded = |faces: &Value| {
            let mut faces = faces.clone();
            for face in faces.as_array_mut().unwrap() {
                // Decoders round colours differently, by less than a tenth on average.
                face.as_object_mut().unwrap().remove("mean_rgb");
            }
            faces
        };
        assert_eq!(rounded(&found["dg2"]), rounded(&wanted["dg2"]), "{case}");
        assert_eq!(found["malformed"], json!([]), "{case}");
        let verdict = &found["passive_authentication"];
        assert_eq!(
            verdict["result"], wanted["passive_authentication"]["result"],
            "{case}"
        );
        assert_eq!(
            verdict["reason"], wanted["passive_authentication"]["reason"],
            "{case}"
        );
        assert_eq!(found["sod"], wanted["sod"], "{case}");
        assert_eq!(found["warnings"], json!([]), "{case}");
        assert_eq!(found["weak_algorithm"], false, "{case}");
        assert_eq!(found["country_check"], "successful", "{case}");
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn mutated_real_objects_never_panic() {
    let store = TrustStore::default();
    for name in [
        "NZ_ber_indefinite.bin",
        "MY_rsapss.bin",
        "DE_EF.CardSecurity.bin",
    ] {
        let original = bytes(&shared().join("sod").join(name));
        for at in 0..original.len() {
            let mut mutated = original.clone();
            mutated[at] ^= 0x41;
            let _ = report::sod::view(&mutated, &store, today());
            let _ = report::sod::view(&original[..at], &store, today());
        }
    }
    let anchor = bytes(&shared().join("trust/DE_ROOT_CA_CSCA07.cer"));
    for at in 0..anchor.len() {
        let mut mutated = anchor.clone();
        mutated[at] ^= 0x41;
        let _ = report::trust::view(&mutated, &store, today());
    }
}
