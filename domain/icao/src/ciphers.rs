//! The block ciphers of ICAO 9303-11 in CBC mode, their message authentication codes, and padding.

use aes::{Aes128, Aes192, Aes256};
use cbc::{Decryptor, Encryptor};
use cipher::{
    Block, BlockCipher, BlockDecryptMut, BlockEncryptMut, KeyInit, generic_array::GenericArray,
};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2};

/// A cipher, without the length of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cipher {
    /// Two keys, 16 bytes.
    TripleDes,
    /// 16, 24 or 32 bytes.
    Aes,
}

/// Why a cipher cannot be applied; only in the Integrated Mapping do lengths come from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key, initial vector or message of wrong length")]
pub(crate) struct WrongLength;

impl Cipher {
    /// Length of a block in bytes.
    pub(crate) fn block_bytes(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes => 16,
        }
    }

    /// Encrypts whole blocks in place.
    pub(crate) fn encrypt_cbc(
        self,
        key: &[u8],
        initial: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), WrongLength> {
        match (self, key.len()) {
            (Self::TripleDes, _) => encrypt::<TdesEde2>(key, initial, blocks),
            (Self::Aes, 16) => encrypt::<Aes128>(key, initial, blocks),
            (Self::Aes, 24) => encrypt::<Aes192>(key, initial, blocks),
            (Self::Aes, 32) => encrypt::<Aes256>(key, initial, blocks),
            (Self::Aes, _) => Err(WrongLength),
        }
    }

    /// The inverse of [`Self::encrypt_cbc`].
    pub(crate) fn decrypt_cbc(
        self,
        key: &[u8],
        initial: &[u8],
        blocks: &mut [u8],
    ) -> Result<(), WrongLength> {
        match (self, key.len()) {
            (Self::TripleDes, _) => decrypt::<TdesEde2>(key, initial, blocks),
            (Self::Aes, 16) => decrypt::<Aes128>(key, initial, blocks),
            (Self::Aes, 24) => decrypt::<Aes192>(key, initial, blocks),
            (Self::Aes, 32) => decrypt::<Aes256>(key, initial, blocks),
            (Self::Aes, _) => Err(WrongLength),
        }
    }

    /// Eight bytes: MAC algorithm 3 of ISO 9797-1 with DES, which pads the message, or CMAC truncated, which does not (§9.8.6).
    pub(crate) fn authentication_code(
        self,
        key: &[u8],
        message: &[u8],
    ) -> Result<[u8; 8], WrongLength> {
        match (self, key.len()) {
            (Self::TripleDes, _) => retail_mac(key, &padded(message, 8)),
            (Self::Aes, 16) => truncated::<Cmac<Aes128>>(key, message),
            (Self::Aes, 24) => truncated::<Cmac<Aes192>>(key, message),
            (Self::Aes, 32) => truncated::<Cmac<Aes256>>(key, message),
            (Self::Aes, _) => Err(WrongLength),
        }
    }
}

fn encrypt<C: BlockCipher + BlockEncryptMut + KeyInit>(
    key: &[u8],
    initial: &[u8],
    blocks: &mut [u8],
) -> Result<(), WrongLength> {
    use cipher::KeyIvInit;
    let mut cipher = Encryptor::<C>::new_from_slices(key, initial).map_err(|_| WrongLength)?;
    whole_blocks::<C>(blocks)?
        .for_each(|block| cipher.encrypt_block_mut(GenericArray::from_mut_slice(block)));
    Ok(())
}

fn decrypt<C: BlockCipher + BlockDecryptMut + KeyInit>(
    key: &[u8],
    initial: &[u8],
    blocks: &mut [u8],
) -> Result<(), WrongLength> {
    use cipher::KeyIvInit;
    let mut cipher = Decryptor::<C>::new_from_slices(key, initial).map_err(|_| WrongLength)?;
    whole_blocks::<C>(blocks)?
        .for_each(|block| cipher.decrypt_block_mut(GenericArray::from_mut_slice(block)));
    Ok(())
}

