use std::fmt;
use std::sync::OnceLock;

use cl_data::{
    Batch, Epoch, Fingerprint, FingerprintBuilder, Sampler, SamplerError, SamplerFingerprint,
    catalogue::Parameter, random,
};
use serde::{Deserialize, Serialize};

use super::{
    check_sizes,
    curriculum::passes,
    entry::{SamplerEntry, SamplerInput},
};
use crate::error::PacingError;

/// Whether what was drawn can be drawn again in its epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replacement {
    /// Draws are independent.
    #[default]
    With,
    /// Each example is drawn once an epoch at most.
    Without,
}

impl fmt::Display for Replacement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::With => "with",
            Self::Without => "without",
        })
    }
}

/// Draws in proportion to weights that may change.
///
/// ```text
/// with replacement     P(i) = w_i / sum_j w_j for each draw by itself
/// without              one after the other, each in proportion to the weights of those not drawn yet in the epoch:
///                      the smallest of  ln(-ln u_i) - ln w_i,  u_i uniform in (0, 1)
/// ```
///
/// An example of weight 0 is never drawn. Sums and draws have 53 bits, for as many examples as an order can hold, where
/// `torch.multinomial` ends at 2^24. An epoch is a given number of draws. Batches depend on (seed, step) and the weights
/// of their step or, without replacement, of the first step of their epoch. With replacement O(batch log n) per step;
/// without O(n log n) per epoch. 8 bytes an example, without replacement 12, and 20 while an epoch is drawn.
///
/// Of weights that were replaced, those of the epoch of the latest batch are kept: earlier ones cannot be asked for.
/// The state is O(1): it has a hash of the weights in use, not these.
///
/// Source: Efraimidis and Spirakis (2006), weighted random sampling, for draws without replacement.
///
/// ```
/// use cl_pacing::{Batch, Replacement, Sampler, WeightedSampler};
///
/// let mut sampler = WeightedSampler::new(vec![1.0, 0.0, 3.0], Replacement::With, 100, 50, 1)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// assert!(batch.indices.len() == 50 && !batch.indices.contains(&1));
/// sampler.replace_weights(1, vec![0.0, 1.0, 0.0])?;
/// sampler.batch(1, &mut batch)?;
/// assert_eq!(batch.indices, [1; 50]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct WeightedSampler {
    n_examples: usize,
    replacement: Replacement,
    n_draws: usize,
    batch_size: usize,
    seed: u64,
    data: Option<Fingerprint>,
    /// In the order of their first steps; those before the first are forgotten.
    pieces: Vec<Piece>,
    n_consumed: u64,
    /// The epoch drawn last, without replacement.
    drawn: Option<(u64, Vec<u32>)>,
}

#[derive(Debug, Clone)]
struct Piece {
    from_step: u64,
    weights: Vec<f64>,
    /// Sums of the weights up to and with each.
    sums: OnceLock<Vec<f64>>,
    hash: OnceLock<Fingerprint>,
}

/// What a state has of the weights.
#[derive(Serialize, Deserialize)]
struct Saved {
    weights: Fingerprint,
}

