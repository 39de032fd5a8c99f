//! The gate's journal: what must survive a kill at any instruction. Journal first, act second.
//!
//! One line per entry: eight hexadecimal digits of a SHA-256 prefix, a space, JSON, a newline. An entry is durable
//! when [`Journal::append`] returns (`fdatasync`). A torn last line is what a power cut leaves; it was never acted
//! upon and is cut off. A broken line elsewhere is damage and stops the gate. Ids, times, results and signed
//! verdicts only: no name, no biometric.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use egate_lane::{JournalEntry, Unfinished};
use egate_types::{AuthorityId, EvidenceHash, InspectionId, UtcTime};
use egate_wire::v1::{PassageRecord, SignedDecision, SignedVerdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What one authority consented to, kept with the release it allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Whose.
    pub authority: AuthorityId,
    /// Its signed verdict, if it gave one.
    pub verdict: Option<SignedVerdict>,
    /// Its officer's signed decision, if there was one.
    pub decision: Option<SignedDecision>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// An announcement of the lane.
    Lane {
        /// When.
        at: UtcTime,
        /// What.
        entry: JournalEntry,
        /// Over which evidence, for a release.
        evidence: Option<EvidenceHash>,
        /// By whose consent, for a release.
        consents: Vec<Consent>,
    },
    /// An inspection ended; its records, one per authority, are to be delivered.
    Closed {
        /// Which.
        inspection: InspectionId,
        /// Each authority's own record.
        records: Vec<(AuthorityId, PassageRecord)>,
    },
    /// An authority has acknowledged its record.
    Delivered {
        /// Which inspection.
        inspection: InspectionId,
        /// Who.
        authority: AuthorityId,
    },
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("journal {path}: {doing} failed; check disk space and permissions")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line before the last one is broken: somebody or something changed the file.
    #[error(
        "journal {path}, line {line}: damaged; keep the file for the inquiry, move it away, restart"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
}

/// What start-up finds.
#[derive(Debug, Default, PartialEq)]
pub struct Recovery {
    /// The inspection that was running, with what is known of it.
    pub unfinished: Option<UnfinishedInspection>,
    /// Records not yet acknowledged, oldest first.
    pub undelivered: Vec<(AuthorityId, PassageRecord)>,
}

/// An inspection without an end.
#[derive(Debug, Clone, PartialEq)]
pub struct UnfinishedInspection {
    /// For the lane.
    pub lane: Unfinished,
    /// When it began.
    pub opened_at: UtcTime,
    /// Over which evidence the exit was about to be released.
    pub evidence: Option<EvidenceHash>,
    /// By whose consent.
    pub consents: Vec<Consent>,
}

/// The open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens or makes the journal, cuts off a torn last line, drops what is settled, and says what is not.
    pub fn open(path: &Path) -> Result<(Self, Recovery), JournalError> {
        let failed = |doing| {
            let path = path.to_owned();
            move |source| JournalError::Io {
                path,
                doing,
                source,
            }
        };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed("reading")(error)),
        };
        let lines = parse(&bytes).map_err(|line| JournalError::Damaged {
            path: path.to_owned(),
            line,
        })?;
        let recovery = recover(&lines);
        let kept = unsettled(lines);
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh).map_err(failed("creating"))?;
        let text: Vec<u8> = kept.iter().flat_map(encode).collect();
        file.write_all(&text).map_err(failed("writing"))?;
        file.sync_all().map_err(failed("syncing"))?;
        std::fs::rename(&fresh, path).map_err(failed("renaming"))?;
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|f| f.sync_all())
            .map_err(failed("syncing the folder of"))?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(failed("opening"))?;
        Ok((
            Self {
                path: path.to_owned(),
                file,
            },
            recovery,
        ))
    }

    /// Makes `line` durable.
    pub fn append(&mut self, line: &Line) -> Result<(), JournalError> {
        self.file
            .write_all(&encode(line))
            .and_then(|()| self.file.sync_data())
            .map_err(|source| JournalError::Io {
                path: self.path.clone(),
                doing: "appending",
                source,
            })
    }
}

fn encode(line: &Line) -> Vec<u8> {
    // Invariant: every field of `Line` has a JSON form; maps have string keys.
    let json = serde_json::to_vec(line).unwrap_or_default();
    let mut bytes = seal(&json).into_bytes();
    bytes.push(b' ');
    bytes.extend(json);
    bytes.push(b'\n');
    bytes
}

fn seal(json: &[u8]) -> String {
    hex::encode(&Sha256::digest(json)[..4])
}

/// All whole lines; `Err` with the number of a damaged one. The last line may be torn.
fn parse(bytes: &[u8]) -> Result<Vec<Line>, usize> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let number = lines.len() + 1;
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            return Ok(lines);
        };
        let (line, tail) = (&rest[..end], &rest[end + 1..]);
        match decode(line) {
            Some(line) => lines.push(line),
            None if tail.is_empty() => return Ok(lines),
            None => return Err(number),
        }
        rest = tail;
    }
    Ok(lines)
}

fn decode(line: &[u8]) -> Option<Line> {
    let (stated, json) = (line.get(..8)?, line.get(9..)?);
    (seal(json).as_bytes() == stated).then(|| serde_json::from_slice(json).ok())?
}

