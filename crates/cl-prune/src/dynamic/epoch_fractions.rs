use std::fmt;

use cl_data::Epoch;
use serde::{Deserialize, Serialize};

use crate::{budget::Budget, error::PruneError};

/// What part of the data each epoch shows; beyond the last one told, what that one does.
///
/// ```
/// use cl_prune::EpochFractions;
///
/// // Half of the data for eight epochs, then all of it.
/// let fractions = EpochFractions::annealed(0.5, 8)?;
/// assert_eq!((fractions.at(7), fractions.at(8), fractions.at(1000)), (0.5, 1.0, 1.0));
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct EpochFractions(Vec<f64>);

impl EpochFractions {
    /// These fractions, one per epoch.
    ///
    /// # Errors
    /// Where there is none, or one is outside of (0, 1].
    pub fn new(fractions: Vec<f64>) -> Result<Self, PruneError> {
        if fractions.is_empty() {
            return Err(PruneError::argument("fractions", "empty", "at least one"));
        }
        match fractions.iter().find(|&&fraction| !(fraction > 0.0 && fraction <= 1.0)) {
            Some(&value) => Err(PruneError::Fraction { argument: "fractions", value }),
            None => Ok(Self(fractions)),
        }
    }

    /// The same fraction for ever.
    ///
    /// # Errors
    /// Where it is outside of (0, 1].
    pub fn constant(fraction: f64) -> Result<Self, PruneError> {
        Self::new(vec![fraction])
    }

    /// A fraction for `n_epochs`, then all of the data.
    ///
    /// # Errors
    /// Where the fraction is outside of (0, 1], or there are more epochs than memory can hold.
    pub fn annealed(fraction: f64, n_epochs: usize) -> Result<Self, PruneError> {
        PruneError::check_memory::<f64>("n_epochs", n_epochs.saturating_add(1))?;
        let mut fractions = vec![fraction; n_epochs];
        fractions.push(1.0);
        Self::new(fractions)
    }

    /// From `first` in epoch 0 to `last` in epoch `n_epochs - 1` in equal steps.
    ///
    /// # Errors
    /// Where an end is outside of (0, 1], or there are no epochs or more than memory can hold.
    pub fn linear(first: f64, last: f64, n_epochs: usize) -> Result<Self, PruneError> {
        PruneError::check_memory::<f64>("n_epochs", n_epochs)?;
        let at = |epoch: usize| {
            let share = if n_epochs < 2 { 1.0 } else { epoch as f64 / (n_epochs - 1) as f64 };
            first * (1.0 - share) + last * share
        };
        Self::new((0..n_epochs).map(at).collect())
    }

    /// The fraction of epoch `epoch`, counted from 0.
    pub fn at(&self, epoch: u64) -> f64 {
        let last = self.0.len() - 1;
        self.0[usize::try_from(epoch).unwrap_or(last).min(last)]
    }
}

impl fmt::Display for EpochFractions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fractions: Vec<String> = self.0.iter().map(f64::to_string).collect();
        formatter.write_str(&fractions.join(" "))
    }
}

impl TryFrom<Vec<f64>> for EpochFractions {
    type Error = PruneError;

    fn try_from(fractions: Vec<f64>) -> Result<Self, PruneError> {
        Self::new(fractions)
    }
}

impl From<EpochFractions> for Vec<f64> {
    fn from(fractions: EpochFractions) -> Self {
        fractions.0
    }
}

/// Where epochs of different lengths begin, in steps and in examples shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EpochLengths {
    batch_size: usize,
    /// The number of examples of each epoch told; the last one's is that of all later ones.
    counts: Vec<usize>,
    /// The first step and the first example of each.
    starts: Vec<(u64, u64)>,
}

