//! The bytes of a snapshot: header, sections, trailer, and the checks before anything is read.

use std::{io, ops::Range};

use super::record::Record;

/// Of the keys that rows and postings are made of. A snapshot of another one would find nothing.
pub const KEYS_VERSION: u32 = 3;

/// Which list a snapshot holds, and made when with what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SnapshotIdentity {
    /// Identity of the list; at most [`LIST_BYTES_MAX`] bytes without zeros.
    pub list: String,
    /// Version of the list.
    pub version: u64,
    /// Build instant in milliseconds since 1970-01-01 UTC.
    pub built_unix_ms: u64,
    /// SHA-256 of the weights in force at the build; records and keys do not depend on them.
    pub weights_hash: [u8; 32],
}

/// Why bytes are no snapshot that can be searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Something else, or less than all of it.
    #[error("not a whole snapshot of a watch list")]
    NotASnapshot,
    /// Another version of this program can read it.
    #[error("format version {0} of a snapshot is not known here")]
    UnknownFormat(u32),
    /// Its keys are not those that this program looks up; build it anew.
    #[error("its keys are of version {0}, these of {KEYS_VERSION}")]
    OtherKeys(u32),
    /// Sections do not fill the file, or not as the header says.
    #[error("the sections of the snapshot do not fit its header")]
    Sections,
    /// Damaged on the way or on the disk.
    #[error("checksum of the snapshot is wrong")]
    Damaged,
}

/// A snapshot ready for search, in memory of any kind.
pub struct Index<B> {
    bytes: B,
    layout: Layout,
}

struct Layout {
    identity: SnapshotIdentity,
    entries: u64,
    directory_bits: u32,
    sections: [Range<usize>; SECTIONS],
}

/// The sections of a snapshot as arrays. All that comes out of them may be wrong and is checked where it is used.
#[derive(Clone, Copy)]
pub struct Sections<'a> {
    /// Packed date, first row with it; sorted.
    pub dates: &'a [[[u8; 4]; 2]],
    /// Sorted by date.
    pub rows: &'a [RowBytes],
    directory: &'a [[u8; 4]],
    directory_bits: u32,
    postings: &'a [[u8; 4]],
    offsets: &'a [[u8; 4]],
    records: &'a [u8],
}

/// A row as stored; see [`row_slots`], [`row_letters`], [`row_date`] and [`row_entry`].
pub type RowBytes = [u8; ROW_BYTES];

impl<B: AsRef<[u8]>> Index<B> {
    /// Checks everything that can be checked without searching, including the checksum over all bytes.
    pub fn open(bytes: B) -> Result<Self, SnapshotError> {
        let layout = Layout::read(bytes.as_ref())?;
        Ok(Self { bytes, layout })
    }

    /// Which list it is.
    pub const fn identity(&self) -> &SnapshotIdentity {
        &self.layout.identity
    }

    /// Number of entries.
    pub const fn entries(&self) -> u64 {
        self.layout.entries
    }

    /// Bytes of each section: dates, rows, directory, postings, offsets, records.
    pub fn section_lengths(&self) -> [usize; SECTIONS] {
        self.layout.sections.clone().map(|section| section.len())
    }

    /// All records, in the order they were given to the builder.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let sections = self.sections();
        (0u32..)
            .zip(sections.offsets)
            .filter_map(move |(entry, _)| sections.record(entry))
    }

    pub(super) fn sections(&self) -> Sections<'_> {
        let bytes = self.bytes.as_ref();
        let section = |at: usize| {
            let range = self.layout.sections[at].clone();
            bytes.get(range).unwrap_or_default()
        };
        Sections {
            dates: section(0).as_chunks::<4>().0.as_chunks::<2>().0,
            rows: section(1).as_chunks().0,
            directory: section(2).as_chunks().0,
            directory_bits: self.layout.directory_bits,
            postings: section(3).as_chunks().0,
            offsets: section(4).as_chunks().0,
            records: section(5),
        }
    }
}

impl Layout {
    fn read(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (header, _) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(SnapshotError::NotASnapshot)?;
        let (_, trailer) = bytes
            .split_last_chunk::<TRAILER_BYTES>()
            .ok_or(SnapshotError::NotASnapshot)?;
        if !header.starts_with(&MAGIC) || trailer[8..16] != MAGIC || trailer[16..] != [0; 16] {
            return Err(SnapshotError::NotASnapshot);
        }
        match word32(header, 8) {
            FORMAT_VERSION => {}
            other => return Err(SnapshotError::UnknownFormat(other)),
        }
        match word32(header, 12) {
            KEYS_VERSION => {}
            other => return Err(SnapshotError::OtherKeys(other)),
        }
        let layout = Self::of_header(header, bytes.len()).ok_or(SnapshotError::Sections)?;
        if word64(trailer, 0) != checksum_of(bytes) {
            return Err(SnapshotError::Damaged);
        }
        Ok(layout)
    }

