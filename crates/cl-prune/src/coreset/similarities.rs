use std::ops::Range;
use std::sync::Arc;

use cl_data::Scalar;
use rayon::prelude::*;

use super::{
    features::Features,
    kernel::{Panels, ROWS},
    points::{MAX_CHUNK, Points, Rule, SimilarityVisitor},
    similarity::Similarity,
};
use crate::error::PruneError;

/// Panels that a thread takes at a time.
const PANELS: usize = 32;

/// The similarities of all pairs of n examples, computed when they are needed: O(n d) memory, never n x n.
///
/// The largest distance, where the similarity needs it, takes one pass over all pairs, O(n^2 d). Everything is
/// computed in double precision, each pair in one fixed order, so that s(x, y) = s(y, x) bit for bit.
///
/// ```
/// use cl_prune::coreset::{Features, Similarities, Similarity};
///
/// let features = Features::new(&[0.0f32, 1.0, 3.0], 1)?;
/// let similarities = Similarities::new(&features, Similarity::MaxSquared)?;
/// assert_eq!(similarities.of_all_to(1), [8.0, 9.0, 5.0]); // 9 - d^2
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Similarities {
    n: usize,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Features(Arc<Points>),
    Matrix(Arc<[f64]>),
}

impl Similarities {
    /// The similarities of these examples.
    ///
    /// # Errors
    /// [`PruneError::Feature`] where an example has no direction, all its features being zero, and `similarity` is a
    /// cosine.
    pub fn new<T: Scalar>(features: &Features<'_, T>, similarity: Similarity) -> Result<Self, PruneError> {
        let (n, d) = (features.n_examples(), features.n_features());
        let as_f64 = |example: usize, values: &mut [f64]| {
            values.iter_mut().zip(features.example(example)).for_each(|(value, own)| *value = own.as_f64());
        };
        let panels = if similarity.is_cosine() {
            // By the largest feature first, so that no square overflows or vanishes.
            let largest = |example: usize| {
                features.example(example).iter().fold(0.0f64, |largest, value| largest.max(value.as_f64().abs()))
            };
            if let Some(example) = (0..n).find(|&example| largest(example) == 0.0) {
                let expected = "a feature other than zero in every example, for a cosine";
                return Err(PruneError::Feature { example, feature: 0, value: "0".into(), expected });
            }
            Panels::new(n, d, |example, values| {
                as_f64(example, values);
                let scale = largest(example);
                values.iter_mut().for_each(|value| *value /= scale);
                let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
                values.iter_mut().for_each(|value| *value /= norm);
            })
        } else {
            let origin = features.origin();
            Panels::new(n, d, |example, values| {
                as_f64(example, values);
                values.iter_mut().zip(&origin).for_each(|(value, origin)| *value -= origin);
            })
        };
        let squared_norms = panels.squared_norms();
        let mut points = Points { panels, squared_norms, rule: Rule::Cosine };
        points.rule = match similarity {
            Similarity::MaxSquared => Rule::MaxSquared(points.largest_squared_distance()),
            Similarity::MaxDistance => Rule::MaxDistance(points.largest_squared_distance().sqrt()),
            Similarity::CosineSquared => Rule::CosineSquared,
            Similarity::Cosine => Rule::Cosine,
        };
        Ok(Self { n, source: Source::Features(Arc::new(points)) })
    }

