//! Where each field of a zone stands, as tables: ICAO 9303-4, -5, -6 and -7. Nothing is decided here.

/// Layout of a machine readable zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MrzFormat {
    /// Cards: three lines of 30 (ICAO 9303-5).
    Td1,
    /// Larger cards: two lines of 36 (ICAO 9303-6).
    Td2,
    /// Passport books: two lines of 44 (ICAO 9303-4).
    Td3,
    /// Visas of full page size: two lines of 44 (ICAO 9303-7).
    MrvA,
    /// Smaller visas: two lines of 36 (ICAO 9303-7).
    MrvB,
}

impl MrzFormat {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Td1, Self::Td2, Self::Td3, Self::MrvA, Self::MrvB];

    /// The standard's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Td1 => "TD1",
            Self::Td2 => "TD2",
            Self::Td3 => "TD3",
            Self::MrvA => "MRV-A",
            Self::MrvB => "MRV-B",
        }
    }

    /// A visa is stuck into a travel document; it is none, and has no chip.
    pub fn is_visa(self) -> bool {
        match self {
            Self::MrvA | Self::MrvB => true,
            Self::Td1 | Self::Td2 | Self::Td3 => false,
        }
    }

    pub(crate) fn layout(self) -> &'static Layout {
        match self {
            Self::Td1 => &TD1,
            Self::Td2 => &TD2,
            Self::Td3 => &TD3,
            Self::MrvA => &MRV_A,
            Self::MrvB => &MRV_B,
        }
    }

    /// The format of `count` lines of `width` characters, the first of which begins with `first`. Only visas begin with V
    /// (9303-7 §4.2.2; 9303-5 and -6 keep the letter free).
    pub(crate) fn of(count: usize, width: usize, first: char) -> Option<Self> {
        match (count, width, first) {
            (3, 30, _) => Some(Self::Td1),
            (2, 36, 'V') => Some(Self::MrvB),
            (2, 36, _) => Some(Self::Td2),
            (2, 44, 'V') => Some(Self::MrvA),
            (2, 44, _) => Some(Self::Td3),
            _ => None,
        }
    }
}

/// A field of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Document code.
    DocumentCode,
    /// Issuing state or organisation.
    IssuingState,
    /// Primary and secondary identifier.
    Name,
    /// Document number, its first nine characters.
    DocumentNumber,
    /// Check digit over it, or `<` before a long number's rest.
    DocumentNumberCheckDigit,
    /// Nationality.
    Nationality,
    /// Date of birth.
    BirthDate,
    /// Check digit over it.
    BirthDateCheckDigit,
    /// Sex.
    Sex,
    /// Date of expiry; of a visa, the last day to enter.
    ExpiryDate,
    /// Check digit over it.
    ExpiryDateCheckDigit,
    /// Optional data; of TD1, those of the upper line.
    OptionalData,
    /// Check digit over it (TD3 alone).
    OptionalDataCheckDigit,
    /// Optional data of TD1's middle line.
    OptionalData2,
    /// Composite check digit (not in visas).
    CompositeCheckDigit,
}

impl Field {
    /// The field's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::DocumentCode => "document code",
            Self::IssuingState => "issuing state",
            Self::Name => "name",
            Self::DocumentNumber => "document number",
            Self::DocumentNumberCheckDigit => "document number check digit",
            Self::Nationality => "nationality",
            Self::BirthDate => "date of birth",
            Self::BirthDateCheckDigit => "date of birth check digit",
            Self::Sex => "sex",
            Self::ExpiryDate => "date of expiry",
            Self::ExpiryDateCheckDigit => "date of expiry check digit",
            Self::OptionalData => "optional data",
            Self::OptionalDataCheckDigit => "optional data check digit",
            Self::OptionalData2 => "optional data 2",
            Self::CompositeCheckDigit => "composite check digit",
        }
    }

    /// What may stand in the field beside the filler (ICAO 9303-10 §4.7.1, tables of DG1, coding A, N and S). The tables also let
    /// digits into names; 9303-3 §4.6 forbids them.
    pub(crate) fn characters(self) -> Characters {
        match self {
            Self::IssuingState | Self::Name | Self::Nationality | Self::Sex => Characters::Letters,
            Self::DocumentNumberCheckDigit
            | Self::BirthDate
            | Self::BirthDateCheckDigit
            | Self::ExpiryDate
            | Self::ExpiryDateCheckDigit
            | Self::OptionalDataCheckDigit
            | Self::CompositeCheckDigit => Characters::Digits,
            // The second character of a document code is the issuer's own: United States cards say C1 and C2.
            Self::DocumentCode
            | Self::DocumentNumber
            | Self::OptionalData
            | Self::OptionalData2 => Characters::Both,
        }
    }
}

