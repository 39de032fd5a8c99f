//! A list as searched: a mapped snapshot and the changes over it, replaced as a whole.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use egate_rules::watch::index::{
    Builder, Change, EntryError, Index, LayerError, LayeredList, SnapshotError, SnapshotIdentity,
};
use memmap2::{Mmap, MmapMut};

/// A snapshot whose bytes are a file's; processes that map one file share its memory.
pub type MappedIndex = Index<Mmap>;

/// A list that is searched and changed at the same time. `T` is what must be replaced together with it, e.g. its version.
pub struct LiveList<T = ()> {
    current: ArcSwap<Current<T>>,
    /// One change of the list at a time; searches never wait for it.
    changing: Mutex<()>,
}

/// A list of one moment.
pub struct Current<T> {
    /// What is searched.
    pub list: LayeredList<Mmap>,
    /// What belongs to this state of it.
    pub beside: T,
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

/// A snapshot in memory of this process alone.
pub fn in_memory(
    builder: Builder,
    identity: &SnapshotIdentity,
) -> Result<MappedIndex, LiveListError> {
    let mut bytes = Vec::new();
    builder
        .finish(identity, &mut bytes)
        .map_err(LiveListError::File)?;
    let mut map = MmapMut::map_anon(bytes.len()).map_err(LiveListError::File)?;
    map.copy_from_slice(&bytes);
    let map = map.make_read_only().map_err(LiveListError::File)?;
    Index::open(map).map_err(LiveListError::Snapshot)
}

#[expect(unsafe_code, reason = "mapping a file is unsafe in every crate")]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: snapshots are never changed in place: `write` renames whole files over them, and a mapped file that was
    // replaced stays as it was. Whoever may truncate the service's own files can stop the service in other ways too.
    unsafe { Mmap::map(file) }
}

impl<T: Clone> LiveList<T> {
    /// A list as its snapshot says.
    pub fn new(base: MappedIndex, beside: T) -> Self {
        Self::of(Current {
            list: LayeredList::new(Arc::new(base)),
            beside,
        })
    }

    /// A list in any state.
    pub fn of(state: Current<T>) -> Self {
        Self {
            current: ArcSwap::from_pointee(state),
            changing: Mutex::new(()),
        }
    }

    /// The list of this moment, which stays as it is for as long as it is held.
    pub fn load(&self) -> Arc<Current<T>> {
        self.current.load_full()
    }

    /// Applies changes; searches that begin afterwards see all of them, and `beside` with them.
    pub fn apply(
        &self,
        changes: impl IntoIterator<Item = Change>,
        beside: T,
    ) -> Result<(), LiveListError> {
        let _changing = self.change();
        let changed = self.current.load().list.with(changes);
        let list = changed.map_err(LiveListError::Changes)?;
        self.current.store(Arc::new(Current { list, beside }));
        Ok(())
    }

    /// Goes on with another state of the list, which its maker has checked. Of a snapshot that is made meanwhile nothing is used then.
    pub fn replace_by(&self, state: Current<T>) {
        let _changing = self.change();
        self.current.store(Arc::new(state));
    }

    /// Makes a new snapshot of the list and goes on with it; `target` names file and identity of the state that is written. Changes
    /// meanwhile stay over the new one.
    pub fn compact(
        &self,
        target: impl FnOnce(&T) -> (PathBuf, SnapshotIdentity),
    ) -> Result<Arc<Current<T>>, LiveListError> {
        let collected = {
            let _changing = self.change();
            self.lay_out(|list| Some(list.kept()))?
        };
        let mut builder = Builder::default();
        collected
            .list
            .collect(&mut builder)
            .map_err(LiveListError::Entries)?;
        let (path, identity) = target(&collected.beside);
        write(&path, builder, &identity).map_err(LiveListError::File)?;
        let base = Arc::new(open(&path)?);
        let _changing = self.change();
        self.lay_out(|list| list.rebased(&collected.list, base))?;
        Ok(collected)
    }

    /// The same list laid out otherwise.
    fn lay_out(
        &self,
        other: impl FnOnce(&LayeredList<Mmap>) -> Option<LayeredList<Mmap>>,
    ) -> Result<Arc<Current<T>>, LiveListError> {
        let current = self.current.load();
        let replaced = Arc::new(Current {
            list: other(&current.list).ok_or(LiveListError::Overtaken)?,
            beside: current.beside.clone(),
        });
        self.current.store(Arc::clone(&replaced));
        Ok(replaced)
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        // The mutex guards no data: a list is stored whole or not at all.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
