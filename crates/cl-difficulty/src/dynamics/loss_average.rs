use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::Metric;

/// The exponential moving average of an example's loss, which starts at its first loss.
///
/// ```text
/// a_0 = l_0,        a_e = decay a_{e-1} + (1 - decay) l_e
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossAverage {
    decay: f64,
    averages: Vec<f64>,
    counts: Vec<u32>,
}

impl LossAverage {
    pub(crate) fn values(&self, _: &[u32]) -> Result<ColumnValues, TooFew> {
        TooFew::check(&self.counts, 1)?;
        Ok(ColumnValues::Float(self.averages.clone()))
    }
}

/// None: it is an option of `loss`.
pub(crate) fn metrics<R>() -> Vec<Metric<R>> {
    Vec::new()
}

impl Accumulate for LossAverage {
    /// The decay.
    type Settings = f64;
    const ORDER_BOUND: bool = true;
    const INPUTS: &'static [Input] = &[Input::Loss];

    fn start(n_examples: usize, _: usize, decay: f64) -> Self {
        Self { decay, averages: vec![0.0; n_examples], counts: vec![0; n_examples] }
    }

    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            let (average, loss) = (&mut self.averages[i], block.loss[lane]);
            *average = if self.counts[i] == 0 { loss } else { self.decay * *average + (1.0 - self.decay) * loss };
            self.counts[i] += 1;
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        self.decay == fresh.decay && self.counts == presented.counts && presented.has(&self.averages)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.averages[i] = other.averages[j];
        self.counts[i] = other.counts[j];
    }
}
