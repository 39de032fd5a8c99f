//! `central screen bench`: what a search costs in a list of made-up people while the list changes, and what it finds.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use clap::Args;
use egate_rules::watch::{
    Person, PreparedPerson, Thresholds, Weights, WeightsFile,
    index::{Builder, Change, EntryId, Scratch, SnapshotIdentity, Traveller},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    evaluate::ratio,
    population::{OTHERS, Population},
};
use crate::{
    clock::{monotonic, thread_time},
    lists::live::{self, LiveList},
};

/// What to measure.
#[derive(Args)]
pub struct BenchArgs {
    /// Entries of the list.
    #[arg(long, default_value_t = 1_000_000)]
    pub entries: u64,
    /// Travellers per number of threads: half of them listed with one letter wrong, half not listed.
    #[arg(long, default_value_t = 20_000)]
    pub queries: u64,
    /// File of weights; without it those built in. Name parts are as common as they are among the made-up people.
    #[arg(long)]
    pub weights: Option<PathBuf>,
    /// Share of unlisted travellers that the threshold of a possibility is made for; without it that of screening.
    #[arg(long)]
    pub possible_share: Option<f64>,
    /// Changes of the list per second during the searches.
    #[arg(long, default_value_t = 1_000)]
    pub changes_per_s: u64,
    /// Of the made-up people.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Keep the snapshot in this file; one that is there already is searched instead of a new one.
    #[arg(long)]
    pub snapshot: Option<PathBuf>,
    /// Write the figures on one line.
    #[arg(long)]
    pub json: bool,
}

/// What was measured.
#[derive(Serialize)]
pub struct Figures {
    entries: u64,
    queries: u64,
    threshold_points: f32,
    /// Making the people, preparing, filing and writing the snapshot, with two threads.
    build_s: f64,
    /// Most memory at any time of the build.
    build_rss_mib: u64,
    snapshot_mib: u64,
    section_mib: BTreeMap<&'static str, u64>,
    /// Mapping the snapshot and checking its checksum.
    load_s: f64,
    /// After all searches: the mapped snapshot, the changes, and the searching threads.
    rss_mib: u64,
    /// Of these, memory that no other process can share.
    rss_private_mib: u64,
    threads: BTreeMap<u64, Searched>,
}

/// What searches with some threads came to.
#[derive(Serialize)]
struct Searched {
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    max_us: f64,
    /// The same in processor time of the searching thread, without waiting for a processor.
    p50_cpu_us: f64,
    p99_cpu_us: f64,
    p999_cpu_us: f64,
    queries_per_s: f64,
    /// Share of the entries with one letter wrong that reach the threshold, of those listed with a full date of birth.
    recall: f64,
    /// The same of names of Chinese syllables, where a wrong letter makes another name; not counted in `recall`.
    recall_syllables: f64,
    /// The same with one digit of the date of birth wrong.
    recall_digit: f64,
    /// With one letter wrong, of those listed with a year alone or no date of birth.
    recall_partial_dates: f64,
    /// Entries that reach the threshold per traveller who is not listed.
    false_alerts_per_traveller: f64,
    /// Share of the travellers who are not listed with any such entry.
    false_alert_share: f64,
    rows_per_query: f64,
    scored_per_query: f64,
    changes_per_s: f64,
    /// The longest that applying a tenth of a second's changes took.
    changes_max_ms: f64,
    layers: usize,
}

/// Measures with the weights of a file.
pub fn run(args: &BenchArgs, weights: &[u8], thresholds: Thresholds) -> anyhow::Result<Figures> {
    let mut file: WeightsFile = serde_json::from_slice(weights).context("the file of weights")?;
    let weights_hash = Sha256::digest(weights).into();
    let population = Population::new(args.seed);
    file.per_million = population.per_million();
    let weights = Weights::from_file(&file)?;
    let identity = SnapshotIdentity {
        list: "made-up".to_owned(),
        version: 1,
        built_unix_ms: 0,
        weights_hash,
    };
    let folder = tempfile::tempdir()?;
    let path = args
        .snapshot
        .clone()
        .unwrap_or_else(|| folder.path().join("list.snapshot"));

    let before = monotonic();
    if !path.exists() {
        let builder = build(&population, args.entries)?;
        live::write(&path, builder, &identity)?;
    }
    let build_s = before.elapsed().as_secs_f64();
    let build_rss_mib = memory("VmHWM")?;

    let before = monotonic();
    let base = live::open(&path)?;
    let load_s = before.elapsed().as_secs_f64();
    let sections = [
        "dates",
        "rows",
        "directory",
        "postings",
        "offsets",
        "records",
    ];
    let lengths = base
        .section_lengths()
        .map(|bytes| mib(u64::try_from(bytes).unwrap_or(0)));
    let section_mib = sections.into_iter().zip(lengths).collect();

    let bench = Bench {
        population: &population,
        weights: &weights,
        thresholds,
        list: &LiveList::new(base, ()),
        args,
    };
    let mut threads = BTreeMap::new();
    for count in THREADS {
        threads.insert(count, bench.searched(count)?);
    }
    Ok(Figures {
        entries: args.entries,
        queries: args.queries,
        threshold_points: bench.thresholds.possible,
        build_s,
        build_rss_mib,
        snapshot_mib: mib(std::fs::metadata(&path)?.len()),
        section_mib,
        load_s,
        rss_mib: memory("VmRSS")?,
        rss_private_mib: memory("RssAnon")?,
        threads,
    })
}

