//! An entry as packed in a snapshot: what the score needs and an officer is shown.
//!
//! Id (8), sex (1), number of births (1), nationalities (1), places (1) and names (2); then births (4 each, packed),
//! nationalities (3 each), places and names (length (2), UTF-8).

use egate_types::Sex;

use super::{
    super::{
        date::PartialDate,
        known::KnownWords,
        person::{Person, PreparedName, PreparedPerson, nationality_key},
        rarity::Rarity,
    },
    build::EntryError,
};

/// The number by which its owner knows an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntryId(pub u64);

/// A listed person.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Unique in its list.
    pub id: EntryId,
    /// What is known of the person.
    pub person: Person,
}

/// Appends the record of an entry.
pub fn write(entry: &Entry, out: &mut Vec<u8>) -> Result<(), EntryError> {
    let person = &entry.person;
    let byte = |count: usize| u8::try_from(count).map_err(|_| EntryError::TooMuch);
    let short = |count: usize| u16::try_from(count).map_err(|_| EntryError::TooMuch);
    out.extend(entry.id.0.to_le_bytes());
    out.push(match person.sex {
        Sex::Unspecified => 0,
        Sex::Female => 1,
        Sex::Male => 2,
    });
    out.push(byte(person.births.len())?);
    out.push(byte(person.nationalities.len())?);
    out.push(byte(person.places_of_birth.len())?);
    out.extend(short(person.names.len())?.to_le_bytes());
    for birth in &person.births {
        out.extend(birth.packed().to_le_bytes());
    }
    for code in &person.nationalities {
        let mut padded = [b' '; 3];
        let place = padded.get_mut(..code.len()).ok_or(EntryError::TooMuch)?;
        place.copy_from_slice(code.as_bytes());
        out.extend(padded);
    }
    for text in person.places_of_birth.iter().chain(&person.names) {
        out.extend(short(text.len())?.to_le_bytes());
        out.extend(text.as_bytes());
    }
    Ok(())
}

/// A record, read as far as it is asked for; what does not fit its form ends it.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Of the entry.
    pub id: EntryId,
    sex: Sex,
    births: &'a [[u8; 4]],
    nationalities: &'a [[u8; 3]],
    places: u8,
    names: u16,
    texts: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at the beginning of `bytes`.
    pub fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let id = u64::from_le_bytes(*take::<8>(&mut bytes)?);
        let [sex, births, nationalities, places] = *take::<4>(&mut bytes)?;
        let names = u16::from_le_bytes(*take::<2>(&mut bytes)?);
        let (births, rest) = bytes.split_at_checked(4 * usize::from(births))?;
        let (nationalities, texts) = rest.split_at_checked(3 * usize::from(nationalities))?;
        Some(Self {
            id: EntryId(id),
            sex: match sex {
                1 => Sex::Female,
                2 => Sex::Male,
                _ => Sex::Unspecified,
            },
            births: births.as_chunks().0,
            nationalities: nationalities.as_chunks().0,
            places,
            names,
            texts,
        })
    }

    fn births(&self) -> Vec<PartialDate> {
        let packed = self.births.iter().map(|packed| u32::from_le_bytes(*packed));
        packed.filter_map(PartialDate::unpacked).collect()
    }

    /// Places of birth, then names; fewer if the record is damaged.
    fn texts(&self) -> (impl Iterator<Item = &'a str>, impl Iterator<Item = &'a str>) {
        let places = Texts { rest: self.texts };
        let mut names = Texts { rest: self.texts };
        for _ in 0..self.places {
            names.next();
        }
        (
            places.take(usize::from(self.places)),
            names.take(usize::from(self.names)),
        )
    }

    /// The entry as it was given to the builder.
    pub fn entry(&self) -> Entry {
        let (places, names) = self.texts();
        let codes = self.nationalities.iter().filter_map(|code| {
            let code = str::from_utf8(code).ok()?;
            Some(code.trim_end().to_owned())
        });
        Entry {
            id: self.id,
            person: Person {
                births: self.births(),
                nationalities: codes.collect(),
                sex: self.sex,
                places_of_birth: places.map(str::to_owned).collect(),
                names: names.map(str::to_owned).collect(),
            },
        }
    }

    /// What [`PreparedPerson::of`] makes of the entry.
    pub fn prepared(&self, known: &mut KnownWords, rarity: &Rarity) -> PreparedPerson {
        let (places, names) = self.texts();
        let mut prepared = PreparedPerson {
            names: Vec::new(),
            births: self.births(),
            nationalities: self
                .nationalities
                .iter()
                .filter_map(|code| nationality_key(code))
                .collect(),
            sex: self.sex,
            places_of_birth: places.filter_map(|place| known.place(place)).collect(),
        };
        for (index, raw) in (0u32..).zip(names) {
            if let Some(name) = known.name(raw, rarity) {
                prepared.names.push(PreparedName { index, name });
            }
        }
        prepared
    }
}

/// Texts one after the other, each behind its length.
struct Texts<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let length = u16::from_le_bytes(*take::<2>(&mut self.rest)?);
        let (text, rest) = self.rest.split_at_checked(usize::from(length))?;
        self.rest = rest;
        str::from_utf8(text).ok()
    }
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(taken)
}
