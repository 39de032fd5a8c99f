//! How a virtual chip breaks, by name, and how long it takes.

use crate::{
    apdu::Status,
    lds::{ChipFiles, FileId},
    tlv,
};

/// How a chip misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipFault {
    /// The chip belongs to another document: it does not open to this MRZ.
    WrongKey,
    /// A copy of a chip: its files without its private keys. It answers Active Authentication with a wrong signature, and goes through
    /// Chip Authentication without being able to use the keys.
    Cloned,
    /// The chip's PACE knows another password than its Basic Access Control.
    PaceFails,
    /// The chip announces PACE and refuses MSE:Set AT.
    RefusesPace(Status),
    /// The chip wants the domain parameters of PACE named, although it has only one set.
    WantsParametersNamed,
    /// The chip has no Basic Access Control.
    PaceOnly,
    /// The document leaves the field after this many commands.
    RemovedAfter(u32),
    /// The chip stops answering after this many commands.
    MuteAfter(u32),
    /// The chip refuses extended length with `6700`, as many do, and its answer to reset says so.
    ShortLengthOnly,
    /// The chip refuses what its answer does not fit with `6700`, where others answer in pieces.
    NoResponseChaining,
    /// The chip protects each piece of a long answer for itself, where others protect the answer and send that in pieces.
    ChainsInsideProtection,
    /// The answer to reset says nothing about lengths.
    SilentAboutLengths,
    /// The chip drops the protected channel at this command, counted from power-on, or at the first protected one after it.
    DropsChannelAt(u32),
    /// The chip takes READ BINARY of at most so many bytes.
    LargestBlock {
        /// Most bytes of one block.
        bytes: usize,
        /// What it answers to more.
        refusal: Refusal,
    },
    /// The chip knows no short file identifiers.
    NoShortIdentifiers(Status),
    /// Reading by short identifier does not make the file the current one.
    ShortIdentifierSelectsNothing,
    /// The chip refuses to read past the end of a file with `6B00`.
    RefusesPastEnd,
    /// The chip refuses commands with an expected length where no data are to be expected.
    RefusesNeedlessLength,
    /// The chip refuses SELECT of the master file.
    RefusesMasterFile(Status),
    /// The chip gives no file before access is opened.
    ClosedMasterFile(Status),
    /// The chip denies having this file.
    Hides(FileId),
    /// A byte of this file differs from what was signed.
    Alters(FileId),
    /// This file is hostile.
    Hostile(FileId, HostileFile),
    /// From this command on the chip, or somebody on the line, answers without protection and says that all is well.
    UnprotectedFrom(u32),
}

/// What a chip answers that is asked for more bytes than it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `6700`, protected.
    WrongLength,
    /// `6700` before it looks inside the protection.
    WrongLengthUnprotected,
    /// `6B00`, protected.
    WrongOffset,
    /// `6Cxx` with the length that it takes, protected.
    ExactLength,
    /// As many bytes as it takes, and `9000`.
    FewerBytes,
    /// As many bytes as it takes, and `6282` as if the file ended there.
    EndOfFile,
    /// `6282` and no bytes.
    EndOfFileWithoutBytes,
    /// `6988`: it drops the channel.
    DropsChannel,
}

/// Hostile content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostileFile {
    /// No bytes.
    Empty,
    /// The header claims four gigabytes.
    ClaimsTooMuch,
    /// The header claims twice the bytes there are.
    EndsEarly,
    /// The length is indefinite and never ends.
    Indefinite,
    /// Objects in objects, thousands deep.
    Nested,
    /// Thousands of objects of two bytes.
    ManyObjects,
    /// The length field takes more bytes than any size needs.
    LongLength,
}

