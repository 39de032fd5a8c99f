//! Commands, data objects and tokens of PACE (ICAO 9303-11 §4.4.3.5, §4.4.4).

use crate::{
    apdu::Command,
    domain_parameters::KeyAgreement,
    key_derivation::{CipherKey, PasswordKind},
    security_infos::PaceProtocol,
    tlv::{self, TlvError},
};

/// Dynamic authentication data of GENERAL AUTHENTICATE.
const DYNAMIC: u32 = 0x7C;

pub(crate) const ENCRYPTED_NONCE: u32 = 0x80;
pub(crate) const TERMINAL_MAPPING: u32 = 0x81;
pub(crate) const CHIP_MAPPING: u32 = 0x82;
pub(crate) const TERMINAL_KEY: u32 = 0x83;
pub(crate) const CHIP_KEY: u32 = 0x84;
pub(crate) const TERMINAL_TOKEN: u32 = 0x85;
pub(crate) const CHIP_TOKEN: u32 = 0x86;
pub(crate) const AUTHORITY: u32 = 0x87;
pub(crate) const AUTHORITY_BEFORE: u32 = 0x88;
pub(crate) const CHIP_AUTHENTICATION_DATA: u32 = 0x8A;

/// Objects of MSE:Set AT.
pub(crate) const MECHANISM: u32 = 0x80;
pub(crate) const PASSWORD: u32 = 0x83;
pub(crate) const PARAMETERS: u32 = 0x84;

/// MSE:Set AT for mutual authentication (§4.4.4.1); `parameters` names the domain parameters.
pub(crate) fn select(
    protocol: PaceProtocol,
    password: PasswordKind,
    parameters: Option<u64>,
) -> Command {
    let mut data = tlv::encode(MECHANISM, protocol.object_identifier().as_bytes());
    data.extend(tlv::encode(PASSWORD, &[password.reference()]));
    if let Some(id) = parameters {
        let bytes = id.to_be_bytes();
        let zeros = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
        data.extend(tlv::encode(
            PARAMETERS,
            bytes.get(zeros..).unwrap_or_default(),
        ));
    }
    Command::new(0x00, 0x22, 0xC1, 0xA4).with_data(data)
}

/// GENERAL AUTHENTICATE with one object, or none; all but the last are chained (§4.4.4.2).
pub(crate) fn authenticate(object: Option<(u32, &[u8])>, last: bool) -> Command {
    let object = object.map_or_else(Vec::new, |(tag, value)| tlv::encode(tag, value));
    let data = tlv::encode(DYNAMIC, &object);
    // The answer is about as long as the command; a key of a 2048-bit group needs extended length both ways.
    let expected = if data.len() > 255 { 65_536 } else { 256 };
    Command::new(if last { 0x00 } else { 0x10 }, 0x86, 0x00, 0x00)
        .with_data(data)
        .expecting(expected)
}

/// The objects within the dynamic authentication data; none for no data.
pub(crate) fn dynamic(data: &[u8]) -> Result<&[u8], TlvError> {
    if data.is_empty() {
        return Ok(data);
    }
    tlv::expect(data, DYNAMIC).map(|(objects, _)| objects)
}

/// Dynamic authentication data around objects.
#[cfg(feature = "chip")]
pub(crate) fn dynamic_of(objects: &[u8]) -> Vec<u8> {
    tlv::encode(DYNAMIC, objects)
}

/// The authentication token over the other side's ephemeral public key (§4.4.3.5, §9.4.5).
pub(crate) fn token(key: &CipherKey, protocol: PaceProtocol, public: &[u8]) -> [u8; 8] {
    let oid = tlv::encode(0x06, protocol.object_identifier().as_bytes());
    let tag = match protocol.agreement {
        KeyAgreement::Dh => 0x84,
        KeyAgreement::Ecdh => 0x86,
    };
    let object = tlv::encode_all(0x7F49, &[&oid, &tlv::encode(tag, public)]);
    key.authentication_code(&object)
}
