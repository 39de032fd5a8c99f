//! The random numbers of one session, all from one seed.

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of the seed: more than the strongest key of any document needs (256 bits), twice.
pub const SEED_BYTES: usize = 64;

/// Random numbers of one session: challenges and ephemeral keys, however often access has to be opened again.
///
/// The seed is fresh from the operating system for every session and used for nothing else. Each number is a hash of seed, position and
/// block (the construction of Hash_DRBG's generation, NIST SP 800-90A §10.1.1.4): who sees one learns nothing about the others.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SessionRandom {
    seed: [u8; SEED_BYTES],
    position: u64,
}

impl SessionRandom {
    /// Random numbers from a fresh seed.
    pub fn new(seed: [u8; SEED_BYTES]) -> Self {
        Self { seed, position: 0 }
    }

    /// The next number.
    pub fn draw<const N: usize>(&mut self) -> [u8; N] {
        self.position = self.position.wrapping_add(1);
        let mut number = [0; N];
        for (index, block) in (0u64..).zip(number.chunks_mut(32)) {
            let mut hash: [u8; 32] = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.position.to_be_bytes())
                .chain_update(index.to_be_bytes())
                .finalize()
                .into();
            for (byte, fresh) in block.iter_mut().zip(hash) {
                *byte = fresh;
            }
            hash.zeroize();
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_repeats_and_equal_seeds_agree() {
        let mut random = SessionRandom::new([7; SEED_BYTES]);
        let numbers: [[u8; 100]; 3] = [random.draw(), random.draw(), random.draw()];
        let blocks: std::collections::BTreeSet<&[u8]> =
            numbers.iter().flat_map(|n| n.chunks(4)).collect();
        assert_eq!(blocks.len(), 75, "no four bytes repeat");
        assert_eq!(SessionRandom::new([7; SEED_BYTES]).draw(), numbers[0]);
        assert_ne!(SessionRandom::new([8; SEED_BYTES]).draw(), numbers[0]);
    }
}
