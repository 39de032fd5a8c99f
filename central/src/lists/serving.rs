//! An authority's list as served: in memory, at one version, found to be sound.
//!
//! A version is applied whole or not at all, and whoever searches meanwhile goes on with the one before. Snapshot files make a start fast;
//! one that is not signed by the authority over this very version and these very bytes is passed over, and the index is built of the
//! database instead.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use egate_rules::watch::{
    Outcome, Person, PreparedPerson, Thresholds,
    index::{
        self, Builder, Change, Entry, EntryId, LayeredList, Scratch, SnapshotIdentity, Traveller,
    },
};
use egate_types::UtcTime;
use egate_wire::v1::{
    ListFileClaims, ListFileKind, SignedListFile, sign_list_file, verify_list_file,
};
use memmap2::Mmap;
use sha2::{Digest as _, Sha256};

use super::{canary, entry::ListEntry};
use crate::{
    app::{AppError, Authority, blocking},
    limits::{COMPACTION_CHANGES_MIN, COMPACTION_PERCENT, LAYER_CHANGES_MAX, SNAPSHOTS_KEPT},
    lists::live::{self, Current, LiveList, LiveListError, MappedIndex},
    store::{
        Store,
        lists::{Head, StoredRow},
    },
};

/// What is replaced together with the index.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) version: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) entries: u64,
    /// Entries that are looked at for every traveller, or that are proof of the others, by row.
    pub(crate) special: Arc<BTreeMap<i64, ListEntry>>,
    /// Whether every canary was found.
    pub(crate) sound: bool,
}

/// One list and the memory of its searches.
#[derive(Default)]
pub(crate) struct ServedList {
    live: OnceLock<LiveList<State>>,
    /// One replica catches up once at a time; who waits finds it done.
    catching_up: tokio::sync::Mutex<()>,
    scratches: Mutex<Vec<Scratch>>,
}

/// A list at one version.
pub(crate) type Served = Arc<Current<State>>;

impl ServedList {
    /// The list at least at the version of `head`.
    pub(crate) async fn at(
        &self,
        head: &Head,
        store: &Store,
        authority: &Authority,
        now: UtcTime,
    ) -> Result<Served, AppError> {
        if let Some(served) = self
            .current()
            .filter(|at| at.beside.version >= head.version)
        {
            return Ok(served);
        }
        let _one = self.catching_up.lock().await;
        if self.live.get().is_none() {
            let started = start(head, 0, store, authority, now).await?;
            let _ = self.live.set(LiveList::of(started));
        }
        let live = self.live.get().ok_or(AppError::ListMissing)?;
        loop {
            let served = live.load();
            if served.beside.version >= head.version {
                return Ok(served);
            }
            let next = next(&served, head, store, authority, now).await?;
            live.replace_by(next);
        }
    }

    /// What is served now, however old.
    pub(crate) fn current(&self) -> Option<Served> {
        self.live.get().map(LiveList::load)
    }

