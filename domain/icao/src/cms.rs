//! SignedData (RFC 5652): the envelope of EF.SOD, EF.CardSecurity, master lists and deviation lists.
//!
//! Taken apart without judging: what is signed stays as received, and [`SignedData::check`] says separately whether content type,
//! message digest and signature value hold.

use egate_types::UtcTime;

use crate::{
    certificate::{self, Certificate, CertificateError, Name},
    der::{Der, DerError, Element, dotted, first_fault},
    signature::{self, HashAlgorithm, SchemeFamily, SignatureError},
    tlv::{self, TlvError},
};

/// SignedData taken apart.
#[derive(Debug, Clone)]
pub struct SignedData {
    /// Object identifier of the content's type, its value.
    pub content_type: Vec<u8>,
    /// The signed content.
    pub content: Vec<u8>,
    /// Certificates as received.
    pub certificates: Vec<Vec<u8>>,
    /// Who signed and how.
    pub signers: Vec<SignerInfo>,
    /// The envelope was BER and was rewritten with definite lengths.
    pub was_ber: bool,
}

/// One signer info.
#[derive(Debug, Clone)]
pub struct SignerInfo {
    /// Which certificate.
    pub id: SignerId,
    /// Hash algorithm of the message digest.
    pub digest: HashAlgorithm,
    /// The signed attributes as received, with the tag of a SET (RFC 5652 §5.4).
    pub attributes: Option<Vec<u8>>,
    /// Whether the signed attributes are in DER's order.
    pub attributes_sorted: bool,
    /// The message digest attribute.
    pub message_digest: Option<Vec<u8>>,
    /// The content type attribute.
    pub content_type: Option<Vec<u8>>,
    /// The signing time attribute.
    pub signing_time: Option<UtcTime>,
    /// Content of the signature's algorithm identifier.
    pub algorithm: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// How a signer info names the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerId {
    /// Issuer and the content octets of the serial number.
    IssuerAndSerial(Name, Vec<u8>),
    /// Subject key identifier.
    KeyId(Vec<u8>),
}

/// Why bytes are no SignedData.
#[derive(Debug, thiserror::Error)]
pub enum CmsError {
    /// The data objects are malformed or incomplete.
    #[error("{0}")]
    Encoding(DerError),
    /// BER that cannot be rewritten with definite lengths.
    #[error("at offset 0: {0}")]
    Ber(TlvError),
    /// The content is of another type.
    #[error("at offset {offset}: content is not signed data (RFC 5652 §5.1)")]
    NotSignedData {
        /// Offset of the object identifier in bytes.
        offset: usize,
    },
    /// An unknown hash algorithm.
    #[error("at offset {offset}: unknown hash algorithm")]
    Hash {
        /// Offset of the identifier in bytes.
        offset: usize,
        /// What about it.
        #[source]
        source: SignatureError,
    },
    /// A signing time that is none.
    #[error("{0}")]
    Time(CertificateError),
}

impl From<DerError> for CmsError {
    fn from(error: DerError) -> Self {
        Self::Encoding(error)
    }
}

impl CmsError {
    /// The same error in a file where the envelope begins `by` bytes later.
    #[must_use]
    pub(crate) fn shifted(self, by: usize) -> Self {
        match self {
            Self::Encoding(error) => Self::Encoding(DerError {
                offset: error.offset.saturating_add(by),
                rule: error.rule,
            }),
            Self::NotSignedData { offset } => Self::NotSignedData {
                offset: offset.saturating_add(by),
            },
            Self::Hash { offset, source } => Self::Hash {
                offset: offset.saturating_add(by),
                source,
            },
            Self::Time(CertificateError::Time { offset }) => Self::Time(CertificateError::Time {
                offset: offset.saturating_add(by),
            }),
            other @ (Self::Ber(_) | Self::Time(CertificateError::Encoding(_))) => other,
        }
    }
}

/// What holds of one signer's signature.
#[derive(Debug)]
pub struct SignatureCheck {
    /// The signed content type is that of the content; `None` without signed attributes.
    pub content_type: Option<bool>,
    /// The signed message digest is that of the content; `None` without signed attributes.
    pub message_digest: Option<bool>,
    /// The signature value; what had to be tolerated.
    pub value: Result<Vec<&'static str>, SignatureError>,
}

