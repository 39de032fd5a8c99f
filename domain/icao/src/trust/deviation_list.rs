//! Lists of documents that deviate from ICAO 9303: ICAO's deviation list (Doc 9303-3 §8, 2.23.136.1.1.7) and the
//! defect list of BSI TR-03129 (0.4.0.127.0.7.3.1.5).
//!
//! An entry names documents by document signer or by number, and says what is wrong with them by object identifier.

use std::collections::BTreeSet;

use egate_types::UtcTime;

use crate::{
    certificate::{self, Certificate, Name},
    cms::{CmsError, SignedData, SignerId},
    der::{Der, DerError, Element, dotted},
    limits::LIST_BYTES_MAX,
    sod::HashAlgorithm,
};

/// id-icao-DeviationList.
pub const DEVIATION_LIST: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x07];
/// id-DefectList of BSI TR-03129.
pub const DEFECT_LIST: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x05];
/// id-CertRevoked below id-DefectList: the document signer must not be trusted any more.
pub const CERTIFICATE_REVOKED: &str = "0.4.0.127.0.7.3.1.5.1.1";

/// A list taken apart.
#[derive(Debug, Clone)]
pub struct DeviationList {
    /// The envelope.
    pub signed: SignedData,
    /// Its entries.
    pub deviations: Vec<Deviation>,
}

/// One entry: which documents, and what about them.
#[derive(Clone)]
pub struct Deviation {
    /// Document code, e.g. `P`.
    pub document_type: Option<String>,
    /// The document signer.
    pub signer: Option<SignerReference>,
    /// First and last instant of issuance.
    pub issued: Option<(UtcTime, UtcTime)>,
    /// Document numbers; empty: all documents of the signer.
    pub document_numbers: BTreeSet<String>,
    /// What is wrong, by dotted object identifier and with the list's own words.
    pub findings: Vec<(String, Option<String>)>,
}

impl std::fmt::Debug for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers = self.document_numbers.len();
        write!(
            f,
            "Deviation({:?}, {numbers} document numbers)",
            self.findings
        )
    }
}

/// How an entry names a document signer.
#[derive(Debug, Clone)]
pub enum SignerReference {
    /// As in a signer info.
    Id(SignerId),
    /// Hash of the certificate.
    Digest(HashAlgorithm, Vec<u8>),
}

/// Why bytes are no such list.
#[derive(Debug, thiserror::Error)]
pub enum DeviationListError {
    /// The envelope is malformed.
    #[error("{0}")]
    Envelope(CmsError),
    /// The content is malformed.
    #[error("content: {0}")]
    Content(DerError),
    /// The envelope holds something else.
    #[error("content type {0} is neither that of a deviation list nor of a defect list")]
    ContentType(String),
    /// Larger than any list may be.
    #[error("list exceeds {LIST_BYTES_MAX} bytes")]
    TooLarge,
}

impl From<DerError> for DeviationListError {
    fn from(error: DerError) -> Self {
        Self::Content(error)
    }
}

impl DeviationList {
    /// Reads a signed list of either kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, DeviationListError> {
        if bytes.len() > LIST_BYTES_MAX {
            return Err(DeviationListError::TooLarge);
        }
        let signed = SignedData::parse(bytes).map_err(DeviationListError::Envelope)?;
        let deviations = match signed.content_type.as_slice() {
            DEVIATION_LIST => icao_entries(&signed.content)?,
            DEFECT_LIST => bsi_entries(&signed.content)?,
            _ => return Err(DeviationListError::ContentType(signed.content_type_text())),
        };
        Ok(Self { signed, deviations })
    }

    /// Number of document numbers in all entries.
    pub fn document_numbers(&self) -> usize {
        self.deviations
            .iter()
            .map(|d| d.document_numbers.len())
            .sum()
    }

    /// Entries about a document, by its number or by its signer.
    pub fn about<'a>(
        &'a self,
        document_number: Option<&str>,
        signer: Option<&Certificate>,
    ) -> impl Iterator<Item = &'a Deviation> {
        self.deviations
            .iter()
            .filter(move |deviation| deviation.concerns(document_number, signer))
    }
}

impl Deviation {
    /// Every condition that the entry states must hold, and it must state one of number and signer.
    fn concerns(&self, document_number: Option<&str>, signer: Option<&Certificate>) -> bool {
        let numbered = !self.document_numbers.is_empty();
        let by_number =
            document_number.is_some_and(|number| self.document_numbers.contains(number));
        let by_signer = match (&self.signer, signer) {
            (Some(reference), Some(signer)) => reference.names(signer),
            (Some(_), None) | (None, _) => false,
        };
        (numbered || self.signer.is_some())
            && (!numbered || by_number)
            && (self.signer.is_none() || by_signer)
    }

    /// Whether it says that the document signer is revoked.
    pub fn revokes_signer(&self) -> bool {
        self.findings
            .iter()
            .any(|(oid, _)| oid == CERTIFICATE_REVOKED)
    }
}

impl SignerReference {
    fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Id(id) => id.names(certificate),
            Self::Digest(hash, digest) => hash
                .of(certificate.der())
                .is_ok_and(|found| found == *digest),
        }
    }
}

