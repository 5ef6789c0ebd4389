use cl_data::exponential::exp;
use cl_model::softmax;

use super::progress::Progress;
use super::source::{Chunk, Contents, OutputKind, Source, Values, Visitor};
use crate::error::DifficultyError;

/// Probabilities averaged over the epochs of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanProbabilities {
    /// c per example, example by example.
    pub probabilities: Vec<f64>,
    /// The examples that they are of: those of the log that were in an epoch that counts.
    pub examples: Vec<usize>,
}

/// The probabilities of each example averaged over the epochs of a log from the one at position `first` on, as far as it
/// is in them: what [`ConfidentLearning`](crate::ConfidentLearning) takes. O(epochs n C), memory O(n C).
///
/// # Errors
/// Without an epoch from there on, where a log has no number per class, and as [`Source::visit`].
pub fn mean_probabilities(
    source: &mut dyn Source,
    first: usize,
    progress: &mut dyn Progress,
) -> Result<MeanProbabilities, DifficultyError> {
    let contents = source.contents();
    let (n, c, n_epochs) = (contents.n_examples(), contents.n_classes, contents.epochs.len());
    if first >= n_epochs {
        return Err(DifficultyError::argument("first", first, "the position of an epoch of the log"));
    }
    let problem = match (contents.outputs.is_scalar(), &contents.soft_labels) {
        (true, _) => format!("has {}, expected logits, probabilities or log-probabilities", contents.outputs),
        (_, Some(_)) => "has soft labels, expected one class per example".into(),
        _ => String::new(),
    };
    if !problem.is_empty() {
        return Err(DifficultyError::malformed(&contents.path, "", problem));
    }
    let sums = vec![0.0; n * c];
    let mut sum = Sum { sums, counts: vec![0; n], row: vec![0.0; c], probabilities: vec![0.0; c], progress };
    source.visit(first..n_epochs, &mut sum)?;
    let (mut probabilities, counts) = (sum.sums, sum.counts);
    let examples: Vec<usize> = (0..n).filter(|&example| counts[example] > 0).collect();
    for (row, &count) in probabilities.chunks_exact_mut(c).zip(&counts).filter(|(_, count)| **count > 0) {
        divide(row, count);
    }
    if examples.len() < n {
        probabilities = examples.iter().flat_map(|&example| &probabilities[example * c..][..c]).copied().collect();
    }
    Ok(MeanProbabilities { probabilities, examples })
}

/// The same of one example: the mean of the probabilities in `rows`, outputs of c classes each, one epoch after the other.
/// None without an epoch. O(epochs C).
///
/// ```
/// use cl_difficulty::{OutputKind, log::mean_probabilities_of_epochs};
///
/// let epochs = [[0.25f32, 0.75], [0.75, 0.25]];
/// let mean = mean_probabilities_of_epochs(OutputKind::Probabilities, epochs.iter().map(|row| &row[..]));
/// assert_eq!(mean, Some(vec![0.5, 0.5]));
/// ```
pub fn mean_probabilities_of_epochs<'a, T: Copy + Into<f64> + 'a>(
    outputs: OutputKind,
    rows: impl Iterator<Item = &'a [T]>,
) -> Option<Vec<f64>> {
    let (mut sums, mut row, mut buffer, mut count) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for values in rows {
        sums.resize(values.len(), 0.0);
        row.resize(values.len(), 0.0);
        buffer.resize(values.len(), 0.0);
        count += 1;
        row.iter_mut().zip(values).for_each(|(row, &value)| *row = value.into());
        let probabilities = probabilities_of(outputs, &mut row, &mut buffer);
        sums.iter_mut().zip(probabilities).for_each(|(sum, p)| *sum += p);
    }
    (count > 0).then(|| {
        divide(&mut sums, count);
        sums
    })
}

/// A sum of so many probabilities as their mean.
fn divide(sums: &mut [f64], count: u32) {
    let weight = 1.0 / f64::from(count);
    sums.iter_mut().for_each(|p| *p = (*p * weight).min(1.0));
}

/// The probabilities that these outputs of one example are.
fn probabilities_of<'a>(outputs: OutputKind, row: &'a mut [f64], buffer: &'a mut [f64]) -> &'a [f64] {
    match outputs {
        OutputKind::Logits => {
            softmax(row, buffer);
            buffer
        }
        OutputKind::LogProbabilities => {
            row.iter_mut().for_each(|p| *p = exp(*p));
            row
        }
        OutputKind::Probabilities | OutputKind::Losses | OutputKind::Correct => row,
    }
}

/// The sum over epochs of the probabilities.
struct Sum<'a> {
    sums: Vec<f64>,
    counts: Vec<u32>,
    row: Vec<f64>,
    probabilities: Vec<f64>,
    progress: &'a mut dyn Progress,
}

impl Sum<'_> {
    fn add<T: Copy + Into<f64>>(&mut self, contents: &Contents, examples: &[usize], values: &[T]) {
        let c = contents.n_classes;
        for (&example, values) in examples.iter().zip(values.chunks_exact(c)) {
            self.row.iter_mut().zip(values).for_each(|(row, &value)| *row = value.into());
            let row = probabilities_of(contents.outputs, &mut self.row, &mut self.probabilities);
            self.counts[example] += 1;
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
