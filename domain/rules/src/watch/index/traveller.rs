//! A traveller as looked up: keys of the names, dates to look under, and the most points that each piece of evidence can give.

use super::{
    super::{
        align::Agreement,
        date::{BirthRelation, best_relation},
        features::Feature,
        name::{Name, Part, PartKind, may_be_weightless},
        person::PreparedPerson,
        rarity::RARITY_MAX,
        score::Thresholds,
        weights::Weights,
        words::{Field, WORDS_MAX},
    },
    blocking::{NameKeys, PartKey, Side},
    build::{FEMALE, LETTERS, MALE, MORE_KEYS, TRUNCATED, date_of_row, length_of, pack_letters},
    format::{LETTER_SETS, RowBytes, row_date, row_letters, row_slots},
};
use egate_types::Sex;

/// Everything about a traveller that does not depend on the list.
pub struct Traveller<'a> {
    /// In normal form.
    pub(super) person: &'a PreparedPerson,
    /// Of the score.
    pub(super) weights: &'a Weights,
    /// An entry counts from `possible` points.
    pub(super) thresholds: Thresholds,
    pub(super) names: Vec<LookedUp>,
    births: [f32; BirthRelation::ALL.len()],
    /// Most points for nationality, place and offset together.
    beside: f32,
    sex: SexPoints,
}

/// One of the traveller's names.
pub(super) struct LookedUp {
    pub keys: NameKeys,
    /// Of parts that are no evidence here and may be in the row's name.
    weightless: Vec<PartKey>,
    parts: Vec<MostPoints>,
    /// The most that all parts can give.
    all: f32,
    /// What is certainly lost where a single part agrees of several, and per part that agrees with nothing.
    one_only: f32,
    left: f32,
    /// Lost where no part of the surname agrees, and none of the given names.
    missing: [f32; 2],
}

/// The most points that a part can give, by what it has in common with the parts of a row.
struct MostPoints {
    letters: u32,
    length: u32,
    is_initial: bool,
    /// Particles and titles do not count.
    counts: bool,
    field: Field,
    /// A key is the same.
    key: f32,
    /// All but two letters are the same: one error.
    one_edit: Option<f32>,
    /// All but four letters are the same.
    two_edits: Option<f32>,
    /// One of the two is an initial.
    initial: f32,
    /// Cut on the listed side.
    cut_there: f32,
    /// Cut on this side.
    cut_here: Option<f32>,
    /// Whatever the row holds: by a nickname, or since the part is no evidence in other names, and rows do not hold those.
    unseen: Option<f32>,
}

struct SexPoints {
    female: f32,
    male: f32,
}

impl<'a> Traveller<'a> {
    /// Prepares the look-up of a traveller in lists for which `thresholds` hold.
    pub fn new(person: &'a PreparedPerson, weights: &'a Weights, thresholds: Thresholds) -> Self {
        let value = |feature: Feature| weights.values()[feature.index()];
        let best = |known: bool, same: Feature, other: Feature| {
            if known {
                value(same).max(value(other)).max(0.0)
            } else {
                0.0
            }
        };
        let nationality = best(
            !person.nationalities.is_empty(),
            Feature::NationalitySame,
            Feature::NationalityOther,
        );
        let place = best(
            !person.places_of_birth.is_empty(),
            Feature::PlaceSame,
            Feature::PlaceOther,
        );
        let (same, other) = (value(Feature::SexSame), value(Feature::SexOther));
        let (female, male) = match person.sex {
            Sex::Unspecified => (0.0, 0.0),
            Sex::Female => (same, other),
            Sex::Male => (other, same),
        };
        let names = person
            .names
            .iter()
            .map(|name| LookedUp::of(&name.name, weights));
        Self {
            person,
            weights,
            thresholds,
            names: names.collect(),
            births: BirthRelation::ALL.map(|relation| value(Feature::Birth(relation))),
            beside: value(Feature::Offset) + nationality + place,
            sex: SexPoints { female, male },
        }
    }

    /// Whether the row's entry may reach the threshold with this name, as far as the row tells.
    pub(super) fn admits(&self, name: &LookedUp, row: &RowBytes) -> bool {
        let date = row_date(row);
        let relation = match (date_of_row(date), self.person.births.as_slice()) {
            (None, _) | (_, []) => BirthRelation::Unknown,
            (Some(listed), [born]) => listed.relation(*born),
            (Some(listed), births) => best_relation(&[listed], births),
        };
        // Years apart is another person, whatever else agrees.
        if relation == BirthRelation::Far {
            return self.thresholds.possible <= super::super::score::POINTS_OF_ANOTHER_PERSON;
        }
        let sex = match (date & FEMALE != 0, date & MALE != 0) {
            (true, false) => self.sex.female,
            (false, true) => self.sex.male,
            _ => 0.0,
        };
        let beside = self.beside + self.births[relation as usize] + sex;
        name.reaches(self.thresholds.possible - beside, row, date)
    }
}

impl LookedUp {
    fn of(name: &Name, weights: &Weights) -> Self {
        let mut keys = NameKeys::default();
        keys.fill(name, Side::Traveller);
        let value = |feature: Feature| weights.values()[feature.index()].min(0.0);
        let parts = name.parts.iter().take(WORDS_MAX);
        let parts: Vec<MostPoints> = parts
            .map(|part| MostPoints::of(part, name.truncated, weights))
            .collect();
        let several = parts.iter().filter(|part| part.counts).count() > 1;
        Self {
            keys,
            all: parts
                .iter()
                .map(|part| part.key.max(part.without_key()))
                .sum(),
            parts,
            weightless: NameKeys::of_weightless(name),
            one_only: if several {
                value(Feature::OnePartOnly)
            } else {
                0.0
            },
            left: value(Feature::TravellerLeft),
            missing: [Feature::SurnameMissing, Feature::GivenMissing].map(value),
        }
    }

