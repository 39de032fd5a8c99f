//! A picture in memory.

use core::convert::Infallible;

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, PointsIter, Size};
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::{Pixel, geometry::Dimensions};

/// An RGB picture that embedded-graphics draws on. Drawing outside it is cut off.
#[derive(Clone, PartialEq, Eq)]
pub struct Panel {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Panel {
    /// A common portrait panel; screens are drawn to any size.
    pub const DEFAULT_SIZE: Size = Size::new(768, 1024);
    /// Longest side, in pixels: four times full HD, and 200 MB of picture at most.
    pub const SIDE_PX_MAX: u32 = 8_192;

    /// A black picture. Sides beyond [`Self::SIDE_PX_MAX`] are cut to it.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let (width, height) = (
            size.width.min(Self::SIDE_PX_MAX),
            size.height.min(Self::SIDE_PX_MAX),
        );
        Self {
            width,
            height,
            rgb: vec![0; width as usize * height as usize * 3],
        }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Rows from the top, three bytes per pixel: red, green, blue.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Where a pixel's bytes start, if the panel has it.
    fn offset(&self, x: i32, y: i32) -> Option<usize> {
        let x = u32::try_from(x).ok().filter(|x| *x < self.width)?;
        let y = u32::try_from(y).ok().filter(|y| *y < self.height)?;
        Some((y as usize * self.width as usize + x as usize) * 3)
    }
}

impl Default for Panel {
    fn default() -> Self {
        Self::new(Self::DEFAULT_SIZE)
    }
}

impl OriginDimensions for Panel {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Panel {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(point, colour) in pixels {
            if let Some(at) = self.offset(point.x, point.y) {
                self.rgb[at..at + 3].copy_from_slice(&[colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }

    fn fill_contiguous<I>(&mut self, area: &Rectangle, colours: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Rgb888>,
    {
        self.draw_iter(
            area.points()
                .zip(colours)
                .map(|(point, colour)| Pixel(point, colour)),
        )
    }

    /// Primitives are filled row by row through here, so it is worth being quick.
    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Infallible> {
        let area = area.intersection(&self.bounding_box());
        let bytes = [colour.r(), colour.g(), colour.b()];
        let row_len = area.size.width as usize * 3;
        for y in area.rows() {
            let Some(start) = self.offset(area.top_left.x, y) else {
                continue;
            };
            for pixel in self.rgb[start..start + row_len].chunks_exact_mut(3) {
                pixel.copy_from_slice(&bytes);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::prelude::Point;

    use super::*;

    #[test]
    fn drawing_outside_is_cut_off() {
        let mut panel = Panel::new(Size::new(4, 3));
        let area = Rectangle::new(Point::new(-2, 1), Size::new(4, 9));
        panel.fill_solid(&area, Rgb888::RED).unwrap();
        panel
            .draw_iter([Pixel(Point::new(4, 0), Rgb888::RED)])
            .unwrap();
        let red: Vec<bool> = panel.rgb().chunks(3).map(|p| p == [255, 0, 0]).collect();
        let (o, x) = (false, true);
        assert_eq!(red, [o, o, o, o, x, x, o, o, x, x, o, o]);
    }

    #[test]
    fn both_fills_draw_the_same() {
        let area = Rectangle::new(Point::new(1, -1), Size::new(9, 3));
        let mut solid = Panel::new(Size::new(5, 5));
        solid.fill_solid(&area, Rgb888::GREEN).unwrap();
        let mut contiguous = Panel::new(Size::new(5, 5));
        contiguous
            .fill_contiguous(&area, core::iter::repeat_n(Rgb888::GREEN, 27))
            .unwrap();
        assert!(solid == contiguous);
    }
}
