//! The capture loop: every input in every state, scenarios at ten frames a second, invariants under random ones.

use std::collections::BTreeMap;

use egate_models::{ATTEMPTS_MAX, FRAMES_PER_ATTEMPT, QualityScore, Thresholds};
use egate_types::{Coaching, MatchScore, MonoTime, PadScore};
use expect_test::expect;
use gate_controller::face::capture_loop::{
    ACQUISITION_MS_MAX, ALARM_FRAMES, Basis, COACHING_MS_MIN, CaptureLoop, Effect, End,
    FIRST_DECISION_MS, FrameNumber, Input, Look, MODEL_FAILURES_MAX, QUALITY_FLOOR, TRACK_LOST_MS,
};
use proptest::prelude::*;

const THRESHOLDS: Thresholds = Thresholds {
    match_score: MatchScore(650_000),
    fmr: 1e-4,
    pad_score: PadScore(500_000),
};
const ALIKE: MatchScore = MatchScore(800_000);
const UNLIKE: MatchScore = MatchScore(100_000);
const BONA_FIDE: PadScore = PadScore(990_000);
const ATTACK: PadScore = PadScore(10_000);

/// Somebody's face in the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Somebody {
    person: u8,
    bbox: [f32; 4],
}

/// What the camera and the models are made to show.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    /// The largest first.
    faces: Vec<Somebody>,
    coaching: Option<Coaching>,
    quality: u8,
    pad: Option<PadScore>,
    fails: bool,
}

/// Faces of these people never overlap.
fn face(person: u8, height: f32) -> Somebody {
    let left = 20.0 + 300.0 * f32::from(person);
    Somebody {
        person,
        bbox: [left, 100.0, height * 0.7, height],
    }
}

fn good() -> Shown {
    Shown {
        faces: vec![face(0, 200.0)],
        coaching: None,
        quality: 80,
        pad: Some(BONA_FIDE),
        fails: false,
    }
}

fn poor(coaching: Coaching, quality: u8) -> Shown {
    Shown {
        coaching: Some(coaching),
        quality,
        ..good()
    }
}

fn empty() -> Shown {
    Shown {
        faces: Vec::new(),
        ..poor(Coaching::LookAtCamera, 0)
    }
}

fn attack() -> Shown {
    Shown {
        pad: Some(ATTACK),
        ..good()
    }
}

impl Shown {
    fn look(&self, number: FrameNumber, taken_at: MonoTime) -> Look {
        Look {
            number,
            taken_at,
            faces: self.faces.iter().map(|somebody| somebody.bbox).collect(),
            quality: (!self.faces.is_empty()).then(|| QualityScore::new(f32::from(self.quality))),
            coaching: self.coaching,
        }
    }
}

/// What the caller of the machine would do, with times of its own instead of a clock.
struct Caller {
    machine: CaptureLoop,
    now: MonoTime,
    done: Vec<(MonoTime, Effect)>,
    embedded: BTreeMap<FrameNumber, u8>,
    /// Whether the templates tell people apart.
    tells_apart: bool,
    /// Whether each comparison leaves another attempt open.
    mismatches: bool,
}

/// Analysing, embedding and comparing together, at most.
const WORK_MS: u64 = ANALYSE_MS + EMBED_MS + COMPARE_MS;
const ANALYSE_MS: u64 = 60;
const EMBED_MS: u64 = 40;
const COMPARE_MS: u64 = 30;

impl Caller {
    fn new() -> Self {
        Self {
            machine: CaptureLoop::new(MonoTime(0), &THRESHOLDS),
            now: MonoTime(0),
            done: Vec::new(),
            embedded: BTreeMap::new(),
            tells_apart: true,
            mismatches: false,
        }
    }

    /// Frames come every `every_ms`; the newest wins; the last one stays, as with a still scene.
    fn play(mut self, every_ms: u64, frames: &[Shown]) -> Self {
        let mut seen = 0;
        while !self.ended() {
            let until = self.machine.poll_timeout().expect("watching").0;
            let newest = (self.now.0 / every_ms).max(seen + 1);
            let taken_at = MonoTime(newest * every_ms);
            if taken_at > until {
                self.now = self.now.max(until);
                self.feed(Input::TimedOut, &empty());
                continue;
            }
            seen = newest;
            self.now = self.now.max(taken_at).plus_ms(ANALYSE_MS);
            let place = usize::try_from(newest - 1).expect("small");
            let shown = &frames[place.min(frames.len() - 1)];
            if shown.fails {
                self.feed(Input::ModelFailed, &empty());
            } else {
                let look = shown.look(FrameNumber(newest), taken_at);
                self.feed(Input::Analysed(look), shown);
            }
        }
        self
    }

