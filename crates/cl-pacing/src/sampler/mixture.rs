use std::ops::Range;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, random};

use super::{check_sizes, curriculum::passes, ordered::Ordered, past::Past, past::Timetable, schedule::Schedule};
use crate::{continuation::check_set, error::PacingError, pacing::Pacing};

/// Continuation as a mixture of data: each example is drawn from an easy set with probability 1 - lambda and from a
/// hard one with probability lambda, so that the expected gradient is that of F_lambda.
///
/// ```text
/// F_lambda  = (1 - lambda) F_easy + lambda F_hard,    F the mean loss of a set
/// lambda(t) = fraction(min(t / T, 1))                 by a pacing, read as the share of the hard set
/// ```
///
/// Draws are independent and with replacement, so that a batch may be larger than either set. The hard set is often
/// all of the data, the easy one included. A batch depends on (seed, step) alone. O(batch) per step at any step.
///
/// Source: Bengio, Louradour, Collobert and Weston (2009), Curriculum learning, section 3.
///
/// ```
/// use cl_pacing::{Batch, Linear, MixtureSampler, Sampler};
///
/// // From examples 3 and 4 to all ten over 100 steps.
/// let all = (0..10).collect();
/// let mut sampler = MixtureSampler::new(10, vec![3, 4], all, Linear::new(1.0, 0.0)?, 8, 100, 1)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// assert!(batch.indices.iter().all(|example| [3, 4].contains(example)));
/// assert_eq!(sampler.lambda(25), 0.25);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MixtureSampler {
    n_examples: usize,
    easy: Ordered,
    hard: Ordered,
    schedule: Schedule,
    batch_size: usize,
    seed: u64,
    data: Option<Fingerprint>,
    past: Past,
}

impl MixtureSampler {
    /// Batches of `batch_size` from two sets of `n_examples` examples, where `pacing` over `total_steps` is lambda.
    ///
    /// # Errors
    /// Where a set is empty or names an example there is not, and unless the batch size and total steps are at least 1.
    pub fn new(
        n_examples: usize,
        easy: Vec<usize>,
        hard: Vec<usize>,
        pacing: impl Pacing + 'static,
        batch_size: usize,
        total_steps: u64,
        seed: u64,
    ) -> Result<Self, PacingError> {
        check_sizes(n_examples, batch_size)?;
        check_set("easy", &easy, n_examples)?;
        check_set("hard", &hard, n_examples)?;
        let (easy, hard) = (Ordered::new(&easy)?, Ordered::new(&hard)?);
        let schedule = Schedule::new(n_examples, batch_size, pacing, total_steps)?;
        Ok(Self { n_examples, easy, hard, schedule, batch_size, seed, data: None, past: Past::default() })
    }

    /// The same, bound to data: the fingerprint of their ids and labels enters [`fingerprint`](Self::fingerprint).
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// Edits the future: from `from_step` on, `pacing` over a budget of `total_steps`, both counted from step 0.
    ///
    /// # Errors
    /// Where `from_step` comes before the latest batch, whose past cannot change, or `total_steps` is 0.
    pub fn replace_pacing(
        &mut self,
        from_step: u64,
        pacing: impl Pacing + 'static,
        total_steps: u64,
    ) -> Result<(), PacingError> {
        self.past.change_from(from_step)?;
        self.schedule.replace(from_step, pacing, total_steps)
    }

    /// The probability of the hard set at `step`.
    pub fn lambda(&self, step: u64) -> f64 {
        self.schedule.fraction(step)
    }

    /// The settings that decide every batch. O(n) at first.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        self.schedule.settings(self.settings(u64::MAX))
    }
}

impl Timetable for MixtureSampler {
    fn settings(&self, _: u64) -> SamplerFingerprint {
        SamplerFingerprint::new("mixture")
            .with("number of examples", self.n_examples)
            .with("easy", self.easy.hash())
            .with("hard", self.hard.hash())
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with_data(self.data)
    }

    fn schedule(&self) -> String {
        self.schedule.to_string()
    }

    fn order(&self) -> &[u32] {
        &[]
    }

    /// What is available is lambda, bit for bit.
    fn available_until(&self, step: u64) -> (Range<u64>, u64) {
        (0..self.lambda(step).to_bits(), self.schedule.known_until(step))
    }
}

impl Sampler for MixtureSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        self.past.take(step);
        let lambda = self.lambda(step);
        let mut rng = random::stream(self.seed, "mixture", step);
        batch.clear();
        batch.indices.extend((0..self.batch_size).map(|_| {
            let set = if random::uniform(&mut rng) < lambda { &self.hard } else { &self.easy };
            set[random::below(&mut rng, set.len())] as usize
        }));
        Ok(())
    }

    /// Passes of n examples: there are no epochs otherwise.
    fn epoch(&self, step: u64) -> Epoch {
        passes(self.n_examples, self.batch_size, step)
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        self.past.save(n_steps, self)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let n_steps = self.past.check(state, self)?;
        Ok(self.past.restore(n_steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{Full, Linear};

    fn sampler(pacing: Linear) -> MixtureSampler {
        MixtureSampler::new(10, vec![3, 4], (0..10).collect(), pacing, 200, 100, 1).unwrap()
    }

    #[test]
    fn a_mixture_moves_from_easy_to_all() {
        let mut sampler = sampler(Linear::new(1.0, 0.0).unwrap());
        let mut share = |step| {
            let mut batch = Batch::default();
            sampler.batch(step, &mut batch).unwrap();
            batch.indices.iter().filter(|&&index| index == 3 || index == 4).count() as f64 / 200.0
        };
        assert_eq!(share(0), 1.0);
        // 0.5 + 0.5 * 0.2 and 0.2, each within five standard errors.
        assert!((share(50) - 0.6).abs() < 0.18 && (share(100) - 0.2).abs() < 0.15);
    }

    #[test]
    fn the_future_may_be_edited_and_the_past_may_not() {
        let pacing = Linear::new(1.0, 0.0).unwrap();
        let mut own = sampler(pacing);
        own.batch(9, &mut Batch::default()).unwrap();
        let mut edited = sampler(pacing);
        edited.replace_pacing(10, Full, 1).unwrap();
        edited.restore(&own.save(10).unwrap()).unwrap();
        assert_eq!([edited.lambda(9), edited.lambda(10)], [0.09, 1.0]);
        assert!(edited.replace_pacing(9, Full, 1).is_err());
        let error =
            sampler(Linear::new(0.5, 0.0).unwrap()).restore(&own.save(10).unwrap()).unwrap_err().to_string();
        assert!(error.contains("the schedule of the first 10 steps"), "{error}");
    }

    #[test]
    fn what_is_no_mixture_is_refused() {
        let new = |easy: Vec<usize>, hard: Vec<usize>, batch_size, total| {
            MixtureSampler::new(3, easy, hard, Full, batch_size, total, 0).map(|_| ()).unwrap_err().to_string()
        };
        for (error, what) in [
            (new(vec![], vec![0], 1, 1), "easy is empty"),
            (new(vec![0], vec![], 1, 1), "hard is empty"),
            (new(vec![3], vec![0], 1, 1), "easy 3 is out of range, expected 0..3"),
            (new(vec![0], vec![0], 0, 1), "batch_size"),
            (new(vec![0], vec![0], 1, 0), "total_steps"),
        ] {
            assert!(error.contains(what), "{error}");
        }
    }
}
