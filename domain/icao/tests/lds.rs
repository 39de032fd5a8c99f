//! Files made here: every element, every known deviation, DER and BER.

mod files;
mod images;

use egate_icao::{
    lds::{
        self, Contents, DeviationKind, FaceEncoding, FileId, LdsError, PersonalText,
        PortraitFormat,
        view::{DocumentDetailsView, FaceView, PersonToNotifyView, PersonalDetailsView},
    },
    tlv::{TlvError, encode, encode_all},
};
use egate_types::Date;
use files::{
    Face, details, dg2, dg2_39794, face_image_data_block, indefinite, repeated, templates,
};
use images::{colour_jpeg, grey_jpeg, j2k, jp2};
use serde_json::json;

fn kinds<T>(contents: &Contents<T>) -> Vec<DeviationKind> {
    contents.deviations.iter().map(|d| d.kind).collect()
}

fn texts(texts: &[PersonalText]) -> Vec<&str> {
    texts.iter().map(PersonalText::expose).collect()
}

fn jpeg() -> Vec<u8> {
    colour_jpeg(40, 50, [90, 140, 100])
}

#[test]
fn com_names_versions_and_data_groups() {
    let file = encode_all(
        0x60,
        &[
            &encode(0x5F01, b"0108"),
            &encode(0x5F36, b"060000"),
            &encode(0x5C, &[0x70, 0x75, 0x61, 0x61]),
        ],
    );
    for file in [file.clone(), indefinite(&file)] {
        let com = lds::parse_com(&file).unwrap();
        assert_eq!(
            (com.lds_version.as_str(), com.unicode_version.as_str()),
            ("0108", "060000")
        );
        assert_eq!(com.data_groups, [1, 2, 16]);
    }
    let odd = encode_all(
        0x60,
        &[&encode(0x5F01, b"0107"), &encode(0x5C, &[0x61, 0x77])],
    );
    assert_eq!(lds::parse_com(&odd), Err(LdsError::DataGroupTag(0x77)));
}

#[test]
fn atr_info_states_extended_lengths() {
    let lengths = encode(0x7F66, &[2, 2, 0x01, 0x00, 2, 3, 0x01, 0x00, 0x00]);
    let file = [
        encode(0x43, &[1]),
        encode(0x47, &[0x94, 1, 0x80]),
        lengths,
        vec![0; 9],
    ]
    .concat();
    let info = lds::parse_atr_info(&file).unwrap();
    let lengths = info.content.extended_lengths.unwrap();
    assert_eq!(
        (lengths.command_bytes, lengths.response_bytes),
        (256, 65_536)
    );
    assert_eq!(info.content.card_capabilities, Some(vec![0x94, 1, 0x80]));
    assert_eq!(info.deviations, []);

    let odd = lds::parse_atr_info(&encode(0x7F66, &[2, 1, 9])).unwrap();
    assert_eq!(odd.content.extended_lengths, None);
    assert_eq!(kinds(&odd), [DeviationKind::UnknownObject(0x7F66)]);
    assert!(lds::parse_atr_info(&[]).is_err());
}

#[test]
fn dir_lists_applications() {
    let passport = [0xA0, 0, 0, 2, 0x47, 0x10, 1];
    let file = [
        encode_all(0x61, &[&encode(0x4F, &passport), &encode(0x50, b"eMRTD")]),
        encode(0x61, &encode(0x4F, &[0xA0, 0, 0, 2, 0x47, 0x20, 1])),
        vec![0xFF; 4],
    ];
    let applications = lds::parse_dir(&file.concat()).unwrap().content;
    assert_eq!(applications.len(), 2);
    assert_eq!(applications[0].identifier, passport);
    assert_eq!(applications[0].label.as_deref(), Some("eMRTD"));
}

