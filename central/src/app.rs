//! Use cases: what gates ask and officers do. HTTP stays outside, SQL below.

pub(crate) mod lists;
pub(crate) mod packages;
mod rechecks;
pub(crate) mod screening;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Argon2, PasswordHasher as _, PasswordVerifier as _,
    password_hash::{PasswordHash, SaltString},
};
use egate_icao::trust::TrustStore;
use egate_icao::verify::profile::Profile;
use egate_types::{
    AuthorityId, CheckResult, InspectionId, LaneId, OfficerDecision, OfficerId, TravelDocument,
    UtcTime, Verdict,
};
use egate_wire::v1::{
    AuthorityKey, CheckSummary, ComparisonBatch, DecisionClaims, DecisionEnvelope,
    EvidenceSubmission, LaneView, ListState, OpenInspection, PassageRecord, ReasonCode,
    ReferralNotice, SignedVerdict, VerdictClaims, limits::DECISION_WAIT_MS_MAX, sign_decision,
    sign_verdict,
};
use sha2::{Digest, Sha256};
use tokio::sync::broadcast;

use crate::{
    clock::{Clock, Random},
    comparison_report::ComparisonReport,
    limits::{
        DECISION_LIFETIME_MS, LOGIN_REFUSALS_MAX, LOGIN_REST_MS, REMARK_CHARS_MAX,
        REMARK_CHARS_MIN, SESSION_MS, VERDICT_LIFETIME_MS,
    },
    lists::live::LiveListError,
    lists::{
        change::ChangeState,
        screening::{AlertBudget, decide},
        serving::ServedList,
        weights::MatcherWeights,
    },
    reverification::reverify,
    store::{CaseState, Once, Store, StoredCase, StoredOfficer},
};

/// One authority with its law's settings and its key.
#[derive(Debug)]
pub struct Authority {
    /// Identifier on the wire.
    pub id: AuthorityId,
    /// Name on the console.
    pub name: String,
    /// Whether it refers unless all of the gate's checks succeeded.
    pub identity: bool,
    /// Signs verdicts and decisions.
    pub key: AuthorityKey,
    /// Identity of its list.
    pub list: String,
    /// Oldest list it answers from, seconds.
    pub list_age_limit_s: u64,
    /// Trusted CSCA certificates. With them the authority judges documents again itself, and believes the gate no more than that.
    pub trust: Option<Arc<TrustStore>>,
    /// How the checks of a document weigh then.
    pub profile: Arc<Profile>,
    /// Weights of the watch-list matcher.
    pub weights: Arc<MatcherWeights>,
    /// How many travellers may be shown by mistake.
    pub budget: AlertBudget,
}

/// The application; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    authorities: BTreeMap<AuthorityId, Authority>,
    lists: BTreeMap<AuthorityId, ServedList>,
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    views: Mutex<BTreeMap<(AuthorityId, LaneId), SeenLane>>,
    changes: broadcast::Sender<AuthorityId>,
}

/// A lane's view and when it came.
#[derive(Debug, Clone)]
pub(crate) struct SeenLane {
    pub(crate) view: LaneView,
    pub(crate) seen: UtcTime,
}

