//! Targeting rules through their public edge: each predicate at its boundaries, what is refused and where, what explanations say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use egate_rules::targeting::{
    Ceiling, CeilingState, Journey, Rule, Subject, Truth,
    Truth::{No, Unknown, Yes},
};
use egate_types::{
    Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument, UtcTime,
};
use serde_json::{Value, json};

const ARRIVAL: &str = "2026-11-23";

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn document(code: &str, issuer: &str, nationality: &str, birth: Option<&str>) -> TravelDocument {
    TravelDocument {
        code: code.to_owned(),
        issuer: StateCode::parse(issuer).unwrap(),
        number: DocumentNumber::parse("L898902C3").unwrap(),
        date_of_expiry: None,
        holder: Holder {
            name: PersonName {
                surname: "SECRETSON".to_owned(),
                given: "SYNTHIA".to_owned(),
            },
            date_of_birth: birth.map(day),
            sex: Sex::Unspecified,
            nationality: StateCode::parse(nationality).unwrap(),
        },
    }
}

fn anybody() -> TravelDocument {
    document("P", "UTO", "UTO", Some("1990-06-15"))
}

fn whenever(when: &Value) -> Value {
    json!({"when": when, "if_unknown": "refer", "hits_per_day_max": 10})
}

fn read(rule: Value) -> Rule {
    serde_json::from_value(rule).unwrap()
}

fn at(document: &TravelDocument, journey: Value, arrival: &str, when: &Value) -> Truth {
    let journey: Journey = serde_json::from_value(journey).unwrap();
    let arrival = day(arrival);
    let subject = Subject {
        document,
        journey: &journey,
        arrival,
    };
    let (rule, now) = (read(whenever(when)), UtcTime(arrival.days() * 86_400_000));
    let truth = rule.truth(&subject, now);
    assert_eq!(rule.judge(&subject, now).truth, truth);
    truth
}

fn of_journey(when: &Value, journey: Value) -> Truth {
    at(&anybody(), journey, ARRIVAL, when)
}

#[test]
fn a_stay_counts_to_the_last_of_its_days() {
    let when = json!({"stayed": {"states": ["UTO", "D"], "within_days": 21}});
    let stays = |stays: Value, since: &str| {
        let journey = json!({"stays": stays, "stays_complete_since": since});
        of_journey(&when, journey)
    };
    let one =
        |state: &str, left: &str| stays(json!([{"state": state, "left": left}]), "2026-11-02");
    for (state, left, truth) in [
        ("UTO", "2026-11-02", Yes),
        ("UTO", "2026-11-01", No),
        ("UTO", ARRIVAL, Yes),
        // Over the date line, and beyond it.
        ("UTO", "2026-11-24", Yes),
        ("UTO", "2026-11-25", Unknown),
        ("XOM", "2026-11-20", No),
        ("XOM", "2026-11-25", No),
        // Germany in bookings and in documents.
        ("DEU", "2026-11-20", Yes),
    ] {
        assert_eq!(one(state, left), truth, "{state} {left}");
    }
    let elsewhere = json!([{"state": "XOM", "left": "2026-11-20"}]);
    assert_eq!(
        stays(elsewhere.clone(), "2026-11-03"),
        Unknown,
        "a day is missing"
    );
    assert_eq!(of_journey(&when, json!({"stays": elsewhere})), Unknown);
    assert_eq!(of_journey(&when, json!({})), Unknown);
    let undated = json!([{"state": "UTO"}]);
    assert_eq!(stays(undated, "2026-01-01"), Unknown);
    let both = json!([{"state": "UTO"}, {"state": "UTO", "left": "2026-11-20"}]);
    assert_eq!(
        of_journey(&when, json!({"stays": both})),
        Yes,
        "one is enough"
    );
}

