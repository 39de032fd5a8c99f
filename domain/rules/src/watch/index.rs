//! Finds the few entries of a long list that a traveller may be, and scores those: ten million entries in one mapped file.
//!
//! **Invariant:** bytes in, bytes out; no file, no clock, and nothing in a snapshot can make a reader panic or
//! read beside it.
//!
//! A [`Builder`] takes entries and writes one snapshot, [`Index::open`] checks one, [`Index::search`] answers.
//! [`LayeredList`] lays changes over a snapshot until a new one is built.
//!
//! # How an entry is found
//!
//! Each name with each date of birth is a *row* of 48 bytes: packed date, sex, sixteen bits for each key of its parts, and
//! which letters its first parts have. Rows are sorted by date, so that every list of rows is sorted by date too and a window of years in it is found
//! by bisection. Three passes bring rows (`Traveller::rows`):
//!
//! - (a) rows of the same date of birth, with day and month exchanged, and of the same month or year alone;
//! - (b) rows with one part key in common and a birth year at most one apart, or unknown;
//! - (c) rows with two part keys in common and any date.
//!
//! A *part key* is the consonant skeleton, or for short parts the sound, or Chinese or Korean syllables; adjacent parts also have
//! the key of both written together. A row counts if the most points that its dates, sex and common keys
//! and letters allow reach the threshold; only then is the entry's record read and scored.
//!
//! # Format, version 1
//!
//! Little-endian. Header of 192 bytes, then the sections in the order of the header, each filled with zeros up to 32
//! bytes, then a trailer of 32 bytes.
//!
//! | header | bytes | |
//! |---|---|---|
//! | magic | 8 | `EGATEWLX` |
//! | format version | 4 | 1 |
//! | version of the keys | 4 | [`KEYS_VERSION`]: goes up whenever the matcher makes other keys of a name |
//! | list identity | 32 | UTF-8, filled with zeros |
//! | list version | 8 | |
//! | build instant | 8 | milliseconds since 1970-01-01 UTC |
//! | weights hash | 32 | SHA-256 of the weights in force at the build |
//! | entries, rows | 8, 8 | |
//! | directory bits | 8 | |
//! | section lengths | 6 x 8 | in bytes: dates, rows, directory, postings, offsets, records |
//! | reserved | 24 | zeros |
//!
//! | section | holds |
//! |---|---|
//! | dates | sorted: packed date (4), first row with it (4) |
//! | rows | 12 part keys (2 each), letters of 4 parts as bits (4 each), packed date << 4 and flags (4), entry (4) |
//! | directory | for each value of the top bits of a key's hash where its postings begin (4), and the end |
//! | postings | rows (4), sorted within a directory place |
//! | offsets | for each entry where its record begins (4), in units of 4 bytes |
//! | records | `record.rs` |
//!
//! The trailer has the checksum (8) of everything before it, the magic again, zeros. The checksum finds damage; who made
//! a snapshot is for a signature over the file to say.

mod blocking;
mod build;
mod format;
mod layers;
mod record;
mod search;
mod traveller;

pub use build::{Builder, EntryError};
pub use format::{Index, KEYS_VERSION, LIST_BYTES_MAX, SnapshotError, SnapshotIdentity, seal};
pub use layers::{Change, Layer, LayerError, LayeredList};
pub use record::{Entry, EntryId};
pub use search::{Hit, Scratch};
pub use traveller::Traveller;
