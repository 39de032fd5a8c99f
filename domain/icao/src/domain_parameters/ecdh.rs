//! Elliptic curves over prime fields.

use std::sync::Arc;

use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    ec::{EcGroup, EcPoint, EcPointRef, PointConversionForm},
    error::ErrorStack,
    nid::Nid,
};
use zeroize::Zeroizing;

use super::{DomainParameterError, GroupRule, PrivateKey, reduced};
use crate::limits::EC_FIELD_BITS;

/// The curves of §9.5.1, by their numbers from 8 on.
const STANDARDIZED: [Nid; 11] = [
    Nid::X9_62_PRIME192V1,
    Nid::BRAINPOOL_P192R1,
    Nid::SECP224R1,
    Nid::BRAINPOOL_P224R1,
    Nid::X9_62_PRIME256V1,
    Nid::BRAINPOOL_P256R1,
    Nid::BRAINPOOL_P320R1,
    Nid::SECP384R1,
    Nid::BRAINPOOL_P384R1,
    Nid::BRAINPOOL_P512R1,
    Nid::SECP521R1,
];
const STANDARDIZED_FIRST: u64 = 8;

/// An elliptic curve over a prime field, with its generator; its cofactor is 1.
#[derive(Clone)]
pub struct EcdhParameters {
    curve: Arc<Curve>,
    /// Uncompressed.
    generator: Arc<Vec<u8>>,
}

struct Curve {
    group: EcGroup,
    prime: BigNum,
    a: BigNum,
    b: BigNum,
    order: BigNum,
    standardized_id: Option<u64>,
}

/// The numbers of a curve that is not named.
pub(super) struct ExplicitCurve<'a> {
    pub prime: &'a [u8],
    pub a: &'a [u8],
    pub b: &'a [u8],
    /// In any form of encoding a point.
    pub generator: &'a [u8],
    pub order: &'a [u8],
    pub cofactor: Option<&'a [u8]>,
}

impl EcdhParameters {
    pub(super) fn standardized(id: u64) -> Result<Self, DomainParameterError> {
        let nid = id
            .checked_sub(STANDARDIZED_FIRST)
            .and_then(|at| STANDARDIZED.get(usize::try_from(at).ok()?))
            .ok_or(DomainParameterError::Unknown(id))?;
        Self::named(*nid)
    }

    /// A curve that OpenSSL knows by name.
    pub(super) fn named(nid: Nid) -> Result<Self, DomainParameterError> {
        let group = EcGroup::from_curve_name(nid).map_err(|_| DomainParameterError::Algorithm)?;
        let id = STANDARDIZED.iter().position(|known| *known == nid);
        let id = id.and_then(|at| STANDARDIZED_FIRST.checked_add(u64::try_from(at).ok()?));
        Self::from_group(group, id)
    }

    /// From explicit numbers, which are checked unless they are those of a standardised curve.
    pub(super) fn explicit(numbers: &ExplicitCurve<'_>) -> Result<Self, DomainParameterError> {
        let prime = BigNum::from_slice(numbers.prime)?;
        let bits = prime.num_bits();
        if !EC_FIELD_BITS.contains(&bits) {
            return Err(DomainParameterError::Size { bits });
        }
        let (a, b) = (
            BigNum::from_slice(numbers.a)?,
            BigNum::from_slice(numbers.b)?,
        );
        let order = BigNum::from_slice(numbers.order)?;
        if let Some(known) = Self::known(&prime, &a, &b, &order, numbers.generator)? {
            return Ok(known);
        }
        let mut context = BigNumContext::new()?;
        check_numbers(&prime, &a, &b, &order, &mut context)?;
        if let Some(cofactor) = numbers.cofactor
            && BigNum::from_slice(cofactor)?.num_bits() != 1
        {
            return Err(DomainParameterError::Group(GroupRule::Cofactor));
        }
        let mut group = EcGroup::from_components(prime, a, b, &mut context)?;
        let bad_generator = || DomainParameterError::Group(GroupRule::Generator);
        let generator = EcPoint::from_bytes(&group, numbers.generator, &mut context)
            .map_err(|_| bad_generator())?;
        if generator.is_infinity(&group) {
            return Err(bad_generator());
        }
        group.set_generator(generator, order, BigNum::from_u32(1)?)?;
        let this = Self::from_group(group, None)?;
        if !this.generator_has_stated_order(&mut context)? {
            return Err(bad_generator());
        }
        Ok(this)
    }

    fn known(
        prime: &BigNumRef,
        a: &BigNumRef,
        b: &BigNumRef,
        order: &BigNumRef,
        generator: &[u8],
    ) -> Result<Option<Self>, DomainParameterError> {
        for nid in STANDARDIZED {
            let known = Self::named(nid)?;
            let curve = &known.curve;
            if *curve.prime != *prime || *curve.a != *a || *curve.b != *b || *curve.order != *order
            {
                continue;
            }
            let given = known.checked_public_key(generator);
            return Ok(given
                .is_ok_and(|given| given == *known.generator)
                .then_some(known));
        }
        Ok(None)
    }

