//! The JSON interface for programs of whoever maintains a list. The officer's authority is the session's; nobody reaches another's list.
//!
//! | request | does |
//! |---|---|
//! | `POST /v1/sessions` | signs in: `{login, password}`; every other request carries `Authorization: Bearer <session>` |
//! | `GET /v1/lists/state` | identity, version, count and age of the list |
//! | `POST /v1/lists/changes` | drafts a change of single entries: `{put, withdraw}` |
//! | `GET /v1/lists/changes`, `.../{id}` | changes; one with its rows and whom it would have met |
//! | `POST /v1/lists/changes/{id}/proposal`, `.../approval`, `.../rejection` | moves it on: `{reason, accept_size}`, `{remark}` |
//! | `DELETE /v1/lists/changes/{id}` | gives a draft up |
//! | `POST /v1/lists/returns` | drafts the way back: `{version}` |
//! | `GET /v1/lists/entries/{id}` | an entry with its versions |

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    routing::{get, post},
};
use egate_wire::v1::ListState;
use serde::{Deserialize, Serialize};

use crate::{
    api::parse,
    app::{
        App, AppError,
        lists::{Draft, DraftReport, DraftRow, ListOfficer, age_s},
    },
    limits::LIST_BODY_BYTES_MAX,
    lists::{
        change::{ChangeKind, ChangeState, Difference},
        entry::{EntryFields, ListEntry},
    },
    store::lists::{StoredChange, StoredRow},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/sessions", post(sign_in))
        .route("/v1/lists/state", get(state))
        .route("/v1/lists/changes", get(changes).post(draft))
        .route("/v1/lists/changes/{id}", get(change).delete(discard))
        .route("/v1/lists/changes/{id}/proposal", post(propose))
        .route("/v1/lists/changes/{id}/approval", post(approve))
        .route("/v1/lists/changes/{id}/rejection", post(reject))
        .route("/v1/lists/returns", post(draft_return))
        .route("/v1/lists/entries/{id}", get(entry))
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
    let (head, _) = app.list_overview(&officer.0).await?;
    let head = head.ok_or(AppError::ListMissing)?;
    Ok(Json(ListState {
        list: app.authority(&officer.0.authority)?.list.clone(),
        version: head.version,
        entries: head.entries,
        age_s: age_s(app.now(), &head),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewChange {
    #[serde(default)]
    put: Vec<EntryFields>,
    #[serde(default)]
    withdraw: Vec<String>,
}

async fn draft(
    State(app): State<App>,
    officer: ListOfficer,
    body: Bytes,
) -> Result<(StatusCode, Json<DraftReport>), AppError> {
    let change: NewChange = parse(&body)?;
    let puts = change.put.into_iter().map(|fields| {
        let entry = ListEntry::try_from(fields).map_err(|e| e.to_string());
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
    let report = app
        .draft_change(&officer, ChangeKind::Amend, "interface", rows)
        .await?;
    Ok(answer(report))
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
    Ok(answer(app.draft_return(&officer, form.version).await?))
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

async fn changes(
    State(app): State<App>,
    officer: ListOfficer,
) -> Result<Json<Vec<ChangeMessage>>, AppError> {
    let (_, changes) = app.list_overview(&officer.0).await?;
    Ok(Json(changes.into_iter().map(ChangeMessage::from).collect()))
}

/// A change with its first rows, and whom it would have met.
#[derive(Serialize)]
struct ChangeWithRows {
    #[serde(flatten)]
    change: ChangeMessage,
    rows: Vec<RowMessage>,
    /// Inspections of lately inspected travellers with the entries that they meet; absent once decided.
    would_have_met: Option<Vec<(String, String)>>,
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
) -> Result<Json<ChangeWithRows>, AppError> {
    let view = app.look_at_change(&officer.0, id).await?;
    let rows: Result<Vec<_>, _> = view.rows.into_iter().map(RowMessage::try_from).collect();
    let met = view.dry_run.map(|dry_run| {
        let met = dry_run.met.into_iter();
        met.map(|met| (met.inspection.to_string(), met.entry))
            .collect()
    });
    Ok(Json(ChangeWithRows {
        change: view.change.into(),
        rows: rows?,
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
