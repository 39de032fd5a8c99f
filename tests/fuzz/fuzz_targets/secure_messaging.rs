#![no_main]
//! Protected responses of a chip under every cipher, as they come and with a right code of authentication.

use egate_icao::bac::KeyPair;
use egate_icao::secure_messaging::SecureMessaging;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut channel = SecureMessaging::new(KeyPair::derive(&[7; 16]), 1);
    let _ = channel.open_response(bytes);
});
