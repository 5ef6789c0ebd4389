//! What is left of the variance of each element once others are known: the Cholesky factor of a kernel, row by row.

use rayon::prelude::*;

/// Elements that a thread takes at a time.
const CHUNK: usize = 2048;

/// ```text
/// v_j = K_jj - K_jS K_S^-1 K_Sj
/// ```
#[derive(Debug, Clone)]
pub(super) struct ResidualVariances {
    /// v_j.
    variances: Vec<f64>,
    /// For each of S the entry of every element's row of the factor.
    factor: Vec<Vec<f64>>,
    /// On paper no v_j is below it.
    least: f64,
}

impl ResidualVariances {
    /// Nothing known: K_jj. What is not less on paper is not less than `least`.
    pub(super) fn new(variances: Vec<f64>, least: f64) -> Self {
        Self { variances, factor: Vec::new(), least }
    }

    pub(super) fn n_elements(&self) -> usize {
        self.variances.len()
    }

    pub(super) fn of(&self, element: usize) -> f64 {
        self.variances[element].max(self.least)
    }

    /// Once `element` is known, whose row of the kernel is `row`: but for the diagonal, which does not matter. O(n |S|).
    pub(super) fn add(&mut self, element: usize, mut row: Vec<f64>) {
        let root = self.of(element).sqrt();
        let own: Vec<f64> = self.factor.iter().map(|row| row[element]).collect();
        let factor = &self.factor;
        let chunks = row.par_chunks_mut(CHUNK).zip(self.variances.par_chunks_mut(CHUNK)).enumerate();
        chunks.for_each(|(chunk, (row, variances))| {
            let first = chunk * CHUNK;
            for (earlier, own) in factor.iter().zip(&own) {
                row.iter_mut().zip(&earlier[first..]).for_each(|(entry, earlier)| *entry -= own * earlier);
            }
            for (entry, variance) in row.iter_mut().zip(variances) {
                *entry /= root;
                *variance -= *entry * *entry;
            }
        });
        self.factor.push(row);
    }

    /// The same of the first `n` elements alone.
    pub(super) fn truncate(&mut self, n: usize) {
        self.variances.truncate(n);
        for row in &mut self.factor {
            row.truncate(n);
            row.shrink_to_fit();
        }
    }
}
