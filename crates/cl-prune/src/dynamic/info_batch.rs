use std::fmt;

use cl_data::catalogue::{Description, Parameter};
use cl_data::random::{choose, shuffle, stream, uniform};
use cl_data::{Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, check_feedback};
use serde::{Deserialize, Serialize};

use super::{check_sizes, chunk, entry::Entry};
use crate::{error::PruneError, untold::Untold};

/// How the examples that an epoch leaves out are drawn from those of low loss.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PruningDraw {
    /// Each by itself with probability r, as in the paper: weights sum to n in expectation.
    #[default]
    Independent,
    /// A fixed number of them, so that the weights of every epoch sum to n, as in the published code but for its
    /// rounding, which makes them sum to almost n.
    FixedCount,
}

impl fmt::Display for PruningDraw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Independent => "independent",
            Self::FixedCount => "fixed count",
        })
    }
}

/// InfoBatch: every epoch leaves out a random part of the examples of low loss and weighs the others of them up.
///
/// ```text
/// l_i      the loss that the sampler was told of i last
/// epoch e, e + 1 <= delta E:
///   l_i <  mean l      left out with probability r, else shown with weight 1 / (1 - r)
///   l_i >= mean l      shown with weight 1
/// epoch e, e + 1 > delta E:  annealing: all are shown with weight 1
/// ```
///
/// so that the sum of weighted gradients over an epoch is that of the whole data in expectation. Of E epochs
/// floor(delta E) prune, whether or not delta E is a whole number, and weights are 1 in all that follow: published code
/// that resets them only where the product is whole goes on with the last ones. The first epoch shows everything, as
/// no loss is told yet; an example whose loss is not known is never left out.
///
/// Losses come through [`feedback`](Sampler::feedback), those of the batches shown, in one or several parts: nothing
/// more is asked for. The steps of an epoch can be asked for once the losses of all batches given before are told, and
/// until a step of the next epoch is. O(n) per epoch.
///
/// On several ranks each has a sampler of its own, and every one must be told the losses of all ranks: the mean, and so
/// what is left out, is that of the whole epoch. One that was told those of its own share only gives no batch of the
/// next epoch, but [`SamplerError::OutOfTurn`].
///
/// Source: Qin et al. (2024), InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data Pruning.
///
/// ```
/// use cl_data::{Batch, Sampler};
/// use cl_prune::InfoBatchSampler;
///
/// let mut sampler = InfoBatchSampler::new(4, 4, 10, 0)?.with_ratio(0.5)?;
/// let mut batch = Batch::default();
/// sampler.batch(0, &mut batch)?;
/// assert_eq!(batch.indices.len(), 4); // nothing is known yet
/// sampler.feedback(0, &[0, 1, 2, 3], &[0.1, 0.1, 2.0, 3.0])?;
/// sampler.batch(1, &mut batch)?;
/// assert!(batch.indices.contains(&2) && batch.indices.contains(&3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct InfoBatchSampler {
    n_examples: usize,
    batch_size: usize,
    n_epochs: u64,
    seed: u64,
    ratio: f64,
    delta: f64,
    draw: PruningDraw,
    data: Option<Fingerprint>,
    progress: Progress,
}

/// Everything that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// The loss of each example as told last.
    losses: Vec<Option<f64>>,
    /// The epoch that is shown, its first step and its examples; none before the first.
    epoch: u64,
    first_step: u64,
    plan: Option<Plan>,
    untold: Untold,
}

/// What an epoch shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Plan {
    shown: Vec<usize>,
    /// One weight per example shown, or none where all are 1.
    weights: Vec<f64>,
}

impl InfoBatchSampler {
    /// Batches of `batch_size` out of `n_examples` over `n_epochs`, with the paper's r = 0.5 and delta = 0.875.
    ///
    /// # Errors
    /// Unless all three are at least 1.
    pub fn new(n_examples: usize, batch_size: usize, n_epochs: u64, seed: u64) -> Result<Self, PruneError> {
        check_sizes(n_examples, batch_size)?;
        if n_epochs == 0 {
            return Err(PruneError::argument("n_epochs", n_epochs, "at least 1"));
        }
        let (losses, untold) = (vec![None; n_examples], Untold::default());
        let progress = Progress { losses, epoch: 0, first_step: 0, plan: None, untold };
        let (ratio, delta, draw) = (0.5, 0.875, PruningDraw::default());
        Ok(Self { n_examples, batch_size, n_epochs, seed, ratio, delta, draw, data: None, progress })
    }

