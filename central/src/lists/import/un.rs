//! The consolidated list of the Security Council of the United Nations.
//!
//! Persons alone, one at a time. Nothing is expanded but the five entities of XML itself and characters by number; a document type is refused.
//! The publisher does not say which part of a name is the surname, so names are written in the publisher's order without a comma.

use std::io::{BufRead, ErrorKind, Read};

use egate_types::{Date, Sex, StateCode};
use quick_xml::{
    Reader,
    events::{BytesRef, Event},
};

use super::{Defaults, FileError, Ids, LeftOut, Odd, Row, RowError, published, states};
use crate::{
    limits::{LIST_FILE_BYTES_MAX, LIST_PERSON_BYTES_MAX, LIST_XML_DEPTH_MAX},
    lists::entry::EntryFields,
};

/// The rows of a file.
pub(super) struct Rows<'a, R> {
    reader: Reader<Metered<R>>,
    buffer: Vec<u8>,
    /// Elements that are open around persons and entities.
    depth: usize,
    /// Whether the root was the list's.
    begun: bool,
    ids: Ids,
    defaults: &'a Defaults,
    ended: bool,
}

/// An element with what stands in it.
#[derive(Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl<'a, R: BufRead> Rows<'a, R> {
    pub(super) fn new(file: R, defaults: &'a Defaults) -> Self {
        Self {
            reader: Reader::from_reader(Metered::new(file)),
            buffer: Vec::new(),
            depth: 0,
            begun: false,
            ids: Ids::default(),
            defaults,
            ended: false,
        }
    }

    /// The next person or entity; nothing at the end of the list.
    fn next_row(&mut self) -> Result<Option<Row>, FileError> {
        loop {
            self.reader.get_mut().mark();
            match self.event()? {
                Step::Open(name) => {
                    if !self.begun && name != ROOT {
                        return Err(FileError::Xml("the root is not the consolidated list"));
                    }
                    self.begun = true;
                    match (self.depth, name.as_str()) {
                        (2, "INDIVIDUAL") => {
                            let line = self.reader.get_ref().line;
                            let individual = self.element(name)?;
                            let row = match fields(&individual, self.defaults) {
                                Ok((fields, odd)) => Row::of(line, fields, odd, self.defaults),
                                Err(error) => Row::bad(line, error),
                            };
                            return Ok(Some(self.ids.checked(row)));
                        }
                        (2, "ENTITY") => {
                            let line = self.reader.get_ref().line;
                            self.element(name)?;
                            return Ok(Some(Row::left_out(line, LeftOut::NotAPerson)));
                        }
                        (LIST_XML_DEPTH_MAX.., _) => return Err(TOO_DEEP),
                        _ => self.depth += 1,
                    }
                }
                Step::Close => self.depth = self.depth.saturating_sub(1),
                Step::Text(_) => {}
                Step::End if self.begun && self.depth == 0 => return Ok(None),
                Step::End => return Err(FileError::Xml("it ends before the list does")),
            }
        }
    }

    /// What stands in the element that has just been opened, up to its end.
    fn element(&mut self, name: String) -> Result<Element, FileError> {
        let mut open = vec![Element {
            name,
            ..Element::default()
        }];
        loop {
            match self.event()? {
                Step::Open(_) if open.len() + self.depth >= LIST_XML_DEPTH_MAX => {
                    return Err(TOO_DEEP);
                }
                Step::Open(name) => open.push(Element {
                    name,
                    ..Element::default()
                }),
                Step::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Step::Close => {
                    let closed = open.pop().unwrap_or_default();
                    match open.last_mut() {
                        Some(parent) => parent.children.push(closed),
                        None => return Ok(closed),
                    }
                }
                Step::End => return Err(FileError::Xml("it ends before the list does")),
            }
        }
    }

    /// The next event that matters.
    fn event(&mut self) -> Result<Step, FileError> {
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            return Ok(match event.map_err(|e| file_error(&e))? {
                Event::Start(tag) => Step::Open(tag.name().as_ref().to_owned()),
                Event::End(_) => Step::Close,
                Event::Text(text) => Step::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Step::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => Step::Text(resolved(&reference)?.to_string()),
                Event::Eof => Step::End,
                Event::DocType(_) => return Err(FileError::Xml("it has a document type")),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }
}

/// An event without what does not matter here.
enum Step {
    Open(String),
    Text(String),
    Close,
    End,
}

impl<R: BufRead> Iterator for Rows<'_, R> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.ended {
            return None;
        }
        match self.next_row() {
            Ok(Some(row)) => return Some(row),
            Ok(None) => self.ended = true,
            Err(error) => {
                self.ended = true;
                return Some(Row::bad(self.reader.get_ref().line, error));
            }
        }
        None
    }
}

