//! Whom an authority knows: travellers inspected lately and those announced; and which versions of its list have been held against them.

use egate_rules::targeting::Journey;
use egate_types::{AuthorityId, Date, InspectionId, LaneId, Outcome, UtcTime};
use egate_wire::v1::{DocumentMessage, OpenInspection};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{Store, lists::signed, unsigned};
use crate::{
    app::AppError,
    limits::{KNOWN_TRAVELLERS_MAX, KNOWN_TRAVELLERS_PER_PAGE, RECHECK_LEASE_MS},
    lists::import::as_listed,
};

/// A traveller whom the authority knows.
pub(crate) struct KnownTraveller {
    pub(crate) document: DocumentMessage,
    pub(crate) journey: Journey,
    pub(crate) known: Known,
}

/// Where from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// Inspected.
    Inspected {
        inspection: InspectionId,
        lane: LaneId,
        opened: UtcTime,
        /// How the inspection ended; none while it runs.
        outcome: Option<Outcome>,
        /// Version of the list that the latest verdict was made with; none without a verdict.
        screened: Option<u64>,
    },
    /// Announced for a day.
    Expected(Date),
}

/// A traveller as announced by carriers or by themselves.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedTraveller {
    /// The document they will carry.
    pub document: DocumentMessage,
    /// The day of arrival, or of departure on the way out.
    pub arrives: Date,
    /// What is known of the journey.
    #[serde(default)]
    pub journey: Journey,
}

/// What names an announcement.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Announcement {
    /// As lists write it.
    pub(crate) issuer: String,
    pub(crate) number: String,
    pub(crate) arrives: Date,
}

impl Announcement {
    pub(crate) fn of(document: &DocumentMessage, arrives: Date) -> Self {
        let (issuer, number) = key_of(document);
        Self {
            issuer,
            number,
            arrives,
        }
    }
}

/// The document by which an announcement is kept and found. A passport writes `D` where a carrier may write `DEU`.
pub(crate) fn key_of(document: &DocumentMessage) -> (String, String) {
    let issuer = as_listed(document.issuer.clone());
    (
        issuer.as_str().to_owned(),
        document.number.expose().to_owned(),
    )
}

