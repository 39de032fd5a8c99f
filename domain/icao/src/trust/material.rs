//! Trust material as it lies in files: certificates in DER or PEM, revocation lists, master lists, deviation lists, told apart by
//! what they are and not by what they are called.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    certificate::{Certificate, CertificateError},
    cms::{CmsError, SignedData},
    der::Der,
};

use super::{
    TrustStore,
    deviation_list::{DEFECT_LIST, DEVIATION_LIST, DeviationList, DeviationListError},
    master_list::{ListSigner, MasterList, MasterListError},
    revocation::{RevocationList, RevocationListError},
};

/// Why a file is not taken as trust material.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// Text that is no PEM.
    #[error("at offset {offset}: PEM block is not closed or not base64 (RFC 7468)")]
    Pem {
        /// Offset of the block in bytes.
        offset: usize,
    },
    /// Not a certificate, nor anything else.
    #[error("{0}")]
    Certificate(CertificateError),
    /// Not a revocation list.
    #[error("{0}")]
    RevocationList(RevocationListError),
    /// An envelope that is malformed.
    #[error("{0}")]
    Envelope(CmsError),
    /// A master list that is malformed, or not to be believed.
    #[error("master list: {0}")]
    MasterList(MasterListError),
    /// A deviation list that is malformed.
    #[error("deviation list: {0}")]
    DeviationList(DeviationListError),
    /// A deviation list that nobody trusted has signed.
    #[error("deviation list: signature is wrong, or no trust anchor for its signer")]
    DeviationListSigner,
}

impl MaterialError {
    /// Whether the file is sound and only its signer unknown, so that it may be taken once more is known.
    pub fn lacks_anchor(&self) -> bool {
        matches!(
            self,
            Self::MasterList(MasterListError::NoAnchor) | Self::DeviationListSigner
        )
    }
}

impl TrustStore {
    /// Takes a file into the store. A bare list that nobody signed counts as so many certificates: whoever names the file answers
    /// for it.
    pub fn add_material(&mut self, bytes: &[u8], source: &str) -> Result<(), MaterialError> {
        let blocks = pem_blocks(bytes)?;
        if blocks.is_empty() {
            return self.add_der(bytes, source);
        }
        blocks
            .iter()
            .try_for_each(|block| self.add_der(block, source))
    }

    /// Takes files in whatever order they come, since each list may bring the anchor of another one's signer. `source` names a file.
    ///
    /// Gives back the files left aside because their signer leads to no anchor; fails with the first that is malformed.
    pub fn add_all<K>(
        &mut self,
        files: Vec<(K, Vec<u8>)>,
        source: impl Fn(&K) -> String,
    ) -> Result<Vec<(K, MaterialError)>, (K, MaterialError)> {
        let mut waiting = files;
        loop {
            let before = waiting.len();
            let (mut later, mut left) = (Vec::new(), Vec::new());
            for (file, bytes) in waiting {
                match self.add_material(&bytes, &source(&file)) {
                    Ok(()) => {}
                    Err(error) if error.lacks_anchor() => {
                        later.push((file, bytes));
                        left.push(error);
                    }
                    Err(error) => return Err((file, error)),
                }
            }
            if later.is_empty() || later.len() == before {
                let files = later.into_iter().map(|(file, _)| file);
                return Ok(files.zip(left).collect());
            }
            waiting = later;
        }
    }

    /// Adds the revocation lists of a file in DER or PEM, and nothing else.
    pub fn add_revocation_lists(&mut self, bytes: &[u8]) -> Result<(), MaterialError> {
        let blocks = pem_blocks(bytes)?;
        let lists = blocks.iter().map(Vec::as_slice);
        let whole = blocks.is_empty().then_some(bytes);
        for der in lists.chain(whole) {
            let list = RevocationList::from_der(der).map_err(MaterialError::RevocationList)?;
            self.revocation_lists.push(list);
        }
        Ok(())
    }

    fn add_der(&mut self, bytes: &[u8], source: &str) -> Result<(), MaterialError> {
        match kind(bytes) {
            Kind::Envelope => self.add_envelope(bytes, source),
            Kind::BareList => {
                let list = MasterList::parse(bytes).map_err(MaterialError::MasterList)?;
                for certificate in list.certificates {
                    self.add(certificate, Some(source));
                }
                Ok(())
            }
            Kind::RevocationList => {
                let list =
                    RevocationList::from_der(bytes).map_err(MaterialError::RevocationList)?;
                self.revocation_lists.push(list);
                Ok(())
            }
            Kind::Certificate => self
                .add_certificate(bytes, source)
                .map_err(MaterialError::Certificate),
        }
    }

