//! Targeting rules with every predicate, and journeys that meet them.

use crate::Seeds;

const REST: &str = r#""if_unknown":"refer","hits_per_day_max":50}"#;

/// A rule, a blank line, a journey; and the rules of several predicates.
pub fn seeds() -> Seeds {
    let journey = r#"{"means":"air","flight":{"carrier":"XA","number":"12","date":"2026-11-22"},
"stays":[{"state":"UTO","left":"2026-11-20"},{"state":"XOM"}],"stays_complete_since":"2026-10-01","declarations":{"fever":"no"}}"#;
    let predicates = [
        r#"{"stayed":{"states":["UTO","DEU"],"within_days":21}}"#,
        r#"{"flight":{"carriers":["XA","XAA"],"numbers":["0012","9A"],"from":"2026-11-20","to":"2026-11-23"}}"#,
        r#"{"document":{"classes":["P","AC"],"issuers":["D"]}}"#,
        r#"{"age":{"from":18,"to":20}}"#,
        r#"{"nationality":["DEU","XXX"]}"#,
        r#"{"declared":{"question":"fever","answers":["yes","38.5"]}}"#,
    ];
    let all = predicates.join(",");
    let groups = [
        format!(r#"{{"all":[{all}]}}"#),
        format!(r#"{{"any":[{all}]}}"#),
        format!(
            r#"{{"not":{{"any":[{{"not":{}}},{{"all":[{}]}}]}}}}"#,
            predicates[0], predicates[5]
        ),
    ];
    let conditions = predicates.into_iter().map(str::to_owned).chain(groups);
    let rules = conditions.map(|when| format!(r#"{{"when":{when},{REST}"#));
    let window = r#""from":"2026-11-01T00:00:00Z","until":"2026-12-01T00:00:00.500Z""#;
    let limited = format!(r#"{{"when":{},{window},{REST}"#, predicates[3]);
    let malformed = format!(
        r#"{{"when":{{"all":[{}]}},{REST}"#,
        r#"{"age":{"from":3,"to":2}}"#
    );
    let with_journeys = rules
        .chain([limited, malformed])
        .map(|rule| format!("{rule}\n\n{journey}"));
    let short = format!(
        "{{\"when\":{},{REST}\n\n{}",
        predicates[1], r#"{"means":"land"}"#
    );
    with_journeys
        .chain([short])
        .map(String::into_bytes)
        .collect()
}
