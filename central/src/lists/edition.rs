//! Of what a file is the whole edition. Pure.
//!
//! A list is kept of several sources: published editions, the owner's own entries, rules, canaries. A file that is a whole edition
//! withdraws what it lacks **of the sources that its own entries name**, and nothing of others: the daily edition of a published list
//! knows nothing of who was entered by hand. What is looked at for every traveller (rules, canaries) it withdraws only where it brings
//! some of the same source itself. Whoever wants more gone withdraws it by id.

use std::collections::BTreeMap;

use super::entry::ListEntry;
use crate::limits::EDITION_SOURCES_MAX;

/// The sources that a file's entries name.
#[derive(Debug, Default)]
pub(crate) struct Edition(BTreeMap<String, Kinds>);

/// What the file has of a source.
#[derive(Debug, Default)]
struct Kinds {
    ordinary: bool,
    special: bool,
}

impl Edition {
    /// Takes an entry of the file into account; false if that is a source too many.
    pub(crate) fn add(&mut self, entry: &ListEntry) -> bool {
        let source = &entry.fields().source;
        if !self.0.contains_key(source) {
            if self.0.len() == EDITION_SOURCES_MAX {
                return false;
            }
            self.0.insert(source.clone(), Kinds::default());
        }
        if let Some(kinds) = self.0.get_mut(source) {
            kinds.special |= entry.is_special();
            kinds.ordinary |= !entry.is_special();
        }
        true
    }

    /// Whether the file holds no entry at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an entry in force goes if the file lacks it.
    pub(crate) fn speaks_for(&self, source: &str, special: bool) -> bool {
        self.0.get(source).is_some_and(|kinds| {
            if special {
                kinds.special
            } else {
                kinds.ordinary
            }
        })
    }
}
