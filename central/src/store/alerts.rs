//! What is kept beside lists: what officers are told, each thing once; rules' hits of a day; and namesakes.

use std::collections::BTreeMap;

use egate_rules::targeting::{Ceiling, CeilingState};
use egate_types::{AuthorityId, Date, InspectionId, LaneId, UtcTime};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    Store,
    known::{Announcement, ExpectedTraveller},
};
use crate::{
    app::AppError,
    limits::ALERTS_SHOWN,
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
    /// The entry is new, and meets more known travellers than officers are told of one by one.
    Further,
}

impl AlertKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Present => "present",
            Self::Admitted => "admitted",
            Self::Expected => "expected",
            Self::Ceiling => "ceiling",
            Self::Further => "further",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [
            Self::Silent,
            Self::Present,
            Self::Admitted,
            Self::Expected,
            Self::Ceiling,
            Self::Further,
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
    /// Of an expected traveller.
    pub(crate) announced: Option<Announcement>,
    pub(crate) hit: Hit,
    /// How many travellers the entry meets besides.
    pub(crate) more: u64,
}

impl Alert {
    /// About nobody yet.
    pub(crate) fn of(kind: AlertKind, hit: Hit) -> Self {
        Self {
            kind,
            inspection: None,
            lane: None,
            announced: None,
            hit,
            more: 0,
        }
    }

    /// Whom or what day it is about: with kind and entry it names the alert, so that none is raised twice.
    fn subject(&self, today: Date) -> String {
        match (self.kind, &self.announced, self.inspection) {
            (AlertKind::Ceiling, _, _) => today.to_string(),
            (_, Some(at), _) => format!("{} {} {}", at.issuer, at.number, at.arrives),
            (_, None, Some(inspection)) => inspection.to_string(),
            (_, None, None) => String::new(),
        }
    }
}

/// An alert as kept.
pub(crate) struct StoredAlert {
    pub(crate) seq: i64,
    pub(crate) at: UtcTime,
    pub(crate) alert: Alert,
    /// The announcement, as long as it is kept.
    pub(crate) expected: Option<ExpectedTraveller>,
    pub(crate) seen_by: Option<String>,
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
    /// Raises an alert, unless it was raised before: of the same kind, about the same traveller and the same state of the entry.
    pub(crate) async fn add_alert(
        &self,
        authority: &AuthorityId,
        alert: &Alert,
        now: UtcTime,
    ) -> Result<(), AppError> {
        let mut connection = self.pool.acquire().await?;
        raise(&mut connection, authority, alert, now).await
    }

