//! The officers' console: server-rendered pages, one live stream, no asset from elsewhere.

mod alerts_page;
mod change_page;
mod comparison_page;
mod entry_form;
mod entry_page;
mod fields;
mod forms;
mod found_page;
mod hit;
mod list_page;
mod list_routes;
mod list_view;
mod pages;
mod view;

use std::{convert::Infallible, sync::LazyLock, time::Duration};

use axum::{
    Form, Json, Router,
    extract::{FromRequestParts, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{
        Html, IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use egate_types::{InspectionId, OfficerDecision};
use egate_wire::v1::ReasonCode;
use futures::{Stream, stream};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast;

use self::comparison_page::ComparisonPage;
use self::forms::Submitted;
use self::pages::{CasePage, CasesPage, LanesPage, LoginPage};
pub use self::pages::{PAGES, SamplePage};
use crate::{
    api,
    app::{App, AppError},
    comparison_report::ComparisonReport,
    limits::CONSOLE_TICK_MS,
    list_api,
    store::StoredOfficer,
};

const COOKIE: &str = "__Host-session";

/// The whole server: gates' interface and console.
pub fn router(app: App) -> Router {
    let console = Router::new()
        .route("/", get(async || Redirect::to("/console/lanes")))
        .route("/console/login", get(login_page).post(login))
        .route("/console/logout", post(logout))
        .route("/console/lanes", get(lanes))
        .route("/console/events", get(events))
        .route("/console/cases", get(cases))
        .route("/console/cases/{inspection}", get(case))
        .route("/console/cases/{inspection}/decision", post(decide))
        .route("/console/cases/{inspection}/namesake", post(clear_namesake))
        .route("/console/cases/{inspection}/{portrait}", get(portrait))
        .route("/console/comparisons", get(comparisons))
        .route("/console/comparisons.json", get(comparison_report))
        .merge(list_routes::routes())
        .layer(axum::middleware::map_response(protect));
    console
        .merge(api::routes())
        .merge(list_api::routes())
        .with_state(app)
}

/// Nothing is cached, framed, or loaded from elsewhere.
async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    response
}

/// Pages show what foreign publishers and carriers have written, to people who can open a barrier: no script runs but the console's own.
#[expect(
    clippy::expect_used,
    reason = "base64 is always representable in a header"
)]
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let script = BASE64.encode(Sha256::digest(pages::SCRIPT));
    HeaderValue::try_from(format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ))
    .expect("printable ASCII")
});

/// An officer with a live session.
struct SignedIn {
    officer: StoredOfficer,
    secret: String,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let secret = session_cookie(&parts.headers).ok_or(AppError::NotSignedIn)?;
        Ok(Self {
            officer: app.session(&secret).await?,
            secret,
        })
    }
}

fn session_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, secret)| secret.to_owned())
}

/// An error as a page; who is not signed in goes to the login.
struct PageError(AppError);

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        Self(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if matches!(self.0, AppError::NotSignedIn) {
            return Redirect::to("/console/login").into_response();
        }
        let (status, _, _) = self.0.answer();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            return self.0.into_response();
        }
        (status, Html(pages::error(&self.0).into_string())).into_response()
    }
}

type Page = Result<Html<String>, PageError>;

async fn login_page() -> Html<String> {
    Html(LoginPage { refused: false }.render().into_string())
}

#[derive(Deserialize)]
struct LoginForm {
    login: String,
    password: String,
}

