//! How far reading has come, and what it cost.

use std::fmt;

use crate::lds::FileId;

/// A step of reading. Commands of one step follow each other; a step has ended when [`Progress`] names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// SELECT of the travel document application.
    Select,
    /// Opening the chip.
    Access,
    /// A file.
    File(FileId),
    /// Active authentication.
    ActiveAuthentication,
    /// Chip authentication.
    ChipAuthentication,
    /// Nothing more to do.
    Ended,
}

impl Stage {
    /// Name for reports, e.g. `card_access`, `access`, `dg1`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Access => "access",
            Self::File(file) => file_name(file),
            Self::ActiveAuthentication => "active_authentication",
            Self::ChipAuthentication => "chip_authentication",
            Self::Ended => "ended",
        }
    }
}

fn file_name(file: FileId) -> &'static str {
    match file {
        FileId::Com => "com",
        FileId::Sod => "sod",
        FileId::Dg1 => "dg1",
        FileId::Dg2 => "dg2",
        FileId::Dg3 => "dg3",
        FileId::Dg4 => "dg4",
        FileId::Dg5 => "dg5",
        FileId::Dg6 => "dg6",
        FileId::Dg7 => "dg7",
        FileId::Dg8 => "dg8",
        FileId::Dg9 => "dg9",
        FileId::Dg10 => "dg10",
        FileId::Dg11 => "dg11",
        FileId::Dg12 => "dg12",
        FileId::Dg13 => "dg13",
        FileId::Dg14 => "dg14",
        FileId::Dg15 => "dg15",
        FileId::Dg16 => "dg16",
        FileId::CardAccess => "card_access",
        FileId::CardSecurity => "card_security",
        FileId::AtrInfo => "atr_info",
        FileId::Dir => "dir",
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The step that the next answer belongs to.
    pub stage: Stage,
    /// File being read, if one is.
    pub file: Option<FileId>,
    /// Bytes of it so far.
    pub bytes: usize,
    /// Its size, once known.
    pub total: Option<usize>,
}

/// What reading cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Commands sent.
    pub commands: u32,
    /// Bytes of all commands.
    pub bytes_sent: u64,
    /// Bytes of all answers.
    pub bytes_received: u64,
    /// How often access was opened again because the chip had dropped the channel.
    pub restarts: u32,
    /// Bytes asked for in one block at the end: what this chip takes.
    pub block_bytes: usize,
}
