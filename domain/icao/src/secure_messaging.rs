//! Secure messaging (ICAO 9303-11 §9.8): every command and response encrypted and authenticated, counted by the send sequence
//! counter.

use std::fmt;

use crate::{
    apdu::{ApduError, Command, Response, Status},
    bac::KeyPair,
    ciphers::{Cipher, padded, same, unpadded},
    key_derivation::SessionKeys,
    tlv::{self, TlvError},
};

/// One protected channel, either side of it. Its keys are wiped when it is dropped.
#[derive(Clone)]
pub struct SecureMessaging {
    keys: SessionKeys,
    /// Send sequence counter, as wide as a block of the cipher.
    counter: u128,
}

/// Why a protected message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecureMessagingError {
    /// The chip answered without protection: it dropped the channel, or refused the command before looking inside.
    #[error("chip answered {0} without protection")]
    Plain(Status),
    /// The message authentication code is absent or wrong.
    #[error("message authentication code is wrong")]
    Mac,
    /// The encrypted data are not whole blocks or end in wrong padding, or there are two of them.
    #[error("encrypted data are malformed")]
    Cryptogram,
    /// The status inside the protection is absent or differs from the one outside.
    #[error("protected status is absent or contradicts the plain one")]
    Status,
    /// Not a response or command at all.
    #[error("malformed message")]
    Apdu(#[source] ApduError),
    /// The data objects inside are malformed.
    #[error("malformed data objects")]
    Tlv(#[source] TlvError),
}

/// Cryptogram of data that are BER-TLV objects, as all data of commands with odd instruction.
const CRYPTOGRAM_TLV: u32 = 0x85;
/// Padding indicator and cryptogram.
const CRYPTOGRAM: u32 = 0x87;
const CODE: u32 = 0x8E;
const EXPECTED: u32 = 0x97;
const STATUS: u32 = 0x99;
/// Padding method 2 of ISO 9797-1.
const PADDING_INDICATOR: u8 = 0x01;

impl fmt::Debug for SecureMessaging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecureMessaging({:?})", self.keys.suite())
    }
}

impl SecureMessaging {
    /// A channel with its keys and the initial send sequence counter of Basic Access Control.
    pub fn new(keys: KeyPair, counter: u64) -> Self {
        Self {
            keys: SessionKeys::from(&keys),
            counter: u128::from(counter),
        }
    }

    /// A channel that begins to count at zero, as after PACE and Chip Authentication (§9.8.6.3).
    pub fn with_keys(keys: SessionKeys) -> Self {
        Self::with_counter(keys, 0)
    }

    /// A channel that goes on from this send sequence counter.
    pub fn with_counter(keys: SessionKeys, counter: u128) -> Self {
        Self { keys, counter }
    }

    /// Its keys.
    pub fn keys(&self) -> &SessionKeys {
        &self.keys
    }

    /// The terminal's side: protects a command. It has extended length where the command needs it (more than 255 bytes of data or
    /// more than 256 expected) or where its protected data have more than 255 bytes.
    pub fn protect_command(&mut self, command: &Command) -> Vec<u8> {
        self.count();
        let header = [
            command.class | 0x0C,
            command.instruction,
            command.p1,
            command.p2,
        ];
        let mut objects = self.cryptogram(&command.data, command.instruction);
        if let Some(expected) = command.expected {
            let extended = (expected as u16).to_be_bytes();
            let length = if expected > 256 {
                &extended[..]
            } else {
                &extended[1..]
            };
            objects.extend(tlv::encode(EXPECTED, length));
        }
        let code = self.code(&padded(&header, self.block_bytes()), &objects);
        objects.extend(tlv::encode(CODE, &code));
        let extended = command.expected.is_some_and(|n| n > 256) || objects.len() > 255;
        let [class, instruction, p1, p2] = header;
        Command::new(class, instruction, p1, p2)
            .with_data(objects)
            .expecting(if extended { 65_536 } else { 256 })
            .to_bytes()
    }

    /// The terminal did not get its last command processed: the chip's counter stands one behind ours.
    pub(crate) fn take_back_command(&mut self) {
        self.counter = self.counter.wrapping_sub(1);
    }

    /// The terminal's side: opens a response. A response without protection is refused (ICAO 9303-11 §9.8.6).
    pub fn open_response(&mut self, bytes: &[u8]) -> Result<Response, SecureMessagingError> {
        let outer = Response::parse(bytes).map_err(SecureMessagingError::Apdu)?;
        if outer.data.is_empty() {
            return Err(SecureMessagingError::Plain(outer.status));
        }
        self.count();
        let objects = self.authenticated_objects(&[], &outer.data)?;
        let status = match tlv::find(objects, STATUS) {
            Ok([sw1, sw2]) => Status(u16::from_be_bytes([*sw1, *sw2])),
            Ok(_) | Err(_) => return Err(SecureMessagingError::Status),
        };
        if status != outer.status {
            return Err(SecureMessagingError::Status);
        }
        Ok(Response {
            data: self.decrypted_data(objects)?,
            status,
        })
    }

    /// The chip's side: opens a command.
    #[cfg(feature = "chip")]
    pub fn open_command(&mut self, outer: &Command) -> Result<Command, SecureMessagingError> {
        self.count();
        let header = padded(&outer.header(), self.block_bytes());
        let objects = self.authenticated_objects(&header, &outer.data)?;
        let mut command = Command::new(outer.class & !0x0C, outer.instruction, outer.p1, outer.p2);
        command.data = self.decrypted_data(objects)?;
        command.expected = match tlv::find(objects, EXPECTED) {
            Ok([0]) => Some(256),
            Ok([le]) => Some(usize::from(*le)),
            Ok([0, 0]) => Some(65_536),
            Ok([a, b]) => Some(usize::from(u16::from_be_bytes([*a, *b]))),
            Ok(_) | Err(_) => None,
        };
        Ok(command)
    }

