#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may stop at the first surprise, and picks the effects it is about"
)]
//! The lane through its public edge: scenarios by name, and random facts against the invariants of DESIGN 2.

use std::collections::BTreeSet;

use egate_lane::{
    BarrierOrder, Effect, Input, JournalEntry, Lane, LaneConfig, Now, Occupancy, Phase,
    ReadFailure, Unfinished, limits,
};
use egate_types::{
    AuthorityId, CheckResult, Coaching, EvidenceHash, Fault, InspectionId, MonoTime,
    OfficerDecision, OfficerId, Outcome, ReferralCause, UtcTime, Verdict,
};
use proptest::prelude::*;

const EMPTY: Occupancy = Occupancy {
    entry_closed: true,
    exit_closed: true,
    people: 0,
    entry_beam: false,
    exit_passages: 7,
    evacuation: false,
};
const ENTRY_OPEN: Occupancy = Occupancy {
    entry_closed: false,
    ..EMPTY
};
const ONE_INSIDE: Occupancy = Occupancy { people: 1, ..EMPTY };
const NEVER: UtcTime = UtcTime(i64::MAX);

fn authority(name: &str) -> AuthorityId {
    AuthorityId::parse(name).unwrap()
}

fn id(n: u64) -> InspectionId {
    InspectionId::new(n, [1; 10])
}

fn evidence() -> EvidenceHash {
    EvidenceHash::over(&[("test", b"evidence")])
}

/// A lane with a clock that the test moves.
struct Bench {
    lane: Lane,
    now_ms: u64,
    out: Vec<Effect>,
}

impl Bench {
    fn new() -> Self {
        let required = vec![authority("border"), authority("quarantine")];
        let config = LaneConfig {
            required,
            identity: authority("border"),
        };
        Self {
            lane: Lane::new(config),
            now_ms: 0,
            out: Vec::new(),
        }
    }

    fn idle() -> Self {
        let mut bench = Self::new();
        bench.sees(EMPTY);
        bench.sees(EMPTY);
        assert_eq!(bench.lane.phase().name(), "idle");
        bench
    }

    fn feed(&mut self, input: Input) -> &mut Self {
        self.now_ms += 10;
        let now = Now {
            mono: MonoTime(self.now_ms),
            utc: UtcTime(self.now_ms as i64),
        };
        self.lane.handle(now, input, &mut self.out);
        self
    }

    fn sees(&mut self, seen: Occupancy) -> &mut Self {
        self.feed(Input::Sensed(seen))
    }

    fn waits(&mut self, ms: u64) -> &mut Self {
        self.now_ms += ms;
        self.feed(Input::TimedOut)
    }

    fn reads_a_good_document(&mut self) -> &mut Self {
        self.feed(Input::MrzRead { inspection: id(1) });
        self.feed(Input::DocumentJudged {
            inspection: id(1),
            document: CheckResult::Successful,
        })
    }

    fn walks_in(&mut self) -> &mut Self {
        self.sees(ENTRY_OPEN);
        self.sees(Occupancy {
            people: 1,
            ..ENTRY_OPEN
        });
        self.sees(ONE_INSIDE)
    }

    fn face(&mut self, face: CheckResult, presentation: CheckResult) -> &mut Self {
        self.feed(Input::FaceJudged {
            inspection: id(1),
            face,
            presentation,
            evidence: evidence(),
        })
    }

    fn verdict(&mut self, who: &str, verdict: Verdict) -> &mut Self {
        self.feed(Input::VerdictArrived {
            inspection: id(1),
            evidence: evidence(),
            authority: authority(who),
            verdict,
            expires: NEVER,
        })
    }

    fn officer(&mut self, who: &str, decision: OfficerDecision) -> &mut Self {
        self.feed(Input::DecisionArrived {
            inspection: id(1),
            authority: authority(who),
            officer: OfficerId::parse("officer.test").unwrap(),
            decision,
            expires: NEVER,
        })
    }

    fn inside_and_captured() -> Self {
        let mut bench = Self::idle();
        bench.reads_a_good_document().walks_in();
        bench.face(CheckResult::Successful, CheckResult::Successful);
        assert_eq!(bench.lane.phase().name(), "deciding");
        bench
    }

