use std::sync::{Arc, Mutex, PoisonError};

use cl_data::{Batch, Epoch, Sampler, SamplerError, SamplerFingerprint, check_feedback};
use cl_pacing::Weighting;

/// A sampler whose batches are weighted by the losses of their examples as they are then.
///
/// ```text
/// batch of step t:   that of the sampler within, each example's weight times v_i,   v = weighting(losses at t)
/// ```
///
/// Before each batch it [wants](Sampler::wanted) what the sampler within wants, or else the losses of the batch itself. So
/// it remembers nothing from one step to the next, and its state is that of the sampler within. One more forward pass for
/// each batch.
pub(super) struct WeightedSampler {
    /// Behind a lock, because a batch must be looked at to know whose losses are wanted.
    inner: Mutex<Box<dyn Sampler>>,
    weighting: Arc<dyn Weighting>,
    n_examples: usize,
    step: u64,
    /// By example, as told at `step`.
    losses: Vec<Option<f64>>,
    /// Those of which there is one.
    told: Vec<usize>,
}

impl WeightedSampler {
    pub(super) fn new(inner: Box<dyn Sampler>, weighting: Arc<dyn Weighting>) -> Self {
        let n_examples = inner.n_examples();
        let (losses, told) = (vec![None; n_examples], Vec::new());
        Self { inner: Mutex::new(inner), weighting, n_examples, step: 0, losses, told }
    }

    fn inner(&mut self) -> &mut dyn Sampler {
        // What a thread that panicked left is refused by the sampler itself, if need be.
        self.inner.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut()
    }

    fn with_inner<R>(&self, ask: impl FnOnce(&mut dyn Sampler) -> R) -> R {
        ask(self.inner.lock().unwrap_or_else(PoisonError::into_inner).as_mut())
    }

    fn fingerprint(&self) -> SamplerFingerprint {
        SamplerFingerprint::new("weighted").with("weighting", &self.weighting)
    }

    /// Forgets the losses of other steps.
    fn begin(&mut self, step: u64) {
        if self.step != step {
            self.step = step;
            self.forget();
        }
    }

    fn forget(&mut self) {
        let Self { told, losses, .. } = self;
        told.drain(..).for_each(|example| losses[example] = None);
    }

    /// The losses of the examples of a batch, where all were told at its step.
    fn losses_of(&self, step: u64, indices: &[usize]) -> Option<Vec<f64>> {
        let told = |&index: &usize| self.losses.get(index).copied().flatten();
        if step == self.step { indices.iter().map(told).collect() } else { None }
    }
}

impl Sampler for WeightedSampler {
    fn n_examples(&self) -> usize {
        self.n_examples
    }

    fn batch(&mut self, step: u64, batch: &mut Batch) -> Result<(), SamplerError> {
        self.inner().batch(step, batch)?;
        if batch.indices.is_empty() {
            return Ok(());
        }
        let Some(losses) = self.losses_of(step, &batch.indices) else {
            batch.clear();
            return Err(SamplerError::out_of_turn(step, step..step));
        };
        let mut weights = vec![0.0; losses.len()];
        self.weighting.weights(&losses, &mut weights)?;
        if batch.weights.is_empty() {
            batch.weights = weights;
        } else {
            batch.weights.iter_mut().zip(weights).for_each(|(weight, own)| *weight *= own);
        }
        Ok(())
    }

    fn epoch(&self, step: u64) -> Epoch {
        self.with_inner(|inner| inner.epoch(step))
    }

    fn ready_until(&self) -> u64 {
        let within = self.with_inner(|inner| inner.ready_until());
        within.min(if self.told.is_empty() { self.step } else { self.step.saturating_add(1) })
    }

    fn wanted(&self, step: u64, wanted: &mut Vec<usize>) {
        self.with_inner(|inner| {
            inner.wanted(step, wanted);
            let mut batch = Batch::default();
            // What is wrong with the batch is told once it is asked for.
            if wanted.is_empty() && inner.batch(step, &mut batch).is_ok() {
                wanted.append(&mut batch.indices);
                wanted.sort_unstable();
                wanted.dedup();
            }
        });
    }

    fn feedback(&mut self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), SamplerError> {
        check_feedback(indices, losses, self.n_examples)?;
        let mut wanted = Vec::new();
        let mut batch = Batch::default();
        let inner = self.inner();
        inner.wanted(step, &mut wanted);
        // What was wanted for the weights alone is not told twice; what the trainer saw of the batch is.
        let is_ours = wanted.is_empty()
            && inner.batch(step, &mut batch).is_ok()
            && self.losses_of(step, &batch.indices).is_none();
        if !is_ours {
            self.inner().feedback(step, indices, losses)?;
        }
        self.begin(step);
        for (&index, &loss) in indices.iter().zip(losses) {
            if self.losses[index].is_none() {
                self.losses[index] = Some(loss);
                self.told.push(index);
            }
        }
        Ok(())
    }

