//! Can the difference between a reference and the live picture tell a morph from the holder's own portrait?
//!
//! Morphs of two people of one sex, made in memory from their neutral FRLL portraits (warped onto the mean of their landmarks and
//! blended half and half), each against the smiling photograph of either. Nothing is stored.
//!
//! `cargo run --release -p egate-models --example evaluate-morphs -- FACES MODELS`
#![expect(clippy::print_stdout, reason = "a command-line program")]

#[path = "../tests/common/old_portrait.rs"]
#[expect(dead_code, reason = "references here are in colour")]
mod old_portrait;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};

use egate_models::evaluation::table::{Pairs, People};
use egate_models::{
    Environment, Face, FacePipeline, Manifest, Selection, Template, decode_photograph,
};
use egate_types::{BgrFrame, MatchScore};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use old_portrait::{Coding, OldPortrait, decoded};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [faces, models] = folders.as_slice() else {
        return Err("usage: evaluate-morphs FACES MODELS".into());
    };
    let mut bench = Bench::load(faces, models)?;
    let people = People::parse(&std::fs::read(faces.join("images.csv"))?)?;
    let holders = holders(&mut bench, &people)?;
    let morphs = morphs(&mut bench, &holders)?;
    let others = others(&mut bench, faces, &people)?;
    let mut trials: Vec<Trial<'_>> = Vec::new();
    for holder in &holders {
        let of = |reference, live| Trial::new(&[&holder.person], Kind::Genuine, reference, live);
        trials.push(of(&holder.reference, &holder.live));
        trials.push(of(&holder.live_reference, &holder.neutral));
    }
    for morph in &morphs {
        let contributors = morph.contributors.map(|index| &holders[index]);
        let people = contributors.map(|holder| holder.person.as_str());
        for live in contributors.map(|holder| &holder.live) {
            trials.push(Trial::new(&people, Kind::Morph, &morph.template, live));
        }
    }
    for (kind, person, reference, live) in &others {
        trials.push(Trial::new(&[person], *kind, reference, live));
    }
    let border = bench.pipeline.thresholds().match_score;
    report(&trials, border);
    // What does not match is refused anyway.
    trials.retain(|trial| trial.score >= border);
    judge("match score alone", &trials, |_| {
        Box::new(|trial| f64::from(trial.score.0))
    });
    for width in [None, Some(0.3), Some(0.5), Some(1.0)] {
        let kernel = width.map_or_else(|| "linear".to_owned(), |width| format!("Gaussian {width}"));
        judge(&format!("difference vectors, {kernel}"), &trials, |train| {
            let machine = Machine::learn(train.to_vec(), width);
            Box::new(move |trial| machine.score(trial))
        });
    }
    Ok(())
}

/// How well each kind of trial matches.
fn report(trials: &[Trial<'_>], border: MatchScore) {
    for kind in Kind::ALL {
        let of_kind = trials.iter().filter(|trial| trial.kind == kind);
        let mut scores: Vec<i32> = of_kind.map(|trial| trial.score.0 / 1_000).collect();
        scores.sort_unstable();
        let pass = scores.iter().filter(|score| **score >= border.0 / 1_000);
        let at = |share: usize| scores[(scores.len() - 1) * share / 100];
        println!(
            "{kind:?}: {} of {} pass the border; thousandths at 5, 50, 95 %: {} {} {}",
            pass.count(),
            scores.len(),
            at(5),
            at(50),
            at(95)
        );
    }
}

/// The pipeline and where the photographs lie.
struct Bench<'a> {
    pipeline: FacePipeline,
    faces: &'a Path,
}

/// A person of FRLL: both photographs, and both as chip portraits.
struct Holder {
    person: String,
    sex: String,
    frame: BgrFrame,
    face: Face,
    neutral: Template,
    live: Template,
    reference: Template,
    live_reference: Template,
}

struct Morph {
    contributors: [usize; 2],
    template: Template,
}

/// Whose portrait the reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// FRLL: one day, one studio.
    Genuine,
    Morph,
    /// Years apart.
    GenuineMeds,
    /// From the press.
    GenuineLfw,
}

