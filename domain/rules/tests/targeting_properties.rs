//! What must hold of every targeting rule and traveller.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use egate_rules::targeting::{Journey, JourneyFields, Rule, Subject, Truth};
use egate_types::{
    Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument, UtcTime,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Few enough of each that conditions and travellers meet.
const STATES: [&str; 5] = ["UTO", "XOM", "D", "DEU", "XBB"];
const CARRIERS: [&str; 4] = ["XA", "XB", "XAA", "XBB"];
const QUESTIONS: [&str; 3] = ["fever", "cough", "fruit"];
/// The day of arrival, and a span of days around it.
const ARRIVAL: i64 = 20_780;

fn day(days: i64) -> Date {
    Date::from_days(days)
}

fn any_of(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(values)
}

fn some_of(values: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(any_of(values), 1..3)
}

fn days() -> impl Strategy<Value = i64> {
    ARRIVAL - 40..ARRIVAL + 4
}

fn predicate() -> impl Strategy<Value = Value> {
    prop_oneof![
        (some_of(&STATES), 1..40u16)
            .prop_map(|(states, days)| json!({"stayed": {"states": states, "within_days": days}})),
        (
            some_of(&CARRIERS),
            prop::option::of(1..4u8),
            days(),
            0..20i64
        )
            .prop_map(|(carriers, number, from, more)| {
                let mut flight =
                    json!({"carriers": carriers, "from": day(from), "to": day(from + more)});
                if let Some(number) = number {
                    flight["numbers"] = json!([number.to_string()]);
                }
                json!({"flight": flight})
            }),
        (some_of(&["P", "PD", "I"]), some_of(&STATES)).prop_map(
            |(classes, issuers)| json!({"document": {"classes": classes, "issuers": issuers}})
        ),
        (0..50u8, 0..50u8)
            .prop_map(|(from, more)| json!({"age": {"from": from, "to": from + more}})),
        some_of(&STATES).prop_map(|states| json!({"nationality": states})),
        (any_of(&QUESTIONS), some_of(&["yes", "no"])).prop_map(
            |(question, answers)| json!({"declared": {"question": question, "answers": answers}})
        ),
    ]
}

/// Conditions of at most five levels, so that the laws can wrap them twice.
fn condition() -> impl Strategy<Value = Value> {
    predicate().prop_recursive(4, 24, 3, |part| {
        let parts = prop::collection::vec(part.clone(), 1..3);
        prop_oneof![
            parts.clone().prop_map(|parts| json!({"all": parts})),
            parts.prop_map(|parts| json!({"any": parts})),
            part.prop_map(|part| json!({"not": part})),
        ]
    })
}

/// A traveller as JSON, so that a failing one can be read.
fn traveller() -> impl Strategy<Value = Value> {
    let stay = (any_of(&STATES), prop::option::of(days()))
        .prop_map(|(state, left)| json!({"state": state, "left": left.map(day)}));
    let flight = (
        prop::option::of(any_of(&CARRIERS)),
        prop::option::of(1..4u8),
        prop::option::of(days()),
    )
        .prop_map(|(carrier, number, date)| {
            json!({"carrier": carrier, "number": number.map(|of| of.to_string()), "date": date.map(day)})
        });
    let answers = prop::collection::btree_map(any_of(&QUESTIONS), any_of(&["yes", "no"]), 0..3);
    let journey = (
        prop::option::of(any_of(&["air", "land", "sea"])),
        prop::option::of(flight),
        prop::collection::vec(stay, 0..4),
        prop::option::of(days()),
        answers,
    )
        .prop_map(|(means, flight, stays, since, answers)| {
            let means = means.filter(|means| flight.is_none() || *means == "air");
            json!({
                "means": means, "flight": flight, "stays": stays,
                "stays_complete_since": since.map(day), "declarations": answers,
            })
        });
    let document = (
        any_of(&["P", "PD", "I", ""]),
        any_of(&STATES),
        any_of(&STATES),
        prop::option::of(ARRIVAL - 30_000..ARRIVAL + 10),
    );
    (document, journey).prop_map(|((code, issuer, nationality, birth), journey)| {
        json!({"code": code, "issuer": issuer, "nationality": nationality, "birth": birth, "journey": journey})
    })
}

fn document(traveller: &Value) -> TravelDocument {
    let text = |key: &str| traveller[key].as_str().unwrap();
    TravelDocument {
        code: text("code").to_owned(),
        issuer: StateCode::parse(text("issuer")).unwrap(),
        number: DocumentNumber::parse("L898902C3").unwrap(),
        date_of_expiry: None,
        holder: Holder {
            name: PersonName {
                surname: "SECRETSON".to_owned(),
                given: "SYNTHIA".to_owned(),
            },
            date_of_birth: traveller["birth"].as_i64().map(day),
            sex: Sex::Unspecified,
            nationality: StateCode::parse(text("nationality")).unwrap(),
        },
    }
}

fn rule(when: &Value) -> Rule {
    let rule = json!({"when": when, "if_unknown": "pass", "hits_per_day_max": 1});
    serde_json::from_value(rule).unwrap()
}

fn judge_at(rule: &Rule, traveller: &Value, now: UtcTime) -> Truth {
    let journey: Journey = serde_json::from_value(traveller["journey"].clone()).unwrap();
    let document = document(traveller);
    let subject = Subject {
        document: &document,
        journey: &journey,
        arrival: day(ARRIVAL),
    };
    let truth = rule.truth(&subject, now);
    let judgement = rule.judge(&subject, now);
    assert_eq!(judgement.truth, truth, "explained as it was decided");
    let unknown = judgement
        .terms
        .iter()
        .any(|term| term.truth == Truth::Unknown);
    assert_eq!(unknown, !judgement.not_known.is_empty());
    truth
}

fn truth(when: &Value, traveller: &Value) -> Truth {
    judge_at(&rule(when), traveller, UtcTime(0))
}

/// The same traveller, of whom less is known: each bit takes something away.
fn masked(traveller: &Value, bits: u32) -> Value {
    let mut less = traveller.clone();
    let hides = |bit: u32| bits & (1 << bit) != 0;
    if hides(0) {
        less["code"] = json!("");
    }
    if hides(1) {
        less["birth"] = Value::Null;
    }
    let journey = &mut less["journey"];
    // Nobody knows of a flight but not that it was by air; and who forgets a stay cannot have told all.
    if hides(4) && journey["flight"].is_null() {
        journey["means"] = Value::Null;
    }
    for (bit, part) in [(5, "carrier"), (6, "number"), (7, "date")] {
        if hides(bit) && journey["flight"].is_object() {
            journey["flight"][part] = Value::Null;
        }
    }
    if hides(8) {
        journey["flight"] = Value::Null;
    }
    for (bit, question) in (9..).zip(QUESTIONS) {
        if hides(bit) {
            journey["declarations"]
                .as_object_mut()
                .unwrap()
                .remove(question);
        }
    }
    if hides(12) {
        journey["stays_complete_since"] = Value::Null;
        journey["stays"].as_array_mut().unwrap().pop();
    }
    for (bit, stay) in (13..).zip(journey["stays"].as_array_mut().unwrap()) {
        if hides(bit) {
            stay["left"] = Value::Null;
        }
    }
    less
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = [
        "when",
        "all",
        "any",
        "not",
        "age",
        "from",
        "to",
        "stayed",
        "states",
        "within_days",
        "flight",
        "carriers",
        "UTO",
        "XA",
        "2026-11-23",
        "if_unknown",
        "refer",
        "hits_per_day_max",
        "stays",
        "declarations",
        "left",
        "",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..200i64).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |part| {
        let key = prop_oneof![
            prop::sample::select(words.to_vec()).prop_map(str::to_owned),
            ".{0,4}"
        ];
        prop_oneof![
            prop::collection::vec(part.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, part, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts something where a rule had something else.
fn spoilt(value: &mut Value, at: &mut usize, with: &Value) {
    if *at == 0 {
        *value = with.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(parts) => parts.iter_mut().for_each(|part| spoilt(part, at, with)),
        Value::Object(parts) => parts.values_mut().for_each(|part| spoilt(part, at, with)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn de_morgan_and_double_negation_hold(one in condition(), other in condition(), traveller in traveller()) {
        let truth = |when: Value| truth(&when, &traveller);
        prop_assert_eq!(
            truth(json!({"not": {"all": [one, other]}})),
            truth(json!({"any": [{"not": one}, {"not": other}]}))
        );
        prop_assert_eq!(
            truth(json!({"not": {"any": [one, other]}})),
            truth(json!({"all": [{"not": one}, {"not": other}]}))
        );
        prop_assert_eq!(truth(json!({"not": {"not": one}})), truth(one));
    }

    #[test]
    fn more_knowledge_turns_no_answer_into_another(when in condition(), traveller in traveller(), bits in any::<u32>()) {
        let (less, more) = (truth(&when, &masked(&traveller, bits)), truth(&when, &traveller));
        prop_assert!(less == Truth::Unknown || less == more, "{less:?} became {more:?}");
    }

    #[test]
    fn rules_and_journeys_survive_json(
        when in condition(), traveller in traveller(), from in prop::option::of(0..2_000_000_000_000i64), length in 1..1_000_000_000i64,
    ) {
        let mut fields = rule(&when).fields().clone();
        fields.from = from.map(UtcTime);
        fields.until = from.map(|from| UtcTime(from + length));
        let rule = Rule::new(fields).unwrap();
        let text = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Rule>(&text).unwrap(), &rule);
        prop_assert_eq!(serde_json::to_value(&rule).unwrap()["when"].clone(), serde_json::to_value(&rule.fields().when).unwrap());
        let journey: Journey = serde_json::from_value(traveller["journey"].clone()).unwrap();
        let text = serde_json::to_string(&journey).unwrap();
        prop_assert!(serde_json::from_str::<Journey>(&text).unwrap() == journey);
    }

    #[test]
    fn a_rule_counts_in_its_window_alone(
        when in condition(), traveller in traveller(), from in 0..1_000_000i64, length in 1..1_000_000i64, now in -10..2_000_010i64,
    ) {
        let without = rule(&when);
        let mut fields = without.fields().clone();
        (fields.from, fields.until) = (Some(UtcTime(from)), Some(UtcTime(from + length)));
        let rule = Rule::new(fields).unwrap();
        for now in [now, from - 1, from, from + length - 1, from + length] {
            let counts = (from..from + length).contains(&now);
            let expected = if counts { judge_at(&without, &traveller, UtcTime(now)) } else { Truth::No };
            prop_assert_eq!(judge_at(&rule, &traveller, UtcTime(now)), expected, "{}", now);
        }
    }

    #[test]
    fn whatever_json_says_nothing_panics(value in any_json(), text in ".{0,64}") {
        let _ = serde_json::from_value::<Rule>(value.clone());
        let _ = serde_json::from_value::<Journey>(value);
        let _ = serde_json::from_str::<Rule>(&text);
    }

    #[test]
    fn a_spoilt_rule_is_read_whole_or_refused(when in condition(), with in any_json(), mut at in 0..40usize, traveller in traveller()) {
        let mut value = serde_json::to_value(rule(&when)).unwrap();
        spoilt(&mut value, &mut at, &with);
        if let Ok(rule) = serde_json::from_value::<Rule>(value) {
            judge_at(&rule, &traveller, UtcTime(0));
            let again = serde_json::to_value(&rule).unwrap();
            prop_assert_eq!(serde_json::from_value::<Rule>(again).unwrap(), rule);
        }
    }
}

#[test]
fn instants_at_the_ends_of_all_numbers_do_not_panic() {
    for ms in [i64::MIN, i64::MAX, 253_402_300_800_000, -62_135_596_800_001] {
        let mut fields = rule(&json!({"nationality": ["UTO"]})).fields().clone();
        fields.from = Some(UtcTime(ms));
        assert!(Rule::new(fields).is_err());
    }
    assert!(Journey::new(JourneyFields::default()).is_ok());
}
