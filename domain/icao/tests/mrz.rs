//! The machine readable zone: published specimens, both directions, and lines that are none.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use egate_icao::mrz::{self, MrzError, MrzFormat};
use egate_types::{
    CheckResult, Date, DocumentNumber, Holder, MrzLines, PersonName, Sex, StateCode, TravelDocument,
};
use proptest::prelude::*;

fn today() -> Date {
    Date::parse("2026-11-23").unwrap()
}

fn lines(lines: &[&str]) -> MrzLines {
    MrzLines::new(lines.iter().map(|line| (*line).to_owned()).collect())
}

const SPECIMEN: [&str; 2] = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
];

#[test]
fn the_specimen_of_9303_4_appendix_b_is_read() {
    let mrz = mrz::parse(&lines(&SPECIMEN), today()).unwrap();
    assert_eq!(mrz.format, MrzFormat::Td3);
    assert_eq!(mrz.checks.result, CheckResult::Successful);
    assert_eq!(mrz.document.number.expose(), "L898902C3");
    assert_eq!(mrz.document.holder.name.given, "ANNA MARIA");
    assert_eq!(
        mrz.document.holder.date_of_birth,
        Date::parse("1974-08-12").ok()
    );
    assert_eq!(mrz.document.date_of_expiry, Date::parse("2012-04-15").ok());
}

#[test]
fn each_wrong_digit_fails_its_own_check() {
    for (position, check) in [
        (9, "CheckDigitDocumentNumberCheck"),
        (19, "CheckDigitDateOfBirthCheck"),
        (27, "CheckDigitDateOfExpiryCheck"),
        (42, "CheckDigitOptionalDataCheck"),
        (43, "CheckDigitCompositeCheck"),
    ] {
        let mut second = SPECIMEN[1].as_bytes().to_vec();
        second[position] = if second[position] == b'9' {
            b'8'
        } else {
            second[position] + 1
        };
        let second = String::from_utf8(second).unwrap();
        let mrz = mrz::parse(&lines(&[SPECIMEN[0], &second]), today()).unwrap();
        assert_eq!(
            mrz.checks.find(check).unwrap().result,
            CheckResult::Failed,
            "{check}"
        );
        assert_eq!(mrz.checks.result, CheckResult::Failed);
    }
}

#[test]
fn errors_name_line_and_position() {
    let with = |from: &str, to: &str| {
        mrz::parse(
            &lines(&[SPECIMEN[0], &SPECIMEN[1].replace(from, to)]),
            today(),
        )
    };
    assert_eq!(
        with("UTO", "U%O"),
        Err(MrzError::Character {
            line: 2,
            position: 12
        })
    );
    let position = |result: Result<_, MrzError>| match result {
        Err(MrzError::Field { line, position, .. }) => (line, position),
        other => panic!("{other:?}"),
    };
    assert_eq!(position(with("740812", "741312")), (2, 14));
    assert_eq!(position(with("740812", "74O812")), (2, 14));
    assert_eq!(position(with("F1204", "B1204")), (2, 21));
    assert_eq!(position(with("UTO", "U1O")), (2, 11));
    let layout = mrz::parse(&lines(&[SPECIMEN[0]]), today());
    assert_eq!(
        layout,
        Err(MrzError::Layout {
            lines: 1,
            longest: 44
        })
    );
}

#[test]
fn two_digit_years_get_their_century_from_today() {
    let document = |born: &str, expires: &str| {
        let line = format!("L898902C36UTO{born}2F{expires}9ZE184226B<<<<<10");
        mrz::parse(&lines(&[SPECIMEN[0], &line]), today())
            .unwrap()
            .document
    };
    let date = |text| Date::parse(text).ok();
    for (born, expected) in [
        ("261123", "2026-11-23"),
        ("261124", "1926-11-24"),
        ("000229", "2000-02-29"),
        ("990101", "1999-01-01"),
    ] {
        assert_eq!(
            document(born, "310101").holder.date_of_birth,
            date(expected)
        );
    }
    for (expires, expected) in [
        ("411231", "2041-12-31"),
        ("420101", "1942-01-01"),
        ("991231", "1999-12-31"),
    ] {
        assert_eq!(document("740812", expires).date_of_expiry, date(expected));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        number in "[A-Z0-9]{1,9}",
        surname in "[A-Z]{1,12}( [A-Z]{1,8})?",
        given in "([A-Z]{1,10})?",
        born in 0i64..20_000,
        expires in 18_000i64..24_000,
        sex in prop_oneof![Just(Sex::Female), Just(Sex::Male), Just(Sex::Unspecified)],
    ) {
        let state = StateCode::parse("UTO").unwrap();
        let document = TravelDocument {
            code: "P".into(),
            issuer: state.clone(),
            number: DocumentNumber::parse(&number).unwrap(),
            date_of_expiry: Some(Date::from_days(expires)),
            holder: Holder {
                name: PersonName { surname, given },
                date_of_birth: Some(Date::from_days(born)),
                sex,
                nationality: state,
            },
        };
        let written = mrz::format_td3(&document).unwrap();
        let read = mrz::parse(&written, today()).unwrap();
        prop_assert_eq!(read.document, document);
        prop_assert_eq!(read.checks.result, CheckResult::Successful);
    }

    #[test]
    fn arbitrary_lines_never_panic(text in proptest::collection::vec("\\PC{0,50}", 0..4)) {
        let _ = mrz::parse(&MrzLines::new(text), today());
    }

    #[test]
    fn arbitrary_zones_of_legal_size_never_panic(
        td1 in proptest::collection::vec("[A-Z0-9<]{30}", 3),
        td2 in proptest::collection::vec("[A-Z0-9<]{36}", 2),
        td3 in proptest::collection::vec("[A-Z0-9<]{44}", 2),
    ) {
        for zone in [td1, td2, td3] {
            let _ = mrz::parse(&MrzLines::new(zone), today());
        }
    }
}
