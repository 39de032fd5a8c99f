//! Chip Authentication Mapping (ICAO 9303-11 §4.4.3.3.3, §4.4.3.6): the mapping key is bound to the chip's static key.

use crate::{
    ciphers::unpadded,
    domain_parameters::{DomainParameterError, DomainParameters, PrivateKey, PublicKey},
    key_derivation::SessionKeys,
};

/// What the chip showed; it proves the chip's static key once [`verify_chip_authentication_mapping`] holds. It is no secret after
/// the protocol and may be kept as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipAuthenticationMapping {
    /// The chip's mapping public key, an uncompressed point.
    pub mapping_public_key: Vec<u8>,
    /// CA_IC, decrypted: the static private key's inverse times the mapping private key.
    pub authentication_data: Vec<u8>,
}

/// Why the mapping does not prove the static key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChipAuthenticationMappingError {
    /// The static key is not one of an elliptic curve.
    #[error("static key is not one of an elliptic curve")]
    KeyAgreement,
    /// The mapping key is another one: the chip does not own the static key.
    #[error("mapping key does not belong to the static key")]
    Wrong,
    /// The mapping key is not on the static key's curve, or the data are out of range.
    #[error("chip authentication data do not fit the static key")]
    Unfit(#[source] DomainParameterError),
}

/// Whether the chip owns the private half of `key`, which must come from an EF.CardSecurity (or EF.DG14) whose signature was
/// verified: CA_IC times the static public key is the mapping public key.
pub fn verify_chip_authentication_mapping(
    mapping: &ChipAuthenticationMapping,
    key: &PublicKey,
) -> Result<(), ChipAuthenticationMappingError> {
    let DomainParameters::Ecdh(curve) = &key.parameters else {
        return Err(ChipAuthenticationMappingError::KeyAgreement);
    };
    let unfit = ChipAuthenticationMappingError::Unfit;
    let expected = key
        .parameters
        .checked_public_key(&mapping.mapping_public_key)
        .map_err(unfit)?;
    let factor = PrivateKey::from_bytes(&mapping.authentication_data);
    let product = curve.shared_point(&factor, &key.bytes).map_err(unfit)?;
    if *product == expected {
        Ok(())
    } else {
        Err(ChipAuthenticationMappingError::Wrong)
    }
}

/// Decrypts A_IC: padded, in CBC mode, the initial vector being an encrypted block of ones.
pub(super) fn open(keys: &SessionKeys, encrypted: &[u8]) -> Option<Vec<u8>> {
    let block_bytes = keys.suite().block_bytes();
    if encrypted.is_empty() || !encrypted.len().is_multiple_of(block_bytes) {
        return None;
    }
    let mut plain = encrypted.to_vec();
    keys.encryption
        .decrypt_cbc(&initial_vector(keys), &mut plain);
    unpadded(plain, block_bytes).filter(|plain| !plain.is_empty())
}

/// The chip's side: encrypts CA_IC.
#[cfg(feature = "chip")]
pub(crate) fn seal(keys: &SessionKeys, plain: &[u8]) -> Vec<u8> {
    let mut blocks = crate::ciphers::padded(plain, keys.suite().block_bytes());
    keys.encryption
        .encrypt_cbc(&initial_vector(keys), &mut blocks);
    blocks
}

fn initial_vector(keys: &SessionKeys) -> Vec<u8> {
    let block_bytes = keys.suite().block_bytes();
    let mut block = vec![0xFF; block_bytes];
    keys.encryption
        .encrypt_cbc(&vec![0; block_bytes], &mut block);
    block
}
