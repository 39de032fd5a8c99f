//! Use cases of screening: a traveller against the authority's list, and a new version of the list against known travellers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use egate_rules::targeting::{Ceiling, CeilingState, Journey, Subject};
use egate_rules::watch::{
    Action,
    index::{Builder, Entry, EntryId, LayeredList, SnapshotIdentity},
};
use egate_types::{AuthorityId, Date, InspectionId, LaneId, Outcome, TravelDocument, UtcTime};
use egate_wire::v1::{DocumentMessage, ListState};

use serde::Serialize;

use super::{App, AppError, Authority, lists::ListOfficer};
use crate::{
    limits::{LIST_WATCH_MS, PRESENT_MS, RECHECK_MS, RECHECK_PORTION},
    lists::{
        entry::{EntryDocument, ListEntry},
        screening::{
            Hit, HitOn, Screening, document_key, documents_met, holder_key, person_hit, person_of,
            rule_hit,
        },
        serving::Served,
    },
    store::alerts::{Alert, AlertKind, ExpectedTraveller, Known, KnownTraveller},
    watchindex::live::{self, LiveListError},
};

/// A list fit to answer from.
pub(super) struct FreshList {
    pub(super) served: Served,
    pub(super) age_s: u64,
}

/// A verdict beside what comes out when it is made again. For the list's owner alone: it names entries and reasons.
#[derive(Debug, Serialize)]
pub struct Rederived {
    /// As signed.
    pub verdict: String,
    /// The same matcher and weights found the same entries with the same points.
    pub same: bool,
    /// What the verdict rests on, as kept with it.
    pub kept: serde_json::Value,
    /// The same, made now of the list at that version.
    pub again: serde_json::Value,
}

impl App {
    /// The list's newest version; a missing, stale or unsound list is an error, so that it can never lead to `Clear`.
    pub(super) async fn fresh_list(&self, authority: &Authority) -> Result<FreshList, AppError> {
        let head = self.0.store.list_head(&authority.id).await?;
        let head = head.ok_or(AppError::ListMissing)?;
        let age_ms = self.now().0.saturating_sub(head.confirmed.0);
        let age_s = u64::try_from(age_ms / 1_000).unwrap_or(0);
        let limit_s = authority.list_age_limit_s;
        if age_s > limit_s {
            return Err(AppError::ListStale { age_s, limit_s });
        }
        let list = self.served(&authority.id)?;
        let served = list.at(&head, &self.0.store, authority, self.now()).await?;
        if !served.beside.sound {
            return Err(AppError::ListUnsound);
        }
        Ok(FreshList { served, age_s })
    }

    pub(super) fn list_state(authority: &Authority, fresh: &FreshList) -> ListState {
        ListState {
            list: authority.list.clone(),
            version: fresh.served.beside.version,
            entries: fresh.served.beside.entries,
            age_s: fresh.age_s,
        }
    }

