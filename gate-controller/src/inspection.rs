//! What the shell holds of the running inspection: the data that the lane machine decides about but never sees.

use std::collections::BTreeMap;

use egate_icao::evidence::Evidence;
use egate_icao::lds::FileId;
use egate_icao::mrz::Mrz;
use egate_icao::verify::DocumentReport;
use egate_lane::StepTime;
use egate_rules::joint::{Hold, Standing, Standings};
use egate_types::{
    AuthorityId, CheckNode, CheckResult, ChipAccess, Direction, EvidenceHash, InspectionId, LaneId,
    Outcome, ReferralCause, RunMode, UtcTime,
};
use egate_wire::v1::{
    self, CheckSummary, DocumentEvidence, PassageRecord, SignedDecision, SignedVerdict,
    StandingView,
};

use crate::face::Captured;
use crate::face::capture_loop::Basis;

/// The running inspection. Dropping it wipes names, files and captures.
pub struct OpenCase {
    /// Its id.
    pub id: InspectionId,
    /// When it began.
    pub opened_at: UtcTime,
    /// The zone on the data page, if it could be parsed.
    pub mrz: Option<Mrz>,
    /// How the chip was opened, or failed to be.
    pub access: Option<ChipAccess>,
    /// What was read from the chip.
    pub document: Option<Evidence>,
    /// What they are worth.
    pub report: Option<DocumentReport>,
    /// The chip portrait for the officer.
    pub portrait_jpeg: Option<Vec<u8>>,
    /// The face capture.
    pub captured: Option<Captured>,
    /// Last picture of a capture without a usable face.
    pub last_picture: Option<Vec<u8>>,
    /// Frozen evidence.
    pub evidence: Option<EvidenceHash>,
    /// Verified verdicts as received.
    pub verdicts: BTreeMap<AuthorityId, SignedVerdict>,
    /// Verified decisions as received.
    pub decisions: BTreeMap<AuthorityId, SignedDecision>,
}

impl OpenCase {
    /// An inspection at its beginning.
    pub fn new(id: InspectionId, opened_at: UtcTime, mrz: Option<Mrz>) -> Self {
        Self {
            id,
            opened_at,
            mrz,
            access: None,
            document: None,
            report: None,
            portrait_jpeg: None,
            captured: None,
            last_picture: None,
            evidence: None,
            verdicts: BTreeMap::new(),
            decisions: BTreeMap::new(),
        }
    }

    /// Freezes the evidence: chip security object and data groups, live picture, scores.
    pub fn freeze(&mut self) -> EvidenceHash {
        let file = |id| {
            self.document
                .as_ref()
                .and_then(|document| document.files.get(id))
                .unwrap_or_default()
        };
        let captured = self.captured.as_ref();
        let live = captured.map(|c| c.live_jpeg.as_slice()).unwrap_or_default();
        let scores = captured.map_or_else(String::new, |captured| {
            let score = captured.match_score.ok().map(|score| score.0);
            let pad_score = captured.pad_score.map(|score| score.0);
            let basis = captured.basis;
            format!("{score:?} {pad_score:?} {basis:?} {:?}", self.summary())
        });
        let hash = EvidenceHash::over(&[
            ("inspection", self.id.to_string().as_bytes()),
            ("sod", file(FileId::Sod)),
            ("dg1", file(FileId::Dg1)),
            ("dg2", file(FileId::Dg2)),
            ("live", live),
            ("judgement", scores.as_bytes()),
        ]);
        self.evidence = Some(hash);
        hash
    }

    /// What was read from the chip, for the authority that judges it again.
    pub fn document_evidence(&self) -> Option<DocumentEvidence> {
        let json = serde_json::to_vec(self.document.as_ref()?).ok()?;
        DocumentEvidence::new(json).ok()
    }

    /// The gate's own results, for the authority that answers for identity.
    pub fn summary(&self) -> CheckSummary {
        let captured = self.captured.as_ref();
        CheckSummary {
            document: self
                .report
                .as_ref()
                .map_or(CheckResult::Aborted, |r| r.checks.result),
            face: captured.map_or(CheckResult::Aborted, |c| c.face),
            presentation: captured.map_or(CheckResult::Aborted, |c| c.presentation),
        }
    }

