//! Why a chip could not be read.

use std::fmt;

use crate::{
    apdu::{ApduError, Status},
    bac::BacError,
    lds::FileId,
    secure_messaging::SecureMessagingError,
    tlv::TlvError,
};

use super::PaceFailure;

/// Why a chip could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChipError {
    /// No travel document application: some other card lies on the reader.
    #[error("card has no travel document application ({0})")]
    NotATravelDocument(Status),
    /// The chip does not open to this MRZ: misread zone, or a chip of another document.
    #[error("chip does not open to the access keys of this document")]
    AccessDenied(#[source] BacError),
    /// The chip offers PACE, which failed, and nothing else is allowed.
    #[error("PACE failed")]
    PaceFailed(#[source] PaceFailure),
    /// The chip offers no PACE, which the order or its password demands.
    #[error("chip offers no PACE")]
    PaceNotOffered,
    /// The chip dropped the protected channel and did so again.
    #[error("chip dropped the protected channel ({status})")]
    SessionLost {
        /// What it answered.
        status: Status,
    },
    /// The chip answered with an error where none is allowed.
    #[error("chip answered {status} to {doing}")]
    UnexpectedStatus {
        /// What was asked.
        doing: Doing,
        /// What it answered.
        status: Status,
    },
    /// The chip broke the protocol; a manipulated chip or line.
    #[error("chip answered outside ICAO 9303")]
    Misbehaved(#[source] Violation),
}

/// How a chip broke the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Not a response.
    #[error("malformed response")]
    Apdu(#[source] ApduError),
    /// Protection of a response is wrong.
    #[error("protected response refused")]
    Protection(#[source] SecureMessagingError),
    /// A file does not begin with a data object.
    #[error("{file} has no readable header")]
    FileHeader {
        /// Which file.
        file: FileId,
        /// What is wrong.
        #[source]
        source: TlvError,
    },
    /// The answer to READ BINARY with odd instruction is not a data object 53.
    #[error("{file} at offset {offset}: no data object around the data")]
    DataObject {
        /// Which file.
        file: FileId,
        /// Where in the file.
        offset: usize,
        /// What is wrong.
        #[source]
        source: TlvError,
    },
    /// A file claims to be larger than we read.
    #[error("{file} claims {bytes} bytes")]
    FileTooLarge {
        /// Which file.
        file: FileId,
        /// Claimed size.
        bytes: usize,
    },
    /// The chip delivers less than the file's header claims.
    #[error("{file} ends early")]
    FileEndsEarly {
        /// Which file.
        file: FileId,
    },
    /// The challenge is not eight bytes.
    #[error("challenge of {0} bytes instead of 8")]
    Challenge(usize),
    /// More commands than any document needs.
    #[error("reading does not come to an end")]
    Endless,
}

/// A step of reading, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// GET CHALLENGE.
    Challenge,
    /// SELECT of a file.
    Select(FileId),
    /// READ BINARY of a file.
    Read(FileId),
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Challenge => f.write_str("GET CHALLENGE"),
            Self::Select(file) => write!(f, "SELECT {file}"),
            Self::Read(file) => write!(f, "READ BINARY {file}"),
        }
    }
}