    fn ends(&self) -> Vec<(Outcome, Option<ReferralCause>)> {
        self.out
            .iter()
            .filter_map(|effect| match effect {
                Effect::Close { outcome, cause, .. } => Some((*outcome, *cause)),
                Effect::Journal(_)
                | Effect::Order(_)
                | Effect::Show(_)
                | Effect::ReadDocument(_)
                | Effect::StartCapture(_)
                | Effect::StopCapture
                | Effect::AskVerdicts(_)
                | Effect::CallOfficer { .. } => None,
            })
            .collect()
    }

    fn released_exit(&self) -> bool {
        self.out.contains(&Effect::Order(BarrierOrder::ReleaseExit))
    }
}

#[test]
fn a_genuine_traveller_is_admitted_once() {
    let mut bench = Bench::inside_and_captured();
    bench
        .verdict("border", Verdict::Clear)
        .verdict("quarantine", Verdict::Clear);
    assert_eq!(bench.lane.ordered(), BarrierOrder::ReleaseExit);
    bench.sees(Occupancy {
        exit_closed: false,
        ..ONE_INSIDE
    });
    bench.sees(Occupancy {
        exit_closed: false,
        people: 0,
        exit_passages: 8,
        ..EMPTY
    });
    bench.sees(Occupancy {
        exit_passages: 8,
        ..EMPTY
    });
    assert_eq!(bench.ends(), [(Outcome::Admitted, None)]);
    assert_eq!(bench.lane.phase().name(), "idle");
}

#[test]
fn the_release_is_in_the_journal_before_the_barrier_is_told() {
    let mut bench = Bench::inside_and_captured();
    bench
        .verdict("border", Verdict::Clear)
        .verdict("quarantine", Verdict::Clear);
    let journal = bench.out.iter().position(|effect| {
        *effect
            == Effect::Journal(JournalEntry::ReleasingExit {
                inspection: id(1),
                exit_passages: 7,
            })
    });
    let order = bench
        .out
        .iter()
        .position(|effect| *effect == Effect::Order(BarrierOrder::ReleaseExit));
    assert!(journal.unwrap() < order.unwrap());
}

#[test]
fn no_answer_is_no_consent() {
    let mut bench = Bench::inside_and_captured();
    bench
        .verdict("border", Verdict::Clear)
        .waits(limits::VERDICT_MS_MAX);
    bench.verdict("quarantine", Verdict::Clear);
    assert!(!bench.released_exit());
    bench.officer("border", OfficerDecision::Release);
    assert!(
        !bench.released_exit(),
        "an officer cannot release for another authority"
    );
    bench
        .officer("border", OfficerDecision::Return)
        .sees(ENTRY_OPEN);
    assert_eq!(
        bench.ends(),
        [(Outcome::Returned, Some(ReferralCause::AuthorityUnavailable))]
    );
}

#[test]
fn a_hold_is_lifted_by_its_owner_alone() {
    let mut bench = Bench::inside_and_captured();
    bench
        .verdict("quarantine", Verdict::Refer)
        .verdict("border", Verdict::Clear);
    bench.officer("border", OfficerDecision::Release);
    assert!(!bench.released_exit());
    bench.officer("quarantine", OfficerDecision::Release);
    assert!(bench.released_exit());
}

#[test]
fn a_mismatching_face_goes_to_the_identity_authority() {
    let mut bench = Bench::idle();
    bench.reads_a_good_document().walks_in();
    bench.face(CheckResult::Failed, CheckResult::Successful);
    bench
        .verdict("border", Verdict::Clear)
        .verdict("quarantine", Verdict::Clear);
    assert!(
        !bench.released_exit(),
        "the gate's own check holds even if all verdicts are clear"
    );
    bench.officer("quarantine", OfficerDecision::Release);
    assert!(!bench.released_exit());
    bench.officer("border", OfficerDecision::Release);
    assert!(bench.released_exit());
}

