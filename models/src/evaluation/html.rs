//! The report as one page that needs nothing else: style and plots are inside it, pictures of people never.

use std::fmt::Write;

use super::comparison::{Evaluation, FMR_TARGETS, FailedImage, OperatingPoint, ProtocolRates};
use super::interval::Rate;
use super::presentation::{Counted, PresentationRates};
use super::score::Score;
use super::svg::{Bars, COLOUR_GENUINE, COLOUR_IMPOSTOR, DetLine, det, histogram};

/// Text that a page may contain.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A rate as a percentage with its interval, or a dash.
pub fn percent(rate: Option<Rate>) -> String {
    rate.map_or("–".to_owned(), |Rate { point, low, high }| {
        let [point, low, high] = [point, low, high].map(|share| short(share * 100.0));
        format!("{point} % ({low} to {high})")
    })
}

/// The page on comparisons.
pub fn comparison_report(evaluation: &Evaluation) -> String {
    let mut page = start("Face comparison: error rates");
    let Evaluation {
        set,
        detector,
        embedder,
        images,
        operating_points,
        protocols,
        ..
    } = evaluation;
    let tiles = [
        ("model set", escape(set)),
        ("detector", escape(detector)),
        ("embedder", escape(embedder)),
        ("images", images.to_string()),
        (
            "failed to acquire",
            format!(
                "{} ({} %)",
                evaluation.failed_images.len(),
                short(evaluation.failure_to_acquire * 100.0)
            ),
        ),
    ];
    tile_row(&mut page, &tiles);
    overview(&mut page, protocols.iter());
    let lines: Vec<DetLine<'_>> = protocols
        .iter()
        .filter(|(_, rates)| has_both(rates))
        .map(|(name, rates)| DetLine {
            name,
            comparisons: &rates.comparisons,
        })
        .collect();
    if lines.len() > 1 {
        let _ = write!(
            page,
            r#"<section><h2>All protocols</h2><figure class="wide">{}<figcaption>Detection error trade-off. Circles: the thresholds in force. A line along the rim means that no error of that kind was counted.</figcaption></figure></section>"#,
            det(&lines, operating_points)
        );
    }
    for (name, rates) in protocols {
        protocol_section(&mut page, name, rates, operating_points);
    }
    failures(&mut page, &evaluation.failed_images);
    reading(&mut page, evaluation);
    page.push_str("</main></body></html>\n");
    page
}

/// The page on attack detection.
pub fn presentation_report(rates: &PresentationRates) -> String {
    let mut page = start("Presentation attack detection: error rates");
    let share =
        |share: Option<f64>| share.map_or("–".to_owned(), |s| format!("{} %", short(s * 100.0)));
    let tiles = [
        ("model set", escape(&rates.set)),
        ("threshold", rates.threshold.to_string()),
        ("BPCER", share(rates.bpcer)),
        (
            "worst APCER",
            share(rates.apcer.values().flatten().copied().reduce(f64::max)),
        ),
        ("ACER", share(rates.acer)),
    ];
    tile_row(&mut page, &tiles);
    page.push_str(r#"<section><h2>Attacks accepted, by species (APCER)</h2>"#);
    counted_table(&mut page, "species", "accepted", &rates.species);
    page.push_str("</section><section><h2>Bona fide presentations refused (BPCER)</h2>");
    counted_table(&mut page, "origin", "refused", &rates.bona_fide);
    let of = |attack: bool| {
        let scores = rates
            .scores
            .iter()
            .filter(|(species, _)| species.is_some() == attack);
        scores
            .filter_map(|(_, score)| *score)
            .collect::<Vec<Score>>()
    };
    let bars = [
        Bars {
            name: "attack",
            colour: COLOUR_IMPOSTOR,
            scores: of(true),
        },
        Bars {
            name: "bona fide",
            colour: COLOUR_GENUINE,
            scores: of(false),
        },
    ];
    let point = OperatingPoint {
        name: "in force".to_owned(),
        threshold: rates.threshold,
    };
    let plot = histogram(&bars, &[point], "Histogram of attack detection scores");
    let _ = write!(
        page,
        r#"</section><section><h2>Scores</h2><figure class="wide">{plot}<figcaption>1 is certainly bona fide, 0 certainly an attack; dashed: the threshold.</figcaption></figure></section>"#
    );
    failures(&mut page, &rates.failed_images);
    page.push_str(PRESENTATION_READING);
    page.push_str("</main></body></html>\n");
    page
}

fn start(title: &str) -> String {
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>"#
    )
}

