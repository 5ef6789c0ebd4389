//! Recorders of more examples, of fewer, and of what several saw.

use rayon::prelude::*;

use super::dynamics_recorder::DynamicsRecorder;
use super::shard::{SHARD, Shard};
use crate::error::DifficultyError;

impl DynamicsRecorder {
    /// Makes room for more examples, `n_examples` in all, of which the new ones were not observed yet: for data that
    /// grow while a model is trained. Of earlier epochs they have nothing, which
    /// [`with_partial_epochs`](Self::with_partial_epochs) allows. O(new examples). Recorders that differ in size
    /// merge once the smaller one has grown.
    ///
    /// # Errors
    /// On fewer examples than there are, and on more than have soft labels, where there are such.
    ///
    /// ```
    /// use cl_difficulty::{DynamicsRecorder, MetricSettings, Observations, Outputs};
    ///
    /// let mut recorder = DynamicsRecorder::new(1, 2, &[MetricSettings::parse("aum", &[])?])?.with_partial_epochs();
    /// let first = Outputs::Logits(&[2.0f32, 1.0]);
    /// recorder.record(&Observations { epoch: 0, indices: &[0], labels: &[0], outputs: first })?;
    /// recorder.grow(2)?;
    /// let both = Outputs::Logits(&[4.0f32, 1.0, 0.0, 1.0]);
    /// recorder.record(&Observations { epoch: 1, indices: &[0, 1], labels: &[0, 0], outputs: both })?;
    /// assert_eq!(recorder.columns()?[0].values.to_floats(), [2.0, -1.0]);
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn grow(&mut self, n_examples: usize) -> Result<(), DifficultyError> {
        if n_examples < self.n_examples {
            let expected = "at least as many examples as there are";
            return Err(DifficultyError::argument("n_examples", n_examples, expected));
        }
        if self.soft_labels.is_some() && n_examples > self.n_examples {
            return Err(DifficultyError::argument(
                "n_examples",
                n_examples,
                "as many examples as have soft labels",
            ));
        }
        let (c, accumulators) = (self.n_classes, &self.accumulators);
        let n_numbers = self.metrics.iter().fold(0usize, |sum, metric| sum.saturating_add(metric.n_numbers(c)));
        DifficultyError::check_memory::<f64>("n_examples", n_examples.saturating_mul(n_numbers))?;
        if let Some(last) = self.shards.last_mut() {
            let first = self.n_examples.saturating_sub(1) / SHARD * SHARD;
            *last = last.grown(SHARD.min(n_examples - first), accumulators);
        }
        let firsts = (0..n_examples).step_by(SHARD).skip(self.shards.len());
        self.shards.extend(firsts.map(|first| Shard::new(first, SHARD.min(n_examples - first), c, accumulators)));
        self.n_examples = n_examples;
        Ok(())
    }

    /// Takes in what another recorder with the same metrics saw: of other examples, or in other epochs where no
    /// metric is bound to the order of epochs.
    ///
    /// # Errors
    /// Where the other had an error while observing, the two differ in size, metrics or soft labels, or saw an example in the same
    /// epoch, with different labels, or at all where order matters. Nothing is merged then.
    pub fn merge(&mut self, other: &Self) -> Result<(), DifficultyError> {
        let sizes = |this: &Self| (this.n_examples, this.n_classes);
        if sizes(self) != sizes(other) || self.metrics != other.metrics {
            let (n, c) = sizes(other);
            return Err(DifficultyError::InvalidArgument {
                argument: "the recorder to merge",
                value: format!("one of {n} examples, {c} classes and {} metrics", other.metrics.len()),
                expected: "the same examples, classes, metrics and options",
            });
        }
        if self.soft_labels != other.soft_labels {
            let found =
                if other.soft_labels.is_some() { "one with other soft labels" } else { "one without soft labels" };
            return Err(DifficultyError::argument("the recorder to merge", found, "one with the same labels"));
        }
        if let Some(error) = &other.error {
            let (argument, expected) = ("the recorder to merge", "one that could observe all that it was shown");
            return Err(DifficultyError::argument(argument, error, expected));
        }
        let order_bound = self.order_bound();
        let pairs = || self.shards.iter().zip(&other.shards);
        pairs().try_for_each(|(shard, other)| shard.check_merge(other, order_bound))?;
        self.shards.iter_mut().zip(&other.shards).for_each(|(shard, other)| shard.merge(other));
        Ok(())
    }

    /// A recorder of these examples alone, in this order, with all that was seen of them: what recording only them would
    /// have given. O(epochs) per example and accumulator, on all threads.
    ///
    /// # Errors
    /// Without an example, on one that there is not, and on one given twice.
    ///
    /// ```
    /// use cl_difficulty::{DynamicsRecorder, MetricSettings, Observations, Outputs};
    ///
    /// let mut recorder = DynamicsRecorder::new(3, 2, &[MetricSettings::parse("loss", &[])?])?.with_partial_epochs();
    /// for (epoch, indices, losses) in [(0, [2, 0], [0.5, 2.0]), (1, [0, 2], [1.0, 0.25])] {
    ///     let outputs = Outputs::Losses(&losses);
    ///     recorder.record(&Observations { epoch, indices: &indices, labels: &[0, 0], outputs })?;
    /// }
    /// assert!(recorder.columns().is_err()); // of example 1 nothing is known
    /// let observed = recorder.observed();
    /// let known: Vec<usize> = (0..3).filter(|&example| observed[example]).collect();
    /// assert_eq!(recorder.select(&known)?.columns()?[0].values.to_floats(), [1.5, 0.375]);
    /// # Ok::<(), cl_difficulty::DifficultyError>(())
    /// ```
    pub fn select(&self, examples: &[usize]) -> Result<Self, DifficultyError> {
        let n_examples = self.n_examples;
        let mut chosen = vec![false; n_examples];
        for &example in examples {
            let chosen =
                chosen.get_mut(example).ok_or(DifficultyError::ExampleOutOfRange { example, n_examples })?;
            if std::mem::replace(chosen, true) {
                return Err(DifficultyError::argument(
                    "examples",
                    format!("{example} twice"),
                    "each example once",
                ));
            }
        }
        let mut selected = Self::new(examples.len(), self.n_classes, &self.metrics)?;
        selected.partial_epochs = self.partial_epochs;
        selected.error.clone_from(&self.error);
        let row = |example: &usize| example * self.n_classes..(example + 1) * self.n_classes;
        let rows =
            |soft: &Vec<f64>| examples.iter().flat_map(|example| soft[row(example)].iter().copied()).collect();
        selected.soft_labels = self.soft_labels.as_ref().map(rows);
        selected.shards.par_iter_mut().zip(examples.par_chunks(SHARD)).for_each(|(shard, examples)| {
            for (i, example) in examples.iter().enumerate() {
                shard.copy(i, &self.shards[example / SHARD], example % SHARD);
            }
            shard.shrink();
        });
        Ok(selected)
    }
}