    fn of_header(header: &[u8; HEADER_BYTES], total: usize) -> Option<Self> {
        let list = header[16..48].split(|byte| *byte == 0).next()?;
        let mut weights_hash = [0; 32];
        weights_hash.copy_from_slice(&header[64..96]);
        let directory_bits = u32::try_from(word64(header, 112)).ok()?;
        let mut at = HEADER_BYTES;
        let mut sections = [const { 0..0 }; SECTIONS];
        for (nth, section) in sections.iter_mut().enumerate() {
            let length = usize::try_from(word64(header, 120 + 8 * nth)).ok()?;
            let end = at.checked_add(length)?;
            *section = at..end;
            at = end.checked_next_multiple_of(BLOCK)?;
        }
        let whole = at.checked_add(TRAILER_BYTES)? == total;
        let directory = 1usize.checked_shl(directory_bits)?.checked_add(1)?;
        let directory_fits = directory.checked_mul(4)? == sections[2].len();
        let counts = [
            (word64(header, 96), 4, 4),
            (word64(header, 104), ROW_BYTES, 1),
        ];
        let counts_fit = counts.into_iter().all(|(count, bytes, section)| {
            let bytes = usize::try_from(count)
                .ok()
                .and_then(|count| count.checked_mul(bytes));
            bytes == Some(sections[section].len())
        });
        (whole && directory_fits && counts_fit).then_some(Self {
            identity: SnapshotIdentity {
                list: str::from_utf8(list).ok()?.to_owned(),
                version: word64(header, 48),
                built_unix_ms: word64(header, 56),
                weights_hash,
            },
            entries: word64(header, 96),
            directory_bits,
            sections,
        })
    }
}

impl<'a> Sections<'a> {
    /// Rows of the dates from `from` to `to`, both included.
    pub fn rows_of_dates(&self, from: u32, to: u32) -> Range<u32> {
        let first = |date: u32| {
            let at = self
                .dates
                .partition_point(|[known, _]| u32::from_le_bytes(*known) < date);
            let end = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            self.dates
                .get(at)
                .map_or(end, |[_, row]| u32::from_le_bytes(*row))
        };
        first(from)..first(to.saturating_add(1))
    }

    /// Rows filed under a hash, and under those that share its place.
    pub fn postings(&self, hash: u32) -> &'a [[u8; 4]] {
        let place = usize::try_from(u64::from(hash) >> (32 - self.directory_bits.min(32)));
        let places = place
            .ok()
            .and_then(|place| self.directory.get(place..place.checked_add(2)?));
        let Some([from, to]) = places else {
            return &[];
        };
        let at =
            |place: &[u8; 4]| usize::try_from(u32::from_le_bytes(*place)).unwrap_or(usize::MAX);
        self.postings.get(at(from)..at(to)).unwrap_or_default()
    }

    /// The record of an entry.
    pub fn record(&self, entry: u32) -> Option<Record<'a>> {
        let offset = self.offsets.get(usize::try_from(entry).ok()?)?;
        let offset = usize::try_from(u32::from_le_bytes(*offset)).ok()?;
        Record::read(self.records.get(offset.checked_mul(RECORD_UNIT)?..)?)
    }
}

/// Part keys of a row; zero where there are no more.
pub fn row_slots(row: &RowBytes) -> [u16; SLOTS] {
    let slots = row.as_chunks::<2>().0;
    std::array::from_fn(|at| slots.get(at).map_or(0, |slot| u16::from_le_bytes(*slot)))
}

/// Letters of the first parts of a row's name; zero where there are no more.
pub fn row_letters(row: &RowBytes) -> [u32; LETTER_SETS] {
    std::array::from_fn(|at| word32(row, 2 * SLOTS + 4 * at))
}

/// Packed date and flags of a row.
pub fn row_date(row: &RowBytes) -> u32 {
    word32(row, ROW_BYTES - 8)
}

/// Entry of a row.
pub fn row_entry(row: &RowBytes) -> u32 {
    word32(row, ROW_BYTES - 4)
}

/// What a snapshot is made of, apart from its bytes.
pub struct Parts<'a> {
    /// Which list.
    pub identity: &'a SnapshotIdentity,
    /// Number of entries.
    pub entries: usize,
    /// Number of rows.
    pub rows: usize,
    /// Top bits of a hash that are a place of the directory.
    pub directory_bits: u32,
    /// In the order of the format.
    pub section_bytes: [usize; SECTIONS],
}

/// Writes a snapshot piece by piece and keeps the checksum.
pub struct SnapshotWriter<W> {
    out: W,
    checksum: Checksum,
    /// What does not fill a block yet.
    rest: Vec<u8>,
}

