use std::collections::BTreeSet;

use cl_data::seal::Sealed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

use super::accumulators::{Accumulator, State};
use super::catalogue::MetricSettings;
use super::column::{Column, ColumnValues};
use super::metric::Range;
use super::numbers::{Float, Index};
use super::observations::{AnyObservations, AnyOutputs, Log, Observations, Outputs};
use super::saved_recorder::{Fields, Unchecked, needed};
use super::scattered;
use super::shard::{Checked, Part, SHARD, Shard, wanted};
use crate::error::DifficultyError;

/// Any number of metrics of the training dynamics from one pass over what a model said: logits or probabilities, or its
/// losses or whether it was right, of which [fewer metrics](MetricSettings::unavailable) can be had.
///
/// Epochs come whole or in parts, examples in any order within one; metrics such as forgetting need the epochs
/// of each example in increasing order, the others take any. Metrics that share an accumulator share its
/// memory: O(n) each, O(n J) for windows of J epochs, O(n C) where probabilities are kept (`tdds` and the
/// label qualities). A softmax is computed once, in f64 with the largest logit subtracted, so that a constant
/// added to an example's logits changes nothing beyond rounding. O(C) per observation, on all threads; the
/// result depends neither on their number nor on how an epoch is cut. Serialised in between, with a checksum, it resumes. What is
/// recorded is checked before anything is written: an error leaves all as it was, and recording may go on.
///
/// ```
/// use cl_difficulty::{ColumnValues, DynamicsRecorder, MetricSettings, Observations, Outputs};
///
/// let metrics = [MetricSettings::parse("aum", &[])?, MetricSettings::parse("forgetting", &[])?];
/// let mut recorder = DynamicsRecorder::new(2, 3, &metrics)?;
/// for (epoch, logits) in [[1.0f32, 2.0, 3.0, 6.0, 5.0, 4.0], [1.0, 2.0, 3.0, 4.0, 9.0, 8.0]].iter().enumerate() {
///     let outputs = Outputs::Logits(logits);
///     recorder.record(&Observations { epoch: epoch as u64, indices: &[0, 1], labels: &[1, 0], outputs })?;
/// }
/// let columns = recorder.columns()?;
/// assert_eq!(columns[0].values, ColumnValues::Float(vec![-1.0, -2.0]));
/// // The first was never right, which Toneva's rule counts as forgotten at each of its two presentations.
/// assert_eq!(columns[1].values, ColumnValues::Float(vec![2.0, 1.0]));
/// # Ok::<(), cl_difficulty::DifficultyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Sealed<2, Unchecked>")]
pub struct DynamicsRecorder {
    pub(super) n_examples: usize,
    pub(super) n_classes: usize,
    pub(super) metrics: Vec<MetricSettings>,
    pub(super) accumulators: Vec<(Accumulator, Range)>,
    pub(super) shards: Vec<Shard>,
    pub(super) partial_epochs: bool,
    pub(super) soft_labels: Option<Vec<f64>>,
    pub(super) error: Option<String>,
}

impl Serialize for DynamicsRecorder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Sealed::<2, _>::new(self.fields()).serialize(serializer)
    }
}

impl TryFrom<Sealed<2, Unchecked>> for DynamicsRecorder {
    type Error = DifficultyError;

    fn try_from(sealed: Sealed<2, Unchecked>) -> Result<Self, DifficultyError> {
        sealed.into_inner().try_into()
    }
}

impl TryFrom<Unchecked> for DynamicsRecorder {
    type Error = DifficultyError;

    /// Every part has the sizes and settings that the metrics ask for, and the values of the epochs that were seen, so
    /// that nothing later has to ask.
    fn try_from(unchecked: Unchecked) -> Result<Self, DifficultyError> {
        let Unchecked { n_examples, n_classes, metrics, shards, partial_epochs, soft_labels, error } = unchecked;
        let accumulators = needed(n_examples, n_classes, &metrics)?;
        let firsts = (0..n_examples).step_by(SHARD);
        let fit = |(shard, first): (&Shard, usize)| {
            shard.fits(first, SHARD.min(n_examples - first), n_classes, &accumulators)
        };
        if shards.len() != firsts.len() || !shards.par_iter().zip(firsts.collect::<Vec<_>>()).all(fit) {
            return Err(DifficultyError::InvalidArgument {
                argument: "the recorder read",
                value: format!("one of {} examples in {} shards", n_examples, shards.len()),
                expected: "what its examples, classes, metrics and epochs ask for",
            });
        }
        let recorder =
            Self { n_examples, n_classes, metrics, accumulators, shards, partial_epochs, soft_labels, error };
        recorder.soft_labels.iter().try_for_each(|soft| recorder.check_soft_labels(soft))?;
        Ok(recorder)
    }
}

