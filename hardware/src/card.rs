//! Chip reader: one contract, two drivers, and the chip's side for simulators.
//!
//! **Contract.** Everything here blocks, but never for longer than [`CARD_ANSWER_MS_MAX`](crate::limits::CARD_ANSWER_MS_MAX) for an
//! answer; callers run it on a thread for blocking work. A chip that hangs inside the PC/SC stack cannot be interrupted, because PC/SC
//! has no timeout for an answer: a thread of its own waits for it, and the reader is busy until the document is taken away.
//!
//! | what happens | what the caller sees |
//! |---|---|
//! | no document within the wait | `Ok(None)` from [`CardReader::wait_for_card`] |
//! | document taken away, also in the middle of a command | [`ReaderError::Removed`] |
//! | chip silent | [`ReaderError::Mute`]; with PC/SC, [`ReaderError::Busy`] until it is taken away |
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
mod pcsc_card;
mod reader_properties;
mod vpcd;

use std::fmt;

use egate_icao::{
    lds::FileId,
    session::{ChipError, Progress, ReadOrder, ReadSession, Reading, Step, TransportLimits},
};

#[cfg(feature = "card-sim")]
pub use attach::{AttachedChip, Detached, Remover};
pub use driver::PcscReader;
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

    /// What reader and chip say about lengths.
    fn limits(&self) -> TransportLimits;
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
    /// A chip that does not answer still occupies the reader; the document has to be taken away.
    #[error("reader is occupied by a chip that does not answer")]
    Busy,
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
    #[error("document removed while {}", During(*.file))]
    Removed {
        /// File being read.
        file: Option<FileId>,
    },
    /// The chip fell silent; a worn or manipulated chip.
    #[error("chip fell silent while {}", During(*.file))]
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

struct During(Option<FileId>);

impl fmt::Display for During {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(file) => write!(f, "reading {file}"),
            None => f.write_str("access was being opened"),
        }
    }
}

/// Reads a chip as ordered. `on_progress` hears of every command before it is sent, and of the end: a step has ended when the next
/// progress names another one, so a caller with a clock knows how long each took.
pub fn read_document(
    card: &mut dyn Transceiver,
    order: ReadOrder,
    mut on_progress: impl FnMut(Progress),
) -> Result<Reading, ChipReadError> {
    let mut session = ReadSession::new(order, card.limits());
    let mut step = session.start();
    loop {
        let progress = session.progress();
        on_progress(progress);
        let command = match step {
            Step::Transmit(command) => command,
            Step::Done(reading) => return Ok(*reading),
            Step::Failed(error) => return Err(ChipReadError::Chip(error)),
        };
        let file = progress.file;
        step = match card.transmit(&command) {
            Ok(response) => session.respond(&response),
            Err(ReaderError::Removed) => return Err(ChipReadError::Removed { file }),
            Err(ReaderError::Mute { .. }) => return Err(ChipReadError::Mute { file }),
            Err(error) => return Err(ChipReadError::Reader(error)),
        };
    }
}
