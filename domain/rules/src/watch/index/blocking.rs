//! Keys under which a name is filed and looked up: of one part, of adjacent parts written together, of two parts.

use super::super::{
    keys::Skeleton,
    name::{Name, Part, PartKind},
    syllables::Syllables,
    words::WORDS_MAX,
};

/// A key of one part or of adjacent ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartKey {
    /// Place in the directory, in its top bits.
    pub hash: u32,
    /// What rows hold of it; never zero.
    pub slot: u16,
    /// Parts of the name it stands for, as bits.
    pub parts: u16,
}

/// All keys of a name.
#[derive(Clone, Default, Debug)]
pub struct NameKeys {
    /// The first key of each part, then their other keys, then those of adjacent parts.
    pub single: Vec<PartKey>,
    /// Hashes of pairs of keys.
    pub pairs: Vec<u32>,
}

/// Whether the keys are filed, or looked up; the latter may be more, since they cost no memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Of an entry.
    Listed,
    /// Of a traveller.
    Traveller,
}

impl NameKeys {
    /// Replaces what is here by the keys of `name`.
    pub fn fill(&mut self, name: &Name, side: Side) {
        self.single.clear();
        self.pairs.clear();
        let mut others = Others::default();
        for (at, part) in name.parts.iter().take(WORDS_MAX).enumerate() {
            if part.kind != PartKind::Name {
                continue;
            }
            for (nth, identity) in identities(part).enumerate() {
                let key = PartKey::of(identity, 1 << at);
                if nth == 0 {
                    self.add(key);
                } else {
                    others.push(key);
                }
            }
        }
        if self.single.is_empty() {
            self.add_letters(&name.parts);
        }
        let first = self.single.len();
        for key in others.keys() {
            self.add(*key);
        }
        let alone = self.single.len();
        self.join(&name.parts);
        let paired = match side {
            Side::Listed => alone,
            Side::Traveller => self.single.len(),
        };
        self.pair(first, paired);
    }

    /// Keys under which parts that are no evidence in this name are filed by names in which they are.
    pub fn of_weightless(name: &Name) -> Vec<PartKey> {
        let parts = name.parts.iter().take(WORDS_MAX).enumerate();
        let weightless = parts.filter(|(_, part)| part.kind.is_weightless());
        weightless
            .flat_map(|(at, part)| identities(part).map(move |key| PartKey::of(key, 1 << at)))
            .collect()
    }

    fn add(&mut self, key: PartKey) {
        if self.single.len() < KEYS_MAX && !self.single.contains(&key) {
            self.single.push(key);
        }
    }

    /// Names of which nothing sounds are known by their letters.
    fn add_letters(&mut self, parts: &[Part]) {
        for (at, part) in parts.iter().take(WORDS_MAX).enumerate() {
            self.add(PartKey::of(
                mix(u128::from(part.letter_set), LETTERS),
                1 << at,
            ));
        }
    }

    /// Keys of two or three adjacent parts written together.
    fn join(&mut self, parts: &[Part]) {
        let joinable = |part: &Part| matches!(part.kind, PartKind::Name | PartKind::Particle);
        for from in 0..parts.len().min(WORDS_MAX) {
            let mut skeleton = parts[from].skeletons[0];
            let mut said = skeleton;
            let mut syllables = parts[from].syllables;
            let mut covered = 1 << from;
            if !joinable(&parts[from]) {
                continue;
            }
            for (at, part) in parts
                .iter()
                .enumerate()
                .take(WORDS_MAX)
                .skip(from + 1)
                .take(JOINED_MORE)
            {
                if !joinable(part) {
                    break;
                }
                covered |= 1 << at;
                if parts[at - 1].assimilates(part) && said.len() > 1 {
                    said = said.without_last();
                }
                said = said.joined(part.skeletons[0]);
                skeleton = skeleton.joined(part.skeletons[0]);
                for (joined, next) in syllables.iter_mut().zip(&part.syllables) {
                    *joined = joined.joined(*next).unwrap_or_default();
                }
                if skeleton.len() >= CONSONANTS_MIN {
                    self.add(PartKey::of(identity_of_skeleton(skeleton), covered));
                }
                if said.len() >= CONSONANTS_MIN {
                    self.add(PartKey::of(identity_of_skeleton(said), covered));
                }
                for read in syllables.iter().filter(|read| !read.is_empty()) {
                    self.add(PartKey::of(identity_of_syllables(*read), covered));
                }
            }
        }
    }

