//! What the traveller sees: one of the closed list of [`egate_types::TravellerScreen`]s, drawn in four
//! languages with one large pictogram.
//!
//! The display is told a screen and nothing else, so it cannot tell a score, a list, a reason or an
//! authority. [`Painter`] draws with embedded-graphics onto any `DrawTarget`; [`Panel`] is the picture
//! in memory; [`png`] and [`Framebuffer`] are the ways out of it. Time does not occur here: the caller
//! counts the animation phase, ten a second look right, and a still picture is phase 0.
//!
//! ```text
//! TravellerScreen, primary language, phase --Painter--> Panel --png::encode--> browser, files
//!                                                             --Framebuffer--> /dev/fbN
//! ```

mod framebuffer;
mod paint;
mod palette;
mod panel;
mod pictogram;
pub mod png;
mod texts;
mod typeface;

pub use framebuffer::{Framebuffer, FramebufferError, Geometry, PixelFormat};
pub use paint::{DrawError, Painter};
pub use panel::Panel;
pub use pictogram::PHASES;
pub use texts::{Text, text};
pub use typeface::{TypefaceError, Typefaces};
