//! What a hit demands.

use egate_types::Verdict;
use serde::{Deserialize, Serialize};

/// What the owner of a list has ordered for a hit, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The crossing goes on; the owner's officers are told, and nobody else.
    SilentAlert,
    /// A health officer examines the traveller.
    HealthCheck,
    /// An officer decides.
    Refer,
    /// Officers fetch the traveller: not to be left alone, not to be told.
    Detain,
    /// The crossing is refused.
    Refuse,
}

impl Action {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 5] = [
        Self::SilentAlert,
        Self::HealthCheck,
        Self::Refer,
        Self::Detain,
        Self::Refuse,
    ];

    /// All that a gate learns of it. A silent alert looks like no hit; a detention looks like any referral, since the gate's display
    /// must not warn.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::SilentAlert => Verdict::Clear,
            Self::HealthCheck | Self::Refer | Self::Detain => Verdict::Refer,
            Self::Refuse => Verdict::Refuse,
        }
    }

    /// As files and messages write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SilentAlert => "silent_alert",
            Self::HealthCheck => "health_check",
            Self::Refer => "refer",
            Self::Detain => "detain",
            Self::Refuse => "refuse",
        }
    }

    /// Reads what [`Action::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}
