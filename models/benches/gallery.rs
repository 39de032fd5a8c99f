//! 1:N over 100,000 templates of 512 values, and exact brute force over the same in the same run:
//! the two criterion lines are to be read as a ratio. `slowest` prints the tail, which criterion does not.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured"
)]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use egate_models::Gallery;
use egate_types::MatchScore;

const PEOPLE: u32 = 100_000;
const DIMENSION: usize = 512;
/// So many of everybody are in the tail: p99 is the third slowest.
const PROBES: u32 = 300;

/// Numbers that look normal, from a counter: a gallery of strangers.
fn person(id: u32, look: u32) -> Vec<f32> {
    let mut state = u64::from(id) << 20 | 1;
    let mut noise = u64::from(look) << 40 | 0x5555;
    let next = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        let bytes = state.to_le_bytes();
        bytes.iter().map(|byte| f32::from(*byte)).sum::<f32>() - 1_020.0
    };
    for _ in 0..8 {
        next(&mut state);
        next(&mut noise);
    }
    let values: Vec<f32> = (0..DIMENSION)
        .map(|_| next(&mut state) + next(&mut noise))
        .collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter().map(|value| value / length).collect()
}

/// Blocked, so that the compiler adds several products at a time: what plain brute force can do at best.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

fn brute_force(people: &[Vec<f32>], probe: &[f32]) -> Option<usize> {
    let scores = people.iter().map(|person| dot(person, probe)).enumerate();
    scores.max_by(|a, b| a.1.total_cmp(&b.1)).map(|best| best.0)
}

fn search(bench: &mut Criterion) {
    let people: Vec<Vec<f32>> = (0..PEOPLE).map(|id| person(id, 0)).collect();
    let mut gallery = Gallery::new(DIMENSION);
    for (id, template) in people.iter().enumerate() {
        gallery.insert(id, template).unwrap();
    }
    let threshold = MatchScore(300_000);
    let mut recalled = 0;
    let mut times: Vec<Duration> = (0..PROBES)
        .map(|probe| {
            // Half are enrolled, seen anew (cosine about 0.5), half are not.
            let probe = person(probe * 661, probe + 1);
            let start = Instant::now();
            let found = gallery.search(&probe, MatchScore(-1_000_000), 1).unwrap();
            let time = start.elapsed();
            recalled += u32::from(found.first().map(|one| one.id) == brute_force(&people, &probe));
            time
        })
        .collect();
    times.sort();
    let tail = times[times.len() * 99 / 100];
    println!(
        "gallery: p50 {:?}, p99 {tail:?}, recall@1 {recalled}/{PROBES}",
        times[times.len() / 2]
    );

    let probe = person(4_711, 9);
    let mut group = bench.benchmark_group("gallery-100000x512");
    group.sample_size(50);
    group.bench_function("search", |bencher| {
        bencher.iter(|| gallery.search(black_box(&probe), threshold, 5).unwrap());
    });
    group.bench_function("exact-brute-force", |bencher| {
        bencher.iter(|| brute_force(&people, black_box(&probe)));
    });
    group.finish();
}

fn main() {
    let mut bench = Criterion::default().configure_from_args();
    search(&mut bench);
    bench.final_summary();
}
