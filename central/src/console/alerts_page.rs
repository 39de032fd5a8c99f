//! Alerts: what the owner's officers are told beside a verdict, and which namesakes were cleared.

use egate_types::InspectionId;
use maud::{Markup, html};

use super::{fields::entry_link, hit::HitRow, pages::Frame};
use crate::store::alerts::AlertKind;

pub(super) struct AlertsPage {
    pub(super) frame: Frame,
    /// Those that nobody has seen first.
    pub(super) alerts: Vec<AlertRow>,
    pub(super) namesakes: Vec<NamesakeRow>,
}

/// An alert.
pub(super) struct AlertRow {
    pub(super) seq: i64,
    pub(super) kind: AlertKind,
    pub(super) at: String,
    pub(super) age: String,
    pub(super) lane: Option<String>,
    pub(super) inspection: Option<InspectionId>,
    /// When the traveller's inspection began.
    pub(super) inspected: Option<String>,
    /// Name, document and date of birth.
    pub(super) traveller: Option<String>,
    /// Of an expected traveller.
    pub(super) announced: Option<AnnouncedView>,
    /// How many travellers the entry meets besides.
    pub(super) more: u64,
    pub(super) has_case: bool,
    pub(super) hit: HitRow,
    pub(super) seen_by: Option<String>,
}

/// An announcement.
pub(super) struct AnnouncedView {
    /// Issuer and number.
    pub(super) document: String,
    pub(super) arrives: String,
}

/// A traveller whom an officer has found not to be the listed person.
pub(super) struct NamesakeRow {
    pub(super) id: i64,
    pub(super) entry: String,
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) until: String,
    pub(super) standing: Standing,
}

/// Whether a clearance holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Holds,
    /// Its time is over, or an officer has ended it.
    Ended,
    /// The entry is another one than the officer compared.
    EntryChanged,
}

impl AlertsPage {
    pub(super) fn render(&self) -> Markup {
        let (unseen, seen): (Vec<_>, Vec<_>) = self
            .alerts
            .iter()
            .partition(|alert| alert.seen_by.is_none());
        let content = html! {
            h1 { "Alerts" }
            p.notice.warn #news hidden role="status" { "! There are new alerts. " a href="/console/alerts" { "Show them" } }
            @if unseen.is_empty() { p.panel.empty { "✓ Every alert has been seen." } }
            div.alerts { @for alert in unseen { (alert.render(&self.frame.csrf)) } }
            @if !seen.is_empty() {
                details.panel.seen {
                    summary { h2 { "Seen before" } span.hint { (seen.len()) } }
                    div.alerts { @for alert in seen { (alert.render(&self.frame.csrf)) } }
                }
            }
            (self.cleared())
        };
        self.frame.page("Alerts", "alerts", &content)
    }

    fn cleared(&self) -> Markup {
        html! {
            section.panel.scroll {
                h2 { "Cleared namesakes" }
                @if self.namesakes.is_empty() {
                    p.empty { "○ Nobody has been cleared. The officer of a case does it beside the hit, under \u{201c}Not this person\u{201d}." }
                } @else {
                    p.hint { "Travellers who were compared with a listed person and are somebody else. They pass that entry with the document that was compared, until the day or until the entry changes; with a renewed passport they are compared anew." }
                    table.changes {
                        thead { tr { th { "Standing" } th { "Entry" } th { "Cleared by" } th { "Until" } th {} } }
                        tbody { @for row in &self.namesakes { (row.render(&self.frame.csrf)) } }
                    }
                }
            }
        }
    }

    pub(super) fn sample() -> Self {
        let alert = |seq, kind, hit, traveller: &str| AlertRow {
            seq,
            kind,
            at: "2027-01-15 08:00 UTC".into(),
            age: "4 min".into(),
            lane: Some("lane-2".into()),
            inspection: Some(InspectionId::new(1_800_000_000_000, [7; 10])),
            inspected: Some("2027-01-15 07:59 UTC".into()),
            traveller: Some(traveller.into()),
            announced: None,
            more: 0,
            has_case: false,
            hit,
            seen_by: None,
        };
        let mut hits = HitRow::samples().into_iter();
        let anna = "ERIKSSON, ANNA MARIA · P UTO L898902C3 · born 1974-08-12";
        let long = "WIJEWARDENA MUDIYANSELAGE, CHATHURANGA SANDARUWAN BANDARA · P LKA N10239841 · born 1968-02-29";
        let alerts = [
            (AlertKind::Silent, anna),
            (AlertKind::Admitted, long),
            (AlertKind::Present, anna),
        ];
        let mut rows: Vec<AlertRow> = (90..)
            .zip(alerts.into_iter().zip(hits.by_ref()))
            .map(|(seq, ((kind, traveller), hit))| alert(seq, kind, hit, traveller))
            .collect();
        let mut seen = alert(71, AlertKind::Present, HitRow::sample_rule(), anna);
        seen.seen_by = Some("officer.lee".into());
        let mut ceiling = alert(93, AlertKind::Ceiling, HitRow::sample_rule(), "");
        (
            ceiling.lane,
            ceiling.inspection,
            ceiling.inspected,
            ceiling.traveller,
        ) = (None, None, None, None);
        rows.push(ceiling);
        let mut expected = alert(94, AlertKind::Expected, HitRow::sample_rule(), anna);
        (expected.lane, expected.inspection, expected.inspected) = (None, None, None);
        expected.announced = Some(AnnouncedView {
            document: "UTO L898902C3".into(),
            arrives: "2027-01-16".into(),
        });
        let mut forgotten = alert(95, AlertKind::Expected, HitRow::sample_rule(), "");
        (forgotten.lane, forgotten.inspection, forgotten.inspected) = (None, None, None);
        forgotten.traveller = None;
        forgotten.announced = Some(AnnouncedView {
            document: "LKA N10239841".into(),
            arrives: "2027-01-12".into(),
        });
        let mut further = alert(96, AlertKind::Further, HitRow::sample_rule(), "");
        (further.lane, further.inspection, further.inspected) = (None, None, None);
        (further.traveller, further.more) = (None, 1_234);
        rows.extend([expected, forgotten, further]);
        rows.push(seen);
        let namesake = |id, entry: &str, reason: &str, standing| NamesakeRow {
            id,
            entry: entry.into(),
            by: "officer.lee".into(),
            reason: reason.into(),
            until: "2027-07-14".into(),
            standing,
        };
        let entry = "lost:INTERPOL-SLTD-national-extract/2027-01-13/UTO/0000088123";
        Self {
            frame: Frame::sample_alerted(7),
            alerts: rows,
            namesakes: vec![
                namesake(
                    3,
                    "np:2291",
                    "Fingerprints differ; the listed man is 20 cm taller",
                    Standing::Holds,
                ),
                namesake(2, entry, "Another photograph", Standing::EntryChanged),
                namesake(
                    1,
                    "np:1187",
                    "Born in another country, passport seen",
                    Standing::Ended,
                ),
            ],
        }
    }

