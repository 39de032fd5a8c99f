//! Why a pair scores what it scores: a sentence per term, for the officer who owns the list. Never for the gate.

use super::{
    align::{Agreement, Link, align, shared_form},
    date::{BirthRelation, best_relation},
    features::Feature,
    person::{Person, PreparedPerson, nationality_key},
    score::{Measure, Outcome, Thresholds, counts, measure, score},
    weights::Weights,
    words::Words,
};

/// Changes whenever the same weights would give another score.
pub const MATCHER_VERSION: &str = "3";

/// One term of the sum.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Term {
    /// Both raw values and the rule that equated them.
    pub sentence: String,
    /// What it added.
    pub points: f32,
}

/// A score that can be followed line by line.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Explanation {
    /// The sum.
    pub points: f32,
    /// The names that agree best, as written: of the entry, of the traveller.
    pub names: (String, String),
    /// In the order of reading; they add up to the points.
    pub terms: Vec<Term>,
    /// What one side does not know, so that it says nothing.
    pub not_compared: Vec<String>,
    /// Why it is never more than a possibility, if it is not.
    #[serde(default)]
    pub at_most_possible: Option<String>,
    /// Points of other names, if these names are no more than a possibility and others are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by_other_names: Option<f32>,
}

impl Explanation {
    /// What [`Thresholds::judge`] answers.
    pub fn outcome(&self, thresholds: Thresholds) -> Outcome {
        let confirmed = match self.at_most_possible {
            Some(_) => None,
            None => Some(self.confirmed_by_other_names.unwrap_or(self.points)),
        };
        thresholds.judge_points(self.points, confirmed)
    }
}

/// Explains the score of a pair; `None` if a side has no name that can be compared.
pub fn explain(listed: &Person, traveller: &Person, weights: &Weights) -> Option<Explanation> {
    let (one, other) = (
        PreparedPerson::of(listed, weights.rarity()),
        PreparedPerson::of(traveller, weights.rarity()),
    );
    let best = score(&one, &other, weights)?;
    let measured = measure(&one, &other, best.names, weights);
    let (a, b) = (&one.names[best.names.0], &other.names[best.names.1]);
    let raw = |person: &Person, index: u32| {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        person.names.get(at).cloned().unwrap_or_default()
    };
    let names = (raw(listed, a.index), raw(traveller, b.index));
    let words = (Words::of(&names.0).words, Words::of(&names.1).words);
    let mut terms = Vec::new();
    for link in align(&a.name, &b.name, weights.worth()).links() {
        let points = link.weighed(weights.worth());
        let mut rule = link.agreement.rule().to_owned();
        let ends = (usize::from(link.listed.0), usize::from(link.traveller.0));
        if let (1, 1) = (link.listed.1, link.traveller.1)
            && let Some((one, other)) = shared_form(&a.name.parts[ends.0], &b.name.parts[ends.1])
            && link.agreement == Agreement::Table
        {
            rule = format!("{rule} ({}, {})", one.rule(), other.rule());
        }
        if measured_apart(link, &a.name, &b.name) {
            rule.push_str("; particles, titles or initials, not counted");
            terms.push(term(link_sentence(link, &words, &rule), 0.0));
        } else {
            terms.push(term(link_sentence(link, &words, &rule), points));
        }
    }
    terms.extend(other_terms(&measured, listed, traveller, weights));
    let sum: f32 = terms.iter().map(|term| term.points).sum();
    if sum - best.points > CAP_SHOWN {
        let sentence = "dates of birth more than five years apart: no name outweighs them";
        terms.push(term(sentence.to_owned(), best.points - sum));
    }
    Some(Explanation {
        points: best.points,
        names,
        terms,
        not_compared: not_compared(listed, traveller),
        at_most_possible: best
            .confirmed
            .is_none()
            .then(|| name_alone(&measured).to_owned()),
        confirmed_by_other_names: best.confirmed.filter(|_| !measured.is_more_than_a_name()),
    })
}

/// What a hit would need beside the name.
fn name_alone(measured: &Measure) -> &'static str {
    if measured.of(Feature::Birth(BirthRelation::Unknown)) > 0.0 {
        "no date of birth was compared, and no nationality or place of birth is shared by names that are rare and agree in all parts: \
         never more than a possibility"
    } else {
        "no date of birth agrees, and no nationality or place of birth is shared by names that are rare and agree in all parts: \
         never more than a possibility"
    }
}

