//! The page of one change: what it does entry by entry, whom it would have met, and what the officer can do with it.

use egate_types::InspectionId;
use maud::{Markup, html};

use super::{
    comparison_page::grouped,
    fields::{Difference, differences, sample_person},
    list_page::{counts, kind_word, state_chip},
    pages::Frame,
};
use crate::{
    app::AppError,
    limits::{REMARK_CHARS_MAX, REMARK_CHARS_MIN},
    lists::change::{self, ChangeKind, ChangeState},
};

pub(super) struct ChangePage {
    pub(super) frame: Frame,
    pub(super) id: i64,
    pub(super) state: ChangeState,
    pub(super) kind: ChangeKind,
    pub(super) source: String,
    pub(super) base: u64,
    pub(super) difference: change::Difference,
    /// What is unusual about its size.
    pub(super) beyond: Vec<String>,
    /// Who proposed it has accepted that.
    pub(super) accepted: bool,
    pub(super) version: Option<u64>,
    /// Who did what and when, in order.
    pub(super) steps: Vec<Step>,
    /// Why it was proposed.
    pub(super) reason: Option<String>,
    /// Of who decided.
    pub(super) remark: Option<String>,
    /// One page of them.
    pub(super) rows: Vec<Difference>,
    /// Rows on the pages before.
    pub(super) before: u64,
    /// The last entry of the page, if others follow.
    pub(super) next: Option<String>,
    /// The list's version, if the change was compared with an earlier one and can be approved no more.
    pub(super) overtaken_by: Option<u64>,
    /// Only while it is not decided, beside the first rows.
    pub(super) dry_run: Option<DryRunView>,
    pub(super) may: May,
    /// Why the form that led back here was not done.
    pub(super) refused: Option<Refused>,
}

/// A form that was not done.
pub(super) struct Refused {
    pub(super) what: String,
    pub(super) next: &'static str,
    /// The reason or remark in it.
    pub(super) typed: String,
}

/// Something that happened to a change.
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) by: String,
    pub(super) at: Option<String>,
}

/// What the officer can do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Nothing: it is decided, or not theirs to decide.
    Look,
    /// It is a draft.
    Propose,
    /// Another officer proposed it.
    Decide,
    /// It is their own.
    TakeBack,
}

/// Whom the entries would have met lately.
pub(super) struct DryRunView {
    pub(super) hours: i64,
    /// Not if the change has too many entries to wait for.
    pub(super) tried: bool,
    pub(super) inspected: u64,
    /// Travellers met.
    pub(super) travellers: usize,
    /// The first of them, by entry.
    pub(super) met: Vec<MetRow>,
    /// All of them, by entry.
    pub(super) met_total: usize,
    /// Entries that announced travellers would meet.
    pub(super) announced: usize,
}

/// A traveller and an entry.
pub(super) struct MetRow {
    pub(super) inspection: InspectionId,
    pub(super) at: String,
    pub(super) lane: String,
    pub(super) outcome: String,
    pub(super) entry: String,
    pub(super) sure: bool,
    pub(super) has_case: bool,
}

impl ChangePage {
    pub(super) fn render(&self) -> Markup {
        let content = html! {
            div.title {
                h1 { "Change " (self.id) } (state_chip(self.state, self.version)) (counts(&self.difference))
                span.hint { (kind_word(self.kind)) " · " (self.source) }
            }
            @if let Some(refused) = &self.refused { (self.refused(refused)) }
            @if let Some(version) = self.overtaken_by { (self.overtaken(version)) }
            @if !self.beyond.is_empty() { (self.unusual()) }
            div.split.change {
                div.column {
                    @if let Some(dry_run) = &self.dry_run { (dry_run.render()) }
                    (self.table())
                }
                aside.column { (self.act()) (self.history()) }
            }
        };
        let title = format!("Change {}", self.id);
        self.frame.page(&title, "list", &content)
    }

    fn refused(&self, refused: &Refused) -> Markup {
        html! {
            div.notice.bad role="alert" {
                p { strong { "✗ That was not done: " (refused.what) "." } " " (refused.next) }
                // Where there is a form, it holds it.
                @if self.may == May::Look { p dir="auto" { "You had written: " (refused.typed) } }
            }
        }
    }

    fn overtaken(&self, version: u64) -> Markup {
        html! {
            div.notice.warn role="status" {
                p { strong { "! Overtaken: it was compared with " (version_words(self.base)) ", the list is at version " (version) "." }
                    " It cannot be approved: draft it again." }
            }
        }
    }

    fn typed(&self) -> &str {
        self.refused.as_ref().map_or("", |refused| &refused.typed)
    }

    fn unusual(&self) -> Markup {
        html! {
            div.notice.bad role="alert" {
                p { strong { "! Unusual size: it " (self.beyond.join(" and ")) "." } }
                p { "A file cut short withdraws, a wrong file adds. Check the file where it was made before this goes on."
                    @if self.accepted { " Who proposed it has accepted the size." } }
            }
        }
    }

