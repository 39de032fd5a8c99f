//! The chip's side of PACE (ICAO 9303-11 §4.4), for simulators and tests: it answers MSE:Set AT and GENERAL AUTHENTICATE.

use std::mem;

use zeroize::Zeroizing;

use crate::{
    apdu::{Command, Response, Status},
    ciphers::same,
    domain_parameters::{
        DomainParameterError, DomainParameters, PRIVATE_KEY_RANDOM_BYTES, PrivateKey,
    },
    key_derivation::{Password, PasswordKind, SessionKeys},
    limits::CHAINED_BYTES_MAX,
    pace::{Offer, mapping, messages, seal},
    secure_messaging::SecureMessaging,
    security_infos::{ObjectIdentifier, PaceMapping, PaceProtocol},
    tlv,
};

/// Longest nonce of PACE in bytes.
const NONCE_BYTES_MAX: usize = 32;

/// Fresh random bytes for one run: nonce, mapping key, ephemeral key.
pub const RANDOM_BYTES: usize = NONCE_BYTES_MAX + 2 * PRIVATE_KEY_RANDOM_BYTES;

/// The chip's side of PACE.
pub struct Pace {
    offers: Vec<Offer>,
    passwords: Vec<Password>,
    static_key: Option<StaticKey>,
    authorities: Vec<Vec<u8>>,
    fixed: Option<Secrets>,
    wants_parameters_named: bool,
    pads_numbers: bool,
    /// What came of a command in pieces.
    received: Vec<u8>,
    phase: Phase,
}

/// The chip's static key for Chip Authentication Mapping; its public half stands in EF.CardSecurity.
#[derive(Debug, Clone)]
pub struct StaticKey {
    /// Must be those of the Chip Authentication Mapping.
    pub parameters: DomainParameters,
    /// The private key.
    pub private: PrivateKey,
}

/// The chip's random numbers of one run.
#[derive(Clone)]
pub struct Secrets {
    /// The nonce s.
    pub nonce: Zeroizing<Vec<u8>>,
    /// The mapping private key; unused in the Integrated Mapping.
    pub mapping: PrivateKey,
    /// The ephemeral private key.
    pub ephemeral: PrivateKey,
}

/// An answer, and the channel that the last one opens.
pub struct Answer {
    /// The response.
    pub response: Response,
    /// After mutual authentication.
    pub opened: Option<Opened>,
}

/// What PACE leaves behind on the chip's side.
pub struct Opened {
    /// The protected channel.
    pub secure_messaging: SecureMessaging,
    /// With which password.
    pub password: PasswordKind,
    /// Our compressed ephemeral public key: the chip's identifier in Terminal Authentication.
    pub chip_identifier: Vec<u8>,
}

enum Phase {
    Idle,
    Selected(Run),
    NonceSent(Run),
    Mapped(Run, DomainParameters),
    Agreed {
        run: Run,
        keys: SessionKeys,
        our_public: Vec<u8>,
        their_public: Vec<u8>,
    },
}

#[derive(Clone)]
struct Run {
    offer: Offer,
    password: Password,
    secrets: Secrets,
}

impl Pace {
    /// A chip with these protocols and passwords.
    pub fn new(offers: Vec<Offer>, passwords: Vec<Password>) -> Self {
        Self {
            offers,
            passwords,
            static_key: None,
            authorities: Vec::new(),
            fixed: None,
            wants_parameters_named: false,
            pads_numbers: false,
            received: Vec::new(),
            phase: Phase::Idle,
        }
    }

    /// With these passwords in place of the ones before.
    #[must_use]
    pub fn with_passwords(mut self, passwords: Vec<Password>) -> Self {
        self.passwords = passwords;
        self
    }

    /// With a static key for Chip Authentication Mapping.
    #[must_use]
    pub fn with_static_key(mut self, key: StaticKey) -> Self {
        self.static_key = Some(key);
        self
    }

    /// Names these certification authorities for Terminal Authentication with its last answer, at most two.
    #[must_use]
    pub fn with_authorities(mut self, authorities: Vec<Vec<u8>>) -> Self {
        self.authorities = authorities;
        self
    }

