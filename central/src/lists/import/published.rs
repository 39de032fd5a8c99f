//! What published lists have in common: dates in words, numbers among words, names that come twice.

use egate_rules::watch::PartialDate;
use egate_types::StateCode;

use super::Odd;
use crate::{
    limits::{BIRTH_RANGE_YEARS_MAX, DOCUMENTS_MAX, NAMES_MAX},
    lists::entry::EntryDocument,
};

/// Adds a text that is not empty and not there yet. One more than any entry may have is enough for the entry to be refused, and as many
/// as are compared with each other.
pub(super) fn add(texts: &mut Vec<String>, text: &str) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !text.is_empty() && texts.len() <= NAMES_MAX && !texts.contains(&text) {
        texts.push(text);
    }
}

/// Adds a state that is not there yet.
pub(super) fn add_state(states: &mut Vec<StateCode>, state: StateCode) {
    if !states.contains(&state) {
        states.push(state);
    }
}

/// Adds a document if its number can be read, and not a second time.
pub(super) fn add_document(
    documents: &mut Vec<EntryDocument>,
    text: &str,
    class: &str,
    issuer: Option<StateCode>,
    odd: &mut Vec<Odd>,
) {
    let document = number(text).map(|number| EntryDocument {
        issuer,
        class: class.to_owned(),
        number,
        last_number: None,
    });
    let Some(document) = document.filter(|document| document.check().is_ok()) else {
        odd.push(Odd::Number);
        return;
    };
    // Remarks repeat a number without its state.
    let covers = |known: &EntryDocument| {
        known.number == document.number
            && known.class == document.class
            && (known.issuer == document.issuer || document.issuer.is_none())
    };
    if documents.len() <= DOCUMENTS_MAX && !documents.iter().any(covers) {
        documents.push(document);
    }
}

/// The number in a text such as `Passport no. X0 123 (expired)`; `None` if words remain that belong to no number.
fn number(text: &str) -> Option<String> {
    let text = text.split(" and ").next().unwrap_or(text);
    let lower = text.to_ascii_lowercase();
    let behind = |mark: &str| lower.rfind(mark).map(|at| at + mark.len());
    let begin = ["number", "no.", "booklet", "passport"]
        .into_iter()
        .filter_map(behind)
        .max();
    let text = text.get(begin.unwrap_or(0)..)?;
    let text = text.split(['(', ',']).next().unwrap_or(text);
    let text = text.split(" - ").next().unwrap_or(text);
    let text = text.trim().trim_start_matches([':', '#', '.']).trim();
    let is_word = |word: &str| word.len() > NUMBER_LETTERS_MAX && !word.contains(is_digit);
    let has_word = text.split_whitespace().any(is_word);
    (!has_word && text.contains(is_digit))
        .then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

const fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// An estimated date or range of years as the years around it; what has no years, or would have too many, as it is.
pub(super) fn around(births: &str) -> String {
    let year = |text: &str| text.trim().get(..4)?.parse::<u16>().ok();
    let (first, last) = births.split_once('/').unwrap_or((births, births));
    match (year(first), year(last)) {
        (Some(first), Some(last))
            if (first..=first + BIRTH_RANGE_YEARS_MAX / 2).contains(&last) =>
        {
            format!(
                "{:04}/{:04}",
                first.saturating_sub(CIRCA_YEARS),
                last + CIRCA_YEARS
            )
        }
        _ => births.to_owned(),
    }
}

/// Years that an estimate may be off.
const CIRCA_YEARS: u16 = 2;

/// A date of birth in words as [`crate::lists::entry::EntryFields::births`] has it: `03 May 1938`, `May 1938`, `1938`, with `circa` before it, or
/// two of them around `to`. Ranges within a month or year become that month or year, others years.
pub(super) fn birth(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(estimate) = text.strip_prefix("circa ") {
        return Some(around(&birth(estimate)?));
    }
    let Some((first, last)) = text.split_once(" to ") else {
        return Some(date(text)?.to_string());
    };
    let (first, last) = (date(first)?, date(last)?);
    let (from, to) = (first.year(), last.year());
    if first > last || to - from > BIRTH_RANGE_YEARS_MAX {
        return None;
    }
    Some(if first == last {
        first.to_string()
    } else if from == to && first.month().is_some() && first.month() == last.month() {
        format!("{from:04}-{:02}", first.month()?)
    } else if from == to {
        format!("{from:04}")
    } else {
        format!("{from:04}/{to:04}")
    })
}

/// One date in words.
fn date(text: &str) -> Option<PartialDate> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let year = words.pop()?;
    let month = match words.pop() {
        None => return PartialDate::parse(year),
        Some(word) => month(word)?,
    };
    match (words.pop(), words.pop()) {
        (None, _) => PartialDate::parse(&format!("{year}-{month:02}")),
        (Some(day), None) => PartialDate::parse(&format!("{year}-{month:02}-{day:0>2}")),
        (Some(_), Some(_)) => None,
    }
}

/// A month by its English name or the beginning of it, three letters at least.
fn month(word: &str) -> Option<usize> {
    let word = word.trim_end_matches('.').to_ascii_lowercase();
    let at = MONTHS
        .iter()
        .position(|month| word.len() >= 3 && month.starts_with(&word))?;
    Some(at + 1)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Letters that stand before the digits of a number; longer ones are words.
const NUMBER_LETTERS_MAX: usize = 3;
