//! The capture loop as a machine: what frames show goes in, what to do comes out.
//!
//! ```text
//!                 ┌─ unlike the others, or too few yet ─┐
//!                 ▼                                     │
//!             watching ─── good frame of the ──────> embedding
//!             │ ▲ │        traveller                    │ enough
//!  time is up │ │ └─ PAD alarm ───────────────────┐     │
//!             │ └─ no match, time left ────────┐  │     │
//!             │                                │  ▼     ▼
//!             ├─ a frame is good enough ─────> comparing
//!             │                                │
//!             └─ no face, or models fail ──> ended
//! ```
//!
//! - *good frame*: nothing is left to ask of the traveller; the largest face is the traveller's.
//! - *traveller*: the face that was the largest at the beginning, followed from frame to frame.
//! - *attempt*: good frames of one face, fused into one template and compared once.
//!
//! It ends once: with a judgement, without a face, or with a failure. It looks at quality and presentation alone, never
//! at the passport image (BSI TR-03121 ACQ-FI-USV-1); comparing is the caller's, who only says whether another attempt
//! is allowed.
//!
//! **Invariant:** no I/O and no clock. Times are arguments; pictures and templates stay with the caller and are named by number.

use std::collections::VecDeque;

use egate_models::{ATTEMPTS_MAX, FRAMES_PER_ATTEMPT, QualityScore, Thresholds};
use egate_types::{Coaching, MatchScore, MonoTime, PadScore};

/// A frame, by the camera's sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(pub u64);

/// What a frame shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Which frame.
    pub number: FrameNumber,
    /// When it was taken.
    pub taken_at: MonoTime,
    /// All faces, the largest first: left, top, width, height in pixels.
    pub faces: Vec<[f32; 4]>,
    /// Quality of the largest; `None` without a face.
    pub quality: Option<QualityScore>,
    /// What to ask of its owner; `None` if the frame is good.
    pub coaching: Option<Coaching>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A frame was looked at.
    Analysed(Look),
    /// The template asked for is made, and the same face judged.
    Embedded {
        /// Score against the fused others of the attempt; `None` for the first.
        likeness: Option<MatchScore>,
        /// Attack detection; `None` if there was none.
        pad: Option<PadScore>,
    },
    /// The frames asked for were compared and judged.
    Compared {
        /// Bona fide, but another face than the chip's.
        may_try_again: bool,
    },
    /// Analysing, embedding or comparing failed.
    ModelFailed,
    /// The deadline of [`CaptureLoop::poll_timeout`] has come.
    TimedOut,
    /// The camera is gone.
    FramesEnded,
}

/// What to do, in order. At most one of all but `Coach` comes at a time, and it comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell the traveller.
    Coach(Coaching),
    /// Make the template of the largest face of this frame, and look for an attack.
    Embed(FrameNumber),
    /// Fuse these frames, judge the presentation over exactly them, compare with the chip portrait.
    Compare(Vec<FrameNumber>, Basis),
    /// It is over.
    End(End),
}

/// On what a judgement rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Good frames.
    GoodFrames,
    /// The best there was when time was up: too few good frames, or one that is not good.
    BestAtTimeOut,
    /// A frame that looks like an attack, after others that did; never a pass.
    PadAlarm,
}

/// How the capture ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The last comparison stands.
    Judged,
    /// No face that could be compared.
    NoFace,
    /// The models failed: a fault, not a verdict.
    Failed,
}

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A traveller who has given good frames waits for the first decision.
    FirstDecision,
    /// The whole capture has lasted as long as it may.
    CaptureLimit,
}

/// One capture.
#[derive(Debug, Clone)]
pub struct CaptureLoop {
    deadline: MonoTime,
    /// Frames of one attempt that score less against each other show different faces.
    likeness_min: MatchScore,
    /// A good frame that scores less looks like an attack beyond doubt.
    alarm_below: PadScore,
    phase: Phase,
    coach: Coach,
    /// Of the last good frames, the newest last: did it look like an attack?
    alarms: VecDeque<bool>,
    comparisons: usize,
    /// Failures since a frame last went through all models.
    failures: usize,
}

#[derive(Debug, Clone)]
enum Phase {
    Watching(Attempt),
    Embedding(Attempt, FrameNumber, MonoTime),
    Comparing {
        traveller: Option<Track>,
        frames: Vec<FrameNumber>,
        basis: Basis,
    },
    Ended,
}

