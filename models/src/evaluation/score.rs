//! The score as it is published.

use std::fmt;

use egate_types::{MatchScore, PadScore};
use serde::{Serialize, Serializer};

/// A comparison or attack detection score in ten-thousandths; prints and serialises with four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub i32);

impl Score {
    /// The next higher score.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// As a fraction of one.
    pub fn value(self) -> f64 {
        f64::from(self.0) / PER_ONE
    }

    /// From a fraction within -1..=1; `None` outside and for what is no number.
    pub fn from_value(value: f64) -> Option<Self> {
        (-1.0..=1.0)
            .contains(&value)
            .then(|| Self((value * PER_ONE).round() as i32))
    }
}

impl From<MatchScore> for Score {
    fn from(score: MatchScore) -> Self {
        Self((f64::from(score.0) / PPM_PER_STEP).round() as i32)
    }
}

impl From<PadScore> for Score {
    fn from(score: PadScore) -> Self {
        Self((f64::from(score.0) / PPM_PER_STEP).round() as i32)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4}", self.value())
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

/// Steps from 0 to 1.
const PER_ONE: f64 = 1e4;
/// Parts per million in one step.
const PPM_PER_STEP: f64 = 100.0;
