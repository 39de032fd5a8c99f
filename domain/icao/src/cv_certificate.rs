//! Card-verifiable certificates (BSI TR-03110-3 appendix C): what a chip checks before it shows fingers or irises.
//!
//! The body is verified as received, never re-encoded. Keys below the root carry no curve: they inherit it from the certificate
//! above (appendix D.3.3), so a key is only usable within its chain.

use std::fmt;

use egate_types::Date;
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    pkey::{PKey, Public},
    rsa::{Padding, Rsa},
    sign::{RsaPssSaltlen, Verifier},
};

use crate::{
    limits::{
        CV_CHAIN_MAX, CV_REFERENCE_BYTES_MAX, EC_FIELD_BYTES_MAX, EC_ORDER_BITS_MIN,
        RSA_MODULUS_BITS_MAX, RSA_MODULUS_BITS_MIN,
    },
    sod::HashAlgorithm,
    tlv::{self, TlvError},
};

/// A card-verifiable certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CvCertificate {
    /// Tag, length and value of the body as received: what is signed.
    pub body: Vec<u8>,
    /// The signature, plain for elliptic curves.
    pub signature: Vec<u8>,
    /// Who signed: certification authority reference.
    pub authority: Reference,
    /// Whose key it is: certificate holder reference.
    pub holder: Reference,
    /// The key.
    pub key: CvPublicKey,
    /// Certificate holder authorisation template.
    pub template: AuthorisationTemplate,
    /// First day of validity.
    pub effective: Date,
    /// Last day of validity.
    pub expiration: Date,
}

/// Name of a key: country, holder's mnemonic, sequence number (appendix A.6.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(Vec<u8>);

/// Which kind of terminal a template is for (appendix C.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalKind {
    /// Reads travel documents.
    InspectionSystem,
    /// Identity card applications.
    AuthenticationTerminal,
    /// Signature applications.
    SignatureTerminal,
}

/// Place in the chain: the two highest bits of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Country verifying authority, the root.
    CountryVerifying,
    /// Document verifier of the chip's own country.
    DocumentVerifierDomestic,
    /// Document verifier of another country.
    DocumentVerifierForeign,
    /// The terminal itself.
    Terminal,
}

/// What the holder may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorisationTemplate {
    /// Kind of terminal.
    pub kind: TerminalKind,
    /// Place in the chain.
    pub role: Role,
    /// Access rights, the two bits of the role cleared.
    pub rights: Vec<u8>,
}

/// How the holder of a key signs (`id-TA`, appendix D.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CvAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PSS with a salt as long as the hash.
    RsaPss(HashAlgorithm),
    /// ECDSA, plain form.
    Ecdsa(HashAlgorithm),
}

/// A public key as it stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CvPublicKey {
    /// How its holder signs.
    pub algorithm: CvAlgorithm,
    /// Its numbers.
    pub numbers: KeyNumbers,
}

/// The numbers of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyNumbers {
    /// Modulus and exponent.
    Rsa {
        /// Modulus.
        modulus: Vec<u8>,
        /// Public exponent.
        exponent: Vec<u8>,
    },
    /// A point, with its curve in the root's certificate only.
    Ec {
        /// The curve, if the certificate states it.
        curve: Option<CurveNumbers>,
        /// The point, uncompressed.
        point: Vec<u8>,
    },
}

/// A curve by its numbers (appendix D.3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurveNumbers {
    /// Prime of the field.
    pub prime: Vec<u8>,
    /// First coefficient.
    pub a: Vec<u8>,
    /// Second coefficient.
    pub b: Vec<u8>,
    /// Base point, uncompressed.
    pub base: Vec<u8>,
    /// Order of the base point.
    pub order: Vec<u8>,
    /// Cofactor.
    pub cofactor: Vec<u8>,
}

/// What a verified chain allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// Rights that every certificate of the chain grants.
    pub rights: Vec<u8>,
    /// Role of the last certificate.
    pub role: Role,
}

/// Why bytes are no card-verifiable certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CvCertificateError {
    /// The data objects are malformed or incomplete.
    #[error("card-verifiable certificate: {0}")]
    Tlv(TlvError),
    /// A profile other than version 1.
    #[error("certificate profile is not version 1")]
    Profile,
    /// A reference has fewer than 8 or more than 16 bytes.
    #[error("reference of {0} bytes")]
    Reference(usize),
    /// The key's algorithm is not of terminal authentication, or unknown.
    #[error("key algorithm is unknown")]
    Algorithm,
    /// A number of the key is missing, empty or too long, or a curve is stated in part.
    #[error("key is incomplete or outside the limits")]
    Key,
    /// The template is of an unknown kind, or empty.
    #[error("authorisation template is unknown or empty")]
    Template,
    /// A date is not six unpacked decimal digits, or no day of the calendar.
    #[error("date is malformed")]
    Date,
}

