//! `gate-controller mrz --json FILE` as integrators script it: keys, exit codes, messages.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where its preparation fails, and says where"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

struct Outcome {
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Outcome {
    fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|e| panic!("{e}: {}", self.output))
    }
}

/// Runs the command with `input` on its standard input.
fn mrz(arguments: &[&str], input: &[u8]) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gate-controller"))
        .arg("mrz")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses long input may close its end early.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json_of(lines: &[&str]) -> Outcome {
    mrz(&["--json", "-"], lines.join("\n").as_bytes())
}

/// Without what the command adds to the samples' keys.
fn without_verdict(mut report: Value) -> Value {
    let fields = report.as_object_mut().unwrap();
    fields.remove("accepted");
    fields.remove("substitutions");
    report
}

const SPECIMEN: [&str; 2] = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
];

#[test]
fn a_passport_gives_exactly_the_documented_keys() {
    let outcome = json_of(&SPECIMEN);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    let expected = json!({
        "format": "TD3",
        "document_code": "P",
        "issuing_state": "UTO",
        "surname": "ERIKSSON",
        "given_names": "ANNA MARIA",
        "document_number": "L898902C3",
        "nationality": "UTO",
        "birth_date": "740812",
        "sex": "F",
        "expiry_date": "120415",
        "optional_data": "ZE184226B",
        "checks": {
            "document_number": true,
            "birth_date": true,
            "expiry_date": true,
            "optional_data": true,
            "composite": true
        },
        "all_checks_ok": true,
        "accepted": true
    });
    assert_eq!(outcome.json(), expected);
}

#[test]
fn a_card_with_a_long_number_and_a_visa_have_keys_of_their_own() {
    let card = json_of(&[
        "I<UTOD23145890<7349OPT<1<<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<5",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    ])
    .json();
    assert_eq!(card["document_number"], "D231458907349OP");
    assert_eq!(card["long_document_number"], true);
    assert_eq!(card["checks"]["document_number"], false);
    let card = json_of(&[
        "I<UTOD23145890<7349<OPT<1<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<7",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    ])
    .json();
    assert_eq!(card["document_number"], "D23145890734");
    assert_eq!(card["optional_data_1"], "OPT<1");
    assert_eq!(card["optional_data_2"], "");
    assert_eq!(card["accepted"], true);
    assert!(card.get("optional_data").is_none());
    let visa = json_of(&[
        "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
        "L8988901C4XXX4009078F9612109<<<<<<<<",
    ])
    .json();
    assert_eq!(visa["format"], "MRV-B");
    assert_eq!(visa["checks"].as_object().unwrap().len(), 3);
    assert_eq!(visa["accepted"], true);
}

#[test]
fn a_wrong_check_digit_is_not_accepted_and_no_error() {
    let second = SPECIMEN[1].replace("C36UTO", "C37UTO");
    let outcome = json_of(&[SPECIMEN[0], &second]);
    assert_eq!(outcome.code, Some(0));
    let report = outcome.json();
    assert_eq!(report["accepted"], false);
    assert_eq!(report["all_checks_ok"], false);
    assert_eq!(report["checks"]["document_number"], false);
    assert!(report.get("substitutions").is_none());
    let message = "-: line 2, position 10: document number check digit: does not agree";
    assert!(outcome.errors.starts_with(message), "{}", outcome.errors);
}

#[test]
fn a_misread_character_is_named_and_as_read_stays_misread() {
    let second = SPECIMEN[1].replace("1204159", "12O4159");
    let lines = [SPECIMEN[0], &second].join("\n");
    let repaired = mrz(&["--json", "-"], lines.as_bytes());
    assert_eq!(repaired.code, Some(0), "{}", repaired.errors);
    let report = repaired.json();
    assert_eq!(report["accepted"], true);
    assert_eq!(report["expiry_date"], "120415");
    let substitution = json!([{
        "line": 2, "position": 24, "field": "date of expiry",
        "read": "O", "taken": "0", "grounds": "cannot stand here"
    }]);
    assert_eq!(report["substitutions"], substitution);
    let read = mrz(&["--json", "--as-read", "-"], lines.as_bytes());
    assert_eq!(read.code, Some(2));
    let report = read.json();
    assert_eq!(report["accepted"], false);
    assert_eq!(report["expiry_date"], "12O415");
    assert_eq!(report["candidates"][0]["substitutions"], substitution);
}

