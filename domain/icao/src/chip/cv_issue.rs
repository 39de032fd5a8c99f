//! Issuing card-verifiable certificates for tests (BSI TR-03110-3 appendix C), and signing as a terminal's key module does.
//!
//! Keys come from OpenSSL's generator and live as long as the value.

use egate_types::Date;
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcGroupRef, EcKey, PointConversionForm},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::{Padding, Rsa},
    sign::{RsaPssSaltlen, Signer},
};

use crate::{
    cv_certificate::{
        AuthorisationTemplate, CvAlgorithm, CvCertificate, CvCertificateError, ROLES, Reference,
        Role, TerminalKind,
    },
    tlv,
};

/// A private key with its name.
pub struct CvSigner {
    name: Reference,
    algorithm: CvAlgorithm,
    key: PKey<Private>,
}

/// What a certificate shall say.
#[derive(Debug, Clone)]
pub struct CvContent {
    /// What the holder may do.
    pub template: AuthorisationTemplate,
    /// First day of validity, in this century.
    pub effective: Date,
    /// Last day of validity, in this century.
    pub expiration: Date,
}

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum CvIssueError {
    /// OpenSSL could not compute.
    #[error("signing failed")]
    Signing(#[source] ErrorStack),
    /// Name, algorithm or content are none of TR-03110.
    #[error("content does not fit a card-verifiable certificate")]
    Content(#[source] CvCertificateError),
}

impl From<ErrorStack> for CvIssueError {
    fn from(error: ErrorStack) -> Self {
        Self::Signing(error)
    }
}

impl From<CvCertificateError> for CvIssueError {
    fn from(error: CvCertificateError) -> Self {
        Self::Content(error)
    }
}

impl CvSigner {
    /// A fresh RSA key.
    pub fn rsa(name: &str, algorithm: CvAlgorithm, bits: u32) -> Result<Self, CvIssueError> {
        Self::with_key(name, algorithm, PKey::from_rsa(Rsa::generate(bits)?)?)
    }

    /// A fresh key on a curve.
    pub fn ec(name: &str, algorithm: CvAlgorithm, curve: Nid) -> Result<Self, CvIssueError> {
        let key = EcKey::generate(&*EcGroup::from_curve_name(curve)?)?;
        Self::with_key(name, algorithm, PKey::from_ec_key(key)?)
    }

    /// A key that exists, e.g. read from PKCS #8.
    pub fn with_key(
        name: &str,
        algorithm: CvAlgorithm,
        key: PKey<Private>,
    ) -> Result<Self, CvIssueError> {
        Ok(Self {
            name: Reference::new(name.as_bytes())?,
            algorithm,
            key,
        })
    }

    /// A certificate signed by its own key: a root, with its curve.
    pub fn self_signed(&self, content: &CvContent) -> Result<CvCertificate, CvIssueError> {
        self.issue(self, content, true)
    }

    /// A certificate for another key; `with_curve` for link certificates only.
    pub fn issue(
        &self,
        holder: &Self,
        content: &CvContent,
        with_curve: bool,
    ) -> Result<CvCertificate, CvIssueError> {
        let role = match content.template.role {
            Role::CountryVerifying => 0xC0,
            Role::DocumentVerifierDomestic => 0x80,
            Role::DocumentVerifierForeign => 0x40,
            Role::Terminal => 0x00,
        };
        let mut bits = content.template.rights.clone();
        if let Some(first) = bits.first_mut() {
            *first = *first & 0x3F | role;
        }
        let kind = match content.template.kind {
            TerminalKind::InspectionSystem => 1,
            TerminalKind::AuthenticationTerminal => 2,
            TerminalKind::SignatureTerminal => 3,
        };
        let template = [
            tlv::encode(0x06, &[ROLES, &[kind]].concat()),
            tlv::encode(0x53, &bits),
        ]
        .concat();
        let body = tlv::encode_all(
            0x7F4E,
            &[
                &tlv::encode(0x5F29, &[0]),
                &tlv::encode(0x42, self.name.as_bytes()),
                &tlv::encode(0x7F49, &holder.public_key(with_curve)?),
                &tlv::encode(0x5F20, holder.name.as_bytes()),
                &tlv::encode(0x7F4C, &template),
                &tlv::encode(0x5F25, &digits(content.effective)),
                &tlv::encode(0x5F24, &digits(content.expiration)),
            ],
        );
        let signature = tlv::encode(0x5F37, &self.sign(&body)?);
        let certificate = tlv::encode_all(0x7F21, &[&body, &signature]);
        Ok(CvCertificate::parse(&certificate)?)
    }

    /// Signs as the key's algorithm says.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        match self.algorithm {
            CvAlgorithm::RsaPkcs1(hash) => {
                Signer::new(hash.digest(), &self.key)?.sign_oneshot_to_vec(message)
            }
            CvAlgorithm::RsaPss(hash) => {
                let mut signer = Signer::new(hash.digest(), &self.key)?;
                signer.set_rsa_padding(Padding::PKCS1_PSS)?;
                signer.set_rsa_mgf1_md(hash.digest())?;
                signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
                signer.sign_oneshot_to_vec(message)
            }
            CvAlgorithm::Ecdsa(hash) => {
                let key = self.key.ec_key()?;
                let signature = EcdsaSig::sign(&hash.of(message)?, &key)?;
                let bytes = (key.group().order_bits() as i32 + 7) / 8;
                let r = signature.r().to_vec_padded(bytes)?;
                Ok([r, signature.s().to_vec_padded(bytes)?].concat())
            }
        }
    }

    fn public_key(&self, with_curve: bool) -> Result<Vec<u8>, ErrorStack> {
        let oid = tlv::encode(0x06, &self.algorithm.oid().unwrap_or_default());
        let mut objects = vec![oid];
        match self.algorithm {
            CvAlgorithm::RsaPkcs1(_) | CvAlgorithm::RsaPss(_) => {
                let key = self.key.rsa()?;
                objects.push(tlv::encode(0x81, &key.n().to_vec()));
                objects.push(tlv::encode(0x82, &key.e().to_vec()));
            }
            CvAlgorithm::Ecdsa(_) => {
                let key = self.key.ec_key()?;
                let mut context = BigNumContext::new()?;
                let form = PointConversionForm::UNCOMPRESSED;
                let point = key.public_key().to_bytes(key.group(), form, &mut context)?;
                let curve = if with_curve {
                    curve(key.group())?
                } else {
                    Vec::new()
                };
                let cofactor = curve.get(5).cloned();
                objects.extend(curve.into_iter().take(5));
                objects.push(tlv::encode(0x86, &point));
                objects.extend(cofactor);
            }
        }
        Ok(objects.concat())
    }
}

