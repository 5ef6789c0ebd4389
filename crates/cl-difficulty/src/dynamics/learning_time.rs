use cl_data::catalogue::Parameter;
use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::block::Block;
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{FROM, Metric, Reading, UNTIL, reading};

/// The learning time of an example: its first presentation with a loss below a threshold.
///
/// ```text
/// learning_time_i = min { t : l_i(t) < threshold },          -1 where there is none
/// ```
///
/// t counts the presentations of an example from 0. Below the default, ln 2, the label has more than half of the
/// probability, so that the example is right; with more than two classes it may be right before. O(1) per
/// observation, O(n) memory. As `first_learned` it is no difficulty as it stands, since never is -1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LearningTime {
    threshold: f64,
    presentations: Vec<u32>,
    /// One more than the presentation, 0 where there is none.
    first_below: Vec<u32>,
}

impl LearningTime {
    fn values(&self, _: &[u32]) -> Result<ColumnValues, TooFew> {
        TooFew::check(&self.presentations, 1)?;
        Ok(ColumnValues::Integer(self.first_below.iter().map(|&first| i64::from(first) - 1).collect()))
    }
}

pub(crate) fn metrics<R: From<Reading<LearningTime>>>() -> Vec<Metric<R>> {
    const OPTIONS: &[Parameter] = &[
        Parameter::with_default("threshold", "the loss below which it is learned (ln 2)", "0.6931471805599453"),
        FROM,
        UNTIL,
    ];
    let summary = "the first presentation, from 0, with a loss below the threshold; -1 where never";
    let time = Metric::new("learning_time", summary, OPTIONS, None, |options| {
        let threshold =
            options.number_in("threshold", |threshold: &f64| threshold.is_finite(), "a finite number")?;
        reading(threshold, LearningTime::values)
    });
    vec![time.order_bound()]
}

impl Accumulate for LearningTime {
    /// The threshold.
    type Settings = f64;
    const ORDER_BOUND: bool = true;
    const INPUTS: &'static [Input] = &[Input::Loss];

    fn start(n_examples: usize, _: usize, threshold: f64) -> Self {
        Self { threshold, presentations: vec![0; n_examples], first_below: vec![0; n_examples] }
    }

    fn update(&mut self, block: &Block) {
        for (lane, i) in block.examples() {
            self.presentations[i] += 1;
            if self.first_below[i] == 0 && block.loss[lane] < self.threshold {
                self.first_below[i] = self.presentations[i];
            }
        }
    }

    fn fits(&self, fresh: &Self, presented: &Presented) -> bool {
        self.threshold == fresh.threshold
            && self.presentations == presented.counts
            && self.first_below.len() == presented.counts.len()
            && self.first_below.iter().zip(&self.presentations).all(|(first, all)| first <= all)
    }

    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        self.presentations[i] = other.presentations[j];
        self.first_below[i] = other.first_below[j];
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::LN_2;

    use super::*;

    #[test]
    fn the_default_is_the_logarithm_of_two() {
        let metrics = metrics::<Reading<LearningTime>>();
        assert_eq!(metrics[0].description.method.parameters[0].default, Some(LN_2.to_string().as_str()));
    }
}
