//! SecurityInfos (ICAO 9303-11 §9.2): which protocols a chip offers, with their parameters.
//!
//! They stand in EF.CardAccess, in EF.DG14 and in the signed content of EF.CardSecurity. An entry that is unknown, or known and
//! malformed, is kept by its object identifier and disturbs no other entry.

use std::fmt;

use crate::{
    domain_parameters::{DomainParameterError, DomainParameters, KeyAgreement, PublicKey},
    key_derivation::CipherSuite,
    limits::SECURITY_INFOS_MAX,
    tlv::{self, Tlv, TlvError},
};

/// The value bytes of an ASN.1 object identifier.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectIdentifier(Vec<u8>);

/// All entries of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityInfos {
    /// PACE protocols (§9.2.1).
    pub pace: Vec<PaceInfo>,
    /// Proprietary domain parameters of PACE (§9.2.1).
    pub pace_parameters: Vec<PaceDomainParameterInfo>,
    /// Active Authentication with ECDSA (§9.2.3).
    pub active_authentication: Vec<ActiveAuthenticationInfo>,
    /// Chip Authentication protocols (§9.2.4).
    pub chip_authentication: Vec<ChipAuthenticationInfo>,
    /// Static keys of the chip (§9.2.5).
    pub chip_authentication_keys: Vec<ChipAuthenticationPublicKeyInfo>,
    /// Terminal Authentication (§9.2.6).
    pub terminal_authentication: Vec<TerminalAuthenticationInfo>,
    /// Entries of other kinds, EFDIRInfo among them.
    pub unknown: Vec<ObjectIdentifier>,
    /// Entries of a kind named above whose content cannot be read.
    pub malformed: Vec<MalformedSecurityInfo>,
}

/// An entry that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedSecurityInfo {
    /// The kind of entry.
    pub protocol: ObjectIdentifier,
    /// What is wrong with it.
    pub error: SecurityInfoError,
}

/// One variant of PACE: mapping, key agreement and ciphers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PaceProtocol {
    /// How the nonce becomes a generator.
    pub mapping: PaceMapping,
    /// Diffie-Hellman in a prime field or on a curve.
    pub agreement: KeyAgreement,
    /// Ciphers of the nonce and of the channel.
    pub cipher: CipherSuite,
}

/// How PACE turns the nonce into a generator (§4.4.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PaceMapping {
    /// Generic Mapping.
    Generic,
    /// Integrated Mapping.
    Integrated,
    /// Generic Mapping that also proves the chip's static key.
    ChipAuthentication,
}

/// PACEInfo: a PACE protocol of the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaceInfo {
    /// Which variant.
    pub protocol: PaceProtocol,
    /// 2 in every document; 1 is out of use.
    pub version: u32,
    /// Below 32: standardised domain parameters; else the number of a [`PaceDomainParameterInfo`].
    pub parameter_id: Option<u64>,
}

/// PACEDomainParameterInfo: domain parameters that are not standardised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaceDomainParameterInfo {
    /// The mapping they serve.
    pub mapping: PaceMapping,
    /// The key agreement they serve.
    pub agreement: KeyAgreement,
    /// Content of the AlgorithmIdentifier; read with [`DomainParameters::from_algorithm_identifier`].
    pub algorithm: Vec<u8>,
    /// Their number.
    pub parameter_id: Option<u64>,
}

/// ActiveAuthenticationInfo: how an ECDSA key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveAuthenticationInfo {
    /// 1.
    pub version: u32,
    /// Signature algorithm, as in BSI TR-03111 (`ecdsa-plain-…`).
    pub signature_algorithm: ObjectIdentifier,
}

/// ChipAuthenticationInfo: a Chip Authentication protocol of the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipAuthenticationInfo {
    /// Diffie-Hellman in a prime field or on a curve.
    pub agreement: KeyAgreement,
    /// Ciphers of the channel after it.
    pub cipher: CipherSuite,
    /// 1 for travel documents.
    pub version: u32,
    /// Which of the chip's static keys; absent where there is one only.
    pub key_id: Option<u64>,
}

