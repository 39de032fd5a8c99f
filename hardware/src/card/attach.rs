//! The chip's side of vpcd's protocol: puts a virtual chip on a reader, ours or the real vpcd under pcscd.
//!
//! Connecting is putting the document on the reader; closing the connection is taking it away.

use std::{
    io,
    net::{Shutdown, TcpStream, ToSocketAddrs},
    thread,
    time::Duration,
};

use egate_icao::chip::{Chip, ChipRandom, Reaction};

use super::vpcd::{ANSWER_TO_RESET, Line, POWER_OFF, POWER_ON, RESET, closed};

/// A chip on a reader.
pub struct AttachedChip {
    line: Line,
}

/// Takes an attached chip off the reader, from another thread.
pub struct Remover(TcpStream);

/// How an attachment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detached {
    /// The reader closed the connection, or [`Remover::remove`] did.
    ByReader,
    /// The chip left the field by its own fault setting.
    ByChip,
}

impl AttachedChip {
    /// Puts the document on the reader that listens at `address`.
    pub fn connect(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self {
            line: Line::new(TcpStream::connect(address)?)?,
        })
    }

    /// For taking the document away while [`Self::serve`] runs.
    pub fn remover(&self) -> io::Result<Remover> {
        Ok(Remover(self.line.stream().try_clone()?))
    }

    /// Answers the reader until the document is taken away. Blocks. `random` yields fresh bytes for every command. Every
    /// answer comes as late as the chip's timing says.
    pub fn serve(
        mut self,
        chip: &mut Chip,
        mut random: impl FnMut() -> ChipRandom,
    ) -> io::Result<Detached> {
        loop {
            let message = match self.line.receive() {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(Detached::ByReader),
                Err(error) if closed(&error) => return Ok(Detached::ByReader),
                Err(error) => return Err(error),
            };
            let answer = match message.as_slice() {
                [POWER_OFF] => {
                    chip.power_off();
                    continue;
                }
                [POWER_ON | RESET] => {
                    chip.power_on();
                    continue;
                }
                [ANSWER_TO_RESET] => chip.answer_to_reset(),
                [] | [_] => continue,
                command => match chip.transmit(command, &random()) {
                    Reaction::Answer(answer) => {
                        thread::sleep(Duration::from_micros(chip.last_duration_us()));
                        answer
                    }
                    Reaction::Mute => continue,
                    Reaction::Removed => {
                        // A remover may hold the connection open.
                        let _ = self.line.stream().shutdown(Shutdown::Both);
                        return Ok(Detached::ByChip);
                    }
                },
            };
            match self.line.send(&answer) {
                Err(error) if closed(&error) => return Ok(Detached::ByReader),
                result => result?,
            }
        }
    }
}

impl Remover {
    /// Takes the document away. Taking it away twice changes nothing.
    pub fn remove(&self) -> io::Result<()> {
        match self.0.shutdown(Shutdown::Both) {
            Err(error) if closed(&error) => Ok(()),
            result => result,
        }
    }
}
