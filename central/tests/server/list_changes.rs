//! Changes of lists that go wrong half way, large ones, and whole editions of lists that have several sources.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use central::{
    App, AppError, Draft, DraftReport, DraftRow, ListOfficer, Store,
    clock::{CountingRandom, ManualClock},
    lists::{change::ChangeKind, entry::EntryFields},
};
use egate_rules::watch::Action;
use egate_types::{CheckResult, Verdict};
use serde_json::{Value, json};
use sqlx::SqlitePool;
use tower::ServiceExt as _;

use crate::world::{
    LISTED, NOW, World, contact, document, entry, json as request, parse, puts, quarantine,
    stolen_passport,
};

fn person(id: &str, source: &str) -> EntryFields {
    EntryFields {
        names: vec![format!("Surname {id}, Anna")],
        births: vec!["1971-01-02".into()],
        source: source.into(),
        ..entry(id, Action::Refer, "contact tracing", "Health Law 42")
    }
}

fn persons(count: usize) -> Vec<EntryFields> {
    let person = |n| person(&format!("many:{n:05}"), "own");
    (0..count).map(person).collect()
}

/// The database as nobody else sees it.
async fn database(world: &World) -> SqlitePool {
    let path = world.dir.path().join("central.db");
    SqlitePool::connect(path.to_str().unwrap()).await.unwrap()
}

async fn count(database: &SqlitePool, sql: &str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(database).await.unwrap()
}

