//! A whole simulated lane with every shipped driver: travellers cross because the drivers let them.

use std::sync::{Arc, Mutex};

use egate_hardware::camera::{Camera, CameraSource};
use egate_hardware::lane_io::BarrierCommand::{Released, Secured};
use egate_hardware::lane_io::BarrierPosition::Closed;
use egate_hardware::lane_io::{Lamp, LaneCommand, LaneIo, LaneIoConfig, LaneIoEvent};
use egate_hardware::scanner::{Scanner, ScannerAddress, ScannerConfig, ScannerEvent};
use egate_hardware::sim::{
    Attack, Behaviour, DocumentId, DocumentSlot, EscapeSide, SimulatedLane, SimulatedLaneConfig,
    SyntheticFrames, Traveller, WayOut,
};
use egate_types::{MonoTime, MrzLines};
use tokio::sync::mpsc;

#[derive(Default)]
struct Slot(Mutex<Vec<Option<DocumentId>>>);

impl DocumentSlot for Slot {
    fn place(&self, document: DocumentId) {
        self.0.lock().expect("nobody panicked").push(Some(document));
    }

    fn remove(&self) {
        self.0.lock().expect("nobody panicked").push(None);
    }
}

fn command(entry: bool, exit: bool) -> LaneCommand {
    let barrier = |released| if released { Released } else { Secured };
    LaneCommand {
        entry: barrier(entry),
        exit: barrier(exit),
        lamp: Lamp::Blue,
    }
}

/// Waits for a reading that is as wanted.
async fn until(
    events: &mut mpsc::Receiver<LaneIoEvent>,
    wanted: impl Fn(&egate_hardware::lane_io::LaneSensors) -> bool,
) {
    loop {
        match events.recv().await.expect("the driver runs") {
            LaneIoEvent::Reading(reading) if wanted(&reading.sensors) => return,
            LaneIoEvent::Reading(_) => {}
            other @ (LaneIoEvent::Fault(_) | LaneIoEvent::CommandWithheld { .. }) => {
                panic!("{other:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_traveller_crosses_and_the_next_one_turns_round() -> anyhow::Result<()> {
    let slot = Arc::new(Slot::default());
    let lane = SimulatedLane::start(SimulatedLaneConfig {
        seed: 1,
        pace: 4,
        escape: EscapeSide::Exit,
        slot: slot.clone(),
        frames: Box::new(SyntheticFrames::default()),
    })
    .await?;
    let addresses = lane.addresses();
    let clock = Arc::new(|| MonoTime(0));
    let (inbox, mut scanned) = mpsc::channel(16);
    let address = ScannerAddress::Tcp(addresses.scanner);
    let _scanner = Scanner::start(ScannerConfig { address }, clock.clone(), inbox);
    let (inbox, mut sensed) = mpsc::channel(16);
    let config = LaneIoConfig {
        address: addresses.lane_controller,
    };
    let lane_io = LaneIo::start(config, clock.clone(), inbox);
    let (inbox, _faults) = mpsc::channel(4);
    let camera = Camera::start(CameraSource::Url(addresses.camera_url), clock, inbox);

    let mrz = MrzLines::new(vec!["P<UTO".into(), "L898902C3".into()]);
    let traveller = Traveller {
        face_seed: 11,
        attack: Attack::None,
        document: DocumentId(5),
        mrz: Some(mrz.clone()),
        behaviour: Behaviour::Crosses,
        patience_ms: 60_000,
    };
    let crossing = lane.send_traveller(traveller.clone());
    let reading = async |scanned: &mut mpsc::Receiver<ScannerEvent>| {
        assert_eq!(
            scanned.recv().await,
            Some(ScannerEvent::DocumentPlaced(MonoTime(0)))
        );
        assert_eq!(
            scanned.recv().await,
            Some(ScannerEvent::MrzScanned(MonoTime(0), mrz.clone()))
        );
    };
    // Readings must be taken all the while, or the driver rests and the lane is secured.
    let (mut sensed, ()) = tokio::join!(
        async {
            until(&mut sensed, |sensors| !sensors.interlock.watchdog_expired).await;
            sensed
        },
        reading(&mut scanned)
    );
    lane_io.command(command(true, false));
    until(&mut sensed, |sensors| {
        sensors.people_in_zone == 1 && !sensors.entry_beam
    })
    .await;
    lane_io.command(command(false, false));
    until(&mut sensed, |sensors| sensors.entry == Closed).await;
    camera.frames().wait_for(Option::is_some).await?;
    lane_io.command(command(false, true));
    until(&mut sensed, |sensors| {
        sensors.exit_passages == 1 && !sensors.exit_beam
    })
    .await;
    lane_io.command(command(false, false));
    let end = crossing.finished().await.expect("the lane runs");
    assert_eq!(end.way_out, WayOut::CrossedExit);
    assert_eq!(
        scanned.recv().await,
        Some(ScannerEvent::DocumentRemoved(MonoTime(0)))
    );

    until(&mut sensed, |sensors| sensors.exit == Closed).await;
    let behaviour = Behaviour::WalksAway { after_ms: 4_000 };
    let turning = lane.send_traveller(Traveller {
        behaviour,
        ..traveller
    });
    let ((), end) = tokio::join!(reading(&mut scanned), turning.finished());
    assert_eq!(end.expect("the lane runs").way_out, WayOut::WalkedAway);
    assert_eq!(
        scanned.recv().await,
        Some(ScannerEvent::DocumentRemoved(MonoTime(0)))
    );
    let placed = Some(DocumentId(5));
    assert_eq!(*slot.0.lock().unwrap(), [placed, None, placed, None]);
    Ok(())
}
