//! Procedural faces: people who do not exist, for simulation, tests and training.
//!
//! A seed names a person. From it come a passport portrait and any number of camera frames with pose,
//! light, blur and expression, and attacks with a printed sheet or a replaying screen; every frame comes
//! with its ground truth.
//!
//! **Invariant:** no I/O, no clock, no randomness of its own: the same seeds draw the same pixels.

mod canvas;
mod head;
mod identity;
mod render;
mod scene;

pub use identity::Identity;
pub use render::{
    GroundTruth, LiveFrame, PORTRAIT_HEIGHT, PORTRAIT_WIDTH, SCENE_HEIGHT, SCENE_WIDTH,
    portrait_truth, render_empty, render_live, render_portrait,
};
pub use scene::{Attack, Scene};
