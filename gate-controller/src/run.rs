//! Wiring: one process, one lane.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use egate_hardware::camera::{Camera, CameraSource as DriverSource};
use egate_hardware::card::{CardReader, ChipReadError, PcscReader, VpcdSlot, read_document};
use egate_hardware::lane_io::{LaneIo, LaneIoConfig};
use egate_hardware::scanner::{Scanner, ScannerAddress, ScannerConfig};
use egate_icao::session::{ChipError, ReadOrder, Reading};
use egate_lane::{Lane, LaneConfig};
use egate_models::{Environment, Face, FacePipeline, Manifest, PadOutcome, Selection};
use egate_types::{BgrFrame, TravellerScreen};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::config::{CameraSource, Config, ReaderSource, ScannerSource};
use crate::display_task;
use crate::document::{ChipReadFailure, ChipSource, load_profile, load_trust};
use crate::face::FaceEngine;
use crate::field_evaluation;
use crate::journal::Journal;
use crate::lane_task::{self, Event, INBOX_MAX, Station};
use crate::link::{self, Link};
use crate::local_view::{self, Shown};
use crate::uplink;

/// The chip must be within reach this long after the MRZ was scanned: the page is read where the chip lies.
const CARD_WAIT_MS: u32 = 2_000;
/// Threads that work on one frame: more would take the other devices of a lane their processor.
const INFERENCE_THREADS: usize = 2;

/// Runs the gate until `shutdown` completes.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let clock = Clock::start();
    let (journal, recovery) = Journal::open(&config.journal)?;
    let trust = Arc::new(load_trust(&config.trust)?);
    let profile = Arc::new(load_profile(config.profile.as_ref())?);
    let engine = FaceEngine::new(load_models(&config).await?);
    let reader = open_reader(&config)?;

    let (inbox, events) = mpsc::channel(INBOX_MAX);
    let lane_controller = LaneIoConfig {
        address: config.devices.lane_controller,
    };
    let lane_io = LaneIo::start(
        lane_controller,
        clock.for_devices(),
        forward(&inbox, Event::LaneIo),
    );
    let address = match &config.devices.scanner {
        ScannerSource::Tcp(address) => ScannerAddress::Tcp(*address),
        ScannerSource::Serial { device, baud } => ScannerAddress::Serial {
            device: device.clone(),
            baud: *baud,
        },
    };
    let _scanner = Scanner::start(
        ScannerConfig { address },
        clock.for_devices(),
        forward(&inbox, Event::Scanner),
    );
    let source = match &config.devices.camera {
        CameraSource::Device(number) => DriverSource::Device(*number),
        CameraSource::Url(url) => DriverSource::Url(url.clone()),
    };
    let camera = Camera::start(source, clock.for_devices(), forward(&inbox, Event::Camera));

    let (screen, shown_screen) = watch::channel(TravellerScreen::OutOfService);
    let (view, shown_view) = watch::channel(None);
    let png = display_task::start(&config.display, shown_screen)?;
    if let Some(address) = config.display.stream {
        let listener = local_view::bind(address)
            .await
            .context("display.stream cannot be bound")?;
        println_address("display", listener.local_addr()?);
        tokio::spawn(local_view::serve(
            listener,
            Shown {
                screen: png,
                view: shown_view.clone(),
            },
        ));
    }

    let client = link::client(&config.tls)?;
    let (outbox, records) = mpsc::unbounded_channel();
    let mut links = BTreeMap::new();
    let mut queues = Vec::new();
    for authority in &config.authorities {
        let link = Link::new(authority, client.clone())?;
        let (queue, queued) = mpsc::unbounded_channel();
        queues.push((authority.id.clone(), queue));
        tokio::spawn(uplink::deliver(link.clone(), queued, inbox.clone()));
        tokio::spawn(uplink::decisions(
            link.clone(),
            config.lane.clone(),
            inbox.clone(),
        ));
        tokio::spawn(uplink::views(
            link.clone(),
            shown_view.clone(),
            inbox.clone(),
        ));
        links.insert(authority.id.clone(), link);
    }
    tokio::spawn(uplink::sort(records, queues));
    let (batches, counted) = mpsc::channel(1);
    if let Some(link) = links.get(&config.identity_authority) {
        tokio::spawn(uplink::comparisons(link.clone(), counted));
    }
    let field = field_evaluation::start(
        config.lane.clone(),
        engine.configurations(),
        config.reference_retention.as_ref(),
        clock,
        batches,
    )?;

    let lane = Lane::new(LaneConfig {
        required: links.keys().cloned().collect(),
        identity: config.identity_authority.clone(),
    });
    let stop = inbox.clone();
    let station = Station {
        lane_id: config.lane,
        direction: config.direction,
        identity: config.identity_authority,
        lane,
        clock,
        lane_io,
        reader,
        trust,
        profile,
        engine,
        frames: camera.frames(),
        links,
        journal,
        recovery,
        field,
        outbox,
        screen,
        view,
        inbox: (inbox, events),
    };
    let running = tokio::spawn(lane_task::run(station));
    shutdown.await;
    let _ = stop.send(Event::Shutdown).await;
    running
        .await
        .context("the lane task panicked; both barriers are secured by the watchdog")??;
    Ok(())
}

