use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{error::PacingError, order::Hardness, pacing::Rounding};

/// How the examples of an epoch are drawn, without replacement, from their hardness r.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum HardnessSelection {
    /// In proportion to r.
    #[default]
    Rand,
    /// In proportion to exp(sqrt(2 ln n / n) r), where what is drawn has its a_t divided by its share of these.
    Exp,
    /// In proportion to draws from Beta(r, c - r).
    Beta {
        /// Above every hardness; r counts as at most (1 - 1e-6) c.
        c: f64,
    },
}

/// The parameters of a [`HardnessSampler`](crate::HardnessSampler), with the paper's values as default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HardnessSettings {
    /// The instantaneous hardness a_t, over epochs; for [`Hardness::Flip`] the sampler is to be told 0-1 losses.
    pub measure: Hardness,
    /// The draws.
    pub selection: HardnessSelection,
    /// The weight of the latest a_t in r, 0.95.
    pub gamma: f64,
    /// T0, the epochs over all examples at first, 5.
    pub warm_epochs: u64,
    /// The factor by which the share of the examples in an epoch falls, 0.85.
    pub gamma_k: f64,
    /// The share at which it stops falling, 0.2.
    pub k: f64,
    /// eta, the learning rate of each epoch, of which the last one stays: all 1.
    pub learning_rates: Vec<f64>,
}

impl Default for HardnessSettings {
    fn default() -> Self {
        Self {
            measure: Hardness::default(),
            selection: HardnessSelection::default(),
            gamma: 0.95,
            warm_epochs: 5,
            gamma_k: 0.85,
            k: 0.2,
            learning_rates: vec![1.0],
        }
    }
}

impl fmt::Display for HardnessSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, selection, gamma, warm_epochs, gamma_k, k, learning_rates } = self;
        write!(
            formatter,
            "{measure:?}, {selection:?} (gamma = {gamma}, T0 = {warm_epochs}, gamma_k = {gamma_k}, "
        )?;
        write!(formatter, "k = {k}, eta = {learning_rates:?})")
    }
}

impl HardnessSettings {
    pub(super) fn check(&self) -> Result<(), PacingError> {
        for (name, value) in [("gamma", self.gamma), ("gamma_k", self.gamma_k), ("k", self.k)] {
            if !(value > 0.0 && value <= 1.0) {
                return Err(PacingError::argument(name, value, "a number in (0, 1]"));
            }
        }
        if let HardnessSelection::Beta { c } = self.selection
            && !(c.is_finite() && c > 0.0)
        {
            return Err(PacingError::argument("c", c, "a finite number above 0, and above every hardness"));
        }
        let rates = &self.learning_rates;
        if rates.is_empty() || !rates.iter().all(|rate| rate.is_finite() && *rate > 0.0) {
            let value = format!("{rates:?}");
            return Err(PacingError::argument("eta", value, "at least one learning rate, finite and above 0"));
        }
        Ok(())
    }

    pub(super) fn learning_rate(&self, epoch: u64) -> f64 {
        let last = self.learning_rates.len() - 1;
        self.learning_rates[usize::try_from(epoch).map_or(last, |epoch| epoch.min(last))]
    }

    /// eta of the epochs from `first` to `last`, both included.
    pub(super) fn learning_rates(&self, first: u64, last: u64) -> f64 {
        let listed = self.learning_rates.len() as u64;
        let within: f64 = (first..=last.min(listed - 1)).map(|epoch| self.learning_rate(epoch)).sum();
        let beyond = last.saturating_add(1).saturating_sub(listed.max(first));
        within + beyond as f64 * self.learning_rate(u64::MAX)
    }

    /// How many of `n_examples` epoch `epoch` shows.
    ///
    /// ```text
    /// n for t < T0, else ceil(n max(gamma_k^(t - T0), k)), at least one batch
    /// ```
    pub(super) fn n_selected(&self, epoch: u64, n_examples: usize, batch_size: usize) -> usize {
        let Some(since) = epoch.checked_sub(self.warm_epochs) else { return n_examples };
        let share = self.gamma_k.powi(i32::try_from(since).unwrap_or(i32::MAX)).max(self.k);
        Rounding::Ceiling.count(share, n_examples, batch_size)
    }
}
