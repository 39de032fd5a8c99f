//! The plots of a report as SVG, drawn to stand inside a page: DET curves and score histograms.

use std::fmt::Write;

use super::comparison::OperatingPoint;
use super::curve::{Comparisons, Curve};
use super::html::escape;
use super::score::Score;

/// One line of a DET plot.
pub struct DetLine<'a> {
    /// For the legend.
    pub name: &'a str,
    /// What it shows.
    pub comparisons: &'a Comparisons,
}

/// One set of bars of a histogram.
pub struct Bars<'a> {
    /// For the legend.
    pub name: &'a str,
    /// CSS colour.
    pub colour: &'a str,
    /// What is counted.
    pub scores: Vec<Score>,
}

/// FNMR over FMR, both on logarithmic axes. A rate of zero lies on the rim: nothing smaller than one comparison can be
/// shown. Points in force are marked on each line.
pub fn det(lines: &[DetLine<'_>], points: &[OperatingPoint]) -> String {
    let most = |count: fn(&Comparisons) -> usize| {
        let counts = lines.iter().map(|line| count(line.comparisons));
        counts.max().unwrap_or(1)
    };
    let x = Axis::rates(most(|c| c.impostor.count()), LEFT, WIDTH - RIGHT);
    let y = Axis::rates(most(|c| c.genuine.count()), HEIGHT - BOTTOM, TOP);
    let mut svg = open("DET curve: false non-match rate over false match rate");
    for rate in x.decades() {
        grid_x(&mut svg, x.of_rate(rate), &percent_tick(rate));
    }
    for rate in y.decades() {
        grid_y(&mut svg, y.of_rate(rate), &percent_tick(rate));
    }
    labels(
        &mut svg,
        "FMR: strangers taken for the same person",
        "FNMR: people not recognised",
    );
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let curve = line.comparisons.curve();
        let path = det_path(line.comparisons, &curve, &x, &y);
        let _ = write!(
            svg,
            r#"<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"/>"#
        );
        for point in points {
            let at = curve.fmr(point.threshold).zip(curve.fnmr(point.threshold));
            let Some((fmr, fnmr)) = at else { continue };
            let _ = write!(
                svg,
                r#"<circle cx="{:.1}" cy="{:.1}" r="4.5" fill="white" stroke="{colour}" stroke-width="2"><title>{}: threshold {}, FMR {fmr:.5}, FNMR {fnmr:.5}</title></circle>"#,
                x.of_rate(fmr),
                y.of_rate(fnmr),
                escape(&point.name),
                point.threshold,
            );
        }
    }
    if lines.len() > 1 {
        let entries = lines.iter().zip(COLOURS.iter().cycle());
        legend(&mut svg, entries.map(|(line, colour)| (line.name, *colour)));
    }
    svg.push_str("</svg>");
    svg
}