    /// Pairs of keys of different parts, one of them at least a first one.
    fn pair(&mut self, first: usize, paired: usize) {
        for (at, one) in self.single.iter().enumerate().take(first) {
            for other in &self.single[at + 1..paired] {
                if one.parts & other.parts == 0 && self.pairs.len() < PAIRS_MAX {
                    let (low, high) = (one.hash.min(other.hash), one.hash.max(other.hash));
                    let hash = mix(u128::from(low) << 32 | u128::from(high), PAIR);
                    let hash = top(hash);
                    if !self.pairs.contains(&hash) {
                        self.pairs.push(hash);
                    }
                }
            }
        }
    }
}

impl PartKey {
    fn of(identity: u64, parts: u16) -> Self {
        Self {
            hash: top(identity),
            // Invariant: masked to sixteen bits.
            slot: u16::try_from(identity & 0xFFFF).unwrap_or(0).max(1),
            parts,
        }
    }
}

/// Keys that are not the first of their part.
#[derive(Default)]
struct Others {
    keys: [Option<PartKey>; KEYS_MAX],
    count: usize,
}

impl Others {
    fn push(&mut self, key: PartKey) {
        if let Some(place) = self.keys.get_mut(self.count) {
            *place = Some(key);
            self.count += 1;
        }
    }

    fn keys(&self) -> impl Iterator<Item = &PartKey> {
        self.keys.iter().flatten()
    }
}

/// What a part may be known by: consonants or, if these are few, its sound; syllables. The first one is of the plain form.
fn identities(part: &Part) -> impl Iterator<Item = u64> + '_ {
    let readings = part.skeletons.iter().zip(&part.sounds);
    let heard = readings.take_while(|(_, sound)| !sound.is_empty());
    let heard = heard.map(|(skeleton, sound)| {
        if skeleton.len() >= CONSONANTS_MIN {
            identity_of_skeleton(*skeleton)
        } else {
            mix(sound.bits(), SOUND)
        }
    });
    let syllables = part.syllables.iter().filter(|read| !read.is_empty());
    heard.chain(syllables.map(|read| identity_of_syllables(*read)))
}

fn identity_of_skeleton(skeleton: Skeleton) -> u64 {
    mix(u128::from(skeleton.bits()), SKELETON)
}

fn identity_of_syllables(syllables: Syllables) -> u64 {
    mix(u128::from(syllables.bits()), SYLLABLES)
}

const fn top(hash: u64) -> u32 {
    // Invariant: the shift leaves 32 bits.
    (hash >> 32) as u32
}

/// Spreads a value over 64 bits (the finaliser of SplitMix64, once per half).
fn mix(value: u128, kind: u64) -> u64 {
    let halves = [value & u128::from(u64::MAX), value >> 64];
    halves.iter().fold(kind, |hash, half| {
        let half = u64::try_from(*half).unwrap_or(0);
        let mut hash = (hash ^ half).wrapping_add(0x9E37_79B9_7F4A_7C15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        hash ^ (hash >> 31)
    })
}

/// So that keys of different kinds differ.
const SKELETON: u64 = 1 << 32;
const SOUND: u64 = 2 << 32;
const SYLLABLES: u64 = 3 << 32;
const PAIR: u64 = 4 << 32;
const LETTERS: u64 = 5 << 32;

/// Parts with fewer consonants are known by their vowels too: `ALI` and `LEE` have one consonant each, and it is the same.
const CONSONANTS_MIN: u32 = 3;
/// Parts written together beyond the first: `ABD AL LATIF`.
const JOINED_MORE: usize = 2;
/// Keys of one name. Five parts have 12 and their other readings.
const KEYS_MAX: usize = 24;
/// Pairs of one name. Six parts have 15 and their other readings.
const PAIRS_MAX: usize = 32;
