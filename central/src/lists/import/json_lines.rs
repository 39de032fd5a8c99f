//! One JSON object a line: an entry as it is stored, or a person as parsers of published lists write it.

use std::{collections::BTreeMap, io::BufRead};

use egate_types::{Sex, StateCode};
use serde::{Deserialize, de::IgnoredAny};

use super::{Defaults, Odd, Row, RowError, published, records::Lines, sex, states::as_listed};
use crate::lists::entry::{EntryFields, ListEntry};

/// The rows of a file.
pub(super) struct Rows<'a, R> {
    lines: Lines<R>,
    defaults: &'a Defaults,
}

impl<'a, R: BufRead> Rows<'a, R> {
    pub(super) const fn new(file: R, defaults: &'a Defaults) -> Self {
        Self {
            lines: Lines::new(file),
            defaults,
        }
    }
}

impl<R: BufRead> Iterator for Rows<'_, R> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let (line, bytes) = self.lines.next()?;
        Some(match bytes.and_then(fields) {
            Ok((fields, odd)) => Row::of(line, fields, odd, self.defaults),
            Err(error) => Row::bad(line, error),
        })
    }
}

fn fields(bytes: &[u8]) -> Result<(EntryFields, Vec<Odd>), RowError> {
    // The parser would take the fields of an array by their order.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let rule = NO_OBJECT;
        return Err(RowError::Json { rule, column: 1 });
    }
    let error = match serde_json::from_slice::<EntryFields>(bytes) {
        Ok(mut fields) => {
            let nationalities = fields.nationalities.into_iter();
            fields.nationalities = nationalities.map(as_listed).collect();
            for document in &mut fields.documents {
                document.issuer = document.issuer.take().map(as_listed);
            }
            return Ok((fields, Vec::new()));
        }
        Err(error) => error,
    };
    match serde_json::from_slice::<Shape>(bytes) {
        Ok(Shape { name: Some(_) }) => {
            let person = serde_json::from_slice::<PersonLine>(bytes).map_err(|e| told(&e))?;
            person.fields()
        }
        _ => Err(told(&error)),
    }
}

/// Tells the two shapes apart.
#[derive(Deserialize)]
struct Shape {
    name: Option<IgnoredAny>,
}

/// An entry that a program has sent, or what is wrong with it in words that quote nothing.
pub(crate) fn sent_entry(value: serde_json::Value) -> Result<ListEntry, String> {
    if !value.is_object() {
        return Err(NO_OBJECT.to_owned());
    }
    let fields = serde_json::from_value::<EntryFields>(value);
    let fields = fields.map_err(|e| rule_of(&e).to_owned())?;
    ListEntry::try_from(fields).map_err(|e| e.to_string())
}

/// The error in words of our own: those of the parser quote what stands in the file.
fn told(error: &serde_json::Error) -> RowError {
    RowError::Json {
        rule: rule_of(error),
        column: error.column(),
    }
}

fn rule_of(error: &serde_json::Error) -> &'static str {
    let text = error.to_string();
    let rule = RULES.iter().find(|(begins, _)| text.starts_with(begins));
    match (error.classify(), rule) {
        (serde_json::error::Category::Data, Some((_, rule))) => rule,
        (serde_json::error::Category::Data, None) if is_of_date(&text) => {
            "a date that is not YYYY-MM-DD"
        }
        (serde_json::error::Category::Data, None) => "a value that the field does not take",
        (serde_json::error::Category::Eof, _) => "an object that does not end",
        (serde_json::error::Category::Syntax | serde_json::error::Category::Io, _) => NO_OBJECT,
    }
}

/// What [`egate_types::DateError`] says.
fn is_of_date(text: &str) -> bool {
    ["YYYY-MM-DD", "calendar date"]
        .iter()
        .any(|words| text.contains(words))
}

const NO_OBJECT: &str = "not a JSON object";

/// What messages of the parser begin with, and what is told instead.
const RULES: [(&str, &str); 8] = [
    ("unknown field", "a field that no entry has"),
    ("missing field `id`", "no id"),
    ("missing field", "a field is missing"),
    ("duplicate field", "a field that stands twice"),
    ("unknown variant", "a word that the field does not take"),
    ("invalid type", "a value of another type than the field's"),
    ("invalid length", "too few values"),
    (
        "state code",
        "a state code that is not one to three letters",
    ),
];

