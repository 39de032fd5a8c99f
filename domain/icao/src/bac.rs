//! Basic Access Control (ICAO 9303-11 §4.3): the MRZ proves that the document was opened; session keys come out.

use cbc::{Decryptor, Encryptor};
use cipher::{
    Block, BlockDecryptMut, BlockEncryptMut, KeyInit, KeyIvInit, generic_array::GenericArray,
};
use des::{Des, TdesEde2};
use sha1::{Digest, Sha1};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    apdu::{Command, Response, Status},
    mrz::MrzKey,
    secure_messaging::SecureMessaging,
};

/// A pair of two-key triple DES keys.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct KeyPair {
    /// For encryption.
    pub encryption: [u8; 16],
    /// For the message authentication code.
    pub mac: [u8; 16],
}

/// Why mutual authentication failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BacError {
    /// The chip refused our proof: the MRZ does not belong to it.
    #[error("chip refused the access keys ({0:?})")]
    Refused(Status),
    /// The chip could not prove that it knows the keys.
    #[error("chip's proof of the access keys is wrong")]
    NotProven,
    /// The chip's answer has a wrong length.
    #[error("chip's answer to mutual authentication has {0} bytes instead of 40")]
    Length(usize),
}

/// The terminal's side of one mutual authentication.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Terminal {
    keys: KeyPair,
    rnd_ifd: [u8; 8],
    k_ifd: [u8; 16],
    rnd_ic: [u8; 8],
}

impl KeyPair {
    /// Key derivation of ICAO 9303-11 §9.7.1 from a 16-byte seed.
    pub fn derive(seed: &[u8; 16]) -> Self {
        let key = |counter: u8| {
            let mut key = [0; 16];
            key.copy_from_slice(
                &Sha1::new()
                    .chain_update(seed)
                    .chain_update([0, 0, 0, counter])
                    .finalize()[..16],
            );
            for byte in &mut key {
                let odd = (*byte >> 1).count_ones().is_multiple_of(2);
                *byte = (*byte & 0xFE) | u8::from(odd);
            }
            key
        };
        Self {
            encryption: key(1),
            mac: key(2),
        }
    }

    /// The document's access keys (ICAO 9303-11 §4.3.2).
    pub fn from_mrz(key: &MrzKey) -> Self {
        let mut seed = [0; 16];
        seed.copy_from_slice(&Sha1::digest(key.expose().as_bytes())[..16]);
        Self::derive(&seed)
    }
}

impl Terminal {
    /// GET CHALLENGE.
    pub fn get_challenge() -> Command {
        Command::new(0x00, 0x84, 0x00, 0x00).expecting(8)
    }

    /// Starts with the chip's challenge and the terminal's own random numbers.
    pub fn new(keys: KeyPair, rnd_ic: [u8; 8], rnd_ifd: [u8; 8], k_ifd: [u8; 16]) -> Self {
        Self {
            keys,
            rnd_ifd,
            k_ifd,
            rnd_ic,
        }
    }

    /// EXTERNAL AUTHENTICATE with our proof.
    pub fn authenticate(&self) -> Command {
        let mut plain = [0; 32];
        plain[..8].copy_from_slice(&self.rnd_ifd);
        plain[8..16].copy_from_slice(&self.rnd_ic);
        plain[16..].copy_from_slice(&self.k_ifd);
        let cryptogram = seal(&self.keys, &plain);
        Command::new(0x00, 0x82, 0x00, 0x00)
            .with_data(cryptogram)
            .expecting(40)
    }

    /// Checks the chip's proof and opens the protected channel.
    pub fn open(&self, response: &Response) -> Result<SecureMessaging, BacError> {
        if response.status != Status::OK {
            return Err(BacError::Refused(response.status));
        }
        let plain = unseal(&self.keys, &response.data)?;
        if plain[..8] != self.rnd_ic || plain[8..16] != self.rnd_ifd {
            return Err(BacError::NotProven);
        }
        let mut k_ic = [0; 16];
        k_ic.copy_from_slice(&plain[16..]);
        Ok(session(&self.rnd_ic, &self.rnd_ifd, &self.k_ifd, &k_ic))
    }
}

