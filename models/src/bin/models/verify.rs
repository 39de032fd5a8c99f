//! `models verify`: is every file there, and is it the one of the manifest?

use std::process::ExitCode;

use clap::Args;
use egate_models::{EVALUATION, ManifestError};
use serde_json::json;

use crate::output;
use crate::place::Place;

/// Compares size and SHA-256 of every model file with the manifest. Exit code 0 if all are as they must be, else 1.
///
/// Models for evaluations are looked at where they are present and missed nowhere.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Only this set.
    #[arg(long)]
    set: Option<String>,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let manifest = arguments.place.manifest()?;
    if let Some(set) = &arguments.set
        && set != EVALUATION
    {
        manifest.set(set)?;
    }
    let (mut files, mut all_good) = (Vec::new(), true);
    for model in manifest.models() {
        if arguments.set.as_ref().is_some_and(|set| *set != model.set) {
            continue;
        }
        let folder = manifest.models_folder(&model.set, arguments.place.models().as_deref())?;
        let problem = model.file.read(&folder).err();
        let absent = matches!(&problem, Some(ManifestError::Unreadable { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound);
        let optional = absent && model.set == EVALUATION && arguments.set.is_none();
        all_good &= problem.is_none() || optional;
        let result = match problem {
            None => "ok".to_owned(),
            Some(_) if absent => format!("missing in {}", folder.display()),
            Some(error) => error.to_string(),
        };
        if !arguments.json {
            let (set, file) = (&model.set, &model.file.name);
            output::line(&format!("{set:<10} {file:<32} {result}"))?;
        }
        files.push(json!({
            "name": model.model, "set": model.set, "file": model.file.name, "result": result,
            "ok": result == "ok",
        }));
    }
    if arguments.json {
        output::print(&json!({ "all_good": all_good, "files": files }), true)?;
    }
    Ok(if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
