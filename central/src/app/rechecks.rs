//! New versions of lists: bringing what is served up to date, and holding what is new against travellers who are known already.
//!
//! What is still to be held against whom stands in the database, not in memory: verdicts bring lists up to date as well, replicas share
//! the work, and a process may die at it. Alerts are raised once however often a version is taken up again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use egate_rules::targeting::{Journey, Subject};
use egate_rules::watch::index::{Builder, Entry, EntryId, LayeredList, SnapshotIdentity};
use egate_types::{AuthorityId, Date, Outcome, TravelDocument, UtcTime};
use tokio::task::JoinSet;

use super::{App, AppError, Authority};
use crate::{
    limits::{
        ANNOUNCED_DAYS_APART, KNOWN_TRAVELLERS_MAX, LIST_WATCH_MS, PRESENT_MS, RECHECK_HITS_MAX,
        RECHECK_MS, RECHECK_PORTION,
    },
    lists::live::{self, LiveListError},
    lists::{
        entry::ListEntry,
        screening::{
            Crossing, DocumentLookup, Found, Hit, HitOn, document_key, person_hit, person_of,
            rule_found, rule_hit,
        },
    },
    store::{
        alerts::{Alert, AlertKind},
        known::{Announcement, ExpectedTraveller, Known, KnownTraveller, key_of},
    },
};

/// How travellers are held against entries.
#[derive(Clone, Copy)]
pub(super) struct Many {
    /// Entries of the list, for the thresholds.
    entries: u64,
    /// When.
    now: UtcTime,
    /// Travellers of whom each entry's hits are kept; none: of all.
    most: Option<u64>,
}

impl Many {
    /// Keeps every hit.
    pub(super) const fn all(entries: u64, now: UtcTime) -> Self {
        Self {
            entries,
            now,
            most: None,
        }
    }

    /// Rules hold nobody here and count nobody, but they may not say more in one go than they may in a day.
    fn most_of(&self, entry: &ListEntry) -> u64 {
        let ceiling = entry
            .fields()
            .rule
            .as_ref()
            .map_or(u64::MAX, |rule| rule.fields().hits_per_day_max.into());
        self.most.map_or(u64::MAX, |most| most.min(ceiling))
    }
}

/// Who meets what.
#[derive(Default)]
pub(super) struct Meetings {
    /// Places of travellers, and their hits.
    pub(super) travellers: Vec<(usize, Vec<Hit>)>,
    /// Of entries that meet more travellers than were asked for: a hit without its traveller, and how many more.
    further: Vec<(Hit, u64)>,
}

