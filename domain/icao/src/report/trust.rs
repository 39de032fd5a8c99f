//! `trust inspect`: what a master list, deviation list, revocation list or certificate holds.

use std::collections::{BTreeMap, BTreeSet};

use egate_types::{Date, UtcTime};
use openssl::hash::{MessageDigest, hash};
use serde::Serialize;

use crate::{
    certificate::{Certificate, CertificateError},
    cms::{CmsError, SignedData},
    trust::{
        TrustStore,
        deviation_list::{DEFECT_LIST, DEVIATION_LIST, DeviationList, DeviationListError},
        inspect::{self, Counts},
        master_list::{ListSigner, MasterList, MasterListError},
        material::{self, Kind, MaterialError},
        revocation::{RevocationList, RevocationListError},
    },
};

use super::{hex, instant, prefix};

/// A file of trust material.
#[derive(Debug, Clone, Serialize)]
pub struct TrustView {
    /// `master_list`, `bare_master_list`, `deviation_list`, `defect_list`, `certificate`, `revocation_list`.
    pub kind: &'static str,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Bytes of the file.
    pub size: usize,
    /// Counts over its certificates.
    #[serde(flatten)]
    pub counts: Option<CountsView>,
    /// Who signed it.
    #[serde(flatten)]
    pub signature: Option<SignatureView>,
    /// A deviation or defect list.
    #[serde(flatten)]
    pub deviations: Option<DeviationsView>,
    /// A single certificate.
    #[serde(flatten)]
    pub certificate: Option<CertificateView>,
    /// A revocation list.
    #[serde(flatten)]
    pub revocation_list: Option<RevocationListView>,
}

/// Counts over the certificates of a list.
#[derive(Debug, Clone, Serialize)]
pub struct CountsView {
    /// Entries.
    pub certificates: usize,
    /// Different entries.
    pub unique: usize,
    /// Different countries, in upper case.
    pub countries: usize,
    /// Certificates that their own key signed.
    pub self_signed_signature_ok: usize,
    /// Others that a key of the list signed.
    pub link_certificates_verified_within_list: usize,
    /// Those that no key of the list signed.
    pub not_verifiable_within_list: usize,
    /// The same by the first 24 hexadecimal digits of their SHA-256.
    pub not_verifiable_sha256_prefix: BTreeSet<String>,
    /// `expired_on_YYYY_MM_DD`: not valid any more on that day.
    #[serde(flatten)]
    pub expired: BTreeMap<String, usize>,
    /// Elliptic curve keys.
    pub ec_keys: usize,
    /// Of them on a brainpool curve.
    pub ec_brainpool: usize,
    /// Of them with explicit parameters.
    pub ec_explicit_parameters: usize,
    /// RSA keys.
    pub rsa_keys: usize,
    /// Of them with an exponent other than 65537.
    pub rsa_exponent_not_65537: usize,
    /// Keys of another kind, or that cannot be decoded.
    pub unknown_keys: usize,
    /// Serial numbers that are zero or negative.
    pub serial_negative_or_zero: usize,
    /// Signed with RSASSA-PSS.
    pub signed_with_rsassa_pss: usize,
    /// Signed over SHA-1.
    pub signed_with_sha1: usize,
    /// How often each deviation from ICAO 9303-12 occurs.
    pub certificate_deviations: BTreeMap<String, usize>,
}

/// Who signed a list.
#[derive(Debug, Clone, Serialize)]
pub struct SignatureView {
    /// Certificates in the envelope.
    pub certificates_in_signed_data: usize,
    /// `ok` or `fails`, by the measure of OpenSSL, which wants the NULL that some signers leave out.
    pub openssl_cms_signature: &'static str,
    /// `ok` where only a tolerant reading of PKCS#1 v1.5 verifies (RFC 8017 §9.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerant_signature: Option<&'static str>,
    /// What had to be tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_note: Option<String>,
    /// The first 24 hexadecimal digits of the SHA-256 of the signer's certificate.
    pub signer_sha256_prefix: Option<String>,
    /// Whether the list or its envelope holds the certificate that issued the signer.
    pub signer_issuer_in_list_or_bundle: bool,
    /// Whether the signer leads to an anchor given, to one of the list alone, or to none: `anchor`, `list`, `none`.
    pub signer_chain: &'static str,
    /// When it was signed: the age of the list.
    pub signing_time: Option<String>,
    /// Days from signing to the day of the inspection.
    pub age_days: Option<i64>,
}

