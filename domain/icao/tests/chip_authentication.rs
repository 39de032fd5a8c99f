//! Chip Authentication: round trips with the chip's side over every group and cipher, copied chips, and transcripts judged again.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]
#![expect(clippy::panic, reason = "a run that ends early must say where")]

use std::path::{Path, PathBuf};

use egate_icao::{
    apdu::{Command, Response, Status},
    chip::chip_authentication::{ChipAuthenticationKeys, StaticKey, data_group_14},
    chip_authentication::{ChipAuthentication, ChipAuthenticationError, Offer, Step, Transcript},
    domain_parameters::{DomainParameters, KeyAgreement, PrivateKey},
    key_derivation::{CipherSuite, SessionKeys},
    secure_messaging::SecureMessaging,
};
use proptest::prelude::*;
use serde_json::Value;

const CIPHERS: [CipherSuite; 4] = [
    CipherSuite::TripleDes,
    CipherSuite::Aes128,
    CipherSuite::Aes192,
    CipherSuite::Aes256,
];
const CHIP_RANDOM: [u8; 74] = [0x3C; 74];
const TERMINAL_RANDOM: [u8; 74] = [0x7E; 74];

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport")
}

fn dg14(keys: &[StaticKey]) -> Vec<u8> {
    let infos: Vec<_> = keys
        .iter()
        .flat_map(|key| key.security_infos().unwrap())
        .collect();
    data_group_14(&infos)
}

/// Terminal and chip agree on new keys; the chip answers one protected command. Returns what the terminal keeps.
fn run(offer: &Offer, chip: &mut ChipAuthenticationKeys) -> (Transcript, bool) {
    let mut terminal = ChipAuthentication::new(offer, &TERMINAL_RANDOM).unwrap();
    let mut step = terminal.start();
    let mut chips_channel = None;
    let mut channel = loop {
        step = match step {
            Step::Transmit(command) => {
                let command = Command::parse(&command.to_bytes()).unwrap();
                let answer = chip.answer(&command).unwrap();
                chips_channel = answer.channel;
                terminal.respond(&answer.response)
            }
            Step::Established(channel) => break channel,
            Step::Failed(error) => panic!("{error}"),
        };
    };
    let first = first_response(&mut channel, &mut chips_channel.unwrap());
    let opened = channel.open_response(&first).is_ok();
    (terminal.transcript(&first), opened)
}

/// A READ BINARY arrives; a chip that cannot open it answers under its own keys all the same.
fn first_response(channel: &mut SecureMessaging, chip: &mut SecureMessaging) -> Vec<u8> {
    let read = channel.protect_command(&Command::read_binary(0, 8));
    let _ = chip.open_command(&Command::parse(&read).unwrap());
    chip.protect_response(&Response {
        data: vec![0x60; 8],
        status: Status::OK,
    })
}

#[test]
fn every_group_and_cipher_gives_a_channel_that_proves_the_chip() {
    for id in (0..=2).chain(8..=18) {
        for cipher in CIPHERS {
            let key = StaticKey::new(id, &[cipher], None, &CHIP_RANDOM).unwrap();
            let file = dg14(std::slice::from_ref(&key));
            let offers = Offer::all(&file).unwrap();
            assert_eq!(offers.len(), 1);
            assert_eq!(offers[0].variant.cipher, cipher);
            let mut chip = ChipAuthenticationKeys::new(vec![key.clone()]);
            let (transcript, opened) = run(&offers[0], &mut chip);
            assert!(opened, "{id} {cipher:?}");
            transcript.verify(&file).unwrap();

            let copied = key.copied_without_key(&[0x11; 74]).unwrap();
            let mut chip = ChipAuthenticationKeys::new(vec![copied]);
            let (transcript, opened) = run(&offers[0], &mut chip);
            assert!(!opened, "a copied chip with {id} {cipher:?}");
            let judged = transcript.verify(&file);
            assert!(matches!(judged, Err(ChipAuthenticationError::NotProven(_))));
        }
    }
}

