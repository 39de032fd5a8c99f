//! The simulated world: its interlock under random use, and every behaviour from arrival to end.

use egate_hardware::lane_io::BarrierPosition::{Closed, Open};
use egate_hardware::lane_io::LaneSensors;
use egate_hardware::sim::world::{World, WorldEvent};
use egate_hardware::sim::{
    Attack, Behaviour, DocumentId, EscapeSide, Traveller, TravellerEnd, WayOut,
};
use egate_types::MrzLines;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

fn traveller(behaviour: Behaviour) -> Traveller {
    Traveller {
        face_seed: 7,
        attack: Attack::None,
        document: DocumentId(1),
        mrz: Some(MrzLines::new(vec!["P<UTO".into(), "L898902C3".into()])),
        behaviour,
        patience_ms: 60_000,
    }
}

#[derive(Debug, Clone)]
enum Move {
    Coils(bool, bool),
    Arrive(Behaviour),
    Evacuate(bool),
    Stop(bool),
    JamEntry(bool),
    Silence(u8),
    Run(u8),
}

fn any_behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        Just(Behaviour::Crosses),
        (0u64..3_000).prop_map(|after_ms| Behaviour::WalksAway { after_ms }),
        Just(Behaviour::DeclinesEntry),
        any::<bool>().prop_map(|steps_back| Behaviour::Tailgated { steps_back }),
        Just(Behaviour::StopsShort),
        Just(Behaviour::Stays),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        8 => any::<(bool, bool)>().prop_map(|(entry, exit)| Move::Coils(entry, exit)),
        3 => any_behaviour().prop_map(Move::Arrive),
        1 => any::<bool>().prop_map(Move::Evacuate),
        1 => any::<bool>().prop_map(Move::Stop),
        1 => any::<bool>().prop_map(Move::JamEntry),
        1 => any::<u8>().prop_map(Move::Silence),
        12 => any::<u8>().prop_map(Move::Run),
    ]
}

/// Checks each step; `excused` from an evacuation until one of the barriers is closed again.
fn check(
    world: &World,
    before: &LaneSensors,
    excused: &mut bool,
) -> Result<LaneSensors, TestCaseError> {
    let (drive, sensors) = (world.drive(), world.sensors());
    prop_assert!(
        !(drive.entry_released && drive.exit_released),
        "both released"
    );
    let both_off_their_latch = sensors.entry != Closed && sensors.exit != Closed;
    *excused = sensors.evacuation || (*excused && both_off_their_latch);
    prop_assert!(
        *excused || !both_off_their_latch,
        "both open without evacuation"
    );
    let went_in = sensors.entry_passages != before.entry_passages;
    prop_assert!(
        !went_in || sensors.entry != Closed,
        "through a closed entry barrier"
    );
    let went_out = sensors.exit_passages != before.exit_passages;
    prop_assert!(
        !went_out || sensors.exit != Closed,
        "through a closed exit barrier"
    );
    Ok(sensors)
}

proptest! {
    #[test]
    fn never_both_barriers_except_in_evacuation(
        seed in any::<u64>(),
        escape in prop_oneof![Just(EscapeSide::Entry), Just(EscapeSide::Exit)],
        moves in prop::collection::vec(any_move(), 1..60),
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut world = World::new(escape, 3);
        let mut heartbeat = 0u16;
        let mut excused = false;
        let mut sensors = world.sensors();
        for a_move in moves {
            let mut alive = true;
            let steps = match a_move {
                Move::Coils(entry, exit) => {
                    prop_assert!(world.plc().write_coils(0, &[entry, exit]));
                    1
                }
                Move::Arrive(behaviour) => {
                    world.arrive(traveller(behaviour), &mut rng);
                    1
                }
                Move::Evacuate(active) => {
                    world.plc().set_evacuation(active);
                    1
                }
                Move::Stop(pressed) => {
                    world.plc().set_emergency_stop(pressed);
                    1
                }
                Move::JamEntry(jammed) => {
                    world.jam_entry(jammed);
                    1
                }
                Move::Silence(steps) => {
                    alive = false;
                    steps
                }
                Move::Run(steps) => steps,
            };
            for _ in 0..steps {
                heartbeat = heartbeat.wrapping_add(u16::from(alive));
                world.plc().write_heartbeat(heartbeat);
                world.step(10, &mut rng);
                sensors = check(&world, &sensors, &mut excused)?;
            }
        }
    }
}

/// A lane attendant who lets one person through, and sends back whoever is one too many.
struct Attendant {
    phase: Phase,
    since_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Idle,
    Admitting,
    Latching,
    Releasing,
    Securing,
    Returning,
}

impl Attendant {
    fn coils(&self) -> [bool; 2] {
        match self.phase {
            Phase::Admitting | Phase::Returning => [true, false],
            Phase::Releasing => [false, true],
            Phase::Idle | Phase::Latching | Phase::Securing => [false, false],
        }
    }

