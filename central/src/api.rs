//! The gates' HTTP interface, version 1. The lane in the client certificate must be the lane in the message.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use egate_types::{AuthorityId, InspectionId, LaneId};
use egate_wire::v1::{
    ComparisonBatch, DecisionEnvelope, ErrorBody, EvidenceSubmission, LaneView, ListState,
    OpenInspection, PassageRecord, ReferralNotice, SignedVerdict, limits::BODY_BYTES_MAX,
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::app::{App, AppError};

/// Who is at the other end of the connection: the lane of the verified client certificate, if there was one.
#[derive(Debug, Clone)]
pub struct Peer(pub Option<LaneId>);

/// A gate with a verified certificate.
pub(crate) struct Gate(LaneId);

impl<S: Sync> FromRequestParts<S> for Gate {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let peer = parts
            .extensions
            .get::<Peer>()
            .and_then(|peer| peer.0.clone());
        peer.map(Self).ok_or(AppError::NoCertificate)
    }
}

impl Gate {
    fn must_be(&self, lane: &LaneId) -> Result<(), AppError> {
        if self.0 == *lane {
            Ok(())
        } else {
            Err(AppError::WrongLane)
        }
    }
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/v1/authorities/{authority}/inspections/{inspection}",
            put(open),
        )
        .route(
            "/v1/authorities/{authority}/inspections/{inspection}/verdict",
            post(verdict),
        )
        .route(
            "/v1/authorities/{authority}/inspections/{inspection}/referral",
            put(refer),
        )
        .route(
            "/v1/authorities/{authority}/inspections/{inspection}/record",
            put(record),
        )
        .route("/v1/authorities/{authority}/lanes/{lane}/view", put(view))
        .route(
            "/v1/authorities/{authority}/lanes/{lane}/comparisons/{began_ms}",
            put(comparisons),
        )
        .route(
            "/v1/authorities/{authority}/lanes/{lane}/decisions",
            get(decisions),
        )
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

type Ids = Path<(String, String)>;

async fn open(
    State(app): State<App>,
    gate: Gate,
    Path((authority, inspection)): Ids,
    body: Bytes,
) -> Result<Json<ListState>, AppError> {
    let message: OpenInspection = parse(&body)?;
    gate.must_be(&message.lane)?;
    same(id::<InspectionId>(&inspection)?, message.inspection)?;
    Ok(Json(app.open(&id(&authority)?, &message).await?))
}

async fn verdict(
    State(app): State<App>,
    gate: Gate,
    Path((authority, inspection)): Ids,
    body: Bytes,
) -> Result<Json<SignedVerdict>, AppError> {
    let message: EvidenceSubmission = parse(&body)?;
    let verdict = app
        .verdict(&id(&authority)?, id(&inspection)?, &gate.0, &message)
        .await?;
    Ok(Json(verdict))
}

async fn refer(
    State(app): State<App>,
    gate: Gate,
    Path((authority, inspection)): Ids,
    body: Bytes,
) -> Result<StatusCode, AppError> {
    let message: ReferralNotice = parse(&body)?;
    gate.must_be(&message.lane)?;
    same(id::<InspectionId>(&inspection)?, message.inspection)?;
    app.refer(&id(&authority)?, &message).await?;
    Ok(StatusCode::OK)
}

async fn record(
    State(app): State<App>,
    gate: Gate,
    Path((authority, inspection)): Ids,
    body: Bytes,
) -> Result<StatusCode, AppError> {
    let message: PassageRecord = parse(&body)?;
    gate.must_be(&message.lane)?;
    same(id::<InspectionId>(&inspection)?, message.inspection)?;
    app.record(&id(&authority)?, &message).await?;
    Ok(StatusCode::OK)
}

async fn view(
    State(app): State<App>,
    gate: Gate,
    Path((authority, lane)): Ids,
    body: Bytes,
) -> Result<StatusCode, AppError> {
    let message: LaneView = parse(&body)?;
    gate.must_be(&message.lane)?;
    same(id::<LaneId>(&lane)?, message.lane.clone())?;
    app.show(&id(&authority)?, message)?;
    Ok(StatusCode::OK)
}

async fn comparisons(
    State(app): State<App>,
    gate: Gate,
    Path((authority, lane, began_ms)): Path<(String, String, String)>,
    body: Bytes,
) -> Result<StatusCode, AppError> {
    let batch: ComparisonBatch = parse(&body)?;
    gate.must_be(&batch.lane)?;
    same(id::<LaneId>(&lane)?, batch.lane.clone())?;
    same(began_ms, batch.began_at.0.to_string())?;
    app.count_comparisons(&id(&authority)?, &batch).await?;
    Ok(StatusCode::OK)
}

#[derive(Deserialize)]
struct Poll {
    after: u64,
    wait_ms: u64,
}

async fn decisions(
    State(app): State<App>,
    gate: Gate,
    Path((authority, lane)): Ids,
    Query(poll): Query<Poll>,
) -> Result<Json<Vec<DecisionEnvelope>>, AppError> {
    let lane = id(&lane)?;
    gate.must_be(&lane)?;
    Ok(Json(
        app.decisions(&id(&authority)?, &lane, poll.after, poll.wait_ms)
            .await?,
    ))
}

/// Parses a body. The parser's own words stay here: they may quote a name.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, AppError> {
    serde_json::from_slice(body).map_err(|e| AppError::Malformed {
        line: e.line(),
        column: e.column(),
    })
}

fn id<T: FromPath>(text: &str) -> Result<T, AppError> {
    T::from_path(text)
}

