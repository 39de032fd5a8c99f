//! One simulated person: where they are, what they mean to do. Pure.

use egate_synthetic_faces::Attack;
use egate_types::MrzLines;
use rand_core::RngCore;

use super::world::{ENTRY_LINE_CM, EXIT_LINE_CM};

/// Names a document to the [`DocumentSlot`](super::DocumentSlot).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u64);

/// Names a traveller within one world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TravellerId(pub u64);

/// What a traveller does besides crossing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// Places the document, enters, looks at the camera, leaves by the barrier that opens.
    #[default]
    Crosses,
    /// Takes the document away after this many milliseconds (of people's time) and leaves.
    WalksAway {
        /// From placing to taking away.
        after_ms: u64,
    },
    /// Takes the document when the entry barrier opens, and leaves instead of entering.
    DeclinesEntry,
    /// A second person slips in behind.
    Tailgated {
        /// The second person goes back if the entry barrier stays open; else both wait until it reopens.
        steps_back: bool,
    },
    /// Stops short of the camera, and comes up to it a while later.
    StopsShort,
    /// Does not leave by the exit barrier; goes back when the entry barrier opens again.
    Stays,
}

/// A person to be sent to the lane.
#[derive(Debug, Clone)]
pub struct Traveller {
    /// Seed of the face before the camera.
    pub face_seed: u64,
    /// What is held before the camera.
    pub attack: Attack,
    /// The document, for the chip's slot.
    pub document: DocumentId,
    /// What the scanner reads from it; `None`: nothing readable.
    pub mrz: Option<MrzLines>,
    /// What they do.
    pub behaviour: Behaviour,
    /// How long they wait outside, in people's time, before they give up.
    pub patience_ms: u64,
}

/// Which way somebody left the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WayOut {
    /// Through the exit barrier.
    CrossedExit,
    /// Back through the entry barrier.
    LeftEntry,
    /// Never entered.
    WalkedAway,
}

/// How somebody stands before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// At the right distance.
    Ready,
    /// Too far off.
    TooFar,
}

/// How a traveller's visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TravellerEnd {
    /// The traveller.
    pub way_out: WayOut,
    /// The second person of [`Behaviour::Tailgated`].
    pub companion: Option<WayOut>,
    /// From arriving before the lane to being gone, milliseconds of the world.
    pub ms: u64,
}

/// What a person sees of the lane, in thousandths of open leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    pub entry_permille: u32,
    pub exit_permille: u32,
    pub zone_empty: bool,
    pub evacuation: bool,
    /// Where the leading traveller is, for a companion; `None` once gone.
    pub leader_cm: Option<f64>,
}

/// What a person does to the devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    PlaceDocument,
    RemoveDocument,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Walks to the reader.
    Approaching,
    /// At the reader, until the lane has been clear for a moment.
    AtReader { clear_ms: u64 },
    /// The document lies on the reader; the entry barrier was closed when it was placed.
    Placed { for_ms: u64 },
    /// Follows the leader in.
    Following,
    /// Walks in and stands before the camera. `closed_behind`: the entry barrier has closed since.
    Inside { closed_behind: bool, open_ms: u64 },
    /// Walks out by the exit.
    Leaving,
    /// Walks out by the entry.
    GoingBack,
}

/// A person in the world.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub id: TravellerId,
    pub is_companion: bool,
    pub traveller: Traveller,
    pub position_cm: f64,
    pub age_ms: u64,
    stage: Stage,
    speed_cm_per_s: f64,
    react_ms: u64,
    waited_ms: u64,
    before_camera_ms: u64,
    has_entered: bool,
}

impl Person {
    pub fn arrive(id: TravellerId, traveller: Traveller, rng: &mut impl RngCore) -> Self {
        Self {
            id,
            is_companion: false,
            traveller,
            position_cm: START_CM,
            age_ms: 0,
            stage: Stage::Approaching,
            speed_cm_per_s: f64::from(between(rng, 100, 150)),
            react_ms: 0,
            waited_ms: 0,
            before_camera_ms: 0,
            has_entered: false,
        }
    }

    /// The second person behind `leader`, with a face and a document of their own that they never show.
    pub fn companion_of(leader: &Self) -> Self {
        let mut companion = leader.clone();
        companion.is_companion = true;
        companion.traveller.face_seed = leader.traveller.face_seed.wrapping_add(1);
        companion.position_cm = leader.position_cm - FOLLOW_CM;
        companion.stage = Stage::Following;
        companion.speed_cm_per_s *= 1.1;
        companion
    }

