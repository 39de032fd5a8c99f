//! Evaluation of face comparison in the field (BSI TR-03121 EVA-VER-nCIR-1): what is compared when an inspection has ended,
//! and what is counted of it.
//!
//! - *configuration*: a way to compare. The first one decides at this gate, the others are only counted.
//! - *mated comparison*: a traveller with the reference of their own document, counted only if the inspection ended with an
//!   admission: whoever was refused may be somebody else than the document says.
//! - *non-mated comparison*: a traveller with the reference of somebody else. Such references are kept only under a
//!   [`Retention`], in memory, [`REFERENCES_MAX`] at most, until they expire. A reference knows no name and no number: a
//!   [`Person`] tells whether somebody is the same, and nothing else.
//!
//! **Invariant:** no I/O and no clock. Times are arguments; templates are whatever can be compared, wiped when dropped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use egate_types::{Date, Holder, MatchScore, MonoTime, TravelDocument, UtcTime};
use egate_wire::v1::{AgeBand, ComparisonCount, ComparisonGroup, Errors};
use sha2::{Digest, Sha256};

/// What can be compared with its like.
pub trait Comparable {
    /// How alike they are.
    fn score(&self, other: &Self) -> MatchScore;
}

/// A way to compare, with the thresholds it is counted at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Name in the report.
    pub name: String,
    /// At least one, or nothing is counted.
    pub thresholds: Vec<Threshold>,
}

/// A threshold of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// Same person at or above this score.
    pub match_score: MatchScore,
    /// False match rate it stands for, parts per billion.
    pub fmr_ppb: u32,
    /// Whether it is the one that decides at this gate.
    pub in_force: bool,
}

/// Who somebody is, good for nothing but to recognise the same document or person again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    document: [u8; 32],
    holder: [u8; 32],
}

impl Person {
    /// Of a document's holder. The key is made when the gate starts and never leaves its memory, so that nobody can try names
    /// and numbers on what is kept here.
    pub fn of(key: &[u8; 32], document: &TravelDocument) -> Self {
        let Holder {
            name,
            date_of_birth,
            ..
        } = &document.holder;
        let birth = date_of_birth.map_or(0, Date::days).to_be_bytes();
        let number = document.number.expose();
        Self {
            document: digest(
                key,
                &[document.issuer.as_str().as_bytes(), number.as_bytes()],
            ),
            holder: digest(
                key,
                &[name.surname.as_bytes(), name.given.as_bytes(), &birth],
            ),
        }
    }

    /// The same document, or another one of the same holder.
    fn may_be(&self, other: &Self) -> bool {
        self.document == other.document || self.holder == other.holder
    }
}

fn digest(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(key);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A finished inspection with a face.
pub struct Subject<T> {
    /// Who the document says it is.
    pub person: Person,
    /// The groups of the document's holder.
    pub groups: Vec<ComparisonGroup>,
    /// Template of the traveller and of the chip portrait, one pair per configuration.
    pub pairs: Vec<Pair<T>>,
    /// A living person as far as anybody could tell, and no picture of one.
    pub bona_fide: bool,
    /// The inspection ended with an admission.
    pub admitted: bool,
}

/// What one configuration compares.
pub struct Pair<T> {
    /// The traveller.
    pub live: T,
    /// The chip portrait, which the capture compares with too.
    pub reference: Arc<T>,
}

/// The groups of a document's holder on a day.
pub fn groups(holder: &Holder, day: Date) -> Vec<ComparisonGroup> {
    let age = holder.date_of_birth.map(|birth| AgeBand::of(birth, day));
    [
        ComparisonGroup::Sex(holder.sex),
        ComparisonGroup::Nationality(holder.nationality.clone()),
    ]
    .into_iter()
    .chain(age.map(ComparisonGroup::Age))
    .collect()
}

/// What was counted in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// First inspection in it.
    pub began_at: UtcTime,
    /// Inspections whose mated comparison does not count.
    pub left_out: u32,
    /// Per configuration, threshold and group.
    pub counts: Vec<ComparisonCount>,
}

/// A rule that allows keeping references beyond the inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long, milliseconds.
    pub keep_ms: u64,
}

/// The evaluation of one gate.
pub struct FieldEvaluation<T> {
    configurations: Vec<Configuration>,
    retention: Option<Retention>,
    /// The oldest first.
    references: VecDeque<Reference<T>>,
    tally: Option<Tally>,
}

/// A reference of a traveller who has gone.
struct Reference<T> {
    person: Person,
    groups: Vec<ComparisonGroup>,
    expires: MonoTime,
    /// One per configuration.
    templates: Vec<Arc<T>>,
}

struct Tally {
    began: MonoTime,
    began_at: UtcTime,
    left_out: u32,
    /// By configuration, threshold and group: mated and non-mated comparisons.
    errors: BTreeMap<(usize, usize, ComparisonGroup), [Errors; 2]>,
}

impl<T: Comparable> FieldEvaluation<T> {
    /// Nothing counted and nobody kept. Without a retention there are mated comparisons alone.
    pub fn new(configurations: Vec<Configuration>, retention: Option<Retention>) -> Self {
        Self {
            configurations,
            retention,
            references: VecDeque::new(),
            tally: None,
        }
    }

