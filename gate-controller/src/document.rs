//! Reading and judging the document: blocking card I/O on its own thread, the judgement of `egate_icao::verify`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egate_icao::evidence::Evidence;
use egate_icao::mrz::Mrz;
use egate_icao::session::{ReadOrder, Reading, SessionRandom};
use egate_icao::trust::TrustStore;
use egate_icao::trust::material::MaterialError;
use egate_icao::verify::DocumentReport;
use egate_icao::verify::profile::{Profile, ProfileError, SignedProfile};
use egate_lane::ReadFailure;
use egate_types::{ChipAccess, Date};

use crate::config::ProfileConfig;
use crate::{clock, portrait};

/// A chip reader as the lane needs it. Blocks; called from `spawn_blocking`. The traveller takes the document
/// away or the chip hangs: the lane has its own deadline and no longer listens then.
pub trait ChipSource: Send + Sync {
    /// Reads the files of an inspection from the chip on the reader, and its proof that it is no copy.
    fn read(&self, order: ReadOrder) -> Result<Reading, ChipReadFailure>;
}

/// Why a chip was not read.
#[derive(Debug, thiserror::Error)]
pub enum ChipReadFailure {
    /// No chip, moved, or taken away: the traveller may try again.
    #[error("no chip on the reader, or it was taken away while being read")]
    Gone,
    /// The chip offers PACE, which failed. What makes it fail on purpose does not get Basic Access Control for it.
    #[error("chip not opened: {0}")]
    Pace(ChipAccess),
    /// The chip refuses the keys of the data page or breaks the protocol.
    #[error("the chip does not behave like the chip of this document")]
    Suspicious,
}

impl ChipReadFailure {
    /// What the lane does about it.
    pub fn for_lane(&self) -> ReadFailure {
        match self {
            Self::Gone => ReadFailure::TryAgain,
            Self::Pace(_) | Self::Suspicious => ReadFailure::Suspicious,
        }
    }
}

/// Endings of trust material in a folder.
const TRUST_ENDINGS: [&str; 6] = ["cer", "crt", "der", "pem", "ml", "crl"];

/// Why there is no trust store.
#[derive(Debug, thiserror::Error)]
pub enum TrustLoadError {
    /// A file cannot be read.
    #[error("trusted certificate {path} cannot be read; check `trust` in the configuration")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is no trust material, or its signer is not trusted.
    #[error("{path} cannot be taken into the trust store")]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: MaterialError,
    },
    /// Nothing there.
    #[error("trust folder {0} holds no certificate; no document could ever be accepted")]
    Empty(PathBuf),
}

/// Loads the trust material of a folder. Every file of these endings must be sound and lead to an anchor.
pub fn load_trust(folder: &Path) -> Result<TrustStore, TrustLoadError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TrustLoadError::Unreadable { path, source }
    };
    let mut material = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let ending = path.extension().and_then(|e| e.to_str());
        if ending.is_some_and(|ending| TRUST_ENDINGS.contains(&ending)) {
            let bytes = std::fs::read(&path).map_err(unreadable(&path))?;
            material.push((path, bytes));
        }
    }
    let mut store = TrustStore::default();
    let refused = |(path, source)| TrustLoadError::Refused { path, source };
    let left = store
        .add_all(material, |path| path.display().to_string())
        .map_err(refused)?;
    if let Some(first) = left.into_iter().next() {
        return Err(refused(first));
    }
    if store.is_empty() {
        return Err(TrustLoadError::Empty(folder.to_owned()));
    }
    Ok(store)
}

/// Why there is no profile of run modes. A gate whose profile cannot be believed does not start with another one.
#[derive(Debug, thiserror::Error)]
pub enum ProfileLoadError {
    /// Profile, signature or signer cannot be read.
    #[error("{path} cannot be read; check `profile` in the configuration")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not signed by the configured signer, or is no profile.
    #[error("{path} cannot be taken as the profile of run modes")]
    Refused {
        /// The profile.
        path: PathBuf,
        /// Which rule it breaks.
        #[source]
        source: ProfileError,
    },
}

/// Loads a profile and verifies its signature; the built-in run modes if none is configured.
pub fn load_profile(config: Option<&ProfileConfig>) -> Result<Profile, ProfileLoadError> {
    let Some(ProfileConfig { file, signer }) = config else {
        return Ok(Profile::default());
    };
    let read = |path: &Path| {
        let path = path.to_owned();
        std::fs::read(&path).map_err(|source| ProfileLoadError::Unreadable { path, source })
    };
    let signature = read(&file.with_added_extension("sig"))?;
    let signed = SignedProfile::open(&read(file)?, &signature, &read(signer)?);
    let signed = signed.map_err(|source| ProfileLoadError::Refused {
        path: file.clone(),
        source,
    })?;
    tracing::info!(profile = %signed, "run modes");
    Ok(signed.profile)
}

/// A chip that was read, judged and made ready to be looked at.
pub struct ReadDocument {
    /// What was read, for whoever judges it again.
    pub evidence: Evidence,
    /// What it is worth.
    pub report: DocumentReport,
    /// The portrait for the officer, if it can be shown.
    pub portrait_jpeg: Option<Vec<u8>>,
}

/// Reads the chip and judges what it says and proves. Blocks.
pub fn read_and_judge(
    source: &Arc<dyn ChipSource>,
    mrz: &Mrz,
    (trust, profile): (&TrustStore, &Profile),
    today: Date,
) -> Result<ReadDocument, ChipReadFailure> {
    let Ok(seed) = clock::random() else {
        return Err(ChipReadFailure::Gone);
    };
    let order = ReadOrder::new(&mrz.access_key, SessionRandom::new(seed))
        .opening_by(profile.access_policy());
    let evidence = source.read(order)?.into_evidence(Some(mrz.lines.clone()));
    let report = evidence.judge_by(profile, trust, today);
    Ok(ReadDocument {
        portrait_jpeg: report.portrait.as_ref().and_then(portrait::for_officer),
        evidence,
        report,
    })
}
