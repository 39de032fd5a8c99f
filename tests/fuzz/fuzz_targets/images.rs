#![no_main]
//! Portraits, JPEG and JPEG 2000.

use egate_icao::portrait;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let described = portrait::describe(bytes);
    if let Ok(image) = portrait::decode(bytes) {
        assert!(described.is_ok());
        let _ = image.mean_rgb();
    }
});
