//! Error rates over all thresholds, with a weight for every comparison so that resampling needs no sorting.

use super::score::Score;

/// One comparison: its score, and whom it compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// `None` if an image of the two failed.
    pub score: Option<Score>,
    /// Indices of the two people; equal if genuine.
    pub subjects: [usize; 2],
}

/// The comparisons of one protocol, in ascending order of score.
#[derive(Debug, Clone)]
pub struct Comparisons {
    /// Same person.
    pub genuine: Side,
    /// Different people.
    pub impostor: Side,
    /// All thresholds at which a rate changes, ascending.
    candidates: Vec<Score>,
}

/// All comparisons of one kind.
#[derive(Debug, Clone)]
pub struct Side {
    scored: Vec<(Score, [usize; 2])>,
    failed: Vec<[usize; 2]>,
}

/// The two error rates as functions of the threshold.
#[derive(Debug)]
pub struct Curve<'a> {
    comparisons: &'a Comparisons,
    /// Weight below each position of the sorted scores, one more than there are scores.
    genuine_below: Vec<u64>,
    impostor_below: Vec<u64>,
}

impl Comparisons {
    /// Sorts the comparisons; genuine are those of equal subjects.
    pub fn new(comparisons: impl IntoIterator<Item = Comparison>) -> Self {
        let (genuine, impostor): (Vec<_>, Vec<_>) = comparisons
            .into_iter()
            .partition(|comparison| comparison.subjects[0] == comparison.subjects[1]);
        let (genuine, impostor) = (Side::new(genuine), Side::new(impostor));
        let mut candidates: Vec<Score> = genuine
            .scores()
            .chain(impostor.scores())
            .flat_map(|score| [score, score.next()])
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        Self {
            genuine,
            impostor,
            candidates,
        }
    }

    /// The curve with every comparison counted once.
    pub fn curve(&self) -> Curve<'_> {
        self.weighted(|_| 1)
    }

    /// The curve with every person counted `multiplicity[person]` times: a comparison of two people counts as often
    /// as the product of both, one of a person with himself as often as he.
    pub fn resampled(&self, multiplicity: &[u32]) -> Curve<'_> {
        let of = |person: usize| u64::from(multiplicity.get(person).copied().unwrap_or(0));
        self.weighted(|[a, b]| if a == b { of(a) } else { of(a) * of(b) })
    }

    /// Thresholds at which a rate changes, ascending.
    pub fn thresholds(&self) -> &[Score] {
        &self.candidates
    }

    fn weighted(&self, weight: impl Fn([usize; 2]) -> u64) -> Curve<'_> {
        // A failed genuine comparison lies below every threshold, a failed impostor one is no comparison.
        let failed = self.genuine.failed.iter().map(|pair| weight(*pair)).sum();
        Curve {
            comparisons: self,
            genuine_below: self.genuine.below(failed, &weight),
            impostor_below: self.impostor.below(0, &weight),
        }
    }
}

impl Side {
    fn new(comparisons: Vec<Comparison>) -> Self {
        let mut side = Self {
            scored: Vec::new(),
            failed: Vec::new(),
        };
        for Comparison { score, subjects } in comparisons {
            match score {
                Some(score) => side.scored.push((score, subjects)),
                None => side.failed.push(subjects),
            }
        }
        side.scored.sort_unstable();
        side
    }

    /// Comparisons with a score, ascending.
    pub fn scores(&self) -> impl ExactSizeIterator<Item = Score> + '_ {
        self.scored.iter().map(|(score, _)| *score)
    }

    /// Comparisons without a score.
    pub fn failed(&self) -> usize {
        self.failed.len()
    }

    /// All comparisons.
    pub fn count(&self) -> usize {
        self.scored.len() + self.failed.len()
    }

    /// Pairs of people compared, each once.
    pub fn distinct_pairs(&self) -> usize {
        let mut pairs: Vec<[usize; 2]> = self.pairs().map(|[a, b]| [a.min(b), a.max(b)]).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.len()
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        let scored = self.scored.iter().map(|(_, pair)| *pair);
        scored.chain(self.failed.iter().copied())
    }

    fn below(&self, start: u64, weight: impl Fn([usize; 2]) -> u64) -> Vec<u64> {
        let mut below = Vec::with_capacity(self.scored.len() + 1);
        let mut sum = start;
        below.push(sum);
        for (_, pair) in &self.scored {
            sum += weight(*pair);
            below.push(sum);
        }
        below
    }

    fn position(&self, threshold: Score) -> usize {
        self.scored.partition_point(|(score, _)| *score < threshold)
    }
}

impl Curve<'_> {
    /// Share of genuine comparisons below the threshold; `None` if there are none.
    pub fn fnmr(&self, threshold: Score) -> Option<f64> {
        let below = self.genuine_below[self.comparisons.genuine.position(threshold)];
        share(below, last(&self.genuine_below))
    }

    /// Share of impostor comparisons at or above the threshold; `None` if there are none.
    pub fn fmr(&self, threshold: Score) -> Option<f64> {
        let total = last(&self.impostor_below);
        let below = self.impostor_below[self.comparisons.impostor.position(threshold)];
        share(total - below, total)
    }

    /// The smallest threshold at which no more than one in `denominator` impostor comparisons matches; `None` if
    /// there is no impostor comparison.
    pub fn threshold_at(&self, denominator: u64) -> Option<Score> {
        let total = last(&self.impostor_below);
        if total == 0 {
            return None;
        }
        let allowed = total / denominator.max(1);
        let excluded = self
            .impostor_below
            .partition_point(|below| total - below > allowed);
        let scored = &self.comparisons.impostor.scored;
        match excluded.checked_sub(1) {
            Some(highest) => scored.get(highest).map(|(score, _)| score.next()),
            None => scored.first().map(|(score, _)| *score),
        }
    }

    /// The equal error rate: the mean of both rates at the threshold where they differ least.
    pub fn equal_error_rate(&self) -> Option<f64> {
        let candidates = self.comparisons.thresholds();
        let difference = |threshold: &Score| Some(self.fnmr(*threshold)? - self.fmr(*threshold)?);
        candidates.first().and_then(difference)?;
        let crossing =
            candidates.partition_point(|threshold| difference(threshold).is_some_and(|d| d < 0.0));
        let around = crossing.saturating_sub(1)..(crossing + 1).min(candidates.len());
        candidates[around]
            .iter()
            .filter_map(|threshold| {
                let (fnmr, fmr) = (self.fnmr(*threshold)?, self.fmr(*threshold)?);
                Some(((fnmr - fmr).abs(), f64::midpoint(fnmr, fmr)))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
            .map(|(_, rate)| rate)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn last(below: &[u64]) -> u64 {
    below.last().copied().unwrap_or(0)
}
