//! Finds and loads the ONNX Runtime library, once per process.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;

/// The inference library cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// Nobody said where it is.
    #[error(
        "ORT_DYLIB_PATH is not set: run `make setup`, then set ORT_DYLIB_PATH to .runtime/onnxruntime/libonnxruntime.so"
    )]
    NotConfigured,
    /// It is not where it should be.
    #[error("ONNX Runtime is not at {}: run `make setup`", .0.display())]
    Missing(PathBuf),
    /// It is there and does not load.
    #[error("ONNX Runtime at {} does not load: run `make setup` again", .0.display())]
    Unusable(PathBuf, #[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The process's inference environment. It loads the library at `library`, else the one that
/// `ORT_DYLIB_PATH` names; the first success counts, a later other path is not looked at, for ONNX Runtime
/// has one global environment.
pub(crate) fn environment(library: Option<&Path>) -> Result<&'static Environment, RuntimeError> {
    static LOADED: OnceLock<Environment> = OnceLock::new();
    static LOADING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = LOADED.get() {
        return Ok(environment);
    }
    let path = match library {
        Some(path) => path.to_path_buf(),
        None => std::env::var_os("ORT_DYLIB_PATH")
            .ok_or(RuntimeError::NotConfigured)?
            .into(),
    };
    if !path.is_file() {
        return Err(RuntimeError::Missing(path));
    }
    let environment = ort::init_from(&path)
        .map_err(|error| RuntimeError::Unusable(path.clone(), Box::new(error)))?
        .with_name("egate")
        .build()
        .map_err(|error| RuntimeError::Unusable(path, Box::new(error)))?;
    Ok(LOADED.get_or_init(|| environment))
}