fn recover(lines: &[Line]) -> Recovery {
    let mut open: BTreeMap<InspectionId, UnfinishedInspection> = BTreeMap::new();
    let mut undelivered: Vec<(AuthorityId, PassageRecord)> = Vec::new();
    for line in lines {
        match line {
            Line::Lane {
                at,
                entry: JournalEntry::Opened { inspection },
                ..
            } => {
                let lane = Unfinished {
                    inspection: *inspection,
                    exit_passages_at_release: None,
                };
                open.insert(
                    *inspection,
                    UnfinishedInspection {
                        lane,
                        opened_at: *at,
                        evidence: None,
                        consents: Vec::new(),
                    },
                );
            }
            Line::Lane {
                entry:
                    JournalEntry::ReleasingExit {
                        inspection,
                        exit_passages,
                    },
                evidence,
                consents,
                ..
            } => {
                if let Some(unfinished) = open.get_mut(inspection) {
                    unfinished.lane.exit_passages_at_release = Some(*exit_passages);
                    unfinished.evidence = *evidence;
                    unfinished.consents.clone_from(consents);
                }
            }
            Line::Closed {
                inspection,
                records,
            } => {
                open.remove(inspection);
                undelivered.extend(records.iter().cloned());
            }
            Line::Delivered {
                inspection,
                authority,
            } => {
                undelivered.retain(|(a, r)| a != authority || r.inspection != *inspection);
            }
        }
    }
    // The lane closes one inspection before it opens the next, so at most one is left.
    Recovery {
        unfinished: open.into_values().next_back(),
        undelivered,
    }
}

/// Drops every line of inspections that are closed and delivered to everybody.
fn unsettled(lines: Vec<Line>) -> Vec<Line> {
    let recovery = recover(&lines);
    let wanted: BTreeSet<InspectionId> = recovery
        .undelivered
        .iter()
        .map(|(_, record)| record.inspection)
        .chain(
            recovery
                .unfinished
                .map(|unfinished| unfinished.lane.inspection),
        )
        .collect();
    lines
        .into_iter()
        .filter(|line| wanted.contains(&subject(line)))
        .collect()
}

fn subject(line: &Line) -> InspectionId {
    match line {
        Line::Lane {
            entry: JournalEntry::Opened { inspection },
            ..
        }
        | Line::Lane {
            entry: JournalEntry::ReleasingExit { inspection, .. },
            ..
        }
        | Line::Closed { inspection, .. }
        | Line::Delivered { inspection, .. } => *inspection,
    }
}

#[cfg(test)]
mod tests {
    use egate_types::{CheckNode, CheckResult, Direction, LaneId, Outcome, RunMode};
    use proptest::prelude::*;

    use super::*;

    fn id(n: u64) -> InspectionId {
        InspectionId::new(n, [3; 10])
    }

    fn border() -> AuthorityId {
        AuthorityId::parse("border").unwrap()
    }

    fn opened(n: u64) -> Line {
        let entry = JournalEntry::Opened { inspection: id(n) };
        Line::Lane {
            at: UtcTime(5),
            entry,
            evidence: None,
            consents: Vec::new(),
        }
    }

    fn releasing(n: u64) -> Line {
        let entry = JournalEntry::ReleasingExit {
            inspection: id(n),
            exit_passages: 41,
        };
        Line::Lane {
            at: UtcTime(6),
            entry,
            evidence: None,
            consents: Vec::new(),
        }
    }

    fn closed(n: u64) -> Line {
        let record = PassageRecord {
            inspection: id(n),
            lane: LaneId::parse("lane-1").unwrap(),
            direction: Direction::Entry,
            opened_at: UtcTime(5),
            closed_at: UtcTime(7),
            outcome: Outcome::Admitted,
            cause: None,
            steps: Vec::new(),
            access: None,
            checks: CheckNode::leaf("Checks", RunMode::Mandatory, CheckResult::Successful),
            match_score: None,
            pad_score: None,
            verdict: None,
            others: Vec::new(),
            decision: None,
            evidence: None,
        };
        Line::Closed {
            inspection: id(n),
            records: vec![(border(), record)],
        }
    }

    fn delivered(n: u64) -> Line {
        Line::Delivered {
            inspection: id(n),
            authority: border(),
        }
    }

    fn bytes_of(lines: &[Line]) -> Vec<u8> {
        lines.iter().flat_map(encode).collect()
    }

    #[test]
    fn a_kill_after_the_release_is_found_with_the_counter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, recovery) = Journal::open(&path).unwrap();
        assert_eq!(recovery, Recovery::default());
        for line in [opened(1), closed(1), delivered(1), opened(2), releasing(2)] {
            journal.append(&line).unwrap();
        }
        drop(journal);
        let (_, recovery) = Journal::open(&path).unwrap();
        let unfinished = recovery.unfinished.unwrap();
        assert_eq!(unfinished.lane.inspection, id(2));
        assert_eq!(unfinished.lane.exit_passages_at_release, Some(41));
        assert!(recovery.undelivered.is_empty());
        let kept = parse(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(kept, [opened(2), releasing(2)], "settled lines are dropped");
    }

    #[test]
    fn damage_before_the_last_line_stops_the_gate() {
        let mut bytes = bytes_of(&[opened(1), closed(1)]);
        bytes[20] ^= 1;
        assert_eq!(parse(&bytes), Err(1));
    }

    proptest! {
        /// A cut at any byte loses at most the line it falls into: what was appended before is found again.
        #[test]
        fn a_power_cut_at_any_byte_keeps_every_whole_line(cut in 0usize..2_000) {
            let lines = [opened(1), releasing(1), closed(1), delivered(1), opened(2)];
            let bytes = bytes_of(&lines);
            let cut = cut.min(bytes.len());
            let whole = bytes[..cut].iter().filter(|b| **b == b'\n').count();
            prop_assert_eq!(parse(&bytes[..cut]).unwrap(), &lines[..whole]);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }
    }
}