/// Two threads prepare each its half; one puts them together.
fn build(population: &Population, entries: u64) -> anyhow::Result<Builder> {
    let half = |numbers: std::ops::Range<u64>| {
        let mut builder = Builder::default();
        for number in numbers {
            builder.push(&population.entry(number))?;
        }
        anyhow::Ok(builder)
    };
    thread::scope(|scope| {
        let second = scope.spawn(|| half(entries / 2..entries));
        let mut builder = half(0..entries / 2)?;
        let second = second.join().map_err(|_| anyhow!("a building thread"))??;
        builder.append(second)?;
        Ok(builder)
    })
}

struct Bench<'a> {
    population: &'a Population,
    weights: &'a Weights,
    thresholds: Thresholds,
    list: &'a LiveList,
    args: &'a BenchArgs,
}

/// A traveller of the measurement.
struct Query {
    person: Person,
    listed: Option<EntryId>,
    kind: Kind,
}

/// What is wrong with a traveller's data, or with the list's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing: the traveller is not listed.
    Unlisted,
    /// One letter of the name.
    Letter,
    /// One letter of a name of Chinese syllables.
    Syllable,
    /// One digit of the date of birth.
    Digit,
    /// One letter, and the list has no full date of birth.
    PartialDate,
}

/// What one search took and found.
struct Answer {
    took: Duration,
    worked: Duration,
    found: bool,
    strangers: u32,
}

