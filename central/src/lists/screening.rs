//! From what a search finds to hits, and from hits to a verdict. Pure.
//!
//! **Invariant:** no I/O. What is found comes from the index and the database; what it means is decided here alone.

use std::collections::BTreeMap;

use egate_rules::targeting::{IfUnknown, Journey, Rule, Subject, Truth};
use egate_rules::watch::{
    Action, DocumentKey, Explanation, ListedDocuments, MATCHER_VERSION, Outcome, PartialDate,
    Person, Thresholds, explain,
};
use egate_types::{CheckResult, Date, TravelDocument, UtcTime, Verdict};
use egate_wire::v1::{CheckSummary, ListState};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    entry::{EntryDocument, ListEntry},
    import::as_listed,
    weights::MatcherWeights,
};

/// Shares of unlisted travellers that may be shown to an officer by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertBudget {
    /// As a possibility.
    pub possible: f64,
    /// As a hit.
    pub hit: f64,
}

impl Default for AlertBudget {
    fn default() -> Self {
        Self {
            possible: crate::limits::POSSIBLE_SHARE,
            hit: crate::limits::HIT_SHARE,
        }
    }
}

impl AlertBudget {
    /// The points that a list of so many entries demands.
    pub fn thresholds(self, entries: u64) -> Thresholds {
        Thresholds::of_list(entries, self.possible, self.hit)
    }
}

/// All that an answer rests on, kept with it so that it can be derived again.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Screening {
    /// Identity of the list.
    pub(crate) list: String,
    pub(crate) version: u64,
    /// Of the version in its chain, hexadecimal.
    pub(crate) version_hash: String,
    pub(crate) entries: u64,
    pub(crate) age_s: u64,
    pub(crate) matcher_version: String,
    pub(crate) weights_version: String,
    pub(crate) weights_sha256: String,
    /// Points for a possibility and for a hit.
    pub(crate) thresholds: (f32, f32),
    /// What was known of the journey: announcements are overwritten and forgotten. None in an answer from before it was kept.
    #[serde(default)]
    pub(crate) journey: Option<Journey>,
    pub(crate) hits: Vec<Hit>,
}

/// When a traveller crosses: at an instant, or some time of the day that is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crossing {
    pub(crate) day: Date,
    earliest: UtcTime,
    latest: UtcTime,
}

impl Crossing {
    pub(crate) fn at(instant: UtcTime) -> Self {
        Self {
            day: instant.date(),
            earliest: instant,
            latest: instant,
        }
    }

    /// On an announced day; of today only what is left of it.
    pub(crate) fn on(day: Date, now: UtcTime) -> Self {
        let begins = UtcTime(day.days() * DAY_MS);
        let latest = begins.plus_ms(DAY_MS - 1);
        Self {
            day,
            earliest: begins.max(now.min(latest)),
            latest,
        }
    }

    /// The first instant at which a rule can count.
    fn under(&self, rule: &Rule) -> UtcTime {
        let from = rule.fields().from.unwrap_or(self.earliest);
        from.clamp(self.earliest, self.latest)
    }
}

/// An entry that the traveller meets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hit {
    pub(crate) on: HitOn,
    pub(crate) outcome: Found,
    pub(crate) action: Action,
    pub(crate) reason: String,
    pub(crate) legal_basis: String,
    pub(crate) source: String,
    /// Id of the entry.
    pub(crate) entry: String,
    /// The row that held it: the entry as it was.
    pub(crate) row: i64,
    /// Version of the entry, hexadecimal.
    pub(crate) entry_sha256: String,
    /// Why, of a person.
    pub(crate) explanation: Option<Explanation>,
    /// Why, of a document or a rule.
    pub(crate) sentences: Vec<String>,
    /// What a rule asks for and nobody knows.
    #[serde(default)]
    pub(crate) not_compared: Vec<String>,
    /// The rule has met as many travellers as it may on this day: counted, and without effect.
    #[serde(default)]
    pub(crate) rests: bool,
    /// Set if an officer has found that the traveller is not this person.
    pub(crate) cleared: Option<Cleared>,
}

/// Which part of the entry matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HitOn {
    Document,
    Person,
    Rule,
}

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Found {
    Hit,
    Possible,
}

