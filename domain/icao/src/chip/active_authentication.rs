//! The chip's side of Active Authentication (ICAO 9303-11 §6.1): a key that stays inside, and EF.DG15 that shows its public half.

use openssl::{
    ec::{Asn1Flag, EcGroup, EcKey},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::{Padding, Rsa},
};

use crate::{
    active_authentication::{ACTIVE_AUTHENTICATION_PROTOCOL, Challenge, ECDSA_PLAIN},
    apdu::{Command, Response, Status},
    limits::RSA_MODULUS_BITS_MAX,
    sod::HashAlgorithm,
    tlv,
};

/// Random bytes that one RSA answer needs at most: the recoverable part of the largest modulus.
pub const RANDOM_BYTES_MAX: usize = RSA_MODULUS_BITS_MAX as usize / 8;

/// Trailer of an RSA signature (ISO/IEC 9796-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trailer {
    /// `BC`: SHA-1, known without saying.
    Implicit,
    /// `xxCC`: the hash is named.
    Named(HashAlgorithm),
}

/// Coding of an ECDSA signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EcdsaForm {
    /// `r || s`, as ICAO 9303-11 §6.1.2.3 demands.
    Plain,
    /// The sequence of two integers that some chips send.
    Der,
}

/// The private key of a chip.
pub struct ActiveAuthenticationSigner(Kind);

enum Kind {
    Rsa(Rsa<Private>, Trailer),
    Ec(EcKey<Private>, HashAlgorithm, EcdsaForm),
}

impl ActiveAuthenticationSigner {
    /// A fresh RSA key of this many bits.
    pub fn rsa(bits: u32, trailer: Trailer) -> Result<Self, ErrorStack> {
        Ok(Self(Kind::Rsa(Rsa::generate(bits)?, trailer)))
    }

    /// A fresh key on a named curve; `explicit` writes the curve's parameters into EF.DG15 instead of its name.
    pub fn ec(
        curve: Nid,
        explicit: bool,
        hash: HashAlgorithm,
        form: EcdsaForm,
    ) -> Result<Self, ErrorStack> {
        let mut group = EcGroup::from_curve_name(curve)?;
        group.set_asn1_flag(if explicit {
            Asn1Flag::EXPLICIT_CURVE
        } else {
            Asn1Flag::NAMED_CURVE
        });
        Ok(Self(Kind::Ec(EcKey::generate(&group)?, hash, form)))
    }

    /// EF.DG15.
    pub fn data_group_15(&self) -> Result<Vec<u8>, ErrorStack> {
        let info = match &self.0 {
            Kind::Rsa(key, _) => key.public_key_to_der()?,
            Kind::Ec(key, _, _) => PKey::from_ec_key(key.clone())?.public_key_to_der()?,
        };
        Ok(tlv::encode(0x6F, &info))
    }

    /// The ActiveAuthenticationInfo that EF.DG14 must hold for keys on curves (ICAO 9303-11 §9.2.4); `None` for RSA.
    pub fn security_info(&self) -> Option<Vec<u8>> {
        let Kind::Ec(_, hash, _) = &self.0 else {
            return None;
        };
        let arc = match hash {
            HashAlgorithm::Sha1 => 1,
            HashAlgorithm::Sha224 => 2,
            HashAlgorithm::Sha256 => 3,
            HashAlgorithm::Sha384 => 4,
            HashAlgorithm::Sha512 => 5,
        };
        Some(tlv::encode_all(
            0x30,
            &[
                &tlv::encode(0x06, ACTIVE_AUTHENTICATION_PROTOCOL),
                &[0x02, 0x01, 0x01],
                &tlv::encode(0x06, &[ECDSA_PLAIN, &[arc]].concat()),
            ],
        ))
    }

    /// Answers INTERNAL AUTHENTICATE. `random` fills the recoverable part of an RSA signature; at least
    /// [`RANDOM_BYTES_MAX`] bytes serve every key.
    pub fn answer(&self, command: &Command, random: &[u8]) -> Response {
        let refused = |status| Response {
            data: Vec::new(),
            status,
        };
        let Ok(challenge) = Challenge::try_from(command.data.as_slice()) else {
            return refused(Status::WRONG_LENGTH);
        };
        match self.sign(&challenge, random) {
            Ok(Some(data)) => Response {
                data,
                status: Status::OK,
            },
            Ok(None) | Err(_) => refused(Status::CONDITIONS),
        }
    }

    /// Signs a challenge; `None` where key or random bytes are too short for the scheme.
    pub fn sign(
        &self,
        challenge: &Challenge,
        random: &[u8],
    ) -> Result<Option<Vec<u8>>, ErrorStack> {
        match &self.0 {
            Kind::Rsa(key, trailer) => sign_rsa(key, *trailer, challenge, random),
            Kind::Ec(key, hash, form) => {
                let signature = EcdsaSig::sign(&hash.of(challenge)?, key)?;
                if *form == EcdsaForm::Der {
                    return signature.to_der().map(Some);
                }
                let bytes = (key.group().order_bits() as i32 + 7) / 8;
                let r = signature.r().to_vec_padded(bytes)?;
                let s = signature.s().to_vec_padded(bytes)?;
                Ok(Some([r, s].concat()))
            }
        }
    }
}

fn sign_rsa(
    key: &Rsa<Private>,
    trailer: Trailer,
    challenge: &Challenge,
    random: &[u8],
) -> Result<Option<Vec<u8>>, ErrorStack> {
    let (hash, trailer): (_, &[u8]) = match trailer {
        Trailer::Implicit => (HashAlgorithm::Sha1, &[0xBC]),
        Trailer::Named(hash) => match hash {
            HashAlgorithm::Sha1 => (hash, &[0x33, 0xCC]),
            HashAlgorithm::Sha256 => (hash, &[0x34, 0xCC]),
            HashAlgorithm::Sha512 => (hash, &[0x35, 0xCC]),
            HashAlgorithm::Sha384 => (hash, &[0x36, 0xCC]),
            HashAlgorithm::Sha224 => (hash, &[0x38, 0xCC]),
        },
    };
    let size = key.size() as usize;
    let recoverable = size
        .checked_sub(1 + hash.digest().size() + trailer.len())
        .and_then(|length| random.get(..length));
    let Some(recoverable) = recoverable else {
        return Ok(None);
    };
    let digest = hash.of(&[recoverable, challenge].concat())?;
    let block = [&[0x6A], recoverable, &digest, trailer].concat();
    let mut signature = vec![0; size];
    key.private_encrypt(&block, &mut signature, Padding::NONE)?;
    Ok(Some(signature))
}
