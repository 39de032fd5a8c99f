//! Version 1 of the wire.
//!
//! | who asks | request | body | answer |
//! |---|---|---|---|
//! | gate | `PUT` [`path::inspection`] | [`OpenInspection`] | [`ListState`] |
//! | gate | `POST` [`path::verdict`] | [`EvidenceSubmission`] | [`SignedVerdict`] |
//! | gate | `PUT` [`path::referral`] | [`ReferralNotice`] | empty |
//! | gate | `GET` [`path::decisions`] | - | list of [`DecisionEnvelope`], held until there is one |
//! | gate | `PUT` [`path::view`] | [`LaneView`] | empty |
//! | gate | `PUT` [`path::record`] | [`PassageRecord`] | empty; 409 for a different body under the same id |
//! | gate | `PUT` [`path::comparisons`] | [`ComparisonBatch`] | empty; 409 for a different body under the same time |
//!
//! Every answer outside 2xx carries an [`ErrorBody`].

mod comparison;
mod document_evidence;
mod error;
mod inspection;
mod jpeg;
mod jws;
mod lane;
pub mod limits;
mod list_file;
pub mod path;
mod record;
mod referral;
mod token;

pub use comparison::{
    AgeBand, ComparisonBatch, ComparisonCount, ComparisonGroup, Errors, TooManyErrors,
};
pub use document_evidence::{DocumentEvidence, DocumentEvidenceError};
pub use error::ErrorBody;
pub use inspection::{
    CheckSummary, DocumentMessage, EvidenceSubmission, ListState, OpenInspection,
};
pub use jpeg::{Jpeg, JpegError};
pub use jws::{AuthorityKey, AuthorityPublicKey, KeyError};
pub use lane::{LaneView, StandingView};
pub use list_file::{
    ListFileClaims, ListFileKind, SignedListFile, sign_list_file, verify_list_file,
};
pub use record::{PassageRecord, StepTime};
pub use referral::{DecisionEnvelope, ReasonCode, ReferralNotice};
pub use token::{
    DecisionClaims, Expected, ExpectedDecision, SignedDecision, SignedVerdict, VerdictClaims,
    VerdictError, sign_decision, sign_verdict, verify_decision, verify_verdict,
};
