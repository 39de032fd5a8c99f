//! A country signing authority: its certificate, links to its next key, document signers, revocation lists, master lists.

use egate_types::{Date, UtcTime};

use crate::{
    tlv,
    trust::{deviation_list::DEVIATION_LIST, master_list::CSCA_MASTER_LIST},
};

use super::{
    IssueError, KeyKind, SignatureScheme,
    key::SigningKey,
    signed_data::{Envelope, generalized_time, utc_time},
};

/// First and last day of a certificate's validity.
pub type Validity = (Date, Date);

/// A country signing authority.
#[derive(Clone)]
pub struct Authority {
    country: String,
    name: Vec<u8>,
    key: SigningKey,
    certificate: Vec<u8>,
}

/// A document signer, or the signer of a master list.
#[derive(Clone)]
pub struct DocumentSigner {
    pub(super) key: SigningKey,
    country: String,
    issuer: Vec<u8>,
    serial: u32,
    certificate: Vec<u8>,
}

/// What a document signer is to be.
#[derive(Debug, Clone)]
pub struct SignerOptions {
    /// Kind of its key.
    pub kind: KeyKind,
    /// How it signs.
    pub scheme: SignatureScheme,
    /// Serial number of its certificate.
    pub serial: u32,
    /// Validity of its certificate.
    pub validity: Validity,
    /// What its certificate is wrong in, if anything.
    pub fault: Option<SignerFault>,
}

/// What is wrong with a document signer certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignerFault {
    /// It may sign certificates, not documents.
    WrongKeyUsage,
    /// It does not say what it may sign.
    NoKeyUsage,
    /// It has no key identifiers: its issuer is known by name alone.
    NoKeyIdentifiers,
    /// It names its issuer unlike the issuer names itself: only the key identifier leads to it.
    OtherIssuerName,
    /// Its key was meant to sign on the first day of its validity alone.
    ShortKeyUsagePeriod,
    /// It is meant for visas.
    OtherDocumentType,
    /// It says neither when its key may sign nor which types of document.
    SaysNoPurpose,
}

/// What is wrong with a revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationListFault {
    /// A byte of the signature is altered.
    BrokenSignature,
}

impl Authority {
    /// An authority of a country (two letters), with a self-signed certificate.
    pub fn new(
        country: &str,
        common_name: &str,
        (kind, scheme): (KeyKind, SignatureScheme),
        validity: Validity,
    ) -> Result<Self, IssueError> {
        let key = SigningKey::generate(kind, scheme)?;
        let name = name(country, common_name);
        let id = key.key_id()?;
        let certificate = CertificateFields {
            serial: 1,
            issuer: &name,
            subject: &name,
            validity,
            key_usage: Some(KEY_CERT_SIGN | CRL_SIGN),
            authority: true,
            purpose: None,
            subject_key_id: Some(id.clone()),
            authority_key_id: Some(id),
        };
        let certificate = certificate.sign(&key, &key)?;
        Ok(Self {
            country: country.to_owned(),
            name,
            key,
            certificate,
        })
    }

    /// The certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A link certificate: the next authority's key under this one's signature (ICAO 9303-12 §7.1.1).
    pub fn link_to(&self, next: &Self, validity: Validity) -> Result<Vec<u8>, IssueError> {
        let fields = CertificateFields {
            serial: 1_000,
            issuer: &self.name,
            subject: &next.name,
            validity,
            key_usage: Some(KEY_CERT_SIGN | CRL_SIGN),
            authority: true,
            purpose: None,
            subject_key_id: Some(next.key.key_id()?),
            authority_key_id: Some(self.key.key_id()?),
        };
        fields.sign(&next.key, &self.key)
    }

