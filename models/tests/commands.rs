//! The program `models` as people call it.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

#[expect(dead_code, reason = "the program loads the sets itself")]
mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::{self, JoinHandle};

use egate_models::encode_jpeg;
use egate_synthetic_faces::{Identity, Scene, render_empty, render_live, render_portrait};
use egate_types::BgrFrame;
use opencv::core::{Mat, Vec3b};
use opencv::imgcodecs;
use serde_json::Value;

fn models(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_models"))
        .args(arguments)
        .env("ORT_DYLIB_PATH", common::library())
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let problem = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {problem}"))
}

/// A manifest beside which no model lies.
fn bare() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("manifest.toml");
    std::fs::copy(common::manifest(), &manifest).unwrap();
    (folder, manifest.display().to_string())
}

fn synthetic_set() -> String {
    let folder = common::repository("models/synthetic-set");
    folder.display().to_string()
}

#[test]
fn models_are_listed_fetched_from_a_folder_and_verified() {
    let (folder, manifest) = bare();
    let listed = json(&models(&["list", "--manifest", &manifest, "--json"]));
    let names = listed["models"].as_array().unwrap().iter();
    assert!(
        names
            .clone()
            .any(|model| model["name"] == "retinaface-mnet025-640")
    );
    assert!(
        names
            .clone()
            .all(|model| model["licence"] != "" && model["origin"] != "")
    );

    let verify = ["verify", "--set", "synthetic", "--manifest", &manifest];
    assert_eq!(models(&verify).status.code(), Some(1));
    let mirror = synthetic_set();
    let fetched = models(&[
        "fetch",
        "--set",
        "synthetic",
        "--manifest",
        &manifest,
        "--from",
        &mirror,
    ]);
    assert!(fetched.status.success(), "{fetched:?}");
    assert_eq!(models(&verify).status.code(), Some(0));

    let model = folder.path().join("synthetic-set/pad.onnx");
    let mut bytes = std::fs::read(&model).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&model, bytes).unwrap();
    let damaged = models(&verify);
    assert_eq!(damaged.status.code(), Some(1));
    let said = String::from_utf8_lossy(&damaged.stdout).into_owned();
    let of = |file: &str| said.lines().find(|line| line.contains(file)).unwrap();
    assert!(of("pad.onnx").contains("SHA-256"), "{said}");
    assert!(of("detector.onnx").ends_with("ok"), "{said}");
}

/// Serves files of a folder to `count` requests, the first one broken off in the middle; returns the ranges asked for.
fn mirror(folder: &Path, count: usize) -> (String, JoinHandle<Vec<Option<u64>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/mirror", listener.local_addr().unwrap());
    let folder = folder.to_path_buf();
    let serving = thread::spawn(move || {
        let mut ranges = Vec::new();
        for _ in 0..count {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut file, mut range) = (String::new(), None);
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap();
                if let Some(path) = line.strip_prefix("GET /mirror/") {
                    file = path.split(' ').next().unwrap().to_owned();
                }
                if let Some(bytes) = line.to_lowercase().strip_prefix("range: bytes=") {
                    range = bytes.trim_end_matches('-').parse::<u64>().ok();
                }
                if line.is_empty() {
                    break;
                }
            }
            let bytes = std::fs::read(folder.join(&file)).unwrap();
            let rest = &bytes[range.unwrap_or(0) as usize..];
            let status = if range.is_some() {
                "206 Partial Content"
            } else {
                "200 OK"
            };
            let length = rest.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            let end = if ranges.is_empty() {
                length / 2
            } else {
                length
            };
            stream.write_all(&rest[..end]).unwrap();
            ranges.push(range);
        }
        ranges
    });
    (address, serving)
}

