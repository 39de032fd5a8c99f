//! Distinguished names, compared as states write them.

use std::{cmp::Ordering, fmt};

use crate::der::{DerError, Element};

/// A distinguished name. Two are equal if they hold the same attributes, whatever the order, case, spacing and string type:
/// states write their own name in different ways (RFC 5280 §7.1, and beyond it).
#[derive(Clone)]
pub struct Name {
    raw: Vec<u8>,
    attributes: Vec<(Vec<u8>, String)>,
    country: Option<String>,
}

impl Name {
    pub(crate) fn read(element: &Element<'_>) -> Result<Self, DerError> {
        let mut attributes = Vec::new();
        let mut country = None;
        for relative in element.inside().all()? {
            for attribute in relative.inside().all()? {
                let mut parts = attribute.inside();
                let oid = parts.take(0x06)?.value.to_vec();
                let text = text(&parts.next()?);
                if oid == COUNTRY && country.is_none() {
                    country = Some(text.trim().to_owned());
                }
                let words: Vec<&str> = text.split_whitespace().collect();
                attributes.push((oid, words.join(" ").to_lowercase()));
            }
        }
        attributes.sort();
        Ok(Self {
            raw: element.raw.to_vec(),
            attributes,
            country,
        })
    }

    /// The name as encoded.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The country attribute as written.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.attributes == other.attributes
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.attributes.cmp(&other.attributes)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self
            .attributes
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        f.write_str(&texts.join(", "))
    }
}

const COUNTRY: [u8; 3] = [0x55, 0x04, 0x06];

/// A directory string; BMPString has two bytes per character, the others are read as UTF-8 or else Latin-1.
fn text(value: &Element<'_>) -> String {
    if value.tag == 0x1E {
        let units = value.value.chunks_exact(2).map(|pair| match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        return char::decode_utf16(units)
            .map(|c| c.unwrap_or('\u{FFFD}'))
            .collect();
    }
    match std::str::from_utf8(value.value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.value.iter().map(|b| char::from(*b)).collect(),
    }
}