/// `DeviationList ::= SEQUENCE { version, digestAlg AlgorithmIdentifier OPTIONAL, deviations SET OF Deviation }`.
fn icao_entries(content: &[u8]) -> Result<Vec<Deviation>, DeviationListError> {
    let mut fields = Der::new(content).take(0x30)?.inside();
    let _version = fields.take(0x02)?;
    let hash = match fields.optional(0x30)? {
        Some(algorithm) => HashAlgorithm::from_identifier(algorithm.value).ok(),
        None => None,
    };
    let mut deviations = Vec::new();
    for entry in fields.take(0x31)?.inside().all()? {
        let mut parts = entry.inside();
        let documents = parts.take(0x30)?;
        let mut deviation = documents_of(&documents, hash.unwrap_or(HashAlgorithm::Sha256))?;
        for description in parts.take(0x31)?.inside().all()? {
            let mut parts = description.inside();
            let mut next = parts.next()?;
            let mut words = None;
            if next.tag != 0x06 {
                words = Some(text(&next));
                next = parts.take(0x06)?;
            }
            deviation.findings.push((dotted(next.value), words));
        }
        deviations.push(deviation);
    }
    Ok(deviations)
}

/// `DeviationDocuments ::= SEQUENCE { documentType [0], dscIdentifier [1..3], issuingDate [4], documentNumbers [5] }`, all optional.
/// Lists in the field tag some of them implicitly and some explicitly.
fn documents_of(documents: &Element<'_>, hash: HashAlgorithm) -> Result<Deviation, DerError> {
    let mut deviation = Deviation {
        document_type: None,
        signer: None,
        issued: None,
        document_numbers: BTreeSet::new(),
        findings: Vec::new(),
    };
    for field in documents.inside().all()? {
        // Context-specific tags alone, primitive or constructed.
        if field.tag & !0x3F != 0x80 {
            continue;
        }
        match field.tag & 0x1F {
            0 => deviation.document_type = Some(text(&innermost(&field))),
            1 => {
                let mut parts = sequence_or_inside(&field)?;
                let issuer = Name::read(&parts.take(0x30)?)?;
                let serial = parts.take(0x02)?.value.to_vec();
                let id = SignerId::IssuerAndSerial(issuer, serial);
                deviation.signer = Some(SignerReference::Id(id));
            }
            2 => {
                let id = SignerId::KeyId(innermost(&field).value.to_vec());
                deviation.signer = Some(SignerReference::Id(id));
            }
            3 => {
                let digest = innermost(&field).value.to_vec();
                deviation.signer = Some(SignerReference::Digest(hash, digest));
            }
            4 => {
                let mut parts = sequence_or_inside(&field)?;
                let (first, last) = (parts.next()?, parts.next()?);
                let instant = |element| certificate::time(element).ok();
                deviation.issued = instant(&first).zip(instant(&last));
            }
            5 => {
                for number in set_or_inside(&field)? {
                    deviation.document_numbers.insert(text(&number));
                }
            }
            _ => {}
        }
    }
    Ok(deviation)
}

/// `DefectList ::= SEQUENCE { version, hashAlg OBJECT IDENTIFIER, defects SET OF Defect }` of TR-03129.
fn bsi_entries(content: &[u8]) -> Result<Vec<Deviation>, DeviationListError> {
    let mut fields = Der::new(content).take(0x30)?.inside();
    let _version = fields.take(0x02)?;
    let _hash = fields.take(0x06)?;
    let mut deviations = Vec::new();
    for entry in fields.take(0x31)?.inside().all()? {
        let mut parts = entry.inside();
        let signer = parts.next()?;
        let id = crate::cms::signer_id(&signer)?;
        let _hash = parts.optional(0x04)?;
        let mut findings = Vec::new();
        for defect in parts.take(0x31)?.inside().all()? {
            findings.push((dotted(defect.inside().take(0x06)?.value), None));
        }
        deviations.push(Deviation {
            document_type: None,
            signer: Some(SignerReference::Id(id)),
            issued: None,
            document_numbers: BTreeSet::new(),
            findings,
        });
    }
    Ok(deviations)
}

fn innermost<'a>(field: &Element<'a>) -> Element<'a> {
    if field.tag & 0x20 == 0 {
        return *field;
    }
    field.inside().next().unwrap_or(*field)
}

fn sequence_or_inside<'a>(field: &Element<'a>) -> Result<Der<'a>, DerError> {
    let parts = field.inside().all()?;
    match parts.as_slice() {
        [only] if only.tag == 0x30 => Ok(only.inside()),
        _ => Ok(field.inside()),
    }
}

fn set_or_inside<'a>(field: &Element<'a>) -> Result<Vec<Element<'a>>, DerError> {
    let parts = field.inside().all()?;
    match parts.as_slice() {
        [only] if only.tag & 0x20 != 0 => only.inside().all(),
        _ => Ok(parts),
    }
}

fn text(value: &Element<'_>) -> String {
    String::from_utf8_lossy(value.value).trim().to_owned()
}
