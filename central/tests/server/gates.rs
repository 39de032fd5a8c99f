//! Central as gates and officers see it: with and without certificate, of two authorities, over real TLS.

use std::{path::Path, sync::Arc};

use axum::http::StatusCode;
use central::{
    ChainError, Store,
    clock::{Clock as _, SystemClock},
    config,
    lists::change::ChangeKind,
    pki, server,
};
use egate_types::{
    AuthorityId, CheckResult, Direction, LaneId, OfficerDecision, Outcome, ReferralCause,
    TravellerScreen, Verdict,
};
use egate_wire::v1::{
    ComparisonBatch, DecisionEnvelope, ErrorBody, ExpectedDecision, LaneView, ListState,
    ReferralNotice, path, verify_decision,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{
    LIST_AGE_LIMIT_S, NOW, World, batch, border, document, evidence, inspection, json, key, lane,
    notice, opening, parse, post, puts, quarantine, record, stolen_passport, submission,
};

#[tokio::test]
async fn verdicts_follow_each_authoritys_own_list_and_law() {
    let world = World::new().await;
    let cases = [
        (1, document("L1", "GOODSON"), Verdict::Clear, Verdict::Clear),
        (
            2,
            document("STOLEN1", "GOODSON"),
            Verdict::Refuse,
            Verdict::Clear,
        ),
        (3, document("L3", "SICKSON"), Verdict::Clear, Verdict::Refer),
    ];
    for (n, document, at_border, at_quarantine) in cases {
        for (whose, expected) in [(border(), at_border), (quarantine(), at_quarantine)] {
            assert_eq!(
                world.open(&whose, n, document.clone()).await,
                StatusCode::OK
            );
            let claims = world.verdict(&whose, n, CheckResult::Successful).await;
            assert_eq!(claims.verdict, expected, "{n} at {whose}");
            assert_eq!(claims.list.list, format!("{whose}-watch"));
            assert_eq!((claims.list.version, claims.list.entries), (1, 1));
        }
    }
    // Only the authority that answers for identity looks at the face.
    let failed = world.verdict(&border(), 1, CheckResult::Failed).await;
    assert_eq!(failed.verdict, Verdict::Refer);
    let failed = world.verdict(&quarantine(), 1, CheckResult::Failed).await;
    assert_eq!(failed.verdict, Verdict::Clear);
}

#[tokio::test]
async fn a_gate_speaks_for_its_own_lane_alone() {
    let world = World::new().await;
    let view = LaneView {
        lane: lane(),
        direction: Direction::Entry,
        phase: "ready".into(),
        screen: TravellerScreen::PlaceDocument,
        since: NOW,
        entry_open: false,
        exit_open: false,
        people: 0,
        inspection: None,
        authorities: Vec::new(),
        faults: Vec::new(),
        admitted_today: 0,
    };
    assert_eq!(
        world.open(&border(), 1, document("L1", "GOODSON")).await,
        StatusCode::OK
    );
    let id = inspection(1);
    // Every route of the gates, with a request that would succeed for lane-1.
    let requests = || {
        let a = border();
        [
            json(
                "PUT",
                &path::inspection(&a, id),
                &opening(1, document("L1", "GOODSON")),
            ),
            json(
                "POST",
                &path::verdict(&a, id),
                &submission(CheckResult::Successful),
            ),
            json("PUT", &path::referral(&a, id), &notice(1)),
            json("PUT", &path::view(&a, &lane()), &view),
            json("GET", &path::decisions(&a, &lane(), 0, 0), &()),
            json("PUT", &path::record(&a, id), &record(1)),
            json(
                "PUT",
                &path::comparisons(&a, &lane(), NOW),
                &batch(NOW, [0, 1], [0, 0]),
            ),
        ]
    };
    for (peer, expected) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("lane-2"), StatusCode::FORBIDDEN),
        (Some("lane-1"), StatusCode::OK),
    ] {
        for request in requests() {
            let what = format!("{} {}", request.method(), request.uri());
            let (status, body) = world.send(peer, request).await;
            assert_eq!(status, expected, "{what} as {peer:?}");
            if status != StatusCode::OK {
                let error: ErrorBody = parse(&body);
                assert!(!error.next.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_stale_or_missing_list_is_unavailable_and_never_clear() {
    let world = World::new().await;
    assert_eq!(
        world.open(&border(), 1, document("L1", "GOODSON")).await,
        StatusCode::OK
    );
    let limit_ms = i64::try_from(LIST_AGE_LIMIT_S).unwrap() * 1_000;
    world.clock.advance_ms(limit_ms);
    let ask = async || {
        let path = path::verdict(&border(), inspection(1));
        world
            .gate("POST", &path, &submission(CheckResult::Successful))
            .await
    };
    assert_eq!(
        ask().await.0,
        StatusCode::OK,
        "at the limit the list still counts"
    );
    world.clock.advance_ms(1_000);
    let (status, body) = ask().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(parse::<ErrorBody>(&body).error, "list_stale");
    assert_eq!(
        world.open(&border(), 2, document("L2", "GOODSON")).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let keeper = world.keeper(&border()).await;
    let same = puts(vec![stolen_passport()]);
    let report = world
        .app
        .draft_change(&keeper, ChangeKind::Replace, "test", same);
    let report = report.await.unwrap();
    assert!(report.confirmed && report.change.is_none());
    assert_eq!(ask().await.0, StatusCode::OK);
}

#[tokio::test]
async fn requests_that_fit_nothing_are_refused_without_quoting_them() {
    let world = World::new().await;
    let verdict = path::verdict(&border(), inspection(9));
    let (status, _) = world
        .gate("POST", &verdict, &submission(CheckResult::Successful))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "never opened");
    let message = opening(1, document("L1", "GOODSON"));
    let other = path::inspection(&border(), inspection(2));
    assert_eq!(
        world.gate("PUT", &other, &message).await.0,
        StatusCode::BAD_REQUEST
    );
    let customs = AuthorityId::parse("customs").unwrap();
    assert_eq!(
        world.open(&customs, 1, document("L1", "GOODSON")).await,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.open(&border(), 1, document("L1", "GOODSON")).await,
        StatusCode::OK
    );
    assert_eq!(
        world.open(&border(), 1, document("L1", "GOODSON")).await,
        StatusCode::OK
    );
    assert_eq!(
        world.open(&border(), 1, document("L2", "GOODSON")).await,
        StatusCode::CONFLICT
    );
    let path = path::inspection(&border(), inspection(3));
    let (status, body) = world.gate("PUT", &path, &"SECRETSON").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!String::from_utf8_lossy(&body).contains("SECRETSON"));
}

#[tokio::test]
async fn a_record_is_kept_once_and_the_chain_tells_a_change() {
    let world = World::new().await;
    for n in [1, 2, 3] {
        let path = path::record(&border(), inspection(n));
        assert_eq!(world.gate("PUT", &path, &record(n)).await.0, StatusCode::OK);
    }
    let path = path::record(&border(), inspection(2));
    assert_eq!(world.gate("PUT", &path, &record(2)).await.0, StatusCode::OK);
    let mut changed = record(2);
    changed.outcome = Outcome::Returned;
    assert_eq!(
        world.gate("PUT", &path, &changed).await.0,
        StatusCode::CONFLICT
    );
    assert_eq!(world.store.verify_chain(&border()).await.unwrap(), 3);

    let file = world.dir.path().join("central.db");
    let forger = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    sqlx::query("UPDATE records SET body = replace(body, 'admitted', 'referred') WHERE seq = 2")
        .execute(&forger)
        .await
        .unwrap();
    let broken = world.store.verify_chain(&border()).await.unwrap_err();
    assert!(
        matches!(broken, ChainError::Broken { seq: 2, .. }),
        "{broken}"
    );
}

#[tokio::test]
async fn face_comparisons_are_counted_once_and_shown_to_the_officers_of_that_authority() {
    let world = World::new().await;
    let send = async |batch: &ComparisonBatch| {
        let path = path::comparisons(&border(), &lane(), batch.began_at);
        world.gate("PUT", &path, batch).await.0
    };
    let report = async |whose: &AuthorityId| -> Value {
        let cookie = world.session(whose).await;
        let (status, body) = world.page(&cookie, "/console/comparisons.json").await;
        assert_eq!(status, StatusCode::OK);
        serde_json::from_str(&body).unwrap()
    };
    assert_eq!(report(&border()).await["batches"], Value::Null);

    let first = batch(NOW, [1, 60], [0, 1_000]);
    // The acknowledgement got lost and the gate sends it again.
    assert_eq!(send(&first).await, StatusCode::OK);
    assert_eq!(send(&first).await, StatusCode::OK);
    let other = batch(NOW, [0, 60], [0, 1_000]);
    assert_eq!(send(&other).await, StatusCode::CONFLICT);
    // Later that day and on the next, which the report adds.
    let later = batch(NOW.plus_ms(60_000), [0, 30], [0, 500]);
    assert_eq!(send(&later).await, StatusCode::OK);
    let next_day = NOW.plus_ms(86_400_000);
    assert_eq!(
        send(&batch(next_day, [1, 60], [0, 3_000])).await,
        StatusCode::OK
    );
    let elsewhere = path::comparisons(&border(), &lane(), next_day);
    let mismatch = world.gate("PUT", &elsewhere, &first).await.0;
    assert_eq!(mismatch, StatusCode::BAD_REQUEST);

    let report_of_border = report(&border()).await;
    let [figure] = report_of_border["figures"].as_array().unwrap().as_slice() else {
        panic!("one figure, got {report_of_border}")
    };
    let counted = |name: &str| figure[name].as_u64().unwrap();
    let names = [
        "mated_comparisons",
        "false_non_matches",
        "non_mated_comparisons",
        "false_matches",
    ];
    assert_eq!(names.map(counted), [150, 2, 4_500, 0]);
    let [rate, low, high] = [0, 1, 2].map(|place| figure["fnmr"][place].as_f64().unwrap());
    assert!((rate - 2.0 / 150.0).abs() < 1e-12 && low < rate && rate < high);
    assert_eq!(figure["finding"], "lower");
    let batches = &report_of_border["batches"];
    assert_eq!(batches["left_out"], 3);
    assert_eq!(batches["retention"][0], "Immigration Act 40");
    assert_eq!(report(&quarantine()).await["figures"], Value::Array(vec![]));

    let cookie = world.session(&border()).await;
    let (status, page) = world.page(&cookie, "/console/comparisons").await;
    assert_eq!(status, StatusCode::OK);
    for shown in ["fused, 3 frames", "1.33 %", "4,500", "Immigration Act 40"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn an_officer_decides_and_the_lane_learns_it() {
    let world = World::new().await;
    assert_eq!(
        world
            .open(&border(), 1, document("STOLEN1", "GOODSON"))
            .await,
        StatusCode::OK
    );
    world.verdict(&border(), 1, CheckResult::Successful).await;
    let poll = |wait_ms| {
        let path = path::decisions(&border(), &lane(), 0, wait_ms);
        json("GET", &path, &())
    };
    let (_, none) = world.send(Some("lane-1"), poll(0)).await;
    assert_eq!(parse::<Vec<DecisionEnvelope>>(&none), []);
    assert_eq!(world.refer(&border(), 1).await, StatusCode::OK);
    assert_eq!(
        world.refer(&border(), 1).await,
        StatusCode::OK,
        "the same notice again"
    );

    let cookie = world.session(&border()).await;
    let case = format!("/console/cases/{}", inspection(1));
    let (status, page) = world.page(&cookie, &case).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("reported stolen") && page.contains("Immigration Act 12"));
    let live = world.page(&cookie, &format!("{case}/live.jpg")).await;
    assert_eq!(live.0, StatusCode::OK);

    for refused in [
        "decision=release&reason=&remark=looked+fine",
        "decision=release&reason=identity_confirmed&remark=",
        "decision=release&reason=identity_confirmed&remark=+++++",
        "decision=release&reason=hold_confirmed&remark=looked+fine",
        "decision=admit&reason=identity_confirmed&remark=looked+fine",
    ] {
        let status = world.decide(&cookie, 1, refused).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    }
    let good = "decision=release&reason=identity_confirmed&remark=compared+in+person";
    let forged = post(
        &format!("{case}/decision"),
        &cookie,
        format!("csrf=guess&{good}"),
    );
    assert_eq!(world.send(None, forged).await.0, StatusCode::FORBIDDEN);

    // The poll is already waiting when the officer decides.
    let (polled, decided) = tokio::join!(
        world.send(Some("lane-1"), poll(20_000)),
        world.decide(&cookie, 1, good)
    );
    assert_eq!(decided, StatusCode::SEE_OTHER);
    let envelopes: Vec<DecisionEnvelope> = parse(&polled.1);
    let [envelope] = envelopes.as_slice() else {
        panic!("one decision, got {envelopes:?}")
    };
    let expected = ExpectedDecision {
        authority: border(),
        inspection: inspection(1),
        lane: lane(),
        evidence: Some(evidence()),
    };
    let claims =
        verify_decision(&envelope.token, &key(&border()).public(), &expected, NOW).unwrap();
    assert_eq!(claims.decision, OfficerDecision::Release);
    assert_eq!(claims.officer.as_str(), "officer.border");
    // The lane still waits: perhaps another authority holds as well. The officer decides again.
    let again = "decision=return&reason=identity_doubt&remark=waited+long+enough";
    assert_eq!(world.decide(&cookie, 1, again).await, StatusCode::SEE_OTHER);
    let (_, second) = world.send(Some("lane-1"), poll(0)).await;
    let second: Vec<DecisionEnvelope> = parse(&second);
    assert_eq!(second.len(), 2);
    assert!(second[0].seq < second[1].seq);
    let audit = world.store.audit_lines(&border()).await.unwrap();
    for action in ["login", "case.look", "case.release"] {
        assert!(
            audit
                .iter()
                .any(|line| line.starts_with(&format!("officer.border {action} ")))
        );
    }

    // The lane calls again for another cause: the case is open anew.
    let overstay = ReferralNotice {
        cause: ReferralCause::Overstay,
        ..notice(1)
    };
    let referral = path::referral(&border(), inspection(1));
    assert_eq!(
        world.gate("PUT", &referral, &overstay).await.0,
        StatusCode::OK
    );
    assert!(world.page(&cookie, &case).await.1.contains("overstay"));

    // The record closes the case and takes the portraits with it.
    let path = path::record(&border(), inspection(1));
    assert_eq!(world.gate("PUT", &path, &record(1)).await.0, StatusCode::OK);
    for which in ["live", "chip"] {
        let gone = world.page(&cookie, &format!("{case}/{which}.jpg")).await;
        assert_eq!(gone.0, StatusCode::NOT_FOUND, "{which}");
    }
    assert!(
        world
            .page(&cookie, "/console/cases")
            .await
            .1
            .contains("closed")
    );
    assert_eq!(
        world.decide(&cookie, 1, good).await,
        StatusCode::CONFLICT,
        "a closed case is not decided"
    );
}

#[tokio::test]
async fn no_officer_sees_what_another_authority_holds() {
    let world = World::new().await;
    for whose in [border(), quarantine()] {
        assert_eq!(
            world.open(&whose, 3, document("L3", "SICKSON")).await,
            StatusCode::OK
        );
        world.verdict(&whose, 3, CheckResult::Successful).await;
    }
    // Both are told that an officer is needed; a second case concerns quarantine alone.
    assert_eq!(world.refer(&border(), 3).await, StatusCode::OK);
    assert_eq!(world.refer(&quarantine(), 3).await, StatusCode::OK);
    assert_eq!(world.refer(&quarantine(), 4).await, StatusCode::OK);
    let case = format!("/console/cases/{}", inspection(3));

    let own = world.session(&quarantine()).await;
    assert!(
        world
            .page(&own, &case)
            .await
            .1
            .contains("contact tracing case 77")
    );

    let other = world.session(&border()).await;
    let (_, page) = world.page(&other, &case).await;
    assert!(page.contains("held, not by you"));
    for secret in ["contact tracing", "Health Law", "case 77"] {
        assert!(!page.contains(secret), "{secret}");
    }
    let foreign = format!("/console/cases/{}", inspection(4));
    assert_eq!(world.page(&other, &foreign).await.0, StatusCode::NOT_FOUND);
    let live = format!("{foreign}/live.jpg");
    assert_eq!(world.page(&other, &live).await.0, StatusCode::NOT_FOUND);
    assert!(
        !world
            .page(&other, "/console/cases")
            .await
            .1
            .contains(&inspection(4).to_string())
    );
    let good = "decision=release&reason=hold_lifted&remark=not+mine";
    assert_eq!(world.decide(&other, 4, good).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_referral_overtaken_by_its_record_is_kept_closed_and_without_pictures() {
    let world = World::new().await;
    let cookie = world.session(&border()).await;
    let record_path = path::record(&border(), inspection(1));
    let status = world.gate("PUT", &record_path, &record(1)).await.0;
    assert_eq!(status, StatusCode::OK);
    let referral = path::referral(&border(), inspection(1));
    let status = world.gate("PUT", &referral, &notice(1)).await.0;
    assert_eq!(status, StatusCode::OK);
    let (_, cases) = world.page(&cookie, "/console/cases").await;
    assert!(cases.contains("closed"), "{cases}");
    let live = format!("/console/cases/{}/live.jpg", inspection(1));
    let (status, _) = world.page(&cookie, &live).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_login_rests_after_five_wrong_passwords() {
    let world = World::new().await;
    let attempt = async |password: &str| {
        let form = format!("login=officer.border&password={password}");
        world.send(None, post("/console/login", "", form)).await.0
    };
    for _ in 0..4 {
        assert_eq!(attempt("wrong").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(attempt("correct+horse").await, StatusCode::SEE_OTHER);
    for _ in 0..5 {
        assert_eq!(attempt("wrong").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(attempt("correct+horse").await, StatusCode::UNAUTHORIZED);
    world.clock.advance_ms(5 * 60_000 + 1);
    assert_eq!(attempt("correct+horse").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_console_needs_a_live_session() {
    let world = World::new().await;
    let wrong = post(
        "/console/login",
        "",
        "login=officer.border&password=wrong".into(),
    );
    assert_eq!(world.send(None, wrong).await.0, StatusCode::UNAUTHORIZED);
    let nobody = post(
        "/console/login",
        "",
        "login=nobody&password=correct+horse".into(),
    );
    assert_eq!(world.send(None, nobody).await.0, StatusCode::UNAUTHORIZED);
    let case = format!("/console/cases/{}", inspection(1));
    let portrait = format!("{case}/live.jpg");
    let pages = [
        "/console/lanes",
        "/console/cases",
        "/console/comparisons",
        "/console/comparisons.json",
        "/console/events",
        case.as_str(),
        portrait.as_str(),
    ];
    for path in pages {
        for cookie in ["", "__Host-session=guess"] {
            assert_eq!(
                world.page(cookie, path).await.0,
                StatusCode::SEE_OTHER,
                "{path}"
            );
        }
    }
    let cookie = world.session(&border()).await;
    assert_eq!(
        world.page(&cookie, "/console/lanes").await.0,
        StatusCode::OK
    );
    world.clock.advance_ms(8 * 3_600_000);
    assert_eq!(
        world.page(&cookie, "/console/lanes").await.0,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn over_real_tls_the_certificate_names_the_lane() {
    let world = World::new().await;
    let dir = world.dir.path().join("pki");
    // rustls checks validity against the real date.
    let today = SystemClock.now().date();
    let names = vec!["localhost".to_owned()];
    pki::init(&dir, names.clone(), today).unwrap();
    pki::init(&dir, names, today).expect_err("a key is never overwritten");
    for lane in ["lane-1", "lane-2"] {
        pki::gate(&dir, &LaneId::parse(lane).unwrap(), today).unwrap();
    }
    let files = config::Tls {
        ca: dir.join("ca.pem"),
        certificate: dir.join("server.pem"),
        key: dir.join("server.key"),
    };
    let tls = server::tls_config(&files).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(server::serve(
        listener,
        tls,
        central::router(world.app.clone()),
    ));

    let whose = border();
    let path = path::inspection(&whose, inspection(1));
    let body = serde_json::to_string(&opening(1, document("L1", "GOODSON"))).unwrap();
    let ask = async |identity: Option<&str>, version| {
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        talk(&dir, address, identity, version, &format!("{head}{body}")).await
    };
    let tls13 = &rustls::version::TLS13;
    let answer = ask(Some("lane-1"), tls13).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let list: ListState = parse(answer.rsplit("\r\n\r\n").next().unwrap().as_bytes());
    assert_eq!(list.list, "border-watch");
    assert!(
        ask(Some("lane-2"), tls13)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 403")
    );
    assert!(ask(None, tls13).await.unwrap().starts_with("HTTP/1.1 401"));
    // The server's own certificate is issued by the same CA, and still no gate's.
    assert!(ask(Some("server"), tls13).await.is_err());
    assert!(
        ask(Some("lane-1"), &rustls::version::TLS12).await.is_err(),
        "TLS 1.2 is off"
    );
    let login = "GET /console/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(
        talk(&dir, address, None, tls13, login)
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );
    server.abort();
}

async fn talk(
    dir: &Path,
    address: std::net::SocketAddr,
    identity: Option<&str>,
    version: &'static rustls::SupportedProtocolVersion,
    request: &str,
) -> std::io::Result<String> {
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(dir.join("ca.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(name) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(dir.join(format!("{name}.pem"))).unwrap()],
                PrivateKeyDer::from_pem_file(dir.join(format!("{name}.key"))).unwrap(),
            )
            .unwrap(),
    };
    let stream = tokio::net::TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn keys_and_database_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let _store = Store::open(&dir.path().join("central.db")).await.unwrap();
    pki::init(dir.path(), Vec::new(), NOW.date()).unwrap();
    pki::gate(dir.path(), &lane(), NOW.date()).unwrap();
    for file in [
        "ca.key",
        "server.key",
        "lane-1.key",
        "central.db",
        "central.db-wal",
    ] {
        let mode = std::fs::metadata(dir.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
