use cl_data::{
    Batch, Epoch, Fingerprint, Sampler, SamplerError, SamplerFingerprint, catalogue::Parameter, check_feedback,
    random,
};
use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};

use super::{
    check_batch_size, check_sizes, chunk,
    entry::{SamplerEntry, SamplerInput},
    hardness_settings::{HardnessSelection, HardnessSettings},
    n_batches,
};
use crate::{error::PacingError, order::Hardness};

/// Dynamic instance hardness: fewer and fewer examples an epoch, drawn by how hard each has been all along.
///
/// ```text
/// r_0 = 1,  r_{t+1}(i) = gamma a_t(i) + (1 - gamma) r_t(i) if epoch t showed i, else r_t(i)
/// epoch t      all examples while t < T0, then ceil(n max(gamma_k^(t - T0), k)) of them drawn by r, shuffled
/// ```
///
/// Hard examples come first, and what the model has not visited keeps the hardness it had: no extra evaluation is
/// needed, as the losses are those of the batches shown, told in one or several parts. The steps of an epoch can be
/// asked for once all losses of the one before are told, and until a step of the next is. O(n log n) per epoch, 48
/// bytes an example.
///
/// The paper's optional diversity term (a facility location function over the drawn) is not part of it. Where it
/// leaves open: an example that shows no change yet, being shown for the first time, keeps its r; a share is 1 in the
/// epochs that show all. The published code differs: its accumulators shrink by 0.9 per epoch and are then added to,
/// changes are capped at 10, and draws use a softmax of 20 times hardness over mean with a temperature of its own.
///
/// Source: Zhou, Wang and Bilmes (2020), Curriculum learning by dynamic instance hardness, algorithm 1.
///
/// ```
/// use cl_pacing::{Batch, HardnessSampler, HardnessSettings, Sampler};
///
/// let settings = HardnessSettings { warm_epochs: 1, k: 0.5, gamma_k: 0.5, ..HardnessSettings::default() };
/// let mut sampler = HardnessSampler::new(4, 4, settings, 0)?;
/// let mut batch = Batch::default();
/// for (step, n_shown) in [4, 4, 4, 4].into_iter().enumerate() {
///     sampler.batch(step as u64, &mut batch)?;
///     assert_eq!(batch.indices.len(), n_shown); // never fewer than a batch
///     let losses = vec![0.5; n_shown];
///     sampler.feedback(step as u64, &batch.indices, &losses)?;
/// }
/// assert!(sampler.hardness().iter().all(|r| (r - 0.5).abs() < 1e-5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct HardnessSampler {
    batch_size: usize,
    settings: HardnessSettings,
    seed: u64,
    data: Option<Fingerprint>,
    progress: Progress,
}

/// Everything that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Progress {
    epoch: u64,
    first_step: u64,
    /// The examples of the epoch, as shown.
    selected: Vec<usize>,
    /// How many of them have no loss yet.
    n_waiting: usize,
    examples: Vec<Example>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Example {
    /// r.
    hardness: f64,
    /// The loss when last shown, and that epoch.
    last: Option<(f64, u64)>,
    /// The share of the draw, where the epoch shows it and its loss is not told yet.
    waits: Option<f64>,
}

impl HardnessSampler {
    /// Batches of `batch_size` out of `n_examples`.
    ///
    /// # Errors
    /// Unless the batch size is from 1 to `n_examples`, gamma, gamma_k and k lie in (0, 1], c is finite and above 0,
    /// and so are all learning rates.
    pub fn new(
        n_examples: usize,
        batch_size: usize,
        settings: HardnessSettings,
        seed: u64,
    ) -> Result<Self, PacingError> {
        check_sizes(n_examples, batch_size)?;
        check_batch_size(n_examples, batch_size)?;
        settings.check()?;
        let examples = vec![Example { hardness: 1.0, last: None, waits: None }; n_examples];
        let progress = Progress { epoch: 0, first_step: 0, selected: Vec::new(), n_waiting: 0, examples };
        let mut sampler = Self { batch_size, settings, seed, data: None, progress };
        sampler.select(0, 0);
        Ok(sampler)
    }

