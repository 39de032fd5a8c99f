//! The evaluation in the field: who is compared with whom, what is counted, and what is kept for how long.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot build its data must fail loudly"
)]

use std::sync::Arc;

use egate_types::{
    Date, DocumentNumber, Holder, MatchScore, MonoTime, PersonName, Sex, StateCode, TravelDocument,
    UtcTime,
};
use egate_wire::v1::{AgeBand, ComparisonGroup};
use gate_controller::config::{Config, ConfigError};
use gate_controller::face::field::{
    BATCH_MS, Comparable, Configuration, Counted, FieldEvaluation, KEEP_MINUTES_MAX, Pair, Person,
    REFERENCES_MAX, Retention, Subject, Threshold, groups,
};
use proptest::prelude::*;

/// A face on a line: the nearer, the more alike.
struct Face(i32);

impl Comparable for Face {
    fn score(&self, other: &Self) -> MatchScore {
        MatchScore(1_000_000 - (self.0 - other.0).abs() * 1_000)
    }
}

const CONFIGURATION: &str = r#"
lane = "lane-1"
direction = "entry"
journal = "journal"
trust = "trust"
identity_authority = "border"
[[authorities]]
id = "border"
url = "https://localhost"
public_key = "-"
[tls]
root = "ca.pem"
certificate = "lane-1.pem"
key = "lane-1.key"
[devices]
lane_controller = "127.0.0.1:502"
scanner = { tcp = "127.0.0.1:503" }
reader = { pcsc = "reader" }
camera = { device = 0 }
[models]
manifest = "manifest.toml"
set = "open"
[display]
language = "en"
"#;

type Evaluation = FieldEvaluation<Face>;

const KEY: [u8; 32] = [7; 32];
const KEEP_MS: u64 = 60_000;
const RULE: Option<Retention> = Some(Retention { keep_ms: KEEP_MS });

fn configuration(name: &str, scores: &[i32]) -> Configuration {
    let threshold = |score: &i32| Threshold {
        match_score: MatchScore(*score),
        fmr_ppb: 1_000,
        in_force: false,
    };
    Configuration {
        name: name.into(),
        thresholds: scores.iter().map(threshold).collect(),
    }
}

fn evaluation(retention: Option<Retention>) -> Evaluation {
    let first = configuration("first", &[700_000, 900_000]);
    FieldEvaluation::new(vec![first, configuration("second", &[500_000])], retention)
}

fn document(n: u32, sex: Sex, birth: &str) -> TravelDocument {
    TravelDocument {
        code: "P".into(),
        issuer: StateCode::parse("UTO").unwrap(),
        number: DocumentNumber::parse(&format!("U{n:08}")).unwrap(),
        date_of_expiry: None,
        holder: Holder {
            name: PersonName {
                surname: "SPECIMEN".into(),
                given: format!("TRAVELLER {n}"),
            },
            date_of_birth: Some(Date::parse(birth).unwrap()),
            sex,
            nationality: StateCode::parse("UTO").unwrap(),
        },
    }
}

fn woman(n: u32) -> TravelDocument {
    document(n, Sex::Female, "1990-01-01")
}

/// Somebody with this face before the camera and on the chip, admitted.
fn subject(document: &TravelDocument, live: i32, chip: i32) -> Subject<Face> {
    let pair = || Pair {
        live: Face(live),
        reference: Arc::new(Face(chip)),
    };
    Subject {
        person: Person::of(&KEY, document),
        groups: groups(&document.holder, Date::parse("2026-11-23").unwrap()),
        pairs: vec![pair(), pair()],
        bona_fide: true,
        admitted: true,
    }
}

fn pass(evaluation: &mut Evaluation, at_ms: u64, subject: Subject<Face>) {
    let utc = UtcTime(1_800_000_000_000).plus_ms(i64::try_from(at_ms).unwrap());
    evaluation.evaluate(MonoTime(at_ms), utc, subject);
}

/// `[errors, comparisons]` of mated and non-mated comparisons.
fn counted(counted: &Counted, name: &str, score: i32, group: &ComparisonGroup) -> [[u32; 2]; 2] {
    let found = counted.counts.iter().find(|count| {
        count.configuration == name
            && count.match_score == MatchScore(score)
            && count.group == *group
    });
    found.map_or([[0, 0]; 2], |c| [c.mated.into(), c.non_mated.into()])
}

