//! The public models on real photographs, where those lie beside the repository.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod common;

use std::path::Path;

use egate_models::{FacePipeline, Manifest, Selection, Template, decode_photograph};

const PEOPLE: [&str; 12] = [
    "002", "003", "005", "007", "009", "010", "011", "012", "014", "017", "019", "020",
];

fn open_set() -> FacePipeline {
    common::load(&common::manifest(), "open").unwrap()
}

fn template(pipeline: &mut FacePipeline, photograph: &Path) -> Template {
    let frame = decode_photograph(&std::fs::read(photograph).unwrap()).unwrap();
    let analysis = pipeline.analyse(&frame).unwrap();
    assert_eq!(
        analysis.faces.len(),
        1,
        "one face in {}",
        photograph.display()
    );
    pipeline.embed(&frame, &analysis.faces[0]).unwrap()
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/models and ../shared/faces"
)]
fn neutral_and_smiling_photographs_match_their_owner_alone() {
    let mut pipeline = open_set();
    let faces = common::repository("../shared/faces/frll");
    let of = |pipeline: &mut FacePipeline, mood: &str| -> Vec<Template> {
        PEOPLE
            .iter()
            .map(|person| template(pipeline, &faces.join(format!("{person}_{mood}.jpg"))))
            .collect()
    };
    let (neutral, smiling) = (of(&mut pipeline, "neutral"), of(&mut pipeline, "smiling"));
    let threshold = pipeline.thresholds().match_score;
    for (i, portrait) in neutral.iter().enumerate() {
        for (j, live) in smiling.iter().enumerate() {
            let score = portrait.compare(live);
            assert_eq!(
                score >= threshold,
                i == j,
                "{} against {}: {score:?}, threshold {threshold:?}",
                PEOPLE[i],
                PEOPLE[j]
            );
        }
    }
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/models and ../shared/faces"
)]
fn every_detector_finds_the_marked_pupils() {
    // The reference implementation errs by 4.0, 6.1, 5.2 and 3.7 % on average over all photographs.
    for (detector, most) in [
        ("yunet-n-640", 0.05),
        ("yunet-n-320", 0.07),
        ("yunet-2023mar-640", 0.06),
        ("retinaface-mnet025-640", 0.05),
    ] {
        let mean = eye_error(detector);
        assert!(
            mean < most,
            "{detector}: mean error {mean} of the eye distance"
        );
    }
}

/// Mean error of a detector over the eye distance, on twelve portraits with marked pupils.
fn eye_error(detector: &str) -> f32 {
    let selection = Selection {
        detector: Some(detector.to_owned()),
        ..common::selection("open")
    };
    let manifest = Manifest::read(&common::manifest()).unwrap();
    let mut pipeline = FacePipeline::load(&manifest, &selection).unwrap();
    let faces = common::repository("../shared/faces");
    let table = std::fs::read_to_string(faces.join("images.csv")).unwrap();
    let mut errors = Vec::new();
    for row in table
        .lines()
        .filter(|row| row.starts_with("frll/") && row.contains("neutral"))
        .take(12)
    {
        let columns: Vec<&str> = row.split(',').collect();
        let mark = |column: usize| columns[column].parse::<f32>().unwrap();
        let marks = [[mark(9), mark(10)], [mark(11), mark(12)]];
        let photograph = std::fs::read(faces.join(columns[0])).unwrap();
        let frame = decode_photograph(&photograph).unwrap();
        let face = pipeline.detect(&frame).unwrap()[0];
        let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let between = distance(marks[0], marks[1]);
        errors.extend([0, 1].map(|eye| distance(face.landmarks[eye], marks[eye]) / between));
    }
    assert_eq!(errors.len(), 24);
    errors.iter().sum::<f32>() / errors.len() as f32
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/models and ../shared/faces"
)]
fn simulated_attacks_are_refused_and_their_originals_accepted() {
    let mut pipeline = open_set();
    let threshold = pipeline.thresholds().pad_score;
    let folder = common::repository("../shared/faces/pad/simulated");
    let (mut attacks, mut originals) = ((0, 0), (0, 0));
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let frame = decode_photograph(&std::fs::read(&path).unwrap()).unwrap();
        let score = pipeline.analyse(&frame).unwrap().pad.score();
        let accepted = usize::from(score.is_some_and(|score| score >= threshold));
        let count = if name.ends_with("_live.jpg") {
            &mut originals
        } else {
            &mut attacks
        };
        *count = (count.0 + accepted, count.1 + 1);
    }
    assert!(
        attacks.1 >= 40 && originals.1 >= 20,
        "{attacks:?} {originals:?}"
    );
    // The reference accepts none of these attacks and nearly all of the originals.
    assert_eq!(attacks.0, 0, "attacks accepted of {}", attacks.1);
    assert!(
        originals.0 * 10 >= originals.1 * 9,
        "originals accepted {originals:?}"
    );
}
