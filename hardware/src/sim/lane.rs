//! One simulated lane: the world, its three servers, and time.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::camera::{CameraServer, FrameSource};
use super::lane_controller::LaneControllerServer;
use super::person::{DocumentId, Traveller, TravellerEnd, TravellerId};
use super::plc::EscapeSide;
use super::scanner::ScannerServer;
use super::world::{World, WorldEvent, WorldView};
use super::{SharedWorld, lock};

/// Where the chip of a placed document goes: the lane's chip reader. Called from the lane's task; must not block.
pub trait DocumentSlot: Send + Sync + 'static {
    /// The document lies on the reader.
    fn place(&self, document: DocumentId);
    /// The document has left the field.
    fn remove(&self);
}

/// What a simulated lane is made of.
pub struct SimulatedLaneConfig {
    /// Seed of everything random in the lane.
    pub seed: u64,
    /// How many times faster than life people walk and wait; machines keep their own time.
    pub pace: u32,
    /// Where people leave when the building evacuates.
    pub escape: EscapeSide,
    /// The chip reader's slot.
    pub slot: Arc<dyn DocumentSlot>,
    /// What the camera sees.
    pub frames: Box<dyn FrameSource>,
}

impl fmt::Debug for SimulatedLaneConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedLaneConfig")
            .field("seed", &self.seed)
            .field("pace", &self.pace)
            .field("escape", &self.escape)
            .finish_non_exhaustive()
    }
}

/// Where the devices of a simulated lane are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneAddresses {
    /// Modbus TCP.
    pub lane_controller: SocketAddr,
    /// The scanner's line protocol.
    pub scanner: SocketAddr,
    /// MJPEG.
    pub camera_url: String,
}

/// A running simulated lane; dropping it stops time and closes every port.
pub struct SimulatedLane {
    world: SharedWorld,
    visits: Arc<Mutex<Visits>>,
    lane_controller: LaneControllerServer,
    scanner: Arc<ScannerServer>,
    camera: CameraServer,
    time: JoinHandle<()>,
}

struct Visits {
    rng: ChaCha8Rng,
    waiting: BTreeMap<TravellerId, oneshot::Sender<TravellerEnd>>,
}

impl SimulatedLane {
    /// Starts the devices and lets time run, on the current tokio runtime.
    pub async fn start(config: SimulatedLaneConfig) -> io::Result<Self> {
        let world = Arc::new(Mutex::new(World::new(config.escape, config.pace)));
        let rng = ChaCha8Rng::seed_from_u64(config.seed);
        let visits = Arc::new(Mutex::new(Visits {
            rng,
            waiting: BTreeMap::new(),
        }));
        let lane_controller = LaneControllerServer::start(world.clone()).await?;
        let scanner = Arc::new(ScannerServer::start().await?);
        let camera = CameraServer::start(world.clone(), config.frames).await?;
        let time = tokio::spawn(run(
            world.clone(),
            visits.clone(),
            scanner.clone(),
            config.slot,
        ));
        Ok(Self {
            world,
            visits,
            lane_controller,
            scanner,
            camera,
            time,
        })
    }

    /// Where the devices are.
    pub fn addresses(&self) -> LaneAddresses {
        LaneAddresses {
            lane_controller: self.lane_controller.address(),
            scanner: self.scanner.address(),
            camera_url: self.camera.url(),
        }
    }

    /// Sends a traveller to the lane; several queue before it.
    pub fn send_traveller(&self, traveller: Traveller) -> TravellerHandle {
        let (gone, end) = oneshot::channel();
        // Visits are locked before the world, here and in `run`.
        let mut visits = lock(&self.visits);
        let id = lock(&self.world).arrive(traveller, &mut visits.rng);
        visits.waiting.insert(id, gone);
        TravellerHandle { id, end }
    }

    /// Switches the building's evacuation input.
    pub fn evacuate(&self, active: bool) {
        lock(&self.world).plc().set_evacuation(active);
    }

    /// Presses or releases the stop button.
    pub fn emergency_stop(&self, pressed: bool) {
        lock(&self.world).plc().set_emergency_stop(pressed);
    }

    /// What an onlooker sees.
    pub fn view(&self) -> WorldView {
        lock(&self.world).view()
    }
}

impl Drop for SimulatedLane {
    fn drop(&mut self) {
        self.time.abort();
    }
}

/// A traveller on the way.
#[derive(Debug)]
pub struct TravellerHandle {
    id: TravellerId,
    end: oneshot::Receiver<TravellerEnd>,
}

impl TravellerHandle {
    /// Which traveller.
    pub fn id(&self) -> TravellerId {
        self.id
    }

    /// Waits until the traveller is gone; `None` if the lane was stopped first.
    pub async fn finished(self) -> Option<TravellerEnd> {
        self.end.await.ok()
    }
}

/// Time: a step per tick. A late tick delays the world, watchdog included, instead of hurrying it.
async fn run(
    world: SharedWorld,
    visits: Arc<Mutex<Visits>>,
    scanner: Arc<ScannerServer>,
    slot: Arc<dyn DocumentSlot>,
) {
    let mut clock = interval(Duration::from_millis(STEP_MS));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let events = {
            let mut visits = lock(&visits);
            lock(&world).step(STEP_MS, &mut visits.rng)
        };
        for event in events {
            match event {
                WorldEvent::DocumentPlaced(document) => {
                    slot.place(document);
                    scanner.place();
                }
                WorldEvent::MrzRead(lines) => scanner.read(lines),
                WorldEvent::DocumentRemoved => {
                    slot.remove();
                    scanner.remove();
                }
                WorldEvent::TravellerGone(id, end) => {
                    if let Some(gone) = lock(&visits).waiting.remove(&id) {
                        // Nobody may be waiting for the end.
                        let _ = gone.send(end);
                    }
                }
            }
        }
    }
}

/// One step of the world: half a poll of the lane controller.
const STEP_MS: u64 = 10;
