//! A made-up document, and reading its virtual chip without a reader.

#![expect(dead_code, reason = "every test file uses the part that it needs")]
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use std::{collections::BTreeMap, sync::LazyLock};

use egate_icao::{
    chip::{
        Chip, ChipFault, ChipLog, Reaction,
        issue::{DocumentOptions, IssuedDocument, KeyKind, TestIssuer},
    },
    domain_parameters::KeyAgreement,
    key_derivation::CipherSuite,
    lds::{ChipFiles, FileId},
    mrz,
    security_infos::{PaceMapping, PaceProtocol},
    session::{
        AccessKeys, AccessPolicy, AuthenticityPolicy, ChipError, ReadOrder, ReadSession, Reading,
        SessionRandom, Stage, Step, TransportLimits, Wanted,
    },
    tlv,
    trust::TrustStore,
};
use egate_types::{Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument};

pub const PORTRAIT: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3, 0xFF, 0xD9];

pub fn today() -> Date {
    Date::parse("2026-11-23").unwrap()
}

pub fn issuer(kind: KeyKind) -> TestIssuer {
    let (from, to) = (
        Date::parse("2020-01-01").unwrap(),
        Date::parse("2040-01-01").unwrap(),
    );
    TestIssuer::new("UT", kind, from, to).unwrap()
}

pub fn document() -> TravelDocument {
    TravelDocument {
        code: "P".into(),
        issuer: StateCode::parse("UTO").unwrap(),
        number: DocumentNumber::parse("L898902C").unwrap(),
        date_of_expiry: Some(Date::parse("2031-06-30").unwrap()),
        holder: Holder {
            name: PersonName {
                surname: "ERIKSSON".into(),
                given: "ANNA MARIA".into(),
            },
            date_of_birth: Some(Date::parse("1974-08-12").unwrap()),
            sex: Sex::Female,
            nationality: StateCode::parse("UTO").unwrap(),
        },
    }
}

/// A picture of so many bytes that no block of it looks like another.
pub fn portrait_of(bytes: u32) -> Vec<u8> {
    let mut portrait = PORTRAIT.to_vec();
    portrait.splice(7..7, (0..bytes).map(|n| (n % 251) as u8 ^ (n >> 8) as u8));
    portrait
}

pub fn large_portrait() -> Vec<u8> {
    portrait_of(20_000)
}

static ISSUER: LazyLock<TestIssuer> = LazyLock::new(|| issuer(KeyKind::EcP256));

/// Who trusts the documents made here.
pub fn trust() -> TrustStore {
    TrustStore::from_certificates([ISSUER.csca_der().unwrap()]).unwrap()
}

/// A document whose portrait has so many bytes.
pub fn issued(portrait_bytes: u32) -> IssuedDocument {
    issued_with(portrait_bytes, BTreeMap::new())
}

/// The same with more data groups, by number.
pub fn issued_with(portrait_bytes: u32, data_groups: BTreeMap<u8, Vec<u8>>) -> IssuedDocument {
    let options = DocumentOptions {
        data_groups,
        ..DocumentOptions::default()
    };
    let portrait = portrait_of(portrait_bytes);
    let issued = ISSUER.issue_with(&document(), &portrait, &options);
    issued.unwrap()
}

/// The document with more files: those of the master file, and data groups 11, 14, 15 that EF.COM lists.
pub fn with_more_files(mut issued: IssuedDocument) -> IssuedDocument {
    let files = &mut issued.files;
    let hex = |text| hex::decode(text).unwrap();
    files.set(FileId::AtrInfo, hex("43017F7F660802020400020208000000"));
    files.set(FileId::Dir, hex("61094F07A0000002471001"));
    files.set(FileId::Dg11, tlv::encode(0x6B, &[0x5C, 0x00]));
    files.set(FileId::Dg14, tlv::encode(0x6E, &[0x31, 0x00]));
    files.set(FileId::Dg15, tlv::encode(0x6F, &[0x30; 300]));
    let com = [
        &tlv::encode(0x5F01, b"0107"),
        &tlv::encode(0x5F36, b"040000"),
        &tlv::encode(0x5C, &[0x61, 0x75, 0x6B, 0x6E, 0x6F])[..],
    ];
    files.set(FileId::Com, tlv::encode_all(0x60, &com));
    issued
}

/// EF.CardAccess with one PACEInfo.
pub fn pace_info(mapping: PaceMapping, cipher: CipherSuite, parameter_id: u8) -> Vec<u8> {
    let agreement = if parameter_id < 8 {
        KeyAgreement::Dh
    } else {
        KeyAgreement::Ecdh
    };
    let protocol = PaceProtocol {
        mapping,
        agreement,
        cipher,
    };
    let oid = tlv::encode(0x06, protocol.object_identifier().as_bytes());
    tlv::encode_all(0x30, &[&oid, &[2, 1, 2], &[2, 1, parameter_id]])
}

/// The document with PACE: Generic Mapping on brainpoolP256r1, AES-128, as most documents have it.
pub fn with_pace(issued: IssuedDocument) -> IssuedDocument {
    with_pace_infos(
        issued,
        &[pace_info(PaceMapping::Generic, CipherSuite::Aes128, 13)],
    )
}

