//! What is kept beside lists: namesakes, known travellers to hold a new version against, and what officers are told of it.

use std::collections::BTreeMap;

use egate_rules::targeting::Journey;
use egate_types::{AuthorityId, Date, InspectionId, LaneId, Outcome, UtcTime};
use egate_wire::v1::{DocumentMessage, OpenInspection, PassageRecord};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::Store;
use crate::{
    app::AppError,
    limits::{ALERTS_SHOWN, KNOWN_TRAVELLERS_MAX},
    lists::screening::{Cleared, Hit},
};

/// Why officers are told of a hit beside a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlertKind {
    /// The entry orders that nobody else learns of it.
    Silent,
    /// The entry is new; the traveller stands in a lane.
    Present,
    /// The entry is new; the traveller was admitted.
    Admitted,
    /// The traveller is announced.
    Expected,
    /// A rule has met so many travellers that it rests for the day.
    Ceiling,
}

impl AlertKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Present => "present",
            Self::Admitted => "admitted",
            Self::Expected => "expected",
            Self::Ceiling => "ceiling",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [
            Self::Silent,
            Self::Present,
            Self::Admitted,
            Self::Expected,
            Self::Ceiling,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// A new alert.
pub(crate) struct Alert {
    pub(crate) kind: AlertKind,
    pub(crate) inspection: Option<InspectionId>,
    pub(crate) lane: Option<LaneId>,
    pub(crate) hit: Hit,
}

/// An alert as kept.
pub(crate) struct StoredAlert {
    pub(crate) seq: i64,
    pub(crate) at: UtcTime,
    pub(crate) alert: Alert,
    pub(crate) seen_by: Option<String>,
}

/// A traveller whom the authority knows.
pub(crate) struct KnownTraveller {
    pub(crate) document: DocumentMessage,
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
    },
    /// Announced.
    Expected,
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

/// A namesake as kept.
pub(crate) struct StoredNamesake {
    pub(crate) id: i64,
    pub(crate) entry: String,
    pub(crate) cleared: Cleared,
    /// Whether it still holds: the entry is as it was, and the time has not come.
    pub(crate) holds: bool,
}

impl Store {
    pub(crate) async fn add_alert(
        &self,
        authority: &AuthorityId,
        alert: &Alert,
        now: UtcTime,
    ) -> Result<(), AppError> {
        sqlx::query(
            "INSERT INTO list_alerts (authority, at_ms, kind, inspection, lane, hit) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(now.0)
        .bind(alert.kind.as_str())
        .bind(alert.inspection.map(|id| id.to_string()))
        .bind(alert.lane.as_ref().map(LaneId::as_str))
        .bind(serde_json::to_string(&alert.hit)?)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Alerts, those that nobody has seen first.
    pub(crate) async fn alerts(
        &self,
        authority: &AuthorityId,
    ) -> Result<Vec<StoredAlert>, AppError> {
        let rows = sqlx::query(
            "SELECT seq, at_ms, kind, inspection, lane, hit, seen_by FROM list_alerts WHERE authority = ? \
             ORDER BY seen_ms IS NULL DESC, seq DESC LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(ALERTS_SHOWN)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let corrupt = |what: &str| AppError::Corrupt(format!("an alert with {what}"));
                let kind: String = row.try_get(2)?;
                let inspection: Option<String> = row.try_get(3)?;
                let lane: Option<String> = row.try_get(4)?;
                Ok(StoredAlert {
                    seq: row.try_get(0)?,
                    at: UtcTime(row.try_get(1)?),
                    alert: Alert {
                        kind: AlertKind::parse(&kind).ok_or_else(|| corrupt("another kind"))?,
                        inspection: inspection
                            .map(|id| InspectionId::parse(&id))
                            .transpose()
                            .map_err(|_| corrupt("no inspection id"))?,
                        lane: lane
                            .map(|lane| LaneId::parse(&lane))
                            .transpose()
                            .map_err(|_| corrupt("no lane id"))?,
                        hit: serde_json::from_str(&row.try_get::<String, _>(5)?)?,
                    },
                    seen_by: row.try_get(6)?,
                })
            })
            .collect()
    }

    /// Alerts as `kind entry inspection`, oldest first.
    pub async fn alert_lines(&self, authority: &AuthorityId) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT kind || ' ' || (hit ->> 'entry') || ' ' || coalesce(inspection, '') FROM list_alerts \
             WHERE authority = ? ORDER BY seq",
        )
        .bind(authority.as_str())
        .fetch_all(&self.pool)
        .await
    }

    pub(crate) async fn unseen_alerts(&self, authority: &AuthorityId) -> Result<u64, AppError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM list_alerts WHERE authority = ? AND seen_ms IS NULL",
        )
        .bind(authority.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(super::unsigned(count))
    }

    /// Marks an alert as seen; false if it was, or is another authority's.
    pub(crate) async fn see_alert(
        &self,
        authority: &AuthorityId,
        seq: i64,
        by: &str,
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let done = sqlx::query(
            "UPDATE list_alerts SET seen_by = ?, seen_ms = ? WHERE authority = ? AND seq = ? AND seen_ms IS NULL",
        )
        .bind(by)
        .bind(now.0)
        .bind(authority.as_str())
        .bind(seq)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn clear_namesake(
        &self,
        authority: &AuthorityId,
        holder: &[u8; 32],
        hit: &Hit,
        cleared: &Cleared,
        now: UtcTime,
    ) -> Result<(), AppError> {
        sqlx::query(
            "INSERT INTO cleared_namesakes (authority, holder, entry, entry_hash, cleared_by, reason, cleared_ms, \
             until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(holder.as_slice())
        .bind(&hit.entry)
        .bind(&hit.entry_sha256)
        .bind(&cleared.by)
        .bind(&cleared.reason)
        .bind(now.0)
        .bind(cleared.until.0)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Ends a clearance at once; false if there is none.
    pub(crate) async fn end_clearance(
        &self,
        authority: &AuthorityId,
        id: i64,
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let done = sqlx::query(
            "UPDATE cleared_namesakes SET until_ms = ?1 WHERE authority = ?2 AND id = ?3 AND until_ms > ?1",
        )
        .bind(now.0)
        .bind(authority.as_str())
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Entries that the holder was found not to be, by id and version of the entry, as far as that still holds.
    pub(crate) async fn cleared(
        &self,
        authority: &AuthorityId,
        holder: &[u8; 32],
        now: UtcTime,
    ) -> Result<BTreeMap<(String, String), Cleared>, AppError> {
        let rows = sqlx::query(
            "SELECT entry, entry_hash, cleared_by, reason, until_ms FROM cleared_namesakes \
             WHERE authority = ? AND holder = ? AND until_ms > ?",
        )
        .bind(authority.as_str())
        .bind(holder.as_slice())
        .bind(now.0)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let cleared = Cleared {
                    by: row.try_get(2)?,
                    reason: row.try_get(3)?,
                    until: UtcTime(row.try_get(4)?),
                };
                Ok(((row.try_get(0)?, row.try_get(1)?), cleared))
            })
            .collect()
    }

    /// The newest clearances.
    pub(crate) async fn namesakes(
        &self,
        authority: &AuthorityId,
        now: UtcTime,
    ) -> Result<Vec<StoredNamesake>, AppError> {
        let rows = sqlx::query(
            "SELECT n.id, n.entry, n.cleared_by, n.reason, n.until_ms, \
             n.until_ms > ?2 AND coalesce(lower(hex(l.hash)) = n.entry_hash, 0) FROM cleared_namesakes n \
             LEFT JOIN list_current l ON l.authority = n.authority AND l.entry = n.entry \
             WHERE n.authority = ?1 ORDER BY n.id DESC LIMIT ?3",
        )
        .bind(authority.as_str())
        .bind(now.0)
        .bind(ALERTS_SHOWN)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(StoredNamesake {
                    id: row.try_get(0)?,
                    entry: row.try_get(1)?,
                    cleared: Cleared {
                        by: row.try_get(2)?,
                        reason: row.try_get(3)?,
                        until: UtcTime(row.try_get(4)?),
                    },
                    holds: row.try_get(5)?,
                })
            })
            .collect()
    }

    /// Whether this replica is the one that holds the version against known travellers.
    pub(crate) async fn claim_recheck(
        &self,
        authority: &AuthorityId,
        version: u64,
    ) -> Result<bool, AppError> {
        let done = sqlx::query(
            "INSERT INTO list_rechecks (authority, version) VALUES (?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(authority.as_str())
        .bind(i64::try_from(version).unwrap_or(i64::MAX))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// How many travellers [`Self::known_travellers`] gives.
    pub(crate) async fn inspected_since(
        &self,
        authority: &AuthorityId,
        since: UtcTime,
    ) -> Result<u64, AppError> {
        let first = InspectionId::new(u64::try_from(since.0).unwrap_or(0), [0; 10]);
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM inspections WHERE authority = ? AND id >= ?")
                .bind(authority.as_str())
                .bind(first.to_string())
                .fetch_one(&self.pool)
                .await?;
        Ok(super::unsigned(count.min(KNOWN_TRAVELLERS_MAX)))
    }

    /// Travellers inspected since an instant, the newest first.
    pub(crate) async fn known_travellers(
        &self,
        authority: &AuthorityId,
        since: UtcTime,
    ) -> Result<Vec<KnownTraveller>, AppError> {
        // Ids begin with their time (UUIDv7), so that they sort by it.
        let first = InspectionId::new(u64::try_from(since.0).unwrap_or(0), [0; 10]);
        let rows = sqlx::query(
            "SELECT i.body, r.body FROM inspections i LEFT JOIN records r ON r.authority = i.authority \
             AND r.inspection = i.id WHERE i.authority = ? AND i.id >= ? ORDER BY i.id DESC LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(first.to_string())
        .bind(KNOWN_TRAVELLERS_MAX)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let record: Option<Vec<u8>> = row.try_get(1)?;
                let record = record.map(|body| serde_json::from_slice::<PassageRecord>(&body));
                let opened: OpenInspection = serde_json::from_str(&row.try_get::<String, _>(0)?)?;
                Ok(KnownTraveller {
                    document: opened.document,
                    known: Known::Inspected {
                        inspection: opened.inspection,
                        lane: opened.lane,
                        opened: opened.opened_at,
                        outcome: record.transpose()?.map(|record| record.outcome),
                    },
                })
            })
            .collect()
    }

    /// Keeps an announcement in place of an earlier one for the same day.
    pub(crate) async fn expect_traveller(
        &self,
        authority: &AuthorityId,
        expected: &ExpectedTraveller,
    ) -> Result<(), AppError> {
        sqlx::query(
            "INSERT INTO expected_travellers (authority, issuer, number, arrives, body) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (authority, issuer, number, arrives) DO UPDATE SET body = excluded.body",
        )
        .bind(authority.as_str())
        .bind(expected.document.issuer.as_str())
        .bind(expected.document.number.expose())
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

    /// What was announced of the holder of a document for the days from `from` to `to`; the latest.
    pub(crate) async fn expected_traveller(
        &self,
        authority: &AuthorityId,
        document: &DocumentMessage,
        days: (Date, Date),
    ) -> Result<Option<ExpectedTraveller>, AppError> {
        let body: Option<String> = sqlx::query_scalar(
            "SELECT body FROM expected_travellers WHERE authority = ? AND issuer = ? AND number = ? \
             AND arrives BETWEEN ? AND ? ORDER BY arrives DESC LIMIT 1",
        )
        .bind(authority.as_str())
        .bind(document.issuer.as_str())
        .bind(document.number.expose())
        .bind(days.0.to_string())
        .bind(days.1.to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    /// All who are announced from `day` on.
    pub(crate) async fn expected_travellers(
        &self,
        authority: &AuthorityId,
        day: Date,
    ) -> Result<Vec<ExpectedTraveller>, AppError> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT body FROM expected_travellers WHERE authority = ? AND arrives >= ? LIMIT ?",
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

    /// Counts that a rule meets an inspection; returns how many it had met that day before, and whether it had met this one.
    pub(crate) async fn count_rule_hit(
        &self,
        authority: &AuthorityId,
        entry: &str,
        day: Date,
        inspection: InspectionId,
    ) -> Result<(u32, bool), AppError> {
        let (day, inspection) = (day.to_string(), inspection.to_string());
        let mut tx = self.write().await?;
        let counted = sqlx::query(
            "INSERT INTO rule_hits (authority, entry, day, inspection) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(authority.as_str())
        .bind(entry)
        .bind(&day)
        .bind(&inspection)
        .execute(&mut *tx)
        .await?;
        let before: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM rule_hits WHERE authority = ?1 AND entry = ?2 AND day = ?3 AND seq < \
             (SELECT seq FROM rule_hits WHERE authority = ?1 AND entry = ?2 AND day = ?3 AND inspection = ?4)",
        )
        .bind(authority.as_str())
        .bind(entry)
        .bind(&day)
        .bind(&inspection)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        Ok((before, counted.rows_affected() == 0))
    }
}
