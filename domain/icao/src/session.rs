//! Reading a chip, one response at a time, without touching a reader.
//!
//! ```text
//! MasterFile -> Selecting -> Challenging -> Authenticating -> [ File ]* -> Ended
//!                   ^                                            |
//!                   +-------- channel dropped by the chip -------+
//! ```
//!
//! The caller transmits what [`Step::Transmit`] holds and hands the response back. A card that left the field, or never
//! answers, is the caller's to notice: this machine only sees responses.

mod error;
mod file_reader;
mod lengths;
mod progress;
mod random;
mod wanted;

use std::collections::{BTreeMap, VecDeque};

use crate::{
    apdu::{Command, Response, Status},
    bac::{KeyPair, Terminal},
    lds::{ChipFiles, FileId},
    limits::{SESSION_COMMANDS_MAX, SESSION_RESTARTS_MAX},
    mrz::MrzKey,
    secure_messaging::{SecureMessaging, SecureMessagingError},
};
use file_reader::{Addressing, FileReader, Habits, Outcome};
use lengths::{Blocks, answer_bytes_of_atr_info};

pub use error::{ChipError, Doing, Violation};
pub use lengths::{Capability, SHORT_BYTES_MAX, TransportLimits};
pub use progress::{Progress, Stage, Statistics};
pub use random::{SEED_BYTES, SessionRandom};
pub use wanted::{Need, Wanted};

/// Application identifier of the electronic travel document (ICAO 9303-10 §3.2).
pub const LDS_APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send these bytes to the chip and hand its answer to [`ReadSession::respond`].
    Transmit(Vec<u8>),
    /// Everything was read.
    Done(Box<Reading>),
    /// Nothing more can be read.
    Failed(ChipError),
}

/// What is to be read, and with what.
pub struct ReadOrder {
    /// What opens the chip.
    pub keys: AccessKeys,
    /// Random numbers of this session.
    pub random: SessionRandom,
    /// Files.
    pub wanted: Wanted,
}

impl ReadOrder {
    /// The files of every inspection.
    pub fn new(keys: impl Into<AccessKeys>, random: SessionRandom) -> Self {
        Self {
            keys: keys.into(),
            random,
            wanted: Wanted::default(),
        }
    }

    /// Other files.
    #[must_use]
    pub fn wanting(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }
}

/// What opens a chip.
#[derive(Clone)]
pub struct AccessKeys {
    mrz: MrzKey,
}

impl From<&MrzKey> for AccessKeys {
    fn from(key: &MrzKey) -> Self {
        Self { mrz: key.clone() }
    }
}

/// What came out of a session.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// The files.
    pub files: ChipFiles,
    /// Wanted files that the chip did not give, and what it answered.
    pub unread: BTreeMap<FileId, Status>,
    /// What it cost.
    pub statistics: Statistics,
}

/// The machine.
pub struct ReadSession {
    keys: AccessKeys,
    random: SessionRandom,
    limits: TransportLimits,
    phase: Phase,
    /// Files of the master file still to be read.
    master_files: VecDeque<FileId>,
    master_habits: Habits,
    /// The application's files still to be read.
    wanted: Wanted,
    habits: Option<Habits>,
    /// The file that was being read when the channel was lost.
    interrupted: Option<FileRequest>,
    /// Where the channel was lost last: file and bytes of it.
    lost_at: Option<(FileId, usize)>,
    statistics: Statistics,
    files: ChipFiles,
    unread: BTreeMap<FileId, Status>,
}

enum Phase {
    Idle,
    MasterFile(FileReader),
    /// SELECT of the master file, before another try to read this file of it.
    SelectingMasterFile(FileId),
    Selecting,
    Challenging,
    Authenticating(Box<Terminal>),
    File(Box<SecureMessaging>, FileRequest),
    Ended,
}

struct FileRequest {
    reader: FileReader,
    need: Need,
}

