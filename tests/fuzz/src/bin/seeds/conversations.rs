//! What chips of every generation and fault answer the terminal of the `chip` target, their files as it takes them, and protected
//! responses.

use egate_fuzz::chip::{ANSWERS, CHIP_RANDOM, FILES, session};
use egate_fuzz::secure_messaging::{SUITES, channel};
use egate_icao::apdu::{Response, Status};
use egate_icao::chip::{Chip, ChipFault, HostileFile, Reaction, Refusal};
use egate_icao::lds::FileId;
use egate_icao::session::Step;

use crate::documents::Document;
use crate::{Outcome, Seeds};

pub fn seeds(documents: &[Document]) -> Outcome<Seeds> {
    let mut seeds = Vec::new();
    for passport in documents
        .iter()
        .filter_map(|document| document.passport.as_ref())
    {
        for faults in faults() {
            seeds.push(answers(passport.chip(faults)?));
        }
    }
    seeds.extend(documents.iter().map(files));
    Ok(seeds)
}

/// Responses that a channel of each cipher opens, data objects that it authenticates, and a plain refusal.
pub fn responses(documents: &[Document]) -> Seeds {
    let com = documents
        .first()
        .and_then(|document| document.issued.files.get(FileId::Com));
    let data = com.unwrap_or_default().to_vec();
    let mut seeds = vec![Status::WRONG_LENGTH.0.to_be_bytes().to_vec()];
    for suite in SUITES {
        for (status, data) in [
            (Status::OK, data.clone()),
            (Status::END_OF_FILE, Vec::new()),
        ] {
            let response = Response { data, status };
            let plain = channel(suite).protect_response(&response);
            let typed = channel(suite).protect_response_to(1, &response);
            // The target authenticates by itself: the objects without code and status.
            let code_bytes = 10 + 2;
            let objects = plain.len().saturating_sub(code_bytes);
            seeds.extend([plain[..objects].to_vec(), plain, typed]);
        }
    }
    seeds
}

fn answers(mut chip: Chip) -> Vec<u8> {
    let mut seed = vec![ANSWERS];
    chip.power_on();
    // The target's terminal knows no answer to reset.
    let mut session = session(&[]);
    let mut step = session.start();
    while let Step::Transmit(command) = step {
        let Reaction::Answer(answer) = chip.transmit(&command, &CHIP_RANDOM) else {
            break;
        };
        seed.extend((answer.len() as u16).to_be_bytes());
        seed.extend(&answer);
        step = session.respond(&answer);
    }
    seed
}

fn files(document: &Document) -> Vec<u8> {
    let mut seed = vec![FILES];
    for file in FileId::all() {
        if let Some(content) = document.issued.files.get(file) {
            seed.push(number(file));
            seed.extend((content.len() as u16).to_be_bytes());
            seed.extend(content);
        }
    }
    seed
}

/// Number of a file as the `chip` target counts.
fn number(file: FileId) -> u8 {
    FileId::all().take_while(|other| *other != file).count() as u8
}

/// None, each that a chip can have, and some that go together.
fn faults() -> Vec<Vec<ChipFault>> {
    let largest = |refusal| ChipFault::LargestBlock {
        bytes: 100,
        refusal,
    };
    let hostile = |content| ChipFault::Hostile(FileId::Dg1, content);
    let single = [
        ChipFault::WrongKey,
        ChipFault::Cloned,
        ChipFault::PaceFails,
        ChipFault::RefusesPace(Status(0x6A80)),
        ChipFault::WantsParametersNamed,
        ChipFault::PaceOnly,
        ChipFault::ShortLengthOnly,
        ChipFault::SilentAboutLengths,
        ChipFault::DropsChannelAt(9),
        largest(Refusal::WrongLength),
        largest(Refusal::WrongLengthUnprotected),
        largest(Refusal::WrongOffset),
        largest(Refusal::ExactLength),
        largest(Refusal::FewerBytes),
        largest(Refusal::EndOfFile),
        largest(Refusal::EndOfFileWithoutBytes),
        largest(Refusal::DropsChannel),
        ChipFault::NoShortIdentifiers(Status(0x6A82)),
        ChipFault::ShortIdentifierSelectsNothing,
        ChipFault::RefusesPastEnd,
        ChipFault::RefusesNeedlessLength,
        ChipFault::RefusesMasterFile(Status(0x6A82)),
        ChipFault::ClosedMasterFile(Status::SECURITY_STATUS),
        ChipFault::Hides(FileId::Dg2),
        ChipFault::Alters(FileId::Sod),
        hostile(HostileFile::Empty),
        hostile(HostileFile::ClaimsTooMuch),
        hostile(HostileFile::EndsEarly),
        hostile(HostileFile::Indefinite),
        hostile(HostileFile::LongLength),
        ChipFault::UnprotectedFrom(8),
    ];
    let mut faults = vec![Vec::new()];
    faults.extend(single.map(|fault| vec![fault]));
    faults.push(vec![
        ChipFault::ShortLengthOnly,
        ChipFault::RefusesPace(Status(0x6A80)),
        ChipFault::RefusesPastEnd,
    ]);
    faults
}