/// A character by number, or one of the entities that XML itself has.
fn resolved(reference: &BytesRef<'_>) -> Result<char, FileError> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Ok(c);
    }
    match reference.as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(FileError::Xml("an entity that XML itself does not have")),
    }
}

/// The error in words of our own: those of the parser quote what stands in the file.
fn file_error(error: &quick_xml::Error) -> FileError {
    let quick_xml::Error::Io(error) = error else {
        return FileError::Xml("its tags do not fit together, or it is not UTF-8");
    };
    let kind = error.kind();
    if kind == FILE_TOO_LARGE {
        FileError::TooLarge(LIST_FILE_BYTES_MAX)
    } else if kind == PART_TOO_LARGE {
        FileError::Xml("one part of it is too long")
    } else {
        FileError::Read(kind)
    }
}

const TOO_DEEP: FileError = FileError::Xml("it nests too deep");

impl Element {
    /// The text of the first child of this name; empty if there is none.
    fn text(&self, name: &str) -> &str {
        let child = self.children.iter().find(|child| child.name == name);
        child.map_or("", |child| child.text.trim())
    }

    fn all(&self, name: &'static str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The texts of these children that have one, with something between them.
    fn joined(&self, names: &[&str], between: &str) -> String {
        let texts = names.iter().map(|name| self.text(name));
        let texts: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
        texts.join(between)
    }
}

fn fields(individual: &Element, defaults: &Defaults) -> Result<(EntryFields, Vec<Odd>), RowError> {
    let number = individual.text("DATAID");
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RowError::Field {
            column: "DATAID",
            wanted: "a number",
        });
    }
    let mut odd = Vec::new();
    let mut fields = EntryFields {
        id: format!("un:{number}"),
        source: "UN-SC".to_owned(),
        reason: defaults.reason_or(|| reason(individual)),
        sex: match individual.text("GENDER") {
            "" => None,
            "Male" => Some(Sex::Male),
            "Female" => Some(Sex::Female),
            _ => {
                odd.push(Odd::Sex);
                None
            }
        },
        ..EntryFields::default()
    };
    names(individual, &mut fields.names);
    births(individual, &mut fields.births, &mut odd);
    for value in individual
        .all("NATIONALITY")
        .flat_map(|element| element.all("VALUE"))
    {
        if let Some(state) = state(&value.text, "nationalities", &mut odd) {
            published::add_state(&mut fields.nationalities, state);
        }
    }
    for place in individual.all("INDIVIDUAL_PLACE_OF_BIRTH") {
        let place = place.joined(&["CITY", "STATE_PROVINCE", "COUNTRY"], ", ");
        published::add(&mut fields.places_of_birth, &place);
    }
    for alias in individual.all("INDIVIDUAL_ALIAS") {
        let place = alias.joined(&["CITY_OF_BIRTH", "COUNTRY_OF_BIRTH"], ", ");
        published::add(&mut fields.places_of_birth, &place);
    }
    documents(individual, &mut fields, &mut odd);
    // Some dates carry an offset of the clock.
    let listed_on = individual.text("LISTED_ON");
    if !listed_on.is_empty() {
        let day = listed_on.get(..10).unwrap_or(listed_on);
        fields.listed_on = Date::parse(day).ok();
        if fields.listed_on.is_none() {
            odd.push(Odd::Date("listed_on"));
        }
    }
    Ok((fields, odd))
}

fn reason(individual: &Element) -> String {
    let list = individual.joined(&["UN_LIST_TYPE", "REFERENCE_NUMBER"], ", ");
    format!("UN Security Council, list {list}")
}

fn names(individual: &Element, names: &mut Vec<String>) {
    let parts = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"];
    published::add(names, &individual.joined(&parts, " ").replace(',', " "));
    for original in individual.all("NAME_ORIGINAL_SCRIPT") {
        published::add(names, &original.text);
    }
    for alias in individual.all("INDIVIDUAL_ALIAS") {
        // Several spellings may stand in one field.
        for name in alias.text("ALIAS_NAME").split(';') {
            add_alias(names, name);
        }
    }
}

/// Adds a name; what stands behind it in brackets and in another script is a name of its own.
fn add_alias(names: &mut Vec<String>, name: &str) {
    let bracketed = name
        .trim()
        .strip_suffix(')')
        .and_then(|name| name.rsplit_once('('));
    if let Some((name, within)) = bracketed {
        let original = within.rsplit(':').next().unwrap_or(within);
        let is_ascii = |text: &str| text.bytes().all(|b| b.is_ascii());
        if REMARKS_IN_BRACKETS.contains(&within.to_lowercase().as_str()) {
            return published::add(names, name);
        }
        if is_ascii(name) != is_ascii(original) {
            published::add(names, name);
            return published::add(names, original);
        }
    }
    published::add(names, name);
}