    fn table(&self) -> Markup {
        let total = self.difference.rows();
        let last = self.before + self.rows.len() as u64;
        let page = format!("/console/list/changes/{}", self.id);
        html! {
            section.panel.scroll {
                h2 { "What it does" }
                @if self.rows.is_empty() {
                    p.empty { "○ Its entries are not kept: it never counted." }
                } @else {
                    @if self.before > 0 || last < total {
                        p.hint { "Rows " (grouped(self.before + 1)) " to " (grouped(last)) " of " (grouped(total)) ", in the order of entries' ids." }
                    }
                    (differences(&self.rows))
                    p {
                        @if self.before > 0 { a href=(page) { "First rows" } " " }
                        @if let Some(next) = &self.next { a rel="next" href={ (page) "?after=" (next) } { "Next rows" } }
                    }
                }
            }
        }
    }

    fn history(&self) -> Markup {
        html! {
            section.panel {
                h2 { "So far" }
                dl {
                    dt { "Compared with" } dd { (version_words(self.base)) }
                    dt { "List then has" } dd { (grouped(self.difference.entries)) " entries" }
                    @for step in &self.steps {
                        dt { (step.what) }
                        dd { (step.by) @if let Some(at) = &step.at { br; small { (at) } } }
                    }
                    @if let Some(reason) = &self.reason { dt { "Reason" } dd dir="auto" { (reason) } }
                    @if let Some(remark) = &self.remark { dt { "Remark" } dd dir="auto" { (remark) } }
                }
            }
        }
    }

    fn act(&self) -> Markup {
        html! {
            @match self.may {
                May::Look => {}
                May::Propose => { (self.propose()) }
                May::Decide => { (self.decide()) }
                May::TakeBack => {
                    section.panel.decide {
                        h2 { "Approval" }
                        p { "! Another officer must approve: you have drafted or proposed this change." }
                        p.hint { "Whoever maintains the list finds it under \u{201c}Waiting for another officer's approval\u{201d}." }
                        details {
                            summary { "Take it back" }
                            (self.form("rejection", &html! { (remark("Why", "remark", self.typed())) button.wide { "✗ Take it back" } }))
                        }
                    }
                }
            }
        }
    }

    fn propose(&self) -> Markup {
        let fields = html! {
            (remark("Reason, for who approves and for later", "reason", self.typed()))
            @if !self.beyond.is_empty() {
                label.check-box {
                    input type="checkbox" name="accept_size" value="yes" required;
                    span { "I have checked the file: this size is right." }
                }
            }
            button.primary.wide { "Propose it" }
            p.hint { "Nothing is in force until another officer approves." }
        };
        html! {
            section.panel.decide {
                h2 { "Propose as " (self.frame.officer) }
                (self.form("proposal", &fields))
                (self.form("discard", &html! { button.wide { "Give the draft up" } }))
            }
        }
    }

    fn decide(&self) -> Markup {
        let fields = html! {
            (remark("Remark", "remark", self.typed()))
            div.buttons.two-buttons {
                button.release formaction={ "/console/list/changes/" (self.id) "/approval" } { "✓ Approve" }
                button.reject formaction={ "/console/list/changes/" (self.id) "/rejection" } { "✗ Reject" }
            }
            p.hint { "Approved, it counts for the next verdict. Who was admitted in the last hours and meets it raises an alert." }
        };
        html! {
            section.panel.decide { h2 { "Decide as " (self.frame.officer) } (self.form("approval", &fields)) }
        }
    }

    fn form(&self, to: &str, fields: &Markup) -> Markup {
        html! {
            form method="post" action={ "/console/list/changes/" (self.id) "/" (to) } {
                input type="hidden" name="csrf" value=(self.frame.csrf);
                (fields)
            }
        }
    }

    pub(super) fn sample() -> Self {
        let (before, mut after) = (sample_person(), sample_person());
        after.names.push("التكريتي، عبد الرحمن".into());
        after.births.truncate(1);
        after.reason = "Arrest warrant of 14 January 2027, file 2291; extradition requested".into();
        let mut document = sample_person();
        document.id = "lost:INTERPOL-SLTD-national-extract/2027-01-13/UTO/0000088123".into();
        document.names.clear();
        let row = |entry: &str, before, after| Difference {
            entry: entry.into(),
            linked: true,
            before,
            after,
        };
        let mut fresh = row("np:2305", None, Some(sample_person()));
        fresh.linked = false;
        let step = |what, by: &str, at: &str| Step {
            what,
            by: by.into(),
            at: Some(at.into()),
        };
        Self {
            frame: Frame::sample(),
            id: 61,
            state: ChangeState::Proposed,
            kind: ChangeKind::Amend,
            source: "console".into(),
            base: 48,
            difference: change::Difference {
                added: 1,
                changed: 1,
                withdrawn: 1,
                entries: 18_204,
            },
            beyond: Vec::new(),
            accepted: false,
            version: None,
            steps: vec![
                step("Drafted by", "keeper.chan", "2027-01-15 07:41 UTC"),
                Step {
                    what: "Proposed by",
                    by: "keeper.chan".into(),
                    at: None,
                },
            ],
            reason: Some("Warrant of this morning; the other record is closed".into()),
            remark: None,
            rows: vec![
                row("np:2291", Some(before), Some(after)),
                fresh,
                row(&document.id.clone(), Some(document), None),
            ],
            before: 0,
            next: None,
            overtaken_by: None,
            dry_run: Some(DryRunView::sample()),
            may: May::Decide,
            refused: None,
        }
    }

