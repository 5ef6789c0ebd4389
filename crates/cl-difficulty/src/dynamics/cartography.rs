use serde::{Deserialize, Serialize};

use super::accumulate::{Accumulate, Presented, TooFew};
use super::block::{Block, LANES};
use super::column::ColumnValues;
use super::input::Input;
use super::metric::{EASY, HARD, Metric, RANGE, Reading, reading_of};

/// Dataset Cartography's coordinates of an example: the mean and the spread of p_y over epochs, and how often
/// it was right.
///
/// ```text
/// confidence          mu = 1/E sum_e p_y(e)
/// variability         sqrt( 1/E sum_e (p_y(e) - mu)^2 )
/// correctness         sum_e 1[ right in epoch e ]
/// threshold_closeness mu (1 - mu)
/// ```
///
/// By Welford's recurrence, because sums of squares lose the digits of a small spread. Source: Swayamdipta et
/// al. (2020), Dataset Cartography, section 2.1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cartography {
    counts: Vec<u32>,
    means: Vec<f64>,
    /// Sums of squared deviations from the mean.
    deviations: Vec<f64>,
    right: Vec<u32>,
}

impl Cartography {
    /// A number for each example, of its place.
    fn floats(&self, value: impl Fn(usize) -> f64) -> Result<ColumnValues, TooFew> {
        TooFew::check(&self.counts, 1)?;
        Ok(ColumnValues::Float((0..self.counts.len()).map(value).collect()))
    }
}

pub(crate) fn metrics<R: From<Reading<Cartography>>>() -> Vec<Metric<R>> {
    const P: &[Input] = &[Input::LabelProbability];
    const RIGHT: &[Input] = &[Input::Right];
    vec![
        Metric::new("confidence", "mean p_y", RANGE, EASY, |_| {
            reading_of(P, (), |map: &Cartography, _| map.floats(|i| map.means[i]))
        }),
        Metric::new("variability", "population standard deviation of p_y", RANGE, HARD, |_| {
            reading_of(P, (), |map: &Cartography, _| {
                map.floats(|i| (map.deviations[i] / f64::from(map.counts[i])).sqrt())
            })
        }),
        Metric::new("correctness", "in how many epochs it was right", RANGE, EASY, |_| {
            reading_of(RIGHT, (), |map: &Cartography, _| {
                TooFew::check(&map.counts, 1).map(|()| ColumnValues::counts(&map.right))
            })
        }),
        Metric::new("threshold_closeness", "confidence (1 - confidence)", RANGE, HARD, |_| {
            reading_of(P, (), |map: &Cartography, _| map.floats(|i| map.means[i] * (1.0 - map.means[i])))
        }),
    ]
}

impl Accumulate for Cartography {
    type Settings = ();
    const INPUTS: &'static [Input] = &[Input::LabelProbability, Input::Right];

    fn start(n_examples: usize, _: usize, (): ()) -> Self {
        let (counts, zeros) = (vec![0; n_examples], vec![0.0; n_examples]);
        Self { right: counts.clone(), counts, means: zeros.clone(), deviations: zeros }
    }

    #[inline(always)]
    fn update(&mut self, block: &Block) {
        block.update(&mut self.counts, &[1; LANES], |count, one: u32| *count += one);
        let (counts, before) = (block.gather(&self.counts), block.gather(&self.means));
        let (mut means, mut products) = ([0.0; LANES], [0.0; LANES]);
        for l in 0..LANES {
            let offset = block.p_label[l] - before[l];
            // A lane that does not count has a count of 0, and is not stored.
            means[l] = before[l] + offset / f64::from(counts[l]);
            products[l] = offset * (block.p_label[l] - means[l]);
        }
        block.update(&mut self.means, &means, |mean, value| *mean = value);
        block.update(&mut self.deviations, &products, |deviation, product| *deviation += product);
        block.update(&mut self.right, &block.right, |count, right| *count += u32::from(right));
    }

    fn fits(&self, _: &Self, presented: &Presented) -> bool {
        self.counts == presented.counts
            && presented.has(&self.means)
            && presented.has(&self.deviations)
            && self.deviations.iter().all(|&deviation| deviation >= 0.0)
            && self.right.len() == self.counts.len()
            && self.right.iter().zip(&self.counts).all(|(right, all)| right <= all)
    }

    /// Chan's update for two means.
    fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        let (a, b) = (f64::from(self.counts[i]), f64::from(other.counts[j]));
        if b == 0.0 {
            return;
        }
        let offset = other.means[j] - self.means[i];
        // Not mean + offset b / (a + b), which rounds where there is nothing to merge into.
        self.means[i] = if a == 0.0 { other.means[j] } else { self.means[i] + offset * (b / (a + b)) };
        self.deviations[i] +=
            other.deviations[j] + if a == 0.0 { 0.0 } else { offset * offset * (a * b / (a + b)) };
        self.counts[i] += other.counts[j];
        self.right[i] += other.right[j];
    }
}