impl HostileFile {
    /// The bytes, in place of the genuine ones.
    fn of(self, genuine: &[u8]) -> Vec<u8> {
        let tag = genuine.first().copied().unwrap_or(0x30);
        match self {
            Self::Empty => Vec::new(),
            Self::ClaimsTooMuch => [&[tag, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], genuine].concat(),
            Self::EndsEarly => {
                let header = tlv::encode_header(tag.into(), genuine.len().saturating_mul(2));
                [&header, genuine].concat()
            }
            Self::Indefinite => [[tag, 0x80], [0x30, 0x80]].concat().repeat(64),
            Self::Nested => (0..2_000).fold(vec![0x04, 0x00], |inner, _| tlv::encode(0x30, &inner)),
            Self::ManyObjects => tlv::encode(tag.into(), &[0x04, 0x00].repeat(10_000)),
            Self::LongLength => [&[tag, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 8], genuine].concat(),
        }
    }
}

impl ChipFault {
    /// Number of the command from which on the chip is gone.
    pub(super) fn removed_from(&self) -> Option<u32> {
        let Self::RemovedAfter(commands) = self else {
            return None;
        };
        commands.checked_add(1)
    }

    /// Number of the command from which on the next protected one drops the channel.
    pub(super) fn drops_from(&self) -> Option<u32> {
        let Self::DropsChannelAt(command) = self else {
            return None;
        };
        Some(*command)
    }

    /// Number of the command from which on the chip is silent.
    pub(super) fn mute_from(&self) -> Option<u32> {
        let Self::MuteAfter(commands) = self else {
            return None;
        };
        commands.checked_add(1)
    }

    /// Number of the command from which on the chip answers without protection.
    pub(super) fn unprotected_from(&self) -> Option<u32> {
        let Self::UnprotectedFrom(command) = self else {
            return None;
        };
        Some(*command)
    }
}

/// The files as this chip shows them.
pub(super) fn shown(mut files: ChipFiles, faults: &[ChipFault]) -> ChipFiles {
    for fault in faults {
        if let ChipFault::Hides(file) = *fault {
            files.remove(file);
        }
        if let ChipFault::Alters(file) = *fault
            && let Some(mut bytes) = files.get(file).map(<[u8]>::to_vec)
        {
            let middle = bytes.len() / 2;
            let altered = bytes.iter_mut().skip(middle).take(1);
            altered.for_each(|byte| *byte ^= 0x01);
            files.set(file, bytes);
        }
        if let ChipFault::Hostile(file, content) = *fault {
            let hostile = content.of(files.get(file).unwrap_or_default());
            files.set(file, hostile);
        }
    }
    files
}

/// How long a chip takes. The chip computes durations; whoever plays it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipTiming {
    /// For every command, in microseconds.
    pub command_us: u32,
    /// On top of it for every command that authenticates, in microseconds.
    pub authentication_us: u32,
    /// Speed of the air interface in bits per second; ISO 14443 knows 106,000 to 848,000. Zero: infinitely fast.
    pub bits_per_s: u32,
}

impl ChipTiming {
    /// As fast as the machine.
    pub const NONE: Self = Self {
        command_us: 0,
        authentication_us: 0,
        bits_per_s: 0,
    };
    /// A usual chip of these years at 424 kbit/s: 8 ms for a command, 5 ms for 256 bytes on the air.
    pub const USUAL: Self = Self {
        command_us: 8_000,
        authentication_us: 150_000,
        bits_per_s: 424_000,
    };
    /// An old and slow one: a portrait of 15 KB in blocks of 231 bytes takes about seven seconds.
    pub const SLOW: Self = Self {
        command_us: 90_000,
        authentication_us: 700_000,
        bits_per_s: 106_000,
    };

    /// Duration in microseconds of a command of `sent` bytes that is answered with `received` bytes.
    pub fn duration_us(&self, instruction: u8, sent: usize, received: usize) -> u64 {
        let authenticates = matches!(instruction, 0x82 | 0x86 | 0x88);
        let bits = sent.saturating_add(received).saturating_mul(8) as u64;
        let on_air = bits
            .saturating_mul(1_000_000)
            .checked_div(self.bits_per_s.into())
            .unwrap_or(0);
        let extra = if authenticates {
            self.authentication_us
        } else {
            0
        };
        u64::from(self.command_us)
            .saturating_add(extra.into())
            .saturating_add(on_air)
    }
}