    /// Whether the names can give `needed` points, by the keys and letters that they have in common.
    fn reaches(&self, needed: f32, row: &RowBytes, flags: u32) -> bool {
        if needed > self.all {
            return false;
        }
        let slots = row_slots(row);
        let mut common = 0u16;
        for key in self.keys.single.iter().chain(&self.weightless) {
            if slots
                .iter()
                .fold(false, |found, slot| found | (*slot == key.slot))
            {
                common |= key.parts;
            }
        }
        let more = flags & MORE_KEYS != 0;
        if more && common != 0 {
            return true;
        }
        let letters = row_letters(row);
        let cut = flags & TRUNCATED != 0;
        let mut most = 0.0;
        let mut agreeing = 0;
        let mut left = 0.0f32;
        let mut agrees = [None; 2];
        for (at, part) in self.parts.iter().enumerate() {
            let points = if common & (1 << at) != 0 {
                Some(part.key)
            } else {
                part.by_letters(&letters, more, cut)
            };
            most += points.unwrap_or(0.0);
            agreeing += u32::from(points.is_some());
            if part.counts && points.is_none() {
                left += 1.0;
            }
            let field = match part.field {
                Field::Primary => Some(0),
                Field::Secondary => Some(1),
                Field::Unknown => None,
            };
            if let Some(field) = field.filter(|_| part.counts) {
                agrees[field] = Some(agrees[field] == Some(true) || points.is_some());
            }
        }
        if agreeing <= 1 {
            most += self.one_only;
        }
        if !cut {
            most += left.min(LEFT_MAX) * self.left;
        }
        for (field, missing) in agrees.iter().zip(self.missing) {
            most += if *field == Some(false) { missing } else { 0.0 };
        }
        needed <= most
    }
}

impl MostPoints {
    fn of(part: &Part, cut: bool, weights: &Weights) -> Self {
        let length = part.letters().len();
        let rarity = rarity(part);
        let by = |agreement, rarity| points(weights, agreement, rarity).max(0.0);
        let all = Agreement::ALL.map(|agreement| by(agreement, rarity));
        let nickname = (part.nicknames[0] != 0).then(|| by(Agreement::Nickname, rarity));
        let key = all.into_iter().fold(0.0, f32::max);
        let elsewhere = part.kind == PartKind::Name && may_be_weightless(part.letters());
        Self {
            letters: part.letter_set & LETTERS,
            length: length_of(pack_letters(part)),
            is_initial: part.kind == PartKind::Initial,
            counts: part.kind == PartKind::Name,
            field: part.field,
            key,
            one_edit: (length >= 3).then(|| by(Agreement::OneEdit, rarity)),
            two_edits: (length >= 6).then(|| by(Agreement::TwoEdits, rarity)),
            initial: by(Agreement::Initial, rarity.min(RARITY_OF_INITIAL)),
            cut_there: by(Agreement::Cut, rarity),
            cut_here: cut.then(|| by(Agreement::Cut, rarity)),
            unseen: better(nickname, elsewhere.then_some(key)),
        }
    }

    /// The most without a common key.
    fn without_key(&self) -> f32 {
        let others = [self.one_edit, self.two_edits, self.cut_here, self.unseen];
        let others = others.into_iter().flatten().fold(0.0, f32::max);
        others.max(self.cut_there).max(self.initial)
    }

    /// `None` if the part can agree with none of the row.
    fn by_letters(&self, listed: &[u32; LETTER_SETS], more: bool, cut: bool) -> Option<f32> {
        if more {
            // The key that they have in common may be one that the row has no room for.
            return Some(self.key.max(self.without_key()));
        }
        let mut most = self.unseen;
        for listed in listed.iter().take_while(|letters| **letters != 0) {
            let longer = length_of(*listed).abs_diff(self.length);
            let differing = ((listed ^ self.letters) & LETTERS).count_ones();
            // A replaced letter changes two letters of the set, one too many or too few changes one.
            if longer <= 1 && differing + longer <= 2 {
                most = better(most, self.one_edit);
            }
            if longer <= 2 && differing + longer <= 4 {
                most = better(most, self.two_edits);
            }
            let (there, here) = (listed & LETTERS, self.letters);
            if length_of(*listed) >= self.length && here & !there == 0 {
                most = better(most, self.cut_here);
            }
            if cut && length_of(*listed) <= self.length && there & !here == 0 {
                most = better(most, Some(self.cut_there));
            }
            if self.is_initial || length_of(*listed) == 1 {
                most = better(most, Some(self.initial));
            }
        }
        most
    }
}

fn better(one: Option<f32>, other: Option<f32>) -> Option<f32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

fn points(weights: &Weights, agreement: Agreement, rarity: f32) -> f32 {
    let (per_rarity, per_part) = weights.worth()[agreement as usize];
    per_rarity.max(0.0) * rarity + per_part
}

/// The most that agreement on a part can be worth; syllables count by their own rarity.
fn rarity(part: &Part) -> f32 {
    if part.syllables[0].is_empty() {
        part.rarity.min(RARITY_MAX)
    } else {
        part.rarity.max(part.rarity_of_skeleton).min(RARITY_MAX)
    }
}

/// As the score counts parts left over.
const LEFT_MAX: f32 = 3.0;
/// As the alignment counts it.
const RARITY_OF_INITIAL: f32 = 2.5;
