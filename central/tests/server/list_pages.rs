//! The officers' pages of lists and alerts: who may see and do what, and a change from the form to the next verdict.

use std::collections::BTreeSet;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use central::lists::{change::ChangeKind, entry::EntryFields};
use egate_rules::watch::Action;
use egate_types::{AuthorityId, CheckResult, Verdict};
use tower::ServiceExt as _;

use crate::world::{
    LIST_AGE_LIMIT_S, LISTED, World, border, contact, document, inspection, post, puts, quarantine,
};

/// The routes as they are written, so that none is left out here.
const SOURCE: &str = include_str!("../../src/console/list_routes.rs");

struct Answer {
    status: StatusCode,
    location: String,
    body: String,
}

async fn send(world: &World, request: Request<Body>) -> Answer {
    let response = world.router(None).oneshot(request).await.unwrap();
    let status = response.status();
    let location = response.headers().get(header::LOCATION);
    let location = location.map_or("", |value| value.to_str().unwrap());
    let location = location.to_owned();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer {
        status,
        location,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// Sends a form with the session's own token.
async fn submit(world: &World, cookie: &str, path: &str, form: &str) -> Answer {
    let page = world.page(cookie, "/console/cases").await.1;
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    send(world, post(path, cookie, format!("csrf={csrf}&{form}"))).await
}

async fn page(world: &World, cookie: &str, path: &str) -> String {
    let (status, page) = world.page(cookie, path).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    page
}

async fn keeper(world: &World, whose: &AuthorityId) -> String {
    world.session_of(&format!("keeper.{whose}")).await
}

async fn second(world: &World, whose: &AuthorityId) -> String {
    world.session_of(&format!("second.{whose}")).await
}

/// One entry that stops and one that is silent, both of whom the same traveller meets; the traveller's alert, case and clearance.
async fn with_alert_and_namesake() -> World {
    let world = World::new().await;
    let silent = EntryFields {
        id: "own:silent".into(),
        action: Some(Action::SilentAlert),
        ..contact()
    };
    world.install(&border(), vec![contact(), silent]).await;
    world.open(&border(), 1, document("L1", LISTED)).await;
    let claims = world.verdict(&border(), 1, CheckResult::Successful).await;
    assert_eq!(claims.verdict, Verdict::Refer);
    world.refer(&border(), 1).await;
    let cookie = world.session(&border()).await;
    let path = format!("/console/cases/{}/namesake", inspection(1));
    let form = "entry=own:case77&reason=fingerprints+differ&days=30";
    assert_eq!(
        submit(&world, &cookie, &path, form).await.status,
        StatusCode::SEE_OTHER
    );
    world
}

/// A route, an example of it, and a form for those that change something.
struct Route {
    pattern: &'static str,
    path: String,
    form: Option<&'static str>,
    /// Only officers with the duty may.
    duty: bool,
    /// It names something of the authority's own.
    owned: bool,
}

fn routes(draft: i64) -> Vec<Route> {
    let route = |pattern: &'static str, thing: &str, form, duty| Route {
        pattern,
        path: pattern.replace("{id}", thing).replace("{seq}", thing),
        form,
        duty,
        owned: pattern.contains('{'),
    };
    let draft = draft.to_string();
    let entry = "own:silent";
    let fields = "names=Somebody&action=refer&reason=why&legal_basis=law&source=own";
    vec![
        route("/console/list", "", None, false),
        route("/console/list/new", "", None, true),
        route("/console/list/new", "", Some(fields), true),
        Route {
            path: "/console/list/import?format=csv&kind=amend".into(),
            ..route("/console/list/import", "", Some(""), true)
        },
        route("/console/list/returns", "", Some("version=1"), true),
        route(
            "/console/list/confirmation",
            "",
            Some("remark=because"),
            true,
        ),
        route("/console/list/changes/{id}", &draft, None, true),
        route(
            "/console/list/changes/{id}/proposal",
            &draft,
            Some("reason=because"),
            true,
        ),
        route(
            "/console/list/changes/{id}/approval",
            &draft,
            Some("remark=because"),
            true,
        ),
        route(
            "/console/list/changes/{id}/rejection",
            &draft,
            Some("remark=because"),
            true,
        ),
        route("/console/list/changes/{id}/discard", &draft, Some(""), true),
        route("/console/list/entries", "", None, true),
        route("/console/list/entries/{id}", entry, None, false),
        route("/console/list/entries/{id}/change", entry, None, true),
        route(
            "/console/list/entries/{id}/change",
            entry,
            Some(fields),
            true,
        ),
        route(
            "/console/list/entries/{id}/withdrawal",
            entry,
            Some(""),
            true,
        ),
        route("/console/alerts", "", None, false),
        route("/console/alerts/{seq}/seen", "1", Some(""), false),
        route("/console/namesakes/{id}/end", "1", Some(""), false),
    ]
}

async fn ask(world: &World, cookie: &str, route: &Route) -> Answer {
    match route.form {
        Some(form) => submit(world, cookie, &route.path, form).await,
        None => {
            let request = Request::get(&route.path).header(header::COOKIE, cookie);
            send(world, request.body(Body::empty()).unwrap()).await
        }
    }
}

#[tokio::test]
async fn every_route_has_its_officers_and_no_others() {
    let world = with_alert_and_namesake().await;
    let drafter = world.keeper(&border()).await;
    let rows = puts(vec![EntryFields {
        id: "own:new".into(),
        ..contact()
    }]);
    let drafted = world
        .app
        .draft_change(&drafter, ChangeKind::Amend, "test", rows);
    let routes = routes(drafted.await.unwrap().change.unwrap());
    let literals = SOURCE
        .split('"')
        .filter(|text| text.starts_with("/console/"));
    let written: BTreeSet<&str> = literals.collect();
    let walked: BTreeSet<&str> = routes.iter().map(|route| route.pattern).collect();
    assert_eq!(written, walked);

    let (own, foreign) = (
        world.session(&border()).await,
        keeper(&world, &quarantine()).await,
    );
    let signed_in = keeper(&world, &border()).await;
    for route in &routes {
        let what = format!("{} {:?}", route.path, route.form);
        for cookie in ["", "__Host-session=guess"] {
            let request = match route.form {
                Some(form) => post(&route.path, cookie, form.into()),
                None => Request::get(&route.path)
                    .header(header::COOKIE, cookie)
                    .body(Body::empty())
                    .unwrap(),
            };
            let answer = send(&world, request).await;
            assert_eq!(
                (answer.status, answer.location.as_str()),
                (StatusCode::SEE_OTHER, "/console/login"),
                "{what}"
            );
        }
        if let Some(form) = route.form {
            for form in [form.to_owned(), format!("csrf=guess&{form}")] {
                let answer = send(&world, post(&route.path, &signed_in, form)).await;
                assert_eq!(
                    answer.status,
                    StatusCode::FORBIDDEN,
                    "{what} without the session's token"
                );
            }
        }
        let answer = ask(&world, &own, route).await;
        assert_eq!(
            answer.status == StatusCode::FORBIDDEN,
            route.duty,
            "{what} without the duty: {}",
            answer.status
        );
        if route.owned {
            assert_eq!(
                ask(&world, &foreign, route).await.status,
                StatusCode::NOT_FOUND,
                "{what} of another authority"
            );
        }
    }
}

#[tokio::test]
async fn an_entry_goes_from_the_form_to_the_next_verdict_under_four_eyes() {
    let world = World::new().await;
    let (keeper, second) = (
        keeper(&world, &border()).await,
        second(&world, &border()).await,
    );
    world.open(&border(), 1, document("L1", LISTED)).await;
    let form = "names=Sickson,+Anna%0D%0A%D0%A1%D0%B8%D0%BA%D1%81%D0%BE%D0%BD&births=1980-01-02&nationalities=uto&sex=female&issuer=&class=P\
        &number=&last_number=&action=refer&reason=case+77&legal_basis=Act+12&source=own&valid_until=2099-12-31&id=";
    let drafted = submit(&world, &keeper, "/console/list/new", form).await;
    assert_eq!(drafted.status, StatusCode::SEE_OTHER, "{}", drafted.body);
    let change = drafted.location;

    let shown = page(&world, &keeper, &change).await;
    for part in [
        "own:2027-01-15-",
        "Sickson, Anna",
        "Сиксон",
        "Act 12",
        "2099-12-31",
        "+ new",
        "Propose as",
    ] {
        assert!(shown.contains(part), "{part}");
    }
    assert!(shown.contains(
        "Of 1 travellers inspected in the last 72 hours these entries would have met 1."
    ));
    assert!(shown.contains("no case"), "the traveller was not referred");
    let proposed = submit(
        &world,
        &keeper,
        &format!("{change}/proposal"),
        "reason=warrant+of+today",
    )
    .await;
    assert_eq!(
        (proposed.status, &proposed.location),
        (StatusCode::SEE_OTHER, &change)
    );

    let own = page(&world, &keeper, &change).await;
    assert!(own.contains("Another officer must approve") && !own.contains("✓ Approve"));
    let refused = submit(
        &world,
        &keeper,
        &format!("{change}/approval"),
        "remark=mine",
    )
    .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let waiting = page(&world, &second, "/console/list").await;
    assert!(waiting.contains("approval</h2>") && waiting.contains("warrant of today"));
    assert!(page(&world, &second, &change).await.contains("✓ Approve"));
    let approved = submit(
        &world,
        &second,
        &format!("{change}/approval"),
        "remark=seen",
    )
    .await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER);
    let verdict = world.verdict(&border(), 1, CheckResult::Successful).await;
    assert_eq!(verdict.verdict, Verdict::Refer);

    let done = page(&world, &keeper, &change).await;
    assert!(done.contains("✓ version 2") && !done.contains("✓ Approve"));
    let path = done.split("href=\"/console/list/entries/").nth(1).unwrap();
    let path = format!("/console/list/entries/{}", path.split('"').next().unwrap());
    // Whoever decides cases reads the entry, and has nothing to change it with.
    let reader = page(&world, &world.session(&border()).await, &path).await;
    assert!(reader.contains("Сиксон") && !reader.contains("Withdraw"));
    // The form holds everything, and the draft shows what differs alone.
    let change_form = page(&world, &keeper, &format!("{path}/change")).await;
    for part in [
        "Sickson, Anna\nСиксон",
        "value=\"2099-12-31\"",
        "value=\"UTO\"",
        "value=\"refer\" selected",
    ] {
        assert!(change_form.contains(part), "{part}");
    }
    let other = form.replace("case+77", "case+78");
    let drafted = submit(&world, &keeper, &format!("{path}/change"), &other).await;
    let shown = page(&world, &keeper, &drafted.location).await;
    assert!(
        shown.contains("class=\"gone\"><bdi>case 77")
            && shown.contains("class=\"added\"><bdi>case 78")
    );
    assert!(
        !shown.contains("Act 12"),
        "fields that do not differ are not shown"
    );
    let again = submit(&world, &keeper, &format!("{path}/change"), form).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("nothing is different"));
    let withdrawn = submit(&world, &keeper, &format!("{path}/withdrawal"), "").await;
    assert!(
        page(&world, &keeper, &withdrawn.location)
            .await
            .contains("− withdrawn")
    );
}

