//! What a rule asks: a tree of groups and predicates, as JSON writes it.
//!
//! ```json
//! {"all": [{"stayed": {"states": ["UTO"], "within_days": 21}}, {"not": {"declared": {"question": "vaccinated", "answers": ["yes"]}}}]}
//! ```

use egate_types::Date;
use serde::{Deserialize, Serialize};

use super::{
    read,
    values::{
        Answer, Carrier, Days, DocumentClass, FlightNumber, Malformed, Question, State, Values,
    },
};

/// Highest age that a rule may name, years: nobody was older.
const AGE_MAX: u8 = 130;

/// A group of conditions or one predicate. Groups follow Kleene's logic of three values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Each of them.
    All(Values<Condition>),
    /// At least one of them.
    Any(Values<Condition>),
    /// Not this one. What is unknown stays unknown.
    Not(Box<Condition>),
    /// Was in one of these states in the days before arrival, be it as origin or in transit.
    Stayed(Stayed),
    /// Came with a flight.
    Flight(FlightCondition),
    /// Shows a document.
    Document(DocumentCondition),
    /// Has an age on the day of arrival.
    Age(Age),
    /// Has a nationality, as the document says: a second one is not known of anybody, and who is of unspecified nationality (`XXX`,
    /// ICAO 9303-3 §5) is met by rules that name `XXX` alone.
    Nationality(Values<State>),
    /// Gave an answer in the declaration.
    Declared(Declared),
}

/// How large a condition is.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Conditions in one another.
    pub(super) depth: usize,
    /// Groups and predicates.
    pub(super) conditions: usize,
    /// Values of all lists.
    pub(super) values: usize,
}

impl Condition {
    pub(super) fn extent(&self) -> Extent {
        let (parts, values): (&[Self], usize) = match self {
            Self::All(parts) | Self::Any(parts) => (parts.as_slice(), 0),
            Self::Not(part) => (std::slice::from_ref(part.as_ref()), 0),
            Self::Stayed(stayed) => (&[], stayed.states.len()),
            Self::Flight(flight) => {
                let FlightFields {
                    carriers, numbers, ..
                } = flight.fields();
                let of_carriers = carriers.as_ref().map_or(0, Values::len);
                (&[], of_carriers + numbers.as_ref().map_or(0, Values::len))
            }
            Self::Document(document) => {
                let DocumentFields { classes, issuers } = document.fields();
                let of_classes = classes.as_ref().map_or(0, Values::len);
                (&[], of_classes + issuers.as_ref().map_or(0, Values::len))
            }
            Self::Age(_) => (&[], 0),
            Self::Nationality(states) => (&[], states.len()),
            Self::Declared(declared) => (&[], declared.answers.len()),
        };
        let alone = Extent {
            depth: 1,
            conditions: 1,
            values,
        };
        parts.iter().fold(alone, |whole, part| {
            let part = part.extent();
            Extent {
                depth: whole.depth.max(part.depth + 1),
                conditions: whole.conditions + part.conditions,
                values: whole.values + part.values,
            }
        })
    }
}

/// Left one of these states at most so many days before the day of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stayed {
    /// Any of them.
    pub states: Values<State>,
    /// Whoever left on the last of these days is still meant.
    pub within_days: Days,
}

/// Gave one of these answers to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Which one.
    pub question: Question,
    /// Any of them.
    pub answers: Values<Answer>,
}

/// A span of ages before it is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeFields {
    /// Youngest, full years.
    pub from: u8,
    /// Oldest, full years: who is not a year older yet has it.
    pub to: u8,
}

/// A span of ages in full years on the day of arrival, both ends included.
///
/// Who was born on 29 February is a year older on 1 March in years that have no such day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AgeFields", into = "AgeFields")]
pub struct Age(AgeFields);

impl TryFrom<AgeFields> for Age {
    type Error = Malformed;

    fn try_from(fields: AgeFields) -> Result<Self, Malformed> {
        if fields.from.max(fields.to) > AGE_MAX {
            return Err(Malformed::AgeTooHigh);
        }
        if fields.from > fields.to {
            return Err(Malformed::AgeOrder);
        }
        Ok(Self(fields))
    }
}

impl From<Age> for AgeFields {
    fn from(age: Age) -> Self {
        age.0
    }
}

impl Age {
    /// Both ends.
    pub const fn fields(&self) -> AgeFields {
        self.0
    }
}

/// A condition on flights before it is checked: what is given must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlightFields {
    /// Any of these carriers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carriers: Option<Values<Carrier>>,
    /// Any of these numbers of any of the carriers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Values<FlightNumber>>,
    /// First date of the flight, included.
    #[serde(default, with = "read::day", skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last date of the flight, included.
    #[serde(default, with = "read::day", skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// A condition on flights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FlightFields", into = "FlightFields")]
pub struct FlightCondition(FlightFields);

impl TryFrom<FlightFields> for FlightCondition {
    type Error = Malformed;

    fn try_from(fields: FlightFields) -> Result<Self, Malformed> {
        if fields.numbers.is_some() && fields.carriers.is_none() {
            return Err(Malformed::NumbersAlone);
        }
        if fields.carriers.is_none() && fields.from.is_none() && fields.to.is_none() {
            return Err(Malformed::AsksNothing);
        }
        if let (Some(from), Some(to)) = (fields.from, fields.to)
            && from > to
        {
            return Err(Malformed::DayOrder);
        }
        Ok(Self(fields))
    }
}

impl From<FlightCondition> for FlightFields {
    fn from(condition: FlightCondition) -> Self {
        condition.0
    }
}

impl FlightCondition {
    /// Everything as written.
    pub const fn fields(&self) -> &FlightFields {
        &self.0
    }
}

/// A condition on documents before it is checked: what is given must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFields {
    /// The code begins with any of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Values<DocumentClass>>,
    /// Any of these issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuers: Option<Values<State>>,
}

/// A condition on documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DocumentFields", into = "DocumentFields")]
pub struct DocumentCondition(DocumentFields);

impl TryFrom<DocumentFields> for DocumentCondition {
    type Error = Malformed;

    fn try_from(fields: DocumentFields) -> Result<Self, Malformed> {
        match (&fields.classes, &fields.issuers) {
            (None, None) => Err(Malformed::AsksNothing),
            (Some(_), _) | (_, Some(_)) => Ok(Self(fields)),
        }
    }
}

impl From<DocumentCondition> for DocumentFields {
    fn from(condition: DocumentCondition) -> Self {
        condition.0
    }
}

impl DocumentCondition {
    /// Everything as written.
    pub const fn fields(&self) -> &DocumentFields {
        &self.0
    }
}
