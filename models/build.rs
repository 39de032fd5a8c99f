//! Sets `shared_data` where the real models and photographs lie beside the repository, so that the tests which
//! need them run there and show as ignored, by name, elsewhere.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    println!(
        "cargo::rerun-if-changed={}",
        shared.join("models/manifest.toml").display()
    );
    if shared.join("models/manifest.toml").is_file() && shared.join("faces/frll").is_dir() {
        println!("cargo::rustc-cfg=shared_data");
    }
}
