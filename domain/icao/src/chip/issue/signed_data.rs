//! SignedData (RFC 5652) as issuers write it, in DER.

use egate_types::UtcTime;

use crate::tlv;

use super::{
    IssueError, Quirk,
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
    /// How the encoding is odd.
    pub(super) quirk: Option<Quirk>,
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
        let sorted = attributes.concat();
        if matches!(
            self.quirk,
            Some(Quirk::AttributesSentUnsorted | Quirk::AttributesUnsorted)
        ) {
            attributes.reverse();
        }
        let attributes = attributes.concat();
        let signed = match self.quirk {
            Some(Quirk::AttributesUnsorted) => &attributes,
            _ => &sorted,
        };
        let message = tlv::encode(0x31, signed);
        let signature = match self.quirk {
            Some(Quirk::NoNullInDigestInfo) => key.sign_without_null(&message)?,
            Some(Quirk::LeadingZeros) => with_leading_zeros(&key.sign(&message)?),
            _ => key.sign(&message)?,
        };
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
        let digests = tlv::encode(0x31, &hash_identifier);
        let infos = tlv::encode(0x31, &info);
        let oid = tlv::encode(0x06, SIGNED_DATA);
        let version = [0x02, 0x01, 0x03];
        if self.quirk == Some(Quirk::Ber) {
            let middle = self.content.len() / 2;
            let (first, second) = self.content.split_at(middle);
            let pieces = [tlv::encode(0x04, first), tlv::encode(0x04, second)];
            let octets = indefinite(0xA0, &[&indefinite(0x24, &[&pieces[0], &pieces[1]])]);
            let encapsulated = indefinite(0x30, &[&content_type, &octets]);
            let parts: [&[u8]; 5] = [&version, &digests, &encapsulated, &certificates, &infos];
            let explicit = indefinite(0xA0, &[&indefinite(0x30, &parts)]);
            return Ok(indefinite(0x30, &[&oid, &explicit]));
        }
        let parts: [&[u8]; 5] = [&version, &digests, &encapsulated, &certificates, &infos];
        let explicit = tlv::encode(0xA0, &tlv::encode_all(0x30, &parts));
        Ok(tlv::encode_all(0x30, &[&oid, &explicit]))
    }
}

/// A constructed object of indefinite length (X.690 §8.1.3.6).
fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80][..], &parts.concat(), &[0, 0]].concat()
}

/// An ECDSA signature whose integers are longer than need be.
fn with_leading_zeros(signature: &[u8]) -> Vec<u8> {
    let numbers = tlv::expect(signature, 0x30).and_then(|(body, _)| tlv::children(body));
    let padded: Vec<u8> = numbers
        .unwrap_or_default()
        .iter()
        .flat_map(|number| tlv::encode_all(0x02, &[&[0, 0], number.value]))
        .collect();
    tlv::encode(0x30, &padded)
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    tlv::encode_all(0x30, &[&tlv::encode(0x06, oid), &tlv::encode(0x31, value)])
}

/// UTCTime, for the years 1950 to 2049.
pub(super) fn utc_time(time: UtcTime) -> Vec<u8> {
    let digits = generalized_time(time);
    tlv::encode(0x17, digits.get(2..).unwrap_or_default().as_bytes())
}

/// The text of a GeneralizedTime.
pub(super) fn generalized_time(time: UtcTime) -> String {
    let (date, second) = (time.date(), time.0.rem_euclid(86_400_000) / 1_000);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        date.year(),
        date.month(),
        date.day(),
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x05];
