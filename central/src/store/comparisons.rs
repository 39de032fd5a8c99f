//! What gates counted of face comparisons in the field.

use egate_types::{AuthorityId, MatchScore, UtcTime};
use egate_wire::v1::{ComparisonBatch, ComparisonCount};
use sha2::{Digest, Sha256};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{Once, Store, unsigned};
use crate::{
    app::AppError,
    comparison_report::{Batches, Count},
};

impl Store {
    /// Counts a batch, once.
    pub(crate) async fn add_comparisons(
        &self,
        authority: &AuthorityId,
        batch: &ComparisonBatch,
    ) -> Result<Once, AppError> {
        let hash = Sha256::digest(serde_json::to_vec(batch)?);
        let mut tx = self.write().await?;
        let there: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT hash FROM comparison_batches WHERE authority = ? AND lane = ? AND began_ms = ?",
        )
        .bind(authority.as_str())
        .bind(batch.lane.as_str())
        .bind(batch.began_at.0)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(there) = there {
            return Ok(if there == hash.as_slice() {
                Once::SameAgain
            } else {
                Once::Different
            });
        }
        sqlx::query(
            "INSERT INTO comparison_batches (authority, lane, began_ms, ended_ms, hash, retention, \
             left_out, skipped) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(authority.as_str())
        .bind(batch.lane.as_str())
        .bind(batch.began_at.0)
        .bind(batch.ended_at.0)
        .bind(hash.as_slice())
        .bind(&batch.retention)
        .bind(batch.left_out)
        .bind(batch.skipped)
        .execute(&mut *tx)
        .await?;
        let day = batch.ended_at.date().to_string();
        for count in &batch.counts {
            add(&mut tx, authority, &day, count).await?;
        }
        tx.commit().await?;
        Ok(Once::Written)
    }

    /// The sums of all days.
    pub(crate) async fn comparisons(
        &self,
        authority: &AuthorityId,
    ) -> Result<Vec<Count>, AppError> {
        let rows = sqlx::query(
            "SELECT configuration, match_score, fmr_ppb, people, max(in_force), \
             sum(false_non_matches), sum(mated_comparisons), sum(false_matches), \
             sum(non_mated_comparisons) FROM comparison_counts WHERE authority = ? \
             GROUP BY configuration, match_score, fmr_ppb, people",
        )
        .bind(authority.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(count).collect()
    }

    /// From when to when, and under which laws, that was counted; `None` if nothing was.
    pub(crate) async fn comparison_batches(
        &self,
        authority: &AuthorityId,
    ) -> Result<Option<Batches>, AppError> {
        let row = sqlx::query(
            "SELECT min(began_ms), max(ended_ms), count(DISTINCT lane), sum(left_out), sum(skipped) \
             FROM comparison_batches WHERE authority = ? GROUP BY authority",
        )
        .bind(authority.as_str())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let retention = sqlx::query_scalar(
            "SELECT DISTINCT retention FROM comparison_batches \
             WHERE authority = ? AND retention IS NOT NULL ORDER BY retention",
        )
        .bind(authority.as_str())
        .fetch_all(&self.pool)
        .await?;
        Ok(Some(Batches {
            began_at: UtcTime(row.try_get(0)?),
            ended_at: UtcTime(row.try_get(1)?),
            lanes: unsigned(row.try_get(2)?),
            left_out: unsigned(row.try_get(3)?),
            skipped: unsigned(row.try_get(4)?),
            retention,
        }))
    }
}

async fn add(
    connection: &mut SqliteConnection,
    authority: &AuthorityId,
    day: &str,
    count: &ComparisonCount,
) -> Result<(), AppError> {
    sqlx::query(
        "INSERT INTO comparison_counts (authority, day, configuration, match_score, fmr_ppb, people, \
         in_force, false_non_matches, mated_comparisons, false_matches, non_mated_comparisons) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT DO UPDATE SET in_force = max(in_force, excluded.in_force), \
         false_non_matches = false_non_matches + excluded.false_non_matches, \
         mated_comparisons = mated_comparisons + excluded.mated_comparisons, \
         false_matches = false_matches + excluded.false_matches, \
         non_mated_comparisons = non_mated_comparisons + excluded.non_mated_comparisons",
    )
    .bind(authority.as_str())
    .bind(day)
    .bind(&count.configuration)
    .bind(count.match_score.0)
    .bind(count.fmr_ppb)
    .bind(serde_json::to_string(&count.group)?)
    .bind(count.in_force)
    .bind(count.mated.errors())
    .bind(count.mated.comparisons())
    .bind(count.non_mated.errors())
    .bind(count.non_mated.comparisons())
    .execute(connection)
    .await?;
    Ok(())
}

fn count(row: &SqliteRow) -> Result<Count, AppError> {
    Ok(Count {
        configuration: row.try_get(0)?,
        match_score: MatchScore(row.try_get(1)?),
        fmr_ppb: row.try_get(2)?,
        group: serde_json::from_str(row.try_get(3)?)?,
        in_force: row.try_get(4)?,
        mated: [unsigned(row.try_get(5)?), unsigned(row.try_get(6)?)],
        non_mated: [unsigned(row.try_get(7)?), unsigned(row.try_get(8)?)],
    })
}
