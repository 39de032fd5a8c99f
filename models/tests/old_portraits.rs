//! Portraits as old chips hold them: small, grey, strongly compressed, in either coding.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod common;
#[path = "common/old_portrait.rs"]
mod old_portrait;

use egate_models::{Face, FacePipeline, Template, decode_photograph};
use egate_synthetic_faces::{Identity, portrait_truth, render_portrait};
use egate_types::BgrFrame;
use old_portrait::{Coding, OldPortrait, decoded};

const PEOPLE: [&str; 12] = [
    "024", "025", "029", "030", "031", "032", "033", "034", "036", "037", "038", "042",
];

const KINDS: [OldPortrait; 4] = [
    OldPortrait::coloured([413, 531], Coding::Jpeg, 15_000).in_grey(),
    OldPortrait::coloured([240, 320], Coding::Jpeg, 12_000),
    OldPortrait::coloured([240, 320], Coding::Jpeg2000, 12_000).in_grey(),
    OldPortrait::coloured([180, 240], Coding::Jpeg2000, 5_000).in_grey(),
];

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/models and ../shared/faces"
)]
fn old_portraits_match_their_owner_alone() {
    let mut pipeline = common::load(&common::manifest(), "open").unwrap();
    let threshold = pipeline.thresholds().match_score;
    let photograph = |person: &str, mood: &str| {
        let file = common::repository(&format!("../shared/faces/frll/{person}_{mood}.jpg"));
        decode_photograph(&std::fs::read(file).unwrap()).unwrap()
    };
    let smiling = PEOPLE.map(|person| embedded(&mut pipeline, &photograph(person, "smiling")).1);
    for kind in KINDS {
        for (i, person) in PEOPLE.iter().enumerate() {
            let neutral = photograph(person, "neutral");
            let (face, _) = embedded(&mut pipeline, &neutral);
            let coded = kind.coded(&neutral, &face).unwrap();
            assert!(
                coded.len() <= kind.bytes_max,
                "{} bytes, {kind}",
                coded.len()
            );
            let (_, portrait) = embedded(&mut pipeline, &decoded(&coded).unwrap());
            for (j, live) in smiling.iter().enumerate() {
                let score = portrait.compare(live);
                let matched = score >= threshold;
                assert_eq!(
                    matched,
                    i == j,
                    "{person}, {}: {score:?}, {kind}",
                    PEOPLE[j]
                );
            }
        }
    }
}

/// The one face of a picture, and its template.
fn embedded(pipeline: &mut FacePipeline, frame: &BgrFrame) -> (Face, Template) {
    let faces = pipeline.detect(frame).unwrap();
    assert_eq!(faces.len(), 1);
    (faces[0], pipeline.embed(frame, &faces[0]).unwrap())
}

#[test]
fn grey_portraits_of_either_coding_have_the_brightness_of_the_coloured_ones() {
    let person = Identity::from_seed(9_300_001);
    let (drawn, truth) = (render_portrait(&person), portrait_truth(&person));
    let face = Face {
        bbox: truth.bbox,
        landmarks: truth.landmarks,
        score: 1.0,
    };
    for coding in [Coding::Jpeg, Coding::Jpeg2000] {
        let kind = OldPortrait::coloured([240, 320], coding, 30_000);
        let of = |kind: OldPortrait| decoded(&kind.coded(&drawn, &face).unwrap()).unwrap();
        let (grey, coloured) = (of(kind.in_grey()), of(kind));
        let size = |frame: &BgrFrame| (frame.width(), frame.height());
        assert_eq!((size(&grey), size(&coloured)), ((240, 320), (240, 320)));
        let mut off = 0.0;
        for (grey, coloured) in grey.pixels().chunks(3).zip(coloured.pixels().chunks(3)) {
            assert!(grey[0] == grey[1] && grey[1] == grey[2]);
            let [blue, green, red] = [0, 1, 2].map(|channel| f64::from(coloured[channel]));
            // Rec. ITU-R BT.601, which JPEG's luminance is.
            let luminance = 0.299 * red + 0.587 * green + 0.114 * blue;
            off += (luminance - f64::from(grey[0])).abs();
        }
        let off = off / (240.0 * 320.0);
        assert!(off < 2.0, "{off} grey levels on average, {coding:?}");
    }
}
