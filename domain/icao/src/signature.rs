//! Signatures and hashes as ICAO 9303-12 allows them, read from their algorithm identifiers.

use openssl::{
    bn::BigNum,
    ecdsa::EcdsaSig,
    error::ErrorStack,
    hash::{MessageDigest, hash},
    pkey::{Id, PKeyRef, Public},
    rsa::Padding,
    sign::{RsaPssSaltlen, Verifier},
};

use crate::tlv::{self, TlvError};

/// Hash algorithms of ICAO 9303-12 §4.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// Only in old documents.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Why a signature could not be judged, or is wrong.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// The algorithm is unknown or does not fit the key.
    #[error("signature algorithm is unknown or does not fit the key")]
    Algorithm,
    /// The algorithm identifier is malformed.
    #[error("malformed algorithm identifier")]
    Malformed(#[source] TlvError),
    /// The signature does not fit the message.
    #[error("signature is wrong")]
    Wrong,
    /// OpenSSL could not compute.
    #[error("signature cannot be computed")]
    Computation(#[source] ErrorStack),
}

impl From<TlvError> for SignatureError {
    fn from(error: TlvError) -> Self {
        Self::Malformed(error)
    }
}

impl From<ErrorStack> for SignatureError {
    fn from(error: ErrorStack) -> Self {
        Self::Computation(error)
    }
}

impl HashAlgorithm {
    /// From the value of an object identifier.
    pub(crate) fn from_oid(oid: &[u8]) -> Option<Self> {
        match oid {
            [0x2B, 0x0E, 0x03, 0x02, 0x1A] => Some(Self::Sha1),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last] => match last {
                1 => Some(Self::Sha256),
                2 => Some(Self::Sha384),
                3 => Some(Self::Sha512),
                4 => Some(Self::Sha224),
                _ => None,
            },
            _ => None,
        }
    }

    /// From the content of an AlgorithmIdentifier.
    pub(crate) fn from_identifier(content: &[u8]) -> Result<Self, SignatureError> {
        Self::from_oid(tlv::expect(content, 0x06)?.0).ok_or(SignatureError::Algorithm)
    }

    /// Lower-case name, e.g. `sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    pub(crate) fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x2B, 0x0E, 0x03, 0x02, 0x1A],
            Self::Sha224 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 4],
            Self::Sha256 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1],
            Self::Sha384 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 2],
            Self::Sha512 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 3],
        }
    }

    pub(crate) fn digest(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha224 => MessageDigest::sha224(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    pub(crate) fn of(self, bytes: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        Ok(hash(self.digest(), bytes)?.to_vec())
    }
}

/// What a signature that verifies had to be forgiven; `None`: nothing.
pub(crate) type Leniency = Option<&'static str>;

/// RFC 8017 §9.2 note 2 tells verifiers to accept it; OpenSSL does not.
pub(crate) const NO_NULL: &str = "hash identifier inside the RSA signature lacks its NULL";
const OTHER_SALT: &str = "salt of the RSASSA-PSS signature has another length than stated";
const LEADING_ZEROS: &str = "integers of the ECDSA signature are not in their shortest form";

/// Family of a signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeFamily {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1,
    /// RSASSA-PSS.
    RsaPss,
    /// ECDSA.
    Ecdsa,
}

/// Family and hash of an algorithm identifier's content; `None` if unknown.
pub(crate) fn family(
    algorithm: &[u8],
    digest: HashAlgorithm,
) -> Option<(SchemeFamily, HashAlgorithm)> {
    match scheme(algorithm, digest).ok()? {
        Scheme::RsaPkcs1(hash) => Some((SchemeFamily::RsaPkcs1, hash)),
        Scheme::RsaPss { hash, .. } => Some((SchemeFamily::RsaPss, hash)),
        Scheme::Ecdsa(hash) => Some((SchemeFamily::Ecdsa, hash)),
    }
}

