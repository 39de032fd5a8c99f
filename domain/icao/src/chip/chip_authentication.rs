//! The chip's side of Chip Authentication version 1 (ICAO 9303-11 §6.2): static keys, their entries in EF.DG14, and the answers.

use crate::{
    apdu::{Command, Response, Status},
    chip_authentication::Variant,
    domain_parameters::{DomainParameterError, DomainParameters, KeyAgreement, PrivateKey},
    key_derivation::{CipherSuite, SessionKeys},
    secure_messaging::SecureMessaging,
    tlv,
};

/// The static keys of a chip, and which of them the terminal has chosen.
pub struct ChipAuthenticationKeys {
    keys: Vec<StaticKey>,
    chosen: Option<(usize, CipherSuite)>,
}

/// One static key.
#[derive(Debug, Clone)]
pub struct StaticKey {
    parameters: DomainParameters,
    private: PrivateKey,
    algorithm: Vec<u8>,
    ciphers: Vec<CipherSuite>,
    key_id: Option<u64>,
}

/// What a chip does next.
pub struct ChipAnswer {
    /// The answer, to be protected by the channel in use.
    pub response: Response,
    /// The channel from the next command on.
    pub channel: Option<SecureMessaging>,
}

impl StaticKey {
    /// A key in a standardised group (ICAO 9303-11 §9.5.1) from fresh random bytes.
    pub fn new(
        parameters_id: u8,
        ciphers: &[CipherSuite],
        key_id: Option<u64>,
        randomness: &[u8],
    ) -> Result<Self, DomainParameterError> {
        let parameters = DomainParameters::standardized(u64::from(parameters_id))?;
        let private = parameters.private_key(randomness)?;
        Self::with_private(parameters_id, private, ciphers, key_id)
    }

    /// A key that exists, in a standardised group.
    pub fn with_private(
        parameters_id: u8,
        private: PrivateKey,
        ciphers: &[CipherSuite],
        key_id: Option<u64>,
    ) -> Result<Self, DomainParameterError> {
        Ok(Self {
            parameters: DomainParameters::standardized(u64::from(parameters_id))?,
            private,
            algorithm: tlv::encode_all(
                0x30,
                &[&tlv::encode(0x06, STANDARDIZED), &[2, 1, parameters_id]],
            ),
            ciphers: ciphers.to_vec(),
            key_id,
        })
    }

    /// The same entry of EF.DG14 on another private key: a chip copied by someone who could not read the key.
    pub fn copied_without_key(&self, randomness: &[u8]) -> Result<Self, DomainParameterError> {
        Ok(Self {
            private: self.parameters.private_key(randomness)?,
            ..self.clone()
        })
    }

    /// ChipAuthenticationPublicKeyInfo and a ChipAuthenticationInfo per cipher (§9.2.4, §9.2.5), the latter left out where triple
    /// DES is all.
    pub fn security_infos(&self) -> Result<Vec<Vec<u8>>, DomainParameterError> {
        let public = self.parameters.public_key(&self.private)?;
        let (arc, public) = match self.parameters.agreement() {
            KeyAgreement::Dh => (1, tlv::encode(0x02, &[&[0], &public[..]].concat())),
            KeyAgreement::Ecdh => (2, public),
        };
        let bits = tlv::encode(0x03, &[&[0], &public[..]].concat());
        let key_id = self.key_id.map(|id| {
            let bytes = [&[0], &id.to_be_bytes()[..]].concat();
            let zeros = bytes.windows(2).take_while(|w| w[0] == 0 && w[1] < 0x80);
            tlv::encode(0x02, bytes.get(zeros.count()..).unwrap_or_default())
        });
        let key_id = key_id.unwrap_or_default();
        let oid = |arcs: &[u8]| tlv::encode(0x06, &[BSI_SMARTCARD, arcs].concat());
        let info = tlv::encode_all(0x30, &[&self.algorithm, &bits]);
        let mut infos = vec![tlv::encode_all(0x30, &[&oid(&[1, arc]), &info, &key_id])];
        if self.ciphers != [CipherSuite::TripleDes] {
            infos.extend(self.ciphers.iter().map(|cipher| {
                let oid = oid(&[3, arc, cipher.arc()]);
                tlv::encode_all(0x30, &[&oid, &[2, 1, 1], &key_id])
            }));
        }
        Ok(infos)
    }
}

