//! Chinese travel permits, as far as public facts go. They are cards with lines of 30 characters and check digits after ICAO
//! 9303-3 §4.9, but their fields follow GA/T 704, not 9303-5.
//!
//! **No offset in these tables is verified**: neither the tables of GA/T 704.14 and .16 nor a real sample was at hand. Each field
//! says where its place comes from ([`Source`]). So nothing here gives an [`Mrz`](super::Mrz): a reading is for an officer's eyes,
//! and no gate may admit on it before the tables have been checked against the standard.

use egate_types::MrzLines;

use super::{check_digit, layout::Span};

/// A permit of the exit and entry administration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permit {
    /// 港澳居民来往内地通行证, edition of 1999: residents of Hong Kong and Macao to the mainland.
    HongKongMacaoToMainland1999,
    /// The same, edition of 2013 (GA/T 704.14-2015).
    HongKongMacaoToMainland2013,
    /// 台湾居民来往大陆通行证, card since 2015: residents of Taiwan to the mainland.
    TaiwanToMainland2015,
    /// 往来港澳通行证, card since 2014: mainland residents to Hong Kong and Macao. One line on the card, three in the chip.
    MainlandToHongKongMacao2014,
    /// 大陆居民往来台湾通行证, card: mainland residents to Taiwan. One line on the card, three in the chip.
    MainlandToTaiwan,
}

/// Where the place of a field is known from. None of them is the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Two public readers, written apart from each other, agree.
    TwoReaders,
    /// One public reader.
    OneReader,
    /// Inferred: the place left between the known fields, where ICAO 9303 would have a check digit.
    Inferred,
}

/// What a field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermitData {
    /// Document code.
    DocumentCode,
    /// Issuing state.
    IssuingState,
    /// Number of the permit.
    Number,
    /// How often the permit was renewed, two digits.
    Renewals,
    /// `YYMMDD`.
    ExpiryDate,
    /// Century of expiry: 0 is 18.., 1 is 19.., 2 is 20..
    ExpiryCentury,
    /// `YYMMDD`.
    BirthDate,
    /// Century of birth: 0 or A is 18.., 1 or B is 19.., else 20..
    BirthCentury,
    /// `F`, `M`.
    Sex,
    /// Name in Latin letters.
    Name,
    /// Name in Chinese, twelve characters that stand for GBK codes in a code of their own.
    ChineseName,
    /// Number of the identity card of Hong Kong, Macao or Taiwan.
    IdentityNumber,
    /// Code of the place of birth.
    PlaceOfBirth,
    /// Code of the place of issue.
    PlaceOfIssue,
    /// Check digit over everything checked in the line; over what exactly is not public.
    Composite,
}

/// One row of a permit's table. Lines and positions count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitField {
    /// What it says.
    pub data: PermitData,
    /// Line.
    pub line: usize,
    /// First position.
    pub first: usize,
    /// Characters.
    pub length: usize,
    /// Where its place is known from.
    pub source: Source,
    /// Position, in the same line, of a check digit over the field.
    pub check_digit: Option<(usize, Source)>,
}

/// The table of one permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitLayout {
    /// Which.
    pub permit: Permit,
    /// How the first line begins, if that is public.
    pub begins: Option<&'static str>,
    /// The fields.
    pub fields: &'static [PermitField],
}

/// Every table.
pub static PERMITS: [PermitLayout; 5] = [
    PermitLayout {
        permit: Permit::HongKongMacaoToMainland1999,
        begins: Some("C<CHN"),
        fields: HONG_KONG_MACAO_TO_MAINLAND_1999,
    },
    PermitLayout {
        permit: Permit::HongKongMacaoToMainland2013,
        begins: None,
        fields: HONG_KONG_MACAO_TO_MAINLAND_2013,
    },
    PermitLayout {
        permit: Permit::TaiwanToMainland2015,
        begins: None,
        fields: TAIWAN_TO_MAINLAND_2015,
    },
    PermitLayout {
        permit: Permit::MainlandToHongKongMacao2014,
        begins: Some("CS"),
        fields: MAINLAND_OUTWARD,
    },
    PermitLayout {
        permit: Permit::MainlandToTaiwan,
        begins: Some("CD"),
        fields: MAINLAND_OUTWARD,
    },
];

/// The table for a zone of one or three lines of 30 whose beginning is public; a hint for the officer and no more, since other
/// states may use these document codes.
pub fn recognise(lines: &MrzLines) -> Option<&'static PermitLayout> {
    let lines = lines.expose();
    let first = lines.first()?;
    if !matches!(lines.len(), 1 | 3) || lines.iter().any(|line| line.len() != 30) {
        return None;
    }
    let layouts = PERMITS.iter();
    layouts
        .filter(|layout| {
            layout
                .begins
                .is_some_and(|begins| first.starts_with(begins))
        })
        .max_by_key(|layout| layout.begins.map_or(0, str::len))
}

