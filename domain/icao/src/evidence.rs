//! What a gate captured of one chip, so that another machine can judge it again, later, with the same verdict.
//!
//! Evidence holds the files as read, the printed zone, how the chip was opened, and the transcripts of what it proved about itself. It serialises with
//! a version ([`Evidence`] is `serde`); bytes are base64. What it says is only as good as the gate that recorded it, so the
//! gate signs it.
//!
//! **Invariant:** [`Evidence::judge`] uses nothing but its arguments.

mod access;
mod authenticity;
mod wire;

use std::fmt;

use egate_types::{CheckNode, CheckResult, ChipAccess, Date, MrzLines, RunMode};
use serde::{Deserialize, Serialize};

pub use self::{
    access::{ACCESS_PROTOCOL_CHECK, CARD_ACCESS_CHECK},
    authenticity::{authenticity, authenticity_with},
    wire::EvidenceError,
};
use crate::{
    active_authentication::Exchange,
    apdu::Status,
    chip_authentication::Transcript,
    cms::SignedData,
    domain_parameters::PublicKey,
    lds::{ChipFiles, FileId},
    mrz,
    pace::ChipAuthenticationMapping,
    security_infos::SecurityInfos,
    trust::TrustStore,
    verify::{DocumentReport, passive_authentication, profile::Profile, signed::SignedAssessment},
};

/// All that was captured of one document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "wire::Wire", try_from = "wire::Wire")]
pub struct Evidence {
    /// The files as read.
    pub files: ChipFiles,
    /// The zone as read optically.
    pub printed_mrz: Option<MrzLines>,
    /// How the chip was opened, and what it proved or failed to prove.
    pub performed: Performed,
}

/// The protocols that were run with the chip; `None`: not tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Performed {
    /// How the chip was opened; `None` where nobody has recorded it: files without a reading, evidence of version 1.
    pub access: Option<ChipAccess>,
    /// Active Authentication.
    pub active_authentication: Option<Exchange>,
    /// Chip Authentication.
    pub chip_authentication: Option<ChipAuthenticationRecord>,
    /// PACE with Chip Authentication Mapping.
    pub chip_authentication_mapping: Option<ChipAuthenticationMapping>,
}

/// How Chip Authentication ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChipAuthenticationRecord {
    /// New keys were agreed on, and the chip answered under them, rightly or not.
    Answered(Transcript),
    /// The chip refused, with this status.
    Refused(Status),
}

impl Evidence {
    /// Judges everything as on the day `at` by the built-in run modes.
    pub fn judge(&self, trust: &TrustStore, at: Date) -> DocumentReport {
        self.judge_by(&Profile::default(), trust, at)
    }

    /// Judges everything as on the day `at`: passive authentication, how the chip was opened, and chip authenticity gated on it.
    pub fn judge_by(&self, profile: &Profile, trust: &TrustStore, at: Date) -> DocumentReport {
        let printed = self
            .printed_mrz
            .as_ref()
            .and_then(|lines| mrz::parse(lines, at).ok());
        let mut report = passive_authentication(&self.files, printed.as_ref(), trust, at);
        let keys = card_security_keys(&self.files, trust, at);
        let checked = authenticity_with(&self.files, &self.performed, &keys);
        let authenticity = gated(checked, &report.checks);
        let access = access::checks(&self.files, self.performed.access.as_ref());
        let checks = with_access(report.checks, access);
        report.checks = profile.apply(with_authenticity(checks, &authenticity));
        report.deviations.extend(access::tolerated(&report.checks));
        report
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("files", &self.files)
            .field("printed_mrz", &self.printed_mrz)
            .field("performed", &self.performed)
            .finish()
    }
}

/// The chip's keys in EF.CardSecurity; none unless its signature holds up to a trust anchor (ICAO 9303-11 §9.2.11).
fn card_security_keys(files: &ChipFiles, trust: &TrustStore, at: Date) -> Vec<PublicKey> {
    let signed = files.get(FileId::CardSecurity).map(SignedData::parse);
    let Some(Ok(signed)) = signed else {
        return Vec::new();
    };
    let [signer] = signed.signers.as_slice() else {
        return Vec::new();
    };
    let trusted = SignedAssessment::new(&signed, signer, trust, at)
        .reasons()
        .is_empty();
    if !trusted || signed.content_type != SECURITY_OBJECT {
        return Vec::new();
    }
    let infos = SecurityInfos::parse(&signed.content).unwrap_or_default();
    let keys = infos.chip_authentication_keys.iter();
    keys.filter_map(|info| info.key().ok()).collect()
}

/// A chip that proves a key proves nothing while nobody trusted has signed that key: successes become undetermined.
pub fn gated(authenticity: CheckNode, checks: &CheckNode) -> CheckNode {
    let signed = ["SignatureCheck", "IssuerCertificatesCheck"]
        .into_iter()
        .all(|name| {
            let node = checks.find(name);
            node.is_some_and(|node| node.result == CheckResult::Successful)
        });
    if signed {
        return authenticity;
    }
    let mut parts = authenticity.children;
    for part in &mut parts {
        if part.result == CheckResult::Successful {
            part.result = CheckResult::Undetermined;
            part.detail = Some("key is proven, but not signed by a trusted issuer".to_owned());
        }
    }
    CheckNode::group(NAME, authenticity.run_mode, parts)
}

/// Adds the checks of access to the electronic ones; the profile aggregates anew.
fn with_access(mut node: CheckNode, access: [CheckNode; 2]) -> CheckNode {
    let mut groups = node.children.iter_mut();
    if let Some(group) = groups.find(|group| group.name.0 == "ElectronicChecks") {
        group.children.extend(access);
    }
    node
}

/// Puts the node in the place of the one of its name and aggregates anew.
pub fn with_authenticity(node: CheckNode, authenticity: &CheckNode) -> CheckNode {
    if node.name.0 == NAME {
        return authenticity.clone();
    }
    if node.find(NAME).is_none() {
        return node;
    }
    let parts = node
        .children
        .into_iter()
        .map(|part| with_authenticity(part, authenticity))
        .collect();
    CheckNode {
        instance: node.instance,
        detail: node.detail,
        ..CheckNode::group(&node.name.0, node.run_mode, parts)
    }
}

fn leaf(name: &str, run_mode: RunMode, result: CheckResult, detail: Option<String>) -> CheckNode {
    CheckNode {
        detail,
        ..CheckNode::leaf(name, run_mode, result)
    }
}

/// Published name of the group.
const NAME: &str = "AuthenticityCheck";
/// id-SecurityObject, 0.4.0.127.0.7.3.2.1: the content of EF.CardSecurity.
pub(crate) const SECURITY_OBJECT: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x02, 0x01];