/// Why a chain does not hold.
#[derive(Debug, thiserror::Error)]
pub enum CvChainError {
    /// The chain is empty or longer than any real one.
    #[error("chain of {0} certificates")]
    Length(usize),
    /// A certificate names another issuer than the one before it.
    #[error("{holder:?} is issued by {authority:?}, not by {issuer:?}")]
    Issuer {
        /// The certificate.
        holder: Reference,
        /// Its stated issuer.
        authority: Reference,
        /// The certificate before it.
        issuer: Reference,
    },
    /// The issuer's role may not issue this one.
    #[error("{0:?} holds a role that its issuer may not grant")]
    Role(Reference),
    /// The kinds of terminal differ, or the rights have another length.
    #[error("{0:?} has another kind of authorisation than its issuer")]
    Template(Reference),
    /// Outside its validity.
    #[error("{0:?} is not valid on the day of the inspection")]
    Validity(Reference),
    /// The signature is wrong.
    #[error("signature of {0:?} is wrong")]
    Signature(Reference),
    /// No curve is known for a key.
    #[error("key of {0:?} has no curve")]
    NoCurve(Reference),
    /// A key other than the root's states a curve, which the specification forbids.
    #[error("{0:?} brings its own curve")]
    OwnCurve(Reference),
    /// OpenSSL does not accept a key.
    #[error("key of {0:?} is unusable")]
    Key(Reference, #[source] ErrorStack),
    /// An RSA key or curve too weak to prove anything.
    #[error("key of {0:?} is too weak")]
    WeakKey(Reference),
}

impl From<TlvError> for CvCertificateError {
    fn from(error: TlvError) -> Self {
        Self::Tlv(error)
    }
}

impl CvCertificate {
    /// Reads a certificate: tag `7F21`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CvCertificateError> {
        let (content, _) = tlv::expect(bytes, 0x7F21)?;
        let (body, rest) = tlv::read(content)?;
        let (fields, _) = tlv::expect(content, 0x7F4E)?;
        let (signature, _) = tlv::expect(rest, 0x5F37)?;
        let (profile, rest) = tlv::expect(fields, 0x5F29)?;
        if profile != [0] {
            return Err(CvCertificateError::Profile);
        }
        let (authority, rest) = tlv::expect(rest, 0x42)?;
        let (key, rest) = tlv::expect(rest, 0x7F49)?;
        let (holder, rest) = tlv::expect(rest, 0x5F20)?;
        let (template, rest) = tlv::expect(rest, 0x7F4C)?;
        let (effective, rest) = tlv::expect(rest, 0x5F25)?;
        // Extensions may follow; none is critical (appendix C.3).
        let (expiration, _extensions) = tlv::expect(rest, 0x5F24)?;
        Ok(Self {
            body: body.raw.to_vec(),
            signature: signature.to_vec(),
            authority: Reference::new(authority)?,
            holder: Reference::new(holder)?,
            key: public_key(key)?,
            template: authorisation_template(template)?,
            effective: date(effective)?,
            expiration: date(expiration)?,
        })
    }

    /// Body and signature as PSO: VERIFY CERTIFICATE carries them (appendix B.11.4).
    pub fn command_data(&self) -> Vec<u8> {
        [&self.body[..], &tlv::encode(0x5F37, &self.signature)].concat()
    }

    /// The whole certificate.
    pub fn to_bytes(&self) -> Vec<u8> {
        tlv::encode(0x7F21, &self.command_data())
    }

    /// Signed by its own key.
    pub fn is_self_signed(&self) -> bool {
        self.authority == self.holder
    }

    fn curve(&self) -> Option<&CurveNumbers> {
        match &self.key.numbers {
            KeyNumbers::Rsa { .. } => None,
            KeyNumbers::Ec { curve, .. } => curve.as_ref(),
        }
    }
}

impl Reference {
    /// From its characters (ISO 8859-1): two of country, up to nine of mnemonic, five of sequence number.
    pub fn new(bytes: &[u8]) -> Result<Self, CvCertificateError> {
        match bytes.len() {
            8..=CV_REFERENCE_BYTES_MAX => Ok(Self(bytes.to_vec())),
            other => Err(CvCertificateError::Reference(other)),
        }
    }

