//! `central screen`: files in, answers out, and what it costs on long lists. What counts as a match is decided in `egate_rules::watch` alone.

mod bench;
pub mod calibrate;
mod command;
pub mod evaluate;
pub mod files;
mod population;
mod screening;
pub mod training;

pub use command::{ExplainArgs, Screen, run};
use egate_rules::watch::{PreparedPerson, Score, Weights, score};
use files::LabelledPair;

/// The score of a pair; `None` if a name cannot be compared.
pub fn score_of(pair: &LabelledPair, weights: &Weights) -> Option<Score> {
    let listed = PreparedPerson::of(&pair.listed, weights.rarity());
    let traveller = PreparedPerson::of(&pair.traveller, weights.rarity());
    score(&listed, &traveller, weights)
}
