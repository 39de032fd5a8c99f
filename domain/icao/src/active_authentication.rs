//! Active Authentication (ICAO 9303-11 §6.1): the chip signs a challenge with a key that cannot be read out of it.
//!
//! **Invariant:** no I/O, no randomness: the shell draws the challenge and carries the command.
//!
//! A proof is worth what EF.DG15 is worth: only where EF.SOD covers that file does it speak about the document
//! ([`crate::evidence::authenticity`]).

use std::fmt;

use egate_types::CheckResult;
use openssl::{
    bn::BigNum,
    ecdsa::EcdsaSig,
    error::ErrorStack,
    pkey::{Id, PKey, Public},
    rsa::Padding,
};
use serde::Serialize;

use crate::{
    apdu::{Command, Response, Status},
    limits::{
        EC_ORDER_BITS_MIN, PROTECTED_SHORT_BYTES_MAX, RSA_MODULUS_BITS_MAX, RSA_MODULUS_BITS_MIN,
    },
    sod::HashAlgorithm,
    tlv::{self, TlvError},
};

/// The challenge of the terminal, RND.IFD: eight random bytes that no chip can foresee.
pub type Challenge = [u8; 8];

/// One run of Active Authentication as it passed between terminal and chip.
#[derive(Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What the chip had to sign.
    pub challenge: Challenge,
    /// What it answered; empty if it refused.
    pub response: Vec<u8>,
    /// The status bytes of its answer.
    pub status: Status,
}

/// The public key of EF.DG15.
#[derive(Clone)]
pub struct ActiveAuthenticationKey {
    key: PKey<Public>,
    kind: KeyKind,
}

/// What a right answer showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Hash algorithm of the signature.
    pub hash: HashAlgorithm,
    /// Deviations from ICAO 9303 that were accepted. Never personal data.
    pub deviations: Vec<String>,
}

/// The check's result as BSI TR-03135 wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// *Not supported* without a key or a run, *undetermined* for what we cannot compute, *failed* for a wrong answer.
    pub result: CheckResult,
    /// One line for the officer. Never personal data.
    pub detail: Option<String>,
    /// Hash algorithm of a right signature, or the one that EF.DG14 states.
    pub hash: Option<HashAlgorithm>,
    /// Deviations from ICAO 9303 that were accepted.
    pub deviations: Vec<String>,
}

