//! Protected responses of a chip under every cipher, as they come and with a right code of authentication.

use egate_icao::apdu::Status;
use egate_icao::key_derivation::{CipherSuite, SessionKeys};
use egate_icao::secure_messaging::SecureMessaging;

/// What a channel can be encrypted with.
pub const SUITES: [CipherSuite; 4] = [
    CipherSuite::TripleDes,
    CipherSuite::Aes128,
    CipherSuite::Aes192,
    CipherSuite::Aes256,
];

/// Both sides of the channel under test start here.
pub fn channel(suite: CipherSuite) -> SecureMessaging {
    SecureMessaging::with_keys(SessionKeys::derive(suite, &[7; 16]))
}

/// One input of the target.
pub fn run(bytes: &[u8]) {
    for suite in SUITES {
        let _ = channel(suite).open_response(bytes);
        let authenticated = channel(suite).authenticated_response(bytes, Status::OK);
        let _ = channel(suite).open_response(&authenticated);
    }
}
