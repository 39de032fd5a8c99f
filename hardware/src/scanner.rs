//! The document scanner: machine readable zone over a line protocol, by serial line or TCP.
//!
//! # Contract
//!
//! - A document is announced when it is placed, its MRZ follows when it has been read, its removal is
//!   announced at once. A document whose MRZ cannot be read is placed and removed without lines between.
//! - The scanner repeats `DOC+` and the lines when a connection is opened with a document on the glass, so a gate
//!   that restarts sees it.
//! - Silence for [`SCANNER_SILENCE_MS_MAX`](crate::limits::SCANNER_SILENCE_MS_MAX) or a closed connection raises `ScannerLost`; the driver reconnects for
//!   ever, and the fault clears with the first frame. What was on the glass while the scanner was lost is
//!   unknown: the caller ends a reading on the fault.
//! - Malformed frames are dropped and counted in the log, never guessed at.
//!
//! # Line protocol
//!
//! ASCII, scanner to gate only. A frame is `STX` (02), one to three lines each ended by `CR` (0D), `ETX` (03).
//! `LF` after a `CR` and bytes between frames are ignored; `STX` inside a frame starts a new one.
//!
//! | frame | meaning |
//! |---|---|
//! | `STX DOC+ CR ETX` | a document was placed |
//! | `STX DOC- CR ETX` | the document was removed |
//! | `STX line CR line CR (line CR) ETX` | the MRZ: two or three lines of `A-Z 0-9 <` |
//! | `STX LIVE CR ETX` | life sign, at least once a second |

mod driver;
pub mod protocol;

pub use driver::{Scanner, ScannerAddress, ScannerConfig};

use egate_types::{MonoTime, MrzLines};

use crate::FaultChange;

/// What the driver tells the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerEvent {
    /// A document was placed on the glass.
    DocumentPlaced(MonoTime),
    /// Its machine readable zone was read; nothing is checked here.
    MrzScanned(MonoTime, MrzLines),
    /// The document was taken away.
    DocumentRemoved(MonoTime),
    /// A fault began or ended.
    Fault(FaultChange),
}