#[test]
fn a_flight_is_met_by_all_that_is_asked_of_it() {
    let flight = |carrier: &str, number: &str, date: &str| json!({"flight": {"carrier": carrier, "number": number, "date": date}});
    let when = json!({"flight": {
        "carriers": ["XA", "9X"], "numbers": ["12", "0345B"], "from": "2026-11-20", "to": "2026-11-22",
    }});
    for (carrier, number, date, truth) in [
        ("XA", "12", "2026-11-20", Yes),
        ("9X", "345B", "2026-11-22", Yes),
        ("XA", "0012", "2026-11-21", Yes),
        ("XA", "12", "2026-11-19", No),
        ("XA", "12", "2026-11-23", No),
        ("XB", "12", "2026-11-21", No),
        ("XA", "13", "2026-11-21", No),
        ("XA", "345", "2026-11-21", No),
        // The other scheme of codes.
        ("XAA", "12", "2026-11-21", Unknown),
        ("XAA", "13", "2026-11-21", No),
    ] {
        let known = flight(carrier, number, date);
        assert_eq!(of_journey(&when, known), truth, "{carrier} {number} {date}");
    }
    for (journey, truth) in [
        (json!({}), Unknown),
        (json!({"means": "air"}), Unknown),
        (json!({"means": "land"}), No),
        (json!({"means": "sea"}), No),
        (json!({"flight": {}}), Unknown),
        (
            json!({"flight": {"number": "12", "date": "2026-11-21"}}),
            Unknown,
        ),
        (
            json!({"flight": {"carrier": "XA", "date": "2026-11-21"}}),
            Unknown,
        ),
        (
            json!({"flight": {"carrier": "XA", "number": "12"}}),
            Unknown,
        ),
        (json!({"flight": {"carrier": "XB"}}), No),
    ] {
        assert_eq!(of_journey(&when, journey.clone()), truth, "{journey}");
    }
    let both_schemes = json!({"flight": {"carriers": ["XA", "XAA"]}});
    assert_eq!(of_journey(&both_schemes, flight("XBB", "1", ARRIVAL)), No);
    let since = json!({"flight": {"from": "2026-11-20"}});
    assert_eq!(of_journey(&since, flight("XB", "1", "2026-11-20")), Yes);
    assert_eq!(of_journey(&since, flight("XB", "1", "2026-11-19")), No);
}

#[test]
fn a_document_is_met_by_first_letters_and_issuer() {
    let of = |when: Value, code, issuer| {
        at(
            &document(code, issuer, "UTO", None),
            json!({}),
            ARRIVAL,
            &when,
        )
    };
    let classes = |classes: Value| json!({"document": {"classes": classes}});
    for (class, code, truth) in [
        ("P", "P", Yes),
        ("P", "P<", Yes),
        ("P", "PD", Yes),
        ("PD", "PD", Yes),
        ("PD", "P<", No),
        ("PD", "PO", No),
        ("I", "ID", Yes),
        ("AC", "A<", No),
        ("P", "V", No),
        ("P", "<<", Unknown),
    ] {
        assert_eq!(
            of(classes(json!([class])), code, "UTO"),
            truth,
            "{class} {code}"
        );
    }
    let issued = json!({"document": {"issuers": ["DEU", "XOM"]}});
    for (issuer, truth) in [
        ("D", Yes),
        ("DEU", Yes),
        ("XOM", Yes),
        ("UTO", No),
        ("XXX", No),
    ] {
        assert_eq!(of(issued.clone(), "P", issuer), truth, "{issuer}");
    }
    let both = json!({"document": {"classes": ["P"], "issuers": ["XOM"]}});
    assert_eq!(of(both.clone(), "P", "XOM"), Yes);
    assert_eq!(of(both.clone(), "I", "XOM"), No);
    assert_eq!(of(both, "P", "UTO"), No);
}

#[test]
fn an_age_is_full_years_on_the_day_of_arrival() {
    let when = json!({"age": {"from": 18, "to": 20}});
    for (birth, arrival, truth) in [
        (Some("2008-11-23"), "2026-11-23", Yes),
        (Some("2008-11-24"), "2026-11-23", No),
        (Some("2005-11-24"), "2026-11-23", Yes),
        (Some("2005-11-23"), "2026-11-23", No),
        // Born on a leap day: 1 March in common years, the day itself in leap years.
        (Some("2008-02-29"), "2026-02-28", No),
        (Some("2008-02-29"), "2026-03-01", Yes),
        (Some("2008-02-29"), "2028-02-28", Yes),
        (Some("2008-02-29"), "2029-02-28", Yes),
        (Some("2008-02-29"), "2029-03-01", No),
        (Some("2004-02-29"), "2024-02-29", Yes),
        (Some("2006-02-28"), "2024-02-28", Yes),
        (None, "2026-11-23", Unknown),
        (Some("2026-11-24"), "2026-11-23", Unknown),
    ] {
        let traveller = document("P", "UTO", "UTO", birth);
        assert_eq!(
            at(&traveller, json!({}), arrival, &when),
            truth,
            "{birth:?} {arrival}"
        );
    }
    let newborn = json!({"age": {"from": 0, "to": 0}});
    let traveller = document("P", "UTO", "UTO", Some(ARRIVAL));
    assert_eq!(at(&traveller, json!({}), ARRIVAL, &newborn), Yes);
}