impl SignatureCheck {
    /// Whether all of it holds.
    pub fn holds(&self) -> bool {
        self.content_type != Some(false) && self.message_digest != Some(false) && self.value.is_ok()
    }
}

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const ATTRIBUTE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09];

impl SignedData {
    /// Takes a ContentInfo apart, in BER or DER; bytes behind it are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, CmsError> {
        let definite = tlv::to_definite(bytes).map_err(|rule| match first_fault(bytes) {
            Some(error) => CmsError::Encoding(error),
            None => CmsError::Ber(rule),
        })?;
        let was_ber = !bytes.starts_with(&definite);
        let mut info = Der::new(&definite).take(0x30)?.inside();
        let oid = info.take(0x06)?;
        if oid.value != SIGNED_DATA {
            return Err(CmsError::NotSignedData { offset: oid.offset });
        }
        let mut fields = info.take(0xA0)?.inside().take(0x30)?.inside();
        let _version = fields.take(0x02)?;
        let _digests = fields.take(0x31)?;
        let mut encapsulated = fields.take(0x30)?.inside();
        let content_type = encapsulated.take(0x06)?.value.to_vec();
        let content = encapsulated.take(0xA0)?.inside().take(0x04)?.value.to_vec();
        let certificates = match fields.optional(0xA0)? {
            Some(set) => set.inside().all()?.iter().map(|c| c.raw.to_vec()).collect(),
            None => Vec::new(),
        };
        let _revocation_lists = fields.optional(0xA1)?;
        let infos = fields.take(0x31)?.inside().all()?;
        let signers = infos
            .iter()
            .map(SignerInfo::read)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            content_type,
            content,
            certificates,
            signers,
            was_ber,
        })
    }

    /// Dotted object identifier of the content's type.
    pub fn content_type_text(&self) -> String {
        dotted(&self.content_type)
    }

    /// Checks what `signer` signed under the key of `certificate`.
    pub fn check(&self, signer: &SignerInfo, certificate: &Certificate) -> SignatureCheck {
        let has_attributes = signer.attributes.is_some();
        let digest = || signer.digest.of(&self.content).ok();
        SignatureCheck {
            content_type: has_attributes
                .then(|| signer.content_type.as_ref() == Some(&self.content_type)),
            message_digest: has_attributes
                .then(|| signer.message_digest.is_some() && signer.message_digest == digest()),
            value: self.signature_value(signer, certificate),
        }
    }

    fn signature_value(
        &self,
        signer: &SignerInfo,
        certificate: &Certificate,
    ) -> Result<Vec<&'static str>, SignatureError> {
        let key = certificate.key().ok_or(SignatureError::Algorithm)?;
        let verify = |message: &[u8]| {
            let SignerInfo {
                algorithm,
                digest,
                signature,
                ..
            } = signer;
            signature::verify(key, algorithm, *digest, message, signature)
        };
        let Some(attributes) = &signer.attributes else {
            return Ok(verify(&self.content)?.into_iter().collect());
        };
        match verify(attributes) {
            Ok(leniency) => Ok(leniency.into_iter().collect()),
            Err(error) if signer.attributes_sorted => Err(error),
            // Signed in DER's order, sent in another one.
            Err(error) => {
                let sorted = sorted_set(attributes).map_err(|_| error)?;
                let mut leniencies: Vec<_> = verify(&sorted)?.into_iter().collect();
                leniencies.push("signed attributes are sent in another order than signed");
                Ok(leniencies)
            }
        }
    }

    /// The certificate that the signer info names, among those enclosed and those at hand. Failing that, the only one.
    pub fn signer_certificate(
        &self,
        signer: &SignerInfo,
        at_hand: &[Certificate],
    ) -> Option<(Certificate, SignerMatch)> {
        let enclosed: Vec<Certificate> = self
            .certificates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect();
        let named = enclosed.iter().chain(at_hand).find(|c| signer.id.names(c));
        if let Some(certificate) = named {
            let found = match &signer.id {
                SignerId::IssuerAndSerial(issuer, _)
                    if issuer.raw() != certificate.issuer.raw() =>
                {
                    SignerMatch::NamedDifferently
                }
                SignerId::IssuerAndSerial(..) | SignerId::KeyId(_) => SignerMatch::Named,
            };
            return Some((certificate.clone(), found));
        }
        match (enclosed.as_slice(), at_hand) {
            ([only], _) | ([], [only]) => Some((only.clone(), SignerMatch::OnlyOne)),
            _ => None,
        }
    }
}

