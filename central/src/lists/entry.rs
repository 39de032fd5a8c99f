//! One entry of a list as its owner keeps it. Pure.
//!
//! [`EntryFields`] is what importers fill and JSON carries; a [`ListEntry`] is one that has been checked, and the only thing that is
//! stored, hashed or searched. Errors name the field and never what stands in it: entries name people.

use std::fmt;

use egate_rules::targeting::Rule;
use egate_rules::watch::{Action, DocumentKey, ListedDocuments, PartialDate, Person};
use egate_types::{Date, Sex, StateCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::import::as_listed;
use crate::limits::{
    BIRTHS_MAX, DOCUMENTS_MAX, ENTRY_ID_BYTES_MAX, LIST_FIELD_BYTES_MAX, NAMES_MAX,
    NATIONALITIES_MAX, PLACES_MAX,
};

/// An entry before it is checked.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryFields {
    /// Unique in the list and the same in every edition of it, e.g. `ofac:2676`.
    pub id: String,
    /// All names of a person, the primary one first; with `SURNAME, Given` where the parts are known. Any script.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Dates of birth: `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, or a range of years `YYYY/YYYY`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub births: Vec<String>,
    /// ICAO three-letter codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nationalities: Vec<StateCode>,
    /// Sex; absent means unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Places of birth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places_of_birth: Vec<String>,
    /// Documents, stolen or of the person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<EntryDocument>,
    /// Whom a rule is about, in place of a person or documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// What a hit demands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Why the entry exists, for the owner's officers.
    #[serde(default)]
    pub reason: String,
    /// The law it rests on.
    #[serde(default)]
    pub legal_basis: String,
    /// Who published it, e.g. `OFAC-SDN`.
    #[serde(default)]
    pub source: String,
    /// When the publisher listed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_on: Option<Date>,
    /// First day it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// Last day it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// The day by which its owner looks at it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<Date>,
}

/// A document of an entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDocument {
    /// Issuing state; absent where the publisher does not say, and then shown to officers and compared with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<StateCode>,
    /// Document class, e.g. `P`; of longer codes the first letter counts.
    pub class: String,
    /// Number, or the first one of a range of blanks.
    pub number: String,
    /// Last number of a range of blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_number: Option<String>,
}

/// A checked entry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "EntryFields", into = "EntryFields")]
pub struct ListEntry {
    fields: EntryFields,
    births: Vec<PartialDate>,
    action: Action,
}

