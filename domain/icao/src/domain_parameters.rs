//! Domain parameters of PACE and Chip Authentication (ICAO 9303-11 §9.5) and key agreement over them.
//!
//! Coordinates of points and shared secrets leave this module as big-endian bytes of the group's fixed length: leading zeros stay
//! (RFC 2631 §2.1.2). A public key of a prime field is an unsigned integer without leading zeros (§9.4.1). OpenSSL computes; what
//! it does not check is checked here.

mod algorithm_identifier;
mod dh;
mod ecdh;
mod point_encoding;

use openssl::{bn::BigNum, error::ErrorStack};
use zeroize::Zeroizing;

pub use self::{dh::DhParameters, ecdh::EcdhParameters};
use crate::tlv::TlvError;

/// The two kinds of key agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyAgreement {
    /// Diffie-Hellman in a prime field.
    Dh,
    /// Diffie-Hellman on an elliptic curve.
    Ecdh,
}

/// A group with its generator. Cloning is cheap.
#[derive(Debug, Clone)]
pub enum DomainParameters {
    /// A subgroup of a prime field.
    Dh(DhParameters),
    /// An elliptic curve over a prime field.
    Ecdh(EcdhParameters),
}

/// A public key with its domain parameters; it was checked to be a member of the group.
#[derive(Debug, Clone)]
pub struct PublicKey {
    /// The group.
    pub parameters: DomainParameters,
    /// Uncompressed point, or the number without leading zeros.
    pub bytes: Vec<u8>,
}

/// A private key: an unsigned big-endian number.
#[derive(Clone)]
pub struct PrivateKey(Zeroizing<Vec<u8>>);

/// Random bytes that suffice for a private key in every standardised group: 64 bits more than the largest order, so that the
/// remainder of the division is uniform but for 2⁻⁶⁴.
pub const PRIVATE_KEY_RANDOM_BYTES: usize = 74;

/// Why domain parameters or a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainParameterError {
    /// No such standardised parameters (§9.5.1).
    #[error("no standardised domain parameters {0}")]
    Unknown(u64),
    /// The algorithm, the curve or the form of the parameters is unknown or does not belong to the protocol.
    #[error("key agreement algorithm is unknown or out of place")]
    Algorithm,
    /// The data objects are malformed.
    #[error("malformed data objects")]
    Tlv(#[source] TlvError),
    /// The size of the group is outside [`crate::limits`].
    #[error("group of {bits} bits")]
    Size {
        /// Bits of the prime.
        bits: i32,
    },
    /// Explicit parameters are no group of the stated prime order.
    #[error("domain parameters break rule: {0}")]
    Group(GroupRule),
    /// A public key is not a member of the group, or is its neutral element.
    #[error("public key is not a valid member of the group")]
    PublicKey,
    /// A private key is zero or not smaller than the order.
    #[error("private key out of range")]
    PrivateKey,
    /// The shared secret is the neutral element.
    #[error("shared secret is the neutral element")]
    Neutral,
    /// OpenSSL could not compute; the code of its first error, 0 for none.
    #[error("key agreement cannot be computed (OpenSSL error {0:08X})")]
    Computation(u64),
}

/// What explicit domain parameters must fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupRule {
    /// The field is a prime field.
    #[error("the field's size is prime")]
    PrimeField,
    /// The order is prime.
    #[error("the order is prime")]
    PrimeOrder,
    /// The order fits the field: Hasse's bound with cofactor 1, or a divisor of p - 1.
    #[error("the order fits the field")]
    Order,
    /// The generator is a member of the group, not neutral and of the stated order.
    #[error("the generator has the stated order")]
    Generator,
    /// The cofactor is 1.
    #[error("the cofactor is 1")]
    Cofactor,
}

impl From<TlvError> for DomainParameterError {
    fn from(error: TlvError) -> Self {
        Self::Tlv(error)
    }
}

impl From<ErrorStack> for DomainParameterError {
    fn from(error: ErrorStack) -> Self {
        let first = error.errors().first();
        Self::Computation(first.map_or(0, |error| error.code()))
    }
}

impl DomainParameters {
    /// The standardised parameters (§9.5.1): 0..=2 are the groups of RFC 5114, 8..=18 NIST and Brainpool curves.
    pub fn standardized(id: u64) -> Result<Self, DomainParameterError> {
        match id {
            0..=2 => Ok(Self::Dh(DhParameters::standardized(id)?)),
            8..=18 => Ok(Self::Ecdh(EcdhParameters::standardized(id)?)),
            _ => Err(DomainParameterError::Unknown(id)),
        }
    }

    /// From the content of an AlgorithmIdentifier: standardised, named or explicit parameters (§9.5.2, BSI TR-03110-3 §A.2.1.1).
    pub fn from_algorithm_identifier(content: &[u8]) -> Result<Self, DomainParameterError> {
        algorithm_identifier::parse(content)
    }

    /// From a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7); the key is checked against its group.
    pub fn from_subject_public_key_info(bytes: &[u8]) -> Result<PublicKey, DomainParameterError> {
        algorithm_identifier::parse_public_key(bytes)
    }

    /// The kind of group.
    pub fn agreement(&self) -> KeyAgreement {
        match self {
            Self::Dh(_) => KeyAgreement::Dh,
            Self::Ecdh(_) => KeyAgreement::Ecdh,
        }
    }

    /// The number of the standardised parameters, if these are such.
    pub fn standardized_id(&self) -> Option<u64> {
        match self {
            Self::Dh(group) => group.standardized_id(),
            Self::Ecdh(group) => group.standardized_id(),
        }
    }

