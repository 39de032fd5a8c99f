//! The lane controller's network side: a Modbus TCP server over the world.

use std::future::{Ready, ready};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::Server;
use tokio_modbus::{ExceptionCode, Request, Response};

use super::{SharedWorld, lock};
use crate::lane_io::registers::{HEARTBEAT, encode_sensors};

/// The running server; dropping it closes the port and every connection.
#[derive(Debug)]
pub struct LaneControllerServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl LaneControllerServer {
    /// Serves on the loopback interface, on a port of the system's choice.
    pub async fn start(world: SharedWorld) -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), world).await
    }

    /// Serves at a given address: the same controller after a power cut.
    pub async fn start_at(address: SocketAddr, world: SharedWorld) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let server = Server::new(listener);
        let task = tokio::spawn(async move {
            let connect = |stream: TcpStream, _| {
                let service = Registers {
                    world: world.clone(),
                };
                ready(stream.set_nodelay(true).map(|()| Some((service, stream))))
            };
            let on_error = |error| tracing::debug!(%error, "Modbus connection ended");
            if let Err(error) = server.serve(&connect, on_error).await {
                tracing::warn!(%error, "simulated lane controller stopped");
            }
        });
        Ok(Self { address, task })
    }

    /// Where it serves.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for LaneControllerServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Registers {
    world: SharedWorld,
}

impl Service for Registers {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(self.answer(request))
    }
}

impl Registers {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "Modbus functions the map does not use"
    )]
    fn answer(&self, request: Request<'static>) -> Result<Response, ExceptionCode> {
        let mut world = lock(&self.world);
        let (inputs, registers) = encode_sensors(&world.sensors());
        let plc = world.plc();
        match request {
            Request::ReadDiscreteInputs(start, count) => {
                slice(&inputs, start, count).map(Response::ReadDiscreteInputs)
            }
            Request::ReadInputRegisters(start, count) => {
                slice(&registers, start, count).map(Response::ReadInputRegisters)
            }
            Request::ReadCoils(start, count) => {
                slice(&plc.coils(), start, count).map(Response::ReadCoils)
            }
            Request::ReadHoldingRegisters(start, count) => {
                slice(&[plc.heartbeat()], start, count).map(Response::ReadHoldingRegisters)
            }
            Request::WriteSingleCoil(address, value) if plc.write_coils(address, &[value]) => {
                Ok(Response::WriteSingleCoil(address, value))
            }
            Request::WriteMultipleCoils(start, values) if plc.write_coils(start, &values) => {
                let count = u16::try_from(values.len());
                let count = count.map_err(|_| ExceptionCode::IllegalDataValue)?;
                Ok(Response::WriteMultipleCoils(start, count))
            }
            Request::WriteSingleRegister(HEARTBEAT, value) => {
                plc.write_heartbeat(value);
                Ok(Response::WriteSingleRegister(HEARTBEAT, value))
            }
            Request::WriteSingleCoil(..)
            | Request::WriteMultipleCoils(..)
            | Request::WriteSingleRegister(..) => Err(ExceptionCode::IllegalDataAddress),
            _ => Err(ExceptionCode::IllegalFunction),
        }
    }
}

fn slice<T: Copy>(table: &[T], start: u16, count: u16) -> Result<Vec<T>, ExceptionCode> {
    let start = usize::from(start);
    let cells = table.get(start..start + usize::from(count));
    cells
        .map(<[T]>::to_vec)
        .ok_or(ExceptionCode::IllegalDataAddress)
}
