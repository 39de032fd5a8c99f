//! The JSON interface of lists: every request has its officers and no others.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use central::lists::{change::ChangeKind, entry::EntryFields};
use serde_json::{Value, json};

use crate::world::{World, border, contact, parse, puts, quarantine};

/// The routes as they are written, so that none is left out here.
const SOURCE: &str = include_str!("../../src/list_api.rs");

/// Methods and paths of a source's routes.
fn written() -> BTreeSet<(&'static str, &'static str)> {
    let mut all = BTreeSet::new();
    for route in SOURCE.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        let handlers = route.split(".layer(").next().unwrap();
        for method in ["get", "post", "put", "delete", "patch"] {
            let called = [
                format!(" {method}("),
                format!(".{method}("),
                format!("\n{method}("),
            ];
            if called.iter().any(|call| handlers.contains(call.as_str())) {
                all.insert((method, path));
            }
        }
    }
    all
}

/// A request, and whether it names something of the authority's own.
struct Route {
    method: &'static str,
    pattern: &'static str,
    path: String,
    body: Value,
}

impl Route {
    fn owned(&self) -> bool {
        self.pattern.contains('{')
    }
}

fn routes(draft: i64) -> Vec<Route> {
    let route = |method, pattern: &'static str, thing: &str, body| Route {
        method,
        pattern,
        path: pattern.replace("{id}", thing),
        body,
    };
    let (change, entry) = (draft.to_string(), "own:case77");
    let remark = json!({"remark": "because"});
    vec![
        route("get", "/v1/lists/state", "", Value::Null),
        route("get", "/v1/lists/changes", "", Value::Null),
        route("post", "/v1/lists/changes", "", json!({"withdraw": []})),
        Route {
            path: "/v1/lists/imports?format=csv&kind=amend".into(),
            ..route("post", "/v1/lists/imports", "", Value::Null)
        },
        route("get", "/v1/lists/changes/{id}", &change, Value::Null),
        route(
            "post",
            "/v1/lists/changes/{id}/proposal",
            &change,
            json!({"reason": "because"}),
        ),
        route(
            "post",
            "/v1/lists/changes/{id}/approval",
            &change,
            remark.clone(),
        ),
        route(
            "post",
            "/v1/lists/changes/{id}/rejection",
            &change,
            remark.clone(),
        ),
        route("delete", "/v1/lists/changes/{id}", &change, Value::Null),
        route("post", "/v1/lists/returns", "", json!({"version": 1})),
        route("post", "/v1/lists/confirmations", "", remark),
        Route {
            path: "/v1/lists/entries?id=own".into(),
            ..route("get", "/v1/lists/entries", "", Value::Null)
        },
        route("get", "/v1/lists/entries/{id}", entry, Value::Null),
        route("post", "/v1/lists/expected", "", json!([])),
    ]
}

async fn sign_in(world: &World, login: &str) -> String {
    let body = json!({"login": login, "password": "correct horse"});
    let (status, body) = world.api("POST", "/v1/sessions", "", body).await;
    assert_eq!(status, StatusCode::OK);
    parse::<Value>(&body)["session"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn every_request_has_its_officers_and_no_others() {
    let world = World::new().await;
    world.install(&border(), vec![contact()]).await;
    let drafter = world.keeper(&border()).await;
    let rows = puts(vec![EntryFields {
        id: "own:new".into(),
        ..contact()
    }]);
    let drafted = world
        .app
        .draft_change(&drafter, ChangeKind::Amend, "test", rows);
    let routes = routes(drafted.await.unwrap().change.unwrap());
    let mut walked: BTreeSet<_> = routes
        .iter()
        .map(|route| (route.method, route.pattern))
        .collect();
    walked.insert(("post", "/v1/sessions"));
    assert_eq!(written(), walked);

    let dutiless = sign_in(&world, "officer.border").await;
    let foreign = sign_in(&world, "keeper.quarantine").await;
    for route in &routes {
        let what = format!("{} {}", route.method, route.path);
        let method = route.method.to_uppercase();
        let ask = async |session: &str| {
            let body = route.body.clone();
            world.api(&method, &route.path, session, body).await.0
        };
        for nobody in ["", "guess"] {
            assert_eq!(ask(nobody).await, StatusCode::UNAUTHORIZED, "{what}");
        }
        assert_eq!(ask(&dutiless).await, StatusCode::FORBIDDEN, "{what}");
        // The quarantine has an entry of this id too: its own.
        if route.owned() && !route.pattern.contains("entries") {
            assert_eq!(ask(&foreign).await, StatusCode::NOT_FOUND, "{what}");
        }
    }
    let theirs = world
        .api(
            "GET",
            "/v1/lists/entries/own:stolen1",
            &foreign,
            Value::Null,
        )
        .await
        .0;
    assert_eq!(theirs, StatusCode::NOT_FOUND);
    assert_eq!(
        world.app.verify_list(&quarantine()).await.unwrap(),
        1,
        "nothing was changed"
    );
    assert_eq!(world.app.verify_list(&border()).await.unwrap(), 2);
}
