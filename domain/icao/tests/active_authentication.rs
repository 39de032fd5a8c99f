//! Active Authentication: vectors of the developer documents, round trips with the chip's side, and everything a clone may try.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use std::path::{Path, PathBuf};

use egate_icao::{
    active_authentication::{
        ActiveAuthenticationError, ActiveAuthenticationKey, ActiveAuthenticationView, Exchange,
        judge, stated_hash,
    },
    apdu::{Command, Response, Status},
    chip::active_authentication::{
        ActiveAuthenticationSigner, EcdsaForm, RANDOM_BYTES_MAX, Trailer,
    },
    sod::HashAlgorithm,
    tlv,
};
use egate_types::CheckResult;
use openssl::{bn::BigNum, nid::Nid, pkey::Private, rsa::Padding, rsa::Rsa};
use proptest::prelude::*;
use serde_json::Value;

const CHALLENGE: [u8; 8] = [0xF3, 0x8E, 1, 2, 3, 4, 5, 6];
const RANDOM: [u8; RANDOM_BYTES_MAX] = [0x5A; RANDOM_BYTES_MAX];
const HASHES: [HashAlgorithm; 5] = [
    HashAlgorithm::Sha1,
    HashAlgorithm::Sha224,
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha384,
    HashAlgorithm::Sha512,
];

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport")
}

fn dg14(signer: &ActiveAuthenticationSigner) -> Option<Vec<u8>> {
    let info = signer.security_info()?;
    Some(tlv::encode(0x6E, &tlv::encode(0x31, &info)))
}

/// Terminal and chip as they meet: a command, its answer, the judgement.
fn run(signer: &ActiveAuthenticationSigner) -> (Vec<u8>, Option<Vec<u8>>, Exchange) {
    let dg15 = signer.data_group_15().unwrap();
    let key = ActiveAuthenticationKey::from_dg15(&dg15).unwrap();
    let command = key.internal_authenticate(CHALLENGE);
    let command = Command::parse(&command.to_bytes()).unwrap();
    let response = signer.answer(&command, &RANDOM);
    assert!(
        response.data.len() <= command.expected.unwrap(),
        "the chip may send {} bytes",
        response.data.len()
    );
    (dg15, dg14(signer), Exchange::new(CHALLENGE, response))
}

fn result(dg15: &[u8], dg14: Option<&[u8]>, exchange: &Exchange) -> CheckResult {
    judge(Some(dg15), dg14, Some(exchange)).result
}

fn rsa_signers() -> Vec<(HashAlgorithm, ActiveAuthenticationSigner)> {
    let mut signers = Vec::new();
    for bits in [1024, 1280, 1536, 2048, 3072] {
        let trailer = Trailer::Implicit;
        let signer = ActiveAuthenticationSigner::rsa(bits, trailer).unwrap();
        signers.push((HashAlgorithm::Sha1, signer));
    }
    for hash in HASHES {
        let signer = ActiveAuthenticationSigner::rsa(1024, Trailer::Named(hash)).unwrap();
        signers.push((hash, signer));
    }
    signers
}

#[test]
fn rsa_keys_of_all_sizes_and_trailers_prove_themselves() {
    for (hash, signer) in rsa_signers() {
        let (dg15, dg14, exchange) = run(&signer);
        let judged = judge(Some(&dg15), dg14.as_deref(), Some(&exchange));
        assert_eq!(judged.result, CheckResult::Successful, "{judged:?}");
        assert_eq!(judged.hash, Some(hash));
        assert_eq!(judged.deviations, Vec::<String>::new());
    }
}

