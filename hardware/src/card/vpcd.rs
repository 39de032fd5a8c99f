//! A slot that virtual chips dial into, speaking vpcd's protocol from the reader's side, and that protocol's frames.
//!
//! Every message is a two-byte big-endian length and as many bytes. From the slot, a single byte is a control (power off 00,
//! power on 01, reset 02, ask for the answer to reset 04) and anything longer a command. The chip answers commands and 04 alone.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::sockopt::set_tcp_quickack,
};

use egate_icao::session::TransportLimits;

use super::{Card, CardReader, ReaderError, Transceiver};
use crate::limits::CARD_ANSWER_MS_MAX;

pub(super) const POWER_OFF: u8 = 0;
pub(super) const POWER_ON: u8 = 1;
pub(super) const RESET: u8 = 2;
pub(super) const ANSWER_TO_RESET: u8 = 4;

/// Data bytes of an answer that the two-byte length carries beside the status.
const LINE_BYTES_MAX: usize = 0xFFFF - 2;

/// A slot on a TCP port.
pub struct VpcdSlot {
    listener: TcpListener,
}

impl VpcdSlot {
    /// Listens; port 0 takes a free one. Bind loopback: whoever can connect is a passport on the reader.
    pub fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(address)?,
        })
    }

    /// Where chips connect.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl CardReader for VpcdSlot {
    fn wait_for_card(&mut self, wait_ms: u32) -> Result<Option<Card>, ReaderError> {
        let wait = Timespec {
            tv_sec: (wait_ms / 1_000).into(),
            tv_nsec: (wait_ms % 1_000 * 1_000_000).into(),
        };
        let mut ready = [PollFd::new(&self.listener, PollFlags::IN)];
        match poll(&mut ready, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(ReaderError::Io(error.into())),
        }
        let (stream, _) = self.listener.accept().map_err(ReaderError::Io)?;
        match SlotCard::power_on(stream) {
            Ok(card) => Ok(Some(Box::new(card))),
            // Gone before it said anything: no document.
            Err(ReaderError::Removed) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

struct SlotCard {
    line: Line,
    limits: TransportLimits,
}

impl SlotCard {
    fn power_on(stream: TcpStream) -> Result<Self, ReaderError> {
        stream
            .set_read_timeout(Some(Duration::from_millis(CARD_ANSWER_MS_MAX)))
            .map_err(ReaderError::Io)?;
        let mut card = Self {
            line: Line::new(stream).map_err(ReaderError::Io)?,
            limits: TransportLimits::default(),
        };
        card.line.send(&[POWER_ON]).map_err(lost)?;
        let answer_to_reset = card.transmit(&[ANSWER_TO_RESET])?;
        card.limits = TransportLimits::new(Some(LINE_BYTES_MAX), &answer_to_reset);
        Ok(card)
    }
}

impl Transceiver for SlotCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        if command.len() > usize::from(u16::MAX) {
            return Err(ReaderError::CommandTooLong(command.len()));
        }
        self.line.send(command).map_err(lost)?;
        self.line
            .receive()
            .map_err(lost)?
            .ok_or(ReaderError::Removed)
    }

    fn limits(&self) -> TransportLimits {
        self.limits
    }
}

impl Drop for SlotCard {
    fn drop(&mut self) {
        // A chip that is gone needs no power-off.
        let _ = self.line.send(&[POWER_OFF]);
    }
}

fn lost(error: io::Error) -> ReaderError {
    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
        ReaderError::Mute {
            waited_ms: CARD_ANSWER_MS_MAX,
        }
    } else if closed(&error) {
        ReaderError::Removed
    } else {
        ReaderError::Io(error)
    }
}

/// Whether the other side closed the connection, orderly or not.
pub(super) fn closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
    )
}

/// One connection, framed.
pub(super) struct Line {
    stream: TcpStream,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// One write per message: two would wait for each other's acknowledgement.
    pub(super) fn send(&mut self, body: &[u8]) -> io::Result<()> {
        let length = u16::try_from(body.len()).map_err(|_| ErrorKind::InvalidInput)?;
        let mut message = Vec::with_capacity(body.len() + 2);
        message.extend(length.to_be_bytes());
        message.extend_from_slice(body);
        self.stream.write_all(&message)
    }

    /// The next message; `None` if the other side closed between two messages.
    pub(super) fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 2];
        match self.read(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        }
        let mut body = vec![0; usize::from(u16::from_be_bytes(length))];
        self.read(&mut body)?;
        Ok(Some(body))
    }

    /// Debian's vpcd writes length and body separately without `TCP_NODELAY`: its second segment waits for our
    /// acknowledgement, 40 ms per command unless acknowledgements are sent at once. Linux forgets the setting, hence the
    /// repetition.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        set_tcp_quickack(&self.stream, true)?;
        self.stream.read_exact(buffer)?;
        Ok(set_tcp_quickack(&self.stream, true)?)
    }

    #[cfg(feature = "card-sim")]
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }
}
