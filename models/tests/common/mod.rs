//! What the tests share: where things lie in this checkout.

use std::path::{Path, PathBuf};

use egate_models::{Environment, FacePipeline, LoadError, Manifest, Selection};

/// A path from the repository's root.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The library that `make setup` installs, unless `ORT_DYLIB_PATH` names another.
pub fn library() -> PathBuf {
    match std::env::var_os("ORT_DYLIB_PATH") {
        Some(path) => path.into(),
        None => repository(".runtime/onnxruntime/libonnxruntime.so"),
    }
}

/// The project's manifest.
pub fn manifest() -> PathBuf {
    repository("models/manifest.toml")
}

/// What is loaded of a set in a test; models outside the repository lie in the developer data.
pub fn selection(set: &str) -> Selection {
    let mut selection = Selection::new(set, Environment::Simulation);
    selection.library = Some(library());
    selection.folder = Some(repository("../shared/models"));
    selection
}

/// Loads a set in simulation.
pub fn load(manifest: &Path, set: &str) -> Result<FacePipeline, LoadError> {
    FacePipeline::load(&Manifest::read(manifest)?, &selection(set))
}
