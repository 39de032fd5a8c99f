//! Tells the tests whether the PC/SC service and its virtual reader are installed.

use std::path::Path;

/// Where Debian and its relatives put them.
const SERVICE: &str = "/usr/sbin/pcscd";
const VIRTUAL_READER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(pcscd)");
    for path in [SERVICE, VIRTUAL_READER] {
        println!("cargo::rerun-if-changed={path}");
    }
    if Path::new(SERVICE).exists() && Path::new(VIRTUAL_READER).exists() {
        println!("cargo::rustc-cfg=pcscd");
    }
}
