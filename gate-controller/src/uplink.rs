//! Background tasks of the link: decisions in, lane views and records out. Each retries for ever with a pause; none
//! of them ever blocks the lane.

use std::collections::VecDeque;
use std::time::Duration;

use egate_types::{AuthorityId, LaneId};
use egate_wire::v1::{ComparisonBatch, LaneView, PassageRecord};
use tokio::sync::{mpsc, watch};

use crate::lane_task::Event;
use crate::link::{Link, LinkError};

/// Pause after a failure: long enough to spare a restarting service, short enough for an officer waiting.
const RETRY_MS: u64 = 500;
/// A view is repeated after this time without change, so that the console can tell a quiet lane from a dead one.
const VIEW_REPEAT_MS: u64 = 2_000;

/// Waits for officers' decisions and hands them to the lane.
pub async fn decisions(link: Link, lane: LaneId, inbox: mpsc::Sender<Event>) {
    let mut after = 0;
    loop {
        match link.decisions(&lane, after).await {
            Ok(envelopes) => {
                for envelope in envelopes {
                    after = after.max(envelope.seq);
                    let event = Event::Decision(link.authority().clone(), envelope);
                    if inbox.send(event).await.is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                tracing::debug!(%error, "no decisions");
                tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
            }
        }
    }
}

/// Shows the lane to the authority's officers, and tells the lane when the authority comes or goes.
pub async fn views(
    link: Link,
    mut view: watch::Receiver<Option<LaneView>>,
    inbox: mpsc::Sender<Event>,
) {
    let mut reachable = true;
    loop {
        let repeat = Duration::from_millis(VIEW_REPEAT_MS);
        if let Ok(Err(_)) = tokio::time::timeout(repeat, view.changed()).await {
            return;
        }
        let Some(shown) = view.borrow_and_update().clone() else {
            continue;
        };
        let now = link
            .view(&shown)
            .await
            .inspect_err(|error| tracing::debug!(%error, "no view"));
        if now.is_ok() != reachable {
            reachable = now.is_ok();
            let event = Event::AuthorityReachable(link.authority().clone(), reachable);
            if inbox.send(event).await.is_err() {
                return;
            }
        }
        if !reachable {
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        }
    }
}

/// Delivers records of one authority in order, each until it is acknowledged. A record that is refused stays in the
/// journal and is tried again after the next start.
pub async fn deliver(
    link: Link,
    mut records: mpsc::UnboundedReceiver<PassageRecord>,
    inbox: mpsc::Sender<Event>,
) {
    let mut queue = VecDeque::new();
    loop {
        if queue.is_empty() {
            let Some(record) = records.recv().await else {
                return;
            };
            queue.push_back(record);
        }
        while let Ok(record) = records.try_recv() {
            queue.push_back(record);
        }
        let Some(record) = queue.front() else {
            continue;
        };
        match link.record(record).await {
            Ok(()) => {
                let event = Event::Delivered(record.inspection, link.authority().clone());
                if inbox.send(event).await.is_err() {
                    return;
                }
                queue.pop_front();
            }
            Err(
                error @ LinkError::Refused {
                    status: 400..=499, ..
                },
            ) => {
                tracing::error!(inspection.id = %record.inspection, %error, "record refused");
                queue.pop_front();
            }
            Err(error) => {
                tracing::debug!(%error, "record not delivered");
                tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
            }
        }
    }
}

/// Delivers counted face comparisons, each batch until it is acknowledged or refused. What a gate has counted and not
/// delivered when it ends is lost: it is a sample, and no record.
pub async fn comparisons(link: Link, mut batches: mpsc::Receiver<ComparisonBatch>) {
    while let Some(batch) = batches.recv().await {
        loop {
            match link.comparisons(&batch).await {
                Ok(()) => break,
                Err(
                    error @ LinkError::Refused {
                        status: 400..=499, ..
                    },
                ) => {
                    tracing::error!(lane.id = %batch.lane, %error, "counts of face comparisons refused");
                    break;
                }
                Err(error) => {
                    tracing::debug!(%error, "counts of face comparisons not delivered");
                    tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
                }
            }
        }
    }
}

/// Splits the lane's outbox by authority.
pub async fn sort(
    mut outbox: mpsc::UnboundedReceiver<(AuthorityId, PassageRecord)>,
    queues: Vec<(AuthorityId, mpsc::UnboundedSender<PassageRecord>)>,
) {
    while let Some((authority, record)) = outbox.recv().await {
        for (owner, queue) in &queues {
            if *owner == authority {
                let _ = queue.send(record.clone());
            }
        }
    }
}
