//! Use cases of whoever maintains a list: draft, propose, approve, go back, clear a namesake. Each is audited under its officer's name.

use egate_rules::watch::DocumentKey;
use egate_types::{AuthorityId, InspectionId, LaneId, Outcome, TravelDocument, UtcTime};
use serde::{Deserialize, Serialize};

use super::{App, AppError, Authority};
use crate::{
    limits::{
        BAD_ROWS_SHOWN_MAX, CHANGE_ROWS_SHOWN, CHANGES_SHOWN, CLEARANCE_DAYS_MAX,
        DRY_RUN_ENTRIES_MAX, EDITION_SOURCES_MAX, FRESH_ID_TRIES, LEFTOVER_STEPS_MAX,
        READING_MS_MAX, RECHECK_MS, REMARK_CHARS_MAX, REMARK_CHARS_MIN, ROWS_PER_BATCH,
    },
    lists::{
        change::{ChangeKind, ChangeState, Difference, NO_ENTRY_LEFT, VersionHeader},
        edition::Edition,
        entry::{EntryFields, ListEntry},
        import,
        screening::{Cleared, Found, HitOn, holder_key},
    },
    store::{
        StoredOfficer,
        alerts::{StoredAlert, StoredNamesake},
        changes::Approval,
        known::Known,
        lists::{Head, StoredChange, StoredRow},
    },
};

/// One row of what somebody wants changed.
pub struct DraftRow {
    /// Where it stands in its file; 1 for a single entry.
    pub line: u64,
    /// What it asks for, or why it cannot be read.
    pub row: Result<Draft, String>,
    /// What is odd about it although it is used.
    pub odd: Vec<String>,
}

/// What a row asks for.
pub enum Draft {
    /// The entry is listed from now on.
    Put(Box<ListEntry>),
    /// The entry of this id is listed no more.
    Withdraw(String),
    /// Nothing: the row is no concern of a border.
    LeftOut,
}

