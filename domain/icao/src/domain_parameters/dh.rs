//! Subgroups of prime fields.

use std::sync::Arc;

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    dh::Dh,
};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::{DomainParameterError, GroupRule, PrivateKey, padded, reduced};
use crate::limits::DH_PRIME_BITS;

/// Bits of a private key where neither an order nor a length is stated: twice the strength of the largest allowed prime.
const PRIVATE_BITS_DEFAULT: i32 = 320;

/// A subgroup of a prime field, with its generator.
#[derive(Clone)]
pub struct DhParameters {
    group: Arc<Group>,
    generator: Arc<BigNum>,
}

struct Group {
    prime: BigNum,
    /// Order of the subgroup; PKCS #3 parameters state none.
    order: Option<BigNum>,
    /// One more than the largest private key.
    private_bound: BigNum,
    standardized_id: Option<u64>,
}

impl DhParameters {
    pub(super) fn standardized(id: u64) -> Result<Self, DomainParameterError> {
        let dh = match id {
            0 => Dh::get_1024_160(),
            1 => Dh::get_2048_224(),
            2 => Dh::get_2048_256(),
            _ => return Err(DomainParameterError::Unknown(id)),
        }?;
        let order = dh
            .prime_q()
            .ok_or(DomainParameterError::Unknown(id))?
            .to_owned()?;
        Ok(Self {
            group: Arc::new(Group {
                prime: dh.prime_p().to_owned()?,
                private_bound: order.to_owned()?,
                order: Some(order),
                standardized_id: Some(id),
            }),
            generator: Arc::new(dh.generator().to_owned()?),
        })
    }

    /// From explicit numbers, which are checked. `private_bits` bounds the private key where the order is not stated.
    pub(super) fn explicit(
        prime: BigNum,
        generator: BigNum,
        order: Option<BigNum>,
        private_bits: Option<i32>,
    ) -> Result<Self, DomainParameterError> {
        let bits = prime.num_bits();
        if !DH_PRIME_BITS.contains(&bits) {
            return Err(DomainParameterError::Size { bits });
        }
        if let Some(known) = Self::known(&prime, &generator, order.as_deref())? {
            return Ok(known);
        }
        let mut context = BigNumContext::new()?;
        if !prime.is_prime(0, &mut context)? {
            return Err(DomainParameterError::Group(GroupRule::PrimeField));
        }
        if let Some(order) = &order {
            check_order(&prime, order, &mut context)?;
        }
        let private_bound = match &order {
            Some(order) => BigNumRef::to_owned(order)?,
            None => {
                let bits = private_bits
                    .unwrap_or(PRIVATE_BITS_DEFAULT)
                    .clamp(160, bits - 1);
                let mut bound = BigNum::new()?;
                bound.set_bit(bits)?;
                bound
            }
        };
        let group = Self {
            group: Arc::new(Group {
                prime,
                order,
                private_bound,
                standardized_id: None,
            }),
            generator: Arc::new(generator),
        };
        group
            .check_member(&group.generator)
            .map_err(|_| DomainParameterError::Group(GroupRule::Generator))?;
        Ok(group)
    }

