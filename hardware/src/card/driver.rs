//! Any reader with a PC/SC driver, by its name.

use std::{ffi::CString, sync::Weak, time::Duration};

use pcsc::{Context, Error, ReaderState, Scope, State};

use super::{Card, CardReader, ReaderError, pcsc_card::PcscCard};

/// A PC/SC reader.
pub struct PcscReader {
    name: CString,
    extended_length: bool,
    /// Kept while it works; a failed service is connected again.
    context: Option<Context>,
    /// Lives as long as the thread of the last card.
    occupied: Weak<()>,
}

impl PcscReader {
    /// The reader as `pcsc_scan` or `opensc-tool -l` names it.
    pub fn new(name: &str) -> Result<Self, ReaderError> {
        let name = CString::new(name).map_err(|_| ReaderError::ReaderName)?;
        Ok(Self {
            name,
            extended_length: true,
            context: None,
            occupied: Weak::new(),
        })
    }

    /// Names of the readers that are plugged in.
    pub fn names() -> Result<Vec<String>, ReaderError> {
        let context = Context::establish(Scope::User).map_err(ReaderError::Service)?;
        match context.list_readers_owned() {
            Ok(names) => Ok(names
                .iter()
                .map(|name| name.to_string_lossy().into_owned())
                .collect()),
            Err(Error::NoReadersAvailable) => Ok(Vec::new()),
            Err(error) => Err(ReaderError::Service(error)),
        }
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
        if self.occupied.strong_count() > 0 {
            return Err(ReaderError::Busy);
        }
        let Some(card) = PcscCard::connect(&self.name, self.extended_length)? else {
            return Ok(None);
        };
        self.occupied = card.occupies();
        Ok(Some(Box::new(card)))
    }
}
