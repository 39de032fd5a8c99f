//! Files of lists, read row by row into checked entries. Pure: bytes come in through a reader, rows go out through an iterator.
//!
//! Whatever becomes of a row is told: it is an entry, it is left out for a reason of ours, or it is bad. Reasons name line,
//! field and rule and **never what stands there**: lists name people. What is odd about a row that is used all the same, such as a
//! date that nobody can read, is told beside it, so that nothing is lost silently.
//!
//! Memory does not grow with the number of rows: own CSV and JSON lines may hold ten million. So ids are not compared with each
//! other there; **the caller, which stages rows in a table, refuses an id that comes twice**. The files of OFAC and the United Nations
//! are small, and a second entry of the same id is a bad row.

mod json_lines;
mod ofac;
mod own_csv;
mod published;
mod records;
mod states;
mod un;

use std::{
    collections::BTreeMap,
    io::{BufRead, ErrorKind},
};

use egate_rules::watch::Action;
use egate_types::{Date, Sex};

pub(crate) use json_lines::{PersonLine, sent_entry};
pub use states::as_listed;

use super::entry::{EntryError, EntryFields, ListEntry};
use crate::limits::{LIST_FILE_BYTES_MAX, LIST_ROW_BYTES_MAX, LIST_ROW_FIELDS_MAX};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180) under a heading with any of these columns: `id`, `surname`, `given`, `name`, `aliases` (`;` between them),
    /// `date_of_birth`, `nationality`, `place_of_birth` (likewise), `sex`, `issuer`, `class` (`P` if empty), `number`, `last_number`, `action`, `reason`,
    /// `legal_basis`, `source`, `listed_on`, `valid_from`, `valid_until`, `review_on`.
    Csv,
    /// One JSON object a line: an entry as [`EntryFields`] has it, or a person as a parser of published lists writes it.
    JsonLines,
    /// `SDN.CSV` of the Office of Foreign Assets Control.
    OfacCsv,
    /// The consolidated list of the Security Council of the United Nations.
    UnXml,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::JsonLines, Self::OfacCsv, Self::UnXml];

    /// As commands and pages write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::OfacCsv => "ofac",
            Self::UnXml => "un",
        }
    }

    /// Reads what [`Format::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.as_str() == text)
    }
}

/// What the owner orders for entries whose file does not say it.
///
/// No publisher says what a hit demands here, nor on which law of this state it rests: without `action` and `legal_basis` every row
/// of a published list is bad.
#[derive(Clone, Default)]
pub struct Defaults {
    /// What a hit demands.
    pub action: Option<Action>,
    /// Why the entries exist; if empty, published lists give their programme.
    pub reason: String,
    /// The law they rest on.
    pub legal_basis: String,
    /// Who published own files; if empty, `file`. Published lists name themselves.
    pub source: String,
    /// The day by which the owner looks at them again.
    pub review_on: Option<Date>,
}

impl Defaults {
    /// The owner's reason, or else the publisher's.
    fn reason_or(&self, published: impl FnOnce() -> String) -> String {
        if self.reason.trim().is_empty() {
            return published();
        }
        self.reason.clone()
    }

    fn fill(&self, fields: &mut EntryFields) {
        let fill = |field: &mut String, with: &str| {
            if field.trim().is_empty() {
                with.clone_into(field);
            }
        };
        fields.action = fields.action.or(self.action);
        fill(&mut fields.reason, &self.reason);
        fill(&mut fields.legal_basis, &self.legal_basis);
        fill(&mut fields.source, &self.source);
        fill(&mut fields.source, FILE_SOURCE);
        fields.review_on = fields.review_on.or(self.review_on);
    }
}

/// What became of one row.
pub struct Row {
    /// The line it begins on, from 1.
    pub line: u64,
    /// What was found there.
    pub found: Found,
    /// What is odd about an entry that is used all the same.
    pub odd: Vec<Odd>,
}

/// What a row is.
pub enum Found {
    /// A checked entry.
    Entry(Box<ListEntry>),
    /// A row that is well-formed and no concern of a border.
    LeftOut(LeftOut),
    /// A row that cannot be used.
    Bad(RowError),
}

/// Why a well-formed row gives no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    /// An entity, a vessel, an aircraft.
    #[error("not a person")]
    NotAPerson,
}

