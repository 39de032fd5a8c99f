//! The camera, through OpenCV VideoCapture.
//!
//! # Contract
//!
//! - The newest frame is published with the time it arrived and a sequence number that never repeats while
//!   the driver runs. Older frames are gone: whoever needs the picture *now* compares `taken_at`.
//! - No frame for [`CAMERA_READ_MS_MAX`], a failed open or the end of a
//!   file raises `CameraLost` and withdraws the last frame (`None`); the driver reopens for ever, and the
//!   fault clears with the next frame.
//! - Frames are wiped when the last holder drops them.
//! - One blocking thread of the runtime reads; a hanging read ends by the backend's own timeout.
//!
//! # Latency
//!
//! A local camera is asked for a queue of one frame. FFmpeg is set by the environment of the process before it
//! starts: one decoding thread (each further thread delays by a frame) and no demuxer queue, e.g.
//! `OPENCV_FFMPEG_CAPTURE_OPTIONS=rtsp_transport;tcp|threads;1|fflags;nobuffer|flags;low_delay`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egate_types::{BgrFrame, Fault, FrameShapeError, MonoTime};
use opencv::core::{CV_8UC3, Mat, MatTraitConst, MatTraitConstManual, Vector};
use opencv::videoio::{
    CAP_ANY, CAP_FFMPEG, CAP_PROP_BUFFERSIZE, CAP_PROP_OPEN_TIMEOUT_MSEC,
    CAP_PROP_READ_TIMEOUT_MSEC, CAP_V4L2, VideoCapture, VideoCaptureTrait, VideoCaptureTraitConst,
};
use tokio::sync::{mpsc, watch};

use crate::limits::{CAMERA_READ_MS_MAX, reconnect_pause_ms};
use crate::{Clock, FaultChange};

/// Where the pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraSource {
    /// A local camera: `/dev/video<n>`.
    Device(u16),
    /// `rtsp://`, `http://` (MJPEG) or anything else FFmpeg opens.
    Url(String),
    /// A recording.
    File(PathBuf),
}

/// One picture.
#[derive(Debug)]
pub struct Frame {
    /// The pixels.
    pub image: BgrFrame,
    /// When it arrived.
    pub taken_at: MonoTime,
    /// Counts up from 1, without gaps, over reconnections.
    pub sequence: u64,
}

/// The running driver; dropping it ends the thread after the frame it waits for.
#[derive(Debug)]
pub struct Camera {
    newest: watch::Receiver<Option<Arc<Frame>>>,
    stop: Arc<AtomicBool>,
}

impl Camera {
    /// Starts capturing on a blocking thread of the current tokio runtime.
    pub fn start(source: CameraSource, clock: Clock, faults: mpsc::Sender<FaultChange>) -> Self {
        let (publish, newest) = watch::channel(None);
        let stop = Arc::new(AtomicBool::new(false));
        let mut driver = Driver {
            source,
            clock,
            faults,
            publish,
            stop: stop.clone(),
            lost: false,
            sequence: 0,
        };
        tokio::task::spawn_blocking(move || driver.run());
        Self { newest, stop }
    }

    /// The newest frame and every later one; `None` while there is none.
    pub fn frames(&self) -> watch::Receiver<Option<Arc<Frame>>> {
        self.newest.clone()
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Why no frame came.
#[derive(Debug, thiserror::Error)]
enum CaptureError {
    #[error("the camera cannot be opened")]
    Closed,
    #[error("the camera delivers no frame")]
    NoFrame,
    #[error("the camera delivers pixels of OpenCV type {0}, not 8-bit BGR")]
    PixelType(i32),
    #[error("OpenCV failed")]
    OpenCv(#[from] opencv::Error),
    #[error("the camera's frame has no size")]
    Shape(#[source] FrameShapeError),
}

struct Driver {
    source: CameraSource,
    clock: Clock,
    faults: mpsc::Sender<FaultChange>,
    publish: watch::Sender<Option<Arc<Frame>>>,
    stop: Arc<AtomicBool>,
    lost: bool,
    sequence: u64,
}

impl Driver {
    fn run(&mut self) {
        let mut failures = 0;
        while !self.stopped() {
            let Err(error) = self.capture_until_error(&mut failures) else {
                return;
            };
            self.raise_lost(&error);
            std::thread::sleep(Duration::from_millis(reconnect_pause_ms(failures)));
            failures = failures.saturating_add(1);
        }
    }

    /// `Ok` if the caller has gone.
    fn capture_until_error(&mut self, failures: &mut u32) -> Result<(), CaptureError> {
        let mut capture = open(&self.source)?;
        let mut mat = Mat::default();
        while !self.stopped() {
            if !capture.read(&mut mat)? || mat.empty() {
                return Err(CaptureError::NoFrame);
            }
            let taken_at = (self.clock)();
            let image = copy_pixels(&mat)?;
            self.sequence += 1;
            *failures = 0;
            if self.lost {
                self.lost = false;
                self.fault(FaultChange::Cleared(Fault::CameraLost));
            }
            let frame = Frame {
                image,
                taken_at,
                sequence: self.sequence,
            };
            self.publish.send_replace(Some(Arc::new(frame)));
        }
        Ok(())
    }

    fn raise_lost(&mut self, error: &CaptureError) {
        self.publish.send_replace(None);
        if !self.lost {
            self.lost = true;
            tracing::warn!(error = error as &dyn std::error::Error, "camera lost");
            self.fault(FaultChange::Raised(Fault::CameraLost));
        }
    }

    fn fault(&self, change: FaultChange) {
        if self.faults.blocking_send(change).is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.publish.is_closed()
    }
}

fn open(source: &CameraSource) -> Result<VideoCapture, CaptureError> {
    let capture = match source {
        CameraSource::Device(index) => {
            let mut capture = VideoCapture::new(i32::from(*index), CAP_V4L2)?;
            // A driver that cannot shorten its queue says so by `false`; the pictures are good all the same.
            capture.set(CAP_PROP_BUFFERSIZE, 1.0)?;
            capture
        }
        CameraSource::Url(url) => {
            let timeout_ms = i32::try_from(CAMERA_READ_MS_MAX).unwrap_or(i32::MAX);
            let parameters = Vector::from_slice(&[
                CAP_PROP_OPEN_TIMEOUT_MSEC,
                timeout_ms,
                CAP_PROP_READ_TIMEOUT_MSEC,
                timeout_ms,
            ]);
            VideoCapture::from_file_with_params(url, CAP_FFMPEG, &parameters)?
        }
        CameraSource::File(path) => VideoCapture::from_file(path, CAP_ANY)?,
    };
    if capture.is_opened()? {
        Ok(capture)
    } else {
        Err(CaptureError::Closed)
    }
}

fn copy_pixels(mat: &Mat) -> Result<BgrFrame, CaptureError> {
    if mat.typ() != CV_8UC3 {
        return Err(CaptureError::PixelType(mat.typ()));
    }
    let size = mat.size()?;
    let (width, height) = (size.width.unsigned_abs(), size.height.unsigned_abs());
    let pixels = if mat.is_continuous() {
        mat.data_bytes()?.to_vec()
    } else {
        mat.try_clone()?.data_bytes()?.to_vec()
    };
    BgrFrame::new(width, height, pixels).map_err(CaptureError::Shape)
}
