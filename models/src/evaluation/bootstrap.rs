//! Confidence intervals by subject bootstrap.
//!
//! Comparisons of one person hang together, so it is people who are drawn again, with replacement, and a comparison
//! counts as often as both of its people were drawn. Drawing comparisons would make the intervals too narrow.
//!
//! Two things a bootstrap cannot see are added. Where no error was counted, it would answer "certainly zero": the
//! upper end is then at least the rule of three over the people (FNMR) or the pairs of people (FMR; optimistic, for
//! these pairs share people). And below [`PEOPLE_MIN`] people it has nothing to draw from: Wilson's interval with the
//! people as trials takes its place.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::curve::{Comparisons, Curve};
use super::interval::{Rate, rule_of_three, wilson_of_share};

/// A figure of a curve; `None` where it cannot be had.
pub type Figure<'a> = dyn Fn(&Curve<'_>) -> Option<f64> + 'a;

/// A figure of a curve, and on whom it rests.
pub struct Statistic<'a> {
    /// The figure.
    pub of: Box<Figure<'a>>,
    /// Which comparisons its trials are.
    pub trials: Trials,
}

/// What counts as an independent trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trials {
    /// People with a genuine comparison.
    People,
    /// Pairs of people with an impostor comparison.
    PairsOfPeople,
}

/// Each statistic with its 95 % interval, in their order. `people` is the number of subject indices. The same input
/// gives the same answer.
pub fn intervals(
    comparisons: &Comparisons,
    people: usize,
    statistics: &[Statistic<'_>],
) -> Vec<Option<Rate>> {
    let mut drawn: Vec<Vec<f64>> = vec![Vec::with_capacity(REPLICATES); statistics.len()];
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let present = present(comparisons, people);
    let mut multiplicity = vec![0u32; people];
    for _ in 0..REPLICATES {
        multiplicity.fill(0);
        for _ in 0..present.len() {
            // Uniform to within 2^-64 times the number of people.
            let at = (u128::from(random.next_u64()) * present.len() as u128) >> 64;
            multiplicity[present[at as usize]] += 1;
        }
        let curve = comparisons.resampled(&multiplicity);
        for (statistic, values) in statistics.iter().zip(&mut drawn) {
            values.extend((statistic.of)(&curve));
        }
    }
    let whole = comparisons.curve();
    let figures = statistics.iter().zip(drawn);
    figures
        .map(|(statistic, values)| {
            let point = (statistic.of)(&whole)?;
            let trials = match statistic.trials {
                Trials::People => comparisons.genuine.distinct_pairs(),
                Trials::PairsOfPeople => comparisons.impostor.distinct_pairs(),
            };
            Some(interval(point, values, trials as u64))
        })
        .collect()
}

fn interval(point: f64, mut values: Vec<f64>, trials: u64) -> Rate {
    if trials < PEOPLE_MIN || values.is_empty() {
        let mut rate = wilson_of_share(point, trials.max(1));
        if point <= 0.0 {
            rate.high = rate.high.max(rule_of_three(trials));
        }
        return rate;
    }
    values.sort_by(f64::total_cmp);
    let quantile = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    let (mut low, mut high) = (quantile(TAIL).min(point), quantile(1.0 - TAIL).max(point));
    if point <= 0.0 {
        high = high.max(rule_of_three(trials));
    }
    if point >= 1.0 {
        low = low.min(1.0 - rule_of_three(trials));
    }
    Rate { point, low, high }
}

/// People who take part in a comparison.
fn present(comparisons: &Comparisons, people: usize) -> Vec<usize> {
    let mut seen = vec![false; people];
    for pair in comparisons
        .genuine
        .pairs()
        .chain(comparisons.impostor.pairs())
    {
        for person in pair {
            seen[person] = true;
        }
    }
    (0..people).filter(|person| seen[*person]).collect()
}

/// Draws; the ends of a 95 % interval then lie among 25 values on each side.
pub const REPLICATES: usize = 1_000;
/// Any fixed number: the same scores give the same report.
pub const SEED: u64 = 19_795;
/// Below so many people a bootstrap shows less spread than there is.
pub const PEOPLE_MIN: u64 = 10;
/// Outside the interval on each side.
const TAIL: f64 = 0.025;
