use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{EASY, FROM, Metric, Needs, Reading, UNTIL, reading};
use super::running_mean::RunningMean;

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

pub(crate) fn metrics<R: From<Reading<Aum>>>() -> Vec<Metric<R>> {
    const OPTIONS: &[Parameter] =
        &[Parameter::with_default("outputs", "whose margins: logits or probabilities", "logits"), FROM, UNTIL];
    let summary = "area under the margin: mean of z_y - the largest other logit";
    let aum = Metric::new("aum", summary, OPTIONS, EASY, |options| {
        let margins = [("logits", Margins::Logits), ("probabilities", Margins::Probabilities)];
        let settings = options.choice("outputs", &margins)?;
        reading(settings, |aum: &Aum, _| aum.mean.mean().map(ColumnValues::Float))
    });
    vec![aum.needs(Needs::Logits)]
}

impl Accumulate for Aum {
    type Settings = Margins;

    fn start(n_examples: usize, _: usize, margins: Margins) -> Self {
        Self { margins, mean: RunningMean::new(n_examples) }
    }

    fn inputs(margins: Margins) -> &'static [Input] {
        match margins {
            Margins::Logits => &[Input::Margin],
            Margins::Probabilities => &[Input::ProbabilityMargin],
        }
    }

    #[inline(always)]
    fn update(&mut self, block: &Block) {
        match self.margins {
            Margins::Logits => self.mean.update(block, &block.margin),
            Margins::Probabilities => self.mean.update(block, &block.probability_margin),
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        self.margins == fresh.margins && self.mean.fits(presented)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.mean.absorb(i, &other.mean, j);
    }
}
