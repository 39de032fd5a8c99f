//! The samples of `../shared/passport/mrz`, key by key.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its preparation fails, and says where"
)]

use std::path::Path;

use egate_icao::mrz::{self, Field, Zone};
use egate_types::{Date, MrzLines};
use serde_json::{Value, json};

fn today() -> Date {
    Date::parse("2026-11-23").unwrap()
}

fn samples() -> Vec<Value> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport/mrz/mrz-samples.json");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    file["samples"].as_array().unwrap().clone()
}

fn lines(sample: &Value) -> MrzLines {
    let lines = sample["lines"].as_array().unwrap().iter();
    MrzLines::new(
        lines
            .map(|line| line.as_str().unwrap().to_owned())
            .collect(),
    )
}

/// The zone in the words of the samples.
fn described(zone: &Zone) -> Value {
    let trimmed = |field| zone.text(field).trim_end_matches('<');
    let digits = zone.check_digits();
    let name = zone.name();
    let mut checks = json!({
        "document_number": digits.document_number,
        "birth_date": digits.birth_date,
        "expiry_date": digits.expiry_date,
    });
    if let Some(holds) = digits.optional_data {
        checks["optional_data"] = holds.into();
    }
    if let Some(holds) = digits.composite {
        checks["composite"] = holds.into();
    }
    let mut described = json!({
        "format": zone.format().name(),
        "document_code": trimmed(Field::DocumentCode),
        "issuing_state": trimmed(Field::IssuingState),
        "surname": name.surname,
        "given_names": name.given,
        "document_number": zone.document_number().as_str(),
        "nationality": trimmed(Field::Nationality),
        "birth_date": zone.text(Field::BirthDate),
        "sex": zone.text(Field::Sex),
        "expiry_date": zone.text(Field::ExpiryDate),
        "checks": checks,
        "all_checks_ok": digits.all_hold(),
    });
    if zone.has_long_number() {
        described["long_document_number"] = true.into();
    }
    match zone.optional_data().as_slice() {
        [only] => described["optional_data"] = (*only).into(),
        [first, second] => {
            described["optional_data_1"] = (*first).into();
            described["optional_data_2"] = (*second).into();
        }
        other => panic!("{other:?}"),
    }
    described
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn every_key_of_every_sample_is_as_expected() {
    let mut described_samples = 0;
    for sample in samples() {
        let id = &sample["id"];
        let read = mrz::read(&lines(&sample));
        let expected = &sample["expected"];
        if expected.is_null() && sample["must_reject"] == true {
            assert!(read.is_err(), "{id} is no zone");
            continue;
        }
        let zone = read.unwrap_or_else(|e| panic!("{id}: {e}"));
        let apart = zone.take_apart(today());
        if sample["ocr_repair"] == true {
            assert!(apart.is_err(), "{id} is not corrected by the reader");
            let candidates = mrz::candidates(&zone, today());
            let sole = candidates
                .sole()
                .unwrap_or_else(|| panic!("{id}: {candidates:?}"));
            assert!(!sole.substitutions.is_empty());
            assert_eq!(
                described(&sole.zone),
                sample["expected_after_repair"],
                "{id}"
            );
            continue;
        }
        assert_eq!(described(&zone), *expected, "{id}");
        let apart = apart.unwrap_or_else(|e| panic!("{id}: {e}"));
        described_samples += 1;
        if sample["must_reject"] == true {
            let holds = apart.checks.result == egate_types::CheckResult::Successful;
            assert!(!holds, "{id} must be refused");
            assert!(mrz::candidates(&zone, today()).sole().is_none(), "{id}");
        }
    }
    assert!(described_samples >= 30, "{described_samples} samples");
}
