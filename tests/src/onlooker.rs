//! Somebody who watches a lane's display: what was asked of the travellers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use egate_types::{Coaching, TravellerScreen};
use egate_wire::v1::LaneView;
use tokio::task::JoinHandle;

/// Watches until dropped.
pub struct Onlooker {
    seen: Arc<Mutex<Vec<Coaching>>>,
    watching: JoinHandle<()>,
}

impl Onlooker {
    /// Looks at the lane whose display is served at `display`.
    pub fn at(display: SocketAddr) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = seen.clone();
        let watching = tokio::spawn(async move {
            // A lane that goes away shows nothing more, and what it had shown stays noted.
            let _ = watch(display, &notes).await;
        });
        Self { seen, watching }
    }

    /// What the display asked for while the picture was taken, in order, without repetitions of the same.
    pub fn coaching(&self) -> Vec<Coaching> {
        let seen = self.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

async fn watch(display: SocketAddr, notes: &Mutex<Vec<Coaching>>) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut events = client
        .get(format!("http://{display}/events"))
        .send()
        .await?;
    let mut unread = Vec::new();
    while let Some(bytes) = events.chunk().await? {
        unread.extend_from_slice(&bytes);
        while let Some(end) = unread.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = unread.drain(..end + 2).collect();
            if let Some(TravellerScreen::Capture(coaching)) = screen_in(&event) {
                let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
                if notes.last() != Some(&coaching) {
                    notes.push(coaching);
                }
            }
        }
    }
    Ok(())
}

/// The screen in a `lane` event; `None` for any other.
fn screen_in(event: &[u8]) -> Option<TravellerScreen> {
    let json = event.strip_prefix(b"event: lane\ndata: ")?;
    let view: LaneView = serde_json::from_slice(json).ok()?;
    Some(view.screen)
}
