use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::{Device, Tensor};
use cl_data::{Epoch, Sampler, SamplerError};

use crate::error::BurnError;
use crate::sampled::Sampled;
use crate::shared::{Handle, read};
use crate::slice::Slice;

/// A data loader of burn that takes its batches from any of our samplers.
///
/// What an example is, a `Dataset` of burn says, and how examples become tensors a `Batcher`; *which* examples, the
/// sampler. A `BatchStrategy` could not choose them, so this is a loader of its own, for burn's Learner and for a loop
/// of one's own alike. Copies share the sampler and the position in it.
///
/// [`batches`](Self::batches) goes to the end of the epoch in which it begins, and the next one on from there: burn's
/// loaders know no epoch, so this one counts. Steps at which the sampler shows nothing are passed over.
///
/// # Samplers that learn
///
/// They are told by [`Sampled::tell`], after the forward pass of each batch. Losses stay on the device until the sampler
/// cannot go on without them. One that wants losses of examples that no batch has shown, as self-paced learning and
/// RHO-LOSS do, is told by [`tell_wanted`](Self::tell_wanted) before the batch is drawn:
///
/// ```no_run
/// # use burn::{data::{dataloader::batcher::Batcher, dataset::InMemDataset}, prelude::*};
/// # use cl_burn::{BurnError, Loader, per_example_losses};
/// # fn train<I: 'static>(loader: Loader<I, (Tensor<2>, Tensor<1, Int>)>, model: nn::Linear) -> Result<(), BurnError> {
/// loop {
///     let evaluate = |(images, labels)| per_example_losses(model.forward(images), labels);
///     loader.tell_wanted(512, evaluate)?;
///     let Some(sampled) = loader.next_of_epoch()? else { break };
///     let (images, labels) = sampled.batch.clone();
///     let losses = per_example_losses(model.forward(images), labels)?;
///     sampled.tell(&losses)?;
///     // ... the update descends sampled.weighted_mean(losses)
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Example
///
/// ```
/// use burn::data::{dataloader::batcher::Batcher, dataset::InMemDataset};
/// use burn::tensor::{Device, Tensor};
/// use cl_burn::{Loader, device};
/// use cl_pacing::ShuffleSampler;
///
/// struct Columns;
///
/// impl Batcher<f32, Tensor<1>> for Columns {
///     fn batch(&self, items: Vec<f32>, device: &Device) -> Tensor<1> {
///         Tensor::from_data(&items[..], device)
///     }
/// }
///
/// let data = InMemDataset::new(vec![0.0, 1.0, 2.0, 3.0, 4.0]);
/// let loader = Loader::new(data, Columns, ShuffleSampler::new(5, 2, 7)?, &device("cpu")?)?;
/// let sizes: Vec<usize> = loader.batches().map(|sampled| sampled.map(|sampled| sampled.len())).collect::<Result<_, _>>()?;
/// assert_eq!((sizes, loader.position()?), (vec![2, 2, 1], 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Loader<I, O> {
    dataset: Arc<dyn Dataset<I>>,
    batcher: Arc<dyn Batcher<I, O>>,
    shared: Handle,
    device: Device,
}

impl<I, O> Clone for Loader<I, O> {
    fn clone(&self) -> Self {
        let (dataset, batcher) = (self.dataset.clone(), self.batcher.clone());
        Self { dataset, batcher, shared: self.shared.clone(), device: self.device.clone() }
    }
}

impl<I: 'static, O: 'static> Loader<I, O> {
    /// Batches on `device`, of the examples of `dataset` that `sampler` draws, as `batcher` puts them together. For a
    /// training the device is one with [gradients](Device::autodiff).
    ///
    /// # Errors
    /// Unless the sampler draws from as many examples as there are.
    pub fn new(
        dataset: impl Dataset<I> + 'static,
        batcher: impl Batcher<I, O> + 'static,
        sampler: impl Sampler + 'static,
        device: &Device,
    ) -> Result<Self, BurnError> {
        let (found, expected) = (dataset.len(), sampler.n_examples());
        if found != expected {
            let value = format!("one of {found} examples");
            return Err(BurnError::argument("dataset", value, format!("the sampler's {expected}")));
        }
        let shared = Handle::new(Box::new(sampler));
        Ok(Self { dataset: Arc::new(dataset), batcher: Arc::new(batcher), shared, device: device.clone() })
    }

