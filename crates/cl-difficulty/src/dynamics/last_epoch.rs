use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{EASY, HARD, Metric, RANGE, Reading, reading};
use crate::label_noise::{confidence_weighted_entropy, entropy, normalized_margin};

/// A quantity of one probability vector, or of the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Quantity {
    Loss,
    Entropy,
    LeastConfidence,
    Margin,
    SelfConfidence,
    NormalizedMargin,
    ConfidenceWeightedEntropy { cleanlab: bool },
}

impl Quantity {
    /// Of probabilities; the loss of them is -ln p_y.
    pub(crate) fn of(self, p: &[f64], label: usize) -> f64 {
        match self {
            Self::Loss => 0.0 - p[label].ln(),
            Self::Entropy => entropy(p),
            Self::LeastConfidence => 1.0 - two_largest(p)[0],
            Self::Margin => {
                let [first, second] = two_largest(p);
                first - second
            }
            Self::SelfConfidence => p[label],
            Self::NormalizedMargin => normalized_margin(p, label),
            Self::ConfidenceWeightedEntropy { cleanlab } => confidence_weighted_entropy(p, label, cleanlab),
        }
    }
}

fn two_largest(p: &[f64]) -> [f64; 2] {
    p.iter().fold(
        [f64::NEG_INFINITY; 2],
        |[first, second], &p| {
            if p > first { [p, first] } else { [first, second.max(p)] }
        },
    )
}

/// A quantity in the last epoch that an example was in, whatever the order in which epochs come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastEpoch {
    quantity: Quantity,
    values: Vec<f64>,
    counts: Vec<u32>,
    epochs: Vec<u64>,
}

impl LastEpoch {
    pub(crate) fn values(&self, _: &[u32]) -> Result<ColumnValues, TooFew> {
        TooFew::check(&self.counts, 1)?;
        Ok(ColumnValues::Float(self.values.clone()))
    }
}

pub(crate) fn metrics<R: From<Reading<LastEpoch>>>() -> Vec<Metric<R>> {
    vec![
        Metric::new("entropy", "entropy of p in nats, last epoch", RANGE, HARD, |_| {
            reading(Quantity::Entropy, LastEpoch::values)
        }),
        Metric::new("least_confidence", "1 - max p, last epoch", RANGE, HARD, |_| {
            reading(Quantity::LeastConfidence, LastEpoch::values)
        }),
        Metric::new("margin", "largest minus second largest p, last epoch", RANGE, EASY, |_| {
            reading(Quantity::Margin, LastEpoch::values)
        }),
    ]
}

impl Accumulate for LastEpoch {
    type Settings = Quantity;

    fn start(n_examples: usize, _: usize, quantity: Quantity) -> Self {
        Self { quantity, values: vec![0.0; n_examples], counts: vec![0; n_examples], epochs: vec![0; n_examples] }
    }

    fn inputs(quantity: Quantity) -> &'static [Input] {
        match quantity {
            Quantity::Loss => &[Input::Loss],
            Quantity::Entropy | Quantity::LeastConfidence | Quantity::Margin => &[Input::Probabilities],
            Quantity::SelfConfidence | Quantity::NormalizedMargin | Quantity::ConfidenceWeightedEntropy { .. } => {
                &[Input::Probabilities, Input::Label]
            }
        }
    }

    fn update(&mut self, block: &Block) {
        let mut p = vec![0.0; block.probabilities.len()];
        for (lane, i) in block.examples() {
            self.counts[i] += 1;
            if self.counts[i] == 1 || block.epoch > self.epochs[i] {
                self.epochs[i] = block.epoch;
                self.values[i] = match self.quantity {
                    Quantity::Loss => block.loss[lane],
                    quantity => {
                        p.iter_mut().zip(&block.probabilities).for_each(|(p, column)| *p = column[lane]);
                        quantity.of(&p, block.labels[lane])
                    }
                };
            }
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        self.quantity == fresh.quantity
            && self.counts == presented.counts
            && self.epochs == presented.last
            && presented.has(&self.values)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        if other.counts[j] > 0 && (self.counts[i] == 0 || other.epochs[j] > self.epochs[i]) {
            self.epochs[i] = other.epochs[j];
            self.values[i] = other.values[j];
        }
        self.counts[i] += other.counts[j];
    }
}
