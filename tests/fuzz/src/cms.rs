//! Signed data and certificates: EF.SOD, master, deviation and revocation lists, card-verifiable certificates.

use egate_icao::certificate::Certificate;
use egate_icao::cv_certificate::CvCertificate;
use egate_icao::trust::{
    TrustStore, deviation_list::DeviationList, master_list::MasterList, revocation::RevocationList,
};
use egate_icao::{report, sod};
use egate_types::Date;

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let day = Date::parse("2026-11-23").expect("a date");
    let trust = TrustStore::default();
    let _ = sod::parse(bytes);
    let _ = report::sod::view(bytes, &trust, day);
    let _ = report::trust::view(bytes, &trust, day);
    let _ = MasterList::parse(bytes);
    let _ = DeviationList::parse(bytes);
    let _ = RevocationList::from_der(bytes);
    let _ = CvCertificate::parse(bytes);
    if let Ok(certificate) = Certificate::from_der(bytes) {
        assert!(bytes.starts_with(certificate.der()));
        let _ = (
            certificate.is_self_signed(),
            certificate.key_kind(),
            certificate.signature_algorithm_name(),
        );
    }
}
