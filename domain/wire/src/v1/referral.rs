//! Calling an officer, and the officer's answer.

use egate_types::{
    CheckNode, EvidenceHash, InspectionId, LaneId, MatchScore, OfficerDecision, PadScore,
    ReferralCause,
};
use serde::{Deserialize, Serialize};

use crate::v1::{Jpeg, SignedDecision};

/// What an officer needs in order to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralNotice {
    /// The inspection; the same as in the path.
    pub inspection: InspectionId,
    /// The lane; the same as in the gate's certificate.
    pub lane: LaneId,
    /// Why the lane calls.
    pub cause: ReferralCause,
    /// Every check with its parts.
    pub checks: CheckNode,
    /// Comparison of live face and chip portrait, if there was one.
    pub match_score: Option<MatchScore>,
    /// Threshold of that comparison.
    pub match_threshold: Option<MatchScore>,
    /// Presentation attack detection, if it ran.
    pub pad_score: Option<PadScore>,
    /// The frozen evidence, if the inspection came that far.
    pub evidence: Option<EvidenceHash>,
    /// Portrait from the chip.
    pub chip_portrait_jpeg: Option<Jpeg>,
    /// Best live frame.
    pub live_portrait_jpeg: Option<Jpeg>,
}

/// One decision on its way to the lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionEnvelope {
    /// Grows per authority; the gate asks for what comes after the last it has.
    pub seq: u64,
    /// The inspection it decides.
    pub inspection: InspectionId,
    /// The signed decision.
    pub token: SignedDecision,
}

/// Why an officer decided so. Neutral on purpose: the token must not tell one authority what another holds; the
/// officer's own words stay with the officer's authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The officer compared person and document.
    IdentityConfirmed,
    /// The officer examined the document.
    DocumentConfirmed,
    /// Nothing stands against crossing after examination.
    HoldLifted,
    /// A device or link failed; the officer did its part by hand.
    TechnicalFault,
    /// Person and document need a closer look.
    IdentityDoubt,
    /// The document needs a closer look.
    DocumentDoubt,
    /// The hold stands.
    HoldConfirmed,
    /// The traveller does not want, or is not able, to use the lane.
    TravellerUnable,
    /// More than one person, or luggage left behind.
    LaneRules,
}

impl ReasonCode {
    /// All codes, in the order an officer is shown them.
    pub const ALL: [Self; 9] = [
        Self::IdentityConfirmed,
        Self::DocumentConfirmed,
        Self::HoldLifted,
        Self::TechnicalFault,
        Self::IdentityDoubt,
        Self::DocumentDoubt,
        Self::HoldConfirmed,
        Self::TravellerUnable,
        Self::LaneRules,
    ];

    /// Whether the code can justify the decision: a doubt never releases.
    pub fn justifies(self, decision: OfficerDecision) -> bool {
        match self {
            Self::IdentityConfirmed | Self::DocumentConfirmed | Self::HoldLifted => {
                decision == OfficerDecision::Release
            }
            Self::TechnicalFault => true,
            Self::IdentityDoubt | Self::DocumentDoubt | Self::HoldConfirmed => {
                decision != OfficerDecision::Release
            }
            Self::TravellerUnable | Self::LaneRules => decision != OfficerDecision::Release,
        }
    }

    /// The code as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdentityConfirmed => "identity_confirmed",
            Self::DocumentConfirmed => "document_confirmed",
            Self::HoldLifted => "hold_lifted",
            Self::TechnicalFault => "technical_fault",
            Self::IdentityDoubt => "identity_doubt",
            Self::DocumentDoubt => "document_doubt",
            Self::HoldConfirmed => "hold_confirmed",
            Self::TravellerUnable => "traveller_unable",
            Self::LaneRules => "lane_rules",
        }
    }
}
