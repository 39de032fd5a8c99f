//! Lists, travellers, documents and labelled pairs as files. Every row that cannot be read is told by line and reason.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use egate_rules::watch::{DocumentKey, PartialDate, Person};
use egate_types::{Sex, StateCode};

use crate::{
    limits,
    lists::{
        entry::parse_births,
        import::{PersonLine, as_listed},
    },
};

/// Rows of a file that can be used, and those that cannot.
pub struct Rows<T> {
    /// In the order of the file; the first row after the heading is 1.
    pub good: Vec<(u64, T)>,
    /// What is wrong with the others.
    pub bad: Vec<BadRow>,
    /// What is odd about rows that are used all the same.
    pub odd: Vec<BadRow>,
}

/// A row that cannot be used. Shows no content of the row: rows name people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadRow {
    /// The file.
    pub file: PathBuf,
    /// Line in the file, from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.reason)
    }
}

impl<T> Rows<T> {
    /// All rows, or an error that names every bad one: half a list is no list.
    pub fn all_or_nothing(self) -> anyhow::Result<Vec<T>> {
        if self.bad.is_empty() {
            return Ok(self.good.into_iter().map(|(_, row)| row).collect());
        }
        let shown = self.bad.iter().take(limits::BAD_ROWS_SHOWN_MAX);
        let lines: Vec<String> = shown.map(ToString::to_string).collect();
        bail!(
            "{} rows cannot be read:\n{}",
            self.bad.len(),
            lines.join("\n")
        )
    }
}

/// Two names that an officer has or has not to be shown together.
pub struct LabelledPair {
    /// The list's side.
    pub listed: Person,
    /// The document's side.
    pub traveller: Person,
    /// Whether it is a match; absent where the file does not say.
    pub is_match: Option<bool>,
    /// Names the difficulty.
    pub kind: String,
    /// Where the pair is from.
    pub source: String,
}

/// A traveller as documents know them.
pub struct Traveller {
    /// As the file names them.
    pub id: String,
    /// What the document says.
    pub person: Person,
    /// The document itself, where the file has it.
    pub document: Option<DocumentKey>,
}

/// A listed person.
pub struct ListedPerson {
    /// As the list names the entry.
    pub id: String,
    /// What the list knows.
    pub person: Person,
}

/// A listed document.
pub struct ListedDocument {
    /// As the list names the entry.
    pub id: String,
    /// The document.
    pub document: DocumentKey,
}

/// A range of stolen blanks.
pub struct ListedRange {
    /// As the list names the entry.
    pub id: String,
    /// The first number with issuer and class.
    pub first: DocumentKey,
    /// The last number.
    pub last: String,
}

/// Reads labelled pairs: `name1,dob1,nat1,name2,dob2,nat2` and, where known, `expected,kind,source`.
pub fn pairs(path: &Path) -> anyhow::Result<Rows<LabelledPair>> {
    let wanted = ["name1", "dob1", "nat1", "name2", "dob2", "nat2"];
    rows(path, &wanted, |row| {
        let is_match = match row.get("expected") {
            "match" => Some(true),
            "nomatch" => Some(false),
            "" => None,
            _ => return Err("expected is neither match nor nomatch".into()),
        };
        Ok(LabelledPair {
            listed: row.person("name1", "dob1", "nat1")?,
            traveller: row.person("name2", "dob2", "nat2")?,
            is_match,
            kind: row.get("kind").to_owned(),
            source: row.get("source").to_owned(),
        })
    })
}

/// Reads travellers: `id,full_name,dob,nat` and, where known, `mrz_name,sex,issuer,doc_type,number`.
///
/// A traveller is screened by what can be read; the rest is told. Only one without an id, or without name and document, has no answer.
pub fn travellers(path: &Path) -> anyhow::Result<Rows<Traveller>> {
    rows(path, &["id", "full_name", "dob", "nat"], |row| {
        let id = non_empty(row.get("id"), "id")?;
        let mut names = Vec::new();
        for column in ["full_name", "mrz_name"] {
            match row.names(column) {
                Ok(found) => names.extend(found),
                Err(reason) => row.odd(format!("{reason}; not compared")),
            }
        }
        let born = row
            .date("dob")
            .or_told(row, "compared without a date of birth");
        let state = state(row.get("nat")).or_told(row, "compared without a nationality");
        let sex = sex_of_document(row.get("sex"))
            .map(Some)
            .or_told(row, "compared without a sex");
        let document = match row.get("number") {
            "" => None,
            _ => document(row, "number").map(Some).or_told(
                row,
                "the document is not looked up, mend the row and screen it again",
            ),
        };
        if names.is_empty() && document.is_none() {
            return Err("neither full_name, mrz_name nor a document can be read".to_owned());
        }
        let person = Person {
            names,
            births: born.into_iter().collect(),
            nationalities: state.into_iter().collect(),
            sex: sex.unwrap_or(Sex::Unspecified),
            places_of_birth: Vec::new(),
        };
        Ok(Traveller {
            id,
            person,
            document,
        })
    })
}

