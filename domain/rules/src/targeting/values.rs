//! The values that conditions and journeys are made of. Each is checked when it is made, so that nothing is checked again.

use std::fmt;

use egate_types::StateCode;
use serde::{Deserialize, Serialize};

/// Values of one list: all states of a continent, twice over. Longer lists are several conditions.
const LIST_VALUES_MAX: usize = 100;
/// Days before arrival that a rule may ask about: longer than any incubation or quarantine known to health regulations.
const DAYS_MAX: u16 = 365;
/// Bytes of the name of a question, and of an answer: codes of a form, never free text.
const CODE_BYTES_MAX: usize = 64;

/// What is wrong with a part of a rule or a journey. Never says what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A list that holds for nobody.
    #[error("the list is empty")]
    Empty,
    /// A list that nobody can review.
    #[error("the list has more than {LIST_VALUES_MAX} values")]
    TooMany,
    /// Two-letter codes would never be met in a document.
    #[error("is no code of three capital letters, or D for Germany")]
    State,
    /// No carrier.
    #[error(
        "is no carrier: two capital letters or digits, a letter among them (IATA), or three letters (ICAO)"
    )]
    Carrier,
    /// No flight number.
    #[error("is no flight number: one to four digits and at most one capital letter behind them")]
    FlightNumber,
    /// No document class.
    #[error("is no document class of one or two capital letters")]
    DocumentClass,
    /// Too far back, or not at all.
    #[error("is not between 1 and {DAYS_MAX} days")]
    Days,
    /// No age.
    #[error("an age is greater than 130 years")]
    AgeTooHigh,
    /// Nobody has that age.
    #[error("from is greater than to")]
    AgeOrder,
    /// No day is in it.
    #[error("from is after to")]
    DayOrder,
    /// No day.
    #[error("is no day of the form YYYY-MM-DD")]
    Day,
    /// No instant.
    #[error("is no instant of the form YYYY-MM-DDTHH:MM:SSZ")]
    Instant,
    /// A predicate that every traveller fulfils.
    #[error("asks for nothing")]
    AsksNothing,
    /// Flight 12 of any carrier is no flight.
    #[error("numbers without carriers")]
    NumbersAlone,
    /// No question.
    #[error(
        "is no name of a question: 1 to {CODE_BYTES_MAX} of small letters, digits and - _ . characters"
    )]
    Question,
    /// No answer.
    #[error("is no answer: 1 to {CODE_BYTES_MAX} printable characters of ASCII without blanks")]
    Answer,
}

/// One to a hundred values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>")]
pub struct Values<T>(Vec<T>);

impl<T> TryFrom<Vec<T>> for Values<T> {
    type Error = Malformed;

    fn try_from(values: Vec<T>) -> Result<Self, Malformed> {
        match values.len() {
            0 => Err(Malformed::Empty),
            1..=LIST_VALUES_MAX => Ok(Self(values)),
            _ => Err(Malformed::TooMany),
        }
    }
}

impl<T> Values<T> {
    /// All of them, in the order written.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: fmt::Display> fmt::Display for Values<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().enumerate() {
            write!(f, "{}{value}", if at == 0 { "" } else { "/" })?;
        }
        Ok(())
    }
}

/// A state as rules and journeys write it: three letters, or `D`.
///
/// Germany is `D` in the machine readable zone (ICAO 9303-3 §5) and `DEU` in lists and bookings (ISO 3166-1). Each is kept as written,
/// and they are equal wherever states are compared here. No other code of one or two letters is accepted: it would never be met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct State(StateCode);

impl State {
    /// Checks a code.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let code =
            StateCode::parse(text).filter(|code| matches!(code.as_str(), "D") || len_3(code));
        code.map(Self).ok_or(Malformed::State)
    }

    /// The code as written.
    pub const fn code(&self) -> &StateCode {
        &self.0
    }
}

fn len_3(code: &StateCode) -> bool {
    code.as_str().len() == 3
}

impl TryFrom<String> for State {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

impl From<State> for String {
    fn from(state: State) -> Self {
        state.0.into()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Values<State> {
    /// Whether a state is among these.
    pub(super) fn hold(&self, code: &StateCode) -> bool {
        let sought = as_in_zones(code);
        self.0.iter().any(|state| as_in_zones(&state.0) == sought)
    }
}

fn as_in_zones(code: &StateCode) -> &str {
    match code.as_str() {
        "DEU" => "D",
        other => other,
    }
}

/// Days before arrival, 1 to 365.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Days(u16);

impl TryFrom<u64> for Days {
    type Error = Malformed;

    fn try_from(days: u64) -> Result<Self, Malformed> {
        let days = u16::try_from(days).map_err(|_| Malformed::Days)?;
        match days {
            1..=DAYS_MAX => Ok(Self(days)),
            _ => Err(Malformed::Days),
        }
    }
}

impl Days {
    /// How many.
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }
}

/// A text of a closed form: what is not of it does not become one.
macro_rules! text_value {
    ($(#[$meta:meta])* $name:ident, $malformed:expr, $read:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks a text.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let read: fn(&str) -> Option<&str> = $read;
                read(text).map(|text| Self(text.to_owned())).ok_or($malformed)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_value! {
    /// A carrier by its IATA code (two characters) or its ICAO code (three letters).
    ///
    /// The two cannot be compared without a table that changes every month: a condition that is to meet both names both.
    #[derive(Debug)]
    Carrier, Malformed::Carrier, |text| {
        let letters = text.bytes().filter(u8::is_ascii_uppercase).count();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        matches!((letters, digits), (2, 0) | (1, 1) | (3, 0)).then_some(text)
            .filter(|text| text.len() == letters + digits)
    }
}

text_value! {
    /// A flight number without its carrier: `12`, `1234A`. Leading zeros say nothing and are left off.
    #[derive(Debug)]
    FlightNumber, Malformed::FlightNumber, |text| {
        let digits = text.strip_suffix(|c: char| c.is_ascii_uppercase()).unwrap_or(text);
        let well_formed = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let zeros = digits.bytes().take_while(|b| *b == b'0').count().min(digits.len().saturating_sub(1));
        text.get(zeros..).filter(|_| well_formed)
    }
}

text_value! {
    /// The first letters of a document code: `P` is every passport, `PD` only those whose zone says so (ICAO 9303-4 §4.2.2).
    #[derive(Debug)]
    DocumentClass, Malformed::DocumentClass, |text| {
        let well_formed = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        well_formed.then_some(text)
    }
}

text_value! {
    /// The name of a question as the declaration form has it: `fever`, `fruit.fresh`.
    #[derive(Debug)]
    Question, Malformed::Question, |text| {
        let holds = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        let well_formed = (1..=CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(holds);
        well_formed.then_some(text)
    }
}

text_value! {
    /// An answer as the declaration form codes it: `yes`, `38.5`, `UTO`. Compared letter by letter.
    Answer, Malformed::Answer, |text| {
        let well_formed = (1..=CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        well_formed.then_some(text)
    }
}

/// What somebody declares about health or belongings is for officers alone.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}