#[test]
fn the_strongest_of_several_keys_is_offered_first_and_named() {
    let keys = vec![
        StaticKey::new(0, &[CipherSuite::Aes256], Some(1), &CHIP_RANDOM).unwrap(),
        StaticKey::new(13, &CIPHERS, Some(0x1234), &[9; 74]).unwrap(),
        StaticKey::new(18, &[CipherSuite::Aes128], Some(200), &[8; 74]).unwrap(),
    ];
    let file = dg14(&keys);
    let offers = Offer::all(&file).unwrap();
    let variants: Vec<_> = offers
        .iter()
        .map(|offer| (offer.variant.cipher, offer.variant.key_id))
        .collect();
    assert_eq!(
        variants,
        [
            (CipherSuite::Aes256, Some(0x1234)),
            (CipherSuite::Aes256, Some(1)),
            (CipherSuite::Aes192, Some(0x1234)),
            (CipherSuite::Aes128, Some(0x1234)),
            (CipherSuite::Aes128, Some(200)),
            (CipherSuite::TripleDes, Some(0x1234)),
        ]
    );
    for offer in &offers {
        let mut chip = ChipAuthenticationKeys::new(keys.clone());
        let (transcript, opened) = run(offer, &mut chip);
        assert!(opened, "{:?}", offer.variant);
        transcript.verify(&file).unwrap();
    }
}

#[test]
fn an_altered_transcript_or_another_chips_file_is_not_proven() {
    let new = |random| StaticKey::new(13, &[CipherSuite::Aes128], None, random).unwrap();
    let key = new(&CHIP_RANDOM);
    let file = dg14(std::slice::from_ref(&key));
    let mut chip = ChipAuthenticationKeys::new(vec![key]);
    let (transcript, _) = run(&Offer::all(&file).unwrap()[0], &mut chip);
    for at in 0..transcript.first_response.len() {
        let mut altered = transcript.clone();
        altered.first_response[at] ^= 1;
        assert!(altered.verify(&file).is_err(), "byte {at}");
        altered.first_response.truncate(at);
        assert!(altered.verify(&file).is_err(), "cut at {at}");
    }
    let mut other = transcript.clone();
    other.ephemeral[0] ^= 1;
    assert!(other.verify(&file).is_err());
    let other = dg14(&[new(&[5; 74])]);
    assert!(transcript.verify(&other).is_err());
    let mut other = transcript;
    other.variant.cipher = CipherSuite::Aes256;
    let judged = other.verify(&file);
    assert!(matches!(judged, Err(ChipAuthenticationError::NotOffered)));
}

#[test]
fn refusals_and_answers_out_of_order_end_the_run() {
    let key = StaticKey::new(13, &[CipherSuite::Aes128], None, &CHIP_RANDOM).unwrap();
    let offer = &Offer::all(&dg14(&[key])).unwrap()[0];
    let new = || ChipAuthentication::new(offer, &TERMINAL_RANDOM).unwrap();
    let answer = |data: &[u8], status| Response {
        data: data.to_vec(),
        status,
    };
    let failed = |step| match step {
        Step::Failed(error) => error,
        other @ (Step::Transmit(_) | Step::Established(_)) => panic!("{other:?}"),
    };
    use ChipAuthenticationError as E;
    let ok = answer(&[], Status::OK);
    assert!(matches!(failed(new().respond(&ok)), E::OutOfOrder));
    let mut run = new();
    assert!(matches!(run.start(), Step::Transmit(_)));
    let refused = answer(&[], Status::CONDITIONS);
    assert!(matches!(failed(run.respond(&refused)), E::Refused(_)));
    assert!(matches!(failed(run.respond(&ok)), E::OutOfOrder));
    assert!(matches!(failed(run.start()), E::OutOfOrder));
    let mut run = new();
    run.start();
    run.respond(&ok);
    let strange = answer(&[0x7C, 0x02, 0x80, 0x00], Status::OK);
    assert!(matches!(failed(run.respond(&strange)), E::Answer));
}

