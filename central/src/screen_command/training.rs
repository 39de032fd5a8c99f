//! From files to weights: counts name parts, measures pairs, adds the strangers that come closest, and fits.

use std::collections::{BTreeMap, BTreeSet};

use egate_rules::watch::{
    Agreement, BirthRelation, FEATURES, Feature, Name, PartKind, PreparedPerson, Rarity, Weights,
    WeightsError, WeightsFile, measure, score, score_if_possible,
};

use super::{
    calibrate::{self, Example},
    evaluate::Scored,
    files::{LabelledPair, ListedPerson, Traveller},
};

/// What weights are made from.
pub struct Material {
    /// Labelled pairs.
    pub pairs: Vec<LabelledPair>,
    /// A list.
    pub listed: Vec<ListedPerson>,
    /// Travellers who are not on it.
    pub travellers: Vec<Traveller>,
}

/// Which part of the material is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// Pairs of one half of the persons.
    Fitted,
    /// Pairs of the other half.
    HeldOut,
    /// Everything.
    Both,
}

impl Half {
    /// For a report.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Fitted => "first half",
            Self::HeldOut => "second half",
            Self::Both => "all",
        }
    }

    /// Whether a pair belongs to it: by a hash of the record it was made from, so that one person is in one half.
    pub fn holds(self, pair: &LabelledPair) -> bool {
        let record = pair
            .source
            .split_whitespace()
            .find(|word| word.contains(':'));
        let id = record.unwrap_or(&pair.listed.names[0]);
        let hash = id.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        match self {
            Self::Both => true,
            Self::Fitted => (hash >> 20).is_multiple_of(2),
            Self::HeldOut => !(hash >> 20).is_multiple_of(2),
        }
    }
}

/// Kinds that the reach does not count: names alone, labelled by others.
pub fn is_core(kind: &str) -> bool {
    !kind.starts_with("nk_name_bench")
}

/// Fits weights to one half of the material.
pub fn weights(
    material: &Material,
    half: Half,
    version: &str,
) -> Result<WeightsFile, WeightsError> {
    let per_million = count_parts(material);
    let mut values = start();
    for _ in 0..ROUNDS {
        let weights = ready(version, values, &per_million);
        let mut examples = examples_of_pairs(&material.pairs, half, &weights);
        let strangers = nearest_strangers(material, half, &weights);
        examples.extend(strangers.nearest.into_iter().map(|(_, example)| example));
        values = calibrate::fit(&examples, &values);
    }
    // Points become logarithms of one stranger in so many.
    let strangers = nearest_strangers(material, half, &ready(version, values, &per_million));
    if let Some((points, _)) = strangers.nearest.get(TAIL) {
        #[expect(clippy::cast_precision_loss, reason = "a logarithm needs no more")]
        let rarity = (strangers.comparisons as f32 / TAIL as f32).ln();
        values[Feature::Offset.index()] += rarity - points;
    }
    Ok(to_file(version, &values, per_million))
}

/// The alignment of names depends on the weights, and so do the nearest strangers.
const ROUNDS: usize = 3;
/// Strangers beyond these are so far off that they change nothing.
const STRANGERS_MAX: usize = 12_000;
/// The rate at which so many strangers pass is known well enough to set the offset by it.
const TAIL: usize = 20;
/// Travellers that are compared, evenly taken from all.
const TRAVELLERS_MAX: usize = 10_000;

fn ready(version: &str, values: [f32; FEATURES], per_million: &BTreeMap<String, f32>) -> Weights {
    let counts = per_million
        .iter()
        .map(|(part, count)| (part.as_str(), *count));
    Weights::new(version.to_owned(), values, Rarity::from_counts(counts))
}

fn to_file(
    version: &str,
    values: &[f32; FEATURES],
    per_million: BTreeMap<String, f32>,
) -> WeightsFile {
    let points = Feature::all().map(|feature| (feature.name(), values[feature.index()]));
    WeightsFile {
        version: version.to_owned(),
        points: points.collect(),
        per_million,
    }
}

/// Name parts among travellers or on the list, whichever has more of them; rare ones are left out.
fn count_parts(material: &Material) -> BTreeMap<String, f32> {
    let travellers = material
        .travellers
        .iter()
        .map(|traveller| &traveller.person.names[..1]);
    let listed = material
        .listed
        .iter()
        .map(|listed| &listed.person.names[..]);
    let (travelling, on_list) = (share(travellers), share(listed));
    let mut counts = travelling;
    for (part, count) in on_list {
        let known = counts.entry(part).or_default();
        *known = known.max(count);
    }
    counts
}

