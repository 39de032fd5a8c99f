//! What issuers do unlike ICAO 9303-10 and a reader accepts nevertheless.

use std::fmt;

use super::{FileId, LdsError};

/// One departure from the standard that was accepted. Never names a person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The file it was found in.
    pub file: FileId,
    /// What it is.
    pub kind: DeviationKind,
}

/// The departures that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviationKind {
    /// Lengths are indefinite or strings in pieces: BER where DER is demanded.
    Ber,
    /// Bytes behind the outermost data object, which no hash should cover.
    TrailingBytes(usize),
    /// A text is not UTF-8; it was read as Latin-1 (ISO 8859-1).
    NotUtf8(u32),
    /// A date is neither digits nor packed digits; it is kept as it stands.
    NotADate(u32),
    /// A data object that the standard does not know in this place; skipped.
    UnknownObject(u32),
    /// A data object that may occur once occurs again; the first counts.
    RepeatedObject(u32),
    /// A data object stands outside the template it belongs into.
    OutsideItsTemplate(u32),
    /// The file's own list of elements is absent.
    NoTagList,
    /// The list names a data object that is not there.
    ListedButAbsent(u32),
    /// A data object is there that the list does not name.
    PresentButUnlisted(u32),
    /// The stated number of instances differs from what is there.
    Count {
        /// As stated; `None` if not at all.
        stated: Option<u32>,
        /// As found.
        found: usize,
    },
    /// More instances than this reader looks at; the rest was skipped.
    TooMany(usize),
    /// One of several faces cannot be read; the others count.
    UnreadableFace {
        /// Its place, from one.
        number: usize,
        /// What is wrong with it.
        error: LdsError,
    },
    /// A face record is not of the version that ICAO 9303-10 demands.
    FaceRecordVersion([u8; 4]),
    /// The record states another format than the image's own first bytes.
    StatedFormat {
        /// Code in the record.
        code: u32,
    },
    /// The record states another size in pixels than the image itself.
    StatedSize {
        /// Width and height in the record.
        stated: (u32, u32),
        /// Width and height in the image.
        actual: (u32, u32),
    },
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.kind)
    }
}

impl fmt::Display for DeviationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ber => f.write_str("BER, not DER"),
            Self::TrailingBytes(count) => write!(f, "{count} bytes behind the data object"),
            Self::NotUtf8(tag) => write!(f, "text {tag:X} is not UTF-8, read as Latin-1"),
            Self::NotADate(tag) => write!(f, "{tag:X} is not a date"),
            Self::UnknownObject(tag) => write!(f, "unknown data object {tag:X}"),
            Self::RepeatedObject(tag) => write!(f, "data object {tag:X} again"),
            Self::OutsideItsTemplate(tag) => write!(f, "data object {tag:X} outside its template"),
            Self::NoTagList => f.write_str("no list of elements"),
            Self::ListedButAbsent(tag) => write!(f, "{tag:X} is listed but absent"),
            Self::PresentButUnlisted(tag) => write!(f, "{tag:X} is present but not listed"),
            Self::Count {
                stated: Some(stated),
                found,
            } => write!(f, "{stated} instances stated, {found} found"),
            Self::Count {
                stated: None,
                found,
            } => write!(f, "number of instances not stated, {found} found"),
            Self::TooMany(most) => write!(f, "more than {most} instances, the rest is skipped"),
            Self::UnreadableFace { number, error } => write!(f, "face {number}: {error}"),
            Self::FaceRecordVersion(version) => {
                write!(f, "face record of version {}", version.escape_ascii())
            }
            Self::StatedFormat { code } => {
                write!(f, "image format {code} stated, the image is of another")
            }
            Self::StatedSize { stated, actual } => write!(
                f,
                "{} x {} pixels stated, the image has {} x {}",
                stated.0, stated.1, actual.0, actual.1
            ),
        }
    }
}
