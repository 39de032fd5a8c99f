//! An entry and what a change does to it, as officers read it: field by field, before and after.

use egate_rules::targeting::Rule;
use egate_types::{Date, Sex};
use maud::{Markup, html};

use crate::lists::entry::{EntryDocument, EntryFields};

/// A field in words with everything that stands in it.
struct Field {
    label: &'static str,
    values: Vec<String>,
}

/// Every field of an entry in the order of reading. An entry is taken apart whole, so that a field can never be approved unseen.
fn fields(entry: &EntryFields) -> Vec<Field> {
    let EntryFields {
        id: _,
        names,
        births,
        nationalities,
        sex,
        places_of_birth,
        documents,
        rule,
        action,
        reason,
        legal_basis,
        source,
        listed_on,
        valid_from,
        valid_until,
        review_on,
    } = entry;
    let text = |text: &String| {
        let text = [text].into_iter().filter(|text| !text.is_empty());
        text.cloned().collect()
    };
    let day = |day: &Option<Date>| day.iter().map(ToString::to_string).collect();
    let field = |label, values: Vec<String>| Field { label, values };
    vec![
        field("Names", names.clone()),
        field("Dates of birth", births.clone()),
        field(
            "Nationality",
            nationalities.iter().map(ToString::to_string).collect(),
        ),
        field("Sex", sex.iter().map(|sex| sex_word(*sex).into()).collect()),
        field("Place of birth", places_of_birth.clone()),
        field("Documents", documents.iter().map(document_line).collect()),
        field("Rule", rule.iter().map(rule_text).collect()),
        field(
            "Action",
            action
                .iter()
                .map(|a| a.as_str().replace('_', " "))
                .collect(),
        ),
        field("Reason", text(reason)),
        field("Legal basis", text(legal_basis)),
        field("Source", text(source)),
        field("Listed on", day(listed_on)),
        field("Valid from", day(valid_from)),
        field("Valid until", day(valid_until)),
        field("Review on", day(review_on)),
    ]
}

pub(super) const fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "female",
        Sex::Male => "male",
        Sex::Unspecified => "unspecified",
    }
}

/// A rule as its author writes it.
pub(super) fn rule_text(rule: &Rule) -> String {
    // Invariant: a rule was read from JSON and can be written as such.
    serde_json::to_string(rule).unwrap_or_default()
}

fn document_line(document: &EntryDocument) -> String {
    let issuer = document
        .issuer
        .as_ref()
        .map_or("issuer unknown", |code| code.as_str());
    let (class, number) = (&document.class, &document.number);
    match &document.last_number {
        Some(last) => format!("{class} · {issuer} · {number} to {last}"),
        None => format!("{class} · {issuer} · {number}"),
    }
}

/// One entry whole, as a list of terms.
pub(super) fn whole(entry: &EntryFields) -> Markup {
    html! {
        dl.fields {
            @for field in fields(entry) {
                @if !field.values.is_empty() {
                    dt { (field.label) }
                    dd { (values(&field.values, |_| "")) }
                }
            }
        }
    }
}

/// Values below one another; each runs in the direction of its own script.
fn values(values: &[String], class: impl Fn(&str) -> &'static str) -> Markup {
    html! {
        ul.values {
            @for value in values { li class=(class(value)) { bdi { (value) } } }
        }
    }
}

/// What a row of a change does to one entry.
pub(super) struct Difference {
    pub(super) entry: String,
    /// Whether the entry has a page: it has been in force.
    pub(super) linked: bool,
    pub(super) before: Option<EntryFields>,
    pub(super) after: Option<EntryFields>,
}

