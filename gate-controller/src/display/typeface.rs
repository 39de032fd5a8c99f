//! Large type from the system's fonts: one family, Noto Sans CJK, has Latin and both Chinese scripts in
//! matching weights, each with the glyph shapes its readers expect.

use std::path::{Path, PathBuf};

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont};
use egate_types::Language;

/// The fonts, held in memory for as long as the display lives (about 40 MB).
pub struct Typefaces {
    bold: Vec<u8>,
    regular: Vec<u8>,
}

/// Why there is no type to write with.
#[derive(Debug, thiserror::Error)]
pub enum TypefaceError {
    /// None of the known folders has the font.
    #[error("{file} is in none of {FOLDERS:?}; next: apt-get install fonts-noto-cjk")]
    NotInstalled {
        /// The file looked for.
        file: &'static str,
    },
    /// The file is there and cannot be read.
    #[error("font {path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is no collection with the faces needed; another version or a damaged file.
    #[error(
        "font {file} has no face for {language:?}; next: apt-get install --reinstall fonts-noto-cjk"
    )]
    NoFace {
        /// The file looked for.
        file: &'static str,
        /// The language without a face.
        language: Language,
    },
}

/// The two weights in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Bold,
    Regular,
}

impl Typefaces {
    /// Loads the fonts from where Debian, Fedora and Arch put them.
    pub fn system() -> Result<Self, TypefaceError> {
        let folders: Vec<&Path> = FOLDERS.iter().map(Path::new).collect();
        Self::from_folders(&folders)
    }

    /// Loads the fonts from the first of the folders that has each.
    pub fn from_folders(folders: &[&Path]) -> Result<Self, TypefaceError> {
        let faces = Self {
            bold: read(folders, BOLD_FILE)?,
            regular: read(folders, REGULAR_FILE)?,
        };
        for (bytes, file) in [(&faces.bold, BOLD_FILE), (&faces.regular, REGULAR_FILE)] {
            for language in Language::ALL {
                face(bytes, language).ok_or(TypefaceError::NoFace { file, language })?;
            }
        }
        Ok(faces)
    }

    /// A face at a size; `px` is the height of the em square.
    pub(super) fn at(&self, weight: Weight, language: Language, px: f32) -> Option<Type<'_>> {
        let bytes = match weight {
            Weight::Bold => &self.bold,
            Weight::Regular => &self.regular,
        };
        let font = face(bytes, language)?;
        // ab_glyph scales by ascent - descent, which is 1.45 em in this family.
        let scale = font.height_unscaled() / font.units_per_em()? * px;
        Some(Type {
            font,
            px,
            scale: PxScale::from(scale),
        })
    }
}

/// A face at a size.
pub(super) struct Type<'a> {
    font: FontRef<'a>,
    px: f32,
    scale: PxScale,
}

impl Type<'_> {
    /// From one baseline to the next.
    pub(super) fn line_height(&self) -> f32 {
        self.px * 1.28
    }

    /// From the top of a line to its baseline; the rest is below.
    pub(super) fn ascent(&self) -> f32 {
        self.px * 0.98
    }

    /// Whether the face has a glyph for every character.
    #[cfg(test)]
    pub(super) fn covers(&self, text: &str) -> bool {
        text.chars().all(|c| self.font.glyph_id(c) != GlyphId(0))
    }

    /// Width of a line.
    pub(super) fn width(&self, text: &str) -> f32 {
        self.layout(text).last().map_or(0.0, |(_, _, end)| end)
    }

    /// Calls `pixel(x, y, coverage)` for every pixel a line touches, from its start on the baseline.
    pub(super) fn rasterise(
        &self,
        text: &str,
        x: f32,
        baseline: f32,
        mut pixel: impl FnMut(i32, i32, f32),
    ) {
        for (id, start, _) in self.layout(text) {
            let position = ab_glyph::point(x + start, baseline);
            let glyph = id.with_scale_and_position(self.scale, position);
            let Some(outline) = self.font.outline_glyph(glyph) else {
                continue;
            };
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x.floor() as i32, bounds.min.y.floor() as i32);
            outline.draw(|dx, dy, coverage| {
                pixel(
                    left.saturating_add_unsigned(dx),
                    top.saturating_add_unsigned(dy),
                    coverage,
                );
            });
        }
    }

    /// Glyphs with where each starts and ends.
    fn layout<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (GlyphId, f32, f32)> + 't {
        let scaled = self.font.as_scaled(self.scale);
        let mut x = 0.0;
        let mut previous = None;
        text.chars().map(move |c| {
            let id = scaled.glyph_id(c);
            if let Some(previous) = previous.replace(id) {
                x += scaled.kern(previous, id);
            }
            let start = x;
            x += scaled.h_advance(id);
            (id, start, x)
        })
    }
}

fn read(folders: &[&Path], file: &'static str) -> Result<Vec<u8>, TypefaceError> {
    let path = folders
        .iter()
        .map(|folder| folder.join(file))
        .find(|path| path.exists())
        .ok_or(TypefaceError::NotInstalled { file })?;
    std::fs::read(&path).map_err(|source| TypefaceError::Unreadable { path, source })
}

/// The face of a language in the collection. Its order is fixed by the family: JP, KR, SC, TC, HK;
/// releases before 2.0 end at TC.
fn face(bytes: &[u8], language: Language) -> Option<FontRef<'_>> {
    let indices: &[u32] = match language {
        Language::SimplifiedChinese | Language::English | Language::Portuguese => &[2],
        Language::TraditionalChinese => &[4, 3],
    };
    indices.iter().find_map(|index| {
        let font = FontRef::try_from_slice_and_index(bytes, *index).ok()?;
        (font.glyph_id('證') != GlyphId(0) && font.glyph_id('ã') != GlyphId(0)).then_some(font)
    })
}

const BOLD_FILE: &str = "NotoSansCJK-Bold.ttc";
const REGULAR_FILE: &str = "NotoSansCJK-Regular.ttc";
const FOLDERS: [&str; 4] = [
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/google-noto-sans-cjk-fonts",
    "/usr/share/fonts/noto-cjk",
    "/usr/local/share/fonts",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fonts_name_the_package() {
        let empty = tempfile::tempdir().unwrap();
        let error = Typefaces::from_folders(&[empty.path()]).err().unwrap();
        assert!(
            error.to_string().contains("apt-get install fonts-noto-cjk"),
            "{error}"
        );
    }

    #[test]
    fn damaged_fonts_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for file in [BOLD_FILE, REGULAR_FILE] {
            std::fs::write(folder.path().join(file), b"ttcf and nothing else").unwrap();
        }
        let error = Typefaces::from_folders(&[folder.path()]).err().unwrap();
        assert!(matches!(error, TypefaceError::NoFace { .. }), "{error}");
    }

    /// Han unification: the same code point has another shape for other readers.
    #[test]
    fn each_chinese_script_has_its_own_shapes() {
        let faces = Typefaces::system().unwrap();
        let glyph = |language| {
            faces
                .at(Weight::Bold, language, 40.0)
                .unwrap()
                .font
                .glyph_id('返')
        };
        assert_ne!(
            glyph(Language::SimplifiedChinese),
            glyph(Language::TraditionalChinese)
        );
    }

    #[test]
    fn a_chinese_character_is_one_em_wide() {
        let faces = Typefaces::system().unwrap();
        let style = faces
            .at(Weight::Bold, Language::SimplifiedChinese, 80.0)
            .unwrap();
        assert!(
            (style.width("请稍候") - 240.0).abs() < 0.5,
            "{}",
            style.width("请稍候")
        );
    }
}
