//! The gate controller: the shell around one lane. Device tasks translate, the lane task decides, effects are
//! carried out in order.

pub mod clock;
pub mod config;
pub mod display;
pub mod display_task;
pub mod document;
pub mod face;
pub mod field_evaluation;
pub mod inspection;
pub mod journal;
pub mod lane_task;
pub mod link;
pub mod local_view;
pub mod portrait;
pub mod run;
pub mod uplink;
