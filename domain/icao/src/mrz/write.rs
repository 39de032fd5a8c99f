//! Writes a document as a zone of any format: for issuers of test documents, and as the reverse of the reader.

use egate_types::{MrzLines, Sex, TravelDocument};

use super::{
    checks::check_digit,
    date::yymmdd,
    layout::{Field, Layout, MrzFormat},
    name,
};

/// Why a document cannot be written as a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MrzFormatError {
    /// The document number is longer than the format has room for.
    #[error("document number is longer than the format has room for beside the optional data")]
    NumberTooLong,
    /// A name holds characters that the zone has not.
    #[error("name holds characters outside A-Z and space; transliterate it first (9303-3 §6)")]
    NameCharacters,
    /// The document code is not one or two characters, or begins with V for no visa, or the other way round.
    #[error(
        "document code is not a letter A-Z and perhaps another character, V first for visas alone"
    )]
    Code,
    /// Optional data are longer than their fields or hold characters that the zone has not.
    #[error("optional data do not fit their field, or hold characters outside A-Z, 0-9 and <")]
    OptionalData,
}

/// Writes the two lines of a passport book (ICAO 9303-4 §4.2), without optional data.
pub fn format_td3(document: &TravelDocument) -> Result<MrzLines, MrzFormatError> {
    format(document, MrzFormat::Td3, ["", ""])
}

/// Writes a document as a zone. Names longer than the field are truncated (9303-4 §4.2.3); a number of more than nine characters
/// goes on in the optional data of TD1 and TD2. `optional_data` are those of the zone and, for TD1, of its middle line.
pub fn format(
    document: &TravelDocument,
    format: MrzFormat,
    optional_data: [&str; 2],
) -> Result<MrzLines, MrzFormatError> {
    let layout = format.layout();
    let code = document.code.as_str();
    let well_formed = (1..=2).contains(&code.len())
        && code.starts_with(|c: char| c.is_ascii_uppercase())
        && code
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !well_formed || code.starts_with('V') != format.is_visa() {
        return Err(MrzFormatError::Code);
    }
    let width = layout.span(Field::Name).map_or(0, |span| span.length);
    let name = name::write(&document.holder.name, width).ok_or(MrzFormatError::NameCharacters)?;
    let number = document.number.expose();
    let (number, digit, rest) = match number.split_at_checked(9) {
        None => (number, check_digit(number), String::new()),
        Some((_, "")) => (number, check_digit(number), String::new()),
        Some((first, rest)) if layout.takes_long_numbers() => {
            (first, '<', format!("{rest}{}<", check_digit(number)))
        }
        Some(_) => return Err(MrzFormatError::NumberTooLong),
    };
    let mut page = Page::new(layout);
    page.put(Field::DocumentCode, code);
    page.put(Field::IssuingState, document.issuer.as_str());
    page.put(Field::Name, &name);
    page.put(Field::DocumentNumber, number);
    page.put(
        Field::DocumentNumberCheckDigit,
        digit.encode_utf8(&mut [0; 4]),
    );
    page.put(Field::Nationality, document.holder.nationality.as_str());
    page.checked(
        Field::BirthDate,
        &yymmdd(document.holder.date_of_birth),
        Field::BirthDateCheckDigit,
    );
    page.put(
        Field::Sex,
        match document.holder.sex {
            Sex::Female => "F",
            Sex::Male => "M",
            Sex::Unspecified => "<",
        },
    );
    page.checked(
        Field::ExpiryDate,
        &yymmdd(document.date_of_expiry),
        Field::ExpiryDateCheckDigit,
    );
    let [first, second] = optional_data;
    let room = layout
        .span(Field::OptionalData)
        .map_or(0, |span| span.length);
    if rest.len() > room {
        return Err(MrzFormatError::NumberTooLong);
    }
    page.optional(Field::OptionalData, &format!("{rest}{first}"))?;
    page.optional(Field::OptionalData2, second)?;
    page.close();
    Ok(page.lines())
}

/// A zone being written: fillers everywhere at first.
struct Page {
    layout: &'static Layout,
    lines: Vec<String>,
}

impl Page {
    fn new(layout: &'static Layout) -> Self {
        Self {
            layout,
            lines: vec!["<".repeat(layout.width); layout.lines],
        }
    }

    /// Writes a field that the format has and that `text` fits; anything else leaves the fillers.
    fn put(&mut self, field: Field, text: &str) {
        let Some(span) = self.layout.span(field) else {
            return;
        };
        let Some(line) = self.lines.get_mut(span.line - 1) else {
            return;
        };
        let start = span.first - 1;
        let end = start + text.len().min(span.length);
        line.replace_range(start..end, text.get(..end - start).unwrap_or_default());
    }

    fn checked(&mut self, field: Field, text: &str, digit: Field) {
        self.put(field, text);
        self.put(digit, check_digit(text).encode_utf8(&mut [0; 4]));
    }

    fn optional(&mut self, field: Field, text: &str) -> Result<(), MrzFormatError> {
        let room = self.layout.span(field).map_or(0, |span| span.length);
        let legal = |b: u8| b == b'<' || b.is_ascii_uppercase() || b.is_ascii_digit();
        if text.len() > room || !text.bytes().all(legal) {
            return Err(MrzFormatError::OptionalData);
        }
        self.put(field, text);
        Ok(())
    }

    /// The check digits over what has been written.
    fn close(&mut self) {
        if let Some(span) = self.layout.span(Field::OptionalData) {
            let digit = check_digit(span.of(&self.lines));
            self.put(
                Field::OptionalDataCheckDigit,
                digit.encode_utf8(&mut [0; 4]),
            );
        }
        let over = self.layout.composite_over.iter();
        let covered: String = over.map(|span| span.of(&self.lines)).collect();
        let digit = check_digit(&covered);
        self.put(Field::CompositeCheckDigit, digit.encode_utf8(&mut [0; 4]));
    }

    fn lines(self) -> MrzLines {
        MrzLines::new(self.lines)
    }
}
