//! The generator's promises: same seeds, same pixels; other seeds, other people; truth lies in the picture.

use egate_synthetic_faces::{
    Attack, Identity, PORTRAIT_HEIGHT, PORTRAIT_WIDTH, SCENE_HEIGHT, SCENE_WIDTH, Scene,
    portrait_truth, render_empty, render_live, render_portrait,
};
use egate_types::BgrFrame;

const ATTACKS: [Attack; 3] = [Attack::None, Attack::Print, Attack::Replay];

#[test]
fn same_seeds_draw_the_same_pixels() {
    let person = Identity::from_seed(7);
    assert!(render_portrait(&person) == render_portrait(&Identity::from_seed(7)));
    for attack in ATTACKS {
        let scene = Scene::demanding(3).with_attack(attack);
        assert!(render_live(&person, &scene).frame == render_live(&person, &scene).frame);
    }
    assert!(render_empty(5) == render_empty(5));
}

#[test]
fn people_moments_and_attacks_differ() {
    for seed in 0..40 {
        let (one, other) = (Identity::from_seed(seed), Identity::from_seed(seed + 1));
        let change = difference(&render_portrait(&one), &render_portrait(&other));
        assert!(
            change > 4.0,
            "people {seed} and {} differ by {change} grey levels",
            seed + 1
        );
        let scene = Scene::everyday(seed);
        let [bona_fide, print, replay] =
            ATTACKS.map(|attack| render_live(&one, &scene.with_attack(attack)).frame);
        assert!(difference(&bona_fide, &print) > 4.0);
        assert!(difference(&bona_fide, &replay) > 4.0);
        assert!(difference(&print, &replay) > 4.0);
    }
}

#[test]
fn truth_lies_inside_the_picture_in_the_agreed_order() {
    for seed in 0..60 {
        let person = Identity::from_seed(seed);
        let portrait = render_portrait(&person);
        assert_eq!(
            (portrait.width(), portrait.height()),
            (PORTRAIT_WIDTH, PORTRAIT_HEIGHT)
        );
        let mut shown = vec![(portrait_truth(&person), PORTRAIT_WIDTH, PORTRAIT_HEIGHT)];
        for attack in ATTACKS {
            let live = render_live(&person, &Scene::everyday(seed).with_attack(attack));
            assert_eq!(
                (live.frame.width(), live.frame.height()),
                (SCENE_WIDTH, SCENE_HEIGHT)
            );
            shown.push((live.truth, SCENE_WIDTH, SCENE_HEIGHT));
        }
        for (truth, width, height) in shown {
            let [left, top, box_width, box_height] = truth.bbox;
            for [x, y] in truth.landmarks {
                assert!(
                    (left..left + box_width).contains(&x),
                    "seed {seed}: {truth:?}"
                );
                assert!(
                    (top..top + box_height).contains(&y),
                    "seed {seed}: {truth:?}"
                );
                assert!((0.0..width as f32).contains(&x) && (0.0..height as f32).contains(&y));
            }
            let [left_eye, right_eye, nose, left_mouth, right_mouth] = truth.landmarks;
            assert!(left_eye[0] < right_eye[0] && left_mouth[0] < right_mouth[0]);
            assert!(left_eye[1].max(right_eye[1]) < nose[1]);
            assert!(nose[1] < left_mouth[1].max(right_mouth[1]));
        }
    }
}

/// Mean absolute difference, grey levels.
fn difference(a: &BgrFrame, b: &BgrFrame) -> f64 {
    let sum: u64 = a
        .pixels()
        .iter()
        .zip(b.pixels())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.pixels().len() as f64
}
