//! Certificate revocation lists (RFC 5280 §5, ICAO 9303-12 §7.1.4).
//!
//! Stale, badly signed and *revoked* are three findings: a stale list still revokes, a badly signed one says nothing.

use std::collections::BTreeSet;

use egate_types::UtcTime;

use crate::{
    certificate::{self, Certificate, CertificateError, Name},
    der::{Der, DerError, Element},
    signature::{self, HashAlgorithm, SignatureError},
};

/// A revocation list taken apart.
#[derive(Debug, Clone)]
pub struct RevocationList {
    tbs: Vec<u8>,
    /// Who signed it.
    pub issuer: Name,
    /// When it was made.
    pub this_update: UtcTime,
    /// When the next one is due, if it says.
    pub next_update: Option<UtcTime>,
    authority_key_id: Option<Vec<u8>>,
    revoked: BTreeSet<Vec<u8>>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
}

/// Why bytes are no revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevocationListError {
    /// Its data objects are malformed or incomplete.
    #[error("{0}")]
    Encoding(DerError),
    /// A time is none.
    #[error("{0}")]
    Time(CertificateError),
}

impl From<DerError> for RevocationListError {
    fn from(error: DerError) -> Self {
        Self::Encoding(error)
    }
}

/// What the revocation lists at hand say about one certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revocation {
    /// A list under a trusted key was at hand.
    pub checked: bool,
    /// It names the certificate.
    pub revoked: bool,
    /// Every list under a trusted key is older than it promised to become.
    pub stale: bool,
    /// A list of this issuer bears no trusted signature; it was left aside.
    pub bad_signature: bool,
}

impl Revocation {
    pub(super) fn absorb(&mut self, list: &RevocationList, certificate: &Certificate, at: UtcTime) {
        let stale = list.is_stale(at);
        self.stale = if self.checked {
            self.stale && stale
        } else {
            stale
        };
        self.checked = true;
        self.revoked |= list.revokes(certificate);
    }
}

impl RevocationList {
    /// Reads a DER revocation list.
    pub fn from_der(bytes: &[u8]) -> Result<Self, RevocationListError> {
        let mut body = Der::new(bytes).take(0x30)?.inside();
        let tbs = body.take(0x30)?;
        let algorithm = body.take(0x30)?;
        let signature = body.take(0x03)?;
        let mut fields = tbs.inside();
        let _version = fields.optional(0x02)?;
        let _algorithm = fields.take(0x30)?;
        let issuer = Name::read(&fields.take(0x30)?)?;
        let this_update = time(&fields.next()?)?;
        let mut list = Self {
            tbs: tbs.raw.to_vec(),
            issuer,
            this_update,
            next_update: None,
            authority_key_id: None,
            revoked: BTreeSet::new(),
            algorithm: algorithm.value.to_vec(),
            signature: certificate::signature_octets(&signature)?,
        };
        while !fields.is_empty() {
            let field = fields.next()?;
            match field.tag {
                0x17 | 0x18 => list.next_update = Some(time(&field)?),
                0x30 => list.revoked = revoked(&field)?,
                0xA0 => list.authority_key_id = authority_key_id(&field)?,
                _ => {}
            }
        }
        Ok(list)
    }

    /// Number of certificates it revokes.
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it revokes nothing.
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }

    /// Whether the next list was due before `at`.
    pub fn is_stale(&self, at: UtcTime) -> bool {
        self.next_update.is_some_and(|next| next < at)
    }

    /// Whether the signature is this certificate's.
    pub(crate) fn verify_under(&self, issuer: &Certificate) -> Result<(), SignatureError> {
        let key = issuer.key().ok_or(SignatureError::Algorithm)?;
        let Self {
            tbs,
            algorithm,
            signature,
            ..
        } = self;
        signature::verify(key, algorithm, HashAlgorithm::Sha1, tbs, signature).map(|_| ())
    }

    pub(super) fn may_be_issued_by(&self, issuer: &Certificate) -> bool {
        self.issuer == issuer.subject
            || (self.authority_key_id.is_some() && self.authority_key_id == issuer.subject_key_id)
    }

    /// Whether certificates of this one's issuer are on the list: same name, or same key.
    pub(super) fn concerns(&self, certificate: &Certificate) -> bool {
        self.issuer == certificate.issuer
            || (self.authority_key_id.is_some()
                && self.authority_key_id == certificate.authority_key_id)
    }

    fn revokes(&self, certificate: &Certificate) -> bool {
        self.revoked.contains(shortest(&certificate.serial))
    }
}

fn revoked(field: &Element<'_>) -> Result<BTreeSet<Vec<u8>>, DerError> {
    let mut serials = BTreeSet::new();
    for entry in field.inside().all()? {
        let mut parts = entry.inside();
        let serial = parts.take(0x02)?;
        let _date = parts.next()?;
        let taken_back = parts.optional(0x30)?.is_some_and(|e| is_removal(&e));
        if !taken_back {
            serials.insert(shortest(serial.value).to_vec());
        }
    }
    Ok(serials)
}

/// Reason code 8, removeFromCRL: the entry is no revocation (RFC 5280 §5.3.1).
fn is_removal(extensions: &Element<'_>) -> bool {
    let reason = || {
        let all = extensions.inside().all().ok()?;
        all.iter().find_map(|extension| {
            let mut parts = extension.inside();
            let oid = parts.take(0x06).ok()?;
            let _critical = parts.optional(0x01).ok()?;
            let value = parts.take(0x04).ok()?.value;
            (oid.value == [0x55, 0x1D, 0x15]).then(|| value.last().copied())
        })?
    };
    reason() == Some(8)
}

fn authority_key_id(field: &Element<'_>) -> Result<Option<Vec<u8>>, DerError> {
    for extension in field.inside().take(0x30)?.inside().all()? {
        let mut parts = extension.inside();
        if parts.take(0x06)?.value != [0x55, 0x1D, 0x23] {
            continue;
        }
        let _critical = parts.optional(0x01)?;
        let value = parts.take(0x04)?.value;
        let mut inside = Der::new(value).take(0x30)?.inside();
        return Ok(inside.optional(0x80)?.map(|id| id.value.to_vec()));
    }
    Ok(None)
}

/// Some lists pad serial numbers with zeros that the certificate does not have.
fn shortest(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial.get(zeros..).unwrap_or_default()
}

fn time(element: &Element<'_>) -> Result<UtcTime, RevocationListError> {
    certificate::time(element).map_err(RevocationListError::Time)
}
