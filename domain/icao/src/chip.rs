//! The chip's side of an electronic travel document: a virtual chip for simulators and tests.
//!
//! It speaks what a real one speaks (PACE where it has EF.CardAccess, Basic Access Control, secure messaging, SELECT, READ BINARY,
//! Chip and Active Authentication where it is given keys) and breaks in the ways real ones break, by name. It shares no state with the reader: only bytes pass between them.

pub mod active_authentication;
mod chaining;
pub mod chip_authentication;
pub mod cv_issue;
mod fault;
mod files;
pub mod issue;
mod log;
pub mod pace;
pub mod passport;
pub mod terminal_authentication;

use crate::{
    apdu::{Command, Response, Status},
    bac::{self, KeyPair},
    key_derivation::{CanError, Password, SessionKeys},
    lds::{ChipFiles, FileId},
    limits::PROTECTED_SHORT_BYTES_MAX,
    mrz::MrzKey,
    pace::offers,
    secure_messaging::SecureMessaging,
    security_infos::SecurityInfos,
    session::{LDS_APPLICATION, SEED_BYTES, SessionRandom},
};
use active_authentication::{ActiveAuthenticationSigner, RANDOM_BYTES_MAX};
use chaining::Rest;
use chip_authentication::ChipAuthenticationKeys;
use files::{FileSystem, Reach, status};
use pace::Pace;

pub use fault::{ChipFault, ChipTiming, HostileFile, Refusal};
pub use log::ChipLog;

/// How a chip reacts to a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It answers.
    Answer(Vec<u8>),
    /// It stays silent for ever.
    Mute,
    /// It is no longer in the field.
    Removed,
}

/// Random bytes that a chip may need for one command: challenges and key material are drawn from them.
pub type ChipRandom = [u8; SEED_BYTES];

/// A virtual chip.
pub struct Chip {
    files: FileSystem,
    keys: KeyPair,
    passwords: Vec<Password>,
    pace: Option<Pace>,
    active_authentication: Option<ActiveAuthenticationSigner>,
    chip_authentication: Option<ChipAuthenticationKeys>,
    faults: Vec<ChipFault>,
    timing: ChipTiming,
    last_duration_us: u64,
    log: ChipLog,
    /// The travel document application is selected; otherwise the master file is.
    application: bool,
    state: State,
    /// The rest of an answer in pieces.
    rest: Rest,
    /// The rest of an answer whose pieces are protected each.
    protected_rest: Rest,
}

/// A short expected length of zero: as much as there is and as fits (ISO 7816-4 §5.1).
const ALL_THERE_IS: usize = 256;
const GET_RESPONSE: u8 = 0xC0;

enum State {
    Off,
    Closed,
    Challenged { rnd_ic: [u8; 8] },
    Open(Box<SecureMessaging>),
}

impl Chip {
    /// A chip with its files, the key that opens it, and its faults. With an EF.CardAccess it has PACE as that says.
    pub fn new(files: ChipFiles, key: &MrzKey, faults: Vec<ChipFault>) -> Self {
        let other_key = MrzKey::new("XXXXXXXXX", "000000", "000000");
        let wrong_key = faults.contains(&ChipFault::WrongKey);
        let pace_key = if wrong_key || faults.contains(&ChipFault::PaceFails) {
            &other_key
        } else {
            key
        };
        let card_access = files.get(FileId::CardAccess);
        let infos = card_access.and_then(|file| SecurityInfos::parse(file).ok());
        let usable = infos.map(|infos| offers(&infos).usable);
        let passwords = vec![Password::mrz(pace_key)];
        let mut pace = usable
            .filter(|usable| !usable.is_empty())
            .map(|usable| Pace::new(usable, passwords.clone()));
        if faults.contains(&ChipFault::WantsParametersNamed) {
            pace = pace.map(Pace::wanting_parameters_named);
        }
        Self {
            files: FileSystem::new(files, &faults),
            keys: KeyPair::from_mrz(if wrong_key { &other_key } else { key }),
            passwords,
            pace,
            active_authentication: None,
            chip_authentication: None,
            faults,
            timing: ChipTiming::NONE,
            last_duration_us: 0,
            log: ChipLog::default(),
            application: false,
            state: State::Off,
            rest: Rest::default(),
            protected_rest: Rest::default(),
        }
    }

    /// PACE other than EF.CardAccess and the document's zone make it, e.g. with a static key for Chip Authentication Mapping.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }

