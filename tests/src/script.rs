//! The travellers of the demo: who comes, with what document, what they do, and how it must end.

use anyhow::Context;
use egate_hardware::sim::{Attack, Behaviour, WayOut};
use egate_icao::chip::ChipFault;
use egate_icao::chip::issue::{Forgery, KeyKind, TestIssuer, forge};
use egate_models::encode_jpeg;
use egate_synthetic_faces::{Identity, render_portrait};
use egate_types::{
    Date, DocumentNumber, Holder, Outcome, PersonName, ReferralCause, Sex, StateCode,
    TravelDocument,
};

use crate::chips::Document;

/// Number on the border-inspection list.
pub const LISTED_NUMBER: &str = "X00000001";
/// Person on the quarantine list.
pub const LISTED_SURNAME: &str = "CONTACT";
/// Given name of the same.
pub const LISTED_GIVEN: &str = "TRACED";
/// Birth date of the same.
pub const LISTED_BIRTH: &str = "1980-05-17";

/// One kind of traveller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// Everything in order.
    Genuine,
    /// Somebody else's document.
    FaceOfSomebodyElse,
    /// The document is on the border-inspection list.
    DocumentOnBorderList,
    /// The person is on the quarantine list.
    PersonOnQuarantineList,
    /// A data group was altered after signing.
    ForgedChipData,
    /// Signed by nobody we trust.
    UntrustedSigner,
    /// Expired a week ago.
    ExpiredDocument,
    /// The chip does not open to the printed zone.
    WrongChipKeys,
    /// Taken off the reader too soon.
    ChipRemovedMidRead,
    /// A printed photograph before the face.
    PrintedPhoto,
    /// A screen before the face.
    ScreenReplay,
    /// A second person slips in and stays.
    Tailgater,
    /// A second person slips in and steps back when asked.
    TailgaterStepsBack,
    /// Leaves when the entry barrier opens.
    WalksAway,
    /// The quarantine authority does not answer.
    AuthoritySilent,
}

/// What the officer of an authority does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficerScript {
    /// Whose officer.
    pub authority: &'static str,
    /// Button.
    pub decision: &'static str,
    /// Reason code.
    pub reason: &'static str,
}

/// How it must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Outcome in the record.
    pub outcome: Outcome,
    /// Cause in the record.
    pub cause: Option<ReferralCause>,
    /// Which way the traveller left.
    pub way_out: WayOut,
}

impl Script {
    /// Every script once.
    pub const ALL: [Self; 15] = [
        Self::Genuine,
        Self::FaceOfSomebodyElse,
        Self::DocumentOnBorderList,
        Self::PersonOnQuarantineList,
        Self::ForgedChipData,
        Self::UntrustedSigner,
        Self::ExpiredDocument,
        Self::WrongChipKeys,
        Self::ChipRemovedMidRead,
        Self::PrintedPhoto,
        Self::ScreenReplay,
        Self::Tailgater,
        Self::TailgaterStepsBack,
        Self::WalksAway,
        Self::AuthoritySilent,
    ];