impl ChipAuthenticationKeys {
    /// A chip with these keys.
    pub fn new(keys: Vec<StaticKey>) -> Self {
        Self { keys, chosen: None }
    }

    /// Answers MSE: SET KAT, MSE: SET AT and GENERAL AUTHENTICATE; `None` for any other command.
    pub fn answer(&mut self, command: &Command) -> Option<ChipAnswer> {
        let chosen = self.chosen.take();
        let answer = match (command.instruction, command.p1, command.p2) {
            (0x22, 0x41, 0xA6) => self
                .choose(CipherSuite::TripleDes, &command.data)
                .and_then(|key| self.agree(key, &command.data, 0x91))
                .map(|channel| (Vec::new(), Some(channel))),
            (0x22, 0x41, 0xA4) => self.set_template(&command.data),
            (0x86, 0x00, 0x00) => tlv::expect(&command.data, 0x7C)
                .map_err(|_| WRONG_DATA)
                .and_then(|(template, _)| {
                    let key = chosen.ok_or(Status::CONDITIONS)?;
                    self.agree(key, template, 0x80)
                })
                .map(|channel| (vec![0x7C, 0x00], Some(channel))),
            _ => return None,
        };
        let (data, channel, status) = match answer {
            Ok((data, channel)) => (data, channel, Status::OK),
            Err(status) => (Vec::new(), None, status),
        };
        Some(ChipAnswer {
            response: Response { data, status },
            channel,
        })
    }

    fn set_template(&mut self, data: &[u8]) -> Result<(Vec<u8>, Option<SecureMessaging>), Status> {
        let oid = tlv::find(data, 0x80).map_err(|_| WRONG_DATA)?;
        let cipher = match oid.strip_prefix(BSI_SMARTCARD) {
            Some([3, 1 | 2, arc]) => CipherSuite::from_arc(*arc),
            Some(_) | None => None,
        };
        let cipher = cipher.ok_or(WRONG_DATA)?;
        let (index, cipher) = self.choose(cipher, data)?;
        let key = self.keys.get(index).ok_or(REFERENCE_NOT_FOUND)?;
        let variant = Variant {
            agreement: key.parameters.agreement(),
            cipher,
            key_id: key.key_id,
        };
        if variant.oid().as_bytes() != oid {
            return Err(WRONG_DATA);
        }
        self.chosen = Some((index, cipher));
        Ok((Vec::new(), None))
    }

    /// The key that the terminal names, or the only one.
    fn choose(&self, cipher: CipherSuite, data: &[u8]) -> Result<(usize, CipherSuite), Status> {
        let named = tlv::find(data, 0x84).ok().map(|bytes| {
            let value = bytes.iter().take(8);
            value.fold(0u64, |id, byte| id << 8 | u64::from(*byte))
        });
        let fits = |key: &StaticKey| key.key_id == named && key.ciphers.contains(&cipher);
        let index = self.keys.iter().position(fits).ok_or(REFERENCE_NOT_FOUND)?;
        Ok((index, cipher))
    }

    fn agree(
        &self,
        (index, cipher): (usize, CipherSuite),
        data: &[u8],
        tag: u32,
    ) -> Result<SecureMessaging, Status> {
        let key = self.keys.get(index).ok_or(REFERENCE_NOT_FOUND)?;
        let public = tlv::find(data, tag).map_err(|_| WRONG_DATA)?;
        let secret = key.parameters.shared_secret(&key.private, public);
        let secret = secret.map_err(|_| Status::AUTHENTICATION_FAILED)?;
        let keys = SessionKeys::derive(cipher, &secret);
        Ok(SecureMessaging::with_keys(keys))
    }
}

/// EF.DG14 from its entries.
pub fn data_group_14(infos: &[Vec<u8>]) -> Vec<u8> {
    tlv::encode(0x6E, &tlv::encode(0x31, &infos.concat()))
}

/// `bsi-de protocols smartcard`: 0.4.0.127.0.7.2.2.
const BSI_SMARTCARD: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02];
/// `standardizedDomainParameters`: 0.4.0.127.0.7.1.2.
const STANDARDIZED: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x02];
/// Referenced data not found.
const REFERENCE_NOT_FOUND: Status = Status(0x6A88);
/// Incorrect parameters in the data field.
const WRONG_DATA: Status = Status(0x6A80);