/// A deviation or defect list.
#[derive(Debug, Clone, Serialize)]
pub struct DeviationsView {
    /// Entries.
    pub deviations: usize,
    /// Document numbers in all entries.
    pub document_numbers: usize,
    /// Entries that name a document signer.
    pub document_signers: usize,
    /// How many entries name each type of deviation, by object identifier.
    pub deviation_types: BTreeMap<String, usize>,
}

/// A single certificate.
#[derive(Debug, Clone, Serialize)]
pub struct CertificateView {
    /// Country as written.
    pub country: Option<String>,
    /// First instant of validity.
    pub not_before: String,
    /// Last instant of validity.
    pub not_after: String,
    /// Its own key signed it: it can be an anchor.
    pub self_signed: bool,
}

/// A revocation list.
#[derive(Debug, Clone, Serialize)]
pub struct RevocationListView {
    /// Country as written.
    pub country: Option<String>,
    /// When it was made.
    pub this_update: String,
    /// When the next one is due.
    pub next_update: Option<String>,
    /// Certificates it revokes.
    pub revoked: usize,
    /// The next one was due before the day of the inspection.
    pub stale: bool,
}

/// Why a file is none of these.
#[derive(Debug, thiserror::Error)]
pub enum TrustViewError {
    /// Not a master list.
    #[error("{0}")]
    MasterList(MasterListError),
    /// Not a deviation list.
    #[error("{0}")]
    DeviationList(DeviationListError),
    /// Nothing else either, and not a certificate.
    #[error("{0}")]
    Certificate(CertificateError),
    /// Not a revocation list.
    #[error("{0}")]
    RevocationList(RevocationListError),
    /// An envelope that is malformed.
    #[error("{0}")]
    Envelope(CmsError),
    /// Malformed PEM.
    #[error("{0}")]
    Material(MaterialError),
    /// The hash of the file cannot be computed.
    #[error("hash of the file cannot be computed")]
    Hash,
}

/// Reads a file of trust material. `store` holds anchors for the signer of a list; `day` is that of the inspection.
pub fn view(bytes: &[u8], store: &TrustStore, day: Date) -> Result<TrustView, TrustViewError> {
    let digest = hash(MessageDigest::sha256(), bytes).map_err(|_| TrustViewError::Hash)?;
    let mut view = TrustView {
        kind: "certificate",
        sha256: hex(&digest),
        size: bytes.len(),
        counts: None,
        signature: None,
        deviations: None,
        certificate: None,
        revocation_list: None,
    };
    let blocks = material::pem_blocks(bytes).map_err(TrustViewError::Material)?;
    let bytes = blocks.first().map_or(bytes, Vec::as_slice);
    match material::kind(bytes) {
        Kind::Certificate => {
            let certificate = Certificate::from_der(bytes).map_err(TrustViewError::Certificate)?;
            view.certificate = Some(CertificateView::of(&certificate));
        }
        Kind::RevocationList => {
            let list = RevocationList::from_der(bytes).map_err(TrustViewError::RevocationList)?;
            view.kind = "revocation_list";
            view.revocation_list = Some(RevocationListView::of(&list, day));
        }
        Kind::BareList => view.add_master_list(bytes, store, day)?,
        Kind::Envelope => {
            let signed = SignedData::parse(bytes).map_err(TrustViewError::Envelope)?;
            match signed.content_type.as_slice() {
                DEVIATION_LIST | DEFECT_LIST => view.add_deviations(&signed, bytes, store, day)?,
                _ => view.add_master_list(bytes, store, day)?,
            }
        }
    }
    Ok(view)
}

impl TrustView {
    fn add_deviations(
        &mut self,
        signed: &SignedData,
        bytes: &[u8],
        store: &TrustStore,
        day: Date,
    ) -> Result<(), TrustViewError> {
        let list = DeviationList::parse(bytes).map_err(TrustViewError::DeviationList)?;
        let icao = signed.content_type == DEVIATION_LIST;
        self.kind = if icao {
            "deviation_list"
        } else {
            "defect_list"
        };
        self.signature = Some(SignatureView::of(signed, &[], store, day));
        self.deviations = Some(DeviationsView::of(&list));
        Ok(())
    }

    fn add_master_list(
        &mut self,
        bytes: &[u8],
        store: &TrustStore,
        day: Date,
    ) -> Result<(), TrustViewError> {
        let list = MasterList::parse(bytes).map_err(TrustViewError::MasterList)?;
        self.kind = "bare_master_list";
        if let Some(signed) = &list.signed {
            self.kind = "master_list";
            self.signature = Some(SignatureView::of(signed, &list.certificates, store, day));
        }
        let counts = inspect::count(&list.certificates, day);
        self.counts = Some(CountsView::of(counts, day));
        Ok(())
    }
}

