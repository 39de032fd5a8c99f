//! From a traveller to the entries that score.

use std::ops::Range;

use super::{
    super::{
        known::KnownWords,
        score::{Outcome, score},
    },
    format::{Index, RowBytes, Sections, row_entry},
    record::EntryId,
    traveller::{LookedUp, Traveller},
};

/// An entry that reaches the threshold of a possibility.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hit {
    /// Of the entry.
    pub id: EntryId,
    /// Its score.
    pub points: f32,
    /// What that means for the list.
    pub outcome: Outcome,
    /// Which of the names agree best: of the entry and of the traveller, as prepared.
    pub names: (usize, usize),
}

/// Memory of one searching thread, kept from search to search under one set of weights.
pub struct Scratch {
    known: KnownWords,
    candidates: Vec<u32>,
    lists: Vec<(usize, Range<usize>)>,
    rows_seen: u64,
    entries_scored: u64,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            known: KnownWords::new(WORDS_KNOWN_MAX),
            candidates: Vec::new(),
            lists: Vec::new(),
            rows_seen: 0,
            entries_scored: 0,
        }
    }
}

impl Scratch {
    /// Rows looked at since the beginning, and entries scored.
    pub const fn effort(&self) -> (u64, u64) {
        (self.rows_seen, self.entries_scored)
    }
}

impl<B: AsRef<[u8]>> Index<B> {
    /// Entries that may reach the threshold; each once, in no order.
    pub fn candidates<'s>(&self, traveller: &Traveller<'_>, scratch: &'s mut Scratch) -> &'s [u32] {
        let sections = self.sections();
        scratch.candidates.clear();
        for name in &traveller.names {
            let mut look = Look {
                sections,
                traveller,
                name,
                scratch,
            };
            look.by_date();
            look.by_pairs();
            look.by_parts();
        }
        scratch.candidates.sort_unstable();
        scratch.candidates.dedup();
        &scratch.candidates
    }

    /// Entries that reach the threshold, each with the best score of its names; added to `hits`.
    pub fn search(&self, traveller: &Traveller<'_>, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        self.candidates(traveller, scratch);
        let sections = self.sections();
        let candidates = std::mem::take(&mut scratch.candidates);
        for entry in &candidates {
            let Some(record) = sections.record(*entry) else {
                continue;
            };
            let listed = record.prepared(&mut scratch.known, traveller.weights.rarity());
            scratch.entries_scored += 1;
            let Some(score) = score(&listed, traveller.person, traveller.weights) else {
                continue;
            };
            let outcome = traveller.thresholds.judge(&score);
            if outcome != Outcome::Clear {
                hits.push(Hit {
                    id: record.id,
                    points: score.points,
                    outcome,
                    names: score.names,
                });
            }
        }
        scratch.candidates = candidates;
    }
}

/// One name of a traveller in one index.
struct Look<'a> {
    sections: Sections<'a>,
    traveller: &'a Traveller<'a>,
    name: &'a LookedUp,
    scratch: &'a mut Scratch,
}