/// What can be read, or nothing and a word about it.
trait OrTold<T> {
    fn or_told(self, row: &Row<'_>, consequence: &str) -> T;
}

impl<T: Default> OrTold<T> for Result<T, String> {
    fn or_told(self, row: &Row<'_>, consequence: &str) -> T {
        self.unwrap_or_else(|reason| {
            row.odd(format!("{reason}; {consequence}"));
            T::default()
        })
    }
}

/// Reads documents: `id,issuer,doc_type,number`.
pub fn documents(path: &Path) -> anyhow::Result<Rows<ListedDocument>> {
    rows(path, &["id", "issuer", "doc_type", "number"], |row| {
        Ok(ListedDocument {
            id: non_empty(row.get("id"), "id")?,
            document: document(row, "number")?,
        })
    })
}

/// Reads ranges of blanks: `id,issuer,doc_type,first,last`.
pub fn ranges(path: &Path) -> anyhow::Result<Rows<ListedRange>> {
    rows(
        path,
        &["id", "issuer", "doc_type", "first", "last"],
        |row| {
            Ok(ListedRange {
                id: non_empty(row.get("id"), "id")?,
                first: document(row, "first")?,
                last: non_empty(row.get("last"), "last")?,
            })
        },
    )
}

/// Reads queries for documents: `issuer,doc_type,number`.
pub fn document_queries(path: &Path) -> anyhow::Result<Rows<DocumentKey>> {
    rows(path, &["issuer", "doc_type", "number"], |row| {
        document(row, "number")
    })
}

fn document(row: &Row<'_>, number: &str) -> Result<DocumentKey, String> {
    let written = row.get("issuer");
    // Documents write Germany as D, lists as DEU.
    let listed = StateCode::parse(written.trim().trim_end_matches('<')).map(as_listed);
    let issuer = listed.as_ref().map_or(written, StateCode::as_str);
    DocumentKey::parse(issuer, row.get("doc_type"), row.get(number)).map_err(|e| e.to_string())
}

/// Reads listed persons, one JSON object a line.
pub fn persons(path: &Path) -> anyhow::Result<Rows<ListedPerson>> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let mut rows = Rows {
        good: Vec::new(),
        bad: Vec::new(),
        odd: Vec::new(),
    };
    for (line, bytes) in (1u64..).zip(text.split(|byte| *byte == b'\n')) {
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let read = serde_json::from_slice::<PersonLine>(bytes)
            // The message of serde shows values; its kind and place do not.
            .map_err(|e| {
                format!(
                    "not a person: {:?} error at column {}",
                    e.classify(),
                    e.column()
                )
            })
            .and_then(|line| person(&line));
        match read {
            Ok(person) => rows.good.push((line, person)),
            Err(reason) => rows.bad.push(BadRow {
                file: path.to_owned(),
                line,
                reason,
            }),
        }
    }
    if rows.good.is_empty() && rows.bad.is_empty() {
        bail!(
            "{}: no persons in the file; an empty list would clear every traveller",
            path.display()
        );
    }
    Ok(rows)
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

fn person(line: &PersonLine) -> Result<ListedPerson, String> {
    let id = non_empty(&line.id, "id")?;
    non_empty(&line.primary_name(), "name")?;
    let births: Result<Vec<_>, String> = line.births().map(|text| dates(&text)).collect();
    let nationalities: Result<Vec<_>, String> =
        line.nationality.iter().map(|code| state(code)).collect();
    Ok(ListedPerson {
        id,
        person: Person {
            names: line.names(),
            births: births?.into_iter().flatten().collect(),
            nationalities: nationalities?.into_iter().flatten().collect(),
            sex: sex_of_document(&line.sex)?,
            places_of_birth: line.place_of_birth.clone(),
        },
    })
}

fn non_empty(text: &str, what: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    if text.len() > limits::LIST_FIELD_BYTES_MAX {
        return Err(format!("{what} is too long"));
    }
    Ok(text.trim().to_owned())
}

fn date(text: &str) -> Result<Option<PartialDate>, String> {
    match known_parts(text) {
        "" => Ok(None),
        text => PartialDate::parse(text)
            .map(Some)
            .ok_or_else(|| "a date is not YYYY, YYYY-MM or YYYY-MM-DD".to_owned()),
    }
}

/// Of `1974-00-00`, `1974-XX-XX` and `1974-<<-<<` the year: systems that have no partial dates write them so.
fn known_parts(text: &str) -> &str {
    let mut text = text.trim();
    while let Some((known, unknown)) = text.rsplit_once('-')
        && matches!(unknown, "00" | "XX" | "<<")
    {
        text = known;
    }
    text
}

/// A date, or the years of a range `1969/1971`, one by one.
fn dates(text: &str) -> Result<Vec<PartialDate>, String> {
    parse_births(known_parts(text)).map_err(|e| e.to_string())
}

fn state(text: &str) -> Result<Option<String>, String> {
    match text.trim().trim_end_matches('<') {
        "" => Ok(None),
        code => StateCode::parse(code)
            .map(|code| Some(as_listed(code).as_str().to_owned()))
            .ok_or_else(|| "a nationality is not a code of one to three letters".to_owned()),
    }
}

/// As documents, systems and people write it.
fn sex_of_document(text: &str) -> Result<Sex, String> {
    match text.trim().to_ascii_uppercase().as_str() {
        "F" | "FEMALE" => Ok(Sex::Female),
        "M" | "MALE" => Ok(Sex::Male),
        "" | "X" | "<" | "U" | "UNKNOWN" | "UNSPECIFIED" => Ok(Sex::Unspecified),
        _ => Err("sex is none of F, M, X".to_owned()),
    }
}

/// One row with its columns by name.
struct Row<'a> {
    columns: &'a BTreeMap<String, usize>,
    fields: &'a csv::StringRecord,
    odd: &'a RefCell<Vec<String>>,
}

