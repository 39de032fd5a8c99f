//! Why a rule holds, for the officers of its owner: a sentence per predicate with both raw values. Never for the gate.

use std::fmt::Display;

use egate_types::UtcTime;
use serde::Serialize;

use super::{
    Rule, Subject,
    condition::{Age, Condition, DocumentCondition, FlightCondition, Stayed},
    journey::{Means, Stay},
    truth::{Truth, years},
    values::Values,
};

/// A judgement that can be followed line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Whether the rule is about this traveller.
    pub truth: Truth,
    /// Every predicate in the order written, those included on which nothing depended.
    pub terms: Vec<Term>,
    /// What is not known and was asked for, each once.
    pub not_known: Vec<String>,
}

/// One predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Term {
    /// Where it stands in the rule: `when.all[1].age`.
    pub path: String,
    /// Both raw values, and whether it holds.
    pub sentence: String,
    /// The same for programs; groups above it may turn it round.
    pub truth: Truth,
}

pub(super) fn judge(rule: &Rule, subject: &Subject<'_>, now: UtcTime) -> Judgement {
    let mut judgement = Judgement {
        truth: rule.truth(subject, now),
        terms: Vec::new(),
        not_known: Vec::new(),
    };
    judgement.window(rule, now);
    judgement.visit(&rule.fields().when, "when".to_owned(), subject);
    judgement
}

/// What a predicate asks for, what there is, and what is missing if it is not known.
struct Compared {
    what: &'static str,
    asked: String,
    found: String,
    missing: String,
}

impl Judgement {
    fn window(&mut self, rule: &Rule, now: UtcTime) {
        let (path, asked) = match (rule.fields().from, rule.fields().until) {
            (None, None) => return,
            (Some(from), None) => ("from", format!("from {from}")),
            (None, Some(until)) => ("until", format!("until {until}")),
            (Some(from), Some(until)) => ("from", format!("from {from} until {until}")),
        };
        let compared = Compared {
            what: "time",
            asked,
            found: now.to_string(),
            missing: String::new(),
        };
        self.push(path.to_owned(), &compared, rule.counts_at(now).into());
    }

    fn visit(&mut self, condition: &Condition, path: String, subject: &Subject<'_>) {
        let (name, compared) = match condition {
            Condition::All(parts) => return self.group(parts, &format!("{path}.all"), subject),
            Condition::Any(parts) => return self.group(parts, &format!("{path}.any"), subject),
            Condition::Not(part) => return self.visit(part, format!("{path}.not"), subject),
            Condition::Stayed(stayed) => ("stayed", stayed.compared(subject)),
            Condition::Flight(flight) => ("flight", flight.compared(subject)),
            Condition::Document(document) => ("document", document.compared(subject)),
            Condition::Age(age) => ("age", age.compared(subject)),
            Condition::Nationality(states) => {
                let compared = Compared {
                    what: "nationality",
                    asked: states.to_string(),
                    found: format!("document {}", subject.document.holder.nationality),
                    missing: "nationality".to_owned(),
                };
                ("nationality", compared)
            }
            Condition::Declared(declared) => {
                let given = subject
                    .journey
                    .fields()
                    .declarations
                    .get(&declared.question);
                let compared = Compared {
                    what: "declaration",
                    asked: format!("{} answered {}", declared.question, declared.answers),
                    found: given.map_or("no answer".to_owned(), |given| format!("answer {given}")),
                    missing: format!("answer to {}", declared.question),
                };
                ("declared", compared)
            }
        };
        self.push(
            format!("{path}.{name}"),
            &compared,
            condition.truth(subject),
        );
    }

    fn group(&mut self, parts: &Values<Condition>, path: &str, subject: &Subject<'_>) {
        for (at, part) in parts.as_slice().iter().enumerate() {
            self.visit(part, format!("{path}[{at}]"), subject);
        }
    }

    fn push(&mut self, path: String, compared: &Compared, truth: Truth) {
        let Compared {
            what,
            asked,
            found,
            missing,
        } = compared;
        if truth == Truth::Unknown && !self.not_known.contains(missing) {
            self.not_known.push(missing.clone());
        }
        self.terms.push(Term {
            path,
            sentence: format!("{what}: rule {asked}; {found}: {}", truth.word()),
            truth,
        });
    }
}

