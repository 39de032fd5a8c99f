//! The whole of central from outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot do its part must fail loudly"
)]

mod freshness;
mod gates;
mod list_access;
mod list_changes;
mod list_pages;
mod lists;
mod screening;
mod world;
