//! A list as searched: a mapped snapshot and the changes over it, replaced as a whole.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use egate_rules::watch::index::{
    Builder, Change, EntryError, Index, LayerError, LayeredList, SnapshotError, SnapshotIdentity,
};
use memmap2::Mmap;

/// A snapshot whose bytes are a file's; processes that map one file share its memory.
pub type MappedIndex = Index<Mmap>;

/// A list that is searched and changed at the same time.
pub struct LiveList {
    list: ArcSwap<LayeredList<Mmap>>,
    /// One change of the list at a time; searches never wait for it.
    changing: Mutex<()>,
}

/// Why a snapshot or a change cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LiveListError {
    /// The file cannot be read or written.
    #[error("the file of a snapshot")]
    File(#[source] io::Error),
    /// The file is no snapshot of this version.
    #[error("the file of a snapshot cannot be searched")]
    Snapshot(#[source] SnapshotError),
    /// An entry cannot be in an index.
    #[error("the entries of the list")]
    Entries(#[source] EntryError),
    /// Changes were not applied; the list is as before.
    #[error("changes of the list were not applied")]
    Changes(#[source] LayerError),
    /// Two snapshots were made at once; the list is as before.
    #[error("another snapshot was made of the list meanwhile")]
    Overtaken,
}

/// Maps a snapshot and checks it.
pub fn open(path: &Path) -> Result<MappedIndex, LiveListError> {
    let file = File::open(path).map_err(LiveListError::File)?;
    let map = map(&file).map_err(LiveListError::File)?;
    Index::open(map).map_err(LiveListError::Snapshot)
}

/// Writes a snapshot so that a reader of `path` sees the one before or all of this one.
pub fn write(path: &Path, builder: Builder, identity: &SnapshotIdentity) -> io::Result<()> {
    let folder = path
        .parent()
        .ok_or_else(|| io::Error::other("a snapshot needs a folder"))?;
    let partial = tempfile::NamedTempFile::new_in(folder)?;
    let mut out = BufWriter::new(partial);
    builder.finish(identity, &mut out)?;
    out.flush()?;
    let partial = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    partial.as_file().sync_all()?;
    partial.persist(path)?;
    Ok(())
}

#[expect(unsafe_code, reason = "mapping a file is unsafe in every crate")]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: snapshots are never changed in place: `write` renames whole files over them, and a mapped file that was
    // replaced stays as it was. Whoever may truncate the service's own files can stop the service in other ways too.
    unsafe { Mmap::map(file) }
}

impl LiveList {
    /// A list as its snapshot says.
    pub fn new(base: MappedIndex) -> Self {
        Self {
            list: ArcSwap::from_pointee(LayeredList::new(Arc::new(base))),
            changing: Mutex::new(()),
        }
    }

    /// The list of this moment, which stays as it is for as long as it is held.
    pub fn load(&self) -> Arc<LayeredList<Mmap>> {
        self.list.load_full()
    }

    /// Applies changes; searches that begin afterwards see all of them.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), LiveListError> {
        let _changing = self.change();
        let changed = self
            .list
            .load()
            .with(changes)
            .map_err(LiveListError::Changes)?;
        self.list.store(Arc::new(changed));
        Ok(())
    }

    /// Makes a new snapshot of the list in `path` and goes on with it. Changes meanwhile stay over the new one.
    pub fn compact(&self, path: &Path, identity: &SnapshotIdentity) -> Result<(), LiveListError> {
        let collected = {
            let _changing = self.change();
            let kept = Arc::new(self.list.load().kept());
            self.list.store(Arc::clone(&kept));
            kept
        };
        let mut builder = Builder::default();
        collected
            .collect(&mut builder)
            .map_err(LiveListError::Entries)?;
        write(path, builder, identity).map_err(LiveListError::File)?;
        let base = Arc::new(open(path)?);
        let _changing = self.change();
        let rebased = self.list.load().rebased(&collected, base);
        self.list
            .store(Arc::new(rebased.ok_or(LiveListError::Overtaken)?));
        Ok(())
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        // The mutex guards no data: a list is stored whole or not at all.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
