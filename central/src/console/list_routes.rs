//! The console's routes of lists and alerts. Whoever only looks needs a session; whatever changes something takes a form that was made
//! for the session, and a list is changed by officers with that duty alone.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    Page, PageError, SignedIn,
    change_page::Refused,
    entry_form::{EntryForm, EntryFormPage, FormError},
    forms::{KeeperForm, Submitted},
    found_page::FoundPage,
    list_view,
    view::frame,
};
use crate::{
    app::{
        App, AppError,
        lists::{Draft, DraftReport, DraftRow, ListOfficer, Sought},
        to_its_end,
    },
    limits::LIST_BODY_BYTES_MAX,
    list_api::{After, Before, ImportQuery},
    lists::{
        change::ChangeKind,
        entry::{EntryFields, ListEntry},
    },
    store::StoredOfficer,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/list", get(list))
        .route("/console/list/new", get(new_entry).post(draft_new))
        .route(
            "/console/list/import",
            post(import_file).layer(DefaultBodyLimit::max(LIST_BODY_BYTES_MAX)),
        )
        .route("/console/list/returns", post(draft_return))
        .route("/console/list/confirmation", post(confirm))
        .route("/console/list/changes/{id}", get(change))
        .route("/console/list/changes/{id}/proposal", post(propose))
        .route("/console/list/changes/{id}/discard", post(discard))
        .route("/console/list/changes/{id}/approval", post(approve))
        .route("/console/list/changes/{id}/rejection", post(reject))
        .route("/console/list/entries", get(find))
        .route("/console/list/entries/{id}", get(entry))
        .route(
            "/console/list/entries/{id}/change",
            get(change_entry).post(draft_changed),
        )
        .route(
            "/console/list/entries/{id}/withdrawal",
            post(draft_withdrawal),
        )
        .route("/console/alerts", get(alerts))
        .route("/console/alerts/{seq}/seen", post(see_alert))
        .route("/console/namesakes/{id}/end", post(end_clearance))
}

/// An officer with a live session who maintains lists.
struct SignedInKeeper(ListOfficer);

impl axum::extract::FromRequestParts<App> for SignedInKeeper {
    type Rejection = PageError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        app: &App,
    ) -> Result<Self, PageError> {
        let SignedIn { officer, .. } = SignedIn::from_request_parts(parts, app).await?;
        Ok(Self(ListOfficer::of(officer)?))
    }
}

/// A number in a path; whatever else stands there names nothing.
fn number(text: &str, missing: AppError) -> Result<i64, AppError> {
    text.parse().map_err(|_| missing)
}

async fn list(State(app): State<App>, signed_in: SignedIn, Query(from): Query<Before>) -> Page {
    let page = list_view::list(&app, &signed_in.officer, from.before, None).await?;
    Ok(Html(page.render().into_string()))
}

async fn change(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    Query(from): Query<After>,
) -> Page {
    let id = number(&id, AppError::NoChange)?;
    let page = list_view::change(&app, &signed_in.officer, id, &from.after).await?;
    Ok(Html(page.render().into_string()))
}

async fn entry(State(app): State<App>, signed_in: SignedIn, Path(id): Path<String>) -> Page {
    let page = list_view::entry(&app, &signed_in.officer, &id).await?;
    Ok(Html(page.render().into_string()))
}

async fn find(
    State(app): State<App>,
    SignedInKeeper(officer): SignedInKeeper,
    Query(sought): Query<Sought>,
) -> Page {
    let page = FoundPage {
        frame: frame(&app, &officer.0).await?,
        entries: app.find_entries(&officer, &sought).await?,
        id: sought.id,
        document: sought.document,
    };
    Ok(Html(page.render().into_string()))
}

async fn alerts(State(app): State<App>, signed_in: SignedIn) -> Page {
    let page = list_view::alerts(&app, &signed_in.officer).await?;
    Ok(Html(page.render().into_string()))
}

async fn new_entry(State(app): State<App>, SignedInKeeper(officer): SignedInKeeper) -> Page {
    let page = form_page(&app, &officer.0, EntryForm::empty(), None, None).await?;
    Ok(Html(page.render().into_string()))
}