#[test]
fn keys_on_all_curves_prove_themselves_in_plain_and_der_form() {
    for curve in [
        Nid::X9_62_PRIME192V1,
        Nid::SECP224R1,
        Nid::X9_62_PRIME256V1,
        Nid::SECP384R1,
        Nid::SECP521R1,
        Nid::BRAINPOOL_P192R1,
        Nid::BRAINPOOL_P224R1,
        Nid::BRAINPOOL_P256R1,
        Nid::BRAINPOOL_P320R1,
        Nid::BRAINPOOL_P384R1,
        Nid::BRAINPOOL_P512R1,
    ] {
        for (hash, form, explicit) in HASHES.into_iter().flat_map(|hash| {
            [
                (hash, EcdsaForm::Plain, true),
                (hash, EcdsaForm::Der, false),
            ]
        }) {
            let signer = ActiveAuthenticationSigner::ec(curve, explicit, hash, form).unwrap();
            let (dg15, dg14, exchange) = run(&signer);
            let judged = judge(Some(&dg15), dg14.as_deref(), Some(&exchange));
            assert_eq!(
                judged.result,
                CheckResult::Successful,
                "{curve:?} {judged:?}"
            );
            assert_eq!(judged.hash, Some(hash));
            assert_eq!(judged.deviations.len(), usize::from(form == EcdsaForm::Der));
            // Without EF.DG14 the hash is found, and that it was not stated is said.
            let judged = judge(Some(&dg15), None, Some(&exchange));
            assert_eq!(judged.result, CheckResult::Successful);
            assert!(judged.deviations.iter().any(|d| d.contains("EF.DG14")));
        }
    }
}

#[test]
fn another_hash_than_ef_dg14_states_fails() {
    let form = EcdsaForm::Plain;
    let curve = Nid::X9_62_PRIME256V1;
    let new = |hash| ActiveAuthenticationSigner::ec(curve, false, hash, form).unwrap();
    let (dg15, _, exchange) = run(&new(HashAlgorithm::Sha256));
    let other = dg14(&new(HashAlgorithm::Sha384));
    assert_eq!(
        result(&dg15, other.as_deref(), &exchange),
        CheckResult::Failed
    );
}

#[test]
fn every_flipped_bit_of_a_response_and_every_other_challenge_fail() {
    let curve = Nid::BRAINPOOL_P256R1;
    let hash = HashAlgorithm::Sha256;
    for signer in [
        ActiveAuthenticationSigner::rsa(1024, Trailer::Implicit).unwrap(),
        ActiveAuthenticationSigner::rsa(1024, Trailer::Named(hash)).unwrap(),
        ActiveAuthenticationSigner::ec(curve, true, hash, EcdsaForm::Plain).unwrap(),
    ] {
        let (dg15, dg14, exchange) = run(&signer);
        for bit in 0..exchange.response.len() * 8 {
            let mut altered = exchange.clone();
            altered.response[bit / 8] ^= 1 << (bit % 8);
            let found = result(&dg15, dg14.as_deref(), &altered);
            assert_eq!(found, CheckResult::Failed, "bit {bit}");
        }
        for bit in 0..64 {
            let mut other = exchange.clone();
            other.challenge[bit / 8] ^= 1 << (bit % 8);
            let found = result(&dg15, dg14.as_deref(), &other);
            assert_eq!(found, CheckResult::Failed, "challenge bit {bit}");
        }
        let mut longer = exchange.clone();
        longer.response.push(0);
        assert_eq!(result(&dg15, dg14.as_deref(), &longer), CheckResult::Failed);
    }
}

#[test]
fn a_cloned_chip_with_another_key_fails() {
    let new = || ActiveAuthenticationSigner::rsa(1024, Trailer::Implicit).unwrap();
    let (dg15, _, _) = run(&new());
    let (_, _, exchange) = run(&new());
    assert_eq!(result(&dg15, None, &exchange), CheckResult::Failed);
}

/// A block signed as it stands, to build what an honest signer would not.
fn signed(key: &Rsa<Private>, block: &[u8]) -> Exchange {
    let mut response = vec![0; key.size() as usize];
    key.private_encrypt(block, &mut response, Padding::NONE)
        .unwrap();
    Exchange::answered(CHALLENGE, response)
}

fn dg15(key: &Rsa<Private>) -> Vec<u8> {
    tlv::encode(0x6F, &key.public_key_to_der().unwrap())
}