impl ReadSession {
    /// A session for one chip.
    pub fn new(order: ReadOrder, limits: TransportLimits) -> Self {
        let in_atr_info = limits.chip == Some(Capability::InAtrInfo);
        let master_files = [FileId::AtrInfo, FileId::Dir, FileId::CardAccess];
        let master_files = master_files.into_iter().filter(|file| {
            order.wanted.contains(*file) || (in_atr_info && *file == FileId::AtrInfo)
        });
        let short = Blocks::new(SHORT_DATA_BYTES, SHORT_DATA_BYTES);
        Self {
            keys: order.keys,
            random: order.random,
            limits,
            phase: Phase::Idle,
            master_files: master_files.collect(),
            master_habits: Habits::new(short, Addressing::Short),
            wanted: order.wanted,
            habits: None,
            interrupted: None,
            lost_at: None,
            statistics: Statistics::default(),
            files: ChipFiles::new(BTreeMap::new()),
            unread: BTreeMap::new(),
        }
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        let reader = match &self.phase {
            Phase::MasterFile(reader) => Some(reader),
            Phase::File(_, request) => Some(&request.reader),
            Phase::Idle
            | Phase::SelectingMasterFile(_)
            | Phase::Selecting
            | Phase::Challenging
            | Phase::Authenticating(_)
            | Phase::Ended => None,
        };
        Progress {
            stage: match &self.phase {
                Phase::Idle | Phase::Selecting => Stage::Select,
                Phase::MasterFile(reader) => Stage::File(reader.file()),
                Phase::SelectingMasterFile(file) => Stage::File(*file),
                Phase::Challenging | Phase::Authenticating(_) => Stage::Access,
                Phase::File(_, request) => Stage::File(request.reader.file()),
                Phase::Ended => Stage::Ended,
            },
            file: reader.map(FileReader::file),
            bytes: reader.map_or(0, FileReader::bytes),
            total: reader.and_then(FileReader::total),
        }
    }

    /// A file that is completely read, while others still are.
    pub fn file(&self, file: FileId) -> Option<&[u8]> {
        self.files.get(file)
    }

    /// What it cost so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// The first command.
    pub fn start(&mut self) -> Step {
        self.next_master_file()
    }

