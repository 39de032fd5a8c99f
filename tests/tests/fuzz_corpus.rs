//! Every input kept from fuzzing, through the same entries as the fuzz targets, without their compiler flags.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use egate_tests::port::workspace_root;

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

/// What is grown from our own seeds, and inputs that once were a crash, one folder per target in each.
const KEPT: [&str; 2] = ["corpus", "regressions"];

fn folder(kept: &str) -> PathBuf {
    workspace_root().join("tests/fuzz").join(kept)
}

/// Paths in a folder; none if it does not exist.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    Ok(entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?)
}

#[test]
fn no_kept_input_of_any_fuzz_target_panics() -> anyhow::Result<()> {
    let mut panicked = Vec::new();
    for (target, run) in fuzz::TARGETS {
        let of_corpus = entries(&folder("corpus").join(target))?;
        ensure!(!of_corpus.is_empty(), "{target} has no corpus");
        for input in KEPT.iter().map(|kept| folder(kept).join(target)) {
            for path in entries(&input)? {
                let bytes = std::fs::read(&path)?;
                if catch_unwind(|| run(&bytes)).is_err() {
                    panicked.push(path);
                }
            }
        }
    }
    ensure!(panicked.is_empty(), "{panicked:#?}");
    Ok(())
}

#[test]
fn every_folder_of_kept_inputs_belongs_to_a_target() -> anyhow::Result<()> {
    let targets: BTreeSet<PathBuf> = KEPT
        .iter()
        .flat_map(|kept| fuzz::TARGETS.map(|(target, _)| folder(kept).join(target)))
        .collect();
    for kept in KEPT {
        for path in entries(&folder(kept))? {
            ensure!(targets.contains(&path), "{} is never run", path.display());
        }
    }
    Ok(())
}

#[test]
fn every_fuzz_target_is_replayed() -> anyhow::Result<()> {
    let programs = entries(&folder("fuzz_targets"))?;
    let programs: BTreeSet<_> = programs
        .iter()
        .filter_map(|program| Some(program.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let replayed = BTreeSet::from(fuzz::TARGETS.map(|(target, _)| target.to_owned()));
    ensure!(
        programs == replayed,
        "{programs:?} are fuzzed, {replayed:?} replayed"
    );
    Ok(())
}
