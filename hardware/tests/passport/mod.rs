//! A made-up passport for the tests of this folder.

use egate_hardware::card::{AttachedChip, Detached};
use egate_icao::{
    chip::{
        Chip, ChipFault,
        issue::{IssuedDocument, KeyKind, TestIssuer},
    },
    lds::ChipFiles,
    mrz::{self, Mrz},
    session::{ReadOrder, SessionRandom},
    trust::TrustStore,
    verify::passive_authentication,
};
use egate_types::{
    CheckResult, Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument,
};

pub struct Passport {
    issuer: TestIssuer,
    issued: IssuedDocument,
}

impl Passport {
    pub fn new() -> Self {
        let date = |text| Date::parse(text).unwrap();
        let issuer = TestIssuer::new(
            "UT",
            KeyKind::EcP256,
            date("2020-01-01"),
            date("2040-01-01"),
        )
        .unwrap();
        let state = StateCode::parse("UTO").unwrap();
        let document = TravelDocument {
            code: "P".into(),
            issuer: state.clone(),
            number: DocumentNumber::parse("X1234567").unwrap(),
            date_of_expiry: Some(date("2031-06-30")),
            holder: Holder {
                name: PersonName {
                    surname: "DOE".into(),
                    given: "JANE".into(),
                },
                date_of_birth: Some(date("1990-10-01")),
                sex: Sex::Unspecified,
                nationality: state,
            },
        };
        let mut portrait = vec![0xFF, 0xD8, 0xFF, 0xE0];
        portrait.extend((0..15_000u32).map(|n| (n % 251) as u8));
        let issued = issuer.issue(&document, &portrait).unwrap();
        Self { issuer, issued }
    }

    pub fn printed(&self) -> Mrz {
        mrz::parse(&self.issued.mrz, Date::parse("2026-11-23").unwrap()).unwrap()
    }

    /// The order to read it.
    pub fn order(&self) -> ReadOrder {
        ReadOrder::new(&self.printed().access_key, SessionRandom::new([3; 64]))
    }

    pub fn chip(&self, faults: Vec<ChipFault>) -> Chip {
        Chip::new(self.issued.files.clone(), &self.issued.access_key, faults)
    }

    /// What was read is what was issued, and every check of it succeeds.
    pub fn assert_genuine(&self, read: &ChipFiles) {
        assert_eq!(*read, self.issued.files);
        let trust = TrustStore::from_certificates([self.issuer.csca_der().unwrap()]).unwrap();
        let at = Date::parse("2026-11-23").unwrap();
        let report = passive_authentication(read, Some(&self.printed()), &trust, at);
        assert_eq!(
            report.checks.result,
            CheckResult::Successful,
            "{:#?}",
            report.checks
        );
    }
}

/// Serves a chip with a counter in place of random bytes.
pub fn serve(attached: AttachedChip, mut chip: Chip) -> Detached {
    let mut counter = 0u8;
    let random = || {
        counter = counter.wrapping_add(1);
        [counter; 64]
    };
    attached.serve(&mut chip, random).unwrap()
}