/// Prime, coefficients, base point, order and cofactor as objects `81` to `85` and `87`.
fn curve(group: &EcGroupRef) -> Result<Vec<Vec<u8>>, ErrorStack> {
    let mut context = BigNumContext::new()?;
    let [mut prime, mut a, mut b, mut order, mut cofactor] = [
        BigNum::new()?,
        BigNum::new()?,
        BigNum::new()?,
        BigNum::new()?,
        BigNum::new()?,
    ];
    group.components_gfp(&mut prime, &mut a, &mut b, &mut context)?;
    group.order(&mut order, &mut context)?;
    group.cofactor(&mut cofactor, &mut context)?;
    let form = PointConversionForm::UNCOMPRESSED;
    let base = match group.generator_opt() {
        Some(base) => base.to_bytes(group, form, &mut context)?,
        None => Vec::new(),
    };
    let bytes = prime.num_bytes();
    Ok(vec![
        tlv::encode(0x81, &prime.to_vec()),
        tlv::encode(0x82, &a.to_vec_padded(bytes)?),
        tlv::encode(0x83, &b.to_vec_padded(bytes)?),
        tlv::encode(0x84, &base),
        tlv::encode(0x85, &order.to_vec()),
        tlv::encode(0x87, &cofactor.to_vec()),
    ])
}

/// Six unpacked decimal digits.
fn digits(date: Date) -> [u8; 6] {
    let year = date.year().rem_euclid(100) as u8;
    let (month, day) = (date.month(), date.day());
    [year, month, day]
        .map(|number| [number / 10, number % 10])
        .concat()
        .try_into()
        .unwrap_or_default()
}