    /// The same, bound to data: states saved with other ids or labels are refused.
    pub fn with_data(mut self, data: Fingerprint) -> Self {
        self.data = Some(data);
        self
    }

    /// The hardness r of each example.
    pub fn hardness(&self) -> Vec<f64> {
        self.progress.examples.iter().map(|example| example.hardness).collect()
    }

    /// The examples of the latest epoch, as shown.
    pub fn selected(&self) -> &[usize] {
        &self.progress.selected
    }

    /// The settings, which stay.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("dynamic instance hardness")
            .with("number of examples", self.progress.examples.len())
            .with("batch size", self.batch_size)
            .with("instance hardness", &self.settings)
            .with("seed", self.seed)
            .with_data(self.data)
    }

    /// The steps of an epoch.
    fn n_steps(&self, epoch: u64) -> u64 {
        let n_selected = self.settings.n_selected(epoch, self.progress.examples.len(), self.batch_size);
        n_batches(n_selected, self.batch_size)
    }

    /// The steps of the latest epoch.
    fn steps(&self) -> std::ops::Range<u64> {
        self.steps_of(&self.progress)
    }

    fn steps_of(&self, progress: &Progress) -> std::ops::Range<u64> {
        progress.first_step..progress.first_step.saturating_add(self.n_steps(progress.epoch))
    }

    /// The steps at which this progress is a state: from that on which it was told of last.
    fn saved_at(&self, progress: &Progress) -> std::ops::RangeInclusive<u64> {
        let told = progress.selected.iter().rposition(|&index| progress.examples[index].waits.is_none());
        let steps = self.steps_of(progress);
        steps.start + told.map_or(0, |place| (place / self.batch_size) as u64)..=steps.end
    }

    /// Whether this, read from a state, is what some losses have led to.
    fn is_sound(&self, progress: &Progress) -> bool {
        let Progress { epoch, first_step, selected, n_waiting, examples } = progress;
        let n = self.n_examples();
        let mut distinct = selected.clone();
        distinct.sort_unstable();
        let is_selected = |index: usize| distinct.binary_search(&index).is_ok();
        let sound = |(index, example): (usize, &Example)| {
            example.hardness.is_finite()
                && example.hardness >= 0.0
                && example.last.is_none_or(|(loss, tau)| (0.0..f64::INFINITY).contains(&loss) && tau <= *epoch)
                && example.waits.is_none_or(|share| (0.0..=1.0).contains(&share) && is_selected(index))
        };
        // How long epochs are follows from their numbers alone.
        let at_first = Progress { epoch: 0, first_step: 0, ..self.progress.clone() };
        let began = Self { progress: at_first, ..self.clone() }.epoch(*first_step);
        examples.len() == n
            && (began.index, began.step) == (*epoch, 0)
            && selected.len() == self.settings.n_selected(*epoch, n, self.batch_size)
            && distinct.is_sorted_by(|a, b| a < b)
            && distinct.last().is_none_or(|&last| last < n)
            && *n_waiting == examples.iter().filter(|example| example.waits.is_some()).count()
            && examples.iter().enumerate().all(sound)
    }

    /// Starts an epoch.
    fn select(&mut self, epoch: u64, first_step: u64) {
        let n = self.progress.examples.len();
        let n_selected = self.settings.n_selected(epoch, n, self.batch_size);
        let mut rng = random::stream(self.seed, "instance hardness", epoch);
        let (mut selected, shares) = if epoch < self.settings.warm_epochs {
            ((0..n).collect(), vec![1.0; n])
        } else {
            let weights = self.weights(&mut rng);
            let total: f64 = weights.iter().sum();
            // The first arrivals of n clocks with these rates: a draw without replacement in proportion to them
            // (Efraimidis and Spirakis, 2006). A clock of rate 0 arrives last, such clocks in random order.
            let arrivals: Vec<f64> =
                weights.iter().map(|weight| -(1.0 - random::uniform(&mut rng)).ln() / weight).collect();
            let arrivals: Vec<f64> =
                arrivals.into_iter().map(|at| if at.is_nan() { f64::INFINITY } else { at }).collect();
            let mut order = random::argsort(&mut rng, &arrivals);
            order.truncate(n_selected);
            (order, weights.iter().map(|weight| weight / total).collect())
        };
        random::shuffle(&mut rng, &mut selected);
        for &index in &selected {
            self.progress.examples[index].waits = Some(shares[index]);
        }
        self.progress.epoch = epoch;
        self.progress.first_step = first_step;
        self.progress.n_waiting = selected.len();
        self.progress.selected = selected;
    }

    /// What examples are drawn in proportion to: at least 0, and some above.
    fn weights(&self, rng: &mut impl rand::Rng) -> Vec<f64> {
        let hardness = self.progress.examples.iter().map(|example| example.hardness);
        let n = self.progress.examples.len() as f64;
        let mut weights: Vec<f64> = match self.settings.selection {
            HardnessSelection::Rand => hardness.collect(),
            HardnessSelection::Exp => {
                let largest = hardness.clone().fold(f64::NEG_INFINITY, f64::max);
                let rate = (2.0 * n.ln() / n).sqrt();
                hardness.map(|r| (rate * (r - largest)).exp()).collect()
            }
            HardnessSelection::Beta { c } => {
                let draw = |r: f64| {
                    let r = (r / c).clamp(1e-6, 1.0 - 1e-6) * c;
                    // Both parameters are above 0; were they not, the mean would stand in.
                    Beta::new(r, c - r).map_or(r / c, |beta| beta.sample(rng))
                };
                hardness.map(draw).collect()
            }
        };
        // All fully learned: none is harder than another.
        if weights.iter().all(|&weight| weight == 0.0) {
            weights.fill(1.0);
        }
        weights
    }

    /// Takes the loss of an example of the epoch.
    fn take(&mut self, index: usize, loss: f64) {
        let Progress { epoch, n_waiting, examples, .. } = &mut self.progress;
        let Some(example) = examples.get_mut(index) else { return };
        let Some(share) = example.waits.take() else { return };
        *n_waiting -= 1;
        let settings = &self.settings;
        let change = |(before, tau): (f64, u64)| (loss - before).abs() / settings.learning_rates(tau, *epoch);
        let instantaneous = match settings.measure {
            Hardness::Loss => Some(loss / settings.learning_rate(*epoch)),
            Hardness::LossChange | Hardness::Flip => example.last.map(change),
        };
        if let Some(a) = instantaneous {
            let a = if settings.selection == HardnessSelection::Exp { a / share } else { a };
            example.hardness = (settings.gamma * a + (1.0 - settings.gamma) * example.hardness).min(f64::MAX);
        }
        example.last = Some((loss, *epoch));
    }

    /// Losses that make a hardness.
    fn check(&self, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        check_feedback(indices, losses, self.n_examples())?;
        let flips = self.settings.measure == Hardness::Flip;
        let is_none =
            |loss: &f64| if flips { *loss != 0.0 && *loss != 1.0 } else { !(0.0..f64::INFINITY).contains(loss) };
        let Some(at) = losses.iter().position(is_none) else { return Ok(()) };
        let expected =
            if flips { "0 for a right prediction and 1 for a wrong one" } else { "a finite one of at least 0" };
        Err(SamplerError::Loss { example: indices[at], loss: losses[at], expected })
    }
}

