//! The page of one entry: as it is in force, and every version that changed it.

use maud::{Markup, html};

use super::{
    fields::{Difference, differences, entry_path, sample_person, whole},
    pages::Frame,
};
use crate::lists::entry::EntryFields;

pub(super) struct EntryPage {
    pub(super) frame: Frame,
    /// Whether the officer has the duty to maintain the list.
    pub(super) keeper: bool,
    pub(super) id: String,
    /// None: withdrawn.
    pub(super) entry: Option<EntryFields>,
    pub(super) counting: Counting,
    /// The newest first.
    pub(super) versions: Vec<EntryVersion>,
}

/// Whether an entry in force counts today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    Counts,
    /// Its first day has not come, or its last one has passed.
    OutsideItsDays,
    /// It counts, and its owner wanted to look at it again before today.
    ReviewOverdue,
    Withdrawn,
}

/// A version of the list that changed the entry.
pub(super) struct EntryVersion {
    pub(super) version: u64,
    pub(super) change: i64,
    pub(super) proposed_by: String,
    pub(super) approved_by: String,
    pub(super) at: String,
    pub(super) reason: String,
    pub(super) difference: Difference,
}

impl EntryPage {
    pub(super) fn render(&self) -> Markup {
        let (class, word) = match self.counting {
            Counting::Counts => ("good", "✓ in force"),
            Counting::OutsideItsDays => ("none", "○ in force, but outside its days"),
            Counting::ReviewOverdue => ("warn", "! in force, review overdue"),
            Counting::Withdrawn => ("off", "■ withdrawn"),
        };
        let content = html! {
            div.title { h1 { "Entry" } span.chip.(class) { (word) } span.id { (self.id) } }
            div.split {
                div.column {
                    section.panel {
                        h2 { "In force" }
                        @if let Some(entry) = &self.entry { (whole(entry)) }
                        @else { p.empty { "○ Nothing: the entry was withdrawn. Its versions stay readable." } }
                    }
                    section.panel {
                        h2 { "Versions" }
                        @for version in &self.versions { (version.render()) }
                    }
                }
                @if self.keeper { aside.column { (self.act()) } }
            }
        };
        self.frame.page("Entry", "list", &content)
    }

    fn act(&self) -> Markup {
        let path = entry_path(&self.id);
        html! {
            section.panel {
                h2 { "Change it" }
                @if self.entry.is_some() {
                    a.button.wide href={ (path) "/change" } { "Change" }
                    form method="post" action={ (path) "/withdrawal" } {
                        input type="hidden" name="csrf" value=(self.frame.csrf);
                        button.wide { "Withdraw" }
                    }
                } @else {
                    a.button.wide href={ (path) "/change" } { "List it again" }
                }
                p.hint { "Either makes a draft, which another officer has to approve." }
            }
        }
    }

    pub(super) fn sample() -> Self {
        let (mut first, entry) = (sample_person(), sample_person());
        first.names.truncate(1);
        first.valid_until = None;
        let version = |version, reason: &str, before, after| EntryVersion {
            version,
            change: 40 + i64::try_from(version).unwrap_or(0),
            proposed_by: "keeper.chan".into(),
            approved_by: "second.lee".into(),
            at: format!("2026-1{}-14 06:0{} UTC", version % 3, version % 10),
            reason: reason.into(),
            difference: Difference {
                entry: entry.id.clone(),
                linked: false,
                before,
                after,
            },
        };
        Self {
            frame: Frame::sample(),
            keeper: true,
            id: entry.id.clone(),
            counting: Counting::Counts,
            versions: vec![
                version(
                    44,
                    "Names in other scripts from the consulate",
                    Some(first.clone()),
                    Some(entry.clone()),
                ),
                version(31, "Request of the national police", None, Some(first)),
            ],
            entry: Some(entry.clone()),
        }
    }

    pub(super) fn sample_withdrawn() -> Self {
        let mut page = Self::sample();
        page.keeper = false;
        page.entry = None;
        page.counting = Counting::Withdrawn;
        page.id = "lost:INTERPOL-SLTD-national-extract/2027-01-13/UTO/0000088123".into();
        let mut last = EntryPage::sample().versions.remove(0);
        (last.version, last.reason) = (47, "Found and returned to the holder".into());
        last.difference.before = last.difference.after.take();
        page.versions.insert(0, last);
        page
    }
}

impl EntryVersion {
    fn render(&self) -> Markup {
        let labels = self.difference.labels();
        let what = match (&self.difference.before, &self.difference.after) {
            (_, None) => "withdrawn".to_owned(),
            (None, Some(_)) => "listed".to_owned(),
            (Some(_), Some(_)) => format!("changed: {}", labels.join(", ").to_lowercase()),
        };
        html! {
            details.version {
                summary { strong { "Version " (self.version) } " · " (what) small { (self.at) } }
                p { span dir="auto" { (self.reason) } " "
                    span.hint { "Proposed by " (self.proposed_by) ", approved by " (self.approved_by) ". " }
                    a href={ "/console/list/changes/" (self.change) } { "Change " (self.change) } }
                (differences(std::slice::from_ref(&self.difference)))
            }
        }
    }
}
