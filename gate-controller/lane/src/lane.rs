//! The machine itself: one function in, one list of effects out.

use std::collections::BTreeSet;

use egate_rules::joint::{Joint, Standings};
use egate_types::{
    AuthorityId, CheckResult, Coaching, Fault, InspectionId, MonoTime, OfficerDecision, Outcome,
    ReferralCause, Severity, TravellerScreen,
};

use crate::facts::{BarrierOrder, Effect, Input, JournalEntry, Now, Occupancy, ReadFailure};
use crate::limits::{
    CAPTURE_MS_MAX, CLEAR_MS_MAX, DISMISSED_MS_MAX, LATCH_MS_MAX, ONE_PERSON_MS_MAX, READ_MS_MAX,
    RETURN_MS_MAX, STEP_IN_MS_MAX, STEP_OUT_MS_MAX, VERDICT_MS_MAX,
};
use crate::phase::{Inspection, Phase};
use crate::{Unfinished, permit};

/// What a lane requires; from its signed configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneConfig {
    /// Authorities whose consent every release needs.
    pub required: Vec<AuthorityId>,
    /// The authority that answers for identity: its officer may overrule the gate's own checks.
    pub identity: AuthorityId,
}

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The phase has lasted as long as it may.
    PhaseLimit(&'static str),
}

/// One lane.
#[derive(Debug, Clone)]
pub struct Lane {
    config: LaneConfig,
    phase: Phase,
    seen: Option<Occupancy>,
    faults: BTreeSet<Fault>,
    ordered: BarrierOrder,
    shown: Option<TravellerScreen>,
}

impl Lane {
    /// A lane at start-up: everything secured until the first readings are in.
    pub fn new(config: LaneConfig) -> Self {
        Self {
            config,
            phase: Phase::Starting,
            seen: None,
            faults: BTreeSet::new(),
            ordered: BarrierOrder::SecureBoth,
            shown: None,
        }
    }

    /// What the lane is doing.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The order that stands.
    pub fn ordered(&self) -> BarrierOrder {
        self.ordered
    }

    /// Faults that stand.
    pub fn faults(&self) -> &BTreeSet<Fault> {
        &self.faults
    }

    /// What the traveller sees.
    pub fn shown(&self) -> Option<TravellerScreen> {
        self.shown
    }

    /// The last readings, if they still count.
    pub fn seen(&self) -> Option<&Occupancy> {
        self.seen.as_ref()
    }

    /// When the lane wants [`Input::TimedOut`], and why.
    pub fn poll_timeout(&self) -> Option<(MonoTime, Why)> {
        let (since, limit_ms) = match &self.phase {
            Phase::Reading { since, .. } => (since, READ_MS_MAX),
            Phase::Dismissed { since } => (since, DISMISSED_MS_MAX),
            Phase::Admitting { since, .. } => (since, STEP_IN_MS_MAX),
            Phase::Separating { since, .. } => (since, ONE_PERSON_MS_MAX),
            Phase::Latching { since, .. } => (since, LATCH_MS_MAX),
            Phase::Capturing { since, .. } => (since, CAPTURE_MS_MAX),
            Phase::Deciding { since, .. } => (since, VERDICT_MS_MAX),
            Phase::Releasing { since, .. } => (since, STEP_OUT_MS_MAX),
            Phase::Returning { since, .. } => (since, RETURN_MS_MAX),
            Phase::Clearing { since } => (since, CLEAR_MS_MAX),
            Phase::Starting
            | Phase::Recovering { .. }
            | Phase::Closed
            | Phase::Idle
            | Phase::Referred { .. }
            | Phase::Evacuating => return None,
        };
        Some((since.plus_ms(limit_ms), Why::PhaseLimit(self.phase.name())))
    }

