use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{HARD, Metric, RANGE, Reading, reading};
use super::running_mean::RunningMean;

/// The L1 error: EL2N with the other norm.
///
/// ```text
/// l1_i = mean || p_i - onehot(y_i) ||_1 = mean 2 (1 - p_y)                      in [0, 2]
/// ```
///
/// As a ranking it is confidence turned round. Source: the code of Paul, Ganguli, Dziugaite (2021).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct L1Error(RunningMean);

pub(crate) fn metrics<R: From<Reading<L1Error>>>() -> Vec<Metric<R>> {
    vec![Metric::new("l1_error", "mean L1 norm of p - onehot(y), which is 2 (1 - p_y)", RANGE, HARD, |_| {
        reading((), |error: &L1Error, _| error.0.mean().map(ColumnValues::Float))
    })]
}

impl Accumulate for L1Error {
    type Settings = ();
    const INPUTS: &'static [Input] = &[Input::Residual];

    fn start(n_examples: usize, _: usize, (): ()) -> Self {
        Self(RunningMean::new(n_examples))
    }

    fn update(&mut self, block: &Block) {
        self.0.update(block, &block.residual.map(|residual| 2.0 * residual));
    }

    fn fits(&self, _: &Self, presented: &Presented) -> bool {
        self.0.fits(presented)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.0.absorb(i, &other.0, j);
    }
}