/// Asks until the answer is `wanted`, for ten seconds.
async fn until(database: &SqlitePool, sql: &str, wanted: i64) {
    for _ in 0..200 {
        if count(database, sql).await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(count(database, sql).await, wanted, "{sql}");
}

async fn draft(
    world: &World,
    kind: ChangeKind,
    entries: Vec<EntryFields>,
) -> Result<DraftReport, AppError> {
    let keeper = world.keeper(&quarantine()).await;
    let app = &world.app;
    app.draft_change(&keeper, kind, "test", puts(entries)).await
}

async fn put_in_force(app: &App, officers: (&ListOfficer, &ListOfficer), change: i64) -> u64 {
    app.propose_change(officers.0, change, "for the test", true)
        .await
        .unwrap();
    app.approve_change(officers.1, change, "seen")
        .await
        .unwrap()
}

async fn token(world: &World, login: &str) -> String {
    let body = json!({"login": login, "password": "correct horse"});
    let (status, body) = world.api("POST", "/v1/sessions", "", body).await;
    assert_eq!(status, StatusCode::OK);
    parse::<Value>(&body)["session"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_write_into_one_database_and_neither_fails() {
    let world = World::new().await;
    world.install(&quarantine(), persons(1_000)).await;
    let store = Store::open(&world.dir.path().join("central.db"))
        .await
        .unwrap();
    let (clock, random) = (ManualClock::at(NOW), CountingRandom::default());
    let other = App::new(
        World::authorities(),
        store,
        Arc::new(clock),
        Arc::new(random),
    );
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let (app, importer) = (world.app.clone(), keeper.clone());
    let importing = tokio::spawn(async move {
        for _ in 0..5 {
            let rows = persons(1_000).into_iter().map(|fields| DraftRow {
                line: 1,
                row: Ok(Draft::Withdraw(fields.id)),
                odd: Vec::new(),
            });
            let report = app
                .draft_change(&importer, ChangeKind::Amend, "test", rows)
                .await
                .unwrap();
            assert_eq!(report.difference.withdrawn, 1_000);
            let change = report.change.unwrap();
            app.discard_change(&importer, change).await.unwrap();
        }
    });
    let mut turns = 0;
    while !importing.is_finished() {
        turns += 1;
        let fields = EntryFields {
            reason: format!("turn {turns}"),
            ..contact()
        };
        let rows = puts(vec![fields]);
        let drafted = other.draft_change(&keeper, ChangeKind::Amend, "test", rows);
        let change = drafted.await.unwrap().change.unwrap();
        put_in_force(&other, (&keeper, &second), change).await;
    }
    importing.await.unwrap();
    assert!(turns > 0);
}

#[tokio::test]
async fn a_change_whose_reader_was_stopped_is_shown_to_nobody_and_given_up() {
    let world = World::new().await;
    let database = database(&world).await;
    let (app, keeper) = (world.app.clone(), world.keeper(&quarantine()).await);
    let stopped = tokio::spawn(async move {
        let killed = std::iter::from_fn(|| panic!("the process is killed"));
        let rows = puts(persons(700)).chain(killed);
        app.draft_change(&keeper, ChangeKind::Amend, "test", rows)
            .await
    });
    assert!(stopped.await.is_err());
    let change = count(&database, "SELECT max(id) FROM list_changes").await;
    let rows = format!("SELECT count(*) FROM list_rows WHERE change = {change}");
    assert_eq!(count(&database, &rows).await, 500);
    for login in [
        "officer.quarantine",
        "keeper.quarantine",
        "keeper.border",
        "officer.border",
    ] {
        let cookie = world.session_of(login).await;
        let path = format!("/console/list/changes/{change}");
        assert_eq!(
            world.page(&cookie, &path).await.0,
            StatusCode::NOT_FOUND,
            "{login}"
        );
    }
    let session = token(&world, "keeper.quarantine").await;
    let path = format!("/v1/lists/changes/{change}");
    let asked = world.api("GET", &path, &session, Value::Null).await;
    assert_eq!(asked.0, StatusCode::NOT_FOUND);

    let follow = tokio::spawn(world.app.clone().follow_lists());
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(count(&database, &rows).await, 500, "somebody may read it");
    world.clock.advance_ms(25 * 3_600_000);
    until(&database, &rows, 0).await;
    for left in ["list_seen", "list_leftovers"] {
        until(&database, &format!("SELECT count(*) FROM {left}"), 0).await;
    }
    follow.abort();
    let audit = world.store.audit_lines(&quarantine()).await.unwrap();
    assert!(audit.contains(&format!("watcher list.discard change {change}")));
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_a_draft_and_nothing_half_read() {
    let world = World::new().await;
    let database = database(&world).await;
    let session = token(&world, "keeper.quarantine").await;
    let put: Vec<_> = persons(2_000)
        .into_iter()
        .map(|fields| serde_json::to_value(fields).unwrap())
        .collect();
    let mut sent = request("POST", "/v1/lists/changes", &json!({ "put": put }));
    let bearer = format!("Bearer {session}").parse().unwrap();
    sent.headers_mut().insert("authorization", bearer);
    let mut answer = Box::pin(world.router(None).oneshot(sent));
    let reading = "SELECT count(*) FROM list_changes WHERE state = 'reading'";
    while count(&database, reading).await == 0 {
        let early = tokio::time::timeout(Duration::from_millis(1), &mut answer).await;
        assert!(early.is_err(), "answered before anybody could hang up");
    }
    drop(answer);
    let drafts = "SELECT count(*) FROM list_changes WHERE state = 'draft' AND added = 2000";
    until(&database, drafts, 1).await;
    assert_eq!(count(&database, reading).await, 0);
}

#[tokio::test]
async fn what_a_refused_file_or_package_has_brought_is_deleted() {
    let world = World::new().await;
    let database = database(&world).await;
    let rows = "SELECT count(*) FROM list_rows WHERE change IN \
        (SELECT id FROM list_changes WHERE state IN ('discarded', 'rejected'))";
    let empty = draft(&world, ChangeKind::Replace, Vec::new()).await;
    assert!(matches!(empty, Err(AppError::ListFile(why)) if why.contains("no entry")));
    let fault = "CREATE TRIGGER fault BEFORE INSERT ON list_rows WHEN NEW.entry = 'many:00700' \
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    sqlx::raw_sql(fault).execute(&database).await.unwrap();
    let faulty = draft(&world, ChangeKind::Amend, persons(800)).await;
    assert!(matches!(faulty, Err(AppError::Store(_))));
    sqlx::raw_sql("DROP TRIGGER fault")
        .execute(&database)
        .await
        .unwrap();
    let reading = "SELECT count(*) FROM list_changes WHERE state = 'reading'";
    for left in [reading, rows] {
        assert_eq!(count(&database, left).await, 0, "{left}");
    }

    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let report = draft(&world, ChangeKind::Amend, persons(1_200)).await;
    let change = report.unwrap().change.unwrap();
    world
        .app
        .propose_change(&keeper, change, "for the test", true)
        .await
        .unwrap();
    world
        .app
        .reject_change(&second, change, "of no use")
        .await
        .unwrap();
    for left in [rows, "SELECT count(*) FROM list_leftovers"] {
        assert_eq!(count(&database, left).await, 0, "{left}");
    }

    // Who was stopped between saying no and deleting leaves the rest to the watcher.
    let report = draft(&world, ChangeKind::Amend, persons(1_200)).await;
    let change = report.unwrap().change.unwrap();
    let stopped = format!(
        "UPDATE list_changes SET state = 'rejected' WHERE id = {change}; \
         INSERT INTO list_leftovers VALUES ({change}), (1)"
    );
    sqlx::raw_sql(&stopped).execute(&database).await.unwrap();
    assert_eq!(count(&database, rows).await, 1_200);
    let cookie = world.session_of("officer.quarantine").await;
    let path = format!("/console/list/changes/{change}");
    let (_, page) = world.page(&cookie, &path).await;
    assert!(page.contains("are not kept") && !page.contains("many:"));
    let follow = tokio::spawn(world.app.clone().follow_lists());
    until(&database, "SELECT count(*) FROM list_leftovers", 0).await;
    follow.abort();
    assert_eq!(count(&database, rows).await, 0);
    assert_eq!(
        world.app.verify_list(&quarantine()).await.unwrap(),
        1,
        "rows in force stay, whatever is named there"
    );
}

#[tokio::test]
async fn a_whole_edition_withdraws_of_its_own_sources_alone() {
    let world = World::new().await;
    let rule =
        json!({"when": {"nationality": ["XXA"]}, "if_unknown": "pass", "hits_per_day_max": 2});
    let rule = |id: &str, source: &str| EntryFields {
        rule: Some(serde_json::from_value(rule.clone()).unwrap()),
        source: source.into(),
        ..entry(id, Action::HealthCheck, "outbreak", "Health Law 7")
    };
    let canary = || EntryFields {
        names: vec!["Kakapo, Lory Amazona".into()],
        births: vec!["1933-03-03".into()],
        ..person("canary:1", "UN-SC")
    };
    // By hand: the world's contact, a rule that somebody has filed under the publisher's name, a rule and a canary.
    let by_hand = vec![rule("rule:1", "own"), rule("rule:2", "UN-SC"), canary()];
    world.install(&quarantine(), by_hand).await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let edition = |ids: [&str; 2]| ids.map(|id| person(id, "UN-SC")).to_vec();
    let replace = async |entries: Vec<EntryFields>| {
        let report = draft(&world, ChangeKind::Replace, entries).await.unwrap();
        put_in_force(&world.app, (&keeper, &second), report.change.unwrap()).await;
        let difference = report.difference;
        (difference.added, difference.withdrawn, difference.entries)
    };
    assert_eq!(replace(edition(["un:1", "un:2"])).await, (2, 0, 6));
    assert_eq!(replace(edition(["un:2", "un:3"])).await, (1, 1, 6));
    assert_eq!(
        world.open(&quarantine(), 1, document("L1", LISTED)).await,
        StatusCode::OK
    );
    let verdict = world
        .verdict(&quarantine(), 1, CheckResult::Successful)
        .await;
    assert_eq!(
        verdict.verdict,
        Verdict::Refer,
        "the contact is still listed"
    );

    // An own file that brings everything is the whole edition of everything.
    let mut whole = edition(["un:2", "un:3"]);
    whole.extend([rule("rule:1", "own"), canary(), contact()]);
    assert_eq!(replace(whole).await, (0, 1, 5), "rule:2 goes");
    // One with rules alone says nothing of persons.
    assert_eq!(replace(vec![rule("rule:3", "own")]).await, (1, 1, 5));
}

#[tokio::test]
async fn a_list_without_any_entry_is_never_usual() {
    let world = World::new().await;
    world
        .install(&quarantine(), vec![person("own:2", "own")])
        .await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let withdraw = async |ids: &[&str]| {
        let ids = ids.iter().map(|id| (*id).to_owned());
        let rows: Vec<_> = ids
            .map(|id| DraftRow {
                line: 1,
                row: Ok(Draft::Withdraw(id)),
                odd: Vec::new(),
            })
            .collect();
        let rows = rows.into_iter();
        let app = &world.app;
        let drafted = app.draft_change(&keeper, ChangeKind::Amend, "test", rows);
        drafted.await.unwrap().change.unwrap()
    };
    let propose = async |change, accept| {
        let app = &world.app;
        app.propose_change(&keeper, change, "for the test", accept)
            .await
    };
    let both = withdraw(&["own:2", "own:case77"]).await;
    assert!(matches!(
        propose(both, false).await,
        Err(AppError::BeyondLimits(_))
    ));
    // Each alone leaves the other one; both together leave nobody.
    let (one, other) = (withdraw(&["own:2"]).await, withdraw(&["own:case77"]).await);
    for change in [one, other] {
        propose(change, false).await.unwrap();
    }
    world
        .app
        .approve_change(&second, one, "seen")
        .await
        .unwrap();
    let last = world.app.approve_change(&second, other, "seen").await;
    assert!(matches!(last, Err(AppError::BeyondLimits(_))));
    let accepted = withdraw(&["own:case77"]).await;
    propose(accepted, true).await.unwrap();
    let version = world.app.approve_change(&second, accepted, "seen").await;
    assert_eq!(version.unwrap(), 4);
}

#[tokio::test]
async fn every_row_of_a_change_and_every_change_can_be_reached() {
    let world = World::new().await;
    let report = draft(&world, ChangeKind::Amend, persons(1_100)).await;
    let change = report.unwrap().change.unwrap();
    let cookie = world.session_of("second.quarantine").await;
    let path = format!("/console/list/changes/{change}");
    let mut at = path.clone();
    for (rows, last) in [
        ("Rows 1 to 500 of 1,100", Some("many:00499")),
        ("Rows 501 to 1,000 of 1,100", Some("many:00999")),
        ("Rows 1,001 to 1,100 of 1,100", None),
    ] {
        let (status, page) = world.page(&cookie, &at).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(rows), "{rows}");
        assert_eq!(page.contains("Dry run"), at == path);
        let next = last.map(|last| format!("{path}?after={last}"));
        let linked = next
            .as_ref()
            .is_some_and(|next| page.contains(next.as_str()));
        assert_eq!(linked, next.is_some(), "{rows}");
        at = next.unwrap_or_default();
    }
    let session = token(&world, "keeper.quarantine").await;
    let ask = async |path: String| {
        let (status, body) = world.api("GET", &path, &session, Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        parse::<Value>(&body)
    };
    let (mut after, mut rows) = (String::new(), 0);
    loop {
        let page = ask(format!("/v1/lists/changes/{change}?after={after}")).await;
        rows += page["rows"].as_array().unwrap().len();
        let Some(next) = page["after"].as_str() else {
            break;
        };
        next.clone_into(&mut after);
    }
    assert_eq!(rows, 1_100);

    let keeper = world.keeper(&quarantine()).await;
    for n in 0..110 {
        let report = draft(
            &world,
            ChangeKind::Amend,
            vec![person(&format!("own:{n}"), "own")],
        );
        let change = report.await.unwrap().change.unwrap();
        if n % 2 == 0 {
            let app = &world.app;
            app.propose_change(&keeper, change, "for the test", false)
                .await
                .unwrap();
        }
    }
    let (mut path, mut ids) = ("/v1/lists/changes".to_owned(), Vec::new());
    loop {
        let page = ask(path).await;
        let page = page.as_array().unwrap().clone();
        let Some(last) = page.last() else { break };
        path = format!("/v1/lists/changes?before={}", last["id"]);
        ids.extend(page.iter().map(|change| change["id"].as_i64().unwrap()));
    }
    assert_eq!(ids.len(), 112);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 112);
    let (_, page) = world.page(&cookie, "/console/list").await;
    let older = page.split("/console/list?before=").nth(1).unwrap();
    let older = older.split('"').next().unwrap();
    let (status, page) = world
        .page(&cookie, &format!("/console/list?before={older}"))
        .await;
    assert!(status == StatusCode::OK && page.contains("Older changes"));
}

#[tokio::test]
async fn a_form_that_is_not_done_keeps_what_was_typed_and_says_what_became_of_the_change() {
    let world = World::new().await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let with = async |reason: &str| {
        let fields = EntryFields {
            reason: reason.into(),
            ..contact()
        };
        let report = draft(&world, ChangeKind::Amend, vec![fields]).await;
        let change = report.unwrap().change.unwrap();
        let app = &world.app;
        app.propose_change(&keeper, change, "for the test", false)
            .await
            .unwrap();
        change
    };
    let (slow, fast) = (with("slow").await, with("fast").await);
    let cookie = world.session_of("second.quarantine").await;
    let path = |change: i64| format!("/console/list/changes/{change}");
    let send = async |change: i64, step: &str, remark: &str| {
        let csrf = world.page(&cookie, "/console/lanes").await.1;
        let csrf = csrf.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let csrf = csrf.split('"').next().unwrap();
        let form = format!("csrf={csrf}&remark={remark}");
        let to = format!("{}/{step}", path(change));
        let sent = crate::world::post(&to, &cookie, form);
        let (status, body) = world.send(None, sent).await;
        (status, String::from_utf8(body).unwrap())
    };
    let (status, page) = send(slow, "approval", "ab").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("ab</textarea>") && page.contains("✓ Approve"));

    assert!(
        !world
            .page(&cookie, &path(slow))
            .await
            .1
            .contains("Overtaken")
    );
    world
        .app
        .approve_change(&second, fast, "seen")
        .await
        .unwrap();
    let shown = world.page(&cookie, &path(slow)).await.1;
    let said = "it was compared with version 1, the list is at version 2";
    assert!(shown.contains(said), "{shown}");
    let (status, page) = send(slow, "approval", "checked+twice").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains(said) && page.contains("checked twice</textarea>"));
    // Decided meanwhile by somebody else: there is no form any more, and the words are still there.
    let (status, page) = send(fast, "rejection", "never+again").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("the change is approved, not proposed"));
    assert!(page.contains("You had written: never again"));
    // Given up by somebody else in the very moment in which it is proposed.
    let fields = person("own:9", "own");
    let report = draft(&world, ChangeKind::Amend, vec![fields]).await;
    let change = report.unwrap().change.unwrap();
    let faster = format!(
        "CREATE TRIGGER faster AFTER INSERT ON audit WHEN NEW.action = 'list.propose' \
         BEGIN UPDATE list_changes SET state = 'discarded' WHERE id = {change}; END"
    );
    let database = database(&world).await;
    sqlx::raw_sql(&faster).execute(&database).await.unwrap();
    let app = &world.app;
    let late = app.propose_change(&keeper, change, "too late", false).await;
    assert_eq!(
        late.unwrap_err().to_string(),
        "the change is discarded, not draft"
    );
}

