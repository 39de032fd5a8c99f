//! Signed verdicts and decisions: what they say, and what a gate must compare before it believes them.

use egate_types::{
    AuthorityId, Direction, EvidenceHash, InspectionId, LaneId, OfficerDecision, OfficerId,
    UtcTime, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::v1::{
    AuthorityKey, AuthorityPublicKey, ListState, ReasonCode, jws,
    limits::{CLOCK_SKEW_MS_MAX, DECISION_LIFETIME_MS_MAX, VERDICT_LIFETIME_MS_MAX},
};

const VERDICT_TYPE: &str = "egate-verdict+jwt";
const DECISION_TYPE: &str = "egate-decision+jwt";

/// A compact JWS of [`VerdictClaims`]. Worth nothing until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedVerdict(pub String);

/// A compact JWS of [`DecisionClaims`]. Worth nothing until verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedDecision(pub String);

/// What an authority signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictClaims {
    /// The authority.
    pub iss: AuthorityId,
    /// For this inspection only.
    pub inspection: InspectionId,
    /// In this lane only.
    pub lane: LaneId,
    /// In this direction only.
    pub direction: Direction,
    /// Over this evidence only.
    pub evidence: EvidenceHash,
    /// Clear, refer or refuse; an authority that cannot answer signs nothing.
    pub verdict: Verdict,
    /// The list it was screened against.
    pub list: ListState,
    /// Signed at.
    pub iat_ms: UtcTime,
    /// Worthless from this instant on.
    pub exp_ms: UtcTime,
}

/// What an authority signs for its officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionClaims {
    /// The officer's authority.
    pub iss: AuthorityId,
    /// Who decided.
    pub officer: OfficerId,
    /// For this inspection only.
    pub inspection: InspectionId,
    /// In this lane only.
    pub lane: LaneId,
    /// Over this evidence only; absent if the officer was called before any was frozen.
    pub evidence: Option<EvidenceHash>,
    /// What the officer orders.
    pub decision: OfficerDecision,
    /// Why, in neutral terms.
    pub reason: ReasonCode,
    /// Signed at.
    pub iat_ms: UtcTime,
    /// Worthless from this instant on.
    pub exp_ms: UtcTime,
}

/// What a verdict must be about to count here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The authority that was asked.
    pub authority: AuthorityId,
    /// The running inspection.
    pub inspection: InspectionId,
    /// This lane.
    pub lane: LaneId,
    /// Its direction.
    pub direction: Direction,
    /// The frozen evidence.
    pub evidence: EvidenceHash,
}

/// What a decision must be about to count here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedDecision {
    /// The authority that was asked.
    pub authority: AuthorityId,
    /// The running inspection.
    pub inspection: InspectionId,
    /// This lane.
    pub lane: LaneId,
    /// The frozen evidence, as the referral stated it.
    pub evidence: Option<EvidenceHash>,
}

/// Why a signed verdict or decision does not count. Each is treated as no answer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VerdictError {
    /// Longer than any honest token.
    #[error("token of {0} bytes is too long")]
    TooLong(usize),
    /// Not a compact JWS of the expected claims.
    #[error("token is not a well-formed compact JWS")]
    Malformed,
    /// Another algorithm than EdDSA, `none` included.
    #[error("token is not signed with EdDSA")]
    WrongAlgorithm,
    /// A verdict in place of a decision, or the reverse.
    #[error("token is of another type")]
    WrongType,
    /// The signature does not verify under the authority's key.
    #[error("signature does not verify")]
    WrongSignature,
    /// Header or claims name another authority.
    #[error("token is another authority's")]
    WrongAuthority,
    /// About another inspection.
    #[error("token is about another inspection")]
    WrongInspection,
    /// About another lane.
    #[error("token is for another lane")]
    WrongLane,
    /// About the other direction.
    #[error("token is for the other direction")]
    WrongDirection,
    /// About other evidence.
    #[error("token is about other evidence")]
    WrongEvidence,
    /// Signed `unavailable`, which is no verdict.
    #[error("token carries no verdict")]
    NoVerdict,
    /// The reason cannot justify the decision.
    #[error("the reason does not justify the decision")]
    WrongReason,
    /// Signed in the future beyond the allowed clock difference.
    #[error("token is not valid yet")]
    NotYetValid,
    /// Past its expiry.
    #[error("token has expired")]
    Expired,
    /// Validity empty, negative or above the limit.
    #[error("token's validity is outside the limit")]
    WrongLifetime,
}