    /// Takes one fact; appends what is to be done, in order.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Effect>) {
        if input == Input::TimedOut && !self.timeout_due(now) {
            return;
        }
        self.absorb(&input);
        let phase = std::mem::replace(&mut self.phase, Phase::Starting);
        let mut turn = Turn {
            lane: self,
            now,
            out,
        };
        let phase = match turn.overruled(phase) {
            Ok(phase) => phase,
            Err(phase) => turn.follow(phase, input),
        };
        self.phase = phase;
    }

    fn timeout_due(&self, now: Now) -> bool {
        self.poll_timeout()
            .is_some_and(|(deadline, _)| deadline <= now.mono)
    }

    /// Believes the sensors and the devices before anything is decided.
    fn absorb(&mut self, input: &Input) {
        if let Input::Sensed(seen) = input {
            self.seen = Some(*seen);
        } else if let Input::FaultRaised(fault) = input {
            self.faults.insert(*fault);
            if *fault == Fault::LaneControllerLost {
                self.seen = None;
            }
        } else if let Input::FaultCleared(fault) = input {
            self.faults.remove(fault);
        }
    }

    fn worst_fault(&self) -> Option<Severity> {
        self.faults.iter().map(|fault| fault.severity()).max()
    }

    /// Whether a new traveller may be served.
    fn serviceable(&self) -> bool {
        self.worst_fault()
            .is_none_or(|severity| severity < Severity::Degraded)
    }
}