/// Why a request is not answered, by whose fault.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Nobody, or the wrong kind of certificate.
    #[error("no client certificate")]
    NoCertificate,
    /// A gate speaks for another lane.
    #[error("the certificate is another lane's")]
    WrongLane,
    /// This server does not serve that authority.
    #[error("no such authority here")]
    UnknownAuthority,
    /// The inspection was never opened.
    #[error("no such inspection")]
    UnknownInspection,
    /// Not a message of this version.
    #[error("malformed message at line {line}, column {column}")]
    Malformed {
        /// Line in the body.
        line: usize,
        /// Column in the body.
        column: usize,
    },
    /// Path and body name different things.
    #[error("path and body disagree")]
    PathMismatch,
    /// The same id came with other content.
    #[error("the id was used with different content")]
    Conflict,
    /// No list has ever been imported.
    #[error("the authority has no list")]
    ListMissing,
    /// The list is too old to answer from.
    #[error("the list is {age_s} s old, the limit is {limit_s} s")]
    ListStale {
        /// Age, seconds.
        age_s: u64,
        /// Limit, seconds.
        limit_s: u64,
    },
    /// It was confirmed at a time that has not come.
    #[error("the list was confirmed at a time that has not come")]
    ListFromFuture,
    /// Its canaries are not found: no hit would mean nothing.
    #[error("the list does not find entries that it must find")]
    ListUnsound,
    /// The index of a list cannot be built or searched.
    #[error("the index of the list")]
    Index(#[source] LiveListError),
    /// An officer without the duty.
    #[error("your account does not maintain lists")]
    NoListDuty,
    /// No such change of this authority's list.
    #[error("no such change of the list")]
    NoChange,
    /// No such entry of this authority's list.
    #[error("no such entry of the list")]
    NoEntry,
    /// Nothing of the kind asked for has that number.
    #[error("no such clearance or alert")]
    NoSuch,
    /// The change is no draft, or not proposed.
    #[error("the change is {}, not {}", state.as_str(), expected.as_str())]
    WrongState {
        /// As it is.
        state: ChangeState,
        /// As it would have to be.
        expected: ChangeState,
    },
    /// Four eyes are two people.
    #[error("who drafted or proposed a change cannot approve it")]
    SamePerson,
    /// The list has gone on.
    #[error("the list has changed since this change was compared with it")]
    Overtaken,
    /// More than any form of the console holds.
    #[error("the form is too large")]
    FormTooLarge,
    /// An unusual size that nobody has accepted.
    #[error("the change {}", .0.join(" and "))]
    BeyondLimits(Vec<String>),
    /// A change needs a word of why.
    #[error("a reason of {REMARK_CHARS_MIN} to {REMARK_CHARS_MAX} characters is needed")]
    NoRemark,
    /// No version of that number.
    #[error("the list has no such version")]
    NoVersion,
    /// A file of a list that cannot be believed.
    #[error("the file was refused: {0}")]
    ListFile(String),
    /// Login or password wrong.
    #[error("login or password is wrong")]
    WrongPassword,
    /// No live session.
    #[error("not signed in")]
    NotSignedIn,
    /// The form was not made for this session.
    #[error("the form does not belong to this session")]
    WrongCsrf,
    /// No such case for this officer's authority.
    #[error("no such case")]
    NoCase,
    /// The inspection has ended.
    #[error("the case is closed: the inspection has ended")]
    CaseClosed,
    /// No reason, or one that cannot justify the decision.
    #[error("a decision needs a fitting reason and a remark")]
    NoReason,
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] sqlx::Error),
    /// A stored body no longer parses.
    #[error("a stored body does not parse")]
    Stored(#[from] serde_json::Error),
    /// The database holds something that was never written.
    #[error("the database holds {0}")]
    Corrupt(String),
    /// Password hashing failed.
    #[error("password hashing failed")]
    Hash(String),
}

impl App {
    /// Puts the parts together.
    pub fn new(
        authorities: Vec<Authority>,
        store: Store,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let lists = authorities.iter();
        let lists = lists.map(|a| (a.id.clone(), ServedList::default()));
        let lists = lists.collect();
        let authorities = authorities.into_iter().map(|a| (a.id.clone(), a)).collect();
        // Lagging receivers read the state anew, so a short queue is enough.
        let (changes, _) = broadcast::channel(64);
        Self(Arc::new(Inner {
            authorities,
            lists,
            store,
            clock,
            random,
            views: Mutex::default(),
            changes,
        }))
    }

    pub(crate) fn now(&self) -> UtcTime {
        self.0.clock.now()
    }

    pub(crate) fn authority(&self, id: &AuthorityId) -> Result<&Authority, AppError> {
        self.0.authorities.get(id).ok_or(AppError::UnknownAuthority)
    }

    fn served(&self, id: &AuthorityId) -> Result<&ServedList, AppError> {
        self.0.lists.get(id).ok_or(AppError::UnknownAuthority)
    }

    /// Tells which authority has news.
    pub(crate) fn changes(&self) -> broadcast::Receiver<AuthorityId> {
        self.0.changes.subscribe()
    }

    fn changed(&self, authority: &AuthorityId) {
        // Nobody listening is no error: polls and consoles read the state when they come.
        let _ = self.0.changes.send(authority.clone());
    }

    /// Keeps the inspection and answers which list will be used.
    pub(crate) async fn open(
        &self,
        authority: &AuthorityId,
        message: &OpenInspection,
    ) -> Result<ListState, AppError> {
        let whose = self.authority(authority)?;
        let list = Self::list_state(whose, &self.fresh_list(whose).await?);
        match self.0.store.open_inspection(authority, message).await? {
            Once::Written | Once::SameAgain => Ok(list),
            Once::Different => Err(AppError::Conflict),
        }
    }