impl Sampler for HardnessSampler {
    fn n_examples(&self) -> usize {
        self.progress.examples.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        batch.clear();
        let end = self.steps().end;
        if (end..self.ready_until()).contains(&step) {
            self.select(self.progress.epoch.saturating_add(1), end);
        }
        let steps = self.steps();
        if !steps.contains(&step) {
            return Err(SamplerError::out_of_turn(step, steps.start..self.ready_until()));
        }
        let shown = chunk(&self.progress.selected, step - steps.start, self.batch_size);
        batch.indices.extend_from_slice(shown);
        Ok(())
    }

    /// How long an epoch is follows from its number alone, for epochs to come as well. O(epochs to come).
    fn epoch(&self, step: u64) -> Epoch {
        let Progress { epoch: mut index, first_step: mut first, .. } = self.progress;
        if step < first {
            return Epoch { index: index.saturating_sub(1), step: 0, n_steps: 0 };
        }
        loop {
            let n_steps = self.n_steps(index);
            if step - first < n_steps {
                return Epoch { index, step: step - first, n_steps };
            }
            // Epochs that are alike at once: those over all examples, and all once the share has stopped falling.
            let alike = match self.settings.warm_epochs.checked_sub(index) {
                Some(n_warm @ 1..) => n_warm,
                _ if n_steps == self.n_steps(u64::MAX) => u64::MAX,
                _ => 1,
            };
            let passed = ((step - first) / n_steps).min(alike);
            (index, first) = (index.saturating_add(passed), first + passed * n_steps);
        }
    }