    fn watch(&mut self, events: &[WorldEvent], sensors: &LaneSensors) {
        self.since_ms += 10;
        let placed = events
            .iter()
            .any(|event| matches!(event, WorldEvent::DocumentPlaced(_)));
        let people = sensors.people_in_zone;
        let next = match self.phase {
            Phase::Idle if placed => Phase::Admitting,
            Phase::Admitting if self.since_ms > 8_000 && !sensors.entry_beam => Phase::Latching,
            Phase::Latching if people == 0 => Phase::Idle,
            Phase::Latching if sensors.entry == Closed && people == 1 => Phase::Releasing,
            Phase::Latching if sensors.entry == Closed => Phase::Returning,
            Phase::Releasing if people == 0 && !sensors.exit_beam => Phase::Idle,
            Phase::Releasing if self.since_ms > 8_000 => Phase::Securing,
            Phase::Securing if sensors.exit == Closed => Phase::Returning,
            Phase::Returning if people == 0 && !sensors.entry_beam => Phase::Idle,
            phase @ (Phase::Idle
            | Phase::Admitting
            | Phase::Latching
            | Phase::Releasing
            | Phase::Securing
            | Phase::Returning) => phase,
        };
        if next != self.phase {
            *self = Self {
                phase: next,
                since_ms: 0,
            };
        }
    }
}

fn visit(behaviour: Behaviour, evacuate_at: Option<Phase>) -> (TravellerEnd, LaneSensors) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut world = World::new(EscapeSide::Exit, 1);
    let id = world.arrive(traveller(behaviour), &mut rng);
    let mut attendant = Attendant {
        phase: Phase::Idle,
        since_ms: 0,
    };
    for n in 0..12_000u16 {
        world.plc().write_heartbeat(n + 1);
        assert!(world.plc().write_coils(0, &attendant.coils()));
        if evacuate_at == Some(attendant.phase) {
            world.plc().set_evacuation(true);
        }
        let events = world.step(10, &mut rng);
        for event in &events {
            if let WorldEvent::TravellerGone(of, end) = event {
                assert_eq!(*of, id);
                return (*end, world.sensors());
            }
        }
        attendant.watch(&events, &world.sensors());
    }
    panic!("{behaviour:?} never ended");
}

#[test]
fn every_behaviour_ends_as_it_says() {
    use WayOut::{CrossedExit, LeftEntry, WalkedAway};
    let cases = [
        (Behaviour::Crosses, CrossedExit, None, (1, 1)),
        (
            Behaviour::WalksAway { after_ms: 50 },
            WalkedAway,
            None,
            (0, 0),
        ),
        (Behaviour::DeclinesEntry, WalkedAway, None, (0, 0)),
        (
            Behaviour::Tailgated { steps_back: true },
            CrossedExit,
            Some(LeftEntry),
            (2, 1),
        ),
        (
            Behaviour::Tailgated { steps_back: false },
            LeftEntry,
            Some(LeftEntry),
            (2, 0),
        ),
        (Behaviour::StopsShort, CrossedExit, None, (1, 1)),
        (Behaviour::Stays, LeftEntry, None, (1, 0)),
    ];
    for (behaviour, way_out, companion, (entry_passages, exit_passages)) in cases {
        let (end, sensors) = visit(behaviour, None);
        assert_eq!(
            (end.way_out, end.companion),
            (way_out, companion),
            "{behaviour:?}"
        );
        assert_eq!(sensors.entry_passages, entry_passages, "{behaviour:?}");
        assert_eq!(sensors.exit_passages, exit_passages, "{behaviour:?}");
        assert!(!sensors.zone_occupied, "{behaviour:?}");
    }
}

#[test]
fn evacuation_lets_out_whoever_is_inside_and_keeps_the_others_out() {
    let (end, sensors) = visit(Behaviour::Stays, Some(Phase::Releasing));
    assert_eq!(end.way_out, WayOut::CrossedExit);
    assert_eq!((sensors.exit, sensors.entry), (Open, Closed));
    let (end, _) = visit(
        Behaviour::Tailgated { steps_back: false },
        Some(Phase::Latching),
    );
    assert_eq!(
        (end.way_out, end.companion),
        (WayOut::CrossedExit, Some(WayOut::CrossedExit))
    );
    let (end, sensors) = visit(Behaviour::Crosses, Some(Phase::Idle));
    assert_eq!(
        (end.way_out, sensors.entry_passages),
        (WayOut::WalkedAway, 0)
    );
}

#[test]
fn the_scanner_reads_after_the_document_lies_and_not_after_it_is_gone() {
    let told = |after_ms| {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut world = World::new(EscapeSide::Exit, 1);
        world.arrive(traveller(Behaviour::WalksAway { after_ms }), &mut rng);
        let mut told = Vec::new();
        for _ in 0..2_000 {
            told.extend(world.step(10, &mut rng));
        }
        told.into_iter()
            .map(|event| match event {
                WorldEvent::DocumentPlaced(DocumentId(1)) => "placed",
                WorldEvent::DocumentPlaced(_) => "a strange document",
                WorldEvent::MrzRead(_) => "read",
                WorldEvent::DocumentRemoved => "removed",
                WorldEvent::TravellerGone(..) => "gone",
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(told(1_000), ["placed", "read", "removed", "gone"]);
    assert_eq!(told(200), ["placed", "removed", "gone"]);
}
