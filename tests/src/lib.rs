//! The whole system together: a port in a box for the demo and the end-to-end tests.
//!
//! `central` and the gate controllers run as the processes a port would run; what stands around them is simulated and
//! speaks the wire protocol of the real thing (Modbus TCP, MJPEG over HTTP, the scanner's line protocol, vpcd).

pub mod chips;
pub mod clock;
pub mod network;
pub mod officer;
pub mod onlooker;
pub mod port;
pub mod report;
pub mod script;