trait FromPath: Sized {
    fn from_path(text: &str) -> Result<Self, AppError>;
}

impl FromPath for AuthorityId {
    fn from_path(text: &str) -> Result<Self, AppError> {
        Self::parse(text).map_err(|_| AppError::UnknownAuthority)
    }
}

impl FromPath for InspectionId {
    fn from_path(text: &str) -> Result<Self, AppError> {
        Self::parse(text).map_err(|_| AppError::UnknownInspection)
    }
}

impl FromPath for LaneId {
    fn from_path(text: &str) -> Result<Self, AppError> {
        Self::parse(text).map_err(|_| AppError::WrongLane)
    }
}

fn same<T: PartialEq>(path: T, body: T) -> Result<(), AppError> {
    if path == body {
        Ok(())
    } else {
        Err(AppError::PathMismatch)
    }
}

impl AppError {
    /// Status, stable code, and what to do next.
    pub(crate) fn answer(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoCertificate => (
                StatusCode::UNAUTHORIZED,
                "no_certificate",
                "Connect with the gate's certificate from `central pki gate`.",
            ),
            Self::WrongLane => (
                StatusCode::FORBIDDEN,
                "wrong_lane",
                "Use the certificate of the lane the message is about.",
            ),
            Self::UnknownAuthority => (
                StatusCode::NOT_FOUND,
                "unknown_authority",
                "Check the authority's id against central's configuration.",
            ),
            Self::UnknownInspection => (
                StatusCode::NOT_FOUND,
                "unknown_inspection",
                "Open the inspection first.",
            ),
            Self::Malformed { .. } => (
                StatusCode::BAD_REQUEST,
                "malformed",
                "Send a message of version 1.",
            ),
            Self::PathMismatch => (
                StatusCode::BAD_REQUEST,
                "path_mismatch",
                "Send the message to the path of its own id.",
            ),
            Self::Conflict => (
                StatusCode::CONFLICT,
                "conflict",
                "Keep the first message; report the lane to its operator.",
            ),
            Self::ListMissing => (
                StatusCode::SERVICE_UNAVAILABLE,
                "list_missing",
                "Import a list and have it approved.",
            ),
            Self::ListStale { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "list_stale",
                "Import the newest edition of the list, or confirm it where none is to be expected: `central list confirm`.",
            ),
            Self::ListFromFuture => (
                StatusCode::SERVICE_UNAVAILABLE,
                "list_from_future",
                "Check the clocks of this server and of the list's publisher, then confirm the list.",
            ),
            Self::ListUnsound => (
                StatusCode::SERVICE_UNAVAILABLE,
                "list_unsound",
                "Go back to the version before, and look into central's log.",
            ),
            Self::NoListDuty => (
                StatusCode::FORBIDDEN,
                "no_list_duty",
                "Ask for an account with that duty: `central officer add --lists`.",
            ),
            Self::NoChange => (
                StatusCode::NOT_FOUND,
                "no_change",
                "Go back to the list's changes.",
            ),
            Self::NoEntry => (
                StatusCode::NOT_FOUND,
                "no_entry",
                "Check the entry's id against the list's changes.",
            ),
            Self::NoSuch => (
                StatusCode::NOT_FOUND,
                "no_such",
                "Open the page again; somebody may have been faster.",
            ),
            Self::NoVersion => (
                StatusCode::NOT_FOUND,
                "no_version",
                "Name a version before the present one.",
            ),
            Self::WrongState { .. } => (
                StatusCode::CONFLICT,
                "wrong_state",
                "Open the change again to see what became of it.",
            ),
            Self::SamePerson => (
                StatusCode::FORBIDDEN,
                "same_person",
                "Ask another officer who maintains the list.",
            ),
            Self::FormTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "form_too_large",
                "Write less, or import a file.",
            ),
            Self::Overtaken => (
                StatusCode::CONFLICT,
                "overtaken",
                "Reject it and draft it again, so that it is compared with the list of now.",
            ),
            Self::BeyondLimits(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "beyond_limits",
                "Check that the file is whole; then propose it again and accept its size.",
            ),
            Self::NoRemark => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "no_remark",
                "Say why, in a few words.",
            ),
            Self::ListFile(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "list_file_refused",
                "Fetch the file again from where it was made; the list is as it was.",
            ),
            Self::WrongPassword => (
                StatusCode::UNAUTHORIZED,
                "wrong_password",
                "Check login and password.",
            ),
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in again."),
            Self::WrongCsrf => (
                StatusCode::FORBIDDEN,
                "wrong_form",
                "Open the page again and repeat.",
            ),
            Self::NoCase => (
                StatusCode::NOT_FOUND,
                "no_case",
                "Go back to the list of referred cases.",
            ),
            Self::CaseClosed => (
                StatusCode::CONFLICT,
                "case_closed",
                "Open the case to see how it ended.",
            ),
            Self::NoReason => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "no_reason",
                "Choose a reason that fits the decision and write a remark.",
            ),
            Self::Store(_)
            | Self::Stored(_)
            | Self::Corrupt(_)
            | Self::Hash(_)
            | Self::Index(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Try again; if it repeats, look into central's log.",
            ),
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let (status, error, next) = self.answer();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            // A parser's own words may quote a stored name; the database's never do.
            let cause = if let Self::Store(cause) = &self {
                cause.to_string()
            } else {
                String::new()
            };
            tracing::error!(error = %self, cause, "request failed");
        }
        let body = ErrorBody {
            error: error.to_owned(),
            what: self.to_string(),
            next: next.to_owned(),
        };
        (status, Json(body)).into_response()
    }
}
