//! The lane task: the one owner of the lane machine, woken by one inbox and one deadline.
//!
//! Device tasks put events into one bounded inbox; the machine turns them into effects; effects are carried out in
//! order, the journal durably before what it announces.

use std::collections::BTreeMap;
use std::sync::Arc;

use egate_hardware::FaultChange;
use egate_hardware::camera::Frame;
use egate_hardware::lane_io::{
    BarrierCommand, BarrierPosition, Lamp, LaneCommand, LaneIo, LaneIoEvent, LaneReading,
};
use egate_hardware::scanner::ScannerEvent;
use egate_icao::mrz;
use egate_icao::trust::TrustStore;
use egate_icao::verify::profile::Profile;
use egate_lane::{BarrierOrder, Effect, Input, JournalEntry, Lane, Occupancy, permit};
use egate_types::{
    AuthorityId, ChipAccess, Direction, Fault, InspectionId, LaneId, MrzLines, Outcome,
    ReferralCause, TravellerScreen, UtcTime, Verdict,
};
use egate_wire::v1::{
    DecisionEnvelope, DocumentMessage, EvidenceSubmission, Expected, ExpectedDecision, Jpeg,
    LaneView, OpenInspection, PassageRecord, ReferralNotice, SignedVerdict, StandingView,
    verify_decision, verify_verdict,
};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::document::{ChipReadFailure, ChipSource, ReadDocument, read_and_judge};
use crate::face::{CaptureEvent, FaceEngine, capture};
use crate::field_evaluation::Field;
use crate::inspection::{Ending, OpenCase, records, standing_views};
use crate::journal::{Consent, Journal, Line, Recovery};
use crate::link::{Link, LinkError};

/// Readings older than this are not "now": the second interlock check refuses on them. Ten polls of the driver.
const READING_MS_MAX: u64 = 200;
/// Events waiting for the lane; the sensors alone bring fifty a second.
pub const INBOX_MAX: usize = 256;

/// Whatever can wake the lane.
pub enum Event {
    /// Lane controller.
    LaneIo(LaneIoEvent),
    /// Document scanner.
    Scanner(ScannerEvent),
    /// Camera.
    Camera(FaultChange),
    /// The chip read has ended.
    ChipRead(InspectionId, Result<Box<ReadDocument>, ChipReadFailure>),
    /// The capture has something to say.
    Capture(InspectionId, CaptureEvent),
    /// An authority answered, or failed to.
    Verdict(InspectionId, AuthorityId, Result<SignedVerdict, LinkError>),
    /// An officer of an authority decided something.
    Decision(AuthorityId, DecisionEnvelope),
    /// An authority's service came within reach or went out of it.
    AuthorityReachable(AuthorityId, bool),
    /// An authority has acknowledged a record.
    Delivered(InspectionId, AuthorityId),
    /// Stop: secure the barriers and end.
    Shutdown,
}

/// What the lane task works with.
pub struct Station {
    /// This lane.
    pub lane_id: LaneId,
    /// Which way it leads.
    pub direction: Direction,
    /// Who answers for identity.
    pub identity: AuthorityId,
    /// The machine.
    pub lane: Lane,
    /// Clock.
    pub clock: Clock,
    /// Lane controller driver.
    pub lane_io: LaneIo,
    /// Chip reader.
    pub reader: Arc<dyn ChipSource>,
    /// Trusted CSCA certificates.
    pub trust: Arc<TrustStore>,
    /// How document checks weigh.
    pub profile: Arc<Profile>,
    /// Face pipeline.
    pub engine: FaceEngine,
    /// Newest camera frame.
    pub frames: watch::Receiver<Option<Arc<Frame>>>,
    /// One link per authority.
    pub links: BTreeMap<AuthorityId, Link>,
    /// Journal.
    pub journal: Journal,
    /// What start-up found in it.
    pub recovery: Recovery,
    /// Evaluation in the field.
    pub field: Field,
    /// Records to be delivered.
    pub outbox: mpsc::UnboundedSender<(AuthorityId, PassageRecord)>,
    /// What the traveller sees.
    pub screen: watch::Sender<TravellerScreen>,
    /// What officers see of the lane.
    pub view: watch::Sender<Option<LaneView>>,
    /// The inbox: its sender for the tasks started here, its receiver for the loop.
    pub inbox: (mpsc::Sender<Event>, mpsc::Receiver<Event>),
}

