//! Examples as neighbours are sought among them: written out in double precision a few at a time.

use cl_data::Scalar;
use rayon::prelude::*;

use super::{
    features::Features,
    kernel::{Panels, ROWS, Visitor, products},
    nearest_list::NearestList,
    points::Rule,
    similarity::Similarity,
};
use crate::error::PruneError;

/// Features and how they are compared. Beside them 8 bytes per example.
pub(super) struct SearchPoints<'a, T> {
    features: Features<'a, T>,
    /// Where distances are computed from, none for a cosine.
    origin: Option<Vec<f64>>,
    squared_norms: Vec<f64>,
    /// By which the more similar has the higher rank: minus the squared distance, or a cosine.
    pub(super) rank: Rule,
}

/// Examples in panels, with their indices and squared norms.
#[derive(Default)]
pub(super) struct Block {
    panels: Panels,
    norms: Vec<f64>,
    examples: Vec<u32>,
}

impl<'a, T: Scalar> SearchPoints<'a, T> {
    pub(super) fn new(features: Features<'a, T>, similarity: Similarity) -> Result<Self, PruneError> {
        let (n, is_cosine) = (features.n_examples(), similarity.is_cosine());
        if is_cosine && let Some(example) = (0..n).find(|&example| largest(features.example(example)) == 0.0) {
            let expected = "a feature other than zero in every example, for a cosine";
            return Err(PruneError::Feature { example, feature: 0, value: "0".into(), expected });
        }
        let rank = match similarity {
            Similarity::MaxSquared | Similarity::MaxDistance => Rule::MaxSquared(0.0),
            Similarity::CosineSquared => Rule::CosineSquared,
            Similarity::Cosine => Rule::Cosine,
        };
        let origin = (!is_cosine).then(|| features.origin());
        let mut points = Self { features, origin, squared_norms: Vec::new(), rank };
        let d = points.n_features();
        // As the kernel sums, so that an example is at distance zero from its copy.
        points.squared_norms = (0..n)
            .into_par_iter()
            .map_init(
                || vec![0.0; d],
                |values, example| {
                    points.write(example, values);
                    values.iter().fold(0.0, |sum, value| value.mul_add(*value, sum))
                },
            )
            .collect();
        Ok(points)
    }

    pub(super) fn len(&self) -> usize {
        self.features.n_examples()
    }

    pub(super) fn n_features(&self) -> usize {
        self.features.n_features()
    }

    /// The example as it is compared: about the origin, or of length one.
    pub(super) fn write(&self, example: usize, values: &mut [f64]) {
        let own = self.features.example(example);
        match &self.origin {
            Some(origin) => {
                for ((value, own), origin) in values.iter_mut().zip(own).zip(origin) {
                    *value = own.as_f64() - origin;
                }
            }
            None => {
                // By the largest feature first, so that no square overflows or vanishes.
                let scale = largest(own);
                values.iter_mut().zip(own).for_each(|(value, own)| *value = own.as_f64() / scale);
                let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
                values.iter_mut().for_each(|value| *value /= norm);
            }
        }
    }

    /// The examples, one after the other, and their squared norms.
    pub(super) fn columns(&self, examples: &[u32]) -> (Vec<f64>, Vec<f64>) {
        let d = self.n_features();
        let mut columns = vec![0.0; examples.len() * d];
        for (values, &example) in columns.chunks_exact_mut(d).zip(examples) {
            self.write(example as usize, values);
        }
        (columns, examples.iter().map(|&example| self.squared_norms[example as usize]).collect())
    }

    /// Puts these examples into a block.
    pub(super) fn fill(&self, block: &mut Block, examples: &[u32]) {
        if block.panels.n_features() != self.n_features() {
            block.panels = Panels::new(0, self.n_features(), |_, _| {});
        }
        block.panels.refill(examples.len(), |at, values| self.write(examples[at] as usize, values));
        block.norms.clear();
        block.norms.extend(examples.iter().map(|&example| self.squared_norms[example as usize]));
        block.examples.clear();
        block.examples.extend_from_slice(examples);
        block.pad();
    }

    /// The largest squared distance that sweeps find: the farthest from the mean, from that one, and so on while it grows.
    /// At least 1/3 of the largest of all pairs, and mostly that itself. O(n d) per sweep.
    pub(super) fn swept_squared_distance(&self) -> f64 {
        let (n, d) = (self.len(), self.n_features());
        if n == 0 {
            return 0.0;
        }
        let mut from = self.features.mean();
        if let Some(origin) = &self.origin {
            from.iter_mut().zip(origin).for_each(|(value, origin)| *value -= origin);
        }
        let (mut largest, mut values) = (0.0, vec![0.0; d]);
        for sweep in 0..8 {
            let squared = |values: &[f64]| {
                values.iter().zip(&from).map(|(value, from)| (value - from) * (value - from)).sum::<f64>()
            };
            let farthest = (0..n)
                .into_par_iter()
                .map_init(
                    || vec![0.0; d],
                    |values, example| {
                        self.write(example, values);
                        (squared(values), example)
                    },
                )
                .reduce(|| (-1.0, 0), |a, b| if b.0 > a.0 || b.0 == a.0 && b.1 < a.1 { b } else { a });
            // The first is measured from what is no example.
            if sweep > 0 && farthest.0 <= largest {
                break;
            }
            largest = if sweep == 0 { 0.0 } else { farthest.0 };
            self.write(farthest.1, &mut values);
            from.copy_from_slice(&values);
        }
        largest
    }
}