impl Found {
    /// `None` for nothing found.
    pub(crate) const fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Clear => None,
            Outcome::Possible => Some(Self::Possible),
            Outcome::Hit => Some(Self::Hit),
        }
    }
}

/// Who has found that a traveller is not the listed person, and for how long that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cleared {
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) until: UtcTime,
}

impl Screening {
    pub(crate) fn new(
        list: &str,
        head: (u64, [u8; 32], u64),
        age_s: u64,
        weights: &MatcherWeights,
        thresholds: Thresholds,
    ) -> Self {
        let (version, version_hash, entries) = head;
        Self {
            list: list.to_owned(),
            version,
            version_hash: hex::encode(version_hash),
            entries,
            age_s,
            matcher_version: MATCHER_VERSION.to_owned(),
            weights_version: weights.weights.version().to_owned(),
            weights_sha256: hex::encode(weights.sha256),
            thresholds: (thresholds.possible, thresholds.hit),
            journey: None,
            hits: Vec::new(),
        }
    }

    /// Whether the same matcher found the same: entries, how sure, and the points. What officers have cleared since is left aside.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let found = |screening: &Self| {
            let mut found: Vec<_> = screening
                .hits
                .iter()
                .map(|hit| {
                    let points = hit
                        .explanation
                        .as_ref()
                        .map(|explained| explained.points.to_bits());
                    (hit.row, hit.on, hit.outcome, points, hit.sentences.clone())
                })
                .collect();
            found.sort();
            found
        };
        self.matcher_version == other.matcher_version
            && self.weights_sha256 == other.weights_sha256
            && self.thresholds == other.thresholds
            && found(self) == found(other)
    }

    /// What a verdict says of the list.
    pub(crate) fn state(&self) -> ListState {
        ListState {
            list: self.list.clone(),
            version: self.version,
            entries: self.entries,
            age_s: self.age_s,
        }
    }

    /// Hits that count: those of namesakes and of rules at rest do not.
    pub(crate) fn effective(&self) -> impl Iterator<Item = &Hit> {
        let counts = |hit: &&Hit| hit.cleared.is_none() && !hit.rests;
        self.hits.iter().filter(counts)
    }
}

impl Hit {
    pub(crate) fn new(on: HitOn, outcome: Found, row: i64, entry: &ListEntry) -> Self {
        let fields = entry.fields();
        Self {
            on,
            outcome,
            action: entry.action(),
            reason: fields.reason.clone(),
            legal_basis: fields.legal_basis.clone(),
            source: fields.source.clone(),
            entry: fields.id.clone(),
            row,
            entry_sha256: hex::encode(entry.hash()),
            explanation: None,
            sentences: Vec::new(),
            not_compared: Vec::new(),
            rests: false,
            cleared: None,
        }
    }

    /// What it demands of the verdict. A possibility is for an officer to look at, whatever the entry orders; nobody is refused on one.
    pub(crate) fn verdict(&self) -> Verdict {
        match (self.outcome, self.action) {
            (
                Found::Possible,
                Action::HealthCheck | Action::Refer | Action::Detain | Action::Refuse,
            ) => Verdict::Refer,
            (Found::Hit | Found::Possible, action) => action.verdict(),
        }
    }
}

/// The holder of a document as the matcher compares: the name in the form of the machine readable zone, whose rules then apply.
pub(crate) fn person_of(document: &TravelDocument) -> Person {
    let holder = &document.holder;
    let field = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("<");
    let (surname, given) = (field(&holder.name.surname), field(&holder.name.given));
    let birth = holder.date_of_birth.map(|date| date.to_string());
    Person {
        names: vec![format!("{surname}<<{given}")],
        births: birth
            .as_deref()
            .and_then(PartialDate::parse)
            .into_iter()
            .collect(),
        nationalities: vec![as_listed(holder.nationality.clone()).as_str().to_owned()],
        sex: holder.sex,
        places_of_birth: Vec::new(),
    }
}

