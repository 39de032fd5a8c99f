//! What every target does with one input, for libFuzzer (`fuzz_targets`) and for the replay of the kept inputs
//! (`tests/tests/fuzz_corpus.rs`, which compiles this file too).

pub mod chip;
pub mod cms;
pub mod images;
pub mod lds;
pub mod list_import;
pub mod list_package;
pub mod manifest;
pub mod mrz;
pub mod photographs;
pub mod secure_messaging;
pub mod snapshot;
pub mod tables;
pub mod targeting;
pub mod tlv;
pub mod wire;

/// A target: its name, and what it does with one input. It panics where the code under test is wrong.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 15] = [
    ("mrz", mrz::run),
    ("tlv", tlv::run),
    ("wire", wire::run),
    ("lds", lds::run),
    ("cms", cms::run),
    ("images", images::run),
    ("secure_messaging", secure_messaging::run),
    ("chip", chip::run),
    ("manifest", manifest::run),
    ("tables", tables::run),
    ("photographs", photographs::run),
    ("snapshot", snapshot::run),
    ("list_import", list_import::run),
    ("list_package", list_package::run),
    ("targeting", targeting::run),
];
