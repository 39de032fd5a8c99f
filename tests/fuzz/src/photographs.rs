//! Photographs, JPEG and PNG, as OpenCV decodes them.

use egate_models::decode_photograph;

/// One input of the target: as it is, and with right checksums, without which no change to a PNG picture gets anywhere.
pub fn run(bytes: &[u8]) {
    // Whatever comes out is a picture or a reason.
    let _ = decode_photograph(bytes);
    if let Some(mended) = with_checksums(bytes) {
        let _ = decode_photograph(&mended);
    }
}

/// A PNG picture whose chunks have the checksums they must have (ISO/IEC 15948 §5.3); `None` if it is none.
fn with_checksums(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut rest = out.get_mut(8..).filter(|_| bytes.starts_with(b"\x89PNG"))?;
    while let Some((length, tail)) = rest.split_first_chunk_mut() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((typed, tail)) = tail.split_at_mut_checked(length.saturating_add(4)) else {
            break;
        };
        let Some((checksum, tail)) = tail.split_first_chunk_mut() else {
            break;
        };
        *checksum = crc32(typed).to_be_bytes();
        rest = tail;
    }
    Some(out)
}

/// The checksum of PNG (ISO/IEC 15948 annex D).
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
