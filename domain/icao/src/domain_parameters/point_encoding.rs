//! Point encoding of the Integrated Mapping (ICAO 9303-11 appendix B.2).

use openssl::bn::{BigNum, BigNumContextRef, BigNumRef};

use super::DomainParameterError;

/// The point (x, y) on y² = x³ + ax + b that belongs to `number`. The field's prime must be 3 mod 4, which excludes P-224.
pub(super) fn encode(
    prime: &BigNumRef,
    a: &BigNumRef,
    b: &BigNumRef,
    number: &BigNumRef,
    context: &mut BigNumContextRef,
) -> Result<(BigNum, BigNum), DomainParameterError> {
    if prime.mod_word(4)? != 3 {
        return Err(DomainParameterError::Algorithm);
    }
    let mut field = Field { prime, context };
    let t = field.reduced(number)?;
    let one = BigNum::from_u32(1)?;
    let t_squared = field.product(&t, &t)?;
    let alpha = field.negative(&t_squared)?;
    // x2 = -b/a (1 + 1/(alpha + alpha²))
    let alpha_squared = field.product(&alpha, &alpha)?;
    let sum = field.sum(&alpha, &alpha_squared)?;
    let inverse = field.inverse(&sum)?;
    let factor = field.sum(&one, &inverse)?;
    let a_inverse = field.inverse(a)?;
    let minus_b = field.negative(b)?;
    let quotient = field.product(&minus_b, &a_inverse)?;
    let x2 = field.product(&quotient, &factor)?;
    let x3 = field.product(&alpha, &x2)?;
    let h2 = field.curve(a, b, &x2)?;
    let t_cubed = field.product(&t_squared, &t)?;
    let u = field.product(&t_cubed, &h2)?;
    let root = field.inverse_root(&h2)?;
    let root_squared = field.product(&root, &root)?;
    if *field.product(&root_squared, &h2)? == *one {
        let y = field.product(&root, &h2)?;
        Ok((x2, y))
    } else {
        let y = field.product(&root, &u)?;
        Ok((x3, y))
    }
}

struct Field<'a> {
    prime: &'a BigNumRef,
    context: &'a mut BigNumContextRef,
}

impl Field<'_> {
    fn reduced(&mut self, x: &BigNumRef) -> Result<BigNum, DomainParameterError> {
        let mut out = BigNum::new()?;
        out.nnmod(x, self.prime, self.context)?;
        Ok(out)
    }

    fn sum(&mut self, x: &BigNumRef, y: &BigNumRef) -> Result<BigNum, DomainParameterError> {
        let mut out = BigNum::new()?;
        out.mod_add(x, y, self.prime, self.context)?;
        Ok(out)
    }

    fn product(&mut self, x: &BigNumRef, y: &BigNumRef) -> Result<BigNum, DomainParameterError> {
        let mut out = BigNum::new()?;
        out.mod_mul(x, y, self.prime, self.context)?;
        Ok(out)
    }

    fn negative(&mut self, x: &BigNumRef) -> Result<BigNum, DomainParameterError> {
        let mut out = BigNum::new()?;
        out.mod_sub(&*BigNum::new()?, x, self.prime, self.context)?;
        Ok(out)
    }

    fn inverse(&mut self, x: &BigNumRef) -> Result<BigNum, DomainParameterError> {
        // Zero has no inverse: a nonce of probability 2⁻²⁰⁰, or a curve with a = 0, which the algorithm excludes.
        if x.num_bits() == 0 {
            return Err(DomainParameterError::Neutral);
        }
        let mut out = BigNum::new()?;
        out.mod_inverse(x, self.prime, self.context)?;
        Ok(out)
    }

    /// x³ + ax + b.
    fn curve(
        &mut self,
        a: &BigNumRef,
        b: &BigNumRef,
        x: &BigNumRef,
    ) -> Result<BigNum, DomainParameterError> {
        let squared = self.product(x, x)?;
        let inner = self.sum(&squared, a)?;
        let product = self.product(&inner, x)?;
        self.sum(&product, b)
    }

    /// x to the power of p - 1 - (p + 1)/4: one over the square root, if there is one.
    fn inverse_root(&mut self, x: &BigNumRef) -> Result<BigNum, DomainParameterError> {
        let mut quarter = self.prime.to_owned()?;
        quarter.add_word(1)?;
        let mut shifted = BigNum::new()?;
        shifted.rshift(&quarter, 2)?;
        let mut below_prime = self.prime.to_owned()?;
        below_prime.sub_word(1)?;
        let mut exponent = BigNum::new()?;
        exponent.checked_sub(&below_prime, &shifted)?;
        let mut out = BigNum::new()?;
        out.mod_exp(x, &exponent, self.prime, self.context)?;
        Ok(out)
    }
}
