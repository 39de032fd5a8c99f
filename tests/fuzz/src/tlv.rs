//! Data objects, and BER turned into definite lengths.

use egate_icao::tlv;

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let _ = tlv::children(bytes);
    let _ = tlv::total_length(bytes);
    if let Ok(definite) = tlv::to_definite(bytes) {
        let again = tlv::to_definite(&definite);
        assert_eq!(again.as_deref().ok(), Some(definite.as_slice()));
    }
}
