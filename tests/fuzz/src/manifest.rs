//! The manifest of face models.

use std::path::{Component, Path};

use egate_models::{EVALUATION, Manifest};

/// One input of the target. Whatever parses has models that lie in their folder, and sets with a threshold.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(manifest) = Manifest::parse(&text, Path::new("models/manifest.toml")) else {
        return;
    };
    for model in manifest.models() {
        let mut parts = Path::new(&model.file.name).components();
        assert!(matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none());
        if model.set == EVALUATION {
            continue;
        }
        let folder = manifest.models_folder(&model.set, Some(Path::new("models")));
        let below = folder.is_ok_and(|folder| folder.starts_with("models"));
        let threshold = manifest.set(&model.set).ok().and_then(|set| {
            let matcher = manifest.matcher(&set.matcher)?;
            matcher.point(set.fmr_max)
        });
        assert!(below && threshold.is_some_and(|point| point.match_score.0 > 0));
    }
}
