//! Domain parameters: standardised, named and explicit groups, and what must be refused of them.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use egate_icao::{
    domain_parameters::{
        DomainParameterError, DomainParameters, GroupRule, PRIVATE_KEY_RANDOM_BYTES, PublicKey,
    },
    tlv,
};
use openssl::{
    bn::{BigNum, BigNumContext},
    dh::Dh,
    ec::{Asn1Flag, EcGroup, EcKey},
    nid::Nid,
    pkey::PKey,
};
use proptest::prelude::*;

const ALL: [u64; 14] = [0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];

#[test]
fn both_sides_agree_in_every_standardised_group() {
    for id in ALL {
        let group = DomainParameters::standardized(id).unwrap();
        assert_eq!(group.standardized_id(), Some(id));
        let a = group
            .private_key(&[0xA5; PRIVATE_KEY_RANDOM_BYTES])
            .unwrap();
        let b = group
            .private_key(&[0x3C; PRIVATE_KEY_RANDOM_BYTES])
            .unwrap();
        let (to_b, to_a) = (group.public_key(&a).unwrap(), group.public_key(&b).unwrap());
        assert_eq!(
            group.shared_secret(&a, &to_a).unwrap(),
            group.shared_secret(&b, &to_b).unwrap(),
            "{id}"
        );
        assert_eq!(group.checked_public_key(&to_a).unwrap(), to_a);
    }
    assert!(matches!(
        DomainParameters::standardized(3),
        Err(DomainParameterError::Unknown(3))
    ));
}

#[test]
fn keys_outside_the_group_are_refused() {
    for id in ALL {
        let group = DomainParameters::standardized(id).unwrap();
        let private = group.private_key(&[1; PRIVATE_KEY_RANDOM_BYTES]).unwrap();
        let good = group.public_key(&private).unwrap();
        let mut off = good.clone();
        *off.last_mut().unwrap() ^= 1;
        let zero = vec![0; good.len()];
        let mut one = zero.clone();
        *one.last_mut().unwrap() = 1;
        for bad in [
            off,
            zero,
            one,
            vec![],
            vec![0],
            vec![0xFF; good.len()],
            vec![2; 999],
        ] {
            let refused = group.shared_secret(&private, &bad);
            assert!(
                matches!(refused, Err(DomainParameterError::PublicKey)),
                "{id}: {refused:?}"
            );
        }
    }
}

/// A public key whose curve is written out.
fn explicit(nid: Nid) -> Vec<u8> {
    let mut group = EcGroup::from_curve_name(nid).unwrap();
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    let mut context = BigNumContext::new().unwrap();
    let mut public = openssl::ec::EcPoint::new(&group).unwrap();
    let five = BigNum::from_u32(5).unwrap();
    public.mul_generator2(&group, &five, &mut context).unwrap();
    let key = EcKey::from_public_key(&group, &public).unwrap();
    PKey::from_ec_key(key).unwrap().public_key_to_der().unwrap()
}

#[test]
fn explicit_parameters_of_a_standardised_curve_are_that_curve() {
    for (nid, id) in [
        (Nid::BRAINPOOL_P224R1, Some(11)),
        (Nid::X9_62_PRIME256V1, Some(12)),
        (Nid::SECP521R1, Some(18)),
        (Nid::SECP256K1, None),
    ] {
        let key = DomainParameters::from_subject_public_key_info(&explicit(nid)).unwrap();
        assert_eq!(key.parameters.standardized_id(), id);
    }
}

#[test]
fn broken_explicit_parameters_are_refused() {
    let good = explicit(Nid::SECP256K1);
    let order =
        hex::decode("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141").unwrap();
    let at = good.windows(32).position(|w| w == order).unwrap();
    // Even: not prime.
    let mut broken = good.clone();
    broken[at + 31] ^= 1;
    assert!(matches!(
        DomainParameters::from_subject_public_key_info(&broken),
        Err(DomainParameterError::Group(GroupRule::PrimeOrder))
    ));
    let mut broken = good;
    broken[at + 2] ^= 1;
    assert!(matches!(
        DomainParameters::from_subject_public_key_info(&broken),
        Err(DomainParameterError::Group(GroupRule::Order))
    ));
}

