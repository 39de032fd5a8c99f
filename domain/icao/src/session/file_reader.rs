//! Reading one file: by short identifier where the chip knows it, in the largest blocks that it takes, from where it stopped.
//!
//! ```text
//!            short identifier known            refused: no short identifiers
//! begin ---> READ BINARY, first block --------------------------> SELECT
//!                 |    ^                                            |
//!                 |    +--- smaller block, length refused           |
//!                 v                                                 v
//!            READ BINARY, next block <------------------- READ BINARY, first block
//! ```

use zeroize::Zeroizing;

use super::{error::Violation, lengths::Blocks};
use crate::{
    apdu::{Command, OFFSET_IN_PARAMETERS_MAX, Response, Status},
    lds::FileId,
    limits::{FILE_BYTES_MAX, HEADER_BYTES},
    tlv::{self, TlvError},
};

/// Bytes of the data object around data read with odd instruction, at most.
const DATA_OBJECT_HEADER_BYTES: usize = 4;

/// What this chip was found to do; remembered for the whole session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    pub(super) blocks: Blocks,
    pub(super) addressing: Addressing,
    /// The chip refuses to read past the end of a file, so its header is read first.
    header_first: bool,
}

/// How files are addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addressing {
    /// By short identifier; this chip has not shown yet that it knows them.
    Unproven,
    /// By short identifier.
    Short,
    /// By SELECT.
    Selecting,
}

impl Habits {
    pub(super) fn new(blocks: Blocks, addressing: Addressing) -> Self {
        Self {
            blocks,
            addressing,
            header_first: false,
        }
    }
}

/// What follows from an answer.
pub(super) enum Outcome {
    /// Ask this next.
    Ask(Command),
    /// The whole file.
    Whole(Vec<u8>),
    /// The chip does not give the file.
    Refused(Status),
}

/// One file being read.
pub(super) struct FileReader {
    file: FileId,
    bytes: Zeroizing<Vec<u8>>,
    /// Its size, once its header is read.
    total: Option<usize>,
    /// Whether it is the chip's current file.
    current: bool,
    /// Length the chip named when it refused another.
    exact: Option<usize>,
    asked: Asked,
}

enum Asked {
    Selection,
    FirstBlock(Block),
    Block(Block),
}

struct Block {
    command: Command,
    length: usize,
}

impl FileReader {
    pub(super) fn new(file: FileId) -> Self {
        Self {
            file,
            bytes: Zeroizing::default(),
            total: None,
            current: false,
            exact: None,
            asked: Asked::Selection,
        }
    }

