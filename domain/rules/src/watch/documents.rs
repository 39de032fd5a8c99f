//! Listed documents: exact by issuer, class and normalised number; ranges of stolen blanks; look-alikes as possibilities.

use std::collections::HashMap;

use super::score::Outcome;

/// Issuer, class and number, normalised.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    issuer: String,
    class: char,
    number: String,
}

/// Why something is no document that can be looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DocumentError {
    /// No state code.
    #[error("issuer is not one to three letters")]
    Issuer,
    /// No class.
    #[error("document class does not begin with a letter")]
    Class,
    /// No number.
    #[error("number has no letters or digits, or too many, or others")]
    Number,
    /// The ends of a range do not belong together.
    #[error("the ends of the range differ in length, in more than digits, or in order")]
    Range,
}

/// Longest number with its overflow (ICAO 9303-5 §4.2.2.1).
const NUMBER_MAX: usize = 22;

impl DocumentKey {
    /// Normalises: upper case, fillers, blanks and hyphens off; of the class its first letter (`P<`, `PP` and `P` are one).
    pub fn parse(issuer: &str, class: &str, number: &str) -> Result<Self, DocumentError> {
        let issuer = plain(issuer);
        if !(1..=3).contains(&issuer.len()) || !issuer.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(DocumentError::Issuer);
        }
        let class = plain(class).chars().next();
        let class = class
            .filter(char::is_ascii_uppercase)
            .ok_or(DocumentError::Class)?;
        let number = plain(number);
        let well_formed = (1..=NUMBER_MAX).contains(&number.len())
            && number
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !well_formed {
            return Err(DocumentError::Number);
        }
        Ok(Self {
            issuer,
            class,
            number,
        })
    }

    /// Issuer, up to three letters.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// First letter of the document code.
    pub const fn class(&self) -> char {
        self.class
    }

    /// Normalised number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The number with characters that optical reading confuses made one: whoever keeps documents elsewhere finds candidates by it.
    pub fn folded_number(&self) -> String {
        fold(&self.number)
    }

    /// The document as a scanner may have confused it with others.
    fn folded(&self) -> Self {
        Self {
            issuer: self.issuer.clone(),
            class: self.class,
            number: fold(&self.number),
        }
    }
}

fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '<' | '-' | '.' | '/') && !c.is_whitespace())
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Letters and digits that optical reading confuses, as one of the two. A check digit that holds rules out all but 6 and G.
fn fold(number: &str) -> String {
    let look_alike = |c| match c {
        'O' => '0',
        'I' => '1',
        'Z' => '2',
        'S' => '5',
        'G' => '6',
        'B' => '8',
        other => other,
    };
    number.chars().map(look_alike).collect()
}

/// The documents and ranges of a list.
#[derive(Default)]
pub struct ListedDocuments {
    /// By folded number: the numbers as listed, and their entries.
    documents: HashMap<DocumentKey, Vec<(String, String)>>,
    /// By issuer and class.
    ranges: HashMap<(String, char), Vec<Range>>,
}

struct Range {
    entry: String,
    first: String,
    last: String,
}

/// What a look-up found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentAnswer {
    /// A hit only if the number is the listed one.
    pub outcome: Outcome,
    /// The entry; empty for clear.
    pub entry: String,
}

impl ListedDocuments {
    /// Adds a document.
    pub fn add(&mut self, entry: &str, key: &DocumentKey) {
        let listed = self.documents.entry(key.folded()).or_default();
        listed.push((key.number.clone(), entry.to_owned()));
    }

    /// Adds a range of blanks from `first` to `last`, both included.
    pub fn add_range(
        &mut self,
        entry: &str,
        first: &DocumentKey,
        last: &str,
    ) -> Result<(), DocumentError> {
        let last = plain(last);
        let (from, to) = (first.number.as_bytes(), last.as_bytes());
        let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let digits = |number: &[u8]| number[shared..].iter().all(u8::is_ascii_digit);
        if from.len() != to.len() || from > to || !digits(from) || !digits(to) {
            return Err(DocumentError::Range);
        }
        let ranges = self
            .ranges
            .entry((first.issuer.clone(), first.class))
            .or_default();
        ranges.push(Range {
            entry: entry.to_owned(),
            first: first.number.clone(),
            last,
        });
        Ok(())
    }

