//! `gate-controller mrz --json FILE`: takes a machine readable zone apart.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use egate_icao::mrz::{self, Candidate, Grounds, MrzError, Substitution, Zone};
use egate_icao::report::mrz::MrzView;
use egate_types::{Date, MrzLines};
use gate_controller::clock::Clock;
use serde::Serialize;

/// Takes a machine readable zone apart: two or three lines of TD1, TD2, TD3, MRV-A or MRV-B.
///
/// `accepted` says whether every field keeps its rule and every check digit agrees. It may hold for a misread zone: where a
/// character cannot have been printed (a letter in a date, a digit in a name) and exactly one reading satisfies the whole zone,
/// that reading is shown and `substitutions` names each character that was taken for another. `--as-read` never does so. Other
/// readings that would satisfy the zone are listed in `candidates` and never accepted; `violations` names broken rules.
///
/// Messages on standard error name file, line, position and rule. Exit code 0: the zone was taken apart, see `accepted` (wrong
/// check digits alone are no error). 2: malformed. 1: the file cannot be read.
#[derive(Args)]
pub struct Arguments {
    /// The lines, in a text file; `-` reads standard input.
    file: PathBuf,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
    /// Takes no character for another.
    #[arg(long)]
    as_read: bool,
    /// The date that decides the century of two-digit years; today if absent.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Date::parse)]
    at: Option<Date>,
}

/// Carries the command out.
///
/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let name = arguments.file.display();
    let today = arguments.at.unwrap_or_else(|| Clock::start().utc().date());
    let mut messages = io::stderr().lock();
    let bytes = match bytes(&arguments.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            writeln!(messages, "{name}: cannot be read: {error}")?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let zone = match zone(&bytes) {
        Ok(zone) => zone,
        Err(error) => {
            writeln!(messages, "{name}: {error}")?;
            let accepted = false;
            print(&Malformed { accepted, error }, arguments.json)?;
            return Ok(ExitCode::from(MALFORMED));
        }
    };
    let judged = judge(&zone, today, arguments.as_read);
    for message in judged.violations.iter().chain(&judged.contradictions) {
        writeln!(messages, "{name}: {message}")?;
    }
    print(&judged.report, arguments.json)?;
    Ok(if judged.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(MALFORMED)
    })
}

/// Exit code for input that breaks a rule.
const MALFORMED: u8 = 2;

/// Bytes of a file that are looked at: three lines of 30 with generous white space.
const FILE_BYTES_MAX: usize = 4096;

fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more tells a file that is too long from one that just fits.
    let limit = FILE_BYTES_MAX as u64 + 1;
    if file == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Lines end in CR LF, LF or CR. Bytes that are no UTF-8 become a character that no zone has.
fn lines(bytes: &[u8]) -> MrzLines {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let text = text.trim_start_matches('\u{FEFF}');
    MrzLines::new(text.split(['\n', '\r']).map(str::to_owned).collect())
}

fn zone(bytes: &[u8]) -> Result<Zone, String> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!(
            "more than {FILE_BYTES_MAX} bytes are no machine readable zone"
        ));
    }
    mrz::read(&lines(bytes)).map_err(|error| error.to_string())
}

/// A zone as shown, with the rules that it breaks and the check digits that it contradicts.
struct Judged {
    report: Report,
    violations: Vec<MrzError>,
    contradictions: Vec<MrzError>,
}

/// The zone as read, or the only one that it can have been.
fn judge(zone: &Zone, today: Date, as_read: bool) -> Judged {
    let candidates = mrz::candidates(zone, today);
    if let Some(sole) = candidates.sole().filter(|_| !as_read) {
        let report = Report {
            accepted: true,
            substitutions: sole.substitutions.iter().map(taken).collect(),
            ..Report::new(&sole.zone)
        };
        return Judged {
            report,
            violations: Vec::new(),
            contradictions: Vec::new(),
        };
    }
    let violations = zone.violations(today);
    let contradictions = zone.contradictions();
    let report = Report {
        accepted: violations.is_empty() && contradictions.is_empty(),
        violations: violations.iter().map(MrzError::to_string).collect(),
        candidates: candidates.all().iter().map(Reading::new).collect(),
        ..Report::new(zone)
    };
    Judged {
        report,
        violations,
        contradictions,
    }
}

/// One JSON object, or a line per key.
fn print(report: &impl Serialize, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(report)?)?;
        return Ok(());
    }
    let value = serde_json::to_value(report)?;
    for (key, value) in value.as_object().into_iter().flatten() {
        match value.as_str() {
            Some(text) => writeln!(out, "{key}: {text}")?,
            None => writeln!(out, "{key}: {value}")?,
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Malformed {
    accepted: bool,
    error: String,
}

/// The output; names and order of the keys are fixed, integrators script them.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    zone: MrzView,
    accepted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    substitutions: Vec<Taken>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<Reading>,
}

impl Report {
    /// What the zone says, not accepted yet.
    fn new(zone: &Zone) -> Self {
        Self {
            zone: MrzView::of(zone),
            accepted: false,
            violations: Vec::new(),
            substitutions: Vec::new(),
            candidates: Vec::new(),
        }
    }
}

/// A character taken for another.
#[derive(Serialize)]
struct Taken {
    line: usize,
    position: usize,
    field: &'static str,
    read: char,
    taken: char,
    grounds: &'static str,
}

fn taken(substitution: &Substitution) -> Taken {
    Taken {
        line: substitution.line,
        position: substitution.position,
        field: substitution.field.name(),
        read: substitution.read,
        taken: substitution.taken,
        grounds: match substitution.grounds {
            Grounds::Impossible => "cannot stand here",
            Grounds::CheckDigit => "check digits would agree",
        },
    }
}

/// A reading that would satisfy the zone.
#[derive(Serialize)]
struct Reading {
    #[serde(flatten)]
    zone: MrzView,
    substitutions: Vec<Taken>,
}

impl Reading {
    fn new(candidate: &Candidate) -> Self {
        Self {
            zone: MrzView::of(&candidate.zone),
            substitutions: candidate.substitutions.iter().map(taken).collect(),
        }
    }
}