/// The document with these PACEInfos in EF.CardAccess and EF.DG14.
pub fn with_pace_infos(mut issued: IssuedDocument, infos: &[Vec<u8>]) -> IssuedDocument {
    let set = tlv::encode(0x31, &infos.concat());
    issued.files.set(FileId::CardAccess, set);
    issued
}

/// One reading to be done.
pub struct Run<'a> {
    issued: &'a IssuedDocument,
    faults: Vec<ChipFault>,
    wanted: Wanted,
    reader_bytes: Option<usize>,
    access: AccessPolicy,
    authenticity: AuthenticityPolicy,
    keys: Option<AccessKeys>,
    equipped: Equip<'a>,
    tampered: Tamper<'a>,
}

type Tamper<'a> = Box<dyn FnMut(usize, &mut Vec<u8>) + 'a>;
type Equip<'a> = Box<dyn FnOnce(Chip) -> Chip + 'a>;

/// What came of it.
pub struct Outcome {
    pub end: End,
    pub commands: u32,
    pub stages: Vec<Stage>,
    pub log: ChipLog,
    pub sent: Vec<Vec<u8>>,
}

#[derive(Debug)]
pub enum End {
    Read(Box<Reading>),
    Failed(ChipError),
    Mute,
    Removed,
}

impl End {
    pub fn reading(&self) -> &Reading {
        match self {
            Self::Read(reading) => reading,
            Self::Failed(_) | Self::Mute | Self::Removed => panic!("not read: {self:?}"),
        }
    }

    pub fn error(&self) -> &ChipError {
        match self {
            Self::Failed(error) => error,
            Self::Read(_) | Self::Mute | Self::Removed => panic!("no error: {self:?}"),
        }
    }

    pub fn files(&self) -> ChipFiles {
        self.reading().files.clone()
    }
}

impl<'a> Run<'a> {
    pub fn of(issued: &'a IssuedDocument) -> Self {
        Self {
            issued,
            faults: Vec::new(),
            wanted: Wanted::default(),
            reader_bytes: None,
            access: AccessPolicy::default(),
            authenticity: AuthenticityPolicy::default(),
            keys: None,
            equipped: Box::new(|chip| chip),
            tampered: Box::new(|_, _| {}),
        }
    }

    pub fn opening_by(mut self, access: AccessPolicy) -> Self {
        self.access = access;
        self
    }

    pub fn proving(mut self, authenticity: AuthenticityPolicy) -> Self {
        self.authenticity = authenticity;
        self
    }

    /// Other keys than the printed zone.
    pub fn knowing(mut self, keys: AccessKeys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Somebody on the line, who sees the number of each answer and the answer.
    pub fn tampering(mut self, tamper: impl FnMut(usize, &mut Vec<u8>) + 'a) -> Self {
        self.tampered = Box::new(tamper);
        self
    }

    /// A chip with more than files.
    pub fn on(mut self, equip: impl FnOnce(Chip) -> Chip + 'a) -> Self {
        self.equipped = Box::new(equip);
        self
    }

    pub fn with(mut self, faults: impl Into<Vec<ChipFault>>) -> Self {
        self.faults = faults.into();
        self
    }

    pub fn wanting(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    pub fn through(mut self, reader_bytes: usize) -> Self {
        self.reader_bytes = Some(reader_bytes);
        self
    }

    pub fn end(self) -> End {
        self.outcome().end
    }

    pub fn outcome(mut self) -> Outcome {
        let printed = mrz::parse(&self.issued.mrz, today()).unwrap();
        let files = self.issued.files.clone();
        let chip = Chip::new(files, &self.issued.access_key, self.faults);
        let mut chip = (self.equipped)(chip);
        chip.power_on();
        let keys = self.keys.unwrap_or((&printed.access_key).into());
        let order = ReadOrder::new(keys, SessionRandom::new([1; 64]))
            .opening_by(self.access)
            .proving(self.authenticity);
        let limits = TransportLimits::new(self.reader_bytes, &chip.answer_to_reset());
        let mut session = ReadSession::new(order.wanting(self.wanted), limits);
        let (mut stages, mut sent) = (Vec::new(), Vec::new());
        let mut step = session.start();
        let end = loop {
            let apdu = match step {
                Step::Transmit(apdu) => apdu,
                Step::Done(reading) => break End::Read(reading),
                Step::Failed(error) => break End::Failed(error),
            };
            let stage = session.progress().stage;
            if stages.last() != Some(&stage) {
                stages.push(stage);
            }
            let reaction = chip.transmit(&apdu, &[sent.len() as u8; 64]);
            sent.push(apdu);
            step = match reaction {
                Reaction::Answer(mut answer) => {
                    (self.tampered)(sent.len(), &mut answer);
                    session.respond(&answer)
                }
                Reaction::Mute => break End::Mute,
                Reaction::Removed => break End::Removed,
            };
        };
        assert_eq!(session.statistics().commands as usize, sent.len());
        Outcome {
            end,
            commands: sent.len() as u32,
            stages,
            log: chip.log().clone(),
            sent,
        }
    }
}