    /// The batches from the position to the end of its epoch.
    pub fn batches(&self) -> Batches<'_, I, O> {
        Batches { loader: self, epoch: None }
    }

    /// The next batch, or nothing where the one before was the last of its epoch: once, and then the next epoch begins.
    /// The same as [`batches`](Self::batches), for loops that have something to do between the batches.
    ///
    /// # Errors
    /// Where the sampler must be told something first, cannot use what it was told, or the data set fails.
    pub fn next_of_epoch(&self) -> Result<Option<Sampled<O>>, BurnError> {
        let begun = self.shared.lock()?.begun;
        let next = self.next_of(begun)?;
        self.shared.lock()?.begun = next.as_ref().map(|sampled| sampled.epoch);
        Ok(next)
    }

    /// The next batch if it is of this epoch, or of any where none is given.
    fn next_of(&self, epoch: Option<u64>) -> Result<Option<Sampled<O>>, BurnError> {
        loop {
            let mut shared = self.shared.lock()?;
            let Epoch { index, .. } = shared.epoch()?;
            if epoch.is_some_and(|epoch| epoch != index) {
                return Ok(None);
            }
            let (step, drawn) = shared.draw()?;
            drop(shared);
            if !drawn.indices.is_empty() {
                let batch = self.gather(&drawn.indices)?;
                let (device, shared) = (self.device.clone(), self.shared.clone());
                return Ok(Some(Sampled { batch, drawn, step, epoch: index, device, shared }));
            }
        }
    }

    /// What the batcher makes of some examples, on the device.
    ///
    /// # Errors
    /// Where there is no such example, or the data set fails.
    pub fn gather(&self, indices: &[usize]) -> Result<O, BurnError> {
        let n_examples = self.dataset.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= n_examples) {
            return Err(SamplerError::IndexOutOfRange { what: "example", index, n_examples }.into());
        }
        Ok(self.batcher.batch(self.dataset.get_many(indices.to_vec())?, &self.device))
    }

    /// The step drawn next: those before were drawn, though the last of them may not have been used.
    ///
    /// # Errors
    /// Where another thread failed while it held the sampler.
    pub fn position(&self) -> Result<u64, BurnError> {
        Ok(self.shared.lock()?.cursor.position())
    }

    /// Where the step drawn next stands in its epoch.
    ///
    /// # Errors
    /// Where the sampler cannot use what it was told.
    pub fn epoch(&self) -> Result<Epoch, BurnError> {
        self.shared.lock()?.epoch()
    }

    /// Draws `step` next: what was drawn ahead and not used is drawn again. Losses that were told of later steps, and
    /// are still on the device, are forgotten.
    ///
    /// # Errors
    /// Where another thread failed while it held the sampler.
    pub fn seek(&self, step: u64) -> Result<(), BurnError> {
        let mut shared = self.shared.lock()?;
        shared.forget_from(step);
        shared.begun = None;
        shared.cursor.seek(step);
        Ok(())
    }

    /// The examples whose losses must be told before the next batch can be drawn: [`Sampler::wanted`].
    ///
    /// # Errors
    /// Where the sampler cannot use what it was told.
    pub fn wanted(&self) -> Result<Vec<usize>, BurnError> {
        Ok(self.shared.lock()?.wanted()?.1)
    }

    /// Tells the sampler the losses that it [wants](Self::wanted), which `evaluate` gives for batches of at most
    /// `batch_size`; returns how many there were. They are read from the device at once.
    ///
    /// # Errors
    /// Where `batch_size` is 0, `evaluate` fails or does not give one loss per example, or the sampler cannot use them.
    pub fn tell_wanted(
        &self,
        batch_size: usize,
        mut evaluate: impl FnMut(O) -> Result<Tensor<1>, BurnError>,
    ) -> Result<usize, BurnError> {
        if batch_size == 0 {
            return Err(BurnError::argument("batch_size", batch_size, "at least 1"));
        }
        let (step, wanted) = self.shared.lock()?.wanted()?;
        let mut all = Vec::new();
        for part in wanted.chunks(batch_size) {
            let losses = evaluate(self.gather(part)?)?.without_autodiff();
            if losses.dims() != [part.len()] {
                let [found] = losses.dims();
                let expected = format!("one for each of {} examples", part.len());
                return Err(BurnError::argument("losses", format!("{found} numbers"), expected));
            }
            all.push(losses);
        }
        if !wanted.is_empty() {
            self.feedback(step, &wanted, &read("the losses wanted", all)?)?;
        }
        Ok(wanted.len())
    }

    /// Tells losses that are on the host already: [`Sampler::feedback`].
    ///
    /// # Errors
    /// As there.
    pub fn feedback(&self, step: u64, indices: &[usize], losses: &[f64]) -> Result<(), BurnError> {
        let mut shared = self.shared.lock()?;
        shared.settle(u64::MAX)?;
        Ok(shared.cursor.feedback(step, indices, losses)?)
    }

    /// Tells a score on held-out data, higher being better: [`Sampler::validated`].
    ///
    /// # Errors
    /// As there.
    pub fn validated(&self, score: f64) -> Result<(), BurnError> {
        let mut shared = self.shared.lock()?;
        shared.settle(u64::MAX)?;
        Ok(shared.cursor.validated(score)?)
    }

    /// The sampler's state after `n_steps` steps were consumed, which may be fewer than were drawn: that of
    /// [`Sampled::step`] plus one. A text; a [`Checkpoint`](crate::Checkpoint) holds it with the network.
    ///
    /// # Errors
    /// As [`Sampler::save`], and where as many were never drawn.
    pub fn state(&self, n_steps: u64) -> Result<String, BurnError> {
        let mut shared = self.shared.lock()?;
        shared.settle(n_steps)?;
        Ok(shared.cursor.state(n_steps)?)
    }

    /// Goes on where a state was taken: [`Sampler::restore`].
    ///
    /// # Errors
    /// As there; all stays as it was then.
    pub fn restore(&self, state: &str) -> Result<(), BurnError> {
        let mut shared = self.shared.lock()?;
        shared.cursor.restore(state)?;
        shared.forget_from(0);
        shared.begun = None;
        Ok(())
    }

    /// The device that batches are on.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

