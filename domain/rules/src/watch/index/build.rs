//! From entries to a snapshot.

use std::io;

use super::{
    super::{
        date::PartialDate,
        known::KnownWords,
        name::{Part, PartKind},
        rarity::Rarity,
    },
    blocking::{NameKeys, Side},
    format::{LETTER_SETS, Parts, RECORD_UNIT, ROW_BYTES, SLOTS, SnapshotIdentity, SnapshotWriter},
    record::{self, Entry},
};

/// Why an entry cannot be in an index.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EntryError {
    /// More names, dates or letters than a record takes.
    #[error("an entry has more names, dates or letters than a record takes")]
    TooMuch,
    /// More rows or bytes than 32 bits can number.
    #[error("the list is too long for one index")]
    ListTooLong,
}

/// Collects entries and writes the snapshot. Several may collect side by side, and then one [`Builder::append`] the others.
pub struct Builder {
    records: Vec<u8>,
    /// Of each record, in units.
    offsets: Vec<u32>,
    rows: Vec<Row>,
    /// Hashes of all rows, one row after the other.
    hashes: Vec<u32>,
    known: KnownWords,
    keys: NameKeys,
}

struct Row {
    slots: [u16; SLOTS],
    letters: [u32; LETTER_SETS],
    /// Packed date and flags.
    date: u32,
    entry: u32,
    /// Where its hashes begin, and how many.
    hashes: (u32, u8),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            offsets: Vec::new(),
            rows: Vec::new(),
            hashes: Vec::new(),
            known: KnownWords::new(WORDS_KNOWN_MAX),
            keys: NameKeys::default(),
        }
    }
}

impl Builder {
    /// Adds an entry. Ids are not checked: the owner of the list keeps them unique.
    pub fn push(&mut self, entry: &Entry) -> Result<(), EntryError> {
        let number = narrow(self.offsets.len())?;
        let offset = narrow(self.records.len() / RECORD_UNIT)?;
        record::write(entry, &mut self.records)?;
        let filled = self.records.len().next_multiple_of(RECORD_UNIT);
        self.records.resize(filled, 0);
        self.offsets.push(offset);
        let rarity = Rarity::default();
        let births = &entry.person.births;
        for raw in &entry.person.names {
            let Some(name) = self.known.name(raw, &rarity) else {
                continue;
            };
            self.keys.fill(&name, Side::Listed);
            let hashes = self.add_hashes()?;
            let mut slots = [0; SLOTS];
            for (slot, key) in slots.iter_mut().zip(&self.keys.single) {
                *slot = key.slot;
            }
            let parts = || name.parts.iter().filter(|part| !is_weightless(part.kind));
            let mut letters = [0; LETTER_SETS];
            for (place, part) in letters.iter_mut().zip(parts()) {
                *place = pack_letters(part);
            }
            let mut flags = flags_of_sex(entry.person.sex);
            if self.keys.single.len() > SLOTS || parts().count() > LETTER_SETS {
                flags |= MORE_KEYS;
            }
            if name.truncated {
                flags |= TRUNCATED;
            }
            let unknown = births.is_empty().then_some(0);
            for date in births.iter().map(|birth| birth.packed()).chain(unknown) {
                self.rows.push(Row {
                    slots,
                    letters,
                    date: date << FLAG_BITS | flags,
                    entry: number,
                    hashes,
                });
            }
        }
        Ok(())
    }

    fn add_hashes(&mut self) -> Result<(u32, u8), EntryError> {
        let from = narrow(self.hashes.len())?;
        let single = self.keys.single.iter().map(|key| key.hash);
        self.hashes
            .extend(single.chain(self.keys.pairs.iter().copied()));
        let count = self.keys.single.len() + self.keys.pairs.len();
        // Invariant: the limits of both lists add up to less.
        Ok((from, u8::try_from(count).unwrap_or(u8::MAX)))
    }

    /// Adds what another builder has collected, behind what is here.
    pub fn append(&mut self, other: Self) -> Result<(), EntryError> {
        let units = narrow(self.records.len() / RECORD_UNIT)?;
        let entries = narrow(self.offsets.len())?;
        let hashes = narrow(self.hashes.len())?;
        narrow(self.hashes.len() + other.hashes.len())?;
        narrow((self.records.len() + other.records.len()) / RECORD_UNIT)?;
        self.records.extend(other.records);
        self.offsets
            .extend(other.offsets.iter().map(|offset| offset + units));
        self.hashes.extend(other.hashes);
        self.rows.extend(other.rows.into_iter().map(|row| Row {
            entry: row.entry + entries,
            hashes: (row.hashes.0 + hashes, row.hashes.1),
            ..row
        }));
        Ok(())
    }

    /// Number of entries so far.
    pub fn entries(&self) -> usize {
        self.offsets.len()
    }

