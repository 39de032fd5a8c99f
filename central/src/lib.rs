//! The authorities' server: screening, signed verdicts, officer console, hash-chained record.
//!
//! `api` and `console` (HTTP) call `app` (use cases), which calls `store` (SQL). Decisions that need no database
//! are pure (`lists::screening`). The current time and random bytes come in through [`clock`].
//!
//! One process serves one or several authorities. What one authority holds is never shown to another's officers.

mod api;
mod app;
pub mod clock;
mod comparison_report;
pub mod config;
mod console;
mod limits;
mod list_api;
pub mod list_command;
pub mod lists;
pub mod pki;
mod reverification;
pub mod screen_command;
pub mod server;
mod store;

pub use api::Peer;
pub use app::{
    App, AppError, Authority,
    lists::{Draft, DraftReport, DraftRow, LineReport, ListOfficer},
    packages::Received,
    screening::Rederived,
};
pub use console::{PAGES, SamplePage, router};
pub use store::{ChainError, Store, known::ExpectedTraveller};