/// Characters of a field beside the filler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Characters {
    Letters,
    Digits,
    Both,
}

impl Characters {
    pub(crate) fn admit(self, character: char) -> bool {
        character == '<'
            || match self {
                Self::Letters => character.is_ascii_uppercase(),
                Self::Digits => character.is_ascii_digit(),
                Self::Both => character.is_ascii_uppercase() || character.is_ascii_digit(),
            }
    }
}

/// A run of characters in one line. Line and position count from one, as in the standard's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) first: usize,
    pub(crate) length: usize,
}

impl Span {
    /// The span in the zone's lines; empty where the zone has no such place.
    pub(crate) fn of<'a>(&self, lines: &'a [String]) -> &'a str {
        let start = self.first.saturating_sub(1);
        lines
            .get(self.line.saturating_sub(1))
            .and_then(|line| line.get(start..start.saturating_add(self.length)))
            .unwrap_or_default()
    }
}

/// One format's table.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) format: MrzFormat,
    pub(crate) lines: usize,
    pub(crate) width: usize,
    /// Clause that fixes the lines, for messages.
    pub(crate) clause: &'static str,
    /// Every field in the order of the zone; together they cover it once.
    pub(crate) fields: &'static [(Field, Span)],
    /// What the composite check digit is over, in order; empty for visas.
    pub(crate) composite_over: &'static [Span],
}

impl Layout {
    pub(crate) fn span(&self, wanted: Field) -> Option<Span> {
        self.fields
            .iter()
            .find(|(field, _)| *field == wanted)
            .map(|(_, span)| *span)
    }

    /// Whether a document number longer than nine characters goes on in the optional data: 9303-5 §4.2.2 note j and 9303-6
    /// §4.2.2 note j. Passport books and visas have no such rule.
    pub(crate) fn takes_long_numbers(&self) -> bool {
        match self.format {
            MrzFormat::Td1 | MrzFormat::Td2 => true,
            MrzFormat::Td3 | MrzFormat::MrvA | MrzFormat::MrvB => false,
        }
    }
}

const fn at(line: usize, first: usize, length: usize) -> Span {
    Span {
        line,
        first,
        length,
    }
}

static TD1: Layout = Layout {
    format: MrzFormat::Td1,
    lines: 3,
    width: 30,
    clause: "9303-5 §4.2.2",
    fields: &[
        (Field::DocumentCode, at(1, 1, 2)),
        (Field::IssuingState, at(1, 3, 3)),
        (Field::DocumentNumber, at(1, 6, 9)),
        (Field::DocumentNumberCheckDigit, at(1, 15, 1)),
        (Field::OptionalData, at(1, 16, 15)),
        (Field::BirthDate, at(2, 1, 6)),
        (Field::BirthDateCheckDigit, at(2, 7, 1)),
        (Field::Sex, at(2, 8, 1)),
        (Field::ExpiryDate, at(2, 9, 6)),
        (Field::ExpiryDateCheckDigit, at(2, 15, 1)),
        (Field::Nationality, at(2, 16, 3)),
        (Field::OptionalData2, at(2, 19, 11)),
        (Field::CompositeCheckDigit, at(2, 30, 1)),
        (Field::Name, at(3, 1, 30)),
    ],
    composite_over: &[at(1, 6, 25), at(2, 1, 7), at(2, 9, 7), at(2, 19, 11)],
};

