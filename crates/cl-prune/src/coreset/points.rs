use std::ops::Range;

use rayon::prelude::*;

use super::kernel::{Panels, ROWS, Visitor, products};

/// Elements that a thread takes at a time: their features then stay in a second-level cache.
pub(super) const MAX_CHUNK: usize = 64;

/// Examples in panels, and how alike they are.
#[derive(Debug)]
pub(super) struct Points {
    pub(super) panels: Panels,
    pub(super) squared_norms: Vec<f64>,
    pub(super) rule: Rule,
}

/// A similarity as a function of the inner product and the squared norms.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// max - d^2, with the maximum.
    MaxSquared(f64),
    MaxDistance(f64),
    CosineSquared,
    Cosine,
}

impl Rule {
    /// Of an example to itself, which rounding has no part in.
    #[inline(always)]
    pub(super) fn of_itself(self) -> f64 {
        match self {
            Self::MaxSquared(max) | Self::MaxDistance(max) => max,
            Self::CosineSquared | Self::Cosine => 1.0,
        }
    }

    /// Of a panel's examples to one other. Rows that are no examples get what their zeros give.
    #[inline(always)]
    pub(super) fn apply(self, products: &[f64; ROWS], norms: &[f64; ROWS], norm: f64) -> [f64; ROWS] {
        let mut similarities = [0.0; ROWS];
        let rows = similarities.iter_mut().zip(products).zip(norms);
        match self {
            Self::MaxSquared(max) => {
                rows.for_each(|((s, product), own)| *s = max - (own + norm - 2.0 * product).max(0.0));
            }
            Self::MaxDistance(max) => {
                rows.for_each(|((s, product), own)| *s = max - (own + norm - 2.0 * product).max(0.0).sqrt());
            }
            Self::CosineSquared => rows.for_each(|((s, product), _)| *s = (product * product).min(1.0)),
            Self::Cosine => {
                rows.for_each(|((s, product), _)| *s = (0.5 + 0.5 * product).clamp(0.0, 1.0));
            }
        }
        similarities
    }
}

/// What is done with the similarities of a panel's examples to one element: 0 for rows that are no examples.
pub(super) trait SimilarityVisitor {
    /// To be marked `#[inline(always)]`.
    fn visit(&mut self, panel: usize, column: usize, similarities: &[f64; ROWS]);
}

/// From products to similarities.
struct Apply<'a, V> {
    rule: Rule,
    norms: &'a [[f64; ROWS]],
    column_norms: &'a [f64],
    /// Where the elements stand among the rows, which then are themselves.
    places: &'a [usize],
    n: usize,
    visitor: &'a mut V,
}

impl<V: SimilarityVisitor> Visitor for Apply<'_, V> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, products: &[f64; ROWS]) {
        let mut similarities = self.rule.apply(products, &self.norms[panel], self.column_norms[column]);
        if self.places[column] / ROWS == panel {
            similarities[self.places[column] % ROWS] = self.rule.of_itself();
        }
        if (panel + 1) * ROWS > self.n {
            similarities[self.n - panel * ROWS..].fill(0.0);
        }
        self.visitor.visit(panel, column, &similarities);
    }
}

impl Points {
    /// These examples alone.
    pub(super) fn among(&self, examples: &[usize]) -> Self {
        let mut example = Vec::new();
        let panels = Panels::new(examples.len(), self.panels.n_features(), |at, values| {
            example.clear();
            self.panels.append_example(examples[at], &mut example);
            values.copy_from_slice(&example);
        });
        let mut squared_norms: Vec<f64> = examples.iter().map(|&example| self.squared_norms[example]).collect();
        squared_norms.resize(panels.n_panels() * ROWS, 0.0);
        Self { panels, squared_norms, rule: self.rule }
    }

    /// Visits the similarities of the examples of these panels to `elements` of `others`, with their places among the
    /// examples here, if they have one.
    pub(super) fn visit<V: SimilarityVisitor>(
        &self,
        others: &Self,
        range: Range<usize>,
        (elements, places): (&[usize], &[usize]),
        visitor: &mut V,
    ) {
        let column_norms: Vec<f64> = elements.iter().map(|&element| others.squared_norms[element]).collect();
        let columns = others.panels.gather(elements);
        let (norms, n) = (self.squared_norms.as_chunks().0, self.panels.n_examples());
        let (rule, column_norms) = (self.rule, column_norms.as_slice());
        let mut apply = Apply { rule, norms, column_norms, places, n, visitor };
        products(&self.panels, range, &columns, elements.len(), &mut apply);
    }

    /// The largest squared distance of two examples. Half of all pairs: O(n^2 d).
    pub(super) fn largest_squared_distance(&self) -> f64 {
        struct Largest<'a> {
            norms: &'a [[f64; ROWS]],
            column_norms: &'a [f64],
            n: usize,
            largest: [f64; ROWS],
        }
        impl Visitor for Largest<'_> {
            #[inline(always)]
            fn visit(&mut self, panel: usize, column: usize, products: &[f64; ROWS]) {
                let norm = self.column_norms[column];
                // Minus the similarity to a maximum of zero.
                let mut distances = Rule::MaxSquared(0.0).apply(products, &self.norms[panel], norm);
                if (panel + 1) * ROWS > self.n {
                    distances[self.n - panel * ROWS..].fill(0.0);
                }
                self.largest.iter_mut().zip(&distances).for_each(|(largest, d)| *largest = largest.max(-d));
            }
        }
        let n = self.panels.n_examples();
        let (norms, starts) = (self.squared_norms.as_chunks().0, n.div_ceil(MAX_CHUNK));
        let chunk = |chunk: usize| {
            let elements: Vec<usize> = (chunk * MAX_CHUNK..n.min((chunk + 1) * MAX_CHUNK)).collect();
            let column_norms = &self.squared_norms[elements[0]..][..elements.len()];
            let mut visitor = Largest { norms, column_norms, n, largest: [0.0; ROWS] };
            let columns = self.panels.gather(&elements);
            // Of each pair the later one is the row.
            let range = elements[0] / ROWS..self.panels.n_panels();
            products(&self.panels, range, &columns, elements.len(), &mut visitor);
            visitor.largest.into_iter().fold(0.0, f64::max)
        };
        (0..starts).into_par_iter().map(chunk).reduce(|| 0.0, f64::max)
    }
}
