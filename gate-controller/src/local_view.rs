//! The lane's picture in a browser, on a loopback address: `/` the traveller display, `/lane` the lane seen from
//! above, `/screen.png` and `/events` what both are made of. Shows no more than stands at the lane for all to see.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use egate_wire::v1::LaneView;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What the server shows.
#[derive(Clone)]
pub struct Shown {
    /// Newest traveller screen, PNG.
    pub screen: watch::Receiver<Arc<Vec<u8>>>,
    /// Newest lane view.
    pub view: watch::Receiver<Option<LaneView>>,
}

/// Serves until the task is dropped.
pub async fn serve(listener: TcpListener, shown: Shown) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let shown = shown.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let response = answer(&request, &shown);
                async { Ok::<_, Infallible>(response) }
            });
            // A browser that goes away mid-answer is no fault of the lane.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Binds the configured address; other machines never see it.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    if !address.ip().is_loopback() {
        let why = format!("display.stream {address} is not a loopback address; use 127.0.0.1");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, why));
    }
    TcpListener::bind(address).await
}

fn answer(request: &Request<Incoming>, shown: &Shown) -> Response<Body> {
    match request.uri().path() {
        "/" => page("text/html; charset=utf-8", full(DISPLAY_PAGE)),
        "/lane" => page("text/html; charset=utf-8", full(LANE_PAGE)),
        "/screen.png" => {
            let png = shown.screen.borrow().as_ref().clone();
            page("image/png", Full::new(Bytes::from(png)).boxed_unsync())
        }
        "/events" => page("text/event-stream", events(shown)),
        _ => {
            let mut response = page("text/plain", full("no such page; try / or /lane\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

fn page(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        hyper::header::HeaderValue::from_static(content_type),
    );
    headers.insert(
        CACHE_CONTROL,
        hyper::header::HeaderValue::from_static("no-store"),
    );
    response
}

fn full(text: &'static str) -> Body {
    Full::new(Bytes::from_static(text.as_bytes())).boxed_unsync()
}

/// Server push: `screen` when the traveller display changed, `lane` with the lane view as JSON.
fn events(shown: &Shown) -> Body {
    let screens = WatchStream::new(shown.screen.clone())
        .map(|_| Bytes::from_static(b"event: screen\ndata: changed\n\n"));
    let views = WatchStream::new(shown.view.clone()).filter_map(|view| {
        let json = serde_json::to_string(&view?).ok()?;
        Some(Bytes::from(format!("event: lane\ndata: {json}\n\n")))
    });
    let frames = screens
        .merge(views)
        .map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)));
    StreamBody::new(frames).boxed_unsync()
}

const DISPLAY_PAGE: &str = include_str!("local_view/display.html");
const LANE_PAGE: &str = include_str!("local_view/lane.html");
