//! Error rates where the reference is an old portrait: `image_a` of every pair of the developer data, cut out, reduced, grey,
//! strongly compressed, against `image_b` as it is.
//!
//! `cargo run --release -p egate-models --example evaluate-old-portraits -- FACES MODELS`
#![expect(clippy::print_stdout, reason = "a command-line program")]

#[path = "../tests/common/old_portrait.rs"]
mod old_portrait;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use egate_models::evaluation::score::Score;
use egate_models::evaluation::table::Pairs;
use egate_models::{
    Environment, Face, FacePipeline, Manifest, Selection, Template, decode_photograph,
};
use egate_types::BgrFrame;

use old_portrait::{Coding, OldPortrait, decoded};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [faces, models] = folders.as_slice() else {
        return Err("usage: evaluate-old-portraits FACES MODELS".into());
    };
    let manifest = Manifest::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("manifest.toml"))?;
    let selection = Selection {
        folder: Some(models.clone()),
        ..Selection::new("open", Environment::Simulation)
    };
    let mut pipeline = FacePipeline::load(&manifest, &selection)?;
    let pairs = Pairs::parse(&std::fs::read(faces.join("pairs.csv"))?)?;
    let points = [1e-4, 1e-5].map(|fmr| pipeline.matcher().point(fmr));
    let [Some(lax), Some(strict)] = points else {
        return Err("the matcher lacks a threshold".into());
    };
    let thresholds = [lax, strict].map(|point| Score::from(point.match_score));
    println!(
        "| protocol | reference | kB | without a face | FNMR, FMR at {} | FNMR, FMR at {} |",
        thresholds[0], thresholds[1]
    );
    println!("|---|---|---|---|---|---|");
    for protocol in PROTOCOLS {
        let of_protocol = pairs.protocols.iter().position(|name| name == protocol);
        let rows = pairs.rows.iter();
        let rows = rows.filter(|row| Some(row.protocol) == of_protocol);
        let rows: Vec<Comparison> = rows
            .map(|row| {
                let [reference, live] = row.images.map(|image| pairs.images[image].clone());
                Comparison {
                    reference,
                    live,
                    genuine: row.genuine,
                }
            })
            .collect();
        let mut photographs = BTreeMap::new();
        for image in rows.iter().flat_map(|row| [&row.reference, &row.live]) {
            if !photographs.contains_key(image) {
                photographs.insert(image.clone(), look(&mut pipeline, &faces.join(image))?);
            }
        }
        for old in [None].into_iter().chain(KINDS.map(Some)) {
            let made = References::make(&mut pipeline, &rows, &photographs, old)?;
            let rates = thresholds.map(|threshold| made.rates(&rows, &photographs, threshold));
            let name = old.map_or_else(|| "as it is".to_owned(), |old| old.to_string());
            println!(
                "| {protocol} | {name} | {made} | {} | {} |",
                rates[0], rates[1]
            );
        }
    }
    Ok(())
}

/// A pair of the table.
struct Comparison {
    reference: String,
    live: String,
    genuine: bool,
}

/// A photograph as it is.
struct Seen {
    frame: BgrFrame,
    face: Face,
    template: Template,
}

fn look(pipeline: &mut FacePipeline, photograph: &Path) -> Outcome<Seen> {
    let frame = decode_photograph(&std::fs::read(photograph)?)?;
    let faces = pipeline.detect(&frame)?;
    let Some(face) = Face::portrayed(&frame, &faces).copied() else {
        return Err(format!("no face in {}", photograph.display()).into());
    };
    let template = pipeline.embed(&frame, &face)?;
    Ok(Seen {
        frame,
        face,
        template,
    })
}

/// The templates of old portraits; `None` where no face is found.
struct References {
    templates: BTreeMap<String, Option<Template>>,
    bytes: usize,
}

impl References {
    fn make(
        pipeline: &mut FacePipeline,
        rows: &[Comparison],
        photographs: &BTreeMap<String, Seen>,
        old: Option<OldPortrait>,
    ) -> Outcome<Self> {
        let mut made = Self {
            templates: BTreeMap::new(),
            bytes: 0,
        };
        for row in rows {
            let seen = &photographs[&row.reference];
            if made.templates.contains_key(&row.reference) {
                continue;
            }
            let template = match old {
                None => Some(pipeline.embed(&seen.frame, &seen.face)?),
                Some(old) => {
                    let coded = old.coded(&seen.frame, &seen.face)?;
                    made.bytes += coded.len();
                    let portrait = decoded(&coded).ok_or("a portrait made here does not decode")?;
                    // As a gate does: the largest face.
                    let faces = pipeline.detect(&portrait)?;
                    let face = faces.first();
                    face.map(|face| pipeline.embed(&portrait, face))
                        .transpose()?
                }
            };
            made.templates.insert(row.reference.clone(), template);
        }
        Ok(made)
    }

    fn rates(
        &self,
        rows: &[Comparison],
        photographs: &BTreeMap<String, Seen>,
        threshold: Score,
    ) -> Rates {
        let mut rates = Rates::default();
        for row in rows {
            let live = &photographs[&row.live].template;
            let reference = self.templates[&row.reference].as_ref();
            let score = reference.map(|reference| Score::from(reference.compare(live)));
            rates.count(row.genuine, score.is_some_and(|score| score >= threshold));
        }
        rates
    }
}

impl fmt::Display for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.templates.len();
        let faceless = self.templates.values().filter(|made| made.is_none());
        let kilobytes = self.bytes as f64 / all.max(1) as f64 / 1_000.0;
        write!(f, "{kilobytes:.1} | {} of {all}", faceless.count())
    }
}

/// Errors of a protocol at a threshold. A reference without a face fails genuine comparisons and matches nobody.
#[derive(Default)]
struct Rates {
    lost: usize,
    genuine: usize,
    matched: usize,
    impostors: usize,
}

impl Rates {
    fn count(&mut self, genuine: bool, matched: bool) {
        let (errors, trials) = if genuine {
            (&mut self.lost, &mut self.genuine)
        } else {
            (&mut self.matched, &mut self.impostors)
        };
        *errors += usize::from(genuine != matched);
        *trials += 1;
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lost,
            genuine,
            matched,
            impostors,
        } = self;
        write!(f, "{lost} of {genuine}, {matched} of {impostors}")
    }
}

const PROTOCOLS: [&str; 3] = ["frll_neutral_vs_smiling", "meds_frontal", "lfw_view2_fold2"];
/// What is made of the reference.
const KINDS: [OldPortrait; 7] = [
    OldPortrait::coloured([413, 531], Coding::Jpeg, 15_000),
    OldPortrait::coloured([413, 531], Coding::Jpeg, 12_000).in_grey(),
    OldPortrait::coloured([413, 531], Coding::Jpeg2000, 12_000),
    OldPortrait::coloured([240, 320], Coding::Jpeg, 12_000),
    OldPortrait::coloured([240, 320], Coding::Jpeg2000, 6_000).in_grey(),
    OldPortrait::coloured([180, 240], Coding::Jpeg, 6_000).in_grey(),
    OldPortrait::coloured([180, 240], Coding::Jpeg2000, 3_000).in_grey(),
];