    /// Writes the snapshot. Fails only as `out` does.
    pub fn finish(mut self, identity: &SnapshotIdentity, out: impl io::Write) -> io::Result<()> {
        self.rows.sort_unstable_by_key(|row| (row.date, row.entry));
        let directory_bits = directory_bits(self.postings());
        let (directory, postings) = self.file(directory_bits);
        let dates = self.first_rows();
        let parts = Parts {
            identity,
            entries: self.offsets.len(),
            rows: self.rows.len(),
            directory_bits,
            section_bytes: [
                dates.len() * 8,
                self.rows.len() * ROW_BYTES,
                directory.len() * 4,
                postings.len() * 4,
                self.offsets.len() * 4,
                self.records.len(),
            ],
        };
        let mut writer = SnapshotWriter::new(out, &parts)?;
        for (date, row) in dates {
            writer.write(&date.to_le_bytes())?;
            writer.write(&row.to_le_bytes())?;
        }
        writer.end_section()?;
        for row in &self.rows {
            for slot in row.slots {
                writer.write(&slot.to_le_bytes())?;
            }
            for set in row.letters {
                writer.write(&set.to_le_bytes())?;
            }
            writer.write(&row.date.to_le_bytes())?;
            writer.write(&row.entry.to_le_bytes())?;
        }
        writer.end_section()?;
        for words in [&directory, &postings, &self.offsets] {
            for word in words {
                writer.write(&word.to_le_bytes())?;
            }
            writer.end_section()?;
        }
        writer.write(&self.records)?;
        writer.end_section()?;
        writer.finish()
    }

    /// Rows that hashes lead to, counted once per hash.
    fn postings(&self) -> usize {
        self.rows.iter().map(|row| usize::from(row.hashes.1)).sum()
    }

    /// The directory and the postings: counted, then filed, so that nothing is sorted and rows stay in order.
    fn file(&self, directory_bits: u32) -> (Vec<u32>, Vec<u32>) {
        let places = 1usize << directory_bits;
        let mut ends = vec![0u32; places + 1];
        let place =
            |hash: u32| usize::try_from(u64::from(hash) >> (32 - directory_bits)).unwrap_or(0);
        for hash in self.rows.iter().flat_map(|row| self.hashes_of(row)) {
            ends[place(*hash) + 1] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        // While rows are filed, each place holds where its next one goes; afterwards that is where the next place begins.
        let mut postings = vec![0u32; usize::try_from(sum).unwrap_or(0)];
        for (number, row) in (0u32..).zip(&self.rows) {
            for hash in self.hashes_of(row) {
                let next = &mut ends[place(*hash)];
                postings[usize::try_from(*next).unwrap_or(0)] = number;
                *next += 1;
            }
        }
        ends.rotate_right(1);
        ends[0] = 0;
        (ends, postings)
    }

    fn hashes_of(&self, row: &Row) -> &[u32] {
        let from = usize::try_from(row.hashes.0).unwrap_or(usize::MAX);
        self.hashes
            .get(from..from + usize::from(row.hashes.1))
            .unwrap_or_default()
    }

    /// Each date with its first row.
    fn first_rows(&self) -> Vec<(u32, u32)> {
        let dates = (0u32..)
            .zip(&self.rows)
            .map(|(number, row)| (row.date >> FLAG_BITS, number));
        let mut first: Vec<(u32, u32)> = dates.collect();
        first.dedup_by_key(|(date, _)| *date);
        first
    }
}

/// Two to four postings per place.
fn directory_bits(postings: usize) -> u32 {
    (postings.max(2).ilog2() - 1).clamp(DIRECTORY_BITS_MIN, DIRECTORY_BITS_MAX)
}

fn narrow(count: usize) -> Result<u32, EntryError> {
    u32::try_from(count).map_err(|_| EntryError::ListTooLong)
}

const fn flags_of_sex(sex: egate_types::Sex) -> u32 {
    match sex {
        egate_types::Sex::Unspecified => 0,
        egate_types::Sex::Female => FEMALE,
        egate_types::Sex::Male => MALE,
    }
}

/// Particles and titles are no evidence.
pub const fn is_weightless(kind: PartKind) -> bool {
    matches!(kind, PartKind::Particle | PartKind::Title)
}

/// Which letters a part has, and how many.
pub fn pack_letters(part: &Part) -> u32 {
    let length = u32::try_from(part.letters().len()).unwrap_or(0);
    (part.letter_set & LETTERS) | length << LETTERS.count_ones()
}

/// How many letters a part has of which the letters were packed.
pub const fn length_of(packed: u32) -> u32 {
    packed >> LETTERS.count_ones()
}

/// The date of a row without its flags; `None` for unknown.
pub fn date_of_row(date_and_flags: u32) -> Option<PartialDate> {
    PartialDate::unpacked(date_and_flags >> FLAG_BITS)
}

/// Most words of a list of millions are among its first so many; some 100 MiB.
const WORDS_KNOWN_MAX: usize = 300_000;
/// One bit per letter from A to Z.
pub const LETTERS: u32 = (1 << 26) - 1;
/// Bits below the date of a row.
const FLAG_BITS: u32 = 4;
/// The listed person is a woman.
pub const FEMALE: u32 = 1;
/// The listed person is a man.
pub const MALE: u32 = 2;
/// The name has more part keys, or more parts, than the row.
pub const MORE_KEYS: u32 = 4;
/// The name may be cut.
pub const TRUNCATED: u32 = 8;
const DIRECTORY_BITS_MIN: u32 = 4;
/// 256 MiB of directory; enough for a hundred million postings.
const DIRECTORY_BITS_MAX: u32 = 26;
