//! Was the chip opened as it should be? What the chip announced and what was run, against what the signed EF.DG14 repeats.
//!
//! EF.CardAccess is not signed, so a copy, or somebody on the line, can hide PACE or a strong variant of it and get the weaker
//! protocol. Both checks are made anew from the files: what the gate recorded is believed only as far as they bear it out. BSI
//! TR-03135 wants the protocol on record and asks to suspect a document that should do PACE and fails (part 1, 5.6.2), without
//! giving the check a name; these names follow its pattern.

use egate_types::{CheckNode, CheckResult, ChipAccess, RunMode};

use super::authenticity::Coverage;
use crate::{
    lds::{ChipFiles, FileId},
    security_infos::{PaceInfo, SecurityInfos},
    sod,
};

/// Name of the check of the protocol that opened the chip.
pub const ACCESS_PROTOCOL_CHECK: &str = "AccessProtocolCheck";
/// Name of the check of EF.CardAccess against EF.DG14.
pub const CARD_ACCESS_CHECK: &str = "EfCardAccessCheck";

/// Both checks. A finding that cannot be told is no pass: only where nothing signed speaks of PACE is there nothing to check.
pub(super) fn checks(files: &ChipFiles, access: Option<&ChipAccess>) -> [CheckNode; 2] {
    let signed = Signed::of(files);
    [
        access_protocol(files, &signed, access),
        card_access(files, &signed, access),
    ]
}

/// Findings of these checks that the profile has decided to note and not to count.
pub(super) fn tolerated(checks: &CheckNode) -> impl Iterator<Item = String> {
    [ACCESS_PROTOCOL_CHECK, CARD_ACCESS_CHECK]
        .into_iter()
        .filter_map(|name| checks.find(name))
        .filter(|node| node.result == CheckResult::Failed && node.run_mode == RunMode::Evaluatory)
        .filter_map(|node| node.detail.clone())
}

/// What the signed EF.DG14 says of PACE. Whether EF.SOD itself is trusted, `SignatureCheck` says.
enum Signed {
    /// It cannot be told, and why.
    Unknown(String),
    /// Nothing.
    Silent(&'static str),
    /// These protocols.
    Pace(SecurityInfos),
}

impl Signed {
    fn of(files: &ChipFiles) -> Self {
        let Some(Ok(sod)) = files.get(FileId::Sod).map(sod::parse) else {
            return Self::Unknown("EF.SOD is missing or unreadable".to_owned());
        };
        let dg14 = Coverage::of(&sod, files, 14);
        if let Some(fault) = dg14.fault(FileId::Dg14) {
            return Self::Unknown(fault);
        }
        let Some(file) = dg14.covered() else {
            return Self::Silent("EF.SOD lists no EF.DG14");
        };
        match SecurityInfos::parse_dg14(file) {
            Ok(infos) if infos.pace.is_empty() => Self::Silent("EF.DG14 names no PACE"),
            Ok(infos) => Self::Pace(infos),
            Err(error) => Self::Unknown(format!("EF.DG14: {error}")),
        }
    }

    fn pace(&self) -> &[PaceInfo] {
        match self {
            Self::Pace(infos) => &infos.pace,
            Self::Unknown(_) | Self::Silent(_) => &[],
        }
    }
}

fn access_protocol(files: &ChipFiles, signed: &Signed, access: Option<&ChipAccess>) -> CheckNode {
    let node = |result, detail: String| {
        CheckNode::leaf(ACCESS_PROTOCOL_CHECK, RunMode::Mandatory, result).because(detail)
    };
    let Some(access) = access else {
        let detail = "nobody has recorded how the chip was opened";
        return match signed {
            Signed::Silent(_) => not_to_check(ACCESS_PROTOCOL_CHECK, detail),
            Signed::Pace(_) | Signed::Unknown(_) => {
                node(CheckResult::Undetermined, detail.to_owned())
            }
        };
    };
    match access {
        ChipAccess::BacAfterPaceFailure { .. } | ChipAccess::PaceFailed { .. } => {
            node(CheckResult::Failed, access.to_string())
        }
        ChipAccess::Pace {
            protocol,
            parameter_id,
            ..
        } => {
            let is_run = |info: &PaceInfo| {
                info.protocol.name() == *protocol && info.parameter_id == *parameter_id
            };
            match signed {
                Signed::Pace(infos) if !infos.pace.iter().any(is_run) => node(
                    CheckResult::Failed,
                    format!("{access}; EF.DG14 names no such protocol"),
                ),
                Signed::Pace(_) | Signed::Silent(_) => {
                    node(CheckResult::Successful, access.to_string())
                }
                Signed::Unknown(why) => node(CheckResult::Undetermined, format!("{access}; {why}")),
            }
        }
        ChipAccess::Bac => {
            let shown = shown(files).and_then(Result::ok);
            let announced = shown.is_some_and(|infos| !infos.pace.is_empty());
            match signed {
                _ if announced || !signed.pace().is_empty() => node(
                    CheckResult::Failed,
                    format!("{access}, although the chip announces PACE"),
                ),
                Signed::Unknown(why) => node(CheckResult::Undetermined, format!("{access}; {why}")),
                Signed::Pace(_) | Signed::Silent(_) => {
                    node(CheckResult::Successful, access.to_string())
                }
            }
        }
    }
}

fn card_access(files: &ChipFiles, signed: &Signed, access: Option<&ChipAccess>) -> CheckNode {
    let node = |result, detail: &str| {
        CheckNode::leaf(CARD_ACCESS_CHECK, RunMode::Mandatory, result).because(detail)
    };
    let signed = match signed {
        Signed::Silent(why) => return not_to_check(CARD_ACCESS_CHECK, why),
        Signed::Unknown(why) => return node(CheckResult::Undetermined, why),
        Signed::Pace(infos) => infos,
    };
    let shown = match shown(files) {
        Some(Ok(infos)) => infos,
        Some(Err(())) => return node(CheckResult::Failed, "EF.CardAccess is malformed"),
        // Files that nobody read off a chip: it cannot be told whether the chip has the file.
        None if access.is_none() => {
            return node(CheckResult::Undetermined, "EF.CardAccess is not at hand");
        }
        None => SecurityInfos::default(),
    };
    if !signed.pace_is_within(&shown) {
        let detail = "EF.DG14 names PACE protocols that EF.CardAccess hides: the chip is a copy, or somebody is on the line";
        node(CheckResult::Failed, detail)
    } else if !shown.pace_is_within(signed) {
        let detail =
            "EF.CardAccess names PACE protocols that EF.DG14 does not: they were added later";
        node(CheckResult::Failed, detail)
    } else {
        CheckNode::leaf(
            CARD_ACCESS_CHECK,
            RunMode::Mandatory,
            CheckResult::Successful,
        )
    }
}

fn shown(files: &ChipFiles) -> Option<Result<SecurityInfos, ()>> {
    let file = files.get(FileId::CardAccess)?;
    Some(SecurityInfos::parse(file).map_err(drop))
}

fn not_to_check(name: &str, why: &str) -> CheckNode {
    CheckNode::leaf(
        name,
        RunMode::ConditionallyIgnored,
        CheckResult::NotSupported,
    )
    .because(why)
}
