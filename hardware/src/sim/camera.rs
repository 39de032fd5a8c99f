//! The camera's network side: MJPEG over HTTP (multipart/x-mixed-replace), as network cameras serve it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use egate_synthetic_faces::{Identity, Scene, render_empty, render_live};
use egate_types::BgrFrame;
use opencv::core::{Mat, MatTraitConst, Vec3b, Vector, VectorToVec};
use opencv::imgcodecs::{IMWRITE_JPEG_QUALITY, imencode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::person::Stance;
use super::world::CameraView;
use super::{SharedWorld, lock};

/// Draws what the camera sees.
pub trait FrameSource: Send + 'static {
    /// Picture number `n` of a view; the same arguments give the same picture.
    fn frame(&mut self, view: CameraView, n: u64) -> BgrFrame;
}

/// Faces of `egate-synthetic-faces`, each picture a new moment of the same person.
#[derive(Debug, Default)]
pub struct SyntheticFrames {
    identity: Option<Identity>,
}

impl FrameSource for SyntheticFrames {
    fn frame(&mut self, view: CameraView, n: u64) -> BgrFrame {
        let (face_seed, attack, stance) = match view {
            CameraView::Empty => return render_empty(n),
            CameraView::Person {
                face_seed,
                attack,
                stance,
            } => (face_seed, attack, stance),
        };
        let identity = match self.identity.take() {
            Some(identity) if identity.seed() == face_seed => identity,
            Some(_) | None => Identity::from_seed(face_seed),
        };
        let moment = face_seed.wrapping_mul(MOMENTS).wrapping_add(n);
        let mut scene = Scene::everyday(moment).with_attack(attack);
        if stance == Stance::TooFar {
            scene.face_height_px = FAR_FACE_PX;
        }
        let frame = render_live(&identity, &scene).frame;
        self.identity = Some(identity);
        frame
    }
}

/// The running camera; dropping it closes the port and every connection.
#[derive(Debug)]
pub struct CameraServer {
    address: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

type Jpeg = Arc<Vec<u8>>;

impl CameraServer {
    /// Serves on the loopback interface, on a port of the system's choice.
    pub async fn start(world: SharedWorld, source: Box<dyn FrameSource>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (publish, newest) = watch::channel(Jpeg::default());
        let drawing = tokio::spawn(draw(world, source, publish));
        let serving = tokio::spawn(serve(listener, newest));
        Ok(Self {
            address,
            tasks: [drawing, serving],
        })
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `VideoCapture` opens.
    pub fn url(&self) -> String {
        format!("http://{}/stream.mjpg", self.address)
    }
}

impl Drop for CameraServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Draws each picture of a view once; a still scene costs nothing but the line.
async fn draw(world: SharedWorld, mut source: Box<dyn FrameSource>, publish: watch::Sender<Jpeg>) {
    let mut drawn: BTreeMap<u64, Jpeg> = BTreeMap::new();
    let mut drawn_view = CameraView::Empty;
    let mut clock = interval(Duration::from_millis(FRAME_MS));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in (0..MOMENTS).cycle() {
        clock.tick().await;
        let view = lock(&world).camera_view();
        if view != drawn_view {
            drawn.clear();
            drawn_view = view;
        }
        let jpeg = match drawn.get(&n) {
            Some(jpeg) => jpeg.clone(),
            None => {
                let drawing = spawn_blocking(move || {
                    let jpeg = encode_jpeg(&source.frame(view, n));
                    (source, jpeg)
                });
                let Ok((back, jpeg)) = drawing.await else {
                    return;
                };
                source = back;
                match jpeg {
                    Ok(jpeg) => drawn.entry(n).or_insert(Arc::new(jpeg)).clone(),
                    Err(error) => {
                        tracing::warn!(%error, "simulated camera cannot encode");
                        return;
                    }
                }
            }
        };
        publish.send_replace(jpeg);
    }
}

async fn serve(listener: TcpListener, newest: watch::Receiver<Jpeg>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(stream_to(stream, newest.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn stream_to(mut stream: TcpStream, mut newest: watch::Receiver<Jpeg>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if request.len() > REQUEST_BYTES_MAX {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        request.push(stream.read_u8().await?);
    }
    let head = "HTTP/1.0 200 OK\r\nCache-Control: no-store\r\n\
                Content-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    loop {
        let jpeg = newest.borrow_and_update().clone();
        if !jpeg.is_empty() {
            let part = format!(
                "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                jpeg.len()
            );
            let sending = async {
                stream.write_all(part.as_bytes()).await?;
                stream.write_all(&jpeg).await?;
                stream.write_all(b"\r\n").await
            };
            // A viewer that does not read is dropped, so that it cannot hold old pictures.
            timeout(Duration::from_millis(SEND_MS_MAX), sending).await??;
        }
        if newest.changed().await.is_err() {
            return Ok(());
        }
    }
}

fn encode_jpeg(frame: &BgrFrame) -> opencv::Result<Vec<u8>> {
    let pixels = Mat::from_bytes::<Vec3b>(frame.pixels())?;
    let rows = i32::try_from(frame.height()).unwrap_or(i32::MAX);
    let mat = pixels.reshape(3, rows)?;
    let mut jpeg = Vector::new();
    imencode(
        ".jpg",
        &mat,
        &mut jpeg,
        &Vector::from_slice(&[IMWRITE_JPEG_QUALITY, 90]),
    )?;
    Ok(jpeg.to_vec())
}

/// 15 pictures a second, what network cameras deliver and liveness needs.
const FRAME_MS: u64 = 67;
/// Different pictures of one view, then they repeat.
const MOMENTS: u64 = 12;
/// Chin to crown of somebody who stands too far off, pixels.
const FAR_FACE_PX: f32 = 115.0;
/// Longest request; FFmpeg's has a few hundred bytes.
const REQUEST_BYTES_MAX: usize = 8_192;
/// Longest time a viewer may take for one picture.
const SEND_MS_MAX: u64 = 2_000;
