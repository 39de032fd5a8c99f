//! The tables of a report as Markdown, for `EVALUATION.md`.

use std::fmt::Write;

use super::comparison::{Evaluation, FMR_TARGETS};
use super::html::percent;
use super::presentation::PresentationRates;

/// A section on comparisons; `title` is its heading.
pub fn comparison_section(title: &str, evaluation: &Evaluation) -> String {
    let mut text = format!(
        "## {title}\n\nSet `{}`, detector `{}`, embedder `{}`; {} images, {} failed. Intervals: {}. People: {}.\n\n",
        evaluation.set,
        evaluation.detector,
        evaluation.embedder,
        evaluation.images,
        evaluation.failed_images.len(),
        evaluation.interval_method,
        evaluation.subject_rule,
    );
    text.push_str("| protocol | genuine / impostor | people | EER |");
    let shown = &FMR_TARGETS[..4];
    for (fmr, _) in shown {
        let _ = write!(text, " FNMR at FMR {fmr} (threshold) |");
    }
    text.push_str("\n|---|---|---|---|---|---|---|---|\n");
    for (name, rates) in &evaluation.protocols {
        let _ = write!(
            text,
            "| {} | {} / {} | {} | {} |",
            cell(name),
            rates.genuine,
            rates.impostor,
            rates.subjects,
            percent(rates.eer_interval)
        );
        for (fmr, _) in shown {
            let rate = percent(rates.fnmr_at.get(fmr).copied().flatten());
            let _ = match rates.threshold_at.get(fmr).copied().flatten() {
                Some(threshold) => write!(text, " {rate} ({threshold}) |"),
                None => write!(text, " – |"),
            };
        }
        text.push('\n');
    }
    text.push_str("\n| protocol | threshold | FNMR | FMR |\n|---|---|---|---|\n");
    for (name, rates) in &evaluation.protocols {
        for point in &rates.at_operating_points {
            let _ = writeln!(
                text,
                "| {} | {} ({}) | {} | {} |",
                cell(name),
                point.threshold,
                cell(&point.name),
                percent(point.fnmr),
                percent(point.fmr)
            );
        }
    }
    groups(&mut text, evaluation);
    text.push('\n');
    text
}

/// A section on attack detection; `title` is its heading.
pub fn presentation_section(title: &str, rates: &PresentationRates) -> String {
    let mut text = format!(
        "## {title}\n\nSet `{}`, threshold {}. Intervals: Wilson, 95 %.\n\n| presentations | origin | errors / trials | rate | without a face |\n|---|---|---|---|---|\n",
        rates.set, rates.threshold
    );
    let attacks = rates
        .species
        .iter()
        .map(|(name, counted)| (format!("APCER {name}"), counted));
    let bona_fide = rates
        .bona_fide
        .values()
        .map(|counted| ("BPCER".to_owned(), counted));
    for (name, counted) in bona_fide.chain(attacks) {
        let _ = writeln!(
            text,
            "| {} | {} | {} / {} | {} | {} |",
            cell(&name),
            cell(&counted.origins.join(", ")),
            counted.errors,
            counted.trials,
            percent(counted.rate),
            counted.non_responses
        );
    }
    text.push('\n');
    text
}

fn groups(text: &mut String, evaluation: &Evaluation) {
    let mut lines = String::new();
    for (name, rates) in &evaluation.protocols {
        for (attribute, groups) in &rates.groups {
            for group in groups {
                // One threshold is enough here; the page has all.
                let Some(point) = group.rates.first() else {
                    continue;
                };
                let _ = writeln!(
                    lines,
                    "| {} | {attribute}: {} | {} / {} | {} | {} |",
                    cell(name),
                    cell(&group.group),
                    group.genuine,
                    group.impostor,
                    percent(point.fnmr),
                    percent(point.fmr)
                );
            }
        }
    }
    if !lines.is_empty() {
        text.push_str("\n| protocol | group, at the first threshold | genuine / impostor | FNMR | FMR within the group |\n|---|---|---|---|---|\n");
        text.push_str(&lines);
    }
}

/// A name must not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
