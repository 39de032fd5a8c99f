//! Attack detection on the developer data: nobody's picture is in the repository, so it is skipped without it.
//!
//! `cargo test -p egate-models --test pad -- --nocapture` prints the table by species and the cues behind it.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use egate_models::{FacePipeline, PadCues, PadOutcome, decode_photograph};
use egate_types::PadScore;

struct Presentation {
    attack: bool,
    species: String,
    /// Which half of the subjects, to see whether a rate rests on some of them.
    second_half: bool,
    score: PadScore,
    cues: PadCues,
}

/// Rows of a CSV file without quoted fields, by the names in its first line.
fn rows(path: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(common::repository(path)).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let pairs = names.iter().zip(line.split(','));
            pairs
                .map(|(name, value)| (name.to_string(), value.to_owned()))
                .collect()
        })
        .collect()
}

fn presentations(pipeline: &mut FacePipeline) -> Vec<Presentation> {
    let labelled = rows("../shared/faces/pad/labels.csv")
        .into_iter()
        .map(|row| {
            let attack = row["label"] == "attack";
            let species = match attack {
                true => row["pai_species"].clone(),
                false => format!("pad {}", row["origin"]),
            };
            (
                format!("pad/{}", row["file"]),
                attack,
                species,
                row["subject"].clone(),
            )
        });
    let portraits = rows("../shared/faces/images.csv").into_iter().map(|row| {
        (
            row["file"].clone(),
            false,
            row["source"].clone(),
            row["subject"].clone(),
        )
    });
    labelled
        .chain(portraits)
        .map(|(file, attack, species, subject)| {
            let path = common::repository("../shared/faces").join(&file);
            let frame = decode_photograph(&fs::read(path).unwrap()).unwrap();
            let faces = pipeline.detect(&frame).unwrap();
            let outcome = pipeline.presentation(&frame, faces.first());
            let PadOutcome::Scored(evidence) = outcome else {
                panic!("{file}: {outcome:?}");
            };
            Presentation {
                attack,
                species,
                second_half: subject.bytes().map(u32::from).sum::<u32>() % 2 == 1,
                score: evidence.score,
                cues: evidence.cues,
            }
        })
        .collect()
}

/// Errors and presentations among those that count.
fn errors(
    all: &[Presentation],
    threshold: PadScore,
    counts: impl Fn(&Presentation) -> bool,
) -> (usize, usize) {
    let counted = all.iter().filter(|one| counts(one));
    let wrong = counted
        .clone()
        .filter(|one| (one.score >= threshold) == one.attack);
    (wrong.count(), counted.count())
}

#[test]
#[cfg_attr(
    not(shared_data),
    ignore = "needs ../shared/models and ../shared/faces"
)]
fn people_pass_and_known_attacks_do_not() {
    let mut pipeline = common::load(&common::manifest(), "open").unwrap();
    let threshold = pipeline.thresholds().pad_score;
    let all = presentations(&mut pipeline);

    let species: BTreeMap<&str, bool> = all
        .iter()
        .map(|one| (one.species.as_str(), one.attack))
        .collect();
    for (species, attack) in &species {
        let (wrong, of) = errors(&all, threshold, |one| one.species == *species);
        let mean = |value: fn(&PadCues) -> f32| {
            let values = all.iter().filter(|one| one.species == *species);
            values.map(|one| value(&one.cues)).sum::<f32>() / of as f32
        };
        println!(
            "{species:18} {} {wrong:3}/{of:<4} networks {:6.2} moire {:.2} border {:.2}",
            if *attack { "accepted" } else { "rejected" },
            mean(|cues| cues.networks),
            mean(|cues| cues.moire),
            mean(|cues| cues.border),
        );
    }
    for second_half in [false, true] {
        let (wrong, of) = errors(&all, threshold, |one| {
            !one.attack && one.second_half == second_half
        });
        println!("bona fide, second half {second_half}: rejected {wrong}/{of}");
        assert!(
            wrong * 50 <= of,
            "BPCER over 2 %: {wrong} of {of}, second half {second_half}"
        );
    }
    // The reference, the mean of the two networks at 0.5, accepts none of these.
    let (accepted, attacks) = errors(&all, threshold, |one| one.attack);
    assert!(attacks >= 50, "{attacks}");
    assert_eq!(accepted, 0, "attacks accepted of {attacks}");
    let steps: std::collections::BTreeSet<u32> =
        all.iter().map(|one| one.score.0 / 100_000).collect();
    assert!(steps.len() >= 10, "the score uses {steps:?} tenths alone");
}
