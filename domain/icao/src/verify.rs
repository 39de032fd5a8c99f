//! Passive authentication: are the files intact, signed, and by whom (ICAO 9303-11 §5.1), as checks by their BSI TR-03135 names.
//!
//! Every check stands for itself: one that fails says so in its place, and those that could not run because of it are
//! *aborted*, never *successful*. The [`Verdict`] says the same in the few words that integrators script against.

pub mod profile;
pub mod signed;
pub mod verdict;

use egate_types::{CheckNode, CheckResult, Date, RunMode, TravelDocument};

use crate::{
    countries,
    lds::{self, ChipFiles, Com, FileId, LdsError, Portrait},
    mrz::{self, Mrz},
    signature::HashAlgorithm,
    sod::{self, SecurityObject, SodError},
    tlv::TlvError,
    trust::TrustStore,
};

use signed::{SignedAssessment, SignerAssessment};
use verdict::{Reason, Verdict, Warning};

/// What a chip's files are worth.
#[derive(Debug, Clone)]
pub struct DocumentReport {
    /// `Checks` with `OpticalChecks`, `ElectronicChecks`, `CombinedCheck` and `DateOfExpiryCheck`.
    pub checks: CheckNode,
    /// Passive authentication in one word and its reasons.
    pub verdict: Verdict,
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
    let assessed = parsed.assess(trust, at);
    let signer = assessed.signer.as_ref();
    let electronic = CheckNode::group(
        "ElectronicChecks",
        RunMode::Mandatory,
        vec![
            file_availability_check(files),
            syntax_check(&parsed, signer),
            authenticity_check(),
            signature_check(&parsed, signer),
            issuer_certificates_check(&parsed, signer),
            integrity_check(files, &parsed),
            issuing_country_check(&parsed, signer),
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
        verdict: verdict(files, &parsed, &assessed),
        deviations: deviations(&parsed, &assessed, trust),
        document: parsed.mrz.ok().map(|mrz| mrz.document),
        portrait: parsed.portrait.ok(),
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
                .ok_or(SodError::Missing)
                .and_then(sod::parse),
            mrz: file(FileId::Dg1)
                .and_then(lds::parse_dg1)
                .map_err(|e| e.to_string())
                .and_then(|lines| mrz::parse(&lines, at).map_err(|e| e.to_string())),
            portrait: file(FileId::Dg2).and_then(lds::parse_dg2),
        }
    }

    fn assess(&self, trust: &TrustStore, at: Date) -> SignedAssessment {
        match &self.sod {
            Ok(sod) => SignedAssessment::new(&sod.signed, &sod.signer, trust, at),
            Err(_) => SignedAssessment {
                signer: None,
                deviations: Vec::new(),
            },
        }
    }

    /// EF.COM and EF.SOD list the same data groups; `None` if one of them is unreadable.
    fn com_agrees_with_sod(&self) -> Option<bool> {
        let (Ok(com), Ok(sod)) = (&self.com, &self.sod) else {
            return None;
        };
        Some(com.data_groups.iter().eq(sod.data_group_hashes.keys()))
    }

    /// Whether the signer is meant for documents of this type; `None` if that cannot be told.
    fn type_agrees(&self, signer: Option<&SignerAssessment>) -> Option<bool> {
        let code = &self.mrz.as_ref().ok()?.document.code;
        signer?.certificate.may_sign_type(code)
    }

    /// Whether issuing state and signer are of the same country; `None` if that cannot be told.
    fn country_agrees(&self, signer: Option<&SignerAssessment>) -> Option<bool> {
        let country = signer?.certificate.country()?;
        let issuer = &self.mrz.as_ref().ok()?.document.issuer;
        countries::issuer_matches(issuer.as_str(), country)
    }
}

fn verdict(files: &ChipFiles, parsed: &Parsed, assessed: &SignedAssessment) -> Verdict {
    let signer = assessed.signer.as_ref();
    let mut reasons = assessed.reasons();
    let mut warnings = assessed.warnings();
    let mut weak_algorithms = Vec::new();
    if let Ok(sod) = &parsed.sod {
        if !sod.has_known_content_type() {
            reasons.push(Reason::ContentType);
        }
        let groups = read_data_groups(files);
        reasons.extend(groups.filter_map(|(number, bytes)| data_group(sod, number, bytes).err()));
        if sod.hash == HashAlgorithm::Sha1 {
            weak_algorithms.push("sha1: data group hashes".to_owned());
        }
        weak_algorithms.extend(assessed.weak_algorithms(&sod.signer));
    }
    let country_check = match parsed.country_agrees(signer) {
        Some(true) => CheckResult::Successful,
        Some(false) => CheckResult::Failed,
        None => CheckResult::Undetermined,
    };
    if country_check == CheckResult::Failed {
        reasons.push(Reason::CountryMismatch);
    }
    if parsed.com_agrees_with_sod() == Some(false) {
        warnings.push(Warning::ComSodDifference);
    }
    reasons.sort_unstable();
    reasons.dedup();
    Verdict {
        reasons,
        warnings,
        weak_algorithms,
        country_check,
    }
}

