//! Whether a condition holds: Kleene's logic of three values over what is known.

use egate_types::Date;
use serde::Serialize;

use super::{
    Subject,
    condition::{Age, Condition, Declared, DocumentCondition, FlightCondition, Stayed},
    journey::{Flight, Means, Stay},
    values::{Carrier, Values},
};

/// An answer, or that there is none. In this order `and` is the least and `or` the greatest of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It is known not to hold.
    No,
    /// Too little is known.
    Unknown,
    /// It is known to hold.
    Yes,
}

impl Truth {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::No, Self::Unknown, Self::Yes];

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// As a word in a sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "holds",
            Self::No => "does not hold",
            Self::Unknown => "not known",
        }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Condition {
    /// Whether it holds for somebody.
    pub fn truth(&self, subject: &Subject<'_>) -> Truth {
        match self {
            Self::All(parts) => least(parts.as_slice().iter().map(|part| part.truth(subject))),
            Self::Any(parts) => greatest(parts.as_slice().iter().map(|part| part.truth(subject))),
            Self::Not(part) => !part.truth(subject),
            Self::Stayed(stayed) => stayed.truth(subject),
            Self::Flight(flight) => flight.truth(subject),
            Self::Document(document) => document.truth(subject),
            Self::Age(age) => age.truth(subject),
            Self::Nationality(states) => states.hold(&subject.document.holder.nationality).into(),
            Self::Declared(declared) => declared.truth(subject),
        }
    }
}

/// `Yes` for none; nothing is asked any more once the answer is clear.
fn least(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut least = Truth::Yes;
    for truth in truths {
        least = least.and(truth);
        if least == Truth::No {
            break;
        }
    }
    least
}

/// `No` for none.
fn greatest(truths: impl Iterator<Item = Truth>) -> Truth {
    !least(truths.map(std::ops::Not::not))
}

impl Stayed {
    pub(super) fn truth(&self, subject: &Subject<'_>) -> Truth {
        let journey = subject.journey.fields();
        let of_stays = journey.stays.iter().map(|stay| self.meets(stay, subject));
        greatest(of_stays.chain([self.beyond_stays(subject)]))
    }

    /// Whether a stay is meant.
    pub(super) fn meets(&self, stay: &Stay, subject: &Subject<'_>) -> Truth {
        let recent = match stay.left.map(|left| subject.arrival.days() - left.days()) {
            // West over the date line one arrives the day before one left. Later than that is a mistake in one of the two dates.
            None | Some(..-1) => Truth::Unknown,
            Some(ago) => (ago <= self.within_days.get()).into(),
        };
        match recent {
            Truth::No => Truth::No,
            Truth::Yes | Truth::Unknown => recent.and(self.states.hold(stay.state.code()).into()),
        }
    }

    /// Whether there may be a stay that nobody told of.
    pub(super) fn beyond_stays(&self, subject: &Subject<'_>) -> Truth {
        let complete = subject.journey.fields().stays_complete_since;
        match complete.is_some_and(|since| since <= self.first_day(subject)) {
            true => Truth::No,
            false => Truth::Unknown,
        }
    }

    /// Whoever left before this day is not meant.
    pub(super) fn first_day(&self, subject: &Subject<'_>) -> Date {
        subject.arrival.plus_days(-self.within_days.get())
    }
}

impl FlightCondition {
    pub(super) fn truth(&self, subject: &Subject<'_>) -> Truth {
        let journey = subject.journey.fields();
        match (&journey.flight, journey.means) {
            (Some(flight), _) => {
                let parts = [self.carrier(flight), self.number(flight), self.date(flight)];
                least(parts.into_iter())
            }
            (None, Some(Means::Land | Means::Sea)) => Truth::No,
            (None, Some(Means::Air) | None) => Truth::Unknown,
        }
    }

    pub(super) fn carrier(&self, flight: &Flight) -> Truth {
        match (&self.fields().carriers, &flight.carrier) {
            (None, _) => Truth::Yes,
            (Some(_), None) => Truth::Unknown,
            (Some(carriers), Some(carrier)) => carriers.hold(carrier),
        }
    }

    pub(super) fn number(&self, flight: &Flight) -> Truth {
        match (&self.fields().numbers, &flight.number) {
            (None, _) => Truth::Yes,
            (Some(_), None) => Truth::Unknown,
            (Some(numbers), Some(number)) => numbers.as_slice().contains(number).into(),
        }
    }

    pub(super) fn date(&self, flight: &Flight) -> Truth {
        let (from, to) = (self.fields().from, self.fields().to);
        match flight.date {
            Some(date) => {
                (from.is_none_or(|from| from <= date) && to.is_none_or(|to| date <= to)).into()
            }
            None if from.is_none() && to.is_none() => Truth::Yes,
            None => Truth::Unknown,
        }
    }
}

impl Values<Carrier> {
    /// Whether a carrier is among these. Who names any code of the scheme that the flight is named in has named all that are meant;
    /// who names none of it has not said whether this one is.
    fn hold(&self, carrier: &Carrier) -> Truth {
        if self.as_slice().contains(carrier) {
            return Truth::Yes;
        }
        let scheme = |carrier: &Carrier| carrier.as_str().len();
        let comparable = self
            .as_slice()
            .iter()
            .any(|of| scheme(of) == scheme(carrier));
        if comparable {
            Truth::No
        } else {
            Truth::Unknown
        }
    }
}

impl DocumentCondition {
    pub(super) fn truth(&self, subject: &Subject<'_>) -> Truth {
        let code = subject.document.code.trim_end_matches('<');
        let class = match &self.fields().classes {
            None => Truth::Yes,
            Some(_) if code.is_empty() => Truth::Unknown,
            Some(classes) => {
                let mut classes = classes.as_slice().iter();
                classes.any(|class| code.starts_with(class.as_str())).into()
            }
        };
        let issuers = self.fields().issuers.as_ref();
        class.and(
            issuers
                .is_none_or(|of| of.hold(&subject.document.issuer))
                .into(),
        )
    }
}

impl Age {
    pub(super) fn truth(&self, subject: &Subject<'_>) -> Truth {
        match years(subject) {
            Some(years) => (i32::from(self.fields().from)..=i32::from(self.fields().to))
                .contains(&years)
                .into(),
            None => Truth::Unknown,
        }
    }
}

/// Full years on the day of arrival; `None` without a complete date of birth, or with one after it, which cannot be right.
pub(super) fn years(subject: &Subject<'_>) -> Option<i32> {
    let (birth, day) = (subject.document.holder.date_of_birth?, subject.arrival);
    // 28 February comes before 29 February in every year, so that those born then wait for 1 March.
    let before_birthday = (day.month(), day.day()) < (birth.month(), birth.day());
    (birth <= day).then(|| day.year() - birth.year() - i32::from(before_birthday))
}

impl Declared {
    pub(super) fn truth(&self, subject: &Subject<'_>) -> Truth {
        match subject.journey.fields().declarations.get(&self.question) {
            Some(answer) => self.answers.as_slice().contains(answer).into(),
            None => Truth::Unknown,
        }
    }
}
