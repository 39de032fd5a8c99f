//! Issues the certificates of one port: authority of the port, central's server, one per gate.
//!
//! A gate's certificate carries its lane id as common name and subject alternative name; `api` compares it with
//! every message. Keys are readable by their owner alone.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use egate_types::{Date, LaneId};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Years a certificate is good for: gates are serviced yearly.
const VALID_YEARS: i32 = 2;

/// Why certificates could not be issued.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file could not be read or written.
    #[error("cannot access {0}")]
    File(String, #[source] std::io::Error),
    /// The certificate could not be built.
    #[error("cannot issue the certificate")]
    Issue(#[source] rcgen::Error),
}

/// Creates `ca.pem`, `ca.key`, `server.pem`, `server.key` in `dir`; never overwrites a key. `names` are the server's: host names and addresses by
/// which gates and browsers reach it.
pub fn init(dir: &Path, names: Vec<String>, today: Date) -> Result<(), PkiError> {
    fs::create_dir_all(dir).map_err(|e| PkiError::File(dir.display().to_string(), e))?;
    let key = KeyPair::generate().map_err(PkiError::Issue)?;
    let mut ca = params(Vec::new(), "e-gate port CA", today)?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = ca.self_signed(&key).map_err(PkiError::Issue)?;
    write_secret(&dir.join("ca.key"), &key.serialize_pem())?;
    write(&dir.join("ca.pem"), &certificate.pem())?;
    issue(
        dir,
        "server",
        names,
        "central",
        ExtendedKeyUsagePurpose::ServerAuth,
        today,
    )
}

/// Creates `<lane>.pem` and `<lane>.key` in `dir`.
pub fn gate(dir: &Path, lane: &LaneId, today: Date) -> Result<(), PkiError> {
    let name = lane.as_str();
    let names = vec![name.to_owned()];
    issue(
        dir,
        name,
        names,
        name,
        ExtendedKeyUsagePurpose::ClientAuth,
        today,
    )
}

/// Writes a file that its owner alone may read; fails if it exists.
pub fn write_secret(path: &Path, text: &str) -> Result<(), PkiError> {
    let failed = |e| PkiError::File(path.display().to_string(), e);
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

fn issue(
    dir: &Path,
    file: &str,
    names: Vec<String>,
    common_name: &str,
    usage: ExtendedKeyUsagePurpose,
    today: Date,
) -> Result<(), PkiError> {
    let ca_key = KeyPair::from_pem(&read(&dir.join("ca.key"))?).map_err(PkiError::Issue)?;
    let issuer =
        Issuer::from_ca_cert_pem(&read(&dir.join("ca.pem"))?, ca_key).map_err(PkiError::Issue)?;
    let mut certificate = params(names, common_name, today)?;
    certificate.extended_key_usages = vec![usage];
    certificate.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    certificate.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(PkiError::Issue)?;
    let signed = certificate
        .signed_by(&key, &issuer)
        .map_err(PkiError::Issue)?;
    write_secret(&dir.join(format!("{file}.key")), &key.serialize_pem())?;
    write(&dir.join(format!("{file}.pem")), &signed.pem())
}

fn params(names: Vec<String>, common: &str, today: Date) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new(names).map_err(PkiError::Issue)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common);
    // From yesterday: a gate's clock may be behind.
    let first = today.plus_days(-1);
    params.not_before = rcgen::date_time_ymd(first.year(), first.month(), first.day());
    params.not_after = rcgen::date_time_ymd(first.year() + VALID_YEARS, first.month(), 1);
    Ok(params)
}

fn read(path: &Path) -> Result<String, PkiError> {
    fs::read_to_string(path).map_err(|e| PkiError::File(path.display().to_string(), e))
}

fn write(path: &Path, text: &str) -> Result<(), PkiError> {
    fs::write(path, text).map_err(|e| PkiError::File(path.display().to_string(), e))
}