/// Shares of each set of scores in bins of equal width; thresholds as dashed lines.
pub fn histogram(bars: &[Bars<'_>], points: &[OperatingPoint], what: &str) -> String {
    let thresholds = || points.iter().map(|point| point.threshold);
    let all = || {
        bars.iter()
            .flat_map(|bars| bars.scores.iter().copied())
            .chain(thresholds())
    };
    let low = all()
        .min()
        .map_or(0.0, |score| (score.value() * 10.0).floor() / 10.0);
    let high = all()
        .max()
        .map_or(1.0, |score| (score.value() * 10.0).ceil() / 10.0);
    let high = high.max(low + 0.1);
    let x = Axis {
        low,
        high,
        from: LEFT,
        to: WIDTH - RIGHT,
    };
    let shares: Vec<Vec<f64>> = bars
        .iter()
        .map(|bars| binned(&bars.scores, low, high))
        .collect();
    let top = shares
        .iter()
        .flatten()
        .copied()
        .fold(0.0, f64::max)
        .max(1e-9);
    let y = Axis {
        low: 0.0,
        high: top * 1.08,
        from: HEIGHT - BOTTOM,
        to: TOP,
    };
    let mut svg = open(what);
    let mut tick = low;
    while tick < high + 1e-9 {
        grid_x(&mut svg, x.of(tick), &format!("{:.1}", tick + 0.0));
        tick += 0.1;
    }
    let step = nice_step(top / 4.0);
    let mut tick = 0.0;
    while tick <= y.high {
        grid_y(
            &mut svg,
            y.of(tick),
            &format!("{} %", rounded(tick * 100.0)),
        );
        tick += step;
    }
    labels(&mut svg, "score", "share");
    let width = (x.to - x.from) / BINS as f64;
    for (bars, shares) in bars.iter().zip(&shares) {
        for (bin, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let (left, up) = (x.from + bin as f64 * width, y.of(*share));
            let _ = write!(
                svg,
                r#"<rect x="{left:.1}" y="{up:.1}" width="{width:.1}" height="{:.1}" fill="{}" fill-opacity=".62" shape-rendering="crispEdges"/>"#,
                y.from - up,
                bars.colour,
            );
        }
    }
    for (number, point) in points.iter().enumerate() {
        let at = point.threshold.value();
        let (line, height) = (x.of(at), TOP + 12.0 + 14.0 * number as f64);
        let _ = write!(
            svg,
            r#"<line x1="{line:.1}" x2="{line:.1}" y1="{TOP}" y2="{:.1}" stroke="{INK}" stroke-dasharray="4 3"/><text x="{:.1}" y="{height:.1}" class="tick">{}</text>"#,
            y.from,
            line + 4.0,
            point.threshold,
        );
    }
    let shown = bars.iter().filter(|bars| !bars.scores.is_empty());
    for (number, bars) in shown.enumerate() {
        // In the band above the plot, out of the way of bars and thresholds.
        let right = WIDTH - RIGHT - LEGEND_WIDTH * number as f64;
        entry(&mut svg, bars.name, bars.colour, right, TOP - 10.0);
    }
    svg.push_str("</svg>");
    svg
}

/// A linear map from values to pixels.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Decades from below one error in `count` up to one.
    fn rates(count: usize, from: f64, to: f64) -> Self {
        let decades = (count.max(10) as f64).log10().ceil();
        Self {
            low: -decades.min(DECADES_MAX),
            high: 0.0,
            from,
            to,
        }
    }

    fn of(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    fn of_rate(&self, rate: f64) -> f64 {
        self.of(if rate > 0.0 { rate.log10() } else { self.low })
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=0).map(|power| 10f64.powi(power))
    }
}

/// Steps of the curve; those that move less than half a pixel are left out.
fn det_path(comparisons: &Comparisons, curve: &Curve<'_>, x: &Axis, y: &Axis) -> String {
    let mut path = String::new();
    let mut before: Option<(f64, f64)> = None;
    for threshold in comparisons.thresholds() {
        let rates = curve.fmr(*threshold).zip(curve.fnmr(*threshold));
        let Some((fmr, fnmr)) = rates else { continue };
        let point = (x.of_rate(fmr), y.of_rate(fnmr));
        let near = |(bx, by): (f64, f64)| (point.0 - bx).abs() + (point.1 - by).abs() < 0.5;
        if before.is_some_and(near) {
            continue;
        }
        if let Some((before_x, _)) = before {
            // The FMR falls at the old FNMR, then the FNMR rises: corners, not slopes.
            let _ = write!(path, "{before_x:.1},{:.1} ", point.1);
        }
        let _ = write!(path, "{:.1},{:.1} ", point.0, point.1);
        before = Some(point);
    }
    path.trim_end().to_owned()
}

fn binned(scores: &[Score], low: f64, high: f64) -> Vec<f64> {
    let mut shares = vec![0.0; BINS];
    for score in scores {
        let bin = (score.value() - low) / (high - low) * BINS as f64;
        shares[(bin as usize).min(BINS - 1)] += 1.0 / scores.len() as f64;
    }
    shares
}

