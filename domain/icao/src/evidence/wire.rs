//! The serialised form of evidence, version 2. Changes of meaning get another version.
//!
//! Version 1 did not say how the chip was opened; it is read as evidence of which nobody knows.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use egate_types::{ChipAccess, MrzLines};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use zeroize::Zeroizing;

use super::{ChipAuthenticationRecord, Evidence, Performed};
use crate::{
    active_authentication::Exchange,
    apdu::Status,
    chip_authentication::{Transcript, Variant},
    domain_parameters::KeyAgreement,
    key_derivation::CipherSuite,
    lds::{ChipFiles, FileId},
    limits::EVIDENCE_FILE_BYTES_MAX,
    pace::ChipAuthenticationMapping,
};

/// Why a value is no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Written by another version.
    #[error(
        "evidence of version {0}; this program reads versions {VERSION_WITHOUT_ACCESS} and {VERSION}"
    )]
    Version(u32),
    /// Evidence of a version that does not know how the chip was opened says so all the same.
    #[error("evidence of version {VERSION_WITHOUT_ACCESS} with access")]
    AccessInOldVersion,
    /// A name that is no file of a travel document's chip.
    #[error("{0:?} is no file of a travel document")]
    FileName(String),
    /// A file larger than any real one.
    #[error("{0} has {1} bytes")]
    FileSize(FileId, usize),
    /// A challenge that has not eight bytes.
    #[error("challenge of {0} bytes")]
    Challenge(usize),
    /// Status bytes that are not four hexadecimal digits.
    #[error("status {0:?}")]
    Status(String),
}

