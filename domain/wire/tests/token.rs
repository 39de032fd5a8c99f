//! Signed verdicts and decisions: every mismatch is caught by name, no input panics.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot build its data must fail loudly"
)]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use egate_types::{
    AuthorityId, Direction, EvidenceHash, InspectionId, LaneId, OfficerDecision, OfficerId,
    UtcTime, Verdict,
};
use egate_wire::v1::{
    AuthorityKey, AuthorityPublicKey, DecisionClaims, Expected, ExpectedDecision, KeyError,
    ListState, ReasonCode, SignedDecision, SignedVerdict, VerdictClaims, VerdictError,
    limits::{CLOCK_SKEW_MS_MAX, TOKEN_BYTES_MAX, VERDICT_LIFETIME_MS_MAX},
    sign_decision, sign_verdict, verify_decision, verify_verdict,
};
use proptest::prelude::*;

const NOW: UtcTime = UtcTime(1_800_000_000_000);

fn key() -> AuthorityKey {
    AuthorityKey::from_seed(&[7; 32])
}

fn claims() -> VerdictClaims {
    VerdictClaims {
        iss: AuthorityId::parse("border").unwrap(),
        inspection: InspectionId::new(1_000, [1; 10]),
        lane: LaneId::parse("lane-1").unwrap(),
        direction: Direction::Entry,
        evidence: EvidenceHash::over(&[("sod", b"x")]),
        verdict: Verdict::Clear,
        list: ListState {
            list: "border-watch".into(),
            version: 3,
            entries: 12,
            age_s: 60,
        },
        iat_ms: NOW,
        exp_ms: NOW.plus_ms(60_000),
    }
}

fn expected() -> Expected {
    let claims = claims();
    Expected {
        authority: claims.iss,
        inspection: claims.inspection,
        lane: claims.lane,
        direction: claims.direction,
        evidence: claims.evidence,
    }
}

fn decision() -> DecisionClaims {
    let claims = claims();
    DecisionClaims {
        iss: claims.iss,
        officer: OfficerId::parse("officer.chan").unwrap(),
        inspection: claims.inspection,
        lane: claims.lane,
        evidence: Some(claims.evidence),
        decision: OfficerDecision::Release,
        reason: ReasonCode::IdentityConfirmed,
        iat_ms: NOW,
        exp_ms: NOW.plus_ms(60_000),
    }
}

fn expected_decision() -> ExpectedDecision {
    let claims = decision();
    ExpectedDecision {
        authority: claims.iss,
        inspection: claims.inspection,
        lane: claims.lane,
        evidence: claims.evidence,
    }
}

fn check(change: impl FnOnce(&mut VerdictClaims)) -> Result<VerdictClaims, VerdictError> {
    let mut claims = claims();
    change(&mut claims);
    let signed = sign_verdict(&claims, &key());
    verify_verdict(&signed, &key().public(), &expected(), NOW)
}

#[test]
fn a_fitting_verdict_is_believed() {
    assert_eq!(check(|_| ()), Ok(claims()));
}

#[test]
fn every_mismatch_has_its_own_error() {
    let other = AuthorityId::parse("quarantine").unwrap();
    assert_eq!(check(|c| c.iss = other), Err(VerdictError::WrongAuthority));
    let inspection = InspectionId::new(1_000, [2; 10]);
    assert_eq!(
        check(|c| c.inspection = inspection),
        Err(VerdictError::WrongInspection)
    );
    let lane = LaneId::parse("lane-2").unwrap();
    assert_eq!(check(|c| c.lane = lane), Err(VerdictError::WrongLane));
    assert_eq!(
        check(|c| c.direction = Direction::Exit),
        Err(VerdictError::WrongDirection)
    );
    let evidence = EvidenceHash::over(&[("sod", b"y")]);
    assert_eq!(
        check(|c| c.evidence = evidence),
        Err(VerdictError::WrongEvidence)
    );
    assert_eq!(
        check(|c| c.verdict = Verdict::Unavailable),
        Err(VerdictError::NoVerdict)
    );
}

