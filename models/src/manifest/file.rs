//! Model files: where each lies, and that it is the one the manifest names.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Manifest, ManifestError, Origin};
use crate::limits::MODEL_BYTES_MAX;

/// A model's file, by name, size and hash.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Plain file name.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// One model as `models list` shows it.
#[derive(Debug, Clone)]
pub struct ModelPath {
    /// Name in the manifest.
    pub model: String,
    /// `detector`, `embedder`, `pad` or `quality`.
    pub role: &'static str,
    /// The set it belongs to.
    pub set: String,
    /// Its file.
    pub file: ModelFile,
    /// As its publisher gives it.
    pub licence: String,
    /// Repository, revision and path, or how it was made.
    pub origin: String,
    /// Where the file itself can be downloaded; absent if it was converted or made here.
    pub url: Option<String>,
}

impl ModelFile {
    /// The model's bytes, exactly those that the manifest names.
    ///
    /// # Errors
    /// The file is absent, or another one.
    pub fn read(&self, folder: &Path) -> Result<Vec<u8>, ManifestError> {
        let path = folder.join(&self.name);
        let bytes = read_limited(&path, MODEL_BYTES_MAX)?;
        self.check(&path, &bytes)?;
        Ok(bytes)
    }

    /// Compares size and hash of what was read from `path`.
    ///
    /// # Errors
    /// They differ.
    pub fn check(&self, path: &Path, bytes: &[u8]) -> Result<(), ManifestError> {
        let path = path.to_path_buf();
        let (expected, actual) = (self.bytes, bytes.len() as u64);
        if actual != expected {
            return Err(ManifestError::SizeMismatch {
                path,
                expected,
                actual,
            });
        }
        let actual = hex::encode(Sha256::digest(bytes));
        if actual != self.sha256 {
            let expected = self.sha256.clone();
            return Err(ManifestError::HashMismatch {
                path,
                expected,
                actual,
            });
        }
        Ok(())
    }
}

impl Manifest {
    /// Every model, in the manifest's order.
    #[must_use]
    pub fn models(&self) -> Vec<ModelPath> {
        macro_rules! each {
            ($list:expr, $role:literal) => {
                $list.iter().map(|entry| ModelPath {
                    model: entry.name.clone(),
                    role: $role,
                    set: entry.set.clone(),
                    file: entry.file.clone(),
                    licence: entry.licence.clone(),
                    origin: entry.origin.describe(),
                    url: entry.origin.url(),
                })
            };
        }
        each!(self.detectors, "detector")
            .chain(each!(self.embedders, "embedder"))
            .chain(each!(self.pads, "pad"))
            .chain(each!(self.qualities, "quality"))
            .collect()
    }
}

impl Origin {
    fn describe(&self) -> String {
        match self {
            Self::Published {
                repository,
                revision,
                path,
                converted,
            } => {
                let how = converted
                    .as_ref()
                    .map_or(String::new(), |how| format!(", converted: {how}"));
                format!("{repository} at {revision}: {path}{how}")
            }
            Self::Trained(how) => format!("trained in this repository: {how}"),
        }
    }

    fn url(&self) -> Option<String> {
        let Self::Published {
            repository,
            revision,
            path,
            converted: None,
        } = self
        else {
            return None;
        };
        let project = repository.strip_prefix("https://github.com/")?;
        Some(format!(
            "https://raw.githubusercontent.com/{project}/{revision}/{path}"
        ))
    }
}

/// A whole file, unless it is larger than `limit` bytes.
pub(super) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, ManifestError> {
    let path_buf = || PathBuf::from(path);
    let unreadable = |source| ManifestError::Unreadable {
        path: path_buf(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(ManifestError::TooLarge {
            path: path_buf(),
            limit,
        });
    }
    Ok(bytes)
}
