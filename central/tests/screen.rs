//! `central screen` as operators run it: files in, files out. People here are made up, except in the shared developer data.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

fn screen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_central"))
        .arg("screen")
        .args(arguments)
        .output()
        .unwrap()
}

/// Writes a file and gives its path as text.
fn file(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn rows(path: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

const PAIRS: &str = "name1,dob1,nat1,name2,dob2,nat2,expected,kind,source\r
Grete Müßigbrodt,1970-05-06,UTO,MUESSIGBRODT<<GRETE,1970-05-06,UTO,match,made_up,x:1\r
Grete Müßigbrodt,1970-05-06,UTO,ABERNATHY<<QUENTIN,1940-01-02,UTO,nomatch,made_up,x:2\r
Grete Müßigbrodt,1970-05-06,UTO,MUESSIGBRODT<<GRETE,1970-05-36,UTO,match,made_up,x:3\r
";

#[test]
fn pairs_are_scored_row_by_row() {
    let dir = TempDir::new().unwrap();
    let (pairs, out) = (file(&dir, "pairs.csv", PAIRS), file(&dir, "out.csv", ""));
    let run = screen(&["pairs", "--pairs", &pairs, "--out", &out]);
    assert!(run.status.success());
    let errors = String::from_utf8(run.stderr).unwrap();
    assert!(errors.contains("pairs.csv:4: dob2"), "{errors}");
    let rows = rows(&out);
    let score = |row: usize| rows[row][1].parse::<f32>().unwrap();
    assert_eq!(
        rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
        ["1", "2", "3"]
    );
    assert_eq!((rows[0][2].as_str(), rows[1][2].as_str()), ("hit", "clear"));
    assert!(score(0) > score(2) && score(2) > score(1));
}

#[test]
fn bad_rows_are_told_by_line_and_reason_without_their_content() {
    let dir = TempDir::new().unwrap();
    let bad =
        format!("{PAIRS},,,SECRETSON,,,match,k,s\r\ntoo,few\r\nA,19x0,,SECRETSON,,,match,k,s\r\n");
    let (pairs, out) = (file(&dir, "pairs.csv", &bad), file(&dir, "out.csv", ""));
    let run = screen(&["pairs", "--pairs", &pairs, "--out", &out]);
    assert!(!run.status.success());
    let errors = String::from_utf8(run.stderr).unwrap();
    for expected in [
        "pairs.csv:5: name1",
        "pairs.csv:6: 2 fields",
        "pairs.csv:7: a date",
    ] {
        assert!(errors.contains(expected), "{expected} is not in\n{errors}");
    }
    assert!(!errors.contains("SECRETSON"), "{errors}");
    assert_eq!(rows(&out).len(), 3, "what can be read is answered");
}

const LIST: &str = r#"{"id":"e1","name":"Grete Müßigbrodt","dob":[{"value":"1970-05-06"}],"nationality":["UTO"],"sex":"F"}
{"id":"e2","name":"Quentin Abernathy","aliases":[{"name":"Quincy Abernathy"}],"dob":[{"value":"1939/1941"}]}
"#;
const TRAVELLERS: &str = "id,full_name,mrz_name,sex,dob,nat,issuer,doc_type,number
t1,Grete Müßigbrodt,MUESSIGBRODT<<GRETE,F,1970-05-06,UTO,UTO,P,X0B1
t2,Somebody Else,ELSE<<SOMEBODY,M,1988-09-10,UTO,UTO,P,X1
";
const DOCUMENTS: &str = "id,issuer,doc_type,number\nd1,UTO,P,XOB1\n";
const RANGES: &str = "id,issuer,doc_type,first,last\nr1,UTO,P,AB100,AB199\n";

#[test]
fn travellers_are_found_by_name_and_by_document() {
    let dir = TempDir::new().unwrap();
    let list = file(&dir, "list.jsonl", LIST);
    let travellers = file(&dir, "travellers.csv", TRAVELLERS);
    let (documents, ranges) = (file(&dir, "d.csv", DOCUMENTS), file(&dir, "r.csv", RANGES));
    let out = file(&dir, "out.csv", "");
    let arguments = [
        "travellers",
        "--list",
        &list,
        "--travellers",
        &travellers,
        "--out",
        &out,
    ];
    let with_documents = [
        &arguments[..],
        &["--documents", &documents, "--ranges", &ranges],
    ]
    .concat();
    assert!(screen(&with_documents).status.success());
    let found: Vec<String> = rows(&out).iter().map(|row| row[..3].join(" ")).collect();
    assert_eq!(found, ["t1 possible d1", "t1 hit e1"]);
}

fn screen_travellers(dir: &TempDir, list: &str, travellers: &str) -> (Output, String) {
    let out = dir.path().join("out.csv").display().to_string();
    let run = screen(&[
        "travellers",
        "--list",
        list,
        "--travellers",
        travellers,
        "--out",
        &out,
    ]);
    (run, out)
}

#[test]
fn a_traveller_is_screened_by_what_can_be_read() {
    let dir = TempDir::new().unwrap();
    let list = file(&dir, "list.jsonl", &format!("\u{feff}{LIST}"));
    let rows_of_one = [
        "a,Grete Müßigbrodt,,f,1970-05-06,UTO,UTO,P,X.0/B*1",
        "b,,MUESSIGBRODT<<GRETE,Female,1970-05-06,UTO,LONG,P,X0B1",
        "c,Grete Müßigbrodt,,quite,1970-00-00,UTO,UTO,P,X1",
        "d,Somebody Else; Grete Müßigbrodt,,U,1970-05-06,UTOPIA,,,",
    ];
    let heading = "id,full_name,mrz_name,sex,dob,nat,issuer,doc_type,number";
    let travellers = file(
        &dir,
        "t.csv",
        &format!("{heading}\n{}\ne,,,,,,,,\n", rows_of_one.join("\n")),
    );
    let (run, out) = screen_travellers(&dir, &list, &travellers);
    let errors = String::from_utf8(run.stderr).unwrap();
    assert!(!run.status.success(), "e has nothing that can be compared");
    for told in [
        "t.csv:3:",
        "t.csv:4: sex",
        "t.csv:5: a nationality",
        "t.csv:6: neither",
    ] {
        assert!(errors.contains(told), "{told} is not in\n{errors}");
    }
    let found: Vec<String> = rows(&out).iter().map(|row| row[..3].join(" ")).collect();
    assert_eq!(found, ["a hit e1", "b hit e1", "c hit e1", "d hit e1"]);
}

#[test]
fn files_that_would_clear_everyone_are_refused() {
    let dir = TempDir::new().unwrap();
    let (list, travellers) = (
        file(&dir, "list.jsonl", LIST),
        file(&dir, "t.csv", TRAVELLERS),
    );
    let empty = file(&dir, "empty.jsonl", "\n");
    let twice = file(&dir, "twice.csv", "id,full_name,dob,nat,dob\nt1,A B,,,\n");
    for (list, travellers, told) in [
        (&empty, &travellers, "no persons"),
        (&list, &twice, "one heading"),
    ] {
        let (run, out) = screen_travellers(&dir, list, travellers);
        let errors = String::from_utf8(run.stderr).unwrap();
        assert!(!run.status.success() && errors.contains(told), "{errors}");
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn germany_is_one_issuer_however_it_is_written() {
    let dir = TempDir::new().unwrap();
    let documents = file(&dir, "d.csv", "id,issuer,doc_type,number\nd1,DEU,P,X0B1\n");
    let ranges = file(&dir, "r.csv", "id,issuer,doc_type,first,last\n");
    let queries = file(
        &dir,
        "q.csv",
        "issuer,doc_type,number\nD,P,X0B1\nD<<,P,X0B1\n",
    );
    let out = file(&dir, "out.csv", "");
    let run = screen(&[
        "documents",
        "--documents",
        &documents,
        "--ranges",
        &ranges,
        "--queries",
        &queries,
        "--out",
        &out,
    ]);
    assert!(run.status.success());
    assert_eq!(rows(&out), [["1", "hit", "d1"], ["2", "hit", "d1"]]);
}

#[test]
fn half_a_list_is_no_list() {
    let dir = TempDir::new().unwrap();
    let list = file(&dir, "list.jsonl", &format!("{LIST}{{\"id\":\"e3\"}}\n"));
    let travellers = file(&dir, "travellers.csv", TRAVELLERS);
    let out = dir.path().join("out.csv").display().to_string();
    let run = screen(&[
        "travellers",
        "--list",
        &list,
        "--travellers",
        &travellers,
        "--out",
        &out,
    ]);
    let errors = String::from_utf8(run.stderr).unwrap();
    assert!(
        !run.status.success() && errors.contains("list.jsonl:3:"),
        "{errors}"
    );
    assert!(!Path::new(&out).exists());
}

#[test]
fn an_explanation_names_everything_a_decision_rests_on() {
    let dir = TempDir::new().unwrap();
    let list = file(&dir, "list.jsonl", LIST);
    let travellers = file(&dir, "travellers.csv", TRAVELLERS);
    let run = screen(&[
        "explain",
        "--list",
        &list,
        "--travellers",
        &travellers,
        "--traveller",
        "t1",
        "--entry",
        "e1",
    ]);
    let answer: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    for key in [
        "list_version",
        "entry_version",
        "matcher_version",
        "weights_version",
        "weights_sha256",
    ] {
        assert!(
            answer[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}"
        );
    }
    let terms = answer["explanation"]["terms"].as_array().unwrap();
    let sum: f64 = terms
        .iter()
        .map(|term| term["points"].as_f64().unwrap())
        .sum();
    assert!((sum - answer["explanation"]["points"].as_f64().unwrap()).abs() < 1e-3);
}

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/watchlist")
}

fn shared_file(name: &str) -> String {
    shared().join(name).display().to_string()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/watchlist")]
fn the_reach_on_labelled_pairs_is_met() {
    let dir = TempDir::new().unwrap();
    let out = file(&dir, "out.csv", "");
    assert!(
        screen(&["pairs", "--pairs", &shared_file("pairs.csv"), "--out", &out])
            .status
            .success()
    );
    let labels = rows(&shared_file("pairs.csv"));
    let (mut matches, mut others) = (Vec::new(), Vec::new());
    for (label, scored) in labels.iter().zip(rows(&out)) {
        if label[7].starts_with("nk_name_bench") {
            continue;
        }
        let points: f32 = scored[1].parse().unwrap();
        if label[6] == "match" {
            matches.push(points)
        } else {
            others.push(points)
        }
    }
    others.sort_by(|a, b| b.total_cmp(a));
    for (allowed, wanted) in [(others.len() / 100, 0.95), (others.len() / 1_000, 0.85)] {
        let found = matches
            .iter()
            .filter(|points| **points > others[allowed])
            .count();
        let recall = found as f64 / matches.len() as f64;
        assert!(
            recall >= wanted,
            "{recall} of {wanted} with {allowed} false positives"
        );
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/watchlist")]
fn every_document_query_is_answered_rightly() {
    let dir = TempDir::new().unwrap();
    let out = file(&dir, "out.csv", "");
    let names = [
        "documents.csv",
        "document_ranges.csv",
        "document_queries.csv",
    ]
    .map(shared_file);
    let [documents, ranges, queries] = &names;
    let run = screen(&[
        "documents",
        "--documents",
        documents,
        "--ranges",
        ranges,
        "--queries",
        queries,
        "--out",
        &out,
    ]);
    assert!(run.status.success());
    for (query, answer) in rows(queries).iter().zip(rows(&out)) {
        let expected = if query[3] == "nohit" {
            "clear"
        } else {
            &query[3]
        };
        assert_eq!(
            (answer[1].as_str(), &answer[2]),
            (expected, &query[4]),
            "row {}",
            answer[0]
        );
    }
}

/// Every fiftieth traveller: the whole file takes minutes.
#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/watchlist")]
fn travellers_on_no_list_are_left_alone() {
    let dir = TempDir::new().unwrap();
    let text = std::fs::read_to_string(shared_file("travellers_negative.csv")).unwrap();
    let mut lines = text.lines();
    let heading = lines.next().unwrap();
    let some: Vec<&str> = lines.step_by(50).collect();
    let travellers = file(&dir, "t.csv", &format!("{heading}\n{}\n", some.join("\n")));
    let out = file(&dir, "out.csv", "");
    let list = shared_file("lists/persons.jsonl");
    assert!(
        screen(&[
            "travellers",
            "--list",
            &list,
            "--travellers",
            &travellers,
            "--out",
            &out
        ])
        .status
        .success()
    );
    assert_eq!(rows(&out), [] as [Vec<String>; 0]);
}
