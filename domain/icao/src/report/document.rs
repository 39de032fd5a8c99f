//! `document verify`: a whole document judged.

use egate_types::{CheckNode, CheckResult, Date};
use serde::Serialize;

use crate::{
    lds::{ChipFiles, FileId},
    signature::SchemeFamily,
    sod::{self, SecurityObject, SodError},
    trust::TrustStore,
    verify::{self, DocumentReport},
};

/// A document and its verdict.
#[derive(Debug, Clone, Serialize)]
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
    /// EF.SOD.
    pub sod: SecurityObjectView,
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
pub fn view(files: &ChipFiles, trust: &TrustStore, at: Date) -> Result<DocumentView, SodError> {
    let file = files.get(FileId::Sod).ok_or(SodError::Missing)?;
    let object = sod::parse(file)?;
    let report = verify::passive_authentication(files, None, trust, at);
    Ok(DocumentView::of(&object, report))
}

impl DocumentView {
    fn of(object: &SecurityObject, report: DocumentReport) -> Self {
        let verdict = report.verdict;
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
            sod: SecurityObjectView::of(object),
            deviations: report.deviations,
            checks: report.checks,
        }
    }
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
