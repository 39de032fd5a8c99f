//! How often a rule may act in a day.
//!
//! A rule that meets everybody closes a port: officers drown in referrals, and the real hits with them. So every rule has a ceiling.
//! The hit that reaches it still acts and raises the one alarm of the day; after it the rule rests until the next day of UTC begins,
//! and its hits are counted and do nothing. **Resting lets pass**: whoever answers the alarm must mend the rule or raise its ceiling
//! (another version, approved by a second person), and may not leave it. Listed persons and documents are never counted here.

use egate_types::Date;
use serde::{Deserialize, Serialize};

/// Hits of one rule on one day of UTC. Whoever keeps it must count with one writer, or two replicas act twice as often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// The day.
    pub day: Date,
    /// How many, those at rest included.
    pub hits: u32,
}

/// Where a hit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CeilingState {
    /// The rule acts.
    Within,
    /// The rule acts, and the alarm is raised.
    JustReached,
    /// The rule rests.
    Beyond,
}

impl Ceiling {
    /// A day without a hit.
    pub const fn on(day: Date) -> Self {
        Self { day, hits: 0 }
    }

    /// Counts a hit on a day; `max` are the hits on which the rule may act.
    ///
    /// An earlier day than the one counted (a clock was put back) is counted with it: going back opens no ceiling and raises no
    /// second alarm.
    #[must_use]
    pub fn after_hit(self, day: Date, max: u32) -> (Self, CeilingState) {
        let counted = if day > self.day { Self::on(day) } else { self };
        let hits = counted.hits.saturating_add(1);
        let state = match hits.cmp(&max) {
            std::cmp::Ordering::Less => CeilingState::Within,
            std::cmp::Ordering::Equal if counted.hits < hits => CeilingState::JustReached,
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => CeilingState::Beyond,
        };
        (Self { hits, ..counted }, state)
    }
}