impl Row<'_> {
    /// Empty if the file has no such column.
    fn get(&self, column: &str) -> &str {
        let at = self.columns.get(column);
        at.and_then(|at| self.fields.get(*at)).unwrap_or("")
    }

    fn odd(&self, what: String) {
        self.odd.borrow_mut().push(what);
    }

    /// The names of a field, which may hold several.
    fn names(&self, column: &str) -> Result<Vec<String>, String> {
        let text = self.get(column);
        if text.len() > limits::LIST_FIELD_BYTES_MAX {
            return Err(format!("{column} is too long"));
        }
        let names = text.split(';').map(str::trim);
        Ok(names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect())
    }

    fn person(&self, name: &str, birth: &str, nationality: &str) -> Result<Person, String> {
        non_empty(self.get(name), name)?;
        let mut person = Person::named("");
        person.names = self.names(name)?;
        person.births.extend(self.date(birth)?);
        person.nationalities.extend(state(self.get(nationality))?);
        Ok(person)
    }

    /// A date as read from a document: one that no calendar has is compared all the same, and told.
    fn date(&self, column: &str) -> Result<Option<PartialDate>, String> {
        let text = self.get(column).trim();
        match date(text) {
            Ok(date) => Ok(date),
            Err(reason) => {
                let misread = PartialDate::parse_misread(text).ok_or(reason)?;
                let odd = format!("{column} is no date of the calendar; compared as written");
                self.odd(odd);
                Ok(Some(misread))
            }
        }
    }
}

/// Reads a CSV file with a heading; columns may stand in any order, and others beside them.
fn rows<T>(
    path: &Path,
    wanted: &[&str],
    read: impl Fn(&Row<'_>) -> Result<T, String>,
) -> anyhow::Result<Rows<T>> {
    let file = || path.display().to_string();
    let bytes = std::fs::read(path).with_context(file)?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(bytes.as_slice());
    let headings = match reader.headers() {
        Ok(headings) => headings.clone(),
        Err(_) => bail!(
            "{}: line 1: the headings are not UTF-8; save the file as CSV in UTF-8",
            file()
        ),
    };
    let columns: BTreeMap<String, usize> = headings
        .iter()
        .enumerate()
        .map(|(at, name)| (name.trim_start_matches('\u{feff}').trim().to_owned(), at))
        .collect();
    if columns.len() < headings.len() {
        bail!(
            "{}: line 1: two columns have one heading; leave one out or rename it",
            file()
        );
    }
    let missing: Vec<_> = wanted
        .iter()
        .filter(|name| !columns.contains_key(**name))
        .collect();
    if !missing.is_empty() {
        bail!(
            "{}: line 1: no column {missing:?}; columns may stand in any order, but need these headings",
            file()
        );
    }
    let mut rows = Rows {
        good: Vec::new(),
        bad: Vec::new(),
        odd: Vec::new(),
    };
    for (number, record) in (1u64..).zip(reader.records()) {
        let at = |position: Option<&csv::Position>, reason| BadRow {
            file: path.to_owned(),
            line: line_of(&bytes, position),
            reason,
        };
        match record {
            Err(e) => rows.bad.push(at(
                e.position(),
                "not UTF-8 CSV; save the file as CSV in UTF-8".to_owned(),
            )),
            Ok(fields) if fields.len() != headings.len() => {
                let reason = format!("{} fields instead of {}", fields.len(), headings.len());
                rows.bad.push(at(fields.position(), reason));
            }
            Ok(fields) => {
                let odd = RefCell::new(Vec::new());
                let row = Row {
                    columns: &columns,
                    fields: &fields,
                    odd: &odd,
                };
                match read(&row) {
                    Ok(value) => rows.good.push((number, value)),
                    Err(reason) => rows.bad.push(at(fields.position(), reason)),
                }
                let odd = odd.into_inner().into_iter();
                rows.odd
                    .extend(odd.map(|reason| at(fields.position(), reason)));
            }
        }
    }
    Ok(rows)
}

/// The line a record begins on. The reader's own count is one short after a line that ends in CR LF.
fn line_of(bytes: &[u8], position: Option<&csv::Position>) -> u64 {
    let byte = position.map_or(0, csv::Position::byte);
    let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
    let (before, after) = bytes.split_at(byte);
    let skipped = after
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let newlines = before.iter().chain(skipped).filter(|byte| **byte == b'\n');
    newlines.fold(1, |line, _| line + 1)
}