impl Store {
    /// Versions after `done` that have not been held against known travellers to the end, the oldest first, and whether somebody is at it.
    pub(crate) async fn rechecks_due(
        &self,
        authority: &AuthorityId,
        done: u64,
        now: UtcTime,
    ) -> Result<Vec<(u64, bool)>, AppError> {
        let rows = sqlx::query(
            "SELECT c.version, coalesce(k.claimed_ms > ?3, 0) FROM list_changes c \
             LEFT JOIN list_rechecks k ON k.authority = c.authority AND k.version = c.version \
             WHERE c.authority = ?1 AND c.version > ?2 AND k.done_ms IS NULL ORDER BY c.version",
        )
        .bind(authority.as_str())
        .bind(signed(done))
        .bind(now.plus_ms(-RECHECK_LEASE_MS).0)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((unsigned(row.try_get(0)?), row.try_get(1)?)))
            .collect()
    }

    /// Takes a version for one lease; false if it is done, or another replica's.
    pub(crate) async fn claim_recheck(
        &self,
        authority: &AuthorityId,
        version: u64,
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let claimed = sqlx::query(
            "INSERT INTO list_rechecks (authority, version, claimed_ms) VALUES (?1, ?2, ?3) \
             ON CONFLICT (authority, version) DO UPDATE SET claimed_ms = excluded.claimed_ms \
             WHERE done_ms IS NULL AND claimed_ms <= ?4",
        )
        .bind(authority.as_str())
        .bind(signed(version))
        .bind(now.0)
        .bind(now.plus_ms(-RECHECK_LEASE_MS).0)
        .execute(&self.pool)
        .await?;
        Ok(claimed.rows_affected() == 1)
    }

    /// Renews the lease of a re-check that goes on.
    pub(crate) async fn keep_recheck(
        &self,
        authority: &AuthorityId,
        version: u64,
        now: UtcTime,
    ) -> Result<(), AppError> {
        sqlx::query("UPDATE list_rechecks SET claimed_ms = ? WHERE authority = ? AND version = ?")
            .bind(now.0)
            .bind(authority.as_str())
            .bind(signed(version))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The version has been held against everybody known.
    pub(crate) async fn finish_recheck(
        &self,
        authority: &AuthorityId,
        version: u64,
        now: UtcTime,
    ) -> Result<(), AppError> {
        sqlx::query("UPDATE list_rechecks SET done_ms = ? WHERE authority = ? AND version = ?")
            .bind(now.0)
            .bind(authority.as_str())
            .bind(signed(version))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// How many travellers [`Self::known_travellers`] gives in all.
    pub(crate) async fn inspected_since(
        &self,
        authority: &AuthorityId,
        since: UtcTime,
    ) -> Result<u64, AppError> {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM inspections WHERE authority = ? AND id >= ?")
                .bind(authority.as_str())
                .bind(first_of(since))
                .fetch_one(&self.pool)
                .await?;
        Ok(unsigned(count.min(KNOWN_TRAVELLERS_MAX)))
    }

    /// The next travellers inspected since an instant and before the inspection `before`, the newest first; with `journeys`, what
    /// their latest verdict knew of these.
    pub(crate) async fn known_travellers(
        &self,
        authority: &AuthorityId,
        since: UtcTime,
        before: Option<InspectionId>,
        journeys: bool,
    ) -> Result<Vec<KnownTraveller>, AppError> {
        let rows = sqlx::query(
            "SELECT i.body, CAST(r.body AS TEXT) -> '$.outcome', v.screening ->> '$.version', \
               iif(?5, v.screening -> '$.journey', NULL) FROM inspections i \
             LEFT JOIN records r ON r.authority = i.authority AND r.inspection = i.id \
             LEFT JOIN verdicts v ON v.seq = (SELECT max(w.seq) FROM verdicts w \
               WHERE w.authority = i.authority AND w.inspection = i.id) \
             WHERE i.authority = ?1 AND i.id >= ?2 AND i.id < ?3 ORDER BY i.id DESC LIMIT ?4",
        )
        .bind(authority.as_str())
        .bind(first_of(since))
        .bind(before.map_or_else(|| AFTER_EVERY_ID.to_owned(), |id| id.to_string()))
        .bind(KNOWN_TRAVELLERS_PER_PAGE)
        .bind(journeys)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(inspected).collect()
    }

    /// Keeps an announcement in place of an earlier one for the same day.
    pub(crate) async fn expect_traveller(
        &self,
        authority: &AuthorityId,
        expected: &ExpectedTraveller,
    ) -> Result<(), AppError> {
        let (issuer, number) = key_of(&expected.document);
        sqlx::query(
            "INSERT INTO expected_travellers (authority, issuer, number, arrives, body) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (authority, issuer, number, arrives) DO UPDATE SET body = excluded.body",
        )
        .bind(authority.as_str())
        .bind(issuer)
        .bind(number)
        .bind(expected.arrives.to_string())
        .bind(serde_json::to_string(expected)?)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets who was announced for days before `day`.
    pub(crate) async fn forget_expected(
        &self,
        authority: &AuthorityId,
        day: Date,
    ) -> Result<(), AppError> {
        sqlx::query("DELETE FROM expected_travellers WHERE authority = ? AND arrives < ?")
            .bind(authority.as_str())
            .bind(day.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// What was announced of the holder of a document for a day, or else for the nearest one, `apart` days away at most.
    pub(crate) async fn expected_traveller(
        &self,
        authority: &AuthorityId,
        document: &DocumentMessage,
        day: Date,
        apart: i64,
    ) -> Result<Option<ExpectedTraveller>, AppError> {
        let (issuer, number) = key_of(document);
        let body: Option<String> = sqlx::query_scalar(
            "SELECT body FROM expected_travellers WHERE authority = ?1 AND issuer = ?2 AND number = ?3 \
             AND arrives BETWEEN ?4 AND ?5 ORDER BY abs(julianday(arrives) - julianday(?6)), arrives LIMIT 1",
        )
        .bind(authority.as_str())
        .bind(issuer)
        .bind(number)
        .bind(day.plus_days(-apart).to_string())
        .bind(day.plus_days(apart).to_string())
        .bind(day.to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    /// All who are announced from `day` on, the soonest first.
    pub(crate) async fn expected_travellers(
        &self,
        authority: &AuthorityId,
        day: Date,
    ) -> Result<Vec<ExpectedTraveller>, AppError> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT body FROM expected_travellers WHERE authority = ? AND arrives >= ? ORDER BY arrives LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(day.to_string())
        .bind(KNOWN_TRAVELLERS_MAX)
        .fetch_all(&self.pool)
        .await?;
        bodies
            .iter()
            .map(|body| Ok(serde_json::from_str(body)?))
            .collect()
    }
}

fn inspected(row: &SqliteRow) -> Result<KnownTraveller, AppError> {
    let opened: OpenInspection = serde_json::from_str(&row.try_get::<String, _>(0)?)?;
    let outcome: Option<String> = row.try_get(1)?;
    let outcome = outcome.map(|word| serde_json::from_str::<Outcome>(&word));
    let journey: Option<String> = row.try_get(3)?;
    let journey = journey.map(|body| serde_json::from_str::<Option<Journey>>(&body));
    Ok(KnownTraveller {
        document: opened.document,
        journey: journey.transpose()?.flatten().unwrap_or_default(),
        known: Known::Inspected {
            inspection: opened.inspection,
            lane: opened.lane,
            opened: opened.opened_at,
            outcome: outcome.transpose()?,
            screened: row.try_get::<Option<i64>, _>(2)?.map(unsigned),
        },
    })
}

/// Ids begin with their time (UUIDv7), so that they sort by it.
fn first_of(since: UtcTime) -> String {
    InspectionId::new(u64::try_from(since.0).unwrap_or(0), [0; 10]).to_string()
}

/// Ids are written in hexadecimal.
const AFTER_EVERY_ID: &str = "~";
