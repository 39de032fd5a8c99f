//! `models inspect`: what the pipeline sees in a picture.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use egate_models::PadOutcome;
use egate_types::Coaching;
use serde_json::{Value, json};

use crate::files::{self, Refusal};
use crate::place::Choice;
use crate::{output, picture};

/// Shows faces, landmarks, quality, coaching texts and the attack score of a picture: JPEG, JPEG 2000 or PNG. Exit code 1 without a face.
///
/// `coaching` has all that would make the picture better, heuristic hints included; `coaching_first` what a gate would ask
/// for, null if it would take the picture. Quality is 0 to 100, 50 is the limit of use; `stops_a_capture` tells which components
/// a gate waits for. `pad` is the probability that a person stands there.
#[derive(Args)]
pub struct Arguments {
    /// A picture.
    image: PathBuf,
    #[command(flatten)]
    choice: Choice,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

/// Carries the command out.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    files::ended(inspect(arguments))
}

fn inspect(arguments: &Arguments) -> Result<ExitCode, Refusal> {
    let frame = picture::read(&arguments.image)?;
    let manifest = arguments.choice.manifest()?;
    let mut pipeline = arguments.choice.pipeline(&manifest, 1)?;
    let analysis = pipeline.analyse(&frame).map_err(anyhow::Error::from)?;
    let faces: Vec<Value> = analysis
        .faces
        .iter()
        .map(|face| {
            json!({ "box": face.bbox, "landmarks": face.landmarks, "score": face.score,
                "inter_eye_distance_px": face.eye_distance_px() })
        })
        .collect();
    let (coaching, quality) = match &analysis.quality {
        Some(quality) => {
            let components = quality.components.iter().map(|judged| {
                json!({ "component": judged.component, "score": judged.score, "value": judged.value,
                    "coaching": judged.component.coaching(),
                    "heuristic": judged.component.is_heuristic(),
                    "stops_a_capture": judged.component.stops_a_capture() })
            });
            let components: Vec<Value> = components.collect();
            let quality = json!({ "unified": quality.unified, "components": components });
            (
                analysis.quality.as_ref().map_or(Vec::new(), |q| q.hints()),
                quality,
            )
        }
        None => (vec![Coaching::LookAtCamera], Value::Null),
    };
    let answer = json!({
        "width": frame.width(),
        "height": frame.height(),
        "set": pipeline.set(),
        "faces": faces,
        "quality": quality,
        "coaching": coaching,
        "coaching_first": analysis.coaching,
        "pad": analysis.pad.score().map(|pad| output::share(f64::from(pad.0))),
        "pad_cues": cues(&analysis.pad),
        "pad_threshold": output::share(f64::from(pipeline.thresholds().pad_score.0)),
    });
    output::print(&answer, arguments.json)?;
    Ok(if analysis.faces.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What the score was made of, or why there is none.
fn cues(pad: &PadOutcome) -> Value {
    match pad {
        PadOutcome::Scored(evidence) => {
            let cues = evidence.cues;
            json!({ "networks": cues.networks, "moire": cues.moire, "border": cues.border })
        }
        PadOutcome::NoFace => json!("no_face"),
        PadOutcome::Disabled => json!("disabled"),
        PadOutcome::Failed(_) => json!("failed"),
    }
}
