//! Commands and responses of ISO 7816-4 §5, short and extended length.

use std::fmt;

use crate::tlv::{self, TlvError};

/// Largest offset that fits the parameters of READ BINARY.
pub const OFFSET_IN_PARAMETERS_MAX: usize = 0x7FFF;

/// A command in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Class byte.
    pub class: u8,
    /// Instruction byte.
    pub instruction: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Command data; empty for none.
    pub data: Vec<u8>,
    /// Bytes expected at most: 1..=65,536; `None` where no data is expected (some chips refuse a length there).
    pub expected: Option<usize>,
}

/// A response.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Response data.
    pub data: Vec<u8>,
    /// The status bytes.
    pub status: Status,
}

/// The two status bytes of a response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u16);

/// Why bytes are not a command or response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApduError {
    /// A response has at least its two status bytes.
    #[error("response shorter than its status bytes")]
    ResponseTooShort,
    /// The lengths in a command contradict its size.
    #[error("command with contradictory lengths")]
    CommandLengths,
}

impl Command {
    /// A command without data and without expected length.
    pub fn new(class: u8, instruction: u8, p1: u8, p2: u8) -> Self {
        Self {
            class,
            instruction,
            p1,
            p2,
            data: Vec::new(),
            expected: None,
        }
    }

    /// Adds command data.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = data.into();
        self
    }

    /// Asks for at most `bytes`.
    #[must_use]
    pub fn expecting(mut self, bytes: usize) -> Self {
        self.expected = Some(bytes);
        self
    }

    /// SELECT by application identifier, no response data (ICAO 9303-10 §3.6.1).
    pub fn select_application(identifier: &[u8]) -> Self {
        Self::new(0x00, 0xA4, 0x04, 0x0C).with_data(identifier)
    }

    /// SELECT an elementary file, no response data (ICAO 9303-10 §3.6.2).
    pub fn select_file(identifier: [u8; 2]) -> Self {
        Self::new(0x00, 0xA4, 0x02, 0x0C).with_data(identifier)
    }

    /// SELECT the master file, no response data (ICAO 9303-10 §3.6.1).
    pub fn select_master_file() -> Self {
        Self::new(0x00, 0xA4, 0x00, 0x0C).with_data([0x3F, 0x00])
    }

    /// READ BINARY of `length` bytes of the selected file from `offset`. Offsets up to 32,767 stand in the parameters; beyond, the
    /// instruction is odd and data objects carry offset and data (ICAO 9303-10 §3.6.3, ISO 7816-4 §11.2.3). The bytes expected
    /// then include the header of that data object; [`Command::read_data`] takes it off.
    pub fn read_binary(offset: usize, length: usize) -> Self {
        let [high, low] = (offset as u16).to_be_bytes();
        if offset <= OFFSET_IN_PARAMETERS_MAX {
            return Self::new(0x00, 0xB0, high, low).expecting(length);
        }
        let bytes = (offset as u32).to_be_bytes();
        let significant = if offset > 0xFFFF { 1 } else { 2 };
        let header = tlv::encode_header(0x53, length).len();
        Self::new(0x00, 0xB1, 0x00, 0x00)
            .with_data(tlv::encode(
                0x54,
                bytes.get(significant..).unwrap_or(&bytes),
            ))
            .expecting(length.saturating_add(header))
    }

    /// READ BINARY of the first `length` bytes of the file with this short identifier, which it also selects (ICAO 9303-10 §3.6.3).
    pub fn read_binary_short(identifier: u8, length: usize) -> Self {
        Self::new(0x00, 0xB0, 0x80 | (identifier & 0x1F), 0x00).expecting(length)
    }

    /// The four header bytes.
    pub fn header(&self) -> [u8; 4] {
        [self.class, self.instruction, self.p1, self.p2]
    }

    /// Whether data or expected length demand extended length.
    pub fn is_extended(&self) -> bool {
        self.data.len() > 255 || self.expected.is_some_and(|n| n > 256)
    }

    /// The wire form; extended length where data or expected length demand it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let extended = self.is_extended();
        let mut out = self.header().to_vec();
        if !self.data.is_empty() {
            if extended {
                out.push(0);
                out.extend((self.data.len() as u16).to_be_bytes());
            } else {
                out.push(self.data.len() as u8);
            }
            out.extend_from_slice(&self.data);
        }
        if let Some(expected) = self.expected {
            match (extended, self.data.is_empty()) {
                (false, _) => out.push(expected as u8),
                (true, true) => {
                    out.push(0);
                    out.extend((expected as u16).to_be_bytes());
                }
                (true, false) => out.extend((expected as u16).to_be_bytes()),
            }
        }
        out
    }

    /// The bytes of the file in the answer to this READ BINARY: those of the data object 53 where the instruction is odd.
    pub fn read_data(&self, data: Vec<u8>) -> Result<Vec<u8>, TlvError> {
        if self.instruction != 0xB1 || data.is_empty() {
            return Ok(data);
        }
        Ok(tlv::expect(&data, 0x53)?.0.to_vec())
    }

    /// Reads the wire form (the chip's side).
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let [class, instruction, p1, p2, body @ ..] = bytes else {
            return Err(ApduError::CommandLengths);
        };
        let command = Self::new(*class, *instruction, *p1, *p2);
        let short = |le: u8| if le == 0 { 256 } else { usize::from(le) };
        let long = |a: u8, b: u8| match u16::from_be_bytes([a, b]) {
            0 => 65_536,
            le => usize::from(le),
        };
        match body {
            [] => Ok(command),
            [le] => Ok(command.expecting(short(*le))),
            [0, a, b] => Ok(command.expecting(long(*a, *b))),
            [0, a, b, rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([*a, *b]));
                let (data, le) = rest
                    .split_at_checked(length)
                    .ok_or(ApduError::CommandLengths)?;
                match le {
                    [] => Ok(command.with_data(data)),
                    [a, b] => Ok(command.with_data(data).expecting(long(*a, *b))),
                    _ => Err(ApduError::CommandLengths),
                }
            }
            [length, rest @ ..] => {
                let (data, le) = rest
                    .split_at_checked(usize::from(*length))
                    .ok_or(ApduError::CommandLengths)?;
                match le {
                    [] => Ok(command.with_data(data)),
                    [le] => Ok(command.with_data(data).expecting(short(*le))),
                    _ => Err(ApduError::CommandLengths),
                }
            }
        }
    }
}

