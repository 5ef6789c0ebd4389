use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{EPOCHS, FROM, HARD, Metric, Reading, UNTIL, WINDOW, reading, window_and_epochs};
use super::windows::{Windows, mean_and_deviation};

const EPSILON: f64 = 1e-8;

/// TDDS, temporal dual-depth scoring: how unevenly the predictions move within a window of J of the first T
/// epochs, late windows weighing most.
///
/// ```text
/// d_t  = sum_c | p_{t+1,c} ( ln(p_{t+1,c} + 1e-8) - ln(p_{t,c} + 1e-8) ) |          t = 0 .. T-2
/// s_k  = sqrt( sum_{t=k}^{k+J-2} (d_t - mean)^2 )                                   k = 0 .. T-J
/// tdds = sum_k 0.9 * 0.1^(T-J-k) s_k
/// ```
///
/// The absolute values are the published code's, the paper's divergence has none. The sum is a recurrence, so
/// that T need not be known: S <- 0.1 S + 0.9 s. O(C + J) per observation, O(n (C + J)) memory.
///
/// Source: Zhang, Du, Li, Xie, Zhou (2024), Spanning Training Progress: Temporal Dual-Depth Scoring for Enhanced
/// Dataset Pruning, equations 6 to 10.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tdds {
    epochs: Option<u32>,
    window: usize,
    n_classes: usize,
    /// The probabilities of each example's last epoch.
    last: Vec<f64>,
    counts: Vec<u32>,
    divergences: Windows,
}

impl Tdds {
    fn values(&self, _: &[u32]) -> Result<ColumnValues, TooFew> {
        TooFew::check(&self.counts, self.epochs.unwrap_or(self.window as u32))?;
        Ok(ColumnValues::Float(self.divergences.sums().to_vec()))
    }
}

pub(crate) fn metrics<R: From<Reading<Tdds>>>() -> Vec<Metric<R>> {
    let summary = "TDDS: deviations of the divergence between epochs, averaged over windows with decay";
    let tdds = Metric::new("tdds", summary, &[WINDOW, EPOCHS, FROM, UNTIL], HARD, |options| {
        reading(window_and_epochs(options)?, Tdds::values)
    });
    vec![tdds.order_bound()]
}

impl Accumulate for Tdds {
    /// The window, and how many epochs enter.
    type Settings = (usize, Option<u32>);
    const ORDER_BOUND: bool = true;
    const KEEPS_PROBABILITIES: bool = true;
    const INPUTS: &'static [Input] = &[Input::Probabilities];

    fn start(n_examples: usize, n_classes: usize, (window, epochs): Self::Settings) -> Self {
        let last = vec![0.0; n_examples * n_classes];
        let divergences = Windows::new(n_examples, window - 1);
        Self { epochs, window, n_classes, last, counts: vec![0; n_examples], divergences }
    }

    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            if self.epochs.is_some_and(|epochs| self.counts[i] >= epochs) {
                continue;
            }
            let last = &mut self.last[i * self.n_classes..][..self.n_classes];
            let mut divergence = 0.0;
            for (last, column) in last.iter_mut().zip(&block.probabilities) {
                let p = column[lane];
                divergence += (p * ((p + EPSILON).ln() - (*last + EPSILON).ln())).abs();
                *last = p;
            }
            if self.counts[i] > 0 {
                let add = |sum: f64, window: &[f64]| 0.1 * sum + 0.9 * mean_and_deviation(window).1.sqrt();
                self.divergences.push(i, divergence, add);
            }
            self.counts[i] += 1;
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        let settings = |tdds: &Self| (tdds.epochs, tdds.window, tdds.n_classes);
        let since_the_first: Vec<u32> = self.counts.iter().map(|count| count.saturating_sub(1)).collect();
        settings(self) == settings(fresh)
            && self.last.len() == fresh.last.len()
            && self.last.iter().all(|p| (0.0..=1.0).contains(p))
            && self.counts == presented.at_most(self.epochs)
            && self.divergences.fits(&fresh.divergences, &since_the_first)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        let row = |i: usize| i * self.n_classes..(i + 1) * self.n_classes;
        let (row, others) = (row(i), row(j));
        self.last[row].copy_from_slice(&other.last[others]);
        self.counts[i] = other.counts[j];
        self.divergences.absorb(i, &other.divergences, j);
    }
}