fn taken(evaluation: &mut Evaluation) -> Counted {
    evaluation.take(MonoTime(u64::MAX)).unwrap()
}

#[test]
fn errors_are_counted_per_configuration_threshold_and_shared_group() {
    let mut evaluation = evaluation(RULE);
    let man = document(3, Sex::Male, "1960-01-01");
    // Scores with the own portrait 0.8, 1, 1; with those of others: 2 to 1 0.75, 3 to 1 0.6, 3 to 2 0.85.
    pass(&mut evaluation, 0, subject(&woman(1), 200, 0));
    pass(&mut evaluation, 1, subject(&woman(2), 250, 250));
    pass(&mut evaluation, 2, subject(&man, 400, 400));
    let result = taken(&mut evaluation);
    let all = ComparisonGroup::All;
    assert_eq!(counted(&result, "first", 700_000, &all), [[0, 3], [2, 3]]);
    assert_eq!(counted(&result, "first", 900_000, &all), [[1, 3], [0, 3]]);
    assert_eq!(counted(&result, "second", 500_000, &all), [[0, 3], [3, 3]]);
    let women = ComparisonGroup::Sex(Sex::Female);
    assert_eq!(counted(&result, "first", 900_000, &women), [[1, 2], [0, 1]]);
    let men = ComparisonGroup::Sex(Sex::Male);
    assert_eq!(counted(&result, "first", 700_000, &men), [[0, 1], [0, 0]]);
    let old = ComparisonGroup::Age(AgeBand::From60);
    assert_eq!(counted(&result, "second", 500_000, &old), [[0, 1], [0, 0]]);
    let state = ComparisonGroup::Nationality(StateCode::parse("UTO").unwrap());
    assert_eq!(counted(&result, "first", 700_000, &state), [[0, 3], [2, 3]]);
}

#[test]
fn without_a_retention_rule_nobody_is_kept() {
    let mut evaluation = evaluation(None);
    pass(&mut evaluation, 0, subject(&woman(1), 0, 0));
    pass(&mut evaluation, 1, subject(&woman(2), 0, 0));
    assert_eq!((evaluation.kept(), evaluation.poll_timeout()), (0, None));
    let result = taken(&mut evaluation);
    let all = counted(&result, "first", 700_000, &ComparisonGroup::All);
    assert_eq!(all, [[0, 2], [0, 0]]);
}

#[test]
fn whoever_was_not_admitted_is_nobodys_genuine_comparison() {
    let mut evaluation = evaluation(RULE);
    pass(&mut evaluation, 0, subject(&woman(1), 0, 0));
    let refused = Subject {
        admitted: false,
        ..subject(&woman(2), 900, 0)
    };
    pass(&mut evaluation, 1, refused);
    let picture = Subject {
        admitted: false,
        bona_fide: false,
        ..subject(&woman(3), 0, 0)
    };
    pass(&mut evaluation, 2, picture);
    let result = taken(&mut evaluation);
    assert_eq!(result.left_out, 2);
    // The refused traveller was compared with the first one, the picture with nobody.
    let all = counted(&result, "first", 700_000, &ComparisonGroup::All);
    assert_eq!(all, [[0, 1], [0, 1]]);
    assert_eq!(evaluation.kept(), 2);
}

#[test]
fn nobody_is_compared_with_an_earlier_reference_of_their_own() {
    let mut evaluation = evaluation(RULE);
    let mut renamed = woman(1);
    renamed.holder.name.surname = "MARRIED".into();
    let mut renewed = renamed.clone();
    renewed.number = DocumentNumber::parse("U99999999").unwrap();
    for (at_ms, document) in [(0, &woman(1)), (1, &renamed), (2, &renewed)] {
        pass(&mut evaluation, at_ms, subject(document, 0, 0));
        assert_eq!(evaluation.kept(), 1);
    }
    let result = taken(&mut evaluation);
    let all = counted(&result, "first", 700_000, &ComparisonGroup::All);
    assert_eq!(all, [[0, 3], [0, 0]]);
}

