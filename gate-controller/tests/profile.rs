//! The profile of run modes that a gate starts with.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use std::path::Path;

use egate_types::RunMode;
use gate_controller::config::ProfileConfig;
use gate_controller::document::load_profile;
use gate_controller::run::chain;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

const PROFILE: &str = r#"{"version": 1, "name": "tests", "reason": "tests",
    "run_modes": {"AccessProtocolCheck": "evaluatory"}}"#;

/// A folder with a profile, its signature and its signer.
fn written(folder: &Path, key: &PKey<Private>) -> ProfileConfig {
    let config = ProfileConfig {
        file: folder.join("profile.json"),
        signer: folder.join("signer.pem"),
    };
    let mut signer = Signer::new_without_digest(key).unwrap();
    let signature = signer.sign_oneshot_to_vec(PROFILE.as_bytes()).unwrap();
    std::fs::write(&config.file, PROFILE).unwrap();
    std::fs::write(folder.join("profile.json.sig"), signature).unwrap();
    std::fs::write(&config.signer, key.public_key_to_pem().unwrap()).unwrap();
    config
}

#[test]
fn a_gate_takes_the_built_in_modes_or_a_signed_profile_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let key = PKey::generate_ed25519().unwrap();
    let config = written(folder.path(), &key);
    assert!(load_profile(None).unwrap().0.is_empty());
    let modes = load_profile(Some(&config)).unwrap().0;
    assert_eq!(modes["AccessProtocolCheck"], RunMode::Evaluatory);

    let refusal = || chain(&load_profile(Some(&config)).unwrap_err());
    std::fs::write(&config.file, PROFILE.replace("evaluatory", "mandatory")).unwrap();
    let altered = refusal();
    assert!(altered.contains("profile.json"), "{altered}");
    assert!(altered.contains("signature is not"), "{altered}");

    std::fs::write(&config.file, PROFILE).unwrap();
    let stranger = PKey::generate_ed25519().unwrap();
    std::fs::write(&config.signer, stranger.public_key_to_pem().unwrap()).unwrap();
    assert!(refusal().contains("signature is not"), "{}", refusal());

    std::fs::remove_file(folder.path().join("profile.json.sig")).unwrap();
    assert!(refusal().contains("profile.json.sig"), "{}", refusal());
}
