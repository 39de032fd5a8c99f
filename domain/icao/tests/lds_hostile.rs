//! Damaged and invented files: every answer is an answer, never a panic, and none takes long.
//!
//! The samples are truncated at every byte and changed bit by bit; those beside the repository join in where they are.

mod files;
mod images;

use std::path::Path;

use egate_icao::{
    lds::{self, FileId, view},
    portrait,
};
use proptest::{prelude::*, sample::Index};

/// Everything that reads files, over the same bytes; images are described and not decoded.
fn read_everything(bytes: &[u8]) {
    let _ = lds::first_malformed_object(bytes);
    let _ = lds::parse_com(bytes);
    let _ = lds::parse_atr_info(bytes);
    let _ = lds::parse_dir(bytes);
    let _ = lds::parse_dg1(bytes);
    let _ = lds::parse_faces(bytes);
    let _ = lds::parse_face_image_data_block(bytes);
    let _ = lds::parse_dg11(bytes).map(|read| view::PersonalDetailsView::of(&read.content));
    let _ = lds::parse_dg12(bytes).map(|read| view::DocumentDetailsView::of(&read.content));
    let _ = lds::parse_dg16(bytes);
    for file in FileId::all() {
        let _ = lds::parse_templates(file, bytes);
        let _ = lds::parse_displayed_images(file, bytes);
        let _ = lds::data_group_body(file, bytes);
    }
}

/// Public specimens, if they lie beside the repository.
fn specimens() -> Vec<Vec<u8>> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport");
    let folders = ["lds/bsi2008-specimen", "synthetic/v03_rsapss_td1"];
    let files = folders
        .into_iter()
        .flat_map(|folder| FileId::all().map(move |file| format!("{folder}/{file}.bin")));
    let more = [
        "lds/iso39794/EF.DG2_39794-5_mandatory_fields.bin",
        "images/silver.jp2",
    ];
    let paths = files.chain(more.map(str::to_owned));
    paths
        .filter_map(|path| std::fs::read(shared.join(path)).ok())
        .collect()
}

/// The bytes with one bit turned, for each bit that `step` lands on.
fn bit_flips(bytes: &[u8], step: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).step_by(step).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn own_files_cut_at_every_byte_and_changed_in_every_bit() {
    for (_, file) in files::samples() {
        for length in 0..file.len() {
            read_everything(&file[..length]);
        }
        for flipped in bit_flips(&file, 1) {
            read_everything(&flipped);
        }
    }
}

#[test]
fn a_file_that_ends_early_is_never_taken_for_whole() {
    for (name, file) in files::samples() {
        let whole = |bytes: &[u8]| match name.split(' ').next() {
            Some("EF.COM") => lds::parse_com(bytes).is_ok(),
            Some("EF.ATR/INFO") => lds::parse_atr_info(bytes).is_ok(),
            Some("EF.DIR") => lds::parse_dir(bytes).is_ok(),
            Some("EF.DG1") => lds::parse_dg1(bytes).is_ok(),
            Some("EF.DG2") => lds::parse_faces(bytes).is_ok(),
            Some("EF.DG3") => lds::parse_templates(FileId::Dg3, bytes).is_ok(),
            Some("EF.DG7") => lds::parse_displayed_images(FileId::Dg7, bytes).is_ok(),
            Some("EF.DG11") => lds::parse_dg11(bytes).is_ok(),
            Some("EF.DG12") => lds::parse_dg12(bytes).is_ok(),
            _ => lds::parse_dg16(bytes).is_ok(),
        };
        assert!(whole(&file), "{name}");
        for length in 0..file.len() {
            assert!(!whole(&file[..length]), "{name} of {length} bytes");
            assert!(
                !whole(&files::indefinite(&file)[..length]),
                "{name} of {length} bytes"
            );
        }
    }
}

#[test]
fn own_images_cut_at_every_byte_and_changed_in_every_bit() {
    for (_, image) in images::samples() {
        for length in 0..image.len() {
            let _ = portrait::decode(&image[..length]);
        }
        for flipped in bit_flips(&image, 1) {
            if let Ok(decoded) = portrait::decode(&flipped) {
                let (width, height) = (decoded.width as usize, decoded.height as usize);
                let bytes = width * height * usize::from(decoded.channels);
                assert_eq!(decoded.pixels.len(), bytes);
            }
        }
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn specimens_cut_and_changed() {
    let specimens = specimens();
    assert!(specimens.len() >= 15, "{} specimens", specimens.len());
    for file in specimens {
        // Headers are where a parser decides; of the rest a sample will do.
        let dense = file.len().min(300);
        for length in (0..dense).chain((dense..file.len()).step_by(97)) {
            read_everything(&file[..length]);
        }
        for flipped in bit_flips(&file[..dense], 3) {
            read_everything(&[&flipped, &file[dense..]].concat());
        }
        if let Ok(faces) = lds::parse_faces(&file) {
            for face in faces.content {
                let image = &face.portrait.bytes;
                for flipped in bit_flips(&image[..200], 31) {
                    let _ = portrait::decode(&[&flipped, &image[200..]].concat());
                }
                for length in (0..image.len()).step_by(image.len() / 7) {
                    let _ = portrait::decode(&image[..length]);
                }
            }
        }
    }
}

fn any_sample() -> impl Strategy<Value = Vec<u8>> {
    let samples = files::samples().into_iter().chain(images::samples());
    let samples: Vec<Vec<u8>> = samples.map(|(_, bytes)| bytes).collect();
    prop::sample::select(samples)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
        let _ = portrait::decode(&bytes);
    }

    #[test]
    fn bytes_behind_each_file_tag_never_panic(
        tag in prop::sample::select(vec![0x60u32, 0x61, 0x63, 0x65, 0x67, 0x6B, 0x6C, 0x70, 0x75, 0x76]),
        body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        read_everything(&egate_icao::tlv::encode(tag, &body));
    }

    #[test]
    fn several_changes_at_once_never_panic(
        mut bytes in any_sample(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..8),
    ) {
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        read_everything(&bytes);
        let _ = portrait::decode(&bytes);
    }

    #[test]
    fn texts_survive_the_round_trip(name in "\\PC{0,40}") {
        let file = files::details(0x6B, &[(0x5F0E, name.as_bytes())]);
        let read = lds::parse_dg11(&file).map(|read| read.content.full_name.as_ref().map(|n| n.expose().to_owned()));
        prop_assert_eq!(read, Ok(Some(name)));
    }
}
