//! From the nonce to the generator of the ephemeral keys (ICAO 9303-11 §4.4.3.3).

use crate::{
    ciphers::Cipher,
    domain_parameters::{DomainParameterError, DomainParameters, PrivateKey},
    key_derivation::CipherSuite,
};

/// Constants of the pseudo-random number of the Integrated Mapping, for blocks of 128 bits.
const C0_128: [u8; 16] = 0xA668_892A_7C41_E3CA_739F_40B0_57D8_5904_u128.to_be_bytes();
const C1_128: [u8; 16] = 0xA4E1_36AC_725F_738B_01C1_F602_17C1_88AD_u128.to_be_bytes();
/// The same for 256 bits.
const C0_256: [[u8; 16]; 2] = [
    0xD463_D652_3412_4EF7_8970_5498_6DCA_0A17_u128.to_be_bytes(),
    0x4E28_DF75_8CBA_A03F_2406_1641_4D5A_1676_u128.to_be_bytes(),
];
const C1_256: [[u8; 16]; 2] = [
    0x54BD_7255_F0AA_F831_BEC3_423F_CF39_D69B_u128.to_be_bytes(),
    0x6CBF_0666_77D0_FAAE_5AAD_D99D_F8E5_3517_u128.to_be_bytes(),
];

/// Bits by which the pseudo-random number is longer than the prime, so that its remainder is uniform.
const SURPLUS_BITS: usize = 64;

/// Generic Mapping (§4.4.3.3.1): the generator times the nonce, plus what both sides' mapping keys agree on.
pub fn generic(
    parameters: &DomainParameters,
    nonce: &[u8],
    private: &PrivateKey,
    public: &[u8],
) -> Result<DomainParameters, DomainParameterError> {
    parameters.map_generic(nonce, private, public)
}

/// Integrated Mapping (§4.4.3.3.2) from the chip's nonce, 16 or 32 bytes, and the terminal's, as long as a key of the suite.
pub fn integrated(
    parameters: &DomainParameters,
    suite: CipherSuite,
    chip_nonce: &[u8],
    terminal_nonce: &[u8],
) -> Result<DomainParameters, DomainParameterError> {
    let bits = parameters
        .prime_bits()
        .checked_add(SURPLUS_BITS)
        .ok_or(DomainParameterError::Algorithm)?;
    let number = pseudo_random_number(suite, chip_nonce, terminal_nonce, bits)
        .ok_or(DomainParameterError::Algorithm)?;
    parameters.map_integrated(&number)
}

/// Length in bytes of the chip's nonce: one block of 128 bits, or two with keys longer than that in the Integrated Mapping.
pub fn nonce_bytes(integrated: bool, suite: CipherSuite) -> usize {
    match (integrated, suite) {
        (true, CipherSuite::Aes192 | CipherSuite::Aes256) => 32,
        (true | false, _) => 16,
    }
}

/// R(s, t): at least `bits` bits.
fn pseudo_random_number(suite: CipherSuite, s: &[u8], t: &[u8], bits: usize) -> Option<Vec<u8>> {
    let (c0, c1) = match s.len() {
        16 => (C0_128.to_vec(), C1_128.to_vec()),
        32 => (C0_256.concat(), C1_256.concat()),
        _ => return None,
    };
    if t.len() != suite.key_bytes() {
        return None;
    }
    let mut number = Vec::new();
    let mut key = encrypted(suite.cipher(), t, s)?;
    while number.len() < bits.div_ceil(8) {
        // Two blocks are longer than a key of 192 bits; a chip whose nonce is one block makes a key of one block.
        key.truncate(suite.key_bytes());
        number.extend(encrypted(suite.cipher(), &key, &c1)?);
        key = encrypted(suite.cipher(), &key, &c0)?;
    }
    Some(number)
}

fn encrypted(cipher: Cipher, key: &[u8], blocks: &[u8]) -> Option<Vec<u8>> {
    let mut blocks = blocks.to_vec();
    let zeros = vec![0; cipher.block_bytes()];
    cipher.encrypt_cbc(key, &zeros, &mut blocks).ok()?;
    Some(blocks)
}
