//! What a thousand rules cost one traveller: deciding, and explaining those that hold.

use std::hint::black_box;

use criterion::Criterion;
use egate_rules::targeting::{Journey, Rule, Subject, Truth};
use egate_types::{
    Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument, UtcTime,
};
use serde_json::{Value, json};

const RULES: usize = 1_000;
const DAY: &str = "2026-11-23";

/// A state that no traveller is of, another one for each number.
fn state(number: usize) -> String {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap_or_default());
    format!("Q{}{}", letter(number / 26), letter(number))
}

/// Four predicates each, in turns; few rules hold.
fn rule(number: usize) -> Rule {
    let states: Vec<String> = (0..8).map(|at| state(number + at)).collect();
    let flight = json!({"flight": {"carriers": [format!("X{}", number % 10)], "numbers": [(number % 500).to_string()]}});
    let stayed = json!({"stayed": {"states": states, "within_days": 21}});
    let person = json!({"all": [{"nationality": states}, {"age": {"from": 18, "to": 40}}]});
    let declared = json!({"declared": {"question": "fever", "answers": ["yes"]}});
    let document = json!({"document": {"classes": ["P"], "issuers": states}});
    let parts: Value = match number % 4 {
        0 => json!({"all": [flight, {"not": document}, person]}),
        1 => json!({"any": [stayed, {"all": [declared, document]}]}),
        2 => json!({"all": [person, {"any": [stayed, flight]}]}),
        _ => json!({"any": [{"all": [stayed, declared]}, {"all": [flight, document]}]}),
    };
    let rule = json!({
        "when": parts, "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z",
        "if_unknown": "refer", "hits_per_day_max": 100,
    });
    serde_json::from_value(rule).expect("a good rule")
}

fn traveller() -> TravelDocument {
    let state = StateCode::parse("UTO").expect("a code");
    TravelDocument {
        code: "P".to_owned(),
        issuer: state.clone(),
        number: DocumentNumber::parse("L898902C3").expect("a number"),
        date_of_expiry: None,
        holder: Holder {
            name: PersonName {
                surname: "ERIKSSON".to_owned(),
                given: "ANNA MARIA".to_owned(),
            },
            date_of_birth: Date::parse("1990-06-15").ok(),
            sex: Sex::Female,
            nationality: state,
        },
    }
}

/// As much work as the limits allow: every state of every list against every stay, and in vain.
fn worst(criterion: &mut Criterion) {
    let states: Vec<String> = (0..100).map(state).collect();
    let stayed = json!({"stayed": {"states": states, "within_days": 365}});
    let rule: Rule = serde_json::from_value(json!({
        "when": {"any": vec![stayed; 10]}, "if_unknown": "pass", "hits_per_day_max": 1,
    }))
    .expect("a good rule");
    let stays = vec![json!({"state": "QZZ", "left": DAY}); 128];
    let journey: Journey = serde_json::from_value(json!({"stays": stays})).expect("a good journey");
    let document = traveller();
    let subject = Subject {
        document: &document,
        journey: &journey,
        arrival: Date::parse(DAY).expect("a day"),
    };
    criterion.bench_function("the longest rule", |bench| {
        bench.iter(|| black_box(&rule).truth(black_box(&subject), UtcTime(0)));
    });
}

fn thousand(criterion: &mut Criterion) {
    let rules: Vec<Rule> = (0..RULES).map(rule).collect();
    let document = traveller();
    let stays: Vec<Value> = (0..5)
        .map(|at| json!({"state": state(7 * at), "left": format!("2026-11-{:02}", 3 + 4 * at)}))
        .collect();
    let known: Journey = serde_json::from_value(json!({
        "means": "air", "flight": {"carrier": "X3", "number": "123", "date": DAY},
        "stays": stays, "stays_complete_since": "2026-10-01", "declarations": {"fever": "no", "cough": "no"},
    }))
    .expect("a good journey");
    let unknown = Journey::default();
    let now = UtcTime::parse("2026-11-23T09:41:26Z").expect("an instant");
    for (name, journey) in [("known", &known), ("unknown", &unknown)] {
        let subject = Subject {
            document: &document,
            journey,
            arrival: Date::parse(DAY).expect("a day"),
        };
        let held = |truth| {
            rules
                .iter()
                .filter(|rule| rule.truth(&subject, now) == truth)
                .count()
        };
        // A bench of rules that ask nothing of this traveller would flatter.
        assert!(held(Truth::No) < RULES, "journey {name}");
        criterion.bench_function(&format!("thousand rules, journey {name}"), |bench| {
            bench.iter(|| {
                black_box(&rules)
                    .iter()
                    .filter(|rule| rule.truth(black_box(&subject), now) != Truth::No)
                    .count()
            });
        });
        criterion.bench_function(&format!("explain one, journey {name}"), |bench| {
            bench.iter(|| rules[2].judge(black_box(&subject), now));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    thousand(&mut criterion);
    worst(&mut criterion);
    criterion.final_summary();
}