    /// Whether every canary of the list is found, by name and by document.
    async fn canaries_sing(
        &self,
        served: &Current<State>,
        store: &Store,
        authority: &Authority,
    ) -> Result<bool, AppError> {
        let thresholds = authority.budget.thresholds(served.beside.entries);
        let found = |person: &Person, id: EntryId| {
            self.search(&served.list, person, authority, thresholds)
                .iter()
                .any(|hit| hit.id == id && hit.outcome == Outcome::Hit)
        };
        if !found(&canary::built_in(), canary::BUILT_IN) {
            return Ok(false);
        }
        for (row, entry) in served.beside.special.iter() {
            if !canary::is_canary(entry) {
                continue;
            }
            if canary::traveller(entry).is_some_and(|person| !found(&person, id_of(*row))) {
                return Ok(false);
            }
            for key in entry
                .fields()
                .documents
                .iter()
                .filter_map(|document| document.key())
            {
                let there = store
                    .document_candidates(&authority.id, served.beside.version, &key)
                    .await?;
                if !there.iter().any(|(found, _)| found == row) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Persons that the traveller may be, the best first; canaries that nobody can be are left out.
    pub(crate) fn persons(
        &self,
        list: &LayeredList<Mmap>,
        person: &Person,
        authority: &Authority,
        thresholds: Thresholds,
    ) -> Vec<(i64, Outcome)> {
        let hits = self.search(list, person, authority, thresholds);
        let listed = hits.iter().filter(|hit| hit.id != canary::BUILT_IN);
        listed
            .filter_map(|hit| Some((i64::try_from(hit.id.0).ok()?, hit.outcome)))
            .collect()
    }

    fn search(
        &self,
        list: &LayeredList<Mmap>,
        person: &Person,
        authority: &Authority,
        thresholds: Thresholds,
    ) -> Vec<index::Hit> {
        let weights = &authority.weights.weights;
        let prepared = PreparedPerson::of(person, weights.rarity());
        let traveller = Traveller::new(&prepared, weights, thresholds);
        let scratches = || {
            self.scratches
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let mut scratch = scratches().pop().unwrap_or_default();
        let mut hits = Vec::new();
        list.search(&traveller, &mut scratch, &mut hits);
        scratches().push(scratch);
        hits
    }

    /// Makes a new snapshot file if enough has changed over the last one. Blocks for as long as the index takes to build.
    pub(crate) fn compact(
        &self,
        authority: &Authority,
        folder: &Path,
        now: UtcTime,
    ) -> Result<(), LiveListError> {
        let Some(live) = self.live.get() else {
            return Ok(());
        };
        let served = live.load();
        let changes: usize = served.list.layers().iter().map(|layer| layer.len()).sum();
        let on_file = served.list.base().identity().version > 0;
        let entries = usize::try_from(served.beside.entries).unwrap_or(usize::MAX);
        let many = COMPACTION_CHANGES_MIN.max(entries / 100 * COMPACTION_PERCENT);
        if changes < many && (on_file || entries < COMPACTION_CHANGES_MIN) {
            return Ok(());
        }
        fs::create_dir_all(folder).map_err(LiveListError::File)?;
        let mut written = PathBuf::new();
        let state = live.compact(|state| {
            written = snapshot_path(folder, authority, state.version);
            (written.clone(), identity(authority, state.version, now))
        })?;
        let signed = sha256_of(&written)
            .and_then(|sha256| sign(&written, sha256, authority, &state.beside, now));
        signed.map_err(LiveListError::File)?;
        forget_old(folder, authority).map_err(LiveListError::File)
    }
}

/// The list at the next version, or at that of `head` where the next one is too large to be laid over the list.
async fn next(
    served: &Served,
    head: &Head,
    store: &Store,
    authority: &Authority,
    now: UtcTime,
) -> Result<Current<State>, AppError> {
    let version = served.beside.version + 1;
    let (header, change) = store
        .version_header(&authority.id, version)
        .await?
        .ok_or_else(|| AppError::Corrupt(format!("no version {version} of a list")))?;
    if header.previous != served.beside.hash {
        return Err(AppError::Corrupt(format!(
            "version {version} of a list that does not follow from the one before"
        )));
    }
    if header.difference.rows() > LAYER_CHANGES_MAX {
        return start(head, version, store, authority, now).await;
    }
    let mut changes = Vec::new();
    let mut special = BTreeMap::clone(&served.beside.special);
    let mut after = String::new();
    loop {
        let rows = store.change_rows(&authority.id, change.id, &after).await?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.entry);
        for row in rows {
            apply_row(row, &mut changes, &mut special)?;
        }
    }
    let state = State {
        version,
        hash: header.hash(),
        entries: header.difference.entries,
        special: Arc::new(special),
        sound: false,
    };
    let before = Arc::clone(served);
    let list = blocking(move || {
        let list = before.list.with(changes);
        list.map_err(|e| AppError::Index(LiveListError::Changes(e)))
    });
    check(list.await?, state, store, authority).await
}

/// What a row does to the index. Of an entry without names nothing is in the index.
fn apply_row(
    row: StoredRow,
    changes: &mut Vec<Change>,
    special: &mut BTreeMap<i64, ListEntry>,
) -> Result<(), AppError> {
    if let Some((before, _)) = row.before {
        special.remove(&before);
        changes.push(Change::Withdraw(id_of(before)));
    }
    if let Some(body) = row.body {
        let entry: ListEntry = serde_json::from_str(&body)?;
        if let Some(person) = entry.person() {
            changes.push(Change::Put(Entry {
                id: id_of(row.number),
                person,
            }));
        }
        if entry.is_special() {
            special.insert(row.number, entry);
        }
    }
    Ok(())
}

fn id_of(row: i64) -> EntryId {
    EntryId(u64::try_from(row).unwrap_or(0))
}

/// The list of a snapshot file of version `least` or a later one, or else of the database at the version of `head`.
async fn start(
    head: &Head,
    least: u64,
    store: &Store,
    authority: &Authority,
    now: UtcTime,
) -> Result<Current<State>, AppError> {
    if let Some(mapped) = from_file(head, least, store, authority).await? {
        return Ok(mapped);
    }
    let mut builder = Builder::default();
    let unusable = |e| AppError::Index(LiveListError::Entries(e));
    builder
        .push(&Entry {
            id: canary::BUILT_IN,
            person: canary::built_in(),
        })
        .map_err(unusable)?;
    let mut special = BTreeMap::new();
    let mut after = String::new();
    loop {
        let entries = store
            .entries_at(&authority.id, head.version, &after)
            .await?;
        let Some(last) = entries.last() else { break };
        last.entry.id().clone_into(&mut after);
        for current in entries {
            let id = id_of(current.number);
            if let Some(person) = current.entry.person() {
                builder.push(&Entry { id, person }).map_err(unusable)?;
            }
            if current.entry.is_special() {
                special.insert(current.number, current.entry);
            }
        }
    }
    let state = State {
        version: head.version,
        hash: head.hash,
        entries: head.entries,
        special: Arc::new(special),
        sound: false,
    };
    let base = if builder.entries() < COMPACTION_CHANGES_MIN {
        let identity = identity(authority, 0, UtcTime(0));
        blocking(move || live::in_memory(builder, &identity).map_err(AppError::Index)).await?
    } else {
        // A long list is not held twice: it goes to its file and is mapped.
        file_of(builder, store, authority, &state, now).await?
    };
    check(LayeredList::new(Arc::new(base)), state, store, authority).await
}

/// Writes the first snapshot of a list and maps it.
async fn file_of(
    builder: Builder,
    store: &Store,
    authority: &Authority,
    state: &State,
    now: UtcTime,
) -> Result<MappedIndex, AppError> {
    let path = snapshot_path(&store.snapshots(), authority, state.version);
    let (target, identity) = (path.clone(), identity(authority, state.version, now));
    let failed = |e| AppError::Index(LiveListError::File(e));
    let (sha256, index) = blocking(move || {
        let folder = target.parent().unwrap_or(Path::new("."));
        let written = fs::create_dir_all(folder);
        let written = written.and_then(|()| live::write(&target, builder, &identity));
        let sha256 = written.and_then(|()| sha256_of(&target)).map_err(failed)?;
        Ok((sha256, live::open(&target).map_err(AppError::Index)?))
    })
    .await?;
    sign(&path, sha256, authority, state, now).map_err(failed)?;
    Ok(index)
}

fn identity(authority: &Authority, version: u64, now: UtcTime) -> SnapshotIdentity {
    SnapshotIdentity {
        list: short(&authority.list),
        version,
        built_unix_ms: u64::try_from(now.0).unwrap_or(0),
        weights_hash: authority.weights.sha256,
    }
}

/// A list that has found its canaries, or says that it has not: nobody is answered from one before.
async fn check(
    list: LayeredList<Mmap>,
    beside: State,
    store: &Store,
    authority: &Authority,
) -> Result<Current<State>, AppError> {
    let mut checked = Current { list, beside };
    let searching = ServedList::default();
    checked.beside.sound = searching.canaries_sing(&checked, store, authority).await?;
    Ok(checked)
}

/// The newest snapshot file that is the authority's own, whole, and of a version in the chain.
async fn from_file(
    head: &Head,
    least: u64,
    store: &Store,
    authority: &Authority,
) -> Result<Option<Current<State>>, AppError> {
    let folder = store.snapshots();
    for version in versions_on_file(&folder, authority).into_iter().rev() {
        if version < least || version > head.version {
            continue;
        }
        let Some((header, _)) = store.version_header(&authority.id, version).await? else {
            continue;
        };
        let path = snapshot_path(&folder, authority, version);
        let index = match open_signed(&path, authority, version, header.hash()).await? {
            Ok(index) => index,
            Err(why) => {
                tracing::warn!(authority.id = %authority.id, version, why, "snapshot of a list passed over");
                continue;
            }
        };
        let mut special = BTreeMap::new();
        for current in store.special_entries(&authority.id, version).await? {
            special.insert(current.number, current.entry);
        }
        let state = State {
            version,
            hash: header.hash(),
            entries: header.difference.entries,
            special: Arc::new(special),
            sound: false,
        };
        let list = LayeredList::new(Arc::new(index));
        return Ok(Some(check(list, state, store, authority).await?));
    }
    Ok(None)
}

/// Maps a snapshot if its signature is the authority's, over this version and these bytes; or says why not.
async fn open_signed(
    path: &Path,
    authority: &Authority,
    version: u64,
    hash: [u8; 32],
) -> Result<Result<MappedIndex, String>, AppError> {
    let claims = match signed_claims(path, authority, version, hash) {
        Ok(claims) => claims,
        Err(why) => return Ok(Err(why)),
    };
    let path = path.to_owned();
    // A file of ten million entries has more than a gigabyte.
    blocking(move || Ok(open_claimed(&path, &claims))).await
}

/// What the signature beside a snapshot says, if it is the authority's and about this version.
fn signed_claims(
    path: &Path,
    authority: &Authority,
    version: u64,
    hash: [u8; 32],
) -> Result<ListFileClaims, String> {
    let token = fs::read_to_string(signature_path(path)).map_err(|_| "it has no signature")?;
    let signed = SignedListFile(token.trim().to_owned());
    let claims = verify_list_file(&signed, &authority.key.public(), &authority.id)
        .map_err(|e| e.to_string())?;
    let right = claims.kind == ListFileKind::Snapshot
        && claims.list == authority.list
        && claims.version == version
        && claims.hash == hex::encode(hash);
    if !right {
        return Err("its signature is about another list or version".to_owned());
    }
    Ok(claims)
}

fn open_claimed(path: &Path, claims: &ListFileClaims) -> Result<MappedIndex, String> {
    let bytes = sha256_of(path).map_err(|e| e.to_string())?;
    if claims.sha256 != hex::encode(bytes) {
        return Err("its bytes are not those that were signed".to_owned());
    }
    let index = live::open(path).map_err(|e| e.to_string())?;
    // The canary is in the index and not in the list; entries of documents alone are in the list and not in the index.
    if index.entries() > claims.entries + 1 {
        return Err("it holds more entries than were signed".to_owned());
    }
    Ok(index)
}

fn sign(
    path: &Path,
    sha256: [u8; 32],
    authority: &Authority,
    state: &State,
    now: UtcTime,
) -> io::Result<()> {
    let claims = ListFileClaims {
        iss: authority.id.clone(),
        list: authority.list.clone(),
        kind: ListFileKind::Snapshot,
        version: state.version,
        hash: hex::encode(state.hash),
        entries: state.entries,
        sha256: hex::encode(sha256),
        iat_ms: now,
        confirmed_ms: None,
    };
    let signature = signature_path(path);
    let whole = signature.with_added_extension("partial");
    fs::write(&whole, sign_list_file(&claims, &authority.key).0)?;
    fs::rename(&whole, &signature)
}

fn sha256_of(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&buffer[..read]),
        }
    }
}