impl Response {
    /// Splits data and status.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let [data @ .., sw1, sw2] = bytes else {
            return Err(ApduError::ResponseTooShort);
        };
        Ok(Self {
            data: data.to_vec(),
            status: Status(u16::from_be_bytes([*sw1, *sw2])),
        })
    }

    /// The wire form (the chip's side).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.data.clone();
        out.extend(self.status.0.to_be_bytes());
        out
    }
}

impl fmt::Debug for Response {
    /// Response data may hold personal data, so only its length prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes, {})", self.data.len(), self.status)
    }
}

impl Status {
    /// Normal processing.
    pub const OK: Self = Self(0x9000);
    /// End of file reached before the expected length.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// Authentication failed.
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// Wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// Security status not satisfied.
    pub const SECURITY_STATUS: Self = Self(0x6982);
    /// Conditions of use not satisfied.
    pub const CONDITIONS: Self = Self(0x6985);
    /// No current elementary file.
    pub const NO_CURRENT_FILE: Self = Self(0x6986);
    /// Secure messaging objects missing.
    pub const PROTECTION_MISSING: Self = Self(0x6987);
    /// Secure messaging objects wrong.
    pub const PROTECTION_WRONG: Self = Self(0x6988);
    /// Function not supported.
    pub const FUNCTION_NOT_SUPPORTED: Self = Self(0x6A81);
    /// File or application not found.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// Parameters P1 and P2 wrong.
    pub const WRONG_PARAMETERS: Self = Self(0x6A86);
    /// Data length contradicts P1 and P2.
    pub const WRONG_DATA_LENGTH: Self = Self(0x6A87);
    /// Offset outside the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// Instruction not supported.
    pub const UNKNOWN_INSTRUCTION: Self = Self(0x6D00);

    /// The first status byte: the class of the answer.
    pub fn class(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// The length the chip would accept, where it names one (`6Cxx`): 1 to 256 bytes.
    pub fn exact_length(self) -> Option<usize> {
        let named = usize::from(self.0 as u8);
        (self.class() == 0x6C).then_some(if named == 0 { 256 } else { named })
    }

    /// The chip may dislike the expected length: `6700`, `6Cxx`, or `6B00`, which some answer instead.
    pub fn refuses_length(self) -> bool {
        self == Self::WRONG_LENGTH || self == Self::WRONG_OFFSET || self.class() == 0x6C
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offsets_beyond_32767_take_the_odd_instruction() {
        let hex = |command: Command| hex::encode_upper(command.to_bytes());
        assert_eq!(hex(Command::read_binary(0x7FFF, 0x10)), "00B07FFF10");
        assert_eq!(
            hex(Command::read_binary(0x8000, 0x10)),
            "00B10000045402800012"
        );
        assert_eq!(
            hex(Command::read_binary(0x1_0000, 0x80)),
            "00B1000005540301000083"
        );
        assert_eq!(hex(Command::read_binary_short(0x1C, 256)), "00B09C0000");
        assert_eq!(hex(Command::select_master_file()), "00A4000C023F00");
    }

    proptest! {
        #[test]
        fn commands_survive_the_wire(len in 0usize..1_000, expected in proptest::option::of(1usize..=65_536)) {
            let mut command = Command::new(0x0C, 0xB0, 1, 2).with_data(vec![7; len]);
            command.expected = expected;
            prop_assert_eq!(Command::parse(&command.to_bytes()), Ok(command));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Command::parse(&bytes);
            let _ = Response::parse(&bytes);
        }
    }
}