#[tokio::test]
async fn a_version_too_large_for_a_layer_is_built_anew() {
    let world = World::new().await;
    let ask = async |n| {
        let traveller = document("L1", LISTED);
        assert_eq!(
            world.open(&quarantine(), n, traveller).await,
            StatusCode::OK
        );
        let claims = world
            .verdict(&quarantine(), n, CheckResult::Successful)
            .await;
        (claims.verdict, claims.list.version)
    };
    assert_eq!(ask(1).await, (Verdict::Refer, 1));
    assert_eq!(world.app.snapshot_in_use(&quarantine()), Some(0));
    let mut many = persons(50_001);
    many[0].births = vec!["1933-03-03".into()];
    world.install(&quarantine(), many).await;
    assert_eq!(ask(2).await, (Verdict::Refer, 2));
    assert_eq!(world.app.snapshot_in_use(&quarantine()), Some(2));
    world
        .install(
            &quarantine(),
            vec![EntryFields {
                births: vec!["1950".into()],
                ..contact()
            }],
        )
        .await;
    assert_eq!(ask(3).await, (Verdict::Clear, 3));
    let keeper = world.keeper(&quarantine()).await;
    let back = world.app.draft_return(&keeper, 1).await.unwrap().difference;
    assert_eq!((back.changed, back.withdrawn, back.entries), (1, 50_001, 1));
}

