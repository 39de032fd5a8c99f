//! A zone as read: the lines, known to have a format's size and alphabet, and what each field says. What is read is never changed.

use std::fmt;

use egate_types::{
    Date, DocumentNumber, Holder, MrzLines, PersonName, Sex, StateCode, TravelDocument,
};
use zeroize::Zeroizing;

use super::{
    Mrz, MrzError, MrzKey, check_digit,
    checks::{self, CheckDigits},
    date::{self, Century, MrzDate},
    layout::{Characters, Field, Layout, MrzFormat},
    name,
};

/// Lines that have the size and the alphabet of a format. Whether they hold is another question: [`Zone::violations`] and
/// [`Zone::check_digits`] answer it. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    format: MrzFormat,
    lines: MrzLines,
    /// Where each line stood in what was given, for messages.
    origins: Vec<Origin>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Origin {
    line: usize,
    indent: usize,
}

/// A document number with its check digit, wherever both stand.
pub(crate) struct Number<'a> {
    /// With fillers; of a long number, its first part and its rest without the filler between them.
    pub(crate) text: Zeroizing<String>,
    pub(crate) check_digit: char,
    pub(crate) is_long: bool,
    /// What a long number leaves of the optional data.
    pub(crate) optional_data: &'a str,
}

/// Finds the format of scanned lines. White space around a line and empty lines are passed over; nothing else is.
///
/// # Errors
/// [`MrzError::Layout`], [`MrzError::Character`] or [`MrzError::Length`]; lines and positions are those of `given`.
pub fn read(given: &MrzLines) -> Result<Zone, MrzError> {
    let mut lines = Vec::new();
    let mut origins = Vec::new();
    for (number, line) in (1..).zip(given.expose()) {
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        lines.push(text);
        origins.push(Origin {
            line: number,
            indent,
        });
    }
    let longest = lines.iter().map(|line| line.chars().count()).max();
    let layout_error = MrzError::Layout {
        lines: lines.len(),
        longest: longest.unwrap_or(0),
    };
    if !(2..=3).contains(&lines.len()) {
        return Err(layout_error);
    }
    for (line, origin) in lines.iter().zip(&origins) {
        if let Some(at) = line.chars().position(|c| !Characters::Both.admit(c)) {
            return Err(MrzError::Character {
                line: origin.line,
                position: origin.indent + at + 1,
            });
        }
    }
    let format = format_of(&lines).ok_or(layout_error)?;
    let width = format.layout().width;
    if let Some((line, origin)) = lines.iter().zip(&origins).find(|(l, _)| l.len() != width) {
        return Err(MrzError::Length {
            line: origin.line,
            length: line.len(),
            format,
        });
    }
    Ok(Zone {
        format,
        lines: MrzLines::new(lines.into_iter().map(str::to_owned).collect()),
        origins,
    })
}

impl Zone {
    /// The layout.
    pub fn format(&self) -> MrzFormat {
        self.format
    }

    /// The lines, without what surrounds them.
    pub fn lines(&self) -> &MrzLines {
        &self.lines
    }

    /// A field as read, with its fillers; empty if the format has no such field.
    pub fn text(&self, field: Field) -> &str {
        let span = self.layout().span(field);
        span.map_or("", |span| span.of(self.lines.expose()))
    }

    /// The document number without fillers at its end; of a long number, all of it.
    pub fn document_number(&self) -> Zeroizing<String> {
        let number = self.number();
        Zeroizing::new(number.text.trim_end_matches('<').to_owned())
    }

    /// Whether the document number goes on in the optional data.
    pub fn has_long_number(&self) -> bool {
        self.number().is_long
    }

    /// Optional data without fillers at their end, and without what a long document number takes of them: one element, for
    /// TD1 two (upper and middle line).
    pub fn optional_data(&self) -> Vec<&str> {
        let mut data = vec![self.number().optional_data.trim_end_matches('<')];
        if self.layout().span(Field::OptionalData2).is_some() {
            data.push(self.text(Field::OptionalData2).trim_end_matches('<'));
        }
        data
    }

    /// The holder's name, fillers turned to spaces.
    pub fn name(&self) -> PersonName {
        name::parse(self.text(Field::Name)).0
    }

    /// Each check digit against what it is over.
    pub fn check_digits(&self) -> CheckDigits {
        checks::check_digits(self)
    }

    /// The rules that fields break, check digits aside. `today` decides the century of two-digit years, which decides whether
    /// 29 February exists.
    pub fn violations(&self, today: Date) -> Vec<MrzError> {
        let misplaced = self.misplaced();
        if misplaced.is_empty() {
            return self.document(today).err().into_iter().collect();
        }
        misplaced
    }

