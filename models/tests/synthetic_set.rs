//! The synthetic set end to end, on drawn people that no training saw, and what it must refuse.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod common;

use egate_models::{
    ATTEMPTS_MAX, Environment, FRAMES_PER_ATTEMPT, FacePipeline, LoadError, Manifest, PadOutcome,
    Selection, Template, decode_photograph, encode_jpeg,
};
use egate_synthetic_faces::{Attack, Identity, Scene, render_empty, render_live, render_portrait};
use egate_types::{BgrFrame, Coaching};

/// Training used seeds from 1,000,000 and 2,000,000, the manifest's rates those from 5,000,000.
const FIRST_SEED: u64 = 9_000_000;
const PEOPLE: u64 = 50;

fn pipeline() -> FacePipeline {
    common::load(&common::manifest(), "synthetic").unwrap()
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
            template(&mut pipeline, &decode_photograph(&jpeg).unwrap()).unwrap()
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
    assert_eq!(
        coaching(|scene| scene.centre_px.0 = 60.0),
        Some(Coaching::MoveToTheMiddle)
    );
    assert_eq!(
        coaching(|scene| scene.light = 0.15),
        Some(Coaching::StandInTheLight)
    );
    let empty = pipeline.analyse(&render_empty(1)).unwrap();
    assert_eq!(empty.coaching, Some(Coaching::LookAtCamera));
    assert!(matches!(empty.pad, PadOutcome::NoFace));
    assert!(empty.faces.is_empty());
}

#[test]
fn synthetic_set_refuses_operational() {
    let manifest = Manifest::read(&common::manifest()).unwrap();
    let selection = Selection {
        environment: Environment::Operational,
        ..common::selection("synthetic")
    };
    let refused = FacePipeline::load(&manifest, &selection);
    assert!(matches!(refused.err(), Some(LoadError::SimulationOnly(set)) if set == "synthetic"));
}

#[test]
fn a_set_without_attack_detection_says_so_for_every_face() {
    let text = std::fs::read_to_string(common::manifest()).unwrap();
    let without = text.replace("pad = [\"synthetic-pad\"]", "pad = []");
    assert_ne!(text, without);
    let manifest = Manifest::parse(&without, &common::manifest()).unwrap();
    let mut pipeline = FacePipeline::load(&manifest, &common::selection("synthetic")).unwrap();
    let person = Identity::from_seed(FIRST_SEED);
    let analysis = pipeline
        .analyse(&render_live(&person, &Scene::frontal(1)).frame)
        .unwrap();
    assert!(analysis.largest().is_some());
    assert!(matches!(analysis.pad, PadOutcome::Disabled));
    let attempt = pipeline.judge_attempt(&[analysis.pad]);
    assert!(attempt.score().is_none(), "{attempt:?}");
}
