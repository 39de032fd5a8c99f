//! What the gate read from a document's chip, for whoever judges it again.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::v1::limits::DOCUMENT_EVIDENCE_BYTES_MAX;

/// Files and transcripts of a chip as `egate_icao::evidence` writes them, base64 on the wire. Opaque here. Never prints;
/// wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentEvidence(Vec<u8>);

/// Why bytes are not taken as evidence.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DocumentEvidenceError {
    /// Larger than [`DOCUMENT_EVIDENCE_BYTES_MAX`].
    #[error("document evidence of {0} bytes is above the limit of {DOCUMENT_EVIDENCE_BYTES_MAX}")]
    TooLarge(usize),
    /// Not base64.
    #[error("document evidence is not base64")]
    NotBase64,
}

impl DocumentEvidence {
    /// Accepts bytes within the size limit.
    pub fn new(bytes: Vec<u8>) -> Result<Self, DocumentEvidenceError> {
        if bytes.len() > DOCUMENT_EVIDENCE_BYTES_MAX {
            return Err(DocumentEvidenceError::TooLarge(bytes.len()));
        }
        Ok(Self(bytes))
    }

    /// The bytes, for the judge.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for DocumentEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentEvidence({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for DocumentEvidence {
    type Error = DocumentEvidenceError;
    fn try_from(text: String) -> Result<Self, DocumentEvidenceError> {
        let bytes = STANDARD.decode(text);
        Self::new(bytes.map_err(|_| DocumentEvidenceError::NotBase64)?)
    }
}

impl From<DocumentEvidence> for String {
    fn from(evidence: DocumentEvidence) -> String {
        STANDARD.encode(&evidence.0)
    }
}
