//! What the evaluating commands read and write, and how they end.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use crate::output;

/// Why a command gives no answer.
#[derive(Debug)]
pub enum Refusal {
    /// The input breaks a rule: file, then line and rule.
    Malformed(String),
    /// A file, a library or a network failed.
    Failed(anyhow::Error),
}

impl Refusal {
    /// A file that breaks a rule.
    pub fn malformed(file: &Path, rule: &impl fmt::Display) -> Self {
        Self::Malformed(format!("{}: {rule}", file.display()))
    }

    /// A file that cannot be read.
    pub fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self::malformed(file, &format!("cannot be read: {error}"))
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// How the program ends: bad input is told on standard error, with an exit code of its own.
pub fn ended(done: Result<ExitCode, Refusal>) -> anyhow::Result<ExitCode> {
    match done {
        Ok(code) => Ok(code),
        Err(Refusal::Malformed(message)) => {
            output::progress(format_args!("{message}"));
            Ok(ExitCode::from(MALFORMED))
        }
        Err(Refusal::Failed(error)) => Err(error),
    }
}

/// The bytes of an input table.
pub fn table(file: &Path) -> Result<Vec<u8>, Refusal> {
    let size = fs::metadata(file)
        .map_err(|error| Refusal::unreadable(file, &error))?
        .len();
    if size > TABLE_BYTES_MAX {
        return Err(Refusal::malformed(
            file,
            &format!("the table must not be larger than {TABLE_BYTES_MAX} bytes"),
        ));
    }
    fs::read(file).map_err(|error| Refusal::unreadable(file, &error))
}

/// Creates the folder that reports go to.
pub fn folder(out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))
}

/// Writes one file of a report.
pub fn write(out: &Path, name: &str, content: &str) -> anyhow::Result<()> {
    let path = out.join(name);
    fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Appends a section to a Markdown file.
pub fn append(file: &Path, section: &str) -> anyhow::Result<()> {
    let opened = fs::OpenOptions::new().create(true).append(true).open(file);
    opened
        .and_then(|mut file| file.write_all(section.as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// A field of a CSV row (RFC 4180).
pub fn field(text: &str) -> String {
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Exit code for input that breaks a rule.
const MALFORMED: u8 = 2;
/// Largest table, bytes: some two million pairs.
const TABLE_BYTES_MAX: u64 = 256 << 20;
