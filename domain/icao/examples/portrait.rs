//! Decodes images and EF.DG2 files and prints what they are and how long each takes:
//! `cargo run --release -p egate-icao --example portrait -- FILE...`

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::{error::Error, time::Duration};

use egate_icao::{lds, portrait};

/// Decodings of which the fastest and the median are printed.
const ROUNDS: usize = 21;

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let images =
            match lds::parse_faces(&bytes).or_else(|_| lds::parse_face_image_data_block(&bytes)) {
                Ok(faces) => faces
                    .content
                    .into_iter()
                    .map(|face| face.portrait.bytes.clone())
                    .collect(),
                Err(_) => vec![bytes],
            };
        for image in images {
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                let (decoded, time) = timed(|| portrait::decode(&image));
                times.push(time);
                if times.len() == ROUNDS {
                    times.sort_unstable();
                    let (fastest, median) = (times.first(), times.get(ROUNDS / 2));
                    println!(
                        "{path}: {:?} {decoded:?} fastest {fastest:?} median {median:?}",
                        portrait::describe(&image)
                    );
                    if let Ok(decoded) = decoded {
                        println!(
                            "    mean {:.3?} {:?}",
                            decoded.mean_rgb(),
                            decoded.deviations
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this is for")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let result = work();
    (result, start.elapsed())
}