    /// The same with another r, the part of the examples of low loss that is left out.
    ///
    /// # Errors
    /// Unless 0 <= r < 1.
    pub fn with_ratio(mut self, ratio: f64) -> Result<Self, PruneError> {
        if !(0.0..1.0).contains(&ratio) {
            return Err(PruneError::argument("r", ratio, "a probability in [0, 1)"));
        }
        self.ratio = ratio;
        Ok(self)
    }

    /// The same with another delta, the part of the epochs that prune.
    ///
    /// # Errors
    /// Unless 0 <= delta <= 1.
    pub fn with_delta(mut self, delta: f64) -> Result<Self, PruneError> {
        if !(0.0..=1.0).contains(&delta) {
            return Err(PruneError::argument("delta", delta, "a part of the epochs in [0, 1]"));
        }
        self.delta = delta;
        Ok(self)
    }

    /// The same, drawn otherwise.
    pub fn with_draw(mut self, draw: PruningDraw) -> Self {
        self.draw = draw;
        self
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// How many epochs may leave examples out, floor(delta E); all that follow show everything.
    pub fn n_pruned_epochs(&self) -> u64 {
        // A product that was meant as a whole number, such as 0.29 of 100, is one.
        (self.delta * self.n_epochs as f64 + 1e-9).floor() as u64
    }

    fn settings(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("InfoBatch")
            .with("number of examples", self.n_examples)
            .with("batch size", self.batch_size)
            .with("number of epochs", self.n_epochs)
            .with("seed", self.seed)
            .with("r", self.ratio)
            .with("delta", self.delta)
            .with("draw", self.draw)
            .with_data(self.data)
    }

    /// The epoch after the one that is shown.
    fn next_epoch(&self) -> u64 {
        self.progress.epoch.saturating_add(u64::from(self.progress.plan.is_some()))
    }

    /// The steps of the epoch that is shown, empty before the first.
    fn steps(&self) -> std::ops::Range<u64> {
        self.steps_of(&self.progress)
    }

    fn steps_of(&self, progress: &Progress) -> std::ops::Range<u64> {
        let first = progress.first_step;
        first..first.saturating_add(progress.plan.as_ref().map_or(0, |plan| self.n_steps(plan)))
    }

    /// Whether this, read from a state after `n_steps` steps, is what some losses have led to.
    fn is_sound(&self, progress: &Progress, n_steps: u64) -> bool {
        let Progress { losses, epoch, plan, untold, .. } = progress;
        let n = self.n_examples;
        let steps = self.steps_of(progress);
        let is_plan = |Plan { shown, weights }: &Plan| {
            let mut order = shown.clone();
            order.sort_unstable();
            let distinct = order.is_sorted_by(|a, b| a < b) && order.last().is_none_or(|&last| last < n);
            shuffle(&mut stream(self.seed, "InfoBatch order", *epoch), &mut order);
            let weighed = weights.len() == shown.len()
                && *epoch < self.n_pruned_epochs()
                && weights.iter().all(|&weight| weight.is_finite() && weight >= 1.0);
            distinct && order == *shown && if weights.is_empty() { shown.len() == n } else { weighed }
        };
        let waits = |step: u64, example: usize| {
            let plan = plan.as_ref().filter(|_| steps.contains(&step));
            plan.is_some_and(|plan| {
                plan.shown[chunk(plan.shown.len(), step - steps.start, self.batch_size)].contains(&example)
            })
        };
        losses.len() == n
            && losses.iter().flatten().all(|loss| loss.is_finite())
            && plan.as_ref().map_or((*epoch, steps.start) == (0, 0), is_plan)
            && (steps.start..=steps.end).contains(&untold.until())
            && (untold.until()..=steps.end).contains(&n_steps)
            && untold.is_sound(waits)
    }

    fn n_steps(&self, plan: &Plan) -> u64 {
        plan.shown.len().div_ceil(self.batch_size) as u64
    }

    /// What an epoch shows that starts with the losses told so far.
    fn plan(&self, epoch: u64) -> Plan {
        let losses = &self.progress.losses;
        let known: Vec<f64> = losses.iter().copied().flatten().collect();
        let mut plan = Plan { shown: (0..self.n_examples).collect(), weights: Vec::new() };
        if epoch < self.n_pruned_epochs() && !known.is_empty() && self.ratio > 0.0 {
            let mean = known.iter().sum::<f64>() / known.len() as f64;
            let is_low = |&index: &usize| losses[index].is_some_and(|loss| loss < mean);
            let low: Vec<usize> = (0..self.n_examples).filter(is_low).collect();
            let mut rng = stream(self.seed, "InfoBatch pruning", epoch);
            let mut weights = vec![1.0; self.n_examples];
            match self.draw {
                PruningDraw::Independent => {
                    let weight = 1.0 / (1.0 - self.ratio);
                    low.iter().for_each(|&index| {
                        weights[index] = if uniform(&mut rng) < self.ratio { 0.0 } else { weight };
                    });
                }
                PruningDraw::FixedCount => {
                    // One is kept at least, to stand for all.
                    let n_kept = (((1.0 - self.ratio) * low.len() as f64 + 0.5).floor() as usize).max(1);
                    low.iter().for_each(|&index| weights[index] = 0.0);
                    let weight = low.len() as f64 / n_kept as f64;
                    choose(&mut rng, low.len(), n_kept).into_iter().for_each(|at| weights[low[at]] = weight);
                }
            }
            plan.shown.retain(|&index| weights[index] > 0.0);
            shuffle(&mut stream(self.seed, "InfoBatch order", epoch), &mut plan.shown);
            plan.weights.extend(plan.shown.iter().map(|&index| weights[index]));
        } else {
            shuffle(&mut stream(self.seed, "InfoBatch order", epoch), &mut plan.shown);
        }
        plan
    }

    /// The epoch that begins next, once the one that is shown was given to its end and told.
    fn upcoming(&self) -> Option<Plan> {
        let untold = &self.progress.untold;
        (untold.is_none() && untold.until() == self.steps().end).then(|| self.plan(self.next_epoch()))
    }
}

impl Sampler for InfoBatchSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let end = self.steps().end;
        if step >= end
            && let Some(plan) = self.upcoming()
            && step - end < self.n_steps(&plan)
        {
            (self.progress.epoch, self.progress.first_step) = (self.next_epoch(), end);
            (self.progress.plan, self.progress.untold) = (Some(plan), Untold::from(end));
        }
        let steps = self.steps();
        let Some(plan) = self.progress.plan.as_ref().filter(|_| steps.contains(&step)) else {
            return Err(SamplerError::out_of_turn(step, steps.start..self.ready_until()));
        };
        let places = chunk(plan.shown.len(), step - steps.start, self.batch_size);
        batch.indices.extend_from_slice(&plan.shown[places.clone()]);
        if !plan.weights.is_empty() {
            batch.weights.extend_from_slice(&plan.weights[places]);
        }
        self.progress.untold.give(step, &batch.indices);
        Ok(())
    }

    /// The length of the epoch to come is the one it has if no more losses are told; that of others is not known and
    /// given as 0.
    fn epoch(&self, step: u64) -> Epoch {
        let (steps, epoch) = (self.steps(), self.progress.epoch);
        if step < steps.start {
            return Epoch { index: epoch.saturating_sub(1), step: 0, n_steps: 0 };
        }
        if step < steps.end {
            return Epoch { index: epoch, step: step - steps.start, n_steps: steps.end - steps.start };
        }
        let index = self.next_epoch();
        let n_steps = self.n_steps(&self.plan(index));
        let step = step - steps.end;
        Epoch { index, step, n_steps: if step < n_steps { n_steps } else { 0 } }
    }

    /// O(n) between the epochs.
    fn ready_until(&self) -> u64 {
        self.steps().end.saturating_add(self.upcoming().map_or(0, |plan| self.n_steps(&plan)))
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        check_feedback(indices, losses, self.n_examples)?;
        if let Some(at) = losses.iter().position(|loss| loss.is_infinite()) {
            let (example, loss) = (indices[at], losses[at]);
            return Err(SamplerError::Loss { example, loss, expected: "a finite number" });
        }
        indices.iter().zip(losses).for_each(|(&index, &loss)| self.progress.losses[index] = Some(loss));
        self.progress.untold.tell(step, indices);
        Ok(())
    }

    /// Within the latest epoch, from the step on of which losses are still to be told.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        let (steps, untold) = (self.steps(), &self.progress.untold);
        if !(untold.until()..=steps.end).contains(&n_steps) {
            return Err(SamplerError::out_of_turn(n_steps, untold.until()..steps.end.saturating_add(1)));
        }
        let progress = Progress { untold: untold.before(n_steps), ..self.progress.clone() };
        self.settings().save(n_steps, &progress)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, progress): (u64, Progress) = self.settings().restore(state)?;
        if !self.is_sound(&progress, n_steps) {
            let problem = format!("expected that of {} examples, agreeing with itself", self.n_examples);
            return Err(SamplerError::Unusable(problem));
        }
        self.progress = progress;
        Ok(n_steps)
    }
}