impl DynamicsRecorder {
    /// What is written of it, without a checksum.
    pub(crate) fn fields(&self) -> Fields<'_> {
        let Self { n_examples, n_classes, metrics, shards, partial_epochs, soft_labels, error, .. } = self;
        let (n_examples, n_classes, partial_epochs) = (*n_examples, *n_classes, *partial_epochs);
        Fields { n_examples, n_classes, metrics, shards, partial_epochs, soft_labels, error }
    }

    /// For `n_examples` examples of `n_classes` classes, none observed yet.
    ///
    /// # Errors
    /// Without an example, a second class or a metric, and on a metric given twice with the same options.
    pub fn new(n_examples: usize, n_classes: usize, metrics: &[MetricSettings]) -> Result<Self, DifficultyError> {
        let accumulators = needed(n_examples, n_classes, metrics)?;
        let mut recorder = Self {
            n_examples: 0,
            n_classes,
            metrics: metrics.to_vec(),
            accumulators,
            shards: Vec::new(),
            partial_epochs: false,
            soft_labels: None,
            error: None,
        };
        recorder.grow(n_examples)?;
        Ok(recorder)
    }

    /// Allows epochs that lack examples and gaps between epochs, as a curriculum or a log of some checkpoints
    /// has them: means are then over the epochs that an example was in, and only one in none is an error.
    pub fn with_partial_epochs(mut self) -> Self {
        self.partial_epochs = true;
        self
    }

    /// Takes in an epoch or a part of one.
    ///
    /// # Errors
    /// On lengths that do not agree, an example or a label out of range, a label other than in an earlier
    /// epoch, an example twice in an epoch, a logit that is not finite, a probability outside [0, 1],
    /// probabilities whose sum is not 1 within 0.001, a loss that is not finite, or negative where a metric reads its
    /// probability, an epoch before an earlier one where a metric is bound to their order, and outputs of a kind of which
    /// a metric [cannot be had](MetricSettings::unavailable). Nothing is recorded then.
    pub fn record<T: Float, I: Index, L: Index>(
        &mut self,
        observations: &Observations<'_, T, I, L>,
    ) -> Result<(), DifficultyError> {
        let indices = &*I::to_usizes("indices", observations.indices)?;
        let labels = &*L::to_usizes("labels", observations.labels)?;
        let (epoch, outputs) = (observations.epoch, self.any(observations.outputs));
        self.check(indices.len(), labels.len(), 1, outputs)?;
        self.scatter(&AnyObservations { epoch, indices, labels, outputs })
    }

    /// Takes in a log in memory: the same as its epochs one by one, faster, because each thread takes some
    /// examples through all epochs while their accumulators are in its cache. Where something was recorded before,
    /// the accumulators are there twice meanwhile.
    ///
    /// # Errors
    /// As [`Self::record`]; nothing of the log is recorded then.
    pub fn record_log<T: Float, L: Index>(&mut self, log: &Log<'_, T, L>) -> Result<(), DifficultyError> {
        let labels = &*L::to_usizes("labels", log.labels)?;
        self.record_any_log(log.epochs, labels, self.any(log.outputs))
    }

    fn any<'a, T: Float>(&self, outputs: Outputs<'a, T>) -> AnyOutputs<'a> {
        AnyOutputs::new(outputs, wanted(&self.accumulators))
    }

    fn record_any_log(
        &mut self,
        epochs: &[u64],
        labels: &[usize],
        outputs: AnyOutputs<'_>,
    ) -> Result<(), DifficultyError> {
        let (n, c, order_bound) = (self.n_examples, self.n_classes, self.order_bound());
        self.check(n, labels.len(), epochs.len(), outputs)?;
        let (accumulators, width) = (&self.accumulators, outputs.width(c));
        let soft_labels = self.soft_labels.as_deref();
        let record = |(k, (shard, labels)): (usize, (&mut Shard, &[usize]))| {
            // A shard is checked epoch by epoch, while its numbers are in the cache: it may have to be as before.
            let before = (!shard.is_fresh()).then(|| shard.clone());
            let result = epochs.iter().enumerate().try_for_each(|(position, &epoch)| {
                let start = (position * n + k * SHARD) * width;
                let outputs = outputs.part(start..start + labels.len() * width);
                let observations = AnyObservations { epoch, indices: &[], labels, outputs };
                let part = Part::Run { position: 0, example: 0, n: labels.len() };
                let checked = shard.check(&observations, part, order_bound)?;
                shard.record(&observations, part, checked, accumulators, soft_labels);
                Ok(())
            });
            (before, result)
        };
        let shards = self.shards.par_iter_mut().zip(labels.par_chunks(SHARD)).enumerate();
        let (before, results): (Vec<_>, Vec<_>) = shards.map(record).unzip();
        let result: Result<(), DifficultyError> = results.into_iter().collect();
        if result.is_err() {
            for (k, (shard, before)) in self.shards.iter_mut().zip(before).enumerate() {
                let n = SHARD.min(n - k * SHARD);
                *shard = before.unwrap_or_else(|| Shard::new(k * SHARD, n, c, accumulators));
            }
        }
        result
    }

    /// Whether there are labels and outputs of `n` examples in each of some epochs, of the kind that the metrics
    /// need.
    fn check(
        &self,
        n: usize,
        n_labels: usize,
        n_epochs: usize,
        outputs: AnyOutputs<'_>,
    ) -> Result<(), DifficultyError> {
        let n_values = n
            .checked_mul(outputs.width(self.n_classes))
            .and_then(|n| n.checked_mul(n_epochs))
            .unwrap_or(usize::MAX);
        for (what, found, expected) in [("labels", n_labels, n), ("outputs", outputs.numbers.len(), n_values)] {
            if found != expected {
                return Err(DifficultyError::LengthMismatch { what, found, expected });
            }
        }
        self.metrics.iter().try_for_each(|settings| settings.check(outputs.kind, self.soft_labels.is_some()))
    }

    pub(super) fn order_bound(&self) -> bool {
        self.accumulators.iter().any(|(accumulator, _)| accumulator.order_bound())
    }

    /// Each shard takes its own observations, so that no thread writes where another does, once all are checked.
    fn scatter(&mut self, observations: &AnyObservations<'_>) -> Result<(), DifficultyError> {
        let indices = observations.indices;
        let Some(&first) = indices.first() else { return Ok(()) };
        // Without a branch for each.
        let (is_run, last) = indices.iter().enumerate().fold((true, first), |(run, last), (k, &example)| {
            (run & (example.wrapping_sub(first) == k), last.max(example))
        });
        if last >= self.n_examples {
            let n_examples = self.n_examples;
            let example = indices.iter().copied().find(|&example| example >= n_examples).unwrap_or(last);
            return Err(DifficultyError::ExampleOutOfRange { example, n_examples });
        }
        let (mut order, mut ends) = (Vec::new(), Vec::new());
        if !is_run {
            // Counting sort by shard: `ends` holds starts until the positions are placed.
            ends = vec![0; self.shards.len() + 1];
            indices.iter().for_each(|example| ends[example / SHARD + 1] += 1);
            (1..ends.len()).for_each(|shard| ends[shard] += ends[shard - 1]);
            order = vec![0; indices.len()];
            for (position, example) in indices.iter().enumerate() {
                let next = &mut ends[example / SHARD];
                order[*next] = position;
                *next += 1;
            }
        }
        let part = |shard: usize| {
            if is_run {
                let start = (shard * SHARD).clamp(first, first + indices.len());
                let end = ((shard + 1) * SHARD).clamp(start, first + indices.len());
                Part::Run { position: start - first, example: start - shard * SHARD, n: end - start }
            } else {
                Part::Scattered(&order[if shard == 0 { 0 } else { ends[shard - 1] }..ends[shard]])
            }
        };
        let lowest = if is_run { first } else { indices.iter().copied().min().unwrap_or(first) };
        let (from, touched) = (lowest / SHARD, lowest / SHARD..=last / SHARD);
        let (accumulators, order_bound) = (&self.accumulators, self.order_bound());
        let soft_labels = self.soft_labels.as_deref();
        let check = |(k, shard): (usize, &Shard)| {
            let part = part(from + k);
            (!part.is_empty()).then(|| shard.check(observations, part, order_bound)).transpose()
        };
        // What takes a thread some microseconds is done before another one wakes.
        let n_numbers = indices.len() * observations.outputs.width(self.n_classes);
        let least = if n_numbers < 1 << 15 { usize::MAX } else { 1 };
        // All finish, and the first example's error is told: whichever thread was faster.
        let shards = self.shards[touched.clone()].par_iter().enumerate().with_min_len(least);
        let checked: Vec<_> = shards.map(check).collect();
        let checked: Vec<Option<Checked>> = checked.into_iter().collect::<Result<_, DifficultyError>>()?;
        if !is_run {
            let shards = self.shards[touched.clone()].iter_mut().zip(checked).enumerate();
            shards.for_each(|(k, (shard, checked))| {
                checked.into_iter().for_each(|checked| shard.note(observations, part(from + k), checked));
            });
            scattered::record(&mut self.shards[touched], observations, &order, accumulators, soft_labels);
            return Ok(());
        }
        let shards = self.shards[touched].par_iter_mut().zip(checked).enumerate();
        shards.for_each(|(k, (shard, checked))| {
            if let Some(checked) = checked {
                shard.record(observations, part(from + k), checked, accumulators, soft_labels);
            }
        });
        Ok(())
    }

    /// The number of examples.
    pub fn n_examples(&self) -> usize {
        self.n_examples
    }

    /// The number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The metrics, in the order of their columns.
    pub fn metrics(&self) -> &[MetricSettings] {
        &self.metrics
    }

    /// How many epochs were recorded, parts of epochs included.
    pub fn n_epochs(&self) -> u64 {
        self.epochs().len() as u64
    }

    /// The epochs recorded, in increasing order.
    pub fn epochs(&self) -> Vec<u64> {
        let epochs: BTreeSet<u64> = self.shards.iter().flat_map(Shard::epochs).collect();
        epochs.into_iter().collect()
    }

    /// Which examples were observed at least once: of the others there are no metrics, so that a recorder of partial epochs
    /// may have to [select](Self::select) these.
    pub fn observed(&self) -> Vec<bool> {
        self.shards.iter().flat_map(Shard::observed).collect()
    }

    /// The label of each example.
    ///
    /// # Errors
    /// Where an example was never observed.
    pub fn labels(&self) -> Result<Vec<usize>, DifficultyError> {
        if let Some(example) = self.shards.iter().find_map(Shard::unlabelled) {
            return Err(DifficultyError::NeverPresented { example, metric: "label" });
        }
        Ok(self.shards.iter().flat_map(Shard::labels).map(|&label| label as usize).collect())
    }

    /// How many examples were never right; `None` without a metric of the forgetting family over all epochs.
    pub fn n_never_learned(&self) -> Option<usize> {
        let everything = Range { from: 0, until: None };
        let k =
            self.accumulators.iter().position(|needed| *needed == (Accumulator::Forgetting(()), everything))?;
        let count = |shard: &Shard| match &shard.states[k] {
            State::Forgetting(forgetting) => forgetting.never_learned().into_iter().filter(|&never| never).count(),
            _ => 0,
        };
        Some(self.shards.iter().map(count).sum())
    }

    /// The probabilities averaged over epochs, c per example; `None` unless a label quality is recorded of them.
    ///
    /// # Errors
    /// As [`Self::columns`].
    pub fn mean_probabilities(&self) -> Result<Option<Vec<f64>>, DifficultyError> {
        let found = self.accumulators.iter().position(|(needed, _)| *needed == Accumulator::MeanProbabilities(()));
        let Some(k) = found else { return Ok(None) };
        self.check_complete()?;
        let mut probabilities = Vec::with_capacity(self.n_examples * self.n_classes);
        for (shard, first) in self.shards.iter().zip((0..).step_by(SHARD)) {
            if let State::MeanProbabilities(mean) = &shard.states[k] {
                let rows = mean.rows().map_err(|few| few.error(first, "mean probabilities"))?;
                rows.for_each(|row| probabilities.extend(row));
            }
        }
        Ok(Some(probabilities))
    }

    /// The metrics of all examples, in the order in which they were asked for.
    ///
    /// # Errors
    /// Without an epoch; where an epoch or an example of an epoch is missing (unless partial epochs are
    /// allowed); where an example has fewer epochs than a metric needs; where [`Self::error`] has one.
    pub fn columns(&self) -> Result<Vec<Column>, DifficultyError> {
        self.check_complete()?;
        self.metrics.par_iter().map(|settings| self.column(settings)).collect()
    }

    fn column(&self, settings: &MetricSettings) -> Result<Column, DifficultyError> {
        let description = settings.description();
        let name = settings.name();
        let k = self.accumulators.iter().position(|accumulator| *accumulator == settings.accumulator());
        let part = |(shard, first): (&Shard, usize)| {
            // Present since `new`.
            let state = k.and_then(|k| shard.states.get(k));
            let part = state.and_then(|state| state.values(&settings.reading, shard.labels()));
            let part = part.ok_or(DifficultyError::NeverPresented { example: first, metric: name })?;
            part.map_err(|few| few.error(first, name))
        };
        let parts = self.shards.iter().zip((0..).step_by(SHARD)).map(part);
        let values = ColumnValues::concatenate(parts, self.n_examples)?;
        let (metric, higher_is_harder) = (settings.metric().clone(), description.higher_is_harder);
        Ok(Column { name: name.to_owned(), values, higher_is_harder, metric })
    }

    fn check_complete(&self) -> Result<(), DifficultyError> {
        if let Some(error) = &self.error {
            let (argument, expected) = ("the training observed", "one that can be recorded");
            return Err(DifficultyError::argument(argument, error, expected));
        }
        let epochs = self.epochs();
        let (Some(&first), Some(&last)) = (epochs.first(), epochs.last()) else {
            return Err(DifficultyError::NeverPresented { example: 0, metric: "difficulty" });
        };
        if self.partial_epochs {
            return self.labels().map(drop);
        }
        if let Some(gap) = epochs.windows(2).find(|pair| pair[1] > pair[0] + 1) {
            return Err(DifficultyError::MissingEpoch { epoch: gap[0] + 1, first, last });
        }
        for epoch in epochs {
            if let Some(example) = self.shards.iter().find_map(|shard| shard.lacks(epoch)) {
                let n_examples = self.n_examples;
                return Err(DifficultyError::MissingExample { example, epoch, n_examples });
            }
        }
        Ok(())
    }

    /// What went wrong while observing: an observer cannot stop its trainer, so the first error is kept.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use cl_data::random;
    use serde_json::{Value, json};

    use super::*;
    use crate::dynamics::output_kind::OutputKind;

    const N: usize = 70;
    const C: usize = 3;

    fn record(recorder: &mut DynamicsRecorder, epoch: u64, examples: &[usize]) -> Result<(), DifficultyError> {
        let logit = |at: usize| ((at * 7 + epoch as usize * 5) % 11) as f64;
        let outputs: Vec<f64> = examples.iter().flat_map(|i| (0..C).map(move |k| logit(i * C + k))).collect();
        let labels: Vec<usize> = examples.iter().map(|i| i % C).collect();
        let outputs = Outputs::Logits(&outputs);
        recorder.record(&Observations { epoch, indices: examples, labels: &labels, outputs })
    }

    /// Few examples of each shard at a time, or all of them in turn: the same to the bit, whatever is recorded of them.
    #[test]
    fn shuffled_batches_are_the_epoch_in_turn() {
        const MANY: usize = 2 * SHARD + 70;
        let mut rng = random::stream(3, "shuffled batches", 0);
        let labels: Vec<usize> = (0..MANY).map(|i| i * 7 % C).collect();
        let soft: Vec<f64> =
            (0..MANY).flat_map(|i| [0.5, 0.3, 0.2].map(|y| if i % 2 == 0 { y } else { 1.0 / 3.0 })).collect();
        for (kind, is_soft) in [
            (OutputKind::Logits, false),
            (OutputKind::Logits, true),
            (OutputKind::Probabilities, false),
            (OutputKind::Losses, false),
        ] {
            let has = |metric: &MetricSettings| {
                let recorder = DynamicsRecorder::new(MANY, C, std::slice::from_ref(metric)).unwrap();
                !is_soft || recorder.with_soft_labels(soft.clone()).is_ok()
            };
            let metrics: Vec<_> = MetricSettings::all(kind).into_iter().filter(has).collect();
            let new = || {
                let recorder = DynamicsRecorder::new(MANY, C, &metrics).unwrap().with_partial_epochs();
                if is_soft { recorder.with_soft_labels(soft.clone()).unwrap() } else { recorder }
            };
            let (mut in_turn, mut shuffled) = (new(), new());
            for epoch in 0..12 {
                let width = if kind.is_scalar() { 1 } else { C };
                let numbers: Vec<f64> = (0..MANY * width).map(|_| 0.1 + random::uniform(&mut rng)).collect();
                let row = |i: usize| {
                    let row = &numbers[i * width..(i + 1) * width];
                    let sum = if kind == OutputKind::Probabilities { row.iter().sum() } else { 1.0 };
                    row.iter().map(move |number| number / sum)
                };
                let order = random::permutation(&mut rng, MANY);
                let all: Vec<usize> = (0..MANY).collect();
                for (recorder, order, batch) in [(&mut in_turn, &all, MANY), (&mut shuffled, &order, 300)] {
                    for indices in order.chunks(batch) {
                        let outputs: Vec<f64> = indices.iter().flat_map(|&i| row(i)).collect();
                        let labels: Vec<usize> = indices.iter().map(|&i| labels[i]).collect();
                        let outputs = kind.outputs(&outputs[..]);
                        recorder.record(&Observations { epoch, indices, labels: &labels[..], outputs }).unwrap();
                    }
                }
            }
            assert!(in_turn == shuffled, "{kind:?}, soft: {is_soft}");
        }
    }

    /// The paths to all numbers, flags and lists.
    fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| leaves(value, format!("{path}/{name}"), found));
            }
            Value::Array(items) => {
                found.push(path.clone());
                items.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{path}/{at}"), found));
            }
            _ => found.push(path),
        }
    }

    /// Whatever is changed in what is read back, with a checksum of its own, is refused or used without a panic; and
    /// no count or epoch can be another.
    #[test]
    fn every_field_read_back_is_checked() {
        let metrics = MetricSettings::all(OutputKind::Logits);
        let mut recorder = DynamicsRecorder::new(N, C, &metrics).unwrap().with_partial_epochs();
        for epoch in 0..12 {
            // The last three examples come later, one never.
            let examples: Vec<usize> = (0..if epoch < 4 { N - 3 } else { N - 1 }).collect();
            record(&mut recorder, epoch, &examples).unwrap();
        }
        let whole = serde_json::to_value(recorder.fields()).unwrap();
        let read = |value: Value| {
            let unchecked: Unchecked = serde_json::from_value(value).map_err(|error| error.to_string())?;
            DynamicsRecorder::try_from(unchecked).map_err(|error| error.to_string())
        };
        assert_eq!(read(whole.clone()).unwrap(), recorder);
        let mut paths = Vec::new();
        leaves(&whole, String::new(), &mut paths);
        let counted = ["counts", "presentations", "bits", "/n_examples", "/n_classes", "/first/", "epochs/"];
        let mut rng = random::stream(3, "damage", 0);
        let mut n_refused = 0;
        for round in 0..3000 {
            let path = &paths[random::below(&mut rng, paths.len())];
            let mut damaged = whole.clone();
            let leaf = damaged.pointer_mut(path).unwrap();
            let before = leaf.clone();
            let put = match random::below(&mut rng, 7) {
                0 => json!(u32::MAX),
                1 => json!(u64::MAX),
                2 => json!(0),
                3 => json!(f64::MAX),
                4 => json!(-1.0),
                5 => before.as_u64().map_or(Value::Null, |number| json!(number.wrapping_add(1))),
                _ => json!(1),
            };
            match (leaf, &before) {
                (Value::Array(items), _) => drop(items.pop()),
                (leaf, Value::Bool(flag)) => *leaf = json!(!flag),
                (leaf, _) => *leaf = put,
            }
            if damaged == whole {
                continue;
            }
            match read(damaged) {
                Err(_) => n_refused += 1,
                Ok(mut read) => {
                    assert!(!counted.iter().any(|name| path.contains(name)), "round {round}: {path}, {before}");
                    let _ = record(&mut read, 12, &(0..N).collect::<Vec<_>>());
                    let _ = read.columns();
                }
            }
        }
        assert!(n_refused > 1000, "{n_refused}");
    }
}