impl<W: io::Write> SnapshotWriter<W> {
    /// Begins with the header.
    pub fn new(out: W, parts: &Parts<'_>) -> io::Result<Self> {
        let identity = parts.identity;
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut list = [0; LIST_BYTES_MAX];
        let name = identity.list.as_bytes();
        let place = list.get_mut(..name.len());
        place
            .ok_or_else(|| io::Error::other("the list's identity is too long"))?
            .copy_from_slice(name);
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend(MAGIC);
        header.extend(FORMAT_VERSION.to_le_bytes());
        header.extend(KEYS_VERSION.to_le_bytes());
        header.extend(list);
        header.extend(identity.version.to_le_bytes());
        header.extend(identity.built_unix_ms.to_le_bytes());
        header.extend(identity.weights_hash);
        header.extend(wide(parts.entries).to_le_bytes());
        header.extend(wide(parts.rows).to_le_bytes());
        header.extend(u64::from(parts.directory_bits).to_le_bytes());
        for length in parts.section_bytes {
            header.extend(wide(length).to_le_bytes());
        }
        header.resize(HEADER_BYTES, 0);
        let mut writer = Self {
            out,
            checksum: Checksum::default(),
            rest: Vec::with_capacity(PIECE),
        };
        writer.write(&header)?;
        Ok(writer)
    }

    /// More of the present section.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.rest.extend(bytes);
        if self.rest.len() >= PIECE {
            let whole = self.rest.len() / BLOCK * BLOCK;
            self.checksum.add(&self.rest[..whole]);
            self.out.write_all(&self.rest[..whole])?;
            self.rest.drain(..whole);
        }
        Ok(())
    }

    /// Fills the present section with zeros up to a whole block.
    pub fn end_section(&mut self) -> io::Result<()> {
        let filled = self.rest.len().next_multiple_of(BLOCK);
        self.rest.resize(filled, 0);
        self.write(&[])
    }

    /// Writes the trailer.
    pub fn finish(mut self) -> io::Result<()> {
        self.checksum.add(&self.rest);
        let trailer = trailer(self.checksum);
        self.rest.extend(trailer);
        self.out.write_all(&self.rest)?;
        self.out.flush()
    }
}

fn trailer(checksum: Checksum) -> [u8; TRAILER_BYTES] {
    let mut trailer = [0; TRAILER_BYTES];
    trailer[..8].copy_from_slice(&checksum.value().to_le_bytes());
    trailer[8..16].copy_from_slice(&MAGIC);
    trailer
}

/// Puts the right checksum at the end of bytes of at least a trailer's length. For tests that change a snapshot.
pub fn seal(bytes: &mut [u8]) {
    let checksum = checksum_of(bytes);
    if let Some((_, trailer)) = bytes.split_last_chunk_mut::<TRAILER_BYTES>() {
        trailer[..8].copy_from_slice(&checksum.to_le_bytes());
    }
}

fn checksum_of(bytes: &[u8]) -> u64 {
    let covered = bytes.len().saturating_sub(TRAILER_BYTES);
    let mut checksum = Checksum::default();
    checksum.add(&bytes[..covered]);
    checksum.value()
}

/// Four independent lanes of multiply and rotate, so that checking a gigabyte takes a fraction of a second.
#[derive(Clone, Copy)]
struct Checksum([u64; 4]);

impl Default for Checksum {
    fn default() -> Self {
        Self([MULTIPLIER, !MULTIPLIER, MULTIPLIER << 1, MULTIPLIER >> 1])
    }
}

impl Checksum {
    /// More bytes; all but the last ones in whole blocks.
    fn add(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for block in blocks {
            self.add_block(block);
        }
        if !rest.is_empty() {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            self.add_block(&block);
        }
    }

    fn add_block(&mut self, block: &[u8; BLOCK]) {
        for (lane, word) in self.0.iter_mut().zip(block.as_chunks::<8>().0) {
            let mixed = (*lane ^ u64::from_le_bytes(*word)).wrapping_mul(MULTIPLIER);
            *lane = mixed.rotate_left(29);
        }
    }

    fn value(self) -> u64 {
        self.0.iter().fold(MULTIPLIER, |value, lane| {
            (value ^ lane).wrapping_mul(MULTIPLIER).rotate_left(31)
        })
    }
}

fn word32<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    let word = bytes[at..].first_chunk::<4>();
    word.map_or(0, |word| u32::from_le_bytes(*word))
}

fn word64<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    let word = bytes[at..].first_chunk::<8>();
    word.map_or(0, |word| u64::from_le_bytes(*word))
}

/// Sections of a snapshot.
pub const SECTIONS: usize = 6;
/// Part keys in a row.
pub const SLOTS: usize = 12;
/// Records begin at multiples of so many bytes, so that 32 bits address 16 GiB of them.
pub const RECORD_UNIT: usize = 4;
/// Parts of which a row holds the letters.
pub const LETTER_SETS: usize = 4;
/// Bytes of a row.
pub const ROW_BYTES: usize = 2 * SLOTS + 4 * LETTER_SETS + 8;
/// Bytes of a list's identity.
pub const LIST_BYTES_MAX: usize = 32;
const MAGIC: [u8; 8] = *b"EGATEWLX";
const FORMAT_VERSION: u32 = 1;
const HEADER_BYTES: usize = 192;
const TRAILER_BYTES: usize = 32;
/// Sections begin at multiples of so many bytes; so much goes into the checksum at a time.
const BLOCK: usize = 32;
/// Bytes collected before they are written.
const PIECE: usize = 1 << 16;
/// Odd, with its bits well spread.
const MULTIPLIER: u64 = 0x9E6C_63D0_676A_9A99;
