//! A network that can fail: a TCP relay between a gate and an authority that can be told to pass nothing on.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The relay; dropping it closes its port.
pub struct Relay {
    address: SocketAddr,
    stalled: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Relay {
    /// Relays from a loopback port of the system's choice to `target`.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (stalled, state) = watch::channel(false);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(relay(near, target, state.clone()));
            }
        });
        Ok(Self {
            address,
            stalled,
            task,
        })
    }

    /// Where the gate connects.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing passes, in either direction, until told otherwise. No connection is closed: the worst
    /// kind of outage.
    pub fn stall(&self, stalled: bool) {
        self.stalled.send_replace(stalled);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(near: TcpStream, target: SocketAddr, stalled: watch::Receiver<bool>) {
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    let (_, _) = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::join!(
        pump(near_in, far_out, stalled.clone()),
        pump(far_in, near_out, stalled)
    );
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut stalled: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let open = stalled.wait_for(|stalled| !stalled).await.is_ok();
        if !open || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
