//! Whole virtual passports of the generations in circulation: files, printed zone, and a chip that can do what they promise.

use std::collections::BTreeMap;

use egate_types::TravelDocument;

use super::{
    Chip, ChipFault,
    chip_authentication::{ChipAuthenticationKeys, StaticKey, data_group_14},
    issue::{DocumentOptions, IssueError, IssuedDocument, TestIssuer},
    pace::{self, Pace},
};
use crate::{
    domain_parameters::{DomainParameterError, DomainParameters, KeyAgreement},
    key_derivation::{CipherSuite, Password},
    lds::FileId,
    pace::offers,
    security_infos::{PaceMapping, PaceProtocol, SecurityInfoError, SecurityInfos},
    tlv,
};

/// brainpoolP256r1, the group of most documents with an elliptic curve (ICAO 9303-11 §9.5.1).
const GROUP: u8 = 13;
/// Random bytes for a static key.
pub const KEY_RANDOM_BYTES: usize = 74;

/// How a chip is opened and proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Basic Access Control and no proof, as from 2004.
    Bac,
    /// PACE with Generic Mapping, and Chip Authentication; as most of today.
    Pace,
    /// PACE with Chip Authentication Mapping, and the same key for Chip Authentication.
    PaceCam,
}

/// A virtual passport.
#[derive(Clone)]
pub struct Passport {
    /// Files and printed zone.
    pub issued: IssuedDocument,
    generation: Generation,
    key: Option<StaticKey>,
    mapping_key: Option<pace::StaticKey>,
}

/// Why a passport could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PassportError {
    /// Its files could not be issued.
    #[error("document cannot be issued")]
    Issue(#[from] IssueError),
    /// Its static key could not be made.
    #[error("chip's static key cannot be made")]
    Key(#[from] DomainParameterError),
    /// Its own EF.CardAccess is not understood.
    #[error("EF.CardAccess")]
    CardAccess(#[from] SecurityInfoError),
}

impl Passport {
    /// Issues a passport of a generation. `random` makes the chip's static key.
    pub fn issue(
        issuer: &TestIssuer,
        generation: Generation,
        document: &TravelDocument,
        portrait: &[u8],
        random: &[u8; KEY_RANDOM_BYTES],
    ) -> Result<Self, PassportError> {
        if generation == Generation::Bac {
            return Ok(Self {
                issued: issuer.issue(document, portrait)?,
                generation,
                key: None,
                mapping_key: None,
            });
        }
        let key = StaticKey::new(GROUP, &[CipherSuite::Aes128], None, random)?;
        let pace = pace_info(generation);
        let mut infos = key.security_infos()?;
        infos.push(pace.clone());
        let options = DocumentOptions {
            data_groups: BTreeMap::from([(14, data_group_14(&infos))]),
            ..DocumentOptions::default()
        };
        let mut issued = issuer.issue_with(document, portrait, &options)?;
        issued
            .files
            .set(FileId::CardAccess, tlv::encode(0x31, &pace));
        if generation == Generation::PaceCam {
            let signed = issuer.card_security(&infos)?;
            issued.files.set(FileId::CardSecurity, signed);
        }
        let parameters = DomainParameters::standardized(u64::from(GROUP))?;
        let mapping_key = pace::StaticKey {
            private: parameters.private_key(random)?,
            parameters,
        };
        Ok(Self {
            issued,
            generation,
            key: Some(key),
            mapping_key: Some(mapping_key),
        })
    }

    /// Its chip, with faults.
    pub fn chip(&self, faults: Vec<ChipFault>) -> Result<Chip, PassportError> {
        let wrong_key = faults.contains(&ChipFault::WrongKey);
        let access_key = &self.issued.access_key;
        let mut chip = Chip::new(self.issued.files.clone(), access_key, faults);
        if let Some(key) = &self.key {
            chip = chip.with_chip_authentication(ChipAuthenticationKeys::new(vec![key.clone()]));
        }
        if let (Generation::PaceCam, Some(key), false) =
            (self.generation, &self.mapping_key, wrong_key)
        {
            let infos = SecurityInfos::parse(&tlv::encode(0x31, &pace_info(self.generation)))?;
            let passwords = vec![Password::mrz(access_key)];
            chip = chip.with_pace(
                Pace::new(offers(&infos).usable, passwords).with_static_key(key.clone()),
            );
        }
        Ok(chip)
    }
}

fn pace_info(generation: Generation) -> Vec<u8> {
    let protocol = PaceProtocol {
        mapping: if generation == Generation::PaceCam {
            PaceMapping::ChipAuthentication
        } else {
            PaceMapping::Generic
        },
        agreement: KeyAgreement::Ecdh,
        cipher: CipherSuite::Aes128,
    };
    let oid = tlv::encode(0x06, protocol.object_identifier().as_bytes());
    tlv::encode_all(0x30, &[&oid, &[2, 1, 2], &[2, 1, GROUP]])
}
