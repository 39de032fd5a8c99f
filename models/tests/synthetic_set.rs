//! The synthetic set end to end, on drawn people that no training saw, and what it must refuse.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use egate_models::{
    ATTEMPTS_MAX, Environment, FRAMES_PER_ATTEMPT, FacePipeline, LoadError, ManifestError,
    PadOutcome, Template, decode_portrait, encode_jpeg,
};
use egate_synthetic_faces::{Attack, Identity, Scene, render_empty, render_live, render_portrait};
use egate_types::{BgrFrame, Coaching};

/// Training used seeds from 1,000,000 and 2,000,000, the manifest's rates those from 5,000,000.
const FIRST_SEED: u64 = 9_000_000;
const PEOPLE: u64 = 50;

fn folder() -> PathBuf {
    common::repository("models/synthetic-set")
}

fn pipeline() -> FacePipeline {
    common::load(&folder().join("manifest.toml"), &folder(), "synthetic").unwrap()
}

fn template(pipeline: &mut FacePipeline, frame: &BgrFrame) -> Option<Template> {
    let analysis = pipeline.analyse(frame).unwrap();
    analysis
        .largest()
        .map(|face| pipeline.embed(frame, face).unwrap())
}

#[test]
fn travellers_match_their_own_portrait_alone() {
    let mut pipeline = pipeline();
    let threshold = pipeline.thresholds().match_score;
    let people: Vec<Identity> = (FIRST_SEED..FIRST_SEED + PEOPLE)
        .map(Identity::from_seed)
        .collect();
    let portraits: Vec<Template> = people
        .iter()
        .map(|person| {
            // As from a chip: through JPEG.
            let jpeg = encode_jpeg(&render_portrait(person), 85).unwrap();
            template(&mut pipeline, &decode_portrait(&jpeg).unwrap()).unwrap()
        })
        .collect();
    let (mut rejected, mut accepted) = (0, 0);
    for (owner, person) in people.iter().enumerate() {
        let moments = (FRAMES_PER_ATTEMPT * ATTEMPTS_MAX) as u64;
        let looks: Vec<Template> = (0..moments)
            .map(|moment| Scene::everyday(person.seed() * moments + moment))
            .filter_map(|scene| template(&mut pipeline, &render_live(person, &scene).frame))
            .collect();
        let attempts: Vec<Template> = looks
            .chunks_exact(FRAMES_PER_ATTEMPT)
            .filter_map(Template::fuse)
            .collect();
        for (index, portrait) in portraits.iter().enumerate() {
            let same = attempts
                .iter()
                .any(|live| live.compare(portrait) >= threshold);
            rejected += usize::from(index == owner && !same);
            accepted += usize::from(index != owner && same);
        }
    }
    let impostors = portraits.len() * (portraits.len() - 1);
    assert_eq!(rejected, 0, "of {PEOPLE} genuine travellers");
    assert!(
        accepted * 500 <= impostors,
        "{accepted} of {impostors} impostors accepted"
    );
}

#[test]
fn prints_and_replays_are_told_from_people() {
    let mut pipeline = pipeline();
    let threshold = pipeline.thresholds().pad_score;
    let mut passed = |attack: Attack| {
        (FIRST_SEED..FIRST_SEED + PEOPLE)
            .filter(|seed| {
                let scene = Scene::everyday(*seed).with_attack(attack);
                let frame = render_live(&Identity::from_seed(*seed), &scene).frame;
                pipeline
                    .analyse(&frame)
                    .unwrap()
                    .pad
                    .score()
                    .is_some_and(|score| score >= threshold)
            })
            .count() as u64
    };
    let (bona_fide, print, replay) = (
        passed(Attack::None),
        passed(Attack::Print),
        passed(Attack::Replay),
    );
    assert!(
        bona_fide >= PEOPLE - 2,
        "{bona_fide} of {PEOPLE} people passed"
    );
    assert!(print <= 1, "{print} of {PEOPLE} prints passed");
    assert!(replay <= 1, "{replay} of {PEOPLE} replays passed");
}