/// The batches of an epoch, from where a [`Loader`] stands.
///
/// A batch that was drawn is past, whether or not it is used: `for (k, sampled) in loader.batches().enumerate()` that
/// breaks when `k` is reached has drawn one more than it trained on. Go by [`Sampled::step`] of the last one used.
pub struct Batches<'a, I, O> {
    loader: &'a Loader<I, O>,
    /// That of the first batch, once it was drawn.
    epoch: Option<u64>,
}

impl<I: 'static, O: 'static> Iterator for Batches<'_, I, O> {
    type Item = Result<Sampled<O>, BurnError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.loader.next_of(self.epoch).transpose()?;
        Some(next.inspect(|sampled| self.epoch = Some(sampled.epoch)))
    }
}

/// As burn asks for them.
struct AsDatasetErrors<'a, I, O>(Batches<'a, I, O>);

impl<I: 'static, O: 'static> Iterator for AsDatasetErrors<'_, I, O> {
    type Item = Result<Sampled<O>, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map_err(DatasetError::new))
    }
}

impl<I: 'static, O: 'static> DataLoaderIterator<Sampled<O>> for AsDatasetErrors<'_, I, O> {
    /// In batches, of which a sampler knows the number.
    fn progress(&self) -> Progress {
        let Batches { loader, epoch } = &self.0;
        let at = loader.epoch().ok();
        let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (done, all) = match (at, epoch) {
            (Some(at), Some(epoch)) if at.index != *epoch => (1, 1),
            (Some(at), _) => (whole(at.step), whole(at.n_steps)),
            (None, _) => (0, 0),
        };
        Progress::new(done, all, Some("batches".into()))
    }
}

impl<I: 'static, O: 'static> DataLoader<Sampled<O>> for Loader<I, O> {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Sampled<O>> + 'a> {
        Box::new(AsDatasetErrors(self.batches()))
    }

    /// The batches of the epoch; 0 where a sampler that learns does not know them yet.
    fn num_items(&self) -> usize {
        self.epoch().map_or(0, |epoch| usize::try_from(epoch.n_steps).unwrap_or(usize::MAX))
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<Sampled<O>>> {
        Arc::new(Self { device: device.clone(), ..self.clone() })
    }

    /// Nothing but an error: a sampler draws from all examples.
    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<Sampled<O>>> {
        Arc::new(Slice { start, end })
    }
}
