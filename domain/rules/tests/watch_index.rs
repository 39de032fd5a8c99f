//! The index of long lists: finds what comparing with everybody finds, whatever is changed, and survives any bytes.

use std::{collections::BTreeMap, sync::Arc};

use egate_rules::watch::{
    Agreement, BirthRelation, FEATURES, Feature, PartialDate, Person, PreparedPerson, Rarity,
    Thresholds, Weights,
    index::{
        Builder, Change, Entry, EntryId, Hit, Index, LayeredList, Scratch, SnapshotError,
        SnapshotIdentity, Traveller, seal,
    },
    measure, score,
};
use egate_types::Sex;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop, prop_oneof},
    prop_assert, prop_assert_eq, proptest,
};

/// Weights as a practitioner would guess them.
fn weights() -> Weights {
    let mut values = [0.0; FEATURES];
    let mut set = |feature: Feature, points: f32| values[feature.index()] = points;
    for agreement in Agreement::ALL {
        set(
            Feature::Rarity(agreement),
            if agreement <= Agreement::Sound {
                0.9
            } else {
                0.6
            },
        );
    }
    for relation in BirthRelation::ALL {
        set(
            Feature::Birth(relation),
            10.0 - 1.5 * f32::from(relation as u8),
        );
    }
    for feature in [
        Feature::TravellerLeft,
        Feature::ListedLeft,
        Feature::BothLeft,
    ] {
        set(feature, -1.0);
    }
    for feature in [
        Feature::OnePartOnly,
        Feature::SurnameMissing,
        Feature::SexOther,
    ] {
        set(feature, -2.5);
    }
    set(Feature::NationalitySame, 1.5);
    set(Feature::NationalityOther, -2.0);
    set(Feature::SexSame, 0.5);
    let common = [
        ("MARIA", 9_000.0),
        ("ALI", 8_000.0),
        ("WANG", 9_000.0),
        ("TANAKA", 2_000.0),
    ];
    Weights::new("test".to_owned(), values, Rarity::from_counts(common))
}

/// Everything that is scored is an answer.
const ALL: Thresholds = Thresholds {
    possible: -1_000.0,
    hit: 1_000.0,
};

fn identity() -> SnapshotIdentity {
    SnapshotIdentity {
        list: "test".to_owned(),
        version: 7,
        built_unix_ms: 1_000,
        weights_hash: [3; 32],
    }
}

fn snapshot<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<u8> {
    let mut builder = Builder::default();
    for entry in entries {
        builder.push(entry).expect("a small entry");
    }
    let mut bytes = Vec::new();
    let written = builder.finish(&identity(), &mut bytes);
    written.expect("memory is enough");
    bytes
}

fn index<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Arc<Index<Vec<u8>>> {
    Arc::new(Index::open(snapshot(entries)).expect("a whole snapshot"))
}

fn search(
    list: &LayeredList<Vec<u8>>,
    person: &Person,
    weights: &Weights,
    thresholds: Thresholds,
) -> Vec<Hit> {
    let prepared = PreparedPerson::of(person, weights.rarity());
    let traveller = Traveller::new(&prepared, weights, thresholds);
    let mut hits = Vec::new();
    list.search(&traveller, &mut Scratch::default(), &mut hits);
    hits
}

/// What comparing two persons without any index gives.
fn compared(listed: &Person, traveller: &Person, weights: &Weights) -> Option<f32> {
    let of = |person| PreparedPerson::of(person, weights.rarity());
    score(&of(listed), &of(traveller), weights).map(|score| score.points)
}

/// Whether the best of their names agree by parts that one of them writes together: what such parts may be worth is estimated.
fn joined(listed: &Person, traveller: &Person, weights: &Weights) -> bool {
    let of = |person| PreparedPerson::of(person, weights.rarity());
    let (listed, traveller) = (of(listed), of(traveller));
    score(&listed, &traveller, weights).is_some_and(|best| {
        measure(&listed, &traveller, best.names, weights).of(Feature::Joined) > 0.0
    })
}

