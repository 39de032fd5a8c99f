//! Changes of lists as they are written: read in short transactions, so that verdicts go on in between, and put in force by one row.

use egate_types::{AuthorityId, UtcTime};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::{
    Store,
    lists::{StoredChange, document_rows, hash_of, signed},
    unsigned,
};
use crate::{
    app::AppError,
    limits::{LEFTOVER_STEPS_MAX, ROWS_PER_BATCH},
    lists::{
        change::{ChangeKind, ChangeState, Difference, RowsHash, VersionHeader},
        edition::Edition,
        entry::ListEntry,
    },
};

impl Store {
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
        let mut tx = self.write_batch().await?;
        expect_reading(&mut tx, change).await?;
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
        let mut tx = self.write_batch().await?;
        expect_reading(&mut tx, change).await?;
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
        confirmed: UtcTime,
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let mut tx = self.write().await?;
        let here: i64 = sqlx::query_scalar(
            "SELECT coalesce(max(version), 0) FROM list_changes WHERE authority = ?",
        )
        .bind(authority.as_str())
        .fetch_one(&mut *tx)
        .await?;
        for (next, (change, header)) in (unsigned(here) + 1..).zip(received) {
            if header.version != next {
                return Ok(false);
            }
            let counts = header.difference;
            let done = sqlx::query(
                "UPDATE list_changes SET state = 'approved', added = ?, changed = ?, withdrawn = ?, entries = ?, \
                 rows_hash = ?, drafted_by = ?, proposed_by = ?, reason = ?, decided_by = ?, remark = ?, \
                 decided_ms = ?, version = ?, previous = ?, hash = ? WHERE id = ? AND state = 'reading'",
            )
            .bind(signed(counts.added))
            .bind(signed(counts.changed))
            .bind(signed(counts.withdrawn))
            .bind(signed(counts.entries))
            .bind(header.rows.as_slice())
            .bind(&header.drafted_by)
            .bind(&header.proposed_by)
            .bind(&header.reason)
            .bind(&header.approved_by)
            .bind(&header.remark)
            .bind(header.approved_at.0)
            .bind(signed(header.version))
            .bind(header.previous.as_slice())
            .bind(header.hash().as_slice())
            .bind(change)
            .execute(&mut *tx)
            .await?;
            // Given up meanwhile for having been read too long.
            if done.rows_affected() != 1 {
                return Ok(false);
            }
        }
        confirm(&mut tx, authority, confirmed, now).await?;
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
        let mut tx = self.write_batch().await?;
        expect_reading(&mut tx, change).await?;
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

