//! Profiles as authorities ship them: nothing counts without the configured signer's signature.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use egate_icao::verify::profile::{CHECKS, ProfileError, SignedProfile};
use egate_types::RunMode;
use openssl::{
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    sign::Signer,
};

const GOOD: &str = r#"{"version": 1, "name": "2026-11", "reason": "PACE of one issuer fails",
    "run_modes": {"AccessProtocolCheck": "evaluatory", "IssuingCountryCheck": "mandatory"}}"#;

fn ec() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn keys() -> [PKey<Private>; 3] {
    let rsa = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    [ec(), rsa, PKey::generate_ed25519().unwrap()]
}

fn sign(key: &PKey<Private>, text: &str) -> Vec<u8> {
    let signer = if key.id() == openssl::pkey::Id::ED25519 {
        Signer::new_without_digest(key)
    } else {
        Signer::new(MessageDigest::sha256(), key)
    };
    signer
        .unwrap()
        .sign_oneshot_to_vec(text.as_bytes())
        .unwrap()
}

fn open(text: &str, signature: &[u8], key: &PKey<Private>) -> Result<SignedProfile, ProfileError> {
    let signer = key.public_key_to_pem().unwrap();
    SignedProfile::open(text.as_bytes(), signature, &signer)
}

#[test]
fn a_profile_under_its_signers_signature_is_taken() {
    for key in keys() {
        let read = open(GOOD, &sign(&key, GOOD), &key).unwrap();
        assert_eq!(read.to_string(), "2026-11 (PACE of one issuer fails)");
        let modes: Vec<_> = read.profile.0.into_iter().collect();
        assert_eq!(
            modes,
            [
                ("AccessProtocolCheck".to_owned(), RunMode::Evaluatory),
                ("IssuingCountryCheck".to_owned(), RunMode::Mandatory),
            ]
        );
    }
}

#[test]
fn an_altered_profile_another_signer_and_no_signature_are_refused() {
    for key in keys() {
        let signature = sign(&key, GOOD);
        let altered = GOOD.replace("mandatory", "evaluatory");
        for (text, signature, key) in [
            (altered.as_str(), signature.as_slice(), &key),
            (GOOD, &signature, &ec()),
            (GOOD, &[], &key),
            (GOOD, &signature[1..], &key),
        ] {
            let refused = open(text, signature, key);
            assert!(
                matches!(refused, Err(ProfileError::Signature)),
                "{refused:?}"
            );
        }
    }
    let (key, garbage) = (ec(), b"-----BEGIN NOTHING-----");
    let refused = SignedProfile::open(GOOD.as_bytes(), &sign(&key, GOOD), garbage);
    assert!(
        matches!(refused, Err(ProfileError::Signer(_))),
        "{refused:?}"
    );
}

#[test]
fn a_signed_file_that_is_no_profile_is_refused_by_its_rule() {
    let key = ec();
    for (from, to, rule) in [
        ("\"version\": 1", "\"version\": 2", "profile of version 2"),
        (
            "IssuingCountryCheck",
            "IssuingCountyCheck",
            "IssuingCountyCheck",
        ),
        (
            "IssuingCountryCheck",
            "SecurityFileCheck",
            "SecurityFileCheck",
        ),
        ("\"mandatory\"", "\"sometimes\"", "line 2"),
        ("\"reason\"", "\"surplus\": 1, \"reason\"", "surplus"),
        ("}}", "}", "not a profile"),
    ] {
        let text = GOOD.replace(from, to);
        let error = open(&text, &sign(&key, &text), &key).unwrap_err();
        assert!(error.to_string().contains(rule), "{error}");
    }
}

#[test]
fn every_check_that_a_profile_can_weigh_is_named_once() {
    let mut names = CHECKS.to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CHECKS.len());
}
