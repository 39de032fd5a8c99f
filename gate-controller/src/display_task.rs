//! Draws the traveller display whenever the screen changes, and while it is animated; one picture for all outputs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use egate_types::TravellerScreen;
use tokio::sync::watch;

use crate::config::DisplayConfig;
use crate::display::{Framebuffer, PHASES, Painter, Panel, Typefaces, png};

/// Between two phases of the pictogram's animation.
const PHASE_MS: u64 = 200;

/// Starts drawing on a blocking thread's time; the newest picture is in the returned channel.
pub fn start(
    config: &DisplayConfig,
    mut screen: watch::Receiver<TravellerScreen>,
) -> anyhow::Result<watch::Receiver<Arc<Vec<u8>>>> {
    let mut canvas = Canvas {
        painter: Painter::new(Typefaces::system()?),
        panel: Panel::default(),
        framebuffer: config
            .framebuffer
            .as_deref()
            .map(open_framebuffer)
            .transpose()?,
    };
    let language = config.language;
    let (publish, newest) = watch::channel(Arc::new(Vec::new()));
    tokio::spawn(async move {
        let mut phase = 0;
        loop {
            let shown = *screen.borrow_and_update();
            let draw = tokio::task::spawn_blocking(move || {
                let picture = canvas.draw(shown, language, phase);
                (canvas, picture)
            });
            let Ok((back, picture)) = draw.await else {
                return;
            };
            canvas = back;
            match picture {
                Ok(picture) => {
                    publish.send_replace(Arc::new(picture));
                }
                Err(error) => tracing::error!(%error, "traveller display cannot be drawn"),
            }
            let pause = Duration::from_millis(PHASE_MS);
            match tokio::time::timeout(pause, screen.changed()).await {
                Ok(Ok(())) => phase = 0,
                Ok(Err(_)) => return,
                Err(_) => phase = (phase + 1) % PHASES,
            }
        }
    });
    Ok(newest)
}

struct Canvas {
    painter: Painter,
    panel: Panel,
    framebuffer: Option<Framebuffer>,
}

impl Canvas {
    fn draw(
        &mut self,
        screen: TravellerScreen,
        language: egate_types::Language,
        phase: u8,
    ) -> anyhow::Result<Vec<u8>> {
        self.painter
            .draw(screen, language, phase, &mut self.panel)?;
        if let Some(framebuffer) = &mut self.framebuffer {
            framebuffer.show(&self.panel)?;
        }
        Ok(png::encode(&self.panel)?)
    }
}

/// `/dev/fb1` is described in `/sys/class/graphics/fb1`.
fn open_framebuffer(device: &Path) -> anyhow::Result<Framebuffer> {
    let name = device
        .file_name()
        .context("display.framebuffer is not a device")?;
    Ok(Framebuffer::open(
        device,
        &Path::new("/sys/class/graphics").join(name),
    )?)
}
