//! The lane-controller driver against the simulated controller, over real Modbus TCP. The world's time moves
//! one poll per reading, so nothing here depends on how fast the machine is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use egate_hardware::FaultChange::{Cleared, Raised};
use egate_hardware::lane_io::BarrierCommand::{Released, Secured};
use egate_hardware::lane_io::BarrierPosition::{Closed, Open};
use egate_hardware::lane_io::{
    InterlockViolation, Lamp, LaneCommand, LaneIo, LaneIoConfig, LaneIoEvent, LaneSensors,
};
use egate_hardware::sim::lane_controller::LaneControllerServer;
use egate_hardware::sim::world::World;
use egate_hardware::sim::{EscapeSide, SharedWorld};
use egate_types::{Fault, MonoTime};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use tokio::sync::mpsc;

const STEP_MS: u64 = 20;
const READINGS_MAX: usize = 1_000;

struct Rig {
    world: SharedWorld,
    now_ms: Arc<AtomicU64>,
    rng: ChaCha8Rng,
    server: Option<LaneControllerServer>,
    driver: LaneIo,
    events: mpsc::Receiver<LaneIoEvent>,
    /// Everything but readings.
    told: Vec<LaneIoEvent>,
}

impl Rig {
    async fn start() -> anyhow::Result<Self> {
        let world = Arc::new(Mutex::new(World::new(EscapeSide::Exit, 1)));
        let server = LaneControllerServer::start(world.clone()).await?;
        let now_ms = Arc::new(AtomicU64::new(0));
        let clock_ms = now_ms.clone();
        let clock = Arc::new(move || MonoTime(clock_ms.load(Ordering::Relaxed)));
        let (inbox, events) = mpsc::channel(16);
        let driver = LaneIo::start(
            LaneIoConfig {
                address: server.address(),
            },
            clock,
            inbox,
        );
        let rng = ChaCha8Rng::seed_from_u64(0);
        Ok(Self {
            world,
            now_ms,
            rng,
            server: Some(server),
            driver,
            events,
            told: Vec::new(),
        })
    }

    fn step(&mut self) {
        self.now_ms.fetch_add(STEP_MS, Ordering::Relaxed);
        self.world
            .lock()
            .expect("nobody panicked")
            .step(STEP_MS, &mut self.rng);
    }

    async fn next(&mut self) -> LaneIoEvent {
        self.events.recv().await.expect("the driver runs")
    }

    /// Lets time run, a step per reading, until the sensors are as wanted; checks the interlock all along.
    async fn until(&mut self, what: &str, wanted: impl Fn(&LaneSensors) -> bool) -> LaneSensors {
        for _ in 0..READINGS_MAX {
            match self.next().await {
                LaneIoEvent::Reading(reading) => {
                    let sensors = reading.sensors;
                    assert!(
                        sensors.entry == Closed || sensors.exit == Closed,
                        "both open"
                    );
                    if wanted(&sensors) {
                        return sensors;
                    }
                    self.step();
                }
                other @ (LaneIoEvent::Fault(_) | LaneIoEvent::CommandWithheld { .. }) => {
                    self.told.push(other);
                }
            }
        }
        panic!("{what} never came");
    }

    async fn until_told(&mut self, wanted: LaneIoEvent) {
        for _ in 0..READINGS_MAX {
            if self.told.contains(&wanted) {
                return;
            }
            match self.next().await {
                LaneIoEvent::Reading(_) => self.step(),
                other @ (LaneIoEvent::Fault(_) | LaneIoEvent::CommandWithheld { .. }) => {
                    self.told.push(other);
                }
            }
        }
        panic!("{wanted:?} was never told");
    }
}

fn command(entry: bool, exit: bool) -> LaneCommand {
    let barrier = |released| if released { Released } else { Secured };
    LaneCommand {
        entry: barrier(entry),
        exit: barrier(exit),
        lamp: Lamp::Green,
    }
}

#[tokio::test]
async fn a_release_opens_and_the_other_barrier_waits_for_it_to_close() -> anyhow::Result<()> {
    let mut rig = Rig::start().await?;
    rig.driver.command(command(true, false));
    rig.until("entry open", |sensors| sensors.entry == Open)
        .await;
    assert_eq!(rig.world.lock().unwrap().view().lamp, Lamp::Green);

    rig.driver.command(command(false, true));
    let opened = rig.until("exit open", |sensors| sensors.exit == Open).await;
    assert_eq!(opened.entry, Closed);
    let violation = InterlockViolation::EntryNotClosed;
    let withheld = LaneIoEvent::CommandWithheld {
        command: command(false, true),
        violation,
    };
    assert_eq!(
        rig.told,
        [withheld],
        "withheld once, and the controller never had to refuse"
    );
    Ok(())
}