const VERSION: u32 = 2;
const VERSION_WITHOUT_ACCESS: u32 = 1;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    version: u32,
    files: BTreeMap<String, Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    printed_mrz: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<ChipAccess>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_authentication: Option<WireExchange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chip_authentication: Option<WireChipAuthentication>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chip_authentication_mapping: Option<WireMapping>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireExchange {
    challenge: Bytes,
    response: Bytes,
    status: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum WireChipAuthentication {
    Answered {
        agreement: WireAgreement,
        cipher: WireCipher,
        key_id: Option<u64>,
        ephemeral: Bytes,
        first_response: Bytes,
    },
    Refused {
        status: String,
    },
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMapping {
    mapping_public_key: Bytes,
    authentication_data: Bytes,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireAgreement {
    Dh,
    Ecdh,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum WireCipher {
    #[serde(rename = "3des")]
    TripleDes,
    #[serde(rename = "aes128")]
    Aes128,
    #[serde(rename = "aes192")]
    Aes192,
    #[serde(rename = "aes256")]
    Aes256,
}

/// Bytes as base64; wiped when dropped, as they may be personal data or keys.
#[derive(Clone)]
struct Bytes(Zeroizing<Vec<u8>>);

impl Bytes {
    fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

impl From<Evidence> for Wire {
    fn from(evidence: Evidence) -> Self {
        let performed = &evidence.performed;
        let files = FileId::all().filter_map(|file| {
            let bytes = evidence.files.get(file)?;
            Some((file.to_string(), Bytes::of(bytes)))
        });
        Self {
            version: VERSION,
            files: files.collect(),
            printed_mrz: evidence
                .printed_mrz
                .as_ref()
                .map(|lines| lines.expose().to_vec()),
            access: performed.access.clone(),
            active_authentication: performed.active_authentication.as_ref().map(|exchange| {
                WireExchange {
                    challenge: Bytes::of(&exchange.challenge),
                    response: Bytes::of(&exchange.response),
                    status: exchange.status.to_string(),
                }
            }),
            chip_authentication: performed.chip_authentication.as_ref().map(
                |record| match record {
                    ChipAuthenticationRecord::Answered(transcript) => answered(transcript),
                    ChipAuthenticationRecord::Refused(status) => WireChipAuthentication::Refused {
                        status: status.to_string(),
                    },
                },
            ),
            chip_authentication_mapping: performed.chip_authentication_mapping.as_ref().map(
                |mapping| WireMapping {
                    mapping_public_key: Bytes::of(&mapping.mapping_public_key),
                    authentication_data: Bytes::of(&mapping.authentication_data),
                },
            ),
        }
    }
}

impl TryFrom<Wire> for Evidence {
    type Error = EvidenceError;

    fn try_from(wire: Wire) -> Result<Self, EvidenceError> {
        match (wire.version, &wire.access) {
            (VERSION, _) | (VERSION_WITHOUT_ACCESS, None) => {}
            (VERSION_WITHOUT_ACCESS, Some(_)) => return Err(EvidenceError::AccessInOldVersion),
            (other, _) => return Err(EvidenceError::Version(other)),
        }
        let mut files = BTreeMap::new();
        for (name, bytes) in wire.files {
            let file = FileId::all()
                .find(|file| file.to_string() == name)
                .ok_or(EvidenceError::FileName(name))?;
            if bytes.0.len() > EVIDENCE_FILE_BYTES_MAX {
                return Err(EvidenceError::FileSize(file, bytes.0.len()));
            }
            files.insert(file, bytes.0.to_vec());
        }
        Ok(Self {
            files: ChipFiles::new(files),
            printed_mrz: wire.printed_mrz.map(MrzLines::new),
            performed: Performed {
                access: wire.access,
                active_authentication: wire.active_authentication.map(exchange).transpose()?,
                chip_authentication: wire.chip_authentication.map(record).transpose()?,
                chip_authentication_mapping: wire.chip_authentication_mapping.map(|mapping| {
                    ChipAuthenticationMapping {
                        mapping_public_key: mapping.mapping_public_key.0.to_vec(),
                        authentication_data: mapping.authentication_data.0.to_vec(),
                    }
                }),
            },
        })
    }
}

fn answered(transcript: &Transcript) -> WireChipAuthentication {
    WireChipAuthentication::Answered {
        agreement: match transcript.variant.agreement {
            KeyAgreement::Dh => WireAgreement::Dh,
            KeyAgreement::Ecdh => WireAgreement::Ecdh,
        },
        cipher: match transcript.variant.cipher {
            CipherSuite::TripleDes => WireCipher::TripleDes,
            CipherSuite::Aes128 => WireCipher::Aes128,
            CipherSuite::Aes192 => WireCipher::Aes192,
            CipherSuite::Aes256 => WireCipher::Aes256,
        },
        key_id: transcript.variant.key_id,
        ephemeral: Bytes(transcript.ephemeral.clone()),
        first_response: Bytes::of(&transcript.first_response),
    }
}

fn record(wire: WireChipAuthentication) -> Result<ChipAuthenticationRecord, EvidenceError> {
    match wire {
        WireChipAuthentication::Refused { status } => {
            Ok(ChipAuthenticationRecord::Refused(self::status(&status)?))
        }
        WireChipAuthentication::Answered {
            agreement,
            cipher,
            key_id,
            ephemeral,
            first_response,
        } => Ok(ChipAuthenticationRecord::Answered(Transcript {
            variant: Variant {
                agreement: match agreement {
                    WireAgreement::Dh => KeyAgreement::Dh,
                    WireAgreement::Ecdh => KeyAgreement::Ecdh,
                },
                cipher: match cipher {
                    WireCipher::TripleDes => CipherSuite::TripleDes,
                    WireCipher::Aes128 => CipherSuite::Aes128,
                    WireCipher::Aes192 => CipherSuite::Aes192,
                    WireCipher::Aes256 => CipherSuite::Aes256,
                },
                key_id,
            },
            ephemeral: ephemeral.0,
            first_response: first_response.0.to_vec(),
        })),
    }
}

fn exchange(wire: WireExchange) -> Result<Exchange, EvidenceError> {
    let challenge = wire.challenge.0.as_slice();
    Ok(Exchange {
        challenge: challenge
            .try_into()
            .map_err(|_| EvidenceError::Challenge(challenge.len()))?,
        response: wire.response.0.to_vec(),
        status: status(&wire.status)?,
    })
}

fn status(text: &str) -> Result<Status, EvidenceError> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let number = digits.then(|| u16::from_str_radix(text, 16).ok()).flatten();
    number
        .map(Status)
        .ok_or_else(|| EvidenceError::Status(text.to_owned()))
}