    /// Screens, decides, signs.
    pub(crate) async fn verdict(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
        lane: &LaneId,
        submission: &EvidenceSubmission,
    ) -> Result<SignedVerdict, AppError> {
        let authority = self.authority(authority)?;
        let opened = self.own_inspection(&authority.id, inspection, lane).await?;
        let document = TravelDocument::from(&opened.document);
        let screening = self
            .screen(
                authority,
                &screening::Screened::Inspected(inspection, &opened.document),
            )
            .await?;
        let checks = self
            .own_checks(authority, inspection, submission, &document)
            .await?;
        let verdict = decide(&screening, authority.identity, &checks);
        let now = self.now();
        let claims = VerdictClaims {
            iss: authority.id.clone(),
            inspection,
            lane: lane.clone(),
            direction: opened.direction,
            evidence: submission.evidence,
            verdict,
            list: screening.state(),
            iat_ms: now,
            exp_ms: now.plus_ms(VERDICT_LIFETIME_MS),
        };
        let token = sign_verdict(&claims, &authority.key);
        let evidence = submission.evidence.to_string();
        let word = verdict_word(verdict);
        self.0
            .store
            .add_verdict(
                &authority.id,
                inspection,
                &evidence,
                word,
                &screening,
                &token,
                now,
            )
            .await?;
        self.alert_silently(&authority.id, inspection, lane, &screening)
            .await?;
        tracing::info!(authority.id = %authority.id, inspection.id = %inspection, verdict = word, "signed");
        Ok(token)
    }

    /// The gate's checks, with the document's as this authority sees it where it judges documents again.
    async fn own_checks(
        &self,
        authority: &Authority,
        inspection: InspectionId,
        submission: &EvidenceSubmission,
        document: &TravelDocument,
    ) -> Result<CheckSummary, AppError> {
        let mut checks = submission.checks;
        let Some(trust) = authority.trust.clone() else {
            return Ok(checks);
        };
        // What the gate itself could not read or believe needs no second opinion.
        if checks.document != CheckResult::Successful {
            return Ok(checks);
        }
        let (sent, document) = (submission.document.clone(), document.clone());
        let (profile, at) = (authority.profile.clone(), self.now().date());
        let again = blocking(move || {
            let judge = (&*trust, &*profile);
            Ok(reverify(sent.as_ref(), &document, judge, at))
        })
        .await?;
        checks.document = again.result;
        if let Some(why) = again.why {
            tracing::warn!(authority.id = %authority.id, inspection.id = %inspection, why, "document refused on re-verification");
            let subject = inspection.to_string();
            self.audit(
                authority.id.as_str(),
                "central",
                "document.refused",
                &subject,
            )
            .await?;
        }
        Ok(checks)
    }

    async fn own_inspection(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
        lane: &LaneId,
    ) -> Result<OpenInspection, AppError> {
        let opened = self
            .0
            .store
            .inspection(authority, inspection)
            .await?
            .ok_or(AppError::UnknownInspection)?;
        if opened.lane != *lane {
            Err(AppError::WrongLane)
        } else {
            Ok(opened)
        }
    }

    /// Opens a case for the authority's officers. The inspection may be unknown: a lane also calls for help when
    /// it could not reach this authority before, or has no document.
    pub(crate) async fn refer(
        &self,
        authority: &AuthorityId,
        notice: &ReferralNotice,
    ) -> Result<(), AppError> {
        self.authority(authority)?;
        match self
            .own_inspection(authority, notice.inspection, &notice.lane)
            .await
        {
            Ok(_) | Err(AppError::UnknownInspection) => {}
            Err(other) => return Err(other),
        }
        match self.0.store.refer(authority, notice, self.now()).await? {
            Once::Written => self.changed(authority),
            Once::SameAgain => {}
            Once::Different => return Err(AppError::Conflict),
        }
        Ok(())
    }

    /// Waits up to `wait_ms` for decisions after `after`.
    pub(crate) async fn decisions(
        &self,
        authority: &AuthorityId,
        lane: &LaneId,
        after: u64,
        wait_ms: u64,
    ) -> Result<Vec<DecisionEnvelope>, AppError> {
        self.authority(authority)?;
        // Subscribed before the first look: a decision between look and wait still wakes the poll.
        let mut changes = self.changes();
        let wait = async {
            loop {
                let found = self.0.store.decisions_after(authority, lane, after).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
                loop {
                    match changes.recv().await {
                        Ok(who) if who == *authority => break,
                        Ok(_) => {}
                        Err(broadcast::error::RecvError::Lagged(_)) => break,
                        Err(broadcast::error::RecvError::Closed) => return Ok(Vec::new()),
                    }
                }
            }
        };
        let limit = Duration::from_millis(wait_ms.min(DECISION_WAIT_MS_MAX));
        match tokio::time::timeout(limit, wait).await {
            Ok(found) => found,
            // A last look: a wait of zero must still answer what is there.
            Err(_) => self.0.store.decisions_after(authority, lane, after).await,
        }
    }