fn tile_row(page: &mut String, tiles: &[(&str, String)]) {
    page.push_str(r#"<div class="tiles">"#);
    for (name, value) in tiles {
        let _ = write!(page, r#"<div><span>{name}</span><b>{value}</b></div>"#);
    }
    page.push_str("</div>");
}

fn overview<'a>(
    page: &mut String,
    protocols: impl Iterator<Item = (&'a String, &'a ProtocolRates)>,
) {
    page.push_str(
        r#"<section><h2>Overview</h2><div class="scroll"><table><thead><tr><th>protocol<th>genuine<th>impostor<th>people<th>failed images<th>EER"#,
    );
    let shown = &FMR_TARGETS[..4];
    for (fmr, _) in shown {
        let _ = write!(page, "<th>FNMR at FMR {fmr}");
    }
    page.push_str("</tr></thead><tbody>");
    for (name, rates) in protocols {
        let _ = write!(
            page,
            "<tr><th>{}<td>{}<td>{}<td>{}<td>{}<td>{}",
            escape(name),
            rates.genuine,
            rates.impostor,
            rates.subjects,
            rates.failed_images,
            percent(rates.eer_interval)
        );
        for (fmr, _) in shown {
            let _ = write!(
                page,
                "<td>{}",
                percent(rates.fnmr_at.get(fmr).copied().flatten())
            );
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div><p class=\"note\">In brackets: 95 % interval. A dash: not measurable with these comparisons, the reason is given below.</p></section>");
}

fn protocol_section(
    page: &mut String,
    name: &str,
    rates: &ProtocolRates,
    points: &[OperatingPoint],
) {
    let _ = write!(page, "<section><h2>{}</h2>", escape(name));
    page.push_str(r#"<div class="pair">"#);
    let comparisons = &rates.comparisons;
    let bars = [
        Bars {
            name: "impostor",
            colour: COLOUR_IMPOSTOR,
            scores: comparisons.impostor.scores().collect(),
        },
        Bars {
            name: "genuine",
            colour: COLOUR_GENUINE,
            scores: comparisons.genuine.scores().collect(),
        },
    ];
    let plot = histogram(&bars, points, "Histogram of comparison scores");
    let _ = write!(
        page,
        "<figure>{plot}<figcaption>Scores; each colour adds up to 100 %. Dashed: thresholds in force.</figcaption></figure>"
    );
    if has_both(rates) {
        let line = DetLine { name, comparisons };
        let _ = write!(
            page,
            "<figure>{}<figcaption>Detection error trade-off; circles: thresholds in force.</figcaption></figure>",
            det(&[line], points)
        );
    }
    page.push_str("</div>");
    point_table(page, rates);
    target_table(page, rates);
    group_tables(page, rates);
    page.push_str("</section>");
}

fn point_table(page: &mut String, rates: &ProtocolRates) {
    page.push_str("<h3>At the thresholds in force</h3><table><thead><tr><th>from<th>threshold<th>FNMR<th>FMR</tr></thead><tbody>");
    for point in &rates.at_operating_points {
        let _ = write!(
            page,
            "<tr><th>{}<td>{}<td>{}<td>{}</tr>",
            escape(&point.name),
            point.threshold,
            percent(point.fnmr),
            percent(point.fmr)
        );
    }
    page.push_str("</tbody></table>");
}

fn target_table(page: &mut String, rates: &ProtocolRates) {
    page.push_str("<h3>At the thresholds these scores suggest</h3><table><thead><tr><th>FMR<th>threshold<th>FNMR<th class=\"words\">rests on</tr></thead><tbody>");
    for (fmr, denominator) in FMR_TARGETS {
        let threshold = rates.threshold_at.get(fmr).copied().flatten();
        let rests = rates.not_measurable.get(fmr).cloned().unwrap_or_else(|| {
            let matches = rates.comparisons.impostor.scores().len() as u64 / denominator;
            let word = if matches == 1 { "match" } else { "matches" };
            format!("at most {matches} false {word} among {}", rates.impostor)
        });
        let _ = write!(
            page,
            "<tr><th>{fmr}<td>{}<td>{}<td class=\"words\">{rests}</tr>",
            threshold.map_or("–".to_owned(), |threshold| threshold.to_string()),
            percent(rates.fnmr_at.get(fmr).copied().flatten())
        );
    }
    page.push_str("</tbody></table>");
}

fn group_tables(page: &mut String, rates: &ProtocolRates) {
    if rates.groups.is_empty() {
        return;
    }
    page.push_str("<h3>By group, at the thresholds in force</h3><table><thead><tr><th>group<th>genuine<th>impostor<th>threshold<th>FNMR<th>FMR within the group</tr></thead><tbody>");
    for (attribute, groups) in &rates.groups {
        for group in groups {
            for (number, point) in group.rates.iter().enumerate() {
                let name = match number {
                    0 => format!("{attribute}: {}", escape(&group.group)),
                    _ => String::new(),
                };
                let _ = write!(
                    page,
                    "<tr><th>{name}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
                    group.genuine,
                    group.impostor,
                    point.threshold,
                    percent(point.fnmr),
                    percent(point.fmr)
                );
            }
        }
    }
    page.push_str("</tbody></table>");
}

fn counted_table(
    page: &mut String,
    kind: &str,
    error: &str,
    counts: &std::collections::BTreeMap<String, Counted>,
) {
    let _ = write!(
        page,
        "<table><thead><tr><th>{kind}<th>presentations<th>without a face<th>{error}<th>rate<th>not excluded (rule of three)<th class=\"words\">origin</tr></thead><tbody>"
    );
    for (name, counted) in counts {
        let _ = write!(
            page,
            "<tr><th>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td class=\"words\">{}</tr>",
            escape(name),
            counted.presentations,
            counted.non_responses,
            counted.errors,
            percent(counted.rate),
            counted
                .rate_not_excluded
                .map_or("–".to_owned(), |rate| format!(
                    "up to {} %",
                    short(rate * 100.0)
                )),
            escape(&counted.origins.join(", "))
        );
    }
    page.push_str("</tbody></table>");
}

fn failures(page: &mut String, failed: &[FailedImage]) {
    if failed.is_empty() {
        return;
    }
    let _ = write!(
        page,
        "<section><h2>Images that failed: {}</h2><ul>",
        failed.len()
    );
    for image in failed.iter().take(FAILURES_SHOWN) {
        let _ = write!(
            page,
            "<li><code>{}</code>: {}</li>",
            escape(&image.image),
            escape(&image.reason)
        );
    }
    page.push_str("</ul>");
    if failed.len() > FAILURES_SHOWN {
        page.push_str("<p class=\"note\">The others are in report.json.</p>");
    }
    page.push_str("</section>");
}

fn reading(page: &mut String, evaluation: &Evaluation) {
    page.push_str("<section><h2>How to read this</h2><ul>");
    page.push_str(COMPARISON_READING);
    let largest = evaluation
        .protocols
        .values()
        .map(|rates| rates.impostor)
        .max()
        .unwrap_or(0);
    if largest > 0 {
        let _ = write!(
            page,
            "<li>The largest protocol has {largest} comparisons of strangers. Not one match among them would still leave an FMR of about {} % possible: nothing below that can be shown here.</li>",
            short(300.0 / largest as f64)
        );
    }
    let _ = write!(
        page,
        "<li>Intervals: {}.</li><li>People were told apart by: {}.</li></ul></section>",
        escape(&evaluation.interval_method),
        escape(evaluation.subject_rule)
    );
}

fn has_both(rates: &ProtocolRates) -> bool {
    rates.genuine > 0 && rates.impostor > 0
}

/// Three significant digits at most, no trailing zeros.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A page that lists more is no report.
const FAILURES_SHOWN: usize = 50;
const COMPARISON_READING: &str = "<li><b>FNMR</b>: of a hundred travellers with their own passport, how many are not recognised and see an officer. <b>FMR</b>: of a hundred people with somebody else's passport, how many would be taken for its owner. Raising the threshold lowers one and raises the other.</li><li><b>These figures hold for these pictures.</b> A gate has its own camera, light and travellers; a threshold that stands for one FMR here gives another there, on look-alikes of the same age and sex many times more. Strangers here did not try to look like anybody.</li><li>An image without a face counts as not recognised in every genuine comparison and nowhere in the FMR.</li><li>Below 30 counted errors a rate is a rough one; with fewer than ten people in a group it says next to nothing about the group.</li><li>All figures can be computed again from <code>scores.csv</code>; <code>det.csv</code> holds every threshold.</li>";
const PRESENTATION_READING: &str = "<section><h2>How to read this</h2><ul><li><b>APCER</b>: share of the attacks of one species taken for a person. It is given per species, for an attacker chooses the species. <b>BPCER</b>: share of honest presentations refused. <b>ACER</b>: the mean of BPCER and the worst APCER.</li><li>A species whose origin is <i>simulated</i> was computed and not captured: it shows that the software is wired rightly, and is no APCER in the sense of ISO/IEC 30107-3.</li><li>Intervals are Wilson's, 95 %, and take presentations for independent. With few presentations they are wide, and that is the finding.</li><li>One still picture of one camera cannot tell every mask or good print from a face. These figures say nothing about species that are not in the table.</li><li>A bona fide picture without a face counts as refused; an attack without a face is counted and left out of the rate.</li></ul></section>";
const STYLE: &str = ":root{--ink:#1d2429;--soft:#5c666d;--line:#dfe3e6;--ground:#f5f6f7}*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI','Noto Sans',sans-serif}main{max-width:1180px;margin:0 auto;padding:32px 24px 64px}h1{font-size:27px;letter-spacing:-.01em;margin:0 0 18px}h2{font-size:19px;margin:0 0 12px}h3{font-size:13px;margin:22px 0 6px;color:var(--soft);font-weight:600}section{background:#fff;border:1px solid var(--line);border-radius:10px;padding:22px 24px;margin-top:20px}.tiles{display:flex;flex-wrap:wrap;gap:12px}.tiles div{flex:1 1 150px;background:#fff;border:1px solid var(--line);border-radius:10px;padding:12px 16px}.tiles span{display:block;font-size:12.5px;color:var(--soft)}.tiles b{font-size:16px;font-weight:600;overflow-wrap:anywhere}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}th,td{text-align:right;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}thead th{color:var(--soft);font-weight:600;white-space:normal;vertical-align:bottom}th:first-child,.words{text-align:left}tbody th{font-weight:600}td.words{white-space:normal}.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(420px,1fr));gap:20px}figure{margin:0}figure.wide{max-width:760px;margin:0 auto}svg{width:100%;height:auto;display:block}figcaption,.note{font-size:12.5px;color:var(--soft);margin-top:6px}.tick{font-size:11px;fill:#5c666d}.label{font-size:12px;fill:#1d2429}.legend{font-size:12px;fill:#1d2429;paint-order:stroke;stroke:#fff;stroke-width:4px}ul{padding-left:20px;margin:0}li+li{margin-top:7px}@media(max-width:520px){.pair{grid-template-columns:1fr}section{overflow-x:auto}}@media print{body{background:#fff}section{break-inside:avoid}}";