impl CaptureLoop {
    /// A capture that begins at `now`, while the traveller is asked to look at the camera.
    pub fn new(now: MonoTime, thresholds: &Thresholds) -> Self {
        Self {
            deadline: now.plus_ms(ACQUISITION_MS_MAX),
            likeness_min: MatchScore(thresholds.match_score.0 / LIKENESS_DIVISOR),
            alarm_below: PadScore(thresholds.pad_score.0 / ALARM_DIVISOR),
            phase: Phase::Watching(Attempt::new(None)),
            coach: Coach {
                shown: Coaching::LookAtCamera,
                since: now,
            },
            alarms: VecDeque::new(),
            comparisons: 0,
            failures: 0,
        }
    }

    /// When the loop wants [`Input::TimedOut`], and why. `None` while it waits for templates or a comparison.
    pub fn poll_timeout(&self) -> Option<(MonoTime, Why)> {
        let Phase::Watching(attempt) = &self.phase else {
            return None;
        };
        let limit = (self.deadline, Why::CaptureLimit);
        let first = self.first_decision(attempt);
        Some(match first.filter(|first| *first < self.deadline) {
            Some(first) => (first, Why::FirstDecision),
            None => limit,
        })
    }

    /// Whether the caller must keep this frame; all others are to be wiped.
    pub fn holds(&self, frame: FrameNumber) -> bool {
        match &self.phase {
            Phase::Watching(attempt) => attempt.holds(frame),
            Phase::Embedding(attempt, candidate, _) => *candidate == frame || attempt.holds(frame),
            Phase::Comparing { frames, .. } => frames.contains(&frame),
            Phase::Ended => false,
        }
    }

    /// Takes one fact; appends what is to be done. A fact that the phase did not ask for changes nothing.
    pub fn handle(&mut self, now: MonoTime, input: Input, out: &mut Vec<Effect>) {
        let phase = std::mem::replace(&mut self.phase, Phase::Ended);
        self.phase = match (phase, input) {
            (Phase::Watching(attempt), Input::Analysed(look)) => {
                self.looked(now, attempt, &look, out)
            }
            (Phase::Watching(attempt), Input::TimedOut) => self.go_on(now, attempt, out),
            (Phase::Watching(attempt), Input::FramesEnded) => self.close(attempt, out),
            (Phase::Embedding(attempt, frame, taken_at), Input::Embedded { likeness, pad }) => {
                self.failures = 0;
                if self.alarmed(pad) {
                    self.compare(attempt, vec![frame], Basis::PadAlarm, out)
                } else {
                    let alike = likeness.is_none_or(|score| score >= self.likeness_min);
                    self.go_on(now, attempt.with((frame, taken_at), alike), out)
                }
            }
            (Phase::Watching(attempt) | Phase::Embedding(attempt, ..), Input::ModelFailed) => {
                self.failed(now, attempt, out)
            }
            (Phase::Comparing { .. }, Input::ModelFailed) => end(End::Failed, out),
            (
                Phase::Comparing {
                    traveller, basis, ..
                },
                Input::Compared { may_try_again },
            ) => {
                let again = may_try_again
                    && basis == Basis::GoodFrames
                    && self.comparisons < ATTEMPTS_MAX
                    && now < self.deadline;
                if again {
                    Phase::Watching(Attempt::new(traveller))
                } else {
                    end(End::Judged, out)
                }
            }
            (phase @ Phase::Watching(_), Input::Embedded { .. } | Input::Compared { .. })
            | (
                phase @ Phase::Embedding(..),
                Input::Analysed(_) | Input::Compared { .. } | Input::TimedOut | Input::FramesEnded,
            )
            | (
                phase @ Phase::Comparing { .. },
                Input::Analysed(_) | Input::Embedded { .. } | Input::TimedOut | Input::FramesEnded,
            )
            | (phase @ Phase::Ended, _) => phase,
        };
    }

    fn looked(
        &mut self,
        now: MonoTime,
        mut attempt: Attempt,
        look: &Look,
        out: &mut Vec<Effect>,
    ) -> Phase {
        let asked = match attempt.follow(look) {
            Sight::Traveller => look.coaching,
            Sight::Nobody => Some(Coaching::LookAtCamera),
            Sight::Jumped => Some(Coaching::HoldStill),
            Sight::SomebodyElse => Some(Coaching::OneFaceOnly),
        };
        let wanted = asked.unwrap_or(Coaching::LookAtCamera);
        out.extend(self.coach.ask(now, wanted).map(Effect::Coach));
        if asked.is_some() {
            return self.go_on(now, attempt, out);
        }
        out.push(Effect::Embed(look.number));
        Phase::Embedding(attempt, look.number, look.taken_at)
    }

    /// Whether one good frame after others looks like an attack.
    fn alarmed(&mut self, pad: Option<PadScore>) -> bool {
        let attack = pad.is_some_and(|score| score < self.alarm_below);
        self.alarms.push_back(attack);
        if self.alarms.len() > ALARM_WINDOW {
            self.alarms.pop_front();
        }
        attack && self.alarms.iter().filter(|attack| **attack).count() >= ALARM_FRAMES
    }

