//! EF.SOD: the signed list of data group hashes (ICAO 9303-10 §4.6.2, RFC 5652), taken apart without judging it.
//!
//! Deviations from the standard that issuers are known for are accepted and recorded.

use std::collections::BTreeMap;

use crate::{
    cms::{CmsError, SignedData, SignerInfo},
    der::{Der, DerError},
    signature::SignatureError,
    tlv::TlvError,
};

pub use crate::signature::HashAlgorithm;

/// EF.SOD taken apart.
#[derive(Debug, Clone)]
pub struct SecurityObject {
    /// The envelope.
    pub signed: SignedData,
    /// Hash algorithm of the data groups.
    pub hash: HashAlgorithm,
    /// Hash per data group number.
    pub data_group_hashes: BTreeMap<u8, Vec<u8>>,
    /// LDS version that the security object of LDS 1.8 states, e.g. `0108`.
    pub lds_version: Option<String>,
    /// The only signer.
    pub signer: SignerInfo,
    /// Deviations from the standard.
    pub deviations: Vec<String>,
}

/// Why EF.SOD cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub enum SodError {
    /// The file was not read.
    #[error("file is missing")]
    Missing,
    /// The envelope.
    #[error("{0}")]
    Envelope(CmsError),
    /// The list of hashes is malformed; the offset counts from its first byte.
    #[error("data group hashes: {0}")]
    Content(DerError),
    /// An unknown hash algorithm.
    #[error("data group hashes: hash algorithm is unknown or malformed")]
    Hash(#[source] SignatureError),
    /// A data group number outside 1..=16, or twice.
    #[error(
        "data group hashes: at offset {offset}: data group number is not 1 to 16, or occurs twice"
    )]
    DataGroupNumber {
        /// Offset in bytes from the start of the list of hashes.
        offset: usize,
    },
    /// Not exactly one signer.
    #[error("{0} signers instead of one (ICAO 9303-10 §4.6.2.2)")]
    Signers(usize),
}

impl From<DerError> for SodError {
    fn from(error: DerError) -> Self {
        Self::Content(error)
    }
}

impl From<CmsError> for SodError {
    fn from(error: CmsError) -> Self {
        Self::Envelope(error)
    }
}

/// id-icao-mrtd-security-ldsSecurityObject.
pub const LDS_SECURITY_OBJECT: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01];

/// Types that issuers are known to write instead: id-data, 1.3.27.1.1.1 of the first drafts, 1.2.528.1.1006.1.20.1 of one maker.
const OTHER_CONTENT_TYPES: [&[u8]; 3] = [
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01],
    &[0x2B, 0x1B, 0x01, 0x01, 0x01],
    &[0x2A, 0x84, 0x10, 0x01, 0x87, 0x6E, 0x01, 0x14, 0x01],
];

impl SecurityObject {
    /// Whether the content's type is that of a security object, or one that issuers are known to write in its place.
    pub fn has_known_content_type(&self) -> bool {
        let found = self.signed.content_type.as_slice();
        found == LDS_SECURITY_OBJECT || OTHER_CONTENT_TYPES.contains(&found)
    }
}

/// Takes EF.SOD apart.
pub fn parse(file: &[u8]) -> Result<SecurityObject, SodError> {
    let signed = envelope(file)?;
    let mut deviations = Vec::new();
    if signed.was_ber {
        deviations.push("EF.SOD is BER, not DER".to_owned());
    }
    if signed.content_type != LDS_SECURITY_OBJECT {
        deviations.push("content type is not that of an LDS security object".to_owned());
    }
    let [signer] = signed.signers.as_slice() else {
        return Err(SodError::Signers(signed.signers.len()));
    };
    let signer = signer.clone();
    if signer.attributes.is_none() {
        deviations.push("EF.SOD has no signed attributes".to_owned());
    }
    if !signer.attributes_sorted {
        deviations.push("signed attributes are not in DER's order".to_owned());
    }
    let content = security_object(&signed.content)?;
    Ok(SecurityObject {
        hash: content.hash,
        data_group_hashes: content.hashes,
        lds_version: content.lds_version,
        signed,
        signer,
        deviations,
    })
}

/// The envelope of EF.SOD, or of EF.CardSecurity, which has no tag of its own.
pub fn envelope(file: &[u8]) -> Result<SignedData, CmsError> {
    if file.first() != Some(&0x77) {
        return SignedData::parse(file);
    }
    let (outer, header) = match Der::new(file).take(0x77) {
        Ok(outer) => (outer.value, outer.raw.len() - outer.value.len()),
        // An indefinite outer length has a header of two bytes.
        Err(error) if error.rule == TlvError::Indefinite => (file.get(2..).unwrap_or_default(), 2),
        Err(error) => return Err(error.into()),
    };
    SignedData::parse(outer).map_err(|error| error.shifted(header))
}

struct Content {
    hash: HashAlgorithm,
    hashes: BTreeMap<u8, Vec<u8>>,
    lds_version: Option<String>,
}

fn security_object(content: &[u8]) -> Result<Content, SodError> {
    let mut fields = Der::new(content).take(0x30)?.inside();
    let _version = fields.take(0x02)?;
    let algorithm = fields.take(0x30)?;
    let hash = HashAlgorithm::from_identifier(algorithm.value).map_err(SodError::Hash)?;
    let mut hashes = BTreeMap::new();
    for entry in fields.take(0x30)?.inside().all()? {
        let mut parts = entry.inside();
        let number = parts.take(0x02)?;
        let wrong = SodError::DataGroupNumber {
            offset: number.offset,
        };
        let [number @ 1..=16] = number.value else {
            return Err(wrong);
        };
        let digest = parts.take(0x04)?;
        if hashes.insert(*number, digest.value.to_vec()).is_some() {
            return Err(wrong);
        }
    }
    let versions = fields.optional(0x30)?;
    let lds_version = versions.and_then(|info| info.inside().take(0x13).ok());
    let text = |value: &[u8]| {
        value
            .iter()
            .filter(|b| b.is_ascii_graphic())
            .map(|b| char::from(*b))
            .take(8)
            .collect()
    };
    Ok(Content {
        hash,
        hashes,
        lds_version: lds_version.map(|version| text(version.value)),
    })
}