impl Difference {
    /// A part of a table of three columns.
    pub(super) fn render(&self) -> Markup {
        let (class, word) = match (&self.before, &self.after) {
            (None, Some(_)) => ("good", "+ new"),
            (Some(_), Some(_)) => ("busy", "~ changed"),
            (_, None) => ("bad", "− withdrawn"),
        };
        html! {
            tbody {
                tr.entry {
                    th colspan="3" scope="rowgroup" {
                        span class={ "chip " (class) } { (word) } " "
                        @if self.linked { (entry_link(&self.entry)) } @else { span.id { (self.entry) } }
                    }
                }
                @match (&self.before, &self.after) {
                    (Some(before), Some(after)) => { (changed(before, after)) }
                    (None, Some(after)) => { (one_sided(after, "added")) }
                    (Some(before), None) => { (one_sided(before, "gone")) }
                    (None, None) => {}
                }
            }
        }
    }

    /// The labels of the fields that differ.
    pub(super) fn labels(&self) -> Vec<&'static str> {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => pairs(before, after).map(|(old, _)| old.label).collect(),
            _ => Vec::new(),
        }
    }
}

fn pairs(
    before: &EntryFields,
    after: &EntryFields,
) -> impl Iterator<Item = (Field, Field)> + use<> {
    let pairs = fields(before).into_iter().zip(fields(after));
    pairs.filter(|(old, new)| old.values != new.values)
}

fn changed(before: &EntryFields, after: &EntryFields) -> Markup {
    html! {
        @for (old, new) in pairs(before, after) {
            tr {
                th scope="row" { (old.label) }
                td { (side(&old.values, &new.values, "gone")) }
                td { (side(&new.values, &old.values, "added")) }
            }
        }
    }
}

/// Values of one side; those that the other side lacks are marked.
fn side(own: &[String], other: &[String], mark: &'static str) -> Markup {
    html! {
        @if own.is_empty() { span.hint { "–" } }
        @else { (values(own, |value| if other.iter().any(|o| o == value) { "" } else { mark })) }
    }
}

fn one_sided(entry: &EntryFields, mark: &'static str) -> Markup {
    html! {
        @for field in fields(entry) {
            @if !field.values.is_empty() {
                tr {
                    th scope="row" { (field.label) }
                    td colspan="2" { (values(&field.values, |_| mark)) }
                }
            }
        }
    }
}

/// The table around parts of [`Difference::render`].
pub(super) fn differences(rows: &[Difference]) -> Markup {
    html! {
        table.diff {
            colgroup { col.field; col; col; }
            thead { tr { th { "Field" } th { "Before" } th { "After" } } }
            @for row in rows { (row.render()) }
        }
    }
}

/// The path of an entry's page. Ids hold no character that a path cannot, but slashes would part it.
pub(super) fn entry_path(id: &str) -> String {
    format!("/console/list/entries/{}", id.replace('/', "%2F"))
}

pub(super) fn entry_link(id: &str) -> Markup {
    html! { a.id href=(entry_path(id)) { (id) } }
}

/// A person under three scripts: long, and written in both directions.
pub(super) fn sample_person() -> EntryFields {
    let code = |code| egate_types::StateCode::parse(code);
    EntryFields {
        id: "np:2291".into(),
        names: vec![
            "AL-TIKRITI, Abd al-Rahman Muhammad ibn Yusuf".into(),
            "عبد الرحمن محمد بن يوسف التكريتي".into(),
            "Абдуррахман Мухаммад Юсуф аль-Тикрити".into(),
            "阿卜杜勒-拉赫曼·穆罕默德·本·优素福·提克里提".into(),
        ],
        births: vec!["1974-08-12".into(), "1973".into()],
        nationalities: [code("IRQ"), code("UTO")].into_iter().flatten().collect(),
        sex: Some(Sex::Male),
        places_of_birth: vec!["Tikrit".into(), "تكريت".into()],
        rule: None,
        documents: vec![EntryDocument {
            issuer: code("IRQ"),
            class: "P".into(),
            number: "A4471902".into(),
            last_number: None,
        }],
        action: Some(egate_rules::watch::Action::Detain),
        reason: "Wanted for questioning, file 2291".into(),
        legal_basis: "Criminal Procedure Act, section 8".into(),
        source: "national police".into(),
        listed_on: Date::parse("2025-11-03").ok(),
        valid_from: None,
        valid_until: Date::parse("2029-12-31").ok(),
        review_on: Date::parse("2027-06-01").ok(),
    }
}
