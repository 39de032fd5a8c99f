//! How rare a name part is among travellers: agreement on a rare part says more than on a common one.

use std::collections::HashMap;

use super::keys::{Reading, Skeleton};

/// Frequencies of name parts, by spelling and by skeleton.
#[derive(Clone, Debug, Default)]
pub struct Rarity {
    spellings: HashMap<Box<[u8]>, f32>,
    skeletons: HashMap<u64, f32>,
}

/// Rarity of a part nobody has counted, and the most that any part gets: natural logarithm of one in so many.
pub const RARITY_MAX: f32 = 10.0;

impl Rarity {
    /// From parts in Latin letters with how often each occurs among a million parts.
    pub fn from_counts<'a>(per_million: impl IntoIterator<Item = (&'a str, f32)>) -> Self {
        let mut spellings: HashMap<Box<[u8]>, f32> = HashMap::new();
        let mut skeletons: HashMap<u64, f32> = HashMap::new();
        for (part, count) in per_million {
            let share = count / 1e6;
            *spellings.entry(part.as_bytes().into()).or_default() += share;
            let skeleton = Skeleton::of(part.as_bytes(), Reading::default());
            *skeletons.entry(skeleton.bits()).or_default() += share;
        }
        Self {
            spellings,
            skeletons,
        }
    }

    /// Natural logarithm of one in how many bears this spelling; a part not counted is as rare as its length suggests.
    pub fn of_spelling(&self, letters: &[u8]) -> f32 {
        let by_length = match letters.len() {
            0 | 1 => 2.5,
            2 => 6.0,
            3 => 7.5,
            4 => 8.5,
            _ => RARITY_MAX,
        };
        let counted = self.spellings.get(letters).map(|share| -share.ln());
        counted.map_or(by_length, |rarity| rarity.min(by_length))
    }

    /// The same for all spellings with one skeleton.
    pub fn of_skeleton(&self, skeleton: Skeleton) -> f32 {
        let by_length = match skeleton.len() {
            0 => 1.0,
            1 => 3.0,
            2 => 5.5,
            3 => 7.5,
            4 => 9.0,
            _ => RARITY_MAX,
        };
        let counted = self
            .skeletons
            .get(&skeleton.bits())
            .map(|share| -share.ln());
        counted.map_or(by_length, |rarity| rarity.min(by_length))
    }
}
