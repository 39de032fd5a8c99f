//! Active Authentication and Chip Authentication inside the session: the runs are recorded, not judged.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::{
    active_authentication::{ActiveAuthenticationKey, Challenge, Exchange},
    apdu::{Command, Response},
    chip_authentication::{self, ChipAuthentication, ChipAuthenticationError, Offer},
    domain_parameters::PRIVATE_KEY_RANDOM_BYTES,
    lds::FileId,
    limits::CHAINED_BYTES_MAX,
    secure_messaging::SecureMessagingError,
};

use super::{
    Access, AuthenticityPolicy, Channel, ChipAuthenticationOutcome, ChipError, Phase, ReadSession,
    SHORT_BYTES_MAX, Stage, Step, chaining::get_response, lengths::short_data_bytes,
    reading::Received,
};

/// A proof of authenticity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Active,
    Chip,
}

/// A challenge that waits for its answer, which may come in protected pieces.
pub(super) struct Challenged {
    challenge: Challenge,
    command: Command,
    /// A short command, whose answer is fetched piece by piece if it is longer.
    in_pieces: bool,
    other_length_tried: bool,
    received: Zeroizing<Vec<u8>>,
}

impl Challenged {
    fn command(&self) -> Command {
        let mut command = self.command.clone();
        if self.in_pieces {
            command.expected = command.expected.map(|bytes| bytes.min(SHORT_BYTES_MAX));
        }
        command
    }

    fn may_try_other_length(&self, short_only: bool) -> bool {
        let to_extended_length = self.in_pieces;
        self.command.is_extended()
            && !self.other_length_tried
            && !(to_extended_length && short_only)
    }
}

impl ReadSession {
    /// The next proof to ask for. Which ones is decided once, when EF.DG14 and EF.DG15 are read.
    pub(super) fn next_proof(&mut self) -> Option<Proof> {
        if self.proofs.is_none() {
            self.proofs = Some(self.choose_proofs());
        }
        self.proofs.as_mut()?.pop_front()
    }

    fn choose_proofs(&self) -> VecDeque<Proof> {
        let active = self.files.contains(FileId::Dg15).then_some(Proof::Active);
        let offered = self.files.get(FileId::Dg14).map(Offer::all);
        // A key in EF.DG14 that cannot be used is a failure of Chip Authentication; no key is none.
        let chip = match offered {
            None | Some(Err(ChipAuthenticationError::NotOffered)) => None,
            Some(_) => Some(Proof::Chip),
        };
        let mapping = self
            .access
            .as_ref()
            .and_then(Access::chip_authentication_mapping);
        let mapping = mapping.is_some() && self.files.contains(FileId::CardSecurity);
        match self.authenticity_policy {
            AuthenticityPolicy::None => VecDeque::new(),
            AuthenticityPolicy::Once if mapping => VecDeque::new(),
            AuthenticityPolicy::Once => chip.or(active).into_iter().collect(),
            AuthenticityPolicy::All => active.into_iter().chain(chip).collect(),
        }
    }

    /// Chip Authentication did not prove anything: the chip may still do so by Active Authentication.
    fn else_active(&mut self) {
        let asked = self.active_authentication.is_some() || !self.files.contains(FileId::Dg15);
        if let Some(proofs) = self.proofs.as_mut().filter(|_| !asked) {
            proofs.push_back(Proof::Active);
        }
    }

    pub(super) fn prove(&mut self, channel: Channel, proof: Proof) -> Result<Step, ChipError> {
        match proof {
            Proof::Active => self.challenge(channel),
            Proof::Chip => self.start_chip_authentication(channel),
        }
    }

    fn challenge(&mut self, channel: Channel) -> Result<Step, ChipError> {
        let key = self
            .files
            .get(FileId::Dg15)
            .map(ActiveAuthenticationKey::from_dg15);
        // A key that cannot be read is the judgement's to report.
        let Some(Ok(key)) = key else {
            return self.go_on(channel);
        };
        let challenge: Challenge = self.random.draw();
        // What was learned while reading: files in short blocks, so short commands here.
        let blocks = self.habits.as_ref().map(|habits| habits.blocks.current());
        let in_pieces = blocks.is_some_and(|bytes| bytes <= SHORT_BYTES_MAX);
        let challenged = Challenged {
            challenge,
            command: key.internal_authenticate(challenge),
            in_pieces,
            other_length_tried: false,
            received: Zeroizing::default(),
        };
        let command = challenged.command();
        Ok(self.ask_challenged(channel, challenged, &command))
    }

    fn ask_challenged(
        &mut self,
        mut channel: Channel,
        challenged: Challenged,
        command: &Command,
    ) -> Step {
        let bytes = channel.protect_command(command);
        self.phase = Phase::ActiveAuthentication(channel, challenged);
        self.transmit(bytes)
    }

