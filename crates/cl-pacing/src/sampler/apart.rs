use cl_data::{SamplerFingerprint, random};

use super::{
    check_batch_size, check_sizes,
    entry::{SamplerEntry, SamplerInput},
    members::Members,
    n_batches,
    planned::{Plan, Planned, PlannedSampler},
};
use crate::error::PacingError;

/// Epochs over all examples in which no batch has two of one key, such as two views of one document in contrastive
/// learning, where the others of a batch are taken for negatives.
///
/// ```text
/// m     = max(ceil(n / batch size), examples of the commonest key)      the batches of an epoch
/// dealt: keys in random order, the examples of each in random order, example j into batch j mod m
/// ```
///
/// The examples of one key are dealt one after the other and are at most m, so that no two fall into one batch. Every
/// example is shown exactly once an epoch, in batches whose sizes differ by at most one; where a key is commoner than
/// there are batches, these are more and smaller. As a [`PlannedSampler`]; 12 bytes an example.
///
/// Source: dealing out as in stratified splits; the constraint as in sentence-transformers' `NoDuplicatesBatchSampler`,
/// which leaves examples out.
///
/// ```
/// use cl_pacing::{ApartSampler, Batch, Sampler};
///
/// let keys = [7, 7, 8, 8, 9, 9];
/// let mut sampler = ApartSampler::new(&keys, 3, 1)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// let mut found: Vec<_> = batch.indices.iter().map(|&example| keys[example]).collect();
/// found.sort_unstable();
/// assert_eq!(found, [7, 8, 9]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type ApartSampler = PlannedSampler<Apart>;

impl ApartSampler {
    /// Batches of at most `batch_size`, no two of one key in any.
    ///
    /// # Errors
    /// Unless there is an example, and `batch_size` is from 1 to their number.
    pub fn new(keys: &[usize], batch_size: usize, seed: u64) -> Result<Self, PacingError> {
        check_sizes(keys.len(), batch_size)?;
        check_batch_size(keys.len(), batch_size)?;
        let members = Members::of(keys);
        let commonest = (0..members.n_keys()).map(|key| members.of_key(key).len()).max().unwrap_or(1);
        let n_batches = n_batches(keys.len(), batch_size).max(commonest as u64);
        Ok(Self::of(Apart { members, batch_size, n_batches }, seed))
    }
}

/// Batches that hold each key once at most.
#[derive(Debug, Clone)]
pub struct Apart {
    members: Members,
    batch_size: usize,
    n_batches: u64,
}

impl Plan for Apart {
    const NAME: &'static str = "apart";

    fn settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        settings.with_hash("keys", self.members.numbers()).with("batch size", self.batch_size)
    }

    fn n_examples(&self) -> usize {
        self.members.n_examples()
    }

    fn n_batches(&self) -> u64 {
        self.n_batches
    }

    fn plan(&self, seed: u64, epoch: u64, planned: &mut Planned) {
        let mut rng = random::stream(seed, "apart", epoch);
        let mut dealt: Vec<u32> = Vec::with_capacity(self.n_examples());
        for key in random::permutation(&mut rng, self.members.n_keys()) {
            let start = dealt.len();
            dealt.extend_from_slice(self.members.of_key(key));
            random::shuffle(&mut rng, &mut dealt[start..]);
        }
        for batch in random::permutation(&mut rng, self.n_batches as usize) {
            planned.examples.extend(dealt.iter().skip(batch).step_by(self.n_batches as usize));
            planned.end_batch();
        }
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "apart",
    "epochs in which no batch has two examples of one class",
    &[],
    &[SamplerInput::Classes],
    |o, of| {
        let keys = o.given(of.classes, "classes", "the key of each example, of which a batch has one at most")?;
        Ok(Box::new(ApartSampler::new(keys, of.batch_size, of.seed)?))
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::{Batch, Sampler};
    use proptest::prelude::*;

    fn batch(sampler: &mut ApartSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    proptest! {
        #[test]
        fn keys_are_apart_and_each_is_shown_once(
            keys in prop::collection::vec(0usize..12, 1..70), size in 1usize..20, epoch in 0u64..3, seed: u64,
        ) {
            let batch_size = size.min(keys.len());
            let mut sampler = ApartSampler::new(&keys, batch_size, seed).unwrap();
            let n_steps = sampler.epoch(0).n_steps;
            let commonest = (0..12).map(|key| keys.iter().filter(|&&other| other == key).count()).max().unwrap();
            prop_assert_eq!(n_steps as usize, keys.len().div_ceil(batch_size).max(commonest));
            let (mut shown, mut sizes) = (Vec::new(), Vec::new());
            for step in epoch * n_steps..(epoch + 1) * n_steps {
                let examples = batch(&mut sampler, step);
                let mut found: Vec<usize> = examples.iter().map(|&example| keys[example]).collect();
                found.sort_unstable();
                prop_assert!(found.is_sorted_by(|a, b| a < b));
                prop_assert!((1..=batch_size).contains(&examples.len()));
                sizes.push(examples.len());
                shown.extend(examples);
            }
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            shown.sort_unstable();
            prop_assert_eq!(shown, (0..keys.len()).collect::<Vec<_>>());
            let mut resumed = ApartSampler::new(&keys, batch_size, seed).unwrap();
            let at = epoch * n_steps;
            prop_assert_eq!(resumed.restore(&sampler.save(at).unwrap()).unwrap(), at);
            prop_assert_eq!(batch(&mut resumed, at), batch(&mut sampler, at));
        }
    }

    #[test]
    fn epochs_differ_and_other_keys_are_refused() {
        let keys: Vec<usize> = (0..40).map(|i| i % 10).collect();
        let mut sampler = ApartSampler::new(&keys, 10, 1).unwrap();
        assert_ne!(batch(&mut sampler, 0), batch(&mut sampler, 4));
        let state = sampler.save(3).unwrap();
        let other: Vec<usize> = (0..40).map(|i| i / 4).collect();
        let error = ApartSampler::new(&other, 10, 1).unwrap().restore(&state).unwrap_err().to_string();
        assert!(error.contains("made with keys"), "{error}");
        assert!(ApartSampler::new(&keys, 41, 1).is_err() && ApartSampler::new(&[], 1, 1).is_err());
    }
}