    fn ready_until(&self) -> u64 {
        let next =
            if self.progress.n_waiting == 0 { self.n_steps(self.progress.epoch.saturating_add(1)) } else { 0 };
        self.steps().end.saturating_add(next)
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        self.check(indices, losses)?;
        let steps = self.steps();
        if step >= steps.end && !indices.is_empty() {
            return Err(SamplerError::out_of_turn(step, steps));
        }
        // All of the epochs before was told.
        if steps.contains(&step) {
            indices.iter().zip(losses).for_each(|(&index, &loss)| self.take(index, loss));
        }
        Ok(())
    }

    /// Within the latest epoch, from the step on that it was told of last.
    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        let steps = self.saved_at(&self.progress);
        if !steps.contains(&n_steps) {
            return Err(SamplerError::out_of_turn(n_steps, *steps.start()..steps.end().saturating_add(1)));
        }
        self.fingerprint().save(n_steps, &self.progress)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, progress): (u64, Progress) = self.fingerprint().restore(state)?;
        if !self.is_sound(&progress) || !self.saved_at(&progress).contains(&n_steps) {
            let n = self.n_examples();
            return Err(SamplerError::Unusable(format!("expected that of {n} examples, agreeing with itself")));
        }
        self.progress = progress;
        Ok(n_steps)
    }
}

