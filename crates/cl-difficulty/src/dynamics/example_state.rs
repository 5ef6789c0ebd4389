use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

use cl_data::instructions;
use cl_data::seal::{open_bytes, seal_bytes};
use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::block::{Block, LANES, Positions};
use super::catalogue::MetricSettings;
use super::column::Value;
use super::input::{Input, Wanted};
use super::numbers::Float;
use super::observations::{AnyOutputs, Outputs};
use crate::{error::DifficultyError, scores::Metric};

/// The version of [`ExampleState::to_bytes`].
const VERSION: u32 = 2;

/// Bytes of the checksum: there are as many states as examples.
const CHECKSUM: usize = 8;

/// What is known of **one** example for one metric: the state of an aggregate function of an engine, which updates,
/// merges, sends and evaluates states, in whatever order an example's epochs come and wherever they lie.
///
/// The value is that of [`DynamicsRecorder`](super::DynamicsRecorder) for the same epochs, to the bit: of each epoch
/// the numbers that the metric reads are kept, and its accumulator takes them in order when the value is asked for.
/// These are p_y, the loss, a margin, a norm or whether it was right (two for Cartography), and c probabilities where
/// the metric is of them: about 50 bytes an epoch and 8 for each number. Whether an epoch is missing an engine must
/// know. O(c) per epoch to update, O(E) numbers to merge and evaluate.
///
/// ```
/// use cl_difficulty::{ExampleState, MetricSettings, Outputs, Value};
///
/// let forgetting = MetricSettings::parse("forgetting", &[])?;
/// let mut state = ExampleState::new(&forgetting, 2)?;
/// state.update(&[2, 0], Outputs::Logits(&[0.0f32, 1.0, 1.0, 0.0]), 0)?; // wrong, right
/// let mut other = ExampleState::new(&forgetting, 2)?;
/// other.update(&[1], Outputs::Logits(&[1.0f32, 0.0]), 0)?; // right
/// state.merge(&ExampleState::from_bytes(&forgetting, 2, &other.to_bytes()?)?)?;
/// assert_eq!(state.value()?, Value::Float(1.0)); // right, right, wrong
/// assert!(state.merge(&other).is_err()); // epoch 1 twice
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleState {
    settings: MetricSettings,
    n_classes: usize,
    seen: Seen,
}

/// The label, and the numbers of each epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Seen {
    label: Option<usize>,
    epochs: BTreeMap<u64, Vec<f64>>,
}

impl ExampleState {
    /// Of an example that was not observed.
    ///
    /// # Errors
    /// Without a second class.
    pub fn new(settings: &MetricSettings, n_classes: usize) -> Result<Self, DifficultyError> {
        if !(2..u32::MAX as usize).contains(&n_classes) {
            return Err(DifficultyError::argument("n_classes", n_classes, "at least two classes"));
        }
        Ok(Self { settings: settings.clone(), n_classes, seen: Seen::default() })
    }

    /// Takes in what a model said in some epochs, c numbers in each (or one), in any order; epochs that the options from and
    /// until exclude are passed over.
    ///
    /// # Errors
    /// As [`DynamicsRecorder::record`](super::DynamicsRecorder::record), but for the order of epochs. Nothing is
    /// taken in then.
    pub fn update<T: Float>(
        &mut self,
        epochs: &[u64],
        outputs: Outputs<'_, T>,
        label: usize,
    ) -> Result<(), DifficultyError> {
        let inputs = self.settings.accumulator().0.inputs();
        self.take(epochs, AnyOutputs::new(outputs, Wanted::of(inputs.iter().copied())), label)
    }

    fn take(&mut self, epochs: &[u64], outputs: AnyOutputs<'_>, label: usize) -> Result<(), DifficultyError> {
        let (c, width, found) = (self.n_classes, outputs.width(self.n_classes), outputs.numbers.len());
        let expected = epochs.len().saturating_mul(width);
        if found != expected {
            return Err(DifficultyError::LengthMismatch { what: "outputs", found, expected });
        }
        self.settings.check(outputs.kind, false)?;
        if label >= c || self.seen.label.is_some_and(|known| known != label) {
            return Err(DifficultyError::argument("label", label, "a class, the same in all epochs"));
        }
        let mut told = BTreeSet::new();
        for (position, &epoch) in epochs.iter().enumerate() {
            if self.seen.epochs.contains_key(&epoch) || !told.insert(epoch) {
                return Err(twice(epoch));
            }
            if !outputs.are_valid(once(position * width..(position + 1) * width), width) {
                let problem = outputs.problem(position, width);
                return Err(DifficultyError::InvalidObservation { example: 0, epoch, problem });
            }
        }
        let (accumulator, range) = self.settings.accumulator();
        let numbers = instructions::arch().dispatch(Rows { outputs, inputs: accumulator.inputs(), width, label });
        let entering = epochs.iter().copied().zip(numbers).filter(|(epoch, _)| range.contains(*epoch));
        self.seen.epochs.extend(entering);
        self.seen.label = Some(label);
        Ok(())
    }