    /// The chip's side: protects the response to a command with even instruction.
    #[cfg(feature = "chip")]
    pub fn protect_response(&mut self, response: &Response) -> Vec<u8> {
        self.protect_response_to(0, response)
    }

    /// The chip's side: protects the response to a command with this instruction.
    #[cfg(feature = "chip")]
    pub fn protect_response_to(&mut self, instruction: u8, response: &Response) -> Vec<u8> {
        // The counter that the response will have makes the initial vector.
        let mut ahead = self.clone();
        ahead.count();
        let mut objects = ahead.cryptogram(&response.data, instruction);
        objects.extend(tlv::encode(STATUS, &response.status.0.to_be_bytes()));
        self.authenticated_response(&objects, response.status)
    }

    /// The chip's side: a response of these data objects as they are, authenticated; for chips that break a rule.
    #[cfg(feature = "chip")]
    pub fn authenticated_response(&mut self, objects: &[u8], status: Status) -> Vec<u8> {
        self.count();
        let code = tlv::encode(CODE, &self.code(&[], objects));
        Response {
            data: [objects, &code].concat(),
            status,
        }
        .to_bytes()
    }

    fn count(&mut self) {
        self.counter = self.counter.wrapping_add(1);
    }

    fn block_bytes(&self) -> usize {
        self.keys.suite().block_bytes()
    }

    /// The send sequence counter in the length of a block.
    fn counter_block(&self) -> Vec<u8> {
        let bytes = self.counter.to_be_bytes();
        let from = bytes.len().saturating_sub(self.block_bytes());
        bytes.get(from..).unwrap_or_default().to_vec()
    }

    /// Zeros for triple DES, the encrypted counter for AES (§9.8.6.1, §9.8.7.1).
    fn initial_vector(&self) -> Vec<u8> {
        let zeros = vec![0; self.block_bytes()];
        match self.keys.suite().cipher() {
            Cipher::TripleDes => zeros,
            Cipher::Aes => {
                let mut block = self.counter_block();
                self.keys.encryption.encrypt_cbc(&zeros, &mut block);
                block
            }
        }
    }

    /// The data object with the encrypted data; nothing for no data.
    fn cryptogram(&self, data: &[u8], instruction: u8) -> Vec<u8> {
        if data.is_empty() {
            return Vec::new();
        }
        let mut blocks = padded(data, self.block_bytes());
        self.keys
            .encryption
            .encrypt_cbc(&self.initial_vector(), &mut blocks);
        if instruction & 1 == 1 {
            tlv::encode(CRYPTOGRAM_TLV, &blocks)
        } else {
            tlv::encode_all(CRYPTOGRAM, &[&[PADDING_INDICATOR], &blocks])
        }
    }

    /// The objects before the authentication code, which must be last and right.
    fn authenticated_objects<'a>(
        &self,
        header: &[u8],
        data: &'a [u8],
    ) -> Result<&'a [u8], SecureMessagingError> {
        let all = tlv::children(data).map_err(SecureMessagingError::Tlv)?;
        let code = all
            .last()
            .filter(|object| object.tag == CODE)
            .ok_or(SecureMessagingError::Mac)?;
        let objects = data
            .strip_suffix(code.raw)
            .ok_or(SecureMessagingError::Mac)?;
        if same(&self.code(header, objects), code.value) {
            Ok(objects)
        } else {
            Err(SecureMessagingError::Mac)
        }
    }

    fn decrypted_data(&self, objects: &[u8]) -> Result<Vec<u8>, SecureMessagingError> {
        let all = tlv::children(objects).map_err(SecureMessagingError::Tlv)?;
        let mut cryptograms = all
            .iter()
            .filter(|object| matches!(object.tag, CRYPTOGRAM | CRYPTOGRAM_TLV));
        let blocks = match (cryptograms.next(), cryptograms.next()) {
            (None, _) => return Ok(Vec::new()),
            (Some(object), None) if object.tag == CRYPTOGRAM_TLV => object.value,
            (Some(object), None) => object
                .value
                .strip_prefix(&[PADDING_INDICATOR])
                .ok_or(SecureMessagingError::Cryptogram)?,
            (Some(_), Some(_)) => return Err(SecureMessagingError::Cryptogram),
        };
        if blocks.is_empty() || !blocks.len().is_multiple_of(self.block_bytes()) {
            return Err(SecureMessagingError::Cryptogram);
        }
        let mut plain = blocks.to_vec();
        self.keys
            .encryption
            .decrypt_cbc(&self.initial_vector(), &mut plain);
        unpadded(plain, self.block_bytes()).ok_or(SecureMessagingError::Cryptogram)
    }

    /// The authentication code over counter, padded header and objects, padded once more (§9.8.6.2, §9.8.7.2).
    fn code(&self, header: &[u8], objects: &[u8]) -> [u8; 8] {
        let message = [&self.counter_block(), header, objects].concat();
        match self.keys.suite().cipher() {
            // The retail MAC pads by itself.
            Cipher::TripleDes => self.keys.mac.authentication_code(&message),
            Cipher::Aes => self
                .keys
                .mac
                .authentication_code(&padded(&message, self.block_bytes())),
        }
    }
}
