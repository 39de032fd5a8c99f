//! The capture around its loop: drawn people before the real pipeline, ten frames a second.

#[path = "../../models/tests/common/old_portrait.rs"]
#[expect(dead_code, reason = "the networks for drawn faces know no grey ones")]
mod old_portrait;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use egate_hardware::camera::Frame;
use egate_models::{Environment, Face, FacePipeline, Manifest, Selection, encode_jpeg};
use egate_synthetic_faces::{
    Attack, Identity, Scene, portrait_truth, render_empty, render_live, render_portrait,
};
use egate_types::{BgrFrame, CheckResult, InspectionId, MatchScore, UtcTime};
use gate_controller::clock::Clock;
use gate_controller::face::capture_loop::Basis;
use gate_controller::face::field::Comparable;
use gate_controller::face::{CaptureEvent, Captured, FaceEngine, NoReference, capture};
use gate_controller::inspection::OpenCase;
use old_portrait::{Coding, OldPortrait};
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
    judged_by(frames, Some(encode_jpeg(&render_portrait(holder), 85)?)).await
}

/// The same with what the chip has for a portrait.
async fn judged_by(frames: Vec<BgrFrame>, portrait: Option<Vec<u8>>) -> anyhow::Result<Captured> {
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
    tokio::spawn(capture(engine()?, camera, portrait, clock, tell));
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
    assert_eq!(Ok(scores[0]), captured.match_score);
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

/// The drawn portrait of a person, made old.
fn old_portrait(person: &Identity, old: OldPortrait) -> anyhow::Result<Vec<u8>> {
    let truth = portrait_truth(person);
    let face = Face {
        bbox: truth.bbox,
        landmarks: truth.landmarks,
        score: 1.0,
    };
    Ok(old.coded(&render_portrait(person), &face)?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_and_strongly_compressed_portraits_are_compared_in_either_coding()
-> anyhow::Result<()> {
    let (holder, other) = (
        Identity::from_seed(9_100_005),
        Identity::from_seed(9_100_006),
    );
    for old in [
        OldPortrait::coloured([413, 531], Coding::Jpeg, 12_000),
        OldPortrait::coloured([240, 320], Coding::Jpeg2000, 12_000),
        OldPortrait::coloured([180, 240], Coding::Jpeg, 6_000),
    ] {
        let of = |person| old_portrait(person, old);
        let frames = scenes(&holder, Attack::None);
        let own = judged_by(frames.clone(), Some(of(&holder)?)).await?;
        assert_eq!(
            own.face,
            CheckResult::Successful,
            "{old}: {:?}",
            own.match_score
        );
        let strange = judged_by(frames, Some(of(&other)?)).await?;
        assert_eq!(
            strange.face,
            CheckResult::Failed,
            "{old}: {:?}",
            strange.match_score
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portrait_that_gives_no_template_is_told_and_no_fault() -> anyhow::Result<()> {
    let holder = Identity::from_seed(9_100_007);
    let whole = encode_jpeg(&render_portrait(&holder), 85)?;
    let damaged = whole[..100].to_vec();
    let faceless = encode_jpeg(&render_empty(5), 85)?;
    for (portrait, why) in [
        (None, NoReference::Absent),
        (Some(damaged), NoReference::Undecodable),
        (Some(faceless), NoReference::NoFace),
    ] {
        let captured = judged_by(scenes(&holder, Attack::None), portrait).await?;
        assert_eq!(captured.match_score, Err(why));
        assert_eq!(captured.face, CheckResult::Undetermined);
        assert_eq!(captured.presentation, CheckResult::Successful);
        assert!(!captured.live_jpeg.is_empty());
        let mut case = OpenCase::new(InspectionId::new(1, [1; 10]), UtcTime(1), None);
        case.captured = Some(captured);
        let told = serde_json::to_string(&case.checks())?;
        assert!(told.contains(&why.to_string()), "{told}");
    }
    Ok(())
}
