//! Chip Authentication version 1 (ICAO 9303-11 §6.2): the chip agrees on new keys with a static key that EF.DG14 shows.
//!
//! **Invariant:** no I/O, no randomness: the shell brings random bytes and carries the commands, protected by the channel in use.
//!
//! ```text
//! start ─┬─ 3DES ─> MSE:Set KAT ────────────────────────┬─> Established
//!        └─ AES ──> MSE:Set AT ─> GENERAL AUTHENTICATE ─┘
//! ```
//!
//! *Established* is no proof: a copied chip answers the commands too. The first response that the new channel opens is the
//! proof, as only the holder of the private key can make it. It convinces nobody but us: we could have made it ourselves, so a
//! [`Transcript`] is as good as the terminal that recorded it.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    apdu::{Command, Response, Status},
    domain_parameters::{DomainParameterError, KeyAgreement, PrivateKey, PublicKey},
    key_derivation::{CipherSuite, SessionKeys},
    secure_messaging::{SecureMessaging, SecureMessagingError},
    security_infos::{ChipAuthenticationInfo, ObjectIdentifier, SecurityInfoError, SecurityInfos},
    tlv,
};

/// What distinguishes the ways in which one chip can be authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Kind of group.
    pub agreement: KeyAgreement,
    /// Ciphers of the new channel.
    pub cipher: CipherSuite,
    /// Number of the chip's key, where it has several.
    pub key_id: Option<u64>,
}

/// One way in which a chip can be authenticated: a protocol with a key that fits.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Which.
    pub variant: Variant,
    /// The chip's static key with its group.
    pub key: PublicKey,
}

/// The terminal's side of one run.
#[derive(Debug)]
pub struct ChipAuthentication {
    variant: Variant,
    private: PrivateKey,
    public: Vec<u8>,
    keys: SessionKeys,
    state: State,
}

/// What the caller does next.
pub enum Step {
    /// Send this through the channel in use; answer with [`ChipAuthentication::respond`].
    Transmit(Command),
    /// Go on with this channel. Its first response proves the chip, or fails.
    Established(SecureMessaging),
    /// The run is over; the channel in use goes on.
    Failed(ChipAuthenticationError),
}

/// What is kept of a run so that it can be judged again.
#[derive(Clone, PartialEq, Eq)]
pub struct Transcript {
    /// Which of the chip's offers.
    pub variant: Variant,
    /// The terminal's ephemeral private key.
    pub ephemeral: Zeroizing<Vec<u8>>,
    /// The first response under the new keys as received, status bytes included.
    pub first_response: Vec<u8>,
}