/// Drafts a file that the page's script sends; answers the script, in JSON.
async fn import_file(
    State(app): State<App>,
    signed_in: SignedIn,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AppError> {
    let token = headers.get("x-csrf").and_then(|value| value.to_str().ok());
    if token != Some(signed_in.officer.csrf.as_str()) {
        return Err(AppError::WrongCsrf);
    }
    let officer = ListOfficer::of(signed_in.officer)?;
    let report = query.draft(app, officer, body).await?;
    Ok(Json(report).into_response())
}

async fn change_entry(
    State(app): State<App>,
    SignedInKeeper(officer): SignedInKeeper,
    Path(id): Path<String>,
) -> Page {
    let fields = last_known(&app, &officer, &id).await?;
    let form = EntryForm::of(&fields);
    let page = form_page(&app, &officer.0, form, Some(id), None).await?;
    Ok(Html(page.render().into_string()))
}

/// An entry as in force; of a withdrawn one, as it was.
async fn last_known(app: &App, officer: &ListOfficer, id: &str) -> Result<EntryFields, AppError> {
    let history = app.entry_history(&officer.0, id).await?;
    let last = history.into_iter().find_map(|(_, entry)| entry);
    last.map(EntryFields::from).ok_or(AppError::NoEntry)
}

async fn form_page(
    app: &App,
    officer: &StoredOfficer,
    form: EntryForm,
    changes: Option<String>,
    error: Option<FormError>,
) -> Result<EntryFormPage, AppError> {
    Ok(EntryFormPage {
        frame: frame(app, officer).await?,
        form,
        changes,
        error,
    })
}

async fn draft_new(
    State(app): State<App>,
    KeeperForm { officer, fields }: KeeperForm,
) -> Result<Response, PageError> {
    let form = EntryForm::sent(&fields);
    let entry = if form.id.is_empty() {
        let id = app.fresh_entry_id(&officer).await?;
        form.entry(id, EntryFields::default())
    } else if app.has_entry(&officer, &form.id).await? {
        Err(FormError::id_taken())
    } else {
        form.entry(form.id.clone(), EntryFields::default())
    };
    draft_entry(&app, officer, form, None, entry).await
}

async fn draft_changed(
    State(app): State<App>,
    Path(id): Path<String>,
    KeeperForm { officer, fields }: KeeperForm,
) -> Result<Response, PageError> {
    let form = EntryForm::sent(&fields);
    let base = last_known(&app, &officer, &id).await?;
    let entry = form.entry(id.clone(), base);
    draft_entry(&app, officer, form, Some(id), entry).await
}

/// Goes to the draft, or shows the form again with what is wrong with it and all that was typed.
async fn draft_entry(
    app: &App,
    officer: ListOfficer,
    form: EntryForm,
    changes: Option<String>,
    entry: Result<ListEntry, FormError>,
) -> Result<Response, PageError> {
    let error = match entry {
        Ok(entry) => {
            let report = draft(app, &officer, Draft::Put(Box::new(entry))).await?;
            match report.change {
                Some(id) => return Ok(to_change(id).into_response()),
                None => FormError::nothing_changes(),
            }
        }
        Err(error) => error,
    };
    let page = form_page(app, &officer.0, form, changes, Some(error)).await?;
    let html = Html(page.render().into_string());
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html).into_response())
}

/// Drafts a change of one entry.
async fn draft(app: &App, officer: &ListOfficer, draft: Draft) -> Result<DraftReport, AppError> {
    let row = DraftRow {
        line: 1,
        row: Ok(draft),
        odd: Vec::new(),
    };
    let (app, officer) = (app.clone(), officer.clone());
    to_its_end(async move {
        app.draft_change(&officer, ChangeKind::Amend, "console", [row].into_iter())
            .await
    })
    .await
}

fn to_change(id: i64) -> Redirect {
    Redirect::to(&format!("/console/list/changes/{id}"))
}

async fn draft_withdrawal(
    State(app): State<App>,
    Path(id): Path<String>,
    KeeperForm { officer, .. }: KeeperForm,
) -> Result<Redirect, PageError> {
    let report = draft(&app, &officer, Draft::Withdraw(id)).await?;
    Ok(to_change(report.change.ok_or(AppError::NoEntry)?))
}