impl WeightedSampler {
    /// Batches of `batch_size` in epochs of `n_draws`, from the examples with these weights.
    ///
    /// # Errors
    /// Unless weights are finite and at least 0, with one above 0 (the first that is not is named), `batch_size` and
    /// `n_draws` are at least 1, and, without replacement, as many weights are above 0 as are drawn.
    pub fn new(
        weights: Vec<f64>,
        replacement: Replacement,
        n_draws: usize,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, PacingError> {
        let n_examples = weights.len();
        check_sizes(n_examples, batch_size)?;
        PacingError::check("n_draws", n_draws, n_draws > 0, "at least 1")?;
        let mut sampler = Self {
            n_examples,
            replacement,
            n_draws,
            batch_size,
            seed,
            data: None,
            pieces: Vec::new(),
            n_consumed: 0,
            drawn: None,
        };
        sampler.check(&weights)?;
        sampler.pieces.push(Piece::new(0, weights));
        Ok(sampler)
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// Edits the future: other weights from `from_step` on or, without replacement, from the first epoch that begins
    /// there or later.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where `from_step` comes before the latest batch, whose past cannot change.
    pub fn replace_weights(&mut self, from_step: u64, weights: Vec<f64>) -> Result<(), PacingError> {
        if from_step < self.n_consumed {
            return Err(PacingError::PastStep { from_step, n_consumed: self.n_consumed });
        }
        PacingError::check_length("weights", weights.len(), self.n_examples)?;
        self.check(&weights)?;
        self.pieces.retain(|piece| piece.from_step < from_step);
        self.pieces.push(Piece::new(from_step, weights));
        // An epoch to come may have been drawn from others.
        self.drawn = self.drawn.take().filter(|(epoch, _)| *epoch <= self.epoch(self.n_consumed).index);
        let needed = self.decides(self.n_consumed.saturating_sub(1));
        let n_forgotten = self.pieces.partition_point(|piece| piece.from_step <= needed).saturating_sub(1);
        self.pieces.drain(..n_forgotten);
        Ok(())
    }

    /// The settings that decide every batch, but for the weights. O(1).
    pub fn fingerprint(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("weighted")
            .with("number of examples", self.n_examples)
            .with("replacement", self.replacement)
            .with("draws of an epoch", self.n_draws)
            .with("batch size", self.batch_size)
            .with("seed", self.seed)
            .with_data(self.data)
    }

    fn check(&self, weights: &[f64]) -> Result<(), PacingError> {
        if let Some(at) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            let value = format!("{} of example {at}", weights[at]);
            return Err(PacingError::argument("weights", value, "finite numbers of at least 0"));
        }
        let n_positive = weights.iter().filter(|&&weight| weight > 0.0).count();
        let sum: f64 = weights.iter().sum();
        if n_positive == 0 || sum.is_infinite() {
            return Err(PacingError::argument("weights", format!("{sum} in sum"), "a finite sum above 0"));
        }
        if self.replacement == Replacement::Without && self.n_draws > n_positive {
            let value = format!("{}, and {n_positive} weights are above 0", self.n_draws);
            return Err(PacingError::argument("n_draws", value, "at most so many without replacement"));
        }
        Ok(())
    }

    /// The step whose weights decide the batch of `step`.
    fn decides(&self, step: u64) -> u64 {
        match self.replacement {
            Replacement::With => step,
            Replacement::Without => step - self.epoch(step).step,
        }
    }

    /// The weights that decide the batch of `step`.
    fn piece(&self, step: u64) -> Result<&Piece, SamplerError> {
        let step_of_weights = self.decides(step);
        let next = self.pieces.partition_point(|piece| piece.from_step <= step_of_weights);
        let first = self.pieces.first().map_or(0, |piece| piece.from_step);
        next.checked_sub(1).map(|at| &self.pieces[at]).ok_or(SamplerError::out_of_turn(step, first..u64::MAX))
    }

    /// Those drawn in an epoch without replacement, in the order of the draws.
    fn draw(&self, epoch: u64, weights: &[f64], drawn: &mut Vec<u32>) {
        let mut rng = random::stream(self.seed, "weighted epoch", epoch);
        let mut keyed: Vec<(f64, u32)> = Vec::new();
        for (example, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            // In (0, 1], of which 1 gives the key of a certain draw.
            let u = 1.0 - random::uniform(&mut rng);
            keyed.push(((-u.ln()).ln() - weight.ln(), example as u32));
        }
        let in_turn = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if self.n_draws < keyed.len() {
            keyed.select_nth_unstable_by(self.n_draws - 1, in_turn);
            keyed.truncate(self.n_draws);
        }
        keyed.sort_unstable_by(in_turn);
        drawn.clear();
        drawn.extend(keyed.iter().map(|&(_, example)| example));
    }
}

impl Piece {
    fn new(from_step: u64, weights: Vec<f64>) -> Self {
        Self { from_step, weights, sums: OnceLock::new(), hash: OnceLock::new() }
    }

    fn hash(&self) -> Fingerprint {
        *self.hash.get_or_init(|| {
            let mut hash = FingerprintBuilder::default();
            hash.add(self.weights.iter().map(|weight| weight.to_bits()));
            hash.fingerprint()
        })
    }

