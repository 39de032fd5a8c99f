//! Portraits as chips hold them, old and small ones included: one pipeline for all, tolerant of their quality, and never a match by default.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egate_hardware::camera::Frame;
use egate_models::{Environment, FacePipeline, Manifest, Selection, Template, decode_photograph};
use egate_synthetic_faces::{Identity, Scene, render_empty, render_live, render_portrait};
use egate_types::{BgrFrame, CheckResult};
use gate_controller::clock::Clock;
use gate_controller::face::{CaptureEvent, Captured, FaceEngine, capture};
use gate_controller::portrait;
use opencv::core::{Mat, MatTraitConst, Rect, Size, Vec3b, Vector, VectorToVec};
use opencv::imgcodecs::{IMWRITE_JPEG_QUALITY, IMWRITE_JPEG2000_COMPRESSION_X1000, imencode};
use opencv::imgproc::{COLOR_BGR2GRAY, INTER_AREA, cvt_color_def, resize};
use tokio::sync::{mpsc, watch};

/// No training saw these.
const OWNER: u64 = 9_000_020;
const STRANGER: u64 = 9_000_021;

/// How an issuer stores a portrait.
#[derive(Debug, Clone, Copy)]
struct Coding {
    grey: bool,
    /// 240 x 320, as the first chips had it.
    small: bool,
    jpeg_2000: bool,
}

const CODINGS: [Coding; 8] = [
    Coding::numbered(0),
    Coding::numbered(1),
    Coding::numbered(2),
    Coding::numbered(3),
    Coding::numbered(4),
    Coding::numbered(5),
    Coding::numbered(6),
    POOREST,
];
const POOREST: Coding = Coding::numbered(7);

impl Coding {
    const fn numbered(number: u8) -> Self {
        Self {
            grey: number & 1 != 0,
            small: number & 2 != 0,
            jpeg_2000: number & 4 != 0,
        }
    }

