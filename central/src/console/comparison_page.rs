//! The page on face comparison in the field.

use egate_types::{MatchScore, Sex, UtcTime, interval::Rate};
use egate_wire::v1::{AgeBand, ComparisonGroup};
use maud::{Markup, html};

use super::pages::{Frame, authority, figure};
use crate::comparison_report::{
    Batches, ComparisonReport, Count, Figure, Finding, MATED_MIN, non_mated_needed,
};

pub(super) struct ComparisonPage {
    pub(super) frame: Frame,
    pub(super) report: ComparisonReport,
}

impl ComparisonPage {
    pub(super) fn render(&self) -> Markup {
        let content = html! {
            h1 { "Face comparison in the field" }
            @match &self.report.batches {
                Some(batches) => { (self.counted(batches)) }
                None => {
                    p.panel.empty { "No lane has counted anything yet. A lane sends its counts some seconds after an inspection." }
                }
            }
        };
        let title = "Face comparison in the field";
        self.frame.page(title, "comparisons", &content)
    }

    fn counted(&self, batches: &Batches) -> Markup {
        let configurations: Vec<&[Figure]> = self
            .report
            .figures
            .chunk_by(|a, b| a.configuration == b.configuration)
            .collect();
        html! {
            (summary(&configurations, batches))
            @for (place, figures) in configurations.iter().enumerate() { (configuration(figures, place)) }
            section.panel.notes {
                h2 { "How to read this" }
                (notes(batches))
                p.right { a.button href="/console/comparisons.json" { "All figures as JSON" } }
            }
        }
    }

    pub(super) fn sample() -> Self {
        let mut counts = sample_counts(
            "fused-0095-mobilefacenet, 3 frames",
            [322_000, 398_000, 470_000],
            [[9, 812], [21, 76], [48, 5]],
        );
        let strictest = counts.iter().map(|count| count.match_score).max();
        for count in &mut counts {
            count.in_force = Some(count.match_score) == strictest;
        }
        counts.extend(sample_counts(
            "face-reid-retail-0095, 3 frames",
            [347_000, 432_000, 509_000],
            [[12, 731], [33, 64], [77, 19]],
        ));
        let batches = Batches {
            began_at: UtcTime(1_799_000_000_000),
            ended_at: UtcTime(1_800_000_000_000),
            lanes: 6,
            left_out: 57,
            skipped: 0,
            retention: vec!["Border Act, section 12(3)".into()],
        };
        Self {
            frame: Frame::sample(),
            report: ComparisonReport::new(authority("border"), Some(batches), counts),
        }
    }

    pub(super) fn sample_empty() -> Self {
        Self {
            frame: Frame::sample(),
            report: ComparisonReport::new(authority("border"), None, Vec::new()),
        }
    }
}

/// Errors of everybody at each threshold; groups have their share of them.
fn sample_counts(configuration: &str, scores: [i32; 3], errors: [[u64; 2]; 3]) -> Vec<Count> {
    let groups = [
        (ComparisonGroup::All, 1),
        (ComparisonGroup::Sex(Sex::Female), 2),
        (ComparisonGroup::Sex(Sex::Male), 2),
        (ComparisonGroup::Age(AgeBand::To17), 40),
        (ComparisonGroup::Age(AgeBand::To34), 3),
        (ComparisonGroup::Age(AgeBand::To59), 2),
    ];
    let rates = [1_000_000, 100_000, 10_000];
    let mut counts = Vec::new();
    for ((score, fmr_ppb), [rejected, matched]) in scores.into_iter().zip(rates).zip(errors) {
        counts.extend(groups.iter().map(|(group, share)| Count {
            configuration: configuration.to_owned(),
            match_score: MatchScore(score),
            fmr_ppb,
            group: group.clone(),
            in_force: false,
            mated: [rejected / share, 1_240 / share],
            non_mated: [matched / share / share, 780_000 / share / share],
        }));
    }
    counts
}

fn summary(configurations: &[&[Figure]], batches: &Batches) -> Markup {
    let deciding = configurations.first().and_then(|figures| figures.first());
    let of = |count: fn(&Figure) -> u64| grouped(deciding.map_or(0, count));
    html! {
        p.hint {
            (batches.began_at.date()) " to " (batches.ended_at.date()) " · "
            (batches.lanes) @if batches.lanes == 1 { " lane" } @else { " lanes" }
        }
        div.figures {
            (figure(&of(|f| f.mated_comparisons), "travellers with their own portrait"))
            (figure(&of(|f| f.non_mated_comparisons), "with portraits of others"))
            (figure(&grouped(batches.left_out), "left out: not admitted"))
            (figure(&grouped(batches.skipped), "skipped: gate busy"))
        }
    }
}

/// One way to compare: everybody at each threshold, then the groups at one of them.
fn configuration(figures: &[Figure], place: usize) -> Markup {
    let all: Vec<&Figure> = figures
        .iter()
        .filter(|figure| figure.group == ComparisonGroup::All)
        .collect();
    let strictest = all.iter().map(|figure| figure.stands_for_fmr);
    let strictest = strictest.fold(f64::INFINITY, f64::min);
    let at = all.iter().find(|figure| figure.in_force);
    let at = at.or_else(|| all.iter().find(|f| f.stands_for_fmr <= strictest));
    let groups: Vec<&Figure> = figures
        .iter()
        .filter(|figure| figure.group != ComparisonGroup::All)
        .filter(|figure| at.is_some_and(|at| at.match_score == figure.match_score))
        .collect();
    html! {
        @if let Some(first) = figures.first() {
            section.panel.rates {
                h2 { (first.configuration) " "
                    @if place == 0 { span.chip.busy { "▶ decides at the gate" } }
                    @else { span.chip.none { "○ counted beside it" } }
                }
                table {
                    (head("Threshold"))
                    tbody { @for figure in &all { (row(figure, &threshold(figure))) } }
                    @if let (Some(at), false) = (at, groups.is_empty()) {
                        tbody {
                            tr { th colspan="8" { "Groups, at " (score(at.match_score)) } }
                            @for figure in groups { (row(figure, &html! { (group_name(&figure.group)) })) }
                        }
                    }
                }
            }
        }
    }
}