    /// How many documents and ranges there are.
    pub fn len(&self) -> usize {
        let ranges = self.ranges.values().map(Vec::len);
        self.documents.values().map(Vec::len).chain(ranges).sum()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.ranges.is_empty()
    }

    /// Looks a document up.
    pub fn look_up(&self, key: &DocumentKey) -> DocumentAnswer {
        let folded = key.folded();
        let twins = self.documents.get(&folded).map_or(&[][..], Vec::as_slice);
        let ranges = self.ranges.get(&(key.issuer.clone(), key.class));
        let ranges = ranges.map_or(&[][..], Vec::as_slice);
        let exact = twins.iter().find(|(number, _)| *number == key.number);
        let exact = exact.map(|(_, entry)| entry);
        let blank = || ranges.iter().find(|range| range.holds(&key.number));
        if let Some(entry) = exact.or_else(|| Some(&blank()?.entry)) {
            return DocumentAnswer {
                outcome: Outcome::Hit,
                entry: entry.clone(),
            };
        }
        let twin = twins.first().map(|(_, entry)| entry);
        let blank = || {
            ranges
                .iter()
                .find(|range| range.holds_folded(&folded.number))
        };
        match twin.or_else(|| Some(&blank()?.entry)) {
            Some(entry) => DocumentAnswer {
                outcome: Outcome::Possible,
                entry: entry.clone(),
            },
            None => DocumentAnswer {
                outcome: Outcome::Clear,
                entry: String::new(),
            },
        }
    }
}

impl Range {
    fn holds(&self, number: &str) -> bool {
        within(&self.first, &self.last, number)
    }

    fn holds_folded(&self, folded: &str) -> bool {
        within(&fold(&self.first), &fold(&self.last), folded)
    }
}

/// Whether a number of the same length lies between the ends, digits where these differ.
fn within(first: &str, last: &str, number: &str) -> bool {
    let shared = first
        .bytes()
        .zip(last.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    number.len() == first.len()
        && (first..=last).contains(&number)
        && number.as_bytes()[shared..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(issuer: &str, class: &str, number: &str) -> DocumentKey {
        DocumentKey::parse(issuer, class, number).unwrap()
    }

    fn listed() -> ListedDocuments {
        let mut listed = ListedDocuments::default();
        listed.add("d1", &key("UTO", "P", "K0B123"));
        listed
            .add_range("r1", &key("UTO", "P", "AB1000"), "AB1999")
            .unwrap();
        listed
    }

    #[test]
    fn numbers_are_found_as_written_and_look_alikes_only_possibly() {
        use Outcome::{Clear, Hit, Possible};
        for (issuer, class, number, outcome, entry) in [
            ("UTO", "P", "K0B123", Hit, "d1"),
            ("UTO", "PP", "k0-b 123<<", Hit, "d1"),
            ("UTO", "P", "KOB123", Possible, "d1"),
            ("UTO", "P", "K08I23", Possible, "d1"),
            ("UTO", "P", "K0B124", Clear, ""),
            ("UTO", "I", "K0B123", Clear, ""),
            ("D<<", "P", "K0B123", Clear, ""),
            ("UTO", "P", "AB1000", Hit, "r1"),
            ("UTO", "P", "AB1999", Hit, "r1"),
            ("UTO", "P", "AB2000", Clear, ""),
            ("UTO", "P", "AB10000", Clear, ""),
            ("UTO", "P", "AB1OOO", Possible, "r1"),
            ("UTO", "P", "AB1X00", Clear, ""),
        ] {
            let answer = listed().look_up(&key(issuer, class, number));
            assert_eq!(
                (answer.outcome, answer.entry.as_str()),
                (outcome, entry),
                "{number}"
            );
        }
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let error = |issuer, class, number| DocumentKey::parse(issuer, class, number).err();
        assert_eq!(error("U1O", "P", "X1"), Some(DocumentError::Issuer));
        assert_eq!(error("UTO", "<", "X1"), Some(DocumentError::Class));
        assert_eq!(error("UTO", "P", "< -"), Some(DocumentError::Number));
        assert_eq!(error("UTO", "P", "Ä1"), Some(DocumentError::Number));
        let mut listed = listed();
        let first = key("UTO", "P", "AB1000");
        for last in ["AB0999", "AB99999", "AC1000X", "ABX000"] {
            assert_eq!(
                listed.add_range("r", &first, last),
                Err(DocumentError::Range),
                "{last}"
            );
        }
    }
}