    /// Everything of the list that the holder of the document meets. Rules count the inspection, and nothing without one; what is known of
    /// the journey is looked up unless it is given.
    pub(super) async fn screen(
        &self,
        authority: &Authority,
        message: &DocumentMessage,
        journey: Option<&Journey>,
        inspection: Option<InspectionId>,
    ) -> Result<Screening, AppError> {
        let document = &TravelDocument::from(message);
        let fresh = self.fresh_list(authority).await?;
        let state = &fresh.served.beside;
        let thresholds = authority.budget.thresholds(state.entries);
        let mut screening = Screening::new(
            &authority.list,
            (state.version, state.hash, state.entries),
            fresh.age_s,
            &authority.weights,
            thresholds,
        );
        let (now, person) = (self.now(), person_of(document));
        let today = now.date();
        let list = self.served(&authority.id)?;
        let found = list.persons(&fresh.served.list, &person, authority, thresholds);
        for (row, outcome) in found {
            let kept = self.0.store.list_row(&authority.id, row).await?;
            let kept =
                kept.ok_or_else(|| AppError::Corrupt("an index without its entry".into()))?;
            let hit = person_hit(
                row,
                &kept.entry,
                &person,
                outcome,
                &authority.weights,
                today,
            );
            screening.hits.extend(hit);
        }
        let documents = self.documents_hit(authority, state.version, document, today);
        screening.hits.extend(documents.await?);
        let kept;
        let journey = match journey {
            Some(journey) => journey,
            None => {
                kept = self.journey(authority, message, today).await?;
                &kept
            }
        };
        let subject = Subject {
            document,
            journey,
            arrival: today,
        };
        for (row, entry) in state.special.iter() {
            let Some(mut hit) = rule_hit(*row, entry, &subject, now) else {
                continue;
            };
            if let Some(inspection) = inspection {
                hit.rests = self.count_rule(authority, entry, &hit, inspection).await?;
            }
            screening.hits.push(hit);
        }
        let cleared = self
            .0
            .store
            .cleared(&authority.id, &holder_key(document), now)
            .await?;
        for hit in &mut screening.hits {
            // A listed document is a listed document, whoever carries it.
            if hit.on == HitOn::Person {
                let key = (hit.entry.clone(), hit.entry_sha256.clone());
                hit.cleared = cleared.get(&key).cloned();
            }
        }
        Ok(screening)
    }

    /// What is known of the journey of who carries a document today.
    async fn journey(
        &self,
        authority: &Authority,
        document: &DocumentMessage,
        today: Date,
    ) -> Result<Journey, AppError> {
        let days = (today.plus_days(-1), today.plus_days(1));
        let expected = self
            .0
            .store
            .expected_traveller(&authority.id, document, days)
            .await?;
        Ok(expected
            .map(|expected| expected.journey)
            .unwrap_or_default())
    }

    /// Counts a rule's hit, raises the alarm when it reaches its ceiling, and says whether the rule rests.
    async fn count_rule(
        &self,
        authority: &Authority,
        entry: &ListEntry,
        hit: &Hit,
        inspection: InspectionId,
    ) -> Result<bool, AppError> {
        let (id, today) = (&authority.id, self.now().date());
        let Some(rule) = &entry.fields().rule else {
            return Ok(false);
        };
        let store = &self.0.store;
        let (hits, again) = store
            .count_rule_hit(id, entry.id(), today, inspection)
            .await?;
        let before = Ceiling { day: today, hits };
        let (_, state) = before.after_hit(today, rule.fields().hits_per_day_max);
        if state == CeilingState::JustReached && !again {
            let alert = Alert {
                kind: AlertKind::Ceiling,
                inspection: Some(inspection),
                lane: None,
                hit: hit.clone(),
            };
            store.add_alert(id, &alert, self.now()).await?;
            self.changed(id);
        }
        Ok(state == CeilingState::Beyond)
    }

    /// Keeps announcements, and tells officers of those whom the list meets. Returns how many there were.
    pub async fn expect_travellers(
        &self,
        officer: &ListOfficer,
        expected: Vec<ExpectedTraveller>,
    ) -> Result<usize, AppError> {
        let authority = self.authority(&officer.0.authority)?;
        let login = officer.0.login.as_str();
        let count = expected.len();
        self.audit(
            authority.id.as_str(),
            login,
            "expected.add",
            &format!("{count} travellers"),
        )
        .await?;
        let today = self.now().date();
        self.0
            .store
            .forget_expected(&authority.id, today.plus_days(-1))
            .await?;
        for traveller in expected {
            self.0
                .store
                .expect_traveller(&authority.id, &traveller)
                .await?;
            let screening = self
                .screen(
                    authority,
                    &traveller.document,
                    Some(&traveller.journey),
                    None,
                )
                .await?;
            for hit in screening.effective() {
                let alert = Alert {
                    kind: AlertKind::Expected,
                    inspection: None,
                    lane: None,
                    hit: hit.clone(),
                };
                self.0
                    .store
                    .add_alert(&authority.id, &alert, self.now())
                    .await?;
            }
        }
        self.changed(&authority.id);
        Ok(count)
    }

