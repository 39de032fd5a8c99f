//! SecurityInfos of EF.CardAccess, EF.CardSecurity and EF.DG14: which protocols a chip announces.

use serde::Serialize;

use crate::{
    domain_parameters::KeyAgreement,
    key_derivation::CipherSuite,
    security_infos::{PaceMapping, SecurityInfos},
};

/// What a chip announces. Kinds of entries that are absent have no key.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityInfosView {
    /// PACE protocols.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pace: Vec<ProtocolView>,
    /// Numbers of proprietary domain parameters of PACE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pace_domain_parameters: Vec<Option<u64>>,
    /// Object identifiers of the signature algorithms of Active Authentication.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub active_authentication: Vec<String>,
    /// Chip Authentication protocols.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chip_authentication: Vec<ProtocolView>,
    /// Static keys of the chip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chip_authentication_keys: Vec<ChipKeyView>,
    /// Versions of Terminal Authentication.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terminal_authentication: Vec<u32>,
    /// Object identifiers of entries of other kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Entries of a known kind that cannot be read: object identifier and rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<String>,
}

/// A protocol by its name in ICAO 9303-11 §9.2.
#[derive(Debug, Clone, Serialize)]
pub struct ProtocolView {
    /// E.g. `id-PACE-ECDH-GM-AES-CBC-CMAC-128`.
    pub protocol: String,
    /// Version.
    pub version: u32,
    /// Number of the domain parameters of PACE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_id: Option<u64>,
    /// Number of the key of Chip Authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<u64>,
}

/// A static key of the chip.
#[derive(Debug, Clone, Serialize)]
pub struct ChipKeyView {
    /// `DH` or `ECDH`.
    pub agreement: &'static str,
    /// Its number, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<u64>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl SecurityInfosView {
    /// Lays the entries open.
    pub fn of(infos: &SecurityInfos) -> Self {
        let pace = infos.pace.iter().map(|info| {
            let protocol = info.protocol;
            let (agreement, cipher) = (agreement(protocol.agreement), suite(protocol.cipher));
            let mapping = mapping(protocol.mapping);
            ProtocolView {
                protocol: format!("id-PACE-{agreement}-{mapping}-{cipher}"),
                version: info.version,
                parameter_id: info.parameter_id,
                key_id: None,
            }
        });
        let chip = infos.chip_authentication.iter().map(|info| ProtocolView {
            protocol: format!("id-CA-{}-{}", agreement(info.agreement), suite(info.cipher)),
            version: info.version,
            parameter_id: None,
            key_id: info.key_id,
        });
        let keys = infos.chip_authentication_keys.iter();
        let active = infos.active_authentication.iter();
        let terminal = infos.terminal_authentication.iter();
        let parameters = infos.pace_parameters.iter();
        let malformed = infos.malformed.iter();
        Self {
            pace: pace.collect(),
            pace_domain_parameters: parameters.map(|info| info.parameter_id).collect(),
            active_authentication: active
                .map(|info| info.signature_algorithm.to_string())
                .collect(),
            chip_authentication: chip.collect(),
            chip_authentication_keys: keys
                .map(|info| ChipKeyView {
                    agreement: agreement(info.agreement),
                    key_id: info.key_id,
                    error: info.key().err().map(|error| error.to_string()),
                })
                .collect(),
            terminal_authentication: terminal.map(|info| info.version).collect(),
            unknown: infos.unknown.iter().map(ToString::to_string).collect(),
            malformed: malformed
                .map(|entry| format!("{}: {}", entry.protocol, entry.error))
                .collect(),
        }
    }
}

fn agreement(agreement: KeyAgreement) -> &'static str {
    match agreement {
        KeyAgreement::Dh => "DH",
        KeyAgreement::Ecdh => "ECDH",
    }
}

fn mapping(mapping: PaceMapping) -> &'static str {
    match mapping {
        PaceMapping::Generic => "GM",
        PaceMapping::Integrated => "IM",
        PaceMapping::ChipAuthentication => "CAM",
    }
}

fn suite(cipher: CipherSuite) -> &'static str {
    match cipher {
        CipherSuite::TripleDes => "3DES-CBC-CBC",
        CipherSuite::Aes128 => "AES-CBC-CMAC-128",
        CipherSuite::Aes192 => "AES-CBC-CMAC-192",
        CipherSuite::Aes256 => "AES-CBC-CMAC-256",
    }
}