/// The run and its judgement for reports; names and values are part of the command line's interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveAuthenticationView {
    /// The challenge in hexadecimal.
    pub challenge: String,
    /// The response in hexadecimal.
    pub response: String,
    /// `valid` or `invalid`.
    pub result: &'static str,
    /// Hash algorithm of the signature, e.g. `sha256`.
    pub hash: Option<&'static str>,
    /// Why it is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why an answer proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ActiveAuthenticationError {
    /// EF.DG15 is no public key file.
    #[error("EF.DG15: {0}")]
    Dg15(TlvError),
    /// EF.DG14 is malformed.
    #[error("EF.DG14: {0}")]
    Dg14(TlvError),
    /// EF.DG15 holds no key that OpenSSL can read.
    #[error("key of EF.DG15 is unreadable")]
    UnreadableKey(#[source] ErrorStack),
    /// The key is neither RSA nor on an elliptic curve.
    #[error("key of EF.DG15 is neither RSA nor on an elliptic curve")]
    KeyKind,
    /// A key that proves nothing, because it can be broken or needs no breaking; or one too large to compute with.
    #[error("key of EF.DG15 with {bits} bits or its exponent is outside the limits")]
    KeySize {
        /// Size of the modulus, or of the curve's order.
        bits: i32,
    },
    /// EF.DG14 states an algorithm that is no ECDSA with a known hash.
    #[error("EF.DG14 states an unknown signature algorithm")]
    Algorithm,
    /// The chip refused.
    #[error("chip refused to authenticate itself ({0:?})")]
    Refused(Status),
    /// The response has another length than a signature of this key.
    #[error("response of {found} bytes, {expected} expected")]
    ResponseLength {
        /// Bytes received.
        found: usize,
        /// Bytes of a signature.
        expected: usize,
    },
    /// The recovered message does not begin with `6A` (ISO/IEC 9796-2, partial recovery, no padding).
    #[error("recovered message begins with {0:02X} instead of 6A")]
    Header(u8),
    /// The recovered message ends in none of the trailers of ICAO 9303-11 §6.1.2.
    #[error("recovered message ends in {0:04X}, which is no trailer")]
    Trailer(u16),
    /// The signature is over something else.
    #[error("signature does not fit the challenge")]
    Wrong,
    /// OpenSSL could not compute.
    #[error("signature cannot be computed")]
    Computation(#[source] ErrorStack),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyKind {
    /// Bytes of the modulus.
    Rsa(usize),
    /// Bytes and bits of the group's order.
    Ec { bytes: usize, bits: i32 },
}

impl From<ErrorStack> for ActiveAuthenticationError {
    fn from(error: ErrorStack) -> Self {
        Self::Computation(error)
    }
}

impl ActiveAuthenticationError {
    /// Whose fault: what we cannot read or compute is undetermined, all else failed.
    pub fn result(&self) -> CheckResult {
        match self {
            Self::Dg15(_)
            | Self::Dg14(_)
            | Self::UnreadableKey(_)
            | Self::KeyKind
            | Self::Algorithm
            | Self::Computation(_) => CheckResult::Undetermined,
            Self::KeySize { .. }
            | Self::Refused(_)
            | Self::ResponseLength { .. }
            | Self::Header(_)
            | Self::Trailer(_)
            | Self::Wrong => CheckResult::Failed,
        }
    }
}

impl Exchange {
    /// A run that the chip answered normally, e.g. one kept in files.
    pub fn answered(challenge: Challenge, response: impl Into<Vec<u8>>) -> Self {
        Self {
            challenge,
            response: response.into(),
            status: Status::OK,
        }
    }

    /// A run as it ended.
    pub fn new(challenge: Challenge, response: Response) -> Self {
        Self {
            challenge,
            response: response.data,
            status: response.status,
        }
    }
}

impl fmt::Debug for Exchange {
    /// A signature over a challenge identifies the chip, so only its length prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Exchange({} bytes, {})",
            self.response.len(),
            self.status
        )
    }
}

impl ActiveAuthenticationKey {
    /// Reads EF.DG15 (ICAO 9303-10 §4.7.15): tag `6F` around a SubjectPublicKeyInfo.
    pub fn from_dg15(file: &[u8]) -> Result<Self, ActiveAuthenticationError> {
        let (body, _) = tlv::expect(file, 0x6F).map_err(ActiveAuthenticationError::Dg15)?;
        let (info, _) = tlv::read(body).map_err(ActiveAuthenticationError::Dg15)?;
        let key = PKey::public_key_from_der(info.raw)
            .map_err(ActiveAuthenticationError::UnreadableKey)?;
        let kind = match key.id() {
            Id::RSA => {
                let rsa = key.rsa()?;
                let (bits, exponent_bits) = (rsa.n().num_bits(), rsa.e().num_bits());
                // An exponent of 1 would let anybody write the message down as its own signature.
                let breakable = bits < RSA_MODULUS_BITS_MIN || exponent_bits < 2;
                if breakable || bits > RSA_MODULUS_BITS_MAX || exponent_bits > bits {
                    return Err(ActiveAuthenticationError::KeySize { bits });
                }
                KeyKind::Rsa(rsa.size() as usize)
            }
            Id::EC => {
                let bits = key.ec_key()?.group().order_bits() as i32;
                if bits < EC_ORDER_BITS_MIN {
                    return Err(ActiveAuthenticationError::KeySize { bits });
                }
                KeyKind::Ec {
                    bytes: (bits as usize).div_ceil(8),
                    bits,
                }
            }
            _ => return Err(ActiveAuthenticationError::KeyKind),
        };
        Ok(Self { key, kind })
    }

