//! What a manifest may not say, and which files are not its models.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod common;

use std::fs;
use std::path::PathBuf;

use egate_models::{FacePipeline, LoadError, Manifest, ManifestError, Selection};

/// The manifest and the synthetic models in a folder of their own.
struct Copy(tempfile::TempDir);

impl Copy {
    fn new() -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        fs::copy(common::manifest(), copy.manifest()).unwrap();
        fs::create_dir(copy.model("")).unwrap();
        for model in ["detector.onnx", "embedder.onnx", "pad.onnx"] {
            let from = common::repository("models/synthetic-set").join(model);
            fs::copy(from, copy.model(model)).unwrap();
        }
        copy
    }

    fn manifest(&self) -> PathBuf {
        self.0.path().join("manifest.toml")
    }

    fn model(&self, name: &str) -> PathBuf {
        self.0.path().join("synthetic-set").join(name)
    }

    fn edited(self, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.manifest()).unwrap();
        assert!(text.contains(from), "manifest has no {from:?}");
        fs::write(self.manifest(), text.replacen(from, to, 1)).unwrap();
        self
    }

    fn refusal(&self) -> ManifestError {
        match common::load(&self.manifest(), "synthetic").err() {
            Some(LoadError::Manifest(error)) => error,
            other => panic!("the set must be refused for its manifest: {other:?}"),
        }
    }
}

/// The field that a change makes inconsistent.
fn inconsistent(from: &str, to: &str) -> String {
    let refusal = Copy::new().edited(from, to).refusal();
    let ManifestError::Inconsistent { field, .. } = refusal else {
        panic!("{refusal}");
    };
    field
}

#[test]
fn a_copy_loads() {
    assert!(common::load(&Copy::new().manifest(), "synthetic").is_ok());
}

