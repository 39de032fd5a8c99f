//! Lists between centrals: writing versions for others, and taking over those that a publisher has signed.

use std::io::{BufRead, Write};

use egate_types::{AuthorityId, UtcTime};
use egate_wire::v1::AuthorityPublicKey;
use serde::Serialize;

use super::{App, AppError, Authority};
use crate::{
    limits::ROWS_PER_BATCH,
    lists::{
        change::{ChangeKind, ChangeState, RowsHash, VersionHeader},
        entry::ListEntry,
        package::{PackageEnd, PackageHead, PackageItem, PackageReader, PackageWriter},
    },
    store::lists::Derived,
};

/// What a package has brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Received {
    /// Versions taken over.
    pub versions: u64,
    /// The list's version.
    pub version: u64,
    /// Entries of the list.
    pub entries: u64,
    /// When its owner last knew it to be as it should be: from then on it ages here too.
    pub confirmed_ms: UtcTime,
}

impl App {
    /// Writes the versions after `after` and signs them. Returns the last one.
    pub async fn export_list(
        &self,
        authority: &AuthorityId,
        after: u64,
        out: impl Write + Send,
    ) -> Result<u64, AppError> {
        let authority = self.authority(authority)?;
        let store = &self.0.store;
        let head = store.list_head(&authority.id).await?;
        let head = head.ok_or(AppError::ListMissing)?;
        if after > head.version {
            return Err(AppError::NoVersion);
        }
        let file = |e: std::io::Error| AppError::ListFile(e.to_string());
        let package = PackageHead {
            format: 1,
            authority: authority.id.clone(),
            list: authority.list.clone(),
            after,
        };
        let mut writer = PackageWriter::new(out, package).map_err(file)?;
        for version in after + 1..=head.version {
            let (header, change) = self.version(authority, version).await?;
            writer.version(header).map_err(file)?;
            let mut last = String::new();
            loop {
                let rows = store.change_rows(&authority.id, change, &last).await?;
                let Some(end) = rows.last() else { break };
                last.clone_from(&end.entry);
                for row in rows {
                    let entry = row
                        .body
                        .map(|body| serde_json::from_str(&body))
                        .transpose()?;
                    writer.row(&row.entry, entry).map_err(file)?;
                }
            }
        }
        let end = (head.version, head.hash, head.entries);
        writer
            .finish(&authority.key, end, head.confirmed, self.now())
            .map_err(file)?;
        Ok(head.version)
    }

    /// Takes over the versions of a package, all of them or none.
    pub async fn receive_list(
        &self,
        authority: &AuthorityId,
        publisher: AuthorityPublicKey,
        input: impl BufRead + Send,
    ) -> Result<Received, AppError> {
        let authority = self.authority(authority)?;
        let mut staged = Vec::new();
        let received = self.stage(authority, publisher, input, &mut staged).await;
        let end = match received {
            Ok(end) => end,
            Err(error) => {
                self.forget(authority, &staged).await?;
                return Err(error);
            }
        };
        let store = &self.0.store;
        let accepted = store
            .accept_received(&authority.id, &staged, end.confirmed, self.now())
            .await?;
        if !accepted {
            self.forget(authority, &staged).await?;
            return Err(AppError::Overtaken);
        }
        let subject = format!("version {}", end.version);
        self.audit(authority.id.as_str(), PUBLISHER, "list.receive", &subject)
            .await?;
        self.changed(&authority.id);
        Ok(Received {
            versions: staged.len() as u64,
            version: end.version,
            entries: end.entries,
            confirmed_ms: end.confirmed,
        })
    }

