//! The JSON interface for programs of whoever maintains a list. The officer's authority is the session's; nobody reaches another's list.
//!
//! | request | does |
//! |---|---|
//! | `POST /v1/sessions` | signs in: `{login, password}`; every other request carries `Authorization: Bearer <session>` |
//! | `GET /v1/lists/state` | identity, version, count and age of the list |
//! | `POST /v1/lists/changes` | drafts a change of single entries: `{put, withdraw}` |
//! | `POST /v1/lists/imports?format=&kind=` | drafts a file: `csv`, `jsonl`, `ofac`, `un`; `replace` or `amend`; defaults as `action`, `reason`, `legal_basis`, `source` |
//! | `GET /v1/lists/changes?before=ID` | the newest changes, those that wait first; or those that follow one of them |
//! | `GET /v1/lists/changes/{id}?after=ENTRY` | one with its rows, or those behind an entry's id, and with the first of them whom it would have met |
//! | `POST /v1/lists/changes/{id}/proposal`, `.../approval`, `.../rejection` | moves it on: `{reason, accept_size}`, `{remark}` |
//! | `DELETE /v1/lists/changes/{id}` | gives a draft up |
//! | `POST /v1/lists/returns` | drafts the way back: `{version}` |
//! | `POST /v1/lists/confirmations` | the list is as it should be although nothing has come: `{remark}` |
//! | `GET /v1/lists/entries?id=PREFIX`, `...?document=NUMBER` | the first entries in force whose id begins so, or with a document of that number |
//! | `GET /v1/lists/entries/{id}` | an entry with its versions |
//! | `POST /v1/lists/expected` | announces travellers: a list of `{document, arrives, journey}` |

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State},
    http::{StatusCode, header, request::Parts},
    routing::{get, post},
};
use egate_rules::watch::Action;
use egate_wire::v1::ListState;
use serde::{Deserialize, Serialize};

use crate::{
    api::parse,
    app::{
        App, AppError,
        lists::{Draft, DraftReport, DraftRow, ListOfficer, Sought},
        to_its_end,
    },
    limits::{LIST_BODY_BYTES_MAX, SIGN_IN_BYTES_MAX},
    lists::{
        change::{ChangeKind, ChangeState, Difference},
        entry::EntryFields,
        import::{self, Defaults, Format},
    },
    store::{
        known::ExpectedTraveller,
        lists::{StoredChange, StoredRow},
    },
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/v1/sessions",
            post(sign_in).layer(DefaultBodyLimit::max(SIGN_IN_BYTES_MAX)),
        )
        .route("/v1/lists/state", get(state))
        .route("/v1/lists/changes", get(changes).post(draft))
        .route("/v1/lists/imports", post(import_file))
        .route("/v1/lists/changes/{id}", get(change).delete(discard))
        .route("/v1/lists/changes/{id}/proposal", post(propose))
        .route("/v1/lists/changes/{id}/approval", post(approve))
        .route("/v1/lists/changes/{id}/rejection", post(reject))
        .route("/v1/lists/returns", post(draft_return))
        .route("/v1/lists/confirmations", post(confirm))
        .route("/v1/lists/entries", get(entries))
        .route("/v1/lists/entries/{id}", get(entry))
        .route("/v1/lists/expected", post(expect))
        .layer(DefaultBodyLimit::max(LIST_BODY_BYTES_MAX))
}