const PARTS: [&str; 26] = [
    "Maria",
    "Mario",
    "Ali",
    "Abd",
    "al",
    "Latif",
    "Abdellatif",
    "Kowalski",
    "Kowalsky",
    "Wojciech",
    "Wang",
    "Xiaoming",
    "Xiao",
    "Ming",
    "Tanaka",
    "Tanako",
    "de",
    "la",
    "Vega",
    "J",
    "Робер",
    "محمد",
    "王",
    "O'Neil",
    "Robert",
    "Bob",
];

fn name() -> impl Strategy<Value = String> {
    let parts = vec(prop::sample::select(&PARTS[..]), 1..6);
    (parts, any::<u8>()).prop_map(|(parts, form)| match form % 3 {
        0 => parts.join(" "),
        1 => {
            let (primary, secondary) = parts.split_at(1);
            format!("{}, {}", primary.join(" "), secondary.join(" "))
        }
        _ => {
            let (primary, secondary) = parts.split_at(1);
            format!("{}<<{}", primary.join("<"), secondary.join("<"))
        }
    })
}

const DATES: [&str; 7] = [
    "1970-05-06",
    "1970-06-05",
    "1970-05",
    "1970",
    "1971-05-06",
    "1907-05-06",
    "1970-01-31",
];

/// A made-up person that a failing test may print.
#[derive(Clone, Debug)]
struct Made {
    names: Vec<String>,
    births: Vec<&'static str>,
    states: Vec<&'static str>,
    sex: Sex,
    places: Vec<&'static str>,
}

impl Made {
    fn person(&self) -> Person {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Person {
            names: self.names.clone(),
            births: self
                .births
                .iter()
                .filter_map(|text| PartialDate::parse(text))
                .collect(),
            nationalities: owned(&self.states),
            sex: self.sex,
            places_of_birth: owned(&self.places),
        }
    }
}

fn made() -> impl Strategy<Value = Made> {
    let births = vec(prop::sample::select(&DATES[..]), 0..3);
    let sex = prop_oneof![Just(Sex::Unspecified), Just(Sex::Female), Just(Sex::Male)];
    let states = vec(prop::sample::select(&["UTO", "QAA", "D"][..]), 0..2);
    let places = vec(
        prop::sample::select(&["Springfield", "near Shelbyville, there"][..]),
        0..2,
    );
    let all = (vec(name(), 1..3), births, states, sex, places);
    all.prop_map(|(names, births, states, sex, places)| Made {
        names,
        births,
        states,
        sex,
        places,
    })
}

fn entries(made: &[Made]) -> Vec<Entry> {
    let entries = (10u64..).zip(made);
    entries.map(|(id, made)| entry(id, made)).collect()
}

fn entry(id: u64, made: &Made) -> Entry {
    Entry {
        id: EntryId(id),
        person: made.person(),
    }
}

/// Batches of changes of a few entries, so that they meet; `None` withdraws.
fn batches() -> impl Strategy<Value = Vec<Vec<(u64, Option<Made>)>>> {
    vec(
        vec((10u64..30, prop::option::weighted(0.75, made())), 0..6),
        0..8,
    )
}

