//! Portraits, JPEG and JPEG 2000.

use egate_icao::portrait;

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let described = portrait::describe(bytes);
    if let Ok(image) = portrait::decode(bytes) {
        assert!(described.is_ok());
        let _ = image.mean_rgb();
    }
}
