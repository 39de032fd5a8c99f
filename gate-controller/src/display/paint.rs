//! Lays a screen out: lamps on top, the pictogram, the primary language in large type, and the other
//! languages below in their fixed order.
//!
//! Everything is measured on a canvas of 768 x 1024 units that is scaled to fit the target and centred.

use egate_types::{Language, TravellerScreen};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, Pixel, Point, Size};
use embedded_graphics::primitives::Rectangle;

use super::palette;
use super::pictogram::{self, Signal};
use super::texts::text;
use super::typeface::{Type, Typefaces, Weight};

/// Draws screens; holds the fonts.
pub struct Painter {
    typefaces: Typefaces,
}

/// Why a screen could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError<E> {
    /// The target took no pixels.
    #[error("the display takes no pixels")]
    Target(E),
    /// A text is too long for its box at the smallest size; a test keeps this from happening.
    #[error("{screen:?} does not fit in {language:?}")]
    TextOverflows {
        /// Screen with the text.
        screen: TravellerScreen,
        /// Language of the text.
        language: Language,
    },
}

impl Painter {
    /// A painter with these fonts.
    #[must_use]
    pub fn new(typefaces: Typefaces) -> Self {
        Self { typefaces }
    }

    /// Draws one screen over the whole target. `animation_phase` counts up and may wrap.
    pub fn draw<D>(
        &self,
        screen: TravellerScreen,
        primary: Language,
        animation_phase: u8,
        target: &mut D,
    ) -> Result<(), DrawError<D::Error>>
    where
        D: DrawTarget<Color = Rgb888>,
    {
        let frame = Frame::fitting(target.bounding_box());
        let mut out = Output { target, frame };
        out.fill_all(palette::BACKGROUND)?;
        out.fill(0.0, LAMPS_HEIGHT, palette::BACKGROUND_LOW)?;
        out.fill(OTHERS_TOP, CANVAS.1 - OTHERS_TOP, palette::BACKGROUND_LOW)?;
        out.lamps(pictogram::signal(screen))?;
        out.pictogram(screen, animation_phase)?;

        let overflow = |language| DrawError::TextOverflows { screen, language };
        let large = self
            .block(screen, primary, &PRIMARY, out.frame.scale)
            .ok_or_else(|| overflow(primary))?;
        out.block(&large, PRIMARY_TOP, &PRIMARY, palette::BACKGROUND)?;
        let others = Language::ALL
            .into_iter()
            .filter(|language| *language != primary);
        for (index, language) in (0u8..).zip(others) {
            let top = OTHERS_TOP + f32::from(index) * OTHER.height;
            out.fill(top, RULE_HEIGHT, palette::RULE)?;
            let small = self
                .block(screen, language, &OTHER, out.frame.scale)
                .ok_or_else(|| overflow(language))?;
            out.block(&small, top, &OTHER, palette::BACKGROUND_LOW)?;
        }
        Ok(())
    }

    /// Title and hint of a language, set as large as their box allows.
    fn block(
        &self,
        screen: TravellerScreen,
        language: Language,
        style: &BlockStyle,
        scale: f32,
    ) -> Option<Vec<SetText<'_>>> {
        let words = text(screen, language);
        let hint = Writing {
            text: words.hint,
            weight: Weight::Regular,
            language,
            ink: palette::TEXT_SOFT,
        };
        let title = Writing {
            text: words.title,
            weight: Weight::Bold,
            language,
            ink: palette::TEXT,
        };
        style.title.attempts().find_map(|attempt| {
            let title = self.set(title, attempt, scale)?;
            let hint = style
                .hint
                .attempts()
                .find_map(|attempt| self.set(hint, attempt, scale))?;
            let height = title.height() + hint.height() + style.gap * scale;
            (height <= (style.height - BLOCK_PADDING) * scale).then(|| vec![title, hint])
        })
    }

    /// A text at one size, if it fits into that many lines.
    fn set(
        &self,
        writing: Writing,
        (lines_max, px): (usize, f32),
        scale: f32,
    ) -> Option<SetText<'_>> {
        let style = self
            .typefaces
            .at(writing.weight, writing.language, px * scale)?;
        let lines = wrap(writing.text, lines_max, TEXT_WIDTH * scale, |line| {
            style.width(line)
        })?;
        Some(SetText {
            style,
            lines,
            ink: writing.ink,
        })
    }
}

/// What is to be set, before its size is known.
#[derive(Clone, Copy)]
struct Writing {
    text: &'static str,
    weight: Weight,
    language: Language,
    ink: Rgb888,
}

/// A text with its size and its line breaks.
struct SetText<'a> {
    style: Type<'a>,
    lines: Vec<String>,
    ink: Rgb888,
}

