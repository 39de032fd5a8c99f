//! The list of Specially Designated Nationals as the Office of Foreign Assets Control writes it: `SDN.CSV` with the names of `ALT.CSV`.
//!
//! Persons alone. What is known of them beyond their name stands in remarks, attribute after attribute. Dates and places of birth,
//! nationality, sex, other names, passports and the numbers by which states identify people are taken; numbers of tax, telephones, accounts and
//! whatever else stands there names nobody at a border.

use std::{collections::BTreeMap, io::BufRead};

use egate_types::{Sex, StateCode};

use super::{
    Defaults, Ids, LeftOut, Odd, Row, RowError, published,
    records::{Record, Records},
    states, within_limit,
};
use crate::lists::entry::EntryFields;

/// The rows of a file.
pub(super) struct Rows<'a, R, S> {
    list: Records<R>,
    /// The file of other names until it has been read.
    other_names: Option<Records<S>>,
    /// By the number of the entry.
    names: BTreeMap<String, Vec<String>>,
    ids: Ids,
    defaults: &'a Defaults,
    ended: bool,
}

impl<'a, R: BufRead, S: BufRead> Rows<'a, R, S> {
    pub(super) fn new(list: R, other_names: S, defaults: &'a Defaults) -> Self {
        Self {
            list: Records::new(list),
            other_names: Some(Records::new(other_names)),
            names: BTreeMap::new(),
            ids: Ids::default(),
            defaults,
            ended: false,
        }
    }

    /// Reads the file of other names up to its next bad row, or to its end.
    fn read_names(&mut self) -> Option<Row> {
        let file = self.other_names.as_mut()?;
        loop {
            let Some((line, record)) = file.next() else {
                self.other_names = None;
                return None;
            };
            match record.and_then(|record| name_of(&record)) {
                Ok(Some((number, name))) => self.names.entry(number).or_default().push(name),
                Ok(None) => {}
                Err(error) => return Some(self.bad_name(line, error)),
            }
            if let Err(error) = within_limit(file.bytes_read) {
                return Some(self.bad_name(line, error.into()));
            }
        }
    }

    fn bad_name(&mut self, line: u64, error: RowError) -> Row {
        if let RowError::File(error) = error {
            self.ended = true;
            return Row::bad(line, error);
        }
        Row::bad(line, RowError::OtherName(Box::new(error)))
    }
}

impl<R: BufRead, S: BufRead> Iterator for Rows<'_, R, S> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.ended {
            return None;
        }
        if let Some(bad) = self.read_names() {
            return Some(bad);
        }
        loop {
            let (line, record) = self.list.next()?;
            let read = match record {
                Ok(record) if is_end(&record) => continue,
                Ok(record) => designation(&record, &mut self.names, self.defaults),
                Err(error) => Err(error),
            };
            let row = match read {
                Ok(Some((fields, odd))) => Row::of(line, fields, odd, self.defaults),
                Ok(None) => Row::left_out(line, LeftOut::NotAPerson),
                Err(error) => Row::bad(line, error),
            };
            if let Err(error) = within_limit(self.list.bytes_read) {
                self.ended = true;
                return Some(Row::bad(line, error));
            }
            return Some(self.ids.checked(row));
        }
    }
}

/// The files end in a control character of old systems.
fn is_end(record: &Record<'_>) -> bool {
    record.len() == 1 && record.get(0) == "\u{1a}"
}

/// A field, empty where the publisher writes its mark for nothing.
fn get<'a>(record: &Record<'a>, index: usize) -> &'a str {
    match record.get(index) {
        "-0-" => "",
        text => text,
    }
}

fn checked_number<'a>(record: &Record<'a>, wanted: usize) -> Result<&'a str, RowError> {
    let found = record.len();
    if found != wanted {
        return Err(RowError::FieldCount { found, wanted });
    }
    let number = get(record, 0);
    let plain = (1..=NUMBER_DIGITS_MAX).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit());
    plain.then_some(number).ok_or(RowError::Field {
        column: "ent_num",
        wanted: "a number",
    })
}

/// Of a row of `ALT.CSV` the entry's number and the name.
fn name_of(record: &Record<'_>) -> Result<Option<(String, String)>, RowError> {
    if is_end(record) {
        return Ok(None);
    }
    let number = checked_number(record, OTHER_NAME_COLUMNS)?;
    let name = get(record, 3);
    Ok((!name.is_empty()).then(|| (number.to_owned(), name.to_owned())))
}

