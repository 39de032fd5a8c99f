//! The capture around its loop: drawn people before the real pipeline, ten frames a second.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use egate_hardware::camera::Frame;
use egate_models::{Environment, FacePipeline, Manifest, Selection, encode_jpeg};
use egate_synthetic_faces::{Attack, Identity, Scene, render_empty, render_live, render_portrait};
use egate_types::{BgrFrame, CheckResult, MatchScore};
use gate_controller::clock::Clock;
use gate_controller::face::capture_loop::Basis;
use gate_controller::face::field::Comparable;
use gate_controller::face::{CaptureEvent, Captured, FaceEngine, capture};
use tokio::sync::{mpsc, watch};

const FRAME_MS: u64 = 100;

fn engine() -> anyhow::Result<FaceEngine> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/manifest.toml");
    let selection = Selection::new("synthetic", Environment::Simulation);
    let pipeline = FacePipeline::load(&Manifest::read(&manifest)?, &selection)?;
    Ok(FaceEngine::new(pipeline))
}

fn scenes(person: &Identity, attack: Attack) -> Vec<BgrFrame> {
    let scene = |n| Scene::everyday(n).with_attack(attack);
    (0..12)
        .map(|n| render_live(person, &scene(n)).frame)
        .collect()
}

/// Shows these frames over and over to a capture for the holder of this portrait.
async fn judged(frames: Vec<BgrFrame>, holder: &Identity) -> anyhow::Result<Captured> {
    let portrait = encode_jpeg(&render_portrait(holder), 85)?;
    let clock = Clock::start();
    let (publish, camera) = watch::channel(None);
    let (tell, mut told) = mpsc::channel(16);
    let showing = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(FRAME_MS));
        for (sequence, image) in (1..).zip(frames.iter().cycle()) {
            tick.tick().await;
            let frame = Frame {
                image: image.clone(),
                taken_at: clock.mono(),
                sequence,
            };
            publish.send_replace(Some(Arc::new(frame)));
        }
    });
    tokio::spawn(capture(engine()?, camera, Some(portrait), clock, tell));
    let judged = async {
        loop {
            match told.recv().await.context("ends")? {
                CaptureEvent::Coached(_) => {}
                CaptureEvent::Judged(captured) => return Ok(*captured),
                CaptureEvent::NoFace(_) => anyhow::bail!("no face"),
                CaptureEvent::Failed => anyhow::bail!("failed"),
            }
        }
    };
    let judged = judged.await;
    showing.abort();
    judged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_holder_passes_on_good_frames() -> anyhow::Result<()> {
    let holder = Identity::from_seed(9_100_001);
    // Somebody arrives: the first pictures are empty.
    let mut frames = vec![render_empty(1)];
    frames.extend(scenes(&holder, Attack::None));
    let captured = judged(frames, &holder).await?;
    assert_eq!(captured.face, CheckResult::Successful);
    assert_eq!(captured.presentation, CheckResult::Successful);
    assert_eq!(captured.basis, Basis::GoodFrames);
    // What the evaluation in the field counts is what was judged, and the same faces compared in a second way.
    let configurations = engine()?.configurations();
    let names: Vec<&str> = configurations.iter().map(|c| c.name.as_str()).collect();
    let expected = [
        "synthetic-embedder, 3 frames",
        "synthetic-embedder, best frame",
    ];
    assert_eq!(names, expected);
    let in_force = configurations[0].thresholds.iter().find(|t| t.in_force);
    let threshold = in_force.map(|threshold| threshold.match_score);
    assert_eq!(threshold, Some(engine()?.match_threshold()));
    assert!(!configurations[1].thresholds.iter().any(|t| t.in_force));
    let scores = captured.pairs.iter().map(|p| p.live.score(&p.reference));
    let scores: Vec<MatchScore> = scores.collect();
    assert_eq!(scores.len(), 2);
    assert_eq!(Some(scores[0]), captured.match_score);
    assert!(scores[1] > MatchScore(500_000) && scores[1] != scores[0]);
    let crossed = captured.pairs[0].live.score(&captured.pairs[1].reference);
    assert_eq!(crossed, MatchScore(-1_000_000), "of two configurations");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_is_no_match_and_no_attack() -> anyhow::Result<()> {
    let frames = scenes(&Identity::from_seed(9_100_002), Attack::None);
    let captured = judged(frames, &Identity::from_seed(9_100_003)).await?;
    assert_eq!(captured.face, CheckResult::Failed);
    assert_eq!(captured.presentation, CheckResult::Successful);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photographs_of_the_holder_and_of_others_in_turn_raise_the_alarm() -> anyhow::Result<()> {
    let holder = Identity::from_seed(9_100_004);
    let one = judged(scenes(&holder, Attack::Print), &holder).await?;
    assert_eq!(one.presentation, CheckResult::Failed);
    let sets: Vec<Vec<BgrFrame>> = (0..4)
        .map(|n| scenes(&Identity::from_seed(9_100_004 + n), Attack::Print))
        .collect();
    let in_turn = (0..12).map(|n| sets[n % 4][n].clone()).collect();
    let turning = judged(in_turn, &holder).await?;
    assert_eq!(turning.presentation, CheckResult::Failed);
    assert_eq!(turning.basis, Basis::PadAlarm);
    Ok(())
}