#[test]
fn every_face_of_every_template_is_found() {
    let points = Face {
        feature_points: 3,
        ..Face::new(jpeg(), 0, (40, 50))
    };
    let jp2 = Face::new(jp2(33, 17, 3, &j2k(33, 17, 3)), 1, (33, 17));
    let first = files::face_record(&[points, jp2]);
    let second = files::face_record(&[Face::new(grey_jpeg(9, 9, 7), 0, (0, 0))]);
    let file = templates(0x75, &[(0x5F2E, first), (0x7F2E, second)]);
    let faces = lds::parse_faces(&file).unwrap();
    assert_eq!(faces.deviations, []);
    let found: Vec<_> = faces.content.iter().map(FaceView::of).collect();
    let found = |index: usize| {
        let FaceView {
            encoding,
            image,
            feature_points,
        } = &found[index];
        (
            *encoding,
            image.variant,
            image.width,
            image.channels,
            *feature_points,
        )
    };
    assert_eq!(found(0), ("iso19794-5", Some("jpeg"), Some(40), Some(3), 3));
    assert_eq!(found(1), ("iso19794-5", Some("jp2"), Some(33), Some(3), 0));
    assert_eq!(found(2), ("iso19794-5", Some("jpeg"), Some(9), Some(1), 0));
    assert_eq!(lds::parse_dg2(&file).unwrap().bytes, jpeg());
}

#[test]
fn a_face_shows_every_key() {
    let faces = lds::parse_faces(&dg2(&[Face::new(jpeg(), 0, (40, 50))])).unwrap();
    let view = serde_json::to_value(FaceView::of(&faces.content[0])).unwrap();
    let sha256 = hex::encode(openssl::sha::sha256(&jpeg()));
    assert_eq!(
        view,
        json!({
            "encoding": "iso19794-5",
            "image_format": "jpeg",
            "variant": "jpeg",
            "width": 40,
            "height": 50,
            "channels": 3,
            "image_length": jpeg().len(),
            "image_sha256": sha256,
            "mean_rgb": [51.0, 106.0, 111.0],
            "feature_points": 0,
        })
    );
}

#[test]
fn faces_of_iso_39794_5_with_every_optional_part() {
    for (image, format, variant) in [
        (jpeg(), 2, "jpeg"),
        (j2k(40, 50, 3), 3, "j2k"),
        (jp2(40, 50, 3, &j2k(40, 50, 3)), 4, "jp2"),
    ] {
        let block = face_image_data_block(&image, format, 300);
        let file = dg2_39794(&block);
        for (file, deviations) in [
            (file.clone(), vec![]),
            (indefinite(&file), vec![DeviationKind::Ber]),
        ] {
            let faces = lds::parse_faces(&file).unwrap();
            assert_eq!(kinds(&faces), deviations);
            let [face] = faces.content.as_slice() else {
                unreachable!("one face");
            };
            assert_eq!(face.encoding, FaceEncoding::Iso39794);
            assert_eq!(
                (face.stated_size, face.image_type),
                (Some((40, 50)), Some(1))
            );
            assert_eq!(face.feature_points, 300);
            assert_eq!(face.portrait.bytes, image);
            let view = FaceView::of(face);
            assert_eq!(
                (view.encoding, view.image.variant),
                ("iso39794-5", Some(variant))
            );
        }
        let bare = lds::parse_face_image_data_block(&block).unwrap();
        assert_eq!(bare.content[0].portrait.bytes, image);
    }
}

#[test]
fn an_image_in_pieces_is_put_together() {
    let image = jpeg();
    let pieces: Vec<u8> = image
        .chunks(100)
        .flat_map(|piece| encode(0x04, piece))
        .collect();
    let whole = face_image_data_block(&image, 2, 1);
    let (old, new) = (encode(0x80, &image), encode(0xA0, &pieces));
    let at = whole.windows(old.len()).position(|w| w == old).unwrap();
    let grow = |bytes: &[u8]| {
        // Lengths around the image are open, so nothing else changes.
        let inner = indefinite(bytes);
        let at = inner.windows(old.len()).position(|w| w == old).unwrap();
        [&inner[..at], &new, &inner[at + old.len()..]].concat()
    };
    assert!(at > 0);
    let faces = lds::parse_face_image_data_block(&grow(&whole)).unwrap();
    assert_eq!(faces.content[0].portrait.bytes, image);
    assert_eq!(kinds(&faces), [DeviationKind::Ber]);
}