    /// Withdraws what a whole edition speaks for, is in force and was not named by it. In steps, so that verdicts go on in between.
    pub(crate) async fn withdraw_unseen(
        &self,
        authority: &AuthorityId,
        change: i64,
        edition: &Edition,
    ) -> Result<(), AppError> {
        let mut after = String::new();
        loop {
            let step: Vec<(String, String, bool)> = sqlx::query_as(
                "SELECT l.entry, l.body ->> 'source', r.special FROM list_current l \
                 JOIN list_rows r ON r.number = l.number \
                 WHERE l.authority = ? AND l.entry > ? ORDER BY l.entry LIMIT ?",
            )
            .bind(authority.as_str())
            .bind(&after)
            .bind(i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
            let Some((last, ..)) = step.last() else {
                return Ok(());
            };
            after.clone_from(last);
            let mut tx = self.write_batch().await?;
            expect_reading(&mut tx, change).await?;
            let of_edition = step
                .iter()
                .filter(|(_, source, special)| edition.speaks_for(source, *special));
            for (id, ..) in of_edition {
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
        let mut after = String::new();
        loop {
            // Of each entry touched since: the newest row up to that version, or none.
            let touched: Vec<(String, Option<String>)> = sqlx::query_as(
                "SELECT t.entry, (SELECT o.body FROM list_rows o JOIN list_changes d ON d.id = o.change \
                   WHERE o.authority = ?1 AND o.entry = t.entry AND d.version <= ?2 \
                   ORDER BY d.version DESC LIMIT 1) \
                 FROM (SELECT DISTINCT r.entry FROM list_rows r JOIN list_changes c ON c.id = r.change \
                   WHERE r.authority = ?1 AND r.entry > ?3 AND c.version > ?2 ORDER BY r.entry LIMIT ?4) t \
                 ORDER BY t.entry",
            )
            .bind(authority.as_str())
            .bind(signed(version))
            .bind(&after)
            .bind(i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
            let Some((last, _)) = touched.last() else {
                return Ok(());
            };
            after.clone_from(last);
            let mut tx = self.write_batch().await?;
            expect_reading(&mut tx, change).await?;
            for (id, body) in &touched {
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
        let mut tx = self.write().await?;
        expect_reading(&mut tx, change).await?;
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
        leave_over(&mut tx, change).await?;
        tx.commit().await?;
        Ok(())
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

    /// Gives up a draft, or says no to a proposal; false if it is neither. Its rows are left over, for they are deleted in steps.
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
        let mut tx = self.write().await?;
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
        let done = done.rows_affected() == 1;
        if done {
            leave_over(&mut tx, id).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// Deletes what a change has left over; of a large one the watcher deletes the rest, so that whoever has ended it need not wait.
    pub(crate) async fn delete_leftovers(&self, change: i64) -> Result<(), AppError> {
        for _ in 0..LEFTOVER_STEPS_MAX {
            if self.delete_some_leftovers(change).await? {
                break;
            }
        }
        Ok(())
    }

    /// Deletes some of what a change has left over; true if that was all. What never counted is not kept: it names people under no law.
    pub(crate) async fn delete_some_leftovers(&self, change: i64) -> Result<bool, AppError> {
        // Rows of a change that is neither rejected nor given up are the list's.
        const ROWS: &str = "SELECT r.number FROM list_rows r JOIN list_changes c ON c.id = r.change \
            WHERE r.change = ?1 AND c.state IN ('rejected', 'discarded') ORDER BY r.entry LIMIT ?2";
        let mut tx = self.write_batch().await?;
        let mut deleted = 0;
        for statement in [
            format!("DELETE FROM list_documents WHERE row IN ({ROWS})").as_str(),
            format!("DELETE FROM list_rows WHERE number IN ({ROWS})").as_str(),
            "DELETE FROM list_seen WHERE change = ?1 AND entry IN \
             (SELECT entry FROM list_seen WHERE change = ?1 LIMIT ?2)",
        ] {
            let done = sqlx::query(statement)
                .bind(change)
                .bind(i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX))
                .execute(&mut *tx)
                .await?;
            deleted += done.rows_affected();
        }
        if deleted == 0 {
            sqlx::query("DELETE FROM list_leftovers WHERE change = ?")
                .bind(change)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(deleted == 0)
    }

    /// Changes of which something is left over.
    pub(crate) async fn leftovers(&self) -> Result<Vec<i64>, AppError> {
        let changes = sqlx::query_scalar("SELECT change FROM list_leftovers ORDER BY change");
        Ok(changes.fetch_all(&self.pool).await?)
    }

    /// Changes that were begun before an instant and are still being read, with whose list they are of.
    pub(crate) async fn read_since_before(
        &self,
        instant: UtcTime,
    ) -> Result<Vec<(i64, String)>, AppError> {
        let changes = sqlx::query_as(
            "SELECT id, authority FROM list_changes WHERE state = 'reading' AND drafted_ms < ?",
        );
        Ok(changes.bind(instant.0).fetch_all(&self.pool).await?)
    }

    /// Puts a proposed change in force as the next version. `header` makes the version's header of the one before and its hash.
    pub(crate) async fn approve_change(
        &self,
        authority: &AuthorityId,
        change: &StoredChange,
        header: impl FnOnce(u64, [u8; 32]) -> VersionHeader + Send,
    ) -> Result<Approval, AppError> {
        let mut tx = self.write().await?;
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
        // Proposed while others were listed, who are gone by now.
        if difference.entries == 0 && !change.beyond_limits {
            return Ok(Approval::NobodyLeft);
        }
        let done = sqlx::query(
            "UPDATE list_changes SET state = 'approved', decided_by = ?, decided_ms = ?, remark = ?, version = ?, \
             previous = ?, hash = ?, entries = ? WHERE authority = ? AND id = ? AND state = 'proposed'",
        )
        .bind(&header.approved_by)
        .bind(header.approved_at.0)
        .bind(&header.remark)
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
        // A whole edition says what the list is, as of when it was read; single entries say nothing of all the others.
        if change.kind == ChangeKind::Replace {
            confirm(&mut tx, authority, change.drafted, header.approved_at).await?;
        } else {
            confirm_first(&mut tx, authority, header.approved_at).await?;
        }
        tx.commit().await?;
        Ok(Approval::InForce(header.version))
    }

    /// Whether an approval of the change would find it overtaken.
    pub(crate) async fn is_overtaken(
        &self,
        authority: &AuthorityId,
        change: &StoredChange,
    ) -> Result<bool, AppError> {
        let head = self.list_head(authority).await?;
        if head.map_or(0, |head| head.version) == change.base {
            return Ok(false);
        }
        let mut connection = self.pool.acquire().await?;
        touched_since(&mut connection, authority, change).await
    }

    /// The list was found to be what its owner wants.
    pub(crate) async fn confirm_list(
        &self,
        authority: &AuthorityId,
        now: UtcTime,
    ) -> Result<(), AppError> {
        let mut tx = self.write().await?;
        confirm(&mut tx, authority, now, now).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What became of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approval {
    /// The change is this version.
    InForce(u64),
    /// Another change has touched the same entries since this one was compared.
    Overtaken,
    /// Nothing would be listed after it, which nobody has accepted.
    NobodyLeft,
    /// It was decided meanwhile.
    NotProposed,
}

type Tx<'a> = Transaction<'a, Sqlite>;

/// Nothing is written into a change that was given up while it was read.
async fn expect_reading(tx: &mut Tx<'_>, change: i64) -> Result<(), AppError> {
    let reading: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM list_changes WHERE id = ? AND state = 'reading'")
            .bind(change)
            .fetch_optional(&mut **tx)
            .await?;
    reading.map(|_| ()).ok_or(AppError::WrongState {
        state: ChangeState::Discarded,
        expected: ChangeState::Reading,
    })
}

async fn leave_over(tx: &mut Tx<'_>, change: i64) -> Result<(), AppError> {
    sqlx::query("INSERT INTO list_leftovers (change) VALUES (?) ON CONFLICT DO NOTHING")
        .bind(change)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

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
    for document in document_rows(entry) {
        sqlx::query(
            "INSERT INTO list_documents (authority, folded, issuer, class, number, last_number, row) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(document.folded)
        .bind(document.issuer)
        .bind(document.class)
        .bind(document.number)
        .bind(document.last_number)
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
    connection: &mut SqliteConnection,
    authority: &AuthorityId,
    change: &StoredChange,
) -> Result<bool, AppError> {
    if change.kind != ChangeKind::Amend {
        return Ok(true);
    }
    let touched: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM list_rows r JOIN list_rows n ON n.authority = r.authority AND n.entry = r.entry \
         JOIN list_changes c ON c.id = n.change WHERE +r.authority = ? AND r.change = ? AND c.version > ? LIMIT 1",
    )
    .bind(authority.as_str())
    .bind(change.id)
    .bind(signed(change.base))
    .fetch_optional(connection)
    .await?;
    Ok(touched.is_some())
}

/// The list was as its owner wants it at an instant. Does not take back a later confirmation, unless that one lies in the future.
async fn confirm(
    tx: &mut Tx<'_>,
    authority: &AuthorityId,
    at: UtcTime,
    now: UtcTime,
) -> Result<(), AppError> {
    sqlx::query(
        "INSERT INTO list_confirmations (authority, confirmed_ms) VALUES (?1, min(?2, ?3)) \
         ON CONFLICT (authority) DO UPDATE SET confirmed_ms = excluded.confirmed_ms \
         WHERE confirmed_ms < excluded.confirmed_ms OR confirmed_ms > ?3",
    )
    .bind(authority.as_str())
    .bind(at.0)
    .bind(now.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The age of a list begins with its first version.
async fn confirm_first(
    tx: &mut Tx<'_>,
    authority: &AuthorityId,
    now: UtcTime,
) -> Result<(), AppError> {
    sqlx::query(
        "INSERT INTO list_confirmations (authority, confirmed_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(authority.as_str())
    .bind(now.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
