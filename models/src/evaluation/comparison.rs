//! Who is on which image, and the error rates of each protocol.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bootstrap::{PEOPLE_MIN, REPLICATES, SEED, Statistic, Trials, intervals};
use super::curve::{Comparison, Comparisons};
use super::groups::{GroupRates, by_group};
use super::interval::Rate;
use super::score::Score;
use super::table::{Pairs, People, Rule, TableError};

/// Who is on which image: an index per image of a table of pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    /// By image.
    pub of: Vec<usize>,
    /// How they were found.
    pub rule: &'static str,
}

impl Subjects {
    /// The table of people says it for the images it lists. Otherwise images of one folder whose names agree up to the
    /// last underscore show one person; where labels contradict that, each image shows a person of its own. In
    /// either case a genuine pair makes two people one.
    ///
    /// # Errors
    /// Two images are labelled different people and are one person by the table of people or by genuine pairs.
    pub fn identify(pairs: &Pairs, people: Option<&People>) -> Result<Self, TableError> {
        let listed = |image: &str| people.and_then(|people| people.subjects.get(image));
        if let Some(people) = people {
            agrees(pairs, people)?;
        }
        let by_name = |image: &String| match listed(image) {
            Some(subject) => (true, subject.clone()),
            None => (false, stem(image).to_owned()),
        };
        if let Ok(of) = joined(pairs, by_name) {
            let all = pairs.images.iter().all(|image| listed(image).is_some());
            let rule = if all { RULE_TABLE } else { RULE_NAMES };
            return Ok(Self { of, rule });
        }
        let alone = |image: &String| match listed(image) {
            Some(subject) => (true, subject.clone()),
            None => (false, image.clone()),
        };
        let of = joined(pairs, alone)?;
        Ok(Self {
            of,
            rule: RULE_PAIRS,
        })
    }
}

/// Every label agrees with the table of people, as far as that knows both.
fn agrees(pairs: &Pairs, people: &People) -> Result<(), TableError> {
    for row in &pairs.rows {
        let [a, b] = row
            .images
            .map(|image| people.subjects.get(&pairs.images[image]));
        if let (Some(a), Some(b)) = (a, b)
            && (a == b) != row.genuine
        {
            return Err(contradiction(pairs, row, "the table of people"));
        }
    }
    Ok(())
}

/// Numbers for equal keys, made one by genuine pairs; an error if an impostor pair ends up as one person.
fn joined<K: Ord>(pairs: &Pairs, key: impl Fn(&String) -> K) -> Result<Vec<usize>, TableError> {
    let mut numbers = BTreeMap::new();
    let mut of: Vec<usize> = pairs
        .images
        .iter()
        .map(|image| {
            let next = numbers.len();
            *numbers.entry(key(image)).or_insert(next)
        })
        .collect();
    let mut parent: Vec<usize> = (0..numbers.len()).collect();
    for row in pairs.rows.iter().filter(|row| row.genuine) {
        let [a, b] = row.images.map(|image| root(&mut parent, of[image]));
        parent[a.max(b)] = a.min(b);
    }
    for subject in &mut of {
        *subject = root(&mut parent, *subject);
    }
    let one = pairs
        .rows
        .iter()
        .find(|row| !row.genuine && of[row.images[0]] == of[row.images[1]]);
    match one {
        None => Ok(of),
        Some(row) => Err(contradiction(pairs, row, "a chain of genuine pairs")),
    }
}

