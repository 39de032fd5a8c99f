//! Reading files through the open channel, and opening it again when the chip has dropped it.

use crate::{
    apdu::{Command, Response, Status},
    lds::FileId,
    limits::SESSION_RESTARTS_MAX,
    secure_messaging::SecureMessagingError,
};

use super::{
    Channel, ChipError, Doing, FileRequest, Need, Phase, ReadSession, Stage, Step, Violation,
    file_reader::{FileReader, Habits, Outcome},
    refused_unopened,
};

/// What a protected answer turned out to be.
pub(super) enum Received {
    Answer(Response),
    /// The chip dropped the channel.
    Lost(Status),
}

impl ReadSession {
    /// Goes on where the channel was lost, or with what comes next.
    pub(super) fn go_on(&mut self, channel: Channel) -> Result<Step, ChipError> {
        let in_master_file = |file: FileId| file.in_master_file() && !self.application_selected;
        if let Some(request) = self.interrupted.take() {
            if in_master_file(request.reader.file()) || self.application_selected {
                return Ok(self.read_on(channel, request));
            }
            self.interrupted = Some(request);
            return Ok(self.select_application(Some(channel)));
        }
        if !self.application_selected {
            return Ok(match self.protected_master_files.pop_front() {
                Some(file) => self.read_file(channel, file, Need::IfListed),
                None => self.select_application(Some(channel)),
            });
        }
        self.next_file(channel)
    }

    /// The next file; before the large portrait the proofs of authenticity, if the files that they need are read.
    fn next_file(&mut self, channel: Channel) -> Result<Step, ChipError> {
        let next = self.wanted.next(&self.files);
        let keys_to_come = [FileId::Dg14, FileId::Dg15].map(|file| self.wanted.contains(file));
        let due = match next {
            None => true,
            Some((file, _)) => file == FileId::Dg2 && keys_to_come == [false, false],
        };
        if due && let Some(proof) = self.next_proof() {
            if let Some(next) = next {
                self.wanted.put_back(next);
            }
            return self.prove(channel, proof);
        }
        match next {
            Some((file, need)) => Ok(self.read_file(channel, file, need)),
            None if self.unproven.is_some() => {
                // Nothing is left to be read, yet the first answer through the new channel is the proof: EF.COM's beginning.
                Ok(self.read_file(channel, FileId::Com, Need::IfListed))
            }
            None => Ok(self.done()),
        }
    }

    fn read_file(&mut self, channel: Channel, file: FileId, need: Need) -> Step {
        let reader = FileReader::new(file);
        self.read_on(channel, FileRequest { reader, need })
    }

    fn read_on(&mut self, channel: Channel, mut request: FileRequest) -> Step {
        let Some(habits) = &self.habits else {
            return self.done();
        };
        let command = request.reader.next(habits);
        self.ask(channel, request, &command)
    }

    fn ask(&mut self, mut channel: Channel, request: FileRequest, command: &Command) -> Step {
        let bytes = channel.protect_command(command);
        self.phase = Phase::File(channel, request);
        self.transmit(bytes)
    }

    /// Opens a protected answer, the first one through the channel of Chip Authentication being its proof.
    pub(super) fn receive(
        &mut self,
        channel: &mut Channel,
        bytes: &[u8],
    ) -> Result<Received, ChipError> {
        match channel.open_response(bytes) {
            Ok(response) => {
                self.proven(bytes);
                Ok(Received::Answer(response))
            }
            Err(SecureMessagingError::Plain(status)) if refused_unopened(status) => {
                // Refused before the protection was looked at, so the chip did not count the command.
                channel.take_back_command();
                Ok(Received::Answer(Response {
                    data: Vec::new(),
                    status,
                }))
            }
            Err(error) => {
                if self.not_proven(bytes, error) {
                    return Ok(Received::Lost(Status::PROTECTION_WRONG));
                }
                if let SecureMessagingError::Plain(status) = error
                    && status != Status::OK
                {
                    return Ok(Received::Lost(status));
                }
                Err(ChipError::Misbehaved(Violation::Protection(error)))
            }
        }
    }

    pub(super) fn file_read(
        &mut self,
        mut channel: Channel,
        mut request: FileRequest,
        bytes: &[u8],
    ) -> Result<Step, ChipError> {
        let response = match self.receive(&mut channel, bytes)? {
            Received::Answer(response) => response,
            Received::Lost(status) => return self.file_lost(request, status),
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
                if !self.files.contains(file) {
                    self.unread.insert(file, status);
                }
            }
        }
        self.go_on(channel)
    }

    fn file_lost(&mut self, mut request: FileRequest, status: Status) -> Result<Step, ChipError> {
        let place = (Stage::File(request.reader.file()), request.reader.bytes());
        let asked = request.reader.asked_bytes();
        if self.lost_at == Some(place) {
            // At the same place again: it may be the length that the chip dislikes.
            let smaller = |habits: &mut Habits| habits.blocks.step_down(asked);
            if self.habits.as_mut().is_some_and(smaller) {
                self.lost_at = None;
            }
        }
        request.reader.interrupted();
        self.interrupted = Some(request);
        self.lost(place, status)
    }

    /// The chip dropped the channel: access is opened again and reading goes on where it was.
    pub(super) fn lost(
        &mut self,
        place: (Stage, usize),
        status: Status,
    ) -> Result<Step, ChipError> {
        let again = self.lost_at.replace(place) == Some(place);
        if self.statistics.restarts >= SESSION_RESTARTS_MAX || again {
            return Err(ChipError::SessionLost { status });
        }
        self.statistics.restarts += 1;
        self.application_selected = false;
        Ok(self.open_again())
    }
}
