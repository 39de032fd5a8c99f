//! Chip reader: one contract, two drivers, and the chip's side for simulators.
//!
//! **Contract.** Everything here blocks; callers run it on a thread for blocking work and hold their own deadline, because a chip
//! that hangs inside the PC/SC stack cannot be interrupted: PC/SC has no timeout for an answer.
//!
//! | what happens | what the caller sees |
//! |---|---|
//! | no document within the wait | `Ok(None)` from [`CardReader::wait_for_card`] |
//! | document taken away, also in the middle of a command | [`ReaderError::Removed`] |
//! | chip silent | [`ReaderError::Mute`] from the slot; PC/SC blocks |
//! | reader unplugged, service stopped | [`ReaderError::Service`] or [`ReaderError::Io`]; the next wait connects again |
//! | connected twice | each [`Card`] is one contact with one document; dropping it ends the contact |
//!
//! | driver | for |
//! |---|---|
//! | [`PcscReader`] | every reader with a PC/SC driver, virtual ones included |
//! | [`VpcdSlot`] | a virtual chip that dials in over TCP (vpcd's protocol), without a PC/SC service |

#[cfg(feature = "card-sim")]
mod attach;
mod driver;
#[cfg(feature = "card-sim")]
mod pcscd;
mod vpcd;

use std::fmt;

use egate_icao::{
    lds::{ChipFiles, FileId},
    mrz::MrzKey,
    session::{ChipError, Progress, ReadSession, Step},
};

#[cfg(feature = "card-sim")]
pub use attach::{AttachedChip, Detached, Remover};
pub use driver::PcscReader;
#[cfg(feature = "card-sim")]
pub use pcscd::{Pcscd, VIRTUAL_READERS};
pub use vpcd::VpcdSlot;

/// A reader of chips.
pub trait CardReader: Send {
    /// Waits for a document and connects to its chip; `None` if none came within `wait_ms`.
    fn wait_for_card(&mut self, wait_ms: u32) -> Result<Option<Card>, ReaderError>;
}

/// Contact with one chip.
pub type Card = Box<dyn Transceiver + Send>;

/// Carries commands to a chip and its answers back.
pub trait Transceiver {
    /// One command, one answer.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError>;

    /// Whether the reader carries commands and answers of more than 256 bytes.
    fn carries_extended_length(&self) -> bool {
        true
    }
}

/// Why a reader did not carry a command.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The document left the field.
    #[error("document removed from the reader")]
    Removed,
    /// The chip did not answer in time.
    #[error("chip did not answer within {waited_ms} ms")]
    Mute {
        /// How long the reader waited.
        waited_ms: u64,
    },
    /// The PC/SC service or its reader failed. The Debian packages are `pcscd` and the reader's driver.
    #[error("PC/SC service failed; is pcscd running and the reader plugged in?")]
    Service(#[source] pcsc::Error),
    /// The line to the reader failed.
    #[error("line to the card reader failed")]
    Io(#[source] std::io::Error),
    /// The reader's name cannot be one.
    #[error("reader name holds a zero byte")]
    ReaderName,
    /// A command is longer than the line carries.
    #[error("command of {0} bytes is longer than the line carries")]
    CommandTooLong(usize),
}

/// Why a chip was not read: by whose fault.
#[derive(Debug, thiserror::Error)]
pub enum ChipReadError {
    /// The document left the field; ask the traveller to put it back.
    #[error("document removed while {}", Reading(*.file))]
    Removed {
        /// File being read.
        file: Option<FileId>,
    },
    /// The chip fell silent; a worn or manipulated chip.
    #[error("chip fell silent while {}", Reading(*.file))]
    Mute {
        /// File being read.
        file: Option<FileId>,
    },
    /// The chip answered, but not as a travel document that was opened with its own MRZ.
    #[error("chip could not be read")]
    Chip(#[source] ChipError),
    /// The reader failed.
    #[error("card reader failed")]
    Reader(#[source] ReaderError),
}

struct Reading(Option<FileId>);

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(file) => write!(f, "reading {file}"),
            None => f.write_str("access was being opened"),
        }
    }
}

/// Reads the chip of the document whose MRZ gave `key`. `rnd_ifd` and `k_ifd` are fresh random bytes; `on_progress` hears of
/// every block.
pub fn read_document(
    card: &mut dyn Transceiver,
    key: &MrzKey,
    rnd_ifd: [u8; 8],
    k_ifd: [u8; 16],
    mut on_progress: impl FnMut(Progress),
) -> Result<ChipFiles, ChipReadError> {
    let mut session = ReadSession::new(key, rnd_ifd, k_ifd);
    if !card.carries_extended_length() {
        session = session.short_length_only();
    }
    let mut step = session.start();
    loop {
        let command = match step {
            Step::Transmit(command) => command,
            Step::Done(files) => return Ok(files),
            Step::Failed(error) => return Err(ChipReadError::Chip(error)),
        };
        let progress = session.progress();
        on_progress(progress);
        let file = progress.file;
        step = match card.transmit(&command) {
            Ok(response) => session.respond(&response),
            Err(ReaderError::Removed) => return Err(ChipReadError::Removed { file }),
            Err(ReaderError::Mute { .. }) => return Err(ChipReadError::Mute { file }),
            Err(error) => return Err(ChipReadError::Reader(error)),
        };
    }
}
