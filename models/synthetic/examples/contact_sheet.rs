//! Draws a sheet of sample faces to `target/faces.png` for looking at.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use egate_synthetic_faces::{Attack, Identity, Scene, render_live, render_portrait};
use egate_types::BgrFrame;

const COLUMNS: u32 = 6;
const CELL: u32 = 240;

fn main() -> std::io::Result<()> {
    let frames: Vec<BgrFrame> = (0..12)
        .map(|seed| render_portrait(&Identity::from_seed(seed)))
        .chain((0..6).map(|i| live(i % 3, Scene::demanding(i))))
        .chain((0..3).map(|i| live(i, Scene::everyday(i).with_attack(Attack::Print))))
        .chain((0..3).map(|i| live(i, Scene::everyday(i).with_attack(Attack::Replay))))
        .collect();
    let rows = frames.len() as u32 / COLUMNS;
    let mut sheet = vec![0u8; (COLUMNS * rows * CELL * CELL * 3) as usize];
    for (index, frame) in (0u32..).zip(&frames) {
        paste(&mut sheet, index, frame);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/faces.png");
    std::fs::create_dir_all(path.with_file_name(""))?;
    let mut png = png::Encoder::new(
        BufWriter::new(File::create(path)?),
        COLUMNS * CELL,
        rows * CELL,
    );
    png.set_color(png::ColorType::Rgb);
    png.write_header()?.write_image_data(&sheet)?;
    Ok(())
}

fn live(seed: u64, scene: Scene) -> BgrFrame {
    render_live(&Identity::from_seed(seed), &scene).frame
}

fn paste(sheet: &mut [u8], index: u32, frame: &BgrFrame) {
    let step = frame.width().max(frame.height()) as f32 / CELL as f32;
    for y in 0..CELL {
        for x in 0..CELL {
            let (fx, fy) = ((x as f32 * step) as u32, (y as f32 * step) as u32);
            if fx >= frame.width() || fy >= frame.height() {
                continue;
            }
            let from = ((fy * frame.width() + fx) * 3) as usize;
            let (column, row) = (index % COLUMNS * CELL + x, index / COLUMNS * CELL + y);
            let to = ((row * COLUMNS * CELL + column) * 3) as usize;
            let bgr = &frame.pixels()[from..from + 3];
            sheet[to..to + 3].copy_from_slice(&[bgr[2], bgr[1], bgr[0]]);
        }
    }
}