#[tokio::test]
async fn a_form_that_cannot_be_used_names_the_field_and_keeps_what_was_typed() {
    let world = World::new().await;
    let cookie = keeper(&world, &border()).await;
    let good = [
        ("names", "Kept As Typed"),
        ("births", "1980"),
        ("nationalities", "UTO"),
        ("issuer", "UTO"),
        ("class", "P"),
        ("number", "A1"),
        ("last_number", ""),
        ("action", "refer"),
        ("reason", "why"),
        ("legal_basis", "law"),
        ("source", "own"),
        ("valid_from", "2027-01-01"),
        ("valid_until", ""),
    ];
    let bad = [
        ("births", "first of May", "Dates of birth"),
        ("nationalities", "UTOPIA", "Nationalities"),
        ("issuer", "12", "Documents"),
        ("number", "$$", "Documents"),
        ("last_number", "B9", "Documents"),
        ("action", "", "Action"),
        ("reason", "", "Reason"),
        ("legal_basis", "", "Legal basis"),
        ("source", "", "Source"),
        ("valid_until", "2026-12-31", "Valid until"),
        ("valid_from", "today", "Valid from"),
        ("id", "two words", "Id"),
        ("id", "own:stolen1", "Id"),
    ];
    let form_of = |field: &str, value: &str| {
        let others = good.iter().filter(|(name, _)| *name != field);
        let typed = (field, value);
        let pairs = others.chain([&typed]);
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")))
            .collect();
        pairs.join("&")
    };
    for (field, value, label) in bad {
        let answer = submit(&world, &cookie, "/console/list/new", &form_of(field, value)).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field}={value}"
        );
        let said = format!("✗ <strong>{label}</strong>");
        assert!(answer.body.contains(&said), "{field}={value}: {label}");
        assert!(
            answer.body.contains("Kept As Typed") && answer.body.contains(value),
            "{field}={value}"
        );
        assert!(answer.body.contains("aria-invalid"), "{field}={value}");
    }
    let drafts = page(&world, &cookie, "/console/list").await;
    assert!(!drafts.contains("○ draft"), "nothing was drafted");
    let answer = submit(
        &world,
        &cookie,
        "/console/list/new",
        &form_of("births", "1980"),
    )
    .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_unusual_size_is_told_and_must_be_accepted() {
    let world = World::new().await;
    let entries = |count: u32| {
        let entry = |n| EntryFields {
            id: format!("own:{n:03}"),
            ..contact()
        };
        (0..count).map(entry).collect::<Vec<_>>()
    };
    world.install(&border(), entries(120)).await;
    let officer = world.keeper(&border()).await;
    let drafted = world
        .app
        .draft_change(&officer, ChangeKind::Replace, "file", puts(entries(60)));
    let change = format!(
        "/console/list/changes/{}",
        drafted.await.unwrap().change.unwrap()
    );
    let cookie = keeper(&world, &border()).await;
    let shown = page(&world, &cookie, &change).await;
    assert!(shown.contains("Unusual size: it withdraws 61 of 121 entries"));
    assert!(shown.contains("accept_size"));
    assert!(
        page(&world, &cookie, "/console/list")
            .await
            .contains("! unusual size")
    );
    let path = format!("{change}/proposal");
    let refused = submit(&world, &cookie, &path, "reason=half+a+file").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in ["That was not done", "half a file</textarea>", "accept_size"] {
        assert!(refused.body.contains(kept), "{kept}");
    }
    let accepted = submit(
        &world,
        &cookie,
        &path,
        "reason=a+closed+file&accept_size=yes",
    )
    .await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER);
    let other = second(&world, &border()).await;
    assert!(
        page(&world, &other, &change)
            .await
            .contains("has accepted the size")
    );
    let rejected = submit(
        &world,
        &other,
        &format!("{change}/rejection"),
        "remark=cut+short",
    )
    .await;
    assert_eq!(rejected.status, StatusCode::SEE_OTHER);
    let shown = page(&world, &other, &change).await;
    assert!(
        shown.contains("✗ rejected")
            && shown.contains("cut short")
            && shown.contains("are not kept")
    );
    // Back to the list of one entry, which is a change too.
    let back = submit(&world, &other, "/console/list/returns", "version=1").await;
    assert!(
        page(&world, &other, &back.location)
            .await
            .contains("way back · version 1")
    );
    let none = submit(&world, &other, "/console/list/returns", "version=2").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_of_the_list_says_how_old_it_is_and_shows_its_forms_to_keepers_alone() {
    let world = World::new().await;
    let limit_ms = i64::try_from(LIST_AGE_LIMIT_S).unwrap() * 1_000;
    let look = async || {
        let keeper = keeper(&world, &border()).await;
        page(&world, &keeper, "/console/list").await
    };
    let fresh = look().await;
    assert!(
        !fresh.contains("role=\"alert\"") && !fresh.contains(" old; from "),
        "nothing to say of a fresh list"
    );
    for part in ["border-watch", "New entry", "Import a file"] {
        assert!(fresh.contains(part), "{part}");
    }
    world.clock.advance_ms(limit_ms / 2 + 1_000);
    assert!(
        look()
            .await
            .contains("! The list is 12 h old; from 24 h on")
    );
    world.clock.advance_ms(limit_ms / 2);
    let stale = look().await;
    assert!(stale.contains("✗ The list is stale") && stale.contains("figure alarm"));
    let reader = world.session(&border()).await;
    let shown = page(&world, &reader, "/console/list").await;
    assert!(shown.contains("✗ The list is stale") && shown.contains("✓ version 1"));
    for part in ["New entry", "Import a file", "/console/list/returns"] {
        assert!(!shown.contains(part), "{part}");
    }
}

