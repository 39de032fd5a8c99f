//! Independent work on one frame, side by side.

use std::sync::{Mutex, PoisonError};

pub(crate) type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Runs every task once on so many threads, this one among them. They are taken in their order: the longest first leaves nobody waiting.
pub(crate) fn side_by_side(threads: usize, tasks: Vec<Task<'_>>) {
    let waiting = Mutex::new(tasks.into_iter());
    let work = || {
        while let Some(task) = next(&waiting) {
            task();
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

/// The queue is free again while the task runs.
fn next<'a>(waiting: &Mutex<std::vec::IntoIter<Task<'a>>>) -> Option<Task<'a>> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .next()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};

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
            side_by_side(threads, tasks.collect());
            assert_eq!(runs.into_inner(), 7, "{threads} threads");
        }
        let meeting = Barrier::new(2);
        let meet = || -> Task<'_> {
            Box::new(|| {
                meeting.wait();
            })
        };
        side_by_side(2, vec![meet(), meet()]);
    }
}
