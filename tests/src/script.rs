//! The travellers of the demo: who comes, with what document, what they do, and how it must end.

use anyhow::Context;
use egate_hardware::sim::{Attack, Behaviour, WayOut};
use egate_icao::chip::ChipFault;
use egate_icao::chip::issue::{Forgery, KeyKind, TestIssuer, forge};
use egate_icao::chip::passport::{Generation, Passport};
use egate_icao::lds::FileId;
use egate_models::encode_jpeg;
use egate_synthetic_faces::{Identity, render_portrait};
use egate_types::{
    Coaching, Date, DocumentNumber, Holder, Outcome, PersonName, ReferralCause, Sex, StateCode,
    TravelDocument,
};

use crate::chips::Document;
use crate::clock;

/// Number on the border-inspection list.
pub const LISTED_NUMBER: &str = "X00000001";
/// Person on the quarantine list.
pub const LISTED_SURNAME: &str = "CONTACT";
/// Given name of the same.
pub const LISTED_GIVEN: &str = "TRACED";
/// Birth date of the same.
pub const LISTED_BIRTH: &str = "1980-05-17";

/// One kind of traveller, and how their visit must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// Name in the report.
    pub name: &'static str,
    /// What is special about the document.
    pub document: Twist,
    /// What the traveller does besides crossing.
    pub behaviour: Behaviour,
    /// What is held before the camera.
    pub attack: Attack,
    /// Whether the quarantine authority leaves the gate without an answer.
    pub quarantine_silent: bool,
    /// What an officer does, where one is called to the lane.
    pub officer: Option<OfficerScript>,
    /// Outcome in the record.
    pub outcome: Outcome,
    /// Cause in the record.
    pub cause: Option<ReferralCause>,
    /// Which way the traveller must have left.
    pub way_out: WayOut,
    /// What the display must have asked of the traveller before the camera.
    pub coached: &'static [Coaching],
}

/// What may be special about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// The traveller's own, in order.
    None,
    /// Somebody else's.
    FaceOfSomebodyElse,
    /// Its number is on the border-inspection list.
    ListedNumber,
    /// Its holder is on the quarantine list.
    ListedPerson,
    /// A data group was altered after signing.
    AlteredChip,
    /// A copy of a genuine chip: everything signed is there, the chip's own key is not.
    ClonedChip,
    /// Its PACE is hidden, so that the chip is opened the weaker way.
    HiddenPace,
    /// Signed by nobody we trust.
    UntrustedSigner,
    /// Expired a week ago.
    Expired,
    /// The chip does not open to the printed zone.
    WrongChipKeys,
    /// Taken off the reader too soon.
    RemovedMidRead,
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

/// Everything in order.
pub const GENUINE: Script = Script {
    name: "genuine",
    document: Twist::None,
    behaviour: Behaviour::Crosses,
    attack: Attack::None,
    quarantine_silent: false,
    officer: None,
    outcome: Outcome::Admitted,
    cause: None,
    way_out: WayOut::CrossedExit,
    coached: &[],
};

/// Every script once.
pub const SCRIPTS: [Script; 18] = [
    GENUINE,
    // Is asked to come closer, does so, and is through without help.
    Script {
        name: "stops_short",
        behaviour: Behaviour::StopsShort,
        coached: &[Coaching::ComeCloser],
        ..GENUINE
    },
    Script {
        name: "face_of_somebody_else",
        document: Twist::FaceOfSomebodyElse,
        ..decided(
            "border",
            Outcome::Returned,
            "identity_doubt",
            ReferralCause::FaceMismatch,
        )
    },
    Script {
        name: "document_on_border_list",
        document: Twist::ListedNumber,
        ..decided(
            "border",
            Outcome::Referred,
            "hold_confirmed",
            ReferralCause::AuthorityHold,
        )
    },
    Script {
        name: "person_on_quarantine_list",
        document: Twist::ListedPerson,
        ..decided(
            "quarantine",
            Outcome::Referred,
            "hold_confirmed",
            ReferralCause::AuthorityHold,
        )
    },
    turned_away("forged_chip_data", Twist::AlteredChip),
    turned_away("cloned_chip", Twist::ClonedChip),
    turned_away("hidden_pace", Twist::HiddenPace),
    turned_away("untrusted_signer", Twist::UntrustedSigner),
    turned_away("expired_document", Twist::Expired),
    turned_away("wrong_chip_keys", Twist::WrongChipKeys),
    Script {
        name: "chip_removed_mid_read",
        document: Twist::RemovedMidRead,
        outcome: Outcome::Returned,
        way_out: WayOut::WalkedAway,
        ..GENUINE
    },
    Script {
        name: "printed_photo",
        attack: Attack::Print,
        ..decided(
            "border",
            Outcome::Returned,
            "identity_doubt",
            ReferralCause::PresentationAttack,
        )
    },
    Script {
        name: "screen_replay",
        attack: Attack::Replay,
        ..decided(
            "border",
            Outcome::Returned,
            "identity_doubt",
            ReferralCause::PresentationAttack,
        )
    },
    // A second person slips in and stays.
    Script {
        name: "tailgater",
        behaviour: Behaviour::Tailgated { steps_back: false },
        ..decided(
            "border",
            Outcome::Returned,
            "lane_rules",
            ReferralCause::SecondPerson,
        )
    },
    // A second person slips in and steps back when asked.
    Script {
        name: "tailgater_steps_back",
        behaviour: Behaviour::Tailgated { steps_back: true },
        ..GENUINE
    },
    Script {
        name: "walks_away",
        behaviour: Behaviour::DeclinesEntry,
        outcome: Outcome::Returned,
        way_out: WayOut::WalkedAway,
        ..GENUINE
    },
    Script {
        name: "authority_silent",
        quarantine_silent: true,
        ..decided(
            "border",
            Outcome::Returned,
            "technical_fault",
            ReferralCause::AuthorityUnavailable,
        )
    },
];