impl SetText<'_> {
    fn height(&self) -> f32 {
        self.lines.iter().map(|_| self.style.line_height()).sum()
    }
}

/// Sizes a text may take, in canvas units.
struct LineStyle {
    px_max: f32,
    /// Below this the text is broken into two lines instead.
    px_one_line_min: f32,
    px_min: f32,
    lines_max: usize,
}

impl LineStyle {
    /// (most lines, size), best first.
    fn attempts(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        let sizes = |from: f32, to: f32| {
            core::iter::successors(Some(from), |px| Some(px - SIZE_STEP))
                .take_while(move |px| *px >= to)
        };
        let broken = (self.lines_max > 1).then(|| sizes(self.px_max, self.px_min));
        sizes(self.px_max, self.px_one_line_min)
            .map(|px| (1, px))
            .chain(broken.into_iter().flatten().map(|px| (self.lines_max, px)))
    }
}

/// A box for title and hint.
struct BlockStyle {
    height: f32,
    title: LineStyle,
    hint: LineStyle,
    gap: f32,
}

/// Breaks a text into at most `lines_max` lines of about equal width; `None` if it does not fit.
/// Latin breaks at spaces, Chinese between any two characters except before punctuation.
fn wrap(
    text: &str,
    lines_max: usize,
    width_max: f32,
    width: impl Fn(&str) -> f32,
) -> Option<Vec<String>> {
    if width(text) <= width_max {
        return Some(vec![text.to_owned()]);
    }
    if lines_max < 2 {
        return None;
    }
    let longer = |(a, b): &(String, String)| width(a).max(width(b));
    breaks(text)
        .map(|at| {
            (
                text[..at].trim_end().to_owned(),
                text[at..].trim_start().to_owned(),
            )
        })
        .filter(|pair| longer(pair) <= width_max)
        .min_by(|a, b| longer(a).total_cmp(&longer(b)))
        .map(|(first, second)| vec![first, second])
}

fn breaks(text: &str) -> impl Iterator<Item = usize> + '_ {
    let latin = text.contains(' ');
    text.char_indices().skip(1).filter_map(move |(at, c)| {
        let allowed = if latin {
            c == ' '
        } else {
            !"，。、！？".contains(c)
        };
        allowed.then_some(at)
    })
}

/// Where the canvas lies on the target.
#[derive(Clone, Copy)]
struct Frame {
    bounds: Rectangle,
    left: f32,
    top: f32,
    scale: f32,
}

impl Frame {
    fn fitting(bounds: Rectangle) -> Self {
        let (width, height) = (bounds.size.width as f32, bounds.size.height as f32);
        let scale = (width / CANVAS.0).min(height / CANVAS.1).min(SCALE_MAX);
        let left = bounds.top_left.x as f32 + (width - CANVAS.0 * scale) / 2.0;
        let top = bounds.top_left.y as f32 + (height - CANVAS.1 * scale) / 2.0;
        Self {
            bounds,
            left,
            top,
            scale,
        }
    }

    /// A square of the canvas in pixels of the target.
    fn square(&self, x: f32, y: f32, side: f32) -> Rectangle {
        let at = Point::new(
            (self.left + x * self.scale).round() as i32,
            (self.top + y * self.scale).round() as i32,
        );
        Rectangle::new(at, Size::new_equal((side * self.scale).round() as u32))
    }
}

struct Output<'a, D> {
    target: &'a mut D,
    frame: Frame,
}

