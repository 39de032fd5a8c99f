//! PACE, terminal against chip: every mapping, group, cipher and password; and everything that must fail.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

use egate_icao::{
    apdu::{Command, Response, Status},
    chip::pace::{self as chip, Pace, StaticKey},
    domain_parameters::{DomainParameterError, DomainParameters, KeyAgreement, PublicKey},
    key_derivation::{CipherSuite, Password, PasswordKind},
    mrz::MrzKey,
    pace::{
        ChipAuthenticationMappingError, Offer, OfferError, OpenedChannel, PaceError, PaceStep,
        RANDOM_BYTES, Step, Terminal, offers, verify_chip_authentication_mapping,
    },
    security_infos::{PaceInfo, PaceMapping, PaceProtocol, SecurityInfos},
    tlv,
};
use proptest::prelude::*;

const DH: [u64; 3] = [0, 1, 2];
const CURVES: [u64; 11] = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];
const P_224: u64 = 10;
const SUITES: [CipherSuite; 4] = [
    CipherSuite::TripleDes,
    CipherSuite::Aes128,
    CipherSuite::Aes192,
    CipherSuite::Aes256,
];

fn info(mapping: PaceMapping, cipher: CipherSuite, id: u64) -> PaceInfo {
    PaceInfo {
        protocol: PaceProtocol {
            mapping,
            agreement: if id < 8 {
                KeyAgreement::Dh
            } else {
                KeyAgreement::Ecdh
            },
            cipher,
        },
        version: 2,
        parameter_id: Some(id),
    }
}

/// Every variant of PACE over every group that it is defined for.
fn variants() -> Vec<PaceInfo> {
    let mut variants = Vec::new();
    for cipher in SUITES {
        for id in DH.into_iter().chain(CURVES) {
            variants.push(info(PaceMapping::Generic, cipher, id));
            if id != P_224 {
                variants.push(info(PaceMapping::Integrated, cipher, id));
            }
            if cipher != CipherSuite::TripleDes && !DH.contains(&id) {
                variants.push(info(PaceMapping::ChipAuthentication, cipher, id));
            }
        }
    }
    variants
}

fn mrz() -> Password {
    Password::mrz(&MrzKey::new("L898902C", "690806", "940623"))
}

fn can() -> Password {
    Password::can("500540").unwrap()
}

/// Different in every byte and for every seed.
fn bytes<const N: usize>(seed: u64) -> [u8; N] {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
}

struct Setup {
    terminal: Terminal,
    chip: Pace,
    static_key: PublicKey,
}

fn setup(info: &PaceInfo, password: &Password, seed: u64) -> Setup {
    let offer = Offer::standardized(info).unwrap();
    let private = offer
        .parameters()
        .private_key(&bytes::<74>(seed + 2))
        .unwrap();
    let static_key = PublicKey {
        parameters: offer.parameters().clone(),
        bytes: offer.parameters().public_key(&private).unwrap(),
    };
    Setup {
        terminal: Terminal::new(&offer, password, &bytes(seed)).unwrap(),
        chip: Pace::new(vec![offer.clone()], vec![mrz(), can()]).with_static_key(StaticKey {
            parameters: offer.parameters().clone(),
            private,
        }),
        static_key,
    }
}

/// Lets both sides speak; `meddle` may change each answer, counted from 0.
fn run(
    terminal: &mut Terminal,
    chip: &mut Pace,
    mut meddle: impl FnMut(usize, &Command, &mut Response),
) -> (Result<OpenedChannel, PaceError>, Option<chip::Opened>) {
    let mut command = terminal.start();
    let mut opened = None;
    for at in 0..9 {
        // Over the wire, so that lengths are those of real commands.
        let received = Command::parse(&command.to_bytes()).unwrap();
        let mut answer = chip.answer(&received, &bytes(at as u64 + 77));
        assert!(answer.response.data.len() <= received.expected.unwrap_or(0));
        opened = answer.opened.take().or(opened);
        meddle(at, &command, &mut answer.response);
        match terminal.respond(&answer.response) {
            Step::Transmit(next) => command = next,
            Step::Open(channel) => return (Ok(*channel), opened),
            Step::Failed(error) => return (Err(error), opened),
        }
    }
    panic!("PACE has five commands, six with a repeated first one");
}

