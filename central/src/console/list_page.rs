//! The page of an authority's list: how old it is, what waits for approval, what was changed, and how to change it.

use maud::{Markup, html};

use super::{
    comparison_page::grouped,
    entry_form::action_select,
    found_page::find_form,
    pages::{Frame, figure},
};
use crate::{
    limits::{REMARK_CHARS_MAX, REMARK_CHARS_MIN},
    lists::change::{ChangeKind, ChangeState, Difference},
};

pub(super) struct ListPage {
    pub(super) frame: Frame,
    /// Whether the officer has the duty to maintain it.
    pub(super) keeper: bool,
    /// Identity of the list.
    pub(super) list: String,
    /// None before the first version.
    pub(super) head: Option<HeadView>,
    /// How old it may be.
    pub(super) age_limit: String,
    /// Those that wait for approval first.
    pub(super) changes: Vec<ChangeRow>,
    /// Whether they are the newest ones.
    pub(super) newest: bool,
    /// The last of them, if there may be older ones.
    pub(super) older: Option<i64>,
    /// Largest file that the page takes.
    pub(super) bytes_max: usize,
    /// What came of a form that led back here.
    pub(super) notice: Option<&'static str>,
}

/// The version in force.
pub(super) struct HeadView {
    pub(super) version: u64,
    pub(super) entries: u64,
    pub(super) hash: String,
    pub(super) confirmed: String,
    pub(super) age: String,
    pub(super) freshness: Freshness,
    /// Whether it finds what it must find.
    pub(super) sound: bool,
}

/// How the age of a list stands to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// Older than half the limit.
    Ageing,
    /// Too old to answer from.
    Stale,
    /// Confirmed at a time that has not come.
    FromFuture,
}

impl Freshness {
    pub(super) const fn of(age_s: Option<u64>, limit_s: u64) -> Self {
        match age_s {
            None => Self::FromFuture,
            Some(age_s) if age_s > limit_s => Self::Stale,
            Some(age_s) if age_s > limit_s / 2 => Self::Ageing,
            Some(_) => Self::Fresh,
        }
    }
}

/// A change in one row.
pub(super) struct ChangeRow {
    pub(super) id: i64,
    pub(super) state: ChangeState,
    pub(super) kind: ChangeKind,
    pub(super) source: String,
    pub(super) difference: Difference,
    pub(super) drafted_by: String,
    pub(super) proposed_by: Option<String>,
    pub(super) decided_by: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) when: String,
    pub(super) version: Option<u64>,
    /// Whether the officer may open it.
    pub(super) open: bool,
}

impl ListPage {
    pub(super) fn render(&self) -> Markup {
        let waiting = self.waiting().count();
        let content = html! {
            div.title { h1 { "Watch list" } span.id { (self.list) } }
            @if let Some(notice) = self.notice { p.notice.good role="status" { "✓ " (notice) } }
            (self.state_notice())
            (self.figures(waiting))
            @if self.keeper {
                div.split {
                    div.column { (self.lists(waiting)) }
                    aside.column.tools { (self.tools()) }
                }
            } @else { div.column { (self.lists(waiting)) } }
        };
        self.frame.page("Watch list", "list", &content)
    }

    fn waiting(&self) -> impl Iterator<Item = &ChangeRow> {
        let proposed = |row: &&ChangeRow| row.state == ChangeState::Proposed;
        self.changes.iter().filter(proposed)
    }