fn block(size: usize, header: u8, hash: HashAlgorithm, trailer: &[u8]) -> Vec<u8> {
    use openssl::hash::{MessageDigest, hash as digest};
    let algorithm = if hash == HashAlgorithm::Sha1 {
        MessageDigest::sha1()
    } else {
        MessageDigest::sha256()
    };
    let recovered = vec![7; size - 1 - algorithm.size() - trailer.len()];
    let hashed = digest(algorithm, &[&recovered[..], &CHALLENGE].concat()).unwrap();
    [&[header], &recovered[..], &hashed, trailer].concat()
}

#[test]
fn wrong_headers_and_trailers_are_named() {
    let key = Rsa::generate(1024).unwrap();
    let file = dg15(&key);
    let verify = |block: &[u8]| {
        ActiveAuthenticationKey::from_dg15(&file)
            .unwrap()
            .verify(None, &signed(&key, block))
    };
    let sha1 = HashAlgorithm::Sha1;
    assert!(verify(&block(128, 0x6A, sha1, &[0xBC])).is_ok());
    assert!(verify(&block(128, 0x6A, sha1, &[0x33, 0xCC])).is_ok());
    for header in [0x00, 0x4A, 0x4B, 0x6B, 0x2A] {
        let verified = verify(&block(128, header, sha1, &[0xBC]));
        assert!(
            matches!(verified, Err(ActiveAuthenticationError::Header(found)) if found == header),
            "{header:02X}: {verified:?}"
        );
    }
    for trailer in [&[0xCC][..], &[0x31, 0xCC], &[0x37, 0xCC], &[0x00, 0x0C]] {
        let verified = verify(&block(128, 0x6A, sha1, trailer));
        assert!(
            matches!(verified, Err(ActiveAuthenticationError::Trailer(_))),
            "{trailer:02X?}: {verified:?}"
        );
    }
    // The hash of one algorithm under the trailer of another.
    for (hash, trailer) in [
        (HashAlgorithm::Sha256, &[0xBC][..]),
        (HashAlgorithm::Sha256, &[0x35, 0xCC]),
        (sha1, &[0x34, 0xCC]),
    ] {
        let verified = verify(&block(128, 0x6A, hash, trailer));
        assert!(matches!(verified, Err(ActiveAuthenticationError::Wrong)));
    }
}

#[test]
fn the_complement_of_a_signature_is_accepted() {
    let key = Rsa::generate(1024).unwrap();
    let mut exchange = signed(&key, &block(128, 0x6A, HashAlgorithm::Sha1, &[0xBC]));
    let mut complement = BigNum::new().unwrap();
    let number = BigNum::from_slice(&exchange.response).unwrap();
    complement.checked_sub(key.n(), &number).unwrap();
    exchange.response = complement.to_vec_padded(128).unwrap();
    assert_eq!(
        result(&dg15(&key), None, &exchange),
        CheckResult::Successful
    );
}

#[test]
fn keys_that_anybody_can_break_prove_nothing() {
    let tiny = Rsa::generate(768).unwrap();
    let exchange = signed(&tiny, &block(96, 0x6A, HashAlgorithm::Sha1, &[0xBC]));
    let judged = judge(Some(&dg15(&tiny)), None, Some(&exchange));
    assert_eq!(judged.result, CheckResult::Failed);
    assert!(judged.detail.unwrap().contains("768"));

    // With exponent 1 every message is its own signature.
    let key = Rsa::generate(1024).unwrap();
    let public =
        Rsa::from_public_components(key.n().to_owned().unwrap(), BigNum::from_u32(1).unwrap())
            .unwrap();
    let file = tlv::encode(0x6F, &public.public_key_to_der().unwrap());
    let forged = block(128, 0x6A, HashAlgorithm::Sha1, &[0xBC]);
    let exchange = Exchange::answered(CHALLENGE, forged);
    assert_eq!(result(&file, None, &exchange), CheckResult::Failed);
}

