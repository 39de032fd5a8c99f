//! Versions of a list for another central, as JSON lines: written by who keeps the list, read by who serves it elsewhere.
//!
//! ```text
//! {"package":{"format":1,"authority":"border","list":"border-watch","after":41}}
//! {"version":{"authority":"border","version":42,"previous":"…","rows":"…","difference":{…},"proposed_by":"…",…}}
//! {"put":{"id":"own:1","names":[…],…}}
//! {"withdraw":"own:7"}
//! {"signature":"eyJ…"}
//! ```
//!
//! A version's rows stand in the order of their ids. The signature is over all lines before it. A [`PackageReader`] checks chain, rows and
//! counts while it reads, and says only at the end whether any of it may be believed: until then nothing may count.

use std::io::{self, BufRead, Read as _, Write};

use egate_types::{AuthorityId, UtcTime};
use egate_wire::v1::{
    AuthorityKey, AuthorityPublicKey, ListFileClaims, ListFileKind, SignedListFile, VerdictError,
    sign_list_file, verify_list_file,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    change::{RowsHash, VersionHeader},
    entry::ListEntry,
};
use crate::limits::PACKAGE_LINE_BYTES_MAX;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageHead {
    /// Of this file; 1.
    pub format: u32,
    /// Whose list.
    pub authority: AuthorityId,
    /// Identity of the list.
    pub list: String,
    /// The version before the first one here; 0 for a whole list.
    pub after: u64,
}

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Package(PackageHead),
    Version(VersionHeader),
    Put(Box<ListEntry>),
    Withdraw(String),
    Signature(SignedListFile),
}

/// Why a package is refused. Names the line and never its content.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Read(#[from] io::Error),
    /// Not a line of a package.
    #[error("line {0} is not a line of a package, or not in its place")]
    Line(u64),
    /// Another version of this program can read it.
    #[error("format {0} of a package is not known here")]
    Format(u32),
    /// Another list.
    #[error("it is of another authority's list")]
    OtherList,
    /// It does not continue where the list here ends.
    #[error("it begins after version {begins}, the list here is at version {here}")]
    Gap {
        /// The version before its first.
        begins: u64,
        /// Ours.
        here: u64,
    },
    /// A link of the chain is wrong.
    #[error("version {0} does not follow from the one before it")]
    Chain(u64),
    /// Rows are missing, changed, or in another order.
    #[error("the rows of version {0} are not those that were approved")]
    Rows(u64),
    /// Counts of a version do not fit its rows.
    #[error("the counts of version {0} are wrong")]
    Count(u64),
    /// The file ends before its signature, or goes on behind it.
    #[error("the file is cut short or goes on behind its signature")]
    Cut,
    /// Not signed by the publisher.
    #[error("the signature does not hold: {0}")]
    Signature(#[source] VerdictError),
    /// A good signature over something else.
    #[error("the signature is about other bytes, another list or another version")]
    OtherBytes,
}

/// Writes a package and signs it.
pub struct PackageWriter<W> {
    out: W,
    hash: Sha256,
    head: PackageHead,
    last: Option<VersionHeader>,
}

impl<W: Write> PackageWriter<W> {
    /// Begins with the head.
    pub fn new(out: W, head: PackageHead) -> io::Result<Self> {
        let mut writer = Self {
            out,
            hash: Sha256::new(),
            head: head.clone(),
            last: None,
        };
        writer.line(&Line::Package(head))?;
        Ok(writer)
    }

    /// Begins a version; its rows follow, in the order of their ids.
    pub fn version(&mut self, header: VersionHeader) -> io::Result<()> {
        self.last = Some(header.clone());
        self.line(&Line::Version(header))
    }

    /// A row of the version.
    pub fn row(&mut self, id: &str, entry: Option<ListEntry>) -> io::Result<()> {
        let row = entry.map_or_else(
            || Line::Withdraw(id.to_owned()),
            |entry| Line::Put(Box::new(entry)),
        );
        self.line(&row)
    }

    /// Signs what was written of a list that was confirmed at an instant. A package without a version is signed too: it says that there is
    /// nothing new.
    pub fn finish(
        mut self,
        key: &AuthorityKey,
        head: (u64, [u8; 32], u64),
        confirmed: UtcTime,
        now: UtcTime,
    ) -> io::Result<()> {
        let (version, hash, entries) = match &self.last {
            Some(last) => (last.version, last.hash(), last.difference.entries),
            None => head,
        };
        let claims = ListFileClaims {
            iss: self.head.authority.clone(),
            list: self.head.list.clone(),
            kind: ListFileKind::Package,
            version,
            hash: hex::encode(hash),
            entries,
            sha256: hex::encode(self.hash.clone().finalize()),
            iat_ms: now,
            confirmed_ms: Some(confirmed),
        };
        self.line(&Line::Signature(sign_list_file(&claims, key)))?;
        self.out.flush()
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.out.write_all(&bytes)
    }
}

/// What a package says, line by line. Nothing of it may count before [`PackageItem::End`].
#[derive(Debug)]
pub enum PackageItem {
    /// The rows of this version follow.
    Version(Box<VersionHeader>),
    /// An entry is put.
    Put(Box<ListEntry>),
    /// An entry is withdrawn.
    Withdraw(String),
    /// Everything before it is signed, chained and counted.
    End(PackageEnd),
}

/// What a package leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageEnd {
    /// The list's version.
    pub version: u64,
    /// Entries of the list.
    pub entries: u64,
    /// When its owner last knew it to be as it should be.
    pub confirmed: UtcTime,
}

