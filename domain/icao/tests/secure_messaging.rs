//! Secure messaging (ICAO 9303-11 §9.8) with every cipher suite: generated vectors, both sides against each other, and answers
//! that must be refused.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use std::path::Path;

use egate_icao::{
    apdu::{Command, Response, Status},
    key_derivation::{CipherKey, CipherSuite, SessionKeys},
    secure_messaging::{SecureMessaging, SecureMessagingError},
    tlv,
};
use proptest::prelude::*;
use serde_json::Value;

const SUITES: [CipherSuite; 4] = [
    CipherSuite::TripleDes,
    CipherSuite::Aes128,
    CipherSuite::Aes192,
    CipherSuite::Aes256,
];

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn channel(suite: CipherSuite) -> SecureMessaging {
    SecureMessaging::with_keys(SessionKeys::derive(suite, b"shared secret"))
}

fn ok(data: &[u8]) -> Response {
    Response {
        data: data.to_vec(),
        status: Status::OK,
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn generated_exchanges_byte_for_byte() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/passport/vectors/pace-sm-generated.json");
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for session in vectors["secure_messaging"].as_array().unwrap() {
        let name = session["cipher"].as_str().unwrap();
        let suite = match name {
            "3DES-CBC-CBC" => CipherSuite::TripleDes,
            "AES-CBC-CMAC-128" => CipherSuite::Aes128,
            "AES-CBC-CMAC-192" => CipherSuite::Aes192,
            other => {
                assert_eq!(other, "AES-CBC-CMAC-256");
                CipherSuite::Aes256
            }
        };
        let key = |key: &str| CipherKey::from_bytes(suite, &bytes(&session[key])).unwrap();
        let keys = SessionKeys {
            encryption: key("ks_enc"),
            mac: key("ks_mac"),
        };
        let start = u128::from_str_radix(session["initial_ssc"].as_str().unwrap(), 16).unwrap();
        let mut terminal = SecureMessaging::with_counter(keys.clone(), start);
        let mut chip = SecureMessaging::with_counter(keys, start);
        for exchange in session["exchanges"].as_array().unwrap() {
            let header = bytes(&exchange["header"]);
            let [class, instruction, p1, p2] = header[..] else {
                panic!("a header has four bytes");
            };
            let mut command =
                Command::new(class, instruction, p1, p2).with_data(bytes(&exchange["data"]));
            command.expected = exchange["le"].as_u64().map(|le| le as usize);
            let protected = terminal.protect_command(&command);
            assert_eq!(
                hex::encode(&protected),
                exchange["protected_command"],
                "{name} {exchange}"
            );
            let opened = chip
                .open_command(&Command::parse(&protected).unwrap())
                .unwrap();
            assert_eq!(opened, command);
            let response = bytes(&exchange["protected_response"]);
            let plain = terminal.open_response(&response).unwrap();
            assert_eq!(plain.data, bytes(&exchange["response_data"]));
            assert_eq!(
                plain.status.to_string(),
                exchange["sw"].as_str().unwrap().to_uppercase()
            );
            assert_eq!(chip.protect_response_to(instruction, &plain), response);
        }
    }
}

#[test]
fn read_binary_with_odd_instruction_uses_cryptograms_without_indicator() {
    for suite in SUITES {
        let (mut terminal, mut chip) = (channel(suite), channel(suite));
        let command = Command::new(0x00, 0xB1, 0x00, 0x00)
            .with_data([0x54, 0x03, 0x01, 0x00, 0x00])
            .expecting(65_536);
        let protected = Command::parse(&terminal.protect_command(&command)).unwrap();
        let cryptogram = tlv::find(&protected.data, 0x85).unwrap();
        assert_eq!(cryptogram.len(), suite.block_bytes());
        assert_eq!(tlv::find(&protected.data, 0x97), Ok(&[0, 0][..]));
        assert_eq!(protected.expected, Some(65_536));
        assert_eq!(chip.open_command(&protected).unwrap(), command);
        let answer = ok(&tlv::encode(0x53, &[7; 300]));
        let protected = chip.protect_response_to(0xB1, &answer);
        assert_eq!(protected[0], 0x85);
        assert!(terminal.open_response(&protected).unwrap() == answer);
    }
}

#[test]
fn no_expected_length_no_object_for_it() {
    for suite in SUITES {
        let command = Command::select_file([0x01, 0x1E]);
        let protected = Command::parse(&channel(suite).protect_command(&command)).unwrap();
        assert_eq!(
            tlv::find(&protected.data, 0x97),
            Err(tlv::TlvError::Missing(0x97))
        );
        assert_eq!(protected.expected, Some(256));
    }
}

#[test]
fn long_data_make_the_command_extended() {
    for suite in SUITES {
        let (mut terminal, mut chip) = (channel(suite), channel(suite));
        // 240 bytes fit a short command in the clear, but not their protection.
        for length in [1, 200, 240, 256, 5_000] {
            let command = Command::new(0x00, 0x2A, 0x00, 0xBE).with_data(vec![0x80; length]);
            let protected = terminal.protect_command(&command);
            assert_eq!(protected[4] == 0, length > 200);
            let opened = chip.open_command(&Command::parse(&protected).unwrap());
            assert_eq!(opened.unwrap(), command);
            let answer = chip.protect_response(&ok(&[]));
            terminal.open_response(&answer).unwrap();
        }
    }
}

/// An answer that is authenticated correctly but breaks another rule.
fn authenticated(suite: CipherSuite, objects: &[u8], status: u16) -> Vec<u8> {
    let mut forger = channel(suite);
    // The command before it was counted.
    forger.protect_command(&Command::read_binary(0, 4));
    forger.authenticated_response(objects, Status(status))
}

#[test]
fn answers_that_break_a_rule_are_refused_by_name() {
    for suite in SUITES {
        let opened = |answer: &[u8]| {
            let mut terminal = channel(suite);
            terminal.protect_command(&Command::read_binary(0, 4));
            terminal.open_response(answer).map(|response| response.data)
        };
        let status = tlv::encode(0x99, &[0x90, 0x00]);
        let good = authenticated(suite, &status, 0x9000);
        assert_eq!(opened(&good), Ok(vec![]));
        assert_eq!(
            opened(&[0x69, 0x88]),
            Err(SecureMessagingError::Plain(Status::PROTECTION_WRONG))
        );
        assert_eq!(
            opened(&[0x90, 0x00]),
            Err(SecureMessagingError::Plain(Status::OK))
        );
        // Data without protection.
        let mut plain = tlv::encode(0x60, &[1, 2, 3]);
        plain.extend([0x90, 0x00]);
        assert_eq!(opened(&plain), Err(SecureMessagingError::Mac));
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 0x10;
            assert!(opened(&changed).is_err(), "{suite:?} {at}");
        }
        // No status inside, another status outside.
        let cryptogram = tlv::encode(0x87, &[&[1][..], &vec![0; suite.block_bytes()]].concat());
        assert_eq!(
            opened(&authenticated(suite, &cryptogram, 0x9000)),
            Err(SecureMessagingError::Status)
        );
        assert_eq!(
            opened(&authenticated(suite, &status, 0x6282)),
            Err(SecureMessagingError::Status)
        );
        // Blocks of zeros do not decrypt to padding; part of a block, no indicator, two cryptograms, none inside.
        let broken = [
            cryptogram.clone(),
            tlv::encode(0x87, &[1, 2, 3]),
            tlv::encode(0x87, &[1]),
            tlv::encode(0x87, &[]),
            tlv::encode(0x87, &vec![0; suite.block_bytes()]),
            [cryptogram.clone(), cryptogram.clone()].concat(),
        ];
        for objects in broken {
            assert_eq!(
                opened(&authenticated(
                    suite,
                    &[&objects[..], &status].concat(),
                    0x9000
                )),
                Err(SecureMessagingError::Cryptogram)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_one_side_protects_the_other_opens(
        suite in 0usize..4,
        instruction: u8,
        data in proptest::collection::vec(any::<u8>(), 0..600),
        expected in proptest::option::of(1usize..=65_536),
        answer in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let (mut terminal, mut chip) = (channel(SUITES[suite]), channel(SUITES[suite]));
        for _ in 0..3 {
            let mut command = Command::new(0x00, instruction, 1, 2).with_data(data.clone());
            command.expected = expected;
            let protected = Command::parse(&terminal.protect_command(&command)).unwrap();
            prop_assert_eq!(chip.open_command(&protected).unwrap(), command);
            let response = chip.protect_response_to(instruction, &ok(&answer));
            prop_assert_eq!(&terminal.open_response(&response).unwrap().data, &answer);
        }
    }

    #[test]
    fn arbitrary_answers_never_panic(
        suite in 0usize..4,
        objects in proptest::collection::vec(any::<u8>(), 0..80),
        status: u16,
    ) {
        let mut terminal = channel(SUITES[suite]);
        terminal.protect_command(&Command::read_binary(0, 4));
        let _ = terminal.clone().open_response(&objects);
        let _ = terminal.open_response(&authenticated(SUITES[suite], &objects, status));
    }
}