/// How a signer's certificate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerMatch {
    /// The signer info names it.
    Named,
    /// The signer info names it, but writes its issuer in another order or coding.
    NamedDifferently,
    /// The signer info names another one, but there is only this one.
    OnlyOne,
}

impl SignerMatch {
    /// What it deviates in from RFC 5652 §5.3.
    pub(crate) fn deviation(self) -> Option<&'static str> {
        match self {
            Self::Named => None,
            Self::NamedDifferently => {
                Some("signer info writes the issuer in another order or coding")
            }
            Self::OnlyOne => Some("signer info names another certificate than the one enclosed"),
        }
    }
}

impl SignerId {
    /// Whether this names the certificate.
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial(issuer, serial) => {
                *issuer == certificate.issuer && *serial == certificate.serial
            }
            Self::KeyId(id) => certificate.subject_key_id.as_ref() == Some(id),
        }
    }
}

impl SignerInfo {
    fn read(info: &Element<'_>) -> Result<Self, CmsError> {
        if info.tag != 0x30 {
            let rule = TlvError::WrongTag {
                expected: 0x30,
                found: info.tag,
            };
            return Err(info.error(rule).into());
        }
        let mut fields = info.inside();
        let _version = fields.take(0x02)?;
        let id = signer_id(&fields.next()?)?;
        let digest = fields.take(0x30)?;
        let offset = digest.offset;
        let mut signer = Self {
            id,
            digest: HashAlgorithm::from_identifier(digest.value)
                .map_err(|source| CmsError::Hash { offset, source })?,
            attributes: None,
            attributes_sorted: true,
            message_digest: None,
            content_type: None,
            signing_time: None,
            algorithm: Vec::new(),
            signature: Vec::new(),
        };
        if let Some(attributes) = fields.optional(0xA0)? {
            signer.read_attributes(&attributes)?;
        }
        signer.algorithm = fields.take(0x30)?.value.to_vec();
        signer.signature = fields.take(0x04)?.value.to_vec();
        Ok(signer)
    }

    fn read_attributes(&mut self, attributes: &Element<'_>) -> Result<(), CmsError> {
        let mut set = attributes.raw.to_vec();
        if let Some(tag) = set.first_mut() {
            *tag = 0x31;
        }
        self.attributes = Some(set);
        let all = attributes.inside().all()?;
        self.attributes_sorted = all.is_sorted_by(|a, b| a.raw <= b.raw);
        for attribute in all {
            let mut parts = attribute.inside();
            let oid = parts.take(0x06)?;
            let value = parts.take(0x31)?.inside().next()?;
            match oid.value.strip_prefix(ATTRIBUTE) {
                Some([0x03]) => self.content_type = Some(value.value.to_vec()),
                Some([0x04]) => self.message_digest = Some(value.value.to_vec()),
                Some([0x05]) => {
                    self.signing_time = Some(certificate::time(&value).map_err(CmsError::Time)?);
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Family and hash of the signature; `None` if unknown.
    pub fn scheme(&self) -> Option<(SchemeFamily, HashAlgorithm)> {
        signature::family(&self.algorithm, self.digest)
    }

    /// Dotted object identifier of the signature algorithm.
    pub fn algorithm_text(&self) -> String {
        Der::new(&self.algorithm)
            .take(0x06)
            .map(|oid| dotted(oid.value))
            .unwrap_or_default()
    }
}

pub(crate) fn signer_id(id: &Element<'_>) -> Result<SignerId, DerError> {
    match id.tag {
        0x30 => {
            let mut parts = id.inside();
            let issuer = Name::read(&parts.take(0x30)?)?;
            let serial = parts.take(0x02)?.value.to_vec();
            Ok(SignerId::IssuerAndSerial(issuer, serial))
        }
        0x80 => Ok(SignerId::KeyId(id.value.to_vec())),
        // Explicitly tagged, as some signers write it.
        0xA0 => Ok(SignerId::KeyId(id.inside().take(0x04)?.value.to_vec())),
        found => Err(id.error(TlvError::WrongTag {
            expected: 0x30,
            found,
        })),
    }
}

fn sorted_set(attributes: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut parts: Vec<&[u8]> = Der::new(attributes)
        .take(0x31)?
        .inside()
        .all()?
        .iter()
        .map(|attribute| attribute.raw)
        .collect();
    parts.sort_unstable();
    Ok(tlv::encode_all(0x31, &parts))
}
