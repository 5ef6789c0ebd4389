use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use cl_data::{
    Batch, Epoch, Fingerprint, FingerprintBuilder, Sampler, SamplerError, SamplerFingerprint,
    catalogue::Parameter, check_feedback, random,
};
use serde::{Deserialize, Serialize};

use super::{
    check_sizes,
    entry::{SamplerEntry, SamplerInput},
    shuffle::ShuffleSampler,
    told::Told,
};
use crate::error::PacingError;

/// Of every large batch the examples with the largest reducible loss: learnable, worth learning, not yet learned.
///
/// ```text
/// candidates of step t    B_t, the large batch t of shuffled epochs
/// reducible loss          L[y | x; D_t] - L[y | x; D_ho]          now, less that of a model of held-out data
/// batch of step t         the ceil(|B_t| batch size / large batch size) of B_t where it is largest, largest first
/// ```
///
/// It [wants](Sampler::wanted) the losses of the candidates before each batch, which may be told in several parts.
/// Each batch depends on (seed, step) and the losses of its own candidates alone: a step can be asked for once its
/// losses are told, until those of a later one are; steps may be left out. What is told of an earlier step, such as
/// the losses of its batch, changes nothing. What is equally reducible is chosen from at random.
///
/// O(large batch size) per step, a shuffle per epoch; 16 bytes an example.
///
/// Source: Mindermann et al. (2022), Prioritized training on points that are learnable, worth learning, and not yet
/// learnt, algorithm 1 (a tenth of 320 there).
///
/// ```
/// use cl_pacing::{Batch, RhoLossSampler, Sampler};
///
/// // Example 2 is hard for the held-out model, too: nothing to be learned from it.
/// let mut sampler = RhoLossSampler::new(vec![0.1, 0.2, 2.5, 0.1], 4, 2, 0)?;
/// sampler.feedback(0, &[0, 1, 2, 3], &[0.2, 1.5, 2.6, 0.9])?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// assert_eq!(batch.indices, [1, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RhoLossSampler {
    irreducible: Vec<f64>,
    large_batch_size: usize,
    batch_size: usize,
    seed: u64,
    data: Option<Fingerprint>,
    large: ShuffleSampler,
    progress: Progress,
    /// The candidates of the step after.
    next: Vec<usize>,
    /// The hash of the irreducible losses.
    hash: Fingerprint,
}

/// The step of which losses were told last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    step: u64,
    told: Told,
}

impl RhoLossSampler {
    /// Batches of `batch_size` out of large ones, from the losses `irreducible` of a model that was trained on
    /// held-out data, one per example.
    ///
    /// # Errors
    /// Where one of them is no finite number, and unless 1 <= batch size <= large batch size <= number of examples.
    pub fn new(
        irreducible: Vec<f64>,
        large_batch_size: usize,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PacingError> {
        check_sizes(irreducible.len(), batch_size)?;
        if let Some(example) = irreducible.iter().position(|loss| loss.is_nan()) {
            return Err(PacingError::NotANumber { what: "irreducible loss", example });
        }
        if let Some(loss) = irreducible.iter().find(|loss| loss.is_infinite()) {
            return Err(PacingError::argument("irreducible", loss, "finite losses, to be taken from others"));
        }
        if batch_size > large_batch_size {
            let value = format!("{batch_size} of {large_batch_size}");
            return Err(PacingError::argument("batch_size", value, "at most the large batch size"));
        }
        let large = ShuffleSampler::new(irreducible.len(), large_batch_size, seed)?;
        let mut hash = FingerprintBuilder::default();
        hash.add(irreducible.iter().map(|loss| loss.to_bits()));
        let (progress, hash) = (Progress { step: 0, told: Told::default() }, hash.fingerprint());
        let (data, next) = (None, Vec::new());
        let mut sampler =
            Self { irreducible, large_batch_size, batch_size, seed, data, large, progress, next, hash };
        let told = Told::new(candidates(&mut sampler.large, 0));
        sampler.stand_at(0, told);
        Ok(sampler)
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The settings, which stay.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("RHO-LOSS")
            .with("irreducible losses", self.hash)
            .with("large batch size", self.large_batch_size)
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with_data(self.data)
    }

    fn candidates(&self, step: u64) -> Cow<'_, [usize]> {
        if step == self.progress.step {
            return Cow::Borrowed(&self.progress.told.indices);
        }
        if step.checked_sub(1) == Some(self.progress.step) {
            return Cow::Borrowed(&self.next);
        }
        Cow::Owned(candidates(&mut self.large.clone(), step))
    }

    fn stand_at(&mut self, step: u64, told: Told) {
        self.progress = Progress { step, told };
        // So that it is known what the next step will want.
        self.next = candidates(&mut self.large, step.saturating_add(1));
    }

    fn range(&self) -> Range<u64> {
        self.progress.step..self.ready_until()
    }
}

/// The large batch of `step`.
fn candidates(large: &mut ShuffleSampler, step: u64) -> Vec<usize> {
    let mut batch = Batch::default();
    // A shuffle has a batch for every step.
    match large.batch(step, &mut batch) {
        Ok(()) => batch.indices,
        Err(_) => Vec::new(),
    }
}

impl Sampler for RhoLossSampler {
    fn n_examples(&self) -> usize {
        self.irreducible.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let told = &self.progress.told;
        let Some(losses) = (step == self.progress.step).then(|| told.losses()).flatten() else {
            return Err(SamplerError::out_of_turn(step, self.range()));
        };
        let reduced = losses.iter().zip(&told.indices).map(|(loss, &index)| self.irreducible[index] - loss);
        let reduced: Vec<f64> = reduced.collect();
        let n_kept = (reduced.len() * self.batch_size).div_ceil(self.large_batch_size);
        let order = random::argsort(&mut random::stream(self.seed, "reducible loss", step), &reduced);
        batch.indices.extend(order[..n_kept].iter().map(|&place| told.indices[place]));
        Ok(())
    }

