use cl_data::catalogue::Description;
use cl_data::random::{permutation, stream};
use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint};

use super::{
    check_sizes, chunk,
    entry::{Entry, FRACTIONS, fractions},
    epoch_fractions::{EpochFractions, EpochLengths},
};
use crate::error::PruneError;

/// RS2, repeated random sampling without replacement between rounds: every round shows the next part of a random
/// order of the data, and a new order begins where one ends.
///
/// ```text
/// order   = pi_0 pi_1 pi_2 ...                  one random permutation of the data after the other
/// round e = the next floor(F_e n + 0.5) of it
/// ```
///
/// After any number of rounds no example was shown more than once more often than another. A round that begins in one
/// permutation and ends in the next shows no example twice: those it has from the one come later in the next. The
/// batches follow from the step alone; permutations follow each other, so that going back costs O(n) for each.
///
/// Source: Okanovic et al. (2024), Repeated Random Sampling for Minimizing the Time-to-Accuracy of Learning; how a
/// round that does not fit goes on is ours. With replacement between rounds it is
/// [`DynamicRandomSampler`](crate::DynamicRandomSampler).
///
/// ```
/// use cl_data::{Batch, Sampler};
/// use cl_prune::{EpochFractions, RepeatedRandomSampler};
///
/// let mut sampler = RepeatedRandomSampler::new(6, EpochFractions::constant(0.5)?, 3, 0)?;
/// let (mut first, mut second) = (Batch::default(), Batch::default());
/// sampler.batch(0, &mut first)?;
/// sampler.batch(1, &mut second)?;
/// assert!(first.indices.iter().all(|example| !second.indices.contains(example)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RepeatedRandomSampler {
    n_examples: usize,
    batch_size: usize,
    seed: u64,
    fractions: EpochFractions,
    lengths: EpochLengths,
    data: Option<Fingerprint>,
    /// The permutation computed last, with its number, and the one before it.
    current: Option<(u64, Vec<usize>)>,
    previous: Vec<usize>,
}

impl RepeatedRandomSampler {
    /// Batches of `batch_size` of the given part of `n_examples`.
    ///
    /// # Errors
    /// Unless both are at least 1 and every round shows an example.
    pub fn new(
        n_examples: usize,
        fractions: EpochFractions,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PruneError> {
        check_sizes(n_examples, batch_size)?;
        let lengths = EpochLengths::new(&fractions, n_examples, batch_size)?;
        let (data, current, previous) = (None, None, Vec::new());
        Ok(Self { n_examples, batch_size, seed, fractions, lengths, data, current, previous })
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    fn settings(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("RS2")
            .with("number of examples", self.n_examples)
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with("fractions", &self.fractions)
            .with_data(self.data)
    }

    /// Computes permutation number `cycle`, and with it the one before.
    fn advance_to(&mut self, cycle: u64) {
        let n = self.n_examples as u64;
        let from = match self.current.take() {
            Some((at, order)) if at == cycle => {
                self.current = Some((at, order));
                return;
            }
            Some((at, order)) if at < cycle => {
                self.previous = order;
                at + 1
            }
            _ => {
                self.previous.clear();
                0
            }
        };
        // Where a round begins with an order, what came before does not matter: the last such order is not far, and a step
        // far away need not go through all.
        let begins = |at: u64| {
            let boundary = at.saturating_mul(n);
            boundary == self.lengths.shown_before(self.lengths.epoch_of_example(boundary))
        };
        let from = (from..=cycle).rev().find(|&at| begins(at)).unwrap_or(from);
        for at in from..=cycle {
            let raw = permutation(&mut stream(self.seed, "RS2 order", at), self.n_examples);
            let boundary = at.saturating_mul(n);
            let round = self.lengths.epoch_of_example(boundary);
            // What the round that reaches over the boundary has shown before it, and has to show after it.
            let shown = (boundary - self.lengths.shown_before(round)) as usize;
            let order = match shown {
                0 => raw,
                _ => after(raw, &self.previous[self.n_examples - shown..], self.lengths.count(round) - shown),
            };
            if at < cycle {
                self.previous = order;
            } else {
                self.current = Some((at, order));
            }
        }
    }
}

/// The order with its first `n_next` examples not among `shown`, and all others as they were.
fn after(order: Vec<usize>, shown: &[usize], n_next: usize) -> Vec<usize> {
    let mut was_shown = vec![false; order.len()];
    shown.iter().for_each(|&example| was_shown[example] = true);
    let mut n_left = n_next;
    let (mut next, others): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|&example| {
        let taken = n_left > 0 && !was_shown[example];
        n_left -= usize::from(taken);
        taken
    });
    next.extend(others);
    next
}

impl Sampler for RepeatedRandomSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let n = self.n_examples as u64;
        let Epoch { index, step: within, .. } = self.lengths.locate(step);
        let first = self.lengths.shown_before(index);
        let places = chunk(self.lengths.count(index), within, self.batch_size);
        // What no count reaches is no presentation.
        if first.checked_add(places.end as u64).is_none_or(|end| end == u64::MAX) {
            return Err(SamplerError::out_of_turn(step, 0..step));
        }
        for place in places {
            let at = first + place as u64;
            self.advance_to(at / n);
            if let Some((_, order)) = &self.current {
                batch.indices.push(order[(at % n) as usize]);
            }
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
        name: "repeated-random",
        summary: "a random part of the data every epoch, each example once before any comes again (RS2)",
        parameters: &[FRACTIONS],
    },
    make: |options, of| {
        Ok(Box::new(RepeatedRandomSampler::new(of.n_examples, fractions(options)?, of.batch_size, of.seed)?))
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounds_are_fair_and_show_no_example_twice(
            n in 1usize..25, fractions in prop::collection::vec(0.1..=1.0, 1..4), batch_size in 1usize..8, seed: u64,
        ) {
            let fractions = EpochFractions::new(fractions).unwrap();
            let Ok(mut sampler) = RepeatedRandomSampler::new(n, fractions, batch_size, seed) else { return Ok(()) };
            let (mut counts, mut batch, mut step) = (vec![0; n], Batch::default(), 0);
            let mut batches = Vec::new();
            for round in 0..14 {
                let mut shown = Vec::new();
                while sampler.epoch(step).index == round {
                    sampler.batch(step, &mut batch).unwrap();
                    shown.extend_from_slice(&batch.indices);
                    batches.push(batch.indices.clone());
                    step += 1;
                }
                prop_assert_eq!(shown.len(), sampler.lengths.count(round));
                shown.iter().for_each(|&example| counts[example] += 1);
                shown.sort_unstable();
                shown.dedup();
                prop_assert_eq!(shown.len(), sampler.lengths.count(round));
                let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
                prop_assert!(most - least <= 1, "{:?}", counts);
            }
            // Asked in any order, the batches are the same.
            for at in permutation(&mut stream(seed, "test", 0), batches.len()) {
                sampler.batch(at as u64, &mut batch).unwrap();
                prop_assert_eq!(&batch.indices, &batches[at]);
            }
        }
    }

    #[test]
    fn states_of_other_settings_are_refused() {
        let new =
            |fraction| RepeatedRandomSampler::new(10, EpochFractions::constant(fraction).unwrap(), 2, 0).unwrap();
        let saved = new(0.5).save(7).unwrap();
        assert_eq!(new(0.5).restore(&saved).unwrap(), 7);
        let error = new(0.2).restore(&saved).unwrap_err();
        assert_eq!(error.to_string(), "the saved state was made with fractions 0.5, not with 0.2");
    }
}
