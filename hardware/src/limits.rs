//! Every limit of the drivers, with its unit and its reason.

/// Pause between two polls of the lane controller. Fifty readings a second: a person walking 1.5 m/s moves
/// 3 cm, a fifth of a body, between two.
pub const LANE_POLL_MS: u64 = 20;

/// The lane controller secures both barriers when the heartbeat has had no new value for this long: 25
/// missed polls, and well under the time a barrier needs to open.
pub const WATCHDOG_MS: u64 = 500;

/// Longest wait for one answer of the lane controller. A lost answer must leave time for a second try
/// before the watchdog.
pub const LANE_ANSWER_MS_MAX: u64 = 200;

/// A barrier that is not where its command wants it after this long, with nobody in its beam, is stuck.
/// Leaves take under one second; three allow a slow leaf and a reversal on contact (EN 17352).
pub const BARRIER_MOVE_MS_MAX: u64 = 3_000;

/// First pause before a lost device is tried again.
pub const RECONNECT_MS_MIN: u64 = 100;

/// Longest pause before a lost device is tried again: an exchanged device is back within two seconds.
pub const RECONNECT_MS_MAX: u64 = 2_000;

/// Longest wait for a TCP connection to a device in the same cabinet.
pub const CONNECT_MS_MAX: u64 = 1_000;

/// A scanner that has sent nothing, not even its life sign (one a second), for this long is lost.
pub const SCANNER_SILENCE_MS_MAX: u64 = 3_500;

/// Longest line of the scanner protocol, bytes. The longest MRZ line has 44 characters (ICAO 9303-4 §4.2.2).
pub const SCANNER_LINE_BYTES_MAX: usize = 64;

/// Most lines in one frame of the scanner protocol: a TD1 card has three (ICAO 9303-5 §4.2.2).
pub const SCANNER_LINES_MAX: usize = 3;

/// Longest wait for the camera to open or to deliver the next frame. A camera of 15 frames a second is late
/// after 67 ms; network cameras take up to two seconds between key frames.
pub const CAMERA_READ_MS_MAX: u64 = 3_000;

/// The pause before try number `failures` (counted from 0): doubles up to [`RECONNECT_MS_MAX`].
pub fn reconnect_pause_ms(failures: u32) -> u64 {
    RECONNECT_MS_MIN
        .saturating_mul(1 << failures.min(16))
        .min(RECONNECT_MS_MAX)
}

/// Longest wait for one answer of a chip. Real chips answer in under 0.1 s; key agreement and blocks of 8 KB take up to 1 s.
pub const CARD_ANSWER_MS_MAX: u64 = 3_000;

/// Longest wait for the connection to a chip: power, and two tries at most by the PC/SC service.
pub const CARD_CONNECT_MS_MAX: u64 = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit() {
        assert_eq!(
            [0, 1, 2, 4, 5, 40].map(reconnect_pause_ms),
            [100, 200, 400, 1600, 2000, 2000]
        );
    }
}
