//! Everything SQL. One SQLite file; one connection, because SQLite has one writer and every statement here is short.

pub(crate) mod alerts;
pub(crate) mod changes;
mod comparisons;
pub(crate) mod known;
pub(crate) mod lists;

use std::{
    fs,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr as _,
    time::Duration,
};

use egate_types::{AuthorityId, InspectionId, LaneId, OfficerId, UtcTime};
use egate_wire::v1::{
    DecisionEnvelope, Jpeg, OpenInspection, PassageRecord, ReferralNotice, SignedDecision,
    SignedVerdict,
};
use sha2::{Digest, Sha256};
use sqlx::{
    Row as _, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    app::AppError,
    limits::{BATCH_PAUSE_MS, CASES_SHOWN, DECISIONS_PER_POLL},
    lists::screening::Screening,
};

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
    /// Where snapshots of lists lie: beside the database, for the processes that share it.
    snapshots: PathBuf,
}

/// A case as kept.
pub(crate) struct StoredCase {
    pub(crate) lane: LaneId,
    pub(crate) referred: UtcTime,
    pub(crate) state: CaseState,
    pub(crate) notice: ReferralNotice,
    pub(crate) document: Option<OpenInspection>,
}

/// How far a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaseState {
    Open,
    Decided,
    Closed,
}

/// A verdict as kept.
pub(crate) struct StoredVerdict {
    pub(crate) verdict: String,
    /// None for one from before lists had versions.
    pub(crate) screening: Option<Screening>,
    pub(crate) signed: UtcTime,
}

/// A decision as kept.
pub(crate) struct StoredDecision {
    pub(crate) officer: String,
    pub(crate) decision: String,
    pub(crate) reason: String,
    pub(crate) remark: String,
    pub(crate) decided: UtcTime,
}

/// An officer behind a session.
#[derive(Debug, Clone)]
pub(crate) struct StoredOfficer {
    pub(crate) login: OfficerId,
    pub(crate) authority: AuthorityId,
    pub(crate) name: String,
    /// May draft, propose and approve changes of lists.
    pub(crate) lists: bool,
    pub(crate) csrf: String,
}

/// What became of a write that must happen once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Once {
    Written,
    SameAgain,
    Different,
}

/// The record's hash chain is broken.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The row does not follow from the one before it.
    #[error("record {seq} of {authority} does not follow from the one before it")]
    Broken {
        /// Whose chain.
        authority: AuthorityId,
        /// Which row.
        seq: i64,
    },
    /// The database could not be read.
    #[error("cannot read the records")]
    Store(#[source] sqlx::Error),
}

