//! The matcher through its public edge: what must hold of every pair, and names of made-up people.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeMap, sync::LazyLock};

use egate_rules::watch::{
    Agreement, BirthRelation, Feature, Outcome, PartialDate, Person, PreparedPerson, Thresholds,
    Weights, WeightsError, WeightsFile, explain, score,
};
use egate_types::Sex;
use proptest::prelude::*;

/// Round weights with the signs that calibration keeps.
fn file() -> WeightsFile {
    let points = Feature::all().map(|feature| (feature.name(), guess(feature)));
    WeightsFile {
        version: "test".into(),
        points: points.collect(),
        per_million: BTreeMap::from([("ANNA".to_owned(), 5_000.0)]),
    }
}

fn guess(feature: Feature) -> f32 {
    match feature {
        // A part that agrees may count less than nothing, and more than one that answers to nothing.
        Feature::Rarity(Agreement::Same) => 0.2,
        Feature::Rarity(_) => 0.15,
        Feature::Part(Agreement::TwoEdits | Agreement::Cut | Agreement::Initial) => -0.9,
        Feature::Part(_) => -0.8,
        Feature::Birth(relation) => match relation {
            BirthRelation::Exact => 8.0,
            BirthRelation::SameMonth => 6.0,
            BirthRelation::DayMonthSwapped => 5.5,
            BirthRelation::OnePartOff => 5.0,
            BirthRelation::YearDigitOff => 4.5,
            BirthRelation::SameYear => 4.0,
            BirthRelation::Unknown => 0.0,
            BirthRelation::SameDayOtherYear => -0.5,
            BirthRelation::AboutOneYear => -1.0,
            BirthRelation::OtherMonth => -1.5,
            BirthRelation::OtherNear => -2.0,
            BirthRelation::Other => -4.0,
            BirthRelation::Far => -8.0,
        },
        Feature::NationalitySame | Feature::PlaceSame => 1.5,
        Feature::SexSame => 0.3,
        Feature::Offset => 0.0,
        Feature::Joined
        | Feature::FieldsSwapped
        | Feature::ListedLeft
        | Feature::TravellerLeft
        | Feature::BothLeft
        | Feature::OnePartOnly
        | Feature::TwoPartsOnly
        | Feature::SurnameMissing
        | Feature::GivenMissing
        | Feature::NationalityOther
        | Feature::SexOther
        | Feature::PlaceOther => -1.0,
    }
}

fn weights() -> Weights {
    Weights::from_file(&file()).unwrap()
}

fn points(one: &Person, other: &Person) -> Option<f32> {
    let weights = weights();
    let prepared = [one, other].map(|person| PreparedPerson::of(person, weights.rarity()));
    Some(score(&prepared[0], &prepared[1], &weights)?.points)
}

fn person(name: &str, birth: &str) -> Person {
    let mut person = Person::named(name);
    person.births.extend(PartialDate::parse(birth));
    person
}

/// The first name must come nearer than the second one.
fn nearer(listed: &str, near: &str, far: &str) {
    let of = |name: &str| points(&person(listed, ""), &person(name, "")).unwrap();
    assert!(
        of(near) > of(far),
        "{listed}: {near} {} {far} {}",
        of(near),
        of(far)
    );
}

#[test]
fn forms_of_one_name_come_near() {
    for (listed, form) in [
        ("Grete Müßigbrodt", "MUESSIGBRODT<<GRETE"),
        ("Grete Müßigbrodt", "MUXXSSIGBRODT<<GRETE"),
        ("Íñigo Quiñota", "QUINXXOTA<<INIGO"),
        (
            "Хариton Щукарь".replace("iton", "итон").as_str(),
            "SHCHUKAR<<KHARITON",
        ),
        ("Юхим Гнатенко", "HNATENKO<<YUKHYM"),
        ("خالد الدوراني", "ALDWRANY<<XKHALD"),
        ("Khalid al-Dawrani", "ALDURANI<<KHALED"),
        ("Abd al-Wahid Sermini", "SIRMINI<<ABDELWAHED"),
        ("Xu Qinglan", "HSU<<CHINGLAN"),
        ("Baek Seonghui", "PAEK<<SUNG<HEE"),
        ("박성희", "PARK<<SUNG<HEE"),
        ("徐清蘭", "XU<<QINGLAN"),
        ("Ōkubo Jirō", "OHKUBO<<JIROU"),
        ("Robert Zwingenberg", "ZWINGENBERG<<BOB"),
        ("R. Zwingenberg", "ZWINGENBERG<<ROBERT"),
        ("Robert Zwingenberg", "ROBERT<<ZWINGENBERG"),
        ("Robert Zwingenberg", "ZWINGENBREG<<ROBERT"),
        (
            "Maximiliana Theodorakopoulos Zwingenberg",
            "THEODORAKOPOULOS<ZWINGENBERG<<M",
        ),
    ] {
        nearer(listed, form, "ABERNATHY<<QUENTIN");
    }
}

