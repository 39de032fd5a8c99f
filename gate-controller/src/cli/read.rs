//! `gate-controller document read`: whatever lies on a PC/SC reader.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use egate_hardware::card::{CardReader, PcscReader, read_document};
use egate_icao::evidence::Evidence;
use egate_icao::mrz::{self, MrzKey};
use egate_icao::report::document::{self as report, DocumentView};
use egate_icao::session::{AccessKeys, AccessPolicy, ReadOrder, SessionRandom, Statistics};
use egate_icao::trust::TrustStore;
use egate_types::{ChipAccess, Date, MrzLines};
use gate_controller::clock::{self, Clock};
use gate_controller::run::chain;
use serde::Serialize;

use super::output::{self, Refusal};
use super::trust::{day, load};

/// How long the command waits for a document.
const WAIT_MS: u32 = 30_000;

/// Reads the document that lies on a PC/SC reader, with progress on the terminal.
///
/// The chip is opened by PACE where it offers it, else by Basic Access Control, with the printed zone or the card access number. With
/// `--trust` the document is judged as `document verify` would. Exit code 0: read. 2: the chip or the input breaks a rule. 1: no reader,
/// no document, or it was taken away.
#[derive(Args)]
pub struct Read {
    /// The reader as `pcsc_scan` names it; the first one if absent.
    #[arg(long)]
    reader: Option<String>,
    /// The card access number, six digits as a rule.
    #[arg(long, conflicts_with = "mrz", required_unless_present = "mrz")]
    can: Option<String>,
    /// The printed zone, its lines joined by `/`, or document number, date of birth and date of expiry (YYMMDD), joined by `/`.
    #[arg(long)]
    mrz: Option<String>,
    /// After a failure of PACE, try Basic Access Control; the answer says so.
    #[arg(long)]
    bac_after_pace_failure: bool,
    /// Whom to trust: master lists, certificates, folders of them. Without it the document is read and not judged.
    #[arg(long, num_args = 1..)]
    trust: Vec<PathBuf>,
    /// Writes the evidence, to be judged again elsewhere, into this file.
    #[arg(long)]
    evidence: Option<PathBuf>,
    /// The day of the inspection; today if absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Date::parse)]
    at: Option<Date>,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

/// What was read; names are part of the command line's interface.
#[derive(Serialize)]
struct Answer {
    reader: String,
    access: &'static str,
    /// The protocol, its parameters and the password, or how PACE failed.
    access_detail: ChipAccess,
    /// Milliseconds per step, in order.
    steps: Vec<Step>,
    total_ms: u64,
    apdus: u32,
    bytes_sent: u64,
    bytes_received: u64,
    block_bytes: usize,
    restarts: u32,
    /// Bytes per file.
    files: BTreeMap<String, usize>,
    #[serde(flatten)]
    document: Option<DocumentView>,
}

#[derive(Serialize)]
struct Step {
    step: &'static str,
    ms: u64,
}

/// Carries the command out.
///
/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Read) -> anyhow::Result<ExitCode> {
    output::print(answer(arguments), arguments.json)
}

fn answer(arguments: &Read) -> Result<Answer, Refusal> {
    let keys = arguments.keys()?;
    let name = match &arguments.reader {
        Some(name) => name.clone(),
        None => PcscReader::names()
            .map_err(|error| refused("PC/SC", &error))?
            .into_iter()
            .next()
            .ok_or_else(|| refused("PC/SC", &"no reader is plugged in"))?,
    };
    let mut reader = PcscReader::new(&name).map_err(|error| refused(&name, &error))?;
    let seed = clock::random().map_err(|error| refused("random numbers", &error))?;
    let mut order = ReadOrder::new(keys, SessionRandom::new(seed));
    if arguments.bac_after_pace_failure {
        order = order.opening_by(AccessPolicy::BacAfterPaceFailure);
    }
    let card = reader
        .wait_for_card(WAIT_MS)
        .map_err(|error| refused(&name, &error))?;
    let mut card = card.ok_or_else(|| {
        let seconds = WAIT_MS / 1_000;
        refused(
            &name,
            &format!("no document within {seconds} s; put one on the reader"),
        )
    })?;
    let mut steps = Steps::begin();
    let reading = read_document(card.as_mut(), order, |progress| {
        steps.at(progress.stage.name(), progress.bytes, progress.total);
    });
    let (steps, total_ms) = steps.end();
    let reading = reading.map_err(|error| refused(&name, &chain(&error)))?;
    let access = reading.access.record();
    let Statistics {
        commands,
        bytes_sent,
        bytes_received,
        restarts,
        block_bytes,
    } = reading.statistics;
    let lines = arguments.printed_lines();
    let evidence = reading.into_evidence(lines);
    if let Some(path) = &arguments.evidence {
        let json = serde_json::to_vec(&evidence).map_err(|e| refused("evidence", &e))?;
        std::fs::write(path, json).map_err(|error| Refusal::unreadable(path, &error))?;
    }
    let document = arguments.judge(&evidence)?;
    let files = egate_icao::lds::FileId::all()
        .filter_map(|file| Some((file.to_string(), evidence.files.get(file)?.len())))
        .collect();
    Ok(Answer {
        reader: name,
        access: access.name(),
        access_detail: access,
        steps,
        total_ms,
        apdus: commands,
        bytes_sent,
        bytes_received,
        block_bytes,
        restarts,
        files,
        document,
    })
}

