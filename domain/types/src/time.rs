//! Time as values: a monotonic clock for deadlines, UTC for the record, calendar dates.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds on a clock that never goes back; the origin is the start of the process.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct MonoTime(pub u64);

impl MonoTime {
    /// The instant `ms` later; saturates.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`; zero if `earlier` is later.
    pub fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// An instant of UTC in milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UtcTime(pub i64);

impl UtcTime {
    /// The instant `ms` later (or earlier, if negative); saturates.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The calendar date of the instant in UTC.
    pub fn date(self) -> Date {
        Date::from_days(self.0.div_euclid(86_400_000))
    }

    /// Parses RFC 3339 in UTC, `YYYY-MM-DDTHH:MM:SSZ`, with or without milliseconds.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let malformed = || DateError::MalformedInstant;
        let (date, time) = text.split_once('T').ok_or_else(malformed)?;
        let time = time.strip_suffix('Z').ok_or_else(malformed)?;
        let (time, ms) = time.split_once('.').unwrap_or((time, "000"));
        let mut parts = time.splitn(3, ':').chain([ms]);
        let mut number = |width: usize, below: i64| {
            parts
                .next()
                .filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|p| p.parse::<i64>().ok())
                .filter(|number| *number < below)
                .ok_or_else(malformed)
        };
        let (hours, minutes) = (number(2, 24)?, number(2, 60)?);
        let (seconds, ms) = (number(2, 60)?, number(3, 1_000)?);
        let days = Date::parse(date)?.days();
        let seconds = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
        Ok(Self(seconds * 1_000 + ms))
    }
}

impl fmt::Display for UtcTime {
    /// RFC 3339 with milliseconds, e.g. `2026-11-23T09:41:26.007Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms_of_day = self.0.rem_euclid(86_400_000);
        write!(
            f,
            "{}T{:02}:{:02}:{:02}.{:03}Z",
            self.date(),
            ms_of_day / 3_600_000,
            ms_of_day / 60_000 % 60,
            ms_of_day / 1_000 % 60,
            ms_of_day % 1_000
        )
    }
}

/// A date of the proleptic Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

/// Why a text or triple is not a date.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DateError {
    /// Month or day does not exist, or the year is outside 1..=9999.
    #[error("{year:04}-{month:02}-{day:02} is not a calendar date")]
    NoSuchDay {
        /// Year as given.
        year: i32,
        /// Month as given.
        month: u8,
        /// Day as given.
        day: u8,
    },
    /// Not of the form `YYYY-MM-DD`.
    #[error("{0:?} is not of the form YYYY-MM-DD")]
    Malformed(String),
    /// Not of the form `YYYY-MM-DDTHH:MM:SSZ`.
    #[error("an instant is not of the form YYYY-MM-DDTHH:MM:SSZ")]
    MalformedInstant,
}

impl Date {
    /// Checks the triple.
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self, DateError> {
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month);
        if valid {
            Ok(Self { year, month, day })
        } else {
            Err(DateError::NoSuchDay { year, month, day })
        }
    }

    /// Parses `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let malformed = || DateError::Malformed(text.chars().take(32).collect());
        let mut parts = text.splitn(3, '-');
        let mut number = |width: usize| {
            parts
                .next()
                .filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|p| p.parse::<u16>().ok())
                .ok_or_else(malformed)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let byte = |n: u16| u8::try_from(n).map_err(|_| malformed());
        Self::new(i32::from(year), byte(month)?, byte(day)?)
    }

    /// Year, 1..=9999.
    pub fn year(self) -> i32 {
        self.year
    }

    /// Month, 1..=12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, 1..=31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The date `days` after 1970-01-01 (civil-from-days over 400-year eras).
    pub fn from_days(days: i64) -> Self {
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: i32::try_from(year).unwrap_or(i32::MAX),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The date `days` later (or earlier, if negative).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self::from_days(self.days() + days)
    }
}

fn days_in_month(year: i32, month: u8) -> u8 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;
    fn try_from(text: String) -> Result<Self, DateError> {
        Self::parse(&text)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_instants_print_as_rfc_3339() {
        assert_eq!(UtcTime(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            UtcTime(951_782_400_001).to_string(),
            "2000-02-29T00:00:00.001Z"
        );
        assert_eq!(UtcTime(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for bad in [
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "24-01-01",
            "2024-1-1",
            "x",
            "",
        ] {
            assert!(Date::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn instants_that_do_not_exist_are_refused() {
        assert_eq!(UtcTime::parse("1970-01-01T00:00:01Z"), Ok(UtcTime(1_000)));
        for bad in [
            "2026-02-29T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T09:60:00Z",
            "2026-11-23T09:41:60Z",
            "2026-11-23T09:41:26",
            "2026-11-23T09:41:26+00:00",
            "2026-11-23T09:41Z",
            "2026-11-23T09:41:26.1Z",
            "2026-11-23T09:41:26.1234Z",
            "2026-11-23T09:41:26:00Z",
            "2026-11-23T+9:41:26Z",
            "2026-11-23",
            "",
        ] {
            assert!(UtcTime::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    proptest! {
        #[test]
        fn instants_and_their_texts_are_inverse(ms in -62_135_596_800_000i64..253_402_300_800_000) {
            let instant = UtcTime(ms);
            prop_assert_eq!(UtcTime::parse(&instant.to_string()), Ok(instant));
        }

        #[test]
        fn days_and_dates_are_inverse(days in -700_000i64..2_900_000) {
            let date = Date::from_days(days);
            prop_assert_eq!(date.days(), days);
            prop_assert_eq!(Date::parse(&date.to_string()), Ok(date));
        }
    }
}
