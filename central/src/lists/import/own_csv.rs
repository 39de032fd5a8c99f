//! Lists of the owner's own as comma-separated values with a heading.
//!
//! Columns may stand in any order and be absent. A row without `id` gets one of what names it, so that the same row imported again is
//! the same entry.

use std::io::BufRead;

use egate_rules::watch::Action;
use egate_types::{Date, StateCode};
use sha2::{Digest as _, Sha256};

use super::{
    Defaults, FileError, Row, RowError, published,
    records::{Record, Records},
    sex,
    states::as_listed,
};
use crate::lists::entry::{EntryDocument, EntryFields};

/// The rows of a file.
pub(super) struct Rows<'a, R> {
    records: Records<R>,
    defaults: &'a Defaults,
    heading: Option<Heading>,
    ended: bool,
}

impl<'a, R: BufRead> Rows<'a, R> {
    pub(super) fn new(file: R, defaults: &'a Defaults) -> Self {
        Self {
            records: Records::new(file),
            defaults,
            heading: None,
            ended: false,
        }
    }
}

impl<R: BufRead> Iterator for Rows<'_, R> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.ended {
            return None;
        }
        if self.heading.is_none() {
            let heading = match self.records.next() {
                None => Err((1, FileError::NoHeading.into())),
                Some((line, Err(error))) => Err((line, error)),
                Some((line, Ok(record))) => Heading::of(&record).map_err(|e| (line, e.into())),
            };
            match heading {
                Ok(heading) => self.heading = Some(heading),
                Err((line, error)) => {
                    self.ended = true;
                    return Some(Row::bad(line, error));
                }
            }
        }
        let heading = self.heading.as_ref()?;
        let (line, record) = self.records.next()?;
        let fields = record.and_then(|record| Cells::of(heading, &record)?.fields());
        Some(match fields {
            Ok(fields) => Row::of(line, fields, Vec::new(), self.defaults),
            Err(error) => Row::bad(line, error),
        })
    }
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Surname,
    Given,
    Name,
    Aliases,
    DateOfBirth,
    Nationality,
    Sex,
    PlaceOfBirth,
    Issuer,
    Class,
    Number,
    LastNumber,
    Action,
    Reason,
    LegalBasis,
    Source,
    ListedOn,
    ValidFrom,
    ValidUntil,
    ReviewOn,
}

/// Every column with its name, in the order of [`Column`].
const COLUMNS: [(Column, &str); 21] = [
    (Column::Id, "id"),
    (Column::Surname, "surname"),
    (Column::Given, "given"),
    (Column::Name, "name"),
    (Column::Aliases, "aliases"),
    (Column::DateOfBirth, "date_of_birth"),
    (Column::Nationality, "nationality"),
    (Column::Sex, "sex"),
    (Column::PlaceOfBirth, "place_of_birth"),
    (Column::Issuer, "issuer"),
    (Column::Class, "class"),
    (Column::Number, "number"),
    (Column::LastNumber, "last_number"),
    (Column::Action, "action"),
    (Column::Reason, "reason"),
    (Column::LegalBasis, "legal_basis"),
    (Column::Source, "source"),
    (Column::ListedOn, "listed_on"),
    (Column::ValidFrom, "valid_from"),
    (Column::ValidUntil, "valid_until"),
    (Column::ReviewOn, "review_on"),
];

impl Column {
    const fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }
}

/// Where each column stands.
struct Heading {
    at: [Option<usize>; COLUMNS.len()],
    width: usize,
}

impl Heading {
    fn of(record: &Record<'_>) -> Result<Self, FileError> {
        let mut at = [None; COLUMNS.len()];
        let mut unknown = None;
        for index in 0..record.len() {
            let name = record.get(index).trim_start_matches('\u{feff}');
            match COLUMNS.iter().find(|(_, known)| *known == name) {
                Some((column, known)) => {
                    if at[*column as usize].replace(index).is_some() {
                        return Err(FileError::RepeatedColumn(known));
                    }
                }
                None => unknown = unknown.or(Some((index, name))),
            }
        }
        if at.iter().all(Option::is_none) {
            return Err(FileError::NoHeading);
        }
        if let Some((index, name)) = unknown {
            return Err(unknown_column(index, name));
        }
        let width = record.len();
        Ok(Self { at, width })
    }
}

/// An error that names the column as far as it looks like the name of one and of nothing else.
fn unknown_column(index: usize, name: &str) -> FileError {
    let plain = |b: u8| b.is_ascii_lowercase() || b == b'_';
    let shown = (1..=COLUMN_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain);
    let nearest = COLUMNS
        .iter()
        .map(|(_, known)| (distance(&name.to_ascii_lowercase(), known), *known))
        .min()
        .filter(|(distance, known)| *distance * 2 <= known.len());
    FileError::UnknownColumn {
        column: shown.then(|| name.to_owned()),
        position: index + 1,
        nearest: nearest.map(|(_, known)| known),
    }
}

/// Letters to put in, take out or change to make one of the other. Of a long name the beginning is enough.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<u8> = one.bytes().take(COLUMN_NAME_BYTES_MAX).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(*a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

/// A row by its columns.
struct Cells<'a> {
    heading: &'a Heading,
    record: &'a Record<'a>,
}