    /// Passes of the large batches over the data.
    fn epoch(&self, step: u64) -> Epoch {
        self.large.epoch(step)
    }

    fn ready_until(&self) -> u64 {
        self.progress.step.saturating_add(u64::from(self.progress.told.losses().is_some()))
    }

    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        wanted.clear();
        if step == self.progress.step {
            self.progress.told.missing(wanted);
        } else if step > self.progress.step {
            wanted.extend_from_slice(&self.candidates(step));
        }
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        let n_examples = self.n_examples();
        match step.cmp(&self.progress.step) {
            Ordering::Less => check_feedback(indices, losses, n_examples),
            Ordering::Equal => self.progress.told.tell(indices, losses, n_examples),
            Ordering::Greater if indices.is_empty() => Ok(()),
            Ordering::Greater => {
                let mut told = Told::new(self.candidates(step).into_owned());
                told.tell(indices, losses, n_examples)?;
                self.stand_at(step, told);
                Ok(())
            }
        }
    }

    /// For any step from the one on whose losses were told last.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        if n_steps < self.progress.step {
            return Err(SamplerError::out_of_turn(n_steps, self.progress.step..u64::MAX));
        }
        self.fingerprint().save(n_steps, &self.progress)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, Progress { step, told }) = self.fingerprint().restore(state)?;
        if n_steps < step || !told.is_sound(self.n_examples()) || self.candidates(step)[..] != told.indices[..] {
            let reason = "the candidates of the saved state are not those of its step";
            return Err(SamplerError::Unusable(reason.to_owned()));
        }
        self.stand_at(step, told);
        Ok(n_steps)
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "rho-loss",
    "of every large batch what has the largest reducible loss (Mindermann)",
    &[Parameter::with_default("factor", "the large batch is this many batches, at most all examples", "10")],
    &[SamplerInput::Irreducible],
    |o, of| {
        let factor: usize = o.number_in("factor", |&factor| factor >= 1, "at least 1")?;
        let irreducible =
            o.given(of.irreducible, "irreducible", "the loss of each example by a held-out model")?;
        let large = of.batch_size.saturating_mul(factor).min(irreducible.len());
        Ok(Box::new(RhoLossSampler::new(irreducible.to_vec(), large, of.batch_size, of.seed)?))
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is kept has the largest reducible losses of the candidates, and an epoch's candidates are the data.
        #[test]
        fn the_most_reducible_are_kept(
            n in 1usize..40, large in 1usize..20, small in 1usize..20, seed: u64, step in 0u64..50,
            losses in prop::collection::vec(0.0..3.0, 40), irreducible in prop::collection::vec(0.0..3.0, 40),
        ) {
            let (large, small) = (large.min(n), small.min(large).min(n));
            let mut sampler = RhoLossSampler::new(irreducible[..n].to_vec(), large, small, seed).unwrap();
            let (mut wanted, mut batch) = (Vec::new(), Batch::default());
            sampler.wanted(step, &mut wanted);
            let told: Vec<f64> = wanted.iter().map(|&index| losses[index]).collect();
            sampler.feedback(step, &wanted, &told).unwrap();
            sampler.batch(step, &mut batch).unwrap();
            prop_assert_eq!(batch.indices.len(), (wanted.len() * small).div_ceil(large));
            let reducible = |index: &usize| losses[*index] - irreducible[*index];
            let mut best = wanted.clone();
            best.sort_by(|a, b| reducible(b).total_cmp(&reducible(a)));
            best.truncate(batch.indices.len());
            prop_assert_eq!(batch.indices, best);
            // Already told, nothing is wanted again.
            let candidates = wanted.clone();
            sampler.wanted(step, &mut wanted);
            prop_assert!(wanted.is_empty());
            let epoch = sampler.epoch(step);
            let mut all = Vec::new();
            for other in step - epoch.step..step - epoch.step + epoch.n_steps {
                all.extend(super::candidates(&mut sampler.large.clone(), other));
            }
            prop_assert!(candidates.iter().all(|index| all.contains(index)));
            all.sort_unstable();
            prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn misuse_is_reported() {
        let new = |irreducible: Vec<f64>, large, small| RhoLossSampler::new(irreducible, large, small, 0);
        assert!(matches!(new(vec![0.0, f64::NAN], 1, 1), Err(PacingError::NotANumber { example: 1, .. })));
        assert!(new(vec![f64::INFINITY], 1, 1).is_err() && new(vec![], 1, 1).is_err());
        assert!(new(vec![0.0; 4], 2, 3).is_err() && new(vec![0.0; 4], 5, 3).is_err());
        let mut sampler = new(vec![0.0; 4], 2, 1).unwrap();
        let error = sampler.batch(0, &mut Batch::default()).unwrap_err();
        assert!(matches!(error, SamplerError::OutOfTurn { step: 0, first_step: 0, end: 0 }));
        let error = sampler.feedback(0, &[0], &[f64::NAN]).unwrap_err();
        assert_eq!(error.to_string(), "loss of example 0 is NaN, expected a number");
        assert!(sampler.feedback(u64::MAX, &[4], &[0.0]).is_err());
        let saved = sampler.save(0).unwrap();
        let error = new(vec![0.5; 4], 2, 1).unwrap().restore(&saved).unwrap_err().to_string();
        assert!(error.contains("irreducible losses"), "{error}");
    }
}