    /// Its characters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl Role {
    fn of(byte: u8) -> Self {
        match byte >> 6 {
            0b11 => Self::CountryVerifying,
            0b10 => Self::DocumentVerifierDomestic,
            0b01 => Self::DocumentVerifierForeign,
            _ => Self::Terminal,
        }
    }

    fn may_issue(self, below: Self) -> bool {
        match self {
            Self::CountryVerifying => below != Self::Terminal,
            Self::DocumentVerifierDomestic | Self::DocumentVerifierForeign => {
                below == Self::Terminal
            }
            Self::Terminal => false,
        }
    }
}

impl CvAlgorithm {
    /// From the value of an object identifier under `id-TA`.
    pub fn from_oid(oid: &[u8]) -> Option<Self> {
        use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
        match oid.strip_prefix(TERMINAL_AUTHENTICATION)? {
            [1, 1] => Some(Self::RsaPkcs1(Sha1)),
            [1, 2] => Some(Self::RsaPkcs1(Sha256)),
            [1, 3] => Some(Self::RsaPss(Sha1)),
            [1, 4] => Some(Self::RsaPss(Sha256)),
            [1, 5] => Some(Self::RsaPkcs1(Sha512)),
            [1, 6] => Some(Self::RsaPss(Sha512)),
            [2, 1] => Some(Self::Ecdsa(Sha1)),
            [2, 2] => Some(Self::Ecdsa(Sha224)),
            [2, 3] => Some(Self::Ecdsa(Sha256)),
            [2, 4] => Some(Self::Ecdsa(Sha384)),
            [2, 5] => Some(Self::Ecdsa(Sha512)),
            _ => None,
        }
    }

    /// The value of its object identifier; `None` for a pair that the specification does not name.
    pub fn oid(self) -> Option<Vec<u8>> {
        (1..=2u8)
            .flat_map(|family| (1..=6u8).map(move |number| [family, number]))
            .map(|arcs| [TERMINAL_AUTHENTICATION, &arcs].concat())
            .find(|oid| Self::from_oid(oid) == Some(self))
    }
}

/// Verifies a chain below a root that is trusted already, and returns what it allows. Link certificates of the root's own
/// country may stand at its head.
pub fn verify_chain(
    root: &CvCertificate,
    chain: &[CvCertificate],
    at: Date,
) -> Result<Authorisation, CvChainError> {
    if chain.is_empty() || chain.len() > CV_CHAIN_MAX {
        return Err(CvChainError::Length(chain.len()));
    }
    let mut issuer = root;
    let mut curve = root.curve();
    let mut rights = root.template.rights.clone();
    for certificate in chain {
        check_link(issuer, certificate, at)?;
        let key = issuer_key(issuer, curve)?;
        if !signature_holds(issuer, &key, &certificate.body, &certificate.signature) {
            return Err(CvChainError::Signature(certificate.holder.clone()));
        }
        if let Some(own) = certificate.curve() {
            if certificate.template.role != Role::CountryVerifying {
                return Err(CvChainError::OwnCurve(certificate.holder.clone()));
            }
            curve = Some(own);
        }
        for (right, granted) in rights.iter_mut().zip(&certificate.template.rights) {
            *right &= granted;
        }
        issuer = certificate;
    }
    // The last key signs later: it must be usable too.
    issuer_key(issuer, curve)?;
    Ok(Authorisation {
        rights,
        role: issuer.template.role,
    })
}

/// Verifies a signature by the holder of the last certificate of a chain, e.g. the terminal's in EXTERNAL AUTHENTICATE. The
/// chain itself must be verified before.
pub fn verify_by_holder(
    root: &CvCertificate,
    chain: &[CvCertificate],
    message: &[u8],
    signature: &[u8],
) -> Result<(), CvChainError> {
    let last = chain.last().unwrap_or(root);
    let curve = chain
        .iter()
        .rev()
        .chain([root])
        .find_map(CvCertificate::curve);
    let key = issuer_key(last, curve)?;
    if signature_holds(last, &key, message, signature) {
        Ok(())
    } else {
        Err(CvChainError::Signature(last.holder.clone()))
    }
}

/// Finds the certificates between the key that a chip trusts and a terminal, the first one below the trusted key first.
pub fn chain_between<'a>(
    trusted: &Reference,
    terminal: &Reference,
    pool: &'a [CvCertificate],
) -> Option<Vec<&'a CvCertificate>> {
    let mut chain: Vec<&CvCertificate> = Vec::new();
    let mut wanted = terminal;
    while chain.len() < CV_CHAIN_MAX {
        let next = pool
            .iter()
            .find(|c| c.holder == *wanted && !c.is_self_signed())?;
        chain.push(next);
        if next.authority == *trusted {
            chain.reverse();
            return Some(chain);
        }
        wanted = &next.authority;
    }
    None
}