    async fn documents_hit(
        &self,
        authority: &Authority,
        version: u64,
        document: &TravelDocument,
        today: Date,
    ) -> Result<Vec<Hit>, AppError> {
        let Some(key) = document_key(document) else {
            return Ok(Vec::new());
        };
        let store = &self.0.store;
        let candidates = store
            .document_candidates(&authority.id, version, &key)
            .await?;
        let mut hits = Vec::new();
        for (row, found, sentence) in documents_met(&key, &candidates) {
            let kept = self.0.store.list_row(&authority.id, row).await?;
            if let Some(kept) = kept.filter(|kept| kept.entry.counts_on(today)) {
                let mut hit = Hit::new(HitOn::Document, found, row, &kept.entry);
                hit.sentences.push(sentence);
                hits.push(hit);
            }
        }
        Ok(hits)
    }

    /// Tells the owner's officers of hits that nobody else learns of.
    pub(super) async fn alert_silently(
        &self,
        authority: &AuthorityId,
        inspection: InspectionId,
        lane: &LaneId,
        screening: &Screening,
    ) -> Result<(), AppError> {
        let silent = screening
            .effective()
            .filter(|hit| hit.action == Action::SilentAlert);
        for hit in silent {
            let alert = Alert {
                kind: AlertKind::Silent,
                inspection: Some(inspection),
                lane: Some(lane.clone()),
                hit: hit.clone(),
            };
            self.0
                .store
                .add_alert(authority, &alert, self.now())
                .await?;
            self.changed(authority);
        }
        Ok(())
    }

    /// Keeps every list at its newest version, holds new versions against known travellers, and makes snapshots. Never returns.
    pub async fn follow_lists(self) {
        loop {
            for authority in self.0.authorities.values() {
                if let Err(error) = self.follow(authority).await {
                    tracing::error!(authority.id = %authority.id, %error, "a list cannot be brought up to date");
                }
            }
            tokio::time::sleep(Duration::from_millis(LIST_WATCH_MS)).await;
        }
    }

