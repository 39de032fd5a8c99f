//! Terminal Authentication version 1 (BSI TR-03110-1 §3.5): the terminal proves to the chip that it may read fingers or irises.
//!
//! **Invariant:** no I/O and no private key: the signature comes from outside, e.g. from a hardware security module, as the answer
//! to [`Step::Sign`].
//!
//! ```text
//! start ─> MSE:Set DST ─> PSO:Verify Certificate ─┐   for each certificate of the chain
//!             ^───────────────────────────────────┤
//!                                                 v
//!          MSE:Set AT ─> GET CHALLENGE ─> Sign ─> EXTERNAL AUTHENTICATE ─> Authenticated
//! ```
//!
//! Commands come in the clear; the caller sends them through the channel that Chip Authentication opened.

use std::{collections::VecDeque, mem};

use crate::{
    apdu::{Command, Response, Status},
    cv_certificate::{CvAlgorithm, CvCertificate, CvCertificateError, Reference},
    limits::CV_CHAIN_MAX,
    tlv,
};

/// The terminal's side of one run.
#[derive(Debug)]
pub struct TerminalAuthentication {
    remaining: VecDeque<CvCertificate>,
    terminal: Reference,
    algorithm: CvAlgorithm,
    chip_name: Vec<u8>,
    ephemeral: Vec<u8>,
    state: State,
}

/// What the caller does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this; answer with [`TerminalAuthentication::respond`].
    Transmit(Command),
    /// Have this signed; answer with [`TerminalAuthentication::signed`].
    Sign(SignatureRequest),
    /// The chip accepts the terminal.
    Authenticated,
    /// The run is over.
    Failed(TerminalAuthenticationError),
}

/// What the holder of the terminal's key has to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRequest {
    /// Which key.
    pub key: Reference,
    /// How; elliptic curve signatures in plain form.
    pub algorithm: CvAlgorithm,
    /// The message, not yet hashed.
    pub message: Vec<u8>,
}

/// Why the chip does not accept the terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminalAuthenticationError {
    /// No certificates, or more than any real chain has.
    #[error("chain of {0} certificates")]
    Chain(usize),
    /// The chip does not know the key that signed a certificate.
    #[error("chip does not know the key {0:?} ({1:?})")]
    AuthorityUnknown(Reference, Status),
    /// The chip refused a certificate.
    #[error("chip refused the certificate of {0:?} ({1:?})")]
    CertificateRefused(Reference, Status),
    /// The chip does not know the terminal's key.
    #[error("chip does not accept the terminal's key ({0:?})")]
    TerminalUnknown(Status),
    /// The chip gave no challenge of eight bytes.
    #[error("chip gave no challenge ({0:?})")]
    NoChallenge(Status),
    /// The holder of the key could not sign.
    #[error("terminal's key did not sign")]
    NotSigned,
    /// The chip refused the signature.
    #[error("chip refused the terminal's signature ({0:?})")]
    Refused(Status),
    /// The caller answered what was not asked.
    #[error("answer without a question")]
    OutOfOrder,
}

#[derive(Debug)]
enum State {
    Fresh,
    AuthorityNamed(Box<CvCertificate>),
    CertificateSent(Reference),
    TerminalNamed,
    ChallengeAsked,
    Signing,
    Authenticating,
    Over,
}

impl TerminalAuthentication {
    /// A run with the certificates from the one below the key that the chip trusts to the terminal's own. `chip_name` is ID.PICC
    /// ([`chip_name_of_bac`], or the compressed ephemeral key of the chip in PACE); `ephemeral` is the terminal's compressed
    /// ephemeral key of Chip Authentication.
    pub fn new(
        chain: &[CvCertificate],
        chip_name: &[u8],
        ephemeral: &[u8],
    ) -> Result<Self, TerminalAuthenticationError> {
        let terminal = chain
            .last()
            .filter(|_| chain.len() <= CV_CHAIN_MAX)
            .ok_or(TerminalAuthenticationError::Chain(chain.len()))?;
        Ok(Self {
            terminal: terminal.holder.clone(),
            algorithm: terminal.key.algorithm,
            remaining: chain.iter().cloned().collect(),
            chip_name: chip_name.to_vec(),
            ephemeral: ephemeral.to_vec(),
            state: State::Fresh,
        })
    }

    /// The first command.
    pub fn start(&mut self) -> Step {
        match self.state {
            State::Fresh => self.next_certificate(),
            State::AuthorityNamed(_)
            | State::CertificateSent(_)
            | State::TerminalNamed
            | State::ChallengeAsked
            | State::Signing
            | State::Authenticating
            | State::Over => self.fail(TerminalAuthenticationError::OutOfOrder),
        }
    }

