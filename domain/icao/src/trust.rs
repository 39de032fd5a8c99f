//! The trust store: country signing certificates, and who issued a document signer (ICAO 9303-12).
//!
//! The chain is judged link by link here, because OpenSSL's own store refuses keys with explicit curve parameters, which
//! ICAO 9303-12 demands.

use std::cmp::Ordering;

use egate_types::Date;
use openssl::{
    asn1::Asn1Time,
    error::ErrorStack,
    pkey::{PKey, Public},
    x509::{CrlStatus, X509, X509Crl},
};

/// Country signing certificates this gate trusts, and their revocation lists.
#[derive(Default)]
pub struct TrustStore {
    anchors: Vec<Anchor>,
    revocation_lists: Vec<X509Crl>,
}

struct Anchor {
    certificate: X509,
    key: PKey<Public>,
}

/// A certificate or list that cannot be taken into the store.
#[derive(Debug, thiserror::Error)]
#[error("entry {index} (from zero) of the trust store cannot be read")]
pub struct TrustError {
    /// Its place in what was given.
    pub index: usize,
    /// OpenSSL's reason.
    #[source]
    pub source: ErrorStack,
}

/// What the store says about a document signer it trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Whether a revocation list of the issuer was at hand.
    pub revocation_checked: bool,
    /// Deviations from ICAO 9303-12.
    pub deviations: Vec<String>,
}

/// Why a document signer is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// No trusted country certificate bears the issuer's name or key.
    #[error("no trust anchor for the issuer of the document signer")]
    NoAnchor,
    /// Anchors of that name exist; none of them issued this certificate.
    #[error("no trust anchor: certificates of the issuer's name did not sign the document signer")]
    NotIssued,
    /// The document signer is not valid on this day.
    #[error("document signer certificate is not valid on this day")]
    NotValid,
    /// The issuer revoked the document signer.
    #[error("document signer certificate is revoked")]
    Revoked,
    /// A certificate cannot be evaluated.
    #[error("certificate cannot be evaluated")]
    Unreadable,
}

impl TrustStore {
    /// From DER certificates.
    pub fn from_certificates<T: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = T>,
    ) -> Result<Self, TrustError> {
        let read = |(index, der): (usize, T)| {
            let anchor = X509::from_der(der.as_ref()).and_then(|certificate| {
                Ok(Anchor {
                    key: certificate.public_key()?,
                    certificate,
                })
            });
            anchor.map_err(|source| TrustError { index, source })
        };
        let anchors = certificates
            .into_iter()
            .enumerate()
            .map(read)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            anchors,
            revocation_lists: Vec::new(),
        })
    }

    /// Adds DER revocation lists. A list counts only under the key that also signed the document signer.
    pub fn with_revocation_lists<T: AsRef<[u8]>>(
        mut self,
        lists: impl IntoIterator<Item = T>,
    ) -> Result<Self, TrustError> {
        for (index, der) in lists.into_iter().enumerate() {
            let list = X509Crl::from_der(der.as_ref());
            self.revocation_lists
                .push(list.map_err(|source| TrustError { index, source })?);
        }
        Ok(self)
    }

    /// Number of certificates.
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    /// Judges a document signer at a date.
    pub(crate) fn judge(&self, signer: &X509, at: Date) -> Result<Trusted, Distrust> {
        let named = |anchor: &&Anchor| {
            let order = anchor
                .certificate
                .subject_name()
                .try_cmp(signer.issuer_name());
            order.is_ok_and(Ordering::is_eq)
        };
        let keyed = |anchor: &&Anchor| {
            let ids = anchor
                .certificate
                .subject_key_id()
                .zip(signer.authority_key_id());
            ids.is_some_and(|(subject, authority)| subject.as_slice() == authority.as_slice())
        };
        let issued = |anchor: &&Anchor| signer.verify(&anchor.key).unwrap_or(false);
        let mut candidates = self
            .anchors
            .iter()
            .filter(|anchor| named(anchor) || keyed(anchor))
            .peekable();
        if candidates.peek().is_none() {
            return Err(Distrust::NoAnchor);
        }
        let anchor = candidates.find(issued).ok_or(Distrust::NotIssued)?;
        let mut deviations = Vec::new();
        if !named(&anchor) {
            deviations.push("issuer of the document signer is named unlike its CSCA".to_owned());
        }
        if !valid_at(signer, at)? {
            return Err(Distrust::NotValid);
        }
        if !valid_at(&anchor.certificate, at)? {
            deviations.push("CSCA certificate is not valid on this day".to_owned());
        }
        let revocation_checked = self.check_revocation(signer, anchor)?;
        Ok(Trusted {
            revocation_checked,
            deviations,
        })
    }

    fn check_revocation(&self, signer: &X509, anchor: &Anchor) -> Result<bool, Distrust> {
        let mut checked = false;
        for list in &self.revocation_lists {
            if !list.verify(&anchor.key).unwrap_or(false) {
                continue;
            }
            checked = true;
            match list.get_by_cert(signer) {
                CrlStatus::Revoked(_) => return Err(Distrust::Revoked),
                CrlStatus::NotRevoked | CrlStatus::RemoveFromCrl(_) => {}
            }
        }
        Ok(checked)
    }
}

/// Whether the day lies within the validity, both ends included.
fn valid_at(certificate: &X509, at: Date) -> Result<bool, Distrust> {
    let instant = |clock: &str| {
        let text = format!("{:04}{:02}{:02}{clock}Z", at.year(), at.month(), at.day());
        Asn1Time::from_str_x509(&text).map_err(|_| Distrust::Unreadable)
    };
    let order = |a: &openssl::asn1::Asn1TimeRef, b: &Asn1Time| {
        a.compare(b).map_err(|_| Distrust::Unreadable)
    };
    let begun = order(certificate.not_before(), &instant("235959")?)?.is_le();
    let running = order(certificate.not_after(), &instant("000000")?)?.is_ge();
    Ok(begun && running)
}
