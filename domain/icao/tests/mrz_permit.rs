//! The tables of Chinese travel permits: consistent in themselves, and never a travel document by accident. Whether they agree
//! with GA/T 704 no test here can say.

use egate_icao::mrz::{
    self,
    permit::{PERMITS, Permit, PermitData, recognise},
};
use egate_types::{Date, MrzLines};
use proptest::prelude::*;

/// Made up: number C00000004, expiry 2034-07-08, birth 1988-07-08.
const OUTWARD: [&str; 3] = [
    "CSC000000048<3407080<8807087<0",
    "<<<<<<<<<<<<WANG<<XIAOMING<<<<",
    "F<<1<<<<GDG<<<<<<<<<<<<<<<<<<<",
];

fn lines(lines: &[&str]) -> MrzLines {
    MrzLines::new(lines.iter().map(|line| (*line).to_owned()).collect())
}

#[test]
fn rows_of_a_table_stay_in_the_lines_and_apart() {
    for layout in &PERMITS {
        let mut taken = std::collections::BTreeSet::new();
        for field in layout.fields {
            assert!((1..=3).contains(&field.line));
            let digit = field.check_digit.map(|(position, _)| position);
            for position in (field.first..field.first + field.length).chain(digit) {
                assert!((1..=30).contains(&position), "{:?}", layout.permit);
                let free = taken.insert((field.line, position));
                assert!(free, "{:?} {:?}", layout.permit, field.data);
            }
        }
    }
}

#[test]
fn a_permit_is_recognised_by_its_public_beginning_and_its_fields_are_found() {
    let zone = lines(&OUTWARD);
    let layout = recognise(&zone).unwrap();
    assert_eq!(layout.permit, Permit::MainlandToHongKongMacao2014);
    let text = |data| layout.field(data).unwrap().text(&zone);
    assert_eq!(text(PermitData::Number), "C00000004");
    assert_eq!(text(PermitData::BirthDate), "880708");
    assert_eq!(text(PermitData::Name), "WANG<<XIAOMING<<<<");
    for data in [
        PermitData::Number,
        PermitData::ExpiryDate,
        PermitData::BirthDate,
    ] {
        let field = layout.field(data).unwrap();
        assert_eq!(field.holds(&zone), Some(true), "{data:?}");
    }
    let altered = lines(&[&OUTWARD[0].replace("C00000004", "C00000005")]);
    let number = layout.field(PermitData::Number).unwrap();
    assert_eq!(number.holds(&altered), Some(false));
    let old = lines(&["C<CHN<<<<<<<<<<<<<<<<<<<<<<<<<"]);
    let old = recognise(&old).unwrap().permit;
    assert_eq!(old, Permit::HongKongMacaoToMainland1999);
    assert!(recognise(&lines(&["I<UTO<<<<<<<<<<<<<<<<<<<<<<<<<"])).is_none());
}

#[test]
fn a_permit_is_no_travel_document_of_9303_5() {
    let today = Date::parse("2026-11-23").unwrap();
    assert!(mrz::parse(&lines(&OUTWARD), today).is_err());
}

proptest! {
    #[test]
    fn no_lines_panic(text in proptest::collection::vec("\\PC{0,40}", 0..4)) {
        let zone = MrzLines::new(text);
        let _ = recognise(&zone);
        for field in PERMITS.iter().flat_map(|layout| layout.fields) {
            let _ = (field.text(&zone), field.holds(&zone));
        }
    }
}
