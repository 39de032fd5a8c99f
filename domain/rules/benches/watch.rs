//! What one traveller costs, step by step: normal form, candidates, one score, the whole search.
//!
//! The list is small enough to stay in the processor's caches; `central screen bench` measures the long one.

use std::hint::black_box;

use criterion::Criterion;
use egate_rules::watch::{
    Agreement, BirthRelation, FEATURES, Feature, PartialDate, Person, PreparedPerson, Rarity,
    Thresholds, Weights,
    index::{Builder, Entry, EntryId, Index, Scratch, SnapshotIdentity, Traveller},
    score,
};

const PARTS: [&str; 12] = [
    "VEGA",
    "LUNA",
    "LUCINDA",
    "MARIA",
    "KOVALEV",
    "TANAKA",
    "ABDALLATIF",
    "HUSAYN",
    "WANG",
    "OKORO",
    "LINDGREN",
    "PETROVA",
];
const ENTRIES: usize = 20_000;

fn weights() -> Weights {
    let mut values = [0.0; FEATURES];
    for agreement in Agreement::ALL {
        values[Feature::Rarity(agreement).index()] = 0.8;
    }
    for relation in BirthRelation::ALL {
        values[Feature::Birth(relation).index()] = 10.0 - 1.5 * f32::from(relation as u8);
    }
    for feature in [Feature::OnePartOnly, Feature::TravellerLeft] {
        values[feature.index()] = -2.0;
    }
    Weights::new("bench".to_owned(), values, Rarity::default())
}

/// Every combination of three parts and a date comes again after many others.
fn person(number: usize) -> Person {
    let part = |at: usize| PARTS[at % PARTS.len()];
    let (one, two, three) = (part(number), part(number / 12), part(number / 144));
    let mut person = Person::named(&format!("{one}<<{two}<{three}"));
    let date = format!(
        "{:04}-{:02}-{:02}",
        1930 + number % 80,
        1 + number % 12,
        1 + number % 28
    );
    person.births.extend(PartialDate::parse(&date));
    person
}

fn steps(criterion: &mut Criterion) {
    let weights = weights();
    let mut builder = Builder::default();
    for number in 0..ENTRIES {
        let entry = Entry {
            id: EntryId(number as u64),
            person: person(number),
        };
        builder.push(&entry).expect("a small entry");
    }
    let identity = SnapshotIdentity {
        list: "bench".to_owned(),
        version: 1,
        built_unix_ms: 0,
        weights_hash: [0; 32],
    };
    let mut bytes = Vec::new();
    builder
        .finish(&identity, &mut bytes)
        .expect("memory is enough");
    let index = Index::open(bytes).expect("a whole snapshot");
    let someone = person(4_711);
    let thresholds = Thresholds::new(10_000_000, 3e-4, 1e-4);
    let prepare = || PreparedPerson::of(black_box(&someone), weights.rarity());
    let prepared = prepare();
    let other = PreparedPerson::of(&person(4_712), weights.rarity());
    let mut scratch = Scratch::default();
    let mut hits = Vec::new();

    criterion.bench_function("normalise", |bench| bench.iter(prepare));
    criterion.bench_function("score", |bench| {
        bench.iter(|| score(black_box(&other), black_box(&prepared), &weights));
    });
    criterion.bench_function("candidates", |bench| {
        let traveller = Traveller::new(&prepared, &weights, thresholds);
        bench.iter(|| index.candidates(&traveller, &mut scratch).len());
    });
    criterion.bench_function("query", |bench| {
        bench.iter(|| {
            let prepared = prepare();
            let traveller = Traveller::new(&prepared, &weights, thresholds);
            hits.clear();
            index.search(&traveller, &mut scratch, &mut hits);
            hits.len()
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    steps(&mut criterion);
    criterion.final_summary();
}
