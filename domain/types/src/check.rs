//! Checks by their BSI TR-03135 v5 names, results, run modes and aggregation.

use serde::{Deserialize, Serialize};

/// Name of a check, verbatim from TR-03135 v5, e.g. `ElectronicChecks`, `DataGroupIntegrityCheck`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckName(pub String);

impl From<&str> for CheckName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// Result of a check (TR-03135-1 v5 §3.6). Colours: green, red, yellow, grey, black (Table 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// The check ran and the property holds.
    Successful,
    /// The check ran and the property does not hold.
    Failed,
    /// The check ran and could not tell.
    Undetermined,
    /// Document or system cannot do the check.
    NotSupported,
    /// The check was started and did not end; never counts as a result.
    Aborted,
}

impl CheckResult {
    /// The worse of two results: failed > aborted > undetermined > successful > not supported (§3.7).
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if self.rank() >= other.rank() {
            self
        } else {
            other
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::NotSupported => 0,
            Self::Successful => 1,
            Self::Undetermined => 2,
            Self::Aborted => 3,
            Self::Failed => 4,
        }
    }
}

/// How a check's result weighs in its parent (TR-03135-1 v5 §3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// Must be successful: anything else, *not supported* included, fails the traveller's self-service.
    Mandatory,
    /// Counts like mandatory, but *not supported* and *undetermined* are passed over.
    ConditionallyIgnored,
    /// Counts only if it failed.
    Optional,
    /// Logged, never counted (e.g. CSCA validity in v5).
    Evaluatory,
}

/// A check with its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckNode {
    /// Published name.
    pub name: CheckName,
    /// Own result for a leaf, the aggregate for a parent.
    pub result: CheckResult,
    /// Weight in the parent.
    pub run_mode: RunMode,
    /// Which instance, where a name occurs several times: `DG1`, `DG2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// One line for the officer: what was found. Never personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<CheckNode>,
}

impl CheckNode {
    /// A check without parts.
    pub fn leaf(name: &str, run_mode: RunMode, result: CheckResult) -> Self {
        Self {
            name: name.into(),
            result,
            run_mode,
            instance: None,
            detail: None,
            children: Vec::new(),
        }
    }

    /// A check whose result is the aggregate of its parts.
    pub fn group(name: &str, run_mode: RunMode, children: Vec<Self>) -> Self {
        let result = children
            .iter()
            .map(Self::weighed)
            .fold(CheckResult::NotSupported, CheckResult::worse);
        Self {
            name: name.into(),
            result,
            run_mode,
            instance: None,
            detail: None,
            children,
        }
    }

    /// Names the instance, e.g. the data group.
    #[must_use]
    pub fn of(mut self, instance: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// Adds the officer's line.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The result as the parent counts it under this node's run mode.
    fn weighed(&self) -> CheckResult {
        use CheckResult::{Failed, NotSupported, Undetermined};
        match (self.run_mode, self.result) {
            (RunMode::Mandatory, NotSupported) => Undetermined,
            (RunMode::ConditionallyIgnored, NotSupported | Undetermined) => NotSupported,
            (RunMode::Optional, Failed) => Failed,
            (RunMode::Optional | RunMode::Evaluatory, _) => NotSupported,
            (RunMode::Mandatory | RunMode::ConditionallyIgnored, result) => result,
        }
    }

    /// Visits this node and all parts, depth first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a CheckNode)) {
        visit(self);
        for child in &self.children {
            child.walk(visit);
        }
    }

    /// The first node with this name, depth first.
    pub fn find(&self, name: &str) -> Option<&CheckNode> {
        if self.name.0 == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [CheckResult; 5] = [
        CheckResult::Failed,
        CheckResult::Aborted,
        CheckResult::Undetermined,
        CheckResult::Successful,
        CheckResult::NotSupported,
    ];

    #[test]
    fn precedence_is_that_of_tr_03135() {
        for (i, a) in ALL.iter().enumerate() {
            for b in &ALL[i..] {
                assert_eq!(a.worse(*b), *a);
                assert_eq!(b.worse(*a), *a);
            }
        }
    }

    #[test]
    fn run_modes_weigh_each_result() {
        let aggregate = |mode, result| {
            CheckNode::group(
                "Checks",
                RunMode::Mandatory,
                vec![CheckNode::leaf("X", mode, result)],
            )
            .result
        };
        use CheckResult::{Aborted, Failed, NotSupported, Successful, Undetermined};
        assert_eq!(aggregate(RunMode::Mandatory, NotSupported), Undetermined);
        assert_eq!(aggregate(RunMode::Mandatory, Aborted), Aborted);
        assert_eq!(
            aggregate(RunMode::ConditionallyIgnored, NotSupported),
            NotSupported
        );
        assert_eq!(aggregate(RunMode::ConditionallyIgnored, Failed), Failed);
        assert_eq!(aggregate(RunMode::Optional, Failed), Failed);
        assert_eq!(aggregate(RunMode::Optional, Aborted), NotSupported);
        assert_eq!(aggregate(RunMode::Evaluatory, Failed), NotSupported);
        assert_eq!(aggregate(RunMode::Mandatory, Successful), Successful);
    }
}
