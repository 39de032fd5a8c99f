//! X.509 certificates of ICAO 9303-12 §7.1, read tolerantly over the bytes as received.
//!
//! Real lists hold negative and zero serial numbers, BOOLEAN TRUE coded 01, extensions that do not parse and names in every
//! string type: none of it stops a signature from being checked, so it is recorded in [`Certificate::deviations`] instead.

mod name;

use std::{fmt, ops::Range, sync::OnceLock};

use egate_types::{Date, UtcTime};
use openssl::{
    asn1::Asn1Object,
    hash::{MessageDigest, hash},
    pkey::{Id, PKey, Public},
};

use crate::{
    der::{Der, DerError, Element, dotted},
    signature::{self, HashAlgorithm, Leniency, SignatureError},
    tlv::TlvError,
};

pub use name::Name;

/// A certificate taken apart.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Range<usize>,
    public_key_info: Range<usize>,
    /// Content octets of the serial number, which may be negative.
    pub serial: Vec<u8>,
    /// Who signed it.
    pub issuer: Name,
    /// Whose key it is.
    pub subject: Name,
    /// First instant of validity.
    pub not_before: UtcTime,
    /// Last instant of validity.
    pub not_after: UtcTime,
    /// Content of the signature's AlgorithmIdentifier.
    algorithm: Vec<u8>,
    /// The algorithm beside the signature is the one inside of what is signed (RFC 5280 §4.1.1.2).
    algorithm_is_signed: bool,
    signature: Vec<u8>,
    /// Subject key identifier, if present and readable.
    pub subject_key_id: Option<Vec<u8>>,
    /// Key identifier of the issuer, if present and readable.
    pub authority_key_id: Option<Vec<u8>>,
    key_usage: Option<u8>,
    /// When its key may sign, if stated.
    pub private_key_usage: Option<PrivateKeyUsage>,
    /// The types of document that it may sign, as they begin a machine readable zone, if stated.
    pub document_types: Option<Vec<String>>,
    /// `cA` of the basic constraints; `None` if there are none.
    pub is_authority: Option<bool>,
    /// What is not as ICAO 9303-12 wants it.
    pub deviations: Vec<&'static str>,
    key: OnceLock<Option<PKey<Public>>>,
    self_signed: OnceLock<bool>,
}

/// The private key usage period (ICAO 9303-12 §7.1, RFC 3280 §4.2.1.4): a few months at the beginning of the validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivateKeyUsage {
    /// First instant, if stated.
    pub not_before: Option<UtcTime>,
    /// Last instant, if stated.
    pub not_after: Option<UtcTime>,
}

/// Why bytes are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Its data objects are malformed or incomplete.
    #[error("{0}")]
    Encoding(DerError),
    /// A time is none.
    #[error("at offset {offset}: not a UTCTime or GeneralizedTime")]
    Time {
        /// Offset in bytes.
        offset: usize,
    },
}

impl From<DerError> for CertificateError {
    fn from(error: DerError) -> Self {
        Self::Encoding(error)
    }
}

/// What kind of key a certificate holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKeyKind {
    /// RSA.
    Rsa {
        /// Bits of the modulus.
        bits: u32,
        /// Whether the public exponent is 65537.
        usual_exponent: bool,
    },
    /// On an elliptic curve.
    Ec {
        /// OpenSSL's short name, e.g. `brainpoolP256r1`; `None` if the parameters are those of no known curve.
        curve: Option<String>,
        /// Bits of the field.
        bits: u32,
        /// Whether the parameters are written out (ICAO 9303-12 §4.4.3), not named.
        explicit: bool,
    },
    /// Anything else, or not decodable.
    Unknown,
}

impl PublicKeyKind {
    /// Of a SubjectPublicKeyInfo.
    pub fn of_info(info: &[u8]) -> Self {
        let key = PKey::public_key_from_der(info).ok();
        key.and_then(|key| Self::of(&key, info))
            .unwrap_or(Self::Unknown)
    }

