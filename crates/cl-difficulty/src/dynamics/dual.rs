use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{EPOCHS, FROM, HARD, Metric, Reading, UNTIL, WINDOW, reading, window_and_epochs};
use super::windows::{Windows, mean_and_std};

/// DUAL: difficulty times uncertainty, averaged over the windows of J epochs within the first T.
///
/// ```text
/// dual_i = 1/(T-J+1) sum_k std_k (1 - mean_k)        of p_y(k), ..., p_y(k+J-1); sample standard deviation
/// ```
///
/// The paper's code multiplies by 10. O(J) per observation, O(n J) memory.
///
/// Source: Cho, Shin, Kim, Yun (2025), Lightweight Dataset Pruning without Full Training via Example
/// Difficulty and Prediction Uncertainty, section 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dual {
    epochs: Option<u32>,
    windows: Windows,
}

pub(crate) fn metrics<R: From<Reading<Dual>>>() -> Vec<Metric<R>> {
    let summary = "DUAL: mean over windows of the sample standard deviation of p_y times (1 - window mean)";
    let dual = Metric::new("dual", summary, &[WINDOW, EPOCHS, FROM, UNTIL], HARD, |options| {
        reading(window_and_epochs(options)?, |this: &Dual, _| {
            this.windows.means(this.epochs.unwrap_or(0)).map(ColumnValues::Float)
        })
    });
    vec![dual.order_bound()]
}

impl Accumulate for Dual {
    /// The window, and how many epochs enter.
    type Settings = (usize, Option<u32>);
    const ORDER_BOUND: bool = true;
    const INPUTS: &'static [Input] = &[Input::LabelProbability];

    fn start(n_examples: usize, _: usize, (window, epochs): Self::Settings) -> Self {
        Self { epochs, windows: Windows::new(n_examples, window) }
    }

    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            if self.epochs.is_none_or(|epochs| self.windows.count(i) < epochs) {
                self.windows.push(i, block.p_label[lane], |sum, window| {
                    let (mean, std) = mean_and_std(window);
                    sum + std * (1.0 - mean)
                });
            }
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        self.epochs == fresh.epochs && self.windows.fits(&fresh.windows, &presented.at_most(self.epochs))
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.windows.absorb(i, &other.windows, j);
    }
}
