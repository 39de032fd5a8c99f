//! Dates of birth as lists and documents know them: complete, without a day, a year alone, or not at all.

use std::fmt;

/// A date of which the end may be unknown. ICAO 9303-3 §4.8 writes unknown parts as fillers; lists write `1965` or `1965-07`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PartialDate {
    year: u16,
    /// 1 to 12, or 0 for unknown.
    month: u8,
    /// 1 to 31, or 0 for unknown.
    day: u8,
}

/// How two dates of birth relate, from the best to the worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum BirthRelation {
    /// Two complete dates are equal.
    Exact,
    /// Year and month are equal and one side knows no day.
    SameMonth,
    /// Two complete dates with day and month exchanged.
    DayMonthSwapped,
    /// Two complete dates; year and one of day and month are equal.
    OnePartOff,
    /// Two complete dates; day and month are equal, the years are one misread or exchanged digit apart.
    YearDigitOff,
    /// The years are equal and one side knows nothing more.
    SameYear,
    /// Nothing to compare.
    Unknown,
    /// Two complete dates, day and month equal, years apart by more than a digit's error.
    SameDayOtherYear,
    /// One side is partial, and the years are one apart.
    AboutOneYear,
    /// Same year, but month and day both differ; or month differs where one has no day.
    OtherMonth,
    /// Complete dates at most two years apart, or partial ones as far.
    OtherNear,
    /// Up to [`FAR_YEARS`] years apart, or more where one side is partial.
    Other,
    /// More than [`FAR_YEARS`] years apart, or [`FAR_YEARS_OF_PARTIAL`] where one side is partial: another person, however
    /// much the names agree.
    Far,
}

/// Years between two dates of birth from which no name outweighs them.
pub const FAR_YEARS: u16 = 5;
/// The same where one side has no complete date: a year alone is often an estimate.
pub const FAR_YEARS_OF_PARTIAL: u16 = 10;

impl BirthRelation {
    /// All relations, in the order of the weights.
    pub const ALL: [Self; 13] = [
        Self::Exact,
        Self::SameMonth,
        Self::DayMonthSwapped,
        Self::OnePartOff,
        Self::YearDigitOff,
        Self::SameYear,
        Self::Unknown,
        Self::SameDayOtherYear,
        Self::AboutOneYear,
        Self::OtherMonth,
        Self::OtherNear,
        Self::Other,
        Self::Far,
    ];

    /// The rule in words, for an officer.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Exact => "the same date",
            Self::SameMonth => "the same year and month, one side has no day",
            Self::DayMonthSwapped => "day and month exchanged",
            Self::OnePartOff => "one of day and month differs",
            Self::YearDigitOff => "the same day and month, one digit of the year differs",
            Self::SameYear => "the same year, one side has no more",
            Self::Unknown => "not known on one side",
            Self::SameDayOtherYear => "the same day and month of another year",
            Self::AboutOneYear => "a year apart, one side gives no full date",
            Self::OtherMonth => "the same year, another month",
            Self::OtherNear => "at most two years apart",
            Self::Other => "years apart",
            Self::Far => "more than five years apart",
        }
    }
}

