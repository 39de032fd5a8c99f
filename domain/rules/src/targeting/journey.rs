//! What is known of a journey. What is not known is left out, and nothing here may be read as a "no".

use std::collections::BTreeMap;
use std::fmt;

use egate_types::Date;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    read,
    values::{Answer, Carrier, FlightNumber, Question, State},
};

/// Stays of one journey: a state every third day of the longest time that a rule asks about, and some more.
const STAYS_MAX: usize = 128;
/// Answers of one declaration: the longest forms have some forty questions.
const DECLARATIONS_MAX: usize = 100;

/// A journey before it is checked.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyFields {
    /// How the traveller came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<Means>,
    /// With which flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flight: Option<Flight>,
    /// Where the traveller was, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stays: Vec<Stay>,
    /// Whichever state was left on this day or later stands among the stays. Without it no stay is evidence of none.
    #[serde(default, with = "read::day", skip_serializing_if = "Option::is_none")]
    pub stays_complete_since: Option<Date>,
    /// Answers by question. A question without an answer was not asked, or not answered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub declarations: BTreeMap<Question, Answer>,
}

/// How somebody arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// With a flight, known or not.
    Air,
    /// On the ground: no flight.
    Land,
    /// By ship: no flight.
    Sea,
}

/// A flight as booked or boarded.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flight {
    /// Who operates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<FlightNumber>,
    /// The day of its scheduled departure where it departs, as on boarding passes.
    #[serde(default, with = "read::day", skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
}

/// A stay in a state, however short.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    /// Where.
    pub state: State,
    /// The last day there.
    #[serde(default, with = "read::day", skip_serializing_if = "Option::is_none")]
    pub left: Option<Date>,
}

/// A checked journey.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Journey(JourneyFields);

/// What is wrong with a journey as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JourneyError {
    /// More than anybody travels.
    #[error("stays: more than {STAYS_MAX}")]
    Stays,
    /// `XXX`, unspecified: a stay that nobody can place is left out, and the stays are not complete.
    #[error("stays: a state is XXX, which names none")]
    NoState,
    /// More than any form asks.
    #[error("declarations: more than {DECLARATIONS_MAX}")]
    Declarations,
    /// One of the two is wrong, and nobody knows which.
    #[error("a flight of somebody who did not come by air")]
    FlightOnTheGround,
}

impl Journey {
    /// Checks what the parts cannot check of themselves.
    pub fn new(fields: JourneyFields) -> Result<Self, JourneyError> {
        if fields.stays.len() > STAYS_MAX {
            return Err(JourneyError::Stays);
        }
        if fields
            .stays
            .iter()
            .any(|stay| stay.state.code().as_str() == "XXX")
        {
            return Err(JourneyError::NoState);
        }
        if fields.declarations.len() > DECLARATIONS_MAX {
            return Err(JourneyError::Declarations);
        }
        match (fields.means, &fields.flight) {
            (Some(Means::Land | Means::Sea), Some(_)) => Err(JourneyError::FlightOnTheGround),
            (Some(Means::Land | Means::Sea), None) | (Some(Means::Air) | None, _) => {
                Ok(Self(fields))
            }
        }
    }

    /// Everything as written.
    pub const fn fields(&self) -> &JourneyFields {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Journey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = read::with_path::<JourneyFields, D>(deserializer)?;
        Self::new(fields).map_err(serde::de::Error::custom)
    }
}

/// Where somebody was and what they declared never reaches a log.
impl fmt::Debug for Journey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journey(..)")
    }
}