#[test]
fn what_a_face_states_wrongly_is_recorded() {
    let faces = lds::parse_faces(&dg2(&[Face::new(jpeg(), 1, (41, 50))])).unwrap();
    let sizes = DeviationKind::StatedSize {
        stated: (41, 50),
        actual: (40, 50),
    };
    assert_eq!(
        kinds(&faces),
        [sizes, DeviationKind::StatedFormat { code: 1 }]
    );
    assert_eq!(faces.content[0].portrait.format, PortraitFormat::Jpeg);

    let faces = lds::parse_faces(&dg2_39794(&face_image_data_block(&jpeg(), 3, 0))).unwrap();
    assert_eq!(kinds(&faces), [DeviationKind::StatedFormat { code: 3 }]);

    let mut record = files::face_record(&[Face::new(jpeg(), 0, (40, 50))]);
    record[4..8].copy_from_slice(b"030\0");
    record[13] = 2;
    let faces = lds::parse_faces(&templates(0x75, &[(0x5F2E, record)])).unwrap();
    let count = DeviationKind::Count {
        stated: Some(2),
        found: 1,
    };
    assert_eq!(
        kinds(&faces),
        [DeviationKind::FaceRecordVersion(*b"030\0"), count]
    );

    let trailing = [dg2(&[Face::new(jpeg(), 0, (40, 50))]), vec![0; 5]].concat();
    let faces = lds::parse_faces(&trailing).unwrap();
    assert_eq!(kinds(&faces), [DeviationKind::TrailingBytes(5)]);
}

#[test]
fn an_unreadable_face_does_not_hide_a_readable_one() {
    let good = files::face_record(&[Face::new(jpeg(), 0, (40, 50))]);
    let file = templates(0x75, &[(0x5F2E, b"nonsense".to_vec()), (0x5F2E, good)]);
    let faces = lds::parse_faces(&file).unwrap();
    assert_eq!(faces.content.len(), 1);
    let unreadable = DeviationKind::UnreadableFace {
        number: 1,
        error: LdsError::NotAFaceRecord,
    };
    assert_eq!(kinds(&faces), [unreadable]);
    assert_eq!(lds::parse_dg2(&file).unwrap().bytes, jpeg());
}

#[test]
fn a_file_without_a_face_says_why() {
    let refused = |file: Vec<u8>| lds::parse_dg2(&file).unwrap_err();
    assert_eq!(refused(templates(0x75, &[])), LdsError::NoFace);
    assert_eq!(
        refused(templates(0x75, &[(0x5F2E, b"FIR\0".to_vec())])),
        LdsError::NotAFaceRecord
    );
    let picture = Face::new(b"\x89PNG".to_vec(), 0, (1, 1));
    assert_eq!(refused(dg2(&[picture])), LdsError::ImageFormat);
    let mut record = files::face_record(&[Face::new(jpeg(), 0, (40, 50))]);
    record.truncate(100);
    let refusal = refused(templates(0x75, &[(0x5F2E, record)]));
    assert_eq!(refusal, LdsError::FaceRecordEndsEarly("facial record data"));
    let other = encode(0x65, &encode(0xA0, &encode(0x80, &[3])));
    let part = "representationBlocks";
    let missing = LdsError::FaceBlock {
        part,
        error: TlvError::Missing(0xA1),
    };
    assert_eq!(refused(dg2_39794(&other)), missing);
    assert_eq!(
        refused(encode(0x61, &[])),
        LdsError::Tlv(TlvError::WrongTag {
            expected: 0x75,
            found: 0x61
        })
    );
    assert_eq!(
        refused(vec![0; (2 << 20) + 1]),
        LdsError::TooLarge((2 << 20) + 1)
    );
}

