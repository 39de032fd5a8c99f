//! Presentation attack detection (ISO/IEC 30107-1): is a person before the camera, or a picture of one?
//!
//! Several cues that err apart, each in one file: networks that look at the face and its surroundings at two crops, the lattice of
//! a printed or displayed picture, the rim of a sheet or screen around the face, and over the frames of an
//! attempt whether the surroundings move with the face or nothing moves at all. [`Rule`] adds them as log-odds:
//! every weight has one sign, so a cue can only ever speak for an attack, and the score falls as any of them rises.
//! The description of a set says what each weighs; zero switches a cue off where it is meaningless, as on drawn faces.
//!
//! **What this cannot do.** One colour camera sees neither depth nor material. Masks of paper, silicone or latex, cut-outs worn on
//! the face, and a good display whose rim lies outside the picture look like a face to every cue here: measured on
//! real masks and cut-outs, all passed. Those need depth, near infrared or an officer's eye.
//!
//! The score is for the officer and the record. It never reaches the traveller (BSI TR-03121 PAD-FI-APP).

mod border;
mod moire;
mod motion;
mod rule;
mod views;

use std::sync::Arc;

use egate_types::{BgrFrame, PadScore};

use crate::detect::Face;
use crate::geometry::{GeometryError, grey};
use crate::manifest::Pad;
use crate::network::{Network, NetworkError};
use crate::pipeline::AnalyseError;
use motion::Moment;
pub(crate) use rule::Rule;

/// What attack detection has to say. That it said nothing is to be reported as well.
#[derive(Debug, Clone)]
pub enum PadOutcome {
    /// It judged the picture.
    Scored(PadEvidence),
    /// There is no face to judge.
    NoFace,
    /// The set names no attack detection.
    Disabled,
    /// It could not judge: a fault of the device, no statement about the traveller.
    Failed(Arc<AnalyseError>),
}

impl PadOutcome {
    /// The score, if there is one.
    pub fn score(&self) -> Option<PadScore> {
        match self {
            Self::Scored(evidence) => Some(evidence.score),
            Self::NoFace | Self::Disabled | Self::Failed(_) => None,
        }
    }
}

/// The score of a frame, and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct PadEvidence {
    /// Probability of a bona fide presentation.
    pub score: PadScore,
    /// The cues behind it; of an attempt, those of its last frame.
    pub cues: PadCues,
    /// What the frames of an attempt add; nothing for a single one.
    pub sequence: PadSequence,
    moment: Option<Moment>,
}

/// The cues of one frame, for the officer and for calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PadCues {
    /// Mean log-odds of a bona fide presentation that the networks give; 0 is undecided.
    pub networks: f32,
    /// Periodic lattice over the face, 0 none to 1 certain.
    pub moire: f32,
    /// Closed rectangle around the face, 0 none to 1 certain.
    pub border: f32,
}

/// What the frames of one attempt show beyond each of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PadSequence {
    /// Share of the surroundings that moves as one with the face; `None` if the face hardly moved.
    pub flat: Option<f32>,
    /// Two frames are the same to the last bit: no camera gives that.
    pub frozen: bool,
}

pub(crate) struct AttackDetector {
    networks: Vec<(Network, Pad)>,
    rule: Rule,
}

impl AttackDetector {
    pub(crate) fn new(networks: Vec<(Network, Pad)>, rule: Rule) -> Self {
        Self { networks, rule }
    }

    /// Judges the face that will be compared, in the frame in which it will be.
    pub(crate) fn judge(&mut self, frame: &BgrFrame, face: Option<&Face>) -> PadOutcome {
        let Some(face) = face else {
            return PadOutcome::NoFace;
        };
        if self.networks.is_empty() {
            return PadOutcome::Disabled;
        }
        self.rule.outcome(
            self.log_odds(frame, face),
            Traces::of(self.rule, frame, face),
        )
    }