/// Signs a verdict under the authority named in the claims.
pub fn sign_verdict(claims: &VerdictClaims, key: &AuthorityKey) -> SignedVerdict {
    SignedVerdict(jws::sign(claims, VERDICT_TYPE, &claims.iss, key))
}

/// Signs a decision under the authority named in the claims.
pub fn sign_decision(claims: &DecisionClaims, key: &AuthorityKey) -> SignedDecision {
    SignedDecision(jws::sign(claims, DECISION_TYPE, &claims.iss, key))
}

/// Believes a verdict only if it is signed by the expected authority, about exactly what is expected, and alive.
pub fn verify_verdict(
    verdict: &SignedVerdict,
    key: &AuthorityPublicKey,
    expected: &Expected,
    now: UtcTime,
) -> Result<VerdictClaims, VerdictError> {
    let claims: VerdictClaims = jws::verify(&verdict.0, VERDICT_TYPE, &expected.authority, key)?;
    same(
        &claims.iss,
        &expected.authority,
        VerdictError::WrongAuthority,
    )?;
    same(
        &claims.inspection,
        &expected.inspection,
        VerdictError::WrongInspection,
    )?;
    same(&claims.lane, &expected.lane, VerdictError::WrongLane)?;
    same(
        &claims.direction,
        &expected.direction,
        VerdictError::WrongDirection,
    )?;
    same(
        &claims.evidence,
        &expected.evidence,
        VerdictError::WrongEvidence,
    )?;
    match claims.verdict {
        Verdict::Clear | Verdict::Refer | Verdict::Refuse => {}
        Verdict::Unavailable => return Err(VerdictError::NoVerdict),
    }
    alive(claims.iat_ms, claims.exp_ms, VERDICT_LIFETIME_MS_MAX, now)?;
    Ok(claims)
}

/// Believes a decision only if it is signed by the expected authority, about exactly what is expected, and alive.
pub fn verify_decision(
    decision: &SignedDecision,
    key: &AuthorityPublicKey,
    expected: &ExpectedDecision,
    now: UtcTime,
) -> Result<DecisionClaims, VerdictError> {
    let claims: DecisionClaims = jws::verify(&decision.0, DECISION_TYPE, &expected.authority, key)?;
    same(
        &claims.iss,
        &expected.authority,
        VerdictError::WrongAuthority,
    )?;
    same(
        &claims.inspection,
        &expected.inspection,
        VerdictError::WrongInspection,
    )?;
    same(&claims.lane, &expected.lane, VerdictError::WrongLane)?;
    same(
        &claims.evidence,
        &expected.evidence,
        VerdictError::WrongEvidence,
    )?;
    if !claims.reason.justifies(claims.decision) {
        return Err(VerdictError::WrongReason);
    }
    alive(claims.iat_ms, claims.exp_ms, DECISION_LIFETIME_MS_MAX, now)?;
    Ok(claims)
}

fn same<T: PartialEq>(claimed: &T, expected: &T, error: VerdictError) -> Result<(), VerdictError> {
    if claimed == expected {
        Ok(())
    } else {
        Err(error)
    }
}

fn alive(
    iat: UtcTime,
    exp: UtcTime,
    lifetime_ms_max: i64,
    now: UtcTime,
) -> Result<(), VerdictError> {
    // Saturating: the claims are outside numbers, and i64::MIN must not wrap into a valid span.
    let lifetime_ms = exp.0.saturating_sub(iat.0);
    if !(1..=lifetime_ms_max).contains(&lifetime_ms) {
        return Err(VerdictError::WrongLifetime);
    }
    if iat > now.plus_ms(CLOCK_SKEW_MS_MAX) {
        return Err(VerdictError::NotYetValid);
    }
    if now >= exp {
        return Err(VerdictError::Expired);
    }
    Ok(())
}
