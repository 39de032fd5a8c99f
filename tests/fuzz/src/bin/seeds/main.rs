//! Writes inputs to begin with, for every target, from the test issuer and the virtual chip: `seeds FOLDER`. Made-up documents and
//! drawn pictures alone, so that whatever fuzzing grows from them may be kept in the repository.

mod conversations;
mod documents;
mod faces;
#[path = "../../../../../domain/icao/tests/files/mod.rs"]
mod files;
#[path = "../../../../../domain/icao/tests/images/mod.rs"]
mod images;
mod lists;
mod messages;
mod rules;
mod signed;
mod snapshots;

use std::error::Error;
use std::fs;
use std::path::Path;

use egate_icao::lds::FileId;

/// Whatever can go wrong ends the program.
type Outcome<T> = Result<T, Box<dyn Error>>;
/// Inputs of one target.
type Seeds = Vec<Vec<u8>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("usage: seeds FOLDER")?;
    let documents = documents::documents()?;
    let on_chips = on_chips(&documents);
    let own = own_files();
    let signed = signed::seeds(&documents)?;
    let objects = [&on_chips[..], &own, &signed].concat();
    let targets = [
        ("mrz", documents::zones()?),
        ("tlv", objects),
        ("wire", messages::seeds()?),
        ("lds", [&on_chips[..], &own].concat()),
        ("cms", signed),
        ("images", pictures()),
        ("secure_messaging", conversations::responses(&documents)),
        ("chip", conversations::seeds(&documents)?),
        ("manifest", faces::manifests()),
        ("tables", faces::tables()),
        ("photographs", faces::photographs()?),
        ("snapshot", snapshots::seeds()?),
        ("list_import", lists::seeds()),
        ("targeting", rules::seeds()),
    ];
    for (target, seeds) in targets {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("{number:03}")), seed)?;
        }
    }
    Ok(())
}

/// Every file of the documents' chips.
fn on_chips(documents: &[documents::Document]) -> Seeds {
    let chips = documents.iter().map(|document| &document.issued.files);
    chips
        .flat_map(|chip| FileId::all().filter_map(|file| chip.get(file).map(<[u8]>::to_vec)))
        .collect()
}

/// A file of each sort, in definite and indefinite lengths.
fn own_files() -> Seeds {
    let samples = files::samples().into_iter();
    samples
        .flat_map(|(_, file)| [files::indefinite(&file), file])
        .collect()
}

fn pictures() -> Seeds {
    let samples = images::samples().into_iter().map(|(_, image)| image);
    let codestreams = [
        images::Codestream {
            tile: (16, 16),
            layers: 2,
            ..images::Codestream::new(40, 24, 3)
        },
        images::Codestream {
            levels: 1,
            block: (2, 3),
            precincts: vec![0x44, 0x55],
            precision: 12,
            ..images::Codestream::new(24, 24, 1)
        },
    ];
    samples
        .chain(codestreams.iter().map(images::Codestream::build))
        .chain([
            images::jpeg(24, 24, &[(0x21, 90), (0x11, 140), (0x11, 100)]),
            images::jpeg(16, 16, &[(0x11, 1), (0x11, 2), (0x11, 3), (0x11, 4)]),
        ])
        .collect()
}
