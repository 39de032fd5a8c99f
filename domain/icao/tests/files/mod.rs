//! Data groups made here.

#![allow(dead_code, reason = "each test program uses some of these")]

use egate_icao::tlv::{encode, encode_all};

/// One face of ISO 19794-5.
pub struct Face {
    pub image: Vec<u8>,
    pub data_type: u8,
    pub size: (u16, u16),
    pub feature_points: u16,
}

impl Face {
    pub fn new(image: Vec<u8>, data_type: u8, size: (u16, u16)) -> Self {
        Self {
            image,
            data_type,
            size,
            feature_points: 0,
        }
    }

    fn block(&self) -> Vec<u8> {
        let length = 20 + 8 * usize::from(self.feature_points) + 12 + self.image.len();
        let mut out = (length as u32).to_be_bytes().to_vec();
        out.extend(self.feature_points.to_be_bytes());
        out.extend([0; 14]);
        out.extend(vec![7; 8 * usize::from(self.feature_points)]);
        out.extend([1, self.data_type]);
        out.extend(self.size.0.to_be_bytes());
        out.extend(self.size.1.to_be_bytes());
        out.extend([1, 2, 0, 0, 0, 0]);
        out.extend(&self.image);
        out
    }
}

/// A face record of these faces.
pub fn face_record(faces: &[Face]) -> Vec<u8> {
    let blocks: Vec<u8> = faces.iter().flat_map(Face::block).collect();
    let length = (14 + blocks.len()) as u32;
    let count = faces.len() as u16;
    [
        &b"FAC\x00010\0"[..],
        &length.to_be_bytes(),
        &count.to_be_bytes(),
        &blocks,
    ]
    .concat()
}

/// A group template around these biometric data blocks, each with its tag.
pub fn templates(tag: u32, blocks: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let header = encode(0xA1, &[0x81, 1, 2, 0x87, 2, 1, 1, 0x88, 2, 0, 8]);
    let mut parts = encode(0x02, &[blocks.len() as u8]);
    for (tag, block) in blocks {
        parts.extend(encode_all(0x7F60, &[&header, &encode(*tag, block)]));
    }
    encode(tag, &encode(0x7F61, &parts))
}

/// EF.DG2 of one face record.
pub fn dg2(faces: &[Face]) -> Vec<u8> {
    templates(0x75, &[(0x5F2E, face_record(faces))])
}

/// A face image data block of ISO 39794-5 with every optional part of its representation.
pub fn face_image_data_block(image: &[u8], format: u8, landmarks: usize) -> Vec<u8> {
    let choice = |tag, code| encode(tag, &encode(0x80, &[code]));
    let certified = encode_all(0xA0, &[&encode(0x80, &[42]), &encode(0x81, &[0x12, 0x67])]);
    let version = encode_all(0xA0, &[&encode(0x80, &[3]), &encode(0x81, &[0x07, 0xE3])]);
    let size = encode_all(0xA7, &[&encode(0x80, &[40]), &encode(0x81, &[50])]);
    let information = [
        choice(0xA0, format),
        choice(0xA1, 1),
        encode_all(0xA2, &[&encode(0x80, &[0xFF]), &encode(0x81, &[0])]),
        choice(0xA3, 1),
        encode(0x84, &[0x05, 0xDC]),
        encode(0x85, &[0x0F]),
        encode(0x86, &[0x32]),
        size,
        encode_all(0xA8, &[&encode(0x80, &[20]), &encode(0x81, &[9])]),
        choice(0xA9, 2),
        encode(0xAA, &encode(0xA0, &encode(0x30, &encode(0x80, &[1])))),
        // An extension of a later edition.
        encode(0xBF21, &encode(0x80, b"later")),
    ];
    let image_2d = encode_all(
        0xA0,
        &[
            &encode(0x80, image),
            &encode(0xA1, &information.concat()),
            &encode(0xA2, &encode(0xA1, &encode(0x80, &[1]))),
        ],
    );
    let landmark = encode_all(
        0x30,
        &[&choice(0xA0, 21), &encode(0xA1, &encode(0x80, &[1]))],
    );
    let representation = encode_all(
        0x30,
        &[
            &encode(0x80, &[0]),
            &encode(0xA1, &encode(0xA0, &image_2d)),
            &encode_all(0xA2, &[&encode(0x80, &[0x07, 0xE3]), &encode(0x81, &[7])]),
            &encode(0xA3, &encode_all(0x30, &[&certified, &choice(0xA1, 50)])),
            &encode_all(0xA4, &[&choice(0xA0, 1), &encode(0x85, &[100])]),
            &encode(0x85, &[5]),
            &encode(0x86, &[6]),
            &encode(0xA7, &encode(0xA0, &certified)),
            &encode_all(0xA8, &[&choice(0xA0, 2), &encode(0x83, &[0, 180])]),
            &encode(0xA9, &landmark.repeat(landmarks)),
            &encode(0x9F22, b"later"),
        ],
    );
    encode_all(0x65, &[&version, &encode(0xA1, &representation)])
}

