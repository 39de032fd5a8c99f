//! A test issuer: country signing authorities with document signers that issue complete documents of made-up persons.
//!
//! Its keys come from OpenSSL's generator and live as long as the value: nothing it signs is trusted anywhere else.
//! [`TestIssuer`] is the short way to a good document; [`authority`] and [`DocumentOptions`] make every other one.

pub mod authority;
mod forgery;
mod key;
mod signed_data;

use std::collections::BTreeMap;

use egate_types::{Date, MrzLines, TravelDocument, UtcTime};
use openssl::error::ErrorStack;

use crate::{
    evidence::SECURITY_OBJECT,
    lds::{ChipFiles, FileId},
    mrz::{self, MrzFormatError, MrzKey},
    sod::{HashAlgorithm, LDS_SECURITY_OBJECT},
    tlv,
};

use authority::{Authority, DocumentSigner, SignerOptions};
use key::hash_identifier;
use signed_data::Envelope;

pub use forgery::{Forgery, forge, replace_portrait};
pub use key::{KeyKind, SignatureScheme};

/// A country signing authority and its document signer.
pub struct TestIssuer {
    authority: Authority,
    signer: DocumentSigner,
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

/// How a document is made, beside what it says.
#[derive(Debug, Clone)]
pub struct DocumentOptions {
    /// Hash of the data groups.
    pub hash: HashAlgorithm,
    /// The signing time that EF.SOD states.
    pub signing_time: Option<UtcTime>,
    /// Whether EF.SOD holds the signer's certificate.
    pub encloses_certificate: bool,
    /// The signer is named by its key, not by issuer and serial number.
    pub names_signer_by_key: bool,
    /// Value of the content type's object identifier; that of a security object unless a test wants another one.
    pub content_type: Vec<u8>,
    /// Whole data groups beside 1 and 2, by number.
    pub data_groups: BTreeMap<u8, Vec<u8>>,
    /// Data groups that EF.COM leaves out.
    pub hidden_in_com: Vec<u8>,
    /// How the encoding of EF.SOD is odd.
    pub quirk: Option<Quirk>,
}

/// Oddities of real security objects that readers must tolerate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quirk {
    /// Indefinite lengths and a content in two pieces.
    Ber,
    /// Integers of the ECDSA signature with leading zeros.
    LeadingZeros,
    /// A hash identifier without NULL inside the RSA signature.
    NoNullInDigestInfo,
    /// Signed attributes sent in another order than signed.
    AttributesSentUnsorted,
    /// Signed attributes signed and sent in another order than DER's.
    AttributesUnsorted,
    /// The signer info writes the issuer's name in another order than the certificate does.
    IssuerUnsorted,
    /// The signer info names another serial number than that of the enclosed certificate.
    OtherSignerNamed,
}

impl Default for DocumentOptions {
    fn default() -> Self {
        Self {
            hash: HashAlgorithm::Sha256,
            signing_time: None,
            encloses_certificate: true,
            names_signer_by_key: false,
            content_type: LDS_SECURITY_OBJECT.to_vec(),
            data_groups: BTreeMap::new(),
            hidden_in_com: Vec::new(),
            quirk: None,
        }
    }
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
}

impl From<ErrorStack> for IssueError {
    fn from(error: ErrorStack) -> Self {
        Self::Signing(error)
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
        let (scheme, validity) = (SignatureScheme::SHA256, (valid_from, valid_to));
        let authority =
            Authority::new(country, "Test Country Signing CA", (kind, scheme), validity)?;
        let signer = authority.document_signer(&SignerOptions {
            kind,
            scheme,
            serial: 2,
            validity,
            fault: None,
        })?;
        Ok(Self { authority, signer })
    }

    /// The country signing certificate, for trust stores.
    pub fn csca_der(&self) -> Result<Vec<u8>, IssueError> {
        Ok(self.authority.certificate().to_vec())
    }

    /// Issues a passport book: the printed zone and the signed chip.
    pub fn issue(
        &self,
        document: &TravelDocument,
        portrait: &[u8],
    ) -> Result<IssuedDocument, IssueError> {
        self.signer
            .issue(document, portrait, &DocumentOptions::default())
    }

    /// Issues a passport book made in another way.
    pub fn issue_with(
        &self,
        document: &TravelDocument,
        portrait: &[u8],
        options: &DocumentOptions,
    ) -> Result<IssuedDocument, IssueError> {
        self.signer.issue(document, portrait, options)
    }

