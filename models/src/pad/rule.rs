//! How the cues become one score.

use egate_types::PadScore;
use serde::Deserialize;

use super::{PadCues, PadSequence};

/// Weights of the cues in log-odds, from the description of a set. Zero switches a cue off.
///
/// score = logistic(bias + mean over the frames of (networks - moire - border) - flat - frozen), each cue times its weight.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// What speaks for a bona fide presentation before any cue does.
    pub(crate) bias: f32,
    /// Where the picture ends before the crop does, also look with its rim continued, and leave black bars off.
    pub(crate) extend_surroundings: bool,
    /// Full lattice.
    pub(crate) moire: f32,
    /// Full rectangle.
    pub(crate) border: f32,
    /// All surroundings move with the face.
    pub(crate) flat: f32,
    /// Two frames are one.
    pub(crate) frozen: f32,
}

impl Rule {
    /// Cues speak against a bona fide presentation or not at all.
    pub(crate) fn is_monotone(&self) -> bool {
        self.bias.is_finite()
            && [self.moire, self.border, self.flat, self.frozen]
                .iter()
                .all(|weight| (0.0..=WEIGHT_MAX).contains(weight))
    }

    /// Anything beside the networks counts.
    pub(crate) fn looks_for_traces(&self) -> bool {
        [self.moire, self.border, self.flat, self.frozen]
            .iter()
            .any(|weight| *weight > 0.0)
    }

    /// Not-a-number anywhere, or no frame, gives the lowest score.
    pub(crate) fn score(&self, frames: &[PadCues], sequence: PadSequence) -> PadScore {
        let frame =
            |cues: &PadCues| cues.networks - self.moire * cues.moire - self.border * cues.border;
        let mean = frames.iter().map(frame).sum::<f32>() / frames.len() as f32;
        let flat = self.flat * sequence.flat.unwrap_or_default();
        let frozen = if sequence.frozen { self.frozen } else { 0.0 };
        let log_odds = self.bias + mean - flat - frozen;
        PadScore::from_probability(1.0 / (1.0 + (-log_odds).exp()))
    }
}

/// No cue outweighs the networks at their surest by much more than this.
const WEIGHT_MAX: f32 = 20.0;

/// A rule with every cue at work.
#[cfg(test)]
pub(super) const RULE: Rule = Rule {
    bias: 1.0,
    extend_surroundings: true,
    moire: 4.0,
    border: 4.0,
    flat: 3.0,
    frozen: 6.0,
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cues() -> impl Strategy<Value = PadCues> {
        (-20.0f32..20.0, 0.0f32..=1.0, 0.0f32..=1.0).prop_map(|(networks, moire, border)| PadCues {
            networks,
            moire,
            border,
        })
    }

    fn sequence() -> impl Strategy<Value = PadSequence> {
        (proptest::option::of(0.0f32..=1.0), any::<bool>())
            .prop_map(|(flat, frozen)| PadSequence { flat, frozen })
    }

    proptest! {
        #[test]
        fn the_score_is_within_its_range_and_falls_as_any_cue_rises(
            frames in proptest::collection::vec(cues(), 1..5),
            sequence in sequence(),
            which in 0usize..5,
            by in 0.0f32..1.0,
        ) {
            let score = RULE.score(&frames, sequence);
            prop_assert!(score.0 <= 1_000_000);
            for step in 0..5 {
                let (mut worse, mut later) = (frames.clone(), sequence);
                let changed = which % frames.len();
                match step {
                    0 => worse[changed].networks -= by,
                    1 => worse[changed].moire += by,
                    2 => worse[changed].border += by,
                    3 => later.flat = Some(later.flat.unwrap_or_default() + by),
                    _ => later.frozen = true,
                }
                prop_assert!(RULE.score(&worse, later) <= score, "step {}", step);
            }
        }
    }

    #[test]
    fn each_cue_moves_the_score_and_what_is_no_number_never_passes() {
        let frame = PadCues {
            networks: 1.0,
            moire: 0.0,
            border: 0.0,
        };
        let plain = RULE.score(&[frame], PadSequence::NONE);
        for worse in [
            RULE.score(
                &[PadCues {
                    networks: 0.5,
                    ..frame
                }],
                PadSequence::NONE,
            ),
            RULE.score(
                &[PadCues {
                    moire: 0.5,
                    ..frame
                }],
                PadSequence::NONE,
            ),
            RULE.score(
                &[PadCues {
                    border: 0.5,
                    ..frame
                }],
                PadSequence::NONE,
            ),
            RULE.score(
                &[frame],
                PadSequence {
                    flat: Some(0.5),
                    frozen: false,
                },
            ),
            RULE.score(
                &[frame],
                PadSequence {
                    flat: None,
                    frozen: true,
                },
            ),
        ] {
            assert!(worse < plain);
        }
        let nothing = PadCues {
            networks: f32::NAN,
            ..frame
        };
        assert_eq!(
            RULE.score(&[frame, nothing], PadSequence::NONE),
            PadScore(0)
        );
        assert_eq!(RULE.score(&[], PadSequence::NONE), PadScore(0));
    }

    #[test]
    fn a_weight_that_would_speak_for_the_attack_is_noticed() {
        assert!(RULE.is_monotone());
        assert!(
            !Rule {
                moire: -0.1,
                ..RULE
            }
            .is_monotone()
        );
        assert!(
            !Rule {
                flat: f32::NAN,
                ..RULE
            }
            .is_monotone()
        );
    }
}