    /// PACE also with a card access number.
    pub fn with_can(mut self, digits: &str) -> Result<Self, CanError> {
        self.passwords.push(Password::can(digits)?);
        let passwords = self.passwords.clone();
        self.pace = self.pace.map(|pace| pace.with_passwords(passwords));
        Ok(self)
    }

    /// Active Authentication with the key that EF.DG15 shows.
    #[must_use]
    pub fn with_active_authentication(mut self, key: ActiveAuthenticationSigner) -> Self {
        self.active_authentication = Some(key);
        self
    }

    /// Chip Authentication with the keys that EF.DG14 shows.
    #[must_use]
    pub fn with_chip_authentication(mut self, keys: ChipAuthenticationKeys) -> Self {
        self.chip_authentication = Some(keys);
        self
    }

    /// A chip that takes its time.
    #[must_use]
    pub fn with_timing(mut self, timing: ChipTiming) -> Self {
        self.timing = timing;
        self
    }

    /// How long the last command takes with this chip's timing, in microseconds. The chip does not wait: its player does.
    pub fn last_duration_us(&self) -> u64 {
        self.last_duration_us
    }

    /// What the chip was asked since power-on.
    pub fn log(&self) -> &ChipLog {
        &self.log
    }

    /// Answer to reset: T=1, category indicator 80 and card capabilities (ISO 7816-4 §8.1), with its check byte.
    pub fn answer_to_reset(&self) -> Vec<u8> {
        let lengths = if self.faults.contains(&ChipFault::ShortLengthOnly) {
            0x00
        } else if self.files.has(FileId::AtrInfo) {
            0x60
        } else {
            0x40
        };
        let historical: &[u8] = if self.faults.contains(&ChipFault::SilentAboutLengths) {
            b"eMRTD"
        } else {
            &[0x80, 0x73, 0x84, 0x21, lengths]
        };
        let mut atr = vec![0x3B, 0x80 | historical.len() as u8, 0x80, 0x01];
        atr.extend_from_slice(historical);
        atr.push(atr.iter().skip(1).fold(0, |check, byte| check ^ byte));
        atr
    }

    /// The reader gives power, or resets.
    pub fn power_on(&mut self) {
        self.state = State::Closed;
        self.rest.forget();
        self.protected_rest.forget();
        self.application = false;
        self.files.forget_current();
        self.log = ChipLog::default();
    }

    /// The reader takes power away.
    pub fn power_off(&mut self) {
        self.state = State::Off;
    }

    /// A command arrives. `random` must be fresh for every command.
    pub fn transmit(&mut self, apdu: &[u8], random: &ChipRandom) -> Reaction {
        self.log.command(apdu);
        let reaction = self.react(apdu, SessionRandom::new(*random));
        if let Reaction::Answer(answer) = &reaction {
            let instruction = apdu.get(1).copied().unwrap_or(0);
            let duration = self
                .timing
                .duration_us(instruction, apdu.len(), answer.len());
            self.last_duration_us = duration;
            self.log.answer(answer, duration);
        }
        reaction
    }

    fn react(&mut self, apdu: &[u8], random: SessionRandom) -> Reaction {
        let number = self.log.commands;
        let extended = matches!(apdu, [_, _, _, _, 0, _, ..]);
        let from = |first: fn(&ChipFault) -> Option<u32>| {
            let first = self.faults.iter().filter_map(first).min();
            first.is_some_and(|first| number >= first)
        };
        if from(ChipFault::removed_from) {
            return Reaction::Removed;
        }
        if from(ChipFault::mute_from) {
            return Reaction::Mute;
        }
        if from(ChipFault::unprotected_from) {
            return plain(Status::OK);
        }
        if extended && self.faults.contains(&ChipFault::ShortLengthOnly) {
            return plain(Status::WRONG_LENGTH);
        }
        if matches!(self.state, State::Open(_)) {
            let due = |fault: &ChipFault| fault.drops_from().is_some_and(|from| number >= from);
            if let Some(at) = self.faults.iter().position(due) {
                self.faults.remove(at);
                return self.drop_channel();
            }
        }
        if matches!(self.state, State::Off) {
            return Reaction::Mute;
        }
        let Ok(command) = Command::parse(apdu) else {
            return plain(Status::WRONG_LENGTH);
        };
        let largest = command.expected.unwrap_or(ALL_THERE_IS);
        if (command.class, command.instruction) == (0x00, GET_RESPONSE) && self.rest.is_waiting() {
            return Reaction::Answer(self.rest.next(largest));
        }
        self.rest.forget();
        if command.class & 0x0C == 0x0C {
            return self.protected(&command, random);
        }
        let answer = self.plain(&command, random).to_bytes();
        self.in_pieces(answer, largest)
    }

