//! What makes a list young again, and what does not; what the chain of its versions covers.

use axum::http::StatusCode;
use central::{
    AppError, Received,
    clock::Clock as _,
    lists::{change::ChangeKind, entry::EntryFields},
};
use egate_rules::watch::Action;
use serde_json::json;

use crate::world::{
    LIST_AGE_LIMIT_S, World, contact, document, entry, key, puts, quarantine, stolen_passport,
};

const LIMIT_MS: i64 = LIST_AGE_LIMIT_S as i64 * 1_000;

fn newcomer() -> EntryFields {
    EntryFields {
        names: vec!["Newmann, Anna".into()],
        ..entry("own:2", Action::Refer, "contact tracing", "Health Law 42")
    }
}

/// Whether the quarantine answers for a traveller.
async fn answers(world: &World, n: u8) -> StatusCode {
    world
        .open(&quarantine(), n, document("L1", "GOODSON"))
        .await
}

#[tokio::test]
async fn single_entries_make_a_list_no_younger_and_an_officer_can_confirm_it() {
    let world = World::new().await;
    world.clock.advance_ms(LIMIT_MS / 2);
    world.install(&quarantine(), vec![newcomer()]).await;
    world.clock.advance_ms(LIMIT_MS / 2 + 1_000);
    assert_eq!(answers(&world, 1).await, StatusCode::SERVICE_UNAVAILABLE);
    let cookie = world.session_of("keeper.quarantine").await;
    let page = world.page(&cookie, "/console/list").await.1;
    assert!(page.contains("The list is stale"));
    let (form, path) = ("remark=+", "/console/list/confirmation");
    assert_eq!(
        world.form(&cookie, path, form).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "without a word of how it was found"
    );
    let form = "remark=compared+with+the+ward%27s+register";
    assert_eq!(world.form(&cookie, path, form).await, StatusCode::SEE_OTHER);
    assert_eq!(answers(&world, 2).await, StatusCode::OK);
    let audit = world.store.audit_lines(&quarantine()).await.unwrap();
    let line = "keeper.quarantine list.confirm version 2: compared with the ward's register";
    assert!(audit.contains(&line.to_owned()), "{audit:?}");
}

#[tokio::test]
async fn programs_confirm_a_list_too_and_officers_without_the_duty_do_not() {
    let world = World::new().await;
    world.clock.advance_ms(LIMIT_MS + 1_000);
    let sign_in = async |login: &str| {
        let body = json!({"login": login, "password": "correct horse"});
        let (_, body) = world.api("POST", "/v1/sessions", "", body).await;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        body["session"].as_str().unwrap().to_owned()
    };
    let confirm = async |session: &str| {
        let body = json!({"remark": "nothing new from the ward"});
        let path = "/v1/lists/confirmations";
        world.api("POST", path, session, body).await.0
    };
    let officer = sign_in("officer.quarantine").await;
    assert_eq!(confirm(&officer).await, StatusCode::FORBIDDEN);
    assert_eq!(answers(&world, 1).await, StatusCode::SERVICE_UNAVAILABLE);
    let keeper = sign_in("keeper.quarantine").await;
    assert_eq!(confirm(&keeper).await, StatusCode::NO_CONTENT);
    assert_eq!(answers(&world, 1).await, StatusCode::OK);
}

#[tokio::test]
async fn an_edition_is_as_old_as_its_reading_and_not_as_its_approval() {
    let world = World::new().await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let rows = puts(vec![contact(), newcomer()]);
    let drafted = world
        .app
        .draft_change(&keeper, ChangeKind::Replace, "test", rows)
        .await;
    let change = drafted.unwrap().change.unwrap();
    world
        .app
        .propose_change(&keeper, change, "daily edition", true)
        .await
        .unwrap();
    world.clock.advance_ms(LIMIT_MS / 2);
    world
        .app
        .approve_change(&second, change, "seen")
        .await
        .unwrap();
    world.clock.advance_ms(LIMIT_MS / 2 + 1_000);
    assert_eq!(answers(&world, 1).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_package_brings_the_age_that_the_list_has_where_it_is_kept() {
    let world = World::new().await;
    let export = async |after: u64| {
        let mut package = Vec::new();
        let app = &world.app;
        app.export_list(&quarantine(), after, &mut package)
            .await
            .unwrap();
        package
    };
    let elsewhere = World::bare().await;
    let public = key(&quarantine()).public();
    let receive = async |package: Vec<u8>| -> Result<Received, AppError> {
        let app = &elsewhere.app;
        app.receive_list(&quarantine(), public, &package[..]).await
    };
    let confirmed = world.clock.now();
    world.clock.advance_ms(LIMIT_MS / 2);
    let (whole, nothing_new) = (export(0).await, export(1).await);
    elsewhere.clock.advance_ms(LIMIT_MS / 2);
    assert_eq!(receive(whole).await.unwrap().confirmed_ms, confirmed);
    assert_eq!(answers(&elsewhere, 1).await, StatusCode::OK);
    // The same package again and again says nothing of today.
    elsewhere.clock.advance_ms(LIMIT_MS / 2 + 1_000);
    assert_eq!(receive(nothing_new).await.unwrap().versions, 0);
    assert_eq!(
        answers(&elsewhere, 2).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    world.clock.advance_ms(LIMIT_MS / 2 + 1_000);
    let keeper = world.keeper(&quarantine()).await;
    world
        .app
        .confirm_list(&keeper, "compared with the register")
        .await
        .unwrap();
    receive(export(1).await).await.unwrap();
    assert_eq!(answers(&elsewhere, 3).await, StatusCode::OK);
}

#[tokio::test]
async fn a_list_confirmed_at_a_time_that_has_not_come_answers_nobody() {
    let world = World::new().await;
    world.clock.advance_ms(-60_000);
    assert_eq!(answers(&world, 1).await, StatusCode::OK, "clocks differ");
    world.clock.advance_ms(-3_600_000);
    assert_eq!(answers(&world, 2).await, StatusCode::SERVICE_UNAVAILABLE);
    let cookie = world.session_of("keeper.quarantine").await;
    let page = world.page(&cookie, "/console/list").await.1;
    assert!(page.contains("at a time that has not come"));
    let keeper = world.keeper(&quarantine()).await;
    world
        .app
        .confirm_list(&keeper, "clock was wrong")
        .await
        .unwrap();
    assert_eq!(answers(&world, 2).await, StatusCode::OK);
}

#[tokio::test]
async fn what_searches_use_is_held_against_what_was_approved() {
    for forgery in [
        "DELETE FROM list_documents",
        "UPDATE list_documents SET number = 'STOLEN2'",
        "UPDATE list_rows SET special = 1",
        "UPDATE list_rows SET hash = x'00'",
        "UPDATE list_changes SET drafted_by = 'somebody.else'",
        "UPDATE list_changes SET remark = 'seen and approved'",
    ] {
        let world = World::new().await;
        world.install(&quarantine(), vec![stolen_passport()]).await;
        assert_eq!(world.app.verify_list(&quarantine()).await.unwrap(), 2);
        let file = world.dir.path().join("central.db");
        let forger = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display()))
            .await
            .unwrap();
        sqlx::query(forgery).execute(&forger).await.unwrap();
        let verified = world.app.verify_list(&quarantine()).await;
        assert!(matches!(verified, Err(AppError::Corrupt(_))), "{forgery}");
    }
}