impl Kind {
    const ALL: [Self; 4] = [
        Self::Genuine,
        Self::Morph,
        Self::GenuineMeds,
        Self::GenuineLfw,
    ];
}

/// A comparison of a reference with a live picture.
struct Trial<'a> {
    people: BTreeSet<String>,
    kind: Kind,
    reference: &'a Template,
    live: &'a Template,
    score: MatchScore,
}

impl<'a> Trial<'a> {
    fn new(people: &[&str], kind: Kind, reference: &'a Template, live: &'a Template) -> Self {
        Self {
            people: people.iter().map(|person| (*person).to_owned()).collect(),
            kind,
            reference,
            live,
            score: reference.compare(live),
        }
    }
}

impl<'a> Bench<'a> {
    fn load(faces: &'a Path, models: &Path) -> Outcome<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifest.toml");
        let selection = Selection {
            folder: Some(models.to_path_buf()),
            ..Selection::new("open", Environment::Simulation)
        };
        let pipeline = FacePipeline::load(&Manifest::read(&manifest)?, &selection)?;
        Ok(Self { pipeline, faces })
    }

    fn look(&mut self, image: &str) -> Outcome<(BgrFrame, Face)> {
        let frame = decode_photograph(&std::fs::read(self.faces.join(image))?)?;
        let faces = self.pipeline.detect(&frame)?;
        let face = Face::portrayed(&frame, &faces).copied();
        Ok((frame, face.ok_or_else(|| format!("no face in {image}"))?))
    }

    fn on_chip(&mut self, frame: &BgrFrame, face: &Face) -> Outcome<Template> {
        let portrait = decoded(&CHIP.coded(frame, face)?).ok_or("does not decode")?;
        let faces = self.pipeline.detect(&portrait)?;
        let face = faces.first().ok_or("no face on the chip")?;
        Ok(self.pipeline.embed(&portrait, face)?)
    }
}

fn holders(bench: &mut Bench<'_>, people: &People) -> Outcome<Vec<Holder>> {
    let mut holders = Vec::new();
    for image in people.subjects.keys() {
        if !(image.starts_with("frll/") && image.ends_with("_neutral.jpg")) {
            continue;
        }
        let (frame, face) = bench.look(image)?;
        let (smiling, smile) = bench.look(&image.replace("_neutral", "_smiling"))?;
        let sex = people.attributes.get("sex").and_then(|of| of.get(image));
        holders.push(Holder {
            person: people.subjects[image].clone(),
            sex: sex.cloned().unwrap_or_default(),
            neutral: bench.pipeline.embed(&frame, &face)?,
            live: bench.pipeline.embed(&smiling, &smile)?,
            reference: bench.on_chip(&frame, &face)?,
            live_reference: bench.on_chip(&smiling, &smile)?,
            frame,
            face,
        });
    }
    Ok(holders)
}

fn morphs(bench: &mut Bench<'_>, holders: &[Holder]) -> Outcome<Vec<Morph>> {
    let mut pairs = BTreeSet::new();
    for (index, holder) in holders.iter().enumerate() {
        let mut similar: Vec<(MatchScore, usize)> = (0..holders.len())
            .filter(|other| *other != index && holders[*other].sex == holder.sex)
            .map(|other| (holders[other].reference.compare(&holder.reference), other))
            .collect();
        similar.sort_unstable_by(|a, b| b.cmp(a));
        let chosen = similar.iter().take(ACCOMPLICES);
        pairs.extend(chosen.map(|(_, other)| [index.min(*other), index.max(*other)]));
    }
    pairs
        .into_iter()
        .map(|contributors| {
            let [a, b] = contributors.map(|index| &holders[index]);
            let (frame, face) = morph(a, b)?;
            let template = bench.on_chip(&frame, &face)?;
            Ok(Morph {
                contributors,
                template,
            })
        })
        .collect()
}