    fn failed(&mut self, now: MonoTime, attempt: Attempt, out: &mut Vec<Effect>) -> Phase {
        self.failures += 1;
        if self.failures >= MODEL_FAILURES_MAX {
            return end(End::Failed, out);
        }
        self.go_on(now, attempt, out)
    }

    /// Compares if there is enough, closes if time is up, watches otherwise.
    fn go_on(&mut self, now: MonoTime, attempt: Attempt, out: &mut Vec<Effect>) -> Phase {
        let enough = attempt.good.len() >= FRAMES_PER_ATTEMPT;
        if enough || self.first_decision(&attempt).is_some_and(|at| at <= now) {
            let frames = attempt.numbers();
            self.compare(attempt, frames, Basis::GoodFrames, out)
        } else if now >= self.deadline {
            self.close(attempt, out)
        } else {
            Phase::Watching(attempt)
        }
    }

    /// When the first comparison takes place even if a frame is still missing. Later attempts wait for all their
    /// frames: who was not recognised once is better served by a good template than by a quick one.
    fn first_decision(&self, attempt: &Attempt) -> Option<MonoTime> {
        let (_, taken_at) = attempt.good.first()?;
        let due = self.comparisons == 0 && attempt.good.len() >= FRAMES_AT_LEAST;
        due.then(|| taken_at.plus_ms(FIRST_DECISION_MS))
    }

    /// No more frames: what was judged stands, else the best there is gets judged.
    fn close(&mut self, attempt: Attempt, out: &mut Vec<Effect>) -> Phase {
        if self.comparisons > 0 {
            return end(End::Judged, out);
        }
        let mut frames = attempt.numbers();
        if frames.is_empty() {
            frames.extend(attempt.best.map(|(frame, _)| frame));
        }
        if frames.is_empty() {
            return end(End::NoFace, out);
        }
        self.compare(attempt, frames, Basis::BestAtTimeOut, out)
    }

    fn compare(
        &mut self,
        attempt: Attempt,
        frames: Vec<FrameNumber>,
        basis: Basis,
        out: &mut Vec<Effect>,
    ) -> Phase {
        self.comparisons += 1;
        out.push(Effect::Compare(frames.clone(), basis));
        Phase::Comparing {
            traveller: attempt.traveller,
            frames,
            basis,
        }
    }
}

fn end(end: End, out: &mut Vec<Effect>) -> Phase {
    out.push(Effect::End(end));
    Phase::Ended
}

/// Good frames of one face.
#[derive(Debug, Clone)]
struct Attempt {
    traveller: Option<Track>,
    good: Vec<(FrameNumber, MonoTime)>,
    /// Frames in a row that were unlike the good ones.
    unlike: usize,
    /// The best frame that is not good.
    best: Option<(FrameNumber, QualityScore)>,
}

/// Whose face is the largest.
enum Sight {
    Traveller,
    Nobody,
    /// One face, too far from where the traveller's was to be sure.
    Jumped,
    SomebodyElse,
}

impl Attempt {
    fn new(traveller: Option<Track>) -> Self {
        Self {
            traveller,
            good: Vec::new(),
            unlike: 0,
            best: None,
        }
    }

    fn numbers(&self) -> Vec<FrameNumber> {
        self.good.iter().map(|(frame, _)| *frame).collect()
    }

    fn holds(&self, frame: FrameNumber) -> bool {
        self.best.is_some_and(|(best, _)| best == frame)
            || self.good.iter().any(|(good, _)| *good == frame)
    }

    /// Finds the traveller in a frame and remembers the frame if it is the best so far.
    fn follow(&mut self, look: &Look) -> Sight {
        let Some(largest) = look.faces.first() else {
            return Sight::Nobody;
        };
        let gone = |track: &Track| look.taken_at.since_ms(track.seen_at) > TRACK_LOST_MS;
        let track = match self.traveller {
            Some(track) if !gone(&track) => track,
            // The next face may be another's: nothing of the former one's is kept.
            Some(_) | None => {
                let track = Track {
                    bbox: *largest,
                    seen_at: look.taken_at,
                };
                *self = Self::new(Some(track));
                track
            }
        };
        let Some((place, bbox)) = track.find(&look.faces) else {
            return if look.faces.len() == 1 {
                Sight::Jumped
            } else {
                Sight::SomebodyElse
            };
        };
        self.traveller = Some(Track {
            bbox,
            seen_at: look.taken_at,
        });
        if place > 0 {
            return Sight::SomebodyElse;
        }
        self.remember(look);
        Sight::Traveller
    }