impl App {
    /// Keeps every list at its newest version with a snapshot, holds new versions against known travellers, tidies up behind ended
    /// changes, and forgets announcements. Each authority has tasks of its own for the first two, so that none waits for another. Ends with the tasks when it is
    /// dropped.
    pub async fn follow_lists(self) {
        let mut tasks = JoinSet::new();
        for id in self.0.authorities.keys() {
            tasks.spawn(self.clone().keep_up(id.clone()));
            tasks.spawn(self.clone().hold_versions(id.clone()));
        }
        tasks.spawn(self.clone().keep_tidy());
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "nobody follows a list any more");
            }
        }
    }

    async fn keep_tidy(self) {
        let mut forgotten = None;
        loop {
            self.tidy_changes().await;
            if let Err(error) = self.forget_announced(&mut forgotten).await {
                tracing::error!(%error, "announcements of days gone by cannot be forgotten yet");
            }
            tokio::time::sleep(Duration::from_millis(LIST_WATCH_MS)).await;
        }
    }

    /// Once a day: who was announced and is late by more than journeys are is not kept.
    async fn forget_announced(&self, forgotten: &mut Option<Date>) -> Result<(), AppError> {
        let today = self.now().date();
        if *forgotten == Some(today) {
            return Ok(());
        }
        let oldest = today.plus_days(-ANNOUNCED_DAYS_APART);
        for id in self.0.authorities.keys() {
            self.0.store.forget_expected(id, oldest).await?;
        }
        *forgotten = Some(today);
        Ok(())
    }

    async fn keep_up(self, id: AuthorityId) {
        let mut seen = None;
        loop {
            if let Err(error) = self.follow(&id, &mut seen).await {
                tracing::error!(authority.id = %id, %error, "a list cannot be brought up to date");
            }
            tokio::time::sleep(Duration::from_millis(LIST_WATCH_MS)).await;
        }
    }

    /// Brings one list up to date. A verdict may have done so before; `seen` is the version that was last told of.
    async fn follow(&self, id: &AuthorityId, seen: &mut Option<u64>) -> Result<(), AppError> {
        let authority = self.authority(id)?;
        let Some(head) = self.0.store.list_head(id).await? else {
            return Ok(());
        };
        let list = self.served(id)?;
        let served = list.at(&head, &self.0.store, authority, self.now()).await?;
        let version = served.beside.version;
        if seen.replace(version) != Some(version) {
            if !served.beside.sound {
                tracing::error!(authority.id = %id, version, "the list does not find its canaries and is not served");
            }
            self.changed(id);
        }
        self.snapshot(authority).await
    }

    /// Makes snapshot files of the lists of which enough has changed since the last one.
    pub async fn snapshot_lists(&self) -> Result<(), AppError> {
        for authority in self.0.authorities.values() {
            self.snapshot(authority).await?;
        }
        Ok(())
    }

    async fn snapshot(&self, authority: &Authority) -> Result<(), AppError> {
        let (app, id) = (self.clone(), authority.id.clone());
        super::blocking(move || {
            let authority = app.authority(&id)?;
            let folder = app.0.store.snapshots();
            let made = app.served(&id)?.compact(authority, &folder, app.now());
            made.map_err(AppError::Index)
        })
        .await
    }

    /// The version whose snapshot file the list rests on; 0 for one that was built of the database, none for a list not yet asked for.
    pub fn snapshot_in_use(&self, authority: &AuthorityId) -> Option<u64> {
        let served = self.served(authority).ok()?.current()?;
        Some(served.list.base().identity().version)
    }

    async fn hold_versions(self, id: AuthorityId) {
        let mut done = 0;
        loop {
            if let Err(error) = self.hold_due(&id, &mut done).await {
                tracing::error!(authority.id = %id, %error, "a version cannot be held against known travellers yet");
            }
            tokio::time::sleep(Duration::from_millis(LIST_WATCH_MS)).await;
        }
    }

    /// Holds every version that is due against known travellers, the oldest first. All up to `done` have been.
    async fn hold_due(&self, id: &AuthorityId, done: &mut u64) -> Result<(), AppError> {
        let store = &self.0.store;
        let Some(head) = store.list_head(id).await? else {
            return Ok(());
        };
        let due = store.rechecks_due(id, *done, self.now()).await?;
        *done = due.first().map_or(head.version, |(version, _)| version - 1);
        for (version, claimed) in due {
            if !claimed && store.claim_recheck(id, version, self.now()).await? {
                self.recheck(self.authority(id)?, version).await?;
                store.finish_recheck(id, version, self.now()).await?;
            }
        }
        Ok(())
    }

    /// Holds what a version has added or changed against travellers who are present, were lately admitted, or are announced.
    async fn recheck(&self, authority: &Authority, version: u64) -> Result<(), AppError> {
        let (store, id, now) = (&self.0.store, &authority.id, self.now());
        let Some((_, change)) = store.version_header(id, version).await? else {
            return Ok(());
        };
        let mut known = self.known(authority, change.id, RECHECK_MS).await?;
        known.retain(|traveller| concerns(&traveller.known, version, now).is_some());
        let known = Arc::new(known);
        let many = Many {
            most: Some(RECHECK_HITS_MAX),
            ..Many::all(change.difference.entries, now)
        };
        let mut portions = Portions::of(change.id);
        while let Some(rows) = portions.next(self, id, &known).await? {
            let met = self.meet(id, rows, &known, many).await?;
            for (place, mut hits) in met.travellers {
                let traveller = &known[place];
                let Some(kind) = concerns(&traveller.known, version, now) else {
                    continue;
                };
                // An entry that is met in several ways makes one alert, of the surest.
                hits.sort_by_key(|hit| hit.outcome);
                for hit in hits {
                    let alert = alert_about(kind, traveller, hit);
                    store.add_alert(id, &alert, now).await?;
                }
            }
            for (hit, more) in met.further {
                let alert = Alert {
                    more,
                    ..Alert::of(AlertKind::Further, hit)
                };
                store.add_alert(id, &alert, now).await?;
            }
            store.keep_recheck(id, version, self.now()).await?;
        }
        self.changed(id);
        Ok(())
    }

    /// Known travellers of the last `back_ms` whom the entries of a change meet, in force or not: for dry runs.
    pub(super) async fn met_by_change(
        &self,
        authority: &Authority,
        change: i64,
        back_ms: i64,
    ) -> Result<Vec<(Known, Vec<Hit>)>, AppError> {
        let known = Arc::new(self.known(authority, change, back_ms).await?);
        let head = self.0.store.list_head(&authority.id).await?;
        let entries = head.map_or(0, |head| head.entries);
        let mut met = Vec::new();
        let mut portions = Portions::of(change);
        while let Some(rows) = portions.next(self, &authority.id, &known).await? {
            let many = Many::all(entries, self.now());
            let found = self.meet(&authority.id, rows, &known, many).await?;
            let whom = |(place, hits): (usize, _)| (known[place].known.clone(), hits);
            met.extend(found.travellers.into_iter().map(whom));
        }
        Ok(met)
    }

    /// Travellers inspected in the last `back_ms` and those announced. What is known of journeys is read where a change has rules.
    async fn known(
        &self,
        authority: &Authority,
        change: i64,
        back_ms: i64,
    ) -> Result<Vec<KnownTraveller>, AppError> {
        let (store, id, now) = (&self.0.store, &authority.id, self.now());
        let (since, today) = (now.plus_ms(-back_ms), now.date());
        let rules = store.change_is_special(change).await?;
        let first = if rules {
            since.date().plus_days(-ANNOUNCED_DAYS_APART)
        } else {
            today
        };
        let announced = store.expected_travellers(id, first).await?;
        let journeys = Journeys::of(&announced);
        let most = usize::try_from(KNOWN_TRAVELLERS_MAX).unwrap_or(usize::MAX);
        let (mut known, mut before) = (Vec::new(), None);
        while known.len() < most {
            let page = store.known_travellers(id, since, before, rules).await?;
            let Some(Known::Inspected { inspection, .. }) = page.last().map(|last| &last.known)
            else {
                break;
            };
            before = Some(*inspection);
            known.extend(page);
        }
        known.truncate(most);
        for traveller in known.iter_mut().filter(|_| rules) {
            // An announcement may be newer than the verdict.
            if let Some(journey) = journeys.nearest(traveller) {
                traveller.journey = journey.clone();
            }
        }
        let expected = announced
            .into_iter()
            .filter(|expected| expected.arrives >= today);
        known.extend(expected.map(|expected| KnownTraveller {
            document: expected.document,
            journey: expected.journey,
            known: Known::Expected(expected.arrives),
        }));
        Ok(known)
    }

    /// Holds travellers against entries of one list.
    pub(super) async fn meet(
        &self,
        authority: &AuthorityId,
        rows: BTreeMap<i64, ListEntry>,
        known: &Arc<Vec<KnownTraveller>>,
        many: Many,
    ) -> Result<Meetings, AppError> {
        let (app, id, known) = (self.clone(), authority.clone(), Arc::clone(known));
        super::blocking(move || app.meet_here(&id, &rows, &known, many)).await
    }

    fn meet_here(
        &self,
        authority: &AuthorityId,
        rows: &BTreeMap<i64, ListEntry>,
        known: &[KnownTraveller],
        many: Many,
    ) -> Result<Meetings, AppError> {
        let authority = self.authority(authority)?;
        let list = index_of(rows, authority)?;
        let mut documents = DocumentLookup::default();
        for (row, entry) in rows {
            for document in &entry.fields().documents {
                documents.add(*row, document);
            }
        }
        let rules = rows
            .iter()
            .filter(|(_, entry)| entry.fields().rule.is_some());
        let rules: Vec<_> = rules.collect();
        let search = self.served(&authority.id)?;
        let (weights, thresholds) = (
            &authority.weights,
            authority.budget.thresholds(many.entries),
        );
        let (mut met, mut counts) = (Meetings::default(), Counts::default());
        for (place, traveller) in known.iter().enumerate() {
            let document = TravelDocument::from(&traveller.document);
            let (crossing, arrival) = match &traveller.known {
                Known::Inspected { opened, .. } => (Crossing::at(many.now), opened.date()),
                Known::Expected(day) => (Crossing::on(*day, many.now), *day),
            };
            let mut hits: Vec<Hit> = Vec::new();
            let mut takes = |row: i64, entry: &ListEntry, on, found| {
                entry.counts_on(crossing.day)
                    && counts.takes(row, place, many.most_of(entry), (on, found))
            };
            let person = person_of(&document);
            for (row, outcome) in search.persons(&list, &person, authority, thresholds) {
                let (Some(entry), Some(found)) = (rows.get(&row), Found::of(outcome)) else {
                    continue;
                };
                if takes(row, entry, HitOn::Person, found) {
                    let day = crossing.day;
                    hits.extend(person_hit(row, entry, &person, outcome, weights, day));
                }
            }
            let key = document_key(&document);
            for (row, found, sentence) in key.map(|key| documents.met(&key)).unwrap_or_default() {
                let Some(entry) = rows.get(&row) else {
                    continue;
                };
                if takes(row, entry, HitOn::Document, found) {
                    let mut hit = Hit::new(HitOn::Document, found, row, entry);
                    hit.sentences.push(sentence);
                    hits.push(hit);
                }
            }
            let subject = Subject {
                document: &document,
                journey: &traveller.journey,
                arrival,
            };
            for (row, entry) in &rules {
                let found = rule_found(entry, &subject, crossing);
                if found.is_some_and(|found| takes(**row, entry, HitOn::Rule, found)) {
                    hits.extend(rule_hit(**row, entry, &subject, crossing));
                }
            }
            if !hits.is_empty() {
                met.travellers.push((place, hits));
            }
        }
        met.further = counts.further(rows, many);
        Ok(met)
    }
}