pub(super) static ENTRY: SamplerEntry = SamplerEntry::new(
    "instance-hardness",
    "fewer and fewer examples an epoch, drawn by how hard each has been all along (DIHCL)",
    &[
        Parameter::with_default("measure", "loss, loss-change, or flip of 0-1 losses", "loss"),
        Parameter::with_default("gamma", "the weight of the latest hardness, in (0, 1]", "0.95"),
        Parameter::with_default("warm_epochs", "the epochs over all examples at first", "5"),
        Parameter::with_default("gamma_k", "the factor by which the share per epoch falls, in (0, 1]", "0.85"),
        Parameter::with_default("k", "the share at which it stops falling, in (0, 1]", "0.2"),
    ],
    &[SamplerInput::NExamples],
    |o, of| {
        let measures = [("loss", Hardness::Loss), ("loss-change", Hardness::LossChange), ("flip", Hardness::Flip)];
        let settings = HardnessSettings {
            measure: o.choice("measure", &measures)?,
            gamma: o.number("gamma")?,
            warm_epochs: o.number("warm_epochs")?,
            gamma_k: o.number("gamma_k")?,
            k: o.number("k")?,
            ..HardnessSettings::default()
        };
        Ok(Box::new(HardnessSampler::new(of.n_examples, of.batch_size, settings, of.seed)?))
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A run of `n_epochs` with losses that are a function of example and epoch, and the examples of each epoch.
    fn run(sampler: &mut HardnessSampler, n_epochs: u64, loss: impl Fn(usize, u64) -> f64) -> Vec<Vec<usize>> {
        let (mut batch, mut shown, mut step) = (Batch::default(), Vec::new(), 0);
        while sampler.epoch(step).index < n_epochs {
            let epoch = sampler.epoch(step);
            shown.resize_with(epoch.index as usize + 1, Vec::new);
            sampler.batch(step, &mut batch).unwrap();
            assert_eq!(sampler.epoch(step), epoch);
            shown[epoch.index as usize].extend_from_slice(&batch.indices);
            let losses: Vec<f64> = batch.indices.iter().map(|&index| loss(index, epoch.index)).collect();
            sampler.feedback(step, &batch.indices, &losses).unwrap();
            step += 1;
        }
        shown
    }

    fn settings(measure: Hardness, selection: HardnessSelection) -> HardnessSettings {
        HardnessSettings {
            measure,
            selection,
            warm_epochs: 2,
            learning_rates: vec![0.5, 0.25],
            ..Default::default()
        }
    }

    proptest! {
        /// Hardness by the definition, written down a second time over the whole history.
        #[test]
        fn hardness_is_the_definitions(n in 2usize..20, batch_size in 1usize..6, seed: u64, which in 0usize..3) {
            let measure =
                [Hardness::Loss, Hardness::LossChange, Hardness::Flip][which];
            let loss = |index: usize, epoch: u64| {
                let loss = ((index * 7 + epoch as usize * 5) % 11) as f64 / 4.0;
                if which == 2 { f64::from(u8::from(loss > 1.0)) } else { loss }
            };
            let mut sampler =
                HardnessSampler::new(n, batch_size.min(n), settings(measure, HardnessSelection::Rand), seed).unwrap();
            let shown = run(&mut sampler, 12, loss);
            let rate = |epoch: usize| if epoch == 0 { 0.5 } else { 0.25 };
            for (index, found) in sampler.hardness().into_iter().enumerate() {
                let (mut r, mut last) = (1.0, None);
                for epoch in (0..12).filter(|&epoch| shown[epoch].contains(&index)) {
                    let now = loss(index, epoch as u64);
                    let a = match (which, last) {
                        (0, _) => Some(now / rate(epoch)),
                        (_, None) => None,
                        (_, Some(tau)) => {
                            let rates: f64 = (tau..=epoch).map(rate).sum();
                            Some((now - loss(index, tau as u64)).abs() / rates)
                        }
                    };
                    r = a.map_or(r, |a| 0.95 * a + 0.05 * r);
                    last = Some(epoch);
                }
                prop_assert!((found - r).abs() <= 1e-12 * r.max(1.0), "{} {}", found, r);
            }
        }

        #[test]
        fn epochs_show_distinct_examples_of_the_right_number(
            n in 1usize..40, batch_size in 1usize..9, seed: u64, which in 0usize..3, learned: bool,
        ) {
            let selection =
                [HardnessSelection::Rand, HardnessSelection::Exp, HardnessSelection::Beta { c: 20.0 }][which];
            let batch_size = batch_size.min(n);
            let mut sampler =
                HardnessSampler::new(n, batch_size, settings(Hardness::Loss, selection), seed).unwrap();
            let shown = run(&mut sampler, 16, |index, _| if learned { 0.0 } else { index as f64 / 8.0 });
            for (epoch, mut examples) in shown.into_iter().enumerate() {
                let exact = n as f64 * 0.85_f64.powi(epoch.saturating_sub(2) as i32).max(0.2);
                let expected = if epoch < 2 { n } else { (exact - 1e-9).ceil().max(batch_size as f64) as usize };
                prop_assert_eq!(examples.len(), expected);
                examples.sort_unstable();
                examples.dedup();
                prop_assert_eq!(examples.len(), expected);
            }
        }
    }

    /// One of three, in proportion to r under Rand, to the exponential under Exp, and to the mean of the drawn ratio
    /// under Beta.
    #[test]
    fn draws_follow_their_weights() {
        let r = [0.5, 1.0, 2.5];
        let one =
            |selection| HardnessSettings { selection, warm_epochs: 0, gamma_k: 0.1, k: 0.1, ..Default::default() };
        let counts = |selection| {
            let mut sampler = HardnessSampler::new(3, 1, one(selection), 0).unwrap();
            (0..3).for_each(|index| sampler.progress.examples[index].hardness = r[index]);
            let n = 20_000;
            let mut counts = [0.0; 3];
            for epoch in 1..=n {
                sampler.select(epoch, 0);
                counts[sampler.selected()[0]] += 1.0 / n as f64;
            }
            counts
        };
        let rate = (2.0 * 3.0_f64.ln() / 3.0).sqrt();
        let close = |found: [f64; 3], weights: [f64; 3], tolerance: f64| {
            let total: f64 = weights.iter().sum();
            // 0.02 is over five standard errors.
            assert!(found.iter().zip(weights).all(|(f, w)| (f - w / total).abs() < tolerance), "{found:?}");
        };
        close(counts(HardnessSelection::Rand), r, 0.02);
        close(counts(HardnessSelection::Exp), r.map(|r| (rate * r).exp()), 0.02);
        // Of a large c, so that ratios of draws concentrate: Beta(1000 r, 1000 (5 - r)) has deviations of under 0.01.
        let mut sharp = HardnessSampler::new(3, 1, one(HardnessSelection::Beta { c: 5000.0 }), 0).unwrap();
        (0..3).for_each(|index| sharp.progress.examples[index].hardness = 1000.0 * r[index]);
        let mut rng = random::stream(3, "test", 0);
        for (weight, r) in sharp.weights(&mut rng).into_iter().zip(r) {
            assert!((weight - r / 5.0).abs() < 0.04, "{weight}");
        }
    }

    #[test]
    fn misuse_is_reported() {
        let new = |settings| HardnessSampler::new(4, 2, settings, 0).map(|_| ()).unwrap_err().to_string();
        let default = HardnessSettings::default;
        for (error, what) in [
            (new(HardnessSettings { gamma: 0.0, ..default() }), "gamma is 0"),
            (new(HardnessSettings { gamma_k: 1.1, ..default() }), "gamma_k is 1.1"),
            (new(HardnessSettings { k: f64::NAN, ..default() }), "k is NaN"),
            (new(HardnessSettings { learning_rates: vec![], ..default() }), "eta is []"),
            (new(HardnessSettings { selection: HardnessSelection::Beta { c: 0.0 }, ..default() }), "c is 0"),
        ] {
            assert!(error.contains(what), "{error}");
        }
        assert!(HardnessSampler::new(4, 5, default(), 0).is_err());
        let fresh = || HardnessSampler::new(4, 4, default(), 0).unwrap();
        let mut own = fresh();
        let saved = own.save(0).unwrap();
        let error = own.batch(1, &mut Batch::default()).unwrap_err();
        assert!(matches!(error, SamplerError::OutOfTurn { step: 1, first_step: 0, end: 1 }));
        for (step, index, loss) in [(0, 4, 0.0), (0, 0, f64::NAN), (0, 0, -1.0), (1, 0, 0.0)] {
            assert!(own.feedback(step, &[1, index], &[0.5, loss]).is_err());
            assert_eq!(own.save(0).unwrap(), saved);
        }
        assert!(own.save(2).is_err());
        let flips = HardnessSettings { measure: Hardness::Flip, ..default() };
        let mut sampler = HardnessSampler::new(4, 4, flips, 0).unwrap();
        let error = sampler.restore(&saved).unwrap_err().to_string();
        assert!(error.contains("Flip"), "{error}");
        let error = sampler.feedback(0, &[0], &[0.5]).unwrap_err().to_string();
        assert!(error.contains("1 for a wrong one"), "{error}");
    }
}
