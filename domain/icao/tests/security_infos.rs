//! SecurityInfos: what chips write into EF.CardAccess, EF.DG14 and EF.CardSecurity.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use std::path::Path;

use egate_icao::{
    domain_parameters::{DomainParameters, KeyAgreement, PRIVATE_KEY_RANDOM_BYTES},
    key_derivation::CipherSuite,
    security_infos::{PaceMapping, PaceProtocol, SecurityInfos},
    tlv,
};
use proptest::prelude::*;

fn shared(path: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport");
    std::fs::read(root.join(path)).unwrap()
}

fn card_access() -> SecurityInfos {
    let worked: serde_json::Value =
        serde_json::from_slice(&shared("vectors/bsi-eac-worked-example-ecdh.json")).unwrap();
    SecurityInfos::parse(&hex::decode(worked["ef_cardaccess"].as_str().unwrap()).unwrap()).unwrap()
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn card_access_of_the_bsi_worked_example() {
    let infos = card_access();
    assert_eq!(infos.pace.len(), 1);
    let pace = &infos.pace[0];
    assert_eq!(
        pace.protocol,
        PaceProtocol {
            mapping: PaceMapping::Generic,
            agreement: KeyAgreement::Ecdh,
            cipher: CipherSuite::Aes128,
        }
    );
    assert_eq!((pace.version, pace.parameter_id), (2, Some(13)));
    assert_eq!(infos.terminal_authentication[0].version, 2);
    assert_eq!(infos.chip_authentication.len(), 1);
    assert_eq!(infos.chip_authentication[0].cipher, CipherSuite::Aes128);
    assert!(infos.malformed.is_empty(), "{:?}", infos.malformed);
    assert!(infos.pace_is_within(&infos));
    assert!(!infos.pace_is_within(&SecurityInfos::default()));
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn chip_authentication_key_of_the_bsi_specimen() {
    let infos = SecurityInfos::parse_dg14(&shared("lds/bsi2008-specimen/EF.DG14.bin")).unwrap();
    assert!(infos.malformed.is_empty(), "{:?}", infos.malformed);
    let key = infos.chip_authentication_keys[0].key().unwrap();
    assert_eq!(
        key.parameters.agreement(),
        infos.chip_authentication_keys[0].agreement
    );
    let ours = key
        .parameters
        .private_key(&[7; PRIVATE_KEY_RANDOM_BYTES])
        .unwrap();
    key.parameters.shared_secret(&ours, &key.bytes).unwrap();
}

fn entry(oid: &str, rest: &[&[u8]]) -> Vec<u8> {
    let oid = tlv::encode(0x06, &hex::decode(oid).unwrap());
    tlv::encode_all(0x30, &[&oid, &rest.concat()])
}

#[test]
fn unknown_and_malformed_entries_disturb_no_other() {
    let set = tlv::encode_all(
        0x31,
        &[
            &entry("04007F000702020602", &[&[0x30, 0]]),
            // Version that is no integer.
            &entry("04007F00070202040202", &[&[0x04, 1, 2]]),
            &entry("04007F00070202040404", &[&[2, 1, 2], &[2, 1, 17]]),
            // Chip Authentication Mapping knows no triple DES.
            &entry("04007F00070202040601", &[&[2, 1, 2], &[2, 1, 13]]),
            &entry("678108010105", &[]),
        ],
    );
    let infos = SecurityInfos::parse(&set).unwrap();
    assert_eq!(infos.pace.len(), 1);
    assert_eq!(infos.pace[0].protocol.mapping, PaceMapping::Integrated);
    assert_eq!(
        infos.pace[0].protocol.object_identifier().to_string(),
        "0.4.0.127.0.7.2.2.4.4.4"
    );
    assert_eq!(infos.unknown.len(), 2, "{:?}", infos.unknown);
    assert_eq!(infos.malformed.len(), 2);
}

#[test]
fn indefinite_lengths_and_padding_behind_are_accepted() {
    let info = entry("04007F00070202040202", &[&[2, 1, 2], &[2, 1, 13]]);
    let mut ber = vec![0x31, 0x80];
    ber.extend([0x30, 0x80]);
    ber.extend(&info[2..]);
    ber.extend([0, 0, 0, 0]);
    let mut padded = tlv::encode(0x31, &info);
    padded.extend([0; 8]);
    let expected = SecurityInfos::parse(&tlv::encode(0x31, &info)).unwrap();
    assert_eq!(SecurityInfos::parse(&ber).unwrap(), expected);
    assert_eq!(SecurityInfos::parse(&padded).unwrap(), expected);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = SecurityInfos::parse(&bytes);
        let _ = SecurityInfos::parse(&tlv::encode(0x31, &tlv::encode(0x30, &bytes)));
        let _ = DomainParameters::from_algorithm_identifier(&bytes);
    }
}
