//! Commands beside `run`: thin shells around `egate_icao`, a file in and JSON out.

pub mod document;
pub mod mrz;
mod output;
pub mod trust;
