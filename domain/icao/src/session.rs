//! Reading a chip, one response at a time, without touching a reader.
//!
//! ```text
//! MasterFile ─┬─ PACE offered ─> Pace ──> Selecting (protected) ────────────────────┐
//!             │                   ^ │                                               v
//!             │   channel dropped │ │ failed, policy allows     ┌──> File* ──> ActiveAuthentication
//!             │   by the chip     │ v                           │              ChipAuthentication
//!             └─ not offered ──> Selecting ─> Challenging ─> Authenticating ──────> File* ─> Ended
//! ```
//!
//! The caller transmits what [`Step::Transmit`] holds and hands the response back. A card that left the field, or never
//! answers, is the caller's to notice: this machine only sees responses. Files and proofs are recorded here and judged elsewhere.

mod authenticity;
mod chaining;
mod error;
mod file_reader;
mod lengths;
mod opening;
mod order;
mod outcome;
mod progress;
mod random;
mod reading;
mod wanted;

use std::collections::{BTreeMap, VecDeque};

use crate::{
    active_authentication::Exchange,
    apdu::{Command, Response, Status},
    bac, chip_authentication,
    lds::{ChipFiles, FileId},
    limits::SESSION_COMMANDS_MAX,
    pace,
    secure_messaging::SecureMessaging,
};
use authenticity::{Challenged, Proof};
use chaining::{Chaining, Taken};
use file_reader::{Addressing, FileReader, Habits};
use lengths::Blocks;
use opening::{InMasterFile, Way};

pub use error::{ChipError, Doing, Violation};
pub use lengths::{Capability, SHORT_BYTES_MAX, TransportLimits};
pub use order::{AccessKeys, AccessPolicy, AuthenticityPolicy, ReadOrder};
pub use outcome::{Access, ChipAuthenticationOutcome, PaceAccess, PaceFailure, Reading};
pub use progress::{Progress, Stage, Statistics};
pub use random::{SEED_BYTES, SessionRandom};
pub use wanted::{Need, Wanted};

/// Application identifier of the electronic travel document (ICAO 9303-10 §3.2).
pub const LDS_APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Send these bytes to the chip and hand its answer to [`ReadSession::respond`].
    Transmit(Vec<u8>),
    /// Everything was read.
    Done(Box<Reading>),
    /// Nothing more can be read.
    Failed(ChipError),
}

/// The machine.
pub struct ReadSession {
    keys: AccessKeys,
    random: SessionRandom,
    access_policy: AccessPolicy,
    authenticity_policy: AuthenticityPolicy,
    limits: TransportLimits,
    phase: Phase,
    chaining: Chaining,
    /// Files of the master file still to be read before access is opened.
    master_files: VecDeque<FileId>,
    master_habits: Habits,
    /// Files of the master file still to be read through the channel of PACE.
    protected_master_files: VecDeque<FileId>,
    way: Way,
    access: Option<Access>,
    application_selected: bool,
    /// The application's files still to be read.
    wanted: Wanted,
    habits: Option<Habits>,
    /// The file that was being read when the channel was lost.
    interrupted: Option<FileRequest>,
    /// Where the channel was lost last: step and bytes of it.
    lost_at: Option<(Stage, usize)>,
    /// Proofs of authenticity still to be asked for, once that is decided.
    proofs: Option<VecDeque<Proof>>,
    /// Chip Authentication whose channel has not carried an answer yet.
    unproven: Option<Box<chip_authentication::ChipAuthentication>>,
    active_authentication: Option<Exchange>,
    chip_authentication: Option<ChipAuthenticationOutcome>,
    statistics: Statistics,
    files: ChipFiles,
    unread: BTreeMap<FileId, Status>,
}

type Channel = Box<SecureMessaging>;

enum Phase {
    Idle,
    MasterFile(FileReader),
    SelectingMasterFile(InMasterFile),
    Pace(Box<pace::Terminal>, PaceCommand),
    Selecting(Option<Channel>),
    Challenging,
    Authenticating(Box<bac::Terminal>),
    File(Channel, FileRequest),
    ActiveAuthentication(Channel, Challenged),
    ChipAuthentication(Channel, Box<chip_authentication::ChipAuthentication>),
    Ended,
}

/// The command of PACE that waits for an answer, and whether it went in pieces.
struct PaceCommand {
    command: Command,
    in_pieces: bool,
}

struct FileRequest {
    reader: FileReader,
    need: Need,
}

