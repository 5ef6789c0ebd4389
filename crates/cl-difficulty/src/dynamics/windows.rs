use serde::{Deserialize, Serialize};

use super::accumulate::TooFew;

/// The last values of each example, in a ring, and the sum of what each full window of them scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Windows {
    window: usize,
    /// `window` per example; the value of presentation t stands at t modulo `window`.
    rings: Vec<f64>,
    counts: Vec<u32>,
    sums: Vec<f64>,
}

impl Windows {
    pub(crate) fn new(n_examples: usize, window: usize) -> Self {
        let rings = vec![0.0; n_examples * window];
        Self { window, rings, counts: vec![0; n_examples], sums: vec![0.0; n_examples] }
    }

    pub(crate) fn count(&self, i: usize) -> u32 {
        self.counts[i]
    }

    pub(crate) fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// Adds the value of example `i` and, where that fills a window, `combine(sum, window)`.
    pub(crate) fn push(&mut self, i: usize, value: f64, combine: impl Fn(f64, &[f64]) -> f64) {
        let ring = &mut self.rings[i * self.window..][..self.window];
        ring[self.counts[i] as usize % self.window] = value;
        self.counts[i] += 1;
        if self.counts[i] as usize >= self.window {
            self.sums[i] = combine(self.sums[i], ring);
        }
    }

    /// The mean over each example's windows.
    pub(crate) fn means(&self, at_least: u32) -> Result<Vec<f64>, TooFew> {
        TooFew::check(&self.counts, at_least.max(self.window as u32))?;
        let n_windows = self.counts.iter().map(|&count| f64::from(count) - self.window as f64 + 1.0);
        Ok(self.sums.iter().zip(n_windows).map(|(sum, n)| sum / n).collect())
    }

    pub(crate) fn fits(&self, fresh: &Self, counts: &[u32]) -> bool {
        let is_number = |value: &f64| !value.is_nan();
        self.window == fresh.window
            && self.counts == counts
            && self.rings.len() == fresh.rings.len()
            && self.sums.len() == fresh.sums.len()
            && self.rings.iter().all(is_number)
            && self.sums.iter().all(is_number)
    }

    pub(crate) fn absorb(&mut self, i: usize, other: &Self, j: usize) {
        let ring = |i: usize| i * self.window..(i + 1) * self.window;
        let (ring, others) = (ring(i), ring(j));
        self.rings[ring].copy_from_slice(&other.rings[others]);
        self.counts[i] = other.counts[j];
        self.sums[i] = other.sums[j];
    }
}

/// The mean and the sum of squared deviations from it.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum())
}

/// The mean and the sample standard deviation.
pub(crate) fn mean_and_std(values: &[f64]) -> (f64, f64) {
    let (mean, deviation) = mean_and_deviation(values);
    (mean, (deviation / (values.len() as f64 - 1.0)).sqrt())
}
