#![no_main]
//! Data objects, and BER turned into definite lengths.

use egate_icao::tlv;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = tlv::children(bytes);
    let _ = tlv::total_length(bytes);
    if let Ok(definite) = tlv::to_definite(bytes) {
        let again = tlv::to_definite(&definite);
        assert_eq!(again.as_deref().ok(), Some(definite.as_slice()));
    }
});
