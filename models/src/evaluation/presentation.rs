//! Error rates of attack detection (ISO/IEC 30107-3).
//!
//! *APCER* is a rate per species of attack instrument and never a mean over species: an attacker brings the best
//! one. *BPCER* is the share of bona fide presentations refused. *ACER* is the mean of BPCER and of the worst APCER.
//!
//! A bona fide presentation without a face counts as refused. An attack without a face is a non-response: it is
//! counted, and left out of the APCER, which must not fall because the detector fails.

use std::collections::BTreeMap;

use serde::Serialize;

use super::comparison::FailedImage;
use super::interval::{Rate, rule_of_three, wilson};
use super::score::Score;
use super::table::Presentation;

/// An evaluation of attack detection.
#[derive(Debug, Serialize)]
pub struct PresentationRates {
    /// Name of the set.
    pub set: String,
    /// Bona fide at or above this score.
    pub threshold: Score,
    /// Bona fide presentations refused; `None` without any.
    pub bpcer: Option<f64>,
    /// Attacks accepted, by species; `None` where every presentation was a non-response.
    pub apcer: BTreeMap<String, Option<f64>>,
    /// Mean of BPCER and the worst APCER; `None` without both.
    pub acer: Option<f64>,
    /// The bona fide presentations by origin.
    pub bona_fide: BTreeMap<String, Counted>,
    /// The attacks by species.
    pub species: BTreeMap<String, Counted>,
    /// Images that gave no score, with the reason.
    pub failed_images: Vec<FailedImage>,
    /// By presentation, for plots.
    #[serde(skip)]
    pub scores: Vec<(Option<String>, Option<Score>)>,
}

/// Errors among presentations.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counted {
    /// Presentations shown.
    pub presentations: u64,
    /// Of which none gave a score.
    pub non_responses: u64,
    /// Attacks accepted, or bona fide presentations refused.
    pub errors: u64,
    /// Presentations that the rate is a share of.
    pub trials: u64,
    /// Rate with Wilson's 95 % interval.
    pub rate: Option<Rate>,
    /// Without an error: the rate that is not excluded (rule of three).
    pub rate_not_excluded: Option<f64>,
    /// Captured or computed, as the table says.
    pub origins: Vec<String>,
}

/// Rates of presentations and their scores at a threshold.
pub fn evaluate(
    set: &str,
    presentations: &[Presentation],
    scores: &[Option<Score>],
    threshold: Score,
    failed_images: Vec<FailedImage>,
) -> PresentationRates {
    let (mut bona_fide, mut species) = (BTreeMap::new(), BTreeMap::new());
    let mut all_bona_fide = Counted::default();
    for (presentation, score) in presentations.iter().zip(scores) {
        let origin = presentation.origin.as_deref().unwrap_or("not stated");
        match &presentation.species {
            Some(name) => {
                let counted: &mut Counted = species.entry(name.clone()).or_default();
                counted.attack(*score, threshold, origin);
            }
            None => {
                let counted: &mut Counted = bona_fide.entry(origin.to_owned()).or_default();
                counted.bona_fide(*score, threshold, origin);
                all_bona_fide.bona_fide(*score, threshold, origin);
            }
        }
    }
    let counts = bona_fide.values_mut().chain(species.values_mut());
    counts.chain([&mut all_bona_fide]).for_each(Counted::rate);
    let point = |counted: &Counted| counted.rate.map(|rate| rate.point);
    let bpcer = point(&all_bona_fide);
    let apcer: BTreeMap<String, Option<f64>> = species
        .iter()
        .map(|(name, counted)| (name.clone(), point(counted)))
        .collect();
    let worst = apcer.values().flatten().copied().reduce(f64::max);
    PresentationRates {
        set: set.to_owned(),
        threshold,
        bpcer,
        acer: bpcer
            .zip(worst)
            .map(|(bpcer, apcer)| f64::midpoint(bpcer, apcer)),
        apcer,
        bona_fide,
        species,
        failed_images,
        scores: presentations
            .iter()
            .map(|presentation| presentation.species.clone())
            .zip(scores.iter().copied())
            .collect(),
    }
}

impl Counted {
    fn attack(&mut self, score: Option<Score>, threshold: Score, origin: &str) {
        self.shown(score, origin);
        self.trials += u64::from(score.is_some());
        self.errors += u64::from(score.is_some_and(|score| score >= threshold));
    }

    fn bona_fide(&mut self, score: Option<Score>, threshold: Score, origin: &str) {
        self.shown(score, origin);
        self.trials += 1;
        self.errors += u64::from(score.is_none_or(|score| score < threshold));
    }

    fn shown(&mut self, score: Option<Score>, origin: &str) {
        self.presentations += 1;
        self.non_responses += u64::from(score.is_none());
        if !self.origins.iter().any(|known| known == origin) {
            self.origins.push(origin.to_owned());
        }
    }

    fn rate(&mut self) {
        self.rate = wilson(self.errors, self.trials);
        let clean = self.errors == 0 && self.trials > 0;
        self.rate_not_excluded = clean.then(|| rule_of_three(self.trials));
    }
}
