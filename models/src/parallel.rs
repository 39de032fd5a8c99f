//! Independent work on one frame, side by side, on threads that stay.

use crate::pipeline::LoadError;

pub(crate) type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Threads for the tasks of a frame. They end with the pipeline and not before: OpenCV 4.6 keeps some 800 bytes of every thread that ever
/// called it, so threads that lived for one frame would leak with each.
pub(crate) struct Workers(Option<rayon_core::ThreadPool>);

impl Workers {
    /// So many; for one, the caller's own thread serves.
    pub(crate) fn new(threads: usize) -> Result<Self, LoadError> {
        if threads <= 1 {
            return Ok(Self(None));
        }
        let pool = rayon_core::ThreadPoolBuilder::new().num_threads(threads);
        Ok(Self(Some(pool.build()?)))
    }

    /// Runs every task once and returns when all are done. They are taken in their order: the longest first leaves nobody waiting.
    pub(crate) fn side_by_side(&self, tasks: Vec<Task<'_>>) {
        match &self.0 {
            None => tasks.into_iter().for_each(|task| task()),
            Some(pool) => pool.scope_fifo(|scope| {
                for task in tasks {
                    scope.spawn_fifo(|_| task());
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use super::*;

    #[test]
    fn every_task_runs_once_and_two_run_at_the_same_time() {
        for threads in [1, 2, 5] {
            let runs = AtomicU32::new(0);
            let tasks = (0..7).map(|_| -> Task<'_> {
                Box::new(|| {
                    runs.fetch_add(1, Ordering::Relaxed);
                })
            });
            Workers::new(threads).unwrap().side_by_side(tasks.collect());
            assert_eq!(runs.into_inner(), 7, "{threads} threads");
        }
        let meeting = Barrier::new(2);
        let meet = || -> Task<'_> {
            Box::new(|| {
                meeting.wait();
            })
        };
        Workers::new(2).unwrap().side_by_side(vec![meet(), meet()]);
    }

    #[test]
    fn frame_after_frame_is_served_by_the_same_threads() {
        let workers = Workers::new(2).unwrap();
        let seen = Mutex::new(HashSet::new());
        for _ in 0..50 {
            let task = || -> Task<'_> {
                Box::new(|| {
                    seen.lock().unwrap().insert(thread::current().id());
                })
            };
            workers.side_by_side(vec![task(), task(), task()]);
        }
        assert!(seen.into_inner().unwrap().len() <= 2);
    }
}
