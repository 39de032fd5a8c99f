//! The physical world of one lane. Pure: time and randomness are arguments.
//!
//! ```text
//!  -300        -60          0                    140      200            320  cm
//!  arrive ──► reader ──► entry line ── zone ──► camera ─ exit line ──► gone
//! ```
//!
//! Sensors follow from positions: a beam is interrupted within 20 cm of its line, a passage is counted when a
//! body's centre crosses its line in the counted direction, and a leaf never closes on an interrupted beam.

use egate_synthetic_faces::Attack;
use egate_types::MrzLines;
use rand_core::RngCore;

use super::person::{
    Act, Behaviour, DocumentId, PASSABLE_PERMILLE, Person, Stance, Surroundings, Traveller,
    TravellerEnd, TravellerId, WayOut,
};
use super::plc::{Drive, EscapeSide, Plc};
use crate::lane_io::{BarrierPosition, Lamp, LaneSensors};

/// What happened during a step, for the devices around the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorldEvent {
    /// A document was placed on reader and scanner.
    DocumentPlaced(DocumentId),
    /// The scanner has read its MRZ.
    MrzRead(MrzLines),
    /// The document was taken away.
    DocumentRemoved,
    /// A traveller, and who came with them, is gone.
    TravellerGone(TravellerId, TravellerEnd),
}

/// Who stands before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraView {
    /// Nobody.
    Empty,
    /// One face.
    Person {
        /// Seed of the face.
        face_seed: u64,
        /// What is held before the camera.
        attack: Attack,
        /// How the person stands.
        stance: Stance,
    },
}

/// What an onlooker sees, for a picture of the lane.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldView {
    /// Opening of the entry leaf, thousandths.
    pub entry_permille: u32,
    /// Opening of the exit leaf, thousandths.
    pub exit_permille: u32,
    /// Colour of the lamp.
    pub lamp: Lamp,
    /// Whether the building evacuates.
    pub evacuation: bool,
    /// Where everybody is, centimetres from the entry line.
    pub people_cm: Vec<f64>,
    /// Whether a document lies on the reader.
    pub document_placed: bool,
}

/// The lane, its controller and the people.
#[derive(Debug, Clone)]
pub struct World {
    plc: Plc,
    drive: Drive,
    entry: Leaf,
    exit: Leaf,
    people: Vec<Person>,
    next_traveller: u64,
    pace: u32,
    entry_passages: u32,
    exit_passages: u32,
    mrz_due: Option<(u64, MrzLines)>,
    document_placed: bool,
    ways_out: Vec<(TravellerId, bool, WayOut, u64)>,
}

impl World {
    /// An empty lane with both barriers closed. `pace`: how many times faster than life people walk and wait;
    /// machines keep their own time.
    pub fn new(escape: EscapeSide, pace: u32) -> Self {
        Self {
            plc: Plc::new(escape),
            drive: Drive::default(),
            entry: Leaf::default(),
            exit: Leaf::default(),
            people: Vec::new(),
            next_traveller: 1,
            pace: pace.max(1),
            entry_passages: 0,
            exit_passages: 0,
            mrz_due: None,
            document_placed: false,
            ways_out: Vec::new(),
        }
    }

    /// A traveller arrives, with a second person if the behaviour says so.
    pub fn arrive(&mut self, traveller: Traveller, rng: &mut impl RngCore) -> TravellerId {
        let id = TravellerId(self.next_traveller);
        self.next_traveller += 1;
        let person = Person::arrive(id, traveller, rng);
        let companion = matches!(person.traveller.behaviour, Behaviour::Tailgated { .. })
            .then(|| Person::companion_of(&person));
        self.people.push(person);
        self.people.extend(companion);
        id
    }

    /// The lane controller, for its Modbus side and the building's inputs.
    pub fn plc(&mut self) -> &mut Plc {
        &mut self.plc
    }

    /// Blocks or frees the entry leaf: an object in its track that no beam sees.
    pub fn jam_entry(&mut self, jammed: bool) {
        self.entry.jammed = jammed;
    }

    /// Moves the world on by `dt_ms` (at most 100 ms, or bodies would jump through beams).
    pub fn step(&mut self, dt_ms: u64, rng: &mut impl RngCore) -> Vec<WorldEvent> {
        debug_assert!(dt_ms <= 100, "steps are small");
        let mut events = Vec::new();
        self.drive = self
            .plc
            .step(dt_ms, self.entry.closed(), self.exit.closed());
        let (entry_beam, exit_beam) = (self.beam(ENTRY_LINE_CM), self.beam(EXIT_LINE_CM));
        if self.drive.powered {
            self.entry
                .step(dt_ms, self.drive.entry_released, entry_beam);
            self.exit.step(dt_ms, self.drive.exit_released, exit_beam);
        }
        self.decide(dt_ms * u64::from(self.pace), rng, &mut events);
        self.walk(dt_ms * u64::from(self.pace), dt_ms);
        self.read_mrz(dt_ms, &mut events);
        self.see_off(&mut events);
        events
    }