impl ReadSession {
    /// A session for one chip.
    pub fn new(order: ReadOrder, limits: TransportLimits) -> Self {
        let in_atr_info = limits.chip == Some(Capability::InAtrInfo);
        let pace = order.access != AccessPolicy::BacOnly;
        let master_files = [FileId::AtrInfo, FileId::Dir, FileId::CardAccess];
        let master_files = master_files.into_iter().filter(|file| {
            order.wanted.contains(*file)
                || (in_atr_info && *file == FileId::AtrInfo)
                || (pace && *file == FileId::CardAccess)
        });
        let card_security = Some(FileId::CardSecurity).filter(|file| order.wanted.contains(*file));
        // Before access is opened nothing is known about lengths: blocks that any reader carries.
        let short = lengths::short_data_bytes(8);
        Self {
            keys: order.keys,
            random: order.random,
            access_policy: order.access,
            authenticity_policy: order.authenticity,
            limits,
            phase: Phase::Idle,
            chaining: Chaining::default(),
            master_files: master_files.collect(),
            master_habits: Habits::new(Blocks::new(short, short), Addressing::Short),
            protected_master_files: card_security.into_iter().collect(),
            way: Way::Unknown,
            access: None,
            application_selected: false,
            wanted: order.wanted,
            habits: None,
            interrupted: None,
            lost_at: None,
            proofs: None,
            unproven: None,
            active_authentication: None,
            chip_authentication: None,
            statistics: Statistics::default(),
            files: ChipFiles::new(BTreeMap::new()),
            unread: BTreeMap::new(),
        }
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        let (stage, reader) = match &self.phase {
            Phase::Idle | Phase::Selecting(_) => (Stage::Select, None),
            Phase::MasterFile(reader) => (Stage::File(reader.file()), Some(reader)),
            Phase::SelectingMasterFile(InMasterFile::Read(file)) => (Stage::File(*file), None),
            Phase::SelectingMasterFile(InMasterFile::Pace)
            | Phase::Pace(_, _)
            | Phase::Challenging
            | Phase::Authenticating(_) => (Stage::Access, None),
            Phase::File(_, request) => {
                let reader = &request.reader;
                (Stage::File(reader.file()), Some(reader))
            }
            Phase::ActiveAuthentication(_, _) => (Stage::ActiveAuthentication, None),
            Phase::ChipAuthentication(_, _) => (Stage::ChipAuthentication, None),
            Phase::Ended => (Stage::Ended, None),
        };
        Progress {
            stage,
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
        let first = self.next_master_file();
        self.ended_by_error(first)
    }

    /// Takes the chip's answer to the last command.
    pub fn respond(&mut self, response: &[u8]) -> Step {
        let received = u64::try_from(response.len()).unwrap_or(u64::MAX);
        self.statistics.bytes_received = self.statistics.bytes_received.saturating_add(received);
        let next = self.whole_or_piece(response);
        self.ended_by_error(next)
    }

    fn ended_by_error(&mut self, step: Result<Step, ChipError>) -> Step {
        step.unwrap_or_else(|error| {
            self.phase = Phase::Ended;
            Step::Failed(error)
        })
    }

    fn whole_or_piece(&mut self, response: &[u8]) -> Result<Step, ChipError> {
        if self.statistics.commands >= SESSION_COMMANDS_MAX {
            return Err(ChipError::Misbehaved(Violation::Endless));
        }
        let protected = match &self.phase {
            Phase::Pace(_, _) => false,
            Phase::Selecting(Some(_))
            | Phase::File(_, _)
            | Phase::ActiveAuthentication(_, _)
            | Phase::ChipAuthentication(_, _) => true,
            Phase::Idle
            | Phase::MasterFile(_)
            | Phase::SelectingMasterFile(_)
            | Phase::Selecting(None)
            | Phase::Challenging
            | Phase::Authenticating(_)
            | Phase::Ended => return self.advance(response),
        };
        match self.chaining.take(response, protected) {
            Taken::Piece(next) => Ok(self.transmit(next)),
            Taken::Whole(response) => self.advance(&response),
        }
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<Step, ChipError> {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::MasterFile(reader) => self.master_file_read(reader, plain_response(bytes)?),
            Phase::SelectingMasterFile(then) => {
                plain_response(bytes)?;
                self.master_file_selected(then)
            }
            Phase::Pace(terminal, command) => {
                self.pace_answered(terminal, &command, &plain_response(bytes)?)
            }
            Phase::Selecting(channel) => self.application_selected(channel, bytes),
            Phase::Challenging => self.challenged(&plain_response(bytes)?),
            Phase::Authenticating(terminal) => {
                self.authenticated(&terminal, &plain_response(bytes)?)
            }
            Phase::File(channel, request) => self.file_read(channel, request, bytes),
            Phase::ActiveAuthentication(channel, challenged) => {
                self.challenge_answered(channel, challenged, bytes)
            }
            Phase::ChipAuthentication(channel, run) => {
                self.chip_authentication_answered(channel, run, bytes)
            }
            Phase::Idle | Phase::Ended => Err(ChipError::Misbehaved(Violation::Endless)),
        }
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
            access: self.access.take().unwrap_or(Access::Bac),
            active_authentication: self.active_authentication.take(),
            chip_authentication: self.chip_authentication.take(),
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