    /// Most bytes that the chip may answer: a signature, for curves in its longer DER form.
    pub fn response_bytes_max(&self) -> usize {
        match self.kind {
            KeyKind::Rsa(bytes) => bytes,
            // Two integers with sign byte, tag and length each, in a sequence with up to three bytes of header.
            KeyKind::Ec { bytes, .. } => 2 * (bytes + 3) + 3,
        }
    }

    /// INTERNAL AUTHENTICATE (ICAO 9303-11 §6.1.4). What does not fit a protected short response, RSA of 2048 bits and more,
    /// comes in extended length.
    pub fn internal_authenticate(&self, challenge: Challenge) -> Command {
        let expected = match self.response_bytes_max() {
            bytes @ 0..=PROTECTED_SHORT_BYTES_MAX => bytes,
            _ => 65_536,
        };
        Command::new(0x00, 0x88, 0x00, 0x00)
            .with_data(challenge)
            .expecting(expected)
    }

    /// Judges a run. `stated` is the hash that EF.DG14 names, which only curves need.
    pub fn verify(
        &self,
        stated: Option<HashAlgorithm>,
        exchange: &Exchange,
    ) -> Result<Proof, ActiveAuthenticationError> {
        if exchange.status != Status::OK {
            return Err(ActiveAuthenticationError::Refused(exchange.status));
        }
        match self.kind {
            KeyKind::Rsa(_) => self.verify_rsa(exchange),
            KeyKind::Ec { bytes, bits } => match stated {
                Some(hash) => self.verify_ecdsa(&[hash], bytes, exchange),
                None => {
                    let mut proof = self.verify_ecdsa(&likely_hashes(bits), bytes, exchange)?;
                    proof
                        .deviations
                        .push("EF.DG14 states no hash for active authentication".to_owned());
                    Ok(proof)
                }
            },
        }
    }

    /// ISO/IEC 9796-2 digital signature scheme 1 with partial recovery: `6A`, M1, hash of M1 and challenge, trailer.
    fn verify_rsa(&self, exchange: &Exchange) -> Result<Proof, ActiveAuthenticationError> {
        let block = self.recovered(&exchange.response)?;
        let message = match block.split_first() {
            Some((0x6A, message)) => message,
            header => {
                let found = header.map_or(0, |(byte, _)| *byte);
                return Err(ActiveAuthenticationError::Header(found));
            }
        };
        let (hash, signed) = split_trailer(message)?;
        let digest_at = signed.len().checked_sub(hash.digest().size());
        let (recovered, digest) = digest_at
            .and_then(|at| signed.split_at_checked(at))
            .ok_or(ActiveAuthenticationError::Wrong)?;
        let computed = hash.of(&[recovered, &exchange.challenge].concat())?;
        if computed != digest {
            return Err(ActiveAuthenticationError::Wrong);
        }
        Ok(Proof {
            hash,
            deviations: Vec::new(),
        })
    }

    fn recovered(&self, response: &[u8]) -> Result<Vec<u8>, ActiveAuthenticationError> {
        let rsa = self.key.rsa()?;
        let size = rsa.size() as usize;
        if response.len() != size {
            return Err(ActiveAuthenticationError::ResponseLength {
                found: response.len(),
                expected: size,
            });
        }
        let mut block = vec![0; size];
        // The only error left is a number above the modulus: the response is wrong, not the machine.
        rsa.public_decrypt(response, &mut block, Padding::NONE)
            .map_err(|_| ActiveAuthenticationError::Wrong)?;
        if block.last().is_some_and(|last| last & 0x0F == 0x0C) {
            return Ok(block);
        }
        // A signer may send the smaller of a signature and its complement (ISO/IEC 9796-2 annex B).
        let number = BigNum::from_slice(&block)?;
        let mut complement = BigNum::new()?;
        complement.checked_sub(rsa.n(), &number)?;
        let complement = complement.to_vec_padded(size as i32)?;
        Ok(if complement.last().is_some_and(|l| l & 0x0F == 0x0C) {
            complement
        } else {
            block
        })
    }

