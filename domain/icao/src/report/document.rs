//! `document verify`: a whole document judged.

use std::collections::BTreeSet;

use egate_types::{CheckNode, CheckResult, Date};
use serde::Serialize;

use crate::{
    active_authentication::{self, ActiveAuthenticationView},
    evidence::Evidence,
    lds::{
        self, ChipFiles, FileId, LdsError,
        view::{FaceView, PersonalDetailsView},
    },
    mrz::{self, Zone},
    signature::SchemeFamily,
    sod::{self, SecurityObject, SodError},
    trust::TrustStore,
    verify::DocumentReport,
};

use super::mrz::MrzView;

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
    /// The machine readable zone of EF.DG1.
    pub mrz: Option<MrzView>,
    /// The faces of EF.DG2.
    pub dg2: Option<Vec<FaceView>>,
    /// EF.DG11.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg11: Option<PersonalDetailsView>,
    /// EF.SOD.
    pub sod: SecurityObjectView,
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
    Ok(DocumentView::of(evidence, &object, report))
}

impl DocumentView {
    fn of(evidence: &Evidence, object: &SecurityObject, report: DocumentReport) -> Self {
        let files = &evidence.files;
        let verdict = report.verdict;
        let mut contents = Contents {
            files,
            malformed: BTreeSet::new(),
        };
        contents.read(FileId::Com, lds::parse_com);
        let zone = contents.read(FileId::Dg1, lds::parse_dg1);
        let zone = zone.and_then(|lines| match mrz::read(&lines) {
            Ok(zone) => Some(zone),
            Err(error) => {
                contents
                    .malformed
                    .insert(format!("{}: {error}", FileId::Dg1));
                None
            }
        });
        let faces = contents.read(FileId::Dg2, lds::parse_faces);
        let details = contents.read(FileId::Dg11, lds::parse_dg11);
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
            mrz: zone.as_ref().map(|zone: &Zone| MrzView::of(zone)),
            dg2: faces.map(|faces| faces.content.iter().map(FaceView::of).collect()),
            dg11: details.map(|details| PersonalDetailsView::of(&details.content)),
            sod: SecurityObjectView::of(object),
            active_authentication: active_authentication(evidence),
            malformed: contents.malformed,
            deviations: report.deviations,
            checks: report.checks,
        }
    }
}

/// Reads contents and notes which files have none.
struct Contents<'a> {
    files: &'a ChipFiles,
    malformed: BTreeSet<String>,
}

impl Contents<'_> {
    fn read<T>(
        &mut self,
        file: FileId,
        parse: impl FnOnce(&[u8]) -> Result<T, LdsError>,
    ) -> Option<T> {
        let bytes = self.files.get(file)?;
        match parse(bytes) {
            Ok(content) => Some(content),
            Err(error) => {
                let offset = lds::first_malformed_object(bytes).map_or(0, |(offset, _)| offset);
                self.malformed
                    .insert(format!("{file}: at offset {offset}: {error}"));
                None
            }
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