    /// Brings one list up to date.
    async fn follow(&self, authority: &Authority) -> Result<(), AppError> {
        let Some(head) = self.0.store.list_head(&authority.id).await? else {
            return Ok(());
        };
        let list = self.served(&authority.id)?;
        let before = list.current().map(|served| served.beside.version);
        let served = list.at(&head, &self.0.store, authority, self.now()).await?;
        if before == Some(served.beside.version) {
            return Ok(());
        }
        if !served.beside.sound {
            tracing::error!(authority.id = %authority.id, version = head.version, "the list does not find its canaries and is not served");
        }
        self.changed(&authority.id);
        // Versions older than the first one that this replica served have been held against travellers by whoever served them.
        for version in before.unwrap_or(head.version.saturating_sub(1)) + 1..=head.version {
            if self.0.store.claim_recheck(&authority.id, version).await? {
                self.recheck(authority, version).await?;
            }
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

    /// Holds what a version has added or changed against travellers who are present or were lately admitted.
    async fn recheck(&self, authority: &Authority, version: u64) -> Result<(), AppError> {
        let Some((_, change)) = self.0.store.version_header(&authority.id, version).await? else {
            return Ok(());
        };
        let now = self.now();
        for (known, hits) in self.met_by_change(authority, change.id, RECHECK_MS).await? {
            let (kind, inspection, lane) = match known {
                Known::Expected => (AlertKind::Expected, None, None),
                Known::Inspected {
                    inspection,
                    lane,
                    opened,
                    outcome,
                } => {
                    let running = now.0.saturating_sub(opened.0) < PRESENT_MS;
                    let kind = match outcome {
                        None if running => AlertKind::Present,
                        Some(Outcome::Admitted) => AlertKind::Admitted,
                        // Officers have them, or they never crossed.
                        None | Some(_) => continue,
                    };
                    (kind, Some(inspection), Some(lane))
                }
            };
            for hit in hits {
                let alert = Alert {
                    kind,
                    inspection,
                    lane: lane.clone(),
                    hit,
                };
                self.0.store.add_alert(&authority.id, &alert, now).await?;
            }
        }
        self.changed(&authority.id);
        Ok(())
    }

    /// Known travellers of the last `back_ms` whom the entries of a change meet, in force or not: for re-checks and for dry runs. Takes the
    /// entries in portions, so that memory does not grow with the change.
    pub(super) async fn met_by_change(
        &self,
        authority: &Authority,
        change: i64,
        back_ms: i64,
    ) -> Result<Vec<(Known, Vec<Hit>)>, AppError> {
        let store = &self.0.store;
        let known = Arc::new(self.known(authority, change, back_ms).await?);
        let mut met = Vec::new();
        if known.is_empty() {
            return Ok(met);
        }
        let entries = store.list_head(&authority.id).await?;
        let entries = entries.map_or(0, |head| head.entries);
        let mut rows = BTreeMap::new();
        let mut after = String::new();
        loop {
            let step = store.change_rows(&authority.id, change, &after).await?;
            let ended = step.is_empty();
            if let Some(last) = step.last() {
                after.clone_from(&last.entry);
            }
            for row in step {
                if let Some(body) = row.body {
                    rows.insert(row.number, serde_json::from_str::<ListEntry>(&body)?);
                }
            }
            if rows.len() >= RECHECK_PORTION || (ended && !rows.is_empty()) {
                let portion = std::mem::take(&mut rows);
                let (app, id, now) = (self.clone(), authority.id.clone(), self.now());
                let known = Arc::clone(&known);
                let found = move || app.meet(&id, &portion, &known, entries, now);
                met.extend(super::blocking(found).await?);
            }
            if ended {
                return Ok(met);
            }
        }
    }

    /// Travellers inspected in the last `back_ms` and those announced. Journeys are looked up where a change has rules to hold against them.
    async fn known(
        &self,
        authority: &Authority,
        change: i64,
        back_ms: i64,
    ) -> Result<Vec<(KnownTraveller, Journey)>, AppError> {
        let (store, now) = (&self.0.store, self.now());
        let since = now.plus_ms(-back_ms);
        let rules = store.change_is_special(change).await?;
        let mut known = Vec::new();
        for traveller in store.known_travellers(&authority.id, since).await? {
            let journey = if rules {
                self.journey(authority, &traveller.document, now.date())
                    .await?
            } else {
                Journey::default()
            };
            known.push((traveller, journey));
        }
        for expected in store.expected_travellers(&authority.id, now.date()).await? {
            let traveller = KnownTraveller {
                document: expected.document,
                known: Known::Expected,
            };
            known.push((traveller, expected.journey));
        }
        Ok(known)
    }

    /// Derives the latest verdict's hits again: the list as it was, the traveller as kept, the matcher and weights of this program.
    pub async fn rederive(
        &self,
        officer: &ListOfficer,
        inspection: InspectionId,
    ) -> Result<Rederived, AppError> {
        let authority = self.authority(&officer.0.authority)?;
        let login = officer.0.login.as_str();
        let subject = inspection.to_string();
        self.audit(authority.id.as_str(), login, "verdict.rederive", &subject)
            .await?;
        let store = &self.0.store;
        let opened = store.inspection(&authority.id, inspection).await?;
        let opened = opened.ok_or(AppError::UnknownInspection)?;
        let verdict = store.latest_verdict(&authority.id, inspection).await?;
        let verdict = verdict.ok_or(AppError::NoCase)?;
        let kept = verdict.screening.ok_or(AppError::NoCase)?;
        let at = verdict.signed;
        let journey = self.journey(authority, &opened.document, at.date()).await?;
        let mut hits = Vec::new();
        let mut after = String::new();
        loop {
            let step = store
                .entries_at(&authority.id, kept.version, &after)
                .await?;
            let Some(last) = step.last() else { break };
            last.entry.id().clone_into(&mut after);
            let rows: BTreeMap<i64, ListEntry> = step
                .into_iter()
                .map(|kept| (kept.number, kept.entry))
                .collect();
            let traveller = KnownTraveller {
                document: opened.document.clone(),
                known: Known::Expected,
            };
            let known = vec![(traveller, journey.clone())];
            let (app, id, entries) = (self.clone(), authority.id.clone(), kept.entries);
            let met = super::blocking(move || app.meet(&id, &rows, &known, entries, at)).await?;
            hits.extend(met.into_iter().flat_map(|(_, hits)| hits));
        }
        let mut again = Screening::new(
            &kept.list,
            (kept.version, [0; 32], kept.entries),
            kept.age_s,
            &authority.weights,
            authority.budget.thresholds(kept.entries),
        );
        again.version_hash.clone_from(&kept.version_hash);
        again.hits = hits;
        Ok(Rederived {
            verdict: verdict.verdict,
            same: kept.same_as(&again),
            kept: serde_json::to_value(&kept)?,
            again: serde_json::to_value(&again)?,
        })
    }

    fn meet(
        &self,
        authority: &AuthorityId,
        rows: &BTreeMap<i64, ListEntry>,
        known: &[(KnownTraveller, Journey)],
        entries: u64,
        now: UtcTime,
    ) -> Result<Vec<(Known, Vec<Hit>)>, AppError> {
        let authority = self.authority(authority)?;
        let today = now.date();
        let rows_in_force = rows.iter().filter(|(_, entry)| entry.counts_on(today));
        let mut builder = Builder::default();
        let mut documents: Vec<(i64, EntryDocument)> = Vec::new();
        for (row, entry) in rows_in_force {
            if let Some(person) = entry.person() {
                let id = EntryId(u64::try_from(*row).unwrap_or(0));
                let pushed = builder.push(&Entry { id, person });
                pushed.map_err(|e| AppError::Index(LiveListError::Entries(e)))?;
            }
            documents.extend(entry.fields().documents.iter().map(|d| (*row, d.clone())));
        }
        let identity = SnapshotIdentity {
            list: String::new(),
            version: 0,
            built_unix_ms: 0,
            weights_hash: authority.weights.sha256,
        };
        let index = live::in_memory(builder, &identity).map_err(AppError::Index)?;
        let list = LayeredList::new(Arc::new(index));
        let search = self.served(&authority.id)?;
        let thresholds = authority.budget.thresholds(entries);
        let mut met = Vec::new();
        for (traveller, journey) in known {
            let document = TravelDocument::from(&traveller.document);
            let person = person_of(&document);
            let mut hits: Vec<Hit> = Vec::new();
            for (row, outcome) in search.persons(&list, &person, authority, thresholds) {
                let Some(entry) = rows.get(&row) else {
                    continue;
                };
                hits.extend(person_hit(
                    row,
                    entry,
                    &person,
                    outcome,
                    &authority.weights,
                    today,
                ));
            }
            if let Some(key) = document_key(&document) {
                for (row, found, sentence) in documents_met(&key, &documents) {
                    let Some(entry) = rows.get(&row) else {
                        continue;
                    };
                    let mut hit = Hit::new(HitOn::Document, found, row, entry);
                    hit.sentences.push(sentence);
                    hits.push(hit);
                }
            }
            let subject = Subject {
                document: &document,
                journey,
                arrival: today,
            };
            hits.extend(
                rows.iter()
                    .filter_map(|(row, entry)| rule_hit(*row, entry, &subject, now)),
            );
            if !hits.is_empty() {
                met.push((traveller.known.clone(), hits));
            }
        }
        Ok(met)
    }
}
