use burn::tensor::{DType, Tensor, TensorData};
use cl_data::FingerprintBuilder;
use cl_difficulty::{Column, DifficultyError, DynamicsRecorder, Float, MetricSettings, Observations, OutputKind};
use serde::{Deserialize, Serialize};

use crate::{error::BurnError, sampled::Sampled};

/// How many numbers are held on the device at most before they are read: 256 MiB of `f32`.
const HELD_AT_MOST: usize = 1 << 26;

/// Records what a network says of its examples while it is trained: every metric of the training dynamics of
/// [`cl_difficulty::metrics`], from one pass.
///
/// Outputs stay on the device until their epoch is over and are read then, all at once; sooner where they are more than
/// 2^26 numbers, or what [`with_held_at_most`](Self::with_held_at_most) says. They are those of the training pass,
/// before the update. What a metric is, [`DynamicsRecorder`] says; scores are its scores of the same numbers.
///
/// ```
/// use burn::tensor::Tensor;
/// use cl_burn::{Recorder, device};
/// use cl_difficulty::MetricSettings;
///
/// let metrics = [MetricSettings::parse("aum", &[])?, MetricSettings::parse("el2n", &[])?];
/// let mut recorder = Recorder::new(vec![1, 0], 3, &metrics)?;
/// let device = device("cpu")?;
/// for epoch in 0..2 {
///     let logits = Tensor::<2>::from_data([[6.0, 5.0, 4.0], [1.0, 2.0, 3.0]], &device);
///     recorder.record_at(epoch, &[1, 0], &logits)?; // in any order
/// }
/// let columns = recorder.columns()?;
/// assert_eq!(columns[0].values.to_floats(), [-1.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Recorder {
    recorder: DynamicsRecorder,
    labels: Vec<usize>,
    outputs: OutputKind,
    /// The epoch that is recorded, and which examples it has shown.
    epoch: u64,
    seen: Vec<bool>,
    held: Vec<Held>,
    n_held: usize,
    held_at_most: usize,
}

/// Outputs that are still on the device, one after the other.
#[derive(Debug, Clone)]
struct Held {
    indices: Vec<usize>,
    outputs: Tensor<1>,
}

/// What is saved.
#[derive(Serialize, Deserialize)]
struct Saved {
    recorder: DynamicsRecorder,
    labels: String,
    outputs: OutputKind,
    epoch: u64,
    seen: Vec<bool>,
}

impl Recorder {
    /// Of as many examples as there are labels, each below `n_classes`, from their logits. Epochs that lack examples,
    /// as a curriculum has them, are taken.
    ///
    /// # Errors
    /// Without an example, a second class or a metric, on a label that is no class, and on a metric given twice.
    pub fn new(labels: Vec<usize>, n_classes: usize, metrics: &[MetricSettings]) -> Result<Self, BurnError> {
        let recorder = DynamicsRecorder::new(labels.len(), n_classes, metrics)?.with_partial_epochs();
        if let Some(example) = labels.iter().position(|&label| label >= n_classes) {
            let value = format!("{} of example {example}", labels[example]);
            return Err(BurnError::argument("labels", value, format!("classes below {n_classes}")));
        }
        let seen = vec![false; labels.len()];
        let (outputs, held_at_most) = (OutputKind::Logits, HELD_AT_MOST);
        Ok(Self { recorder, labels, outputs, epoch: 0, seen, held: Vec::new(), n_held: 0, held_at_most })
    }

    /// The same from outputs of another kind, such as log-probabilities, or losses, one for each example.
    pub fn with_outputs(mut self, outputs: OutputKind) -> Self {
        self.outputs = outputs;
        self
    }

    /// The same with at most so many numbers on the device, beside those of the last batch.
    pub fn with_held_at_most(mut self, n_numbers: usize) -> Self {
        self.held_at_most = n_numbers;
        self
    }

    /// Takes in what the network said of a batch, before the update: n x c numbers, or n where there is one per example.
    ///
    /// # Errors
    /// As [`record_at`](Self::record_at).
    pub fn record<O, const D: usize>(
        &mut self,
        sampled: &Sampled<O>,
        outputs: &Tensor<D>,
    ) -> Result<(), BurnError> {
        self.record_at(sampled.epoch, &sampled.drawn.indices, outputs)
    }

    /// The same of examples in an epoch that the caller counts: an example is in an epoch once, so that a sampler which
    /// draws with replacement has epochs of the caller's own.
    ///
    /// # Errors
    /// On outputs of another shape, an example out of range or twice in the epoch, and an epoch before an earlier one;
    /// nothing of the batch is taken then. Numbers that cannot be, such as NaN, show when they are read: nothing of what
    /// was held is recorded then.
    pub fn record_at<const D: usize>(
        &mut self,
        epoch: u64,
        indices: &[usize],
        outputs: &Tensor<D>,
    ) -> Result<(), BurnError> {
        self.check_shape(indices.len(), &outputs.dims())?;
        if epoch < self.epoch {
            let expected = format!("{} or a later one", self.epoch);
            return Err(BurnError::argument("epoch", epoch, expected));
        }
        if epoch > self.epoch {
            self.settle()?;
            (self.epoch, self.seen) = (epoch, vec![false; self.labels.len()]);
        }
        self.see(indices)?;
        if indices.is_empty() {
            return Ok(());
        }
        let n_numbers = indices.len() * self.width();
        let outputs = outputs.clone().without_autodiff().reshape([n_numbers]);
        self.held.push(Held { indices: indices.to_vec(), outputs });
        self.n_held += n_numbers;
        if self.n_held > self.held_at_most { self.settle() } else { Ok(()) }
    }

    fn width(&self) -> usize {
        self.outputs.width(self.recorder.n_classes())
    }