#[test]
fn validity_is_bounded_at_both_ends() {
    let lived = |iat: i64, exp: i64| {
        check(|c| {
            c.iat_ms = NOW.plus_ms(iat);
            c.exp_ms = NOW.plus_ms(exp);
        })
        .map(|_| ())
    };
    assert_eq!(lived(-1_000, 0), Err(VerdictError::Expired));
    assert_eq!(lived(-1_000, 1), Ok(()));
    assert_eq!(lived(CLOCK_SKEW_MS_MAX, CLOCK_SKEW_MS_MAX + 1_000), Ok(()));
    assert_eq!(
        lived(CLOCK_SKEW_MS_MAX + 1, CLOCK_SKEW_MS_MAX + 1_000),
        Err(VerdictError::NotYetValid)
    );
    assert_eq!(lived(0, VERDICT_LIFETIME_MS_MAX), Ok(()));
    assert_eq!(
        lived(0, VERDICT_LIFETIME_MS_MAX + 1),
        Err(VerdictError::WrongLifetime)
    );
    assert_eq!(lived(10, 10), Err(VerdictError::WrongLifetime));
    assert_eq!(lived(i64::MIN, i64::MAX), Err(VerdictError::WrongLifetime));
}

#[test]
fn another_key_or_a_changed_byte_does_not_verify() {
    let signed = sign_verdict(&claims(), &key());
    let stranger = AuthorityKey::from_seed(&[8; 32]).public();
    assert_eq!(
        verify_verdict(&signed, &stranger, &expected(), NOW),
        Err(VerdictError::WrongSignature)
    );
    for position in 0..signed.0.len() {
        let mut bytes = signed.0.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = SignedVerdict(String::from_utf8(bytes).unwrap());
        assert!(
            verify_verdict(&changed, &key().public(), &expected(), NOW).is_err(),
            "byte {position} changed"
        );
    }
}

