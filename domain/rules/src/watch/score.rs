//! The score of a listed person against a traveller: a sum of points, each one natural logarithm of a likelihood ratio.
//!
//! A pair is first measured ([`Measure`]: how often each [`Feature`] applies), then weighed. The measure is all that
//! calibration sees, so that nothing can influence a score that is not in the file of weights.

use egate_types::Sex;

use super::{
    align::{Agreement, Alignment, align},
    date::{BirthRelation, best_relation},
    features::{FEATURES, Feature},
    name::{Name, Part, PartKind},
    person::PreparedPerson,
    weights::Weights,
    words::{Field, WORDS_MAX},
};

/// How often each feature applies to a pair.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measure([f32; FEATURES]);

impl Measure {
    /// How often `feature` applies; for agreements of parts the rarities added up.
    pub const fn of(&self, feature: Feature) -> f32 {
        self.0[feature.index()]
    }

    /// All of it, in the order of [`Feature::all`].
    pub const fn values(&self) -> &[f32; FEATURES] {
        &self.0
    }

    fn add(&mut self, feature: Feature, amount: f32) {
        self.0[feature.index()] += amount;
    }

    /// Points under `weights`.
    pub fn points(&self, weights: &Weights) -> f32 {
        let sum = self.0.iter().zip(weights.values());
        let points: f32 = sum.map(|(measured, weight)| measured * weight).sum();
        if self.of(Feature::Birth(BirthRelation::Far)) > 0.0 {
            points.min(POINTS_OF_ANOTHER_PERSON)
        } else {
            points
        }
    }

    /// Whether more than a name speaks for the pair: a date of birth that agrees, if only by its year; or, with every part of
    /// both names answered and parts that are rare enough, a shared nationality or place of birth.
    pub fn is_more_than_a_name(&self) -> bool {
        let agrees = |relation| self.of(Feature::Birth(relation)) > 0.0;
        let date = BirthRelation::ALL
            .into_iter()
            .take_while(|relation| *relation != BirthRelation::Unknown);
        let left = self.of(Feature::ListedLeft) + self.of(Feature::TravellerLeft);
        let shared = self.of(Feature::NationalitySame) + self.of(Feature::PlaceSame);
        let rarities = Agreement::ALL.map(|agreement| self.of(Feature::Rarity(agreement)));
        let rare = rarities.iter().sum::<f32>() >= RARITY_OF_ONE_PERSON;
        date.into_iter().any(agrees) || (left == 0.0 && shared > 0.0 && rare)
    }
}

/// How rare the parts of a name must be together for a nationality to confirm it, as the natural logarithm of one in so many: a state of
/// some tens of millions has hundreds of people of a more common name.
pub const RARITY_OF_ONE_PERSON: f32 = 12.0;

/// Names do not outweigh complete dates of birth that are years apart: a namesake, whatever the name.
pub const POINTS_OF_ANOTHER_PERSON: f32 = 0.0;

/// The score of a pair.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Score {
    /// Natural logarithm of how many times likelier the pair is among the same person's documents than among strangers.
    pub points: f32,
    /// Which of the prepared names agree best: of the entry, of the traveller.
    pub names: (usize, usize),
    /// Points of the names that agree best among those for which more than a name speaks ([`Measure::is_more_than_a_name`]); a
    /// further name must not take from what another one confirms.
    pub confirmed: Option<f32>,
}

/// The score of the names that agree best, with everything else known. `None` if a side has no name that can be compared.
pub fn score(
    listed: &PreparedPerson,
    traveller: &PreparedPerson,
    weights: &Weights,
) -> Option<Score> {
    let mut beside = Measure([0.0; FEATURES]);
    measure_beside_names(&mut beside, listed, traveller);
    let mut best: Option<Score> = None;
    let mut confirmed: Option<f32> = None;
    for (i, one) in listed.names.iter().enumerate() {
        for (j, other) in traveller.names.iter().enumerate() {
            let mut measure = beside;
            let alignment = align(&one.name, &other.name, weights.worth());
            measure_names(&mut measure, &one.name, &other.name, &alignment);
            let points = measure.points(weights);
            if measure.is_more_than_a_name() {
                confirmed = Some(confirmed.map_or(points, |most| most.max(points)));
            }
            if best.is_none_or(|best| best.points < points) {
                best = Some(Score {
                    points,
                    names: (i, j),
                    confirmed: None,
                });
            }
        }
    }
    best.map(|best| Score { confirmed, ..best })
}