/// Persons of entries that fit in memory.
fn index_of(
    rows: &BTreeMap<i64, ListEntry>,
    authority: &Authority,
) -> Result<LayeredList<memmap2::Mmap>, AppError> {
    let mut builder = Builder::default();
    for (row, entry) in rows {
        if let Some(person) = entry.person() {
            let id = EntryId(u64::try_from(*row).unwrap_or(0));
            let pushed = builder.push(&Entry { id, person });
            pushed.map_err(|e| AppError::Index(LiveListError::Entries(e)))?;
        }
    }
    let identity = SnapshotIdentity {
        list: String::new(),
        version: 0,
        built_unix_ms: 0,
        weights_hash: authority.weights.sha256,
    };
    let index = live::in_memory(builder, &identity).map_err(AppError::Index)?;
    Ok(LayeredList::new(Arc::new(index)))
}

/// Entries of a change some at a time, so that memory does not grow with the change.
struct Portions {
    change: i64,
    after: String,
    ended: bool,
}

impl Portions {
    const fn of(change: i64) -> Self {
        Self {
            change,
            after: String::new(),
            ended: false,
        }
    }

    /// The next ones, by row; none if there are no more, or nobody to hold them against.
    async fn next(
        &mut self,
        app: &App,
        authority: &AuthorityId,
        known: &[KnownTraveller],
    ) -> Result<Option<BTreeMap<i64, ListEntry>>, AppError> {
        let store = &app.0.store;
        let mut rows = BTreeMap::new();
        while !known.is_empty() && !self.ended && rows.len() < RECHECK_PORTION {
            let step = store
                .change_rows(authority, self.change, &self.after)
                .await?;
            match step.last() {
                Some(last) => self.after.clone_from(&last.entry),
                None => self.ended = true,
            }
            for row in step {
                if let Some(body) = row.body {
                    rows.insert(row.number, serde_json::from_str(&body)?);
                }
            }
        }
        Ok(if rows.is_empty() { None } else { Some(rows) })
    }
}