/// Why a chip is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum ChipAuthenticationError {
    /// EF.DG14 is malformed.
    #[error("EF.DG14 is malformed")]
    Dg14(#[source] SecurityInfoError),
    /// EF.DG14 offers no version 1 of the protocol with a usable key.
    #[error("EF.DG14 offers no chip authentication")]
    NotOffered,
    /// The chip's key or its group cannot be used.
    #[error("chip's static key: {0}")]
    Key(#[source] DomainParameterError),
    /// The chip refused the ephemeral key.
    #[error("chip refused chip authentication ({0:?})")]
    Refused(Status),
    /// The answer to GENERAL AUTHENTICATE is not the empty template `7C 00`.
    #[error("chip answered GENERAL AUTHENTICATE with unexpected data")]
    Answer,
    /// The first response under the new keys does not open: the chip does not hold the private key.
    #[error("chip could not use the new keys")]
    NotProven(#[source] SecureMessagingError),
    /// The caller answered what was not asked.
    #[error("answer without a question")]
    OutOfOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    KeyAgreementTemplateSet,
    AuthenticationTemplateSet,
    KeySent,
    Over,
}

impl Offer {
    /// All that EF.DG14 offers, strongest cipher first, curves before prime fields.
    pub fn all(dg14: &[u8]) -> Result<Vec<Self>, ChipAuthenticationError> {
        let infos = SecurityInfos::parse_dg14(dg14).map_err(ChipAuthenticationError::Dg14)?;
        let keys = &infos.chip_authentication_keys;
        let mut offers = Vec::new();
        let mut unusable = None;
        for info in keys {
            let key = match info.key() {
                Ok(key) => key,
                Err(error) => {
                    unusable = Some(error);
                    continue;
                }
            };
            let fits = |protocol: &&ChipAuthenticationInfo| {
                let same_key = protocol.key_id == info.key_id || keys.len() == 1;
                protocol.version == 1 && protocol.agreement == info.agreement && same_key
            };
            let mut ciphers: Vec<_> = infos
                .chip_authentication
                .iter()
                .filter(fits)
                .map(|protocol| protocol.cipher)
                .collect();
            // Where no protocol is named at all, it is the first one ever (ICAO 9303-11 §9.2.5).
            if infos.chip_authentication.is_empty() {
                ciphers.push(CipherSuite::TripleDes);
            }
            offers.extend(ciphers.into_iter().map(|cipher| Self {
                variant: Variant {
                    agreement: info.agreement,
                    cipher,
                    key_id: info.key_id,
                },
                key: key.clone(),
            }));
        }
        let strength = |offer: &Self| (offer.variant.cipher, offer.variant.agreement);
        offers.sort_by_key(|offer| std::cmp::Reverse(strength(offer)));
        match (offers.is_empty(), unusable) {
            (true, Some(error)) => Err(ChipAuthenticationError::Key(error)),
            (true, None) => Err(ChipAuthenticationError::NotOffered),
            (false, _) => Ok(offers),
        }
    }
}

impl ChipAuthentication {
    /// A run with one of the chip's offers. `randomness` is fresh and at least
    /// [`PRIVATE_KEY_RANDOM_BYTES`](crate::domain_parameters::PRIVATE_KEY_RANDOM_BYTES) long.
    pub fn new(offer: &Offer, randomness: &[u8]) -> Result<Self, ChipAuthenticationError> {
        let group = &offer.key.parameters;
        let private = group
            .private_key(randomness)
            .map_err(ChipAuthenticationError::Key)?;
        Self::with_ephemeral(offer, private)
    }

    /// A run with an ephemeral key that exists, for worked examples.
    pub fn with_ephemeral(
        offer: &Offer,
        private: PrivateKey,
    ) -> Result<Self, ChipAuthenticationError> {
        let public = offer
            .key
            .parameters
            .public_key(&private)
            .map_err(ChipAuthenticationError::Key)?;
        Ok(Self {
            variant: offer.variant,
            keys: session_keys(offer, &private)?,
            private,
            public,
            state: State::Fresh,
        })
    }

    /// The first command.
    pub fn start(&mut self) -> Step {
        if self.state != State::Fresh {
            return self.fail(ChipAuthenticationError::OutOfOrder);
        }
        let key_id = self.variant.key_id.map(|id| {
            let bytes = id.to_be_bytes();
            let zeros = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
            tlv::encode(0x84, bytes.get(zeros..).unwrap_or_default())
        });
        let key_id = key_id.unwrap_or_default();
        let (template, data) = match self.variant.cipher {
            // MSE: SET KAT (§6.2.4.2).
            CipherSuite::TripleDes => {
                self.state = State::KeyAgreementTemplateSet;
                (0xA6, tlv::encode(0x91, &self.public))
            }
            // MSE: SET AT (§6.2.4.3).
            CipherSuite::Aes128 | CipherSuite::Aes192 | CipherSuite::Aes256 => {
                self.state = State::AuthenticationTemplateSet;
                (0xA4, tlv::encode(0x80, self.variant.oid().as_bytes()))
            }
        };
        let data = [data, key_id].concat();
        Step::Transmit(Command::new(0x00, 0x22, 0x41, template).with_data(data))
    }

    /// The chip's answer to the last command.
    pub fn respond(&mut self, response: &Response) -> Step {
        if self.state != State::Over && response.status != Status::OK {
            return self.fail(ChipAuthenticationError::Refused(response.status));
        }
        match self.state {
            State::AuthenticationTemplateSet => {
                self.state = State::KeySent;
                let data = tlv::encode(0x7C, &tlv::encode(0x80, &self.public));
                let command = Command::new(0x00, 0x86, 0x00, 0x00).with_data(data);
                Step::Transmit(command.expecting(256))
            }
            State::KeyAgreementTemplateSet => self.establish(),
            // Some chips answer nothing at all; what counts is the next response.
            State::KeySent if matches!(response.data.as_slice(), [] | [0x7C, 0x00]) => {
                self.establish()
            }
            State::KeySent => self.fail(ChipAuthenticationError::Answer),
            State::Fresh | State::Over => self.fail(ChipAuthenticationError::OutOfOrder),
        }
    }

    /// The terminal's ephemeral key as Terminal Authentication signs it.
    pub fn compressed_ephemeral(&self, offer: &Offer) -> Result<Vec<u8>, ChipAuthenticationError> {
        let group = &offer.key.parameters;
        group
            .compressed(&self.public)
            .map_err(ChipAuthenticationError::Key)
    }

    /// What to keep, once the first response under the new keys is here; as received, status bytes included.
    pub fn transcript(&self, first_response: &[u8]) -> Transcript {
        Transcript {
            variant: self.variant,
            ephemeral: Zeroizing::new(self.private.expose().to_vec()),
            first_response: first_response.to_vec(),
        }
    }

    fn establish(&mut self) -> Step {
        self.state = State::Over;
        Step::Established(SecureMessaging::with_keys(self.keys.clone()))
    }

    fn fail(&mut self, error: ChipAuthenticationError) -> Step {
        self.state = State::Over;
        Step::Failed(error)
    }
}

impl Transcript {
    /// Judges the run again: does the first response open under keys that only the holder of EF.DG14's private key, and the
    /// terminal, can know?
    pub fn verify(&self, dg14: &[u8]) -> Result<(), ChipAuthenticationError> {
        let offer = Offer::all(dg14)?
            .into_iter()
            .find(|offer| offer.variant == self.variant)
            .ok_or(ChipAuthenticationError::NotOffered)?;
        let keys = session_keys(&offer, &PrivateKey::from_bytes(&self.ephemeral))?;
        // The command before it was the first message of the channel.
        SecureMessaging::with_counter(keys, 1)
            .open_response(&self.first_response)
            .map(drop)
            .map_err(ChipAuthenticationError::NotProven)
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transmit(command) => write!(f, "Transmit({:02X?})", command.header()),
            Self::Established(_) => f.write_str("Established"),
            Self::Failed(error) => write!(f, "Failed({error:?})"),
        }
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transcript({:?})", self.variant)
    }
}

impl Variant {
    /// The value bytes of its object identifier, `id-CA-…`.
    pub fn oid(self) -> ObjectIdentifier {
        ChipAuthenticationInfo {
            agreement: self.agreement,
            cipher: self.cipher,
            version: 1,
            key_id: self.key_id,
        }
        .object_identifier()
    }
}

fn session_keys(
    offer: &Offer,
    private: &PrivateKey,
) -> Result<SessionKeys, ChipAuthenticationError> {
    let secret = offer
        .key
        .parameters
        .shared_secret(private, &offer.key.bytes)
        .map_err(ChipAuthenticationError::Key)?;
    Ok(SessionKeys::derive(offer.variant.cipher, &secret))
}