impl Look<'_> {
    /// Pass (a): rows lie in order of their dates.
    fn by_date(&mut self) {
        for date in &self.traveller.person.births {
            let swapped = date
                .swapped()
                .map(|swapped| (swapped.packed(), swapped.packed()));
            for (from, to) in date.lookup().into_iter().chain(swapped) {
                self.rows(&self.sections.rows_of_dates(from, to));
            }
        }
    }

    /// All rows of a date; of one that stands for half a list, such as a first of January, those with a part in common.
    fn rows(&mut self, numbers: &Range<u32>) {
        let (from, to) = (usize::try_from(numbers.start), usize::try_from(numbers.end));
        let (Ok(from), Ok(to)) = (from, to) else {
            return;
        };
        let rows = self.sections.rows.get(from..to).unwrap_or_default();
        if rows.len() <= DATE_ROWS_MAX {
            for row in rows {
                self.row(row);
            }
            return;
        }
        for key in &self.name.keys.single {
            let postings = self.sections.postings(key.hash);
            let window = window(postings, numbers);
            let most = window.len().min(DATE_ROWS_MAX);
            self.postings(&postings[window.start..window.start + most]);
        }
    }

    /// Pass (c): two parts in common, any date.
    fn by_pairs(&mut self) {
        let years = self.years();
        for hash in &self.name.keys.pairs {
            let postings = self.sections.postings(*hash);
            if postings.len() <= PAIR_ROWS_MAX {
                self.postings(postings);
            } else {
                for years in &years {
                    let window = window(postings, years);
                    if window.len() <= PART_ROWS_MAX {
                        self.postings(&postings[window]);
                    }
                }
            }
        }
    }

    /// Pass (b): a part in common and the year of birth at most one apart, or unknown. The rarest first.
    fn by_parts(&mut self) {
        let years = self.years();
        let mut lists = std::mem::take(&mut self.scratch.lists);
        lists.clear();
        for (at, key) in self.name.keys.single.iter().enumerate() {
            let postings = self.sections.postings(key.hash);
            let windows = years.iter().map(|years| (at, window(postings, years)));
            lists.extend(windows.filter(|(_, window)| window.len() <= PART_ROWS_MAX));
        }
        lists.sort_unstable_by_key(|(_, window)| window.len());
        let mut left = QUERY_ROWS_MAX;
        for (key, window) in &lists {
            if window.len() > left {
                break;
            }
            left -= window.len();
            let postings = self.sections.postings(self.name.keys.single[*key].hash);
            self.postings(&postings[window.clone()]);
        }
        self.scratch.lists = lists;
    }

    /// Rows of the years around each date of birth, and those without one; all rows if no date of birth is known.
    fn years(&self) -> Vec<Range<u32>> {
        let births = &self.traveller.person.births;
        if births.is_empty() {
            return std::iter::once(0..u32::MAX).collect();
        }
        let around = births.iter().map(|birth| {
            let (from, to) = birth.lookup_years();
            self.sections.rows_of_dates(from, to)
        });
        let unknown = self.sections.rows_of_dates(0, 0);
        std::iter::once(unknown).chain(around).collect()
    }

    fn postings(&mut self, postings: &[[u8; 4]]) {
        for row in postings {
            let row = usize::try_from(u32::from_le_bytes(*row)).unwrap_or(usize::MAX);
            if let Some(row) = self.sections.rows.get(row) {
                self.row(row);
            }
        }
    }

    fn row(&mut self, row: &RowBytes) {
        self.scratch.rows_seen += 1;
        if self.traveller.admits(self.name, row) {
            self.scratch.candidates.push(row_entry(row));
        }
    }
}

/// The postings among `rows`; postings ascend.
fn window(postings: &[[u8; 4]], rows: &Range<u32>) -> Range<usize> {
    let first = |row: u32| postings.partition_point(|posting| u32::from_le_bytes(*posting) < row);
    let from = first(rows.start);
    from..first(rows.end).max(from)
}

/// Words of entries that a searching thread keeps: some 20 MiB.
const WORDS_KNOWN_MAX: usize = 60_000;
/// Rows of one date in pass (a). Ten million entries have some 350 on a common day and many times that on the first of
/// January; a row costs some ten nanoseconds in sequence.
const DATE_ROWS_MAX: usize = 40_000;
/// Rows of one pair of parts in pass (c), beyond which only the years around the date of birth are looked at.
const PAIR_ROWS_MAX: usize = 2_000;
/// Rows of one part within its years in pass (b). A part more common than this says too little; passes (a) and (c) remain.
const PART_ROWS_MAX: usize = 2_000;
/// Rows of one name in pass (b), so that a name of many common parts stays within milliseconds.
const QUERY_ROWS_MAX: usize = 6_000;
