//! What a list says of travellers beside a verdict: re-checks of new versions, alerts, announcements, journeys, ceilings, namesakes.

use std::time::Duration;

use axum::http::StatusCode;
use central::{ExpectedTraveller, lists::entry::EntryFields};
use egate_rules::watch::Action;
use egate_types::{Date, StateCode, Verdict};
use egate_wire::v1::{DocumentMessage, path};
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    lists::{ask, person, replica, visitors},
    world::{
        LISTED, NOW, World, contact, document, inspection, quarantine, record, stolen_passport,
    },
};

const DAY_MS: i64 = 86_400_000;

/// The day so many days from the first one.
fn day(offset: i64) -> Date {
    NOW.plus_ms(offset * DAY_MS).date()
}

/// A traveller of a stay in the neighbour that ended so many days from the first one, announced for a day.
fn announced(document: DocumentMessage, arrives: Date, left: i64) -> ExpectedTraveller {
    let journey = json!({"stays": [{"state": "XXA", "left": day(left).to_string()}]});
    ExpectedTraveller {
        document,
        arrives,
        journey: serde_json::from_value(journey).unwrap(),
    }
}

async fn announce(world: &World, expected: Vec<ExpectedTraveller>) {
    let keeper = world.keeper(&quarantine()).await;
    world
        .app
        .expect_travellers(&keeper, expected)
        .await
        .unwrap();
}

async fn alerts(world: &World) -> Vec<String> {
    world.store.alert_lines(&quarantine()).await.unwrap()
}

/// The list is still what it should be.
async fn days_later(world: &World, days: i64) {
    world.clock.advance_ms(days * DAY_MS);
    let keeper = world.keeper(&quarantine()).await;
    world
        .app
        .confirm_list(&keeper, "nothing new")
        .await
        .unwrap();
}

async fn admit(world: &World, n: u8) {
    let path = path::record(&quarantine(), inspection(n));
    assert_eq!(world.gate("PUT", &path, &record(n)).await.0, StatusCode::OK);
}