#[test]
fn a_nationality_is_the_documents() {
    let when = json!({"nationality": ["D", "UTO"]});
    for (nationality, truth) in [
        ("UTO", Yes),
        ("D", Yes),
        ("DEU", Yes),
        ("XOM", No),
        ("XXA", No),
        ("XXX", No),
    ] {
        let traveller = document("P", "XOM", nationality, None);
        assert_eq!(
            at(&traveller, json!({}), ARRIVAL, &when),
            truth,
            "{nationality}"
        );
    }
    let unspecified = document("P", "XOM", "XXX", None);
    let when = json!({"nationality": ["XXX"]});
    assert_eq!(at(&unspecified, json!({}), ARRIVAL, &when), Yes);
}

#[test]
fn a_declaration_is_the_answer_given() {
    let when = json!({"declared": {"question": "fever", "answers": ["yes", "38.5"]}});
    for (declarations, truth) in [
        (json!({"fever": "yes"}), Yes),
        (json!({"fever": "38.5"}), Yes),
        (json!({"fever": "no"}), No),
        (json!({"fever": "YES"}), No),
        (json!({"cough": "yes"}), Unknown),
        (json!({}), Unknown),
    ] {
        let journey = json!({"declarations": declarations});
        assert_eq!(of_journey(&when, journey.clone()), truth, "{journey}");
    }
}

#[test]
fn groups_follow_kleene() {
    let part = |truth| match truth {
        Yes => json!({"nationality": ["UTO"]}),
        No => json!({"nationality": ["XOM"]}),
        Unknown => json!({"flight": {"carriers": ["XA"]}}),
    };
    for (one, other, all, any) in [
        (Yes, Yes, Yes, Yes),
        (Yes, No, No, Yes),
        (Yes, Unknown, Unknown, Yes),
        (No, No, No, No),
        (No, Unknown, No, Unknown),
        (Unknown, Unknown, Unknown, Unknown),
    ] {
        for parts in [
            json!([part(one), part(other)]),
            json!([part(other), part(one)]),
        ] {
            assert_eq!(
                of_journey(&json!({"all": parts}), json!({})),
                all,
                "{one:?} {other:?}"
            );
            assert_eq!(
                of_journey(&json!({"any": parts}), json!({})),
                any,
                "{one:?} {other:?}"
            );
        }
    }
    for (truth, not) in [(Yes, No), (No, Yes), (Unknown, Unknown)] {
        assert_eq!(of_journey(&json!({"not": part(truth)}), json!({})), not);
    }
}

#[test]
fn a_rule_counts_from_its_first_instant_to_before_its_last() {
    let mut rule = whenever(&json!({"nationality": ["UTO"]}));
    rule["from"] = json!("2026-11-23T06:00:00Z");
    rule["until"] = json!("2026-11-23T18:00:00Z");
    let (traveller, journey, rule) = (anybody(), Journey::default(), read(rule));
    let subject = Subject {
        document: &traveller,
        journey: &journey,
        arrival: day(ARRIVAL),
    };
    for (now, truth) in [
        ("2026-11-23T05:59:59.999Z", No),
        ("2026-11-23T06:00:00Z", Yes),
        ("2026-11-23T17:59:59.999Z", Yes),
        ("2026-11-23T18:00:00Z", No),
    ] {
        let now = UtcTime::parse(now).unwrap();
        assert_eq!(rule.truth(&subject, now), truth, "{now}");
        let judgement = rule.judge(&subject, now);
        assert_eq!((judgement.truth, judgement.terms[0].truth), (truth, truth));
    }
}

/// The error of a rule with this condition.
fn refusal(when: Value) -> String {
    let error = serde_json::from_value::<Rule>(whenever(&when)).unwrap_err();
    error.to_string()
}

