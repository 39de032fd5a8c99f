//! `models compare`: are two pictures of the same person?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use egate_models::{FacePipeline, Template};
use egate_types::BgrFrame;
use serde_json::{Value, json};

use crate::files::{self, Refusal};
use crate::place::Choice;
use crate::{output, picture};

/// Compares the largest faces of two pictures: JPEG, JPEG 2000 or PNG. Exit code 1 if one shows no face.
#[derive(Args)]
pub struct Arguments {
    /// A picture.
    a: PathBuf,
    /// Another one.
    b: PathBuf,
    #[command(flatten)]
    choice: Choice,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

/// Carries the command out.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    files::ended(compare(arguments))
}

fn compare(arguments: &Arguments) -> Result<ExitCode, Refusal> {
    let (a, b) = (picture::read(&arguments.a)?, picture::read(&arguments.b)?);
    let manifest = arguments.choice.manifest()?;
    let mut pipeline = arguments.choice.pipeline(&manifest, 1)?;
    let (of_a, a) = look(&mut pipeline, &a)?;
    let (of_b, b) = look(&mut pipeline, &b)?;
    let score = a.zip(b).map(|(a, b)| a.compare(&b));
    let (thresholds, matcher) = (pipeline.thresholds(), pipeline.matcher());
    let answer = json!({
        "score": score.map(|score| output::share(f64::from(score.0))),
        "match": score.map(|score| score >= thresholds.match_score),
        "threshold": output::share(f64::from(thresholds.match_score.0)),
        "threshold_fmr": thresholds.fmr,
        "threshold_measured_on": matcher.measured.on,
        "set": pipeline.set(),
        "embedder": matcher.name,
        "a": of_a,
        "b": of_b,
    });
    output::print(&answer, arguments.json)?;
    Ok(if score.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn look(
    pipeline: &mut FacePipeline,
    frame: &BgrFrame,
) -> anyhow::Result<(Value, Option<Template>)> {
    let (analysis, template) = pipeline.analyse_and_embed(frame)?;
    let said = json!({
        "faces": analysis.faces.len(),
        "quality": analysis.quality.map(|quality| quality.unified),
        "coaching": analysis.coaching,
    });
    Ok((said, template))
}