fn whole_blocks<C: cipher::BlockSizeUser>(
    bytes: &mut [u8],
) -> Result<std::slice::ChunksExactMut<'_, u8>, WrongLength> {
    let size = C::block_size();
    if bytes.len().is_multiple_of(size) {
        Ok(bytes.chunks_exact_mut(size))
    } else {
        Err(WrongLength)
    }
}

fn truncated<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Result<[u8; 8], WrongLength> {
    let mac = <M as Mac>::new_from_slice(key).map_err(|_| WrongLength)?;
    let code = mac.chain_update(message).finalize().into_bytes();
    code.first_chunk().copied().ok_or(WrongLength)
}

fn retail_mac(key: &[u8], padded: &[u8]) -> Result<[u8; 8], WrongLength> {
    let (first, second) = key.split_at_checked(8).ok_or(WrongLength)?;
    let mut first = Des::new_from_slice(first).map_err(|_| WrongLength)?;
    let mut second = Des::new_from_slice(second).map_err(|_| WrongLength)?;
    let mut state = Block::<Des>::default();
    for block in padded.chunks_exact(8) {
        for (s, b) in state.iter_mut().zip(block) {
            *s ^= b;
        }
        first.encrypt_block_mut(&mut state);
    }
    second.decrypt_block_mut(&mut state);
    first.encrypt_block_mut(&mut state);
    Ok(state.into())
}

/// Padding method 2 of ISO 9797-1: `80`, then zeros up to a whole block.
pub(crate) fn padded(bytes: &[u8], block_bytes: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.push(0x80);
    out.resize(out.len().next_multiple_of(block_bytes), 0);
    out
}

/// Takes the padding off; `None` where it is not one of 1 to `block_bytes` bytes.
pub(crate) fn unpadded(mut bytes: Vec<u8>, block_bytes: usize) -> Option<Vec<u8>> {
    let end = bytes.iter().rposition(|byte| *byte != 0)?;
    let padding = bytes.len().checked_sub(end)?;
    if bytes.get(end) != Some(&0x80) || padding > block_bytes {
        return None;
    }
    bytes.truncate(end);
    Some(bytes)
}

/// Compares without telling by its duration where the difference lies.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of NIST SP 800-38B, appendix D: an empty and a one-block message.
    #[test]
    fn cmac_of_sp_800_38b() {
        let message = [
            0x6B, 0xC1, 0xBE, 0xE2, 0x2E, 0x40, 0x9F, 0x96, 0xE9, 0x3D, 0x7E, 0x11, 0x73, 0x93,
            0x17, 0x2A,
        ];
        let key = [
            0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF,
            0x4F, 0x3C,
        ];
        assert_eq!(
            Cipher::Aes.authentication_code(&key, &[]),
            Ok([0xBB, 0x1D, 0x69, 0x29, 0xE9, 0x59, 0x37, 0x28])
        );
        assert_eq!(
            Cipher::Aes.authentication_code(&key, &message),
            Ok([0x07, 0x0A, 0x16, 0xB4, 0x6B, 0x4D, 0x41, 0x44])
        );
    }

    #[test]
    fn padding_is_one_to_a_whole_block() {
        for length in 0..40 {
            let bytes = vec![0; length];
            assert_eq!(unpadded(padded(&bytes, 16), 16), Some(bytes));
        }
        assert_eq!(unpadded(vec![0; 16], 16), None);
        assert_eq!(unpadded(vec![1; 16], 16), None);
        let mut long = vec![0x80];
        long.resize(32, 0);
        assert_eq!(unpadded(long, 16), None);
    }

    #[test]
    fn wrong_lengths_are_errors() {
        let mut blocks = [0; 24];
        assert!(
            Cipher::Aes
                .encrypt_cbc(&[0; 16], &[0; 16], &mut blocks)
                .is_err()
        );
        assert!(
            Cipher::Aes
                .encrypt_cbc(&[0; 17], &[0; 16], &mut blocks[..16])
                .is_err()
        );
        assert!(
            Cipher::TripleDes
                .encrypt_cbc(&[0; 24], &[0; 8], &mut blocks)
                .is_err()
        );
        assert!(
            Cipher::TripleDes
                .encrypt_cbc(&[0; 16], &[0; 8], &mut blocks)
                .is_ok()
        );
    }
}