#[test]
fn headers_other_than_ours_are_refused() {
    let signed = sign_verdict(&claims(), &key());
    let (_, rest) = signed.0.split_once('.').unwrap();
    let with = |header: &str| {
        let token = SignedVerdict(format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header)));
        verify_verdict(&token, &key().public(), &expected(), NOW).map(|_| ())
    };
    assert_eq!(
        with(r#"{"alg":"none","typ":"egate-verdict+jwt","kid":"border"}"#),
        Err(VerdictError::WrongAlgorithm)
    );
    assert_eq!(
        with(r#"{"alg":"EdDSA","typ":"JWT","kid":"border"}"#),
        Err(VerdictError::WrongType)
    );
    assert_eq!(
        with(r#"{"alg":"EdDSA","typ":"egate-verdict+jwt","kid":"quarantine"}"#),
        Err(VerdictError::WrongAuthority)
    );
    assert_eq!(
        with(r#"{"alg":"EdDSA","typ":"egate-verdict+jwt","kid":"border","crit":["b64"]}"#),
        Err(VerdictError::Malformed)
    );
    let long = SignedVerdict("a".repeat(TOKEN_BYTES_MAX + 1));
    assert_eq!(
        verify_verdict(&long, &key().public(), &expected(), NOW),
        Err(VerdictError::TooLong(TOKEN_BYTES_MAX + 1))
    );
}

#[test]
fn a_verdict_is_no_decision_and_a_decision_no_verdict() {
    let verdict = sign_verdict(&claims(), &key());
    let decision = sign_decision(&decision(), &key());
    assert_eq!(
        verify_decision(
            &SignedDecision(verdict.0),
            &key().public(),
            &expected_decision(),
            NOW
        ),
        Err(VerdictError::WrongType)
    );
    assert_eq!(
        verify_verdict(
            &SignedVerdict(decision.0),
            &key().public(),
            &expected(),
            NOW
        ),
        Err(VerdictError::WrongType)
    );
}

#[test]
fn decisions_are_held_to_the_same() {
    let check = |change: &dyn Fn(&mut DecisionClaims)| {
        let mut claims = decision();
        change(&mut claims);
        let signed = sign_decision(&claims, &key());
        verify_decision(&signed, &key().public(), &expected_decision(), NOW).map(|_| ())
    };
    assert_eq!(check(&|_| ()), Ok(()));
    assert_eq!(
        check(&|c| c.inspection = InspectionId::new(1_000, [2; 10])),
        Err(VerdictError::WrongInspection)
    );
    assert_eq!(
        check(&|c| c.lane = LaneId::parse("lane-2").unwrap()),
        Err(VerdictError::WrongLane)
    );
    assert_eq!(
        check(&|c| c.evidence = None),
        Err(VerdictError::WrongEvidence)
    );
    assert_eq!(
        check(&|c| c.reason = ReasonCode::HoldConfirmed),
        Err(VerdictError::WrongReason)
    );
    assert_eq!(check(&|c| c.exp_ms = NOW), Err(VerdictError::WrongLifetime));
    assert_eq!(
        check(&|c| {
            c.iat_ms = NOW.plus_ms(-2);
            c.exp_ms = NOW.plus_ms(-1);
        }),
        Err(VerdictError::Expired)
    );
}

#[test]
fn every_decision_has_a_reason_to_choose_and_no_doubt_releases() {
    use OfficerDecision::{Refer, Release, Return};
    for decision in [Release, Return, Refer] {
        assert!(ReasonCode::ALL.iter().any(|code| code.justifies(decision)));
    }
    for code in [
        ReasonCode::IdentityDoubt,
        ReasonCode::DocumentDoubt,
        ReasonCode::HoldConfirmed,
    ] {
        assert!(!code.justifies(Release));
    }
    for code in ReasonCode::ALL {
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(json, format!("\"{}\"", code.as_str()));
    }
}

#[test]
fn public_keys_survive_text_and_weak_ones_are_refused() {
    let public = key().public();
    assert_eq!(AuthorityPublicKey::parse(&public.to_string()), Ok(public));
    assert_eq!(AuthorityPublicKey::parse("short"), Err(KeyError::Malformed));
    // The neutral element: a point of small order under which forged signatures verify.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert_eq!(
        AuthorityPublicKey::parse(&URL_SAFE_NO_PAD.encode(neutral)),
        Err(KeyError::NotAKey)
    );
}

proptest! {
    #[test]
    fn no_text_panics_the_verifier(token in any::<String>()) {
        let verdict = SignedVerdict(token.clone());
        prop_assert!(verify_verdict(&verdict, &key().public(), &expected(), NOW).is_err());
        let decision = SignedDecision(token);
        prop_assert!(
            verify_decision(&decision, &key().public(), &expected_decision(), NOW).is_err()
        );
    }

    #[test]
    fn no_signed_claims_panic_the_verifier(
        header in "\\{\"alg\":\"EdDSA\",\"typ\":\"egate-verdict\\+jwt\",\"kid\":\"[a-z]{0,9}\"\\}",
        claims in prop::collection::vec(any::<u8>(), 0..200),
        signature in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let token = [header.as_bytes(), &claims, &signature]
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .join(".");
        prop_assert!(
            verify_verdict(&SignedVerdict(token), &key().public(), &expected(), NOW).is_err()
        );
    }

    #[test]
    fn times_at_the_edge_of_the_number_never_wrap(iat in any::<i64>(), exp in any::<i64>(), now in any::<i64>()) {
        let mut claims = claims();
        claims.iat_ms = UtcTime(iat);
        claims.exp_ms = UtcTime(exp);
        let signed = sign_verdict(&claims, &key());
        let believed = verify_verdict(&signed, &key().public(), &expected(), UtcTime(now)).is_ok();
        let honest = i128::from(exp) - i128::from(iat) >= 1
            && i128::from(exp) - i128::from(iat) <= i128::from(VERDICT_LIFETIME_MS_MAX)
            && i128::from(iat) <= i128::from(now) + i128::from(CLOCK_SKEW_MS_MAX)
            && now < exp;
        prop_assert_eq!(believed, honest);
    }
}
