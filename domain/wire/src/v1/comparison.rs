//! Face comparisons of a lane, counted by configuration, threshold and group (BSI TR-03121 EVA-VER-nCIR-1).
//!
//! Counts alone: no score, template or id of a traveller leaves the gate for this.

use egate_types::{Date, LaneId, MatchScore, Sex, StateCode, UtcTime};
use serde::{Deserialize, Serialize};

/// What a lane counted in a stretch of time. Sent until it is acknowledged; counted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonBatch {
    /// The lane; the same as in the gate's certificate.
    pub lane: LaneId,
    /// First inspection in it; the same as in the path. A lane has one batch at a time.
    pub began_at: UtcTime,
    /// When it was closed.
    pub ended_at: UtcTime,
    /// The law under which references of other travellers were kept for it; none were, if there is none.
    pub retention: Option<String>,
    /// Inspections whose mated comparison does not count, because they did not end with an admission: their traveller may be
    /// somebody else than the document's holder.
    pub left_out: u32,
    /// Inspections that were not evaluated because the gate had better things to do.
    pub skipped: u32,
    /// What was counted.
    pub counts: Vec<ComparisonCount>,
}

/// Comparisons of one configuration within one group, held against one threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonCount {
    /// Name of the configuration: matcher and frames per template.
    pub configuration: String,
    /// Same person at or above this score.
    pub match_score: MatchScore,
    /// False match rate that the threshold stands for, parts per billion.
    pub fmr_ppb: u32,
    /// Whether it is the threshold that decides at the gate; a second configuration has none.
    pub in_force: bool,
    /// Whom it is about.
    pub group: ComparisonGroup,
    /// Travellers with their own reference; an error is a score below the threshold.
    pub mated: Errors,
    /// Travellers with references of others; an error is a score at or above the threshold.
    pub non_mated: Errors,
}

/// Who was compared. A comparison of two people belongs to a group if both do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonGroup {
    /// Everybody.
    All,
    /// By sex, as the document states it.
    Sex(Sex),
    /// By age on the day.
    Age(AgeBand),
    /// By nationality.
    Nationality(StateCode),
}

/// Age in coarse bands: fine ones would make groups of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AgeBand {
    /// Children and youths, whose faces change fastest.
    #[serde(rename = "0-17")]
    To17,
    /// Young adults.
    #[serde(rename = "18-34")]
    To34,
    /// Middle age.
    #[serde(rename = "35-59")]
    To59,
    /// Older people.
    #[serde(rename = "60+")]
    From60,
}

impl AgeBand {
    /// The band of somebody born on `birth`, on `day`.
    pub fn of(birth: Date, day: Date) -> Self {
        let birthday_to_come = (day.month(), day.day()) < (birth.month(), birth.day());
        match day.year() - birth.year() - i32::from(birthday_to_come) {
            ..18 => Self::To17,
            18..35 => Self::To34,
            35..60 => Self::To59,
            60.. => Self::From60,
        }
    }
}

/// Errors among comparisons; `[errors, comparisons]` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "[u32; 2]", into = "[u32; 2]")]
pub struct Errors {
    errors: u32,
    comparisons: u32,
}

/// More errors than comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{errors} errors among {comparisons} comparisons")]
pub struct TooManyErrors {
    errors: u32,
    comparisons: u32,
}

impl Errors {
    /// One more comparison.
    pub fn add(&mut self, error: bool) {
        // Full counters stand still together, so that the rate stays.
        if let Some(comparisons) = self.comparisons.checked_add(1) {
            self.comparisons = comparisons;
            self.errors += u32::from(error);
        }
    }

    /// Comparisons that went wrong.
    pub fn errors(self) -> u32 {
        self.errors
    }

    /// All comparisons.
    pub fn comparisons(self) -> u32 {
        self.comparisons
    }
}

impl TryFrom<[u32; 2]> for Errors {
    type Error = TooManyErrors;
    fn try_from([errors, comparisons]: [u32; 2]) -> Result<Self, TooManyErrors> {
        if errors <= comparisons {
            Ok(Self {
                errors,
                comparisons,
            })
        } else {
            Err(TooManyErrors {
                errors,
                comparisons,
            })
        }
    }
}

impl From<Errors> for [u32; 2] {
    fn from(counted: Errors) -> [u32; 2] {
        [counted.errors, counted.comparisons]
    }
}