async fn draft_return(
    State(app): State<App>,
    KeeperForm { officer, fields }: KeeperForm,
) -> Result<Response, PageError> {
    let version = fields.one("version").parse();
    let version = version.map_err(|_| AppError::NoVersion)?;
    let (drafting, drafter) = (app.clone(), officer.clone());
    let report = to_its_end(async move { drafting.draft_return(&drafter, version).await });
    if let Some(id) = report.await?.change {
        return Ok(to_change(id).into_response());
    }
    let notice = "The list is as that version was: there is nothing to draft.";
    let page = list_view::list(&app, &officer.0, None, Some(notice)).await?;
    Ok(Html(page.render().into_string()).into_response())
}

async fn confirm(
    State(app): State<App>,
    KeeperForm { officer, fields }: KeeperForm,
) -> Result<Redirect, PageError> {
    app.confirm_list(&officer, fields.one("remark")).await?;
    Ok(Redirect::to("/console/list"))
}

async fn propose(
    State(app): State<App>,
    Path(id): Path<String>,
    KeeperForm { officer, fields }: KeeperForm,
) -> Result<Response, PageError> {
    let id = number(&id, AppError::NoChange)?;
    let (reason, accept_size) = (fields.one("reason"), fields.one("accept_size") == "yes");
    let done = app.propose_change(&officer, id, reason, accept_size).await;
    moved_on(&app, &officer, id, reason, done).await
}

/// Back to the change; with why it was not moved on, and with what was typed, if it was not.
async fn moved_on(
    app: &App,
    officer: &ListOfficer,
    id: i64,
    typed: &str,
    done: Result<(), AppError>,
) -> Result<Response, PageError> {
    use AppError as E;
    let error = match done {
        Ok(()) => return Ok(to_change(id).into_response()),
        Err(
            error @ (E::WrongState { .. }
            | E::SamePerson
            | E::Overtaken
            | E::BeyondLimits(_)
            | E::NoRemark),
        ) => error,
        Err(error) => return Err(error.into()),
    };
    let (status, _, next) = error.answer();
    let mut page = list_view::change(app, &officer.0, id, "").await?;
    page.refused = Some(Refused {
        what: error.to_string(),
        next,
        typed: typed.to_owned(),
    });
    Ok((status, Html(page.render().into_string())).into_response())
}

async fn discard(
    State(app): State<App>,
    Path(id): Path<String>,
    KeeperForm { officer, .. }: KeeperForm,
) -> Result<Redirect, PageError> {
    app.discard_change(&officer, number(&id, AppError::NoChange)?)
        .await?;
    Ok(Redirect::to("/console/list"))
}

async fn approve(
    State(app): State<App>,
    Path(id): Path<String>,
    KeeperForm { officer, fields }: KeeperForm,
) -> Result<Response, PageError> {
    let id = number(&id, AppError::NoChange)?;
    let remark = fields.one("remark");
    let done = app.approve_change(&officer, id, remark).await.map(|_| ());
    moved_on(&app, &officer, id, remark, done).await
}

async fn reject(
    State(app): State<App>,
    Path(id): Path<String>,
    KeeperForm { officer, fields }: KeeperForm,
) -> Result<Response, PageError> {
    let id = number(&id, AppError::NoChange)?;
    let remark = fields.one("remark");
    let done = app.reject_change(&officer, id, remark).await;
    moved_on(&app, &officer, id, remark, done).await
}

async fn see_alert(
    State(app): State<App>,
    Path(seq): Path<String>,
    Submitted { officer, .. }: Submitted,
) -> Result<Redirect, PageError> {
    app.see_alert(&officer, number(&seq, AppError::NoSuch)?)
        .await?;
    Ok(Redirect::to("/console/alerts"))
}

async fn end_clearance(
    State(app): State<App>,
    Path(id): Path<String>,
    Submitted { officer, .. }: Submitted,
) -> Result<Redirect, PageError> {
    app.end_clearance(&officer, number(&id, AppError::NoSuch)?)
        .await?;
    Ok(Redirect::to("/console/alerts"))
}