impl EpochLengths {
    /// Each epoch shows floor(fraction n + 0.5) examples.
    pub(crate) fn new(
        fractions: &EpochFractions,
        n_examples: usize,
        batch_size: usize,
    ) -> Result<Self, PruneError> {
        let counts: Vec<usize> =
            fractions.0.iter().map(|&f| Budget::Keep(f).resolve(n_examples)).collect::<Result<_, _>>()?;
        if let Some(epoch) = counts.iter().position(|&count| count == 0) {
            let value = fractions.0[epoch];
            return Err(PruneError::argument("fraction", value, "one that shows at least one example per epoch"));
        }
        let (mut starts, mut step, mut shown) = (Vec::with_capacity(counts.len()), 0u64, 0u64);
        for &count in &counts {
            starts.push((step, shown));
            step = step.saturating_add(count.div_ceil(batch_size) as u64);
            shown = shown.saturating_add(count as u64);
        }
        Ok(Self { batch_size, counts, starts })
    }

    /// The number of examples of an epoch.
    pub(crate) fn count(&self, epoch: u64) -> usize {
        let last = self.counts.len() - 1;
        self.counts[usize::try_from(epoch).unwrap_or(last).min(last)]
    }

    /// How many examples the epochs before this one have shown.
    pub(crate) fn shown_before(&self, epoch: u64) -> u64 {
        let last = self.counts.len() - 1;
        match usize::try_from(epoch) {
            Ok(epoch) if epoch <= last => self.starts[epoch].1,
            _ => {
                let later = (epoch - last as u64).saturating_mul(self.counts[last] as u64);
                self.starts[last].1.saturating_add(later)
            }
        }
    }

    pub(crate) fn locate(&self, step: u64) -> Epoch {
        let told = self.starts.partition_point(|&(first, _)| first <= step) - 1;
        let n_steps = self.counts[told].div_ceil(self.batch_size) as u64;
        let within = step - self.starts[told].0;
        // Only the last told is repeated; in the others the division gives 0.
        Epoch { index: told as u64 + within / n_steps, step: within % n_steps, n_steps }
    }

    /// The epoch in which example number `shown` of all is shown.
    pub(crate) fn epoch_of_example(&self, shown: u64) -> u64 {
        let told = self.starts.partition_point(|&(_, first)| first <= shown) - 1;
        told as u64 + (shown - self.starts[told].1) / self.counts[told] as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn epochs_follow_each_other(
            fractions in prop::collection::vec(0.05..=1.0, 1..6), n in 10usize..60, batch_size in 1usize..20,
        ) {
            let fractions = EpochFractions::new(fractions).unwrap();
            let lengths = EpochLengths::new(&fractions, n, batch_size).unwrap();
            let (mut step, mut shown) = (0, 0);
            for index in 0..12 {
                let count = lengths.count(index);
                prop_assert_eq!(count, (fractions.at(index) * n as f64 + 0.5).floor() as usize);
                prop_assert_eq!(lengths.shown_before(index), shown);
                let n_steps = count.div_ceil(batch_size) as u64;
                for within in 0..n_steps {
                    prop_assert_eq!(lengths.locate(step), Epoch { index, step: within, n_steps });
                    step += 1;
                }
                for example in shown..shown + count as u64 {
                    prop_assert_eq!(lengths.epoch_of_example(example), index);
                }
                shown += count as u64;
            }
        }
    }

    #[test]
    fn schedules() {
        let linear = EpochFractions::linear(0.2, 1.0, 5).unwrap();
        assert!((0..5).all(|epoch| (linear.at(epoch) - 0.2 * (epoch + 1) as f64).abs() < 1e-12));
        assert_eq!(EpochFractions::linear(0.5, 0.5, 1).unwrap().at(9), 0.5);
        for wrong in [vec![], vec![0.0], vec![0.5, f64::NAN], vec![1.5]] {
            assert!(EpochFractions::new(wrong).is_err());
        }
        assert!(serde_json::from_str::<EpochFractions>("[0.5, 2.0]").is_err());
        assert!(EpochLengths::new(&EpochFractions::constant(0.01).unwrap(), 10, 1).is_err());
    }
}