fn failure(info: &PaceInfo, meddle: impl FnMut(usize, &Command, &mut Response)) -> PaceError {
    let mut setup = setup(info, &mrz(), 1);
    run(&mut setup.terminal, &mut setup.chip, meddle)
        .0
        .unwrap_err()
}

#[test]
fn every_variant_opens_the_same_channel_on_both_sides() {
    for (seed, info) in variants().iter().enumerate() {
        let password = if seed % 2 == 0 { mrz() } else { can() };
        let mut setup = setup(info, &password, seed as u64);
        let (channel, chip) = run(&mut setup.terminal, &mut setup.chip, |_, _, _| {});
        let mut channel = channel.unwrap_or_else(|error| panic!("{info:?}: {error}"));
        let mut chip = chip.unwrap();
        assert_eq!(channel.password, password.kind());
        assert_eq!(chip.password, password.kind());
        assert_eq!(channel.chip_identifier, chip.chip_identifier);

        let command = Command::select_file([0x01, 0x1E]);
        let protected = channel.secure_messaging.protect_command(&command);
        let opened = chip
            .secure_messaging
            .open_command(&Command::parse(&protected).unwrap());
        assert_eq!(opened.unwrap(), command, "{info:?}");

        let cam = info.protocol.mapping == PaceMapping::ChipAuthentication;
        assert_eq!(channel.chip_authentication.is_some(), cam);
        if let Some(proof) = channel.chip_authentication {
            assert_eq!(
                verify_chip_authentication_mapping(&proof, &setup.static_key),
                Ok(())
            );
        }
    }
}

#[test]
fn a_wrong_password_fails_by_name() {
    for info in [
        info(PaceMapping::Generic, CipherSuite::Aes128, 0),
        info(PaceMapping::Generic, CipherSuite::TripleDes, 12),
        info(PaceMapping::Integrated, CipherSuite::Aes256, 13),
        info(PaceMapping::ChipAuthentication, CipherSuite::Aes192, 16),
    ] {
        let wrong = Password::mrz(&MrzKey::new("L898902D", "690806", "940623"));
        let mut setup = setup(&info, &wrong, 3);
        let (result, chip) = run(&mut setup.terminal, &mut setup.chip, |_, _, _| {});
        assert_eq!(
            result.unwrap_err(),
            PaceError::WrongPassword(Status::AUTHENTICATION_FAILED)
        );
        assert!(chip.is_none());
    }
}

#[test]
fn a_chip_without_the_password_is_refused() {
    let info = info(PaceMapping::Generic, CipherSuite::Aes128, 13);
    let token = |at, _: &Command, answer: &mut Response| {
        if at == 4 {
            *answer.data.last_mut().unwrap() ^= 1;
        }
    };
    assert_eq!(failure(&info, token), PaceError::Token);
    // Our own token sent back.
    let reflected = |at, command: &Command, answer: &mut Response| {
        if at == 4 {
            answer.data.clone_from(&command.data);
            answer.data[2] = 0x86;
        }
    };
    assert_eq!(failure(&info, reflected), PaceError::Token);
}

#[test]
fn reflected_public_keys_are_refused() {
    for id in [0, 13] {
        let info = info(PaceMapping::Generic, CipherSuite::Aes128, id);
        for (at, step) in [(2, PaceStep::Mapping), (3, PaceStep::KeyAgreement)] {
            let error = failure(&info, |now, command, answer| {
                if now == at {
                    let ours = tlv::expect(&command.data, 0x7C).unwrap().0;
                    let ours = tlv::read(ours).unwrap().0;
                    answer.data = tlv::encode(0x7C, &tlv::encode(ours.tag + 1, ours.value));
                }
            });
            assert_eq!(error, PaceError::Reflected(step));
        }
    }
}

