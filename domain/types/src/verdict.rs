//! What authorities and officers decide, and how an inspection ends.

use serde::{Deserialize, Serialize};

/// Which way the lane leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the territory.
    Entry,
    /// Out of the territory.
    Exit,
}

/// One authority's answer for one inspection. Absence of an answer is [`Verdict::Unavailable`], never `Clear`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing held against crossing.
    Clear,
    /// An officer of this authority must decide.
    Refer,
    /// This authority refuses the crossing; an officer of it carries that out.
    Refuse,
    /// The authority could not answer in time or from a fresh list.
    Unavailable,
}

/// What an officer orders for a referred inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficerDecision {
    /// The officer's authority no longer holds the traveller.
    Release,
    /// Back out by the entry barrier, to the manual counter.
    Return,
    /// The officer fetches the traveller for a second-line inspection.
    Refer,
}

/// How an inspection ended; each ends exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Crossed by the exit barrier; proven by its sensor.
    Admitted,
    /// Left, or never entered, on the side they came from.
    Returned,
    /// Handed to an officer's second-line inspection.
    Referred,
    /// An officer took the lane over after a fault or restart.
    TakenOver,
    /// Left by evacuation.
    Evacuated,
}

/// Why the lane called an officer. Never shown to the traveller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferralCause {
    /// An authority's verdict is `Refer` or `Refuse`; only that authority knows why.
    AuthorityHold,
    /// A required authority gave no valid verdict in time.
    AuthorityUnavailable,
    /// The live face does not match the chip portrait.
    FaceMismatch,
    /// Presentation attack detection raised an alarm.
    PresentationAttack,
    /// No usable face within the capture time.
    NoFaceCaptured,
    /// A document check failed or was aborted.
    DocumentCheck,
    /// More than one person in the zone.
    SecondPerson,
    /// The traveller stayed in the zone past the time limit.
    Overstay,
    /// The gate restarted with somebody inside.
    Recovered,
    /// A device failed during the inspection.
    DeviceFault,
}