    /// A document signer of this authority.
    pub fn document_signer(&self, options: &SignerOptions) -> Result<DocumentSigner, IssueError> {
        let key = SigningKey::generate(options.kind, options.scheme)?;
        let identified = options.fault != Some(SignerFault::NoKeyIdentifiers);
        let other_name = name(&self.country, "Written otherwise");
        let issuer = match options.fault {
            Some(SignerFault::OtherIssuerName) => &other_name,
            _ => &self.name,
        };
        let fields = CertificateFields {
            serial: options.serial,
            issuer,
            subject: &name(&self.country, SIGNER_NAME),
            validity: options.validity,
            key_usage: match options.fault {
                Some(SignerFault::WrongKeyUsage) => Some(KEY_CERT_SIGN),
                Some(SignerFault::NoKeyUsage) => None,
                _ => Some(DIGITAL_SIGNATURE),
            },
            authority: false,
            purpose: Purpose::of(options),
            subject_key_id: identified.then(|| key.key_id()).transpose()?,
            authority_key_id: identified.then(|| self.key.key_id()).transpose()?,
        };
        Ok(DocumentSigner {
            certificate: fields.sign(&key, &self.key)?,
            country: self.country.clone(),
            issuer: issuer.clone(),
            serial: options.serial,
            key,
        })
    }

    /// A revocation list of these serial numbers, made on the first day, the next one due on the second.
    pub fn revocation_list(
        &self,
        serials: &[u32],
        (made, next): (Date, Date),
        fault: Option<RevocationListFault>,
    ) -> Result<Vec<u8>, IssueError> {
        let algorithm = self.key.algorithm();
        let made = utc_time(start_of(made));
        let entries: Vec<u8> = serials
            .iter()
            .flat_map(|serial| tlv::encode_all(0x30, &[&integer(*serial), &made]))
            .collect();
        let revoked = if entries.is_empty() {
            Vec::new()
        } else {
            tlv::encode(0x30, &entries)
        };
        let key_id = tlv::encode(0x30, &tlv::encode(0x80, &self.key.key_id()?));
        let extensions = tlv::encode(0x30, &extension(AUTHORITY_KEY_ID, false, &key_id));
        let tbs = tlv::encode_all(
            0x30,
            &[
                &integer(1),
                &algorithm,
                &self.name,
                &made,
                &utc_time(start_of(next)),
                &revoked,
                &tlv::encode(0xA0, &extensions),
            ],
        );
        let mut signature = self.key.sign(&tbs)?;
        match (fault, signature.last_mut()) {
            (Some(RevocationListFault::BrokenSignature), Some(last)) => *last ^= 1,
            (Some(RevocationListFault::BrokenSignature), None) | (None, _) => {}
        }
        Ok(tlv::encode_all(
            0x30,
            &[&tbs, &algorithm, &bits(&signature)],
        ))
    }

    /// A master list of these certificates, signed by a master list signer of this authority.
    pub fn master_list(
        &self,
        certificates: &[&[u8]],
        signed_at: UtcTime,
        options: &SignerOptions,
    ) -> Result<Vec<u8>, IssueError> {
        let list = tlv::encode_all(0x31, certificates);
        let content = tlv::encode_all(0x30, &[&[0x02, 0x01, 0x00], &list]);
        self.list((CSCA_MASTER_LIST, &content), signed_at, options)
    }

    /// A deviation list of one entry: these document numbers, or all documents of a signer, deviate in something.
    pub fn deviation_list(
        &self,
        document_numbers: &[&str],
        about: Option<&DocumentSigner>,
        signed_at: UtcTime,
        options: &SignerOptions,
    ) -> Result<Vec<u8>, IssueError> {
        let mut documents = Vec::new();
        if let Some(signer) = about {
            let named = [signer.issuer.as_slice(), &integer(signer.serial)].concat();
            documents.extend(tlv::encode(0xA1, &named));
        }
        if !document_numbers.is_empty() {
            let texts = document_numbers.iter();
            let numbers: Vec<u8> = texts
                .flat_map(|number| tlv::encode(0x13, number.as_bytes()))
                .collect();
            documents.extend(tlv::encode(0xA5, &numbers));
        }
        let kind = tlv::encode(0x06, DG_DEVIATION);
        let descriptions = tlv::encode(0x31, &tlv::encode(0x30, &kind));
        let entry = tlv::encode_all(0x30, &[&tlv::encode(0x30, &documents), &descriptions]);
        let content = tlv::encode_all(0x30, &[&[0x02, 0x01, 0x00], &tlv::encode(0x31, &entry)]);
        self.list((DEVIATION_LIST, &content), signed_at, options)
    }