pub(super) static ENTRY: Entry = Entry {
    description: Description {
        name: "info-batch",
        summary: "epochs without a random part of what has a low loss, the rest of which counts more (Qin)",
        parameters: &[
            Parameter::new("n_epochs", "the epochs of the run, at least 1"),
            Parameter::with_default(
                "r",
                "the part of the examples of low loss that is left out, in [0, 1)",
                "0.5",
            ),
            Parameter::with_default("delta", "the part of the epochs that prune, in [0, 1]", "0.875"),
            Parameter::with_default(
                "draw",
                "independent, as in the paper, or fixed-count, as in its code",
                "independent",
            ),
        ],
    },
    make: |options, of| {
        let draws = [("independent", PruningDraw::Independent), ("fixed-count", PruningDraw::FixedCount)];
        let draw = options.choice("draw", &draws)?;
        let sampler = InfoBatchSampler::new(of.n_examples, of.batch_size, options.number("n_epochs")?, of.seed)?;
        let sampler = sampler.with_ratio(options.number("r")?)?.with_delta(options.number("delta")?)?;
        Ok(Box::new(sampler.with_draw(draw)))
    },
};

#[cfg(test)]
mod tests {
    use cl_data::seal::{open_json, seal_json};
    use proptest::prelude::*;

    use super::*;

