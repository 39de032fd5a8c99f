//! Scores of the face pipeline in integer units that may cross crate boundaries.

use serde::{Deserialize, Serialize};

/// Cosine similarity of two L2-normalised embeddings in parts per million, -1_000_000..=1_000_000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MatchScore(pub i32);

impl MatchScore {
    /// From a cosine; not-a-number becomes the lowest score, so it can never match.
    pub fn from_cosine(cosine: f32) -> Self {
        if cosine.is_nan() {
            return Self(-1_000_000);
        }
        Self((f64::from(cosine.clamp(-1.0, 1.0)) * 1e6).round() as i32)
    }
}

/// Presentation attack detection: probability of a bona fide presentation in parts per million,
/// 0..=1_000_000 (BSI TR-03121 PAD-FI-APP wants a real with at least ten steps, never a boolean).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PadScore(pub u32);

impl PadScore {
    /// From a probability; not-a-number becomes 0, so it can never pass.
    pub fn from_probability(bona_fide: f32) -> Self {
        if bona_fide.is_nan() {
            return Self(0);
        }
        Self((f64::from(bona_fide.clamp(0.0, 1.0)) * 1e6).round() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_number_never_passes() {
        assert_eq!(MatchScore::from_cosine(f32::NAN), MatchScore(-1_000_000));
        assert_eq!(PadScore::from_probability(f32::NAN), PadScore(0));
        assert_eq!(MatchScore::from_cosine(0.25), MatchScore(250_000));
    }
}