impl From<import::Row> for DraftRow {
    fn from(row: import::Row) -> Self {
        let found = match row.found {
            import::Found::Entry(entry) => Ok(Draft::Put(entry)),
            import::Found::LeftOut(_) => Ok(Draft::LeftOut),
            import::Found::Bad(error) => Err(error.to_string()),
        };
        Self {
            line: row.line,
            row: found,
            odd: row.odd.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A line of a file and what is wrong or odd with it. Shows nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineReport {
    /// From 1.
    pub line: u64,
    /// What and why.
    pub reason: String,
}

/// What came of reading a change: a draft, or the reasons why there is none.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DraftReport {
    /// The draft; absent if a row is bad or nothing would change.
    pub change: Option<i64>,
    /// Rows read.
    pub rows: u64,
    /// Rows that are no concern of a border, e.g. ships.
    pub left_out: u64,
    /// What it would do.
    pub difference: Difference,
    /// What is unusual about its size.
    pub beyond_limits: Vec<String>,
    /// Rows that cannot be used, the first of them; none of the file is used then.
    pub bad: Vec<LineReport>,
    /// How many there are.
    pub bad_count: u64,
    /// Rows that are used although something in them is not.
    pub odd: Vec<LineReport>,
    /// How many there are.
    pub odd_count: u64,
    /// The list is as the file says: nothing to approve, and the list is confirmed.
    pub confirmed: bool,
}

/// A change as an officer reads it before deciding.
pub(crate) struct ChangeView {
    pub(crate) change: StoredChange,
    /// One page of them.
    pub(crate) rows: Vec<StoredRow>,
    /// Rows on the pages before.
    pub(crate) before: u64,
    /// The last entry of the page, if others follow.
    pub(crate) next: Option<String>,
    /// Only while it is not decided, with the first rows.
    pub(crate) dry_run: Option<DryRun>,
    /// The version that the list is at, if the change can be approved no more: it was compared with an earlier one.
    pub(crate) overtaken_by: Option<u64>,
}

/// Which entries are looked for: by the beginning of an id, or by the number of a document.
#[derive(Deserialize)]
pub(crate) struct Sought {
    /// Empty: not by that.
    #[serde(default)]
    pub(crate) id: String,
    /// Likewise.
    #[serde(default)]
    pub(crate) document: String,
}

/// A change held against lately inspected and announced travellers.
pub(crate) struct DryRun {
    /// Not if it has too many entries to wait for.
    pub(crate) tried: bool,
    pub(crate) inspected: u64,
    pub(crate) met: Vec<Met>,
    /// Entries that announced travellers would meet.
    pub(crate) announced: Vec<String>,
}

/// A traveller whom an entry would have met.
pub(crate) struct Met {
    pub(crate) inspection: InspectionId,
    pub(crate) lane: LaneId,
    pub(crate) opened: UtcTime,
    /// None while the inspection runs.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) entry: String,
    pub(crate) found: Found,
}

impl App {
    /// Signs in for one command, by login and password.
    pub async fn officer(&self, login: &str, password: &str) -> Result<ListOfficer, AppError> {
        let secret = self.login(login, password).await?;
        let officer = self.session(&secret).await?;
        self.logout(&secret).await?;
        ListOfficer::of(officer)
    }

    /// Reads a change and compares it with the list. Nothing is in force by it, and of a file with a bad row nothing is kept.
    pub async fn draft_change(
        &self,
        officer: &ListOfficer,
        kind: ChangeKind,
        source: &str,
        rows: impl Iterator<Item = DraftRow> + Send,
    ) -> Result<DraftReport, AppError> {
        let (authority, login) = (&officer.0.authority, officer.0.login.as_str());
        let store = &self.0.store;
        let change = store
            .begin_change(authority, kind, source, login, self.now())
            .await?;
        let read = self.read_change(officer, change, kind, rows).await;
        self.or_discarded(officer, change, read).await
    }

    /// What was read to its end. After a fault nothing of it is kept.
    async fn or_discarded(
        &self,
        officer: &ListOfficer,
        change: i64,
        read: Result<DraftReport, AppError>,
    ) -> Result<DraftReport, AppError> {
        if read.is_err()
            && let Err(error) = self
                .discard(officer, change, "a fault while it was read")
                .await
        {
            tracing::warn!(change, %error, "what was read of a change is still there; the watcher deletes it");
        }
        read
    }

    async fn read_change(
        &self,
        officer: &ListOfficer,
        change: i64,
        kind: ChangeKind,
        rows: impl Iterator<Item = DraftRow> + Send,
    ) -> Result<DraftReport, AppError> {
        let mut report = DraftReport::default();
        let mut batch = Batch::default();
        let mut edition = Edition::default();
        for row in rows {
            report.rows += 1;
            for reason in row.odd {
                report.odd(row.line, reason);
            }
            match row.row {
                Ok(Draft::Put(entry)) => {
                    if kind == ChangeKind::Replace && !edition.add(&entry) {
                        let many =
                            format!("its entries name more than {EDITION_SOURCES_MAX} sources");
                        return Err(AppError::ListFile(many));
                    }
                    batch.puts.push((row.line, *entry));
                }
                Ok(Draft::Withdraw(id)) => batch.withdrawn.push((row.line, id)),
                Ok(Draft::LeftOut) => report.left_out += 1,
                Err(reason) => report.bad(row.line, reason),
            }
            if batch.puts.len() + batch.withdrawn.len() >= ROWS_PER_BATCH {
                self.write(officer, change, &mut batch, &mut report).await?;
            }
        }
        self.write(officer, change, &mut batch, &mut report).await?;
        if report.bad_count > 0 {
            self.discard(officer, change, "rows that cannot be read")
                .await?;
            return Ok(report);
        }
        if kind == ChangeKind::Replace {
            if edition.is_empty() {
                let empty = "it holds no entry, and so is the whole edition of nothing";
                return Err(AppError::ListFile(empty.to_owned()));
            }
            let (store, authority) = (&self.0.store, &officer.0.authority);
            store.withdraw_unseen(authority, change, &edition).await?;
        }
        self.finish(officer, change, report).await
    }

    async fn write(
        &self,
        officer: &ListOfficer,
        change: i64,
        batch: &mut Batch,
        report: &mut DraftReport,
    ) -> Result<(), AppError> {
        let batch = std::mem::take(batch);
        // Reading goes on so that all bad rows are told; what is read is given up anyway.
        if report.bad_count > 0 {
            return Ok(());
        }
        let (lines, entries): (Vec<u64>, Vec<ListEntry>) = batch.puts.into_iter().unzip();
        let store = &self.0.store;
        for at in store
            .put_entries(&officer.0.authority, change, &entries)
            .await?
        {
            report.bad(
                lines[at],
                "an entry of this id stands in the file already".into(),
            );
        }
        let (lines, ids): (Vec<u64>, Vec<String>) = batch.withdrawn.into_iter().unzip();
        for at in store
            .withdraw_entries(&officer.0.authority, change, &ids)
            .await?
        {
            report.bad(lines[at], "no entry of this id is in force".into());
        }
        Ok(())
    }

    async fn finish(
        &self,
        officer: &ListOfficer,
        change: i64,
        mut report: DraftReport,
    ) -> Result<DraftReport, AppError> {
        let authority = &officer.0.authority;
        self.0.store.finish_reading(authority, change).await?;
        self.0.store.delete_leftovers(change).await?;
        let drafted = self.change(officer, change).await?;
        report.difference = drafted.difference;
        report.beyond_limits = drafted.difference.beyond_limits();
        if drafted.difference.is_empty() {
            self.discard(officer, change, "nothing changes").await?;
            let has_list = self.0.store.list_head(authority).await?.is_some();
            if drafted.kind == ChangeKind::Replace && has_list {
                self.0.store.confirm_list(authority, self.now()).await?;
                self.audit_change(officer, "list.confirm", change).await?;
                report.confirmed = true;
            }
            return Ok(report);
        }
        self.audit_change(officer, "list.draft", change).await?;
        report.change = Some(change);
        Ok(report)
    }

    /// An officer has found that the list is as it should be although nothing has come: its age begins anew. The way for lists that are kept by
    /// hand, of which no edition will ever come.
    pub async fn confirm_list(&self, officer: &ListOfficer, how: &str) -> Result<(), AppError> {
        let how = remark(how)?;
        let (authority, login) = (&officer.0.authority, officer.0.login.as_str());
        let head = self.0.store.list_head(authority).await?;
        let head = head.ok_or(AppError::ListMissing)?;
        let subject = format!("version {}: {how}", head.version);
        self.audit(authority.as_str(), login, "list.confirm", &subject)
            .await?;
        self.0.store.confirm_list(authority, self.now()).await?;
        self.changed(authority);
        Ok(())
    }

    /// Drafts the way back to an earlier version.
    pub async fn draft_return(
        &self,
        officer: &ListOfficer,
        version: u64,
    ) -> Result<DraftReport, AppError> {
        let authority = &officer.0.authority;
        let head = self.0.store.list_head(authority).await?;
        let head = head.ok_or(AppError::ListMissing)?;
        if version == 0 || version >= head.version {
            return Err(AppError::NoVersion);
        }
        let source = format!("version {version}");
        let login = officer.0.login.as_str();
        let store = &self.0.store;
        let change = store
            .begin_change(authority, ChangeKind::Return, &source, login, self.now())
            .await?;
        let read = match store.put_back(authority, change, version).await {
            Ok(()) => self.finish(officer, change, DraftReport::default()).await,
            Err(error) => Err(error),
        };
        self.or_discarded(officer, change, read).await
    }

    /// Asks for a second person's approval.
    pub async fn propose_change(
        &self,
        officer: &ListOfficer,
        id: i64,
        reason: &str,
        accept_size: bool,
    ) -> Result<(), AppError> {
        let reason = remark(reason)?;
        let change = self.change(officer, id).await?;
        expect_state(&change, ChangeState::Draft)?;
        let beyond = change.difference.beyond_limits();
        if !beyond.is_empty() && !accept_size {
            return Err(AppError::BeyondLimits(beyond));
        }
        self.audit_change(officer, "list.propose", id).await?;
        let (authority, login) = (&officer.0.authority, officer.0.login.as_str());
        let done = self
            .0
            .store
            .propose_change(authority, id, login, reason, !beyond.is_empty())
            .await?;
        self.changed(authority);
        if !done {
            return Err(self.too_late(officer, id, ChangeState::Draft).await);
        }
        Ok(())
    }

    /// Puts a proposed change in force: the next verdict of every replica is made with it. Returns the list's new version.
    pub async fn approve_change(
        &self,
        officer: &ListOfficer,
        id: i64,
        remark_text: &str,
    ) -> Result<u64, AppError> {
        let remark = remark(remark_text)?;
        let change = self.change(officer, id).await?;
        expect_state(&change, ChangeState::Proposed)?;
        let (authority, login) = (&officer.0.authority, officer.0.login.as_str());
        if change.drafted_by == login || change.proposed_by.as_deref() == Some(login) {
            return Err(AppError::SamePerson);
        }
        self.audit_change(officer, "list.approve", id).await?;
        let now = self.now();
        let header = |version, previous| VersionHeader {
            authority: authority.clone(),
            version,
            previous,
            rows: change.rows_hash,
            difference: change.difference,
            drafted_by: change.drafted_by.clone(),
            proposed_by: change.proposed_by.clone().unwrap_or_default(),
            reason: change.reason.clone().unwrap_or_default(),
            approved_by: login.to_owned(),
            remark: remark.to_owned(),
            approved_at: now,
        };
        let approval = self
            .0
            .store
            .approve_change(authority, &change, header)
            .await?;
        match approval {
            Approval::InForce(version) => {
                tracing::info!(authority.id = %authority, version, change = id, "a list has a new version");
                self.changed(authority);
                Ok(version)
            }
            Approval::Overtaken => Err(AppError::Overtaken),
            Approval::NobodyLeft => Err(AppError::BeyondLimits(vec![NO_ENTRY_LEFT.to_owned()])),
            Approval::NotProposed => Err(self.too_late(officer, id, ChangeState::Proposed).await),
        }
    }

    /// Says no to a proposed change. One's own proposal may be taken back too.
    pub async fn reject_change(
        &self,
        officer: &ListOfficer,
        id: i64,
        remark_text: &str,
    ) -> Result<(), AppError> {
        let remark = remark(remark_text)?;
        let change = self.change(officer, id).await?;
        expect_state(&change, ChangeState::Proposed)?;
        self.audit_change(officer, "list.reject", id).await?;
        let (authority, login) = (&officer.0.authority, officer.0.login.as_str());
        let done = self
            .0
            .store
            .end_change(
                authority,
                id,
                ChangeState::Rejected,
                login,
                remark,
                self.now(),
            )
            .await?;
        self.changed(authority);
        if !done {
            return Err(self.too_late(officer, id, ChangeState::Proposed).await);
        }
        self.0.store.delete_leftovers(id).await
    }

    /// Somebody else was faster: what has become of the change meanwhile.
    async fn too_late(&self, officer: &ListOfficer, id: i64, expected: ChangeState) -> AppError {
        match self.change(officer, id).await {
            Ok(StoredChange { state, .. }) => AppError::WrongState { state, expected },
            Err(error) => error,
        }
    }

    /// Gives up a draft.
    pub async fn discard_change(&self, officer: &ListOfficer, id: i64) -> Result<(), AppError> {
        let change = self.change(officer, id).await?;
        expect_state(&change, ChangeState::Draft)?;
        self.audit_change(officer, "list.discard", id).await?;
        if !self.discard(officer, id, "given up").await? {
            return Err(self.too_late(officer, id, ChangeState::Draft).await);
        }
        Ok(())
    }

    /// False if somebody else was faster.
    async fn discard(&self, officer: &ListOfficer, id: i64, why: &str) -> Result<bool, AppError> {
        let (authority, login) = (&officer.0.authority, officer.0.login.as_str());
        let (store, state) = (&self.0.store, ChangeState::Discarded);
        let done = store
            .end_change(authority, id, state, login, why, self.now())
            .await?;
        if done {
            store.delete_leftovers(id).await?;
        }
        Ok(done)
    }

    /// Gives up changes that nobody reads any more, and deletes what ended changes have left over. The watcher's; what fails is tried again.
    pub(crate) async fn tidy_changes(&self) {
        if let Err(error) = self.try_to_tidy_changes().await {
            tracing::error!(%error, "what ended changes of lists have left over cannot be deleted");
        }
    }

    async fn try_to_tidy_changes(&self) -> Result<(), AppError> {
        let (store, now) = (&self.0.store, self.now());
        for (id, authority) in store
            .read_since_before(now.plus_ms(-READING_MS_MAX))
            .await?
        {
            let authority = AuthorityId::parse(&authority);
            let authority = authority.map_err(|e| AppError::Corrupt(e.to_string()))?;
            self.audit(
                authority.as_str(),
                WATCHER,
                "list.discard",
                &format!("change {id}"),
            )
            .await?;
            let (state, why) = (ChangeState::Discarded, "not read to its end");
            store
                .end_change(&authority, id, state, WATCHER, why, now)
                .await?;
        }
        let mut steps = 0;
        for change in store.leftovers().await? {
            while steps < LEFTOVER_STEPS_MAX && !store.delete_some_leftovers(change).await? {
                steps += 1;
            }
        }
        Ok(())
    }

    /// A change of the officer's own list.
    pub(crate) async fn change(
        &self,
        officer: &ListOfficer,
        id: i64,
    ) -> Result<StoredChange, AppError> {
        let change = self.0.store.change(&officer.0.authority, id).await?;
        change.ok_or(AppError::NoChange)
    }

    /// A change with its rows behind an entry's id and, while it is not decided, whom it would have met lately; looking is audited. What is
    /// not decided names people who may never be listed, and is for those alone who decide.
    pub(crate) async fn look_at_change(
        &self,
        officer: &StoredOfficer,
        id: i64,
        after: &str,
    ) -> Result<ChangeView, AppError> {
        let authority = self.authority(&officer.authority)?;
        let change = self.0.store.change(&authority.id, id).await?;
        let change = change.ok_or(AppError::NoChange)?;
        // What is still being read is nothing yet, to anybody.
        if change.state == ChangeState::Reading {
            return Err(AppError::NoChange);
        }
        let undecided = matches!(change.state, ChangeState::Draft | ChangeState::Proposed);
        if undecided && !officer.lists {
            return Err(AppError::NoListDuty);
        }
        let (login, subject) = (officer.login.as_str(), format!("change {id}"));
        self.audit(authority.id.as_str(), login, "list.look", &subject)
            .await?;
        let store = &self.0.store;
        // Rows of what never counted are shown to nobody, be they deleted yet or not.
        let rows = if undecided || change.state == ChangeState::Approved {
            store
                .some_change_rows(&authority.id, id, after, CHANGE_ROWS_SHOWN)
                .await?
        } else {
            Vec::new()
        };
        let before = store.change_rows_up_to(&authority.id, id, after).await?;
        // Of a very large change that is told when it is approved.
        let told = undecided && change.difference.rows() <= DRY_RUN_ENTRIES_MAX;
        let overtaken = told && store.is_overtaken(&authority.id, &change).await?;
        let head = store.list_head(&authority.id).await?;
        let dry_run = if undecided && after.is_empty() {
            let entries = change.difference.added + change.difference.changed;
            let tried = entries <= DRY_RUN_ENTRIES_MAX;
            Some(self.dry_run(authority, id, tried).await?)
        } else {
            None
        };
        let read = before + rows.len() as u64;
        let last = rows.last().filter(|_| read < change.difference.rows());
        Ok(ChangeView {
            next: last.map(|row| row.entry.clone()),
            change,
            rows,
            before,
            dry_run,
            overtaken_by: head.map(|head| head.version).filter(|_| overtaken),
        })
    }

    async fn dry_run(
        &self,
        authority: &Authority,
        change: i64,
        tried: bool,
    ) -> Result<DryRun, AppError> {
        let since = self.now().plus_ms(-RECHECK_MS);
        let inspected = self.0.store.inspected_since(&authority.id, since).await?;
        let mut dry_run = DryRun {
            tried,
            inspected,
            met: Vec::new(),
            announced: Vec::new(),
        };
        if !tried {
            return Ok(dry_run);
        }
        for (known, hits) in self.met_by_change(authority, change, RECHECK_MS).await? {
            match known {
                Known::Expected(_) => dry_run
                    .announced
                    .extend(hits.into_iter().map(|hit| hit.entry)),
                Known::Inspected {
                    inspection,
                    lane,
                    opened,
                    outcome,
                    ..
                } => dry_run.met.extend(hits.into_iter().map(|hit| Met {
                    inspection,
                    lane: lane.clone(),
                    opened,
                    outcome,
                    entry: hit.entry,
                    found: hit.outcome,
                })),
            }
        }
        Ok(dry_run)
    }

    /// The list's head and its newest changes, or those that follow one of them.
    pub(crate) async fn list_overview(
        &self,
        officer: &StoredOfficer,
        before: Option<i64>,
    ) -> Result<(Option<Head>, Vec<StoredChange>), AppError> {
        let authority = &officer.authority;
        let head = self.0.store.list_head(authority).await?;
        let changes = self.0.store.changes(authority, before, CHANGES_SHOWN);
        Ok((head, changes.await?))
    }

    /// Whether the list that is served finds what it must find; also while none is served.
    pub(crate) fn list_is_sound(&self, officer: &StoredOfficer) -> Result<bool, AppError> {
        let served = self.served(&officer.authority)?.current();
        Ok(served.is_none_or(|served| served.beside.sound))
    }

    /// An entry's versions, the newest first; looking is audited.
    pub(crate) async fn entry_history(
        &self,
        officer: &StoredOfficer,
        id: &str,
    ) -> Result<Vec<(StoredChange, Option<ListEntry>)>, AppError> {
        let (authority, login) = (&officer.authority, officer.login.as_str());
        let history = self.0.store.entry_history(authority, id).await?;
        if history.is_empty() {
            return Err(AppError::NoEntry);
        }
        self.audit(authority.as_str(), login, "entry.look", id)
            .await?;
        Ok(history)
    }

    /// Entries in force that are found, in the order of their ids; looking is audited. Nothing asked for is nothing found.
    pub(crate) async fn find_entries(
        &self,
        officer: &ListOfficer,
        sought: &Sought,
    ) -> Result<Vec<EntryFields>, AppError> {
        let (authority, login) = (&officer.0.authority, officer.0.login.as_str());
        let (id, number) = (sought.id.trim(), sought.document.trim());
        if id.is_empty() && number.is_empty() {
            return Ok(Vec::new());
        }
        let by = if id.is_empty() { "document" } else { "id" };
        let subject = format!("{by} {id}{}", if id.is_empty() { number } else { "" });
        self.audit(authority.as_str(), login, "entry.find", subject.trim())
            .await?;
        let found = if id.is_empty() {
            // Issuer and class do not bear on how a number is folded.
            let Ok(key) = DocumentKey::parse("UTO", "P", number) else {
                return Ok(Vec::new());
            };
            let folded = key.folded_number();
            self.0.store.entries_by_number(authority, &folded).await?
        } else {
            self.0.store.entries_by_id(authority, id).await?
        };
        let found = found.into_iter().map(|current| current.entry.into());
        Ok(found.collect())
    }

    /// Whether an entry of this id is in force.
    pub(crate) async fn has_entry(
        &self,
        officer: &ListOfficer,
        id: &str,
    ) -> Result<bool, AppError> {
        let history = self.0.store.entry_history(&officer.0.authority, id).await?;
        Ok(history.first().is_some_and(|(_, entry)| entry.is_some()))
    }

    /// An id that no entry of the list has ever had.
    pub(crate) async fn fresh_entry_id(&self, officer: &ListOfficer) -> Result<String, AppError> {
        let day = self.now().date();
        for _ in 0..FRESH_ID_TRIES {
            let random = self.0.random.bytes();
            let id = format!("own:{day}-{}", hex::encode(&random[..2]));
            let history = self
                .0
                .store
                .entry_history(&officer.0.authority, &id)
                .await?;
            if history.is_empty() {
                return Ok(id);
            }
        }
        Err(AppError::Conflict)
    }

    /// An officer has compared the traveller of a case with a listed person: it is somebody else. Holds until `until`, or until the entry
    /// is changed; never for a document.
    pub(crate) async fn clear_namesake(
        &self,
        officer: &StoredOfficer,
        inspection: InspectionId,
        entry: &str,
        reason: &str,
        days: i64,
    ) -> Result<(), AppError> {
        let reason = remark(reason)?;
        if !(1..=CLEARANCE_DAYS_MAX).contains(&days) {
            return Err(AppError::NoReason);
        }
        let case = self.0.store.case(&officer.authority, inspection).await?;
        let opened = case
            .and_then(|case| case.document)
            .ok_or(AppError::NoCase)?;
        let verdict = self
            .0
            .store
            .latest_verdict(&officer.authority, inspection)
            .await?;
        let hits = verdict
            .and_then(|verdict| verdict.screening)
            .map(|screening| screening.hits)
            .unwrap_or_default();
        let hit = hits
            .iter()
            .find(|hit| hit.on == HitOn::Person && hit.entry == entry)
            .ok_or(AppError::NoEntry)?;
        let document = TravelDocument::from(&opened.document);
        let now = self.now();
        let cleared = Cleared {
            by: officer.login.to_string(),
            reason: reason.to_owned(),
            until: now.plus_ms(days * DAY_MS),
        };
        let (authority, login) = (officer.authority.as_str(), officer.login.as_str());
        let subject = format!("{inspection} {entry}");
        self.audit(authority, login, "namesake.clear", &subject)
            .await?;
        let holder = holder_key(&document);
        self.0
            .store
            .clear_namesake(&officer.authority, &holder, hit, &cleared, now)
            .await
    }

    /// Takes a clearance back.
    pub(crate) async fn end_clearance(
        &self,
        officer: &StoredOfficer,
        id: i64,
    ) -> Result<(), AppError> {
        let (authority, login) = (&officer.authority, officer.login.as_str());
        self.audit(authority.as_str(), login, "namesake.end", &id.to_string())
            .await?;
        let ended = self
            .0
            .store
            .end_clearance(authority, id, self.now())
            .await?;
        if ended { Ok(()) } else { Err(AppError::NoSuch) }
    }

    pub(crate) async fn alerts(
        &self,
        officer: &StoredOfficer,
    ) -> Result<(Vec<StoredAlert>, Vec<StoredNamesake>), AppError> {
        let (authority, now) = (&officer.authority, self.now());
        let alerts = self.0.store.alerts(authority).await?;
        let login = officer.login.as_str();
        self.audit(authority.as_str(), login, "alerts.look", authority.as_str())
            .await?;
        Ok((alerts, self.0.store.namesakes(authority, now).await?))
    }

    pub(crate) async fn see_alert(
        &self,
        officer: &StoredOfficer,
        seq: i64,
    ) -> Result<(), AppError> {
        let (authority, login) = (&officer.authority, officer.login.as_str());
        self.audit(authority.as_str(), login, "alert.seen", &seq.to_string())
            .await?;
        let seen = self
            .0
            .store
            .see_alert(authority, seq, login, self.now())
            .await?;
        self.changed(authority);
        if seen { Ok(()) } else { Err(AppError::NoSuch) }
    }

    pub(crate) async fn audit_change(
        &self,
        officer: &ListOfficer,
        action: &str,
        change: i64,
    ) -> Result<(), AppError> {
        let (authority, login) = (officer.0.authority.as_str(), officer.0.login.as_str());
        self.audit(authority, login, action, &format!("change {change}"))
            .await
    }
}

/// An officer who maintains lists. There is no other way to change one.
#[derive(Clone)]
pub struct ListOfficer(pub(crate) StoredOfficer);

impl ListOfficer {
    /// An error for officers without the duty.
    pub(crate) fn of(officer: StoredOfficer) -> Result<Self, AppError> {
        if officer.lists {
            Ok(Self(officer))
        } else {
            Err(AppError::NoListDuty)
        }
    }
}

/// Rows on their way to the database, with their lines.
#[derive(Default)]
struct Batch {
    puts: Vec<(u64, ListEntry)>,
    withdrawn: Vec<(u64, String)>,
}

impl DraftReport {
    fn bad(&mut self, line: u64, reason: String) {
        self.bad_count += 1;
        if self.bad.len() < BAD_ROWS_SHOWN_MAX {
            self.bad.push(LineReport { line, reason });
        }
    }

    fn odd(&mut self, line: u64, reason: String) {
        self.odd_count += 1;
        if self.odd.len() < BAD_ROWS_SHOWN_MAX {
            self.odd.push(LineReport { line, reason });
        }
    }
}

fn remark(text: &str) -> Result<&str, AppError> {
    let text = text.trim();
    if (REMARK_CHARS_MIN..=REMARK_CHARS_MAX).contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(AppError::NoRemark)
    }
}

fn expect_state(change: &StoredChange, expected: ChangeState) -> Result<(), AppError> {
    if change.state == expected {
        Ok(())
    } else {
        let state = change.state;
        Err(AppError::WrongState { state, expected })
    }
}

const DAY_MS: i64 = 86_400_000;

/// Who acts where nobody does.
const WATCHER: &str = "watcher";
