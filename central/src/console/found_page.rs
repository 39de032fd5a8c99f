//! The page of entries that were looked for.

use maud::{Markup, html};

use super::{fields::entry_path, fields::sample_person, pages::Frame};
use crate::{limits::ENTRIES_FOUND_MAX, lists::entry::EntryFields};

pub(super) struct FoundPage {
    pub(super) frame: Frame,
    /// What was looked for.
    pub(super) id: String,
    pub(super) document: String,
    /// In the order of ids.
    pub(super) entries: Vec<EntryFields>,
}

impl FoundPage {
    pub(super) fn render(&self) -> Markup {
        let content = html! {
            div.title { h1 { "Find an entry" } }
            div.split {
                div.column {
                    section.panel.scroll {
                        h2 { "In force" }
                        @if self.entries.is_empty() { p.empty { "○ No entry in force is found by that." } }
                        @else { (self.table()) }
                        @if self.entries.len() == ENTRIES_FOUND_MAX { p.hint { "The first " (ENTRIES_FOUND_MAX) "; look for a longer part of the id." } }
                    }
                }
                aside.column.tools { (find_form(&self.id, &self.document)) }
            }
        };
        self.frame.page("Find an entry", "list", &content)
    }

    fn table(&self) -> Markup {
        html! {
            table {
                thead { tr { th { "Entry" } th { "About" } th { "Reason" } th { "Source" } } }
                tbody {
                    @for entry in &self.entries {
                        tr {
                            td.what { a href=(entry_path(&entry.id)) { span.id { (entry.id) } } }
                            td dir="auto" {
                                @if let Some(name) = entry.names.first() { bdi { (name) } }
                                @else if entry.rule.is_some() { "a rule" }
                                @else { (entry.documents.len()) " documents" }
                            }
                            td dir="auto" { (entry.reason) }
                            td { (entry.source) }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn sample() -> Self {
        Self {
            frame: Frame::sample(),
            id: "np:".into(),
            document: String::new(),
            entries: vec![sample_person()],
        }
    }
}

/// Looks for entries in force, by either.
pub(super) fn find_form(id: &str, document: &str) -> Markup {
    html! {
        form.panel method="get" action="/console/list/entries" {
            h2 { "Find an entry" }
            label { "Its id, or how that begins" input name="id" value=(id) placeholder="e.g. ofac:2676"; }
            label { "Or a document's number" input name="document" value=(document); }
            button.wide { "Find" }
            p.hint { "Finding is recorded. A number within a range of blanks is not found." }
        }
    }
}