/// The lane cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LaneTaskError {
    /// Nothing may be decided without a journal.
    #[error("the journal failed; both barriers are secured")]
    Journal(#[from] crate::journal::JournalError),
    /// No random numbers.
    #[error("the operating system gives no random numbers; both barriers are secured")]
    Random(#[from] getrandom::Error),
}

/// Runs the lane until shutdown. Dropping the lane controller's driver secures both barriers on every way out.
pub async fn run(station: Station) -> Result<(), LaneTaskError> {
    let mut task = LaneTask::new(station);
    task.recover()?;
    loop {
        match task.next_event().await {
            Ok(None | Some(Event::Shutdown)) => return Ok(()),
            Ok(Some(event)) => task.take(event)?,
            Err(Overdue) => task.feed(Input::TimedOut)?,
        }
    }
}

/// The lane's deadline came before any event.
struct Overdue;

struct LaneTask {
    station: Station,
    case: Option<OpenCase>,
    /// Scanned while the lane was busy with somebody else.
    waiting: Option<MrzLines>,
    reading: Option<LaneReading>,
    capture: Option<AbortHandle>,
    /// The wish for the barriers, as last told to the driver.
    commanded: Option<LaneCommand>,
    standings: Vec<(AuthorityId, StandingView)>,
    admitted: u64,
    phase_since: (&'static str, UtcTime),
}

impl LaneTask {
    fn new(station: Station) -> Self {
        let now = station.clock.utc();
        Self {
            station,
            case: None,
            waiting: None,
            reading: None,
            capture: None,
            commanded: None,
            standings: Vec::new(),
            admitted: 0,
            phase_since: ("starting", now),
        }
    }

    /// Events come first: what has already happened is believed before a deadline is.
    async fn next_event(&mut self) -> Result<Option<Event>, Overdue> {
        let deadline = self.station.lane.poll_timeout();
        let event = self.station.inbox.1.recv();
        match deadline {
            None => Ok(event.await),
            Some((at, _)) => {
                let at = self.station.clock.deadline(at);
                tokio::time::timeout_at(at, event)
                    .await
                    .map_err(|_| Overdue)
            }
        }
    }

    /// Delivers what was not delivered and hands the lane what was not ended.
    fn recover(&mut self) -> Result<(), LaneTaskError> {
        let recovery = std::mem::take(&mut self.station.recovery);
        for undelivered in recovery.undelivered {
            let _ = self.station.outbox.send(undelivered);
        }
        let Some(unfinished) = recovery.unfinished else {
            return Ok(());
        };
        let mut case = OpenCase::new(unfinished.lane.inspection, unfinished.opened_at, None);
        case.evidence = unfinished.evidence;
        for Consent {
            authority,
            verdict,
            decision,
        } in unfinished.consents
        {
            case.verdicts
                .extend(verdict.map(|verdict| (authority.clone(), verdict)));
            case.decisions
                .extend(decision.map(|decision| (authority, decision)));
        }
        tracing::warn!(inspection.id = %case.id, "found an inspection without an end");
        self.case = Some(case);
        self.feed(Input::FoundUnfinished(unfinished.lane))
    }

    fn take(&mut self, event: Event) -> Result<(), LaneTaskError> {
        match event {
            Event::LaneIo(LaneIoEvent::Reading(reading)) => {
                self.reading = Some(reading);
                self.feed(Input::Sensed(occupancy(&reading)))?;
            }
            Event::LaneIo(LaneIoEvent::Fault(change)) | Event::Camera(change) => {
                self.fault(change)?;
            }
            Event::LaneIo(LaneIoEvent::CommandWithheld { violation, .. }) => {
                tracing::warn!(lane.id = %self.station.lane_id, ?violation, "command withheld");
            }
            Event::Scanner(event) => self.scanned(event)?,
            Event::ChipRead(id, result) => self.chip_read(id, result)?,
            Event::Capture(id, event) => self.captured(id, event)?,
            Event::Verdict(id, authority, answer) => self.verdict(id, authority, answer)?,
            Event::Decision(authority, envelope) => self.decision(authority, envelope)?,
            Event::AuthorityReachable(_, reachable) => {
                let change = if reachable {
                    FaultChange::Cleared
                } else {
                    FaultChange::Raised
                };
                self.fault(change(Fault::AuthorityLinkLost))?;
            }
            Event::Delivered(inspection, authority) => {
                self.station.journal.append(&Line::Delivered {
                    inspection,
                    authority,
                })?;
            }
            Event::Shutdown => {}
        }
        if self.station.lane.phase().name() == "idle"
            && let Some(lines) = self.waiting.take()
        {
            self.begin(&lines)?;
        }
        Ok(())
    }

    fn fault(&mut self, change: FaultChange) -> Result<(), LaneTaskError> {
        match change {
            FaultChange::Raised(fault) => {
                tracing::warn!(lane.id = %self.station.lane_id, ?fault, "{}", fault.advice());
                self.feed(Input::FaultRaised(fault))
            }
            FaultChange::Cleared(fault) => {
                tracing::info!(lane.id = %self.station.lane_id, ?fault, "fault cleared");
                self.feed(Input::FaultCleared(fault))
            }
        }
    }

    fn scanned(&mut self, event: ScannerEvent) -> Result<(), LaneTaskError> {
        match event {
            ScannerEvent::DocumentPlaced(_) => Ok(()),
            ScannerEvent::MrzScanned(_, lines) => {
                self.waiting = Some(lines);
                Ok(())
            }
            ScannerEvent::DocumentRemoved(_) => {
                self.waiting = None;
                self.feed(Input::DocumentRemoved)
            }
            ScannerEvent::Fault(change) => self.fault(change),
        }
    }

    /// A new inspection for the document on the reader.
    fn begin(&mut self, lines: &MrzLines) -> Result<(), LaneTaskError> {
        let id = self.station.clock.inspection_id()?;
        let now = self.station.clock.utc();
        let mrz = mrz::parse(lines, now.date())
            .inspect_err(|error| tracing::info!(inspection.id = %id, %error, "zone not readable"))
            .ok();
        self.case = Some(OpenCase::new(id, now, mrz));
        self.feed(Input::MrzRead { inspection: id })
    }

    fn chip_read(
        &mut self,
        id: InspectionId,
        result: Result<Box<ReadDocument>, ChipReadFailure>,
    ) -> Result<(), LaneTaskError> {
        let Some(case) = self.case.as_mut().filter(|case| case.id == id) else {
            return Ok(());
        };
        match result {
            Ok(read) => {
                let document = read.report.checks.result;
                case.access = read.evidence.performed.access.clone();
                let access = case.access.as_ref();
                tracing::info!(
                    inspection.id = %id,
                    chip.access = access.map(ChipAccess::name),
                    chip.access_detail = access.map(tracing::field::display),
                    document.result = ?document,
                    "document read"
                );
                case.document = Some(read.evidence);
                case.report = Some(read.report);
                case.portrait_jpeg = read.portrait_jpeg;
                self.feed(Input::DocumentJudged {
                    inspection: id,
                    document,
                })
            }
            Err(failure) => {
                if let ChipReadFailure::Pace(access) = &failure {
                    case.access = Some(access.clone());
                }
                let access = case.access.as_ref().map(ChipAccess::name);
                tracing::info!(inspection.id = %id, chip.access = access, %failure, "document not read");
                let failure = failure.for_lane();
                self.feed(Input::DocumentUnread {
                    inspection: id,
                    failure,
                })
            }
        }
    }

    fn captured(&mut self, id: InspectionId, event: CaptureEvent) -> Result<(), LaneTaskError> {
        let Some(case) = self.case.as_mut().filter(|case| case.id == id) else {
            return Ok(());
        };
        match event {
            CaptureEvent::Coached(coaching) => self.feed(Input::CaptureCoached(coaching)),
            CaptureEvent::Judged(captured) => {
                let (face, presentation) = (captured.face, captured.presentation);
                case.captured = Some(*captured);
                let evidence = case.freeze();
                self.feed(Input::FaceJudged {
                    inspection: id,
                    face,
                    presentation,
                    evidence,
                })
            }
            CaptureEvent::NoFace(picture) => {
                case.last_picture = picture;
                let evidence = case.freeze();
                self.feed(Input::NoFace {
                    inspection: id,
                    evidence,
                })
            }
            CaptureEvent::Failed => self.fault(FaultChange::Raised(Fault::FacePipelineFailed)),
        }
    }

    /// A verdict counts only if its signature and every binding hold; anything else is no answer.
    fn verdict(
        &mut self,
        id: InspectionId,
        authority: AuthorityId,
        answer: Result<SignedVerdict, LinkError>,
    ) -> Result<(), LaneTaskError> {
        let Some(case) = self.case.as_mut().filter(|case| case.id == id) else {
            return Ok(());
        };
        let (Some(evidence), Some(link)) = (case.evidence, self.station.links.get(&authority))
        else {
            return Ok(());
        };
        let expected = Expected {
            authority: authority.clone(),
            inspection: id,
            lane: self.station.lane_id.clone(),
            direction: self.station.direction,
            evidence,
        };
        let (verdict, expires) = match answer {
            Ok(token) => {
                match verify_verdict(&token, link.key(), &expected, self.station.clock.utc()) {
                    Ok(claims) => {
                        case.verdicts.insert(authority.clone(), token);
                        (claims.verdict, claims.exp_ms)
                    }
                    Err(error) => {
                        tracing::error!(inspection.id = %id, authority.id = %authority, %error, "verdict refused");
                        (Verdict::Unavailable, UtcTime(0))
                    }
                }
            }
            Err(error) => {
                tracing::warn!(inspection.id = %id, authority.id = %authority, %error, "no verdict");
                (Verdict::Unavailable, UtcTime(0))
            }
        };
        self.feed(Input::VerdictArrived {
            inspection: id,
            evidence,
            authority,
            verdict,
            expires,
        })
    }

    fn decision(
        &mut self,
        authority: AuthorityId,
        envelope: DecisionEnvelope,
    ) -> Result<(), LaneTaskError> {
        let Some(case) = self
            .case
            .as_mut()
            .filter(|case| case.id == envelope.inspection)
        else {
            return Ok(());
        };
        let Some(link) = self.station.links.get(&authority) else {
            return Ok(());
        };
        let expected = ExpectedDecision {
            authority: authority.clone(),
            inspection: case.id,
            lane: self.station.lane_id.clone(),
            evidence: case.evidence,
        };
        let now = self.station.clock.utc();
        let claims = match verify_decision(&envelope.token, link.key(), &expected, now) {
            Ok(claims) => claims,
            Err(error) => {
                tracing::error!(inspection.id = %case.id, authority.id = %authority, %error, "decision refused");
                return Ok(());
            }
        };
        case.decisions.insert(authority.clone(), envelope.token);
        self.feed(Input::DecisionArrived {
            inspection: claims.inspection,
            authority,
            officer: claims.officer,
            decision: claims.decision,
            expires: claims.exp_ms,
        })
    }

    fn feed(&mut self, input: Input) -> Result<(), LaneTaskError> {
        let mut effects = Vec::new();
        let now = self.station.clock.now();
        self.station.lane.handle(now, input, &mut effects);
        if let Some(inspection) = self.station.lane.phase().inspection() {
            self.standings = standing_views(&inspection.standings);
        }
        for effect in effects {
            self.carry_out(effect)?;
        }
        self.publish();
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), LaneTaskError> {
        match effect {
            Effect::Journal(entry) => self.journal(entry)?,
            Effect::Order(order) => self.order(order),
            Effect::Show(screen) => {
                self.station.screen.send_replace(screen);
            }
            Effect::ReadDocument(id) => self.read_document(id),
            Effect::StartCapture(id) => self.start_capture(id),
            Effect::StopCapture => self.stop_capture(),
            Effect::AskVerdicts(id) => self.ask_verdicts(id),
            Effect::CallOfficer { cause, .. } => self.call_officer(cause),
            Effect::Close {
                outcome,
                cause,
                steps,
                ..
            } => {
                let closed_at = self.station.clock.utc();
                let standings = std::mem::take(&mut self.standings);
                self.close(&Ending {
                    outcome,
                    cause,
                    steps,
                    closed_at,
                    standings,
                })?;
            }
        }
        Ok(())
    }

    fn journal(&mut self, entry: JournalEntry) -> Result<(), LaneTaskError> {
        let releasing = matches!(entry, JournalEntry::ReleasingExit { .. });
        let case = self.case.as_ref().filter(|_| releasing);
        let consents = case.map_or_else(Vec::new, |case| {
            self.station
                .links
                .keys()
                .map(|authority| Consent {
                    authority: authority.clone(),
                    verdict: case.verdicts.get(authority).cloned(),
                    decision: case.decisions.get(authority).cloned(),
                })
                .collect()
        });
        let evidence = case.and_then(|case| case.evidence);
        let opened = match entry {
            JournalEntry::Opened { inspection } => Some(inspection),
            JournalEntry::ReleasingExit { .. } => None,
        };
        let at = self.station.clock.utc();
        self.station.journal.append(&Line::Lane {
            at,
            entry,
            evidence,
            consents,
        })?;
        if let Some(id) = opened {
            tracing::info!(lane.id = %self.station.lane_id, inspection.id = %id, "inspection opened");
        }
        Ok(())
    }

    /// The second interlock check, against fresh readings, before anything reaches the bus.
    fn order(&mut self, order: BarrierOrder) {
        let now = self.station.clock.mono();
        let fresh = self
            .reading
            .filter(|reading| reading.age_ms(now) <= READING_MS_MAX);
        let seen = fresh.as_ref().map(occupancy).unwrap_or_default();
        let order = if permit(order, &seen).is_ok() {
            order
        } else {
            BarrierOrder::SecureBoth
        };
        use BarrierCommand::{Released, Secured};
        let (entry, exit, lamp) = match order {
            BarrierOrder::SecureBoth => (Secured, Secured, Lamp::Red),
            BarrierOrder::ReleaseEntry => (Released, Secured, Lamp::Green),
            BarrierOrder::ReleaseExit => (Secured, Released, Lamp::Green),
        };
        self.command(LaneCommand { entry, exit, lamp });
    }

    fn command(&mut self, command: LaneCommand) {
        if self.commanded != Some(command) {
            self.commanded = Some(command);
            self.station.lane_io.command(command);
        }
    }

    /// Reads the chip while the authorities already screen what the data page says (一次读取加载).
    fn read_document(&mut self, id: InspectionId) {
        let inbox = self.station.inbox.0.clone();
        let Some(case) = self.case.as_ref() else {
            return;
        };
        let Some(mrz) = case.mrz.clone() else {
            let event = Event::ChipRead(id, Err(ChipReadFailure::Gone));
            tokio::spawn(async move { inbox.send(event).await.is_ok() });
            return;
        };
        let message = OpenInspection {
            inspection: id,
            lane: self.station.lane_id.clone(),
            direction: self.station.direction,
            opened_at: case.opened_at,
            document: DocumentMessage::from(&mrz.document),
        };
        for link in self.station.links.values() {
            let (link, message) = (link.clone(), message.clone());
            tokio::spawn(async move {
                if let Err(error) = link.open(&message).await {
                    tracing::warn!(inspection.id = %id, %error, "screening not started");
                }
            });
        }
        let (reader, trust) = (self.station.reader.clone(), self.station.trust.clone());
        let profile = self.station.profile.clone();
        let today = self.station.clock.utc().date();
        tokio::spawn(async move {
            let read = move || read_and_judge(&reader, &mrz, (&trust, &profile), today);
            let result = tokio::task::spawn_blocking(read).await;
            let result = result
                .unwrap_or(Err(ChipReadFailure::Suspicious))
                .map(Box::new);
            inbox.send(Event::ChipRead(id, result)).await
        });
    }

    fn start_capture(&mut self, id: InspectionId) {
        let inbox = self.station.inbox.0.clone();
        let portrait = self.case.as_ref().and_then(OpenCase::chip_portrait);
        let (engine, frames) = (self.station.engine.clone(), self.station.frames.clone());
        let clock = self.station.clock;
        let (tell, mut told) = mpsc::channel(4);
        let task = tokio::spawn(async move {
            let forward = async {
                while let Some(event) = told.recv().await {
                    if inbox.send(Event::Capture(id, event)).await.is_err() {
                        return;
                    }
                }
            };
            tokio::join!(capture(engine, frames, portrait, clock, tell), forward);
        });
        self.capture = Some(task.abort_handle());
    }

    fn stop_capture(&mut self) {
        if let Some(capture) = self.capture.take() {
            capture.abort();
        }
    }

    fn ask_verdicts(&mut self, id: InspectionId) {
        let Some(case) = self.case.as_ref() else {
            return;
        };
        let Some(evidence) = case.evidence else {
            return;
        };
        let submission = EvidenceSubmission {
            evidence,
            checks: case.summary(),
            document: None,
        };
        let document = case.document_evidence();
        for link in self.station.links.values() {
            let (link, inbox) = (link.clone(), self.station.inbox.0.clone());
            let mut submission = submission.clone();
            if *link.authority() == self.station.identity {
                submission.document.clone_from(&document);
            }
            tokio::spawn(async move {
                let answer = link.verdict(id, &submission).await;
                inbox
                    .send(Event::Verdict(id, link.authority().clone(), answer))
                    .await
            });
        }
    }

    /// Whoever holds gets the case; what the gate itself found goes to the authority that answers for identity.
    fn call_officer(&mut self, cause: ReferralCause) {
        let Some(case) = self.case.as_mut() else {
            return;
        };
        if case.evidence.is_none() && cause != ReferralCause::Recovered {
            case.freeze();
        }
        let live = case.captured.as_ref().map(|c| c.live_jpeg.clone());
        let jpeg = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| Jpeg::parse(bytes).ok());
        let notice = ReferralNotice {
            inspection: case.id,
            lane: self.station.lane_id.clone(),
            cause,
            checks: case.checks(),
            match_score: case.captured.as_ref().and_then(|c| c.match_score.ok()),
            match_threshold: Some(self.station.engine.match_threshold()),
            pad_score: case.captured.as_ref().and_then(|c| c.pad_score),
            evidence: case.evidence,
            chip_portrait_jpeg: jpeg(case.portrait_jpeg.clone()),
            live_portrait_jpeg: jpeg(live.or_else(|| case.last_picture.clone())),
        };
        let holders: Vec<AuthorityId> = self
            .standings
            .iter()
            .filter(|(_, standing)| *standing == StandingView::Held)
            .map(|(authority, _)| authority.clone())
            .collect();
        let owners = if cause == ReferralCause::AuthorityHold && !holders.is_empty() {
            holders
        } else {
            vec![self.station.identity.clone()]
        };
        for link in owners
            .iter()
            .filter_map(|owner| self.station.links.get(owner))
        {
            let link = link.clone();
            let notice = notice.clone();
            tokio::spawn(async move {
                if let Err(error) = link.refer(&notice).await {
                    tracing::error!(inspection.id = %notice.inspection, %error, "officer not called");
                }
            });
        }
    }

    /// The record is durable before it is sent; captures and names are gone when this returns.
    fn close(&mut self, ending: &Ending) -> Result<(), LaneTaskError> {
        self.stop_capture();
        let Some(mut case) = self.case.take() else {
            return Ok(());
        };
        let records = records(&case, ending, &self.station.lane_id, self.station.direction);
        let line = Line::Closed {
            inspection: case.id,
            records: records.clone(),
        };
        self.station.journal.append(&line)?;
        self.admitted += u64::from(ending.outcome == Outcome::Admitted);
        tracing::info!(
            lane.id = %self.station.lane_id,
            inspection.id = %case.id,
            outcome = ?ending.outcome,
            duration_ms = ending.closed_at.0 - case.opened_at.0,
            "inspection ended"
        );
        for record in records {
            let _ = self.station.outbox.send(record);
        }
        self.station.field.offer(&mut case, ending.outcome);
        Ok(())
    }

    fn publish(&mut self) {
        let lane = &self.station.lane;
        let phase = lane.phase();
        if self.phase_since.0 != phase.name() {
            self.phase_since = (phase.name(), self.station.clock.utc());
        }
        let sensors = self.reading.as_ref().map(|reading| reading.sensors);
        let open = |position: Option<BarrierPosition>| position != Some(BarrierPosition::Closed);
        let standings = phase.inspection().map(|_| self.standings.clone());
        let view = LaneView {
            lane: self.station.lane_id.clone(),
            direction: self.station.direction,
            phase: phase.name().to_owned(),
            screen: lane.shown().unwrap_or(TravellerScreen::OutOfService),
            since: self.phase_since.1,
            entry_open: open(sensors.map(|s| s.entry)),
            exit_open: open(sensors.map(|s| s.exit)),
            people: lane.seen().map_or(0, |seen| seen.people),
            inspection: phase.inspection().map(|inspection| inspection.id),
            authorities: standings.unwrap_or_default(),
            faults: lane.faults().iter().copied().collect(),
            admitted_today: self.admitted,
        };
        self.station.view.send_if_modified(|shown| {
            let changed = shown.as_ref() != Some(&view);
            if changed {
                *shown = Some(view);
            }
            changed
        });
    }
}

/// What the sensors mean for the lane.
fn occupancy(reading: &LaneReading) -> Occupancy {
    let sensors = &reading.sensors;
    let counted = u8::try_from(sensors.people_in_zone).unwrap_or(u8::MAX);
    Occupancy {
        entry_closed: sensors.entry == BarrierPosition::Closed,
        exit_closed: sensors.exit == BarrierPosition::Closed,
        people: counted.max(u8::from(sensors.zone_occupied)),
        entry_beam: sensors.entry_beam,
        exit_passages: sensors.exit_passages,
        evacuation: sensors.evacuation,
    }
}