    fn sums(&self) -> &[f64] {
        self.sums.get_or_init(|| {
            let sum = |sum: &mut f64, weight: &f64| {
                *sum += weight;
                Some(*sum)
            };
            self.weights.iter().scan(0.0, sum).collect()
        })
    }
}

impl Sampler for WeightedSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let Epoch { index, step: within, .. } = self.epoch(step);
        // A place of the epoch, of which there are n_draws.
        let start = within as usize * self.batch_size;
        let n = self.batch_size.min(self.n_draws - start);
        let piece = self.piece(step)?;
        match self.replacement {
            Replacement::With => {
                let sums = piece.sums();
                let total = sums.last().copied().unwrap_or(0.0);
                let mut rng = random::stream(self.seed, "weighted", step);
                batch.indices.extend((0..n).map(|_| {
                    let at = random::uniform(&mut rng) * total;
                    // Rounding may take the draw to the very end, behind which weights of 0 may lie.
                    let drawn = sums.partition_point(|&sum| sum <= at);
                    drawn.min(sums.partition_point(|&sum| sum < total))
                }));
            }
            Replacement::Without => {
                let (epoch, mut drawn) = match &mut self.drawn {
                    Some((epoch, drawn)) => (*epoch, std::mem::take(drawn)),
                    None => (u64::MAX, Vec::new()),
                };
                if epoch != index || drawn.is_empty() {
                    self.draw(index, &self.piece(step)?.weights, &mut drawn);
                }
                batch.indices.extend(drawn[start..start + n].iter().map(|&example| example as usize));
                self.drawn = Some((index, drawn));
            }
        }
        self.n_consumed = step.saturating_add(1);
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        passes(self.n_draws, self.batch_size, step)
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        let weights = self.piece(n_steps.saturating_sub(1))?.hash();
        self.fingerprint().save(n_steps, &Saved { weights })
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, saved): (u64, Saved) = self.fingerprint().restore(state)?;
        let found = self.piece(n_steps.saturating_sub(1))?.hash();
        if found != saved.weights {
            let (what, saved, found) = ("weighting", saved.weights.to_string(), found.to_string());
            return Err(SamplerError::OtherPast { what, n_steps, saved, found });
        }
        self.n_consumed = n_steps;
        Ok(n_steps)
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "weighted",
    "draws in proportion to weights, of which 0 is never drawn",
    &[
        Parameter::with_default("replacement", "with, or without: each once an epoch at most", "with"),
        Parameter::new("n_draws", "the draws of an epoch, at least 1; as many as examples where it is not given"),
    ],
    &[SamplerInput::Weights],
    |o, of| {
        let weights = o.given(of.weights, "weights", "the weight of each example")?;
        let choices = [("with", Replacement::With), ("without", Replacement::Without)];
        let replacement = o.choice("replacement", &choices)?;
        let all = match replacement {
            Replacement::With => weights.len(),
            Replacement::Without => weights.iter().filter(|&&weight| weight > 0.0).count().max(1),
        };
        let n_draws = o.number_if_given("n_draws")?.unwrap_or(all);
        Ok(Box::new(WeightedSampler::new(weights.to_vec(), replacement, n_draws, of.batch_size, of.seed)?))
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch(sampler: &mut WeightedSampler, step: u64) -> Vec<usize> {
        let mut batch = Batch::default();
        sampler.batch(step, &mut batch).unwrap();
        batch.indices
    }

    fn weights(n: usize) -> impl Strategy<Value = Vec<f64>> {
        let weight = prop_oneof![Just(0.0), 0.0..3.0, Just(f64::MIN_POSITIVE), 1e-300..1e-290, 1e280..1e290];
        prop::collection::vec(weight, n).prop_filter("one above 0", |all| all.iter().any(|&weight| weight > 0.0))
    }

    proptest! {
        #[test]
        fn zero_is_never_drawn_and_nothing_twice_without_replacement(
            weights in (1usize..40).prop_flat_map(weights), batch_size in 1usize..12, part in 0.01f64..=1.0, seed: u64,
        ) {
            let n_positive = weights.iter().filter(|&&weight| weight > 0.0).count();
            let n_draws = ((n_positive as f64 * part).ceil() as usize).max(1);
            for replacement in [Replacement::With, Replacement::Without] {
                let mut sampler =
                    WeightedSampler::new(weights.clone(), replacement, n_draws, batch_size, seed).unwrap();
                let n_steps = sampler.epoch(0).n_steps;
                for epoch in 0..3 {
                    let mut drawn: Vec<usize> =
                        (epoch * n_steps..(epoch + 1) * n_steps).flat_map(|step| batch(&mut sampler, step)).collect();
                    prop_assert_eq!(drawn.len(), n_draws);
                    prop_assert!(drawn.iter().all(|&example| weights[example] > 0.0));
                    if replacement == Replacement::Without {
                        drawn.sort_unstable();
                        prop_assert!(drawn.is_sorted_by(|a, b| a < b));
                    }
                }
            }
        }

        /// At every step, with weights that change on the way: resumed, it goes on bit for bit.
        #[test]
        fn resuming_is_not_interrupting(
            first in weights(12), second in weights(12), from_step in 0u64..20, at in 0u64..25, without: bool, seed: u64,
        ) {
            let replacement = if without { Replacement::Without } else { Replacement::With };
            let n_draws = |weights: &[f64]| weights.iter().filter(|&&weight| weight > 0.0).count();
            let n_draws = n_draws(&first).min(n_draws(&second));
            let new = || {
                let mut sampler = WeightedSampler::new(first.clone(), replacement, n_draws, 2, seed).unwrap();
                sampler.replace_weights(from_step, second.clone()).unwrap();
                sampler
            };
            let mut whole = new();
            (0..at).for_each(|step| drop(batch(&mut whole, step)));
            let mut resumed = new();
            prop_assert_eq!(resumed.restore(&whole.save(at).unwrap()).unwrap(), at);
            for step in at..at + 12 {
                prop_assert_eq!(batch(&mut resumed, step), batch(&mut whole, step));
            }
            // As one made with the weights of the moment.
            let mut late = WeightedSampler::new(first.clone(), replacement, n_draws, 2, seed).unwrap();
            (0..from_step).for_each(|step| drop(batch(&mut late, step)));
            late.replace_weights(from_step, second.clone()).unwrap();
            for step in from_step..from_step + 12 {
                prop_assert_eq!(batch(&mut late, step), batch(&mut new(), step));
            }
        }
    }

    /// Shares within five standard errors, of 2^25 examples and so beyond what single precision counts.
    #[test]
    fn shares_are_the_weights_beyond_2_to_the_24() {
        let n = (1 << 25) + 3;
        let mut weights = vec![0.0; n];
        let places = [0, 1 << 24, (1 << 24) + 1, n - 2];
        let shares = [0.1, 0.2, 0.3, 0.4];
        places.iter().zip(shares).for_each(|(&place, share)| weights[place] = share);
        let n_draws = 40_000;
        let mut sampler = WeightedSampler::new(weights, Replacement::With, n_draws, n_draws, 3).unwrap();
        let drawn = batch(&mut sampler, 0);
        for (place, share) in places.iter().zip(shares) {
            let count = drawn.iter().filter(|&drawn| drawn == place).count() as f64;
            let error = (share * (1.0 - share) * n_draws as f64).sqrt();
            assert!((count - share * n_draws as f64).abs() < 5.0 * error, "{place}: {count}");
        }
        assert!(drawn.iter().all(|drawn| places.contains(drawn)));
    }

    /// Without replacement the first draw has the weights' shares, the second those of what is left.
    #[test]
    fn draws_without_replacement_are_successive() {
        let weights = vec![1.0, 2.0, 0.0, 5.0];
        let mut sampler = WeightedSampler::new(weights, Replacement::Without, 2, 2, 9).unwrap();
        let n = 40_000;
        let mut counts = std::collections::BTreeMap::new();
        (0..n).for_each(|step| *counts.entry(batch(&mut sampler, step)).or_insert(0.0) += 1.0);
        let mut chi_square = 0.0;
        for (first, p) in [(0, 1.0), (1, 2.0), (3, 5.0)] {
            for (second, q) in [(0, 1.0), (1, 2.0), (3, 5.0)].into_iter().filter(|(second, _)| *second != first) {
                let expected = n as f64 * p / 8.0 * q / (8.0 - p);
                let found: f64 = counts.get(&vec![first, second]).copied().unwrap_or(0.0);
                chi_square += (found - expected).powi(2) / expected;
            }
        }
        // Five degrees of freedom: 20.5 at 0.1 %.
        assert!(chi_square < 20.5, "{chi_square} {counts:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let new = |weights: &[f64], replacement, n_draws| {
            WeightedSampler::new(weights.to_vec(), replacement, n_draws, 1, 0).map(|_| ()).unwrap_err().to_string()
        };
        for (error, what) in [
            (new(&[1.0, -0.5], Replacement::With, 1), "weights is -0.5 of example 1"),
            (new(&[1.0, f64::NAN], Replacement::With, 1), "weights is NaN of example 1"),
            (new(&[0.0, 0.0], Replacement::With, 1), "weights is 0 in sum"),
            (new(&[f64::MAX, f64::MAX], Replacement::With, 1), "weights is inf in sum"),
            (new(&[1.0, 0.0, 1.0], Replacement::Without, 3), "n_draws is 3, and 2 weights are above 0"),
            (new(&[1.0], Replacement::With, 0), "n_draws is 0"),
            (new(&[], Replacement::With, 1), "n_examples is 0"),
        ] {
            assert!(error.contains(what), "{error}");
        }
        let mut sampler = WeightedSampler::new(vec![1.0, 2.0], Replacement::With, 4, 2, 0).unwrap();
        (0..5).for_each(|step| drop(batch(&mut sampler, step)));
        assert!(matches!(sampler.replace_weights(4, vec![1.0, 1.0]), Err(PacingError::PastStep { .. })));
        assert!(sampler.replace_weights(5, vec![1.0]).is_err());
        let state = sampler.save(5).unwrap();
        sampler.replace_weights(5, vec![1.0, 1.0]).unwrap();
        let mut other = WeightedSampler::new(vec![2.0, 2.0], Replacement::With, 4, 2, 0).unwrap();
        assert!(other.restore(&state).unwrap_err().to_string().contains("the weighting of the first 5 steps"));
        // What was replaced long ago is forgotten, and that is said.
        (5..7).for_each(|step| drop(batch(&mut sampler, step)));
        sampler.replace_weights(7, vec![3.0, 1.0]).unwrap();
        assert!(matches!(sampler.batch(2, &mut Batch::default()), Err(SamplerError::OutOfTurn { .. })));
    }
}