#[test]
fn keys_outside_the_group_are_refused() {
    for id in [0, 13] {
        let info = info(PaceMapping::Generic, CipherSuite::Aes128, id);
        for (at, step) in [(2, PaceStep::Mapping), (3, PaceStep::KeyAgreement)] {
            for bad in [vec![0], vec![1], vec![4; 65], vec![]] {
                let error = failure(&info, |now, _, answer| {
                    if now == at {
                        let tag = if at == 2 { 0x82 } else { 0x84 };
                        answer.data = tlv::encode(0x7C, &tlv::encode(tag, &bad));
                    }
                });
                let source = DomainParameterError::PublicKey;
                assert_eq!(error, PaceError::Group { step, source });
            }
        }
    }
}

#[test]
fn refusals_and_missing_objects_name_the_step() {
    let info = info(PaceMapping::Generic, CipherSuite::Aes128, 13);
    let steps = [
        PaceStep::Select,
        PaceStep::Nonce,
        PaceStep::Mapping,
        PaceStep::KeyAgreement,
        PaceStep::Authentication,
    ];
    for (at, step) in steps.into_iter().enumerate() {
        let status = Status::CONDITIONS;
        let error = failure(&info, |now, _, answer| {
            if now == at {
                answer.status = status;
            }
        });
        assert_eq!(error, PaceError::Refused { step, status });
        if at > 0 {
            let error = failure(&info, |now, _, answer| {
                if now == at {
                    answer.data = vec![0x7C, 0];
                }
            });
            assert!(matches!(error, PaceError::Malformed { step: s, .. } if s == step));
        }
    }
    for length in [0, 1, 15, 80] {
        let error = failure(&info, |now, _, answer| {
            if now == 1 {
                answer.data = tlv::encode(0x7C, &tlv::encode(0x80, &vec![7; length]));
            }
        });
        assert_eq!(error, PaceError::Nonce(length));
    }
    let integrated = self::info(PaceMapping::Integrated, CipherSuite::Aes128, 13);
    let error = failure(&integrated, |now, _, answer| {
        if now == 1 {
            answer.data = tlv::encode(0x7C, &tlv::encode(0x80, &[7; 48]));
        }
    });
    assert_eq!(error, PaceError::Nonce(48));
}

#[test]
fn broken_chip_authentication_data_are_refused() {
    let info = info(PaceMapping::ChipAuthentication, CipherSuite::Aes128, 13);
    let missing = |at, _: &Command, answer: &mut Response| {
        if at == 4 {
            let objects = tlv::expect(&answer.data, 0x7C).unwrap().0;
            let token = tlv::read(objects).unwrap().0.raw.to_vec();
            answer.data = tlv::encode(0x7C, &token);
        }
    };
    assert!(matches!(
        failure(&info, missing),
        PaceError::Malformed {
            step: PaceStep::Authentication,
            ..
        }
    ));
    let altered = |at, _: &Command, answer: &mut Response| {
        if at == 4 {
            *answer.data.last_mut().unwrap() ^= 1;
        }
    };
    assert_eq!(failure(&info, altered), PaceError::ChipAuthenticationData);
}

#[test]
fn another_static_key_is_not_proven() {
    let info = info(PaceMapping::ChipAuthentication, CipherSuite::Aes128, 13);
    let mut run_of = setup(&info, &mrz(), 1);
    let (channel, _) = run(&mut run_of.terminal, &mut run_of.chip, |_, _, _| {});
    let proof = channel.unwrap().chip_authentication.unwrap();
    let other = setup(&info, &mrz(), 9).static_key;
    let wrong = Err(ChipAuthenticationMappingError::Wrong);
    assert_eq!(verify_chip_authentication_mapping(&proof, &other), wrong);
    let mut changed = proof.clone();
    changed.authentication_data[9] ^= 1;
    assert_eq!(
        verify_chip_authentication_mapping(&changed, &run_of.static_key),
        wrong
    );
    let mut changed = proof.clone();
    changed.authentication_data.fill(0);
    assert!(matches!(
        verify_chip_authentication_mapping(&changed, &run_of.static_key),
        Err(ChipAuthenticationMappingError::Unfit(_))
    ));
    for id in [12, 0] {
        let mut key = run_of.static_key.clone();
        key.parameters = DomainParameters::standardized(id).unwrap();
        assert!(verify_chip_authentication_mapping(&proof, &key).is_err());
    }
}

