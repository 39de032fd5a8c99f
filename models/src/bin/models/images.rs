//! Runs a set over images, each once, on one or two threads.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, anyhow};
use egate_models::evaluation::comparison::FailedImage;
use egate_types::BgrFrame;

use crate::files::Refusal;
use crate::output;
use crate::picture;
use crate::source::{Engine, Source};

/// Every image exists; the error names the first line of the table that names a missing one.
pub fn exist<'a>(
    table: &Path,
    folder: &Path,
    images: impl IntoIterator<Item = (usize, &'a str)>,
) -> Result<(), Refusal> {
    for (line, image) in images {
        if !folder.join(image).is_file() {
            let rule = format!(
                "line {line}: there is no image {image:?} in {}",
                folder.display()
            );
            return Err(Refusal::malformed(table, &rule));
        }
    }
    Ok(())
}

/// What `work` makes of each image, in their order, `None` for those that failed, and why these did. A picture that cannot
/// be decoded fails like one without a face; a network that cannot run ends the command.
pub fn each<T: Send>(
    source: &Source,
    threads: usize,
    folder: &Path,
    images: &[&str],
    work: impl Fn(&mut Engine, &BgrFrame) -> anyhow::Result<Option<T>> + Sync,
) -> anyhow::Result<(Vec<Option<T>>, Vec<FailedImage>)> {
    let next = AtomicUsize::new(0);
    let step = images.len().div_ceil(PROGRESS_MESSAGES).max(1);
    let worker = || -> anyhow::Result<Vec<(usize, Result<T, String>)>> {
        let mut engine = source.load()?;
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(image) = images.get(at) else {
                return Ok(done);
            };
            if at.is_multiple_of(step) {
                output::progress(format_args!("image {} of {}", at + 1, images.len()));
            }
            let bytes = std::fs::read(folder.join(image))
                .with_context(|| format!("cannot read {image}"))?;
            let result = match picture::decode(&bytes) {
                Ok(frame) => work(&mut engine, &frame)
                    .with_context(|| format!("{image} cannot be analysed"))?
                    .ok_or_else(|| "no face found".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            done.push((at, result));
        }
    };
    let workers = threads.clamp(1, THREADS_MAX).min(images.len().max(1));
    let parts = thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let joined = running.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow!("a worker thread panicked")))
        });
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut results: Vec<Option<T>> = images.iter().map(|_| None).collect();
    let mut failed = Vec::new();
    for (at, result) in parts.into_iter().flatten() {
        match result {
            Ok(value) => results[at] = Some(value),
            Err(reason) => failed.push((at, reason)),
        }
    }
    failed.sort();
    let named = failed.into_iter().map(|(at, reason)| FailedImage {
        image: images[at].to_owned(),
        reason,
    });
    Ok((results, named.collect()))
}

/// More threads would starve a gate that runs beside an evaluation.
pub const THREADS_MAX: usize = 2;
/// About so many lines on standard error per run.
const PROGRESS_MESSAGES: usize = 20;
