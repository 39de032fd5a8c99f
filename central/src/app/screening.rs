//! Use cases of screening: a traveller against the authority's list.

use std::collections::BTreeMap;

use egate_rules::targeting::{CeilingState, Journey, Subject};
use egate_rules::watch::Action;
use egate_types::{AuthorityId, Date, InspectionId, LaneId, TravelDocument};
use egate_wire::v1::{DocumentMessage, ListState};

use serde::Serialize;

use super::{App, AppError, Authority, lists::ListOfficer, rechecks::Many};
use crate::{
    limits::ANNOUNCED_DAYS_APART,
    lists::{
        entry::ListEntry,
        screening::{
            Crossing, Hit, HitOn, Screening, document_key, documents_met, holder_key, person_hit,
            person_of, rule_hit,
        },
        serving::Served,
    },
    store::{
        alerts::{Alert, AlertKind},
        known::{Announcement, ExpectedTraveller, Known, KnownTraveller},
    },
};

/// Who is held against the list.
pub(super) enum Screened<'a> {
    /// Stands in a lane. Rules count the inspection; what is known of the journey is looked up.
    Inspected(InspectionId, &'a DocumentMessage),
    /// Is announced. Rules count nothing.
    Announced(&'a ExpectedTraveller),
}

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
        let age_s = head.age_s(self.now()).ok_or(AppError::ListFromFuture)?;
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

    /// Everything of the list that the holder of the document meets.
    pub(super) async fn screen(
        &self,
        authority: &Authority,
        who: &Screened<'_>,
    ) -> Result<Screening, AppError> {
        let now = self.now();
        let (message, crossing) = match who {
            Screened::Inspected(_, message) => (*message, Crossing::at(now)),
            Screened::Announced(expected) => {
                (&expected.document, Crossing::on(expected.arrives, now))
            }
        };
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
        let person = person_of(document);
        let list = self.served(&authority.id)?;
        let found = list.persons(&fresh.served.list, &person, authority, thresholds);
        for (row, outcome) in found {
            let kept = self.0.store.list_row(&authority.id, row).await?;
            let kept =
                kept.ok_or_else(|| AppError::Corrupt("an index without its entry".into()))?;
            let weights = &authority.weights;
            let hit = person_hit(row, &kept.entry, &person, outcome, weights, crossing.day);
            screening.hits.extend(hit);
        }
        let documents = self.documents_hit(authority, state.version, document, crossing.day);
        screening.hits.extend(documents.await?);
        let journey = match who {
            Screened::Inspected(..) => self.journey(authority, message, crossing.day).await?,
            Screened::Announced(expected) => expected.journey.clone(),
        };
        let subject = Subject {
            document,
            journey: &journey,
            arrival: crossing.day,
        };
        for (row, entry) in state.special.iter() {
            let Some(mut hit) = rule_hit(*row, entry, &subject, crossing) else {
                continue;
            };
            if let Screened::Inspected(inspection, _) = who {
                hit.rests = self.count_rule(authority, entry, &hit, *inspection).await?;
            }
            screening.hits.push(hit);
        }
        screening.journey = Some(journey);
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

    /// What is known of the journey of who carries a document on a day.
    async fn journey(
        &self,
        authority: &Authority,
        document: &DocumentMessage,
        day: Date,
    ) -> Result<Journey, AppError> {
        let store = &self.0.store;
        let expected = store.expected_traveller(&authority.id, document, day, ANNOUNCED_DAYS_APART);
        Ok(expected
            .await?
            .map(|expected| expected.journey)
            .unwrap_or_default())
    }

    /// Counts a rule's hit, and says whether the rule rests.
    async fn count_rule(
        &self,
        authority: &Authority,
        entry: &ListEntry,
        hit: &Hit,
        inspection: InspectionId,
    ) -> Result<bool, AppError> {
        let Some(rule) = &entry.fields().rule else {
            return Ok(false);
        };
        let (id, most) = (&authority.id, rule.fields().hits_per_day_max);
        let store = &self.0.store;
        let state = store
            .count_rule_hit(id, hit, most, inspection, self.now())
            .await?;
        if state == CeilingState::JustReached {
            self.changed(id);
        }
        Ok(state == CeilingState::Beyond)
    }

    /// Keeps announcements, and tells officers of those whom the list meets on the day of arrival. Returns how many there were.
    pub async fn expect_travellers(
        &self,
        officer: &ListOfficer,
        expected: Vec<ExpectedTraveller>,
    ) -> Result<usize, AppError> {
        let authority = self.authority(&officer.0.authority)?;
        let (id, login) = (&authority.id, officer.0.login.as_str());
        let count = expected.len();
        let subject = format!("{count} travellers");
        self.audit(id.as_str(), login, "expected.add", &subject)
            .await?;
        let store = &self.0.store;
        for traveller in expected {
            store.expect_traveller(id, &traveller).await?;
            let screening = self
                .screen(authority, &Screened::Announced(&traveller))
                .await?;
            for hit in screening.effective() {
                let announced = Announcement::of(&traveller.document, traveller.arrives);
                let alert = Alert {
                    announced: Some(announced),
                    ..Alert::of(AlertKind::Expected, hit.clone())
                };
                store.add_alert(id, &alert, self.now()).await?;
            }
        }
        self.changed(id);
        Ok(count)
    }

    async fn documents_hit(
        &self,
        authority: &Authority,
        version: u64,
        document: &TravelDocument,
        day: Date,
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
            let kept = store.list_row(&authority.id, row).await?;
            if let Some(kept) = kept.filter(|kept| kept.entry.counts_on(day)) {
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
                inspection: Some(inspection),
                lane: Some(lane.clone()),
                ..Alert::of(AlertKind::Silent, hit.clone())
            };
            self.0
                .store
                .add_alert(authority, &alert, self.now())
                .await?;
            self.changed(authority);
        }
        Ok(())
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
        let journey = match &kept.journey {
            Some(journey) => journey.clone(),
            None => self.journey(authority, &opened.document, at.date()).await?,
        };
        let traveller = KnownTraveller {
            document: opened.document,
            journey: journey.clone(),
            known: Known::Inspected {
                inspection,
                lane: opened.lane,
                opened: at,
                outcome: None,
                screened: None,
            },
        };
        let known = std::sync::Arc::new(vec![traveller]);
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
            let many = Many::all(kept.entries, at);
            let met = self.meet(&authority.id, rows, &known, many).await?;
            hits.extend(met.travellers.into_iter().flat_map(|(_, hits)| hits));
        }
        let mut again = Screening::new(
            &kept.list,
            (kept.version, [0; 32], kept.entries),
            kept.age_s,
            &authority.weights,
            authority.budget.thresholds(kept.entries),
        );
        again.version_hash.clone_from(&kept.version_hash);
        again.journey = kept.journey.as_ref().map(|_| journey);
        again.hits = hits;
        Ok(Rederived {
            verdict: verdict.verdict,
            same: kept.same_as(&again),
            kept: serde_json::to_value(&kept)?,
            again: serde_json::to_value(&again)?,
        })
    }
}