#[test]
fn what_is_malformed_is_refused_with_its_place() {
    let other = json!({"nationality": ["UTO"]});
    let many = |count: usize| vec![json!("UTO"); count];
    for (when, begins) in [
        (
            json!({"all": [other, {"age": {"from": 30, "to": 18}}]}),
            "when.all[1].age: from is greater than to",
        ),
        (
            json!({"age": {"from": 0, "to": 131}}),
            "when.age: an age is greater than 130",
        ),
        (
            json!({"age": {"from": 0, "to": -1}}),
            "when.age.to: is not ",
        ),
        (json!({"age": {"from": 0}}), "when.age: missing field `to`"),
        (json!({"any": []}), "when.any: the list is empty"),
        (
            json!({"not": {"all": []}}),
            "when.not.all: the list is empty",
        ),
        (
            json!({"nationality": []}),
            "when.nationality: the list is empty",
        ),
        (
            json!({"nationality": many(101)}),
            "when.nationality: the list has more than 100",
        ),
        (
            json!({"nationality": ["UTO", "US"]}),
            "when.nationality[1]: is no code of three",
        ),
        (
            json!({"nationality": ["uto"]}),
            "when.nationality[0]: is no code of three",
        ),
        (
            json!({"stayed": {"states": ["UTO"], "within_days": 0}}),
            "when.stayed.within_days: is not between",
        ),
        (
            json!({"stayed": {"states": ["UTO"], "within_days": 366}}),
            "when.stayed.within_days: is not between",
        ),
        (
            json!({"stayed": {"states": ["U"], "within_days": 1}}),
            "when.stayed.states[0]: is no code",
        ),
        (
            json!({"stayed": {"states": ["UTO"], "within_days": 1, "x": 1}}),
            "when.stayed.x: unknown field",
        ),
        (json!({"flight": {}}), "when.flight: asks for nothing"),
        (
            json!({"flight": {"numbers": ["12"]}}),
            "when.flight: numbers without carriers",
        ),
        (
            json!({"flight": {"carriers": ["X"]}}),
            "when.flight.carriers[0]: is no carrier",
        ),
        (
            json!({"flight": {"carriers": ["12"]}}),
            "when.flight.carriers[0]: is no carrier",
        ),
        (
            json!({"flight": {"carriers": ["X1A"]}}),
            "when.flight.carriers[0]: is no carrier",
        ),
        (
            json!({"flight": {"carriers": ["XA"], "numbers": ["12345"]}}),
            "when.flight.numbers[0]: is no flight number",
        ),
        (
            json!({"flight": {"carriers": ["XA"], "numbers": ["A"]}}),
            "when.flight.numbers[0]: is no flight number",
        ),
        (
            json!({"flight": {"carriers": ["XA"], "numbers": ["1AB"]}}),
            "when.flight.numbers[0]: is no flight number",
        ),
        (
            json!({"flight": {"from": "2026-11-23", "to": "2026-11-22"}}),
            "when.flight: from is after to",
        ),
        (
            json!({"flight": {"from": "2026-02-29"}}),
            "when.flight.from: is no day",
        ),
        (json!({"document": {}}), "when.document: asks for nothing"),
        (
            json!({"document": {"classes": ["PAS"]}}),
            "when.document.classes[0]: is no document class",
        ),
        (
            json!({"document": {"classes": ["P<"]}}),
            "when.document.classes[0]: is no document class",
        ),
        (
            json!({"declared": {"question": "Fever?", "answers": ["yes"]}}),
            "when.declared.question: is no name",
        ),
        (
            json!({"declared": {"question": "fever", "answers": ["a b"]}}),
            "when.declared.answers[0]: is no answer",
        ),
        (
            json!({"declared": {"question": "fever", "answers": [true]}}),
            "when.declared.answers[0]: is not a string",
        ),
        (json!({"height": {"from": 1}}), "when: unknown variant"),
        (json!("all"), "when"),
    ] {
        let error = refusal(when.clone());
        assert!(error.starts_with(begins), "{when}: {error}");
    }
    let two = json!({"age": {"from": 1, "to": 2}, "nationality": ["UTO"]});
    assert!(refusal(two).starts_with("when"));
}

