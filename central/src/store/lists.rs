//! Lists as they are read: versions, changes and their rows, entries in force.
//!
//! What is not approved is invisible to everything but the functions that name a change.

use egate_rules::watch::DocumentKey;
use egate_types::{AuthorityId, UtcTime};
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{Store, unsigned};
use crate::{
    app::AppError,
    limits::{CLOCK_SKEW_MS_MAX, ENTRIES_FOUND_MAX, ROWS_PER_BATCH},
    lists::{
        change::{ChangeKind, ChangeState, Difference, VersionHeader},
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

impl Head {
    /// How old the list is, seconds; none if it was confirmed at a time that has not come, which a wrong clock says.
    pub(crate) fn age_s(&self, now: UtcTime) -> Option<u64> {
        let age_ms = now.0.saturating_sub(self.confirmed.0);
        (age_ms >= -CLOCK_SKEW_MS_MAX).then(|| u64::try_from(age_ms / 1_000).unwrap_or(0))
    }
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

/// What is written beside an entry so that it is found: nothing of it is more than the entry says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Derived {
    pub(crate) entry: String,
    /// None of a withdrawal.
    pub(crate) hash: Option<Vec<u8>>,
    pub(crate) special: bool,
    /// Sorted.
    pub(crate) documents: Vec<DocumentRow>,
}

/// A document or range as it is looked up.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DocumentRow {
    pub(crate) folded: String,
    pub(crate) issuer: String,
    pub(crate) class: String,
    pub(crate) number: String,
    pub(crate) last_number: Option<String>,
}

impl Derived {
    /// Of a row of a change.
    pub(crate) fn of(id: &str, entry: Option<&ListEntry>) -> Self {
        let mut documents: Vec<DocumentRow> = entry.map_or_else(Vec::new, document_rows);
        documents.sort();
        Self {
            entry: id.to_owned(),
            hash: entry.map(|entry| entry.hash().to_vec()),
            special: entry.is_some_and(ListEntry::is_special),
            documents,
        }
    }
}

/// The documents of an entry that can be looked up.
pub(super) fn document_rows(entry: &ListEntry) -> Vec<DocumentRow> {
    let documents = entry.fields().documents.iter();
    documents
        .filter_map(|document| {
            let key = document.key()?;
            Some(DocumentRow {
                folded: key.folded_number(),
                issuer: key.issuer().to_owned(),
                class: key.class().to_string(),
                number: key.number().to_owned(),
                last_number: document.last_number.clone(),
            })
        })
        .collect()
}

/// An entry in force.
pub(crate) struct CurrentEntry {
    pub(crate) number: i64,
    pub(crate) entry: ListEntry,
}

/// Found by change and entry: by authority and entry, which the plus rules out, a change of one row reads all that the list has ever had.
const CHANGE_ROWS: &str = "SELECT r.number, r.entry, r.body, o.number, o.body FROM list_rows r \
    JOIN list_changes c ON c.id = r.change \
    LEFT JOIN list_rows o ON o.number = (SELECT p.number FROM list_rows p \
      JOIN list_changes d ON d.id = p.change WHERE p.authority = r.authority AND p.entry = r.entry \
      AND d.version < coalesce(c.version, 9223372036854775807) ORDER BY d.version DESC LIMIT 1) \
    WHERE +r.authority = ? AND r.change = ? AND r.entry > ? ORDER BY r.entry LIMIT ?";

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

    /// The next rows of a change behind an entry's id, in the order of ids, with what was in force before the change.
    pub(crate) async fn change_rows(
        &self,
        authority: &AuthorityId,
        change: i64,
        after: &str,
    ) -> Result<Vec<StoredRow>, AppError> {
        self.some_change_rows(authority, change, after, ROWS_PER_BATCH)
            .await
    }

    /// As [`Self::change_rows`], so many at most.
    pub(crate) async fn some_change_rows(
        &self,
        authority: &AuthorityId,
        change: i64,
        after: &str,
        most: usize,
    ) -> Result<Vec<StoredRow>, AppError> {
        let rows = sqlx::query(CHANGE_ROWS)
            .bind(authority.as_str())
            .bind(change)
            .bind(after)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
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

    /// What searches use of a change's rows behind an entry's id, up to another: (entry, hash, looked at for every traveller, documents).
    pub(crate) async fn derived(
        &self,
        change: i64,
        after: &str,
        last: &str,
    ) -> Result<Vec<Derived>, AppError> {
        let rows = sqlx::query(
            "SELECT r.entry, r.hash, r.special, d.folded, d.issuer, d.class, d.number, d.last_number FROM list_rows r \
             LEFT JOIN list_documents d ON d.row = r.number AND d.authority = r.authority \
             WHERE r.change = ? AND r.entry > ? AND r.entry <= ? ORDER BY r.entry",
        )
        .bind(change)
        .bind(after)
        .bind(last)
        .fetch_all(&self.pool)
        .await?;
        let mut derived: Vec<Derived> = Vec::new();
        for row in rows {
            let entry: String = row.try_get(0)?;
            if derived.last().is_none_or(|last| last.entry != entry) {
                derived.push(Derived {
                    entry,
                    hash: row.try_get(1)?,
                    special: row.try_get(2)?,
                    documents: Vec::new(),
                });
            }
            let folded: Option<String> = row.try_get(3)?;
            if let (Some(folded), Some(last)) = (folded, derived.last_mut()) {
                last.documents.push(DocumentRow {
                    folded,
                    issuer: row.try_get(4)?,
                    class: row.try_get(5)?,
                    number: row.try_get(6)?,
                    last_number: row.try_get(7)?,
                });
            }
        }
        for row in &mut derived {
            row.documents.sort();
        }
        Ok(derived)
    }

    /// How many rows a change has up to an entry's id, that one included.
    pub(crate) async fn change_rows_up_to(
        &self,
        authority: &AuthorityId,
        change: i64,
        entry: &str,
    ) -> Result<u64, AppError> {
        let count = sqlx::query_scalar(
            "SELECT count(*) FROM list_rows WHERE +authority = ? AND change = ? AND entry <= ?",
        )
        .bind(authority.as_str())
        .bind(change)
        .bind(entry)
        .fetch_one(&self.pool)
        .await?;
        Ok(unsigned(count))
    }

    /// Whether a change puts entries that are looked at for every traveller.
    pub(crate) async fn change_is_special(&self, change: i64) -> Result<bool, AppError> {
        let special = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM list_rows WHERE change = ? AND special)",
        )
        .bind(change)
        .fetch_one(&self.pool)
        .await?;
        Ok(special)
    }

    /// The newest changes of an authority, those that wait first; or those that follow one of them in this order.
    pub(crate) async fn changes(
        &self,
        authority: &AuthorityId,
        before: Option<i64>,
        most: i64,
    ) -> Result<Vec<StoredChange>, AppError> {
        let rows = sqlx::query(&format!(
            "SELECT {CHANGE} FROM list_changes WHERE authority = ?1 AND state NOT IN ('reading', 'discarded') \
             AND (?2 IS NULL OR (state = 'proposed', id) < \
               (SELECT b.state = 'proposed', b.id FROM list_changes b WHERE b.authority = ?1 AND b.id = ?2)) \
             ORDER BY state = 'proposed' DESC, id DESC LIMIT ?3"
        ))
        .bind(authority.as_str())
        .bind(before)
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
                drafted_by: change.drafted_by.clone(),
                proposed_by: change.proposed_by.clone().unwrap_or_default(),
                reason: change.reason.clone().unwrap_or_default(),
                approved_by: change.decided_by.clone().unwrap_or_default(),
                remark: change.remark.clone().unwrap_or_default(),
                approved_at: change.decided.unwrap_or(UtcTime(0)),
            };
            Ok((header, change))
        })
        .transpose()
    }

    /// The next entries in force at a version behind an entry's id, in the order of ids.
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

    /// The first entries in force whose ids begin so.
    pub(crate) async fn entries_by_id(
        &self,
        authority: &AuthorityId,
        beginning: &str,
    ) -> Result<Vec<CurrentEntry>, AppError> {
        // Ids are of printable ASCII, before which nothing of the kind comes.
        let rows = sqlx::query(
            "SELECT number, body FROM list_current WHERE authority = ?1 AND entry >= ?2 AND entry < ?2 || char(127) \
             ORDER BY entry LIMIT ?3",
        )
        .bind(authority.as_str())
        .bind(beginning)
        .bind(i64::try_from(ENTRIES_FOUND_MAX).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(current_entry).collect()
    }

    /// The first entries in force with a document whose number, with look-alike characters folded, is this.
    pub(crate) async fn entries_by_number(
        &self,
        authority: &AuthorityId,
        folded: &str,
    ) -> Result<Vec<CurrentEntry>, AppError> {
        let rows = sqlx::query(
            "SELECT DISTINCT l.number, l.body FROM list_documents d JOIN list_current l ON l.number = d.row \
             WHERE d.authority = ? AND d.folded = ? AND d.last_number IS NULL ORDER BY l.entry LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(folded)
        .bind(i64::try_from(ENTRIES_FOUND_MAX).unwrap_or(i64::MAX))
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

    /// Documents in force at `version` that the number, with look-alike characters folded, may be, and the ranges of issuer and class
    /// in which it may lie: of numbers as long, from none that is greater.
    pub(crate) async fn document_candidates(
        &self,
        authority: &AuthorityId,
        version: u64,
        key: &DocumentKey,
    ) -> Result<Vec<(i64, EntryDocument)>, AppError> {
        let in_force = "JOIN list_rows r ON r.number = d.row JOIN list_changes c ON c.id = r.change \
             AND c.version <= ?2 AND NOT EXISTS (SELECT 1 FROM list_rows n JOIN list_changes e ON e.id = n.change \
             WHERE n.authority = r.authority AND n.entry = r.entry AND e.version > c.version AND e.version <= ?2)";
        let rows = sqlx::query(&format!(
            "SELECT d.row, d.issuer, d.class, d.number, d.last_number FROM list_documents d {in_force} \
             WHERE d.authority = ?1 AND d.folded = ?3 AND d.last_number IS NULL \
             UNION ALL SELECT d.row, d.issuer, d.class, d.number, d.last_number FROM list_documents d {in_force} \
             WHERE d.authority = ?1 AND d.issuer = ?4 AND d.class = ?5 AND d.folded <= ?3 \
             AND length(d.folded) = length(?3) AND d.last_number IS NOT NULL",
        ))
        .bind(authority.as_str())
        .bind(signed(version))
        .bind(key.folded_number())
        .bind(key.issuer())
        .bind(key.class().to_string())
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

pub(super) fn hash_of(bytes: Vec<u8>) -> Result<[u8; 32], AppError> {
    bytes
        .try_into()
        .map_err(|_| AppError::Corrupt("a hash of another length".to_owned()))
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_rows_of_a_change_are_found_without_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("central.db"))
            .await
            .unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {CHANGE_ROWS}");
        let plan = sqlx::query(&explain)
            .bind("border")
            .bind(1)
            .bind("")
            .bind(500);
        let plan = plan.fetch_all(&store.pool).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        let rows = steps.iter().find(|step| step.starts_with("SEARCH r "));
        assert!(
            rows.is_some_and(|step| step.contains("(change=? AND entry>?)")),
            "{steps:?}"
        );
    }

    #[tokio::test]
    async fn documents_are_of_the_version_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("central.db"))
            .await
            .unwrap();
        // The entry has document K1, then K2 and a range, and is withdrawn; of the change that is no version nothing is seen.
        for (change, version) in [(1, Some(1)), (2, Some(2)), (3, Some(3)), (4, None)] {
            sqlx::query(
                "INSERT INTO list_changes (id, authority, state, kind, source, base, drafted_by, drafted_ms, version) \
                 VALUES (?1, 'border', 'approved', 'amend', '', 0, '', 0, ?2)",
            )
            .bind(change)
            .bind(version)
            .execute(&store.pool)
            .await
            .unwrap();
            sqlx::query(
                "INSERT INTO list_rows (number, change, authority, entry, body) \
                 VALUES (?1, ?1, 'border', 'own:1', iif(?1 = 3, NULL, '{}'))",
            )
            .bind(change)
            .execute(&store.pool)
            .await
            .unwrap();
        }
        for (row, number, last) in [
            (1, "K1", None),
            (2, "K2", None),
            (2, "A10", Some("A19")),
            (2, "A100", Some("A199")),
            (4, "K4", None),
        ] {
            sqlx::query(
                "INSERT INTO list_documents (authority, folded, issuer, class, number, last_number, row) \
                 VALUES ('border', ?1, 'UTO', 'P', ?1, ?2, ?3)",
            )
            .bind(number)
            .bind(last)
            .bind(row)
            .execute(&store.pool)
            .await
            .unwrap();
        }
        let border = AuthorityId::parse("border").unwrap();
        let found = async |version: u64, number: &str| {
            let key = DocumentKey::parse("UTO", "P", number).unwrap();
            let candidates = store.document_candidates(&border, version, &key).await;
            let rows = candidates.unwrap().into_iter();
            rows.map(|(_, document)| document.number)
                .collect::<Vec<_>>()
        };
        for (version, number, rows) in [
            (1, "K1", &["K1"][..]),
            (1, "K2", &[]),
            (2, "K1", &[]),
            (2, "K2", &["K2"]),
            (2, "A15", &["A10"]),
            (2, "A09", &[]),
            (1, "A15", &[]),
            (3, "K2", &[]),
            (4, "K4", &[]),
        ] {
            assert_eq!(found(version, number).await, rows, "{number} at {version}");
        }
    }
}
