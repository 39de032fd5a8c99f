//! Phases of the lane and the running inspection. Each phase carries only what is valid in it.

use egate_rules::joint::Standings;
use egate_types::{CheckResult, EvidenceHash, InspectionId, MonoTime, Outcome, ReferralCause};
use serde::{Deserialize, Serialize};

use crate::limits::STEPS_MAX;

/// One step of an inspection with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTime {
    /// What ended here, e.g. `document_read`.
    pub step: String,
    /// Milliseconds since the inspection began.
    pub at_ms: u64,
    /// Milliseconds since the step before.
    pub took_ms: u64,
}

/// What the lane knows of the running inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its id.
    pub id: InspectionId,
    /// When it began.
    pub opened: MonoTime,
    /// Where each required authority stands.
    pub standings: Standings,
    /// Aggregate of the document checks.
    pub document: CheckResult,
    /// Aggregate of face comparison.
    pub face: CheckResult,
    /// Result of presentation attack detection.
    pub presentation: CheckResult,
    /// Frozen evidence, once there is any.
    pub evidence: Option<EvidenceHash>,
    /// Why an officer was called first.
    pub cause: Option<ReferralCause>,
    /// Steps so far.
    pub steps: Vec<StepTime>,
}

impl Inspection {
    pub(crate) fn new(id: InspectionId, opened: MonoTime, standings: Standings) -> Self {
        Self {
            id,
            opened,
            standings,
            document: CheckResult::Aborted,
            face: CheckResult::Aborted,
            presentation: CheckResult::Aborted,
            evidence: None,
            cause: None,
            steps: Vec::new(),
        }
    }

    /// Every check of the gate itself is successful.
    pub fn checks_successful(&self) -> bool {
        [self.document, self.face, self.presentation]
            .iter()
            .all(|r| *r == CheckResult::Successful)
    }

    pub(crate) fn mark(&mut self, now: MonoTime, step: &str) {
        let at_ms = now.since_ms(self.opened);
        let before = self.steps.last().map_or(0, |s| s.at_ms);
        if self.steps.len() < STEPS_MAX {
            self.steps.push(StepTime {
                step: step.to_owned(),
                at_ms,
                took_ms: at_ms.saturating_sub(before),
            });
        }
    }
}

/// What the lane is doing; `since` is the time of entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Start-up, until the first readings are in.
    Starting,
    /// Start-up with an inspection whose end is not in the journal.
    Recovering {
        /// The inspection, standings all pending.
        inspection: Inspection,
        /// Exit passages when the exit barrier was about to be released, if it was.
        exit_passages_at_release: Option<u32>,
    },
    /// Out of service: a grave or degrading fault stands.
    Closed,
    /// Open, waiting for a document.
    Idle,
    /// Document on the reader.
    Reading {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
    },
    /// Turned away outside; waits for the document to be taken.
    Dismissed {
        /// Entered.
        since: MonoTime,
    },
    /// Entry barrier released.
    Admitting {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
    },
    /// Second person seen; entry barrier stays released for them to step back.
    Separating {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
    },
    /// Entry barrier told to close.
    Latching {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
    },
    /// Both barriers closed, one person inside, camera running.
    Capturing {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
    },
    /// Waiting for the verdicts.
    Deciding {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
    },
    /// Exit barrier released.
    Releasing {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
        /// Passage counter before the release.
        exit_passages: u32,
    },
    /// An officer decides.
    Referred {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
    },
    /// Entry barrier released for the way back.
    Returning {
        /// Entered.
        since: MonoTime,
        /// Running inspection.
        inspection: Inspection,
        /// How it will have ended once the zone is empty.
        outcome: Outcome,
    },
    /// Inspection over; waiting for closed barriers and an empty zone.
    Clearing {
        /// Entered.
        since: MonoTime,
    },
    /// Evacuation; the hardware has opened the escape way.
    Evacuating,
}

impl Phase {
    /// The running inspection, if there is one.
    pub fn inspection(&self) -> Option<&Inspection> {
        match self {
            Self::Recovering { inspection, .. }
            | Self::Reading { inspection, .. }
            | Self::Admitting { inspection, .. }
            | Self::Separating { inspection, .. }
            | Self::Latching { inspection, .. }
            | Self::Capturing { inspection, .. }
            | Self::Deciding { inspection, .. }
            | Self::Releasing { inspection, .. }
            | Self::Referred { inspection, .. }
            | Self::Returning { inspection, .. } => Some(inspection),
            Self::Starting
            | Self::Closed
            | Self::Idle
            | Self::Dismissed { .. }
            | Self::Clearing { .. }
            | Self::Evacuating => None,
        }
    }

    /// The phase's name for views and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Recovering { .. } => "recovering",
            Self::Closed => "closed",
            Self::Idle => "idle",
            Self::Reading { .. } => "reading",
            Self::Dismissed { .. } => "dismissed",
            Self::Admitting { .. } => "admitting",
            Self::Separating { .. } => "separating",
            Self::Latching { .. } => "latching",
            Self::Capturing { .. } => "capturing",
            Self::Deciding { .. } => "deciding",
            Self::Releasing { .. } => "releasing",
            Self::Referred { .. } => "referred",
            Self::Returning { .. } => "returning",
            Self::Clearing { .. } => "clearing",
            Self::Evacuating => "evacuating",
        }
    }
}