    fn remember(&mut self, look: &Look) {
        let alone = look.coaching != Some(Coaching::OneFaceOnly);
        let Some(quality) = look.quality.filter(|_| look.coaching.is_some() && alone) else {
            return;
        };
        let better = self.best.is_none_or(|(_, best)| quality > best);
        if better && quality.value() >= QUALITY_FLOOR {
            self.best = Some((look.number, quality));
        }
    }

    /// A frame unlike the others is left out; if the next one is as well, the others were the odd ones.
    fn with(mut self, frame: (FrameNumber, MonoTime), alike: bool) -> Self {
        self.unlike = if alike { 0 } else { self.unlike + 1 };
        if self.unlike >= UNLIKE_MAX {
            self = Self::new(self.traveller);
        } else if !alike {
            return self;
        }
        self.good.push(frame);
        self
    }
}

/// A face followed from frame to frame.
#[derive(Debug, Clone, Copy)]
struct Track {
    bbox: [f32; 4],
    seen_at: MonoTime,
}

impl Track {
    /// The face that overlaps most with where this one was, and is about as large.
    fn find(&self, faces: &[[f32; 4]]) -> Option<(usize, [f32; 4])> {
        let mut found: Option<(usize, f32)> = None;
        for (place, face) in faces.iter().enumerate() {
            let ratio = face[3] / self.bbox[3];
            let shared = overlap(&self.bbox, face);
            let likely =
                shared >= OVERLAP_MIN && (1.0 / SIZE_RATIO_MAX..=SIZE_RATIO_MAX).contains(&ratio);
            if likely && found.is_none_or(|(_, most)| shared > most) {
                found = Some((place, shared));
            }
        }
        let (place, _) = found?;
        Some((place, *faces.get(place)?))
    }
}

/// Shared area over the area of both together.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let side = |axis: usize| {
        let end = (a[axis] + a[axis + 2]).min(b[axis] + b[axis + 2]);
        (end - a[axis].max(b[axis])).max(0.0)
    };
    let shared = side(0) * side(1);
    shared / (a[2] * a[3] + b[2] * b[3] - shared).max(f32::MIN_POSITIVE)
}

/// What the traveller reads.
#[derive(Debug, Clone, Copy)]
struct Coach {
    shown: Coaching,
    since: MonoTime,
}

impl Coach {
    /// The new text, if it is another one and the old one could be read.
    fn ask(&mut self, now: MonoTime, wanted: Coaching) -> Option<Coaching> {
        if wanted == self.shown || now.since_ms(self.since) < COACHING_MS_MIN {
            return None;
        }
        *self = Self {
            shown: wanted,
            since: now,
        };
        Some(wanted)
    }
}

/// Face acquisition with presentation attack detection (TR-03121-3 ACQ-FI-AUTO-1).
pub const ACQUISITION_MS_MAX: u64 = 10_000;
/// From the first good frame to the first comparison. The decision is to be there after 1,500 ms; analysing the last
/// frame, comparing and telling take the rest.
pub const FIRST_DECISION_MS: u64 = 1_100;
/// A coaching text stays at least this long: time to read two or three words.
pub const COACHING_MS_MIN: u64 = 800;
/// Without the traveller's face for this long, the next face counts as another one. A blink of the detector takes a
/// frame or two, another person at least this long to take the place.
pub const TRACK_LOST_MS: u64 = 600;
/// Failures in a row that make a fault: one may be a matter of one picture.
pub const MODEL_FAILURES_MAX: usize = 3;
/// Good frames in the window that must look like an attack for an alarm; as many as an attempt rests on.
pub const ALARM_FRAMES: usize = 3;
/// Good frames looked back on: an attack may look better for a moment.
pub const ALARM_WINDOW: usize = 5;
/// The best frame at time-out has at least this quality: half of what a good one needs.
pub const QUALITY_FLOOR: u8 = 25;
/// Good frames at least for the first decision: what moves with the face shows in two.
const FRAMES_AT_LEAST: usize = 2;
/// An alarming frame scores less than the threshold divided by this.
const ALARM_DIVISOR: u32 = 2;
/// Frames of one face score at least the match threshold divided by this against each other. Of drawn faces not seen in
/// training 3 % of the impostors and none of 480 genuine frames are on the wrong side of it, held against two fused ones.
const LIKENESS_DIVISOR: i32 = 2;
/// Unlike frames in a row that outweigh those before.
const UNLIKE_MAX: usize = 2;
/// Least overlap of a face with itself a frame later. Heads side by side do not overlap at all.
const OVERLAP_MIN: f32 = 0.1;
/// Largest change of height from frame to frame; a face behind the traveller's is smaller than half.
const SIZE_RATIO_MAX: f32 = 1.8;
