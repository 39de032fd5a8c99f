//! Error rates by group, at one threshold for all.
//!
//! An impostor comparison belongs to a group if both people do: strangers who share sex, age and origin are the
//! ones who are mistaken for each other, and a rate over all pairs hides it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::comparison::{OperatingPoint, PointRates, at_points};
use super::curve::{Comparison, Comparisons};
use super::table::{Pairs, People};

/// Rates of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupRates {
    /// The value both people share.
    pub group: String,
    /// Comparisons of the same person.
    pub genuine: usize,
    /// Comparisons of different people of the group.
    pub impostor: usize,
    /// At the thresholds in force.
    pub rates: Vec<PointRates>,
}

/// The groups of each attribute that both images of some comparison share a value of.
pub fn by_group(
    pairs: &Pairs,
    rows: &[usize],
    compare: impl Fn(&usize) -> Comparison,
    people: &People,
    indices: usize,
    points: &[OperatingPoint],
) -> BTreeMap<&'static str, Vec<GroupRates>> {
    let mut groups = BTreeMap::new();
    for (attribute, values) in &people.attributes {
        let shared = |row: &usize| -> Option<&str> {
            let [a, b] = pairs.rows[*row]
                .images
                .map(|image| values.get(&pairs.images[image]));
            (a == b).then_some(a?.as_str())
        };
        let names: BTreeSet<&str> = rows.iter().filter_map(shared).collect();
        let rates = names.into_iter().map(|name| {
            let members = rows.iter().filter(|row| shared(row) == Some(name));
            let comparisons = Comparisons::new(members.map(&compare));
            GroupRates {
                group: name.to_owned(),
                genuine: comparisons.genuine.count(),
                impostor: comparisons.impostor.count(),
                rates: at_points(&comparisons, indices, points),
            }
        });
        let rates: Vec<GroupRates> = rates.collect();
        if !rates.is_empty() {
            groups.insert(*attribute, rates);
        }
    }
    groups
}