    pub(super) fn sample_empty() -> Self {
        Self {
            frame: Frame::sample(),
            alerts: Vec::new(),
            namesakes: Vec::new(),
        }
    }
}

impl AlertRow {
    fn render(&self, csrf: &str) -> Markup {
        let (class, mark, head, sentence) = self.words();
        html! {
            article class={ "panel alert-row " (class) } {
                header {
                    h3 { (mark) " " (head) }
                    span.hint { (self.at) ", " (self.age) " ago" }
                    @if let Some(by) = &self.seen_by { span.chip.none { "✓ seen by " (by) } }
                    @else {
                        form method="post" action={ "/console/alerts/" (self.seq) "/seen" } {
                            input type="hidden" name="csrf" value=(csrf);
                            button { "✓ Seen" }
                        }
                    }
                }
                p { (sentence) }
                @if let Some(traveller) = &self.traveller { p { strong { bdi { (traveller) } } } }
                @if let Some(inspection) = &self.inspection {
                    p.hint { "Inspection " span.id { (inspection) } @if self.has_case { " · " a href={ "/console/cases/" (inspection) } { "open the case" } } }
                }
                (self.hit.render(None))
            }
        }
    }

    /// Colour, pictogram, and what has happened.
    fn words(&self) -> (&'static str, &'static str, &'static str, String) {
        let lane = self.lane.as_deref().unwrap_or("a lane");
        let began = self.inspected.as_deref().unwrap_or("an earlier hour");
        match self.kind {
            AlertKind::Silent => (
                "warn",
                "◉",
                "Silent alert",
                format!(
                    "The traveller was not stopped at {lane}; nobody else knows of it, neither the traveller nor the gate nor another authority."
                ),
            ),
            AlertKind::Present => (
                "bad",
                "!",
                "Stands in a lane",
                format!(
                    "The traveller stands in {lane}, inspected at {began}, and meets an entry that came in force just then."
                ),
            ),
            AlertKind::Admitted => (
                "bad",
                "✗",
                "Was admitted",
                format!(
                    "The traveller was admitted at {lane}, inspected at {began}, before the entry was in force."
                ),
            ),
            AlertKind::Expected => (
                "warn",
                "▶",
                "Expected",
                self.announcement(),
            ),
            AlertKind::Ceiling => (
                "none",
                "■",
                "A rule rests",
                "The rule has met as many travellers today as its owner allows, and holds nobody until tomorrow.".into(),
            ),
            AlertKind::Further => (
                "bad",
                "!",
                "Meets many more",
                format!(
                    "The entry meets {} more travellers who are in a lane, were admitted lately or are announced. They are not shown one by one: look at the entry first.",
                    self.more
                ),
            ),
        }
    }

    fn announcement(&self) -> String {
        let Some(AnnouncedView { document, arrives }) = &self.announced else {
            return "The traveller was announced; this alert is from before it was kept who that is.".into();
        };
        if self.traveller.is_some() {
            format!("The traveller is announced for {arrives}.")
        } else {
            format!(
                "Somebody was announced for {arrives} with document {document}. The announcement has been forgotten since."
            )
        }
    }
}

impl NamesakeRow {
    fn render(&self, csrf: &str) -> Markup {
        let (class, word) = match self.standing {
            Standing::Holds => ("good", "✓ holds"),
            Standing::Ended => ("off", "■ ended"),
            Standing::EntryChanged => ("none", "○ entry changed"),
        };
        html! {
            tr {
                td { span class={ "chip " (class) } { (word) } }
                td.what { (entry_link(&self.entry)) p dir="auto" { (self.reason) } }
                td.who-cell { (self.by) }
                td.when { (self.until) }
                td.right {
                    @if self.standing == Standing::Holds {
                        form method="post" action={ "/console/namesakes/" (self.id) "/end" } {
                            input type="hidden" name="csrf" value=(csrf);
                            button { "End it" }
                        }
                    }
                }
            }
        }
    }
}
