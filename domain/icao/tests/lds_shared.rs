//! Data groups of public specimens and developer documents that lie beside the repository.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]
#![expect(
    clippy::panic,
    reason = "a test that cannot read its data must say which"
)]

use std::path::{Path, PathBuf};

use egate_icao::{
    evidence::{Evidence, Performed},
    lds::{
        self, ChipFiles, Contents, DeviationKind, FaceEncoding, FileId, PersonalDate, PersonalText,
        Portrait, PortraitFormat,
        view::{FaceView, ImageView, PersonalDetailsView},
    },
    portrait::{self, Variant},
    report,
    trust::TrustStore,
};
use egate_types::Date;
use serde_json::{Value, json};

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport")
}

fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    let path = shared().join(path);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&bytes(path)).unwrap()
}

fn specimen(file: FileId) -> Vec<u8> {
    bytes(format!("lds/bsi2008-specimen/{file}.bin"))
}

fn kinds<T>(contents: &Contents<T>) -> Vec<DeviationKind> {
    contents.deviations.iter().map(|d| d.kind).collect()
}

fn text(text: &Option<PersonalText>) -> &str {
    text.as_ref().map_or("", PersonalText::expose)
}

fn date(date: &Option<PersonalDate>) -> &str {
    date.as_ref().map_or("", PersonalDate::expose)
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn synthetic_documents_show_their_faces_key_by_key() {
    let index = json("synthetic/index.json");
    for case in index["cases"].as_object().unwrap().keys() {
        let folder = Path::new("synthetic").join(case);
        let expected = &json(folder.join("expected.json"))["dg2"];
        let faces = lds::parse_faces(&bytes(folder.join("EF.DG2.bin"))).unwrap();
        assert_eq!(faces.deviations, [], "{case}");
        let found: Vec<FaceView> = faces.content.iter().map(FaceView::of).collect();
        let mut found = serde_json::to_value(found).unwrap();
        for (face, expected) in found
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .zip(expected.as_array().unwrap())
        {
            // Decoders differ in how they round subsampled colour, on average by less than a tenth.
            for (mean, expected) in means(&face["mean_rgb"]).zip(means(&expected["mean_rgb"])) {
                assert!(
                    (mean - expected).abs() < 0.15,
                    "{case}: {mean}, not {expected}"
                );
            }
            face["mean_rgb"] = expected["mean_rgb"].clone();
        }
        assert_eq!(&found, expected, "{case}");
    }
}

fn means(values: &Value) -> impl Iterator<Item = f64> {
    let values = values.as_array().unwrap();
    assert_eq!(values.len(), 3);
    values.iter().map(|value| value.as_f64().unwrap())
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn specimen_2008_says_what_is_expected() {
    let com = lds::parse_com(&specimen(FileId::Com)).unwrap();
    assert_eq!(
        (com.lds_version.as_str(), com.unicode_version.as_str()),
        ("0107", "040000")
    );
    assert_eq!(com.data_groups, [1, 2, 3, 14]);

    let faces = lds::parse_faces(&specimen(FileId::Dg2)).unwrap();
    let [face] = faces.content.as_slice() else {
        panic!("{} faces", faces.content.len());
    };
    assert_eq!(face.encoding, FaceEncoding::Iso19794);
    assert_eq!((face.image_type, face.feature_points), (Some(1), 0));
    let image = portrait::describe(&face.portrait.bytes).unwrap();
    assert_eq!(
        (image.width, image.height, image.variant),
        (413, 531, Variant::Jp2)
    );
    // The record states 337 x 449 pixels.
    assert_eq!(face.stated_size, Some((337, 449)));
    let sizes = DeviationKind::StatedSize {
        stated: (337, 449),
        actual: (413, 531),
    };
    assert_eq!(kinds(&faces), [sizes]);

    for (file, count, kind) in [(FileId::Dg3, 2, 8), (FileId::Dg4, 2, 16)] {
        let templates = lds::parse_templates(file, &specimen(file)).unwrap();
        assert_eq!(templates.content.len(), count, "{file}");
        assert_eq!(templates.content[0].biometric_type, Some(kind), "{file}");
        assert_eq!(templates.deviations, [], "{file}");
    }
    for (file, size) in [(FileId::Dg5, (413, 531)), (FileId::Dg7, (550, 142))] {
        let images = lds::parse_displayed_images(file, &specimen(file)).unwrap();
        let image = portrait::decode(&images.content[0].bytes).unwrap();
        assert_eq!((image.width, image.height), size, "{file}");
    }
    for (file, first) in [(FileId::Dg14, 0x31), (FileId::Dg15, 0x30)] {
        let file_bytes = specimen(file);
        let body = lds::data_group_body(file, &file_bytes).unwrap();
        assert_eq!(body.first(), Some(&first), "{file}");
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn specimen_2008_has_additional_details() {
    let details = lds::parse_dg11(&specimen(FileId::Dg11)).unwrap();
    assert_eq!(kinds(&details), [DeviationKind::PresentButUnlisted(0x5F17)]);
    let view = PersonalDetailsView::of(&details.content);
    assert_eq!(
        serde_json::to_value(view).unwrap(),
        json!({
            "full_name": "Doe John",
            "other_names": ["William"],
            "personal_number": "123",
            "full_date_of_birth": "19700101",
            "place_of_birth": "TEST<TEST",
            "permanent_address": "TEST<TEST",
            "telephone": "123",
            "profession": "TEST",
            "title": "TEST",
            "personal_summary": "TEST",
            "proof_of_citizenship": {
                "length": 1,
                "sha256": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            },
            "other_valid_td_numbers": "123<123",
            "custody_information": "TEST",
        })
    );

    let details = lds::parse_dg12(&specimen(FileId::Dg12)).unwrap();
    assert_eq!(kinds(&details), [DeviationKind::NoTagList]);
    let details = details.content;
    assert_eq!(text(&details.issuing_authority), "TEST");
    assert_eq!(date(&details.date_of_issue), "20240101");
    assert_eq!(details.other_persons[0].expose(), "William");
    assert_eq!(date(&details.personalization_time), "20240101123059");
    assert_eq!(text(&details.personalization_system_number), "123");
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn faces_of_iso_39794_5_are_read() {
    let faces = lds::parse_faces(&bytes("lds/iso39794/EF.DG2_39794-5_mandatory_fields.bin"));
    let faces = faces.unwrap();
    let face = FaceView::of(&faces.content[0]);
    assert_eq!(
        (face.encoding, face.image.variant),
        ("iso39794-5", Some("jp2"))
    );
    assert_eq!(
        (face.image.width, face.image.height),
        (Some(413), Some(531))
    );
    assert_eq!((face.image.channels, face.feature_points), (Some(3), 0));
    assert_eq!(faces.deviations, []);

    let block = bytes("lds/iso39794/ISO_sample-39794-5-ed-1-v1.der");
    let faces = lds::parse_face_image_data_block(&block).unwrap();
    let face = FaceView::of(&faces.content[0]);
    assert_eq!(
        (face.encoding, face.image.variant),
        ("iso39794-5", Some("jpeg"))
    );
    assert_eq!(
        (face.image.width, face.image.height),
        (Some(1024), Some(1024))
    );
    assert_eq!((face.image.channels, face.feature_points), (Some(3), 2));
    assert_eq!(faces.deviations, []);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn silver_portrait_is_decoded() {
    let image = Portrait {
        format: PortraitFormat::Jpeg2000,
        bytes: bytes("images/silver.jp2"),
    };
    let view = ImageView::of(&image);
    assert_eq!(
        (view.width, view.height, view.channels),
        (Some(413), Some(531), Some(3))
    );
    assert_eq!(view.error, None);
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn specimen_2008_is_shown_file_by_file() {
    let expected = &json("lds/expected.json")["bsi2008-specimen"];
    let held = FileId::all().filter_map(|file| {
        let path = shared().join(format!("lds/bsi2008-specimen/{file}.bin"));
        Some((file, std::fs::read(path).ok()?))
    });
    let evidence = Evidence {
        files: ChipFiles::new(held.collect()),
        printed_mrz: None,
        performed: Performed::default(),
    };
    let today = Date::parse("2026-11-23").unwrap();
    let view = report::document::view(&evidence, &TrustStore::default(), today).unwrap();
    let shown = serde_json::to_value(view).unwrap();
    for key in ["mrz", "dg_hashes_match", "not_in_sod"] {
        assert_eq!(shown[key], expected[key], "{key}");
    }
    for key in [
        "com", "dg3", "dg4", "dg5", "dg7", "dg11", "dg12", "dg14", "dg15",
    ] {
        assert!(shown[key].is_object() || shown[key].is_array(), "{key}");
    }
    assert_eq!(shown["malformed"], json!([]));
}
