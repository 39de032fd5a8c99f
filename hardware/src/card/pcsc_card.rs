//! One contact with one chip through PC/SC, on a thread of its own.
//!
//! SCardTransmit has no timeout and SCardCancel does not end it. A chip that hangs therefore holds this thread, and nothing else: the
//! caller gets [`ReaderError::Mute`] after its time, and the thread ends when the document is taken away. A pool for blocking work
//! would lose a worker to every such chip.

use std::{
    ffi::{CStr, CString},
    io,
    sync::{
        Arc, Weak,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use egate_icao::session::TransportLimits;
use pcsc::{Context, Error, Protocols, Scope, ShareMode};
use zeroize::Zeroize;

use super::{ReaderError, Transceiver, reader_properties::largest_apdu_bytes};
use crate::limits::{CARD_ANSWER_MS_MAX, CARD_CONNECT_MS_MAX};

/// A card whose thread does the waiting.
pub(super) struct PcscCard {
    /// `None` once the card is given up.
    commands: Option<Sender<Vec<u8>>>,
    answers: Receiver<Result<Vec<u8>, Error>>,
    limits: TransportLimits,
    occupies: Weak<()>,
}

impl PcscCard {
    /// Connects; `None` if no card is there after all.
    pub(super) fn connect(
        reader: &CStr,
        extended_length: bool,
    ) -> Result<Option<Self>, ReaderError> {
        let (commands, commands_received) = channel();
        let (answer, answers) = channel();
        let (connected, connection) = channel();
        let occupied = Arc::new(());
        let occupies = Arc::downgrade(&occupied);
        let reader: CString = reader.to_owned();
        let work = move || {
            match connect(&reader) {
                Ok((card, limits)) => {
                    if connected.send(Ok(limits)).is_ok() {
                        serve(&card, &commands_received, &answer);
                    }
                }
                // The caller may have given up.
                Err(error) => drop(connected.send(Err(error))),
            }
            drop(occupied);
        };
        let thread = thread::Builder::new().name("card".into());
        thread.spawn(work).map_err(ReaderError::Io)?;
        match connection.recv_timeout(Duration::from_millis(CARD_CONNECT_MS_MAX)) {
            Ok(Ok(mut limits)) => {
                if !extended_length {
                    limits.reader_bytes = Some(0);
                }
                Ok(Some(Self {
                    commands: Some(commands),
                    answers,
                    limits,
                    occupies,
                }))
            }
            Ok(Err(Error::NoSmartcard | Error::RemovedCard | Error::UnpoweredCard)) => Ok(None),
            Ok(Err(error)) => Err(ReaderError::Service(error)),
            Err(RecvTimeoutError::Timeout) => Err(ReaderError::Mute {
                waited_ms: CARD_CONNECT_MS_MAX,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(thread_ended()),
        }
    }

    /// Alive as long as the card's thread.
    pub(super) fn occupies(&self) -> Weak<()> {
        self.occupies.clone()
    }
}

impl Transceiver for PcscCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        let Some(commands) = &self.commands else {
            return Err(ReaderError::Busy);
        };
        commands
            .send(command.to_vec())
            .map_err(|_| thread_ended())?;
        match self
            .answers
            .recv_timeout(Duration::from_millis(CARD_ANSWER_MS_MAX))
        {
            // Some drivers report a card that leaves in the middle of a command as an empty answer; no chip can give one.
            Ok(Ok(answer)) if answer.is_empty() => Err(ReaderError::Removed),
            Ok(Ok(answer)) => Ok(answer),
            // Others report a transmission that did not happen.
            Ok(Err(
                Error::RemovedCard | Error::NoSmartcard | Error::ResetCard | Error::NotTransacted,
            )) => Err(ReaderError::Removed),
            Ok(Err(error)) => Err(ReaderError::Service(error)),
            Err(RecvTimeoutError::Timeout) => {
                self.commands = None;
                Err(ReaderError::Mute {
                    waited_ms: CARD_ANSWER_MS_MAX,
                })
            }
            Err(RecvTimeoutError::Disconnected) => Err(thread_ended()),
        }
    }

    fn limits(&self) -> TransportLimits {
        self.limits
    }
}

impl Drop for PcscCard {
    /// Waits until the card is disconnected, so that the next contact finds the reader free; not for a chip that hangs.
    fn drop(&mut self) {
        if self.commands.take().is_some() {
            let wait = Duration::from_millis(CARD_ANSWER_MS_MAX);
            while self.answers.recv_timeout(wait).is_ok() {}
        }
    }
}

fn connect(reader: &CStr) -> Result<(pcsc::Card, TransportLimits), Error> {
    // A context of its own: the service answers one call of a context after the other, and this one may block.
    let context = Context::establish(Scope::User)?;
    let card = context.connect(reader, ShareMode::Exclusive, Protocols::ANY)?;
    let status = card.status2_owned()?;
    let limits = TransportLimits::new(largest_apdu_bytes(&card), status.atr());
    Ok((card, limits))
}

/// Carries commands until the caller gives the card up.
fn serve(
    card: &pcsc::Card,
    commands: &Receiver<Vec<u8>>,
    answers: &Sender<Result<Vec<u8>, Error>>,
) {
    let mut buffer = vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED];
    while let Ok(command) = commands.recv() {
        let answer = card.transmit(&command, &mut buffer).map(<[u8]>::to_vec);
        if answers.send(answer).is_err() {
            break;
        }
    }
    buffer.zeroize();
}

fn thread_ended() -> ReaderError {
    ReaderError::Io(io::Error::other("the card's thread has ended"))
}
