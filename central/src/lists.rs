//! An authority's list as its owner keeps it: entries, their changes under four eyes, and what is served of it.
//!
//! `entry` is what is kept, `import` reads it from the formats of publishers. SQL stays in `store`, HTTP in `api` and `console`.

pub mod entry;
pub mod import;
