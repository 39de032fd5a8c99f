//! SignedData (RFC 5652) as issuers write it, in DER.

use egate_types::UtcTime;

use crate::tlv;

use super::{
    IssueError,
    key::{SigningKey, hash_identifier},
};

/// What is to be signed, and how the signer is named.
pub(super) struct Envelope<'a> {
    pub(super) content_type: &'a [u8],
    pub(super) content: &'a [u8],
    /// Content of the SignerIdentifier: issuer and serial number, or subject key identifier.
    pub(super) signer_id: Vec<u8>,
    pub(super) signing_time: Option<UtcTime>,
    /// Certificates to enclose.
    pub(super) certificates: &'a [&'a [u8]],
}

impl Envelope<'_> {
    pub(super) fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, IssueError> {
        let hash = key.scheme.hash;
        let content_type = tlv::encode(0x06, self.content_type);
        let octets = tlv::encode(0xA0, &tlv::encode(0x04, self.content));
        let encapsulated = tlv::encode_all(0x30, &[&content_type, &octets]);
        let digest = tlv::encode(0x04, &hash.of(self.content)?);
        let mut attributes = vec![
            attribute(CONTENT_TYPE, &content_type),
            attribute(MESSAGE_DIGEST, &digest),
        ];
        if let Some(time) = self.signing_time {
            attributes.push(attribute(SIGNING_TIME, &utc_time(time)));
        }
        attributes.sort();
        let attributes = attributes.concat();
        let signature = key.sign(&tlv::encode(0x31, &attributes))?;
        let hash_identifier = hash_identifier(hash);
        let info = tlv::encode_all(
            0x30,
            &[
                &[0x02, 0x01, 0x01],
                &self.signer_id,
                &hash_identifier,
                &tlv::encode(0xA0, &attributes),
                &key.algorithm(),
                &tlv::encode(0x04, &signature),
            ],
        );
        let certificates = if self.certificates.is_empty() {
            Vec::new()
        } else {
            tlv::encode_all(0xA0, self.certificates)
        };
        let signed_data = tlv::encode_all(
            0x30,
            &[
                &[0x02, 0x01, 0x03],
                &tlv::encode(0x31, &hash_identifier),
                &encapsulated,
                &certificates,
                &tlv::encode(0x31, &info),
            ],
        );
        let explicit = tlv::encode(0xA0, &signed_data);
        Ok(tlv::encode_all(
            0x30,
            &[&tlv::encode(0x06, SIGNED_DATA), &explicit],
        ))
    }
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    tlv::encode_all(0x30, &[&tlv::encode(0x06, oid), &tlv::encode(0x31, value)])
}

/// UTCTime, for the years 1950 to 2049.
pub(super) fn utc_time(time: UtcTime) -> Vec<u8> {
    let (date, second) = (time.date(), time.0.rem_euclid(86_400_000) / 1_000);
    let text = format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}Z",
        date.year().rem_euclid(100),
        date.month(),
        date.day(),
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
    tlv::encode(0x17, text.as_bytes())
}

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x05];