#[test]
fn domain_parameters_are_named_when_the_chip_asks_or_has_several() {
    let one = info(PaceMapping::Generic, CipherSuite::Aes128, 13);
    let mut setup = setup(&one, &can(), 5);
    let mut chip = setup.chip.wanting_parameters_named();
    assert_eq!(
        setup.terminal.start().to_bytes(),
        hex::decode("0022C1A40F800A04007F00070202040202830102").unwrap()
    );
    let mut commands = Vec::new();
    let (channel, _) = run(&mut setup.terminal, &mut chip, |_, command, _| {
        commands.push(hex::encode_upper(command.to_bytes()));
    });
    channel.unwrap();
    assert_eq!(commands.len(), 6);
    assert_eq!(
        commands[1],
        "0022C1A412800A04007F0007020204020283010284010D"
    );
    assert_eq!(commands[2], "10860000027C0000");

    let mut infos = SecurityInfos::default();
    infos.pace.push(one.clone());
    assert!(!offers(&infos).usable[0].is_ambiguous());
    infos
        .pace
        .push(info(PaceMapping::Generic, CipherSuite::Aes128, 16));
    let both = offers(&infos).usable;
    assert!(both.iter().all(Offer::is_ambiguous));
    let mut chip = Pace::new(both.clone(), vec![can()]);
    let mut terminal = Terminal::new(&both[1], &can(), &[5; RANDOM_BYTES]).unwrap();
    let (channel, _) = run(&mut terminal, &mut chip, |_, _, _| {});
    assert_eq!(channel.unwrap().parameter_id, Some(13));
}

#[test]
fn offers_are_ordered_and_what_cannot_be_run_says_why() {
    let mut infos = SecurityInfos::default();
    let generic = info(PaceMapping::Generic, CipherSuite::Aes256, 12);
    let cam = info(PaceMapping::ChipAuthentication, CipherSuite::Aes128, 12);
    let old = PaceInfo {
        version: 1,
        ..generic.clone()
    };
    let unknown = PaceInfo {
        parameter_id: Some(7),
        ..generic.clone()
    };
    let proprietary = PaceInfo {
        parameter_id: Some(32),
        ..generic.clone()
    };
    let wrong_kind = PaceInfo {
        parameter_id: Some(0),
        ..generic.clone()
    };
    let no_encoding = info(PaceMapping::Integrated, CipherSuite::Aes128, P_224);
    infos.pace = vec![
        generic.clone(),
        old,
        unknown,
        proprietary,
        wrong_kind,
        no_encoding,
        cam.clone(),
    ];
    let offers = offers(&infos);
    let usable: Vec<_> = offers
        .usable
        .iter()
        .map(|offer| offer.info().clone())
        .collect();
    assert_eq!(usable, [cam, generic]);
    let reasons: Vec<_> = offers.unusable.iter().map(|(_, error)| *error).collect();
    assert_eq!(
        reasons,
        [
            OfferError::Version(1),
            OfferError::Parameters(DomainParameterError::Unknown(7)),
            OfferError::NoParameters,
            OfferError::Parameters(DomainParameterError::Algorithm),
            OfferError::Mapping,
        ]
    );
}

/// In 1 of 256 runs a number begins with a zero byte, which is not written (§9.4.1).
#[test]
fn leading_zeros_of_numbers_are_left_out_and_tolerated() {
    let info = info(PaceMapping::Generic, CipherSuite::Aes128, 0);
    let (mut ours_short, mut theirs_short) = (0, 0);
    // Found by trying: in the first the chip's key begins with a zero byte, in the second ours.
    for seed in [206, 508] {
        for pads in [false, true] {
            let mut setup = setup(&info, &mrz(), seed);
            let mut chip = setup.chip;
            if pads {
                chip = chip.padding_numbers();
            }
            let (channel, opened) = run(&mut setup.terminal, &mut chip, |at, command, answer| {
                if at == 3 {
                    let ours =
                        tlv::find(tlv::expect(&command.data, 0x7C).unwrap().0, 0x83).unwrap();
                    let theirs =
                        tlv::find(tlv::expect(&answer.data, 0x7C).unwrap().0, 0x84).unwrap();
                    assert_ne!(ours[0], 0);
                    ours_short += u32::from(ours.len() < 128);
                    theirs_short += u32::from(theirs.len() < 128 || theirs[0] == 0);
                }
            });
            let channel = channel.unwrap();
            assert_eq!(channel.chip_identifier, opened.unwrap().chip_identifier);
        }
    }
    assert_eq!((ours_short, theirs_short), (2, 2));
}