/// Past the interface, as a fault or another replica does.
async fn sql(world: &World, statement: &str) -> u64 {
    let options = SqliteConnectOptions::new().filename(world.dir.path().join("central.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::query(statement).execute(&mut connection).await;
    done.unwrap().rows_affected()
}

/// Lets a replica follow its lists until it is so.
async fn follow_until(world: &World, so: impl AsyncFn() -> bool) {
    let follow = tokio::spawn(world.app.clone().follow_lists());
    for _ in 0..200 {
        if so().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    follow.abort();
    assert!(so().await);
}

/// How many versions have been held against known travellers to the end.
async fn finished(world: &World) -> usize {
    let options = SqliteConnectOptions::new().filename(world.dir.path().join("central.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM list_rechecks WHERE authority = 'quarantine' AND done_ms IS NOT NULL",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    usize::try_from(count).unwrap()
}

#[tokio::test]
async fn a_verdict_that_brings_the_list_up_to_date_takes_no_recheck_away() {
    let world = World::new().await;
    assert_eq!(ask(&world, 1, "L1", "NEWMANN").await, Verdict::Clear);
    admit(&world, 1).await;
    for (id, surname) in [("own:2", "Newmann"), ("own:3", "Other")] {
        world
            .install(&quarantine(), vec![person(id, surname)])
            .await;
    }
    assert_eq!(ask(&world, 2, "L2", "GOODSON").await, Verdict::Clear);
    // One who was held against the version by a verdict is not told of again.
    assert_eq!(ask(&world, 3, "L3", "NEWMANN").await, Verdict::Refer);
    admit(&world, 3).await;
    follow_until(&world, async || finished(&world).await == 3).await;
    let admitted = format!("admitted own:2 {}", inspection(1));
    assert_eq!(alerts(&world).await, [admitted.as_str()]);
    // Held against everybody once more, it raises nothing twice.
    sql(&world, "DELETE FROM list_rechecks").await;
    follow_until(&replica(&world).await, async || finished(&world).await == 3).await;
    assert_eq!(alerts(&world).await, [admitted.as_str()]);
}

#[tokio::test]
async fn a_recheck_that_was_begun_and_not_finished_is_taken_up_after_its_lease() {
    let world = World::new().await;
    assert_eq!(ask(&world, 1, "L1", "NEWMANN").await, Verdict::Clear);
    admit(&world, 1).await;
    world
        .install(&quarantine(), vec![person("own:2", "Newmann")])
        .await;
    let claim = format!(
        "INSERT INTO list_rechecks (authority, version, claimed_ms) VALUES ('quarantine', 2, {})",
        NOW.0
    );
    sql(&world, &claim).await;
    follow_until(&world, async || finished(&world).await == 1).await;
    assert!(alerts(&world).await.is_empty(), "another replica is at it");
    world.clock.advance_ms(11 * 60_000);
    follow_until(&world, async || finished(&world).await == 2).await;
    assert_eq!(
        alerts(&world).await,
        [format!("admitted own:2 {}", inspection(1))]
    );
}

#[tokio::test]
async fn a_list_that_verdicts_brought_up_to_date_gets_its_snapshot() {
    let world = World::new().await;
    assert_eq!(ask(&world, 1, "L1", LISTED).await, Verdict::Refer);
    let many = (0..10_000).map(|n| person(&format!("own:{n}"), &format!("Surname{n}")));
    world.install(&quarantine(), many.collect()).await;
    assert_eq!(ask(&world, 2, "L2", LISTED).await, Verdict::Refer);
    follow_until(&world, async || {
        world.app.snapshot_in_use(&quarantine()) == Some(2)
    })
    .await;
}

#[tokio::test]
async fn an_alert_of_an_announced_traveller_says_who_and_is_raised_once() {
    let world = World::new().await;
    let expected = announced(document("L7", LISTED), day(0), -3);
    announce(&world, vec![expected.clone()]).await;
    announce(&world, vec![expected]).await;
    follow_until(&world, async || finished(&world).await == 1).await;
    assert_eq!(alerts(&world).await, ["expected own:case77 "]);
    let cookie = world.session(&quarantine()).await;
    let page = world.page(&cookie, "/console/alerts").await.1;
    for shown in [
        "SICKSON, ANNA · P UTO L7 · born 1980-01-02",
        &format!("announced for {}", day(0)),
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    days_later(&world, 3).await;
    let cookie = world.session(&quarantine()).await;
    let look = async || world.page(&cookie, "/console/alerts").await.1;
    follow_until(&world, async || !look().await.contains("SICKSON, ANNA")).await;
    let page = look().await;
    assert!(page.contains("with document UTO L7"));
    assert!(page.contains("has been forgotten"));
}

#[tokio::test]
async fn a_verdict_that_is_asked_for_again_alerts_once() {
    let world = World::new().await;
    let silent = EntryFields {
        action: Some(Action::SilentAlert),
        ..person("own:2", "Quiet")
    };
    world.install(&quarantine(), vec![silent]).await;
    for _ in 0..3 {
        assert_eq!(ask(&world, 1, "L1", "QUIET").await, Verdict::Clear);
    }
    assert_eq!(
        alerts(&world).await,
        [format!("silent own:2 {}", inspection(1))]
    );
}

#[tokio::test]
async fn who_is_announced_is_judged_on_the_day_of_arrival() {
    let world = World::new().await;
    let from = |id: &str, from: i64, until: i64, surname: &str| EntryFields {
        valid_from: Some(day(from)),
        valid_until: Some(day(until)),
        ..person(id, surname)
    };
    let tomorrow = EntryFields {
        valid_from: Some(day(1)),
        ..stolen_passport()
    };
    world
        .install(
            &quarantine(),
            vec![
                from("own:from", 1, 9, "Newmann"),
                from("own:until", -9, 0, "Oldmann"),
                tomorrow,
                visitors("pass"),
            ],
        )
        .await;
    announce(
        &world,
        vec![
            announced(document("L1", "NEWMANN"), day(1), -20),
            announced(document("L2", "OLDMANN"), day(1), -20),
            announced(document("STOLEN1", "GOODSON"), day(1), -20),
            // Fourteen days ago today, and fifteen on the day of arrival.
            announced(document("L4", "GOODSON"), day(1), -14),
            announced(document("L5", "GOODSON"), day(0), -14),
        ],
    )
    .await;
    let met = [
        "expected own:from ",
        "expected own:stolen1 ",
        "expected rule:1 ",
    ];
    assert_eq!(alerts(&world).await, met);
    follow_until(&world, async || finished(&world).await == 2).await;
    assert_eq!(alerts(&world).await, met, "a re-check finds the same");
}

#[tokio::test]
async fn an_announcement_is_found_under_either_code_and_of_the_nearest_day() {
    let world = World::new().await;
    world.install(&quarantine(), vec![visitors("pass")]).await;
    let of = |issuer: &str, number: &str| {
        let mut document = document(number, "GOODSON");
        document.issuer = StateCode::parse(issuer).unwrap();
        document
    };
    announce(
        &world,
        vec![
            announced(of("DEU", "C01"), day(0), -3),
            announced(of("D", "C02"), day(0), -3),
            // Today's stay is too long ago, and tomorrow's is not.
            announced(of("UTO", "C03"), day(0), -30),
            announced(of("UTO", "C03"), day(1), -3),
        ],
    )
    .await;
    for (n, issuer, number, expected) in [
        (1, "D", "C01", Verdict::Refer),
        (2, "DEU", "C02", Verdict::Refer),
        (3, "UTO", "C03", Verdict::Clear),
    ] {
        let opened = world.open(&quarantine(), n, of(issuer, number)).await;
        assert_eq!(opened, StatusCode::OK);
        let checked = egate_types::CheckResult::Successful;
        let claims = world.verdict(&quarantine(), n, checked).await;
        assert_eq!(claims.verdict, expected, "{issuer} {number}");
    }
}

#[tokio::test]
async fn a_verdict_about_a_journey_is_derived_again_when_the_announcement_is_gone() {
    let world = World::new().await;
    world.install(&quarantine(), vec![visitors("pass")]).await;
    announce(
        &world,
        vec![announced(document("L1", "GOODSON"), day(0), -3)],
    )
    .await;
    assert_eq!(ask(&world, 1, "L1", "GOODSON").await, Verdict::Refer);
    assert_eq!(ask(&world, 2, "L2", "GOODSON").await, Verdict::Clear);
    // Announced too late for the second.
    announce(
        &world,
        vec![announced(document("L2", "GOODSON"), day(0), -3)],
    )
    .await;
    days_later(&world, 3).await;
    let forgotten = "DELETE FROM expected_travellers WHERE number = 'L1'";
    assert_eq!(sql(&world, forgotten).await, 1);
    world
        .install(&quarantine(), vec![person("own:2", "Other")])
        .await;
    announce(
        &world,
        vec![announced(document("L1", "GOODSON"), day(3), -30)],
    )
    .await;
    let keeper = world.keeper(&quarantine()).await;
    for (n, hits) in [(1, 1), (2, 0)] {
        let derived = world.app.rederive(&keeper, inspection(n)).await.unwrap();
        assert!(derived.same, "{derived:?}");
        assert_eq!(derived.again["hits"].as_array().unwrap().len(), hits);
    }
}

#[tokio::test]
async fn an_entry_that_meets_many_tells_of_some_and_counts_the_rest() {
    let world = World::new().await;
    for n in 1..=60 {
        assert_eq!(
            ask(&world, n, &format!("L{n}"), "MANNING").await,
            Verdict::Clear
        );
        admit(&world, n).await;
    }
    world
        .install(
            &quarantine(),
            vec![person("own:2", "Manning"), visitors("refer")],
        )
        .await;
    follow_until(&world, async || finished(&world).await == 2).await;
    let lines = alerts(&world).await;
    let of = |entry: &str| lines.iter().filter(|line| line.contains(entry)).count();
    assert_eq!((of("admitted own:2 "), of("further own:2 ")), (50, 1));
    assert_eq!(
        (of("admitted rule:1 "), of("further rule:1 ")),
        (2, 1),
        "its ceiling"
    );
    let cookie = world.session(&quarantine()).await;
    let page = world.page(&cookie, "/console/alerts").await.1;
    for shown in ["meets 10 more travellers", "meets 58 more travellers"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn a_rule_does_not_rest_without_its_alarm() {
    let world = World::new().await;
    world.install(&quarantine(), vec![visitors("refer")]).await;
    let fault = "CREATE TRIGGER full BEFORE INSERT ON list_alerts WHEN NEW.kind = 'ceiling' \
                 BEGIN SELECT RAISE(ABORT, 'disk full'); END";
    assert_eq!(ask(&world, 1, "L1", "GOODSON").await, Verdict::Refer);
    sql(&world, fault).await;
    let (whose, second) = (quarantine(), document("L2", "GOODSON"));
    assert_eq!(world.open(&whose, 2, second).await, StatusCode::OK);
    let submission = crate::world::submission(egate_types::CheckResult::Successful);
    let path = path::verdict(&whose, inspection(2));
    let status = world.gate("POST", &path, &submission).await.0;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    sql(&world, "DROP TRIGGER full").await;
    assert_eq!(ask(&world, 2, "L2", "GOODSON").await, Verdict::Refer);
    let alarm = format!("ceiling rule:1 {}", inspection(2));
    assert_eq!(alerts(&world).await, [alarm]);
    assert_eq!(
        ask(&world, 3, "L3", "GOODSON").await,
        Verdict::Clear,
        "it rests"
    );
    // A ceiling that is lowered below the hits of the day is not reached by any hit.
    let mut lower = visitors("refer");
    let mut rule = serde_json::to_value(lower.rule).unwrap();
    rule["hits_per_day_max"] = 1.into();
    lower.rule = Some(serde_json::from_value(rule).unwrap());
    world.install(&quarantine(), vec![lower]).await;
    assert_eq!(ask(&world, 4, "L4", "GOODSON").await, Verdict::Clear);
    assert_eq!(alerts(&world).await.len(), 2);
}

#[tokio::test]
async fn a_clearance_is_of_one_document_and_ends_at_once() {
    let world = World::new().await;
    assert_eq!(ask(&world, 1, "L1", LISTED).await, Verdict::Refer);
    assert_eq!(world.refer(&quarantine(), 1).await, StatusCode::OK);
    let cookie = world.session(&quarantine()).await;
    let clear = format!("/console/cases/{}/namesake", inspection(1));
    for reason in ["another+face", "fingerprints+differ"] {
        let form = format!("entry=own%3Acase77&reason={reason}&days=30");
        let status = world.form(&cookie, &clear, &form).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        world.clock.advance_ms(1_000);
    }
    let page = world.page(&cookie, "/console/alerts").await.1;
    assert_eq!(page.matches("✓ holds").count(), 1);
    assert_eq!(ask(&world, 2, "L1", LISTED).await, Verdict::Clear);
    // The listed contact has the same name, birth date and nationality, and another passport.
    assert_eq!(
        contact().nationalities,
        [document("L2", LISTED).nationality.clone()]
    );
    assert_eq!(ask(&world, 3, "L2", LISTED).await, Verdict::Refer);
    // Two rows in force from before, of which an officer ends one.
    sql(
        &world,
        "UPDATE cleared_namesakes SET until_ms = until_ms + 86400000000",
    )
    .await;
    let end = "/console/namesakes/1/end";
    assert_eq!(world.form(&cookie, end, "").await, StatusCode::SEE_OTHER);
    assert_eq!(ask(&world, 4, "L1", LISTED).await, Verdict::Refer);
    let page = world.page(&cookie, "/console/alerts").await.1;
    assert_eq!(page.matches("✓ holds").count(), 0);
}