/// The nearest of 1, 2 and 5 times a power of ten, from below.
fn nice_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.max(1e-6).log10().floor());
    let factor = [5.0, 2.0, 1.0]
        .into_iter()
        .find(|factor| factor * power <= wanted);
    factor.unwrap_or(1.0) * power
}

fn percent_tick(rate: f64) -> String {
    format!("{} %", rounded(rate * 100.0))
}

fn rounded(value: f64) -> String {
    let text = format!("{value:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn open(what: &str) -> String {
    format!(
        r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
        escape(what)
    )
}

fn grid_x(svg: &mut String, at: f64, text: &str) {
    let bottom = HEIGHT - BOTTOM;
    let _ = write!(
        svg,
        r#"<line x1="{at:.1}" x2="{at:.1}" y1="{TOP}" y2="{bottom}" stroke="{GRID}"/><text x="{at:.1}" y="{}" text-anchor="middle" class="tick">{text}</text>"#,
        bottom + 17.0
    );
}

fn grid_y(svg: &mut String, at: f64, text: &str) {
    let _ = write!(
        svg,
        r#"<line x1="{LEFT}" x2="{}" y1="{at:.1}" y2="{at:.1}" stroke="{GRID}"/><text x="{}" y="{:.1}" text-anchor="end" class="tick">{text}</text>"#,
        WIDTH - RIGHT,
        LEFT - 7.0,
        at + 4.0
    );
}

fn labels(svg: &mut String, x: &str, y: &str) {
    let (middle_x, middle_y) = (
        f64::midpoint(LEFT, WIDTH - RIGHT),
        f64::midpoint(TOP, HEIGHT - BOTTOM),
    );
    let _ = write!(
        svg,
        r#"<text x="{middle_x}" y="{}" text-anchor="middle" class="label">{x}</text><text transform="translate(14 {middle_y}) rotate(-90)" text-anchor="middle" class="label">{y}</text>"#,
        HEIGHT - 6.0
    );
}

/// Entries from the upper right corner downwards, where a DET curve is not.
fn legend<'a>(svg: &mut String, entries: impl Iterator<Item = (&'a str, &'a str)>) {
    for (number, (name, colour)) in entries.enumerate() {
        entry(
            svg,
            name,
            colour,
            WIDTH - RIGHT - 8.0,
            TOP + 16.0 + 18.0 * number as f64,
        );
    }
}

/// A name, and to its right a square of its colour that ends at `right`.
fn entry(svg: &mut String, name: &str, colour: &str, right: f64, y: f64) {
    let _ = write!(
        svg,
        r#"<text x="{:.1}" y="{y:.1}" text-anchor="end" class="legend">{}</text><rect x="{:.1}" y="{:.1}" width="11" height="11" rx="2" fill="{colour}"/>"#,
        right - 17.0,
        escape(name),
        right - 11.0,
        y - 10.0,
    );
}

/// Colour of comparisons of the same person, and of bona fide presentations.
pub const COLOUR_GENUINE: &str = "#1f6fb2";
/// Colour of comparisons of different people, and of attacks.
pub const COLOUR_IMPOSTOR: &str = "#d2691e";
/// Told apart with any colour vision (hues of Okabe and Ito, darkened for thin lines).
pub const COLOURS: [&str; 6] = [
    "#1f6fb2", "#d2691e", "#00866a", "#b04a8f", "#8a6d00", "#444444",
];
const GRID: &str = "#e4e7ea";
const INK: &str = "#4a5258";
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 50.0;
/// Wide enough for the longest name in a histogram's legend.
const LEGEND_WIDTH: f64 = 96.0;
const BINS: usize = 60;
/// Lower rates than 1e-6 are not reported.
const DECADES_MAX: f64 = 6.0;
