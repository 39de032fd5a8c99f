//! Packages of list versions: as they come, and with entries of any content behind a right chain and signature.

use std::collections::BTreeMap;

use central::lists::{
    change::{Difference, RowsHash, VersionHeader},
    entry::ListEntry,
    package::{PackageHead, PackageItem, PackageReader, PackageWriter},
};
use egate_types::{AuthorityId, UtcTime};
use egate_wire::v1::AuthorityKey;

const LIST: &str = "border-watch";
const START: (u64, [u8; 32], u64) = (0, [0; 32], 0);

/// One input of the target: the bytes as a package, which nobody has signed; and their lines as entries of one that is signed.
pub fn run(bytes: &[u8]) {
    let Ok(authority) = AuthorityId::parse("border") else {
        return;
    };
    let key = AuthorityKey::from_seed(&[7; 32]);
    assert_eq!(
        read(bytes, &authority, &key),
        None,
        "believed without a signature"
    );
    let lines = bytes.split(|byte| *byte == b'\n');
    let entries: BTreeMap<String, ListEntry> = lines
        .filter_map(|line| serde_json::from_slice::<ListEntry>(line).ok())
        .map(|entry| (entry.id().to_owned(), entry))
        .collect();
    let Some(package) = write(&entries, &authority, &key) else {
        return;
    };
    assert_eq!(read(&package, &authority, &key), Some(entries.len()));
    let mut cut = package.clone();
    cut.truncate(package.len() - 1);
    assert_eq!(
        read(&cut, &authority, &key),
        None,
        "believed although cut short"
    );
}

/// Entries of a package that holds to its end.
fn read(bytes: &[u8], authority: &AuthorityId, key: &AuthorityKey) -> Option<usize> {
    let mut reader = PackageReader::new(bytes, authority, LIST, key.public(), START).ok()?;
    let mut entries = 0;
    loop {
        match reader.next_item().ok()?? {
            PackageItem::Put(_) => entries += 1,
            PackageItem::Version(_) | PackageItem::Withdraw(_) => {}
            PackageItem::End(_) => return Some(entries),
        }
    }
}

fn write(
    entries: &BTreeMap<String, ListEntry>,
    authority: &AuthorityId,
    key: &AuthorityKey,
) -> Option<Vec<u8>> {
    let mut rows = RowsHash::default();
    for (id, entry) in entries {
        rows.add(id, Some(&entry.hash()));
    }
    let count = u64::try_from(entries.len()).ok()?;
    let header = VersionHeader {
        authority: authority.clone(),
        version: 1,
        previous: [0; 32],
        rows: rows.finish(),
        difference: Difference {
            added: count,
            entries: count,
            ..Difference::default()
        },
        drafted_by: "one".into(),
        proposed_by: "one".into(),
        reason: "fuzzing".into(),
        approved_by: "another".into(),
        remark: "seen".into(),
        approved_at: UtcTime(0),
    };
    let head = PackageHead {
        format: 1,
        authority: authority.clone(),
        list: LIST.into(),
        after: 0,
    };
    let mut package = Vec::new();
    let mut writer = PackageWriter::new(&mut package, head).ok()?;
    writer.version(header).ok()?;
    for (id, entry) in entries {
        writer.row(id, Some(entry.clone())).ok()?;
    }
    writer.finish(key, START, UtcTime(0), UtcTime(0)).ok()?;
    Some(package)
}