    /// Where the person is bound, and so which way they face.
    pub fn target_cm(&self, seen: &Surroundings) -> f64 {
        match self.stage {
            Stage::Approaching | Stage::AtReader { .. } | Stage::Placed { .. } => READER_CM,
            Stage::Following => seen.leader_cm.unwrap_or(START_CM) - FOLLOW_CM,
            Stage::Inside { .. } if self.is_companion => LOOK_CM - FOLLOW_CM,
            Stage::Inside { .. } if self.stance() == Stance::TooFar => SHORT_CM,
            Stage::Inside { .. } => LOOK_CM,
            Stage::Leaving => GONE_AHEAD_CM,
            Stage::GoingBack => GONE_BACK_CM,
        }
    }

    /// How the person stands, or will stand, before the camera.
    pub fn stance(&self) -> Stance {
        match (self.traveller.behaviour, self.before_camera_ms) {
            (Behaviour::StopsShort, ..TAKES_THE_HINT_MS) => Stance::TooFar,
            (_, _) => Stance::Ready,
        }
    }

    pub fn goes_back(&self) -> bool {
        self.stage == Stage::GoingBack
    }

    pub fn is_inside(&self) -> bool {
        self.position_cm > ENTRY_LINE_CM && self.position_cm < EXIT_LINE_CM
    }

    /// How far the person would walk in `dt_ms` of people's time; nothing while still reacting.
    pub fn stride_cm(&mut self, dt_ms: u64) -> f64 {
        let standing_ms = self.react_ms.min(dt_ms);
        self.react_ms -= standing_ms;
        self.speed_cm_per_s * (dt_ms - standing_ms) as f64 / 1000.0
    }

    /// The way out, once the person is gone.
    pub fn way_out(&self) -> Option<WayOut> {
        if self.stage == Stage::Leaving && self.position_cm >= GONE_AHEAD_CM {
            Some(WayOut::CrossedExit)
        } else if self.stage == Stage::GoingBack && self.position_cm <= GONE_BACK_CM {
            Some(if self.has_entered {
                WayOut::LeftEntry
            } else {
                WayOut::WalkedAway
            })
        } else {
            None
        }
    }

    /// Looks around and decides; `dt_ms` is people's time.
    pub fn decide(
        &mut self,
        dt_ms: u64,
        seen: &Surroundings,
        rng: &mut impl RngCore,
    ) -> Option<Act> {
        self.has_entered |= self.is_inside();
        if seen.evacuation && self.flee(seen) {
            return None;
        }
        let before = std::mem::discriminant(&self.stage);
        let act = self.advance(dt_ms, seen);
        if std::mem::discriminant(&self.stage) != before {
            self.react_ms = u64::from(between(rng, 150, 450));
        }
        act
    }

    /// True if the evacuation decides for the person.
    fn flee(&mut self, seen: &Surroundings) -> bool {
        if self.position_cm <= ENTRY_LINE_CM {
            // A document left on the reader is fetched first, by the ordinary course.
            if matches!(self.stage, Stage::Placed { .. }) {
                return false;
            }
            self.stage = Stage::GoingBack;
        } else if self.position_cm >= EXIT_LINE_CM || seen.exit_permille >= PASSABLE_PERMILLE {
            self.stage = Stage::Leaving;
        } else if seen.entry_permille >= PASSABLE_PERMILLE {
            self.stage = Stage::GoingBack;
        }
        true
    }

