//! Every message a gate or a central can receive, and the tokens inside them.

use egate_types::{AuthorityId, Direction, EvidenceHash, InspectionId, LaneId, UtcTime};
use egate_wire::v1::{
    AuthorityKey, ComparisonBatch, DecisionEnvelope, EvidenceSubmission, Expected,
    ExpectedDecision, LaneView, OpenInspection, PassageRecord, ReferralNotice, SignedDecision,
    SignedVerdict, verify_decision, verify_verdict,
};
use serde::{Serialize, de::DeserializeOwned};

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    trip::<OpenInspection>(text);
    trip::<ComparisonBatch>(text);
    trip::<EvidenceSubmission>(text);
    trip::<ReferralNotice>(text);
    trip::<LaneView>(text);
    trip::<PassageRecord>(text);
    trip::<DecisionEnvelope>(text);
    let key = AuthorityKey::from_seed(&[7; 32]).public();
    let (authority, lane) = (
        AuthorityId::parse("border").expect("an id"),
        LaneId::parse("lane-1").expect("an id"),
    );
    let inspection = InspectionId::new(1_800_000_000_000, [1; 10]);
    let evidence = EvidenceHash::over(&[]);
    let expected = Expected {
        authority: authority.clone(),
        inspection,
        lane: lane.clone(),
        direction: Direction::Entry,
        evidence,
    };
    let now = UtcTime(1_800_000_000_000);
    assert!(verify_verdict(&SignedVerdict(text.to_owned()), &key, &expected, now).is_err());
    let expected = ExpectedDecision {
        authority,
        inspection,
        lane,
        evidence: Some(evidence),
    };
    assert!(verify_decision(&SignedDecision(text.to_owned()), &key, &expected, now).is_err());
}

/// What is accepted survives another trip unchanged.
fn trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(message) = serde_json::from_str::<T>(text) {
        let json = serde_json::to_string(&message).expect("serialisable");
        assert_eq!(serde_json::from_str::<T>(&json).expect("own JSON"), message);
    }
}