    fn known(
        prime: &BigNumRef,
        generator: &BigNumRef,
        order: Option<&BigNumRef>,
    ) -> Result<Option<Self>, DomainParameterError> {
        for id in 0..=2 {
            let known = Self::standardized(id)?;
            let same_order = order.is_none() || known.group.order.as_deref() == order;
            if *known.group.prime == *prime && **known.generator == *generator && same_order {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    pub(super) fn standardized_id(&self) -> Option<u64> {
        self.group.standardized_id
    }

    /// Length of the prime in bytes.
    pub(crate) fn prime_bytes(&self) -> usize {
        usize::try_from(self.group.prime.num_bytes()).unwrap_or_default()
    }

    /// Bits of the prime.
    pub(crate) fn prime_bits(&self) -> usize {
        usize::try_from(self.group.prime.num_bits()).unwrap_or_default()
    }

    pub(super) fn has_order(&self) -> bool {
        self.group.order.is_some()
    }

    pub(super) fn private_key(
        &self,
        randomness: &[u8],
    ) -> Result<PrivateKey, DomainParameterError> {
        reduced(randomness, &self.group.private_bound)
    }

    pub(super) fn public_key(&self, private: &PrivateKey) -> Result<Vec<u8>, DomainParameterError> {
        Ok(self.power(&self.generator, private)?.to_vec())
    }

    pub(super) fn checked_public_key(
        &self,
        public: &[u8],
    ) -> Result<Vec<u8>, DomainParameterError> {
        Ok(self.member(public)?.to_vec())
    }

    /// A public key in the length of the prime, as some chips write it.
    pub(super) fn padded_public_key(&self, public: &[u8]) -> Result<Vec<u8>, DomainParameterError> {
        Ok(padded(&*BigNum::from_slice(public)?, self.prime_bytes())?)
    }

    /// The other side's key to the power of ours, in the length of the prime.
    pub(crate) fn shared_element(
        &self,
        private: &PrivateKey,
        public: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DomainParameterError> {
        let shared = self.power(&*self.member(public)?, private)?;
        if shared.num_bits() <= 1 {
            return Err(DomainParameterError::Neutral);
        }
        Ok(Zeroizing::new(padded(&shared, self.prime_bytes())?))
    }

    pub(super) fn compressed(&self, public: &[u8]) -> Result<Vec<u8>, DomainParameterError> {
        Ok(Sha1::digest(self.checked_public_key(public)?).to_vec())
    }

    /// Generic Mapping (§4.4.3.3.1): generator to the power of the nonce, times the shared element.
    pub(crate) fn map_generic(
        &self,
        nonce: &[u8],
        shared: &[u8],
    ) -> Result<Self, DomainParameterError> {
        let mut context = BigNumContext::new_secure()?;
        let power = self.power(&self.generator, &PrivateKey::from_bytes(nonce))?;
        let shared = BigNum::from_slice(shared)?;
        let mut mapped = BigNum::new()?;
        mapped.mod_mul(&power, &shared, &self.group.prime, &mut context)?;
        self.with_generator(mapped)
    }

    /// Integrated Mapping (§4.4.3.3.2): the pseudo-random number to the power of (p - 1) / q.
    pub(crate) fn map_integrated(&self, number: &[u8]) -> Result<Self, DomainParameterError> {
        let order = self
            .group
            .order
            .as_ref()
            .ok_or(DomainParameterError::Algorithm)?;
        let mut context = BigNumContext::new()?;
        let mut below_prime = self.group.prime.to_owned()?;
        below_prime.sub_word(1)?;
        let mut cofactor = BigNum::new()?;
        cofactor.checked_div(&below_prime, order, &mut context)?;
        let mut base = BigNum::new()?;
        base.nnmod(
            &*BigNum::from_slice(number)?,
            &self.group.prime,
            &mut context,
        )?;
        let mut mapped = BigNum::new()?;
        mapped.mod_exp(&base, &cofactor, &self.group.prime, &mut context)?;
        self.with_generator(mapped)
    }

    /// The generator in the length of the prime.
    pub(crate) fn generator_bytes(&self) -> Result<Vec<u8>, DomainParameterError> {
        Ok(padded(&self.generator, self.prime_bytes())?)
    }

    fn with_generator(&self, generator: BigNum) -> Result<Self, DomainParameterError> {
        if generator.num_bits() <= 1 {
            return Err(DomainParameterError::Neutral);
        }
        Ok(Self {
            group: Arc::clone(&self.group),
            generator: Arc::new(generator),
        })
    }

    fn power(
        &self,
        base: &BigNumRef,
        private: &PrivateKey,
    ) -> Result<BigNum, DomainParameterError> {
        let exponent = private.number()?;
        if exponent.num_bits() == 0 || exponent.num_bits() > self.group.prime.num_bits() {
            return Err(DomainParameterError::PrivateKey);
        }
        let mut context = BigNumContext::new_secure()?;
        let mut power = BigNum::new_secure()?;
        power.mod_exp(base, &exponent, &self.group.prime, &mut context)?;
        Ok(power)
    }

    fn member(&self, bytes: &[u8]) -> Result<BigNum, DomainParameterError> {
        // Some chips write one leading zero, as in an ASN.1 integer.
        if bytes.len() > self.prime_bytes().saturating_add(1) {
            return Err(DomainParameterError::PublicKey);
        }
        let member = BigNum::from_slice(bytes)?;
        self.check_member(&member)?;
        Ok(member)
    }

    /// 2 <= y <= p - 2, and y^q = 1 where q is known (RFC 2631 §2.1.5).
    fn check_member(&self, member: &BigNumRef) -> Result<(), DomainParameterError> {
        let mut largest = self.group.prime.to_owned()?;
        largest.sub_word(2)?;
        if member.num_bits() <= 1 || *member > *largest {
            return Err(DomainParameterError::PublicKey);
        }
        if let Some(order) = &self.group.order {
            let mut context = BigNumContext::new()?;
            let mut power = BigNum::new()?;
            power.mod_exp(member, order, &self.group.prime, &mut context)?;
            if power.num_bits() != 1 {
                return Err(DomainParameterError::PublicKey);
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for DhParameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bits = self.prime_bits();
        write!(f, "DhParameters({bits} bits, {:?})", self.standardized_id())
    }
}

fn check_order(
    prime: &BigNumRef,
    order: &BigNumRef,
    context: &mut BigNumContext,
) -> Result<(), DomainParameterError> {
    let mut below_prime = prime.to_owned()?;
    below_prime.sub_word(1)?;
    // Fewer than 160 bits are no security; q must divide p - 1.
    if order.num_bits() < 160 || order.num_bits() >= prime.num_bits() {
        return Err(DomainParameterError::Group(GroupRule::Order));
    }
    let mut rest = BigNum::new()?;
    rest.nnmod(&below_prime, order, context)?;
    if rest.num_bits() != 0 {
        return Err(DomainParameterError::Group(GroupRule::Order));
    }
    if order.is_prime(0, context)? {
        Ok(())
    } else {
        Err(DomainParameterError::Group(GroupRule::PrimeOrder))
    }
}
