//! The machine readable zone as a scanner delivers it.

use egate_icao::mrz;
use egate_types::{Date, MrzLines};

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let lines = text.lines().map(str::to_owned).collect();
    let _ = mrz::parse(
        &MrzLines::new(lines),
        Date::parse("2026-11-23").expect("a date"),
    );
}