    fn list(
        &self,
        (content_type, content): (&[u8], &[u8]),
        signed_at: UtcTime,
        options: &SignerOptions,
    ) -> Result<Vec<u8>, IssueError> {
        let signer = self.document_signer(options)?;
        let envelope = Envelope {
            content_type,
            content,
            signer_id: signer.issuer_and_serial(),
            signing_time: Some(signed_at),
            certificates: &[signer.certificate()],
            quirk: None,
        };
        envelope.sign(&signer.key)
    }
}

impl DocumentSigner {
    /// The certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The signer misusing its key to issue certificates, which its key usage forbids.
    pub fn posing_as_authority(&self) -> Authority {
        Authority {
            country: self.country.clone(),
            name: name(&self.country, SIGNER_NAME),
            key: self.key.clone(),
            certificate: self.certificate.clone(),
        }
    }

    pub(super) fn issuer_and_serial(&self) -> Vec<u8> {
        tlv::encode_all(0x30, &[&self.issuer, &integer(self.serial)])
    }

    pub(super) fn unsorted_issuer_and_serial(&self) -> Vec<u8> {
        let body = tlv::expect(&self.issuer, 0x30).map_or(&[][..], |(body, _)| body);
        let attributes = tlv::children(body).unwrap_or_default();
        let reversed: Vec<u8> = attributes
            .iter()
            .rev()
            .flat_map(|a| a.raw)
            .copied()
            .collect();
        tlv::encode_all(
            0x30,
            &[&tlv::encode(0x30, &reversed), &integer(self.serial)],
        )
    }

    pub(super) fn other_signer(&self) -> Vec<u8> {
        let other = integer(self.serial.wrapping_add(1));
        tlv::encode_all(0x30, &[&self.issuer, &other])
    }

    pub(super) fn key_id(&self) -> Result<Vec<u8>, IssueError> {
        Ok(tlv::encode(0x80, &self.key.key_id()?))
    }
}

struct CertificateFields<'a> {
    serial: u32,
    issuer: &'a [u8],
    subject: &'a [u8],
    validity: Validity,
    key_usage: Option<u8>,
    authority: bool,
    purpose: Option<Purpose>,
    subject_key_id: Option<Vec<u8>>,
    authority_key_id: Option<Vec<u8>>,
}

/// What a document signer is meant for (ICAO 9303-12 §7.1.1).
struct Purpose {
    key_usage: Validity,
    document_types: &'static [&'static str],
}

impl Purpose {
    fn of(options: &SignerOptions) -> Option<Self> {
        let (first, last) = options.validity;
        let fault = options.fault;
        let short = fault == Some(SignerFault::ShortKeyUsagePeriod);
        let for_visas = fault == Some(SignerFault::OtherDocumentType);
        (fault != Some(SignerFault::SaysNoPurpose)).then_some(Self {
            key_usage: (first, if short { first } else { last }),
            document_types: if for_visas { &["V"] } else { &["P", "ID"] },
        })
    }

    fn extensions(&self) -> Vec<u8> {
        let (first, last) = self.key_usage;
        let instant = |tag, time| tlv::encode(tag, generalized_time(time).as_bytes());
        let end = start_of(last).plus_ms(LAST_SECOND_MS);
        let period = tlv::encode_all(
            0x30,
            &[&instant(0x80, start_of(first)), &instant(0x81, end)],
        );
        let types = self.document_types.iter();
        let types: Vec<u8> = types
            .flat_map(|code| tlv::encode(0x13, code.as_bytes()))
            .collect();
        let list = tlv::encode_all(0x30, &[&integer(0), &tlv::encode(0x31, &types)]);
        [
            extension(PRIVATE_KEY_USAGE, false, &period),
            extension(DOCUMENT_TYPES, false, &list),
        ]
        .concat()
    }
}