    /// Name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::FaceOfSomebodyElse => "face_of_somebody_else",
            Self::DocumentOnBorderList => "document_on_border_list",
            Self::PersonOnQuarantineList => "person_on_quarantine_list",
            Self::ForgedChipData => "forged_chip_data",
            Self::UntrustedSigner => "untrusted_signer",
            Self::ExpiredDocument => "expired_document",
            Self::WrongChipKeys => "wrong_chip_keys",
            Self::ChipRemovedMidRead => "chip_removed_mid_read",
            Self::PrintedPhoto => "printed_photo",
            Self::ScreenReplay => "screen_replay",
            Self::Tailgater => "tailgater",
            Self::TailgaterStepsBack => "tailgater_steps_back",
            Self::WalksAway => "walks_away",
            Self::AuthoritySilent => "authority_silent",
        }
    }

    /// How it must end.
    pub fn expected(self) -> Expected {
        use ReferralCause::{
            AuthorityHold, AuthorityUnavailable, DocumentCheck, FaceMismatch, PresentationAttack,
            SecondPerson,
        };
        use WayOut::{CrossedExit, LeftEntry, WalkedAway};
        let (outcome, cause, way_out) = match self {
            Self::Genuine | Self::TailgaterStepsBack => (Outcome::Admitted, None, CrossedExit),
            Self::FaceOfSomebodyElse => (Outcome::Returned, Some(FaceMismatch), LeftEntry),
            Self::DocumentOnBorderList | Self::PersonOnQuarantineList => {
                (Outcome::Referred, Some(AuthorityHold), LeftEntry)
            }
            Self::ForgedChipData
            | Self::UntrustedSigner
            | Self::ExpiredDocument
            | Self::WrongChipKeys => (Outcome::Referred, Some(DocumentCheck), WalkedAway),
            Self::ChipRemovedMidRead | Self::WalksAway => (Outcome::Returned, None, WalkedAway),
            Self::PrintedPhoto | Self::ScreenReplay => {
                (Outcome::Returned, Some(PresentationAttack), LeftEntry)
            }
            Self::Tailgater => (Outcome::Returned, Some(SecondPerson), LeftEntry),
            Self::AuthoritySilent => (Outcome::Returned, Some(AuthorityUnavailable), LeftEntry),
        };
        Expected {
            outcome,
            cause,
            way_out,
        }
    }

    /// What an officer does, where one is called to the lane.
    pub fn officer(self) -> Option<OfficerScript> {
        let (authority, decision, reason) = match self {
            Self::FaceOfSomebodyElse | Self::PrintedPhoto | Self::ScreenReplay => {
                ("border", "return", "identity_doubt")
            }
            Self::DocumentOnBorderList => ("border", "refer", "hold_confirmed"),
            Self::PersonOnQuarantineList => ("quarantine", "refer", "hold_confirmed"),
            Self::Tailgater => ("border", "return", "lane_rules"),
            Self::AuthoritySilent => ("border", "return", "technical_fault"),
            Self::Genuine
            | Self::TailgaterStepsBack
            | Self::ForgedChipData
            | Self::UntrustedSigner
            | Self::ExpiredDocument
            | Self::WrongChipKeys
            | Self::ChipRemovedMidRead
            | Self::WalksAway => return None,
        };
        Some(OfficerScript {
            authority,
            decision,
            reason,
        })
    }

    /// What the traveller does besides crossing.
    pub fn behaviour(self) -> Behaviour {
        match self {
            Self::Tailgater => Behaviour::Tailgated { steps_back: false },
            Self::TailgaterStepsBack => Behaviour::Tailgated { steps_back: true },
            Self::WalksAway => Behaviour::DeclinesEntry,
            Self::Genuine
            | Self::FaceOfSomebodyElse
            | Self::DocumentOnBorderList
            | Self::PersonOnQuarantineList
            | Self::ForgedChipData
            | Self::UntrustedSigner
            | Self::ExpiredDocument
            | Self::WrongChipKeys
            | Self::ChipRemovedMidRead
            | Self::PrintedPhoto
            | Self::ScreenReplay
            | Self::AuthoritySilent => Behaviour::Crosses,
        }
    }

    /// What is held before the camera.
    pub fn attack(self) -> Attack {
        match self {
            Self::PrintedPhoto => Attack::Print,
            Self::ScreenReplay => Attack::Replay,
            Self::Genuine
            | Self::FaceOfSomebodyElse
            | Self::DocumentOnBorderList
            | Self::PersonOnQuarantineList
            | Self::ForgedChipData
            | Self::UntrustedSigner
            | Self::ExpiredDocument
            | Self::WrongChipKeys
            | Self::ChipRemovedMidRead
            | Self::Tailgater
            | Self::TailgaterStepsBack
            | Self::WalksAway
            | Self::AuthoritySilent => Attack::None,
        }
    }
}

