//! Tells the tests whether the shared developer data lies beside the repository.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport");
    println!("cargo::rerun-if-changed={}", shared.display());
    if shared.is_dir() {
        println!("cargo::rustc-cfg=shared_data");
    }
}
