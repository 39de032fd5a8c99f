//! Keys of the test issuer, and signatures with every algorithm that ICAO 9303-12 §4.4 allows.

use openssl::{
    ec::{Asn1Flag, EcGroup, EcKey},
    error::ErrorStack,
    nid::Nid,
    pkey::{Id, PKey, Private},
    rsa::{Padding, Rsa},
    sign::{RsaPssSaltlen, Signer},
};

use crate::{sod::HashAlgorithm, tlv};

/// Kind of the issuer's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on NIST P-256, named curve.
    EcP256,
    /// ECDSA on NIST P-384, named curve.
    EcP384,
    /// ECDSA on NIST P-521, named curve.
    EcP521,
    /// ECDSA on NIST P-256 with explicit parameters.
    EcP256Explicit,
    /// ECDSA on brainpoolP224r1 with explicit parameters, as the oldest documents have it.
    EcBrainpoolP224Explicit,
    /// ECDSA on brainpoolP256r1 with explicit parameters, as ICAO 9303-12 demands and most countries do.
    EcBrainpoolP256Explicit,
    /// ECDSA on brainpoolP384r1 with explicit parameters.
    EcBrainpoolP384Explicit,
    /// ECDSA on brainpoolP512r1, named curve.
    EcBrainpoolP512,
    /// RSA of 1024 bits, below every measure.
    Rsa1024,
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
}

/// How a key signs. RSA keys sign with PKCS#1 v1.5 or PSS, others with ECDSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureScheme {
    /// Hash of what is signed.
    pub hash: HashAlgorithm,
    /// RSASSA-PSS with a salt of this many bytes; without effect on elliptic curves.
    pub pss_salt_bytes: Option<u8>,
}

impl SignatureScheme {
    /// SHA-256, with PKCS#1 v1.5 or ECDSA.
    pub const SHA256: Self = Self::of(HashAlgorithm::Sha256);

    /// This hash, with PKCS#1 v1.5 or ECDSA.
    pub const fn of(hash: HashAlgorithm) -> Self {
        Self {
            hash,
            pss_salt_bytes: None,
        }
    }

    /// This hash, with RSASSA-PSS.
    pub const fn pss(hash: HashAlgorithm, salt_bytes: u8) -> Self {
        Self {
            hash,
            pss_salt_bytes: Some(salt_bytes),
        }
    }
}

/// A private key and how it signs.
#[derive(Clone)]
pub(super) struct SigningKey {
    pub(super) key: PKey<Private>,
    pub(super) scheme: SignatureScheme,
}

impl SigningKey {
    pub(super) fn generate(kind: KeyKind, scheme: SignatureScheme) -> Result<Self, ErrorStack> {
        let on_curve = |nid, flag| {
            let mut group = EcGroup::from_curve_name(nid)?;
            group.set_asn1_flag(flag);
            PKey::from_ec_key(EcKey::generate(&group)?)
        };
        let (named, explicit) = (Asn1Flag::NAMED_CURVE, Asn1Flag::EXPLICIT_CURVE);
        let rsa = |bits| PKey::from_rsa(Rsa::generate(bits)?);
        let key = match kind {
            KeyKind::EcP256 => on_curve(Nid::X9_62_PRIME256V1, named),
            KeyKind::EcP384 => on_curve(Nid::SECP384R1, named),
            KeyKind::EcP521 => on_curve(Nid::SECP521R1, named),
            KeyKind::EcP256Explicit => on_curve(Nid::X9_62_PRIME256V1, explicit),
            KeyKind::EcBrainpoolP224Explicit => on_curve(Nid::BRAINPOOL_P224R1, explicit),
            KeyKind::EcBrainpoolP256Explicit => on_curve(Nid::BRAINPOOL_P256R1, explicit),
            KeyKind::EcBrainpoolP384Explicit => on_curve(Nid::BRAINPOOL_P384R1, explicit),
            KeyKind::EcBrainpoolP512 => on_curve(Nid::BRAINPOOL_P512R1, named),
            KeyKind::Rsa1024 => rsa(1_024),
            KeyKind::Rsa2048 => rsa(2_048),
            KeyKind::Rsa3072 => rsa(3_072),
        };
        Ok(Self { key: key?, scheme })
    }