    /// Similarities that are known, as an n x n matrix: entry i n + j is how well i is served when j is chosen.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where there are not n x n of them; [`PruneError::Feature`] where one is negative or not
    /// finite.
    pub fn of_matrix(n: usize, values: &[f64]) -> Result<Self, PruneError> {
        if n.checked_mul(n) != Some(values.len()) {
            let expected = format!("{n} x {n} similarities");
            return Err(PruneError::argument("similarities", format!("{} values", values.len()), expected));
        }
        if let Some(at) = values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
            let (example, feature) = (at / n, at % n);
            let value = values[at].to_string();
            let expected = "a similarity of at least 0";
            return Err(PruneError::Feature { example, feature, value, expected });
        }
        // By element, as they are visited.
        let columns: Vec<f64> = (0..n * n).map(|at| values[at % n * n + at / n]).collect();
        Ok(Self { n, source: Source::Matrix(columns.into()) })
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.n
    }

    /// The similarity of every example to `element`. O(n d).
    ///
    /// # Panics
    /// Where there is no such element.
    pub fn of_all_to(&self, element: usize) -> Vec<f64> {
        let mut column = self.column(element);
        column.truncate(self.n);
        column
    }

    pub(super) fn n_panels(&self) -> usize {
        self.n.div_ceil(ROWS)
    }

    /// Multiply-adds per pair.
    fn work(&self) -> usize {
        match &self.source {
            Source::Features(points) => points.panels.n_features(),
            Source::Matrix(_) => 1,
        }
    }

    /// Visits the similarities of the examples of these panels to `elements`.
    pub(super) fn visit<V: SimilarityVisitor>(&self, range: Range<usize>, elements: &[usize], visitor: &mut V) {
        match &self.source {
            Source::Features(points) => points.visit(points, range, (elements, elements), visitor),
            Source::Matrix(values) => {
                for panel in range {
                    let rows = panel * ROWS..self.n.min((panel + 1) * ROWS);
                    for (column, element) in elements.iter().enumerate() {
                        let mut similarities = [0.0; ROWS];
                        similarities[..rows.len()].copy_from_slice(&values[element * self.n..][rows.clone()]);
                        visitor.visit(panel, column, &similarities);
                    }
                }
            }
        }
    }

    /// Visits the similarities of all examples to `elements`, chunks of elements in parallel, each with a visitor of
    /// its own; these come back in order.
    pub(super) fn by_elements<V: SimilarityVisitor + Send>(
        &self,
        elements: &[usize],
        visitor: impl Fn(&[usize]) -> V + Sync + Send,
    ) -> Vec<V> {
        self.by_elements_in(0..self.n_panels(), elements, visitor)
    }

    /// The same with the similarities of the examples of these panels alone.
    pub(super) fn by_elements_in<V: SimilarityVisitor + Send>(
        &self,
        panels: Range<usize>,
        elements: &[usize],
        visitor: impl Fn(&[usize]) -> V + Sync + Send,
    ) -> Vec<V> {
        in_chunks(elements, self.n.min(panels.len() * ROWS) * self.work(), |chunk| {
            let mut visitor = visitor(chunk);
            self.visit(panels.clone(), chunk, &mut visitor);
            visitor
        })
    }

    /// Whether they are computed when they are needed, from features.
    pub(super) fn are_computed(&self) -> bool {
        matches!(self.source, Source::Features(_))
    }

    /// The similarities of these examples alone to all elements, see [`by_elements_of`](Self::by_elements_of); nothing
    /// where the similarities are a matrix, which has them all.
    pub(super) fn among(&self, examples: &[usize]) -> Option<Self> {
        let Source::Features(points) = &self.source else { return None };
        Some(Self { n: examples.len(), source: Source::Features(Arc::new(points.among(examples))) })
    }

    /// Visits the similarities of these `examples`, which are [`among`](Self::among) all others and ascending, to elements
    /// of all, with the same bits as those of all.
    pub(super) fn by_elements_of<V: SimilarityVisitor + Send>(
        &self,
        all: &Self,
        examples: &[usize],
        elements: &[usize],
        visitor: impl Fn(&[usize]) -> V + Sync + Send,
    ) -> Vec<V> {
        let (Source::Features(points), Source::Features(others)) = (&self.source, &all.source) else {
            return Vec::new();
        };
        in_chunks(elements, self.n * self.work(), |chunk| {
            let mut visitor = visitor(chunk);
            let place = |element| examples.binary_search(element).unwrap_or(usize::MAX);
            let places: Vec<usize> = chunk.iter().map(place).collect();
            points.visit(others, 0..self.n_panels(), (chunk, &places), &mut visitor);
            visitor
        })
    }

    /// The same with panels of examples in parallel; a visitor is told the first of its panels.
    pub(super) fn by_examples<V: SimilarityVisitor + Send>(
        &self,
        elements: &[usize],
        visitor: impl Fn(usize) -> V + Sync,
    ) -> Vec<V> {
        let n_panels = self.n_panels();
        (0..n_panels.div_ceil(PANELS))
            .into_par_iter()
            .map(|chunk| {
                let first = chunk * PANELS;
                let mut visitor = visitor(first);
                self.visit(first..n_panels.min(first + PANELS), elements, &mut visitor);
                visitor
            })
            .collect()
    }

    /// The similarity of every example to `element`, and zeros to the end of the last panel.
    pub(super) fn column(&self, element: usize) -> Vec<f64> {
        struct Column<'a>(&'a mut [[f64; ROWS]], usize);
        impl SimilarityVisitor for Column<'_> {
            #[inline(always)]
            fn visit(&mut self, panel: usize, _: usize, similarities: &[f64; ROWS]) {
                self.0[panel - self.1] = *similarities;
            }
        }
        let mut column = vec![0.0; self.n_panels() * ROWS];
        let panels = column.as_chunks_mut().0;
        if self.n * self.work() < 1_000_000 {
            self.visit(0..self.n_panels(), &[element], &mut Column(panels, 0));
        } else {
            let share = panels.len().div_ceil(rayon::current_num_threads()).max(1);
            panels.par_chunks_mut(share).enumerate().for_each(|(chunk, panels)| {
                let first = chunk * share;
                self.visit(first..first + panels.len(), &[element], &mut Column(panels, first));
            });
        }
        column
    }

    /// For every element the sum over all examples of their similarity to it. O(n^2 d).
    pub(super) fn sums(&self) -> Vec<f64> {
        struct Sums(Vec<[f64; ROWS]>);
        impl SimilarityVisitor for Sums {
            #[inline(always)]
            fn visit(&mut self, _: usize, column: usize, similarities: &[f64; ROWS]) {
                self.0[column].iter_mut().zip(similarities).for_each(|(sum, s)| *sum += s);
            }
        }
        let elements: Vec<usize> = (0..self.n).collect();
        let sums = self.by_elements(&elements, |chunk| Sums(vec![[0.0; ROWS]; chunk.len()]));
        sums.iter().flat_map(|sums| sums.0.iter().map(sum_lanes)).collect()
    }

    /// For each of these elements a bound of the sum over all examples of their similarity to it, never below what
    /// [`sums`](Self::sums) computes, where the sum of all features tells it. O((n + elements) d).
    ///
    /// ```text
    /// cosine        n / 2 + x (sum of all) / 2
    /// max-squared   n max - (sum of all |x_i|^2) - n |x|^2 + 2 x (sum of all)
    /// ```
    pub(super) fn sum_bounds(&self, elements: &[usize]) -> Option<Vec<f64>> {
        let Source::Features(points) = &self.source else { return None };
        let (n, d) = (self.n as f64, points.panels.n_features() as f64);
        let squared: f64 = points.squared_norms.iter().sum();
        // The sum, and the sum of the absolute values that it is of at most.
        let sums: Box<dyn Fn(f64, f64) -> (f64, f64)> = match points.rule {
            Rule::Cosine => Box::new(|product, _| (n / 2.0 + product / 2.0, n)),
            Rule::MaxSquared(max) => Box::new(move |product, norm| {
                (n * max - squared - n * norm + 2.0 * product, n * max + 2.0 * (squared + n * norm))
            }),
            Rule::CosineSquared | Rule::MaxDistance(_) => return None,
        };
        let total = points.panels.sum();
        let mut values = Vec::new();
        let bound = |&element: &usize| {
            values.clear();
            points.panels.append_example(element, &mut values);
            let product = total.iter().zip(&values).map(|(total, value)| total * value).sum();
            let (sum, size) = sums(product, points.squared_norms[element]);
            // Twice what rounding can make of n d terms, here and there.
            let bound = sum + (2.0 * (n + d) + 64.0) * f64::EPSILON * size;
            if bound.is_finite() { bound } else { f64::INFINITY }
        };
        Some(elements.iter().map(bound).collect())
    }

    /// The similarity of every example to itself. O(n).
    pub(super) fn of_each_to_itself(&self) -> Vec<f64> {
        match &self.source {
            Source::Matrix(values) => (0..self.n).map(|i| values[i * self.n + i]).collect(),
            Source::Features(points) => vec![points.rule.of_itself(); self.n],
        }
    }

    /// For every example the position in `elements` of the most similar one, the first of equals. O(n k d).
    pub(super) fn most_similar(&self, elements: &[usize]) -> Vec<usize> {
        struct Nearest {
            first: usize,
            best: Vec<[f64; ROWS]>,
            position: Vec<[usize; ROWS]>,
        }
        impl SimilarityVisitor for Nearest {
            #[inline(always)]
            fn visit(&mut self, panel: usize, column: usize, similarities: &[f64; ROWS]) {
                let at = panel - self.first;
                let rows = self.best[at].iter_mut().zip(&mut self.position[at]);
                for ((best, position), &similarity) in rows.zip(similarities) {
                    if similarity > *best {
                        (*best, *position) = (similarity, column);
                    }
                }
            }
        }
        let nearest = self.by_examples(elements, |first| Nearest {
            first,
            best: vec![[f64::NEG_INFINITY; ROWS]; PANELS],
            position: vec![[0; ROWS]; PANELS],
        });
        let positions = nearest.iter().flat_map(|nearest| nearest.position.iter().flatten().copied());
        positions.take(self.n).collect()
    }
}

