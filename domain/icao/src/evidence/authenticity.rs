//! Is this the chip that was issued? What the signed files promise, against what the chip did.
//!
//! Success of one mechanism is enough (BSI TR-03135-1 v5 §4.4.14); one that was performed and failed is never outweighed. A chip
//! that hides the file of a mechanism, or whose mechanism nobody performed, does not pass as one that has none.

use egate_types::{CheckNode, CheckResult, RunMode};

use super::{ChipAuthenticationRecord, NAME, Performed, leaf};
use crate::{
    active_authentication,
    chip_authentication::{ChipAuthenticationError, Offer},
    domain_parameters::{KeyAgreement, PublicKey},
    lds::{ChipFiles, FileId},
    pace::verify_chip_authentication_mapping,
    security_infos::{PaceMapping, SecurityInfos},
    sod::{self, SecurityObject},
};

/// `AuthenticityCheck` with `ActiveAuthCheck`, `ChipAuthCheck` and `PaceChipAuthMappingCheck`. It is mandatory as soon as the
/// signed files promise a mechanism. Whether EF.SOD itself is trusted is the caller's question ([`super::gated`]).
pub fn authenticity(files: &ChipFiles, performed: &Performed) -> CheckNode {
    authenticity_with(files, performed, &[])
}

/// Like [`authenticity`], with the static keys of an EF.CardSecurity whose signature was verified.
pub fn authenticity_with(
    files: &ChipFiles,
    performed: &Performed,
    card_security_keys: &[PublicKey],
) -> CheckNode {
    let sod = match files.get(FileId::Sod).map(sod::parse) {
        Some(Ok(sod)) => sod,
        Some(Err(_)) | None => {
            let detail = "EF.SOD is missing or unreadable: nothing says what the chip can";
            let aborted = CheckNode::leaf(NAME, RunMode::Mandatory, CheckResult::Aborted);
            return aborted.because(detail);
        }
    };
    let dg14 = Coverage::of(&sod, files, 14);
    let dg15 = Coverage::of(&sod, files, 15);
    let findings = [
        ("ActiveAuthCheck", active(&dg15, &dg14, performed)),
        ("ChipAuthCheck", chip(&dg14, performed)),
        (
            "PaceChipAuthMappingCheck",
            mapping(&dg14, performed, card_security_keys),
        ),
    ];
    let proven = findings
        .iter()
        .any(|(_, finding)| matches!(finding, Finding::Proven(_)));
    let required = findings
        .iter()
        .any(|(_, finding)| !matches!(finding, Finding::NotOffered(_)));
    let parts = findings
        .into_iter()
        .map(|(name, finding)| finding.node(name, proven))
        .collect();
    let mode = if required {
        RunMode::Mandatory
    } else {
        RunMode::ConditionallyIgnored
    };
    CheckNode::group(NAME, mode, parts)
}

/// How a data group stands to EF.SOD.
pub(super) enum Coverage<'a> {
    /// Neither listed nor delivered.
    Absent,
    /// Listed and unaltered.
    Covered(&'a [u8]),
    /// Listed, but not delivered.
    Hidden,
    /// Delivered, but not listed: added later.
    Foreign,
    /// Listed, with another hash.
    Altered,
}

impl<'a> Coverage<'a> {
    pub(super) fn of(sod: &SecurityObject, files: &'a ChipFiles, number: u8) -> Self {
        let file = FileId::of_data_group(number).and_then(|file| files.get(file));
        match (sod.data_group_hashes.get(&number), file) {
            (None, None) => Self::Absent,
            (None, Some(_)) => Self::Foreign,
            (Some(_), None) => Self::Hidden,
            (Some(stated), Some(bytes)) => match sod.hash.of(bytes) {
                Ok(computed) if computed == *stated => Self::Covered(bytes),
                Ok(_) | Err(_) => Self::Altered,
            },
        }
    }

    pub(super) fn covered(&self) -> Option<&'a [u8]> {
        match self {
            Self::Covered(bytes) => Some(bytes),
            Self::Absent | Self::Hidden | Self::Foreign | Self::Altered => None,
        }
    }

    /// Why the file is worth nothing; `None` if it is covered, or absent as EF.SOD says.
    pub(super) fn fault(&self, file: FileId) -> Option<String> {
        match self {
            Self::Absent | Self::Covered(_) => None,
            Self::Hidden => Some(format!(
                "EF.SOD lists {file}, but the chip did not deliver it"
            )),
            Self::Foreign => Some(format!("{file} is not in EF.SOD: it was added later")),
            Self::Altered => Some(format!("{file} differs from EF.SOD: it was altered")),
        }
    }
}

/// What is known of one mechanism.
enum Finding {
    /// The signed files do not promise it.
    NotOffered(&'static str),
    /// They promise it, or a file that could is missing; nobody performed it.
    Owed(String),
    /// The chip proved itself; with what was tolerated.
    Proven(Option<String>),
    /// The chip did not.
    Refuted(String),
    /// It cannot be told.
    Undetermined(String),
}

impl Finding {
    fn of_fault(fault: String, was_performed: bool) -> Self {
        if was_performed {
            Self::Refuted(fault)
        } else {
            Self::Owed(fault)
        }
    }

