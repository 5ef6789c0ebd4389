use cl_data::catalogue::{Description, Parameter};
use cl_data::random::{choose, stream};
use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint};

use super::{
    check_sizes, chunk,
    entry::{Entry, FRACTIONS, fractions},
    epoch_fractions::{EpochFractions, EpochLengths},
};
use crate::error::PruneError;

/// Dynamic random pruning: every epoch shows a random part of the data, drawn anew.
///
/// ```text
/// epoch e:  floor(F_e n + 0.5) examples without replacement, in random order
/// ```
///
/// The control of every dynamic pruning: what a method gains over it is what its choice of examples gains. Repeated
/// random sampling with replacement between rounds (RS2) is the same. A pure function of the step: O(n) at the start
/// of an epoch. Weights are 1, or n / shown where it is [`rescaled`](Self::rescaled).
///
/// Source: Okanovic et al. (2024), Repeated Random Sampling for Minimizing the Time-to-Accuracy of Learning.
///
/// ```
/// use cl_data::{Batch, Sampler};
/// use cl_prune::{DynamicRandomSampler, EpochFractions};
///
/// let mut sampler = DynamicRandomSampler::new(10, EpochFractions::constant(0.5)?, 3, 0)?;
/// let mut batch = Batch::default();
/// sampler.batch(1, &mut batch)?;
/// assert_eq!(batch.indices.len(), 2); // what is left of five
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct DynamicRandomSampler {
    n_examples: usize,
    batch_size: usize,
    seed: u64,
    fractions: EpochFractions,
    lengths: EpochLengths,
    rescaled: bool,
    data: Option<Fingerprint>,
    /// The order of an epoch, computed when it is first asked for.
    shown: Option<(u64, Vec<usize>)>,
}

impl DynamicRandomSampler {
    /// Batches of `batch_size` of the given part of `n_examples`.
    ///
    /// # Errors
    /// Unless both are at least 1 and every epoch shows an example.
    pub fn new(
        n_examples: usize,
        fractions: EpochFractions,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PruneError> {
        check_sizes(n_examples, batch_size)?;
        let lengths = EpochLengths::new(&fractions, n_examples, batch_size)?;
        let (rescaled, data, shown) = (false, None, None);
        Ok(Self { n_examples, batch_size, seed, fractions, lengths, rescaled, data, shown })
    }

    /// The same with weights n / shown, which make the sum over an epoch that of the whole data in expectation.
    pub fn rescaled(mut self) -> Self {
        self.rescaled = true;
        self
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    fn settings(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("dynamic random")
            .with("number of examples", self.n_examples)
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with("fractions", &self.fractions)
            .with("rescaled weights", self.rescaled)
            .with_data(self.data)
    }
}

impl Sampler for DynamicRandomSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let Epoch { index, step, .. } = self.lengths.locate(step);
        let count = self.lengths.count(index);
        if self.shown.as_ref().is_none_or(|&(epoch, _)| epoch != index) {
            let mut rng = stream(self.seed, "dynamic random epoch", index);
            self.shown = Some((index, choose(&mut rng, self.n_examples, count)));
        }
        if let Some((_, shown)) = &self.shown {
            batch.indices.extend_from_slice(&shown[chunk(count, step, self.batch_size)]);
        }
        if self.rescaled && count < self.n_examples {
            batch.weights.resize(batch.indices.len(), self.n_examples as f64 / count as f64);
        }
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        self.lengths.locate(step)
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        self.settings().save(n_steps, &())
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, ()) = self.settings().restore(state)?;
        Ok(n_steps)
    }
}

pub(super) static ENTRY: Entry = Entry {
    description: Description {
        name: "dynamic-random",
        summary: "a random part of the data, drawn anew every epoch: the control of every dynamic pruning",
        parameters: &[
            FRACTIONS,
            Parameter::with_default("rescaled", "true where what is shown counts for all, else false", "false"),
        ],
    },
    make: |options, of| {
        let sampler = DynamicRandomSampler::new(of.n_examples, fractions(options)?, of.batch_size, of.seed)?;
        let rescaled = options.choice("rescaled", &[("true", true), ("false", false)])?;
        Ok(Box::new(if rescaled { sampler.rescaled() } else { sampler }))
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_random_parts_without_repetition() {
        let fractions = EpochFractions::annealed(0.3, 200).unwrap();
        let mut sampler = DynamicRandomSampler::new(10, fractions, 2, 5).unwrap().rescaled();
        let (mut counts, mut batch, mut step) = ([0; 10], Batch::default(), 0);
        for epoch in 0..200 {
            let mut shown = Vec::new();
            let mut weight = 0.0;
            while sampler.epoch(step).index == epoch {
                sampler.batch(step, &mut batch).unwrap();
                shown.extend_from_slice(&batch.indices);
                weight += batch.weights.iter().sum::<f64>();
                step += 1;
            }
            shown.sort_unstable();
            shown.dedup();
            assert_eq!(shown.len(), 3);
            assert!((weight - 10.0).abs() < 1e-9);
            shown.into_iter().for_each(|example| counts[example] += 1);
        }
        // Five standard deviations of a binomial count around 60.
        assert!(counts.iter().all(|&count| (28..=92).contains(&count)), "{counts:?}");
        sampler.batch(step, &mut batch).unwrap();
        assert!(batch.weights.is_empty() && sampler.epoch(step).n_steps == 5);
    }

    #[test]
    fn states_of_other_settings_are_refused() {
        let new = |seed| DynamicRandomSampler::new(10, EpochFractions::constant(0.5).unwrap(), 2, seed).unwrap();
        let saved = new(1).save(7).unwrap();
        assert_eq!(new(1).restore(&saved).unwrap(), 7);
        let error = new(2).restore(&saved).unwrap_err();
        assert_eq!(error.to_string(), "the saved state was made with seed 1, not with 2");
        assert!(new(1).restore("").is_err() && new(1).restore("{}").is_err());
        assert!(DynamicRandomSampler::new(0, EpochFractions::constant(0.5).unwrap(), 2, 0).is_err());
    }
}
