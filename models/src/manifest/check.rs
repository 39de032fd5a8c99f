//! What a manifest must satisfy beyond its syntax. Each finding is the field and what is wrong with it.

use std::collections::BTreeSet;

use super::{
    AlignmentPoints, Decoding, Detector, EVALUATION, Input, Manifest, Matcher, ModelFile, ModelSet,
};
use crate::FRAMES_PER_ATTEMPT;
use crate::limits::{MODEL_BYTES_MAX, PRIORS_MAX};

type Finding = Option<(String, String)>;

/// The first thing that is wrong.
pub(super) fn inconsistency(manifest: &Manifest, version: u32) -> Finding {
    if manifest.manifest_version != version {
        let reason = format!("is {}, not {version}", manifest.manifest_version);
        return found("manifest_version", reason);
    }
    alignments(manifest)
        .or_else(|| names(manifest))
        .or_else(|| files(manifest))
        .or_else(|| inputs(manifest))
        .or_else(|| manifest.detectors.iter().find_map(detector))
        .or_else(|| embedders(manifest))
        .or_else(|| pads(manifest))
        .or_else(|| qualities(manifest))
        .or_else(|| manifest.matchers.iter().find_map(|m| matcher(manifest, m)))
        .or_else(|| {
            let mut sets = manifest.sets.iter();
            sets.find_map(|(name, set)| self::set(manifest, name, set))
        })
}

fn found(field: impl Into<String>, reason: impl Into<String>) -> Finding {
    Some((field.into(), reason.into()))
}

/// A finding unless `fine`.
fn unless(fine: bool, field: String, reason: &str) -> Finding {
    if fine { None } else { found(field, reason) }
}

fn alignments(manifest: &Manifest) -> Finding {
    manifest.alignment.iter().find_map(|(name, alignment)| {
        let points: &[[f32; 2]] = match &alignment.points {
            AlignmentPoints::Five(points) => points,
            AlignmentPoints::EyesAndMouth(points) => points,
        };
        let (width, height) = (alignment.width as f32, alignment.height as f32);
        let inside = |point: &[f32; 2]| {
            (0.0..width).contains(&point[0]) && (0.0..height).contains(&point[1])
        };
        let field = |field| format!("alignment.{name}.{field}");
        unless(
            sides_fit(alignment.width, alignment.height),
            field("width, height"),
            SIDES,
        )
        .or_else(|| {
            unless(
                points.iter().all(inside),
                field("points"),
                "lie outside the picture",
            )
        })
    })
}

fn names(manifest: &Manifest) -> Finding {
    let models = manifest.models();
    let of_models = models.iter().map(|model| (model.role, &model.model));
    let of_matchers = manifest.matchers.iter().map(|m| ("matcher", &m.name));
    let mut seen = BTreeSet::new();
    for (role, name) in of_models.chain(of_matchers) {
        if name.is_empty() || !seen.insert((role == "matcher", name)) {
            return found(format!("{role} {name:?}.name"), "is empty or used twice");
        }
    }
    None
}

fn files(manifest: &Manifest) -> Finding {
    let mut hashes = BTreeSet::new();
    for model in manifest.models() {
        let ModelFile {
            name,
            bytes,
            sha256,
        } = &model.file;
        let field = |field| format!("{} {:?}.{field}", model.role, model.model);
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            return found(field("file.name"), "is not a plain file name");
        }
        if *bytes == 0 || *bytes > MODEL_BYTES_MAX {
            return found(
                field("file.bytes"),
                format!("is outside 1..={MODEL_BYTES_MAX}"),
            );
        }
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if sha256.len() != 64 || !sha256.chars().all(hex) || !hashes.insert(sha256.clone()) {
            return found(
                field("file.sha256"),
                "is not 64 lower-case hex digits, or is used twice",
            );
        }
        if model.licence.is_empty() {
            return found(field("licence"), "is empty");
        }
        if model.set != EVALUATION && !manifest.sets.contains_key(&model.set) {
            return found(field("set"), format!("{:?} does not exist", model.set));
        }
    }
    None
}