/// The issuing state of the demo, and somebody who would like to be it.
pub struct Issuers {
    /// Trusted.
    pub state: TestIssuer,
    /// Not trusted.
    pub forger: TestIssuer,
    today: Date,
}

/// First face seed of the demo's travellers; the training of the synthetic models used small seeds.
const FIRST_FACE: u64 = 9_000_000;

impl Issuers {
    /// Fresh keys, valid from a year ago to ten years ahead.
    pub fn new(today: Date) -> anyhow::Result<Self> {
        let (from, to) = (today.plus_days(-365), today.plus_days(3_650));
        Ok(Self {
            state: TestIssuer::new("UT", KeyKind::EcBrainpoolP256Explicit, from, to)?,
            forger: TestIssuer::new("UT", KeyKind::EcP256, from, to)?,
            today,
        })
    }

    /// The document of traveller `n`, and the seed of the face that will stand before the camera.
    pub fn document(&self, script: Script, n: u64) -> anyhow::Result<(Document, u64)> {
        let face_seed = FIRST_FACE + n;
        let portrait_seed = face_seed + u64::from(script == Script::FaceOfSomebodyElse) * 500_000;
        let portrait = encode_jpeg(&render_portrait(&Identity::from_seed(portrait_seed)), 90)?;
        let issuer = if script == Script::UntrustedSigner {
            &self.forger
        } else {
            &self.state
        };
        let mut issued = issuer.issue(&self.travel_document(script, n)?, &portrait)?;
        if script == Script::ForgedChipData {
            forge(&mut issued.files, Forgery::AlteredDg2);
        }
        let faults = match script {
            Script::WrongChipKeys => vec![ChipFault::WrongKey],
            Script::ChipRemovedMidRead => vec![ChipFault::RemovedAfter(12)],
            Script::Genuine
            | Script::FaceOfSomebodyElse
            | Script::DocumentOnBorderList
            | Script::PersonOnQuarantineList
            | Script::ForgedChipData
            | Script::UntrustedSigner
            | Script::ExpiredDocument
            | Script::PrintedPhoto
            | Script::ScreenReplay
            | Script::Tailgater
            | Script::TailgaterStepsBack
            | Script::WalksAway
            | Script::AuthoritySilent => Vec::new(),
        };
        Ok((Document { issued, faults }, face_seed))
    }

    fn travel_document(&self, script: Script, n: u64) -> anyhow::Result<TravelDocument> {
        let number = if script == Script::DocumentOnBorderList {
            LISTED_NUMBER.to_owned()
        } else {
            format!("U{n:08}")
        };
        let (surname, given, birth) = if script == Script::PersonOnQuarantineList {
            (
                LISTED_SURNAME,
                LISTED_GIVEN.to_owned(),
                Date::parse(LISTED_BIRTH)?,
            )
        } else {
            let days = i64::try_from(n % 3_000)?;
            (
                "SPECIMEN",
                letters(n),
                Date::parse("1990-01-01")?.plus_days(days),
            )
        };
        let expiry_days = if script == Script::ExpiredDocument {
            -7
        } else {
            1_500
        };
        let state = StateCode::parse("UTO").context("state code")?;
        Ok(TravelDocument {
            code: "P".to_owned(),
            issuer: state.clone(),
            number: DocumentNumber::parse(&number).context("document number")?,
            date_of_expiry: Some(self.today.plus_days(expiry_days)),
            holder: Holder {
                name: PersonName {
                    surname: surname.to_owned(),
                    given,
                },
                date_of_birth: Some(birth),
                sex: if n.is_multiple_of(2) {
                    Sex::Female
                } else {
                    Sex::Male
                },
                nationality: state,
            },
        })
    }
}

/// A number as letters, since names have no digits: 0 is `A`, 26 is `BA`.
fn letters(mut n: u64) -> String {
    let mut text = Vec::new();
    loop {
        text.push(b'A' + (n % 26) as u8);
        n /= 26;
        if n == 0 {
            text.reverse();
            return text.into_iter().map(char::from).collect();
        }
    }
}