    /// References kept now.
    pub fn kept(&self) -> usize {
        self.references.len()
    }

    /// When [`Self::expire`] has something to wipe.
    pub fn poll_timeout(&self) -> Option<MonoTime> {
        self.references.front().map(|oldest| oldest.expires)
    }

    /// Wipes what may no longer be kept.
    pub fn expire(&mut self, now: MonoTime) {
        while self.poll_timeout().is_some_and(|at| at <= now) {
            self.references.pop_front();
        }
    }

    /// Compares the traveller of a finished inspection, counts, and keeps the reference if it may be kept.
    pub fn evaluate(&mut self, now: MonoTime, at: UtcTime, subject: Subject<T>) {
        self.expire(now);
        let mut tally = self.tally.take().unwrap_or_else(|| Tally {
            began: now,
            began_at: at,
            left_out: 0,
            errors: BTreeMap::new(),
        });
        if subject.admitted {
            self.compare_with_own(&subject, &mut tally);
        } else {
            tally.left_out = tally.left_out.saturating_add(1);
        }
        if subject.admitted || subject.bona_fide {
            self.compare_with_others(&subject, &mut tally);
            self.keep(now, subject);
        }
        self.tally = Some(tally);
    }

    /// Hands out what was counted once it is [`BATCH_MS`] old, and begins anew.
    pub fn take(&mut self, now: MonoTime) -> Option<Counted> {
        let due = |tally: &mut Tally| now.since_ms(tally.began) >= BATCH_MS;
        let tally = self.tally.take_if(due)?;
        let counts = tally.errors.into_iter().filter_map(|(key, counted)| {
            let (configuration, threshold, group) = key;
            let configuration = self.configurations.get(configuration)?;
            let threshold = configuration.thresholds.get(threshold)?;
            let [mated, non_mated] = counted;
            Some(ComparisonCount {
                configuration: configuration.name.clone(),
                match_score: threshold.match_score,
                fmr_ppb: threshold.fmr_ppb,
                in_force: threshold.in_force,
                group,
                mated,
                non_mated,
            })
        });
        Some(Counted {
            began_at: tally.began_at,
            left_out: tally.left_out,
            counts: counts.collect(),
        })
    }

    fn compare_with_own(&self, subject: &Subject<T>, tally: &mut Tally) {
        for (place, pair) in subject.pairs.iter().enumerate() {
            let score = pair.live.score(&pair.reference);
            self.count(place, score, &subject.groups, tally, Kind::Mated);
        }
    }

    fn compare_with_others(&self, subject: &Subject<T>, tally: &mut Tally) {
        let others = self.references.iter();
        for other in others.filter(|other| !other.person.may_be(&subject.person)) {
            let shared = subject.groups.iter();
            let shared = shared.filter(|group| other.groups.contains(group));
            let shared: Vec<ComparisonGroup> = shared.cloned().collect();
            let templates = subject.pairs.iter().zip(&other.templates);
            for (place, (pair, reference)) in templates.enumerate() {
                let score = pair.live.score(reference);
                self.count(place, score, &shared, tally, Kind::NonMated);
            }
        }
    }

    fn count(
        &self,
        place: usize,
        score: MatchScore,
        groups: &[ComparisonGroup],
        tally: &mut Tally,
        kind: Kind,
    ) {
        let Some(configuration) = self.configurations.get(place) else {
            return;
        };
        for (at, threshold) in configuration.thresholds.iter().enumerate() {
            let matches = score >= threshold.match_score;
            for group in [&ComparisonGroup::All].into_iter().chain(groups) {
                let counted = tally.errors.entry((place, at, group.clone()));
                let [mated, non_mated] = counted.or_default();
                match kind {
                    Kind::Mated => mated.add(!matches),
                    Kind::NonMated => non_mated.add(matches),
                }
            }
        }
    }

    fn keep(&mut self, now: MonoTime, subject: Subject<T>) {
        let Some(retention) = self.retention else {
            return;
        };
        // One reference a person, the newest.
        self.references
            .retain(|other| !other.person.may_be(&subject.person));
        if self.references.len() >= REFERENCES_MAX {
            self.references.pop_front();
        }
        let references = subject.pairs.into_iter().map(|pair| pair.reference);
        self.references.push_back(Reference {
            person: subject.person,
            groups: subject.groups,
            expires: now.plus_ms(retention.keep_ms),
            templates: references.collect(),
        });
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Mated,
    NonMated,
}

/// References kept at a time: a lane passes some two hundred travellers an hour, and each then adds 64 non-mated comparisons; no
/// more people are held than that needs.
pub const REFERENCES_MAX: usize = 64;
/// Longest time a reference may be kept, minutes, whatever the rule says: as long as it takes to fill the cache at a quiet lane.
pub const KEEP_MINUTES_MAX: u32 = 60;
/// Counts are gathered for this long, milliseconds: time for more than one traveller, so that they seldom are of one.
pub const BATCH_MS: u64 = 10_000;
