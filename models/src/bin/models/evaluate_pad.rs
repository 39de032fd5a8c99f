//! `models evaluate-pad`: error rates of presentation attack detection on labelled images.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use egate_models::evaluation::presentation::evaluate;
use egate_models::evaluation::score::Score;
use egate_models::evaluation::table::Presentation;
use egate_models::evaluation::{html, markdown};

use crate::evaluate::threads;
use crate::files::{self, Refusal};
use crate::images::{self, THREADS_MAX};
use crate::output;
use crate::place::Choice;
use crate::source::Source;

/// Measures attack detection (ISO/IEC 30107-3) on labelled images: APCER per species, BPCER, ACER.
///
/// With --out, writes scores.csv, report.json and report.html into that folder.
#[derive(Args)]
pub struct Arguments {
    /// Table with the columns file, label (attack or bona_fide), pai_species, and optionally origin.
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Folder that the paths of the images start from.
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    #[command(flatten)]
    source: Choice,
    /// Images analysed at the same time.
    #[arg(long, default_value_t = THREADS_MAX, value_parser = threads)]
    threads: usize,
    /// Folder for the report; created if absent.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Appends the table to this Markdown file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Heading of that section.
    #[arg(long, default_value = "Presentation attack detection")]
    title: String,
    /// Prints the report as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Carries the command out.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    files::ended(measure(arguments).map(|()| ExitCode::SUCCESS))
}

fn measure(arguments: &Arguments) -> Result<(), Refusal> {
    let table = files::table(&arguments.labels)?;
    let presentations = Presentation::parse_all(&table)
        .map_err(|error| Refusal::malformed(&arguments.labels, &error))?;
    let named = presentations
        .iter()
        .map(|shown| (shown.line, shown.image.as_str()));
    images::exist(&arguments.labels, &arguments.images, named)?;
    let source = Source::find(&arguments.source)?;
    let threshold = source.load()?.attack_threshold();
    let names: Vec<&str> = presentations
        .iter()
        .map(|shown| shown.image.as_str())
        .collect();
    let (scores, failed) = images::each(
        &source,
        arguments.threads,
        &arguments.images,
        &names,
        |engine, frame| engine.attack_detection(frame),
    )?;
    let scores: Vec<Option<Score>> = scores
        .into_iter()
        .map(|score| score.map(Score::from))
        .collect();
    let rates = evaluate(source.set, &presentations, &scores, threshold, failed);
    if let Some(out) = &arguments.out {
        files::folder(out)?;
        files::write(out, "scores.csv", &scores_csv(&presentations, &scores))?;
        files::write(
            out,
            "report.json",
            &serde_json::to_string_pretty(&rates).map_err(anyhow::Error::from)?,
        )?;
        files::write(out, "report.html", &html::presentation_report(&rates))?;
    }
    let section = markdown::presentation_section(&arguments.title, &rates);
    if let Some(file) = &arguments.markdown {
        files::append(file, &section)?;
    }
    Ok(output::print_with_text(&rates, &section, arguments.json)?)
}

fn scores_csv(presentations: &[Presentation], scores: &[Option<Score>]) -> String {
    let mut csv = "file,label,pai_species,score\n".to_owned();
    for (shown, score) in presentations.iter().zip(scores) {
        let (label, species) = match &shown.species {
            Some(species) => ("attack", files::field(species)),
            None => ("bona_fide", "none".to_owned()),
        };
        let score = score.map_or_else(String::new, |score| score.to_string());
        let _ = writeln!(
            csv,
            "{},{label},{species},{score}",
            files::field(&shown.image)
        );
    }
    csv
}
