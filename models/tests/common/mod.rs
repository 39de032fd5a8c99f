//! What the tests share: where things lie in this checkout.

use std::path::{Path, PathBuf};

use egate_models::{Environment, FacePipeline, LoadError};

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

/// Loads a set in simulation.
pub fn load(description: &Path, models: &Path, set: &str) -> Result<FacePipeline, LoadError> {
    FacePipeline::load_described(
        description,
        models,
        set,
        Environment::Simulation,
        Some(&library()),
    )
}
