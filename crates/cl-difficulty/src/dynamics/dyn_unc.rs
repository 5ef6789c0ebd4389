use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{FROM, HARD, Metric, Reading, UNTIL, WINDOW, reading, window};
use super::windows::{Windows, mean_and_std};

/// Dyn-Unc, dynamic uncertainty: how much p_y moves within a window of J epochs, averaged over all windows.
///
/// ```text
/// dyn_unc_i = 1/(E-J+1) sum_k std( p_y(k), ..., p_y(k+J-1) )          sample standard deviation
/// ```
///
/// The paper's code multiplies by 10, skips the last epoch and reads a probability of exactly 0 as absent;
/// here it is a probability. O(J) per observation, O(n J) memory.
///
/// Source: He, Yang, Wu, Zhao (2024), Large-scale Dataset Pruning with Dynamic Uncertainty, equations 2 and 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DynUnc(Windows);

pub(crate) fn metrics<R: From<Reading<DynUnc>>>() -> Vec<Metric<R>> {
    let summary = "Dyn-Unc: mean over windows of the sample standard deviation of p_y";
    let dyn_unc = Metric::new("dyn_unc", summary, &[WINDOW, FROM, UNTIL], HARD, |options| {
        reading(window(options)?, |this: &DynUnc, _| this.0.means(0).map(ColumnValues::Float))
    });
    vec![dyn_unc.order_bound()]
}

impl Accumulate for DynUnc {
    /// The window.
    type Settings = usize;
    const ORDER_BOUND: bool = true;
    const INPUTS: &'static [Input] = &[Input::LabelProbability];

    fn start(n_examples: usize, _: usize, window: usize) -> Self {
        Self(Windows::new(n_examples, window))
    }

    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            self.0.push(i, block.p_label[lane], |sum, window| sum + mean_and_std(window).1);
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        self.0.fits(&fresh.0, &presented.counts)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.0.absorb(i, &other.0, j);
    }
}