/// Both portraits warped so that their landmarks fall together half-way, and their mean.
fn morph(a: &Holder, b: &Holder) -> Outcome<(BgrFrame, Face)> {
    let (width, height) = (a.frame.width(), a.frame.height());
    let mut landmarks = a.face.landmarks;
    for (point, other) in landmarks.iter_mut().zip(b.face.landmarks) {
        *point = [0, 1].map(|axis| f32::midpoint(point[axis], other[axis]));
    }
    let warps = [a, b].map(|holder| {
        Warp::onto(
            &landmarks,
            &holder.face.landmarks,
            [width as f32, height as f32],
        )
    });
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let of = |holder: &Holder, warp: &Warp| {
                sampled(&holder.frame, warp.at([x as f32, y as f32]))
            };
            let (one, other) = (of(a, &warps[0]), of(b, &warps[1]));
            pixels.extend(
                [0, 1, 2].map(|channel| f32::midpoint(one[channel], other[channel]).round() as u8),
            );
        }
    }
    let face = Face {
        landmarks,
        ..a.face
    };
    Ok((BgrFrame::new(width, height, pixels)?, face))
}

/// A thin-plate spline through the landmarks; the rim of the picture stays.
struct Warp {
    knots: Vec<[f64; 2]>,
    weights: [Vec<f64>; 2],
}

impl Warp {
    fn onto(from: &[[f32; 2]; 5], to: &[[f32; 2]; 5], [width, height]: [f32; 2]) -> Self {
        let rim = [0.0, 0.5, 1.0]
            .into_iter()
            .flat_map(|x| [0.0, 0.5, 1.0].map(|y| [x, y]));
        let rim = rim
            .filter(|place| *place != [0.5, 0.5])
            .map(|[x, y]| [x * width, y * height]);
        let rim: Vec<[f32; 2]> = rim.collect();
        let double = |point: &[f32; 2]| point.map(f64::from);
        let knots: Vec<[f64; 2]> = from.iter().chain(&rim).map(double).collect();
        let places: Vec<[f64; 2]> = to.iter().chain(&rim).map(double).collect();
        let count = knots.len();
        let mut matrix = vec![vec![0.0; count + 3]; count + 3];
        for (i, a) in knots.iter().enumerate() {
            for (j, b) in knots.iter().enumerate() {
                matrix[i][j] = bend(*a, *b);
            }
            for (k, value) in [1.0, a[0], a[1]].into_iter().enumerate() {
                matrix[i][count + k] = value;
                matrix[count + k][i] = value;
            }
        }
        let weights = [0, 1].map(|axis| {
            let mut wanted: Vec<f64> = places.iter().map(|place| place[axis]).collect();
            wanted.extend([0.0; 3]);
            solved(matrix.clone(), wanted)
        });
        Self { knots, weights }
    }

    fn at(&self, point: [f32; 2]) -> [f32; 2] {
        let point = point.map(f64::from);
        let bends: Vec<f64> = self.knots.iter().map(|knot| bend(*knot, point)).collect();
        [0, 1].map(|axis| {
            let weights = &self.weights[axis];
            let bent: f64 = bends
                .iter()
                .zip(weights)
                .map(|(bend, weight)| bend * weight)
                .sum();
            let plane = &weights[self.knots.len()..];
            (bent + plane[0] + plane[1] * point[0] + plane[2] * point[1]) as f32
        })
    }
}

