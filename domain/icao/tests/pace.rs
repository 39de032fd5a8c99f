//! PACE (ICAO 9303-11 §4.4): worked examples of appendices G and H, the BSI example and generated transcripts, byte for byte.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use std::path::Path;

use egate_icao::{
    apdu::Status,
    chip::pace::{self as chip, Pace, StaticKey},
    domain_parameters::{DomainParameters, PrivateKey, PublicKey},
    key_derivation::{CipherSuite, Password},
    mrz::MrzKey,
    pace::{
        ChipAuthenticationMappingError, Offer, OpenedChannel, Secrets, Step, Terminal, mapping,
        verify_chip_authentication_mapping,
    },
    security_infos::{ObjectIdentifier, PaceInfo, PaceMapping, PaceProtocol},
    tlv,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// The password of appendix G, document T22000129.
fn mrz_password() -> Password {
    Password::mrz(&MrzKey::new("T22000129", "640812", "101031"))
}

fn oid(dotted: &str) -> ObjectIdentifier {
    let arcs: Vec<u8> = dotted
        .split_whitespace()
        .next()
        .unwrap()
        .split('.')
        .map(|arc| arc.parse().unwrap())
        .collect();
    // 0.4.…: every arc is below 128.
    ObjectIdentifier::from_bytes(&[&[arcs[0] * 40 + arcs[1]], &arcs[2..]].concat())
}

/// The value of a field of an example; empty where it has none.
fn field(example: &Value, name: &str) -> Vec<u8> {
    hex::decode(example[name].as_str().unwrap_or_default()).unwrap()
}

fn same(example: &Value, name: &str, value: &[u8]) {
    let expected = field(example, name);
    if !expected.is_empty() {
        let suite = &example["suite"];
        assert_eq!(hex::encode(value), hex::encode(expected), "{suite} {name}");
    }
}

/// One object of the dynamic authentication data.
fn object(data: &[u8], tag: u32) -> Vec<u8> {
    let (objects, _) = tlv::expect(data, 0x7C).unwrap();
    tlv::find(objects, tag).unwrap().to_vec()
}

/// Runs terminal and chip with the example's numbers and compares every value that it states.
fn replay(example: &Value, password: &Password) -> OpenedChannel {
    let protocol =
        PaceProtocol::from_object_identifier(&oid(example["oid"].as_str().unwrap())).unwrap();
    let offer = Offer::standardized(&PaceInfo {
        protocol,
        version: 2,
        parameter_id: example["parameter_id"].as_u64(),
    })
    .unwrap();
    same(example, "k_pi", password.key(protocol.cipher).expose());

    let integrated = protocol.mapping == PaceMapping::Integrated;
    let mapping = if integrated {
        "nonce_t"
    } else {
        "terminal_map_private"
    };
    let key = |name| PrivateKey::from_bytes(&field(example, name));
    let mut terminal = Terminal::with_secrets(
        &offer,
        password,
        Secrets {
            mapping: Zeroizing::new(field(example, mapping)),
            ephemeral: key("terminal_ephemeral_private"),
        },
    );
    let mut chip =
        Pace::new(vec![offer.clone()], vec![password.clone()]).with_secrets(chip::Secrets {
            nonce: Zeroizing::new(field(example, "nonce_s")),
            mapping: key("chip_map_private"),
            ephemeral: key("chip_ephemeral_private"),
        });
    if protocol.mapping == PaceMapping::ChipAuthentication {
        chip = chip.with_static_key(StaticKey {
            parameters: offer.parameters().clone(),
            private: key("chip_static_private"),
        });
    }

    let mut command = terminal.start();
    assert_eq!(
        tlv::find(&command.data, 0x80),
        Ok(protocol.object_identifier().as_bytes())
    );
    assert_eq!(
        tlv::find(&command.data, 0x83),
        Ok(&[password.kind().reference()][..])
    );
    let exchanged = [
        None,
        Some((None, Some((0x80, "encrypted_nonce_z")))),
        Some((
            Some((
                0x81,
                if integrated {
                    "nonce_t"
                } else {
                    "terminal_map_public"
                },
            )),
            Some((0x82, "chip_map_public")),
        )),
        Some((
            Some((0x83, "terminal_ephemeral_public")),
            Some((0x84, "chip_ephemeral_public")),
        )),
        Some((Some((0x85, "terminal_token")), Some((0x86, "chip_token")))),
    ];
    for (at, exchange) in exchanged.iter().enumerate() {
        let class = if (1..=3).contains(&at) { 0x10 } else { 0x00 };
        assert_eq!(command.class, class);
        let answer = chip.answer(&command, &[0; chip::RANDOM_BYTES]).response;
        assert_eq!(answer.status, Status::OK);
        if let Some((ours, theirs)) = exchange {
            if let Some((tag, name)) = ours {
                same(example, name, &object(&command.data, *tag));
            }
            if let Some((tag, name)) = theirs {
                same(example, name, &object(&answer.data, *tag));
            }
        }
        if at == 4 && protocol.mapping == PaceMapping::ChipAuthentication {
            same(example, "encrypted_ca_ic", &object(&answer.data, 0x8A));
        }
        match terminal.respond(&answer) {
            Step::Transmit(next) => command = next,
            Step::Open(opened) => {
                assert_eq!(at, 4);
                let keys = opened.secure_messaging.keys();
                same(example, "ks_enc", keys.encryption.expose());
                same(example, "ks_mac", keys.mac.expose());
                return *opened;
            }
            Step::Failed(error) => panic!("{}: {error}", example["suite"]),
        }
    }
    panic!("the channel did not open");
}

#[test]
fn appendix_g_1_generic_mapping_on_a_curve() {
    let opened = replay(
        &json!({
            "suite": "G.1",
            "oid": "0.4.0.127.0.7.2.2.4.2.2",
            "parameter_id": 13,
            "k_pi": "89DED1B26624EC1E634C1989302849DD",
            "nonce_s": "3F00C4D39D153F2B2A214A078D899B22",
            "encrypted_nonce_z": "95A3A016522EE98D01E76CB6B98B42C3",
            "terminal_map_private": "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99",
            "terminal_map_public": "047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D",
            "chip_map_private": "498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560",
            "chip_map_public": "04824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F5730D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54",
            "terminal_ephemeral_private": "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595",
            "terminal_ephemeral_public": "042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462",
            "chip_ephemeral_private": "107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A",
            "chip_ephemeral_public": "049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094",
            "ks_enc": "F5F0E35C0D7161EE6724EE513A0D9A7F",
            "ks_mac": "FE251C7858B356B24514B3BD5F4297D1",
            "terminal_token": "C2B0BD78D94BA866",
            "chip_token": "3ABB9674BCE93C08",
        }),
        &mrz_password(),
    );
    assert_eq!(
        hex::encode_upper(opened.chip_identifier),
        "9E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
    );
}

#[test]
fn appendix_g_2_generic_mapping_in_a_prime_field() {
    replay(
        &json!({
            "suite": "G.2",
            "oid": "0.4.0.127.0.7.2.2.4.1.2",
            "parameter_id": 0,
            "nonce_s": "FA5B7E3E49753A0DB9178B7B9BD898C8",
            "encrypted_nonce_z": "854D8DF5827FA6852D1A4FA701CDDDCA",
            "terminal_map_private": "5265030F751F4AD18B08AC565FC7AC952E41618D",
            "terminal_map_public": "23FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3EB71C343DB13D1DEBCE9A3666DBCFC920B49174A602CB47965CAA73DC702489A44D41DB914DE9613DC5E98C94160551C0DF86274B9359BC0490D01B03AD54022DCB4F57FAD6322497D7A1E28D46710F461AFE710FBBBC5F8BA166F4311975EC6C",
            "chip_map_private": "66DDAFEAC1609CB5B963BB0CB3FF8B3E047F336C",
            "chip_map_public": "78879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E623EA5738B26381E4DA19E004706FACE7B235C2DBF2F38748312F3C98C2DD4882A41947B324AA1259AC22579DB93F7085655AF30889DBB845D9E6783FE42C9F2449400306254C8AE8EE9DD812A804C0B66E8CAFC14F84D8258950A91B44126EE6",
            "terminal_ephemeral_private": "4BD0E54740F9A028E6A515BFDAF967848C4F5F5FFF65AA0915947FFD1A0DF2FA6981271BC905F3551457B7E03AC3B8066DE4AA406C1171FB43DD939C4BA16175103BA3DEE16419AA248118F90CC36A3D6F4C373652E0C3CCE7F0F1D0C5425B3600F0F0D6A67F004C8BBA33F2B4733C7252445C1DFC4F1107203F71D2EFB28161",
            "terminal_ephemeral_public": "907D89E2D425A178AA81AF4A7774EC8E388C115CAE67031E85EECE520BD911551B9AE4D04369F29A02626C86FBC6747CC7BC352645B6161A2A42D44EDA80A08FA8D61B76D3A154AD8A5A51786B0BC07147057871A922212C5F67F43173172236B7747D1671E6D692A3C7D40A0C3C5CE397545D015C175EB5130551EDBC2EE5D4",
            "chip_ephemeral_private": "A5B780126B7C980E9FCEA1D4539DA1D27C342DFA",
            "chip_ephemeral_public": "075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152BD8B3A213F53820C42ADC79AB5D0AEEC3AEFB91394DA476BD97B9B14D0A65C1FC71A0E019CB08AF55E1F729005FBA7E3FA5DC41899238A250767A6D46DB974064386CD456743585F8E5D90CC8B4004B1F6D866C79CE0584E49687FF61BC29AEA1",
            "ks_enc": "2F7F46ADCC9E7E521B45D192FAFA9126",
            "ks_mac": "805A1D27D45A5116F73C54469462B7D8",
            "terminal_token": "B46DD9BD4D98381F",
            "chip_token": "917F37B5C0E6D8D1",
        }),
        &mrz_password(),
    );
}

fn integrated(id: u64, s: &str, t: &str) -> String {
    let parameters = DomainParameters::standardized(id).unwrap();
    let (s, t) = (hex::decode(s).unwrap(), hex::decode(t).unwrap());
    let mapped = mapping::integrated(&parameters, CipherSuite::Aes128, &s, &t).unwrap();
    hex::encode_upper(mapped.generator().unwrap())
}

#[test]
fn appendix_h_1_integrated_mapping_on_a_curve() {
    assert_eq!(
        integrated(
            13,
            "2923BE84E16CD6AE529049F1F1BBE9EB",
            "5DD4CBFC96F5453B130D890A1CDBAE32"
        ),
        "048E82D31559ED0FDE92A4D0498ADD3C23BABA94FB77691E31E90AEA77FB17D4274C1AE14BD0C3DBAC0C871B7F3608169364437CA30AC243A089D3F266C1E60FAD"
    );
}

#[test]
fn appendix_h_2_integrated_mapping_in_a_prime_field() {
    assert_eq!(
        integrated(
            0,
            "FA5B7E3E49753A0DB9178B7B9BD898C8",
            "B3A6DB3C870C3E99245E0D1C06B747DE"
        ),
        "1D7D767F11E333BCD6DBAEF40E799E7A926B96973550656FF3C830726D118D61C276CDCC61D475CF03A98E0C0E79CAEBA5BE25578BD4551D0B10903236F0B0F976852FA78EEA14EA0ACA87D1E91F688FE0DFF897BBE35A472621D343564B262F34223AE8FC59B664BFEDFA2BFE7516CA5510A6BBB633D517EC25D4E0BBAA16C2"
    );
}

fn shared(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport/vectors");
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn bsi_worked_example_of_extended_access_control() {
    let bsi = shared("bsi-eac-worked-example-ecdh.json");
    replay(
        &json!({
            "suite": "BSI",
            "oid": "0.4.0.127.0.7.2.2.4.2.2",
            "parameter_id": 13,
            "nonce_s": bsi["nonce"],
            "encrypted_nonce_z": bsi["nonce_enc"],
            "terminal_map_private": bsi["map_pcd_priv_key"],
            "terminal_map_public": bsi["map_pcd_pub_key"],
            "chip_map_private": bsi["map_picc_priv_key"],
            "chip_map_public": bsi["map_picc_pub_key"],
            "terminal_ephemeral_private": bsi["pcd_priv_key"],
            "terminal_ephemeral_public": bsi["pcd_pub_key"],
            "chip_ephemeral_private": bsi["picc_priv_key"],
            "chip_ephemeral_public": bsi["picc_pub_key"],
            "ks_enc": bsi["k_enc"],
            "ks_mac": bsi["k_mac"],
            "terminal_token": bsi["authentication_token_pcd"],
            "chip_token": bsi["authentication_token_picc"],
        }),
        // The example's PIN enters the key as a card access number does.
        &Password::can("123456").unwrap(),
    );
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn generated_transcripts_byte_for_byte() {
    let vectors = shared("pace-sm-generated.json");
    for example in vectors["pace"].as_array().unwrap() {
        let text = example["password"].as_str().unwrap();
        let password = match example["password_type"].as_str().unwrap() {
            "CAN" => Password::can(text).unwrap(),
            kind => {
                assert_eq!(kind, "MRZ");
                Password::mrz(&MrzKey::new(&text[..9], &text[10..16], &text[17..23]))
            }
        };
        let opened = replay(example, &password);
        let Some(proof) = opened.chip_authentication else {
            continue;
        };
        same(example, "ca_ic", &proof.authentication_data);
        let id = example["parameter_id"].as_u64().unwrap();
        let mut key = PublicKey {
            parameters: DomainParameters::standardized(id).unwrap(),
            bytes: field(example, "chip_static_public"),
        };
        assert_eq!(verify_chip_authentication_mapping(&proof, &key), Ok(()));
        key.bytes = field(example, "chip_ephemeral_public");
        assert_eq!(
            verify_chip_authentication_mapping(&proof, &key),
            Err(ChipAuthenticationMappingError::Wrong)
        );
    }
}