/// A row of `SDN.CSV`; nothing if it is no person.
fn designation(
    record: &Record<'_>,
    names: &mut BTreeMap<String, Vec<String>>,
    defaults: &Defaults,
) -> Result<Option<(EntryFields, Vec<Odd>)>, RowError> {
    let number = checked_number(record, DESIGNATION_COLUMNS)?;
    let other_names = names.remove(number).unwrap_or_default();
    if get(record, 2) != "individual" {
        return Ok(None);
    }
    let mut person = Person::default();
    for name in std::iter::once(get(record, 1)).chain(other_names.iter().map(String::as_str)) {
        published::add(&mut person.fields.names, name);
    }
    let remarks = get(record, 11);
    if remarks.chars().count() >= REMARKS_CHARS_MAX {
        person.odd.push(Odd::RemarksCut);
    }
    for remark in remarks.strip_suffix('.').unwrap_or(remarks).split(';') {
        let remark = remark.trim();
        person.learn(remark.strip_prefix("alt. ").unwrap_or(remark));
    }
    let Person { mut fields, odd } = person;
    fields.id = format!("ofac:{number}");
    fields.source = "OFAC-SDN".to_owned();
    // A designation under several programmes is written `SDGT] [IRGC`.
    let programs = get(record, 3).replace("] [", ", ");
    fields.reason = defaults.reason_or(|| format!("OFAC SDN, program {programs}"));
    Ok(Some((fields, odd)))
}

#[derive(Default)]
struct Person {
    fields: EntryFields,
    odd: Vec<Odd>,
}

impl Person {
    /// Takes one remark in, if it is an attribute of the person.
    fn learn(&mut self, remark: &str) {
        if let Some(text) = remark.strip_prefix("DOB ") {
            match published::birth(text) {
                Some(birth) => published::add(&mut self.fields.births, &birth),
                None => self.odd.push(Odd::Date("births")),
            }
        } else if let Some(place) = remark.strip_prefix("POB ") {
            published::add(&mut self.fields.places_of_birth, place);
        } else if let Some(name) = after_any(remark, &STATES_OF) {
            match states::of_name(name) {
                Some(state) => published::add_state(&mut self.fields.nationalities, state),
                None => self.odd.push(Odd::UnknownState("nationalities")),
            }
        } else if let Some(sex) = remark.strip_prefix("Gender ") {
            match sex {
                "Male" => self.fields.sex = Some(Sex::Male),
                "Female" => self.fields.sex = Some(Sex::Female),
                _ => self.odd.push(Odd::Sex),
            }
        } else if let Some(name) = after_any(remark, &OTHER_NAMES) {
            let name = name.strip_suffix('\'').unwrap_or(name);
            published::add(&mut self.fields.names, name);
        } else if let Some(text) = after_any(remark, &PASSPORTS) {
            self.document(text, "P");
        } else if let Some(text) = after_any(remark, &IDENTITY_NUMBERS) {
            self.document(text, "I");
        }
    }

    /// `1084010 (Egypt) issued 18 Jan 1984 expires 17 Jan 1991`.
    fn document(&mut self, text: &str, class: &str) {
        let end = [" issued ", " expires "]
            .into_iter()
            .filter_map(|word| text.find(word))
            .min();
        let text = text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim();
        let (number, issuer) = match text
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once(" ("))
        {
            Some((number, name)) => (number, self.issuer(name)),
            None => (text, None),
        };
        published::add_document(
            &mut self.fields.documents,
            number,
            class,
            issuer,
            &mut self.odd,
        );
    }

    fn issuer(&mut self, name: &str) -> Option<StateCode> {
        let state = states::of_name(name);
        if state.is_none() {
            self.odd.push(Odd::UnknownState("documents"));
        }
        state
    }
}

fn after_any<'a>(text: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| text.strip_prefix(prefix))
}

const STATES_OF: [&str; 2] = ["nationality ", "citizen "];
const OTHER_NAMES: [&str; 3] = ["a.k.a. '", "f.k.a. '", "n.k.a. '"];
const PASSPORTS: [&str; 2] = ["Passport ", "Diplomatic Passport "];
/// Cards bear them, as their own number or beside it.
const IDENTITY_NUMBERS: [&str; 4] = [
    "National ID No. ",
    "Cedula No. ",
    "Identification Number ",
    "D.N.I. ",
];

/// Number, name, type, programme, title, six of vessels, remarks.
const DESIGNATION_COLUMNS: usize = 12;
/// Number, number of the name, kind, name, remarks.
const OTHER_NAME_COLUMNS: usize = 5;
/// Numbers have five digits.
const NUMBER_DIGITS_MAX: usize = 12;
/// Length of the publisher's column.
const REMARKS_CHARS_MAX: usize = 1_000;