impl<D: DrawTarget<Color = Rgb888>> Output<'_, D> {
    fn fill_all(&mut self, colour: Rgb888) -> Result<(), DrawError<D::Error>> {
        self.target
            .fill_solid(&self.frame.bounds, colour)
            .map_err(DrawError::Target)
    }

    /// Fills a band over the whole width of the target.
    fn fill(&mut self, top: f32, height: f32, colour: Rgb888) -> Result<(), DrawError<D::Error>> {
        let Frame { bounds, scale, .. } = self.frame;
        let y = (self.frame.top + top * scale).round() as i32;
        let rows = (height * scale).round().max(1.0) as u32;
        let area = Rectangle::new(
            Point::new(bounds.top_left.x, y),
            Size::new(bounds.size.width, rows),
        );
        self.target
            .fill_solid(&area, colour)
            .map_err(DrawError::Target)
    }

    /// The lane's own lamps: closed, wait, go. The one that is lit differs in place and shape, too.
    fn lamps(&mut self, lit: Signal) -> Result<(), DrawError<D::Error>> {
        let all = Signal::ALL;
        let left = (CANVAS.0 - LAMP_PITCH * all.len() as f32) / 2.0;
        for (index, lamp) in (0u8..).zip(all) {
            let x = left + f32::from(index) * LAMP_PITCH + (LAMP_PITCH - LAMP_SIDE) / 2.0;
            let area = self
                .frame
                .square(x, (LAMPS_HEIGHT - LAMP_SIDE) / 2.0, LAMP_SIDE);
            let colours =
                pictogram::lamp(lamp, lamp == lit, area.size.width, palette::BACKGROUND_LOW);
            self.target
                .fill_contiguous(&area, colours)
                .map_err(DrawError::Target)?;
        }
        Ok(())
    }

    fn pictogram(&mut self, screen: TravellerScreen, phase: u8) -> Result<(), DrawError<D::Error>> {
        let x = (CANVAS.0 - PICTOGRAM_SIDE) / 2.0;
        let area = self.frame.square(x, PICTOGRAM_TOP, PICTOGRAM_SIDE);
        let colours = pictogram::draw(screen, phase, area.size.width, palette::BACKGROUND);
        self.target
            .fill_contiguous(&area, colours)
            .map_err(DrawError::Target)
    }

    /// Writes title and hint centred in their box.
    fn block(
        &mut self,
        block: &[SetText<'_>],
        top: f32,
        style: &BlockStyle,
        ground: Rgb888,
    ) -> Result<(), DrawError<D::Error>> {
        let Frame {
            scale,
            left,
            top: frame_top,
            ..
        } = self.frame;
        let height: f32 = block.iter().map(SetText::height).sum::<f32>() + style.gap * scale;
        let mut y = frame_top + top * scale + (style.height * scale - height) / 2.0;
        for set in block {
            for line in &set.lines {
                let x = left + (CANVAS.0 * scale - set.style.width(line)) / 2.0;
                self.line(set, line, x, y + set.style.ascent(), ground)?;
                y += set.style.line_height();
            }
            y += style.gap * scale;
        }
        Ok(())
    }

    fn line(
        &mut self,
        set: &SetText<'_>,
        line: &str,
        x: f32,
        baseline: f32,
        ground: Rgb888,
    ) -> Result<(), DrawError<D::Error>> {
        let mut pixels = Vec::new();
        set.style.rasterise(line, x, baseline, |x, y, coverage| {
            if coverage > 0.0 {
                pixels.push(Pixel(Point::new(x, y), mix(ground, set.ink, coverage)));
            }
        });
        self.target.draw_iter(pixels).map_err(DrawError::Target)
    }
}

/// `share` of `over`, the rest `under`.
fn mix(under: Rgb888, over: Rgb888, share: f32) -> Rgb888 {
    let share = share.clamp(0.0, 1.0);
    let channel =
        |u: u8, o: u8| (f32::from(u) + (f32::from(o) - f32::from(u)) * share).round() as u8;
    Rgb888::new(
        channel(under.r(), over.r()),
        channel(under.g(), over.g()),
        channel(under.b(), over.b()),
    )
}

/// Canvas units; a 15-inch portrait panel has about as many pixels.
const CANVAS: (f32, f32) = (768.0, 1024.0);
/// As large as the largest [`super::Panel`]; beyond it a screen keeps its size in the middle.
const SCALE_MAX: f32 = 8.0;
const LAMPS_HEIGHT: f32 = 76.0;
const LAMP_SIDE: f32 = 52.0;
const LAMP_PITCH: f32 = 92.0;
const PICTOGRAM_TOP: f32 = 94.0;
const PICTOGRAM_SIDE: f32 = 368.0;
const PRIMARY_TOP: f32 = 468.0;
const OTHERS_TOP: f32 = PRIMARY_TOP + PRIMARY.height;
const RULE_HEIGHT: f32 = 2.0;
/// Margins of 40 on both sides.
const TEXT_WIDTH: f32 = 688.0;
const SIZE_STEP: f32 = 2.0;
/// Least air above and below a block, together.
const BLOCK_PADDING: f32 = 14.0;