impl Stayed {
    fn compared(&self, subject: &Subject<'_>) -> Compared {
        let stays = &subject.journey.fields().stays;
        let in_states = stays
            .iter()
            .filter(|stay| self.states.hold(stay.state.code()));
        // Of many the one that decides: an answer before none, then the latest.
        let deciding = in_states.max_by_key(|stay| (self.meets(stay, subject), stay.left));
        let found = match deciding {
            Some(Stay { state, left }) => format!("journey {state}, left {}", shown(left.as_ref())),
            None => format!("journey {} stays elsewhere", stays.len()),
        };
        let first = self.first_day(subject);
        let missing = match self.beyond_stays(subject) {
            Truth::Unknown => format!("stays since {first}"),
            Truth::Yes | Truth::No => "when a stay ended".to_owned(),
        };
        Compared {
            what: "stay",
            asked: format!(
                "{} within {} days, that is since {first}",
                self.states,
                self.within_days.get()
            ),
            found,
            missing,
        }
    }
}

impl FlightCondition {
    fn compared(&self, subject: &Subject<'_>) -> Compared {
        let asked = self.fields();
        let mut wanted = Vec::new();
        wanted.extend(asked.carriers.as_ref().map(|of| format!("carrier {of}")));
        wanted.extend(asked.numbers.as_ref().map(|of| format!("number {of}")));
        wanted.extend(asked.from.map(|day| format!("from {day}")));
        wanted.extend(asked.to.map(|day| format!("to {day}")));
        let journey = subject.journey.fields();
        let (found, missing) = match (&journey.flight, journey.means) {
            (Some(flight), _) => {
                let parts = [
                    ("carrier", self.carrier(flight)),
                    ("number", self.number(flight)),
                    ("date", self.date(flight)),
                ];
                let unknown = parts
                    .into_iter()
                    .filter(|(_, truth)| *truth == Truth::Unknown);
                let unknown: Vec<_> = unknown.map(|(part, _)| part).collect();
                let found = format!(
                    "journey carrier {}, number {}, date {}",
                    shown(flight.carrier.as_ref()),
                    shown(flight.number.as_ref()),
                    shown(flight.date.as_ref())
                );
                (found, format!("flight: {}", unknown.join(", ")))
            }
            (None, means) => {
                let found = match means {
                    Some(Means::Land) => "journey by land",
                    Some(Means::Sea) => "journey by sea",
                    Some(Means::Air) => "journey by air",
                    None => "journey unknown",
                };
                (found.to_owned(), "flight".to_owned())
            }
        };
        Compared {
            what: "flight",
            asked: wanted.join(", "),
            found,
            missing,
        }
    }
}

impl DocumentCondition {
    fn compared(&self, subject: &Subject<'_>) -> Compared {
        let mut wanted = Vec::new();
        wanted.extend(
            self.fields()
                .classes
                .as_ref()
                .map(|of| format!("class {of}")),
        );
        wanted.extend(
            self.fields()
                .issuers
                .as_ref()
                .map(|of| format!("issuer {of}")),
        );
        Compared {
            what: "document",
            asked: wanted.join(", "),
            found: format!(
                "document class {}, issuer {}",
                subject.document.code, subject.document.issuer
            ),
            missing: "class of the document".to_owned(),
        }
    }
}

impl Age {
    fn compared(&self, subject: &Subject<'_>) -> Compared {
        let birth = subject.document.holder.date_of_birth;
        let found = match years(subject) {
            Some(years) => format!("{years} years on {}", subject.arrival),
            None => format!("no age on {}", subject.arrival),
        };
        Compared {
            what: "age",
            asked: format!("{} to {} years", self.fields().from, self.fields().to),
            found: format!("document born {}, {found}", shown(birth.as_ref())),
            missing: "date of birth".to_owned(),
        }
    }
}

fn shown(value: Option<&impl Display>) -> String {
    value.map_or("unknown".to_owned(), ToString::to_string)
}