#[test]
fn a_reference_is_wiped_when_it_expires() {
    let mut evaluation = evaluation(RULE);
    let first = subject(&woman(1), 0, 0);
    let references: Vec<_> = first
        .pairs
        .iter()
        .map(|p| Arc::downgrade(&p.reference))
        .collect();
    pass(&mut evaluation, 0, first);
    assert_eq!(evaluation.poll_timeout(), Some(MonoTime(KEEP_MS)));
    evaluation.expire(MonoTime(KEEP_MS - 1));
    assert!(references.iter().all(|face| face.upgrade().is_some()));
    evaluation.expire(MonoTime(KEEP_MS));
    assert!(references.iter().all(|face| face.upgrade().is_none()));
    // Not even a traveller who comes at that moment, before the timer has run, is compared with it.
    pass(&mut evaluation, KEEP_MS, subject(&woman(2), 0, 0));
    pass(&mut evaluation, 2 * KEEP_MS, subject(&woman(3), 0, 0));
    let result = taken(&mut evaluation);
    let all = counted(&result, "first", 700_000, &ComparisonGroup::All);
    assert_eq!(all, [[0, 3], [0, 0]]);
}

#[test]
fn counts_are_of_a_stretch_of_time_and_handed_out_once() {
    let mut evaluation = evaluation(RULE);
    assert_eq!(evaluation.take(MonoTime(u64::MAX)), None);
    pass(&mut evaluation, 5, subject(&woman(1), 0, 0));
    assert_eq!(evaluation.take(MonoTime(5 + BATCH_MS - 1)), None);
    let batch = evaluation.take(MonoTime(5 + BATCH_MS)).unwrap();
    assert_eq!(batch.began_at, UtcTime(1_800_000_000_005));
    assert_eq!(evaluation.take(MonoTime(u64::MAX)), None);
    assert_eq!(evaluation.kept(), 1, "who is kept goes on being compared");
}

#[test]
fn a_person_tells_nothing_without_the_gates_key() {
    let own = Person::of(&KEY, &woman(1));
    assert_eq!(own, Person::of(&KEY, &woman(1)));
    assert_ne!(own, Person::of(&[8; 32], &woman(1)));
    let printed = format!("{own:?}");
    assert!(!printed.contains("SPECIMEN") && !printed.contains("U0000"));
}

#[test]
fn a_retention_rule_names_its_law_and_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lane-1.toml");
    let loads = |rule: &str| {
        std::fs::write(&path, format!("{CONFIGURATION}{rule}")).unwrap();
        Config::load(&path).map(|config| config.reference_retention.map(|rule| rule.law))
    };
    assert_eq!(loads("").unwrap(), None);
    let rule = |law: &str, minutes| {
        format!("[reference_retention]\nlaw = {law:?}\nkeep_minutes = {minutes}\n")
    };
    let law = loads(&rule("Border Act 12(3)", KEEP_MINUTES_MAX)).unwrap();
    assert_eq!(law.as_deref(), Some("Border Act 12(3)"));
    for refused in [
        rule(" ", 30),
        rule("Border Act 12(3)", 0),
        rule("Border Act 12(3)", KEEP_MINUTES_MAX + 1),
    ] {
        let refusal = loads(&refused);
        assert!(matches!(refusal, Err(ConfigError::Retention)), "{refused}");
    }
    assert!(loads("[reference_retention]\nkeep_minutes = 30\n").is_err());
}

proptest! {
    /// However travellers come, the cache stays within its bounds and every kept reference is one of the newest.
    #[test]
    fn the_cache_is_bounded(arrivals in prop::collection::vec((0u64..1_000, 0u32..200), 1..250)) {
        let mut evaluation = evaluation(RULE);
        let (mut now_ms, mut seen) = (0, Vec::new());
        for (pause_ms, n) in arrivals {
            now_ms += pause_ms;
            pass(&mut evaluation, now_ms, subject(&woman(n), 0, 0));
            seen.retain(|(other, at_ms)| *other != n && now_ms - at_ms < KEEP_MS);
            seen.push((n, now_ms));
            prop_assert_eq!(evaluation.kept(), seen.len().min(REFERENCES_MAX));
        }
        let total = taken(&mut evaluation);
        let [mated, non_mated] = counted(&total, "second", 500_000, &ComparisonGroup::All);
        prop_assert_eq!(mated[0], 0);
        prop_assert_eq!(non_mated[0], non_mated[1]);
    }
}
