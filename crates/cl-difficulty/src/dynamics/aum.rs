use serde::{Deserialize, Serialize};

use super::RunningMean;
use super::accumulator::{Accumulate, TooFew};
use super::block::Block;

/// Of what an area under the margin takes its margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Margins {
    Logits,
    Probabilities,
}

/// AUM, the area under the margin: low or negative where the network keeps preferring another class.
///
/// ```text
/// aum_i = 1/E sum_e ( z_y(e) - max_{k != y} z_k(e) )
/// ```
///
/// Several pruning codes use probabilities for z and a sum for the mean; the former is an option.
/// Source: Pleiss, Zhang, Elenberg, Weinberger (2020), Identifying Mislabeled Data using the Area Under the
/// Margin Ranking, equation 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Aum {
    margins: Margins,
    mean: RunningMean,
}

impl Aum {
    pub(crate) fn new(n_examples: usize, margins: Margins) -> Self {
        Self { margins, mean: RunningMean::new(n_examples) }
    }

    pub(crate) fn values(&self) -> Result<Vec<f64>, TooFew> {
        self.mean.mean()
    }
}

impl Accumulate for Aum {
    #[inline(always)]
    fn update(&mut self, block: &Block) {
        match self.margins {
            Margins::Logits => self.mean.update(block, &block.margin),
            Margins::Probabilities => self.mean.update(block, &block.probability_margin),
        }
    }

    fn fits(&self, fresh: &Self) -> bool {
        self.margins == fresh.margins && self.mean.fits(&fresh.mean)
    }

    fn absorb(&mut self, i: usize, other: &Self) {
        self.mean.absorb(i, &other.mean);
    }
}