    /// One input, and whatever it asks for.
    fn feed(&mut self, input: Input, shown: &Shown) {
        let mut effects = Vec::new();
        self.machine.handle(self.now, input, &mut effects);
        self.embedded.retain(|frame, _| self.machine.holds(*frame));
        for effect in effects {
            self.done.push((self.now, effect.clone()));
            match effect {
                Effect::Coach(_) | Effect::End(_) => {}
                Effect::Embed(frame) => {
                    assert!(self.machine.holds(frame));
                    self.now = self.now.plus_ms(EMBED_MS);
                    let person = shown.faces[0].person;
                    let (likeness, pad) = (self.likeness(person), shown.pad);
                    self.embedded.insert(frame, person);
                    self.feed(Input::Embedded { likeness, pad }, shown);
                }
                Effect::Compare(frames, _) => {
                    assert!(frames.iter().all(|frame| self.machine.holds(*frame)));
                    self.now = self.now.plus_ms(COMPARE_MS);
                    let may_try_again = self.mismatches;
                    self.feed(Input::Compared { may_try_again }, shown);
                }
            }
        }
    }

    fn likeness(&self, person: u8) -> Option<MatchScore> {
        let same = |other: &u8| *other == person || !self.tells_apart;
        (!self.embedded.is_empty()).then(|| match self.embedded.values().all(same) {
            true => ALIKE,
            false => UNLIKE,
        })
    }

    fn ended(&self) -> bool {
        matches!(self.done.last(), Some((_, Effect::End(_))))
    }

    fn end(&self) -> (u64, End) {
        let Some((at, Effect::End(end))) = self.done.last() else {
            panic!("no end: {:?}", self.done);
        };
        (at.0, *end)
    }

    fn comparisons(&self) -> Vec<(Vec<u64>, Basis)> {
        let compared = self.done.iter().filter_map(|(_, effect)| match effect {
            Effect::Compare(frames, basis) => {
                Some((frames.iter().map(|frame| frame.0).collect(), *basis))
            }
            Effect::Coach(_) | Effect::Embed(_) | Effect::End(_) => None,
        });
        compared.collect()
    }

    fn coached(&self) -> Vec<(u64, Coaching)> {
        let coached = self.done.iter().filter_map(|(at, effect)| match effect {
            Effect::Coach(coaching) => Some((at.0, *coaching)),
            Effect::Embed(_) | Effect::Compare(..) | Effect::End(_) => None,
        });
        coached.collect()
    }
}

fn repeated(shown: &Shown, times: usize) -> Vec<Shown> {
    vec![shown.clone(); times]
}

#[test]
fn three_good_frames_are_fused_and_decided_within_a_second_and_a_half() {
    let mut frames = repeated(&poor(Coaching::ComeCloser, 30), 10);
    frames.push(good());
    let played = Caller::new().play(100, &frames);
    assert_eq!(
        played.comparisons(),
        [(vec![11, 12, 13], Basis::GoodFrames)]
    );
    let (at, end) = played.end();
    assert_eq!(end, End::Judged);
    assert!(at - 1_100 <= 1_500, "decided at {at}, first good at 1100");
}

#[test]
fn a_restless_traveller_is_decided_on_two_good_frames_in_time() {
    let mut frames = repeated(&poor(Coaching::HoldStill, 30), 120);
    frames[20] = good();
    frames[26] = good();
    let played = Caller::new().play(100, &frames);
    assert_eq!(played.comparisons(), [(vec![21, 27], Basis::GoodFrames)]);
    let (at, _) = played.end();
    assert!(at - 2_100 <= 1_500, "decided at {at}, first good at 2100");
}

#[test]
fn one_good_frame_waits_for_another_until_time_is_up() {
    let mut frames = repeated(&poor(Coaching::HoldStill, 30), 120);
    frames[20] = good();
    let played = Caller::new().play(100, &frames);
    assert_eq!(played.comparisons(), [(vec![21], Basis::BestAtTimeOut)]);
    assert!(played.end().0 >= ACQUISITION_MS_MAX);
}

