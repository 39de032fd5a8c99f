//! Every console page is rendered with its sample and photographed by headless Chromium into `target/screens/console`.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot do its part must fail loudly"
)]

use std::{
    collections::BTreeSet,
    fs,
    io::BufReader,
    path::{Path, PathBuf},
    process::Command,
};

fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

fn chromium() -> &'static str {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    found.expect("Chromium is needed for the screenshots; install the Debian package `chromium`")
}

#[test]
fn every_page_is_photographed_and_is_not_blank() {
    let screens = target().join("screens/console");
    fs::create_dir_all(&screens).unwrap();
    let browser = chromium();
    for (name, render) in central::PAGES {
        let html = screens.join(format!("{name}.html"));
        let png = screens.join(format!("{name}.png"));
        fs::write(&html, render()).unwrap();
        // A picture of an earlier run must not pass for this one.
        let _ = fs::remove_file(&png);
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--disable-sync",
            ])
            .args([
                "--disable-component-update",
                "--hide-scrollbars",
                "--window-size=1440,900",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--screenshot={}", png.display()))
            .arg(format!("file://{}", html.display()))
            .output()
            .unwrap();
        assert!(
            png.exists(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let (width, height, colours) = look(&png);
        assert_eq!((width, height), (1440, 900), "{name}");
        assert!(
            colours > 30,
            "{name} shows {colours} colours: text and panels have more"
        );
    }
}

fn look(path: &Path) -> (u32, u32, usize) {
    let decoder = png::Decoder::new(BufReader::new(fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let channels = info.color_type.samples();
    let colours: BTreeSet<_> = pixels[..info.buffer_size()].chunks(channels).collect();
    (info.width, info.height, colours.len())
}

#[test]
fn no_page_loads_anything_from_elsewhere() {
    for (name, render) in central::PAGES {
        let html = render();
        assert!(html.starts_with("<!DOCTYPE html>"), "{name}");
        for outside in ["src=\"http", "href=\"http", "@import", "url(http", "//cdn"] {
            assert!(!html.contains(outside), "{name} contains {outside}");
        }
    }
}
