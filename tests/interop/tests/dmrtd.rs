//! `dmrtd` reads the virtual chip in this process, by BAC and by PACE with Generic Mapping on brainpoolP256r1.

use chrono::NaiveDate;
use dmrtd::com::{TransceiveError, Transceiver};
use dmrtd::passport::Passport as Reader;
use dmrtd::proto::dba_key::DBAKey;
use egate_icao::chip::passport::Generation;
use egate_icao::chip::{Chip, Reaction};
use egate_interop::{PRINTED, passport};

struct Line {
    chip: Chip,
    commands: u8,
}

impl Transceiver for Line {
    fn transceive(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        self.commands = self.commands.wrapping_add(1);
        match self.chip.transmit(apdu, &[self.commands; 64]) {
            Reaction::Answer(answer) => Ok(answer),
            Reaction::Mute | Reaction::Removed => panic!("the chip is gone"),
        }
    }
}

fn reader(generation: Generation) -> Reader<Line> {
    let mut chip = passport(generation).chip(Vec::new()).expect("a chip");
    chip.power_on();
    Reader::new(Line { chip, commands: 0 })
}

fn key(pace: bool) -> DBAKey {
    let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a date");
    DBAKey::new(PRINTED[0], date(1974, 8, 12), date(2031, 6, 30), pace).expect("a key")
}

fn reads(reader: &mut Reader<Line>) {
    let dg1 = reader.read_ef_dg1().expect("EF.DG1");
    assert_eq!(dg1.mrz().document_number(), PRINTED[0]);
    reader.read_ef_com().expect("EF.COM");
    reader.read_ef_sod().expect("EF.SOD");
    reader.read_ef_dg2().expect("EF.DG2");
}

#[test]
fn bac() {
    let mut reader = reader(Generation::Bac);
    reader.start_session(key(false)).expect("BAC");
    reads(&mut reader);
}

#[test]
fn pace_generic_mapping() {
    let mut reader = reader(Generation::Pace);
    let card_access = reader.read_ef_card_access().expect("EF.CardAccess");
    reader
        .start_session_pace(key(true), &card_access)
        .expect("PACE");
    reads(&mut reader);
}