fn bend(a: [f64; 2], b: [f64; 2]) -> f64 {
    let squared = (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
    if squared > 0.0 {
        squared * squared.ln()
    } else {
        0.0
    }
}

fn sampled(frame: &BgrFrame, [x, y]: [f32; 2]) -> [f32; 3] {
    let x = x.clamp(0.0, frame.width() as f32 - 1.001);
    let y = y.clamp(0.0, frame.height() as f32 - 1.001);
    let (column, row) = (x as usize, y as usize);
    let (right, down) = (x.fract(), y.fract());
    let width = frame.width() as usize;
    [0, 1, 2].map(|channel| {
        let at = |row: usize, column: usize| {
            f32::from(frame.pixels()[(row * width + column) * 3 + channel])
        };
        let upper = at(row, column) * (1.0 - right) + at(row, column + 1) * right;
        let lower = at(row + 1, column) * (1.0 - right) + at(row + 1, column + 1) * right;
        upper * (1.0 - down) + lower * down
    })
}

/// Genuine pairs of other sources, `image_a` on a chip: years apart, and from the press.
fn others(
    bench: &mut Bench<'_>,
    faces: &Path,
    people: &People,
) -> Outcome<Vec<(Kind, String, Template, Template)>> {
    let pairs = Pairs::parse(&std::fs::read(faces.join("pairs.csv"))?)?;
    let mut others = Vec::new();
    for row in pairs.rows.iter().filter(|row| row.genuine) {
        let kind = match pairs.protocols[row.protocol].as_str() {
            "meds_frontal" => Kind::GenuineMeds,
            "lfw_view2_fold2" => Kind::GenuineLfw,
            _ => continue,
        };
        let [(a, of_a), (b, of_b)] = [
            bench.look(&pairs.images[row.images[0]])?,
            bench.look(&pairs.images[row.images[1]])?,
        ];
        let Ok(reference) = bench.on_chip(&a, &of_a) else {
            continue;
        };
        let person = people.subjects[&pairs.images[row.images[0]]].clone();
        others.push((kind, person, reference, bench.pipeline.embed(&b, &of_b)?));
    }
    Ok(others)
}

type Scorer<'a> = Box<dyn Fn(&Trial<'_>) -> f64 + 'a>;

/// Splits people in halves, learns on one and judges on the other, and the other way round. Every threshold is the one that
/// accepts a tenth of the morphs judged: nobody could know it beforehand.
fn judge<'a>(name: &str, trials: &'a [Trial<'a>], learn: impl Fn(&[&'a Trial<'a>]) -> Scorer<'a>) {
    let people: BTreeSet<&String> = trials.iter().flat_map(|trial| &trial.people).collect();
    let (mut sums, mut runs) = ([0.0; 4], 0.0);
    for split in 0..SPLITS {
        let mut dice = ChaCha8Rng::seed_from_u64(split);
        let half: BTreeSet<&String> = people
            .iter()
            .copied()
            .filter(|_| dice.next_u32() & 1 == 1)
            .collect();
        for side in [false, true] {
            let of_side = |side: bool| -> Vec<&Trial<'_>> {
                let whole = |trial: &&Trial<'_>| {
                    trial
                        .people
                        .iter()
                        .all(|person| half.contains(person) == side)
                };
                trials.iter().filter(whole).collect()
            };
            let scorer = learn(&of_side(side));
            let test = of_side(!side);
            let of = |kind: Kind| -> Vec<f64> {
                let of_kind = test.iter().filter(|trial| trial.kind == kind);
                of_kind.map(|trial| scorer(trial)).collect()
            };
            let (genuine, morphs) = (of(Kind::Genuine), of(Kind::Morph));
            let threshold = tenth(morphs.clone());
            let rejected = |scores: &[f64]| {
                let below = scores.iter().filter(|score| **score < threshold);
                below.count() as f64 / scores.len().max(1) as f64
            };
            let figures = [
                equal_error(&genuine, &morphs),
                rejected(&genuine),
                rejected(&of(Kind::GenuineMeds)),
                rejected(&of(Kind::GenuineLfw)),
            ];
            for (sum, figure) in sums.iter_mut().zip(figures) {
                *sum += figure;
            }
            runs += 1.0;
        }
    }
    let [eer, frll, meds, lfw] = sums.map(|sum| sum / runs * 100.0);
    println!(
        "{name}: D-EER {eer:.1} %; BPCER at APCER 10 %: FRLL {frll:.1} %, MEDS {meds:.1} %, LFW {lfw:.1} %"
    );
}

/// The score that a tenth of these reach.
fn tenth(mut scores: Vec<f64>) -> f64 {
    scores.sort_by(|a, b| b.total_cmp(a));
    scores
        .get(scores.len() / 10)
        .map_or(f64::INFINITY, |score| score + 1e-9)
}

fn equal_error(genuine: &[f64], morphs: &[f64]) -> f64 {
    let share = |count: usize, of: &[f64]| count as f64 / of.len().max(1) as f64;
    let errors = genuine.iter().chain(morphs).map(|threshold| {
        let bpcer = share(
            genuine.iter().filter(|score| *score < threshold).count(),
            genuine,
        );
        let apcer = share(
            morphs.iter().filter(|score| *score >= threshold).count(),
            morphs,
        );
        ((bpcer - apcer).abs(), f64::midpoint(bpcer, apcer))
    });
    errors
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(1.0, |(_, rate)| rate)
}

