//! The gallery answers as a comparison with everybody would.

use std::collections::BTreeMap;

use egate_models::{Candidate, Gallery, GalleryError};
use egate_types::MatchScore;
use proptest::prelude::*;

const DIMENSION: usize = 37;

#[derive(Debug, Clone)]
enum Change {
    Insert(u8, Vec<f32>),
    Remove(u8),
}

fn values() -> impl Strategy<Value = Vec<f32>> {
    // Coarse values too, so that equal scores occur.
    prop_oneof![
        proptest::collection::vec(-1.0f32..1.0, DIMENSION),
        proptest::collection::vec((0i8..2).prop_map(f32::from), DIMENSION),
    ]
    .prop_filter("a direction", |values| {
        values.iter().any(|value| *value != 0.0)
    })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (any::<u8>(), values()).prop_map(|(id, values)| Change::Insert(id, values)),
        1 => any::<u8>().prop_map(Change::Remove),
    ]
}

fn unit(mut values: Vec<f32>) -> Vec<f32> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= length);
    values
}

fn brute_force(
    people: &BTreeMap<u8, Vec<f32>>,
    probe: &[f32],
    threshold: MatchScore,
    most: usize,
) -> Vec<Candidate<u8>> {
    let mut all: Vec<Candidate<u8>> = people
        .iter()
        .map(|(id, template)| Candidate {
            id: *id,
            score: MatchScore::from_cosine(probe.iter().zip(template).map(|(a, b)| a * b).sum()),
        })
        .filter(|candidate| candidate.score >= threshold)
        .collect();
    all.sort_by_key(|candidate| (std::cmp::Reverse(candidate.score), candidate.id));
    all.truncate(most);
    all
}

proptest! {
    #[test]
    fn a_search_equals_brute_force(
        changes in proptest::collection::vec(change(), 0..300),
        probe in values(),
        threshold in -1_000_000..1_000_000i32,
        most in 0usize..20,
    ) {
        let mut gallery = Gallery::new(DIMENSION);
        let mut people = BTreeMap::new();
        for change in changes {
            match change {
                Change::Insert(id, values) => {
                    let template = unit(values);
                    let replaced = gallery.insert(id, &template).unwrap();
                    prop_assert_eq!(replaced, people.insert(id, template).is_some());
                }
                Change::Remove(id) => {
                    prop_assert_eq!(gallery.remove(&id), people.remove(&id).is_some());
                }
            }
        }
        prop_assert_eq!(gallery.len(), people.len());
        let probe = unit(probe);
        for threshold in [MatchScore(threshold), MatchScore(-1_000_000)] {
            prop_assert_eq!(
                gallery.search(&probe, threshold, most).unwrap(),
                brute_force(&people, &probe, threshold, most)
            );
        }
    }
}

/// More rows than one block holds, and a neighbour of each probe among them.
#[test]
fn everybody_is_found_beyond_one_block_and_none_once_removed() {
    let person = |id: u32, look: u32| {
        let value = |k: usize, salt: u32| {
            let mixed = (u64::from(salt) << 8 | k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93) as i64 as f32
                / i64::MAX as f32
        };
        unit(
            (0..DIMENSION)
                .map(|k| value(k, id) + 0.05 * value(k, 1_000_000 + look))
                .collect(),
        )
    };
    let mut gallery = Gallery::new(DIMENSION);
    for id in 0..3_000 {
        gallery.insert(id, &person(id, id)).unwrap();
    }
    let best = |gallery: &Gallery<u32>, id: u32| {
        let found = gallery
            .search(&person(id, id + 7), MatchScore(900_000), 1)
            .unwrap();
        found.first().map(|candidate| candidate.id)
    };
    for id in (0..3_000).step_by(11) {
        assert_eq!(best(&gallery, id), Some(id));
    }
    for id in (0..3_000).filter(|id| id % 3 == 0) {
        assert!(gallery.remove(&id));
    }
    assert_eq!(gallery.len(), 2_000);
    for id in (0..3_000).step_by(11) {
        assert_eq!(best(&gallery, id), (id % 3 != 0).then_some(id));
    }
}

#[test]
fn a_template_of_another_embedder_or_without_direction_is_refused() {
    let mut gallery = Gallery::new(2);
    let other = unit(vec![1.0, 0.0, 0.0]);
    let expected = GalleryError::OtherDimension {
        expected: 2,
        found: 3,
    };
    assert_eq!(gallery.insert(1, &other), Err(expected));
    assert_eq!(gallery.search(&other, MatchScore(0), 1), Err(expected));
    let nothing = unit(vec![0.0, 0.0]);
    assert_eq!(
        gallery.insert(1, &nothing),
        Err(GalleryError::NotAUnitVector)
    );
    assert!(gallery.is_empty());
}