    /// An epoch: its examples, the sum of its weights, and whether all of these are 1.
    fn epoch(
        sampler: &mut InfoBatchSampler,
        step: &mut u64,
        loss: impl Fn(usize) -> f64,
    ) -> (Vec<usize>, f64, bool) {
        let index = sampler.epoch(*step).index;
        let (mut shown, mut sum, mut plain, mut batch) = (Vec::new(), 0.0, true, Batch::default());
        while sampler.epoch(*step).index == index {
            sampler.batch(*step, &mut batch).unwrap();
            let losses: Vec<f64> = batch.indices.iter().map(|&index| loss(index)).collect();
            sampler.feedback(*step, &batch.indices, &losses).unwrap();
            sum += if batch.weights.is_empty() { batch.indices.len() as f64 } else { batch.weights.iter().sum() };
            plain &= batch.weights.iter().all(|&weight| weight == 1.0);
            shown.extend_from_slice(&batch.indices);
            *step += 1;
        }
        (shown, sum, plain)
    }

    fn losses(index: usize) -> f64 {
        (index * 7 % 10) as f64 / 10.0
    }

    /// Two ranks that are told their own halves do not drift apart: neither begins the next epoch before it is told the
    /// other's half, and then both show the same.
    #[test]
    fn a_rank_that_knows_its_own_share_only_does_not_go_on() {
        let new = || InfoBatchSampler::new(20, 4, 10, 3).unwrap();
        let (mut ranks, mut batch) = ([new(), new()], Batch::default());
        let mut halves = Vec::new();
        for step in 0..5 {
            for (rank, sampler) in ranks.iter_mut().enumerate() {
                sampler.batch(step, &mut batch).unwrap();
                let half = batch.indices[2 * rank..2 * rank + 2].to_vec();
                let own: Vec<f64> = half.iter().map(|&index| losses(index)).collect();
                sampler.feedback(step, &half, &own).unwrap();
                halves.push((step, 1 - rank, half, own));
            }
        }
        for sampler in &mut ranks {
            let error = sampler.batch(5, &mut batch).unwrap_err();
            assert!(matches!(error, SamplerError::OutOfTurn { step: 5, end: 5, .. }));
            assert!(
                error.to_string().contains("losses still to be told, on every rank those of all ranks"),
                "{error}"
            );
        }
        for (step, other, half, own) in halves {
            ranks[other].feedback(step, &half, &own).unwrap();
        }
        let mut again = Batch::default();
        ranks[0].batch(5, &mut batch).unwrap();
        ranks[1].batch(5, &mut again).unwrap();
        assert_eq!(batch, again);
    }

