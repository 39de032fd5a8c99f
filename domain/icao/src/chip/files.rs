//! The chip's file system: SELECT and READ BINARY, with the ways in which real chips differ.

use super::fault::{ChipFault, Refusal};
use crate::{
    apdu::{Command, Response, Status},
    lds::{ChipFiles, FileId},
    tlv,
};

/// Which files a command can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// The travel document application is selected; otherwise the master file is.
    pub(super) application: bool,
    /// Access is open.
    pub(super) open: bool,
}

pub(super) struct FileSystem {
    files: ChipFiles,
    faults: Vec<ChipFault>,
    current: Option<FileId>,
}

impl FileSystem {
    pub(super) fn new(files: ChipFiles, faults: &[ChipFault]) -> Self {
        Self {
            files: super::fault::shown(files, faults),
            faults: faults.to_vec(),
            current: None,
        }
    }

    pub(super) fn has(&self, file: FileId) -> bool {
        self.files.get(file).is_some()
    }

    /// Another file is selected, or none.
    pub(super) fn forget_current(&mut self) {
        self.current = None;
    }

    pub(super) fn execute(&mut self, reach: Reach, command: &Command) -> Response {
        match (command.instruction, command.p1) {
            (0xA4, 0x02) => self.select(reach, command),
            (0xB0, 0x80..) => self.read_short(reach, command),
            (0xB0, _) => {
                let offset = usize::from(u16::from_be_bytes([command.p1, command.p2]));
                self.read(reach, command, offset, |data| data)
            }
            (0xB1, 0x00) if command.p2 == 0 => match odd_offset(command) {
                Some(offset) => self.read(reach, command, offset, |data| tlv::encode(0x53, &data)),
                None => status(Status(0x6A80)),
            },
            (_, _) => status(Status::UNKNOWN_INSTRUCTION),
        }
    }

    /// Whether the file may be touched: unknown, locked, or there.
    fn access(&self, reach: Reach, file: Option<FileId>) -> Result<FileId, Status> {
        let found = file.filter(|file| self.has(*file));
        let locked = match (reach.application, found) {
            (true, _) => !reach.open,
            (false, Some(FileId::CardSecurity)) => !reach.open,
            (false, _) => false,
        };
        for fault in &self.faults {
            if let ChipFault::ClosedMasterFile(refusal) = fault
                && !reach.open
            {
                return Err(*refusal);
            }
        }
        // What is locked does not tell whether it exists.
        match (locked, found) {
            (true, _) => Err(Status::SECURITY_STATUS),
            (false, Some(file)) => Ok(file),
            (false, None) => Err(Status::NOT_FOUND),
        }
    }

    fn select(&mut self, reach: Reach, command: &Command) -> Response {
        if command.expected.is_some() && self.faults.contains(&ChipFault::RefusesNeedlessLength) {
            return status(Status::WRONG_LENGTH);
        }
        let wanted = |file: &FileId| {
            command.data == file.identifier() && file.in_master_file() != reach.application
        };
        match self.access(reach, FileId::all().find(wanted)) {
            Ok(file) => {
                self.current = Some(file);
                status(Status::OK)
            }
            Err(refusal) => {
                self.current = None;
                status(refusal)
            }
        }
    }

    fn read_short(&mut self, reach: Reach, command: &Command) -> Response {
        for fault in &self.faults {
            if let ChipFault::NoShortIdentifiers(refusal) = fault {
                return status(*refusal);
            }
        }
        let short = command.p1 & 0x1F;
        let wanted = |file: &FileId| {
            file.short_identifier() == short && file.in_master_file() != reach.application
        };
        let before = self.current;
        match self.access(reach, FileId::all().find(wanted)) {
            Ok(file) => self.current = Some(file),
            Err(refusal) => return status(refusal),
        }
        let response = self.read(reach, command, command.p2.into(), |data| data);
        if self
            .faults
            .contains(&ChipFault::ShortIdentifierSelectsNothing)
        {
            self.current = before;
        }
        response
    }

    fn read(
        &self,
        reach: Reach,
        command: &Command,
        offset: usize,
        wrap: fn(Vec<u8>) -> Vec<u8>,
    ) -> Response {
        let file = match (self.current, self.access(reach, self.current)) {
            (None, _) => return status(Status::NO_CURRENT_FILE),
            (Some(_), Err(refusal)) => return status(refusal),
            (Some(_), Ok(file)) => file,
        };
        let content = self.files.get(file).unwrap_or_default();
        let Some(rest) = content.get(offset..).filter(|_| offset <= content.len()) else {
            return status(Status::WRONG_OFFSET);
        };
        let asked = command.expected.unwrap_or(256);
        let (mut wanted, mut truncated) = (asked, None);
        for fault in &self.faults {
            let ChipFault::LargestBlock { bytes, refusal } = *fault else {
                continue;
            };
            if asked > bytes {
                match refusal.fewer() {
                    Ok(status) => (wanted, truncated) = (wanted.min(bytes), Some(status)),
                    Err(refused) => return status(refused(bytes)),
                }
            }
        }
        // With odd instruction the expected length includes the data object's header.
        let overhead = wrap(vec![0; wanted]).len().saturating_sub(wanted);
        let most = wanted.saturating_sub(overhead);
        if most > rest.len() && self.faults.contains(&ChipFault::RefusesPastEnd) {
            return status(Status::WRONG_OFFSET);
        }
        let data = rest.get(..most).unwrap_or(rest).to_vec();
        let ended = data.len() < most;
        Response {
            data: wrap(data),
            status: match (ended, truncated) {
                (true, _) => Status::END_OF_FILE,
                (false, Some(status)) => status,
                (false, None) => Status::OK,
            },
        }
    }
}

impl Refusal {
    /// The status beside fewer bytes, or the one in place of any.
    fn fewer(self) -> Result<Status, fn(usize) -> Status> {
        match self {
            Self::FewerBytes => Ok(Status::OK),
            Self::EndOfFile => Ok(Status::END_OF_FILE),
            Self::WrongLength | Self::WrongLengthUnprotected => Err(|_| Status::WRONG_LENGTH),
            Self::WrongOffset => Err(|_| Status::WRONG_OFFSET),
            Self::ExactLength => Err(|bytes| Status(0x6C00 | (bytes.min(256) as u16 & 0xFF))),
            Self::EndOfFileWithoutBytes => Err(|_| Status::END_OF_FILE),
            Self::DropsChannel => Err(|_| Status::PROTECTION_WRONG),
        }
    }
}

fn odd_offset(command: &Command) -> Option<usize> {
    let (offset, rest) = tlv::expect(&command.data, 0x54).ok()?;
    let fits = rest.is_empty() && (1..=4).contains(&offset.len());
    fits.then(|| offset.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)))
}

pub(super) fn status(status: Status) -> Response {
    Response {
        data: Vec::new(),
        status,
    }
}
