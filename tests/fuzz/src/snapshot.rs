//! Snapshots of watch lists, as they come and with the right checksum.

use std::sync::{Arc, LazyLock};

use egate_rules::watch::{
    FEATURES, PartialDate, Person, PreparedPerson, Rarity, Thresholds, Weights,
    index::{Builder, Index, LayeredList, Scratch, Traveller, seal},
};

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let _ = Index::open(bytes);
    let mut sealed = bytes.to_vec();
    seal(&mut sealed);
    let Ok(index) = Index::open(sealed) else {
        return;
    };
    let list = LayeredList::new(Arc::new(index));
    let (weights, person) = &*TRAVELLER;
    let prepared = PreparedPerson::of(person, weights.rarity());
    // Whatever is found is scored.
    let thresholds = Thresholds {
        possible: -1e6,
        hit: 1e6,
    };
    let traveller = Traveller::new(&prepared, weights, thresholds);
    list.search(&traveller, &mut Scratch::default(), &mut Vec::new());
    let _ = list.collect(&mut Builder::default());
}

/// A traveller whom the seeds list.
static TRAVELLER: LazyLock<(Weights, Person)> = LazyLock::new(|| {
    let weights = Weights::new(String::new(), [0.5; FEATURES], Rarity::default());
    (weights, person("VEGA<<LUCINDA<MARIA"))
});

/// Somebody of this name.
pub fn person(name: &str) -> Person {
    let mut person = Person::named(name);
    person.births.extend(PartialDate::parse("1970-05-06"));
    person.nationalities.push("UTO".to_owned());
    person.places_of_birth.push("Springfield".to_owned());
    person
}