    /// Takes in what another state of the same example saw in other epochs.
    ///
    /// # Errors
    /// Where the two are of other metrics, classes or labels, or saw the same epoch. Nothing is merged then.
    pub fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        let labels = self.seen.label.zip(other.seen.label);
        let same = self.settings == other.settings && self.n_classes == other.n_classes;
        if !same || labels.is_some_and(|(label, others)| label != others) {
            let (metric, label) = (&other.settings.metric().name, other.seen.label);
            let found = format!("one of {metric}, {} classes and label {label:?}", other.n_classes);
            let expected = "one of the same metric, options, classes and label";
            return Err(DifficultyError::argument("the state to merge", found, expected));
        }
        if let Some(&epoch) = other.seen.epochs.keys().find(|epoch| self.seen.epochs.contains_key(epoch)) {
            return Err(twice(epoch));
        }
        self.seen.label = self.seen.label.or(other.seen.label);
        self.seen.epochs.extend(other.seen.epochs.clone());
        Ok(())
    }

    /// The metric of the epochs seen.
    ///
    /// # Errors
    /// Where they are fewer than the metric needs.
    pub fn value(&self) -> Result<Value, DifficultyError> {
        let (accumulator, _) = self.settings.accumulator();
        let mut state = accumulator.start(1, self.n_classes);
        let mut block = Block::new(0, self.n_classes);
        block.labels[0] = self.seen.label.unwrap_or(0);
        for (&epoch, numbers) in &self.seen.epochs {
            block.epoch = epoch;
            block.set_numbers(accumulator.inputs(), numbers);
            state.update(&block);
        }
        let metric = self.settings.name();
        let values = state.values(&self.settings.reading, &[block.labels[0] as u32]);
        let values = values.transpose().map_err(|few| few.error(0, metric))?;
        let value = values.and_then(|values| values.get(0));
        value.ok_or(DifficultyError::NeverPresented { example: 0, metric })
    }

    /// The state, to be sent or kept: version, metric, number of classes, label, epochs and a checksum.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DifficultyError> {
        let written = postcard::to_stdvec(&(VERSION, self.settings.metric(), self.n_classes, &self.seen));
        written
            .map(seal_bytes::<CHECKSUM>)
            .map_err(|error| DifficultyError::argument("the state", error, "one that can be written"))
    }

    /// The state that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// On bytes of another version, metric, option or number of classes, and on damaged ones.
    pub fn from_bytes(settings: &MetricSettings, n_classes: usize, bytes: &[u8]) -> Result<Self, DifficultyError> {
        let wrong = |found: &str, expected| DifficultyError::argument("bytes", found, expected);
        // Not by its type: postcard passes on no message.
        if let Ok((version, _)) = postcard::take_from_bytes::<u32>(bytes)
            && version != VERSION
        {
            return Err(wrong(&format!("a state of version {version}"), "version 2"));
        }
        let damaged = || wrong("damaged", "the state of an example");
        let content = open_bytes::<CHECKSUM>(bytes).map_err(|_| damaged())?;
        let read = postcard::from_bytes::<(u32, Metric, usize, Seen)>(content).map_err(|_| damaged())?;
        let mut state = Self::new(settings, n_classes)?;
        if (&read.1, read.2) != (settings.metric(), n_classes) {
            let found = format!("a state of {}, {} classes", read.1.name, read.2);
            return Err(wrong(&found, "one of this metric, its options and number of classes"));
        }
        state.seen = read.3;
        let width = Input::width(settings.accumulator().0.inputs(), n_classes);
        let valid = |numbers: &Vec<f64>| numbers.len() == width && !numbers.iter().any(|number| number.is_nan());
        let labelled = state.seen.label.map_or(state.seen.epochs.is_empty(), |label| label < n_classes);
        // Written again it is the same: nothing follows, and each epoch stands there once, in order.
        let valid = labelled && state.seen.epochs.values().all(valid) && state.to_bytes()? == bytes;
        if valid { Ok(state) } else { Err(damaged()) }
    }
}

fn twice(epoch: u64) -> DifficultyError {
    let problem = "observed twice, expected once per epoch".into();
    DifficultyError::InvalidObservation { example: 0, epoch, problem }
}

/// The numbers of each row of outputs.
struct Rows<'a> {
    outputs: AnyOutputs<'a>,
    inputs: &'static [Input],
    width: usize,
    label: usize,
}

impl WithSimd for Rows<'_> {
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { outputs, inputs, width, label } = self;
        let mut block = Block::new(0, width);
        block.labels = [label; LANES];
        let n = outputs.numbers.len() / width;
        let mut rows = Vec::with_capacity(n);
        for start in (0..n).step_by(LANES) {
            let positions = std::array::from_fn(|lane| (start + lane).min(n - 1));
            let wanted = Wanted::of(inputs.iter().copied());
            block.fill(simd, outputs, Positions::Each(&positions), wanted);
            rows.extend((start..n.min(start + LANES)).map(|row| block.numbers(inputs, row - start)));
        }
        rows
    }
}
