//! The chip's portrait: as pixels for the comparison, as JPEG for the officer's screen.
//!
//! JPEG and JPEG 2000 are decoded by `egate_icao::portrait`, which is memory-safe and bounded: the bytes are the document's,
//! and nothing is known of who wrote them. Decoding takes tens of milliseconds: call it on a blocking thread.

use egate_icao::lds::{Portrait, PortraitFormat};
use egate_icao::portrait;
use egate_models::encode_jpeg;
use egate_types::BgrFrame;

/// Quality of a portrait that is coded anew for the officer.
const OFFICER_JPEG_QUALITY: u8 = 90;

/// The pixels, grey ones as equal channels; `None` if the image is damaged or outside the limits.
pub fn frame(coded: &[u8]) -> Option<BgrFrame> {
    portrait::decode(coded).ok()?.to_frame()
}

/// The portrait as JPEG: as stored, or coded anew from JPEG 2000, which browsers do not show.
pub fn for_officer(portrait: &Portrait) -> Option<Vec<u8>> {
    match portrait.format {
        PortraitFormat::Jpeg => Some(portrait.bytes.clone()),
        PortraitFormat::Jpeg2000 => {
            encode_jpeg(&frame(&portrait.bytes)?, OFFICER_JPEG_QUALITY).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mid grey JPEG 2000 codestream of 16 x 8 pixels: every packet is empty.
    fn codestream(components: u8) -> Vec<u8> {
        let mut out = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 38 + 3 * components, 0, 0];
        for number in [16u32, 8, 0, 0, 16, 8, 0, 0] {
            out.extend(number.to_be_bytes());
        }
        out.extend([0, components]);
        out.extend([7, 1, 1].repeat(usize::from(components)));
        out.extend([0xFF, 0x52, 0, 12, 0, 0, 0, 1, 0, 0, 4, 4, 0, 1]);
        out.extend([0xFF, 0x5C, 0, 4, 0x40, 8 << 3]);
        out.extend([
            0xFF,
            0x90,
            0,
            10,
            0,
            0,
            0,
            0,
            0,
            14 + components,
            0,
            1,
            0xFF,
            0x93,
        ]);
        out.extend(vec![0; usize::from(components)]);
        out.extend([0xFF, 0xD9]);
        out
    }

    fn portrait(format: PortraitFormat, bytes: Vec<u8>) -> Portrait {
        Portrait { format, bytes }
    }

    #[test]
    fn jpeg_2000_is_compared_and_shown_like_jpeg() {
        for components in [1, 3] {
            let stored = portrait(PortraitFormat::Jpeg2000, codestream(components));
            let pixels = frame(&stored.bytes).unwrap();
            assert_eq!((pixels.width(), pixels.height()), (16, 8));
            assert!(pixels.pixels().iter().all(|value| *value == 128));
            let shown = for_officer(&stored).unwrap();
            let again = frame(&shown).unwrap();
            assert_eq!((again.width(), again.height()), (16, 8));
        }
    }

    #[test]
    fn colours_keep_their_places_and_jpeg_is_shown_as_stored() {
        let blue = BgrFrame::new(16, 16, [200, 40, 10].repeat(256)).unwrap();
        let jpeg = encode_jpeg(&blue, 100).unwrap();
        let seen = frame(&jpeg).unwrap();
        let [b, g, r, ..] = seen.pixels() else {
            unreachable!("a pixel")
        };
        assert!(b.abs_diff(200) < 4 && g.abs_diff(40) < 4 && r.abs_diff(10) < 4);
        let stored = portrait(PortraitFormat::Jpeg, jpeg.clone());
        assert_eq!(for_officer(&stored), Some(jpeg));
    }

    #[test]
    fn damage_is_no_portrait() {
        assert!(frame(b"nothing").is_none());
        let damaged = portrait(PortraitFormat::Jpeg2000, codestream(3)[..60].to_vec());
        assert_eq!(for_officer(&damaged), None);
    }
}
