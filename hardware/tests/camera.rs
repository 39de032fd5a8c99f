//! The camera driver opens the simulated camera as it opens a network camera: `VideoCapture` over HTTP.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use egate_hardware::FaultChange;
use egate_hardware::camera::{Camera, CameraSource};
use egate_hardware::sim::camera::CameraServer;
use egate_hardware::sim::world::World;
use egate_hardware::sim::{
    Attack, Behaviour, CameraView, DocumentId, EscapeSide, FrameSource, Stance, Traveller,
};
use egate_types::{BgrFrame, Fault, MonoTime};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use tokio::sync::mpsc;

/// One colour per view.
struct Plain;

impl FrameSource for Plain {
    fn frame(&mut self, view: CameraView, _n: u64) -> BgrFrame {
        let colour = match view {
            CameraView::Empty => EMPTY,
            CameraView::Person { .. } => PERSON,
        };
        BgrFrame::new(64, 48, colour.repeat(64 * 48)).expect("64 x 48 pixels of 3 bytes")
    }
}

const EMPTY: [u8; 3] = [200, 40, 40];
const PERSON: [u8; 3] = [40, 200, 40];

/// JPEG changes a plain colour by a few levels.
fn shows(image: &BgrFrame, colour: [u8; 3]) -> bool {
    (image.width(), image.height()) == (64, 48)
        && image.pixels().chunks_exact(3).all(|pixel| {
            pixel
                .iter()
                .zip(colour)
                .all(|(level, wanted)| level.abs_diff(wanted) <= 12)
        })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_capture_shows_who_stands_there_and_tells_when_the_camera_is_lost()
-> anyhow::Result<()> {
    let world = Arc::new(Mutex::new(World::new(EscapeSide::Exit, 1)));
    let server = CameraServer::start(world.clone(), Box::new(Plain)).await?;
    let reads = AtomicU64::new(0);
    let clock = Arc::new(move || MonoTime(reads.fetch_add(1, Ordering::Relaxed)));
    let (inbox, mut faults) = mpsc::channel(4);
    let camera = Camera::start(CameraSource::Url(server.url()), clock, inbox);
    let mut frames = camera.frames();

    let empty = frames
        .wait_for(Option::is_some)
        .await?
        .clone()
        .expect("waited for it");
    assert!(shows(&empty.image, EMPTY), "an empty lane");

    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let traveller = Traveller {
        face_seed: 3,
        attack: Attack::None,
        document: DocumentId(1),
        mrz: None,
        behaviour: Behaviour::Crosses,
        patience_ms: 60_000,
    };
    {
        let mut world = world.lock().unwrap();
        world.arrive(traveller, &mut rng);
        for n in 0..1_000 {
            world.plc().write_heartbeat(n + 1);
            assert!(world.plc().write_coils(0, &[n > 500]));
            world.step(10, &mut rng);
        }
        let person = CameraView::Person {
            face_seed: 3,
            attack: Attack::None,
            stance: Stance::Ready,
        };
        assert_eq!(world.camera_view(), person);
    }
    let newest = |frame: &Option<Arc<_>>| {
        frame
            .as_ref()
            .is_some_and(|frame: &Arc<egate_hardware::camera::Frame>| shows(&frame.image, PERSON))
    };
    let seen = frames
        .wait_for(newest)
        .await?
        .clone()
        .expect("waited for it");
    assert!(seen.sequence > empty.sequence && seen.taken_at > empty.taken_at);

    drop(server);
    assert_eq!(
        faults.recv().await,
        Some(FaultChange::Raised(Fault::CameraLost))
    );
    frames.wait_for(Option::is_none).await?;
    Ok(())
}
