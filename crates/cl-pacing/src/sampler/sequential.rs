use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint};

use super::{
    check_batch_size, check_sizes, chunk,
    curriculum::passes,
    entry::{SamplerEntry, SamplerInput},
    ordered::Ordered,
};
use crate::error::PacingError;

/// The same order in every epoch, unshuffled: index order, or one that is given. O(batch) per step.
///
/// ```
/// use cl_pacing::{Batch, Sampler, SequentialSampler};
///
/// let mut sampler = SequentialSampler::new(5, 2)?;
/// let mut batch = Batch::default();
/// sampler.batch(4, &mut batch)?;
/// assert_eq!(batch.indices, [2, 3]); // the second batch of the second epoch
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SequentialSampler {
    order: Ordered,
    batch_size: usize,
    data: Option<Fingerprint>,
}

impl SequentialSampler {
    /// Index order.
    ///
    /// # Errors
    /// Unless `batch_size` is from 1 to `n_examples`.
    pub fn new(n_examples: usize, batch_size: usize) -> Result<Self, PacingError> {
        check_sizes(n_examples, batch_size)?;
        Self::in_order((0..n_examples).collect(), batch_size)
    }

    /// The given order, such as easy first without any shuffling.
    ///
    /// # Errors
    /// Unless it is a permutation, and `batch_size` from 1 to its length.
    pub fn in_order(order: Vec<usize>, batch_size: usize) -> Result<Self, PacingError> {
        check_sizes(order.len(), batch_size)?;
        check_batch_size(order.len(), batch_size)?;
        Ok(Self { order: Ordered::permutation(&order)?, batch_size, data: None })
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The settings that decide every batch. O(n) at first.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let settings = SamplerFingerprint::new("sequential").with("order", self.order.hash());
        settings.with("batch size", self.batch_size).with_data(self.data)
    }
}

impl Sampler for SequentialSampler {
    fn n_examples(&self) -> usize {
        self.order.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let examples = chunk(&self.order, self.epoch(step).step, self.batch_size);
        batch.indices.extend(examples.iter().map(|&example| example as usize));
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        passes(self.order.len(), self.batch_size, step)
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        self.fingerprint().save(n_steps, &())
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, ()) = self.fingerprint().restore(state)?;
        Ok(n_steps)
    }
}

pub(super) static ENTRY: SamplerEntry =
    SamplerEntry::new("sequential", "the order as it is, in every epoch", &[], &[SamplerInput::Order], |o, of| {
        Ok(Box::new(SequentialSampler::in_order(of.order(o)?, of.batch_size)?))
    });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_in_order() {
        let mut sampler = SequentialSampler::in_order(vec![2, 0, 1], 2).unwrap();
        let mut batch = Batch::default();
        let mut shown = Vec::new();
        for step in 0..4 {
            sampler.batch(step, &mut batch).unwrap();
            shown.push(batch.indices.clone());
        }
        assert_eq!(shown, [vec![2, 0], vec![1], vec![2, 0], vec![1]]);
        assert_eq!(sampler.epoch(3), Epoch { index: 1, step: 1, n_steps: 2 });
        sampler.batch(u64::MAX, &mut batch).unwrap();
        assert_eq!(batch.indices, [1]);
        assert!(SequentialSampler::in_order(vec![1, 1], 1).is_err());
    }
}
