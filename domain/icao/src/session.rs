//! Reading a chip, one response at a time, without touching a reader.
//!
//! ```text
//! Selecting -> Challenging -> Authenticating -> [ SelectingFile -> ReadingFile ]* -> Ended
//!     ^                                                   |
//!     +-------- channel dropped by the chip, once --------+
//! ```
//!
//! The caller transmits what [`Step::Transmit`] holds and hands the response back. A card that left the field, or never
//! answers, is the caller's to notice: this machine only sees responses.

use std::{collections::BTreeMap, fmt};

use sha1::{Digest, Sha1};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    apdu::{ApduError, Command, Response, Status},
    bac::{BacError, KeyPair, Terminal},
    lds::{ChipFiles, FileId},
    limits::{
        BLOCK_BYTES, FILE_BYTES_MAX, HEADER_BYTES, SESSION_COMMANDS_MAX, SESSION_RESTARTS_MAX,
    },
    mrz::MrzKey,
    secure_messaging::{SecureMessaging, SecureMessagingError},
    tlv::{self, TlvError},
};

/// Application identifier of the electronic travel document (ICAO 9303-10 §3.2).
pub const LDS_APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send these bytes to the chip and hand its answer to [`ReadSession::respond`].
    Transmit(Vec<u8>),
    /// Everything was read.
    Done(ChipFiles),
    /// Nothing more can be read.
    Failed(ChipError),
}

/// Why a chip could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChipError {
    /// No travel document application: some other card lies on the reader.
    #[error("card has no travel document application ({0})")]
    NotATravelDocument(Status),
    /// The chip does not open to this MRZ: misread zone, or a chip of another document.
    #[error("chip does not open to the access keys of this document")]
    AccessDenied(#[source] BacError),
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

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// File being read; `None` before access is granted and after the end.
    pub file: Option<FileId>,
    /// Bytes of it so far.
    pub bytes: usize,
    /// Its size, once known.
    pub total: Option<usize>,
}

/// The machine.
pub struct ReadSession {
    keys: KeyPair,
    rnd_ifd: [u8; 8],
    k_ifd: Zeroizing<[u8; 16]>,
    phase: Phase,
    /// Position in [`BLOCK_BYTES`]; only grows.
    block: usize,
    commands: u32,
    restarts: u32,
    /// Files still to be read, in order; the first is being read.
    pending: Vec<FileId>,
    partial: Partial,
    files: BTreeMap<FileId, Vec<u8>>,
}

enum Phase {
    Selecting,
    Challenging,
    Authenticating(Terminal),
    SelectingFile(SecureMessaging),
    ReadingFile(SecureMessaging),
    Ended,
}

