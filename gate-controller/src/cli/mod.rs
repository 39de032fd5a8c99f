//! Commands beside `run`: thin shells around `egate_icao`, a file in and JSON out.

mod bench;
pub mod document;
pub mod mrz;
mod output;
mod read;
pub mod trust;
