//! The chip's side of Terminal Authentication version 1 (BSI TR-03110-1 §3.5).

use egate_types::Date;

use crate::{
    apdu::{Command, Response, Status},
    cv_certificate::{self, Authorisation, CvCertificate, Reference, Role},
    tlv,
};

/// A chip that checks terminals.
#[derive(Debug, Clone)]
pub struct TerminalVerifier {
    root: CvCertificate,
    today: Date,
    chip_name: Vec<u8>,
    ephemeral: Vec<u8>,
    chain: Vec<CvCertificate>,
    authority: Option<Reference>,
    terminal: Option<Authorisation>,
    challenge: Option<[u8; 8]>,
    granted: Option<Authorisation>,
}

impl TerminalVerifier {
    /// Starts behind Chip Authentication: `chip_name` is ID.PICC, `ephemeral` the terminal's compressed ephemeral key. A chip has
    /// no clock; `today` is the youngest date it has seen.
    pub fn new(root: CvCertificate, today: Date, chip_name: &[u8], ephemeral: &[u8]) -> Self {
        Self {
            root,
            today,
            chip_name: chip_name.to_vec(),
            ephemeral: ephemeral.to_vec(),
            chain: Vec::new(),
            authority: None,
            terminal: None,
            challenge: None,
            granted: None,
        }
    }

    /// What the terminal may do, once it has authenticated itself.
    pub fn granted(&self) -> Option<&Authorisation> {
        self.granted.as_ref()
    }

    /// EF.CVCA: the name of the key that the chip trusts, filled with zeros to 36 bytes.
    pub fn ef_cvca(&self) -> Vec<u8> {
        let mut file = tlv::encode(0x42, self.root.holder.as_bytes());
        file.resize(file.len().max(36), 0);
        file
    }

    /// Answers a command; `random` becomes the challenge.
    pub fn answer(&mut self, command: &Command, random: [u8; 8]) -> Response {
        let challenge = self.challenge.take();
        let answer = match (command.instruction, command.p1, command.p2) {
            (0x22, 0x81, 0xB6) => self.set_authority(&command.data),
            (0x2A, 0x00, 0xBE) => self.verify_certificate(&command.data),
            (0x22, 0x81, 0xA4) => self.set_terminal(&command.data),
            (0x84, 0x00, 0x00) => {
                self.challenge = Some(random);
                return Response {
                    data: random.to_vec(),
                    status: Status::OK,
                };
            }
            (0x82, 0x00, 0x00) => self.authenticate(challenge, &command.data),
            _ => Err(Status::UNKNOWN_INSTRUCTION),
        };
        Response {
            data: Vec::new(),
            status: answer.err().unwrap_or(Status::OK),
        }
    }

    fn set_authority(&mut self, data: &[u8]) -> Result<(), Status> {
        let name = name(data)?;
        let known = self.chain.iter().chain([&self.root]);
        if !known.into_iter().any(|c| c.holder == name) {
            return Err(REFERENCE_NOT_FOUND);
        }
        self.authority = Some(name);
        Ok(())
    }

    fn verify_certificate(&mut self, data: &[u8]) -> Result<(), Status> {
        let authority = self.authority.take().ok_or(Status::CONDITIONS)?;
        let certificate = CvCertificate::parse(&tlv::encode(0x7F21, data))
            .map_err(|_| Status::AUTHENTICATION_FAILED)?;
        // Certificates behind the named one belong to an attempt that went elsewhere.
        let kept = self.chain.iter().position(|c| c.holder == authority);
        self.chain.truncate(kept.map_or(0, |at| at + 1));
        self.terminal = None;
        self.chain.push(certificate);
        let verified = cv_certificate::verify_chain(&self.root, &self.chain, self.today);
        match verified {
            Ok(authorisation) => {
                self.terminal = Some(authorisation).filter(|a| a.role == Role::Terminal);
                Ok(())
            }
            Err(_) => {
                self.chain.pop();
                Err(Status::AUTHENTICATION_FAILED)
            }
        }
    }

    fn set_terminal(&mut self, data: &[u8]) -> Result<(), Status> {
        let name = name(data)?;
        match self.chain.last() {
            Some(last) if last.holder == name && self.terminal.is_some() => Ok(()),
            Some(_) | None => Err(REFERENCE_NOT_FOUND),
        }
    }

    fn authenticate(&mut self, challenge: Option<[u8; 8]>, signature: &[u8]) -> Result<(), Status> {
        let challenge = challenge.ok_or(Status::CONDITIONS)?;
        let authorisation = self.terminal.clone().ok_or(Status::CONDITIONS)?;
        let message = [&self.chip_name[..], &challenge, &self.ephemeral].concat();
        cv_certificate::verify_by_holder(&self.root, &self.chain, &message, signature)
            .map_err(|_| Status::AUTHENTICATION_FAILED)?;
        self.granted = Some(authorisation);
        Ok(())
    }
}

fn name(data: &[u8]) -> Result<Reference, Status> {
    tlv::find(data, 0x83)
        .ok()
        .and_then(|name| Reference::new(name).ok())
        .ok_or(WRONG_DATA)
}

/// Referenced data not found.
const REFERENCE_NOT_FOUND: Status = Status(0x6A88);
/// Incorrect parameters in the data field.
const WRONG_DATA: Status = Status(0x6A80);
