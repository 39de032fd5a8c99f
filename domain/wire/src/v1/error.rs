//! The body of every answer outside 2xx.

use serde::{Deserialize, Serialize};

/// What went wrong and what to do about it. Never personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorBody {
    /// Stable code for programs, e.g. `list_stale`.
    pub error: String,
    /// One sentence: what happened.
    pub what: String,
    /// One sentence: what to do next.
    pub next: String,
}
