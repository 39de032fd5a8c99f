//! Driver for a Linux framebuffer (`/dev/fbN`): writes finished pictures, row by row.
//!
//! The geometry comes from sysfs, so no `ioctl` and no `unsafe` is needed. Rows are written with
//! `write_at`; a panel that is unplugged answers with an error, and the caller raises `DisplayLost`.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use embedded_graphics::prelude::Size;

use super::Panel;

/// How the device stores a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// Four bytes: blue, green, red, unused.
    Bgrx8888,
    /// Two bytes, little endian: five bits of red, six of green, five of blue.
    Rgb565,
}

/// Shape of the device's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Size in pixels; make the [`Panel`] of this size.
    pub size: Size,
    /// Pixel format.
    pub format: PixelFormat,
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// Why a framebuffer cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum FramebufferError {
    /// The device or its description is absent or denied.
    #[error("{path} cannot be read; next: check the display's driver and the group `video`")]
    Absent {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The description is not one this driver understands.
    #[error("{path} says {found:?}; this driver needs {needs}")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What stood there.
        found: String,
        /// What would do.
        needs: &'static str,
    },
    /// The picture has another size than the device.
    #[error("the picture is {picture}, the framebuffer {device}; make the panel of its geometry")]
    SizeDiffers {
        /// Size of the picture.
        picture: Size,
        /// Size of the device.
        device: Size,
    },
    /// The device stopped taking pixels.
    #[error("the framebuffer takes no pixels; check the display's cable and power")]
    Lost(#[source] std::io::Error),
}

/// An open framebuffer.
pub struct Framebuffer {
    device: File,
    geometry: Geometry,
    row: Vec<u8>,
}

impl Framebuffer {
    /// Opens by number: `/dev/fbN` described by `/sys/class/graphics/fbN`.
    pub fn open_number(number: u8) -> Result<Self, FramebufferError> {
        let device = PathBuf::from(format!("/dev/fb{number}"));
        Self::open(
            &device,
            Path::new(&format!("/sys/class/graphics/fb{number}")),
        )
    }

    /// Opens a device with the folder that describes it.
    pub fn open(device: &Path, description: &Path) -> Result<Self, FramebufferError> {
        let geometry = Geometry::read(description)?;
        let path = device.to_owned();
        let device = OpenOptions::new()
            .write(true)
            .open(device)
            .map_err(|source| FramebufferError::Absent { path, source })?;
        Ok(Self {
            device,
            geometry,
            row: Vec::with_capacity(geometry.stride),
        })
    }

    /// Shape of the device.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Shows a picture of the device's size. Padding at the ends of rows is left alone.
    pub fn show(&mut self, panel: &Panel) -> Result<(), FramebufferError> {
        let Geometry {
            size,
            format,
            stride,
        } = self.geometry;
        let picture = Size::new(panel.width(), panel.height());
        if picture != size {
            return Err(FramebufferError::SizeDiffers {
                picture,
                device: size,
            });
        }
        for (y, rgb) in panel
            .rgb()
            .chunks_exact(size.width as usize * 3)
            .enumerate()
        {
            self.row.clear();
            for pixel in rgb.chunks_exact(3) {
                format.append([pixel[0], pixel[1], pixel[2]], &mut self.row);
            }
            let offset = y as u64 * stride as u64;
            self.device
                .write_all_at(&self.row, offset)
                .map_err(FramebufferError::Lost)?;
        }
        Ok(())
    }
}

impl Geometry {
    fn read(description: &Path) -> Result<Self, FramebufferError> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n > 0);
        let size = attribute(
            description,
            "virtual_size",
            "WIDTH,HEIGHT up to 8192",
            |text| {
                let (width, height) = text.split_once(',')?;
                let size = Size::new(number(width)?, number(height)?);
                (size.width.max(size.height) <= Panel::SIDE_PX_MAX).then_some(size)
            },
        )?;
        let format = attribute(
            description,
            "bits_per_pixel",
            "32 or 16",
            |text| match text {
                "32" => Some(PixelFormat::Bgrx8888),
                "16" => Some(PixelFormat::Rgb565),
                _ => None,
            },
        )?;
        let stride = attribute(
            description,
            "stride",
            "at least the bytes of one row",
            |text| {
                let stride = number(text)? as usize;
                (stride >= size.width as usize * format.bytes()).then_some(stride)
            },
        )?;
        Ok(Self {
            size,
            format,
            stride,
        })
    }
}

