//! `emrtd` reads the virtual chip by BAC through the machine's PC/SC service.

use std::thread;

use egate_hardware::card::{AttachedChip, CardReader, PcscReader, Pcscd, VIRTUAL_READERS};
use egate_icao::chip::passport::Generation;
use egate_interop::{PRINTED, passport};
use emrtd::{EmrtdComms, other_mrz};

#[test]
fn bac_through_pcscd() {
    let _service = Pcscd::running().expect("pcscd");
    let (name, port) = VIRTUAL_READERS[0];
    let mut waiting = PcscReader::new(name).expect("a reader");
    let empty = (0..20).any(|_| waiting.wait_for_removal(1_000).expect("PC/SC"));
    assert!(empty, "{name} is occupied");
    let passport = passport(Generation::Bac);
    let attached = AttachedChip::connect(("127.0.0.1", port)).expect("vpcd");
    let remover = attached.remover().expect("a socket");
    let mut chip = passport.chip(Vec::new()).expect("a chip");
    let serving = thread::spawn(move || {
        let mut commands = 0_u8;
        attached.serve(&mut chip, || {
            commands = commands.wrapping_add(1);
            [commands; 64]
        })
    });
    let there = (0..20).any(|_| waiting.wait_for_card(1_000).expect("PC/SC").is_some());
    assert!(there, "no card in {name}");

    let context = pcsc::Context::establish(pcsc::Scope::User).expect("PC/SC");
    let name = std::ffi::CString::new(name).expect("a name");
    let card = context
        .connect(&name, pcsc::ShareMode::Shared, pcsc::Protocols::ANY)
        .expect("a card");
    let mut reader = EmrtdComms::new(card);
    reader.select_emrtd_application().expect("the application");
    let [number, birth, expiry] = PRINTED;
    let secret = other_mrz(number, birth, expiry).expect("a zone");
    reader
        .establish_bac_session_keys(secret.as_bytes())
        .expect("BAC");
    for (id, name) in [
        (b"\x01\x1E", "EF.COM"),
        (b"\x01\x1D", "EF.SOD"),
        (b"\x01\x01", "EF.DG1"),
        (b"\x01\x02", "EF.DG2"),
    ] {
        reader.select_ef(id, name, true).expect(name);
        let bytes = reader.read_data_from_ef(true).expect(name);
        let ours = egate_icao::lds::FileId::all()
            .find(|file| file.to_string() == name && !file.in_master_file());
        let ours = ours.and_then(|file| passport.issued.files.get(file));
        assert_eq!(Some(bytes.as_slice()), ours, "{name}");
    }
    remover.remove().expect("a socket");
    serving
        .join()
        .expect("the chip's thread")
        .expect("the chip's line");
}