    #[test]
    fn annealing_shows_everything_with_weight_one_for_every_product() {
        // 8.75, 7 and 28.999... (0.29 * 100, which was meant as 29).
        for (n_epochs, delta, n_pruned) in
            [(10, 0.875, 8), (8, 0.875, 7), (100, 0.29, 29), (3, 0.0, 0), (3, 1.0, 3)]
        {
            let sampler = InfoBatchSampler::new(1000, 64, n_epochs, 1).unwrap();
            let mut sampler = sampler.with_delta(delta).unwrap().with_draw(PruningDraw::FixedCount);
            assert_eq!(sampler.n_pruned_epochs(), n_pruned);
            let mut step = 0;
            for index in 0..n_epochs + 2 {
                let (mut shown, sum, plain) = epoch(&mut sampler, &mut step, losses);
                assert!((sum - 1000.0).abs() < 1e-9, "epoch {index}: {sum}");
                let full = index == 0 || index >= n_pruned;
                assert_eq!(plain, full, "epoch {index}");
                shown.sort_unstable();
                if full {
                    assert!(shown.iter().copied().eq(0..1000));
                } else {
                    // Half of the 500 below the mean of 0.45.
                    assert_eq!(shown.len(), 750);
                    assert!((0..1000).filter(|&i| losses(i) > 0.45).all(|i| shown.binary_search(&i).is_ok()));
                }
            }
        }
    }

    #[test]
    fn weights_sum_to_the_number_of_examples_in_expectation() {
        let (n, n_seeds) = (200, 400);
        for ratio in [0.3, 0.5, 0.8] {
            let sums: Vec<f64> = (0..n_seeds)
                .map(|seed| {
                    let mut sampler = InfoBatchSampler::new(n, 50, 10, seed).unwrap().with_ratio(ratio).unwrap();
                    let mut step = 0;
                    epoch(&mut sampler, &mut step, losses);
                    epoch(&mut sampler, &mut step, losses).1
                })
                .collect();
            let mean = sums.iter().sum::<f64>() / n_seeds as f64;
            // The variance of a sum is 100 r / (1 - r); five standard errors.
            let error = 5.0 * (100.0 * ratio / (1.0 - ratio) / n_seeds as f64).sqrt();
            assert!((mean - n as f64).abs() < error, "r = {ratio}: {mean}");
        }
    }

    proptest! {
        /// Saved after every step and restored into a fresh sampler: the rest is the same, bit for bit.
        #[test]
        fn resuming_is_not_interrupting(n in 1usize..30, batch_size in 1usize..8, seed: u64, fixed: bool) {
            let draw = if fixed { PruningDraw::FixedCount } else { PruningDraw::Independent };
            let new = || InfoBatchSampler::new(n, batch_size, 6, seed).unwrap().with_draw(draw);
            let advance = |sampler: &mut InfoBatchSampler, step: u64| {
                let mut batch = Batch::default();
                let epoch = sampler.epoch(step);
                sampler.batch(step, &mut batch).unwrap();
                assert_eq!(sampler.epoch(step), epoch);
                let losses: Vec<f64> =
                    batch.indices.iter().map(|&index| ((index as u64 * 31 + step * 17) % 23) as f64).collect();
                sampler.feedback(step, &batch.indices, &losses).unwrap();
                (epoch, batch)
            };
            let mut whole = new();
            let mut states = Vec::new();
            let mut run = Vec::new();
            for step in 0..25 {
                states.push(whole.save(step).unwrap());
                run.push(advance(&mut whole, step));
            }
            for (from, state) in states.iter().enumerate() {
                let mut resumed = new();
                prop_assert_eq!(resumed.restore(state).unwrap(), from as u64);
                for (step, expected) in run.iter().enumerate().skip(from).take(5) {
                    prop_assert_eq!(&advance(&mut resumed, step as u64), expected);
                }
            }
        }
    }

    /// What was told of a part of an epoch begins no other, nor does one part told twice.
    #[test]
    fn an_epoch_is_told_to_its_end_before_the_next_begins() {
        let mut sampler = InfoBatchSampler::new(14, 3, 8, 5).unwrap();
        let mut batch = Batch::default();
        for step in 0..5 {
            sampler.batch(step, &mut batch).unwrap();
            let first = [batch.indices[0]];
            (0..3).for_each(|_| sampler.feedback(step, &first, &[1.0]).unwrap());
            assert!(sampler.batch(5, &mut batch.clone()).is_err(), "after a part of step {step}");
            sampler.feedback(step, &batch.indices, &vec![1.0; batch.indices.len()]).unwrap();
            assert_eq!(sampler.batch(5, &mut batch).is_ok(), step == 4, "after step {step}");
        }
    }

