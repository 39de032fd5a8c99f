//! `report.json`: what happened, passage by passage, and the totals.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use egate_types::{CheckNode, ChipAccess, Outcome, ReferralCause};
use egate_wire::v1::{PassageRecord, StepTime, VerdictClaims};
use serde::Serialize;
use serde_json::Value;

use crate::port::{PACE, Passage};
use crate::script::Script;

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// One entry per traveller, in the order they ended.
    pub passages: Vec<PassageReport>,
    /// Sums.
    pub totals: Totals,
    /// What the border authority's console says of face comparison in the field.
    pub comparisons: Value,
}

/// One traveller.
#[derive(Debug, Serialize)]
pub struct PassageReport {
    /// Number of the traveller.
    pub traveller: u64,
    /// Which lane.
    pub lane: String,
    /// What was meant to happen.
    pub script: &'static str,
    /// Whether it did.
    pub as_scripted: bool,
    /// Why not, if it did not.
    pub deviation: Option<String>,
    /// Inspection id.
    pub inspection: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why an officer was called.
    pub cause: Option<ReferralCause>,
    /// Which way the traveller left.
    pub way_out: Option<String>,
    /// From opening to closing of the inspection, milliseconds.
    pub duration_ms: Option<i64>,
    /// Milliseconds per step.
    pub steps: Vec<StepTime>,
    /// What each authority's own record says: its signed verdict, or that it gave none.
    pub verdicts: BTreeMap<String, String>,
    /// What the display asked for while the picture was taken, in order.
    pub coaching: Vec<String>,
    /// How the chip was opened, by the record: `pace`, `bac` ..
    pub access: Option<&'static str>,
    /// Check results by their TR-03135 names; `name` or `name/instance`.
    pub checks: Vec<(String, String)>,
}

/// Sums over all passages.
#[derive(Debug, Default, Serialize)]
pub struct Totals {
    /// Travellers sent.
    pub travellers: usize,
    /// Ended as their script says.
    pub as_scripted: usize,
    /// By outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// By script: sent, as scripted.
    pub scripts: BTreeMap<&'static str, (usize, usize)>,
    /// How much faster than real people the simulated ones walk; devices, chips and networks keep real time.
    pub people_pace: u32,
    /// Median duration of admitted passages, milliseconds.
    pub admitted_p50_ms: Option<i64>,
    /// 90th percentile of the same.
    pub admitted_p90_ms: Option<i64>,
    /// Wall time of the whole run, milliseconds.
    pub wall_ms: u64,
}

impl PassageReport {
    /// Judges a visit against its script.
    pub fn new(n: u64, lane: &str, script: Script, visit: anyhow::Result<Passage>) -> Self {
        let mut report = Self {
            traveller: n,
            lane: lane.to_owned(),
            script: script.name,
            as_scripted: false,
            deviation: None,
            inspection: None,
            outcome: None,
            cause: None,
            way_out: None,
            duration_ms: None,
            steps: Vec::new(),
            verdicts: BTreeMap::new(),
            coaching: Vec::new(),
            access: None,
            checks: Vec::new(),
        };
        match visit {
            Err(error) => report.deviation = Some(format!("{error:#}")),
            Ok(passage) => report.fill(script, &passage),
        }
        report.as_scripted = report.deviation.is_none();
        report
    }

