use cl_data::catalogue::{CatalogueError, Options, Parameter};
use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::last_epoch::{LastEpoch, Quantity};
use super::metric::{EASY, FROM, Metric, Reading, UNTIL, reading};

/// The mean of the probabilities over epochs, c per example: what label-quality scores are taken of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MeanProbabilities {
    n_classes: usize,
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl MeanProbabilities {
    /// Example by example.
    pub(crate) fn rows(&self) -> Result<impl Iterator<Item = Vec<f64>> + '_, TooFew> {
        TooFew::check(&self.counts, 1)?;
        let rows = self.sums.chunks_exact(self.n_classes).zip(&self.counts);
        Ok(rows.map(|(sums, &count)| sums.iter().map(|sum| sum / f64::from(count)).collect()))
    }

    fn qualities(&self, quantity: Quantity, labels: &[u32]) -> Result<ColumnValues, TooFew> {
        let quality = |(p, &label): (Vec<f64>, &u32)| quantity.of(&p, label as usize);
        Ok(ColumnValues::Float(self.rows()?.zip(labels).map(quality).collect()))
    }
}

pub(crate) fn metrics<R: From<Reading<MeanProbabilities>> + From<Reading<LastEpoch>>>() -> Vec<Metric<R>> {
    const AVERAGED: Parameter = Parameter::with_default(
        "probabilities",
        "of which the score is taken: mean (over epochs) or last",
        "mean",
    );
    const CERTAIN: Parameter = Parameter::with_default(
        "certain",
        "a right example with H = 0 scores: limit (1) or cleanlab (about 0, as that code has it)",
        "limit",
    );
    let margin = "label quality (p_y - the largest other p + 1) / 2";
    let entropy = "label quality ln(1 + H / p_y) p_y / H with normalised entropy H";
    vec![
        Metric::new("self_confidence", "label quality p_y", &[AVERAGED, FROM, UNTIL], EASY, |options| {
            averaged(options, Quantity::SelfConfidence)
        }),
        Metric::new("normalized_margin", margin, &[AVERAGED, FROM, UNTIL], EASY, |options| {
            averaged(options, Quantity::NormalizedMargin)
        }),
        Metric::new("confidence_weighted_entropy", entropy, &[AVERAGED, CERTAIN, FROM, UNTIL], EASY, |options| {
            let cleanlab = options.choice("certain", &[("limit", false), ("cleanlab", true)])?;
            averaged(options, Quantity::ConfidenceWeightedEntropy { cleanlab })
        }),
    ]
}

/// Of the mean of the probabilities, or of the last ones.
fn averaged<R: From<Reading<MeanProbabilities>> + From<Reading<LastEpoch>>>(
    options: &mut Options,
    quantity: Quantity,
) -> Result<R, CatalogueError> {
    match options.choice("probabilities", &[("mean", false), ("last", true)])? {
        true => reading(quantity, LastEpoch::values),
        false => reading((), move |mean: &MeanProbabilities, labels| mean.qualities(quantity, labels)),
    }
}

impl Accumulate for MeanProbabilities {
    type Settings = ();
    const KEEPS_PROBABILITIES: bool = true;
    const INPUTS: &'static [Input] = &[Input::Probabilities, Input::Label];

    fn start(n_examples: usize, n_classes: usize, (): ()) -> Self {
        Self { n_classes, sums: vec![0.0; n_examples * n_classes], counts: vec![0; n_examples] }
    }

    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            let row = &mut self.sums[i * self.n_classes..][..self.n_classes];
            row.iter_mut().zip(&block.probabilities).for_each(|(sum, column)| *sum += column[lane]);
            self.counts[i] += 1;
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        self.n_classes == fresh.n_classes
            && self.sums.len() == fresh.sums.len()
            && self.sums.iter().all(|&sum| sum >= 0.0)
            && self.counts == presented.counts
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        let row = |i: usize| i * self.n_classes..(i + 1) * self.n_classes;
        let (row, others) = (row(i), row(j));
        self.sums[row].iter_mut().zip(&other.sums[others]).for_each(|(sum, other)| *sum += other);
        self.counts[i] += other.counts[j];
    }
}
