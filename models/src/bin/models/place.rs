//! Where manifest, models and library lie, and the options that say otherwise.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use egate_models::{Environment, FacePipeline, Manifest, Selection};

/// The manifest and the folder of the models that are not in the repository.
#[derive(Args)]
pub struct Place {
    /// Manifest; `models/manifest.toml` of the project that this folder or this program is in, if absent.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// Folder of the models that are not in the repository. If absent, the one that EGATE_MODELS names; else a folder
    /// `shared/models` beside the project; else the user's cache folder.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

/// Which models to use.
#[derive(Args)]
pub struct Choice {
    #[command(flatten)]
    place: Place,
    /// Set of models: open (real people) or synthetic (drawn ones).
    #[arg(long, default_value = "open")]
    pub set: String,
    /// Another detector than the set's usual one.
    #[arg(long)]
    pub detector: Option<String>,
    /// Another embedder, or fusion of embedders, than the set's usual one.
    #[arg(long)]
    pub embedder: Option<String>,
}

impl Place {
    /// Where the manifest lies.
    pub fn manifest_path(&self) -> anyhow::Result<PathBuf> {
        let given = self.manifest.clone();
        given
            .or_else(|| of_project("models/manifest.toml"))
            .context("no models/manifest.toml here or above: give --manifest")
    }

    pub fn manifest(&self) -> anyhow::Result<Manifest> {
        Ok(Manifest::read(&self.manifest_path()?)?)
    }

    /// Where models lie that are not in the repository; `None` for the user's cache folder.
    pub fn models(&self) -> Option<PathBuf> {
        let beside = || {
            of_project("shared/models/manifest.toml")?
                .parent()
                .map(Path::to_path_buf)
        };
        self.named().or_else(beside)
    }

    /// The folder that the caller names.
    pub fn named(&self) -> Option<PathBuf> {
        let named = || std::env::var_os("EGATE_MODELS").map(PathBuf::from);
        self.models.clone().or_else(named)
    }
}

impl Choice {
    pub fn manifest_path(&self) -> anyhow::Result<PathBuf> {
        self.place.manifest_path()
    }

    pub fn models_folder(&self, manifest: &Manifest) -> anyhow::Result<PathBuf> {
        Ok(manifest.models_folder(&self.set, self.place.models().as_deref())?)
    }

    /// Loads the chosen models. A command judges pictures for whoever runs it and opens no gate: drawn faces and models for
    /// comparison are welcome.
    pub fn pipeline(&self, manifest: &Manifest, threads: usize) -> anyhow::Result<FacePipeline> {
        let selection = Selection {
            detector: self.detector.clone(),
            matcher: self.embedder.clone(),
            folder: self.place.models(),
            library: library(),
            threads,
            ..Selection::new(&self.set, Environment::Simulation)
        };
        FacePipeline::load_for_evaluation(manifest, &selection)
            .with_context(|| format!("the set {:?} does not load", self.set))
    }

    pub fn manifest(&self) -> anyhow::Result<Manifest> {
        self.place.manifest()
    }
}

/// A file of the project that the current folder, or else this program, is in.
pub fn of_project(file: &str) -> Option<PathBuf> {
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let above = starts.iter().flatten().flat_map(|start| start.ancestors());
    above
        .map(|folder| folder.join(file))
        .find(|path| path.is_file())
}

/// What `make setup` installed, unless `ORT_DYLIB_PATH` names another library.
fn library() -> Option<PathBuf> {
    match std::env::var_os("ORT_DYLIB_PATH") {
        Some(path) => Some(path.into()),
        None => of_project(".runtime/onnxruntime/libonnxruntime.so"),
    }
}