#[test]
fn poor_light_until_the_time_is_up_judges_the_best_frame() {
    let mut frames = repeated(&poor(Coaching::StandInTheLight, 30), 120);
    frames[40].quality = 45;
    let played = Caller::new().play(100, &frames);
    assert_eq!(played.coached().len(), 1, "the text stays");
    assert_eq!(played.comparisons(), [(vec![41], Basis::BestAtTimeOut)]);
    assert_eq!(played.end().1, End::Judged);
}

#[test]
fn below_the_floor_there_is_no_face() {
    let frames = [poor(Coaching::StandInTheLight, QUALITY_FLOOR - 1)];
    let played = Caller::new().play(100, &frames);
    assert_eq!(played.comparisons(), []);
    assert_eq!(played.end().1, End::NoFace);
    assert_eq!(Caller::new().play(100, &[empty()]).end().1, End::NoFace);
}

#[test]
fn an_attack_raises_the_alarm_even_when_its_frames_never_make_an_attempt() {
    // Pictures of three people in turn: no two frames are alike.
    let of = |person| {
        let faces = vec![Somebody {
            person,
            ..face(0, 200.0)
        }];
        Shown { faces, ..attack() }
    };
    let played = Caller::new().play(100, &[of(0), of(1), of(2)]);
    assert_eq!(played.comparisons(), [(vec![3], Basis::PadAlarm)]);
    assert!(played.end().0 < 1_000);
    assert_eq!(played.coached(), [], "the traveller learns nothing of it");
}

#[test]
fn fewer_alarming_frames_than_an_attempt_has_are_for_the_judgement() {
    let frames = [attack(), attack(), good(), good()];
    let played = Caller::new().play(100, &frames);
    assert_eq!(played.comparisons(), [(vec![1, 2, 3], Basis::GoodFrames)]);
    let frames = [attack(), good(), attack(), attack()];
    let mut caller = Caller::new();
    caller.mismatches = true;
    let played = caller.play(100, &frames);
    let last = played.comparisons().pop();
    assert_eq!(last, Some((vec![4], Basis::PadAlarm)));
}

#[test]
fn a_bystander_walking_by_delays_and_is_never_fused() {
    // Behind and smaller, then in front and larger, then gone.
    let behind = Shown {
        faces: vec![face(0, 200.0), face(1, 80.0)],
        ..good()
    };
    let before = Shown {
        faces: vec![face(1, 300.0), face(0, 200.0)],
        ..good()
    };
    let mut frames = vec![behind.clone()];
    frames.extend(repeated(&before, 8));
    frames.extend([behind, good(), good()]);
    let mut caller = Caller::new();
    // Tracking alone must do.
    caller.tells_apart = false;
    let played = caller.play(100, &frames);
    assert_eq!(played.comparisons(), [(vec![1, 10, 11], Basis::GoodFrames)]);
    let coached: Vec<Coaching> = played.coached().into_iter().map(|(_, text)| text).collect();
    assert_eq!(coached, [Coaching::OneFaceOnly]);
}

#[test]
fn somebody_who_takes_the_place_starts_anew() {
    let other = Shown {
        faces: vec![face(1, 200.0)],
        ..good()
    };
    let mut frames = repeated(&good(), 2);
    frames.push(other);
    let mut caller = Caller::new();
    caller.tells_apart = false;
    let played = caller.play(100, &frames);
    let [(fused, Basis::GoodFrames)] = &played.comparisons()[..] else {
        panic!("{:?}", played.comparisons());
    };
    // The last frame of the first face was taken at 200 ms.
    assert!(fused.iter().all(|frame| frame * 100 > 200 + TRACK_LOST_MS));
}

#[test]
fn a_face_that_is_suddenly_another_is_left_out_and_outweighs_if_it_stays() {
    let other = Shown {
        faces: vec![Somebody {
            person: 1,
            ..face(0, 200.0)
        }],
        ..good()
    };
    let once = [good(), other.clone(), good(), good()];
    let played = Caller::new().play(100, &once);
    assert_eq!(played.comparisons(), [(vec![1, 3, 4], Basis::GoodFrames)]);
    let stays = [good(), other.clone(), other.clone(), other.clone(), other];
    let played = Caller::new().play(100, &stays);
    assert_eq!(played.comparisons(), [(vec![3, 4, 5], Basis::GoodFrames)]);
}

