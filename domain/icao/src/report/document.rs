//! `document verify`: a whole document judged.

use std::collections::BTreeSet;

use egate_types::{CheckNode, CheckResult, Date};
use serde::Serialize;

use crate::{
    active_authentication::{self, ActiveAuthenticationView},
    evidence::Evidence,
    lds::{ChipFiles, FileId},
    signature::SchemeFamily,
    sod::{self, SecurityObject, SodError},
    trust::TrustStore,
    verify::{DocumentReport, data_group, read_data_groups, verdict::Reason},
};

use super::files::{FilesView, Notes};

/// A document and its verdict.
#[derive(Clone, Serialize)]
pub struct DocumentView {
    /// The verdict.
    pub passive_authentication: VerdictView,
    /// What an officer should know of a document that is valid all the same.
    pub warnings: Vec<String>,
    /// Whether an algorithm or key is below today's measure.
    pub weak_algorithm: bool,
    /// Which, in words.
    pub weak_algorithms: Vec<String>,
    /// Whether issuing state and signer are of the same country.
    pub country_check: CheckResult,
    /// What the files say, a key per file.
    #[serde(flatten)]
    pub files: FilesView,
    /// EF.SOD.
    pub sod: SecurityObjectView,
    /// Data groups at hand whose hash is the one in EF.SOD.
    pub dg_hashes_match: Vec<u8>,
    /// Data groups at hand that EF.SOD does not know.
    pub not_in_sod: Vec<u8>,
    /// Active authentication, if a challenge and its response are at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_authentication: Option<ActiveAuthenticationView>,
    /// Files that cannot be read, with offset and rule.
    pub malformed: BTreeSet<String>,
    /// Deviations from ICAO 9303 that were accepted.
    pub deviations: Vec<String>,
    /// The tree of checks by their names in BSI TR-03135 v5.
    pub checks: CheckNode,
}

/// The verdict in one word and its reason.
#[derive(Debug, Clone, Serialize)]
pub struct VerdictView {
    /// `valid` or `invalid`.
    pub result: &'static str,
    /// The weightiest reason.
    pub reason: Option<String>,
    /// All reasons, in order of weight.
    pub reasons: Vec<String>,
}

/// EF.SOD in short.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityObjectView {
    /// Hash algorithm of the data groups.
    pub dg_hash_algorithm: &'static str,
    /// Hash algorithm of the message digest.
    pub digest: &'static str,
    /// `rsa`, `pss` or `ec`; none if unknown.
    pub signature: Option<&'static str>,
    /// Data groups that it has hashes of.
    pub data_groups_in_sod: Vec<u8>,
}

/// Judges a document. An EF.SOD that cannot be taken apart leaves nothing to judge.
pub fn view(evidence: &Evidence, trust: &TrustStore, at: Date) -> Result<DocumentView, SodError> {
    let file = evidence.files.get(FileId::Sod).ok_or(SodError::Missing)?;
    let object = sod::parse(file)?;
    let report = evidence.judge(trust, at);
    Ok(DocumentView::of(evidence, &object, report, (trust, at)))
}

impl DocumentView {
    fn of(
        evidence: &Evidence,
        object: &SecurityObject,
        report: DocumentReport,
        (trust, at): (&TrustStore, Date),
    ) -> Self {
        let verdict = report.verdict;
        let mut notes = Notes {
            malformed: BTreeSet::new(),
            deviations: report.deviations,
        };
        let hashes = Hashes::of(&evidence.files, object);
        Self {
            passive_authentication: VerdictView {
                result: if verdict.is_valid() {
                    "valid"
                } else {
                    "invalid"
                },
                reason: verdict.reason().map(|reason| reason.to_string()),
                reasons: verdict.reasons.iter().map(ToString::to_string).collect(),
            },
            warnings: verdict.warnings.iter().map(ToString::to_string).collect(),
            weak_algorithm: !verdict.weak_algorithms.is_empty(),
            weak_algorithms: verdict.weak_algorithms,
            country_check: verdict.country_check,
            files: FilesView::of(&evidence.files, (trust, at), &mut notes),
            sod: SecurityObjectView::of(object),
            dg_hashes_match: hashes.matching,
            not_in_sod: hashes.not_in_sod,
            active_authentication: active_authentication(evidence),
            malformed: notes.malformed,
            deviations: notes.deviations,
            checks: report.checks,
        }
    }
}

/// Data groups at hand, by how they stand to EF.SOD.
struct Hashes {
    matching: Vec<u8>,
    not_in_sod: Vec<u8>,
}

impl Hashes {
    fn of(files: &ChipFiles, object: &SecurityObject) -> Self {
        let (mut matching, mut not_in_sod) = (Vec::new(), Vec::new());
        for (number, bytes) in read_data_groups(files) {
            match data_group(object, number, bytes) {
                Ok(()) => matching.push(number),
                Err(Reason::DgNotInSod(number)) => not_in_sod.push(number),
                Err(_) => {}
            }
        }
        Self {
            matching,
            not_in_sod,
        }
    }
}

fn active_authentication(evidence: &Evidence) -> Option<ActiveAuthenticationView> {
    let exchange = evidence.performed.active_authentication.as_ref()?;
    let file = |file| evidence.files.get(file);
    let judgement =
        active_authentication::judge(file(FileId::Dg15), file(FileId::Dg14), Some(exchange));
    Some(ActiveAuthenticationView::new(exchange, &judgement))
}

impl SecurityObjectView {
    fn of(object: &SecurityObject) -> Self {
        let signature = object.signer.scheme().map(|(family, _)| match family {
            SchemeFamily::RsaPkcs1 => "rsa",
            SchemeFamily::RsaPss => "pss",
            SchemeFamily::Ecdsa => "ec",
        });
        Self {
            dg_hash_algorithm: object.hash.name(),
            digest: object.signer.digest.name(),
            signature,
            data_groups_in_sod: object.data_group_hashes.keys().copied().collect(),
        }
    }
}
