//! Passive authentication: are the files intact, signed, and by whom (ICAO 9303-11 §5.1), as checks by their BSI TR-03135 names.
//!
//! Every check stands for itself: one that fails says so in its place, and those that could not run because of it are
//! *aborted*, never *successful*.

use egate_types::{CheckNode, CheckResult, Date, RunMode, TravelDocument};
use openssl::x509::X509;

use crate::{
    countries,
    lds::{self, ChipFiles, Com, FileId, LdsError, Portrait},
    mrz::{self, Mrz},
    signature,
    sod::{self, SecurityObject, Signer, SignerId, SodError},
    tlv::{self, TlvError},
    trust::TrustStore,
};

/// What a chip's files are worth.
#[derive(Debug, Clone)]
pub struct DocumentReport {
    /// `Checks` with `OpticalChecks`, `ElectronicChecks`, `CombinedCheck` and `DateOfExpiryCheck`.
    pub checks: CheckNode,
    /// What EF.DG1 says. Worth what the checks say.
    pub document: Option<TravelDocument>,
    /// The portrait of EF.DG2. Worth what the checks say.
    pub portrait: Option<Portrait>,
    /// Deviations from ICAO 9303 that were accepted. Never personal data.
    pub deviations: Vec<String>,
}

/// Judges the files of a chip. `printed_mrz` is the zone that was read optically; `at` is the day of the inspection.
pub fn passive_authentication(
    files: &ChipFiles,
    printed_mrz: Option<&Mrz>,
    trust: &TrustStore,
    at: Date,
) -> DocumentReport {
    let parsed = Parsed::new(files, at);
    let signer = parsed.sod.as_ref().ok().and_then(document_signer);
    let mut deviations = parsed
        .sod
        .as_ref()
        .map(|sod| sod.deviations.clone())
        .unwrap_or_default();
    if signer
        .as_ref()
        .is_some_and(|signer| !signer.named_by_signer_info)
    {
        deviations.push("signer info names another certificate than the one enclosed".to_owned());
    }
    let issuer_certificates =
        issuer_certificates_check(signer.as_ref(), trust, at, &mut deviations);
    let electronic = CheckNode::group(
        "ElectronicChecks",
        RunMode::Mandatory,
        vec![
            file_availability_check(files),
            syntax_check(&parsed),
            authenticity_check(),
            signature_check(&parsed, signer.as_ref()),
            issuer_certificates,
            integrity_check(files, &parsed),
            issuing_country_check(&parsed, signer.as_ref()),
        ],
    );
    let mut checks = Vec::new();
    if let Some(printed) = printed_mrz {
        let parts = vec![printed.checks.clone()];
        checks.push(CheckNode::group("OpticalChecks", RunMode::Mandatory, parts));
    }
    checks.push(electronic);
    checks.push(combined_check(&parsed, printed_mrz));
    checks.push(date_of_expiry_check(&parsed, at));
    DocumentReport {
        checks: CheckNode::group("Checks", RunMode::Mandatory, checks),
        document: parsed.mrz.ok().map(|mrz| mrz.document),
        portrait: parsed.portrait.ok(),
        deviations,
    }
}

struct Parsed {
    com: Result<Com, LdsError>,
    sod: Result<SecurityObject, SodError>,
    mrz: Result<Mrz, String>,
    portrait: Result<Portrait, LdsError>,
}

impl Parsed {
    fn new(files: &ChipFiles, at: Date) -> Self {
        let file = |id| files.get(id).ok_or(LdsError::Tlv(TlvError::Truncated));
        Self {
            com: file(FileId::Com).and_then(lds::parse_com),
            sod: files
                .get(FileId::Sod)
                .ok_or(SodError::Tlv(TlvError::Truncated))
                .and_then(sod::parse),
            mrz: file(FileId::Dg1)
                .and_then(lds::parse_dg1)
                .map_err(|e| e.to_string())
                .and_then(|lines| mrz::parse(&lines, at).map_err(|e| e.to_string())),
            portrait: file(FileId::Dg2).and_then(lds::parse_dg2),
        }
    }
}

struct DocumentSigner {
    certificate: X509,
    named_by_signer_info: bool,
}

/// The certificate that the signer info names; failing that, the only one enclosed.
fn document_signer(sod: &SecurityObject) -> Option<DocumentSigner> {
    let named = sod
        .certificates
        .iter()
        .find(|der| names(&sod.signer.id, der).unwrap_or(false));
    let der = match (named, sod.certificates.as_slice()) {
        (Some(der), _) => der,
        (None, [only]) => only,
        (None, _) => return None,
    };
    let certificate = X509::from_der(der).ok()?;
    Some(DocumentSigner {
        certificate,
        named_by_signer_info: named.is_some(),
    })
}

