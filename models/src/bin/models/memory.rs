//! Resident memory of this process, and whether it grows.

use serde::Serialize;

/// Growth with its 95 % interval, MiB per hour; serialises as `[point, low, high]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Slope of the regression line.
    pub point: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Serialize for Growth {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.point, self.low, self.high].serialize(serializer)
    }
}

/// Resident memory, MiB.
pub fn rss_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// Least squares through samples of (hours, MiB) in the order of time; `None` if they are fewer than [`BLOCKS`].
///
/// Neighbouring samples repeat each other, and an interval from all of them would be far too narrow. So the line goes through the
/// means of [`BLOCKS`] stretches of equally many samples.
pub fn growth(samples: &[(f64, f64)]) -> Option<Growth> {
    let size = samples.len() / BLOCKS;
    if size == 0 {
        return None;
    }
    // What does not divide evenly is left out at the beginning.
    let even = &samples[samples.len() - size * BLOCKS..];
    let mean = |of: &[(f64, f64)], part: fn(&(f64, f64)) -> f64| {
        of.iter().map(part).sum::<f64>() / of.len() as f64
    };
    let point = |of: &[(f64, f64)]| (mean(of, |at| at.0), mean(of, |at| at.1));
    let blocks: Vec<(f64, f64)> = even.chunks_exact(size).map(point).collect();
    let (hour, mib) = point(&blocks);
    let spread: f64 = blocks.iter().map(|at| (at.0 - hour).powi(2)).sum();
    let together: f64 = blocks.iter().map(|at| (at.0 - hour) * (at.1 - mib)).sum();
    let slope = together / spread;
    let left = |at: &(f64, f64)| (at.1 - mib - slope * (at.0 - hour)).powi(2);
    let freedom = (BLOCKS - 2) as f64;
    let error = (blocks.iter().map(left).sum::<f64>() / freedom / spread).sqrt();
    slope.is_finite().then_some(Growth {
        point: slope,
        low: slope - T_QUANTILE * error,
        high: slope + T_QUANTILE * error,
    })
}

/// Stretches of a measurement.
pub const BLOCKS: usize = 20;
/// 97.5 % quantile of Student's t with `BLOCKS - 2` degrees of freedom.
const T_QUANTILE: f64 = 2.101;

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour of samples, one in five seconds, that swing by 2 MiB every two minutes.
    fn samples(mib_per_h: f64) -> Vec<(f64, f64)> {
        let sample = |number: u32| {
            let hours = f64::from(number) / 720.0;
            let swing = if number % 24 < 12 { 2.0 } else { 0.0 };
            (hours, 150.0 + swing + mib_per_h * hours)
        };
        (0..720).map(sample).collect()
    }

    #[test]
    fn a_leak_is_measured_through_the_swing_of_caches() {
        for leak in [0.0, 3.0, -5.0] {
            let growth = growth(&samples(leak)).unwrap();
            assert!((growth.point - leak).abs() < 0.5, "{leak}: {growth:?}");
            assert!(growth.low <= leak && leak <= growth.high, "{growth:?}");
            assert!(growth.high - growth.low < 3.0, "{growth:?}");
        }
    }

    #[test]
    fn too_little_is_no_measurement() {
        assert_eq!(growth(&samples(1.0)[..BLOCKS - 1]), None);
        assert_eq!(growth(&[(1.0, 1.0); BLOCKS]), None);
        let exact: Vec<_> = (0..40).map(|at| (f64::from(at), 7.0)).collect();
        let growth = growth(&exact).unwrap();
        assert_eq!((growth.low, growth.high), (0.0, 0.0));
    }

    #[test]
    fn this_process_takes_room() {
        assert!(rss_mib().unwrap() > 0.5);
    }
}
