//! What a trust list holds, counted: for whoever decides whether to import it.

use std::collections::{BTreeMap, BTreeSet};

use egate_types::Date;

use crate::{
    certificate::{Certificate, Name, PublicKeyKind},
    signature::HashAlgorithm,
};

/// Counts over the certificates of one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries.
    pub certificates: usize,
    /// Different entries.
    pub unique: usize,
    /// Different countries, in upper case.
    pub countries: usize,
    /// Certificates that their own key signed.
    pub self_signed: usize,
    /// Others that a key of the list signed.
    pub links: usize,
    /// SHA-256 of those that no key of the list signed.
    pub not_verifiable: BTreeSet<Vec<u8>>,
    /// Not valid any more on the day.
    pub expired: usize,
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
    /// How often each deviation occurs.
    pub deviations: BTreeMap<&'static str, usize>,
}

const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";

/// Counts. Certificates that occur twice count once, but in `certificates`.
pub fn count(certificates: &[Certificate], day: Date) -> Counts {
    let unique: BTreeMap<Vec<u8>, &Certificate> = certificates
        .iter()
        .map(|certificate| (certificate.fingerprint(), certificate))
        .collect();
    let mut counts = Counts {
        certificates: certificates.len(),
        unique: unique.len(),
        ..Counts::default()
    };
    let mut countries = BTreeSet::new();
    let issuers = Issuers::new(unique.values().copied());
    for (fingerprint, certificate) in &unique {
        countries.extend(certificate.country().map(str::to_uppercase));
        if certificate.is_self_signed() {
            counts.self_signed += 1;
        } else if certificate.stays_in_country() && issuers.signed(certificate) {
            counts.links += 1;
        } else {
            counts.not_verifiable.insert(fingerprint.clone());
        }
        counts.add(certificate, day);
    }
    counts.countries = countries.len();
    counts
}

impl Counts {
    fn add(&mut self, certificate: &Certificate, day: Date) {
        self.expired += usize::from(certificate.not_after.date() < day);
        match certificate.key_kind() {
            PublicKeyKind::Rsa { usual_exponent, .. } => {
                self.rsa_keys += 1;
                self.rsa_exponent_not_65537 += usize::from(!usual_exponent);
            }
            PublicKeyKind::Ec {
                curve, explicit, ..
            } => {
                let brainpool = curve.is_some_and(|name| name.starts_with("brainpool"));
                self.ec_keys += 1;
                self.ec_brainpool += usize::from(brainpool);
                self.ec_explicit_parameters += usize::from(explicit);
            }
            PublicKeyKind::Unknown => self.unknown_keys += 1,
        }
        let negative = certificate.serial_is_negative_or_zero();
        self.serial_negative_or_zero += usize::from(negative);
        let pss = certificate.signature_algorithm() == RSASSA_PSS;
        self.signed_with_rsassa_pss += usize::from(pss);
        let sha1 = certificate.signature_hash() == Some(HashAlgorithm::Sha1);
        self.signed_with_sha1 += usize::from(sha1);
        for deviation in &certificate.deviations {
            *self.deviations.entry(deviation).or_default() += 1;
        }
    }
}

/// The certificates of a list by name and key, so that counting hundreds stays fast.
struct Issuers<'a> {
    by_name: BTreeMap<&'a Name, Vec<&'a Certificate>>,
    by_key: BTreeMap<&'a [u8], Vec<&'a Certificate>>,
}

impl<'a> Issuers<'a> {
    fn new(certificates: impl Iterator<Item = &'a Certificate>) -> Self {
        let mut issuers = Self {
            by_name: BTreeMap::new(),
            by_key: BTreeMap::new(),
        };
        for certificate in certificates {
            let name = issuers.by_name.entry(&certificate.subject);
            name.or_default().push(certificate);
            if let Some(id) = &certificate.subject_key_id {
                issuers.by_key.entry(id).or_default().push(certificate);
            }
        }
        issuers
    }

    fn signed(&self, certificate: &Certificate) -> bool {
        let named = self.by_name.get(&certificate.issuer);
        let id = certificate.authority_key_id.as_deref();
        let keyed = id.and_then(|id| self.by_key.get(id));
        let candidates = named.into_iter().chain(keyed).flatten();
        let mut others = candidates.filter(|issuer| issuer.der() != certificate.der());
        others.any(|issuer| certificate.verify_under(issuer).is_ok())
    }
}
