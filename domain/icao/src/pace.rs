//! Password Authenticated Connection Establishment, the terminal's side (ICAO 9303-11 §4.4).
//!
//! [`Terminal`] speaks with the chip one command at a time; it performs no I/O and takes its randomness as an argument.
//!
//! ```text
//!            MSE:Set AT      nonce          mapping       keys agreed      tokens
//! start() -> Selecting -> AskingNonce -> Mapping -> Agreeing -> Authenticating -> Open | Failed
//!               |  ^
//!               +--+  once more with tag 84 where the chip wants its domain parameters named
//! ```

mod chip_authentication_mapping;
pub mod mapping;
pub(crate) mod messages;
mod offer;
mod terminal;

#[cfg(feature = "chip")]
pub(crate) use self::chip_authentication_mapping::seal;
pub use self::{
    chip_authentication_mapping::{
        ChipAuthenticationMapping, ChipAuthenticationMappingError,
        verify_chip_authentication_mapping,
    },
    offer::{Offer, OfferError, Offers, offers},
    terminal::{RANDOM_BYTES, Secrets, Terminal},
};
use crate::{
    apdu::{Command, Status},
    domain_parameters::DomainParameterError,
    key_derivation::PasswordKind,
    secure_messaging::SecureMessaging,
    security_infos::PaceProtocol,
    tlv::TlvError,
};

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// Send this command and hand its response to [`Terminal::respond`].
    Transmit(Command),
    /// Both sides know the password: the channel is open.
    Open(Box<OpenedChannel>),
    /// It did not come about.
    Failed(PaceError),
}

/// What PACE leaves behind.
#[derive(Debug)]
pub struct OpenedChannel {
    /// The protected channel.
    pub secure_messaging: SecureMessaging,
    /// Which variant was run.
    pub protocol: PaceProtocol,
    /// With which domain parameters.
    pub parameter_id: Option<u64>,
    /// With which password.
    pub password: PasswordKind,
    /// The chip's ephemeral public key, compressed: its identifier in Terminal Authentication (§7.1.4.2).
    pub chip_identifier: Vec<u8>,
    /// With Chip Authentication Mapping: what [`verify_chip_authentication_mapping`] needs.
    pub chip_authentication: Option<ChipAuthenticationMapping>,
    /// References of the certification authorities that the chip trusts in Terminal Authentication, newest first.
    pub certification_authorities: Vec<Vec<u8>>,
}

/// The five commands of PACE (§4.4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaceStep {
    /// MSE:Set AT.
    Select,
    /// The encrypted nonce is fetched.
    Nonce,
    /// Data of the mapping are exchanged.
    Mapping,
    /// Ephemeral public keys are exchanged.
    KeyAgreement,
    /// Authentication tokens are exchanged.
    Authentication,
}

/// Why PACE failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaceError {
    /// The chip refused our token: it knows another password (§4.4.4.2).
    #[error("chip refused the password ({0})")]
    WrongPassword(Status),
    /// The chip refused a command.
    #[error("chip refused {step:?} with {status}")]
    Refused {
        /// At this command.
        step: PaceStep,
        /// The chip's status.
        status: Status,
    },
    /// The chip accepted our token, but its own is wrong: it does not know the password.
    #[error("chip's authentication token is wrong")]
    Token,
    /// An answer is not made as §4.4.4.2 says.
    #[error("malformed answer to {step:?}")]
    Malformed {
        /// To this command.
        step: PaceStep,
        /// What is wrong.
        #[source]
        source: TlvError,
    },
    /// The encrypted nonce has no whole blocks, or too many, or does not suit the mapping.
    #[error("encrypted nonce of {0} bytes")]
    Nonce(usize),
    /// A key or a group cannot be used.
    #[error("key agreement failed at {step:?}")]
    Group {
        /// At this command.
        step: PaceStep,
        /// What is wrong.
        #[source]
        source: DomainParameterError,
    },
    /// The chip sent our own public key back (§4.4.3.4).
    #[error("chip reflected our public key at {0:?}")]
    Reflected(PaceStep),
    /// The encrypted chip authentication data cannot be decrypted.
    #[error("encrypted chip authentication data are malformed")]
    ChipAuthenticationData,
    /// [`Terminal::start`] was not called, or the protocol is over.
    #[error("protocol is not running")]
    NotRunning,
}