    fn validated(&mut self, score: f64) -> Result<(), SamplerError> {
        self.inner().validated(score)
    }

    fn save(&self, n_steps: u64) -> Result<String, SamplerError> {
        let within = self.with_inner(|inner| inner.save(n_steps))?;
        self.fingerprint().save(n_steps, &within)
    }

    fn restore(&mut self, state: &str) -> Result<u64, SamplerError> {
        let (n_steps, within): (u64, String) = self.fingerprint().restore(state)?;
        let restored = self.inner().restore(&within)?;
        if restored != n_steps {
            return Err(SamplerError::Unusable(format!(
                "{restored} steps within one of {n_steps}, expected the same"
            )));
        }
        self.step = n_steps;
        self.forget();
        Ok(n_steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_pacing::{Given, SamplerInputs, sampler_by_name, weighting_by_name};

    fn sampler(name: &str, parameters: &[(&str, &str)]) -> Box<dyn Sampler> {
        let irreducible = [0.0; 12];
        let inputs = SamplerInputs {
            n_examples: 12,
            irreducible: Some(&irreducible),
            batch_size: 3,
            total_steps: 50,
            seed: 5,
            ..SamplerInputs::default()
        };
        sampler_by_name(name, parameters, &inputs).unwrap()
    }

    /// As a trainer goes through it; the losses change from step to step.
    fn walk(sampler: &mut dyn Sampler, steps: std::ops::Range<u64>) -> Vec<Batch> {
        let loss = |step: u64, index: usize| ((step as f64 + 1.0) * (index as f64 + 1.0)).sin().abs();
        let mut wanted = Vec::new();
        steps
            .map(|step| {
                sampler.wanted(step, &mut wanted);
                let losses: Vec<f64> = wanted.iter().map(|&index| loss(step, index)).collect();
                sampler.feedback(step, &wanted, &losses).unwrap();
                let mut batch = Batch::default();
                sampler.batch(step, &mut batch).unwrap();
                let losses: Vec<f64> = batch.indices.iter().map(|&index| loss(step, index)).collect();
                sampler.feedback(step, &batch.indices, &losses).unwrap();
                batch
            })
            .collect()
    }

    #[test]
    fn examples_are_those_within_and_weights_those_of_their_losses_then() {
        let focal = weighting_by_name("detached-focal", &[("gamma", "2")], &Given::default()).unwrap();
        for (name, parameters) in
            [("shuffle", &[][..]), ("self-paced", &[("lambda", "0.4")][..]), ("rho-loss", &[("factor", "3")][..])]
        {
            let plain = walk(&mut *sampler(name, parameters), 0..40);
            let mut weighted = WeightedSampler::new(sampler(name, parameters), Arc::clone(&focal));
            let batches = walk(&mut weighted, 0..40);
            for (step, (ours, theirs)) in batches.iter().zip(&plain).enumerate() {
                assert_eq!(ours.indices, theirs.indices, "{name} at {step}");
                let loss = |index: usize| ((step as f64 + 1.0) * (index as f64 + 1.0)).sin().abs();
                for (at, &index) in ours.indices.iter().enumerate() {
                    let within = theirs.weights.get(at).copied().unwrap_or(1.0);
                    let expected = within * (1.0 - (-loss(index)).exp()).powi(2);
                    assert!((ours.weights[at] - expected).abs() < 1e-12, "{name} at {step}");
                }
            }
            // Resumed in the middle.
            let mut first = WeightedSampler::new(sampler(name, parameters), Arc::clone(&focal));
            walk(&mut first, 0..17);
            let state = first.save(17).unwrap();
            let mut second = WeightedSampler::new(sampler(name, parameters), Arc::clone(&focal));
            assert_eq!(second.restore(&state).unwrap(), 17);
            assert_eq!(walk(&mut second, 17..40), batches[17..]);
        }
    }

    #[test]
    fn a_state_of_another_weighting_is_refused() {
        let of = |gamma| {
            let weighting = weighting_by_name("detached-focal", &[("gamma", gamma)], &Given::default()).unwrap();
            WeightedSampler::new(sampler("shuffle", &[]), weighting)
        };
        let state = of("1").save(0).unwrap();
        assert!(of("2").restore(&state).unwrap_err().to_string().contains("weighting"));
        let mut batch = Batch::default();
        assert!(of("1").batch(0, &mut batch).is_err(), "its losses were not told");
    }
}
