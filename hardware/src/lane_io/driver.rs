//! The polling task: sensors in, wanted outputs and heartbeat out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use egate_types::{Fault, MonoTime};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_modbus::client::{Context, Reader, Writer, tcp};
use tokio_modbus::{ExceptionCode, Slave};

use super::registers::{
    BASE, COILS, DISCRETE_INPUTS, HEARTBEAT, INPUT_REGISTERS, RegisterError, decode_sensors,
    encode_command,
};
use super::stuck::StuckWatch;
use super::{LaneCommand, LaneIoEvent, LaneReading, LaneSensors};
use crate::limits::{CONNECT_MS_MAX, LANE_ANSWER_MS_MAX, LANE_POLL_MS, reconnect_pause_ms};
use crate::{Clock, FaultChange};

/// Where the lane controller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneIoConfig {
    /// Modbus TCP address, port 502 on real controllers.
    pub address: SocketAddr,
}

/// The running driver; dropping it stops the heartbeat, so the controller secures both barriers.
#[derive(Debug)]
pub struct LaneIo {
    wanted: watch::Sender<LaneCommand>,
    task: JoinHandle<()>,
}

impl LaneIo {
    /// Starts polling on the current tokio runtime. Both barriers are wanted secured until told otherwise.
    pub fn start(config: LaneIoConfig, clock: Clock, events: mpsc::Sender<LaneIoEvent>) -> Self {
        let (wanted, commands) = watch::channel(LaneCommand::default());
        let watches = Watches::new(clock());
        let driver = Driver {
            config,
            clock,
            events,
            commands,
            watches,
            heartbeat: 0,
        };
        Self {
            wanted,
            task: tokio::spawn(driver.run()),
        }
    }

    /// States the wanted outputs; they stand until the next call.
    pub fn command(&self, command: LaneCommand) {
        self.wanted.send_replace(command);
    }
}

impl Drop for LaneIo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Driver {
    config: LaneIoConfig,
    clock: Clock,
    events: mpsc::Sender<LaneIoEvent>,
    commands: watch::Receiver<LaneCommand>,
    watches: Watches,
    heartbeat: u16,
}

/// What the driver remembers between polls, across connections.
struct Watches {
    entry: StuckWatch,
    exit: StuckWatch,
    lost: bool,
    stuck: bool,
    refused: bool,
    withheld: Option<LaneCommand>,
}

impl Watches {
    fn new(now: MonoTime) -> Self {
        Self {
            entry: StuckWatch::new(now),
            exit: StuckWatch::new(now),
            lost: false,
            stuck: false,
            refused: false,
            withheld: None,
        }
    }
}

