//! 1:N search: the enrolled people whose templates are most like one probe.
//!
//! The answer is that of exact brute force, not an approximation. Every template is also kept in eight bits a
//! value; a first pass over those (a quarter of the bytes) gives each score within a bound known from the
//! rounding errors, and only those that the bound leaves in question are compared in full.
//!
//! A false hit becomes likelier with every person enrolled: FPIR = 1 - (1 - FMR)^N (ISO/IEC 19795-1), so the
//! threshold of a search is another than that of a comparison: for N people, that of FMR = FPIR / N.
//!
//! **Invariant:** no I/O; templates are wiped when removed, replaced or dropped, and never printed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use egate_types::MatchScore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A vector that this gallery cannot hold or search for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GalleryError {
    /// Of another embedder than the gallery's.
    #[error("template has {found} values, those of the gallery have {expected}")]
    OtherDimension {
        /// Values of the gallery's templates.
        expected: usize,
        /// Values of this one.
        found: usize,
    },
    /// Not of length 1, or not numbers at all, as of a face that gave the embedder no direction.
    #[error("template is not a unit vector")]
    NotAUnitVector,
}

/// One person found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<Id> {
    /// Who.
    pub id: Id,
    /// Dot product with the probe's vector.
    pub score: MatchScore,
}

/// Templates of one matcher by id, as unit vectors ([`crate::Template::unit_vector`]), held in memory.
pub struct Gallery<Id> {
    dimension: usize,
    blocks: Vec<Block>,
    /// The id of each row, in the order of the rows.
    ids: Vec<Id>,
    rows: BTreeMap<Id, usize>,
}

impl<Id: Ord + Clone> Gallery<Id> {
    /// An empty gallery for templates of so many values.
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension,
            blocks: Vec::new(),
            ids: Vec::new(),
            rows: BTreeMap::new(),
        }
    }

    /// How many people are enrolled.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nobody is enrolled.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Enrols a person, or replaces the template of one who is; true if one was replaced.
    pub fn insert(&mut self, id: Id, template: &[f32]) -> Result<bool, GalleryError> {
        let values = self.checked(template)?;
        if let Some(row) = self.rows.get(&id) {
            self.blocks[row / BLOCK_ROWS].set(row % BLOCK_ROWS, values);
            return Ok(true);
        }
        let row = self.ids.len();
        if row.is_multiple_of(BLOCK_ROWS) {
            self.blocks.push(Block::new(self.dimension));
        }
        self.blocks[row / BLOCK_ROWS].set(row % BLOCK_ROWS, values);
        self.ids.push(id.clone());
        self.rows.insert(id, row);
        Ok(false)
    }

    /// Forgets a person; false if nobody has this id.
    pub fn remove(&mut self, id: &Id) -> bool {
        let Some(row) = self.rows.remove(id) else {
            return false;
        };
        // The last row moves into the gap.
        let last = self.ids.len() - 1;
        if row != last {
            let moved = Zeroizing::new(self.row(last).to_vec());
            self.blocks[row / BLOCK_ROWS].set(row % BLOCK_ROWS, &moved);
            self.rows.insert(self.ids[last].clone(), row);
        }
        self.ids.swap_remove(row);
        self.blocks[last / BLOCK_ROWS].wipe(last % BLOCK_ROWS);
        self.blocks.truncate(last.div_ceil(BLOCK_ROWS));
        true
    }

    /// Those who score at least `threshold`, best first, `most` at most; equal scores in the order of ids.
    pub fn search(
        &self,
        probe: &[f32],
        threshold: MatchScore,
        most: usize,
    ) -> Result<Vec<Candidate<Id>>, GalleryError> {
        let probe = self.checked(probe)?;
        if most == 0 {
            return Ok(Vec::new());
        }
        let (highest, floor) = self.bounds(probe, threshold, most);
        let mut found: Vec<Candidate<Id>> = highest
            .iter()
            .zip(&self.ids)
            .enumerate()
            .filter(|(_, (highest, _))| **highest >= floor)
            .map(|(row, (_, id))| Candidate {
                id: id.clone(),
                score: cosine(probe, self.row(row)),
            })
            .filter(|candidate| candidate.score >= threshold)
            .collect();
        found.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        found.truncate(most);
        Ok(found)
    }

    /// The highest score that each row may have, and the score below which no row can be in the answer.
    fn bounds(&self, probe: &[f32], threshold: MatchScore, most: usize) -> (Vec<f32>, f32) {
        let coarse = Coarse::of(probe);
        let wide = coarse.wide();
        let mut bounds: Vec<(f32, f32)> = Vec::with_capacity(self.ids.len());
        // Two halves side by side: one core alone takes twice as long.
        let (front, back) = self.blocks.split_at(self.blocks.len() / 2);
        let of = |blocks: &[Block]| -> Vec<(f32, f32)> {
            let bounds = blocks.iter().map(|block| block.bounds(&coarse, &wide));
            bounds.flatten().collect()
        };
        std::thread::scope(|scope| {
            let front = scope.spawn(|| of(front));
            let back = of(back);
            match front.join() {
                Ok(front) => bounds.extend(front),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            bounds.extend(back);
        });
        bounds.truncate(self.ids.len());
        // The best `most` of the lowest scores that rows may have: the answer's last is no lower.
        let mut sure: BinaryHeap<Reverse<Ordered>> = BinaryHeap::new();
        for (lowest, _) in &bounds {
            let lowest = Ordered(*lowest);
            if sure.len() < most {
                sure.push(Reverse(lowest));
            } else if sure.peek().is_some_and(|least| lowest > least.0) {
                sure.pop();
                sure.push(Reverse(lowest));
            }
        }
        let threshold = threshold.0 as f32 / 1e6 - FLOAT_DOUBT;
        let floor = match sure.peek() {
            Some(Reverse(least)) if sure.len() == most => threshold.max(least.0),
            _ => threshold,
        };
        (
            bounds.into_iter().map(|(_, highest)| highest).collect(),
            floor,
        )
    }

    fn row(&self, row: usize) -> &[f32] {
        let start = row % BLOCK_ROWS * self.dimension;
        &self.blocks[row / BLOCK_ROWS].exact[start..start + self.dimension]
    }

    fn checked<'a>(&self, template: &'a [f32]) -> Result<&'a [f32], GalleryError> {
        if template.len() != self.dimension {
            return Err(GalleryError::OtherDimension {
                expected: self.dimension,
                found: template.len(),
            });
        }
        // Not-a-number is in no range.
        if !(1.0 / UNIT_LENGTH_MAX..=UNIT_LENGTH_MAX).contains(&length(template)) {
            return Err(GalleryError::NotAUnitVector);
        }
        Ok(template)
    }
}

