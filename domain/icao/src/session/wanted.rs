//! Which files are read, in which order.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    lds::{self, ChipFiles, FileId},
    sod,
};

/// When a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always; a chip that denies it is not readable.
    Always,
    /// If EF.COM or EF.SOD list it, or neither says anything. A file that only EF.SOD lists is asked for too: hiding a data
    /// group from EF.COM, which nobody signs, must not keep it from being checked.
    IfListed,
}

/// Files in the order of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(VecDeque<(FileId, Need)>);

impl Default for Wanted {
    /// What every inspection reads: the lists, the zone, the keys of chip authentication and active authentication, and the large
    /// portrait last, while the camera already looks.
    fn default() -> Self {
        Self::new([
            (FileId::Com, Need::Always),
            (FileId::Sod, Need::Always),
            (FileId::Dg1, Need::Always),
            (FileId::Dg14, Need::IfListed),
            (FileId::Dg15, Need::IfListed),
            (FileId::Dg2, Need::Always),
        ])
    }
}

impl Wanted {
    /// Files in the order given. Files of the master file are read before the application is selected, whatever their place.
    pub fn new(files: impl IntoIterator<Item = (FileId, Need)>) -> Self {
        Self(files.into_iter().collect())
    }

    /// Everything a chip shows without terminal authentication: all but fingers and irises.
    pub fn everything() -> Self {
        let Self(mut files) = Self::default();
        let portrait = files.pop_back();
        let others = FileId::DATA_GROUPS
            .into_iter()
            .filter(|file| !matches!(file, FileId::Dg3 | FileId::Dg4));
        for file in others.chain([FileId::AtrInfo, FileId::Dir]) {
            let listed = files
                .iter()
                .chain(&portrait)
                .any(|(known, _)| *known == file);
            if !listed {
                files.push_back((file, Need::IfListed));
            }
        }
        files.extend(portrait);
        Self(files)
    }

    /// Only the files that an inspection without portrait needs.
    pub fn without_portrait() -> Self {
        let Self(mut files) = Self::default();
        files.retain(|(file, _)| *file != FileId::Dg2);
        Self(files)
    }

    /// Whether the file is among them.
    pub fn contains(&self, file: FileId) -> bool {
        self.0.iter().any(|(wanted, _)| *wanted == file)
    }

    /// A file that was taken too early.
    pub(super) fn put_back(&mut self, next: (FileId, Need)) {
        self.0.push_front(next);
    }

    /// Takes the next file of the application that this chip may have.
    pub(super) fn next(&mut self, read: &ChipFiles) -> Option<(FileId, Need)> {
        loop {
            let (file, need) = self.0.pop_front()?;
            let listed = || data_groups(read).is_none_or(|listed| is_listed(&listed, file));
            if !file.in_master_file() && (need == Need::Always || listed()) {
                return Some((file, need));
            }
        }
    }
}

fn is_listed(listed: &BTreeSet<u8>, file: FileId) -> bool {
    file.data_group()
        .is_none_or(|number| listed.contains(&number))
}

/// Numbers of the data groups that EF.COM or EF.SOD name; `None` if neither was read and understood.
fn data_groups(read: &ChipFiles) -> Option<BTreeSet<u8>> {
    let com = read
        .get(FileId::Com)
        .and_then(|file| lds::parse_com(file).ok());
    let sod = read.get(FileId::Sod).and_then(|file| sod::parse(file).ok());
    if com.is_none() && sod.is_none() {
        return None;
    }
    let com = com.into_iter().flat_map(|com| com.data_groups);
    let sod = sod
        .into_iter()
        .flat_map(|sod| sod.data_group_hashes.into_keys());
    Some(com.chain(sod).collect())
}
