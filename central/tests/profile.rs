//! The profile of run modes that an authority starts with.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use central::config::Config;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

const PROFILE: &str = r#"{"version": 1, "name": "tests", "reason": "tests",
    "run_modes": {"AccessProtocolCheck": "evaluatory"}}"#;
const CONFIGURATION: &str = r#"
listen = "127.0.0.1:0"
database = "central.sqlite"
[tls]
ca = "ca.pem"
certificate = "server.pem"
key = "server.key"
[[authority]]
id = "border"
name = "Border Inspection"
identity = true
key = "border.key"
list = "border-watch"
list_age_limit_s = 60
[authority.profile]
file = "profile.json"
signer = "signer.pem"
"#;

fn signature(key: &PKey<Private>) -> Vec<u8> {
    let mut signer = Signer::new_without_digest(key).unwrap();
    signer.sign_oneshot_to_vec(PROFILE.as_bytes()).unwrap()
}

#[test]
fn an_authority_with_a_profile_that_its_signer_did_not_sign_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let key = PKey::generate_ed25519().unwrap();
    std::fs::write(path("central.toml"), CONFIGURATION).unwrap();
    std::fs::write(path("border.key"), "A".repeat(43)).unwrap();
    std::fs::write(path("profile.json"), PROFILE).unwrap();
    std::fs::write(path("signer.pem"), key.public_key_to_pem().unwrap()).unwrap();
    let config = Config::load(&path("central.toml")).unwrap();
    let refusal = || format!("{:#}", config.authorities().err().unwrap());
    assert!(refusal().contains("profile.json.sig"), "{}", refusal());

    let stranger = PKey::generate_ed25519().unwrap();
    std::fs::write(path("profile.json.sig"), signature(&stranger)).unwrap();
    assert!(refusal().contains("profile.json cannot"), "{}", refusal());
    assert!(refusal().contains("signature is not"), "{}", refusal());

    std::fs::write(path("profile.json.sig"), signature(&key)).unwrap();
    assert_eq!(config.authorities().unwrap().len(), 1);
}
