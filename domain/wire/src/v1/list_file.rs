//! What an authority signs for a file of its list: a snapshot that is searched, or versions for another central.

use egate_types::{AuthorityId, UtcTime};
use serde::{Deserialize, Serialize};

use crate::v1::{AuthorityKey, AuthorityPublicKey, VerdictError, jws};

const LIST_FILE_TYPE: &str = "egate-list-file+jwt";

/// A compact JWS of [`ListFileClaims`]. Worth nothing until verified, and then only beside the bytes it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedListFile(pub String);

/// Which state of which list a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFileClaims {
    /// The authority.
    pub iss: AuthorityId,
    /// Identity of the list.
    pub list: String,
    /// What the file is.
    pub kind: ListFileKind,
    /// Version of the list that it holds or ends with.
    pub version: u64,
    /// Hash of that version in the chain of versions, hexadecimal.
    pub hash: String,
    /// Entries of the list at that version.
    pub entries: u64,
    /// SHA-256 of the signed bytes, hexadecimal.
    pub sha256: String,
    /// Signed at. A file does not expire: who uses it compares the version.
    pub iat_ms: UtcTime,
    /// Of a package: when the list's owner last knew it to be as it should be. Who takes over versions takes over this instant too, so
    /// that sending an old list makes it no younger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_ms: Option<UtcTime>,
}

/// What a file of a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFileKind {
    /// The index of all persons, to be mapped and searched.
    Snapshot,
    /// Versions one after the other, as JSON lines.
    Package,
}

/// Signs a file under the authority named in the claims.
pub fn sign_list_file(claims: &ListFileClaims, key: &AuthorityKey) -> SignedListFile {
    SignedListFile(jws::sign(claims, LIST_FILE_TYPE, &claims.iss, key))
}

/// Believes claims only if `authority` signed them. What they claim of the bytes is for the caller to compare.
pub fn verify_list_file(
    signed: &SignedListFile,
    key: &AuthorityPublicKey,
    authority: &AuthorityId,
) -> Result<ListFileClaims, VerdictError> {
    let claims: ListFileClaims = jws::verify(&signed.0, LIST_FILE_TYPE, authority, key)?;
    if claims.iss == *authority {
        Ok(claims)
    } else {
        Err(VerdictError::WrongAuthority)
    }
}