fn root(parent: &mut [usize], mut node: usize) -> usize {
    while parent[node] != node {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    node
}

fn stem(image: &str) -> &str {
    image.rsplit_once('_').map_or(image, |(stem, _)| {
        // An underscore in the name of a folder says nothing about the file.
        if image[stem.len()..].contains('/') {
            image
        } else {
            stem
        }
    })
}

fn contradiction(
    pairs: &Pairs,
    row: &super::table::Pair,
    source_of_truth: &'static str,
) -> TableError {
    let [image_a, image_b] = row.images.map(|image| pairs.images[image].clone());
    TableError {
        line: row.line,
        rule: Rule::Contradiction {
            image_a,
            image_b,
            label: if row.genuine {
                "the same person"
            } else {
                "different people"
            },
            source_of_truth,
        },
    }
}

/// An evaluation of one set of models on one table of pairs.
#[derive(Debug, Serialize)]
pub struct Evaluation {
    /// Name of the set.
    pub set: String,
    /// Name of the detector.
    pub detector: String,
    /// Name of the embedder, or of several.
    pub embedder: String,
    /// Images of all protocols.
    pub images: usize,
    /// Images that gave no template, with the reason.
    pub failed_images: Vec<FailedImage>,
    /// Share of images that gave none (ISO/IEC 19795-1: failure to acquire).
    pub failure_to_acquire: f64,
    /// How people were told apart.
    pub subject_rule: &'static str,
    /// How the intervals were made.
    pub interval_method: String,
    /// Thresholds in force, by name.
    pub operating_points: Vec<OperatingPoint>,
    /// By name of the protocol.
    pub protocols: BTreeMap<String, ProtocolRates>,
}

/// An image without a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedImage {
    /// Path in the table.
    pub image: String,
    /// Why.
    pub reason: String,
}

/// A threshold that somebody set, not one that these scores suggest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// Where it is from.
    pub name: String,
    /// Same person at or above it.
    pub threshold: Score,
}

/// Error rates of one protocol.
#[derive(Debug, Serialize)]
pub struct ProtocolRates {
    /// Comparisons of the same person, failed ones included.
    pub genuine: usize,
    /// Comparisons of different people, failed ones included.
    pub impostor: usize,
    /// People on the images.
    pub subjects: usize,
    /// Images of the protocol without a template.
    pub failed_images: usize,
    /// Genuine comparisons without a score, counted as non-matches.
    pub failed_genuine: usize,
    /// Impostor comparisons without a score, counted nowhere.
    pub failed_impostor: usize,
    /// Equal error rate; `None` without both kinds of comparison.
    pub eer: Option<f64>,
    /// The same with its interval.
    pub eer_interval: Option<Rate>,
    /// FNMR by FMR; `None` where `not_measurable` says why.
    pub fnmr_at: BTreeMap<&'static str, Option<Rate>>,
    /// Smallest threshold with that FMR on these scores.
    pub threshold_at: BTreeMap<&'static str, Option<Score>>,
    /// Why an FMR has no entry.
    pub not_measurable: BTreeMap<&'static str, String>,
    /// Rates at the thresholds in force.
    pub at_operating_points: Vec<PointRates>,
    /// By attribute and group, at the thresholds in force.
    pub groups: BTreeMap<&'static str, Vec<GroupRates>>,
    /// For plots and `det.csv`.
    #[serde(skip)]
    pub comparisons: Comparisons,
}

/// Both error rates at one threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PointRates {
    /// Where the threshold is from.
    pub name: String,
    /// Same person at or above it.
    pub threshold: Score,
    /// False non-match rate; `None` without genuine comparisons.
    pub fnmr: Option<Rate>,
    /// False match rate; `None` without impostor comparisons.
    pub fmr: Option<Rate>,
}

/// Evaluates every protocol of a table. `scores` has one entry per row, `failed` is by image.
pub fn evaluate(
    pairs: &Pairs,
    subjects: &Subjects,
    people: Option<&People>,
    scores: &[Option<Score>],
    failed: &[bool],
    points: &[OperatingPoint],
) -> BTreeMap<String, ProtocolRates> {
    let protocols = pairs.protocols.iter().enumerate();
    let rates = protocols.map(|(protocol, name)| {
        let rows: Vec<usize> = (0..pairs.rows.len())
            .filter(|row| pairs.rows[*row].protocol == protocol)
            .collect();
        let compare = |row: &usize| Comparison {
            score: scores[*row],
            subjects: pairs.rows[*row].images.map(|image| subjects.of[image]),
        };
        let comparisons = Comparisons::new(rows.iter().map(compare));
        let mut images: Vec<usize> = rows
            .iter()
            .flat_map(|row| pairs.rows[*row].images)
            .collect();
        images.sort_unstable();
        images.dedup();
        let mut on_them: Vec<usize> = images.iter().map(|image| subjects.of[*image]).collect();
        on_them.sort_unstable();
        on_them.dedup();
        let mut rates = of_protocol(comparisons, pairs.images.len(), points);
        rates.subjects = on_them.len();
        rates.failed_images = images.iter().filter(|image| failed[**image]).count();
        if let Some(people) = people {
            rates.groups = by_group(pairs, &rows, compare, people, pairs.images.len(), points);
        }
        (name.clone(), rates)
    });
    rates.collect()
}

