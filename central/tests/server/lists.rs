//! A list from draft to verdict: four eyes, files with bad rows, versions and the way back, namesakes, re-checks, packages, replicas.

use std::sync::Arc;

use axum::http::StatusCode;
use central::{
    App, AppError, Draft, DraftRow, ExpectedTraveller, Store,
    clock::{CountingRandom, ManualClock},
    lists::{
        change::ChangeKind,
        entry::{EntryDocument, EntryFields, ListEntry},
        package::{PackageError, PackageReader},
    },
};
use egate_rules::watch::Action;
use egate_types::{CheckResult, Date, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{
    LISTED, NOW, World, border, contact, document, entry, inspection, key, parse, puts, quarantine,
    record,
};

/// What the next traveller with this surname gets.
pub(crate) async fn ask(world: &World, n: u8, number: &str, surname: &str) -> Verdict {
    let (whose, document) = (quarantine(), document(number, surname));
    assert_eq!(world.open(&whose, n, document).await, StatusCode::OK);
    let claims = world.verdict(&whose, n, CheckResult::Successful).await;
    claims.verdict
}

pub(crate) fn person(id: &str, surname: &str) -> EntryFields {
    EntryFields {
        names: vec![format!("{surname}, Anna")],
        births: vec!["1971-01-02".into()],
        ..entry(id, Action::Refer, "contact tracing", "Health Law 42")
    }
}

async fn draft(world: &World, kind: ChangeKind, entries: Vec<EntryFields>) -> i64 {
    let keeper = world.keeper(&quarantine()).await;
    let report = world
        .app
        .draft_change(&keeper, kind, "test", puts(entries))
        .await;
    report.unwrap().change.unwrap()
}

#[tokio::test]
async fn a_change_counts_from_its_approval_by_another_person_and_not_before() {
    let world = World::new().await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    assert_eq!(ask(&world, 1, "L1", "NEWMANN").await, Verdict::Clear);
    let change = draft(&world, ChangeKind::Amend, vec![person("own:2", "Newmann")]).await;
    assert_eq!(
        ask(&world, 2, "L1", "NEWMANN").await,
        Verdict::Clear,
        "drafted"
    );
    let early = world.app.approve_change(&second, change, "seen").await;
    assert!(matches!(early, Err(AppError::WrongState { .. })));
    world
        .app
        .propose_change(&keeper, change, "found", false)
        .await
        .unwrap();
    assert_eq!(
        ask(&world, 3, "L1", "NEWMANN").await,
        Verdict::Clear,
        "proposed"
    );
    let own = world.app.approve_change(&keeper, change, "seen").await;
    assert!(matches!(own, Err(AppError::SamePerson)));
    assert_eq!(
        ask(&world, 4, "L1", "NEWMANN").await,
        Verdict::Clear,
        "approved by oneself"
    );
    let version = world
        .app
        .approve_change(&second, change, "seen")
        .await
        .unwrap();
    assert_eq!(version, 2);
    assert_eq!(ask(&world, 5, "L1", "NEWMANN").await, Verdict::Refer);
    let officer = world
        .app
        .officer("officer.quarantine", "correct horse")
        .await;
    assert!(matches!(officer, Err(AppError::NoListDuty)));
    assert!(world.app.verify_list(&quarantine()).await.unwrap() == 2);
    let audit = world.store.audit_lines(&quarantine()).await.unwrap();
    for step in [
        format!("keeper.quarantine list.draft change {change}"),
        format!("keeper.quarantine list.propose change {change}"),
        format!("second.quarantine list.approve change {change}"),
    ] {
        assert!(audit.contains(&step), "{step}");
    }
}

#[tokio::test]
async fn a_file_with_a_bad_row_leaves_nothing_and_names_its_line() {
    let world = World::new().await;
    let keeper = world.keeper(&quarantine()).await;
    let mut rows: Vec<DraftRow> = puts(vec![
        person("own:1", "Alpha"),
        person("own:2", "Beta"),
        person("own:1", "Gamma"),
        person("own 4", "Delta"),
    ])
    .collect();
    rows.push(DraftRow {
        line: 5,
        row: Ok(Draft::Withdraw("nobody:1".into())),
        odd: vec!["looks odd".into()],
    });
    let report = world
        .app
        .draft_change(&keeper, ChangeKind::Amend, "test", rows.into_iter())
        .await
        .unwrap();
    assert_eq!(report.change, None);
    let lines: Vec<u64> = report.bad.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [4], "the first pass tells unreadable rows alone");
    assert_eq!((report.bad_count, report.odd_count), (1, 1));
    let rows = puts(vec![person("own:1", "Alpha"), person("own:1", "Gamma")]);
    let report = world
        .app
        .draft_change(&keeper, ChangeKind::Amend, "test", rows)
        .await
        .unwrap();
    assert_eq!(report.bad[0].line, 2);
    assert!(
        !format!("{report:?}").contains("Gamma"),
        "reasons name nobody"
    );
    assert_eq!(world.app.verify_list(&quarantine()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_whole_edition_withdraws_what_it_lacks_and_an_unusual_one_must_be_accepted() {
    let world = World::new().await;
    let many: Vec<_> = (0..200)
        .map(|n| person(&format!("own:{n}"), &format!("Surname{n}")))
        .collect();
    world.install(&quarantine(), many.clone()).await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    // The list of the world's own contact goes too.
    let short = many[..150].to_vec();
    let report = world
        .app
        .draft_change(&keeper, ChangeKind::Replace, "test", puts(short))
        .await
        .unwrap();
    assert_eq!(
        (report.difference.withdrawn, report.difference.entries),
        (51, 150)
    );
    assert_eq!(report.beyond_limits.len(), 1);
    let change = report.change.unwrap();
    let refused = world
        .app
        .propose_change(&keeper, change, "daily edition", false)
        .await;
    assert!(matches!(refused, Err(AppError::BeyondLimits(_))));
    world
        .app
        .propose_change(&keeper, change, "daily edition", true)
        .await
        .unwrap();
    assert_eq!(ask(&world, 1, "L1", LISTED).await, Verdict::Refer);
    world
        .app
        .approve_change(&second, change, "really")
        .await
        .unwrap();
    assert_eq!(ask(&world, 2, "L1", LISTED).await, Verdict::Clear);
    let report = world.app.draft_return(&keeper, 2).await.unwrap();
    assert_eq!(
        (report.difference.added, report.difference.entries),
        (51, 201)
    );
    let back = report.change.unwrap();
    world
        .app
        .propose_change(&keeper, back, "wrong file", true)
        .await
        .unwrap();
    assert_eq!(
        world
            .app
            .approve_change(&second, back, "yes")
            .await
            .unwrap(),
        4
    );
    assert_eq!(ask(&world, 3, "L1", LISTED).await, Verdict::Refer);
    assert_eq!(world.app.verify_list(&quarantine()).await.unwrap(), 4);
}

#[tokio::test]
async fn a_change_that_was_overtaken_is_not_put_in_force() {
    let world = World::new().await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let same = |reason: &str| EntryFields {
        reason: reason.into(),
        ..contact()
    };
    let slow = draft(&world, ChangeKind::Amend, vec![same("slow")]).await;
    let other = draft(&world, ChangeKind::Amend, vec![person("own:2", "Other")]).await;
    let fast = draft(&world, ChangeKind::Amend, vec![same("fast")]).await;
    for change in [slow, fast, other] {
        world
            .app
            .propose_change(&keeper, change, "new facts", false)
            .await
            .unwrap();
    }
    assert_eq!(
        world
            .app
            .approve_change(&second, fast, "yes")
            .await
            .unwrap(),
        2
    );
    let late = world.app.approve_change(&second, slow, "yes").await;
    assert!(matches!(late, Err(AppError::Overtaken)));
    // A change of other entries stands in nobody's way.
    assert_eq!(
        world
            .app
            .approve_change(&second, other, "yes")
            .await
            .unwrap(),
        3
    );
    world
        .app
        .reject_change(&second, slow, "draft it again")
        .await
        .unwrap();
}

#[tokio::test]
async fn entries_count_from_their_first_day_to_their_last() {
    let world = World::new().await;
    let today = NOW.date();
    let day = |offset: i64| Some(NOW.plus_ms(offset * 86_400_000).date());
    let mut n = 0;
    for (from, until, counts) in [
        (None, None, true),
        (Some(today), Some(today), true),
        (day(1), None, false),
        (day(-5), day(-1), false),
        (day(-5), day(5), true),
    ] {
        n += 1;
        let dated = EntryFields {
            valid_from: from,
            valid_until: until,
            ..person("own:2", "Newmann")
        };
        world.install(&quarantine(), vec![dated]).await;
        let verdict = ask(&world, n, "L1", "NEWMANN").await;
        assert_eq!(verdict == Verdict::Refer, counts, "{from:?} to {until:?}");
    }
    // The last one expires by itself.
    world.clock.advance_ms(6 * 86_400_000);
    let keeper = world.keeper(&quarantine()).await;
    let all = puts(vec![
        contact(),
        EntryFields {
            valid_from: day(-5),
            valid_until: day(5),
            ..person("own:2", "Newmann")
        },
    ]);
    let same = world
        .app
        .draft_change(&keeper, ChangeKind::Replace, "test", all);
    assert!(same.await.unwrap().confirmed);
    assert_eq!(ask(&world, 9, "L1", "NEWMANN").await, Verdict::Clear);
}

proptest! {
    /// Whatever the dates, an entry counts on the days between them, both included, and on no other.
    #[test]
    fn expiry(from in proptest::option::of(0i64..400), until in proptest::option::of(0i64..400), day in 0i64..400) {
        let date = |offset: i64| Date::from_days(19_000 + offset);
        let fields = EntryFields {
            valid_from: from.map(date),
            valid_until: until.map(date),
            ..contact()
        };
        let reversed = from.zip(until).is_some_and(|(from, until)| until < from);
        match ListEntry::try_from(fields) {
            Err(_) => prop_assert!(reversed),
            Ok(entry) => {
                prop_assert!(!reversed);
                let expected = from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until);
                prop_assert_eq!(entry.counts_on(date(day)), expected);
            }
        }
    }
}

#[tokio::test]
async fn a_cleared_namesake_passes_until_the_entry_changes_or_the_time_is_over() {
    let world = World::new().await;
    assert_eq!(ask(&world, 1, "L1", LISTED).await, Verdict::Refer);
    assert_eq!(world.refer(&quarantine(), 1).await, StatusCode::OK);
    let cookie = world.session(&quarantine()).await;
    let page = world
        .page(&cookie, &format!("/console/cases/{}", inspection(1)))
        .await
        .1;
    for shown in [
        "contact tracing case 77",
        "Health Law 42",
        "the same date",
        "Not compared",
        "Not this person",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let form = "entry=own%3Acase77&reason=another+face&days=30";
    let path = format!("/console/cases/{}/namesake", inspection(1));
    assert_eq!(
        world.form(&cookie, &path, form).await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(ask(&world, 2, "L1", LISTED).await, Verdict::Clear);
    world
        .install(
            &quarantine(),
            vec![EntryFields {
                births: vec!["1980-01-02".into(), "1981".into()],
                ..contact()
            }],
        )
        .await;
    assert_eq!(
        ask(&world, 3, "L1", LISTED).await,
        Verdict::Refer,
        "the entry has changed"
    );
    world.install(&quarantine(), vec![contact()]).await;
    assert_eq!(ask(&world, 4, "L1", LISTED).await, Verdict::Clear);
    world.clock.advance_ms(31 * 86_400_000);
    let keeper = world.keeper(&quarantine()).await;
    let same = puts(vec![contact()]);
    let same = world
        .app
        .draft_change(&keeper, ChangeKind::Replace, "test", same);
    assert!(same.await.unwrap().confirmed);
    assert_eq!(
        ask(&world, 5, "L1", LISTED).await,
        Verdict::Refer,
        "thirty days are over"
    );
    let other = world.session(&border()).await;
    assert_eq!(world.form(&other, &path, form).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_verdict_is_derived_again_from_the_list_as_it_was() {
    let world = World::new().await;
    let keeper = world.keeper(&quarantine()).await;
    assert_eq!(ask(&world, 1, "L1", LISTED).await, Verdict::Refer);
    assert_eq!(ask(&world, 2, "L2", "GOODSON").await, Verdict::Clear);
    let changed = EntryFields {
        births: vec!["1950".into()],
        ..contact()
    };
    world
        .install(&quarantine(), vec![changed, person("own:2", "Goodson")])
        .await;
    for (n, hits) in [(1, 1), (2, 0)] {
        let derived = world.app.rederive(&keeper, inspection(n)).await.unwrap();
        assert!(derived.same, "{derived:?}");
        for screening in [&derived.kept, &derived.again] {
            assert_eq!(screening["hits"].as_array().unwrap().len(), hits);
            assert_eq!(screening["version"], 1);
        }
    }
    let others = world.keeper(&border()).await;
    assert!(world.app.rederive(&others, inspection(1)).await.is_err());
}

#[tokio::test]
async fn documents_hit_by_number_and_range_and_look_alikes_are_possible() {
    let world = World::new().await;
    let range = EntryFields {
        documents: vec![EntryDocument {
            issuer: egate_types::StateCode::parse("UTO"),
            class: "P".into(),
            number: "AB1000".into(),
            last_number: Some("AB1999".into()),
        }],
        ..entry(
            "own:blanks",
            Action::Refuse,
            "stolen blanks",
            "Immigration Act 12",
        )
    };
    world.install(&border(), vec![range]).await;
    for (n, number, expected) in [
        (1, "STOLEN1", Verdict::Refuse),
        (2, "ST0LEN1", Verdict::Refer),
        (3, "AB1500", Verdict::Refuse),
        (4, "AB2000", Verdict::Clear),
        (5, "STOLEN2", Verdict::Clear),
    ] {
        let document = document(number, "GOODSON");
        assert_eq!(world.open(&border(), n, document).await, StatusCode::OK);
        let claims = world.verdict(&border(), n, CheckResult::Successful).await;
        assert_eq!(claims.verdict, expected, "{number}");
    }
}

#[tokio::test]
async fn a_new_entry_is_held_against_who_was_admitted_and_a_silent_alert_stops_nobody() {
    let world = World::new().await;
    assert_eq!(ask(&world, 7, "L1", "NEWMANN").await, Verdict::Clear);
    let record = record(7);
    let path = egate_wire::v1::path::record(&quarantine(), inspection(7));
    assert_eq!(world.gate("PUT", &path, &record).await.0, StatusCode::OK);
    let follow = tokio::spawn(world.app.clone().follow_lists());
    world
        .install(&quarantine(), vec![person("own:2", "Newmann")])
        .await;
    let kinds = async || {
        let lines = world.store.alert_lines(&quarantine()).await.unwrap();
        lines.join(",")
    };
    for _ in 0..100 {
        if !kinds().await.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    follow.abort();
    assert_eq!(kinds().await, format!("admitted own:2 {}", inspection(7)));
    let silent = EntryFields {
        action: Some(Action::SilentAlert),
        ..person("own:3", "Quiet")
    };
    world.install(&quarantine(), vec![silent]).await;
    assert_eq!(ask(&world, 8, "L9", "QUIET").await, Verdict::Clear);
    assert!(
        kinds()
            .await
            .ends_with(&format!("silent own:3 {}", inspection(8)))
    );
}

#[tokio::test]
async fn an_owners_canary_must_be_found_or_nobody_is_cleared() {
    let world = World::new().await;
    let canary = EntryFields {
        names: vec!["Kakapo, Lory Amazona".into()],
        births: vec!["1933-03-03".into()],
        ..entry("canary:1", Action::Refer, "must hit", "none")
    };
    world.install(&quarantine(), vec![canary.clone()]).await;
    assert_eq!(ask(&world, 1, "L1", "GOODSON").await, Verdict::Clear);
    // One that no search can find: a name without a date is never sure.
    let mute = EntryFields {
        births: Vec::new(),
        names: vec!["X".into()],
        ..canary
    };
    world.install(&quarantine(), vec![mute]).await;
    let (whose, document) = (quarantine(), document("L2", "GOODSON"));
    assert_eq!(
        world.open(&whose, 2, document).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

/// A second process on the same database, as a port runs several.
pub(crate) async fn replica(world: &World) -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&world.dir.path().join("central.db"))
        .await
        .unwrap();
    let clock = ManualClock::at(NOW);
    let app = App::new(
        World::authorities(),
        store.clone(),
        Arc::new(clock.clone()),
        Arc::new(CountingRandom::default()),
    );
    World {
        app,
        store,
        clock,
        dir,
    }
}

#[tokio::test]
async fn a_change_counts_for_the_next_verdict_of_every_replica() {
    let world = World::new().await;
    let other = replica(&world).await;
    assert_eq!(ask(&other, 1, "L1", "NEWMANN").await, Verdict::Clear);
    let token: Value = {
        let body = json!({"login": "keeper.quarantine", "password": "correct horse"});
        parse(&world.api("POST", "/v1/sessions", "", body).await.1)
    };
    let keeper = token["session"].as_str().unwrap().to_owned();
    let token: Value = {
        let body = json!({"login": "second.quarantine", "password": "correct horse"});
        parse(&world.api("POST", "/v1/sessions", "", body).await.1)
    };
    let second = token["session"].as_str().unwrap().to_owned();
    let put = json!({"put": [serde_json::to_value(person("own:2", "Newmann")).unwrap()]});
    let (status, body) = world.api("POST", "/v1/lists/changes", &keeper, put).await;
    assert_eq!(status, StatusCode::CREATED);
    let change = parse::<Value>(&body)["change"].as_i64().unwrap();
    let path = |step: &str| format!("/v1/lists/changes/{change}/{step}");
    let (status, _) = world
        .api(
            "POST",
            &path("proposal"),
            &keeper,
            json!({"reason": "found"}),
        )
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = world
        .api(
            "POST",
            &path("approval"),
            &keeper,
            json!({"remark": "seen"}),
        )
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, body) = world
        .api(
            "POST",
            &path("approval"),
            &second,
            json!({"remark": "seen"}),
        )
        .await;
    assert_eq!(
        (status, parse::<Value>(&body)),
        (StatusCode::OK, json!({"version": 2}))
    );
    assert_eq!(ask(&other, 2, "L1", "NEWMANN").await, Verdict::Refer);
    assert_eq!(ask(&world, 3, "L1", "NEWMANN").await, Verdict::Refer);
    let (status, body) = world
        .api("GET", "/v1/lists/state", &second, Value::Null)
        .await;
    assert_eq!(status, StatusCode::OK);
    let state = parse::<Value>(&body);
    assert_eq!(
        (state["version"].as_u64(), state["entries"].as_u64()),
        (Some(2), Some(2))
    );
    assert_eq!(state["list"], "quarantine-watch");
    let nobody = world
        .api("GET", "/v1/lists/changes", "", Value::Null)
        .await
        .0;
    assert_eq!(nobody, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn while_a_list_changes_no_verdict_fails_and_each_is_of_one_version() {
    let world = World::new().await;
    let (keeper, second) = (
        world.keeper(&quarantine()).await,
        world.second(&quarantine()).await,
    );
    let mut changes = Vec::new();
    for n in 0..20 {
        // Every version puts one of two persons and withdraws the other.
        let (put, gone) = if n % 2 == 0 {
            ("EVEN", "own:odd")
        } else {
            ("ODD", "own:even")
        };
        changes.push((put, gone));
    }
    let app = world.app.clone();
    let changing = tokio::spawn(async move {
        for (at, (put, gone)) in changes.into_iter().enumerate() {
            let mut rows: Vec<DraftRow> =
                puts(vec![person(&format!("own:{}", put.to_lowercase()), put)]).collect();
            if at > 0 {
                rows.push(DraftRow {
                    line: 2,
                    row: Ok(Draft::Withdraw(gone.into())),
                    odd: Vec::new(),
                });
            }
            let report = app
                .draft_change(&keeper, ChangeKind::Amend, "test", rows.into_iter())
                .await;
            let change = report.unwrap().change.unwrap();
            app.propose_change(&keeper, change, "turn", false)
                .await
                .unwrap();
            app.approve_change(&second, change, "turn").await.unwrap();
        }
    });
    let mut asked = 0u8;
    while !changing.is_finished() && asked < 100 {
        for surname in ["EVEN", "ODD"] {
            asked += 1;
            let whose = quarantine();
            assert_eq!(
                world.open(&whose, asked, document("L1", surname)).await,
                StatusCode::OK
            );
            let claims = world.verdict(&whose, asked, CheckResult::Successful).await;
            let version = claims.list.version;
            let listed = if version < 2 {
                ""
            } else if version % 2 == 0 {
                "EVEN"
            } else {
                "ODD"
            };
            assert_eq!(
                claims.verdict == Verdict::Refer,
                surname == listed,
                "version {version}"
            );
            assert_eq!(claims.list.entries, if version < 2 { 1 } else { 2 });
        }
    }
    changing.await.unwrap();
    assert!(asked > 4);
}

#[tokio::test]
async fn a_package_is_taken_over_whole_or_not_at_all() {
    let world = World::new().await;
    world
        .install(&quarantine(), vec![person("own:2", "Newmann")])
        .await;
    let mut whole = Vec::new();
    assert_eq!(
        world
            .app
            .export_list(&quarantine(), 0, &mut whole)
            .await
            .unwrap(),
        2
    );
    let elsewhere = World::bare().await;
    let public = key(&quarantine()).public();
    let text = String::from_utf8(whole.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = |at: usize| {
        let kept = lines.iter().enumerate().filter(|(n, _)| *n != at);
        kept.map(|(_, line)| format!("{line}\n"))
            .collect::<String>()
    };
    for at in 0..lines.len() {
        let cut = without(at);
        let refused = elsewhere
            .app
            .receive_list(&quarantine(), public, cut.as_bytes())
            .await;
        assert!(
            matches!(refused, Err(AppError::ListFile(_))),
            "without line {at}"
        );
    }
    for (from, to) in [
        ("Newmann", "Oldmann"),
        ("Health Law 42", "Health Law 43"),
        ("keeper.quarantine", "nobody.quarantine"),
        ("1971-01-02", "1971-01-03"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let refused = elsewhere
            .app
            .receive_list(&quarantine(), public, changed.as_bytes())
            .await;
        assert!(matches!(refused, Err(AppError::ListFile(_))), "{from}");
    }
    let other = key(&border()).public();
    let wrong = elsewhere
        .app
        .receive_list(&quarantine(), other, &whole[..])
        .await;
    assert!(matches!(wrong, Err(AppError::ListFile(_))));
    assert!(
        matches!(
            ask_unlisted(&elsewhere).await,
            StatusCode::SERVICE_UNAVAILABLE
        ),
        "nothing was taken over"
    );
    let received = elsewhere
        .app
        .receive_list(&quarantine(), public, &whole[..])
        .await
        .unwrap();
    assert_eq!(
        (received.versions, received.version, received.entries),
        (2, 2, 2)
    );
    assert_eq!(ask(&elsewhere, 1, "L1", "NEWMANN").await, Verdict::Refer);
    assert_eq!(elsewhere.app.verify_list(&quarantine()).await.unwrap(), 2);
    // Only what is new, and nothing twice.
    world
        .install(&quarantine(), vec![person("own:3", "Thirdmann")])
        .await;
    let mut delta = Vec::new();
    world
        .app
        .export_list(&quarantine(), 2, &mut delta)
        .await
        .unwrap();
    let again = elsewhere
        .app
        .receive_list(&quarantine(), public, &whole[..])
        .await;
    assert!(matches!(again, Err(AppError::ListFile(_))));
    let received = elsewhere
        .app
        .receive_list(&quarantine(), public, &delta[..])
        .await
        .unwrap();
    assert_eq!((received.versions, received.version), (1, 3));
    assert_eq!(ask(&elsewhere, 2, "L1", "THIRDMANN").await, Verdict::Refer);
}

async fn ask_unlisted(world: &World) -> StatusCode {
    world
        .open(&quarantine(), 99, document("L1", "GOODSON"))
        .await
}

#[test]
fn whatever_is_changed_in_a_package_it_is_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let package = runtime.block_on(async {
        let world = World::new().await;
        let mut package = Vec::new();
        let exported = world.app.export_list(&quarantine(), 0, &mut package).await;
        assert_eq!(exported.unwrap(), 1);
        package
    });
    let public = key(&quarantine()).public();
    let read = |bytes: &[u8]| -> Result<(), PackageError> {
        let start = (0, [0; 32], 0);
        let mut reader =
            PackageReader::new(bytes, &quarantine(), "quarantine-watch", public, start)?;
        while reader.next_item()?.is_some() {}
        Ok(())
    };
    read(&package).unwrap();
    proptest!(|(at in 0..package.len(), cut in 0usize..40, put in proptest::collection::vec(any::<u8>(), 0..40))| {
        let mut changed = package.clone();
        let end = (at + cut).min(changed.len());
        changed.splice(at..end, put);
        prop_assume!(changed != package);
        prop_assert!(read(&changed).is_err());
    });
}

#[tokio::test]
async fn a_snapshot_that_is_not_the_lists_own_is_passed_over() {
    let world = World::new().await;
    let many = (0..12_000).map(|n| person(&format!("own:{n}"), &format!("Surname{n}")));
    world.install(&quarantine(), many.collect()).await;
    assert_eq!(ask(&world, 1, "L1", LISTED).await, Verdict::Refer);
    world.app.snapshot_lists().await.unwrap();
    let folder = world.dir.path().join("central.lists");
    let files = || {
        let mut files: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        files.sort();
        files
    };
    assert_eq!(files().len(), 2, "{:?}", files());
    let good = replica(&world).await;
    assert_eq!(ask(&good, 2, "L1", LISTED).await, Verdict::Refer);
    assert_eq!(good.app.snapshot_in_use(&quarantine()), Some(2));
    let snapshot = files().remove(0);
    let mut bytes = std::fs::read(&snapshot).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = bytes.clone();
    // A new file in its place: replicas that have mapped the old one go on with it.
    std::fs::remove_file(&snapshot).unwrap();
    std::fs::write(&snapshot, bytes).unwrap();
    let bad = replica(&world).await;
    assert_eq!(
        ask(&bad, 3, "L1", LISTED).await,
        Verdict::Refer,
        "built of the database"
    );
    assert_eq!(bad.app.snapshot_in_use(&quarantine()), Some(2));
    assert!(
        std::fs::read(&snapshot).unwrap() != damaged,
        "and written anew"
    );
}

/// A rule about who was in Utopia's neighbour within two weeks, which may act twice a day.
pub(crate) fn visitors(if_unknown: &str) -> EntryFields {
    let rule = json!({
        "when": {"stayed": {"states": ["XXA"], "within_days": 14}},
        "if_unknown": if_unknown,
        "hits_per_day_max": 2,
    });
    EntryFields {
        rule: Some(serde_json::from_value(rule).unwrap()),
        ..entry("rule:1", Action::HealthCheck, "outbreak", "Health Law 7")
    }
}

#[tokio::test]
async fn a_rule_meets_travellers_by_their_journey_and_rests_at_its_ceiling() {
    let world = World::new().await;
    world.install(&quarantine(), vec![visitors("pass")]).await;
    assert_eq!(
        ask(&world, 1, "L1", "GOODSON").await,
        Verdict::Clear,
        "nothing is known"
    );
    let keeper = world.keeper(&quarantine()).await;
    let left = NOW.plus_ms(-3 * 86_400_000).date();
    let announced = |number: &str| {
        let journey = json!({"stays": [{"state": "XXA", "left": left.to_string()}]});
        ExpectedTraveller {
            document: document(number, "GOODSON"),
            arrives: NOW.date(),
            journey: serde_json::from_value(journey).unwrap(),
        }
    };
    let numbers = ["L1", "L2", "L3"];
    let all = numbers.map(announced).to_vec();
    assert_eq!(world.app.expect_travellers(&keeper, all).await.unwrap(), 3);
    let alerts = world.store.alert_lines(&quarantine()).await.unwrap();
    assert_eq!(alerts, ["expected rule:1 "; 3]);
    assert_eq!(ask(&world, 2, "L1", "GOODSON").await, Verdict::Refer);
    assert_eq!(
        ask(&world, 2, "L1", "GOODSON").await,
        Verdict::Refer,
        "asked twice is one hit"
    );
    assert_eq!(
        ask(&world, 3, "L2", "GOODSON").await,
        Verdict::Refer,
        "the ceiling is reached"
    );
    assert_eq!(
        ask(&world, 4, "L3", "GOODSON").await,
        Verdict::Clear,
        "the rule rests"
    );
    assert_eq!(ask(&world, 2, "L1", "GOODSON").await, Verdict::Refer);
    let alerts = world.store.alert_lines(&quarantine()).await.unwrap();
    assert_eq!(alerts[3..], [format!("ceiling rule:1 {}", inspection(3))]);
    world.install(&quarantine(), vec![visitors("refer")]).await;
    world.clock.advance_ms(20 * 3_600_000);
    assert_eq!(
        ask(&world, 5, "L9", "GOODSON").await,
        Verdict::Refer,
        "an officer finds out"
    );
}
