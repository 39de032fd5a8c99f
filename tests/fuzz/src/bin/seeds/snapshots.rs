//! Snapshots of small lists of made-up people.

use egate_fuzz::snapshot::person;
use egate_rules::watch::index::{Builder, Entry, EntryId, SnapshotIdentity};

use crate::{Outcome, Seeds};

/// Nobody, somebody, somebody of many names, and a few.
pub fn seeds() -> Outcome<Seeds> {
    let lists: [&[&str]; 4] = [
        &[],
        &["Vega, Lucinda Maria"],
        &["Vega de la Luna y Montes, Lucinda Maria Abd al Latif"],
        &["Wang Xiaoming", "VEGA<<L", "Роберт Вега", "Abdellatif Vega"],
    ];
    lists.into_iter().map(snapshot).collect()
}

fn snapshot(names: &[&str]) -> Outcome<Vec<u8>> {
    let mut builder = Builder::default();
    for (id, name) in (1u64..).zip(names) {
        let person = person(name);
        builder.push(&Entry {
            id: EntryId(id),
            person,
        })?;
    }
    let identity = SnapshotIdentity {
        list: "seed".to_owned(),
        version: 1,
        built_unix_ms: 1,
        weights_hash: [1; 32],
    };
    let mut bytes = Vec::new();
    builder.finish(&identity, &mut bytes)?;
    Ok(bytes)
}