/// Reads a package. After an error or the end it says nothing more.
pub struct PackageReader<R> {
    input: R,
    /// Lines read.
    line: u64,
    hash: Sha256,
    head: PackageHead,
    publisher: AuthorityPublicKey,
    /// Version, hash and entries of the chain so far.
    at: (u64, [u8; 32], u64),
    open: Option<OpenVersion>,
    ended: bool,
}

/// A version whose rows are being read.
struct OpenVersion {
    header: VersionHeader,
    rows: RowsHash,
    count: u64,
    last_id: String,
}

impl<R: BufRead> PackageReader<R> {
    /// Reads the head. `at` is where the list here ends: version, hash, entries.
    pub fn new(
        input: R,
        authority: &AuthorityId,
        list: &str,
        publisher: AuthorityPublicKey,
        at: (u64, [u8; 32], u64),
    ) -> Result<Self, PackageError> {
        let mut reader = Self {
            input,
            line: 0,
            hash: Sha256::new(),
            head: PackageHead {
                format: FORMAT,
                authority: authority.clone(),
                list: list.to_owned(),
                after: at.0,
            },
            publisher,
            at,
            open: None,
            ended: false,
        };
        let Some(Line::Package(head)) = reader.read_line()? else {
            return Err(PackageError::Line(1));
        };
        if head.format != FORMAT {
            return Err(PackageError::Format(head.format));
        }
        if head.authority != *authority || head.list != list {
            return Err(PackageError::OtherList);
        }
        if head.after != at.0 {
            return Err(PackageError::Gap {
                begins: head.after,
                here: at.0,
            });
        }
        Ok(reader)
    }

    /// The next item; `None` behind the end.
    pub fn next_item(&mut self) -> Result<Option<PackageItem>, PackageError> {
        if self.ended {
            return Ok(None);
        }
        let before = self.hash.clone();
        let Some(line) = self.read_line()? else {
            return Err(PackageError::Cut);
        };
        match line {
            Line::Package(_) => Err(PackageError::Line(self.line)),
            Line::Version(header) => {
                self.close_version()?;
                let follows = header.authority == self.head.authority
                    && header.version == self.at.0 + 1
                    && header.previous == self.at.1;
                if !follows {
                    return Err(PackageError::Chain(header.version));
                }
                self.open = Some(OpenVersion {
                    header: header.clone(),
                    rows: RowsHash::default(),
                    count: 0,
                    last_id: String::new(),
                });
                Ok(Some(PackageItem::Version(Box::new(header))))
            }
            Line::Put(entry) => {
                self.add_row(entry.id(), Some(entry.hash()))?;
                Ok(Some(PackageItem::Put(entry)))
            }
            Line::Withdraw(id) => {
                self.add_row(&id, None)?;
                Ok(Some(PackageItem::Withdraw(id)))
            }
            Line::Signature(signed) => {
                self.close_version()?;
                let confirmed = self.check_signature(&signed, before)?;
                if self.read_line()?.is_some() {
                    return Err(PackageError::Cut);
                }
                self.ended = true;
                let (version, _, entries) = self.at;
                Ok(Some(PackageItem::End(PackageEnd {
                    version,
                    entries,
                    confirmed,
                })))
            }
        }
    }

    fn add_row(&mut self, id: &str, hash: Option<[u8; 32]>) -> Result<(), PackageError> {
        let open = self.open.as_mut().ok_or(PackageError::Line(self.line))?;
        if *id <= *open.last_id {
            return Err(PackageError::Rows(open.header.version));
        }
        id.clone_into(&mut open.last_id);
        open.count += 1;
        open.rows.add(id, hash.as_ref().map(<[u8; 32]>::as_slice));
        Ok(())
    }

    fn close_version(&mut self) -> Result<(), PackageError> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let (version, difference) = (open.header.version, open.header.difference);
        if open.rows.finish() != open.header.rows {
            return Err(PackageError::Rows(version));
        }
        let counted = difference
            .added
            .checked_add(difference.changed)
            .and_then(|sum| sum.checked_add(difference.withdrawn));
        let entries = self.at.2.checked_add(difference.added);
        let entries = entries.and_then(|sum| sum.checked_sub(difference.withdrawn));
        if counted != Some(open.count) || entries != Some(difference.entries) {
            return Err(PackageError::Count(version));
        }
        self.at = (version, open.header.hash(), difference.entries);
        Ok(())
    }

    /// When the list was confirmed, if the publisher signed just these bytes.
    fn check_signature(
        &self,
        signed: &SignedListFile,
        before: Sha256,
    ) -> Result<UtcTime, PackageError> {
        let claims = verify_list_file(signed, &self.publisher, &self.head.authority)
            .map_err(PackageError::Signature)?;
        let right = claims.kind == ListFileKind::Package
            && claims.list == self.head.list
            && (claims.version, claims.entries) == (self.at.0, self.at.2)
            && claims.hash == hex::encode(self.at.1)
            && claims.sha256 == hex::encode(before.finalize());
        claims
            .confirmed_ms
            .filter(|_| right)
            .ok_or(PackageError::OtherBytes)
    }

    fn read_line(&mut self) -> Result<Option<Line>, PackageError> {
        let mut bytes = Vec::new();
        let most = u64::try_from(PACKAGE_LINE_BYTES_MAX).unwrap_or(u64::MAX);
        self.input
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        self.hash.update(&bytes);
        if bytes.pop() != Some(b'\n') {
            return Err(PackageError::Cut);
        }
        let line = serde_json::from_slice(&bytes).map_err(|_| PackageError::Line(self.line))?;
        Ok(Some(line))
    }
}

const FORMAT: u32 = 1;
