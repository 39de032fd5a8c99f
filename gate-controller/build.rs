//! Sets `shared_data` where the developer data lie beside the repository, so that the tests which need them are
//! listed as ignored elsewhere.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/passport");
    println!("cargo::rerun-if-changed={}", shared.display());
    if shared.is_dir() {
        println!("cargo::rustc-cfg=shared_data");
    }
}