/// Why a poll ended the connection.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error("cannot connect to the lane controller")]
    Connect(#[source] io::Error),
    #[error("no answer from the lane controller within {0} ms")]
    Silent(u64),
    #[error("Modbus failed")]
    Modbus(#[source] tokio_modbus::Error),
    #[error("lane controller refused the request: {0}")]
    Refused(ExceptionCode),
    #[error("lane controller speaks another register map")]
    Registers(#[source] RegisterError),
    /// The caller no longer listens.
    #[error("the caller has gone")]
    CallerGone,
}

impl Driver {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            let error = match self.connect().await {
                Ok(mut context) => self.poll_until_error(&mut context, &mut failures).await,
                Err(error) => error,
            };
            if matches!(error, PollError::CallerGone) || !self.raise_lost(&error).await {
                return;
            }
            sleep(Duration::from_millis(reconnect_pause_ms(failures))).await;
            failures = failures.saturating_add(1);
        }
    }

    async fn connect(&self) -> Result<Context, PollError> {
        let connecting = TcpStream::connect(self.config.address);
        let stream = timeout(Duration::from_millis(CONNECT_MS_MAX), connecting)
            .await
            .map_err(|_| PollError::Silent(CONNECT_MS_MAX))?
            .map_err(PollError::Connect)?;
        // Requests are a dozen bytes each; Nagle's algorithm would hold them for an acknowledgement.
        stream.set_nodelay(true).map_err(PollError::Connect)?;
        Ok(tcp::attach_slave(stream, Slave::tcp_device()))
    }

    async fn poll_until_error(&mut self, context: &mut Context, failures: &mut u32) -> PollError {
        let mut first = true;
        loop {
            if let Err(error) = self.poll(context, first).await {
                return error;
            }
            (first, *failures) = (false, 0);
            let poll = Duration::from_millis(LANE_POLL_MS);
            // A new command need not wait for the next poll.
            if let Ok(Err(_)) = timeout(poll, self.commands.changed()).await {
                return PollError::CallerGone;
            }
        }
    }

    async fn poll(&mut self, context: &mut Context, first: bool) -> Result<(), PollError> {
        let taken_at = (self.clock)();
        let inputs = answer(context.read_discrete_inputs(BASE, DISCRETE_INPUTS)).await?;
        let registers = answer(context.read_input_registers(BASE, INPUT_REGISTERS)).await?;
        let sensors = decode_sensors(&inputs, &registers).map_err(PollError::Registers)?;
        if self.watches.lost {
            self.watches.lost = false;
            self.fault(FaultChange::Cleared(Fault::LaneControllerLost))
                .await?;
        }
        self.send(LaneIoEvent::Reading(LaneReading { sensors, taken_at }))
            .await?;

        let wanted = *self.commands.borrow_and_update();
        let command = self.permitted(wanted, &sensors).await?;
        let command = if first { command.secured() } else { command };
        let coils = encode_command(command);
        debug_assert_eq!(coils.len(), usize::from(COILS));
        answer(context.write_multiple_coils(BASE, &coils)).await?;
        self.heartbeat = self.heartbeat.wrapping_add(1);
        answer(context.write_single_register(HEARTBEAT, self.heartbeat)).await?;
        self.watch_faults(taken_at, command, &sensors).await
    }

    /// The second interlock check: against the reading of this very poll.
    async fn permitted(
        &mut self,
        wanted: LaneCommand,
        sensors: &LaneSensors,
    ) -> Result<LaneCommand, PollError> {
        let Err(violation) = wanted.permit(sensors) else {
            self.watches.withheld = None;
            return Ok(wanted);
        };
        if self.watches.withheld != Some(wanted) {
            self.watches.withheld = Some(wanted);
            self.send(LaneIoEvent::CommandWithheld {
                command: wanted,
                violation,
            })
            .await?;
        }
        Ok(wanted.secured())
    }

    async fn watch_faults(
        &mut self,
        now: MonoTime,
        command: LaneCommand,
        sensors: &LaneSensors,
    ) -> Result<(), PollError> {
        let hardware_rules = sensors.evacuation || sensors.emergency_stop;
        let entry_excused = hardware_rules || sensors.entry_beam;
        let exit_excused = hardware_rules || sensors.exit_beam;
        let watches = &mut self.watches;
        let entry_stuck = watches
            .entry
            .observe(now, command.entry, sensors.entry, entry_excused);
        let exit_stuck = watches
            .exit
            .observe(now, command.exit, sensors.exit, exit_excused);
        let stuck = entry_stuck || exit_stuck;
        if stuck != self.watches.stuck {
            self.watches.stuck = stuck;
            let change = if stuck {
                FaultChange::Raised
            } else {
                FaultChange::Cleared
            };
            self.fault(change(Fault::BarrierStuck)).await?;
        }
        let refused = sensors.interlock.entry_refused || sensors.interlock.exit_refused;
        if refused && !self.watches.refused {
            // The driver asked for what it may not ask: clears on restart only.
            self.watches.refused = true;
            self.fault(FaultChange::Raised(Fault::InterlockRefused))
                .await?;
        }
        Ok(())
    }

    /// False if the caller has gone.
    async fn raise_lost(&mut self, error: &PollError) -> bool {
        if self.watches.lost {
            return true;
        }
        self.watches.lost = true;
        tracing::warn!(
            error = error as &dyn std::error::Error,
            device.address = %self.config.address,
            "lane controller lost"
        );
        self.fault(FaultChange::Raised(Fault::LaneControllerLost))
            .await
            .is_ok()
    }

    async fn fault(&self, change: FaultChange) -> Result<(), PollError> {
        self.send(LaneIoEvent::Fault(change)).await
    }

    /// Waits for room: a caller that does not empty its queue stops the heartbeat, and so the lane.
    async fn send(&self, event: LaneIoEvent) -> Result<(), PollError> {
        self.events
            .send(event)
            .await
            .map_err(|_| PollError::CallerGone)
    }
}

async fn answer<T>(request: impl Future<Output = tokio_modbus::Result<T>>) -> Result<T, PollError> {
    timeout(Duration::from_millis(LANE_ANSWER_MS_MAX), request)
        .await
        .map_err(|_| PollError::Silent(LANE_ANSWER_MS_MAX))?
        .map_err(PollError::Modbus)?
        .map_err(PollError::Refused)
}
