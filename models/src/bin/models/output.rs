//! What the commands print.

use std::io::{self, Write};
use std::time::Instant;

use serde::Serialize;

/// One JSON object, or a line per key.
///
/// # Errors
/// The output cannot be written.
pub fn print(answer: &impl Serialize, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(answer)?)?;
        return Ok(());
    }
    let value = serde_json::to_value(answer)?;
    for (key, value) in value.as_object().into_iter().flatten() {
        match value.as_str() {
            Some(text) => writeln!(out, "{key}: {text}")?,
            None => writeln!(out, "{key}: {value}")?,
        }
    }
    Ok(())
}

/// One line of text.
///
/// # Errors
/// The output cannot be written.
pub fn line(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// One line for whoever watches.
///
/// # Errors
/// It cannot be written.
pub fn note(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stderr(), "{text}")?)
}

/// Parts per million as a share with four decimals.
pub fn share(ppm: f64) -> f64 {
    (ppm / 100.0).round() / 10_000.0
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
pub fn now() -> Instant {
    Instant::now()
}
