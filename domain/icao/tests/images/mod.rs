//! Images made here, byte by byte: one colour in JPEG (ITU-T T.81), mid grey in JPEG 2000 (ISO/IEC 15444-1).

#![allow(dead_code, reason = "each test program uses some of these")]

/// A JPEG of one grey value.
pub fn grey_jpeg(width: u16, height: u16, grey: u8) -> Vec<u8> {
    jpeg(width, height, &[(0x11, grey)])
}

/// A JPEG of one colour, chroma at half the resolution.
pub fn colour_jpeg(width: u16, height: u16, [y, cb, cr]: [u8; 3]) -> Vec<u8> {
    jpeg(width, height, &[(0x22, y), (0x11, cb), (0x11, cr)])
}

/// A baseline JPEG of these components, each with its sampling factors and its one value.
pub fn jpeg(width: u16, height: u16, components: &[(u8, u8)]) -> Vec<u8> {
    let most = components.iter().map(|(factors, _)| factors >> 4).max();
    let most = u16::from(most.unwrap_or(1));
    let mut out = vec![0xFF, 0xD8];
    // Every coefficient is quantised by 8, which makes the first one the distance from mid grey.
    segment(&mut out, 0xDB, &[&[0], [8; 64].as_slice()]);
    let count = components.len() as u8;
    let frame: Vec<u8> = (1..)
        .zip(components)
        .flat_map(|(id, (factors, _))| [id, *factors, 0])
        .collect();
    segment(
        &mut out,
        0xC0,
        &[
            &[8],
            &height.to_be_bytes(),
            &width.to_be_bytes(),
            &[count],
            &frame,
        ],
    );
    // Twelve categories of four bits each; one code of one bit for the end of a block.
    segment(
        &mut out,
        0xC4,
        &[
            &[0x00, 0, 0, 0, 12],
            &[0; 12],
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        ],
    );
    segment(&mut out, 0xC4, &[&[0x10, 1], &[0; 15], &[0]]);
    let scan: Vec<u8> = (1..=count).flat_map(|id| [id, 0x00]).collect();
    segment(&mut out, 0xDA, &[&[count], &scan, &[0, 63, 0]]);
    let units = u32::from(width.div_ceil(8 * most)) * u32::from(height.div_ceil(8 * most));
    let mut bits = Bits::default();
    for unit in 0..units {
        for (factors, value) in components {
            let blocks = if components.len() == 1 {
                1
            } else {
                (factors >> 4) * (factors & 0x0F)
            };
            for block in 0..blocks {
                let difference = if unit == 0 && block == 0 {
                    i16::from(*value) - 128
                } else {
                    0
                };
                bits.difference(difference);
                bits.push(0, 1);
            }
        }
    }
    out.extend(bits.finish());
    out.extend([0xFF, 0xD9]);
    out
}

fn segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let body = parts.concat();
    out.extend([0xFF, marker]);
    out.extend((body.len() as u16 + 2).to_be_bytes());
    out.extend(body);
}

#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    current: u32,
    count: u32,
}

impl Bits {
    /// Category in four bits, then the value in as many bits as the category says (§F.1.2.1).
    fn difference(&mut self, value: i16) {
        let category = 16 - value.unsigned_abs().leading_zeros();
        self.push(category, 4);
        let value = if value < 0 { value - 1 } else { value };
        self.push(u32::from(value as u16) & ((1 << category) - 1), category);
    }

    fn push(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            self.current = self.current << 1 | (value >> bit & 1);
            self.count += 1;
            if self.count == 8 {
                let byte = self.current as u8;
                self.out.push(byte);
                if byte == 0xFF {
                    self.out.push(0);
                }
                (self.current, self.count) = (0, 0);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        while self.count != 0 {
            self.push(1, 1);
        }
        self.out
    }
}

/// What a codestream is made of.
#[derive(Clone)]
pub struct Codestream {
    pub width: u32,
    pub height: u32,
    pub components: u16,
    pub tile: (u32, u32),
    pub levels: u8,
    pub layers: u16,
    /// Code-block exponents, less two.
    pub block: (u8, u8),
    /// Precinct sizes of the resolutions, if not the largest.
    pub precincts: Vec<u8>,
    /// Sample precision in bits.
    pub precision: u8,
}

impl Codestream {
    pub fn new(width: u32, height: u32, components: u16) -> Self {
        Self {
            width,
            height,
            components,
            tile: (width, height),
            levels: 3,
            layers: 1,
            block: (4, 4),
            precincts: Vec::new(),
            precision: 8,
        }
    }

    /// Every packet is empty, every coefficient zero: mid grey.
    pub fn build(&self) -> Vec<u8> {
        let mut out = vec![0xFF, 0x4F];
        let samples: Vec<u8> = (0..self.components)
            .flat_map(|_| [self.precision - 1, 1, 1])
            .collect();
        let grid = [
            self.width,
            self.height,
            0,
            0,
            self.tile.0,
            self.tile.1,
            0,
            0,
        ];
        let grid: Vec<u8> = grid.into_iter().flat_map(u32::to_be_bytes).collect();
        segment(
            &mut out,
            0x51,
            &[&[0, 0], &grid, &self.components.to_be_bytes(), &samples],
        );
        let multiple = u8::from(self.components == 3);
        segment(
            &mut out,
            0x52,
            &[
                &[u8::from(!self.precincts.is_empty()), 0],
                &self.layers.to_be_bytes(),
                &[multiple, self.levels, self.block.0, self.block.1, 0, 1],
                &self.precincts,
            ],
        );
        let steps = vec![8 << 3; 3 * usize::from(self.levels) + 1];
        segment(&mut out, 0x5C, &[&[0x40], &steps]);
        let packets = vec![0; (usize::from(self.levels) + 1) * usize::from(self.components)];
        let length = (12 + 2 + packets.len()) as u32;
        segment(&mut out, 0x90, &[&[0, 0], &length.to_be_bytes(), &[0, 1]]);
        out.extend([0xFF, 0x93]);
        out.extend(packets);
        out.extend([0xFF, 0xD9]);
        out
    }
}

/// A mid grey codestream.
pub fn j2k(width: u32, height: u32, components: u16) -> Vec<u8> {
    Codestream::new(width, height, components).build()
}

/// A JP2 file around a codestream.
pub fn jp2(width: u32, height: u32, components: u16, codestream: &[u8]) -> Vec<u8> {
    let space = if components == 1 { 17 } else { 16 };
    let header = [
        boxed(
            b"ihdr",
            &[
                &height.to_be_bytes()[..],
                &width.to_be_bytes(),
                &components.to_be_bytes(),
                &[7, 7, 0, 0],
            ]
            .concat(),
        ),
        boxed(b"colr", &[1, 0, 0, 0, 0, 0, space]),
    ];
    [
        boxed(b"jP  ", &[0x0D, 0x0A, 0x87, 0x0A]),
        boxed(b"ftyp", b"jp2 \0\0\0\0jp2 "),
        boxed(b"jp2h", &header.concat()),
        boxed(b"jp2c", codestream),
    ]
    .concat()
}

/// A box with its length.
pub fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
}

/// Name and bytes of one image of each sort.
pub fn samples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("grey JPEG", grey_jpeg(33, 17, 200)),
        ("colour JPEG", colour_jpeg(40, 50, [90, 140, 100])),
        ("grey codestream", j2k(33, 17, 1)),
        ("colour codestream", j2k(40, 50, 3)),
        ("grey JP2", jp2(33, 17, 1, &j2k(33, 17, 1))),
        ("colour JP2", jp2(40, 50, 3, &j2k(40, 50, 3))),
    ]
}
