//! The frozen evidence of an inspection, named by its hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 over the canonical form of everything the verdicts are about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EvidenceHash([u8; 32]);

impl EvidenceHash {
    /// Hashes labelled parts; each part is framed by its label and length, so no two lists of parts collide.
    pub fn over(parts: &[(&str, &[u8])]) -> Self {
        let mut hasher = Sha256::new();
        for (label, bytes) in parts {
            hasher.update((label.len() as u64).to_be_bytes());
            hasher.update(label.as_bytes());
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        Self(hasher.finalize().into())
    }

    /// The raw hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for EvidenceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for EvidenceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EvidenceHash({self})")
    }
}

impl TryFrom<String> for EvidenceHash {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&text, &mut hash)
            .map_err(|e| format!("evidence hash is not 64 hexadecimal digits: {e}"))?;
        Ok(Self(hash))
    }
}

impl From<EvidenceHash> for String {
    fn from(hash: EvidenceHash) -> String {
        hash.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_between_parts_changes_the_hash() {
        let a = EvidenceHash::over(&[("sod", b"ab"), ("live", b"c")]);
        let b = EvidenceHash::over(&[("sod", b"a"), ("live", b"bc")]);
        assert_ne!(a, b);
        assert_eq!(EvidenceHash::try_from(a.to_string()), Ok(a));
    }
}