    fn node(self, name: &str, proven: bool) -> CheckNode {
        use CheckResult::{Failed, NotSupported, Successful, Undetermined};
        let (mode, result, detail) = match self {
            Self::NotOffered(detail) => (
                RunMode::ConditionallyIgnored,
                NotSupported,
                Some(detail.to_owned()),
            ),
            Self::Owed(detail) if proven => (
                RunMode::ConditionallyIgnored,
                NotSupported,
                Some(format!("{detail}; the chip proved itself otherwise")),
            ),
            Self::Owed(detail) | Self::Refuted(detail) => {
                (RunMode::Mandatory, Failed, Some(detail))
            }
            Self::Proven(detail) => (RunMode::Mandatory, Successful, detail),
            Self::Undetermined(detail) => (RunMode::Mandatory, Undetermined, Some(detail)),
        };
        leaf(name, mode, result, detail)
    }
}

fn active(dg15: &Coverage<'_>, dg14: &Coverage<'_>, performed: &Performed) -> Finding {
    let exchange = performed.active_authentication.as_ref();
    if let Some(fault) = dg15.fault(FileId::Dg15) {
        return Finding::of_fault(fault, exchange.is_some());
    }
    let Some(file) = dg15.covered() else {
        return Finding::NotOffered("EF.SOD lists no EF.DG15");
    };
    if exchange.is_none() {
        return Finding::Owed("EF.DG15 promises it, but it was not performed".to_owned());
    }
    let judged = active_authentication::judge(Some(file), dg14.covered(), exchange);
    let detail = judged.detail.unwrap_or_default();
    match judged.result {
        CheckResult::Successful => {
            Finding::Proven(Some(judged.deviations.join("; ")).filter(|text| !text.is_empty()))
        }
        CheckResult::Failed => Finding::Refuted(detail),
        CheckResult::Undetermined | CheckResult::NotSupported | CheckResult::Aborted => {
            Finding::Undetermined(detail)
        }
    }
}

fn chip(dg14: &Coverage<'_>, performed: &Performed) -> Finding {
    let record = performed.chip_authentication.as_ref();
    if let Some(fault) = dg14.fault(FileId::Dg14) {
        return Finding::of_fault(fault, record.is_some());
    }
    let Some(file) = dg14.covered() else {
        return Finding::NotOffered("EF.SOD lists no EF.DG14");
    };
    match record {
        Some(ChipAuthenticationRecord::Refused(status)) => {
            Finding::Refuted(format!("chip refused chip authentication ({status})"))
        }
        Some(ChipAuthenticationRecord::Answered(transcript)) => match transcript.verify(file) {
            Ok(()) => Finding::Proven(None),
            Err(error @ (ChipAuthenticationError::Dg14(_) | ChipAuthenticationError::Key(_))) => {
                Finding::Undetermined(error.to_string())
            }
            Err(error) => Finding::Refuted(error.to_string()),
        },
        None => match Offer::all(file) {
            Ok(_) => Finding::Owed("EF.DG14 promises it, but it was not performed".to_owned()),
            Err(ChipAuthenticationError::NotOffered) => {
                Finding::NotOffered("EF.DG14 offers no chip authentication")
            }
            Err(error) => Finding::Undetermined(error.to_string()),
        },
    }
}

fn mapping(dg14: &Coverage<'_>, performed: &Performed, signed_keys: &[PublicKey]) -> Finding {
    let infos = dg14
        .covered()
        .and_then(|file| SecurityInfos::parse_dg14(file).ok());
    let Some(mapping) = &performed.chip_authentication_mapping else {
        let promised = infos.is_some_and(|infos| {
            let mut offers = infos.pace.iter();
            offers.any(|offer| offer.protocol.mapping == PaceMapping::ChipAuthentication)
        });
        return if promised {
            Finding::Owed("EF.DG14 promises it, but it was not performed".to_owned())
        } else {
            Finding::NotOffered("not performed")
        };
    };
    // EF.DG14 repeats the key where the chip also does chip authentication with it.
    let keys: Vec<PublicKey> = infos
        .iter()
        .flat_map(|infos| &infos.chip_authentication_keys)
        .filter(|info| info.agreement == KeyAgreement::Ecdh)
        .filter_map(|info| info.key().ok())
        .chain(signed_keys.iter().cloned())
        .collect();
    let proven = keys
        .iter()
        .any(|key| verify_chip_authentication_mapping(mapping, key).is_ok());
    match (proven, signed_keys.is_empty()) {
        (true, _) => Finding::Proven(None),
        (false, false) => Finding::Refuted("mapping key fits no signed key of the chip".to_owned()),
        (false, true) => {
            Finding::Undetermined("no verified EF.CardSecurity holds the chip's key".to_owned())
        }
    }
}