#[test]
fn what_was_not_done_is_not_supported_and_what_is_unreadable_undetermined() {
    let exchange = Exchange::answered(CHALLENGE, vec![0; 128]);
    let missing = judge(None, None, Some(&exchange));
    assert_eq!(missing.result, CheckResult::NotSupported);
    let signer = ActiveAuthenticationSigner::rsa(1024, Trailer::Implicit).unwrap();
    let file = signer.data_group_15().unwrap();
    let idle = judge(Some(&file), None, None);
    assert_eq!(idle.result, CheckResult::NotSupported);
    assert_eq!(
        result(&[0x6F, 0x02, 0x30, 0x00], None, &exchange),
        CheckResult::Undetermined
    );
    let refused = Response {
        data: Vec::new(),
        status: Status::SECURITY_STATUS,
    };
    let refused = Exchange::new(CHALLENGE, refused);
    assert_eq!(result(&file, None, &refused), CheckResult::Failed);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn responses_of_the_developer_documents_are_judged_as_expected() {
    let mut judged = 0;
    for folder in std::fs::read_dir(shared().join("synthetic")).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(text) = std::fs::read(folder.join("expected.json")) else {
            continue;
        };
        let expected: Value = serde_json::from_slice(&text).unwrap();
        let stated = &expected["active_authentication"];
        if stated.is_null() {
            continue;
        }
        let file = |name: &str| std::fs::read(folder.join(name)).ok();
        let (dg14, dg15) = (file("EF.DG14.bin"), file("EF.DG15.bin"));
        let bytes = |key: &str| hex::decode(stated[key].as_str().unwrap()).unwrap();
        let challenge = bytes("challenge").try_into().unwrap();
        for (response, wanted) in [
            ("response", "result"),
            ("altered_response", "altered_result"),
        ] {
            let exchange = Exchange::answered(challenge, bytes(response));
            let judgement = judge(dg15.as_deref(), dg14.as_deref(), Some(&exchange));
            let view = ActiveAuthenticationView::new(&exchange, &judgement);
            let view = serde_json::to_value(view).unwrap();
            assert_eq!(view["result"], stated[wanted], "{}", folder.display());
            if view["result"] == "valid" {
                for key in ["challenge", "response", "hash"] {
                    assert_eq!(view[key], stated[key], "{}", folder.display());
                }
                assert!(view.get("reason").is_none());
            }
            judged += 1;
        }
    }
    assert!(judged >= 4, "{judged} responses");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn the_specimens_key_is_read() {
    let folder = shared().join("lds/bsi2008-specimen");
    let file = std::fs::read(folder.join("EF.DG15.bin")).unwrap();
    let key = ActiveAuthenticationKey::from_dg15(&file).unwrap();
    assert_eq!(key.response_bytes_max(), 128);
    let dg14 = std::fs::read(folder.join("EF.DG14.bin")).unwrap();
    assert_eq!(stated_hash(&dg14).unwrap(), None);
}

proptest! {
    #[test]
    fn arbitrary_files_and_responses_never_panic(
        dg15 in proptest::collection::vec(any::<u8>(), 0..200),
        dg14 in proptest::collection::vec(any::<u8>(), 0..100),
        response in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let exchange = Exchange::answered(CHALLENGE, response);
        let _ = judge(Some(&dg15), Some(&dg14), Some(&exchange));
        let wrapped = tlv::encode(0x6F, &dg15);
        let _ = judge(Some(&wrapped), Some(&tlv::encode(0x6E, &dg14)), Some(&exchange));
    }
}

#[test]
fn every_altered_byte_of_a_key_file_ends_in_a_result() {
    let curve = Nid::BRAINPOOL_P256R1;
    let hash = HashAlgorithm::Sha256;
    for signer in [
        ActiveAuthenticationSigner::rsa(1024, Trailer::Implicit).unwrap(),
        ActiveAuthenticationSigner::ec(curve, true, hash, EcdsaForm::Plain).unwrap(),
    ] {
        let (dg15, dg14, exchange) = run(&signer);
        for at in 0..dg15.len() {
            for value in [dg15[at] ^ 0x01, dg15[at] ^ 0x80, 0x00, 0xFF] {
                let mut altered = dg15.clone();
                altered[at] = value;
                let _ = judge(Some(&altered), dg14.as_deref(), Some(&exchange));
            }
            let _ = judge(Some(&dg15[..at]), dg14.as_deref(), Some(&exchange));
        }
    }
}