fn check_link(
    issuer: &CvCertificate,
    certificate: &CvCertificate,
    at: Date,
) -> Result<(), CvChainError> {
    let holder = || certificate.holder.clone();
    if certificate.authority != issuer.holder {
        return Err(CvChainError::Issuer {
            holder: holder(),
            authority: certificate.authority.clone(),
            issuer: issuer.holder.clone(),
        });
    }
    if !issuer.template.role.may_issue(certificate.template.role) {
        return Err(CvChainError::Role(holder()));
    }
    let (above, below) = (&issuer.template, &certificate.template);
    if above.kind != below.kind || above.rights.len() != below.rights.len() {
        return Err(CvChainError::Template(holder()));
    }
    if at < certificate.effective || at > certificate.expiration {
        return Err(CvChainError::Validity(holder()));
    }
    Ok(())
}

enum UsableKey {
    Rsa(PKey<Public>),
    Ec(EcKey<Public>),
}

fn issuer_key(
    certificate: &CvCertificate,
    inherited: Option<&CurveNumbers>,
) -> Result<UsableKey, CvChainError> {
    let holder = || certificate.holder.clone();
    let unusable = |error| CvChainError::Key(certificate.holder.clone(), error);
    match &certificate.key.numbers {
        KeyNumbers::Rsa { modulus, exponent } => {
            let key = rsa_key(modulus, exponent).map_err(unusable)?;
            let weak = key.n().num_bits() < RSA_MODULUS_BITS_MIN || key.e().num_bits() < 2;
            if weak || key.n().num_bits() > RSA_MODULUS_BITS_MAX {
                return Err(CvChainError::WeakKey(holder()));
            }
            Ok(UsableKey::Rsa(PKey::from_rsa(key).map_err(unusable)?))
        }
        KeyNumbers::Ec { curve, point } => {
            let curve = curve
                .as_ref()
                .or(inherited)
                .ok_or_else(|| CvChainError::NoCurve(holder()))?;
            let key = ec_key(curve, point).map_err(unusable)?;
            if (key.group().order_bits() as i32) < EC_ORDER_BITS_MIN {
                return Err(CvChainError::WeakKey(holder()));
            }
            Ok(UsableKey::Ec(key))
        }
    }
}

fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Result<Rsa<Public>, ErrorStack> {
    Rsa::from_public_components(BigNum::from_slice(modulus)?, BigNum::from_slice(exponent)?)
}

fn ec_key(curve: &CurveNumbers, point: &[u8]) -> Result<EcKey<Public>, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let number = BigNum::from_slice;
    let (prime, a, b) = (number(&curve.prime)?, number(&curve.a)?, number(&curve.b)?);
    let mut group = EcGroup::from_components(prime, a, b, &mut context)?;
    let base = EcPoint::from_bytes(&group, &curve.base, &mut context)?;
    group.set_generator(base, number(&curve.order)?, number(&curve.cofactor)?)?;
    let point = EcPoint::from_bytes(&group, point, &mut context)?;
    let key = EcKey::from_public_key(&group, &point)?;
    key.check_key()?;
    Ok(key)
}

/// A signature that does not fit the key, or cannot be computed, does not hold.
fn signature_holds(
    signer: &CvCertificate,
    key: &UsableKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    verify_signature(signer, key, message, signature).unwrap_or(false)
}

fn verify_signature(
    signer: &CvCertificate,
    key: &UsableKey,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    match (key, signer.key.algorithm) {
        (UsableKey::Rsa(key), CvAlgorithm::RsaPkcs1(hash)) => {
            let mut verifier = Verifier::new(hash.digest(), key).ok()?;
            verifier.verify_oneshot(signature, message).ok()
        }
        (UsableKey::Rsa(key), CvAlgorithm::RsaPss(hash)) => {
            let mut verifier = Verifier::new(hash.digest(), key).ok()?;
            verifier.set_rsa_padding(Padding::PKCS1_PSS).ok()?;
            verifier.set_rsa_mgf1_md(hash.digest()).ok()?;
            verifier
                .set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
                .ok()?;
            verifier.verify_oneshot(signature, message).ok()
        }
        (UsableKey::Ec(key), CvAlgorithm::Ecdsa(hash)) => {
            let bytes = (key.group().order_bits() as usize).div_ceil(8);
            let (r, s) = signature
                .split_at_checked(bytes)
                .filter(|(_, s)| s.len() == bytes)?;
            let r = BigNum::from_slice(r).ok()?;
            let s = BigNum::from_slice(s).ok()?;
            let pair = EcdsaSig::from_private_components(r, s).ok()?;
            pair.verify(&hash.of(message).ok()?, key).ok()
        }
        (
            UsableKey::Rsa(_) | UsableKey::Ec(_),
            CvAlgorithm::RsaPkcs1(_) | CvAlgorithm::RsaPss(_) | CvAlgorithm::Ecdsa(_),
        ) => None,
    }
}

