//! Travellers against all entries of a list, on all cores.

use egate_rules::watch::{
    ListedDocuments, Outcome, PreparedPerson, Thresholds, Weights, score_if_possible,
};

use super::files::{ListedPerson, Traveller};

/// An entry ready for comparison.
pub struct Entry {
    id: String,
    person: PreparedPerson,
}

impl Entry {
    /// The normal form of a listed person.
    pub fn of(listed: &ListedPerson, weights: &Weights) -> Self {
        Self {
            id: listed.id.clone(),
            person: PreparedPerson::of(&listed.person, weights.rarity()),
        }
    }
}

/// A traveller and an entry that an officer is shown.
pub struct Screened {
    /// Id of the traveller.
    pub traveller: String,
    /// Possible or hit.
    pub outcome: Outcome,
    /// Id of the entry.
    pub entry: String,
    /// Points; a document has none.
    pub points: Option<f32>,
}

/// Screens all travellers; the answers are in their order, the highest score first.
pub fn screen_all(
    entries: &[Entry],
    documents: &ListedDocuments,
    travellers: &[(u64, Traveller)],
    weights: &Weights,
    thresholds: Thresholds,
) -> Vec<Screened> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = travellers.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = travellers
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    let screened = part.iter().flat_map(|(_, traveller)| {
                        screen_one(entries, documents, traveller, weights, thresholds)
                    });
                    screened.collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = parts.into_iter().map(|part| match part.join() {
            Ok(screened) => screened,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.flatten().collect()
    })
}

fn screen_one(
    entries: &[Entry],
    documents: &ListedDocuments,
    traveller: &Traveller,
    weights: &Weights,
    thresholds: Thresholds,
) -> Vec<Screened> {
    let found = |outcome, entry: &str, points| Screened {
        traveller: traveller.id.clone(),
        outcome,
        entry: entry.to_owned(),
        points,
    };
    let document = traveller
        .document
        .as_ref()
        .map(|key| documents.look_up(key));
    let by_document = document
        .filter(|answer| answer.outcome != Outcome::Clear)
        .map(|answer| found(answer.outcome, &answer.entry, None));
    let person = PreparedPerson::of(&traveller.person, weights.rarity());
    let mut by_name: Vec<Screened> = entries
        .iter()
        .filter_map(|entry| {
            let score = score_if_possible(&entry.person, &person, weights)?;
            let outcome = thresholds.judge(&score);
            (outcome != Outcome::Clear).then(|| found(outcome, &entry.id, Some(score.points)))
        })
        .collect();
    by_name.sort_by(|a, b| b.points.unwrap_or(0.0).total_cmp(&a.points.unwrap_or(0.0)));
    by_document.into_iter().chain(by_name).collect()
}
