//! The scanner driver against the simulated scanner over TCP and against a serial line.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use egate_hardware::FaultChange::{Cleared, Raised};
use egate_hardware::scanner::protocol::{Frame, encode};
use egate_hardware::scanner::{Scanner, ScannerAddress, ScannerConfig, ScannerEvent};
use egate_hardware::sim::scanner::ScannerServer;
use egate_types::{Fault, MonoTime, MrzLines};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::sync::mpsc;

const NOW: MonoTime = MonoTime(42);

fn start(address: ScannerAddress) -> (Scanner, mpsc::Receiver<ScannerEvent>) {
    let (inbox, events) = mpsc::channel(16);
    (
        Scanner::start(ScannerConfig { address }, Arc::new(|| NOW), inbox),
        events,
    )
}

fn lines() -> MrzLines {
    MrzLines::new(vec!["P<UTOERIKSSON<<ANNA".into(), "L898902C36UTO".into()])
}

#[tokio::test]
async fn a_document_is_placed_read_and_removed() -> anyhow::Result<()> {
    let server = ScannerServer::start().await?;
    server.place();
    let (_scanner, mut events) = start(ScannerAddress::Tcp(server.address()));
    // It lay there before the driver came.
    assert_eq!(events.recv().await, Some(ScannerEvent::DocumentPlaced(NOW)));
    server.read(lines());
    assert_eq!(
        events.recv().await,
        Some(ScannerEvent::MrzScanned(NOW, lines()))
    );
    server.remove();
    assert_eq!(
        events.recv().await,
        Some(ScannerEvent::DocumentRemoved(NOW))
    );
    drop(server);
    assert_eq!(
        events.recv().await,
        Some(ScannerEvent::Fault(Raised(Fault::ScannerLost)))
    );
    Ok(())
}

#[tokio::test]
async fn a_scanner_that_comes_late_clears_the_fault() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    drop(listener);
    let (_scanner, mut events) = start(ScannerAddress::Tcp(address));
    assert_eq!(
        events.recv().await,
        Some(ScannerEvent::Fault(Raised(Fault::ScannerLost)))
    );
    let listener = tokio::net::TcpListener::bind(address).await?;
    let (mut stream, _) = listener.accept().await?;
    tokio::io::AsyncWriteExt::write_all(&mut stream, &encode(&Frame::Live)).await?;
    assert_eq!(
        events.recv().await,
        Some(ScannerEvent::Fault(Cleared(Fault::ScannerLost)))
    );
    Ok(())
}

#[tokio::test]
async fn a_serial_line_carries_the_same_protocol() -> anyhow::Result<()> {
    let scanner_end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&scanner_end)?;
    unlockpt(&scanner_end)?;
    let device = PathBuf::from(ptsname(&scanner_end, Vec::new())?.into_string()?);
    let mut scanner_end = File::from(scanner_end);
    let (_scanner, mut events) = start(ScannerAddress::Serial {
        device,
        baud: 115_200,
    });
    // Opening flushes what lay in the line before, so the scanner speaks until it is heard.
    let heard = async {
        loop {
            scanner_end.write_all(&encode(&Frame::Mrz(lines())))?;
            tokio::task::yield_now().await;
            if let Ok(event) = events.try_recv() {
                return anyhow::Ok(event);
            }
        }
    };
    assert_eq!(heard.await?, ScannerEvent::MrzScanned(NOW, lines()));
    drop(scanner_end);
    loop {
        match events.recv().await {
            Some(ScannerEvent::MrzScanned(..)) => {}
            other => {
                assert_eq!(other, Some(ScannerEvent::Fault(Raised(Fault::ScannerLost))));
                return Ok(());
            }
        }
    }
}