/// An officer is called to the lane and sends the traveller back through the entry.
const fn decided(
    authority: &'static str,
    outcome: Outcome,
    reason: &'static str,
    cause: ReferralCause,
) -> Script {
    let decision = if matches!(outcome, Outcome::Referred) {
        "refer"
    } else {
        "return"
    };
    Script {
        officer: Some(OfficerScript {
            authority,
            decision,
            reason,
        }),
        outcome,
        cause: Some(cause),
        way_out: WayOut::LeftEntry,
        ..GENUINE
    }
}

/// A doubtful document goes to an officer's counter without entering the lane.
const fn turned_away(name: &'static str, document: Twist) -> Script {
    Script {
        name,
        document,
        outcome: Outcome::Referred,
        cause: Some(ReferralCause::DocumentCheck),
        way_out: WayOut::WalkedAway,
        ..GENUINE
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

/// Travellers carry documents of every generation.
const GENERATIONS: [Generation; 3] = [Generation::Pace, Generation::PaceCam, Generation::Bac];
/// First face seed of the demo's travellers; the training of the synthetic models used small seeds.
const FIRST_FACE: u64 = 9_000_000;
/// Commands that a chip still answers before it is taken off the reader: access is open, the files are not read.
const REMOVED_AFTER: u32 = 6;

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
    pub fn document(&self, twist: Twist, n: u64) -> anyhow::Result<(Document, u64)> {
        let face_seed = FIRST_FACE + n;
        let portrait_seed = face_seed + u64::from(twist == Twist::FaceOfSomebodyElse) * 500_000;
        let portrait = encode_jpeg(&render_portrait(&Identity::from_seed(portrait_seed)), 90)?;
        let issuer = if twist == Twist::UntrustedSigner {
            &self.forger
        } else {
            &self.state
        };
        let generation = if matches!(twist, Twist::ClonedChip | Twist::HiddenPace) {
            // The oldest have no key that a copy would lack, and no PACE to hide.
            Generation::Pace
        } else {
            GENERATIONS[(n % GENERATIONS.len() as u64) as usize]
        };
        let document = self.travel_document(twist, n)?;
        let mut passport =
            Passport::issue(issuer, generation, &document, &portrait, &clock::random())?;
        let mut faults = Vec::new();
        match twist {
            Twist::AlteredChip => forge(&mut passport.issued.files, Forgery::AlteredDg2),
            Twist::ClonedChip => faults.push(ChipFault::Cloned),
            Twist::HiddenPace => faults.push(ChipFault::Hides(FileId::CardAccess)),
            Twist::WrongChipKeys => faults.push(ChipFault::WrongKey),
            Twist::RemovedMidRead => faults.push(ChipFault::RemovedAfter(REMOVED_AFTER)),
            Twist::None
            | Twist::FaceOfSomebodyElse
            | Twist::ListedNumber
            | Twist::ListedPerson
            | Twist::UntrustedSigner
            | Twist::Expired => {}
        }
        Ok((Document { passport, faults }, face_seed))
    }

    fn travel_document(&self, twist: Twist, n: u64) -> anyhow::Result<TravelDocument> {
        let number = if twist == Twist::ListedNumber {
            LISTED_NUMBER.to_owned()
        } else {
            format!("U{n:08}")
        };
        let (surname, given, birth) = if twist == Twist::ListedPerson {
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
        let expiry_days = if twist == Twist::Expired { -7 } else { 1_500 };
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