impl PartialDate {
    /// Reads `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| match parts.next() {
            None => Some(0),
            Some(part) => (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))
                .then(|| part.parse::<u16>().ok())
                .flatten()
                .filter(|&value| value > 0),
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let known = year > 0 && parts.next().is_none() && month <= 12;
        (known && day <= days_in_month(year, month)).then_some(Self {
            year,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }

    /// Reads a complete date that somebody typed or read wrongly: one-digit months and days, month 13, day 32.
    ///
    /// Such a date is the evidence there is: it may be one part away from the right one.
    pub fn parse_misread(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |digits: std::ops::RangeInclusive<usize>| {
            let part = parts.next()?;
            let plain = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (year, month, day) = (number(4..=4)?, number(1..=2)?, number(1..=2)?);
        let known = year > 0 && month > 0 && day > 0 && parts.next().is_none();
        known.then_some(Self {
            year,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }

    /// Year of the Gregorian calendar.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// Month, if known.
    pub const fn month(self) -> Option<u8> {
        if self.month == 0 {
            None
        } else {
            Some(self.month)
        }
    }

    /// Day of the month, if known.
    pub const fn day(self) -> Option<u8> {
        if self.day == 0 { None } else { Some(self.day) }
    }

    /// Packed so that packed dates sort as dates do, a partial one before those it may stand for; below 2^28 and never 0.
    pub(super) fn packed(self) -> u32 {
        (u32::from(self.year) << 14) | (u32::from(self.month) << 7) | u32::from(self.day)
    }

    /// The date that [`Self::packed`] made; `None` for what it cannot have made.
    pub(super) fn unpacked(packed: u32) -> Option<Self> {
        let seven = |bits: u32| u8::try_from(bits & 0x7F).ok();
        let date = Self {
            year: u16::try_from(packed >> 14).ok()?,
            month: seven(packed >> 7)?,
            day: seven(packed)?,
        };
        (date.year > 0 && (date.month > 0 || date.day == 0)).then_some(date)
    }

    /// Day and month exchanged, if that is another date that may be meant.
    pub(super) fn swapped(self) -> Option<Self> {
        let swapped = Self {
            month: self.day,
            day: self.month,
            ..self
        };
        (self.complete() && swapped != self).then_some(swapped)
    }

    /// First and last packed dates: of the dates it may stand for, then the same month and the same year with less known.
    pub(super) fn lookup(self) -> Vec<(u32, u32)> {
        let month = Self { day: 0, ..self };
        let year = Self { month: 0, ..month };
        let alone = |date: Self| (date.packed(), date.packed());
        let all_of = |date: Self, bits: u32| (date.packed(), date.packed() | ((1 << bits) - 1));
        if self.complete() {
            vec![alone(self), alone(month), alone(year)]
        } else if self.month > 0 {
            vec![all_of(self, 7), alone(year)]
        } else {
            vec![all_of(self, 14)]
        }
    }

    /// The first and the last packed date of the years around it.
    pub(super) fn lookup_years(self) -> (u32, u32) {
        let year = u32::from(self.year);
        (year.saturating_sub(1) << 14, ((year + 2) << 14) - 1)
    }

    const fn complete(self) -> bool {
        self.day != 0
    }

    /// How the two relate; symmetric.
    pub fn relation(self, other: Self) -> BirthRelation {
        let years = self.year.abs_diff(other.year);
        if self.complete() && other.complete() {
            self.relation_of_complete(other, years)
        } else if years == 0 {
            match (self.month, other.month) {
                (0, _) | (_, 0) => BirthRelation::SameYear,
                (a, b) if a == b => BirthRelation::SameMonth,
                _ => BirthRelation::OtherMonth,
            }
        } else if years == 1 {
            BirthRelation::AboutOneYear
        } else if one_digit_apart(self.year, other.year) {
            // The day and the month that would confirm an error of one digit are not known.
            conflict(years).min(BirthRelation::Other)
        } else if years <= FAR_YEARS_OF_PARTIAL {
            conflict(years.min(FAR_YEARS))
        } else {
            BirthRelation::Far
        }
    }

    fn relation_of_complete(self, other: Self, years: u16) -> BirthRelation {
        let (month, day) = (self.month == other.month, self.day == other.day);
        match (years, month, day) {
            (0, true, true) => BirthRelation::Exact,
            (0, ..) if self.month == other.day && self.day == other.month => {
                BirthRelation::DayMonthSwapped
            }
            (0, true, false) | (0, false, true) => BirthRelation::OnePartOff,
            (0, false, false) => BirthRelation::OtherMonth,
            (_, true, true) if years == 1 || one_digit_apart(self.year, other.year) => {
                BirthRelation::YearDigitOff
            }
            (_, true, true) if years <= FAR_YEARS => BirthRelation::SameDayOtherYear,
            _ => conflict(years),
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.month > 0 {
            write!(f, "-{:02}", self.month)?;
        }
        if self.day > 0 {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }
}

/// The best relation among all that both sides know.
pub fn best_relation(one: &[PartialDate], other: &[PartialDate]) -> BirthRelation {
    one.iter()
        .flat_map(|a| other.iter().map(|b| a.relation(*b)))
        .min()
        .unwrap_or(BirthRelation::Unknown)
}

const fn conflict(years: u16) -> BirthRelation {
    match years {
        0..=2 => BirthRelation::OtherNear,
        3..=FAR_YEARS => BirthRelation::Other,
        _ => BirthRelation::Far,
    }
}

/// One digit misread, or two digits exchanged.
fn one_digit_apart(one: u16, other: u16) -> bool {
    let digits = |mut year: u16| {
        let mut digits = [0u16; 4];
        for digit in digits.iter_mut().rev() {
            *digit = year % 10;
            year /= 10;
        }
        digits
    };
    let (a, b) = (digits(one), digits(other));
    let differing = a.iter().zip(&b).filter(|(x, y)| x != y).count();
    let sorted = |mut digits: [u16; 4]| {
        digits.sort_unstable();
        digits
    };
    differing == 1 || (differing == 2 && sorted(a) == sorted(b))
}

const fn days_in_month(year: u16, month: u16) -> u16 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        0 => 0,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(one: &str, other: &str) -> BirthRelation {
        let (a, b) = (
            PartialDate::parse(one).unwrap(),
            PartialDate::parse(other).unwrap(),
        );
        assert_eq!(a.relation(b), b.relation(a), "{one} {other}");
        a.relation(b)
    }

    #[test]
    fn dates_relate_by_what_both_know() {
        use BirthRelation as R;
        for (one, other, expected) in [
            ("1970-05-06", "1970-05-06", R::Exact),
            ("1970-05", "1970-05-06", R::SameMonth),
            ("1970-05-06", "1970-06-05", R::DayMonthSwapped),
            ("1970-05-06", "1970-05-16", R::OnePartOff),
            ("1970-05-06", "1976-05-06", R::YearDigitOff),
            ("1974-05-06", "1947-05-06", R::YearDigitOff),
            ("1979-05-06", "1982-05-06", R::SameDayOtherYear),
            ("1979-05-06", "1992-05-06", R::Far),
            ("1970", "1970-05-06", R::SameYear),
            ("1970", "1971-05-06", R::AboutOneYear),
            ("1970-01-02", "1970-03-04", R::OtherMonth),
            ("1970-01-02", "1972-03-04", R::OtherNear),
            ("1970-01-02", "1975-03-04", R::Other),
            ("1970-01-02", "1976-03-04", R::Far),
            ("1970", "1976-03-04", R::Other),
            ("1970", "1980-03-04", R::Other),
            ("1974", "1984-11-02", R::Other),
            ("1974", "1947-11-02", R::Other),
            ("1970-05", "1981-05-06", R::Far),
        ] {
            assert_eq!(relation(one, other), expected, "{one} {other}");
        }
        assert_eq!(best_relation(&[], &[]), R::Unknown);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "70",
            "1970-13",
            "1970-00",
            "1970-02-30",
            "1970-1-1",
            "1970-01-01-",
            "+970",
            "0000",
        ] {
            assert_eq!(PartialDate::parse(text), None, "{text}");
        }
        assert_eq!(
            PartialDate::parse("2024-02-29").unwrap().to_string(),
            "2024-02-29"
        );
    }
}