    /// Plain `r || s` (BSI TR-03111 §5.2.1) as ICAO demands, or the DER form that some chips send.
    fn verify_ecdsa(
        &self,
        hashes: &[HashAlgorithm],
        bytes: usize,
        exchange: &Exchange,
    ) -> Result<Proof, ActiveAuthenticationError> {
        let response = exchange.response.as_slice();
        let plain = (response.len() == 2 * bytes).then(|| response.split_at(bytes));
        let der = der_integers(response);
        if plain.is_none() && der.is_none() {
            return Err(ActiveAuthenticationError::ResponseLength {
                found: response.len(),
                expected: 2 * bytes,
            });
        }
        let key = self.key.ec_key()?;
        let forms = [(plain, false), (der, true)];
        for ((r, s), is_der) in forms.into_iter().filter_map(|(f, der)| Some((f?, der))) {
            let signature =
                EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
            for hash in hashes {
                let digest = hash.of(&exchange.challenge)?;
                // An error here means numbers out of range: the signature is wrong, not the machine.
                if signature.verify(&digest, &key).unwrap_or(false) {
                    return Ok(Proof {
                        hash: *hash,
                        deviations: is_der
                            .then(|| "active authentication signature is in DER form".to_owned())
                            .into_iter()
                            .collect(),
                    });
                }
            }
        }
        Err(ActiveAuthenticationError::Wrong)
    }
}

impl fmt::Debug for ActiveAuthenticationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActiveAuthenticationKey({:?})", self.kind)
    }
}

/// The hash that EF.DG14 names for active authentication (ActiveAuthenticationInfo, ICAO 9303-11 §9.2.4); `None` if it names
/// none.
pub fn stated_hash(dg14: &[u8]) -> Result<Option<HashAlgorithm>, ActiveAuthenticationError> {
    let infos = tlv::expect(dg14, 0x6E)
        .and_then(|(body, _)| tlv::expect(body, 0x31))
        .and_then(|(set, _)| tlv::children(set))
        .map_err(ActiveAuthenticationError::Dg14)?;
    for info in infos {
        let (protocol, rest) =
            tlv::expect(info.value, 0x06).map_err(ActiveAuthenticationError::Dg14)?;
        if protocol == ACTIVE_AUTHENTICATION_PROTOCOL {
            let algorithm = tlv::expect(rest, 0x02)
                .and_then(|(_version, rest)| tlv::expect(rest, 0x06))
                .map_err(ActiveAuthenticationError::Dg14)?
                .0;
            return ecdsa_hash(algorithm)
                .map(Some)
                .ok_or(ActiveAuthenticationError::Algorithm);
        }
    }
    Ok(None)
}

/// Judges a run against the files as read. What the files are worth is not this function's question.
pub fn judge(dg15: Option<&[u8]>, dg14: Option<&[u8]>, exchange: Option<&Exchange>) -> Judgement {
    let unsupported = |detail: &str| Judgement {
        result: CheckResult::NotSupported,
        detail: Some(detail.to_owned()),
        hash: None,
        deviations: Vec::new(),
    };
    let Some(dg15) = dg15 else {
        return unsupported("EF.DG15 is absent");
    };
    let Some(exchange) = exchange else {
        return unsupported("active authentication was not performed");
    };
    let mut stated = None;
    let verified = ActiveAuthenticationKey::from_dg15(dg15).and_then(|key| {
        if matches!(key.kind, KeyKind::Ec { .. }) {
            stated = dg14.map(stated_hash).transpose()?.flatten();
        }
        key.verify(stated, exchange)
    });
    match verified {
        Ok(proof) => Judgement {
            result: CheckResult::Successful,
            detail: None,
            hash: Some(proof.hash),
            deviations: proof.deviations,
        },
        Err(error) => Judgement {
            result: error.result(),
            detail: Some(error.to_string()),
            hash: stated,
            deviations: Vec::new(),
        },
    }
}