    fn of(key: &PKey<Public>, info: &[u8]) -> Option<Self> {
        let bits = key.bits();
        match key.id() {
            Id::RSA | Id::RSA_PSS => {
                let exponent = key.rsa().map(|rsa| rsa.e().to_vec()).unwrap_or_default();
                Some(Self::Rsa {
                    bits,
                    usual_exponent: exponent == [1, 0, 1],
                })
            }
            Id::EC => {
                let ec = key.ec_key().ok()?;
                let curve = ec
                    .group()
                    .curve_name()
                    .and_then(|nid| nid.short_name().ok());
                let mut info = Der::new(info).take(0x30).ok()?.inside();
                let mut algorithm = info.take(0x30).ok()?.inside();
                algorithm.take(0x06).ok()?;
                Some(Self::Ec {
                    curve: curve.map(str::to_owned),
                    bits,
                    explicit: algorithm
                        .next()
                        .is_ok_and(|parameters| parameters.tag == 0x30),
                })
            }
            _ => None,
        }
    }

    /// The curve and how it is written, e.g. `brainpoolP256r1 explicit`; `None` for other keys.
    pub fn curve_in_words(&self) -> Option<String> {
        let Self::Ec {
            curve, explicit, ..
        } = self
        else {
            return None;
        };
        let curve = curve.as_deref().unwrap_or("unknown");
        let written = if *explicit { "explicit" } else { "named" };
        Some(format!("{curve} {written}"))
    }
}

const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;
const GENERALIZED_TIME: u32 = 0x18;
/// id-icao-mrtd-security-extensions-documentTypeList, 2.23.136.1.1.6.2.
const DOCUMENT_TYPES: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x06, 0x02];