#[tokio::test]
async fn alerts_are_counted_until_they_are_seen_and_clearances_until_they_are_ended() {
    let world = with_alert_and_namesake().await;
    let cookie = world.session(&border()).await;
    let lanes = page(&world, &cookie, "/console/lanes").await;
    assert!(
        lanes.contains("data-unseen=\"1\"") && lanes.contains("data-events=\"/console/events\">1<")
    );
    let foreign = world.session(&quarantine()).await;
    assert!(
        page(&world, &foreign, "/console/lanes")
            .await
            .contains("data-unseen=\"0\"")
    );
    let alerts = page(&world, &cookie, "/console/alerts").await;
    for part in [
        "Silent alert",
        "was not stopped",
        "SICKSON, ANNA",
        "/console/list/entries/own:silent",
        "open the case",
        "✓ holds",
    ] {
        assert!(alerts.contains(part), "{part}");
    }
    let seen = submit(&world, &cookie, "/console/alerts/1/seen", "").await;
    assert_eq!(
        (seen.status, seen.location.as_str()),
        (StatusCode::SEE_OTHER, "/console/alerts")
    );
    let again = submit(&world, &cookie, "/console/alerts/1/seen", "").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let alerts = page(&world, &cookie, "/console/alerts").await;
    assert!(
        alerts.contains("seen by officer.border") && alerts.contains("Every alert has been seen")
    );
    // The entry links from the hit of the case too.
    let case = page(
        &world,
        &cookie,
        &format!("/console/cases/{}", inspection(1)),
    )
    .await;
    assert!(case.contains("href=\"/console/list/entries/own:case77\""));

    let changed = EntryFields {
        reason: "another file".into(),
        ..contact()
    };
    world.install(&border(), vec![changed]).await;
    assert!(
        page(&world, &cookie, "/console/alerts")
            .await
            .contains("○ entry changed")
    );
    world.install(&border(), vec![contact()]).await;
    assert!(
        page(&world, &cookie, "/console/alerts")
            .await
            .contains("✓ holds")
    );
    let ended = submit(&world, &cookie, "/console/namesakes/1/end", "").await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert!(
        page(&world, &cookie, "/console/alerts")
            .await
            .contains("■ ended")
    );
}

