//! `document sod`: one signed object, EF.SOD or EF.CardSecurity, judged alone.

use std::collections::{BTreeMap, BTreeSet};

use egate_types::Date;
use serde::Serialize;

use crate::{
    certificate::Certificate,
    cms::{SignedData, SignerId, SignerInfo},
    sod::{self, SodError},
    trust::TrustStore,
    verify::signed::{SignedAssessment, scheme_name},
};

use super::{hex, instant, prefix, serial};

/// id-SecurityObject of BSI TR-03110-3 §A.1.2.5: the content of EF.CardSecurity.
const CARD_SECURITY: &str = "0.4.0.127.0.7.3.2.1";

/// The object and its verdict.
#[derive(Debug, Clone, Serialize)]
pub struct SodView {
    /// `valid`, `invalid`, or `signature valid, no trust anchor`: signature and chain alone, validity periods left aside.
    pub result: &'static str,
    /// Country of the document signer, in upper case.
    pub country: Option<String>,
    /// Hash algorithm of the data groups; none in EF.CardSecurity.
    pub dg_hash_alg: Option<&'static str>,
    /// Hash per data group number.
    pub dg_hashes: BTreeMap<String, String>,
    /// LDS version, if the object states it.
    pub lds_version: Option<String>,
    /// Hash algorithm of the message digest.
    pub digest: &'static str,
    /// Object identifier of the content's type.
    pub econtent_type: String,
    /// Whether the signed attributes are in DER's order.
    pub attrs_der_sorted: bool,
    /// How the signer is named.
    pub sid: &'static str,
    /// Number of signer infos.
    pub signer_infos: usize,
    /// Object identifier of the signature algorithm.
    pub signature_algorithm_oid: String,
    /// Scheme and hash of the signature, e.g. `rsa-pss sha256`.
    pub sod_signature: Option<String>,
    /// Whether the signature value is right.
    pub sod_signature_ok: bool,
    /// Whether the message digest is that of the content.
    pub message_digest_ok: bool,
    /// Signing time, if stated.
    pub signing_time: Option<String>,
    /// The document signer's certificate.
    pub dsc: Option<DscView>,
    /// Curve of its key and how it is written, e.g. `brainpoolP256r1 explicit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsc_curve: Option<String>,
    /// The first 24 hexadecimal digits of the SHA-256 of every trusted certificate whose key signed the document signer.
    pub csca_sha256_prefix: BTreeSet<String>,
    /// Where each of them was found.
    pub csca_in: BTreeMap<String, BTreeSet<String>>,
    /// What is known of the issuer that is not trusted.
    pub distrust: Option<String>,
    /// Everything that fails, in order of weight.
    pub reasons: Vec<String>,
    /// Deviations that were tolerated.
    pub deviations: Vec<String>,
}

/// A document signer certificate.
#[derive(Debug, Clone, Serialize)]
pub struct DscView {
    /// First instant of validity.
    pub not_before: String,
    /// Last instant of validity.
    pub not_after: String,
    /// Serial number.
    pub serial: String,
    /// Signature algorithm by OpenSSL's name.
    pub sig_alg: String,
}

/// Judges EF.SOD or EF.CardSecurity on its own.
pub fn view(file: &[u8], trust: &TrustStore, at: Date) -> Result<SodView, SodError> {
    let signed = sod::envelope(file)?;
    let security_object = if signed.content_type_text() == CARD_SECURITY {
        None
    } else {
        Some(sod::parse(file)?)
    };
    let [signer] = signed.signers.as_slice() else {
        return Err(SodError::Signers(signed.signers.len()));
    };
    let assessed = SignedAssessment::new(&signed, signer, trust, at);
    let mut deviations = assessed.deviations.clone();
    if let Some(object) = &security_object {
        deviations.extend(object.deviations.clone());
    }
    let known_type = security_object
        .as_ref()
        .is_none_or(|object| object.has_known_content_type());
    let certificate = assessed.signer.as_ref().map(|signer| &signer.certificate);
    let hashes = security_object
        .iter()
        .flat_map(|object| &object.data_group_hashes);
    let mut view = SodView {
        result: result(&assessed, known_type),
        country: certificate.and_then(|c| c.country()).map(str::to_uppercase),
        dg_hash_alg: security_object.as_ref().map(|object| object.hash.name()),
        dg_hashes: hashes.map(|(n, hash)| (n.to_string(), hex(hash))).collect(),
        lds_version: security_object
            .as_ref()
            .and_then(|object| object.lds_version.clone()),
        digest: signer.digest.name(),
        econtent_type: signed.content_type_text(),
        attrs_der_sorted: signer.attributes_sorted,
        sid: match signer.id {
            SignerId::IssuerAndSerial(..) => "issuerAndSerial",
            SignerId::KeyId(_) => "subjectKeyIdentifier",
        },
        signer_infos: signed.signers.len(),
        signature_algorithm_oid: signer.algorithm_text(),
        sod_signature: scheme(signer),
        sod_signature_ok: assessed
            .signer
            .as_ref()
            .is_some_and(|s| s.signature.value.is_ok()),
        message_digest_ok: message_digest_holds(&signed, signer),
        signing_time: signer.signing_time.map(instant),
        dsc: certificate.map(DscView::of),
        dsc_curve: certificate.and_then(|c| c.key_kind().curve_in_words()),
        csca_sha256_prefix: BTreeSet::new(),
        csca_in: BTreeMap::new(),
        distrust: None,
        reasons: assessed.reasons().iter().map(ToString::to_string).collect(),
        deviations,
    };
    match assessed.signer.map(|signer| signer.issuers) {
        Some(Ok(issuers)) => {
            for (fingerprint, sources) in issuers.certificates {
                view.csca_sha256_prefix.insert(prefix(&fingerprint));
                view.csca_in.insert(prefix(&fingerprint), sources);
            }
        }
        Some(Err(distrust)) => view.distrust = Some(distrust.to_string()),
        None => {}
    }
    Ok(view)
}

fn result(assessed: &SignedAssessment, known_type: bool) -> &'static str {
    match &assessed.signer {
        Some(signer) if known_type && signer.signature.holds() => match signer.issuers {
            Ok(_) => "valid",
            Err(_) => "signature valid, no trust anchor",
        },
        Some(_) | None => "invalid",
    }
}

fn message_digest_holds(signed: &SignedData, signer: &SignerInfo) -> bool {
    let digest = signer.digest.of(&signed.content).ok();
    signer.attributes.is_none() || (digest.is_some() && digest == signer.message_digest)
}

fn scheme(signer: &SignerInfo) -> Option<String> {
    let (family, hash) = signer.scheme()?;
    Some(format!("{} {}", scheme_name(family), hash.name()))
}

impl DscView {
    fn of(certificate: &Certificate) -> Self {
        Self {
            not_before: instant(certificate.not_before),
            not_after: instant(certificate.not_after),
            serial: serial(&certificate.serial),
            sig_alg: certificate.signature_algorithm_name(),
        }
    }
}