#[test]
fn a_bad_document_never_opens_the_entry() {
    for (judged, outcome) in [
        (
            Input::DocumentJudged {
                inspection: id(1),
                document: CheckResult::Failed,
            },
            Outcome::Referred,
        ),
        (
            Input::DocumentJudged {
                inspection: id(1),
                document: CheckResult::Undetermined,
            },
            Outcome::Referred,
        ),
        (
            Input::DocumentUnread {
                inspection: id(1),
                failure: ReadFailure::Suspicious,
            },
            Outcome::Referred,
        ),
        (
            Input::DocumentUnread {
                inspection: id(1),
                failure: ReadFailure::TryAgain,
            },
            Outcome::Returned,
        ),
    ] {
        let mut bench = Bench::idle();
        bench
            .feed(Input::MrzRead { inspection: id(1) })
            .feed(judged);
        assert_eq!(bench.lane.ordered(), BarrierOrder::SecureBoth);
        assert_eq!(bench.ends()[0].0, outcome);
        bench.feed(Input::DocumentRemoved).sees(EMPTY);
        assert_eq!(bench.lane.phase().name(), "idle");
    }
}

#[test]
fn a_tailgater_is_asked_to_step_back_and_then_referred() {
    let mut bench = Bench::idle();
    bench.reads_a_good_document();
    bench.sees(Occupancy {
        people: 2,
        ..ENTRY_OPEN
    });
    assert_eq!(bench.lane.phase().name(), "separating");
    bench.waits(limits::ONE_PERSON_MS_MAX);
    assert_eq!(bench.lane.phase().name(), "referred");
    bench.officer("border", OfficerDecision::Release);
    assert!(!bench.released_exit());
    bench
        .sees(Occupancy { people: 2, ..EMPTY })
        .officer("border", OfficerDecision::Return);
    bench.sees(ENTRY_OPEN);
    assert_eq!(
        bench.ends(),
        [(Outcome::Returned, Some(ReferralCause::SecondPerson))]
    );
}

#[test]
fn a_tailgater_who_steps_back_costs_only_time() {
    let mut bench = Bench::idle();
    bench.reads_a_good_document();
    bench.sees(Occupancy {
        people: 2,
        ..ENTRY_OPEN
    });
    bench
        .sees(Occupancy {
            people: 1,
            ..ENTRY_OPEN
        })
        .sees(ONE_INSIDE);
    assert_eq!(bench.lane.phase().name(), "capturing");
}

#[test]
fn a_traveller_who_walks_away_leaves_a_secured_lane() {
    let mut bench = Bench::idle();
    bench
        .reads_a_good_document()
        .sees(ENTRY_OPEN)
        .waits(limits::STEP_IN_MS_MAX)
        .sees(EMPTY);
    assert_eq!(bench.ends(), [(Outcome::Returned, None)]);
    assert_eq!(bench.lane.phase().name(), "idle");
}

#[test]
fn evacuation_outranks_everything_and_ends_the_inspection() {
    let mut bench = Bench::inside_and_captured();
    bench.sees(Occupancy {
        evacuation: true,
        ..ONE_INSIDE
    });
    bench
        .verdict("border", Verdict::Clear)
        .verdict("quarantine", Verdict::Clear);
    assert!(!bench.released_exit());
    bench.sees(EMPTY).sees(EMPTY);
    assert_eq!(bench.ends(), [(Outcome::Evacuated, None)]);
    assert_eq!(bench.lane.phase().name(), "idle");
}

#[test]
fn a_lost_lane_controller_secures_and_calls_an_officer() {
    let mut bench = Bench::inside_and_captured();
    bench.feed(Input::FaultRaised(Fault::LaneControllerLost));
    assert_eq!(bench.lane.phase().name(), "referred");
    bench.officer("border", OfficerDecision::Refer);
    assert_eq!(
        bench.ends(),
        [(Outcome::TakenOver, Some(ReferralCause::DeviceFault))]
    );
    bench
        .feed(Input::FaultCleared(Fault::LaneControllerLost))
        .sees(EMPTY)
        .sees(EMPTY);
    assert_eq!(bench.lane.phase().name(), "idle");
}

#[test]
fn an_expired_consent_does_not_release() {
    let mut bench = Bench::inside_and_captured();
    bench.verdict("border", Verdict::Clear);
    bench.feed(Input::VerdictArrived {
        inspection: id(1),
        evidence: evidence(),
        authority: authority("quarantine"),
        verdict: Verdict::Clear,
        expires: UtcTime(0),
    });
    assert!(!bench.released_exit());
    assert_eq!(bench.lane.phase().name(), "referred");
}

