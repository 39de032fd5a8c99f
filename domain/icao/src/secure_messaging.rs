//! Secure messaging with triple DES (ICAO 9303-11 §9.8): every command and response encrypted and authenticated, counted by
//! the send sequence counter.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    apdu::{ApduError, Command, Response, Status},
    bac::{KeyPair, decrypt_cbc, encrypt_cbc, padded, retail_mac, same},
    tlv::{self, TlvError},
};

/// One protected channel, either side of it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecureMessaging {
    keys: KeyPair,
    counter: u64,
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
    /// The encrypted data are not whole blocks or end in wrong padding.
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

impl SecureMessaging {
    /// A channel with its keys and the initial send sequence counter.
    pub fn new(keys: KeyPair, counter: u64) -> Self {
        Self { keys, counter }
    }

    /// The terminal's side: protects a command.
    pub fn protect_command(&mut self, command: &Command) -> Vec<u8> {
        self.counter = self.counter.wrapping_add(1);
        let header = [
            command.class | 0x0C,
            command.instruction,
            command.p1,
            command.p2,
        ];
        let mut objects = Vec::new();
        if !command.data.is_empty() {
            objects.extend(tlv::encode(0x87, &self.encrypt(&command.data)));
        }
        if let Some(expected) = command.expected {
            let extended = (expected as u16).to_be_bytes();
            let length = if expected > 256 {
                &extended[..]
            } else {
                &extended[1..]
            };
            objects.extend(tlv::encode(0x97, length));
        }
        let mut authenticated = padded(&header);
        authenticated.extend_from_slice(&objects);
        let mac = self.mac(&authenticated);
        objects.extend(tlv::encode(0x8E, &mac));
        let extended = command.expected.is_some_and(|n| n > 231) || objects.len() > 255;
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
        self.counter = self.counter.wrapping_add(1);
        let objects = self.authenticated_objects(&[], &outer.data)?;
        let status = match tlv::find(objects, 0x99) {
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
        self.counter = self.counter.wrapping_add(1);
        let objects = self.authenticated_objects(&padded(&outer.header()), &outer.data)?;
        let mut command = Command::new(outer.class & 0xF0, outer.instruction, outer.p1, outer.p2);
        command.data = self.decrypted_data(objects)?;
        command.expected = match tlv::find(objects, 0x97) {
            Ok([0]) => Some(256),
            Ok([le]) => Some(usize::from(*le)),
            Ok([0, 0]) => Some(65_536),
            Ok([a, b]) => Some(usize::from(u16::from_be_bytes([*a, *b]))),
            Ok(_) | Err(_) => None,
        };
        Ok(command)
    }

    /// The chip's side: protects a response.
    #[cfg(feature = "chip")]
    pub fn protect_response(&mut self, response: &Response) -> Vec<u8> {
        self.counter = self.counter.wrapping_add(1);
        let mut objects = Vec::new();
        if !response.data.is_empty() {
            objects.extend(tlv::encode(0x87, &self.encrypt(&response.data)));
        }
        objects.extend(tlv::encode(0x99, &response.status.0.to_be_bytes()));
        let mac = self.mac(&objects);
        objects.extend(tlv::encode(0x8E, &mac));
        Response {
            data: objects,
            status: response.status,
        }
        .to_bytes()
    }

    fn encrypt(&self, data: &[u8]) -> Vec<u8> {
        let mut blocks = padded(data);
        encrypt_cbc(&self.keys.encryption, &mut blocks);
        blocks.insert(0, 0x01);
        blocks
    }

    /// The objects before the authentication code, which must be last and right.
    fn authenticated_objects<'a>(
        &self,
        prefix: &[u8],
        data: &'a [u8],
    ) -> Result<&'a [u8], SecureMessagingError> {
        let all = tlv::children(data).map_err(SecureMessagingError::Tlv)?;
        let code = all
            .last()
            .filter(|o| o.tag == 0x8E)
            .ok_or(SecureMessagingError::Mac)?;
        let objects = &data[..data.len() - code.raw.len()];
        let expected = self.mac(&[prefix, objects].concat());
        if same(&expected, code.value) {
            Ok(objects)
        } else {
            Err(SecureMessagingError::Mac)
        }
    }

    fn decrypted_data(&self, objects: &[u8]) -> Result<Vec<u8>, SecureMessagingError> {
        let cryptogram = match tlv::find(objects, 0x87) {
            Ok(cryptogram) => cryptogram,
            Err(TlvError::Missing(_)) => return Ok(Vec::new()),
            Err(e) => return Err(SecureMessagingError::Tlv(e)),
        };
        let [0x01, blocks @ ..] = cryptogram else {
            return Err(SecureMessagingError::Cryptogram);
        };
        if blocks.is_empty() || !blocks.len().is_multiple_of(8) {
            return Err(SecureMessagingError::Cryptogram);
        }
        let mut plain = blocks.to_vec();
        decrypt_cbc(&self.keys.encryption, &mut plain);
        let end = plain
            .iter()
            .rposition(|b| *b != 0)
            .filter(|at| plain[*at] == 0x80);
        plain.truncate(end.ok_or(SecureMessagingError::Cryptogram)?);
        Ok(plain)
    }

    fn mac(&self, message: &[u8]) -> [u8; 8] {
        let counted = [&self.counter.to_be_bytes(), message].concat();
        retail_mac(&self.keys.mac, &padded(&counted))
    }
}