/// ChipAuthenticationPublicKeyInfo: a static key of the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipAuthenticationPublicKeyInfo {
    /// Diffie-Hellman in a prime field or on a curve.
    pub agreement: KeyAgreement,
    /// The whole SubjectPublicKeyInfo as received; read with [`Self::key`].
    pub subject_public_key_info: Vec<u8>,
    /// The key's number.
    pub key_id: Option<u64>,
}

/// TerminalAuthenticationInfo: the chip asks for Terminal Authentication before sensitive files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalAuthenticationInfo {
    /// 1 for travel documents.
    pub version: u32,
    /// Where EF.CVCA lies, if not at its usual place.
    pub ef_cvca: Option<FileReference>,
}

/// A file by its identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileReference {
    /// Two-byte file identifier.
    pub identifier: [u8; 2],
    /// Short file identifier, 1..=30.
    pub short_identifier: Option<u8>,
}

/// Why SecurityInfos cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecurityInfoError {
    /// The data objects are malformed.
    #[error("malformed data objects")]
    Tlv(#[source] TlvError),
    /// More entries than [`SECURITY_INFOS_MAX`].
    #[error("{0} entries")]
    TooMany(usize),
    /// An integer is negative, empty or larger than 64 bits.
    #[error("integer out of range")]
    Integer,
    /// A file identifier has not two bytes, or a short one not one.
    #[error("file identifier of wrong length")]
    FileIdentifier,
    /// An entry has more parts than its kind allows.
    #[error("unexpected data object {0:X}")]
    Unexpected(u32),
}

impl From<TlvError> for SecurityInfoError {
    fn from(error: TlvError) -> Self {
        Self::Tlv(error)
    }
}

/// `bsi-de protocols smartcard`: 0.4.0.127.0.7.2.2.
const BSI_SMARTCARD: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02];
/// `id-icao-mrtd-security-aaProtocolObject`: 2.23.136.1.1.5.
const ACTIVE_AUTHENTICATION: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x05];

const SET: u32 = 0x31;
const SEQUENCE: u32 = 0x30;
const OID: u32 = 0x06;
const INTEGER: u32 = 0x02;
const OCTET_STRING: u32 = 0x04;

impl SecurityInfos {
    /// Reads the SET OF SecurityInfo: the content of EF.CardAccess or of EF.CardSecurity's signed data. Bytes behind the SET are
    /// padding of the file and ignored; BER with indefinite lengths is accepted.
    pub fn parse(bytes: &[u8]) -> Result<Self, SecurityInfoError> {
        match Self::parse_definite(bytes) {
            Err(SecurityInfoError::Tlv(TlvError::Indefinite)) => {
                Self::parse_definite(&tlv::to_definite(bytes)?)
            }
            read => read,
        }
    }

