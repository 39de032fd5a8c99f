//! Thin drawing vocabulary over tiny-skia: filled and stroked shapes in solid colours, pixel filters.

use egate_types::BgrFrame;
use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap,
    PixmapPaint, Point, RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use crate::identity::{Dice, Rgb};

/// A picture being drawn.
pub(crate) struct Canvas(Pixmap);

impl Canvas {
    /// Filled with one colour. Sizes are this crate's constants, never zero.
    pub(crate) fn new(width: u32, height: u32, colour: Rgb) -> Self {
        let mut pixmap = Pixmap::new(width, height).expect("picture sizes are non-zero constants");
        pixmap.fill(opaque(colour));
        Self(pixmap)
    }

    pub(crate) fn width(&self) -> u32 {
        self.0.width()
    }

    pub(crate) fn height(&self) -> u32 {
        self.0.height()
    }

    /// Fills a closed polygon.
    pub(crate) fn polygon(&mut self, points: &[(f32, f32)], colour: Rgb, alpha: f32) {
        let Some(path) = closed(points) else { return };
        self.fill(&path, &solid(colour, alpha));
    }

    /// Fills a closed polygon with a round gradient from `inner` to `outer`.
    pub(crate) fn shaded_polygon(
        &mut self,
        points: &[(f32, f32)],
        centre: (f32, f32),
        radius: f32,
        inner: Rgb,
        outer: Rgb,
    ) {
        let Some(path) = closed(points) else { return };
        let centre = Point::from_xy(centre.0, centre.1);
        let stops = vec![
            GradientStop::new(0.0, opaque(inner)),
            GradientStop::new(0.55, opaque(inner)),
            GradientStop::new(1.0, opaque(outer)),
        ];
        let gradient = RadialGradient::new(
            centre,
            0.0,
            centre,
            radius.max(1.0),
            stops,
            SpreadMode::Pad,
            Transform::identity(),
        );
        let mut paint = solid(inner, 1.0);
        paint.shader = gradient.unwrap_or(Shader::SolidColor(opaque(inner)));
        self.fill(&path, &paint);
    }

    /// Strokes an open line through the points.
    pub(crate) fn line(&mut self, points: &[(f32, f32)], width: f32, colour: Rgb, alpha: f32) {
        let Some(path) = open(points) else { return };
        self.stroke(&path, width, colour, alpha);
    }

    /// Strokes a closed line through the points.
    pub(crate) fn outline(&mut self, points: &[(f32, f32)], width: f32, colour: Rgb, alpha: f32) {
        let Some(path) = closed(points) else { return };
        self.stroke(&path, width, colour, alpha);
    }

    /// Fills a disc.
    pub(crate) fn disc(&mut self, centre: (f32, f32), radius: f32, colour: Rgb, alpha: f32) {
        let Some(path) = PathBuilder::from_circle(centre.0, centre.1, radius.max(0.1)) else {
            return;
        };
        self.fill(&path, &solid(colour, alpha));
    }

    /// Fills an upright rectangle.
    pub(crate) fn rectangle(&mut self, corner: (f32, f32), size: (f32, f32), colour: Rgb) {
        if let Some(rect) = Rect::from_xywh(corner.0, corner.1, size.0, size.1) {
            self.0
                .fill_rect(rect, &solid(colour, 1.0), Transform::identity(), None);
        }
    }

    /// Draws another picture through a mapping, bilinearly.
    pub(crate) fn picture(&mut self, other: &Self, mapping: Transform) {
        let quality = tiny_skia::FilterQuality::Bilinear;
        let paint = PixmapPaint {
            quality,
            ..PixmapPaint::default()
        };
        self.0
            .draw_pixmap(0, 0, other.0.as_ref(), &paint, mapping, None);
    }

    /// Applies `f(x, y, rgb)` to every pixel.
    pub(crate) fn map_pixels(&mut self, mut f: impl FnMut(u32, u32, [f32; 3]) -> [f32; 3]) {
        let width = self.0.width();
        for (index, pixel) in (0u32..).zip(self.0.data_mut().chunks_exact_mut(4)) {
            let rgb = [
                f32::from(pixel[0]),
                f32::from(pixel[1]),
                f32::from(pixel[2]),
            ];
            let mapped = f(index % width, index / width, rgb);
            for (channel, value) in pixel.iter_mut().zip(mapped) {
                *channel = value.clamp(0.0, 255.0) as u8;
            }
        }
    }

    /// Blurs with two passes of a box, close to a Gaussian of this radius.
    pub(crate) fn blur(&mut self, radius: f32) {
        let reach = radius.round() as usize;
        if reach == 0 {
            return;
        }
        let (width, height) = (self.0.width() as usize, self.0.height() as usize);
        blur_rows(self.0.data_mut(), width, reach);
        blur_columns(self.0.data_mut(), width, height, reach);
    }