    fn from_group(group: EcGroup, id: Option<u64>) -> Result<Self, DomainParameterError> {
        let mut context = BigNumContext::new()?;
        let (mut prime, mut a, mut b) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        // A curve over a binary field is refused here.
        group
            .components_gfp(&mut prime, &mut a, &mut b, &mut context)
            .map_err(|_| DomainParameterError::Algorithm)?;
        let mut order = BigNum::new()?;
        group.order(&mut order, &mut context)?;
        let mut cofactor = BigNum::new()?;
        group.cofactor(&mut cofactor, &mut context)?;
        if cofactor.num_bits() != 1 {
            return Err(DomainParameterError::Group(GroupRule::Cofactor));
        }
        let generator = group
            .generator_opt()
            .ok_or(DomainParameterError::Algorithm)?
            .to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut context)?;
        Ok(Self {
            curve: Arc::new(Curve {
                group,
                prime,
                a,
                b,
                order,
                standardized_id: id,
            }),
            generator: Arc::new(generator),
        })
    }

    pub(super) fn standardized_id(&self) -> Option<u64> {
        self.curve.standardized_id
    }

    /// Length of a coordinate in bytes.
    pub(crate) fn field_bytes(&self) -> usize {
        usize::try_from(self.curve.prime.num_bytes()).unwrap_or_default()
    }

    /// Bits of the field's prime.
    pub(crate) fn field_bits(&self) -> usize {
        usize::try_from(self.curve.prime.num_bits()).unwrap_or_default()
    }

    pub(super) fn has_point_encoding(&self) -> bool {
        let three_mod_four = self.curve.prime.mod_word(4).is_ok_and(|rest| rest == 3);
        three_mod_four && self.curve.a.num_bits() > 0 && self.curve.b.num_bits() > 0
    }

    pub(super) fn private_key(
        &self,
        randomness: &[u8],
    ) -> Result<PrivateKey, DomainParameterError> {
        reduced(randomness, &self.curve.order)
    }

    pub(super) fn public_key(&self, private: &PrivateKey) -> Result<Vec<u8>, DomainParameterError> {
        let mut context = BigNumContext::new_secure()?;
        let generator = self.point(&self.generator, &mut context)?;
        let public = self.times(&generator, private, &mut context)?;
        self.encoded(&public, &mut context)
    }

    pub(super) fn checked_public_key(
        &self,
        public: &[u8],
    ) -> Result<Vec<u8>, DomainParameterError> {
        let mut context = BigNumContext::new()?;
        let point = self.point(public, &mut context)?;
        self.encoded(&point, &mut context)
    }

    /// The X coordinate of the shared point.
    pub(super) fn shared_x(
        &self,
        private: &PrivateKey,
        public: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DomainParameterError> {
        let point = self.shared_point(private, public)?;
        Ok(Zeroizing::new(self.x_of(&point).to_vec()))
    }

    /// The other side's point times our private key, uncompressed.
    pub(crate) fn shared_point(
        &self,
        private: &PrivateKey,
        public: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DomainParameterError> {
        let mut context = BigNumContext::new_secure()?;
        let public = self.point(public, &mut context)?;
        let shared = self.times(&public, private, &mut context)?;
        self.encoded(&shared, &mut context).map(Zeroizing::new)
    }

    pub(super) fn compressed(&self, public: &[u8]) -> Result<Vec<u8>, DomainParameterError> {
        Ok(self.x_of(&self.checked_public_key(public)?).to_vec())
    }

    /// Generic Mapping (§4.4.3.3.1): generator times the nonce, plus the shared point.
    pub(crate) fn map_generic(
        &self,
        nonce: &[u8],
        shared: &[u8],
    ) -> Result<Self, DomainParameterError> {
        let group = &self.curve.group;
        let mut context = BigNumContext::new_secure()?;
        let generator = self.point(&self.generator, &mut context)?;
        let mut scalar = BigNum::new_secure()?;
        // A nonce may be longer than the order of the small curves.
        scalar.nnmod(
            &*PrivateKey::from_bytes(nonce).number()?,
            &self.curve.order,
            &mut context,
        )?;
        let mut power = EcPoint::new(group)?;
        power.mul2(group, &generator, &scalar, &mut context)?;
        let shared = self.point(shared, &mut context)?;
        let mut mapped = EcPoint::new(group)?;
        mapped.add(group, &power, &shared, &mut context)?;
        self.with_generator(&mapped, &mut context)
    }

    /// Integrated Mapping (§4.4.3.3.2, appendix B.2): the pseudo-random number as a point, by the simplified algorithm of Brier et
    /// al. for fields with p = 3 mod 4.
    pub(crate) fn map_integrated(&self, number: &[u8]) -> Result<Self, DomainParameterError> {
        let mut context = BigNumContext::new()?;
        let (x, y) = super::point_encoding::encode(
            &self.curve.prime,
            &self.curve.a,
            &self.curve.b,
            &*BigNum::from_slice(number)?,
            &mut context,
        )?;
        let mut mapped = EcPoint::new(&self.curve.group)?;
        mapped.set_affine_coordinates(&self.curve.group, &x, &y, &mut context)?;
        self.with_generator(&mapped, &mut context)
    }

    /// One private key divided by another, modulo the order; the chip's half of Chip Authentication Mapping.
    #[cfg(feature = "chip")]
    pub(crate) fn quotient(
        &self,
        dividend: &PrivateKey,
        divisor: &PrivateKey,
    ) -> Result<PrivateKey, DomainParameterError> {
        let mut context = BigNumContext::new_secure()?;
        let (mut inverse, mut quotient) = (BigNum::new_secure()?, BigNum::new_secure()?);
        inverse.mod_inverse(&*divisor.number()?, &self.curve.order, &mut context)?;
        quotient.mod_mul(
            &*dividend.number()?,
            &inverse,
            &self.curve.order,
            &mut context,
        )?;
        let length = usize::try_from(self.curve.order.num_bytes()).unwrap_or_default();
        Ok(PrivateKey::from_bytes(&super::padded(&quotient, length)?))
    }

    /// The generator, uncompressed.
    pub(crate) fn generator_bytes(&self) -> Vec<u8> {
        self.generator.to_vec()
    }

    fn with_generator(
        &self,
        generator: &EcPointRef,
        context: &mut BigNumContext,
    ) -> Result<Self, DomainParameterError> {
        Ok(Self {
            curve: Arc::clone(&self.curve),
            generator: Arc::new(self.encoded(generator, context)?),
        })
    }

    fn times(
        &self,
        point: &EcPointRef,
        private: &PrivateKey,
        context: &mut BigNumContext,
    ) -> Result<EcPoint, DomainParameterError> {
        let scalar = private.number()?;
        if scalar.num_bits() == 0 || *scalar >= *self.curve.order {
            return Err(DomainParameterError::PrivateKey);
        }
        let mut product = EcPoint::new(&self.curve.group)?;
        product.mul2(&self.curve.group, point, &scalar, context)?;
        Ok(product)
    }

    /// A point in any encoding; on the curve and not infinite.
    fn point(
        &self,
        bytes: &[u8],
        context: &mut BigNumContext,
    ) -> Result<EcPoint, DomainParameterError> {
        let group = &self.curve.group;
        let point = EcPoint::from_bytes(group, bytes, context)
            .map_err(|_| DomainParameterError::PublicKey)?;
        if point.is_infinity(group) || !point.is_on_curve(group, context)? {
            return Err(DomainParameterError::PublicKey);
        }
        Ok(point)
    }

    fn encoded(
        &self,
        point: &EcPointRef,
        context: &mut BigNumContext,
    ) -> Result<Vec<u8>, DomainParameterError> {
        if point.is_infinity(&self.curve.group) {
            return Err(DomainParameterError::Neutral);
        }
        Ok(point.to_bytes(
            &self.curve.group,
            PointConversionForm::UNCOMPRESSED,
            context,
        )?)
    }

    fn x_of<'a>(&self, uncompressed: &'a [u8]) -> &'a [u8] {
        let end = self.field_bytes().saturating_add(1);
        uncompressed.get(1..end).unwrap_or_default()
    }

    /// (order - 1) times the generator is its inverse, that is, has the same X coordinate.
    fn generator_has_stated_order(&self, context: &mut BigNumContext) -> Result<bool, ErrorStack> {
        let group = &self.curve.group;
        let generator = EcPoint::from_bytes(group, &self.generator, context)?;
        let mut below_order = self.curve.order.to_owned()?;
        below_order.sub_word(1)?;
        let mut last = EcPoint::new(group)?;
        last.mul2(group, &generator, &below_order, context)?;
        last.invert2(group, context)?;
        last.eq(group, &generator, context)
    }
}

