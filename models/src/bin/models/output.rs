//! What the commands print.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::time::Instant;

use serde::Serialize;

/// One JSON object if asked for, else a line per key.
///
/// # Errors
/// The output cannot be written.
pub fn print(answer: &impl Serialize, json: bool) -> anyhow::Result<()> {
    let mut lines = String::new();
    if !json {
        let value = serde_json::to_value(answer)?;
        for (key, value) in value.as_object().into_iter().flatten() {
            match value.as_str() {
                Some(text) => writeln!(lines, "{key}: {text}")?,
                None => writeln!(lines, "{key}: {value}")?,
            }
        }
    }
    print_with_text(answer, &lines, json)
}

/// One JSON object if asked for, else a text of its own.
///
/// # Errors
/// The output cannot be written.
pub fn print_with_text(answer: &impl Serialize, text: &str, json: bool) -> anyhow::Result<()> {
    if json {
        return line(&serde_json::to_string_pretty(answer)?);
    }
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// One line of text.
///
/// # Errors
/// The output cannot be written.
pub fn line(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// A line on standard error; that nobody reads it does no harm.
pub fn progress(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "models: {message}");
}

/// Parts per million as a share with four decimals.
pub fn share(ppm: f64) -> f64 {
    (ppm / 100.0).round() / 10_000.0
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
pub fn now() -> Instant {
    Instant::now()
}