#[test]
fn who_does_not_match_has_as_many_attempts_as_the_rates_were_measured_with() {
    let mut caller = Caller::new();
    caller.mismatches = true;
    let played = caller.play(100, &[good()]);
    let all = played.comparisons();
    assert_eq!(all.len(), ATTEMPTS_MAX);
    assert!(
        all.iter()
            .all(|(frames, _)| frames.len() == FRAMES_PER_ATTEMPT)
    );
    assert_eq!(played.end().1, End::Judged);
}

#[test]
fn later_attempts_wait_for_all_their_frames() {
    let mut frames = repeated(&good(), 3);
    frames.extend(repeated(&poor(Coaching::HoldStill, 40), 10));
    frames.extend(repeated(&good(), 2));
    frames.extend(repeated(&poor(Coaching::HoldStill, 40), 40));
    frames.push(good());
    let mut caller = Caller::new();
    caller.mismatches = true;
    let played = caller.play(100, &frames);
    assert_eq!(played.comparisons()[1].0, [14, 15, 56]);
}

#[test]
fn failures_in_a_row_are_a_fault_and_single_ones_are_not() {
    let fails = Shown {
        fails: true,
        ..good()
    };
    let played = Caller::new().play(100, std::slice::from_ref(&fails));
    assert_eq!(played.end().1, End::Failed);
    assert_eq!(played.done.len(), 1, "no verdict beside the fault");
    let mut frames = Vec::new();
    for _ in 0..FRAMES_PER_ATTEMPT {
        frames.extend(repeated(&fails, MODEL_FAILURES_MAX - 1));
        frames.push(good());
    }
    assert_eq!(Caller::new().play(100, &frames).end().1, End::Judged);
}

#[test]
fn texts_that_alternate_are_shown_long_enough_to_be_read() {
    let (closer, light) = (
        poor(Coaching::ComeCloser, 10),
        poor(Coaching::StandInTheLight, 10),
    );
    let frames: Vec<Shown> = [closer, light].into_iter().cycle().take(200).collect();
    let coached = Caller::new().play(100, &frames).coached();
    assert!((9..=13).contains(&coached.len()), "{coached:?}");
}

fn embedded(likeness: Option<MatchScore>) -> Input {
    Input::Embedded {
        likeness,
        pad: Some(BONA_FIDE),
    }
}

/// A machine in each of its states, and what it did on the way.
fn states() -> Vec<(&'static str, CaptureLoop)> {
    let at = MonoTime(1_000);
    let after = |inputs: &[Input]| {
        let mut machine = CaptureLoop::new(MonoTime(0), &THRESHOLDS);
        for input in inputs {
            machine.handle(at, input.clone(), &mut Vec::new());
        }
        machine
    };
    let look = |shown: Shown, number| Input::Analysed(shown.look(FrameNumber(number), at));
    let two = [
        look(good(), 1),
        embedded(None),
        look(good(), 2),
        embedded(Some(ALIKE)),
    ];
    let (last, alike) = (look(good(), 3), embedded(Some(ALIKE)));
    let third = [&two[..], std::slice::from_ref(&last)].concat();
    let all = [&two[..], &[last, alike]].concat();
    let over = [
        &all[..],
        &[Input::Compared {
            may_try_again: false,
        }],
    ]
    .concat();
    let dim = look(poor(Coaching::StandInTheLight, 40), 1);
    vec![
        ("watching, nothing seen", after(&[])),
        ("watching, a poor frame", after(&[dim])),
        ("watching, two good ones", after(&two)),
        ("embedding the third", after(&third)),
        ("comparing", after(&all)),
        ("ended", after(&over)),
    ]
}

