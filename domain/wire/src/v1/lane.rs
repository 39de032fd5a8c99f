//! What a lane shows its authorities' officers, live.

use egate_types::{
    AuthorityId, Direction, Fault, InspectionId, LaneId, TravellerScreen, UtcTime, Verdict,
};
use serde::{Deserialize, Serialize};

/// The lane as it is now. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneView {
    /// The lane; the same as in the gate's certificate.
    pub lane: LaneId,
    /// Which way it leads.
    pub direction: Direction,
    /// Phase of the lane machine, e.g. `inspecting`.
    pub phase: String,
    /// What the traveller sees.
    pub screen: TravellerScreen,
    /// Since when the phase holds.
    pub since: UtcTime,
    /// Entry barrier released.
    pub entry_open: bool,
    /// Exit barrier released.
    pub exit_open: bool,
    /// People in the zone.
    pub people: u8,
    /// The running inspection.
    pub inspection: Option<InspectionId>,
    /// How each required authority stands.
    pub authorities: Vec<(AuthorityId, StandingView)>,
    /// Standing faults.
    pub faults: Vec<Fault>,
    /// Travellers admitted since midnight UTC.
    pub admitted_today: u64,
}

/// How an authority stands towards an inspection, as others may see it: held, but never why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingView {
    /// Asked, no answer yet.
    Pending,
    /// Nothing held, or released by its officer.
    Clear,
    /// The authority holds the traveller.
    Held,
    /// No valid answer in time.
    Unavailable,
}

impl From<Verdict> for StandingView {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clear => Self::Clear,
            Verdict::Refer | Verdict::Refuse => Self::Held,
            Verdict::Unavailable => Self::Unavailable,
        }
    }
}