#[test]
fn landmarks_lie_where_they_were_drawn() {
    let mut pipeline = pipeline();
    let mut errors = Vec::new();
    for seed in FIRST_SEED..FIRST_SEED + PEOPLE {
        let live = render_live(&Identity::from_seed(seed), &Scene::everyday(seed));
        let analysis = pipeline.analyse(&live.frame).unwrap();
        assert_eq!(analysis.faces.len(), 1, "seed {seed}");
        let (found, truth) = (analysis.faces[0].landmarks, live.truth.landmarks);
        let eyes = (truth[1][0] - truth[0][0]).hypot(truth[1][1] - truth[0][1]);
        let distance = |(a, b): (&[f32; 2], &[f32; 2])| (a[0] - b[0]).hypot(a[1] - b[1]);
        errors.push(found.iter().zip(&truth).map(distance).sum::<f32>() / 5.0 / eyes);
    }
    let mean = errors.iter().sum::<f32>() / errors.len() as f32;
    assert!(
        mean < 0.10,
        "mean landmark error {mean} of the eye distance"
    );
}

#[test]
fn the_picture_is_judged_and_the_traveller_coached() {
    let mut pipeline = pipeline();
    let person = Identity::from_seed(FIRST_SEED);
    let mut coaching = |change: fn(&mut Scene)| {
        let mut scene = Scene::frontal(1);
        change(&mut scene);
        pipeline
            .analyse(&render_live(&person, &scene).frame)
            .unwrap()
            .coaching
    };
    assert_eq!(coaching(|_| ()), None);
    assert_eq!(
        coaching(|scene| scene.face_height_px = 85.0),
        Some(Coaching::ComeCloser)
    );
    assert_eq!(
        coaching(|scene| scene.face_height_px = 390.0),
        Some(Coaching::StepBack)
    );
    assert_eq!(
        coaching(|scene| scene.yaw_deg = 34.0),
        Some(Coaching::FaceTheCamera)
    );
    assert_eq!(
        coaching(|scene| scene.blur_px = 7.0),
        Some(Coaching::HoldStill)
    );
    let empty = pipeline.analyse(&render_empty(1)).unwrap();
    assert_eq!(empty.coaching, Some(Coaching::LookAtCamera));
    assert!(matches!(empty.pad, PadOutcome::NoFace));
    assert!(empty.faces.is_empty());
}

#[test]
fn synthetic_set_refuses_operational() {
    let refused = FacePipeline::load(&folder(), "synthetic", Environment::Operational);
    assert!(matches!(refused.err(), Some(LoadError::SimulationOnly(set)) if set == "synthetic"));
}

#[test]
fn a_changed_model_is_refused() {
    let copy = copied();
    let model = copy.path().join("embedder.onnx");
    let mut bytes = fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&model, bytes).unwrap();
    assert!(matches!(
        load_copy(copy.path()),
        LoadError::Manifest(ManifestError::HashMismatch { .. })
    ));
}

#[test]
fn a_missing_model_is_refused() {
    let copy = copied();
    fs::remove_file(copy.path().join("pad.onnx")).unwrap();
    assert!(matches!(
        load_copy(copy.path()),
        LoadError::Manifest(ManifestError::Unreadable { .. })
    ));
}

#[test]
fn an_unknown_field_is_refused() {
    let copy = copied();
    edit(copy.path(), "[thresholds]", "[thresholds]\nlenient = true");
    assert!(matches!(
        load_copy(copy.path()),
        LoadError::Manifest(ManifestError::Malformed { .. })
    ));
}

#[test]
fn a_threshold_that_lets_everybody_pass_is_refused() {
    let copy = copied();
    edit(copy.path(), "match_score_ppm = ", "match_score_ppm = -");
    assert!(matches!(
        load_copy(copy.path()),
        LoadError::Manifest(ManifestError::Malformed { .. })
    ));
}

#[test]
fn a_model_outside_the_folder_is_refused() {
    let copy = copied();
    edit(copy.path(), "name = \"pad.onnx\"", "name = \"../pad.onnx\"");
    assert!(matches!(
        load_copy(copy.path()),
        LoadError::Manifest(ManifestError::Inconsistent { .. })
    ));
}

#[test]
fn another_set_than_the_one_asked_for_is_refused() {
    let refused = common::load(&folder().join("manifest.toml"), &folder(), "open");
    assert!(matches!(
        refused.err(),
        Some(LoadError::Manifest(ManifestError::OtherSet { .. }))
    ));
}

fn copied() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

fn edit(folder: &Path, from: &str, to: &str) {
    let path = folder.join("manifest.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "manifest has no {from:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn load_copy(folder: &Path) -> LoadError {
    let loaded = common::load(&folder.join("manifest.toml"), folder, "synthetic");
    loaded.err().expect("the set must be refused")
}
