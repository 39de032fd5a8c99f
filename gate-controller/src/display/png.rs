//! A panel as PNG bytes, for browsers, files and tests.

use super::Panel;

/// Why a panel did not become a PNG.
#[derive(Debug, thiserror::Error)]
#[error("the picture of {width} x {height} pixels cannot be encoded as PNG")]
pub struct PngError {
    width: u32,
    height: u32,
    #[source]
    source: ::png::EncodingError,
}

/// Encodes for speed: screens have few colours and compress well at any setting.
pub fn encode(panel: &Panel) -> Result<Vec<u8>, PngError> {
    let (width, height) = (panel.width(), panel.height());
    let mut bytes = Vec::with_capacity(64 * 1024);
    write(panel, &mut bytes).map_err(|source| PngError {
        width,
        height,
        source,
    })?;
    Ok(bytes)
}

fn write(panel: &Panel, bytes: &mut Vec<u8>) -> Result<(), ::png::EncodingError> {
    let mut encoder = ::png::Encoder::new(bytes, panel.width(), panel.height());
    encoder.set_color(::png::ColorType::Rgb);
    encoder.set_depth(::png::BitDepth::Eight);
    encoder.set_compression(::png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(panel.rgb())?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::prelude::{DrawTarget, Point, Size};
    use embedded_graphics::primitives::Rectangle;

    use super::*;

    #[test]
    fn a_decoder_reads_the_same_pixels() {
        let mut panel = Panel::new(Size::new(7, 5));
        let area = Rectangle::new(Point::new(2, 1), Size::new(3, 9));
        panel.fill_solid(&area, Rgb888::new(1, 2, 200)).unwrap();
        let bytes = encode(&panel).unwrap();
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height), (7, 5));
        assert_eq!(&pixels[..frame.buffer_size()], panel.rgb());
    }

    #[test]
    fn an_empty_panel_is_an_error() {
        assert!(encode(&Panel::new(Size::new(0, 5))).is_err());
    }
}