fn snapshot_path(folder: &Path, authority: &Authority, version: u64) -> PathBuf {
    folder.join(format!("{}-{version}.{EXTENSION}", authority.id))
}

fn signature_path(snapshot: &Path) -> PathBuf {
    snapshot.with_added_extension("sig")
}

/// Versions of which there is a file, ascending.
fn versions_on_file(folder: &Path, authority: &Authority) -> Vec<u64> {
    let prefix = format!("{}-", authority.id);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut versions: Vec<u64> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(&prefix)?.strip_suffix(EXTENSION)?;
            version.strip_suffix('.')?.parse().ok()
        })
        .collect();
    versions.sort_unstable();
    versions
}

/// Other processes may have mapped an old file; it lives on for them.
fn forget_old(folder: &Path, authority: &Authority) -> io::Result<()> {
    let versions = versions_on_file(folder, authority);
    let old = versions.len().saturating_sub(SNAPSHOTS_KEPT);
    for version in &versions[..old] {
        let path = snapshot_path(folder, authority, *version);
        fs::remove_file(&path)?;
        let _ = fs::remove_file(signature_path(&path));
    }
    Ok(())
}

/// As much of a list's name as a snapshot has room for; the signature has all of it.
fn short(list: &str) -> String {
    let mut end = list.len().min(index::LIST_BYTES_MAX);
    while !list.is_char_boundary(end) {
        end -= 1;
    }
    list[..end].to_owned()
}

const EXTENSION: &str = "watch";
