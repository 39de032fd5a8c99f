//! `central screen`: the matcher over files, for operators, acceptance and calibration.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use egate_rules::watch::{
    Explanation, ListedDocuments, MATCHER_VERSION, Outcome, Person, Thresholds, Weights, explain,
};
use egate_types::{InspectionId, OfficerId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    limits::{HIT_SHARE, POSSIBLE_SHARE},
    lists::{
        screening::AlertBudget,
        weights::{BUILT_IN, MatcherWeights},
    },
};

use super::{
    bench::{self, BenchArgs},
    evaluate::{Scored, by_kind, recall_at},
    files::{self, BadRow, Rows},
    screening::{Entry, Screened, screen_all},
    training::{self, Half, Material, is_core},
};

/// Match names, persons and documents against lists in files.
#[derive(Subcommand)]
pub enum Screen {
    /// Score pairs of names, each judged alone.
    Pairs {
        /// `name1,dob1,nat1,name2,dob2,nat2`.
        #[arg(long)]
        pairs: PathBuf,
        /// Where `row,score,outcome` goes.
        #[arg(long)]
        out: PathBuf,
        /// Which weights.
        #[command(flatten)]
        weights: WeightsArgs,
    },
    /// Screen travellers against listed persons and documents.
    Travellers {
        /// Listed persons, one JSON object a line.
        #[arg(long)]
        list: PathBuf,
        /// `id,full_name,dob,nat` and more.
        #[arg(long)]
        travellers: PathBuf,
        /// Listed documents.
        #[arg(long)]
        documents: Option<PathBuf>,
        /// Ranges of stolen blanks.
        #[arg(long)]
        ranges: Option<PathBuf>,
        /// Where `traveller_id,outcome,entry_id,score` goes.
        #[arg(long)]
        out: PathBuf,
        /// Which weights.
        #[command(flatten)]
        weights: WeightsArgs,
    },
    /// Look documents up.
    Documents {
        /// Listed documents.
        #[arg(long)]
        documents: PathBuf,
        /// Ranges of stolen blanks.
        #[arg(long)]
        ranges: PathBuf,
        /// `issuer,doc_type,number`.
        #[arg(long)]
        queries: PathBuf,
        /// Where `row,outcome,entry_id` goes.
        #[arg(long)]
        out: PathBuf,
    },
    /// Recall on labelled pairs at fixed false-positive rates, per kind.
    Evaluate {
        /// Labelled pairs.
        #[arg(long)]
        pairs: PathBuf,
        /// Which weights.
        #[command(flatten)]
        weights: WeightsArgs,
    },
    /// What a search costs and finds in a long list of made-up people that changes meanwhile.
    Bench(BenchArgs),
    /// Why a pair or a traveller and an entry score what they score, as JSON.
    Explain(ExplainArgs),
    /// Make weights from labelled pairs and unlisted travellers.
    Calibrate {
        /// Labelled pairs.
        #[arg(long)]
        pairs: PathBuf,
        /// Listed persons.
        #[arg(long)]
        list: PathBuf,
        /// Travellers who are not listed.
        #[arg(long)]
        travellers: PathBuf,
        /// Fit to one half of the persons, so that the other half can be judged.
        #[arg(long)]
        held_out: bool,
        /// Names the result.
        #[arg(long)]
        version: String,
        /// Where the weights go.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Which weights.
#[derive(Args)]
pub struct WeightsArgs {
    /// File of weights; without it those built in.
    #[arg(long)]
    weights: Option<PathBuf>,
}

/// What is to be explained: a pair, a traveller and an entry of files, or a verdict that `central serve` has signed.
#[derive(Args)]
pub struct ExplainArgs {
    /// A verdict on this inspection, derived again from the list as it was; with `--as`.
    #[arg(long, requires = "login", conflicts_with_all = ["pairs", "list"], value_parser = InspectionId::parse)]
    pub inspection: Option<InspectionId>,
    /// Login of an officer who maintains the list; the password as for `central list`.
    #[arg(long = "as")]
    pub login: Option<OfficerId>,
    /// Configuration of central, for a verdict.
    #[arg(long, default_value = "central.toml")]
    pub config: PathBuf,
    /// Pairs, with `--row`.
    #[arg(long, requires = "row", conflicts_with = "list")]
    pairs: Option<PathBuf>,
    /// Row of the pair; the first after the heading is 1.
    #[arg(long)]
    row: Option<u64>,
    /// Listed persons, with `--travellers`, `--traveller` and `--entry`.
    #[arg(long, requires_all = ["travellers", "traveller", "entry"])]
    list: Option<PathBuf>,
    /// Travellers.
    #[arg(long)]
    travellers: Option<PathBuf>,
    /// Id of the traveller.
    #[arg(long)]
    traveller: Option<String>,
    /// Id of the entry.
    #[arg(long)]
    entry: Option<String>,
    #[command(flatten)]
    weights: WeightsArgs,
}

/// An answer from which the decision can be made again.
#[derive(Serialize)]
struct Explained {
    outcome: &'static str,
    thresholds: [f32; 2],
    explanation: Explanation,
    /// SHA-256 of the list as read; absent for a pair judged alone.
    list_version: Option<String>,
    /// Entries of the list.
    list_entries: u64,
    /// SHA-256 of the entry's data.
    entry_version: String,
    matcher_version: &'static str,
    weights_version: String,
    /// SHA-256 of the file of weights.
    weights_sha256: String,
}

/// Runs a command.
pub fn run(command: &Screen) -> anyhow::Result<()> {
    match command {
        Screen::Pairs {
            pairs,
            out,
            weights,
        } => score_pairs(pairs, out, weights),
        Screen::Travellers {
            list,
            travellers,
            documents,
            ranges,
            out,
            weights,
        } => {
            let documents = listed_documents(documents.as_deref(), ranges.as_deref())?;
            screen_travellers(list, travellers, &documents, out, weights)
        }
        Screen::Documents {
            documents,
            ranges,
            queries,
            out,
        } => {
            let listed = listed_documents(Some(documents), Some(ranges))?;
            look_up_documents(&listed, queries, out)
        }
        Screen::Evaluate { pairs, weights } => evaluate(pairs, weights),
        Screen::Bench(args) => measure(args),
        Screen::Explain(args) => explain_one(args),
        Screen::Calibrate {
            pairs,
            list,
            travellers,
            held_out,
            version,
            out,
        } => {
            let material = Material {
                pairs: files::pairs(pairs)?.all_or_nothing()?,
                listed: files::persons(list)?.all_or_nothing()?,
                travellers: files::travellers(travellers)?.all_or_nothing()?,
            };
            let half = if *held_out { Half::Fitted } else { Half::Both };
            let file = training::weights(&material, half, version)?;
            std::fs::write(out, serde_json::to_string_pretty(&file)? + "\n")
                .with_context(|| out.display().to_string())
        }
    }
}

fn measure(args: &BenchArgs) -> anyhow::Result<()> {
    let file = weights_file(args.weights.as_deref())?;
    let share = args.possible_share.unwrap_or(POSSIBLE_SHARE);
    let thresholds = Thresholds::new(args.entries, share, share.min(HIT_SHARE));
    let figures = bench::run(args, &file, thresholds)?;
    let json = if args.json {
        serde_json::to_string(&figures)?
    } else {
        serde_json::to_string_pretty(&figures)?
    };
    writeln!(std::io::stdout(), "{json}")?;
    Ok(())
}

/// The weights and the hash of their file.
fn load(args: &WeightsArgs) -> anyhow::Result<(Weights, String)> {
    let bytes = weights_file(args.weights.as_deref())?;
    let read = MatcherWeights::parse(&bytes).context("the file of weights")?;
    Ok((read.weights, hex::encode(read.sha256)))
}

/// The bytes of a file of weights; without one, those built in.
fn weights_file(path: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    match path {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string()),
        None => Ok(BUILT_IN.to_vec()),
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Thresholds at the default budget: against a list, or for a pair judged alone.
fn thresholds(entries: Option<usize>) -> Thresholds {
    match entries {
        Some(entries) => {
            AlertBudget::default().thresholds(u64::try_from(entries).unwrap_or(u64::MAX))
        }
        None => Thresholds::new(1, POSSIBLE_SHARE, HIT_SHARE),
    }
}

fn score_pairs(path: &Path, out: &Path, weights: &WeightsArgs) -> anyhow::Result<()> {
    let (weights, _) = load(weights)?;
    let rows = files::pairs(path)?;
    let thresholds = thresholds(None);
    write_csv(out, &["row", "score", "outcome"], |write| {
        for (row, pair) in &rows.good {
            let score = super::score_of(pair, &weights);
            let points = score.map_or(NOT_COMPARABLE, |score| score.points);
            let outcome = score.map_or(Outcome::Clear, |score| thresholds.judge(&score));
            write(&[&row.to_string(), &format!("{points:.4}"), outcome.as_str()])?;
        }
        Ok(())
    })?;
    report(&rows)
}

/// Below anything that a comparison can give.
const NOT_COMPARABLE: f32 = -100.0;

fn screen_travellers(
    list: &Path,
    travellers: &Path,
    documents: &ListedDocuments,
    out: &Path,
    weights: &WeightsArgs,
) -> anyhow::Result<()> {
    let (weights, _) = load(weights)?;
    let entries: Vec<Entry> = files::persons(list)?
        .all_or_nothing()?
        .iter()
        .map(|listed| Entry::of(listed, &weights))
        .collect();
    let rows = files::travellers(travellers)?;
    let thresholds = thresholds(Some(entries.len()));
    let screened = screen_all(&entries, documents, &rows.good, &weights, thresholds);
    let columns = ["traveller_id", "outcome", "entry_id", "score"];
    write_csv(out, &columns, |write| {
        for found in &screened {
            let Screened {
                traveller,
                outcome,
                entry,
                points,
            } = found;
            let points = points
                .map(|points| format!("{points:.4}"))
                .unwrap_or_default();
            write(&[traveller, outcome.as_str(), entry, &points])?;
        }
        Ok(())
    })?;
    report(&rows)
}

fn look_up_documents(listed: &ListedDocuments, queries: &Path, out: &Path) -> anyhow::Result<()> {
    let rows = files::document_queries(queries)?;
    write_csv(out, &["row", "outcome", "entry_id"], |write| {
        for (row, query) in &rows.good {
            let answer = listed.look_up(query);
            write(&[&row.to_string(), answer.outcome.as_str(), &answer.entry])?;
        }
        Ok(())
    })?;
    report(&rows)
}

fn listed_documents(
    documents: Option<&Path>,
    ranges: Option<&Path>,
) -> anyhow::Result<ListedDocuments> {
    let mut listed = ListedDocuments::default();
    if let Some(path) = documents {
        for entry in files::documents(path)?.all_or_nothing()? {
            listed.add(&entry.id, &entry.document);
        }
    }
    if let Some(path) = ranges {
        for range in files::ranges(path)?.all_or_nothing()? {
            listed
                .add_range(&range.id, &range.first, &range.last)
                .with_context(|| format!("{}: range {}", path.display(), range.id))?;
        }
    }
    Ok(listed)
}

fn evaluate(path: &Path, weights: &WeightsArgs) -> anyhow::Result<()> {
    let (weights, hash) = load(weights)?;
    let rows = files::pairs(path)?;
    let mut out = std::io::stdout().lock();
    let scored = training::scores_of_pairs(rows.good.iter().map(|(_, pair)| pair), &weights);
    let core_of = |half: Half| -> Vec<Scored> {
        let core = scored
            .iter()
            .filter(|(pair, _)| is_core(&pair.kind) && half.holds(pair));
        core.map(|(_, scored)| scored.clone()).collect()
    };
    writeln!(out, "weights {} sha256 {hash}", weights.version())?;
    for half in [Half::Both, Half::Fitted, Half::HeldOut] {
        let core = core_of(half);
        writeln!(out, "{} ({} core pairs)", half.words(), core.len())?;
        for rate in RATES {
            let recall = recall_at(&core, rate);
            let (low, high) = recall.interval();
            writeln!(
                out,
                "  recall at {:>5} % false positives {:.4} [{low:.4}, {high:.4}] ({} of {}), above {:.3} points",
                rate * 100.0,
                recall.share(),
                recall.found.0,
                recall.found.1,
                recall.threshold
            )?;
        }
    }
    let core = core_of(Half::Both);
    let thresholds = RATES.map(|rate| recall_at(&core, rate).threshold);
    writeln!(
        out,
        "share of each kind above the thresholds of 1 %, 0.1 % and 0.01 %:"
    )?;
    for ((kind, is_match), (all, passed)) in
        by_kind(scored.iter().map(|(_, scored)| scored), &thresholds)
    {
        let label = if is_match { "match" } else { "nomatch" };
        write!(out, "  {kind:34} {label:8} {all:4}")?;
        for passed in passed {
            let (low, high) = super::evaluate::wilson(passed, all);
            write!(
                out,
                "  {:.2} [{low:.2}, {high:.2}]",
                super::evaluate::ratio(passed, all)
            )?;
        }
        writeln!(out)?;
    }
    report(&rows)
}

/// False-positive rates that recall is told at.
const RATES: [f64; 3] = [0.01, 0.001, 0.0001];

fn explain_one(args: &ExplainArgs) -> anyhow::Result<()> {
    let (weights, weights_sha256) = load(&args.weights)?;
    let (listed, traveller, list_version, entries) = to_explain(args)?;
    let explanation = explain(&listed, &traveller, &weights)
        .context("a name has nothing that can be compared")?;
    let thresholds = thresholds(entries);
    let explained = Explained {
        outcome: explanation.outcome(thresholds).as_str(),
        thresholds: [thresholds.possible, thresholds.hit],
        explanation,
        list_version,
        list_entries: u64::try_from(entries.unwrap_or(1))?,
        entry_version: sha256(canonical(&listed).as_bytes()),
        matcher_version: MATCHER_VERSION,
        weights_version: weights.version().to_owned(),
        weights_sha256,
    };
    let explained = serde_json::to_string_pretty(&explained)?;
    writeln!(std::io::stdout(), "{explained}")?;
    Ok(())
}

type ToExplain = (Person, Person, Option<String>, Option<usize>);

fn to_explain(args: &ExplainArgs) -> anyhow::Result<ToExplain> {
    if let (Some(path), Some(row)) = (&args.pairs, args.row) {
        let rows = files::pairs(path)?.good;
        let pair = rows.into_iter().find(|(number, _)| *number == row);
        let (_, pair) = pair.with_context(|| format!("no readable row {row}"))?;
        return Ok((pair.listed, pair.traveller, None, None));
    }
    let (Some(list), Some(travellers), Some(traveller), Some(entry)) =
        (&args.list, &args.travellers, &args.traveller, &args.entry)
    else {
        bail!("either --pairs and --row, or --list, --travellers, --traveller and --entry");
    };
    let version = sha256(&std::fs::read(list)?);
    let listed = files::persons(list)?.all_or_nothing()?;
    let entries = listed.len();
    let found = listed.into_iter().find(|listed| listed.id == *entry);
    let listed = found.with_context(|| format!("no entry {entry}"))?.person;
    let rows = files::travellers(travellers)?.good;
    let found = rows.into_iter().find(|(_, known)| known.id == *traveller);
    let (_, traveller) = found.with_context(|| format!("no readable traveller {traveller}"))?;
    Ok((listed, traveller.person, Some(version), Some(entries)))
}

/// All that is compared of an entry, in one text.
fn canonical(person: &Person) -> String {
    let births: Vec<String> = person.births.iter().map(ToString::to_string).collect();
    let fields = [
        &person.names,
        &births,
        &person.nationalities,
        &person.places_of_birth,
    ];
    let fields = fields.map(|values| values.join("\u{1f}"));
    format!("{}\u{1e}{:?}", fields.join("\u{1e}"), person.sex)
}

type WriteRow<'a> = &'a mut dyn FnMut(&[&str]) -> anyhow::Result<()>;

/// Writes a CSV file whole or not at all.
fn write_csv(
    out: &Path,
    columns: &[&str],
    rows: impl FnOnce(WriteRow<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns)?;
    rows(&mut |fields| Ok(writer.write_record(fields)?))?;
    let bytes = writer.into_inner().context("writing rows")?;
    std::fs::write(out, bytes).with_context(|| out.display().to_string())
}

/// Tells every bad and every odd row; bad ones make the command fail after the good ones have been answered.
fn report<T>(rows: &Rows<T>) -> anyhow::Result<()> {
    let mut errors = std::io::stderr().lock();
    let mut tell = |row: &BadRow| writeln!(errors, "{row}");
    for row in rows.odd.iter().chain(&rows.bad) {
        tell(row)?;
    }
    if !rows.bad.is_empty() {
        bail!(
            "{} rows could not be read and have no answer",
            rows.bad.len()
        );
    }
    Ok(())
}
