//! Opening the chip: files of the master file, PACE or Basic Access Control, the application.

use std::collections::VecDeque;

use crate::{
    apdu::{Command, Response, Status},
    bac::{KeyPair, Terminal},
    lds::FileId,
    limits::PACE_OFFERS_MAX,
    pace::{self, Offer, PaceError, PaceStep},
    secure_messaging::SecureMessagingError,
    security_infos::SecurityInfos,
};

use super::{
    Access, AccessPolicy, Channel, ChipError, Doing, LDS_APPLICATION, PaceAccess, PaceCommand,
    PaceFailure, Phase, ReadSession, Stage, Step, Violation,
    file_reader::{Addressing, FileReader, Habits, Outcome},
    lengths::{Blocks, answer_bytes_of_atr_info, short_data_bytes},
    plain_response, refused_unopened,
};

/// What follows SELECT of the master file.
pub(super) enum InMasterFile {
    /// Another try to read this file.
    Read(FileId),
    /// PACE, which runs there.
    Pace,
}

/// How the chip is opened, once that is known; kept for opening it again.
pub(super) enum Way {
    Unknown,
    Pace(VecDeque<Offer>),
    Bac(Option<PaceFailure>),
}

impl ReadSession {
    pub(super) fn next_master_file(&mut self) -> Result<Step, ChipError> {
        match self.master_files.pop_front() {
            Some(file) => Ok(self.read_master_file(file)),
            None => self.choose_way(),
        }
    }

    pub(super) fn read_master_file(&mut self, file: FileId) -> Step {
        let mut reader = FileReader::new(file);
        let command = reader.next(&self.master_habits);
        self.phase = Phase::MasterFile(reader);
        self.plain(&command)
    }

