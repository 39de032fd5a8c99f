//! Targeting rules: what an authority orders for travellers whom no list names. Pure.
//!
//! **Invariant:** no I/O, no clock. The caller reads rules and journeys, says what day and instant it is, counts hits and acts; this
//! module checks, judges and explains. It never names a traveller, and its sentences are for officers of the rule's owner alone.
//!
//! ```text
//! RuleFields ──Rule::new──> Rule ──truth──> Yes | No | Unknown     for every traveller, allocates nothing
//!    (JSON)                   └───judge──> Judgement                for the officer: a sentence per predicate
//! ```
//!
//! An absent answer is not a "no": a predicate about something that is not known is [`Truth::Unknown`], and what becomes of that the
//! rule itself says ([`IfUnknown`]). Whatever else becomes known later turns `Unknown` into an answer and no answer into another.
//!
//! There is no index over rules: a thousand of them against one traveller take some 150 microseconds, half of that where nothing is
//! known of the journey (`benches/targeting.rs`, a core of a busy virtual machine). The request that asks costs more to read. An index
//! by flight or state would have to bring back every rule that may be `Unknown`, and where journeys are not known that is most of them.

mod ceiling;
mod condition;
mod explain;
mod journey;
mod read;
mod truth;
mod values;

use std::fmt;

use egate_types::{TravelDocument, UtcTime};
use serde::{Deserialize, Deserializer, Serialize};

pub use ceiling::{Ceiling, CeilingState};
pub use condition::{
    Age, AgeFields, Condition, Declared, DocumentCondition, DocumentFields, FlightCondition,
    FlightFields, Stayed,
};
pub use explain::{Judgement, Term};
pub use journey::{Flight, Journey, JourneyError, JourneyFields, Means, Stay};
pub use truth::Truth;
pub use values::{
    Answer, Carrier, Days, DocumentClass, FlightNumber, Malformed, Question, State, Values,
};

/// Conditions inside one another. Rules of other systems are "all of these, any of those"; eight is what an officer can still follow.
pub const DEPTH_MAX: usize = 8;
/// Conditions of one rule, groups included: two pages in print.
pub const CONDITIONS_MAX: usize = 200;
/// Values in all lists of one rule. With it the longest rule against the longest journey takes less than a millisecond.
pub const VALUES_MAX: usize = 1_000;
/// Above this a ceiling is none: more travellers than any port sees in a day.
pub const HITS_PER_DAY_CEILING: u32 = 1_000_000;

/// A rule before it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFields {
    /// Whom it is about.
    pub when: Condition,
    /// The instant from which it counts, included.
    #[serde(
        default,
        with = "read::instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub from: Option<UtcTime>,
    /// The instant from which it counts no more.
    #[serde(
        default,
        with = "read::instant",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<UtcTime>,
    /// What becomes of a traveller of whom too little is known. Without a default: its owner has to have thought of it.
    pub if_unknown: IfUnknown,
    /// Hits in a day of UTC at which an alarm is raised and the rule rests ([`Ceiling`]).
    pub hits_per_day_max: u32,
}

/// What becomes of a traveller for whom a rule is [`Truth::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfUnknown {
    /// An officer finds out. Never the rule's own action, which may be a refusal. It counts towards the ceiling as a hit does.
    Refer,
    /// The traveller passes, as far as this rule goes.
    Pass,
}

/// A checked rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Rule(RuleFields);

/// What is wrong with a rule as a whole. What is wrong with a part of it is [`Malformed`]; read from JSON, both name the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nobody could follow it.
    #[error("when: conditions lie in one another more than {DEPTH_MAX} deep")]
    TooDeep,
    /// Too long to be judged for every traveller.
    #[error("when: more than {CONDITIONS_MAX} conditions")]
    TooLarge,
    /// Too much to be compared for every traveller.
    #[error("when: more than {VALUES_MAX} values in all its lists")]
    TooManyValues,
    /// It would never count.
    #[error("until is not after from")]
    NeverCounts,
    /// It could not be written as text and read again.
    #[error("from or until lies outside the years 1 to 9999")]
    Instant,
    /// It would never act.
    #[error("hits_per_day_max is 0")]
    NeverActs,
    /// It would never be reached.
    #[error("hits_per_day_max is greater than {HITS_PER_DAY_CEILING}")]
    NoCeiling,
}

/// What a rule is held against.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The document as read.
    pub document: &'a TravelDocument,
    /// What is known of the journey; [`Journey::default`] if nothing is.
    pub journey: &'a Journey,
    /// The day of arrival in the port's own calendar: ages and days before arrival count from it.
    pub arrival: egate_types::Date,
}

impl Rule {
    /// Checks what the parts cannot check of themselves.
    pub fn new(fields: RuleFields) -> Result<Self, RuleError> {
        let extent = fields.when.extent();
        if extent.depth > DEPTH_MAX {
            return Err(RuleError::TooDeep);
        }
        if extent.conditions > CONDITIONS_MAX {
            return Err(RuleError::TooLarge);
        }
        if extent.values > VALUES_MAX {
            return Err(RuleError::TooManyValues);
        }
        let ends = [fields.from, fields.until].into_iter().flatten();
        if ends
            .into_iter()
            .any(|instant| !(1..=9999).contains(&instant.date().year()))
        {
            return Err(RuleError::Instant);
        }
        if let (Some(from), Some(until)) = (fields.from, fields.until)
            && until <= from
        {
            return Err(RuleError::NeverCounts);
        }
        match fields.hits_per_day_max {
            0 => Err(RuleError::NeverActs),
            1..=HITS_PER_DAY_CEILING => Ok(Self(fields)),
            _ => Err(RuleError::NoCeiling),
        }
    }

    /// Everything as written.
    pub const fn fields(&self) -> &RuleFields {
        &self.0
    }

    /// Whether it counts at an instant: from `from`, included, to `until`, excluded.
    pub fn counts_at(&self, now: UtcTime) -> bool {
        self.0.from.is_none_or(|from| from <= now) && self.0.until.is_none_or(|until| now < until)
    }

    /// Whether it is about this traveller; `No` when it does not count.
    pub fn truth(&self, subject: &Subject<'_>, now: UtcTime) -> Truth {
        match self.counts_at(now) {
            true => self.0.when.truth(subject),
            false => Truth::No,
        }
    }

    /// The same with its reasons.
    pub fn judge(&self, subject: &Subject<'_>, now: UtcTime) -> Judgement {
        explain::judge(self, subject, now)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read::with_path::<RuleFields, D>(deserializer)?;
        Self::new(fields).map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject(.., {})", self.arrival)
    }
}