impl std::fmt::Debug for EcdhParameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bits = self.field_bits();
        write!(
            f,
            "EcdhParameters({bits} bits, {:?})",
            self.standardized_id()
        )
    }
}

/// Prime field, coefficients in it, a prime order other than p, and Hasse's bound, which leaves no room for a cofactor.
fn check_numbers(
    prime: &BigNumRef,
    a: &BigNumRef,
    b: &BigNumRef,
    order: &BigNumRef,
    context: &mut BigNumContext,
) -> Result<(), DomainParameterError> {
    let rule = |rule| Err(DomainParameterError::Group(rule));
    if *a >= *prime || *b >= *prime || !prime.is_prime(0, context)? {
        return rule(GroupRule::PrimeField);
    }
    let mut trace = BigNum::new()?;
    trace.checked_sub(order, prime)?;
    if trace.num_bits() == 0 {
        return rule(GroupRule::Order);
    }
    trace.sub_word(1)?;
    let (mut square, mut four_primes) = (BigNum::new()?, BigNum::new()?);
    square.sqr(&trace, context)?;
    four_primes.lshift(prime, 2)?;
    if *square > *four_primes {
        return rule(GroupRule::Order);
    }
    if !order.is_prime(0, context)? {
        return rule(GroupRule::PrimeOrder);
    }
    Ok(())
}
