//! `models evaluate` and `evaluate-pad` as operators call them.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

#[expect(dead_code, reason = "the command loads its set itself")]
mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use egate_models::{Manifest, encode_jpeg};
use egate_synthetic_faces::{Attack, Identity, Scene, render_empty, render_live, render_portrait};
use egate_types::BgrFrame;
use serde_json::Value;

/// Seeds that no training and no other test uses.
const FIRST_SEED: u64 = 9_500_000;
const PEOPLE: u64 = 6;

fn models(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_models"))
        .args(arguments)
        .env("ORT_DYLIB_PATH", common::library())
        .output()
        .unwrap()
}

fn report(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(output: &Output, message: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(
        errors.contains(message) && !errors.contains("panicked"),
        "{errors}"
    );
}

/// A portrait and a live picture of each person, a picture of nobody, and all pairs of portraits and live pictures.
fn drawn(folder: &Path) {
    let write = |name: &str, frame: &BgrFrame| {
        fs::write(folder.join(name), encode_jpeg(frame, 90).unwrap()).unwrap()
    };
    let mut pairs = "protocol,image_a,image_b,label\n".to_owned();
    for seed in 0..PEOPLE {
        let person = Identity::from_seed(FIRST_SEED + seed);
        write(&format!("{seed}_portrait.jpg"), &render_portrait(&person));
        write(
            &format!("{seed}_live.jpg"),
            &render_live(&person, &Scene::frontal(seed)).frame,
        );
        for other in 0..PEOPLE {
            let label = u8::from(seed == other);
            pairs += &format!("gate,{seed}_portrait.jpg,{other}_live.jpg,{label}\n");
        }
    }
    write("0_nobody.jpg", &render_empty(1));
    pairs += "<nobody>,0_portrait.jpg,0_nobody.jpg,1\n";
    fs::write(folder.join("pairs.csv"), pairs).unwrap();
}

#[test]
fn drawn_people_are_measured_and_every_row_has_its_score() {
    let folder = tempfile::tempdir().unwrap();
    drawn(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (pairs, images, out, markdown) = (path("pairs.csv"), path(""), path("out"), path("e.md"));
    let arguments = [
        "evaluate",
        "--set",
        "synthetic",
        "--pairs",
        &pairs,
        "--images",
        &images,
        "--out",
        &out,
        "--markdown",
        &markdown,
        "--title",
        "Drawn people",
        "--json",
    ];
    let report = report(&models(&arguments));
    let gate = &report["protocols"]["gate"];
    assert_eq!(
        (&gate["genuine"], &gate["impostor"]),
        (&6.into(), &30.into())
    );
    assert_eq!(
        (&gate["failed_images"], &gate["eer"]),
        (&0.into(), &0.0.into())
    );
    assert_eq!(gate["fnmr_at"]["1e-2"], Value::Null);
    assert_eq!(
        gate["not_measurable"]["1e-2"],
        "needs 100 impostor comparisons, there are 30"
    );
    let nobody = &report["protocols"]["<nobody>"];
    assert_eq!(
        (&nobody["failed_images"], &nobody["failed_genuine"]),
        (&1.into(), &1.into())
    );
    assert_eq!(nobody["at_operating_points"][0]["fnmr"][0], 1.0);
    assert_eq!(report["failed_images"][0]["reason"], "no face found");

    let scores = fs::read_to_string(path("out/scores.csv")).unwrap();
    let rows: Vec<&str> = scores.lines().collect();
    assert_eq!(rows[0], "image_a,image_b,score");
    assert_eq!(rows.len(), 38);
    let score = |row: &str| row.rsplit(',').next().unwrap().to_owned();
    let genuine: f64 = score(rows[1]).parse().unwrap();
    let impostor: f64 = score(rows[2]).parse().unwrap();
    assert!(rows[1].starts_with("0_portrait.jpg,0_live.jpg,") && genuine > impostor);
    assert_eq!(score(rows[1]).split('.').nth(1).unwrap().len(), 4);
    assert_eq!(rows[37], "0_portrait.jpg,0_nobody.jpg,");

    let page = fs::read_to_string(path("out/report.html")).unwrap();
    assert!(page.contains("&lt;nobody&gt;") && !page.contains("<nobody>"));
    assert!(page.contains("<svg") && !page.contains("<img") && !page.contains("http"));
    assert!(
        fs::read_to_string(path("out/det.csv"))
            .unwrap()
            .starts_with("protocol,threshold,fmr,fnmr\n")
    );
    assert!(
        fs::read_to_string(markdown)
            .unwrap()
            .starts_with("## Drawn people\n")
    );
    let written: Value =
        serde_json::from_slice(&fs::read(path("out/report.json")).unwrap()).unwrap();
    assert_eq!(written, report);
}

#[test]
fn drawn_attacks_are_measured_by_species() {
    let folder = tempfile::tempdir().unwrap();
    let mut labels = "file,label,pai_species,origin\n".to_owned();
    for (attack, species) in [
        (Attack::None, "none"),
        (Attack::Print, "print"),
        (Attack::Replay, "replay"),
    ] {
        for seed in 0..PEOPLE {
            let scene = Scene::everyday(seed).with_attack(attack);
            let frame = render_live(&Identity::from_seed(FIRST_SEED + seed), &scene).frame;
            let name = format!("{seed}_{species}.jpg");
            fs::write(folder.path().join(&name), encode_jpeg(&frame, 90).unwrap()).unwrap();
            let label = if species == "none" {
                "bona_fide"
            } else {
                "attack"
            };
            labels += &format!("{name},{label},{species},simulated\n");
        }
    }
    let file = folder.path().join("labels.csv");
    fs::write(&file, labels).unwrap();
    let (labels, images) = (
        file.display().to_string(),
        folder.path().display().to_string(),
    );
    let out = folder.path().join("out").display().to_string();
    let arguments = [
        "evaluate-pad",
        "--set",
        "synthetic",
        "--labels",
        &labels,
        "--images",
        &images,
        "--out",
        &out,
        "--json",
    ];
    let report = report(&models(&arguments));
    assert_eq!(report["species"]["print"]["trials"], 6);
    assert_eq!(report["species"]["replay"]["trials"], 6);
    for rate in [
        &report["bpcer"],
        &report["apcer"]["print"],
        &report["apcer"]["replay"],
    ] {
        assert!(rate.as_f64().unwrap() <= 1.0 / 6.0, "{report}");
    }
    assert!(report["acer"].as_f64().unwrap() <= 1.0 / 6.0 && report["threshold"].is_f64());
    let scores = fs::read_to_string(folder.path().join("out/scores.csv")).unwrap();
    assert_eq!(scores.lines().count(), 19);
    assert!(scores.contains("\n0_print.jpg,attack,print,0."));
}

#[test]
fn bad_input_is_refused_by_file_line_and_rule() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().display().to_string();
    let out = folder.path().join("out").display().to_string();
    let file = folder.path().join("pairs.csv").display().to_string();
    let run = |rows: &str| {
        fs::write(&file, format!("protocol,image_a,image_b,label\n{rows}")).unwrap();
        models(&[
            "evaluate",
            "--set",
            "synthetic",
            "--pairs",
            &file,
            "--images",
            &images,
            "--out",
            &out,
        ])
    };
    refused(
        &run("p,a.jpg,b.jpg,yes\n"),
        "pairs.csv: line 2: label must be",
    );
    refused(
        &run("p,a.jpg,b.jpg,1\n"),
        "pairs.csv: line 2: there is no image \"a.jpg\"",
    );
    refused(
        &run("p,../a.jpg,b.jpg,1\n"),
        "pairs.csv: line 2: image \"../a.jpg\" must be a path below",
    );
    refused(&run(""), "pairs.csv: line 2: the table must have a row");
    let absent = models(&[
        "evaluate-pad",
        "--set",
        "synthetic",
        "--labels",
        "absent.csv",
        "--images",
        &images,
    ]);
    refused(&absent, "absent.csv: cannot be read");
    assert!(
        !folder.path().join("out").exists(),
        "nothing is written for bad input"
    );
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/models and ../shared/faces"
)]
fn the_developer_set_gives_the_reference_figures() {
    let (report, rows) = of_developer_set(&["--embedder", "face-reid-retail-0095"]);
    let protocols = &report["protocols"];
    for (name, genuine, impostor) in [
        ("frll_neutral_vs_smiling", 51, 2550),
        ("meds_frontal", 94, 1391),
        ("lfw_view2_fold2", 300, 300),
        ("selfie_distance_pose", 28, 0),
        ("canada_impostor", 0, 190),
        ("canada_vs_frll_impostor", 0, 1020),
    ] {
        let rates = &protocols[name];
        assert_eq!(
            (&rates["genuine"], &rates["impostor"]),
            (&genuine.into(), &impostor.into())
        );
        assert_eq!(rates["failed_images"], 0, "{name}");
    }
    // The reference: EER 0.0033 and FNMR 0.0233 at the threshold of FMR 1e-4 on LFW; two more pairs of 300 allowed.
    let at = |name: &str, rate: &str| at_threshold(&protocols[name], 0.432, rate);
    let lfw = &protocols["lfw_view2_fold2"];
    assert!(lfw["eer"].as_f64().unwrap() <= 0.0033 + 0.002, "{lfw}");
    assert!(
        at("lfw_view2_fold2", "fnmr").unwrap() <= 0.0233 + 0.0067,
        "{lfw}"
    );
    assert_eq!(at("lfw_view2_fold2", "fmr"), Some(0.0));
    for (name, fmr) in [
        ("frll_neutral_vs_smiling", 0.0008),
        ("meds_frontal", 0.0080),
    ] {
        assert_eq!(at(name, "fnmr"), Some(0.0), "{name}");
        assert!(at(name, "fmr").unwrap() <= fmr, "{name}");
    }
    assert_eq!(at("selfie_distance_pose", "fnmr"), Some(0.0));
    assert_eq!(rows, 5925);
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/models and ../shared/faces"
)]
fn both_embedders_together_are_as_good_as_the_reference() {
    let (report, _) = of_developer_set(&[]);
    let protocols = &report["protocols"];
    let manifest = Manifest::read(&common::manifest()).unwrap();
    let matcher = &manifest.set("open").unwrap().matcher;
    let point = manifest.matcher(matcher).unwrap().point(1e-4).unwrap();
    let threshold = f64::from(point.match_score.0) / 1e6;
    let at = |name: &str, rate: &str| at_threshold(&protocols[name], threshold, rate).unwrap();
    let pairs = |count: f64, of: f64| (count + 0.5) / of;
    // The reference is 0095 alone: EER 0.0033, 7 of 300 lost; 2 of 2,550 and 11 of 1,391 strangers accepted.
    let lfw = &protocols["lfw_view2_fold2"];
    assert!(lfw["eer"].as_f64().unwrap() <= 0.0053, "{lfw}");
    assert!(at("lfw_view2_fold2", "fnmr") <= pairs(7.0 + 3.0, 300.0));
    assert!(at("lfw_view2_fold2", "fmr") == 0.0);
    for (name, accepted, impostors) in [
        ("frll_neutral_vs_smiling", 2.0, 2550.0),
        ("meds_frontal", 11.0, 1391.0),
    ] {
        assert!(at(name, "fnmr") == 0.0, "{name}");
        assert!(
            at(name, "fmr") <= pairs(accepted + 1.0, impostors),
            "{name}"
        );
    }
    assert_eq!(report["failed_images"].as_array().unwrap().len(), 0);
}

