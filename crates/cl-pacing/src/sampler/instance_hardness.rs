use std::fmt;

use cl_data::{Batch, Epoch, Fingerprint, Sampler, random};
use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};

use super::told::{self, check_losses};
use super::{check_batch_size, check_sizes, chunk, n_batches};
use crate::{Hardness, PacingError, SamplerFingerprint};

/// How the examples of an epoch are drawn, without replacement, from their hardness r.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum HardnessSelection {
    /// In proportion to r.
    #[default]
    Rand,
    /// In proportion to exp(sqrt(2 ln n / n) r), where what is drawn has its a_t divided by its share of these.
    Exp,
    /// In proportion to draws from Beta(r, c - r).
    Beta {
        /// Above every hardness; r counts as at most (1 - 1e-6) c.
        c: f64,
    },
}

/// The parameters of a [`HardnessSampler`], with the paper's values as default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HardnessSettings {
    /// The instantaneous hardness a_t, over epochs; for [`Hardness::Flip`] the sampler is to be told 0-1 losses.
    pub measure: Hardness,
    /// The draws.
    pub selection: HardnessSelection,
    /// The weight of the latest a_t in r, 0.95.
    pub gamma: f64,
    /// T0, the epochs over all examples at first, 5.
    pub warm_epochs: u64,
    /// The factor by which the share of the examples in an epoch falls, 0.85.
    pub gamma_k: f64,
    /// The share at which it stops falling, 0.2.
    pub k: f64,
    /// eta, the learning rate of each epoch, of which the last one stays: all 1.
    pub learning_rates: Vec<f64>,
}

impl Default for HardnessSettings {
    fn default() -> Self {
        Self {
            measure: Hardness::default(),
            selection: HardnessSelection::default(),
            gamma: 0.95,
            warm_epochs: 5,
            gamma_k: 0.85,
            k: 0.2,
            learning_rates: vec![1.0],
        }
    }
}

impl fmt::Display for HardnessSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, selection, gamma, warm_epochs, gamma_k, k, learning_rates } = self;
        write!(
            formatter,
            "{measure:?}, {selection:?} (gamma = {gamma}, T0 = {warm_epochs}, gamma_k = {gamma_k}, "
        )?;
        write!(formatter, "k = {k}, eta = {learning_rates:?})")
    }
}

impl HardnessSettings {
    fn check(&self) -> Result<(), PacingError> {
        for (name, value) in [("gamma", self.gamma), ("gamma_k", self.gamma_k), ("k", self.k)] {
            if !(value > 0.0 && value <= 1.0) {
                return Err(PacingError::argument(name, value, "a number in (0, 1]"));
            }
        }
        if let HardnessSelection::Beta { c } = self.selection
            && !(c.is_finite() && c > 0.0)
        {
            return Err(PacingError::argument("c", c, "a finite number above 0, and above every hardness"));
        }
        let rates = &self.learning_rates;
        if rates.is_empty() || !rates.iter().all(|rate| rate.is_finite() && *rate > 0.0) {
            let value = format!("{rates:?}");
            return Err(PacingError::argument("eta", value, "at least one learning rate, finite and above 0"));
        }
        Ok(())
    }

    fn learning_rate(&self, epoch: u64) -> f64 {
        let last = self.learning_rates.len() - 1;
        self.learning_rates[usize::try_from(epoch).map_or(last, |epoch| epoch.min(last))]
    }

    /// eta of the epochs from `first` to `last`, both included.
    fn learning_rates(&self, first: u64, last: u64) -> f64 {
        let listed = self.learning_rates.len() as u64;
        let within: f64 = (first..=last.min(listed - 1)).map(|epoch| self.learning_rate(epoch)).sum();
        let beyond = (last + 1).saturating_sub(listed.max(first));
        within + beyond as f64 * self.learning_rate(u64::MAX)
    }

    /// How many of `n_examples` epoch `epoch` shows.
    ///
    /// ```text
    /// n for t < T0, else ceil(n max(gamma_k^(t - T0), k)), at least one batch
    /// ```
    fn n_selected(&self, epoch: u64, n_examples: usize, batch_size: usize) -> usize {
        let Some(since) = epoch.checked_sub(self.warm_epochs) else { return n_examples };
        let share = self.gamma_k.powi(i32::try_from(since).unwrap_or(i32::MAX)).max(self.k);
        crate::Rounding::Ceiling.count(share, n_examples, batch_size)
    }
}

/// Dynamic instance hardness: fewer and fewer examples an epoch, drawn by how hard each has been all along.
///
/// ```text
/// r_0 = 1,  r_{t+1}(i) = gamma a_t(i) + (1 - gamma) r_t(i) if epoch t showed i, else r_t(i)
/// epoch t      all examples while t < T0, then ceil(n max(gamma_k^(t - T0), k)) of them drawn by r, shuffled
/// ```
///
/// Hard examples come first, and what the model has not visited keeps the hardness it had: no extra evaluation is
/// needed, as the losses are those of the batches shown, told in one or several parts. An epoch needs the losses of
/// all examples of the one before. Steps are taken in turn within and across epochs; asking beyond gives an empty batch
/// and an [`error`](Self::error). O(n log n) per epoch, 48 bytes an example.
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
///     sampler.batch(step as u64, &mut batch);
///     assert_eq!(batch.indices.len(), n_shown); // never fewer than a batch
///     let losses = vec![0.5; n_shown];
///     sampler.feedback(step as u64, &batch.indices, &losses);
/// }
/// assert!(sampler.hardness().iter().all(|r| (r - 0.5).abs() < 1e-5));
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
#[derive(Debug, Clone)]
pub struct HardnessSampler {
    batch_size: usize,
    settings: HardnessSettings,
    seed: u64,
    data: Option<Fingerprint>,
    progress: Progress,
    error: Option<PacingError>,
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
        let mut sampler = Self { batch_size, settings, seed, data: None, progress, error: None };
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