    /// None where attacks are not looked for.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.networks.is_empty()
    }

    pub(crate) fn rule(&self) -> Rule {
        self.rule
    }

    /// Judges the frames of one attempt together: exactly those whose templates are compared.
    pub(crate) fn judge_attempt(&self, frames: &[PadOutcome]) -> PadOutcome {
        let mut scored = Vec::new();
        for frame in frames {
            match frame {
                PadOutcome::Scored(evidence) => scored.push(evidence),
                PadOutcome::NoFace | PadOutcome::Disabled | PadOutcome::Failed(_) => {
                    return frame.clone();
                }
            }
        }
        let Some(last) = scored.last() else {
            return PadOutcome::NoFace;
        };
        let cues: Vec<PadCues> = scored.iter().map(|evidence| evidence.cues).collect();
        let moments: Vec<&Moment> = scored
            .iter()
            .filter_map(|evidence| evidence.moment.as_ref())
            .collect();
        let sequence = motion::sequence(&moments);
        PadOutcome::Scored(PadEvidence {
            score: self.rule.score(&cues, sequence),
            cues: last.cues,
            sequence,
            moment: None,
        })
    }

    /// Mean over the networks' views of the face.
    pub(crate) fn log_odds(&mut self, frame: &BgrFrame, face: &Face) -> Result<f32, AnalyseError> {
        let extend = self.rule.extend_surroundings;
        let trimmed = if extend {
            views::without_bars(frame, face)
        } else {
            None
        };
        let (frame, bbox) = match &trimmed {
            Some((frame, bbox)) => (frame, *bbox),
            None => (frame, face.bbox),
        };
        // The rim of a picture says little far from the face: only the narrowest crop is seen a second time.
        let narrowest = self.networks.iter().map(|(_, pad)| pad.crop_scale);
        let narrowest = narrowest.fold(f32::INFINITY, f32::min);
        let (mut sum, mut looks) = (0.0, 0.0);
        for (network, pad) in &mut self.networks {
            let (width, height) = (pad.input.width, pad.input.height);
            let crop = crate::geometry::context_crop(frame, bbox, pad.crop_scale, width, height)?;
            let plain = bona_fide_log_odds(network, pad, &crop)?;
            sum += plain;
            looks += 1.0;
            if extend && pad.crop_scale <= narrowest {
                sum += match views::extended_crop(frame, bbox, pad.crop_scale, width, height)? {
                    Some(crop) => bona_fide_log_odds(network, pad, &crop)?,
                    // The crop fits: both views are one.
                    None => plain,
                };
                looks += 1.0;
            }
        }
        Ok(sum / looks)
    }
}

/// What one frame shows without any network.
pub(crate) struct Traces {
    moire: f32,
    border: f32,
    moment: Option<Moment>,
}

impl Traces {
    pub(crate) fn of(rule: Rule, frame: &BgrFrame, face: &Face) -> Result<Self, GeometryError> {
        let mut traces = Self {
            moire: 0.0,
            border: 0.0,
            moment: None,
        };
        if !rule.looks_for_traces() {
            return Ok(traces);
        }
        let grey = grey(frame)?;
        if rule.moire > 0.0 {
            traces.moire = moire::cue(&grey, face.bbox)?;
        }
        if rule.border > 0.0 {
            traces.border = border::cue(&grey, face.bbox)?;
        }
        if rule.flat > 0.0 || rule.frozen > 0.0 {
            traces.moment = Some(Moment::of(frame, &grey, face)?);
        }
        Ok(traces)
    }
}

impl Rule {
    /// The outcome of one frame.
    pub(crate) fn outcome(
        self,
        log_odds: Result<f32, AnalyseError>,
        traces: Result<Traces, GeometryError>,
    ) -> PadOutcome {
        let (networks, traces) = match (log_odds, traces) {
            (Ok(networks), Ok(traces)) => (networks, traces),
            (Err(error), _) => return PadOutcome::Failed(Arc::new(error)),
            (_, Err(error)) => return PadOutcome::Failed(Arc::new(error.into())),
        };
        let cues = PadCues {
            networks,
            moire: traces.moire,
            border: traces.border,
        };
        PadOutcome::Scored(PadEvidence {
            score: self.score(&[cues], PadSequence::NONE),
            cues,
            sequence: PadSequence::NONE,
            moment: traces.moment,
        })
    }
}