/// The report on the developer set, and the lines of its scores.
fn of_developer_set(more: &[&str]) -> (Value, usize) {
    let path = |path: &str| common::repository(path).display().to_string();
    let (pairs, images) = (path("../shared/faces/pairs.csv"), path("../shared/faces"));
    let (models_folder, out) = (path("../shared/models"), tempfile::tempdir().unwrap());
    let out_folder = out.path().display().to_string();
    let mut arguments = vec![
        "evaluate",
        "--set",
        "open",
        "--models",
        &models_folder,
        "--pairs",
        &pairs,
        "--images",
        &images,
        "--out",
        &out_folder,
        "--json",
    ];
    arguments.extend(more);
    let report = report(&models(&arguments));
    let scores = fs::read_to_string(out.path().join("scores.csv")).unwrap();
    (report, scores.lines().count())
}

/// A rate of a protocol at a published threshold.
fn at_threshold(protocol: &Value, threshold: f64, rate: &str) -> Option<f64> {
    let points = protocol["at_operating_points"].as_array().unwrap();
    let is_it = |point: &&Value| {
        let of_point = point["threshold"].as_f64().unwrap();
        (of_point - threshold).abs() < 1e-6
    };
    points.iter().find(is_it).unwrap()[rate][0].as_f64()
}
