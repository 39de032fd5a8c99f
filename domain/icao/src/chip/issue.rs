//! A test issuer: a country signing authority with a document signer that issues complete documents of made-up persons.
//!
//! Its keys come from OpenSSL's generator and live as long as the value: nothing it signs is trusted anywhere else.

use std::collections::BTreeMap;

use egate_types::{Date, MrzLines, TravelDocument};
use openssl::{
    asn1::{Asn1Integer, Asn1Time},
    bn::BigNum,
    ec::{Asn1Flag, EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Private},
    rsa::Rsa,
    sign::Signer,
    x509::{
        X509, X509Name,
        extension::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier},
    },
};

use crate::{
    lds::{ChipFiles, FileId},
    mrz::{self, MrzFormatError, MrzKey},
    sod::HashAlgorithm,
    tlv::{self, TlvError},
};

/// Kind of the issuer's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on NIST P-256, named curve.
    EcP256,
    /// ECDSA on brainpoolP256r1 with explicit parameters, as ICAO 9303-12 demands and most countries do.
    EcBrainpoolP256Explicit,
    /// RSA of 2048 bits, PKCS#1 v1.5.
    Rsa2048,
}

/// A country signing authority and its document signer.
pub struct TestIssuer {
    authority: X509,
    signer: X509,
    signer_key: PKey<Private>,
}

/// A document as handed to its holder.
#[derive(Debug, Clone)]
pub struct IssuedDocument {
    /// The chip's files.
    pub files: ChipFiles,
    /// The printed machine readable zone.
    pub mrz: MrzLines,
    /// What opens the chip.
    pub access_key: MrzKey,
}

/// What a forger changed after signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// One letter of the name in EF.DG1.
    AlteredDg1,
    /// One byte of the face record in EF.DG2 that leaves the picture readable.
    AlteredDg2,
}