impl PixelFormat {
    fn bytes(self) -> usize {
        match self {
            Self::Bgrx8888 => 4,
            Self::Rgb565 => 2,
        }
    }

    fn append(self, [red, green, blue]: [u8; 3], row: &mut Vec<u8>) {
        match self {
            Self::Bgrx8888 => row.extend_from_slice(&[blue, green, red, 0]),
            Self::Rgb565 => {
                let packed = (u16::from(red >> 3) << 11)
                    | (u16::from(green >> 2) << 5)
                    | u16::from(blue >> 3);
                row.extend_from_slice(&packed.to_le_bytes());
            }
        }
    }
}

fn attribute<T>(
    folder: &Path,
    name: &str,
    needs: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, FramebufferError> {
    let path = folder.join(name);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(FramebufferError::Absent { path, source }),
    };
    let found = text.trim();
    parse(found).ok_or_else(|| FramebufferError::Unsupported {
        path,
        found: found.chars().take(40).collect(),
        needs,
    })
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::prelude::{DrawTarget, Point};
    use embedded_graphics::primitives::Rectangle;

    use super::*;

    /// A folder like sysfs's and an ordinary file in place of the device.
    fn device(size: &str, bits: &str, stride: &str, bytes: usize) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for (name, value) in [
            ("virtual_size", size),
            ("bits_per_pixel", bits),
            ("stride", stride),
        ] {
            std::fs::write(folder.path().join(name), format!("{value}\n")).unwrap();
        }
        let file = folder.path().join("fb0");
        std::fs::write(&file, vec![0xEE; bytes]).unwrap();
        (folder, file)
    }

    fn picture() -> Panel {
        let mut panel = Panel::new(Size::new(2, 2));
        let colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (8, 4, 16)];
        for (at, (r, g, b)) in (0..).zip(colours) {
            let area = Rectangle::new(Point::new(at % 2, at / 2), Size::new(1, 1));
            panel.fill_solid(&area, Rgb888::new(r, g, b)).unwrap();
        }
        panel
    }

    #[test]
    fn thirty_two_bits_are_blue_green_red_and_padding_is_left_alone() {
        let (folder, file) = device("2,2", "32", "12", 24);
        let mut framebuffer = Framebuffer::open(&file, folder.path()).unwrap();
        framebuffer.show(&picture()).unwrap();
        #[rustfmt::skip]
        assert_eq!(std::fs::read(&file).unwrap(), [
            0, 0, 255, 0,   0, 255, 0, 0,   0xEE, 0xEE, 0xEE, 0xEE,
            255, 0, 0, 0,   16, 4, 8, 0,    0xEE, 0xEE, 0xEE, 0xEE,
        ]);
    }

    #[test]
    fn sixteen_bits_are_five_six_five() {
        let (folder, file) = device("2,2", "16", "4", 8);
        Framebuffer::open(&file, folder.path())
            .unwrap()
            .show(&picture())
            .unwrap();
        let words: Vec<u16> = std::fs::read(&file)
            .unwrap()
            .chunks(2)
            .map(|word| u16::from_le_bytes([word[0], word[1]]))
            .collect();
        assert_eq!(words, [0xF800, 0x07E0, 0x001F, 0x0822]);
    }

    #[test]
    fn descriptions_that_cannot_be_are_refused_by_name() {
        for (size, bits, stride, culprit) in [
            ("2x2", "32", "8", "virtual_size"),
            ("0,2", "32", "8", "virtual_size"),
            ("99999,2", "32", "399996", "virtual_size"),
            ("2,2", "24", "8", "bits_per_pixel"),
            ("2,2", "32", "7", "stride"),
        ] {
            let (folder, file) = device(size, bits, stride, 16);
            let error = Framebuffer::open(&file, folder.path()).err().unwrap();
            assert!(error.to_string().contains(culprit), "{error}");
        }
    }

    #[test]
    fn another_size_or_no_device_is_an_error() {
        let (folder, file) = device("3,2", "32", "12", 24);
        let mut framebuffer = Framebuffer::open(&file, folder.path()).unwrap();
        let error = framebuffer.show(&picture()).err().unwrap();
        assert!(
            matches!(error, FramebufferError::SizeDiffers { .. }),
            "{error}"
        );
        std::fs::remove_file(&file).unwrap();
        let error = Framebuffer::open(&file, folder.path()).err().unwrap();
        assert!(matches!(error, FramebufferError::Absent { .. }), "{error}");
    }
}
