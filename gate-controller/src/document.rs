//! Reading and judging the document: blocking card I/O on its own thread, the judgement of `egate_icao::verify`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egate_icao::lds::ChipFiles;
use egate_icao::mrz::Mrz;
use egate_icao::session::{ReadOrder, Reading, SessionRandom};
use egate_icao::trust::TrustStore;
use egate_icao::verify::{DocumentReport, passive_authentication};
use egate_lane::ReadFailure;
use egate_types::Date;

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
    /// The chip refuses the keys of the data page or breaks the protocol.
    #[error("the chip does not behave like the chip of this document")]
    Suspicious,
}

impl ChipReadFailure {
    /// What the lane does about it.
    pub fn for_lane(&self) -> ReadFailure {
        match self {
            Self::Gone => ReadFailure::TryAgain,
            Self::Suspicious => ReadFailure::Suspicious,
        }
    }
}

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
    /// A certificate is not one.
    #[error("trust folder {path}: not all files are DER certificates")]
    Refused {
        /// Which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: egate_icao::trust::TrustError,
    },
    /// Nothing there.
    #[error("trust folder {0} holds no certificate; no document could ever be accepted")]
    Empty(PathBuf),
}

/// Loads every `.cer`, `.crt` and `.der` file of a folder.
pub fn load_trust(folder: &Path) -> Result<TrustStore, TrustLoadError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TrustLoadError::Unreadable { path, source }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        if ["cer", "crt", "der"].contains(&extension) {
            paths.push(path);
        }
    }
    paths.sort();
    let certificates: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| std::fs::read(path).map_err(unreadable(path)))
        .collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        return Err(TrustLoadError::Empty(folder.to_owned()));
    }
    TrustStore::from_certificates(certificates).map_err(|source| TrustLoadError::Refused {
        path: folder.to_owned(),
        source,
    })
}

/// A chip that was read, judged and made ready to be looked at.
pub struct ReadDocument {
    /// The files.
    pub files: ChipFiles,
    /// What they are worth.
    pub report: DocumentReport,
    /// The portrait for the officer, if it can be shown.
    pub portrait_jpeg: Option<Vec<u8>>,
}

/// Reads the chip and judges its files. Blocks.
pub fn read_and_judge(
    source: &Arc<dyn ChipSource>,
    mrz: &Mrz,
    trust: &TrustStore,
    today: Date,
) -> Result<ReadDocument, ChipReadFailure> {
    let Ok(seed) = clock::random() else {
        return Err(ChipReadFailure::Gone);
    };
    let order = ReadOrder::new(&mrz.access_key, SessionRandom::new(seed));
    let files = source.read(order)?.files;
    let report = passive_authentication(&files, Some(mrz), trust, today);
    Ok(ReadDocument {
        portrait_jpeg: report.portrait.as_ref().and_then(portrait::for_officer),
        files,
        report,
    })
}