    fn in_pieces(&mut self, answer: Vec<u8>, largest: usize) -> Reaction {
        let fits = answer.len() <= largest.saturating_add(2);
        if !fits && self.faults.contains(&ChipFault::NoResponseChaining) {
            return plain(Status::WRONG_LENGTH);
        }
        Reaction::Answer(self.rest.keep(answer, largest))
    }

    fn drop_channel(&mut self) -> Reaction {
        self.state = State::Closed;
        plain(Status::PROTECTION_WRONG)
    }

    fn plain(&mut self, command: &Command, mut random: SessionRandom) -> Response {
        let challenge = match std::mem::replace(&mut self.state, State::Closed) {
            State::Challenged { rnd_ic } => Some(rnd_ic),
            // A plain command ends the protected channel (ICAO 9303-11 §9.8.6).
            State::Open(_) => {
                self.files.forget_current();
                None
            }
            State::Off | State::Closed => None,
        };
        match (command.instruction, command.p1, challenge) {
            (0xA4, 0x00 | 0x04, _) => self.select_directory(command),
            (0x84, _, _) if self.application => {
                let rnd_ic = random.draw();
                self.state = State::Challenged { rnd_ic };
                Response {
                    data: rnd_ic.to_vec(),
                    status: Status::OK,
                }
            }
            (0x82, _, Some(rnd_ic)) if !self.faults.contains(&ChipFault::PaceOnly) => {
                match bac::accept(&self.keys, &rnd_ic, &random.draw(), &command.data) {
                    Ok((data, channel)) => {
                        self.state = State::Open(Box::new(channel));
                        Response {
                            data,
                            status: Status::OK,
                        }
                    }
                    Err(_) => status(Status::AUTHENTICATION_FAILED),
                }
            }
            (0x22 | 0x86, _, _) => self.pace(command, random),
            (0x82, _, _) => status(Status::CONDITIONS),
            (0xA4 | 0xB0 | 0xB1, _, _) => {
                let reach = Reach {
                    application: self.application,
                    open: false,
                };
                self.files.execute(reach, command)
            }
            (_, _, _) => status(Status::UNKNOWN_INSTRUCTION),
        }
    }

    fn pace(&mut self, command: &Command, mut random: SessionRandom) -> Response {
        let refused = self.faults.iter().find_map(|fault| {
            let ChipFault::RefusesPace(refusal) = fault else {
                return None;
            };
            Some(status(*refusal))
        });
        let pace = match (refused, &mut self.pace) {
            (Some(refused), _) => return refused,
            (None, None) => return status(Status::UNKNOWN_INSTRUCTION),
            (None, Some(pace)) => pace,
        };
        let answer = pace.answer(command, &random.draw());
        if let Some(opened) = answer.opened {
            // The channel belongs to the master file.
            self.application = false;
            self.files.forget_current();
            self.state = State::Open(Box::new(opened.secure_messaging));
        }
        answer.response
    }

    /// SELECT of the master file or the application, plain or protected.
    fn select_directory(&mut self, command: &Command) -> Response {
        if command.expected.is_some() && self.faults.contains(&ChipFault::RefusesNeedlessLength) {
            return status(Status::WRONG_LENGTH);
        }
        if command.p1 == 0x04 {
            if command.data != LDS_APPLICATION {
                return status(Status::NOT_FOUND);
            }
            self.application = true;
        } else {
            for fault in &self.faults {
                if let ChipFault::RefusesMasterFile(refusal) = fault {
                    return status(*refusal);
                }
            }
            if !matches!(command.data.as_slice(), [] | [0x3F, 0x00]) {
                return status(Status::NOT_FOUND);
            }
            self.application = false;
        }
        self.files.forget_current();
        status(Status::OK)
    }