fn inputs(manifest: &Manifest) -> Finding {
    let of = |name: &str, input: &Input| {
        let scales = input.deviation.iter().all(|d| d.is_finite() && *d > 0.0)
            && input.mean.iter().all(|mean| mean.is_finite());
        unless(
            sides_fit(input.width, input.height),
            format!("{name:?}.input"),
            SIDES,
        )
        .or_else(|| {
            unless(
                scales,
                format!("{name:?}.input.deviation"),
                "mean must be finite and deviation positive",
            )
        })
    };
    None.or_else(|| {
        manifest
            .detectors
            .iter()
            .find_map(|d| of(&d.name, &d.input))
    })
    .or_else(|| {
        manifest
            .embedders
            .iter()
            .find_map(|e| of(&e.name, &e.input))
    })
    .or_else(|| manifest.pads.iter().find_map(|p| of(&p.name, &p.input)))
    .or_else(|| {
        manifest
            .qualities
            .iter()
            .find_map(|q| of(&q.name, &q.input))
    })
}

/// No picture that a network or a measure is given is smaller or larger.
fn sides_fit(width: u32, height: u32) -> bool {
    let sides = 16..=2048;
    sides.contains(&width) && sides.contains(&height)
}

fn detector(detector: &Detector) -> Finding {
    let field = |field| format!("detector {:?}.{field}", detector.name);
    let share = |value: f32| value > 0.0 && value < 1.0;
    if !share(detector.score_min) || !share(detector.overlap_max) {
        return found(field("score_min, overlap_max"), "must lie between 0 and 1");
    }
    let strides = detector.decoding.strides();
    let (width, height) = (detector.input.width, detector.input.height);
    let uneven = |stride: &u32| {
        *stride == 0 || !width.is_multiple_of(*stride) || !height.is_multiple_of(*stride)
    };
    if strides.is_empty() || strides.iter().any(uneven) {
        return found(field("decoding.strides"), "do not divide the input");
    }
    let outputs = match &detector.decoding {
        Decoding::Yunet { strides } => 4 * strides.len(),
        Decoding::Retinaface {
            strides,
            prior_px,
            variances,
        } => {
            let positive = |value: &f32| value.is_finite() && *value > 0.0;
            let sizes = prior_px.len() == strides.len()
                && prior_px
                    .iter()
                    .all(|of| !of.is_empty() && of.len() <= PRIORS_MAX)
                && prior_px.iter().flatten().all(positive);
            if !sizes {
                return found(
                    field("decoding.prior_px"),
                    "must be positive sizes for each stride",
                );
            }
            if !variances.iter().all(positive) {
                return found(field("decoding.variances"), "must be positive");
            }
            3
        }
    };
    unless(
        detector.outputs.len() == outputs,
        field("outputs"),
        "are not as many as the decoding needs",
    )
}

fn embedders(manifest: &Manifest) -> Finding {
    manifest.embedders.iter().find_map(|embedder| {
        let field = |field| format!("embedder {:?}.{field}", embedder.name);
        if !(1..=4096).contains(&embedder.dimension) {
            return found(field("dimension"), "is outside 1..=4096");
        }
        aligned(
            manifest,
            &embedder.alignment,
            &embedder.input,
            field("alignment"),
        )
    })
}

fn qualities(manifest: &Manifest) -> Finding {
    manifest.qualities.iter().find_map(|quality| {
        let field = |field| format!("quality {:?}.{field}", quality.name);
        let [low, middle, high] = quality.scale;
        if !(low < middle && middle < high && low.is_finite() && high.is_finite()) {
            return found(field("scale"), "must rise");
        }
        aligned(
            manifest,
            &quality.alignment,
            &quality.input,
            field("alignment"),
        )
    })
}

fn aligned(manifest: &Manifest, alignment: &str, input: &Input, field: String) -> Finding {
    let fits = manifest
        .alignment
        .get(alignment)
        .is_some_and(|a| (a.width, a.height) == (input.width, input.height));
    unless(
        fits,
        field,
        "does not exist or has another size than the input",
    )
}

fn pads(manifest: &Manifest) -> Finding {
    manifest.pads.iter().find_map(|pad| {
        let field = |field| format!("pad {:?}.{field}", pad.name);
        let one = pad.classes.iter().filter(|class| *class == "bona_fide");
        if one.count() != 1 || pad.classes.len() > 16 {
            return found(
                field("classes"),
                "must be at most 16, one of them bona_fide",
            );
        }
        unless(
            (1.0..=10.0).contains(&pad.crop_scale),
            field("crop_scale"),
            "is outside 1..=10",
        )
    })
}