/// Below this the difference is that of adding in another order.
const CAP_SHOWN: f32 = 0.01;

fn term(sentence: String, points: f32) -> Term {
    Term { sentence, points }
}

fn measured_apart(link: &Link, listed: &super::name::Name, traveller: &super::name::Name) -> bool {
    let (i, j) = (usize::from(link.listed.0), usize::from(link.traveller.0));
    !counts(&listed.parts[i], &traveller.parts[j])
}

type TwoWords = (Vec<super::words::Word>, Vec<super::words::Word>);

fn link_sentence(link: &Link, words: &TwoWords, rule: &str) -> String {
    let run = |words: &[super::words::Word], (from, count): (u8, u8)| {
        let run = words
            .iter()
            .skip(usize::from(from))
            .take(usize::from(count));
        run.map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let (one, other) = (run(&words.0, link.listed), run(&words.1, link.traveller));
    let many = link.rarity.exp().round();
    format!(
        "listed \"{one}\" and document \"{other}\": {rule}; borne by about one name part in {many}"
    )
}

fn other_terms(
    measured: &Measure,
    listed: &Person,
    traveller: &Person,
    weights: &Weights,
) -> Vec<Term> {
    let mut terms = Vec::new();
    for feature in Feature::all() {
        let (times, weight) = (measured.of(feature), weights.values()[feature.index()]);
        if times == 0.0 {
            continue;
        }
        let sentence = match feature {
            Feature::Rarity(_) | Feature::Part(_) => continue,
            Feature::Birth(relation) => birth_sentence(relation, listed, traveller),
            Feature::NationalitySame | Feature::NationalityOther => format!(
                "nationality: listed {}, document {}: {}",
                listed.nationalities.join("/"),
                traveller.nationalities.join("/"),
                feature.rule()
            ),
            Feature::SexSame | Feature::SexOther => format!(
                "sex: listed {:?}, document {:?}: {}",
                listed.sex,
                traveller.sex,
                feature.rule()
            ),
            Feature::PlaceSame | Feature::PlaceOther => format!(
                "place of birth: listed {}, document {}: {}",
                listed.places_of_birth.join("/"),
                traveller.places_of_birth.join("/"),
                feature.rule()
            ),
            Feature::Joined
            | Feature::FieldsSwapped
            | Feature::ListedLeft
            | Feature::TravellerLeft
            | Feature::BothLeft
            | Feature::OnePartOnly
            | Feature::TwoPartsOnly
            | Feature::SurnameMissing
            | Feature::GivenMissing
            | Feature::Offset => format!("{} ({times} times)", feature.rule()),
        };
        terms.push(term(sentence, times * weight));
    }
    terms
}

fn birth_sentence(relation: BirthRelation, listed: &Person, traveller: &Person) -> String {
    let pairs = listed.births.iter();
    let pairs = pairs.flat_map(|a| traveller.births.iter().map(move |b| (a, b)));
    let best = pairs.min_by_key(|(a, b)| a.relation(**b));
    debug_assert_eq!(best_relation(&listed.births, &traveller.births), relation);
    match best {
        Some((a, b)) => format!(
            "date of birth: listed {a}, document {b}: {}",
            relation.rule()
        ),
        None => format!("date of birth: {}", relation.rule()),
    }
}

fn not_compared(listed: &Person, traveller: &Person) -> Vec<String> {
    let known = |person: &Person| {
        [
            ("date of birth", !person.births.is_empty()),
            (
                "nationality",
                person
                    .nationalities
                    .iter()
                    .any(|code| nationality_key(code.as_bytes()).is_some()),
            ),
            ("sex", person.sex != egate_types::Sex::Unspecified),
            ("place of birth", !person.places_of_birth.is_empty()),
        ]
    };
    let both = known(listed).into_iter().zip(known(traveller));
    both.filter_map(|((what, one), (_, other))| {
        let side = match (one, other) {
            (true, true) => return None,
            (false, true) => "the list has none",
            (true, false) => "the document has none",
            (false, false) => "neither side has one",
        };
        Some(format!("{what}: {side}"))
    })
    .collect()
}
