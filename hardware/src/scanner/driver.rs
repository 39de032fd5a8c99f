//! Opens the line, parses it, reconnects.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use egate_types::Fault;
use rustix::fs::{Mode, OFlags};
use rustix::termios::{self, ControlModes, OptionalActions};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::ScannerEvent;
use super::protocol::{Frame, Parser};
use crate::limits::{CONNECT_MS_MAX, SCANNER_SILENCE_MS_MAX, reconnect_pause_ms};
use crate::{Clock, FaultChange};

/// How the scanner is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerAddress {
    /// A serial device server, raw TCP.
    Tcp(SocketAddr),
    /// A serial device, 8 data bits, no parity, 1 stop bit.
    Serial {
        /// Device file, e.g. `/dev/ttyUSB0`.
        device: PathBuf,
        /// Bits per second.
        baud: u32,
    },
}

/// Where the scanner is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerConfig {
    /// How it is attached.
    pub address: ScannerAddress,
}

/// The running driver; dropping it closes the line.
#[derive(Debug)]
pub struct Scanner {
    task: JoinHandle<()>,
}

impl Scanner {
    /// Starts reading on the current tokio runtime.
    pub fn start(config: ScannerConfig, clock: Clock, events: mpsc::Sender<ScannerEvent>) -> Self {
        let driver = Driver {
            config,
            clock,
            events,
            lost: false,
        };
        Self {
            task: tokio::spawn(driver.run()),
        }
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Driver {
    config: ScannerConfig,
    clock: Clock,
    events: mpsc::Sender<ScannerEvent>,
    lost: bool,
}

/// Why the line was closed.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("cannot open the scanner's line")]
    Open(#[source] io::Error),
    #[error("the scanner's line broke")]
    Read(#[source] io::Error),
    #[error("the scanner closed its line")]
    Closed,
    #[error("nothing from the scanner for {0} ms")]
    Silent(u64),
    /// The caller no longer listens.
    #[error("the caller has gone")]
    CallerGone,
}

enum Line {
    Tcp(TcpStream),
    /// A terminal reads like a pipe: bytes or end of file.
    Serial(pipe::Receiver),
}

impl Driver {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let error = match self.open().await {
                Ok(mut line) => self.read_until_error(&mut line, &mut failures).await,
                Err(error) => error,
            };
            if matches!(error, LineError::CallerGone) || !self.raise_lost(&error).await {
                return;
            }
            sleep(Duration::from_millis(reconnect_pause_ms(failures))).await;
            failures = failures.saturating_add(1);
        }
    }

    async fn open(&self) -> Result<Line, LineError> {
        match &self.config.address {
            ScannerAddress::Tcp(address) => timeout(
                Duration::from_millis(CONNECT_MS_MAX),
                TcpStream::connect(address),
            )
            .await
            .map_err(|_| LineError::Silent(CONNECT_MS_MAX))?
            .map(Line::Tcp)
            .map_err(LineError::Open),
            ScannerAddress::Serial { device, baud } => open_serial(device, *baud)
                .and_then(pipe::Receiver::from_file_unchecked)
                .map(Line::Serial)
                .map_err(LineError::Open),
        }
    }

    async fn read_until_error(&mut self, line: &mut Line, failures: &mut u32) -> LineError {
        let mut parser = Parser::default();
        let mut buffer = Zeroizing::new([0; 512]);
        loop {
            let reading = line.read(&mut *buffer);
            let length = match timeout(Duration::from_millis(SCANNER_SILENCE_MS_MAX), reading).await
            {
                Err(_) => return LineError::Silent(SCANNER_SILENCE_MS_MAX),
                Ok(Err(error)) => return LineError::Read(error),
                Ok(Ok(0)) => return LineError::Closed,
                Ok(Ok(length)) => length,
            };
            for byte in &buffer[..length] {
                match parser.push(*byte) {
                    None => {}
                    Some(Err(error)) => tracing::warn!(%error, "scanner frame dropped"),
                    Some(Ok(frame)) => {
                        *failures = 0;
                        if self.tell(frame).await.is_err() {
                            return LineError::CallerGone;
                        }
                    }
                }
            }
        }
    }

    async fn tell(&mut self, frame: Frame) -> Result<(), mpsc::error::SendError<ScannerEvent>> {
        if self.lost {
            self.lost = false;
            let cleared = FaultChange::Cleared(Fault::ScannerLost);
            self.events.send(ScannerEvent::Fault(cleared)).await?;
        }
        let now = (self.clock)();
        let event = match frame {
            Frame::Live => return Ok(()),
            Frame::DocumentPlaced => ScannerEvent::DocumentPlaced(now),
            Frame::DocumentRemoved => ScannerEvent::DocumentRemoved(now),
            Frame::Mrz(lines) => ScannerEvent::MrzScanned(now, lines),
        };
        self.events.send(event).await
    }

    /// False if the caller has gone.
    async fn raise_lost(&mut self, error: &LineError) -> bool {
        if self.lost {
            return true;
        }
        self.lost = true;
        tracing::warn!(
            error = error as &dyn std::error::Error,
            "document scanner lost"
        );
        let raised = FaultChange::Raised(Fault::ScannerLost);
        self.events.send(ScannerEvent::Fault(raised)).await.is_ok()
    }
}

impl Line {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer).await,
            Self::Serial(line) => line.read(buffer).await,
        }
    }
}

/// Opens the device without becoming its session's terminal and without waiting for a carrier.
fn open_serial(device: &Path, baud: u32) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(device, flags, Mode::empty())?);
    let mut settings = termios::tcgetattr(&file)?;
    settings.make_raw();
    settings.control_modes -= ControlModes::CSTOPB | ControlModes::CRTSCTS;
    settings.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    settings.set_speed(baud)?;
    termios::tcsetattr(&file, OptionalActions::Flush, &settings)?;
    Ok(file)
}