/// The sum of sixteen partial sums: example i is in the one of i mod 16, whichever way it was computed.
pub(super) fn sum_lanes(lanes: &[f64; ROWS]) -> f64 {
    lanes.chunks_exact(4).map(|four| (four[0] + four[1]) + (four[2] + four[3])).sum()
}

/// Chunks of elements in parallel where the work is worth it.
fn in_chunks<T: Send>(elements: &[usize], work: usize, one: impl Fn(&[usize]) -> T + Sync + Send) -> Vec<T> {
    let share = elements.len().div_ceil(rayon::current_num_threads()).next_multiple_of(8);
    if elements.len() * work < 100_000 {
        elements.chunks(MAX_CHUNK).map(one).collect()
    } else {
        elements.par_chunks(share.clamp(8, MAX_CHUNK)).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_hand(x: &[f64], y: &[f64], kind: Similarity, max: f64) -> f64 {
        let dot: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        let squared: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
        match kind {
            Similarity::MaxSquared => max - squared,
            Similarity::MaxDistance => max.sqrt() - squared.sqrt(),
            Similarity::CosineSquared => (dot / (norm(x) * norm(y))).powi(2),
            Similarity::Cosine => 0.5 + 0.5 * dot / (norm(x) * norm(y)),
        }
    }

    proptest! {
        #[test]
        fn similarities_are_their_definitions(
            n in 1usize..40, d in 1usize..6, seed: u64, offset in prop_oneof![Just(0.0), Just(1.5e9)],
        ) {
            let mut rng = cl_data::random::stream(seed, "test", 0);
            let values: Vec<f64> =
                (0..n * d).map(|_| offset + cl_data::random::uniform(&mut rng) + 0.01).collect();
            let features = Features::new(&values, d).unwrap();
            let mut max = 0.0f64;
            for i in 0..n {
                for j in 0..n {
                    max = max.max(-by_hand(features.example(i), features.example(j), Similarity::MaxSquared, 0.0));
                }
            }
            for (_, kind) in Similarity::NAMES {
                let similarities = Similarities::new(&features, kind).unwrap();
                let sums = similarities.sums();
                let all: Vec<usize> = (0..n).collect();
                for (bound, sum) in similarities.sum_bounds(&all).into_iter().flatten().zip(&sums) {
                    // An offset is taken away before, to the nearest number of the features' range.
                    prop_assert!(*sum <= bound && bound - sum < 1e-9, "{kind} {sum} {bound}");
                }
                let own = similarities.of_each_to_itself();
                // The square root magnifies what rounding leaves of a distance of zero.
                let tolerance = if kind == Similarity::MaxDistance { 1e-7 } else { 1e-12 };
                for j in 0..n {
                    let column = similarities.of_all_to(j);
                    for (i, &found) in column.iter().enumerate() {
                        let expected = by_hand(features.example(i), features.example(j), kind, max);
                        prop_assert!((found - expected).abs() < tolerance, "{kind} {found} {expected}");
                        prop_assert_eq!(found, similarities.of_all_to(i)[j]);
                        prop_assert!(found >= 0.0);
                    }
                    prop_assert_eq!(own[j], column[j]);
                    prop_assert!((sums[j] - column.iter().sum::<f64>()).abs() < 1e-9);
                }
            }
        }
    }

    /// Normalised in floating point, a vector's length is 1 give or take a rounding; its cosine with itself is 1.
    #[test]
    fn the_diagonal_is_what_it_is_on_paper() {
        let mut rng = cl_data::random::stream(0, "test", 0);
        let values: Vec<f64> = (0..50 * 7).map(|_| cl_data::random::uniform(&mut rng) - 0.5).collect();
        let features = Features::new(&values, 7).unwrap();
        for kind in [Similarity::Cosine, Similarity::CosineSquared] {
            let similarities = Similarities::new(&features, kind).unwrap();
            assert_eq!(similarities.of_each_to_itself(), [1.0; 50]);
            assert!((0..50).all(|example| similarities.of_all_to(example)[example] == 1.0));
        }
        let similarities = Similarities::new(&features, Similarity::MaxDistance).unwrap();
        let own = similarities.of_each_to_itself();
        assert!((0..50).all(|example| similarities.of_all_to(example)[example] == own[example]));
    }

    #[test]
    fn what_has_no_direction_has_no_cosine() {
        let features = Features::new(&[1.0, 0.0, 0.0, 0.0], 2).unwrap();
        let error = Similarities::new(&features, Similarity::Cosine).unwrap_err().to_string();
        assert!(error.contains("example 1"), "{error}");
        assert!(Similarities::new(&features, Similarity::MaxSquared).is_ok());
        assert!(Similarities::of_matrix(2, &[0.0; 3]).is_err());
        assert!(Similarities::of_matrix(2, &[0.0, 1.0, -1.0, 0.0]).is_err());
        assert!(Similarities::of_matrix(1, &[f64::NAN]).is_err());
        let none = Features::<f64>::new(&[], 2).unwrap();
        assert_eq!(Similarities::new(&none, Similarity::MaxSquared).unwrap().n_examples(), 0);
    }
}
