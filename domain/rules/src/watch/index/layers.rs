//! Changes over a snapshot, so that a list of millions takes a thousand changes a second.
//!
//! A layer holds the entries of some changes in an index of its own, and the ids it speaks for. What a layer speaks for
//! is not looked for below it. A list with its layers never changes: applying changes gives a new one that shares what
//! stays the same, and whoever searches the old one goes on undisturbed.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    build::{Builder, EntryError},
    format::{Index, SnapshotError, SnapshotIdentity},
    record::{Entry, EntryId},
    search::{Hit, Scratch},
    traveller::Traveller,
};

/// A change of a list.
#[derive(Clone)]
pub enum Change {
    /// The entry is listed from now on, in place of one with its id.
    Put(Entry),
    /// The entry is listed no more.
    Withdraw(EntryId),
}

/// Changes as laid over a list.
pub struct Layer {
    index: Index<Vec<u8>>,
    /// Sorted; those of entries in the index and of those withdrawn.
    speaks_for: Vec<EntryId>,
}

/// A snapshot and the layers over it, the newest last.
pub struct LayeredList<B> {
    base: Arc<Index<B>>,
    layers: Vec<Arc<Layer>>,
    /// Layers that are left as they are, since a new snapshot is being made of them.
    kept: usize,
}

/// Why changes were not applied.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// An entry cannot be in an index.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The index of a layer could not be made.
    #[error("the index of the changes")]
    Index(#[source] SnapshotError),
}

impl<B> Clone for LayeredList<B> {
    fn clone(&self) -> Self {
        Self {
            base: Arc::clone(&self.base),
            layers: self.layers.clone(),
            kept: self.kept,
        }
    }
}

impl<B: AsRef<[u8]>> LayeredList<B> {
    /// A list as its snapshot says.
    pub fn new(base: Arc<Index<B>>) -> Self {
        Self {
            base,
            layers: Vec::new(),
            kept: 0,
        }
    }

    /// The snapshot below.
    pub const fn base(&self) -> &Arc<Index<B>> {
        &self.base
    }

    /// The changes over it.
    pub fn layers(&self) -> &[Arc<Layer>] {
        &self.layers
    }

    /// Entries that reach the threshold, the best first, each once.
    pub fn search(&self, traveller: &Traveller<'_>, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        hits.clear();
        self.base.search(traveller, scratch, hits);
        for layer in &self.layers {
            hits.retain(|hit| !layer.speaks_for(hit.id));
            layer.index.search(traveller, scratch, hits);
        }
        hits.sort_by(|a, b| b.points.total_cmp(&a.points).then(a.id.cmp(&b.id)));
    }

    /// The list after `changes`, later ones over earlier ones. Small layers are put together as they come.
    pub fn with(&self, changes: impl IntoIterator<Item = Change>) -> Result<Self, LayerError> {
        let mut newest: BTreeMap<EntryId, Option<Entry>> = BTreeMap::new();
        for change in changes {
            match change {
                Change::Put(entry) => newest.insert(entry.id, Some(entry)),
                Change::Withdraw(id) => newest.insert(id, None),
            };
        }
        let mut list = self.clone();
        if newest.is_empty() {
            return Ok(list);
        }
        while list.layers.len() > list.kept
            && let Some(below) = list.layers.last()
            && below.speaks_for.len() < newest.len() * LAYER_RATIO
        {
            for (id, entry) in below.changes() {
                newest.entry(id).or_insert(entry);
            }
            list.layers.pop();
        }
        list.layers.push(Arc::new(Layer::new(newest)?));
        Ok(list)
    }

    /// All that snapshot and layers hold together, for a new snapshot.
    pub fn collect(&self, into: &mut Builder) -> Result<(), EntryError> {
        for record in self.base.records() {
            if !self.layers.iter().any(|layer| layer.speaks_for(record.id)) {
                into.push(&record.entry())?;
            }
        }
        for (at, layer) in self.layers.iter().enumerate() {
            let above = &self.layers[at + 1..];
            for record in layer.index.records() {
                if !above.iter().any(|layer| layer.speaks_for(record.id)) {
                    into.push(&record.entry())?;
                }
            }
        }
        Ok(())
    }

    /// This list, whose layers stay as they are while a new snapshot is made of it; changes come in layers above.
    pub fn kept(&self) -> Self {
        Self {
            kept: self.layers.len(),
            ..self.clone()
        }
    }

    /// This list over a snapshot that holds all that `collected` held: what changed since then stays over it.
    /// `None` if this list is not `collected`, kept, with changes above.
    pub fn rebased(&self, collected: &Self, base: Arc<Index<B>>) -> Option<Self> {
        let since = self.layers.get(collected.layers.len()..)?;
        let same = Arc::ptr_eq(&self.base, &collected.base)
            && self
                .layers
                .iter()
                .zip(&collected.layers)
                .all(|(a, b)| Arc::ptr_eq(a, b));
        same.then(|| Self {
            base,
            layers: since.to_vec(),
            kept: 0,
        })
    }
}

impl Layer {
    fn new(newest: BTreeMap<EntryId, Option<Entry>>) -> Result<Self, LayerError> {
        let mut builder = Builder::default();
        let mut speaks_for = Vec::with_capacity(newest.len());
        for (id, entry) in newest {
            speaks_for.push(id);
            if let Some(entry) = entry {
                builder.push(&entry)?;
            }
        }
        let mut bytes = Vec::new();
        let identity = SnapshotIdentity {
            list: String::new(),
            version: 0,
            built_unix_ms: 0,
            weights_hash: [0; 32],
        };
        // Writing to memory does not fail; if it did, the snapshot would be short and refused.
        let _ = builder.finish(&identity, &mut bytes);
        let index = Index::open(bytes).map_err(LayerError::Index)?;
        Ok(Self { index, speaks_for })
    }

    fn speaks_for(&self, id: EntryId) -> bool {
        self.speaks_for.binary_search(&id).is_ok()
    }

    /// Ids that it speaks for.
    pub fn len(&self) -> usize {
        self.speaks_for.len()
    }

    /// Whether it speaks for none.
    pub fn is_empty(&self) -> bool {
        self.speaks_for.is_empty()
    }

    fn changes(&self) -> impl Iterator<Item = (EntryId, Option<Entry>)> {
        let mut records = self.index.records().peekable();
        // Records were pushed in the order of their ids.
        self.speaks_for.iter().map(move |id| {
            let record = records.next_if(|record| record.id == *id);
            (*id, record.map(|record| record.entry()))
        })
    }
}

/// A layer is put together with the next one unless it is so many times as large, so that there are few of them and an
/// entry is moved few times.
const LAYER_RATIO: usize = 6;
