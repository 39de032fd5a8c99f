//! Commands of the gate controller as integrators script them.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, ensure};
use egate_hardware::card::{AttachedChip, PcscReader, Pcscd, VIRTUAL_READERS};
use egate_icao::chip::ChipFault;
use egate_icao::chip::passport::Passport;
use egate_tests::clock;
use egate_tests::port::program;
use egate_tests::script::{Issuers, Twist};
use serde_json::Value;

/// How often and how long a virtual reader is waited for to notice that its document is gone; any change ends a wait.
const LOOKS: u32 = 20;
const LOOK_MS: u32 = 1_000;

/// Runs a command; its standard output as JSON.
async fn json(arguments: &[&str]) -> anyhow::Result<Value> {
    let output = program("gate-controller")?
        .args(arguments)
        .stderr(Stdio::piped())
        .output()
        .await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).with_context(|| format!("{arguments:?}"))
}

/// Puts a document on the second virtual reader and reads it with the command.
async fn read(passport: &Passport, fault: Option<ChipFault>, csca: &Path) -> anyhow::Result<Value> {
    let (name, port) = VIRTUAL_READERS[1];
    // The service looks at its virtual readers now and then: the document before must be known to be gone.
    let empty = move || {
        let mut reader = PcscReader::new(name)?;
        for _ in 0..LOOKS {
            if reader.wait_for_removal(LOOK_MS)? {
                return Ok(true);
            }
        }
        anyhow::Ok(false)
    };
    let empty = tokio::task::spawn_blocking(empty).await??;
    ensure!(empty, "{name} is occupied");
    let attached = AttachedChip::connect(("127.0.0.1", port))?;
    let remover = attached.remover()?;
    let mut chip = passport.chip(fault.into_iter().collect())?;
    let serving = tokio::task::spawn_blocking(move || attached.serve(&mut chip, clock::random));
    let zone = passport.issued.mrz.expose().join("/");
    let trust = csca.display().to_string();
    let arguments = [
        "document", "read", "--reader", name, "--mrz", &zone, "--trust", &trust, "--json",
    ];
    let answer = json(&arguments).await;
    remover.remove()?;
    serving.await??;
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_read_reads_and_judges_what_lies_on_a_pcsc_reader() -> anyhow::Result<()> {
    let _service = tokio::task::spawn_blocking(Pcscd::running).await??;
    let issuers = Issuers::new(clock::utc().date())?;
    let csca = Path::new(env!("CARGO_TARGET_TMPDIR")).join("csca.der");
    std::fs::write(&csca, issuers.state.csca_der()?)?;
    // Numbers 0, 1, 2: one document of each generation.
    for (n, access) in [(0, "pace"), (1, "pace"), (2, "bac")] {
        let (document, _) = issuers.document(Twist::None, n)?;
        let answer = read(&document.passport, None, &csca).await?;
        assert_eq!(answer["access"], access, "{answer:#}");
        assert_eq!(answer["passive_authentication"]["result"], "valid");
        assert_eq!(answer["mrz"]["document_number"], format!("U{n:08}"));
        assert!(answer["apdus"].as_u64() < Some(20), "{}", answer["apdus"]);
        let steps = answer["steps"].as_array().context("steps")?;
        assert!(steps.iter().any(|step| step["step"] == "dg2"));
        assert!(steps.iter().all(|step| step["ms"].is_u64()));
    }
    Ok(())
}

#[tokio::test]
async fn document_bench_measures_every_generation() -> anyhow::Result<()> {
    let answer = json(&["document", "bench", "--seconds", "0.1", "--json"]).await?;
    for kind in ["bac", "pace", "pace_cam"] {
        let measured = &answer[kind];
        assert!(measured["reads_per_s"].as_f64() > Some(0.0), "{kind}");
        assert!(
            measured["our_side_ms_median"].as_f64() > Some(0.0),
            "{kind}"
        );
        assert!(measured["apdus"].as_u64() > Some(5), "{kind}");
        assert!(measured["bytes_received"].as_u64() > Some(14_000), "{kind}");
    }
    assert!(answer["verify_only_per_s"].as_f64() > Some(0.0));
    Ok(())
}
