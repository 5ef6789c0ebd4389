use burn::tensor::{Device, Tensor, TensorData};
use cl_data::Batch;
use cl_data::random;

use crate::{error::BurnError, shared::Handle};

/// A batch as a sampler drew it, on the device: which examples, how much each counts, and the way back to the sampler.
///
/// Burn shows nobody the indices of a batch, so they travel in it, and with them the means to
/// [tell](Self::tell) the sampler how it went, from wherever the losses are: a loop, or a `TrainStep` of burn's Learner.
#[derive(Clone)]
pub struct Sampled<O> {
    /// What the batcher made of the examples.
    pub batch: O,
    /// The examples with their weights, which are empty where each is 1: to the bit what the sampler gives.
    pub drawn: Batch,
    /// The step, an update counted from 0. After its update `step + 1` steps are consumed.
    pub step: u64,
    /// The epoch.
    pub epoch: u64,
    pub(crate) device: Device,
    pub(crate) shared: Handle,
}

impl<O> Sampled<O> {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.drawn.indices.len()
    }

    /// Whether there is none, which no loader gives.
    pub fn is_empty(&self) -> bool {
        self.drawn.indices.is_empty()
    }

    /// The weight of each example, on the device.
    pub fn weights(&self) -> Tensor<1> {
        let n = self.len();
        if self.drawn.weights.is_empty() {
            return Tensor::ones([n], &self.device);
        }
        Tensor::from_data(TensorData::new(self.drawn.weights.clone(), [n]), &self.device)
    }

    /// What an update descends: the batch mean of the weighted losses.
    ///
    /// ```text
    /// L = (1 / b) sum_i w_i l_i
    /// ```
    ///
    /// # Errors
    /// Unless there is one loss per example.
    pub fn weighted_mean(&self, losses: Tensor<1>) -> Result<Tensor<1>, BurnError> {
        self.check(&losses)?;
        if self.drawn.weights.is_empty() { Ok(losses.mean()) } else { Ok((losses * self.weights()).mean()) }
    }

    /// Tells the sampler the losses of the examples, as they were before the update. They stay on the device until it
    /// cannot go on without them, and are read then with all others that were told: once an epoch for one that plans
    /// epochs, never for one that does not learn.
    ///
    /// # Errors
    /// Unless there is one loss per example. That the sampler cannot learn from them, such as from NaN, shows when they
    /// are read: at a later batch, state or score.
    pub fn tell(&self, losses: &Tensor<1>) -> Result<(), BurnError> {
        self.check(losses)?;
        let losses = losses.clone().without_autodiff();
        self.shared.lock()?.tell(self.step, self.drawn.indices.clone(), losses);
        Ok(())
    }

    /// Seeds burn's generator, of which a process has one per backend, for this step: a network that draws, for dropout
    /// say, then draws the same however the run came here.
    pub fn seed_device(&self, seed: u64) {
        let mut stream = random::stream(seed, "burn step", self.step);
        self.device.seed(random::below(&mut stream, usize::MAX) as u64);
    }

    fn check(&self, losses: &Tensor<1>) -> Result<(), BurnError> {
        let ([found], expected) = (losses.dims(), self.len());
        if found != expected {
            let expected = format!("one for each of the {expected} examples of the batch");
            return Err(BurnError::argument("losses", format!("{found} numbers"), expected));
        }
        Ok(())
    }
}