/// Summed in the order in which [`crate::Template::compare`] does, so that both give one score.
fn cosine(a: &[f32], b: &[f32]) -> MatchScore {
    MatchScore::from_cosine(a.iter().zip(b).map(|(a, b)| a * b).sum())
}

/// Rows that never move, so that no copy of a template stays behind when the gallery grows.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Block {
    exact: Vec<f32>,
    coarse: Vec<i8>,
    scales: Vec<f32>,
    errors: Vec<f32>,
}

impl Block {
    fn new(dimension: usize) -> Self {
        Self {
            exact: vec![0.0; BLOCK_ROWS * dimension],
            coarse: vec![0; BLOCK_ROWS * dimension],
            scales: vec![0.0; BLOCK_ROWS],
            errors: vec![0.0; BLOCK_ROWS],
        }
    }

    fn set(&mut self, row: usize, values: &[f32]) {
        let start = row * values.len();
        let coarse = Coarse::of(values);
        self.exact[start..start + values.len()].copy_from_slice(values);
        self.coarse[start..start + values.len()].copy_from_slice(&coarse.values);
        self.scales[row] = coarse.scale;
        self.errors[row] = coarse.error;
    }

    /// The lowest and the highest score that each row may have.
    fn bounds(&self, probe: &Coarse, wide: &[i16]) -> Vec<(f32, f32)> {
        let rows = self.coarse.chunks_exact(wide.len());
        rows.zip(&self.scales)
            .zip(&self.errors)
            .map(|((row, scale), error)| {
                let score = dot_coarse(row, wide) as f32 * (scale * probe.scale);
                // Cauchy-Schwarz on both rounding errors of vectors of length 1.
                let rounded_length = UNIT_LENGTH_MAX + probe.error;
                let doubt = probe.error * UNIT_LENGTH_MAX + rounded_length * error + FLOAT_DOUBT;
                (score - doubt, score + doubt)
            })
            .collect()
    }

    fn wipe(&mut self, row: usize) {
        let dimension = self.exact.len() / BLOCK_ROWS;
        self.exact[row * dimension..(row + 1) * dimension].zeroize();
        self.coarse[row * dimension..(row + 1) * dimension].zeroize();
    }
}

/// A template in eight bits a value.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Coarse {
    values: Vec<i8>,
    /// What one step stands for.
    scale: f32,
    /// Length of the difference from the template.
    error: f32,
}

impl Coarse {
    fn of(values: &[f32]) -> Self {
        let largest = values
            .iter()
            .fold(0.0f32, |most, value| most.max(value.abs()));
        let scale = (largest / 127.0).max(f32::MIN_POSITIVE);
        let rounded: Vec<i8> = values
            .iter()
            .map(|value| (value / scale).round() as i8)
            .collect();
        let error = values
            .iter()
            .zip(&rounded)
            .map(|(value, rounded)| (value - f32::from(*rounded) * scale).powi(2))
            .sum::<f32>()
            .sqrt();
        Self {
            values: rounded,
            scale,
            error,
        }
    }

    /// In sixteen bits, which multiply in pairs without overflow.
    fn wide(&self) -> Zeroizing<Vec<i16>> {
        Zeroizing::new(self.values.iter().map(|value| i16::from(*value)).collect())
    }
}

/// At most 127 x 127 x dimension: overflows from 133,000 values on, of which no embedder gives a hundredth.
fn dot_coarse(row: &[i8], probe: &[i16]) -> i32 {
    row.iter().zip(probe).fold(0, |sum: i32, (row, probe)| {
        sum.wrapping_add(i32::from(*row).wrapping_mul(i32::from(*probe)))
    })
}

fn length(values: &[f32]) -> f32 {
    values.iter().map(|value| value * value).sum::<f32>().sqrt()
}

#[derive(PartialEq, Clone, Copy)]
struct Ordered(f32);

impl Eq for Ordered {}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Rows allocated at a time: 2 MiB of 512 values.
const BLOCK_ROWS: usize = 1024;
/// Normalising in 32 bits leaves the length of a template closer to 1 than this.
const UNIT_LENGTH_MAX: f32 = 1.000_1;
/// More than rounding in the 32-bit sums of a score and its conversion to millionths can come to.
const FLOAT_DOUBT: f32 = 1e-5;
