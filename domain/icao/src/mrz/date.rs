//! Dates of six characters (ICAO 9303-3 §4.8): two-digit years, and parts that are unknown.

use std::fmt;

use egate_types::Date;

use crate::limits::EXPIRY_YEARS_AHEAD_MAX;

/// A date as far as the zone states it. Never prints: a date of birth is a person's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MrzDate {
    /// Year with its century, if known.
    pub year: Option<i32>,
    /// Month, 1 to 12, if known.
    pub month: Option<u8>,
    /// Day, 1 to 31, if known.
    pub day: Option<u8>,
}

impl MrzDate {
    /// The calendar day, if every part is known.
    pub fn complete(self) -> Option<Date> {
        Date::new(self.year?, self.month?, self.day?).ok()
    }
}

impl fmt::Debug for MrzDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MrzDate(..)")
    }
}

/// How a two-digit year gets its century.
#[derive(Clone, Copy)]
pub(crate) enum Century {
    /// Nobody is born after today.
    Birth,
    /// Nothing is valid for longer than [`EXPIRY_YEARS_AHEAD_MAX`] years.
    Expiry,
}

/// Reads `YYMMDD`, each part two digits or, if unknown, two fillers. The error is the rule that is broken.
pub(crate) fn parse(text: &str, century: Century, today: Date) -> Result<MrzDate, &'static str> {
    let year = part(text, 0)?;
    let month = part(text, 2)?;
    let day = part(text, 4)?;
    if month.is_some_and(|month| !(1..=12).contains(&month))
        || day.is_some_and(|day| !(1..=31).contains(&day))
    {
        return Err(NO_SUCH_DAY);
    }
    let Some(year) = year else {
        return Ok(MrzDate {
            year: None,
            month,
            day,
        });
    };
    let year = match century {
        Century::Birth => birth_year(i32::from(year), month, day, today),
        Century::Expiry => expiry_year(i32::from(year), today),
    };
    if let (Some(month), Some(day)) = (month, day) {
        Date::new(year, month, day).map_err(|_| NO_SUCH_DAY)?;
    }
    Ok(MrzDate {
        year: Some(year),
        month,
        day,
    })
}

/// `YYMMDD`, or fillers for an unknown date.
pub(crate) fn yymmdd(date: Option<Date>) -> String {
    match date {
        Some(date) => format!(
            "{:02}{:02}{:02}",
            date.year().rem_euclid(100),
            date.month(),
            date.day()
        ),
        None => "<<<<<<".to_owned(),
    }
}

const NO_SUCH_DAY: &str = "no such calendar day (9303-3 §4.8)";
const SIX_DIGITS: &str =
    "a date is YYMMDD in digits, each unknown part in two fillers (9303-3 §4.8)";

fn part(text: &str, start: usize) -> Result<Option<u8>, &'static str> {
    match text.get(start..start.saturating_add(2)) {
        Some("<<") => Ok(None),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| SIX_DIGITS)
        }
        Some(_) | None => Err(SIX_DIGITS),
    }
}

/// The latest year that does not put the birth behind today, nor on a day that this century's calendar lacks.
fn birth_year(two_digits: i32, month: Option<u8>, day: Option<u8>, today: Date) -> i32 {
    let this_century = today.year() - today.year().rem_euclid(100) + two_digits;
    // Unknown parts get the benefit of the doubt: the first month, the first day.
    let born = match Date::new(this_century, month.unwrap_or(1), day.unwrap_or(1)) {
        Ok(earliest) => earliest <= today,
        Err(_) => this_century < today.year(),
    };
    if born {
        this_century
    } else {
        this_century - 100
    }
}

fn expiry_year(two_digits: i32, today: Date) -> i32 {
    let latest = today.year() + EXPIRY_YEARS_AHEAD_MAX;
    let this_century = today.year() - today.year().rem_euclid(100) + two_digits;
    if this_century > latest {
        this_century - 100
    } else if this_century + 100 <= latest {
        this_century + 100
    } else {
        this_century
    }
}