impl Bench<'_> {
    fn searched(&self, threads: u64) -> anyhow::Result<Searched> {
        let queries: Vec<Query> = (0..self.args.queries)
            .map(|number| self.query(number, threads))
            .collect();
        let stop = AtomicBool::new(false);
        let share = queries.len().div_ceil(usize::try_from(threads)?);
        let (answers, effort, changed, took) = thread::scope(|scope| {
            let changing = scope.spawn(|| self.change(&stop));
            let before = monotonic();
            let searching: Vec<_> = queries
                .chunks(share)
                .map(|queries| scope.spawn(|| self.search(queries)))
                .collect();
            let searched: Vec<_> = searching
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            let took = before.elapsed();
            stop.store(true, Ordering::Relaxed);
            let changed = changing
                .join()
                .map_err(|_| anyhow!("the changing thread"))??;
            let mut answers = Vec::new();
            let mut effort = (0, 0);
            for searched in searched {
                let (some, (rows, scored)) = searched.map_err(|_| anyhow!("a searching thread"))?;
                answers.extend(some);
                effort = (effort.0 + rows, effort.1 + scored);
            }
            anyhow::Ok((answers, effort, changed, took))
        })?;
        Ok(self.figures(&queries, &answers, effort, &changed, took))
    }

    fn query(&self, number: u64, threads: u64) -> Query {
        let of_run = threads * self.args.queries + number;
        if number.is_multiple_of(2) {
            return Query {
                person: self.population.traveller(OTHERS / 2 + of_run),
                listed: None,
                kind: Kind::Unlisted,
            };
        }
        // Spread over the list, and never one that a change withdraws.
        let listed = of_run.wrapping_mul(STEP) % self.args.entries;
        let births = self.population.entry(listed).person.births;
        let (kind, person) = if births.first().and_then(|birth| birth.day()).is_none() {
            (Kind::PartialDate, self.population.mistyped(listed))
        } else if number % DIGIT_ERRORS == 1 {
            (Kind::Digit, self.population.misdated(listed))
        } else if self.population.is_syllabic(listed) {
            (Kind::Syllable, self.population.mistyped(listed))
        } else {
            (Kind::Letter, self.population.mistyped(listed))
        };
        Query {
            person,
            listed: Some(EntryId(listed)),
            kind,
        }
    }

    fn search(&self, queries: &[Query]) -> (Vec<Answer>, (u64, u64)) {
        let mut scratch = Scratch::default();
        let mut hits = Vec::new();
        let mut answers = Vec::with_capacity(queries.len());
        for query in queries {
            let (before, worked) = (monotonic(), thread_time());
            let list = &self.list.load().list;
            let prepared = PreparedPerson::of(&query.person, self.weights.rarity());
            let traveller = Traveller::new(&prepared, self.weights, self.thresholds);
            list.search(&traveller, &mut scratch, &mut hits);
            let took = before.elapsed();
            let worked = thread_time().saturating_sub(worked);
            let found = hits.iter().any(|hit| Some(hit.id) == query.listed);
            answers.push(Answer {
                took,
                worked,
                found,
                strangers: u32::try_from(hits.len()).unwrap_or(u32::MAX) - u32::from(found),
            });
        }
        (answers, scratch.effort())
    }

    /// Changes the list in the rhythm asked for until told to stop: entries come, change and go.
    fn change(&self, stop: &AtomicBool) -> anyhow::Result<Changed> {
        let mut changed = Changed::default();
        let begun = monotonic();
        let per_round = self.args.changes_per_s / ROUNDS_PER_S;
        while !stop.load(Ordering::Relaxed) && per_round > 0 {
            let changes = (changed.count..changed.count + per_round).map(|number| {
                let new = OTHERS + number / 3;
                match number % 3 {
                    2 if number % 2 == 0 => Change::Withdraw(EntryId(new)),
                    _ => Change::Put(self.population.entry(new)),
                }
            });
            let changes: Vec<Change> = changes.collect();
            let before = monotonic();
            self.list.apply(changes, ())?;
            changed.longest = changed.longest.max(before.elapsed());
            changed.count += per_round;
            let due = Duration::from_millis(1_000 * changed.count / self.args.changes_per_s);
            thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        changed.took = begun.elapsed();
        Ok(changed)
    }

    fn figures(
        &self,
        queries: &[Query],
        answers: &[Answer],
        effort: (u64, u64),
        changed: &Changed,
        took: Duration,
    ) -> Searched {
        let took_us = quantiles(answers.iter().map(|answer| answer.took));
        let worked_us = quantiles(answers.iter().map(|answer| answer.worked));
        let pairs = || queries.iter().zip(answers);
        let recall = |kind: Kind| {
            let of_kind = || pairs().filter(move |(query, _)| query.kind == kind);
            ratio(
                of_kind().filter(|(_, answer)| answer.found).count(),
                of_kind().count(),
            )
        };
        let unlisted = || {
            pairs()
                .filter(|(query, _)| query.listed.is_none())
                .map(|(_, answer)| answer.strangers)
        };
        let per_query = |sum: u64| ratio(usize::try_from(sum).unwrap_or(0), answers.len());
        Searched {
            p50_us: took_us[0],
            p99_us: took_us[1],
            p999_us: took_us[2],
            max_us: took_us[3],
            p50_cpu_us: worked_us[0],
            p99_cpu_us: worked_us[1],
            p999_cpu_us: worked_us[2],
            queries_per_s: ratio(answers.len(), 1) / took.as_secs_f64(),
            recall: recall(Kind::Letter),
            recall_syllables: recall(Kind::Syllable),
            recall_digit: recall(Kind::Digit),
            recall_partial_dates: recall(Kind::PartialDate),
            false_alerts_per_traveller: per_query(unlisted().map(u64::from).sum()) * 2.0,
            false_alert_share: ratio(
                unlisted().filter(|strangers| *strangers > 0).count(),
                unlisted().count(),
            ),
            rows_per_query: per_query(effort.0),
            scored_per_query: per_query(effort.1),
            changes_per_s: ratio(usize::try_from(changed.count).unwrap_or(0), 1)
                / changed.took.as_secs_f64(),
            changes_max_ms: changed.longest.as_secs_f64() * 1e3,
            layers: self.list.load().list.layers().len(),
        }
    }
}

#[derive(Default)]
struct Changed {
    count: u64,
    longest: Duration,
    took: Duration,
}

/// Median, 99 of a hundred, 999 of a thousand, and the longest, in microseconds.
fn quantiles(times: impl Iterator<Item = Duration>) -> [f64; 4] {
    let mut times: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e6).collect();
    times.sort_by(f64::total_cmp);
    [500, 990, 999, 1_000].map(|per_mille| {
        let at = (times.len() * per_mille / 1_000).min(times.len().saturating_sub(1));
        times.get(at).copied().unwrap_or_default()
    })
}

/// A line of the kernel's account of this process, in MiB.
fn memory(line: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let value = status
        .lines()
        .find_map(|known| known.strip_prefix(line)?.strip_prefix(':'));
    let kib = value.and_then(|value| value.split_whitespace().next());
    let kib: u64 = kib
        .ok_or_else(|| io::Error::other(line.to_owned()))?
        .parse()?;
    Ok(kib / 1_024)
}

const fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

/// Searching threads that are measured, one after the other.
const THREADS: [u64; 2] = [1, 2];
/// Changes are applied so often.
const ROUNDS_PER_S: u64 = 10;
/// One in so many travellers has a wrong digit in place of a wrong letter.
const DIGIT_ERRORS: u64 = 20;
/// A large prime: listed travellers come from everywhere in the list.
const STEP: u64 = 1_000_000_007;
