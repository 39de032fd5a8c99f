//! The gate's clock and randomness: the one place that reads either.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use egate_hardware::Clock as DeviceClock;
use egate_lane::Now;
use egate_types::{InspectionId, MonoTime, UtcTime};

/// Both clocks, with the origin of the monotonic one.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// Starts the monotonic clock at zero.
    #[expect(clippy::disallowed_methods, reason = "this is the gate's clock")]
    pub fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    /// Milliseconds since [`Clock::start`].
    pub fn mono(&self) -> MonoTime {
        MonoTime(u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The wall clock. An instant before 1970 reads as 0, which every validity check refuses.
    #[expect(clippy::disallowed_methods, reason = "this is the gate's clock")]
    pub fn utc(&self) -> UtcTime {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UtcTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Both.
    pub fn now(&self) -> Now {
        Now {
            mono: self.mono(),
            utc: self.utc(),
        }
    }

    /// The monotonic clock for device drivers.
    pub fn for_devices(&self) -> DeviceClock {
        let clock = *self;
        Arc::new(move || clock.mono())
    }

    /// The tokio instant of `at`.
    pub fn deadline(&self, at: MonoTime) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.origin + std::time::Duration::from_millis(at.0))
    }

    /// A fresh inspection id.
    pub fn inspection_id(&self) -> Result<InspectionId, getrandom::Error> {
        Ok(InspectionId::new(self.utc().0.unsigned_abs(), random()?))
    }
}

/// Random bytes of the operating system.
pub fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