impl<'a> Cells<'a> {
    fn of(heading: &'a Heading, record: &'a Record<'a>) -> Result<Self, RowError> {
        let (found, wanted) = (record.len(), heading.width);
        if found != wanted {
            return Err(RowError::FieldCount { found, wanted });
        }
        Ok(Self { heading, record })
    }

    /// Empty if the file has no such column.
    fn get(&self, column: Column) -> &'a str {
        let at = self.heading.at[column as usize];
        at.map_or("", |index| self.record.get(index))
    }

    fn text(&self, column: Column) -> String {
        self.get(column).to_owned()
    }

    /// The parts of a field that are not empty.
    fn parts(&self, column: Column) -> impl Iterator<Item = &'a str> {
        let parts = self.get(column).split(';').map(str::trim);
        parts.filter(|part| !part.is_empty())
    }

    fn date(&self, column: Column) -> Result<Option<Date>, RowError> {
        let text = self.get(column);
        let date = (!text.is_empty()).then(|| Date::parse(text)).transpose();
        date.map_err(|_| field(column, "YYYY-MM-DD"))
    }

    fn names(&self) -> Vec<String> {
        // A comma divides surname and given names, so neither may bring one of its own.
        let part = |column| self.get(column).replace(',', " ").trim().to_owned();
        let (surname, given) = (part(Column::Surname), part(Column::Given));
        let whole = match (surname.is_empty(), given.is_empty()) {
            (false, false) => format!("{surname}, {given}"),
            (_, true) => surname,
            (true, false) => given,
        };
        let mut names = Vec::new();
        let others = [self.get(Column::Name)]
            .into_iter()
            .chain(self.parts(Column::Aliases));
        for name in [whole.as_str()].into_iter().chain(others) {
            published::add(&mut names, name);
        }
        names
    }

    fn states(&self, column: Column) -> Result<Vec<StateCode>, RowError> {
        let codes = self.parts(column).map(|part| {
            let code = StateCode::parse(part).map(as_listed);
            code.ok_or_else(|| field(column, "an ICAO code of one to three letters"))
        });
        codes.collect()
    }

    fn document(&self) -> Result<Option<EntryDocument>, RowError> {
        let [issuer, class, number, last] = [
            Column::Issuer,
            Column::Class,
            Column::Number,
            Column::LastNumber,
        ]
        .map(|column| self.get(column));
        if number.is_empty() {
            let beside = [(Column::Issuer, issuer), (Column::LastNumber, last)];
            let alone = beside.into_iter().find(|(_, text)| !text.is_empty());
            return match alone {
                Some((column, _)) => Err(RowError::NoNumber(column.name())),
                None => Ok(None),
            };
        }
        let mut states = self.states(Column::Issuer)?;
        if states.len() > 1 {
            return Err(field(Column::Issuer, "one state"));
        }
        let class = if class.is_empty() { "P" } else { class };
        Ok(Some(EntryDocument {
            issuer: states.pop(),
            class: class.to_owned(),
            number: number.to_owned(),
            last_number: (!last.is_empty()).then(|| last.to_owned()),
        }))
    }

    fn fields(&self) -> Result<EntryFields, RowError> {
        let action = self.get(Column::Action);
        let action = (!action.is_empty())
            .then(|| {
                let known = "silent_alert, health_check, refer, detain or refuse";
                Action::parse(action).ok_or_else(|| field(Column::Action, known))
            })
            .transpose()?;
        let sex = match self.get(Column::Sex) {
            "" => None,
            text => Some(sex(text).ok_or_else(|| field(Column::Sex, "F, M or X"))?),
        };
        let mut fields = EntryFields {
            id: self.text(Column::Id),
            names: self.names(),
            births: self.parts(Column::DateOfBirth).map(str::to_owned).collect(),
            nationalities: self.states(Column::Nationality)?,
            sex,
            places_of_birth: self
                .parts(Column::PlaceOfBirth)
                .map(str::to_owned)
                .collect(),
            documents: self.document()?.into_iter().collect(),
            rule: None,
            action,
            reason: self.text(Column::Reason),
            legal_basis: self.text(Column::LegalBasis),
            source: self.text(Column::Source),
            listed_on: self.date(Column::ListedOn)?,
            valid_from: self.date(Column::ValidFrom)?,
            valid_until: self.date(Column::ValidUntil)?,
            review_on: self.date(Column::ReviewOn)?,
        };
        if fields.id.is_empty() {
            fields.id = derived_id(&fields);
        }
        Ok(fields)
    }
}

fn field(column: Column, wanted: &'static str) -> RowError {
    let column = column.name();
    RowError::Field { column, wanted }
}

/// An id of what names the entry. Two rows of ten million share 64 bits by chance once in 300,000 such lists.
fn derived_id(fields: &EntryFields) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        // Lengths, so that no two rows give the same bytes.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    for list in [&fields.names, &fields.births] {
        add(&list.len().to_string());
        list.iter().for_each(|text| add(text));
    }
    for document in &fields.documents {
        add(document.issuer.as_ref().map_or("", StateCode::as_str));
        add(&document.class);
        add(&document.number);
    }
    let hash = hash.finalize();
    format!("csv:{}", hex::encode(&hash[..8]))
}

/// Longest name of a column that an error shows, and that is compared with the known ones.
const COLUMN_NAME_BYTES_MAX: usize = 32;
