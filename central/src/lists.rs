//! An authority's list as its owner keeps it: entries, their changes under four eyes, and what is served of it.
//!
//! `entry` is what is kept and `change` what happens to it; `import` reads entries from files; `edition` says of what a file is the
//! whole; `live` is what is searched, `serving` keeps it at one version, and `screening` says what is found in it means. SQL stays in `store`, use cases in `app`, HTTP in `list_api` and `console`.

pub(crate) mod canary;
pub mod change;
pub(crate) mod edition;
pub mod entry;
pub mod import;
pub mod live;
pub mod package;
pub mod screening;
pub(crate) mod serving;
pub mod weights;