    /// Shows a lane to the authority's officers.
    pub(crate) fn show(&self, authority: &AuthorityId, view: LaneView) -> Result<(), AppError> {
        self.authority(authority)?;
        let key = (authority.clone(), view.lane.clone());
        let seen = SeenLane {
            view,
            seen: self.now(),
        };
        self.0
            .views
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, seen);
        self.changed(authority);
        Ok(())
    }

    /// The lanes that showed themselves to the authority, by name.
    pub(crate) fn lanes(&self, authority: &AuthorityId) -> Vec<SeenLane> {
        let views = self.0.views.lock().unwrap_or_else(PoisonError::into_inner);
        let own = views.iter().filter(|((whose, _), _)| whose == authority);
        own.map(|(_, seen)| seen.clone()).collect()
    }

    /// Appends the record of an ended inspection.
    pub(crate) async fn record(
        &self,
        authority: &AuthorityId,
        record: &PassageRecord,
    ) -> Result<(), AppError> {
        self.authority(authority)?;
        match self
            .own_inspection(authority, record.inspection, &record.lane)
            .await
        {
            Ok(_) | Err(AppError::UnknownInspection) => {}
            Err(other) => return Err(other),
        }
        match self.0.store.append_record(authority, record).await? {
            Once::Written => self.changed(authority),
            Once::SameAgain => {}
            Once::Different => return Err(AppError::Conflict),
        }
        Ok(())
    }

    /// Counts the face comparisons of a lane.
    pub(crate) async fn count_comparisons(
        &self,
        authority: &AuthorityId,
        batch: &ComparisonBatch,
    ) -> Result<(), AppError> {
        self.authority(authority)?;
        match self.0.store.add_comparisons(authority, batch).await? {
            Once::Written | Once::SameAgain => Ok(()),
            Once::Different => Err(AppError::Conflict),
        }
    }

    /// What the lanes of the officer's authority counted. Sums of a port: looking is not audited.
    pub(crate) async fn comparison_report(
        &self,
        officer: &StoredOfficer,
    ) -> Result<ComparisonReport, AppError> {
        let batches = self.0.store.comparison_batches(&officer.authority).await?;
        let counts = self.0.store.comparisons(&officer.authority).await?;
        let authority = officer.authority.clone();
        Ok(ComparisonReport::new(authority, batches, counts))
    }

    /// Adds an officer, who may maintain the authority's lists beside deciding cases or not.
    pub async fn add_officer(
        &self,
        authority: &AuthorityId,
        login: &OfficerId,
        name: &str,
        password: &str,
        lists: bool,
    ) -> Result<(), AppError> {
        self.authority(authority)?;
        let salt = SaltString::encode_b64(&self.0.random.bytes()[..16])
            .map_err(|e| AppError::Hash(e.to_string()))?;
        let password = password.to_owned();
        let hash = blocking(move || {
            let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string())
                .map_err(|e| AppError::Hash(e.to_string()))
        })
        .await?;
        self.0
            .store
            .add_officer(authority, login, name, &hash, lists)
            .await?;
        self.audit(authority.as_str(), "console", "officer.add", login.as_str())
            .await
    }

    /// Checks a password and starts a session; returns its secret.
    pub(crate) async fn login(&self, login: &str, password: &str) -> Result<String, AppError> {
        let since = self.now().plus_ms(-LOGIN_REST_MS);
        let rests = self.0.store.refused_logins(login, since).await? >= LOGIN_REFUSALS_MAX;
        let known = self.0.store.password_hash(login).await?;
        let Some((hash, authority)) = known.filter(|_| !rests) else {
            // The same work as for a known login, so that time does not tell who exists.
            let salt = SaltString::encode_b64(&self.0.random.bytes()[..16])
                .map_err(|e| AppError::Hash(e.to_string()))?;
            let password = password.to_owned();
            blocking(move || {
                let _ = Argon2::default().hash_password(password.as_bytes(), &salt);
                Ok(())
            })
            .await?;
            return Err(AppError::WrongPassword);
        };
        let password = password.to_owned();
        let good = blocking(move || {
            let hash = PasswordHash::new(&hash).map_err(|e| AppError::Hash(e.to_string()))?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok())
        })
        .await?;
        let action = if good { "login" } else { "login.refused" };
        self.audit(&authority, login, action, login).await?;
        if !good {
            return Err(AppError::WrongPassword);
        }
        let secret = hex::encode(self.0.random.bytes());
        let csrf = hex::encode(self.0.random.bytes());
        let now = self.now();
        let expires = now.plus_ms(SESSION_MS);
        self.0
            .store
            .add_session(&session_hash(&secret), login, &csrf, now, expires)
            .await?;
        Ok(secret)
    }

    /// The officer behind a session secret.
    pub(crate) async fn session(&self, secret: &str) -> Result<StoredOfficer, AppError> {
        let found = self
            .0
            .store
            .session(&session_hash(secret), self.now())
            .await?;
        found.ok_or(AppError::NotSignedIn)
    }

    pub(crate) async fn logout(&self, secret: &str) -> Result<(), AppError> {
        self.0.store.end_session(&session_hash(secret)).await
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// A case of the officer's own authority; looking is audited.
    pub(crate) async fn case(
        &self,
        officer: &StoredOfficer,
        inspection: InspectionId,
    ) -> Result<StoredCase, AppError> {
        let case = self.0.store.case(&officer.authority, inspection).await?;
        let case = case.ok_or(AppError::NoCase)?;
        let (authority, login) = (officer.authority.as_str(), officer.login.as_str());
        self.audit(authority, login, "case.look", &inspection.to_string())
            .await?;
        Ok(case)
    }

    /// An officer decides a case: signed under the authority's key, on its way to the lane at once.
    pub(crate) async fn decide(
        &self,
        officer: &StoredOfficer,
        inspection: InspectionId,
        decision: OfficerDecision,
        reason: ReasonCode,
        remark: &str,
    ) -> Result<(), AppError> {
        let remark = remark.trim();
        let length = remark.chars().count();
        if !reason.justifies(decision) || !(REMARK_CHARS_MIN..=REMARK_CHARS_MAX).contains(&length) {
            return Err(AppError::NoReason);
        }
        let authority = self.authority(&officer.authority)?;
        let case = self
            .0
            .store
            .case(&authority.id, inspection)
            .await?
            .ok_or(AppError::NoCase)?;
        if case.state == CaseState::Closed {
            return Err(AppError::CaseClosed);
        }
        let now = self.now();
        let claims = DecisionClaims {
            iss: authority.id.clone(),
            officer: officer.login.clone(),
            inspection,
            lane: case.lane.clone(),
            evidence: case.notice.evidence,
            decision,
            reason,
            iat_ms: now,
            exp_ms: now.plus_ms(DECISION_LIFETIME_MS),
        };
        let token = sign_decision(&claims, &authority.key);
        let word = decision_word(decision);
        let subject = inspection.to_string();
        let action = format!("case.{word}");
        self.audit(
            authority.id.as_str(),
            officer.login.as_str(),
            &action,
            &subject,
        )
        .await?;
        let (lane, login, code) = (&case.lane, &officer.login, reason.as_str());
        let decided = self
            .0
            .store
            .decide(
                &authority.id,
                inspection,
                lane,
                login,
                word,
                code,
                remark,
                &token,
                now,
            )
            .await?;
        if !decided {
            return Err(AppError::CaseClosed);
        }
        self.changed(&authority.id);
        Ok(())
    }

    async fn audit(
        &self,
        authority: &str,
        actor: &str,
        action: &str,
        subject: &str,
    ) -> Result<(), AppError> {
        self.0
            .store
            .audit(self.now(), authority, actor, action, subject)
            .await
    }
}

/// Only the hash of a session's secret is kept: a stolen database opens no session.
fn session_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Clear => "clear",
        Verdict::Refer => "refer",
        Verdict::Refuse => "refuse",
        Verdict::Unavailable => "unavailable",
    }
}

pub(crate) fn decision_word(decision: OfficerDecision) -> &'static str {
    match decision {
        OfficerDecision::Release => "release",
        OfficerDecision::Return => "return",
        OfficerDecision::Refer => "refer",
    }
}

/// Work that goes on although whoever asked for it has gone: a server drops what it does for a client that hangs up, and a change read
/// half is of no use to anybody.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    tokio::spawn(work)
        .await
        .map_err(|e| AppError::Hash(e.to_string()))?
}

/// Password hashing takes tens of milliseconds of CPU by design, an index of millions of entries seconds; neither may hold up the lanes.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| AppError::Hash(e.to_string()))?
}
