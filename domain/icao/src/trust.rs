//! The trust store: country signing certificates, and who issued a document signer (ICAO 9303-12).
//!
//! The chain is judged link by link here, because OpenSSL's own store refuses keys with explicit curve parameters, which
//! ICAO 9303-12 demands. A link certificate never is an anchor: a chain ends at a certificate that its own key signed, or at one that
//! the operator pinned.

pub mod deviation_list;
pub mod inspect;
pub mod master_list;
pub mod material;
pub mod revocation;

use std::collections::{BTreeMap, BTreeSet};

use egate_types::{Date, UtcTime};

use crate::{
    certificate::{Certificate, CertificateError},
    cms::{SignedData, SignerInfo, SignerMatch},
    limits::{CHAIN_LINKS_MAX, ISSUER_CANDIDATES_MAX},
};

use deviation_list::{Deviation, DeviationList};
use master_list::{MasterList, MasterListError};
use revocation::{Revocation, RevocationList, RevocationListError};

/// Country signing certificates this gate trusts, and what belongs to them.
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    entries: Vec<Entry>,
    by_fingerprint: BTreeMap<Vec<u8>, usize>,
    document_signers: Vec<Certificate>,
    revocation_lists: Vec<RevocationList>,
    deviation_lists: Vec<DeviationList>,
}

#[derive(Debug, Clone)]
struct Entry {
    certificate: Certificate,
    /// From where it was taken, e.g. names of files; empty for certificates that came with the document.
    sources: BTreeSet<String>,
    pinned: bool,
    /// Came with the document: good for a link, never an anchor.
    only_link: bool,
}

/// A certificate or list that cannot be taken into the store.
#[derive(Debug, thiserror::Error)]
#[error("entry {index} (from zero) of the trust store cannot be read")]
pub struct TrustError {
    /// Its place in what was given.
    pub index: usize,
    /// What is wrong with it.
    #[source]
    pub source: TrustErrorKind,
}

/// What is wrong with an entry of the trust store.
#[derive(Debug, thiserror::Error)]
pub enum TrustErrorKind {
    /// Not a certificate.
    #[error("not a certificate")]
    Certificate(#[source] CertificateError),
    /// Not a revocation list.
    #[error("not a revocation list")]
    RevocationList(#[source] RevocationListError),
}

/// Who issued a document signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuers {
    /// SHA-256 of every certificate whose key signed the document signer and that leads to an anchor, with its sources. A country
    /// signing certificate and its link certificates hold the same key, so there may be several.
    pub certificates: BTreeMap<Vec<u8>, BTreeSet<String>>,
    /// Links between document signer and anchor on the shortest way, 1 or more.
    pub links: usize,
    /// Whether the nearest issuer is valid on the day.
    pub valid_on_day: bool,
    /// Deviations from ICAO 9303-12.
    pub deviations: Vec<String>,
}

/// Why a document signer is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// No trusted country certificate bears the issuer's name or key.
    #[error("no trust anchor for the issuer of the document signer")]
    NoAnchor,
    /// Certificates of that name or key exist; none of them issued this certificate.
    #[error("no trust anchor: certificates of the issuer's name did not sign the document signer")]
    NotIssued,
    /// A link certificate issued it, and nobody trusted issued the link.
    #[error(
        "no trust anchor: only a link certificate without a trusted issuer signed the document signer"
    )]
    LinkOnly,
}

