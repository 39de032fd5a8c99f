//! What users of other readers complain about, as far as it concerns reading: one test per complaint, named after it. What concerns
//! judging is in `complaints_judging.rs`; that PACE took seconds in other readers is measured by `gate-controller document bench`.

mod reader;

use egate_icao::{
    apdu::{Command, Status},
    chip::{ChipFault, ChipTiming, Refusal},
    key_derivation::CipherSuite,
    lds::FileId,
    mrz::MrzKey,
    security_infos::PaceMapping,
    session::{
        Access, AccessPolicy, AuthenticityPolicy, ChipError, PaceFailure, Violation, Wanted,
    },
};
use reader::{End, Run, issued, pace_info, with_more_files, with_pace, with_pace_infos};

const REFUSALS: [Refusal; 7] = [
    Refusal::WrongLength,
    Refusal::WrongLengthUnprotected,
    Refusal::WrongOffset,
    Refusal::ExactLength,
    Refusal::FewerBytes,
    Refusal::EndOfFile,
    Refusal::EndOfFileWithoutBytes,
];

/// Ukraine takes at most 192 bytes, old Dutch and Swedish passports 160, Spanish cards answer `6282`, others 6700, 6B00 or 6Cxx.
#[test]
fn some_chips_refuse_le_256_or_extended_length() {
    let issued = issued(15_000);
    for bytes in [192, 160, 128] {
        for refusal in REFUSALS {
            let faults = vec![
                ChipFault::LargestBlock { bytes, refusal },
                ChipFault::ShortLengthOnly,
                ChipFault::SilentAboutLengths,
            ];
            let outcome = Run::of(&issued).with(faults).outcome();
            let reading = outcome.end.reading();
            assert_eq!(reading.files, issued.files, "{bytes} {refusal:?}");
            assert_eq!(reading.statistics.restarts, 0, "never a new session for it");
            assert!(
                reading.statistics.block_bytes >= bytes * 3 / 5,
                "{bytes} {refusal:?}"
            );
            // Once it is known what the chip takes, no further command is refused.
            let least = 15_000 / bytes as u32;
            assert!(
                outcome.commands <= least * 5 / 3 + 30,
                "{bytes} {refusal:?}: {}",
                outcome.commands
            );
            assert!(
                outcome.log.errors <= 12,
                "{refusal:?}: {} refused",
                outcome.log.errors
            );
        }
    }
}

/// Extended length announced, and its fallback broken.
#[test]
fn chinese_extended_length_falls_back() {
    let issued = issued(15_000);
    for refusal in REFUSALS {
        for bytes in [231, 1_000, 3_000] {
            let faults = [ChipFault::LargestBlock { bytes, refusal }];
            let end = Run::of(&issued).with(faults).end();
            assert_eq!(end.files(), issued.files, "{bytes} {refusal:?}");
            assert_eq!(end.reading().statistics.restarts, 0);
        }
    }
}

#[test]
fn secure_messaging_lost_after_an_error_and_bac_must_be_redone() {
    let issued = issued(15_000);
    let whole = Run::of(&issued).outcome();
    let at = whole.commands - 1;
    let outcome = Run::of(&issued)
        .with([ChipFault::DropsChannelAt(at)])
        .outcome();
    assert_eq!(outcome.end.files(), issued.files);
    assert_eq!(outcome.log.count(0x82), 2, "access is opened once more");
    let again = outcome.commands - whole.commands;
    assert!(
        again <= 5,
        "{again} commands more: reading goes on where it was"
    );
    // A chip that answers a large block by dropping the channel.
    let drops = ChipFault::LargestBlock {
        bytes: 200,
        refusal: Refusal::DropsChannel,
    };
    assert_eq!(Run::of(&issued).with([drops]).end().files(), issued.files);
}

#[test]
fn le_sent_with_select_or_mse_breaks_german_documents() {
    let issued = with_pace(with_more_files(issued(500)));
    let faults = [
        ChipFault::RefusesNeedlessLength,
        ChipFault::NoShortIdentifiers(Status::WRONG_PARAMETERS),
    ];
    let outcome = Run::of(&issued)
        .with(faults)
        .wanting(Wanted::everything())
        .outcome();
    assert_eq!(outcome.end.files(), issued.files);
    let plain = |apdu: &&Vec<u8>| apdu[0] & 0x0C == 0;
    for apdu in outcome.sent.iter().filter(plain) {
        let command = Command::parse(apdu).unwrap();
        if matches!(command.instruction, 0xA4 | 0x22) {
            assert_eq!(command.expected, None, "{apdu:02X?}");
        }
    }
}

/// EF.DIR before access control gives 6982 in the United States and New Zealand, SELECT of the master file 6A87 in Ukraine.
#[test]
fn ef_dir_before_access_gives_6982_and_select_mf_6a87() {
    let issued = with_more_files(issued(500));
    let closed = ChipFault::ClosedMasterFile(Status::SECURITY_STATUS);
    let no_master_file = ChipFault::RefusesMasterFile(Status::WRONG_DATA_LENGTH);
    for faults in [
        vec![closed],
        vec![no_master_file],
        vec![closed, no_master_file],
    ] {
        let end = Run::of(&issued)
            .with(faults)
            .wanting(Wanted::everything())
            .end();
        for file in [
            FileId::Com,
            FileId::Sod,
            FileId::Dg1,
            FileId::Dg2,
            FileId::Dg15,
        ] {
            assert_eq!(end.files().get(file), issued.files.get(file));
        }
    }
    // With PACE, too, where the chip must be in its master file.
    let issued = with_pace(issued);
    let end = Run::of(&issued).with([no_master_file]).end();
    assert_eq!(end.reading().access.name(), "pace");
}