#[test]
fn a_changed_model_is_refused() {
    let copy = Copy::new();
    let mut bytes = fs::read(copy.model("embedder.onnx")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(copy.model("embedder.onnx"), &bytes).unwrap();
    assert!(
        matches!(copy.refusal(), ManifestError::HashMismatch { path, .. } if path.ends_with("embedder.onnx"))
    );
    bytes.push(0);
    fs::write(copy.model("embedder.onnx"), bytes).unwrap();
    assert!(
        matches!(copy.refusal(), ManifestError::SizeMismatch { path, .. } if path.ends_with("embedder.onnx"))
    );
}

#[test]
fn a_missing_model_is_refused() {
    let copy = Copy::new();
    fs::remove_file(copy.model("pad.onnx")).unwrap();
    assert!(
        matches!(copy.refusal(), ManifestError::Unreadable { path, .. } if path.ends_with("pad.onnx"))
    );
}

#[test]
fn unknown_fields_and_values_are_refused() {
    for (from, to) in [
        ("[set.open]", "[set.open]\nlenient = true"),
        (
            "licence = \"Apache-2.0\"",
            "licence = \"Apache-2.0\"\nverified = true",
        ),
        (
            "decoding.yunet = { strides",
            "decoding.yunet = { anchors = 3, strides",
        ),
        ("decoding.yunet", "decoding.blazeface"),
        ("colour = \"bgr\"", "colour = \"grey\""),
        ("match_score_ppm = 650_000", "match_score_ppm = -650_000"),
        ("pad_score_ppm = 500_000", "pad_score_ppm = 0"),
    ] {
        let refusal = Copy::new().edited(from, to).refusal();
        assert!(
            matches!(refusal, ManifestError::Malformed { .. }),
            "{to}: {refusal}"
        );
    }
}

#[test]
fn what_does_not_fit_together_is_refused_by_field() {
    for (from, to, field) in [
        (
            "manifest_version = 2",
            "manifest_version = 1",
            "manifest_version",
        ),
        (
            "width = 112\nheight = 112",
            "width = 112000\nheight = 112000",
            "alignment.arcface_112.width, height",
        ),
        (
            "name = \"pad.onnx\"",
            "name = \"../pad.onnx\"",
            "pad \"synthetic-pad\".file.name",
        ),
        (
            "sha256 = \"049c",
            "sha256 = \"049C",
            "detector \"synthetic-detector\".file.sha256",
        ),
        (
            "strides = [16] }",
            "strides = [15] }",
            "detector \"synthetic-detector\".decoding.strides",
        ),
        (
            "outputs = [\"cls_16\", ",
            "outputs = [",
            "detector \"synthetic-detector\".outputs",
        ),
        (
            "set = \"synthetic\"",
            "set = \"imitation\"",
            "detector \"synthetic-detector\".set",
        ),
        (
            "alignment = \"openvino_0095_128\"",
            "alignment = \"arcface_112\"",
            "embedder \"face-reid-retail-0095\".alignment",
        ),
        (
            "classes = [\"print\", \"bona_fide\"",
            "classes = [\"print\", \"genuine\"",
            "pad \"synthetic-pad\".classes",
        ),
        (
            "scale = [0.40, 0.50",
            "scale = [0.40, 0.30",
            "quality \"lightqnet-dm100\".scale",
        ),
        (
            "weight = 1.0",
            "weight = 0.9",
            "matcher \"face-reid-retail-0095\".embedders.weight",
        ),
        (
            "match_score_ppm = 509_000",
            "match_score_ppm = 409_000",
            "matcher \"face-reid-retail-0095\".points",
        ),
        (
            "embedders = [{ name = \"synthetic-embedder\"",
            "embedders = [{ name = \"espressif-mbf-512\"",
            "matcher \"synthetic-embedder\".embedders",
        ),
        ("fmr_max = 2e-4", "fmr_max = 1e-9", "set.synthetic.fmr_max"),
        (
            "second = { matcher = \"face-reid-retail-0095\"",
            "second = { matcher = \"espressif-mbf-512\"",
            "set.open.second.matcher",
        ),
        (
            "second = { matcher = \"synthetic-embedder\", frames = 1 }",
            "second = { matcher = \"synthetic-embedder\", frames = 3 }",
            "set.synthetic.second.frames",
        ),
        (
            "second = { matcher = \"synthetic-embedder\", frames = 1 }",
            "second = { matcher = \"synthetic-embedder\", frames = 0 }",
            "set.synthetic.second.frames",
        ),
        (
            "folder = \"synthetic-set\"",
            "folder = \"../elsewhere\"",
            "set.synthetic.folder",
        ),
        (
            "pad = [\"synthetic-pad\"]",
            "pad = [\"minifasnet-v2\"]",
            "set.synthetic.pad",
        ),
        (
            "border = 0.0",
            "border = -0.1",
            "set.synthetic.presentation.pad_rule",
        ),
        (
            "matcher = \"synthetic-embedder\"",
            "matcher = \"espressif-mbf-512\"",
            "set.synthetic.matcher",
        ),
    ] {
        assert_eq!(inconsistent(from, to), field, "{to}");
    }
}

#[test]
fn a_border_starts_at_one_false_match_in_a_hundred_thousand() {
    let manifest = Manifest::read(&common::manifest()).unwrap();
    let open = manifest.set("open").unwrap();
    let point = manifest
        .matcher(&open.matcher)
        .unwrap()
        .point(open.fmr_max)
        .unwrap();
    assert!((point.fmr - 1e-5).abs() < 1e-12, "{point:?}");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/models")]
fn models_for_evaluation_load_for_evaluations_alone() {
    let manifest = Manifest::read(&common::manifest()).unwrap();
    let selection = Selection {
        matcher: Some("espressif-mbf-512".to_owned()),
        ..common::selection("open")
    };
    let refused = FacePipeline::load(&manifest, &selection).err();
    assert!(matches!(
        refused,
        Some(LoadError::Manifest(ManifestError::Unknown {
            kind: "matcher",
            ..
        }))
    ));
    let loaded = FacePipeline::load_for_evaluation(&manifest, &selection).unwrap();
    assert_eq!(loaded.matcher().name, "espressif-mbf-512");
}

#[test]
fn any_cut_of_the_manifest_is_an_answer_and_never_a_panic() {
    let text = fs::read_to_string(common::manifest()).unwrap();
    for length in (0..text.len())
        .step_by(7)
        .filter(|at| text.is_char_boundary(*at))
    {
        let _ = Manifest::parse(&text[..length], &common::manifest());
    }
}