/// The chip's side: checks the terminal's proof; returns the chip's proof and the channel.
#[cfg(feature = "chip")]
pub fn accept(
    keys: &KeyPair,
    rnd_ic: &[u8; 8],
    k_ic: &[u8; 16],
    proof: &[u8],
) -> Result<(Vec<u8>, SecureMessaging), BacError> {
    let plain = unseal(keys, proof)?;
    if plain[8..16] != *rnd_ic {
        return Err(BacError::NotProven);
    }
    let (mut rnd_ifd, mut k_ifd) = ([0; 8], [0; 16]);
    rnd_ifd.copy_from_slice(&plain[..8]);
    k_ifd.copy_from_slice(&plain[16..]);
    let mut answer = [0; 32];
    answer[..8].copy_from_slice(rnd_ic);
    answer[8..16].copy_from_slice(&rnd_ifd);
    answer[16..].copy_from_slice(k_ic);
    Ok((seal(keys, &answer), session(rnd_ic, &rnd_ifd, &k_ifd, k_ic)))
}

fn session(
    rnd_ic: &[u8; 8],
    rnd_ifd: &[u8; 8],
    k_ifd: &[u8; 16],
    k_ic: &[u8; 16],
) -> SecureMessaging {
    let mut seed = [0; 16];
    for (byte, (a, b)) in seed.iter_mut().zip(k_ifd.iter().zip(k_ic)) {
        *byte = a ^ b;
    }
    let mut counter = [0; 8];
    counter[..4].copy_from_slice(&rnd_ic[4..]);
    counter[4..].copy_from_slice(&rnd_ifd[4..]);
    SecureMessaging::new(KeyPair::derive(&seed), u64::from_be_bytes(counter))
}

fn seal(keys: &KeyPair, plain: &[u8; 32]) -> Vec<u8> {
    let mut cryptogram = plain.to_vec();
    encrypt_cbc(&keys.encryption, &mut cryptogram);
    let mac = retail_mac(&keys.mac, &padded(&cryptogram));
    cryptogram.extend(mac);
    cryptogram
}

fn unseal(keys: &KeyPair, cryptogram: &[u8]) -> Result<[u8; 32], BacError> {
    let (body, mac) = cryptogram
        .split_at_checked(32)
        .filter(|(_, mac)| mac.len() == 8)
        .ok_or(BacError::Length(cryptogram.len()))?;
    if !same(&retail_mac(&keys.mac, &padded(body)), mac) {
        return Err(BacError::NotProven);
    }
    let mut plain = [0; 32];
    plain.copy_from_slice(body);
    decrypt_cbc(&keys.encryption, &mut plain);
    Ok(plain)
}

/// Triple DES in CBC mode with zero initial vector, in place; whole blocks only.
pub(crate) fn encrypt_cbc(key: &[u8; 16], blocks: &mut [u8]) {
    assert_eq!(blocks.len() % 8, 0, "whole blocks");
    let mut cipher = Encryptor::<TdesEde2>::new(key.into(), &[0; 8].into());
    for block in blocks.chunks_exact_mut(8) {
        cipher.encrypt_block_mut(GenericArray::from_mut_slice(block));
    }
}

/// The inverse of [`encrypt_cbc`].
pub(crate) fn decrypt_cbc(key: &[u8; 16], blocks: &mut [u8]) {
    assert_eq!(blocks.len() % 8, 0, "whole blocks");
    let mut cipher = Decryptor::<TdesEde2>::new(key.into(), &[0; 8].into());
    for block in blocks.chunks_exact_mut(8) {
        cipher.decrypt_block_mut(GenericArray::from_mut_slice(block));
    }
}

/// MAC algorithm 3 of ISO 9797-1 with DES, over padded bytes.
pub(crate) fn retail_mac(key: &[u8; 16], padded: &[u8]) -> [u8; 8] {
    assert_eq!(padded.len() % 8, 0, "whole blocks");
    let mut first = Des::new(GenericArray::from_slice(&key[..8]));
    let mut second = Des::new(GenericArray::from_slice(&key[8..]));
    let mut state = Block::<Des>::default();
    for block in padded.chunks_exact(8) {
        for (s, b) in state.iter_mut().zip(block) {
            *s ^= b;
        }
        first.encrypt_block_mut(&mut state);
    }
    second.decrypt_block_mut(&mut state);
    first.encrypt_block_mut(&mut state);
    state.into()
}

/// Padding method 2 of ISO 9797-1: `80`, then zeros.
pub(crate) fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.push(0x80);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

/// Compares without telling by its duration where the difference lies.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}
