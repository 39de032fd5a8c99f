//! Key derivation of ICAO 9303-11 §9.7: from shared secrets and passwords to keys of the ciphers.

use std::fmt;

use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{ciphers::Cipher, mrz::MrzKey};

/// Ciphers and authentication codes of PACE, Chip Authentication and secure messaging (§9.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CipherSuite {
    /// Two-key triple DES in CBC mode, retail MAC.
    TripleDes,
    /// AES-128 in CBC mode, CMAC.
    Aes128,
    /// AES-192 in CBC mode, CMAC.
    Aes192,
    /// AES-256 in CBC mode, CMAC.
    Aes256,
}

/// A key of one cipher suite.
#[derive(Clone, PartialEq, Eq)]
pub struct CipherKey {
    suite: CipherSuite,
    /// As long as [`CipherSuite::key_bytes`] says.
    bytes: Zeroizing<Vec<u8>>,
}

/// The two keys of a protected channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionKeys {
    /// For encryption.
    pub encryption: CipherKey,
    /// For the message authentication code.
    pub mac: CipherKey,
}

/// What the holder shows to open the chip: K_π of PACE is made of it (§4.4.3.2, §9.7.3).
#[derive(Clone)]
pub struct Password {
    kind: PasswordKind,
    /// f(π).
    secret: Zeroizing<Vec<u8>>,
}

/// Which password of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordKind {
    /// MRZ information: number, date of birth, date of expiry.
    Mrz,
    /// Card access number, printed on the document.
    Can,
}

/// Why digits are no card access number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a card access number has 1 to {CAN_DIGITS_MAX} digits")]
pub struct CanError;

/// Digits of a card access number: six in ICAO 9303-11 §4.4.1; some identity cards print more.
const CAN_DIGITS_MAX: usize = 16;

/// Counters of the key derivation function (§9.7.1).
const ENCRYPTION: u32 = 1;
const AUTHENTICATION: u32 = 2;
const PASSWORD: u32 = 3;

impl CipherSuite {
    /// From the last arc of `id-PACE-…` and `id-CA-…`.
    pub fn from_arc(arc: u8) -> Option<Self> {
        match arc {
            1 => Some(Self::TripleDes),
            2 => Some(Self::Aes128),
            3 => Some(Self::Aes192),
            4 => Some(Self::Aes256),
            _ => None,
        }
    }

    /// The last arc of `id-PACE-…` and `id-CA-…`.
    pub fn arc(self) -> u8 {
        match self {
            Self::TripleDes => 1,
            Self::Aes128 => 2,
            Self::Aes192 => 3,
            Self::Aes256 => 4,
        }
    }

    /// Length of its keys in bytes.
    pub fn key_bytes(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Length of its blocks in bytes.
    pub fn block_bytes(self) -> usize {
        self.cipher().block_bytes()
    }

    pub(crate) fn cipher(self) -> Cipher {
        match self {
            Self::TripleDes => Cipher::TripleDes,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => Cipher::Aes,
        }
    }
}

impl CipherKey {
    /// KDF(secret, counter): SHA-1 for 128-bit keys, SHA-256 for longer ones; DES keys get odd parity.
    pub fn derive(suite: CipherSuite, secret: &[u8], counter: u32) -> Self {
        let counter = counter.to_be_bytes();
        let mut bytes = Zeroizing::new(match suite {
            CipherSuite::TripleDes | CipherSuite::Aes128 => Sha1::new()
                .chain_update(secret)
                .chain_update(counter)
                .finalize()
                .to_vec(),
            CipherSuite::Aes192 | CipherSuite::Aes256 => Sha256::new()
                .chain_update(secret)
                .chain_update(counter)
                .finalize()
                .to_vec(),
        });
        bytes.truncate(suite.key_bytes());
        if suite == CipherSuite::TripleDes {
            for byte in bytes.iter_mut() {
                let odd = (*byte >> 1).count_ones().is_multiple_of(2);
                *byte = (*byte & 0xFE) | u8::from(odd);
            }
        }
        Self { suite, bytes }
    }

    /// From its bytes; `None` where their number is not that of the suite.
    pub fn from_bytes(suite: CipherSuite, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == suite.key_bytes()).then(|| Self {
            suite,
            bytes: Zeroizing::new(bytes.to_vec()),
        })
    }

    pub(crate) fn triple_des(bytes: &[u8; 16]) -> Self {
        Self {
            suite: CipherSuite::TripleDes,
            bytes: Zeroizing::new(bytes.to_vec()),
        }
    }

    /// Its cipher suite.
    pub fn suite(&self) -> CipherSuite {
        self.suite
    }

    /// Its bytes.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Encrypts whole blocks in place; `initial` is one block.
    pub(crate) fn encrypt_cbc(&self, initial: &[u8], blocks: &mut [u8]) {
        let done = self
            .suite
            .cipher()
            .encrypt_cbc(&self.bytes, initial, blocks);
        assert_eq!(done, Ok(()), "callers pad to whole blocks");
    }

    /// Decrypts whole blocks in place; `initial` is one block.
    pub(crate) fn decrypt_cbc(&self, initial: &[u8], blocks: &mut [u8]) {
        let done = self
            .suite
            .cipher()
            .decrypt_cbc(&self.bytes, initial, blocks);
        assert_eq!(done, Ok(()), "callers check for whole blocks");
    }

    /// Eight bytes of authentication code; triple DES pads the message, AES does not.
    pub(crate) fn authentication_code(&self, message: &[u8]) -> [u8; 8] {
        let code = self
            .suite
            .cipher()
            .authentication_code(&self.bytes, message);
        // Invariant: every constructor makes a key of the suite's length.
        code.expect("key of the suite's length")
    }
}

impl fmt::Debug for CipherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CipherKey({:?})", self.suite)
    }
}

impl SessionKeys {
    /// KS_Enc and KS_MAC from a shared secret (§9.7.4).
    pub fn derive(suite: CipherSuite, shared_secret: &[u8]) -> Self {
        Self {
            encryption: CipherKey::derive(suite, shared_secret, ENCRYPTION),
            mac: CipherKey::derive(suite, shared_secret, AUTHENTICATION),
        }
    }

    /// Their cipher suite.
    pub fn suite(&self) -> CipherSuite {
        self.encryption.suite
    }
}

impl Password {
    /// The MRZ information: its SHA-1 hash.
    pub fn mrz(key: &MrzKey) -> Self {
        Self {
            kind: PasswordKind::Mrz,
            secret: Zeroizing::new(Sha1::digest(key.expose().as_bytes()).to_vec()),
        }
    }

    /// A card access number: its characters.
    pub fn can(digits: &str) -> Result<Self, CanError> {
        let valid = (1..=CAN_DIGITS_MAX).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !valid {
            return Err(CanError);
        }
        Ok(Self {
            kind: PasswordKind::Can,
            secret: Zeroizing::new(digits.as_bytes().to_vec()),
        })
    }

    /// Which password this is.
    pub fn kind(&self) -> PasswordKind {
        self.kind
    }

    /// K_π, which encrypts the nonce.
    pub fn key(&self, suite: CipherSuite) -> CipherKey {
        CipherKey::derive(suite, &self.secret, PASSWORD)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password({:?})", self.kind)
    }
}

impl PasswordKind {
    /// Its number in MSE:Set AT (§4.4.4.1).
    pub fn reference(self) -> u8 {
        match self {
            Self::Mrz => 1,
            Self::Can => 2,
        }
    }
}