    fn check_shape(&self, n: usize, found: &[usize]) -> Result<(), BurnError> {
        let expected = if self.outputs.is_scalar() { vec![n] } else { vec![n, self.width()] };
        if found == expected {
            return Ok(());
        }
        let expected = format!("{expected:?}, the {} of each example of the batch", self.outputs);
        Err(BurnError::argument("outputs", format!("of shape {found:?}"), expected))
    }

    /// Notes that the epoch shows these examples, each for the first time.
    fn see(&mut self, indices: &[usize]) -> Result<(), BurnError> {
        for (at, &example) in indices.iter().enumerate() {
            let problem = match self.seen.get_mut(example) {
                Some(seen) if !*seen => {
                    *seen = true;
                    continue;
                }
                Some(_) => {
                    let value = format!("{example}, a second time in epoch {}", self.epoch);
                    BurnError::argument("indices", value, "each example once an epoch: see Recorder::record_at")
                }
                None => {
                    let n_examples = self.seen.len();
                    DifficultyError::ExampleOutOfRange { example, n_examples }.into()
                }
            };
            indices[..at].iter().for_each(|&seen| self.seen[seen] = false);
            return Err(problem);
        }
        Ok(())
    }

    /// Reads what is held, in one transfer, and records it.
    fn settle(&mut self) -> Result<(), BurnError> {
        self.n_held = 0;
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return Ok(());
        }
        let indices: Vec<usize> = held.iter().flat_map(|held| held.indices.iter().copied()).collect();
        let outputs = Tensor::cat(held.into_iter().map(|held| held.outputs).collect(), 0);
        let outputs = outputs.try_into_data().map_err(|problem| BurnError::device("the outputs", problem))?;
        self.take(&indices, outputs)
    }

    fn take(&mut self, indices: &[usize], outputs: TensorData) -> Result<(), BurnError> {
        let unreadable = |problem| BurnError::device("the outputs", problem);
        match outputs.dtype() {
            DType::F32 => self.take_numbers(indices, outputs.as_slice::<f32>().map_err(unreadable)?),
            // Exactly, whatever they were.
            _ => self.take_numbers(indices, &outputs.try_into_vec_as::<f64>().map_err(unreadable)?),
        }
    }

    fn take_numbers<T: Float>(&mut self, indices: &[usize], values: &[T]) -> Result<(), BurnError> {
        let labels: Vec<usize> = indices.iter().map(|&index| self.labels[index]).collect();
        let (epoch, outputs) = (self.epoch, self.outputs.outputs(values));
        Ok(self.recorder.record(&Observations { epoch, indices, labels: &labels[..], outputs })?)
    }

    /// Each metric of every example, higher or lower being harder as the column says. What is held is read first.
    ///
    /// # Errors
    /// On numbers that cannot be, and where an example was never shown.
    pub fn columns(&mut self) -> Result<Vec<Column>, BurnError> {
        Ok(self.recorder()?.columns()?)
    }

    /// All that is recorded: to be merged with another's, serialised, or asked for more. What is held is read first.
    ///
    /// # Errors
    /// On numbers that cannot be.
    pub fn recorder(&mut self) -> Result<&DynamicsRecorder, BurnError> {
        self.settle()?;
        Ok(&self.recorder)
    }

    /// What a checkpoint holds.
    pub(crate) fn read_to_bytes(&mut self) -> Result<Vec<u8>, BurnError> {
        self.settle()?;
        let Self { recorder, labels, outputs, epoch, seen, .. } = self;
        let (recorder, seen) = (recorder.clone(), seen.clone());
        let saved = Saved { recorder, labels: fingerprint(labels), outputs: *outputs, epoch: *epoch, seen };
        postcard::to_stdvec(&saved).map_err(|error| BurnError::Unusable(error.to_string()))
    }

    /// Takes back what one made alike gave; all stays as it was where it was made otherwise.
    pub(crate) fn take_bytes(&mut self, bytes: &[u8]) -> Result<(), BurnError> {
        let saved: Saved =
            postcard::from_bytes(bytes).map_err(|_| BurnError::Unusable("its recorder is damaged".into()))?;
        let metrics = |recorder: &DynamicsRecorder| {
            let metric = |settings: &MetricSettings| {
                let metric = settings.metric();
                let options = metric.options.iter().map(|(name, value)| format!(" {name}={value}"));
                metric.name.clone() + &options.collect::<String>()
            };
            recorder.metrics().iter().map(metric).collect::<Vec<_>>().join(", ")
        };
        let settings = |recorder: &DynamicsRecorder, labels: String, outputs: OutputKind| {
            [
                ("number of examples", recorder.n_examples().to_string()),
                ("number of classes", recorder.n_classes().to_string()),
                ("metrics", metrics(recorder)),
                ("labels", labels),
                ("outputs", outputs.to_string()),
            ]
        };
        let own = settings(&self.recorder, fingerprint(&self.labels), self.outputs);
        let other = settings(&saved.recorder, saved.labels, saved.outputs);
        if let Some(((what, own), (_, other))) = own.into_iter().zip(other).find(|(own, other)| own != other) {
            let problem = format!("its {what} are {other}, not {own}");
            return Err(BurnError::OtherState { what: "recorder", problem });
        }
        if saved.seen.len() != self.labels.len() {
            return Err(BurnError::Unusable("its recorder's parts are of different numbers of examples".into()));
        }
        (self.recorder, self.epoch, self.seen) = (saved.recorder, saved.epoch, saved.seen);
        (self.held, self.n_held) = (Vec::new(), 0);
        Ok(())
    }
}

fn fingerprint(labels: &[usize]) -> String {
    let mut hash = FingerprintBuilder::default();
    hash.add(labels.iter().map(|&label| label as u64));
    hash.fingerprint().to_string()
}