/// Loads and warms up the face models; takes a second or two.
async fn load_models(config: &Config) -> anyhow::Result<FacePipeline> {
    let environment = if config.simulation {
        Environment::Simulation
    } else {
        Environment::Operational
    };
    let selection = Selection {
        folder: config.models.folder.clone(),
        threads: INFERENCE_THREADS,
        ..Selection::new(&config.models.set, environment)
    };
    tracing::info!(set = selection.set, "loading face models");
    let manifest = config.models.manifest.clone();
    let load = move || -> anyhow::Result<FacePipeline> {
        let mut pipeline = FacePipeline::load(&Manifest::read(&manifest)?, &selection)?;
        let grey = BgrFrame::new(640, 480, vec![128; 640 * 480 * 3])?;
        warm_up(&mut pipeline, &grey).context("face models do not run")?;
        Ok(pipeline)
    };
    tokio::task::spawn_blocking(load).await?
}

/// Every network once, so that the first traveller does not wait for memory to be laid out.
fn warm_up(pipeline: &mut FacePipeline, grey: &BgrFrame) -> anyhow::Result<()> {
    let face = Face {
        bbox: [220.0, 120.0, 200.0, 240.0],
        landmarks: [
            [275.0, 215.0],
            [365.0, 215.0],
            [320.0, 265.0],
            [285.0, 310.0],
            [355.0, 310.0],
        ],
        score: 1.0,
    };
    pipeline.detect(grey)?;
    pipeline.quality(grey, &[face])?;
    let (_, pad) = pipeline.embed_and_judge(grey, &face)?;
    match pad {
        PadOutcome::Failed(error) => Err(error).context("attack detection"),
        PadOutcome::Scored(_) | PadOutcome::NoFace | PadOutcome::Disabled => Ok(()),
    }
}

fn open_reader(config: &Config) -> anyhow::Result<Arc<dyn ChipSource>> {
    let reader: Box<dyn CardReader> = match &config.devices.reader {
        ReaderSource::Pcsc(name) => Box::new(PcscReader::new(name)?),
        ReaderSource::Slot(_) if !config.simulation => {
            bail!("devices.reader.slot is for simulation only; use pcsc = \"<reader name>\"")
        }
        ReaderSource::Slot(address) => {
            let slot = VpcdSlot::bind(address).context("devices.reader.slot cannot be bound")?;
            println_address("reader", slot.address()?);
            Box::new(slot)
        }
    };
    Ok(Arc::new(Reader(Mutex::new(reader))))
}

/// Tells whoever started the gate where it listens; ports may be chosen by the system.
#[expect(clippy::print_stdout, reason = "the address is the program's output")]
fn println_address(what: &str, address: std::net::SocketAddr) {
    println!("{what} {address}");
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

struct Reader(Mutex<Box<dyn CardReader>>);

impl ChipSource for Reader {
    fn read(&self, order: ReadOrder) -> Result<Reading, ChipReadFailure> {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let card = reader.wait_for_card(CARD_WAIT_MS).map_err(|error| {
            tracing::warn!(%error, "chip reader");
            ChipReadFailure::Gone
        })?;
        let mut card = card.ok_or(ChipReadFailure::Gone)?;
        read_document(card.as_mut(), order, |_| {}).map_err(|error| {
            tracing::info!(error = %chain(&error), "chip not read");
            match error {
                ChipReadError::Removed { .. } | ChipReadError::Reader(_) => ChipReadFailure::Gone,
                ChipReadError::Chip(ChipError::PaceFailed(failure)) => {
                    ChipReadFailure::Pace(failure.record())
                }
                ChipReadError::Mute { .. } | ChipReadError::Chip(_) => ChipReadFailure::Suspicious,
            }
        })
    }
}

/// A sender for a device that ends in the lane's inbox.
fn forward<T: Send + 'static>(
    inbox: &mpsc::Sender<Event>,
    wrap: fn(T) -> Event,
) -> mpsc::Sender<T> {
    let (sender, mut receiver) = mpsc::channel(16);
    let inbox = inbox.clone();
    tokio::spawn(async move {
        while let Some(event) = receiver.recv().await {
            if inbox.send(wrap(event)).await.is_err() {
                return;
            }
        }
    });
    sender
}