/// The same for those who ask for possibilities alone: `None` also where dates of birth rule the pair out.
pub fn score_if_possible(
    listed: &PreparedPerson,
    traveller: &PreparedPerson,
    weights: &Weights,
) -> Option<Score> {
    let births = best_relation(&listed.births, &traveller.births);
    if births == BirthRelation::Far {
        return None;
    }
    score(listed, traveller, weights)
}

/// The measure behind a score, for explanation and calibration.
pub fn measure(
    listed: &PreparedPerson,
    traveller: &PreparedPerson,
    names: (usize, usize),
    weights: &Weights,
) -> Measure {
    let mut measure = Measure([0.0; FEATURES]);
    measure_beside_names(&mut measure, listed, traveller);
    let (one, other) = (&listed.names[names.0].name, &traveller.names[names.1].name);
    let alignment = align(one, other, weights.worth());
    measure_names(&mut measure, one, other, &alignment);
    measure
}

fn measure_beside_names(
    measure: &mut Measure,
    listed: &PreparedPerson,
    traveller: &PreparedPerson,
) {
    measure.add(Feature::Offset, 1.0);
    let births = best_relation(&listed.births, &traveller.births);
    measure.add(Feature::Birth(births), 1.0);
    let sexes = [listed.sex, traveller.sex];
    let same_sex = (!sexes.contains(&Sex::Unspecified)).then(|| listed.sex == traveller.sex);
    for (same, features) in [
        (
            any_shared(&listed.nationalities, &traveller.nationalities),
            [Feature::NationalitySame, Feature::NationalityOther],
        ),
        (same_sex, [Feature::SexSame, Feature::SexOther]),
        (
            any_shared(&listed.places_of_birth, &traveller.places_of_birth),
            [Feature::PlaceSame, Feature::PlaceOther],
        ),
    ] {
        if let Some(same) = same {
            measure.add(features[usize::from(!same)], 1.0);
        }
    }
}

/// Whether the lists share something; `None` if one is empty.
fn any_shared<T: PartialEq>(one: &[T], other: &[T]) -> Option<bool> {
    let known = !one.is_empty() && !other.is_empty();
    known.then(|| one.iter().any(|value| other.contains(value)))
}

fn measure_names(measure: &mut Measure, listed: &Name, traveller: &Name, alignment: &Alignment) {
    let mut linked_names = 0u8;
    let mut initials_only = true;
    for link in alignment.links() {
        let (i, j) = (usize::from(link.listed.0), usize::from(link.traveller.0));
        let (one, other) = (&listed.parts[i], &traveller.parts[j]);
        if one.kind.is_weightless() && other.kind.is_weightless() {
            continue;
        }
        let parts = link.listed.1.max(link.traveller.1);
        linked_names += parts;
        initials_only &= link.agreement == Agreement::Initial;
        if counts(one, other) {
            measure.add(Feature::Rarity(link.agreement), link.rarity);
            measure.add(Feature::Part(link.agreement), 1.0);
        }
        if parts > 1 {
            measure.add(Feature::Joined, 1.0);
        }
        let fields = (one.field, other.field);
        if matches!(
            fields,
            (Field::Primary, Field::Secondary) | (Field::Secondary, Field::Primary)
        ) {
            measure.add(Feature::FieldsSwapped, 1.0);
        }
    }
    // Initials support a name and are none.
    let linked_names = linked_names.min(if initials_only { 1 } else { u8::MAX });
    measure_uncovered(measure, listed, traveller, alignment, linked_names);
}

/// Whether a link of the two has points: not where both might as well be left out, since what agrees must not count less than
/// what is left out, and a part may count less than nothing.
pub(super) fn counts(one: &Part, other: &Part) -> bool {
    one.kind == PartKind::Name || other.kind == PartKind::Name
}