    /// The whole check tree: document checks by their TR-03135 names, then the biometric verification.
    pub fn checks(&self) -> CheckNode {
        let document = self.report.as_ref().map_or_else(
            || {
                let node =
                    CheckNode::leaf("ElectronicChecks", RunMode::Mandatory, CheckResult::Aborted);
                match &self.access {
                    Some(access) => node.because(access.to_string()),
                    None => node,
                }
            },
            |report| report.checks.clone(),
        );
        let mut parts = if document.name.0 == "Checks" {
            document.children
        } else {
            vec![document]
        };
        let summary = self.summary();
        let mut face = CheckNode::leaf("FaceComparison", RunMode::Mandatory, summary.face);
        let mut presentation = CheckNode::leaf(
            "PresentationAttackDetection",
            RunMode::Mandatory,
            summary.presentation,
        );
        match self.captured.as_ref().map(|captured| captured.basis) {
            Some(Basis::BestAtTimeOut) => {
                face = face.because("best picture when time was up");
            }
            Some(Basis::PadAlarm) => {
                presentation = presentation.because("alarm during the capture");
            }
            Some(Basis::GoodFrames) | None => {}
        }
        let match_score = self.captured.as_ref().map(|captured| captured.match_score);
        if let Some(Err(no_reference)) = match_score {
            face = face.because(no_reference.to_string());
        }
        parts.push(CheckNode::group(
            "BiometricVerification",
            RunMode::Mandatory,
            vec![face, presentation],
        ));
        CheckNode::group("Checks", RunMode::Mandatory, parts)
    }

    /// The chip portrait as stored, for comparison.
    pub fn chip_portrait(&self) -> Option<Vec<u8>> {
        self.report
            .as_ref()?
            .portrait
            .as_ref()
            .map(|portrait| portrait.bytes.clone())
    }
}

/// How the inspection ended, for the record.
pub struct Ending {
    /// Outcome.
    pub outcome: Outcome,
    /// Why an officer was called.
    pub cause: Option<ReferralCause>,
    /// Steps.
    pub steps: Vec<StepTime>,
    /// When.
    pub closed_at: UtcTime,
    /// Where each authority stood.
    pub standings: Vec<(AuthorityId, StandingView)>,
}

/// One record per authority. Each gets its own verdict and decision; of the others it learns only whether they held
/// (DESIGN 2, invariant 5).
pub fn records(
    case: &OpenCase,
    ending: &Ending,
    lane: &LaneId,
    direction: Direction,
) -> Vec<(AuthorityId, PassageRecord)> {
    let steps: Vec<v1::StepTime> = ending
        .steps
        .iter()
        .map(|step| v1::StepTime {
            step: step.step.clone(),
            at_ms: step.at_ms,
            took_ms: step.took_ms,
        })
        .collect();
    let record_for = |authority: &AuthorityId| PassageRecord {
        inspection: case.id,
        lane: lane.clone(),
        direction,
        opened_at: case.opened_at,
        closed_at: ending.closed_at,
        outcome: ending.outcome,
        cause: ending.cause,
        steps: steps.clone(),
        access: case.access.clone(),
        checks: case.checks(),
        match_score: case
            .captured
            .as_ref()
            .and_then(|captured| captured.match_score.ok()),
        pad_score: case
            .captured
            .as_ref()
            .and_then(|captured| captured.pad_score),
        verdict: case.verdicts.get(authority).cloned(),
        others: ending
            .standings
            .iter()
            .filter(|(a, _)| a != authority)
            .cloned()
            .collect(),
        decision: case.decisions.get(authority).cloned(),
        evidence: case.evidence,
    };
    ending
        .standings
        .iter()
        .map(|(a, _)| (a.clone(), record_for(a)))
        .collect()
}

/// What others may see of the standings: that somebody holds, never why.
pub fn standing_views(standings: &Standings) -> Vec<(AuthorityId, StandingView)> {
    standings
        .iter()
        .map(|(authority, standing)| {
            let view = match standing {
                Standing::Pending => StandingView::Pending,
                Standing::Clear { .. } | Standing::Released { .. } => StandingView::Clear,
                Standing::Held(Hold::Refer | Hold::Refuse) => StandingView::Held,
                Standing::Unavailable => StandingView::Unavailable,
            };
            (authority.clone(), view)
        })
        .collect()
}