#[test]
fn a_verdict_over_other_evidence_does_not_count() {
    let mut bench = Bench::inside_and_captured();
    bench.verdict("border", Verdict::Clear);
    bench.feed(Input::VerdictArrived {
        inspection: id(1),
        evidence: EvidenceHash::over(&[("test", b"other")]),
        authority: authority("quarantine"),
        verdict: Verdict::Clear,
        expires: NEVER,
    });
    assert!(!bench.released_exit());
    assert_eq!(bench.lane.phase().name(), "deciding");
}

#[test]
fn a_restart_believes_the_passage_counter() {
    let ended = |released: Option<u32>, seen: Occupancy| {
        let mut bench = Bench::new();
        bench.feed(Input::FoundUnfinished(Unfinished {
            inspection: id(1),
            exit_passages_at_release: released,
        }));
        bench.sees(seen);
        assert_eq!(bench.lane.ordered(), BarrierOrder::SecureBoth);
        (bench.ends(), bench.lane.phase().name())
    };
    assert_eq!(ended(Some(6), EMPTY).0, [(Outcome::Admitted, None)]);
    assert_eq!(ended(Some(7), EMPTY).0, [(Outcome::Returned, None)]);
    assert_eq!(ended(None, EMPTY).0, [(Outcome::Returned, None)]);
    assert_eq!(ended(Some(7), ONE_INSIDE), (vec![], "referred"));
}

fn occupancy() -> impl Strategy<Value = Occupancy> {
    (
        any::<bool>(),
        any::<bool>(),
        0u8..4,
        any::<bool>(),
        0u32..4,
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(entry_closed, exit_closed, people, entry_beam, exit_passages, evacuation)| {
                Occupancy {
                    entry_closed,
                    exit_closed,
                    people,
                    entry_beam,
                    exit_passages,
                    evacuation,
                }
            },
        )
}

