//! The one place where the commands choose and load a model set.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use clap::{Args, ValueEnum};
use egate_models::evaluation::comparison::OperatingPoint;
use egate_models::evaluation::score::Score;
use egate_models::{AnalyseError, Environment, Face, FacePipeline, Template};
use egate_types::{BgrFrame, PadScore};

/// Which models to run.
#[derive(Args)]
pub struct Arguments {
    /// Public models for real people, or those of the simulation.
    #[arg(long, value_enum, default_value = "open")]
    set: Set,
    /// Folder of the open set's model files; if absent, the one that EGATE_MODELS names.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Detector of the set, by name; its only one if absent.
    #[arg(long, value_name = "NAME")]
    detector: Option<String>,
    /// Embedder of the set, by name; its only one if absent.
    #[arg(long, value_name = "NAME")]
    embedder: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Set {
    Open,
    Synthetic,
}

/// A model set that can be loaded, several times for several threads.
pub struct Source {
    /// Name of the set.
    pub set: &'static str,
    /// Name of the detector.
    pub detector: String,
    /// Name of the embedder.
    pub embedder: String,
    description: PathBuf,
    models: PathBuf,
    environment: Environment,
}

/// A loaded set with what the commands want of it.
pub struct Engine(FacePipeline);

impl Source {
    /// Finds the set that the arguments name.
    pub fn find(arguments: &Arguments) -> anyhow::Result<Self> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (set, description, models, environment) = match arguments.set {
            Set::Open => {
                let named = std::env::var_os("EGATE_MODELS").map(PathBuf::from);
                let models = arguments.models.clone().or(named).context(
                    "the open set needs its model files: name their folder by --models or EGATE_MODELS",
                )?;
                (
                    "open",
                    own.join("open-set.toml"),
                    models,
                    Environment::Operational,
                )
            }
            Set::Synthetic => {
                let folder = own.join("synthetic-set");
                (
                    "synthetic",
                    folder.join("manifest.toml"),
                    folder,
                    Environment::Simulation,
                )
            }
        };
        let text = std::fs::read_to_string(&description)
            .with_context(|| format!("cannot read {}", description.display()))?;
        let table: toml::Table = toml::from_str(&text)?;
        let name = |role: &str, asked: Option<&String>| -> anyhow::Result<String> {
            let file = table
                .get(role)
                .and_then(|role| role.get("file")?.get("name")?.as_str())
                .ok_or_else(|| anyhow!("{} names no {role}", description.display()))?;
            let name = file.trim_end_matches(".onnx");
            ensure!(
                asked.is_none_or(|asked| asked == name),
                "the {role} of the set {set:?} is {name:?}"
            );
            Ok(name.to_owned())
        };
        Ok(Self {
            set,
            detector: name("detector", arguments.detector.as_ref())?,
            embedder: name("embedder", arguments.embedder.as_ref())?,
            description,
            models,
            environment,
        })
    }

    /// Loads the networks.
    pub fn load(&self) -> anyhow::Result<Engine> {
        let pipeline = FacePipeline::load_described(
            &self.description,
            &self.models,
            self.set,
            self.environment,
            None,
        );
        Ok(Engine(pipeline.context("the model set cannot be loaded")?))
    }
}

impl Engine {
    /// The template of the person the picture is of; `None` without a face.
    pub fn template(&mut self, frame: &BgrFrame) -> Result<Option<Template>, AnalyseError> {
        let analysis = self.0.analyse(frame)?;
        let Some(face) = portrayed(frame, &analysis.faces) else {
            return Ok(None);
        };
        self.0.embed(frame, face).map(Some)
    }

    /// Attack detection on the largest face; `None` without a face.
    pub fn attack_detection(&mut self, frame: &BgrFrame) -> Result<Option<PadScore>, AnalyseError> {
        Ok(self.0.analyse(frame)?.pad)
    }

    /// The comparison threshold of the set.
    pub fn operating_points(&self) -> Vec<OperatingPoint> {
        vec![OperatingPoint {
            name: "model set".to_owned(),
            threshold: Score::from(self.0.thresholds().match_score),
        }]
    }

    /// The attack detection threshold of the set.
    pub fn attack_threshold(&self) -> Score {
        Score::from(self.0.thresholds().pad_score)
    }
}

/// The face that a labelled picture is of: nearest the middle among those that are not small. A lane takes the largest, for
/// it chooses where its camera looks; a bystander cut off by the rim of a press photograph is often larger than its subject.
fn portrayed<'a>(frame: &BgrFrame, faces: &'a [Face]) -> Option<&'a Face> {
    let area = |face: &Face| face.bbox[2] * face.bbox[3];
    let most = faces.iter().map(area).fold(0.0, f32::max);
    let eccentricity = |face: &Face| {
        let [left, top, width, height] = face.bbox;
        let off = |start: f32, size: f32, side: u32| start + size / 2.0 - side as f32 / 2.0;
        off(left, width, frame.width()).hypot(off(top, height, frame.height()))
    };
    faces
        .iter()
        .filter(|face| area(face) >= most * PORTRAYED_AREA_MIN)
        .min_by(|a, b| eccentricity(a).total_cmp(&eccentricity(b)))
}

/// Share of the largest face's area below which a face is in the background.
const PORTRAYED_AREA_MIN: f32 = 0.5;
