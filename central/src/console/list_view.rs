//! From a stored list and its alerts to what their pages show.

use std::collections::BTreeSet;

use egate_types::{TravelDocument, UtcTime};

use super::{
    alerts_page::{AlertRow, AlertsPage, AnnouncedView, NamesakeRow, Standing},
    change_page::{ChangePage, DryRunView, May, MetRow, Step},
    entry_page::{Counting, EntryPage, EntryVersion},
    fields::Difference,
    hit::HitRow,
    list_page::{ChangeRow, Freshness, HeadView, ListPage},
    pages::words,
    view::{age, frame, moment},
};
use crate::{
    app::{App, AppError, lists::DryRun},
    limits::{CHANGES_SHOWN, LIST_BODY_BYTES_MAX, MET_SHOWN_MAX, RECHECK_MS},
    lists::{
        change::ChangeState,
        entry::{EntryFields, ListEntry},
        screening::Found,
    },
    store::{
        StoredOfficer,
        alerts::{StoredAlert, StoredNamesake},
        lists::{Head, StoredChange, StoredRow},
    },
};

pub(super) async fn list(
    app: &App,
    officer: &StoredOfficer,
    before: Option<i64>,
    notice: Option<&'static str>,
) -> Result<ListPage, AppError> {
    let authority = app.authority(&officer.authority)?;
    let (head, changes) = app.list_overview(officer, before).await?;
    let full = i64::try_from(changes.len()) == Ok(CHANGES_SHOWN);
    let sound = app.list_is_sound(officer)?;
    let limit_s = authority.list_age_limit_s;
    let now = app.now();
    Ok(ListPage {
        frame: frame(app, officer).await?,
        keeper: officer.lists,
        list: authority.list.clone(),
        head: head.map(|head| head_view(&head, limit_s, now, sound)),
        age_limit: age(UtcTime(milliseconds(limit_s)), UtcTime(0)),
        newest: before.is_none(),
        older: changes.last().filter(|_| full).map(|change| change.id),
        changes: changes
            .into_iter()
            .map(|change| change_row(change, officer))
            .collect(),
        bytes_max: LIST_BODY_BYTES_MAX,
        notice,
    })
}

