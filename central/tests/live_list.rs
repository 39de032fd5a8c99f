//! A list that changes while it is searched: every search sees the list before a change or after it, and nothing between.

use std::sync::atomic::{AtomicBool, Ordering};

use central::lists::live::{self, LiveList};
use egate_rules::watch::{
    PartialDate, Person, PreparedPerson, Thresholds, Weights, WeightsFile,
    index::{Builder, Change, Entry, EntryId, Scratch, SnapshotIdentity, Traveller},
};

fn person() -> Person {
    let mut person = Person::named("Vega, Lucinda Maria");
    person.births.extend(PartialDate::parse("1970-05-06"));
    person
}

fn entry(id: u64) -> Entry {
    Entry {
        id: EntryId(id),
        person: person(),
    }
}

fn identity() -> SnapshotIdentity {
    SnapshotIdentity {
        list: "test".to_owned(),
        version: 1,
        built_unix_ms: 0,
        weights_hash: [0; 32],
    }
}

fn weights() -> anyhow::Result<Weights> {
    let file: WeightsFile = serde_json::from_str(include_str!("../watchlist-weights.json"))?;
    Ok(Weights::from_file(&file)?)
}

/// The person bears another number after every change, and never two or none.
#[test]
fn searches_see_every_change_whole_while_snapshots_are_replaced() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("list.snapshot");
    let mut builder = Builder::default();
    builder.push(&entry(0))?;
    live::write(&path, builder, &identity())?;
    let list = LiveList::new(live::open(&path)?, 0);
    let weights = weights()?;
    let stop = AtomicBool::new(false);
    let searched = std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            let prepared = PreparedPerson::of(&person(), weights.rarity());
            let thresholds = Thresholds::new(1, 0.1, 0.01);
            let traveller = Traveller::new(&prepared, &weights, thresholds);
            let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
            let mut last = 0;
            let mut seen = 0u64;
            while !stop.load(Ordering::Relaxed) {
                let current = list.load();
                current.list.search(&traveller, &mut scratch, &mut hits);
                assert_eq!(hits.len(), 1, "{hits:?}");
                assert!(hits[0].id.0 >= last, "{hits:?} after {last}");
                assert_eq!(
                    hits[0].id.0, current.beside,
                    "what stands beside is of another state"
                );
                seen += u64::from(hits[0].id.0 > last);
                last = hits[0].id.0;
            }
            (seen, last)
        });
        let changed = scope.spawn(|| {
            for id in 1..=CHANGES {
                list.apply(
                    [Change::Withdraw(EntryId(id - 1)), Change::Put(entry(id))],
                    id,
                )?;
            }
            anyhow::Ok(())
        });
        for _ in 0..SNAPSHOTS {
            list.compact(|_| (path.clone(), identity()))?;
        }
        let changed = changed.join();
        stop.store(true, Ordering::Relaxed);
        changed.map_err(|_| anyhow::anyhow!("the changing thread"))??;
        searching
            .join()
            .map_err(|_| anyhow::anyhow!("a search failed"))
    })?;
    assert!(searched.0 > 0, "no change was seen");
    list.compact(|_| (path.clone(), identity()))?;
    let ids: Vec<_> = live::open(&path)?
        .records()
        .map(|record| record.id)
        .collect();
    assert_eq!(ids, [EntryId(CHANGES)]);
    assert!(list.load().list.layers().is_empty());
    Ok(())
}

const CHANGES: u64 = 3_000;
const SNAPSHOTS: usize = 20;

#[test]
fn a_file_that_is_no_snapshot_is_refused() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("list.snapshot");
    assert!(live::open(&path).is_err());
    std::fs::write(&path, "")?;
    assert!(live::open(&path).is_err());
    std::fs::write(&path, [7; 4_096])?;
    assert!(live::open(&path).is_err());
    Ok(())
}
