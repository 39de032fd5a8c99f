//! A virtual passport for readers that others wrote.

use egate_icao::chip::issue::{KeyKind, TestIssuer};
use egate_icao::chip::passport::{Generation, KEY_RANDOM_BYTES, Passport};
use egate_types::{Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument};

/// Document number, date of birth and date of expiry (YYMMDD) on the data page.
pub const PRINTED: [&str; 3] = ["L898902C3", "740812", "310630"];

/// A passport of a generation, with a portrait of 15,000 bytes that is no picture.
///
/// # Panics
/// The passport cannot be made.
pub fn passport(generation: Generation) -> Passport {
    let date = |text| Date::parse(text).expect("a date");
    let state = StateCode::parse("UTO").expect("a state");
    let document = TravelDocument {
        code: "P".to_owned(),
        issuer: state.clone(),
        number: DocumentNumber::parse(PRINTED[0]).expect("a number"),
        date_of_expiry: Some(date("2031-06-30")),
        holder: Holder {
            name: PersonName {
                surname: "ERIKSSON".to_owned(),
                given: "ANNA MARIA".to_owned(),
            },
            date_of_birth: Some(date("1974-08-12")),
            sex: Sex::Female,
            nationality: state,
        },
    };
    let (from, to) = (date("2020-01-01"), date("2040-01-01"));
    let issuer = TestIssuer::new("UT", KeyKind::EcP256, from, to).expect("an issuer");
    let mut portrait = vec![0xFF, 0xD8, 0xFF, 0xE0];
    portrait.extend((0..15_000_u32).map(|n| (n % 251) as u8));
    let random = [7; KEY_RANDOM_BYTES];
    Passport::issue(&issuer, generation, &document, &portrait, &random).expect("a passport")
}