#[test]
fn a_rule_as_a_whole_is_checked_too() {
    let good = whenever(&json!({"nationality": ["UTO"]}));
    assert!(serde_json::from_value::<Rule>(good.clone()).is_ok());
    for (field, value, begins) in [
        ("from", json!("2026-11-23"), "from: is no instant"),
        ("from", json!(1_800_000_000_000u64), "from: is not "),
        ("hits_per_day_max", json!(0), "hits_per_day_max is 0"),
        (
            "hits_per_day_max",
            json!(1_000_001),
            "hits_per_day_max is greater",
        ),
        ("if_unknown", json!("refuse"), "if_unknown: unknown variant"),
        ("if_unknown", Value::Null, "if_unknown"),
        ("action", json!("refuse"), "action: unknown field"),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let error = serde_json::from_value::<Rule>(bad).unwrap_err().to_string();
        assert!(error.starts_with(begins), "{field}: {error}");
    }
    for field in ["when", "if_unknown", "hits_per_day_max"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(field);
        let error = serde_json::from_value::<Rule>(bad).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    for until in ["2026-11-23T06:00:00Z", "2026-11-23T05:59:59Z"] {
        let mut bad = good.clone();
        bad["from"] = json!("2026-11-23T06:00:00Z");
        bad["until"] = json!(until);
        let error = serde_json::from_value::<Rule>(bad).unwrap_err().to_string();
        assert_eq!(error, "until is not after from");
    }
}

#[test]
fn depth_and_size_have_limits() {
    let leaf = json!({"nationality": ["UTO"]});
    let nested = |depth: usize| (1..depth).fold(leaf.clone(), |when, _| json!({"not": when}));
    assert!(serde_json::from_value::<Rule>(whenever(&nested(8))).is_ok());
    assert!(refusal(nested(9)).starts_with("when: conditions lie in one another"));
    let wide = |leaves: usize| json!({"all": vec![leaf.clone(); leaves]});
    let whole = |last: usize| json!({"any": [wide(99), wide(last)]});
    assert!(
        serde_json::from_value::<Rule>(whenever(&whole(98))).is_ok(),
        "200"
    );
    assert!(
        refusal(whole(99)).starts_with("when: more than 200 conditions"),
        "201"
    );
    let lists = |last: usize| {
        let list = |length: usize| json!({"nationality": vec!["UTO"; length]});
        let mut lists = vec![list(100); 9];
        lists.push(list(last));
        json!({"any": lists})
    };
    assert!(serde_json::from_value::<Rule>(whenever(&lists(100))).is_ok());
    let answers = json!({"declared": {"question": "q", "answers": ["yes"]}});
    let error = refusal(json!({"all": [lists(100), answers]}));
    assert!(error.starts_with("when: more than 1000 values"), "{error}");
    // A text nested as deep as it likes ends in an error, not in a full stack.
    let text = whenever(&leaf).to_string().replace(
        &leaf.to_string(),
        &format!(
            "{}{leaf}{}",
            "{\"not\":".repeat(100_000),
            "}".repeat(100_000)
        ),
    );
    assert!(serde_json::from_str::<Rule>(&text).is_err());
}

#[test]
fn a_journey_is_checked_and_its_errors_do_not_quote_it() {
    let stay = json!({"state": "UTO", "left": "2026-11-02"});
    for (journey, begins) in [
        (
            json!({"stays": vec![stay.clone(); 129]}),
            "stays: more than 128",
        ),
        (
            json!({"stays": [stay, {"state": "SECRET"}]}),
            "stays[1].state: is no code",
        ),
        (
            json!({"stays": [{"state": "UTO", "left": "SECRET"}]}),
            "stays[0].left: is no day",
        ),
        (
            json!({"stays": [{"state": 777_777}]}),
            "stays[0].state: is not a string",
        ),
        (
            json!({"declarations": {"fever": "SECRET ONE"}}),
            "declarations.fever: is no answer",
        ),
        (
            json!({"declarations": {"fever": 777_777}}),
            "declarations.fever: is not a string",
        ),
        (
            json!({"stays": [{"state": "XXX"}]}),
            "stays: a state is XXX",
        ),
        (
            json!({"declarations": {"SECRET": "yes"}}),
            "declarations.?: is no name of a question",
        ),
        (
            json!({"flight": {"carrier": "SECRET"}}),
            "flight.carrier: is no carrier",
        ),
        (
            json!({"flight": {"number": "SECRET"}}),
            "flight.number: is no flight number",
        ),
        (
            json!({"flight": {"colour": 1}}),
            "flight.colour: unknown field",
        ),
        (
            json!({"flight": {}, "means": "land"}),
            "a flight of somebody who did not come by air",
        ),
        (
            json!({"stays_complete_since": "777777, expected 777777"}),
            "stays_complete_since: is no day",
        ),
        (json!("SECRET"), "is not "),
    ] {
        let error = serde_json::from_value::<Journey>(journey)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(begins), "{error}");
        assert!(
            !error.contains("SECRET") && !error.contains("777"),
            "{error}"
        );
    }
    let answers: serde_json::Map<String, Value> = (0..101)
        .map(|number| (format!("q{number}"), json!("yes")))
        .collect();
    let error = serde_json::from_value::<Journey>(json!({"declarations": answers})).unwrap_err();
    assert!(error.to_string().starts_with("declarations: more than 100"));
    let journey: Journey = serde_json::from_value(json!({"means": "air"})).unwrap();
    assert_eq!(format!("{journey:?}"), "Journey(..)");
}