    pub(super) fn sample_unusual() -> Self {
        let mut page = Self::sample();
        page.id = 60;
        page.kind = ChangeKind::Replace;
        page.source = "OFAC-SDN".into();
        page.state = ChangeState::Draft;
        page.difference = change::Difference {
            added: 12,
            changed: 3,
            withdrawn: 2_417,
            entries: 15_799,
        };
        page.beyond = page.difference.beyond_limits();
        page.steps.truncate(1);
        page.reason = None;
        page.dry_run = Some(DryRunView {
            travellers: 0,
            met: Vec::new(),
            met_total: 0,
            announced: 0,
            ..DryRunView::sample()
        });
        page.may = May::Propose;
        page.next = Some("ofac:9001".into());
        page.refused = Some(Refused {
            what: AppError::BeyondLimits(page.beyond.clone()).to_string(),
            next: "Check that the file is whole; then propose it again and accept its size.",
            typed: "Daily edition of 15 January".into(),
        });
        page
    }

    pub(super) fn sample_own() -> Self {
        let mut page = Self::sample();
        page.may = May::TakeBack;
        page.overtaken_by = Some(50);
        page
    }

    pub(super) fn sample_rejected() -> Self {
        let mut page = Self::sample_unusual();
        page.state = ChangeState::Rejected;
        page.rows.clear();
        (page.next, page.refused, page.dry_run) = (None, None, None);
        page.steps.push(Step {
            what: "Rejected by",
            by: "second.lee".into(),
            at: Some("2027-01-15 08:02 UTC".into()),
        });
        page.remark = Some("The file ends in the middle of a line".into());
        page.may = May::Look;
        page
    }
}

fn version_words(version: u64) -> String {
    if version == 0 {
        "no list".to_owned()
    } else {
        format!("version {version}")
    }
}

fn remark(label: &str, name: &str, typed: &str) -> Markup {
    html! {
        label { (label)
            textarea name=(name) rows="3" required minlength=(REMARK_CHARS_MIN) maxlength=(REMARK_CHARS_MAX) dir="auto" { (typed) } }
    }
}

impl DryRunView {
    fn render(&self) -> Markup {
        let (class, mark) = if self.travellers == 0 {
            ("good", "✓")
        } else {
            ("warn", "!")
        };
        let sentence = match (self.inspected, self.travellers) {
            _ if !self.tried => {
                "Not tried: the change has too many entries to wait for. They are held against these travellers once in force."
                    .to_owned()
            }
            (0, _) => format!("Nobody was inspected in the last {} hours.", self.hours),
            (inspected, met) => format!(
                "Of {} travellers inspected in the last {} hours these entries would have met {}.",
                grouped(inspected),
                self.hours,
                if met == 0 {
                    "nobody".to_owned()
                } else {
                    met.to_string()
                }
            ),
        };
        let shown = self.met.len();
        html! {
            section.panel.scroll {
                h2 { "Dry run" }
                p class=(class) { strong class=(class) { (mark) " " } (sentence) }
                @if self.announced > 0 { p { strong class="warn" { "! " } "Announced travellers: " (self.announced) @if self.announced == 1 { " hit." } @else { " hits." } } }
                @if !self.met.is_empty() {
                    table.met {
                        thead { tr { th { "Meets" } th { "Entry" } th { "Inspected" } th { "Lane" } th { "Outcome" } th {} } }
                        tbody { @for row in &self.met { (row.render()) } }
                    }
                }
                @if self.met_total > shown { p.hint { "The newest " (shown) " of " (self.met_total) "." } }
            }
        }
    }

    fn sample() -> Self {
        let row = |n: u8, outcome: &str, entry: &str, sure, has_case| MetRow {
            inspection: InspectionId::new(1_800_000_000_000, [n; 10]),
            at: format!("2027-01-14 1{n}:22 UTC"),
            lane: format!("lane-{n}"),
            outcome: outcome.into(),
            entry: entry.into(),
            sure,
            has_case,
        };
        Self {
            hours: 72,
            tried: true,
            inspected: 41_873,
            travellers: 2,
            met: vec![
                row(2, "admitted", "np:2305", true, false),
                row(5, "referred", "np:2291", false, true),
            ],
            announced: 1,
            met_total: 2,
        }
    }
}

impl MetRow {
    fn render(&self) -> Markup {
        let (class, word) = if self.sure {
            ("bad", "✗ hit")
        } else {
            ("warn", "! possible hit")
        };
        html! {
            tr {
                td { span class={ "chip " (class) } { (word) } }
                td.what { span.id { (self.entry) } }
                td.when { (self.at) }
                td.when { (self.lane) }
                td { (self.outcome) }
                td.right { @if self.has_case { a href={ "/console/cases/" (self.inspection) } { "Case" } } @else { span.hint { "no case" } } }
            }
        }
    }
}