impl Store {
    /// Opens or creates the file and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        // The file holds names, portraits and password hashes: its owner alone may read it. SQLite gives its
        // side files the same mode.
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)?;
        let options = SqliteConnectOptions::from_str("sqlite:")?
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Deleted portraits are overwritten, not merely unlinked.
            .pragma("secure_delete", "ON");
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        sqlx::migrate!().run(&pool).await?;
        Ok(Self {
            pool,
            snapshots: path.with_extension("lists"),
        })
    }

    /// A transaction that may write. It waits for the database's one writer when it begins: one that has read and writes only then fails at
    /// once, however long it might wait, if another process has written in between.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// The same for one of many in a row. SQLite has no queue: writers of other processes ask now and then whether it is free, and never find
    /// it so if one transaction follows the other.
    async fn write_batch(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        tokio::time::sleep(Duration::from_millis(BATCH_PAUSE_MS)).await;
        self.write().await
    }

    pub(crate) fn snapshots(&self) -> PathBuf {
        self.snapshots.clone()
    }

    pub(crate) async fn open_inspection(
        &self,
        authority: &AuthorityId,
        message: &OpenInspection,
    ) -> Result<Once, AppError> {
        let body = serde_json::to_string(message)?;
        let written = sqlx::query(
            "INSERT INTO inspections (authority, id, lane, body) VALUES (?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(authority.as_str())
        .bind(message.inspection.to_string())
        .bind(message.lane.as_str())
        .bind(&body)
        .execute(&self.pool)
        .await?;
        if written.rows_affected() == 1 {
            return Ok(Once::Written);
        }
        let there = self.inspection(authority, message.inspection).await?;
        Ok(if there.as_ref() == Some(message) {
            Once::SameAgain
        } else {
            Once::Different
        })
    }

    pub(crate) async fn inspection(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
    ) -> Result<Option<OpenInspection>, AppError> {
        let body: Option<String> =
            sqlx::query_scalar("SELECT body FROM inspections WHERE authority = ? AND id = ?")
                .bind(authority.as_str())
                .bind(inspection.to_string())
                .fetch_optional(&self.pool)
                .await?;
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    #[expect(clippy::too_many_arguments, reason = "one argument per column")]
    pub(crate) async fn add_verdict(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
        evidence: &str,
        verdict: &str,
        screening: &Screening,
        token: &SignedVerdict,
        now: UtcTime,
    ) -> Result<(), AppError> {
        sqlx::query(
            "INSERT INTO verdicts (authority, inspection, evidence, verdict, screening, token, signed_ms) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(inspection.to_string())
        .bind(evidence)
        .bind(verdict)
        .bind(serde_json::to_string(screening)?)
        .bind(&token.0)
        .bind(now.0)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The latest verdict of this authority with what it rests on.
    pub(crate) async fn latest_verdict(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
    ) -> Result<Option<StoredVerdict>, AppError> {
        let row = sqlx::query(
            "SELECT verdict, screening, signed_ms FROM verdicts WHERE authority = ? AND inspection = ? \
             ORDER BY seq DESC LIMIT 1",
        )
        .bind(authority.as_str())
        .bind(inspection.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let body: String = row.try_get(1)?;
            let screening = body.starts_with('{').then(|| serde_json::from_str(&body));
            Ok(StoredVerdict {
                verdict: row.try_get(0)?,
                screening: screening.transpose()?,
                signed: UtcTime(row.try_get(2)?),
            })
        })
        .transpose()
    }

    /// Opens a case, or repeats its notice while it is open.
    pub(crate) async fn refer(
        &self,
        authority: &AuthorityId,
        notice: &ReferralNotice,
        now: UtcTime,
    ) -> Result<Once, AppError> {
        let chip = notice.chip_portrait_jpeg.as_ref().map(Jpeg::expose);
        let live = notice.live_portrait_jpeg.as_ref().map(Jpeg::expose);
        let bare = ReferralNotice {
            chip_portrait_jpeg: None,
            live_portrait_jpeg: None,
            ..notice.clone()
        };
        let body = serde_json::to_string(&bare)?;
        let mut tx = self.write().await?;
        let written = sqlx::query(
            "INSERT INTO cases (authority, inspection, lane, referred_ms, state, notice, \
             chip_portrait, live_portrait) VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, ?7) \
             ON CONFLICT (authority, inspection) DO UPDATE SET state = 'open', notice = ?5, \
             referred_ms = ?4, chip_portrait = coalesce(?6, chip_portrait), \
             live_portrait = coalesce(?7, live_portrait) \
             WHERE state != 'closed' AND notice != ?5",
        )
        .bind(authority.as_str())
        .bind(notice.inspection.to_string())
        .bind(notice.lane.as_str())
        .bind(now.0)
        .bind(&body)
        .bind(chip)
        .bind(live)
        .execute(&mut *tx)
        .await?;
        if written.rows_affected() == 1 {
            // The record of an inspection that ended at once may have overtaken its referral.
            sqlx::query(
                "UPDATE cases SET state = 'closed', chip_portrait = NULL, live_portrait = NULL \
                 WHERE authority = ?1 AND inspection = ?2 \
                 AND EXISTS (SELECT 1 FROM records WHERE authority = ?1 AND inspection = ?2)",
            )
            .bind(authority.as_str())
            .bind(notice.inspection.to_string())
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            return Ok(Once::Written);
        }
        tx.rollback().await?;
        let there: Option<String> =
            sqlx::query_scalar("SELECT notice FROM cases WHERE authority = ? AND inspection = ?")
                .bind(authority.as_str())
                .bind(notice.inspection.to_string())
                .fetch_optional(&self.pool)
                .await?;
        Ok(if there.as_ref() == Some(&body) {
            Once::SameAgain
        } else {
            Once::Different
        })
    }

    pub(crate) async fn cases(&self, authority: &AuthorityId) -> Result<Vec<StoredCase>, AppError> {
        let rows = sqlx::query(
            "SELECT c.lane, c.referred_ms, c.state, c.notice, i.body FROM cases c \
             LEFT JOIN inspections i ON i.authority = c.authority AND i.id = c.inspection \
             WHERE c.authority = ? ORDER BY c.state = 'open' DESC, c.referred_ms DESC LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(CASES_SHOWN)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(stored_case).collect()
    }

    pub(crate) async fn case(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
    ) -> Result<Option<StoredCase>, AppError> {
        let row = sqlx::query(
            "SELECT c.lane, c.referred_ms, c.state, c.notice, i.body FROM cases c \
             LEFT JOIN inspections i ON i.authority = c.authority AND i.id = c.inspection \
             WHERE c.authority = ? AND c.inspection = ?",
        )
        .bind(authority.as_str())
        .bind(inspection.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(stored_case).transpose()
    }

    /// Whether the authority's officers were called to an inspection.
    pub(crate) async fn has_case(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
    ) -> Result<bool, AppError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM cases WHERE authority = ? AND inspection = ?")
                .bind(authority.as_str())
                .bind(inspection.to_string())
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.is_some())
    }

    /// Portraits (chip, live) of a case.
    pub(crate) async fn portraits(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
    ) -> Result<(Option<Vec<u8>>, Option<Vec<u8>>), AppError> {
        let row = sqlx::query(
            "SELECT chip_portrait, live_portrait FROM cases WHERE authority = ? AND inspection = ?",
        )
        .bind(authority.as_str())
        .bind(inspection.to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row {
            Some(row) => (row.try_get(0)?, row.try_get(1)?),
            None => (None, None),
        })
    }

    /// Keeps a decision and marks the case; false if the case is not open.
    #[expect(clippy::too_many_arguments, reason = "one argument per column")]
    pub(crate) async fn decide(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
        lane: &LaneId,
        officer: &OfficerId,
        decision: &str,
        reason: &str,
        remark: &str,
        token: &SignedDecision,
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let mut tx = self.write().await?;
        let marked = sqlx::query(
            "UPDATE cases SET state = 'decided' \
             WHERE authority = ? AND inspection = ? AND state != 'closed'",
        )
        .bind(authority.as_str())
        .bind(inspection.to_string())
        .execute(&mut *tx)
        .await?;
        if marked.rows_affected() != 1 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO decisions (authority, inspection, lane, officer, decision, reason, \
             remark, token, decided_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(inspection.to_string())
        .bind(lane.as_str())
        .bind(officer.as_str())
        .bind(decision)
        .bind(reason)
        .bind(remark)
        .bind(&token.0)
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn decision(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
    ) -> Result<Option<StoredDecision>, AppError> {
        let row = sqlx::query(
            "SELECT d.officer, d.decision, d.reason, d.remark, d.decided_ms FROM decisions d \
             WHERE d.authority = ? AND d.inspection = ? ORDER BY d.seq DESC LIMIT 1",
        )
        .bind(authority.as_str())
        .bind(inspection.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(StoredDecision {
                officer: row.try_get(0)?,
                decision: row.try_get(1)?,
                reason: row.try_get(2)?,
                remark: row.try_get(3)?,
                decided: UtcTime(row.try_get(4)?),
            })
        })
        .transpose()
    }

    pub(crate) async fn decisions_after(
        &self,
        authority: &AuthorityId,
        lane: &LaneId,
        after: u64,
    ) -> Result<Vec<DecisionEnvelope>, AppError> {
        let rows = sqlx::query(
            "SELECT seq, inspection, token FROM decisions \
             WHERE authority = ? AND lane = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(lane.as_str())
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(DECISIONS_PER_POLL)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(DecisionEnvelope {
                    seq: unsigned(row.try_get(0)?),
                    inspection: InspectionId::parse(row.try_get(1)?)
                        .map_err(|e| AppError::Corrupt(e.to_string()))?,
                    token: SignedDecision(row.try_get(2)?),
                })
            })
            .collect()
    }

    /// Appends a record to the authority's chain, closes the case and wipes its portraits.
    pub(crate) async fn append_record(
        &self,
        authority: &AuthorityId,
        record: &PassageRecord,
    ) -> Result<Once, AppError> {
        let body = record.canonical();
        let id = record.inspection.to_string();
        let mut tx = self.write().await?;
        let there: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT body FROM records WHERE authority = ? AND inspection = ?")
                .bind(authority.as_str())
                .bind(&id)
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(there) = there {
            return Ok(if there == body {
                Once::SameAgain
            } else {
                Once::Different
            });
        }
        let previous: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT hash FROM records WHERE authority = ? ORDER BY seq DESC LIMIT 1",
        )
        .bind(authority.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        let previous = previous.unwrap_or_else(|| vec![0; 32]);
        sqlx::query(
            "INSERT INTO records (authority, inspection, body, previous, hash) \
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(&id)
        .bind(&body)
        .bind(&previous)
        .bind(chain(&previous, &body).as_slice())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE cases SET state = 'closed', chip_portrait = NULL, live_portrait = NULL \
             WHERE authority = ? AND inspection = ?",
        )
        .bind(authority.as_str())
        .bind(&id)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Once::Written)
    }

    /// Recomputes an authority's chain from its first record; returns how many there are.
    pub async fn verify_chain(&self, authority: &AuthorityId) -> Result<u64, ChainError> {
        let rows = sqlx::query(
            "SELECT seq, body, previous, hash FROM records WHERE authority = ? ORDER BY seq",
        )
        .bind(authority.as_str())
        .fetch_all(&self.pool)
        .await
        .map_err(ChainError::Store)?;
        let mut before = vec![0; 32];
        for row in &rows {
            let get = |column: usize| row.try_get::<Vec<u8>, _>(column).map_err(ChainError::Store);
            let hash = get(3)?;
            if get(2)? != before || chain(&before, &get(1)?) != *hash {
                let seq = row.try_get(0).map_err(ChainError::Store)?;
                return Err(ChainError::Broken {
                    authority: authority.clone(),
                    seq,
                });
            }
            before = hash;
        }
        Ok(rows.len() as u64)
    }

    pub(crate) async fn add_officer(
        &self,
        authority: &AuthorityId,
        login: &OfficerId,
        name: &str,
        password_hash: &str,
        lists: bool,
    ) -> Result<(), AppError> {
        sqlx::query(
            "INSERT INTO officers (login, authority, name, password_hash, lists) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(login.as_str())
        .bind(authority.as_str())
        .bind(name)
        .bind(password_hash)
        .bind(lists)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn password_hash(
        &self,
        login: &str,
    ) -> Result<Option<(String, String)>, AppError> {
        let row = sqlx::query("SELECT password_hash, authority FROM officers WHERE login = ?")
            .bind(login)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .transpose()
    }

    /// Wrong passwords of a login since a time, not counting those before its last good one.
    pub(crate) async fn refused_logins(
        &self,
        login: &str,
        since: UtcTime,
    ) -> Result<i64, AppError> {
        let count = sqlx::query_scalar(
            "SELECT count(*) FROM audit WHERE actor = ?1 AND action = 'login.refused' AND at_ms >= ?2 \
             AND seq > coalesce((SELECT max(seq) FROM audit WHERE actor = ?1 AND action = 'login'), 0)",
        )
        .bind(login)
        .bind(since.0)
        .fetch_one(&self.pool)
        .await?;
        Ok(count)
    }

    pub(crate) async fn add_session(
        &self,
        token_hash: &[u8],
        login: &str,
        csrf: &str,
        now: UtcTime,
        expires: UtcTime,
    ) -> Result<(), AppError> {
        sqlx::query("DELETE FROM sessions WHERE expires_ms <= ?")
            .bind(now.0)
            .execute(&self.pool)
            .await?;
        sqlx::query(
            "INSERT INTO sessions (token_hash, login, csrf, expires_ms) VALUES (?, ?, ?, ?)",
        )
        .bind(token_hash)
        .bind(login)
        .bind(csrf)
        .bind(expires.0)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn session(
        &self,
        token_hash: &[u8],
        now: UtcTime,
    ) -> Result<Option<StoredOfficer>, AppError> {
        let row = sqlx::query(
            "SELECT o.login, o.authority, o.name, s.csrf, o.lists FROM sessions s \
             JOIN officers o ON o.login = s.login WHERE s.token_hash = ? AND s.expires_ms > ?",
        )
        .bind(token_hash)
        .bind(now.0)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let corrupt = |e: egate_types::IdError| AppError::Corrupt(e.to_string());
            Ok(StoredOfficer {
                login: OfficerId::parse(row.try_get(0)?).map_err(corrupt)?,
                authority: AuthorityId::parse(row.try_get(1)?).map_err(corrupt)?,
                name: row.try_get(2)?,
                csrf: row.try_get(3)?,
                lists: row.try_get(4)?,
            })
        })
        .transpose()
    }

    pub(crate) async fn end_session(&self, token_hash: &[u8]) -> Result<(), AppError> {
        sqlx::query("DELETE FROM sessions WHERE token_hash = ?")
            .bind(token_hash)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn audit(
        &self,
        now: UtcTime,
        authority: &str,
        actor: &str,
        action: &str,
        subject: &str,
    ) -> Result<(), AppError> {
        sqlx::query(
            "INSERT INTO audit (at_ms, authority, actor, action, subject) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(now.0)
        .bind(authority)
        .bind(actor)
        .bind(action)
        .bind(subject)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The audit log as `actor action subject`, oldest first.
    pub async fn audit_lines(&self, authority: &AuthorityId) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT actor || ' ' || action || ' ' || subject FROM audit \
             WHERE authority = ? ORDER BY seq",
        )
        .bind(authority.as_str())
        .fetch_all(&self.pool)
        .await
    }
}

fn stored_case(row: &sqlx::sqlite::SqliteRow) -> Result<StoredCase, AppError> {
    let state: String = row.try_get(2)?;
    let opening: Option<String> = row.try_get(4)?;
    Ok(StoredCase {
        lane: LaneId::parse(row.try_get(0)?).map_err(|e| AppError::Corrupt(e.to_string()))?,
        referred: UtcTime(row.try_get(1)?),
        state: match state.as_str() {
            "open" => CaseState::Open,
            "decided" => CaseState::Decided,
            "closed" => CaseState::Closed,
            other => return Err(AppError::Corrupt(format!("case state {other:?}"))),
        },
        notice: serde_json::from_str(&row.try_get::<String, _>(3)?)?,
        document: opening
            .map(|body| serde_json::from_str(&body))
            .transpose()?,
    })
}

fn chain(previous: &[u8], body: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(previous)
        .chain_update(body)
        .finalize()
        .into()
}

/// SQLite has signed integers alone; counts and sequence numbers are never negative.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