#[tokio::test]
async fn whoever_is_not_signed_in_sends_little_and_reports_quote_nothing() {
    let world = World::new().await;
    let long = json!({"login": "keeper.quarantine", "password": "x".repeat(5_000)});
    let (status, _) = world.api("POST", "/v1/sessions", "", long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let session = token(&world, "keeper.quarantine").await;
    let mut wrong = serde_json::to_value(person("own:9", "own")).unwrap();
    wrong["names"] = json!(["x".repeat(5_000)]);
    wrong["sex"] = json!("Whispered");
    let other = json!({"id": "own:10", "Whispered": 1});
    let put = json!({"put": [wrong, other, "Whispered"]});
    let (status, body) = world.api("POST", "/v1/lists/changes", &session, put).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let report = String::from_utf8(body).unwrap();
    assert!(!report.contains("Whispered"), "{report}");
    assert_eq!(parse::<Value>(report.as_bytes())["bad_count"], 3);
}

#[tokio::test]
async fn an_entry_is_found_by_its_id_and_by_a_document() {
    let world = World::new().await;
    let with_document = EntryFields {
        documents: stolen_passport().documents,
        ..person("own:with", "own")
    };
    let mut all = persons(60);
    all.extend([with_document, person("own:gone", "own")]);
    world.install(&quarantine(), all).await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let gone = DraftRow {
        line: 1,
        row: Ok(Draft::Withdraw("own:gone".into())),
        odd: Vec::new(),
    };
    let app = &world.app;
    let drafted = app.draft_change(&keeper, ChangeKind::Amend, "test", [gone].into_iter());
    put_in_force(
        app,
        (&keeper, &second),
        drafted.await.unwrap().change.unwrap(),
    )
    .await;
    let session = token(&world, "keeper.quarantine").await;
    let found = async |query: &str| {
        let path = format!("/v1/lists/entries?{query}");
        let (status, body) = world.api("GET", &path, &session, Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        let found: Vec<Value> = parse(&body);
        let ids = found.iter().map(|entry| entry["id"].as_str().unwrap());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("id=own:").await, ["own:case77", "own:with"]);
    assert_eq!(found("id=many:").await.len(), 50);
    assert_eq!(found("id=many:00007").await, ["many:00007"]);
    assert_eq!(
        found("document=st0len1").await,
        ["own:with"],
        "as scanners read it"
    );
    for nothing in ["", "id=own:gone", "document=%24", "document=STOLEN2"] {
        assert_eq!(found(nothing).await, [""; 0], "{nothing}");
    }
    let cookie = world.session_of("keeper.quarantine").await;
    let (_, page) = world
        .page(&cookie, "/console/list/entries?id=own:&document=")
        .await;
    assert!(page.contains("/console/list/entries/own:with"), "{page}");
    let audit = world.store.audit_lines(&quarantine()).await.unwrap();
    assert!(audit.contains(&"keeper.quarantine entry.find document st0len1".to_owned()));
}
