//! What a misread zone may say. A scanner confuses letters with digits of the same shape; where only one of them can stand, the
//! other was misread. Nothing is corrected here: each candidate names every character that it takes for another, and the caller
//! decides whether to believe it.

use egate_types::Date;

use super::{layout::Field, zone::Zone};
use crate::limits::{MRZ_CANDIDATES_MAX, MRZ_SUBSTITUTIONS_MAX};

/// A character taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Substitution {
    /// Line, counted from one.
    pub line: usize,
    /// Position in the line, counted from one.
    pub position: usize,
    /// The field it is in.
    pub field: Field,
    /// What was read.
    pub read: char,
    /// What it is taken for.
    pub taken: char,
    /// Why.
    pub grounds: Grounds,
}

/// Why a character is taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// It cannot stand in its field: a letter in a date, a digit in a name.
    Impossible,
    /// It can, but no check digit agrees unless it is another one. Weak: one wrong zone in ten agrees by chance.
    CheckDigit,
}

/// A zone that holds, if some characters were misread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The zone with these characters.
    pub zone: Zone,
    /// Every difference to what was read; never empty.
    pub substitutions: Vec<Substitution>,
}

/// Every candidate found for a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidates(Vec<Candidate>);

impl Candidates {
    /// All of them, in the order of the zone.
    pub fn all(&self) -> &[Candidate] {
        &self.0
    }

    /// The candidate, if it is the only one and takes for misread only what cannot have been printed. A zone that merely
    /// contradicts its check digits has none: it may be forged instead of misread.
    pub fn sole(&self) -> Option<&Candidate> {
        let [candidate] = self.0.as_slice() else {
            return None;
        };
        let mut substitutions = candidate.substitutions.iter();
        substitutions
            .all(|substitution| substitution.grounds == Grounds::Impossible)
            .then_some(candidate)
    }
}

/// Candidates for a zone that does not hold as read, none for one that does. Each satisfies every rule and every check digit of
/// its format. In fields without a check digit (names, states) the digit 1 is taken for I, never L, and 0 for O.
pub fn candidates(zone: &Zone, today: Date) -> Candidates {
    if holds(zone, today) {
        return Candidates::default();
    }
    let Some(impossible) = impossible(zone) else {
        return Candidates::default();
    };
    let possible = apply(zone, &impossible);
    if holds(&possible.zone, today) {
        return Candidates(vec![possible]);
    }
    Candidates(against_check_digits(zone, &impossible, today))
}

/// Letter and digit of the same shape in OCR-B, the likeliest first.
const CONFUSED: [(char, char); 9] = [
    ('O', '0'),
    ('Q', '0'),
    ('D', '0'),
    ('I', '1'),
    ('L', '1'),
    ('Z', '2'),
    ('S', '5'),
    ('G', '6'),
    ('B', '8'),
];

/// Field, offset in it, what was read, what it is taken for, why.
type Change = (Field, usize, char, char, Grounds);

fn holds(zone: &Zone, today: Date) -> bool {
    zone.check_digits().all_hold() && zone.violations(today).is_empty()
}

/// A change for every character that cannot stand where it was read; `None` if one resembles nothing that can, or if there are
/// so many that the scan is worth nothing.
fn impossible(zone: &Zone) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    for (field, _) in zone.layout().fields {
        let admitted = field.characters();
        for (offset, read) in zone.text(*field).chars().enumerate() {
            if admitted.admit(read) {
                continue;
            }
            let taken = alternatives(read).find(|other| admitted.admit(*other))?;
            changes.push((*field, offset, read, taken, Grounds::Impossible));
        }
    }
    (changes.len() <= MRZ_SUBSTITUTIONS_MAX).then_some(changes)
}

/// One more change, or failing that two, in fields of letters and digits alike.
fn against_check_digits(zone: &Zone, impossible: &[Change], today: Date) -> Vec<Candidate> {
    let doubtful = doubtful(zone);
    let attempt = |more: &[Change]| {
        let changes: Vec<Change> = impossible.iter().chain(more).copied().collect();
        (changes.len() <= MRZ_SUBSTITUTIONS_MAX)
            .then(|| apply(zone, &changes))
            .filter(|candidate| holds(&candidate.zone, today))
    };
    let singles = doubtful.iter().filter_map(|change| attempt(&[*change]));
    let singles: Vec<_> = singles.take(MRZ_CANDIDATES_MAX).collect();
    if !singles.is_empty() {
        return singles;
    }
    let pairs = doubtful.iter().enumerate().flat_map(|(index, first)| {
        let later = doubtful.iter().skip(index + 1);
        later
            .filter(|second| (first.0, first.1) != (second.0, second.1))
            .map(|second| [*first, *second])
    });
    pairs
        .filter_map(|pair| attempt(&pair))
        .take(MRZ_CANDIDATES_MAX)
        .collect()
}

fn doubtful(zone: &Zone) -> Vec<Change> {
    let checked = [
        Field::DocumentNumber,
        Field::OptionalData,
        Field::OptionalData2,
    ];
    let mut changes = Vec::new();
    for field in checked {
        for (offset, read) in zone.text(field).chars().enumerate() {
            let others = alternatives(read).filter(|other| field.characters().admit(*other));
            changes.extend(others.map(|taken| (field, offset, read, taken, Grounds::CheckDigit)));
        }
    }
    changes
}

fn alternatives(read: char) -> impl Iterator<Item = char> {
    CONFUSED.into_iter().filter_map(move |(letter, digit)| {
        if read == letter {
            Some(digit)
        } else {
            (read == digit).then_some(letter)
        }
    })
}

fn apply(zone: &Zone, changes: &[Change]) -> Candidate {
    let characters: Vec<_> = changes
        .iter()
        .map(|(field, offset, _, taken, _)| (*field, *offset, *taken))
        .collect();
    let substitutions = changes.iter().map(|(field, offset, read, taken, grounds)| {
        let (line, position) = zone.place(*field, *offset);
        Substitution {
            line,
            position,
            field: *field,
            read: *read,
            taken: *taken,
            grounds: *grounds,
        }
    });
    Candidate {
        zone: zone.with(&characters),
        substitutions: substitutions.collect(),
    }
}
