//! The one place where evaluations choose and load models.

use anyhow::bail;
use egate_models::evaluation::comparison::OperatingPoint;
use egate_models::evaluation::score::Score;
use egate_models::{Face, FacePipeline, Manifest, PadOutcome, Template};
use egate_types::{BgrFrame, PadScore};

use crate::place::Choice;

/// A model set that can be loaded, several times for several threads.
pub struct Source<'a> {
    /// Name of the set.
    pub set: &'a str,
    /// Name of the detector.
    pub detector: String,
    /// Name of the embedder, or of the fusion of several.
    pub embedder: String,
    choice: &'a Choice,
    manifest: Manifest,
}

/// A loaded set with what the commands want of it.
pub struct Engine(FacePipeline);

impl<'a> Source<'a> {
    /// Finds the set that the arguments name.
    pub fn find(choice: &'a Choice) -> anyhow::Result<Self> {
        let manifest = choice.manifest()?;
        let set = manifest.set(&choice.set)?;
        let or_usual =
            |asked: &Option<String>, usual: &String| asked.as_ref().unwrap_or(usual).clone();
        Ok(Self {
            set: &choice.set,
            detector: or_usual(&choice.detector, &set.detector),
            embedder: or_usual(&choice.embedder, &set.matcher),
            choice,
            manifest,
        })
    }

    /// Loads the networks.
    pub fn load(&self) -> anyhow::Result<Engine> {
        Ok(Engine(self.choice.pipeline(&self.manifest, 1)?))
    }
}

impl Engine {
    /// The template of the person the picture is of; `None` without a face.
    pub fn template(&mut self, frame: &BgrFrame) -> anyhow::Result<Option<Template>> {
        let faces = self.0.detect(frame)?;
        let portrayed = Face::portrayed(frame, &faces).map(|face| self.0.embed(frame, face));
        Ok(portrayed.transpose()?)
    }

    /// Attack detection on the largest face; `None` without a face.
    pub fn attack_detection(&mut self, frame: &BgrFrame) -> anyhow::Result<Option<PadScore>> {
        let faces = self.0.detect(frame)?;
        match self.0.presentation(frame, faces.first()) {
            PadOutcome::Scored(evidence) => Ok(Some(evidence.score)),
            PadOutcome::NoFace => Ok(None),
            PadOutcome::Disabled => bail!("the set names no attack detection"),
            PadOutcome::Failed(error) => Err(error.into()),
        }
    }

    /// The published thresholds of the matcher.
    pub fn operating_points(&self) -> Vec<OperatingPoint> {
        let matcher = self.0.matcher();
        let of = |point: &egate_models::OperatingPoint| OperatingPoint {
            name: format!("FMR {:e}, {}", point.fmr, matcher.measured.on),
            threshold: Score::from(point.match_score),
        };
        matcher.points.iter().map(of).collect()
    }

    /// The attack detection threshold of the set.
    pub fn attack_threshold(&self) -> Score {
        Score::from(self.0.thresholds().pad_score)
    }
}