#[test]
fn a_file_without_usable_offer_is_named() {
    let file = data_group_14(&[]);
    assert!(matches!(
        Offer::all(&file),
        Err(ChipAuthenticationError::NotOffered)
    ));
    let key = StaticKey::new(13, &[CipherSuite::Aes128], None, &CHIP_RANDOM).unwrap();
    let mut file = dg14(&[key]);
    // The last byte of the point: it no longer lies on the curve.
    let at = file.windows(2).position(|w| w == [0x00, 0x04]).unwrap();
    file[at + 1 + 64] ^= 1;
    assert!(matches!(
        Offer::all(&file),
        Err(ChipAuthenticationError::Key(_))
    ));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn the_specimen_offers_triple_des_on_its_explicit_curve() {
    let file = std::fs::read(shared().join("lds/bsi2008-specimen/EF.DG14.bin")).unwrap();
    let offers = Offer::all(&file).unwrap();
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].variant.cipher, CipherSuite::TripleDes);
    assert_eq!(offers[0].variant.agreement, KeyAgreement::Ecdh);
    let mut run = ChipAuthentication::new(&offers[0], &TERMINAL_RANDOM).unwrap();
    let Step::Transmit(command) = run.start() else {
        panic!("a command");
    };
    assert_eq!(command.header(), [0x00, 0x22, 0x41, 0xA6]);
    assert_eq!(&command.data[..3], [0x91, 57, 0x04]);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn keys_of_the_bsi_worked_example() {
    let text = std::fs::read(shared().join("vectors/bsi-eac-worked-example-ecdh.json")).unwrap();
    let example: Value = serde_json::from_slice(&text).unwrap();
    let bytes = |key: &str| hex::decode(example[key].as_str().unwrap()).unwrap();
    let group = DomainParameters::standardized(13).unwrap();
    let chips = PrivateKey::from_bytes(&bytes("ca_picc_priv_key"));
    let terminals = PrivateKey::from_bytes(&bytes("ca_pcd_priv_key"));
    assert_eq!(group.public_key(&chips).unwrap(), bytes("ca_picc_pub_key"));
    assert_eq!(
        group.public_key(&terminals).unwrap(),
        bytes("ca_pcd_pub_key")
    );
    let secret = group
        .shared_secret(&terminals, &bytes("ca_picc_pub_key"))
        .unwrap();
    assert_eq!(*secret, bytes("ca_shared_secret_k"));
    let compressed = group.compressed(&bytes("ca_pcd_pub_key")).unwrap();
    assert_eq!(compressed, bytes("ca_pcd_pub_key")[1..33]);
    // Version 2 puts the chip's nonce behind the secret before it derives keys.
    let seed = [&secret[..], &bytes("ca_nonce")].concat();
    let keys = SessionKeys::derive(CipherSuite::Aes128, &seed);
    assert_eq!(keys.encryption.expose(), bytes("ca_k_enc"));
    assert_eq!(keys.mac.expose(), bytes("ca_k_mac"));
}

proptest! {
    #[test]
    fn arbitrary_files_and_commands_never_panic(
        file in proptest::collection::vec(any::<u8>(), 0..300),
        command in proptest::collection::vec(any::<u8>(), 4..100),
    ) {
        let _ = Offer::all(&file);
        let key = StaticKey::new(8, &CIPHERS, None, &CHIP_RANDOM).unwrap();
        let mut chip = ChipAuthenticationKeys::new(vec![key]);
        if let Ok(command) = Command::parse(&command) {
            let _ = chip.answer(&command);
        }
    }
}

#[test]
fn every_altered_byte_of_a_key_file_ends_in_a_result() {
    let key = StaticKey::new(13, &CIPHERS, Some(7), &CHIP_RANDOM).unwrap();
    let file = dg14(&[key]);
    for at in 0..file.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut altered = file.clone();
            altered[at] ^= bit;
            let _ = Offer::all(&altered);
        }
        let _ = Offer::all(&file[..at]);
    }
}