#[test]
fn every_input_in_every_state() {
    let at = MonoTime(1_500);
    let look = |shown: &Shown| Input::Analysed(shown.look(FrameNumber(9), at));
    let two_people = Shown {
        faces: vec![face(1, 300.0), face(0, 200.0)],
        ..good()
    };
    let inputs = [
        ("good frame", look(&good())),
        ("poor frame", look(&poor(Coaching::ComeCloser, 45))),
        ("second person", look(&two_people)),
        ("nobody", look(&empty())),
        ("template", embedded(Some(ALIKE))),
        ("template of another", embedded(Some(UNLIKE))),
        (
            "match",
            Input::Compared {
                may_try_again: false,
            },
        ),
        (
            "no match",
            Input::Compared {
                may_try_again: true,
            },
        ),
        ("model failed", Input::ModelFailed),
        ("timed out early", Input::TimedOut),
        ("camera gone", Input::FramesEnded),
    ];
    let mut table = String::new();
    for (state, machine) in states() {
        table += &format!("{state}\n");
        for (name, input) in &inputs {
            let mut machine = machine.clone();
            let mut effects = Vec::new();
            machine.handle(at, input.clone(), &mut effects);
            let until = machine.poll_timeout().map(|(at, why)| (at.0, why));
            table += &format!("  {name}: {effects:?}, {until:?}\n");
        }
    }
    expect![[r#"
        watching, nothing seen
          good frame: [Embed(FrameNumber(9))], None
          poor frame: [Coach(ComeCloser)], Some((10000, CaptureLimit))
          second person: [Embed(FrameNumber(9))], None
          nobody: [], Some((10000, CaptureLimit))
          template: [], Some((10000, CaptureLimit))
          template of another: [], Some((10000, CaptureLimit))
          match: [], Some((10000, CaptureLimit))
          no match: [], Some((10000, CaptureLimit))
          model failed: [], Some((10000, CaptureLimit))
          timed out early: [], Some((10000, CaptureLimit))
          camera gone: [End(NoFace)], None
        watching, a poor frame
          good frame: [Embed(FrameNumber(9))], None
          poor frame: [], Some((10000, CaptureLimit))
          second person: [], Some((10000, CaptureLimit))
          nobody: [], Some((10000, CaptureLimit))
          template: [], Some((10000, CaptureLimit))
          template of another: [], Some((10000, CaptureLimit))
          match: [], Some((10000, CaptureLimit))
          no match: [], Some((10000, CaptureLimit))
          model failed: [], Some((10000, CaptureLimit))
          timed out early: [], Some((10000, CaptureLimit))
          camera gone: [Compare([FrameNumber(1)], BestAtTimeOut)], None
        watching, two good ones
          good frame: [Embed(FrameNumber(9))], None
          poor frame: [Coach(ComeCloser)], Some((2100, FirstDecision))
          second person: [Coach(OneFaceOnly)], Some((2100, FirstDecision))
          nobody: [], Some((2100, FirstDecision))
          template: [], Some((2100, FirstDecision))
          template of another: [], Some((2100, FirstDecision))
          match: [], Some((2100, FirstDecision))
          no match: [], Some((2100, FirstDecision))
          model failed: [], Some((2100, FirstDecision))
          timed out early: [], Some((2100, FirstDecision))
          camera gone: [Compare([FrameNumber(1), FrameNumber(2)], BestAtTimeOut)], None
        embedding the third
          good frame: [], None
          poor frame: [], None
          second person: [], None
          nobody: [], None
          template: [Compare([FrameNumber(1), FrameNumber(2), FrameNumber(3)], GoodFrames)], None
          template of another: [], Some((2100, FirstDecision))
          match: [], None
          no match: [], None
          model failed: [], Some((2100, FirstDecision))
          timed out early: [], None
          camera gone: [], None
        comparing
          good frame: [], None
          poor frame: [], None
          second person: [], None
          nobody: [], None
          template: [], None
          template of another: [], None
          match: [End(Judged)], None
          no match: [], Some((10000, CaptureLimit))
          model failed: [End(Failed)], None
          timed out early: [], None
          camera gone: [], None
        ended
          good frame: [], None
          poor frame: [], None
          second person: [], None
          nobody: [], None
          template: [], None
          template of another: [], None
          match: [], None
          no match: [], None
          model failed: [], None
          timed out early: [], None
          camera gone: [], None
    "#]]
    .assert_eq(&table);
}

#[test]
fn at_the_deadline_a_late_frame_still_counts_and_the_end_comes() {
    let late = MonoTime(ACQUISITION_MS_MAX + 50);
    for (shown, expected) in [
        (good(), End::Judged),
        (poor(Coaching::HoldStill, 40), End::Judged),
        (empty(), End::NoFace),
    ] {
        let mut caller = Caller::new();
        caller.now = late;
        let look = shown.look(FrameNumber(1), late);
        caller.feed(Input::Analysed(look), &shown);
        assert_eq!(caller.end().1, expected);
    }
}

fn any_frame() -> impl Strategy<Value = Shown> {
    let faces = prop::collection::vec((0u8..3, 60.0f32..400.0), 0..3);
    let coaching = prop_oneof![
        2 => Just(None),
        1 => prop::sample::select(Coaching::ALL.to_vec()).prop_map(Some),
    ];
    let pad = prop_oneof![4 => Just(Some(BONA_FIDE)), 1 => Just(Some(ATTACK)), 1 => Just(None)];
    let fails = prop::bool::weighted(0.05);
    (faces, coaching, 0u8..=100, pad, fails).prop_map(|(faces, coaching, quality, pad, fails)| {
        let mut faces: Vec<Somebody> = faces
            .into_iter()
            .map(|(person, height)| face(person, height))
            .collect();
        faces.sort_by(|a, b| b.bbox[3].total_cmp(&a.bbox[3]));
        Shown {
            coaching: match faces.is_empty() {
                true => Some(Coaching::LookAtCamera),
                false => coaching,
            },
            faces,
            quality,
            pad,
            fails,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn ends_once_in_time_with_one_face_per_comparison_and_readable_texts(
        // Runs of the same picture: nobody changes place at every frame.
        runs in prop::collection::vec((any_frame(), 1usize..12), 1..40),
        every_ms in 20u64..300,
        tells_apart: bool,
        mismatches: bool,
    ) {
        let frames: Vec<Shown> = runs
            .into_iter()
            .flat_map(|(shown, times)| repeated(&shown, times))
            .collect();
        let mut caller = Caller::new();
        (caller.tells_apart, caller.mismatches) = (tells_apart, mismatches);
        let played = caller.play(every_ms, &frames);

        let ends = played.done.iter().filter(|(_, effect)| matches!(effect, Effect::End(_)));
        prop_assert_eq!(ends.count(), 1);
        prop_assert!(played.end().0 <= ACQUISITION_MS_MAX + WORK_MS);

        let comparisons = played.comparisons();
        prop_assert!(comparisons.len() <= ATTEMPTS_MAX);
        for (fused, basis) in comparisons {
            prop_assert!(!fused.is_empty() && fused.len() <= FRAMES_PER_ATTEMPT);
            prop_assert_eq!(basis == Basis::PadAlarm && fused.len() != 1, false);
            let shown = |frame: &u64| &frames[(*frame as usize - 1).min(frames.len() - 1)];
            let people: Vec<u8> = fused.iter().map(|frame| shown(frame).faces[0].person).collect();
            prop_assert!(people.iter().all(|person| *person == people[0]), "{:?}", people);
        }

        let coached = played.coached();
        let mut shown = (0, Coaching::LookAtCamera);
        for (at, text) in coached {
            prop_assert!(text != shown.1 && at - shown.0 >= COACHING_MS_MIN);
            shown = (at, text);
        }
    }

    #[test]
    fn whatever_comes_in_whatever_order_the_end_is_the_last_and_few_frames_are_held(
        inputs in prop::collection::vec((0u8..7, any_frame(), 0u64..400), 0..200),
    ) {
        let mut machine = CaptureLoop::new(MonoTime(0), &THRESHOLDS);
        let (mut now, mut ended) = (MonoTime(0), 0);
        let frames = inputs.len() as u64;
        for (number, (kind, shown, wait_ms)) in (0..).zip(inputs) {
            now = now.plus_ms(wait_ms);
            let input = match kind {
                0 => embedded(Some(ALIKE)),
                1 => embedded(Some(UNLIKE)),
                2 => Input::Compared { may_try_again: number % 2 == 0 },
                3 => Input::ModelFailed,
                4 => Input::TimedOut,
                _ => Input::Analysed(shown.look(FrameNumber(number), now)),
            };
            let mut effects = Vec::new();
            machine.handle(now, input, &mut effects);
            prop_assert!(ended == 0 || effects.is_empty());
            ended += effects.iter().filter(|effect| matches!(effect, Effect::End(_))).count();
            let requests = effects.iter().rev().skip(1);
            prop_assert!(requests.into_iter().all(|effect| matches!(effect, Effect::Coach(_))));
            let held = (0..frames).filter(|frame| machine.holds(FrameNumber(*frame))).count();
            prop_assert!(held <= FRAMES_PER_ATTEMPT + 1);
        }
        prop_assert!(ended <= 1);
    }
}

const _: () = assert!(ALARM_FRAMES == FRAMES_PER_ATTEMPT && FIRST_DECISION_MS < 1_500);
