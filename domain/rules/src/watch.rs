//! Watch lists: whether a traveller is a listed person, how sure that is, and why. Pure.
//!
//! **Invariant:** no I/O, no clock. The caller reads lists and weights; this module compares.
//!
//! [`PreparedPerson::of`] works out the normal form once per entry and per traveller; [`score`] compares two of them
//! without allocating; [`Thresholds`] turns points into an [`Outcome`] for a list of a given size.

mod action;
mod align;
mod date;
mod documents;
mod explain;
mod features;
pub mod index;
mod keys;
mod known;
mod name;
mod nicknames;
mod person;
mod rarity;
mod score;
mod script;
mod surnames;
mod syllables;
mod weights;
mod words;

pub use action::Action;
pub use align::{Agreement, lookup_skeletons};
pub use date::{BirthRelation, PartialDate};
pub use documents::{DocumentAnswer, DocumentError, DocumentKey, ListedDocuments};
pub use explain::{Explanation, MATCHER_VERSION, Term, explain};
pub use features::{FEATURES, Feature, Sign};
pub use keys::{Skeleton, Sound};
pub use known::KnownWords;
pub use name::{Name, Part, PartKind};
pub use person::{Person, PreparedName, PreparedPerson};
pub use rarity::Rarity;
pub use score::{
    Measure, Outcome, POINTS_SHOWN_MIN, Score, Thresholds, measure, score, score_if_possible,
};
pub use syllables::{Marks, Spelt, Syllables};
pub use weights::{Weights, WeightsError, WeightsFile};