/// Ridge regression on the differences of reference and live template, through their inner products alone.
struct Machine<'a> {
    known: Vec<&'a Trial<'a>>,
    weights: Vec<f64>,
    width: Option<f64>,
}

impl<'a> Machine<'a> {
    fn learn(known: Vec<&'a Trial<'a>>, width: Option<f64>) -> Self {
        let genuine = known
            .iter()
            .filter(|trial| trial.kind != Kind::Morph)
            .count() as f64;
        let morphs = known.len() as f64 - genuine;
        // Both classes weigh the same in sum.
        let wanted = known
            .iter()
            .map(|trial| if trial.kind != Kind::Morph { 1.0 } else { -1.0 })
            .collect();
        let matrix = known
            .iter()
            .enumerate()
            .map(|(i, a)| {
                let row = known.iter().map(|b| kernel(a, b, width));
                let mut row: Vec<f64> = row.collect();
                let share = if a.kind != Kind::Morph {
                    genuine
                } else {
                    morphs
                };
                row[i] += RIDGE * 2.0 * share / known.len() as f64;
                row
            })
            .collect();
        let weights = solved(matrix, wanted);
        Self {
            known,
            weights,
            width,
        }
    }

    fn score(&self, trial: &Trial<'_>) -> f64 {
        let known = self.known.iter().zip(&self.weights);
        known
            .map(|(known, weight)| weight * kernel(known, trial, self.width))
            .sum()
    }
}

fn kernel(a: &Trial<'_>, b: &Trial<'_>, width: Option<f64>) -> f64 {
    let product = |a: &Trial<'_>, b: &Trial<'_>| {
        let cosine = |a: &Template, b: &Template| f64::from(a.compare(b).0) / 1e6;
        cosine(a.reference, b.reference) - cosine(a.reference, b.live) - cosine(a.live, b.reference)
            + cosine(a.live, b.live)
    };
    match width {
        // The constant is the linear machine's threshold.
        None => product(a, b) + 1.0,
        Some(width) => {
            let own = |trial: &Trial<'_>| 2.0 - 2.0 * f64::from(trial.score.0) / 1e6;
            let squared = own(a) + own(b) - 2.0 * product(a, b);
            (-squared / (2.0 * width * width)).exp()
        }
    }
}

/// Solves a system of linear equations (Gauss, partial pivots).
fn solved(mut matrix: Vec<Vec<f64>>, mut wanted: Vec<f64>) -> Vec<f64> {
    let count = wanted.len();
    for column in 0..count {
        let pivot = (column..count).max_by(|a, b| {
            matrix[*a][column]
                .abs()
                .total_cmp(&matrix[*b][column].abs())
        });
        let pivot = pivot.unwrap_or(column);
        matrix.swap(column, pivot);
        wanted.swap(column, pivot);
        for row in column + 1..count {
            let share = matrix[row][column] / matrix[column][column];
            if share == 0.0 {
                continue;
            }
            let (upper, lower) = matrix.split_at_mut(row);
            for (value, above) in lower[0][column..].iter_mut().zip(&upper[column][column..]) {
                *value -= share * above;
            }
            wanted[row] -= share * wanted[column];
        }
    }
    for column in (0..count).rev() {
        let known: f64 = (column + 1..count)
            .map(|k| matrix[column][k] * wanted[k])
            .sum();
        wanted[column] = (wanted[column] - known) / matrix[column][column];
    }
    wanted
}

/// How everybody's portrait comes onto the chip, morphs too.
const CHIP: OldPortrait = OldPortrait::coloured([413, 531], Coding::Jpeg, 15_000);
/// Most similar people of the same sex that each is morphed with: an attacker chooses.
const ACCOMPLICES: usize = 4;
/// Times the people are split in halves: one to learn from, one to judge.
const SPLITS: u64 = 20;
/// Weight of smoothness of the learned score against errors on what it learned from.
const RIDGE: f64 = 0.1;
