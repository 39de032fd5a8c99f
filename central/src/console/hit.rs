//! A hit on the authority's own list, as the officer of a case reads it: what, how sure, why line by line, and what was not compared.

use egate_types::InspectionId;
use maud::{Markup, html};

use super::fields::entry_link;
use crate::lists::screening::{Found, Hit, HitOn};

/// A hit with its reasons.
pub(super) struct HitRow {
    on: HitOn,
    sure: bool,
    action: String,
    reason: String,
    legal_basis: String,
    source: String,
    entry: String,
    points: Option<f32>,
    terms: Vec<(String, Option<f32>)>,
    not_compared: Vec<String>,
    at_most_possible: Option<String>,
    rests: bool,
    cleared: Option<String>,
}

impl HitRow {
    pub(super) fn of(hit: &Hit) -> Self {
        let explained = hit.explanation.as_ref();
        Self {
            on: hit.on,
            sure: hit.outcome == Found::Hit,
            action: hit.action.as_str().replace('_', " "),
            reason: hit.reason.clone(),
            legal_basis: hit.legal_basis.clone(),
            source: hit.source.clone(),
            entry: hit.entry.clone(),
            points: explained.map(|explained| explained.points),
            terms: match explained {
                Some(explained) => {
                    let terms = explained.terms.iter();
                    terms
                        .map(|term| (term.sentence.clone(), Some(term.points)))
                        .collect()
                }
                None => hit
                    .sentences
                    .iter()
                    .map(|text| (text.clone(), None))
                    .collect(),
            },
            not_compared: explained.map_or_else(
                || hit.not_compared.clone(),
                |explained| explained.not_compared.clone(),
            ),
            at_most_possible: explained.and_then(|explained| explained.at_most_possible.clone()),
            rests: hit.rests,
            cleared: hit.cleared.as_ref().map(|cleared| {
                let (reason, by, until) = (&cleared.reason, &cleared.by, cleared.until.date());
                format!("{reason} — {by}; holds until {until} or until the entry changes")
            }),
        }
    }

    /// With the case, the hit on a person can be found to be somebody else's.
    pub(super) fn render(&self, case: Option<(&InspectionId, &str)>) -> Markup {
        let on = match self.on {
            HitOn::Document => "document",
            HitOn::Person => "person",
            HitOn::Rule => "rule",
        };
        let (class, mark) = match (&self.cleared, self.sure) {
            (Some(_), _) => ("hit cleared", "○"),
            (None, true) => ("hit", "✗"),
            (None, false) => ("hit possible", "!"),
        };
        let word = if self.sure { "hit" } else { "possible hit" };
        html! {
            div class=(class) {
                strong { (mark) " " (self.action) " — " (word) " on " (on) }
                p { (self.reason) }
                p.hint { (self.legal_basis) " · " (self.source) " · entry " (entry_link(&self.entry)) }
                @if let Some(cleared) = &self.cleared { p.chip.none { "○ another person: " (cleared) } }
                @if self.rests { p.chip.warn { "! the rule has met its ceiling of today and rests: this hit had no effect" } }
                (self.why())
                @if let Some((inspection, csrf)) = case.filter(|_| self.on == HitOn::Person && self.cleared.is_none()) {
                    (self.namesake(inspection, csrf))
                }
            }
        }
    }

    fn why(&self) -> Markup {
        html! {
            details.why {
                summary { "Why" @if let Some(points) = self.points { span.hint { " " (format!("{points:.1} points")) } } }
                table.terms {
                    @for (sentence, points) in &self.terms {
                        tr {
                            td { (sentence) }
                            td.right { @if let Some(points) = points { (format!("{points:+.1}")) } }
                        }
                    }
                }
                @if !self.not_compared.is_empty() {
                    p.hint { "Not compared: " (self.not_compared.join("; ")) "." }
                }
                @if let Some(why) = &self.at_most_possible { p.hint { "! " (why) "." } }
            }
        }
    }

    fn namesake(&self, inspection: &InspectionId, csrf: &str) -> Markup {
        html! {
            details.why {
                summary { "Not this person" }
                form method="post" action={ "/console/cases/" (inspection) "/namesake" } {
                    input type="hidden" name="csrf" value=(csrf);
                    input type="hidden" name="entry" value=(self.entry);
                    label { "How you know"
                        input name="reason" required minlength="3" maxlength="500" placeholder="e.g. fingerprints differ"; }
                    label { "Holds for"
                        select name="days" {
                            option value="30" { "30 days" }
                            option value="180" selected { "180 days" }
                            option value="365" { "a year" }
                        }
                    }
                    button { "Clear this namesake" }
                    p.hint { "At the next crossing with this document the entry no longer holds the traveller. A changed entry does again, \
                        and so does a renewed passport. The case itself is still yours to decide." }
                }
            }
        }
    }

    /// A rule.
    pub(super) fn sample_rule() -> Self {
        let mut hit = Self::samples().remove(2);
        hit.on = HitOn::Rule;
        hit.action = "health check".into();
        hit.reason = "Stay in an area of an outbreak within 21 days".into();
        hit.legal_basis = "Health Law, section 42".into();
        hit.entry = "own:outbreak-2027-01".into();
        hit.terms = vec![("stayed in UTO, left 2027-01-06, 9 days ago".into(), None)];
        hit
    }

    /// A person with reasons, a possibility, a namesake and a document.
    pub(super) fn samples() -> Vec<Self> {
        let term = |sentence: &str, points: f32| (sentence.to_owned(), Some(points));
        let person = |sure, cleared: Option<&str>| Self {
            on: HitOn::Person,
            sure,
            action: "detain".into(),
            reason: "Wanted for questioning, file 2291".into(),
            legal_basis: "Criminal Procedure Act, section 8".into(),
            source: "national police".into(),
            entry: "np:2291".into(),
            points: Some(if sure { 24.3 } else { 17.2 }),
            terms: vec![
                term(
                    "listed \"Eriksson\" and document \"ERIKSSON\": the same letters; borne by about one name part in 1200",
                    7.1,
                ),
                term(
                    "listed \"Anna\" and document \"ANNA\": the same letters; borne by about one name part in 90",
                    4.5,
                ),
                term(
                    "date of birth: listed 1974-08-12, document 1974-08-12: the same date",
                    9.8,
                ),
            ],
            not_compared: vec!["place of birth: the document has none".into()],
            at_most_possible: None,
            rests: false,
            cleared: cleared.map(str::to_owned),
        };
        let cleared =
            "fingerprints differ — officer.lee; holds until 2027-05-02 or until the entry changes";
        vec![
            person(true, None),
            person(false, Some(cleared)),
            Self {
                on: HitOn::Document,
                sure: true,
                action: "refer".into(),
                reason: "Reported lost by the holder on 2026-10-02".into(),
                legal_basis: "Immigration Act, section 12(3)".into(),
                source: "own".into(),
                entry: "lost:88123".into(),
                points: None,
                terms: vec![(
                    "the document's number, class and issuer are listed".into(),
                    None,
                )],
                not_compared: Vec::new(),
                at_most_possible: None,
                rests: false,
                cleared: None,
            },
        ]
    }
}