#[test]
fn an_explanation_has_a_sentence_for_each_predicate_and_what_is_missing() {
    let mut rule = whenever(&json!({"all": [
        {"any": [{"nationality": ["XOM"]}, {"age": {"from": 18, "to": 40}}]},
        {"not": {"document": {"classes": ["I", "AC"], "issuers": ["UTO"]}}},
        {"stayed": {"states": ["XOM", "XBB"], "within_days": 21}},
        {"stayed": {"states": ["UTO"], "within_days": 21}},
        {"flight": {"carriers": ["XA"], "numbers": ["12"], "from": "2026-11-20", "to": "2026-11-23"}},
        {"declared": {"question": "fever", "answers": ["yes"]}},
        {"declared": {"question": "fever", "answers": ["no"]}},
    ]}));
    rule["until"] = json!("2026-12-01T00:00:00Z");
    let journey: Journey = serde_json::from_value(json!({
        "stays": [{"state": "XOM", "left": "2026-11-01"}, {"state": "XOM", "left": "2026-11-10"}, {"state": "XYZ"}],
        "flight": {"carrier": "XA", "number": "12"},
    }))
    .unwrap();
    let (traveller, rule) = (anybody(), read(rule));
    let subject = Subject {
        document: &traveller,
        journey: &journey,
        arrival: day(ARRIVAL),
    };
    let judgement = rule.judge(&subject, UtcTime::parse("2026-11-23T09:41:26Z").unwrap());
    let lines = judgement
        .terms
        .iter()
        .map(|term| format!("{} | {}", term.path, term.sentence));
    let expected = [
        "until | time: rule until 2026-12-01T00:00:00.000Z; 2026-11-23T09:41:26.000Z: holds",
        "when.all[0].any[0].nationality | nationality: rule XOM; document UTO: does not hold",
        "when.all[0].any[1].age | age: rule 18 to 40 years; document born 1990-06-15, 36 years on 2026-11-23: holds",
        "when.all[1].not.document | document: rule class I/AC, issuer UTO; document class P, issuer UTO: does not hold",
        "when.all[2].stayed | stay: rule XOM/XBB within 21 days, that is since 2026-11-02; journey XOM, left 2026-11-10: holds",
        "when.all[3].stayed | stay: rule UTO within 21 days, that is since 2026-11-02; journey 3 stays elsewhere: not known",
        "when.all[4].flight | flight: rule carrier XA, number 12, from 2026-11-20, to 2026-11-23; \
         journey carrier XA, number 12, date unknown: not known",
        "when.all[5].declared | declaration: rule fever answered yes; no answer: not known",
        "when.all[6].declared | declaration: rule fever answered no; no answer: not known",
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    assert_eq!(judgement.truth, Unknown);
    let missing = ["stays since 2026-11-02", "flight: date", "answer to fever"];
    assert_eq!(judgement.not_known, missing);
    let shown = format!("{judgement:?}");
    assert!(!shown.contains("SECRETSON") && !shown.contains("L898902C3"));
}

#[test]
fn at_its_ceiling_a_rule_raises_one_alarm_and_rests_for_the_day() {
    use CeilingState::{Beyond, JustReached, Within};
    let (one, next) = (day("2026-11-23"), day("2026-11-24"));
    let mut ceiling = Ceiling::on(one);
    for (day, max, state, hits) in [
        (one, 3, Within, 1),
        (one, 3, Within, 2),
        (one, 3, JustReached, 3),
        (one, 3, Beyond, 4),
        // A clock that was put back opens nothing.
        (day("2026-11-22"), 3, Beyond, 5),
        (next, 3, Within, 1),
        (one, 3, Within, 2),
        (next, 3, JustReached, 3),
        (day("2027-01-01"), 1, JustReached, 1),
        (day("2027-01-01"), 1, Beyond, 2),
        // A ceiling lowered below what was counted already.
        (day("2027-01-02"), 9, Within, 1),
        (day("2027-01-02"), 1, Beyond, 2),
    ] {
        let (after, now) = ceiling.after_hit(day, max);
        assert_eq!((now, after.hits), (state, hits), "{day} {max}");
        ceiling = after;
    }
    let full = Ceiling {
        day: one,
        hits: u32::MAX,
    };
    assert_eq!(full.after_hit(one, u32::MAX), (full, Beyond));
}