    /// The sensors at this moment.
    pub fn sensors(&self) -> LaneSensors {
        let people_in_zone = self
            .people
            .iter()
            .filter(|person| person.is_inside())
            .count();
        LaneSensors {
            entry: self.entry.position(),
            exit: self.exit.position(),
            entry_beam: self.beam(ENTRY_LINE_CM),
            zone_occupied: people_in_zone > 0,
            exit_beam: self.beam(EXIT_LINE_CM),
            evacuation: self.plc.evacuation(),
            emergency_stop: self.plc.emergency_stop(),
            people_in_zone: u16::try_from(people_in_zone).unwrap_or(u16::MAX),
            entry_passages: self.entry_passages,
            exit_passages: self.exit_passages,
            interlock: self.plc.status(),
        }
    }

    /// What the motors were told in the last step.
    pub fn drive(&self) -> Drive {
        self.drive
    }

    /// Who stands before the camera: the person in the zone nearest to the exit.
    pub fn camera_view(&self) -> CameraView {
        let nearest = self
            .people
            .iter()
            .filter(|person| person.is_inside() && person.position_cm >= IN_VIEW_CM)
            .max_by(|a, b| a.position_cm.total_cmp(&b.position_cm));
        nearest.map_or(CameraView::Empty, |person| CameraView::Person {
            face_seed: person.traveller.face_seed,
            attack: person.traveller.attack,
            stance: person.stance(),
        })
    }

    /// What an onlooker sees.
    pub fn view(&self) -> WorldView {
        let [_, _, red, green, blue] = self.plc.coils();
        let lamp = match (red, green, blue) {
            (true, _, _) => Lamp::Red,
            (false, true, _) => Lamp::Green,
            (false, false, true) => Lamp::Blue,
            (false, false, false) => Lamp::Off,
        };
        WorldView {
            entry_permille: self.entry.permille,
            exit_permille: self.exit.permille,
            lamp,
            evacuation: self.plc.evacuation(),
            people_cm: self
                .people
                .iter()
                .map(|person| person.position_cm)
                .collect(),
            document_placed: self.document_placed,
        }
    }

    fn surroundings(&self, of: &Person) -> Surroundings {
        let leader = self
            .people
            .iter()
            .find(|other| other.id == of.id && !other.is_companion);
        Surroundings {
            entry_permille: self.entry.permille,
            exit_permille: self.exit.permille,
            zone_empty: !self.people.iter().any(Person::is_inside),
            evacuation: self.plc.evacuation(),
            leader_cm: leader
                .filter(|leader| !leader.goes_back())
                .map(|l| l.position_cm),
        }
    }

    fn decide(&mut self, dt_ms: u64, rng: &mut impl RngCore, events: &mut Vec<WorldEvent>) {
        for index in 0..self.people.len() {
            let seen = self.surroundings(&self.people[index]);
            let person = &mut self.people[index];
            match person.decide(dt_ms, &seen, rng) {
                None => {}
                Some(Act::PlaceDocument) => {
                    self.document_placed = true;
                    let mrz = person.traveller.mrz.clone();
                    self.mrz_due = mrz.map(|lines| (MRZ_READ_MS, lines));
                    events.push(WorldEvent::DocumentPlaced(person.traveller.document));
                }
                Some(Act::RemoveDocument) => {
                    self.document_placed = false;
                    self.mrz_due = None;
                    events.push(WorldEvent::DocumentRemoved);
                }
            }
        }
    }

    fn walk(&mut self, people_ms: u64, dt_ms: u64) {
        for index in 0..self.people.len() {
            let seen = self.surroundings(&self.people[index]);
            let from = self.people[index].position_cm;
            let target = self.people[index].target_cm(&seen);
            let stride = self.people[index].stride_cm(people_ms);
            let to = if target >= from {
                (from + stride)
                    .min(target)
                    .min(self.free_ahead(index, from))
                    .max(from)
            } else {
                (from - stride)
                    .max(target)
                    .max(self.free_behind(from))
                    .min(from)
            };
            self.entry_passages += u32::from(from <= ENTRY_LINE_CM && to > ENTRY_LINE_CM);
            self.exit_passages += u32::from(from < EXIT_LINE_CM && to >= EXIT_LINE_CM);
            self.people[index].position_cm = to;
            self.people[index].age_ms += dt_ms;
        }
    }

