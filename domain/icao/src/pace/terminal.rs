//! The terminal's side of one run.

use std::mem;

use zeroize::Zeroizing;

use super::{
    ChipAuthenticationMapping, Offer, OpenedChannel, PaceError, PaceStep, Step,
    chip_authentication_mapping, mapping, messages,
};
use crate::{
    apdu::{Command, Response, Status},
    ciphers::same,
    domain_parameters::{
        DomainParameterError, DomainParameters, PRIVATE_KEY_RANDOM_BYTES, PrivateKey,
    },
    key_derivation::{Password, PasswordKind, SessionKeys},
    limits::PACE_NONCE_BYTES_MAX,
    secure_messaging::SecureMessaging,
    security_infos::{PaceMapping, PaceProtocol},
    tlv::{self, TlvError},
};

/// Fresh random bytes of one run: for the mapping and for the ephemeral key.
pub const RANDOM_BYTES: usize = 2 * PRIVATE_KEY_RANDOM_BYTES;

/// The terminal's side of one run of PACE.
pub struct Terminal {
    offer: Offer,
    password: Password,
    secrets: Secrets,
    parameters_named: bool,
    phase: Phase,
}

/// The terminal's random numbers. [`Terminal::new`] makes them; only worked examples bring their own.
#[derive(Clone)]
pub struct Secrets {
    /// The mapping private key, or the nonce of the Integrated Mapping.
    pub mapping: Zeroizing<Vec<u8>>,
    /// The ephemeral private key.
    pub ephemeral: PrivateKey,
}

enum Phase {
    Idle,
    Selecting,
    AskingNonce,
    Mapping {
        nonce: Zeroizing<Vec<u8>>,
        our_public: Vec<u8>,
    },
    Agreeing {
        mapped: DomainParameters,
        our_public: Vec<u8>,
        chip_mapping_key: Vec<u8>,
    },
    Authenticating {
        keys: SessionKeys,
        our_public: Vec<u8>,
        chip_public: Vec<u8>,
        chip_mapping_key: Vec<u8>,
    },
}

impl Terminal {
    /// A run of the offered protocol. `randomness` must be fresh: private keys are its halves modulo (order - 1), plus one.
    pub fn new(
        offer: &Offer,
        password: &Password,
        randomness: &[u8; RANDOM_BYTES],
    ) -> Result<Self, DomainParameterError> {
        let (mapping, ephemeral) = randomness.split_at(PRIVATE_KEY_RANDOM_BYTES);
        let protocol = offer.info().protocol;
        let mapping = match protocol.mapping {
            PaceMapping::Integrated => mapping
                .get(..protocol.cipher.key_bytes())
                .map(<[u8]>::to_vec),
            PaceMapping::Generic | PaceMapping::ChipAuthentication => {
                let key = offer.parameters().private_key(mapping)?;
                Some(key.expose().to_vec())
            }
        };
        let secrets = Secrets {
            mapping: Zeroizing::new(mapping.unwrap_or_default()),
            ephemeral: offer.parameters().private_key(ephemeral)?,
        };
        Ok(Self::with_secrets(offer, password, secrets))
    }

    /// A run with given private keys, for worked examples.
    pub fn with_secrets(offer: &Offer, password: &Password, secrets: Secrets) -> Self {
        Self {
            offer: offer.clone(),
            password: password.clone(),
            secrets,
            parameters_named: offer.is_ambiguous(),
            phase: Phase::Idle,
        }
    }

    /// The first command, MSE:Set AT. Starting again begins from the front with the same random numbers, so it is meant for a chip
    /// that did not answer the first time.
    pub fn start(&mut self) -> Command {
        self.phase = Phase::Selecting;
        let named = self.parameters_named;
        let id = self.offer.info().parameter_id.filter(|_| named);
        messages::select(self.protocol(), self.password.kind(), id)
    }

    /// Takes the chip's answer to the last command.
    pub fn respond(&mut self, response: &Response) -> Step {
        match self.advance(response) {
            Ok(step) => step,
            Err(error) => Step::Failed(error),
        }
    }

    fn protocol(&self) -> PaceProtocol {
        self.offer.info().protocol
    }