/// EF.DG2 of one face image data block.
pub fn dg2_39794(block: &[u8]) -> Vec<u8> {
    templates(0x75, &[(0x7F2E, encode(0xA1, block))])
}

/// EF.DG11 or the like: a tag list, then the elements.
pub fn details(tag: u32, elements: &[(u32, &[u8])]) -> Vec<u8> {
    let tags = elements.iter().flat_map(|(tag, _)| {
        let bytes = tag.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.into_iter().skip(zeros)
    });
    let mut body = encode(0x5C, &tags.collect::<Vec<u8>>());
    for (tag, value) in elements {
        body.extend(encode(*tag, value));
    }
    encode(tag, &body)
}

/// Other names or persons: the count, then each.
pub fn repeated(tag: u32, values: &[&[u8]]) -> Vec<u8> {
    let mut body = encode(0x02, &[values.len() as u8]);
    for value in values {
        body.extend(encode(tag, value));
    }
    body
}

/// The same file with indefinite lengths wherever an object is constructed.
pub fn indefinite(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Ok((object, rest)) = egate_icao::tlv::read(bytes) {
        bytes = rest;
        let header = object.raw.len() - object.value.len();
        let tag_bytes = if object.raw[0] & 0x1F == 0x1F { 2 } else { 1 };
        if object.raw[0] & 0x20 == 0 {
            out.extend(object.raw);
        } else {
            assert!(header > tag_bytes);
            out.extend(&object.raw[..tag_bytes]);
            out.push(0x80);
            out.extend(indefinite(object.value));
            out.extend([0, 0]);
        }
    }
    out
}

/// One file of each sort, by the name of what it holds.
pub fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let image = super::images::colour_jpeg(16, 16, [90, 140, 100]);
    let jp2 = super::images::jp2(16, 16, 3, &super::images::j2k(16, 16, 3));
    let person = encode_all(
        0xA1,
        &[
            &encode(0x5F50, b"20200229"),
            &encode(0x5F51, b"DOE<<JANE"),
            &encode(0x5F53, b"ROAD 1<CITY"),
        ],
    );
    vec![
        (
            "EF.COM",
            encode_all(
                0x60,
                &[
                    &encode(0x5F01, b"0107"),
                    &encode(0x5F36, b"040000"),
                    &encode(0x5C, &[0x61, 0x75]),
                ],
            ),
        ),
        ("EF.ATR/INFO", encode(0x7F66, &[2, 2, 1, 0, 2, 2, 16, 0])),
        (
            "EF.DIR",
            encode(0x61, &encode(0x4F, &[0xA0, 0, 0, 2, 0x47, 0x10, 1])),
        ),
        ("EF.DG1", encode(0x61, &encode(0x5F1F, &[b'<'; 88]))),
        ("EF.DG2", dg2(&[Face::new(image.clone(), 0, (16, 16))])),
        ("EF.DG2 in JPEG 2000", dg2(&[Face::new(jp2, 1, (16, 16))])),
        (
            "EF.DG2 of ISO 39794-5",
            dg2_39794(&face_image_data_block(&image, 2, 3)),
        ),
        (
            "EF.DG3",
            templates(0x63, &[(0x5F2E, b"FIR\x00010\0".to_vec())]),
        ),
        (
            "EF.DG7",
            encode_all(0x67, &[&encode(0x02, &[1]), &encode(0x5F43, &image)]),
        ),
        (
            "EF.DG11",
            details(
                0x6B,
                &[
                    (0x5F0E, b"DOE<<JOHN"),
                    (0xA0, &repeated(0x5F0F, &[b"JON"])),
                    (0x5F2B, b"19700101"),
                ],
            ),
        ),
        (
            "EF.DG12",
            details(
                0x6C,
                &[(0x5F19, b"PORT"), (0x5F26, b"20200101"), (0x5F1D, &image)],
            ),
        ),
        ("EF.DG16", encode_all(0x70, &[&encode(0x02, &[1]), &person])),
    ]
}
