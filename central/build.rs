//! Rebuilds when a migration changes, for migrations are embedded; tells the tests whether shared developer data is there.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/watchlist");
    println!("cargo::rerun-if-changed={}", shared.display());
    if shared.is_dir() {
        println!("cargo::rustc-cfg=shared_data");
    }
}