/// The hash of an algorithm identifier's content that names one.
pub(crate) fn hash_of(algorithm: &[u8]) -> Option<HashAlgorithm> {
    let named = |digest| family(algorithm, digest).map(|(_, hash)| hash);
    named(HashAlgorithm::Sha1).filter(|hash| named(HashAlgorithm::Sha512) == Some(*hash))
}

enum Scheme {
    RsaPkcs1(HashAlgorithm),
    RsaPss {
        hash: HashAlgorithm,
        mask: HashAlgorithm,
        salt_bytes: i32,
    },
    Ecdsa(HashAlgorithm),
}

const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
const ECDSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D];

/// Verifies `signature` over `message`. `algorithm` is the content of the AlgorithmIdentifier; where it names no hash, `digest`
/// of the signer info is meant (RFC 5652 §5.3).
pub(crate) fn verify(
    key: &PKeyRef<Public>,
    algorithm: &[u8],
    digest: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<Leniency, SignatureError> {
    match scheme(algorithm, digest)? {
        Scheme::RsaPkcs1(hash) => verify_pkcs1(key, hash, message, signature),
        Scheme::RsaPss {
            hash,
            mask,
            salt_bytes,
        } => {
            if !matches!(key.id(), Id::RSA | Id::RSA_PSS) {
                return Err(SignatureError::Algorithm);
            }
            let salted = |salt| verify_pss(key, (hash, mask, salt), message, signature);
            if salted(RsaPssSaltlen::custom(salt_bytes)) {
                return Ok(None);
            }
            // -2 lets OpenSSL find the length of the salt in the padding.
            let found = salted(RsaPssSaltlen::custom(-2));
            found
                .then_some(Some(OTHER_SALT))
                .ok_or(SignatureError::Wrong)
        }
        Scheme::Ecdsa(hash) => verify_ecdsa(key, hash, message, signature),
    }
}

/// An error of OpenSSL means a signature of the wrong size or shape: wrong, not uncomputable.
fn verify_pss(
    key: &PKeyRef<Public>,
    (hash, mask, salt): (HashAlgorithm, HashAlgorithm, RsaPssSaltlen),
    message: &[u8],
    signature: &[u8],
) -> bool {
    let verify = || {
        let mut verifier = Verifier::new(hash.digest(), key)?;
        verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
        verifier.set_rsa_mgf1_md(mask.digest())?;
        verifier.set_rsa_pss_saltlen(salt)?;
        verifier.verify_oneshot(signature, message)
    };
    verify().is_ok_and(|holds: bool| holds)
}

fn scheme(algorithm: &[u8], digest: HashAlgorithm) -> Result<Scheme, SignatureError> {
    use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    let (oid, parameters) = tlv::expect(algorithm, 0x06)?;
    if let Some(arc) = oid.strip_prefix(RSA) {
        return match arc {
            [0x01] => Ok(Scheme::RsaPkcs1(digest)),
            [0x05] => Ok(Scheme::RsaPkcs1(Sha1)),
            [0x0B] => Ok(Scheme::RsaPkcs1(Sha256)),
            [0x0C] => Ok(Scheme::RsaPkcs1(Sha384)),
            [0x0D] => Ok(Scheme::RsaPkcs1(Sha512)),
            [0x0E] => Ok(Scheme::RsaPkcs1(Sha224)),
            [0x0A] if parameters.is_empty() => Ok(Scheme::RsaPss {
                hash: digest,
                mask: digest,
                salt_bytes: -2,
            }),
            [0x0A] => pss(parameters),
            _ => Err(SignatureError::Algorithm),
        };
    }
    match oid.strip_prefix(ECDSA) {
        Some([0x02, 0x01]) => Ok(Scheme::Ecdsa(digest)),
        Some([0x04, 0x01]) => Ok(Scheme::Ecdsa(Sha1)),
        Some([0x04, 0x03, 0x01]) => Ok(Scheme::Ecdsa(Sha224)),
        Some([0x04, 0x03, 0x02]) => Ok(Scheme::Ecdsa(Sha256)),
        Some([0x04, 0x03, 0x03]) => Ok(Scheme::Ecdsa(Sha384)),
        Some([0x04, 0x03, 0x04]) => Ok(Scheme::Ecdsa(Sha512)),
        Some(_) | None => Err(SignatureError::Algorithm),
    }
}

/// RSASSA-PSS-params with the defaults of RFC 4055 §3.1: SHA-1, MGF1 with SHA-1, salt of 20 bytes.
fn pss(parameters: &[u8]) -> Result<Scheme, SignatureError> {
    let (mut hash, mut mask, mut salt_bytes) = (HashAlgorithm::Sha1, HashAlgorithm::Sha1, 20);
    for parameter in tlv::children(tlv::expect(parameters, 0x30)?.0)? {
        match parameter.tag {
            0xA0 => {
                hash = HashAlgorithm::from_identifier(tlv::expect(parameter.value, 0x30)?.0)?;
            }
            0xA1 => {
                let (_, of) = tlv::expect(tlv::expect(parameter.value, 0x30)?.0, 0x06)?;
                mask = HashAlgorithm::from_identifier(tlv::expect(of, 0x30)?.0)?;
            }
            0xA2 => match tlv::expect(parameter.value, 0x02)?.0 {
                [salt] | [0, salt] => salt_bytes = i32::from(*salt),
                _ => return Err(SignatureError::Algorithm),
            },
            _ => {}
        }
    }
    Ok(Scheme::RsaPss {
        hash,
        mask,
        salt_bytes,
    })
}

/// Compares the whole encoded message, so nothing can hide in the padding; the hash identifier may lack its NULL
/// (RFC 8017 §9.2, note 2), as in ICAO's own master list.
fn verify_pkcs1(
    key: &PKeyRef<Public>,
    hash: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<Leniency, SignatureError> {
    if key.id() != Id::RSA {
        return Err(SignatureError::Algorithm);
    }
    let rsa = key.rsa()?;
    let size = rsa.size() as usize;
    if signature.len() != size {
        return Err(SignatureError::Wrong);
    }
    let mut encoded = vec![0; size];
    rsa.public_decrypt(signature, &mut encoded, Padding::NONE)
        .map_err(|_| SignatureError::Wrong)?;
    let digest = tlv::encode(0x04, &hash.of(message)?);
    let oid = tlv::encode(0x06, hash.oid());
    let expected = |null: &[u8]| {
        let info = tlv::encode_all(0x30, &[&tlv::encode_all(0x30, &[&oid, null]), &digest]);
        let fill = size.checked_sub(info.len() + 3).filter(|fill| *fill >= 8)?;
        Some([&[0, 1][..], &vec![0xFF; fill], &[0], &info].concat())
    };
    if expected(&[0x05, 0x00]).as_ref() == Some(&encoded) {
        Ok(None)
    } else if expected(&[]).as_ref() == Some(&encoded) {
        Ok(Some(NO_NULL))
    } else {
        Err(SignatureError::Wrong)
    }
}

/// The two integers are read tolerantly: some signers write leading zeros, which OpenSSL refuses.
fn verify_ecdsa(
    key: &PKeyRef<Public>,
    hash: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<Leniency, SignatureError> {
    if key.id() != Id::EC {
        return Err(SignatureError::Algorithm);
    }
    let (body, _) = tlv::expect(signature, 0x30).map_err(|_| SignatureError::Wrong)?;
    let (r, rest) = tlv::expect(body, 0x02).map_err(|_| SignatureError::Wrong)?;
    let (s, _) = tlv::expect(rest, 0x02).map_err(|_| SignatureError::Wrong)?;
    let pair = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
    // An error here means numbers out of range: the signature is wrong, not the machine.
    let holds = pair
        .verify(&hash.of(message)?, &*key.ec_key()?)
        .unwrap_or(false);
    if !holds {
        return Err(SignatureError::Wrong);
    }
    let shortest = |number: &[u8]| match number {
        [0, next, ..] => next & 0x80 != 0,
        [first, ..] => first & 0x80 == 0,
        [] => false,
    };
    Ok((!(shortest(r) && shortest(s))).then_some(LEADING_ZEROS))
}