#[test]
fn malformed_input_names_file_place_and_rule_and_exits_with_two() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone.txt");
    let name = file.to_str().unwrap();
    let cases: [(&[u8], &str); 8] = [
        (b"", "0 lines"),
        (b"hello", "1 lines"),
        (
            b"P<UTOERIKSSON<<ANN@<MARIA<<<<<<<<<<<<<<<<<<<\r\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\r\n",
            "line 1, position 19: character outside A-Z, 0-9 and < (9303-3",
        ),
        (
            b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<1\n",
            "line 2, position 44: 43 characters, but a line of TD3 has 44 (9303-4",
        ),
        (
            b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7413122F1204159ZE184226B<<<<<10\n",
            "line 2, position 14: date of birth: no such calendar day (9303-3",
        ),
        (
            b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122X1204159ZE184226B<<<<<10\n",
            "line 2, position 21: sex: is F, M or < (9303-3",
        ),
        (b"\xFF\xFE\nP<UTO", "line 1, position 1: character outside"),
        (&[b'<'; 10_000], "more than 4096 bytes"),
    ];
    for (bytes, message) in cases {
        std::fs::write(&file, bytes).unwrap();
        let outcome = mrz(&["--json", name], b"");
        assert_eq!(outcome.code, Some(2), "{message}");
        let start = format!("{name}: {message}");
        assert!(outcome.errors.contains(&start), "{}", outcome.errors);
        assert_eq!(outcome.json()["accepted"], false);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let outcome = mrz(&["--json", "/no/such/file"], b"");
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.contains("/no/such/file"),
        "{}",
        outcome.errors
    );
    assert_eq!(outcome.output, "");
}

#[test]
fn without_json_each_key_has_a_line() {
    let outcome = mrz(&["-"], SPECIMEN.join("\n").as_bytes());
    let lines: Vec<_> = outcome.output.lines().collect();
    assert!(lines.contains(&"surname: ERIKSSON") && lines.contains(&"accepted: true"));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn every_sample_has_its_keys_and_verdict() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/passport/mrz/mrz-samples.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let samples = file["samples"].as_array().unwrap();
    for sample in samples {
        let id = &sample["id"];
        let lines: Vec<_> = sample["lines"].as_array().unwrap().iter().collect();
        let lines: Vec<_> = lines.iter().map(|line| line.as_str().unwrap()).collect();
        let outcome = json_of(&lines);
        let report = outcome.json();
        let rejected = sample["must_reject"] == true;
        let expected = [&sample["expected"], &sample["expected_after_repair"]];
        let Some(expected) = expected.into_iter().find(|value| value.is_object()) else {
            assert_eq!((outcome.code, rejected), (Some(2), true), "{id}");
            assert_eq!(report["accepted"], false, "{id}");
            assert!(
                outcome.errors.starts_with("-: line "),
                "{id}: {}",
                outcome.errors
            );
            continue;
        };
        assert_eq!(outcome.code, Some(0), "{id}: {}", outcome.errors);
        assert_eq!(report["accepted"], expected["all_checks_ok"], "{id}");
        assert!(!(rejected && report["accepted"] == true), "{id}");
        let repaired = report.get("substitutions").is_some();
        assert_eq!(repaired, sample["ocr_repair"] == true, "{id}");
        assert_eq!(without_verdict(report), *expected, "{id}");
    }
    assert!(samples.len() >= 38);
}
