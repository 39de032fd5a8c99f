//! `models list`: every model of the manifest, its licence and origin.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::output;
use crate::place::Place;

/// Lists every model with role, set, file, licence and origin.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Prints one JSON object instead of lines of text.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let manifest = arguments.place.manifest()?;
    let models = manifest.models();
    if arguments.json {
        let models: Vec<_> = models
            .iter()
            .map(|model| {
                json!({
                    "name": model.model, "role": model.role, "set": model.set,
                    "file": model.file.name, "bytes": model.file.bytes, "sha256": model.file.sha256,
                    "licence": model.licence, "origin": model.origin, "url": model.url,
                })
            })
            .collect();
        output::print(&json!({ "models": models }), true)?;
        return Ok(ExitCode::SUCCESS);
    }
    for model in &models {
        output::line(&format!(
            "{:<10} {:<24} {:<9} {:>8} bytes  {}  {}",
            model.set, model.model, model.role, model.file.bytes, model.file.name, model.licence
        ))?;
        output::line(&format!("{:11}{}", "", model.origin))?;
    }
    Ok(ExitCode::SUCCESS)
}