    pub(super) fn challenge_answered(
        &mut self,
        mut channel: Channel,
        mut challenged: Challenged,
        bytes: &[u8],
    ) -> Result<Step, ChipError> {
        let mut response = match self.receive(&mut channel, bytes)? {
            Received::Answer(response) => response,
            Received::Lost(status) => {
                self.ask_again(Proof::Active);
                return self.lost((Stage::ActiveAuthentication, 0), status);
            }
        };
        let status = response.status;
        if status.refuses_length() && challenged.may_try_other_length(self.limits.short_only()) {
            challenged.in_pieces = !challenged.in_pieces;
            challenged.other_length_tried = true;
            let command = challenged.command();
            return Ok(self.ask_challenged(channel, challenged, &command));
        }
        challenged.received.extend_from_slice(&response.data);
        if status.class() == 0x61 && challenged.received.len() <= CHAINED_BYTES_MAX {
            let command = get_response(status.0 as u8);
            return Ok(self.ask_challenged(channel, challenged, &command));
        }
        response.data = challenged.received.to_vec();
        self.active_authentication = Some(Exchange::new(challenged.challenge, response));
        self.go_on(channel)
    }

    fn ask_again(&mut self, proof: Proof) {
        if let Some(proofs) = &mut self.proofs {
            proofs.push_front(proof);
        }
    }

    fn start_chip_authentication(&mut self, channel: Channel) -> Result<Step, ChipError> {
        let offers = self.files.get(FileId::Dg14).map(Offer::all);
        let run = match offers {
            Some(Ok(offers)) => match offers.first() {
                Some(offer) => {
                    let random: [u8; PRIVATE_KEY_RANDOM_BYTES] = self.random.draw();
                    ChipAuthentication::new(offer, &random)
                }
                None => Err(ChipAuthenticationError::NotOffered),
            },
            Some(Err(error)) => Err(error),
            None => Err(ChipAuthenticationError::NotOffered),
        };
        match run {
            Ok(mut run) => {
                let step = run.start();
                self.chip_authentication_step(channel, Box::new(run), step)
            }
            Err(error) => self.chip_authentication_failed(channel, error),
        }
    }

    pub(super) fn chip_authentication_answered(
        &mut self,
        mut channel: Channel,
        mut run: Box<ChipAuthentication>,
        bytes: &[u8],
    ) -> Result<Step, ChipError> {
        let response: Response = match self.receive(&mut channel, bytes)? {
            Received::Answer(response) => response,
            Received::Lost(status) => {
                self.ask_again(Proof::Chip);
                return self.lost((Stage::ChipAuthentication, 0), status);
            }
        };
        let step = run.respond(&response);
        self.chip_authentication_step(channel, run, step)
    }

    fn chip_authentication_step(
        &mut self,
        mut channel: Channel,
        run: Box<ChipAuthentication>,
        step: chip_authentication::Step,
    ) -> Result<Step, ChipError> {
        match step {
            chip_authentication::Step::Transmit(command) => {
                let bytes = channel.protect_command(&command);
                self.phase = Phase::ChipAuthentication(channel, run);
                Ok(self.transmit(bytes))
            }
            chip_authentication::Step::Established(channel) => {
                self.unproven = Some(run);
                let short = short_data_bytes(channel.keys().suite().block_bytes());
                if let Some(habits) = &mut self.habits {
                    habits.blocks.change_channel(short);
                }
                self.go_on(Box::new(channel))
            }
            chip_authentication::Step::Failed(error) => {
                self.chip_authentication_failed(channel, error)
            }
        }
    }

    fn chip_authentication_failed(
        &mut self,
        channel: Channel,
        error: ChipAuthenticationError,
    ) -> Result<Step, ChipError> {
        self.chip_authentication = Some(ChipAuthenticationOutcome::Failed(error));
        self.else_active();
        self.go_on(channel)
    }

    /// A protected answer was opened; if it was the first through the channel of Chip Authentication, the chip has proven itself.
    pub(super) fn proven(&mut self, response: &[u8]) {
        if let Some(run) = self.unproven.take() {
            let transcript = run.transcript(response);
            self.chip_authentication = Some(ChipAuthenticationOutcome::Proven(transcript));
        }
    }

    /// An answer did not open; `true` if it was the first through the channel of Chip Authentication: the chip is a copy, and the
    /// rest is read through a channel as before.
    pub(super) fn not_proven(&mut self, response: &[u8], error: SecureMessagingError) -> bool {
        let Some(run) = self.unproven.take() else {
            return false;
        };
        let transcript = run.transcript(response);
        let outcome = ChipAuthenticationOutcome::NotProven { transcript, error };
        self.chip_authentication = Some(outcome);
        self.else_active();
        true
    }
}