/// The sentence on intervals that a report carries.
pub fn interval_method() -> String {
    format!(
        "95 %, subject bootstrap, {REPLICATES} replicates, seed {SEED}; rule of three where no error was counted, \
         Wilson over people below {PEOPLE_MIN} people"
    )
}

/// Both rates at every threshold in force, with intervals.
pub fn at_points(
    comparisons: &Comparisons,
    indices: usize,
    points: &[OperatingPoint],
) -> Vec<PointRates> {
    let statistics: Vec<Statistic<'_>> = points
        .iter()
        .flat_map(|point| {
            [
                statistic(Trials::People, |curve| curve.fnmr(point.threshold)),
                statistic(Trials::PairsOfPeople, |curve| curve.fmr(point.threshold)),
            ]
        })
        .collect();
    let rates = intervals(comparisons, indices, &statistics);
    let both = points.iter().zip(rates.chunks_exact(2));
    both.map(|(point, rates)| PointRates {
        name: point.name.clone(),
        threshold: point.threshold,
        fnmr: rates[0],
        fmr: rates[1],
    })
    .collect()
}

fn of_protocol(
    comparisons: Comparisons,
    indices: usize,
    points: &[OperatingPoint],
) -> ProtocolRates {
    let curve = comparisons.curve();
    let scored = comparisons.impostor.scores().len() as u64;
    let mut statistics = vec![statistic(Trials::People, |curve| curve.equal_error_rate())];
    let mut not_measurable = BTreeMap::new();
    let mut threshold_at = BTreeMap::new();
    let mut measurable = Vec::new();
    for (name, denominator) in FMR_TARGETS {
        let reason = if scored < denominator {
            Some(format!(
                "needs {denominator} impostor comparisons, there are {scored}"
            ))
        } else if comparisons.genuine.count() == 0 {
            Some("there is no genuine comparison".to_owned())
        } else {
            None
        };
        // A threshold needs impostors alone.
        let threshold = (scored >= denominator).then(|| curve.threshold_at(denominator));
        threshold_at.insert(name, threshold.flatten());
        match reason {
            Some(reason) => {
                not_measurable.insert(name, reason);
            }
            None => {
                measurable.push(name);
                statistics.push(statistic(Trials::People, move |curve| {
                    curve.fnmr(curve.threshold_at(denominator)?)
                }));
            }
        }
    }
    let rates = intervals(&comparisons, indices, &statistics);
    let eer = curve.equal_error_rate();
    let mut fnmr_at: BTreeMap<&str, Option<Rate>> = FMR_TARGETS
        .map(|(name, _)| (name, None))
        .into_iter()
        .collect();
    fnmr_at.extend(measurable.into_iter().zip(rates.iter().skip(1).copied()));
    ProtocolRates {
        genuine: comparisons.genuine.count(),
        impostor: comparisons.impostor.count(),
        subjects: 0,
        failed_images: 0,
        failed_genuine: comparisons.genuine.failed(),
        failed_impostor: comparisons.impostor.failed(),
        eer,
        eer_interval: rates.first().copied().flatten(),
        fnmr_at,
        threshold_at,
        not_measurable,
        at_operating_points: at_points(&comparisons, indices, points),
        groups: BTreeMap::new(),
        comparisons,
    }
}

fn statistic<'a>(
    trials: Trials,
    of: impl Fn(&super::curve::Curve<'_>) -> Option<f64> + 'a,
) -> Statistic<'a> {
    Statistic {
        of: Box::new(of),
        trials,
    }
}

/// Name of each FMR, and how many impostor comparisons allow one false match; fewer show nothing at that rate.
pub const FMR_TARGETS: [(&str, u64); 5] = [
    ("1e-2", 100),
    ("1e-3", 1_000),
    ("1e-4", 10_000),
    ("1e-5", 100_000),
    ("1e-6", 1_000_000),
];
const RULE_TABLE: &str = "table of people";
const RULE_NAMES: &str = "table of people where it lists an image, else folder and file name up to its last underscore; genuine pairs join";
const RULE_PAIRS: &str = "table of people where it lists an image, else each image a person of its own; genuine pairs join";