impl ActiveAuthenticationView {
    /// Brings a run and its judgement into the form of reports.
    pub fn new(exchange: &Exchange, judgement: &Judgement) -> Self {
        let valid = judgement.result == CheckResult::Successful;
        Self {
            challenge: hex::encode(exchange.challenge),
            response: hex::encode(&exchange.response),
            result: if valid { "valid" } else { "invalid" },
            hash: judgement.hash.map(HashAlgorithm::name),
            reason: judgement.detail.clone().filter(|_| !valid),
        }
    }
}

/// The trailer names the hash: `BC` is SHA-1, `xxCC` as in ISO/IEC 10118-3.
fn split_trailer(message: &[u8]) -> Result<(HashAlgorithm, &[u8]), ActiveAuthenticationError> {
    match message {
        [signed @ .., 0xBC] => Ok((HashAlgorithm::Sha1, signed)),
        [signed @ .., 0x33, 0xCC] => Ok((HashAlgorithm::Sha1, signed)),
        [signed @ .., 0x34, 0xCC] => Ok((HashAlgorithm::Sha256, signed)),
        [signed @ .., 0x35, 0xCC] => Ok((HashAlgorithm::Sha512, signed)),
        [signed @ .., 0x36, 0xCC] => Ok((HashAlgorithm::Sha384, signed)),
        [signed @ .., 0x38, 0xCC] => Ok((HashAlgorithm::Sha224, signed)),
        [.., a, b] => Err(ActiveAuthenticationError::Trailer(u16::from_be_bytes([
            *a, *b,
        ]))),
        _ => Err(ActiveAuthenticationError::Trailer(0)),
    }
}

/// Hashes to try where EF.DG14 names none: the one of the curve's size first. Trying them gives a forger nothing, as each
/// needs the private key.
fn likely_hashes(order_bits: i32) -> [HashAlgorithm; 6] {
    use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    let first = match order_bits {
        ..224 => Sha1,
        224..256 => Sha224,
        256..384 => Sha256,
        384..512 => Sha384,
        512.. => Sha512,
    };
    [first, Sha256, Sha1, Sha224, Sha384, Sha512]
}

fn der_integers(response: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, behind) = tlv::expect(response, 0x30).ok()?;
    let (r, rest) = tlv::expect(body, 0x02).ok()?;
    let (s, rest) = tlv::expect(rest, 0x02).ok()?;
    (behind.is_empty() && rest.is_empty()).then_some((r, s))
}

/// ecdsa-plain-* of BSI TR-03111 as ICAO demands; the names of ANSI X9.62 mean the same hashes.
fn ecdsa_hash(oid: &[u8]) -> Option<HashAlgorithm> {
    use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    match (oid.strip_prefix(ECDSA_PLAIN), oid.strip_prefix(ECDSA_X962)) {
        (Some([1]), _) | (_, Some([0x01])) => Some(Sha1),
        (Some([2]), _) | (_, Some([0x03, 0x01])) => Some(Sha224),
        (Some([3]), _) | (_, Some([0x03, 0x02])) => Some(Sha256),
        (Some([4]), _) | (_, Some([0x03, 0x03])) => Some(Sha384),
        (Some([5]), _) | (_, Some([0x03, 0x04])) => Some(Sha512),
        _ => None,
    }
}

/// id-icao-mrtd-security-aaProtocolObject, 2.23.136.1.1.5.
pub(crate) const ACTIVE_AUTHENTICATION_PROTOCOL: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x05];
/// ecdsa-plain-signatures, 0.4.0.127.0.7.1.1.4.1.
pub(crate) const ECDSA_PLAIN: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01];
/// ANSI X9.62 signatures, 1.2.840.10045.4.
const ECDSA_X962: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04];
