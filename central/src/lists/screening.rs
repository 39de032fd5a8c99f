//! From what a search finds to hits, and from hits to a verdict. Pure.
//!
//! **Invariant:** no I/O. What is found comes from the index and the database; what it means is decided here alone.

use egate_rules::targeting::{IfUnknown, Subject, Truth};
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
    pub(crate) hits: Vec<Hit>,
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

/// Names the holder whatever document they carry: what an officer has found of a namesake holds for the next passport too.
pub(crate) fn holder_key(document: &TravelDocument) -> [u8; 32] {
    let person = person_of(document);
    let mut hash = Sha256::new();
    for text in person.names.iter().chain(&person.nationalities) {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    if let Some(birth) = document.holder.date_of_birth {
        hash.update(birth.to_string());
    }
    hash.finalize().into()
}

/// A hit on a person, if the entry's score still says so and the entry counts that day.
pub(crate) fn person_hit(
    row: i64,
    entry: &ListEntry,
    traveller: &Person,
    outcome: Outcome,
    weights: &MatcherWeights,
    today: Date,
) -> Option<Hit> {
    let listed = entry.person().filter(|_| entry.counts_on(today))?;
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

/// A hit of a rule. Of a traveller of whom too little is known it makes a possibility, if its owner wants that.
pub(crate) fn rule_hit(
    row: i64,
    entry: &ListEntry,
    subject: &Subject<'_>,
    now: UtcTime,
) -> Option<Hit> {
    let rule = entry.fields().rule.as_ref()?;
    if !entry.counts_on(now.date()) {
        return None;
    }
    let found = match rule.truth(subject, now) {
        Truth::Yes => Found::Hit,
        Truth::Unknown if rule.fields().if_unknown == IfUnknown::Refer => Found::Possible,
        Truth::Unknown | Truth::No => return None,
    };
    let judgement = rule.judge(subject, now);
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
}