    fn add_envelope(&mut self, bytes: &[u8], source: &str) -> Result<(), MaterialError> {
        let signed = SignedData::parse(bytes).map_err(MaterialError::Envelope)?;
        if ![DEVIATION_LIST, DEFECT_LIST].contains(&signed.content_type.as_slice()) {
            let imported = self.import_master_list(bytes, source);
            return imported.map(drop).map_err(MaterialError::MasterList);
        }
        let list = DeviationList::parse(bytes).map_err(MaterialError::DeviationList)?;
        let signer = ListSigner::judge(&signed, &[], self);
        if !signer.is_some_and(|signer| signer.signature_holds && signer.anchored_outside) {
            return Err(MaterialError::DeviationListSigner);
        }
        self.add_deviation_list(list);
        Ok(())
    }
}

/// What a file must be, by its outermost objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Begins with an object identifier: a ContentInfo.
    Envelope,
    /// Begins with a version and goes on with a SET.
    BareList,
    /// Its first SEQUENCE holds two times at its own level.
    RevocationList,
    /// Anything else.
    Certificate,
}

pub(crate) fn kind(bytes: &[u8]) -> Kind {
    // Only BER envelopes have an indefinite length.
    if let [0x30, 0x80, 0x06, ..] = bytes {
        return Kind::Envelope;
    }
    let first = Der::new(bytes)
        .take(0x30)
        .and_then(|outer| outer.inside().next());
    match first {
        Ok(first) if first.tag == 0x06 => Kind::Envelope,
        Ok(first) if first.tag == 0x02 => Kind::BareList,
        Ok(first) if RevocationList::from_der(bytes).is_ok() && first.tag == 0x30 => {
            Kind::RevocationList
        }
        Ok(_) => Kind::Certificate,
        // A truncated envelope still shows how it begins.
        Err(_) if first_tag(bytes) == Some(0x06) => Kind::Envelope,
        Err(_) => Kind::Certificate,
    }
}

/// The tag behind the outermost tag and length.
fn first_tag(bytes: &[u8]) -> Option<u8> {
    let length = *bytes.get(1)?;
    let more = if length > 0x80 { length & 0x7F } else { 0 };
    bytes.get(2 + usize::from(more)).copied()
}

/// The contents of PEM blocks; empty if the bytes are not PEM at all.
pub(crate) fn pem_blocks(bytes: &[u8]) -> Result<Vec<Vec<u8>>, MaterialError> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(Vec::new());
    };
    let mut blocks = Vec::new();
    let mut offset = 0;
    while let Some(found) = text.get(offset..).and_then(|rest| rest.find(BEGIN)) {
        let start = offset + found;
        let wrong = || MaterialError::Pem { offset: start };
        let rest = text.get(start..).ok_or_else(wrong)?;
        let body = rest.find('\n').ok_or_else(wrong)?;
        let end = rest.find(END).filter(|end| *end > body).ok_or_else(wrong)?;
        let body: String = rest
            .get(body..end)
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        blocks.push(STANDARD.decode(body).map_err(|_| wrong())?);
        offset = start + end + END.len();
    }
    Ok(blocks)
}

/// The only certificate of a file in DER or PEM.
pub fn single_certificate(bytes: &[u8]) -> Result<Certificate, MaterialError> {
    let blocks = pem_blocks(bytes)?;
    let der = blocks.first().map_or(bytes, Vec::as_slice);
    Certificate::from_der(der).map_err(MaterialError::Certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_blocks_are_found_and_broken_ones_named() {
        let text = b"bag attributes\n-----BEGIN X-----\nAQID\n-----END X-----\n-----BEGIN X-----\nBA==\n-----END X-----\n";
        assert_eq!(pem_blocks(text).unwrap(), [vec![1, 2, 3], vec![4]]);
        assert!(pem_blocks(&[0x30, 0xFF]).unwrap().is_empty());
        let open = b"x\n-----BEGIN X-----\nAQID\n";
        assert_eq!(
            pem_blocks(open).unwrap_err().to_string(),
            "at offset 2: PEM block is not closed or not base64 (RFC 7468)"
        );
        assert!(pem_blocks(b"-----BEGIN X-----\n!\n-----END X-----").is_err());
    }
}
