//! A central with two authorities, their lists and officers, asked through its router.

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use central::{
    App, Authority, Draft, DraftRow, ListOfficer, Peer, Store,
    clock::{Clock as _, CountingRandom, ManualClock},
    lists::{
        change::ChangeKind,
        entry::{EntryDocument, EntryFields, ListEntry},
        screening::AlertBudget,
        weights::MatcherWeights,
    },
};
use egate_rules::watch::Action;
use egate_types::{
    AuthorityId, CheckNode, CheckResult, ChipAccess, Date, Direction, DocumentNumber, EvidenceHash,
    InspectionId, LaneId, MatchScore, OfficerId, Outcome, ReferralCause, RunMode, Sex, StateCode,
    UtcTime,
};
use egate_wire::v1::{
    AuthorityKey, CheckSummary, ComparisonBatch, ComparisonCount, ComparisonGroup, DocumentMessage,
    Errors, EvidenceSubmission, Expected, Jpeg, OpenInspection, PassageRecord, ReferralNotice,
    SignedVerdict, VerdictClaims, path, verify_verdict,
};
use serde::{Serialize, de::DeserializeOwned};
use tower::ServiceExt as _;

pub(crate) const NOW: UtcTime = UtcTime(1_800_000_000_000);
pub(crate) const LIST_AGE_LIMIT_S: u64 = 86_400;
/// Surname of the listed contact.
pub(crate) const LISTED: &str = "SICKSON";
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) store: Store,
    pub(crate) clock: ManualClock,
    pub(crate) dir: tempfile::TempDir,
}

pub(crate) fn border() -> AuthorityId {
    AuthorityId::parse("border").unwrap()
}

pub(crate) fn quarantine() -> AuthorityId {
    AuthorityId::parse("quarantine").unwrap()
}

pub(crate) fn lane() -> LaneId {
    LaneId::parse("lane-1").unwrap()
}

pub(crate) fn inspection(n: u8) -> InspectionId {
    InspectionId::new(1_800_000_000_000, [n; 10])
}

pub(crate) fn evidence() -> EvidenceHash {
    EvidenceHash::over(&[("sod", b"sample")])
}

pub(crate) fn key(authority: &AuthorityId) -> AuthorityKey {
    AuthorityKey::from_seed(&[if *authority == border() { 1 } else { 2 }; 32])
}

impl World {
    pub(crate) fn authorities() -> Vec<Authority> {
        let authority = |id: AuthorityId, name: &str, identity| Authority {
            key: key(&id),
            list: format!("{id}-watch"),
            id,
            name: name.into(),
            identity,
            list_age_limit_s: LIST_AGE_LIMIT_S,
            trust: None,
            profile: Arc::default(),
            weights: MatcherWeights::built_in(),
            budget: AlertBudget::default(),
        };
        vec![
            authority(border(), "Border Inspection", true),
            authority(quarantine(), "Quarantine", false),
        ]
    }