    /// A file before access is opened. Whatever the chip answers, reading goes on without it.
    pub(super) fn master_file_read(
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
                return self.next_master_file();
            }
            Ok(Outcome::Refused(status)) => status,
            Err(violation) => return Err(ChipError::Misbehaved(violation)),
        };
        if self.master_habits.addressing == Addressing::Short {
            return Ok(self.select_master_file(InMasterFile::Read(file)));
        }
        if self.wanted.contains(file) {
            self.unread.insert(file, status);
        }
        self.next_master_file()
    }

    fn select_master_file(&mut self, then: InMasterFile) -> Step {
        self.phase = Phase::SelectingMasterFile(then);
        self.plain(&Command::select_master_file())
    }

    /// Chips answer `6A87` and others, and are in the master file all the same.
    pub(super) fn master_file_selected(&mut self, then: InMasterFile) -> Result<Step, ChipError> {
        match then {
            InMasterFile::Read(file) => {
                self.master_habits.addressing = Addressing::Selecting;
                Ok(self.read_master_file(file))
            }
            InMasterFile::Pace => self.start_pace(),
        }
    }

    /// PACE or not, by what EF.CardAccess offers and the policy allows.
    fn choose_way(&mut self) -> Result<Step, ChipError> {
        let Some(file) = self.files.get(FileId::CardAccess) else {
            return self.without_pace(None);
        };
        if self.access_policy == AccessPolicy::BacOnly {
            return self.without_pace(None);
        }
        let infos = match SecurityInfos::parse(file) {
            Ok(infos) => infos,
            Err(error) => return self.without_pace(Some(PaceFailure::CardAccess(error))),
        };
        let offers = pace::offers(&infos);
        if !offers.usable.is_empty() {
            self.way = Way::Pace(offers.usable.into_iter().take(PACE_OFFERS_MAX).collect());
            return self.start_pace();
        }
        let unusable = offers.unusable.into_iter().next();
        self.without_pace(unusable.map(|(_, error)| PaceFailure::NoUsableProtocol(error)))
    }

    /// Runs the first of the offers left.
    fn start_pace(&mut self) -> Result<Step, ChipError> {
        let Way::Pace(offers) = &self.way else {
            return self.without_pace(None);
        };
        let (Some(offer), Some(password)) = (offers.front(), self.keys.password()) else {
            return self.without_pace(None);
        };
        let info = offer.info().clone();
        match pace::Terminal::new(offer, &password, &self.random.draw()) {
            Ok(mut terminal) => {
                let command = terminal.start();
                let in_pieces = self.limits.short_only();
                Ok(self.ask_pace(Box::new(terminal), command, in_pieces))
            }
            Err(source) => {
                let step = PaceStep::Select;
                let error = PaceError::Group { step, source };
                self.without_pace(Some(PaceFailure::Run { info, error }))
            }
        }
    }

    /// In pieces, if reader or chip carry short length alone and the command is longer.
    fn ask_pace(
        &mut self,
        terminal: Box<pace::Terminal>,
        command: Command,
        in_pieces: bool,
    ) -> Step {
        let bytes = if in_pieces && command.is_extended() {
            self.chaining.split(&command)
        } else {
            command.to_bytes()
        };
        self.phase = Phase::Pace(terminal, PaceCommand { command, in_pieces });
        self.transmit(bytes)
    }

    pub(super) fn pace_answered(
        &mut self,
        mut terminal: Box<pace::Terminal>,
        asked: &PaceCommand,
        response: &Response,
    ) -> Result<Step, ChipError> {
        let PaceCommand { command, in_pieces } = asked;
        if response.status.refuses_length() && command.is_extended() && !in_pieces {
            return Ok(self.ask_pace(terminal, command.clone(), true));
        }
        let error = match terminal.respond(response) {
            pace::Step::Transmit(command) => {
                return Ok(self.ask_pace(terminal, command, *in_pieces));
            }
            pace::Step::Open(opened) => {
                self.access = Some(Access::Pace(PaceAccess::from(&*opened)));
                if opened.chip_authentication.is_some()
                    && !self.files.contains(FileId::CardSecurity)
                {
                    self.protected_master_files.push_back(FileId::CardSecurity);
                }
                return self.opened(Box::new(opened.secure_messaging));
            }
            pace::Step::Failed(error) => error,
        };
        let Way::Pace(offers) = &mut self.way else {
            return self.without_pace(None);
        };
        let failed = offers.pop_front();
        // A protocol that the chip announces and does not begin is none; the next one is as good as announced.
        let not_begun = matches!(
            error,
            PaceError::Refused {
                step: PaceStep::Select,
                ..
            }
        );
        if not_begun && !offers.is_empty() {
            return self.start_pace();
        }
        let failure = failed.map(|offer| PaceFailure::Run {
            info: offer.info().clone(),
            error,
        });
        self.without_pace(failure)
    }

    /// Basic Access Control, if that is allowed after this failure of PACE, or without any.
    fn without_pace(&mut self, failure: Option<PaceFailure>) -> Result<Step, ChipError> {
        let allowed = match (self.access_policy, &failure) {
            (AccessPolicy::PaceOnly, _) => false,
            (AccessPolicy::PaceFirst, failure) => failure.is_none(),
            (AccessPolicy::BacAfterPaceFailure | AccessPolicy::BacOnly, _) => true,
        };
        match failure {
            Some(failure) if !allowed => return Err(ChipError::PaceFailed(failure)),
            None if !allowed => return Err(ChipError::PaceNotOffered),
            failure => self.way = Way::Bac(failure),
        }
        if self.keys.mrz.is_none() {
            return Err(ChipError::PaceNotOffered);
        }
        Ok(self.select_application(None))
    }

    /// The channel was lost: opens the chip in the way it was opened before.
    pub(super) fn open_again(&mut self) -> Step {
        match self.way {
            Way::Pace(_) => self.select_master_file(InMasterFile::Pace),
            Way::Unknown | Way::Bac(_) => self.select_application(None),
        }
    }

    /// Plain before Basic Access Control, protected after PACE.
    pub(super) fn select_application(&mut self, channel: Option<Channel>) -> Step {
        let command = Command::select_application(&LDS_APPLICATION);
        let Some(mut channel) = channel else {
            self.phase = Phase::Selecting(None);
            return self.plain(&command);
        };
        let bytes = channel.protect_command(&command);
        self.phase = Phase::Selecting(Some(channel));
        self.transmit(bytes)
    }

    pub(super) fn application_selected(
        &mut self,
        channel: Option<Channel>,
        bytes: &[u8],
    ) -> Result<Step, ChipError> {
        let Some(mut channel) = channel else {
            let response = plain_response(bytes)?;
            if response.status != Status::OK {
                return Err(ChipError::NotATravelDocument(response.status));
            }
            self.application_selected = true;
            self.phase = Phase::Challenging;
            return Ok(self.plain(&Terminal::get_challenge()));
        };
        match channel.open_response(bytes) {
            Ok(response) if response.status == Status::OK => {
                self.application_selected = true;
                self.go_on(channel)
            }
            Ok(response) => Err(ChipError::NotATravelDocument(response.status)),
            Err(SecureMessagingError::Plain(status)) if refused_unopened(status) => {
                Err(ChipError::NotATravelDocument(status))
            }
            Err(SecureMessagingError::Plain(status)) if status != Status::OK => {
                self.lost((Stage::Select, 0), status)
            }
            Err(error) => Err(ChipError::Misbehaved(Violation::Protection(error))),
        }
    }

    pub(super) fn challenged(&mut self, response: &Response) -> Result<Step, ChipError> {
        if response.status != Status::OK {
            return Err(ChipError::UnexpectedStatus {
                doing: Doing::Challenge,
                status: response.status,
            });
        }
        let rnd_ic = <[u8; 8]>::try_from(response.data.as_slice())
            .map_err(|_| ChipError::Misbehaved(Violation::Challenge(response.data.len())))?;
        let Some(key) = &self.keys.mrz else {
            return Err(ChipError::PaceNotOffered);
        };
        let keys = KeyPair::from_mrz(key);
        let terminal = Terminal::new(keys, rnd_ic, self.random.draw(), self.random.draw());
        let command = terminal.authenticate();
        self.phase = Phase::Authenticating(Box::new(terminal));
        Ok(self.plain(&command))
    }

    pub(super) fn authenticated(
        &mut self,
        terminal: &Terminal,
        response: &Response,
    ) -> Result<Step, ChipError> {
        let channel = terminal.open(response).map_err(ChipError::AccessDenied)?;
        self.access = Some(match &self.way {
            Way::Bac(Some(failure)) => Access::BacAfterPaceFailure(failure.clone()),
            Way::Bac(None) | Way::Pace(_) | Way::Unknown => Access::Bac,
        });
        self.opened(Box::new(channel))
    }

    /// Access is open: the lengths that fit this channel are known.
    fn opened(&mut self, channel: Channel) -> Result<Step, ChipError> {
        let short = short_data_bytes(channel.keys().suite().block_bytes());
        match &mut self.habits {
            Some(habits) => habits.blocks.change_channel(short),
            None => {
                let atr_info = self.files.get(FileId::AtrInfo);
                let atr_info = atr_info.and_then(answer_bytes_of_atr_info);
                let first = self.limits.first_block(atr_info, short);
                let blocks = Blocks::new(first, short);
                self.habits = Some(Habits::new(blocks, Addressing::Unproven));
            }
        }
        self.go_on(channel)
    }
}
