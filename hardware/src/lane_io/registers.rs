//! The register map as values: addresses, decoding of inputs, encoding of outputs. Pure.

use super::{BarrierCommand, BarrierPosition, InterlockStatus, Lamp, LaneCommand, LaneSensors};

/// The map version this driver speaks.
pub const MAP_VERSION: u16 = 1;
/// First and only address used in the coil, discrete-input and input-register tables.
pub const BASE: u16 = 0;
/// Number of coils.
pub const COILS: u16 = 5;
/// Number of discrete inputs.
pub const DISCRETE_INPUTS: u16 = 9;
/// Number of input registers.
pub const INPUT_REGISTERS: u16 = 7;
/// Holding register of the heartbeat.
pub const HEARTBEAT: u16 = 0;

const ENTRY_REFUSED: u16 = 1;
const EXIT_REFUSED: u16 = 1 << 1;
const WATCHDOG_EXPIRED: u16 = 1 << 2;

/// The controller does not speak this map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Another version of the map: nothing else may be believed.
    #[error("lane controller speaks register map version {0}, not {MAP_VERSION}")]
    MapVersion(u16),
    /// Too few or too many values in an answer.
    #[error("lane controller answered with {0} discrete inputs and {1} input registers")]
    Length(usize, usize),
}

/// Reads the sensors from both input tables.
pub fn decode_sensors(inputs: &[bool], registers: &[u16]) -> Result<LaneSensors, RegisterError> {
    let length = || RegisterError::Length(inputs.len(), registers.len());
    let inputs: &[bool; DISCRETE_INPUTS as usize] = inputs.try_into().map_err(|_| length())?;
    let registers: &[u16; INPUT_REGISTERS as usize] = registers.try_into().map_err(|_| length())?;
    let [entry_closed, entry_open, exit_closed, exit_open, ..] = *inputs;
    let [
        _,
        _,
        _,
        _,
        entry_beam,
        zone_occupied,
        exit_beam,
        evacuation,
        emergency_stop,
    ] = *inputs;
    let [
        version,
        people_in_zone,
        entry_high,
        entry_low,
        exit_high,
        exit_low,
        status,
    ] = *registers;
    if version != MAP_VERSION {
        return Err(RegisterError::MapVersion(version));
    }
    Ok(LaneSensors {
        entry: position(entry_closed, entry_open),
        exit: position(exit_closed, exit_open),
        entry_beam,
        zone_occupied,
        exit_beam,
        evacuation,
        emergency_stop,
        people_in_zone,
        entry_passages: join(entry_high, entry_low),
        exit_passages: join(exit_high, exit_low),
        interlock: InterlockStatus {
            entry_refused: status & ENTRY_REFUSED != 0,
            exit_refused: status & EXIT_REFUSED != 0,
            watchdog_expired: status & WATCHDOG_EXPIRED != 0,
        },
    })
}

/// Writes the sensors as both input tables; the controller's side.
pub fn encode_sensors(
    sensors: &LaneSensors,
) -> (
    [bool; DISCRETE_INPUTS as usize],
    [u16; INPUT_REGISTERS as usize],
) {
    let (entry_closed, entry_open) = end_switches(sensors.entry);
    let (exit_closed, exit_open) = end_switches(sensors.exit);
    let inputs = [
        entry_closed,
        entry_open,
        exit_closed,
        exit_open,
        sensors.entry_beam,
        sensors.zone_occupied,
        sensors.exit_beam,
        sensors.evacuation,
        sensors.emergency_stop,
    ];
    let flag = |set: bool, bit: u16| if set { bit } else { 0 };
    let status = flag(sensors.interlock.entry_refused, ENTRY_REFUSED)
        | flag(sensors.interlock.exit_refused, EXIT_REFUSED)
        | flag(sensors.interlock.watchdog_expired, WATCHDOG_EXPIRED);
    let (entry_high, entry_low) = split(sensors.entry_passages);
    let (exit_high, exit_low) = split(sensors.exit_passages);
    let registers = [
        MAP_VERSION,
        sensors.people_in_zone,
        entry_high,
        entry_low,
        exit_high,
        exit_low,
        status,
    ];
    (inputs, registers)
}

/// The coils that say `command`.
pub fn encode_command(command: LaneCommand) -> [bool; COILS as usize] {
    [
        command.entry == BarrierCommand::Released,
        command.exit == BarrierCommand::Released,
        command.lamp == Lamp::Red,
        command.lamp == Lamp::Green,
        command.lamp == Lamp::Blue,
    ]
}

fn position(closed: bool, open: bool) -> BarrierPosition {
    match (closed, open) {
        (true, false) => BarrierPosition::Closed,
        (false, true) => BarrierPosition::Open,
        (false, false) => BarrierPosition::Moving,
        (true, true) => BarrierPosition::Implausible,
    }
}

fn end_switches(position: BarrierPosition) -> (bool, bool) {
    match position {
        BarrierPosition::Closed => (true, false),
        BarrierPosition::Open => (false, true),
        BarrierPosition::Moving => (false, false),
        BarrierPosition::Implausible => (true, true),
    }
}

fn join(high: u16, low: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

fn split(value: u32) -> (u16, u16) {
    ((value >> 16) as u16, (value & 0xffff) as u16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_position() -> impl Strategy<Value = BarrierPosition> {
        (any::<bool>(), any::<bool>()).prop_map(|(closed, open)| position(closed, open))
    }

    proptest! {
        #[test]
        fn sensors_survive_the_register_map(
            (entry, exit) in (any_position(), any_position()),
            flags in any::<[bool; 8]>(),
            people_in_zone in any::<u16>(),
            (entry_passages, exit_passages) in any::<(u32, u32)>(),
        ) {
            let sensors = LaneSensors {
                entry,
                exit,
                entry_beam: flags[0],
                zone_occupied: flags[1],
                exit_beam: flags[2],
                evacuation: flags[3],
                emergency_stop: flags[4],
                people_in_zone,
                entry_passages,
                exit_passages,
                interlock: InterlockStatus {
                    entry_refused: flags[5],
                    exit_refused: flags[6],
                    watchdog_expired: flags[7],
                },
            };
            let (inputs, registers) = encode_sensors(&sensors);
            prop_assert_eq!(decode_sensors(&inputs, &registers), Ok(sensors));
        }

        #[test]
        fn no_answer_panics(
            inputs in prop::collection::vec(any::<bool>(), 0..12),
            registers in prop::collection::vec(any::<u16>(), 0..10),
        ) {
            let decoded = decode_sensors(&inputs, &registers);
            prop_assert!(decoded.is_err() || registers[0] == MAP_VERSION);
        }
    }

    #[test]
    fn another_map_version_is_refused() {
        let registers = [2, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            decode_sensors(&[false; 9], &registers),
            Err(RegisterError::MapVersion(2))
        );
    }
}
