//! Domain parameters in AlgorithmIdentifier and SubjectPublicKeyInfo (RFC 3279 §2.3.3, §2.3.5; PKCS #3; BSI TR-03110-3 §A.2).

use openssl::{asn1::Asn1Object, bn::BigNum};

use super::{
    DhParameters, DomainParameterError, DomainParameters, EcdhParameters, PublicKey,
    ecdh::ExplicitCurve,
};
use crate::{security_infos::ObjectIdentifier, tlv};

const SEQUENCE: u32 = 0x30;
const OID: u32 = 0x06;
const INTEGER: u32 = 0x02;
const BIT_STRING: u32 = 0x03;
const OCTET_STRING: u32 = 0x04;

/// `standardizedDomainParameters`: 0.4.0.127.0.7.1.2.
const STANDARDIZED: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x02];
/// `id-ecPublicKey`: 1.2.840.10045.2.1.
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
/// `id-ecDH`: 1.3.132.1.12.
const EC_DH: &[u8] = &[0x2B, 0x81, 0x04, 0x01, 0x0C];
/// `dhpublicnumber` of X9.42: 1.2.840.10046.2.1.
const DH_PUBLIC_NUMBER: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3E, 0x02, 0x01];
/// `dhKeyAgreement` of PKCS #3: 1.2.840.113549.1.3.1.
const DH_KEY_AGREEMENT: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x03, 0x01];
/// `prime-field`: 1.2.840.10045.1.1.
const PRIME_FIELD: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x01, 0x01];

/// A length of the private key fits in so many bits; a longer third number is an order.
const PRIVATE_LENGTH_BITS_MAX: i32 = 16;

pub(super) fn parse(content: &[u8]) -> Result<DomainParameters, DomainParameterError> {
    let (oid, parameters) = tlv::expect(content, OID)?;
    match oid {
        STANDARDIZED => match tlv::expect(parameters, INTEGER)?.0 {
            [id] => DomainParameters::standardized(u64::from(*id)),
            _ => Err(DomainParameterError::Algorithm),
        },
        EC_PUBLIC_KEY | EC_DH => curve(parameters).map(DomainParameters::Ecdh),
        DH_PUBLIC_NUMBER | DH_KEY_AGREEMENT => prime_field(parameters).map(DomainParameters::Dh),
        _ => Err(DomainParameterError::Algorithm),
    }
}

pub(super) fn parse_public_key(bytes: &[u8]) -> Result<PublicKey, DomainParameterError> {
    let (content, _) = tlv::expect(bytes, SEQUENCE)?;
    let (algorithm, rest) = tlv::expect(content, SEQUENCE)?;
    let parameters = parse(algorithm)?;
    let (bits, _) = tlv::expect(rest, BIT_STRING)?;
    let [0, key @ ..] = bits else {
        return Err(DomainParameterError::PublicKey);
    };
    let key = match &parameters {
        DomainParameters::Dh(_) => tlv::expect(key, INTEGER)?.0,
        DomainParameters::Ecdh(_) => key,
    };
    let bytes = parameters.checked_public_key(key)?;
    Ok(PublicKey { parameters, bytes })
}

fn curve(parameters: &[u8]) -> Result<EcdhParameters, DomainParameterError> {
    let (parameters, _) = tlv::read(parameters)?;
    match parameters.tag {
        OID => {
            let name = ObjectIdentifier::from_bytes(parameters.value).to_string();
            let name = Asn1Object::from_str(&name).map_err(|_| DomainParameterError::Algorithm)?;
            EcdhParameters::named(name.nid())
        }
        SEQUENCE => explicit_curve(parameters.value),
        _ => Err(DomainParameterError::Algorithm),
    }
}

/// ECParameters of X9.62.
fn explicit_curve(content: &[u8]) -> Result<EcdhParameters, DomainParameterError> {
    let (_version, rest) = tlv::expect(content, INTEGER)?;
    let (field, rest) = tlv::expect(rest, SEQUENCE)?;
    let (curve, rest) = tlv::expect(rest, SEQUENCE)?;
    let (generator, rest) = tlv::expect(rest, OCTET_STRING)?;
    let (order, rest) = tlv::expect(rest, INTEGER)?;
    let (kind, prime) = tlv::expect(field, OID)?;
    if kind != PRIME_FIELD {
        return Err(DomainParameterError::Algorithm);
    }
    let (prime, _) = tlv::expect(prime, INTEGER)?;
    let (a, b) = tlv::expect(curve, OCTET_STRING)?;
    let (b, _seed) = tlv::expect(b, OCTET_STRING)?;
    let cofactor = if rest.is_empty() {
        None
    } else {
        Some(tlv::expect(rest, INTEGER)?.0)
    };
    EcdhParameters::explicit(&ExplicitCurve {
        prime,
        a,
        b,
        generator,
        order,
        cofactor,
    })
}

/// X9.42 parameters (p, g, q, …) or PKCS #3 parameters (p, g, length of the private key); both identifiers are found with both.
fn prime_field(parameters: &[u8]) -> Result<DhParameters, DomainParameterError> {
    let (content, _) = tlv::expect(parameters, SEQUENCE)?;
    let (prime, rest) = tlv::expect(content, INTEGER)?;
    let (generator, rest) = tlv::expect(rest, INTEGER)?;
    let third = if rest.is_empty() {
        &[]
    } else {
        tlv::expect(rest, INTEGER)?.0
    };
    let third = BigNum::from_slice(third)?;
    let (order, private_bits) = match third.num_bits() {
        0 => (None, None),
        1..=PRIVATE_LENGTH_BITS_MAX => {
            let length = third.to_vec().into_iter();
            (
                None,
                Some(length.fold(0, |bits, byte| bits << 8 | i32::from(byte))),
            )
        }
        _ => (Some(third), None),
    };
    DhParameters::explicit(
        BigNum::from_slice(prime)?,
        BigNum::from_slice(generator)?,
        order,
        private_bits,
    )
}
