//! The weights of a matcher: one number per feature, and how common name parts are. Read from a file, never learnt here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    align::{Agreement, Worth},
    date::BirthRelation,
    features::{FEATURES, Feature, Sign},
    rarity::Rarity,
};

/// A file of weights as written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsFile {
    /// Names this state of the weights.
    pub version: String,
    /// Points per feature; every feature once.
    pub points: BTreeMap<String, f32>,
    /// Common name parts in Latin letters, with how many of a million parts they are.
    pub per_million: BTreeMap<String, f32>,
}

/// Weights ready for use.
#[derive(Clone, Debug)]
pub struct Weights {
    version: String,
    values: [f32; FEATURES],
    worth: Worth,
    rarity: Rarity,
}

/// Why a file of weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// A feature has no weight.
    #[error("no points for {0}")]
    Missing(String),
    /// A weight for something that is not measured.
    #[error("points for {0}, which is no feature")]
    Unknown(String),
    /// A number that is none.
    #[error("{0} is not a number that can be used")]
    NotFinite(String),
    /// Agreement would count against a match, or difference for one.
    #[error(
        "{0} has the wrong sign: agreement never counts against a match, difference never for one"
    )]
    WrongSign(String),
    /// Better evidence would count less than worse evidence.
    #[error("{better} is less than {worse}, which is weaker evidence")]
    WrongOrder {
        /// The better evidence.
        better: String,
        /// The worse evidence.
        worse: String,
    },
}

impl Weights {
    /// Checks that every feature has a weight and nothing else has, and that more agreement never lowers a score.
    pub fn from_file(file: &WeightsFile) -> Result<Self, WeightsError> {
        let mut values = [0.0; FEATURES];
        for feature in Feature::all() {
            let name = feature.name();
            let points = *file
                .points
                .get(&name)
                .ok_or(WeightsError::Missing(name.clone()))?;
            if !points.is_finite() {
                return Err(WeightsError::NotFinite(name));
            }
            values[feature.index()] = points;
        }
        let known: Vec<String> = Feature::all().map(Feature::name).collect();
        if let Some(unknown) = file.points.keys().find(|name| !known.contains(name)) {
            return Err(WeightsError::Unknown(unknown.clone()));
        }
        check_signs(&values)?;
        check_orders(&values)?;
        let bad = |count: &f32| !count.is_finite() || *count <= 0.0;
        if let Some((part, _)) = file.per_million.iter().find(|(_, count)| bad(count)) {
            return Err(WeightsError::NotFinite(part.clone()));
        }
        let counts = file
            .per_million
            .iter()
            .map(|(part, count)| (part.as_str(), *count));
        Ok(Self::new(
            file.version.clone(),
            values,
            Rarity::from_counts(counts),
        ))
    }

    /// From numbers in the order of [`Feature::all`].
    pub fn new(version: String, values: [f32; FEATURES], rarity: Rarity) -> Self {
        let worth = Agreement::ALL.map(|agreement| {
            (
                values[Feature::Rarity(agreement).index()],
                values[Feature::Part(agreement).index()],
            )
        });
        Self {
            version,
            values,
            worth,
            rarity,
        }
    }

    /// Names this state of the weights.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Points per feature, in the order of [`Feature::all`].
    pub const fn values(&self) -> &[f32; FEATURES] {
        &self.values
    }

    /// How rare name parts are.
    pub const fn rarity(&self) -> &Rarity {
        &self.rarity
    }

    pub(super) const fn worth(&self) -> &Worth {
        &self.worth
    }
}

fn check_signs(values: &[f32; FEATURES]) -> Result<(), WeightsError> {
    let wrong = |feature: &Feature| {
        let value = values[feature.index()];
        match feature.sign() {
            Sign::For => value < 0.0,
            Sign::Against => value > 0.0,
            Sign::Either => false,
        }
    };
    match Feature::all().find(wrong) {
        Some(feature) => Err(WeightsError::WrongSign(feature.name())),
        None => Ok(()),
    }
}

fn check_orders(values: &[f32; FEATURES]) -> Result<(), WeightsError> {
    let births = BirthRelation::ALL.map(Feature::Birth);
    let mut orders: Vec<(Feature, Feature)> =
        births.windows(2).map(|two| (two[0], two[1])).collect();
    for kind in [Feature::Rarity, Feature::Part] {
        let kind = |agreement| kind(agreement);
        orders.extend(Agreement::ALL.map(|other| (kind(Agreement::Same), kind(other))));
        orders.push((kind(Agreement::OneEdit), kind(Agreement::TwoEdits)));
        orders.push((kind(Agreement::Sound), kind(Agreement::Skeleton)));
    }
    // A part that answers badly is still better than one that answers to nothing.
    for agreement in Agreement::ALL {
        for left in [Feature::ListedLeft, Feature::TravellerLeft] {
            orders.push((Feature::Part(agreement), left));
        }
    }
    orders.push((Feature::TwoPartsOnly, Feature::OnePartOnly));
    let wrong =
        |(better, worse): &(Feature, Feature)| values[better.index()] < values[worse.index()];
    match orders.iter().find(|order| wrong(order)) {
        Some((better, worse)) => Err(WeightsError::WrongOrder {
            better: better.name(),
            worse: worse.name(),
        }),
        None => Ok(()),
    }
}