fn names(id: &SignerId, certificate: &[u8]) -> Result<bool, TlvError> {
    match id {
        SignerId::IssuerAndSerial(issuer, serial) => {
            let (body, _) = tlv::expect(certificate, 0x30)?;
            let (tbs, _) = tlv::expect(body, 0x30)?;
            let (first, behind) = tlv::read(tbs)?;
            let rest = if first.tag == 0xA0 { behind } else { tbs };
            let (found, rest) = tlv::expect(rest, 0x02)?;
            let (_algorithm, rest) = tlv::expect(rest, 0x30)?;
            Ok(found == serial && tlv::read(rest)?.0.raw == issuer)
        }
        SignerId::KeyId(key_id) => Ok(X509::from_der(certificate).is_ok_and(|certificate| {
            certificate
                .subject_key_id()
                .is_some_and(|id| id.as_slice() == key_id)
        })),
    }
}

fn successful(name: &str) -> CheckNode {
    CheckNode::leaf(name, RunMode::Mandatory, CheckResult::Successful)
}

fn failed(name: &str, detail: impl Into<String>) -> CheckNode {
    CheckNode::leaf(name, RunMode::Mandatory, CheckResult::Failed).because(detail)
}

fn aborted(name: &str, detail: &str) -> CheckNode {
    CheckNode::leaf(name, RunMode::Mandatory, CheckResult::Aborted).because(detail)
}

fn judged<E: ToString>(name: &str, result: Result<(), E>) -> CheckNode {
    match result {
        Ok(()) => successful(name),
        Err(error) => failed(name, error.to_string()),
    }
}

fn group(name: &str, parts: Vec<CheckNode>) -> CheckNode {
    CheckNode::group(name, RunMode::Mandatory, parts)
}

fn file_availability_check(files: &ChipFiles) -> CheckNode {
    let missing: Vec<String> = FileId::MANDATORY
        .into_iter()
        .filter(|file| files.get(*file).is_none())
        .map(|file| file.to_string())
        .collect();
    if missing.is_empty() {
        successful("FileAvailabilityCheck")
    } else {
        failed(
            "FileAvailabilityCheck",
            format!("missing: {}", missing.join(", ")),
        )
    }
}

fn syntax_check(parsed: &Parsed) -> CheckNode {
    group(
        "SyntaxCheck",
        vec![
            judged("EfSodCheck", parsed.sod.as_ref().map(drop)),
            judged("EfComCheck", parsed.com.as_ref().map(drop)),
            judged("Dg1Check", parsed.mrz.as_ref().map(drop)),
            judged("Dg2Check", parsed.portrait.as_ref().map(drop)),
        ],
    )
}

fn authenticity_check() -> CheckNode {
    CheckNode::leaf(
        "AuthenticityCheck",
        RunMode::ConditionallyIgnored,
        CheckResult::NotSupported,
    )
    .because("chip and active authentication are not supported: a copied chip is not detected")
}

fn signature_check(parsed: &Parsed, signer: Option<&DocumentSigner>) -> CheckNode {
    let parts = match &parsed.sod {
        Err(_) => ["DigestCheck", "SignatureValueCheck"]
            .map(|name| aborted(name, "EF.SOD is unreadable"))
            .into(),
        Ok(sod) => vec![
            judged("DigestCheck", digest(sod)),
            match signer {
                Some(signer) => judged("SignatureValueCheck", signature_value(sod, signer)),
                None => failed(
                    "SignatureValueCheck",
                    "EF.SOD holds no certificate of its signer",
                ),
            },
        ],
    };
    group("SignatureCheck", vec![group("SecurityFileCheck", parts)])
}

fn digest(sod: &SecurityObject) -> Result<(), String> {
    let Some(stated) = &sod.signer.message_digest else {
        return match sod.signer.attributes {
            // Without attributes the signature is over the content itself (RFC 5652 §5.4).
            None => Ok(()),
            Some(_) => Err("signed attributes hold no message digest".to_owned()),
        };
    };
    let computed = sod
        .signer
        .digest
        .of(&sod.content)
        .map_err(|e| e.to_string())?;
    if computed == *stated {
        Ok(())
    } else {
        Err("message digest differs from the content".to_owned())
    }
}

fn signature_value(sod: &SecurityObject, signer: &DocumentSigner) -> Result<(), String> {
    let key = signer.certificate.public_key().map_err(|e| e.to_string())?;
    let message = sod.signer.attributes.as_deref().unwrap_or(&sod.content);
    let Signer {
        algorithm,
        digest,
        signature,
        ..
    } = &sod.signer;
    signature::verify(&key, algorithm, *digest, message, signature).map_err(|e| e.to_string())
}

