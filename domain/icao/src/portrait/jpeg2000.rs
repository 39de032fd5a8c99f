//! JPEG 2000 (ISO/IEC 15444-1): boxes, main header and tile-part headers, then `hayro-jpeg2000`.
//!
//! A few header bytes can ask for gigabytes of precincts and code-blocks; they are counted here before the decoder sees them.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image as Coded};

use super::{
    Description, Image, ImageDeviation, ImageError, Variant, decoded, end_of_image, u16_at, u32_at,
};
use crate::{
    lds::PortraitFormat,
    limits::{
        JPEG2000_BLOCKS_MAX, JPEG2000_BOXES_MAX, JPEG2000_LAYERS_MAX, JPEG2000_SUBSAMPLING_MAX,
        JPEG2000_TILE_PARTS_MAX, JPEG2000_TILES_MAX,
    },
};

const CODESTREAM: [u8; 4] = *b"jp2c";
const START_OF_CODESTREAM: u16 = 0xFF4F;
const SIZE: u16 = 0xFF51;
const CODING_STYLE: u16 = 0xFF52;
const CODING_STYLE_OF_COMPONENT: u16 = 0xFF53;
const START_OF_TILE_PART: u16 = 0xFF90;
const START_OF_DATA: u16 = 0xFF93;
const REGION_OF_INTEREST: u16 = 0xFF5E;
/// Length of the SOT marker segment (annex A.4.2).
const SOT_BYTES: usize = 10;
const END_OF_CODESTREAM: u16 = 0xFFD9;

pub(super) fn describe(bytes: &[u8]) -> Result<Description, ImageError> {
    let bare = bytes.starts_with(&START_OF_CODESTREAM.to_be_bytes());
    let (start, end) = if bare {
        (0, end_of_image(bytes, 0).unwrap_or(bytes.len()))
    } else {
        codestream_box(bytes)?
    };
    let codestream = bytes.get(start..end).unwrap_or_default();
    let size = Size::read(codestream)?;
    size.check()?;
    Ok(Description {
        format: PortraitFormat::Jpeg2000,
        variant: if bare {
            Variant::Codestream
        } else {
            Variant::Jp2
        },
        width: size.width(),
        height: size.height(),
        components: size.components,
        coded_start: start,
        coded_bytes: end,
        filler_bytes: bytes.len() - end,
    })
}

/// Start and end of the codestream in a JP2 file (annex I.4, I.5.4). What follows it is no part of the image.
fn codestream_box(bytes: &[u8]) -> Result<(usize, usize), ImageError> {
    let mut offset = 0usize;
    for _ in 0..JPEG2000_BOXES_MAX {
        let kind = u32_at(bytes, offset.saturating_add(4))?.to_be_bytes();
        let (header, length) = match u32_at(bytes, offset)? {
            0 => (8, None),
            1 => {
                let rule = "boxes are below 4 GiB";
                if u32_at(bytes, offset + 8)? != 0 {
                    return Err(ImageError::Header { offset, rule });
                }
                (16, Some(u32_at(bytes, offset + 12)? as usize))
            }
            length => (8, Some(length as usize)),
        };
        let start = offset + header;
        let end = match length {
            Some(length) if length < header => {
                let rule = "a box is as long as its header at least";
                return Err(ImageError::Header { offset, rule });
            }
            Some(length) => offset.saturating_add(length),
            // The last box may leave its length open.
            None => end_of_image(bytes, start).unwrap_or(bytes.len()),
        };
        if kind == CODESTREAM {
            return Ok((start, end.min(bytes.len())));
        }
        offset = end;
    }
    let rule = "a codestream is among the first boxes";
    Err(ImageError::Header { offset, rule })
}

/// The SIZ marker segment (annex A.5.1): sizes on the reference grid.
struct Size {
    grid: (u32, u32),
    image_offset: (u32, u32),
    tile: (u32, u32),
    tile_offset: (u32, u32),
    components: u16,
    /// Offset of the first byte behind the segment.
    end: usize,
}