impl TrustStore {
    /// From DER certificates.
    pub fn from_certificates<T: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = T>,
    ) -> Result<Self, TrustError> {
        let mut store = Self::default();
        for (index, der) in certificates.into_iter().enumerate() {
            store
                .add_certificate(der.as_ref(), "certificates")
                .map_err(|source| TrustError {
                    index,
                    source: TrustErrorKind::Certificate(source),
                })?;
        }
        Ok(store)
    }

    /// Adds DER revocation lists. A list counts only under the key of a trusted country signing certificate.
    pub fn with_revocation_lists<T: AsRef<[u8]>>(
        mut self,
        lists: impl IntoIterator<Item = T>,
    ) -> Result<Self, TrustError> {
        for (index, der) in lists.into_iter().enumerate() {
            let list = RevocationList::from_der(der.as_ref()).map_err(|source| TrustError {
                index,
                source: TrustErrorKind::RevocationList(source),
            })?;
            self.revocation_lists.push(list);
        }
        Ok(self)
    }

    /// Adds a DER certificate; self-signed, it is an anchor, else a link. `source` names where it comes from.
    pub fn add_certificate(&mut self, der: &[u8], source: &str) -> Result<(), CertificateError> {
        self.add(Certificate::from_der(der)?, Some(source));
        Ok(())
    }

    /// Adds a certificate as an anchor although its own key did not sign it: the operator answers for it.
    pub fn pin_certificate(&mut self, der: &[u8], source: &str) -> Result<(), CertificateError> {
        let index = self.add(Certificate::from_der(der)?, Some(source));
        if let Some(entry) = self.entries.get_mut(index) {
            entry.pinned = true;
        }
        Ok(())
    }

    /// Adds a link certificate that came with a document: it leads to an anchor of the store and never is one itself.
    pub fn add_link(&mut self, der: &[u8]) -> Result<(), CertificateError> {
        self.add_link_certificate(Certificate::from_der(der)?);
        Ok(())
    }

    /// As [`Self::add_link`].
    pub fn add_link_certificate(&mut self, link: Certificate) {
        self.add(link, None);
    }

    /// Adds a document signer certificate for security objects that hold none. It is not trusted by this.
    pub fn add_document_signer(&mut self, der: &[u8]) -> Result<(), CertificateError> {
        self.add_document_signer_certificate(Certificate::from_der(der)?);
        Ok(())
    }

    /// As [`Self::add_document_signer`].
    pub fn add_document_signer_certificate(&mut self, signer: Certificate) {
        self.document_signers.push(signer);
    }

    /// Takes over the certificates of a signed master list, if its signature holds and its signer was issued by a certificate of the
    /// list or of the store.
    pub fn import_master_list(
        &mut self,
        bytes: &[u8],
        source: &str,
    ) -> Result<MasterList, MasterListError> {
        let list = MasterList::parse(bytes)?;
        list.verify(self)?;
        for certificate in &list.certificates {
            self.add(certificate.clone(), Some(source));
        }
        Ok(list)
    }

    /// Adds a list of known deviations and defects. Whoever adds it has checked its signer.
    pub fn add_deviation_list(&mut self, list: DeviationList) {
        self.deviation_lists.push(list);
    }

    /// What deviation lists say about a document.
    pub(crate) fn known_deviations(
        &self,
        document_number: Option<&str>,
        signer: Option<&Certificate>,
    ) -> Vec<&Deviation> {
        let lists = self.deviation_lists.iter();
        lists
            .flat_map(|list| list.about(document_number, signer))
            .collect()
    }

    fn add(&mut self, certificate: Certificate, source: Option<&str>) -> usize {
        let fingerprint = certificate.fingerprint();
        let next = self.entries.len();
        let index = *self.by_fingerprint.entry(fingerprint).or_insert(next);
        if index == next {
            self.entries.push(Entry {
                certificate,
                sources: BTreeSet::new(),
                pinned: false,
                only_link: source.is_none(),
            });
        }
        if let (Some(entry), Some(source)) = (self.entries.get_mut(index), source) {
            entry.sources.insert(source.to_owned());
            entry.only_link = false;
        }
        index
    }

    /// Number of certificates.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every certificate.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.entries.iter().map(|entry| &entry.certificate)
    }

    /// The certificate that made a signature: enclosed, at hand, or in the store.
    pub(crate) fn signer_certificate(
        &self,
        signed: &SignedData,
        signer: &SignerInfo,
    ) -> Option<(Certificate, SignerMatch)> {
        signed.signer_certificate(signer, &self.document_signers)
    }

    /// Who issued a certificate, up to an anchor.
    pub fn issuers(&self, certificate: &Certificate, day: Date) -> Result<Issuers, Distrust> {
        let candidates: Vec<usize> = self.candidates(certificate).collect();
        if candidates.is_empty() {
            return Err(Distrust::NoAnchor);
        }
        let signed: Vec<usize> = candidates
            .into_iter()
            .filter(|index| self.issued(*index, certificate))
            .collect();
        if signed.is_empty() {
            return Err(Distrust::NotIssued);
        }
        let mut issuers = Issuers {
            certificates: BTreeMap::new(),
            links: CHAIN_LINKS_MAX,
            valid_on_day: false,
            deviations: Vec::new(),
        };
        let mut named = false;
        for index in signed {
            let (Some(entry), Some(links)) = (self.entries.get(index), self.links(index)) else {
                continue;
            };
            let issuer = &entry.certificate;
            issuers
                .certificates
                .insert(issuer.fingerprint(), entry.sources.clone());
            issuers.links = issuers.links.min(links + 1);
            issuers.valid_on_day |= issuer.is_valid_on(day);
            named |= issuer.subject == certificate.issuer;
            if issuer.is_authority == Some(false) {
                note(
                    &mut issuers.deviations,
                    "CSCA certificate denies being an authority",
                );
            }
        }
        if issuers.certificates.is_empty() {
            return Err(Distrust::LinkOnly);
        }
        if !named {
            note(
                &mut issuers.deviations,
                "issuer of the document signer is named unlike its CSCA",
            );
        }
        if !issuers.valid_on_day {
            note(
                &mut issuers.deviations,
                "CSCA certificate is not valid on this day",
            );
        }
        Ok(issuers)
    }

    /// Whether a revocation list names the certificate.
    pub fn revocation(&self, certificate: &Certificate, at: UtcTime) -> Revocation {
        let mut revocation = Revocation::default();
        for list in &self.revocation_lists {
            if !list.concerns(certificate) {
                continue;
            }
            let signers = self.entries.iter().enumerate().filter(|(_, entry)| {
                list.may_be_issued_by(&entry.certificate)
                    && entry.certificate.may_sign_revocation_lists() != Some(false)
            });
            let mut trusted = signers
                .filter(|(index, _)| self.links(*index).is_some())
                .map(|(_, entry)| &entry.certificate);
            if trusted.any(|issuer| list.verify_under(issuer).is_ok()) {
                revocation.absorb(list, certificate, at);
            } else {
                revocation.bad_signature = true;
            }
        }
        revocation
    }

    fn candidates<'a>(&'a self, certificate: &'a Certificate) -> impl Iterator<Item = usize> + 'a {
        let entries = self.entries.iter().enumerate();
        entries
            .filter(|(_, entry)| {
                certificate.may_be_issued_by(&entry.certificate)
                    && entry.certificate.may_sign_certificates() != Some(false)
            })
            .map(|(index, _)| index)
            .take(ISSUER_CANDIDATES_MAX)
    }

    fn issued(&self, index: usize, certificate: &Certificate) -> bool {
        self.entries
            .get(index)
            .is_some_and(|entry| certificate.verify_under(&entry.certificate).is_ok())
    }

    /// Links from this entry up to an anchor; zero for an anchor, `None` if there is no way.
    fn links(&self, index: usize) -> Option<usize> {
        let mut visited = BTreeSet::from([index]);
        let mut level = vec![index];
        for links in 0..CHAIN_LINKS_MAX {
            if level.iter().any(|index| self.is_anchor(*index)) {
                return Some(links);
            }
            let mut next = Vec::new();
            let entries = level.iter().filter_map(|index| self.entries.get(*index));
            for entry in entries.filter(|entry| entry.certificate.stays_in_country()) {
                for candidate in self.candidates(&entry.certificate) {
                    if !visited.contains(&candidate) && self.issued(candidate, &entry.certificate) {
                        visited.insert(candidate);
                        next.push(candidate);
                    }
                }
            }
            level = next;
        }
        None
    }

    fn is_anchor(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| {
            entry.pinned || (!entry.only_link && entry.certificate.is_self_signed())
        })
    }
}

fn note(deviations: &mut Vec<String>, text: &str) {
    if !deviations.iter().any(|known| known == text) {
        deviations.push(text.to_owned());
    }
}