#[test]
fn an_interrupted_download_goes_on_where_it_was() {
    let (folder, manifest) = bare();
    // Three files, of which the first is broken off, and that one again.
    let (address, serving) = mirror(&common::repository("models/synthetic-set"), 4);
    let fetch = || {
        models(&[
            "fetch",
            "--set",
            "synthetic",
            "--manifest",
            &manifest,
            "--from",
            &address,
        ])
    };
    let broken = fetch();
    assert_eq!(broken.status.code(), Some(1), "{broken:?}");
    let model = folder.path().join("synthetic-set/detector.onnx");
    let part = folder.path().join("synthetic-set/detector.onnx.part");
    assert!(!model.exists());
    let have = part.metadata().unwrap().len();
    let whole = fetch();
    assert!(whole.status.success(), "{whole:?}");
    assert!(model.exists() && !part.exists());
    assert_eq!(serving.join().unwrap(), [None, None, None, Some(have)]);
}

#[test]
fn a_file_that_is_another_one_never_takes_the_name() {
    let (folder, manifest) = bare();
    let wrong = tempfile::tempdir().unwrap();
    for file in ["detector.onnx", "embedder.onnx", "pad.onnx"] {
        std::fs::write(wrong.path().join(file), "not a network").unwrap();
    }
    let from = wrong.path().display().to_string();
    let fetched = models(&[
        "fetch",
        "--set",
        "synthetic",
        "--manifest",
        &manifest,
        "--from",
        &from,
    ]);
    assert_eq!(fetched.status.code(), Some(1));
    let left = std::fs::read_dir(folder.path().join("synthetic-set")).unwrap();
    assert_eq!(left.count(), 0);
}

fn saved(folder: &Path, name: &str, frame: &BgrFrame) -> String {
    let path = folder.join(name);
    std::fs::write(&path, encode_jpeg(frame, 90).unwrap()).unwrap();
    path.display().to_string()
}

#[test]
fn pictures_are_inspected_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let (ann, bob) = (
        Identity::from_seed(9_000_010),
        Identity::from_seed(9_000_011),
    );
    let portrait = saved(folder.path(), "portrait.jpg", &render_portrait(&ann));
    let live = |person, scene: &Scene| render_live(person, scene).frame;
    let frontal = saved(folder.path(), "a.jpg", &live(&ann, &Scene::frontal(1)));
    let other = saved(folder.path(), "b.jpg", &live(&bob, &Scene::frontal(2)));
    let far = Scene {
        face_height_px: 90.0,
        ..Scene::frontal(3)
    };
    let far = saved(folder.path(), "far.jpg", &live(&ann, &far));
    let empty = saved(folder.path(), "empty.jpg", &render_empty(4));
    let answer =
        |arguments: &[&str]| models(&[arguments, &["--set", "synthetic", "--json"]].concat());

    let same = json(&answer(&["compare", &portrait, &frontal]));
    assert_eq!(same["match"], true, "{same}");
    let different = json(&answer(&["compare", &portrait, &other]));
    assert_eq!(different["match"], false, "{different}");

    let seen = json(&answer(&["inspect", &frontal]));
    assert_eq!(seen["faces"].as_array().unwrap().len(), 1);
    assert_eq!(seen["coaching_first"], Value::Null, "{seen}");
    assert!(seen["pad"].as_f64().unwrap() > 0.5);
    let components = seen["quality"]["components"].as_array().unwrap();
    assert!(
        components
            .iter()
            .all(|judged| judged["score"].as_u64().unwrap() <= 100)
    );
    let seen = json(&answer(&["inspect", &far]));
    assert_eq!(seen["coaching_first"], "come_closer", "{seen}");

    let nobody = answer(&["inspect", &empty]);
    assert_eq!(nobody.status.code(), Some(1));
    assert_eq!(json(&nobody)["coaching"][0], "look_at_camera");
    let none = answer(&["compare", &portrait, &empty]);
    assert_eq!(
        (none.status.code(), &json(&none)["score"]),
        (Some(1), &Value::Null)
    );
}