/// How many travellers each entry has met.
#[derive(Default)]
struct Counts(BTreeMap<i64, Count>);

struct Count {
    travellers: u64,
    /// The one counted last: a traveller who meets an entry in two ways is one.
    last: usize,
    how: (HitOn, Found),
}

impl Counts {
    /// Counts a hit, and says whether it is among those to be kept.
    fn takes(&mut self, row: i64, traveller: usize, most: u64, how: (HitOn, Found)) -> bool {
        let count = self.0.entry(row).or_insert(Count {
            travellers: 0,
            last: usize::MAX,
            how,
        });
        if count.last != traveller {
            count.travellers += 1;
            count.last = traveller;
        }
        count.travellers <= most
    }

    fn further(&self, rows: &BTreeMap<i64, ListEntry>, many: Many) -> Vec<(Hit, u64)> {
        let further = |(row, count): (&i64, &Count)| {
            let entry = rows.get(row)?;
            let more = count.travellers.checked_sub(many.most_of(entry))?;
            let (on, found) = count.how;
            (more > 0).then(|| (Hit::new(on, found, *row, entry), more))
        };
        self.0.iter().filter_map(further).collect()
    }
}

/// Journeys by document and day.
struct Journeys(BTreeMap<(String, String), BTreeMap<Date, Journey>>);

