//! Compact JWS with Ed25519 (RFC 7515, RFC 8037), as little of it as is needed: one algorithm, three header fields.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use egate_types::AuthorityId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::v1::{VerdictError, limits::TOKEN_BYTES_MAX};

/// An authority's secret signing key. Never prints; wiped when dropped.
pub struct AuthorityKey(SigningKey);

impl AuthorityKey {
    /// The key that a 32-byte seed stands for (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key others verify with.
    pub fn public(&self) -> AuthorityPublicKey {
        AuthorityPublicKey(self.0.verifying_key())
    }
}

impl fmt::Debug for AuthorityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorityKey(..)")
    }
}

/// An authority's public key; base64url text in configuration files.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorityPublicKey(VerifyingKey);

/// Why a text is not a public key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// Not base64url of 32 bytes.
    #[error("an authority's public key is 32 bytes in base64url without padding")]
    Malformed,
    /// Not a point of the curve, or one of small order that verifies anything.
    #[error("not a usable Ed25519 public key")]
    NotAKey,
}

impl AuthorityPublicKey {
    /// Parses base64url without padding; refuses weak points.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| KeyError::Malformed)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Malformed)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAKey)?;
        if key.is_weak() {
            return Err(KeyError::NotAKey);
        }
        Ok(Self(key))
    }
}

impl fmt::Display for AuthorityPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for AuthorityPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorityPublicKey({self})")
    }
}

impl std::str::FromStr for AuthorityPublicKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for AuthorityPublicKey {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::parse(&text)
    }
}

impl From<AuthorityPublicKey> for String {
    fn from(key: AuthorityPublicKey) -> String {
        key.to_string()
    }
}

/// The only header there is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: AuthorityId,
}

const ALGORITHM: &str = "EdDSA";

/// Signs the claims.
pub(super) fn sign<C: Serialize>(
    claims: &C,
    typ: &str,
    kid: &AuthorityId,
    key: &AuthorityKey,
) -> String {
    let header = Header {
        alg: ALGORITHM.to_owned(),
        typ: typ.to_owned(),
        kid: kid.clone(),
    };
    let mut token = format!("{}.{}", part(&header), part(claims));
    let signature = key.0.sign(token.as_bytes());
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature.to_bytes()));
    token
}

/// Verifies signature and header, then parses the claims; what they say is for the caller to compare.
pub(super) fn verify<C: DeserializeOwned>(
    token: &str,
    typ: &str,
    authority: &AuthorityId,
    key: &AuthorityPublicKey,
) -> Result<C, VerdictError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(VerdictError::TooLong(token.len()));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(VerdictError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(VerdictError::Malformed)?;
    let header: Header = parse(header)?;
    if header.alg != ALGORITHM {
        return Err(VerdictError::WrongAlgorithm);
    }
    if header.typ != typ {
        return Err(VerdictError::WrongType);
    }
    if header.kid != *authority {
        return Err(VerdictError::WrongAuthority);
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| VerdictError::Malformed)?;
    let signature = Signature::from_slice(&signature).map_err(|_| VerdictError::Malformed)?;
    key.0
        .verify_strict(signed.as_bytes(), &signature)
        .map_err(|_| VerdictError::WrongSignature)?;
    parse(claims)
}

fn part<T: Serialize>(value: &T) -> String {
    // Invariant: headers and claims are structs of text, numbers and enums; JSON can always hold them.
    #[expect(clippy::expect_used, reason = "see the invariant above")]
    let json = serde_json::to_vec(value).expect("claims are always representable in JSON");
    URL_SAFE_NO_PAD.encode(json)
}

fn parse<T: DeserializeOwned>(part: &str) -> Result<T, VerdictError> {
    let json = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| VerdictError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| VerdictError::Malformed)
}
