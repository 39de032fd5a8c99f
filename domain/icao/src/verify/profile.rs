//! Run modes by configuration (TR-03135-1 v5 §3.8): an authority's profile says which checks weigh how.

mod signed_file;

use std::collections::BTreeMap;

use egate_types::{CheckNode, RunMode};
use serde::{Deserialize, Serialize};

pub use signed_file::{ProfileError, SignedProfile};

use crate::{
    evidence::{ACCESS_PROTOCOL_CHECK, CARD_ACCESS_CHECK},
    session::AccessPolicy,
};

/// Run mode per name of check; those not named keep the mode they have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(pub BTreeMap<String, RunMode>);

impl Profile {
    /// Which protocols may open a chip: Basic Access Control after a failure of PACE only where that is noted and not counted, since
    /// the document would fail anyway.
    pub fn access_policy(&self) -> AccessPolicy {
        match self.0.get(ACCESS_PROTOCOL_CHECK) {
            Some(RunMode::Evaluatory) => AccessPolicy::BacAfterPaceFailure,
            Some(RunMode::Mandatory | RunMode::ConditionallyIgnored | RunMode::Optional) | None => {
                AccessPolicy::PaceFirst
            }
        }
    }

    /// Weighs a tree by this profile; results of leaves stay, those of groups are aggregated anew.
    #[must_use]
    pub fn apply(&self, check: CheckNode) -> CheckNode {
        let run_mode = self.0.get(&check.name.0).copied().unwrap_or(check.run_mode);
        if check.children.is_empty() {
            return CheckNode { run_mode, ..check };
        }
        let children = check.children.into_iter().map(|child| self.apply(child));
        CheckNode {
            instance: check.instance,
            detail: check.detail,
            ..CheckNode::group(&check.name.0, run_mode, children.collect())
        }
    }
}

/// Checks that a profile can weigh. `Checks` itself has no parent that would count it; `SecurityFileCheck` and `DataGroupIntegrityCheck` are
/// the names of several checks each, so their groups stand for them.
pub const CHECKS: [&str; 40] = [
    "OpticalChecks",
    "MrzConsistencyCheck",
    "LengthCheck",
    "CheckDigitCompositeCheck",
    "CheckDigitDateOfBirthCheck",
    "CheckDigitDateOfExpiryCheck",
    "CheckDigitDocumentNumberCheck",
    "CheckDigitOptionalDataCheck",
    "ElectronicChecks",
    "FileAvailabilityCheck",
    "SyntaxCheck",
    "EfSodCheck",
    "DataGroupHashListCheck",
    "SignatureSectionCheck",
    "DocumentSignerCertificateCheck",
    "EfComCheck",
    "LdsVersionCheck",
    "UnicodeVersionCheck",
    "DataGroupListCheck",
    "Dg1Check",
    "Dg2Check",
    "BiometricHeaderCheck",
    "ImageCheck",
    "AuthenticityCheck",
    "ActiveAuthCheck",
    "ChipAuthCheck",
    "PaceChipAuthMappingCheck",
    "SignatureCheck",
    "DigestCheck",
    "SignatureValueCheck",
    "IssuerCertificatesCheck",
    "IntegrityCheck",
    "EfSodVsEfComCheck",
    "DataGroupsIntegrityCheck",
    "IssuingCountryCheck",
    "SignerCertificateCheck",
    ACCESS_PROTOCOL_CHECK,
    CARD_ACCESS_CHECK,
    "CombinedCheck",
    "DateOfExpiryCheck",
];

#[cfg(test)]
mod tests {
    use egate_types::CheckResult;

    use super::*;

    #[test]
    fn a_profile_turns_a_failure_into_a_note() {
        let leaf = CheckNode::leaf(
            "IssuingCountryCheck",
            RunMode::Mandatory,
            CheckResult::Failed,
        );
        let tree = CheckNode::group("ElectronicChecks", RunMode::Mandatory, vec![leaf]);
        assert_eq!(tree.result, CheckResult::Failed);
        let modes = [("IssuingCountryCheck".to_owned(), RunMode::Evaluatory)];
        let weighed = Profile(modes.into()).apply(tree);
        assert_eq!(weighed.result, CheckResult::NotSupported);
        let leaf = weighed.find("IssuingCountryCheck").unwrap();
        assert_eq!(leaf.result, CheckResult::Failed, "the finding itself stays");
    }
}