fn head(first: &str) -> Markup {
    html! {
        thead {
            tr { th { (first) } th.right { "Own portrait" } th.right { "Rejected" } th { "FNMR (95 %)" }
                th.right { "Others" } th.right { "Matched" } th { "FMR (95 %)" } th { "Finding" } }
        }
    }
}

fn threshold(figure: &Figure) -> Markup {
    html! {
        strong { (score(figure.match_score)) } " "
        small { "stands for FMR " (percent(figure.stands_for_fmr)) " %" @if figure.in_force { ", in force" } }
    }
}

fn row(figure: &Figure, first: &Markup) -> Markup {
    html! {
        tr.force[figure.in_force && figure.group == ComparisonGroup::All] {
            td { (first) }
            td.right { (grouped(figure.mated_comparisons)) }
            td.right { (grouped(figure.false_non_matches)) }
            td { (rate(figure.fnmr)) @if figure.too_few_mated && figure.mated_comparisons > 0 { small { " too few" } } }
            td.right { (grouped(figure.non_mated_comparisons)) }
            td.right { (grouped(figure.false_matches)) }
            td { (rate(figure.fmr)) }
            td { (finding(figure)) }
        }
    }
}

fn finding(figure: &Figure) -> Markup {
    let (class, text) = match figure.finding {
        Finding::TooFew if figure.non_mated_comparisons == 0 => {
            ("none", "○ nothing to compare".to_owned())
        }
        Finding::TooFew => {
            let needed = grouped(non_mated_needed(figure.stands_for_fmr));
            ("none", format!("○ too few: {needed} needed"))
        }
        Finding::Lower => ("good", "✓ lower than it stands for".to_owned()),
        Finding::Agrees => ("good", "✓ agrees".to_owned()),
        Finding::Higher => ("bad", "✗ higher than it stands for".to_owned()),
    };
    html! { span class={ "chip " (class) } { (text) } }
}

fn notes(batches: &Batches) -> Markup {
    html! {
        p { strong { "Own portrait: " } "travellers who were admitted, compared with the portrait on their chip. Whom the threshold in \
            force rejected was let in by an officer. Whoever was not admitted may be somebody else than the document says, and is left out: the true FNMR can be higher." }
        p { strong { "Others: " } "travellers compared with portraits of those before them. A group counts pairs of its own people alone: \
            strangers of one sex, age and nationality are the ones mistaken for each other." }
        @if batches.retention.is_empty() {
            p { "! No lane may keep portraits of others: no retention rule is configured. So there is no FMR." }
        } @else {
            p { "Templates of others are kept in the gates' memory, without names, until they expire, under: "
                @for (place, law) in batches.retention.iter().enumerate() { @if place > 0 { "; " } strong { (law) } } "." }
        }
        p { "Intervals are Wilson's and take comparisons for independent. They share people, so the truth is less certain than they say. \
            A rate is told from nothing by the rule of three: to see an FMR of 0.001 %, 300,000 comparisons are needed. \
            Below " (MATED_MIN) " own portraits an FNMR says little." }
    }
}

fn group_name(group: &ComparisonGroup) -> String {
    match group {
        ComparisonGroup::All => "everybody".to_owned(),
        ComparisonGroup::Sex(Sex::Female) => "women".to_owned(),
        ComparisonGroup::Sex(Sex::Male) => "men".to_owned(),
        ComparisonGroup::Sex(Sex::Unspecified) => "sex not stated".to_owned(),
        ComparisonGroup::Age(AgeBand::To17) => "aged 0 to 17".to_owned(),
        ComparisonGroup::Age(AgeBand::To34) => "aged 18 to 34".to_owned(),
        ComparisonGroup::Age(AgeBand::To59) => "aged 35 to 59".to_owned(),
        ComparisonGroup::Age(AgeBand::From60) => "aged 60 and over".to_owned(),
        ComparisonGroup::Nationality(state) => format!("nationality {state}"),
    }
}

fn rate(rate: Option<Rate>) -> Markup {
    html! {
        @match rate {
            Some(rate) if rate.point > 0.0 => {
                strong { (percent(rate.point)) " %" }
                small { " (" (percent(rate.low)) " – " (percent(rate.high)) ")" }
            }
            Some(rate) => { strong { "none" } small { " (0 – " (percent(rate.high)) " %)" } }
            None => "–",
        }
    }
}

/// In per cent: two significant digits, and two decimals from one on.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent <= 0.0 {
        return "0".to_owned();
    }
    let decimals = if percent >= 1.0 {
        2
    } else {
        (1.0 - percent.log10().floor()).clamp(0.0, 9.0) as usize
    };
    let text = format!("{percent:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Digits in threes.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn score(score: MatchScore) -> String {
    format!("{:.3}", f64::from(score.0) / 1e6)
}
