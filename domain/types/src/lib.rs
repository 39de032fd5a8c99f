//! The vocabulary of the e-gate, shared by every crate.
//!
//! **Invariant:** no I/O, no clock, no randomness: time and random bytes are arguments.
//!
//! | word | meaning |
//! |---|---|
//! | lane | one passage with an entry and an exit barrier and one zone between them |
//! | entry barrier / exit barrier | the two doors of an integrated two-step mantrap (BSI TR-03121-3) |
//! | traveller | the person who wants to cross |
//! | officer | a named, logged-in official of one authority |
//! | travel document | passport or card with an ICAO 9303 chip |
//! | inspection | one traveller, one document, one lane, from document to end; has one id |
//! | authority | a body with its own law, list, officers and verdict |
//! | verdict | what one authority signs for one inspection |
//! | referral | an inspection that an officer must decide |
//! | watch-list entry, hit | a listed person or document; a match with it |
//! | evidence | everything the verdicts are about; frozen and named by its SHA-256 |
//! | released / secured | a barrier that lets pass / that does not |

mod check;
mod chip_access;
mod document;
mod evidence;
mod face;
mod fault;
mod frame;
mod id;
pub mod interval;
mod person;
mod screen;
mod time;
mod verdict;

pub use check::{CheckName, CheckNode, CheckResult, RunMode};
pub use chip_access::{ChipAccess, ChipPassword};
pub use document::{DocumentNumber, MrzLines, StateCode, TravelDocument};
pub use evidence::EvidenceHash;
pub use face::{MatchScore, PadScore};
pub use fault::{Fault, Severity};
pub use frame::{BgrFrame, FrameShapeError};
pub use id::{AuthorityId, IdError, InspectionId, LaneId, OfficerId};
pub use person::{Holder, PersonName, Sex};
pub use screen::{Coaching, Language, TravellerScreen};
pub use time::{Date, DateError, MonoTime, UtcTime};
pub use verdict::{Direction, OfficerDecision, Outcome, ReferralCause, Verdict};
