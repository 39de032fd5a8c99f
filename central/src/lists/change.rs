//! A change of a list: what it does to entries, whether its size is usual, and the chain of versions. Pure.

use egate_types::{AuthorityId, UtcTime};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::limits::{ADDED_SHARE_MAX, CHANGED_SHARE_MAX, SMALL_LIST_ENTRIES, WITHDRAWN_SHARE_MAX};

/// How far a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Its rows are being read.
    Reading,
    /// Read and compared; counts for nothing.
    Draft,
    /// Waits for a second person.
    Proposed,
    /// In force since a version of the list.
    Approved,
    /// A second person has said no.
    Rejected,
    /// Given up by who drafted it, or by a fault while it was read.
    Discarded,
}

/// Where a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Puts and withdraws the entries it names.
    Amend,
    /// A whole edition of the sources that its entries name: what of them it lacks is withdrawn.
    Replace,
    /// Back to an earlier version.
    Return,
    /// Approved where the list is kept, and received with its signature.
    Received,
}

/// Gives an enum its name in files and tables, which is the one of its JSON.
macro_rules! words {
    ($kind:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $kind {
            /// As files and tables write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads what [`Self::as_str`] writes.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(ChangeState {
    Reading = "reading",
    Draft = "draft",
    Proposed = "proposed",
    Approved = "approved",
    Rejected = "rejected",
    Discarded = "discarded",
});

words!(ChangeKind {
    Amend = "amend",
    Replace = "replace",
    Return = "return",
    Received = "received",
});

/// What a change does to the list it was compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Entries that were not there.
    pub added: u64,
    /// Entries that were otherwise.
    pub changed: u64,
    /// Entries that go.
    pub withdrawn: u64,
    /// Entries of the list once the change is in force.
    pub entries: u64,
}

impl Difference {
    /// Whether anything is different.
    pub const fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Entries that are otherwise after it.
    pub const fn rows(&self) -> u64 {
        self.added + self.changed + self.withdrawn
    }

    /// Entries of the list before it.
    pub const fn before(&self) -> u64 {
        (self.entries + self.withdrawn).saturating_sub(self.added)
    }

    /// What is unusual about its size: a truncated file withdraws, a wrong one adds. Empty for small lists and usual changes.
    pub fn beyond_limits(&self) -> Vec<String> {
        let mut told = Vec::new();
        // It would clear everybody, and is as sound as any other.
        if self.withdrawn > 0 && self.entries == 0 {
            told.push(NO_ENTRY_LEFT.to_owned());
        }
        let before = self.before();
        if before < SMALL_LIST_ENTRIES {
            return told;
        }
        let shares = [
            ("adds", self.added, ADDED_SHARE_MAX),
            ("changes", self.changed, CHANGED_SHARE_MAX),
            ("withdraws", self.withdrawn, WITHDRAWN_SHARE_MAX),
        ]
        .into_iter()
        .filter(|(_, count, percent)| {
            u128::from(*count) * 100 > u128::from(before) * u128::from(*percent)
        })
        .map(|(does, count, percent)| {
            format!("{does} {count} of {before} entries, more than the usual {percent} %")
        });
        told.extend(shares);
        told
    }
}

/// What is unusual about the size of a change after which nothing is listed.
pub(crate) const NO_ENTRY_LEFT: &str = "leaves the list without any entry";

/// One version of a list as it is chained: everything but the rows, which it names by their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionHeader {
    /// Whose list.
    pub authority: AuthorityId,
    /// Grows by one with every approved change.
    pub version: u64,
    /// Hash of the version before; zeros before the first.
    #[serde(with = "hex::serde")]
    pub previous: [u8; 32],
    /// Of [`RowsHash`].
    #[serde(with = "hex::serde")]
    pub rows: [u8; 32],
    /// What it did.
    pub difference: Difference,
    /// Who drafted it.
    pub drafted_by: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// Why.
    pub reason: String,
    /// Who approved it; never who drafted or proposed it.
    pub approved_by: String,
    /// What the approver checked.
    pub remark: String,
    /// When.
    pub approved_at: UtcTime,
}

impl VersionHeader {
    /// SHA-256 of the header's canonical bytes: compact JSON in the order of the fields.
    pub fn hash(&self) -> [u8; 32] {
        // Invariant: as for entries.
        #[expect(clippy::expect_used, reason = "see the invariant above")]
        let bytes = serde_json::to_vec(self).expect("a header is always representable in JSON");
        Sha256::digest(bytes).into()
    }
}

/// Hash of the rows of a change, given in the order of their ids.
#[derive(Default)]
pub struct RowsHash(Sha256);

impl RowsHash {
    /// Adds a row: an entry's hash, or none for one that is withdrawn.
    pub fn add(&mut self, entry: &str, hash: Option<&[u8]>) {
        // Ids hold neither line feeds nor spaces, so that rows cannot run into one another.
        self.0.update(entry.as_bytes());
        self.0.update(b" ");
        self.0.update(hex::encode(hash.unwrap_or_default()));
        self.0.update(b"\n");
    }

    /// The hash of all rows.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusual_size_is_told() {
        let difference = |added, changed, withdrawn, before: u64| Difference {
            added,
            changed,
            withdrawn,
            entries: before + added - withdrawn,
        };
        assert_eq!(difference(500, 0, 0, 0).beyond_limits(), [""; 0]);
        assert_eq!(difference(0, 0, 9, 10).beyond_limits(), [""; 0]);
        assert_eq!(difference(0, 0, 10, 10).beyond_limits(), [NO_ENTRY_LEFT]);
        assert_eq!(difference(0, 0, 200, 200).beyond_limits().len(), 2);
        assert_eq!(difference(0, 0, 50, 1_000).beyond_limits(), [""; 0]);
        let told = difference(0, 0, 51, 1_000).beyond_limits();
        assert_eq!(
            told,
            ["withdraws 51 of 1000 entries, more than the usual 5 %"]
        );
        assert_eq!(difference(600, 300, 60, 1_000).beyond_limits().len(), 3);
    }

    #[test]
    fn rows_and_headers_hash_what_they_say() {
        let rows = |rows: &[(&str, Option<&[u8]>)]| {
            let mut hash = RowsHash::default();
            rows.iter().for_each(|(id, row)| hash.add(id, *row));
            hash.finish()
        };
        let all = [
            rows(&[]),
            rows(&[("a", None)]),
            rows(&[("a", Some(&[0]))]),
            rows(&[("a", None), ("b", None)]),
            rows(&[("ab", None)]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }
}