    /// Alerts, those that nobody has seen first.
    pub(crate) async fn alerts(
        &self,
        authority: &AuthorityId,
    ) -> Result<Vec<StoredAlert>, AppError> {
        let rows = sqlx::query(
            "SELECT a.seq, a.at_ms, a.kind, a.inspection, a.lane, a.issuer, a.number, a.arrives, a.hit, a.more, \
             a.seen_by, e.body FROM list_alerts a LEFT JOIN expected_travellers e ON e.authority = a.authority \
             AND e.issuer = a.issuer AND e.number = a.number AND e.arrives = a.arrives WHERE a.authority = ? \
             ORDER BY a.seen_ms IS NULL DESC, a.seq DESC LIMIT ?",
        )
        .bind(authority.as_str())
        .bind(ALERTS_SHOWN)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(stored_alert).collect()
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

    /// Keeps a clearance in place of an earlier one of the same holder and entry.
    pub(crate) async fn clear_namesake(
        &self,
        authority: &AuthorityId,
        holder: &[u8; 32],
        hit: &Hit,
        cleared: &Cleared,
        now: UtcTime,
    ) -> Result<(), AppError> {
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE cleared_namesakes SET until_ms = ?1 \
             WHERE authority = ?2 AND holder = ?3 AND entry = ?4 AND until_ms > ?1",
        )
        .bind(now.0)
        .bind(authority.as_str())
        .bind(holder.as_slice())
        .bind(&hit.entry)
        .execute(&mut *tx)
        .await?;
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
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a clearance at once, and whatever else clears the same holder of the same entry; false if there is none.
    pub(crate) async fn end_clearance(
        &self,
        authority: &AuthorityId,
        id: i64,
        now: UtcTime,
    ) -> Result<bool, AppError> {
        let done = sqlx::query(
            "UPDATE cleared_namesakes SET until_ms = ?1 WHERE authority = ?2 AND until_ms > ?1 AND (entry, holder) = \
             (SELECT n.entry, n.holder FROM cleared_namesakes n WHERE n.authority = ?2 AND n.id = ?3)",
        )
        .bind(now.0)
        .bind(authority.as_str())
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
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

    /// Counts once that a rule meets an inspection, and says where that stands. From the hit that reaches the ceiling on, the alarm of
    /// the day is raised with the count: a rule never rests without it.
    pub(crate) async fn count_rule_hit(
        &self,
        authority: &AuthorityId,
        hit: &Hit,
        most: u32,
        inspection: InspectionId,
        now: UtcTime,
    ) -> Result<CeilingState, AppError> {
        let (today, id) = (now.date(), inspection.to_string());
        let day = today.to_string();
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO rule_hits (authority, entry, day, inspection) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(authority.as_str())
        .bind(&hit.entry)
        .bind(&day)
        .bind(&id)
        .execute(&mut *tx)
        .await?;
        let before: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM rule_hits WHERE authority = ?1 AND entry = ?2 AND day = ?3 AND seq < \
             (SELECT seq FROM rule_hits WHERE authority = ?1 AND entry = ?2 AND day = ?3 AND inspection = ?4)",
        )
        .bind(authority.as_str())
        .bind(&hit.entry)
        .bind(&day)
        .bind(&id)
        .fetch_one(&mut *tx)
        .await?;
        let hits = u32::try_from(before).unwrap_or(u32::MAX);
        let (_, state) = Ceiling { day: today, hits }.after_hit(today, most);
        if state != CeilingState::Within {
            let alert = Alert {
                inspection: Some(inspection),
                ..Alert::of(AlertKind::Ceiling, hit.clone())
            };
            raise(&mut tx, authority, &alert, now).await?;
        }
        tx.commit().await?;
        Ok(state)
    }
}

async fn raise(
    connection: &mut SqliteConnection,
    authority: &AuthorityId,
    alert: &Alert,
    now: UtcTime,
) -> Result<(), AppError> {
    let announced = alert.announced.as_ref();
    sqlx::query(
        "INSERT INTO list_alerts (authority, at_ms, kind, inspection, lane, issuer, number, arrives, hit, more, \
         entry, entry_hash, subject) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(authority.as_str())
    .bind(now.0)
    .bind(alert.kind.as_str())
    .bind(alert.inspection.map(|id| id.to_string()))
    .bind(alert.lane.as_ref().map(LaneId::as_str))
    .bind(announced.map(|announced| &announced.issuer))
    .bind(announced.map(|announced| &announced.number))
    .bind(announced.map(|announced| announced.arrives.to_string()))
    .bind(serde_json::to_string(&alert.hit)?)
    .bind(super::lists::signed(alert.more))
    .bind(&alert.hit.entry)
    .bind(&alert.hit.entry_sha256)
    .bind(alert.subject(now.date()))
    .execute(connection)
    .await?;
    Ok(())
}

fn stored_alert(row: &SqliteRow) -> Result<StoredAlert, AppError> {
    let corrupt = |what: &str| AppError::Corrupt(format!("an alert with {what}"));
    let kind: String = row.try_get("kind")?;
    let inspection: Option<String> = row.try_get("inspection")?;
    let lane: Option<String> = row.try_get("lane")?;
    let arrives: Option<String> = row.try_get("arrives")?;
    let announced = match arrives {
        Some(day) => Some(Announcement {
            issuer: row.try_get("issuer")?,
            number: row.try_get("number")?,
            arrives: Date::parse(&day).map_err(|_| corrupt("no day"))?,
        }),
        None => None,
    };
    let expected: Option<String> = row.try_get("body")?;
    Ok(StoredAlert {
        seq: row.try_get("seq")?,
        at: UtcTime(row.try_get("at_ms")?),
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
            announced,
            hit: serde_json::from_str(&row.try_get::<String, _>("hit")?)?,
            more: super::unsigned(row.try_get("more")?),
        },
        expected: expected
            .map(|body| serde_json::from_str(&body))
            .transpose()?,
        seen_by: row.try_get("seen_by")?,
    })
}
