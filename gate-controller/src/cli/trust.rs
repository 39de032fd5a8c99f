//! `gate-controller trust inspect`: what a list of trusted certificates holds; and how `--trust` is loaded for every command.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use egate_icao::limits::LIST_BYTES_MAX;
use egate_icao::report;
use egate_icao::trust::TrustStore;
use egate_types::Date;
use gate_controller::clock::Clock;

use super::output::{self, Refusal};

/// Trusted certificates and their lists.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(Inspect),
}

/// Counts what a master list, deviation list, revocation list or certificate holds, and checks its signature.
///
/// Exit code 0: the file was read, whatever its signature is worth. 2: malformed; the message names file, offset and rule. 1: the file
/// cannot be read.
#[derive(Args)]
struct Inspect {
    /// The file, DER or PEM.
    file: PathBuf,
    /// Anchors for the signer of a list: certificates, master lists, folders of them.
    #[arg(long, num_args = 1..)]
    trust: Vec<PathBuf>,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
    /// The day that expiry and age are counted at; today if absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Date::parse)]
    at: Option<Date>,
}

/// Carries the command out.
///
/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Command::Inspect(inspect) = &arguments.command;
    let view = || {
        let store = load(&inspect.trust)?;
        let bytes = read(&inspect.file)?;
        let day = day(inspect.at);
        report::trust::view(&bytes, &store, day)
            .map_err(|error| Refusal::malformed(&inspect.file, &error))
    };
    output::print(view(), inspect.json)
}

/// The day given, else today.
pub fn day(at: Option<Date>) -> Date {
    at.unwrap_or_else(|| Clock::start().utc().date())
}

/// Reads a file of at most [`LIST_BYTES_MAX`] bytes.
pub fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let size = std::fs::metadata(path).map_err(|error| Refusal::unreadable(path, &error))?;
    if size.len() > LIST_BYTES_MAX as u64 {
        let rule = format!("at offset {LIST_BYTES_MAX}: file is larger than any of its kind");
        return Err(Refusal::malformed(path, &rule));
    }
    std::fs::read(path).map_err(|error| Refusal::unreadable(path, &error))
}

/// Loads what `--trust` names: files as they are, folders with all trust material below them. Lists whose signer leads to no anchor are
/// left aside with a message.
pub fn load(paths: &[PathBuf]) -> Result<TrustStore, Refusal> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, 0, &mut files)?;
    }
    let mut material = Vec::new();
    for path in files {
        let bytes = read(&path)?;
        material.push((path, bytes));
    }
    let mut store = TrustStore::default();
    let left = store
        .add_all(material, |path| name(path))
        .map_err(|(path, error)| Refusal::malformed(&path, &error))?;
    for (path, error) in left {
        // Nobody listens on a closed standard error.
        let _ = writeln!(io::stderr(), "{}: not taken: {error}", path.display());
    }
    Ok(store)
}

/// Folders below a folder that are looked into.
const FOLDERS_DEEP_MAX: usize = 4;

/// Endings of trust material in folders.
const ENDINGS: [&str; 7] = ["ml", "cer", "crt", "der", "pem", "crl", "dvl"];

fn collect(path: &Path, deep: usize, files: &mut Vec<PathBuf>) -> Result<(), Refusal> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if deep > FOLDERS_DEEP_MAX {
        return Ok(());
    }
    let unreadable = |error| Refusal::unreadable(path, &error);
    let mut entries = std::fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(unreadable)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let entry = entry.path();
        let ending = entry.extension().and_then(|ending| ending.to_str());
        let known = ending.is_some_and(|e| ENDINGS.contains(&e.to_ascii_lowercase().as_str()));
        if known || entry.is_dir() {
            collect(&entry, deep + 1, files)?;
        }
    }
    Ok(())
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
