//! What can wake the lane, and what it can ask for. Both lists are closed.

use egate_types::{
    AuthorityId, CheckResult, Coaching, EvidenceHash, Fault, InspectionId, MonoTime,
    OfficerDecision, OfficerId, Outcome, ReferralCause, TravellerScreen, UtcTime, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::StepTime;

/// The instant of an input on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For deadlines.
    pub mono: MonoTime,
    /// For validity of signed answers and for the record.
    pub utc: UtcTime,
}

/// A plausible, fresh picture of barriers and zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occupancy {
    /// Entry leaf proven closed.
    pub entry_closed: bool,
    /// Exit leaf proven closed.
    pub exit_closed: bool,
    /// Persons in the zone (overhead sensor).
    pub people: u8,
    /// Somebody stands in the sweep of the entry leaf.
    pub entry_beam: bool,
    /// Persons that have left by the exit barrier since the lane controller was installed.
    pub exit_passages: u32,
    /// Evacuation input active: the barrier hardware opens the escape way by itself.
    pub evacuation: bool,
}

/// Why the chip could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFailure {
    /// MRZ or chip not readable, document moved or taken: try again.
    TryAgain,
    /// The chip refused the keys or broke the protocol: an officer looks at the document.
    Suspicious,
}

/// An inspection that the journal shows without an end, found at start-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Which.
    pub inspection: InspectionId,
    /// Exit passages when the exit barrier was about to be released, if it was.
    pub exit_passages_at_release: Option<u32>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Start-up found an unfinished inspection. Comes before any [`Input::Sensed`].
    FoundUnfinished(Unfinished),
    /// Fresh readings.
    Sensed(Occupancy),
    /// A document lies on the reader and its MRZ is read; `inspection` is the id of the new inspection.
    MrzRead {
        /// Id made by the shell for this inspection.
        inspection: InspectionId,
    },
    /// The document was read and judged.
    DocumentJudged {
        /// Which inspection asked.
        inspection: InspectionId,
        /// Aggregate of all document checks.
        document: CheckResult,
    },
    /// The document could not be read.
    DocumentUnread {
        /// Which inspection asked.
        inspection: InspectionId,
        /// What to do about it.
        failure: ReadFailure,
    },
    /// The reader is empty.
    DocumentRemoved,
    /// The capture loop has a hint for the traveller.
    CaptureCoached(Coaching),
    /// The capture ended; evidence is frozen.
    FaceJudged {
        /// Which inspection asked.
        inspection: InspectionId,
        /// Live face against chip portrait.
        face: CheckResult,
        /// Presentation attack detection.
        presentation: CheckResult,
        /// Hash over the frozen evidence.
        evidence: EvidenceHash,
    },
    /// No usable face in time.
    NoFace {
        /// Which inspection asked.
        inspection: InspectionId,
        /// Hash over the evidence without a face.
        evidence: EvidenceHash,
    },
    /// A verdict whose signature and bindings the shell has verified.
    VerdictArrived {
        /// About which inspection.
        inspection: InspectionId,
        /// Over which evidence.
        evidence: EvidenceHash,
        /// Whose.
        authority: AuthorityId,
        /// What.
        verdict: Verdict,
        /// Until when, exclusive.
        expires: UtcTime,
    },
    /// An officer's decision whose signature and bindings the shell has verified.
    DecisionArrived {
        /// About which inspection.
        inspection: InspectionId,
        /// Whose officer.
        authority: AuthorityId,
        /// Who.
        officer: OfficerId,
        /// What.
        decision: OfficerDecision,
        /// Until when, exclusive.
        expires: UtcTime,
    },
    /// A device reports a fault.
    FaultRaised(Fault),
    /// A device reports that a fault is gone.
    FaultCleared(Fault),
    /// The deadline of [`crate::Lane::poll_timeout`] has come.
    TimedOut,
}

/// What the barriers are told. There is no order that releases both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarrierOrder {
    /// Both secured.
    SecureBoth,
    /// Entry released, exit secured.
    ReleaseEntry,
    /// Exit released, entry secured.
    ReleaseExit,
}

/// Written durably before the next effect is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum JournalEntry {
    /// An inspection began.
    Opened {
        /// Its id.
        inspection: InspectionId,
    },
    /// The exit barrier is about to be released.
    ReleasingExit {
        /// For which inspection.
        inspection: InspectionId,
        /// The passage counter before.
        exit_passages: u32,
    },
}

/// An effect, carried out in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make durable before going on.
    Journal(JournalEntry),
    /// Tell the barriers.
    Order(BarrierOrder),
    /// Show the traveller.
    Show(TravellerScreen),
    /// Read and judge the document on the reader; ask the authorities to start screening.
    ReadDocument(InspectionId),
    /// Capture and compare the face.
    StartCapture(InspectionId),
    /// Stop capturing, wipe what is not evidence.
    StopCapture,
    /// Freeze what evidence there is and submit it for the verdicts.
    AskVerdicts(InspectionId),
    /// Call an officer.
    CallOfficer {
        /// For which inspection.
        inspection: InspectionId,
        /// Why.
        cause: ReferralCause,
    },
    /// The inspection has ended: commit its record durably, queue it for the centre, wipe captures.
    Close {
        /// Which.
        inspection: InspectionId,
        /// How it ended.
        outcome: Outcome,
        /// Why an officer was called, if one was.
        cause: Option<ReferralCause>,
        /// Time of each step.
        steps: Vec<StepTime>,
    },
}
