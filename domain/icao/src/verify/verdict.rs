//! The verdict of passive authentication in the words that integrators script against.

use std::fmt;

use egate_types::CheckResult;

/// What passive authentication says about a document, in one word and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Everything that makes the document invalid, the weightiest first; empty: valid.
    pub reasons: Vec<Reason>,
    /// What an officer should know of a document that is valid all the same.
    pub warnings: Vec<Warning>,
    /// Algorithms and key sizes below today's measure, in words.
    pub weak_algorithms: Vec<String>,
    /// Whether issuing state and signer are of the same country.
    pub country_check: CheckResult,
}

impl Verdict {
    /// Whether the document is valid.
    pub fn is_valid(&self) -> bool {
        self.reasons.is_empty()
    }

    /// The weightiest reason.
    pub fn reason(&self) -> Option<Reason> {
        self.reasons.first().copied()
    }
}

/// Why a document is invalid. The order is the precedence: first whether the signature is one at all, then whose it is, then what it
/// covers, and the country last, because it is read from a data group that must be intact first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The content's type is not that of a security object, or not the one that was signed.
    ContentType,
    /// The signed message digest is not that of the content.
    MessageDigest,
    /// The signature value is wrong, or nobody's certificate is there to check it.
    SodSignature,
    /// No trusted country signing certificate leads to the document signer.
    NoTrustAnchor,
    /// The document signer is revoked.
    DscRevoked,
    /// The document signer must not sign documents.
    DscKeyUsage,
    /// The document signer was not valid when it signed.
    DscValidity,
    /// A data group that EF.SOD does not know.
    DgNotInSod(u8),
    /// A data group whose hash differs.
    DgHashMismatch(u8),
    /// Issuing state and signer are of different countries.
    CountryMismatch,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContentType => f.write_str("content_type"),
            Self::MessageDigest => f.write_str("message_digest"),
            Self::SodSignature => f.write_str("sod_signature"),
            Self::NoTrustAnchor => f.write_str("no_trust_anchor"),
            Self::DscRevoked => f.write_str("dsc_revoked"),
            Self::DscKeyUsage => f.write_str("dsc_key_usage"),
            Self::DscValidity => f.write_str("dsc_validity"),
            Self::DgNotInSod(number) => write!(f, "dg_not_in_sod:{number}"),
            Self::DgHashMismatch(number) => write!(f, "dg_hash_mismatch:{number}"),
            Self::CountryMismatch => f.write_str("country_mismatch"),
        }
    }
}

/// What an officer should know of a document that is valid all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// Every revocation list of the issuer is older than it promised to become.
    CrlStale,
    /// A revocation list of the issuer bears no trusted signature and was left aside.
    CrlSignature,
    /// EF.COM and EF.SOD list different data groups.
    ComSodDifference,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CrlStale => "crl_stale",
            Self::CrlSignature => "crl_signature",
            Self::ComSodDifference => "com_sod_difference",
        })
    }
}
