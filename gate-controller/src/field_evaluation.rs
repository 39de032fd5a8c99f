//! The evaluation in the field around its core ([`crate::face::field`]): a task of its own behind a short queue.
//!
//! The lane only hands over what a finished inspection leaves, and never waits: where the queue is full, the inspection is
//! skipped and counted as such.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use egate_models::Template;
use egate_types::{CheckResult, LaneId, Outcome};
use egate_wire::v1::ComparisonBatch;
use tokio::sync::mpsc;

use crate::clock::{self, Clock};
use crate::config::RetentionConfig;
use crate::face::field::{
    BATCH_MS, Configuration, FieldEvaluation, Person, Retention, Subject, groups,
};
use crate::inspection::OpenCase;

/// Where finished inspections are handed over.
pub struct Field {
    key: [u8; 32],
    queue: mpsc::Sender<Subject<Template>>,
    skipped: Arc<AtomicU32>,
}

/// Starts the evaluation; what it counts comes out of `batches`.
pub fn start(
    lane: LaneId,
    configurations: Vec<Configuration>,
    rule: Option<&RetentionConfig>,
    clock: Clock,
    batches: mpsc::Sender<ComparisonBatch>,
) -> Result<Field, getrandom::Error> {
    let (queue, subjects) = mpsc::channel(QUEUE_MAX);
    let skipped = Arc::new(AtomicU32::new(0));
    let retention = rule.map(|rule| Retention {
        keep_ms: u64::from(rule.keep_minutes) * 60_000,
    });
    if let Some(RetentionConfig { law, keep_minutes }) = rule {
        tracing::info!(lane.id = %lane, law, keep_minutes, "references are kept in memory for the evaluation in the field");
    }
    let task = Task {
        lane,
        law: rule.map(|rule| rule.law.clone()),
        clock,
        core: FieldEvaluation::new(configurations, retention),
        skipped: skipped.clone(),
    };
    tokio::spawn(task.run(subjects, batches));
    Ok(Field {
        key: clock::random()?,
        queue,
        skipped,
    })
}

impl Field {
    /// Hands over what an inspection leaves, as far as there was something to compare.
    pub fn offer(&self, case: &mut OpenCase, outcome: Outcome) {
        let (Some(captured), Some(mrz)) = (case.captured.as_mut(), case.mrz.as_ref()) else {
            return;
        };
        let pairs = std::mem::take(&mut captured.pairs);
        if pairs.is_empty() {
            return;
        }
        let subject = Subject {
            person: Person::of(&self.key, &mrz.document),
            groups: groups(&mrz.document.holder, case.opened_at.date()),
            pairs,
            bona_fide: captured.presentation == CheckResult::Successful,
            admitted: outcome == Outcome::Admitted,
        };
        if self.queue.try_send(subject).is_err() {
            self.skipped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Task {
    lane: LaneId,
    law: Option<String>,
    clock: Clock,
    core: FieldEvaluation<Template>,
    skipped: Arc<AtomicU32>,
}

impl Task {
    /// Evaluates until the gate ends. The comparisons of one traveller are 128 products of vectors and take well under a
    /// millisecond, so they need no thread of their own.
    async fn run(
        mut self,
        mut subjects: mpsc::Receiver<Subject<Template>>,
        batches: mpsc::Sender<ComparisonBatch>,
    ) {
        loop {
            let tick = self.clock.mono().plus_ms(BATCH_MS);
            let wake = self.core.poll_timeout().map_or(tick, |at| at.min(tick));
            let subject = tokio::time::timeout_at(self.clock.deadline(wake), subjects.recv()).await;
            match subject {
                Ok(None) => return,
                Ok(Some(subject)) => {
                    let now = self.clock.now();
                    self.core.evaluate(now.mono, now.utc, subject);
                }
                Err(_) => self.core.expire(self.clock.mono()),
            }
            // While the last batch is on its way, counting goes on in the next one.
            if let Ok(place) = batches.try_reserve()
                && let Some(batch) = self.batch()
            {
                place.send(batch);
            }
        }
    }

    fn batch(&mut self) -> Option<ComparisonBatch> {
        let counted = self.core.take(self.clock.mono())?;
        Some(ComparisonBatch {
            lane: self.lane.clone(),
            began_at: counted.began_at,
            ended_at: self.clock.utc(),
            retention: self.law.clone(),
            left_out: counted.left_out,
            skipped: self.skipped.swap(0, Ordering::Relaxed),
            counts: counted.counts,
        })
    }
}

/// Inspections waiting to be evaluated: a lane ends one every few seconds, each takes a millisecond.
const QUEUE_MAX: usize = 4;