    fn advance(&mut self, response: &Response) -> Result<Step, PaceError> {
        match mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Idle => Err(PaceError::NotRunning),
            Phase::Selecting => self.selected(response.status),
            Phase::AskingNonce => self.nonce_received(response),
            Phase::Mapping { nonce, our_public } => self.mapped(response, &nonce, &our_public),
            Phase::Agreeing {
                mapped,
                our_public,
                chip_mapping_key,
            } => self.agreed(response, &mapped, our_public, chip_mapping_key),
            Phase::Authenticating {
                keys,
                our_public,
                chip_public,
                chip_mapping_key,
            } => self.authenticated(response, keys, &our_public, &chip_public, chip_mapping_key),
        }
    }

    fn selected(&mut self, status: Status) -> Result<Step, PaceError> {
        // 63Cx: accepted, and this many attempts are left.
        if status == Status::OK || status.0 >> 4 == 0x63C {
            self.phase = Phase::AskingNonce;
            return Ok(Step::Transmit(messages::authenticate(None, false)));
        }
        // 6Axx: the reference data are missing or wrong. Some chips want the parameters named although they have only one set.
        if status.0 >> 8 == 0x6A
            && !self.parameters_named
            && self.offer.info().parameter_id.is_some()
        {
            self.parameters_named = true;
            return Ok(Step::Transmit(self.start()));
        }
        Err(PaceError::Refused {
            step: PaceStep::Select,
            status,
        })
    }

    fn nonce_received(&mut self, response: &Response) -> Result<Step, PaceError> {
        let step = PaceStep::Nonce;
        let encrypted = object(step, response, messages::ENCRYPTED_NONCE)?;
        let suite = self.protocol().cipher;
        let length = encrypted.len();
        let fits = match self.protocol().mapping {
            PaceMapping::Integrated => matches!(length, 16 | 32),
            PaceMapping::Generic | PaceMapping::ChipAuthentication => {
                (1..=PACE_NONCE_BYTES_MAX).contains(&length)
                    && length.is_multiple_of(suite.block_bytes())
            }
        };
        if !fits {
            return Err(PaceError::Nonce(length));
        }
        let mut nonce = Zeroizing::new(encrypted.to_vec());
        let zeros = vec![0; suite.block_bytes()];
        self.password.key(suite).decrypt_cbc(&zeros, &mut nonce);
        let our_public = match self.protocol().mapping {
            PaceMapping::Integrated => self.secrets.mapping.to_vec(),
            PaceMapping::Generic | PaceMapping::ChipAuthentication => self
                .offer
                .parameters()
                .public_key(&PrivateKey::from_bytes(&self.secrets.mapping))
                .map_err(group(step))?,
        };
        let command =
            messages::authenticate(Some((messages::TERMINAL_MAPPING, &our_public)), false);
        self.phase = Phase::Mapping { nonce, our_public };
        Ok(Step::Transmit(command))
    }

    fn mapped(
        &mut self,
        response: &Response,
        nonce: &[u8],
        our_public: &[u8],
    ) -> Result<Step, PaceError> {
        let step = PaceStep::Mapping;
        let parameters = self.offer.parameters();
        let (mapped, chip_mapping_key) = match self.protocol().mapping {
            PaceMapping::Integrated => {
                successful(step, response)?;
                let nonces = (nonce, &self.secrets.mapping);
                let mapped =
                    mapping::integrated(parameters, self.protocol().cipher, nonces.0, nonces.1);
                (mapped, Vec::new())
            }
            PaceMapping::Generic | PaceMapping::ChipAuthentication => {
                let theirs = object(step, response, messages::CHIP_MAPPING)?;
                let theirs = self.checked(step, theirs, our_public)?;
                let private = PrivateKey::from_bytes(&self.secrets.mapping);
                let mapped = mapping::generic(parameters, nonce, &private, &theirs);
                (mapped, theirs)
            }
        };
        let mapped = mapped.map_err(group(step))?;
        let our_public = mapped
            .public_key(&self.secrets.ephemeral)
            .map_err(group(step))?;
        let command = messages::authenticate(Some((messages::TERMINAL_KEY, &our_public)), false);
        self.phase = Phase::Agreeing {
            mapped,
            our_public,
            chip_mapping_key,
        };
        Ok(Step::Transmit(command))
    }

    fn agreed(
        &mut self,
        response: &Response,
        mapped: &DomainParameters,
        our_public: Vec<u8>,
        chip_mapping_key: Vec<u8>,
    ) -> Result<Step, PaceError> {
        let step = PaceStep::KeyAgreement;
        let theirs = object(step, response, messages::CHIP_KEY)?;
        let chip_public = self.checked(step, theirs, &our_public)?;
        let shared = mapped
            .shared_secret(&self.secrets.ephemeral, &chip_public)
            .map_err(group(step))?;
        let keys = SessionKeys::derive(self.protocol().cipher, &shared);
        // Over the bytes as received: some chips write leading zeros in a prime field.
        let token = messages::token(&keys.mac, self.protocol(), theirs);
        self.phase = Phase::Authenticating {
            keys,
            our_public,
            chip_public,
            chip_mapping_key,
        };
        Ok(Step::Transmit(messages::authenticate(
            Some((messages::TERMINAL_TOKEN, &token)),
            true,
        )))
    }

    fn authenticated(
        &mut self,
        response: &Response,
        keys: SessionKeys,
        our_public: &[u8],
        chip_public: &[u8],
        chip_mapping_key: Vec<u8>,
    ) -> Result<Step, PaceError> {
        let step = PaceStep::Authentication;
        let status = response.status;
        if status.0 >> 8 == 0x63 || status == Status::SECURITY_STATUS {
            return Err(PaceError::WrongPassword(status));
        }
        let token = object(step, response, messages::CHIP_TOKEN)?;
        self.check_token(&keys, our_public, token)?;
        let objects = objects(step, response)?;
        let chip_authentication = match self.protocol().mapping {
            PaceMapping::ChipAuthentication => {
                let encrypted = object(step, response, messages::CHIP_AUTHENTICATION_DATA)?;
                Some(ChipAuthenticationMapping {
                    mapping_public_key: chip_mapping_key,
                    authentication_data: chip_authentication_mapping::open(&keys, encrypted)
                        .ok_or(PaceError::ChipAuthenticationData)?,
                })
            }
            PaceMapping::Generic | PaceMapping::Integrated => None,
        };
        let authorities = [messages::AUTHORITY, messages::AUTHORITY_BEFORE]
            .into_iter()
            .filter_map(|tag| tlv::find(objects, tag).ok())
            .map(<[u8]>::to_vec);
        let chip_identifier = self.offer.parameters().compressed(chip_public);
        Ok(Step::Open(Box::new(OpenedChannel {
            secure_messaging: SecureMessaging::with_keys(keys),
            protocol: self.protocol(),
            parameter_id: self.offer.info().parameter_id,
            password: self.password.kind(),
            chip_identifier: chip_identifier.map_err(group(step))?,
            chip_authentication,
            certification_authorities: authorities.collect(),
        })))
    }

    /// The chip's token over our public key, as we sent it or with the leading zeros that some chips add.
    fn check_token(
        &self,
        keys: &SessionKeys,
        our_public: &[u8],
        token: &[u8],
    ) -> Result<(), PaceError> {
        let padded = self.offer.parameters().padded_public_key(our_public);
        let padded = padded.map_err(group(PaceStep::Authentication))?;
        let fits =
            |public: &[u8]| same(&messages::token(&keys.mac, self.protocol(), public), token);
        if fits(our_public) || fits(&padded) {
            Ok(())
        } else {
            Err(PaceError::Token)
        }
    }

    /// The chip's public key: a member of the group and not ours (§4.4.3.4).
    fn checked(&self, step: PaceStep, theirs: &[u8], ours: &[u8]) -> Result<Vec<u8>, PaceError> {
        let theirs = self
            .offer
            .parameters()
            .checked_public_key(theirs)
            .map_err(group(step))?;
        if theirs == ours {
            return Err(PaceError::Reflected(step));
        }
        Ok(theirs)
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind: PasswordKind = self.password.kind();
        write!(f, "Terminal({:?}, {kind:?})", self.protocol())
    }
}

fn group(step: PaceStep) -> impl Fn(DomainParameterError) -> PaceError {
    move |source| PaceError::Group { step, source }
}

fn successful(step: PaceStep, response: &Response) -> Result<(), PaceError> {
    if response.status == Status::OK {
        return Ok(());
    }
    Err(PaceError::Refused {
        step,
        status: response.status,
    })
}

fn objects(step: PaceStep, response: &Response) -> Result<&[u8], PaceError> {
    successful(step, response)?;
    messages::dynamic(&response.data).map_err(malformed(step))
}

fn object(step: PaceStep, response: &Response, tag: u32) -> Result<&[u8], PaceError> {
    tlv::find(objects(step, response)?, tag).map_err(malformed(step))
}

fn malformed(step: PaceStep) -> impl Fn(TlvError) -> PaceError {
    move |source| PaceError::Malformed { step, source }
}