fn births(individual: &Element, births: &mut Vec<String>, odd: &mut Vec<Odd>) {
    for element in individual.all("INDIVIDUAL_DATE_OF_BIRTH") {
        let [date, year, from, to, note] =
            ["DATE", "YEAR", "FROM_YEAR", "TO_YEAR", "NOTE"].map(|name| element.text(name));
        // A month without a day stands in the note.
        let text = match (date, year, from, to, note) {
            ("", "", "", "", "") => continue,
            ("", "", "", "", note) => note.to_owned(),
            ("", "", from, to, _) => format!("{from} to {to}"),
            ("", year, ..) => year.to_owned(),
            (date, ..) => date.to_owned(),
        };
        add_birth(births, &text, odd);
    }
    // With another name goes another date, on papers made out to it.
    for alias in individual.all("INDIVIDUAL_ALIAS") {
        match alias.text("DATE_OF_BIRTH") {
            "" => {}
            date => add_birth(births, date, odd),
        }
    }
}

fn add_birth(births: &mut Vec<String>, text: &str, odd: &mut Vec<Odd>) {
    match published::birth(text) {
        Some(birth) => published::add(births, &birth),
        None => odd.push(Odd::Date("births")),
    }
}

fn documents(individual: &Element, fields: &mut EntryFields, odd: &mut Vec<Odd>) {
    for element in individual.all("INDIVIDUAL_DOCUMENT") {
        let kind = element.text("TYPE_OF_DOCUMENT");
        let number = element.text("NUMBER");
        if number.is_empty() {
            // The number stands in a note, in a sentence.
            if !element.text("NOTE").is_empty() {
                odd.push(Odd::Number);
            }
            continue;
        }
        let lower = kind.to_lowercase();
        let passport = ["passport", "passeport", "pasaporte"];
        let class = if passport.iter().any(|word| lower.contains(word)) {
            "P"
        } else {
            "I"
        };
        let issuing = element.text("ISSUING_COUNTRY");
        let issuing = if issuing.is_empty() {
            element.text("COUNTRY_OF_ISSUE")
        } else {
            issuing
        };
        let issuer = state(issuing, "documents", odd);
        published::add_document(&mut fields.documents, number, class, issuer, odd);
    }
}

fn state(name: &str, field: &'static str, odd: &mut Vec<Odd>) -> Option<StateCode> {
    let state = states::of_name(name);
    if state.is_none() && !name.trim().is_empty() {
        odd.push(Odd::UnknownState(field));
    }
    state
}

/// A reader that counts lines and ends a file, or a part of it, that is too long.
struct Metered<R> {
    file: R,
    line: u64,
    bytes: u64,
    /// Bytes at the beginning of the part.
    marked: u64,
}

impl<R> Metered<R> {
    const fn new(file: R) -> Self {
        Self {
            file,
            line: 1,
            bytes: 0,
            marked: 0,
        }
    }

    /// A part begins here.
    const fn mark(&mut self) {
        self.marked = self.bytes;
    }
}

impl<R: BufRead> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.bytes > LIST_FILE_BYTES_MAX {
            return Err(FILE_TOO_LARGE.into());
        }
        if self.bytes - self.marked > LIST_PERSON_BYTES_MAX {
            return Err(PART_TOO_LARGE.into());
        }
        let input = self.file.fill_buf()?;
        // A piece at a time, so that no reader hands over more than the limit at once.
        Ok(&input[..input.len().min(PIECE_BYTES)])
    }

    fn consume(&mut self, amount: usize) {
        if let Ok(input) = self.file.fill_buf() {
            let read = &input[..amount.min(input.len())];
            let newlines = read.iter().filter(|byte| **byte == b'\n').count();
            self.line += newlines as u64;
        }
        self.bytes += amount as u64;
        self.file.consume(amount);
    }
}

/// What [`Metered`] says when the file, or a part of it, is too long.
const FILE_TOO_LARGE: ErrorKind = ErrorKind::FileTooLarge;
const PART_TOO_LARGE: ErrorKind = ErrorKind::QuotaExceeded;

/// Bytes handed over at once.
const PIECE_BYTES: usize = 8 << 10;

const ROOT: &str = "CONSOLIDATED_LIST";
/// What stands in brackets behind a name without being one.
const REMARKS_IN_BRACKETS: [&str; 4] = [
    "birth name",
    "combat name",
    "formerly listed as",
    "previously listed as",
];