    /// The check digits that do not agree, where they are printed.
    pub fn contradictions(&self) -> Vec<MrzError> {
        let digits = self.check_digits();
        let number = self.number();
        let number_digit = if number.is_long {
            // Behind the number's last character, which has nine before it elsewhere.
            (Field::OptionalData, number.text.len().saturating_sub(9))
        } else {
            (Field::DocumentNumberCheckDigit, 0)
        };
        let all = [
            (Some(digits.document_number), number_digit),
            (Some(digits.birth_date), (Field::BirthDateCheckDigit, 0)),
            (Some(digits.expiry_date), (Field::ExpiryDateCheckDigit, 0)),
            (digits.optional_data, (Field::OptionalDataCheckDigit, 0)),
            (digits.composite, (Field::CompositeCheckDigit, 0)),
        ];
        let wrong = all.iter().filter(|(holds, _)| *holds == Some(false));
        let rule = |field| {
            if field == Field::OptionalData {
                "check digit of the long document number does not agree with it (9303-3 §4.9)"
            } else {
                "does not agree with what it is over (9303-3 §4.9)"
            }
        };
        wrong
            .map(|(_, (field, offset))| self.broken_at(*field, *offset, rule(*field)))
            .collect()
    }

    /// What the zone says, as types.
    ///
    /// # Errors
    /// The first of [`Zone::violations`].
    pub fn take_apart(&self, today: Date) -> Result<Mrz, MrzError> {
        if let Some(violation) = self.misplaced().into_iter().next() {
            return Err(violation);
        }
        let (document, date_of_birth, date_of_expiry) = self.document(today)?;
        let (_, name_may_be_truncated) = name::parse(self.text(Field::Name));
        Ok(Mrz {
            format: self.format,
            document,
            date_of_birth,
            date_of_expiry,
            name_may_be_truncated,
            access_key: self.access_key(),
            checks: checks::consistency(&self.check_digits()),
            lines: self.lines.clone(),
        })
    }

