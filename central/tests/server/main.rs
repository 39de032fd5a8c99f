//! The whole of central from outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot do its part must fail loudly"
)]

mod gates;
mod list_pages;
mod lists;
mod screening;
mod world;