#[test]
fn jpeg_2000_and_png_are_pictures_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let person = Identity::from_seed(9_000_012);
    let portrait = render_portrait(&person);
    let size = (portrait.height() as i32, portrait.width() as i32);
    let mat = Mat::new_rows_cols_with_bytes::<Vec3b>(size.0, size.1, portrait.pixels()).unwrap();
    let jpeg = saved(folder.path(), "portrait.jpg", &portrait);
    let inspect = |file: &str| models(&["inspect", file, "--set", "synthetic", "--json"]);
    for ending in ["jp2", "png"] {
        let file = folder.path().join("portrait").with_extension(ending);
        let file = file.display().to_string();
        assert!(imgcodecs::imwrite_def(&file, &mat).unwrap());
        let seen = json(&inspect(&file));
        assert_eq!(seen["faces"].as_array().unwrap().len(), 1, "{seen}");
        assert_eq!(
            (&seen["width"], &seen["height"]),
            (&size.1.into(), &size.0.into())
        );
        let same = models(&["compare", &jpeg, &file, "--set", "synthetic", "--json"]);
        assert!(json(&same)["score"].as_f64().unwrap() > 0.95, "{same:?}");
    }

    let text = folder.path().join("portrait.gif");
    std::fs::write(&text, "GIF89a, so to say").unwrap();
    let text = text.display().to_string();
    let half = folder.path().join("half.jp2");
    let whole = std::fs::read(folder.path().join("portrait.jp2")).unwrap();
    std::fs::write(&half, &whole[..60]).unwrap();
    let half = half.display().to_string();
    let absent = folder.path().join("absent.jpg").display().to_string();
    for (file, rule) in [
        (&text, "must be JPEG, JPEG 2000 or PNG"),
        (&half, "image header"),
        (&absent, "cannot be read"),
    ] {
        for refused in [
            inspect(file),
            models(&["compare", &jpeg, file, "--set", "synthetic"]),
        ] {
            assert_eq!(refused.status.code(), Some(2), "{refused:?}");
            let said = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(
                said.contains(file.as_str()) && said.contains(rule),
                "{said}"
            );
        }
    }
}

#[test]
fn a_peer_without_its_modules_says_so() {
    let output = models(&[
        "bench",
        "--set",
        "synthetic",
        "--frames",
        "1",
        "--peer",
        "--python",
        "false",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the peer does not run"));
}

#[test]
fn one_frame_is_measured_on_one_thread_and_on_two() {
    let measured = json(&models(&[
        "bench",
        "--set",
        "synthetic",
        "--frames",
        "2",
        "--json",
    ]));
    for threads in ["1", "2"] {
        let of = &measured["threads"][threads];
        for stage in ["detect", "align_and_embed", "pad", "quality"] {
            assert!(
                of["stages"][stage]["p50_ms"].as_f64().unwrap() > 0.0,
                "{measured}"
            );
        }
        let positive = |key: &str| of[key].as_f64().unwrap() > 0.0;
        assert!(positive("frames_per_s") && positive("start_up_ms") && positive("rss_mib"));
        assert!(of["whole"]["p50_ms"].as_f64() <= of["whole"]["p99_ms"].as_f64());
    }
}

#[test]
fn memory_is_watched_while_travellers_come_and_go() {
    let output = models(&["soak", "--set", "synthetic", "--minutes", "0.15", "--json"]);
    let seen = json(&output);
    let number = |value: &Value| value.as_f64().unwrap();
    assert!(number(&seen["travellers"]) > 3.0, "{seen}");
    assert!(seen["frames"].as_u64() > seen["travellers"].as_u64());
    assert!(number(&seen["matches"]) > 0.0, "{seen}");
    let resident = &seen["rss_mib"];
    assert!(
        number(&resident["start"]) > 10.0 && resident["start"].as_f64() <= resident["max"].as_f64()
    );
    let shown_flat = seen["growth_mib_per_h"]
        .as_array()
        .is_some_and(|growth| number(&growth[2]) <= number(&seen["growth_mib_per_h_max"]));
    assert_eq!(seen["flat"], shown_flat);
    assert_eq!(output.status.code(), Some(i32::from(!shown_flat)));
}
