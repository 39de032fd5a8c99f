#![no_main]
//! The machine readable zone as a scanner delivers it.

use egate_icao::mrz;
use egate_types::{Date, MrzLines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.lines().map(str::to_owned).collect();
    let _ = mrz::parse(
        &MrzLines::new(lines),
        Date::parse("2026-11-23").expect("a date"),
    );
});