    /// What is wrong with the list, and what to do.
    fn state_notice(&self) -> Markup {
        let limit = &self.age_limit;
        html! {
            @match &self.head {
                None => {
                    p.notice.bad role="alert" { strong { "✗ No list is in force." } " This authority clears nobody, and every traveller goes to an officer. \
                        Import a file or enter an entry, propose the change, and have another officer approve it." }
                }
                Some(head) if !head.sound => {
                    p.notice.bad role="alert" { strong { "✗ The list does not find entries that it must find, and is not used." } " This authority clears \
                        nobody. Draft the way back to the version before, have it approved, and have the operator look into central's log." }
                }
                Some(head) if head.freshness == Freshness::Stale => {
                    p.notice.bad role="alert" { strong { "✗ The list is stale: " (head.age) " old, the limit is " (limit) "." } " This authority clears nobody, and \
                        every traveller goes to an officer. Import the newest edition as a whole, which also confirms a list in which nothing has changed; \
                        where none is to come, check the list and confirm it." }
                }
                Some(head) if head.freshness == Freshness::FromFuture => {
                    p.notice.bad role="alert" { strong { "✗ The list was confirmed at a time that has not come." } " This authority clears nobody. Have the \
                        operator check the clocks of the server and of the list's publisher, then confirm the list." }
                }
                Some(head) if head.freshness == Freshness::Ageing => {
                    p.notice.warn role="status" { strong { "! The list is " (head.age) " old; from " (limit) " on it is not used." } " Import the newest edition \
                        as a whole before that, or confirm the list where none is to come." }
                }
                Some(_) => {}
            }
        }
    }

    fn figures(&self, waiting: usize) -> Markup {
        html! {
            div.figures {
                @if let Some(head) = &self.head {
                    div.figure { strong { (head.version) } span { "version " span.id title=(head.hash) { (head.hash.chars().take(12).collect::<String>()) } } }
                    (figure(&grouped(head.entries), "entries"))
                    div class={ "figure " (match head.freshness { Freshness::Fresh => "", Freshness::Ageing => "attention", Freshness::Stale | Freshness::FromFuture => "alarm" }) } {
                        strong { (head.age) } span { "since it was confirmed, " (head.confirmed) }
                    }
                } @else { (figure("none", "version in force")) }
                div.figure.attention[waiting > 0] { strong { (waiting) } span { "waiting for approval" } }
            }
        }
    }

    fn lists(&self, waiting: usize) -> Markup {
        let others = || {
            self.changes
                .iter()
                .filter(|row| row.state != ChangeState::Proposed)
        };
        html! {
            @if waiting > 0 {
                section.panel.scroll { h2 { "Waiting for another officer's approval" } (table(self.waiting())) }
            }
            section.panel.scroll {
                h2 { @if self.newest { "Newest changes" } @else { "Older changes" } }
                @if others().next().is_some() { (table(others())) }
                @else if self.newest { p.empty { "○ Nothing has been changed yet." } }
                @else { p.empty { "○ These are all." } }
                p {
                    @if !self.newest { a href="/console/list" { "Newest changes" } " " }
                    @if let Some(last) = self.older { a rel="next" href={ "/console/list?before=" (last) } { "Older changes" } }
                }
            }
        }
    }

    fn tools(&self) -> Markup {
        html! {
            section.panel {
                h2 { "One entry" }
                p.hint { "A person, a document, or a range of blanks." }
                a.button.wide href="/console/list/new" { "New entry" }
            }
            (find_form("", ""))
            (self.import())
            @if self.head.is_some() {
                form.panel method="post" action="/console/list/confirmation" {
                    h2 { "Confirm the list" }
                    input type="hidden" name="csrf" value=(self.frame.csrf);
                    label { "How you found that it is as it should be"
                        input name="remark" minlength=(REMARK_CHARS_MIN) maxlength=(REMARK_CHARS_MAX) required; }
                    button.wide { "Nothing has changed" }
                    p.hint { "Its age begins anew. For lists kept by hand; editions of a file confirm themselves, single entries do not." }
                }
            }
            @if let Some(head) = self.head.as_ref().filter(|head| head.version > 1) {
                form.panel method="post" action="/console/list/returns" {
                    h2 { "Back to an earlier version" }
                    input type="hidden" name="csrf" value=(self.frame.csrf);
                    label { "Version"
                        input name="version" type="number" min="1" max=(head.version - 1) value=(head.version - 1) required; }
                    button.wide { "Draft the way back" }
                    p.hint { "A change like any other: it is proposed and approved, and makes version " (head.version + 1) "." }
                }
            }
        }
    }

