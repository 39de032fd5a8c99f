//! What the commands print, and how they end.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

/// Exit code for input that breaks a rule.
const MALFORMED: u8 = 2;

/// Why a command gives no answer.
#[derive(Debug)]
pub struct Refusal {
    message: String,
    code: u8,
}

impl Refusal {
    /// A file that breaks a rule.
    pub fn malformed(file: &Path, rule: &impl Display) -> Self {
        Self {
            message: format!("{}: {rule}", file.display()),
            code: MALFORMED,
        }
    }

    /// Nothing to read from, or it failed.
    pub fn failed(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            code: 1,
        }
    }

    /// A file that cannot be read.
    pub fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self {
            message: format!("{}: cannot be read: {error}", file.display()),
            code: 1,
        }
    }
}

/// Prints the answer, or why there is none.
///
/// # Errors
/// The output cannot be written.
pub fn print(answer: Result<impl Serialize, Refusal>, json: bool) -> anyhow::Result<ExitCode> {
    match answer {
        Ok(answer) => {
            write(&answer, json)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            writeln!(io::stderr(), "{}", refusal.message)?;
            Ok(ExitCode::from(refusal.code))
        }
    }
}

/// Names what is malformed in an answer that is given all the same.
///
/// # Errors
/// The output cannot be written.
pub fn complain<'a>(
    folder: &Path,
    malformed: impl Iterator<Item = &'a String>,
) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for message in malformed {
        writeln!(io::stderr(), "{}: {message}", folder.display())?;
        code = ExitCode::from(MALFORMED);
    }
    Ok(code)
}

/// One JSON object, or a line per key.
fn write(answer: &impl Serialize, json: bool) -> anyhow::Result<()> {
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
