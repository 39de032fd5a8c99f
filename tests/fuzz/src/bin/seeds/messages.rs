//! The golden messages of the wire and tokens signed with a right key for another inspection.

use egate_types::{
    AuthorityId, Direction, EvidenceHash, InspectionId, LaneId, OfficerDecision, OfficerId,
    UtcTime, Verdict,
};
use egate_wire::v1::{
    AuthorityKey, DecisionClaims, ListState, ReasonCode, VerdictClaims, sign_decision, sign_verdict,
};

use crate::{Outcome, Seeds};

/// Messages stand there as raw strings.
const GOLDEN: &str = include_str!("../../../../../domain/wire/tests/golden.rs");

pub fn seeds() -> Outcome<Seeds> {
    let golden = GOLDEN.split("r#\"").skip(1);
    let golden = golden.filter_map(|text| text.split("\"#").next());
    let unindented = golden.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut seeds: Seeds = unindented.map(String::into_bytes).collect();
    seeds.extend(tokens()?);
    Ok(seeds)
}

fn tokens() -> Outcome<Seeds> {
    let key = AuthorityKey::from_seed(&[7; 32]);
    let (authority, lane) = (AuthorityId::parse("border")?, LaneId::parse("lane-1")?);
    let inspection = InspectionId::new(1_800_000_000_000, [2; 10]);
    let (signed, expires) = (UtcTime(1_800_000_000_000), UtcTime(1_800_000_060_000));
    let verdict = VerdictClaims {
        iss: authority.clone(),
        inspection,
        lane: lane.clone(),
        direction: Direction::Entry,
        evidence: EvidenceHash::over(&[]),
        verdict: Verdict::Clear,
        list: ListState {
            list: "border-watch".into(),
            version: 3,
            entries: 12,
            age_s: 60,
        },
        iat_ms: signed,
        exp_ms: expires,
    };
    let decision = DecisionClaims {
        iss: authority,
        officer: OfficerId::parse("officer.chan")?,
        inspection,
        lane,
        evidence: None,
        decision: OfficerDecision::Release,
        reason: ReasonCode::IdentityConfirmed,
        iat_ms: signed,
        exp_ms: expires,
    };
    Ok(vec![
        sign_verdict(&verdict, &key).0.into_bytes(),
        sign_decision(&decision, &key).0.into_bytes(),
    ])
}