/// Any other prime within Hasse's bound is not the order of the generator.
#[test]
fn an_order_that_the_generator_has_not_is_refused() {
    let good = explicit(Nid::SECP256K1);
    let order = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141";
    let at = good
        .windows(32)
        .position(|w| hex::encode_upper(w) == order)
        .unwrap();
    let mut context = BigNumContext::new().unwrap();
    let mut other = BigNum::from_hex_str(order).unwrap();
    other.add_word(2).unwrap();
    while !other.is_prime(0, &mut context).unwrap() {
        other.add_word(2).unwrap();
    }
    let mut broken = good;
    broken[at..at + 32].copy_from_slice(&other.to_vec());
    assert_eq!(
        refusal(&broken),
        DomainParameterError::Group(GroupRule::Generator)
    );
}

fn refusal(key: &[u8]) -> DomainParameterError {
    DomainParameters::from_subject_public_key_info(key).unwrap_err()
}

fn integer(number: &openssl::bn::BigNumRef) -> Vec<u8> {
    tlv::encode_all(0x02, &[&[0], &number.to_vec()])
}

/// SubjectPublicKeyInfo of a prime field: `parameters` are its integers.
fn prime_field(oid: &str, parameters: &[Vec<u8>], key: &openssl::bn::BigNumRef) -> Vec<u8> {
    let oid = tlv::encode(0x06, &hex::decode(oid).unwrap());
    let parameters = tlv::encode(0x30, &parameters.concat());
    let key = tlv::encode_all(0x03, &[&[0], &integer(key)]);
    tlv::encode_all(0x30, &[&tlv::encode_all(0x30, &[&oid, &parameters]), &key])
}

const DH_PUBLIC_NUMBER: &str = "2A8648CE3E0201";
const DH_KEY_AGREEMENT: &str = "2A864886F70D010301";

fn agrees(key: &PublicKey) {
    let group = &key.parameters;
    let ours = group
        .private_key(&[0x5A; PRIVATE_KEY_RANDOM_BYTES])
        .unwrap();
    let theirs = group
        .private_key(&[0xC3; PRIVATE_KEY_RANDOM_BYTES])
        .unwrap();
    let public = group.public_key(&theirs).unwrap();
    assert_eq!(
        group.shared_secret(&ours, &public).unwrap(),
        group
            .shared_secret(&theirs, &group.public_key(&ours).unwrap())
            .unwrap()
    );
    group.shared_secret(&ours, &key.bytes).unwrap();
}

#[test]
fn explicit_prime_fields() {
    let dh = Dh::get_2048_224().unwrap();
    let (p, g, q) = (dh.prime_p(), dh.generator(), dh.prime_q().unwrap());
    let mut context = BigNumContext::new().unwrap();
    let (mut key, mut five) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    five.set_bit(5).unwrap();
    key.mod_exp(g, &five, p, &mut context).unwrap();
    let known = [integer(p), integer(g), integer(q)];
    for oid in [DH_PUBLIC_NUMBER, DH_KEY_AGREEMENT] {
        let read = DomainParameters::from_subject_public_key_info(&prime_field(oid, &known, &key))
            .unwrap();
        assert_eq!(read.parameters.standardized_id(), Some(1));
        agrees(&read);
    }
    // Another generator of the same subgroup.
    let other = [integer(p), integer(&key), integer(q)];
    let read = DomainParameters::from_subject_public_key_info(&prime_field(
        DH_PUBLIC_NUMBER,
        &other,
        &key,
    ))
    .unwrap();
    assert_eq!(read.parameters.standardized_id(), None);
    assert!(read.parameters.has_integrated_mapping());
    agrees(&read);
    // PKCS #3, with and without the length of the private key.
    let safe = BigNum::get_rfc3526_prime_2048().unwrap();
    let two = BigNum::from_u32(2).unwrap();
    for length in [None, Some(256), Some(4_000)] {
        let mut parameters = vec![integer(&safe), integer(&two)];
        parameters.extend(length.map(|length| integer(&BigNum::from_u32(length).unwrap())));
        let read = DomainParameters::from_subject_public_key_info(&prime_field(
            DH_KEY_AGREEMENT,
            &parameters,
            &key,
        ))
        .unwrap();
        assert!(!read.parameters.has_integrated_mapping());
        agrees(&read);
    }
}