impl Certificate {
    /// Reads a DER certificate; bytes behind it are ignored.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        let outer = Der::new(bytes).take(0x30)?;
        let mut body = outer.inside();
        let tbs = body.take(0x30)?;
        let algorithm = body.take(0x30)?;
        let signature = body.take(0x03)?;
        let mut fields = tbs.inside();
        let _version = fields.optional(0xA0)?;
        let serial = fields.take(0x02)?;
        let signed_algorithm = fields.take(0x30)?;
        let issuer = Name::read(&fields.take(0x30)?)?;
        let mut validity = fields.take(0x30)?.inside();
        let not_before = time(&validity.next()?)?;
        let not_after = time(&validity.next()?)?;
        let subject = Name::read(&fields.take(0x30)?)?;
        let public_key_info = fields.take(0x30)?;
        let mut certificate = Self {
            der: outer.raw.to_vec(),
            tbs: range(&tbs),
            public_key_info: range(&public_key_info),
            serial: serial.value.to_vec(),
            issuer,
            subject,
            not_before,
            not_after,
            algorithm: algorithm.value.to_vec(),
            algorithm_is_signed: signed_algorithm.raw == algorithm.raw,
            signature: signature_octets(&signature)?,
            subject_key_id: None,
            authority_key_id: None,
            key_usage: None,
            private_key_usage: None,
            document_types: None,
            is_authority: None,
            deviations: Vec::new(),
            key: OnceLock::new(),
            self_signed: OnceLock::new(),
        };
        if certificate.serial_is_negative_or_zero() {
            certificate.deviations.push("serial number is not positive");
        }
        while !fields.is_empty() {
            let field = fields.next()?;
            if field.tag == 0xA3 {
                certificate.read_extensions(&field)?;
            }
        }
        Ok(certificate)
    }

    fn read_extensions(&mut self, field: &Element<'_>) -> Result<(), DerError> {
        for extension in field.inside().take(0x30)?.inside().all()? {
            let mut parts = extension.inside();
            let oid = parts.take(0x06)?;
            let critical = parts.optional(0x01)?;
            if critical.is_some_and(|flag| !matches!(flag.value, [0x00 | 0xFF])) {
                self.deviations.push("BOOLEAN is coded neither 00 nor FF");
            }
            let value = parts.take(0x04)?.value;
            let read = match oid.value {
                [0x55, 0x1D, 0x0E] => octets(value, 0x04).map(|id| self.subject_key_id = Some(id)),
                [0x55, 0x1D, 0x23] => authority_key_id(value).map(|id| self.authority_key_id = id),
                [0x55, 0x1D, 0x0F] => key_usage(value).map(|bits| self.key_usage = Some(bits)),
                [0x55, 0x1D, 0x13] => {
                    is_authority(value).map(|flag| self.is_authority = Some(flag))
                }
                [0x55, 0x1D, 0x10] => {
                    private_key_usage(value).map(|period| self.private_key_usage = Some(period))
                }
                DOCUMENT_TYPES => {
                    document_types(value).map(|types| self.document_types = Some(types))
                }
                _ => Ok(()),
            };
            if read.is_err() {
                self.deviations.push("an extension does not parse");
            }
        }
        Ok(())
    }

    /// The certificate as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the certificate as received.
    pub fn fingerprint(&self) -> Vec<u8> {
        hash(MessageDigest::sha256(), &self.der).map_or_else(|_| Vec::new(), |d| d.to_vec())
    }

    /// The public key, decoded once; `None` if OpenSSL cannot.
    pub(crate) fn key(&self) -> Option<&PKey<Public>> {
        let decode = || {
            let info = self.der.get(self.public_key_info.clone())?;
            PKey::public_key_from_der(info).ok()
        };
        self.key.get_or_init(decode).as_ref()
    }

    /// Kind and size of the public key.
    pub fn key_kind(&self) -> PublicKeyKind {
        let info = self.der.get(self.public_key_info.clone());
        self.key()
            .zip(info)
            .and_then(|(key, info)| PublicKeyKind::of(key, info))
            .unwrap_or(PublicKeyKind::Unknown)
    }

    /// Object identifier of the signature algorithm, dotted.
    pub fn signature_algorithm(&self) -> String {
        Der::new(&self.algorithm)
            .take(0x06)
            .map(|oid| dotted(oid.value))
            .unwrap_or_default()
    }

    /// Name of the signature algorithm as OpenSSL has it, else its dotted object identifier.
    pub fn signature_algorithm_name(&self) -> String {
        let dotted = self.signature_algorithm();
        let known = Asn1Object::from_str(&dotted).and_then(|oid| oid.nid().long_name());
        known.map_or_else(|_| dotted.clone(), str::to_owned)
    }

    /// Hash of the signature, as far as its identifier tells.
    pub fn signature_hash(&self) -> Option<HashAlgorithm> {
        signature::hash_of(&self.algorithm)
    }

    /// Whether the signature is this key's, and what had to be tolerated.
    pub(crate) fn verify_under(&self, issuer: &Self) -> Result<Leniency, SignatureError> {
        if !self.algorithm_is_signed {
            return Err(SignatureError::Algorithm);
        }
        let key = issuer.key().ok_or(SignatureError::Algorithm)?;
        let tbs = self.der.get(self.tbs.clone()).unwrap_or_default();
        // Certificates always name their hash; SHA-1 stands in for the plain RSA identifier.
        signature::verify(
            key,
            &self.algorithm,
            HashAlgorithm::Sha1,
            tbs,
            &self.signature,
        )
    }

    /// Whether issuer and subject are the same and the signature is its own key's: a root, not a link certificate.
    pub fn is_self_signed(&self) -> bool {
        *self
            .self_signed
            .get_or_init(|| self.subject == self.issuer && self.verify_under(self).is_ok())
    }

    /// Whether `issuer` could have issued this, by name or by key identifier.
    pub(crate) fn may_be_issued_by(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
            || (self.authority_key_id.is_some() && self.authority_key_id == issuer.subject_key_id)
    }

    /// Whether issuer and subject are of the same country, as ICAO 9303-12 §7.1.1 demands. There are certificates by which one
    /// state's authority vouches for another state's: they are no link certificates.
    pub fn stays_in_country(&self) -> bool {
        let folded = |name: &Name| name.country().map(str::to_uppercase);
        folded(&self.issuer) == folded(&self.subject)
    }

    /// Whether the instant lies within the validity, both ends included.
    pub(crate) fn is_valid_at(&self, instant: UtcTime) -> bool {
        self.not_before <= instant && instant <= self.not_after
    }

    /// Whether the day touches the validity.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.not_before.date() <= day && day <= self.not_after.date()
    }

    /// May sign documents: key usage `digitalSignature`; `None` if it does not say.
    pub fn may_sign_documents(&self) -> Option<bool> {
        self.key_usage.map(|bits| bits & DIGITAL_SIGNATURE != 0)
    }

    /// May sign documents whose machine readable zone begins with this code; `None` if it does not say. A type of one letter stands
    /// for every code with that letter.
    pub fn may_sign_type(&self, code: &str) -> Option<bool> {
        let code = code.trim_end_matches('<');
        Some(
            self.document_types
                .as_ref()?
                .iter()
                .any(|stated| covers(stated, code)),
        )
    }

    /// Whether its key might sign at this instant; `None` if it does not say.
    pub(crate) fn key_was_in_use(&self, instant: UtcTime) -> Option<bool> {
        let period = self.private_key_usage?;
        let begun = period.not_before.is_none_or(|first| first <= instant);
        Some(begun && period.not_after.is_none_or(|last| instant <= last))
    }

    /// May sign certificates: key usage `keyCertSign`; `None` if it does not say.
    pub fn may_sign_certificates(&self) -> Option<bool> {
        self.key_usage.map(|bits| bits & KEY_CERT_SIGN != 0)
    }

    /// May sign revocation lists: key usage `cRLSign`; `None` if it does not say.
    pub fn may_sign_revocation_lists(&self) -> Option<bool> {
        self.key_usage.map(|bits| bits & CRL_SIGN != 0)
    }

    /// Whether the serial number is zero or negative, which RFC 5280 §4.1.2.2 forbids.
    pub fn serial_is_negative_or_zero(&self) -> bool {
        self.serial.first().is_none_or(|first| first & 0x80 != 0)
            || self.serial.iter().all(|byte| *byte == 0)
    }

    /// Country of the issuer, else of the subject, as written.
    pub fn country(&self) -> Option<&str> {
        self.issuer.country().or_else(|| self.subject.country())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?} by {:?})", self.subject, self.issuer)
    }
}

