//! The record of one ended inspection.

use egate_types::{
    AuthorityId, CheckNode, ChipAccess, Direction, EvidenceHash, InspectionId, LaneId, MatchScore,
    Outcome, PadScore, ReferralCause, UtcTime,
};
use serde::{Deserialize, Serialize};

use crate::v1::{SignedDecision, SignedVerdict, StandingView};

/// How an inspection went and ended. Names nobody: the authority joins it with what it holds under the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassageRecord {
    /// The inspection; the same as in the path. One record per inspection.
    pub inspection: InspectionId,
    /// The lane; the same as in the gate's certificate.
    pub lane: LaneId,
    /// Which way it led.
    pub direction: Direction,
    /// First sight of the document.
    pub opened_at: UtcTime,
    /// When the inspection ended.
    pub closed_at: UtcTime,
    /// How it ended.
    pub outcome: Outcome,
    /// Why an officer was called, if one was.
    pub cause: Option<ReferralCause>,
    /// Steps in order.
    pub steps: Vec<StepTime>,
    /// How the chip was opened; none if it was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<ChipAccess>,
    /// Every check with its parts.
    pub checks: CheckNode,
    /// Comparison of live face and chip portrait.
    pub match_score: Option<MatchScore>,
    /// Presentation attack detection.
    pub pad_score: Option<PadScore>,
    /// The receiving authority's own verdict.
    pub verdict: Option<SignedVerdict>,
    /// How the other authorities stood; never why.
    pub others: Vec<(AuthorityId, StandingView)>,
    /// The receiving authority's own officer's decision.
    pub decision: Option<SignedDecision>,
    /// The frozen evidence.
    pub evidence: Option<EvidenceHash>,
}

/// When a step began, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTime {
    /// Name of the step, e.g. `chip_read`.
    pub step: String,
    /// Milliseconds since the inspection opened.
    pub at_ms: u64,
    /// Duration, milliseconds.
    pub took_ms: u64,
}

impl PassageRecord {
    /// The bytes the record is hashed and compared by: compact JSON in field order, whatever spacing it came in.
    pub fn canonical(&self) -> Vec<u8> {
        // Invariant: no map with non-text keys and no failing serialiser anywhere inside a record.
        #[expect(clippy::expect_used, reason = "see the invariant above")]
        serde_json::to_vec(self).expect("a record is always representable in JSON")
    }
}
