//! How well scores tell matches from others: recall at given false-positive rates, with intervals, per kind.

use std::collections::BTreeMap;

use egate_types::interval;

/// A scored pair with its label.
#[derive(Clone)]
pub struct Scored {
    /// Points; pairs that cannot be compared have the lowest.
    pub points: f32,
    /// Whether it is a match.
    pub is_match: bool,
    /// Names the difficulty.
    pub kind: String,
}

/// Recall at one false-positive rate.
#[derive(Clone, PartialEq, Debug)]
pub struct Recall {
    /// Share of non-matches that may pass.
    pub rate: f64,
    /// Scores above this pass.
    pub threshold: f32,
    /// Matches that pass, and all.
    pub found: (usize, usize),
}

impl Recall {
    /// Share found; 0 of none is 0.
    pub fn share(&self) -> f64 {
        ratio(self.found.0, self.found.1)
    }

    /// 95 % interval by Wilson.
    pub fn interval(&self) -> (f64, f64) {
        wilson(self.found.0, self.found.1)
    }
}

/// Part of a whole; 0 of none is 0.
#[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
pub fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Wilson's score interval at 95 %; of none, everything.
pub fn wilson(part: usize, whole: usize) -> (f64, f64) {
    let rate = interval::wilson(part as u64, whole as u64);
    rate.map_or((0.0, 1.0), |rate| (rate.low, rate.high))
}

/// The lowest threshold that at most `rate` of the non-matches exceed, and what passes it.
pub fn recall_at(scored: &[Scored], rate: f64) -> Recall {
    let mut others: Vec<f32> = scored
        .iter()
        .filter(|pair| !pair.is_match)
        .map(|pair| pair.points)
        .collect();
    others.sort_unstable_by(|a, b| b.total_cmp(a));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a count of pairs"
    )]
    let allowed = (others.len() as f64 * rate).floor() as usize;
    let threshold = others.get(allowed).copied().unwrap_or(f32::NEG_INFINITY);
    let matches = scored.iter().filter(|pair| pair.is_match);
    let (mut found, mut all) = (0, 0);
    for pair in matches {
        all += 1;
        found += usize::from(pair.points > threshold);
    }
    Recall {
        rate,
        threshold,
        found: (found, all),
    }
}

/// Per kind: how many pairs it has and how many exceed each threshold.
pub fn by_kind<'a>(
    scored: impl IntoIterator<Item = &'a Scored>,
    thresholds: &[f32],
) -> BTreeMap<(String, bool), (usize, Vec<usize>)> {
    let mut kinds = BTreeMap::new();
    for pair in scored {
        let (all, passed) = kinds
            .entry((pair.kind.clone(), pair.is_match))
            .or_insert_with(|| (0, vec![0; thresholds.len()]));
        *all += 1;
        for (count, threshold) in passed.iter_mut().zip(thresholds) {
            *count += usize::from(pair.points > *threshold);
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(points: f32, is_match: bool) -> Scored {
        Scored {
            points,
            is_match,
            kind: "k".into(),
        }
    }

    #[test]
    fn recall_counts_what_the_rate_leaves() {
        let mut pairs: Vec<Scored> = (0u8..100).map(|n| scored(f32::from(n), false)).collect();
        pairs.extend([scored(99.5, true), scored(98.5, true), scored(98.0, true)]);
        assert_eq!(recall_at(&pairs, 0.0).found, (1, 3));
        assert_eq!(recall_at(&pairs, 0.01).found, (2, 3));
        assert_eq!(recall_at(&pairs, 0.0099).found, (1, 3));
        assert_eq!(recall_at(&[], 0.01).found, (0, 0));
    }

    #[test]
    fn intervals_hold_the_share() {
        let (low, high) = wilson(90, 100);
        assert!(
            low > 0.82 && low < 0.9 && high > 0.9 && high < 0.95,
            "{low} {high}"
        );
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }
}
