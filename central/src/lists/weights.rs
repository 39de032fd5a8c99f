//! The weights that a matcher answers with, and their hash.

use std::sync::{Arc, LazyLock};

use egate_rules::watch::{Weights, WeightsError, WeightsFile};
use sha2::{Digest as _, Sha256};

/// Weights of the matcher with the hash of their file.
#[derive(Debug)]
pub struct MatcherWeights {
    /// As used.
    pub weights: Weights,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Why a file of weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MatcherWeightsError {
    /// Not JSON of the right form.
    #[error("not a file of weights")]
    Json(#[source] serde_json::Error),
    /// Weights are missing or unusable.
    #[error("the weights cannot be used")]
    Weights(#[source] WeightsError),
}

/// The bytes of the weights that `central/WATCHLIST.md` gives the figures of.
pub const BUILT_IN: &[u8] = include_bytes!("../../watchlist-weights.json");

impl MatcherWeights {
    /// Reads a file of weights.
    pub fn parse(bytes: &[u8]) -> Result<Self, MatcherWeightsError> {
        let file: WeightsFile = serde_json::from_slice(bytes).map_err(MatcherWeightsError::Json)?;
        Ok(Self {
            weights: Weights::from_file(&file).map_err(MatcherWeightsError::Weights)?,
            sha256: Sha256::digest(bytes).into(),
        })
    }

    /// Those built in.
    pub fn built_in() -> Arc<Self> {
        static WEIGHTS: LazyLock<Arc<MatcherWeights>> = LazyLock::new(|| {
            // Invariant: the file is part of the program, and every test of it reads it.
            #[expect(clippy::expect_used, reason = "see the invariant above")]
            Arc::new(MatcherWeights::parse(BUILT_IN).expect("the built-in weights are usable"))
        });
        Arc::clone(&WEIGHTS)
    }
}