impl Read {
    fn keys(&self) -> Result<AccessKeys, Refusal> {
        if let Some(can) = &self.can {
            return AccessKeys::can(can).map_err(|error| malformed("--can", &error));
        }
        let parts: Vec<&str> = self.mrz.as_deref().unwrap_or_default().split('/').collect();
        if let [number, birth, expiry] = parts.as_slice()
            && birth.len() == 6
            && expiry.len() == 6
        {
            return Ok((&MrzKey::new(number, birth, expiry)).into());
        }
        let lines = MrzLines::new(parts.into_iter().map(str::to_owned).collect());
        let zone = mrz::parse(&lines, day(self.at)).map_err(|error| malformed("--mrz", &error))?;
        Ok((&zone.access_key).into())
    }

    /// The printed zone, if it was given whole.
    fn printed_lines(&self) -> Option<MrzLines> {
        let text = self.mrz.as_deref()?;
        let lines: Vec<String> = text.split('/').map(str::to_owned).collect();
        let whole = lines.iter().all(|line| line.len() >= 30);
        whole.then(|| MrzLines::new(lines))
    }

    fn judge(&self, evidence: &Evidence) -> Result<Option<DocumentView>, Refusal> {
        if self.trust.is_empty() {
            return Ok(None);
        }
        let store: TrustStore = load(&self.trust)?;
        report::view(evidence, &store, day(self.at))
            .map(Some)
            .map_err(|error| malformed("EF.SOD", &error))
    }
}

/// Steps with their times; on a terminal also a line that tells how far reading is.
struct Steps {
    clock: Clock,
    began_ms: u64,
    since_ms: u64,
    current: Option<&'static str>,
    done: Vec<Step>,
    shown: bool,
}

impl Steps {
    fn begin() -> Self {
        let clock = Clock::start();
        let now = clock.mono().0;
        Self {
            clock,
            began_ms: now,
            since_ms: now,
            current: None,
            done: Vec::new(),
            shown: io::stderr().is_terminal(),
        }
    }

    fn at(&mut self, step: &'static str, bytes: usize, total: Option<usize>) {
        if self.current != Some(step) {
            self.finish();
            self.current = Some(step);
        }
        if self.shown {
            let of = total.map_or_else(String::new, |total| format!(" {bytes}/{total} bytes"));
            // A terminal that is gone is no reason to stop reading.
            let _ = write!(io::stderr(), "\r\x1b[Kreading: {step}{of}");
        }
    }

    fn finish(&mut self) {
        let now = self.clock.mono().0;
        if let Some(step) = self.current.take() {
            let ms = now.saturating_sub(self.since_ms);
            self.done.push(Step { step, ms });
        }
        self.since_ms = now;
    }

    fn end(mut self) -> (Vec<Step>, u64) {
        self.finish();
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        (self.done, self.since_ms.saturating_sub(self.began_ms))
    }
}

fn refused(what: &str, why: &impl std::fmt::Display) -> Refusal {
    Refusal::failed(&format!("{what}: {why}"))
}

fn malformed(what: &str, why: &impl std::fmt::Display) -> Refusal {
    Refusal::malformed(Path::new(what), why)
}
