//! Personal texts, dates and pictures: wiped when dropped, never printed.

use std::fmt;

use egate_types::Date;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{DeviationKind, Portrait, PortraitFormat, reader::Notes};

/// A text about a person or a document. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PersonalText(String);

impl PersonalText {
    /// The text as stored; `<` separates its parts (ICAO 9303-10 §4.7.11).
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The parts between fillers, without empty ones.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('<').filter(|part| !part.is_empty())
    }

    /// UTF-8; else Latin-1, which every byte is a character of, with a note.
    pub(super) fn read(tag: u32, value: &[u8], notes: &mut Notes) -> Self {
        match std::str::from_utf8(value) {
            Ok(text) => Self(text.to_owned()),
            Err(_) => {
                notes.add(DeviationKind::NotUtf8(tag));
                let mut text = String::with_capacity(value.len().saturating_mul(2));
                text.extend(value.iter().map(|byte| char::from(*byte)));
                Self(text)
            }
        }
    }
}

impl fmt::Debug for PersonalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalText(..)")
    }
}

/// A date, or a date and a time, as its digits: `YYYYMMDD` or `YYYYMMDDhhmmss`. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PersonalDate(String);

impl PersonalDate {
    /// The digits; what else was stored if they are none.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The calendar date, if the first eight digits are one.
    pub fn calendar_date(&self) -> Option<Date> {
        let number = |from: usize, to: usize| self.0.get(from..to)?.parse::<u16>().ok();
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let byte = |number: u16| u8::try_from(number).ok();
        Date::new(i32::from(year), byte(month)?, byte(day)?).ok()
    }

    /// Text of `digits` digits, or as many packed two to a byte, which older issuers write.
    pub(super) fn read(tag: u32, digits: usize, value: &[u8], notes: &mut Notes) -> Self {
        if value.len() == digits && value.iter().all(u8::is_ascii_digit) {
            return Self(value.iter().map(|byte| char::from(*byte)).collect());
        }
        let nibbles = || value.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        if value.len().checked_mul(2) == Some(digits) && nibbles().all(|nibble| nibble <= 9) {
            return Self(nibbles().map(|nibble| char::from(b'0' | nibble)).collect());
        }
        notes.add(DeviationKind::NotADate(tag));
        let mut text = PersonalText::read(tag, value, notes);
        Self(std::mem::take(&mut text.0))
    }
}

impl fmt::Debug for PersonalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalDate(..)")
    }
}

/// Bytes about a person or a document, mostly a picture. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PersonalBytes(Vec<u8>);

impl PersonalBytes {
    /// The bytes as stored.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as an image, if they begin like one.
    pub fn image(&self) -> Option<Portrait> {
        Some(Portrait {
            format: PortraitFormat::of(&self.0)?,
            bytes: self.0.clone(),
        })
    }

    pub(crate) fn read(value: &[u8]) -> Self {
        Self(value.to_vec())
    }
}

impl fmt::Debug for PersonalBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonalBytes({} bytes)", self.0.len())
    }
}