async fn login(State(app): State<App>, Form(form): Form<LoginForm>) -> Result<Response, PageError> {
    match app.login(&form.login, &form.password).await {
        Ok(secret) => {
            let cookie = format!("{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict");
            Ok((
                [(header::SET_COOKIE, cookie)],
                Redirect::to("/console/lanes"),
            )
                .into_response())
        }
        Err(AppError::WrongPassword) => {
            let page = LoginPage { refused: true }.render().into_string();
            Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn logout(
    State(app): State<App>,
    Submitted { secret, .. }: Submitted,
) -> Result<Redirect, PageError> {
    app.logout(&secret).await?;
    Ok(Redirect::to("/console/login"))
}

async fn lanes(State(app): State<App>, signed_in: SignedIn) -> Page {
    Ok(Html(
        lanes_page(&app, &signed_in.officer)
            .await?
            .render()
            .into_string(),
    ))
}

async fn lanes_page(app: &App, officer: &StoredOfficer) -> Result<LanesPage, AppError> {
    Ok(LanesPage {
        frame: view::frame(app, officer).await?,
        lanes: view::lanes(app, officer),
        cases: view::cases(app, officer).await?,
    })
}

async fn cases(State(app): State<App>, signed_in: SignedIn) -> Page {
    let page = CasesPage {
        frame: view::frame(&app, &signed_in.officer).await?,
        cases: view::cases(&app, &signed_in.officer).await?,
    };
    Ok(Html(page.render().into_string()))
}

async fn case(State(app): State<App>, signed_in: SignedIn, Path(inspection): Path<String>) -> Page {
    let page: CasePage = view::case(&app, &signed_in.officer, known(&inspection)?).await?;
    Ok(Html(page.render().into_string()))
}

async fn portrait(
    State(app): State<App>,
    signed_in: SignedIn,
    Path((inspection, which)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let authority = &signed_in.officer.authority;
    let (chip, live) = app
        .store()
        .portraits(authority, known(&inspection)?)
        .await?;
    let bytes = match which.as_str() {
        "chip.jpg" => chip,
        "live.jpg" => live,
        _ => None,
    };
    let bytes = bytes.ok_or(AppError::NoCase)?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response())
}

async fn decide(
    State(app): State<App>,
    Path(inspection): Path<String>,
    Submitted {
        officer, fields, ..
    }: Submitted,
) -> Result<Redirect, PageError> {
    let decision = match fields.one("decision") {
        "release" => OfficerDecision::Release,
        "return" => OfficerDecision::Return,
        "refer" => OfficerDecision::Refer,
        _ => return Err(AppError::NoReason.into()),
    };
    let code = fields.one("reason");
    let reason = ReasonCode::ALL
        .into_iter()
        .find(|reason| reason.as_str() == code);
    let reason = reason.ok_or(AppError::NoReason)?;
    let inspection = known(&inspection)?;
    app.decide(&officer, inspection, decision, reason, fields.one("remark"))
        .await?;
    Ok(Redirect::to("/console/cases"))
}

async fn clear_namesake(
    State(app): State<App>,
    Path(inspection): Path<String>,
    Submitted {
        officer, fields, ..
    }: Submitted,
) -> Result<Redirect, PageError> {
    let inspection = known(&inspection)?;
    let days = fields.one("days").parse();
    let days = days.map_err(|_| AppError::NoReason)?;
    let (entry, reason) = (fields.one("entry"), fields.one("reason"));
    app.clear_namesake(&officer, inspection, entry, reason, days)
        .await?;
    Ok(Redirect::to(&format!("/console/cases/{inspection}")))
}

async fn comparisons(State(app): State<App>, signed_in: SignedIn) -> Page {
    let page = ComparisonPage {
        frame: view::frame(&app, &signed_in.officer).await?,
        report: app.comparison_report(&signed_in.officer).await?,
    };
    Ok(Html(page.render().into_string()))
}

/// The same for programs.
async fn comparison_report(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<ComparisonReport>, PageError> {
    Ok(Json(app.comparison_report(&signed_in.officer).await?))
}

fn known(inspection: &str) -> Result<InspectionId, AppError> {
    InspectionId::parse(inspection).map_err(|_| AppError::NoCase)
}

/// Sends the live part of the lanes page whenever something changed, and every [`CONSOLE_TICK_MS`] so that ages and
/// lost lanes show. Ends with the session.
async fn events(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = app.changes();
    let start = (app, signed_in, changes, true);
    let events = stream::unfold(start, |(app, signed_in, mut changes, first)| async move {
        if !first {
            wait(&signed_in.officer, &mut changes).await;
        }
        let officer = app.session(&signed_in.secret).await.ok()?;
        let page = lanes_page(&app, &officer).await.ok()?;
        let event = Event::default()
            .event("lanes")
            .data(page.live().into_string());
        Some((Ok(event), (app, signed_in, changes, false)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn wait(
    officer: &StoredOfficer,
    changes: &mut broadcast::Receiver<egate_types::AuthorityId>,
) {
    let own = async {
        while let Ok(authority) = changes.recv().await {
            if authority == officer.authority {
                break;
            }
        }
    };
    // Running out of time is the tick.
    let _ = tokio::time::timeout(Duration::from_millis(CONSOLE_TICK_MS), own).await;
}