/// Names the holder with the document they carry. Without it a listed person of the same name, birth date and nationality would be
/// cleared together with their namesake.
pub(crate) fn holder_key(document: &TravelDocument) -> [u8; 32] {
    let person = person_of(document);
    let issuer = as_listed(document.issuer.clone());
    let birth = document.holder.date_of_birth.map(|date| date.to_string());
    let carried = [issuer.as_str(), document.number.expose()];
    let holder = person
        .names
        .iter()
        .chain(&person.nationalities)
        .chain(&birth);
    let mut hash = Sha256::new();
    for text in holder.map(String::as_str).chain(carried) {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

/// A hit on a person with its reasons, if the entry counts that day. How sure it is, the search has said.
pub(crate) fn person_hit(
    row: i64,
    entry: &ListEntry,
    traveller: &Person,
    outcome: Outcome,
    weights: &MatcherWeights,
    day: Date,
) -> Option<Hit> {
    let listed = entry.person().filter(|_| entry.counts_on(day))?;
    let mut hit = Hit::new(HitOn::Person, Found::of(outcome)?, row, entry);
    hit.explanation = explain(&listed, traveller, &weights.weights);
    Some(hit)
}

/// The document of a traveller as lists name documents; `None` if it has no issuer or class by which it could be listed.
pub(crate) fn document_key(document: &TravelDocument) -> Option<DocumentKey> {
    DocumentKey::parse(
        as_listed(document.issuer.clone()).as_str(),
        &document.code,
        document.number.expose(),
    )
    .ok()
}

/// Rows whose documents or ranges the document is, or looks like.
pub(crate) fn documents_met(
    key: &DocumentKey,
    candidates: &[(i64, EntryDocument)],
) -> Vec<(i64, Found, String)> {
    let mut met = Vec::new();
    for (row, document) in candidates {
        let mut listed = ListedDocuments::default();
        let Some(first) = document.key() else {
            continue;
        };
        let added = match &document.last_number {
            Some(last) => listed.add_range("", &first, last).is_ok(),
            None => {
                listed.add("", &first);
                true
            }
        };
        let Some(found) = Found::of(listed.look_up(key).outcome).filter(|_| added) else {
            continue;
        };
        let sentence = match (found, &document.last_number) {
            (Found::Hit, None) => "the document's number, class and issuer are listed".to_owned(),
            (Found::Hit, Some(_)) => "the document's number lies in a listed range of blanks".to_owned(),
            (Found::Possible, _) => {
                "the document's number differs from a listed one by characters that are often misread".to_owned()
            }
        };
        met.push((*row, found, sentence));
    }
    met
}

/// Documents of many entries, for many travellers to be held against: of each traveller only those that it may be are looked at.
#[derive(Default)]
pub(crate) struct DocumentLookup {
    listed: Vec<(i64, EntryDocument)>,
    /// By folded number.
    numbers: BTreeMap<String, Vec<usize>>,
    /// By issuer, class, length, and what the ends of the range share, folded: of ranges that do not overlap few share it.
    ranges: BTreeMap<(String, char, usize, String), Vec<usize>>,
}

impl DocumentLookup {
    pub(crate) fn add(&mut self, row: i64, document: &EntryDocument) {
        let Some(key) = document.key() else { return };
        let (at, folded) = (self.listed.len(), key.folded_number());
        self.listed.push((row, document.clone()));
        let last = document
            .last_number
            .as_ref()
            .and_then(|last| DocumentKey::parse(key.issuer(), &document.class, last).ok());
        let places = match (&document.last_number, last) {
            (None, _) => self.numbers.entry(folded).or_default(),
            (Some(_), None) => return,
            (Some(_), Some(last)) => {
                let ends = key.number().chars().zip(last.number().chars());
                let shared = ends.take_while(|(first, last)| first == last).count();
                let bucket = (
                    key.issuer().to_owned(),
                    key.class(),
                    folded.len(),
                    folded[..shared].to_owned(),
                );
                self.ranges.entry(bucket).or_default()
            }
        };
        places.push(at);
    }

    /// Rows whose documents or ranges the document is, or looks like.
    pub(crate) fn met(&self, key: &DocumentKey) -> Vec<(i64, Found, String)> {
        let folded = key.folded_number();
        let ranges = (0..=folded.len()).filter_map(|shared| {
            let (issuer, start) = (key.issuer().to_owned(), folded[..shared].to_owned());
            self.ranges.get(&(issuer, key.class(), folded.len(), start))
        });
        let places = self
            .numbers
            .get(&folded)
            .into_iter()
            .chain(ranges)
            .flatten();
        let candidates: Vec<_> = places.map(|at| self.listed[*at].clone()).collect();
        documents_met(key, &candidates)
    }
}

/// How sure a rule is about a traveller. Of whom too little is known is a possibility, if the rule's owner wants that.
pub(crate) fn rule_found(
    entry: &ListEntry,
    subject: &Subject<'_>,
    crossing: Crossing,
) -> Option<Found> {
    let rule = entry.fields().rule.as_ref()?;
    if !entry.counts_on(crossing.day) {
        return None;
    }
    match rule.truth(subject, crossing.under(rule)) {
        Truth::Yes => Some(Found::Hit),
        Truth::Unknown if rule.fields().if_unknown == IfUnknown::Refer => Some(Found::Possible),
        Truth::Unknown | Truth::No => None,
    }
}

/// A hit of a rule with its reasons.
pub(crate) fn rule_hit(
    row: i64,
    entry: &ListEntry,
    subject: &Subject<'_>,
    crossing: Crossing,
) -> Option<Hit> {
    let rule = entry.fields().rule.as_ref()?;
    let found = rule_found(entry, subject, crossing)?;
    let judgement = rule.judge(subject, crossing.under(rule));
    let mut hit = Hit::new(HitOn::Rule, found, row, entry);
    hit.sentences = judgement
        .terms
        .into_iter()
        .map(|term| term.sentence)
        .collect();
    hit.not_compared = judgement.not_known;
    Some(hit)
}

/// The authority's verdict: refuse outranks refer; an identity authority also refers every check that did not succeed.
pub(crate) fn decide(screening: &Screening, identity: bool, checks: &CheckSummary) -> Verdict {
    let verdicts = || screening.effective().map(Hit::verdict);
    if verdicts().any(|verdict| verdict == Verdict::Refuse) {
        return Verdict::Refuse;
    }
    let all = [checks.document, checks.face, checks.presentation];
    let checks_hold = all
        .into_iter()
        .all(|result| result == CheckResult::Successful);
    if verdicts().any(|verdict| verdict != Verdict::Clear) || (identity && !checks_hold) {
        return Verdict::Refer;
    }
    Verdict::Clear
}

const DAY_MS: i64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn screening(hits: Vec<Hit>) -> Screening {
        let weights = MatcherWeights::built_in();
        let thresholds = AlertBudget::default().thresholds(1);
        let mut screening = Screening::new("test", (1, [0; 32], 1), 0, &weights, thresholds);
        screening.hits = hits;
        screening
    }

    fn hit(outcome: Found, action: Action) -> Hit {
        let fields = super::super::entry::EntryFields {
            id: "e1".into(),
            names: vec!["SAMPLE, Anna".into()],
            action: Some(action),
            reason: "r".into(),
            legal_basis: "l".into(),
            source: "s".into(),
            ..Default::default()
        };
        let entry = ListEntry::try_from(fields).unwrap();
        Hit::new(HitOn::Person, outcome, 1, &entry)
    }

    #[test]
    fn verdicts_follow_hits_and_checks() {
        let good = CheckSummary {
            document: CheckResult::Successful,
            face: CheckResult::Successful,
            presentation: CheckResult::Successful,
        };
        let verdict = |hits| decide(&screening(hits), true, &good);
        assert_eq!(verdict(vec![]), Verdict::Clear);
        for (outcome, action, expected) in [
            (Found::Hit, Action::SilentAlert, Verdict::Clear),
            (Found::Hit, Action::HealthCheck, Verdict::Refer),
            (Found::Hit, Action::Refer, Verdict::Refer),
            (Found::Hit, Action::Detain, Verdict::Refer),
            (Found::Hit, Action::Refuse, Verdict::Refuse),
            (Found::Possible, Action::SilentAlert, Verdict::Clear),
            (Found::Possible, Action::Refuse, Verdict::Refer),
        ] {
            assert_eq!(verdict(vec![hit(outcome, action)]), expected);
        }
        let both = vec![
            hit(Found::Hit, Action::Refer),
            hit(Found::Hit, Action::Refuse),
        ];
        assert_eq!(verdict(both), Verdict::Refuse);
        let mut namesake = hit(Found::Hit, Action::Refuse);
        namesake.cleared = Some(Cleared {
            by: "o".into(),
            reason: "another person".into(),
            until: UtcTime(0),
        });
        assert_eq!(verdict(vec![namesake]), Verdict::Clear);
    }

    #[test]
    fn an_identity_authority_refers_what_did_not_succeed() {
        let good = CheckSummary {
            document: CheckResult::Successful,
            face: CheckResult::Successful,
            presentation: CheckResult::Successful,
        };
        for result in [
            CheckResult::Failed,
            CheckResult::Undetermined,
            CheckResult::NotSupported,
            CheckResult::Aborted,
        ] {
            for bad in [
                CheckSummary {
                    document: result,
                    ..good
                },
                CheckSummary {
                    face: result,
                    ..good
                },
                CheckSummary {
                    presentation: result,
                    ..good
                },
            ] {
                assert_eq!(decide(&screening(vec![]), true, &bad), Verdict::Refer);
                assert_eq!(decide(&screening(vec![]), false, &bad), Verdict::Clear);
            }
        }
    }

    #[test]
    fn a_lookup_of_documents_finds_what_holding_each_against_each_finds() {
        let listed: Vec<(i64, EntryDocument)> = [
            ("UTO", "AB1000", Some("AB1999")),
            ("UTO", "AB1500", Some("AB2499")),
            ("UTO", "AB1500", Some("AB1500")),
            ("D", "C01X0", None),
            ("DEU", "COIX0", None),
            ("UTO", "99000", Some("ab-99999")),
            ("UTO", "99000", Some("99 999")),
        ]
        .into_iter()
        .zip(1..)
        .map(|((issuer, number, last), row)| {
            let document = EntryDocument {
                issuer: egate_types::StateCode::parse(issuer),
                class: "P".into(),
                number: number.into(),
                last_number: last.map(str::to_owned),
            };
            (row, document)
        })
        .collect();
        let mut lookup = DocumentLookup::default();
        for (row, document) in &listed {
            lookup.add(*row, document);
        }
        let mut met = 0;
        for (issuer, number) in [
            ("UTO", "AB1000"),
            ("UTO", "AB1500"),
            ("UTO", "AB1SOO"),
            ("UTO", "AB2499"),
            ("UTO", "AB2500"),
            ("UTO", "AB15000"),
            ("DEU", "C01X0"),
            ("DEU", "C0IXO"),
            ("UTO", "99500"),
            ("XXA", "99500"),
        ] {
            let key = DocumentKey::parse(issuer, "P", number).unwrap();
            let sorted = |mut met: Vec<(i64, Found, String)>| {
                met.sort();
                met
            };
            let found = sorted(lookup.met(&key));
            met += found.len();
            assert_eq!(
                found,
                sorted(documents_met(&key, &listed)),
                "{issuer} {number}"
            );
        }
        assert!(met > 10, "{met}");
    }

    #[test]
    fn an_announced_day_begins_at_midnight_and_today_is_what_is_left_of_it() {
        let noon = UtcTime(20_000 * DAY_MS + DAY_MS / 2);
        let (today, tomorrow) = (noon.date(), noon.plus_ms(DAY_MS).date());
        let (now, later) = (Crossing::on(today, noon), Crossing::on(tomorrow, noon));
        assert_eq!((now.day, now.earliest), (today, noon));
        assert_eq!(
            (later.earliest.0, later.latest.date()),
            (20_001 * DAY_MS, tomorrow)
        );
        let yesterday = Crossing::on(noon.plus_ms(-DAY_MS).date(), noon);
        assert_eq!(yesterday.earliest, yesterday.latest);
        // A rule that begins at some hour of the day of arrival counts for who is announced for it.
        let evening = "2024-10-05T18:00:00Z";
        let rule = |from: &str| -> Rule {
            let rule = serde_json::json!({
                "when": {"nationality": ["UTO"]}, "from": from, "if_unknown": "pass", "hits_per_day_max": 1,
            });
            serde_json::from_value(rule).unwrap()
        };
        let counts = |from, crossing: Crossing| rule(from).counts_at(crossing.under(&rule(from)));
        assert_eq!(tomorrow.to_string(), "2024-10-05");
        assert!(counts(evening, later) && !counts(evening, now));
        assert!(!counts("2024-10-06T00:00:00Z", later));
    }
}
