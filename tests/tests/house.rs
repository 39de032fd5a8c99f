//! House rules that the compiler does not check: the arrows between crates, purity, declared dependencies, tidiness.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use egate_tests::port::workspace_root;
use serde_json::Value;

/// What a pure crate must not touch: time, randomness, files, network and threads are the shell's.
const IMPURE: [&str; 9] = [
    "SystemTime::now",
    "Instant::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "getrandom",
    "tokio",
];
/// A machine that lies beside its shell and is pure all the same.
const PURE_FOLDER: &str = "gate-controller/src/face";
/// Nobody reads a longer file twice.
const FILE_LINES_MAX: usize = 1_000;
/// Weights of small networks are the largest thing the repository holds.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes that fuzzing found, texts or not.
const FUZZ_INPUTS: [&str; 2] = ["tests/fuzz/corpus", "tests/fuzz/regressions"];

fn read(path: impl AsRef<Path>) -> anyhow::Result<String> {
    let path = workspace_root().join(path);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// Standard output of a program that must succeed, run in the project's folder.
fn output(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(workspace_root())
        .output()
        .with_context(|| program.to_owned())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {arguments:?}: {errors}");
    Ok(String::from_utf8(output.stdout)?)
}

fn tracked_files() -> anyhow::Result<Vec<PathBuf>> {
    let files = output("git", &["ls-files"])?;
    Ok(files.lines().map(PathBuf::from).collect())
}

/// One row of the table of crates in `ARCHITECTURE.md`.
struct Row {
    folder: String,
    pure: bool,
    may_use: BTreeSet<String>,
}

fn rows() -> anyhow::Result<Vec<Row>> {
    let text = read("ARCHITECTURE.md")?;
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let folder = cells.next()?.trim_end_matches('`').to_owned();
        let pure = cells.next()?.contains("pure");
        let names = cells.next()?.split(',').map(|name| name.trim().to_owned());
        Some(Row {
            folder,
            pure,
            may_use: names.collect(),
        })
    });
    Ok(rows.collect())
}

fn packages() -> anyhow::Result<Vec<Value>> {
    let arguments = [
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ];
    let mut metadata: Value = serde_json::from_str(&output("cargo", &arguments)?)?;
    let packages = metadata["packages"].take();
    Ok(packages.as_array().context("cargo metadata")?.clone())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// A package's folder within the project.
fn folder(manifest_or_folder: &str) -> anyhow::Result<String> {
    let path = Path::new(manifest_or_folder.trim_end_matches("/Cargo.toml"));
    let inside = path.strip_prefix(workspace_root().canonicalize()?)?;
    Ok(inside.to_string_lossy().into_owned())
}

#[test]
fn arrows_between_crates_are_those_of_the_architecture() -> anyhow::Result<()> {
    let rows: BTreeMap<String, Row> = rows()?
        .into_iter()
        .map(|row| (row.folder.clone(), row))
        .collect();
    for package in packages()? {
        let folder_of_package = folder(text(&package, "manifest_path"))?;
        let row = rows
            .get(&folder_of_package)
            .with_context(|| format!("ARCHITECTURE.md has no row for {folder_of_package}"))?;
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let Some(path) = dependency["path"].as_str() else {
                continue;
            };
            // What tests use is their affair.
            if text(dependency, "kind") == "dev" || row.may_use.contains("everything") {
                continue;
            }
            let used = folder(path)?;
            let name = used.rsplit('/').next().unwrap_or_default();
            ensure!(
                row.may_use.contains(name),
                "{folder_of_package} uses {used}, which ARCHITECTURE.md does not allow"
            );
        }
    }
    Ok(())
}

#[test]
fn pure_crates_take_time_and_randomness_as_arguments() -> anyhow::Result<()> {
    let pure: Vec<PathBuf> = rows()?
        .into_iter()
        .filter(|row| row.pure)
        .map(|row| PathBuf::from(row.folder).join("src"))
        .chain([PathBuf::from(PURE_FOLDER)])
        .collect();
    ensure!(pure.len() >= 5, "ARCHITECTURE.md names its pure crates");
    for file in tracked_files()? {
        let is_program = file.components().any(|part| part.as_os_str() == "bin");
        if is_program || !pure.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        let source = read(&file)?;
        for (number, line) in (1..).zip(source.lines()) {
            let code = line.split("//").next().unwrap_or_default();
            let found = IMPURE.iter().find(|word| code.contains(**word));
            ensure!(found.is_none(), "{}:{number}: {found:?}", file.display());
        }
    }
    Ok(())
}

#[test]
fn every_dependency_is_declared_once_with_its_reason_and_used() -> anyhow::Result<()> {
    let root = read("Cargo.toml")?;
    let declared = root
        .split("[workspace.dependencies]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .context("[workspace.dependencies]")?;
    let mut declared_names = BTreeSet::new();
    for line in declared.lines().filter(|line| line.contains(" = ")) {
        let name = line.split(' ').next().unwrap_or_default();
        let own = line.contains("path = ");
        ensure!(own || line.contains(" # "), "{name} needs its reason");
        declared_names.insert(name.to_owned());
    }
    let mut used = BTreeSet::new();
    for package in packages()? {
        let manifest =
            read(Path::new(&folder(text(&package, "manifest_path"))?).join("Cargo.toml"))?;
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let name = text(dependency, "name");
            used.insert(name.to_owned());
            let shared = manifest
                .lines()
                .any(|line| line.starts_with(name) && line.contains("workspace"));
            ensure!(shared, "{} declares {name} itself", text(&package, "name"));
        }
    }
    let unused: Vec<&String> = declared_names.difference(&used).collect();
    ensure!(unused.is_empty(), "declared and not used: {unused:?}");
    Ok(())
}

#[test]
fn files_are_tidy() -> anyhow::Result<()> {
    // Put together here, or this file would find itself.
    let machine_paths = ["root", "home", "work"].map(|folder| format!("\"/{folder}/"));
    let mut found = Vec::new();
    for file in tracked_files()? {
        let path = workspace_root().join(&file);
        // A file that git still lists while somebody is moving it.
        let Ok(metadata) = path.metadata() else {
            continue;
        };
        if metadata.len() > FILE_BYTES_MAX {
            found.push(format!("{}: {} bytes", file.display(), metadata.len()));
        }
        // Inputs of parsers are as they are.
        if FUZZ_INPUTS.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let is_rust = file.extension().is_some_and(|extension| extension == "rs");
        if is_rust && text.lines().count() > FILE_LINES_MAX {
            found.push(format!(
                "{}: more than {FILE_LINES_MAX} lines",
                file.display()
            ));
        }
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim_end() != line && file.extension().is_some_and(|e| e != "md") {
                found.push(format!("{}:{number}: blank at the end", file.display()));
            }
            if machine_paths.iter().any(|path| line.contains(path)) {
                found.push(format!("{}:{number}: a machine's path", file.display()));
            }
        }
    }
    ensure!(found.is_empty(), "{found:#?}");
    Ok(())
}