fn share<'a>(names: impl Iterator<Item = &'a [String]>) -> BTreeMap<String, f32> {
    let none = Rarity::default();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut all = 0u32;
    for names in names {
        let mut seen = BTreeSet::new();
        for name in names.iter().filter_map(|raw| Name::of(raw, &none)) {
            for part in name.parts.iter().filter(|part| part.kind == PartKind::Name) {
                seen.insert(String::from_utf8_lossy(part.letters()).into_owned());
            }
        }
        all += 2;
        for part in seen.into_iter().filter(|part| part.len() > 1) {
            *counts.entry(part).or_default() += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of name parts")]
    let per_million = |count: u32| (count as f32 / all.max(1) as f32 * 1e6).round();
    counts
        .into_iter()
        .filter(|(_, count)| *count >= COUNTED_MIN)
        .map(|(part, count)| (part, per_million(count)))
        .collect()
}

/// Parts seen less often are rare as far as anybody knows.
const COUNTED_MIN: u32 = 6;

/// Pairs of the half, measured.
pub fn examples_of_pairs(pairs: &[LabelledPair], half: Half, weights: &Weights) -> Vec<Example> {
    let pairs = pairs
        .iter()
        .filter(|pair| is_core(&pair.kind) && half.holds(pair));
    pairs
        .filter_map(|pair| {
            let listed = PreparedPerson::of(&pair.listed, weights.rarity());
            let traveller = PreparedPerson::of(&pair.traveller, weights.rarity());
            let best = score(&listed, &traveller, weights)?;
            Some(Example {
                measured: *measure(&listed, &traveller, best.names, weights).values(),
                is_match: pair.is_match?,
                weight: 1.0,
            })
        })
        .collect()
}

/// All pairs that bear a label, with their scores.
pub fn scores_of_pairs<'a>(
    pairs: impl IntoIterator<Item = &'a LabelledPair>,
    weights: &Weights,
) -> Vec<(&'a LabelledPair, Scored)> {
    let scored = pairs.into_iter().filter_map(|pair| {
        let scored = Scored {
            is_match: pair.is_match?,
            points: super::score_of(pair, weights).map_or(f32::NEG_INFINITY, |score| score.points),
            kind: pair.kind.clone(),
        };
        Some((pair, scored))
    });
    scored.collect()
}

/// Unlisted travellers beside listed persons.
struct Strangers {
    /// Those that score highest, with their points, the highest first.
    nearest: Vec<(f32, Example)>,
    /// How many comparisons they are from.
    comparisons: usize,
}

/// Compares a sample of the travellers with the whole list; without the other half, every second traveller is held out.
fn nearest_strangers(material: &Material, half: Half, weights: &Weights) -> Strangers {
    let listed: Vec<PreparedPerson> = material
        .listed
        .iter()
        .map(|listed| PreparedPerson::of(&listed.person, weights.rarity()))
        .collect();
    let (from, every) = match half {
        Half::Fitted => (0, 2),
        Half::HeldOut => (1, 2),
        Half::Both => (0, 1),
    };
    let step = every * material.travellers.len().div_ceil(TRAVELLERS_MAX).max(1);
    let mut strangers = Strangers {
        nearest: Vec::new(),
        comparisons: 0,
    };
    for traveller in material.travellers.iter().skip(from).step_by(step) {
        let traveller = PreparedPerson::of(&traveller.person, weights.rarity());
        strangers.comparisons += listed.len();
        for entry in &listed {
            let best = score_if_possible(entry, &traveller, weights);
            if let Some(best) = best.filter(|best| best.points > STRANGER_POINTS_MIN) {
                let example = Example {
                    measured: *measure(entry, &traveller, best.names, weights).values(),
                    is_match: false,
                    weight: 1.0,
                };
                strangers.nearest.push((best.points, example));
            }
        }
    }
    strangers.nearest.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    strangers.nearest.truncate(STRANGERS_MAX);
    strangers
}

/// Pairs below say nothing to a fit.
const STRANGER_POINTS_MIN: f32 = -9.0;

/// Where fitting starts: what a practitioner would guess.
fn start() -> [f32; FEATURES] {
    let mut values = [0.0; FEATURES];
    for feature in Feature::all() {
        values[feature.index()] = guess(feature);
    }
    values
}

fn guess(feature: Feature) -> f32 {
    match feature {
        Feature::Rarity(agreement) => match agreement {
            Agreement::Same | Agreement::Table => 0.6,
            Agreement::Sound => 0.55,
            Agreement::Nickname => 0.4,
            Agreement::Skeleton | Agreement::OneEdit => 0.45,
            Agreement::TwoEdits | Agreement::Cut | Agreement::Initial => 0.35,
        },
        Feature::Part(_) => 0.1,
        Feature::Joined => -0.3,
        Feature::FieldsSwapped => -0.2,
        Feature::ListedLeft => -0.5,
        Feature::TravellerLeft => -0.8,
        Feature::BothLeft => -1.5,
        Feature::OnePartOnly => -2.5,
        Feature::TwoPartsOnly => -0.5,
        Feature::SurnameMissing | Feature::GivenMissing => -2.0,
        Feature::Birth(relation) => match relation {
            BirthRelation::Exact => 8.0,
            BirthRelation::SameMonth => 6.0,
            BirthRelation::DayMonthSwapped => 5.5,
            BirthRelation::OnePartOff => 5.0,
            BirthRelation::YearDigitOff => 4.5,
            BirthRelation::SameYear => 3.5,
            BirthRelation::Unknown => 0.0,
            BirthRelation::SameDayOtherYear => -0.5,
            BirthRelation::AboutOneYear => -0.5,
            BirthRelation::OtherMonth => -1.5,
            BirthRelation::OtherNear => -2.5,
            BirthRelation::Other => -4.0,
            BirthRelation::Far => -7.0,
        },
        Feature::NationalitySame => 1.0,
        Feature::NationalityOther => -1.5,
        Feature::SexSame => 0.3,
        Feature::SexOther => -2.5,
        Feature::PlaceSame => 2.0,
        Feature::PlaceOther => -0.5,
        Feature::Offset => -11.0,
    }
}