fn largest<T: Scalar>(values: &[T]) -> f64 {
    values.iter().fold(0.0f64, |largest, value| largest.max(value.as_f64().abs()))
}

impl Block {
    /// Of points that are no examples, such as centroids: their index is where they stand.
    pub(super) fn of_points(values: &[f64], n_features: usize) -> Self {
        let n = values.len() / n_features;
        let panels =
            Panels::new(n, n_features, |at, row| row.copy_from_slice(&values[at * n_features..][..n_features]));
        let norm = |point: &[f64]| point.iter().fold(0.0, |sum: f64, value| value.mul_add(*value, sum));
        let norms = values.chunks_exact(n_features).map(norm).collect();
        let mut block = Self { panels, norms, examples: (0..n as u32).collect() };
        block.pad();
        block
    }

    /// Rows of the last panel that are no examples are at distance zero from all, which makes none of them the farthest.
    fn pad(&mut self) {
        self.norms.resize(self.panels.n_panels() * ROWS, f64::NEG_INFINITY);
    }

    pub(super) fn n_examples(&self) -> usize {
        self.panels.n_examples()
    }

    /// Visits the similarities of its examples to each of these columns with their norms, a panel at a time; what rows that
    /// are no examples get means nothing.
    pub(super) fn visit(
        &self,
        rule: Rule,
        (columns, column_norms): &(Vec<f64>, Vec<f64>),
        visit: &mut impl FnMut(usize, usize, &[f64; ROWS]),
    ) {
        let norms = self.norms.as_chunks().0;
        let mut apply = Apply { rule, norms, column_norms, visit };
        products(&self.panels, 0..self.panels.n_panels(), columns, column_norms.len(), &mut apply);
    }

    /// Offers its examples to the lists of the points in `columns`, but for each itself (`own`); and tells the lowest rank.
    pub(super) fn offer(
        &self,
        rule: Rule,
        (columns, column_norms): (&[f64], &[f64]),
        (places, own): (&[usize], &[u32]),
        lists: &mut [NearestList],
    ) -> f64 {
        let norms = self.norms.as_chunks().0;
        let least = [f64::INFINITY; ROWS];
        let examples = &self.examples;
        let mut offer = Offer { rule, norms, column_norms, examples, places, own, lists, least };
        products(&self.panels, 0..self.panels.n_panels(), columns, column_norms.len(), &mut offer);
        offer.least.into_iter().fold(f64::INFINITY, f64::min)
    }
}

/// From products to similarities.
struct Apply<'a, F> {
    rule: Rule,
    norms: &'a [[f64; ROWS]],
    column_norms: &'a [f64],
    visit: &'a mut F,
}

impl<F: FnMut(usize, usize, &[f64; ROWS])> Visitor for Apply<'_, F> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, products: &[f64; ROWS]) {
        (self.visit)(panel, column, &self.rule.apply(products, &self.norms[panel], self.column_norms[column]));
    }
}

struct Offer<'a> {
    rule: Rule,
    norms: &'a [[f64; ROWS]],
    column_norms: &'a [f64],
    examples: &'a [u32],
    /// Which list is each column's, and which example it is itself.
    places: &'a [usize],
    own: &'a [u32],
    lists: &'a mut [NearestList],
    least: [f64; ROWS],
}

impl Visitor for Offer<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, products: &[f64; ROWS]) {
        let ranks = self.rule.apply(products, &self.norms[panel], self.column_norms[column]);
        self.least.iter_mut().zip(&ranks).for_each(|(least, rank)| *least = least.min(*rank));
        let list = &mut self.lists[self.places[column]];
        let mut best = [f64::NEG_INFINITY; 4];
        for four in ranks.as_chunks::<4>().0 {
            best.iter_mut().zip(four).for_each(|(best, rank)| *best = best.max(*rank));
        }
        if (best[0].max(best[1]).max(best[2].max(best[3])) as f32) < list.bound {
            return;
        }
        // Rows that are no examples are beyond these.
        for (&example, &rank) in self.examples[panel * ROWS..].iter().zip(&ranks) {
            if example != self.own[column] {
                list.offer(rank as f32, example);
            }
        }
    }
}
