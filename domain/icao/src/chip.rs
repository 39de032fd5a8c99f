//! The chip's side of an electronic travel document: a virtual chip for simulators and tests.
//!
//! It speaks what a real one speaks (SELECT, Basic Access Control, secure messaging, READ BINARY) and breaks in the ways real ones
//! break, by name. It shares no state with the reader: only bytes pass between them.

pub mod active_authentication;
pub mod chip_authentication;
pub mod cv_issue;
pub mod issue;
pub mod pace;
pub mod terminal_authentication;

use crate::{
    apdu::{Command, Response, Status},
    bac::{self, KeyPair},
    lds::{ChipFiles, FileId},
    mrz::MrzKey,
    secure_messaging::SecureMessaging,
    session::LDS_APPLICATION,
};

/// How a chip misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipFault {
    /// The chip belongs to another document: it does not open to this MRZ.
    WrongKey,
    /// The document leaves the field after this many commands.
    RemovedAfter(u32),
    /// The chip stops answering after this many commands.
    MuteAfter(u32),
    /// The chip refuses extended length with `6700`, as many do.
    ShortLengthOnly,
    /// The chip drops the protected channel at this command, counted from power-on.
    DropsChannelAt(u32),
}

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

/// Random bytes that a chip may need for one command: challenge and key material.
pub type ChipRandom = [u8; 24];

/// A virtual chip.
pub struct Chip {
    files: ChipFiles,
    keys: KeyPair,
    faults: Vec<ChipFault>,
    commands: u32,
    state: State,
}

enum State {
    Off,
    On,
    Selected,
    Challenged {
        rnd_ic: [u8; 8],
    },
    Open {
        channel: SecureMessaging,
        file: Option<FileId>,
    },
}

impl Chip {
    /// A chip with its files, the key that opens it, and its faults.
    pub fn new(files: ChipFiles, key: &MrzKey, faults: Vec<ChipFault>) -> Self {
        let keys = if faults.contains(&ChipFault::WrongKey) {
            KeyPair::derive(&[0xA5; 16])
        } else {
            KeyPair::from_mrz(key)
        };
        Self {
            files,
            keys,
            faults,
            commands: 0,
            state: State::Off,
        }
    }

    /// Answer to reset: T=1, category indicator 80 and card capabilities (ISO 7816-4 §8.1), with its check byte.
    pub fn answer_to_reset(&self) -> Vec<u8> {
        let short = self.faults.contains(&ChipFault::ShortLengthOnly);
        let lengths = if short { 0x00 } else { 0x40 };
        let mut atr = vec![0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x84, 0x21, lengths];
        atr.push(atr[1..].iter().fold(0, |check, byte| check ^ byte));
        atr
    }

    /// The reader gives power, or resets.
    pub fn power_on(&mut self) {
        self.state = State::On;
        self.commands = 0;
    }

    /// The reader takes power away.
    pub fn power_off(&mut self) {
        self.state = State::Off;
    }

    /// A command arrives. `random` must be fresh for every command.
    pub fn transmit(&mut self, apdu: &[u8], random: &ChipRandom) -> Reaction {
        self.commands += 1;
        for fault in &self.faults {
            match fault {
                ChipFault::RemovedAfter(n) if self.commands > *n => return Reaction::Removed,
                ChipFault::MuteAfter(n) if self.commands > *n => return Reaction::Mute,
                ChipFault::DropsChannelAt(n) if self.commands == *n => {
                    self.state = State::Selected;
                    self.faults
                        .retain(|fault| !matches!(fault, ChipFault::DropsChannelAt(_)));
                    return plain(Status::PROTECTION_WRONG);
                }
                ChipFault::ShortLengthOnly if apdu.len() > 5 && apdu[4] == 0 => {
                    return plain(Status::WRONG_LENGTH);
                }
                ChipFault::WrongKey
                | ChipFault::RemovedAfter(_)
                | ChipFault::MuteAfter(_)
                | ChipFault::DropsChannelAt(_)
                | ChipFault::ShortLengthOnly => {}
            }
        }
        if matches!(self.state, State::Off) {
            return Reaction::Mute;
        }
        match Command::parse(apdu) {
            Ok(command) if command.class & 0x0C == 0x0C => self.protected(&command),
            Ok(command) => Reaction::Answer(self.plain(&command, random).to_bytes()),
            Err(_) => plain(Status::WRONG_LENGTH),
        }
    }