impl CountsView {
    fn of(counts: Counts, day: Date) -> Self {
        let key = format!(
            "expired_on_{:04}_{:02}_{:02}",
            day.year(),
            day.month(),
            day.day()
        );
        let deviations = counts.deviations.iter();
        Self {
            certificates: counts.certificates,
            unique: counts.unique,
            countries: counts.countries,
            self_signed_signature_ok: counts.self_signed,
            link_certificates_verified_within_list: counts.links,
            not_verifiable_within_list: counts.not_verifiable.len(),
            not_verifiable_sha256_prefix: counts.not_verifiable.iter().map(|f| prefix(f)).collect(),
            expired: BTreeMap::from([(key, counts.expired)]),
            ec_keys: counts.ec_keys,
            ec_brainpool: counts.ec_brainpool,
            ec_explicit_parameters: counts.ec_explicit_parameters,
            rsa_keys: counts.rsa_keys,
            rsa_exponent_not_65537: counts.rsa_exponent_not_65537,
            unknown_keys: counts.unknown_keys,
            serial_negative_or_zero: counts.serial_negative_or_zero,
            signed_with_rsassa_pss: counts.signed_with_rsassa_pss,
            signed_with_sha1: counts.signed_with_sha1,
            certificate_deviations: deviations
                .map(|(text, n)| ((*text).to_owned(), *n))
                .collect(),
        }
    }
}

impl SignatureView {
    fn of(signed: &SignedData, list: &[Certificate], store: &TrustStore, day: Date) -> Self {
        let bundle: Vec<Certificate> = signed
            .certificates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect();
        let judged = ListSigner::judge(signed, list, store);
        let signer = judged.as_ref();
        let tolerated = signer.is_some_and(ListSigner::needs_tolerance);
        let holds = signer.is_some_and(|signer| signer.signature_holds);
        let issued = |certificate: &Certificate| {
            let mut issuers = list.iter().chain(&bundle);
            issuers.any(|issuer| {
                issuer.der() != certificate.der()
                    && certificate.may_be_issued_by(issuer)
                    && certificate.verify_under(issuer).is_ok()
            })
        };
        let signing_time = signer.and_then(|signer| signer.signing_time);
        let note = signer.map(|signer| {
            let notes: Vec<&str> = signer.deviations.iter().copied().collect();
            notes.join("; ")
        });
        Self {
            certificates_in_signed_data: signed.certificates.len(),
            openssl_cms_signature: if holds && !tolerated { "ok" } else { "fails" },
            tolerant_signature: (holds && tolerated).then_some("ok"),
            signature_note: note.filter(|note| !note.is_empty()),
            signer_sha256_prefix: signer.map(|s| prefix(&s.certificate.fingerprint())),
            signer_issuer_in_list_or_bundle: signer.is_some_and(|s| issued(&s.certificate)),
            signer_chain: match signer {
                Some(signer) if signer.anchored_outside => "anchor",
                Some(signer) if signer.anchored_inside => "list",
                Some(_) | None => "none",
            },
            signing_time: signing_time.map(instant),
            age_days: signing_time.map(|time| day.days() - time.date().days()),
        }
    }
}

impl DeviationsView {
    fn of(list: &DeviationList) -> Self {
        let mut types: BTreeMap<String, usize> = BTreeMap::new();
        for (oid, _) in list.deviations.iter().flat_map(|d| &d.findings) {
            *types.entry(oid.clone()).or_default() += 1;
        }
        let by_signer = list.deviations.iter().filter(|d| d.signer.is_some());
        Self {
            deviations: list.deviations.len(),
            document_numbers: list.document_numbers(),
            document_signers: by_signer.count(),
            deviation_types: types,
        }
    }
}

impl CertificateView {
    fn of(certificate: &Certificate) -> Self {
        Self {
            country: certificate.country().map(str::to_owned),
            not_before: instant(certificate.not_before),
            not_after: instant(certificate.not_after),
            self_signed: certificate.is_self_signed(),
        }
    }
}

impl RevocationListView {
    fn of(list: &RevocationList, day: Date) -> Self {
        Self {
            country: list.issuer.country().map(str::to_owned),
            this_update: instant(list.this_update),
            next_update: list.next_update.map(instant),
            revoked: list.len(),
            stale: list.is_stale(UtcTime(day.days() * 86_400_000)),
        }
    }
}