impl PadSequence {
    pub(crate) const NONE: Self = Self {
        flat: None,
        frozen: false,
    };
}

/// Of the bona fide class against all others.
fn bona_fide_log_odds(
    network: &mut Network,
    pad: &Pad,
    crop: &crate::geometry::Picture,
) -> Result<f32, NetworkError> {
    let class = pad.classes.iter().position(|class| class == "bona_fide");
    let outputs = network.run(crop, &[(pad.output.clone(), pad.classes.len())])?;
    let logits = outputs.first().map_or(&[][..], Vec::as_slice);
    let others = || {
        let all = logits.iter().enumerate();
        all.filter(|(other, _)| Some(*other) != class)
            .map(|(_, logit)| *logit)
    };
    let most = others().fold(f32::MIN, f32::max);
    let sum: f32 = others().map(|logit| (logit - most).exp()).sum();
    Ok(class
        .and_then(|class| logits.get(class))
        .map_or(f32::NAN, |bona_fide| bona_fide - most - sum.ln()))
}

#[cfg(test)]
mod tests {
    use super::rule::RULE;
    use super::*;

    fn frame(grey: u8) -> BgrFrame {
        BgrFrame::new(64, 64, vec![grey; 64 * 64 * 3]).unwrap()
    }

    const FACE: Face = Face {
        bbox: [16.0, 16.0, 32.0, 32.0],
        landmarks: [[32.0, 32.0]; 5],
        score: 1.0,
    };

    fn moment(level: u8) -> Moment {
        let frame = frame(level);
        Moment::of(&frame, &grey(&frame).unwrap(), &FACE).unwrap()
    }

    fn scored(networks: f32, level: u8) -> PadOutcome {
        let cues = PadCues {
            networks,
            moire: 0.0,
            border: 0.0,
        };
        PadOutcome::Scored(PadEvidence {
            score: RULE.score(&[cues], PadSequence::NONE),
            cues,
            sequence: PadSequence::NONE,
            moment: Some(moment(level)),
        })
    }

    #[test]
    fn no_face_no_networks_and_no_frames_are_states_and_not_scores() {
        let mut detector = AttackDetector::new(Vec::new(), RULE);
        let outcome = detector.judge(&frame(9), None);
        assert!(matches!(outcome, PadOutcome::NoFace) && outcome.score().is_none());
        assert!(matches!(
            detector.judge(&frame(9), Some(&FACE)),
            PadOutcome::Disabled
        ));
        assert!(matches!(detector.judge_attempt(&[]), PadOutcome::NoFace));
    }

    #[test]
    fn one_frame_that_was_not_judged_leaves_the_attempt_unjudged() {
        let detector = AttackDetector::new(Vec::new(), RULE);
        let attempt = [scored(5.0, 1), PadOutcome::Disabled, scored(5.0, 2)];
        assert!(matches!(
            detector.judge_attempt(&attempt),
            PadOutcome::Disabled
        ));
    }

    #[test]
    fn an_attempt_lies_between_its_frames_and_a_repeated_frame_lowers_it() {
        let detector = AttackDetector::new(Vec::new(), RULE);
        let score = |frames: &[PadOutcome]| detector.judge_attempt(frames).score().unwrap();
        let (low, high) = (scored(-1.0, 1), scored(3.0, 2));
        let both = score(&[low.clone(), high.clone()]);
        assert!(low.score().unwrap() < both && both < high.score().unwrap());
        assert!(score(&[high.clone(), high.clone()]) < score(std::slice::from_ref(&high)));
    }
}