    /// Uses these numbers in place of random ones, as worked examples do.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.fixed = Some(secrets);
        self
    }

    /// Refuses MSE:Set AT that does not name the domain parameters, as some chips do although they have only one set.
    #[must_use]
    pub fn wanting_parameters_named(mut self) -> Self {
        self.wants_parameters_named = true;
        self
    }

    /// Writes public keys of a prime field with leading zeros, against §9.4.1, and computes tokens over them.
    #[must_use]
    pub fn padding_numbers(mut self) -> Self {
        self.pads_numbers = true;
        self
    }

    /// Answers MSE:Set AT or GENERAL AUTHENTICATE. `randomness` must be fresh for every command.
    pub fn answer(&mut self, command: &Command, randomness: &[u8; RANDOM_BYTES]) -> Answer {
        let answered = match command.header() {
            [0x00, 0x22, 0xC1, 0xA4] => self.select(&command.data, randomness),
            [class @ (0x00 | 0x10), 0x86, 0x00, 0x00] => self.authenticate(class == 0x10, command),
            _ => Err(Status::UNKNOWN_INSTRUCTION),
        };
        answered.unwrap_or_else(|status| {
            self.phase = Phase::Idle;
            self.received.clear();
            Answer {
                response: Response {
                    data: Vec::new(),
                    status,
                },
                opened: None,
            }
        })
    }

    fn select(&mut self, data: &[u8], randomness: &[u8; RANDOM_BYTES]) -> Result<Answer, Status> {
        let object = |tag| tlv::find(data, tag).ok();
        let oid = object(messages::MECHANISM).ok_or(WRONG_DATA)?;
        let oid = ObjectIdentifier::from_bytes(oid);
        let protocol = PaceProtocol::from_object_identifier(&oid).ok_or(WRONG_DATA)?;
        let named = object(messages::PARAMETERS);
        if named.is_none() && self.wants_parameters_named {
            return Err(WRONG_DATA);
        }
        let named = named.map(|id| id.iter().fold(0, |id, byte| id << 8 | u64::from(*byte)));
        let mut fitting = self.offers.iter().filter(|offer| {
            let info = offer.info();
            info.protocol == protocol && (named.is_none() || info.parameter_id == named)
        });
        let (Some(offer), None) = (fitting.next(), fitting.next()) else {
            return Err(NO_REFERENCE);
        };
        let reference = object(messages::PASSWORD).unwrap_or_default();
        let password = self
            .passwords
            .iter()
            .find(|password| reference == [password.kind().reference()])
            .ok_or(NO_REFERENCE)?;
        let secrets = match &self.fixed {
            Some(secrets) => secrets.clone(),
            None => random_secrets(offer, randomness).map_err(|_| WRONG_DATA)?,
        };
        self.received.clear();
        self.phase = Phase::Selected(Run {
            offer: offer.clone(),
            password: password.clone(),
            secrets,
        });
        Ok(plain(Vec::new()))
    }

    fn authenticate(&mut self, chained: bool, command: &Command) -> Result<Answer, Status> {
        // The class byte means both: not the last command of the protocol, and not the last piece.
        let mut data = mem::take(&mut self.received);
        data.extend_from_slice(&command.data);
        let whole = tlv::total_length(&data).unwrap_or_default();
        if chained && whole > data.len() && whole <= CHAINED_BYTES_MAX {
            self.received = data;
            return Ok(plain(Vec::new()));
        }
        let objects = messages::dynamic(&data).map_err(|_| WRONG_DATA)?;
        let object = |tag| tlv::find(objects, tag).map_err(|_| WRONG_DATA);
        match (mem::replace(&mut self.phase, Phase::Idle), chained) {
            (Phase::Selected(run), true) => {
                let encrypted = encrypted_nonce(&run);
                self.phase = Phase::NonceSent(run);
                Ok(dynamic(messages::ENCRYPTED_NONCE, &encrypted))
            }
            (Phase::NonceSent(run), true) => {
                let theirs = object(messages::TERMINAL_MAPPING)?;
                let (mapped, ours) = map(&run, theirs).map_err(|_| WRONG_DATA)?;
                self.phase = Phase::Mapped(run, mapped);
                Ok(dynamic(messages::CHIP_MAPPING, &ours))
            }
            (Phase::Mapped(run, mapped), true) => {
                let theirs = object(messages::TERMINAL_KEY)?;
                let agreed = agree(run, &mapped, theirs, self.pads_numbers);
                let (phase, ours) = agreed.map_err(|_| WRONG_DATA)?;
                self.phase = phase;
                Ok(dynamic(messages::CHIP_KEY, &ours))
            }
            (
                Phase::Agreed {
                    run,
                    keys,
                    our_public,
                    their_public,
                },
                false,
            ) => {
                let protocol = run.offer.info().protocol;
                let expected = messages::token(&keys.mac, protocol, &our_public);
                if !same(&expected, object(messages::TERMINAL_TOKEN)?) {
                    return Err(Status::AUTHENTICATION_FAILED);
                }
                self.open(&run, keys, &our_public, &their_public)
            }
            (_, _) => Err(Status::CONDITIONS),
        }
    }

    fn open(
        &self,
        run: &Run,
        keys: SessionKeys,
        our_public: &[u8],
        their_public: &[u8],
    ) -> Result<Answer, Status> {
        let protocol = run.offer.info().protocol;
        let token = messages::token(&keys.mac, protocol, their_public);
        let mut objects = tlv::encode(messages::CHIP_TOKEN, &token);
        let tags = [messages::AUTHORITY, messages::AUTHORITY_BEFORE];
        for (tag, authority) in tags.into_iter().zip(&self.authorities) {
            objects.extend(tlv::encode(tag, authority));
        }
        if protocol.mapping == PaceMapping::ChipAuthentication {
            let data = self.chip_authentication_data(run).ok_or(WRONG_DATA)?;
            let encrypted = seal(&keys, data.expose());
            objects.extend(tlv::encode(messages::CHIP_AUTHENTICATION_DATA, &encrypted));
        }
        let chip_identifier = run.offer.parameters().compressed(our_public);
        let mut answer = plain(messages::dynamic_of(&objects));
        answer.opened = Some(Opened {
            secure_messaging: SecureMessaging::with_keys(keys),
            password: run.password.kind(),
            chip_identifier: chip_identifier.map_err(|_| WRONG_DATA)?,
        });
        Ok(answer)
    }

    /// CA_IC (§4.4.3.6).
    fn chip_authentication_data(&self, run: &Run) -> Option<PrivateKey> {
        let key = self.static_key.as_ref()?;
        match &key.parameters {
            DomainParameters::Dh(_) => None,
            DomainParameters::Ecdh(curve) => {
                curve.quotient(&run.secrets.mapping, &key.private).ok()
            }
        }
    }
}

