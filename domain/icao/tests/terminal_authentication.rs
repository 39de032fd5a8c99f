//! Card-verifiable certificates and Terminal Authentication: the BSI worked example, certificates made by OpenPACE, and round
//! trips with the chip's side.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use std::path::{Path, PathBuf};

use egate_icao::{
    apdu::{Command, Response, Status},
    chip::{
        cv_issue::{CvContent, CvSigner},
        terminal_authentication::TerminalVerifier,
    },
    cv_certificate::{
        AuthorisationTemplate, CvAlgorithm, CvCertificate, CvChainError, KeyNumbers, Reference,
        Role, TerminalKind, chain_between, verify_by_holder, verify_chain,
    },
    sod::HashAlgorithm,
    terminal_authentication::{
        Step, TerminalAuthentication, TerminalAuthenticationError, chip_name_of_bac, parse_ef_cvca,
    },
    tlv,
};
use egate_types::Date;
use openssl::{nid::Nid, pkey::PKey};
use proptest::prelude::*;
use serde_json::Value;

const CHIP_NAME: &[u8] = b"L898902C<3";
const EPHEMERAL: [u8; 32] = [0x11; 32];

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport")
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn content(role: Role, rights: u8) -> CvContent {
    CvContent {
        template: AuthorisationTemplate {
            kind: TerminalKind::InspectionSystem,
            role,
            rights: vec![rights],
        },
        effective: day("2026-01-01"),
        expiration: day("2027-01-01"),
    }
}

struct Chain {
    root: CvCertificate,
    verifier: CvSigner,
    below: Vec<CvCertificate>,
    terminal: CvSigner,
}

