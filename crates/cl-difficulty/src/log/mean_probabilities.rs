use cl_data::exponential::exp;
use cl_model::softmax;

use super::progress::Progress;
use super::source::{Chunk, Contents, OutputKind, Source, Values, Visitor};
use crate::error::DifficultyError;

/// The probabilities of each example (n x c) averaged over the epochs of a log from the one at position `first` on:
/// what [`ConfidentLearning`](crate::ConfidentLearning) takes. O(epochs n C), memory O(n C).
///
/// # Errors
/// Without an epoch from there on, where a log has no number per class, and as [`Source::visit`].
pub fn mean_probabilities(
    source: &mut dyn Source,
    first: usize,
    progress: &mut dyn Progress,
) -> Result<Vec<f64>, DifficultyError> {
    let contents = source.contents();
    let (n, c, n_epochs) = (contents.n_examples(), contents.n_classes, contents.epochs.len());
    if first >= n_epochs {
        return Err(DifficultyError::argument("first", first, "the position of an epoch of the log"));
    }
    if contents.outputs.is_scalar() {
        let expected = "logits, probabilities or log-probabilities";
        return Err(DifficultyError::argument("outputs", contents.outputs, expected));
    }
    let weight = 1.0 / (n_epochs - first) as f64;
    let mut sum = Sum { sums: vec![0.0; n * c], row: vec![0.0; c], probabilities: vec![0.0; c], progress };
    source.visit(first, &mut sum)?;
    let mut probabilities = sum.sums;
    probabilities.iter_mut().for_each(|p| *p = (*p * weight).min(1.0));
    Ok(probabilities)
}

/// The sum over epochs of the probabilities.
struct Sum<'a> {
    sums: Vec<f64>,
    row: Vec<f64>,
    probabilities: Vec<f64>,
    progress: &'a mut dyn Progress,
}

impl Sum<'_> {
    fn add<T: Copy + Into<f64>>(&mut self, contents: &Contents, examples: &[usize], values: &[T]) {
        let c = contents.n_classes;
        for (&example, values) in examples.iter().zip(values.chunks_exact(c)) {
            self.row.iter_mut().zip(values).for_each(|(row, &value)| *row = value.into());
            let row = match contents.outputs {
                OutputKind::Logits => {
                    softmax(&self.row, &mut self.probabilities);
                    &self.probabilities
                }
                OutputKind::LogProbabilities => {
                    self.row.iter_mut().for_each(|p| *p = exp(*p));
                    &self.row
                }
                OutputKind::Probabilities | OutputKind::Losses | OutputKind::Correct => &self.row,
            };
            self.sums[example * c..][..c].iter_mut().zip(row).for_each(|(sum, p)| *sum += p);
        }
    }
}

impl Visitor for Sum<'_> {
    fn observe(&mut self, contents: &Contents, chunk: &Chunk<'_>) -> Result<(), DifficultyError> {
        match chunk.values {
            Values::F32(values) => self.add(contents, chunk.examples, values),
            Values::F64(values) => self.add(contents, chunk.examples, values),
        }
        self.progress.advanced(chunk.examples.len());
        Ok(())
    }

    fn epoch_ended(&mut self, contents: &Contents, position: usize) -> Result<(), DifficultyError> {
        self.progress.epoch_ended(contents.epochs[position]);
        Ok(())
    }
}