    fn advance(&mut self, dt_ms: u64, seen: &Surroundings) -> Option<Act> {
        let entry_open = seen.entry_permille >= PASSABLE_PERMILLE;
        let entry_closed = seen.entry_permille == 0;
        let lane_clear = entry_closed && seen.exit_permille == 0 && seen.zone_empty;
        let behaviour = self.traveller.behaviour;
        if self.position_cm < ENTRY_LINE_CM && !self.is_companion {
            self.waited_ms += dt_ms;
        }
        match self.stage {
            Stage::Approaching if self.position_cm >= READER_CM - 1.0 => {
                self.stage = Stage::AtReader { clear_ms: 0 };
            }
            Stage::AtReader { clear_ms } if lane_clear && clear_ms >= LANE_CLEAR_MS => {
                self.stage = Stage::Placed { for_ms: 0 };
                return Some(Act::PlaceDocument);
            }
            Stage::Approaching | Stage::AtReader { .. } if self.out_of_patience() => {
                self.stage = Stage::GoingBack;
            }
            Stage::AtReader { clear_ms } => {
                let clear_ms = if lane_clear { clear_ms + dt_ms } else { 0 };
                self.stage = Stage::AtReader { clear_ms };
            }
            Stage::Placed { for_ms } => {
                let tired = match behaviour {
                    Behaviour::WalksAway { after_ms } => for_ms >= after_ms,
                    Behaviour::Crosses
                    | Behaviour::DeclinesEntry
                    | Behaviour::Tailgated { .. }
                    | Behaviour::StopsShort
                    | Behaviour::Stays => self.out_of_patience(),
                };
                let invited = entry_open && !seen.evacuation;
                if invited && behaviour != Behaviour::DeclinesEntry {
                    self.stage = Stage::Inside {
                        closed_behind: false,
                        open_ms: 0,
                    };
                    return Some(Act::RemoveDocument);
                }
                if invited || tired || seen.evacuation {
                    self.stage = Stage::GoingBack;
                    return Some(Act::RemoveDocument);
                }
                self.stage = Stage::Placed {
                    for_ms: for_ms + dt_ms,
                };
            }
            Stage::Following if self.is_inside() => {
                self.stage = Stage::Inside {
                    closed_behind: false,
                    open_ms: 0,
                };
            }
            Stage::Following => {
                let leader_inside = seen.leader_cm.is_some_and(|cm| cm > ENTRY_LINE_CM);
                let leader_gone = seen.leader_cm.is_none_or(|cm| cm > EXIT_LINE_CM);
                if leader_gone || (leader_inside && entry_closed) {
                    self.stage = Stage::GoingBack;
                }
            }
            Stage::Inside {
                closed_behind,
                open_ms,
            } => {
                self.inside(dt_ms, seen, closed_behind, open_ms);
            }
            // The exit closed before the nose, and the way back opens.
            Stage::Leaving if self.is_inside() && seen.exit_permille == 0 && entry_open => {
                self.stage = Stage::GoingBack;
            }
            Stage::Approaching | Stage::Leaving | Stage::GoingBack => {}
        }
        None
    }

    fn inside(&mut self, dt_ms: u64, seen: &Surroundings, closed_behind: bool, open_ms: u64) {
        let entry_open = seen.entry_permille >= PASSABLE_PERMILLE;
        let shut_out = !self.is_inside() && seen.entry_permille == 0;
        let told_back = self.is_companion
            && self.traveller.behaviour == (Behaviour::Tailgated { steps_back: true })
            && open_ms >= NOTICE_MS;
        if shut_out || (closed_behind && entry_open) || told_back {
            self.stage = Stage::GoingBack;
        } else if seen.exit_permille >= PASSABLE_PERMILLE
            && self.traveller.behaviour != Behaviour::Stays
        {
            self.stage = Stage::Leaving;
        } else {
            if self.position_cm >= SHORT_CM {
                self.before_camera_ms += dt_ms;
            }
            self.stage = Stage::Inside {
                closed_behind: closed_behind || (self.is_inside() && seen.entry_permille == 0),
                open_ms: if entry_open && self.is_inside() {
                    open_ms + dt_ms
                } else {
                    0
                },
            };
        }
    }

    fn out_of_patience(&self) -> bool {
        self.waited_ms >= self.traveller.patience_ms
    }
}

/// A leaf this far open lets a person through.
pub(super) const PASSABLE_PERMILLE: u32 = 700;

/// Where people appear, and where those who turned round are gone.
const START_CM: f64 = -300.0;
const GONE_BACK_CM: f64 = -320.0;
/// Before the document reader.
const READER_CM: f64 = -60.0;
/// Before the camera.
const LOOK_CM: f64 = 140.0;
/// Where those stop who keep away from the camera.
const SHORT_CM: f64 = 100.0;
/// Behind the lane.
const GONE_AHEAD_CM: f64 = 320.0;
/// How closely a tailgater follows.
const FOLLOW_CM: f64 = 45.0;
/// How long the lane must be clear before a person believes it.
const LANE_CLEAR_MS: u64 = 300;
/// How long people stand there until they do what the display asks.
const TAKES_THE_HINT_MS: u64 = 8_000;
/// How long the second person takes to understand the display.
const NOTICE_MS: u64 = 1_500;

/// A number from `low` to `high`, both included; the bias of the remainder does not matter here.
fn between(rng: &mut impl RngCore, low: u32, high: u32) -> u32 {
    low + rng.next_u32() % (high - low + 1)
}
