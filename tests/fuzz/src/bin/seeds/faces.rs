//! What the face models are fed with: manifests cut out of the project's own, tables of made-up people, drawn photographs.

use egate_fuzz::photographs::crc32;
use egate_models::encode_jpeg;
use egate_types::BgrFrame;

use crate::{Outcome, Seeds, images};

const MANIFEST: &str = include_str!("../../../../../models/manifest.toml");
/// The set whose entries make the smallest manifest.
const SMALL: &str = "set = \"synthetic\"";

/// The entries of the smallest set, and these with one of another set each.
pub fn manifests() -> Seeds {
    let lines = MANIFEST.lines().filter(|line| !line.starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n");
    let entries = text.split("\n\n").map(str::trim);
    let (small, others): (Vec<&str>, Vec<&str>) = entries.partition(|entry| {
        let general = ["manifest_version", "[alignment", "[set.synthetic]"];
        entry.contains(SMALL) || general.iter().any(|start| entry.starts_with(start))
    });
    let small = small.join("\n");
    let others = others
        .iter()
        .filter(|entry| entry.starts_with("[["))
        .map(|entry| format!("{small}\n{}", entry.replace("set = \"open\"", SMALL)));
    let mut manifests: Seeds = others.map(String::into_bytes).collect();
    manifests.push(small.into_bytes());
    manifests
}

/// Tables of each kind, one that is of every kind, and oddities of the format.
pub fn tables() -> Seeds {
    [
        "protocol,image_a,image_b,label\nborder,a/1.jpg,a/2.jpg,1\nborder,a/1.jpg,b/1.jpg,0\n",
        "protocol,image_a,image_b,label,file,subject\np,x_1,x_2,1,x_1,x\np,y_1,x_2,0,y_1,y\np,y_1,x_1,0,x_2,x\n",
        "protocol,image_a,image_b,label\np,a_1.png,a_2.png,0\np,a_1.png,b_1.png,1\n",
        "file,subject,gender,age,ethnicity\na,1,female,17,NA\nb,2,male,64,unknown\nc,3,,65,x\n",
        "file,subject,sex,age\n\"a, b\",\"1 \"\"one\"\"\",male,1e3\n",
        "file,label,pai_species,origin\na,attack,print,real_capture\nb,bona_fide,none,\nc,bona_fide,,simulated\n",
        "\u{feff}file,label,pai_species\r\na/b/c.jpg,attack,mask\r\n\r\n../d,bona_fide,\r\n",
        "file,subject,subject\na,b,c\na,b,c\n",
        "file,subject\n\"a\nb\",c\n",
    ]
    .map(|table| table.as_bytes().to_vec())
    .to_vec()
}

/// Baseline and progressive JPEG, one on its side; PNG of every colour type.
pub fn photographs() -> Outcome<Seeds> {
    let drawn = (0..48u32 * 32 * 3).map(|at| (at * at / 97 % 251) as u8);
    let drawn = BgrFrame::new(48, 32, drawn.collect())?;
    let mut seeds = vec![encode_jpeg(&drawn, 30)?, encode_jpeg(&drawn, 95)?];
    let turned = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    seeds.push([&seeds[0][..2], turned, &seeds[0][2..]].concat());
    seeds.extend([
        images::grey_jpeg(24, 24, 90),
        images::colour_jpeg(33, 17, [90, 140, 100]),
        progressive(images::grey_jpeg(24, 24, 90)),
    ]);
    let palette: &[Chunk<'_>] = &[(b"PLTE", &[1, 2, 3, 200, 100, 50]), (b"tRNS", &[0])];
    let profile: &[Chunk<'_>] = &[(b"gAMA", &[0, 0, 0xb1, 0x8f]), (b"tEXt", b"Title\0drawn")];
    let turned: &[Chunk<'_>] = &[(b"eXIf", &turned[10..])];
    for (depth, colour, chunks) in [
        (8, GREY, profile),
        (16, GREY, &[]),
        (1, GREY, &[]),
        (8, COLOUR, turned),
        (16, COLOUR, &[]),
        (1, PALETTE, palette),
        (8, GREY | OPACITY, &[]),
        (8, COLOUR | OPACITY, &[]),
    ] {
        seeds.extend([false, true].map(|interlaced| png(depth, colour, interlaced, chunks)));
    }
    Ok(seeds)
}

/// Says of a baseline picture that it is the first scan of a progressive one (ITU-T T.81 annex G).
fn progressive(mut jpeg: Vec<u8>) -> Vec<u8> {
    for at in 0..jpeg.len().saturating_sub(1) {
        match jpeg[at..at + 2] {
            [0xFF, 0xC0] => jpeg[at + 1] = 0xC2,
            [0, 63] => jpeg[at + 1] = 0,
            _ => {}
        }
    }
    jpeg
}

/// A chunk of a PNG picture: its type and its data.
type Chunk<'a> = (&'a [u8; 4], &'a [u8]);
/// Bits of the colour type (ISO/IEC 15948 §11.2.2).
const GREY: u8 = 0;
const COLOUR: u8 = 2;
const PALETTE: u8 = 3;
const OPACITY: u8 = 4;

/// A PNG picture of 8 x 8 pixels whose data are stored and not compressed.
fn png(depth: u8, colour: u8, interlaced: bool, chunks: &[Chunk<'_>]) -> Vec<u8> {
    let channels = match colour {
        GREY | PALETTE => 1,
        COLOUR => 3,
        _ if colour & COLOUR == 0 => 2,
        _ => 4,
    };
    // Interlaced, the passes hold these pixels (§8.2): columns and rows of each.
    let passes: &[[usize; 2]] = match interlaced {
        true => &[[1, 1], [1, 1], [2, 1], [2, 2], [4, 2], [4, 4], [8, 4]],
        false => &[[8, 8]],
    };
    let mut rows = Vec::new();
    for [columns, count] in passes {
        let bytes = (columns * channels * usize::from(depth)).div_ceil(8);
        for row in 0..*count {
            rows.push((row % 5) as u8);
            rows.extend((0..bytes).map(|at| (at * 37 + row * 11) as u8));
        }
    }
    let length = rows.len() as u16;
    let mut data = vec![0x78, 0x01, 1];
    data.extend(
        length
            .to_le_bytes()
            .into_iter()
            .chain((!length).to_le_bytes()),
    );
    data.extend(&rows);
    let (mut a, mut b) = (1u32, 0u32);
    for byte in &rows {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    data.extend((b << 16 | a).to_be_bytes());
    let header = [
        0,
        0,
        0,
        8,
        0,
        0,
        0,
        8,
        depth,
        colour,
        0,
        0,
        u8::from(interlaced),
    ];
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let first: &[Chunk<'_>] = &[(b"IHDR", &header)];
    let last: &[Chunk<'_>] = &[(b"IDAT", &data), (b"IEND", &[])];
    for (kind, content) in [first, chunks, last].concat() {
        out.extend((content.len() as u32).to_be_bytes());
        let typed = [kind.as_slice(), content].concat();
        out.extend(&typed);
        out.extend(crc32(&typed).to_be_bytes());
    }
    out
}