/// Why a row cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Its fields make no entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Not text.
    #[error("not UTF-8")]
    NotUtf8,
    /// Longer than any row that means something; skipped without being held.
    #[error(
        "longer than {LIST_ROW_BYTES_MAX} bytes or {LIST_ROW_FIELDS_MAX} fields, up to line {last_line}"
    )]
    TooLong {
        /// Where it ends. Far away if a quote was not closed.
        last_line: u64,
    },
    /// A row and its heading do not belong together.
    #[error("{found} fields instead of {wanted}")]
    FieldCount {
        /// In the row.
        found: usize,
        /// In the heading, or in every file of the publisher.
        wanted: usize,
    },
    /// A field that is not what its column holds.
    #[error("{column} is not {wanted}")]
    Field {
        /// Which one.
        column: &'static str,
        /// What it may be.
        wanted: &'static str,
    },
    /// Issuer, class or last number without a number.
    #[error("{0} without number")]
    NoNumber(&'static str),
    /// No JSON, or JSON of something else. The messages of the parser may quote values, hence rules of our own.
    #[error("{rule} at column {column}")]
    Json {
        /// What is wrong.
        rule: &'static str,
        /// Where the parser stood, from 1.
        column: usize,
    },
    /// The file has this id already.
    #[error("its id stands in line {first_line} already")]
    Repeated {
        /// Where it stands first.
        first_line: u64,
    },
    /// A row of the file of other names.
    #[error("file of other names: {0}")]
    OtherName(Box<RowError>),
    /// Nothing after it was read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl RowError {
    /// Whether the file could not be read to its end: rows after this one were not seen.
    pub const fn ends_the_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// Why a file cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// None of the columns that lists have. What stands there instead may be a person, and is not shown.
    #[error("no heading with columns of a list")]
    NoHeading,
    /// A column that no list has.
    #[error("unknown column {}{}", column.as_deref().map_or_else(|| format!("number {position}"), |name| format!("{name:?}")), nearest.map_or_else(String::new, |name| format!("; the nearest is {name:?}")))]
    UnknownColumn {
        /// Its name, if it looks like one.
        column: Option<String>,
        /// Which one it is, from 1.
        position: usize,
        /// The known column that is spelled most like it.
        nearest: Option<&'static str>,
    },
    /// The same column twice.
    #[error("column {0:?} stands twice")]
    RepeatedColumn(&'static str),
    /// A row that goes on to the end of the file.
    #[error("the row has no end; is a quote not closed?")]
    NoEnd,
    /// Not the published list.
    #[error("not well-formed: {0}")]
    Xml(&'static str),
    /// A limit against files that exhaust memory.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// The reader failed.
    #[error("cannot be read: {0}")]
    Read(ErrorKind),
}

/// Something about an entry that its owner should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Odd {
    /// Shown to officers and compared with nothing.
    #[error("a document without an issuing state, which no traveller's document is compared with")]
    NoIssuer,
    /// A country name that is in no table.
    #[error("{0}: no known state; left out")]
    UnknownState(&'static str),
    /// A date that is in none of the publisher's forms, or a range too long to tell anything.
    #[error("{0}: a date that cannot be read; left out")]
    Date(&'static str),
    /// A number among words, or with more than any document has.
    #[error("documents: a number that cannot be read; left out")]
    Number,
    /// Neither male nor female.
    #[error("sex: neither of the publisher's words; left out")]
    Sex,
    /// OFAC ends remarks at this length and goes on in another file.
    #[error(
        "remarks: cut by the publisher; what follows is in SDN_COMMENTS.CSV, which is not read"
    )]
    RemarksCut,
}

/// Reads a list. Rows come in the order of the file.
pub fn read<'a>(
    format: Format,
    list: impl BufRead + Send + 'a,
    defaults: &'a Defaults,
) -> Box<dyn Iterator<Item = Row> + Send + 'a> {
    match format {
        Format::Csv => Box::new(own_csv::Rows::new(list, defaults)),
        Format::JsonLines => Box::new(json_lines::Rows::new(list, defaults)),
        Format::OfacCsv => read_ofac(list, std::io::empty(), defaults),
        Format::UnXml => Box::new(un::Rows::new(list, defaults)),
    }
}

/// Reads `SDN.CSV` with the names of `ALT.CSV`. `ADD.CSV` holds addresses, for which an entry has no place.
pub fn read_ofac<'a>(
    list: impl BufRead + Send + 'a,
    other_names: impl BufRead + Send + 'a,
    defaults: &'a Defaults,
) -> Box<dyn Iterator<Item = Row> + Send + 'a> {
    Box::new(ofac::Rows::new(list, other_names, defaults))
}

/// `F`, `M`, and `X` or nothing for unspecified; anything else is `None`.
pub(crate) fn sex(text: &str) -> Option<Sex> {
    match text.trim() {
        "F" => Some(Sex::Female),
        "M" => Some(Sex::Male),
        "" | "X" | "<" => Some(Sex::Unspecified),
        _ => None,
    }
}

impl Row {
    fn bad(line: u64, error: impl Into<RowError>) -> Self {
        Self {
            line,
            found: Found::Bad(error.into()),
            odd: Vec::new(),
        }
    }

    fn left_out(line: u64, why: LeftOut) -> Self {
        Self {
            line,
            found: Found::LeftOut(why),
            odd: Vec::new(),
        }
    }

    /// An entry, if its fields make one.
    fn of(line: u64, mut fields: EntryFields, mut odd: Vec<Odd>, defaults: &Defaults) -> Self {
        defaults.fill(&mut fields);
        let documents = &fields.documents;
        if documents.iter().any(|document| document.issuer.is_none()) {
            odd.push(Odd::NoIssuer);
        }
        odd.sort_unstable();
        odd.dedup();
        match ListEntry::try_from(fields) {
            Ok(entry) => Self {
                line,
                found: Found::Entry(Box::new(entry)),
                odd,
            },
            Err(error) => Self::bad(line, error),
        }
    }
}

/// The ids of a published list and the lines they stand in first.
#[derive(Default)]
struct Ids(BTreeMap<String, u64>);

impl Ids {
    /// The row, or that its id was there before.
    fn checked(&mut self, row: Row) -> Row {
        let Found::Entry(entry) = &row.found else {
            return row;
        };
        if let Some(&first_line) = self.0.get(entry.id()) {
            return Row::bad(row.line, RowError::Repeated { first_line });
        }
        self.0.insert(entry.id().to_owned(), row.line);
        row
    }
}

/// Bytes of a published list read so far, held against the limit.
fn within_limit(bytes: u64) -> Result<(), FileError> {
    if bytes > LIST_FILE_BYTES_MAX {
        return Err(FileError::TooLarge(LIST_FILE_BYTES_MAX));
    }
    Ok(())
}

/// The source of own files whose owner does not name one. Not that of entries made by hand: a whole edition withdraws what it lacks of its own source.
const FILE_SOURCE: &str = "file";
