//! CSCA master lists (ICAO 9303-12 §9): certificates that one state vouches for, in an envelope that it signed.

use std::collections::BTreeSet;

use egate_types::UtcTime;

use crate::{
    certificate::{Certificate, CertificateError},
    cms::{CmsError, SignedData},
    der::{Der, DerError},
    limits::{LIST_BYTES_MAX, MASTER_LIST_CERTIFICATES_MAX},
    signature::NO_NULL,
    tlv::TlvError,
};

use super::TrustStore;

/// id-icao-cscaMasterList.
pub const CSCA_MASTER_LIST: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x02];

/// A master list taken apart.
#[derive(Debug, Clone)]
pub struct MasterList {
    /// The envelope; `None` for a bare list that nobody signed.
    pub signed: Option<SignedData>,
    /// Version, 0 so far.
    pub version: u8,
    /// The certificates in the list's order, repetitions included.
    pub certificates: Vec<Certificate>,
}

/// Why a master list is not taken.
#[derive(Debug, thiserror::Error)]
pub enum MasterListError {
    /// The envelope is malformed.
    #[error("{0}")]
    Envelope(CmsError),
    /// The content is malformed.
    #[error("content: {0}")]
    Content(DerError),
    /// The envelope holds something else.
    #[error("content type {0} is not that of a CSCA master list")]
    ContentType(String),
    /// A certificate of the list is malformed.
    #[error("content: certificate {index} (from zero): {error}")]
    Certificate {
        /// Its place in the list.
        index: usize,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// Larger than any list may be.
    #[error("list exceeds {LIST_BYTES_MAX} bytes or {MASTER_LIST_CERTIFICATES_MAX} certificates")]
    TooLarge,
    /// Nobody signed it.
    #[error("list is not signed")]
    NotSigned,
    /// The signer's certificate is not there.
    #[error("certificate of the list's signer is missing")]
    NoSignerCertificate,
    /// The signature does not fit.
    #[error("signature of the list is wrong")]
    Signature,
    /// Nobody known issued the signer.
    #[error("no trust anchor for the list's signer")]
    NoAnchor,
}

impl From<DerError> for MasterListError {
    fn from(error: DerError) -> Self {
        Self::Content(error)
    }
}

/// Who signed a list, and why that counts.
#[derive(Debug, Clone)]
pub struct ListSigner {
    /// The signer's certificate.
    pub certificate: Certificate,
    /// Content type, message digest and signature value are right.
    pub signature_holds: bool,
    /// When it was signed, if it says.
    pub signing_time: Option<UtcTime>,
    /// An anchor of the store leads to the signer.
    pub anchored_outside: bool,
    /// A self-signed certificate of the list itself leads to the signer.
    pub anchored_inside: bool,
    /// What had to be tolerated.
    pub deviations: BTreeSet<&'static str>,
}

impl MasterList {
    /// Reads a signed list, or a bare one without envelope.
    pub fn parse(bytes: &[u8]) -> Result<Self, MasterListError> {
        if bytes.len() > LIST_BYTES_MAX {
            return Err(MasterListError::TooLarge);
        }
        let mut first = Der::new(bytes).take(0x30).map(|list| list.inside());
        // A bare list begins with its version, an envelope with an object identifier.
        if first.as_mut().is_ok_and(|inside| inside.take(0x02).is_ok()) {
            let (version, certificates) = content(bytes)?;
            return Ok(Self {
                signed: None,
                version,
                certificates,
            });
        }
        let signed = SignedData::parse(bytes).map_err(MasterListError::Envelope)?;
        if signed.content_type != CSCA_MASTER_LIST {
            return Err(MasterListError::ContentType(signed.content_type_text()));
        }
        let (version, certificates) = content(&signed.content)?;
        Ok(Self {
            signed: Some(signed),
            version,
            certificates,
        })
    }

    /// Checks signature and signer: it must be issued by a certificate of `store` or of this list.
    pub fn verify(&self, store: &TrustStore) -> Result<ListSigner, MasterListError> {
        let signed = self.signed.as_ref().ok_or(MasterListError::NotSigned)?;
        let signer = ListSigner::judge(signed, &self.certificates, store)
            .ok_or(MasterListError::NoSignerCertificate)?;
        if !signer.signature_holds {
            return Err(MasterListError::Signature);
        }
        if !signer.anchored_outside && !signer.anchored_inside {
            return Err(MasterListError::NoAnchor);
        }
        Ok(signer)
    }
}

impl ListSigner {
    /// Judges the signer of a list that holds `certificates`; `None` if its certificate is nowhere.
    pub fn judge(
        signed: &SignedData,
        certificates: &[Certificate],
        store: &TrustStore,
    ) -> Option<Self> {
        let info = signed.signers.first()?;
        let (certificate, _) = signed.signer_certificate(info, certificates)?;
        let check = signed.check(info, &certificate);
        let day = info.signing_time.unwrap_or(certificate.not_before).date();
        let mut inside = certificates.iter().filter(|issuer| {
            certificate.may_be_issued_by(issuer)
                && issuer.may_sign_certificates() != Some(false)
                && issuer.is_self_signed()
        });
        Some(Self {
            signature_holds: check.holds(),
            signing_time: info.signing_time,
            anchored_outside: store.issuers(&certificate, day).is_ok(),
            anchored_inside: inside.any(|issuer| certificate.verify_under(issuer).is_ok()),
            deviations: check.value.unwrap_or_default().into_iter().collect(),
            certificate,
        })
    }

    /// Whether a verifier without RFC 8017's tolerance would refuse the signature.
    pub fn needs_tolerance(&self) -> bool {
        self.deviations.contains(NO_NULL)
    }
}

/// `CscaMasterList ::= SEQUENCE { version INTEGER, certList SET OF Certificate }`.
fn content(bytes: &[u8]) -> Result<(u8, Vec<Certificate>), MasterListError> {
    let mut fields = Der::new(bytes).take(0x30)?.inside();
    let version = fields.take(0x02)?;
    let [version] = version.value else {
        return Err(version.error(TlvError::LengthTooLong).into());
    };
    let entries = fields.take(0x31)?.inside().all()?;
    if entries.len() > MASTER_LIST_CERTIFICATES_MAX {
        return Err(MasterListError::TooLarge);
    }
    let read = |(index, entry): (usize, &crate::der::Element<'_>)| {
        Certificate::from_der(entry.raw)
            .map_err(|error| MasterListError::Certificate { index, error })
    };
    let certificates = entries
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()?;
    Ok((*version, certificates))
}