/// A person as parsers of published lists write it.
#[derive(Deserialize)]
pub(crate) struct PersonLine {
    pub(crate) id: String,
    name: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    primary_identifier: String,
    #[serde(default)]
    secondary_identifier: String,
    #[serde(default)]
    aliases: Vec<AliasLine>,
    #[serde(default)]
    dob: Vec<BirthLine>,
    #[serde(default)]
    pub(crate) nationality: Vec<String>,
    #[serde(default)]
    pub(crate) sex: String,
    #[serde(default)]
    documents: Vec<DocumentLine>,
    #[serde(default)]
    original_script: Vec<String>,
    #[serde(default)]
    pub(crate) place_of_birth: Vec<String>,
    /// Fields that are not known. An import refuses them, an evaluation passes over them.
    #[serde(flatten)]
    unknown: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct AliasLine {
    name: String,
}

#[derive(Deserialize)]
struct BirthLine {
    value: String,
    quality: Option<String>,
}

#[derive(Deserialize)]
struct DocumentLine {
    number: String,
    #[serde(default)]
    issuer: String,
}

impl PersonLine {
    /// The primary name, divided where its parts are known.
    pub(crate) fn primary_name(&self) -> String {
        let parts = [&self.primary_identifier, &self.secondary_identifier];
        if parts.iter().any(|part| part.is_empty()) {
            return self.name.trim().to_owned();
        }
        parts.map(String::as_str).join(", ")
    }

    /// All names that are not empty, the primary one first.
    pub(crate) fn names(&self) -> Vec<String> {
        let aliases = self.aliases.iter().map(|alias| &alias.name);
        let others = aliases.chain(&self.original_script);
        let fields = std::iter::once(self.primary_name()).chain(others.cloned());
        // Some lists put several names into one field.
        let names = fields.flat_map(|field| {
            let names = field.split(';').map(|name| name.trim().to_owned());
            names.collect::<Vec<_>>()
        });
        names.filter(|name| !name.is_empty()).collect()
    }

    /// All dates of birth as written; an estimated one with the years around it.
    pub(crate) fn births(&self) -> impl Iterator<Item = String> {
        let births = self
            .dob
            .iter()
            .filter(|birth| !birth.value.trim().is_empty());
        births.map(|birth| {
            let written = birth.value.trim();
            match birth.quality.as_deref() {
                Some("circa") => published::around(written),
                _ => written.to_owned(),
            }
        })
    }

    fn fields(self) -> Result<(EntryFields, Vec<Odd>), RowError> {
        if !self.unknown.is_empty() {
            let rule = "a field that no person has";
            return Err(RowError::Json { rule, column: 1 });
        }
        let mut odd = Vec::new();
        let mut names = Vec::new();
        for name in self.names() {
            published::add(&mut names, &name);
        }
        let mut nationalities = Vec::new();
        for text in &self.nationality {
            match StateCode::parse(text) {
                Some(code) => published::add_state(&mut nationalities, as_listed(code)),
                None => odd.push(Odd::UnknownState("nationalities")),
            }
        }
        let sex = sex(&self.sex);
        if sex.is_none() {
            odd.push(Odd::Sex);
        }
        let mut documents = Vec::new();
        for line in &self.documents {
            let issuer = match line.issuer.trim() {
                "" => None,
                text => {
                    let code = StateCode::parse(text).map(as_listed);
                    if code.is_none() {
                        odd.push(Odd::UnknownState("documents"));
                    }
                    code
                }
            };
            published::add_document(&mut documents, &line.number, "P", issuer, &mut odd);
        }
        let births = self.births().collect();
        let fields = EntryFields {
            births,
            id: self.id,
            names,
            nationalities,
            sex: sex.filter(|sex| *sex != Sex::Unspecified),
            places_of_birth: self.place_of_birth,
            documents,
            source: self.source,
            ..EntryFields::default()
        };
        Ok((fields, odd))
    }
}
