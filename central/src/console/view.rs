//! From what is stored to what a page shows.

use egate_types::{InspectionId, OfficerDecision, UtcTime};
use egate_wire::v1::ReasonCode;

use super::{
    hit::HitRow,
    pages::{CasePage, CaseRow, DecisionMade, Frame, LaneCard, Person, ReasonChoice, words},
};
use crate::{
    app::{App, AppError},
    limits::LANE_LOST_MS,
    store::{CaseState, StoredCase, StoredOfficer},
};

pub(super) async fn frame(app: &App, officer: &StoredOfficer) -> Result<Frame, AppError> {
    Ok(Frame {
        unseen: app.store().unseen_alerts(&officer.authority).await?,
        authority: app.authority(&officer.authority)?.name.clone(),
        officer: officer.name.clone(),
        csrf: officer.csrf.clone(),
    })
}

pub(super) fn lanes(app: &App, officer: &StoredOfficer) -> Vec<LaneCard> {
    let now = app.now();
    app.lanes(&officer.authority)
        .into_iter()
        .map(|seen| LaneCard {
            lost: now.0.saturating_sub(seen.seen.0) > LANE_LOST_MS,
            since: age(now, seen.view.since),
            view: seen.view,
            own: officer.authority.clone(),
        })
        .collect()
}

pub(super) async fn cases(app: &App, officer: &StoredOfficer) -> Result<Vec<CaseRow>, AppError> {
    let now = app.now();
    let cases = app.store().cases(&officer.authority).await?;
    Ok(cases.iter().map(|case| row(case, now)).collect())
}

fn row(case: &StoredCase, now: UtcTime) -> CaseRow {
    CaseRow {
        inspection: case.notice.inspection,
        lane: case.lane.to_string(),
        cause: words(case.notice.cause),
        age: age(now, case.referred),
        state: case.state,
    }
}

pub(super) async fn case(
    app: &App,
    officer: &StoredOfficer,
    inspection: InspectionId,
) -> Result<CasePage, AppError> {
    let case = app.case(officer, inspection).await?;
    let own = app
        .store()
        .latest_verdict(&officer.authority, inspection)
        .await?;
    let (verdict, screening) = match own {
        Some(own) => (Some(own.verdict), own.screening),
        None => (None, None),
    };
    let hits = screening.map_or_else(Vec::new, |screening| screening.hits);
    let (chip, live) = app
        .store()
        .portraits(&officer.authority, inspection)
        .await?;
    let source = |there: Option<Vec<u8>>, which: &str| {
        there.map(|_| format!("/console/cases/{inspection}/{which}"))
    };
    let made = app.store().decision(&officer.authority, inspection).await?;
    Ok(CasePage {
        frame: frame(app, officer).await?,
        row: row(&case, app.now()),
        person: case.document.as_ref().map(|opened| Person {
            name: format!("{}, {}", opened.document.surname, opened.document.given),
            date_of_birth: opened.document.date_of_birth.map(|date| date.to_string()),
            nationality: opened.document.nationality.to_string(),
            document: format!(
                "{} {}",
                opened.document.code,
                opened.document.number.expose()
            ),
            issuer: opened.document.issuer.to_string(),
            date_of_expiry: opened.document.date_of_expiry.map(|date| date.to_string()),
        }),
        chip: source(chip, "chip.jpg"),
        live: source(live, "live.jpg"),
        match_score: case.notice.match_score.map(|score| score.0),
        match_threshold: case.notice.match_threshold.map(|score| score.0),
        pad_score: case.notice.pad_score.map(|score| score.0),
        checks: case.notice.checks,
        verdict,
        hits: hits.iter().map(HitRow::of).collect(),
        reasons: reasons(),
        made: made.map(|made| DecisionMade {
            officer: made.officer,
            decision: made.decision,
            reason: made.reason.replace('_', " "),
            remark: made.remark,
            at: made.decided.to_string(),
        }),
    })
}

/// The reasons an officer can choose, each with the decisions it can justify.
pub(super) fn reasons() -> Vec<ReasonChoice> {
    use OfficerDecision::{Refer, Release, Return};
    let choice = |code: ReasonCode| ReasonChoice {
        code: code.as_str(),
        label: code.as_str().replace('_', " "),
        decisions: [Release, Return, Refer]
            .into_iter()
            .filter(|d| code.justifies(*d))
            .collect(),
    };
    ReasonCode::ALL.into_iter().map(choice).collect()
}

/// An instant to the minute.
pub(super) fn moment(at: UtcTime) -> String {
    let text = at.to_string();
    let minute = text.get(11..16).unwrap_or_default();
    format!("{} {minute} UTC", at.date())
}

/// An age in a unit that fits; hours up to two days, for that is how limits are set.
pub(super) fn age(now: UtcTime, then: UtcTime) -> String {
    let seconds = now.0.saturating_sub(then.0).max(0) / 1_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Cases that still wait for an officer.
pub(super) fn waiting(cases: &[CaseRow]) -> usize {
    cases
        .iter()
        .filter(|case| case.state == CaseState::Open)
        .count()
}
