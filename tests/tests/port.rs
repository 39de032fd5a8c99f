//! The whole system: every script once through real processes, and gates killed in the middle.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;

use egate_hardware::card::{Pcscd, VIRTUAL_READERS};
use egate_hardware::sim::WayOut;
use egate_icao::evidence::{ACCESS_PROTOCOL_CHECK, CARD_ACCESS_CHECK};
use egate_tests::port::{AUTHORITIES, ChipReader, Passage, Port};
use egate_tests::report::PassageReport;
use egate_tests::script::{GENUINE, SCRIPTS};
use egate_types::{InspectionId, Outcome};
use serde_json::Value;

/// A folder of its own under the build folder, so that logs survive a failure.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_script_ends_as_written() -> anyhow::Result<()> {
    let port = Port::start(&folder("scripts"), &[ChipReader::Slot], |_| {}).await?;
    let mut deviations = Vec::new();
    for (n, script) in (0..).zip(SCRIPTS) {
        let visit = port.pass(0, script, n).await;
        let report = PassageReport::new(n, "lane-1", script, visit);
        if script.name == "hidden_pace" {
            assert_eq!(report.access, Some("bac"));
            let failed = |name: &str| (name.to_owned(), "failed".to_owned());
            assert!(report.checks.contains(&failed(ACCESS_PROTOCOL_CHECK)));
            assert!(report.checks.contains(&failed(CARD_ACCESS_CHECK)));
        }
        deviations.extend(
            report
                .deviation
                .map(|why| format!("{}: {why}", script.name)),
        );
    }
    assert!(deviations.is_empty(), "{deviations:#?}");
    check_comparisons(&port.comparisons().await?);
    Ok(())
}

/// Of nine people before the camera three were admitted and two held up pictures, who are compared with nobody. So the lane compared
/// seven people with those before them.
fn check_comparisons(report: &Value) {
    let batches = &report["batches"];
    assert_eq!(batches["left_out"], 6, "{report:#}");
    assert_eq!(batches["skipped"], 0, "{report:#}");
    assert_eq!(batches["retention"][0], "Demo Act 3");
    let figures = report["figures"].as_array().into_iter().flatten();
    let all: Vec<&Value> = figures.filter(|figure| figure["group"] == "all").collect();
    let ways = [
        "synthetic-embedder, 3 frames",
        "synthetic-embedder, best frame",
    ];
    assert_eq!(all.len(), ways.len(), "{report:#}");
    // Nobody was admitted by an officer, so whoever was admitted has matched.
    assert_eq!(all[0]["false_non_matches"], 0, "{report:#}");
    for (figure, way) in all.into_iter().zip(ways) {
        assert_eq!(figure["configuration"], way);
        assert_eq!(figure["mated_comparisons"], 3, "{figure:#}");
        assert_eq!(figure["non_mated_comparisons"], 21, "{figure:#}");
        assert_eq!(figure["finding"], "too_few", "{figure:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_read_through_the_pcsc_service() -> anyhow::Result<()> {
    let _service = tokio::task::spawn_blocking(Pcscd::running).await??;
    let (name, takes_chips) = VIRTUAL_READERS[0];
    let reader = ChipReader::Pcsc(name, takes_chips);
    let port = Port::start(&folder("pcsc"), &[reader], |_| {}).await?;
    let scripts = [
        "genuine",
        "chip_removed_mid_read",
        "wrong_chip_keys",
        "forged_chip_data",
        "genuine",
    ];
    for (n, name) in (0..).zip(scripts) {
        let script = SCRIPTS.into_iter().find(|script| script.name == name);
        let script = script.context(name)?;
        let visit = port.pass(0, script, n).await;
        let report = PassageReport::new(n, "lane-1", script, visit);
        assert_eq!(report.deviation, None, "{name}");
    }
    Ok(())
}

/// Every inspection that was opened ended once, by every authority alike, and as many were admitted as went through.
fn check(passage: &Passage) {
    let mut outcomes: BTreeMap<InspectionId, Vec<Outcome>> = BTreeMap::new();
    for (_, record) in &passage.records {
        let ended = outcomes.entry(record.inspection).or_default();
        ended.push(record.outcome);
    }
    let mut admitted = 0;
    for (inspection, ended) in outcomes {
        assert_eq!(ended.len(), AUTHORITIES.len(), "{inspection}");
        assert!(
            ended.iter().all(|outcome| *outcome == ended[0]),
            "{inspection}"
        );
        admitted += usize::from(ended[0] == Outcome::Admitted);
    }
    let crossed = passage.end.way_out == WayOut::CrossedExit;
    assert_eq!(admitted, usize::from(crossed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_gate_neither_loses_nor_doubles_a_passage_and_does_not_open() -> anyhow::Result<()>
{
    let mut port = Port::start(&folder("kill"), &[ChipReader::Slot], |_| {}).await?;
    // Somebody is inside, both barriers closed: after the restart an officer sends them back.
    let inside = port
        .pass_with_kill(0, 100, |seen| {
            seen.entry_permille == 0 && seen.people_cm.iter().any(|cm| *cm > 100.0)
        })
        .await?;
    check(&inside);
    assert_eq!(
        inside.end.way_out,
        WayOut::LeftEntry,
        "the exit stayed closed"
    );
    // The document is on the reader.
    check(
        &port
            .pass_with_kill(0, 101, |seen| seen.document_placed)
            .await?,
    );
    // The entry barrier opens.
    check(
        &port
            .pass_with_kill(0, 102, |seen| seen.entry_permille > 0)
            .await?,
    );
    // The exit barrier opens: whether the traveller still gets through or not, the record says so.
    for (n, permille) in (103..).zip([1, 500, 1_000]) {
        check(
            &port
                .pass_with_kill(0, n, |seen| seen.exit_permille >= permille)
                .await?,
        );
    }
    // And the lane works on.
    let after = port.pass(0, GENUINE, 110).await?;
    check(&after);
    assert_eq!(after.end.way_out, WayOut::CrossedExit);
    Ok(())
}
