//! EF.SOD: the signed list of data group hashes (ICAO 9303-10 §4.6.2, RFC 5652), taken apart without judging it.
//!
//! Deviations from the standard that issuers are known for are accepted and recorded.

use std::collections::BTreeMap;

use crate::{
    signature::SignatureError,
    tlv::{self, TlvError},
};

pub use crate::signature::HashAlgorithm;

/// EF.SOD taken apart.
#[derive(Debug, Clone)]
pub struct SecurityObject {
    /// The signed content as received.
    pub content: Vec<u8>,
    /// Hash algorithm of the data groups.
    pub hash: HashAlgorithm,
    /// Hash per data group number.
    pub data_group_hashes: BTreeMap<u8, Vec<u8>>,
    /// Certificates as received.
    pub certificates: Vec<Vec<u8>>,
    /// Who signed and how.
    pub signer: Signer,
    /// Deviations from the standard.
    pub deviations: Vec<String>,
}

/// The signer info.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Which certificate.
    pub id: SignerId,
    /// Hash algorithm of the message digest.
    pub digest: HashAlgorithm,
    /// The signed attributes as received, with the tag of a SET (RFC 5652 §5.4).
    pub attributes: Option<Vec<u8>>,
    /// The message digest attribute.
    pub message_digest: Option<Vec<u8>>,
    /// Content of the signature's algorithm identifier.
    pub algorithm: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// How the signer info names the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerId {
    /// Issuer name as encoded, and the bytes of the serial number.
    IssuerAndSerial(Vec<u8>, Vec<u8>),
    /// Subject key identifier.
    KeyId(Vec<u8>),
}

/// Why EF.SOD cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub enum SodError {
    /// Its data objects are malformed or incomplete.
    #[error("data objects: {0}")]
    Tlv(TlvError),
    /// The content is not SignedData.
    #[error("content is not signed data")]
    NotSignedData,
    /// An unknown hash algorithm.
    #[error("hash algorithm")]
    Hash(#[source] SignatureError),
    /// A data group number outside 1..=16, or twice.
    #[error("data group numbers are wrong")]
    DataGroupNumber,
    /// Not exactly one signer.
    #[error("{0} signers instead of one")]
    Signers(usize),
}

impl From<TlvError> for SodError {
    fn from(error: TlvError) -> Self {
        Self::Tlv(error)
    }
}

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const LDS_SECURITY_OBJECT: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];

/// Takes EF.SOD apart.
pub fn parse(file: &[u8]) -> Result<SecurityObject, SodError> {
    let (body, _) = tlv::expect(file, 0x77)?;
    let mut deviations = Vec::new();
    let definite = tlv::to_definite(body)?;
    if !body.starts_with(&definite) {
        deviations.push("EF.SOD is BER, not DER".to_owned());
    }
    let (content_info, _) = tlv::expect(&definite, 0x30)?;
    let (oid, rest) = tlv::expect(content_info, 0x06)?;
    if oid != SIGNED_DATA {
        return Err(SodError::NotSignedData);
    }
    let (signed_data, _) = tlv::expect(tlv::expect(rest, 0xA0)?.0, 0x30)?;
    let (_version, rest) = tlv::expect(signed_data, 0x02)?;
    let (_digests, rest) = tlv::expect(rest, 0x31)?;
    let (encapsulated, rest) = tlv::expect(rest, 0x30)?;
    let (content_type, content) = tlv::expect(encapsulated, 0x06)?;
    if content_type != LDS_SECURITY_OBJECT {
        deviations.push("content type is not that of an LDS security object".to_owned());
    }
    let (content, _) = tlv::expect(tlv::expect(content, 0xA0)?.0, 0x04)?;
    let (hash, data_group_hashes) = security_object(content)?;
    let rest = tlv::children(rest)?;
    let mut certificates = Vec::new();
    for set in rest.iter().filter(|o| o.tag == 0xA0) {
        certificates.extend(tlv::children(set.value)?.iter().map(|c| c.raw.to_vec()));
    }
    let infos = rest
        .iter()
        .rfind(|o| o.tag == 0x31)
        .ok_or(TlvError::Missing(0x31))?;
    let infos = tlv::children(infos.value)?;
    let [info] = infos.as_slice() else {
        return Err(SodError::Signers(infos.len()));
    };
    let signer = signer(info.raw, content_type, &mut deviations)?;
    Ok(SecurityObject {
        content: content.to_vec(),
        hash,
        data_group_hashes,
        certificates,
        signer,
        deviations,
    })
}

fn security_object(content: &[u8]) -> Result<(HashAlgorithm, BTreeMap<u8, Vec<u8>>), SodError> {
    let (object, _) = tlv::expect(content, 0x30)?;
    let (_version, rest) = tlv::expect(object, 0x02)?;
    let (algorithm, rest) = tlv::expect(rest, 0x30)?;
    let hash = HashAlgorithm::from_identifier(algorithm).map_err(SodError::Hash)?;
    let mut hashes = BTreeMap::new();
    for entry in tlv::children(tlv::expect(rest, 0x30)?.0)? {
        let (number, rest) = tlv::expect(entry.value, 0x02)?;
        let [number @ 1..=16] = number else {
            return Err(SodError::DataGroupNumber);
        };
        let (digest, _) = tlv::expect(rest, 0x04)?;
        if hashes.insert(*number, digest.to_vec()).is_some() {
            return Err(SodError::DataGroupNumber);
        }
    }
    Ok((hash, hashes))
}

fn signer(
    info: &[u8],
    content_type: &[u8],
    deviations: &mut Vec<String>,
) -> Result<Signer, SodError> {
    let (info, _) = tlv::expect(info, 0x30)?;
    let (_version, rest) = tlv::expect(info, 0x02)?;
    let (sid, rest) = tlv::read(rest)?;
    let id = match sid.tag {
        0x30 => {
            let (issuer, serial) = tlv::read(sid.value)?;
            let (serial, _) = tlv::expect(serial, 0x02)?;
            SignerId::IssuerAndSerial(issuer.raw.to_vec(), serial.to_vec())
        }
        0x80 => SignerId::KeyId(sid.value.to_vec()),
        found => {
            return Err(TlvError::WrongTag {
                expected: 0x30,
                found,
            }
            .into());
        }
    };
    let (digest, rest) = tlv::expect(rest, 0x30)?;
    let digest = HashAlgorithm::from_identifier(digest).map_err(SodError::Hash)?;
    let (next, behind) = tlv::read(rest)?;
    let (mut attributes, mut message_digest) = (None, None);
    let rest = if next.tag == 0xA0 {
        let mut set = next.raw.to_vec();
        set[0] = 0x31;
        attributes = Some(set);
        for attribute in tlv::children(next.value)? {
            let (oid, values) = tlv::expect(attribute.value, 0x06)?;
            let (value, _) = tlv::read(tlv::expect(values, 0x31)?.0)?;
            match oid {
                MESSAGE_DIGEST => message_digest = Some(value.value.to_vec()),
                CONTENT_TYPE if value.value != content_type => {
                    deviations.push("signed content type contradicts the content".to_owned());
                }
                _ => {}
            }
        }
        behind
    } else {
        deviations.push("EF.SOD has no signed attributes".to_owned());
        rest
    };
    let (algorithm, rest) = tlv::expect(rest, 0x30)?;
    let (signature, _) = tlv::expect(rest, 0x04)?;
    Ok(Signer {
        id,
        digest,
        attributes,
        message_digest,
        algorithm: algorithm.to_vec(),
        signature: signature.to_vec(),
    })
}
