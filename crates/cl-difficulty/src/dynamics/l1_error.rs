use serde::{Deserialize, Serialize};

use super::RunningMean;
use super::accumulator::{Accumulate, TooFew};
use super::block::Block;

/// The L1 error: EL2N with the other norm.
///
/// ```text
/// l1_i = mean || p_i - onehot(y_i) ||_1 = mean 2 (1 - p_y)                      in [0, 2]
/// ```
///
/// As a ranking it is confidence turned round. Source: the code of Paul, Ganguli, Dziugaite (2021).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct L1Error(RunningMean);

impl L1Error {
    pub(crate) fn new(n_examples: usize) -> Self {
        Self(RunningMean::new(n_examples))
    }

    pub(crate) fn values(&self) -> Result<Vec<f64>, TooFew> {
        self.0.mean()
    }
}

impl Accumulate for L1Error {
    fn update(&mut self, block: &Block) {
        self.0.update(block, &block.residual.map(|residual| 2.0 * residual));
    }

    fn fits(&self, fresh: &Self) -> bool {
        self.0.fits(&fresh.0)
    }

    fn absorb(&mut self, i: usize, other: &Self) {
        self.0.absorb(i, &other.0);
    }
}
