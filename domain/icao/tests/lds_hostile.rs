//! Damaged and invented files: every answer is an answer, and none takes long or much memory.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod images;

use egate_icao::{
    lds::{self, FileId, view},
    portrait,
};
use proptest::prelude::*;

/// Everything that reads files, over the same bytes.
fn read_everything(bytes: &[u8]) {
    let _ = lds::parse_com(bytes);
    let _ = lds::parse_atr_info(bytes);
    let _ = lds::parse_dir(bytes);
    let _ = lds::parse_dg1(bytes);
    let _ = lds::parse_faces(bytes);
    let _ = lds::parse_face_image_data_block(bytes);
    let _ = lds::parse_dg11(bytes).map(|d| view::PersonalDetailsView::of(&d.content));
    let _ = lds::parse_dg12(bytes).map(|d| view::DocumentDetailsView::of(&d.content));
    let _ = lds::parse_dg16(bytes);
    for file in FileId::all() {
        let _ = lds::parse_templates(file, bytes);
        let _ = lds::parse_displayed_images(file, bytes);
        let _ = lds::data_group_body(file, bytes);
    }
}

#[test]
#[cfg_attr(not(shared_data), ignore = "needs ../shared/passport")]
fn probe_images() {
    let mut samples = images::samples();
    let shared = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/passport");
    for f in [
        "synthetic/v01_rsa2048_sha256/EF.DG2.bin",
        "synthetic/v03_rsapss_td1/EF.DG2.bin",
        "lds/bsi2008-specimen/EF.DG2.bin",
    ] {
        let faces = lds::parse_faces(&std::fs::read(shared.join(f)).unwrap()).unwrap();
        samples.push((
            Box::leak(f.to_owned().into_boxed_str()),
            faces.content[0].portrait.bytes.clone(),
        ));
    }
    samples.push((
        "dg7",
        lds::parse_displayed_images(
            FileId::Dg7,
            &std::fs::read(shared.join("lds/bsi2008-specimen/EF.DG7.bin")).unwrap(),
        )
        .unwrap()
        .content[0]
            .bytes
            .clone(),
    ));
    let mut panics = 0;
    let mut n = 0;
    let mut seed = 1u64;
    let mut rnd = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let rounds: u64 = std::env::var("ROUNDS")
        .ok()
        .and_then(|r| r.parse().ok())
        .unwrap_or(300);
    let mut worst = 0;
    for (name, image) in &samples {
        for i in 0..rounds {
            let mut b = image.clone();
            let head = if i % 2 == 0 {
                b.len().min(260)
            } else {
                b.len()
            };
            for _ in 0..=(rnd() % 4) {
                let at = (rnd() as usize) % head;
                b[at] = match rnd() % 3 {
                    0 => b[at] ^ (1 << (rnd() % 8)),
                    1 => rnd() as u8,
                    _ => [0, 0xff, 0x7f, 0x80, 1][(rnd() % 5) as usize],
                };
            }
            if i % 5 == 0 {
                b.truncate((rnd() as usize) % b.len());
            }
            let t = std::time::Instant::now();
            let r = portrait::decode(&b);
            let t = t.elapsed().as_millis();
            if t > worst {
                worst = t;
                println!("{name} {t} ms {r:?}");
            }
            if t > 1000 {
                std::fs::write(format!("/tmp/slow_{n}.bin"), &b).unwrap();
            }
            n += 1;
            if r == Err(portrait::ImageError::Damaged("decoder panicked".to_owned())) {
                panics += 1;
                std::fs::write(format!("/tmp/panic_{n}.bin"), &b).unwrap();
            }
        }
    }
    println!("{panics} panics of {n}, worst {worst} ms");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
        let _ = portrait::decode(&bytes);
    }
}