/// Why a document could not be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The document does not fit a machine readable zone.
    #[error("document does not fit a machine readable zone")]
    Mrz(#[source] MrzFormatError),
    /// OpenSSL could not compute.
    #[error("signing failed")]
    Signing(#[source] ErrorStack),
    /// A certificate has an unexpected shape.
    #[error("certificate has an unexpected shape")]
    Certificate(#[source] TlvError),
}

impl From<ErrorStack> for IssueError {
    fn from(error: ErrorStack) -> Self {
        Self::Signing(error)
    }
}

impl From<TlvError> for IssueError {
    fn from(error: TlvError) -> Self {
        Self::Certificate(error)
    }
}

impl TestIssuer {
    /// An issuer of the country (two letters, `UT` for Utopia) whose certificates are valid on the days given, both included.
    pub fn new(
        country: &str,
        kind: KeyKind,
        valid_from: Date,
        valid_to: Date,
    ) -> Result<Self, IssueError> {
        let authority_key = generate(kind)?;
        let signer_key = generate(kind)?;
        let validity = (valid_from, valid_to);
        let name = name(country, "Test Country Signing CA")?;
        let authority = certificate(&name, &authority_key, None, &authority_key, validity)?;
        let signer_name = self::name(country, "Test Document Signer")?;
        let issuer = Some(&*authority);
        let signer = certificate(&signer_name, &signer_key, issuer, &authority_key, validity)?;
        Ok(Self {
            authority,
            signer,
            signer_key,
        })
    }

    /// The country signing certificate, for trust stores.
    pub fn csca_der(&self) -> Result<Vec<u8>, IssueError> {
        Ok(self.authority.to_der()?)
    }

    /// Issues a passport book: the printed zone and the signed chip.
    pub fn issue(
        &self,
        document: &TravelDocument,
        portrait: &[u8],
    ) -> Result<IssuedDocument, IssueError> {
        let mrz = mrz::format_td3(document).map_err(IssueError::Mrz)?;
        let access_key = MrzKey::new(
            document.number.expose(),
            &mrz::yymmdd(document.holder.date_of_birth),
            &mrz::yymmdd(document.date_of_expiry),
        );
        let dg1 = tlv::encode(0x61, &tlv::encode(0x5F1F, mrz.expose().concat().as_bytes()));
        let dg2 = data_group_2(portrait);
        let sod = self.security_object(&[(1, &dg1), (2, &dg2)])?;
        let com = tlv::encode_all(
            0x60,
            &[
                &tlv::encode(0x5F01, b"0107"),
                &tlv::encode(0x5F36, b"040000"),
                &tlv::encode(0x5C, &[0x61, 0x75]),
            ],
        );
        let files = BTreeMap::from([
            (FileId::Com, com),
            (FileId::Sod, sod),
            (FileId::Dg1, dg1),
            (FileId::Dg2, dg2),
        ]);
        Ok(IssuedDocument {
            files: ChipFiles::new(files),
            mrz,
            access_key,
        })
    }

    fn security_object(&self, data_groups: &[(u8, &[u8])]) -> Result<Vec<u8>, IssueError> {
        let hash = HashAlgorithm::Sha256;
        let null = [0x05, 0x00];
        let hash_identifier = tlv::encode_all(0x30, &[&tlv::encode(0x06, hash.oid()), &null]);
        let mut hashes = Vec::new();
        for (number, bytes) in data_groups {
            let digest = tlv::encode(0x04, &hash.of(bytes)?);
            hashes.extend(tlv::encode_all(0x30, &[&[0x02, 0x01, *number], &digest]));
        }
        let version = [0x02, 0x01, 0x00];
        let content = tlv::encode_all(
            0x30,
            &[&version, &hash_identifier, &tlv::encode(0x30, &hashes)],
        );
        let content_type = tlv::encode(0x06, LDS_SECURITY_OBJECT);
        let octets = tlv::encode(0xA0, &tlv::encode(0x04, &content));
        let encapsulated = tlv::encode_all(0x30, &[&content_type, &octets]);

        let digest = tlv::encode(0x04, &hash.of(&content)?);
        let attributes = [
            attribute(CONTENT_TYPE, &content_type),
            attribute(MESSAGE_DIGEST, &digest),
        ]
        .concat();
        let mut signer = Signer::new(MessageDigest::sha256(), &self.signer_key)?;
        let signature = signer.sign_oneshot_to_vec(&tlv::encode(0x31, &attributes))?;
        let algorithm = if self.signer_key.id() == Id::RSA {
            tlv::encode_all(0x30, &[&tlv::encode(0x06, SHA256_RSA), &null])
        } else {
            tlv::encode(0x30, &tlv::encode(0x06, ECDSA_SHA256))
        };
        let certificate = self.signer.to_der()?;
        let info = tlv::encode_all(
            0x30,
            &[
                &[0x02, 0x01, 0x01],
                &issuer_and_serial(&certificate)?,
                &hash_identifier,
                &tlv::encode(0xA0, &attributes),
                &algorithm,
                &tlv::encode(0x04, &signature),
            ],
        );
        let signed_data = tlv::encode_all(
            0x30,
            &[
                &[0x02, 0x01, 0x03],
                &tlv::encode(0x31, &hash_identifier),
                &encapsulated,
                &tlv::encode(0xA0, &certificate),
                &tlv::encode(0x31, &info),
            ],
        );
        let explicit = tlv::encode(0xA0, &signed_data);
        let content_info = tlv::encode_all(0x30, &[&tlv::encode(0x06, SIGNED_DATA), &explicit]);
        Ok(tlv::encode(0x77, &content_info))
    }
}

/// Changes a file after signing.
pub fn forge(files: &mut ChipFiles, forgery: Forgery) {
    let (file, marker, distance) = match forgery {
        // The second letter of the name: zone, document code and issuer come before it.
        Forgery::AlteredDg1 => (FileId::Dg1, &[0x5F_u8, 0x1F][..], 3 + 6),
        // The eye colour: record header of 14 bytes, then the seventh byte behind lengths and gender.
        Forgery::AlteredDg2 => (FileId::Dg2, &b"FAC\0"[..], 14 + 7),
    };
    let Some(mut bytes) = files.get(file).map(<[u8]>::to_vec) else {
        return;
    };
    let found = bytes
        .windows(marker.len())
        .position(|window| window == marker);
    if let Some(byte) = found.and_then(|at| bytes.get_mut(at + distance)) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    files.set(file, bytes);
}

/// Puts another portrait into EF.DG2, as a forger would who cannot sign.
pub fn replace_portrait(files: &mut ChipFiles, portrait: &[u8]) {
    files.set(FileId::Dg2, data_group_2(portrait));
}

/// CBEFF template with one full frontal face of ISO 19794-5 (ICAO 9303-10 §4.7.2).
fn data_group_2(portrait: &[u8]) -> Vec<u8> {
    let jpeg2000 = !portrait.starts_with(&[0xFF, 0xD8]);
    let mut face = Vec::new();
    face.extend((20 + 12 + portrait.len() as u32).to_be_bytes());
    // No feature points; gender, eyes, hair, features, expression, pose and its uncertainty unspecified.
    face.extend([0; 16]);
    // Full frontal; coding; size unspecified; 24-bit colour; source, device and quality unspecified.
    face.extend([1, u8::from(jpeg2000), 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    face.extend_from_slice(portrait);
    let mut record = b"FAC\x00010\x00".to_vec();
    record.extend((14 + face.len() as u32).to_be_bytes());
    record.extend([0, 1]);
    record.extend(face);
    let header = tlv::encode_all(
        0xA1,
        &[
            &tlv::encode(0x80, &[1, 1]),
            &tlv::encode(0x81, &[2]),
            &tlv::encode(0x82, &[0]),
            &tlv::encode(0x87, &[1, 1]),
            &tlv::encode(0x88, &[0, 8]),
        ],
    );
    let template = tlv::encode_all(0x7F60, &[&header, &tlv::encode(0x5F2E, &record)]);
    tlv::encode(
        0x75,
        &tlv::encode_all(0x7F61, &[&[0x02, 0x01, 0x01], &template]),
    )
}

fn generate(kind: KeyKind) -> Result<PKey<Private>, ErrorStack> {
    let on_curve = |nid, flag| {
        let mut group = EcGroup::from_curve_name(nid)?;
        group.set_asn1_flag(flag);
        PKey::from_ec_key(EcKey::generate(&group)?)
    };
    match kind {
        KeyKind::EcP256 => on_curve(Nid::X9_62_PRIME256V1, Asn1Flag::NAMED_CURVE),
        KeyKind::EcBrainpoolP256Explicit => {
            on_curve(Nid::BRAINPOOL_P256R1, Asn1Flag::EXPLICIT_CURVE)
        }
        KeyKind::Rsa2048 => PKey::from_rsa(Rsa::generate(2048)?),
    }
}

fn name(country: &str, common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COUNTRYNAME, country)?;
    name.append_entry_by_nid(Nid::ORGANIZATIONNAME, "Test only")?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    Ok(name.build())
}

/// A certificate of ICAO 9303-12 §7.1: self-signed without `issuer`.
fn certificate(
    subject: &X509Name,
    key: &PKey<Private>,
    issuer: Option<&openssl::x509::X509Ref>,
    issuer_key: &PKey<Private>,
    (valid_from, valid_to): (Date, Date),
) -> Result<X509, ErrorStack> {
    let instant = |date: Date, clock: &str| {
        let (year, month, day) = (date.year(), date.month(), date.day());
        Asn1Time::from_str_x509(&format!("{year:04}{month:02}{day:02}{clock}Z"))
    };
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_u32(if issuer.is_some() { 2 } else { 1 })?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer.map_or(subject, |issuer| issuer.subject_name()))?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*instant(valid_from, "000000")?)?;
    builder.set_not_after(&*instant(valid_to, "235959")?)?;
    let mut usage = KeyUsage::new();
    usage.critical();
    if issuer.is_none() {
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        usage.key_cert_sign().crl_sign();
    } else {
        usage.digital_signature();
    }
    builder.append_extension(usage.build()?)?;
    let subject_id = SubjectKeyIdentifier::new().build(&builder.x509v3_context(issuer, None))?;
    builder.append_extension(subject_id)?;
    if issuer.is_some() {
        let context = builder.x509v3_context(issuer, None);
        let authority_id = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(authority_id)?;
    }
    builder.sign(issuer_key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    tlv::encode_all(0x30, &[&tlv::encode(0x06, oid), &tlv::encode(0x31, value)])
}

fn issuer_and_serial(certificate: &[u8]) -> Result<Vec<u8>, TlvError> {
    let (tbs, _) = tlv::expect(tlv::expect(certificate, 0x30)?.0, 0x30)?;
    let (_version, rest) = tlv::expect(tbs, 0xA0)?;
    let (serial, rest) = tlv::read(rest)?;
    let (_algorithm, rest) = tlv::expect(rest, 0x30)?;
    Ok(tlv::encode_all(0x30, &[tlv::read(rest)?.0.raw, serial.raw]))
}

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const LDS_SECURITY_OBJECT: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
const SHA256_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