    /// Without lists and officers.
    pub(crate) async fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("central.db")).await.unwrap();
        let clock = ManualClock::at(NOW);
        let random = Arc::new(CountingRandom::default());
        let app = App::new(
            Self::authorities(),
            store.clone(),
            Arc::new(clock.clone()),
            random,
        );
        Self {
            app,
            store,
            clock,
            dir,
        }
    }

    pub(crate) async fn new() -> Self {
        let world = Self::bare().await;
        for (whose, entry) in [(border(), stolen_passport()), (quarantine(), contact())] {
            for (login, lists) in [("officer", false), ("keeper", true), ("second", true)] {
                let login = OfficerId::parse(&format!("{login}.{whose}")).unwrap();
                let (name, app) = ("Officer Sample", &world.app);
                app.add_officer(&whose, &login, name, PASSWORD, lists)
                    .await
                    .unwrap();
            }
            world.install(&whose, vec![entry]).await;
        }
        world
    }

    /// Puts entries in force as two officers do it.
    pub(crate) async fn install(&self, whose: &AuthorityId, entries: Vec<EntryFields>) -> u64 {
        let (keeper, second) = (self.keeper(whose).await, self.second(whose).await);
        let rows = puts(entries);
        let drafted = self
            .app
            .draft_change(&keeper, ChangeKind::Amend, "test", rows);
        let change = drafted.await.unwrap().change.unwrap();
        let app = &self.app;
        app.propose_change(&keeper, change, "for the test", false)
            .await
            .unwrap();
        app.approve_change(&second, change, "seen").await.unwrap()
    }

    pub(crate) async fn keeper(&self, whose: &AuthorityId) -> ListOfficer {
        self.app
            .officer(&format!("keeper.{whose}"), PASSWORD)
            .await
            .unwrap()
    }

    pub(crate) async fn second(&self, whose: &AuthorityId) -> ListOfficer {
        self.app
            .officer(&format!("second.{whose}"), PASSWORD)
            .await
            .unwrap()
    }

    pub(crate) fn router(&self, peer: Option<&str>) -> Router {
        let peer = peer.map(|lane| LaneId::parse(lane).unwrap());
        central::router(self.app.clone()).layer(Extension(Peer(peer)))
    }

    pub(crate) async fn send(
        &self,
        peer: Option<&str>,
        request: Request<Body>,
    ) -> (StatusCode, Vec<u8>) {
        let response = self.router(peer).oneshot(request).await.unwrap();
        let status = response.status();
        (
            status,
            to_bytes(response.into_body(), usize::MAX)
                .await
                .unwrap()
                .to_vec(),
        )
    }

    pub(crate) async fn gate(
        &self,
        method: &str,
        path: &str,
        body: &impl Serialize,
    ) -> (StatusCode, Vec<u8>) {
        self.send(Some("lane-1"), json(method, path, body)).await
    }

    pub(crate) async fn open(
        &self,
        whose: &AuthorityId,
        n: u8,
        document: DocumentMessage,
    ) -> StatusCode {
        let message = opening(n, document);
        self.gate("PUT", &path::inspection(whose, inspection(n)), &message)
            .await
            .0
    }

    pub(crate) async fn verdict(
        &self,
        whose: &AuthorityId,
        n: u8,
        face: CheckResult,
    ) -> VerdictClaims {
        let (status, body) = self
            .gate(
                "POST",
                &path::verdict(whose, inspection(n)),
                &submission(face),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        let signed: SignedVerdict = parse(&body);
        let expected = Expected {
            authority: whose.clone(),
            inspection: inspection(n),
            lane: lane(),
            direction: Direction::Entry,
            evidence: evidence(),
        };
        verify_verdict(&signed, &key(whose).public(), &expected, self.clock.now()).unwrap()
    }

    pub(crate) async fn refer(&self, whose: &AuthorityId, n: u8) -> StatusCode {
        self.gate("PUT", &path::referral(whose, inspection(n)), &notice(n))
            .await
            .0
    }

    pub(crate) async fn session(&self, whose: &AuthorityId) -> String {
        self.session_of(&format!("officer.{whose}")).await
    }

    pub(crate) async fn session_of(&self, login: &str) -> String {
        let form = format!("login={login}&password=correct+horse");
        let response = self
            .router(None)
            .oneshot(post("/console/login", "", form))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(cookie.contains(part), "{part}");
        }
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(crate) async fn page(&self, cookie: &str, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(header::COOKIE, cookie);
        let (status, body) = self.send(None, request.body(Body::empty()).unwrap()).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    pub(crate) async fn decide(&self, cookie: &str, n: u8, form: &str) -> StatusCode {
        let path = format!("/console/cases/{}/decision", inspection(n));
        self.form(cookie, &path, form).await
    }

    /// Sends a form of the console with the session's token.
    pub(crate) async fn form(&self, cookie: &str, path: &str, form: &str) -> StatusCode {
        let page = self.page(cookie, "/console/lanes").await.1;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let csrf = csrf.split('"').next().unwrap();
        let request = post(path, cookie, format!("csrf={csrf}&{form}"));
        self.send(None, request).await.0
    }

    /// Asks the interface of lists.
    pub(crate) async fn api(
        &self,
        method: &str,
        path: &str,
        session: &str,
        body: serde_json::Value,
    ) -> (StatusCode, Vec<u8>) {
        let mut request = json(method, path, &body);
        if !session.is_empty() {
            let value = format!("Bearer {session}").parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.send(None, request).await
    }
}

/// Rows that put entries.
pub(crate) fn puts(entries: Vec<EntryFields>) -> impl Iterator<Item = DraftRow> + Send {
    (1u64..).zip(entries).map(|(line, fields)| {
        let entry = ListEntry::try_from(fields).map_err(|e| e.to_string());
        DraftRow {
            line,
            row: entry.map(|entry| Draft::Put(Box::new(entry))),
            odd: Vec::new(),
        }
    })
}

/// An entry of which only the law is said.
pub(crate) fn entry(id: &str, action: Action, reason: &str, legal_basis: &str) -> EntryFields {
    EntryFields {
        id: id.into(),
        action: Some(action),
        reason: reason.into(),
        legal_basis: legal_basis.into(),
        source: "own".into(),
        ..EntryFields::default()
    }
}

pub(crate) fn stolen_passport() -> EntryFields {
    EntryFields {
        documents: vec![EntryDocument {
            issuer: StateCode::parse("UTO"),
            class: "P".into(),
            number: "STOLEN1".into(),
            last_number: None,
        }],
        ..entry(
            "own:stolen1",
            Action::Refuse,
            "reported stolen",
            "Immigration Act 12",
        )
    }
}

/// Somebody whom the holder of every sample document with that surname is.
pub(crate) fn contact() -> EntryFields {
    EntryFields {
        names: vec!["Sickson, Anna".into()],
        births: vec!["1980-01-02".into()],
        nationalities: StateCode::parse("UTO").into_iter().collect(),
        ..entry(
            "own:case77",
            Action::Refer,
            "contact tracing case 77",
            "Health Law 42",
        )
    }
}

pub(crate) fn json(method: &str, path: &str, body: &impl Serialize) -> Request<Body> {
    let body = serde_json::to_vec(body).unwrap();
    Request::builder()
        .method(method)
        .uri(path)
        .body(Body::from(body))
        .unwrap()
}

pub(crate) fn post(path: &str, cookie: &str, form: String) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
        .body(Body::from(form))
        .unwrap()
}

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

/// Who shares no birth date with the listed contact unless the surname says so: given name, date and nationality alone would make a
/// possibility.
pub(crate) fn document(number: &str, surname: &str) -> DocumentMessage {
    DocumentMessage {
        code: "P".into(),
        issuer: StateCode::parse("UTO").unwrap(),
        number: DocumentNumber::parse(number).unwrap(),
        date_of_expiry: None,
        surname: surname.into(),
        given: "ANNA".into(),
        date_of_birth: Some(Date::new(if surname == LISTED { 1980 } else { 1971 }, 1, 2).unwrap()),
        sex: Sex::Female,
        nationality: StateCode::parse("UTO").unwrap(),
    }
}

pub(crate) fn opening(n: u8, document: DocumentMessage) -> OpenInspection {
    OpenInspection {
        inspection: inspection(n),
        lane: lane(),
        direction: Direction::Entry,
        opened_at: NOW,
        document,
    }
}

pub(crate) fn submission(face: CheckResult) -> EvidenceSubmission {
    EvidenceSubmission {
        evidence: evidence(),
        checks: CheckSummary {
            document: CheckResult::Successful,
            face,
            presentation: CheckResult::Successful,
        },
        document: None,
    }
}

pub(crate) fn checks() -> CheckNode {
    CheckNode::leaf(
        "ElectronicChecks",
        RunMode::Mandatory,
        CheckResult::Successful,
    )
}

pub(crate) fn notice(n: u8) -> ReferralNotice {
    let portrait = |byte| Jpeg::parse(vec![0xFF, 0xD8, 0xFF, byte]).ok();
    ReferralNotice {
        inspection: inspection(n),
        lane: lane(),
        cause: ReferralCause::AuthorityHold,
        checks: checks(),
        match_score: None,
        match_threshold: None,
        pad_score: None,
        evidence: Some(evidence()),
        chip_portrait_jpeg: portrait(1),
        live_portrait_jpeg: portrait(2),
    }
}

pub(crate) fn record(n: u8) -> PassageRecord {
    PassageRecord {
        inspection: inspection(n),
        lane: lane(),
        direction: Direction::Entry,
        opened_at: NOW,
        closed_at: NOW.plus_ms(9_000),
        outcome: Outcome::Admitted,
        cause: None,
        steps: Vec::new(),
        access: Some(ChipAccess::Bac),
        checks: checks(),
        match_score: None,
        pad_score: None,
        verdict: None,
        others: Vec::new(),
        decision: None,
        evidence: Some(evidence()),
    }
}

/// Errors among comparisons of everybody, in the configuration that decides.
pub(crate) fn batch(began_at: UtcTime, mated: [u32; 2], non_mated: [u32; 2]) -> ComparisonBatch {
    ComparisonBatch {
        lane: lane(),
        began_at,
        ended_at: began_at.plus_ms(10_000),
        retention: Some("Immigration Act 40".into()),
        left_out: 1,
        skipped: 0,
        counts: vec![ComparisonCount {
            configuration: "fused, 3 frames".into(),
            match_score: MatchScore(470_000),
            fmr_ppb: 1_000_000,
            in_force: true,
            group: ComparisonGroup::All,
            mated: Errors::try_from(mated).unwrap(),
            non_mated: Errors::try_from(non_mated).unwrap(),
        }],
    }
}