#[tokio::test]
async fn both_barriers_are_never_asked_of_the_controller() -> anyhow::Result<()> {
    let mut rig = Rig::start().await?;
    rig.driver.command(command(true, false));
    rig.until("entry open", |sensors| sensors.entry == Open)
        .await;
    rig.driver.command(command(true, true));
    rig.until("entry closed", |sensors| sensors.entry == Closed)
        .await;
    for _ in 0..50 {
        rig.until("a reading", |_| true).await;
        assert_eq!(rig.world.lock().unwrap().plc().coils()[..2], [false, false]);
        rig.step();
    }
    let violation = InterlockViolation::BothReleased;
    let withheld = LaneIoEvent::CommandWithheld {
        command: command(true, true),
        violation,
    };
    assert_eq!(rig.told, [withheld]);
    Ok(())
}

#[tokio::test]
async fn a_driver_that_is_gone_leaves_both_barriers_secured() -> anyhow::Result<()> {
    let mut rig = Rig::start().await?;
    rig.driver.command(command(true, false));
    rig.until("entry open", |sensors| sensors.entry == Open)
        .await;
    let Rig {
        driver,
        world,
        mut rng,
        ..
    } = rig;
    drop(driver);
    // Nothing awaits from here on, so no request of the driver is answered any more.
    let mut world = world.lock().unwrap();
    for _ in 0..500 / STEP_MS {
        world.step(STEP_MS, &mut rng);
    }
    assert!(world.sensors().entry != Closed);
    for _ in 0..900 / STEP_MS {
        world.step(STEP_MS, &mut rng);
    }
    let sensors = world.sensors();
    assert_eq!((sensors.entry, sensors.exit), (Closed, Closed));
    assert!(sensors.interlock.watchdog_expired);
    assert_eq!(world.plc().coils()[..2], [false, false]);
    Ok(())
}

#[tokio::test]
async fn a_caller_that_hangs_stops_the_heartbeat() -> anyhow::Result<()> {
    let mut rig = Rig::start().await?;
    rig.driver.command(command(true, false));
    rig.until("entry open", |sensors| sensors.entry == Open)
        .await;
    // The queue fills while nobody receives; then the driver writes nothing.
    while rig.events.len() < rig.events.max_capacity() {
        tokio::task::yield_now().await;
    }
    let before = rig.world.lock().unwrap().plc().heartbeat();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let after = rig.world.lock().unwrap().plc().heartbeat();
    assert!(
        after.wrapping_sub(before) <= 1,
        "only the poll that was under way may end"
    );
    Ok(())
}

#[tokio::test]
async fn a_lost_controller_is_a_fault_until_it_is_back() -> anyhow::Result<()> {
    let mut rig = Rig::start().await?;
    rig.until("a reading", |_| true).await;
    let address = rig
        .server
        .take()
        .map(|server| server.address())
        .expect("it runs");
    rig.until_told(LaneIoEvent::Fault(Raised(Fault::LaneControllerLost)))
        .await;
    rig.server = Some(LaneControllerServer::start_at(address, rig.world.clone()).await?);
    rig.until_told(LaneIoEvent::Fault(Cleared(Fault::LaneControllerLost)))
        .await;
    rig.until("a reading", |_| true).await;
    Ok(())
}

#[tokio::test]
async fn a_jammed_leaf_is_a_fault_until_it_moves() -> anyhow::Result<()> {
    let mut rig = Rig::start().await?;
    rig.until("a reading", |_| true).await;
    rig.world.lock().unwrap().jam_entry(true);
    rig.driver.command(command(true, false));
    rig.until_told(LaneIoEvent::Fault(Raised(Fault::BarrierStuck)))
        .await;
    rig.world.lock().unwrap().jam_entry(false);
    rig.until_told(LaneIoEvent::Fault(Cleared(Fault::BarrierStuck)))
        .await;
    Ok(())
}

#[tokio::test]
async fn a_refusal_of_the_controller_is_a_fault_that_stays() -> anyhow::Result<()> {
    let mut rig = Rig::start().await?;
    rig.until("a live heartbeat", |sensors| {
        !sensors.interlock.watchdog_expired
    })
    .await;
    // Another master on the bus asks for both.
    assert!(
        rig.world
            .lock()
            .unwrap()
            .plc()
            .write_coils(0, &[true, true])
    );
    rig.step();
    rig.until_told(LaneIoEvent::Fault(Raised(Fault::InterlockRefused)))
        .await;
    for _ in 0..20 {
        rig.until("a reading", |_| true).await;
        rig.step();
    }
    assert!(
        !rig.told
            .contains(&LaneIoEvent::Fault(Cleared(Fault::InterlockRefused)))
    );
    Ok(())
}