/// At one metre, 50 units on a 15-inch panel are 15 mm: legible with poor eyesight.
const PRIMARY: BlockStyle = BlockStyle {
    height: 238.0,
    title: LineStyle {
        px_max: 96.0,
        px_one_line_min: 60.0,
        px_min: 50.0,
        lines_max: 2,
    },
    hint: LineStyle {
        px_max: 40.0,
        px_one_line_min: 30.0,
        px_min: 30.0,
        lines_max: 2,
    },
    gap: 8.0,
};
const OTHER: BlockStyle = BlockStyle {
    height: 106.0,
    title: LineStyle {
        px_max: 38.0,
        px_one_line_min: 34.0,
        px_min: 34.0,
        lines_max: 1,
    },
    hint: LineStyle {
        px_max: 28.0,
        px_one_line_min: 24.0,
        px_min: 24.0,
        lines_max: 1,
    },
    gap: 4.0,
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{PHASES, Panel, png};
    use super::*;

    fn painter() -> Painter {
        Painter::new(Typefaces::system().unwrap())
    }

    fn drawn(painter: &Painter, screen: TravellerScreen, language: Language, phase: u8) -> Panel {
        let mut panel = Panel::default();
        painter.draw(screen, language, phase, &mut panel).unwrap();
        panel
    }

    /// `capture-hold_still` and the like: the screen's name on the wire.
    fn slug(screen: TravellerScreen) -> String {
        let value = serde_json::to_value(screen).unwrap();
        let part = |key: &str| value.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        [part("screen"), part("coaching")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("-")
    }

    #[test]
    fn every_screen_is_written_as_png_in_every_primary_language() {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
            std::path::PathBuf::from,
        );
        let folder = target.join("screens/traveller");
        std::fs::create_dir_all(&folder).unwrap();
        let painter = painter();
        for screen in TravellerScreen::all() {
            for language in Language::ALL {
                let bytes = png::encode(&drawn(&painter, screen, language, 0)).unwrap();
                let file = format!("{}-{}.png", slug(screen), language.tag());
                std::fs::write(folder.join(file), bytes).unwrap();
            }
        }
    }

    #[test]
    fn every_text_fits_its_box_with_every_glyph() {
        let painter = painter();
        for screen in TravellerScreen::all() {
            for language in Language::ALL {
                for style in [&PRIMARY, &OTHER] {
                    let block = painter.block(screen, language, style, 1.0);
                    let block = block.unwrap_or_else(|| panic!("{screen:?} in {language:?}"));
                    for set in block {
                        for line in &set.lines {
                            assert!(set.style.covers(line), "{line} lacks glyphs");
                            assert!(set.style.width(line) <= TEXT_WIDTH, "{line} is too wide");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_too_long_for_its_box_is_found() {
        let painter = painter();
        let long = "Por favor, coloque o documento de viagem no leitor de documentos da passagem";
        let (weight, language, ink) = (Weight::Bold, Language::Portuguese, palette::TEXT);
        let writing = Writing {
            text: long,
            weight,
            language,
            ink,
        };
        let mut attempts = PRIMARY.title.attempts();
        assert!(attempts.all(|attempt| painter.set(writing, attempt, 1.0).is_none()));
    }

    #[test]
    fn no_ink_leaves_the_margins() {
        let painter = painter();
        for screen in TravellerScreen::all() {
            for language in Language::ALL {
                let panel = drawn(&painter, screen, language, 3);
                let row_len = panel.width() as usize * 3;
                for row in panel.rgb().chunks(row_len) {
                    let (left, right) = (&row[..90], &row[row_len - 90..]);
                    let plain = |side: &[u8]| side.chunks(3).all(|p| p == &side[..3]);
                    assert!(plain(left) && plain(right), "{screen:?} in {language:?}");
                }
            }
        }
    }

    #[test]
    fn screens_languages_and_phases_differ() {
        let painter = painter();
        let english = Language::English;
        let reading = drawn(&painter, TravellerScreen::ReadingDocument, english, 0);
        assert!(reading != drawn(&painter, TravellerScreen::PlaceDocument, english, 0));
        let chinese = Language::SimplifiedChinese;
        assert!(reading != drawn(&painter, TravellerScreen::ReadingDocument, chinese, 0));
        assert!(reading != drawn(&painter, TravellerScreen::ReadingDocument, english, 5));
        assert!(reading == drawn(&painter, TravellerScreen::ReadingDocument, english, PHASES));
    }

    #[test]
    fn any_panel_size_will_do() {
        let painter = painter();
        for size in [
            Size::new(1080, 1920),
            Size::new(1280, 720),
            Size::new(320, 240),
        ] {
            let mut panel = Panel::new(size);
            painter
                .draw(
                    TravellerScreen::StepIn,
                    Language::TraditionalChinese,
                    1,
                    &mut panel,
                )
                .unwrap();
            assert!(
                panel.rgb().chunks(3).any(|p| p == [255, 255, 255]),
                "{size}"
            );
        }
    }

    #[test]
    fn chinese_breaks_before_no_comma_and_latin_at_spaces() {
        let em = |line: &str| line.chars().count() as f32;
        assert_eq!(
            wrap("照片页朝，下平", 2, 5.0, em).unwrap(),
            ["照片页", "朝，下平"]
        );
        assert_eq!(
            wrap("one two three", 2, 8.0, em).unwrap(),
            ["one two", "three"]
        );
        assert!(wrap("onetwothree x", 2, 8.0, em).is_none());
    }
}
