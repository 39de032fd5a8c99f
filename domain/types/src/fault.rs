//! The fault catalogue: what can break at a lane, how bad it is, and how it clears.

use serde::{Deserialize, Serialize};

/// What the lane does about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Shown to the operator; the lane goes on.
    Warning,
    /// No new traveller is admitted; a running inspection is referred if it needs the device.
    Degraded,
    /// Both barriers secured, lane out of service.
    OutOfService,
}

/// A condition that is raised and cleared; each source raises and clears its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No fresh readings from the lane controller. Clears with the next reading.
    LaneControllerLost,
    /// A barrier does not follow its command in time. Clears when it does.
    BarrierStuck,
    /// The lane controller refused a command by its own interlock. Clears on restart.
    InterlockRefused,
    /// A presence sensor contradicts the others. Clears when they agree.
    SensorImplausible,
    /// The chip reader is gone. Clears when it is back.
    ReaderLost,
    /// The document scanner is gone. Clears when it is back.
    ScannerLost,
    /// No frames from the camera. Clears with the next frame.
    CameraLost,
    /// The face pipeline failed. Clears with the next good inference.
    FacePipelineFailed,
    /// The traveller display cannot be drawn. Clears with the next frame.
    DisplayLost,
    /// An authority's service cannot be reached. Clears with the next answer.
    AuthorityLinkLost,
    /// The journal cannot be written: nothing may be decided. Clears on restart.
    JournalFailed,
    /// The trust store is older than its limit. Clears with a newer one.
    TrustStoreStale,
}

impl Fault {
    /// What the lane does while the fault stands.
    pub fn severity(self) -> Severity {
        match self {
            Self::LaneControllerLost
            | Self::BarrierStuck
            | Self::InterlockRefused
            | Self::JournalFailed => Severity::OutOfService,
            Self::SensorImplausible
            | Self::ReaderLost
            | Self::ScannerLost
            | Self::CameraLost
            | Self::FacePipelineFailed
            | Self::DisplayLost => Severity::Degraded,
            Self::AuthorityLinkLost | Self::TrustStoreStale => Severity::Warning,
        }
    }

    /// One sentence for the operator: what it is and what to do next.
    pub fn advice(self) -> &'static str {
        match self {
            Self::LaneControllerLost => {
                "No readings from the lane controller; check its power and network."
            }
            Self::BarrierStuck => "A barrier does not move as told; look for an obstacle.",
            Self::InterlockRefused => {
                "The barrier hardware refused a command; restart the lane, then call service."
            }
            Self::SensorImplausible => "Presence sensors contradict each other; clean them.",
            Self::ReaderLost => "The chip reader is gone; check its cable.",
            Self::ScannerLost => "The document scanner is gone; check its cable.",
            Self::CameraLost => "No picture from the camera; check its cable.",
            Self::FacePipelineFailed => "Face comparison failed; restart the gate controller.",
            Self::DisplayLost => "The traveller display cannot be drawn; check its cable.",
            Self::AuthorityLinkLost => "An authority cannot be reached; check the network.",
            Self::JournalFailed => "The journal cannot be written; check the disk.",
            Self::TrustStoreStale => "The trust list is too old; import a newer one.",
        }
    }
}