fn issuer_certificates_check(
    signer: Option<&DocumentSigner>,
    trust: &TrustStore,
    at: Date,
    deviations: &mut Vec<String>,
) -> CheckNode {
    let part = match signer {
        None => aborted("SecurityFileCheck", "no document signer certificate"),
        Some(signer) => match trust.judge(&signer.certificate, at) {
            Ok(trusted) => {
                deviations.extend(trusted.deviations);
                let detail = if trusted.revocation_checked {
                    "issued by a trust anchor; not revoked"
                } else {
                    "issued by a trust anchor; no revocation list at hand"
                };
                successful("SecurityFileCheck").because(detail)
            }
            Err(distrust) => failed("SecurityFileCheck", distrust.to_string()),
        },
    };
    group("IssuerCertificatesCheck", vec![part])
}

fn integrity_check(files: &ChipFiles, parsed: &Parsed) -> CheckNode {
    let versus = match (&parsed.com, &parsed.sod) {
        (Ok(com), Ok(sod)) => {
            let same = com.data_groups.iter().eq(sod.data_group_hashes.keys());
            judged(
                "EfSodVsEfComCheck",
                if same {
                    Ok(())
                } else {
                    Err("EF.COM and EF.SOD list different data groups")
                },
            )
        }
        (Err(_), _) | (_, Err(_)) => aborted("EfSodVsEfComCheck", "EF.COM or EF.SOD is unreadable"),
    };
    let groups = [(FileId::Dg1, 1, "DG1"), (FileId::Dg2, 2, "DG2")].map(|(file, number, label)| {
        const NAME: &str = "DataGroupIntegrityCheck";
        let node = match (&parsed.sod, files.get(file)) {
            (Err(_), _) => aborted(NAME, "EF.SOD is unreadable"),
            (Ok(_), None) => aborted(NAME, "data group was not read"),
            (Ok(sod), Some(bytes)) => judged(NAME, data_group(sod, number, bytes)),
        };
        node.of(label)
    });
    group(
        "IntegrityCheck",
        vec![versus, group("DataGroupsIntegrityCheck", groups.into())],
    )
}

fn data_group(sod: &SecurityObject, number: u8, bytes: &[u8]) -> Result<(), String> {
    let Some(stated) = sod.data_group_hashes.get(&number) else {
        return Err("EF.SOD has no hash of this data group: it was added later".to_owned());
    };
    let computed = sod.hash.of(bytes).map_err(|e| e.to_string())?;
    if computed == *stated {
        Ok(())
    } else {
        Err("hash differs from EF.SOD: the data group was altered".to_owned())
    }
}

fn issuing_country_check(parsed: &Parsed, signer: Option<&DocumentSigner>) -> CheckNode {
    const NAME: &str = "SignerCertificateCheck";
    let country = signer.and_then(|signer| country(&signer.certificate));
    let verdict = match (&parsed.mrz, &country) {
        (Ok(mrz), Some(country)) => {
            countries::issuer_matches(mrz.document.issuer.as_str(), country)
        }
        (Err(_), _) | (_, None) => None,
    };
    let mode = RunMode::ConditionallyIgnored;
    let part = match verdict {
        Some(true) => CheckNode::leaf(NAME, mode, CheckResult::Successful),
        Some(false) => CheckNode::leaf(NAME, mode, CheckResult::Failed)
            .because("document signer is of another country than the document"),
        None => CheckNode::leaf(NAME, mode, CheckResult::Undetermined)
            .because("country of document or signer is unknown"),
    };
    CheckNode::group("IssuingCountryCheck", mode, vec![part])
}

fn country(certificate: &X509) -> Option<String> {
    use openssl::nid::Nid;
    let of = |name: &openssl::x509::X509NameRef| {
        let entry = name.entries_by_nid(Nid::COUNTRYNAME).next()?;
        Some(entry.data().to_string().ok()?.to_string())
    };
    of(certificate.issuer_name()).or_else(|| of(certificate.subject_name()))
}

fn combined_check(parsed: &Parsed, printed: Option<&Mrz>) -> CheckNode {
    const NAME: &str = "CombinedCheck";
    match (printed, &parsed.mrz) {
        (None, _) => CheckNode::leaf(NAME, RunMode::Mandatory, CheckResult::NotSupported)
            .because("no printed machine readable zone to compare with"),
        (Some(_), Err(_)) => aborted(NAME, "EF.DG1 is unreadable"),
        (Some(printed), Ok(stored))
            if lds::joined(&printed.lines) == lds::joined(&stored.lines) =>
        {
            successful(NAME)
        }
        (Some(_), Ok(_)) => failed(NAME, "printed and stored machine readable zones differ"),
    }
}

fn date_of_expiry_check(parsed: &Parsed, at: Date) -> CheckNode {
    const NAME: &str = "DateOfExpiryCheck";
    match parsed.mrz.as_ref().map(|mrz| mrz.document.date_of_expiry) {
        Ok(Some(date)) if date >= at => successful(NAME),
        Ok(Some(_)) => failed(NAME, "document has expired"),
        Ok(None) => CheckNode::leaf(NAME, RunMode::Mandatory, CheckResult::Undetermined)
            .because("document states no complete date of expiry"),
        Err(_) => aborted(NAME, "EF.DG1 is unreadable"),
    }
}