fn head_view(head: &Head, limit_s: u64, now: UtcTime, sound: bool) -> HeadView {
    HeadView {
        version: head.version,
        entries: head.entries,
        hash: hex::encode(head.hash),
        confirmed: moment(head.confirmed),
        age: age(now, head.confirmed),
        freshness: Freshness::of(head.age_s(now), limit_s),
        sound,
    }
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

fn change_row(change: StoredChange, officer: &StoredOfficer) -> ChangeRow {
    ChangeRow {
        id: change.id,
        open: officer.lists || !matches!(change.state, ChangeState::Draft | ChangeState::Proposed),
        state: change.state,
        kind: change.kind,
        source: change.source,
        difference: change.difference,
        drafted_by: change.drafted_by,
        proposed_by: change.proposed_by,
        decided_by: change.decided_by,
        reason: change.reason,
        when: moment(change.decided.unwrap_or(change.drafted)),
        version: change.version,
    }
}

pub(super) async fn change(
    app: &App,
    officer: &StoredOfficer,
    id: i64,
    after: &str,
) -> Result<ChangePage, AppError> {
    let view = app.look_at_change(officer, id, after).await?;
    let may = may(&view.change, officer);
    let steps = steps(&view.change);
    let change = view.change;
    let approved = change.state == ChangeState::Approved;
    let rows: Result<Vec<_>, AppError> = view
        .rows
        .into_iter()
        .map(|row| difference(row, approved))
        .collect();
    let dry_run = match view.dry_run {
        Some(dry_run) => Some(dry_run_view(app, officer, dry_run).await?),
        None => None,
    };
    Ok(ChangePage {
        frame: frame(app, officer).await?,
        id: change.id,
        state: change.state,
        kind: change.kind,
        source: change.source,
        base: change.base,
        beyond: change.difference.beyond_limits(),
        difference: change.difference,
        accepted: change.beyond_limits,
        version: change.version,
        steps,
        reason: change.reason,
        remark: change.remark,
        rows: rows?,
        before: view.before,
        next: view.next,
        overtaken_by: view.overtaken_by,
        dry_run,
        may,
        refused: None,
    })
}

fn may(change: &StoredChange, officer: &StoredOfficer) -> May {
    let login = officer.login.as_str();
    let own = change.drafted_by == login || change.proposed_by.as_deref() == Some(login);
    match change.state {
        _ if !officer.lists => May::Look,
        ChangeState::Draft => May::Propose,
        ChangeState::Proposed if own => May::TakeBack,
        ChangeState::Proposed => May::Decide,
        ChangeState::Reading
        | ChangeState::Approved
        | ChangeState::Rejected
        | ChangeState::Discarded => May::Look,
    }
}

fn steps(change: &StoredChange) -> Vec<Step> {
    let step = |what, by: &Option<String>, at: Option<UtcTime>| {
        by.clone().map(|by| Step {
            what,
            by,
            at: at.map(moment),
        })
    };
    let decided = match change.state {
        ChangeState::Approved => Some("Approved by"),
        ChangeState::Rejected => Some("Rejected by"),
        ChangeState::Discarded => Some("Given up by"),
        ChangeState::Reading | ChangeState::Draft | ChangeState::Proposed => None,
    };
    let drafted = step(
        "Drafted by",
        &Some(change.drafted_by.clone()),
        Some(change.drafted),
    );
    let proposed = step("Proposed by", &change.proposed_by, None);
    let decided = decided.and_then(|what| step(what, &change.decided_by, change.decided));
    [drafted, proposed, decided].into_iter().flatten().collect()
}

fn difference(row: StoredRow, approved: bool) -> Result<Difference, AppError> {
    let fields = |body: Option<String>| -> Result<Option<EntryFields>, AppError> {
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    };
    Ok(Difference {
        entry: row.entry,
        linked: approved || row.before.is_some(),
        before: fields(row.before.map(|(_, body)| body))?,
        after: fields(row.body)?,
    })
}

async fn dry_run_view(
    app: &App,
    officer: &StoredOfficer,
    dry_run: DryRun,
) -> Result<DryRunView, AppError> {
    let travellers: BTreeSet<_> = dry_run.met.iter().map(|met| met.inspection).collect();
    let (met_total, announced) = (dry_run.met.len(), dry_run.announced.len());
    let mut shown = Vec::new();
    for met in dry_run.met.into_iter().take(MET_SHOWN_MAX) {
        shown.push(MetRow {
            has_case: app
                .store()
                .has_case(&officer.authority, met.inspection)
                .await?,
            inspection: met.inspection,
            at: moment(met.opened),
            lane: met.lane.to_string(),
            outcome: met.outcome.map_or_else(|| "not ended".into(), words),
            entry: met.entry,
            sure: met.found == Found::Hit,
        });
    }
    Ok(DryRunView {
        hours: RECHECK_MS / 3_600_000,
        tried: dry_run.tried,
        inspected: dry_run.inspected,
        travellers: travellers.len(),
        met: shown,
        met_total,
        announced,
    })
}

pub(super) async fn entry(
    app: &App,
    officer: &StoredOfficer,
    id: &str,
) -> Result<EntryPage, AppError> {
    let history = app.entry_history(officer, id).await?;
    let current = history.first().and_then(|(_, entry)| entry.clone());
    let today = app.now().date();
    let counting = match &current {
        None => Counting::Withdrawn,
        Some(entry) if !entry.counts_on(today) => Counting::OutsideItsDays,
        Some(entry) if entry.fields().review_on.is_some_and(|day| day < today) => {
            Counting::ReviewOverdue
        }
        Some(_) => Counting::Counts,
    };
    Ok(EntryPage {
        frame: frame(app, officer).await?,
        keeper: officer.lists,
        id: id.to_owned(),
        entry: current.map(EntryFields::from),
        counting,
        versions: versions(id, &history),
    })
}

/// Each version beside the one before it, which follows it in the history.
fn versions(id: &str, history: &[(StoredChange, Option<ListEntry>)]) -> Vec<EntryVersion> {
    let fields = |entry: &Option<ListEntry>| entry.as_ref().map(|entry| entry.fields().clone());
    let before = history.iter().skip(1).map(|(_, entry)| fields(entry));
    let pairs = history.iter().zip(before.chain([None]));
    let version =
        |((change, entry), before): (&(StoredChange, Option<ListEntry>), _)| EntryVersion {
            version: change.version.unwrap_or_default(),
            change: change.id,
            proposed_by: change.proposed_by.clone().unwrap_or_default(),
            approved_by: change.decided_by.clone().unwrap_or_default(),
            at: change.decided.map(moment).unwrap_or_default(),
            reason: change.reason.clone().unwrap_or_default(),
            difference: Difference {
                entry: id.to_owned(),
                linked: false,
                before,
                after: fields(entry),
            },
        };
    pairs.map(version).collect()
}

pub(super) async fn alerts(app: &App, officer: &StoredOfficer) -> Result<AlertsPage, AppError> {
    let (stored, namesakes) = app.alerts(officer).await?;
    let mut alerts = Vec::new();
    for alert in stored {
        alerts.push(alert_row(app, officer, alert).await?);
    }
    let now = app.now();
    Ok(AlertsPage {
        frame: frame(app, officer).await?,
        alerts,
        namesakes: namesakes
            .into_iter()
            .map(|namesake| namesake_row(namesake, now))
            .collect(),
    })
}

async fn alert_row(
    app: &App,
    officer: &StoredOfficer,
    stored: StoredAlert,
) -> Result<AlertRow, AppError> {
    let alert = stored.alert;
    let (opened, has_case) = match alert.inspection {
        Some(inspection) => (
            app.store()
                .inspection(&officer.authority, inspection)
                .await?,
            app.store().has_case(&officer.authority, inspection).await?,
        ),
        None => (None, false),
    };
    let inspected = opened.as_ref().map(|opened| moment(opened.opened_at));
    let document = opened.map(|opened| opened.document);
    let document = document.or(stored.expected.map(|expected| expected.document));
    Ok(AlertRow {
        seq: stored.seq,
        kind: alert.kind,
        at: moment(stored.at),
        age: age(app.now(), stored.at),
        lane: alert.lane.map(|lane| lane.to_string()),
        inspection: alert.inspection,
        inspected,
        traveller: document.map(|document| traveller(&TravelDocument::from(&document))),
        announced: alert.announced.map(|announced| AnnouncedView {
            document: format!("{} {}", announced.issuer, announced.number),
            arrives: announced.arrives.to_string(),
        }),
        more: alert.more,
        has_case,
        hit: HitRow::of(&alert.hit),
        seen_by: stored.seen_by,
    })
}

fn traveller(document: &TravelDocument) -> String {
    let (name, number) = (&document.holder.name, document.number.expose());
    let who = format!("{}, {}", name.surname, name.given);
    let line = format!("{who} · {} {} {number}", document.code, document.issuer);
    match document.holder.date_of_birth {
        Some(born) => format!("{line} · born {born}"),
        None => line,
    }
}

fn namesake_row(namesake: StoredNamesake, now: UtcTime) -> NamesakeRow {
    let standing = if namesake.holds {
        Standing::Holds
    } else if namesake.cleared.until <= now {
        Standing::Ended
    } else {
        Standing::EntryChanged
    };
    NamesakeRow {
        id: namesake.id,
        entry: namesake.entry,
        by: namesake.cleared.by,
        reason: namesake.cleared.reason,
        until: namesake.cleared.until.date().to_string(),
        standing,
    }
}
