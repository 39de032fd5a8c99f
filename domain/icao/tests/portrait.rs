//! Images made here, decoded: formats, sizes, colours, filler, limits.

mod images;

use egate_icao::{
    lds::PortraitFormat,
    portrait::{self, Image, ImageDeviation, ImageError, Variant},
};
use images::{Codestream, boxed, colour_jpeg, grey_jpeg, j2k, jp2, jpeg};

fn size(image: &Image) -> (u32, u32, u8) {
    (image.width, image.height, image.channels)
}

#[test]
fn jpeg_in_grey_and_colour() {
    for value in [0, 1, 128, 200, 255] {
        let image = portrait::decode(&grey_jpeg(33, 17, value)).unwrap();
        assert_eq!(size(&image), (33, 17, 1));
        assert_eq!(image.mean_rgb(), [f64::from(value); 3]);
        assert_eq!(image.deviations, []);
    }
    let image = portrait::decode(&colour_jpeg(40, 50, [90, 140, 100])).unwrap();
    assert_eq!(size(&image), (40, 50, 3));
    // ITU-T T.871 §7: R = Y + 1.402 Cr', G = Y - 0.344136 Cb' - 0.714136 Cr', B = Y + 1.772 Cb'.
    assert_eq!(image.mean_rgb(), [51.0, 106.0, 111.0]);
}

#[test]
fn jpeg_2000_as_codestream_and_file_in_grey_and_colour() {
    for components in [1u16, 3] {
        let bare = j2k(33, 17, components);
        for (bytes, variant) in [
            (bare.clone(), Variant::Codestream),
            (jp2(33, 17, components, &bare), Variant::Jp2),
        ] {
            let description = portrait::describe(&bytes).unwrap();
            assert_eq!(
                (description.format, description.variant),
                (PortraitFormat::Jpeg2000, variant)
            );
            assert_eq!((description.width, description.height), (33, 17));
            let image = portrait::decode(&bytes).unwrap();
            assert_eq!(size(&image), (33, 17, components as u8));
            assert_eq!(image.mean_rgb(), [128.0; 3]);
            assert_eq!(image.deviations, []);
        }
    }
}

/// AndyQ/NFCPassportReader 2.3.1: documents with filler behind the codestream were refused.
#[test]
fn filler_behind_the_image_is_cut_off_and_recorded() {
    let open_length = {
        let mut file = jp2(33, 17, 3, &j2k(33, 17, 3));
        let start = file.windows(4).position(|w| w == b"jp2c").unwrap() - 4;
        file[start..start + 4].fill(0);
        file
    };
    let mut all = images::samples();
    all.push(("JP2 of open length", open_length));
    for (name, image) in all {
        for filler in [
            vec![0; 1],
            vec![0; 700],
            vec![0xFF; 3],
            b"\0\0\0\x03nothing".to_vec(),
        ] {
            let padded = [image.clone(), filler.clone()].concat();
            let decoded = portrait::decode(&padded).unwrap();
            assert_eq!(
                decoded.deviations,
                [ImageDeviation::Filler(filler.len())],
                "{name}"
            );
            assert_eq!(
                decoded.pixels,
                portrait::decode(&image).unwrap().pixels,
                "{name}"
            );
        }
    }
}

#[test]
fn an_image_without_its_end_is_recorded() {
    for (name, mut image) in images::samples() {
        image.truncate(image.len() - 2);
        if let Ok(decoded) = portrait::decode(&image) {
            assert_eq!(decoded.deviations, [ImageDeviation::NoEnd], "{name}");
        }
    }
    // A thumbnail's end is not the image's.
    let image = grey_jpeg(8, 8, 77);
    let thumbnail = [&[0xFF, 0xE1, 0, 6][..], &[0xFF, 0xD8, 0xFF, 0xD9]].concat();
    let image = [&image[..2], &thumbnail, &image[2..image.len() - 2]].concat();
    let decoded = portrait::decode(&image).unwrap();
    assert_eq!(decoded.deviations, [ImageDeviation::NoEnd]);
}