fn result() -> impl Strategy<Value = CheckResult> {
    prop_oneof![
        6 => Just(CheckResult::Successful),
        1 => Just(CheckResult::Failed),
        1 => Just(CheckResult::Undetermined),
        1 => Just(CheckResult::Aborted),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![6 => Just(Verdict::Clear), 1 => Just(Verdict::Refer), 1 => Just(Verdict::Unavailable)]
}

fn who() -> impl Strategy<Value = AuthorityId> {
    prop_oneof![Just(authority("border")), Just(authority("quarantine"))]
}

/// Any fact at all, weighted so that runs get somewhere.
fn input() -> impl Strategy<Value = Input> {
    let inspection = (0u64..2).prop_map(id);
    prop_oneof![
        8 => occupancy().prop_map(Input::Sensed),
        4 => prop_oneof![Just(EMPTY), Just(ONE_INSIDE), Just(ENTRY_OPEN)].prop_map(Input::Sensed),
        3 => inspection.clone().prop_map(|inspection| Input::MrzRead { inspection }),
        3 => (inspection.clone(), result())
            .prop_map(|(inspection, document)| Input::DocumentJudged { inspection, document }),
        1 => Just(Input::DocumentRemoved),
        1 => Just(Input::CaptureCoached(Coaching::ComeCloser)),
        3 => (inspection.clone(), result(), result()).prop_map(|(inspection, face, presentation)| {
            Input::FaceJudged { inspection, face, presentation, evidence: evidence() }
        }),
        1 => inspection.clone()
            .prop_map(|inspection| Input::NoFace { inspection, evidence: evidence() }),
        6 => (inspection.clone(), who(), verdict(), 0i64..100_000).prop_map(
            |(inspection, authority, verdict, expires)| Input::VerdictArrived {
                inspection, evidence: evidence(), authority, verdict, expires: UtcTime(expires),
            }
        ),
        2 => (inspection, who(), prop_oneof![
            Just(OfficerDecision::Release), Just(OfficerDecision::Return), Just(OfficerDecision::Refer)
        ]).prop_map(|(inspection, authority, decision)| Input::DecisionArrived {
            inspection, authority, decision, expires: NEVER,
            officer: OfficerId::parse("officer.test").unwrap(),
        }),
        1 => prop_oneof![Just(Fault::LaneControllerLost), Just(Fault::CameraLost)]
            .prop_map(Input::FaultRaised),
        2 => prop_oneof![Just(Fault::LaneControllerLost), Just(Fault::CameraLost)]
            .prop_map(Input::FaultCleared),
        2 => Just(Input::TimedOut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever happens: a barrier is released only while the interlock permits it; the exit only with consents
    /// actually heard for this inspection; every inspection ends exactly once.
    #[test]
    fn invariants_hold_under_any_facts(
        facts in prop::collection::vec((input(), 0u64..3_000), 0..80)
    ) {
        let mut bench = Bench::idle();
        bench.out.clear();
        let mut open: Option<InspectionId> = None;
        let mut consents: BTreeSet<(InspectionId, AuthorityId)> = BTreeSet::new();
        for (n, (fact, wait_ms)) in facts.into_iter().enumerate() {
            // Every inspection gets a fresh id, as the shell guarantees.
            let fact = match fact {
                Input::MrzRead { .. } => Input::MrzRead { inspection: id(1_000 + n as u64) },
                other => readdress(other, open),
            };
            match &fact {
                Input::VerdictArrived { inspection, authority, verdict: Verdict::Clear, .. }
                | Input::DecisionArrived {
                    inspection, authority, decision: OfficerDecision::Release, ..
                } => {
                    consents.insert((*inspection, authority.clone()));
                }
                _ => {}
            }
            bench.now_ms += wait_ms;
            bench.feed(fact);
            for effect in std::mem::take(&mut bench.out) {
                match effect {
                    Effect::Journal(JournalEntry::Opened { inspection }) => {
                        prop_assert_eq!(open, None, "one inspection at a time");
                        open = Some(inspection);
                    }
                    Effect::Close { inspection, .. } => {
                        prop_assert_eq!(open, Some(inspection), "ends once, and only if open");
                        open = None;
                    }
                    Effect::Order(BarrierOrder::ReleaseExit) => {
                        let seen = bench.lane.seen().copied().unwrap_or_default();
                        prop_assert!(seen.entry_closed && seen.people == 1 && !seen.evacuation);
                        for name in ["border", "quarantine"] {
                            prop_assert!(consents.contains(&(open.unwrap(), authority(name))));
                        }
                    }
                    Effect::Order(BarrierOrder::ReleaseEntry) => {
                        let seen = bench.lane.seen().copied().unwrap_or_default();
                        prop_assert!(seen.exit_closed && !seen.evacuation);
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(open, bench.lane.phase().inspection().map(|i| i.id));
            let releasing = matches!(bench.lane.phase(), Phase::Releasing { .. });
            prop_assert_eq!(bench.lane.ordered() == BarrierOrder::ReleaseExit, releasing);
        }
    }
}

/// Points facts about "some" inspection at the running one half of the time.
fn readdress(fact: Input, open: Option<InspectionId>) -> Input {
    let pick = |inspection: InspectionId| match open {
        Some(open) if inspection == id(1) => open,
        _ => inspection,
    };
    match fact {
        Input::DocumentJudged {
            inspection,
            document,
        } => Input::DocumentJudged {
            inspection: pick(inspection),
            document,
        },
        Input::FaceJudged {
            inspection,
            face,
            presentation,
            evidence,
        } => Input::FaceJudged {
            inspection: pick(inspection),
            face,
            presentation,
            evidence,
        },
        Input::NoFace {
            inspection,
            evidence,
        } => Input::NoFace {
            inspection: pick(inspection),
            evidence,
        },
        Input::VerdictArrived {
            inspection,
            evidence,
            authority,
            verdict,
            expires,
        } => {
            let inspection = pick(inspection);
            Input::VerdictArrived {
                inspection,
                evidence,
                authority,
                verdict,
                expires,
            }
        }
        Input::DecisionArrived {
            inspection,
            authority,
            officer,
            decision,
            expires,
        } => {
            let inspection = pick(inspection);
            Input::DecisionArrived {
                inspection,
                authority,
                officer,
                decision,
                expires,
            }
        }
        other => other,
    }
}