#[test]
fn the_better_form_comes_nearer() {
    nearer(
        "Robert Zwingenberg",
        "ZWINGENBERG<<ROBERT",
        "ZWINGENBREG<<ROBERT",
    );
    nearer(
        "Robert Zwingenberg",
        "ZWINGENBERG<<ROBERT",
        "ZWINGENBERG<<MARTHA",
    );
    nearer("Luo Qianglin", "LUO<<QIANG<LIN", "LUO<<QIANGLIANG");
    nearer(
        "Quilla Zwingenberg",
        "ZWINGENBERG<<QUILLA",
        "ZWINGENBERG<<ANNA",
    );
}

/// What the explanation says of the pair, as one text.
fn said(listed: &str, traveller: &str) -> String {
    let pair = (Person::named(listed), Person::named(traveller));
    let explanation = explain(&pair.0, &pair.1, &weights()).unwrap();
    let sentences = explanation.terms.iter().map(|term| term.sentence.as_str());
    sentences.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_surname_and_a_given_name_together_are_nobodys_given_name() {
    let joined = "parts written together";
    assert!(!said("Teo U LANDRU", "QUILLA<<TEOULANDRU<ANNA").contains(joined));
    assert!(!said("Teo Landru", "QUILLA<<TEOLANDRU").contains(joined));
    // Given names put together, and all of a name that has no more.
    assert!(said("Teo Marin LANDRU", "LANDRU<<TEOMARIN").contains(joined));
    assert!(said("Teo Landru", "TEOLANDRU").contains(joined));
}

#[test]
fn few_consonants_are_no_agreement_by_themselves() {
    let same = "the same consonants";
    assert!(!said("One Zwingenberg", "ZWINGENBERG<<JUAN").contains(same));
    assert!(!said("Ali Zwingenberg", "ZWINGENBERG<<LEO").contains(same));
    assert!(!said("Arias Zwingenberg", "ZWINGENBERG<<REESE").contains(same));
    assert!(said("Rais Zwingenberg", "ZWINGENBERG<<REESE").contains(same));
    assert!(said("Leo Zwingenberg", "ZWINGENBERG<<LEE").contains("one letter apart"));
    // Other syllables are another Chinese name, whatever the consonants.
    assert!(!said("WANG, Zhiqing", "WANG<<ZHI<QIANG").contains(same));
}

#[test]
fn two_short_forms_of_one_name_are_two_names_unless_they_begin_alike() {
    let short = "short or national form";
    assert!(!said("Juan Zwingenberg", "ZWINGENBERG<<IVAN").contains(short));
    assert!(said("John Zwingenberg", "ZWINGENBERG<<IVAN").contains(short));
    assert!(said("Joe Zwingenberg", "ZWINGENBERG<<JOEY").contains(short));
    assert!(said("Volodymyr Zwingenberg", "ZWINGENBERG<<ULADZIMIR").contains(short));
}

#[test]
fn the_same_initial_counts_no_less_than_another() {
    let listed = "Maximiliana Q. Theodorakopoulos Zwingenberg";
    let of = |other: &str| points(&Person::named(listed), &Person::named(other)).unwrap();
    let [same, another] = ["Q", "R"].map(|initial| {
        of(&format!(
            "THEODORAKOPOULOS<ZWINGENBERG<<MAXIMILIANA<{initial}"
        ))
    });
    assert!(same >= another, "{same} {another}");
}

#[test]
fn a_surname_of_one_letter_is_no_initial() {
    assert!(!said("ITALO, Anas", "I<<YUNSEO").contains("initial"));
    assert!(said("ITALO, Anas", "QUILLA<<I").contains("initial"));
}

#[test]
fn a_name_alone_is_never_more_than_a_possibility() {
    let weights = weights();
    let low = Thresholds {
        possible: 0.0,
        hit: 1.0,
    };
    let judged = |listed: &Person, traveller: &Person| {
        let of = |person| PreparedPerson::of(person, weights.rarity());
        let score = score(&of(listed), &of(traveller), &weights).unwrap();
        let explanation = explain(listed, traveller, &weights).unwrap();
        let outcome = low.judge(&score);
        assert_eq!(explanation.outcome(low), outcome);
        assert_eq!(
            explanation.at_most_possible.is_some(),
            outcome != Outcome::Hit
        );
        assert!(score.points > low.hit);
        outcome
    };
    let name = "Maximiliana Theodorakopoulos Zwingenberg";
    let (nameless, born) = (person(name, ""), person(name, "1970-05-06"));
    assert_eq!(judged(&nameless, &born), Outcome::Possible);
    assert_eq!(judged(&born, &born), Outcome::Hit);
    assert_eq!(judged(&person(name, "1970"), &born), Outcome::Hit);
    assert_eq!(judged(&person(name, "1972"), &born), Outcome::Possible);
    // A nationality does, beside a name that agrees in all parts.
    let of_state = |mut person: Person| {
        person.nationalities.push("UTO".into());
        person
    };
    let (listed, traveller) = (of_state(nameless), of_state(born));
    assert_eq!(judged(&listed, &traveller), Outcome::Hit);
    let shorter = of_state(person("Theodorakopoulos Zwingenberg", "1970-05-06"));
    assert_eq!(judged(&listed, &shorter), Outcome::Possible);
}

#[test]
fn initials_alone_name_nobody() {
    let traveller = person("ZWINGENBERG<<ROBERT", "");
    assert_eq!(points(&person("R. Z.", ""), &traveller), None);
}

#[test]
fn a_far_date_of_birth_outweighs_any_name() {
    let name = "Maximiliana Theodorakopoulos Zwingenberg";
    let far = points(&person(name, "1950-01-02"), &person(name, "1990-03-04"));
    assert!(far.unwrap() <= 0.0, "{far:?}");
}

#[test]
fn thresholds_rise_with_the_list_and_fall_with_the_budget() {
    let small = Thresholds::new(1_000, 1e-3, 1e-4);
    let large = Thresholds::new(10_000_000, 1e-3, 1e-4);
    let strict = Thresholds::new(1_000, 1e-4, 1e-5);
    assert!(large.hit > small.hit && strict.possible > small.possible);
    assert_eq!(small.outcome(small.hit), Outcome::Hit);
    assert_eq!(small.outcome(small.possible), Outcome::Possible);
    assert_eq!(small.outcome(small.possible - 0.1), Outcome::Clear);
}

#[test]
fn weights_are_complete_or_refused() {
    let mut missing = file();
    missing.points.remove("offset");
    assert!(matches!(
        Weights::from_file(&missing),
        Err(WeightsError::Missing(_))
    ));
    let mut unknown = file();
    unknown.points.insert("shoe_size".into(), 1.0);
    assert!(matches!(
        Weights::from_file(&unknown),
        Err(WeightsError::Unknown(_))
    ));
    let mut infinite = file();
    infinite.points.insert("offset".into(), f32::INFINITY);
    assert!(matches!(
        Weights::from_file(&infinite),
        Err(WeightsError::NotFinite(_))
    ));
}

#[test]
fn an_explanation_adds_up_and_says_what_was_not_compared() {
    let mut listed = person("Grete Müßigbrodt", "1970");
    listed.sex = Sex::Female;
    let traveller = person("MUESSIGBRODT<<GRETE<ANNA", "1970-05-06");
    let explanation = explain(&listed, &traveller, &weights()).unwrap();
    let sum: f32 = explanation.terms.iter().map(|term| term.points).sum();
    assert!((sum - explanation.points).abs() < 1e-3);
    let text = explanation
        .terms
        .iter()
        .map(|term| term.sentence.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    for expected in [
        "Müßigbrodt",
        "MUESSIGBRODT",
        "ICAO 9303-3",
        "listed 1970, document 1970-05-06",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(
        explanation
            .not_compared
            .contains(&"sex: the document has none".to_owned())
    );
    assert!(
        explanation
            .not_compared
            .contains(&"nationality: neither side has one".to_owned())
    );
}

/// Words from which names of nobody are made.
const WORDS: [&str; 16] = [
    "Anna",
    "ZWINGENBERG",
    "Müßig",
    "Khaled",
    "AL",
    "Dawrani",
    "Qinglan",
    "Xu",
    "Seonghui",
    "O'Brolchain",
    "Щукарь",
    "خالد",
    "J",
    "Quiñota",
    "Wojciechowska",
    "IV",
];

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(0..WORDS.len(), 1..6).prop_map(|at| {
        let words: Vec<&str> = at.into_iter().map(|at| WORDS[at]).collect();
        words.join(" ")
    })
}

fn birth() -> impl Strategy<Value = PartialDate> {
    (1930u16..2010, 0u8..13, 0u8..29).prop_map(|(year, month, day)| {
        let text = match (month, day) {
            (0, _) => format!("{year}"),
            (month, 0) => format!("{year}-{month:02}"),
            (month, day) => format!("{year}-{month:02}-{day:02}"),
        };
        PartialDate::parse(&text).unwrap()
    })
}

static GUESSED: LazyLock<Weights> = LazyLock::new(weights);
static BUILT_IN: LazyLock<Weights> = LazyLock::new(|| {
    let text = include_str!("../../../central/watchlist-weights.json");
    Weights::from_file(&serde_json::from_str(text).unwrap()).unwrap()
});

/// Points of a pair and what they mean against the lists of a port; of nothing to compare, as little as there is.
fn judged(listed: &Person, traveller: &Person, weights: &Weights) -> (f32, Vec<Outcome>) {
    let of = |person| PreparedPerson::of(person, weights.rarity());
    let Some(score) = score(&of(listed), &of(traveller), weights) else {
        return (-100.0, vec![Outcome::Clear; THRESHOLDS.len()]);
    };
    let explained = explain(listed, traveller, weights).unwrap();
    let outcomes = THRESHOLDS.map(|(possible, hit)| {
        let thresholds = Thresholds { possible, hit };
        let outcome = thresholds.judge(&score);
        assert_eq!(explained.outcome(thresholds), outcome);
        outcome
    });
    (score.points, outcomes.to_vec())
}

const THRESHOLDS: [(f32, f32); 3] = [(0.0, 1.0), (8.0, 12.0), (16.7, 17.08)];

fn more_agreement(
    weights: &Weights,
    one: &str,
    other: &str,
    [a, b]: [PartialDate; 2],
) -> Result<(), TestCaseError> {
    let no_less = |now: &(f32, Vec<Outcome>), before: &(f32, Vec<Outcome>)| {
        let outcomes = now
            .1
            .iter()
            .zip(&before.1)
            .all(|(now, before)| now >= before);
        prop_assert!(now.0 >= before.0 - 1e-4 && outcomes, "{now:?} {before:?}");
        Ok(())
    };
    let (mut listed, mut traveller) = (Person::named(one), Person::named(other));
    let unknown = judged(&listed, &traveller, weights);
    listed.births.push(a);
    traveller.births.push(b);
    let different = judged(&listed, &traveller, weights);
    traveller.births = vec![a];
    let equal = judged(&listed, &traveller, weights);
    no_less(&equal, &different)?;
    no_less(&equal, &unknown)?;
    // A further date that agrees, a nationality, a sex and a place that agree.
    traveller.births = vec![b, a];
    let mut last = judged(&listed, &traveller, weights);
    no_less(&last, &different)?;
    for agree in [
        |person: &mut Person| person.nationalities.push("UTO".into()),
        |person: &mut Person| person.sex = Sex::Female,
        |person: &mut Person| person.places_of_birth.push("Utopolis".into()),
    ] {
        agree(&mut listed);
        agree(&mut traveller);
        let now = judged(&listed, &traveller, weights);
        no_less(&now, &last)?;
        last = now;
    }
    // A further name, that agrees or not.
    for name in [one, other, "Quilla Zwingenberg"] {
        traveller.names.push(name.to_owned());
        let now = judged(&listed, &traveller, weights);
        no_less(&now, &last)?;
        last = now;
    }
    Ok(())
}

proptest! {
    #[test]
    fn scores_are_symmetric(one in name(), other in name(), a in birth(), b in birth()) {
        let (mut one, mut other) = (Person::named(&one), Person::named(&other));
        one.births.push(a);
        other.births.push(b);
        let (there, back) = (points(&one, &other), points(&other, &one));
        prop_assert_eq!(there.is_some(), back.is_some());
        let apart = there.zip(back).map_or(0.0, |(there, back)| (there - back).abs());
        prop_assert!(apart < 1e-3, "{there:?} {back:?}");
    }

    #[test]
    fn the_same_name_is_as_near_as_any(one in name(), other in name()) {
        let listed = Person::named(&one);
        let same = points(&listed, &listed);
        // With nothing to compare there is no score at all.
        if let Some(another) = points(&listed, &Person::named(&other)) {
            prop_assert!(same.is_some_and(|same| same >= another - 1e-3), "{one}: {same:?}, {other}: {another}");
        }
    }

    #[test]
    fn more_agreement_never_lowers_a_score(one in name(), other in name(), a in birth(), b in birth()) {
        for weights in [&*GUESSED, &*BUILT_IN] {
            more_agreement(weights, &one, &other, [a, b])?;
        }
    }

    #[test]
    fn nothing_panics(one in "\\PC{0,60}", other in "[A-Z<]{0,60}") {
        let (one, other) = (Person::named(&one), Person::named(&other));
        let _ = points(&one, &other);
        let _ = explain(&one, &other, &weights());
    }
}