    /// Reads the file EF.DG14: tag `6E` around the SET.
    pub fn parse_dg14(file: &[u8]) -> Result<Self, SecurityInfoError> {
        match tlv::expect(file, 0x6E) {
            Ok((set, _)) => Self::parse(set),
            Err(TlvError::Indefinite) => {
                let definite = tlv::to_definite(file)?;
                Self::parse(tlv::expect(&definite, 0x6E)?.0)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether every PACE protocol named here, and all domain parameters of one, are named in `other` too. EF.CardAccess is not
    /// signed, but EF.DG14 repeats its content (§9.2.11): one entry less, or a weaker one more, is a downgrade.
    pub fn pace_is_within(&self, other: &Self) -> bool {
        self.pace.iter().all(|info| other.pace.contains(info))
            && self
                .pace_parameters
                .iter()
                .all(|info| other.pace_parameters.contains(info))
    }

    fn parse_definite(bytes: &[u8]) -> Result<Self, SecurityInfoError> {
        let entries = tlv::children(tlv::expect(bytes, SET)?.0)?;
        if entries.len() > SECURITY_INFOS_MAX {
            return Err(SecurityInfoError::TooMany(entries.len()));
        }
        let mut infos = Self::default();
        for entry in entries {
            let (oid, rest) = tlv::expect(tlv::expect(entry.raw, SEQUENCE)?.0, OID)?;
            let protocol = ObjectIdentifier(oid.to_vec());
            match infos.add(&protocol, rest) {
                Ok(true) => {}
                Ok(false) => infos.unknown.push(protocol),
                // The outer reader rewrites indefinite lengths and comes again.
                Err(error @ SecurityInfoError::Tlv(TlvError::Indefinite)) => return Err(error),
                Err(error) => infos
                    .malformed
                    .push(MalformedSecurityInfo { protocol, error }),
            }
        }
        Ok(infos)
    }

    /// Adds an entry; `false` where its kind is unknown.
    fn add(&mut self, protocol: &ObjectIdentifier, rest: &[u8]) -> Result<bool, SecurityInfoError> {
        if protocol.0 == ACTIVE_AUTHENTICATION {
            self.active_authentication
                .push(active_authentication(rest)?);
            return Ok(true);
        }
        match protocol.0.strip_prefix(BSI_SMARTCARD) {
            Some([1, key]) => {
                let Some(agreement) = agreement(*key) else {
                    return Ok(false);
                };
                self.chip_authentication_keys
                    .push(public_key(agreement, rest)?);
            }
            Some([2]) => self
                .terminal_authentication
                .push(terminal_authentication(rest)?),
            Some([3, key, cipher]) => {
                let (Some(agreement), Some(cipher)) =
                    (agreement(*key), CipherSuite::from_arc(*cipher))
                else {
                    return Ok(false);
                };
                let (version, key_id) = numbers(rest)?;
                self.chip_authentication.push(ChipAuthenticationInfo {
                    agreement,
                    cipher,
                    version,
                    key_id,
                });
            }
            Some([4, variant, cipher]) => {
                let Some(protocol) = PaceProtocol::from_arcs(*variant, *cipher) else {
                    return Ok(false);
                };
                let (version, parameter_id) = numbers(rest)?;
                self.pace.push(PaceInfo {
                    protocol,
                    version,
                    parameter_id,
                });
            }
            Some([4, variant]) => {
                let Some((mapping, agreement)) = variant_of(*variant) else {
                    return Ok(false);
                };
                self.pace_parameters
                    .push(pace_parameters(mapping, agreement, rest)?);
            }
            Some(_) | None => return Ok(false),
        }
        Ok(true)
    }
}

impl ObjectIdentifier {
    /// From the value bytes.
    pub fn from_bytes(value: &[u8]) -> Self {
        Self(value.to_vec())
    }

    /// The value bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ObjectIdentifier {
    /// Arcs with dots between them; bytes in hexadecimal where they are no arcs of 64 bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(arcs) = arcs(&self.0) else {
            return self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"));
        };
        for (at, arc) in arcs.iter().enumerate() {
            write!(f, "{}{arc}", if at == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectIdentifier({self})")
    }
}

fn arcs(value: &[u8]) -> Option<Vec<u64>> {
    let mut arcs = Vec::new();
    let mut arc = 0u64;
    for byte in value {
        arc = arc.checked_mul(128)? | u64::from(byte & 0x7F);
        if byte & 0x80 != 0 {
            continue;
        }
        if arcs.is_empty() {
            let root = (arc / 40).min(2);
            arcs.push(root);
            arc -= root * 40;
        }
        arcs.push(arc);
        arc = 0;
    }
    (value.last()? & 0x80 == 0).then_some(arcs)
}

impl PaceProtocol {
    /// The value bytes of its object identifier, `id-PACE-…` (§9.2.1).
    pub fn object_identifier(self) -> ObjectIdentifier {
        let variant = match (self.mapping, self.agreement) {
            (PaceMapping::Generic, KeyAgreement::Dh) => 1,
            (PaceMapping::Generic, KeyAgreement::Ecdh) => 2,
            (PaceMapping::Integrated, KeyAgreement::Dh) => 3,
            (PaceMapping::Integrated, KeyAgreement::Ecdh) => 4,
            (PaceMapping::ChipAuthentication, KeyAgreement::Dh | KeyAgreement::Ecdh) => 6,
        };
        ObjectIdentifier([BSI_SMARTCARD, &[4, variant, self.cipher.arc()]].concat())
    }

    /// Its published name (§9.2.1), e.g. `id-PACE-ECDH-GM-AES-CBC-CMAC-128`.
    pub fn name(self) -> String {
        let agreement = match self.agreement {
            KeyAgreement::Dh => "DH",
            KeyAgreement::Ecdh => "ECDH",
        };
        let mapping = match self.mapping {
            PaceMapping::Generic => "GM",
            PaceMapping::Integrated => "IM",
            PaceMapping::ChipAuthentication => "CAM",
        };
        let cipher = match self.cipher {
            CipherSuite::TripleDes => "3DES-CBC-CBC",
            CipherSuite::Aes128 => "AES-CBC-CMAC-128",
            CipherSuite::Aes192 => "AES-CBC-CMAC-192",
            CipherSuite::Aes256 => "AES-CBC-CMAC-256",
        };
        format!("id-PACE-{agreement}-{mapping}-{cipher}")
    }

    /// From the value bytes of an object identifier; `None` where it names no PACE protocol.
    pub fn from_object_identifier(oid: &ObjectIdentifier) -> Option<Self> {
        match oid.0.strip_prefix(BSI_SMARTCARD) {
            Some([4, variant, cipher]) => Self::from_arcs(*variant, *cipher),
            Some(_) | None => None,
        }
    }

    fn from_arcs(variant: u8, cipher: u8) -> Option<Self> {
        let (mapping, agreement) = variant_of(variant)?;
        let cipher = CipherSuite::from_arc(cipher)?;
        // Chip Authentication Mapping is defined for AES alone.
        if mapping == PaceMapping::ChipAuthentication && cipher == CipherSuite::TripleDes {
            return None;
        }
        Some(Self {
            mapping,
            agreement,
            cipher,
        })
    }
}

impl ChipAuthenticationInfo {
    /// The value bytes of its object identifier, `id-CA-…` (§9.2.4).
    pub fn object_identifier(&self) -> ObjectIdentifier {
        let agreement = match self.agreement {
            KeyAgreement::Dh => 1,
            KeyAgreement::Ecdh => 2,
        };
        ObjectIdentifier([BSI_SMARTCARD, &[3, agreement, self.cipher.arc()]].concat())
    }
}

impl ChipAuthenticationPublicKeyInfo {
    /// The key with its domain parameters.
    pub fn key(&self) -> Result<PublicKey, DomainParameterError> {
        let key = DomainParameters::from_subject_public_key_info(&self.subject_public_key_info)?;
        if key.parameters.agreement() == self.agreement {
            Ok(key)
        } else {
            Err(DomainParameterError::Algorithm)
        }
    }
}

fn agreement(arc: u8) -> Option<KeyAgreement> {
    match arc {
        1 => Some(KeyAgreement::Dh),
        2 => Some(KeyAgreement::Ecdh),
        _ => None,
    }
}

fn variant_of(arc: u8) -> Option<(PaceMapping, KeyAgreement)> {
    match arc {
        1 => Some((PaceMapping::Generic, KeyAgreement::Dh)),
        2 => Some((PaceMapping::Generic, KeyAgreement::Ecdh)),
        3 => Some((PaceMapping::Integrated, KeyAgreement::Dh)),
        4 => Some((PaceMapping::Integrated, KeyAgreement::Ecdh)),
        6 => Some((PaceMapping::ChipAuthentication, KeyAgreement::Ecdh)),
        _ => None,
    }
}

fn active_authentication(rest: &[u8]) -> Result<ActiveAuthenticationInfo, SecurityInfoError> {
    let (version, rest) = tlv::expect(rest, INTEGER)?;
    let (algorithm, _) = tlv::expect(rest, OID)?;
    Ok(ActiveAuthenticationInfo {
        version: version_of(version)?,
        signature_algorithm: ObjectIdentifier(algorithm.to_vec()),
    })
}

fn public_key(
    agreement: KeyAgreement,
    rest: &[u8],
) -> Result<ChipAuthenticationPublicKeyInfo, SecurityInfoError> {
    let (key, rest) = expect_raw(rest, SEQUENCE)?;
    Ok(ChipAuthenticationPublicKeyInfo {
        agreement,
        subject_public_key_info: key.raw.to_vec(),
        key_id: optional_integer(rest)?,
    })
}

fn pace_parameters(
    mapping: PaceMapping,
    agreement: KeyAgreement,
    rest: &[u8],
) -> Result<PaceDomainParameterInfo, SecurityInfoError> {
    let (algorithm, rest) = expect_raw(rest, SEQUENCE)?;
    Ok(PaceDomainParameterInfo {
        mapping,
        agreement,
        algorithm: algorithm.value.to_vec(),
        parameter_id: optional_integer(rest)?,
    })
}

fn terminal_authentication(rest: &[u8]) -> Result<TerminalAuthenticationInfo, SecurityInfoError> {
    let (version, rest) = tlv::expect(rest, INTEGER)?;
    let ef_cvca = if rest.is_empty() {
        None
    } else {
        Some(file_reference(tlv::expect(rest, SEQUENCE)?.0)?)
    };
    Ok(TerminalAuthenticationInfo {
        version: version_of(version)?,
        ef_cvca,
    })
}

fn file_reference(content: &[u8]) -> Result<FileReference, SecurityInfoError> {
    let (identifier, rest) = tlv::expect(content, OCTET_STRING)?;
    let identifier =
        <[u8; 2]>::try_from(identifier).map_err(|_| SecurityInfoError::FileIdentifier)?;
    let short_identifier = if rest.is_empty() {
        None
    } else {
        match tlv::expect(rest, OCTET_STRING)?.0 {
            [short] => Some(*short),
            _ => return Err(SecurityInfoError::FileIdentifier),
        }
    };
    Ok(FileReference {
        identifier,
        short_identifier,
    })
}

/// A version and an optional number.
fn numbers(rest: &[u8]) -> Result<(u32, Option<u64>), SecurityInfoError> {
    let (version, rest) = tlv::expect(rest, INTEGER)?;
    Ok((version_of(version)?, optional_integer(rest)?))
}

fn optional_integer(rest: &[u8]) -> Result<Option<u64>, SecurityInfoError> {
    if rest.is_empty() {
        return Ok(None);
    }
    let (number, rest) = tlv::read(rest)?;
    if number.tag != INTEGER {
        return Err(SecurityInfoError::Unexpected(number.tag));
    }
    match rest.first() {
        None => integer(number.value).map(Some),
        Some(tag) => Err(SecurityInfoError::Unexpected(u32::from(*tag))),
    }
}

fn version_of(value: &[u8]) -> Result<u32, SecurityInfoError> {
    u32::try_from(integer(value)?).map_err(|_| SecurityInfoError::Integer)
}

fn integer(value: &[u8]) -> Result<u64, SecurityInfoError> {
    match value {
        [] | [0x80..=0xFF, ..] => Err(SecurityInfoError::Integer),
        bytes => {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let significant = bytes.get(zeros..).unwrap_or_default();
            if significant.len() > 8 {
                return Err(SecurityInfoError::Integer);
            }
            Ok(significant
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
    }
}

fn expect_raw(bytes: &[u8], tag: u32) -> Result<(Tlv<'_>, &[u8]), TlvError> {
    let (object, rest) = tlv::read(bytes)?;
    if object.tag == tag {
        Ok((object, rest))
    } else {
        Err(TlvError::WrongTag {
            expected: tag,
            found: object.tag,
        })
    }
}