#[test]
fn what_is_no_image_is_refused() {
    for bytes in [&b""[..], b"\x89PNG\r\n\x1a\n", b"FAC\0", &[0xFF, 0xD8]] {
        assert_eq!(portrait::decode(bytes), Err(ImageError::Format));
    }
    let huge = vec![0xFF; (1 << 20) + 1];
    assert_eq!(
        portrait::decode(&huge),
        Err(ImageError::TooLarge(huge.len()))
    );
    let printing = jpeg(16, 16, &[(0x11, 1), (0x11, 2), (0x11, 3), (0x11, 4)]);
    assert_eq!(portrait::decode(&printing), Err(ImageError::Components(4)));
    assert_eq!(
        portrait::decode(&j2k(16, 16, 9)),
        Err(ImageError::Components(9))
    );
    let without_codestream = [
        boxed(b"jP  ", &[0x0D, 0x0A, 0x87, 0x0A]),
        boxed(b"ftyp", b"jp2 "),
    ]
    .concat();
    assert!(matches!(
        portrait::decode(&without_codestream),
        Err(ImageError::Header { .. })
    ));
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_taken() {
    for (width, height) in [
        (0, 5),
        (5, 0),
        (4097, 1),
        (1, 4097),
        (4096, 4096),
        (2048, 1025),
        (65535, 65535),
    ] {
        let dimensions = ImageError::Dimensions { width, height };
        let mut image = grey_jpeg(8, 8, 1);
        let frame = image.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
        image[frame + 5..frame + 7].copy_from_slice(&(height as u16).to_be_bytes());
        image[frame + 7..frame + 9].copy_from_slice(&(width as u16).to_be_bytes());
        assert_eq!(portrait::decode(&image), Err(dimensions.clone()));
        if width > 0 && height > 0 {
            assert_eq!(portrait::decode(&j2k(width, height, 1)), Err(dimensions));
        }
    }
    assert!(portrait::decode(&j2k(2048, 1024, 1)).is_ok());
}

#[test]
fn structures_that_ask_for_more_than_a_portrait_needs_are_refused() {
    let plain = Codestream::new(1024, 1024, 3);
    let refused = [
        Codestream {
            tile: (16, 16),
            ..plain.clone()
        },
        Codestream {
            layers: 33,
            ..plain.clone()
        },
        Codestream {
            layers: 65_535,
            ..plain.clone()
        },
        Codestream {
            precincts: vec![0x11; 4],
            ..plain.clone()
        },
        Codestream {
            block: (0, 0),
            layers: 32,
            ..plain.clone()
        },
        Codestream {
            block: (9, 0),
            ..plain.clone()
        },
        Codestream {
            block: (6, 6),
            ..plain.clone()
        },
        Codestream {
            levels: 33,
            ..plain.clone()
        },
        Codestream {
            precision: 17,
            ..plain.clone()
        },
        Codestream {
            precision: 38,
            ..plain.clone()
        },
        Codestream {
            tile: (0, 5),
            ..plain.clone()
        },
    ];
    for (number, codestream) in refused.iter().enumerate() {
        let refusal = portrait::decode(&codestream.build());
        let by_rule = matches!(
            refusal,
            Err(ImageError::Structure { .. } | ImageError::Header { .. })
        );
        assert!(by_rule, "{number}: {refusal:?}");
    }
    let usual = [
        Codestream {
            tile: (256, 256),
            ..plain.clone()
        },
        Codestream {
            layers: 12,
            levels: 5,
            ..plain.clone()
        },
        Codestream {
            precincts: vec![0x77, 0x77, 0x88, 0x88],
            block: (3, 3),
            ..plain.clone()
        },
        Codestream {
            precision: 12,
            ..plain
        },
    ];
    for (number, codestream) in usual.iter().enumerate() {
        let image = portrait::decode(&codestream.build());
        assert_eq!(image.as_ref().map(size), Ok((1024, 1024, 3)), "{number}");
    }
}

#[test]
fn a_coding_style_cannot_hide_from_the_count() {
    let bomb = Codestream {
        block: (0, 0),
        layers: 32,
        ..Codestream::new(1024, 1024, 3)
    };
    let bomb = bomb.build();
    let plain = j2k(1024, 1024, 3);
    let at = |bytes: &[u8], marker: [u8; 2]| bytes.windows(2).position(|w| w == marker).unwrap();
    let style = at(&bomb, [0xFF, 0x52]);
    let style = &bomb[style..at(&bomb, [0xFF, 0x5C])];
    // In a tile-part header, where it overrides the main one.
    let data = at(&plain, [0xFF, 0x93]);
    let mut tile = [&plain[..data], style, &plain[data..]].concat();
    let length = at(&tile, [0xFF, 0x90]) + 6;
    let old = u32::from_be_bytes([
        tile[length],
        tile[length + 1],
        tile[length + 2],
        tile[length + 3],
    ]);
    let new = old + style.len() as u32;
    tile[length..length + 4].copy_from_slice(&new.to_be_bytes());
    assert!(matches!(
        portrait::decode(&tile),
        Err(ImageError::Structure { .. })
    ));
    // Behind a segment whose length leads past it.
    let start = at(&plain, [0xFF, 0x52]);
    for marker in [[0xFF, 0x5E], [0xFF, 0x40], [0x00, 0x00]] {
        let length = (style.len() as u16 + 5).to_be_bytes();
        let hidden = [
            &plain[..start],
            &marker,
            &length,
            &[0, 0, 0],
            style,
            &plain[start..],
        ]
        .concat();
        let refusal = portrait::decode(&hidden);
        assert!(
            matches!(refusal, Err(ImageError::Header { .. })),
            "{refusal:?}"
        );
    }
}

#[test]
fn images_never_print() {
    let image = portrait::decode(&grey_jpeg(2, 1, 201)).unwrap();
    assert_eq!(format!("{image:?}"), "Image(2 x 1 x 1)");
}