    /// The chip's answer to the last command.
    pub fn respond(&mut self, response: &Response) -> Step {
        use TerminalAuthenticationError as E;
        let status = response.status;
        let accepted = status == Status::OK;
        match mem::replace(&mut self.state, State::Over) {
            State::AuthorityNamed(certificate) if accepted => {
                self.state = State::CertificateSent(certificate.holder.clone());
                let data = certificate.command_data();
                Step::Transmit(Command::new(0x00, 0x2A, 0x00, 0xBE).with_data(data))
            }
            State::AuthorityNamed(certificate) => {
                self.fail(E::AuthorityUnknown(certificate.authority, status))
            }
            State::CertificateSent(_) if accepted => self.next_certificate(),
            State::CertificateSent(holder) => self.fail(E::CertificateRefused(holder, status)),
            State::TerminalNamed if accepted => {
                self.state = State::ChallengeAsked;
                Step::Transmit(Command::new(0x00, 0x84, 0x00, 0x00).expecting(8))
            }
            State::TerminalNamed => self.fail(E::TerminalUnknown(status)),
            State::ChallengeAsked if accepted && response.data.len() == 8 => {
                self.state = State::Signing;
                Step::Sign(SignatureRequest {
                    key: self.terminal.clone(),
                    algorithm: self.algorithm,
                    message: [&self.chip_name[..], &response.data, &self.ephemeral].concat(),
                })
            }
            State::ChallengeAsked => self.fail(E::NoChallenge(status)),
            State::Authenticating if accepted => Step::Authenticated,
            State::Authenticating => self.fail(E::Refused(status)),
            State::Fresh | State::Signing | State::Over => self.fail(E::OutOfOrder),
        }
    }

    /// The signature that [`Step::Sign`] asked for; `None` if it could not be made.
    pub fn signed(&mut self, signature: Option<&[u8]>) -> Step {
        match (mem::replace(&mut self.state, State::Over), signature) {
            (State::Signing, Some(signature)) => {
                self.state = State::Authenticating;
                Step::Transmit(Command::new(0x00, 0x82, 0x00, 0x00).with_data(signature))
            }
            (State::Signing, None) => self.fail(TerminalAuthenticationError::NotSigned),
            (
                State::Fresh
                | State::AuthorityNamed(_)
                | State::CertificateSent(_)
                | State::TerminalNamed
                | State::ChallengeAsked
                | State::Authenticating
                | State::Over,
                _,
            ) => self.fail(TerminalAuthenticationError::OutOfOrder),
        }
    }

    /// MSE: SET DST for the next certificate (appendix B.11.3), or MSE: SET AT for the terminal's key (B.11.1) behind the last.
    fn next_certificate(&mut self) -> Step {
        let (template, name) = match self.remaining.pop_front() {
            Some(certificate) => {
                let authority = certificate.authority.clone();
                self.state = State::AuthorityNamed(Box::new(certificate));
                (0xB6, authority)
            }
            None => {
                self.state = State::TerminalNamed;
                (0xA4, self.terminal.clone())
            }
        };
        let data = tlv::encode(0x83, name.as_bytes());
        Step::Transmit(Command::new(0x00, 0x22, 0x81, template).with_data(data))
    }

    fn fail(&mut self, error: TerminalAuthenticationError) -> Step {
        self.state = State::Over;
        Step::Failed(error)
    }
}

/// ID.PICC where the chip was opened with Basic Access Control: the document number of the machine readable zone with its
/// check digit (TR-03110-1 §3.5).
pub fn chip_name_of_bac(document_number: &str, check_digit: char) -> Vec<u8> {
    format!("{document_number:<<9}{check_digit}").into_bytes()
}

/// Reads EF.CVCA (BSI TR-03110-1 appendix A.3): the names of one or two keys that the chip trusts, the newer first; zeros fill
/// the rest of the file.
pub fn parse_ef_cvca(file: &[u8]) -> Result<Vec<Reference>, CvCertificateError> {
    let (first, mut rest) = tlv::expect(file, 0x42)?;
    let mut references = vec![Reference::new(first)?];
    if rest.first() == Some(&0x42) {
        let second;
        (second, rest) = tlv::expect(rest, 0x42)?;
        references.push(Reference::new(second)?);
    }
    match rest.iter().all(|byte| *byte == 0) {
        true => Ok(references),
        false => Err(CvCertificateError::Reference(rest.len())),
    }
}
