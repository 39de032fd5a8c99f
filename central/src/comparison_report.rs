//! The report on face comparison in the field (BSI TR-03121 EVA-VER-nCIR-1): error rates with intervals from what the gates
//! counted. Pure.

use std::cmp::Reverse;

use egate_types::{
    AuthorityId, MatchScore, UtcTime,
    interval::{Rate, rule_of_three, wilson},
};
use egate_wire::v1::ComparisonGroup;
use serde::Serialize;

/// Sums of one configuration, threshold and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) configuration: String,
    pub(crate) match_score: MatchScore,
    pub(crate) fmr_ppb: u32,
    pub(crate) group: ComparisonGroup,
    pub(crate) in_force: bool,
    /// Errors and comparisons.
    pub(crate) mated: [u64; 2],
    /// Errors and comparisons.
    pub(crate) non_mated: [u64; 2],
}

/// On what the sums rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Batches {
    pub(crate) began_at: UtcTime,
    pub(crate) ended_at: UtcTime,
    pub(crate) lanes: u64,
    /// Mated comparisons that do not count, since the inspection did not end with an admission.
    pub(crate) left_out: u64,
    /// Inspections that a busy gate did not evaluate.
    pub(crate) skipped: u64,
    /// The laws under which references of others were kept.
    pub(crate) retention: Vec<String>,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ComparisonReport {
    pub(crate) version: u32,
    pub(crate) authority: AuthorityId,
    /// None if no lane has sent anything.
    pub(crate) batches: Option<Batches>,
    /// The deciding configuration first; within one everybody before the groups, the highest false match rate first.
    pub(crate) figures: Vec<Figure>,
}

/// Error rates of one configuration at one threshold within one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) configuration: String,
    pub(crate) match_score: MatchScore,
    /// The false match rate that the threshold stands for, a share.
    pub(crate) stands_for_fmr: f64,
    pub(crate) in_force: bool,
    pub(crate) group: ComparisonGroup,
    pub(crate) mated_comparisons: u64,
    pub(crate) false_non_matches: u64,
    /// With its 95 % interval, as if comparisons were independent.
    pub(crate) fnmr: Option<Rate>,
    /// Fewer mated comparisons than [`MATED_MIN`].
    pub(crate) too_few_mated: bool,
    pub(crate) non_mated_comparisons: u64,
    pub(crate) false_matches: u64,
    /// With its 95 % interval, as if comparisons were independent.
    pub(crate) fmr: Option<Rate>,
    pub(crate) finding: Finding,
}

/// What the non-mated comparisons say of the rate that a threshold stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Finding {
    /// Fewer comparisons than [`non_mated_needed`], and no sign of a higher rate: they say nothing.
    TooFew,
    /// The interval lies below the rate.
    Lower,
    /// The interval holds the rate.
    Agrees,
    /// The interval lies above the rate: strangers match more often than they may.
    Higher,
}

impl ComparisonReport {
    pub(crate) fn new(
        authority: AuthorityId,
        batches: Option<Batches>,
        mut counts: Vec<Count>,
    ) -> Self {
        let deciding: Vec<String> = counts
            .iter()
            .filter(|count| count.in_force)
            .map(|count| count.configuration.clone())
            .collect();
        counts.sort_by_cached_key(|count| {
            (
                !deciding.contains(&count.configuration),
                count.configuration.clone(),
                count.group.clone(),
                Reverse(count.fmr_ppb),
                count.match_score,
            )
        });
        Self {
            version: 1,
            authority,
            batches,
            figures: counts.into_iter().map(figure).collect(),
        }
    }
}

fn figure(count: Count) -> Figure {
    let [false_non_matches, mated_comparisons] = count.mated;
    let [false_matches, non_mated_comparisons] = count.non_mated;
    let stands_for_fmr = f64::from(count.fmr_ppb) / PPB_PER_ONE;
    let fmr = wilson(false_matches, non_mated_comparisons);
    Figure {
        configuration: count.configuration,
        match_score: count.match_score,
        stands_for_fmr,
        in_force: count.in_force,
        group: count.group,
        mated_comparisons,
        false_non_matches,
        fnmr: wilson(false_non_matches, mated_comparisons),
        too_few_mated: mated_comparisons < MATED_MIN,
        non_mated_comparisons,
        false_matches,
        fmr,
        finding: finding(fmr, non_mated_comparisons, stands_for_fmr),
    }
}