impl fmt::Debug for ListEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ListEntry({}, ..)", self.fields.id)
    }
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Empty, too long, or with other characters than printable ones of ASCII without spaces.
    #[error(
        "id is empty, longer than {ENTRY_ID_BYTES_MAX} bytes, or not of letters, digits and - _ . : /"
    )]
    Id,
    /// Neither a name nor a document nor a rule.
    #[error("neither a name, a document nor a rule")]
    Nobody,
    /// A rule is about whom its conditions say, and nobody else.
    #[error("rule: an entry is a rule, or about a person and documents")]
    RuleAndPerson,
    /// A text without which the entry may not exist.
    #[error("{0} is empty")]
    Missing(&'static str),
    /// Longer than any text that means something.
    #[error("{0} is longer than {LIST_FIELD_BYTES_MAX} bytes")]
    TooLong(&'static str),
    /// More than any entry needs.
    #[error("more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// Limit.
        most: usize,
    },
    /// Not one of the forms of a date of birth.
    #[error("births: {0}")]
    Birth(&'static str),
    /// A document that cannot be looked up.
    #[error("documents: {0}")]
    Document(#[from] egate_rules::watch::DocumentError),
    /// It would never count.
    #[error("valid_until lies before valid_from")]
    NeverValid,
}

impl TryFrom<EntryFields> for ListEntry {
    type Error = EntryError;

    fn try_from(fields: EntryFields) -> Result<Self, EntryError> {
        let id_holds = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b);
        if !(1..=ENTRY_ID_BYTES_MAX).contains(&fields.id.len()) || !fields.id.bytes().all(id_holds)
        {
            return Err(EntryError::Id);
        }
        let nobody = fields.names.is_empty() && fields.documents.is_empty();
        match &fields.rule {
            None if nobody => return Err(EntryError::Nobody),
            Some(_) if !nobody => return Err(EntryError::RuleAndPerson),
            None | Some(_) => {}
        }
        fields.check_texts()?;
        fields.check_counts()?;
        for document in &fields.documents {
            document.check()?;
        }
        if let (Some(from), Some(until)) = (fields.valid_from, fields.valid_until)
            && until < from
        {
            return Err(EntryError::NeverValid);
        }
        let mut births = Vec::new();
        for text in &fields.births {
            births.extend(parse_births(text)?);
        }
        if births.len() > BIRTHS_MAX {
            return Err(too_many("dates of birth", BIRTHS_MAX));
        }
        let action = fields.action.ok_or(EntryError::Missing("action"))?;
        Ok(Self {
            fields,
            births,
            action,
        })
    }
}

impl From<ListEntry> for EntryFields {
    fn from(entry: ListEntry) -> Self {
        entry.fields
    }
}

impl EntryFields {
    fn check_texts(&self) -> Result<(), EntryError> {
        let texts = [
            ("names", &self.names),
            ("places_of_birth", &self.places_of_birth),
        ];
        let lists = texts
            .into_iter()
            .flat_map(|(what, texts)| texts.iter().map(move |text| (what, text)));
        let single = [
            ("reason", &self.reason),
            ("legal_basis", &self.legal_basis),
            ("source", &self.source),
        ];
        for (what, text) in lists.chain(single) {
            if text.trim().is_empty() {
                return Err(EntryError::Missing(what));
            }
            if text.len() > LIST_FIELD_BYTES_MAX {
                return Err(EntryError::TooLong(what));
            }
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), EntryError> {
        for (what, count, most) in [
            ("names", self.names.len(), NAMES_MAX),
            ("nationalities", self.nationalities.len(), NATIONALITIES_MAX),
            ("places of birth", self.places_of_birth.len(), PLACES_MAX),
            ("documents", self.documents.len(), DOCUMENTS_MAX),
        ] {
            if count > most {
                return Err(too_many(what, most));
            }
        }
        Ok(())
    }
}

const fn too_many(what: &'static str, most: usize) -> EntryError {
    EntryError::TooMany { what, most }
}

impl EntryDocument {
    /// The key under which the document, or the first one of a range, is looked up; `None` without an issuer.
    pub fn key(&self) -> Option<DocumentKey> {
        let issuer = as_listed(self.issuer.clone()?);
        DocumentKey::parse(issuer.as_str(), &self.class, &self.number).ok()
    }

    pub(crate) fn check(&self) -> Result<(), EntryError> {
        let issuer = self.issuer.as_ref().map_or("UTO", StateCode::as_str);
        let key = DocumentKey::parse(issuer, &self.class, &self.number)?;
        if let Some(last) = &self.last_number {
            ListedDocuments::default().add_range("", &key, last)?;
        }
        Ok(())
    }
}

impl ListEntry {
    /// Unique in its list.
    pub fn id(&self) -> &str {
        &self.fields.id
    }

    /// Everything as written.
    pub const fn fields(&self) -> &EntryFields {
        &self.fields
    }

    /// What a hit demands.
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The person as compared; `None` for an entry of documents alone.
    pub fn person(&self) -> Option<Person> {
        let fields = &self.fields;
        (!fields.names.is_empty()).then(|| Person {
            names: fields.names.clone(),
            births: self.births.clone(),
            nationalities: fields
                .nationalities
                .iter()
                .map(|code| as_listed(code.clone()).as_str().to_owned())
                .collect(),
            sex: fields.sex.unwrap_or(Sex::Unspecified),
            places_of_birth: fields.places_of_birth.clone(),
        })
    }

    /// Whether it is looked at for every traveller, and not found by name or document.
    pub fn is_special(&self) -> bool {
        self.fields.rule.is_some() || super::canary::is_canary(self)
    }

    /// Whether the entry counts on a day: from the first to the last, both included.
    pub fn counts_on(&self, day: Date) -> bool {
        self.fields.valid_from.is_none_or(|first| first <= day)
            && self.fields.valid_until.is_none_or(|last| day <= last)
    }

    /// The bytes by which entries are stored, hashed and compared: compact JSON in the order of the fields.
    pub fn canonical(&self) -> String {
        // Invariant: no map with other keys than text and no failing serialiser inside an entry.
        #[expect(clippy::expect_used, reason = "see the invariant above")]
        serde_json::to_string(&self.fields).expect("an entry is always representable in JSON")
    }

    /// SHA-256 of the canonical bytes: the version of the entry, which changes whenever anything in it does.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.canonical()).into()
    }
}

/// A date of birth, or the years of a range one by one.
pub(crate) fn parse_births(text: &str) -> Result<Vec<PartialDate>, EntryError> {
    let date = |text: &str| {
        PartialDate::parse(text.trim()).ok_or(EntryError::Birth(
            "a date is none of YYYY, YYYY-MM, YYYY-MM-DD",
        ))
    };
    let Some((first, last)) = text.split_once('/') else {
        return Ok(vec![date(text)?]);
    };
    let (first, last) = (date(first)?.year(), date(last)?.year());
    if first > last || last - first > crate::limits::BIRTH_RANGE_YEARS_MAX {
        return Err(EntryError::Birth("a range of years is empty or too long"));
    }
    let years = (first..=last).filter_map(|year| PartialDate::parse(&format!("{year:04}")));
    Ok(years.collect())
}