    pub(super) fn public_key_info(&self) -> Result<Vec<u8>, ErrorStack> {
        self.key.public_key_to_der()
    }

    /// SHA-1 of the public key, as RFC 5280 §4.2.1.2 (1) has it, but over the whole structure.
    pub(super) fn key_id(&self) -> Result<Vec<u8>, ErrorStack> {
        HashAlgorithm::Sha1.of(&self.public_key_info()?)
    }

    /// The AlgorithmIdentifier of its signatures.
    pub(super) fn algorithm(&self) -> Vec<u8> {
        let SignatureScheme {
            hash,
            pss_salt_bytes,
        } = self.scheme;
        if self.key.id() != Id::RSA {
            let arc: &[u8] = match hash {
                HashAlgorithm::Sha1 => &[0x04, 0x01],
                HashAlgorithm::Sha224 => &[0x04, 0x03, 0x01],
                HashAlgorithm::Sha256 => &[0x04, 0x03, 0x02],
                HashAlgorithm::Sha384 => &[0x04, 0x03, 0x03],
                HashAlgorithm::Sha512 => &[0x04, 0x03, 0x04],
            };
            return tlv::encode(0x30, &tlv::encode(0x06, &[ECDSA, arc].concat()));
        }
        let rsa = |arc: u8| tlv::encode(0x06, &[RSA, &[arc]].concat());
        let Some(salt) = pss_salt_bytes else {
            let arc = match hash {
                HashAlgorithm::Sha1 => 0x05,
                HashAlgorithm::Sha224 => 0x0E,
                HashAlgorithm::Sha256 => 0x0B,
                HashAlgorithm::Sha384 => 0x0C,
                HashAlgorithm::Sha512 => 0x0D,
            };
            return tlv::encode_all(0x30, &[&rsa(arc), &NULL]);
        };
        let identifier = hash_identifier(hash);
        let mask = tlv::encode_all(0x30, &[&rsa(0x08), &identifier]);
        let parameters = tlv::encode_all(
            0x30,
            &[
                &tlv::encode(0xA0, &identifier),
                &tlv::encode(0xA1, &mask),
                &tlv::encode(0xA2, &tlv::encode(0x02, &[salt])),
            ],
        );
        tlv::encode_all(0x30, &[&rsa(0x0A), &parameters])
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let digest = self.scheme.hash.digest();
        let mut signer = Signer::new(digest, &self.key)?;
        if let Some(salt) = self
            .scheme
            .pss_salt_bytes
            .filter(|_| self.key.id() == Id::RSA)
        {
            signer.set_rsa_padding(Padding::PKCS1_PSS)?;
            signer.set_rsa_mgf1_md(digest)?;
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(i32::from(salt)))?;
        }
        signer.sign_oneshot_to_vec(message)
    }
}

impl SigningKey {
    /// PKCS#1 v1.5 with a hash identifier that lacks its NULL, as in ICAO's own master list; RSA keys only.
    pub(super) fn sign_without_null(&self, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let rsa = self.key.rsa()?;
        let hash = self.scheme.hash;
        let identifier = tlv::encode(0x30, &tlv::encode(0x06, hash.oid()));
        let digest = tlv::encode(0x04, &hash.of(message)?);
        let info = tlv::encode_all(0x30, &[&identifier, &digest]);
        let mut signature = vec![0; rsa.size() as usize];
        rsa.private_encrypt(&info, &mut signature, Padding::PKCS1)?;
        Ok(signature)
    }
}

/// AlgorithmIdentifier of a hash.
pub(super) fn hash_identifier(hash: HashAlgorithm) -> Vec<u8> {
    tlv::encode_all(0x30, &[&tlv::encode(0x06, hash.oid()), &NULL])
}

const NULL: [u8; 2] = [0x05, 0x00];
const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
const ECDSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D];
