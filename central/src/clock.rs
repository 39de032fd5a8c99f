//! Time and randomness of this process: the only place that asks the operating system for either.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use egate_types::UtcTime;
use sha2::{Digest, Sha256};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> UtcTime;
}

/// Gives random bytes.
pub trait Random: Send + Sync {
    /// 32 fresh bytes.
    fn bytes(&self) -> [u8; 32];
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the process reads the time here alone"
    )]
    fn now(&self) -> UtcTime {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        UtcTime(since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        }))
    }
}

/// Time that passed since any fixed instant, for durations.
#[expect(
    clippy::disallowed_methods,
    reason = "the process reads the time here alone"
)]
pub fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}

/// Processor time that the calling thread has used: what remains the same while others use the machine too.
pub fn thread_time() -> std::time::Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    std::time::Duration::try_from(time).unwrap_or_default()
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // Invariant: getrandom fails only where the kernel has no random source; nothing may be signed or issued there.
        #[expect(clippy::expect_used, reason = "see the invariant above")]
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

/// A clock that a test moves.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Starts at `now`.
    pub fn at(now: UtcTime) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// Moves on by `ms`.
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UtcTime {
        UtcTime(self.0.load(Ordering::SeqCst))
    }
}

/// A repeatable sequence for tests: SHA-256 of a counter. Never for production keys.
#[derive(Debug, Default)]
pub struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn bytes(&self) -> [u8; 32] {
        Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes()).into()
    }
}