    /// A private key from at least [`PRIVATE_KEY_RANDOM_BYTES`] fresh random bytes: their number modulo (order - 1), plus one.
    /// Fewer bytes give a biased key.
    pub fn private_key(&self, randomness: &[u8]) -> Result<PrivateKey, DomainParameterError> {
        match self {
            Self::Dh(group) => group.private_key(randomness),
            Self::Ecdh(group) => group.private_key(randomness),
        }
    }

    /// The public key that belongs to a private one: generator times (or to the power of) the private key; an uncompressed point, or
    /// a number without leading zeros.
    pub fn public_key(&self, private: &PrivateKey) -> Result<Vec<u8>, DomainParameterError> {
        match self {
            Self::Dh(group) => group.public_key(private),
            Self::Ecdh(group) => group.public_key(private),
        }
    }

    /// Checks another side's public key: a member of the group and not neutral (§4.4.3.1). Returns it as [`Self::public_key`] writes
    /// it; compressed points and leading zeros are accepted.
    pub fn checked_public_key(&self, public: &[u8]) -> Result<Vec<u8>, DomainParameterError> {
        match self {
            Self::Dh(group) => group.checked_public_key(public),
            Self::Ecdh(group) => group.checked_public_key(public),
        }
    }

    /// The shared secret (§9.6): the point's X coordinate in the length of the field, or the number in the length of the prime.
    /// The public key is checked first.
    pub fn shared_secret(
        &self,
        private: &PrivateKey,
        public: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DomainParameterError> {
        match self {
            Self::Dh(group) => group.shared_element(private, public),
            Self::Ecdh(group) => group.shared_x(private, public),
        }
    }

    /// The generator: an uncompressed point, or the number in the length of the prime.
    pub fn generator(&self) -> Result<Vec<u8>, DomainParameterError> {
        match self {
            Self::Dh(group) => group.generator_bytes(),
            Self::Ecdh(group) => Ok(group.generator_bytes()),
        }
    }

    /// Bits of the field's prime.
    pub fn prime_bits(&self) -> usize {
        match self {
            Self::Dh(group) => group.prime_bits(),
            Self::Ecdh(group) => group.field_bits(),
        }
    }

    /// Whether the Integrated Mapping is defined here: not for a prime of 1 mod 4 (P-224), nor where the order is not stated.
    pub fn has_integrated_mapping(&self) -> bool {
        match self {
            Self::Dh(group) => group.has_order(),
            Self::Ecdh(group) => group.has_point_encoding(),
        }
    }

    /// The same group with the generator of the Generic Mapping (§4.4.3.3.1): generator times the nonce, plus the point that both
    /// mapping keys agree on.
    pub(crate) fn map_generic(
        &self,
        nonce: &[u8],
        private: &PrivateKey,
        public: &[u8],
    ) -> Result<Self, DomainParameterError> {
        match self {
            Self::Dh(group) => {
                let shared = group.shared_element(private, public)?;
                group.map_generic(nonce, &shared).map(Self::Dh)
            }
            Self::Ecdh(group) => {
                let shared = group.shared_point(private, public)?;
                group.map_generic(nonce, &shared).map(Self::Ecdh)
            }
        }
    }

    /// The same group with the generator of the Integrated Mapping (§4.4.3.3.2) from its pseudo-random number.
    pub(crate) fn map_integrated(&self, number: &[u8]) -> Result<Self, DomainParameterError> {
        match self {
            Self::Dh(group) => group.map_integrated(number).map(Self::Dh),
            Self::Ecdh(group) => group.map_integrated(number).map(Self::Ecdh),
        }
    }

    /// A public key with the leading zeros that some chips write in a prime field; points are as they are.
    pub(crate) fn padded_public_key(&self, public: &[u8]) -> Result<Vec<u8>, DomainParameterError> {
        match self {
            Self::Dh(group) => group.padded_public_key(public),
            Self::Ecdh(_) => Ok(public.to_vec()),
        }
    }

    /// The encoding of a public key as Chip Authentication and Terminal Authentication compress it (§6.2.4.1, §7.1.4): the X
    /// coordinate, or the SHA-1 hash of the number.
    pub fn compressed(&self, public: &[u8]) -> Result<Vec<u8>, DomainParameterError> {
        match self {
            Self::Dh(group) => group.compressed(public),
            Self::Ecdh(group) => group.compressed(public),
        }
    }
}

impl PrivateKey {
    /// From an unsigned big-endian number, checked when it is used.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Its bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The number, in memory that OpenSSL wipes.
    fn number(&self) -> Result<BigNum, ErrorStack> {
        let mut number = BigNum::new_secure()?;
        number.copy_from_slice(&self.0)?;
        number.set_const_time();
        Ok(number)
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// A number in `length` bytes.
fn padded(number: &openssl::bn::BigNumRef, length: usize) -> Result<Vec<u8>, ErrorStack> {
    number.to_vec_padded(i32::try_from(length).unwrap_or(i32::MAX))
}

/// Random bytes modulo (order - 1), plus one.
fn reduced(
    randomness: &[u8],
    order: &openssl::bn::BigNumRef,
) -> Result<PrivateKey, DomainParameterError> {
    let mut context = openssl::bn::BigNumContext::new_secure()?;
    let mut wide = BigNum::new_secure()?;
    wide.copy_from_slice(randomness)?;
    let mut range = order.to_owned()?;
    range.sub_word(1)?;
    let mut key = BigNum::new_secure()?;
    key.nnmod(&wide, &range, &mut context)?;
    key.add_word(1)?;
    let length = usize::try_from(order.num_bytes()).unwrap_or_default();
    Ok(PrivateKey(Zeroizing::new(padded(&key, length)?)))
}
