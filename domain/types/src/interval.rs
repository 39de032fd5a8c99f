//! Intervals of a proportion.

use serde::Serialize;

/// A rate with its 95 % interval; serialises as `[point, low, high]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// As counted.
    pub point: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.point, self.low, self.high].serialize(serializer)
    }
}

/// Errors among independent trials; `None` without any trial.
pub fn wilson(errors: u64, trials: u64) -> Option<Rate> {
    if trials == 0 {
        return None;
    }
    let point = errors as f64 / trials as f64;
    Some(wilson_of_share(point, trials))
}

/// The same for a share that need not be a whole number of errors, such as a rate among people who were compared
/// several times each.
pub fn wilson_of_share(point: f64, trials: u64) -> Rate {
    let n = trials as f64;
    let square = Z * Z;
    let middle = (point + square / (2.0 * n)) / (1.0 + square / n);
    let half = Z / (1.0 + square / n)
        * (point * (1.0 - point) / n + square / (4.0 * n * n))
            .max(0.0)
            .sqrt();
    Rate {
        point,
        // At the ends the formula gives the end itself; rounding must not move it.
        low: if point <= 0.0 {
            0.0
        } else {
            (middle - half).clamp(0.0, point)
        },
        high: if point >= 1.0 {
            1.0
        } else {
            (middle + half).clamp(point, 1.0)
        },
    }
}

/// The largest rate that shows no error among so many independent trials with a probability of 5 %, exactly;
/// about 3 / n, hence *rule of three* (ISO/IEC 19795-1 B.1.1).
pub fn rule_of_three(trials: u64) -> f64 {
    if trials == 0 {
        return 1.0;
    }
    1.0 - 0.05f64.powf(1.0 / trials as f64)
}

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