fn matcher(manifest: &Manifest, matcher: &Matcher) -> Finding {
    let field = |field| format!("matcher {:?}.{field}", matcher.name);
    for part in &matcher.embedders {
        let embedder = manifest.embedders.iter().find(|e| e.name == part.name);
        if embedder.is_none_or(|embedder| embedder.set != matcher.set) {
            return found(
                field("embedders"),
                format!("{:?} is not of the set {:?}", part.name, matcher.set),
            );
        }
    }
    let weights = matcher.embedders.iter().map(|part| part.weight);
    if weights.clone().any(|w| w.is_nan() || w <= 0.0) || (weights.sum::<f32>() - 1.0).abs() > 1e-4
    {
        return found(
            field("embedders.weight"),
            "must be positive and add up to 1",
        );
    }
    let share = |value: f64| (0.0..=1.0).contains(&value);
    if matcher.points.is_empty() || !matcher.points.iter().all(|p| share(p.fmr) && share(p.fnmr)) {
        return found(field("points"), "must be rates within 0..=1, one at least");
    }
    let rising = matcher
        .points
        .is_sorted_by(|a, b| a.fmr > b.fmr && a.match_score < b.match_score && a.fnmr <= b.fnmr);
    unless(
        rising,
        field("points"),
        "must rise in score as the rate falls",
    )
}

fn set(manifest: &Manifest, name: &str, set: &ModelSet) -> Finding {
    let field = |field: &str| format!("set.{name}.{field}");
    if name == EVALUATION {
        return found(format!("set.{name}"), "models for comparison are no set");
    }
    let plain = |folder: &std::path::PathBuf| {
        folder
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)))
    };
    if !set.folder.as_ref().is_none_or(plain) {
        return found(field("folder"), "must lie below the manifest");
    }
    let models = manifest.models();
    let has = |role: &str, model: &str| {
        let mut models = models.iter();
        models.any(|m| m.role == role && m.model == model && m.set == name)
    };
    let named = [("detector", &set.detector)]
        .into_iter()
        .chain(set.pad.iter().map(|pad| ("pad", pad)))
        .chain(set.quality.iter().map(|quality| ("quality", quality)));
    for (role, model) in named {
        if !has(role, model) {
            return found(field(role), format!("{model:?} is no {role} of this set"));
        }
    }
    if !set.presentation.rule.is_monotone() {
        return found(
            field("presentation.pad_rule"),
            "has a weight that is negative, too large or no number",
        );
    }
    let matcher = manifest.matcher(&set.matcher).filter(|m| m.set == name);
    let Some(matcher) = matcher else {
        return found(
            field("matcher"),
            format!("{:?} is no matcher of this set", set.matcher),
        );
    };
    if matcher.point(set.fmr_max).is_none() {
        return found(field("fmr_max"), "is met by no threshold of the matcher");
    }
    if let Some(finding) = second(manifest, name, set, matcher) {
        return Some(finding);
    }
    let limits = &set.capture;
    if !manifest.alignment.contains_key(&limits.alignment) {
        return found(field("capture.alignment"), "does not exist");
    }
    let fits = (1.0..=1000.0).contains(&limits.eye_distance_px_min)
        && (0.1..=1.0).contains(&limits.face_height_share_max)
        && (0.0..=255.0).contains(&limits.sharpness_min);
    unless(fits, field("capture"), "has a limit outside its range")
}

fn second(manifest: &Manifest, name: &str, set: &ModelSet, first: &Matcher) -> Finding {
    let second = set.second.as_ref()?;
    let field = |field: &str| format!("set.{name}.second.{field}");
    let matcher = manifest.matcher(&second.matcher).filter(|m| m.set == name);
    if matcher.is_none_or(|matcher| matcher.parts_within(first).is_none()) {
        return found(
            field("matcher"),
            "is no matcher of this set made of embedders of its own matcher",
        );
    }
    let same = second.matcher == first.name && second.frames == FRAMES_PER_ATTEMPT;
    unless(
        !same && (1..=FRAMES_PER_ATTEMPT).contains(&second.frames),
        field("frames"),
        "must be at least 1, at most those of an attempt, and differ from the first way",
    )
}

/// What [`sides_fit`] asks for.
const SIDES: &str = "sides must be within 16..=2048";