    fn of(self, picture: &BgrFrame) -> Vec<u8> {
        let (width, height) = (picture.width() as i32, picture.height() as i32);
        let whole =
            Mat::new_rows_cols_with_bytes::<Vec3b>(height, width, picture.pixels()).unwrap();
        // Upright, three by four.
        let across = width.min(height * 3 / 4);
        let crop = Rect::new((width - across) / 2, 0, across, height);
        let mut mat = Mat::roi(&whole, crop).unwrap().try_clone().unwrap();
        if self.small {
            let mut small = Mat::default();
            resize(&mat, &mut small, Size::new(240, 320), 0.0, 0.0, INTER_AREA).unwrap();
            mat = small;
        }
        if self.grey {
            let mut grey = Mat::default();
            cvt_color_def(&mat, &mut grey, COLOR_BGR2GRAY).unwrap();
            mat = grey;
        }
        let (name, parameters) = match self.jpeg_2000 {
            false => (".jpg", [IMWRITE_JPEG_QUALITY, 60]),
            true => (".jp2", [IMWRITE_JPEG2000_COMPRESSION_X1000, 100]),
        };
        let mut bytes = Vector::new();
        imencode(name, &mat, &mut bytes, &Vector::from_slice(&parameters)).unwrap();
        bytes.to_vec()
    }
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn pipeline(set: &str) -> FacePipeline {
    let mut selection = Selection::new(set, Environment::Simulation);
    selection.folder = Some(repository("../shared/models"));
    selection.library = match std::env::var_os("ORT_DYLIB_PATH") {
        Some(path) => Some(path.into()),
        None => Some(repository(".runtime/onnxruntime/libonnxruntime.so")),
    };
    let manifest = Manifest::read(&repository("models/manifest.toml")).unwrap();
    FacePipeline::load(&manifest, &selection).unwrap()
}

/// The whole capture: `OWNER` stands before the camera, the chip holds `chip`.
async fn judged(engine: &FaceEngine, chip: Option<Vec<u8>>) -> Captured {
    let clock = Clock::start();
    let (publish, frames) = watch::channel(None);
    let filming = tokio::spawn(async move {
        let person = Identity::from_seed(OWNER);
        for sequence in 1.. {
            let image = render_live(&person, &Scene::everyday(sequence)).frame;
            let taken_at = clock.mono();
            publish.send_replace(Some(Arc::new(Frame {
                image,
                taken_at,
                sequence,
            })));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let (events, mut heard) = mpsc::channel(64);
    let capturing = tokio::spawn(capture(engine.clone(), frames, chip, clock, events));
    let mut outcome = None;
    while let Some(event) = heard.recv().await {
        match event {
            CaptureEvent::Judged(captured) => outcome = Some(*captured),
            CaptureEvent::Coached(_) => (),
            CaptureEvent::NoFace(_) | CaptureEvent::Failed => panic!("no capture"),
        }
    }
    capturing.await.unwrap();
    filming.abort();
    outcome.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_coding_of_a_portrait_is_compared() {
    let engine = FaceEngine::new(pipeline("synthetic"));
    let own = render_portrait(&Identity::from_seed(OWNER));
    for coding in CODINGS {
        let captured = judged(&engine, Some(coding.of(&own))).await;
        assert_eq!(captured.face, CheckResult::Successful, "{coding:?}");
        assert!(captured.match_score.unwrap() >= engine.match_threshold());
    }
    let other = render_portrait(&Identity::from_seed(STRANGER));
    let poorest = POOREST.of(&other);
    assert_eq!(
        judged(&engine, Some(poorest)).await.face,
        CheckResult::Failed
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portrait_without_a_usable_face_decides_nothing() {
    let engine = FaceEngine::new(pipeline("synthetic"));
    let whole = CODINGS[4].of(&render_portrait(&Identity::from_seed(OWNER)));
    let unusable = [
        Some(CODINGS[0].of(&render_empty(3))),
        Some(whole[..whole.len() / 8].to_vec()),
        Some(Vec::new()),
        None,
    ];
    for (number, chip) in unusable.into_iter().enumerate() {
        let captured = judged(&engine, chip).await;
        assert_eq!(captured.face, CheckResult::Undetermined, "{number}");
        assert_eq!(captured.match_score, None);
        assert_eq!(captured.presentation, CheckResult::Successful);
    }
}

fn template(pipeline: &mut FacePipeline, picture: &BgrFrame) -> Option<Template> {
    let analysis = pipeline.analyse(picture).unwrap();
    let face = analysis.largest()?;
    Some(pipeline.embed(picture, face).unwrap())
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/passport, ../shared/models and ../shared/faces"
)]
fn old_portraits_of_real_people_match_their_owner_alone() {
    let mut open = pipeline("open");
    let threshold = open.thresholds().match_score;
    let photograph = |person: &str, mood: &str| {
        let path = repository(&format!("../shared/faces/frll/{person}_{mood}.jpg"));
        decode_photograph(&std::fs::read(path).unwrap()).unwrap()
    };
    let people = ["002", "003", "005", "007"];
    let live = people.map(|person| {
        let picture = photograph(person, "smiling");
        template(&mut open, &picture).unwrap()
    });
    for (owner, person) in people.iter().enumerate() {
        let neutral = photograph(person, "neutral");
        for coding in CODINGS {
            let stored = portrait::frame(&coding.of(&neutral)).unwrap();
            let reference = template(&mut open, &stored).unwrap();
            for (index, live) in live.iter().enumerate() {
                let score = live.compare(&reference);
                let same = score >= threshold;
                assert_eq!(same, index == owner, "{person}, {coding:?}: {score:?}");
            }
        }
    }
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/passport and ../shared/models"
)]
fn the_public_sample_in_jpeg_2000_has_a_template() {
    let bytes = std::fs::read(repository("../shared/passport/images/silver.jp2")).unwrap();
    let picture = portrait::frame(&bytes).unwrap();
    assert_eq!((picture.width(), picture.height()), (413, 531));
    let mut open = pipeline("open");
    let reference = template(&mut open, &picture).unwrap();
    let small = portrait::frame(&POOREST.of(&picture)).unwrap();
    let again = template(&mut open, &small).unwrap();
    assert!(reference.compare(&again) >= open.thresholds().match_score);
}