    /// EF.CardSecurity with these SecurityInfos.
    pub fn card_security(&self, infos: &[Vec<u8>]) -> Result<Vec<u8>, IssueError> {
        self.signer.card_security(infos)
    }
}

impl DocumentSigner {
    /// Issues a passport book: the printed zone and the signed chip.
    pub fn issue(
        &self,
        document: &TravelDocument,
        portrait: &[u8],
        options: &DocumentOptions,
    ) -> Result<IssuedDocument, IssueError> {
        let mrz = mrz::format_td3(document).map_err(IssueError::Mrz)?;
        let access_key = MrzKey::new(
            document.number.expose(),
            &mrz::yymmdd(document.holder.date_of_birth),
            &mrz::yymmdd(document.date_of_expiry),
        );
        let mut data_groups = options.data_groups.clone();
        let zone = tlv::encode(0x5F1F, mrz.expose().concat().as_bytes());
        data_groups.insert(1, tlv::encode(0x61, &zone));
        data_groups.insert(2, data_group_2(portrait));
        let mut files = BTreeMap::from([
            (FileId::Com, com(&data_groups, &options.hidden_in_com)),
            (FileId::Sod, self.security_object(&data_groups, options)?),
        ]);
        for (number, bytes) in data_groups {
            files.extend(FileId::of_data_group(number).map(|file| (file, bytes)));
        }
        Ok(IssuedDocument {
            files: ChipFiles::new(files),
            mrz,
            access_key,
        })
    }

    /// EF.CardSecurity with these SecurityInfos (ICAO 9303-11 §9.2.11).
    pub fn card_security(&self, infos: &[Vec<u8>]) -> Result<Vec<u8>, IssueError> {
        let envelope = Envelope {
            content_type: SECURITY_OBJECT,
            content: &tlv::encode(0x31, &infos.concat()),
            signer_id: self.issuer_and_serial(),
            signing_time: None,
            certificates: &[self.certificate()],
            quirk: None,
        };
        envelope.sign(&self.key)
    }

    fn security_object(
        &self,
        data_groups: &BTreeMap<u8, Vec<u8>>,
        options: &DocumentOptions,
    ) -> Result<Vec<u8>, IssueError> {
        let mut hashes = Vec::new();
        for (number, bytes) in data_groups {
            let digest = tlv::encode(0x04, &options.hash.of(bytes)?);
            hashes.extend(tlv::encode_all(0x30, &[&[0x02, 0x01, *number], &digest]));
        }
        let content = tlv::encode_all(
            0x30,
            &[
                &[0x02, 0x01, 0x00],
                &hash_identifier(options.hash),
                &tlv::encode(0x30, &hashes),
            ],
        );
        let enclosed = [self.certificate()];
        let envelope = Envelope {
            content_type: &options.content_type,
            content: &content,
            signer_id: match options.quirk {
                Some(Quirk::IssuerUnsorted) => self.unsorted_issuer_and_serial(),
                Some(Quirk::OtherSignerNamed) => self.other_signer(),
                _ if options.names_signer_by_key => self.key_id()?,
                _ => self.issuer_and_serial(),
            },
            signing_time: options.signing_time,
            certificates: if options.encloses_certificate {
                &enclosed
            } else {
                &[]
            },
            quirk: options.quirk,
        };
        Ok(tlv::encode(0x77, &envelope.sign(&self.key)?))
    }
}

/// Tags of data groups 1 to 16 in EF.COM (ICAO 9303-10 §4.2).
const DATA_GROUP_TAGS: [u8; 16] = [
    0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
];

fn com(data_groups: &BTreeMap<u8, Vec<u8>>, hidden: &[u8]) -> Vec<u8> {
    let listed = data_groups.keys().filter(|number| !hidden.contains(number));
    let tags: Vec<u8> = listed
        .filter_map(|number| DATA_GROUP_TAGS.get(usize::from(*number).checked_sub(1)?))
        .copied()
        .collect();
    tlv::encode_all(
        0x60,
        &[
            &tlv::encode(0x5F01, b"0107"),
            &tlv::encode(0x5F36, b"040000"),
            &tlv::encode(0x5C, &tags),
        ],
    )
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