    fn fill(&mut self, script: Script, passage: &Passage) {
        self.way_out = Some(format!("{:?}", passage.end.way_out));
        self.coaching = passage.coaching.iter().map(in_words).collect();
        self.verdicts = passage
            .records
            .iter()
            .map(|(a, r)| (a.clone(), verdict_of(r)))
            .collect();
        let Some((_, record)) = passage.records.first() else {
            self.deviation = Some("no record".to_owned());
            return;
        };
        self.inspection = Some(record.inspection.to_string());
        self.outcome = Some(record.outcome);
        self.cause = record.cause;
        self.duration_ms = Some(record.closed_at.0 - record.opened_at.0);
        self.steps.clone_from(&record.steps);
        self.access = record.access.as_ref().map(ChipAccess::name);
        self.checks = flatten(&record.checks);
        let one = passage
            .records
            .iter()
            .all(|(_, r)| r.inspection == record.inspection);
        let seen = (record.outcome, record.cause, passage.end.way_out);
        let expected = (script.outcome, script.cause, script.way_out);
        if seen != expected {
            self.deviation = Some(format!("expected {expected:?}, got {seen:?}"));
        } else if let Some(text) = script
            .coached
            .iter()
            .find(|c| !passage.coaching.contains(c))
        {
            self.deviation = Some(format!("the display never asked {text:?}"));
        } else if !one {
            self.deviation = Some("more than one inspection".to_owned());
        }
    }
}

/// The verdict in an authority's own record. The gate has verified the token; here its payload is read.
fn verdict_of(record: &PassageRecord) -> String {
    let Some(token) = &record.verdict else {
        return "none".to_owned();
    };
    let payload = token
        .0
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Option<VerdictClaims> = payload.and_then(|p| serde_json::from_slice(&p).ok());
    claims.map_or_else(
        || "unreadable".to_owned(),
        |claims| in_words(&claims.verdict),
    )
}

/// The word a value has in JSON.
fn in_words(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).ok();
    json.and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn flatten(root: &CheckNode) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    root.walk(&mut |node| {
        let name = match &node.instance {
            Some(instance) => format!("{}/{instance}", node.name.0),
            None => node.name.0.clone(),
        };
        flat.push((name, in_words(&node.result)));
    });
    flat
}

impl Report {
    /// Sums up.
    pub fn new(passages: Vec<PassageReport>, comparisons: Value, wall_ms: u64) -> Self {
        let mut totals = Totals {
            travellers: passages.len(),
            people_pace: PACE,
            wall_ms,
            ..Totals::default()
        };
        let mut admitted = Vec::new();
        for passage in &passages {
            let ok = usize::from(passage.as_scripted);
            totals.as_scripted += ok;
            let script = totals.scripts.entry(passage.script).or_default();
            *script = (script.0 + 1, script.1 + ok);
            let outcome = passage.outcome.as_ref().map_or("none".to_owned(), in_words);
            *totals.outcomes.entry(outcome).or_default() += 1;
            if passage.outcome == Some(Outcome::Admitted) {
                admitted.extend(passage.duration_ms);
            }
        }
        admitted.sort_unstable();
        let rank = |percent: usize| {
            admitted.get((admitted.len() * percent / 100).min(admitted.len().saturating_sub(1)))
        };
        totals.admitted_p50_ms = rank(50).copied();
        totals.admitted_p90_ms = rank(90).copied();
        Self {
            passages,
            totals,
            comparisons,
        }
    }

    /// Whether everybody ended as scripted.
    pub fn passed(&self) -> bool {
        self.totals.travellers > 0 && self.totals.as_scripted == self.totals.travellers
    }

    /// The table that the demo prints.
    pub fn table(&self) -> String {
        let mut text = format!("{:<28} {:>5} {:>12}\n", "script", "sent", "as scripted");
        for (script, (sent, ok)) in &self.totals.scripts {
            let mark = if sent == ok {
                ""
            } else {
                "  <-- see deviation in the report"
            };
            text += &format!("{script:<28} {sent:>5} {ok:>12}{mark}\n");
        }
        let totals = &self.totals;
        text += &format!(
            "{:<28} {:>5} {:>12}\n",
            "all", totals.travellers, totals.as_scripted
        );
        if let (Some(p50), Some(p90)) = (totals.admitted_p50_ms, totals.admitted_p90_ms) {
            text += &format!(
                "admitted: p50 {p50} ms, p90 {p90} ms from document to passage, people at {PACE} times their pace\n"
            );
        }
        text
    }
}