#[test]
fn more_faces_than_anyone_has_are_not_looked_at() {
    let faces: Vec<Face> = (0..40)
        .map(|_| Face::new(grey_jpeg(8, 8, 1), 0, (8, 8)))
        .collect();
    let faces = lds::parse_faces(&dg2(&faces)).unwrap();
    assert_eq!(faces.content.len(), 8);
    assert_eq!(kinds(&faces), [DeviationKind::TooMany(8)]);
}

#[test]
fn fingers_and_irises_are_counted_and_not_decoded() {
    let file = templates(
        0x63,
        &[(0x5F2E, b"FIR\0secret".to_vec()), (0x5F2E, vec![1, 2, 3])],
    );
    let found = lds::parse_templates(FileId::Dg3, &file).unwrap();
    assert_eq!(found.content.len(), 2);
    assert_eq!(found.content[0].format_owner, Some(0x0101));
    assert_eq!(found.content[1].data, [1, 2, 3]);
    assert!(!format!("{:?}", found.content).contains("secret"));
    // No fingers: the count is zero and a random object tells such documents apart (ICAO 9303-10 §4.7.3.1).
    let none = encode(
        0x63,
        &encode_all(0x7F61, &[&[2, 1, 0], &encode(0x53, &[9; 8])]),
    );
    assert_eq!(
        lds::parse_templates(FileId::Dg3, &none).unwrap().content,
        []
    );
    let wrong = lds::parse_templates(FileId::Dg7, &file);
    assert_eq!(wrong, Err(LdsError::OtherFile(FileId::Dg7)));
}

#[test]
fn displayed_images_of_dg5_and_dg7() {
    for (file, tag, image_tag) in [(FileId::Dg5, 0x65, 0x5F40), (FileId::Dg7, 0x67, 0x5F43)] {
        let (one, two) = (encode(image_tag, &jpeg()), encode(image_tag, &j2k(8, 8, 1)));
        let bytes = encode_all(tag, &[&[2, 1, 2], &one, &two]);
        let images = lds::parse_displayed_images(file, &bytes).unwrap();
        let formats: Vec<_> = images.content.iter().map(|image| image.format).collect();
        assert_eq!(formats, [PortraitFormat::Jpeg, PortraitFormat::Jpeg2000]);
        assert_eq!(images.deviations, []);
        let bytes = encode_all(tag, &[&[2, 1, 3], &one, &encode(0x5F41, &[1])]);
        let images = lds::parse_displayed_images(file, &bytes).unwrap();
        let count = DeviationKind::Count {
            stated: Some(3),
            found: 1,
        };
        assert_eq!(
            kinds(&images),
            [DeviationKind::UnknownObject(0x5F41), count]
        );
    }
}