fn measure_uncovered(
    measure: &mut Measure,
    listed: &Name,
    traveller: &Name,
    alignment: &Alignment,
    linked_names: u8,
) {
    let uncovered = alignment.uncovered(listed, traveller);
    let left = (
        left_out(listed, uncovered.0),
        left_out(traveller, uncovered.1),
    );
    // What a full zone has cut off is no difference, unless the zone contradicts the rest of the name.
    let cut_off = |zone: &Name, left_there: f32| zone.truncated && left_there == 0.0;
    let left_listed = if cut_off(traveller, left.1) {
        0.0
    } else {
        left.0
    };
    let left_traveller = if cut_off(listed, left.0) { 0.0 } else { left.1 };
    measure.add(Feature::ListedLeft, left_listed.min(LEFT_MAX));
    measure.add(Feature::TravellerLeft, left_traveller.min(LEFT_MAX));
    measure.add(Feature::BothLeft, left.0.min(left.1).min(LEFT_MAX));
    // One syllable of a given name is not the given name if the others contradict each other: `SU-KWANG` and `JEONG-SU`.
    let other_syllables = listed.syllabic && traveller.syllabic && left.0.min(left.1) > 0.0;
    let linked_names = linked_names.min(if other_syllables { 1 } else { u8::MAX });
    if linked_names <= 1 && (names(listed) > 1 || names(traveller) > 1) {
        measure.add(Feature::OnePartOnly, 1.0);
    }
    if linked_names == 2 {
        measure.add(Feature::TwoPartsOnly, 1.0);
    }
    let missing = |field| {
        field_missing(listed, uncovered.0, field) || field_missing(traveller, uncovered.1, field)
    };
    if missing(Field::Primary) {
        measure.add(Feature::SurnameMissing, 1.0);
    }
    if missing(Field::Secondary) {
        measure.add(Feature::GivenMissing, 1.0);
    }
}

/// More parts left over say no more than so many.
const LEFT_MAX: f32 = 3.0;

fn names(name: &Name) -> usize {
    let counts = |kind| matches!(kind, PartKind::Name | PartKind::Initial);
    name.parts.iter().filter(|part| counts(part.kind)).count()
}

/// Parts that tell people apart and answer to nothing.
fn left_out(name: &Name, uncovered: u16) -> f32 {
    let left = name.parts.iter().take(WORDS_MAX).enumerate();
    left.filter(|(at, part)| uncovered & (1 << at) != 0 && part.kind == PartKind::Name)
        .fold(0.0, |sum, _| sum + 1.0)
}

/// Whether the field is known to have parts and none of them answers to anything.
fn field_missing(name: &Name, uncovered: u16, field: Field) -> bool {
    let mut some = false;
    for (at, part) in name.parts.iter().take(WORDS_MAX).enumerate() {
        if part.field == field && part.kind == PartKind::Name {
            some = true;
            if uncovered & (1 << at) == 0 {
                return false;
            }
        }
    }
    some
}

/// Whatever the length of a list, less than this is shown to nobody: one stranger in eighteen million passes it. By its length alone, a
/// birth date, a nationality and a common given name would be enough for a list of some hundreds.
pub const POINTS_SHOWN_MIN: f32 = 16.7;

/// What a score means for a traveller against a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// Nothing to show.
    Clear,
    /// Shown to an officer as a possibility.
    Possible,
    /// Shown to an officer as this person.
    Hit,
}

impl Outcome {
    /// As commands and messages write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Possible => "possible",
            Self::Hit => "hit",
        }
    }
}

/// Points from which a score counts against a list.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Thresholds {
    /// From here a possibility.
    pub possible: f32,
    /// From here a hit.
    pub hit: f32,
}

impl Thresholds {
    /// For `entries` listed persons and the shares of unlisted travellers that may be shown by mistake.
    ///
    /// A stranger passes `t` points once in `e^t` comparisons, so that `t = ln(entries / share)`.
    pub fn new(entries: u64, possible_share: f64, hit_share: f64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a logarithm needs no more")]
        let comparisons = entries.max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "some tens at most")]
        let points = |share: f64| (comparisons / share).ln() as f32;
        Self {
            possible: points(possible_share),
            hit: points(hit_share),
        }
    }

    /// The same against a list: however short it is, what is shown must be worth [`POINTS_SHOWN_MIN`].
    pub fn of_list(entries: u64, possible_share: f64, hit_share: f64) -> Self {
        let Self { possible, hit } = Self::new(entries, possible_share, hit_share);
        Self {
            possible: possible.max(POINTS_SHOWN_MIN),
            hit: hit.max(POINTS_SHOWN_MIN),
        }
    }

    /// What a score of a person means: a name alone never confirms one, however many points it has.
    pub fn judge(self, score: &Score) -> Outcome {
        self.judge_points(score.points, score.confirmed)
    }

    pub(super) fn judge_points(self, points: f32, confirmed: Option<f32>) -> Outcome {
        let by_name = self.outcome(points).min(Outcome::Possible);
        confirmed.map_or(by_name, |points| self.outcome(points).max(by_name))
    }

    /// What points mean by themselves; [`Self::judge`] is for people.
    pub fn outcome(self, points: f32) -> Outcome {
        if points >= self.hit {
            Outcome::Hit
        } else if points >= self.possible {
            Outcome::Possible
        } else {
            Outcome::Clear
        }
    }
}