impl Journeys {
    fn of(announced: &[ExpectedTraveller]) -> Self {
        let mut journeys: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for expected in announced {
            let of_document = journeys.entry(key_of(&expected.document)).or_default();
            of_document.insert(expected.arrives, expected.journey.clone());
        }
        Self(journeys)
    }

    /// What was announced for the day of an inspection, or else for the nearest one, as for a verdict.
    fn nearest(&self, traveller: &KnownTraveller) -> Option<&Journey> {
        let Known::Inspected { opened, .. } = &traveller.known else {
            return None;
        };
        let day = opened.date();
        let apart = |other: Date| (other.days() - day.days()).abs();
        let journeys = self.0.get(&key_of(&traveller.document))?;
        let near = journeys
            .iter()
            .filter(|(other, _)| apart(**other) <= ANNOUNCED_DAYS_APART);
        let nearest = near.min_by_key(|(other, _)| apart(**other))?;
        Some(nearest.1)
    }
}

/// What officers are told of a traveller whom a version meets, if anything. A verdict made with this version or a later one has held
/// the traveller against it.
fn concerns(known: &Known, version: u64, now: UtcTime) -> Option<AlertKind> {
    match known {
        Known::Expected(_) => Some(AlertKind::Expected),
        Known::Inspected {
            screened: Some(screened),
            ..
        } if *screened >= version => None,
        Known::Inspected {
            outcome, opened, ..
        } => match outcome {
            None if now.0.saturating_sub(opened.0) < PRESENT_MS => Some(AlertKind::Present),
            Some(Outcome::Admitted) => Some(AlertKind::Admitted),
            // Officers have them, or they never crossed.
            None | Some(_) => None,
        },
    }
}

fn alert_about(kind: AlertKind, traveller: &KnownTraveller, hit: Hit) -> Alert {
    let about_nobody = Alert::of(kind, hit);
    match &traveller.known {
        Known::Expected(arrives) => Alert {
            announced: Some(Announcement::of(&traveller.document, *arrives)),
            ..about_nobody
        },
        Known::Inspected {
            inspection, lane, ..
        } => Alert {
            inspection: Some(*inspection),
            lane: Some(lane.clone()),
            ..about_nobody
        },
    }
}
