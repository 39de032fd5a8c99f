//! A profile as an authority ships it: a JSON file with a detached signature.
//!
//! ```json
//! {"version": 1, "name": "2026-11 land borders", "reason": "PACE of one issuer fails", "run_modes": {"AccessProtocolCheck": "evaluatory"}}
//! ```
//!
//! The signature is over the bytes of the file: SHA-256 with ECDSA or RSA (PKCS#1 v1.5), or Ed25519.

use std::{collections::BTreeMap, fmt};

use egate_types::RunMode;
use openssl::{
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{Id, PKey, Public},
    sign::Verifier,
    x509::X509,
};
use serde::Deserialize;

use super::{CHECKS, Profile};

/// A profile whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedProfile {
    /// What its authority calls it; for logs.
    pub name: String,
    /// Why it is as it is, in its author's words; for logs.
    pub reason: String,
    /// The run modes.
    pub profile: Profile,
}

/// Why a file is not taken as a profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The signer's file is no certificate and no public key in PEM.
    #[error("signer is no certificate or public key in PEM")]
    Signer(#[source] ErrorStack),
    /// The signer's key is none that signs profiles.
    #[error("signer's key is neither RSA, nor of an elliptic curve, nor Ed25519")]
    Key,
    /// The signature is not the signer's, or the file was altered.
    #[error("signature is not the signer's over this file")]
    Signature,
    /// Signed, but no profile: at line and column, the rule.
    #[error("not a profile: {0}")]
    Syntax(String),
    /// Signed, and of another version.
    #[error("profile of version {0}; this program reads version {VERSION}")]
    Version(u32),
    /// Signed, and names what is no check, or a name that several checks bear.
    #[error("{0:?} is no check that a profile can weigh")]
    Check(String),
}

const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    name: String,
    reason: String,
    run_modes: BTreeMap<String, RunMode>,
}

impl SignedProfile {
    /// Reads a profile. Nothing of the file is looked at before its signature holds under the key of `signer`, a certificate or public
    /// key in PEM. The signer is configured, so its certificate is trusted as such, without a chain.
    pub fn open(file: &[u8], signature: &[u8], signer: &[u8]) -> Result<Self, ProfileError> {
        let key = X509::from_pem(signer)
            .and_then(|certificate| certificate.public_key())
            .or_else(|_| PKey::public_key_from_pem(signer))
            .map_err(ProfileError::Signer)?;
        if !holds(file, signature, &key)? {
            return Err(ProfileError::Signature);
        }
        let file: File = serde_json::from_slice(file)
            .map_err(|error| ProfileError::Syntax(error.to_string()))?;
        if file.version != VERSION {
            return Err(ProfileError::Version(file.version));
        }
        let unknown = |name: &&String| !CHECKS.contains(&name.as_str());
        if let Some(name) = file.run_modes.keys().find(unknown) {
            return Err(ProfileError::Check(name.clone()));
        }
        Ok(Self {
            name: file.name,
            reason: file.reason,
            profile: Profile(file.run_modes),
        })
    }
}

impl fmt::Display for SignedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.reason)
    }
}

fn holds(file: &[u8], signature: &[u8], key: &PKey<Public>) -> Result<bool, ProfileError> {
    let verifier = match key.id() {
        Id::ED25519 => Verifier::new_without_digest(key),
        Id::RSA | Id::EC => Verifier::new(MessageDigest::sha256(), key),
        _ => return Err(ProfileError::Key),
    };
    // A signature that cannot even be taken apart is a wrong one.
    let verified = verifier.and_then(|mut verifier| verifier.verify_oneshot(signature, file));
    Ok(verified.unwrap_or(false))
}
