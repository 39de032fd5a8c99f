//! Key derivation of ICAO 9303-11 §9.7.1, and the ciphers whose keys it makes.

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
        match self {
            Self::TripleDes => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }
}
