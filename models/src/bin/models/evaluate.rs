//! `models evaluate`: error rates of face comparison on labelled pairs.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use egate_models::evaluation::comparison::{
    Evaluation, OperatingPoint, Subjects, evaluate, interval_method,
};
use egate_models::evaluation::score::Score;
use egate_models::evaluation::table::{Pairs, People};
use egate_models::evaluation::{html, markdown};

use crate::files::{self, Refusal};
use crate::images::{self, THREADS_MAX};
use crate::output;
use crate::place::Choice;
use crate::source::Source;

/// Measures the error rates of face comparison on labelled pairs of images.
///
/// Writes scores.csv (every row of the pairs, in order), det.csv, report.json and report.html into the folder given by --out.
/// Rates are those of ISO/IEC 19795-1 with 95 % intervals by resampling people; an image without a face counts as a
/// non-match in its genuine comparisons and nowhere in the FMR.
#[derive(Args)]
pub struct Arguments {
    /// Table with the columns protocol, image_a, image_b, label (1 same person, 0 different people).
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    /// Folder that the paths of the images start from.
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// Table of people: columns file, subject, and optionally gender or sex, age, ethnicity. If absent, images.csv in the
    /// folder of the images, if there is one.
    #[arg(long, value_name = "FILE")]
    subjects: Option<PathBuf>,
    #[command(flatten)]
    source: Choice,
    /// A threshold to report rates at, besides that of the model set; may be given several times.
    #[arg(long, value_name = "SCORE", value_parser = score)]
    threshold: Vec<Score>,
    /// Images analysed at the same time.
    #[arg(long, default_value_t = THREADS_MAX, value_parser = threads)]
    threads: usize,
    /// Folder for the report; created if absent.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Appends the tables to this Markdown file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Heading of that section.
    #[arg(long, default_value = "Comparison")]
    title: String,
    /// Prints the report as JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Carries the command out.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    files::ended(measure(arguments).map(|()| ExitCode::SUCCESS))
}

fn measure(arguments: &Arguments) -> Result<(), Refusal> {
    let table = files::table(&arguments.pairs)?;
    let pairs =
        Pairs::parse(&table).map_err(|error| Refusal::malformed(&arguments.pairs, &error))?;
    let people = people(arguments)?;
    let subjects = Subjects::identify(&pairs, people.as_ref())
        .map_err(|error| Refusal::malformed(&arguments.pairs, &error))?;
    let mut lines = vec![0; pairs.images.len()];
    for row in pairs.rows.iter().rev() {
        for image in row.images {
            lines[image] = row.line;
        }
    }
    let names: Vec<&str> = pairs.images.iter().map(String::as_str).collect();
    let named = lines.into_iter().zip(names.iter().copied());
    images::exist(&arguments.pairs, &arguments.images, named)?;

    let source = Source::find(&arguments.source)?;
    files::folder(&arguments.out)?;
    let mut points = source.load()?.operating_points();
    points.extend(arguments.threshold.iter().map(|threshold| OperatingPoint {
        name: "asked for".to_owned(),
        threshold: *threshold,
    }));
    let (templates, failed_images) = images::each(
        &source,
        arguments.threads,
        &arguments.images,
        &names,
        |engine, frame| engine.template(frame),
    )?;
    let scores: Vec<Option<Score>> = pairs
        .rows
        .iter()
        .map(|row| {
            let [a, b] = row.images.map(|image| templates[image].as_ref());
            Some(Score::from(a?.compare(b?)))
        })
        .collect();
    output::progress(format_args!(
        "{} comparisons, intervals follow",
        scores.len()
    ));
    let failed: Vec<bool> = templates.iter().map(Option::is_none).collect();
    let protocols = evaluate(
        &pairs,
        &subjects,
        people.as_ref(),
        &scores,
        &failed,
        &points,
    );
    let evaluation = Evaluation {
        set: source.set.to_owned(),
        detector: source.detector,
        embedder: source.embedder,
        images: names.len(),
        failure_to_acquire: failed_images.len() as f64 / names.len().max(1) as f64,
        failed_images,
        subject_rule: subjects.rule,
        interval_method: interval_method(),
        operating_points: points,
        protocols,
    };
    Ok(report(arguments, &pairs, &scores, &evaluation)?)
}

fn people(arguments: &Arguments) -> Result<Option<People>, Refusal> {
    let beside = arguments.images.join("images.csv");
    let file = match &arguments.subjects {
        Some(file) => file.clone(),
        None if beside.is_file() => beside,
        None => return Ok(None),
    };
    let people = People::parse(&files::table(&file)?);
    people
        .map(Some)
        .map_err(|error| Refusal::malformed(&file, &error))
}

fn report(
    arguments: &Arguments,
    pairs: &Pairs,
    scores: &[Option<Score>],
    evaluation: &Evaluation,
) -> anyhow::Result<()> {
    let out = &arguments.out;
    files::write(out, "scores.csv", &scores_csv(pairs, scores))?;
    files::write(out, "det.csv", &det_csv(evaluation))?;
    files::write(
        out,
        "report.json",
        &serde_json::to_string_pretty(evaluation)?,
    )?;
    files::write(out, "report.html", &html::comparison_report(evaluation))?;
    let section = markdown::comparison_section(&arguments.title, evaluation);
    if let Some(file) = &arguments.markdown {
        files::append(file, &section)?;
    }
    output::print_with_text(evaluation, &section, arguments.json)
}

fn scores_csv(pairs: &Pairs, scores: &[Option<Score>]) -> String {
    let mut csv = "image_a,image_b,score\n".to_owned();
    for (row, score) in pairs.rows.iter().zip(scores) {
        let [a, b] = row.images.map(|image| files::field(&pairs.images[image]));
        let score = score.map_or_else(String::new, |score| score.to_string());
        let _ = writeln!(csv, "{a},{b},{score}");
    }
    csv
}

fn det_csv(evaluation: &Evaluation) -> String {
    let mut csv = "protocol,threshold,fmr,fnmr\n".to_owned();
    for (name, rates) in &evaluation.protocols {
        let (name, curve) = (files::field(name), rates.comparisons.curve());
        for threshold in rates.comparisons.thresholds() {
            let [fmr, fnmr] = [curve.fmr(*threshold), curve.fnmr(*threshold)]
                .map(|rate| rate.map_or_else(String::new, |rate| format!("{rate:.8}")));
            let _ = writeln!(csv, "{name},{threshold},{fmr},{fnmr}");
        }
    }
    csv
}

fn score(text: &str) -> Result<Score, String> {
    let value: Option<f64> = text.parse().ok();
    value
        .and_then(Score::from_value)
        .ok_or_else(|| "a score is a number within -1..=1".to_owned())
}

/// A number of worker threads.
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if (1..=THREADS_MAX).contains(&threads) => Ok(threads),
        _ => Err(format!("within 1..={THREADS_MAX}")),
    }
}
