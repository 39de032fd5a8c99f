//! Words met before. Name parts repeat so much that the normal form of most is worked out once.

use std::collections::HashMap;

use super::{
    keys::Skeleton,
    name::{KnownWord, Name},
    person::place_key,
    rarity::Rarity,
    words::Words,
};

/// Normal forms of words under one table of rarities, which must be the same in every call.
pub struct KnownWords {
    words: HashMap<Box<str>, KnownWord>,
    places: HashMap<Box<str>, Option<Skeleton>>,
    most: usize,
}

impl KnownWords {
    /// Knows nothing yet, and will know at most so many words and places; a word takes some 300 bytes.
    pub fn new(most: usize) -> Self {
        Self {
            words: HashMap::new(),
            places: HashMap::new(),
            most,
        }
    }

    /// What [`Name::of`] answers.
    pub fn name(&mut self, raw: &str, rarity: &Rarity) -> Option<Name> {
        let Words { words, truncated } = Words::of(raw);
        let known = words.into_iter().map(|mut word| {
            let field = word.field;
            if word.apostrophe {
                word.text.push(APOSTROPHE);
            }
            if let Some(known) = self.words.get(word.text.as_str()) {
                return known.clone().in_field(field);
            }
            let key: Box<str> = word.text.as_str().into();
            if word.apostrophe {
                word.text.pop();
            }
            let known = KnownWord::of(&word, rarity);
            if self.words.len() < self.most {
                self.words.insert(key, known.clone());
            }
            known
        });
        Name::of_known(known, truncated)
    }

    /// The key of a place of birth.
    pub fn place(&mut self, raw: &str) -> Option<Skeleton> {
        if let Some(known) = self.places.get(raw) {
            return *known;
        }
        let key = place_key(raw);
        if self.places.len() < self.most {
            self.places.insert(raw.into(), key);
        }
        key
    }
}

/// Stands behind a word with an apostrophe, which no word contains.
const APOSTROPHE: char = '\'';