    /// Takes the chip's answer to the last command.
    pub fn respond(&mut self, response: &[u8]) -> Step {
        let received = u64::try_from(response.len()).unwrap_or(u64::MAX);
        self.statistics.bytes_received = self.statistics.bytes_received.saturating_add(received);
        match self.advance(response) {
            Ok(step) => step,
            Err(error) => {
                self.phase = Phase::Ended;
                Step::Failed(error)
            }
        }
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<Step, ChipError> {
        if self.statistics.commands >= SESSION_COMMANDS_MAX {
            return Err(ChipError::Misbehaved(Violation::Endless));
        }
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::MasterFile(reader) => self.master_file_read(reader, plain_response(bytes)?),
            Phase::SelectingMasterFile(file) => {
                // Chips answer 6A87 and others and are in the master file all the same.
                plain_response(bytes)?;
                self.master_habits.addressing = Addressing::Selecting;
                Ok(self.read_master_file(file))
            }
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
                Ok(self.opened(Box::new(channel)))
            }
            Phase::File(channel, request) => self.file_read(channel, request, bytes),
            Phase::Idle | Phase::Ended => Err(ChipError::Misbehaved(Violation::Endless)),
        }
    }

    fn next_master_file(&mut self) -> Step {
        match self.master_files.pop_front() {
            Some(file) => self.read_master_file(file),
            None => self.select_application(),
        }
    }

    fn read_master_file(&mut self, file: FileId) -> Step {
        let mut reader = FileReader::new(file);
        let command = reader.next(&self.master_habits);
        self.phase = Phase::MasterFile(reader);
        self.plain(&command)
    }

    /// A file before access is opened. Whatever the chip answers, reading goes on without it.
    fn master_file_read(
        &mut self,
        mut reader: FileReader,
        response: Response,
    ) -> Result<Step, ChipError> {
        let file = reader.file();
        let status = match reader.accept(&mut self.master_habits, response) {
            Ok(Outcome::Ask(command)) => {
                self.phase = Phase::MasterFile(reader);
                return Ok(self.plain(&command));
            }
            Ok(Outcome::Whole(bytes)) => {
                self.files.insert(file, bytes);
                return Ok(self.next_master_file());
            }
            Ok(Outcome::Refused(status)) => status,
            Err(violation) => return Err(ChipError::Misbehaved(violation)),
        };
        if self.master_habits.addressing == Addressing::Short {
            self.phase = Phase::SelectingMasterFile(file);
            return Ok(self.plain(&Command::select_master_file()));
        }
        self.unread.insert(file, status);
        Ok(self.next_master_file())
    }

    fn select_application(&mut self) -> Step {
        self.phase = Phase::Selecting;
        self.plain(&Command::select_application(&LDS_APPLICATION))
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
        let keys = KeyPair::from_mrz(&self.keys.mrz);
        let terminal = Terminal::new(keys, rnd_ic, self.random.draw(), self.random.draw());
        let command = terminal.authenticate();
        self.phase = Phase::Authenticating(Box::new(terminal));
        Ok(self.plain(&command))
    }

    /// Access is open: goes on where the channel was lost, or with the first file.
    fn opened(&mut self, channel: Box<SecureMessaging>) -> Step {
        let atr_info = self.files.get(FileId::AtrInfo);
        let atr_info = atr_info.and_then(answer_bytes_of_atr_info);
        let first = self.limits.first_block(atr_info, SHORT_DATA_BYTES);
        let blocks = Blocks::new(first, SHORT_DATA_BYTES);
        self.habits
            .get_or_insert(Habits::new(blocks, Addressing::Unproven));
        match self.interrupted.take() {
            Some(request) => self.read_on(channel, request),
            None => self.next_file(channel),
        }
    }

    fn next_file(&mut self, channel: Box<SecureMessaging>) -> Step {
        let Some((file, need)) = self.wanted.next(&self.files) else {
            return self.done();
        };
        let reader = FileReader::new(file);
        self.read_on(channel, FileRequest { reader, need })
    }

    fn read_on(&mut self, channel: Box<SecureMessaging>, mut request: FileRequest) -> Step {
        let Some(habits) = &self.habits else {
            return self.done();
        };
        let command = request.reader.next(habits);
        self.ask(channel, request, &command)
    }

    fn ask(
        &mut self,
        mut channel: Box<SecureMessaging>,
        request: FileRequest,
        command: &Command,
    ) -> Step {
        let bytes = channel.protect_command(command);
        self.phase = Phase::File(channel, request);
        self.transmit(bytes)
    }

    fn file_read(
        &mut self,
        mut channel: Box<SecureMessaging>,
        mut request: FileRequest,
        bytes: &[u8],
    ) -> Result<Step, ChipError> {
        let response = match channel.open_response(bytes) {
            Ok(response) => response,
            Err(SecureMessagingError::Plain(status)) if refused_unopened(status) => {
                // Refused before the protection was looked at, so the chip did not count the command.
                channel.take_back_command();
                Response {
                    data: Vec::new(),
                    status,
                }
            }
            Err(SecureMessagingError::Plain(status)) if status != Status::OK => {
                return self.lost(request, status);
            }
            Err(error) => return Err(ChipError::Misbehaved(Violation::Protection(error))),
        };
        let Some(habits) = &mut self.habits else {
            return Ok(self.done());
        };
        let file = request.reader.file();
        let selecting = request.reader.selecting();
        let outcome = request.reader.accept(habits, response);
        match outcome.map_err(ChipError::Misbehaved)? {
            Outcome::Ask(command) => return Ok(self.ask(channel, request, &command)),
            Outcome::Whole(bytes) => self.files.insert(file, bytes),
            Outcome::Refused(status)
                if request.need == Need::Always && status != Status::NOT_FOUND =>
            {
                let doing = if selecting {
                    Doing::Select(file)
                } else {
                    Doing::Read(file)
                };
                return Err(ChipError::UnexpectedStatus { doing, status });
            }
            Outcome::Refused(status) => {
                self.unread.insert(file, status);
            }
        }
        Ok(self.next_file(channel))
    }

    /// The chip dropped the channel: access is opened again and reading goes on where it was. A chip that drops it at the same place
    /// again may dislike the length.
    fn lost(&mut self, mut request: FileRequest, status: Status) -> Result<Step, ChipError> {
        let place = (request.reader.file(), request.reader.bytes());
        let asked = request.reader.asked_bytes();
        let again = self.lost_at.replace(place) == Some(place);
        let smaller = |habits: &mut Habits| habits.blocks.step_down(asked);
        let other_length = !again || self.habits.as_mut().is_some_and(smaller);
        if self.statistics.restarts >= SESSION_RESTARTS_MAX || !other_length {
            return Err(ChipError::SessionLost { status });
        }
        self.statistics.restarts += 1;
        request.reader.interrupted();
        self.interrupted = Some(request);
        Ok(self.select_application())
    }

    fn plain(&mut self, command: &Command) -> Step {
        self.transmit(command.to_bytes())
    }

    fn transmit(&mut self, bytes: Vec<u8>) -> Step {
        self.statistics.commands += 1;
        let sent = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.statistics.bytes_sent = self.statistics.bytes_sent.saturating_add(sent);
        Step::Transmit(bytes)
    }

    fn done(&mut self) -> Step {
        self.phase = Phase::Ended;
        let habits = self.habits.as_ref();
        self.statistics.block_bytes = habits.map_or(0, |habits| habits.blocks.current());
        let files = std::mem::replace(&mut self.files, ChipFiles::new(BTreeMap::new()));
        Step::Done(Box::new(Reading {
            files,
            unread: std::mem::take(&mut self.unread),
            statistics: self.statistics,
        }))
    }
}

/// Errors that a chip may answer before it looks inside the protection: lengths, parameters, instructions. Errors of class 69 say
/// that it has dropped the channel (ICAO 9303-11 §9.8.6).
fn refused_unopened(status: Status) -> bool {
    matches!(status.class(), 0x67 | 0x6A..=0x6F)
}

fn plain_response(bytes: &[u8]) -> Result<Response, ChipError> {
    Response::parse(bytes).map_err(|e| ChipError::Misbehaved(Violation::Apdu(e)))
}

/// Most data bytes in a short protected answer with triple DES: 232 with padding, and 18 around them.
const SHORT_DATA_BYTES: usize = 231;