fn chain(new: impl Fn(&'static str) -> CvSigner) -> Chain {
    let [root, verifier, terminal] = ["UTCVCA00001", "UTDV00001", "UTLANE00001"].map(new);
    let below = vec![
        root.issue(
            &verifier,
            &content(Role::DocumentVerifierDomestic, 0x03),
            false,
        )
        .unwrap(),
        verifier
            .issue(&terminal, &content(Role::Terminal, 0x01), false)
            .unwrap(),
    ];
    Chain {
        root: root
            .self_signed(&content(Role::CountryVerifying, 0x03))
            .unwrap(),
        verifier,
        below,
        terminal,
    }
}

fn ec_chain() -> Chain {
    let algorithm = CvAlgorithm::Ecdsa(HashAlgorithm::Sha256);
    chain(|name| CvSigner::ec(name, algorithm, Nid::BRAINPOOL_P256R1).unwrap())
}

const TODAY: &str = "2026-11-23";

/// One run; `alter` may change what the chip receives.
fn run(
    chip: &mut TerminalVerifier,
    certificates: &[CvCertificate],
    terminal: &CvSigner,
    alter: impl Fn(&mut Command),
) -> Result<Vec<u8>, TerminalAuthenticationError> {
    let mut run = TerminalAuthentication::new(certificates, CHIP_NAME, &EPHEMERAL)?;
    let mut step = run.start();
    loop {
        step = match step {
            Step::Transmit(mut command) => {
                alter(&mut command);
                let command = Command::parse(&command.to_bytes()).unwrap();
                run.respond(&chip.answer(&command, [9; 8]))
            }
            Step::Sign(request) => run.signed(terminal.sign(&request.message).ok().as_deref()),
            Step::Authenticated => return Ok(chip.granted().unwrap().rights.clone()),
            Step::Failed(error) => {
                assert_eq!(chip.granted(), None);
                return Err(error);
            }
        };
    }
}

#[test]
fn terminals_with_every_algorithm_are_accepted_with_the_least_rights_of_their_chain() {
    use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    let mut algorithms = Vec::new();
    for hash in [Sha1, Sha256, Sha512] {
        algorithms.push((CvAlgorithm::RsaPkcs1(hash), Nid::UNDEF));
        algorithms.push((CvAlgorithm::RsaPss(hash), Nid::UNDEF));
    }
    for (hash, curve) in [
        (Sha1, Nid::BRAINPOOL_P192R1),
        (Sha224, Nid::SECP224R1),
        (Sha224, Nid::BRAINPOOL_P224R1),
        (Sha256, Nid::X9_62_PRIME256V1),
        (Sha256, Nid::BRAINPOOL_P256R1),
        (Sha384, Nid::SECP384R1),
        (Sha384, Nid::BRAINPOOL_P384R1),
        (Sha512, Nid::BRAINPOOL_P512R1),
        (Sha512, Nid::SECP521R1),
    ] {
        algorithms.push((CvAlgorithm::Ecdsa(hash), curve));
    }
    for (algorithm, curve) in algorithms {
        let chain = chain(|name| match curve {
            Nid::UNDEF => CvSigner::rsa(name, algorithm, 1536).unwrap(),
            curve => CvSigner::ec(name, algorithm, curve).unwrap(),
        });
        assert_eq!(chain.root.key.algorithm, algorithm);
        let parsed = CvCertificate::parse(&chain.root.to_bytes()).unwrap();
        assert_eq!(parsed, chain.root);
        let mut chip = TerminalVerifier::new(chain.root.clone(), day(TODAY), CHIP_NAME, &EPHEMERAL);
        let rights = run(&mut chip, &chain.below, &chain.terminal, |_| {});
        assert_eq!(rights, Ok(vec![0x01]), "{algorithm:?} {curve:?}");
    }
}

#[test]
fn a_chip_that_knows_the_old_root_accepts_a_link_certificate() {
    let new = |name| {
        let algorithm = CvAlgorithm::Ecdsa(HashAlgorithm::Sha256);
        CvSigner::ec(name, algorithm, Nid::X9_62_PRIME256V1).unwrap()
    };
    let [old, renewed, verifier, terminal] =
        ["UTCVCA00001", "UTCVCA00002", "UTDV00001", "UTLANE00001"].map(new);
    let authority = content(Role::CountryVerifying, 0x03);
    let pool = [
        renewed.self_signed(&authority).unwrap(),
        verifier
            .issue(&terminal, &content(Role::Terminal, 0x03), false)
            .unwrap(),
        renewed
            .issue(
                &verifier,
                &content(Role::DocumentVerifierForeign, 0x02),
                false,
            )
            .unwrap(),
        old.issue(&renewed, &authority, true).unwrap(),
    ];
    let root = old.self_signed(&authority).unwrap();
    let mut chip = TerminalVerifier::new(root, day(TODAY), CHIP_NAME, &EPHEMERAL);
    let trusted = parse_ef_cvca(&chip.ef_cvca()).unwrap();
    let below = chain_between(&trusted[0], &pool[1].holder, &pool).unwrap();
    let below: Vec<_> = below.into_iter().cloned().collect();
    assert_eq!(below.len(), 3);
    assert_eq!(run(&mut chip, &below, &terminal, |_| {}), Ok(vec![0x02]));
    let unknown = Reference::new(b"XXCVCA00001").unwrap();
    assert_eq!(chain_between(&unknown, &pool[1].holder, &pool), None);
}

#[test]
fn what_the_chip_refuses_is_named() {
    use TerminalAuthenticationError as E;
    let chain = ec_chain();
    let stranger = ec_chain();
    let chip = || TerminalVerifier::new(chain.root.clone(), day(TODAY), CHIP_NAME, &EPHEMERAL);
    let failed = Status::AUTHENTICATION_FAILED;
    let plain = |_: &mut Command| {};

    let other = &stranger.terminal;
    let ended = run(&mut chip(), &chain.below, other, plain);
    assert_eq!(ended, Err(E::Refused(failed)));
    let ended = run(&mut chip(), &stranger.below, other, plain);
    let verifier = chain.below[0].holder.clone();
    assert_eq!(ended, Err(E::CertificateRefused(verifier, failed)));
    let ended = run(&mut chip(), &chain.below[1..], &chain.terminal, plain);
    let (verifier, status) = (chain.below[0].holder.clone(), Status(0x6A88));
    assert_eq!(ended, Err(E::AuthorityUnknown(verifier, status)));
    let ended = run(&mut chip(), &chain.below[..1], &chain.verifier, plain);
    assert_eq!(ended, Err(E::TerminalUnknown(status)));
    let ended = run(&mut chip(), &[], &chain.terminal, plain);
    assert_eq!(ended, Err(E::Chain(0)));
    let mut late =
        TerminalVerifier::new(chain.root.clone(), day("2027-01-02"), CHIP_NAME, &EPHEMERAL);
    let ended = run(&mut late, &chain.below, &chain.terminal, plain);
    assert!(matches!(ended, Err(E::CertificateRefused(_, _))));
    let mut elsewhere =
        TerminalVerifier::new(chain.root.clone(), day(TODAY), b"OTHERCHIP1", &EPHEMERAL);
    let ended = run(&mut elsewhere, &chain.below, &chain.terminal, plain);
    assert_eq!(ended, Err(E::Refused(failed)));
    let ended = run(&mut chip(), &chain.below, &chain.terminal, |command| {
        if command.instruction == 0x82 {
            command.data[5] ^= 1;
        }
    });
    assert_eq!(ended, Err(E::Refused(failed)));
}

#[test]
fn a_terminal_cannot_issue_and_nobody_brings_an_own_curve_or_more_rights() {
    let chain = ec_chain();
    let algorithm = CvAlgorithm::Ecdsa(HashAlgorithm::Sha256);
    let curve = Nid::BRAINPOOL_P256R1;
    let other = CvSigner::ec("UTLANE00002", algorithm, curve).unwrap();
    let at = day(TODAY);
    let issued = |by: &CvSigner, role, with_curve| {
        by.issue(&other, &content(role, 0x3F), with_curve).unwrap()
    };
    let verify = |below: Vec<CvCertificate>| verify_chain(&chain.root, &below, at);

    let mut longer = chain.below.clone();
    longer.push(issued(&chain.terminal, Role::Terminal, false));
    assert!(matches!(verify(longer), Err(CvChainError::Role(_))));
    let below = vec![
        chain.below[0].clone(),
        issued(&chain.verifier, Role::DocumentVerifierDomestic, false),
    ];
    assert!(matches!(verify(below), Err(CvChainError::Role(_))));
    let below = vec![
        chain.below[0].clone(),
        issued(&chain.verifier, Role::Terminal, true),
    ];
    assert!(matches!(verify(below), Err(CvChainError::OwnCurve(_))));
    let below = vec![
        chain.below[0].clone(),
        issued(&chain.verifier, Role::Terminal, false),
    ];
    assert_eq!(verify(below).unwrap().rights, [0x03]);
    assert!(matches!(verify(vec![]), Err(CvChainError::Length(0))));
    let swapped = vec![chain.below[1].clone(), chain.below[0].clone()];
    assert!(matches!(verify(swapped), Err(CvChainError::Issuer { .. })));
}

#[test]
fn every_altered_byte_of_a_certificate_is_noticed() {
    let chain = ec_chain();
    let bytes = chain.below[0].to_bytes();
    for at in 0..bytes.len() {
        for bit in [0x01, 0x80] {
            let mut altered = bytes.clone();
            altered[at] ^= bit;
            let Ok(certificate) = CvCertificate::parse(&altered) else {
                continue;
            };
            let below = [certificate, chain.below[1].clone()];
            assert!(
                verify_chain(&chain.root, &below, day(TODAY)).is_err(),
                "byte {at}"
            );
        }
    }
}

#[test]
fn answers_out_of_order_end_the_run() {
    let chain = ec_chain();
    let ok = Response {
        data: Vec::new(),
        status: Status::OK,
    };
    let new = || TerminalAuthentication::new(&chain.below, CHIP_NAME, &EPHEMERAL).unwrap();
    let over = Step::Failed(TerminalAuthenticationError::OutOfOrder);
    assert_eq!(new().respond(&ok), over);
    assert_eq!(new().signed(Some(&[1])), over);
    let mut run = new();
    assert!(matches!(run.start(), Step::Transmit(_)));
    assert_eq!(run.start(), over);
    assert_eq!(run.respond(&ok), over);
}

#[test]
fn document_numbers_name_chips_with_fillers_and_check_digit() {
    assert_eq!(chip_name_of_bac("L898902C", '3'), CHIP_NAME);
    assert_eq!(chip_name_of_bac("C11T002JM", '4'), b"C11T002JM4");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn certificates_made_by_openpace_verify_and_their_terminal_authenticates() {
    let file = |name: &str| std::fs::read(shared().join("eac").join(name)).unwrap();
    let certificate = |name| CvCertificate::parse(&file(name)).unwrap();
    let root = certificate("cvca.cvcert");
    let below = [certificate("dv.cvcert"), certificate("is.cvcert")];
    assert_eq!(root.to_bytes(), file("cvca.cvcert"));
    assert!(root.is_self_signed());
    let at = root.effective;
    let own = verify_chain(&root, std::slice::from_ref(&root), at).unwrap();
    assert_eq!((own.role, own.rights), (Role::CountryVerifying, vec![0x03]));
    let allowed = verify_chain(&root, &below, at).unwrap();
    assert_eq!((allowed.role, allowed.rights), (Role::Terminal, vec![0x01]));

    let key = PKey::private_key_from_pkcs8(&file("is.pkcs8")).unwrap();
    let terminal = CvSigner::with_key("UTISLANE100001", below[1].key.algorithm, key).unwrap();
    let mut chip = TerminalVerifier::new(root, at, CHIP_NAME, &EPHEMERAL);
    assert_eq!(run(&mut chip, &below, &terminal, |_| {}), Ok(vec![0x01]));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn the_chain_and_signature_of_the_bsi_worked_example_verify() {
    let text = std::fs::read(shared().join("vectors/bsi-eac-worked-example-ecdh.json")).unwrap();
    let example: Value = serde_json::from_slice(&text).unwrap();
    let bytes = |key: &str| hex::decode(example[key].as_str().unwrap()).unwrap();
    let certificate = |mut bytes: Vec<u8>| {
        // Two certificates of this record have a byte 19 too many behind the holder reference, as their own lengths say.
        if tlv::total_length(&bytes).unwrap() + 1 == bytes.len() {
            let stray = [0x19, 0x7F, 0x4C];
            let at = bytes.windows(3).position(|w| w == stray).unwrap();
            bytes.remove(at);
        }
        CvCertificate::parse(&bytes).unwrap()
    };
    let root = certificate(bytes("cvca_cert"));
    let below = [certificate(bytes("dv_cert")), certificate(bytes("ta_cert"))];
    assert!(matches!(root.key.numbers, KeyNumbers::Ec { .. }));
    let at = day("2010-10-01");
    verify_chain(&root, std::slice::from_ref(&root), at).unwrap();
    // The root is for inspection systems, the rest for authentication terminals: the signatures hold, the chain grants nothing.
    for (above, certificate) in [(&below[..0], &below[0]), (&below[..1], &below[1])] {
        verify_by_holder(&root, above, &certificate.body, &certificate.signature).unwrap();
    }
    let refused = verify_chain(&root, &below, at);
    assert!(matches!(refused, Err(CvChainError::Template(_))));

    // Version 2 signs ID.PICC, challenge, compressed ephemeral key: x-coordinates of the keys of PACE and of Chip Authentication.
    let x = |key: &str| bytes(key)[1..33].to_vec();
    let message = [x("picc_pub_key"), bytes("ta_nonce"), x("ca_pcd_pub_key")].concat();
    let signature = bytes("ta_pcd_signature");
    verify_by_holder(&root, &below, &message, &signature).unwrap();
    let mut altered = message;
    altered[0] ^= 1;
    assert!(verify_by_holder(&root, &below, &altered, &signature).is_err());
}

proptest! {
    #[test]
    fn arbitrary_certificates_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = CvCertificate::parse(&bytes);
        let _ = parse_ef_cvca(&bytes);
    }
}