fn finding(fmr: Option<Rate>, comparisons: u64, nominal: f64) -> Finding {
    match fmr {
        Some(rate) if rate.low > nominal => Finding::Higher,
        Some(rate) if rate.high < nominal => Finding::Lower,
        Some(_) if rule_of_three(comparisons) <= nominal => Finding::Agrees,
        Some(_) | None => Finding::TooFew,
    }
}

/// Non-mated comparisons without an error that show a rate to be no higher than this, by the rule of three.
pub(crate) fn non_mated_needed(fmr: f64) -> u64 {
    if fmr <= 0.0 {
        return u64::MAX;
    }
    (RULE_OF_THREE / fmr).ceil() as u64
}

/// Mated comparisons below which a false non-match rate is not worth its name: without any error it may still be 3 %.
pub(crate) const MATED_MIN: u64 = 100;
/// Three errors, or 95 % certainty that there are fewer (ISO/IEC 19795-1 B.1.1).
const RULE_OF_THREE: f64 = 3.0;
/// Parts per billion in one.
const PPB_PER_ONE: f64 = 1e9;

#[cfg(test)]
mod tests {
    use super::*;

    fn count(configuration: &str, in_force: bool, non_mated: [u64; 2]) -> Count {
        Count {
            configuration: configuration.into(),
            match_score: MatchScore(470_000),
            fmr_ppb: 10_000,
            group: ComparisonGroup::All,
            in_force,
            mated: [2, 80],
            non_mated,
        }
    }

    fn report(counts: Vec<Count>) -> ComparisonReport {
        let authority = AuthorityId::parse("border").unwrap();
        ComparisonReport::new(authority, None, counts)
    }

    #[test]
    fn findings_follow_the_interval_and_the_rule_of_three() {
        let cases = [
            ([0, 0], Finding::TooFew),
            ([0, 299_000], Finding::TooFew),
            ([3, 300_000], Finding::Agrees),
            ([0, 400_000], Finding::Lower),
            ([2, 1_000], Finding::Higher),
        ];
        for (non_mated, expected) in cases {
            let report = report(vec![count("one", true, non_mated)]);
            assert_eq!(report.figures[0].finding, expected, "{non_mated:?}");
        }
        assert_eq!(non_mated_needed(1e-5), 300_000);
    }

    #[test]
    fn rates_come_with_intervals_or_not_at_all() {
        let report = report(vec![count("one", true, [0, 0])]);
        let figure = &report.figures[0];
        assert_eq!(figure.fmr, None);
        let fnmr = figure.fnmr.unwrap();
        assert!((fnmr.point - 0.025).abs() < 1e-12);
        // Wilson's interval of 2 among 80.
        assert!((fnmr.low - 0.0069).abs() < 1e-4 && (fnmr.high - 0.0866).abs() < 1e-4);
        assert!(figure.too_few_mated);
    }

    #[test]
    fn the_configuration_that_decides_comes_first() {
        let group = |group, name: &str, in_force| Count {
            group,
            ..count(name, in_force, [0, 9])
        };
        let women = || ComparisonGroup::Sex(egate_types::Sex::Female);
        let report = report(vec![
            group(women(), "a", false),
            group(women(), "b", true),
            group(ComparisonGroup::All, "a", false),
            group(ComparisonGroup::All, "b", true),
        ]);
        let order = report.figures.iter();
        let order: Vec<_> = order
            .map(|f| (f.configuration.as_str(), &f.group))
            .collect();
        let all = &ComparisonGroup::All;
        let women = &women();
        assert_eq!(order, [("b", all), ("b", women), ("a", all), ("a", women)]);
    }
}
