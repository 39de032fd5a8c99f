//! Lists: changes, their rows, and the versions they make.
//!
//! A change is read in short transactions, and verdicts go on in between. What is not approved is invisible to everything but the
//! functions here that name a change.

use egate_types::{AuthorityId, UtcTime};
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};

use super::{Store, unsigned};
use crate::{
    app::AppError,
    limits::ROWS_PER_BATCH,
    lists::{
        change::{ChangeKind, ChangeState, Difference, RowsHash, VersionHeader},
        entry::{EntryDocument, ListEntry},
    },
};

/// The list's newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) version: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) entries: u64,
    /// When it was last known to be what its owner wants.
    pub(crate) confirmed: UtcTime,
}

/// A change as kept.
#[derive(Debug, Clone)]
pub(crate) struct StoredChange {
    pub(crate) id: i64,
    pub(crate) state: ChangeState,
    pub(crate) kind: ChangeKind,
    pub(crate) source: String,
    pub(crate) base: u64,
    pub(crate) difference: Difference,
    pub(crate) rows_hash: [u8; 32],
    pub(crate) drafted_by: String,
    pub(crate) drafted: UtcTime,
    pub(crate) proposed_by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) beyond_limits: bool,
    pub(crate) decided_by: Option<String>,
    pub(crate) decided: Option<UtcTime>,
    pub(crate) remark: Option<String>,
    pub(crate) version: Option<u64>,
}

/// A row of a change beside what was in force before it.
pub(crate) struct StoredRow {
    /// The row's number, by which searches name it.
    pub(crate) number: i64,
    pub(crate) entry: String,
    /// `None`: withdrawn.
    pub(crate) body: Option<String>,
    /// The row that it takes the place of.
    pub(crate) before: Option<(i64, String)>,
}

/// An entry in force.
pub(crate) struct CurrentEntry {
    pub(crate) number: i64,
    pub(crate) entry: ListEntry,
}

const CHANGE: &str = "id, state, kind, source, base, added, changed, withdrawn, entries, rows_hash, drafted_by, \
    drafted_ms, proposed_by, reason, beyond_limits, decided_by, decided_ms, remark, version";

