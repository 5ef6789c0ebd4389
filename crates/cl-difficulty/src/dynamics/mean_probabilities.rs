use cl_data::catalogue::{CatalogueError, Options, Parameter};
use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, TooFew, View};
use super::block::{Block, Input};
use super::column::ColumnValues;
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

const CLEANLAB: Quantity = Quantity::ConfidenceWeightedEntropy { cleanlab: true };
const LIMIT: Quantity = Quantity::ConfidenceWeightedEntropy { cleanlab: false };

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
    vec![
        Metric::new("self_confidence", "label quality p_y", &[AVERAGED, FROM, UNTIL], EASY, |options| {
            averaged(options, Quantity::SelfConfidence, |mean, labels| {
                mean.qualities(Quantity::SelfConfidence, labels)
            })
        }),
        Metric::new(
            "normalized_margin",
            "label quality (p_y - the largest other p + 1) / 2",
            &[AVERAGED, FROM, UNTIL],
            EASY,
            |options| {
                averaged(options, Quantity::NormalizedMargin, |mean, labels| {
                    mean.qualities(Quantity::NormalizedMargin, labels)
                })
            },
        ),
        Metric::new(
            "confidence_weighted_entropy",
            "label quality ln(1 + H / p_y) p_y / H with normalised entropy H",
            &[AVERAGED, CERTAIN, FROM, UNTIL],
            EASY,
            |options| match options.choice("certain", &[("limit", false), ("cleanlab", true)])? {
                true => averaged(options, CLEANLAB, |mean, labels| mean.qualities(CLEANLAB, labels)),
                false => averaged(options, LIMIT, |mean, labels| mean.qualities(LIMIT, labels)),
            },
        ),
    ]
}

/// A quality of the mean, as `view` has it, or of the last probabilities.
fn averaged<R: From<Reading<MeanProbabilities>> + From<Reading<LastEpoch>>>(
    options: &mut Options,
    quantity: Quantity,
    view: View<MeanProbabilities>,
) -> Result<R, CatalogueError> {
    match options.choice("probabilities", &[("mean", false), ("last", true)])? {
        true => Ok(LastEpoch::reading(quantity).into()),
        false => reading(view),
    }
}

impl Accumulate for MeanProbabilities {
    type Settings = ();
    const KEEPS_PROBABILITIES: bool = true;
    const INPUTS: &'static [Input] = &[Input::Probabilities];

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

    fn fits(&self, fresh: &Self) -> bool {
        self.n_classes == fresh.n_classes
            && self.sums.len() == fresh.sums.len()
            && self.counts.len() == fresh.counts.len()
    }

    fn absorb(&mut self, i: usize, other: &Self) {
        let row = i * self.n_classes..(i + 1) * self.n_classes;
        self.sums[row.clone()].iter_mut().zip(&other.sums[row]).for_each(|(sum, other)| *sum += other);
        self.counts[i] += other.counts[i];
    }
}