#[test]
fn mse_set_at_needs_the_parameter_id_on_old_ukrainian_passports() {
    let issued = with_pace(issued(500));
    let outcome = Run::of(&issued)
        .with([ChipFault::WantsParametersNamed])
        .outcome();
    assert_eq!(outcome.end.files(), issued.files);
    assert_eq!(outcome.end.reading().access.name(), "pace");
    assert_eq!(outcome.log.count(0x22), 2, "tried again with tag 84");
}

/// AES-192 and AES-256 keys come from SHA-256, and X coordinates keep their leading zeros: enough runs to meet some.
#[test]
fn pace_step_4_gives_6300_with_aes_256_and_leading_zeros() {
    for cipher in [CipherSuite::Aes192, CipherSuite::Aes256] {
        // P-192: one run in 256 has a leading zero in a coordinate; P-521 has its odd number of bits.
        for group in [8, 12, 13, 18] {
            let info = pace_info(PaceMapping::Generic, cipher, group);
            let issued = with_pace_infos(issued(10), &[info]);
            for _ in 0..4 {
                assert_eq!(Run::of(&issued).end().reading().access.name(), "pace");
            }
        }
    }
}

#[test]
fn dg2_takes_5_to_10_seconds_and_dutch_passports_time_out() {
    let issued = with_pace(issued(15_000));
    let outcome = Run::of(&issued).outcome();
    let timing = ChipTiming::USUAL;
    let log = &outcome.log;
    let commands = u64::from(log.commands) * u64::from(timing.command_us);
    let on_air = timing.duration_us(0, log.bytes_received as usize, log.bytes_sent as usize);
    let authentications = u64::from(log.count(0x86)) * u64::from(timing.authentication_us);
    let seconds = (commands + on_air + authentications) as f64 / 1e6;
    assert!(seconds < 1.5, "{seconds} s for the whole document");
    // Of this, the portrait comes last and in blocks, so that others work meanwhile.
    assert_eq!(outcome.stages.last().unwrap().name(), "dg2");
}

#[test]
fn document_number_padding_forgotten_gives_6300() {
    // Eight characters: the key is made of nine, filler included, and so it is if the caller trimmed the field.
    let issued = issued(10);
    assert_eq!(
        issued.access_key,
        MrzKey::new("L898902C", "740812", "310630")
    );
    assert_eq!(
        issued.access_key,
        MrzKey::new("L898902C<", "740812", "310630")
    );
    let end = Run::of(&issued).opening_by(AccessPolicy::BacOnly).end();
    assert_eq!(end.reading().access, Access::Bac);
}

/// Plain answers inside the protected channel, at every command.
#[test]
fn secure_messaging_downgrade_is_refused() {
    let issued = with_pace(issued(5_000));
    let whole = Run::of(&issued).outcome();
    for from in 7..=whole.commands {
        let end = Run::of(&issued)
            .with([ChipFault::UnprotectedFrom(from)])
            .end();
        let refused = matches!(
            end,
            End::Failed(ChipError::Misbehaved(Violation::Protection(_)))
        );
        assert!(refused, "from {from}: {end:?}");
    }
}

#[test]
fn pace_failure_swallowed_and_the_session_called_a_success() {
    let issued = with_pace(issued(10));
    let failing = || [ChipFault::PaceFails];
    let end = Run::of(&issued).with(failing()).end();
    assert!(
        matches!(end, End::Failed(ChipError::PaceFailed(_))),
        "{end:?}"
    );
    let lenient = AccessPolicy::BacAfterPaceFailure;
    let end = Run::of(&issued).with(failing()).opening_by(lenient).end();
    let Access::BacAfterPaceFailure(PaceFailure::Run { info, .. }) = &end.reading().access else {
        panic!("{end:?}")
    };
    assert_eq!(info.parameter_id, Some(13));
    assert_eq!(end.reading().access.name(), "bac_after_pace_failure");
}

/// Readers that carry 255 bytes, that say nothing, and that carry 32 KB.
#[test]
fn ccid_readers_send_no_extended_length_or_fail_on_32_kb() {
    let issued = with_pace(issued(15_000));
    for (reader_bytes, block_bytes) in [
        (0, 223),
        (255, 223),
        (256, 223),
        (261, 223),
        (2_048, 2_013),
        (65_536, 8_000),
    ] {
        let outcome = Run::of(&issued)
            .through(reader_bytes)
            .proving(AuthenticityPolicy::None)
            .outcome();
        assert_eq!(outcome.end.files(), issued.files);
        assert_eq!(outcome.end.reading().statistics.block_bytes, block_bytes);
        let most = outcome
            .sent
            .iter()
            .map(|apdu| Command::parse(apdu).unwrap());
        let extended = |command: &Command| command.expected.is_some_and(|bytes| bytes > 256);
        assert_eq!(
            most.clone().any(|command| extended(&command)),
            reader_bytes > 261
        );
    }
}
