//! Biometric templates: what an embedder, or several, make of a face.

use std::sync::Arc;

use egate_types::MatchScore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::quality::QualityScore;

/// A biometric template: one unit vector per embedder, wiped when dropped, never printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Template {
    vectors: Vec<Vec<f32>>,
    #[zeroize(skip)]
    space: Arc<Space>,
}

/// The matcher that made a template; only templates of one matcher are comparable.
pub(crate) struct Space {
    pub(crate) matcher: String,
    /// Share of each embedder's cosine in the score; they add up to 1.
    pub(crate) weights: Vec<f32>,
}

impl Template {
    pub(crate) fn new(vectors: Vec<Vec<f32>>, space: Arc<Space>) -> Self {
        let vectors = vectors.into_iter().map(normalised).collect();
        Self { vectors, space }
    }

    /// Weighted mean of the embedders' cosines; templates of different matchers do not match.
    #[must_use]
    pub fn compare(&self, other: &Self) -> MatchScore {
        if self.space.matcher != other.space.matcher {
            return MatchScore::from_cosine(f32::NAN);
        }
        let pairs = self.vectors.iter().zip(&other.vectors);
        let cosines = pairs.map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>());
        let weighted = cosines.zip(&self.space.weights);
        MatchScore::from_cosine(weighted.map(|(cosine, weight)| cosine * weight).sum())
    }

    /// The same face under a matcher of some of this one's embedders, `parts` being their places.
    pub(crate) fn under(&self, parts: &[usize], space: Arc<Space>) -> Self {
        let vectors = parts.iter().filter_map(|part| self.vectors.get(*part));
        Self {
            vectors: vectors.cloned().collect(),
            space,
        }
    }

    /// The vector whose dot product with another template's is their score, for a [`crate::Gallery`].
    #[must_use]
    pub fn unit_vector(&self) -> Zeroizing<Vec<f32>> {
        let parts = self.vectors.iter().zip(&self.space.weights);
        let scaled = parts.flat_map(|(vector, weight)| {
            let factor = weight.sqrt();
            vector.iter().map(move |value| factor * value)
        });
        // Not grown, so that no outgrown copy stays in memory.
        let mut joined = Vec::with_capacity(self.vectors.iter().map(Vec::len).sum());
        joined.extend(scaled);
        Zeroizing::new(joined)
    }

    /// One template of several looks at one face, all worth the same, as for a gallery: the direction of their mean.
    /// `None` without any.
    #[must_use]
    pub fn fuse(looks: &[Self]) -> Option<Self> {
        Self::mean(looks.iter().map(|look| (look, 1.0)))
    }

    /// One template of several frames, each counting by its quality. `None` without any.
    #[must_use]
    pub fn fuse_weighted<'a>(
        looks: impl IntoIterator<Item = (&'a Self, QualityScore)>,
    ) -> Option<Self> {
        let looks = looks.into_iter();
        Self::mean(looks.map(|(look, quality)| (look, quality.weight())))
    }

    fn mean<'a>(mut looks: impl Iterator<Item = (&'a Self, f32)>) -> Option<Self> {
        let (first, weight) = looks.next()?;
        let mut sums = first.vectors.clone();
        let values = sums.iter_mut().flatten();
        values.for_each(|value| *value *= weight);
        for (look, weight) in looks {
            let values = sums.iter_mut().flatten();
            for (sum, value) in values.zip(look.vectors.iter().flatten()) {
                *sum += weight * value;
            }
        }
        Some(Self::new(sums, first.space.clone()))
    }
}

/// Not-a-number throughout if the network gave nothing of length: matches nothing.
fn normalised(mut values: Vec<f32>) -> Vec<f32> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= length);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(matcher: &str, vectors: &[&[f32]]) -> Template {
        let space = Space {
            matcher: matcher.to_owned(),
            weights: vec![0.6, 0.4],
        };
        Template::new(
            vectors.iter().map(|values| values.to_vec()).collect(),
            Arc::new(space),
        )
    }

    #[test]
    fn scores_of_two_embedders_are_added_by_weight_and_stay_cosines() {
        let a = template("two", &[&[3.0, 0.0], &[0.0, 5.0]]);
        assert_eq!(a.compare(&a), MatchScore(1_000_000));
        let half = template("two", &[&[1.0, 0.0], &[7.0, 0.0]]);
        assert_eq!(a.compare(&half), MatchScore(600_000));
        let opposite = template("two", &[&[-1.0, 0.0], &[0.0, -1.0]]);
        assert_eq!(a.compare(&opposite), MatchScore(-1_000_000));
    }

    #[test]
    fn the_dot_product_of_unit_vectors_is_the_score() {
        let a = template("two", &[&[3.0, 1.0], &[0.0, 5.0, 2.0]]);
        let b = template("two", &[&[-1.0, 2.0], &[4.0, 1.0, 1.0]]);
        let dot = |a: &Template, b: &Template| -> f32 {
            let (a, b) = (a.unit_vector(), b.unit_vector());
            a.iter().zip(b.iter()).map(|(a, b)| a * b).sum()
        };
        assert!((dot(&a, &a) - 1.0).abs() < 1e-6);
        assert_eq!(MatchScore::from_cosine(dot(&a, &b)), a.compare(&b));
    }

    #[test]
    fn templates_of_other_matchers_and_without_length_match_nothing() {
        let a = template("two", &[&[1.0, 0.0], &[1.0, 0.0]]);
        let other = template("three", &[&[1.0, 0.0], &[1.0, 0.0]]);
        let empty = template("two", &[&[0.0, 0.0], &[1.0, 0.0]]);
        for none in [&other, &empty] {
            assert_eq!(a.compare(none), MatchScore(-1_000_000));
        }
    }

    #[test]
    fn better_frames_count_more() {
        let x = || template("two", &[&[1.0, 0.0], &[1.0, 0.0]]);
        let y = || template("two", &[&[0.0, 1.0], &[0.0, 1.0]]);
        let looks = [
            (&x(), QualityScore::new(90.0)),
            (&y(), QualityScore::new(10.0)),
        ];
        let fused = Template::fuse_weighted(looks).unwrap();
        assert!(fused.compare(&x()) > fused.compare(&y()));
        let equal = Template::fuse(&[x(), y()]).unwrap();
        assert_eq!(equal.compare(&x()), equal.compare(&y()));
        assert!(Template::fuse(&[]).is_none());
    }
}