impl FromRequestParts<App> for ListOfficer {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let header = parts.headers.get(header::AUTHORIZATION);
        let secret = header
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let officer = app.session(secret.ok_or(AppError::NotSignedIn)?).await?;
        Self::of(officer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
}

#[derive(Serialize)]
struct Session {
    session: String,
}

async fn sign_in(State(app): State<App>, body: Bytes) -> Result<Json<Session>, AppError> {
    let form: SignIn = parse(&body)?;
    let session = app.login(&form.login, &form.password).await?;
    Ok(Json(Session { session }))
}

async fn state(State(app): State<App>, officer: ListOfficer) -> Result<Json<ListState>, AppError> {
    let (head, _) = app.list_overview(&officer.0, None).await?;
    let head = head.ok_or(AppError::ListMissing)?;
    Ok(Json(ListState {
        list: app.authority(&officer.0.authority)?.list.clone(),
        version: head.version,
        entries: head.entries,
        age_s: head.age_s(app.now()).ok_or(AppError::ListFromFuture)?,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewChange {
    #[serde(default)]
    put: Vec<serde_json::Value>,
    #[serde(default)]
    withdraw: Vec<String>,
}

async fn draft(
    State(app): State<App>,
    officer: ListOfficer,
    body: Bytes,
) -> Result<(StatusCode, Json<DraftReport>), AppError> {
    let change: NewChange = parse(&body)?;
    let puts = change.put.into_iter().map(|value| {
        let entry = import::sent_entry(value);
        entry.map(|entry| Draft::Put(Box::new(entry)))
    });
    let withdrawn = change
        .withdraw
        .into_iter()
        .map(|id| Ok(Draft::Withdraw(id)));
    let rows = (1u64..).zip(puts.chain(withdrawn));
    let rows = rows.map(|(line, row)| DraftRow {
        line,
        row,
        odd: Vec::new(),
    });
    let drafting = async move {
        app.draft_change(&officer, ChangeKind::Amend, "interface", rows)
            .await
    };
    Ok(answer(to_its_end(drafting).await?))
}

/// How a sent file is to be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportQuery {
    format: String,
    kind: ChangeKind,
    /// Empty where the file says it.
    #[serde(default)]
    action: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    source: String,
}

impl ImportQuery {
    /// Drafts the file, to its end.
    pub(crate) async fn draft(
        self,
        app: App,
        officer: ListOfficer,
        file: Bytes,
    ) -> Result<DraftReport, AppError> {
        let format = Format::parse(&self.format);
        let format = format.ok_or_else(|| {
            AppError::ListFile("its format is none of csv, jsonl, ofac, un".into())
        })?;
        if !matches!(self.kind, ChangeKind::Amend | ChangeKind::Replace) {
            return Err(AppError::ListFile(
                "kind is neither amend nor replace".into(),
            ));
        }
        let action = Action::parse(&self.action);
        if action.is_none() && !self.action.is_empty() {
            return Err(AppError::ListFile(
                "its action is none that there is".into(),
            ));
        }
        let defaults = Defaults {
            action,
            reason: self.reason,
            legal_basis: self.legal_basis,
            source: self.source,
            review_on: None,
        };
        to_its_end(async move {
            let rows = import::read(format, &file[..], &defaults).map(DraftRow::from);
            app.draft_change(&officer, self.kind, format.as_str(), rows)
                .await
        })
        .await
    }
}

async fn import_file(
    State(app): State<App>,
    officer: ListOfficer,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> Result<(StatusCode, Json<DraftReport>), AppError> {
    Ok(answer(query.draft(app, officer, body).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Return {
    version: u64,
}

async fn draft_return(
    State(app): State<App>,
    officer: ListOfficer,
    body: Bytes,
) -> Result<(StatusCode, Json<DraftReport>), AppError> {
    let form: Return = parse(&body)?;
    let drafting = async move { app.draft_return(&officer, form.version).await };
    Ok(answer(to_its_end(drafting).await?))
}

/// A draft, nothing to do, or rows that cannot be used.
fn answer(report: DraftReport) -> (StatusCode, Json<DraftReport>) {
    let status = if report.bad_count > 0 {
        StatusCode::UNPROCESSABLE_ENTITY
    } else if report.change.is_some() {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    (status, Json(report))
}

/// A change as programs read it.
#[derive(Serialize)]
struct ChangeMessage {
    id: i64,
    state: ChangeState,
    kind: ChangeKind,
    source: String,
    /// Version it was compared with.
    base: u64,
    difference: Difference,
    drafted_by: String,
    drafted_ms: i64,
    proposed_by: Option<String>,
    reason: Option<String>,
    beyond_limits: Vec<String>,
    decided_by: Option<String>,
    decided_ms: Option<i64>,
    remark: Option<String>,
    version: Option<u64>,
}

impl From<StoredChange> for ChangeMessage {
    fn from(change: StoredChange) -> Self {
        Self {
            id: change.id,
            state: change.state,
            kind: change.kind,
            beyond_limits: change.difference.beyond_limits(),
            source: change.source,
            base: change.base,
            difference: change.difference,
            drafted_by: change.drafted_by,
            drafted_ms: change.drafted.0,
            proposed_by: change.proposed_by,
            reason: change.reason,
            decided_by: change.decided_by,
            decided_ms: change.decided.map(|at| at.0),
            remark: change.remark,
            version: change.version,
        }
    }
}

/// Where a page of changes begins.
#[derive(Deserialize)]
pub(crate) struct Before {
    /// The last change of the page before.
    pub(crate) before: Option<i64>,
}

async fn changes(
    State(app): State<App>,
    officer: ListOfficer,
    Query(page): Query<Before>,
) -> Result<Json<Vec<ChangeMessage>>, AppError> {
    let (_, changes) = app.list_overview(&officer.0, page.before).await?;
    Ok(Json(changes.into_iter().map(ChangeMessage::from).collect()))
}

/// Where a page of rows begins.
#[derive(Deserialize)]
pub(crate) struct After {
    /// The last entry of the page before.
    #[serde(default)]
    pub(crate) after: String,
}

/// A change with some of its rows, and whom it would have met.
#[derive(Serialize)]
struct ChangeWithRows {
    #[serde(flatten)]
    change: ChangeMessage,
    rows: Vec<RowMessage>,
    /// What to ask for the next rows with; absent with the last ones.
    after: Option<String>,
    /// The list's version, if the change was compared with an earlier one and can be approved no more.
    overtaken_by: Option<u64>,
    /// Inspections of lately inspected travellers with the entries that they meet, announced travellers without one; absent once decided,
    /// and with all but the first rows.
    would_have_met: Option<Vec<(Option<String>, String)>>,
}

#[derive(Serialize)]
struct RowMessage {
    entry: String,
    before: Option<EntryFields>,
    after: Option<EntryFields>,
}

impl TryFrom<StoredRow> for RowMessage {
    type Error = AppError;

    fn try_from(row: StoredRow) -> Result<Self, AppError> {
        let fields =
            |body: Option<String>| body.map(|body| serde_json::from_str(&body)).transpose();
        Ok(Self {
            entry: row.entry,
            before: fields(row.before.map(|(_, body)| body))?,
            after: fields(row.body)?,
        })
    }
}

async fn change(
    State(app): State<App>,
    officer: ListOfficer,
    Path(id): Path<i64>,
    Query(page): Query<After>,
) -> Result<Json<ChangeWithRows>, AppError> {
    let view = app.look_at_change(&officer.0, id, &page.after).await?;
    let rows: Result<Vec<_>, _> = view.rows.into_iter().map(RowMessage::try_from).collect();
    let met = view.dry_run.map(|dry_run| {
        let inspected = dry_run.met.into_iter();
        let inspected = inspected.map(|met| (Some(met.inspection.to_string()), met.entry));
        let announced = dry_run.announced.into_iter().map(|entry| (None, entry));
        inspected.chain(announced).collect()
    });
    Ok(Json(ChangeWithRows {
        change: view.change.into(),
        rows: rows?,
        after: view.next,
        overtaken_by: view.overtaken_by,
        would_have_met: met,
    }))
}

async fn discard(
    State(app): State<App>,
    officer: ListOfficer,
    Path(id): Path<i64>,
) -> Result<StatusCode, AppError> {
    app.discard_change(&officer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proposal {
    reason: String,
    #[serde(default)]
    accept_size: bool,
}

async fn propose(
    State(app): State<App>,
    officer: ListOfficer,
    Path(id): Path<i64>,
    body: Bytes,
) -> Result<StatusCode, AppError> {
    let form: Proposal = parse(&body)?;
    app.propose_change(&officer, id, &form.reason, form.accept_size)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Remark {
    remark: String,
}

#[derive(Serialize)]
struct InForce {
    version: u64,
}

async fn approve(
    State(app): State<App>,
    officer: ListOfficer,
    Path(id): Path<i64>,
    body: Bytes,
) -> Result<Json<InForce>, AppError> {
    let form: Remark = parse(&body)?;
    let version = app.approve_change(&officer, id, &form.remark).await?;
    Ok(Json(InForce { version }))
}

async fn reject(
    State(app): State<App>,
    officer: ListOfficer,
    Path(id): Path<i64>,
    body: Bytes,
) -> Result<StatusCode, AppError> {
    let form: Remark = parse(&body)?;
    app.reject_change(&officer, id, &form.remark).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn confirm(
    State(app): State<App>,
    officer: ListOfficer,
    body: Bytes,
) -> Result<StatusCode, AppError> {
    let form: Remark = parse(&body)?;
    app.confirm_list(&officer, &form.remark).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One version of an entry.
#[derive(Serialize)]
struct EntryVersion {
    version: Option<u64>,
    proposed_by: Option<String>,
    approved_by: Option<String>,
    approved_ms: Option<i64>,
    reason: Option<String>,
    /// Absent: withdrawn.
    entry: Option<EntryFields>,
}

async fn entries(
    State(app): State<App>,
    officer: ListOfficer,
    Query(sought): Query<Sought>,
) -> Result<Json<Vec<EntryFields>>, AppError> {
    Ok(Json(app.find_entries(&officer, &sought).await?))
}

async fn entry(
    State(app): State<App>,
    officer: ListOfficer,
    Path(id): Path<String>,
) -> Result<Json<Vec<EntryVersion>>, AppError> {
    let history = app.entry_history(&officer.0, &id).await?.into_iter();
    let versions = history.map(|(change, entry)| EntryVersion {
        version: change.version,
        proposed_by: change.proposed_by,
        approved_by: change.decided_by,
        approved_ms: change.decided.map(|at| at.0),
        reason: change.reason,
        entry: entry.map(EntryFields::from),
    });
    Ok(Json(versions.collect()))
}

#[derive(Serialize)]
struct Announced {
    travellers: usize,
}

async fn expect(
    State(app): State<App>,
    officer: ListOfficer,
    body: Bytes,
) -> Result<Json<Announced>, AppError> {
    let expected: Vec<ExpectedTraveller> = parse(&body)?;
    let travellers = app.expect_travellers(&officer, expected).await?;
    Ok(Json(Announced { travellers }))
}