    /// How far forward a person may go: to a leaf that is not open, or to whoever walks or stands ahead.
    fn free_ahead(&self, index: usize, from: f64) -> f64 {
        let mut free = f64::INFINITY;
        for (line, leaf) in [(ENTRY_LINE_CM, &self.entry), (EXIT_LINE_CM, &self.exit)] {
            if from < line - BEAM_CM && !leaf.passable() {
                free = free.min(line - STOP_CM);
            }
        }
        for (other_index, other) in self.people.iter().enumerate() {
            if other_index != index && !other.goes_back() && other.position_cm > from {
                free = free.min(other.position_cm - SPACING_CM);
            }
        }
        free
    }

    /// How far back a person may go. People turning round make way for each other.
    fn free_behind(&self, from: f64) -> f64 {
        let mut free = f64::NEG_INFINITY;
        for (line, leaf) in [(ENTRY_LINE_CM, &self.entry), (EXIT_LINE_CM, &self.exit)] {
            if from > line + BEAM_CM && !leaf.passable() {
                free = free.max(line + STOP_CM);
            }
        }
        free
    }

    fn read_mrz(&mut self, dt_ms: u64, events: &mut Vec<WorldEvent>) {
        if let Some((due_ms, lines)) = self.mrz_due.take() {
            if due_ms > dt_ms {
                self.mrz_due = Some((due_ms - dt_ms, lines));
            } else {
                events.push(WorldEvent::MrzRead(lines));
            }
        }
    }

    fn see_off(&mut self, events: &mut Vec<WorldEvent>) {
        let gone = self
            .people
            .extract_if(.., |person| person.way_out().is_some());
        self.ways_out.extend(gone.filter_map(|person| {
            person
                .way_out()
                .map(|way| (person.id, person.is_companion, way, person.age_ms))
        }));
        let here: Vec<TravellerId> = self.people.iter().map(|person| person.id).collect();
        while let Some(index) = self.ways_out.iter().position(|(id, ..)| !here.contains(id)) {
            let id = self.ways_out[index].0;
            let party = self
                .ways_out
                .extract_if(.., |(of, ..)| *of == id)
                .collect::<Vec<_>>();
            let of = |companion| party.iter().find(move |(_, is, ..)| *is == companion);
            if let Some((_, _, way_out, ms)) = of(false) {
                let companion = of(true).map(|(_, _, way, _)| *way);
                let end = TravellerEnd {
                    way_out: *way_out,
                    companion,
                    ms: *ms,
                };
                events.push(WorldEvent::TravellerGone(id, end));
            }
        }
    }

    fn beam(&self, line_cm: f64) -> bool {
        self.people
            .iter()
            .any(|person| (person.position_cm - line_cm).abs() <= BEAM_CM)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Leaf {
    permille: u32,
    jammed: bool,
}

impl Leaf {
    fn step(&mut self, dt_ms: u64, released: bool, beam: bool) {
        let moved = |full_ms: u64| u32::try_from(dt_ms * 1000 / full_ms).unwrap_or(1000);
        if self.jammed {
            return;
        }
        if released {
            self.permille = (self.permille + moved(OPEN_MS)).min(1000);
        } else if !beam {
            self.permille = self.permille.saturating_sub(moved(CLOSE_MS));
        }
    }

    fn closed(self) -> bool {
        self.permille == 0
    }

    fn passable(&self) -> bool {
        self.permille >= PASSABLE_PERMILLE
    }

    fn position(self) -> BarrierPosition {
        match self.permille {
            0 => BarrierPosition::Closed,
            1000 => BarrierPosition::Open,
            _ => BarrierPosition::Moving,
        }
    }
}

/// Where the entry leaf stands.
pub const ENTRY_LINE_CM: f64 = 0.0;
/// Where the exit leaf stands.
pub const EXIT_LINE_CM: f64 = 200.0;
/// Half a body: a beam is interrupted this near to its line.
const BEAM_CM: f64 = 20.0;
/// Where people stop before a leaf: clear of the beam.
const STOP_CM: f64 = 25.0;
/// How near people stand behind each other.
const SPACING_CM: f64 = 40.0;
/// From here on a face is large enough for the camera.
const IN_VIEW_CM: f64 = 90.0;
/// Time for a leaf to open.
const OPEN_MS: u64 = 600;
/// Time for a leaf to close.
const CLOSE_MS: u64 = 800;
/// Time of the scanner for an MRZ.
const MRZ_READ_MS: u64 = 400;