#[derive(Default)]
struct Partial {
    bytes: Vec<u8>,
    total: Option<usize>,
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ReadSession {
    /// A session for the chip of the document whose MRZ was read. `rnd_ifd` and `k_ifd` are fresh random bytes.
    pub fn new(key: &MrzKey, rnd_ifd: [u8; 8], k_ifd: [u8; 16]) -> Self {
        Self {
            keys: KeyPair::from_mrz(key),
            rnd_ifd,
            k_ifd: Zeroizing::new(k_ifd),
            phase: Phase::Selecting,
            block: 0,
            commands: 0,
            restarts: 0,
            pending: FileId::MANDATORY.to_vec(),
            partial: Partial::default(),
            files: BTreeMap::new(),
        }
    }

    /// For readers that carry no extended length: blocks begin with the largest short one.
    #[must_use]
    pub fn short_length_only(mut self) -> Self {
        self.block = 1;
        self
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        let reading = matches!(self.phase, Phase::SelectingFile(_) | Phase::ReadingFile(_));
        Progress {
            file: self.pending.first().copied().filter(|_| reading),
            bytes: self.partial.bytes.len(),
            total: self.partial.total,
        }
    }

    /// The first command.
    pub fn start(&mut self) -> Step {
        self.phase = Phase::Selecting;
        self.plain(&Command::select_application(&LDS_APPLICATION))
    }

    /// Takes the chip's answer to the last command.
    pub fn respond(&mut self, response: &[u8]) -> Step {
        match self.advance(response) {
            Ok(step) => step,
            Err(error) => {
                self.phase = Phase::Ended;
                Step::Failed(error)
            }
        }
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<Step, ChipError> {
        if self.commands >= SESSION_COMMANDS_MAX {
            return Err(ChipError::Misbehaved(Violation::Endless));
        }
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Selecting => {
                let response = plain_response(bytes)?;
                if response.status != Status::OK {
                    return Err(ChipError::NotATravelDocument(response.status));
                }
                self.phase = Phase::Challenging;
                Ok(self.plain(&Terminal::get_challenge()))
            }
            Phase::Challenging => self.challenged(&plain_response(bytes)?),
            Phase::Authenticating(terminal) => {
                let channel = terminal
                    .open(&plain_response(bytes)?)
                    .map_err(ChipError::AccessDenied)?;
                Ok(self.select_file(channel))
            }
            Phase::SelectingFile(channel) => self.file_selected(channel, bytes),
            Phase::ReadingFile(channel) => self.file_read(channel, bytes),
            Phase::Ended => Err(ChipError::Misbehaved(Violation::Endless)),
        }
    }

    fn challenged(&mut self, response: &Response) -> Result<Step, ChipError> {
        if response.status != Status::OK {
            return Err(ChipError::UnexpectedStatus {
                doing: Doing::Challenge,
                status: response.status,
            });
        }
        let rnd_ic = <[u8; 8]>::try_from(response.data.as_slice())
            .map_err(|_| ChipError::Misbehaved(Violation::Challenge(response.data.len())))?;
        let terminal = Terminal::new(self.keys.clone(), rnd_ic, self.rnd_ifd, *self.k_ifd);
        let command = terminal.authenticate();
        self.phase = Phase::Authenticating(terminal);
        Ok(self.plain(&command))
    }

    fn file_selected(
        &mut self,
        mut channel: SecureMessaging,
        bytes: &[u8],
    ) -> Result<Step, ChipError> {
        let Some(file) = self.pending.first().copied() else {
            return Ok(self.done());
        };
        let response = match channel.open_response(bytes) {
            Ok(response) => response,
            Err(SecureMessagingError::Plain(Status::NOT_FOUND)) => return Ok(self.skip(channel)),
            Err(SecureMessagingError::Plain(status)) => return self.restart(status),
            Err(e) => return Err(ChipError::Misbehaved(Violation::Protection(e))),
        };
        match response.status {
            Status::OK => Ok(self.read_block(channel, file)),
            Status::NOT_FOUND => Ok(self.skip(channel)),
            status => Err(ChipError::UnexpectedStatus {
                doing: Doing::Select(file),
                status,
            }),
        }
    }

    fn file_read(&mut self, mut channel: SecureMessaging, bytes: &[u8]) -> Result<Step, ChipError> {
        let Some(file) = self.pending.first().copied() else {
            return Ok(self.done());
        };
        let smaller_block_left = self.block + 1 < BLOCK_BYTES.len();
        let response = match channel.open_response(bytes) {
            Ok(response) => response,
            Err(SecureMessagingError::Plain(status))
                if status.refuses_length() && smaller_block_left =>
            {
                // Refused before the protection was looked at, so the chip did not count the command.
                channel.take_back_command();
                self.block += 1;
                return Ok(self.read_block(channel, file));
            }
            Err(SecureMessagingError::Plain(status)) => return self.restart(status),
            Err(e) => return Err(ChipError::Misbehaved(Violation::Protection(e))),
        };
        match response.status {
            Status::OK | Status::END_OF_FILE => {}
            status if status.refuses_length() && smaller_block_left => {
                self.block += 1;
                return Ok(self.read_block(channel, file));
            }
            status => {
                return Err(ChipError::UnexpectedStatus {
                    doing: Doing::Read(file),
                    status,
                });
            }
        }
        if response.data.is_empty() {
            return Err(ChipError::Misbehaved(Violation::FileEndsEarly { file }));
        }
        self.partial.bytes.extend_from_slice(&response.data);
        let total = match self.partial.total {
            Some(total) => total,
            None => self.file_size(file)?,
        };
        self.partial.total = Some(total);
        if self.partial.bytes.len() < total {
            return Ok(self.read_block(channel, file));
        }
        let mut bytes = std::mem::take(&mut self.partial.bytes);
        self.partial.total = None;
        bytes.truncate(total);
        self.files.insert(file, bytes);
        Ok(self.skip(channel))
    }

    fn file_size(&self, file: FileId) -> Result<usize, ChipError> {
        let total = tlv::total_length(&self.partial.bytes)
            .map_err(|source| ChipError::Misbehaved(Violation::FileHeader { file, source }))?;
        if total > FILE_BYTES_MAX {
            return Err(ChipError::Misbehaved(Violation::FileTooLarge {
                file,
                bytes: total,
            }));
        }
        Ok(total)
    }

    /// The chip dropped the channel: access is opened once more, the files read so far are kept. The terminal's random
    /// numbers of the second run are derived from the first, unpredictable to anybody who does not know them.
    fn restart(&mut self, status: Status) -> Result<Step, ChipError> {
        if self.restarts >= SESSION_RESTARTS_MAX {
            return Err(ChipError::SessionLost { status });
        }
        self.restarts += 1;
        let next = |label: &[u8]| {
            Sha1::new()
                .chain_update(*self.k_ifd)
                .chain_update(label)
                .finalize()
        };
        let (rnd, k) = (next(b"rnd.ifd"), next(b"k.ifd"));
        self.rnd_ifd.copy_from_slice(&rnd[..8]);
        self.k_ifd.copy_from_slice(&k[..16]);
        Ok(self.start())
    }

    /// Goes on with the next file.
    fn skip(&mut self, channel: SecureMessaging) -> Step {
        self.pending.remove(0);
        self.select_file(channel)
    }

    fn select_file(&mut self, channel: SecureMessaging) -> Step {
        let Some(file) = self.pending.first().copied() else {
            return self.done();
        };
        let command = Command::select_file(file.identifier());
        self.protected(channel, &command, Phase::SelectingFile)
    }

    fn read_block(&mut self, channel: SecureMessaging, file: FileId) -> Step {
        debug_assert_eq!(self.pending.first(), Some(&file));
        let offset = self.partial.bytes.len();
        let length = match self.partial.total {
            Some(total) => (total - offset).min(BLOCK_BYTES[self.block]),
            None => HEADER_BYTES.saturating_sub(offset).max(1),
        };
        self.protected(
            channel,
            &Command::read_binary(offset, length),
            Phase::ReadingFile,
        )
    }

    fn protected(
        &mut self,
        mut channel: SecureMessaging,
        command: &Command,
        phase: fn(SecureMessaging) -> Phase,
    ) -> Step {
        let bytes = channel.protect_command(command);
        self.phase = phase(channel);
        self.transmit(bytes)
    }

    fn plain(&mut self, command: &Command) -> Step {
        self.transmit(command.to_bytes())
    }

    fn transmit(&mut self, bytes: Vec<u8>) -> Step {
        self.commands += 1;
        Step::Transmit(bytes)
    }

    fn done(&mut self) -> Step {
        self.phase = Phase::Ended;
        Step::Done(ChipFiles::new(std::mem::take(&mut self.files)))
    }
}

fn plain_response(bytes: &[u8]) -> Result<Response, ChipError> {
    Response::parse(bytes).map_err(|e| ChipError::Misbehaved(Violation::Apdu(e)))
}