impl Size {
    fn read(codestream: &[u8]) -> Result<Self, ImageError> {
        if u16_at(codestream, 0)? != START_OF_CODESTREAM || u16_at(codestream, 2)? != SIZE {
            let rule = "a codestream begins with SOC and SIZ";
            return Err(ImageError::Header { offset: 0, rule });
        }
        let pair = |offset| {
            Ok::<_, ImageError>((u32_at(codestream, offset)?, u32_at(codestream, offset + 4)?))
        };
        let size = Self {
            grid: pair(8)?,
            image_offset: pair(16)?,
            tile: pair(24)?,
            tile_offset: pair(32)?,
            components: u16_at(codestream, 40)?,
            end: 4 + usize::from(u16_at(codestream, 4)?),
        };
        segment_length(codestream, 2, &[38 + 3 * usize::from(size.components)])?;
        if !(1..=4).contains(&size.components) {
            return Err(ImageError::Components(size.components));
        }
        for component in 0..usize::from(size.components) {
            let offset = 42 + 3 * component;
            let [precision, horizontal] = u16_at(codestream, offset)?.to_be_bytes();
            let [_, vertical] = u16_at(codestream, offset + 1)?.to_be_bytes();
            let rule = "samples are unsigned and of at most 16 bits, subsampled little or not";
            let sampling = 1..=JPEG2000_SUBSAMPLING_MAX;
            if precision > 15 || !sampling.contains(&horizontal) || !sampling.contains(&vertical) {
                return Err(ImageError::Header { offset, rule });
            }
        }
        Ok(size)
    }

    fn width(&self) -> u32 {
        self.grid.0.saturating_sub(self.image_offset.0)
    }

    fn height(&self) -> u32 {
        self.grid.1.saturating_sub(self.image_offset.1)
    }

    /// Tiles are not empty, begin at or before the image and reach into it (annex B.3).
    fn check(&self) -> Result<(), ImageError> {
        let axis = |tile_offset: u32, tile: u32, offset: u32, grid: u32| {
            let first_end = u64::from(tile_offset) + u64::from(tile);
            tile > 0 && tile_offset <= offset && first_end > u64::from(offset) && offset < grid
        };
        let sound = axis(
            self.tile_offset.0,
            self.tile.0,
            self.image_offset.0,
            self.grid.0,
        ) && axis(
            self.tile_offset.1,
            self.tile.1,
            self.image_offset.1,
            self.grid.1,
        );
        if !sound {
            let (offset, rule) = (8, "tiles cover the image");
            return Err(ImageError::Header { offset, rule });
        }
        at_most("tiles", self.tiles(), JPEG2000_TILES_MAX)
    }

    fn tiles(&self) -> u64 {
        let across = (self.grid.0 - self.tile_offset.0).div_ceil(self.tile.0);
        let down = (self.grid.1 - self.tile_offset.1).div_ceil(self.tile.1);
        u64::from(across) * u64::from(down)
    }
}

fn at_most(what: &'static str, count: u64, most: u64) -> Result<(), ImageError> {
    if count > most {
        return Err(ImageError::Structure { what, count, most });
    }
    Ok(())
}

/// Walks the main header and every tile-part header and counts what each coding style asks for.
///
/// A segment that the decoder could read with another length than this walk would hide the next one, so lengths are judged
/// and unknown markers refused.
fn check_structure(codestream: &[u8]) -> Result<(), ImageError> {
    let size = Size::read(codestream)?;
    let mut offset = header_end(codestream, size.end, START_OF_TILE_PART, &size)?;
    let mut tile_parts = 0u64;
    while u16_at(codestream, offset) == Ok(START_OF_TILE_PART) {
        tile_parts += 1;
        at_most("tile-parts", tile_parts, JPEG2000_TILE_PARTS_MAX)?;
        segment_length(codestream, offset, &[SOT_BYTES])?;
        let length = u32_at(codestream, offset + 6)? as usize;
        let header = offset + 2 + SOT_BYTES;
        let next = offset.saturating_add(length);
        if next != header {
            header_end(codestream, header, START_OF_DATA, &size)?;
        }
        // The last tile-part may leave its length open; none is shorter than its own header.
        if length == 0 || next < header {
            return Ok(());
        }
        offset = next;
    }
    Ok(())
}

/// The offset of the marker that ends a header.
fn header_end(
    codestream: &[u8],
    mut offset: usize,
    end: u16,
    size: &Size,
) -> Result<usize, ImageError> {
    loop {
        match u16_at(codestream, offset)? {
            marker if marker == end => return Ok(offset),
            // Markers without a segment (table A.1).
            0xFF30..=0xFF3F => offset += 2,
            CODING_STYLE | CODING_STYLE_OF_COMPONENT => {
                offset += 2 + check_style(codestream, offset, size)?;
            }
            REGION_OF_INTEREST => offset += 2 + segment_length(codestream, offset, &[5])?,
            0xFF55 | 0xFF57 | 0xFF58 | 0xFF5C | 0xFF5D | 0xFF5F..=0xFF61 | 0xFF63 | 0xFF64 => {
                offset += 2 + segment_length(codestream, offset, &[])?;
            }
            _ => {
                let rule = "headers consist of the marker segments of table A.2";
                return Err(ImageError::Header { offset, rule });
            }
        }
    }
}

