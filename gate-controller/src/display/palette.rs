//! The few colours of the display. Calm, the same on every screen, and legible: a test holds every pair
//! that carries meaning to WCAG 2.1 AA.

use embedded_graphics::pixelcolor::Rgb888;

pub(super) const BACKGROUND: Rgb888 = Rgb888::new(0x0C, 0x25, 0x3F);
/// Behind the other languages.
pub(super) const BACKGROUND_LOW: Rgb888 = Rgb888::new(0x08, 0x1A, 0x2D);
pub(super) const RULE: Rgb888 = Rgb888::new(0x24, 0x44, 0x66);
pub(super) const TEXT: Rgb888 = Rgb888::new(0xFF, 0xFF, 0xFF);
pub(super) const TEXT_SOFT: Rgb888 = Rgb888::new(0xC9, 0xD8, 0xE8);
/// Outlines of things that are there and do not matter now.
pub(super) const MUTED: Rgb888 = Rgb888::new(0x6F, 0x8D, 0xAD);
/// Lamps that are off, inner surfaces.
pub(super) const SUNK: Rgb888 = Rgb888::new(0x1B, 0x38, 0x56);
/// Things of the lane, the reader's window.
pub(super) const LIGHT: Rgb888 = Rgb888::new(0x7C, 0xC4, 0xFF);
pub(super) const GREEN: Rgb888 = Rgb888::new(0x45, 0xD4, 0x83);
pub(super) const AMBER: Rgb888 = Rgb888::new(0xFF, 0xC4, 0x4D);
pub(super) const RED: Rgb888 = Rgb888::new(0xFF, 0x74, 0x6C);
/// Ground of the evacuation sign (ISO 7010 green, darkened until white is legible on it).
pub(super) const EXIT_SIGN: Rgb888 = Rgb888::new(0x00, 0x70, 0x3C);

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::RgbColor;

    use super::*;

    /// WCAG 2.1 §1.4.3: 4.5 for text.
    const TEXT_CONTRAST_MIN: f64 = 4.5;
    /// WCAG 2.1 §1.4.11: 3.0 for graphics.
    const GRAPHIC_CONTRAST_MIN: f64 = 3.0;

    fn luminance(colour: Rgb888) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Rgb888, b: Rgb888) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn the_measure_is_that_of_wcag() {
        let extremes = contrast(Rgb888::new(0, 0, 0), Rgb888::new(255, 255, 255));
        assert!((extremes - 21.0).abs() < 1e-9);
    }

    #[test]
    fn every_pair_is_legible() {
        for ground in [BACKGROUND, BACKGROUND_LOW] {
            for ink in [TEXT, TEXT_SOFT] {
                assert!(
                    contrast(ink, ground) >= TEXT_CONTRAST_MIN,
                    "{ink:?} on {ground:?}"
                );
            }
            for ink in [LIGHT, GREEN, AMBER, RED, MUTED] {
                assert!(
                    contrast(ink, ground) >= GRAPHIC_CONTRAST_MIN,
                    "{ink:?} on {ground:?}"
                );
            }
        }
        assert!(contrast(TEXT, EXIT_SIGN) >= TEXT_CONTRAST_MIN);
    }
}