impl Store {
    pub(crate) async fn list_head(
        &self,
        authority: &AuthorityId,
    ) -> Result<Option<Head>, AppError> {
        let row = sqlx::query(
            "SELECT c.version, c.hash, c.entries, f.confirmed_ms FROM list_changes c \
             JOIN list_confirmations f ON f.authority = c.authority \
             WHERE c.authority = ? AND c.version IS NOT NULL ORDER BY c.version DESC LIMIT 1",
        )
        .bind(authority.as_str())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(Head {
                version: unsigned(row.try_get(0)?),
                hash: hash_of(row.try_get(1)?)?,
                entries: unsigned(row.try_get(2)?),
                confirmed: UtcTime(row.try_get(3)?),
            })
        })
        .transpose()
    }

    /// Begins a change; its rows follow.
    pub(crate) async fn begin_change(
        &self,
        authority: &AuthorityId,
        kind: ChangeKind,
        source: &str,
        by: &str,
        now: UtcTime,
    ) -> Result<i64, AppError> {
        let id = sqlx::query_scalar(
            "INSERT INTO list_changes (authority, state, kind, source, base, drafted_by, drafted_ms) \
             SELECT ?1, 'reading', ?2, ?3, coalesce(max(version), 0), ?4, ?5 FROM list_changes \
             WHERE authority = ?1 RETURNING id",
        )
        .bind(authority.as_str())
        .bind(kind.as_str())
        .bind(source)
        .bind(by)
        .bind(now.0)
        .fetch_one(&self.pool)
        .await?;
        Ok(id)
    }

    /// Adds entries to a change that is being read; those that are in force as they are add nothing. Returns the places in `entries` whose
    /// id the change has already.
    pub(crate) async fn put_entries(
        &self,
        authority: &AuthorityId,
        change: i64,
        entries: &[ListEntry],
    ) -> Result<Vec<usize>, AppError> {
        let mut repeated = Vec::new();
        let mut tx = self.pool.begin().await?;
        for (at, entry) in entries.iter().enumerate() {
            let seen = sqlx::query(
                "INSERT INTO list_seen (change, entry) VALUES (?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(change)
            .bind(entry.id())
            .execute(&mut *tx)
            .await?;
            if seen.rows_affected() == 0 {
                repeated.push(at);
                continue;
            }
            let hash = entry.hash();
            let there = current_hash(&mut tx, authority, entry.id()).await?;
            if there.as_deref() != Some(&hash) {
                put_row(&mut tx, authority, change, entry, &hash).await?;
            }
        }
        tx.commit().await?;
        Ok(repeated)
    }

    /// Adds rows as they were approved elsewhere, whatever is in force here.
    pub(crate) async fn put_received(
        &self,
        authority: &AuthorityId,
        change: i64,
        rows: &[(String, Option<ListEntry>)],
    ) -> Result<(), AppError> {
        let mut tx = self.pool.begin().await?;
        for (id, entry) in rows {
            match entry {
                Some(entry) => {
                    put_row(&mut tx, authority, change, entry, &entry.hash()).await?;
                }
                None => {
                    withdraw_row(&mut tx, authority, change, id).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Puts all received changes in force, or none; false if the list here has gone on meanwhile.
    pub(crate) async fn accept_received(
        &self,
        authority: &AuthorityId,
        received: &[(i64, VersionHeader)],
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let mut tx = self.pool.begin().await?;
        let here: i64 = sqlx::query_scalar(
            "SELECT coalesce(max(version), 0) FROM list_changes WHERE authority = ?",
        )
        .bind(authority.as_str())
        .fetch_one(&mut *tx)
        .await?;
        let mut next = unsigned(here) + 1;
        for (change, header) in received {
            if header.version != next {
                return Ok(false);
            }
            next += 1;
            let counts = header.difference;
            sqlx::query(
                "UPDATE list_changes SET state = 'approved', added = ?, changed = ?, withdrawn = ?, entries = ?, \
                 rows_hash = ?, proposed_by = ?, reason = ?, decided_by = ?, decided_ms = ?, version = ?, \
                 previous = ?, hash = ? WHERE id = ? AND state = 'reading'",
            )
            .bind(signed(counts.added))
            .bind(signed(counts.changed))
            .bind(signed(counts.withdrawn))
            .bind(signed(counts.entries))
            .bind(header.rows.as_slice())
            .bind(&header.proposed_by)
            .bind(&header.reason)
            .bind(&header.approved_by)
            .bind(header.approved_at.0)
            .bind(signed(header.version))
            .bind(header.previous.as_slice())
            .bind(header.hash().as_slice())
            .bind(change)
            .execute(&mut *tx)
            .await?;
        }
        confirm(&mut tx, authority, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Withdraws entries in a change that is being read. Returns the places in `ids` of which nothing is in force, or that the change
    /// names already.
    pub(crate) async fn withdraw_entries(
        &self,
        authority: &AuthorityId,
        change: i64,
        ids: &[String],
    ) -> Result<Vec<usize>, AppError> {
        let mut unknown = Vec::new();
        let mut tx = self.pool.begin().await?;
        for (at, id) in ids.iter().enumerate() {
            let there = current_hash(&mut tx, authority, id).await?;
            let written = if there.is_some() {
                withdraw_row(&mut tx, authority, change, id).await?
            } else {
                0
            };
            if written == 0 {
                unknown.push(at);
            }
        }
        tx.commit().await?;
        Ok(unknown)
    }

    /// Withdraws what is in force and was not named by a whole edition. In steps, so that verdicts go on in between.
    pub(crate) async fn withdraw_unseen(
        &self,
        authority: &AuthorityId,
        change: i64,
    ) -> Result<(), AppError> {
        let mut after = String::new();
        loop {
            let step: Vec<String> = sqlx::query_scalar(
                "SELECT entry FROM list_current WHERE authority = ? AND entry > ? ORDER BY entry LIMIT ?",
            )
            .bind(authority.as_str())
            .bind(&after)
            .bind(i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
            let Some(last) = step.last() else {
                return Ok(());
            };
            after.clone_from(last);
            let mut tx = self.pool.begin().await?;
            for id in &step {
                let seen: Option<i64> =
                    sqlx::query_scalar("SELECT 1 FROM list_seen WHERE change = ? AND entry = ?")
                        .bind(change)
                        .bind(id)
                        .fetch_optional(&mut *tx)
                        .await?;
                if seen.is_none() {
                    withdraw_row(&mut tx, authority, change, id).await?;
                }
            }
            tx.commit().await?;
        }
    }

    /// Rows that take the list back to `version`.
    pub(crate) async fn put_back(
        &self,
        authority: &AuthorityId,
        change: i64,
        version: u64,
    ) -> Result<(), AppError> {
        // Of each entry touched since: the newest row up to that version, or none.
        let touched: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT t.entry, (SELECT o.body FROM list_rows o JOIN list_changes d ON d.id = o.change \
               WHERE o.authority = ?1 AND o.entry = t.entry AND d.version <= ?2 \
               ORDER BY d.version DESC LIMIT 1) \
             FROM (SELECT DISTINCT r.entry FROM list_rows r JOIN list_changes c ON c.id = r.change \
               WHERE r.authority = ?1 AND c.version > ?2) t ORDER BY t.entry",
        )
        .bind(authority.as_str())
        .bind(signed(version))
        .fetch_all(&self.pool)
        .await?;
        for part in touched.chunks(ROWS_PER_BATCH) {
            let mut tx = self.pool.begin().await?;
            for (id, body) in part {
                let there = current_hash(&mut tx, authority, id).await?;
                match body {
                    Some(body) => {
                        let entry: ListEntry = serde_json::from_str(body)?;
                        let hash = entry.hash();
                        if there.as_deref() != Some(&hash) {
                            put_row(&mut tx, authority, change, &entry, &hash).await?;
                        }
                    }
                    None if there.is_some() => {
                        withdraw_row(&mut tx, authority, change, id).await?;
                    }
                    None => {}
                }
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Compares the rows with the list in force and makes the change a draft.
    pub(crate) async fn finish_reading(
        &self,
        authority: &AuthorityId,
        change: i64,
    ) -> Result<(), AppError> {
        let mut hash = RowsHash::default();
        let mut counts = Difference::default();
        let mut after = String::new();
        loop {
            let rows = self.change_rows(authority, change, &after).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.entry);
            for row in &rows {
                match (&row.body, &row.before) {
                    (Some(_), None) => counts.added += 1,
                    (Some(_), Some(_)) => counts.changed += 1,
                    (None, _) => counts.withdrawn += 1,
                }
                let body = row.body.as_deref().map(serde_json::from_str::<ListEntry>);
                let entry_hash = body.transpose()?.map(|entry| entry.hash());
                hash.add(&row.entry, entry_hash.as_ref().map(<[u8; 32]>::as_slice));
            }
        }
        let head = self.list_head(authority).await?;
        let before = head.map_or(0, |head| head.entries);
        let mut tx = self.pool.begin().await?;
        sqlx::query("DELETE FROM list_seen WHERE change = ?")
            .bind(change)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE list_changes SET state = 'draft', added = ?, changed = ?, withdrawn = ?, entries = ?, \
             rows_hash = ? WHERE id = ? AND state = 'reading'",
        )
        .bind(signed(counts.added))
        .bind(signed(counts.changed))
        .bind(signed(counts.withdrawn))
        .bind(signed((before + counts.added).saturating_sub(counts.withdrawn)))
        .bind(hash.finish().as_slice())
        .bind(change)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The next rows of a change behind an entry's id, in the order of ids, with what was in force before the change.
    pub(crate) async fn change_rows(
        &self,
        authority: &AuthorityId,
        change: i64,
        after: &str,
    ) -> Result<Vec<StoredRow>, AppError> {
        let rows = sqlx::query(
            "SELECT r.number, r.entry, r.body, o.number, o.body FROM list_rows r \
             JOIN list_changes c ON c.id = r.change \
             LEFT JOIN list_rows o ON o.number = (SELECT p.number FROM list_rows p \
               JOIN list_changes d ON d.id = p.change WHERE p.authority = r.authority AND p.entry = r.entry \
               AND d.version < coalesce(c.version, 9223372036854775807) ORDER BY d.version DESC LIMIT 1) \
             WHERE r.authority = ? AND r.change = ? AND r.entry > ? ORDER BY r.entry LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(change)
        .bind(after)
        .bind(i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let before: (Option<i64>, Option<String>) = (row.try_get(3)?, row.try_get(4)?);
                Ok(StoredRow {
                    number: row.try_get(0)?,
                    entry: row.try_get(1)?,
                    body: row.try_get(2)?,
                    before: before.0.zip(before.1),
                })
            })
            .collect()
    }

    /// The newest changes of an authority, those that wait first.
    pub(crate) async fn changes(
        &self,
        authority: &AuthorityId,
        most: i64,
    ) -> Result<Vec<StoredChange>, AppError> {
        let rows = sqlx::query(&format!(
            "SELECT {CHANGE} FROM list_changes WHERE authority = ? AND state NOT IN ('reading', 'discarded') \
             ORDER BY state = 'proposed' DESC, id DESC LIMIT ?"
        ))
        .bind(authority.as_str())
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(stored_change).collect()
    }

    pub(crate) async fn change(
        &self,
        authority: &AuthorityId,
        id: i64,
    ) -> Result<Option<StoredChange>, AppError> {
        let row = sqlx::query(&format!(
            "SELECT {CHANGE} FROM list_changes WHERE authority = ? AND id = ?"
        ))
        .bind(authority.as_str())
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(stored_change).transpose()
    }

    /// Marks a draft as proposed; false if it is none.
    pub(crate) async fn propose_change(
        &self,
        authority: &AuthorityId,
        id: i64,
        by: &str,
        reason: &str,
        beyond_limits: bool,
    ) -> Result<bool, AppError> {
        let done = sqlx::query(
            "UPDATE list_changes SET state = 'proposed', proposed_by = ?, reason = ?, beyond_limits = ? \
             WHERE authority = ? AND id = ? AND state = 'draft'",
        )
        .bind(by)
        .bind(reason)
        .bind(beyond_limits)
        .bind(authority.as_str())
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives up a draft, or says no to a proposal; false if it is neither.
    pub(crate) async fn end_change(
        &self,
        authority: &AuthorityId,
        id: i64,
        state: ChangeState,
        by: &str,
        remark: &str,
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let from = if state == ChangeState::Rejected {
            ["proposed", "proposed"]
        } else {
            ["reading", "draft"]
        };
        let mut tx = self.pool.begin().await?;
        let done = sqlx::query(
            "UPDATE list_changes SET state = ?, decided_by = ?, decided_ms = ?, remark = ? \
             WHERE authority = ? AND id = ? AND state IN (?, ?)",
        )
        .bind(state.as_str())
        .bind(by)
        .bind(now.0)
        .bind(remark)
        .bind(authority.as_str())
        .bind(id)
        .bind(from[0])
        .bind(from[1])
        .execute(&mut *tx)
        .await?;
        // What never counted is not kept: it names people under no law.
        if done.rows_affected() == 1 {
            for statement in [
                "DELETE FROM list_documents WHERE row IN (SELECT number FROM list_rows WHERE change = ?)",
                "DELETE FROM list_rows WHERE change = ?",
                "DELETE FROM list_seen WHERE change = ?",
            ] {
                sqlx::query(statement).bind(id).execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Puts a proposed change in force as the next version. `header` makes the version's header of the one before and its hash.
    pub(crate) async fn approve_change(
        &self,
        authority: &AuthorityId,
        change: &StoredChange,
        remark: &str,
        header: impl FnOnce(u64, [u8; 32]) -> VersionHeader + Send,
    ) -> Result<Approval, AppError> {
        let mut tx = self.pool.begin().await?;
        let newest: Option<(i64, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT version, hash, entries FROM list_changes WHERE authority = ? AND version IS NOT NULL \
             ORDER BY version DESC LIMIT 1",
        )
        .bind(authority.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let (version, previous, entries) = match newest {
            Some((version, hash, entries)) => {
                (unsigned(version), hash_of(hash)?, unsigned(entries))
            }
            None => (0, [0; 32], 0),
        };
        if version != change.base && touched_since(&mut tx, authority, change).await? {
            return Ok(Approval::Overtaken);
        }
        let mut header = header(version + 1, previous);
        let difference = &mut header.difference;
        difference.entries = (entries + difference.added).saturating_sub(difference.withdrawn);
        let done = sqlx::query(
            "UPDATE list_changes SET state = 'approved', decided_by = ?, decided_ms = ?, remark = ?, version = ?, \
             previous = ?, hash = ?, entries = ? WHERE authority = ? AND id = ? AND state = 'proposed'",
        )
        .bind(&header.approved_by)
        .bind(header.approved_at.0)
        .bind(remark)
        .bind(signed(header.version))
        .bind(previous.as_slice())
        .bind(header.hash().as_slice())
        .bind(signed(header.difference.entries))
        .bind(authority.as_str())
        .bind(change.id)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(Approval::NotProposed);
        }
        confirm(&mut tx, authority, header.approved_at).await?;
        tx.commit().await?;
        Ok(Approval::InForce(header.version))
    }

    /// The list was found to be what its owner wants.
    pub(crate) async fn confirm_list(
        &self,
        authority: &AuthorityId,
        now: UtcTime,
    ) -> Result<(), AppError> {
        let mut tx = self.pool.begin().await?;
        confirm(&mut tx, authority, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The header of a version.
    pub(crate) async fn version_header(
        &self,
        authority: &AuthorityId,
        version: u64,
    ) -> Result<Option<(VersionHeader, StoredChange)>, AppError> {
        let row = sqlx::query(&format!(
            "SELECT {CHANGE}, previous FROM list_changes WHERE authority = ? AND version = ?"
        ))
        .bind(authority.as_str())
        .bind(signed(version))
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let change = stored_change(&row)?;
            let header = VersionHeader {
                authority: authority.clone(),
                version,
                previous: hash_of(row.try_get("previous")?)?,
                rows: change.rows_hash,
                difference: change.difference,
                proposed_by: change.proposed_by.clone().unwrap_or_default(),
                reason: change.reason.clone().unwrap_or_default(),
                approved_by: change.decided_by.clone().unwrap_or_default(),
                approved_at: change.decided.unwrap_or(UtcTime(0)),
            };
            Ok((header, change))
        })
        .transpose()
    }

    /// The next entries in force behind an entry's id, in the order of ids.
    pub(crate) async fn current_entries(
        &self,
        authority: &AuthorityId,
        after: &str,
    ) -> Result<Vec<CurrentEntry>, AppError> {
        let rows = sqlx::query(
            "SELECT number, body FROM list_current WHERE authority = ? AND entry > ? ORDER BY entry LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(after)
        .bind(i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(current_entry).collect()
    }

    /// The next entries that were in force at a version, as [`Store::current_entries`].
    pub(crate) async fn entries_at(
        &self,
        authority: &AuthorityId,
        version: u64,
        after: &str,
    ) -> Result<Vec<CurrentEntry>, AppError> {
        let rows = sqlx::query(
            "SELECT r.number, r.body FROM list_rows r JOIN list_changes c ON c.id = r.change \
             WHERE r.authority = ?1 AND r.entry > ?3 AND c.version <= ?2 AND r.body IS NOT NULL AND NOT EXISTS ( \
               SELECT 1 FROM list_rows n JOIN list_changes d ON d.id = n.change \
               WHERE n.authority = r.authority AND n.entry = r.entry AND d.version > c.version AND d.version <= ?2) \
             ORDER BY r.entry LIMIT ?4",
        )
        .bind(authority.as_str())
        .bind(signed(version))
        .bind(after)
        .bind(i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(current_entry).collect()
    }

    /// The entry of a row, whether in force or not.
    pub(crate) async fn list_row(
        &self,
        authority: &AuthorityId,
        number: i64,
    ) -> Result<Option<CurrentEntry>, AppError> {
        let row = sqlx::query(
            "SELECT number, body FROM list_rows WHERE authority = ? AND number = ? AND body IS NOT NULL",
        )
        .bind(authority.as_str())
        .bind(number)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(current_entry).transpose()
    }

    /// Entries in force at `version` that are looked at for every traveller.
    pub(crate) async fn special_entries(
        &self,
        authority: &AuthorityId,
        version: u64,
    ) -> Result<Vec<CurrentEntry>, AppError> {
        let rows = sqlx::query(
            "SELECT r.number, r.body FROM list_rows r JOIN list_changes c ON c.id = r.change \
             WHERE r.authority = ?1 AND r.special AND c.version <= ?2 AND NOT EXISTS ( \
               SELECT 1 FROM list_rows n JOIN list_changes d ON d.id = n.change \
               WHERE n.authority = r.authority AND n.entry = r.entry AND d.version > c.version AND d.version <= ?2)",
        )
        .bind(authority.as_str())
        .bind(signed(version))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(current_entry).collect()
    }

    /// An entry as in force, and the versions that changed it, the newest first.
    pub(crate) async fn entry_history(
        &self,
        authority: &AuthorityId,
        id: &str,
    ) -> Result<Vec<(StoredChange, Option<ListEntry>)>, AppError> {
        let rows = sqlx::query(&format!(
            "SELECT {}, r.body AS body FROM list_rows r JOIN list_changes c ON c.id = r.change \
             WHERE r.authority = ? AND r.entry = ? AND c.version IS NOT NULL ORDER BY c.version DESC",
            CHANGE.split(", ").map(|column| format!("c.{}", column.trim())).collect::<Vec<_>>().join(", ")
        ))
        .bind(authority.as_str())
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let body: Option<String> = row.try_get("body")?;
                let entry = body.map(|body| serde_json::from_str(&body)).transpose()?;
                Ok((stored_change(row)?, entry))
            })
            .collect()
    }

    /// Documents in force that the number, with look-alike characters folded, may be, and the ranges of issuer and class.
    pub(crate) async fn document_candidates(
        &self,
        authority: &AuthorityId,
        folded: &str,
        issuer: &str,
        class: &str,
    ) -> Result<Vec<(i64, EntryDocument)>, AppError> {
        let rows = sqlx::query(
            "SELECT d.row, d.issuer, d.class, d.number, d.last_number FROM list_documents d \
             JOIN list_current l ON l.number = d.row WHERE d.authority = ?1 AND d.folded = ?2 \
             AND d.last_number IS NULL \
             UNION ALL SELECT d.row, d.issuer, d.class, d.number, d.last_number FROM list_documents d \
             JOIN list_current l ON l.number = d.row WHERE d.authority = ?1 AND d.issuer = ?3 AND d.class = ?4 \
             AND d.last_number IS NOT NULL",
        )
        .bind(authority.as_str())
        .bind(folded)
        .bind(issuer)
        .bind(class)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let issuer: String = row.try_get(1)?;
                let document = EntryDocument {
                    issuer: egate_types::StateCode::parse(&issuer),
                    class: row.try_get(2)?,
                    number: row.try_get(3)?,
                    last_number: row.try_get(4)?,
                };
                Ok((row.try_get(0)?, document))
            })
            .collect()
    }
}

/// What became of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approval {
    /// The change is this version.
    InForce(u64),
    /// Another change has touched the same entries since this one was compared.
    Overtaken,
    /// It was decided meanwhile.
    NotProposed,
}

type Tx<'a> = Transaction<'a, Sqlite>;

async fn current_hash(
    tx: &mut Tx<'_>,
    authority: &AuthorityId,
    id: &str,
) -> Result<Option<Vec<u8>>, AppError> {
    let row: Option<Option<Vec<u8>>> = sqlx::query_scalar(
        "SELECT r.hash FROM list_rows r JOIN list_changes c ON c.id = r.change \
         WHERE r.authority = ? AND r.entry = ? AND c.version IS NOT NULL ORDER BY c.version DESC LIMIT 1",
    )
    .bind(authority.as_str())
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.flatten())
}

async fn put_row(
    tx: &mut Tx<'_>,
    authority: &AuthorityId,
    change: i64,
    entry: &ListEntry,
    hash: &[u8],
) -> Result<(), AppError> {
    let row: i64 = sqlx::query_scalar(
        "INSERT INTO list_rows (change, authority, entry, body, hash, special) VALUES (?, ?, ?, ?, ?, ?) \
         RETURNING number",
    )
    .bind(change)
    .bind(authority.as_str())
    .bind(entry.id())
    .bind(entry.canonical())
    .bind(hash)
    .bind(entry.is_special())
    .fetch_one(&mut **tx)
    .await?;
    for document in &entry.fields().documents {
        let Some(key) = document.key() else { continue };
        sqlx::query(
            "INSERT INTO list_documents (authority, folded, issuer, class, number, last_number, row) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(key.folded_number())
        .bind(key.issuer())
        .bind(key.class().to_string())
        .bind(key.number())
        .bind(&document.last_number)
        .bind(row)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn withdraw_row(
    tx: &mut Tx<'_>,
    authority: &AuthorityId,
    change: i64,
    id: &str,
) -> Result<u64, AppError> {
    let done = sqlx::query(
        "INSERT INTO list_rows (change, authority, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(change)
    .bind(authority.as_str())
    .bind(id)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

/// Whether what a change was compared with has changed since: any entry for a whole edition, its own entries otherwise.
async fn touched_since(
    tx: &mut Tx<'_>,
    authority: &AuthorityId,
    change: &StoredChange,
) -> Result<bool, AppError> {
    if change.kind != ChangeKind::Amend {
        return Ok(true);
    }
    let touched: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM list_rows r JOIN list_rows n ON n.authority = r.authority AND n.entry = r.entry \
         JOIN list_changes c ON c.id = n.change WHERE r.authority = ? AND r.change = ? AND c.version > ? LIMIT 1",
    )
    .bind(authority.as_str())
    .bind(change.id)
    .bind(signed(change.base))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(touched.is_some())
}

async fn confirm(tx: &mut Tx<'_>, authority: &AuthorityId, now: UtcTime) -> Result<(), AppError> {
    sqlx::query(
        "INSERT INTO list_confirmations (authority, confirmed_ms) VALUES (?, ?) \
         ON CONFLICT (authority) DO UPDATE SET confirmed_ms = excluded.confirmed_ms",
    )
    .bind(authority.as_str())
    .bind(now.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn stored_change(row: &SqliteRow) -> Result<StoredChange, AppError> {
    let corrupt = |what: String| AppError::Corrupt(format!("a change with {what}"));
    let state: String = row.try_get("state")?;
    let kind: String = row.try_get("kind")?;
    let count = |column: &str| -> Result<u64, AppError> { Ok(unsigned(row.try_get(column)?)) };
    let rows_hash: Option<Vec<u8>> = row.try_get("rows_hash")?;
    Ok(StoredChange {
        id: row.try_get("id")?,
        state: ChangeState::parse(&state).ok_or_else(|| corrupt(format!("state {state:?}")))?,
        kind: ChangeKind::parse(&kind).ok_or_else(|| corrupt(format!("kind {kind:?}")))?,
        source: row.try_get("source")?,
        base: count("base")?,
        difference: Difference {
            added: count("added")?,
            changed: count("changed")?,
            withdrawn: count("withdrawn")?,
            entries: count("entries")?,
        },
        rows_hash: rows_hash.map_or(Ok([0; 32]), hash_of)?,
        drafted_by: row.try_get("drafted_by")?,
        drafted: UtcTime(row.try_get("drafted_ms")?),
        proposed_by: row.try_get("proposed_by")?,
        reason: row.try_get("reason")?,
        beyond_limits: row.try_get("beyond_limits")?,
        decided_by: row.try_get("decided_by")?,
        decided: row.try_get::<Option<i64>, _>("decided_ms")?.map(UtcTime),
        remark: row.try_get("remark")?,
        version: row.try_get::<Option<i64>, _>("version")?.map(unsigned),
    })
}

fn current_entry(row: &SqliteRow) -> Result<CurrentEntry, AppError> {
    Ok(CurrentEntry {
        number: row.try_get(0)?,
        entry: serde_json::from_str(&row.try_get::<String, _>(1)?)?,
    })
}

fn hash_of(bytes: Vec<u8>) -> Result<[u8; 32], AppError> {
    bytes
        .try_into()
        .map_err(|_| AppError::Corrupt("a hash of another length".to_owned()))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