    /// The browser reads the file and sends its bytes; without scripts there is the command.
    fn import(&self) -> Markup {
        html! {
            form.panel #import action="/console/list/import" data-csrf=(self.frame.csrf) data-bytes-max=(self.bytes_max) {
                h2 { "Import a file" }
                label { "File" input type="file" name="file" required; }
                label { "Format"
                    select name="format" {
                        option value="csv" { "CSV under headings" }
                        option value="jsonl" { "JSON lines" }
                        option value="ofac" data-published { "OFAC: SDN.CSV" }
                        option value="un" data-published { "United Nations: consolidated XML" }
                    }
                }
                label { "The file is"
                    select name="kind" {
                        option value=(ChangeKind::Replace.as_str()) { "a whole edition" }
                        option value=(ChangeKind::Amend.as_str()) { "an amendment" }
                    }
                }
                p.hint { "A whole edition withdraws what it lacks of the sources that its entries name; an amendment changes what it names and nothing else." }
                details {
                    summary { "Where the file does not say it" }
                    (action_select("Action", "", "as the file says", false, false))
                    label { "Reason" input name="reason"; }
                    label { "Legal basis" input name="legal_basis"; }
                    label { "Source" input name="source" placeholder="e.g. OFAC-SDN"; }
                    p.hint { "Published lists say neither what a hit demands here nor on which law it rests." }
                }
                button.primary.wide { "Read the file" }
                div #report role="status" aria-live="polite" {}
                noscript { p.notice.warn { "! This form needs scripts. Without them: central list import." } }
            }
        }
    }

    pub(super) fn sample() -> Self {
        let row = |id, state, kind, source: &str, counts: [u64; 3]| ChangeRow {
            id,
            state,
            kind,
            source: source.into(),
            difference: Difference {
                added: counts[0],
                changed: counts[1],
                withdrawn: counts[2],
                entries: 18_204,
            },
            drafted_by: "keeper.chan".into(),
            proposed_by: Some("keeper.chan".into()),
            decided_by: Some("second.lee".into()),
            reason: Some("Daily edition".into()),
            when: "2027-01-14 06:00".into(),
            version: None,
            open: true,
        };
        let version = |mut row: ChangeRow, version| {
            row.version = Some(version);
            row
        };
        let mut proposed = row(
            61,
            ChangeState::Proposed,
            ChangeKind::Amend,
            "console",
            [1, 0, 0],
        );
        proposed.reason = Some("Arrest warrant of this morning, file 2291 of the national police; the traveller is expected on the evening ferry".into());
        let mut large = row(
            60,
            ChangeState::Proposed,
            ChangeKind::Replace,
            "OFAC-SDN",
            [12, 3, 2_417],
        );
        large.reason = Some("Edition of 14 January".into());
        let mut draft = row(
            62,
            ChangeState::Draft,
            ChangeKind::Amend,
            "interface",
            [0, 1, 0],
        );
        (draft.proposed_by, draft.reason) = (None, None);
        let (replace, back) = (ChangeKind::Replace, ChangeKind::Return);
        let received = ChangeKind::Received;
        Self {
            frame: Frame::sample(),
            keeper: true,
            list: "border-watch".into(),
            head: Some(HeadView {
                version: 48,
                entries: 18_204,
                hash: "9f2c11d07be4a5536d20c8f2b1a94c0e77315d2ab8".into(),
                confirmed: "2027-01-15 06:00 UTC".into(),
                age: "2 h".into(),
                freshness: Freshness::Fresh,
                sound: true,
            }),
            age_limit: "24 h".into(),
            changes: vec![
                proposed,
                large,
                draft,
                version(
                    row(59, ChangeState::Approved, replace, "UN-SC", [4, 11, 0]),
                    48,
                ),
                row(
                    58,
                    ChangeState::Rejected,
                    replace,
                    "INTERPOL-SLTD-national-extract-2027-01-13",
                    [9_402, 0, 0],
                ),
                version(
                    row(57, ChangeState::Approved, back, "version 45", [2, 0, 31]),
                    47,
                ),
                version(
                    row(56, ChangeState::Approved, received, "port-west", [3, 1, 1]),
                    46,
                ),
            ],
            newest: true,
            older: Some(56),
            bytes_max: crate::limits::LIST_BODY_BYTES_MAX,
            notice: None,
        }
    }

    pub(super) fn sample_stale() -> Self {
        let mut page = Self::sample();
        page.keeper = false;
        page.changes.retain(|row| row.state != ChangeState::Draft);
        for row in &mut page.changes {
            row.open = row.state == ChangeState::Approved;
        }
        if let Some(head) = &mut page.head {
            (head.age, head.freshness) = ("30 h".into(), Freshness::Stale);
        }
        page
    }

    pub(super) fn sample_ageing() -> Self {
        let mut page = Self::sample();
        page.notice = Some("The list is as version 45 was: nothing to draft.");
        page.changes
            .retain(|row| row.state == ChangeState::Approved);
        if let Some(head) = &mut page.head {
            (head.age, head.freshness) = ("19 h".into(), Freshness::Ageing);
        }
        page
    }

    pub(super) fn sample_empty() -> Self {
        let mut page = Self::sample();
        page.head = None;
        page.older = None;
        page.changes.clear();
        page
    }
}