    /// A loader asks for the next batch before the losses of this one are told: within the epoch it gets it, and at its
    /// end it has to wait, and nobody loses a batch by it. So does one that was stopped and restored on the way.
    #[test]
    fn drawing_ahead_loses_nothing() {
        let new = || InfoBatchSampler::new(13, 3, 8, 5).unwrap();
        let told = |step: u64, batch: &Batch| -> Vec<f64> {
            batch.indices.iter().map(|&index| ((index as u64 * 31 + step * 17) % 23) as f64).collect()
        };
        let (mut plain, mut ahead) = (new(), new());
        let (mut batch, mut this, mut next) = (Batch::default(), Batch::default(), Batch::default());
        ahead.batch(0, &mut this).unwrap();
        let mut n_waits = 0;
        for step in 0..30 {
            plain.batch(step, &mut batch).unwrap();
            assert_eq!(this, batch, "step {step}");
            let (is_last, ready_until) =
                (plain.epoch(step).step + 1 == plain.epoch(step).n_steps, ahead.ready_until());
            let early = ahead.batch(step + 1, &mut next);
            assert_eq!((early.is_ok(), ready_until > step + 1), (!is_last, !is_last));
            n_waits += u32::from(is_last);
            if step % 4 == 1 {
                // What was drawn ahead was not consumed.
                let state = ahead.save(step).unwrap();
                ahead = new();
                assert_eq!(ahead.restore(&state).unwrap(), step);
                ahead.batch(step, &mut this).unwrap();
                assert_eq!(this, batch);
            }
            plain.feedback(step, &batch.indices, &told(step, &batch)).unwrap();
            ahead.feedback(step, &batch.indices, &told(step, &batch)).unwrap();
            ahead.batch(step + 1, &mut this).unwrap();
            assert!(early.is_err() || this == next);
        }
        assert!(n_waits > 5);
    }

    #[test]
    fn misuse_is_reported_and_changes_nothing() {
        let new = || InfoBatchSampler::new(3, 2, 4, 0).unwrap();
        let mut batch = Batch { indices: vec![9], weights: vec![] };
        let mut sampler = new();
        let saved = sampler.save(0).unwrap();
        let error = sampler.batch(2, &mut batch).unwrap_err();
        assert!(batch.indices.is_empty());
        assert!(matches!(error, SamplerError::OutOfTurn { step: 2, first_step: 0, end: 2 }), "{error}");
        assert!(sampler.batch(u64::MAX, &mut batch).is_err() && sampler.save(1).is_err());
        for (indices, losses) in [
            (vec![0, 3], vec![0.0; 2]),
            (vec![1, 0], vec![0.0, f64::NAN]),
            (vec![1, 0], vec![0.0, f64::INFINITY]),
            (vec![0, 1], vec![0.0]),
        ] {
            assert!(sampler.feedback(0, &indices, &losses).is_err(), "{indices:?} {losses:?}");
            assert_eq!(sampler.save(0).unwrap(), saved);
        }
        for wrong in [new().with_ratio(1.0), new().with_delta(1.1), InfoBatchSampler::new(3, 2, 0, 0)] {
            assert!(wrong.is_err());
        }
        let other = new().with_ratio(0.3).unwrap().save(0).unwrap();
        let error = sampler.restore(&other).unwrap_err();
        assert_eq!(error.to_string(), "the saved state was made with r 0.3, not with 0.5");
        sampler.batch(0, &mut batch).unwrap();
        let saved = sampler.save(0).unwrap();
        for (part, corrupt) in [
            ("\"shown\":[", "\"shown\":[3,"),
            ("\"losses\":[", "\"losses\":[null,"),
            ("\"weights\":[]", "\"weights\":[1.0,1.0,-1.0]"),
            ("\"epoch\":0", "\"epoch\":1"),
            ("\"version\":2", "\"version\":1"),
        ] {
            assert!(saved.contains(part), "{part}");
            let corrupt = seal_json(&open_json(&saved).unwrap().replace(part, corrupt));
            assert!(sampler.restore(&corrupt).is_err(), "{corrupt}");
            assert_eq!(sampler.save(0).unwrap(), saved);
        }
    }
}
