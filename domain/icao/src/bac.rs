//! Basic Access Control (ICAO 9303-11 §4.3): the MRZ proves that the document was opened; session keys come out.

use sha1::{Digest, Sha1};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    apdu::{Command, Response, Status},
    ciphers::same,
    key_derivation::{CipherKey, CipherSuite, SessionKeys},
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
        Self::from(&SessionKeys::derive(CipherSuite::TripleDes, seed))
    }

    /// The document's access keys (ICAO 9303-11 §4.3.2).
    pub fn from_mrz(key: &MrzKey) -> Self {
        let mut seed = [0; 16];
        seed.copy_from_slice(&Sha1::digest(key.expose().as_bytes())[..16]);
        Self::derive(&seed)
    }
}

impl From<&SessionKeys> for KeyPair {
    fn from(keys: &SessionKeys) -> Self {
        let array = |key: &CipherKey| {
            let mut array = [0; 16];
            for (to, from) in array.iter_mut().zip(key.expose()) {
                *to = *from;
            }
            array
        };
        Self {
            encryption: array(&keys.encryption),
            mac: array(&keys.mac),
        }
    }
}

impl From<&KeyPair> for SessionKeys {
    fn from(keys: &KeyPair) -> Self {
        Self {
            encryption: CipherKey::triple_des(&keys.encryption),
            mac: CipherKey::triple_des(&keys.mac),
        }
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
    let keys = SessionKeys::from(keys);
    let mut cryptogram = plain.to_vec();
    keys.encryption.encrypt_cbc(&[0; 8], &mut cryptogram);
    let mac = keys.mac.authentication_code(&cryptogram);
    cryptogram.extend(mac);
    cryptogram
}

fn unseal(keys: &KeyPair, cryptogram: &[u8]) -> Result<[u8; 32], BacError> {
    let keys = SessionKeys::from(keys);
    let (body, mac) = cryptogram
        .split_at_checked(32)
        .filter(|(_, mac)| mac.len() == 8)
        .ok_or(BacError::Length(cryptogram.len()))?;
    if !same(&keys.mac.authentication_code(body), mac) {
        return Err(BacError::NotProven);
    }
    let mut plain = [0; 32];
    plain.copy_from_slice(body);
    keys.encryption.decrypt_cbc(&[0; 8], &mut plain);
    Ok(plain)
}