#[test]
fn broken_prime_fields_are_refused() {
    let dh = Dh::get_1024_160().unwrap();
    let (p, g, q) = (dh.prime_p(), dh.generator(), dh.prime_q().unwrap());
    let refused =
        |p: &openssl::bn::BigNumRef, g: &openssl::bn::BigNumRef, q: &openssl::bn::BigNumRef| {
            refusal(&prime_field(
                DH_PUBLIC_NUMBER,
                &[integer(p), integer(g), integer(q)],
                g,
            ))
        };
    let changed = |number: &openssl::bn::BigNumRef, by: u32| {
        let mut changed = number.to_owned().unwrap();
        changed.add_word(by).unwrap();
        changed
    };
    let group = DomainParameterError::Group;
    let one = BigNum::from_u32(1).unwrap();
    assert_eq!(refused(&changed(p, 2), g, q), group(GroupRule::PrimeField));
    assert_eq!(refused(p, g, &changed(q, 2)), group(GroupRule::Order));
    assert_eq!(refused(p, &changed(g, 1), q), group(GroupRule::Generator));
    assert_eq!(refused(p, &one, q), group(GroupRule::Generator));
    let mut twice = q.to_owned().unwrap();
    twice.mul_word(2).unwrap();
    assert_eq!(refused(p, g, &twice), group(GroupRule::PrimeOrder));
    let mut small = BigNum::new().unwrap();
    small.rshift(p, 100).unwrap();
    assert_eq!(
        refused(&small, g, q),
        DomainParameterError::Size { bits: 924 }
    );
    let mut large = BigNum::new().unwrap();
    large.set_bit(70_000).unwrap();
    assert_eq!(
        refused(&large, g, q),
        DomainParameterError::Size { bits: 70_001 }
    );
    // A key outside the subgroup.
    let key = prime_field(
        DH_PUBLIC_NUMBER,
        &[integer(p), integer(g), integer(q)],
        &BigNum::from_u32(2).unwrap(),
    );
    assert_eq!(refusal(&key), DomainParameterError::PublicKey);
}

/// In 1 of 256 agreements the X coordinate, or the number, begins with a zero byte, which belongs to the secret.
#[test]
fn shared_secrets_keep_their_leading_zeros() {
    for (id, length) in [(12, 32), (18, 66), (0, 128)] {
        let group = DomainParameters::standardized(id).unwrap();
        let ours = group.private_key(&[9; PRIVATE_KEY_RANDOM_BYTES]).unwrap();
        let mut zeros = 0;
        for seed in 0..3_000u16 {
            let mut random = [seed as u8; PRIVATE_KEY_RANDOM_BYTES];
            random[40] = (seed >> 8) as u8;
            let public = group
                .public_key(&group.private_key(&random).unwrap())
                .unwrap();
            let secret = group.shared_secret(&ours, &public).unwrap();
            assert_eq!(secret.len(), length);
            zeros += u32::from(secret[0] == 0);
            if zeros == 2 {
                break;
            }
        }
        assert_eq!(zeros, 2, "{id}");
    }
}

proptest! {
    #[test]
    fn mutated_keys_never_panic(at in 0usize..400, byte: u8) {
        let mut key = explicit(Nid::SECP256K1);
        let at = at % key.len();
        key[at] = byte;
        if let Ok(key) = DomainParameters::from_subject_public_key_info(&key) {
            let private = key.parameters.private_key(&[9; PRIVATE_KEY_RANDOM_BYTES]).unwrap();
            let _ = key.parameters.shared_secret(&private, &key.bytes);
        }
    }

    #[test]
    fn arbitrary_algorithm_identifiers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = DomainParameters::from_algorithm_identifier(&bytes);
        let oid = tlv::encode(0x06, &hex::decode("2A8648CE3D0201").unwrap());
        let _ = DomainParameters::from_algorithm_identifier(&[oid, tlv::encode(0x30, &bytes)].concat());
    }

    #[test]
    fn private_keys_are_never_out_of_range(id in 0usize..14, random: [u8; 32], fill in any::<u8>()) {
        let group = DomainParameters::standardized(ALL[id]).unwrap();
        let mut wide = [fill; PRIVATE_KEY_RANDOM_BYTES];
        wide[42..].copy_from_slice(&random);
        for random in [wide, [0; PRIVATE_KEY_RANDOM_BYTES], [0xFF; PRIVATE_KEY_RANDOM_BYTES]] {
            let key = group.private_key(&random).unwrap();
            prop_assert!(group.public_key(&key).is_ok());
        }
    }
}