/// Incorrect parameters in the command's data.
const WRONG_DATA: Status = Status(0x6A80);
/// Referenced data not found.
const NO_REFERENCE: Status = Status(0x6A88);

fn random_secrets(
    offer: &Offer,
    randomness: &[u8; RANDOM_BYTES],
) -> Result<Secrets, DomainParameterError> {
    let protocol = offer.info().protocol;
    let (nonce, keys) = randomness.split_at(NONCE_BYTES_MAX);
    let (mapping, ephemeral) = keys.split_at(PRIVATE_KEY_RANDOM_BYTES);
    let integrated = protocol.mapping == PaceMapping::Integrated;
    let length = mapping::nonce_bytes(integrated, protocol.cipher);
    Ok(Secrets {
        nonce: Zeroizing::new(nonce.iter().take(length).copied().collect()),
        mapping: offer.parameters().private_key(mapping)?,
        ephemeral: offer.parameters().private_key(ephemeral)?,
    })
}

fn encrypted_nonce(run: &Run) -> Vec<u8> {
    let suite = run.offer.info().protocol.cipher;
    let mut nonce = run.secrets.nonce.to_vec();
    let zeros = vec![0; suite.block_bytes()];
    run.password.key(suite).encrypt_cbc(&zeros, &mut nonce);
    nonce
}

/// The mapped group, and our mapping data.
fn map(run: &Run, theirs: &[u8]) -> Result<(DomainParameters, Vec<u8>), DomainParameterError> {
    let parameters = run.offer.parameters();
    let protocol = run.offer.info().protocol;
    let nonce = &run.secrets.nonce;
    match protocol.mapping {
        PaceMapping::Integrated => Ok((
            mapping::integrated(parameters, protocol.cipher, nonce, theirs)?,
            Vec::new(),
        )),
        PaceMapping::Generic | PaceMapping::ChipAuthentication => {
            let ours = parameters.public_key(&run.secrets.mapping)?;
            let theirs = other(parameters, theirs, &ours)?;
            let mapped = mapping::generic(parameters, nonce, &run.secrets.mapping, &theirs)?;
            Ok((mapped, ours))
        }
    }
}

/// Session keys, and our ephemeral public key.
fn agree(
    run: Run,
    mapped: &DomainParameters,
    theirs: &[u8],
    pads_numbers: bool,
) -> Result<(Phase, Vec<u8>), DomainParameterError> {
    let mut ours = mapped.public_key(&run.secrets.ephemeral)?;
    let mut theirs = other(mapped, theirs, &ours)?;
    if pads_numbers {
        ours = mapped.padded_public_key(&ours)?;
        theirs = mapped.padded_public_key(&theirs)?;
    }
    let shared = mapped.shared_secret(&run.secrets.ephemeral, &theirs)?;
    let keys = SessionKeys::derive(run.offer.info().protocol.cipher, &shared);
    let phase = Phase::Agreed {
        run,
        keys,
        our_public: ours.clone(),
        their_public: theirs,
    };
    Ok((phase, ours))
}

/// The terminal's public key, which must not be ours.
fn other(
    parameters: &DomainParameters,
    theirs: &[u8],
    ours: &[u8],
) -> Result<Vec<u8>, DomainParameterError> {
    let theirs = parameters.checked_public_key(theirs)?;
    if theirs == ours {
        return Err(DomainParameterError::PublicKey);
    }
    Ok(theirs)
}

fn dynamic(tag: u32, value: &[u8]) -> Answer {
    plain(messages::dynamic_of(&tlv::encode(tag, value)))
}

fn plain(data: Vec<u8>) -> Answer {
    Answer {
        response: Response {
            data,
            status: Status::OK,
        },
        opened: None,
    }
}
