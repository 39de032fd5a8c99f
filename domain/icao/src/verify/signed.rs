//! Who signed an envelope, whether the signature holds, and whether the signer may be believed: for EF.SOD and EF.CardSecurity.

use egate_types::{Date, UtcTime};

use crate::{
    certificate::{Certificate, PublicKeyKind},
    cms::{SignatureCheck, SignedData, SignerInfo},
    signature::{HashAlgorithm, SchemeFamily},
    trust::{Distrust, Issuers, TrustStore, revocation::Revocation},
};

use super::verdict::{Reason, Warning};

/// RSA moduli below this many bits are below the measure of ICAO 9303-12 §4.4.
const RSA_BITS_MIN: u32 = 2_048;
/// Fields of elliptic curves below this many bits, likewise.
const EC_BITS_MIN: u32 = 224;

/// An envelope judged.
#[derive(Debug)]
pub struct SignedAssessment {
    /// The document signer; `None`: its certificate is nowhere, and nothing below it could be checked.
    pub signer: Option<SignerAssessment>,
    /// Deviations from the standards that were accepted.
    pub deviations: Vec<String>,
}

/// The document signer judged.
#[derive(Debug)]
pub struct SignerAssessment {
    /// Its certificate.
    pub certificate: Certificate,
    /// Content type, message digest and signature value.
    pub signature: SignatureCheck,
    /// Who issued it.
    pub issuers: Result<Issuers, Distrust>,
    /// May sign documents; `None`: its certificate does not say.
    pub may_sign: Option<bool>,
    /// The instant that its validity is judged at, if the envelope states one; else the day of the inspection counts.
    pub signing_time: Option<UtcTime>,
    /// It was valid then.
    pub was_valid: bool,
    /// Its key might sign at that instant; `None`: certificate or envelope do not say.
    pub key_was_in_use: Option<bool>,
    /// What revocation lists say.
    pub revocation: Revocation,
}

impl SignedAssessment {
    /// Judges the signature of `signer` over `signed` on the day of the inspection.
    pub fn new(signed: &SignedData, signer: &SignerInfo, trust: &TrustStore, at: Date) -> Self {
        let mut deviations = Vec::new();
        let found = trust.signer_certificate(signed, signer);
        let signer = found.map(|(certificate, found)| {
            deviations.extend(found.deviation().map(str::to_owned));
            assess(signed, signer, certificate, (trust, at), &mut deviations)
        });
        Self { signer, deviations }
    }

    /// Everything that makes it invalid.
    pub fn reasons(&self) -> Vec<Reason> {
        let Some(signer) = &self.signer else {
            return vec![Reason::SodSignature];
        };
        let found = [
            (
                signer.signature.content_type == Some(false),
                Reason::ContentType,
            ),
            (
                signer.signature.message_digest == Some(false),
                Reason::MessageDigest,
            ),
            (signer.signature.value.is_err(), Reason::SodSignature),
            (signer.issuers.is_err(), Reason::NoTrustAnchor),
            (signer.revocation.revoked, Reason::DscRevoked),
            (signer.may_sign == Some(false), Reason::DscKeyUsage),
            (!signer.was_valid, Reason::DscValidity),
        ];
        let holding = found.into_iter().filter(|(holds, _)| *holds);
        holding.map(|(_, reason)| reason).collect()
    }

    /// What the revocation lists are worth.
    pub fn warnings(&self) -> Vec<Warning> {
        let Some(signer) = &self.signer else {
            return Vec::new();
        };
        // Without an anchor no list could be checked: that is the reason, not a warning.
        let anchored = signer.issuers.is_ok();
        let Revocation {
            stale,
            bad_signature,
            ..
        } = signer.revocation;
        let found = [
            (stale, Warning::CrlStale),
            (bad_signature, Warning::CrlSignature),
        ];
        let holding = found.into_iter().filter(|(holds, _)| anchored && *holds);
        holding.map(|(_, warning)| warning).collect()
    }

    /// Algorithms and keys below today's measure.
    pub fn weak_algorithms(&self, signer_info: &SignerInfo) -> Vec<String> {
        let mut weak = Vec::new();
        let mut hash = |hash: Option<HashAlgorithm>, what: &str| {
            if hash == Some(HashAlgorithm::Sha1) {
                weak.push(format!("sha1: {what}"));
            }
        };
        hash(Some(signer_info.digest), "message digest");
        hash(signer_info.scheme().map(|(_, hash)| hash), "signature");
        let Some(signer) = &self.signer else {
            return weak;
        };
        hash(
            signer.certificate.signature_hash(),
            "document signer certificate",
        );
        match signer.certificate.key_kind() {
            PublicKeyKind::Rsa { bits, .. } if bits < RSA_BITS_MIN => {
                weak.push(format!("rsa {bits} bits: document signer key"));
            }
            PublicKeyKind::Ec { bits, .. } if bits < EC_BITS_MIN => {
                weak.push(format!("ec {bits} bits: document signer key"));
            }
            PublicKeyKind::Rsa { .. } | PublicKeyKind::Ec { .. } | PublicKeyKind::Unknown => {}
        }
        weak
    }
}

fn assess(
    signed: &SignedData,
    info: &SignerInfo,
    certificate: Certificate,
    (trust, at): (&TrustStore, Date),
    deviations: &mut Vec<String>,
) -> SignerAssessment {
    let signature = signed.check(info, &certificate);
    let tolerated = signature
        .value
        .iter()
        .flatten()
        .chain(&certificate.deviations);
    deviations.extend(tolerated.map(|text| (*text).to_owned()));
    let issuers = trust.issuers(&certificate, at);
    deviations.extend(
        issuers
            .iter()
            .flat_map(|issuers| issuers.deviations.clone()),
    );
    let may_sign = certificate.may_sign_documents();
    if may_sign.is_none() {
        deviations.push("document signer certificate states no key usage".to_owned());
    }
    let valid_today = certificate.is_valid_on(at);
    let was_valid = match info.signing_time {
        Some(instant) => certificate.is_valid_at(instant),
        None => valid_today,
    };
    if was_valid && !valid_today {
        deviations.push(
            "document signer certificate is not valid on this day, but was when it signed"
                .to_owned(),
        );
    }
    let key_was_in_use = info
        .signing_time
        .and_then(|instant| certificate.key_was_in_use(instant));
    if key_was_in_use == Some(false) {
        deviations.push("signed outside of the private key usage period".to_owned());
    }
    let mut revocation = trust.revocation(&certificate, UtcTime(at.days() * 86_400_000));
    let known = trust.known_deviations(None, Some(&certificate));
    revocation.revoked |= known.iter().any(|deviation| deviation.revokes_signer());
    SignerAssessment {
        signature,
        issuers,
        may_sign,
        signing_time: info.signing_time,
        was_valid,
        key_was_in_use,
        revocation,
        certificate,
    }
}

/// Word for a scheme in reports, e.g. `rsa-pss`.
pub(crate) fn scheme_name(family: SchemeFamily) -> &'static str {
    match family {
        SchemeFamily::RsaPkcs1 => "rsa",
        SchemeFamily::RsaPss => "rsa-pss",
        SchemeFamily::Ecdsa => "ecdsa",
    }
}