    pub(super) fn file(&self) -> FileId {
        self.file
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn total(&self) -> Option<usize> {
        self.total
    }

    /// Whether the last command was a SELECT.
    pub(super) fn selecting(&self) -> bool {
        matches!(self.asked, Asked::Selection)
    }

    /// Bytes asked for with the last command.
    pub(super) fn asked_bytes(&self) -> usize {
        match &self.asked {
            Asked::Selection => 0,
            Asked::FirstBlock(block) | Asked::Block(block) => block.length,
        }
    }

    /// The channel was lost: the chip has no current file any more.
    pub(super) fn interrupted(&mut self) {
        self.current = false;
    }

    /// The next command for this file.
    pub(super) fn next(&mut self, habits: &Habits) -> Command {
        let offset = self.bytes.len();
        let by_short_identifier = offset == 0 && habits.addressing != Addressing::Selecting;
        if !self.current && !by_short_identifier {
            self.asked = Asked::Selection;
            return Command::select_file(self.file.identifier());
        }
        let length = self.next_length(habits);
        let (command, wrap): (_, fn(Block) -> Asked) = if self.current {
            (Command::read_binary(offset, length), Asked::Block)
        } else {
            let identifier = self.file.short_identifier();
            (
                Command::read_binary_short(identifier, length),
                Asked::FirstBlock,
            )
        };
        self.asked = wrap(Block {
            command: command.clone(),
            length,
        });
        command
    }

    fn next_length(&self, habits: &Habits) -> usize {
        let offset = self.bytes.len();
        let overhead = if offset > OFFSET_IN_PARAMETERS_MAX {
            DATA_OBJECT_HEADER_BYTES
        } else {
            0
        };
        let block = self.exact.unwrap_or(habits.blocks.current());
        let block = block.saturating_sub(overhead);
        let wanted = match self.total {
            Some(total) => total.saturating_sub(offset),
            // Where the end is not known, nobody may ask past it.
            None if habits.header_first && self.without_header() => 1,
            None if habits.header_first => HEADER_BYTES,
            None => block,
        };
        let wanted = wanted.min(block).max(1).saturating_add(overhead);
        let fitting = habits.blocks.fitting(wanted, !habits.header_first);
        fitting.saturating_sub(overhead).max(1)
    }

    /// Takes the chip's answer to the last command.
    pub(super) fn accept(
        &mut self,
        habits: &mut Habits,
        response: Response,
    ) -> Result<Outcome, Violation> {
        match std::mem::replace(&mut self.asked, Asked::Selection) {
            Asked::Selection if response.status == Status::OK => {
                self.current = true;
                Ok(Outcome::Ask(self.next(habits)))
            }
            Asked::Selection => Ok(Outcome::Refused(response.status)),
            Asked::FirstBlock(block) => self.block_read(habits, &block, true, response),
            Asked::Block(block) => self.block_read(habits, &block, false, response),
        }
    }

    fn block_read(
        &mut self,
        habits: &mut Habits,
        block: &Block,
        by_short_identifier: bool,
        response: Response,
    ) -> Result<Outcome, Violation> {
        let status = response.status;
        // 61xx: data, and more behind them that this command did not ask for.
        let delivered =
            matches!(status, Status::OK | Status::END_OF_FILE) || status.class() == 0x61;
        if !delivered || response.data.is_empty() {
            return self.refused(habits, block.length, by_short_identifier, status);
        }
        let offset = self.bytes.len();
        let data = block.command.read_data(response.data);
        let data = data.map_err(|source| Violation::DataObject {
            file: self.file,
            offset,
            source,
        })?;
        let data = Zeroizing::new(data);
        let data = data.get(..block.length).unwrap_or(&data);
        self.bytes.extend_from_slice(data);
        if by_short_identifier {
            self.current = true;
            habits.addressing = Addressing::Short;
        }
        self.exact = None;
        self.size()?;
        let ended = match self.total {
            Some(total) => self.bytes.len() >= total,
            None => self.without_header() && data.len() < block.length,
        };
        if ended || data.is_empty() {
            return self.whole();
        }
        // More is there, yet the chip gave less than it might: that is what it takes.
        let rest = self.total.map_or(0, |total| total.saturating_sub(offset));
        if rest.min(habits.blocks.current()) > data.len() {
            habits.blocks.learn(data.len());
        }
        Ok(Outcome::Ask(self.next(habits)))
    }

    fn whole(&mut self) -> Result<Outcome, Violation> {
        let mut bytes = std::mem::take(&mut *self.bytes);
        match self.total {
            Some(total) if bytes.len() < total => return Err(self.ends_early()),
            Some(total) => bytes.truncate(total),
            None if self.without_header() => {}
            None => return Err(self.ends_early()),
        }
        Ok(Outcome::Whole(bytes))
    }

    fn ends_early(&self) -> Violation {
        Violation::FileEndsEarly { file: self.file }
    }

    /// EF.ATR/INFO and EF.DIR are a row of data objects without one around them: they end where the chip says so.
    fn without_header(&self) -> bool {
        matches!(self.file, FileId::AtrInfo | FileId::Dir)
    }

    fn size(&mut self) -> Result<(), Violation> {
        let file = self.file;
        let claimed = if self.without_header() {
            self.bytes.len()
        } else {
            match tlv::total_length(&self.bytes) {
                Ok(total) => total,
                Err(TlvError::Truncated) if self.bytes.len() < 2 * HEADER_BYTES => return Ok(()),
                Err(source) => return Err(Violation::FileHeader { file, source }),
            }
        };
        if claimed > FILE_BYTES_MAX {
            let bytes = claimed;
            return Err(Violation::FileTooLarge { file, bytes });
        }
        if !self.without_header() {
            self.total = Some(claimed);
        }
        Ok(())
    }

    /// No data came: another way to ask for them, until there is none.
    fn refused(
        &mut self,
        habits: &mut Habits,
        length: usize,
        by_short_identifier: bool,
        status: Status,
    ) -> Result<Outcome, Violation> {
        if self.without_header() && !self.bytes.is_empty() {
            return self.whole();
        }
        if by_short_identifier
            && habits.addressing == Addressing::Unproven
            && asks_for_selection(status)
        {
            habits.addressing = Addressing::Selecting;
            return Ok(Outcome::Ask(self.next(habits)));
        }
        if !by_short_identifier
            && habits.addressing == Addressing::Short
            && asks_for_selection(status)
        {
            // The short identifier did not make the file the current one.
            habits.addressing = Addressing::Selecting;
            self.current = false;
            return Ok(Outcome::Ask(self.next(habits)));
        }
        if let Some(exact) = status.exact_length().filter(|exact| *exact < length) {
            self.exact = Some(exact);
            return Ok(Outcome::Ask(self.next(habits)));
        }
        if !may_concern_length(status, length) {
            return Ok(Outcome::Refused(status));
        }
        self.exact = None;
        if habits.blocks.step_down(length) {
            return Ok(Outcome::Ask(self.next(habits)));
        }
        if self.total.is_none() && self.bytes.is_empty() && !habits.header_first {
            habits.header_first = true;
            habits.blocks.start_over();
            return Ok(Outcome::Ask(self.next(habits)));
        }
        match self.total {
            Some(_) => Err(self.ends_early()),
            None => Ok(Outcome::Refused(status)),
        }
    }
}

/// What chips answer that know no short identifiers, or whose current file is another.
fn asks_for_selection(status: Status) -> bool {
    matches!(
        status,
        Status::NOT_FOUND
            | Status::WRONG_PARAMETERS
            | Status::WRONG_OFFSET
            | Status::NO_CURRENT_FILE
            | Status::CONDITIONS
            | Status::FUNCTION_NOT_SUPPORTED
            | Status::UNKNOWN_INSTRUCTION
    )
}

/// Whether a smaller block may help. An extended length may be refused with any error that does not concern file or rights.
fn may_concern_length(status: Status, length: usize) -> bool {
    let empty = matches!(status, Status::OK | Status::END_OF_FILE);
    let other = !matches!(status, Status::NOT_FOUND | Status::SECURITY_STATUS);
    empty || status.refuses_length() || (length > 256 && other)
}