static TD2: Layout = Layout {
    format: MrzFormat::Td2,
    lines: 2,
    width: 36,
    clause: "9303-6 §4.2.2",
    fields: &[
        (Field::DocumentCode, at(1, 1, 2)),
        (Field::IssuingState, at(1, 3, 3)),
        (Field::Name, at(1, 6, 31)),
        (Field::DocumentNumber, at(2, 1, 9)),
        (Field::DocumentNumberCheckDigit, at(2, 10, 1)),
        (Field::Nationality, at(2, 11, 3)),
        (Field::BirthDate, at(2, 14, 6)),
        (Field::BirthDateCheckDigit, at(2, 20, 1)),
        (Field::Sex, at(2, 21, 1)),
        (Field::ExpiryDate, at(2, 22, 6)),
        (Field::ExpiryDateCheckDigit, at(2, 28, 1)),
        (Field::OptionalData, at(2, 29, 7)),
        (Field::CompositeCheckDigit, at(2, 36, 1)),
    ],
    composite_over: &[at(2, 1, 10), at(2, 14, 7), at(2, 22, 14)],
};

static TD3: Layout = Layout {
    format: MrzFormat::Td3,
    lines: 2,
    width: 44,
    clause: "9303-4 §4.2.2",
    fields: &[
        (Field::DocumentCode, at(1, 1, 2)),
        (Field::IssuingState, at(1, 3, 3)),
        (Field::Name, at(1, 6, 39)),
        (Field::DocumentNumber, at(2, 1, 9)),
        (Field::DocumentNumberCheckDigit, at(2, 10, 1)),
        (Field::Nationality, at(2, 11, 3)),
        (Field::BirthDate, at(2, 14, 6)),
        (Field::BirthDateCheckDigit, at(2, 20, 1)),
        (Field::Sex, at(2, 21, 1)),
        (Field::ExpiryDate, at(2, 22, 6)),
        (Field::ExpiryDateCheckDigit, at(2, 28, 1)),
        (Field::OptionalData, at(2, 29, 14)),
        (Field::OptionalDataCheckDigit, at(2, 43, 1)),
        (Field::CompositeCheckDigit, at(2, 44, 1)),
    ],
    composite_over: &[at(2, 1, 10), at(2, 14, 7), at(2, 22, 22)],
};

static MRV_A: Layout = Layout {
    format: MrzFormat::MrvA,
    lines: 2,
    width: 44,
    clause: "9303-7",
    fields: &[
        (Field::DocumentCode, at(1, 1, 2)),
        (Field::IssuingState, at(1, 3, 3)),
        (Field::Name, at(1, 6, 39)),
        (Field::DocumentNumber, at(2, 1, 9)),
        (Field::DocumentNumberCheckDigit, at(2, 10, 1)),
        (Field::Nationality, at(2, 11, 3)),
        (Field::BirthDate, at(2, 14, 6)),
        (Field::BirthDateCheckDigit, at(2, 20, 1)),
        (Field::Sex, at(2, 21, 1)),
        (Field::ExpiryDate, at(2, 22, 6)),
        (Field::ExpiryDateCheckDigit, at(2, 28, 1)),
        (Field::OptionalData, at(2, 29, 16)),
    ],
    composite_over: &[],
};

static MRV_B: Layout = Layout {
    format: MrzFormat::MrvB,
    lines: 2,
    width: 36,
    clause: "9303-7",
    fields: &[
        (Field::DocumentCode, at(1, 1, 2)),
        (Field::IssuingState, at(1, 3, 3)),
        (Field::Name, at(1, 6, 31)),
        (Field::DocumentNumber, at(2, 1, 9)),
        (Field::DocumentNumberCheckDigit, at(2, 10, 1)),
        (Field::Nationality, at(2, 11, 3)),
        (Field::BirthDate, at(2, 14, 6)),
        (Field::BirthDateCheckDigit, at(2, 20, 1)),
        (Field::Sex, at(2, 21, 1)),
        (Field::ExpiryDate, at(2, 22, 6)),
        (Field::ExpiryDateCheckDigit, at(2, 28, 1)),
        (Field::OptionalData, at(2, 29, 8)),
    ],
    composite_over: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_each_table_cover_every_character_once() {
        for format in MrzFormat::ALL {
            let layout = format.layout();
            assert_eq!(layout.format, format);
            let mut covered = vec![0_u8; layout.lines * layout.width];
            for (field, span) in layout.fields {
                for position in span.first..span.first + span.length {
                    assert!(position <= layout.width, "{format:?} {field:?}");
                    covered[(span.line - 1) * layout.width + position - 1] += 1;
                }
            }
            assert!(covered.iter().all(|times| *times == 1), "{format:?}");
        }
    }
}