#[tokio::test]
async fn a_file_is_sent_by_the_page_and_a_rule_written_into_the_form() {
    let world = World::new().await;
    let cookie = keeper(&world, &border()).await;
    let csrf = page(&world, &cookie, "/console/list").await;
    let csrf = csrf.split("data-csrf=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let upload = async |query: &str, file: &'static str| {
        let path = format!("/console/list/import?{query}");
        let mut request = post(&path, &cookie, file.into());
        let headers = request.headers_mut();
        headers.insert("x-csrf", csrf.parse().unwrap());
        let answer = send(&world, request).await;
        (
            answer.status,
            serde_json::from_str::<serde_json::Value>(&answer.body).unwrap(),
        )
    };
    let file = "id,surname,given,date_of_birth\nown:9,Sample,Berta,1970-01-02\n";
    let law = "action=refer&reason=why&legal_basis=law&source=";
    let (status, report) = upload(&format!("format=csv&kind=amend&{law}"), file).await;
    assert_eq!(
        (status, &report["difference"]["added"]),
        (StatusCode::OK, &1.into())
    );
    let change = page(
        &world,
        &cookie,
        &format!("/console/list/changes/{}", report["change"]),
    )
    .await;
    assert!(change.contains("Sample, Berta"), "{change}");
    let (_, report) = upload(
        "format=csv&kind=amend&action=&reason=&legal_basis=&source=",
        file,
    )
    .await;
    assert_eq!(
        (&report["bad"][0]["line"], &report["change"]),
        (&2.into(), &serde_json::Value::Null)
    );
    for wrong in [
        "format=pdf&kind=amend",
        "format=csv&kind=return",
        "format=csv&kind=amend&action=admit",
    ] {
        let (status, error) = upload(wrong, file).await;
        assert_eq!(
            (status, error["error"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("list_file_refused"))
        );
    }
    let rule =
        |rule: &str| format!("rule={rule}&action=refer&reason=outbreak&legal_basis=law&source=own");
    let good = "%7B%22when%22%3A%7B%22nationality%22%3A%5B%22UTO%22%5D%7D%2C%22if_unknown%22%3A%22pass%22%2C%22hits_per_day_max%22%3A9%7D";
    let answer = submit(&world, &cookie, "/console/list/new", &rule(good)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(
        page(&world, &cookie, &answer.location)
            .await
            .contains("hits_per_day_max")
    );
    let refused = submit(
        &world,
        &cookie,
        "/console/list/new",
        &rule("%7B%22when%22%3A1%7D"),
    )
    .await;
    assert!(refused.body.contains("Rule"), "{}", refused.body);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}