#[test]
fn dg11_every_element() {
    let names = repeated(0x5F0F, &["Jón".as_bytes(), b"JOHNNY"]);
    let file = details(
        0x6B,
        &[
            (0x5F0E, "DOE<<JÓHN".as_bytes()),
            (0xA0, &names),
            (0x5F10, b"170-12"),
            (0x5F2B, b"19700131"),
            (0x5F11, b"REYKJAVIK<IS"),
            (0x5F42, b"ROAD 1<CITY"),
            (0x5F12, b"+354 5"),
            (0x5F13, b"PILOT"),
            (0x5F14, b"DR"),
            (0x5F15, b"SUMMARY"),
            (0x5F16, &grey_jpeg(8, 8, 9)),
            (0x5F17, b"A1<B2"),
            (0x5F18, b"NONE"),
        ],
    );
    let read = lds::parse_dg11(&file).unwrap();
    assert_eq!(read.deviations, []);
    assert_eq!(texts(&read.content.other_names), ["Jón", "JOHNNY"]);
    let birth = read.content.full_date_of_birth.as_ref().unwrap();
    assert_eq!(birth.calendar_date(), Date::new(1970, 1, 31).ok());
    let parts = read
        .content
        .place_of_birth
        .as_ref()
        .map(|p| p.parts().collect::<Vec<_>>());
    assert_eq!(parts, Some(vec!["REYKJAVIK", "IS"]));
    let view = serde_json::to_value(PersonalDetailsView::of(&read.content)).unwrap();
    let proof = view["proof_of_citizenship"]["image"].clone();
    assert_eq!(
        (&proof["width"], &proof["channels"]),
        (&json!(8), &json!(1))
    );
    for (key, value) in [
        ("full_name", "DOE<<JÓHN"),
        ("personal_number", "170-12"),
        ("full_date_of_birth", "19700131"),
        ("place_of_birth", "REYKJAVIK<IS"),
        ("permanent_address", "ROAD 1<CITY"),
        ("telephone", "+354 5"),
        ("profession", "PILOT"),
        ("title", "DR"),
        ("personal_summary", "SUMMARY"),
        ("other_valid_td_numbers", "A1<B2"),
        ("custody_information", "NONE"),
    ] {
        assert_eq!(view[key], value, "{key}");
    }
    let printed = format!("{read:?}");
    for secret in ["DOE", "1970", "REYKJAVIK", "PILOT", "A1"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn dates_come_as_text_and_packed() {
    let date = |value: &[u8]| {
        let read = lds::parse_dg11(&details(0x6B, &[(0x5F2B, value)])).unwrap();
        let date = read.content.full_date_of_birth.clone().unwrap();
        (date.expose().to_owned(), date.calendar_date(), kinds(&read))
    };
    let birth = Date::new(1984, 2, 29).ok();
    assert_eq!(date(b"19840229"), ("19840229".to_owned(), birth, vec![]));
    assert_eq!(
        date(&[0x19, 0x84, 0x02, 0x29]),
        ("19840229".to_owned(), birth, vec![])
    );
    // Month and day are unknown.
    assert_eq!(date(b"19840000"), ("19840000".to_owned(), None, vec![]));
    let odd = vec![DeviationKind::NotADate(0x5F2B)];
    assert_eq!(
        date(b"1984<<<<"),
        ("1984<<<<".to_owned(), None, odd.clone())
    );
    assert_eq!(date(b"840229"), ("840229".to_owned(), None, odd.clone()));
    assert_eq!(date(b""), (String::new(), None, odd.clone()));
    let (_, none, kinds) = date(&[0x19, 0x84, 0xA2, 0x29]);
    assert_eq!((none, &kinds[..1]), (None, &odd[..]));
}

#[test]
fn what_dg11_does_unlike_the_standard_is_recorded() {
    let latin = lds::parse_dg11(&details(0x6B, &[(0x5F0E, b"M\xDCLLER")])).unwrap();
    assert_eq!(
        latin.content.full_name.as_ref().map(PersonalText::expose),
        Some("MÜLLER")
    );
    assert_eq!(kinds(&latin), [DeviationKind::NotUtf8(0x5F0E)]);
    assert!(!latin.deviations[0].to_string().contains("LLER"));

    let unlisted = encode(0x6B, &encode(0x5F0E, b"DOE"));
    let read = lds::parse_dg11(&unlisted).unwrap();
    assert_eq!(kinds(&read), [DeviationKind::NoTagList]);

    let odd = encode_all(
        0x6B,
        &[
            &encode(0x5C, &[0x5F, 0x0E, 0x5F, 0x13]),
            &encode(0x5F0E, b"FIRST"),
            &encode(0x5F0E, b"SECOND"),
            &encode(0x5F0F, b"ALIAS"),
            &encode(0x5F7A, b"?"),
        ],
    );
    let read = lds::parse_dg11(&odd).unwrap();
    assert_eq!(
        read.content.full_name.as_ref().map(PersonalText::expose),
        Some("FIRST")
    );
    assert_eq!(texts(&read.content.other_names), ["ALIAS"]);
    assert_eq!(
        kinds(&read),
        [
            DeviationKind::ListedButAbsent(0x5F13),
            DeviationKind::PresentButUnlisted(0xA0),
            DeviationKind::PresentButUnlisted(0x5F7A),
            DeviationKind::RepeatedObject(0x5F0E),
            DeviationKind::OutsideItsTemplate(0x5F0F),
            DeviationKind::UnknownObject(0x5F7A),
        ]
    );
}

/// gmrtd 338: the count of other names is the document's, the memory is ours.
#[test]
fn unbounded_counts_take_no_memory() {
    let mut names = encode(0x02, &[0x7F, 0xFF, 0xFF, 0xFF]);
    names.extend(encode(0x5F0F, b"JON").repeat(40));
    let read = lds::parse_dg11(&details(0x6B, &[(0xA0, &names)])).unwrap();
    assert_eq!(read.content.other_names.len(), 16);
    let count = DeviationKind::Count {
        stated: Some(0x7FFF_FFFF),
        found: 40,
    };
    assert_eq!(kinds(&read), [DeviationKind::TooMany(16), count]);
    let names = encode(0x5F0F, b"").repeat(300);
    let refused = lds::parse_dg11(&details(0x6B, &[(0xA0, &names)]));
    assert_eq!(refused.unwrap_err(), LdsError::Tlv(TlvError::TooMany));
}

#[test]
fn dg12_every_element() {
    let file = details(
        0x6C,
        &[
            (0x5F19, b"PORT AUTHORITY"),
            (0x5F26, &[0x20, 0x24, 0x01, 0x31]),
            (0xA0, &repeated(0x5F1A, &[b"ROE<<JANE"])),
            (0x5F1B, b"ENDORSED"),
            (0x5F1C, b"EXIT"),
            (0x5F1D, &jpeg()),
            (0x5F1E, b"rear"),
            (0x5F55, b"20240131123059"),
            (0x5F56, b"S-7"),
        ],
    );
    for (file, deviations) in [
        (file.clone(), vec![]),
        (indefinite(&file), vec![DeviationKind::Ber]),
    ] {
        let read = lds::parse_dg12(&file).unwrap();
        assert_eq!(kinds(&read), deviations);
        let view = serde_json::to_value(DocumentDetailsView::of(&read.content)).unwrap();
        for (key, value) in [
            ("issuing_authority", json!("PORT AUTHORITY")),
            ("date_of_issue", json!("20240131")),
            ("other_persons", json!(["ROE<<JANE"])),
            ("endorsements", json!("ENDORSED")),
            ("tax_or_exit_requirements", json!("EXIT")),
            ("personalization_time", json!("20240131123059")),
            ("personalization_system_number", json!("S-7")),
        ] {
            assert_eq!(view[key], value, "{key}");
        }
        assert_eq!(view["image_of_front"]["image"]["variant"], "jpeg");
        assert_eq!(view["image_of_rear"]["length"], 4);
    }
    let packed = [0x20, 0x24, 0x01, 0x31, 0x12, 0x30, 0x59];
    let read = lds::parse_dg12(&details(0x6C, &[(0x5F55, &packed)])).unwrap();
    let time = read
        .content
        .personalization_time
        .as_ref()
        .map(|t| t.expose().to_owned());
    assert_eq!(time.as_deref(), Some("20240131123059"));
}

#[test]
fn dg16_lists_persons_to_notify() {
    let person = |tag, name: &[u8]| {
        let elements = [
            encode(0x5F50, b"20200229"),
            encode(0x5F51, name),
            encode(0x5F52, b"555"),
            encode(0x5F53, b"ROAD 1<CITY"),
        ];
        encode(tag, &elements.concat())
    };
    let file = encode_all(
        0x70,
        &[
            &[2, 1, 2],
            &person(0xA1, b"DOE<<JANE"),
            &person(0xA2, b"ROE<<RIC"),
        ],
    );
    let read = lds::parse_dg16(&file).unwrap();
    assert_eq!(read.deviations, []);
    let views: Vec<_> = read.content.iter().map(PersonToNotifyView::of).collect();
    assert_eq!(
        serde_json::to_value(views).unwrap(),
        json!([
            {"date_recorded": "20200229", "name": "DOE<<JANE", "telephone": "555", "address": "ROAD 1<CITY"},
            {"date_recorded": "20200229", "name": "ROE<<RIC", "telephone": "555", "address": "ROAD 1<CITY"},
        ])
    );
}

#[test]
fn opaque_files_are_handed_on() {
    for (file, tag) in [
        (FileId::Dg13, 0x6D),
        (FileId::Dg14, 0x6E),
        (FileId::Dg15, 0x6F),
    ] {
        let bytes = encode(tag, b"inside");
        assert_eq!(lds::data_group_body(file, &bytes), Ok(&b"inside"[..]));
        assert!(lds::data_group_body(FileId::Dg1, &bytes).is_err());
    }
    let refused = lds::data_group_body(FileId::Dir, b"");
    assert_eq!(refused, Err(LdsError::OtherFile(FileId::Dir)));
}

#[test]
fn a_malformed_object_is_found_by_its_offset() {
    let inner = encode_all(0xA0, &[&[2, 1, 9], &encode(0x5F0F, b"JON")]);
    let file = encode_all(0x6B, &[&encode(0x5F0E, b"DOE"), &inner]);
    assert_eq!(lds::first_malformed_object(&file), None);
    let mut longer = file.clone();
    let at = longer.windows(2).position(|w| w == [0x5F, 0x0F]).unwrap();
    longer[at + 2] += 1;
    let found = lds::first_malformed_object(&longer);
    assert_eq!(found, Some((at, TlvError::Truncated)));
    let cut = lds::first_malformed_object(&file[..9]);
    assert_eq!(cut, Some((0, TlvError::Truncated)));
    let deep = (0..40).fold(vec![], |inside, _| encode(0x30, &inside));
    assert_eq!(
        lds::first_malformed_object(&deep),
        Some((66, TlvError::TooDeep))
    );
    let record = files::face_record(&[Face::new(jpeg(), 0, (40, 50))]);
    let face = templates(0x75, &[(0x7F2E, record)]);
    assert_eq!(lds::first_malformed_object(&face), None);
}

#[test]
fn every_file_is_read_from_ber_too() {
    for (name, file) in files::samples() {
        let ber = indefinite(&file);
        assert_ne!(ber, file, "{name}");
        let read = match name.split(' ').next().unwrap() {
            "EF.COM" => lds::parse_com(&ber).map(drop),
            "EF.ATR/INFO" => lds::parse_atr_info(&ber).map(drop),
            "EF.DIR" => lds::parse_dir(&ber).map(drop),
            "EF.DG1" => lds::parse_dg1(&ber).map(drop),
            "EF.DG2" => lds::parse_faces(&ber).map(drop),
            "EF.DG3" => lds::parse_templates(FileId::Dg3, &ber).map(drop),
            "EF.DG7" => lds::parse_displayed_images(FileId::Dg7, &ber).map(drop),
            "EF.DG11" => lds::parse_dg11(&ber).map(drop),
            "EF.DG12" => lds::parse_dg12(&ber).map(drop),
            "EF.DG16" => lds::parse_dg16(&ber).map(drop),
            other => unreachable!("{other}"),
        };
        assert_eq!(read, Ok(()), "{name}");
    }
}