    fn protected(&mut self, outer: &Command, mut random: SessionRandom) -> Reaction {
        let State::Open(mut channel) = std::mem::replace(&mut self.state, State::Closed) else {
            return plain(Status::PROTECTION_WRONG);
        };
        let refused = self.refused_unopened(outer);
        if let Some(refused) = refused {
            self.state = State::Open(channel);
            return plain(refused);
        }
        let Ok(command) = channel.open_command(outer) else {
            return plain(Status::PROTECTION_WRONG);
        };
        let mut next_channel = None;
        let mut response = match (command.instruction, command.p1) {
            (0xA4, 0x00 | 0x04) => self.select_directory(&command),
            (0x88, _) => {
                let response = self.internal_authenticate(&command, random);
                self.in_protected_pieces(response, outer)
            }
            (GET_RESPONSE, _) if self.protected_rest.is_waiting() => {
                response_of(self.protected_rest.next(PROTECTED_SHORT_BYTES_MAX))
            }
            (0x22 | 0x86, _) => {
                let (response, channel) = self.agree_on_keys(&command, &random.draw());
                next_channel = channel;
                response
            }
            (_, _) => {
                let reach = Reach {
                    application: self.application,
                    open: true,
                };
                self.files.execute(reach, &command)
            }
        };
        if response.status == Status::PROTECTION_WRONG {
            return plain(Status::PROTECTION_WRONG);
        }
        let largest = outer.expected.unwrap_or(256);
        let protected = |response: &Response| {
            let mut channel = channel.clone();
            channel.protect_response_to(command.instruction, response)
        };
        // Beside the two status bytes the answer must fit the length expected outside.
        if protected(&response).len() > largest.saturating_add(2) {
            if (command.instruction, command.expected) == (0xB0, Some(ALL_THERE_IS)) {
                response.data.truncate(PROTECTED_SHORT_BYTES_MAX);
                response.status = Status::OK;
            } else if self.refuses_pieces(&command) {
                response = status(Status::WRONG_LENGTH);
            }
        }
        let answer = channel.protect_response_to(command.instruction, &response);
        self.state = State::Open(next_channel.map_or(channel, Box::new));
        Reaction::Answer(self.rest.keep(answer, largest))
    }

    /// Whoever reads files can ask for fewer bytes.
    fn refuses_pieces(&self, command: &Command) -> bool {
        let reads = matches!(command.instruction, 0xB0 | 0xB1);
        reads || self.faults.contains(&ChipFault::NoResponseChaining)
    }

    fn in_protected_pieces(&mut self, response: Response, outer: &Command) -> Response {
        let short = outer.expected.unwrap_or(ALL_THERE_IS) <= ALL_THERE_IS;
        if !short || !self.faults.contains(&ChipFault::ChainsInsideProtection) {
            return response;
        }
        let answer = response.to_bytes();
        response_of(self.protected_rest.keep(answer, PROTECTED_SHORT_BYTES_MAX))
    }

    fn internal_authenticate(&self, command: &Command, mut random: SessionRandom) -> Response {
        let Some(key) = &self.active_authentication else {
            return status(Status::UNKNOWN_INSTRUCTION);
        };
        let mut response = key.answer(command, &random.draw::<RANDOM_BYTES_MAX>());
        if self.faults.contains(&ChipFault::Cloned) {
            let wrong = response.data.iter_mut().skip(1);
            wrong.for_each(|byte| *byte ^= 0x5A);
        }
        response
    }

    /// Chip Authentication; also returns the channel from the next command on.
    fn agree_on_keys(
        &mut self,
        command: &Command,
        other_secret: &[u8; 32],
    ) -> (Response, Option<SecureMessaging>) {
        let keys = self.chip_authentication.as_mut();
        let Some(answer) = keys.and_then(|keys| keys.answer(command)) else {
            return (status(Status::UNKNOWN_INSTRUCTION), None);
        };
        let copy = |channel: SecureMessaging| {
            let suite = channel.keys().suite();
            SecureMessaging::with_keys(SessionKeys::derive(suite, other_secret))
        };
        let channel = if self.faults.contains(&ChipFault::Cloned) {
            answer.channel.map(copy)
        } else {
            answer.channel
        };
        (answer.response, channel)
    }

    /// Chips that refuse a length before they look inside the protection judge it by the size announced outside.
    fn refused_unopened(&self, outer: &Command) -> Option<Status> {
        let extended = outer.expected.is_some_and(|expected| expected > 256);
        let refuses = self.faults.iter().any(|fault| {
            matches!(fault, ChipFault::LargestBlock { bytes, refusal: Refusal::WrongLengthUnprotected } if *bytes <= 256)
        });
        (extended && refuses).then_some(Status::WRONG_LENGTH)
    }
}

fn response_of(mut answer: Vec<u8>) -> Response {
    let at = answer.len().saturating_sub(2);
    let status = answer.split_off(at);
    Response {
        data: answer,
        status: Status(
            status
                .iter()
                .fold(0, |number, byte| number << 8 | u16::from(*byte)),
        ),
    }
}

fn plain(status: Status) -> Reaction {
    Reaction::Answer(status.0.to_be_bytes().to_vec())
}