impl PermitLayout {
    /// The row of `data`.
    pub fn field(&self, data: PermitData) -> Option<&'static PermitField> {
        self.fields.iter().find(|field| field.data == data)
    }
}

impl PermitField {
    /// The field as read, with its fillers; empty if the lines have no such place.
    pub fn text<'a>(&self, lines: &'a MrzLines) -> &'a str {
        let span = Span {
            line: self.line,
            first: self.first,
            length: self.length,
        };
        span.of(lines.expose())
    }

    /// Whether the field agrees with its check digit; `None` if no place of one is known, or the lines are too short.
    pub fn holds(&self, lines: &MrzLines) -> Option<bool> {
        let (first, _) = self.check_digit?;
        let digit = Span {
            line: self.line,
            first,
            length: 1,
        };
        let printed = digit.of(lines.expose()).chars().next()?;
        Some(check_digit(self.text(lines)) == printed)
    }
}

const fn row(
    data: PermitData,
    (line, first, length): (usize, usize, usize),
    source: Source,
    check_digit: Option<(usize, Source)>,
) -> PermitField {
    PermitField {
        data,
        line,
        first,
        length,
        source,
        check_digit,
    }
}

use PermitData::{
    BirthCentury, BirthDate, ChineseName, Composite, DocumentCode, ExpiryCentury, ExpiryDate,
    IdentityNumber, IssuingState, Name, Number, PlaceOfBirth, PlaceOfIssue, Renewals, Sex,
};
use Source::{Inferred, OneReader, TwoReaders};

/// The middle line's dates and sex stand as in 9303-5; the number of eleven characters does not fit there and follows them.
const HONG_KONG_MACAO_TO_MAINLAND_1999: &[PermitField] = &[
    row(DocumentCode, (1, 1, 2), OneReader, None),
    row(IssuingState, (1, 3, 3), OneReader, None),
    row(BirthDate, (2, 1, 6), OneReader, Some((7, Inferred))),
    row(Sex, (2, 8, 1), OneReader, None),
    row(ExpiryDate, (2, 9, 6), OneReader, Some((15, Inferred))),
    row(Number, (2, 16, 11), OneReader, Some((27, Inferred))),
    row(BirthCentury, (2, 28, 1), OneReader, None),
    row(ExpiryCentury, (2, 29, 1), OneReader, None),
    row(Composite, (2, 30, 1), Inferred, None),
    row(Name, (3, 1, 30), OneReader, None),
];

const HONG_KONG_MACAO_TO_MAINLAND_2013: &[PermitField] = &[
    row(DocumentCode, (1, 1, 2), OneReader, None),
    row(Number, (1, 3, 9), OneReader, Some((12, Inferred))),
    row(Renewals, (1, 13, 2), OneReader, None),
    row(ExpiryDate, (1, 16, 6), OneReader, Some((22, Inferred))),
    row(Sex, (1, 23, 1), OneReader, None),
    row(BirthDate, (1, 24, 6), OneReader, Some((30, Inferred))),
    row(BirthCentury, (2, 19, 1), OneReader, None),
    row(IdentityNumber, (2, 20, 9), OneReader, None),
    row(Name, (3, 1, 30), OneReader, None),
];

const TAIWAN_TO_MAINLAND_2015: &[PermitField] = &[
    row(DocumentCode, (1, 1, 2), OneReader, None),
    row(Number, (1, 3, 8), OneReader, None),
    row(Renewals, (1, 13, 2), OneReader, None),
    row(ExpiryDate, (1, 16, 6), OneReader, Some((22, Inferred))),
    row(Sex, (1, 23, 1), OneReader, None),
    row(BirthDate, (1, 24, 6), OneReader, Some((30, Inferred))),
    row(BirthCentury, (2, 19, 1), OneReader, None),
    row(IdentityNumber, (2, 20, 10), OneReader, None),
    row(Name, (3, 1, 26), OneReader, None),
    row(PlaceOfIssue, (3, 27, 4), OneReader, None),
];

const MAINLAND_OUTWARD: &[PermitField] = &[
    row(DocumentCode, (1, 1, 2), TwoReaders, None),
    row(Number, (1, 3, 9), TwoReaders, Some((12, OneReader))),
    row(ExpiryDate, (1, 14, 6), TwoReaders, Some((20, OneReader))),
    row(BirthDate, (1, 22, 6), TwoReaders, Some((28, OneReader))),
    row(Composite, (1, 30, 1), OneReader, None),
    row(ChineseName, (2, 1, 12), OneReader, None),
    row(Name, (2, 13, 18), TwoReaders, None),
    row(Sex, (3, 1, 1), TwoReaders, None),
    row(BirthCentury, (3, 4, 1), OneReader, None),
    row(PlaceOfBirth, (3, 9, 3), OneReader, None),
];
