//! Lists as they are read: versions, changes and their rows, entries in force.
//!
//! What is not approved is invisible to everything but the functions that name a change.

use egate_rules::watch::DocumentKey;
use egate_types::{AuthorityId, UtcTime};
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{Store, unsigned};
use crate::{
    app::AppError,
    limits::ROWS_PER_BATCH,
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