    fn plain(&mut self, command: &Command, random: &ChipRandom) -> Response {
        let status = |status| Response {
            data: Vec::new(),
            status,
        };
        match (command.instruction, &self.state) {
            (0xA4, _) if command.p1 == 0x04 => {
                if command.data != LDS_APPLICATION {
                    return status(Status::NOT_FOUND);
                }
                self.state = State::Selected;
                status(Status::OK)
            }
            (0x84, State::Selected | State::Challenged { .. }) => {
                let (rnd_ic, _) = split(random);
                self.state = State::Challenged { rnd_ic };
                Response {
                    data: rnd_ic.to_vec(),
                    status: Status::OK,
                }
            }
            (0x82, State::Challenged { rnd_ic }) => {
                let (_, k_ic) = split(random);
                let accepted = bac::accept(&self.keys, rnd_ic, &k_ic, &command.data);
                self.state = State::Selected;
                match accepted {
                    Ok((data, channel)) => {
                        self.state = State::Open {
                            channel,
                            file: None,
                        };
                        Response {
                            data,
                            status: Status::OK,
                        }
                    }
                    Err(_) => status(Status::AUTHENTICATION_FAILED),
                }
            }
            (0x82, _) => status(Status::CONDITIONS),
            (0xA4 | 0xB0, _) => {
                // A plain command ends the protected channel (ICAO 9303-11 §9.8.6).
                if matches!(self.state, State::Open { .. }) {
                    self.state = State::Selected;
                }
                status(Status::SECURITY_STATUS)
            }
            (_, _) => status(Status::UNKNOWN_INSTRUCTION),
        }
    }

    fn protected(&mut self, outer: &Command) -> Reaction {
        let State::Open { channel, file } = &mut self.state else {
            return plain(Status::PROTECTION_WRONG);
        };
        let Ok(command) = channel.open_command(outer) else {
            self.state = State::Selected;
            return plain(Status::PROTECTION_WRONG);
        };
        let mut response = execute(&self.files, file, &command);
        let largest = outer.expected.unwrap_or(256);
        // Cryptogram, status and authentication code add at most 31 bytes.
        if response.data.len().next_multiple_of(8) + 31 > largest.max(264) {
            response = Response {
                data: Vec::new(),
                status: Status::WRONG_LENGTH,
            };
        }
        Reaction::Answer(channel.protect_response(&response))
    }
}

fn execute(files: &ChipFiles, selected: &mut Option<FileId>, command: &Command) -> Response {
    let status = |status| Response {
        data: Vec::new(),
        status,
    };
    match (command.instruction, command.p1, selected.as_ref()) {
        (0xA4, 0x02, _) => {
            let wanted = |file: &FileId| command.data == file.identifier();
            *selected = FileId::all()
                .find(|file| !file.in_master_file() && wanted(file) && files.get(*file).is_some());
            status(if selected.is_some() {
                Status::OK
            } else {
                Status::NOT_FOUND
            })
        }
        (0xB0, 0x00..=0x7F, Some(file)) => {
            let offset = usize::from(u16::from_be_bytes([command.p1, command.p2]));
            let content = files.get(*file).unwrap_or_default();
            let Some(rest) = content.get(offset..) else {
                return status(Status::WRONG_OFFSET);
            };
            let wanted = command.expected.unwrap_or(256);
            let data = rest[..rest.len().min(wanted)].to_vec();
            let ended = data.len() < wanted;
            Response {
                data,
                status: if ended {
                    Status::END_OF_FILE
                } else {
                    Status::OK
                },
            }
        }
        (0xB0, _, None) => status(Status::CONDITIONS),
        (_, _, _) => status(Status::UNKNOWN_INSTRUCTION),
    }
}

fn plain(status: Status) -> Reaction {
    Reaction::Answer(status.0.to_be_bytes().to_vec())
}

fn split(random: &ChipRandom) -> ([u8; 8], [u8; 16]) {
    let (mut rnd_ic, mut k_ic) = ([0; 8], [0; 16]);
    rnd_ic.copy_from_slice(&random[..8]);
    k_ic.copy_from_slice(&random[8..]);
    (rnd_ic, k_ic)
}