    pub(crate) fn layout(&self) -> &'static Layout {
        self.format.layout()
    }

    /// The number, where the optional data begin, and the digit that is compared. A number of more than nine characters has `<`
    /// for a check digit and goes on at the start of the optional data, its check digit and a filler behind it; the digit is over
    /// the number without the filler that splits it (9303-5 §4.2.2 note j and §4.2.4, 9303-6 §4.2.2 note j).
    pub(crate) fn number(&self) -> Number<'_> {
        let first = self.text(Field::DocumentNumber);
        let printed = filler_or(self.text(Field::DocumentNumberCheckDigit));
        let optional = self.text(Field::OptionalData);
        let short = Number {
            text: Zeroizing::new(first.to_owned()),
            check_digit: printed,
            is_long: false,
            optional_data: optional,
        };
        if printed != '<' || !self.layout().takes_long_numbers() {
            return short;
        }
        let (rest, behind) = optional.split_once('<').unwrap_or((optional, ""));
        let mut characters = rest.chars();
        match characters.next_back() {
            Some(digit) if rest.len() > 1 => Number {
                text: Zeroizing::new(format!("{first}{}", characters.as_str())),
                check_digit: digit,
                is_long: true,
                optional_data: behind,
            },
            Some(_) | None => short,
        }
    }

    /// The error of a field, at its first position.
    fn broken(&self, field: Field, rule: &'static str) -> MrzError {
        self.broken_at(field, 0, rule)
    }

    fn broken_at(&self, field: Field, offset: usize, rule: &'static str) -> MrzError {
        let (line, position) = self.place(field, offset);
        MrzError::Field {
            line,
            position,
            field,
            rule,
        }
    }

    /// Line and position, in what was given, of a field's character.
    pub(crate) fn place(&self, field: Field, offset: usize) -> (usize, usize) {
        let Some(span) = self.layout().span(field) else {
            return (0, 0);
        };
        let origin = self.origins.get(span.line - 1);
        let (line, indent) = origin.map_or((span.line, 0), |o| (o.line, o.indent));
        (line, indent + span.first + offset)
    }

    /// Characters that cannot stand in their fields, the first of each field.
    fn misplaced(&self) -> Vec<MrzError> {
        let fields = self.layout().fields.iter();
        let of_field = |(field, _): &(Field, _)| {
            let characters = field.characters();
            let at = self
                .text(*field)
                .chars()
                .position(|c| !characters.admit(c))?;
            let rule = match characters {
                Characters::Letters => "letters and < alone may stand here (9303-3 §4.5 to §4.7)",
                Characters::Digits => "digits and < alone may stand here (9303-3 §4.8, §4.9)",
                Characters::Both => "letters, digits and < alone may stand here (9303-3 §4.3)",
            };
            Some(self.broken_at(*field, at, rule))
        };
        fields.filter_map(of_field).collect()
    }

    fn document(&self, today: Date) -> Result<(TravelDocument, MrzDate, MrzDate), MrzError> {
        let date = |field, century| {
            date::parse(self.text(field), century, today).map_err(|rule| self.broken(field, rule))
        };
        let state = |field| {
            StateCode::parse(self.text(field))
                .ok_or_else(|| self.broken(field, "one to three letters, then fillers (9303-3 §5)"))
        };
        let birth = date(Field::BirthDate, Century::Birth)?;
        let expiry = date(Field::ExpiryDate, Century::Expiry)?;
        let document = TravelDocument {
            code: self.code()?,
            issuer: state(Field::IssuingState)?,
            number: self.checked_number()?,
            date_of_expiry: expiry.complete(),
            holder: Holder {
                name: self.name(),
                date_of_birth: birth.complete(),
                sex: self.sex()?,
                nationality: state(Field::Nationality)?,
            },
        };
        Ok((document, birth, expiry))
    }

    fn code(&self) -> Result<String, MrzError> {
        let code = self.text(Field::DocumentCode).trim_end_matches('<');
        if code.starts_with(|c: char| c.is_ascii_uppercase()) {
            Ok(code.to_owned())
        } else {
            Err(self.broken(Field::DocumentCode, "begins with a letter"))
        }
    }

    fn checked_number(&self) -> Result<DocumentNumber, MrzError> {
        let number = self.number();
        if self.layout().takes_long_numbers() && number.check_digit == '<' && !number.is_long {
            return Err(self.broken(
                Field::OptionalData,
                "check digit < announces the rest of a longer number here (9303-5, 9303-6 §4.2.2 note j)",
            ));
        }
        DocumentNumber::parse(&number.text).ok_or_else(|| {
            self.broken(
                Field::DocumentNumber,
                "is empty or longer than 22 characters",
            )
        })
    }

    fn sex(&self) -> Result<Sex, MrzError> {
        match self.text(Field::Sex) {
            "F" => Ok(Sex::Female),
            "M" => Ok(Sex::Male),
            "<" => Ok(Sex::Unspecified),
            _ => Err(self.broken(Field::Sex, "is F, M or < (9303-3 §4.5)")),
        }
    }

    /// MRZ information of 9303-11 §4.3.2: as printed, check digits included.
    fn access_key(&self) -> MrzKey {
        let number = self.number();
        MrzKey(format!(
            "{}{}{}{}{}{}",
            *number.text,
            number.check_digit,
            self.text(Field::BirthDate),
            self.text(Field::BirthDateCheckDigit),
            self.text(Field::ExpiryDate),
            self.text(Field::ExpiryDateCheckDigit),
        ))
    }

    /// Whether the printed digit is the one computed over `text`.
    pub(crate) fn holds(&self, text: &str, digit: Field) -> bool {
        check_digit(text) == filler_or(self.text(digit))
    }

    /// The same zone with other characters: each of `changes` is field, offset in it, character.
    pub(crate) fn with(&self, changes: &[(Field, usize, char)]) -> Self {
        let mut lines: Vec<Vec<char>> = self
            .lines
            .expose()
            .iter()
            .map(|l| l.chars().collect())
            .collect();
        for (field, offset, character) in changes {
            let place = self.layout().span(*field).and_then(|span| {
                let line = lines.get_mut(span.line.checked_sub(1)?)?;
                line.get_mut((span.first + offset).checked_sub(1)?)
            });
            if let Some(place) = place {
                *place = *character;
            }
        }
        Self {
            format: self.format,
            lines: MrzLines::new(lines.into_iter().map(String::from_iter).collect()),
            origins: self.origins.clone(),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.format.name())
    }
}

/// The format whose number of lines fits, and the length of one of them, or failing that the nearest.
fn format_of(lines: &[&str]) -> Option<MrzFormat> {
    let first = lines.first()?;
    let initial = first.chars().next()?;
    let exact = lines
        .iter()
        .find_map(|line| MrzFormat::of(lines.len(), line.len(), initial));
    let nearest = if lines.len() == 3 {
        30
    } else if first.len() > 40 {
        44
    } else {
        36
    };
    exact.or_else(|| MrzFormat::of(lines.len(), nearest, initial))
}

fn filler_or(text: &str) -> char {
    text.chars().next().unwrap_or('<')
}
