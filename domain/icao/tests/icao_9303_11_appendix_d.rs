//! The worked example of ICAO Doc 9303-11 Appendix D: key derivation, Basic Access Control, secure messaging.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use egate_icao::{
    apdu::{Command, Response, Status},
    bac::{KeyPair, Terminal},
    mrz::{self, MrzKey},
    secure_messaging::SecureMessaging,
};
use egate_types::{Date, MrzLines};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap()
}

#[test]
fn d_2_document_basic_access_keys_from_each_document_size() {
    let cases: [&[&str]; 3] = [
        &[
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C<3UTO6908061F9406236ZE184226B<<<<<14",
        ],
        &[
            "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<",
            "D23145890<UTO3407127M95071227349<<<8",
        ],
        &[
            "I<UTOD23145890<7349<<<<<<<<<<<",
            "3407127M9507122UTO<<<<<<<<<<<2",
            "STEVENSON<<PETER<JOHN<<<<<<<<<",
        ],
    ];
    let expected = [
        "L898902C<369080619406236",
        "D23145890734934071279507122",
        "D23145890734934071279507122",
    ];
    for (lines, expected) in cases.iter().zip(expected) {
        let lines = MrzLines::new(lines.iter().map(|line| (*line).to_owned()).collect());
        let parsed = mrz::parse(&lines, Date::parse("2026-11-23").unwrap()).unwrap();
        assert_eq!(parsed.access_key.expose(), expected);
    }
    let key = MrzKey::new("L898902C", "690806", "940623");
    assert_eq!(key.expose(), "L898902C<369080619406236");
    let keys = KeyPair::from_mrz(&key);
    assert_eq!(keys.encryption, array("AB94FDECF2674FDFB9B391F85D7F76F2"));
    assert_eq!(keys.mac, array("7962D9ECE03D1ACD4C76089DCE131543"));
}

fn authenticated() -> SecureMessaging {
    let keys = KeyPair::from_mrz(&MrzKey::new("L898902C", "690806", "940623"));
    let terminal = Terminal::new(
        keys,
        array("4608F91988702212"),
        array("781723860C06C226"),
        array("0B795240CB7049B01C19B33E32804F0B"),
    );
    assert_eq!(
        terminal.authenticate().to_bytes(),
        bytes(
            "008200002872C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A728"
        )
    );
    let response = bytes(
        "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D74499000",
    );
    let mut wrong = response.clone();
    wrong[39] ^= 1;
    assert!(terminal.open(&Response::parse(&wrong).unwrap()).is_err());
    terminal.open(&Response::parse(&response).unwrap()).unwrap()
}

#[test]
fn d_3_session_keys_and_send_sequence_counter() {
    authenticated();
    let keys = KeyPair::derive(&array("0036D272F5C350ACAC50C3F572D23600"));
    assert_eq!(keys.encryption, array("979EC13B1CBFE9DCD01AB0FED307EAE5"));
    assert_eq!(keys.mac, array("F1CB1F1FB5ADF208806B89DC579DC1F8"));
}

#[test]
fn d_4_secure_messaging() {
    let mut channel = authenticated();
    let exchanges = [
        (
            Command::select_file([0x01, 0x1E]),
            "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
            "990290008E08FA855A5D4C50A8ED9000",
            "",
        ),
        (
            Command::read_binary(0, 4),
            "0CB000000D9701048E08ED6705417E96BA5500",
            "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000",
            "60145F01",
        ),
        (
            Command::read_binary(4, 18),
            "0CB000040D9701128E082EA28A70F3C7B53500",
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000",
            "04303130365F36063034303030305C026175",
        ),
    ];
    for (command, protected, response, plain) in exchanges {
        assert_eq!(
            hex::encode_upper(channel.protect_command(&command)),
            protected
        );
        let response = channel.open_response(&bytes(response)).unwrap();
        assert_eq!(response.status, Status::OK);
        assert_eq!(response.data, bytes(plain));
    }
    let replayed = bytes("990290008E08FA855A5D4C50A8ED9000");
    channel.protect_command(&Command::select_file([0x01, 0x1E]));
    assert!(
        channel.open_response(&replayed).is_err(),
        "a replayed response is refused"
    );
}
