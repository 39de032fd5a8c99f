//! The bytes of a chip's files.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroize;

use super::FileId;

/// The files of one chip as read. Wiped when dropped; never prints content.
#[derive(Clone, PartialEq, Eq)]
pub struct ChipFiles(BTreeMap<FileId, Vec<u8>>);

impl ChipFiles {
    /// Wraps files as read.
    pub fn new(files: BTreeMap<FileId, Vec<u8>>) -> Self {
        Self(files)
    }

    /// A file's bytes, if the chip has it.
    pub fn get(&self, file: FileId) -> Option<&[u8]> {
        self.0.get(&file).map(Vec::as_slice)
    }

    /// Whether the chip has a file.
    pub fn contains(&self, file: FileId) -> bool {
        self.0.contains_key(&file)
    }

    /// Adds a file as read.
    pub(crate) fn insert(&mut self, file: FileId, bytes: Vec<u8>) {
        self.0.insert(file, bytes);
    }

    /// Replaces a file (simulators; forged chips).
    #[cfg(feature = "chip")]
    pub fn set(&mut self, file: FileId, bytes: Vec<u8>) {
        self.0.insert(file, bytes);
    }

    /// Removes a file (simulators; incomplete chips).
    #[cfg(feature = "chip")]
    pub fn remove(&mut self, file: FileId) {
        self.0.remove(&file);
    }

    /// Bytes of all files together.
    pub fn total_bytes(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl Drop for ChipFiles {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl fmt::Debug for ChipFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(file, bytes)| (file, bytes.len())))
            .finish()
    }
}
