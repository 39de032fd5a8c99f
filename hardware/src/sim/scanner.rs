//! The document scanner's network side: a TCP server of its line protocol.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egate_types::MrzLines;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::lock;
use crate::scanner::protocol::{Frame, encode};

/// The running scanner; dropping it closes the port and every connection.
#[derive(Debug)]
pub struct ScannerServer {
    address: SocketAddr,
    glass: Arc<Mutex<Glass>>,
    task: JoinHandle<()>,
}

/// What lies on the glass, and the line to everybody who listens.
#[derive(Debug)]
struct Glass {
    shown: Vec<Frame>,
    line: broadcast::Sender<Frame>,
}

impl ScannerServer {
    /// Serves on the loopback interface, on a port of the system's choice.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (line, _) = broadcast::channel(FRAMES_MAX);
        let glass = Arc::new(Mutex::new(Glass {
            shown: Vec::new(),
            line,
        }));
        let task = tokio::spawn(serve(listener, glass.clone()));
        Ok(Self {
            address,
            glass,
            task,
        })
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A document is laid on the glass.
    pub fn place(&self) {
        self.show(Frame::DocumentPlaced);
    }

    /// Its machine readable zone has been read.
    pub fn read(&self, lines: MrzLines) {
        self.show(Frame::Mrz(lines));
    }

    /// The document is taken away.
    pub fn remove(&self) {
        let mut glass = lock(&self.glass);
        glass.shown.clear();
        // Nobody listening is not an error: the glass is told on connection.
        let _ = glass.line.send(Frame::DocumentRemoved);
    }

    fn show(&self, frame: Frame) {
        let mut glass = lock(&self.glass);
        glass.shown.push(frame.clone());
        let _ = glass.line.send(frame);
    }
}

impl Drop for ScannerServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, glass: Arc<Mutex<Glass>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(speak(stream, glass.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn speak(mut stream: TcpStream, glass: Arc<Mutex<Glass>>) -> io::Result<()> {
    let (shown, mut line) = {
        let glass = lock(&glass);
        (glass.shown.clone(), glass.line.subscribe())
    };
    stream.write_all(&encode(&Frame::Live)).await?;
    for frame in &shown {
        stream.write_all(&encode(frame)).await?;
    }
    loop {
        let frame = match timeout(Duration::from_millis(LIVE_MS), line.recv()).await {
            Err(_) => Frame::Live,
            Ok(Ok(frame)) => frame,
            // A listener that fell behind or a scanner that is gone: reconnecting tells the glass anew.
            Ok(Err(_)) => return Ok(()),
        };
        stream.write_all(&encode(&frame)).await?;
    }
}

/// Frames a slow listener may fall behind.
const FRAMES_MAX: usize = 64;

/// Between two life signs.
const LIVE_MS: u64 = 1_000;