/// One call of [`Lane::handle`].
struct Turn<'a> {
    lane: &'a mut Lane,
    now: Now,
    out: &'a mut Vec<Effect>,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "arms are guarded, so each phase needs a last arm: a fact it does not know leaves it as it is"
)]
impl Turn<'_> {
    /// Evacuation and faults outrank every phase. `Err` gives the phase back: nothing overrules it.
    fn overruled(&mut self, phase: Phase) -> Result<Phase, Phase> {
        let evacuation = self.lane.seen.is_some_and(|seen| seen.evacuation);
        match (&phase, evacuation) {
            (Phase::Evacuating, _) => return Err(phase),
            (_, true) => return Ok(self.evacuate(phase)),
            (_, false) => {}
        }
        match self.lane.worst_fault() {
            Some(Severity::OutOfService) => self.out_of_service(phase),
            Some(Severity::Degraded) => self.degraded(phase),
            Some(Severity::Warning) | None => Err(phase),
        }
    }

    fn evacuate(&mut self, phase: Phase) -> Phase {
        if matches!(phase, Phase::Capturing { .. }) {
            self.out.push(Effect::StopCapture);
        }
        self.secure();
        self.show(TravellerScreen::Evacuate);
        if let Some(inspection) = into_inspection(phase) {
            self.close(inspection, Outcome::Evacuated);
        }
        Phase::Evacuating
    }

    /// A grave fault: nobody is let in or out by the software.
    fn out_of_service(&mut self, phase: Phase) -> Result<Phase, Phase> {
        match phase {
            Phase::Closed
            | Phase::Referred { .. }
            | Phase::Recovering { .. }
            | Phase::Evacuating => Err(phase),
            Phase::Reading { inspection, .. } => {
                self.close(inspection, Outcome::Returned);
                Ok(self.enter_closed())
            }
            Phase::Starting | Phase::Idle | Phase::Dismissed { .. } | Phase::Clearing { .. } => {
                Ok(self.enter_closed())
            }
            Phase::Capturing { inspection, .. } => {
                self.out.push(Effect::StopCapture);
                Ok(self.refer(inspection, ReferralCause::DeviceFault))
            }
            Phase::Admitting { inspection, .. }
            | Phase::Separating { inspection, .. }
            | Phase::Latching { inspection, .. }
            | Phase::Deciding { inspection, .. }
            | Phase::Releasing { inspection, .. }
            | Phase::Returning { inspection, .. } => {
                Ok(self.refer(inspection, ReferralCause::DeviceFault))
            }
        }
    }

    /// A lesser fault: whoever is inside is served to the end, unless the device is needed; nobody new is.
    fn degraded(&mut self, phase: Phase) -> Result<Phase, Phase> {
        let camera = [Fault::CameraLost, Fault::FacePipelineFailed];
        let blind = camera.iter().any(|fault| self.lane.faults.contains(fault));
        match phase {
            Phase::Idle => Ok(self.enter_closed()),
            Phase::Capturing { inspection, .. } if blind => {
                self.out.push(Effect::StopCapture);
                Ok(self.refer(inspection, ReferralCause::DeviceFault))
            }
            phase => Err(phase),
        }
    }

    /// One arm per phase; what a phase does not know leaves it as it is.
    fn follow(&mut self, phase: Phase, input: Input) -> Phase {
        match phase {
            Phase::Starting => self.starting(input),
            Phase::Recovering {
                inspection,
                exit_passages_at_release,
            } => self.recovering(inspection, exit_passages_at_release, &input),
            Phase::Closed => self.closed(),
            Phase::Idle => self.idle(&input),
            Phase::Reading { since, inspection } => self.reading(since, inspection, &input),
            Phase::Dismissed { since } => self.dismissed(since, &input),
            Phase::Admitting { since, inspection } => self.admitting(since, inspection, &input),
            Phase::Separating { since, inspection } => self.separating(since, inspection, &input),
            Phase::Latching { since, inspection } => self.latching(since, inspection, &input),
            Phase::Capturing { since, inspection } => self.capturing(since, inspection, &input),
            Phase::Deciding { since, inspection } => self.deciding(since, inspection, &input),
            Phase::Releasing {
                since,
                inspection,
                exit_passages,
            } => self.releasing(since, inspection, exit_passages, &input),
            Phase::Referred { since, inspection } => self.referred(since, inspection, input),
            Phase::Returning {
                since,
                inspection,
                outcome,
            } => self.returning(since, inspection, outcome, &input),
            Phase::Clearing { since } => self.clearing(since, &input),
            Phase::Evacuating => self.evacuating(),
        }
    }

    fn starting(&mut self, input: Input) -> Phase {
        if let Input::FoundUnfinished(Unfinished {
            inspection,
            exit_passages_at_release,
        }) = input
        {
            return Phase::Recovering {
                inspection: self.new_inspection(inspection),
                exit_passages_at_release,
            };
        }
        if self.lane.seen.is_some() {
            self.enter_clearing()
        } else {
            Phase::Starting
        }
    }

    /// Waits for closed barriers, then believes the passage counter: it lives in the lane controller and has
    /// seen what the gate missed.
    fn recovering(
        &mut self,
        mut inspection: Inspection,
        exit_passages_at_release: Option<u32>,
        input: &Input,
    ) -> Phase {
        let Input::Sensed(seen) = input else {
            return Phase::Recovering {
                inspection,
                exit_passages_at_release,
            };
        };
        if !(seen.entry_closed && seen.exit_closed) {
            return Phase::Recovering {
                inspection,
                exit_passages_at_release,
            };
        }
        inspection.mark(self.now.mono, "recovered");
        if exit_passages_at_release.is_some_and(|before| seen.exit_passages != before) {
            self.close(inspection, Outcome::Admitted);
            return self.enter_clearing();
        }
        if seen.people == 0 {
            self.close(inspection, Outcome::Returned);
            return self.enter_clearing();
        }
        self.refer(inspection, ReferralCause::Recovered)
    }

    fn closed(&mut self) -> Phase {
        if self.lane.serviceable() && self.lane.seen.is_some() {
            self.enter_clearing()
        } else {
            Phase::Closed
        }
    }

    fn idle(&mut self, input: &Input) -> Phase {
        match input {
            Input::MrzRead { inspection } => {
                let inspection = self.new_inspection(*inspection);
                let id = inspection.id;
                self.out
                    .push(Effect::Journal(JournalEntry::Opened { inspection: id }));
                self.show(TravellerScreen::ReadingDocument);
                self.out.push(Effect::ReadDocument(id));
                Phase::Reading {
                    since: self.now.mono,
                    inspection,
                }
            }
            Input::Sensed(seen) if seen.people > 0 => self.enter_clearing(),
            _ => Phase::Idle,
        }
    }

    fn reading(&mut self, since: MonoTime, mut inspection: Inspection, input: &Input) -> Phase {
        match input {
            Input::DocumentJudged {
                inspection: id,
                document,
            } if *id == inspection.id => {
                inspection.document = *document;
                inspection.mark(self.now.mono, "document_read");
                if *document == CheckResult::Successful && self.order(BarrierOrder::ReleaseEntry) {
                    self.show(TravellerScreen::StepIn);
                    return Phase::Admitting {
                        since: self.now.mono,
                        inspection,
                    };
                }
                self.dismiss_to_officer(inspection)
            }
            Input::DocumentUnread {
                inspection: id,
                failure: ReadFailure::Suspicious,
            } if *id == inspection.id => self.dismiss_to_officer(inspection),
            Input::DocumentUnread {
                inspection: id,
                failure: ReadFailure::TryAgain,
            } if *id == inspection.id => self.dismiss_to_try_again(inspection),
            Input::TimedOut => self.dismiss_to_try_again(inspection),
            Input::DocumentRemoved => {
                inspection.mark(self.now.mono, "document_removed");
                self.close(inspection, Outcome::Returned);
                self.enter_clearing()
            }
            _ => Phase::Reading { since, inspection },
        }
    }

    /// Outside the lane a doubtful document goes to an officer's counter; the lane stays free.
    fn dismiss_to_officer(&mut self, mut inspection: Inspection) -> Phase {
        self.call(&mut inspection, ReferralCause::DocumentCheck);
        self.show(TravellerScreen::OfficerComes);
        self.close(inspection, Outcome::Referred);
        Phase::Dismissed {
            since: self.now.mono,
        }
    }

    fn dismiss_to_try_again(&mut self, mut inspection: Inspection) -> Phase {
        inspection.mark(self.now.mono, "document_unreadable");
        self.show(TravellerScreen::PlaceDocumentAgain);
        self.close(inspection, Outcome::Returned);
        Phase::Dismissed {
            since: self.now.mono,
        }
    }

    fn dismissed(&mut self, since: MonoTime, input: &Input) -> Phase {
        match input {
            Input::DocumentRemoved => self.enter_clearing(),
            Input::TimedOut => {
                self.show(TravellerScreen::OfficerComes);
                Phase::Dismissed {
                    since: self.now.mono,
                }
            }
            _ => Phase::Dismissed { since },
        }
    }

    fn admitting(&mut self, since: MonoTime, mut inspection: Inspection, input: &Input) -> Phase {
        match input {
            Input::Sensed(seen) if seen.people > 1 => self.enter_separating(inspection),
            Input::Sensed(seen) if seen.people == 1 && !seen.entry_beam => {
                inspection.mark(self.now.mono, "stepped_in");
                self.enter_latching(inspection)
            }
            Input::TimedOut => {
                if self.lane.seen.is_some_and(|seen| seen.people > 0) {
                    return self.enter_latching(inspection);
                }
                inspection.mark(self.now.mono, "nobody_came");
                self.close(inspection, Outcome::Returned);
                self.enter_clearing()
            }
            _ => Phase::Admitting { since, inspection },
        }
    }

    fn enter_separating(&mut self, mut inspection: Inspection) -> Phase {
        inspection.mark(self.now.mono, "second_person");
        self.show(TravellerScreen::OnePersonOnly);
        Phase::Separating {
            since: self.now.mono,
            inspection,
        }
    }

    fn separating(&mut self, since: MonoTime, mut inspection: Inspection, input: &Input) -> Phase {
        match input {
            Input::Sensed(seen) if seen.people == 1 && !seen.entry_beam => {
                inspection.mark(self.now.mono, "separated");
                self.enter_latching(inspection)
            }
            Input::Sensed(seen) if seen.people == 0 && !seen.entry_beam => {
                self.close(inspection, Outcome::Returned);
                self.enter_clearing()
            }
            Input::TimedOut => self.refer(inspection, ReferralCause::SecondPerson),
            _ => Phase::Separating { since, inspection },
        }
    }

    fn enter_latching(&mut self, inspection: Inspection) -> Phase {
        self.secure();
        Phase::Latching {
            since: self.now.mono,
            inspection,
        }
    }

    fn latching(&mut self, since: MonoTime, mut inspection: Inspection, input: &Input) -> Phase {
        match input {
            Input::Sensed(seen) if seen.people > 1 => {
                let warned = inspection
                    .steps
                    .iter()
                    .any(|step| step.step == "second_person");
                if warned || !self.order(BarrierOrder::ReleaseEntry) {
                    return self.refer(inspection, ReferralCause::SecondPerson);
                }
                self.enter_separating(inspection)
            }
            Input::Sensed(seen) if seen.entry_closed && seen.exit_closed && seen.people == 1 => {
                inspection.mark(self.now.mono, "latched");
                self.show(TravellerScreen::Capture(Coaching::LookAtCamera));
                self.out.push(Effect::StartCapture(inspection.id));
                Phase::Capturing {
                    since: self.now.mono,
                    inspection,
                }
            }
            Input::Sensed(seen) if seen.entry_closed && seen.people == 0 => {
                self.close(inspection, Outcome::Returned);
                self.enter_clearing()
            }
            Input::TimedOut => self.refer(inspection, ReferralCause::DeviceFault),
            _ => Phase::Latching { since, inspection },
        }
    }

    fn capturing(&mut self, since: MonoTime, mut inspection: Inspection, input: &Input) -> Phase {
        match input {
            Input::CaptureCoached(coaching) => {
                self.show(TravellerScreen::Capture(*coaching));
                Phase::Capturing { since, inspection }
            }
            Input::FaceJudged {
                inspection: id,
                face,
                presentation,
                evidence,
            } if *id == inspection.id => {
                inspection.face = *face;
                inspection.presentation = *presentation;
                inspection.evidence = Some(*evidence);
                inspection.mark(self.now.mono, "face_compared");
                self.show(TravellerScreen::PleaseWait);
                self.out.push(Effect::AskVerdicts(inspection.id));
                Phase::Deciding {
                    since: self.now.mono,
                    inspection,
                }
            }
            Input::NoFace {
                inspection: id,
                evidence,
            } if *id == inspection.id => {
                inspection.evidence = Some(*evidence);
                inspection.mark(self.now.mono, "no_face");
                self.out.push(Effect::AskVerdicts(inspection.id));
                self.refer(inspection, ReferralCause::NoFaceCaptured)
            }
            Input::Sensed(seen) if seen.people != 1 => {
                self.out.push(Effect::StopCapture);
                self.refer(inspection, crowd_cause(seen.people))
            }
            Input::TimedOut => {
                self.out.push(Effect::StopCapture);
                self.refer(inspection, ReferralCause::NoFaceCaptured)
            }
            _ => Phase::Capturing { since, inspection },
        }
    }

    fn deciding(&mut self, since: MonoTime, mut inspection: Inspection, input: &Input) -> Phase {
        match input {
            Input::VerdictArrived { .. } => {
                self.hear(&mut inspection, input);
                match inspection.standings.joint(self.now.utc) {
                    Joint::Pending => Phase::Deciding { since, inspection },
                    Joint::AllClear | Joint::Unavailable | Joint::Refer | Joint::Refuse => {
                        inspection.mark(self.now.mono, "verdicts");
                        self.release_or_refer(inspection)
                    }
                }
            }
            Input::Sensed(seen) if seen.people != 1 => {
                self.refer(inspection, crowd_cause(seen.people))
            }
            Input::TimedOut => {
                inspection.standings.close_hearing();
                inspection.mark(self.now.mono, "verdicts_timed_out");
                self.release_or_refer(inspection)
            }
            _ => Phase::Deciding { since, inspection },
        }
    }

    /// Counts a verdict only for this inspection and this evidence.
    fn hear(&self, inspection: &mut Inspection, input: &Input) {
        if let Input::VerdictArrived {
            inspection: id,
            evidence,
            authority,
            verdict,
            expires,
        } = input
            && *id == inspection.id
            && Some(*evidence) == inspection.evidence
        {
            inspection.standings.hear(authority, *verdict, *expires);
        }
    }

    fn release_or_refer(&mut self, inspection: Inspection) -> Phase {
        match self.release(inspection) {
            Ok(phase) => phase,
            Err(inspection) => {
                let cause = self.hold_cause(&inspection);
                self.refer(inspection, cause)
            }
        }
    }

    /// The one place where the exit barrier is released. `Err` gives the inspection back: not everybody consents,
    /// or the interlock refuses.
    fn release(&mut self, mut inspection: Inspection) -> Result<Phase, Inspection> {
        let overruled = inspection
            .standings
            .released_by(&self.lane.config.identity, self.now.utc);
        let consent = inspection.evidence.is_some()
            && inspection.standings.joint(self.now.utc) == Joint::AllClear
            && (inspection.checks_successful() || overruled);
        let Some(seen) = self.lane.seen.filter(|_| consent) else {
            return Err(inspection);
        };
        if permit(BarrierOrder::ReleaseExit, &seen).is_err() {
            return Err(inspection);
        }
        let exit_passages = seen.exit_passages;
        let entry = JournalEntry::ReleasingExit {
            inspection: inspection.id,
            exit_passages,
        };
        self.out.push(Effect::Journal(entry));
        self.order(BarrierOrder::ReleaseExit);
        self.show(TravellerScreen::GoAhead);
        inspection.mark(self.now.mono, "released");
        Ok(Phase::Releasing {
            since: self.now.mono,
            inspection,
            exit_passages,
        })
    }

    fn hold_cause(&self, inspection: &Inspection) -> ReferralCause {
        let successful = |result| result == CheckResult::Successful;
        if !successful(inspection.document) {
            ReferralCause::DocumentCheck
        } else if !successful(inspection.presentation) {
            ReferralCause::PresentationAttack
        } else if !successful(inspection.face) {
            ReferralCause::FaceMismatch
        } else {
            match inspection.standings.joint(self.now.utc) {
                Joint::Refer | Joint::Refuse => ReferralCause::AuthorityHold,
                Joint::Unavailable | Joint::Pending => ReferralCause::AuthorityUnavailable,
                Joint::AllClear => ReferralCause::DeviceFault,
            }
        }
    }

    fn releasing(
        &mut self,
        since: MonoTime,
        mut inspection: Inspection,
        exit_passages: u32,
        input: &Input,
    ) -> Phase {
        match input {
            Input::Sensed(seen) if seen.exit_passages != exit_passages => {
                inspection.mark(self.now.mono, "passed");
                self.close(inspection, Outcome::Admitted);
                self.enter_clearing()
            }
            Input::Sensed(seen) if seen.people > 1 => {
                self.refer(inspection, ReferralCause::SecondPerson)
            }
            Input::TimedOut => self.refer(inspection, ReferralCause::Overstay),
            _ => Phase::Releasing {
                since,
                inspection,
                exit_passages,
            },
        }
    }

    fn refer(&mut self, mut inspection: Inspection, cause: ReferralCause) -> Phase {
        self.secure();
        self.show(TravellerScreen::OfficerComes);
        self.call(&mut inspection, cause);
        Phase::Referred {
            since: self.now.mono,
            inspection,
        }
    }

    fn call(&mut self, inspection: &mut Inspection, cause: ReferralCause) {
        inspection.mark(self.now.mono, "officer_called");
        inspection.cause.get_or_insert(cause);
        self.out.push(Effect::CallOfficer {
            inspection: inspection.id,
            cause,
        });
    }

    fn referred(&mut self, since: MonoTime, mut inspection: Inspection, input: Input) -> Phase {
        if matches!(input, Input::VerdictArrived { .. }) {
            self.hear(&mut inspection, &input);
        }
        let Input::DecisionArrived {
            inspection: id,
            authority,
            officer,
            decision,
            expires,
        } = input
        else {
            return Phase::Referred { since, inspection };
        };
        let counts = id == inspection.id
            && self.now.utc < expires
            && inspection.standings.get(&authority).is_some();
        if !counts {
            return Phase::Referred { since, inspection };
        }
        let broken = self.lane.worst_fault() == Some(Severity::OutOfService);
        match decision {
            OfficerDecision::Release => {
                inspection.standings.release(&authority, officer, expires);
                inspection.mark(self.now.mono, "officer_released");
                self.release(inspection)
                    .unwrap_or_else(|inspection| Phase::Referred { since, inspection })
            }
            OfficerDecision::Return | OfficerDecision::Refer if broken => {
                self.close(inspection, Outcome::TakenOver);
                self.enter_closed()
            }
            OfficerDecision::Return => self.send_back(inspection, Outcome::Returned),
            OfficerDecision::Refer => self.send_back(inspection, Outcome::Referred),
        }
    }

    fn send_back(&mut self, mut inspection: Inspection, outcome: Outcome) -> Phase {
        inspection.mark(self.now.mono, "officer_decided");
        if !self.order(BarrierOrder::ReleaseEntry) {
            return Phase::Referred {
                since: self.now.mono,
                inspection,
            };
        }
        self.show(TravellerScreen::PleaseReturn);
        Phase::Returning {
            since: self.now.mono,
            inspection,
            outcome,
        }
    }

    fn returning(
        &mut self,
        since: MonoTime,
        mut inspection: Inspection,
        outcome: Outcome,
        input: &Input,
    ) -> Phase {
        match input {
            Input::Sensed(seen) if seen.people == 0 && !seen.entry_beam => {
                inspection.mark(self.now.mono, "left");
                self.close(inspection, outcome);
                self.enter_clearing()
            }
            Input::TimedOut => self.refer(inspection, ReferralCause::Overstay),
            _ => Phase::Returning {
                since,
                inspection,
                outcome,
            },
        }
    }

    fn clearing(&mut self, since: MonoTime, input: &Input) -> Phase {
        if *input == Input::TimedOut {
            self.show(TravellerScreen::OutOfService);
            return Phase::Clearing {
                since: self.now.mono,
            };
        }
        let empty = self
            .lane
            .seen
            .is_some_and(|seen| seen.entry_closed && seen.exit_closed && seen.people == 0);
        match (empty, self.lane.serviceable()) {
            (false, _) => Phase::Clearing { since },
            (true, true) => {
                self.show(TravellerScreen::PlaceDocument);
                Phase::Idle
            }
            (true, false) => self.enter_closed(),
        }
    }

    fn evacuating(&mut self) -> Phase {
        match self.lane.seen {
            Some(seen) if !seen.evacuation => self.enter_clearing(),
            Some(_) | None => Phase::Evacuating,
        }
    }

    fn enter_clearing(&mut self) -> Phase {
        self.secure();
        Phase::Clearing {
            since: self.now.mono,
        }
    }

    fn enter_closed(&mut self) -> Phase {
        self.secure();
        self.show(TravellerScreen::OutOfService);
        Phase::Closed
    }

    fn new_inspection(&self, id: InspectionId) -> Inspection {
        let standings = Standings::new(self.lane.config.required.iter().cloned());
        Inspection::new(id, self.now.mono, standings)
    }

    fn close(&mut self, inspection: Inspection, outcome: Outcome) {
        self.out.push(Effect::Close {
            inspection: inspection.id,
            outcome,
            cause: inspection.cause,
            steps: inspection.steps,
        });
    }

    fn show(&mut self, screen: TravellerScreen) {
        if self.lane.shown != Some(screen) {
            self.lane.shown = Some(screen);
            self.out.push(Effect::Show(screen));
        }
    }

    fn secure(&mut self) {
        self.order(BarrierOrder::SecureBoth);
    }

    /// Gives an order if the interlock permits it; otherwise secures both and says `false`.
    fn order(&mut self, order: BarrierOrder) -> bool {
        let seen = self.lane.seen.unwrap_or_default();
        let permitted = permit(order, &seen).is_ok();
        let order = if permitted {
            order
        } else {
            BarrierOrder::SecureBoth
        };
        if self.lane.ordered != order {
            self.lane.ordered = order;
            self.out.push(Effect::Order(order));
        }
        permitted
    }
}

fn crowd_cause(people: u8) -> ReferralCause {
    if people > 1 {
        ReferralCause::SecondPerson
    } else {
        ReferralCause::DeviceFault
    }
}

fn into_inspection(phase: Phase) -> Option<Inspection> {
    match phase {
        Phase::Recovering { inspection, .. }
        | Phase::Reading { inspection, .. }
        | Phase::Admitting { inspection, .. }
        | Phase::Separating { inspection, .. }
        | Phase::Latching { inspection, .. }
        | Phase::Capturing { inspection, .. }
        | Phase::Deciding { inspection, .. }
        | Phase::Releasing { inspection, .. }
        | Phase::Referred { inspection, .. }
        | Phase::Returning { inspection, .. } => Some(inspection),
        Phase::Starting
        | Phase::Closed
        | Phase::Idle
        | Phase::Dismissed { .. }
        | Phase::Clearing { .. }
        | Phase::Evacuating => None,
    }
}
