//! The clock and randomness of the simulated world.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use egate_types::UtcTime;

/// The wall clock.
#[expect(clippy::disallowed_methods, reason = "this is the world's clock")]
pub fn utc() -> UtcTime {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UtcTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A stopwatch.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "this is the world's clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Random bytes; without them the world stands still.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Invariant: Linux gives random bytes once it has booted; a world without them would hand out equal keys.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