impl CertificateFields<'_> {
    fn sign(&self, subject: &SigningKey, issuer: &SigningKey) -> Result<Vec<u8>, IssueError> {
        let algorithm = issuer.algorithm();
        let (first, last) = self.validity;
        let end = start_of(last).plus_ms(LAST_SECOND_MS);
        let validity = tlv::encode_all(0x30, &[&utc_time(start_of(first)), &utc_time(end)]);
        let tbs = tlv::encode_all(
            0x30,
            &[
                &tlv::encode(0xA0, &integer(2)),
                &integer(self.serial),
                &algorithm,
                self.issuer,
                &validity,
                self.subject,
                &subject.public_key_info()?,
                &tlv::encode(0xA3, &tlv::encode(0x30, &self.extensions())),
            ],
        );
        let signature = issuer.sign(&tbs)?;
        Ok(tlv::encode_all(
            0x30,
            &[&tbs, &algorithm, &bits(&signature)],
        ))
    }

    fn extensions(&self) -> Vec<u8> {
        let mut extensions = Vec::new();
        if let Some(usage) = self.key_usage {
            let unused = usage.trailing_zeros() as u8;
            let value = tlv::encode(0x03, &[unused, usage]);
            extensions.extend(extension(KEY_USAGE, true, &value));
        }
        if self.authority {
            let value = tlv::encode(0x30, &[0x01, 0x01, 0xFF, 0x02, 0x01, 0x00]);
            extensions.extend(extension(BASIC_CONSTRAINTS, true, &value));
        }
        if let Some(purpose) = &self.purpose {
            extensions.extend(purpose.extensions());
        }
        if let Some(id) = &self.subject_key_id {
            extensions.extend(extension(SUBJECT_KEY_ID, false, &tlv::encode(0x04, id)));
        }
        if let Some(id) = &self.authority_key_id {
            let value = tlv::encode(0x30, &tlv::encode(0x80, id));
            extensions.extend(extension(AUTHORITY_KEY_ID, false, &value));
        }
        extensions
    }
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[0x01, 0x01, 0xFF] } else { &[] };
    tlv::encode_all(
        0x30,
        &[&tlv::encode(0x06, oid), flag, &tlv::encode(0x04, value)],
    )
}

/// Country, organisation and common name.
fn name(country: &str, common_name: &str) -> Vec<u8> {
    let attribute = |last: u8, tag: u32, text: &str| {
        let oid = tlv::encode(0x06, &[0x55, 0x04, last]);
        let pair = tlv::encode_all(0x30, &[&oid, &tlv::encode(tag, text.as_bytes())]);
        tlv::encode(0x31, &pair)
    };
    tlv::encode_all(
        0x30,
        &[
            &attribute(0x06, 0x13, country),
            &attribute(0x0A, 0x0C, "Test only"),
            &attribute(0x03, 0x0C, common_name),
        ],
    )
}

fn integer(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    let mut content = bytes.get(zeros..).unwrap_or_default().to_vec();
    if content.first().is_some_and(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tlv::encode(0x02, &content)
}

fn bits(octets: &[u8]) -> Vec<u8> {
    tlv::encode_all(0x03, &[&[0], octets])
}

fn start_of(day: Date) -> UtcTime {
    UtcTime(day.days() * 86_400_000)
}

/// From the start of a day to its last second.
const LAST_SECOND_MS: i64 = 86_399_000;
const SIGNER_NAME: &str = "Test Document Signer";
/// A type of deviation below id-icao-DeviationList.
const DG_DEVIATION: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x07, 0x02, 0x03];
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
const PRIVATE_KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x10];
const DOCUMENT_TYPES: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x06, 0x02];
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1D, 0x0E];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1D, 0x23];