/// The first two objects of a level with their tags, as they must come: `06`, then numbers in ascending order.
fn public_key(content: &[u8]) -> Result<CvPublicKey, CvCertificateError> {
    let (oid, rest) = tlv::expect(content, 0x06)?;
    let algorithm = CvAlgorithm::from_oid(oid).ok_or(CvCertificateError::Algorithm)?;
    let objects = tlv::children(rest)?;
    let number = |tag: u32, bytes_max: usize| {
        let found = objects.iter().find(|o| o.tag == tag).map(|o| o.value);
        match found {
            Some(value) if value.is_empty() || value.len() > bytes_max => {
                Err(CvCertificateError::Key)
            }
            found => Ok(found.map(<[u8]>::to_vec)),
        }
    };
    let numbers = match algorithm {
        CvAlgorithm::RsaPkcs1(_) | CvAlgorithm::RsaPss(_) => {
            let bytes_max = RSA_MODULUS_BITS_MAX as usize / 8 + 1;
            KeyNumbers::Rsa {
                modulus: number(0x81, bytes_max)?.ok_or(CvCertificateError::Key)?,
                exponent: number(0x82, bytes_max)?.ok_or(CvCertificateError::Key)?,
            }
        }
        CvAlgorithm::Ecdsa(_) => {
            let (field, point) = (EC_FIELD_BYTES_MAX + 1, 2 * EC_FIELD_BYTES_MAX + 1);
            let curve = match (
                number(0x81, field)?,
                number(0x82, field)?,
                number(0x83, field)?,
                number(0x84, point)?,
                number(0x85, field)?,
                number(0x87, field)?,
            ) {
                (None, None, None, None, None, None) => None,
                (Some(prime), Some(a), Some(b), Some(base), Some(order), Some(cofactor)) => {
                    Some(CurveNumbers {
                        prime,
                        a,
                        b,
                        base,
                        order,
                        cofactor,
                    })
                }
                _ => return Err(CvCertificateError::Key),
            };
            KeyNumbers::Ec {
                curve,
                point: number(0x86, point)?.ok_or(CvCertificateError::Key)?,
            }
        }
    };
    Ok(CvPublicKey { algorithm, numbers })
}

fn authorisation_template(content: &[u8]) -> Result<AuthorisationTemplate, CvCertificateError> {
    let (oid, rest) = tlv::expect(content, 0x06)?;
    let (bits, _) = tlv::expect(rest, 0x53)?;
    let kind = match oid.strip_prefix(ROLES) {
        Some([1]) => TerminalKind::InspectionSystem,
        Some([2]) => TerminalKind::AuthenticationTerminal,
        Some([3]) => TerminalKind::SignatureTerminal,
        Some(_) | None => return Err(CvCertificateError::Template),
    };
    let mut rights = bits.to_vec();
    let first = rights.first_mut().ok_or(CvCertificateError::Template)?;
    let role = Role::of(*first);
    *first &= 0x3F;
    Ok(AuthorisationTemplate { kind, role, rights })
}

/// Six unpacked digits, YYMMDD after 2000 (appendix D.2.1.3).
fn date(digits: &[u8]) -> Result<Date, CvCertificateError> {
    let [a, b, c, d, e, f] = digits else {
        return Err(CvCertificateError::Date);
    };
    if digits.iter().any(|digit| *digit > 9) {
        return Err(CvCertificateError::Date);
    }
    Date::new(2000 + i32::from(a * 10 + b), c * 10 + d, e * 10 + f)
        .map_err(|_| CvCertificateError::Date)
}

/// id-TA, 0.4.0.127.0.7.2.2.2.
const TERMINAL_AUTHENTICATION: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02];
/// id-roles, 0.4.0.127.0.7.3.1.2.
pub(crate) const ROLES: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02];