    /// The first thing that went wrong, if anything did: a loss that is none, a step out of turn.
    pub fn error(&self) -> Option<&PacingError> {
        self.error.as_ref()
    }

    /// The settings, which stay.
    pub fn fingerprint(&self) -> SamplerFingerprint {
        let fingerprint = SamplerFingerprint::new("dynamic instance hardness")
            .with("number of examples", self.progress.examples.len())
            .with("batch size", self.batch_size)
            .with("instance hardness", &self.settings)
            .with("seed", self.seed);
        match self.data {
            Some(data) => fingerprint.with("data", data),
            None => fingerprint,
        }
    }

    /// The steps of the latest epoch.
    fn steps(&self) -> std::ops::Range<u64> {
        let first = self.progress.first_step;
        first..first.saturating_add(n_batches(self.progress.selected.len(), self.batch_size))
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
    fn check(&self, indices: &[usize], losses: &[f64]) -> Result<(), PacingError> {
        check_losses(indices, losses)?;
        let n_examples = self.progress.examples.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= n_examples) {
            return Err(PacingError::IndexOutOfRange { what: "example with a loss", index, n_examples });
        }
        let flips = self.settings.measure == Hardness::Flip;
        match losses
            .iter()
            .find(|&&loss| if flips { loss != 0.0 && loss != 1.0 } else { !(0.0..f64::INFINITY).contains(&loss) })
        {
            Some(loss) if flips => {
                Err(PacingError::argument("losses", loss, "0 for a right prediction and 1 for a wrong one"))
            }
            Some(loss) => Err(PacingError::argument("losses", loss, "finite losses of at least 0")),
            None => Ok(()),
        }
    }
}

impl Sampler for HardnessSampler {
    fn n_examples(&self) -> usize {
        self.progress.examples.len()
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) {
        batch.clear();
        if step == self.steps().end && self.progress.n_waiting == 0 {
            self.select(self.progress.epoch + 1, step);
        }
        let steps = self.steps();
        if steps.contains(&step) {
            let shown = chunk(&self.progress.selected, step - steps.start, self.batch_size);
            batch.indices.extend_from_slice(shown);
        } else {
            self.error.get_or_insert(PacingError::OutOfTurn { step, first_step: steps.start, end: steps.end });
        }
    }

    /// How long an epoch is follows from its number alone, for epochs to come as well. O(epochs to come).
    fn epoch(&self, step: u64) -> Epoch {
        let (mut index, mut first) = (self.progress.epoch, self.progress.first_step.min(step));
        loop {
            let n = self.progress.examples.len();
            let n_steps = n_batches(self.settings.n_selected(index, n, self.batch_size), self.batch_size);
            if step - first < n_steps {
                return Epoch { index, step: step - first, n_steps };
            }
            index += 1;
            first += n_steps;
        }
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) {
        if !self.steps().contains(&step) {
            return;
        }
        match self.check(indices, losses) {
            Ok(()) => indices.iter().zip(losses).for_each(|(&index, &loss)| self.take(index, loss)),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    fn save(&self) -> Option<String> {
        told::save(self.fingerprint(), &self.progress)
    }

    fn restore(&mut self, state: Option<&str>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let progress: Progress = told::restore(&self.fingerprint(), state)?;
        let (found, expected) = (progress.examples.len(), self.progress.examples.len());
        if found != expected {
            return Err(
                PacingError::LengthMismatch { what: "examples of the saved state", found, expected }.into()
            );
        }
        if let Some(&index) = progress.selected.iter().find(|&&index| index >= expected) {
            let what = "selected example";
            return Err(PacingError::IndexOutOfRange { what, index, n_examples: expected }.into());
        }
        let n_waiting = progress.examples.iter().filter(|example| example.waits.is_some()).count();
        let numbers = progress.examples.iter().all(|example| example.hardness.is_finite());
        if n_waiting != progress.n_waiting || !numbers || progress.selected.is_empty() {
            return Err("the saved state contradicts itself".into());
        }
        self.progress = progress;
        self.error = None;
        Ok(())
    }
}

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
            sampler.batch(step, &mut batch);
            assert_eq!(sampler.epoch(step), epoch);
            shown[epoch.index as usize].extend_from_slice(&batch.indices);
            let losses: Vec<f64> = batch.indices.iter().map(|&index| loss(index, epoch.index)).collect();
            sampler.feedback(step, &batch.indices, &losses);
            step += 1;
        }
        assert_eq!(sampler.error(), None);
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
        let mut batch = Batch::default();
        let mut untold = fresh();
        untold.batch(1, &mut batch);
        assert_eq!(untold.error(), Some(&PacingError::OutOfTurn { step: 1, first_step: 0, end: 1 }));
        for (indices, losses) in [(vec![4], vec![0.0]), (vec![0], vec![f64::NAN]), (vec![0], vec![-1.0])] {
            let mut sampler = fresh();
            sampler.feedback(0, &indices, &losses);
            assert!(sampler.error().is_some());
        }
        let flips = HardnessSettings { measure: Hardness::Flip, ..default() };
        let mut sampler = HardnessSampler::new(4, 4, flips, 0).unwrap();
        let error = sampler.restore(fresh().save().as_deref()).unwrap_err().to_string();
        assert!(error.contains("Flip"), "{error}");
        sampler.feedback(0, &[0], &[0.5]);
        assert!(sampler.error().unwrap().to_string().contains("1 for a wrong one"));
    }
}
