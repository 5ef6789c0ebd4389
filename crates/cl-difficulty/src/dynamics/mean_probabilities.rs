use serde::{Deserialize, Serialize};

use super::accumulator::{Accumulate, TooFew};
use super::block::Block;
use super::last_epoch::Quantity;

/// The mean of the probabilities over epochs, c per example: what label-quality scores are taken of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MeanProbabilities {
    n_classes: usize,
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl MeanProbabilities {
    pub(crate) fn new(n_examples: usize, n_classes: usize) -> Self {
        Self { n_classes, sums: vec![0.0; n_examples * n_classes], counts: vec![0; n_examples] }
    }

    /// Example by example.
    pub(crate) fn rows(&self) -> Result<impl Iterator<Item = Vec<f64>> + '_, TooFew> {
        TooFew::check(&self.counts, 1)?;
        let rows = self.sums.chunks_exact(self.n_classes).zip(&self.counts);
        Ok(rows.map(|(sums, &count)| sums.iter().map(|sum| sum / f64::from(count)).collect()))
    }

    pub(crate) fn qualities(&self, quantity: Quantity, labels: &[u32]) -> Result<Vec<f64>, TooFew> {
        Ok(self.rows()?.zip(labels).map(|(p, &label)| quantity.of(&p, label as usize)).collect())
    }
}

impl Accumulate for MeanProbabilities {
    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            let row = &mut self.sums[i * self.n_classes..][..self.n_classes];
            row.iter_mut().zip(&block.probabilities).for_each(|(sum, column)| *sum += column[lane]);
            self.counts[i] += 1;
        }
    }

    fn fits(&self, fresh: &Self) -> bool {
        self.n_classes == fresh.n_classes
            && self.sums.len() == fresh.sums.len()
            && self.counts.len() == fresh.counts.len()
    }

    fn absorb(&mut self, i: usize, other: &Self) {
        let row = i * self.n_classes..(i + 1) * self.n_classes;
        self.sums[row.clone()].iter_mut().zip(&other.sums[row]).for_each(|(sum, other)| *sum += other);
        self.counts[i] += other.counts[i];
    }
}
