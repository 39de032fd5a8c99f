//! Weights from labelled pairs and from travellers who are on no list. Run by hand; a service only reads the result.
//!
//! Logistic regression with the signs and orders that evidence must have, so that more agreement never lowers a score.
//! The offset is set by the travellers: points are then natural logarithms of one comparison of strangers in so many.

use egate_rules::watch::{Agreement, BirthRelation, FEATURES, Feature, Sign};

/// What one pair measured, what it is, and how much it counts.
pub struct Example {
    /// The measure of the pair.
    pub measured: [f32; FEATURES],
    /// Whether an officer should be shown the pair.
    pub is_match: bool,
    /// How many pairs it stands for.
    pub weight: f32,
}

/// Fits weights to `examples`, starting from and held near `start`.
pub fn fit(examples: &[Example], start: &[f32; FEATURES]) -> [f32; FEATURES] {
    let mut weights = start.map(f64::from);
    let mut speed = [0.0f64; FEATURES];
    let total: f64 = examples
        .iter()
        .map(|example| f64::from(example.weight))
        .sum();
    for round in 0..ROUNDS {
        let mut gradient = [0.0f64; FEATURES];
        for example in examples {
            let points = points(&example.measured, &weights);
            let likely = 1.0 / (1.0 + (-points).exp());
            let error = likely - f64::from(u8::from(example.is_match));
            let error = error * f64::from(example.weight);
            for (slope, measured) in gradient.iter_mut().zip(&example.measured) {
                *slope += error * f64::from(*measured);
            }
        }
        // Adam with steps that grow shorter.
        let step = STEP / (1.0 + f64::from(round) / 200.0);
        for feature in Feature::all().filter(|feature| is_learnt(*feature)) {
            let at = feature.index();
            let slope =
                gradient[at] / total + RESTRAINT * (weights[at] - f64::from(start[at])) / total;
            speed[at] = 0.99 * speed[at] + 0.01 * slope * slope;
            weights[at] -= step * slope / (speed[at].sqrt() + 1e-7);
        }
        constrain(&mut weights);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "weights are small and need few digits"
    )]
    weights.map(|weight| (weight * 1e3).round() as f32 / 1e3)
}

const ROUNDS: u32 = 2_500;
const STEP: f64 = 0.05;
/// Pull towards the start, in pairs: decides only where the pairs say nothing.
const RESTRAINT: f64 = 0.5;

fn points(measured: &[f32; FEATURES], weights: &[f64; FEATURES]) -> f64 {
    let sum = measured.iter().zip(weights);
    sum.map(|(measured, weight)| f64::from(*measured) * weight)
        .sum()
}

/// The pairs say nothing about sex and place of birth; these weights are set by hand.
fn is_learnt(feature: Feature) -> bool {
    !matches!(
        feature,
        Feature::SexSame | Feature::SexOther | Feature::PlaceSame | Feature::PlaceOther
    )
}

/// Puts weights back where evidence must be: agreement never speaks against, difference never for.
fn constrain(weights: &mut [f64; FEATURES]) {
    for feature in Feature::all() {
        let weight = &mut weights[feature.index()];
        match feature.sign() {
            Sign::For => *weight = weight.max(0.0),
            Sign::Against => *weight = weight.min(0.0),
            Sign::Either => {}
        }
    }
    // A part that answers badly is still better than one that answers to nothing.
    let [listed, traveller] = [Feature::ListedLeft, Feature::TravellerLeft];
    let left = weights[listed.index()].max(weights[traveller.index()]);
    for agreement in Agreement::ALL {
        let weight = &mut weights[Feature::Part(agreement).index()];
        *weight = weight.max(left);
    }
    for kind in [Feature::Rarity, Feature::Part] {
        let best = weights[kind(Agreement::Same).index()];
        for agreement in Agreement::ALL {
            let weight = &mut weights[kind(agreement).index()];
            *weight = weight.min(best);
        }
        let one = weights[kind(Agreement::OneEdit).index()];
        let two = &mut weights[kind(Agreement::TwoEdits).index()];
        *two = two.min(one);
        let skeleton = kind(Agreement::Skeleton).index();
        weights[skeleton] = weights[skeleton].min(weights[kind(Agreement::Sound).index()]);
    }
    descend(weights, &BirthRelation::ALL.map(Feature::Birth));
    let (one, two) = (Feature::OnePartOnly.index(), Feature::TwoPartsOnly.index());
    weights[two] = weights[two].max(weights[one]);
}

/// Pools neighbours that are in the wrong order, so that the weights never rise from one to the next.
fn descend(weights: &mut [f64; FEATURES], order: &[Feature]) {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for feature in order {
        pools.push((weights[feature.index()], 1));
        while let [.., (before, many), (last, more)] = pools[..]
            && before < last
        {
            pools.truncate(pools.len() - 2);
            #[expect(clippy::cast_precision_loss, reason = "a dozen at most")]
            let mean = (before * many as f64 + last * more as f64) / (many + more) as f64;
            pools.push((mean, many + more));
        }
    }
    let values = pools
        .into_iter()
        .flat_map(|(value, many)| std::iter::repeat_n(value, many));
    for (feature, value) in order.iter().zip(values) {
        weights[feature.index()] = value;
    }
}