/// UTCTime or GeneralizedTime (X.680 §46, §47), with the two-digit year of RFC 5280 §4.1.2.5.1.
pub(crate) fn time(element: &Element<'_>) -> Result<UtcTime, CertificateError> {
    instant(element.tag, element.value).ok_or(CertificateError::Time {
        offset: element.offset,
    })
}

fn instant(tag: u32, value: &[u8]) -> Option<UtcTime> {
    let text = std::str::from_utf8(value).ok()?;
    let (year, rest) = match tag {
        0x17 => {
            let year: i32 = text.get(..2)?.parse().ok()?;
            (
                if year < 50 { 2000 + year } else { 1900 + year },
                text.get(2..)?,
            )
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let number = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::new(year, number(0)?, number(2)?).ok()?;
    let (hour, minute) = (number(4)?, number(6)?);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let second = if digits >= 10 { number(8)? } else { 0 };
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    let local = UtcTime(date.days() * 86_400_000 + seconds * 1_000);
    let zone = rest.find(['+', '-']).and_then(|at| {
        let sign = if rest.get(at..=at)? == "+" { -1 } else { 1 };
        let hours: i64 = rest.get(at + 1..at + 3)?.parse().ok()?;
        let minutes: i64 = rest.get(at + 3..at + 5)?.parse().ok()?;
        Some(sign * (hours * 60 + minutes) * 60_000)
    });
    Some(local.plus_ms(zone.unwrap_or(0)))
}

/// A BIT STRING of whole octets.
pub(crate) fn signature_octets(bits: &Element<'_>) -> Result<Vec<u8>, DerError> {
    match bits.value.split_first() {
        Some((0, octets)) => Ok(octets.to_vec()),
        Some(_) => Err(bits.error(TlvError::WrongValue)),
        None => Err(bits.error(TlvError::Truncated)),
    }
}

fn range(element: &Element<'_>) -> Range<usize> {
    element.offset..element.offset + element.raw.len()
}

fn octets(value: &[u8], tag: u32) -> Result<Vec<u8>, DerError> {
    Ok(Der::new(value).take(tag)?.value.to_vec())
}

fn authority_key_id(value: &[u8]) -> Result<Option<Vec<u8>>, DerError> {
    let mut parts = Der::new(value).take(0x30)?.inside();
    Ok(parts.optional(0x80)?.map(|id| id.value.to_vec()))
}

fn key_usage(value: &[u8]) -> Result<u8, DerError> {
    let bits = Der::new(value).take(0x03)?;
    match bits.value {
        [_unused, first, ..] => Ok(*first),
        [_] => Ok(0),
        [] => Err(bits.error(TlvError::Truncated)),
    }
}

/// Two times, each of which may be absent, with context tags in place of that of GeneralizedTime.
fn private_key_usage(value: &[u8]) -> Result<PrivateKeyUsage, DerError> {
    let mut parts = Der::new(value).take(0x30)?.inside();
    let mut bound = |tag| {
        let Some(time) = parts.optional(tag)? else {
            return Ok(None);
        };
        let read = instant(GENERALIZED_TIME, time.value);
        read.map(Some).ok_or(time.error(TlvError::WrongValue))
    };
    Ok(PrivateKeyUsage {
        not_before: bound(0x80)?,
        not_after: bound(0x81)?,
    })
}

/// A version and a set of strings (ICAO 9303-12 §7.1).
fn document_types(value: &[u8]) -> Result<Vec<String>, DerError> {
    let mut parts = Der::new(value).take(0x30)?.inside();
    let _version = parts.take(0x02)?;
    let types = parts.take(0x31)?.inside().all()?;
    let text = |element: &Element<'_>| String::from_utf8_lossy(element.value).into_owned();
    Ok(types.iter().map(text).collect())
}

fn covers(stated: &str, code: &str) -> bool {
    match stated.trim_end_matches('<') {
        letter if letter.len() == 1 => code.starts_with(letter),
        stated => code == stated,
    }
}

fn is_authority(value: &[u8]) -> Result<bool, DerError> {
    let mut parts = Der::new(value).take(0x30)?.inside();
    Ok(parts
        .optional(0x01)?
        .is_some_and(|flag| flag.value.iter().any(|byte| *byte != 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tag: u32, text: &str) -> Option<String> {
        instant(tag, text.as_bytes()).map(|t| t.to_string())
    }

    #[test]
    fn times_are_read_in_every_form() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(at(0x17, "260301120000Z"), some("2026-03-01T12:00:00.000Z"));
        assert_eq!(at(0x17, "5003011200Z"), some("1950-03-01T12:00:00.000Z"));
        assert_eq!(
            at(0x18, "20491231235959Z"),
            some("2049-12-31T23:59:59.000Z")
        );
        assert_eq!(
            at(0x18, "20260101000000.5Z"),
            some("2026-01-01T00:00:00.000Z")
        );
        assert_eq!(
            at(0x17, "260301120000+0130"),
            some("2026-03-01T10:30:00.000Z")
        );
        assert_eq!(at(0x17, "261301120000Z"), None);
        assert_eq!(at(0x18, "é"), None);
        assert_eq!(at(0x04, "260301120000Z"), None);
    }

    #[test]
    fn a_private_key_usage_period_may_lack_either_end() {
        let period = |hex: &str| private_key_usage(&hex::decode(hex).unwrap());
        let day = |text| Some(UtcTime(Date::parse(text).unwrap().days() * 86_400_000));
        let both = "3022800F32303230303130313030303030305A810F32303230303530313030303030305A";
        let last = "3011810F32303230303530313030303030305A";
        assert_eq!(
            [both, last].map(|text| period(text).unwrap()),
            [day("2020-01-01"), None].map(|not_before| PrivateKeyUsage {
                not_before,
                not_after: day("2020-05-01"),
            })
        );
        assert!(period("3003800141").is_err());
        assert!(period("0500").is_err());
    }

    #[test]
    fn a_type_of_one_letter_stands_for_every_code_with_it() {
        let issued = document_types(&hex::decode("300C020100310713015013024944").unwrap());
        assert_eq!(
            issued.as_deref(),
            Ok(&["P".to_owned(), "ID".to_owned()][..])
        );
        let cases = [
            ("P", "P"),
            ("P", "PD"),
            ("ID", "ID"),
            ("P<", "PT"),
            ("ID", "I"),
            ("PT", "P"),
            ("V", "P"),
        ];
        assert_eq!(
            cases.map(|(stated, code)| covers(stated, code)),
            [true, true, true, true, false, false, false]
        );
    }
}
