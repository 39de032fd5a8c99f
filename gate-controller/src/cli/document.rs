//! `gate-controller document`: documents judged from files, read from a reader, and how fast.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use egate_icao::active_authentication::Exchange;
use egate_icao::evidence::{Evidence, Performed};
use egate_icao::lds::{ChipFiles, FileId};
use egate_icao::report;
use egate_icao::report::document::DocumentView;
use egate_icao::trust::TrustStore;
use egate_icao::trust::material::single_certificate;
use egate_types::Date;
use serde_json::Value;

use super::bench::{self, Bench};
use super::output::{self, Refusal};
use super::read::{self as reading, Read};
use super::trust::{day, load, read};

/// Documents: judged from files, read from a reader, and how fast.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(Verify),
    Sod(Sod),
    Read(Read),
    Bench(Bench),
}

/// Judges a document whose files lie in a folder: passive authentication, the tree of checks, and what the files say.
///
/// The folder holds `EF.*.bin` (EF.COM.bin, EF.SOD.bin, EF.DG1.bin ..). If present, these are used too: `csca.crl`, revocation lists;
/// `link.cer`, a link certificate, which leads to an anchor and never is one; `dsc.cer`, the signer's certificate for an EF.SOD without
/// one; a challenge and its response for active authentication, as two files with these words in their names (bytes or
/// hexadecimal), or as `challenge` and `response` in the object `active_authentication` of a JSON file.
///
/// Exit code 0: judged, see `passive_authentication`. 2: something is malformed; the message names file, offset and rule. 1: a file
/// cannot be read.
#[derive(Args)]
struct Verify {
    /// The folder.
    folder: PathBuf,
    #[command(flatten)]
    judged: Judged,
}

/// Judges EF.SOD or EF.CardSecurity alone: signature and chain, validity periods left aside.
///
/// Exit code 0: judged, see `result`. 2: malformed; the message names file, offset and rule. 1: the file cannot be read.
#[derive(Args)]
struct Sod {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    judged: Judged,
}

#[derive(Args)]
struct Judged {
    /// Whom to trust: master lists, certificates in DER or PEM, folders of them.
    #[arg(long, num_args = 1.., required = true)]
    trust: Vec<PathBuf>,
    /// The day of the inspection; today if absent. A signing time in EF.SOD decides about the signer's validity.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Date::parse)]
    at: Option<Date>,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

/// Carries the command out.
///
/// # Errors
/// The output cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Verify(verify) => {
            let view = verify.view();
            let malformed = match &view {
                Ok(view) => view.malformed.clone(),
                Err(_) => BTreeSet::new(),
            };
            let code = output::print(view, verify.judged.json)?;
            if malformed.is_empty() {
                return Ok(code);
            }
            output::complain(&verify.folder, malformed.iter())
        }
        Command::Read(arguments) => reading::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Sod(sod) => {
            let view = || {
                let store = load(&sod.judged.trust)?;
                let bytes = read(&sod.file)?;
                report::sod::view(&bytes, &store, day(sod.judged.at))
                    .map_err(|error| Refusal::malformed(&sod.file, &error))
            };
            output::print(view(), sod.judged.json)
        }
    }
}

impl Verify {
    fn view(&self) -> Result<DocumentView, Refusal> {
        let folder = Folder::open(&self.folder)?;
        let mut store = load(&self.judged.trust)?;
        folder.complete(&mut store)?;
        let evidence = Evidence {
            files: folder.files()?,
            printed_mrz: None,
            performed: Performed {
                active_authentication: folder.exchange()?,
                ..Performed::default()
            },
        };
        report::document::view(&evidence, &store, day(self.judged.at))
            .map_err(|error| Refusal::malformed(&self.folder.join("EF.SOD.bin"), &error))
    }
}

/// A folder with a document, by the names of its files.
struct Folder {
    files: BTreeMap<String, PathBuf>,
}

impl Folder {
    fn open(path: &Path) -> Result<Self, Refusal> {
        let unreadable = |error| Refusal::unreadable(path, &error);
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
            files.insert(name, entry.path());
        }
        Ok(Self { files })
    }

    /// What the chip held.
    fn files(&self) -> Result<ChipFiles, Refusal> {
        let mut files = BTreeMap::new();
        for file in FileId::all() {
            // EF.ATR/INFO cannot be the name of a file.
            let name = file.to_string().replace('/', "_").to_ascii_lowercase();
            if let Some(path) = self.files.get(&format!("{name}.bin")) {
                files.insert(file, read(path)?);
            }
        }
        Ok(ChipFiles::new(files))
    }

    /// Adds what lies beside the files: good for this document alone.
    fn complete(&self, store: &mut TrustStore) -> Result<(), Refusal> {
        let certificate = |name: &str| {
            let Some(path) = self.files.get(name) else {
                return Ok(None);
            };
            let certificate = single_certificate(&read(path)?);
            certificate
                .map(Some)
                .map_err(|error| Refusal::malformed(path, &error))
        };
        if let Some(link) = certificate("link.cer")? {
            store.add_link_certificate(link);
        }
        if let Some(signer) = certificate("dsc.cer")? {
            store.add_document_signer_certificate(signer);
        }
        let lists = self.files.iter().filter(|(name, _)| name.ends_with(".crl"));
        for (_, path) in lists {
            store
                .add_revocation_lists(&read(path)?)
                .map_err(|error| Refusal::malformed(path, &error))?;
        }
        Ok(())
    }

    /// A run of active authentication.
    fn exchange(&self) -> Result<Option<Exchange>, Refusal> {
        let named = |word: &str| {
            let of_name = |name: &str| {
                name.contains(word) && !name.contains("altered") && !name.ends_with(".json")
            };
            self.files
                .iter()
                .find(|(name, _)| of_name(name))
                .map(|(_, path)| path)
        };
        if let (Some(challenge), Some(response)) = (named("challenge"), named("response")) {
            let eight = plain_or_hex(&read(challenge)?).try_into().map_err(|_| {
                Refusal::malformed(challenge, &"at offset 0: a challenge has 8 bytes")
            })?;
            let response = plain_or_hex(&read(response)?);
            return Ok(Some(Exchange::answered(eight, response)));
        }
        for path in self
            .files
            .iter()
            .filter(|(name, _)| name.ends_with(".json"))
            .map(|(_, p)| p)
        {
            if let Some(exchange) = transcript(&read(path)?) {
                return Ok(Some(exchange));
            }
        }
        Ok(None)
    }
}

/// Bytes, or the bytes that a text of hexadecimal digits stands for.
fn plain_or_hex(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).map(str::split_whitespace);
    let digits: Option<String> = text.ok().map(Iterator::collect);
    digits
        .filter(|digits| digits.len() >= 16)
        .and_then(|digits| hex::decode(digits).ok())
        .unwrap_or_else(|| bytes.to_vec())
}

/// `{"active_authentication": {"challenge": HEX, "response": HEX}}`; anything else in the file is not looked at.
fn transcript(json: &[u8]) -> Option<Exchange> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let run = value.get("active_authentication")?;
    let bytes = |key: &str| hex::decode(run.get(key)?.as_str()?).ok();
    let challenge = bytes("challenge")?.try_into().ok()?;
    Some(Exchange::answered(challenge, bytes("response")?))
}