    /// Writes the rows of a package where nobody sees them, and reads on to its signature.
    async fn stage(
        &self,
        authority: &Authority,
        publisher: AuthorityPublicKey,
        input: impl BufRead + Send,
        staged: &mut Vec<(i64, VersionHeader)>,
    ) -> Result<PackageEnd, AppError> {
        let store = &self.0.store;
        let head = store.list_head(&authority.id).await?;
        let at = head.map_or((0, [0; 32], 0), |head| {
            (head.version, head.hash, head.entries)
        });
        let refused = |e: crate::lists::package::PackageError| AppError::ListFile(e.to_string());
        let mut reader = PackageReader::new(input, &authority.id, &authority.list, publisher, at)
            .map_err(refused)?;
        let mut rows: Vec<(String, Option<ListEntry>)> = Vec::new();
        while let Some(item) = reader.next_item().map_err(refused)? {
            let row = match item {
                PackageItem::Put(entry) => (entry.id().to_owned(), Some(*entry)),
                PackageItem::Withdraw(id) => (id, None),
                PackageItem::Version(header) => {
                    self.write_received(authority, staged, &mut rows).await?;
                    let now = self.now();
                    let change = store
                        .begin_change(
                            &authority.id,
                            ChangeKind::Received,
                            "package",
                            PUBLISHER,
                            now,
                        )
                        .await?;
                    staged.push((change, *header));
                    continue;
                }
                PackageItem::End(end) => {
                    self.write_received(authority, staged, &mut rows).await?;
                    return Ok(end);
                }
            };
            rows.push(row);
            if rows.len() >= ROWS_PER_BATCH {
                self.write_received(authority, staged, &mut rows).await?;
            }
        }
        Err(AppError::ListFile("it has no end".to_owned()))
    }

    async fn write_received(
        &self,
        authority: &Authority,
        staged: &[(i64, VersionHeader)],
        rows: &mut Vec<(String, Option<ListEntry>)>,
    ) -> Result<(), AppError> {
        let rows = std::mem::take(rows);
        let Some((change, _)) = staged.last() else {
            return Ok(());
        };
        self.0
            .store
            .put_received(&authority.id, *change, &rows)
            .await
    }

    async fn forget(
        &self,
        authority: &Authority,
        staged: &[(i64, VersionHeader)],
    ) -> Result<(), AppError> {
        for (change, _) in staged {
            let state = ChangeState::Discarded;
            self.0
                .store
                .end_change(
                    &authority.id,
                    *change,
                    state,
                    PUBLISHER,
                    "refused",
                    self.now(),
                )
                .await?;
        }
        Ok(())
    }

    /// Recomputes the chain of a list's versions from its rows, and what searches use of these. Returns how many versions there are.
    pub async fn verify_list(&self, authority: &AuthorityId) -> Result<u64, AppError> {
        let authority = self.authority(authority)?;
        let store = &self.0.store;
        let Some(head) = store.list_head(&authority.id).await? else {
            return Ok(0);
        };
        let broken = |version| {
            AppError::Corrupt(format!("version {version} of a list that does not verify"))
        };
        let mut previous = [0; 32];
        for version in 1..=head.version {
            let (header, change) = self.version(authority, version).await?;
            let mut hash = RowsHash::default();
            let mut last = String::new();
            loop {
                let rows = store.change_rows(&authority.id, change, &last).await?;
                let Some(end) = rows.last() else { break };
                let after = std::mem::replace(&mut last, end.entry.clone());
                let kept = store.derived(change, &after, &last).await?;
                if kept.len() != rows.len() {
                    return Err(broken(version));
                }
                for (row, kept) in rows.iter().zip(kept) {
                    let entry = row.body.as_deref().map(serde_json::from_str::<ListEntry>);
                    let derived = Derived::of(&row.entry, entry.transpose()?.as_ref());
                    if kept != derived {
                        return Err(broken(version));
                    }
                    hash.add(&row.entry, derived.hash.as_deref());
                }
            }
            if header.previous != previous || header.rows != hash.finish() {
                return Err(broken(version));
            }
            previous = header.hash();
        }
        if previous == head.hash {
            Ok(head.version)
        } else {
            Err(broken(head.version))
        }
    }

    async fn version(
        &self,
        authority: &Authority,
        version: u64,
    ) -> Result<(VersionHeader, i64), AppError> {
        let kept = self.0.store.version_header(&authority.id, version).await?;
        let (header, change) = kept.ok_or(AppError::NoVersion)?;
        Ok((header, change.id))
    }
}

/// Who acts where a package does.
const PUBLISHER: &str = "publisher";
