//! Any reader with a PC/SC driver, by its name.

use std::{ffi::CString, time::Duration};

use pcsc::{Context, Error, Protocols, ReaderState, Scope, ShareMode, State};

use super::{Card, CardReader, ReaderError, Transceiver};

/// A PC/SC reader.
pub struct PcscReader {
    name: CString,
    extended_length: bool,
    /// Kept while it works; a failed service is connected again.
    context: Option<Context>,
}

impl PcscReader {
    /// The reader as `pcsc_scan` or `opensc-tool -l` names it.
    pub fn new(name: &str) -> Result<Self, ReaderError> {
        let name = CString::new(name).map_err(|_| ReaderError::ReaderName)?;
        Ok(Self {
            name,
            extended_length: true,
            context: None,
        })
    }

    /// For readers whose driver carries no extended length.
    #[must_use]
    pub fn short_length_only(mut self) -> Self {
        self.extended_length = false;
        self
    }

    fn context(&mut self) -> Result<Context, Error> {
        if let Some(context) = self
            .context
            .as_ref()
            .filter(|context| context.is_valid().is_ok())
        {
            return Ok(context.clone());
        }
        let context = Context::establish(Scope::User)?;
        self.context = Some(context.clone());
        Ok(context)
    }

    /// Waits until no document lies on the reader; `false` if one still does after `wait_ms`.
    pub fn wait_for_removal(&mut self, wait_ms: u32) -> Result<bool, ReaderError> {
        let context = self.context().map_err(ReaderError::Service)?;
        let gone = |state: State| state.contains(State::EMPTY);
        self.wait_until(&context, gone, wait_ms)
            .map_err(ReaderError::Service)
    }

    /// Waits for the reader to be in a state. A reader that changes to another state ends the wait early, and the caller waits
    /// again; a reader that is not plugged in yet counts as one.
    fn wait_until(
        &self,
        context: &Context,
        wanted: impl Fn(State) -> bool,
        wait_ms: u32,
    ) -> Result<bool, Error> {
        let mut states = [
            ReaderState::new(self.name.clone(), State::UNAWARE),
            ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE),
        ];
        match context.get_status_change(Duration::ZERO, &mut states) {
            Ok(()) | Err(Error::Timeout | Error::UnknownReader) => {}
            Err(error) => return Err(error),
        }
        if wanted(states[0].event_state()) {
            return Ok(true);
        }
        for state in &mut states {
            state.sync_current_state();
        }
        match context.get_status_change(Duration::from_millis(wait_ms.into()), &mut states) {
            Ok(()) => Ok(wanted(states[0].event_state())),
            Err(Error::Timeout) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl CardReader for PcscReader {
    fn wait_for_card(&mut self, wait_ms: u32) -> Result<Option<Card>, ReaderError> {
        let context = self.context().map_err(ReaderError::Service)?;
        let present = |state: State| state.contains(State::PRESENT) && !state.contains(State::MUTE);
        if !self
            .wait_until(&context, present, wait_ms)
            .map_err(ReaderError::Service)?
        {
            return Ok(None);
        }
        match context.connect(&self.name, ShareMode::Exclusive, Protocols::ANY) {
            Ok(card) => Ok(Some(Box::new(PcscCard {
                card,
                extended_length: self.extended_length,
                buffer: vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED],
            }))),
            Err(Error::NoSmartcard | Error::RemovedCard | Error::UnpoweredCard) => Ok(None),
            Err(error) => Err(ReaderError::Service(error)),
        }
    }
}

struct PcscCard {
    card: pcsc::Card,
    extended_length: bool,
    buffer: Vec<u8>,
}

impl Transceiver for PcscCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ReaderError> {
        match self.card.transmit(command, &mut self.buffer) {
            // Some drivers, vpcd's among them, report a card that leaves in the middle of a command as an empty answer.
            Ok([]) => Err(ReaderError::Removed),
            Ok(answer) => Ok(answer.to_vec()),
            // A card that leaves in the middle of a command is reported as a transmission that did not happen.
            Err(
                Error::RemovedCard | Error::NoSmartcard | Error::ResetCard | Error::NotTransacted,
            ) => Err(ReaderError::Removed),
            Err(error) => Err(ReaderError::Service(error)),
        }
    }

    fn carries_extended_length(&self) -> bool {
        self.extended_length
    }
}