fn deviations(parsed: &Parsed, assessed: &SignedAssessment, trust: &TrustStore) -> Vec<String> {
    let mut deviations = Vec::new();
    if let Ok(sod) = &parsed.sod {
        deviations.extend(sod.deviations.clone());
    }
    deviations.extend(assessed.deviations.iter().cloned());
    if let (Ok(com), Ok(sod)) = (&parsed.com, &parsed.sod)
        && let Some(signed) = &sod.lds_version
        && *signed != com.lds_version
    {
        deviations.push("EF.COM and EF.SOD state different LDS versions".to_owned());
    }
    if parsed.type_agrees(assessed.signer.as_ref()) == Some(false) {
        deviations.push(OTHER_TYPE.to_owned());
    }
    let number = parsed.mrz.as_ref().ok().map(|mrz| &mrz.document.number);
    let signer = assessed.signer.as_ref().map(|signer| &signer.certificate);
    for known in trust.known_deviations(number.map(|number| number.expose()), signer) {
        let findings: Vec<&str> = known.findings.iter().map(|(oid, _)| oid.as_str()).collect();
        deviations.push(format!(
            "on a list of known deviations: {}",
            findings.join(", ")
        ));
    }
    deviations
}

/// Data groups at hand, in the order of their numbers.
pub(crate) fn read_data_groups(files: &ChipFiles) -> impl Iterator<Item = (u8, &[u8])> {
    FileId::DATA_GROUPS.into_iter().filter_map(|file| {
        let number = file.data_group()?;
        files.get(file).map(|bytes| (number, bytes))
    })
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

fn syntax_check(parsed: &Parsed, signer: Option<&SignerAssessment>) -> CheckNode {
    let sod = match &parsed.sod {
        Err(error) => vec![failed("DataGroupHashListCheck", error.to_string())],
        Ok(_) => vec![
            successful("DataGroupHashListCheck"),
            successful("SignatureSectionCheck"),
            match signer {
                Some(_) => successful("DocumentSignerCertificateCheck"),
                None => failed(
                    "DocumentSignerCertificateCheck",
                    "EF.SOD holds no certificate of its signer",
                ),
            },
        ],
    };
    group(
        "SyntaxCheck",
        vec![
            group("EfSodCheck", sod),
            com_syntax_check(&parsed.com),
            judged("Dg1Check", parsed.mrz.as_ref().map(drop)),
            portrait_syntax_check(&parsed.portrait),
        ],
    )
}

fn com_syntax_check(com: &Result<Com, LdsError>) -> CheckNode {
    let parts = match com {
        Err(error) => vec![failed("DataGroupListCheck", error.to_string())],
        Ok(com) => {
            // Nothing hangs on a version that is written oddly: it is logged, and the data groups themselves are judged.
            let digits = |name, version: &str, count| {
                let well_formed =
                    version.len() == count && version.bytes().all(|byte| byte.is_ascii_digit());
                let result = if well_formed {
                    CheckResult::Successful
                } else {
                    CheckResult::Failed
                };
                CheckNode::leaf(name, RunMode::Evaluatory, result)
            };
            vec![
                digits("LdsVersionCheck", &com.lds_version, 4),
                digits("UnicodeVersionCheck", &com.unicode_version, 6),
                successful("DataGroupListCheck"),
            ]
        }
    };
    group("EfComCheck", parts)
}

fn portrait_syntax_check(portrait: &Result<Portrait, LdsError>) -> CheckNode {
    const HEADER: &str = "BiometricHeaderCheck";
    const IMAGE: &str = "ImageCheck";
    let parts = match portrait {
        Ok(_) => vec![successful(HEADER), successful(IMAGE)],
        Err(error @ LdsError::ImageFormat) => {
            vec![successful(HEADER), failed(IMAGE, error.to_string())]
        }
        Err(error) => vec![
            failed(HEADER, error.to_string()),
            aborted(IMAGE, "biometric header is unreadable"),
        ],
    };
    group("Dg2Check", parts)
}

fn authenticity_check() -> CheckNode {
    CheckNode::leaf(
        "AuthenticityCheck",
        RunMode::ConditionallyIgnored,
        CheckResult::NotSupported,
    )
    .because("chip and active authentication are not supported: a copied chip is not detected")
}

fn signature_check(parsed: &Parsed, signer: Option<&SignerAssessment>) -> CheckNode {
    let parts = match (&parsed.sod, signer) {
        (Err(_), _) => ["DigestCheck", "SignatureValueCheck"]
            .map(|name| aborted(name, "EF.SOD is unreadable"))
            .into(),
        (Ok(_), None) => vec![
            aborted("DigestCheck", "no certificate of the signer"),
            failed(
                "SignatureValueCheck",
                "EF.SOD holds no certificate of its signer",
            ),
        ],
        (Ok(sod), Some(signer)) => {
            let signature = &signer.signature;
            let digest = if signature.message_digest == Some(false) {
                Err("message digest differs from the content")
            } else if signature.content_type == Some(false) || !sod.has_known_content_type() {
                Err("content type is not the one that was signed, or not that of a security object")
            } else {
                Ok(())
            };
            vec![
                judged("DigestCheck", digest),
                judged("SignatureValueCheck", signature.value.as_ref().map(drop)),
            ]
        }
    };
    group("SignatureCheck", vec![group("SecurityFileCheck", parts)])
}

/// One `SecurityFileCheck` per property of the document signer. The validity of its issuer is logged only (TR-03135 v5), and so are
/// the period and the types of document that its key was meant for: issuers are known to break the latter,
/// and a signing time is the signer's own word.
fn issuer_certificates_check(parsed: &Parsed, signer: Option<&SignerAssessment>) -> CheckNode {
    const NAME: &str = "SecurityFileCheck";
    let Some(signer) = signer else {
        let part = aborted(NAME, "no document signer certificate");
        return group("IssuerCertificatesCheck", vec![part]);
    };
    let chain = judged(NAME, signer.issuers.as_ref().map(drop));
    let usage = if signer.may_sign == Some(false) {
        failed(
            NAME,
            "key usage of the document signer is not to sign documents",
        )
    } else {
        successful(NAME)
    };
    let validity = if signer.was_valid {
        successful(NAME)
    } else if signer.signing_time.is_some() {
        failed(
            NAME,
            "document signer certificate was not valid when it signed",
        )
    } else {
        failed(NAME, "document signer certificate is not valid on this day")
    };
    let issuer_validity = match &signer.issuers {
        Ok(issuers) if issuers.valid_on_day => CheckResult::Successful,
        Ok(_) => CheckResult::Failed,
        Err(_) => CheckResult::Aborted,
    };
    group(
        "IssuerCertificatesCheck",
        vec![
            chain.of("chain"),
            usage.of("key usage"),
            validity.of("validity"),
            revocation_check(signer).of("revocation"),
            CheckNode::leaf(NAME, RunMode::Evaluatory, issuer_validity).of("validity of the CSCA"),
            key_usage_period_check(signer).of("private key usage period"),
            document_type_check(parsed, signer).of("document type"),
        ],
    )
}

fn key_usage_period_check(signer: &SignerAssessment) -> CheckNode {
    let stated = signer.certificate.private_key_usage.is_some();
    let (result, detail) = match signer.key_was_in_use {
        Some(true) => return logged(CheckResult::Successful),
        Some(false) => (CheckResult::Failed, "signed outside of the period"),
        None if stated => (CheckResult::Undetermined, "EF.SOD states no signing time"),
        None => (CheckResult::NotSupported, "certificate states no period"),
    };
    logged(result).because(detail)
}

fn document_type_check(parsed: &Parsed, signer: &SignerAssessment) -> CheckNode {
    let (result, detail) = match (parsed.type_agrees(Some(signer)), &parsed.mrz) {
        (Some(true), _) => return logged(CheckResult::Successful),
        (Some(false), _) => (CheckResult::Failed, OTHER_TYPE),
        (None, Err(_)) => (CheckResult::Aborted, "EF.DG1 is unreadable"),
        (None, Ok(_)) => (CheckResult::NotSupported, "certificate names no types"),
    };
    logged(result).because(detail)
}

fn logged(result: CheckResult) -> CheckNode {
    CheckNode::leaf("SecurityFileCheck", RunMode::Evaluatory, result)
}

/// A deviation and the detail of its check.
const OTHER_TYPE: &str = "document signer is not meant for documents of this type";

fn revocation_check(signer: &SignerAssessment) -> CheckNode {
    const NAME: &str = "SecurityFileCheck";
    let revocation = signer.revocation;
    if revocation.revoked {
        return failed(NAME, "document signer certificate is revoked");
    }
    let leaf = |result| CheckNode::leaf(NAME, RunMode::ConditionallyIgnored, result);
    match (
        revocation.checked,
        revocation.stale,
        revocation.bad_signature,
    ) {
        (true, false, _) => successful(NAME).because("not revoked"),
        (true, true, _) => leaf(CheckResult::Undetermined).because("revocation list is stale"),
        (false, _, true) => {
            leaf(CheckResult::Undetermined).because("revocation list bears no trusted signature")
        }
        (false, _, false) => leaf(CheckResult::NotSupported).because("no revocation list at hand"),
    }
}

fn integrity_check(files: &ChipFiles, parsed: &Parsed) -> CheckNode {
    let versus = match parsed.com_agrees_with_sod() {
        Some(true) => successful("EfSodVsEfComCheck"),
        Some(false) => failed(
            "EfSodVsEfComCheck",
            "EF.COM and EF.SOD list different data groups",
        ),
        None => aborted("EfSodVsEfComCheck", "EF.COM or EF.SOD is unreadable"),
    };
    let numbers = FileId::DATA_GROUPS.into_iter().filter_map(|file| {
        let number = file.data_group()?;
        let signed = |sod: &SecurityObject| sod.data_group_hashes.contains_key(&number);
        let expected = FileId::MANDATORY.contains(&file) || parsed.sod.as_ref().is_ok_and(signed);
        (expected || files.get(file).is_some()).then_some((number, file))
    });
    let groups = numbers.map(|(number, file)| {
        data_group_check(parsed, (number, file), files.get(file)).of(format!("DG{number}"))
    });
    group(
        "IntegrityCheck",
        vec![versus, group("DataGroupsIntegrityCheck", groups.collect())],
    )
}

fn data_group_check(
    parsed: &Parsed,
    (number, file): (u8, FileId),
    bytes: Option<&[u8]>,
) -> CheckNode {
    const NAME: &str = "DataGroupIntegrityCheck";
    match (&parsed.sod, bytes) {
        (Err(_), _) => aborted(NAME, "EF.SOD is unreadable"),
        (Ok(_), None) if FileId::MANDATORY.contains(&file) => {
            aborted(NAME, "data group was not read")
        }
        (Ok(_), None) => CheckNode::leaf(
            NAME,
            RunMode::ConditionallyIgnored,
            CheckResult::NotSupported,
        )
        .because("data group was not read"),
        (Ok(sod), Some(bytes)) => match data_group(sod, number, bytes) {
            Ok(()) => successful(NAME),
            Err(Reason::DgNotInSod(_)) => failed(
                NAME,
                "EF.SOD has no hash of this data group: it was added later",
            ),
            Err(_) => failed(NAME, "hash differs from EF.SOD: the data group was altered"),
        },
    }
}

/// Compares a data group with its hash in EF.SOD.
pub(crate) fn data_group(sod: &SecurityObject, number: u8, bytes: &[u8]) -> Result<(), Reason> {
    let stated = sod.data_group_hashes.get(&number);
    let stated = stated.ok_or(Reason::DgNotInSod(number))?;
    if sod.hash.of(bytes).is_ok_and(|computed| computed == *stated) {
        Ok(())
    } else {
        Err(Reason::DgHashMismatch(number))
    }
}

fn issuing_country_check(parsed: &Parsed, signer: Option<&SignerAssessment>) -> CheckNode {
    const NAME: &str = "SignerCertificateCheck";
    let mode = RunMode::ConditionallyIgnored;
    let part = match parsed.country_agrees(signer) {
        Some(true) => CheckNode::leaf(NAME, mode, CheckResult::Successful),
        Some(false) => CheckNode::leaf(NAME, mode, CheckResult::Failed)
            .because("document signer is of another country than the document"),
        None => CheckNode::leaf(NAME, mode, CheckResult::Undetermined)
            .because("country of document or signer is unknown"),
    };
    CheckNode::group("IssuingCountryCheck", mode, vec![part])
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