/// The length of the segment whose marker lies at `offset`, which must be one of `lengths` if there are any.
fn segment_length(
    codestream: &[u8],
    offset: usize,
    lengths: &[usize],
) -> Result<usize, ImageError> {
    let length = usize::from(u16_at(codestream, offset + 2)?);
    if length < 2 || !(lengths.is_empty() || lengths.contains(&length)) {
        let rule = "a segment has the length of its parameters";
        return Err(ImageError::Header { offset, rule });
    }
    Ok(length)
}

/// COD or COC (annex A.6.1, A.6.2): its length, and precincts and code-blocks of one tile, counted from above.
fn check_style(codestream: &[u8], offset: usize, size: &Size) -> Result<usize, ImageError> {
    let byte = |at: usize| u16_at(codestream, at).map(|pair| pair.to_be_bytes()[0]);
    // Scod and SGcod, or Ccoc of one byte and Scoc, come before the parameters.
    let default = u16_at(codestream, offset)? == CODING_STYLE;
    let (style_at, parameters) = if default {
        (offset + 4, offset + 9)
    } else {
        (offset + 5, offset + 6)
    };
    let layers = if default {
        u64::from(u16_at(codestream, offset + 6)?)
    } else {
        1
    };
    let has_precincts = byte(style_at)? & 1 != 0;
    let levels = byte(parameters)?;
    let block = (byte(parameters + 1)?, byte(parameters + 2)?);
    let rule = "at most 32 levels, code-blocks of at most 4096 samples";
    if levels > 32 || block.0 > 8 || block.1 > 8 || block.0 + block.1 > 8 {
        let offset = parameters;
        return Err(ImageError::Header { offset, rule });
    }
    let mut blocks = 0u64;
    for resolution in 0..=levels {
        let precinct = if has_precincts {
            byte(parameters + 5 + usize::from(resolution))?
        } else {
            0xFF
        };
        let across = Division::new(size.tile.0.min(size.width()), levels, resolution);
        let down = Division::new(size.tile.1.min(size.height()), levels, resolution);
        blocks += across.precincts(precinct & 0x0F) * down.precincts(precinct >> 4);
        blocks += across.blocks(precinct & 0x0F, block.0) * down.blocks(precinct >> 4, block.1);
    }
    at_most("layers", layers, JPEG2000_LAYERS_MAX)?;
    let blocks = blocks * u64::from(size.components) * layers.max(1);
    at_most("precincts and code-blocks", blocks, JPEG2000_BLOCKS_MAX)?;
    let precincts = if has_precincts {
        usize::from(levels) + 1
    } else {
        0
    };
    segment_length(
        codestream,
        offset,
        &[parameters + 5 + precincts - offset - 2],
    )
}

/// One side of a tile at one resolution.
struct Division {
    samples: u64,
    resolution: u8,
}

impl Division {
    fn new(samples: u32, levels: u8, resolution: u8) -> Self {
        let samples = u64::from(samples) >> (levels - resolution);
        Self {
            samples,
            resolution,
        }
    }

    /// A partial one may lie at either end.
    fn precincts(&self, exponent: u8) -> u64 {
        (self.samples >> exponent) + 2
    }

    /// Code-blocks end where precincts do, which above the lowest resolution are those of half the size.
    fn blocks(&self, precinct: u8, block: u8) -> u64 {
        let precinct = precinct.saturating_sub(u8::from(self.resolution > 0));
        (self.samples >> u8::min(block + 2, precinct)) + 2
    }
}

pub(super) fn decode(bytes: &[u8], description: &Description) -> Result<Image, ImageError> {
    let codestream = bytes.get(description.coded_start..).unwrap_or_default();
    check_structure(codestream)?;
    let (width, height) = (description.width, description.height);
    let settings = DecodeSettings::default();
    let (pixels, components, opacity) = decoded(|| {
        let coded = Coded::new(bytes, &settings)?;
        let mut context = DecoderContext::default();
        let image = coded.decode(&mut context)?;
        let components = image.components().len();
        Ok::<_, hayro_jpeg2000::DecodeError>((image.data_u8(), components, coded.has_alpha()))
    })?;
    let mut deviations = Vec::new();
    let channels = match (components, opacity) {
        (1, _) | (2, true) => 1,
        (3, _) | (4, true) => 3,
        (other, _) => return Err(ImageError::Components(other as u16)),
    };
    let pixels = if components == usize::from(channels) {
        pixels
    } else {
        deviations.push(ImageDeviation::Opacity);
        let pixels = zeroize::Zeroizing::new(pixels);
        let colours = pixels
            .chunks_exact(components)
            .flat_map(|pixel| pixel.iter().take(usize::from(channels)));
        colours.copied().collect()
    };
    if !bytes.ends_with(&END_OF_CODESTREAM.to_be_bytes()) {
        deviations.push(ImageDeviation::NoEnd);
    }
    Ok(Image {
        width,
        height,
        channels,
        pixels,
        deviations,
    })
}