proptest! {
    #[test]
    fn every_entry_finds_itself_with_the_score_of_the_pair(made in vec(made(), 1..12)) {
        let (weights, entries) = (weights(), entries(&made));
        let list = LayeredList::new(index(&entries));
        for entry in &entries {
            let expected = compared(&entry.person, &entry.person, &weights);
            let hits = search(&list, &entry.person, &weights, ALL);
            let found = hits.iter().find(|hit| hit.id == entry.id);
            prop_assert_eq!(found.map(|hit| hit.points), expected);
        }
    }

    #[test]
    fn nobody_of_the_same_birth_date_is_missed(made in vec(made(), 1..12), traveller in made(), threshold in 0.0f32..30.0) {
        let (weights, entries, traveller) = (weights(), entries(&made), traveller.person());
        let list = LayeredList::new(index(&entries));
        let thresholds = Thresholds { possible: threshold, hit: threshold };
        let hits = search(&list, &traveller, &weights, thresholds);
        for entry in &entries {
            let same = entry.person.births.iter().any(|birth| birth.day().is_some() && traveller.births.contains(birth));
            let points = compared(&entry.person, &traveller, &weights).filter(|points| *points >= threshold);
            let found = hits.iter().find(|hit| hit.id == entry.id).map(|hit| hit.points);
            if same && !joined(&entry.person, &traveller, &weights) {
                prop_assert_eq!(found, points, "{:?} {:?}", entry.person.names, traveller.names);
            } else {
                prop_assert!(found.is_none() || found == points);
            }
        }
    }

    #[test]
    fn records_hold_what_was_given(made in vec(made(), 1..8)) {
        let entries = entries(&made);
        let index = index(&entries);
        let read: Vec<Entry> = index.records().map(|record| record.entry()).collect();
        prop_assert!(read == entries);
        prop_assert_eq!(index.identity(), &identity());
    }

    #[test]
    fn a_list_with_changes_answers_as_one_built_of_the_result(
        made in vec(made(), 1..10),
        batches in batches(),
        collected_after in 0usize..8,
        travellers in vec(made(), 4),
    ) {
        // Of one date of birth, all are candidates: what is left is what the layers make of them.
        let born = |made: &Made| Made { births: vec![DATES[0]], ..made.clone() };
        let (weights, entries) = (weights(), entries(&made.iter().map(born).collect::<Vec<_>>()));
        let mut list = LayeredList::new(index(&entries));
        let mut truth: BTreeMap<EntryId, Entry> = entries.iter().map(|entry| (entry.id, entry.clone())).collect();
        let mut collected = None;
        for (at, batch) in batches.iter().enumerate() {
            if at == collected_after {
                list = list.kept();
                let mut builder = Builder::default();
                list.collect(&mut builder).unwrap();
                let mut bytes = Vec::new();
                builder.finish(&identity(), &mut bytes).unwrap();
                collected = Some((list.clone(), Arc::new(Index::open(bytes).unwrap())));
            }
            list = list.with(batch.iter().map(|(id, made)| match made {
                Some(made) => Change::Put(entry(*id, &born(made))),
                None => Change::Withdraw(EntryId(*id)),
            })).unwrap();
            for (id, made) in batch {
                match made {
                    Some(made) => truth.insert(EntryId(*id), entry(*id, &born(made))),
                    None => truth.remove(&EntryId(*id)),
                };
            }
        }
        if let Some((collected, base)) = collected {
            list = list.rebased(&collected, base).unwrap();
        }
        let fresh = LayeredList::new(index(truth.values()));
        let travellers = travellers.iter().map(|made| born(made).person());
        for traveller in travellers.chain(truth.values().map(|entry| entry.person.clone())) {
            let expected = search(&fresh, &traveller, &weights, ALL);
            prop_assert_eq!(search(&list, &traveller, &weights, ALL), expected);
        }
    }

    #[test]
    fn damaged_snapshots_are_refused_and_sealed_ones_do_no_harm(
        made in vec(made(), 1..6),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        traveller in made(),
    ) {
        let (weights, traveller) = (weights(), traveller.person());
        let mut bytes = snapshot(&entries(&made));
        let whole = bytes.clone();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if bytes != whole {
            prop_assert!(Index::open(bytes.as_slice()).is_err());
        }
        seal(&mut bytes);
        if let Ok(index) = Index::open(bytes) {
            let list = LayeredList::new(Arc::new(index));
            search(&list, &traveller, &weights, ALL);
            let _ = list.collect(&mut Builder::default());
        }
    }
}

#[test]
fn less_than_a_snapshot_is_refused() {
    let entry = Entry {
        id: EntryId(1),
        person: Person::named("Vega, Maria"),
    };
    let whole = snapshot([&entry]);
    for length in 0..whole.len() {
        assert!(Index::open(&whole[..length]).is_err(), "{length}");
    }
    let mut other = whole.clone();
    other[8] = 9;
    assert_eq!(
        Index::open(other.as_slice()).err(),
        Some(SnapshotError::UnknownFormat(9))
    );
    let mut other = whole;
    other[12] = 9;
    assert_eq!(
        Index::open(other.as_slice()).err(),
        Some(SnapshotError::OtherKeys(9))
    );
}

#[test]
fn a_list_without_entries_finds_nobody() {
    let list = LayeredList::new(index([]));
    assert_eq!(
        search(&list, &Person::named("Vega, Maria"), &weights(), ALL),
        []
    );
}