fn table<'a>(rows: impl Iterator<Item = &'a ChangeRow>) -> Markup {
    html! {
        table.changes {
            thead { tr { th { "State" } th { "Change" } th { "Entries" } th { "Proposed" } th { "Decided" } th.right { "When" } } }
            tbody { @for row in rows { (row.render()) } }
        }
    }
}

impl ChangeRow {
    fn render(&self) -> Markup {
        let name = format!("Change {}", self.id);
        html! {
            tr {
                td { (state_chip(self.state, self.version)) }
                td.what {
                    @if self.open { a href={ "/console/list/changes/" (self.id) } { strong { (name) } } } @else { strong { (name) } }
                    " " span.hint { (kind_word(self.kind)) " · " (self.source) }
                    @if let Some(reason) = &self.reason { p dir="auto" { (reason) } }
                }
                td { (counts(&self.difference)) @if !self.difference.beyond_limits().is_empty() { " " span.chip.bad { "! unusual size" } } }
                td.who-cell { (self.proposed_by.as_deref().unwrap_or(&self.drafted_by)) @if self.proposed_by.is_none() { small { " (drafted)" } } }
                td.who-cell { (self.decided_by.as_deref().filter(|_| self.is_decided()).unwrap_or("–")) }
                td.right.when { (self.when) }
            }
        }
    }

    const fn is_decided(&self) -> bool {
        matches!(
            self.state,
            ChangeState::Approved | ChangeState::Rejected | ChangeState::Discarded
        )
    }
}

/// Colour, pictogram and word.
pub(super) fn state_chip(state: ChangeState, version: Option<u64>) -> Markup {
    let (class, mark, word) = match state {
        ChangeState::Reading => ("busy", "▶", "being read"),
        ChangeState::Draft => ("none", "○", "draft"),
        ChangeState::Proposed => ("warn", "!", "proposed"),
        ChangeState::Approved => ("good", "✓", "approved"),
        ChangeState::Rejected => ("bad", "✗", "rejected"),
        ChangeState::Discarded => ("off", "■", "given up"),
    };
    html! {
        span class={ "chip " (class) } {
            (mark) " " @if let Some(version) = version { "version " (version) } @else { (word) }
        }
    }
}

pub(super) const fn kind_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Amend => "amendment",
        ChangeKind::Replace => "whole edition",
        ChangeKind::Return => "way back",
        ChangeKind::Received => "received, signed",
    }
}

/// Added, changed, withdrawn.
pub(super) fn counts(difference: &Difference) -> Markup {
    let parts = [
        ("good", "+", difference.added, "new"),
        ("busy", "~", difference.changed, "changed"),
        ("bad", "−", difference.withdrawn, "withdrawn"),
    ];
    html! {
        span.counts {
            @for (class, mark, count, word) in parts {
                span class=(if count == 0 { "none" } else { class }) title=(word) { (mark) (grouped(count)) }
            }
        }
    }
}
