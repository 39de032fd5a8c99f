//! Targeting rules and journeys as JSON, one against the other.

use egate_rules::targeting::{Journey, Rule, Subject, Truth};
use egate_types::{
    Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument, UtcTime,
};

/// One input of the target: a rule, a blank line, a journey.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (rule, journey) = text.split_once("\n\n").unwrap_or((text, "{}"));
    let journey = serde_json::from_str::<Journey>(journey);
    if let Ok(journey) = &journey {
        let json = serde_json::to_string(journey).expect("serialisable");
        assert!(serde_json::from_str::<Journey>(&json).expect("own JSON") == *journey);
    }
    let Ok(rule) = serde_json::from_str::<Rule>(rule) else {
        return;
    };
    let json = serde_json::to_string(&rule).expect("serialisable");
    assert_eq!(serde_json::from_str::<Rule>(&json).expect("own JSON"), rule);
    judge(&rule, &Journey::default());
    if let Ok(journey) = journey {
        judge(&rule, &journey);
    }
}

/// What is decided is what is explained, and nothing outside the rule's window.
fn judge(rule: &Rule, journey: &Journey) {
    let now = UtcTime(1_795_426_886_000);
    let document = traveller();
    let subject = Subject {
        document: &document,
        journey,
        arrival: now.date(),
    };
    let fields = rule.fields();
    let instants = [fields.from, fields.until, Some(now)];
    for now in instants.into_iter().flatten() {
        for now in [now.plus_ms(-1), now] {
            let truth = rule.truth(&subject, now);
            let judgement = rule.judge(&subject, now);
            assert_eq!(judgement.truth, truth);
            assert!(rule.counts_at(now) || truth == Truth::No);
            let mut terms = judgement.terms.iter();
            let unknown = terms.any(|term| term.truth == Truth::Unknown);
            assert_eq!(unknown, !judgement.not_known.is_empty());
        }
    }
}

fn traveller() -> TravelDocument {
    let state = StateCode::parse("D").expect("a code");
    TravelDocument {
        code: "P".to_owned(),
        issuer: state.clone(),
        number: DocumentNumber::parse("C01X00T47").expect("a number"),
        date_of_expiry: None,
        holder: Holder {
            name: PersonName {
                surname: "MUSTERMANN".to_owned(),
                given: "ERIKA".to_owned(),
            },
            date_of_birth: Date::parse("2008-02-29").ok(),
            sex: Sex::Female,
            nationality: state,
        },
    }
}