    /// The finished picture with sensor noise of this standard deviation.
    pub(crate) fn into_frame(self, noise: f32, dice: &mut Dice) -> BgrFrame {
        let (width, height) = (self.0.width(), self.0.height());
        let table: Vec<i16> = (0..4096)
            .map(|_| {
                let sum: f32 = (0..4).map(|_| dice.unit()).sum();
                ((sum - 2.0) * 1.732 * noise).round() as i16
            })
            .collect();
        let mut state = (dice.unit() * 4e9) as u32 | 1;
        let mut pixels = vec![0; width as usize * height as usize * 3];
        for (bgr, rgba) in pixels
            .chunks_exact_mut(3)
            .zip(self.0.data().chunks_exact(4))
        {
            for (out, channel) in bgr.iter_mut().zip([rgba[2], rgba[1], rgba[0]]) {
                // xorshift32: a noise texture needs speed, not quality.
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                let grain = table[(state >> 20) as usize];
                *out = (i16::from(channel) + grain).clamp(0, 255) as u8;
            }
        }
        BgrFrame::new(width, height, pixels).expect("the buffer has three bytes for each pixel")
    }

    fn fill(&mut self, path: &Path, paint: &Paint<'_>) {
        self.0
            .fill_path(path, paint, FillRule::Winding, Transform::identity(), None);
    }

    fn stroke(&mut self, path: &Path, width: f32, colour: Rgb, alpha: f32) {
        let stroke = Stroke {
            width: width.max(0.5),
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        self.0.stroke_path(
            path,
            &solid(colour, alpha),
            &stroke,
            Transform::identity(),
            None,
        );
    }
}

/// A running mean along each row.
fn blur_rows(data: &mut [u8], width: usize, reach: usize) {
    let window = (2 * reach + 1) as u32;
    let mut copy = vec![0u8; width * 4];
    for row in data.chunks_exact_mut(width * 4) {
        copy.copy_from_slice(row);
        let pixel = |x: usize| {
            let at = x.saturating_sub(reach).min(width - 1) * 4;
            [copy[at], copy[at + 1], copy[at + 2]].map(u32::from)
        };
        // Positions are shifted by `reach`, so that the left edge repeats without negative numbers.
        let mut sums = [0u32; 3];
        for x in 0..=2 * reach {
            sums = add(sums, pixel(x));
        }
        for x in 0..width {
            for (channel, sum) in row[x * 4..].iter_mut().zip(sums) {
                *channel = (sum / window) as u8;
            }
            let next = add(sums, pixel(x + 2 * reach + 1));
            let gone = pixel(x);
            sums = [next[0] - gone[0], next[1] - gone[1], next[2] - gone[2]];
        }
    }
}

fn add(a: [u32; 3], b: [u32; 3]) -> [u32; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// A running mean down all columns at once: row by row, as the memory lies.
fn blur_columns(data: &mut [u8], width: usize, height: usize, reach: usize) {
    let window = (2 * reach + 1) as u32;
    let copy = data.to_vec();
    let row = |y: usize| {
        let at = y.saturating_sub(reach).min(height - 1) * width * 4;
        &copy[at..at + width * 4]
    };
    let mut sums = vec![0u32; width * 4];
    for y in 0..=2 * reach {
        for (sum, value) in sums.iter_mut().zip(row(y)) {
            *sum += u32::from(*value);
        }
    }
    for (y, out) in data.chunks_exact_mut(width * 4).enumerate() {
        let change = row(y + 2 * reach + 1).iter().zip(row(y));
        for ((value, sum), (next, gone)) in out.iter_mut().zip(&mut sums).zip(change) {
            *value = (*sum / window) as u8;
            *sum = *sum + u32::from(*next) - u32::from(*gone);
        }
    }
}

fn closed(points: &[(f32, f32)]) -> Option<Path> {
    let mut builder = through(points);
    builder.close();
    builder.finish()
}

fn open(points: &[(f32, f32)]) -> Option<Path> {
    through(points).finish()
}

fn through(points: &[(f32, f32)]) -> PathBuilder {
    let mut builder = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            builder.move_to(*x, *y);
        } else {
            builder.line_to(*x, *y);
        }
    }
    builder
}

fn opaque(colour: Rgb) -> Color {
    Color::from_rgba8(colour.0, colour.1, colour.2, 255)
}

fn solid(colour: Rgb, alpha: f32) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(
        colour.0,
        colour.1,
        colour.2,
        (alpha.clamp(0.0, 1.0) * 255.0) as u8,
    );
    paint.anti_alias = true;
    paint
}