#[test]
fn certification_authorities_are_handed_on() {
    let info = info(PaceMapping::Generic, CipherSuite::Aes128, 13);
    let mut setup = setup(&info, &mrz(), 5);
    let authorities = vec![b"DECVCA00002".to_vec(), b"DECVCA00001".to_vec()];
    let mut chip = setup.chip.with_authorities(authorities.clone());
    let (channel, _) = run(&mut setup.terminal, &mut chip, |_, _, _| {});
    assert_eq!(channel.unwrap().certification_authorities, authorities);
}

#[test]
fn nothing_is_answered_before_the_start_or_after_the_end() {
    let info = info(PaceMapping::Generic, CipherSuite::Aes128, 13);
    let mut setup = setup(&info, &mrz(), 5);
    let ok = Response {
        data: vec![],
        status: Status::OK,
    };
    assert!(matches!(
        setup.terminal.respond(&ok),
        Step::Failed(PaceError::NotRunning)
    ));
    run(&mut setup.terminal, &mut setup.chip, |_, _, _| {})
        .0
        .unwrap();
    assert!(matches!(
        setup.terminal.respond(&ok),
        Step::Failed(PaceError::NotRunning)
    ));
}

#[test]
fn access_numbers_are_digits() {
    assert_eq!(can().kind(), PasswordKind::Can);
    for bad in ["", "12345A", "12345678901234567", "１２３４５６"] {
        assert!(Password::can(bad).is_err(), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn hostile_answers_never_panic_and_never_open(
        variant in 0usize..200,
        at in 0usize..5,
        data in proptest::collection::vec(any::<u8>(), 0..150),
        inner in any::<bool>(),
        tag in 0x80u32..0x90,
        status in prop_oneof![Just(0x9000u16), any::<u16>()],
    ) {
        let variants = variants();
        let mut setup = setup(&variants[variant % variants.len()], &mrz(), 1);
        let (result, _) = run(&mut setup.terminal, &mut setup.chip, |now, _, answer| {
            if now == at {
                answer.status = Status(status);
                answer.data = if inner {
                    tlv::encode(0x7C, &tlv::encode(tag, &data))
                } else {
                    data.clone()
                };
            }
        });
        // The first answer carries no data, and the one to the nonce of the Integrated Mapping none that matter.
        prop_assert!(result.is_err() || at == 0 || at == 2);
    }

    #[test]
    fn one_changed_byte_never_opens(at in 1usize..5, byte in 0usize..300, change in 1u8..) {
        let info = info(PaceMapping::ChipAuthentication, CipherSuite::Aes128, 12);
        let mut setup = setup(&info, &mrz(), 1);
        let mut changed = false;
        let (result, _) = run(&mut setup.terminal, &mut setup.chip, |now, _, answer| {
            if now == at {
                let byte = byte % answer.data.len();
                answer.data[byte] ^= change;
                changed = true;
            }
        });
        // Changed chip authentication data are seen when they are verified, not here.
        if let Ok(channel) = result {
            prop_assert!(changed && at == 4);
            let proof = channel.chip_authentication.unwrap();
            prop_assert!(verify_chip_authentication_mapping(&proof, &setup.static_key).is_err());
        }
    }

    #[test]
    fn hostile_commands_never_panic(
        header in prop_oneof![Just([0x00, 0x22, 0xC1, 0xA4]), Just([0x10, 0x86, 0, 0]), any::<[u8; 4]>()],
        data in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let info = info(PaceMapping::Generic, CipherSuite::Aes128, 12);
        let mut setup = setup(&info, &mrz(), 1);
        let [class, instruction, p1, p2] = header;
        setup.chip.answer(&setup.terminal.start(), &bytes(1));
        let command = Command::new(class, instruction, p1, p2).with_data(data);
        let answer = setup.chip.answer(&command, &bytes(1));
        prop_assert!(answer.opened.is_none());
    }
}
